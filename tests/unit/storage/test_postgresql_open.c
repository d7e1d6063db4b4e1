/* Connections: who is let in, what it says when not, and how they end. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "postgresql_fixture.h"

#define MS INT64_C(1000000)

static mdm_status open_url(const char *url, const mdm_stop *stop, mdm_conn **out, mdm_error *err)
{
    mdm_location *location = NULL;
    mdm_error parse_error = {0};
    pg_expect(MDM_OK, mdm_location_parse(mdm_str_from(url), &location, &parse_error), &parse_error,
              url, __FILE__, __LINE__);
    mdm_status status = mdm_backend_postgresql.open(location, 0, stop, out, err);
    mdm_location_free(location);
    return status;
}

/* --- logging in ----------------------------------------------------------- */

static mdm_status open_as_scram(const char *password, mdm_conn **out, mdm_error *err)
{
    mdm_location *bare = pg_location("MDM_TEST_POSTGRESQL_SCRAM");
    mdm_setting settings[20];
    assert_true(bare->setting_count < 20);
    memcpy(settings, bare->settings, bare->setting_count * sizeof *settings);
    mdm_location location = *bare;
    location.settings = settings;
    if (password) settings[location.setting_count++] = (mdm_setting){"password", password};
    mdm_status status = mdm_backend_postgresql.open(&location, 0, NULL, out, err);
    mdm_location_free(bare);
    return status;
}

static void the_right_password_opens(void **state)
{
    (void)state;
    mdm_error err = {0};
    mdm_conn *conn = NULL;
    const char *password = getenv("MDM_TEST_POSTGRESQL_PASSWORD");
    if (!password) skip();
    expect(MDM_OK, open_as_scram(password, &conn, &err));
    assert_string_equal(pg_ask(conn, "SELECT current_user"), "mdm_scram");
    mdm_backend_postgresql.close(conn);
}

static void a_wrong_password_is_refused_and_not_repeated(void **state)
{
    (void)state;
    mdm_error err = {0};
    mdm_conn *conn = NULL;
    if (!getenv("MDM_TEST_POSTGRESQL_SCRAM")) skip();
    expect(MDM_PERMISSION, open_as_scram("hunter2-secret", &conn, &err));
    assert_null(conn);
    assert_string_equal(err.sqlstate, "28P01");
    assert_non_null(strstr(err.message, "password authentication failed for user \"mdm_scram\""));
    assert_null(strstr(err.message, "28P01"));  /* it has its own place */
    assert_null(strstr(err.message, "auth.c")); /* no use to anybody */
    assert_null(strstr(err.message, "hunter2"));
    assert_null(strstr(err.hint, "hunter2"));
    assert_non_null(strstr(err.hint, "password"));
}

static void a_missing_password_is_a_refusal_too(void **state)
{
    (void)state;
    mdm_error err = {0};
    mdm_conn *conn = NULL;
    if (!getenv("MDM_TEST_POSTGRESQL_SCRAM")) skip();
    expect(MDM_PERMISSION, open_as_scram(NULL, &conn, &err));
    assert_non_null(strstr(err.message, "no password supplied"));
    assert_non_null(strstr(err.hint, "PGPASSWORD"));
}

static void an_unknown_database_is_not_found(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    mdm_conn *conn = NULL;
    mdm_setting settings[20];
    mdm_location location = *f->location;
    memcpy(settings, location.settings, location.setting_count * sizeof *settings);
    settings[location.setting_count++] = (mdm_setting){"dbname", "no such database"};
    location.settings = settings;
    expect(MDM_NOT_FOUND, mdm_backend_postgresql.open(&location, 0, NULL, &conn, &err));
    assert_string_equal(err.sqlstate, "3D000");
    assert_non_null(strstr(err.message, "database \"no such database\" does not exist"));
}

