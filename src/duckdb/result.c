#include "duckdb/result.h"

#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "duckdb/error.h"
#include "duckdb/statement.h"

/* --- statements whose rows nobody wants --------------------------------------------- */

/* Rows of a stream are only made when they are read. */
static mdm_status exhaust(mdm_duckdb_result *result, const mdm_stop *stop, mdm_error *err)
{
    for (;;) {
        duckdb_data_chunk chunk;
        MDM_TRY(mdm_duckdb_fetch(result, stop, &chunk, err));
        if (!chunk) return MDM_OK;
        mdm_duck.destroy_data_chunk(&chunk);
    }
}

/* What one call of mdm_duckdb_run_with() works on. */
typedef struct run {
    mdm_duckdb_link *link;
    const mdm_duckdb_visitor *visitor; /* NULL: none */
    const mdm_stop *stop;
    duckdb_extracted_statements all;
    idx_t count;
    int64_t changed;
} run;

static mdm_status run_prepared(run *r, duckdb_prepared_statement prepared, mdm_error *err)
{
    const duckdb_statement_type type = mdm_duck.prepared_statement_type(prepared);
    mdm_duckdb_result result = {0};
    if (r->visitor) MDM_TRY(r->visitor->before(r->visitor->self, type, r->count == 1, err));
    mdm_status status =
        mdm_duckdb_execute(r->link, prepared, MDM_DUCKDB_RAW, r->stop, &result, err);
    if (status == MDM_OK) status = exhaust(&result, r->stop, err);
    if (status == MDM_OK && result.changed > 0) r->changed += result.changed;
    mdm_duckdb_result_clear(&result);
    if (r->visitor) r->visitor->after(r->visitor->self, type, r->count == 1);
    return status;
}

static mdm_status run_one(run *r, idx_t index, mdm_error *err)
{
    duckdb_prepared_statement prepared = NULL;
    mdm_duckdb_watch(r->link, r->stop);
    const duckdb_state state =
        mdm_duck.prepare_extracted_statement(r->link->conn, r->all, index, &prepared);
    const mdm_status reason = mdm_duckdb_unwatch(r->link);
    mdm_status status;
    if (state == DuckDBSuccess) status = run_prepared(r, prepared, err);
    else status = mdm_duckdb_failure(err, reason, mdm_duck.prepare_error(prepared));
    mdm_duck.destroy_prepare(&prepared);
    return status;
}

static mdm_status run_all(run *r, const char *sql, mdm_error *err)
{
    r->count = mdm_duck.extract_statements(r->link->conn, sql, &r->all);
    const char *words = r->count == 0 ? mdm_duck.extract_statements_error(r->all) : NULL;
    mdm_status status = words ? mdm_duckdb_error(err, words) : MDM_OK;
    for (idx_t i = 0; i < r->count && status == MDM_OK; i++)
        status = run_one(r, i, err);
    mdm_duck.destroy_extracted(&r->all);
    return status;
}

mdm_status mdm_duckdb_run_with(mdm_duckdb_link *link, mdm_str sql,
                               const mdm_duckdb_visitor *visitor, const mdm_stop *stop,
                               int64_t *changed, mdm_error *err)
{
    run r = {.link = link, .visitor = visitor, .stop = stop};
    if (changed) *changed = 0;
    if (sql.len > 0 && memchr(sql.data, '\0', sql.len))
        return mdm_error_set(err, MDM_INVALID, "a NUL byte in the statement");
    MDM_TRY(mdm_stop_check(stop, err));
    char *text = mdm_str_dup(sql);
    if (!text) return mdm_no_memory(err, "a statement");
    mdm_status status = mdm_duckdb_begin(link, stop, err);
    if (status == MDM_OK) {
        status = mdm_duckdb_free_link(link, stop, err);
        if (status == MDM_OK) status = run_all(&r, text, err);
        mdm_duckdb_end(link);
    }
    mdm_free(text);
    if (changed) *changed = r.changed;
    return status;
}

