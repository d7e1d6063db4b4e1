/* Rows own what they are read from: their lease, their statement. Both go back as soon as the last
 * row is out, not only when the rows are closed. */
#include <string.h>

#include "base/alloc.h"
#include "session/internal.h"

/* --- the struct: kept for the next query ------------------------------------------- */

mdm_rows *rows_take(mdm_session *session)
{
    mdm_rows *rows = NULL;
    for (size_t i = 0; i < SESSION_SPARE_ROWS && !rows; i++)
        if (atomic_load_explicit(&session->spare[i], memory_order_relaxed))
            rows = atomic_exchange_explicit(&session->spare[i], NULL, memory_order_acquire);
    if (!rows) rows = mdm_alloc(sizeof *rows);
    if (!rows) return NULL;
    memset(rows, 0, offsetof(mdm_rows, text));
    rows->session = session;
    return rows;
}

void rows_give(mdm_rows *rows)
{
    mdm_session *session = rows->session;
    for (size_t i = 0; i < SESSION_SPARE_ROWS; i++) {
        mdm_rows *none = NULL;
        if (!atomic_load_explicit(&session->spare[i], memory_order_relaxed) &&
            atomic_compare_exchange_strong_explicit(&session->spare[i], &none, rows,
                                                    memory_order_release, memory_order_relaxed))
            return;
    }
    mdm_free(rows);
}

void rows_end(mdm_rows *rows, mdm_status status)
{
    if (!rows->stmt) return;
    rows->changed = rows->conn->backend->changed(rows->stmt);
    rows->conn->backend->finish(rows->stmt);
    rows->stmt = NULL;
    rows->status = status;
    rows->end_ns = mdm_clock_ns();
    if (rows->txn) rows->conn->stop = rows->txn->stop;
    else database_release(&rows->lease, rows->end_ns);
    rows->conn = NULL;
    record_query(rows);
}

/* --- reading --------------------------------------------------------------------------- */

const mdm_schema *mdm_rows_schema(const mdm_rows *rows)
{
    return rows->schema;
}

/* Cut a chunk to what the limit leaves; the rest shows that there was more. */
static mdm_status cut(mdm_rows *rows, mdm_chunk **chunk, mdm_error *err)
{
    const int64_t left = rows->limit - rows->count;
    mdm_chunk *whole = *chunk;
    *chunk = NULL;
    rows->truncated = true;
    const mdm_status status = left > 0 ? mdm_chunk_slice(whole, 0, left, chunk, err) : MDM_OK;
    mdm_chunk_unref(whole);
    return status;
}

mdm_status mdm_rows_next(mdm_rows *rows, mdm_chunk **out, mdm_error *err)
{
    *out = NULL;
    if (!rows->stmt) return MDM_OK;
    rows->conn->stop = rows->obeyed;
    mdm_chunk *chunk = NULL;
    mdm_status status = rows->conn->backend->fetch(rows->stmt, &chunk, err);
    bool more = status == MDM_OK && chunk;
    if (more && rows->limit > 0 && chunk->rows > rows->limit - rows->count) {
        status = cut(rows, &chunk, err);
        more = false;
    }
    if (chunk) rows->count += chunk->rows;
    *out = chunk;
    if (!more) rows_end(rows, status);
    return status;
}

void mdm_rows_close(mdm_rows *rows)
{
    if (!rows) return;
    rows_end(rows, MDM_OK);
    mdm_schema_unref(rows->schema);
    rows_give(rows);
}

mdm_rows_info mdm_rows_info_read(const mdm_rows *rows)
{
    const int64_t now = rows->end_ns > 0 ? rows->end_ns : mdm_clock_ns();
    return (mdm_rows_info){
        .rows = rows->count,
        .changed = rows->stmt ? rows->conn->backend->changed(rows->stmt) : rows->changed,
        .elapsed_ns = now - rows->start_ns,
        .truncated = rows->truncated,
        .statement_kept = rows->kept,
        .class_ = rows->print.class_,
        .fingerprint = rows->print.hash,
    };
}

/* --- as a stream ------------------------------------------------------------------------ */

static mdm_status stream_next(mdm_stream *stream, mdm_chunk **out, mdm_error *err)
{
    return mdm_rows_next(stream->self, out, err);
}

static void stream_close(mdm_stream *stream)
{
    mdm_rows_close(stream->self);
}

void mdm_rows_stream(mdm_rows *rows, mdm_stream *out)
{
    *out = (mdm_stream){
        .schema = rows->schema, .next = stream_next, .close = stream_close, .self = rows};
}
