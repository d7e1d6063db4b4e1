/* Results come as a stream of chunks of one schema. */
#include <stdio.h>
#include <string.h>

#include "suite.h"

#define MANY 100000L

static mdm_stmt *start(fixture *f, long rows)
{
    mdm_error err = {0};
    char sql[400];
    mdm_stmt *stmt = NULL;
    snprintf(sql, sizeof sql, suite->rows, rows);
    ok(f->backend->prepare(f->conn, mdm_str_from(sql), &stmt, &err));
    ok(f->backend->execute(stmt, NULL, 0, &err));
    return stmt;
}

/* Rows of chunk are number first, first + 1 and so on. */
static void check_rows(const mdm_chunk *chunk, int64_t first)
{
    for (int64_t row = 0; row < chunk->rows; row++) {
        char text[32];
        assert_int_equal(((const int64_t *)chunk->columns[0].values)[row], first + row);
        const int len = snprintf(text, sizeof text, "row %lld", (long long)(first + row));
        const mdm_str cell = mdm_column_bytes(&chunk->columns[1], row);
        assert_int_equal(cell.len, len);
        assert_memory_equal(cell.data, text, cell.len);
    }
}

static void many_rows_come_in_several_chunks_in_order(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    mdm_stmt *stmt = start(f, MANY);
    const mdm_schema *schema = f->backend->schema(stmt);
    assert_int_equal(schema->count, 2);
    assert_string_equal(schema->fields[0].name, "i");
    assert_int_equal(schema->fields[0].type.id, MDM_TYPE_INT64);
    assert_int_equal(schema->fields[1].type.id, MDM_TYPE_TEXT);
    int64_t rows = 0;
    size_t chunks = 0;
    for (mdm_chunk *chunk;; mdm_chunk_unref(chunk)) {
        ok(f->backend->fetch(stmt, &chunk, &err));
        if (!chunk) break;
        assert_true(chunk->rows > 0);
        assert_int_equal(chunk->schema->count, 2);
        check_rows(chunk, rows);
        rows += chunk->rows;
        chunks++;
    }
    assert_int_equal(rows, MANY);
    assert_true(chunks > 2);
    f->backend->finish(stmt);
}

static void the_end_stays_the_end(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    mdm_stmt *stmt = start(f, 1);
    mdm_chunk *chunk;
    ok(f->backend->fetch(stmt, &chunk, &err));
    assert_int_equal(chunk->rows, 1);
    mdm_chunk_unref(chunk);
    for (int i = 0; i < 3; i++) {
        ok(f->backend->fetch(stmt, &chunk, &err));
        assert_null(chunk);
    }
    f->backend->finish(stmt);
}

static void chunks_outlive_their_statement_and_connection(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    mdm_chunk *chunk;
    mdm_stmt *stmt = start(f, 10);
    ok(f->backend->fetch(stmt, &chunk, &err));
    f->backend->finish(stmt);
    assert_true(f->backend->reset(f->conn));
    mdm_stmt *again = start(f, 5);
    f->backend->finish(again);
    check_rows(chunk, 0);
    mdm_chunk_unref(chunk);
}

static void a_result_left_half_read_is_no_burden(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    for (int i = 0; i < 3; i++) {
        mdm_chunk *chunk;
        mdm_stmt *stmt = start(f, MANY);
        ok(f->backend->fetch(stmt, &chunk, &err));
        check_rows(chunk, 0);
        mdm_chunk_unref(chunk);
        f->backend->finish(stmt);
    }
    suite_sql(f->conn, "CREATE TABLE t (a BIGINT)");
    f->backend->finish(start(f, MANY)); /* nothing read at all */
    suite_sql(f->conn, "DROP TABLE t");
    assert_true(f->backend->reset(f->conn));
}

