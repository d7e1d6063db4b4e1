/* Statements: compiled once, found again, never handed out twice, never stale. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "suite.h"

static mdm_stmt *prepare(fixture *f, const char *sql)
{
    mdm_error err = {0};
    mdm_stmt *stmt = NULL;
    ok(f->backend->prepare(f->conn, mdm_str_from(sql), &stmt, &err));
    assert_ptr_equal(stmt->conn, f->conn);
    return stmt;
}

/* The integer in the first cell of the statement's next chunk. */
static int64_t first_integer(fixture *f, mdm_stmt *stmt)
{
    mdm_error err = {0};
    mdm_chunk *chunk = NULL;
    ok(f->backend->fetch(stmt, &chunk, &err));
    assert_non_null(chunk);
    assert_int_equal(chunk->schema->fields[0].type.id, MDM_TYPE_INT64);
    const int64_t value = ((const int64_t *)chunk->columns[0].values)[0];
    mdm_chunk_unref(chunk);
    return value;
}

static void make_table(fixture *f)
{
    suite_sql(f->conn, "CREATE TABLE t (a BIGINT, b VARCHAR(20));"
                       "INSERT INTO t VALUES (1, 'one'), (2, 'two'), (3, NULL)");
}

static int64_t a_of(fixture *f, mdm_stmt *stmt, const char *b)
{
    mdm_error err = {0};
    const mdm_value value = {.type = MDM_TYPE_TEXT, .as.bytes = mdm_str_from(b)};
    ok(f->backend->execute(stmt, &value, 1, &err));
    return first_integer(f, stmt);
}

static void a_statement_is_compiled_twice_at_most_and_then_found_again(void **state)
{
    fixture *f = *state;
    make_table(f);
    const uint64_t prepared = f->conn->prepared, reused = f->conn->reused;
    for (int i = 0; i < 10; i++) {
        mdm_stmt *stmt = prepare(f, "SELECT a FROM t WHERE b = $1");
        assert_int_equal(a_of(f, stmt, i % 2 ? "one" : "two"), i % 2 ? 1 : 2);
        f->backend->finish(stmt);
    }
    assert_in_range(f->conn->prepared - prepared, 1, 2);
    assert_int_equal(f->conn->reused - reused, 10 - (f->conn->prepared - prepared));
}

static void only_the_exact_text_is_found(void **state)
{
    fixture *f = *state;
    make_table(f);
    const uint64_t reused = f->conn->reused;
    f->backend->finish(prepare(f, "SELECT a FROM t"));
    f->backend->finish(prepare(f, "SELECT a  FROM t"));
    f->backend->finish(prepare(f, "select a FROM t"));
    f->backend->finish(prepare(f, "SELECT a FROM t "));
    assert_int_equal(f->conn->reused - reused, 0);
}

static void a_statement_in_use_is_not_handed_out_twice(void **state)
{
    fixture *f = *state;
    make_table(f);
    for (int i = 0; i < 2; i++)
        f->backend->finish(prepare(f, "SELECT a FROM t WHERE b = $1"));
    mdm_stmt *one = prepare(f, "SELECT a FROM t WHERE b = $1");
    mdm_stmt *two = prepare(f, "SELECT a FROM t WHERE b = $1");
    assert_ptr_not_equal(one, two);
    assert_int_equal(a_of(f, one, "one"), 1);
    f->backend->finish(one);
    assert_int_equal(a_of(f, two, "two"), 2);
    f->backend->finish(two);
}

static void a_statement_may_run_again_before_it_is_given_back(void **state)
{
    fixture *f = *state;
    make_table(f);
    mdm_stmt *stmt = prepare(f, "SELECT a FROM t WHERE b = $1");
    assert_int_equal(a_of(f, stmt, "one"), 1);
    assert_int_equal(a_of(f, stmt, "two"), 2);
    assert_int_equal(a_of(f, stmt, "one"), 1);
    f->backend->finish(stmt);
}

static void statements_that_are_too_many_are_compiled_again(void **state)
{
    fixture *f = *state;
    char sql[64];
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 300; i++) {
            snprintf(sql, sizeof sql, "SELECT %d", i);
            mdm_stmt *stmt = prepare(f, sql);
            f->backend->finish(stmt);
        }
    assert_true(f->conn->prepared >= 600); /* in the order of 300, all were gone again */
    const uint64_t reused = f->conn->reused;
    f->backend->finish(prepare(f, sql));
    assert_int_equal(f->conn->reused - reused, 1);
}

