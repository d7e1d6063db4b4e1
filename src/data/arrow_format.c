#include "data/arrow_format.h"

#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

/* Formats that are one word. A format of our own list is not here unless its buffers differ. */
static const struct word {
    const char *format;
    mdm_arrow_field field;
} words[] = {
    {"n", {.type = {MDM_TYPE_NULL, 0, 0}, .kind = MDM_ARROW_NULL}},
    {"b", {.type = {MDM_TYPE_BOOL, 0, 0}, .kind = MDM_ARROW_BITS}},
    {"c", {.type = {MDM_TYPE_INT8, 0, 0}, .kind = MDM_ARROW_FIXED, .width = 1}},
    {"s", {.type = {MDM_TYPE_INT16, 0, 0}, .kind = MDM_ARROW_FIXED, .width = 2}},
    {"i", {.type = {MDM_TYPE_INT32, 0, 0}, .kind = MDM_ARROW_FIXED, .width = 4}},
    {"l", {.type = {MDM_TYPE_INT64, 0, 0}, .kind = MDM_ARROW_FIXED, .width = 8}},
    {"C", {.type = {MDM_TYPE_INT16, 0, 0}, .kind = MDM_ARROW_UNSIGNED, .width = 1}},
    {"S", {.type = {MDM_TYPE_INT32, 0, 0}, .kind = MDM_ARROW_UNSIGNED, .width = 2}},
    {"I", {.type = {MDM_TYPE_INT64, 0, 0}, .kind = MDM_ARROW_UNSIGNED, .width = 4}},
    {"L", {.type = {MDM_TYPE_DECIMAL, 20, 0}, .kind = MDM_ARROW_UNSIGNED, .width = 8}},
    {"e", {.type = {MDM_TYPE_FLOAT, 0, 0}, .kind = MDM_ARROW_HALF, .width = 2}},
    {"f", {.type = {MDM_TYPE_FLOAT, 0, 0}, .kind = MDM_ARROW_FIXED, .width = 4}},
    {"g", {.type = {MDM_TYPE_DOUBLE, 0, 0}, .kind = MDM_ARROW_FIXED, .width = 8}},
    {"u", {.type = {MDM_TYPE_TEXT, 0, 0}, .kind = MDM_ARROW_BYTES}},
    {"U", {.type = {MDM_TYPE_TEXT, 0, 0}, .kind = MDM_ARROW_LARGE}},
    {"vu", {.type = {MDM_TYPE_TEXT, 0, 0}, .kind = MDM_ARROW_VIEW, .width = 16}},
    {"z", {.type = {MDM_TYPE_BLOB, 0, 0}, .kind = MDM_ARROW_BYTES}},
    {"Z", {.type = {MDM_TYPE_BLOB, 0, 0}, .kind = MDM_ARROW_LARGE}},
    {"vz", {.type = {MDM_TYPE_BLOB, 0, 0}, .kind = MDM_ARROW_VIEW, .width = 16}},
    {"tdD", {.type = {MDM_TYPE_DATE, 0, 0}, .kind = MDM_ARROW_FIXED, .width = 4}},
    {"tdm",
     {.type = {MDM_TYPE_DATE, 0, 0},
      .kind = MDM_ARROW_SCALED,
      .width = 8,
      .multiplier = 1,
      .divider = 86400000}},
    {"ttu", {.type = {MDM_TYPE_TIME, 0, 0}, .kind = MDM_ARROW_FIXED, .width = 8}},
    {"tts",
     {.type = {MDM_TYPE_TIME, 0, 0},
      .kind = MDM_ARROW_SCALED,
      .width = 4,
      .multiplier = 1000000,
      .divider = 1}},
    {"ttm",
     {.type = {MDM_TYPE_TIME, 0, 0},
      .kind = MDM_ARROW_SCALED,
      .width = 4,
      .multiplier = 1000,
      .divider = 1}},
    {"ttn",
     {.type = {MDM_TYPE_TIME, 0, 0},
      .kind = MDM_ARROW_SCALED,
      .width = 8,
      .multiplier = 1,
      .divider = 1000}},
};

static bool find_word(const char *format, mdm_arrow_field *out)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].format, format) == 0) return *out = words[i].field, true;
    return false;
}

