/* The table of functions is the first member of the control block, so that a location's backend,
 * and a connection's, leads back to it. */
#include "support/faulty.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct faulty {
    mdm_backend table; /* first */
    const mdm_backend *real;
    pthread_mutex_t lock; /* guards everything below */
    long left;            /* calls before the one that fails; -1: none does */
    mdm_status left_status;
    const char *failing; /* name of calls that all fail */
    mdm_status failing_status;
    bool broken;
    long calls, connections;
    char *trace;
    size_t trace_len, trace_size;
};

typedef struct faulty_conn {
    mdm_conn base;
    faulty *f;
    mdm_conn *real;
} faulty_conn;

typedef struct faulty_stmt {
    mdm_stmt base;
    mdm_stmt *real;
} faulty_stmt;

static faulty *faulty_of(const mdm_backend *table)
{
    return (faulty *)(uintptr_t)table;
}

static faulty_conn *conn_of(const mdm_conn *conn)
{
    return (faulty_conn *)(uintptr_t)conn;
}

static faulty_stmt *stmt_of(const mdm_stmt *stmt)
{
    return (faulty_stmt *)(uintptr_t)stmt;
}

static void *must(void *memory)
{
    if (!memory) abort();
    return memory;
}

/* --- writing down ---------------------------------------------------------------- */

/* With the lock held. */
static void write_down(faulty *f, const char *name)
{
    const size_t len = strlen(name);
    if (f->trace_len + len + 2 > f->trace_size) {
        f->trace_size = 2 * (f->trace_len + len + 2);
        f->trace = must(realloc(f->trace, f->trace_size));
    }
    memcpy(f->trace + f->trace_len, name, len);
    memcpy(f->trace + f->trace_len + len, " ", 2);
    f->trace_len += len + 1;
}

static void note(faulty *f, const char *name)
{
    pthread_mutex_lock(&f->lock);
    write_down(f, name);
    pthread_mutex_unlock(&f->lock);
}

/* A call that can fail: MDM_OK when it is to be passed on. */
static mdm_status step(faulty *f, const char *name, mdm_error *err)
{
    mdm_status status = MDM_OK;
    pthread_mutex_lock(&f->lock);
    write_down(f, name);
    f->calls++;
    if (f->left == 0) status = f->left_status;
    if (f->left >= 0) f->left--;
    if (f->failing && strcmp(f->failing, name) == 0) status = f->failing_status;
    pthread_mutex_unlock(&f->lock);
    return status == MDM_OK ? MDM_OK : mdm_error_set(err, status, "injected failure at '%s'", name);
}

/* What belongs to the user of a connection goes in before a call, what is counted comes out. */
static mdm_conn *enter(faulty_conn *c)
{
    c->real->stop = c->base.stop;
    return c->real;
}

static mdm_status leave(faulty_conn *c, mdm_status status)
{
    c->base.prepared = c->real->prepared;
    c->base.reused = c->real->reused;
    c->base.nan_as_null = c->real->nan_as_null;
    return status;
}

/* --- the functions of a backend ----------------------------------------------------- */

static mdm_status faulty_conn_open(const mdm_location *location, unsigned flags,
                                   const mdm_stop *stop, mdm_conn **out, mdm_error *err)
{
    faulty *f = faulty_of(location->backend);
    *out = NULL;
    MDM_TRY(step(f, "open", err));
    mdm_location real = *location;
    real.backend = f->real;
    faulty_conn *c = must(calloc(1, sizeof *c));
    const mdm_status status = f->real->open(&real, flags, stop, &c->real, err);
    if (status != MDM_OK) {
        free(c);
        return status;
    }
    c->base.backend = &f->table;
    c->f = f;
    pthread_mutex_lock(&f->lock);
    f->connections++;
    pthread_mutex_unlock(&f->lock);
    *out = &c->base;
    return MDM_OK;
}

static void faulty_conn_close(mdm_conn *conn)
{
    if (!conn) return;
    faulty_conn *c = conn_of(conn);
    note(c->f, "close");
    c->f->real->close(c->real);
    pthread_mutex_lock(&c->f->lock);
    c->f->connections--;
    pthread_mutex_unlock(&c->f->lock);
    free(c);
}

