/* fixture.h - a session with a home of its own and an SQLite database in it. */
#ifndef MDM_TESTS_SESSION_FIXTURE_H
#define MDM_TESTS_SESSION_FIXTURE_H

#include "mdm/session.h"

typedef struct fixture {
    char *folder;
    mdm_session *session;
    mdm_location location;
    char path[600];
    mdm_database *database;
} fixture;

/* set: further "path=value" settings, NULL-terminated; NULL: none. */
fixture *fixture_open(const char *const *set);
void fixture_close(fixture *f);

/* Setup and teardown of cmocka; *state is the fixture. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/* Each fails the test unless the status is as expected. */
void run(fixture *f, const char *sql);
mdm_rows *ask(fixture *f, const char *sql);
/* The first cell of the result as a number, -1 when there is no row. */
int64_t number(fixture *f, const char *sql);
mdm_status fails(fixture *f, mdm_query query, mdm_error *err);
/* All rows as "a|b\n" lines, in one buffer that the next call reuses; closes rows. */
const char *text_of(mdm_rows *rows);
uint64_t counter(fixture *f, const char *name);

#endif
