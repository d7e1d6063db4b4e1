/* watch.h - a thread that looks at the stops of running work and interrupts it.
 *
 * DuckDB works for seconds inside one call (a sort, a filter without hits, a commit) and never asks
 * us. The watcher looks at every stop each 10 ms while something runs, and sleeps when nothing
 * does. One per instance; its thread starts with the first work that has a stop. */
#ifndef MDM_DUCKDB_WATCH_H
#define MDM_DUCKDB_WATCH_H

#include <pthread.h>

#include "mdm/base.h"

/* One piece of work, in the memory of who does it. */
typedef struct mdm_watch {
    struct mdm_watch *next, **link;
    const mdm_stop *stop;
    void (*interrupt)(void *self); /* called at most once, under the watcher's lock */
    void *self;
    mdm_status
        reason; /* why it was interrupted: MDM_CANCELLED or MDM_TIMEOUT; MDM_OK: it was not */
} mdm_watch;

typedef struct mdm_watcher {
    pthread_mutex_t lock; /* guards all below, and the watches */
    pthread_cond_t wake;
    pthread_t thread;
    bool running, asleep, ending;
    mdm_watch *first;
} mdm_watcher;

MDM_MUST_CHECK mdm_status mdm_watcher_init(mdm_watcher *watcher, mdm_error *err);
void mdm_watcher_end(mdm_watcher *watcher); /* nothing is watched any more */

/* stop, interrupt and self are set by the caller. After end() interrupt will not be called. Without
 * a stop, and when no thread can be had, the work just is not watched. */
void mdm_watch_begin(mdm_watcher *watcher, mdm_watch *watch);
mdm_status mdm_watch_end(mdm_watcher *watcher, mdm_watch *watch); /* the reason */

#endif
