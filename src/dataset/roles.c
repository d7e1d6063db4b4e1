#include "dataset/roles.h"

#include <ctype.h>
#include <string.h>

#include "base/text.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

const char *mdm_role_text(mdm_role role)
{
    static const char *const words[] = {
        [MDM_ROLE_NUMERIC] = "numeric",   [MDM_ROLE_CATEGORICAL] = "categorical",
        [MDM_ROLE_DATETIME] = "datetime", [MDM_ROLE_TEXT] = "text",
        [MDM_ROLE_ID] = "id",             [MDM_ROLE_TARGET] = "target",
    };
    return words[role];
}

static bool is_one_of(mdm_str word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (mdm_str_equal_nocase(word, mdm_str_from(words[i]))) return true;
    return false;
}

/* --- ids -------------------------------------------------------------------- */

static bool ends_nocase(mdm_str text, mdm_str suffix)
{
    return text.len >= suffix.len &&
           mdm_str_equal_nocase((mdm_str){text.data + text.len - suffix.len, suffix.len}, suffix);
}

static bool starts_nocase(mdm_str text, mdm_str prefix)
{
    return text.len >= prefix.len && mdm_str_equal_nocase((mdm_str){text.data, prefix.len}, prefix);
}

/* "PassengerId", "userID": the ending begins with a capital behind something that is none. */
static bool ends_in_word_id(mdm_str name)
{
    if (name.len < 3 || !ends_nocase(name, MDM_STR("id"))) return false;
    const char *end = name.data + name.len;
    return end[-2] == 'I' && (end[-1] == 'd' || islower((unsigned char)end[-3]) ||
                              isdigit((unsigned char)end[-3]));
}

bool mdm_role_is_id_name(const char *name)
{
    static const char *const whole[] = {
        "id",          "index",     "idx",           "key",       "pk",        "rowid",
        "recordid",    "customerid", "userid",       "orderid",   "sessionid", "transactionid",
        "patientid",   "productid", "itemid",
    };
    static const char *const endings[] = {"_id", "_idx", "_key", "_pk"};
    const mdm_str text = mdm_str_from(name);
    if (is_one_of(text, whole, COUNT(whole))) return true;
    for (size_t i = 0; i < COUNT(endings); i++)
        if (ends_nocase(text, mdm_str_from(endings[i]))) return true;
    return starts_nocase(text, MDM_STR("id_")) || ends_in_word_id(text);
}

bool mdm_role_is_id(const mdm_column_profile *column)
{
    if (mdm_role_is_id_name(column->name)) return true;
    return ends_nocase(mdm_str_from(column->name), MDM_STR("id")) && column->unique == MDM_YES &&
           column->rows > 0;
}

/* --- column types ------------------------------------------------------------- */

mdm_role mdm_role_of(const mdm_column_profile *column, const mdm_role_options *options)
{
    if (column->rows == column->nulls) return MDM_ROLE_CATEGORICAL;
    switch (column->type.id) {
    case MDM_TYPE_NULL:
    case MDM_TYPE_BOOL: return MDM_ROLE_CATEGORICAL;
    case MDM_TYPE_DATE:
    case MDM_TYPE_TIME:
    case MDM_TYPE_TIMESTAMP:
    case MDM_TYPE_TIMESTAMPTZ: return MDM_ROLE_DATETIME;
    case MDM_TYPE_TEXT:
        return column->distinct <= options->categorical_threshold &&
                       column->mean_length < options->text_min_length
                   ? MDM_ROLE_CATEGORICAL
                   : MDM_ROLE_TEXT;
    case MDM_TYPE_BLOB: return MDM_ROLE_TEXT;
    default: return MDM_ROLE_NUMERIC;
    }
}

/* --- problem type --------------------------------------------------------------- */

#define BINARY "binary_classification"
#define MULTICLASS "multiclass_classification"
#define REGRESSION "regression"
#define TIME_SERIES "time_series"
#define CLUSTERING "clustering"

/* Does one of the words stand in name by itself ("salePrice" and "sale_price" hold price, "Damaged"
 * does not hold age)? A word begins behind no letter or with a capital and ends before no small letter. */
static bool holds_word(const char *name, const char *const *words, size_t count)
{
    for (size_t w = 0; w < count; w++) {
        const size_t len = strlen(words[w]);
        for (const char *at = name; strlen(at) >= len; at++) {
            if (strncasecmp(at, words[w], len) != 0) continue;
            const unsigned char before = at == name ? 0 : (unsigned char)at[-1];
            const unsigned char after = (unsigned char)at[len];
            const bool begins = !isalpha(before) || (isupper((unsigned char)*at) && islower(before));
            if (begins && !islower(after)) return true;
        }
    }
    return false;
}

static bool is_number(mdm_type_id type)
{
    return type >= MDM_TYPE_INT8 && type <= MDM_TYPE_DECIMAL;
}

const char *mdm_problem_type_of(const mdm_column_profile *target)
{
    static const char *const amounts[] = {
        "price", "cost",    "amount", "value",       "score",  "rating", "count",  "quantity",
        "sales", "revenue", "profit", "temperature", "weight", "height", "age",    "salary",
    };
    static const char *const classes[] = {
        "class", "category", "type", "label", "target", "is", "has", "flag", "binary", "status",
    };
    const int64_t values = target->rows - target->nulls;
    const int64_t distinct = target->distinct;
    if (values == 0)
        return holds_word(target->name, classes, COUNT(classes)) ? MULTICLASS : NULL;
    if (distinct == 2) return BINARY;
    if (is_number(target->type.id) && holds_word(target->name, amounts, COUNT(amounts)))
        return REGRESSION;
    if (distinct < 20 && (double)distinct < 0.1 * (double)values) return MULTICLASS;
    if (target->type.id == MDM_TYPE_TEXT || target->type.id == MDM_TYPE_BOOL)
        return distinct <= 20 ? MULTICLASS : NULL;
    if (!is_number(target->type.id)) return NULL;
    return target->integral && distinct <= 20 ? MULTICLASS : REGRESSION;
}

mdm_status mdm_problem_type_parse(const char *text, const char **out, mdm_error *err)
{
    static const struct {
        const char *word, *stored;
    } words[] = {
        {BINARY, BINARY},           {"binary", BINARY},           {MULTICLASS, MULTICLASS},
        {"multiclass", MULTICLASS}, {"classification", MULTICLASS}, {REGRESSION, REGRESSION},
        {TIME_SERIES, TIME_SERIES}, {"time-series", TIME_SERIES}, {CLUSTERING, CLUSTERING},
    };
    for (size_t i = 0; i < COUNT(words); i++)
        if (mdm_str_equal_nocase(mdm_str_from(text), mdm_str_from(words[i].word))) {
            *out = words[i].stored;
            return MDM_OK;
        }
    return mdm_error_set(err, MDM_INVALID,
                         "problem type '%s' is none of " BINARY ", " MULTICLASS ", " REGRESSION
                         ", " TIME_SERIES ", " CLUSTERING,
                         text);
}

/* --- submissions ------------------------------------------------------------------- */

size_t mdm_submission_target(const char *const *names, size_t count)
{
    for (size_t i = count; i-- > 0;)
        if (!mdm_role_is_id_name(names[i])) return i;
    return count == 2 ? 1 : SIZE_MAX;
}
