/* moments.h - mean and central power sums, merged as if all values had been seen at once. */
#ifndef MDM_DATA_MOMENTS_H
#define MDM_DATA_MOMENTS_H

#include <stddef.h>

/* n values with mean; m2, m3, m4: sums of the powers of their distances from it. low: what the mean
 * has beyond its last bit, so that blocks far from zero merge without loss. */
typedef struct mdm_moments {
    double n, mean, low, m2, m3, m4;
} mdm_moments;

/* Of count values (some thousand at most: one pass for the mean, one for the powers). */
mdm_moments mdm_moments_of(const double *values, size_t count);
void mdm_moments_merge(mdm_moments *into, const mdm_moments *other);

/* NaN where not defined. Variance with n - 1; the others bias-corrected as in pandas, SAS and
 * spreadsheets, kurtosis in excess of the normal distribution's. */
double mdm_moments_variance(const mdm_moments *moments);
double mdm_moments_skewness(const mdm_moments *moments);
double mdm_moments_kurtosis(const mdm_moments *moments);

#endif
