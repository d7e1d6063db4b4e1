/* Loading tables of DuckDB: rows of a stream through the appender, in chunks; rows of files by
 * DuckDB's own CREATE TABLE AS. */
#include <string.h>

#include "base/alloc.h"
#include "duckdb/error.h"
#include "duckdb/file_query.h"
#include "duckdb/result.h"
#include "duckdb/writer.h"
#include "storage/duckdb_driver.h"

typedef struct loader {
    duckdb_conn *conn;
    const mdm_target *target;
    mdm_stream *source;
    duckdb_appender appender;
    duckdb_data_chunk chunk; /* reused */
    int64_t rows;
} loader;

static mdm_status check_writable(const duckdb_conn *conn, mdm_error *err)
{
    if (!conn->read_only) return MDM_OK;
    return mdm_error_set(err, MDM_PERMISSION, "a read-only connection cannot load rows");
}

/* --- the appender ----------------------------------------------------------------------- */

static mdm_status appender_failure(loader *l, mdm_error *err)
{
    duckdb_error_data data = mdm_duck.appender_error_data(l->appender);
    const mdm_status status = mdm_duckdb_error(err, mdm_duck.error_data_message(data));
    mdm_duck.destroy_error_data(&data);
    return status;
}

static mdm_status open_appender(loader *l, mdm_error *err)
{
    const mdm_schema *schema = l->source->schema;
    if (mdm_duck.appender_create(l->conn->link->conn, l->target->schema, l->target->table,
                                 &l->appender) != DuckDBSuccess)
        return appender_failure(l, err);
    if (l->target->create) return MDM_OK;
    for (size_t i = 0; i < schema->count; i++) /* the table's columns may stand in another order */
        if (mdm_duck.appender_add_column(l->appender, schema->fields[i].name) != DuckDBSuccess)
            return mdm_error_context(err, appender_failure(l, err), "column '%s'",
                                     schema->fields[i].name);
    return MDM_OK;
}

static mdm_status make_chunk(loader *l, mdm_error *err)
{
    const mdm_schema *schema = l->source->schema;
    duckdb_logical_type *types = mdm_alloc_zero(schema->count, sizeof *types);
    if (!types) return mdm_no_memory(err, "a chunk");
    for (size_t i = 0; i < schema->count; i++)
        types[i] = mdm_duckdb_type(schema->fields[i].type);
    l->chunk = mdm_duck.create_data_chunk(types, schema->count);
    for (size_t i = 0; i < schema->count; i++)
        mdm_duck.destroy_logical_type(&types[i]);
    mdm_free(types);
    return l->chunk ? MDM_OK : mdm_no_memory(err, "a chunk");
}

/* The appender copies at once, so long text may stay where it is. */
static mdm_status append_rows(loader *l, const mdm_chunk *rows, int64_t first, int64_t count,
                              mdm_error *err)
{
    mdm_duck.data_chunk_reset(l->chunk);
    for (size_t i = 0; i < rows->schema->count; i++)
        mdm_duckdb_fill(&rows->columns[i], first, count, MDM_DUCKDB_TEXT_BORROWED,
                        mdm_duck.data_chunk_get_vector(l->chunk, i));
    mdm_duck.data_chunk_set_size(l->chunk, (idx_t)count);
    if (mdm_duck.append_data_chunk(l->appender, l->chunk) != DuckDBSuccess)
        return appender_failure(l, err);
    return MDM_OK;
}

static mdm_status append_chunk(loader *l, const mdm_chunk *rows, mdm_error *err)
{
    const int64_t most = (int64_t)mdm_duck.vector_size();
    MDM_TRY(mdm_duckdb_check_chunk(rows, l->rows, err));
    for (int64_t first = 0; first < rows->rows; first += most) {
        const int64_t count = rows->rows - first < most ? rows->rows - first : most;
        mdm_duckdb_watch(l->conn->link, l->conn->base.stop);
        const mdm_status status = append_rows(l, rows, first, count, err);
        const mdm_status reason = mdm_duckdb_unwatch(l->conn->link);
        if (status != MDM_OK)
            return reason == MDM_OK ? status : mdm_duckdb_failure(err, reason, NULL);
    }
    l->rows += rows->rows;
    return mdm_stop_check(l->conn->base.stop, err);
}