static mdm_status faulty_ping(mdm_conn *conn, int timeout_ms, mdm_error *err)
{
    faulty_conn *c = conn_of(conn);
    MDM_TRY(step(c->f, "ping", err));
    return leave(c, c->f->real->ping(enter(c), timeout_ms, err));
}

static bool faulty_reset(mdm_conn *conn)
{
    faulty_conn *c = conn_of(conn);
    if (step(c->f, "reset", NULL) != MDM_OK) return false;
    const bool good = c->f->real->reset(c->real);
    c->base.stop = NULL;
    return good;
}

static bool faulty_is_broken(const mdm_conn *conn)
{
    faulty_conn *c = conn_of(conn);
    pthread_mutex_lock(&c->f->lock);
    const bool broken = c->f->broken;
    pthread_mutex_unlock(&c->f->lock);
    return broken || c->f->real->is_broken(c->real);
}

static mdm_status faulty_begin(mdm_conn *conn, mdm_txn_mode mode, mdm_error *err)
{
    faulty_conn *c = conn_of(conn);
    MDM_TRY(step(c->f, "begin", err));
    return leave(c, c->f->real->begin(enter(c), mode, err));
}

static mdm_status faulty_commit(mdm_conn *conn, mdm_error *err)
{
    faulty_conn *c = conn_of(conn);
    MDM_TRY(step(c->f, "commit", err));
    return leave(c, c->f->real->commit(enter(c), err));
}

static void faulty_rollback(mdm_conn *conn)
{
    faulty_conn *c = conn_of(conn);
    note(c->f, "rollback");
    c->f->real->rollback(enter(c));
}

static mdm_status faulty_run(mdm_conn *conn, mdm_str sql, int64_t *changed, mdm_error *err)
{
    faulty_conn *c = conn_of(conn);
    MDM_TRY(step(c->f, "run", err));
    return leave(c, c->f->real->run(enter(c), sql, changed, err));
}

static mdm_status faulty_prepare(mdm_conn *conn, mdm_str sql, mdm_stmt **out, mdm_error *err)
{
    faulty_conn *c = conn_of(conn);
    *out = NULL;
    MDM_TRY(step(c->f, "prepare", err));
    faulty_stmt *s = must(calloc(1, sizeof *s));
    const mdm_status status = leave(c, c->f->real->prepare(enter(c), sql, &s->real, err));
    if (status != MDM_OK) {
        free(s);
        return status;
    }
    s->base.conn = conn;
    *out = &s->base;
    return MDM_OK;
}

static size_t faulty_parameters(const mdm_stmt *stmt)
{
    return conn_of(stmt->conn)->f->real->parameters(stmt_of(stmt)->real);
}

static mdm_status faulty_execute(mdm_stmt *stmt, const mdm_value *values, size_t count,
                                 mdm_error *err)
{
    faulty_conn *c = conn_of(stmt->conn);
    MDM_TRY(step(c->f, "execute", err));
    enter(c);
    return leave(c, c->f->real->execute(stmt_of(stmt)->real, values, count, err));
}

static const mdm_schema *faulty_schema(const mdm_stmt *stmt)
{
    return conn_of(stmt->conn)->f->real->schema(stmt_of(stmt)->real);
}

static mdm_status faulty_fetch(mdm_stmt *stmt, mdm_chunk **out, mdm_error *err)
{
    faulty_conn *c = conn_of(stmt->conn);
    *out = NULL;
    MDM_TRY(step(c->f, "fetch", err));
    enter(c);
    return leave(c, c->f->real->fetch(stmt_of(stmt)->real, out, err));
}

static int64_t faulty_changed(const mdm_stmt *stmt)
{
    return conn_of(stmt->conn)->f->real->changed(stmt_of(stmt)->real);
}

static void faulty_finish(mdm_stmt *stmt)
{
    if (!stmt) return;
    faulty_conn *c = conn_of(stmt->conn);
    note(c->f, "finish");
    c->f->real->finish(stmt_of(stmt)->real);
    free(stmt);
}

static mdm_status faulty_explain(mdm_conn *conn, mdm_str sql, char **out, mdm_error *err)
{
    faulty_conn *c = conn_of(conn);
    *out = NULL;
    MDM_TRY(step(c->f, "explain", err));
    return leave(c, c->f->real->explain(enter(c), sql, out, err));
}

