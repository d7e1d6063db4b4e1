/* The life of a profile, and its figures. */
#include "data/profile.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "data/profile_state.h"

struct mdm_profile {
    mdm_schema *schema;
    int64_t rows;
    mdm_profiled columns[];
};

static const size_t default_memory = (size_t)256 << 20;

/* --- open and close ------------------------------------------------------------ */

static mdm_profile_kind kind_of(mdm_type_id id)
{
    switch (id) {
    case MDM_TYPE_BOOL:
    case MDM_TYPE_INT8:
    case MDM_TYPE_INT16:
    case MDM_TYPE_INT32:
    case MDM_TYPE_INT64: return MDM_PROFILE_WHOLE;
    case MDM_TYPE_FLOAT:
    case MDM_TYPE_DOUBLE: return MDM_PROFILE_REAL;
    case MDM_TYPE_DECIMAL: return MDM_PROFILE_WIDE;
    case MDM_TYPE_TEXT:
    case MDM_TYPE_BLOB: return MDM_PROFILE_BYTES;
    case MDM_TYPE_DATE:
    case MDM_TYPE_TIME:
    case MDM_TYPE_TIMESTAMP:
    case MDM_TYPE_TIMESTAMPTZ: return MDM_PROFILE_POINT;
    case MDM_TYPE_NULL:
    case MDM_TYPE_COUNT: break;
    }
    return MDM_PROFILE_NOTHING;
}

static bool column_open(mdm_profiled *p, mdm_type type, size_t budget)
{
    *p = (mdm_profiled){
        .type = type,
        .kind = kind_of(type.id),
        .integral = true,
        .min_length = -1,
        .max_length = -1,
        .increasing = true,
        .decreasing = true,
    };
    mdm_frequency_init(&p->frequency, MDM_PROFILE_DISTINCT, budget);
    if (p->kind != MDM_PROFILE_BYTES) return true;
    char *texts = mdm_alloc((size_t)MDM_KEPT_COUNT * MDM_PROFILE_TEXT);
    if (!texts) return false;
    for (int i = 0; i < MDM_KEPT_COUNT; i++)
        p->kept[i].text = texts + i * MDM_PROFILE_TEXT;
    return true;
}

static void column_close(mdm_profiled *p)
{
    mdm_frequency_clear(&p->frequency);
    mdm_free(p->sketch);
    mdm_free(p->kept[0].text);
    mdm_free(p->shown_text);
}

mdm_status mdm_profile_open(const mdm_schema *schema, const mdm_profile_options *options,
                            mdm_profile **out, mdm_error *err)
{
    *out = NULL;
    size_t memory = options && options->memory_bytes ? options->memory_bytes : default_memory;
    size_t count = schema->count;
    mdm_profile *profile = mdm_alloc_zero(1, sizeof *profile + count * sizeof *profile->columns);
    if (!profile) return mdm_no_memory(err, "a profile");
    profile->schema = mdm_schema_ref(schema);
    for (size_t i = 0; i < count; i++) {
        if (column_open(&profile->columns[i], schema->fields[i].type, memory / count)) continue;
        mdm_profile_close(profile);
        return mdm_no_memory(err, "a profile");
    }
    *out = profile;
    return MDM_OK;
}

void mdm_profile_close(mdm_profile *profile)
{
    if (!profile) return;
    for (size_t i = 0; i < profile->schema->count; i++)
        column_close(&profile->columns[i]);
    mdm_schema_unref(profile->schema);
    mdm_free(profile);
}

/* --- adding ---------------------------------------------------------------------- */

static bool add_column(mdm_profiled *p, const mdm_column *column, int64_t rows)
{
    p->rows += rows;
    p->nulls += column->null_count;
    if (column->null_count) p->increasing = p->decreasing = false;
    switch (p->kind) {
    case MDM_PROFILE_WHOLE:
    case MDM_PROFILE_POINT: return mdm_profile_add_whole(p, column, rows);
    case MDM_PROFILE_REAL: return mdm_profile_add_real(p, column, rows);
    case MDM_PROFILE_WIDE: return mdm_profile_add_wide(p, column, rows);
    case MDM_PROFILE_BYTES: return mdm_profile_add_bytes(p, column, rows);
    case MDM_PROFILE_NOTHING: break;
    }
    return true;
}

