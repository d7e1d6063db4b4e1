#include "unit/data/rows.h"

#include "data/bits.h"

/* id BIGINT, ok BOOLEAN, name VARCHAR, amount DECIMAL(10,2); every fifth row NULL but for id. */
static mdm_chunk *make_chunk(int64_t rows)
{
    mdm_field fields[] = {field("id", MDM_TYPE_INT64),
                          field("ok", MDM_TYPE_BOOL),
                          field("name", MDM_TYPE_TEXT),
                          {"amount", {MDM_TYPE_DECIMAL, 10, 2}}};
    mdm_schema *schema = schema_of(fields, 4);
    mdm_builder *b = NULL;
    mdm_chunk *chunk = NULL;
    mdm_error err = {0};
    must(mdm_builder_open(schema, rows ? rows : 1, &b, &err), &err);
    for (int64_t r = 0; r < rows; r++) {
        char name[24];
        size_t len = (size_t)snprintf(name, sizeof name, "n%lld", (long long)(r * r));
        mdm_status status = mdm_builder_int(b, 0, r);
        if (r % 5 == 0)
            for (size_t c = 1; c < 4; c++)
                status |= mdm_builder_null(b, c);
        else
            status |= mdm_builder_int(b, 1, r % 3 == 0) |
                      mdm_builder_bytes(b, 2, (mdm_str){name, len}) |
                      mdm_builder_decimal(b, 3, (mdm_int128){(uint64_t)r, 0});
        assert_int_equal(status, MDM_OK);
    }
    must(mdm_builder_finish(b, &chunk, &err), &err);
    mdm_builder_close(b);
    mdm_schema_unref(schema);
    return chunk;
}

static void same_cells(const mdm_chunk *a, int64_t a_row, const mdm_chunk *b, int64_t b_row)
{
    for (size_t c = 0; c < 4; c++)
        assert_string_equal(cell(a, c, a_row), cell(b, c, b_row));
}

static void a_slice_shows_the_rows_it_was_cut_from(void **state)
{
    (void)state;
    mdm_chunk *whole = make_chunk(100);
    for (int64_t first = 0; first <= 100; first++) {
        for (int64_t rows = 0; rows <= 100 - first; rows += 7) {
            mdm_error err = {0};
            mdm_chunk *slice = NULL;
            must(mdm_chunk_slice(whole, first, rows, &slice, &err), &err);
            assert_int_equal(slice->rows, rows);
            int64_t nulls = 0;
            for (int64_t r = 0; r < rows; r++) {
                same_cells(whole, first + r, slice, r);
                nulls += (first + r) % 5 == 0;
            }
            assert_int_equal(slice->columns[0].null_count, 0);
            for (size_t c = 1; c < 4; c++)
                assert_int_equal(slice->columns[c].null_count, nulls);
            mdm_chunk_unref(slice);
        }
    }
    mdm_chunk_unref(whole);
}

static void a_slice_keeps_its_chunk_alive_and_can_be_cut_again(void **state)
{
    (void)state;
    mdm_error err = {0};
    mdm_chunk *whole = make_chunk(3000), *slice = NULL, *part = NULL;
    must(mdm_chunk_slice(whole, 13, 2000, &slice, &err), &err);
    mdm_chunk_unref(whole);
    must(mdm_chunk_slice(slice, 9, 100, &part, &err), &err);
    mdm_chunk_unref(slice);
    whole = make_chunk(200);
    for (int64_t r = 0; r < 100; r++)
        same_cells(whole, 22 + r, part, r);
    mdm_chunk_unref(part);
    mdm_chunk_unref(whole);
}

static void a_slice_beyond_the_rows_is_refused(void **state)
{
    (void)state;
    static const int64_t cases[][2] = {{-1, 1}, {0, -1}, {0, 11}, {11, 0}, {5, 6}, {5, INT64_MAX}};
    mdm_chunk *whole = make_chunk(10);
    for (size_t i = 0; i < COUNT(cases); i++) {
        mdm_error err = {0};
        mdm_chunk *slice;
        assert_int_equal(mdm_chunk_slice(whole, cases[i][0], cases[i][1], &slice, &err),
                         MDM_INVALID);
        assert_null(slice);
        assert_non_null(strstr(err.message, "of a chunk of 10 rows"));
    }
    mdm_chunk_unref(whole);
}

