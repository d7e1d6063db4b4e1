/* What does it cost to borrow a connection and to return it, with the statistics on? And what do 64
 * threads see that share 5 connections for 500 us each? The ideal of the latter is a queue that
 * loses no time: the wait of a full line in front, (64 - 5) / 5 * 500 us = 5.9 ms. The share is the
 * time of the first thread to finish over that of the last: 1 is fair. A pool that wakes all and
 * lets the quickest take it stands beside, on the same connections.
 *
 * The backend does nothing, so that only the pool is measured. */
#include <pthread.h>
#include <stdatomic.h>

#include "bench.h"
#include "mdm/monitor.h"
#include "mdm/pool.h"

/* --- a backend that does nothing ------------------------------------------------ */

static const mdm_backend nothing;

static mdm_status open_nothing(const mdm_location *location, unsigned flags, const mdm_stop *stop,
                               mdm_conn **out, mdm_error *err)
{
    (void)location, (void)flags, (void)stop, (void)err;
    *out = calloc(1, sizeof **out);
    bench_need(*out != NULL, "no memory");
    (*out)->backend = &nothing;
    return MDM_OK;
}

static void close_nothing(mdm_conn *conn)
{
    free(conn);
}

static mdm_status ping_nothing(mdm_conn *conn, int timeout_ms, mdm_error *err)
{
    (void)conn, (void)timeout_ms, (void)err;
    return MDM_OK;
}

static bool reset_nothing(mdm_conn *conn)
{
    (void)conn;
    return true;
}

static bool nothing_breaks(const mdm_conn *conn)
{
    (void)conn;
    return false;
}

static void interrupt_nothing(mdm_conn *conn)
{
    (void)conn;
}

static const mdm_dialect dialect = {.quote = '"'};
static const mdm_backend nothing = {
    .name = "nothing",
    .dialect = &dialect,
    .open = open_nothing,
    .close = close_nothing,
    .ping = ping_nothing,
    .reset = reset_nothing,
    .is_broken = nothing_breaks,
    .interrupt = interrupt_nothing,
};

static mdm_pool *open_pool(int size, mdm_monitor *monitor)
{
    const mdm_location location = {.backend = &nothing, .path = "nothing"};
    mdm_pool_options options = MDM_POOL_OPTIONS_INIT;
    options.size = size;
    options.max_overflow = 0;
    options.monitor = monitor;
    mdm_pool *pool;
    bench_need(mdm_pool_open(&location, &options, &pool, NULL) == MDM_OK, "no pool");
    return pool;
}

/* --- nobody waits ------------------------------------------------------------------- */

static double uncontended_ns(mdm_pool *pool, long n)
{
    double start = bench_cpu_ns();
    for (long i = 0; i < n; i++) {
        mdm_lease lease;
        bench_need(mdm_pool_acquire(pool, "bench", NULL, &lease, NULL) == MDM_OK, "no lease");
        mdm_pool_release(&lease);
    }
    return (bench_cpu_ns() - start) / (double)n;
}

static void measure_uncontended(void)
{
    enum { N = 200000 };
    mdm_monitor *monitor;
    bench_need(mdm_monitor_open(NULL, &monitor, NULL) == MDM_OK, "no monitor");
    mdm_pool *with = open_pool(5, monitor), *without = open_pool(5, NULL);
    double on[BENCH_ROUNDS], off[BENCH_ROUNDS];
    (void)uncontended_ns(with, N);
    for (int r = 0; r < BENCH_ROUNDS; r++) {
        on[r] = uncontended_ns(with, N);
        off[r] = uncontended_ns(without, N);
    }
    bench_need(mdm_pool_stats_read(with).acquired == (BENCH_ROUNDS + 1) * (uint64_t)N,
               "checkouts were lost");
    bench_figure("pool/checkout_return", bench_median(on, BENCH_ROUNDS), "ns", 60);
    bench_figure("pool/checkout_return_without_monitor", bench_median(off, BENCH_ROUNDS), "ns", 0);
    mdm_pool_close(with);
    mdm_pool_close(without);
    mdm_monitor_close(monitor);
}

/* --- a crowd ---------------------------------------------------------------------------- */

#define CROWD 64
#define CONNECTIONS 5
#define USES 150
#define HOLD_NS 500000
#define IDEAL_MS ((double)(CROWD - CONNECTIONS) / CONNECTIONS * HOLD_NS / 1e6)

/* The usual other way: a counter, a mutex, a condition; who is quick is lucky. */
typedef struct barging {
    pthread_mutex_t lock;
    pthread_cond_t freed;
    int free_count;
} barging;

