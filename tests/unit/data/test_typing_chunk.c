#include "unit/data/column.h"

enum { ROWS = 3000, COLUMNS = 5 };

/* n BIGINT, ok BOOLEAN, t VARCHAR, x DOUBLE, d DATE; some cells are missing. */
typedef struct table {
    char texts[COLUMNS][ROWS][24];
    mdm_str cells[COLUMNS][ROWS];
    uint8_t validity[COLUMNS][ROWS / 8 + 1];
    mdm_cells columns[COLUMNS];
} table;

static const char *const names[COLUMNS] = {"n", "ok", "t", "x", "d"};

static void fill(table *t)
{
    uint64_t seed = 21;
    for (size_t r = 0; r < ROWS; r++) {
        unsigned k = (unsigned)(next_random(&seed) % 28);
        snprintf(t->texts[0][r], 24, "%d", (int)k * 1000 - 5000);
        snprintf(t->texts[1][r], 24, "%s", k % 2 ? "true" : "false");
        if (k % 5) snprintf(t->texts[2][r], 24, "text %u of many", k); /* else "" */
        snprintf(t->texts[3][r], 24, "%u.25", k);
        snprintf(t->texts[4][r], 24, "2024-02-%02u", k + 1);
    }
    for (size_t c = 0; c < COLUMNS; c++) {
        for (size_t r = 0; r < ROWS; r++) {
            t->cells[c][r] = mdm_str_from(t->texts[c][r]);
            if (next_random(&seed) % 7)
                t->validity[c][r / 8] = (uint8_t)(t->validity[c][r / 8] | 1u << r % 8);
        }
        t->columns[c] = (mdm_cells){ROWS, t->validity[c], t->cells[c], NULL, 1};
    }
}

static mdm_typing *typing_of(const table *t)
{
    mdm_error err = {0};
    mdm_typing *typing = NULL;
    must(mdm_typing_open(names, COLUMNS, NULL, &typing, &err), &err);
    for (size_t c = 0; c < COLUMNS; c++)
        mdm_typing_observe(typing, c, &t->columns[c]);
    must(mdm_typing_choose(typing, &err), &err);
    mdm_typing_begin(typing);
    return typing;
}

static void columns_of_all_kinds_are_converted_side_by_side(void **state)
{
    (void)state;
    static const mdm_type_id types[COLUMNS] = {MDM_TYPE_INT64, MDM_TYPE_BOOL, MDM_TYPE_TEXT,
                                               MDM_TYPE_DOUBLE, MDM_TYPE_DATE};
    table *t = calloc(1, sizeof *t);
    fill(t);
    mdm_typing *typing = typing_of(t);
    mdm_error err = {0};
    mdm_chunk *chunk = NULL;
    must(mdm_typing_chunk(typing, t->columns, NULL, NULL, &chunk, &err), &err);
    assert_int_equal(chunk->rows, ROWS);
    for (size_t c = 0; c < COLUMNS; c++) {
        assert_int_equal(chunk->columns[c].type.id, types[c]);
        assert_string_equal(chunk->schema->fields[c].name, names[c]);
        int64_t nulls = 0;
        for (size_t r = 0; r < ROWS; r++) {
            bool have = t->validity[c][r / 8] >> r % 8 & 1;
            nulls += !have;
            assert_string_equal(cell(chunk, c, (int64_t)r), have ? t->texts[c][r] : "NULL");
        }
        assert_int_equal(chunk->columns[c].null_count, nulls);
    }
    assert_true(mdm_typing_settled(typing));
    mdm_chunk_unref(chunk);
    mdm_typing_close(typing);
    free(t);
}

typedef struct log {
    size_t count, rows[4], columns[4];
} log;

static mdm_status note_refusal(void *self, size_t row, size_t column_at, mdm_str text,
                               mdm_error *err)
{
    log *l = self;
    (void)text, (void)err;
    assert_true(l->count < 4);
    l->rows[l->count] = row;
    l->columns[l->count++] = column_at;
    return MDM_OK;
}

