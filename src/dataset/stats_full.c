/* Figures that need all values at once: DuckDB computes them over a stream of the rows, whatever
 * database these lie in. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "dataset/stats.h"
#include "duckdb/result.h"
#include "duckdb/stream_table.h"

static const struct {
    const char *name, *share;
} percentiles[] = {
    {"p1", "0.01"}, {"p5", "0.05"}, {"p25", "0.25"}, {"p50", "0.5"},
    {"p75", "0.75"}, {"p95", "0.95"}, {"p99", "0.99"},
};
#define PERCENTILES (sizeof percentiles / sizeof *percentiles)
#define MAX_CORRELATED 100 /* columns; more would be over 5,000 pairs */

/* The columns a question is about, by position. */
typedef struct numbers {
    size_t *columns;
    size_t count;
} numbers;

static bool is_number(mdm_type_id type)
{
    return type >= MDM_TYPE_INT8 && type <= MDM_TYPE_DECIMAL;
}

static mdm_status find_numbers(const mdm_schema *schema, numbers *out, mdm_error *err)
{
    *out = (numbers){.columns = mdm_alloc(sizeof(size_t) * (schema->count + 1))};
    if (!out->columns) return mdm_no_memory(err, "statistics");
    for (size_t c = 0; c < schema->count; c++)
        if (is_number(schema->fields[c].type.id)) out->columns[out->count++] = c;
    return MDM_OK;
}

/* --- one question over all rows ------------------------------------------------------------ */

typedef struct question {
    mdm_duckdb_instance *instance;
    mdm_duckdb_link *link;
} question;

static mdm_status open_duckdb(question *q, mdm_error *err)
{
    *q = (question){0};
    MDM_TRY(mdm_duckdb_open(NULL, NULL, NULL, &q->instance, err));
    const mdm_status status = mdm_duckdb_connect(q->instance, &q->link, err);
    if (status != MDM_OK) mdm_duckdb_close(q->instance);
    return status;
}

static void close_duckdb(question *q)
{
    mdm_duckdb_disconnect(q->link);
    mdm_duckdb_close(q->instance);
}

/* Write SQL over the table that from names. */
typedef void write_sql(mdm_text *sql, const char *from, const mdm_schema *schema,
                       const numbers *which);

/* The answer: one row of DOUBLE or BIGINT columns, owned by the caller. */
static mdm_status ask(const mdm_stats_table *t, question *q, write_sql *write, const numbers *which,
                      mdm_chunk **out, mdm_error *err)
{
    mdm_rows *rows = NULL;
    mdm_stream source = {0}, answer = {0};
    mdm_stream_table *table = NULL;
    mdm_text sql;
    const mdm_stop *stop = mdm_session_stop(t->session);
    *out = NULL;
    mdm_text_init(&sql);
    mdm_status status = mdm_dataset_ask(t->session, t->database, t->sql, &rows, err);
    if (status == MDM_OK) {
        mdm_rows_stream(rows, &source);
        status = mdm_stream_table_open(&source, &table, err);
    }
    if (status == MDM_OK) {
        write(&sql, mdm_stream_table_sql(table), source.schema, which);
        status = mdm_text_status(&sql, err);
    }
    if (status == MDM_OK) {
        status = mdm_duckdb_stream(q->link, (mdm_str){sql.data, sql.len}, stop, &answer, err);
        if (status == MDM_OK) status = mdm_stream_next(&answer, out, err);
        mdm_stream_close(&answer);
        status = mdm_stream_table_status(table, status, err);
    }
    mdm_stream_table_close(table);
    mdm_stream_close(&source);
    mdm_text_clear(&sql);
    if (status != MDM_OK) {
        mdm_chunk_unref(*out);
        *out = NULL;
    }
    return status;
}

static json_t *number_at(const mdm_chunk *answer, size_t column)
{
    const mdm_column *c = &answer->columns[column];
    if (!mdm_column_is_set(c, 0)) return json_null();
    const double value = ((const double *)c->values)[0];
    return isfinite(value) ? json_real(value) : json_null();
}

/* --- percentiles ------------------------------------------------------------------------------ */

static void put_name(mdm_text *sql, const mdm_schema *schema, size_t column)
{
    mdm_text_quoted(sql, mdm_str_from(schema->fields[column].name), '"');
}

static void write_percentiles(mdm_text *sql, const char *from, const mdm_schema *schema,
                              const numbers *which)
{
    mdm_text_puts(sql, "SELECT ");
    for (size_t i = 0; i < which->count; i++)
        for (size_t p = 0; p < PERCENTILES; p++) {
            mdm_text_puts(sql, i || p ? ", quantile_cont(" : "quantile_cont(");
            put_name(sql, schema, which->columns[i]);
            mdm_text_printf(sql, "::DOUBLE, %s)", percentiles[p].share);
        }
    mdm_text_printf(sql, " FROM %s", from);
}

