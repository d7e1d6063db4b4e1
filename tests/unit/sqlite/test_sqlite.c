#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/io.h"
#include "sqlite/sqlite.h"
#include "support/folder.h"
#include "support/walk.h"

static int make(void **state)
{
    *state = test_folder_make();
    return 0;
}

static int clean(void **state)
{
    test_folder_remove(*state);
    return 0;
}

static sqlite3 *opened(const char *path, unsigned flags)
{
    sqlite3 *db = NULL;
    mdm_error err;
    if (mdm_sqlite_open(path, flags, &db, &err) != MDM_OK) fail_msg("%s", err.message);
    return db;
}

static void run(sqlite3 *db, const char *sql)
{
    mdm_error err;
    if (mdm_sqlite_run(db, sql, &err) != MDM_OK) fail_msg("%s: %s", sql, err.message);
}

/* The first cell of the first row. */
static int64_t number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    mdm_error err;
    if (mdm_sqlite_prepare(db, mdm_str_from(sql), &statement, NULL, &err) != MDM_OK)
        fail_msg("%s", err.message);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    const int64_t value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

static void rows_written_are_read_back(void **state)
{
    const char *path = test_path(*state, "a.sqlite");
    sqlite3 *db = opened(path, MDM_SQLITE_CREATE);
    run(db, "CREATE TABLE t(x); INSERT INTO t VALUES (1), (2)");
    mdm_sqlite_close(db);
    db = opened(path, 0);
    run(db, "INSERT INTO t VALUES (3)");
    assert_int_equal(number(db, "SELECT sum(x) FROM t"), 6);
    mdm_sqlite_close(db);
    mdm_sqlite_close(NULL);
}

static void a_new_file_is_the_users_own(void **state)
{
    const char *path = test_path(*state, "a.sqlite");
    const mode_t before = umask(0);
    sqlite3 *db = opened(path, MDM_SQLITE_CREATE);
    run(db, "PRAGMA journal_mode = WAL; CREATE TABLE t(x)");
    assert_int_equal(test_mode(path), 0600);
    assert_int_equal(test_mode(test_path(*state, "a.sqlite-wal")), 0600);
    mdm_sqlite_close(db);
    umask(before);
}

static void a_file_that_is_not_there_is_made_only_when_asked(void **state)
{
    mdm_error err;
    sqlite3 *db = NULL;
    const char *path = test_path(*state, "none.sqlite");
    assert_int_equal(mdm_sqlite_open(path, 0, &db, &err), MDM_NOT_FOUND);
    assert_null(db);
    assert_non_null(strstr(err.message, "none.sqlite: No such file or directory"));
    assert_false(test_exists(path));
    assert_int_equal(mdm_sqlite_open(test_path(*state, "no/x"), MDM_SQLITE_CREATE, &db, &err),
                     MDM_NOT_FOUND);
}

/* SQLite would take them for a URI, for a database in memory and for a temporary one. */
static void every_name_is_the_name_of_a_file(void **state)
{
    static const char *const names[] = {"file:x?mode=memory", ":memory:", "a b", "%41", "?", "#"};
    char here[4096];
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir(*state), 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        sqlite3 *db = opened(names[i], MDM_SQLITE_CREATE);
        run(db, "CREATE TABLE t(x)");
        mdm_sqlite_close(db);
        assert_true(test_exists(test_path(*state, names[i])));
        db = opened(test_path(*state, names[i]), MDM_SQLITE_READ_ONLY);
        assert_int_equal(number(db, "SELECT count(*) FROM t"), 0);
        mdm_sqlite_close(db);
    }
    mdm_error err;
    sqlite3 *db;
    assert_int_equal(mdm_sqlite_open("", MDM_SQLITE_CREATE, &db, &err), MDM_NOT_FOUND);
    assert_int_equal(chdir(here), 0);
}

static void no_path_is_a_database_in_memory(void **state)
{
    (void)state;
    sqlite3 *db = opened(NULL, 0);
    run(db, "CREATE TABLE t(x); INSERT INTO t VALUES (7)");
    assert_int_equal(number(db, "SELECT x FROM t"), 7);
    mdm_sqlite_close(db);
}