static void an_unknown_setting_is_refused_without_its_value(void **state)
{
    (void)state;
    mdm_error err = {0};
    mdm_conn *conn = NULL;
    expect(MDM_INVALID,
           open_url("postgresql://u@127.0.0.1:1/d?passwort=hunter2", NULL, &conn, &err));
    assert_string_equal(err.message, "PostgreSQL has no setting 'passwort'");
    assert_string_equal(err.hint, "did you mean 'password'?");
}

/* --- nobody there, or nobody answering ------------------------------------ */

static void where_nobody_listens_host_and_port_are_named(void **state)
{
    (void)state;
    mdm_error err = {0};
    mdm_conn *conn = NULL;
    expect(MDM_BACKEND, open_url("postgresql://u:hunter2@127.0.0.1:1/d", NULL, &conn, &err));
    assert_null(conn);
    assert_non_null(strstr(err.message, "refused"));
    assert_non_null(strstr(err.hint, "127.0.0.1, port 1"));
    assert_null(strstr(err.message, "hunter2"));
    assert_null(strstr(err.hint, "hunter2"));
}

static void the_second_host_is_tried_when_the_first_is_gone(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    mdm_conn *conn = NULL;
    char hosts[200], ports[200];
    const char *host = mdm_location_setting(f->location, "host");
    const char *port = mdm_location_setting(f->location, "port");
    snprintf(hosts, sizeof hosts, "127.0.0.1,%s", host ? host : "");
    snprintf(ports, sizeof ports, "1,%s", port ? port : "5432");
    mdm_setting settings[20];
    mdm_location location = *f->location;
    memcpy(settings, location.settings, location.setting_count * sizeof *settings);
    settings[location.setting_count++] = (mdm_setting){"host", hosts};
    settings[location.setting_count++] = (mdm_setting){"port", ports};
    location.settings = settings;
    expect(MDM_OK, mdm_backend_postgresql.open(&location, 0, NULL, &conn, &err));
    mdm_backend_postgresql.close(conn);
}

static void assert_on_time(int64_t deadline_ns)
{
    int64_t late = mdm_clock_ns() - deadline_ns;
    if (late < 0 || late > 50 * MS)
        fail_msg("%lld us after the deadline", (long long)(late / 1000));
}

/* Listens, and that is all: the kernel accepts in its name. */
static void a_server_that_accepts_and_says_nothing_times_out(void **state)
{
    (void)state;
    char url[100];
    mdm_error err = {0};
    mdm_conn *conn = NULL;
    pg_mute *mute = pg_mute_open(url, sizeof url);
    /* The first client gets an answer: this is the second. */
    mdm_conn *first = NULL;
    expect(MDM_OK, open_url(url, NULL, &first, &err));
    const mdm_stop stop = {.deadline_ns = mdm_clock_ns() + 100 * MS};
    expect(MDM_TIMEOUT, open_url(url, &stop, &conn, &err));
    assert_on_time(stop.deadline_ns);
    assert_non_null(strstr(err.message, "no answer from 127.0.0.1, port "));
    mdm_backend_postgresql.close(first);
    pg_mute_close(mute);
}

static void connect_timeout_of_the_location_is_kept(void **state)
{
    (void)state;
    char url[100], longer[140];
    mdm_error err = {0};
    mdm_conn *conn = NULL, *first = NULL;
    pg_mute *mute = pg_mute_open(url, sizeof url);
    expect(MDM_OK, open_url(url, NULL, &first, &err));
    snprintf(longer, sizeof longer, "%s?connect_timeout=1", url);
    int64_t began = mdm_clock_ns();
    expect(MDM_TIMEOUT, open_url(longer, NULL, &conn, &err));
    assert_on_time(began + 1000 * MS);
    mdm_backend_postgresql.close(first);
    pg_mute_close(mute);
}