static mdm_status add_percentiles(const mdm_stats_table *t, question *q, const mdm_schema *schema,
                                  const numbers *which, json_t *columns, mdm_error *err)
{
    mdm_chunk *answer = NULL;
    if (!which->count) return MDM_OK;
    MDM_TRY(ask(t, q, write_percentiles, which, &answer, err));
    for (size_t i = 0; answer && i < which->count; i++) {
        json_t *column = json_object_get(columns, schema->fields[which->columns[i]].name);
        json_t *all = json_object();
        for (size_t p = 0; p < PERCENTILES; p++) {
            json_t *value = number_at(answer, i * PERCENTILES + p);
            if (strcmp(percentiles[p].name, "p50") == 0) json_object_set_new(column, "median", value);
            else json_object_set_new(all, percentiles[p].name, value);
        }
        json_object_set_new(column, "percentiles", all);
    }
    mdm_chunk_unref(answer);
    return MDM_OK;
}

/* --- correlations ------------------------------------------------------------------------------- */

static void write_correlations(mdm_text *sql, const char *from, const mdm_schema *schema,
                               const numbers *which)
{
    mdm_text_puts(sql, "SELECT ");
    for (size_t i = 0; i < which->count; i++)
        for (size_t j = i + 1; j < which->count; j++) {
            mdm_text_puts(sql, i || j > 1 ? ", corr(" : "corr(");
            put_name(sql, schema, which->columns[i]);
            mdm_text_puts(sql, "::DOUBLE, ");
            put_name(sql, schema, which->columns[j]);
            mdm_text_puts(sql, "::DOUBLE)");
        }
    mdm_text_printf(sql, " FROM %s", from);
}

static json_t *correlations_json(const mdm_schema *schema, const numbers *which,
                                 const mdm_chunk *answer)
{
    json_t *names = json_array(), *matrix = json_object(), *high = json_array();
    size_t at = 0;
    for (size_t i = 0; i < which->count; i++) {
        const char *name = schema->fields[which->columns[i]].name;
        json_array_append_new(names, json_string(name));
        json_object_set_new(matrix, name, json_object());
    }
    for (size_t i = 0; i < which->count; i++) {
        const char *a = schema->fields[which->columns[i]].name;
        json_object_set_new(json_object_get(matrix, a), a, json_real(1.0));
        for (size_t j = i + 1; j < which->count; j++, at++) {
            const char *b = schema->fields[which->columns[j]].name;
            json_t *value = number_at(answer, at);
            if (json_is_real(value) && fabs(json_real_value(value)) > 0.8)
                json_array_append_new(high, json_pack("{s:s, s:s, s:O}", "column1", a, "column2", b,
                                                      "correlation", value));
            json_object_set(json_object_get(matrix, a), b, value);
            json_object_set_new(json_object_get(matrix, b), a, value);
        }
    }
    return json_pack("{s:o, s:o, s:o}", "numeric_columns", names, "correlation_matrix", matrix,
                     "high_correlations", high);
}

static mdm_status add_correlations(const mdm_stats_table *t, question *q, const mdm_schema *schema,
                                   const numbers *which, json_t *object, mdm_error *err)
{
    mdm_chunk *answer = NULL;
    if (which->count < 2 || which->count > MAX_CORRELATED) return MDM_OK;
    MDM_TRY(ask(t, q, write_correlations, which, &answer, err));
    if (answer) json_object_set_new(object, "correlations", correlations_json(schema, which, answer));
    mdm_chunk_unref(answer);
    return MDM_OK;
}

/* --- duplicates ------------------------------------------------------------------------------------ */

static void write_distinct(mdm_text *sql, const char *from, const mdm_schema *schema,
                           const numbers *which)
{
    (void)schema;
    (void)which;
    mdm_text_printf(sql, "SELECT count(*)::DOUBLE FROM (SELECT DISTINCT * FROM %s)", from);
}

static mdm_status add_duplicates(const mdm_stats_table *t, question *q, json_t *object,
                                 mdm_error *err)
{
    mdm_chunk *answer = NULL;
    const int64_t rows = mdm_profile_rows(t->profile);
    MDM_TRY(ask(t, q, write_distinct, NULL, &answer, err));
    if (answer) {
        const int64_t distinct = (int64_t)((const double *)answer->columns[0].values)[0];
        json_t *quality = json_object_get(object, "data_quality");
        json_object_set_new(quality, "duplicate_rows", json_integer(rows - distinct));
        json_object_set_new(quality, "duplicate_percentage",
                            json_real(rows ? 100.0 * (double)(rows - distinct) / (double)rows : 0));
    }
    mdm_chunk_unref(answer);
    return MDM_OK;
}

mdm_status mdm_stats_full(const mdm_stats_table *t, json_t *object, json_t *columns, mdm_error *err)
{
    question q;
    numbers which = {0};
    mdm_rows *rows = NULL;
    /* The schema outlives the rows that it is read from. */
    MDM_TRY(mdm_dataset_ask(t->session, t->database, t->sql, &rows, err));
    const mdm_schema *schema = mdm_schema_ref(mdm_rows_schema(rows));
    mdm_rows_close(rows);
    mdm_status status = open_duckdb(&q, err);
    if (status != MDM_OK) {
        mdm_schema_unref(schema);
        return status;
    }
    status = find_numbers(schema, &which, err);
    if (status == MDM_OK) status = add_percentiles(t, &q, schema, &which, columns, err);
    if (status == MDM_OK) status = add_correlations(t, &q, schema, &which, object, err);
    if (status == MDM_OK) status = add_duplicates(t, &q, object, err);
    mdm_free(which.columns);
    close_duckdb(&q);
    mdm_schema_unref(schema);
    return status;
}
