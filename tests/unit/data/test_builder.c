#include "unit/data/rows.h"

#include <pthread.h>
#include <stdatomic.h>

/* One column of every type. */
static mdm_schema *all_types(void)
{
    mdm_field fields[MDM_TYPE_COUNT];
    static const char *const names[MDM_TYPE_COUNT] = {
#define X(name, format, word, bytes) [MDM_TYPE_##name] = #name,
        MDM_TYPE_LIST(X)
#undef X
    };
    for (mdm_type_id id = 0; id < MDM_TYPE_COUNT; id++)
        fields[id] = field(names[id], id);
    fields[MDM_TYPE_DECIMAL].type = (mdm_type){MDM_TYPE_DECIMAL, 38, 2};
    return schema_of(fields, MDM_TYPE_COUNT);
}

/* Row r of every column, NULL when r % 7 == 3. */
static mdm_status append_row(mdm_builder *b, int64_t r)
{
    char text[32];
    mdm_str bytes = {text, (size_t)snprintf(text, sizeof text, "text %lld", (long long)r)};
    for (size_t c = 0; c < MDM_TYPE_COUNT; c++) {
        mdm_status status;
        if (c == MDM_TYPE_NULL || r % 7 == 3) status = mdm_builder_null(b, c);
        else if (c == MDM_TYPE_BOOL) status = mdm_builder_int(b, c, r & 1);
        else if (c == MDM_TYPE_INT8) status = mdm_builder_int(b, c, (int8_t)r);
        else if (c == MDM_TYPE_INT16) status = mdm_builder_int(b, c, (int16_t)r);
        else if (c == MDM_TYPE_FLOAT || c == MDM_TYPE_DOUBLE)
            status = mdm_builder_real(b, c, (double)r + 0.5);
        else if (c == MDM_TYPE_DECIMAL)
            status = mdm_builder_decimal(b, c, (mdm_int128){(uint64_t)r, 0});
        else if (c == MDM_TYPE_TEXT || c == MDM_TYPE_BLOB) status = mdm_builder_bytes(b, c, bytes);
        else status = mdm_builder_int(b, c, r);
        MDM_TRY(status);
    }
    return MDM_OK;
}

static void check_row(const mdm_chunk *chunk, int64_t row, int64_t r)
{
    char text[64];
    if (r % 7 == 3) {
        for (size_t c = 0; c < MDM_TYPE_COUNT; c++)
            assert_string_equal(cell(chunk, c, row), "NULL");
        return;
    }
    assert_string_equal(cell(chunk, MDM_TYPE_NULL, row), "NULL");
    assert_string_equal(cell(chunk, MDM_TYPE_BOOL, row), r & 1 ? "true" : "false");
    snprintf(text, sizeof text, "%d", (int8_t)r);
    assert_string_equal(cell(chunk, MDM_TYPE_INT8, row), text);
    snprintf(text, sizeof text, "%lld", (long long)r);
    assert_string_equal(cell(chunk, MDM_TYPE_INT64, row), text);
    assert_string_equal(cell(chunk, MDM_TYPE_INT32, row), text);
    snprintf(text, sizeof text, "%lld.5", (long long)r);
    assert_string_equal(cell(chunk, MDM_TYPE_DOUBLE, row), text);
    assert_string_equal(cell(chunk, MDM_TYPE_FLOAT, row), text);
    snprintf(text, sizeof text, "%lld.%02lld", (long long)r / 100, (long long)r % 100);
    assert_string_equal(cell(chunk, MDM_TYPE_DECIMAL, row), text);
    snprintf(text, sizeof text, "text %lld", (long long)r);
    assert_string_equal(cell(chunk, MDM_TYPE_TEXT, row), text);
    assert_int_equal(mdm_column_bytes(&chunk->columns[MDM_TYPE_BLOB], row).len, strlen(text));
    assert_int_equal(((const int32_t *)chunk->columns[MDM_TYPE_DATE].values)[row], (int32_t)r);
    assert_int_equal(((const int64_t *)chunk->columns[MDM_TYPE_TIMESTAMP].values)[row], r);
}

static mdm_builder *open_builder(const mdm_schema *schema, int64_t capacity)
{
    mdm_error err = {0};
    mdm_builder *b = NULL;
    must(mdm_builder_open(schema, capacity, &b, &err), &err);
    return b;
}

