/* The words for types: how they are shown, and what a user may write for them. */
#include "mdm/chunk.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { MAX_PRECISION = 38, DEFAULT_PRECISION = 18, DEFAULT_SCALE = 3 };

static const char *const words[MDM_TYPE_COUNT] = {
#define X(name, format, word, bytes) [MDM_TYPE_##name] = word,
    MDM_TYPE_LIST(X)
#undef X
};

/* Besides the words above. "int" is what Python and pandas call a whole number, 64 bits wide;
 * INTEGER is SQL's 32 bits. */
static const struct alias {
    const char *word;
    mdm_type_id id;
} aliases[] = {
    {"bool", MDM_TYPE_BOOL},          {"int8", MDM_TYPE_INT8},
    {"int16", MDM_TYPE_INT16},        {"int32", MDM_TYPE_INT32},
    {"int64", MDM_TYPE_INT64},        {"int", MDM_TYPE_INT64},
    {"float32", MDM_TYPE_FLOAT},      {"float64", MDM_TYPE_DOUBLE},
    {"real", MDM_TYPE_DOUBLE},        {"numeric", MDM_TYPE_DECIMAL},
    {"text", MDM_TYPE_TEXT},          {"string", MDM_TYPE_TEXT},
    {"str", MDM_TYPE_TEXT},           {"bytes", MDM_TYPE_BLOB},
    {"datetime", MDM_TYPE_TIMESTAMP}, {"timestamptz", MDM_TYPE_TIMESTAMPTZ},
};

char *mdm_type_text(mdm_type type, char *text)
{
    if (type.id == MDM_TYPE_DECIMAL)
        snprintf(text, 32, "DECIMAL(%d,%d)", type.precision, type.scale);
    else snprintf(text, 32, "%s", words[type.id]);
    return text;
}

static bool find_word(mdm_str word, mdm_type_id *id)
{
    for (mdm_type_id i = MDM_TYPE_BOOL; i < MDM_TYPE_COUNT; i++)
        if (mdm_str_equal_nocase(word, mdm_str_from(words[i]))) return *id = i, true;
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (mdm_str_equal_nocase(word, mdm_str_from(aliases[i].word)))
            return *id = aliases[i].id, true;
    return false;
}

/* "(18,2)" or "(18)", with blanks around the numbers. */
static bool read_digits(mdm_str parentheses, mdm_type *type)
{
    if (!mdm_str_starts(parentheses, MDM_STR("(")) || !mdm_str_ends(parentheses, MDM_STR(")")))
        return false;
    mdm_str inside = {parentheses.data + 1, parentheses.len - 2};
    bool has_scale = inside.len && memchr(inside.data, ',', inside.len);
    int64_t precision, scale = 0;
    if (!mdm_str_to_int(mdm_str_trim(mdm_str_split(&inside, ',')), &precision)) return false;
    if (has_scale && !mdm_str_to_int(mdm_str_trim(inside), &scale)) return false;
    if (precision < 1 || precision > MAX_PRECISION || scale < 0 || scale > precision) return false;
    type->precision = (uint8_t)precision;
    type->scale = (uint8_t)scale;
    return true;
}

mdm_status mdm_type_parse(mdm_str word, mdm_type *out, mdm_error *err)
{
    word = mdm_str_trim(word);
    const char *open = word.len ? memchr(word.data, '(', word.len) : NULL;
    mdm_str name = word, parentheses = {0};
    if (open) {
        name = mdm_str_trim((mdm_str){word.data, (size_t)(open - word.data)});
        parentheses = (mdm_str){open, word.len - (size_t)(open - word.data)};
    }

    mdm_type type = {0};
    if (!find_word(name, &type.id) || (open && type.id != MDM_TYPE_DECIMAL))
        return mdm_error_set(
            err, MDM_INVALID,
            "unknown type '%.*s'; types are boolean, tinyint, smallint, integer, "
            "bigint (int), float, double, decimal(p,s), varchar (text), blob, date, "
            "time, timestamp (datetime), timestamptz",
            (int)word.len, word.data);
    if (type.id == MDM_TYPE_DECIMAL) {
        type.precision = DEFAULT_PRECISION;
        type.scale = DEFAULT_SCALE;
        if (open && !read_digits(parentheses, &type))
            return mdm_error_set(
                err, MDM_INVALID,
                "'%.*s': a decimal has 1 to %d digits, of them 0 to all behind the "
                "point: decimal(18,2)",
                (int)word.len, word.data, MAX_PRECISION);
    }
    *out = type;
    return MDM_OK;
}
