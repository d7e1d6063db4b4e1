/* The one road from a question to a database: fingerprint, permission, parameters, connection, kept
 * statement, rows. Everything that reads or changes rows comes through here, so the pool, the
 * optimizer and the monitor see it all. */
#include <string.h>

#include "base/alloc.h"
#include "session/internal.h"

#define NAMED_TEXT_BYTES 4096u /* of a statement with named parameters, without an allocation */
#define NAMED_VALUES 64u       /* likewise */

/* A query on its way: what is known before there are rows. */
typedef struct journey {
    mdm_session *session;
    mdm_database *database;
    mdm_txn *txn; /* NULL: a connection of its own */
    const mdm_query *query;
    const char *tag;
    mdm_str sql; /* with the database's own placeholders */
    const mdm_value *values;
    size_t value_count;
    mdm_fingerprint print;
    bool write;
} journey;

/* --- what it is, and whether it may ------------------------------------------------- */

/* Without the optimizer the text is read only where it must be known whether it writes. */
static void read_text(journey *j)
{
    mdm_session *session = j->session;
    const mdm_sql_dialect dialect = j->database->dialect;
    if (session->memo) {
        bool known = false;
        j->print = memo_fingerprint(session->memo, j->query->sql, dialect, &known);
        const session_metrics *m = &session->metrics;
        mdm_count(session->monitor, known ? m->known : m->fingerprints, 1);
    } else if (!j->write) {
        j->print = mdm_fingerprint_make(j->query->sql, dialect, NULL, 0);
    } else {
        j->print = (mdm_fingerprint){.class_ = MDM_QUERY_OTHER, .statements = 1};
    }
}

static mdm_status hint_at_write(mdm_error *err, mdm_status status)
{
    return mdm_error_hint(err, status, "if it is meant to write, say so: --write");
}

static mdm_status check(const journey *j, mdm_error *err)
{
    if (j->query->value_count > 0 && j->query->parameter_count > 0)
        return mdm_error_set(err, MDM_INVALID,
                             "parameters are given by position or by name, not both");
    if (j->print.statements == 0) return mdm_error_set(err, MDM_INVALID, "no statement");
    if (j->print.statements > 1)
        return mdm_error_set(err, MDM_INVALID, "%u statements, one is expected",
                             (unsigned)j->print.statements);
    if (j->write || j->print.reads_only) return MDM_OK;
    mdm_error_set(err, MDM_PERMISSION, "this statement may change data (class %s)",
                  mdm_query_class_text(j->print.class_));
    return hint_at_write(err, MDM_PERMISSION);
}

/* --- named parameters ----------------------------------------------------------------- */

/* Room for the rewritten statement: on the stack as long as that suffices. */
typedef struct named_room {
    char *text, *text_owned;
    mdm_value *values, *values_owned;
    size_t text_size, value_size;
    char text_room[NAMED_TEXT_BYTES];
    mdm_value value_room[NAMED_VALUES];
} named_room;

static mdm_status make_room(named_room *room, const mdm_query *query, mdm_error *err)
{
    /* a name of one byte and its sign become at most five */
    room->text_size = query->sql.len * 3 + 16;
    room->value_size = query->parameter_count;
    room->text = room->text_room;
    room->values = room->value_room;
    room->text_owned = NULL;
    room->values_owned = NULL;
    if (room->text_size > NAMED_TEXT_BYTES) {
        room->text = room->text_owned = mdm_alloc(room->text_size);
        if (!room->text) return mdm_no_memory(err, "a statement");
    }
    if (room->value_size > NAMED_VALUES) {
        room->values = room->values_owned = mdm_alloc_zero(room->value_size, sizeof(mdm_value));
        if (!room->values) return mdm_no_memory(err, "the values of a statement");
    }
    return MDM_OK;
}

static void clear_room(named_room *room)
{
    mdm_free(room->text_owned);
    mdm_free(room->values_owned);
}

static mdm_status bind_names(journey *j, named_room *room, mdm_error *err)
{
    const mdm_query *query = j->query;
    MDM_TRY(mdm_parameters_bind(query->sql, j->database->dialect, query->parameters,
                                query->parameter_count, room->text, room->text_size, room->values,
                                room->value_size, &j->value_count, err));
    j->sql = mdm_str_from(room->text);
    j->values = room->values;
    return MDM_OK;
}