/* "ts" and a unit, ':' and a zone that may be empty. */
static bool read_timestamp(mdm_str format, mdm_arrow_field *out)
{
    if (format.len < 4 || format.data[3] != ':') return false;
    bool zoned = format.len > 4;
    *out = (mdm_arrow_field){
        .type = {zoned ? MDM_TYPE_TIMESTAMPTZ : MDM_TYPE_TIMESTAMP, 0, 0},
        .kind = MDM_ARROW_SCALED,
        .width = 8,
        .multiplier = 1,
        .divider = 1,
    };
    switch (format.data[2]) {
    case 's': out->multiplier = 1000000; return true;
    case 'm': out->multiplier = 1000; return true;
    case 'u': out->kind = MDM_ARROW_FIXED; return true;
    case 'n': out->divider = 1000; return true;
    default: return false;
    }
}

/* "d:PRECISION,SCALE" or "d:PRECISION,SCALE,BITS" */
static bool read_decimal(mdm_str format, mdm_arrow_field *out)
{
    mdm_str rest = {format.data + 2, format.len - 2};
    int64_t precision, scale, bits = 128;
    if (!mdm_str_to_int(mdm_str_split(&rest, ','), &precision)) return false;
    if (!mdm_str_to_int(mdm_str_split(&rest, ','), &scale)) return false;
    if (rest.len && !mdm_str_to_int(rest, &bits)) return false;
    if (precision < 1 || precision > 38 || scale < 0 || scale > precision) return false;
    if (bits != 32 && bits != 64 && bits != 128) return false;
    *out = (mdm_arrow_field){
        .type = {MDM_TYPE_DECIMAL, (uint8_t)precision, (uint8_t)scale},
        .kind = bits == 128 ? MDM_ARROW_FIXED : MDM_ARROW_DECIMAL,
        .width = (size_t)bits / 8,
    };
    return true;
}

/* "w:BYTES" */
static bool read_blocks(mdm_str format, mdm_arrow_field *out)
{
    int64_t width;
    if (!mdm_str_to_int((mdm_str){format.data + 2, format.len - 2}, &width) || width < 0)
        return false;
    *out = (mdm_arrow_field){
        .type = {MDM_TYPE_BLOB, 0, 0}, .kind = MDM_ARROW_BLOCKS, .width = (size_t)width};
    return true;
}

static bool read_format(const char *text, mdm_arrow_field *out)
{
    mdm_str format = mdm_str_from(text);
    if (mdm_str_starts(format, MDM_STR("ts"))) return read_timestamp(format, out);
    if (mdm_str_starts(format, MDM_STR("d:"))) return read_decimal(format, out);
    if (mdm_str_starts(format, MDM_STR("w:"))) return read_blocks(format, out);
    return find_word(text, out);
}

static mdm_status unsupported(const struct ArrowSchema *arrow, mdm_error *err)
{
    return mdm_error_set(err, MDM_UNSUPPORTED, "column '%s': values of Arrow format '%s'",
                         arrow->name ? arrow->name : "", arrow->format);
}

/* The format of the schema itself is the one of the indexes. */
static mdm_status read_dictionary(const struct ArrowSchema *arrow, mdm_arrow_field *out,
                                  mdm_error *err)
{
    static const char index_formats[] = "cCsSiIlL";
    const char *found =
        arrow->format[0] && !arrow->format[1] ? strchr(index_formats, arrow->format[0]) : NULL;
    if (!found || arrow->dictionary->dictionary) return unsupported(arrow, err);
    size_t at = (size_t)(found - index_formats);
    mdm_arrow_field values;
    if (!read_format(arrow->dictionary->format, &values)) {
        return mdm_error_set(err, MDM_UNSUPPORTED,
                             "column '%s': a dictionary of values of Arrow format '%s'",
                             arrow->name ? arrow->name : "", arrow->dictionary->format);
    }
    *out = (mdm_arrow_field){
        .type = values.type,
        .kind = MDM_ARROW_DICTIONARY,
        .width = (size_t)1 << (at / 2),
        .signed_index = at % 2 == 0,
        .values = mdm_alloc(sizeof *out->values),
    };
    if (!out->values) return mdm_no_memory(err, "an Arrow schema");
    *out->values = values;
    return MDM_OK;
}

mdm_status mdm_arrow_field_read(const struct ArrowSchema *arrow, mdm_arrow_field *out,
                                mdm_error *err)
{
    *out = (mdm_arrow_field){0};
    if (arrow->dictionary) return read_dictionary(arrow, out, err);
    return read_format(arrow->format, out) ? MDM_OK : unsupported(arrow, err);
}

void mdm_arrow_field_clear(mdm_arrow_field *field)
{
    mdm_free(field->values);
    field->values = NULL;
}