static void a_server_that_stops_is_left_at_the_deadline(void **state)
{
    (void)state;
    char url[100];
    mdm_error err = {0};
    mdm_conn *conn = NULL;
    pg_mute *mute = pg_mute_open(url, sizeof url);
    expect(MDM_OK, open_url(url, NULL, &conn, &err));
    const mdm_stop stop = {.deadline_ns = mdm_clock_ns() + 100 * MS};
    conn->stop = &stop;
    expect(MDM_TIMEOUT, pg_try(conn, "SELECT 1", &err));
    /* What a caller does then costs no more time, though the request to cancel hangs as well. */
    mdm_backend_postgresql.rollback(conn);
    assert_false(mdm_backend_postgresql.reset(conn));
    assert_on_time(stop.deadline_ns);
    expect(MDM_TIMEOUT, mdm_backend_postgresql.ping(conn, 100, &err));
    mdm_backend_postgresql.close(conn);
    pg_mute_close(mute);
}

static void a_ping_of_a_stopped_server_ends_in_time(void **state)
{
    (void)state;
    char url[100];
    mdm_error err = {0};
    mdm_conn *conn = NULL;
    pg_mute *mute = pg_mute_open(url, sizeof url);
    expect(MDM_OK, open_url(url, NULL, &conn, &err));
    int64_t began = mdm_clock_ns();
    expect(MDM_TIMEOUT, mdm_backend_postgresql.ping(conn, 200, &err));
    assert_true(mdm_clock_ns() - began < 250 * MS);
    assert_false(mdm_backend_postgresql.reset(conn));
    mdm_backend_postgresql.close(conn);
    pg_mute_close(mute);
}

static void a_raised_flag_ends_connecting(void **state)
{
    (void)state;
    char url[100];
    mdm_error err = {0};
    mdm_conn *conn = NULL, *first = NULL;
    pg_mute *mute = pg_mute_open(url, sizeof url);
    expect(MDM_OK, open_url(url, NULL, &first, &err));
    volatile int flag = 1;
    const mdm_stop stop = {.flag = &flag};
    expect(MDM_CANCELLED, open_url(url, &stop, &conn, &err));
    mdm_backend_postgresql.close(first);
    pg_mute_close(mute);
}

/* --- the server's process goes away --------------------------------------- */

static void terminate(fixture *f, mdm_conn *victim)
{
    char sql[100];
    snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%s, 5000)",
             pg_ask(victim, "SELECT pg_backend_pid()"));
    assert_string_equal(pg_ask(f->conn, sql), "true");
}

static void a_terminated_connection_is_found_by_a_ping(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    mdm_conn *victim = pg_connect(f->location, 0);
    expect(MDM_OK, mdm_backend_postgresql.ping(victim, 5000, &err));
    terminate(f, victim);
    assert_int_not_equal(mdm_backend_postgresql.ping(victim, 5000, &err), MDM_OK);
    assert_true(mdm_backend_postgresql.is_broken(victim));
    assert_false(mdm_backend_postgresql.reset(victim));
    mdm_backend_postgresql.close(victim);
}

static void a_terminated_connection_says_why(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    mdm_conn *victim = pg_connect(f->location, 0);
    pg_sql(victim, "BEGIN; CREATE TABLE gone (a int)");
    terminate(f, victim);
    expect(MDM_BACKEND, mdm_backend_postgresql.commit(victim, &err));
    assert_true(mdm_backend_postgresql.is_broken(victim));
    assert_non_null(strstr(err.message, "terminating connection"));
    assert_non_null(strstr(err.hint, "is not known"));
    mdm_backend_postgresql.rollback(victim); /* nothing to do, and no harm */
    expect(MDM_BACKEND, pg_try(victim, "SELECT 1", &err));
    mdm_backend_postgresql.close(victim);
    assert_string_equal(pg_ask(f->conn, "SELECT to_regclass('gone')"), "NULL");
}

static void a_process_that_stops_is_left_at_the_deadline(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    mdm_conn *victim = pg_connect(f->location, 0);
    pid_t pid = (pid_t)atoi(pg_ask(victim, "SELECT pg_backend_pid()"));
    if (kill(pid, SIGSTOP) != 0) skip(); /* another user's server */
    const mdm_stop stop = {.deadline_ns = mdm_clock_ns() + 100 * MS};
    victim->stop = &stop;
    mdm_status status = pg_try(victim, "SELECT 1", &err);
    mdm_backend_postgresql.rollback(victim);
    bool usable = mdm_backend_postgresql.reset(victim);
    int64_t late = mdm_clock_ns() - stop.deadline_ns;
    kill(pid, SIGCONT);
    mdm_backend_postgresql.close(victim);
    assert_int_equal(status, MDM_TIMEOUT);
    assert_false(usable);
    assert_true(late >= 0 && late <= 50 * MS);
}

