/* monitor_inline.h - the inlined half of monitor.h, which includes it. Nothing here is for use
 * by anybody else: all of it may change with any version.
 *
 * Calling a function of a shared library takes longer than counting does. So the common case of
 * mdm_count() and mdm_observe() and a monitor that is off are decided in the caller; everything
 * rare is left to functions of the library. The library has the inlined ones as functions too. */
#ifndef MDM_MONITOR_INLINE_H
#define MDM_MONITOR_INLINE_H

#include "mdm/monitor.h"

#ifdef __cplusplus
extern "C" {
#endif

#define MDM_ALWAYS_INLINE inline __attribute__((always_inline))

/* --- a histogram of one thread ------------------------------------------------ */

/* Log-linear: 32 steps per octave, so that a value and the middle of its bucket differ by at
 * most 1/64 (1.6 %). Values below 64 have a bucket each.
 *
 * With e = floor(log2(max(v, 32))) the bucket of v is (e - 5) * 32 + floor(v / 2^(e - 5)): the
 * exponent and the five bits behind the leading one, as HdrHistogram counts them
 * (http://hdrhistogram.org, sub_bucket_half_count = 32). From 2^42 on (73 minutes in
 * nanoseconds, 4 TB) an octave has one bucket: the whole stays below 5 KB. */
#define MDM_STEP_BITS 5u
#define MDM_STEPS (1u << MDM_STEP_BITS)
#define MDM_FINE_BITS 42u
#define MDM_FINE_BUCKETS ((MDM_FINE_BITS - MDM_STEP_BITS + 1) * MDM_STEPS)
#define MDM_BUCKETS (MDM_FINE_BUCKETS + 64 - MDM_FINE_BITS)

typedef struct mdm_histogram {
    uint64_t sum, min, max; /* min is UINT64_MAX, max 0 while nothing is counted */
    uint32_t buckets[MDM_BUCKETS];
} mdm_histogram;

MDM_ALWAYS_INLINE unsigned mdm_bucket_of(uint64_t value)
{
    const unsigned exponent = 63u ^ (unsigned)__builtin_clzll(value | MDM_STEPS); /* 63 - clz */
    if (__builtin_expect(exponent >= MDM_FINE_BITS, 0))
        return MDM_FINE_BUCKETS + exponent - MDM_FINE_BITS;
    const unsigned shift = exponent - MDM_STEP_BITS;
    return shift * MDM_STEPS + (unsigned)(value >> shift);
}

/* A value has one writer and any number of readers: load, change and store need no locked
 * instruction. */
MDM_ALWAYS_INLINE uint64_t mdm_value_load(const uint64_t *place)
{
    return __atomic_load_n(place, __ATOMIC_RELAXED);
}

MDM_ALWAYS_INLINE void mdm_value_store(uint64_t *place, uint64_t value)
{
    __atomic_store_n(place, value, __ATOMIC_RELAXED);
}

/* What is counted in a bucket is in sum, min and max already. False: the bucket holds
 * UINT32_MAX and must be emptied first; nothing was recorded. */
MDM_ALWAYS_INLINE bool mdm_histogram_record(mdm_histogram *histogram, uint64_t value)
{
    uint32_t *bucket = &histogram->buckets[mdm_bucket_of(value)];
    const uint32_t count = __atomic_load_n(bucket, __ATOMIC_RELAXED) + 1;
    if (__builtin_expect(count == 0, 0)) return false;
    mdm_value_store(&histogram->sum, mdm_value_load(&histogram->sum) + value);
    if (__builtin_expect(value < mdm_value_load(&histogram->min), 0))
        mdm_value_store(&histogram->min, value);
    if (__builtin_expect(value > mdm_value_load(&histogram->max), 0))
        mdm_value_store(&histogram->max, value);
    __atomic_store_n(bucket, count, __ATOMIC_RELEASE);
    return true;
}

/* --- where a thread writes ------------------------------------------------------ */

typedef struct mdm_monitor_head { /* a monitor begins with it */
    uint64_t generation;          /* no two monitors of a process have the same; 0: disabled */
} mdm_monitor_head;

/* The calling thread's places, valid for one generation and the metrics known when it was
 * filled. There are two hints, so that a thread may use two sessions in turn. */
typedef struct mdm_hint {
    uint64_t generation;
    uint64_t *counters;
    mdm_histogram **histograms; /* NULL: the thread has not used it */
    uint32_t counter_count, histogram_count;
} mdm_hint;

#define MDM_HINTS 2

/* In the static block of each thread: reached with one instruction, also from a shared library. */
extern MDM_API __thread mdm_hint mdm_hints[MDM_HINTS] __attribute__((tls_model("initial-exec")));

/* A metric's number is its kind and its place among those of its kind; 0 is none of them. */
#define MDM_FIRST_COUNTER 0x10000u
#define MDM_FIRST_GAUGE 0x20000u
#define MDM_FIRST_HISTOGRAM 0x30000u

MDM_ALWAYS_INLINE uint64_t mdm_generation_of(const mdm_monitor *monitor)
{
    return monitor ? ((const mdm_monitor_head *)(const void *)monitor)->generation : 0;
}

/* For a monitor that is on. */
MDM_API void mdm_count_call(mdm_monitor *monitor, mdm_metric counter, uint64_t by);
MDM_API void mdm_observe_call(mdm_monitor *monitor, mdm_metric histogram, uint64_t value);
MDM_API int64_t mdm_timer_stop_call(mdm_timer *timer, mdm_monitor *monitor, mdm_metric histogram);

inline void mdm_count(mdm_monitor *monitor, mdm_metric counter, uint64_t by)
{
    const uint64_t generation = mdm_generation_of(monitor);
    if (generation == 0) return;
    const mdm_hint *hint = &mdm_hints[generation % MDM_HINTS];
    const uint32_t index = counter - MDM_FIRST_COUNTER;
    if (__builtin_expect(hint->generation == generation && index < hint->counter_count, 1))
        mdm_value_store(&hint->counters[index], mdm_value_load(&hint->counters[index]) + by);
    else mdm_count_call(monitor, counter, by);
}

inline void mdm_observe(mdm_monitor *monitor, mdm_metric histogram, uint64_t value)
{
    const uint64_t generation = mdm_generation_of(monitor);
    if (generation == 0) return;
    const mdm_hint *hint = &mdm_hints[generation % MDM_HINTS];
    const uint32_t index = histogram - MDM_FIRST_HISTOGRAM;
    if (__builtin_expect(hint->generation == generation && index < hint->histogram_count, 1)) {
        mdm_histogram *place = hint->histograms[index];
        if (__builtin_expect(place && mdm_histogram_record(place, value), 1)) return;
    }
    mdm_observe_call(monitor, histogram, value);
}

inline mdm_timer mdm_timer_start(mdm_monitor *monitor)
{
    mdm_timer timer = {0};
    if (mdm_generation_of(monitor) != 0) timer.start_ns = mdm_clock_ns();
    return timer;
}

inline int64_t mdm_timer_stop(mdm_timer *timer, mdm_monitor *monitor, mdm_metric histogram)
{
    return timer->start_ns != 0 ? mdm_timer_stop_call(timer, monitor, histogram) : 0;
}

#ifdef __cplusplus
}
#endif
#endif
