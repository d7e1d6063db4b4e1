/* What it costs to look: 4 threads have recorded in 512 counters and 20 histograms of durations.
 *
 * Bad answers: a snapshot above 100 us, the report above 300 us, a quantile more than 1.6 % off.
 * The control adds up all buckets of all threads, as a snapshot would that did not know between
 * which of them the values lie. CPU time, median of rounds that take turns. */
#include <math.h>
#include <pthread.h>
#include <string.h>

#include "bench.h"
#include "mdm/monitor.h"
#include "monitor/histogram.h"
#include "monitor/snapshot.h"

#define THREADS 4
#define COUNTERS 512
#define HISTOGRAMS 20
#define VALUES 20000

static mdm_monitor *monitor;
static mdm_metric counters[COUNTERS], histograms[HISTOGRAMS];
static pthread_barrier_t recorded, looked_at;

typedef struct dice {
    uint64_t state;
} dice;

static double uniform(dice *r) /* in (0, 1): splitmix64 */
{
    uint64_t z = (r->state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return ((double)((z ^ (z >> 31)) >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(dice *r) /* Box and Muller */
{
    const double u = uniform(r), v = uniform(r);
    return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

/* --- setting the scene ------------------------------------------------------------ */

static void *record(void *argument)
{
    dice r = {(uintptr_t)argument};
    for (int i = 0; i < COUNTERS; i++)
        mdm_count(monitor, counters[i], (uint64_t)i);
    for (int i = 0; i < VALUES; i++)
        for (int h = 0; h < HISTOGRAMS; h++)
            mdm_observe(monitor, histograms[h], (uint64_t)exp(11 + 1.5 * normal(&r)));
    pthread_barrier_wait(&recorded);
    pthread_barrier_wait(&looked_at);
    return NULL;
}

static void name_metrics(void)
{
    char name[64];
    for (int i = 0; i < COUNTERS; i++) {
        snprintf(name, sizeof name, "component_%d.operation.count", i);
        counters[i] = mdm_metric_named(monitor, name, MDM_METRIC_COUNTER, "");
    }
    for (int i = 0; i < HISTOGRAMS; i++) {
        snprintf(name, sizeof name, "component_%d.operation.duration", i);
        histograms[i] = mdm_metric_named(monitor, name, MDM_METRIC_HISTOGRAM, "ns");
        bench_need(histograms[i] != 0, "no metric");
    }
}

/* --- looking ------------------------------------------------------------------------ */

static void take_snapshot(void)
{
    mdm_snapshot all;
    bench_need(mdm_snapshot_take(monitor, &all, NULL) == MDM_OK, "no snapshot");
    bench_need(all.metrics[all.metric_count - 1].as.histogram.count == THREADS * VALUES,
               "a snapshot lacks records");
    mdm_snapshot_clear(&all);
}

static void take_report(void)
{
    char *report = NULL;
    bench_need(mdm_monitor_report(monitor, &report, NULL) == MDM_OK, "no report");
    mdm_free_text(report);
}

static mdm_histogram filled[THREADS];

static void add_all_buckets(void)
{
    for (int h = 0; h < HISTOGRAMS; h++) {
        mdm_histogram_total total;
        mdm_total_init(&total);
        for (int t = 0; t < THREADS; t++)
            mdm_total_add(&total, &filled[t]);
        const mdm_histogram_summary s = mdm_total_summary(&total);
        bench_need(s.count == 2 * THREADS, "a control lacks records");
    }
}

static void look(void)
{
    static const struct {
        const char *name;
        void (*run)(void);
        double bar;
    } looks[] = {
        {"monitor/snapshot", take_snapshot, 100},
        {"monitor/report", take_report, 300},
        {"monitor/control/all_buckets", add_all_buckets, 0},
    };
    enum { LOOKS = sizeof looks / sizeof *looks, REPEATS = 20 };
    double us[LOOKS][BENCH_ROUNDS];
    for (int round = 0; round < BENCH_ROUNDS; round++)
        for (size_t i = 0; i < LOOKS; i++) {
            const double start = bench_cpu_ns();
            for (int n = 0; n < REPEATS; n++)
                looks[i].run();
            us[i][round] = (bench_cpu_ns() - start) / 1e3 / REPEATS;
        }
    for (size_t i = 0; i < LOOKS; i++)
        bench_figure(looks[i].name, bench_median(us[i], BENCH_ROUNDS), "us", looks[i].bar);
}

/* --- being right ----------------------------------------------------------------------- */

static double even(dice *r)
{
    return 1e6 * uniform(r);
}

static double lognormal(dice *r)
{
    return exp(11 + 2 * normal(r));
}

static double bimodal(dice *r)
{
    return uniform(r) < 0.9 ? 1e4 + 500 * normal(r) : 5e7 + 1e6 * normal(r);
}

static double pareto(dice *r)
{
    return 1000 * pow(uniform(r), -1 / 1.2);
}

static double error_of(uint64_t found, const double *sorted, size_t count, double quantile)
{
    const double exact = sorted[(size_t)ceil((double)count * quantile - 1e-6) - 1];
    return fabs((double)found - exact) / exact * 100;
}

static void quantiles(void)
{
    static const struct {
        const char *name;
        double (*draw)(dice *r);
    } distributions[] = {{"monitor/quantile_error/uniform", even},
                         {"monitor/quantile_error/lognormal", lognormal},
                         {"monitor/quantile_error/bimodal", bimodal},
                         {"monitor/quantile_error/pareto", pareto}};
    enum { COUNT = 200000 };
    static double values[COUNT];
    for (size_t d = 0; d < sizeof distributions / sizeof *distributions; d++) {
        dice r = {42};
        const mdm_metric metric =
            mdm_metric_named(monitor, distributions[d].name, MDM_METRIC_HISTOGRAM, "");
        for (int i = 0; i < COUNT; i++) {
            const uint64_t value = (uint64_t)distributions[d].draw(&r);
            values[i] = (double)value;
            mdm_observe(monitor, metric, value);
        }
        qsort(values, COUNT, sizeof *values, bench_order);
        mdm_histogram_summary s;
        bench_need(mdm_histogram_read(monitor, distributions[d].name, &s) && s.count == COUNT,
                   "no histogram");
        const double errors[] = {
            error_of(s.p50, values, COUNT, 0.5), error_of(s.p90, values, COUNT, 0.9),
            error_of(s.p95, values, COUNT, 0.95), error_of(s.p99, values, COUNT, 0.99),
            error_of(s.p999, values, COUNT, 0.999)};
        double worst = 0;
        for (int q = 0; q < 5; q++)
            worst = fmax(worst, errors[q]);
        bench_figure(distributions[d].name, worst, "percent", 1.6);
    }
}

int main(void)
{
    pthread_t threads[THREADS];
    bench_need(mdm_monitor_open(NULL, &monitor, NULL) == MDM_OK, "no monitor");
    pthread_barrier_init(&recorded, NULL, THREADS + 1);
    pthread_barrier_init(&looked_at, NULL, THREADS + 1);
    name_metrics();
    for (int t = 0; t < THREADS; t++) {
        mdm_histogram_init(&filled[t]);
        mdm_histogram_record(&filled[t], 0);
        mdm_histogram_record(&filled[t], UINT64_MAX);
        bench_need(pthread_create(&threads[t], NULL, record, (void *)(uintptr_t)(t + 1)) == 0,
                   "no thread");
    }
    pthread_barrier_wait(&recorded);
    look();
    pthread_barrier_wait(&looked_at);
    for (int t = 0; t < THREADS; t++)
        pthread_join(threads[t], NULL);
    quantiles();
    mdm_monitor_close(monitor);
    return 0;
}
