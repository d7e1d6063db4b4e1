/* monitor.h - counters, gauges, histograms and timers that cost next to nothing.
 *
 * A metric is registered once by name and then used by its number. Each thread
 * writes to memory of its own; readers add the threads up. Recording takes a lock and memory
 * only when a thread meets a monitor or a metric for the first time, and never fails: what finds
 * no memory then is counted in "monitor.lost", names refused in "monitor.refused". What an ended
 * thread recorded stays. A child made by fork() starts from nothing. A NULL or disabled monitor
 * makes each call one branch.
 *
 *     mdm_metric queries = mdm_metric_named(monitor, "query.count", MDM_METRIC_COUNTER, "");
 *     mdm_count(monitor, queries, 1);
 *
 *     mdm_timer timer = mdm_timer_start(monitor);
 *     ...
 *     mdm_timer_stop(&timer, monitor, duration);
 *
 * Histograms are log-linear with 32 steps per octave: quantiles (nearest rank) are within
 * 1/64 = 1.6 % of the truth over the whole life, count, sum, minimum and maximum are exact
 * (the layout of HdrHistogram, http://hdrhistogram.org). That holds below 2^42 (73 minutes in
 * nanoseconds, 4 TB); quantiles above lie within their octave. 5 KB per histogram and thread.
 *
 * Threads: all calls from any thread. */
#ifndef MDM_MONITOR_H
#define MDM_MONITOR_H

#include "mdm/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mdm_monitor mdm_monitor;
typedef uint32_t mdm_metric; /* 0: none, recording to it does nothing */

typedef enum mdm_metric_kind {
    MDM_METRIC_COUNTER,  /* only grows */
    MDM_METRIC_GAUGE,    /* is set */
    MDM_METRIC_HISTOGRAM /* many values: their count, sum, extremes and quantiles */
} mdm_metric_kind;

typedef struct mdm_monitor_options {
    bool disabled; /* performance.off: everything is accepted and nothing recorded */
} mdm_monitor_options;

#define MDM_MONITOR_OPTIONS_INIT ((mdm_monitor_options){.disabled = false})

/* MDM_NO_MEMORY. The caller owns *out. */
MDM_API MDM_MUST_CHECK mdm_status mdm_monitor_open(const mdm_monitor_options *options,
                                                   mdm_monitor **out, mdm_error *err);
/* No other thread may still use it. NULL allowed. */
MDM_API void mdm_monitor_close(mdm_monitor *monitor);

/* Find or make the metric of that name. unit: "ns", "rows", "bytes" or ""; copied. 0 (and a
 * counted refusal) when the name is empty, longer than 200 bytes, of another kind already, the
 * monitor is full (4,096 metrics) or memory is. Also 0 when the monitor is NULL or disabled.
 * Takes a lock: keep the number. */
MDM_API mdm_metric mdm_metric_named(mdm_monitor *monitor, const char *name, mdm_metric_kind kind,
                                    const char *unit);

/* A number of another kind, or 0, does nothing. */
MDM_API inline void mdm_count(mdm_monitor *monitor, mdm_metric counter, uint64_t by);
MDM_API void mdm_gauge_set(mdm_monitor *monitor, mdm_metric gauge, double value);
MDM_API inline void mdm_observe(mdm_monitor *monitor, mdm_metric histogram, uint64_t value);

typedef struct mdm_timer {
    int64_t start_ns; /* 0: not running */
} mdm_timer;

MDM_API inline mdm_timer mdm_timer_start(mdm_monitor *monitor);
/* Observe the nanoseconds since start and return them; 0 when it was not running. */
MDM_API inline int64_t mdm_timer_stop(mdm_timer *timer, mdm_monitor *monitor, mdm_metric histogram);

/* --- operations: what a user asked for, from start to success or failure -- */

typedef struct mdm_operation {
    mdm_monitor *monitor;
    uint32_t kind;
    int64_t start_ns;
} mdm_operation;

/* name: "dataset_registration", ... Ends with mdm_operation_end(), once. It takes three of the
 * monitor's metrics when it is new; without them it is refused, and its end does nothing. */
MDM_API mdm_operation mdm_operation_begin(mdm_monitor *monitor, const char *name);
/* MDM_OK: completed; anything else: failed, and timed all the same. */
MDM_API void mdm_operation_end(mdm_operation *operation, mdm_status status);

/* --- reading -------------------------------------------------------------- */

/* All 0 while nothing was observed. */
typedef struct mdm_histogram_summary {
    uint64_t count, sum, min, max;
    uint64_t p50, p90, p95, p99, p999;
    double mean;
} mdm_histogram_summary;

MDM_API uint64_t mdm_counter_read(mdm_monitor *monitor, const char *name); /* unknown: 0 */
MDM_API double mdm_gauge_read(mdm_monitor *monitor, const char *name);     /* unknown, unset: NaN */
/* False: no such histogram, *out is zeroed. */
MDM_API bool mdm_histogram_read(mdm_monitor *monitor, const char *name, mdm_histogram_summary *out);

/* Everything as one JSON object:
 *   counters    {NAME: count}
 *   gauges      {NAME: value}
 *   histograms  {NAME: {unit, count, sum, min, max, avg, p50, p90, p95, p99, "p99.9"}}
 * and flat keys operation_NAME_success_rate, _count, _failed, _p50_ms, _p95_ms, _p99_ms. Success
 * rate = completed / (completed + failed); operations still running count nowhere. In flat keys
 * characters other than A-Z, a-z, 0-9 and _ become _; a NAME that is taken then gets _2, _3 ...
 * What is not known (NaN, a quantile of nothing) is null. monitor NULL or disabled: the three
 * objects are empty. The caller owns *out: mdm_free_text(). MDM_NO_MEMORY. */
MDM_API MDM_MUST_CHECK mdm_status mdm_monitor_report(mdm_monitor *monitor, char **out,
                                                     mdm_error *err);

#ifdef __cplusplus
}
#endif

#include "mdm/monitor_inline.h"
#endif
