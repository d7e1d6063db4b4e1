/* Connecting. libpq is only asked to take the next step; the waiting is ours, because its own
 * connect_timeout knows whole seconds only, from two on, and a server that was stopped accepts
 * connections and never answers. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "storage/postgresql_driver.h"

#define SECOND INT64_C(1000000000)
#define DEFAULT_CONNECT_SECONDS 30 /* where neither the location nor the caller sets a limit */

static void drop_notice(void *self, const PGresult *notice)
{
    (void)self;
    (void)notice;
}

/* The location's settings as libpq wants them, ours around them: a later one wins. */
static mdm_status start_connect(pg_conn *conn, const mdm_location *location, mdm_error *err)
{
    size_t count = location->setting_count;
    const char **keywords = mdm_alloc_zero(count + 3, sizeof *keywords);
    const char **values = mdm_alloc_zero(count + 3, sizeof *values);
    mdm_status status = MDM_OK;
    if (keywords && values) {
        keywords[0] = "fallback_application_name";
        values[0] = "mdm";
        for (size_t i = 0; i < count; i++) {
            keywords[i + 1] = location->settings[i].name;
            values[i + 1] = location->settings[i].value;
        }
        keywords[count + 1] = "client_encoding";
        values[count + 1] = "UTF8";
        /* Never expand_dbname: a whole URL in place of a name may hold a password. */
        conn->pq = mdm_pq.connectStartParams(keywords, values, 0);
    }
    if (!conn->pq) status = mdm_no_memory(err, "a connection");
    mdm_free(keywords);
    mdm_free(values);
    return status;
}

/* A name that libpq does not know: it says so, but in one breath
 * with all other failures. MDM_OK: it is not that. */
static mdm_status check_settings(const mdm_location *location, mdm_error *err)
{
    const char *known[100];
    size_t count = 0;
    PQconninfoOption *options = mdm_pq.conndefaults();
    for (PQconninfoOption *o = options; o && o->keyword && count < 100; o++)
        known[count++] = o->keyword;
    mdm_status status = MDM_OK;
    for (size_t i = 0; i < location->setting_count && status == MDM_OK && options; i++) {
        const char *name = location->settings[i].name;
        size_t k = 0;
        while (k < count && strcmp(known[k], name) != 0)
            k++;
        if (k < count) continue;
        const char *nearest = mdm_nearest(mdm_str_from(name), known, count);
        status = mdm_error_set(err, MDM_INVALID, "PostgreSQL has no setting '%s'", name);
        if (nearest) mdm_error_hint(err, status, "did you mean '%s'?", nearest);
    }
    mdm_pq.conninfoFree(options);
    return status;
}

/* What connect_timeout says, from whatever source libpq knows. */
static int64_t connect_seconds(PGconn *pq)
{
    int64_t seconds = 0;
    PQconninfoOption *options = mdm_pq.conninfo(pq);
    for (PQconninfoOption *o = options; o && o->keyword; o++)
        if (strcmp(o->keyword, "connect_timeout") == 0 && o->val)
            if (!mdm_str_to_int(mdm_str_from(o->val), &seconds)) seconds = 0;
    mdm_pq.conninfoFree(options);
    return seconds > 0 && seconds < 1000000 ? seconds : DEFAULT_CONNECT_SECONDS;
}

static mdm_status timed_out(pg_conn *conn, int64_t began_ns, mdm_error *err)
{
    const char *host = mdm_pq.host(conn->pq), *port = mdm_pq.port(conn->pq);
    mdm_error_set(err, MDM_TIMEOUT, "no answer from %s, port %s, within %.3g s",
                  host && *host ? host : "the server", port && *port ? port : "5432",
                  (double)(mdm_clock_ns() - began_ns) / (double)SECOND);
    return mdm_error_hint(err, MDM_TIMEOUT,
                          "is the server alive, and may it be reached from here?");
}

/* Wait for what the last step of libpq needs. */
static mdm_status wait_step(pg_conn *conn, PostgresPollingStatusType step, int64_t began_ns,
                            int64_t deadline_ns, mdm_error *err)
{
    struct pollfd socket = {mdm_pq.socket(conn->pq),
                            step == PGRES_POLLING_READING ? POLLIN : POLLOUT, 0};
    for (;;) {
        mdm_status status = mdm_stop_check(conn->base.stop, err);
        int64_t left = deadline_ns - mdm_clock_ns();
        if (status == MDM_TIMEOUT || left <= 0) return timed_out(conn, began_ns, err);
        if (status != MDM_OK) return status;
        int64_t ms = (left + 999999) / 1000000;
        int ready = poll(&socket, 1, ms < PG_SLICE_MS ? (int)ms : PG_SLICE_MS);
        if (ready > 0) return MDM_OK;
        if (ready < 0 && errno != EINTR)
            return mdm_error_set(err, MDM_BACKEND, "waiting for the server: %s", strerror(errno));
    }
}

static mdm_status connect_steps(pg_conn *conn, mdm_error *err)
{
    int64_t began_ns = mdm_clock_ns();
    int64_t deadline_ns = began_ns + connect_seconds(conn->pq) * SECOND;
    const mdm_stop *stop = conn->base.stop;
    if (stop && stop->deadline_ns && stop->deadline_ns < deadline_ns)
        deadline_ns = stop->deadline_ns;

    PostgresPollingStatusType step = PGRES_POLLING_WRITING;
    while (step != PGRES_POLLING_OK) {
        if (mdm_pq.status(conn->pq) == CONNECTION_BAD || step == PGRES_POLLING_FAILED)
            return mdm_pg_unreachable(conn, err);
        MDM_TRY(wait_step(conn, step, began_ns, deadline_ns, err));
        step = mdm_pq.connectPoll(conn->pq);
    }
    return MDM_OK;
}

