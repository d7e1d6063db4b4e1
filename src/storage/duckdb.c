/* Connections and transactions of DuckDB. The room src/duckdb knows the library; this driver knows
 * what a connection of MDM promises. */
#include <stdio.h>

#include "base/alloc.h"
#include "duckdb/error.h"
#include "duckdb/result.h"
#include "storage/duckdb_driver.h"

/* --- failures -------------------------------------------------------------------------- */

mdm_status mdm_duckdb_note_failure(duckdb_conn *conn, mdm_status status, const mdm_error *err)
{
    if (status == MDM_OK) return status;
    conn->failed = true;
    if (mdm_duckdb_error_is_fatal(err)) {
        conn->broken = true;
        mdm_duckdb_condemn(conn->instance);
    }
    return status;
}

/* Run words of our own; no visitor: they are not the user's. */
static mdm_status run_words(duckdb_conn *conn, const char *sql, mdm_error *err)
{
    mdm_error own;
    if (!err) err = &own;
    const mdm_status status =
        mdm_duckdb_run(conn->link, mdm_str_from(sql), conn->base.stop, NULL, err);
    return mdm_duckdb_note_failure(conn, status, err);
}

/* --- transactions ------------------------------------------------------------------------ */

/* From here on a transaction may be open. The link has begun, so that this cannot fail. */
static void enter_transaction(duckdb_conn *conn)
{
    if (conn->in_transaction) return;
    conn->in_transaction = true;
    conn->failed = false;
    conn->link->depth++;
}

static void leave_transaction(duckdb_conn *conn)
{
    if (!conn->in_transaction) return;
    conn->in_transaction = false;
    mdm_duckdb_end(conn->link);
}

static mdm_status conn_begin(mdm_conn *base, mdm_txn_mode mode, mdm_error *err)
{
    duckdb_conn *conn = mdm_duckdb_conn_of(base);
    if (mode == MDM_TXN_WRITE && conn->read_only)
        return mdm_error_set(err, MDM_PERMISSION, "a read-only connection cannot begin to write");
    if (conn->guards > 0)
        return mdm_error_set(err, MDM_BUSY, "a statement of this connection is still being read");
    MDM_TRY(mdm_duckdb_begin(conn->link, base->stop, err));
    const mdm_status status = run_words(
        conn, mode == MDM_TXN_READ ? "BEGIN TRANSACTION READ ONLY" : "BEGIN TRANSACTION", err);
    if (status == MDM_OK) enter_transaction(conn);
    mdm_duckdb_end(conn->link);
    return status;
}

static void conn_rollback(mdm_conn *base)
{
    duckdb_conn *conn = mdm_duckdb_conn_of(base);
    if (!conn->in_transaction) return;
    /* Not to be stopped; that none is active any more is no matter. */
    const mdm_stop *stop = base->stop;
    base->stop = NULL;
    (void)run_words(conn, "ROLLBACK", NULL);
    base->stop = stop;
    conn->failed = false;
    leave_transaction(conn);
}

/* DuckDB takes the COMMIT of a transaction that an error has ended for a rollback, and says that
 * all went well. So it is asked whether there still is one. */
static mdm_status conn_commit(mdm_conn *base, mdm_error *err)
{
    duckdb_conn *conn = mdm_duckdb_conn_of(base);
    if (conn->in_transaction && conn->failed && run_words(conn, "SELECT 1", err) != MDM_OK) {
        conn_rollback(base);
        return mdm_error_set(err, MDM_BACKEND,
                             "nothing was committed: a statement of this transaction has failed");
    }
    const mdm_status status = run_words(conn, "COMMIT", err);
    /* A refused commit has rolled back. A stopped one has not happened. */
    if (status == MDM_CANCELLED || status == MDM_TIMEOUT) conn_rollback(base);
    else leave_transaction(conn);
    return status;
}

/* --- what SQL of the user does to the connection -------------------------------------------- */

typedef enum verb { NO_VERB, BEGINS, ENDS } verb;

/* Of a statement that DuckDB says is about transactions. */
static verb verb_of(mdm_str sql)
{
    static const char *const words[] = {"begin", "start", "commit", "end", "rollback", "abort"};
    sql = mdm_str_trim(sql);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const mdm_str word = mdm_str_from(words[i]);
        if (sql.len >= word.len && mdm_str_equal_nocase((mdm_str){sql.data, word.len}, word))
            return i < 2 ? BEGINS : ENDS;
    }
    return NO_VERB; /* behind a comment */
}

