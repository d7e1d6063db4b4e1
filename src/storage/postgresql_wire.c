/* A request is under way (conn->active) from mdm_pg_start() until its last result, the NULL one,
 * has been read or it was given up. Only then may the next one be sent. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "storage/postgresql_driver.h"

#define MS INT64_C(1000000)

mdm_status mdm_pg_stop_wanted(const pg_conn *conn, mdm_error *err)
{
    if (atomic_load_explicit(&conn->interrupted, memory_order_relaxed))
        return mdm_error_set(err, MDM_CANCELLED, "cancelled");
    return mdm_stop_check(conn->base.stop, err);
}

/* Milliseconds to sleep: a slice, or less when the time is up before. */
static int slice(const mdm_stop *stop)
{
    if (!stop || stop->deadline_ns == 0) return PG_SLICE_MS;
    int64_t left = (stop->deadline_ns - mdm_clock_ns() + MS - 1) / MS;
    return left < 0 ? 0 : left < PG_SLICE_MS ? (int)left : PG_SLICE_MS;
}

mdm_status mdm_pg_wait(pg_conn *conn, short events, mdm_error *err)
{
    struct pollfd socket = {mdm_pq.socket(conn->pq), events, 0};
    for (;;) {
        mdm_status status = mdm_pg_stop_wanted(conn, err);
        if (status != MDM_OK) {
            mdm_pg_abandon(conn, status);
            return status;
        }
        if (socket.fd < 0) return MDM_OK; /* libpq says what has happened to it */
        int ready = poll(&socket, 1, slice(conn->base.stop));
        if (ready > 0 || (ready < 0 && errno != EINTR)) return MDM_OK;
    }
}

static void end_request(pg_conn *conn)
{
    conn->reader = NULL;
    atomic_store(&conn->active, false);
}

/* During a COPY libpq looks at nothing the server says, so that a load would be sent to its end
 * after its first row was refused. The first byte that waits tells: E begins an error. (Through
 * TLS nobody sees it: the refusal then comes at the end.) */
static bool waits_error(const pg_conn *conn)
{
    char first;
    return !mdm_pq.sslInUse(conn->pq) && !mdm_pq.gssEncInUse(conn->pq) &&
           recv(mdm_pq.socket(conn->pq), &first, 1, MSG_PEEK | MSG_DONTWAIT) == 1 && first == 'E';
}

bool mdm_pg_listen(pg_conn *conn)
{
    struct pollfd socket = {mdm_pq.socket(conn->pq), POLLIN, 0};
    if (socket.fd >= 0) {
        if (poll(&socket, 1, 0) <= 0) return true;
        if (waits_error(conn)) conn->refused = true;
        if (mdm_pq.consumeInput(conn->pq)) return true;
    }
    conn->refused = true;
    return false;
}

/* Push what libpq holds back. */
static mdm_status flush(pg_conn *conn, mdm_error *err)
{
    int left;
    while ((left = mdm_pq.flush(conn->pq)) > 0) {
        /* The server may not read on before we have read what it says. When it is gone, there is
         * nobody to send to: that comes as a result, with its last words where it had any. */
        MDM_TRY(mdm_pg_wait(conn, POLLIN | POLLOUT, err));
        if (!mdm_pg_listen(conn)) return MDM_OK;
    }
    if (left == 0) return MDM_OK;
    mdm_status status = mdm_pg_lost(conn, err);
    conn->broken = true;
    end_request(conn);
    return status;
}

mdm_status mdm_pg_sent(pg_conn *conn, int ok, mdm_error *err)
{
    if (ok) return flush(conn, err);
    mdm_status status = mdm_pg_lost(conn, err);
    conn->broken = true; /* half a request may be on its way */
    end_request(conn);
    return status;
}

