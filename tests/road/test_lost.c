/* A server that ends connections while they lie in the pool: reads do not notice, writes are told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mdm/session.h"
#include "support/folder.h"

typedef struct fixture {
    char *folder;
    mdm_session *session;
    mdm_database *database;
    mdm_location *location;
} fixture;

static void open_session(fixture *f)
{
    static const char *const environment[] = {NULL};
    const mdm_config_sources sources = {.home = f->folder, .environment = environment};
    const mdm_session_options options = {.config = &sources};
    mdm_error err = {0};
    if (mdm_session_open(&options, &f->session, &err) != MDM_OK ||
        mdm_session_database(f->session, f->location, 0, &f->database, &err) != MDM_OK)
        fail_msg("%s", err.message);
}

static int set_up(void **state)
{
    static fixture f;
    f.folder = test_folder_make();
    *state = &f;
    return mdm_location_parse(mdm_str_from(getenv("MDM_TEST_POSTGRESQL")), &f.location, NULL) ==
                   MDM_OK
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    mdm_session_close(f->session);
    mdm_location_free(f->location);
    test_folder_remove(f->folder);
    return 0;
}

static mdm_status ask(fixture *f, const char *sql, bool write, int64_t *out, mdm_error *err)
{
    mdm_query query = MDM_QUERY_INIT;
    query.sql = mdm_str_from(sql);
    query.write = write;
    mdm_rows *rows;
    mdm_chunk *chunk;
    MDM_TRY(mdm_session_query(f->session, f->database, &query, &rows, err));
    mdm_status status = mdm_rows_next(rows, &chunk, err);
    if (status == MDM_OK && chunk) *out = ((const int32_t *)chunk->columns[0].values)[0];
    mdm_chunk_unref(chunk);
    mdm_rows_close(rows);
    return status;
}

static int64_t backend_of(fixture *f, bool write)
{
    int64_t pid = 0;
    mdm_error err = {0};
    if (ask(f, "SELECT pg_backend_pid()", write, &pid, &err) != MDM_OK) fail_msg("%s", err.message);
    return pid;
}

/* With a session of its own, so that the connections of f are touched by the server only. */
static void end_backend(const fixture *f, int64_t pid)
{
    fixture other = *f;
    char sql[100];
    int64_t ended = 0;
    mdm_error err = {0};
    open_session(&other);
    snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%lld, 5000)::int", (long long)pid);
    if (ask(&other, sql, true, &ended, &err) != MDM_OK) fail_msg("%s", err.message);
    assert_int_equal(ended, 1);
    mdm_session_close(other.session);
}

static uint64_t failed(fixture *f)
{
    return mdm_counter_read(mdm_session_monitor(f->session), "query.failed");
}

static void a_read_does_not_notice_that_its_connection_was_ended(void **state)
{
    fixture *f = *state;
    open_session(f);
    const int64_t before = backend_of(f, false);
    end_backend(f, before);
    assert_true(backend_of(f, false) != before);
    assert_int_equal(failed(f), 0);
}

static void a_write_is_told_and_the_next_one_works(void **state)
{
    fixture *f = *state;
    open_session(f);
    const int64_t before = backend_of(f, true);
    end_backend(f, before);
    mdm_error err = {0};
    int64_t pid = 0;
    assert_int_equal(ask(f, "SELECT pg_backend_pid()", true, &pid, &err), MDM_BACKEND);
    assert_int_equal(failed(f), 1);
    assert_true(backend_of(f, true) != before);
    assert_int_equal(failed(f), 1);
}

int main(void)
{
    if (!getenv("MDM_TEST_POSTGRESQL")) return 77;
#define F(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        F(a_read_does_not_notice_that_its_connection_was_ended),
        F(a_write_is_told_and_the_next_one_works),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
