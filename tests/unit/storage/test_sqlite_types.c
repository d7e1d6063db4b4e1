/* Tables that others have made: what type their columns have, and when a cell is refused. */
#include "storage/sqlite_driver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static mdm_conn *conn;
static mdm_error err;

static int open_memory(void **state)
{
    (void)state;
    const mdm_location location = {.backend = &mdm_backend_sqlite};
    return mdm_backend_sqlite.open(&location, MDM_OPEN_CREATE, NULL, &conn, &err) == MDM_OK ? 0
                                                                                            : -1;
}

static int close_memory(void **state)
{
    (void)state;
    mdm_backend_sqlite.close(conn);
    return 0;
}

static void run(const char *sql)
{
    if (mdm_backend_sqlite.run(conn, mdm_str_from(sql), NULL, &err) != MDM_OK)
        fail_msg("%s: %s", sql, err.message);
}

/* Type of the first column and its cells of the first chunk, "BIGINT: 1,2,NULL"; the status of a
 * failure otherwise. */
static const char *look(const char *sql)
{
    static char text[2000];
    char room[200];
    mdm_stmt *stmt = NULL;
    mdm_chunk *chunk = NULL;
    mdm_status status = mdm_backend_sqlite.prepare(conn, mdm_str_from(sql), &stmt, &err);
    if (status == MDM_OK) status = mdm_backend_sqlite.execute(stmt, NULL, 0, &err);
    if (status == MDM_OK) status = mdm_backend_sqlite.fetch(stmt, &chunk, &err);
    if (status == MDM_OK) {
        mdm_type_text(mdm_backend_sqlite.schema(stmt)->fields[0].type, text);
        for (int64_t row = 0; chunk && row < chunk->rows; row++) {
            const mdm_str cell = mdm_cell_text(&chunk->columns[0], row, room, sizeof room);
            const size_t len = strlen(text);
            snprintf(text + len, sizeof text - len, "%s%.*s", row == 0 ? ": " : ",",
                     cell.data ? (int)cell.len : 4, cell.data ? cell.data : "NULL");
        }
    } else snprintf(text, sizeof text, "%s", mdm_status_name(status));
    mdm_chunk_unref(chunk);
    mdm_backend_sqlite.finish(stmt);
    return text;
}

static void declared_words_are_understood(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"BIGINT", "BIGINT"},
        {"integer", "BIGINT"},
        {"INT", "BIGINT"},
        {"UNSIGNED BIG INT", "BIGINT"},
        {"INT8", "BIGINT"},
        {"TINYINT", "TINYINT"},
        {"smallint", "SMALLINT"},
        {"INT4", "INTEGER"},
        {"MEDIUMINT", "INTEGER"},
        {"FLOAT", "DOUBLE"},
        {"REAL", "DOUBLE"},
        {"DOUBLE PRECISION", "DOUBLE"},
        {"FLOAT4", "FLOAT"},
        {"BOOLEAN", "BOOLEAN"},
        {"bool", "BOOLEAN"},
        {"TEXT", "VARCHAR"},
        {"VARCHAR(20)", "VARCHAR"},
        {"NCHAR(55)", "VARCHAR"},
        {"CLOB", "VARCHAR"},
        {"BLOB", "BLOB"},
        {"DATE", "DATE"},
        {"TIME", "TIME"},
        {"DATETIME", "TIMESTAMP"},
        {"timestamp", "TIMESTAMP"},
        {"TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE"},
        {"DECIMAL(10,2)", "DECIMAL(10,2)"},
        {"numeric( 5 )", "DECIMAL(5,0)"},
        {"BLOB DECIMAL(38,0)", "DECIMAL(38,0)"},
        /* these say nothing, so the cells decide: there are none */
        {"NUMERIC", "VARCHAR"},
        {"DECIMAL(39,2)", "VARCHAR"},
        {"DECIMAL(2,3)", "VARCHAR"},
        {"JSON", "VARCHAR"},
        {"", "VARCHAR"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char sql[100];
        run("DROP TABLE IF EXISTS t");
        snprintf(sql, sizeof sql, "CREATE TABLE t (a %s)", cases[i][0]);
        run(sql);
        if (strcmp(look("SELECT a FROM t"), cases[i][1]) != 0)
            fail_msg("%s is read as %s", cases[i][0], look("SELECT a FROM t"));
    }
}

