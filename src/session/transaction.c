/* A transaction holds one connection from its beginning to its end. */
#include "base/alloc.h"
#include "mdm/batch.h"
#include "session/internal.h"

/* --- begin and end ----------------------------------------------------------------- */

mdm_status mdm_txn_begin(mdm_session *session, mdm_database *database, mdm_txn_mode mode,
                         mdm_txn **out, mdm_error *err)
{
    *out = NULL;
    mdm_txn *txn = mdm_alloc_zero(1, sizeof *txn);
    if (!txn) return mdm_no_memory(err, "a transaction");
    *txn = (mdm_txn){
        .session = session, .database = database, .mode = mode, .stop = session_stop(session)};
    mdm_status status = database_acquire(database, mode == MDM_TXN_WRITE, "transaction", txn->stop,
                                         0, &txn->lease, err);
    if (status == MDM_OK) {
        txn->lease.conn->stop = txn->stop;
        status = database->backend->begin(txn->lease.conn, mode, err);
        if (status != MDM_OK) database_release(&txn->lease, 0);
    }
    if (status != MDM_OK) mdm_free(txn);
    else *out = txn;
    return status;
}

static void end(mdm_txn *txn)
{
    txn->lease.conn->stop = NULL;
    database_release(&txn->lease, 0);
    mdm_free(txn);
}

mdm_status mdm_txn_commit(mdm_txn *txn, mdm_error *err)
{
    mdm_session *session = txn->session;
    mdm_conn *conn = txn->lease.conn;
    const mdm_status status = conn->backend->commit(conn, err);
    if (status != MDM_OK) {
        conn->stop = NULL; /* undoing is not to be stopped */
        conn->backend->rollback(conn);
    }
    mdm_count(session->monitor,
              status == MDM_OK ? session->metrics.committed : session->metrics.rolled_back, 1);
    end(txn);
    return status;
}

void mdm_txn_rollback(mdm_txn *txn)
{
    if (!txn) return;
    mdm_conn *conn = txn->lease.conn;
    conn->stop = NULL;
    conn->backend->rollback(conn);
    mdm_count(txn->session->monitor, txn->session->metrics.rolled_back, 1);
    end(txn);
}

/* --- statements ------------------------------------------------------------------------ */

mdm_status mdm_txn_query(mdm_txn *txn, const mdm_query *query, mdm_rows **out, mdm_error *err)
{
    return session_query(txn->session, txn->database, txn, query, out, err);
}

mdm_status mdm_txn_run(mdm_txn *txn, const mdm_query *query, int64_t *changed, mdm_error *err)
{
    return session_run(txn->session, txn->database, txn, query, changed, err);
}

/* --- loading ------------------------------------------------------------------------------ */

/* Without the batch component: on this thread, and nothing is recorded. */
static mdm_prefetch_options prefetch_options(const mdm_session *session)
{
    const mdm_config *config = session->config;
    mdm_prefetch_options options = MDM_PREFETCH_OPTIONS_INIT;
    options.max_bytes = (size_t)mdm_config_int(config, "performance.batch.chunk_memory_limit_mb")
                        << 20;
    options.inline_only =
        session->off.batch || !mdm_config_bool(config, "performance.batch.enable_parallel");
    options.monitor = session->off.batch ? NULL : session->monitor;
    return options;
}

static void record_load(const mdm_session *session, mdm_operation *operation, int64_t start_ns,
                        mdm_status status, int64_t rows)
{
    if (session->off.batch) return;
    mdm_operation_end(operation, status);
    const int64_t took = mdm_clock_ns() - start_ns;
    if (status == MDM_OK && took > 0)
        mdm_observe(session->monitor, session->metrics.load_rate,
                    (uint64_t)((double)rows * 1e9 / (double)took));
}

static mdm_operation begin_load(const mdm_session *session)
{
    mdm_operation none = {0};
    return session->off.batch ? none : mdm_operation_begin(session->monitor, "batch_load");
}

mdm_status mdm_txn_load(mdm_txn *txn, const mdm_target *target, mdm_stream *source,
                        mdm_status (*tap)(void *self, const mdm_chunk *chunk, mdm_error *err),
                        void *tap_self, int64_t *rows, mdm_error *err)
{
    mdm_session *session = txn->session;
    mdm_conn *conn = txn->lease.conn;
    mdm_prefetch_options options = prefetch_options(session);
    options.tap = tap;
    options.tap_self = tap_self;
    const int64_t start_ns = mdm_clock_ns();
    mdm_operation operation = begin_load(session);
    int64_t loaded = 0;
    mdm_stream ahead = {0};
    mdm_status status = mdm_prefetch_open(source, &options, &ahead, err);
    if (status == MDM_OK) status = conn->backend->bulk(conn, target, &ahead, &loaded, err);
    mdm_stream_close(&ahead);
    record_load(session, &operation, start_ns, status, loaded);
    if (rows) *rows = loaded;
    return status;
}

mdm_status mdm_txn_load_query(mdm_txn *txn, const mdm_target *target, mdm_file_query *query,
                              int64_t *rows, mdm_error *err)
{
    mdm_session *session = txn->session;
    mdm_conn *conn = txn->lease.conn;
    if (!conn->backend->load_query)
        return mdm_error_set(err, MDM_UNSUPPORTED, "%s does not read files itself",
                             conn->backend->name);
    const int64_t start_ns = mdm_clock_ns();
    mdm_operation operation = begin_load(session);
    int64_t loaded = 0;
    const mdm_status status = conn->backend->load_query(conn, target, query, &loaded, err);
    record_load(session, &operation, start_ns, status, loaded);
    if (rows) *rows = loaded;
    return status;
}