static void a_connection_may_keep_nothing(void **state)
{
    fixture *f = *state;
    mdm_conn *conn = suite_connect(f, MDM_OPEN_NO_STATEMENTS);
    for (int i = 0; i < 3; i++)
        assert_string_equal(suite_ask(conn, "SELECT 41 + 1"), "42");
    assert_int_equal(conn->prepared, 3);
    assert_int_equal(conn->reused, 0);
    f->backend->close(conn);
}

static void a_kept_statement_sees_a_changed_table(void **state)
{
    fixture *f = *state;
    make_table(f);
    mdm_chunk *chunk;
    for (int i = 0; i < 3; i++) {
        chunk = suite_select(f->conn, "SELECT * FROM t");
        assert_int_equal(chunk->schema->count, 2);
        mdm_chunk_unref(chunk);
    }
    suite_sql(f->conn, "ALTER TABLE t ADD COLUMN c BIGINT DEFAULT 7");
    chunk = suite_select(f->conn, "SELECT * FROM t");
    assert_int_equal(chunk->schema->count, 3);
    assert_string_equal(chunk->schema->fields[2].name, "c");
    mdm_chunk_unref(chunk);

    suite_sql(f->conn, "DROP TABLE t; CREATE TABLE t (a VARCHAR(10)); INSERT INTO t VALUES ('x')");
    assert_string_equal(suite_ask(f->conn, "SELECT * FROM t"), "x");
}

static void a_kept_statement_sees_another_connections_changes(void **state)
{
    fixture *f = *state;
    make_table(f);
    for (int i = 0; i < 3; i++)
        assert_string_equal(suite_ask(f->conn, "SELECT count(*) FROM t"), "3");
    mdm_conn *other = suite_connect(f, 0);
    suite_sql(other, "INSERT INTO t VALUES (4, 'four'); CREATE INDEX i ON t (a)");
    f->backend->close(other);
    assert_string_equal(suite_ask(f->conn, "SELECT count(*) FROM t"), "4");
}

static void a_statement_is_exactly_one(void **state)
{
    fixture *f = *state;
    static const char *const wrong[] = {"", "   ", "-- nothing", "/* nothing */ ;",
                                        "SELECT 1; SELECT 2"};
    static const char *const right[] = {"SELECT 1;", "SELECT 1 ; ", "SELECT 1 -- one",
                                        "/* it is */ SELECT 1;"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        mdm_error err = {0};
        mdm_stmt *stmt = NULL;
        if (f->backend->prepare(f->conn, mdm_str_from(wrong[i]), &stmt, &err) != MDM_INVALID)
            fail_msg("'%s' was not refused: %s", wrong[i], err.message);
        assert_null(stmt);
        assert_true(err.message[0] != '\0');
    }
    for (size_t i = 0; i < sizeof right / sizeof *right; i++)
        assert_string_equal(suite_ask(f->conn, right[i]), "1");
}

static void the_number_of_values_must_fit(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    const mdm_value values[2] = {{.type = MDM_TYPE_INT64}, {.type = MDM_TYPE_INT64}};
    make_table(f);
    mdm_stmt *stmt = prepare(f, "SELECT a FROM t WHERE a = $1");
    assert_int_equal(f->backend->parameters(stmt), 1);
    assert_int_equal(f->backend->execute(stmt, NULL, 0, &err), MDM_INVALID);
    assert_int_equal(f->backend->execute(stmt, values, 2, &err), MDM_INVALID);
    assert_non_null(strstr(err.message, "2"));
    ok(f->backend->execute(stmt, values, 1, &err));
    f->backend->finish(stmt);
}

static void values_never_become_sql(void **state)
{
    fixture *f = *state;
    make_table(f);
    mdm_error err = {0};
    const mdm_value evil = {.type = MDM_TYPE_TEXT, .as.bytes = MDM_STR("' OR '1'='1")};
    mdm_chunk *chunk = NULL;
    mdm_stmt *stmt = prepare(f, "SELECT a FROM t WHERE b = $1");
    ok(f->backend->execute(stmt, &evil, 1, &err));
    ok(f->backend->fetch(stmt, &chunk, &err));
    assert_null(chunk);
    f->backend->finish(stmt);
}

