/* Bulk loading: COPY FROM STDIN in binary form. */
#include <string.h>

#include "base/alloc.h"
#include "storage/postgresql_driver.h"

/* --- the statements ------------------------------------------------------- */

static mdm_status create_table(pg_conn *conn, const mdm_target *target, const mdm_schema *schema,
                               mdm_error *err)
{
    mdm_text sql;
    mdm_text_init(&sql);
    mdm_status status = mdm_sql_create_table(&sql, conn->base.backend, target, schema, err);
    if (status == MDM_OK) status = mdm_pg_simple(conn, sql.data, NULL, NULL, err);
    mdm_text_clear(&sql);
    return status;
}

static mdm_status select_columns(pg_conn *conn, const mdm_target *target, const mdm_schema *schema,
                                 mdm_text *sql, mdm_error *err)
{
    mdm_text_puts(sql, "SELECT ");
    for (size_t i = 0; i < schema->count; i++) {
        if (i > 0) mdm_text_puts(sql, ", ");
        MDM_TRY(mdm_sql_name(sql, conn->base.backend, mdm_str_from(schema->fields[i].name), err));
    }
    mdm_text_puts(sql, " FROM ");
    MDM_TRY(mdm_sql_target(sql, conn->base.backend, target, err));
    return mdm_text_status(sql, err);
}

/* What types the table's columns have, now: each value must be sent in exactly that one's form. The
 * caller frees *out. */
static mdm_status describe_table(pg_conn *conn, const mdm_target *target, const mdm_schema *schema,
                                 pg_column **out, mdm_error *err)
{
    mdm_text sql;
    PGresult *description = NULL;
    mdm_text_init(&sql);
    *out = mdm_alloc_zero(schema->count, sizeof **out);
    mdm_status status = *out ? MDM_OK : mdm_no_memory(err, "the columns of a table");
    if (status == MDM_OK) status = select_columns(conn, target, schema, &sql, err);
    if (status == MDM_OK) status = mdm_pg_describe(conn, sql.data, &description, err);
    for (size_t i = 0; i < schema->count && status == MDM_OK; i++)
        (void)mdm_pg_column(description, (int)i, *out + i);
    mdm_pq.clear(description);
    mdm_text_clear(&sql);
    return status;
}

static mdm_status copy_statement(pg_conn *conn, const mdm_target *target, const mdm_schema *schema,
                                 mdm_text *sql, mdm_error *err)
{
    mdm_text_puts(sql, "COPY ");
    MDM_TRY(mdm_sql_target(sql, conn->base.backend, target, err));
    mdm_text_putc(sql, ' ');
    MDM_TRY(mdm_sql_columns(sql, conn->base.backend, schema, err));
    /* Nobody else can see a table made in this transaction, so its rows may be born old: that
     * spares the server a later pass over all of them. */
    bool frozen = target->create && mdm_pq.transactionStatus(conn->pq) == PQTRANS_INTRANS;
    mdm_text_puts(sql,
                  frozen ? " FROM STDIN (FORMAT binary, FREEZE)" : " FROM STDIN (FORMAT binary)");
    return mdm_text_status(sql, err);
}

static mdm_status start_copy(pg_conn *conn, const char *sql, mdm_error *err)
{
    conn->refused = false;
    MDM_TRY(mdm_pg_start(conn, err));
    MDM_TRY(mdm_pg_sent(conn, mdm_pq.sendQuery(conn->pq, sql), err));
    PGresult *result;
    MDM_TRY(mdm_pg_result(conn, &result, err));
    mdm_status status = MDM_OK;
    if (mdm_pq.resultStatus(result) != PGRES_COPY_IN) {
        status = mdm_pg_refused(conn, result, sql, err);
        (void)mdm_pg_skip(conn, NULL);
    }
    mdm_pq.clear(result);
    return status;
}

/* --- the rows ------------------------------------------------------------- */