static void cells_that_do_not_fit_their_column_decide_themselves(void **state)
{
    (void)state;
    static const struct {
        const char *word, *values, *seen;
    } cases[] = {
        {"BIGINT", "(1), (2), (NULL)", "BIGINT: 1,2,NULL"},
        {"BIGINT", "(1), ('x'), (NULL)", "VARCHAR: 1,x,NULL"},
        {"BIGINT", "('a'), ('b')", "VARCHAR: a,b"},
        {"BIGINT", "(1), (2.5)", "DOUBLE: 1,2.5"},
        {"BIGINT", "(9007199254740993), (2.5)", "VARCHAR: 9007199254740993,2.5"},
        {"BIGINT", "(1), (x'00')", "format"},
        {"BIGINT", "(x'00'), (NULL)", "BLOB: \\x00,NULL"},
        {"TINYINT", "(127), (-128)", "TINYINT: 127,-128"},
        {"TINYINT", "(127), (128)", "BIGINT: 127,128"},
        {"INT4", "(2147483648)", "BIGINT: 2147483648"},
        {"BOOLEAN", "(0), (1), (NULL)", "BOOLEAN: false,true,NULL"},
        {"BOOLEAN", "(0), (2)", "BIGINT: 0,2"},
        {"BOOLEAN", "('yes')", "VARCHAR: yes"},
        {"FLOAT", "(1), (2.5)", "DOUBLE: 1,2.5"},
        {"FLOAT", "(1), ('nan')", "VARCHAR: 1,nan"},
        {"FLOAT4", "(0.1)", "DOUBLE: 0.1"}, /* no float is 0.1 */
        {"TEXT", "(1), ('x')", "VARCHAR: 1,x"},
        {"TEXT", "('x'), (x'00')", "format"},
        {"BLOB", "('x'), ('y')", "VARCHAR: x,y"},
        {"DATE", "('2024-02-29'), (NULL)", "DATE: 2024-02-29,NULL"},
        {"DATE", "('2024-02-29'), ('2024-03-01 10:00:00')",
         "TIMESTAMP: 2024-02-29 00:00:00,2024-03-01 10:00:00"},
        {"DATE", "('29.2.2024')", "VARCHAR: 29.2.2024"},
        {"DATETIME", "('2024-02-29 13:05:00.250000'), ('2024-02-29')",
         "TIMESTAMP: 2024-02-29 13:05:00.25,2024-02-29 00:00:00"},
        {"DATETIME", "(1709211900), (NULL)", "BIGINT: 1709211900,NULL"},
        {"DATETIME", "('2024-02-29 13:05:00+00:00')", "VARCHAR: 2024-02-29 13:05:00+00:00"},
        {"DECIMAL(10,2)", "(1), (2.5), ('3.25')", "DECIMAL(10,2): 1.00,2.50,3.25"},
        {"DECIMAL(10,2)", "(1), (2.555)", "DOUBLE: 1,2.555"},
        {"DECIMAL(3,1)", "(100)", "BIGINT: 100"},
        {"DECIMAL(10,2)", "(0.1 + 0.2)", "DOUBLE: 0.30000000000000004"},
        {"BLOB DECIMAL(20,2)", "('123456789012345678.90'), (1)",
         "DECIMAL(20,2): 123456789012345678.90,1.00"},
        {"BLOB DECIMAL(20,2)", "('1.234')", "VARCHAR: 1.234"},
        {"BLOB DECIMAL(20,2)", "('x')", "VARCHAR: x"},
        {"BLOB DECIMAL(20,2)", "('-')", "VARCHAR: -"},
        {"", "(1), (NULL)", "BIGINT: 1,NULL"},
        {"", "(1.0)", "DOUBLE: 1"},
        {"", "(NULL)", "VARCHAR: NULL"},
        {"NUMERIC", "(1), (1.5)", "DOUBLE: 1,1.5"},
        {"JSON", "('{\"a\": 1}')", "VARCHAR: {\"a\": 1}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char sql[300];
        run("DROP TABLE IF EXISTS t");
        snprintf(sql, sizeof sql, "CREATE TABLE t (a %s); INSERT INTO t VALUES %s", cases[i].word,
                 cases[i].values);
        run(sql);
        const char *seen = look("SELECT a FROM t");
        if (strcmp(seen, cases[i].seen) != 0)
            fail_msg("%s %s: %s (%s)", cases[i].word, cases[i].values, seen, err.message);
    }
}

/* Rows of the column until one is refused; the error says the rest. */
static int64_t rows_until_refused(const char *sql)
{
    mdm_stmt *stmt = NULL;
    mdm_chunk *chunk = NULL;
    int64_t rows = 0;
    assert_int_equal(mdm_backend_sqlite.prepare(conn, mdm_str_from(sql), &stmt, &err), MDM_OK);
    mdm_status status = mdm_backend_sqlite.execute(stmt, NULL, 0, &err);
    while (status == MDM_OK) {
        status = mdm_backend_sqlite.fetch(stmt, &chunk, &err);
        if (!chunk) break;
        rows += chunk->rows;
        mdm_chunk_unref(chunk);
        chunk = NULL;
    }
    mdm_backend_sqlite.finish(stmt);
    return status == MDM_OK ? -1 : rows;
}

#define SERIES(cell)                                                                               \
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000) SELECT " cell \
    " AS c FROM n"

