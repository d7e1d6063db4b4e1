/* What is special in the driver of DuckDB; tests/backend has what all drivers must do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mdm/backend.h"
#include "storage/duckdb_driver.h"
#include "support/folder.h"
#include "support/walk.h"

#define assert_ok(step)                                               \
    do {                                                              \
        err = (mdm_error){0};                                         \
        if ((step) != MDM_OK) fail_msg("%s: %s", #step, err.message); \
    } while (0)

static char *folder;
static const mdm_backend *duck;

static int set_up(void **state)
{
    (void)state;
    folder = test_folder_make();
    duck = mdm_backend_find(MDM_STR("DuckDB"));
    return duck ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    test_folder_remove(folder);
    return 0;
}

static mdm_conn *open_at(const char *path, unsigned flags)
{
    mdm_error err;
    mdm_conn *conn;
    const mdm_location location = {.backend = duck, .path = path};
    assert_ok(duck->open(&location, flags, NULL, &conn, &err));
    return conn;
}

/* A new database with table t of one row. */
static const char *database(const char *name)
{
    mdm_error err;
    const char *path = test_path(folder, name);
    mdm_conn *conn = open_at(path, MDM_OPEN_CREATE);
    assert_ok(duck->run(conn, MDM_STR("CREATE TABLE t AS SELECT 1 AS i"), NULL, &err));
    duck->close(conn);
    return path;
}

static mdm_status try(mdm_conn *conn, const char *sql, mdm_error *err)
{
    return duck->run(conn, mdm_str_from(sql), NULL, err);
}

static void run(mdm_conn *conn, const char *sql)
{
    mdm_error err;
    assert_ok(try(conn, sql, &err));
}

static int64_t number(mdm_conn *conn, const char *sql)
{
    mdm_error err;
    mdm_stmt *stmt;
    mdm_chunk *chunk;
    assert_ok(duck->prepare(conn, mdm_str_from(sql), &stmt, &err));
    assert_ok(duck->execute(stmt, NULL, 0, &err));
    assert_ok(duck->fetch(stmt, &chunk, &err));
    assert_non_null(chunk);
    const mdm_column *column = &chunk->columns[0];
    const int64_t value = column->type.id == MDM_TYPE_DECIMAL
                              ? (int64_t)((const mdm_int128 *)column->values)->low
                              : ((const int64_t *)column->values)[0];
    mdm_chunk_unref(chunk);
    duck->finish(stmt);
    return value;
}

/* --- read-only connections ------------------------------------------------------------- */

static void a_reader_beside_a_writer_still_refuses_every_write(void **state)
{
    static const char *const writes[] = {
        "INSERT INTO t VALUES (2)",
        "DELETE FROM t",
        "CREATE TABLE u(i INTEGER)",
        "SELECT nextval('s')",
        "DROP TABLE t",
        "INSERT INTO t VALUES (2) RETURNING i",
        "BEGIN",
        "BEGIN; INSERT INTO t VALUES (2); COMMIT",
    };
    mdm_error err;
    (void)state;
    const char *path = database("beside.duckdb");
    mdm_conn *writer = open_at(path, 0);
    run(writer, "CREATE SEQUENCE s");
    mdm_conn *reader = open_at(path, MDM_OPEN_READ_ONLY);
    for (size_t i = 0; i < sizeof writes / sizeof *writes; i++) {
        mdm_stmt *stmt;
        if (try(reader, writes[i], &err) != MDM_PERMISSION)
            fail_msg("%s: %s", writes[i], err.message);
        if (duck->prepare(reader, mdm_str_from(writes[i]), &stmt, &err) != MDM_OK) continue;
        mdm_status status = duck->execute(stmt, NULL, 0, &err);
        if (status == MDM_OK) {
            mdm_chunk *chunk;
            status = duck->fetch(stmt, &chunk, &err);
        }
        if (status != MDM_PERMISSION) fail_msg("%s: %s", writes[i], err.message);
        duck->finish(stmt);
    }
    assert_int_equal(duck->begin(reader, MDM_TXN_WRITE, &err), MDM_PERMISSION);
    assert_int_equal(number(reader, "SELECT sum(i) FROM t"), 1);
    run(writer, "INSERT INTO t VALUES (10)");
    assert_int_equal(number(reader, "SELECT sum(i) FROM t"), 11);
    assert_true(duck->reset(reader));

    assert_ok(duck->begin(reader, MDM_TXN_READ, &err));
    assert_int_equal(try(reader, "INSERT INTO t VALUES (2)", &err), MDM_PERMISSION);
    duck->rollback(reader);
    assert_int_equal(number(reader, "SELECT sum(i) FROM t"), 11);
    duck->close(reader);
    duck->close(writer);
}