static bool alters(duckdb_statement_type type)
{
    switch (type) {
    case DUCKDB_STATEMENT_TYPE_SELECT:
    case DUCKDB_STATEMENT_TYPE_INSERT:
    case DUCKDB_STATEMENT_TYPE_UPDATE:
    case DUCKDB_STATEMENT_TYPE_DELETE:
    case DUCKDB_STATEMENT_TYPE_MERGE_INTO:
    case DUCKDB_STATEMENT_TYPE_EXPLAIN:
    case DUCKDB_STATEMENT_TYPE_COPY:
    case DUCKDB_STATEMENT_TYPE_ANALYZE:
    case DUCKDB_STATEMENT_TYPE_VACUUM:
    case DUCKDB_STATEMENT_TYPE_TRANSACTION: return false;
    default: return true;
    }
}

/* A read-only connection whose instance can be written, because somebody else in this process
 * writes: each of its statements stands in a read-only transaction. */
static bool needs_guard(const duckdb_conn *conn)
{
    return conn->read_only && !conn->in_transaction && !mdm_duckdb_is_read_only(conn->instance);
}

static mdm_status enter_user_transaction(duckdb_conn *conn, mdm_str sql, mdm_error *err)
{
    if (verb_of(sql) == ENDS) return MDM_OK;
    if (needs_guard(conn))
        return mdm_error_set(err, MDM_PERMISSION,
                             "a read-only connection begins transactions by begin() only, while "
                             "this process writes to the same file");
    enter_transaction(conn);
    return MDM_OK;
}

mdm_status mdm_duckdb_enter(duckdb_conn *conn, duckdb_passage *passage, mdm_error *err)
{
    passage->guarded = false;
    if (alters(passage->type)) conn->altered = true;
    if (passage->type == DUCKDB_STATEMENT_TYPE_TRANSACTION)
        return enter_user_transaction(conn, passage->sql, err);
    if (!needs_guard(conn)) return MDM_OK;
    if (conn->guards == 0) MDM_TRY(run_words(conn, "BEGIN TRANSACTION READ ONLY", err));
    conn->guards++;
    passage->guarded = true;
    return MDM_OK;
}

void mdm_duckdb_leave(duckdb_conn *conn, duckdb_passage *passage)
{
    if (passage->type == DUCKDB_STATEMENT_TYPE_TRANSACTION && verb_of(passage->sql) == ENDS)
        leave_transaction(conn);
    if (!passage->guarded) return;
    passage->guarded = false;
    if (--conn->guards > 0) return;
    const mdm_stop *stop = conn->base.stop;
    conn->base.stop = NULL;
    (void)run_words(conn, "COMMIT", NULL); /* nothing was written */
    conn->base.stop = stop;
}

/* --- statements without rows -------------------------------------------------------------------
 */

typedef struct user_run {
    duckdb_conn *conn;
    mdm_str sql;
    duckdb_passage passage;
} user_run;

static mdm_status before(void *self, duckdb_statement_type type, bool only, mdm_error *err)
{
    user_run *r = self;
    r->passage = (duckdb_passage){.type = type};
    if (only) r->passage.sql = r->sql;
    return mdm_duckdb_enter(r->conn, &r->passage, err);
}

static void after(void *self, duckdb_statement_type type, bool only)
{
    (void)type, (void)only;
    user_run *r = self;
    mdm_duckdb_leave(r->conn, &r->passage);
}

static mdm_status conn_run(mdm_conn *base, mdm_str sql, int64_t *changed, mdm_error *err)
{
    duckdb_conn *conn = mdm_duckdb_conn_of(base);
    mdm_error own;
    if (!err) err = &own;
    user_run r = {.conn = conn, .sql = sql};
    const mdm_duckdb_visitor visitor = {before, after, &r};
    return mdm_duckdb_note_failure(
        conn, mdm_duckdb_run_with(conn->link, sql, &visitor, base->stop, changed, err), err);
}

/* --- state of a connection -----------------------------------------------------------------------
 */

static mdm_status conn_ping(mdm_conn *base, int timeout_ms, mdm_error *err)
{
    (void)timeout_ms; /* in this process: there is nobody to wait for */
    duckdb_conn *conn = mdm_duckdb_conn_of(base);
    if (conn->broken) return mdm_error_set(err, MDM_IO, "the connection has failed before");
    const mdm_status status = mdm_duckdb_check(conn->instance, err);
    if (status != MDM_OK) conn->broken = true;
    return status;
}

