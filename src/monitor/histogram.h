/* Histograms of several threads added up, and what they say. Their layout is in
 * mdm/monitor_inline.h. */
#ifndef MDM_MONITOR_HISTOGRAM_H
#define MDM_MONITOR_HISTOGRAM_H

#include "mdm/monitor.h"

/* count is the sum of its buckets. */
typedef struct mdm_histogram_total {
    uint64_t count, sum, min, max;
    uint64_t buckets[MDM_BUCKETS];
} mdm_histogram_total;

/* The middle of a bucket, rounded down. */
uint64_t mdm_bucket_middle(unsigned bucket);

/* Nothing is counted. Readers may look on. */
void mdm_histogram_init(mdm_histogram *histogram);

void mdm_total_init(mdm_histogram_total *total);
void mdm_total_add(mdm_histogram_total *total, const mdm_histogram *histogram);
/* Counts that were moved out of full buckets (MDM_BUCKETS of them). */
void mdm_total_add_spilled(mdm_histogram_total *total, const uint64_t *spilled);
mdm_histogram_summary mdm_total_summary(const mdm_histogram_total *total);

#endif
