#include "unit/data/rows.h"

#include <errno.h>

/* a BIGINT (NULL in row 1), t VARCHAR, d DECIMAL(9,2), n NULL */
static mdm_chunk *make_chunk(void)
{
    mdm_error err = {0};
    mdm_builder *b = NULL;
    mdm_chunk *chunk = NULL;
    mdm_field fields[] = {field("a", MDM_TYPE_INT64),
                          field("t", MDM_TYPE_TEXT),
                          {"d", {MDM_TYPE_DECIMAL, 9, 2}},
                          field("n", MDM_TYPE_NULL)};
    mdm_schema *schema = schema_of(fields, 4);
    must(mdm_builder_open(schema, 10, &b, &err), &err);
    for (int64_t r = 0; r < 3; r++) {
        mdm_status status = r == 1 ? mdm_builder_null(b, 0) : mdm_builder_int(b, 0, r);
        status |= mdm_builder_bytes(b, 1, MDM_STR("text"));
        status |= mdm_builder_decimal(b, 2, (mdm_int128){(uint64_t)r, 0});
        status |= mdm_builder_null(b, 3);
        assert_int_equal(status, MDM_OK);
    }
    must(mdm_builder_finish(b, &chunk, &err), &err);
    mdm_builder_close(b);
    mdm_schema_unref(schema);
    return chunk;
}

static void a_schema_is_exported_with_the_formats_of_the_list(void **state)
{
    (void)state;
    static const char *const formats[] = {
#define X(name, format, word, bytes) [MDM_TYPE_##name] = format,
        MDM_TYPE_LIST(X)
#undef X
    };
    mdm_field fields[MDM_TYPE_COUNT];
    for (mdm_type_id id = 0; id < MDM_TYPE_COUNT; id++)
        fields[id] = field(formats[id], id);
    fields[MDM_TYPE_DECIMAL].type = (mdm_type){MDM_TYPE_DECIMAL, 38, 10};
    mdm_schema *schema = schema_of(fields, MDM_TYPE_COUNT);
    mdm_error err = {0};
    struct ArrowSchema arrow;
    must(mdm_schema_export(schema, &arrow, &err), &err);
    mdm_schema_unref(schema);

    assert_string_equal(arrow.format, "+s");
    assert_int_equal(arrow.n_children, MDM_TYPE_COUNT);
    for (int i = 0; i < MDM_TYPE_COUNT; i++) {
        const char *expected = i == MDM_TYPE_DECIMAL ? "d:38,10" : formats[i];
        assert_string_equal(arrow.children[i]->format, expected);
        assert_string_equal(arrow.children[i]->name, formats[i]);
        assert_int_equal(arrow.children[i]->flags, ARROW_FLAG_NULLABLE);
    }
    arrow.release(&arrow);
    assert_null(arrow.release);
}

static void a_chunk_is_exported_without_copying(void **state)
{
    (void)state;
    mdm_error err = {0};
    mdm_chunk *chunk = make_chunk();
    struct ArrowArray arrow;
    must(mdm_chunk_export(chunk, &arrow, &err), &err);
    assert_int_equal(arrow.length, 3);
    assert_int_equal(arrow.n_children, 4);
    assert_int_equal(arrow.n_buffers, 1);
    assert_null(arrow.buffers[0]);
    assert_int_equal(arrow.children[0]->null_count, 1);
    assert_ptr_equal(arrow.children[0]->buffers[1], chunk->columns[0].values);
    assert_int_equal(arrow.children[1]->n_buffers, 3);
    assert_null(arrow.children[1]->buffers[0]);
    assert_ptr_equal(arrow.children[1]->buffers[1], chunk->columns[1].offsets);
    assert_int_equal(arrow.children[3]->n_buffers, 0);
    assert_int_equal(arrow.children[3]->null_count, 3);
    mdm_chunk_unref(chunk); /* the array holds it */
    assert_int_equal(((const int64_t *)arrow.children[0]->buffers[1])[2], 2);
    arrow.release(&arrow);
    assert_null(arrow.release);
}

/* As the interface says: a child may be moved out and released after its parent. */
static void a_child_that_was_moved_out_outlives_its_parent(void **state)
{
    (void)state;
    mdm_error err = {0};
    mdm_chunk *chunk = make_chunk();
    struct ArrowArray arrow, child;
    struct ArrowSchema schema, column;
    must(mdm_chunk_export(chunk, &arrow, &err), &err);
    must(mdm_schema_export(chunk->schema, &schema, &err), &err);
    mdm_chunk_unref(chunk);
    child = *arrow.children[1];
    arrow.children[1]->release = NULL;
    column = *schema.children[2];
    schema.children[2]->release = NULL;
    arrow.release(&arrow);
    schema.release(&schema);
    assert_memory_equal(child.buffers[2], "texttexttext", 12);
    assert_string_equal(column.format, "d:9,2");
    child.release(&child);
    column.release(&column);
    assert_null(child.release);
}

