/* Numbers, dates and times: gathered block by block without the NULLs, so that each loop below
 * runs over plain arrays in the first cache level. */
#include <math.h>

#include "data/bits.h"
#include "data/profile_state.h"

enum { BLOCK = 1024 };

/* Neumaier's sum: error holds what the sum has lost. */
void mdm_profile_sum(mdm_profiled *p, double value)
{
    double sum = p->sum + value;
    if (fabs(p->sum) >= fabs(value)) p->sum_error += (p->sum - sum) + value;
    else p->sum_error += (value - sum) + p->sum;
    p->sum = sum;
}

/* --- integers -------------------------------------------------------------- */

static int64_t read_whole(const mdm_column *column, int64_t row)
{
    switch (column->type.id) {
    case MDM_TYPE_BOOL: return mdm_bit_get(column->values, row);
    case MDM_TYPE_INT8: return ((const int8_t *)column->values)[row];
    case MDM_TYPE_INT16: return ((const int16_t *)column->values)[row];
    case MDM_TYPE_INT32:
    case MDM_TYPE_DATE: return ((const int32_t *)column->values)[row];
    default: return ((const int64_t *)column->values)[row];
    }
}

/* Up to BLOCK values from row *at on; in place where that is possible. */
static const int64_t *gather_whole(const mdm_column *column, int64_t rows, int64_t *at,
                                   int64_t *room, size_t *count)
{
    int64_t r = *at;
    if (!column->validity &&
        (column->type.id == MDM_TYPE_INT64 || column->type.id > MDM_TYPE_DATE)) {
        const int64_t *values = (const int64_t *)column->values + r;
        *count = rows - r < BLOCK ? (size_t)(rows - r) : BLOCK;
        *at = r + (int64_t)*count;
        return values;
    }
    size_t n = 0;
    for (; r < rows && n < BLOCK; r++) {
        room[n] = read_whole(column, r);
        n += mdm_column_is_set(column, r);
    }
    *at = r;
    *count = n;
    return room;
}

static bool is_infinite(mdm_type_id id, int64_t value)
{
    if (id == MDM_TYPE_DATE) return value == INT32_MAX || value == -INT32_MAX;
    return id != MDM_TYPE_TIME && (value == INT64_MAX || value == -INT64_MAX);
}

static void count_infinities(mdm_profiled *p, const int64_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        p->infinities += is_infinite(p->type.id, values[i]);
}

static void range_of_whole(mdm_profiled *p, const int64_t *values, size_t count)
{
    int64_t low = p->has_range ? p->kept[MDM_KEPT_MIN].value.integer : values[0];
    int64_t high = p->has_range ? p->kept[MDM_KEPT_MAX].value.integer : values[0];
    for (size_t i = 0; i < count; i++) {
        low = values[i] < low ? values[i] : low;
        high = values[i] > high ? values[i] : high;
    }
    p->kept[MDM_KEPT_MIN].value.integer = low;
    p->kept[MDM_KEPT_MAX].value.integer = high;
}

static void sequence_of_whole(mdm_profiled *p, const int64_t *values, size_t count)
{
    int64_t last = p->kept[MDM_KEPT_LAST].value.integer;
    size_t i = 0;
    if (!p->has_range) {
        p->kept[MDM_KEPT_FIRST].value.integer = last = values[0];
        i = 1;
    }
    for (; i < count && (p->increasing || p->decreasing); i++) {
        p->increasing &= values[i] > last;
        p->decreasing &= values[i] < last;
        last = values[i];
    }
    p->kept[MDM_KEPT_LAST].value.integer = last;
}

static mdm_wide sum_of_whole(const int64_t *values, size_t count, bool small)
{
    int64_t sum = 0;
    mdm_wide wide = 0;
    if (small)
        for (size_t i = 0; i < count; i++)
            sum += values[i];
    else
        for (size_t i = 0; i < count; i++)
            wide += values[i];
    return wide + sum;
}

static void sums_of_whole(mdm_profiled *p, const int64_t *values, size_t count)
{
    double reals[BLOCK];
    int64_t zeros = 0, negatives = 0;
    for (size_t i = 0; i < count; i++) {
        reals[i] = (double)values[i];
        zeros += values[i] == 0;
        negatives += values[i] < 0;
    }
    p->zeros += zeros;
    p->negatives += negatives;
    /* BLOCK values of 52 bits add up to 62. */
    bool small = p->kept[MDM_KEPT_MIN].value.integer > -((int64_t)1 << 52) &&
                 p->kept[MDM_KEPT_MAX].value.integer < (int64_t)1 << 52;
    p->whole_sum += sum_of_whole(values, count, small);
    mdm_moments moments = mdm_moments_of(reals, count);
    mdm_moments_merge(&p->moments, &moments);
}

bool mdm_profile_add_whole(mdm_profiled *p, const mdm_column *column, int64_t rows)
{
    int64_t room[BLOCK], at = 0;
    while (at < rows) {
        size_t count;
        const int64_t *values = gather_whole(column, rows, &at, room, &count);
        if (count == 0) continue;
        range_of_whole(p, values, count);
        sequence_of_whole(p, values, count);
        p->has_range = true;
        if (p->kind == MDM_PROFILE_WHOLE) sums_of_whole(p, values, count);
        else count_infinities(p, values, count);
        if (!mdm_profile_words(p, (const uint64_t *)(const void *)values, count)) return false;
    }
    return true;
}

/* --- floating point ------------------------------------------------------------ */

