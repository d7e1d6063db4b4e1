/* What recording costs a program that links libmdm as strangers do: across a shared library.
 *
 * Bad answers: a counter above 2 ns, a histogram above 5, a timer above one and a half of the two
 * clock reads in it, two threads on one metric slower than one. The controls run in the same
 * rounds: an atomic that two threads share must come out slower than our counter, or the
 * measurement proves nothing; an empty call says how much of a figure is the call itself.
 *
 * CPU time of the thread, median (and minimum) of rounds in which everything takes turns. */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "bench.h"
#include "mdm/monitor.h"

static mdm_monitor *monitor, *disabled;
static mdm_metric counter, histogram;
static _Atomic uint64_t shared;

static void no_work(mdm_monitor *unused, mdm_metric metric, uint64_t by)
{
    (void)unused, (void)metric, (void)by;
}

static void (*volatile empty)(mdm_monitor *, mdm_metric, uint64_t) = no_work;

static void call_nothing(long n)
{
    void (*const call)(mdm_monitor *, mdm_metric, uint64_t) = empty;
    while (n-- > 0)
        call(monitor, counter, 1);
}

static void count(long n)
{
    mdm_monitor *const m = monitor; /* as a caller has it at hand */
    const mdm_metric c = counter;
    while (n-- > 0)
        mdm_count(m, c, 1);
}

static void add_shared(long n)
{
    while (n-- > 0)
        atomic_fetch_add_explicit(&shared, 1, memory_order_relaxed);
}

/* Values of many octaves, as durations have them. */
static void observe(long n)
{
    mdm_monitor *const m = monitor;
    const mdm_metric h = histogram;
    uint64_t value = 1;
    while (n-- > 0) {
        mdm_observe(m, h, value >> 24);
        value = value * UINT64_C(6364136223846793005) + 1442695040888963407;
    }
}

static void count_disabled(long n)
{
    mdm_monitor *const m = disabled;
    const mdm_metric c = counter;
    while (n-- > 0) {
        mdm_count(m, c, 1);
        __asm__ volatile("" ::: "memory"); /* the loop must not be thrown away */
    }
}

static void time_disabled(long n)
{
    mdm_monitor *const m = disabled;
    const mdm_metric h = histogram;
    while (n-- > 0) {
        mdm_timer timer = mdm_timer_start(m);
        mdm_timer_stop(&timer, m, h);
        __asm__ volatile("" ::: "memory");
    }
}

static void read_clock_twice(long n)
{
    while (n-- > 0) {
        (void)mdm_clock_ns();
        (void)mdm_clock_ns();
    }
}

static void time_nothing(long n)
{
    while (n-- > 0) {
        mdm_timer timer = mdm_timer_start(monitor);
        mdm_timer_stop(&timer, monitor, histogram);
    }
}

static void run_operation(long n)
{
    while (n-- > 0) {
        mdm_operation operation = mdm_operation_begin(monitor, "benchmark");
        mdm_operation_end(&operation, MDM_OK);
    }
}

/* --- measuring ----------------------------------------------------------------- */

typedef struct work {
    const char *name;
    void (*run)(long n);
    long n;
    int threads;
    double bar;
    double ns[BENCH_ROUNDS];
} work;

enum {
    CALL,
    COUNTER,
    HISTOGRAM,
    COUNTER_OFF,
    TIMER_OFF,
    CLOCKS,
    TIMER,
    OPERATION,
    SHARED,
    COUNTER_2,
    HISTOGRAM_2,
    SHARED_2,
    WORKS
};

static work works[WORKS] = {
    [CALL] = {"monitor/control/empty_call", call_nothing, 10000000, 1, 0, {0}},
    [COUNTER] = {"monitor/counter", count, 10000000, 1, 2, {0}},
    [HISTOGRAM] = {"monitor/histogram", observe, 5000000, 1, 5, {0}},
    [COUNTER_OFF] = {"monitor/disabled/counter", count_disabled, 10000000, 1, 1, {0}},
    [TIMER_OFF] = {"monitor/disabled/timer", time_disabled, 10000000, 1, 1, {0}},
    [CLOCKS] = {"monitor/control/two_clock_reads", read_clock_twice, 200000, 1, 0, {0}},
    [TIMER] = {"monitor/timer", time_nothing, 200000, 1, 80, {0}},
    [OPERATION] = {"monitor/operation", run_operation, 100000, 1, 0, {0}},
    [SHARED] = {"monitor/control/shared_atomic", add_shared, 5000000, 1, 0, {0}},
    [COUNTER_2] = {"monitor/counter/2_threads", count, 10000000, 2, 0, {0}},
    [HISTOGRAM_2] = {"monitor/histogram/2_threads", observe, 5000000, 2, 0, {0}},
    [SHARED_2] = {"monitor/control/shared_atomic/2_threads", add_shared, 5000000, 2, 0, {0}},
};