mdm_status mdm_pg_result(pg_conn *conn, PGresult **out, mdm_error *err)
{
    *out = NULL;
    while (mdm_pq.isBusy(conn->pq)) {
        MDM_TRY(mdm_pg_wait(conn, POLLIN, err));
        /* What the server said before it went away comes as a result, as does that it went. */
        if (!mdm_pq.consumeInput(conn->pq)) break;
    }
    *out = mdm_pq.getResult(conn->pq);
    if (!*out && mdm_pq.pipelineStatus(conn->pq) == PQ_PIPELINE_OFF) end_request(conn);
    return MDM_OK;
}

mdm_status mdm_pg_skip(pg_conn *conn, mdm_error *err)
{
    PGresult *result;
    while (atomic_load(&conn->active)) {
        MDM_TRY(mdm_pg_result(conn, &result, err));
        mdm_pq.clear(result);
    }
    return MDM_OK;
}

/* --- giving up ------------------------------------------------------------ */

static bool ready_until(pg_conn *conn, short events, int64_t until_ns)
{
    struct pollfd socket = {mdm_pq.socket(conn->pq), events, 0};
    int64_t left = (until_ns - mdm_clock_ns()) / MS;
    return socket.fd >= 0 && left > 0 && poll(&socket, 1, (int)left) > 0 &&
           mdm_pq.consumeInput(conn->pq);
}

/* Rows of COPY TO STDOUT, for nobody. */
static bool drain_copy_out(pg_conn *conn, int64_t until_ns)
{
    char *row;
    for (;;) {
        int len = mdm_pq.getCopyData(conn->pq, &row, 1);
        if (len > 0) mdm_pq.freemem(row);
        else if (len < 0) return true;
        else if (!ready_until(conn, POLLIN, until_ns)) return false;
    }
}

/* A result on the way to the end of the request; false: it cannot be passed. */
static bool pass(pg_conn *conn, const PGresult *result, int64_t until_ns)
{
    switch (mdm_pq.resultStatus(result)) {
    case PGRES_COPY_IN:
        return mdm_pq.putCopyEnd(conn->pq, "given up") >= 0 && mdm_pq.flush(conn->pq) >= 0;
    case PGRES_COPY_OUT: return drain_copy_out(conn, until_ns);
    case PGRES_COPY_BOTH: return false;
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK: mdm_pg_note(conn, result); return true;
    case PGRES_FATAL_ERROR: conn->completed = false; return true;
    case PGRES_PIPELINE_SYNC: return mdm_pq.exitPipelineMode(conn->pq) == 1;
    default: return true;
    }
}

bool mdm_pg_drain(pg_conn *conn, int64_t until_ns)
{
    conn->completed = true;
    while (atomic_load(&conn->active)) {
        int left;
        while ((left = mdm_pq.flush(conn->pq)) > 0)
            if (!ready_until(conn, POLLIN | POLLOUT, until_ns)) return false;
        if (left < 0) return false;
        if (mdm_pq.isBusy(conn->pq)) {
            if (!ready_until(conn, POLLIN, until_ns)) return false;
            continue;
        }
        PGresult *result = mdm_pq.getResult(conn->pq);
        if (!result && mdm_pq.status(conn->pq) == CONNECTION_BAD) return false;
        if (!result && mdm_pq.pipelineStatus(conn->pq) == PQ_PIPELINE_OFF) end_request(conn);
        bool passed = !result || pass(conn, result, until_ns);
        mdm_pq.clear(result);
        if (!passed) return false;
    }
    return true;
}

/* A server may take its time to give up: it removes gigabytes of temporary files first, or has
 * stopped. Who called gets the answer in time; who wants the connection next waits. */
static bool end_is_here(pg_conn *conn, int64_t until_ns)
{
    atomic_store(&conn->active, true);
    bool drained = mdm_pg_drain(conn, until_ns);
    if (!drained) conn->completed = false;
    end_request(conn);
    if (mdm_pq.status(conn->pq) == CONNECTION_BAD) conn->broken = true;
    /* A request to cancel that arrives late would hit the next statement: wait for both. */
    conn->winding_up = !mdm_pg_canceller_idle(conn->canceller, until_ns) || !drained;
    return !conn->winding_up;
}