mdm_status mdm_duckdb_run(mdm_duckdb_link *link, mdm_str sql, const mdm_stop *stop,
                          int64_t *changed, mdm_error *err)
{
    return mdm_duckdb_run_with(link, sql, NULL, stop, changed, err);
}

/* --- one statement and its rows ------------------------------------------------------- */

/* What a stream is made of; it holds the link. */
typedef struct query {
    mdm_duckdb_link *link;
    const mdm_stop *stop;
    duckdb_prepared_statement prepared;
    mdm_duckdb_result result;
} query;

static void query_close(query *q)
{
    mdm_duckdb_result_clear(&q->result);
    mdm_duck.destroy_prepare(&q->prepared);
    mdm_duckdb_end(q->link);
}

/* On failure there is nothing to close. */
static mdm_status query_open(query *q, mdm_duckdb_link *link, mdm_str sql, const mdm_stop *stop,
                             mdm_error *err)
{
    *q = (query){.link = link, .stop = stop};
    MDM_TRY(mdm_duckdb_begin(link, stop, err));
    mdm_status status = mdm_duckdb_prepare(link, sql, stop, &q->prepared, err);
    if (status == MDM_OK)
        status = mdm_duckdb_execute(link, q->prepared, MDM_DUCKDB_CHUNKS, stop, &q->result, err);
    if (status == MDM_OK && !q->result.has_rows)
        status = mdm_error_set(err, MDM_INVALID, "a statement that gives no rows");
    if (status != MDM_OK) query_close(q);
    return status;
}

static mdm_status stream_next(mdm_stream *stream, mdm_chunk **out, mdm_error *err)
{
    query *q = stream->self;
    return mdm_duckdb_next(&q->result, q->stop, out, err);
}

static void stream_close(mdm_stream *stream)
{
    query *q = stream->self;
    query_close(q);
    mdm_free(q);
    mdm_schema_unref(stream->schema);
}

mdm_status mdm_duckdb_stream(mdm_duckdb_link *link, mdm_str sql, const mdm_stop *stop,
                             mdm_stream *out, mdm_error *err)
{
    *out = (mdm_stream){0};
    query *q = mdm_alloc_zero(1, sizeof *q);
    if (!q) return mdm_no_memory(err, "a stream");
    const mdm_status status = query_open(q, link, sql, stop, err);
    if (status != MDM_OK) {
        mdm_free(q);
        return status;
    }
    *out = (mdm_stream){mdm_schema_ref(mdm_duckdb_reader_schema(q->result.reader)), stream_next,
                        stream_close, q};
    return MDM_OK;
}

static bool as_number(const mdm_column *column, int64_t *out)
{
    switch (column->type.id) {
    case MDM_TYPE_INT32: *out = *(const int32_t *)column->values; return true;
    case MDM_TYPE_INT64: *out = *(const int64_t *)column->values; return true;
    case MDM_TYPE_DECIMAL: {
        const mdm_int128 value = *(const mdm_int128 *)column->values;
        *out = (int64_t)value.low;
        return column->type.scale == 0 && value.high == (*out < 0 ? -1 : 0);
    }
    default: return false;
    }
}

mdm_status mdm_duckdb_number(mdm_duckdb_link *link, mdm_str sql, const mdm_stop *stop, int64_t *out,
                             mdm_error *err)
{
    mdm_stream rows;
    mdm_chunk *chunk = NULL;
    MDM_TRY(mdm_duckdb_stream(link, sql, stop, &rows, err));
    mdm_status status = mdm_stream_next(&rows, &chunk, err);
    if (status == MDM_OK && (!chunk || !mdm_column_is_set(&chunk->columns[0], 0)))
        status = mdm_error_set(err, MDM_NOT_FOUND, "a query for a number gave none");
    else if (status == MDM_OK && !as_number(&chunk->columns[0], out))
        status = mdm_error_set(err, MDM_INVALID, "a query for a number gave something else");
    mdm_chunk_unref(chunk);
    mdm_stream_close(&rows);
    return status;
}