static bool same_types(const mdm_schema *a, const mdm_schema *b)
{
    if (a == b) return true;
    if (a->count != b->count) return false;
    for (size_t i = 0; i < a->count; i++) {
        mdm_type x = a->fields[i].type, y = b->fields[i].type;
        if (x.id != y.id || x.precision != y.precision || x.scale != y.scale) return false;
    }
    return true;
}

mdm_status mdm_profile_add(mdm_profile *profile, const mdm_chunk *chunk, mdm_error *err)
{
    if (!same_types(profile->schema, chunk->schema))
        return mdm_error_set(err, MDM_INVALID, "a profile of one schema given rows of another");
    for (size_t i = 0; i < profile->schema->count; i++)
        if (!add_column(&profile->columns[i], &chunk->columns[i], chunk->rows))
            return mdm_no_memory(err, "a profile");
    profile->rows += chunk->rows;
    return MDM_OK;
}

/* --- merging ----------------------------------------------------------------------- */

static void merge_sequence(mdm_profiled *p, const mdm_profiled *later)
{
    bool between_rises = true, between_falls = true;
    if (p->has_range && later->has_range) {
        int order = mdm_profile_compare(p->kind, &later->kept[MDM_KEPT_FIRST].value,
                                        &p->kept[MDM_KEPT_LAST].value);
        between_rises = order > 0;
        between_falls = order < 0;
    }
    p->increasing = p->increasing && later->increasing && between_rises;
    p->decreasing = p->decreasing && later->decreasing && between_falls;
    if (!p->has_range && later->has_range)
        mdm_profile_keep(p, MDM_KEPT_FIRST, &later->kept[MDM_KEPT_FIRST].value);
    if (later->has_range) mdm_profile_keep(p, MDM_KEPT_LAST, &later->kept[MDM_KEPT_LAST].value);
}

static void merge_range(mdm_profiled *p, const mdm_profiled *later)
{
    if (!later->has_range) return;
    const mdm_profile_value *low = &later->kept[MDM_KEPT_MIN].value;
    const mdm_profile_value *high = &later->kept[MDM_KEPT_MAX].value;
    if (!p->has_range || mdm_profile_compare(p->kind, low, &p->kept[MDM_KEPT_MIN].value) < 0)
        mdm_profile_keep(p, MDM_KEPT_MIN, low);
    if (!p->has_range || mdm_profile_compare(p->kind, high, &p->kept[MDM_KEPT_MAX].value) > 0)
        mdm_profile_keep(p, MDM_KEPT_MAX, high);
    p->has_range = true;
}

static void merge_sample(mdm_profiled *p, const mdm_profiled *later)
{
    for (size_t i = 0; i < later->sample_count && p->sample_count < MDM_PROFILE_SAMPLE; i++) {
        const mdm_profile_value *value = &later->kept[MDM_KEPT_SAMPLE + i].value;
        bool known = false;
        for (size_t k = 0; k < p->sample_count; k++)
            known |= mdm_profile_compare(p->kind, value, &p->kept[MDM_KEPT_SAMPLE + k].value) == 0;
        if (!known) mdm_profile_keep(p, MDM_KEPT_SAMPLE + (int)p->sample_count++, value);
    }
}

static void merge_lengths(mdm_profiled *p, const mdm_profiled *later)
{
    if (later->min_length >= 0 && (p->min_length < 0 || later->min_length < p->min_length))
        p->min_length = later->min_length;
    if (later->max_length > p->max_length) p->max_length = later->max_length;
    p->total_length += later->total_length;
    p->bytes += later->bytes;
}

static bool merge_column(mdm_profiled *p, const mdm_profiled *later)
{
    merge_sequence(p, later);
    merge_range(p, later);
    merge_sample(p, later);
    merge_lengths(p, later);
    p->rows += later->rows;
    p->nulls += later->nulls;
    p->zeros += later->zeros;
    p->negatives += later->negatives;
    p->nans += later->nans;
    p->infinities += later->infinities;
    p->integral &= later->integral;
    mdm_moments_merge(&p->moments, &later->moments);
    p->whole_sum += later->whole_sum;
    mdm_profile_sum(p, later->sum);
    mdm_profile_sum(p, later->sum_error);
    return mdm_profile_distinct_merge(p, later);
}