static void a_statement_without_rows_has_no_columns_and_counts_changes(void **state)
{
    fixture *f = *state;
    make_table(f);
    mdm_error err = {0};
    mdm_chunk *chunk = NULL;
    mdm_stmt *stmt = prepare(f, "UPDATE t SET a = a + 10 WHERE a > 1");
    ok(f->backend->execute(stmt, NULL, 0, &err));
    assert_int_equal(f->backend->schema(stmt)->count, 0);
    assert_int_equal(f->backend->changed(stmt), 2);
    ok(f->backend->fetch(stmt, &chunk, &err));
    assert_null(chunk);
    f->backend->finish(stmt);
}

static void run_takes_several_statements_and_counts_their_changes(void **state)
{
    fixture *f = *state;
    make_table(f);
    mdm_error err = {0};
    int64_t changed = -1;
    ok(f->backend->run(f->conn,
                       MDM_STR("DELETE FROM t WHERE a = 1; -- gone\n"
                               "INSERT INTO t VALUES (5, ';'), (6, NULL);"),
                       &changed, &err));
    assert_int_equal(changed, 3);
    assert_string_equal(suite_ask(f->conn, "SELECT sum(a) FROM t WHERE a > 3"), "11");
    ok(f->backend->run(f->conn, MDM_STR(""), NULL, &err));
}

static mdm_status ask_once(fixture *f, mdm_error *err)
{
    mdm_stmt *stmt = NULL;
    mdm_chunk *chunk = NULL;
    const mdm_value value = {.type = MDM_TYPE_TEXT, .as.bytes = MDM_STR("two")};
    mdm_status status =
        f->backend->prepare(f->conn, MDM_STR("SELECT a, b FROM t WHERE b = $1"), &stmt, err);
    if (status == MDM_OK) status = f->backend->execute(stmt, &value, 1, err);
    if (status == MDM_OK) status = f->backend->fetch(stmt, &chunk, err);
    if (status == MDM_OK) assert_int_equal(chunk->rows, 1);
    mdm_chunk_unref(chunk);
    f->backend->finish(stmt);
    return status;
}

static void every_allocation_may_fail_and_the_connection_lives_on(void **state)
{
    fixture *f = *state;
    make_table(f);
    for (int from_there_on = 0; from_there_on < 2; from_there_on++)
        for (long n = 0;; n++) {
            mdm_error err = {0};
            mdm_conn *conn = f->conn;
            f->conn = suite_connect(f, 0);
            if (from_there_on) mdm_alloc_fail_from(n);
            else mdm_alloc_fail_after(n);
            const mdm_status status = ask_once(f, &err);
            const long calls = mdm_alloc_count();
            mdm_alloc_fail_after(-1);
            /* A failure that only costs speed may be passed over. */
            if (status != MDM_OK && status != MDM_NO_MEMORY)
                fail_msg("allocation %ld: %s", n, err.message);
            ok(ask_once(f, &err));
            f->backend->close(f->conn);
            f->conn = conn;
            if (calls <= n) break;
        }
}

int suite_statements(void)
{
    const struct CMUnitTest tests[] = {
        SUITE_TEST(a_statement_is_compiled_twice_at_most_and_then_found_again),
        SUITE_TEST(only_the_exact_text_is_found),
        SUITE_TEST(a_statement_in_use_is_not_handed_out_twice),
        SUITE_TEST(a_statement_may_run_again_before_it_is_given_back),
        SUITE_TEST(statements_that_are_too_many_are_compiled_again),
        SUITE_TEST(a_connection_may_keep_nothing),
        SUITE_TEST(a_kept_statement_sees_a_changed_table),
        SUITE_TEST(a_kept_statement_sees_another_connections_changes),
        SUITE_TEST(a_statement_is_exactly_one),
        SUITE_TEST(the_number_of_values_must_fit),
        SUITE_TEST(values_never_become_sql),
        SUITE_TEST(a_statement_without_rows_has_no_columns_and_counts_changes),
        SUITE_TEST(run_takes_several_statements_and_counts_their_changes),
        SUITE_TEST(every_allocation_may_fail_and_the_connection_lives_on),
    };
    return cmocka_run_group_tests_name("statements", tests, NULL, NULL);
}
