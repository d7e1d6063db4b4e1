#include "dataset/catalog.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "data/chunk_internal.h"
#include "dataset/columns.h"
#include "dataset/description.h"
#include "dataset/json.h"

bool mdm_catalog_is_table(const char *name)
{
    return name[0] == '_';
}

/* --- a table made cell by cell --------------------------------------------------------- */

typedef struct sheet {
    mdm_schema *schema;
    mdm_builder *builder;
    size_t column;
    mdm_status status; /* the first failure; cells after it are ignored */
} sheet;

#define T(n) {n, {MDM_TYPE_TEXT, 0, 0}}
#define I(n) {n, {MDM_TYPE_INT64, 0, 0}}
#define R(n) {n, {MDM_TYPE_DOUBLE, 0, 0}}
#define B(n) {n, {MDM_TYPE_BOOL, 0, 0}}

static const mdm_field columns_fields[] = {
    T("table_name"),    T("column_name"), T("dtype"),     T("column_type"), B("nullable"),
    B("unique"),        I("missing_count"), R("missing_ratio"), I("cardinality"), T("min_value"),
    T("max_value"),     R("mean_value"),  R("std_value"), T("sample_values"), T("description"),
    T("metadata"),      T("created_at"),  T("updated_at"),
};
static const mdm_field statistics_fields[] = {
    I("id"),              T("table_name"),      I("row_count"),   I("column_count"),
    R("memory_usage_mb"), I("missing_values"),  T("column_types"), T("numeric_columns"),
    T("categorical_columns"), T("datetime_columns"), T("text_columns"), T("computed_at"),
};
static const mdm_field metadata_fields[] = {
    T("key"), T("value"), T("created_at"), T("updated_at"),
};

#undef T
#undef I
#undef R
#undef B

static void sheet_begin(sheet *s, const mdm_field *fields, size_t count, mdm_error *err)
{
    *s = (sheet){0};
    s->status = mdm_schema_new(fields, count, &s->schema, err);
    if (s->status == MDM_OK) s->status = mdm_builder_open(s->schema, 256, &s->builder, err);
}

static bool next_cell(sheet *s, size_t *column)
{
    if (s->status != MDM_OK) return false;
    *column = s->column;
    s->column = (s->column + 1) % s->schema->count;
    return true;
}

static void put_str(sheet *s, mdm_str text)
{
    size_t c;
    if (!next_cell(s, &c)) return;
    s->status = text.data ? mdm_builder_bytes(s->builder, c, text) : mdm_builder_null(s->builder, c);
}

static void put_text(sheet *s, const char *text)
{
    put_str(s, text ? mdm_str_from(text) : (mdm_str){0});
}

static void put_int(sheet *s, int64_t number)
{
    size_t c;
    if (next_cell(s, &c)) s->status = mdm_builder_int(s->builder, c, number);
}

static void put_real(sheet *s, double number)
{
    size_t c;
    if (!next_cell(s, &c)) return;
    s->status = isnan(number) ? mdm_builder_null(s->builder, c)
                              : mdm_builder_real(s->builder, c, number);
}

/* Takes document over. */
static void put_json(sheet *s, json_t *document)
{
    mdm_text text;
    mdm_text_init(&text);
    mdm_json_put(&text, document, JSON_COMPACT);
    if (text.failed) s->status = MDM_NO_MEMORY;
    else put_str(s, (mdm_str){text.data, text.len});
    mdm_text_clear(&text);
}

static mdm_status sheet_store(sheet *s, mdm_loading *loading, mdm_txn *txn, const char *table,
                              mdm_error *err)
{
    const mdm_target target = {.schema = loading->schema, .table = table, .create = true};
    mdm_chunk *chunk = NULL;
    mdm_stream stream = {0};
    int64_t rows;
    mdm_status status = s->status;
    if (status == MDM_OK) status = mdm_builder_finish(s->builder, &chunk, err);
    else mdm_no_memory(err, "bookkeeping tables");
    if (status == MDM_OK) status = mdm_stream_of_chunks(s->schema, &chunk, 1, &stream, err);
    if (status == MDM_OK) status = mdm_txn_load(txn, &target, &stream, NULL, NULL, &rows, err);
    mdm_chunk_unref(chunk);
    mdm_builder_close(s->builder);
    mdm_schema_unref(s->schema);
    return status;
}

/* --- _columns ------------------------------------------------------------------------------ */

static mdm_str value_text(const mdm_column_profile *p, const mdm_profile_value *value, char *room,
                          size_t size)
{
    return mdm_profile_text(p->type, value, room, size);
}