static bool conn_is_broken(const mdm_conn *base)
{
    return mdm_duckdb_conn_of(base)->broken;
}

static bool conn_reset(mdm_conn *base)
{
    duckdb_conn *conn = mdm_duckdb_conn_of(base);
    conn_rollback(base);
    base->stop = NULL;
    if (conn->broken || conn->statements.used > 0) return false;
    if (!conn->altered) return true;
    mdm_statements_clear(&conn->statements);
    conn->altered = false;
    return mdm_duckdb_reconnect(conn->link, NULL) == MDM_OK;
}

static void conn_interrupt(mdm_conn *base)
{
    mdm_duckdb_interrupt(mdm_duckdb_conn_of(base)->link);
}

static mdm_status conn_settle(mdm_conn *base, mdm_error *err)
{
    return run_words(mdm_duckdb_conn_of(base), "CHECKPOINT", err);
}

/* --- open and close
 * -------------------------------------------------------------------------------- */

/* The instance is about to be switched to writing; nobody uses this connection now. */
static void drop_statements(void *self)
{
    duckdb_conn *conn = self;
    mdm_statements_clear(&conn->statements);
}

static void conn_close(mdm_conn *base)
{
    if (!base) return;
    duckdb_conn *conn = mdm_duckdb_conn_of(base);
    if (conn->link) {
        mdm_statements_clear(&conn->statements);
        conn_rollback(base);
        mdm_duckdb_disconnect(conn->link);
    }
    mdm_duckdb_close(conn->instance);
    mdm_schema_unref(conn->no_columns);
    mdm_free(conn);
}

static mdm_status conn_open(const mdm_location *location, unsigned flags, const mdm_stop *stop,
                            mdm_conn **out, mdm_error *err)
{
    *out = NULL;
    duckdb_conn *conn = mdm_alloc_zero(1, sizeof *conn);
    if (!conn) return mdm_no_memory(err, "a connection");
    conn->base.backend = &mdm_backend_duckdb;
    conn->read_only = flags & MDM_OPEN_READ_ONLY;
    const mdm_duckdb_options options = {
        .read_only = conn->read_only,
        .create = flags & MDM_OPEN_CREATE,
        .settings = location->settings,
        .setting_count = location->setting_count,
    };
    mdm_statements_init(&conn->statements, &conn->base, flags, mdm_duckdb_stmt_destroy);

    mdm_status status = mdm_schema_new(NULL, 0, &conn->no_columns, err);
    if (status == MDM_OK)
        status = mdm_duckdb_open(location->path, &options, stop, &conn->instance, err);
    if (status == MDM_OK) status = mdm_duckdb_connect(conn->instance, &conn->link, err);
    if (status != MDM_OK) {
        conn_close(&conn->base);
        return status;
    }
    conn->link->release = drop_statements;
    conn->link->release_self = conn;
    *out = &conn->base;
    return MDM_OK;
}

mdm_status mdm_duckdb_library_version(char *text, mdm_error *err)
{
    text[0] = '\0';
    MDM_TRY(mdm_duckdb_load(err));
    const char *version = mdm_duck.library_version();
    snprintf(text, 64, "%s", version[0] == 'v' ? version + 1 : version);
    return MDM_OK;
}

const mdm_backend mdm_backend_duckdb = {
    .name = "duckdb",
    .caps = MDM_CAP_CONCURRENT_WRITERS | MDM_CAP_READS_FILES,
    .dialect = &mdm_dialect_duckdb,
    .open = conn_open,
    .close = conn_close,
    .ping = conn_ping,
    .reset = conn_reset,
    .is_broken = conn_is_broken,
    .begin = conn_begin,
    .commit = conn_commit,
    .rollback = conn_rollback,
    .run = conn_run,
    .prepare = mdm_duckdb_stmt_prepare,
    .parameters = mdm_duckdb_stmt_parameters,
    .execute = mdm_duckdb_stmt_execute,
    .schema = mdm_duckdb_stmt_schema,
    .fetch = mdm_duckdb_stmt_fetch,
    .changed = mdm_duckdb_stmt_changed,
    .finish = mdm_duckdb_stmt_finish,
    .explain = mdm_duckdb_explain,
    .bulk = mdm_duckdb_bulk,
    .load_query = mdm_duckdb_load_query,
    .settle = conn_settle,
    .interrupt = conn_interrupt,
};