static mdm_chunk *finish(mdm_builder *b)
{
    mdm_error err = {0};
    mdm_chunk *chunk = NULL;
    must(mdm_builder_finish(b, &chunk, &err), &err);
    return chunk;
}

static void chunks_of_any_size_hold_what_was_appended(void **state)
{
    (void)state;
    static const int64_t sizes[] = {0, 1, 2, 3, 4, 5, 8, 9, 16, 63, 64, 65, 300, 2048, 5000};
    mdm_schema *schema = all_types();
    mdm_builder *b = open_builder(schema, 5000);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        for (int64_t r = 0; r < sizes[i]; r++)
            assert_int_equal(append_row(b, r), MDM_OK);
        assert_int_equal(mdm_builder_rows(b, 0), sizes[i]);
        mdm_chunk *chunk = finish(b);
        assert_int_equal(chunk->rows, sizes[i]);
        assert_ptr_equal(chunk->schema, schema);
        assert_int_equal(mdm_builder_rows(b, 0), 0);
        for (int64_t r = 0; r < sizes[i]; r++)
            check_row(chunk, r, r);
        int64_t nulls = (sizes[i] + 3) / 7;
        assert_int_equal(chunk->columns[MDM_TYPE_INT64].null_count, nulls);
        assert_int_equal(chunk->columns[MDM_TYPE_NULL].null_count, sizes[i]);
        mdm_chunk_unref(chunk);
    }
    mdm_builder_close(b);
    mdm_schema_unref(schema);
}

static void a_chunk_stays_as_it_is_while_the_next_ones_are_built(void **state)
{
    (void)state;
    mdm_schema *schema = all_types();
    mdm_builder *b = open_builder(schema, 1000);
    mdm_chunk *chunks[6];
    for (int64_t k = 0; k < 6; k++) {
        int64_t rows = k % 2 ? 1000 : 3; /* large ones and small ones */
        for (int64_t r = 0; r < rows; r++)
            assert_int_equal(append_row(b, k * 1000 + r), MDM_OK);
        chunks[k] = finish(b);
    }
    mdm_builder_close(b); /* chunks outlive their builder */
    mdm_schema_unref(schema);
    for (int64_t k = 0; k < 6; k++) {
        for (int64_t r = 0; r < chunks[k]->rows; r++)
            check_row(chunks[k], r, k * 1000 + r);
        mdm_chunk_unref(chunks[k]);
    }
}

static void a_steady_stream_of_chunks_allocates_only_their_heads(void **state)
{
    (void)state;
    mdm_schema *schema = all_types();
    mdm_builder *b = open_builder(schema, 1000);
    for (int k = 0; k < 5; k++) {
        mdm_alloc_fail_after(1000000); /* counts from here */
        for (int64_t r = 0; r < 1000; r++)
            assert_int_equal(append_row(b, r), MDM_OK);
        mdm_chunk *chunk = finish(b);
        mdm_chunk_unref(chunk);
        if (k >= 2) assert_in_range(mdm_alloc_count(), 1, 2);
    }
    mdm_alloc_fail_after(-1);
    mdm_builder_close(b);
    mdm_schema_unref(schema);
}

static void one_row_costs_one_allocation(void **state)
{
    (void)state;
    mdm_field fields[] = {field("id", MDM_TYPE_INT64), field("name", MDM_TYPE_TEXT),
                          field("price", MDM_TYPE_DOUBLE)};
    mdm_schema *schema = schema_of(fields, 3);
    mdm_builder *b = open_builder(schema, 2048);
    mdm_alloc_fail_after(1000000);
    assert_int_equal(mdm_builder_int(b, 0, 7), MDM_OK);
    assert_int_equal(mdm_builder_bytes(b, 1, MDM_STR("a short name")), MDM_OK);
    assert_int_equal(mdm_builder_real(b, 2, 1.5), MDM_OK);
    mdm_chunk *chunk = finish(b);
    assert_int_equal(mdm_alloc_count(), 1);
    mdm_alloc_fail_after(-1);
    assert_string_equal(cell(chunk, 1, 0), "a short name");
    mdm_chunk_unref(chunk);
    mdm_builder_close(b);
    mdm_schema_unref(schema);
}