mdm_status mdm_profile_merge(mdm_profile *profile, const mdm_profile *later, mdm_error *err)
{
    if (!same_types(profile->schema, later->schema))
        return mdm_error_set(err, MDM_INVALID, "profiles of different schemas");
    for (size_t i = 0; i < profile->schema->count; i++)
        if (!merge_column(&profile->columns[i], &later->columns[i]))
            return mdm_no_memory(err, "a profile");
    profile->rows += later->rows;
    return MDM_OK;
}

int64_t mdm_profile_rows(const mdm_profile *profile)
{
    return profile->rows;
}

/* --- figures -------------------------------------------------------------------------- */

static bool has_moments(const mdm_profiled *p)
{
    return p->kind == MDM_PROFILE_WHOLE || p->kind == MDM_PROFILE_REAL ||
           p->kind == MDM_PROFILE_WIDE;
}

static mdm_int128 narrow_sum(mdm_wide sum)
{
    mdm_wide_bits bits = (mdm_wide_bits)sum;
    return (mdm_int128){(uint64_t)bits, (int64_t)(uint64_t)(bits >> 64)};
}

/* Equal values have no spread, whatever rounding says. */
static mdm_moments exact_moments(const mdm_profiled *p)
{
    mdm_moments m = p->moments;
    if (p->has_range && mdm_profile_compare(p->kind, &p->kept[MDM_KEPT_MIN].value,
                                            &p->kept[MDM_KEPT_MAX].value) == 0)
        m.m2 = m.m3 = m.m4 = 0;
    return m;
}

static void show_moments(const mdm_profiled *p, mdm_column_profile *out)
{
    const double unknown = (double)NAN;
    out->sum = out->mean = out->variance = out->std = out->skewness = out->kurtosis = unknown;
    if (!has_moments(p) || (p->kind == MDM_PROFILE_REAL && p->infinities)) return;
    bool whole = p->kind == MDM_PROFILE_WHOLE;
    out->sum = whole ? (double)p->whole_sum : p->sum + p->sum_error;
    out->whole_sum = narrow_sum(p->whole_sum);
    if (p->moments.n == 0) return;
    mdm_moments m = exact_moments(p);
    out->mean = whole ? (double)p->whole_sum / m.n : m.mean;
    out->variance = mdm_moments_variance(&m);
    out->std = sqrt(out->variance);
    out->skewness = mdm_moments_skewness(&m);
    out->kurtosis = mdm_moments_kurtosis(&m);
}

/* Rows in strict order have no value twice: then the count is exact whatever the table held. */
static void show_distinct(const mdm_profiled *p, mdm_column_profile *out)
{
    int64_t values = p->rows - p->nulls - p->nans;
    out->increasing = p->increasing && p->rows > 0;
    out->decreasing = p->decreasing && p->rows > 0;
    if (!p->sketch) {
        out->distinct = (int64_t)mdm_frequency_distinct(&p->frequency);
        out->distinct_exact = true;
    } else if (p->increasing || p->decreasing) {
        out->distinct = values;
        out->distinct_exact = true;
    } else {
        double estimate = mdm_sketch_count(p->sketch);
        out->distinct = estimate < (double)values ? (int64_t)(estimate + 0.5) : values;
    }
    /* An estimate of less than nine tenths is twelve standard errors away from all. */
    bool fewer = p->repeated || p->nulls > 0 || p->nans > 0 ||
                 (out->distinct_exact ? out->distinct < values
                                      : (double)out->distinct < 0.9 * (double)values);
    out->unique = fewer ? MDM_NO : out->distinct_exact ? MDM_YES : MDM_UNKNOWN;
}

/* --- the most frequent ------------------------------------------------------------------ */

static bool comes_before(const mdm_profiled *p, const mdm_profile_value *a, int64_t a_count,
                         const mdm_profile_value *b, int64_t b_count)
{
    if (a_count != b_count) return a_count > b_count;
    return mdm_profile_compare(p->kind, a, b) < 0;
}