static void a_reader_reads_two_results_in_turns_beside_a_writer(void **state)
{
    mdm_error err;
    mdm_stmt *one, *two;
    mdm_chunk *chunk;
    (void)state;
    const char *path = database("turns.duckdb");
    mdm_conn *writer = open_at(path, 0);
    mdm_conn *reader = open_at(path, MDM_OPEN_READ_ONLY);
    assert_ok(duck->prepare(reader, MDM_STR("SELECT i FROM range(10000) r(i)"), &one, &err));
    assert_ok(duck->prepare(reader, MDM_STR("SELECT i FROM t"), &two, &err));
    assert_ok(duck->execute(one, NULL, 0, &err));
    assert_ok(duck->fetch(one, &chunk, &err));
    int64_t rows = chunk->rows;
    mdm_chunk_unref(chunk);
    assert_ok(duck->execute(two, NULL, 0, &err));
    assert_int_equal(duck->begin(reader, MDM_TXN_READ, &err), MDM_BUSY);
    duck->finish(two);
    for (;;) {
        assert_ok(duck->fetch(one, &chunk, &err));
        if (!chunk) break;
        rows += chunk->rows;
        mdm_chunk_unref(chunk);
    }
    assert_int_equal(rows, 10000);
    duck->finish(one);
    assert_ok(duck->begin(reader, MDM_TXN_READ, &err));
    duck->rollback(reader);
    duck->close(reader);
    duck->close(writer);
}

static void readers_with_kept_statements_give_way_to_a_writer(void **state)
{
    (void)state;
    const char *path = database("switch.duckdb");
    mdm_conn *reader = open_at(path, MDM_OPEN_READ_ONLY);
    assert_int_equal(number(reader, "SELECT sum(i) FROM t"), 1);
    assert_int_equal(reader->prepared, 1);
    mdm_conn *writer = open_at(path, 0);
    run(writer, "INSERT INTO t VALUES (10)");
    assert_int_equal(number(reader, "SELECT sum(i) FROM t"), 11);
    assert_int_equal(reader->prepared, 2); /* that one went with the old connection */
    assert_int_equal(number(reader, "SELECT sum(i) FROM t"), 11);
    assert_int_equal(reader->reused, 1);
    duck->close(reader);
    duck->close(writer);
}

/* --- transactions ------------------------------------------------------------------------- */

static void a_transaction_that_an_error_has_ended_is_not_committed(void **state)
{
    mdm_error err;
    (void)state;
    mdm_conn *conn = open_at(database("failed.duckdb"), 0);
    run(conn, "CREATE TABLE u(i INTEGER PRIMARY KEY)");
    assert_ok(duck->begin(conn, MDM_TXN_WRITE, &err));
    run(conn, "INSERT INTO t VALUES (2)");
    assert_int_equal(try(conn, "INSERT INTO u VALUES (1), (1)", &err), MDM_BACKEND);
    assert_int_equal(duck->commit(conn, &err), MDM_BACKEND);
    assert_string_equal(err.message,
                        "nothing was committed: a statement of this transaction has failed");
    assert_int_equal(number(conn, "SELECT count(*) FROM t"), 1);
    duck->close(conn);
}

static void a_mistake_that_ends_no_transaction_does_not_forbid_its_commit(void **state)
{
    mdm_error err;
    (void)state;
    mdm_conn *conn = open_at(database("mistake.duckdb"), 0);
    assert_ok(duck->begin(conn, MDM_TXN_WRITE, &err));
    run(conn, "INSERT INTO t VALUES (2)");
    assert_int_equal(try(conn, "SELCT 1", &err), MDM_BACKEND);
    assert_ok(duck->commit(conn, &err));
    assert_int_equal(number(conn, "SELECT count(*) FROM t"), 2);
    duck->close(conn);
}

static void transactions_of_sql_are_rolled_back_by_reset(void **state)
{
    (void)state;
    mdm_conn *conn = open_at(database("sql.duckdb"), 0);
    run(conn, "BEGIN TRANSACTION");
    run(conn, "INSERT INTO t VALUES (2)");
    assert_true(duck->reset(conn));
    assert_int_equal(number(conn, "SELECT count(*) FROM t"), 1);
    run(conn, "begin; INSERT INTO t VALUES (3)");
    assert_true(duck->reset(conn));
    assert_int_equal(number(conn, "SELECT count(*) FROM t"), 1);
    run(conn, "BEGIN");
    run(conn, "INSERT INTO t VALUES (4)");
    run(conn, "COMMIT");
    assert_true(duck->reset(conn));
    assert_int_equal(number(conn, "SELECT count(*) FROM t"), 2);
    duck->close(conn);
}