/* --- the session ---------------------------------------------------------- */

static void a_session_does_not_depend_on_the_server_s_settings(void **state)
{
    fixture *f = *state;
    mdm_setting settings[20];
    mdm_location location = *f->location;
    memcpy(settings, location.settings, location.setting_count * sizeof *settings);
    settings[location.setting_count++] = (mdm_setting){
        "options", "-c DateStyle=German -c TimeZone=Asia/Tokyo -c bytea_output=escape "
                   "-c extra_float_digits=-5 -c IntervalStyle=iso_8601"};
    settings[location.setting_count++] = (mdm_setting){"client_encoding", "LATIN1"};
    location.settings = settings;
    mdm_conn *conn = pg_connect(&location, 0);
    assert_string_equal(pg_ask(conn, "SELECT date '2024-02-29' || ''"), "2024-02-29");
    assert_string_equal(pg_ask(conn, "SELECT timestamptz '2024-02-29 12:00+09' || ''"),
                        "2024-02-29 03:00:00+00");
    assert_string_equal(pg_ask(conn, "SELECT '\\x00ff'::bytea || ''"), "\\x00ff");
    assert_string_equal(pg_ask(conn, "SELECT (0.1::float8 + 0.2::float8) || ''"),
                        "0.30000000000000004");
    assert_string_equal(pg_ask(conn, "SHOW client_encoding"), "UTF8");
    assert_string_equal(pg_ask(conn, "SHOW application_name"), "mdm");
    mdm_backend_postgresql.close(conn);
}

static void the_schema_of_the_location_comes_first_in_the_search_path(void **state)
{
    fixture *f = *state;
    assert_string_equal(pg_ask(f->conn, "SELECT current_schema()"), f->location->schema);
    pg_sql(f->conn, "CREATE TABLE \"Of Mine\" (a int, b numeric(18,2))");
    assert_string_equal(pg_ask(f->conn, mdm_dialect_postgresql.list_tables), "Of Mine");
    mdm_error err = {0};
    mdm_stmt *stmt = NULL;
    mdm_chunk *chunk = NULL;
    expect(MDM_OK, pg_start(f->conn, mdm_dialect_postgresql.list_columns, &stmt, &err));
    expect(MDM_OK, mdm_backend_postgresql.fetch(stmt, &chunk, &err));
    assert_int_equal(chunk->rows, 2);
    assert_true(mdm_str_equal(mdm_column_bytes(&chunk->columns[2], 1), MDM_STR("numeric(18,2)")));
    mdm_chunk_unref(chunk);
    mdm_backend_postgresql.finish(stmt);
}

static void a_read_only_connection_refuses_to_write(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    pg_sql(f->conn, "CREATE TABLE t (a int)");
    mdm_conn *reader = pg_connect(f->location, MDM_OPEN_READ_ONLY);
    expect(MDM_PERMISSION, pg_try(reader, "INSERT INTO t VALUES (1)", &err));
    assert_string_equal(err.sqlstate, "25006");
    assert_false(mdm_backend_postgresql.is_broken(reader));
    expect(MDM_OK, mdm_backend_postgresql.begin(reader, MDM_TXN_WRITE, &err));
    expect(MDM_PERMISSION, pg_try(reader, "INSERT INTO t VALUES (1)", &err));
    mdm_backend_postgresql.rollback(reader);
    assert_string_equal(pg_ask(reader, "SELECT count(*) FROM t"), "0");
    mdm_backend_postgresql.close(reader);
}

