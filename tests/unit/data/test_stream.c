#include "unit/data/rows.h"

static mdm_chunk *numbers(const mdm_schema *schema, int64_t first, int64_t rows)
{
    mdm_error err = {0};
    mdm_builder *b = NULL;
    mdm_chunk *chunk = NULL;
    must(mdm_builder_open(schema, rows ? rows : 1, &b, &err), &err);
    for (int64_t r = 0; r < rows; r++)
        assert_int_equal(mdm_builder_int(b, 0, first + r), MDM_OK);
    must(mdm_builder_finish(b, &chunk, &err), &err);
    mdm_builder_close(b);
    return chunk;
}

static void a_stream_of_chunks_gives_each_once_and_then_nothing(void **state)
{
    (void)state;
    mdm_error err = {0};
    mdm_field fields[] = {field("n", MDM_TYPE_INT64)};
    mdm_schema *schema = schema_of(fields, 1);
    mdm_chunk *chunks[] = {numbers(schema, 0, 3), numbers(schema, 3, 0), numbers(schema, 3, 2)};
    mdm_stream stream;
    must(mdm_stream_of_chunks(schema, chunks, 3, &stream, &err), &err);
    mdm_schema_unref(schema);
    for (size_t i = 0; i < 3; i++)
        mdm_chunk_unref(chunks[i]);

    int64_t next = 0;
    mdm_chunk *chunk;
    for (size_t i = 0; i < 3; i++) {
        must(mdm_stream_next(&stream, &chunk, &err), &err);
        assert_non_null(chunk);
        for (int64_t r = 0; r < chunk->rows; r++)
            assert_int_equal(((const int64_t *)chunk->columns[0].values)[r], next++);
        mdm_chunk_unref(chunk);
    }
    must(mdm_stream_next(&stream, &chunk, &err), &err);
    assert_null(chunk);
    assert_int_equal(next, 5);
    assert_string_equal(stream.schema->fields[0].name, "n");
    mdm_stream_close(&stream);
    assert_null(stream.close);
}

static void a_stream_may_be_closed_early_twice_or_never_opened(void **state)
{
    (void)state;
    mdm_error err = {0};
    mdm_field fields[] = {field("n", MDM_TYPE_INT64)};
    mdm_schema *schema = schema_of(fields, 1);
    mdm_chunk *chunks[] = {numbers(schema, 0, 3), numbers(schema, 3, 2)}, *chunk = NULL;
    mdm_stream stream = {0};
    mdm_stream_close(&stream);
    must(mdm_stream_of_chunks(schema, chunks, 2, &stream, &err), &err);
    must(mdm_stream_next(&stream, &chunk, &err), &err);
    mdm_stream_close(&stream);
    mdm_stream_close(&stream);
    assert_int_equal(chunk->rows, 3);
    mdm_chunk_unref(chunk);
    for (size_t i = 0; i < 2; i++)
        mdm_chunk_unref(chunks[i]);
    mdm_schema_unref(schema);
}

static mdm_status open_empty(void *data, mdm_error *err)
{
    mdm_stream stream;
    mdm_status status = mdm_stream_of_chunks(data, NULL, 0, &stream, err);
    mdm_stream_close(&stream);
    return status;
}

static void without_memory_there_is_no_stream(void **state)
{
    (void)state;
    mdm_field fields[] = {field("n", MDM_TYPE_INT64)};
    mdm_schema *schema = schema_of(fields, 1);
    test_walk_allocations(open_empty, schema, 1);
    mdm_schema_unref(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_of_chunks_gives_each_once_and_then_nothing),
        cmocka_unit_test(a_stream_may_be_closed_early_twice_or_never_opened),
        cmocka_unit_test(without_memory_there_is_no_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