static mdm_status append_stream(loader *l, mdm_error *err)
{
    for (;;) {
        mdm_chunk *rows;
        MDM_TRY(mdm_stream_next(l->source, &rows, err));
        if (!rows) return MDM_OK;
        const mdm_status status = append_chunk(l, rows, err);
        mdm_chunk_unref(rows);
        if (status != MDM_OK) return status;
    }
}

/* Here is where constraints speak. Destroying without closing would lose their words. */
static mdm_status close_appender(loader *l, mdm_error *err)
{
    mdm_duckdb_watch(l->conn->link, l->conn->base.stop);
    const duckdb_state state = mdm_duck.appender_close(l->appender);
    const mdm_status reason = mdm_duckdb_unwatch(l->conn->link);
    if (state == DuckDBSuccess) return MDM_OK;
    return reason == MDM_OK ? appender_failure(l, err) : mdm_duckdb_failure(err, reason, NULL);
}

/* --- tables --------------------------------------------------------------------------------- */

/* For a table to be created that is there. */
static mdm_status known_failure(mdm_status status, mdm_error *err)
{
    if (err->native != DUCKDB_ERROR_CATALOG || !strstr(err->message, "already exists"))
        return status;
    return err->status = MDM_EXISTS;
}

static mdm_status create_table(loader *l, mdm_error *err)
{
    mdm_text sql;
    mdm_text_init(&sql);
    mdm_status status =
        mdm_sql_create_table(&sql, &mdm_backend_duckdb, l->target, l->source->schema, err);
    if (status == MDM_OK) status = mdm_text_status(&sql, err);
    if (status == MDM_OK)
        status = mdm_duckdb_run(l->conn->link, (mdm_str){sql.data, sql.len}, l->conn->base.stop,
                                NULL, err);
    mdm_text_clear(&sql);
    return status == MDM_OK ? MDM_OK : known_failure(status, err);
}

static mdm_status load(loader *l, mdm_error *err)
{
    if (l->target->create) MDM_TRY(create_table(l, err));
    mdm_status status = open_appender(l, err);
    if (status == MDM_OK) status = make_chunk(l, err);
    if (status == MDM_OK) status = append_stream(l, err);
    if (status == MDM_OK) status = close_appender(l, err);
    if (l->chunk) mdm_duck.destroy_data_chunk(&l->chunk);
    if (l->appender) mdm_duck.appender_destroy(&l->appender);
    mdm_duckdb_note_change(l->conn->link);
    return status;
}

mdm_status mdm_duckdb_bulk(mdm_conn *base, const mdm_target *target, mdm_stream *source,
                           int64_t *rows, mdm_error *err)
{
    duckdb_conn *conn = mdm_duckdb_conn_of(base);
    mdm_error own;
    if (!err) err = &own;
    *rows = 0;
    loader l = {.conn = conn, .target = target, .source = source};
    MDM_TRY(check_writable(conn, err));
    MDM_TRY(mdm_duckdb_begin(conn->link, base->stop, err));
    const mdm_status status = load(&l, err);
    mdm_duckdb_end(conn->link);
    if (status == MDM_OK) *rows = l.rows;
    return mdm_duckdb_note_failure(conn, status, err);
}

mdm_status mdm_duckdb_load_query(mdm_conn *base, const mdm_target *target, mdm_file_query *query,
                                 int64_t *rows, mdm_error *err)
{
    duckdb_conn *conn = mdm_duckdb_conn_of(base);
    mdm_error own;
    mdm_text prefix;
    if (!err) err = &own;
    *rows = 0;
    MDM_TRY(check_writable(conn, err));
    mdm_text_init(&prefix);
    mdm_text_puts(&prefix, target->create ? "CREATE TABLE " : "INSERT INTO ");
    mdm_status status = mdm_sql_target(&prefix, &mdm_backend_duckdb, target, err);
    mdm_text_puts(&prefix, target->create ? " AS " : " BY NAME ");
    if (status == MDM_OK) status = mdm_text_status(&prefix, err);
    if (status == MDM_OK)
        status = mdm_file_query_run(query, conn->link, (mdm_str){prefix.data, prefix.len},
                                    base->stop, rows, err);
    if (status != MDM_OK && target->create) status = known_failure(status, err);
    mdm_text_clear(&prefix);
    return mdm_duckdb_note_failure(conn, status, err);
}
