/* internal.h - what the files of the pool share: pool.c (open, close), acquire.c, wait.c (the
 * queue), connect.c, release.c, stats.c. */
#ifndef MDM_POOL_INTERNAL_H
#define MDM_POOL_INTERNAL_H

#include <pthread.h>

#include "mdm/monitor.h"
#include "pool/slot.h"
#include "pool/timed.h"

#define POOL_PING_IDLE_NS 500000000 /* idle longer: test before lending */
#define POOL_BYPASS_SLOT UINT32_MAX /* lease->slot of a connection that has none */

/* Somebody who waits, on its own stack, in order of arrival. */
typedef struct waiter {
    struct waiter *next, *previous;
    atomic_uint signal; /* WAITER_*: what it was woken for; the futex */
    bool connecting;    /* is making a connection: serve the next one */
    slot *granted;
    mdm_error error; /* of WAITER_FAILED */
} waiter;

enum {
    WAITER_WAITS,
    WAITER_LOOK,    /* something has changed: look again */
    WAITER_GRANTED, /* the slot is yours; you are out of the queue */
    WAITER_FAILED   /* no connection can be had; you are out of the queue */
};

/* Counters of the rare events; under the lock. */
typedef struct pool_counts {
    uint64_t created, recycled, failed, timeouts, waited, dirty, leaked;
    int64_t wait_ns;
} pool_counts;

typedef struct pool_metrics {
    mdm_metric wait, use; /* histograms, ns */
    mdm_metric created, recycled, failed, timeouts, dirty, leaked;
} pool_metrics;

struct mdm_pool {
    /* constant while the pool is open */
    uint64_t id; /* of this process; never used twice */
    const mdm_backend *backend;
    mdm_location *location;
    mdm_pool_options options;
    char *name;
    uint32_t capacity; /* slots: size + max_overflow */
    uint32_t forks;    /* pool_forks() at open: another one, and we are in a child */
    bool asks_broken;  /* a connection of this backend breaks by itself */
    pool_metrics metrics;
    slot *slots;
    void *slot_memory, *memory; /* what slots and the pool itself lie in, to free */

    /* read by everybody, seldom written */
    _Alignas(SLOT_LINE) _Atomic uint64_t generation; /* rises when idle ones become doubtful */
    _Atomic uint64_t oldest_good;                    /* older generations are closed, not checked */
    atomic_uint open_count;                          /* slots that are not EMPTY */

    _Alignas(SLOT_LINE) pthread_mutex_t lock; /* all below */
    pthread_cond_t drained;                   /* closing: a slot became EMPTY */
    waiter *first, *last;
    uint32_t waiting;
    uint32_t leaving; /* slots whose connection is being closed */
    bool growing;     /* somebody connects */
    bool closing;
    unsigned failures;       /* connects that failed in a row */
    int64_t next_connect_at; /* precise clock; back-off */
    uint64_t random;         /* for jitter */
    mdm_error last_error;    /* of the last connect that failed; status MDM_OK: none yet */
    int64_t next_leak_look;  /* precise clock */
    pool_counts counts;
};

/* --- pool.c ---------------------------------------------------------------- */

int64_t pool_coarse_ns(void);
uint32_t pool_forks(void);
int32_t pool_thread(void); /* the kernel's id of this thread */

/* --- acquire.c --------------------------------------------------------------- */

/* The connection is good enough to be lent, or was made so. False: it has to go. */
bool pool_check(mdm_pool *pool, slot *s, int64_t now);

/* --- wait.c -------------------------------------------------------------------- */

/* A slot for somebody who found none: BUSY and ours. first: it stood at the head of the queue
 * before. *waited: it had to. */
mdm_status pool_wait(mdm_pool *pool, const mdm_stop *stop, int64_t deadline, bool first, slot **out,
                     bool *waited, mdm_error *err);
/* Under the lock: give a BUSY slot of ours to who waits longest, who is then to be woken; NULL:
 * nobody waits. */
atomic_uint *pool_grant(mdm_pool *pool, slot *s);
void pool_wake(atomic_uint *sleeper); /* NULL allowed */
/* Under the lock: let the first in line look whether it can connect. */
void pool_nudge(mdm_pool *pool);
/* Under the lock: all who wait get this error. */
void pool_fail_waiters(mdm_pool *pool, const mdm_error *error);
/* Under the lock: each BUSY slot is to be handed over, not freed. */
void pool_want_all(mdm_pool *pool);

/* --- connect.c ------------------------------------------------------------------- */

/* Under the lock: may a connection be made now? *when: if not, when it may (INT64_MAX: time
 * alone does not help). */
bool pool_may_grow(const mdm_pool *pool, int64_t now, int64_t *when);
/* Under the lock, which is let go meanwhile: make one. MDM_OK: *out is BUSY and ours. */
mdm_status pool_grow(mdm_pool *pool, const mdm_stop *stop, slot **out, mdm_error *err);
/* Close the connection of a BUSY slot of ours; the slot becomes EMPTY. */
void pool_vacate(mdm_pool *pool, slot *s);
/* The same in two steps: the first under the lock, the second without it. */
mdm_conn *pool_take_out(mdm_pool *pool, slot *s);
void pool_close_out(mdm_pool *pool, slot *s, mdm_conn *conn);
/* A connection turned out to be broken. doubt_others: test the idle ones before they are lent. */
void pool_count_failed(mdm_pool *pool, bool doubt_others);
mdm_status pool_open_connection(mdm_pool *pool, const mdm_stop *stop, mdm_conn **out,
                                mdm_error *err);

/* --- stats.c ----------------------------------------------------------------------- */

/* Under the lock: count checkouts that are older than allowed and were not counted yet. */
void pool_count_leaks(mdm_pool *pool, int64_t now);
/* Under the lock: MDM_TIMEOUT, counted, and everything known about why. */
mdm_status pool_timeout_error(mdm_pool *pool, mdm_error *err);

#endif