static void an_empty_chunk_has_buffers_to_point_to(void **state)
{
    (void)state;
    mdm_error err = {0};
    mdm_field fields[] = {field("t", MDM_TYPE_TEXT)};
    mdm_schema *schema = schema_of(fields, 1);
    mdm_chunk *chunk = NULL;
    mdm_column *columns;
    void *memory;
    must(mdm_chunk_block(schema, 0, 0, &chunk, &columns, &memory, &err), &err);
    struct ArrowArray arrow;
    must(mdm_chunk_export(chunk, &arrow, &err), &err);
    assert_int_equal(((const int32_t *)arrow.children[0]->buffers[1])[0], 0);
    assert_non_null(arrow.children[0]->buffers[2]);
    arrow.release(&arrow);
    mdm_chunk_unref(chunk);
    mdm_schema_unref(schema);
}

static mdm_status fail_next(mdm_stream *stream, mdm_chunk **out, mdm_error *err)
{
    *out = NULL;
    return mdm_error_set(err, *(mdm_status *)stream->self, "line 7 is ragged");
}

static void close_failing(mdm_stream *stream)
{
    mdm_schema_unref(stream->schema);
}

static void a_stream_is_exported_with_its_failures(void **state)
{
    (void)state;
    static const struct {
        mdm_status status;
        int code;
    } cases[] = {{MDM_FORMAT, EINVAL},     {MDM_NO_MEMORY, ENOMEM}, {MDM_CANCELLED, ECANCELED},
                 {MDM_TIMEOUT, ETIMEDOUT}, {MDM_IO, EIO},           {MDM_UNSUPPORTED, ENOTSUP}};
    mdm_field fields[] = {field("t", MDM_TYPE_TEXT)};
    mdm_schema *schema = schema_of(fields, 1);
    for (size_t i = 0; i < COUNT(cases); i++) {
        mdm_error err = {0};
        mdm_status status = cases[i].status;
        mdm_stream stream = {mdm_schema_ref(schema), fail_next, close_failing, &status};
        struct ArrowArrayStream arrow;
        struct ArrowArray array;
        must(mdm_stream_export(&stream, &arrow, &err), &err);
        assert_null(stream.next); /* moved */
        assert_null(arrow.get_last_error(&arrow));
        assert_int_equal(arrow.get_next(&arrow, &array), cases[i].code);
        assert_string_equal(arrow.get_last_error(&arrow), "line 7 is ragged");
        arrow.release(&arrow);
        assert_null(arrow.release);
    }
    mdm_schema_unref(schema);
}

static void an_exported_stream_gives_its_chunks_and_an_end(void **state)
{
    (void)state;
    mdm_error err = {0};
    mdm_chunk *chunk = make_chunk();
    mdm_stream stream;
    must(mdm_stream_of_chunks(chunk->schema, &chunk, 1, &stream, &err), &err);
    mdm_chunk_unref(chunk);
    struct ArrowArrayStream arrow;
    struct ArrowSchema schema;
    struct ArrowArray array;
    must(mdm_stream_export(&stream, &arrow, &err), &err);
    assert_int_equal(arrow.get_schema(&arrow, &schema), 0);
    assert_int_equal(arrow.get_next(&arrow, &array), 0);
    assert_int_equal(array.length, 3);
    array.release(&array);
    assert_int_equal(arrow.get_next(&arrow, &array), 0);
    assert_null(array.release);
    arrow.release(&arrow);
    assert_string_equal(schema.children[0]->name, "a"); /* outlives the stream */
    schema.release(&schema);
}

static mdm_status export_all(void *data, mdm_error *err)
{
    mdm_chunk *chunk = data;
    struct ArrowSchema schema = {0};
    struct ArrowArray array = {0};
    struct ArrowArrayStream arrow = {0};
    mdm_stream stream = {0};
    mdm_status status = mdm_schema_export(chunk->schema, &schema, err);
    if (status == MDM_OK) status = mdm_chunk_export(chunk, &array, err);
    if (status == MDM_OK) status = mdm_stream_of_chunks(chunk->schema, &chunk, 1, &stream, err);
    if (status == MDM_OK) status = mdm_stream_export(&stream, &arrow, err);
    if (schema.release) schema.release(&schema);
    if (array.release) array.release(&array);
    if (arrow.release) arrow.release(&arrow);
    mdm_stream_close(&stream);
    return status;
}

static void without_memory_nothing_is_exported_and_nothing_lost(void **state)
{
    (void)state;
    mdm_chunk *chunk = make_chunk();
    test_walk_allocations(export_all, chunk, 4);
    mdm_chunk_unref(chunk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_schema_is_exported_with_the_formats_of_the_list),
        cmocka_unit_test(a_chunk_is_exported_without_copying),
        cmocka_unit_test(a_child_that_was_moved_out_outlives_its_parent),
        cmocka_unit_test(an_empty_chunk_has_buffers_to_point_to),
        cmocka_unit_test(a_stream_is_exported_with_its_failures),
        cmocka_unit_test(an_exported_stream_gives_its_chunks_and_an_end),
        cmocka_unit_test(without_memory_nothing_is_exported_and_nothing_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