/* --- connection and statement ------------------------------------------------------------ */

/* The session's wish to stop and the query's own deadline in one. */
static void combine_stops(mdm_rows *rows, const mdm_session *session, const mdm_query *query)
{
    rows->obeyed = session_stop(session);
    if (query->timeout_ms <= 0) return;
    int64_t deadline = INT64_MAX;
    if (query->timeout_ms < (INT64_MAX - rows->start_ns) / 1000000)
        deadline = rows->start_ns + query->timeout_ms * 1000000;
    if (rows->obeyed) rows->stop = *rows->obeyed;
    if (rows->stop.deadline_ns == 0 || deadline < rows->stop.deadline_ns)
        rows->stop.deadline_ns = deadline;
    rows->obeyed = &rows->stop;
}

static mdm_status compile(const journey *j, mdm_rows *rows, mdm_error *err)
{
    mdm_conn *conn = rows->conn;
    const session_metrics *m = &j->session->metrics;
    const uint64_t prepared = conn->prepared;
    MDM_TRY(conn->backend->prepare(conn, j->sql, &rows->stmt, err));
    rows->kept = conn->prepared == prepared;
    if (j->session->memo) mdm_count(j->session->monitor, rows->kept ? m->kept : m->compiled, 1);
    return MDM_OK;
}

static mdm_status start(const journey *j, mdm_rows *rows, mdm_error *err)
{
    const mdm_backend *backend = rows->conn->backend;
    rows->conn->stop = rows->obeyed;
    mdm_status status = compile(j, rows, err);
    if (status == MDM_OK) status = backend->execute(rows->stmt, j->values, j->value_count, err);
    if (status == MDM_OK) return MDM_OK;
    backend->finish(rows->stmt);
    rows->stmt = NULL;
    return status == MDM_PERMISSION && !j->write ? hint_at_write(err, status) : status;
}

static mdm_status travel_in_transaction(const journey *j, mdm_rows *rows, mdm_error *err)
{
    rows->txn = j->txn;
    rows->conn = j->txn->lease.conn;
    const mdm_status status = start(j, rows, err);
    if (status != MDM_OK) rows->conn->stop = j->txn->stop;
    return status;
}

/* *broken: it failed because of the connection, which has been dropped. */
static mdm_status travel_alone(const journey *j, mdm_rows *rows, bool *broken, mdm_error *err)
{
    *broken = false;
    MDM_TRY(database_acquire(j->database, j->write, j->tag, rows->obeyed, rows->start_ns,
                             &rows->lease, err));
    rows->conn = rows->lease.conn;
    const mdm_status status = start(j, rows, err);
    if (status == MDM_OK) return MDM_OK;
    *broken = rows->conn->backend->is_broken(rows->conn);
    rows->conn->stop = NULL;
    database_release(&rows->lease, 0);
    rows->conn = NULL;
    return status;
}

/* A read that met a connection which had died meanwhile has done nothing: once more. A write may
 * have been done, although nobody said so: never. */
static mdm_status travel(const journey *j, mdm_rows *rows, mdm_error *err)
{
    if (j->txn) return travel_in_transaction(j, rows, err);
    bool broken;
    mdm_error first = {0};
    mdm_status status = travel_alone(j, rows, &broken, &first);
    if (status != MDM_OK && broken && !j->write && mdm_stop_check(rows->obeyed, NULL) == MDM_OK) {
        mdm_count(j->session->monitor, j->session->metrics.retries, 1);
        return travel_alone(j, rows, &broken, err);
    }
    if (status != MDM_OK && err) *err = first;
    return status;
}

/* --- rows --------------------------------------------------------------------------------------
 */

static void remember_text(mdm_rows *rows, mdm_str sql)
{
    const size_t len = sql.len < SESSION_TEXT_BYTES ? sql.len : SESSION_TEXT_BYTES;
    memcpy(rows->text, sql.data, len);
    rows->text_len = (uint32_t)len;
}