static json_t *string_of(mdm_str text)
{
    return text.data ? json_stringn_nocheck(text.data, text.len) : json_null();
}

static json_t *samples_json(const mdm_column_profile *p)
{
    json_t *samples = json_array();
    for (size_t i = 0; i < p->sample_count; i++) {
        char room[600];
        json_array_append_new(samples, string_of(value_text(p, &p->sample[i], room, sizeof room)));
    }
    return samples;
}

static json_t *real_json(double number)
{
    return isfinite(number) ? json_real(number) : json_null();
}

static json_t *top_json(const mdm_column_profile *p)
{
    json_t *top = json_array();
    for (size_t i = 0; i < p->top_count; i++) {
        char room[600];
        json_t *pair = json_array();
        json_array_append_new(pair, string_of(value_text(p, &p->top[i].value, room, sizeof room)));
        json_array_append_new(pair, json_integer(p->top[i].count));
        json_array_append_new(top, pair);
    }
    return top;
}

json_t *mdm_catalog_profile_json(const mdm_column_profile *p)
{
    json_t *o = json_object();
    json_object_set_new(o, "rows", json_integer(p->rows));
    json_object_set_new(o, "distinct", json_integer(p->distinct));
    json_object_set_new(o, "distinct_exact", json_boolean(p->distinct_exact));
    json_object_set_new(o, "zeros", json_integer(p->zeros));
    json_object_set_new(o, "negatives", json_integer(p->negatives));
    json_object_set_new(o, "nans", json_integer(p->nans));
    json_object_set_new(o, "infinities", json_integer(p->infinities));
    json_object_set_new(o, "integral", json_boolean(p->integral));
    json_object_set_new(o, "sum", real_json(p->sum));
    json_object_set_new(o, "skewness", real_json(p->skewness));
    json_object_set_new(o, "kurtosis", real_json(p->kurtosis));
    json_object_set_new(o, "bytes", json_integer(mdm_columns_bytes(p)));
    if (p->min_length >= 0) {
        json_object_set_new(o, "min_length", json_integer(p->min_length));
        json_object_set_new(o, "max_length", json_integer(p->max_length));
        json_object_set_new(o, "mean_length", real_json(p->mean_length));
    }
    json_object_set_new(o, "top", top_json(p));
    return o;
}

static void put_column(sheet *s, const mdm_loaded *t, const mdm_column_profile *p, int64_t missing,
                       mdm_role role, const char *now)
{
    char type[32], room[600];
    const mdm_str none = {0};
    put_text(s, t->table);
    put_text(s, p->name);
    put_text(s, mdm_type_text(p->type, type));
    put_text(s, mdm_role_text(role));
    put_int(s, missing > 0);
    put_int(s, p->unique == MDM_YES);
    put_int(s, missing);
    put_real(s, p->rows ? (double)missing / (double)p->rows : 0);
    put_int(s, p->distinct);
    put_str(s, p->has_range ? value_text(p, &p->min, room, sizeof room) : none);
    put_str(s, p->has_range ? value_text(p, &p->max, room, sizeof room) : none);
    put_real(s, p->mean);
    put_real(s, p->std);
    put_json(s, samples_json(p));
    put_text(s, NULL);
    put_json(s, mdm_catalog_profile_json(p));
    put_text(s, now);
    put_text(s, now);
}

static mdm_status write_columns(mdm_loading *loading, mdm_txn *txn, const mdm_loaded *tables,
                                size_t count, const mdm_detected *detected, const char *now,
                                mdm_error *err)
{
    sheet s;
    const mdm_dialect *dialect = mdm_database_backend(loading->database)->dialect;
    sheet_begin(&s, columns_fields, sizeof columns_fields / sizeof *columns_fields, err);
    for (size_t t = 0; t < count; t++)
        for (size_t c = 0; s.status == MDM_OK && c < tables[t].schema->count; c++) {
            const mdm_column_profile *p;
            s.status = mdm_profile_column(tables[t].profile, c, &p, err);
            if (s.status == MDM_OK)
                put_column(&s, &tables[t], p, mdm_columns_missing(dialect, p),
                           detected->roles[t][c], now);
        }
    return sheet_store(&s, loading, txn, "_columns", err);
}

/* --- _statistics ------------------------------------------------------------------------------ */

static json_t *columns_with(const mdm_loaded *t, const mdm_role *roles, mdm_role role)
{
    json_t *names = json_array();
    for (size_t c = 0; c < t->schema->count; c++)
        if (roles[c] == role) json_array_append_new(names, json_string(t->schema->fields[c].name));
    return names;
}

