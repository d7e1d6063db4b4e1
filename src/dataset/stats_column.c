#include <math.h>

#include "dataset/stats.h"

static json_t *real_json(double number)
{
    return isfinite(number) ? json_real(number) : json_null();
}

static const char *pandas_word(mdm_type_id type, int64_t nulls)
{
    switch (type) {
    case MDM_TYPE_BOOL: return nulls ? "object" : "bool";
    case MDM_TYPE_INT8:
    case MDM_TYPE_INT16:
    case MDM_TYPE_INT32:
    case MDM_TYPE_INT64: return nulls ? "float64" : "int64";
    case MDM_TYPE_FLOAT: return "float32";
    case MDM_TYPE_DOUBLE: return "float64";
    case MDM_TYPE_TIMESTAMP:
    case MDM_TYPE_DATE: return "datetime64[ns]";
    case MDM_TYPE_TIMESTAMPTZ: return "datetime64[ns, UTC]";
    default: return "object";
    }
}

static bool is_number(mdm_type_id type)
{
    return type >= MDM_TYPE_BOOL && type <= MDM_TYPE_DECIMAL;
}

/* A value as JSON has it: numbers as numbers, dates and text as text. */
static json_t *value_json(mdm_type type, const mdm_profile_value *value)
{
    char room[600];
    switch (type.id) {
    case MDM_TYPE_BOOL: return json_boolean(value->integer != 0);
    case MDM_TYPE_INT8:
    case MDM_TYPE_INT16:
    case MDM_TYPE_INT32:
    case MDM_TYPE_INT64: return json_integer(value->integer);
    case MDM_TYPE_FLOAT:
    case MDM_TYPE_DOUBLE: return real_json(value->real);
    default: {
        const mdm_str text = mdm_profile_text(type, value, room, sizeof room);
        json_t *string = json_stringn(text.data, text.len);
        return string ? string : json_null(); /* a BLOB's bytes are no text */
    }
    }
}

/* Whole days between the first and the last moment. */
static json_t *range_days(const mdm_column_profile *p)
{
    const int64_t day = INT64_C(86400000000);
    const int64_t first = p->min.integer, last = p->max.integer;
    if (!p->has_range || p->infinities) return json_null();
    if (p->type.id == MDM_TYPE_DATE) return json_integer(last - first);
    return json_integer(last / day - first / day);
}

static void add_counts(json_t *o, const mdm_column_profile *p)
{
    json_t *counts = json_object();
    for (size_t i = 0; i < p->top_count; i++) {
        char room[600];
        const mdm_str text = mdm_profile_text(p->type, &p->top[i].value, room, sizeof room);
        json_t *key = json_stringn(text.data, text.len);
        if (key) json_object_set_new(counts, json_string_value(key), json_integer(p->top[i].count));
        json_decref(key);
    }
    json_object_set_new(o, "value_counts", counts);
    if (!p->top_count) return;
    json_object_set_new(o, "most_frequent", value_json(p->type, &p->top[0].value));
    json_object_set_new(o, "most_frequent_count", json_integer(p->top[0].count));
}

json_t *mdm_stats_column(const mdm_column_profile *p)
{
    const int64_t values = p->rows - p->nulls;
    json_t *o = json_object();
    json_object_set_new(o, "dtype", json_string(pandas_word(p->type.id, p->nulls)));
    json_object_set_new(o, "null_count", json_integer(p->nulls));
    json_object_set_new(o, "null_percentage",
                        json_real(p->rows ? 100.0 * (double)p->nulls / (double)p->rows : 0));
    json_object_set_new(o, "unique_count", json_integer(p->distinct));
    json_object_set_new(o, "unique_exact", json_boolean(p->distinct_exact));
    json_object_set_new(o, "cardinality", json_real(values ? (double)p->distinct / (double)values : 0));
    if (p->has_range) {
        json_object_set_new(o, "min", value_json(p->type, &p->min));
        json_object_set_new(o, "max", value_json(p->type, &p->max));
    }
    if (is_number(p->type.id)) {
        json_object_set_new(o, "mean", real_json(p->mean));
        json_object_set_new(o, "std", real_json(p->std));
        json_object_set_new(o, "skewness", real_json(p->skewness));
        json_object_set_new(o, "kurtosis", real_json(p->kurtosis));
        json_object_set_new(o, "zeros", json_integer(p->zeros));
        json_object_set_new(o, "negatives", json_integer(p->negatives));
    }
    if (p->type.id == MDM_TYPE_DATE || p->type.id == MDM_TYPE_TIMESTAMP ||
        p->type.id == MDM_TYPE_TIMESTAMPTZ)
        json_object_set_new(o, "range_days", range_days(p));
    if (p->min_length >= 0) {
        json_object_set_new(o, "min_length", json_integer(p->min_length));
        json_object_set_new(o, "max_length", json_integer(p->max_length));
        json_object_set_new(o, "mean_length", real_json(p->mean_length));
    }
    add_counts(o, p);
    return o;
}
