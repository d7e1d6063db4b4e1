/* faulty.h - a backend that stands in front of another one, writes down what is called and makes
 * chosen calls fail: with it a test walks every failure of an operation in a loop.
 *
 *     faulty *f = faulty_open(mdm_backend_find(MDM_STR("sqlite")));
 *     mdm_location location = {.backend = faulty_backend(f)};
 *     for (long n = 0;; n++) {
 *         faulty_fail_at(f, n, MDM_IO);
 *         mdm_status status = the_operation(&location, &err);
 *         ... nothing is left behind ...
 *         if (faulty_calls(f) <= n) break; // that call did not come: status is MDM_OK
 *     }
 *     faulty_close(f);
 *
 * A failing call does not reach the real backend. Calls that cannot fail (close, rollback, finish,
 * interrupt, schema ...) are passed on; of these close, rollback, finish and interrupt are written
 * down. All functions may be called from any thread. */
#ifndef MDM_TESTS_FAULTY_H
#define MDM_TESTS_FAULTY_H

#include "mdm/backend.h"

typedef struct faulty faulty;

/* In front of real, which is constant. Aborts when there is no memory. */
faulty *faulty_open(const mdm_backend *real);
void faulty_close(faulty *f); /* its connections are closed by now */
/* The table to put into a location; valid until faulty_close(). */
const mdm_backend *faulty_backend(faulty *f);

/* From now on: let n calls that can fail succeed, then fail one with status; -1: none. Clears
 * the count and the trace. */
void faulty_fail_at(faulty *f, long n, mdm_status status);
/* Fail every call of that name ("commit"), until name NULL. */
void faulty_fail_on(faulty *f, const char *name, mdm_status status);
/* What is_broken() says from now on, besides what the real backend says. */
void faulty_break(faulty *f, bool broken);

/* Calls that can fail since faulty_fail_at() or faulty_open(). */
long faulty_calls(faulty *f);
/* Calls with that name since then. */
long faulty_count(faulty *f, const char *name);
/* Connections open now. */
long faulty_connections(faulty *f);
/* "open begin run commit close ": everything written down since then. Valid until the next call of
 * a function of f or its backend. */
const char *faulty_trace(faulty *f);

#endif
