/* What is SQLite's own about a connection; what all drivers must do is in tests/backend. */
#include "storage/sqlite_driver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "data/chunk_internal.h"
#include "support/folder.h"
#include "support/walk.h"

static mdm_error err;
static char *folder;
static char path[200];

static int make_folder(void **state)
{
    (void)state;
    folder = test_folder_make();
    snprintf(path, sizeof path, "%s", test_path(folder, "x.sqlite"));
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    test_folder_remove(folder);
    return 0;
}

static mdm_status try_open(const mdm_setting *settings, size_t count, unsigned flags,
                           mdm_conn **out)
{
    const mdm_location location = {
        .backend = &mdm_backend_sqlite, .path = path, .settings = settings, .setting_count = count};
    return mdm_backend_sqlite.open(&location, flags, NULL, out, &err);
}

static mdm_conn *connect_with(const mdm_setting *settings, size_t count, unsigned flags)
{
    mdm_conn *conn = NULL;
    if (try_open(settings, count, flags, &conn) != MDM_OK) fail_msg("%s", err.message);
    return conn;
}

static void run(mdm_conn *conn, const char *sql)
{
    if (conn->backend->run(conn, mdm_str_from(sql), NULL, &err) != MDM_OK)
        fail_msg("%s: %s", sql, err.message);
}