typedef struct member {
    mdm_pool *pool; /* NULL: the barging one */
    barging *other;
    double waits_ms[USES], done_ns;
} member;

static void hold(void)
{
    double until = bench_now_ns() + HOLD_NS;
    nanosleep(&(struct timespec){.tv_nsec = HOLD_NS - 60000}, NULL);
    while (bench_now_ns() < until)
        continue;
}

static void use_pool(mdm_pool *pool, double *wait_ms)
{
    mdm_lease lease;
    double start = bench_now_ns();
    bench_need(mdm_pool_acquire(pool, "bench", NULL, &lease, NULL) == MDM_OK, "no lease");
    *wait_ms = (bench_now_ns() - start) / 1e6;
    hold();
    mdm_pool_release(&lease);
}

static void use_barging(barging *b, double *wait_ms)
{
    double start = bench_now_ns();
    pthread_mutex_lock(&b->lock);
    while (b->free_count == 0)
        pthread_cond_wait(&b->freed, &b->lock);
    b->free_count--;
    pthread_mutex_unlock(&b->lock);
    *wait_ms = (bench_now_ns() - start) / 1e6;
    hold();
    pthread_mutex_lock(&b->lock);
    b->free_count++;
    pthread_cond_signal(&b->freed);
    pthread_mutex_unlock(&b->lock);
}

static void *be_a_member(void *argument)
{
    member *m = argument;
    for (int i = 0; i < USES; i++) {
        if (m->pool) use_pool(m->pool, &m->waits_ms[i]);
        else use_barging(m->other, &m->waits_ms[i]);
    }
    m->done_ns = bench_now_ns();
    return NULL;
}

typedef struct outcome {
    double p50, p99, share, rate;
} outcome;

static outcome run_crowd(mdm_pool *pool, barging *other)
{
    static member members[CROWD];
    static double waits[CROWD * USES], done[CROWD];
    pthread_t threads[CROWD];
    double start = bench_now_ns();
    for (int i = 0; i < CROWD; i++) {
        members[i].pool = pool;
        members[i].other = other;
        bench_need(pthread_create(&threads[i], NULL, be_a_member, &members[i]) == 0, "no thread");
    }
    for (int i = 0; i < CROWD; i++) {
        pthread_join(threads[i], NULL);
        for (int k = 0; k < USES; k++)
            waits[i * USES + k] = members[i].waits_ms[k];
        done[i] = members[i].done_ns - start;
    }
    qsort(waits, CROWD * USES, sizeof *waits, bench_order);
    qsort(done, CROWD, sizeof *done, bench_order);
    return (outcome){waits[CROWD * USES / 2], waits[CROWD * USES * 99 / 100],
                     done[0] / done[CROWD - 1], CROWD * USES / done[CROWD - 1] * 1e9};
}

static void measure_crowd(void)
{
    enum { ROUNDS = 5 };
    double p50[ROUNDS], p99[ROUNDS], share[ROUNDS], rate[ROUNDS];
    double other_p99[ROUNDS], other_share[ROUNDS], ratio[ROUNDS];
    for (int r = 0; r < ROUNDS; r++) {
        mdm_pool *pool = open_pool(CONNECTIONS, NULL);
        outcome ours = run_crowd(pool, NULL);
        mdm_pool_close(pool);
        barging b = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, CONNECTIONS};
        outcome theirs = run_crowd(NULL, &b);
        p50[r] = ours.p50;
        p99[r] = ours.p99;
        share[r] = 1 / ours.share;
        rate[r] = ours.rate;
        ratio[r] = theirs.rate / ours.rate;
        other_p99[r] = theirs.p99;
        other_share[r] = theirs.share;
    }
    bench_figure("pool/64_on_5/p50", bench_median(p50, ROUNDS), "ms", 0);
    bench_figure("pool/64_on_5/p99", bench_median(p99, ROUNDS), "ms", 4 * IDEAL_MS);
    bench_figure("pool/64_on_5/last_over_first", bench_median(share, ROUNDS), "ratio", 1 / 0.9);
    bench_figure("pool/64_on_5/rate", bench_median(rate, ROUNDS), "1/s", 0);
    bench_figure("pool/64_on_5/barging_rate_over_ours", bench_median(ratio, ROUNDS), "ratio",
                 1 / 0.95);
    bench_figure("pool/64_on_5/barging_p99", bench_median(other_p99, ROUNDS), "ms", 0);
    bench_figure("pool/64_on_5/barging_share", bench_median(other_share, ROUNDS), "ratio", 0);
}

int main(void)
{
    measure_uncontended();
    measure_crowd();
    return 0;
}