/* --- the session ---------------------------------------------------------- */

/* Text forms that do not depend on how the server was set up, and what the caller asked for. In one
 * request: it costs one round trip. */
static mdm_status make_setup(pg_conn *conn, const char *schema, mdm_error *err)
{
    mdm_text sql, name;
    mdm_text_init(&sql);
    mdm_text_init(&name);
    mdm_status status = MDM_OK;
    mdm_text_puts(&sql, "SET DateStyle = 'ISO, YMD'; SET TimeZone = 'UTC'; SET IntervalStyle = "
                        "'postgres'; SET bytea_output = 'hex'; SET extra_float_digits = 3; SET "
                        "client_min_messages = 'warning'; SET standard_conforming_strings = on");
    /* A statement whose client is gone ends soon instead of running on for nobody. */
    if (mdm_pq.serverVersion(conn->pq) >= 140000)
        mdm_text_puts(&sql, "; SET client_connection_check_interval = '2s'");
    if (conn->flags & MDM_OPEN_READ_ONLY)
        mdm_text_puts(&sql, "; SET default_transaction_read_only = on");
    if (schema) {
        status = mdm_sql_name(&name, conn->base.backend, mdm_str_from(schema), err);
        char *literal =
            status == MDM_OK ? mdm_pq.escapeLiteral(conn->pq, name.data, name.len) : NULL;
        if (status == MDM_OK && !literal) status = mdm_no_memory(err, "the search path");
        if (literal)
            mdm_text_printf(&sql,
                            "; SELECT pg_catalog.set_config('search_path', concat_ws(', ', %s, "
                            "nullif(current_setting('search_path'), '')), false)",
                            literal);
        mdm_pq.freemem(literal);
    }
    if (status == MDM_OK) status = mdm_text_status(&sql, err);
    if (status == MDM_OK) conn->setup = mdm_text_take(&sql);
    mdm_text_clear(&sql);
    mdm_text_clear(&name);
    return status;
}

static mdm_status set_up(pg_conn *conn, const mdm_location *location, mdm_error *err)
{
    MDM_TRY(make_setup(conn, location->schema, err));
    MDM_TRY(mdm_pg_simple(conn, conn->setup, NULL, NULL, err));
    conn->altered = false; /* by ourselves */
    return MDM_OK;
}

static mdm_status make_canceller(pg_conn *conn, mdm_error *err)
{
    PGcancel *cancel = mdm_pq.getCancel(conn->pq);
    conn->canceller = cancel ? mdm_pg_canceller_new(cancel) : NULL;
    if (conn->canceller) return MDM_OK;
    mdm_pq.freeCancel(cancel);
    return mdm_no_memory(err, "a connection");
}

static mdm_status connect_and_set_up(pg_conn *conn, const mdm_location *location, mdm_error *err)
{
    MDM_TRY(mdm_schema_new(NULL, 0, &conn->no_columns, err));
    MDM_TRY(start_connect(conn, location, err));
    if (mdm_pq.status(conn->pq) == CONNECTION_BAD) MDM_TRY(check_settings(location, err));
    mdm_pq.setNoticeReceiver(conn->pq, drop_notice, NULL);
    /* While connecting, this is the only way to learn the SQLSTATE of a refusal. */
    mdm_pq.setErrorVerbosity(conn->pq, PQERRORS_VERBOSE);
    MDM_TRY(connect_steps(conn, err));
    mdm_pq.setErrorVerbosity(conn->pq, PQERRORS_DEFAULT);
    if (mdm_pq.setnonblocking(conn->pq, 1) != 0) return mdm_pg_lost(conn, err);
    MDM_TRY(make_canceller(conn, err));
    return set_up(conn, location, err);
}

mdm_status mdm_pg_open(const mdm_location *location, unsigned flags, const mdm_stop *stop,
                       mdm_conn **out, mdm_error *err)
{
    *out = NULL;
    MDM_TRY(mdm_pq_load(err));
    MDM_TRY(mdm_stop_check(stop, err));
    pg_conn *conn = mdm_alloc_zero(1, sizeof *conn);
    if (!conn) return mdm_no_memory(err, "a connection");
    conn->base.backend = &mdm_backend_postgresql;
    conn->base.stop = stop;
    conn->flags = flags;
    atomic_init(&conn->active, false);
    atomic_init(&conn->interrupted, false);
    mdm_text_init(&conn->scratch);
    mdm_statements_init(&conn->statements, &conn->base, flags, mdm_pg_destroy);

    mdm_status status = connect_and_set_up(conn, location, err);
    if (status != MDM_OK) {
        mdm_pg_close(&conn->base);
        return status;
    }
    conn->base.stop = NULL;
    *out = &conn->base;
    return MDM_OK;
}

void mdm_pg_close(mdm_conn *base)
{
    if (!base) return;
    pg_conn *conn = mdm_pg_conn(base);
    if (conn->winding_up || atomic_load(&conn->active)) mdm_pg_canceller_start(conn->canceller);
    mdm_statements_clear(&conn->statements);
    mdm_pg_forget_dead(conn);
    mdm_pg_canceller_drop(conn->canceller);
    mdm_pq.finish(conn->pq); /* NULL is allowed */
    mdm_schema_unref(conn->no_columns);
    mdm_text_clear(&conn->scratch);
    mdm_free(conn->setup);
    mdm_free(conn);
}