static void values_out_of_range_or_of_another_type_are_refused(void **state)
{
    (void)state;
    mdm_schema *schema = all_types();
    mdm_builder *b = open_builder(schema, 2);
    static const struct {
        size_t column;
        int64_t value;
    } ints[] = {
        {MDM_TYPE_BOOL, 2},         {MDM_TYPE_BOOL, -1},     {MDM_TYPE_INT8, 128},
        {MDM_TYPE_INT8, -129},      {MDM_TYPE_INT16, 32768}, {MDM_TYPE_INT32, INT64_C(1) << 31},
        {MDM_TYPE_DATE, INT64_MIN}, {MDM_TYPE_DOUBLE, 1},    {MDM_TYPE_TEXT, 1},
        {MDM_TYPE_NULL, 0},         {MDM_TYPE_DECIMAL, 1},   {MDM_TYPE_COUNT, 1}};
    for (size_t i = 0; i < COUNT(ints); i++)
        assert_int_equal(mdm_builder_int(b, ints[i].column, ints[i].value), MDM_INVALID);
    assert_int_equal(mdm_builder_real(b, MDM_TYPE_FLOAT, 1e39), MDM_INVALID);
    assert_int_equal(mdm_builder_real(b, MDM_TYPE_INT64, 1), MDM_INVALID);
    assert_int_equal(mdm_builder_bytes(b, MDM_TYPE_INT64, MDM_STR("1")), MDM_INVALID);
    assert_int_equal(mdm_builder_decimal(b, MDM_TYPE_INT64, (mdm_int128){1, 0}), MDM_INVALID);
    assert_int_equal(mdm_builder_bytes(b, MDM_TYPE_TEXT, (mdm_str){"", (size_t)1 << 31}),
                     MDM_INVALID);
    assert_int_equal(mdm_builder_null(b, MDM_TYPE_COUNT), MDM_INVALID);
    for (size_t c = 0; c < MDM_TYPE_COUNT; c++)
        assert_int_equal(mdm_builder_rows(b, c), 0);

    assert_int_equal(append_row(b, 0), MDM_OK);
    assert_int_equal(append_row(b, 3), MDM_OK);                           /* NULLs */
    assert_int_equal(mdm_builder_int(b, MDM_TYPE_INT64, 1), MDM_INVALID); /* full */
    assert_int_equal(mdm_builder_null(b, MDM_TYPE_NULL), MDM_INVALID);
    mdm_builder_close(b);
    mdm_schema_unref(schema);
}

static void uneven_columns_are_refused_with_their_names(void **state)
{
    (void)state;
    mdm_field fields[] = {field("a", MDM_TYPE_INT64), field("b", MDM_TYPE_INT64)};
    mdm_schema *schema = schema_of(fields, 2);
    mdm_builder *b = open_builder(schema, 10);
    mdm_error err = {0};
    mdm_chunk *chunk;
    assert_int_equal(mdm_builder_int(b, 0, 1), MDM_OK);
    assert_int_equal(mdm_builder_finish(b, &chunk, &err), MDM_INVALID);
    assert_null(chunk);
    assert_string_equal(err.message, "uneven columns: 1 rows in 'a', 0 in 'b'");
    assert_int_equal(mdm_builder_null(b, 1), MDM_OK);
    chunk = finish(b);
    assert_int_equal(chunk->rows, 1);
    mdm_chunk_unref(chunk);
    mdm_builder_close(b);
    assert_int_equal(mdm_builder_open(schema, 0, &b, &err), MDM_INVALID);
    assert_null(b);
    mdm_builder_close(b);
    mdm_schema_unref(schema);
}

static void infinite_and_nan_floats_are_kept(void **state)
{
    (void)state;
    mdm_field fields[] = {field("f", MDM_TYPE_FLOAT)};
    mdm_schema *schema = schema_of(fields, 1);
    mdm_builder *b = open_builder(schema, 3);
    assert_int_equal(mdm_builder_real(b, 0, (double)(1.0f / 0.0f)), MDM_OK);
    assert_int_equal(mdm_builder_real(b, 0, (double)(0.0f / 0.0f)), MDM_OK);
    mdm_chunk *chunk = finish(b);
    assert_string_equal(cell(chunk, 0, 0), "inf");
    assert_string_equal(cell(chunk, 0, 1), "nan");
    mdm_chunk_unref(chunk);
    mdm_builder_close(b);
    mdm_schema_unref(schema);
}

/* A place where one thread leaves a chunk for another. */
typedef struct handover {
    _Atomic(mdm_chunk *) chunk;
    atomic_bool done;
} handover;

