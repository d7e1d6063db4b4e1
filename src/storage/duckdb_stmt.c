/* Statements of DuckDB: compile or find, bind, run, fetch; and EXPLAIN. */
#include <string.h>

#include "base/alloc.h"
#include "duckdb/error.h"
#include "duckdb/result.h"
#include "storage/duckdb_driver.h"

typedef struct duckdb_statement {
    mdm_kept kept; /* first: an mdm_stmt * is also a duckdb_statement * */
    duckdb_prepared_statement prepared;
    duckdb_statement_type type;
    uint64_t changes; /* of the instance, before it was prepared */
    mdm_duckdb_result result;
    duckdb_passage passage;
    bool entered; /* passage was */
} duckdb_statement;

static duckdb_statement *of(const mdm_stmt *stmt)
{
    return (duckdb_statement *)(uintptr_t)stmt;
}

static duckdb_conn *conn_of(const duckdb_statement *s)
{
    return mdm_duckdb_conn_of(s->kept.base.conn);
}

/* --- compile ------------------------------------------------------------------------- */

void mdm_duckdb_stmt_destroy(mdm_kept *kept)
{
    duckdb_statement *s = (duckdb_statement *)kept;
    mdm_duckdb_result_clear(&s->result);
    if (s->prepared) mdm_duck.destroy_prepare(&s->prepared);
    mdm_free(s);
}

static mdm_status compile(duckdb_conn *conn, mdm_str sql, mdm_stmt **out, mdm_error *err)
{
    duckdb_statement *s = mdm_alloc_zero(1, sizeof *s);
    if (!s) return mdm_no_memory(err, "a statement");
    s->kept.base.conn = &conn->base;
    s->changes = mdm_duckdb_changes(conn->link);
    mdm_status status = mdm_duckdb_prepare(conn->link, sql, conn->base.stop, &s->prepared, err);
    if (status == MDM_OK) status = mdm_statements_add(&conn->statements, &s->kept, sql, err);
    if (status != MDM_OK) {
        mdm_duckdb_stmt_destroy(&s->kept);
        return status;
    }
    s->type = mdm_duck.prepared_statement_type(s->prepared);
    *out = &s->kept.base;
    return MDM_OK;
}

mdm_status mdm_duckdb_stmt_prepare(mdm_conn *base, mdm_str sql, mdm_stmt **out, mdm_error *err)
{
    duckdb_conn *conn = mdm_duckdb_conn_of(base);
    mdm_error own;
    if (!err) err = &own;
    *out = NULL;
    MDM_TRY(mdm_duckdb_begin(conn->link, base->stop, err));
    mdm_kept *kept = mdm_statements_take(&conn->statements, sql);
    if (kept) {
        *out = &kept->base;
        return MDM_OK;
    }
    const mdm_status status = compile(conn, sql, out, err);
    if (status != MDM_OK) mdm_duckdb_end(conn->link);
    return mdm_duckdb_note_failure(conn, status, err);
}

size_t mdm_duckdb_stmt_parameters(const mdm_stmt *stmt)
{
    return mdm_duck.nparams(of(stmt)->prepared);
}

/* --- values ----------------------------------------------------------------------------- */

static duckdb_state bind(duckdb_prepared_statement s, idx_t at, const mdm_value *value)
{
    const int64_t integer = value->as.integer;
    const mdm_str bytes = value->as.bytes;
    switch (value->type) {
    case MDM_TYPE_NULL: return mdm_duck.bind_null(s, at);
    case MDM_TYPE_BOOL: return mdm_duck.bind_boolean(s, at, integer != 0);
    case MDM_TYPE_INT8:
    case MDM_TYPE_INT16:
    case MDM_TYPE_INT32:
    case MDM_TYPE_INT64: return mdm_duck.bind_int64(s, at, integer);
    case MDM_TYPE_FLOAT:
    case MDM_TYPE_DOUBLE: return mdm_duck.bind_double(s, at, value->as.real);
    case MDM_TYPE_TEXT:
        if (mdm_utf8_check(bytes) != SIZE_MAX) return DuckDBError;
        return mdm_duck.bind_varchar_length(s, at, bytes.data ? bytes.data : "", bytes.len);
    case MDM_TYPE_BLOB: return mdm_duck.bind_blob(s, at, bytes.data ? bytes.data : "", bytes.len);
    case MDM_TYPE_DATE:
        if (integer < INT32_MIN || integer > INT32_MAX) return DuckDBError;
        return mdm_duck.bind_date(s, at, (duckdb_date){(int32_t)integer});
    case MDM_TYPE_TIME:
        if (integer < 0 || integer > INT64_C(86400000000)) return DuckDBError;
        return mdm_duck.bind_time(s, at, (duckdb_time){integer});
    case MDM_TYPE_TIMESTAMP: return mdm_duck.bind_timestamp(s, at, (duckdb_timestamp){integer});
    case MDM_TYPE_TIMESTAMPTZ:
        return mdm_duck.bind_timestamp_tz(s, at, (duckdb_timestamp){integer});
    case MDM_TYPE_DECIMAL:
    case MDM_TYPE_COUNT: break;
    }
    return DuckDBError;
}