static void a_late_cell_that_does_not_fit_is_refused_with_row_and_remedy(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *message, *hint;
    } cases[] = {
        {SERIES("iif(i < 20000, i, 'x')"), "column 'c', row 20000: text does not fit BIGINT",
         "CAST(\"c\" AS TEXT)"},
        {SERIES("iif(i < 20000, i, 0.5)"), "column 'c', row 20000: a real does not fit BIGINT",
         "CAST(\"c\" AS TEXT)"},
        {SERIES("iif(i < 20000, 0.5, 9007199254740993)"),
         "column 'c', row 20000: an integer does not fit DOUBLE", "CAST(\"c\" AS TEXT)"},
        {SERIES("iif(i < 20000, 'x', x'00')"), "column 'c', row 20000: a blob does not fit VARCHAR",
         "CAST(\"c\" AS BLOB)"},
        {SERIES("iif(i < 20000, 'x', CAST(x'ff' AS TEXT))"),
         "column 'c', row 20000: text that is not UTF-8 does not fit VARCHAR",
         "CAST(\"c\" AS BLOB)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const int64_t rows = rows_until_refused(cases[i].sql);
        assert_in_range(rows, 1, 19999);
        assert_int_equal(err.status, MDM_FORMAT);
        assert_string_equal(err.message, cases[i].message);
        assert_non_null(strstr(err.hint, cases[i].hint));
        /* and the statement, kept, can be used again */
        assert_int_equal(rows_until_refused(cases[i].sql), rows);
    }
}

static void a_late_cell_of_another_kind_but_the_same_value_is_taken(void **state)
{
    (void)state;
    static const char *const series[] = {
        SERIES("iif(i < 20000, i, i * 1.0)"), /* 20000.0 is a BIGINT, too */
        SERIES("iif(i < 20000, 0.5, i)"),     /* an integer that a double holds */
        SERIES("iif(i < 20000, 'x', i)"),     /* a number as text */
        SERIES("iif(i < 20000, NULL, 'x')"),  /* nothing was known but NULLs */
    };
    for (size_t i = 0; i < sizeof series / sizeof *series; i++)
        assert_int_equal(rows_until_refused(series[i]), -1);
}