static void *read_and_free(void *argument)
{
    handover *h = argument;
    int64_t next = 0;
    for (;;) {
        bool done = atomic_load(&h->done);
        mdm_chunk *chunk = atomic_exchange(&h->chunk, NULL);
        if (!chunk && done) return (void *)(intptr_t)next;
        if (!chunk) continue;
        for (int64_t r = 0; r < chunk->rows; r++)
            next += ((const int64_t *)chunk->columns[0].values)[r] == next;
        mdm_chunk_unref(chunk);
    }
}

static void another_thread_may_free_what_the_builder_goes_on_using(void **state)
{
    (void)state;
    enum { ALL = 300000, EACH = 3000 };
    mdm_field fields[] = {field("n", MDM_TYPE_INT64)};
    mdm_schema *schema = schema_of(fields, 1);
    mdm_builder *b = open_builder(schema, EACH);
    handover h;
    atomic_init(&h.chunk, NULL);
    atomic_init(&h.done, false);
    pthread_t thread;
    pthread_create(&thread, NULL, read_and_free, &h);
    for (int64_t r = 0; r < ALL; r++) {
        assert_int_equal(mdm_builder_int(b, 0, r), MDM_OK);
        if (r % EACH < EACH - 1) continue;
        mdm_chunk *chunk = finish(b), *none = NULL;
        while (!atomic_compare_exchange_weak(&h.chunk, &none, chunk))
            none = NULL;
    }
    mdm_builder_close(b);
    mdm_schema_unref(schema);
    atomic_store(&h.done, true);
    void *count;
    pthread_join(thread, &count);
    assert_int_equal((intptr_t)count, ALL);
}

static mdm_status build(void *data, mdm_error *err)
{
    const mdm_schema *schema = data;
    mdm_builder *b = NULL;
    mdm_chunk *small = NULL, *large = NULL;
    mdm_status status = mdm_builder_open(schema, 500, &b, err);
    for (int64_t r = 0; status == MDM_OK && r < 2; r++)
        status = append_row(b, r);
    if (status == MDM_OK) status = mdm_builder_finish(b, &small, err);
    for (int64_t r = 0; status == MDM_OK && r < 500; r++)
        status = append_row(b, r);
    if (status == MDM_OK) status = mdm_builder_finish(b, &large, err);
    if (small)
        for (int64_t r = 0; r < 2; r++)
            check_row(small, r, r);
    if (large)
        for (int64_t r = 0; r < 500; r++)
            check_row(large, r, r);
    mdm_chunk_unref(small);
    mdm_chunk_unref(large);
    mdm_builder_close(b);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    mdm_schema *schema = all_types();
    test_walk_allocations(build, schema, 20);
    mdm_schema_unref(schema);
}

static void a_failed_append_leaves_the_chunk_as_it_was(void **state)
{
    (void)state;
    mdm_field fields[] = {field("t", MDM_TYPE_TEXT)};
    mdm_schema *schema = schema_of(fields, 1);
    mdm_builder *b = open_builder(schema, 100);
    assert_int_equal(mdm_builder_bytes(b, 0, MDM_STR("first")), MDM_OK);
    mdm_alloc_fail_from(0);
    char text[100] = {0};
    assert_int_equal(mdm_builder_bytes(b, 0, (mdm_str){text, sizeof text}), MDM_NO_MEMORY);
    mdm_alloc_fail_after(-1);
    assert_int_equal(mdm_builder_bytes(b, 0, MDM_STR("second")), MDM_OK);
    mdm_chunk *chunk = finish(b);
    assert_int_equal(chunk->rows, 2);
    assert_string_equal(cell(chunk, 0, 1), "second");
    mdm_chunk_unref(chunk);
    mdm_builder_close(b);
    mdm_schema_unref(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_of_any_size_hold_what_was_appended),
        cmocka_unit_test(a_chunk_stays_as_it_is_while_the_next_ones_are_built),
        cmocka_unit_test(a_steady_stream_of_chunks_allocates_only_their_heads),
        cmocka_unit_test(one_row_costs_one_allocation),
        cmocka_unit_test(values_out_of_range_or_of_another_type_are_refused),
        cmocka_unit_test(uneven_columns_are_refused_with_their_names),
        cmocka_unit_test(infinite_and_nan_floats_are_kept),
        cmocka_unit_test(another_thread_may_free_what_the_builder_goes_on_using),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(a_failed_append_leaves_the_chunk_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
