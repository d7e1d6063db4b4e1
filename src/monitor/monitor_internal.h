/* monitor_internal.h - a monitor from inside: names and what dead threads left are the monitor's,
 * all that is recorded goes to shards.
 *
 * A shard belongs to one thread and one monitor. Its thread alone writes the values, with plain
 * stores. Two locks order the rest, the registry's (shard.c) before the monitor's: a shard is
 * made and dropped under both, grows under the monitor's, and is read by others under the
 * monitor's. So a thread may end while the monitor is read, and a monitor may close while a
 * thread that once used it ends. */
#ifndef MDM_MONITOR_INTERNAL_H
#define MDM_MONITOR_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/map.h"
#include "monitor/histogram.h"

#define MDM_METRICS_MAX 4096u
#define MDM_NAME_MAX 200u

/* Counters that every monitor has of itself. */
enum {
    MDM_OWN_REFUSED, /* monitor.refused: names that got no metric */
    MDM_OWN_LOST,    /* monitor.lost: records that found no memory */
    MDM_OWN_COUNT
};

#define MDM_GAUGES_PER_PAGE 64u
#define MDM_GAUGE_PAGES (MDM_METRICS_MAX / MDM_GAUGES_PER_PAGE)
#define MDM_GAUGE_UNSET UINT64_C(0x7ff8000000000000) /* the bits of a NaN */

typedef struct mdm_metric_entry {
    mdm_metric id;
    mdm_metric_kind kind;
    char unit[];
} mdm_metric_entry;

/* What a user asked for: three metrics without a name. */
typedef struct mdm_operation_entry {
    uint32_t completed; /* place of its counter; failed is the next one */
    uint32_t duration;  /* place of its histogram */
    char key[];         /* NAME of its flat keys, no other operation's */
} mdm_operation_entry;

/* A histogram of the monitor: what dead threads recorded. */
typedef struct mdm_retired_histogram {
    mdm_histogram *block; /* NULL: nothing yet */
    uint64_t *spilled;    /* MDM_BUCKETS counts moved out of full buckets; NULL: none yet */
} mdm_retired_histogram;

typedef struct mdm_shard mdm_shard;

struct mdm_monitor {
    mdm_monitor_head head;     /* first: inlined code looks there */
    mdm_monitor *next, **link; /* of all monitors; the registry's lock guards them */

    pthread_mutex_t lock;  /* guards everything below but the values of gauges */
    mdm_map names;         /* mdm_metric_entry; entries and keys stay until the monitor closes */
    mdm_map operations;    /* mdm_operation_entry */
    uint32_t metric_count; /* of MDM_METRICS_MAX; the monitor's own are not among them */
    uint32_t counter_count, gauge_count, histogram_count;
    uint32_t counter_size, histogram_size; /* of the two arrays below */
    uint64_t *retired_counters;
    mdm_retired_histogram *retired_histograms;
    _Atomic(uint64_t *) gauges[MDM_GAUGE_PAGES]; /* bits of doubles */
    mdm_shard *shards;
};

struct mdm_shard {
    mdm_monitor *monitor;
    mdm_shard *next, **link;               /* of its monitor */
    mdm_shard *thread_next, **thread_link; /* of its thread; NULL: the thread is no more */
    uint64_t *counters, *counter_block;    /* counters is in the middle of its block */
    mdm_histogram **histograms;            /* NULL: its thread has not used it */
    uint32_t counter_size, histogram_size;
};

static inline bool mdm_monitor_is_on(const mdm_monitor *monitor)
{
    return mdm_generation_of(monitor) != 0;
}

/* --- shard.c ---------------------------------------------------------------- */

/* Give monitor its generation and let the end of threads and forks know of it. False: the process
 * has no thread key left. */
MDM_MUST_CHECK bool mdm_registry_add(mdm_monitor *monitor);
/* Free the shards of monitor, of all threads. */
void mdm_registry_remove(mdm_monitor *monitor);

/* The calling thread's place for a counter or a histogram, made if need be; the hint is
 * refreshed. NULL: no such metric, or no memory, which is counted. */
uint64_t *mdm_shard_counter(mdm_monitor *monitor, uint32_t index);
mdm_histogram *mdm_shard_histogram(mdm_monitor *monitor, uint32_t index);
/* Empty the bucket of value, which is full. False: no memory, which is counted. */
MDM_MUST_CHECK bool mdm_shard_spill(mdm_monitor *monitor, uint32_t index, mdm_histogram *histogram,
                                    uint64_t value);

/* --- monitor.c -------------------------------------------------------------- */

/* Make room for so many more counters and histograms: the next ones will be counter_count and
 * histogram_count. False: no memory, or the monitor is full. The lock is held. */
MDM_MUST_CHECK bool mdm_monitor_reserve(mdm_monitor *monitor, uint32_t counters,
                                        uint32_t histograms);
/* Count them, when everything else that they need is there. */
void mdm_monitor_add(mdm_monitor *monitor, uint32_t counters, uint32_t histograms);
bool mdm_metric_name_fits(const char *name);

/* Arrays by place grow in steps. */
static inline uint32_t mdm_places_for(uint32_t count)
{
    return (count + 63) / 64 * 64;
}

#endif
