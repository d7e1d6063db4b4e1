/* suite.h - what every database driver must do, tested in one way for all.
 *
 * A driver takes part by a file of a few lines: a suite_driver that says where its databases are
 * and what is known to differ, and main() calling suite_run(). What differs is data; a test never
 * asks which database it has. */
#ifndef MDM_TESTS_SUITE_H
#define MDM_TESTS_SUITE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mdm/backend.h"

typedef struct suite_driver {
    const char *name;
    const char *url_variable; /* environment variable with the URL of an empty database; NULL:
                                 files in a temporary folder */
    const char *slow;         /* SELECT that works for minutes and yields one row */
    const char *rows;         /* SELECT of n rows, "%ld": i BIGINT from 0, t VARCHAR "row i" */
    mdm_type_id reads_as[MDM_TYPE_COUNT]; /* type that a column written as ... has when read; 0:
                                             the same */
    bool keeps_nan;
    bool keeps_nul; /* NUL bytes within text; else MDM_FORMAT */
} suite_driver;

/* Runs all groups; the exit code of main(): 77 when the database is not there. */
int suite_run(const suite_driver *driver);

/* --- for the groups --------------------------------------------------------------- */

extern const suite_driver *suite;

/* Per test: an empty database and one connection to it. */
typedef struct fixture {
    const mdm_backend *backend;
    mdm_location *location;
    mdm_conn *conn;
    char folder[64]; /* files: where the database lies */
} fixture;

int suite_setup(void **state);
int suite_teardown(void **state);

/* The call must succeed; its last argument is &err, whose words a failure shows. */
#define ok(step) suite_expect_ok((step), &err, #step, __FILE__, __LINE__)
void suite_expect_ok(mdm_status status, const mdm_error *err, const char *step, const char *file,
                     int line);

mdm_conn *suite_connect(fixture *f, unsigned flags);
/* Run statements; they must succeed. */
void suite_sql(mdm_conn *conn, const char *sql);
/* The status of running them. */
mdm_status suite_try(mdm_conn *conn, const char *sql, mdm_error *err);
/* The only cell of a query, as text; "NULL" for none. Valid until the next call. */
const char *suite_ask(mdm_conn *conn, const char *sql);

/* All rows of a query as one chunk (of 0 rows at least), owned by the caller. */
mdm_chunk *suite_select(mdm_conn *conn, const char *sql);
/* A stream over count chunks of schema; they are referenced. */
void suite_stream(const mdm_schema *schema, mdm_chunk *const *chunks, size_t count,
                  mdm_stream *out);
/* Write one chunk to a new table in one transaction. */
void suite_store(mdm_conn *conn, const char *table, mdm_chunk *chunk);
/* "name" quoted. Valid until the fourth next call. */
const char *suite_quoted(const fixture *f, const char *name);

/* Groups: the number of failed tests. */
int suite_types(void);
int suite_names(void);
int suite_statements(void);
int suite_transactions(void);
int suite_rows(void);
int suite_bulk(void);
int suite_stop(void);
int suite_errors(void);
int suite_open(void);

#define SUITE_TEST(test) cmocka_unit_test_setup_teardown(test, suite_setup, suite_teardown)

#endif