static void what_the_server_remarks_is_not_printed(void **state)
{
    fixture *f = *state;
    char path[] = "/tmp/mdm-stderr-XXXXXX", text[10];
    int file = mkstemp(path), before = dup(STDERR_FILENO);
    assert_true(file >= 0 && before >= 0);
    dup2(file, STDERR_FILENO);
    pg_sql(f->conn, "DO $$ BEGIN RAISE WARNING 'mind this'; END $$");
    dup2(before, STDERR_FILENO);
    ssize_t printed = pread(file, text, sizeof text, 0);
    close(before);
    close(file);
    unlink(path);
    assert_int_equal(printed, 0);
}

/* --- for the next user ---------------------------------------------------- */

static void reset_undoes_what_sql_did_to_the_session(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    const char *schema = f->location->schema;
    static const char *const deeds[] = {
        "SET work_mem = '1MB'",
        "SET search_path = pg_catalog",
        "CREATE TEMP TABLE left_over (a int)",
        "SELECT set_config('search_path', 'pg_catalog', false)",
        "SELECT pg_advisory_lock(4711)",
        "LISTEN somebody",
        "PREPARE mine AS SELECT 1",
        "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
        "SET ROLE pg_read_all_data",
        "DISCARD ALL",
    };
    mdm_conn *other = pg_connect(f->location, 0);
    char before[40];
    snprintf(before, sizeof before, "%s", pg_ask(f->conn, "SHOW work_mem"));
    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
        mdm_stmt *stmt = NULL;
        pg_sql(f->conn, deeds[i]);
        if (i % 2 == 0) { /* the other road: prepared */
            expect(MDM_OK, pg_start(f->conn, "SELECT 1", &stmt, &err));
            expect(MDM_OK, pg_read(stmt, NULL, &err));
            mdm_backend_postgresql.finish(stmt);
        }
        assert_true(mdm_backend_postgresql.reset(f->conn));
        assert_string_equal(pg_ask(f->conn, "SHOW work_mem"), before);
        if (strcmp(pg_ask(f->conn, "SELECT current_schema()"), schema) != 0)
            fail_msg("%s", deeds[i]);
        assert_string_equal(pg_ask(f->conn, "SELECT to_regclass('pg_temp.left_over')"), "NULL");
        assert_string_equal(pg_ask(f->conn, "SELECT count(*) FROM pg_listening_channels()"), "0");
        if (strcmp(pg_ask(f->conn, "SELECT count(*) FROM pg_cursors WHERE name <> ''"), "0") != 0)
            fail_msg("%s", deeds[i]);
        assert_string_equal(pg_ask(f->conn, "SELECT count(*) FROM pg_prepared_statements WHERE "
                                            "from_sql"),
                            "0");
        assert_string_equal(pg_ask(f->conn, "SELECT current_user = session_user"), "true");
        assert_string_equal(pg_ask(other, "SELECT pg_try_advisory_lock(4711)"), "true");
        pg_sql(other, "SELECT pg_advisory_unlock(4711)");
    }
    mdm_backend_postgresql.close(other);
}

static void reset_of_a_clean_connection_asks_the_server_nothing(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    mdm_stmt *stmt = NULL;
    expect(MDM_OK, pg_start(f->conn, "SELECT 1", &stmt, &err));
    expect(MDM_OK, pg_read(stmt, NULL, &err));
    mdm_backend_postgresql.finish(stmt);
    char sql[200];
    snprintf(sql, sizeof sql, "SELECT state_change FROM pg_stat_activity WHERE pid = %s",
             pg_ask(f->conn, "SELECT pg_backend_pid()"));
    mdm_conn *watcher = pg_connect(f->location, 0);
    const char *before = pg_ask(watcher, sql);
    assert_true(mdm_backend_postgresql.reset(f->conn));
    assert_string_equal(pg_ask(watcher, sql), before);
    mdm_backend_postgresql.close(watcher);
}