static void two_writers_of_one_row_are_told_to_try_again(void **state)
{
    mdm_error err;
    (void)state;
    const char *path = database("conflict.duckdb");
    mdm_conn *one = open_at(path, 0), *two = open_at(path, 0);
    assert_ok(duck->begin(one, MDM_TXN_WRITE, &err));
    assert_ok(duck->begin(two, MDM_TXN_WRITE, &err));
    run(one, "UPDATE t SET i = 2");
    assert_int_equal(try(two, "UPDATE t SET i = 3", &err), MDM_BUSY);
    duck->rollback(two);
    assert_ok(duck->commit(one, &err));
    assert_int_equal(number(two, "SELECT i::BIGINT FROM t"), 2);
    duck->close(one);
    duck->close(two);
}

/* --- the rest --------------------------------------------------------------------------------- */

static void settings_and_temporary_tables_end_with_reset(void **state)
{
    mdm_error err;
    (void)state;
    mdm_conn *conn = open_at(database("altered.duckdb"), 0);
    run(conn, "SET VARIABLE x = 5; CREATE TEMP TABLE mine AS SELECT 1 AS i");
    assert_int_equal(number(conn, "SELECT getvariable('x')::BIGINT"), 5);
    assert_true(duck->reset(conn));
    assert_int_equal(try(conn, "FROM mine", &err), MDM_BACKEND);
    assert_int_equal(number(conn, "SELECT count(getvariable('x'))"), 0);
    duck->close(conn);
}

static void a_file_that_was_moved_breaks_its_connections(void **state)
{
    mdm_error err;
    (void)state;
    const char *path = database("moved.duckdb");
    mdm_conn *conn = open_at(path, 0);
    assert_ok(duck->ping(conn, 100, &err));
    assert_int_equal(rename(path, test_path(folder, "elsewhere.duckdb")), 0);
    assert_int_equal(duck->ping(conn, 100, &err), MDM_IO);
    assert_true(duck->is_broken(conn));
    assert_false(duck->reset(conn));
    duck->close(conn);
}

static void a_plan_is_made_for_statements_with_placeholders(void **state)
{
    static const char *const statements[] = {
        "SELECT * FROM t WHERE i = ?",
        "SELECT * FROM t WHERE i::VARCHAR = $1 AND TRUE = $2",
        "SELECT * FROM t WHERE DATE '2020-01-01' < ?",
        "SELECT * FROM t WHERE ? = TIMESTAMP '2020-01-01' OR ? > 1.5 OR ? = 'a'::BLOB",
        "INSERT INTO t VALUES (?)",
        "SELECT * FROM t WHERE i > 1000000 AND i < 0",
    };
    mdm_error err;
    (void)state;
    mdm_conn *conn = open_at(database("plan.duckdb"), 0);
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        char *plan = NULL;
        assert_ok(duck->explain(conn, mdm_str_from(statements[i]), &plan, &err));
        assert_int_equal(plan[0], '[');
        if (i != 4) assert_non_null(strstr(plan, "main.t"));
        mdm_free_text(plan);
    }
    assert_true(duck->reset(conn));
    duck->close(conn);
}

/* DuckDB itself would go on saying what it found when the statement was prepared. */
static void a_kept_statement_sees_what_was_written_since(void **state)
{
    mdm_error err;
    mdm_stmt *stmt;
    mdm_chunk *chunk;
    (void)state;
    const char *path = database("kept.duckdb");
    mdm_conn *conn = open_at(path, 0), *other = open_at(path, 0);
    assert_int_equal(number(conn, "SELECT count(*) FROM t"), 1);
    assert_int_equal(number(conn, "SELECT count(*) FROM t WHERE i = 5000"), 0);
    assert_ok(duck->prepare(conn, MDM_STR("DELETE FROM t WHERE i = 7000"), &stmt, &err));
    run(other, "INSERT INTO t VALUES (5000), (7000)");
    assert_int_equal(number(conn, "SELECT count(*) FROM t"), 3);
    assert_int_equal(number(conn, "SELECT count(*) FROM t WHERE i = 5000"), 1);
    assert_ok(duck->execute(stmt, NULL, 0, &err));
    assert_int_equal(duck->changed(stmt), 1);
    duck->finish(stmt);
    assert_int_equal(number(conn, "SELECT count(*) FROM t"), 2);

    assert_ok(duck->begin(conn, MDM_TXN_WRITE, &err));
    run(conn, "DELETE FROM t");
    assert_int_equal(number(conn, "SELECT count(*) FROM t"), 0);
    duck->rollback(conn);
    assert_int_equal(number(conn, "SELECT count(*) FROM t"), 2);
    const uint64_t before = conn->reused;
    assert_int_equal(number(conn, "SELECT count(*) FROM t"), 2);
    assert_int_equal(conn->reused, before + 1);

    assert_ok(duck->prepare(conn, MDM_STR("SELECT i FROM t WHERE i = ?"), &stmt, &err));
    const mdm_value value = {MDM_TYPE_INT64, {.integer = 9000}};
    for (int rows = 0; rows < 2; rows++) {
        assert_ok(duck->execute(stmt, &value, 1, &err));
        assert_ok(duck->fetch(stmt, &chunk, &err));
        assert_int_equal(chunk ? chunk->rows : 0, rows);
        mdm_chunk_unref(chunk);
        run(other, "INSERT INTO t VALUES (9000)");
    }
    duck->finish(stmt);
    duck->close(conn);
    duck->close(other);
}

