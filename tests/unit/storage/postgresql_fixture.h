/* postgresql_fixture.h - a schema of its own in a real server, for the driver's tests.
 *
 * The server is named by MDM_TEST_POSTGRESQL (tests/support/with-postgresql); without it the tests
 * are skipped. */
#ifndef MDM_TESTS_POSTGRESQL_FIXTURE_H
#define MDM_TESTS_POSTGRESQL_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "storage/postgresql_driver.h"

typedef struct fixture {
    mdm_location *location; /* its schema is the test's own */
    mdm_conn *conn;
} fixture;

/* 77 when there is no server, else what cmocka says. */
int pg_run_tests(const struct CMUnitTest *tests, size_t count);

int pg_setup(void **state);
int pg_teardown(void **state);
#define PG_TEST(test) cmocka_unit_test_setup_teardown(test, pg_setup, pg_teardown)

/* Fails the test with the error's words unless status is the expected one. */
#define expect(expected, step) pg_expect((expected), (step), &err, #step, __FILE__, __LINE__)
void pg_expect(mdm_status expected, mdm_status status, const mdm_error *err, const char *step,
               const char *file, int line);

mdm_location *pg_location(const char *url_variable);
mdm_conn *pg_connect(const mdm_location *location, unsigned flags);
mdm_status pg_try(mdm_conn *conn, const char *sql, mdm_error *err);
void pg_sql(mdm_conn *conn, const char *sql);
/* The first cell of a query as text ("NULL", "(none)"); valid until the fourth next call. */
const char *pg_ask(mdm_conn *conn, const char *sql);
/* Prepare, execute without values. */
mdm_status pg_start(mdm_conn *conn, const char *sql, mdm_stmt **out, mdm_error *err);
/* Read to the end; *rows may be NULL. */
mdm_status pg_read(mdm_stmt *stmt, int64_t *rows, mdm_error *err);

/* A server that greets any client, answers its first request, and then nothing at all, not even
 * requests to cancel: what a stopped machine looks like. */
typedef struct pg_mute pg_mute;
pg_mute *pg_mute_open(char *url, size_t size);
void pg_mute_close(pg_mute *mute);

#endif
