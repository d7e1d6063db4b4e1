/* Any name that can be one works, as a table and as a column, and comes back as it was. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

static const char *const names[] = {
    "plain",
    "Capital",
    "two words",
    "a\"b",
    "\"",
    "\"\"",
    "a'b",
    "`back`",
    "[x]",
    "a\"; DROP TABLE x; --",
    "'; DELETE FROM t; --",
    "100%",
    "%s%n",
    "\\",
    "a.b",
    "a,b",
    "(c)",
    "$1",
    "?",
    ":name",
    "select",
    "from",
    "order",
    "table",
    "group",
    "user",
    "primary",
    "null",
    "rowid",
    "oid",
    "_rowid_",
    " leading",
    "trailing ",
    "0digits",
    "na\xc3\xafve",
    "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e",
    "\xf0\x9f\xa6\x86",
    "e\xcc\x81",
    /* 63 bytes, plain and ending in a character of three */
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\xe6\x97\xa5",
};

#define NAME_COUNT (sizeof names / sizeof *names)

/* One row of numbers 0, 1, 2 ... under the given names. */
static mdm_chunk *row_of(const char *const *columns, size_t count)
{
    mdm_error err = {0};
    mdm_field *fields = calloc(count, sizeof *fields);
    mdm_schema *schema = NULL;
    mdm_builder *builder = NULL;
    mdm_chunk *chunk = NULL;
    for (size_t i = 0; i < count; i++)
        fields[i] = (mdm_field){columns[i], {.id = MDM_TYPE_INT64}};
    ok(mdm_schema_new(fields, count, &schema, &err));
    ok(mdm_builder_open(schema, 1, &builder, &err));
    for (size_t i = 0; i < count; i++)
        assert_int_equal(mdm_builder_int(builder, i, (int64_t)i), MDM_OK);
    ok(mdm_builder_finish(builder, &chunk, &err));
    mdm_builder_close(builder);
    mdm_schema_unref(schema);
    free(fields);
    return chunk;
}

static mdm_status try_store(fixture *f, const char *table, const char *const *columns, size_t count,
                            mdm_error *err)
{
    mdm_chunk *chunk = row_of(columns, count);
    const mdm_target target = {.table = table, .create = true};
    mdm_stream stream;
    int64_t rows;
    mdm_error ignored = {0};
    suite_stream(chunk->schema, &chunk, 1, &stream);
    mdm_status status = f->backend->begin(f->conn, MDM_TXN_WRITE, &ignored);
    assert_int_equal(status, MDM_OK);
    status = f->backend->bulk(f->conn, &target, &stream, &rows, err);
    f->backend->rollback(f->conn);
    mdm_stream_close(&stream);
    mdm_chunk_unref(chunk);
    return status;
}

static void every_name_works_for_a_column(void **state)
{
    fixture *f = *state;
    mdm_chunk *chunk = row_of(names, NAME_COUNT);
    suite_store(f->conn, "t", chunk);
    mdm_chunk *found = suite_select(f->conn, "SELECT * FROM t");
    assert_int_equal(found->schema->count, NAME_COUNT);
    for (size_t i = 0; i < NAME_COUNT; i++) {
        char sql[700], number[32];
        assert_string_equal(found->schema->fields[i].name, names[i]);
        snprintf(sql, sizeof sql, "SELECT max(%s) FROM t", suite_quoted(f, names[i]));
        snprintf(number, sizeof number, "%zu", i);
        assert_string_equal(suite_ask(f->conn, sql), number);
    }
    mdm_chunk_unref(chunk);
    mdm_chunk_unref(found);
}

static void every_name_works_for_a_table(void **state)
{
    fixture *f = *state;
    static const char *const columns[] = {"a"};
    mdm_chunk *chunk = row_of(columns, 1);
    for (size_t i = 0; i < NAME_COUNT; i++) {
        char sql[700];
        suite_store(f->conn, names[i], chunk);
        snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", suite_quoted(f, names[i]));
        assert_string_equal(suite_ask(f->conn, sql), "1");
    }
    mdm_chunk_unref(chunk);
}

static void tables_and_columns_are_listed_in_order(void **state)
{
    fixture *f = *state;
    static const char *const first[] = {"z", "two words", "a"}, *const second[] = {"x"};
    mdm_chunk *chunk = row_of(first, 3);
    suite_store(f->conn, "zz", chunk);
    mdm_chunk_unref(chunk);
    chunk = row_of(second, 1);
    suite_store(f->conn, "A \"table\"", chunk);
    mdm_chunk_unref(chunk);

    static const char *const expected[][2] = {
        {"zz", "z"}, {"zz", "two words"}, {"zz", "a"}, {"A \"table\"", "x"}};
    mdm_chunk *tables = suite_select(f->conn, f->backend->dialect->list_tables);
    assert_int_equal(tables->rows, 2);
    assert_true(mdm_str_equal(mdm_column_bytes(&tables->columns[0], 0), MDM_STR("zz")));
    assert_true(mdm_str_equal(mdm_column_bytes(&tables->columns[0], 1), MDM_STR("A \"table\"")));
    mdm_chunk *columns = suite_select(f->conn, f->backend->dialect->list_columns);
    assert_int_equal(columns->rows, 4);
    assert_int_equal(columns->schema->count, 3);
    for (int64_t row = 0; row < 4; row++)
        for (size_t c = 0; c < 2; c++)
            assert_true(mdm_str_equal(mdm_column_bytes(&columns->columns[c], row),
                                      mdm_str_from(expected[row][c])));
    mdm_chunk_unref(tables);
    mdm_chunk_unref(columns);
}