/* Asking once is not enough: a request to cancel that the server gets to see before the statement,
 * which is still on its way or waiting for a processor, is lost. */
static bool wind_up_until(pg_conn *conn, int64_t until_ns)
{
    for (;;) {
        int64_t now_ns = mdm_clock_ns();
        if (now_ns - conn->asked_ns >= PG_ASK_MS * MS) {
            mdm_pg_canceller_start(conn->canceller);
            conn->asked_ns = now_ns;
        }
        int64_t step_ns = now_ns + PG_ASK_MS * MS;
        if (end_is_here(conn, step_ns < until_ns ? step_ns : until_ns)) return true;
        if (conn->broken || mdm_clock_ns() >= until_ns) return false;
    }
}

void mdm_pg_abandon(pg_conn *conn, mdm_status why)
{
    int64_t grace_ms = why == MDM_TIMEOUT ? PG_TIMEOUT_GRACE_MS : PG_CANCEL_GRACE_MS;
    conn->asked_ns = 0;
    (void)wind_up_until(conn, mdm_clock_ns() + grace_ms * MS);
}

bool mdm_pg_wound_up(pg_conn *conn)
{
    return !conn->winding_up || end_is_here(conn, 0);
}

static mdm_status wind_up(pg_conn *conn, mdm_error *err)
{
    int64_t until_ns = mdm_clock_ns() + PG_WIND_UP_MS * MS;
    while (conn->winding_up && !conn->broken) {
        int64_t now_ns = mdm_clock_ns();
        if (now_ns >= until_ns) conn->broken = true;
        else if (!wind_up_until(conn, now_ns + PG_SLICE_MS * MS))
            MDM_TRY(mdm_stop_check(conn->base.stop, err));
    }
    if (conn->broken || !conn->rollback_due) return MDM_OK;
    conn->rollback_due = false;
    if (mdm_pq.transactionStatus(conn->pq) == PQTRANS_IDLE) return MDM_OK;
    return mdm_pg_within(conn, PG_QUICK_MS, "ROLLBACK", err);
}

mdm_status mdm_pg_start(pg_conn *conn, mdm_error *err)
{
    MDM_TRY(mdm_stop_check(conn->base.stop, err));
    MDM_TRY(wind_up(conn, err));
    if (conn->broken) return mdm_error_set(err, MDM_BACKEND, "the connection is lost");
    if (atomic_load(&conn->active))
        return mdm_error_set(err, MDM_INVALID,
                             "rows of another statement are still being read "
                             "from this connection");
    atomic_store(&conn->interrupted, false);
    atomic_store(&conn->active, true);
    return MDM_OK;
}

/* --- what commands do to a session ---------------------------------------- */

int64_t mdm_pg_written(const PGresult *result)
{
    static const char *const writers[] = {"INSERT ", "UPDATE ", "DELETE ",
                                          "MERGE ",  "COPY ",   "SELECT "};
    PGresult *whose = (PGresult *)(uintptr_t)result; /* libpq forgets const, but changes nothing */
    const char *tag = mdm_pq.cmdStatus(whose);
    bool reads = mdm_pq.nfields(result) > 0; /* else SELECT is CREATE TABLE AS */
    int64_t count;
    for (size_t i = 0; i < sizeof writers / sizeof *writers; i++) {
        if (strncmp(tag, writers[i], strlen(writers[i])) != 0) continue;
        if (reads && writers[i][0] == 'S') return 0;
        return mdm_str_to_int(mdm_str_from(mdm_pq.cmdTuples(whose)), &count) ? count : -1;
    }
    return -1;
}

/* Commands after which the session is not what it was. */
static const char *const altering[] = {"SET",        "RESET",          "LISTEN", "PREPARE",
                                       "DEALLOCATE", "DECLARE CURSOR", "LOAD",   "DISCARD"};