static void only_regular_files_are_opened(void **state)
{
    mdm_error err;
    sqlite3 *db;
    const char *fifo = test_path(*state, "fifo");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(mdm_sqlite_open(fifo, 0, &db, &err), MDM_FORMAT); /* and not waited for */
    assert_non_null(strstr(err.message, "fifo: not a regular file"));
    assert_int_equal(mdm_sqlite_open(*state, 0, &db, &err), MDM_FORMAT);
    /* What others may have put there is not written to; the user's own link to a database is fine.
     */
    const char *link = test_path(*state, "link");
    assert_int_equal(symlink(test_path(*state, "target"), link), 0);
    assert_int_not_equal(mdm_sqlite_open(link, MDM_SQLITE_CREATE, &db, &err), MDM_OK);
    assert_false(test_exists(test_path(*state, "target")));
    mdm_sqlite_close(opened(test_path(*state, "target"), MDM_SQLITE_CREATE));
    mdm_sqlite_close(opened(link, 0));
}

static void what_is_no_database_is_found_at_the_first_statement(void **state)
{
    mdm_error err;
    const char *path = test_path(*state, "words");
    char text[2000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    test_file_write(path, text);
    sqlite3 *db = opened(path, 0);
    assert_int_equal(mdm_sqlite_run(db, "SELECT * FROM sqlite_schema", &err), MDM_FORMAT);
    assert_string_equal(err.message, "file is not a database");
    assert_int_equal(err.native, SQLITE_NOTADB);
    mdm_sqlite_close(db);
}

static void a_read_only_connection_does_not_write(void **state)
{
    mdm_error err;
    const char *path = test_path(*state, "a.sqlite");
    sqlite3 *db = opened(path, MDM_SQLITE_CREATE);
    run(db, "CREATE TABLE t(x)");
    mdm_sqlite_close(db);
    db = opened(path, MDM_SQLITE_READ_ONLY);
    assert_int_equal(mdm_sqlite_run(db, "INSERT INTO t VALUES (1)", &err), MDM_PERMISSION);
    assert_string_equal(err.message, "attempt to write a readonly database");
    mdm_sqlite_close(db);
}

static void double_quotes_hold_names_only(void **state)
{
    (void)state;
    mdm_error err;
    sqlite3 *db = opened(NULL, 0);
    run(db, "CREATE TABLE t(x)");
    assert_int_equal(mdm_sqlite_run(db, "SELECT \"no_such_column\" FROM t", &err), MDM_BACKEND);
    assert_non_null(strstr(err.message, "no such column"));
    mdm_sqlite_close(db);
}

static void errors_keep_sqlites_own_words_and_code(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *words;
        mdm_status status;
        int native;
    } cases[] = {
        {"SELECT * FROM absent", "no such table: absent", MDM_BACKEND, SQLITE_ERROR},
        {"SELEC 1", "near \"SELEC\": syntax error", MDM_BACKEND, SQLITE_ERROR},
        {"INSERT INTO t VALUES (NULL)", "NOT NULL constraint failed: t.x", MDM_BACKEND,
         SQLITE_CONSTRAINT_NOTNULL},
        {"INSERT INTO t VALUES (1), (1)", "UNIQUE constraint failed: t.x", MDM_BACKEND,
         SQLITE_CONSTRAINT_UNIQUE},
    };
    sqlite3 *db = opened(NULL, 0);
    run(db, "CREATE TABLE t(x NOT NULL UNIQUE)");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mdm_error err;
        assert_int_equal(mdm_sqlite_run(db, cases[i].sql, &err), cases[i].status);
        assert_string_equal(err.message, cases[i].words);
        assert_int_equal(err.native, cases[i].native);
    }
    mdm_sqlite_close(db);
}

static void a_locked_database_is_busy(void **state)
{
    mdm_error err;
    const char *path = test_path(*state, "a.sqlite");
    sqlite3 *one = opened(path, MDM_SQLITE_CREATE), *two = opened(path, 0);
    run(one, "CREATE TABLE t(x); BEGIN IMMEDIATE");
    assert_int_equal(mdm_sqlite_run(two, "INSERT INTO t VALUES (1)", &err), MDM_BUSY);
    assert_string_equal(err.message, "database is locked");
    mdm_sqlite_close(one);
    run(two, "INSERT INTO t VALUES (1)");
    mdm_sqlite_close(two);
}

