/* toy.h - a backend without a database: connections are counters, and a test decides what fails. */
#ifndef MDM_TESTS_TOY_H
#define MDM_TESTS_TOY_H

#include <stdatomic.h>

#include "mdm/backend.h"

extern const mdm_backend toy_backend;

/* What the connections do from now on; reset with toy_reset(). */
typedef struct toy_world {
    atomic_int fail_opens; /* so many more opens fail; -1: all */
    atomic_int open_ms;    /* an open takes that long, or until its stop */
    atomic_int fail_pings;
    atomic_bool born_broken;
    atomic_int opened, closed, pings, resets, interrupts;
    atomic_int opening, most_opening; /* at once */
} toy_world;

extern toy_world toy;

typedef struct toy_conn {
    mdm_conn base;
    int number; /* 1, 2, ... in order of opening */
    atomic_bool broken;
    atomic_bool in_transaction;
    atomic_int users; /* who uses it now: more than one is a fault of the pool */
    atomic_bool interrupted;
} toy_conn;

void toy_reset(void);
mdm_location toy_location(void);
toy_conn *toy_of(mdm_conn *conn);

#endif