static mdm_status arrive(const journey *j, mdm_rows *rows)
{
    const mdm_backend *backend = rows->conn->backend;
    rows->schema = mdm_schema_ref(backend->schema(rows->stmt));
    rows->limit = j->query->limit;
    rows->print = j->print;
    rows->dialect = j->database->dialect;
    remember_text(rows, j->query->sql);
    if (rows->schema->count == 0) rows_end(rows, MDM_OK); /* there is nothing to read */
    return MDM_OK;
}

static mdm_status depart(journey *j, int64_t start_ns, mdm_rows **out, mdm_error *err)
{
    mdm_rows *rows = rows_take(j->session);
    if (!rows) return mdm_no_memory(err, "the rows of a query");
    rows->start_ns = start_ns;
    combine_stops(rows, j->session, j->query);
    mdm_status status = travel(j, rows, err);
    if (status == MDM_OK) status = arrive(j, rows);
    if (status == MDM_OK) {
        *out = rows;
        return MDM_OK;
    }
    rows_give(rows);
    return status;
}

static mdm_status depart_named(journey *j, int64_t start_ns, mdm_rows **out, mdm_error *err)
{
    named_room room;
    mdm_status status = make_room(&room, j->query, err);
    if (status == MDM_OK) status = bind_names(j, &room, err);
    if (status == MDM_OK) status = depart(j, start_ns, out, err);
    clear_room(&room);
    return status;
}

mdm_status session_query(mdm_session *session, mdm_database *database, mdm_txn *txn,
                         const mdm_query *query, mdm_rows **out, mdm_error *err)
{
    *out = NULL;
    const int64_t start_ns = mdm_clock_ns();
    journey j = {
        .session = session,
        .database = database,
        .txn = txn,
        .query = query,
        .tag = query->tag ? query->tag : "query",
        .sql = query->sql,
        .values = query->values,
        .value_count = query->value_count,
        .write = txn ? txn->mode == MDM_TXN_WRITE : query->write,
    };
    read_text(&j);
    mdm_status status = check(&j, err);
    if (status == MDM_OK)
        status = query->parameter_count > 0 ? depart_named(&j, start_ns, out, err)
                                            : depart(&j, start_ns, out, err);
    if (status != MDM_OK) record_failure(session);
    return status;
}

mdm_status session_run(mdm_session *session, mdm_database *database, mdm_txn *txn,
                       const mdm_query *query, int64_t *changed, mdm_error *err)
{
    mdm_rows *rows;
    MDM_TRY(session_query(session, database, txn, query, &rows, err));
    mdm_chunk *chunk = NULL;
    mdm_status status;
    do {
        status = mdm_rows_next(rows, &chunk, err);
        mdm_chunk_unref(chunk);
    } while (status == MDM_OK && chunk);
    if (changed) *changed = rows->changed > 0 ? rows->changed : 0;
    mdm_rows_close(rows);
    return status;
}

/* --- public --------------------------------------------------------------------------------------
 */

mdm_status mdm_session_query(mdm_session *session, mdm_database *database, const mdm_query *query,
                             mdm_rows **out, mdm_error *err)
{
    return session_query(session, database, NULL, query, out, err);
}

mdm_status mdm_session_run(mdm_session *session, mdm_database *database, const mdm_query *query,
                           int64_t *changed, mdm_error *err)
{
    return session_run(session, database, NULL, query, changed, err);
}

mdm_status mdm_session_explain(mdm_session *session, mdm_database *database, mdm_str sql,
                               char **out, mdm_error *err)
{
    *out = NULL;
    mdm_lease lease;
    MDM_TRY(database_acquire(database, false, "explain", session_stop(session), 0, &lease, err));
    lease.conn->stop = session_stop(session);
    const mdm_status status = lease.conn->backend->explain(lease.conn, sql, out, err);
    lease.conn->stop = NULL;
    database_release(&lease, 0);
    return status;
}

mdm_status mdm_session_settle(mdm_session *session, mdm_database *database, mdm_error *err)
{
    mdm_lease lease;
    MDM_TRY(database_acquire(database, true, "settle", session_stop(session), 0, &lease, err));
    lease.conn->stop = session_stop(session);
    const mdm_status status = lease.conn->backend->settle(lease.conn, err);
    lease.conn->stop = NULL;
    database_release(&lease, 0);
    return status;
}