static json_t *column_types(const mdm_loaded *t, const mdm_role *roles)
{
    json_t *types = json_object();
    for (size_t c = 0; c < t->schema->count; c++)
        json_object_set_new(types, t->schema->fields[c].name, json_string(mdm_role_text(roles[c])));
    return types;
}

static mdm_status put_statistics(sheet *s, const mdm_dialect *dialect, const mdm_loaded *t,
                                 size_t id, const mdm_role *roles, const char *now, mdm_error *err)
{
    int64_t missing = 0, bytes = 0;
    for (size_t c = 0; c < t->schema->count; c++) {
        const mdm_column_profile *p;
        MDM_TRY(mdm_profile_column(t->profile, c, &p, err));
        missing += mdm_columns_missing(dialect, p);
        bytes += mdm_columns_bytes(p);
    }
    put_int(s, (int64_t)id);
    put_text(s, t->table);
    put_int(s, t->rows);
    put_int(s, (int64_t)t->schema->count);
    put_real(s, (double)bytes / (1024.0 * 1024.0));
    put_int(s, missing);
    put_json(s, column_types(t, roles));
    put_json(s, columns_with(t, roles, MDM_ROLE_NUMERIC));
    put_json(s, columns_with(t, roles, MDM_ROLE_CATEGORICAL));
    put_json(s, columns_with(t, roles, MDM_ROLE_DATETIME));
    put_json(s, columns_with(t, roles, MDM_ROLE_TEXT));
    put_text(s, now);
    return MDM_OK;
}

static mdm_status write_statistics(mdm_loading *loading, mdm_txn *txn, const mdm_loaded *tables,
                                   size_t count, const mdm_detected *detected, const char *now,
                                   mdm_error *err)
{
    sheet s;
    const mdm_dialect *dialect = mdm_database_backend(loading->database)->dialect;
    sheet_begin(&s, statistics_fields, sizeof statistics_fields / sizeof *statistics_fields, err);
    for (size_t t = 0; s.status == MDM_OK && t < count; t++) {
        const mdm_status status =
            put_statistics(&s, dialect, &tables[t], t + 1, detected->roles[t], now, err);
        if (s.status == MDM_OK) s.status = status;
    }
    return sheet_store(&s, loading, txn, "_statistics", err);
}

/* --- _metadata and _rejects ----------------------------------------------------------------------- */

static mdm_status write_metadata(mdm_loading *loading, mdm_txn *txn, const mdm_detected *detected,
                                 const char *now, mdm_error *err)
{
    sheet s;
    const struct {
        const char *key, *value;
    } rows[] = {
        {"mdm_version", mdm_version()},
        {"description", loading->spec->description},
        {"target_column", detected->target},
        {"problem_type", detected->problem_type},
    };
    sheet_begin(&s, metadata_fields, sizeof metadata_fields / sizeof *metadata_fields, err);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        put_text(&s, rows[i].key);
        put_json(&s, rows[i].value ? json_string(rows[i].value) : json_null());
        put_text(&s, now);
        put_text(&s, now);
    }
    return sheet_store(&s, loading, txn, "_metadata", err);
}

static mdm_status write_rejects(mdm_loading *loading, mdm_txn *txn, const mdm_loaded *tables,
                                size_t count, mdm_error *err)
{
    mdm_target target = {.schema = loading->schema, .table = "_rejects", .create = true};
    for (size_t t = 0; t < count; t++) {
        mdm_stream stream = {0};
        int64_t rows;
        if (!tables[t].file || mdm_file_info_get(tables[t].file)->rejected == 0) continue;
        MDM_TRY(mdm_file_rejects(tables[t].file, &stream, err));
        MDM_TRY(mdm_txn_load(txn, &target, &stream, NULL, NULL, &rows, err));
        target.create = false;
    }
    return MDM_OK;
}

mdm_status mdm_catalog_write(mdm_loading *loading, const mdm_loaded *tables, size_t count,
                             const mdm_detected *detected, mdm_error *err)
{
    char now[40];
    mdm_txn *txn = NULL;
    mdm_description_now(now);
    MDM_TRY(mdm_txn_begin(loading->session, loading->database, MDM_TXN_WRITE, &txn, err));
    mdm_status status = write_columns(loading, txn, tables, count, detected, now, err);
    if (status == MDM_OK) status = write_statistics(loading, txn, tables, count, detected, now, err);
    if (status == MDM_OK) status = write_metadata(loading, txn, detected, now, err);
    if (status == MDM_OK) status = write_rejects(loading, txn, tables, count, err);
    if (status == MDM_OK) return mdm_txn_commit(txn, err);
    mdm_txn_rollback(txn);
    return status;
}