static void an_empty_result_has_columns_and_no_chunk(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    mdm_stmt *stmt = NULL;
    mdm_chunk *chunk;
    suite_sql(f->conn, "CREATE TABLE t (a BIGINT, b DATE)");
    ok(f->backend->prepare(f->conn, MDM_STR("SELECT * FROM t"), &stmt, &err));
    ok(f->backend->execute(stmt, NULL, 0, &err));
    assert_int_equal(f->backend->schema(stmt)->count, 2);
    assert_int_equal(f->backend->schema(stmt)->fields[0].type.id, MDM_TYPE_INT64);
    assert_int_equal(f->backend->schema(stmt)->fields[1].type.id, MDM_TYPE_DATE);
    ok(f->backend->fetch(stmt, &chunk, &err));
    assert_null(chunk);
    f->backend->finish(stmt);
}

static void expressions_have_the_types_people_expect(void **state)
{
    fixture *f = *state;
    suite_sql(f->conn, "CREATE TABLE t (a BIGINT, b DOUBLE PRECISION, c VARCHAR(9));"
                       "INSERT INTO t VALUES (1, 1.5, 'x'), (2, 2.25, 'y'), (NULL, NULL, NULL)");
    static const struct {
        const char *sql;
        mdm_type_id type;
        const char *text;
    } cases[] = {
        {"SELECT count(*) FROM t", MDM_TYPE_INT64, "3"},
        {"SELECT avg(b) FROM t", MDM_TYPE_DOUBLE, "1.875"},
        {"SELECT max(c) FROM t", MDM_TYPE_TEXT, "y"},
        {"SELECT max(a) FROM t", MDM_TYPE_INT64, "2"},
        {"SELECT min(b) FROM t", MDM_TYPE_DOUBLE, "1.5"},
        {"SELECT max(c) FROM t WHERE a > 5", MDM_TYPE_TEXT, "NULL"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mdm_chunk *chunk = suite_select(f->conn, cases[i].sql);
        assert_int_equal(chunk->schema->fields[0].type.id, cases[i].type);
        mdm_chunk_unref(chunk);
        assert_string_equal(suite_ask(f->conn, cases[i].sql), cases[i].text);
    }
}

static void two_results_may_be_read_in_turns_where_the_database_can(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    if (f->backend->caps & MDM_CAP_SERVER) skip();
    mdm_stmt *one = start(f, MANY), *two = start(f, MANY);
    int64_t rows = 0;
    for (mdm_chunk *a, *b;;) {
        ok(f->backend->fetch(one, &a, &err));
        ok(f->backend->fetch(two, &b, &err));
        assert_int_equal(a == NULL, b == NULL);
        if (!a) break;
        check_rows(a, rows);
        check_rows(b, rows);
        rows += a->rows;
        mdm_chunk_unref(a);
        mdm_chunk_unref(b);
    }
    assert_int_equal(rows, MANY);
    f->backend->finish(one);
    f->backend->finish(two);
}

static void explain_tells_the_plan_in_the_databases_words(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    char *text = NULL;
    suite_sql(f->conn, "CREATE TABLE orders (a BIGINT, b BIGINT)");
    ok(f->backend->explain(f->conn, MDM_STR("SELECT b FROM orders WHERE a = 5"), &text, &err));
    assert_non_null(strstr(text, "orders"));
    mdm_free_text(text);
    text = NULL;
    assert_int_equal(f->backend->explain(f->conn, MDM_STR("SELECT * FROM nowhere"), &text, &err),
                     MDM_BACKEND);
    assert_null(text);
    assert_string_equal(suite_ask(f->conn, "SELECT count(*) FROM orders"), "0");
}

int suite_rows(void)
{
    const struct CMUnitTest tests[] = {
        SUITE_TEST(many_rows_come_in_several_chunks_in_order),
        SUITE_TEST(the_end_stays_the_end),
        SUITE_TEST(chunks_outlive_their_statement_and_connection),
        SUITE_TEST(a_result_left_half_read_is_no_burden),
        SUITE_TEST(an_empty_result_has_columns_and_no_chunk),
        SUITE_TEST(expressions_have_the_types_people_expect),
        SUITE_TEST(two_results_may_be_read_in_turns_where_the_database_can),
        SUITE_TEST(explain_tells_the_plan_in_the_databases_words),
    };
    return cmocka_run_group_tests_name("rows", tests, NULL, NULL);
}
