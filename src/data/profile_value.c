/* Values that a profile keeps: comparing, copying, showing. */
#include <string.h>

#include "data/profile_state.h"

static int compare_bytes(mdm_str a, mdm_str b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = shorter ? memcmp(a.data, b.data, shorter) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

int mdm_profile_compare(mdm_profile_kind kind, const mdm_profile_value *a,
                        const mdm_profile_value *b)
{
    switch (kind) {
    case MDM_PROFILE_REAL: return (a->real > b->real) - (a->real < b->real);
    case MDM_PROFILE_BYTES: return compare_bytes(a->bytes, b->bytes);
    case MDM_PROFILE_WIDE: {
        mdm_wide x = mdm_wide_of(a->decimal), y = mdm_wide_of(b->decimal);
        return (x > y) - (x < y);
    }
    case MDM_PROFILE_NOTHING:
    case MDM_PROFILE_WHOLE:
    case MDM_PROFILE_POINT: break;
    }
    return (a->integer > b->integer) - (a->integer < b->integer);
}

size_t mdm_profile_cut(const mdm_profiled *p, mdm_str bytes)
{
    if (bytes.len <= MDM_PROFILE_TEXT) return bytes.len;
    size_t len = MDM_PROFILE_TEXT;
    while (p->type.id == MDM_TYPE_TEXT && len > 0 &&
           ((unsigned char)bytes.data[len] & 0xc0) == 0x80)
        len--;
    return len;
}

void mdm_profile_keep(mdm_profiled *p, int which, const mdm_profile_value *value)
{
    mdm_kept *kept = &p->kept[which];
    kept->value = *value;
    if (p->kind != MDM_PROFILE_BYTES) return;
    size_t len = mdm_profile_cut(p, value->bytes);
    if (len) memmove(kept->text, value->bytes.data, len);
    kept->value.bytes = (mdm_str){kept->text, len};
}

void mdm_profile_fresh(mdm_profiled *p, const mdm_profile_value *value)
{
    if (p->sample_count < MDM_PROFILE_SAMPLE)
        mdm_profile_keep(p, MDM_KEPT_SAMPLE + (int)p->sample_count++, value);
    if (p->kind != MDM_PROFILE_BYTES) return;
    if (mdm_profile_compare(p->kind, value, &p->kept[MDM_KEPT_MIN].value) < 0)
        mdm_profile_keep(p, MDM_KEPT_MIN, value);
    if (mdm_profile_compare(p->kind, value, &p->kept[MDM_KEPT_MAX].value) > 0)
        mdm_profile_keep(p, MDM_KEPT_MAX, value);
}

mdm_str mdm_profile_text(mdm_type type, const mdm_profile_value *value, char *room, size_t size)
{
    const int8_t int8 = (int8_t)value->integer;
    const int16_t int16 = (int16_t)value->integer;
    const int32_t int32 = (int32_t)value->integer;
    const float real32 = (float)value->real;
    int32_t offsets[2] = {0, 0};
    mdm_column cell = {.type = type, .values = value};
    switch (type.id) {
    case MDM_TYPE_INT8: cell.values = &int8; break;
    case MDM_TYPE_INT16: cell.values = &int16; break;
    case MDM_TYPE_INT32:
    case MDM_TYPE_DATE: cell.values = &int32; break;
    case MDM_TYPE_FLOAT: cell.values = &real32; break;
    case MDM_TYPE_TEXT:
    case MDM_TYPE_BLOB:
        cell.values = value->bytes.data;
        offsets[1] = (int32_t)value->bytes.len;
        cell.offsets = offsets;
        break;
    default: break; /* BOOL too: bit 0 of the integer */
    }
    return mdm_cell_text(&cell, 0, room, size);
}