static void the_count_of_a_create_table_as_is_told(void **state)
{
    mdm_error err;
    mdm_stmt *stmt;
    int64_t changed;
    (void)state;
    mdm_conn *conn = open_at(NULL, 0);
    assert_ok(duck->run(conn, MDM_STR("CREATE TABLE u AS FROM range(7)"), &changed, &err));
    assert_int_equal(changed, 7);
    assert_ok(duck->prepare(conn, MDM_STR("CREATE TABLE v AS FROM range(8)"), &stmt, &err));
    assert_ok(duck->execute(stmt, NULL, 0, &err));
    assert_int_equal(duck->changed(stmt), 8);
    assert_int_equal(duck->schema(stmt)->count, 0);
    duck->finish(stmt);
    duck->close(conn);
}

static void values_out_of_range_are_refused(void **state)
{
    static const mdm_value bad[] = {
        {MDM_TYPE_DATE, {.integer = INT64_C(1) << 40}},
        {MDM_TYPE_TIME, {.integer = -1}},
        {MDM_TYPE_TIME, {.integer = INT64_C(86400000001)}},
        {MDM_TYPE_TEXT, {.bytes = {"\xff", 1}}},
        {MDM_TYPE_DECIMAL, {.integer = 1}},
    };
    mdm_error err;
    mdm_stmt *stmt;
    (void)state;
    mdm_conn *conn = open_at(NULL, 0);
    assert_ok(duck->prepare(conn, MDM_STR("SELECT ?"), &stmt, &err));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(duck->execute(stmt, &bad[i], 1, &err), MDM_INVALID);
        assert_non_null(strstr(err.message, "value 1 is out of range"));
    }
    assert_int_equal(duck->execute(stmt, NULL, 0, &err), MDM_INVALID);
    assert_string_equal(err.message, "0 values for 1 placeholders");
    duck->finish(stmt);
    duck->close(conn);
}

static mdm_status whole_life(void *data, mdm_error *err)
{
    const mdm_location location = {.backend = duck, .path = data};
    mdm_conn *conn = NULL;
    mdm_stmt *stmt = NULL;
    mdm_chunk *chunk = NULL;
    char *plan = NULL;
    const mdm_value value = {MDM_TYPE_INT64, {.integer = 1}};
    mdm_status status = duck->open(&location, 0, NULL, &conn, err);
    if (status == MDM_OK) status = duck->begin(conn, MDM_TXN_WRITE, err);
    if (status == MDM_OK) status = try(conn, "UPDATE t SET i = 1", err);
    if (status == MDM_OK) status = duck->commit(conn, err);
    if (status == MDM_OK) status = duck->prepare(conn, MDM_STR("FROM t WHERE i = ?"), &stmt, err);
    if (status == MDM_OK) status = duck->execute(stmt, &value, 1, err);
    if (status == MDM_OK) status = duck->fetch(stmt, &chunk, err);
    mdm_chunk_unref(chunk);
    duck->finish(stmt);
    if (status == MDM_OK) status = duck->explain(conn, MDM_STR("FROM t"), &plan, err);
    mdm_free_text(plan);
    duck->close(conn);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    test_walk_allocations(whole_life, (void *)(uintptr_t)database("memory.duckdb"), 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reader_beside_a_writer_still_refuses_every_write),
        cmocka_unit_test(a_reader_reads_two_results_in_turns_beside_a_writer),
        cmocka_unit_test(readers_with_kept_statements_give_way_to_a_writer),
        cmocka_unit_test(a_transaction_that_an_error_has_ended_is_not_committed),
        cmocka_unit_test(a_mistake_that_ends_no_transaction_does_not_forbid_its_commit),
        cmocka_unit_test(transactions_of_sql_are_rolled_back_by_reset),
        cmocka_unit_test(two_writers_of_one_row_are_told_to_try_again),
        cmocka_unit_test(settings_and_temporary_tables_end_with_reset),
        cmocka_unit_test(a_file_that_was_moved_breaks_its_connections),
        cmocka_unit_test(a_plan_is_made_for_statements_with_placeholders),
        cmocka_unit_test(a_kept_statement_sees_what_was_written_since),
        cmocka_unit_test(the_count_of_a_create_table_as_is_told),
        cmocka_unit_test(values_out_of_range_are_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
