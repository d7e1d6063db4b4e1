/* Texts and blobs. While distinct values are counted, a text seen before can change neither
 * the range nor the sample, so most cells cost a hash and a compare. */
#include "data/profile_state.h"

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
    for (; i < len; i++) all |= (unsigned char)bytes[i];
    return (all & UINT64_C(0x8080808080808080)) == 0;
}

static int64_t count_characters(mdm_str text)
{
    int64_t count = 0;
    for (size_t i = 0; i < text.len; i++) count += ((unsigned char)text.data[i] & 0xc0) != 0x80;
    return count;
}

static void add_length(mdm_profiled *p, int64_t length)
{
    if (length < p->min_length || p->min_length < 0) p->min_length = length;
    if (length > p->max_length) p->max_length = length;
    p->total_length += length;
}

static void widen_range(mdm_profiled *p, const mdm_profile_value *value)
{
    if (!p->has_range || mdm_profile_compare(p->kind, value, &p->kept[MDM_KEPT_MIN].value) < 0)
        mdm_profile_keep(p, MDM_KEPT_MIN, value);
    if (!p->has_range || mdm_profile_compare(p->kind, value, &p->kept[MDM_KEPT_MAX].value) > 0)
        mdm_profile_keep(p, MDM_KEPT_MAX, value);
    p->has_range = true;
}

static void add_sequence(mdm_profiled *p, mdm_str *last, mdm_str text)
{
    if (last->data) {
        mdm_profile_value a = {.bytes = *last}, b = {.bytes = text};
        int order = mdm_profile_compare(p->kind, &b, &a);
        p->increasing &= order > 0;
        p->decreasing &= order < 0;
    }
    *last = text;
}

bool mdm_profile_add_bytes(mdm_profiled *p, const mdm_column *column, int64_t rows)
{
    const int32_t *offsets = column->offsets;
    const char *bytes = column->values;
    bool one_each = rows == 0 || p->type.id == MDM_TYPE_BLOB ||
                    is_ascii(bytes + offsets[0], (size_t)(offsets[rows] - offsets[0]));
    mdm_str last = p->has_range ? p->kept[MDM_KEPT_LAST].value.bytes : (mdm_str){0};
    for (int64_t r = 0; r < rows; r++) {
        if (!mdm_column_is_set(column, r)) continue;
        mdm_profile_value value = {.bytes = mdm_column_bytes(column, r)};
        add_length(p, one_each ? (int64_t)value.bytes.len : count_characters(value.bytes));
        p->bytes += (int64_t)value.bytes.len;
        if (p->increasing || p->decreasing) add_sequence(p, &last, value.bytes);
        if (!p->has_range) mdm_profile_keep(p, MDM_KEPT_FIRST, &value);
        if (p->sketch || !p->has_range) widen_range(p, &value);
        if (!mdm_profile_bytes(p, value.bytes)) return false;
    }
    if (last.data && (p->increasing || p->decreasing)) {
        mdm_profile_value value = {.bytes = last};
        mdm_profile_keep(p, MDM_KEPT_LAST, &value);
    }
    return true;
}