static void picked_rows_are_copied_in_order(void **state)
{
    (void)state;
    uint64_t seed = 3;
    mdm_chunk *whole = make_chunk(300);
    for (int round = 0; round < 20; round++) {
        mdm_error err = {0};
        uint8_t keep[300];
        int64_t kept[300], count = 0;
        for (int64_t r = 0; r < 300; r++) {
            keep[r] = round == 0 ? 0 : round == 1 ? 1 : next_random(&seed) % 4 != 0;
            if (keep[r]) kept[count++] = r;
        }
        mdm_chunk *picked = NULL;
        must(mdm_chunk_pick(whole, keep, &picked, &err), &err);
        assert_int_equal(picked->rows, count);
        int64_t nulls = 0;
        for (int64_t r = 0; r < count; r++) {
            same_cells(whole, kept[r], picked, r);
            nulls += kept[r] % 5 == 0;
        }
        assert_int_equal(picked->columns[2].null_count, nulls);
        mdm_chunk_unref(picked);
    }
    mdm_chunk_unref(whole);
}

static void count_release(void *owner)
{
    ++*(int *)owner;
}

static void wrapped_buffers_are_given_back_once_with_the_last_reference(void **state)
{
    (void)state;
    mdm_error err = {0};
    int released = 0;
    static const int64_t values[] = {1, 2, 3};
    mdm_field fields[] = {field("id", MDM_TYPE_INT64)};
    mdm_schema *schema = schema_of(fields, 1);
    mdm_column column = {.type = {MDM_TYPE_INT64, 0, 0}, .values = values};
    mdm_chunk *chunk = NULL, *slice = NULL;
    must(mdm_chunk_wrap(schema, 3, &column, sizeof values, count_release, &released, &chunk, &err),
         &err);
    assert_true(mdm_chunk_bytes(chunk) >= sizeof values);
    must(mdm_chunk_slice(chunk, 1, 2, &slice, &err), &err);
    mdm_chunk_unref(mdm_chunk_ref(chunk));
    mdm_chunk_unref(chunk);
    assert_int_equal(released, 0);
    assert_string_equal(cell(slice, 0, 1), "3");
    mdm_chunk_unref(slice);
    assert_int_equal(released, 1);

    must(mdm_chunk_wrap(schema, 3, &column, 0, NULL, NULL, &chunk, &err), &err);
    mdm_chunk_unref(chunk);
    mdm_schema_unref(schema);
    mdm_chunk_unref(NULL);
}

static void a_block_holds_columns_and_aligned_memory_in_one_allocation(void **state)
{
    (void)state;
    mdm_error err = {0};
    mdm_field fields[] = {field("a", MDM_TYPE_INT64), {"d", {MDM_TYPE_DECIMAL, 5, 1}}};
    mdm_schema *schema = schema_of(fields, 2);
    mdm_chunk *chunk = NULL;
    mdm_column *columns;
    void *memory;
    mdm_alloc_fail_after(1000);
    must(mdm_chunk_block(schema, 2, 48, &chunk, &columns, &memory, &err), &err);
    assert_int_equal(mdm_alloc_count(), 1);
    mdm_alloc_fail_after(-1);
    assert_int_equal((uintptr_t)memory % 16, 0);
    memset(memory, 0, 48);
    assert_int_equal(columns[1].type.scale, 1);
    assert_null(columns[0].validity);
    columns[0].values = memory;
    columns[1].values = (char *)memory + 16;
    assert_string_equal(cell(chunk, 1, 1), "0.0");
    mdm_chunk_unref(chunk);
    assert_int_equal(mdm_chunk_block(schema, 2, SIZE_MAX - 10, &chunk, &columns, &memory, &err),
                     MDM_NO_MEMORY);
    mdm_schema_unref(schema);
}

static mdm_status cut_and_pick(void *data, mdm_error *err)
{
    static const uint8_t keep[20] = {1, 0, 1};
    mdm_chunk *slice = NULL, *picked = NULL;
    mdm_status status = mdm_chunk_slice(data, 3, 20, &slice, err);
    if (status == MDM_OK) status = mdm_chunk_pick(slice, keep, &picked, err);
    if (picked) assert_int_equal(picked->rows, 2);
    mdm_chunk_unref(slice);
    mdm_chunk_unref(picked);
    return status;
}

static void without_memory_there_is_no_slice(void **state)
{
    (void)state;
    mdm_chunk *whole = make_chunk(40);
    test_walk_allocations(cut_and_pick, whole, 2);
    mdm_chunk_unref(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slice_shows_the_rows_it_was_cut_from),
        cmocka_unit_test(a_slice_keeps_its_chunk_alive_and_can_be_cut_again),
        cmocka_unit_test(a_slice_beyond_the_rows_is_refused),
        cmocka_unit_test(picked_rows_are_copied_in_order),
        cmocka_unit_test(wrapped_buffers_are_given_back_once_with_the_last_reference),
        cmocka_unit_test(a_block_holds_columns_and_aligned_memory_in_one_allocation),
        cmocka_unit_test(without_memory_there_is_no_slice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