/* Two columns fail in one row: both are told, the row is left out once. */
static void rows_with_failed_cells_are_left_out_of_all_columns(void **state)
{
    (void)state;
    table *t = calloc(1, sizeof *t);
    fill(t);
    mdm_error err = {0};
    mdm_typing *typing = NULL;
    mdm_chunk *chunk = NULL;
    log l = {0};
    must(mdm_typing_open(names, COLUMNS, NULL, &typing, &err), &err);
    must(mdm_typing_force(typing, 0, (mdm_type){MDM_TYPE_INT32, 0, 0}, &err), &err);
    must(mdm_typing_force(typing, 3, (mdm_type){MDM_TYPE_DECIMAL, 9, 2}, &err), &err);
    for (size_t c = 0; c < COLUMNS; c++) {
        memset(t->validity[c], 0xff, sizeof t->validity[c]);
        mdm_typing_observe(typing, c, &t->columns[c]);
    }
    t->cells[0][17] = t->cells[3][17] = MDM_STR("x");
    t->cells[3][2999] = MDM_STR("0.125");
    must(mdm_typing_choose(typing, &err), &err);
    mdm_typing_begin(typing);
    must(mdm_typing_chunk(typing, t->columns, note_refusal, &l, &chunk, &err), &err);
    assert_int_equal(l.count, 3);
    assert_int_equal(l.rows[0], 17);
    assert_int_equal(l.columns[0], 0);
    assert_int_equal(l.columns[1], 3);
    assert_int_equal(l.rows[2], 2999);
    assert_int_equal(chunk->rows, ROWS - 2);
    for (size_t c = 0; c < COLUMNS; c++) {
        if (c == 3) continue; /* a decimal shows its two digits */
        assert_string_equal(cell(chunk, c, 16), t->texts[c][16]);
        assert_string_equal(cell(chunk, c, 17), t->texts[c][18]);
        assert_string_equal(cell(chunk, c, ROWS - 3), t->texts[c][ROWS - 2]);
    }
    assert_int_equal(mdm_typing_column_get(typing, 3).failed, 2);
    mdm_chunk_unref(chunk);
    mdm_typing_close(typing);
    free(t);
}

static void no_rows_and_no_columns_give_an_empty_chunk(void **state)
{
    (void)state;
    table *t = calloc(1, sizeof *t);
    fill(t);
    mdm_error err = {0};
    mdm_typing *typing = typing_of(t);
    mdm_chunk *chunk = NULL;
    for (size_t c = 0; c < COLUMNS; c++)
        t->columns[c].count = 0;
    must(mdm_typing_chunk(typing, t->columns, NULL, NULL, &chunk, &err), &err);
    assert_int_equal(chunk->rows, 0);
    mdm_chunk_unref(chunk);
    mdm_typing_close(typing);
    must(mdm_typing_open(NULL, 0, NULL, &typing, &err), &err);
    must(mdm_typing_choose(typing, &err), &err);
    must(mdm_typing_chunk(typing, NULL, NULL, NULL, &chunk, &err), &err);
    assert_int_equal(chunk->rows, 0);
    mdm_chunk_unref(chunk);
    mdm_typing_close(typing);
    free(t);
}

/* The length is only looked at: nothing of that size is there. */
static void more_text_than_a_chunk_holds_is_refused(void **state)
{
    (void)state;
    static const char *const name[] = {"t"};
    mdm_error err = {0};
    mdm_typing *typing = NULL;
    mdm_chunk *chunk;
    mdm_str texts[2] = {{"x", (size_t)1 << 30}, {"y", (size_t)1 << 30}};
    mdm_cells cells = {.count = 2, .texts = texts, .first_row = 1};
    must(mdm_typing_open(name, 1, NULL, &typing, &err), &err);
    must(mdm_typing_force(typing, 0, (mdm_type){MDM_TYPE_TEXT, 0, 0}, &err), &err);
    must(mdm_typing_choose(typing, &err), &err);
    assert_int_equal(mdm_typing_chunk(typing, &cells, NULL, NULL, &chunk, &err), MDM_UNSUPPORTED);
    assert_string_equal(err.message, "column 't': more than 2 GB of text in 2 rows");
    assert_null(chunk);
    mdm_typing_close(typing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_of_all_kinds_are_converted_side_by_side),
        cmocka_unit_test(rows_with_failed_cells_are_left_out_of_all_columns),
        cmocka_unit_test(no_rows_and_no_columns_give_an_empty_chunk),
        cmocka_unit_test(more_text_than_a_chunk_holds_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