static double read_real(const mdm_column *column, int64_t row)
{
    if (column->type.id == MDM_TYPE_FLOAT) return (double)((const float *)column->values)[row];
    return ((const double *)column->values)[row];
}

static size_t gather_real(mdm_profiled *p, const mdm_column *column, int64_t rows, int64_t *at,
                          double *room)
{
    size_t n = 0;
    int64_t r = *at;
    for (; r < rows && n < BLOCK; r++) {
        if (!mdm_column_is_set(column, r)) continue;
        double value = read_real(column, r);
        if (isnan(value)) p->nans++;
        else room[n++] = value + 0.0; /* -0 becomes 0 */
    }
    *at = r;
    return n;
}

static void range_of_real(mdm_profiled *p, const double *values, size_t count)
{
    double low = p->has_range ? p->kept[MDM_KEPT_MIN].value.real : values[0];
    double high = p->has_range ? p->kept[MDM_KEPT_MAX].value.real : values[0];
    for (size_t i = 0; i < count; i++) {
        low = values[i] < low ? values[i] : low;
        high = values[i] > high ? values[i] : high;
    }
    p->kept[MDM_KEPT_MIN].value.real = low;
    p->kept[MDM_KEPT_MAX].value.real = high;
}

static void sequence_of_real(mdm_profiled *p, const double *values, size_t count)
{
    double last = p->kept[MDM_KEPT_LAST].value.real;
    size_t i = 0;
    if (!p->has_range) {
        p->kept[MDM_KEPT_FIRST].value.real = last = values[0];
        i = 1;
    }
    for (; i < count && (p->increasing || p->decreasing); i++) {
        p->increasing &= values[i] > last;
        p->decreasing &= values[i] < last;
        last = values[i];
    }
    p->kept[MDM_KEPT_LAST].value.real = last;
}

static void sums_of_real(mdm_profiled *p, const double *values, size_t count)
{
    int64_t zeros = 0, negatives = 0, infinities = 0;
    for (size_t i = 0; i < count; i++) {
        zeros += values[i] == 0;
        negatives += values[i] < 0;
        infinities += isinf(values[i]) != 0;
    }
    p->zeros += zeros;
    p->negatives += negatives;
    p->infinities += infinities;
    for (size_t i = 0; i < count && p->integral; i++)
        p->integral = isinf(values[i]) || values[i] == rint(values[i]);
    mdm_moments moments = mdm_moments_of(values, count);
    double sum = moments.mean * moments.n;
    mdm_profile_sum(p, sum);
    mdm_profile_sum(p, fma(moments.mean, moments.n, -sum) + moments.low * moments.n);
    mdm_moments_merge(&p->moments, &moments);
}

bool mdm_profile_add_real(mdm_profiled *p, const mdm_column *column, int64_t rows)
{
    double values[BLOCK];
    uint64_t words[BLOCK];
    int64_t at = 0;
    while (at < rows) {
        int64_t nans = p->nans;
        size_t count = gather_real(p, column, rows, &at, values);
        if (p->nans > nans) p->increasing = p->decreasing = false;
        if (count == 0) continue;
        range_of_real(p, values, count);
        sequence_of_real(p, values, count);
        p->has_range = true;
        sums_of_real(p, values, count);
        memcpy(words, values, count * sizeof *words);
        if (!mdm_profile_words(p, words, count)) return false;
    }
    return true;
}

/* --- decimals -------------------------------------------------------------------- */

static double scaled(const mdm_profiled *p, mdm_wide value)
{
    double real = (double)value;
    for (int i = 0; i < p->type.scale; i++)
        real /= 10;
    return real;
}

static bool has_fraction(const mdm_profiled *p, mdm_wide value)
{
    for (int i = 0; i < p->type.scale; i++, value /= 10)
        if (value % 10) return true;
    return false;
}

static void add_decimal(mdm_profiled *p, mdm_profile_value value, mdm_moments *moments)
{
    mdm_wide wide = mdm_wide_of(value.decimal);
    if (!p->has_range) mdm_profile_keep(p, MDM_KEPT_FIRST, &value);
    if (!p->has_range || wide < mdm_wide_of(p->kept[MDM_KEPT_MIN].value.decimal))
        mdm_profile_keep(p, MDM_KEPT_MIN, &value);
    if (!p->has_range || wide > mdm_wide_of(p->kept[MDM_KEPT_MAX].value.decimal))
        mdm_profile_keep(p, MDM_KEPT_MAX, &value);
    if (p->has_range) {
        mdm_wide last = mdm_wide_of(p->kept[MDM_KEPT_LAST].value.decimal);
        p->increasing &= wide > last;
        p->decreasing &= wide < last;
    }
    mdm_profile_keep(p, MDM_KEPT_LAST, &value);
    p->has_range = true;
    p->zeros += wide == 0;
    p->negatives += wide < 0;
    p->integral = p->integral && !has_fraction(p, wide);
    double real = scaled(p, wide);
    mdm_profile_sum(p, real);
    mdm_moments one = {.n = 1, .mean = real};
    mdm_moments_merge(moments, &one);
}

bool mdm_profile_add_wide(mdm_profiled *p, const mdm_column *column, int64_t rows)
{
    const mdm_int128 *values = column->values;
    mdm_moments moments = {0};
    for (int64_t r = 0; r < rows; r++) {
        if (!mdm_column_is_set(column, r)) continue;
        add_decimal(p, (mdm_profile_value){.decimal = values[r]}, &moments);
        if (!mdm_profile_long(p, (mdm_str){(const char *)&values[r], sizeof values[r]}))
            return false;
    }
    mdm_moments_merge(&p->moments, &moments);
    return true;
}