static void a_name_that_cannot_be_one_is_refused(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *name;
        const char *words;
    } cases[] = {
        {"", "empty"},
        {"a\nb", "control character 10"},
        {"a\x1b[0m", "control character 27"},
        {"a\x7f", "control character 127"},
        {"a\xff", "not UTF-8 at byte 2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mdm_error err = {0};
        const char *const columns[] = {"good", cases[i].name};
        assert_int_equal(try_store(f, "t", columns, 2, &err), MDM_INVALID);
        assert_non_null(strstr(err.message, cases[i].words));
        assert_non_null(strstr(err.message, "column 2: "));
        const char *const good[] = {"good"};
        assert_int_equal(try_store(f, cases[i].name, good, 1, &err), MDM_INVALID);
        assert_non_null(strstr(err.message, "table: "));
    }
}

static void a_name_longer_than_the_limit_is_refused_and_never_cut(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    char name[301];
    const size_t limit = f->backend->dialect->max_name;
    memset(name, 'n', 300);
    name[limit > 0 ? limit + 1 : 300] = '\0';
    const char *const columns[] = {name};
    assert_int_equal(try_store(f, "t", columns, 1, &err), limit > 0 ? MDM_INVALID : MDM_OK);
    if (limit > 0) assert_non_null(strstr(err.message, "at most"));
}

static void two_columns_of_one_name_are_refused_by_both_names(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    static const char *const same[] = {"a", "b", "a"}, *const twins[] = {"Name", "name"};
    assert_int_equal(try_store(f, "t", same, 3, &err), MDM_FORMAT);
    assert_non_null(strstr(err.message, "columns 'a' and 'a'"));
    const bool folds = f->backend->dialect->folds_case;
    assert_int_equal(try_store(f, "t", twins, 2, &err), folds ? MDM_FORMAT : MDM_OK);
    if (folds) assert_non_null(strstr(err.message, "columns 'Name' and 'name'"));
}

static void more_columns_than_fit_are_refused_with_both_numbers(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    const size_t limit = f->backend->dialect->max_columns;
    const char **columns = calloc(limit + 1, sizeof *columns);
    char(*texts)[32] = calloc(limit + 1, sizeof *texts);
    for (size_t i = 0; i <= limit; i++) {
        snprintf(texts[i], sizeof texts[i], "c%zu", i);
        columns[i] = texts[i];
    }
    char words[64];
    assert_int_equal(try_store(f, "t", columns, limit + 1, &err), MDM_FORMAT);
    snprintf(words, sizeof words, "%zu columns", limit + 1);
    assert_non_null(strstr(err.message, words));
    snprintf(words, sizeof words, "at most %zu", limit);
    assert_non_null(strstr(err.message, words));
    free(texts);
    free(columns);
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* Printable ASCII with a bent for what matters in SQL, up to 20 of them. */
static void random_name(uint64_t *seed, char *name)
{
    static const char letters[] = "\"\"'';--/*`[]%\\.,()$?: abcABC019_~|<>=&#@!^{}+";
    const size_t len = 1 + next_random(seed) % 20;
    for (size_t i = 0; i < len; i++)
        name[i] = letters[next_random(seed) % (sizeof letters - 1)];
    name[len] = '\0';
}

static void random_names_come_back_equal(void **state)
{
    fixture *f = *state;
    uint64_t seed = 20240229;
    for (size_t i = 0; i < 200; i++) {
        char name[32], sql[700];
        random_name(&seed, name);
        snprintf(sql, sizeof sql, "SELECT 1 AS %s", suite_quoted(f, name));
        mdm_chunk *found = suite_select(f->conn, sql);
        assert_string_equal(found->schema->fields[0].name, name);
        mdm_chunk_unref(found);
    }
}

int suite_names(void)
{
    const struct CMUnitTest tests[] = {
        SUITE_TEST(every_name_works_for_a_column),
        SUITE_TEST(every_name_works_for_a_table),
        SUITE_TEST(tables_and_columns_are_listed_in_order),
        SUITE_TEST(a_name_that_cannot_be_one_is_refused),
        SUITE_TEST(a_name_longer_than_the_limit_is_refused_and_never_cut),
        SUITE_TEST(two_columns_of_one_name_are_refused_by_both_names),
        SUITE_TEST(more_columns_than_fit_are_refused_with_both_numbers),
        SUITE_TEST(random_names_come_back_equal),
    };
    return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