static mdm_status faulty_bulk(mdm_conn *conn, const mdm_target *target, mdm_stream *source,
                              int64_t *rows, mdm_error *err)
{
    faulty_conn *c = conn_of(conn);
    MDM_TRY(step(c->f, "bulk", err));
    return leave(c, c->f->real->bulk(enter(c), target, source, rows, err));
}

static mdm_status faulty_load_query(mdm_conn *conn, const mdm_target *target, mdm_file_query *query,
                                    int64_t *rows, mdm_error *err)
{
    faulty_conn *c = conn_of(conn);
    MDM_TRY(step(c->f, "load_query", err));
    return leave(c, c->f->real->load_query(enter(c), target, query, rows, err));
}

static mdm_status faulty_settle(mdm_conn *conn, mdm_error *err)
{
    faulty_conn *c = conn_of(conn);
    MDM_TRY(step(c->f, "settle", err));
    return leave(c, c->f->real->settle(enter(c), err));
}

static void faulty_interrupt(mdm_conn *conn)
{
    faulty_conn *c = conn_of(conn);
    note(c->f, "interrupt");
    c->f->real->interrupt(c->real);
}

/* --- the control ----------------------------------------------------------------------- */

faulty *faulty_open(const mdm_backend *real)
{
    faulty *f = must(calloc(1, sizeof *f));
    f->table = (mdm_backend){
        .name = real->name,
        .caps = real->caps,
        .dialect = real->dialect,
        .open = faulty_conn_open,
        .close = faulty_conn_close,
        .ping = faulty_ping,
        .reset = faulty_reset,
        .is_broken = faulty_is_broken,
        .begin = faulty_begin,
        .commit = faulty_commit,
        .rollback = faulty_rollback,
        .run = faulty_run,
        .prepare = faulty_prepare,
        .parameters = faulty_parameters,
        .execute = faulty_execute,
        .schema = faulty_schema,
        .fetch = faulty_fetch,
        .changed = faulty_changed,
        .finish = faulty_finish,
        .explain = faulty_explain,
        .bulk = faulty_bulk,
        .load_query = real->load_query ? faulty_load_query : NULL,
        .settle = faulty_settle,
        .interrupt = faulty_interrupt,
    };
    f->real = real;
    pthread_mutex_init(&f->lock, NULL);
    f->left = -1;
    return f;
}

void faulty_close(faulty *f)
{
    pthread_mutex_destroy(&f->lock);
    free(f->trace);
    free(f);
}

const mdm_backend *faulty_backend(faulty *f)
{
    return &f->table;
}

void faulty_fail_at(faulty *f, long n, mdm_status status)
{
    pthread_mutex_lock(&f->lock);
    f->left = n;
    f->left_status = status;
    f->calls = 0;
    f->trace_len = 0;
    if (f->trace) f->trace[0] = '\0';
    pthread_mutex_unlock(&f->lock);
}

void faulty_fail_on(faulty *f, const char *name, mdm_status status)
{
    pthread_mutex_lock(&f->lock);
    f->failing = name;
    f->failing_status = status;
    pthread_mutex_unlock(&f->lock);
}

void faulty_break(faulty *f, bool broken)
{
    pthread_mutex_lock(&f->lock);
    f->broken = broken;
    pthread_mutex_unlock(&f->lock);
}

static long read_number(faulty *f, const long *number)
{
    pthread_mutex_lock(&f->lock);
    const long value = *number;
    pthread_mutex_unlock(&f->lock);
    return value;
}

long faulty_calls(faulty *f)
{
    return read_number(f, &f->calls);
}

long faulty_connections(faulty *f)
{
    return read_number(f, &f->connections);
}

long faulty_count(faulty *f, const char *name)
{
    char word[32];
    const int len = snprintf(word, sizeof word, " %s ", name);
    long count = 0;
    pthread_mutex_lock(&f->lock);
    const char *at = f->trace ? f->trace : "";
    if (strncmp(at, word + 1, (size_t)len - 1) == 0) count++;
    while ((at = strstr(at, word)) != NULL) {
        count++;
        at++;
    }
    pthread_mutex_unlock(&f->lock);
    return count;
}

const char *faulty_trace(faulty *f)
{
    pthread_mutex_lock(&f->lock);
    const char *trace = f->trace ? f->trace : "";
    pthread_mutex_unlock(&f->lock);
    return trace;
}