void mdm_pg_note(pg_conn *conn, const PGresult *result)
{
    snprintf(conn->tag, sizeof conn->tag, "%s", mdm_pq.cmdStatus((PGresult *)(uintptr_t)result));
    for (size_t i = 0; i < sizeof altering / sizeof *altering; i++)
        if (strncmp(conn->tag, altering[i], strlen(altering[i])) == 0) conn->altered = true;
    if (strncmp(conn->tag, "PREPARE", 7) == 0) conn->prepares = true;
    if (strcmp(conn->tag, "DISCARD ALL") == 0 || strcmp(conn->tag, "DEALLOCATE ALL") == 0)
        conn->generation++;
}

/* --- SQL text ------------------------------------------------------------- */

mdm_status mdm_pg_sql(pg_conn *conn, mdm_str sql, mdm_error *err)
{
    if (sql.len > 0 && memchr(sql.data, 0, sql.len))
        return mdm_error_set(err, MDM_INVALID, "the SQL text holds a NUL byte");
    mdm_text_reset(&conn->scratch);
    mdm_text_add(&conn->scratch, sql);
    return mdm_text_status(&conn->scratch, err);
}

static void keep_cell(const PGresult *result, mdm_text *cell)
{
    if (!cell || mdm_pq.ntuples(result) == 0 || mdm_pq.nfields(result) == 0) return;
    int last = mdm_pq.ntuples(result) - 1;
    mdm_text_reset(cell);
    mdm_text_puts(cell, mdm_pq.getvalue(result, last, 0));
}

/* The first error is the one that counts. */
static mdm_status take_result(pg_conn *conn, const PGresult *result, const char *sql,
                              int64_t *changed, mdm_text *cell, mdm_error *err)
{
    switch (mdm_pq.resultStatus(result)) {
    case PGRES_SINGLE_TUPLE: keep_cell(result, cell); return MDM_OK;
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK: {
        int64_t written = mdm_pg_written(result);
        if (changed && written > 0) *changed += written;
        mdm_pg_note(conn, result);
        return MDM_OK;
    }
    case PGRES_EMPTY_QUERY: return MDM_OK;
    case PGRES_COPY_IN:
    case PGRES_COPY_OUT:
    case PGRES_COPY_BOTH:
        mdm_pg_abandon(conn, MDM_CANCELLED);
        return mdm_error_set(err, MDM_UNSUPPORTED, "COPY from or to the client is not for run()");
    default: return mdm_pg_refused(conn, result, sql, err);
    }
}

mdm_status mdm_pg_simple(pg_conn *conn, const char *sql, int64_t *changed, mdm_text *cell,
                         mdm_error *err)
{
    bool alters = mdm_pg_words(mdm_str_from(sql)) & PG_WORD_ALTERS;
    MDM_TRY(mdm_pg_start(conn, err));
    if (alters) conn->altered = true;
    int ok = mdm_pq.sendQuery(conn->pq, sql);
    if (ok) mdm_pq.setSingleRowMode(conn->pq); /* rows for nobody need no memory */
    MDM_TRY(mdm_pg_sent(conn, ok, err));

    mdm_status status = MDM_OK;
    mdm_error stopped;
    while (atomic_load(&conn->active)) {
        PGresult *result;
        mdm_status step = mdm_pg_result(conn, &result, &stopped);
        if (step == MDM_OK && result && status == MDM_OK)
            status = take_result(conn, result, sql, changed, cell, err);
        mdm_pq.clear(result);
        /* Come to its end before it could be stopped, it is done: saying otherwise would be wrong.
         */
        if (step == MDM_OK || status != MDM_OK || conn->completed) continue;
        if (err) *err = stopped;
        status = step;
    }
    return status;
}

mdm_status mdm_pg_within(pg_conn *conn, int64_t ms, const char *sql, mdm_error *err)
{
    const mdm_stop *stop = conn->base.stop;
    const mdm_stop own = {NULL, mdm_clock_ns() + ms * MS};
    conn->base.stop = &own;
    mdm_status status = mdm_pg_simple(conn, sql, NULL, NULL, err);
    conn->base.stop = stop;
    return status;
}
