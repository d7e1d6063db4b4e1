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

/* A metric's number is its kind and its place among those of its kind; 0 is none of them. */
enum {
    MDM_FIRST_COUNTER = 0x10000,
    MDM_FIRST_GAUGE = 0x20000,
    MDM_FIRST_HISTOGRAM = 0x30000
};

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
    uint64_t generation; /* no two monitors of a process have the same, dead or alive */
    bool disabled;
    mdm_monitor *next, **link; /* of all monitors; the registry's lock guards them */

    pthread_mutex_t lock;  /* guards everything below but the values of gauges */
    mdm_map names;         /* mdm_metric_entry; entries and keys stay until the monitor closes */
    mdm_map operations;    /* mdm_operation_entry */
    uint32_t metric_count; /* of MDM_METRICS_MAX; the monitor's own are not among them */
    uint32_t counter_count, gauge_count, histogram_count;
    uint32_t counter_size, histogram_size; /* of the two arrays below */
    uint64_t *retired_counters;
    mdm_retired_histogram *retired_histograms;
    _Atomic(_Atomic uint64_t *) gauges[MDM_GAUGE_PAGES]; /* bits of doubles */
    mdm_shard *shards;
};

struct mdm_shard {
    mdm_monitor *monitor;
    mdm_shard *next, **link;               /* of its monitor */
    mdm_shard *thread_next, **thread_link; /* of its thread; NULL: the thread is no more */
    _Atomic uint64_t *counters;            /* in the middle of counter_block */
    void *counter_block;
    mdm_histogram **histograms; /* NULL: its thread has not used it */
    uint32_t counter_size, histogram_size;
};

/* Where the calling thread writes: a copy of its shard's pointers, valid for one generation, so
 * that recording follows as few pointers as possible. The counts are those of metrics known when
 * it was filled. */
typedef struct mdm_hint {
    uint64_t generation;
    _Atomic uint64_t *counters;
    mdm_histogram **histograms;
    uint32_t counter_count, histogram_count;
} mdm_hint;

/* Two hints, so that a thread may use two sessions in turn. */
#define MDM_HINTS 2u

typedef struct mdm_thread {
    mdm_hint hints[MDM_HINTS];
    mdm_shard *shards; /* the registry's lock guards it */
    bool known;        /* its end will be noticed */
} mdm_thread;

/* In the static block of every thread: reached with one instruction, also from a shared library.
 * That block is small, and so must this be. */
extern _Thread_local mdm_thread mdm_this_thread
    __attribute__((tls_model("initial-exec"), visibility("hidden")));

static inline mdm_hint *mdm_hint_of(uint64_t generation)
{
    return &mdm_this_thread.hints[generation % MDM_HINTS];
}

/* --- shard.c ---------------------------------------------------------------- */

/* Give monitor its generation and let the end of threads and forks know of it. False: the process
 * has no thread key left. */
MDM_MUST_CHECK bool mdm_registry_add(mdm_monitor *monitor);
/* Free the shards of monitor, of all threads. */
void mdm_registry_remove(mdm_monitor *monitor);

/* The calling thread's place for a counter or a histogram, made if need be; the hint is
 * refreshed. NULL: no such metric, or no memory, which is counted. */
_Atomic uint64_t *mdm_shard_counter(mdm_monitor *monitor, uint32_t index);
mdm_histogram *mdm_shard_histogram(mdm_monitor *monitor, uint32_t index);
/* Empty the bucket of value, which is full. False: no memory, which is counted. */
MDM_MUST_CHECK bool mdm_shard_spill(mdm_monitor *monitor, uint32_t index,
                                    mdm_histogram *histogram, uint64_t value);

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