static mdm_status bind_all(duckdb_statement *s, const mdm_value *values, size_t count,
                           mdm_error *err)
{
    const size_t wanted = mdm_duckdb_stmt_parameters(&s->kept.base);
    if (count != wanted)
        return mdm_error_set(err, MDM_INVALID, "%zu values for %zu placeholders", count, wanted);
    for (size_t i = 0; i < count; i++)
        if (bind(s->prepared, i + 1, &values[i]) != DuckDBSuccess)
            return mdm_error_set(err, MDM_INVALID,
                                 "value %zu is out of range, or text that is "
                                 "not UTF-8",
                                 i + 1);
    return MDM_OK;
}

/* --- run ------------------------------------------------------------------------------------ */

/* End of a run, good or bad. */
static void stop_running(duckdb_statement *s)
{
    mdm_duckdb_result_clear(&s->result);
    if (s->entered) mdm_duckdb_leave(conn_of(s), &s->passage);
    s->entered = false;
}

/* What DuckDB has planned from the statistics of then may be wrong now: mdm_duckdb_changes(). */
static mdm_status prepare_anew(duckdb_statement *s, mdm_error *err)
{
    duckdb_conn *conn = conn_of(s);
    const uint64_t changes = mdm_duckdb_changes(conn->link);
    duckdb_prepared_statement prepared;
    if (changes == s->changes || mdm_duckdb_stmt_parameters(&s->kept.base) > 0) return MDM_OK;
    MDM_TRY(mdm_duckdb_prepare(conn->link, (mdm_str){s->kept.sql, s->kept.sql_len}, conn->base.stop,
                               &prepared, err));
    mdm_duck.destroy_prepare(&s->prepared);
    s->prepared = prepared;
    s->changes = changes;
    conn->base.prepared++;
    return MDM_OK;
}

static mdm_status run(duckdb_statement *s, mdm_error *err)
{
    duckdb_conn *conn = conn_of(s);
    MDM_TRY(prepare_anew(s, err));
    s->passage = (duckdb_passage){.type = s->type, .sql = {s->kept.sql, s->kept.sql_len}};
    MDM_TRY(mdm_duckdb_enter(conn, &s->passage, err));
    s->entered = true;
    return mdm_duckdb_execute(conn->link, s->prepared, MDM_DUCKDB_CHUNKS, conn->base.stop,
                              &s->result, err);
}

mdm_status mdm_duckdb_stmt_execute(mdm_stmt *stmt, const mdm_value *values, size_t count,
                                   mdm_error *err)
{
    duckdb_statement *s = of(stmt);
    mdm_error own;
    if (!err) err = &own;
    stop_running(s);
    mdm_status status = bind_all(s, values, count, err); /* none, where it is prepared anew */
    if (status == MDM_OK) status = run(s, err);
    if (status == MDM_OK && !s->result.has_rows) { /* over, its count stays */
        mdm_duckdb_leave(conn_of(s), &s->passage);
        s->entered = false;
    }
    if (status != MDM_OK) stop_running(s);
    return mdm_duckdb_note_failure(conn_of(s), status, err);
}

const mdm_schema *mdm_duckdb_stmt_schema(const mdm_stmt *stmt)
{
    const duckdb_statement *s = of(stmt);
    return s->result.reader ? mdm_duckdb_reader_schema(s->result.reader) : conn_of(s)->no_columns;
}

mdm_status mdm_duckdb_stmt_fetch(mdm_stmt *stmt, mdm_chunk **out, mdm_error *err)
{
    duckdb_statement *s = of(stmt);
    mdm_error own;
    if (!err) err = &own;
    *out = NULL;
    if (!s->result.has_rows) return MDM_OK;
    return mdm_duckdb_note_failure(conn_of(s),
                                   mdm_duckdb_next(&s->result, stmt->conn->stop, out, err), err);
}

int64_t mdm_duckdb_stmt_changed(const mdm_stmt *stmt)
{
    return of(stmt)->result.changed;
}

void mdm_duckdb_stmt_finish(mdm_stmt *stmt)
{
    if (!stmt) return;
    duckdb_statement *s = of(stmt);
    duckdb_conn *conn = conn_of(s);
    stop_running(s);
    mdm_duck.clear_bindings(s->prepared);
    mdm_statements_give(&conn->statements, &s->kept);
    mdm_duckdb_end(conn->link);
}

/* --- EXPLAIN ------------------------------------------------------------------------------------
 */

/* DuckDB plans with values only. One of the right type that occurs often says more than NULL, for
 * which it plans nothing at all. */