static void result_codes_have_statuses(void **state)
{
    (void)state;
    static const struct {
        int code;
        mdm_status status;
    } cases[] = {
        {SQLITE_OK, MDM_OK},
        {SQLITE_ROW, MDM_OK},
        {SQLITE_DONE, MDM_OK},
        {SQLITE_ERROR, MDM_BACKEND},
        {SQLITE_CONSTRAINT_UNIQUE, MDM_BACKEND},
        {SQLITE_NOMEM, MDM_NO_MEMORY},
        {SQLITE_IOERR_NOMEM, MDM_NO_MEMORY},
        {SQLITE_BUSY_SNAPSHOT, MDM_BUSY},
        {SQLITE_LOCKED, MDM_BUSY},
        {SQLITE_READONLY_DIRECTORY, MDM_PERMISSION},
        {SQLITE_AUTH, MDM_PERMISSION},
        {SQLITE_FULL, MDM_IO},
        {SQLITE_IOERR_WRITE, MDM_IO},
        {SQLITE_CANTOPEN, MDM_IO},
        {SQLITE_CORRUPT_VTAB, MDM_FORMAT},
        {SQLITE_NOTADB, MDM_FORMAT},
        {SQLITE_INTERRUPT, MDM_CANCELLED},
        {SQLITE_MISUSE, MDM_INVALID},
        {SQLITE_RANGE, MDM_INVALID},
        {SQLITE_TOOBIG, MDM_BACKEND},
        {12345, MDM_BACKEND},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(mdm_sqlite_status(cases[i].code), cases[i].status);
    mdm_error err;
    assert_int_equal(mdm_sqlite_error(&err, NULL, SQLITE_FULL), MDM_IO);
    assert_string_equal(err.message, "database or disk is full");
    assert_int_equal(err.native, SQLITE_FULL);
    assert_int_equal(mdm_sqlite_error(NULL, NULL, SQLITE_BUSY), MDM_BUSY);
}

/* The connection's words belong to its last failure, which is another one. */
static void the_words_of_another_failure_are_not_borrowed(void **state)
{
    (void)state;
    mdm_error err;
    sqlite3 *db = opened(NULL, 0);
    assert_int_equal(mdm_sqlite_run(db, "SELECT * FROM absent", NULL), MDM_BACKEND);
    mdm_sqlite_error(&err, db, SQLITE_FULL);
    assert_string_equal(err.message, "database or disk is full");
    mdm_sqlite_close(db);
}

static void statements_are_compiled_one_at_a_time(void **state)
{
    (void)state;
    mdm_error err;
    sqlite3_stmt *statement = NULL;
    sqlite3 *db = opened(NULL, 0);
    mdm_str rest = MDM_STR("SELECT 1; SELECT 2 -- end\n; /* nothing */ ");
    assert_int_equal(mdm_sqlite_prepare(db, rest, &statement, &rest, NULL), MDM_OK);
    assert_string_equal(sqlite3_sql(statement), "SELECT 1;");
    sqlite3_finalize(statement);
    assert_int_equal(mdm_sqlite_prepare(db, rest, &statement, &rest, NULL), MDM_OK);
    assert_non_null(statement);
    sqlite3_finalize(statement);
    assert_int_equal(mdm_sqlite_prepare(db, rest, &statement, &rest, NULL), MDM_OK);
    assert_null(statement);
    assert_int_equal(rest.len, 0);
    assert_int_equal(mdm_sqlite_prepare(db, (mdm_str){NULL, 0}, &statement, NULL, NULL), MDM_OK);
    assert_null(statement);
    /* The text need not end in NUL. */
    assert_int_equal(mdm_sqlite_prepare(db, (mdm_str){"SELECT 1x", 8}, &statement, NULL, NULL),
                     MDM_OK);
    sqlite3_finalize(statement);
    assert_int_equal(mdm_sqlite_prepare(db, MDM_STR("SELECT FROM"), &statement, NULL, &err),
                     MDM_BACKEND);
    assert_null(statement);
    const mdm_str huge = {"", (size_t)INT32_MAX + 1};
    assert_int_equal(mdm_sqlite_prepare(db, huge, &statement, NULL, &err), MDM_INVALID);
    mdm_sqlite_close(db);
}

static void scan_status_is_off_until_asked_for(void **state)
{
    (void)state;
    sqlite3 *db = opened(NULL, 0);
#ifdef SQLITE_DBCONFIG_STMT_SCANSTATUS
    int on = -1;
    assert_int_equal(sqlite3_db_config(db, SQLITE_DBCONFIG_STMT_SCANSTATUS, -1, &on), SQLITE_OK);
    assert_int_equal(on, 0);
    assert_true(mdm_sqlite_scan_status(db, true));
    assert_int_equal(sqlite3_db_config(db, SQLITE_DBCONFIG_STMT_SCANSTATUS, -1, &on), SQLITE_OK);
    assert_int_equal(on, 1);
#else
    assert_false(mdm_sqlite_scan_status(db, true));
#endif
    mdm_sqlite_close(db);
}

static mdm_status use_database(void *path, mdm_error *err)
{
    sqlite3 *db = NULL;
    mdm_status status = mdm_sqlite_open(path, MDM_SQLITE_CREATE, &db, err);
    assert_true((db != NULL) == (status == MDM_OK));
    if (status == MDM_OK)
        status = mdm_sqlite_run(db,
                                "CREATE TABLE IF NOT EXISTS t(x); DELETE FROM t;"
                                "INSERT INTO t VALUES (1), ('a text')",
                                err);
    sqlite3_stmt *statement = NULL;
    if (status == MDM_OK)
        status = mdm_sqlite_prepare(db, MDM_STR("SELECT x FROM t"), &statement, NULL, err);
    if (status == MDM_OK) {
        const int code = sqlite3_step(statement);
        if (code != SQLITE_ROW) status = mdm_sqlite_error(err, db, code);
    }
    sqlite3_finalize(statement);
    mdm_sqlite_close(db);
    return status;
}

/* SQLite's memory is ours: each allocation of its own is met, too. */
static void every_allocation_may_fail(void **state)
{
    char path[4096];
    strcpy(path, test_path(*state, "a.sqlite"));
    assert_int_equal(use_database(path, NULL), MDM_OK);
    test_walk_allocations(use_database, path, 40);
    assert_int_equal(use_database(path, NULL), MDM_OK);
}

static void every_system_call_of_ours_may_fail(void **state)
{
    char path[4096];
    strcpy(path, test_path(*state, "a.sqlite"));
    for (long n = 0; n < 6; n++) {
        mdm_error err = {0};
        mdm_io_fail_after(n, EIO);
        const mdm_status status = use_database(path, &err);
        mdm_io_fail_after(-1, 0);
        assert_true(status == MDM_OK || strstr(err.message, "Input/output error"));
        if (n == 0) assert_false(test_exists(path) && status != MDM_OK);
    }
}

static void *open_in_thread(void *path)
{
    return (void *)(uintptr_t)use_database(path, NULL);
}

static void threads_may_open_at_the_same_time(void **state)
{
    char paths[8][4096];
    pthread_t threads[8];
    for (size_t i = 0; i < 8; i++) {
        const char name[] = {(char)('a' + i), '\0'};
        strcpy(paths[i], test_path(*state, name));
        assert_int_equal(pthread_create(&threads[i], NULL, open_in_thread, paths[i]), 0);
    }
    for (size_t i = 0; i < 8; i++) {
        void *status;
        pthread_join(threads[i], &status);
        assert_null(status);
    }
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make, clean)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(threads_may_open_at_the_same_time), /* first: it meets the setting up */
        IN_FOLDER(rows_written_are_read_back),
        IN_FOLDER(a_new_file_is_the_users_own),
        IN_FOLDER(a_file_that_is_not_there_is_made_only_when_asked),
        IN_FOLDER(every_name_is_the_name_of_a_file),
        cmocka_unit_test(no_path_is_a_database_in_memory),
        IN_FOLDER(only_regular_files_are_opened),
        IN_FOLDER(what_is_no_database_is_found_at_the_first_statement),
        IN_FOLDER(a_read_only_connection_does_not_write),
        cmocka_unit_test(double_quotes_hold_names_only),
        cmocka_unit_test(errors_keep_sqlites_own_words_and_code),
        IN_FOLDER(a_locked_database_is_busy),
        cmocka_unit_test(result_codes_have_statuses),
        cmocka_unit_test(the_words_of_another_failure_are_not_borrowed),
        cmocka_unit_test(statements_are_compiled_one_at_a_time),
        cmocka_unit_test(scan_status_is_off_until_asked_for),
        IN_FOLDER(every_allocation_may_fail),
        IN_FOLDER(every_system_call_of_ours_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