static const char *ask(mdm_conn *conn, const char *sql)
{
    static char text[100];
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(((sqlite_conn *)conn)->db, sql, -1, &stmt, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    snprintf(text, sizeof text, "%s", (const char *)sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
    return text;
}

static const mdm_setting usual[] = {{"journal_mode", "WAL"},    {"synchronous", "NORMAL"},
                                    {"cache_size", "-64000"},   {"temp_store", "MEMORY"},
                                    {"mmap_size", "268435456"}, {"foreign_keys", "ON"},
                                    {"busy_timeout", "100"}};
#define USUAL usual, sizeof usual / sizeof *usual

static void settings_are_pragmas(void **state)
{
    (void)state;
    mdm_conn *conn = connect_with(USUAL, MDM_OPEN_CREATE);
    assert_string_equal(ask(conn, "PRAGMA journal_mode"), "wal");
    assert_string_equal(ask(conn, "PRAGMA synchronous"), "1");
    assert_string_equal(ask(conn, "PRAGMA cache_size"), "-64000");
    assert_string_equal(ask(conn, "PRAGMA temp_store"), "2");
    assert_string_equal(ask(conn, "PRAGMA mmap_size"), "268435456");
    assert_string_equal(ask(conn, "PRAGMA foreign_keys"), "1");
    mdm_backend_sqlite.close(conn);
    assert_false(test_exists(test_path(folder, "x.sqlite-wal")));
    assert_int_equal(test_mode(path), 0600);
}

static void settings_that_are_none_are_refused(void **state)
{
    (void)state;
    static const struct {
        mdm_setting setting;
        const char *message, *hint;
    } cases[] = {
        {{"jurnal_mode", "WAL"}, "SQLite has no setting 'jurnal_mode'", "journal_mode"},
        {{"cache_size", "big"}, "setting cache_size cannot be 'big', but a number", ""},
        {{"journal_mode", "banana"},
         "cannot be 'banana', but DELETE|TRUNCATE|PERSIST|MEMORY|WAL|OFF",
         ""},
        {{"journal_mode", "WAL; DROP TABLE x"}, "setting journal_mode cannot be", ""},
        {{"journal_mode", ""}, "setting journal_mode cannot be", ""},
        {{"synchronous", "1)"}, "setting synchronous cannot be", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mdm_conn *conn = NULL;
        assert_int_equal(try_open(&cases[i].setting, 1, MDM_OPEN_CREATE, &conn), MDM_INVALID);
        assert_null(conn);
        assert_non_null(strstr(err.message, cases[i].message));
        assert_non_null(strstr(err.hint, cases[i].hint));
    }
    assert_false(test_exists(path));
}

static void loading_is_without_durability_until_settled(void **state)
{
    (void)state;
    mdm_conn *conn = connect_with(USUAL, MDM_OPEN_CREATE | MDM_OPEN_LOADING);
    assert_string_equal(ask(conn, "PRAGMA journal_mode"),
                        "delete"); /* off: ROLLBACK is undefined */
    assert_string_equal(ask(conn, "PRAGMA synchronous"), "0");
    assert_string_equal(ask(conn, "PRAGMA mmap_size"), "0");
    run(conn, "CREATE TABLE t (a BIGINT); INSERT INTO t VALUES (1)");
    assert_int_equal(mdm_backend_sqlite.settle(conn, &err), MDM_OK);
    assert_string_equal(ask(conn, "PRAGMA journal_mode"), "wal");
    assert_string_equal(ask(conn, "PRAGMA synchronous"), "1");
    mdm_backend_sqlite.close(conn);
    assert_false(test_exists(test_path(folder, "x.sqlite-wal")));
    assert_false(test_exists(test_path(folder, "x.sqlite-shm")));
    conn = connect_with(NULL, 0, 0);
    assert_string_equal(ask(conn, "PRAGMA journal_mode"), "wal"); /* of the file */
    mdm_backend_sqlite.close(conn);
}

static void without_a_journal_a_rollback_would_be_undefined_so_it_is_in_memory(void **state)
{
    (void)state;
    static const mdm_setting off[] = {{"journal_mode", "off"}};
    mdm_conn *conn = connect_with(off, 1, MDM_OPEN_CREATE);
    assert_string_equal(ask(conn, "PRAGMA journal_mode"), "memory");
    mdm_backend_sqlite.close(conn);
}

static void without_a_setting_the_journal_stays_as_it_is(void **state)
{
    (void)state;
    mdm_conn *conn = connect_with(NULL, 0, MDM_OPEN_CREATE | MDM_OPEN_LOADING);
    run(conn, "CREATE TABLE t (a BIGINT)");
    assert_int_equal(mdm_backend_sqlite.settle(conn, &err), MDM_OK);
    assert_string_equal(ask(conn, "PRAGMA journal_mode"), "delete");
    assert_string_equal(ask(conn, "PRAGMA synchronous"), "2");
    mdm_backend_sqlite.close(conn);
}

static void a_busy_writer_is_waited_for_and_then_named_busy(void **state)
{
    (void)state;
    mdm_conn *one = connect_with(USUAL, MDM_OPEN_CREATE), *two = connect_with(USUAL, 0);
    assert_int_equal(mdm_backend_sqlite.begin(one, MDM_TXN_WRITE, &err), MDM_OK);
    const int64_t start = mdm_clock_ns();
    assert_int_equal(mdm_backend_sqlite.begin(two, MDM_TXN_WRITE, &err), MDM_BUSY);
    assert_int_equal(err.native, SQLITE_BUSY);
    assert_true(mdm_clock_ns() - start >= 90000000); /* busy_timeout 100 */
    assert_false(mdm_backend_sqlite.is_broken(two));

    volatile int flag = 1;
    const mdm_stop stop = {.flag = &flag};
    two->stop = &stop;
    assert_int_equal(mdm_backend_sqlite.begin(two, MDM_TXN_WRITE, &err), MDM_CANCELLED);
    two->stop = NULL;
    assert_int_equal(mdm_backend_sqlite.commit(one, &err), MDM_OK);
    assert_int_equal(mdm_backend_sqlite.begin(two, MDM_TXN_WRITE, &err), MDM_OK);
    mdm_backend_sqlite.rollback(two);
    mdm_backend_sqlite.close(one);
    mdm_backend_sqlite.close(two);
}

static void the_journal_is_left_alone_where_others_use_the_file(void **state)
{
    (void)state;
    mdm_conn *one = connect_with(NULL, 0, MDM_OPEN_CREATE);
    run(one, "CREATE TABLE t (a BIGINT); INSERT INTO t VALUES (1)");
    assert_int_equal(mdm_backend_sqlite.begin(one, MDM_TXN_WRITE, &err), MDM_OK);
    mdm_conn *two = connect_with(USUAL, 0);
    assert_string_equal(ask(two, "SELECT a FROM t"), "1");
    mdm_backend_sqlite.rollback(one);
    mdm_backend_sqlite.close(one);
    mdm_backend_sqlite.close(two);
}

static void a_moved_file_is_noticed(void **state)
{
    (void)state;
    mdm_conn *conn = connect_with(NULL, 0, MDM_OPEN_CREATE);
    run(conn, "CREATE TABLE t (a BIGINT)");
    assert_int_equal(mdm_backend_sqlite.ping(conn, 0, &err), MDM_OK);
    assert_int_equal(rename(path, test_path(folder, "y.sqlite")), 0);
    assert_int_equal(mdm_backend_sqlite.ping(conn, 0, &err), MDM_IO);
    assert_non_null(strstr(err.message, "moved or deleted"));
    assert_true(mdm_backend_sqlite.is_broken(conn));
    assert_false(mdm_backend_sqlite.reset(conn));
    mdm_backend_sqlite.close(conn);
}

static void a_connection_with_changed_settings_is_not_lent_again(void **state)
{
    (void)state;
    static const char *const changes[] = {"PRAGMA cache_size=10", " pragma query_only=1",
                                          "ATTACH ':memory:' AS other"};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        mdm_conn *conn = connect_with(NULL, 0, MDM_OPEN_CREATE);
        assert_true(mdm_backend_sqlite.reset(conn));
        run(conn, changes[i]);
        assert_false(mdm_backend_sqlite.reset(conn));
        mdm_backend_sqlite.close(conn);
    }
}

static void a_statement_left_in_use_costs_the_connection(void **state)
{
    (void)state;
    mdm_conn *conn = connect_with(NULL, 0, MDM_OPEN_CREATE);
    mdm_stmt *stmt = NULL;
    assert_int_equal(mdm_backend_sqlite.prepare(conn, MDM_STR("SELECT 1"), &stmt, &err), MDM_OK);
    assert_false(mdm_backend_sqlite.reset(conn));
    mdm_backend_sqlite.finish(stmt);
    assert_true(mdm_backend_sqlite.reset(conn));
    mdm_backend_sqlite.close(conn);
}

static void nul_bytes_in_a_statement_are_refused(void **state)
{
    (void)state;
    mdm_conn *conn = connect_with(NULL, 0, MDM_OPEN_CREATE);
    static const mdm_str sql = {"SELECT 1\0; DROP TABLE t", 23};
    mdm_stmt *stmt = NULL;
    char *text = NULL;
    assert_int_equal(mdm_backend_sqlite.prepare(conn, sql, &stmt, &err), MDM_INVALID);
    assert_int_equal(mdm_backend_sqlite.run(conn, sql, NULL, &err), MDM_INVALID);
    assert_int_equal(mdm_backend_sqlite.explain(conn, sql, &text, &err), MDM_INVALID);
    mdm_backend_sqlite.close(conn);
}

static void explain_gives_a_line_per_step(void **state)
{
    (void)state;
    mdm_conn *conn = connect_with(NULL, 0, MDM_OPEN_CREATE);
    run(conn, "CREATE TABLE t (a BIGINT); CREATE INDEX i ON t (a)");
    char *text = NULL;
    assert_int_equal(
        mdm_backend_sqlite.explain(conn, MDM_STR("SELECT * FROM t WHERE a = ?"), &text, &err),
        MDM_OK);
    int id, parent, cost;
    assert_int_equal(sscanf(text, "%d\t%d\t%d\t", &id, &parent, &cost), 3);
    assert_non_null(strstr(text, "SEARCH t USING COVERING INDEX i (a=?)\n"));
    mdm_free_text(text);
    mdm_backend_sqlite.close(conn);
}

static void an_error_of_syntax_says_where(void **state)
{
    (void)state;
    mdm_conn *conn = connect_with(NULL, 0, MDM_OPEN_CREATE);
    assert_int_equal(mdm_backend_sqlite.run(conn, MDM_STR("SELECT 1 FORM"), NULL, &err), MDM_OK);
    assert_int_equal(mdm_backend_sqlite.run(conn, MDM_STR("SELECT * FORM t"), NULL, &err),
                     MDM_BACKEND);
    assert_string_equal(err.message, "near \"FORM\": syntax error (byte 10 of the statement)");
    assert_int_equal(err.native, SQLITE_ERROR);
    mdm_backend_sqlite.close(conn);
}

static void values_out_of_range_are_refused(void **state)
{
    (void)state;
    mdm_conn *conn = connect_with(NULL, 0, MDM_OPEN_CREATE);
    static const mdm_value values[] = {
        {.type = MDM_TYPE_DATE, .as.integer = INT64_C(1) << 40},
        {.type = MDM_TYPE_TIME, .as.integer = -1},
        {.type = MDM_TYPE_TIME, .as.integer = MDM_SQLITE_DAY_US + 1},
        {.type = MDM_TYPE_DECIMAL},
    };
    mdm_stmt *stmt = NULL;
    assert_int_equal(mdm_backend_sqlite.prepare(conn, MDM_STR("SELECT ?"), &stmt, &err), MDM_OK);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        assert_int_equal(mdm_backend_sqlite.execute(stmt, &values[i], 1, &err), MDM_INVALID);
        assert_string_equal(err.message, "value 1 is out of range");
    }
    mdm_backend_sqlite.finish(stmt);
    mdm_backend_sqlite.close(conn);
}

/* --- bulk ---------------------------------------------------------------------- */

static mdm_chunk *one_cell(mdm_type type, int64_t value)
{
    const mdm_field field = {"v", type};
    mdm_schema *schema = NULL;
    mdm_builder *builder = NULL;
    mdm_chunk *chunk = NULL;
    assert_int_equal(mdm_schema_new(&field, 1, &schema, NULL), MDM_OK);
    assert_int_equal(mdm_builder_open(schema, 1, &builder, NULL), MDM_OK);
    assert_int_equal(mdm_builder_int(builder, 0, value), MDM_OK);
    assert_int_equal(mdm_builder_finish(builder, &chunk, NULL), MDM_OK);
    mdm_builder_close(builder);
    mdm_schema_unref(schema);
    return chunk;
}

static mdm_status bulk(mdm_conn *conn, mdm_chunk *chunk, bool create, mdm_error *error)
{
    const mdm_target target = {.table = "t", .create = create};
    mdm_stream stream = {0};
    int64_t rows = 0;
    mdm_status status = mdm_stream_of_chunks(chunk->schema, &chunk, 1, &stream, error);
    if (status == MDM_OK) status = mdm_backend_sqlite.bulk(conn, &target, &stream, &rows, error);
    mdm_stream_close(&stream);
    return status;
}

static void a_time_that_is_none_is_refused_with_its_row(void **state)
{
    (void)state;
    mdm_conn *conn = connect_with(NULL, 0, MDM_OPEN_CREATE);
    mdm_chunk *chunk = one_cell((mdm_type){.id = MDM_TYPE_TIME}, -5);
    assert_int_equal(bulk(conn, chunk, true, &err), MDM_FORMAT);
    assert_string_equal(err.message, "column 'v', row 1: a time outside the day");
    mdm_chunk_unref(chunk);
    mdm_backend_sqlite.close(conn);
}

static mdm_chunk *one_text(const char *text)
{
    const mdm_field field = {"v", {.id = MDM_TYPE_TEXT}};
    mdm_schema *schema = NULL;
    mdm_builder *builder = NULL;
    mdm_chunk *chunk = NULL;
    assert_int_equal(mdm_schema_new(&field, 1, &schema, NULL), MDM_OK);
    assert_int_equal(mdm_builder_open(schema, 1, &builder, NULL), MDM_OK);
    assert_int_equal(mdm_builder_bytes(builder, 0, mdm_str_from(text)), MDM_OK);
    assert_int_equal(mdm_builder_finish(builder, &chunk, NULL), MDM_OK);
    mdm_builder_close(builder);
    mdm_schema_unref(schema);
    return chunk;
}

static mdm_chunk *one_decimal(mdm_type type, uint64_t value)
{
    const mdm_field field = {"v", type};
    mdm_schema *schema = NULL;
    mdm_builder *builder = NULL;
    mdm_chunk *chunk = NULL;
    assert_int_equal(mdm_schema_new(&field, 1, &schema, NULL), MDM_OK);
    assert_int_equal(mdm_builder_open(schema, 1, &builder, NULL), MDM_OK);
    assert_int_equal(mdm_builder_decimal(builder, 0, (mdm_int128){value, 0}), MDM_OK);
    assert_int_equal(mdm_builder_finish(builder, &chunk, NULL), MDM_OK);
    mdm_builder_close(builder);
    mdm_schema_unref(schema);
    return chunk;
}

static void a_table_that_would_change_a_value_is_not_appended_to(void **state)
{
    (void)state;
    const mdm_type integer = {.id = MDM_TYPE_INT64};
    const mdm_type decimal = {MDM_TYPE_DECIMAL, 18, 2};
    const struct {
        const char *word;
        mdm_chunk *chunk;
        const char *message; /* NULL: taken */
    } cases[] = {
        {"BIGINT", one_text("00501"), "column 'v' is text, and BIGINT in table 't'"},
        {"DECIMAL(10,2)", one_text("1.50"), "column 'v' is text, and DECIMAL(10,2) in table 't'"},
        {"TEXT", one_text("00501"), NULL},
        {"", one_text("00501"), NULL},
        {"DATETIME", one_text("2024-02-29"), NULL},
        {"FLOAT", one_cell(integer, INT64_C(9007199254740992)), NULL},
        {"FLOAT", one_cell(integer, INT64_C(9007199254740993)),
         "column 'v', row 1: the table would round an integer of more than 53 bits"},
        {"BIGINT", one_cell(integer, INT64_MAX), NULL},
        {"DECIMAL(18,2)", one_decimal(decimal, 12345), NULL},
        {"DECIMAL(18,2)", one_decimal(decimal, 999999999999999901),
         "column 'v', row 1: the table would round a decimal of more than 15 digits"},
        {"BLOB DECIMAL(18,2)", one_decimal(decimal, 999999999999999901), NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char sql[100];
        mdm_conn *conn = connect_with(NULL, 0, MDM_OPEN_CREATE);
        snprintf(sql, sizeof sql, "DROP TABLE IF EXISTS t; CREATE TABLE t (v %s)", cases[i].word);
        run(conn, sql);
        err.message[0] = '\0';
        assert_int_equal(bulk(conn, cases[i].chunk, false, &err),
                         cases[i].message ? MDM_FORMAT : MDM_OK);
        assert_string_equal(err.message, cases[i].message ? cases[i].message : "");
        mdm_chunk_unref(cases[i].chunk);
        mdm_backend_sqlite.close(conn);
    }
}

static void constraints_of_the_table_hold_for_a_load(void **state)
{
    (void)state;
    mdm_conn *conn = connect_with(NULL, 0, MDM_OPEN_CREATE);
    run(conn, "CREATE TABLE t (v BIGINT CHECK (v > 5))");
    mdm_chunk *chunk = one_cell((mdm_type){.id = MDM_TYPE_INT64}, 5);
    assert_int_equal(bulk(conn, chunk, false, &err), MDM_BACKEND);
    assert_int_equal(err.native, SQLITE_CONSTRAINT_CHECK);
    assert_non_null(strstr(err.message, "t: CHECK constraint failed"));
    mdm_chunk_unref(chunk);
    mdm_backend_sqlite.close(conn);
}

static mdm_status open_step(void *data, mdm_error *error)
{
    (void)data;
    const mdm_location location = {.backend = &mdm_backend_sqlite,
                                   .settings = usual,
                                   .setting_count = sizeof usual / sizeof *usual};
    mdm_conn *conn = NULL;
    const mdm_status status = mdm_backend_sqlite.open(&location, 0, NULL, &conn, error);
    assert_int_equal(status == MDM_OK, conn != NULL);
    mdm_backend_sqlite.close(conn);
    return status;
}

static void every_allocation_of_opening_may_fail(void **state)
{
    (void)state;
    test_walk_allocations(open_step, NULL, 10);
}

/* Without any memory not even ROLLBACK may run: then the connection says that it is broken, and the
 * next one finds the file as it was. */
static void every_allocation_of_a_load_may_fail(void **state)
{
    (void)state;
    mdm_chunk *chunk = one_cell((mdm_type){.id = MDM_TYPE_DATE}, 1);
    for (int from_there_on = 0; from_there_on < 2; from_there_on++)
        for (long n = 0, calls = 1; calls > n; n++) {
            mdm_conn *conn = connect_with(NULL, 0, MDM_OPEN_CREATE);
            if (from_there_on) mdm_alloc_fail_from(n);
            else mdm_alloc_fail_after(n);
            mdm_status status = mdm_backend_sqlite.begin(conn, MDM_TXN_WRITE, &err);
            if (status == MDM_OK) status = bulk(conn, chunk, true, &err);
            mdm_backend_sqlite.rollback(conn);
            calls = mdm_alloc_count();
            mdm_alloc_fail_after(-1);
            if (status != MDM_OK && status != MDM_NO_MEMORY)
                fail_msg("allocation %ld: %s", n, err.message);
            if (!mdm_backend_sqlite.is_broken(conn))
                assert_string_equal(ask(conn, "SELECT count(*) FROM sqlite_schema"), "0");
            mdm_backend_sqlite.close(conn);
        }
    mdm_conn *conn = connect_with(NULL, 0, MDM_OPEN_CREATE);
    assert_string_equal(ask(conn, "SELECT count(*) FROM sqlite_schema"), "0");
    mdm_chunk_unref(chunk);
    mdm_backend_sqlite.close(conn);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(settings_are_pragmas),
        TEST(settings_that_are_none_are_refused),
        TEST(loading_is_without_durability_until_settled),
        TEST(without_a_journal_a_rollback_would_be_undefined_so_it_is_in_memory),
        TEST(without_a_setting_the_journal_stays_as_it_is),
        TEST(a_busy_writer_is_waited_for_and_then_named_busy),
        TEST(the_journal_is_left_alone_where_others_use_the_file),
        TEST(a_moved_file_is_noticed),
        TEST(a_connection_with_changed_settings_is_not_lent_again),
        TEST(a_statement_left_in_use_costs_the_connection),
        TEST(nul_bytes_in_a_statement_are_refused),
        TEST(explain_gives_a_line_per_step),
        TEST(an_error_of_syntax_says_where),
        TEST(values_out_of_range_are_refused),
        TEST(a_time_that_is_none_is_refused_with_its_row),
        TEST(a_table_that_would_change_a_value_is_not_appended_to),
        TEST(constraints_of_the_table_hold_for_a_load),
        TEST(every_allocation_of_opening_may_fail),
        TEST(every_allocation_of_a_load_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
