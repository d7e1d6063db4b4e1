/* A log-linear histogram of one thread: 32 steps per octave, so that a value and the middle of
 * its bucket differ by at most 1/64 (1.6 %). Values below 64 have a bucket each.
 *
 * With e = floor(log2(max(v, 32))) the bucket of v is (e - 5) * 32 + floor(v / 2^(e - 5)): the
 * exponent and the five bits behind the leading one, as HdrHistogram counts them
 * (http://hdrhistogram.org, sub_bucket_half_count = 32). From 2^42 on (73 minutes in
 * nanoseconds, 4 TB) an octave has one bucket: the whole stays below 5 KB.
 *
 * One thread writes, any thread reads: stores are plain ones of the machine, never a locked
 * instruction. What is counted in a bucket is in sum, min and max already. */
#ifndef MDM_MONITOR_HISTOGRAM_H
#define MDM_MONITOR_HISTOGRAM_H

#include <stdatomic.h>

#include "mdm/monitor.h"

#define MDM_STEP_BITS 5u /* 32 steps per octave */
#define MDM_STEPS (1u << MDM_STEP_BITS)
#define MDM_FINE_BITS 42u /* values below 2^42 are resolved that finely */
#define MDM_FINE_BUCKETS ((MDM_FINE_BITS - MDM_STEP_BITS + 1) * MDM_STEPS)
#define MDM_BUCKETS (MDM_FINE_BUCKETS + 64 - MDM_FINE_BITS)

typedef struct mdm_histogram {
    _Atomic uint64_t sum, min, max; /* min is UINT64_MAX, max 0 while nothing is counted */
    _Atomic uint32_t buckets[MDM_BUCKETS];
} mdm_histogram;

/* Several histograms added up; count is the sum of its buckets. */
typedef struct mdm_histogram_total {
    uint64_t count, sum, min, max;
    uint64_t buckets[MDM_BUCKETS];
} mdm_histogram_total;

static inline unsigned mdm_bucket_of(uint64_t value)
{
    const unsigned exponent = 63u - (unsigned)__builtin_clzll(value | MDM_STEPS);
    if (__builtin_expect(exponent >= MDM_FINE_BITS, 0))
        return MDM_FINE_BUCKETS + exponent - MDM_FINE_BITS;
    const unsigned shift = exponent - MDM_STEP_BITS;
    return shift * MDM_STEPS + (unsigned)(value >> shift);
}

/* The middle of a bucket, rounded down. */
uint64_t mdm_bucket_middle(unsigned bucket);

void mdm_histogram_init(mdm_histogram *histogram);

/* False: the bucket holds UINT32_MAX and must be emptied first; nothing was recorded. */
static inline bool mdm_histogram_record(mdm_histogram *histogram, uint64_t value)
{
    _Atomic uint32_t *bucket = &histogram->buckets[mdm_bucket_of(value)];
    const uint32_t count = atomic_load_explicit(bucket, memory_order_relaxed);
    if (__builtin_expect(count == UINT32_MAX, 0)) return false;
    const uint64_t sum = atomic_load_explicit(&histogram->sum, memory_order_relaxed);
    atomic_store_explicit(&histogram->sum, sum + value, memory_order_relaxed);
    if (value < atomic_load_explicit(&histogram->min, memory_order_relaxed))
        atomic_store_explicit(&histogram->min, value, memory_order_relaxed);
    if (value > atomic_load_explicit(&histogram->max, memory_order_relaxed))
        atomic_store_explicit(&histogram->max, value, memory_order_relaxed);
    atomic_store_explicit(bucket, count + 1, memory_order_release);
    return true;
}

void mdm_total_init(mdm_histogram_total *total);
void mdm_total_add(mdm_histogram_total *total, const mdm_histogram *histogram);
/* Counts that were moved out of full buckets (MDM_BUCKETS of them). */
void mdm_total_add_spilled(mdm_histogram_total *total, const uint64_t *spilled);
mdm_histogram_summary mdm_total_summary(const mdm_histogram_total *total);

#endif