/* Texts of the top values are kept apart: those of a table move when it grows. */
static char *slot_text(const mdm_profiled *p, size_t slot)
{
    return p->shown_text + slot * MDM_PROFILE_TEXT;
}

static void copy_top(const mdm_profiled *p, mdm_column_profile *out, size_t to,
                     mdm_profile_value value, int64_t count)
{
    if (p->kind == MDM_PROFILE_BYTES) {
        size_t len = mdm_profile_cut(p, value.bytes);
        if (len) memmove(slot_text(p, to), value.bytes.data, len);
        value.bytes = (mdm_str){slot_text(p, to), len};
    }
    out->top[to].value = value;
    out->top[to].count = count;
}

/* Insert in order; the last one falls out when there are too many. */
static void offer_top(const mdm_profiled *p, mdm_column_profile *out,
                      const mdm_profile_value *value, int64_t count)
{
    size_t at = out->top_count;
    while (at > 0 && comes_before(p, value, count, &out->top[at - 1].value, out->top[at - 1].count))
        at--;
    if (at == MDM_PROFILE_TOP) return;
    if (out->top_count < MDM_PROFILE_TOP) out->top_count++;
    for (size_t i = out->top_count - 1; i > at; i--)
        copy_top(p, out, i, out->top[i - 1].value, out->top[i - 1].count);
    copy_top(p, out, at, *value, count);
}

static mdm_profile_value long_value(const mdm_profiled *p, const mdm_text_count *entry)
{
    mdm_profile_value value = {.bytes = {p->frequency.texts + entry->at, entry->len}};
    if (p->kind == MDM_PROFILE_WIDE)
        memcpy(&value.decimal, p->frequency.texts + entry->at, sizeof value.decimal);
    return value;
}

static void show_top(const mdm_profiled *p, mdm_column_profile *out)
{
    const mdm_frequency *f = &p->frequency;
    for (size_t i = 0; i < f->word_slots; i++) {
        if (!f->words[i].count) continue;
        char room[8];
        mdm_profile_value value = mdm_profile_word_value(p, f->words[i].word, room);
        offer_top(p, out, &value, (int64_t)f->words[i].count);
    }
    for (size_t i = 0; i < f->long_slots; i++) {
        if (!f->longs[i].count) continue;
        mdm_profile_value value = long_value(p, &f->longs[i]);
        offer_top(p, out, &value, (int64_t)f->longs[i].count);
    }
}

mdm_status mdm_profile_column(mdm_profile *profile, size_t column, const mdm_column_profile **out,
                              mdm_error *err)
{
    mdm_profiled *p = &profile->columns[column];
    *out = NULL;
    if (p->kind == MDM_PROFILE_BYTES && !p->shown_text) {
        p->shown_text = mdm_alloc((size_t)MDM_PROFILE_TOP * MDM_PROFILE_TEXT);
        if (!p->shown_text) return mdm_no_memory(err, "a profile");
    }
    int64_t values = p->rows - p->nulls;
    p->shown = (mdm_column_profile){
        .name = profile->schema->fields[column].name,
        .type = p->type,
        .rows = p->rows,
        .nulls = p->nulls,
        .zeros = p->zeros,
        .negatives = p->negatives,
        .nans = p->nans,
        .infinities = p->infinities,
        .has_range = p->has_range,
        .min = p->kept[MDM_KEPT_MIN].value,
        .max = p->kept[MDM_KEPT_MAX].value,
        .integral = p->integral && has_moments(p),
        .min_length = p->min_length,
        .max_length = p->max_length,
        .mean_length =
            values && p->max_length >= 0 ? (double)p->total_length / (double)values : (double)NAN,
        .bytes = p->bytes,
        .sample_count = p->sample_count,
    };
    for (size_t i = 0; i < p->sample_count; i++)
        p->shown.sample[i] = p->kept[MDM_KEPT_SAMPLE + i].value;
    show_moments(p, &p->shown);
    show_distinct(p, &p->shown);
    show_top(p, &p->shown);
    *out = &p->shown;
    return MDM_OK;
}