static mdm_status put(void *self, const unsigned char *bytes, size_t len, mdm_error *err)
{
    pg_conn *conn = self;
    mdm_status status = mdm_pg_stop_wanted(conn, err);
    if (status != MDM_OK) {
        mdm_pg_abandon(conn, status);
        return status;
    }
    int ok = mdm_pq.putCopyData(conn->pq, (const char *)bytes, (int)len);
    MDM_TRY(mdm_pg_sent(conn, ok == 1, err));
    (void)mdm_pg_listen(conn);
    return MDM_OK;
}

static mdm_status send_rows(pg_conn *conn, pg_encoder *encoder, mdm_stream *source, mdm_error *err)
{
    mdm_status status = MDM_OK;
    mdm_chunk *chunk = NULL;
    while (status == MDM_OK && !conn->refused) {
        status = mdm_stream_next(source, &chunk, err);
        if (status != MDM_OK || !chunk) break;
        status = mdm_pg_encoder_add(encoder, chunk, err);
        mdm_chunk_unref(chunk);
    }
    if (status == MDM_OK && !conn->refused) status = mdm_pg_encoder_end(encoder, err);
    /* What failed on our side ends the COPY as well. */
    if (status != MDM_OK && atomic_load(&conn->active)) mdm_pg_abandon(conn, MDM_CANCELLED);
    return status;
}

/* The server's word about a cell is about the input, and it knows which line and column. */
static mdm_status refused_rows(pg_conn *conn, const PGresult *result, mdm_error *err)
{
    mdm_error own;
    mdm_status status = mdm_pg_refused(conn, result, NULL, &own);
    if (strncmp(own.sqlstate, "22", 2) == 0) own.status = status = MDM_FORMAT;
    const char *context = mdm_pq.resultErrorField(result, PG_DIAG_CONTEXT);
    if (context) mdm_error_context(&own, status, "%.*s", (int)strcspn(context, "\n"), context);
    if (err) *err = own;
    return status;
}

static mdm_status end_copy(pg_conn *conn, int64_t *rows, mdm_error *err)
{
    /* Words are given where the server has refused already, and are lost. */
    int ok = mdm_pq.putCopyEnd(conn->pq, conn->refused ? "refused" : NULL);
    MDM_TRY(mdm_pg_sent(conn, ok == 1, err));
    mdm_status status = MDM_OK;
    while (atomic_load(&conn->active)) {
        PGresult *result;
        MDM_TRY(mdm_pg_result(conn, &result, status == MDM_OK ? err : NULL));
        if (!result) break;
        if (mdm_pq.resultStatus(result) == PGRES_COMMAND_OK) *rows = mdm_pg_written(result);
        else if (status == MDM_OK) status = refused_rows(conn, result, err);
        mdm_pq.clear(result);
    }
    return status;
}

static mdm_status copy(pg_conn *conn, const mdm_target *target, const pg_column *columns,
                       mdm_stream *source, int64_t *rows, mdm_error *err)
{
    mdm_text sql;
    pg_encoder *encoder = NULL;
    mdm_text_init(&sql);
    mdm_status status = copy_statement(conn, target, source->schema, &sql, err);
    if (status != MDM_OK) goto done;
    status = mdm_pg_encoder_open(source->schema, columns, put, conn, &encoder, err);
    if (status != MDM_OK) goto done;
    status = start_copy(conn, sql.data, err);
    if (status != MDM_OK) goto done;
    status = send_rows(conn, encoder, source, err);
    if (status == MDM_OK) status = end_copy(conn, rows, err);
done:
    mdm_pg_encoder_close(encoder);
    mdm_text_clear(&sql);
    return status;
}

mdm_status mdm_pg_bulk(mdm_conn *base, const mdm_target *target, mdm_stream *source, int64_t *rows,
                       mdm_error *err)
{
    pg_conn *conn = mdm_pg_conn(base);
    int64_t copied = 0;
    pg_column *columns = NULL;
    mdm_status status = target->create
                            ? create_table(conn, target, source->schema, err)
                            : describe_table(conn, target, source->schema, &columns, err);
    if (status == MDM_OK) status = copy(conn, target, columns, source, &copied, err);
    mdm_free(columns);
    if (rows) *rows = copied;
    return status;
}