static void reset_rolls_back_and_counts_that_it_had_to(void **state)
{
    fixture *f = *state;
    pg_sql(f->conn, "BEGIN; CREATE TABLE t (a int)");
    assert_int_equal(f->conn->abandoned, 0);
    assert_true(mdm_backend_postgresql.reset(f->conn));
    assert_int_equal(f->conn->abandoned, 1);
    assert_string_equal(pg_ask(f->conn, "SELECT to_regclass('t')"), "NULL");
    assert_true(mdm_backend_postgresql.reset(f->conn));
    assert_int_equal(f->conn->abandoned, 1);
}

static void reset_keeps_prepared_statements(void **state)
{
    fixture *f = *state;
    assert_string_equal(pg_ask(f->conn, "SELECT 41 + 1"), "42");
    pg_sql(f->conn, "SET work_mem = '1MB'");
    assert_true(mdm_backend_postgresql.reset(f->conn));
    uint64_t prepared = f->conn->prepared, reused = f->conn->reused;
    assert_string_equal(pg_ask(f->conn, "SELECT 41 + 1"), "42");
    assert_int_equal(f->conn->prepared, prepared);
    assert_int_equal(f->conn->reused, reused + 1);
}

/* --- memory --------------------------------------------------------------- */

static void every_allocation_of_opening_may_fail(void **state)
{
    fixture *f = *state;
    for (int from = 0; from < 2; from++) {
        mdm_status status = MDM_NO_MEMORY;
        for (long n = 0; status != MDM_OK; n++) {
            mdm_error err = {0};
            mdm_conn *conn = NULL;
            assert_true(n < 100);
            if (from) mdm_alloc_fail_from(n);
            else mdm_alloc_fail_after(n);
            status = mdm_backend_postgresql.open(f->location, 0, NULL, &conn, &err);
            mdm_alloc_fail_after(-1);
            if (status != MDM_OK) expect(MDM_NO_MEMORY, status);
            assert_true((conn != NULL) == (status == MDM_OK));
            mdm_backend_postgresql.close(conn);
        }
    }
}

static void the_library_tells_its_version(void **state)
{
    (void)state;
    mdm_error err = {0};
    char text[64];
    expect(MDM_OK, mdm_backend_version(&mdm_backend_postgresql, text, &err));
    assert_true(atoi(text) >= 14);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_right_password_opens),
        cmocka_unit_test(a_wrong_password_is_refused_and_not_repeated),
        cmocka_unit_test(a_missing_password_is_a_refusal_too),
        PG_TEST(an_unknown_database_is_not_found),
        cmocka_unit_test(an_unknown_setting_is_refused_without_its_value),
        cmocka_unit_test(where_nobody_listens_host_and_port_are_named),
        PG_TEST(the_second_host_is_tried_when_the_first_is_gone),
        cmocka_unit_test(a_server_that_accepts_and_says_nothing_times_out),
        cmocka_unit_test(connect_timeout_of_the_location_is_kept),
        cmocka_unit_test(a_server_that_stops_is_left_at_the_deadline),
        cmocka_unit_test(a_ping_of_a_stopped_server_ends_in_time),
        cmocka_unit_test(a_raised_flag_ends_connecting),
        PG_TEST(a_terminated_connection_is_found_by_a_ping),
        PG_TEST(a_terminated_connection_says_why),
        PG_TEST(a_process_that_stops_is_left_at_the_deadline),
        PG_TEST(a_session_does_not_depend_on_the_server_s_settings),
        PG_TEST(the_schema_of_the_location_comes_first_in_the_search_path),
        PG_TEST(a_read_only_connection_refuses_to_write),
        PG_TEST(what_the_server_remarks_is_not_printed),
        PG_TEST(reset_undoes_what_sql_did_to_the_session),
        PG_TEST(reset_of_a_clean_connection_asks_the_server_nothing),
        PG_TEST(reset_rolls_back_and_counts_that_it_had_to),
        PG_TEST(reset_keeps_prepared_statements),
        PG_TEST(every_allocation_of_opening_may_fail),
        cmocka_unit_test(the_library_tells_its_version),
    };
    return pg_run_tests(tests, sizeof tests / sizeof *tests);
}