typedef struct runner {
    const work *work;
    pthread_barrier_t *start;
    double ns;
} runner;

static void *run_alone(void *argument)
{
    runner *r = argument;
    r->work->run(1000); /* the thread meets the metric */
    pthread_barrier_wait(r->start);
    const double start = bench_cpu_ns();
    r->work->run(r->work->n);
    r->ns = (bench_cpu_ns() - start) / (double)r->work->n;
    return NULL;
}

static double measure(const work *w)
{
    pthread_barrier_t start;
    pthread_t threads[2];
    runner runners[2];
    double sum = 0;
    pthread_barrier_init(&start, NULL, (unsigned)w->threads);
    for (int i = 0; i < w->threads; i++) {
        runners[i] = (runner){w, &start, 0};
        bench_need(pthread_create(&threads[i], NULL, run_alone, &runners[i]) == 0, "no thread");
    }
    for (int i = 0; i < w->threads; i++) {
        pthread_join(threads[i], NULL);
        sum += runners[i].ns;
    }
    pthread_barrier_destroy(&start);
    return sum / w->threads;
}

static double ratio(const work *over, const work *under)
{
    double ratios[BENCH_ROUNDS];
    for (int i = 0; i < BENCH_ROUNDS; i++)
        ratios[i] = over->ns[i] / under->ns[i];
    return bench_median(ratios, BENCH_ROUNDS);
}

static void print(const work *w)
{
    char name[64];
    double ns[BENCH_ROUNDS];
    memcpy(ns, w->ns, sizeof ns);
    bench_figure(w->name, bench_median(ns, BENCH_ROUNDS), "ns", w->bar);
    snprintf(name, sizeof name, "%s/min", w->name);
    bench_figure(name, ns[0], "ns", 0);
}

/* --- memory --------------------------------------------------------------------- */

static size_t taken_bytes;

static void *counted_alloc(size_t bytes)
{
    taken_bytes += bytes;
    return malloc(bytes);
}

static double histogram_bytes(void)
{
    enum { COUNT = 50 };
    mdm_metric metrics[COUNT];
    char name[32];
    mdm_observe(monitor, histogram, 1);
    for (int i = 0; i < COUNT; i++) {
        snprintf(name, sizeof name, "memory.%d", i);
        metrics[i] = mdm_metric_named(monitor, name, MDM_METRIC_HISTOGRAM, "");
    }
    const size_t before = taken_bytes;
    for (int i = 0; i < COUNT; i++)
        mdm_observe(monitor, metrics[i], 1);
    return (double)(taken_bytes - before) / COUNT;
}

int main(void)
{
    mdm_allocator_set(&(mdm_allocator){counted_alloc, realloc, free});
    mdm_monitor_options off = MDM_MONITOR_OPTIONS_INIT;
    off.disabled = true;
    bench_need(mdm_monitor_open(NULL, &monitor, NULL) == MDM_OK, "no monitor");
    bench_need(mdm_monitor_open(&off, &disabled, NULL) == MDM_OK, "no monitor");
    counter = mdm_metric_named(monitor, "counter", MDM_METRIC_COUNTER, "");
    histogram = mdm_metric_named(monitor, "histogram", MDM_METRIC_HISTOGRAM, "ns");
    bench_need(counter && histogram, "no metric");

    for (int round = 0; round < BENCH_ROUNDS; round++)
        for (int i = 0; i < WORKS; i++)
            works[i].ns[round] = measure(&works[i]);

    const uint64_t expected =
        BENCH_ROUNDS * (uint64_t)(works[COUNTER].n + 2 * works[COUNTER_2].n + 3 * 1000);
    bench_need(mdm_counter_read(monitor, "counter") == expected, "counts were lost");

    for (int i = 0; i < WORKS; i++)
        print(&works[i]);
    bench_figure("monitor/timer/two_clock_reads", ratio(&works[TIMER], &works[CLOCKS]), "ratio",
                 1.5);
    bench_figure("monitor/counter/2_threads/1", ratio(&works[COUNTER_2], &works[COUNTER]), "ratio",
                 1.3);
    bench_figure("monitor/histogram/2_threads/1", ratio(&works[HISTOGRAM_2], &works[HISTOGRAM]),
                 "ratio", 1.3);
    bench_figure("monitor/control/shared_atomic/2_threads/1",
                 ratio(&works[SHARED_2], &works[SHARED]), "ratio", 0);
    bench_figure("monitor/counter/shared_atomic/2_threads",
                 ratio(&works[COUNTER_2], &works[SHARED_2]), "ratio", 1);
    bench_figure("monitor/histogram_bytes_per_thread", histogram_bytes(), "bytes", 5120);
    mdm_monitor_close(monitor);
    mdm_monitor_close(disabled);
    return 0;
}
