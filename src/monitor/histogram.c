#include "monitor/histogram.h"

#include <string.h>

uint64_t mdm_bucket_middle(unsigned bucket)
{
    if (bucket < 2 * MDM_STEPS) return bucket;
    if (bucket >= MDM_FINE_BUCKETS) {
        const uint64_t low = UINT64_C(1) << (bucket - MDM_FINE_BUCKETS + MDM_FINE_BITS);
        return low + low / 2;
    }
    const unsigned shift = bucket / MDM_STEPS - 1;
    const uint64_t low = (uint64_t)(MDM_STEPS + bucket % MDM_STEPS) << shift;
    return low + ((UINT64_C(1) << shift) - 1) / 2;
}

void mdm_histogram_init(mdm_histogram *histogram)
{
    mdm_value_store(&histogram->sum, 0);
    mdm_value_store(&histogram->min, UINT64_MAX);
    mdm_value_store(&histogram->max, 0);
    for (unsigned i = 0; i < MDM_BUCKETS; i++)
        __atomic_store_n(&histogram->buckets[i], 0, __ATOMIC_RELAXED);
}

/* --- adding up -------------------------------------------------------------- */

void mdm_total_init(mdm_histogram_total *total)
{
    memset(total, 0, sizeof *total);
    total->min = UINT64_MAX;
}

/* Only the buckets between min and max are looked at: most histograms use a few octaves. What
 * is recorded meanwhile outside is left for the next reader. min and max are read again
 * afterwards, so that nothing counted lies beyond them. */
void mdm_total_add(mdm_histogram_total *total, const mdm_histogram *histogram)
{
    const uint64_t low = mdm_value_load(&histogram->min), high = mdm_value_load(&histogram->max);
    if (low > high) return;
    uint64_t count = 0;
    for (unsigned i = mdm_bucket_of(low), last = mdm_bucket_of(high); i <= last; i++) {
        const uint32_t here = __atomic_load_n(&histogram->buckets[i], __ATOMIC_ACQUIRE);
        total->buckets[i] += here;
        count += here;
    }
    const uint64_t min = mdm_value_load(&histogram->min), max = mdm_value_load(&histogram->max);
    total->count += count;
    total->sum += mdm_value_load(&histogram->sum);
    if (min < total->min) total->min = min;
    if (max > total->max) total->max = max;
}

void mdm_total_add_spilled(mdm_histogram_total *total, const uint64_t *spilled)
{
    for (unsigned i = 0; i < MDM_BUCKETS; i++) {
        total->buckets[i] += spilled[i];
        total->count += spilled[i];
    }
}

/* --- quantiles -------------------------------------------------------------- */

/* The rank of a quantile by the nearest-rank rule: ceil(count * permille / 1000), counted from
 * 1. Split so that the product cannot overflow. */
static uint64_t rank_of(uint64_t count, unsigned permille)
{
    return count / 1000 * permille + (count % 1000 * permille + 999) / 1000;
}

/* The middle of the bucket that holds the value of that rank; never outside of what was seen. */
static uint64_t value_at(const mdm_histogram_total *total, uint64_t rank)
{
    uint64_t seen = 0;
    unsigned bucket = 0;
    while (bucket < MDM_BUCKETS - 1 && (seen += total->buckets[bucket]) < rank)
        bucket++;
    const uint64_t middle = mdm_bucket_middle(bucket);
    if (middle < total->min) return total->min;
    return middle > total->max ? total->max : middle;
}

mdm_histogram_summary mdm_total_summary(const mdm_histogram_total *total)
{
    if (total->count == 0) return (mdm_histogram_summary){0};
    return (mdm_histogram_summary){
        .count = total->count,
        .sum = total->sum,
        .min = total->min,
        .max = total->max,
        .p50 = value_at(total, rank_of(total->count, 500)),
        .p90 = value_at(total, rank_of(total->count, 900)),
        .p95 = value_at(total, rank_of(total->count, 950)),
        .p99 = value_at(total, rank_of(total->count, 990)),
        .p999 = value_at(total, rank_of(total->count, 999)),
        .mean = (double)total->sum / (double)total->count,
    };
}