static void the_types_of_a_kept_statement_follow_its_rows(void **state)
{
    (void)state;
    run("CREATE TABLE t (a); INSERT INTO t VALUES (1)");
    for (int round = 0; round < 3; round++) {
        run("UPDATE t SET a = 1");
        assert_string_equal(look("SELECT a FROM t"), "BIGINT: 1");
        run("UPDATE t SET a = 'x'");
        assert_string_equal(look("SELECT a FROM t"), "VARCHAR: x");
    }
    assert_true(conn->reused > 0);
}

static void text_of_a_utf16_database_is_read(void **state)
{
    (void)state;
    run("PRAGMA encoding='UTF-16le'; CREATE TABLE t (a TEXT); "
        "INSERT INTO t VALUES ('na\xc3\xafve \xf0\x9f\xa6\x86')");
    assert_string_equal(look("SELECT a FROM t"), "VARCHAR: na\xc3\xafve \xf0\x9f\xa6\x86");
}

static void many_columns_make_smaller_chunks(void **state)
{
    (void)state;
    mdm_text sql;
    mdm_text_init(&sql);
    mdm_text_puts(&sql,
                  "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) "
                  "SELECT i");
    for (int c = 1; c < 1500; c++)
        mdm_text_printf(&sql, ", i + %d", c);
    mdm_text_puts(&sql, " FROM n");
    mdm_stmt *stmt = NULL;
    mdm_chunk *chunk = NULL;
    assert_int_equal(mdm_backend_sqlite.prepare(conn, (mdm_str){sql.data, sql.len}, &stmt, &err),
                     MDM_OK);
    assert_int_equal(mdm_backend_sqlite.execute(stmt, NULL, 0, &err), MDM_OK);
    int64_t rows = 0;
    for (;;) {
        assert_int_equal(mdm_backend_sqlite.fetch(stmt, &chunk, &err), MDM_OK);
        if (!chunk) break;
        assert_true(chunk->rows <= 262144 / 1500);
        assert_int_equal(((const int64_t *)chunk->columns[1499].values)[0], rows + 1500);
        rows += chunk->rows;
        mdm_chunk_unref(chunk);
    }
    assert_int_equal(rows, 1000);
    mdm_backend_sqlite.finish(stmt);
    mdm_text_clear(&sql);
}

static void large_cells_end_a_chunk_early(void **state)
{
    (void)state;
    run("CREATE TABLE t (a BLOB); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
        "WHERE i < 10) INSERT INTO t SELECT zeroblob(4000000) FROM n");
    mdm_stmt *stmt = NULL;
    mdm_chunk *chunk = NULL;
    int64_t rows = 0;
    assert_int_equal(mdm_backend_sqlite.prepare(conn, MDM_STR("SELECT a FROM t"), &stmt, &err),
                     MDM_OK);
    assert_int_equal(mdm_backend_sqlite.execute(stmt, NULL, 0, &err), MDM_OK);
    for (;;) {
        assert_int_equal(mdm_backend_sqlite.fetch(stmt, &chunk, &err), MDM_OK);
        if (!chunk) break;
        assert_true(chunk->rows <= 5); /* 16 MB and the row that passed it */
        rows += chunk->rows;
        mdm_chunk_unref(chunk);
    }
    assert_int_equal(rows, 10);
    mdm_backend_sqlite.finish(stmt);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, open_memory, close_memory)
    const struct CMUnitTest tests[] = {
        TEST(declared_words_are_understood),
        TEST(cells_that_do_not_fit_their_column_decide_themselves),
        TEST(a_late_cell_that_does_not_fit_is_refused_with_row_and_remedy),
        TEST(a_late_cell_of_another_kind_but_the_same_value_is_taken),
        TEST(the_types_of_a_kept_statement_follow_its_rows),
        TEST(text_of_a_utf16_database_is_read),
        TEST(many_columns_make_smaller_chunks),
        TEST(large_cells_end_a_chunk_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