static duckdb_state bind_sample(duckdb_prepared_statement s, idx_t at)
{
    mdm_value value = {.type = MDM_TYPE_INT64, .as.integer = 1};
    switch (mdm_duck.param_type(s, at)) {
    case DUCKDB_TYPE_VARCHAR: value = (mdm_value){MDM_TYPE_TEXT, {.bytes = MDM_STR("a")}}; break;
    case DUCKDB_TYPE_BLOB: value = (mdm_value){MDM_TYPE_BLOB, {.bytes = MDM_STR("a")}}; break;
    case DUCKDB_TYPE_BOOLEAN: value.type = MDM_TYPE_BOOL; break;
    case DUCKDB_TYPE_DATE: value.type = MDM_TYPE_DATE; break;
    case DUCKDB_TYPE_TIME: value.type = MDM_TYPE_TIME; break;
    case DUCKDB_TYPE_TIMESTAMP: value.type = MDM_TYPE_TIMESTAMP; break;
    case DUCKDB_TYPE_TIMESTAMP_TZ: value.type = MDM_TYPE_TIMESTAMPTZ; break;
    default: break;
    }
    return bind(s, at, &value);
}

static mdm_status bind_samples(duckdb_prepared_statement s, mdm_error *err)
{
    const idx_t count = mdm_duck.nparams(s);
    for (idx_t i = 1; i <= count; i++)
        if (bind_sample(s, i) != DuckDBSuccess)
            return mdm_error_set(err, MDM_UNSUPPORTED, "no plan without a value for placeholder %d",
                                 (int)i);
    return MDM_OK;
}

/* The last column of a row is a plan: first the statement as it was written, if asked for, ... last
 * what will run. */
typedef enum plan_stage { AS_WRITTEN, AS_RUN } plan_stage;

static mdm_status read_plan(duckdb_conn *conn, mdm_duckdb_result *result, plan_stage stage,
                            char **out, mdm_error *err)
{
    mdm_chunk *chunk;
    MDM_TRY(mdm_duckdb_next(result, conn->base.stop, &chunk, err));
    if (!chunk) return mdm_error_set(err, MDM_BACKEND, "DuckDB gave no plan");
    *out = mdm_str_dup(mdm_column_bytes(&chunk->columns[chunk->schema->count - 1],
                                        stage == AS_WRITTEN ? 0 : chunk->rows - 1));
    mdm_chunk_unref(chunk);
    return *out ? MDM_OK : mdm_no_memory(err, "a plan");
}

static mdm_status explain(duckdb_conn *conn, mdm_str sql, plan_stage stage, char **out,
                          mdm_error *err)
{
    duckdb_prepared_statement prepared = NULL;
    mdm_duckdb_result result = {0};
    mdm_status status = mdm_duckdb_prepare(conn->link, sql, conn->base.stop, &prepared, err);
    if (status != MDM_OK) return status;
    status = bind_samples(prepared, err);
    if (status == MDM_OK)
        status = mdm_duckdb_execute(conn->link, prepared, MDM_DUCKDB_CHUNKS, conn->base.stop,
                                    &result, err);
    if (status == MDM_OK) status = read_plan(conn, &result, stage, out, err);
    mdm_duckdb_result_clear(&result);
    mdm_duck.destroy_prepare(&prepared);
    return status;
}

/* From its statistics DuckDB may know that there are no such rows. The plan then is empty and does
 * not even name the tables; the statement as it was written does. */
static mdm_status explain_again(duckdb_conn *conn, mdm_str sql, char **out, mdm_error *err)
{
    mdm_free(*out);
    *out = NULL;
    MDM_TRY(mdm_duckdb_run(conn->link, MDM_STR("SET explain_output = 'all'"), NULL, NULL, err));
    const mdm_status status = explain(conn, sql, AS_WRITTEN, out, err);
    if (mdm_duckdb_run(conn->link, MDM_STR("RESET explain_output"), NULL, NULL, NULL) != MDM_OK)
        conn->altered = true;
    return status;
}

mdm_status mdm_duckdb_explain(mdm_conn *base, mdm_str sql, char **out, mdm_error *err)
{
    duckdb_conn *conn = mdm_duckdb_conn_of(base);
    mdm_error own;
    mdm_text text;
    if (!err) err = &own;
    *out = NULL;
    mdm_text_init(&text);
    mdm_text_puts(&text, "EXPLAIN (FORMAT JSON) ");
    mdm_text_add(&text, sql);
    mdm_status status = mdm_text_status(&text, err);
    if (status == MDM_OK) status = mdm_duckdb_begin(conn->link, base->stop, err);
    if (status == MDM_OK) {
        status = explain(conn, (mdm_str){text.data, text.len}, AS_RUN, out, err);
        if (status == MDM_OK && strstr(*out, "\"EMPTY_RESULT\""))
            status = explain_again(conn, (mdm_str){text.data, text.len}, out, err);
        mdm_duckdb_end(conn->link);
    }
    mdm_text_clear(&text);
    return mdm_duckdb_note_failure(conn, status, err);
}
