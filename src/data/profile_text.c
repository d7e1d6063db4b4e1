/* Texts and blobs. While distinct values are counted, a text seen before can change neither
 * the range nor the sample, so most cells cost a hash and a compare. */
#include "data/profile_state.h"

enum { BLOCK = 1024 };

/* No byte of 0x80 or more. */
static bool is_ascii(const char *bytes, size_t len)
{
    uint64_t all = 0;
    size_t i = 0;
    for (; i + 8 <= len; i += 8) {
        uint64_t word;
        memcpy(&word, bytes + i, sizeof word);
        all |= word;
    }
    for (; i < len; i++)
        all |= (unsigned char)bytes[i];
    return (all & UINT64_C(0x8080808080808080)) == 0;
}

static int64_t count_characters(mdm_str text)
{
    int64_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += ((unsigned char)text.data[i] & 0xc0) != 0x80;
    return count;
}

/* What one call gathers: texts of one chunk. */
typedef struct text_run {
    mdm_profiled *profiled;
    int64_t min, max, total, bytes; /* lengths in characters; bytes */
    mdm_str last;                   /* the text before, as long as the order is of interest */
    size_t count;
    uint64_t *words; /* short texts that are not counted yet, at most BLOCK */
} text_run;

static bool flush(text_run *run)
{
    size_t count = run->count;
    run->count = 0;
    return mdm_profile_words(run->profiled, run->words, count);
}

/* Short ones wait for each other; a long one lets them go first, for the sample is in order. */
static bool count_text(text_run *run, mdm_str text)
{
    if (text.len > MDM_SHORT_TEXT) return flush(run) && mdm_profile_long(run->profiled, text);
    run->words[run->count++] = mdm_short_text(text.data, text.len);
    return run->count < BLOCK || flush(run);
}

static void widen_range(mdm_profiled *p, const mdm_profile_value *value)
{
    if (!p->has_range || mdm_profile_compare(p->kind, value, &p->kept[MDM_KEPT_MIN].value) < 0)
        mdm_profile_keep(p, MDM_KEPT_MIN, value);
    if (!p->has_range || mdm_profile_compare(p->kind, value, &p->kept[MDM_KEPT_MAX].value) > 0)
        mdm_profile_keep(p, MDM_KEPT_MAX, value);
    p->has_range = true;
}

static void add_sequence(text_run *run, mdm_str text)
{
    mdm_profiled *p = run->profiled;
    if (run->last.data) {
        mdm_profile_value before = {.bytes = run->last}, value = {.bytes = text};
        int order = mdm_profile_compare(p->kind, &value, &before);
        p->increasing &= order > 0;
        p->decreasing &= order < 0;
    }
    run->last = text;
}

static bool add_text(text_run *run, mdm_str text, int64_t length)
{
    mdm_profiled *p = run->profiled;
    run->min = length < run->min ? length : run->min;
    run->max = length > run->max ? length : run->max;
    run->total += length;
    run->bytes += (int64_t)text.len;
    if (p->increasing || p->decreasing) add_sequence(run, text);
    if (p->sketch || !p->has_range) {
        mdm_profile_value value = {.bytes = text};
        if (!p->has_range) mdm_profile_keep(p, MDM_KEPT_FIRST, &value);
        widen_range(p, &value);
    }
    return count_text(run, text);
}

static void end_run(text_run *run)
{
    mdm_profiled *p = run->profiled;
    if (run->max >= 0) {
        if (run->min < p->min_length || p->min_length < 0) p->min_length = run->min;
        if (run->max > p->max_length) p->max_length = run->max;
    }
    p->total_length += run->total;
    p->bytes += run->bytes;
    if (run->last.data && (p->increasing || p->decreasing)) {
        mdm_profile_value value = {.bytes = run->last};
        mdm_profile_keep(p, MDM_KEPT_LAST, &value);
    }
}

bool mdm_profile_add_bytes(mdm_profiled *p, const mdm_column *column, int64_t rows)
{
    const int32_t *offsets = column->offsets;
    const char *bytes = column->values;
    bool one_each = rows == 0 || p->type.id == MDM_TYPE_BLOB ||
                    is_ascii(bytes + offsets[0], (size_t)(offsets[rows] - offsets[0]));
    uint64_t words[BLOCK];
    text_run run = {.profiled = p, .words = words, .min = INT64_MAX, .max = -1};
    if (p->has_range) run.last = p->kept[MDM_KEPT_LAST].value.bytes;
    for (int64_t r = 0; r < rows; r++) {
        if (!mdm_column_is_set(column, r)) continue;
        mdm_str text = mdm_column_bytes(column, r);
        if (!add_text(&run, text, one_each ? (int64_t)text.len : count_characters(text)))
            return false;
    }
    end_run(&run);
    return flush(&run);
}
