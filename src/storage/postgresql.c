/* The PostgreSQL driver's table of functions; postgresql_driver.h says what is where. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "storage/postgresql_driver.h"

/* --- is it alive? --------------------------------------------------------- */

bool mdm_pg_is_broken(const mdm_conn *base)
{
    const pg_conn *conn = (const pg_conn *)base;
    return conn->broken || conn->demoted || mdm_pq.status(conn->pq) == CONNECTION_BAD;
}

/* A server that went away has closed the socket, which libpq notices only when it is next used. */
static bool is_closed(const pg_conn *conn)
{
    char byte;
    return recv(mdm_pq.socket(conn->pq), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static mdm_status ping(mdm_conn *base, int timeout_ms, mdm_error *err)
{
    pg_conn *conn = mdm_pg_conn(base);
    if (mdm_pg_is_broken(base) || is_closed(conn)) {
        conn->broken = true;
        return mdm_error_set(err, MDM_BACKEND, "the connection is lost");
    }
    if (atomic_load(&conn->active)) return MDM_OK; /* in the middle of rows */
    /* The grace after a deadline is part of the time that was allowed. */
    int64_t ms = timeout_ms > 2 * PG_TIMEOUT_GRACE_MS ? timeout_ms - PG_TIMEOUT_GRACE_MS
                                                      : timeout_ms / 2 + 1;
    return mdm_pg_within(conn, ms, "", err); /* the cheapest round trip there is */
}

static void interrupt(mdm_conn *base)
{
    pg_conn *conn = mdm_pg_conn(base);
    if (atomic_load(&conn->active)) atomic_store(&conn->interrupted, true);
}

/* --- transactions --------------------------------------------------------- */

static mdm_status begin(mdm_conn *base, mdm_txn_mode mode, mdm_error *err)
{
    /* A reader sees one state of the data throughout, as it does on the other databases. */
    const char *sql =
        mode == MDM_TXN_READ ? "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY" : "BEGIN";
    return mdm_pg_simple(mdm_pg_conn(base), sql, NULL, NULL, err);
}

static mdm_status commit(mdm_conn *base, mdm_error *err)
{
    pg_conn *conn = mdm_pg_conn(base);
    mdm_status status = mdm_pg_simple(conn, "COMMIT", NULL, NULL, err);
    if (status != MDM_OK && conn->broken)
        return mdm_error_hint(err, status,
                              "whether the transaction was committed is not known: "
                              "look before you repeat it");
    if (status == MDM_OK && strcmp(conn->tag, "ROLLBACK") == 0)
        return mdm_error_set(err, MDM_BACKEND,
                             "the transaction had failed before and was rolled "
                             "back");
    return status;
}

static void rollback(mdm_conn *base)
{
    pg_conn *conn = mdm_pg_conn(base);
    if (mdm_pg_is_broken(base)) return;
    if (atomic_load(&conn->active) && !mdm_pg_drain(conn, mdm_clock_ns() + 2000000))
        mdm_pg_abandon(conn, MDM_CANCELLED);
    conn->rollback_due = !mdm_pg_wound_up(conn);
    if (conn->rollback_due || mdm_pq.transactionStatus(conn->pq) == PQTRANS_IDLE) return;
    if (mdm_pg_within(conn, PG_QUICK_MS, "ROLLBACK", NULL) != MDM_OK) conn->broken = true;
}

/* --- for the next user ---------------------------------------------------- */

static bool clean(pg_conn *conn)
{
    mdm_text sql;
    mdm_text_init(&sql);
    mdm_text_puts(&sql, "CLOSE ALL; UNLISTEN *; SELECT pg_advisory_unlock_all(); RESET SESSION "
                        "AUTHORIZATION; RESET ALL; DISCARD TEMP; ");
    if (conn->prepares) mdm_text_puts(&sql, "DEALLOCATE ALL; ");
    mdm_text_puts(&sql, conn->setup);
    bool done = !sql.failed && mdm_pg_within(conn, PG_QUICK_MS, sql.data, NULL) == MDM_OK;
    mdm_text_clear(&sql);
    if (done) conn->altered = conn->prepares = false;
    return done;
}

static bool reset(mdm_conn *base)
{
    pg_conn *conn = mdm_pg_conn(base);
    base->stop = NULL;
    if (mdm_pg_is_broken(base) || conn->statements.used > 0) return false;
    if (atomic_load(&conn->active)) mdm_pg_abandon(conn, MDM_TIMEOUT);
    if (!mdm_pg_wound_up(conn)) return false; /* a new connection is there sooner */
    if (mdm_pq.transactionStatus(conn->pq) != PQTRANS_IDLE) base->abandoned++;
    rollback(base);
    if (conn->altered && !mdm_pg_is_broken(base) && !clean(conn)) return false;
    return !mdm_pg_is_broken(base) && mdm_pq.transactionStatus(conn->pq) == PQTRANS_IDLE;
}

/* --- statements ----------------------------------------------------------- */

static mdm_status run(mdm_conn *base, mdm_str sql, int64_t *changed, mdm_error *err)
{
    pg_conn *conn = mdm_pg_conn(base);
    if (changed) *changed = 0;
    MDM_TRY(mdm_pg_sql(conn, sql, err));
    return mdm_pg_simple(conn, conn->scratch.data, changed, NULL, err);
}

/* A prepared statement is explained by its name, with a plan for any values of its placeholders. */
static mdm_status explain_prepared(pg_conn *conn, const pg_stmt *stmt, mdm_text *plan,
                                   mdm_error *err)
{
    mdm_text sql;
    mdm_text_init(&sql);
    mdm_text_printf(&sql,
                    "SET LOCAL plan_cache_mode = force_generic_plan; "
                    "EXPLAIN (VERBOSE, FORMAT JSON) EXECUTE %s",
                    stmt->name);
    for (size_t i = 0; i < stmt->parameter_count; i++)
        mdm_text_puts(&sql, i == 0 ? " (NULL" : ", NULL");
    if (stmt->parameter_count > 0) mdm_text_putc(&sql, ')');
    mdm_status status = mdm_text_status(&sql, err);
    if (status == MDM_OK) status = mdm_pg_simple(conn, sql.data, NULL, plan, err);
    mdm_text_clear(&sql);
    return status;
}

/* Whatever explaining does, or fails at, is undone: by a savepoint inside a transaction, by a
 * transaction of its own outside. */
static mdm_status explain_and_undo(pg_conn *conn, mdm_str sql, mdm_text *plan, mdm_error *err)
{
    bool outside = mdm_pq.transactionStatus(conn->pq) == PQTRANS_IDLE, altered = conn->altered;
    mdm_stmt *stmt = NULL;
    MDM_TRY(mdm_pg_simple(conn, outside ? "BEGIN READ ONLY" : "SAVEPOINT mdm_explain", NULL, NULL,
                          err));
    mdm_status status = mdm_pg_prepare(&conn->base, sql, &stmt, err); /* also sure that it is one */
    if (status == MDM_OK) status = explain_prepared(conn, (const pg_stmt *)stmt, plan, err);
    const char *undo = outside ? "ROLLBACK" : "ROLLBACK TO mdm_explain; RELEASE mdm_explain";
    if (!conn->broken && mdm_pg_within(conn, PG_QUICK_MS, undo, NULL) != MDM_OK)
        conn->broken = true;
    mdm_pg_finish(stmt);
    conn->altered = altered;
    return status;
}

static mdm_status explain(mdm_conn *base, mdm_str sql, char **out, mdm_error *err)
{
    *out = NULL;
    mdm_text plan;
    mdm_text_init(&plan);
    mdm_status status = explain_and_undo(mdm_pg_conn(base), sql, &plan, err);
    if (status == MDM_OK) status = mdm_text_status(&plan, err);
    if (status == MDM_OK) {
        *out = mdm_text_take(&plan);
        if (!*out) status = mdm_no_memory(err, "a plan");
    }
    mdm_text_clear(&plan);
    return status;
}

/* Rows are as durable as the server makes them from the start. */
static mdm_status settle(mdm_conn *base, mdm_error *err)
{
    (void)base;
    (void)err;
    return MDM_OK;
}

const mdm_backend mdm_backend_postgresql = {
    .name = "postgresql",
    .caps = MDM_CAP_CONCURRENT_WRITERS | MDM_CAP_SERVER | MDM_CAP_RENAMES_SCHEMA,
    .dialect = &mdm_dialect_postgresql,
    .open = mdm_pg_open,
    .close = mdm_pg_close,
    .ping = ping,
    .reset = reset,
    .is_broken = mdm_pg_is_broken,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .run = run,
    .prepare = mdm_pg_prepare,
    .parameters = mdm_pg_parameters,
    .execute = mdm_pg_execute,
    .schema = mdm_pg_schema,
    .fetch = mdm_pg_fetch,
    .changed = mdm_pg_changed,
    .finish = mdm_pg_finish,
    .explain = explain,
    .bulk = mdm_pg_bulk,
    .settle = settle,
    .interrupt = interrupt,
};
