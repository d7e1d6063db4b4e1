/* pool.h - connections kept open and lent out.
 *
 * size connections are kept, up to max_overflow more are made under load and
 * closed when they come back to no waiter. Who finds none free waits in order
 * of arrival. A checkout and return without waiting costs some tens of
 * nanoseconds, with the statistics on.
 *
 *     mdm_pool *pool = NULL;
 *     mdm_pool_options options = MDM_POOL_OPTIONS_INIT;
 *     options.size = 4;
 *     if (mdm_pool_open(location, &options, &pool, &err) != MDM_OK) ...
 *     mdm_lease lease;
 *     if (mdm_pool_acquire(pool, "report", NULL, &lease, &err) == MDM_OK) {
 *         lease.conn->backend->run(lease.conn, MDM_STR("..."), NULL, &err);
 *         mdm_pool_release(&lease);
 *     }
 *     mdm_pool_close(pool);
 *
 * Threads: a pool may be shared by any number; a leased connection belongs to one
 * thread at a time. Neither crosses a fork(). */
#ifndef MDM_POOL_H
#define MDM_POOL_H

#include "mdm/backend.h"
#include "mdm/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mdm_pool mdm_pool;
struct mdm_monitor;

typedef struct mdm_pool_options {
    const char *name;       /* in reports and messages; NULL: the location's text */
    unsigned open_flags;    /* MDM_OPEN_* for each connection */
    int size;               /* connections kept, >= 1 */
    int max_overflow;       /* more of them under load, >= 0 */
    int warm;               /* opened at once by mdm_pool_open(), <= size */
    int64_t timeout_ms;     /* longest wait for one; 0: do not wait */
    int64_t recycle_ms;     /* age at which an idle one is replaced, less up to 10 % at random;
                               0: never */
    bool pre_ping;          /* test one that was idle for more than half a second before lending */
    int64_t leak_after_ms;  /* age at which a checkout is reported as leaked; 0: never */
    bool bypass;            /* performance.off: open at each acquire, close at each release */
    struct mdm_monitor *monitor; /* waits and uses are recorded there; NULL: none */
} mdm_pool_options;

#define MDM_POOL_OPTIONS_INIT                                                             \
    ((mdm_pool_options){.size = 5, .max_overflow = 10, .timeout_ms = 30000,               \
                        .recycle_ms = 3600000, .pre_ping = true, .leak_after_ms = 60000})

typedef struct mdm_lease {
    mdm_conn *conn;
    mdm_pool *pool;   /* private from here on */
    uint32_t slot;
    int64_t since_ns;
} mdm_lease;

typedef struct mdm_pool_stats {
    const char *name, *backend; /* valid as long as the pool */
    uint32_t size, active, idle, waiting;
    uint64_t acquired;  /* checkouts that succeeded */
    uint64_t created;   /* connections opened */
    uint64_t recycled;  /* replaced because of age */
    uint64_t failed;    /* connects that failed, and broken connections dropped */
    uint64_t timeouts;  /* waits given up */
    uint64_t waited;    /* checkouts that had to wait */
    int64_t wait_ns;    /* summed over those */
    uint64_t dirty;     /* returned inside a transaction: rolled back */
    uint64_t leaked;    /* checkouts reported as leaked */
} mdm_pool_stats;

/* A checkout older than leak_after_ms. */
typedef struct mdm_pool_leak {
    int64_t age_ms;
    int64_t thread;    /* the kernel's id of the thread that took it */
    const char *tag;   /* as given to mdm_pool_acquire() */
} mdm_pool_leak;

/* Connects only options->warm connections. location is copied. The caller owns *out.
 * MDM_INVALID: an option out of range; otherwise what connecting says. */
MDM_API MDM_MUST_CHECK mdm_status mdm_pool_open(const mdm_location *location,
                                                const mdm_pool_options *options, mdm_pool **out,
                                                mdm_error *err);

/* Close idle connections at once, leased ones when they come back: waits for them as
 * long as the pool's timeout, then interrupts them and waits on. NULL allowed. */
MDM_API void mdm_pool_close(mdm_pool *pool);

/* Borrow a connection; lease->conn belongs to the caller until release. tag: who borrows, a
 * string that outlives the lease (a literal). MDM_TIMEOUT: none came free; the message gives
 * size, in use, waiting, the oldest checkout and the last connect error. MDM_CANCELLED: stop
 * (may be NULL) was raised. Otherwise what connecting says. On failure lease is zeroed. */
MDM_API MDM_MUST_CHECK mdm_status mdm_pool_acquire(mdm_pool *pool, const char *tag,
                                                   const mdm_stop *stop, mdm_lease *lease,
                                                   mdm_error *err);

/* Give it back, from any thread; a zeroed lease is allowed; the lease is zeroed. A connection
 * inside a transaction is rolled back, a broken one is dropped. */
MDM_API void mdm_pool_release(mdm_lease *lease);
/* Give back one known to be broken: it is closed, and idle ones of its age are checked
 * before they are lent again. */
MDM_API void mdm_pool_discard(mdm_lease *lease);

/* Close all idle connections now, and leased ones as they come back; the pool stays open. */
MDM_API void mdm_pool_clear(mdm_pool *pool);

MDM_API mdm_pool_stats mdm_pool_stats_read(mdm_pool *pool);
/* The leaked checkouts of now into leaks (room for size); returns how many there are. */
MDM_API size_t mdm_pool_leaks(mdm_pool *pool, mdm_pool_leak *leaks, size_t size);

#ifdef __cplusplus
}
#endif
#endif
