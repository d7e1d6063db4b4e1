/* Connections of SQLite. Waiting for another process is done by our own busy handler, because it
 * also looks at the stop of the connection; a progress handler does so while a statement runs. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "storage/sqlite_driver.h"

#define STEPS_BETWEEN_LOOKS 4000 /* instructions of SQLite's machine, some 100 us */

static sqlite_conn *conn_of(mdm_conn *conn)
{
    return (sqlite_conn *)conn;
}

/* --- errors ----------------------------------------------------------------------- */

/* Errors of the file, which another connection to the same path need not have. */
static bool is_breaking(int rc)
{
    return (rc & 0xff) == SQLITE_IOERR || rc == SQLITE_READONLY_DBMOVED ||
           (rc & 0xff) == SQLITE_PROTOCOL;
}

/* Where in the statement SQLite stumbled, when it says so. */
static void add_place(sqlite_conn *conn, mdm_status status, mdm_error *err)
{
    const int offset = sqlite3_error_offset(conn->db);
    if (err && offset >= 0)
        mdm_error_set(err, status, "%s (byte %d of the statement)", err->message, offset + 1);
}

mdm_status mdm_sqlite_fail(sqlite_conn *conn, int rc, const char *what, mdm_error *err)
{
    if (is_breaking(rc)) conn->broken = true;
    mdm_status status = mdm_sqlite_status(rc);
    if (status == MDM_CANCELLED || status == MDM_BUSY) {
        const mdm_status stopped = mdm_stop_check(conn->base.stop, err);
        if (stopped != MDM_OK) return mdm_error_native(err, stopped, rc, NULL);
    }
    status = mdm_sqlite_error(err, conn->db, rc);
    const int native = err ? err->native : 0;
    add_place(conn, status, err);
    if (what) mdm_error_context(err, status, "%s", what);
    return mdm_error_native(err, status, native, NULL);
}

/* --- handlers ----------------------------------------------------------------------- */

static int on_progress(void *self)
{
    const sqlite_conn *conn = self;
    return conn->base.stop && mdm_stop_check(conn->base.stop, NULL) != MDM_OK;
}

/* 1, 2, 4, ... 32 ms and then every 50 ms, until busy_ms have passed. */
static int on_busy(void *self, int count)
{
    const sqlite_conn *conn = self;
    const int first = count < 6 ? (1 << count) - 1 : 63 + 50 * (count - 6);
    int wait_ms = count < 6 ? 1 << count : 50;
    if (first >= conn->busy_ms || on_progress(self)) return 0;
    if (wait_ms > conn->busy_ms - first) wait_ms = conn->busy_ms - first;
    nanosleep(&(struct timespec){.tv_nsec = wait_ms * 1000000L}, NULL);
    return 1;
}

/* --- open and close -------------------------------------------------------------------- */

static void sqlite_close(mdm_conn *base)
{
    if (!base) return;
    sqlite_conn *conn = conn_of(base);
    mdm_statements_clear(&conn->statements);
    sqlite3_finalize(conn->begin_read);
    sqlite3_finalize(conn->begin_write);
    sqlite3_finalize(conn->commit);
    sqlite3_finalize(conn->rollback);
    mdm_sqlite_close(conn->db);
    if (conn->look) mdm_sqlite_look_clear(conn->look);
    mdm_free(conn->look);
    mdm_schema_unref(conn->no_columns);
    mdm_free(conn);
}

static mdm_status open_database(sqlite_conn *conn, const mdm_location *location, mdm_error *err)
{
    unsigned flags = 0;
    if (conn->flags & MDM_OPEN_READ_ONLY) flags |= MDM_SQLITE_READ_ONLY;
    if (conn->flags & MDM_OPEN_CREATE) flags |= MDM_SQLITE_CREATE;
    return mdm_sqlite_open(location->path, flags, &conn->db, err);
}

/* Reads the first page: this is where a file that is no database is found out. */
static mdm_status read_header(sqlite_conn *conn, const char *path, mdm_error *err)
{
    char encoding[16];
    const int rc = sqlite3_exec(conn->db, "PRAGMA schema_version", NULL, NULL, NULL);
    if (rc != SQLITE_OK) return mdm_sqlite_fail(conn, rc, path ? path : ":memory:", err);
    mdm_sqlite_ask(conn, "PRAGMA encoding", encoding, sizeof encoding);
    conn->utf8 = strcmp(encoding, "UTF-8") == 0;
    return MDM_OK;
}

static mdm_status sqlite_open(const mdm_location *location, unsigned flags, const mdm_stop *stop,
                              mdm_conn **out, mdm_error *err)
{
    *out = NULL;
    MDM_TRY(mdm_stop_check(stop, err));
    MDM_TRY(mdm_sqlite_settings_check(location, err));
    sqlite_conn *conn = mdm_alloc_zero(1, sizeof *conn);
    if (!conn) return mdm_no_memory(err, "a connection");
    conn->base.backend = &mdm_backend_sqlite;
    conn->base.stop = stop;
    conn->flags = flags;
    mdm_statements_init(&conn->statements, &conn->base, flags, mdm_sqlite_stmt_destroy);
    conn->statements.on_second_use = true;
    mdm_sqlite_settings_keep(conn, location);

    mdm_status status = MDM_NO_MEMORY;
    conn->look = mdm_alloc_zero(1, sizeof *conn->look);
    if (!conn->look) {
        mdm_no_memory(err, "a connection");
        goto done;
    }
    mdm_text_init(&conn->look->text);
    status = mdm_schema_new(NULL, 0, &conn->no_columns, err);
    if (status != MDM_OK) goto done;
    status = open_database(conn, location, err);
    if (status != MDM_OK) goto done;
    sqlite3_busy_handler(conn->db, on_busy, conn);
    sqlite3_progress_handler(conn->db, STEPS_BETWEEN_LOOKS, on_progress, conn);
    status = read_header(conn, location->path, err);
    if (status != MDM_OK) goto done;
    status = mdm_sqlite_settings_apply(conn, location, err);
    if (status != MDM_OK) goto done;
    conn->base.stop = NULL;
    *out = &conn->base;
    conn = NULL; /* handed over */
done:
    if (conn) sqlite_close(&conn->base);
    return status;
}

/* --- state of a connection ----------------------------------------------------------------- */

static bool has_moved(sqlite_conn *conn)
{
    int moved = 0;
    return sqlite3_file_control(conn->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK &&
           moved;
}

static mdm_status sqlite_ping(mdm_conn *base, int timeout_ms, mdm_error *err)
{
    (void)timeout_ms; /* in this process: there is nobody to wait for */
    sqlite_conn *conn = conn_of(base);
    if (conn->broken) return mdm_error_set(err, MDM_IO, "the connection has failed before");
    if (!has_moved(conn)) return MDM_OK;
    conn->broken = true;
    return mdm_error_set(err, MDM_IO, "the database file was moved or deleted");
}

static bool sqlite_is_broken(const mdm_conn *conn)
{
    return ((const sqlite_conn *)conn)->broken;
}

static void sqlite_interrupt(mdm_conn *conn)
{
    sqlite3_interrupt(conn_of(conn)->db);
}

/* --- transactions ------------------------------------------------------------------------------
 */

/* Compiled once per connection: these run with every transaction. */
static mdm_status compile_verb(sqlite_conn *conn, sqlite3_stmt **verb, const char *sql,
                               mdm_error *err)
{
    if (*verb) return MDM_OK;
    return mdm_sqlite_compile(conn, mdm_str_from(sql), SQLITE_PREPARE_PERSISTENT, verb, err);
}

static mdm_status run_verb(sqlite_conn *conn, sqlite3_stmt **verb, const char *sql, mdm_error *err)
{
    MDM_TRY(compile_verb(conn, verb, sql, err));
    const int rc = sqlite3_step(*verb);
    const mdm_status status = rc == SQLITE_DONE ? MDM_OK : mdm_sqlite_fail(conn, rc, sql, err);
    sqlite3_reset(*verb);
    return status;
}

static mdm_status sqlite_begin(mdm_conn *base, mdm_txn_mode mode, mdm_error *err)
{
    sqlite_conn *conn = conn_of(base);
    /* The way out must be open before anything is begun: memory may be short by then. */
    MDM_TRY(compile_verb(conn, &conn->rollback, "ROLLBACK", err));
    if (mode == MDM_TXN_READ) return run_verb(conn, &conn->begin_read, "BEGIN", err);
    /* IMMEDIATE takes the write lock now, so that BUSY is met here, where waiting is
     * harmless: a reader that wants to become a writer is refused without any wait. */
    return run_verb(conn, &conn->begin_write, "BEGIN IMMEDIATE", err);
}

static void sqlite_rollback(mdm_conn *base)
{
    sqlite_conn *conn = conn_of(base);
    if (sqlite3_get_autocommit(conn->db)) return;
    if (run_verb(conn, &conn->rollback, "ROLLBACK", NULL) != MDM_OK &&
        !sqlite3_get_autocommit(conn->db))
        conn->broken = true;
}

static mdm_status sqlite_commit(mdm_conn *base, mdm_error *err)
{
    sqlite_conn *conn = conn_of(base);
    return run_verb(conn, &conn->commit, "COMMIT", err);
}

/* A statement still in use keeps its read lock; its owner has gone wrong. */
static bool sqlite_reset(mdm_conn *base)
{
    sqlite_conn *conn = conn_of(base);
    if (!sqlite3_get_autocommit(conn->db)) base->abandoned++;
    sqlite_rollback(base);
    base->stop = NULL;
    return !conn->broken && !conn->altered && conn->statements.used == 0;
}

/* --- statements without rows, EXPLAIN ------------------------------------------------------------
 */

static mdm_status run_one(sqlite_conn *conn, mdm_str *sql, mdm_error *err)
{
    sqlite3_stmt *stmt = NULL;
    const char *rest = NULL;
    int rc = sqlite3_prepare_v3(conn->db, sql->data, (int)sql->len, 0, &stmt, &rest);
    if (rc != SQLITE_OK) return mdm_sqlite_fail(conn, rc, NULL, err);
    mdm_sqlite_note_altered(conn, *sql);
    rc = SQLITE_DONE;
    while (stmt && (rc = sqlite3_step(stmt)) == SQLITE_ROW)
        continue;
    const mdm_status status = rc == SQLITE_DONE ? MDM_OK : mdm_sqlite_fail(conn, rc, NULL, err);
    sqlite3_finalize(stmt);
    *sql = (mdm_str){rest, sql->len - (size_t)(rest - sql->data)};
    return status;
}

static mdm_status sqlite_run(mdm_conn *base, mdm_str sql, int64_t *changed, mdm_error *err)
{
    sqlite_conn *conn = conn_of(base);
    const int64_t before = sqlite3_total_changes64(conn->db);
    mdm_status status = mdm_stop_check(base->stop, err);
    if (status == MDM_OK) status = mdm_sqlite_check_text(sql, err);
    while (sql.len > 0 && status == MDM_OK)
        status = run_one(conn, &sql, err);
    if (changed) *changed = sqlite3_total_changes64(conn->db) - before;
    return status;
}

/* A line per step: its id, its parent's, the planner's cost (LogEst; 0 where SQLite does not
 * tell), the words; parted by tabs. */
static mdm_status add_plan(sqlite_conn *conn, sqlite3_stmt *stmt, mdm_text *text, mdm_error *err)
{
    int rc;
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
        mdm_text_printf(text, "%d\t%d\t%d\t%s\n", sqlite3_column_int(stmt, 0),
                        sqlite3_column_int(stmt, 1), sqlite3_column_int(stmt, 2),
                        (const char *)sqlite3_column_text(stmt, 3));
    return rc == SQLITE_DONE ? mdm_text_status(text, err) : mdm_sqlite_fail(conn, rc, NULL, err);
}

static mdm_status sqlite_explain(mdm_conn *base, mdm_str sql, char **out, mdm_error *err)
{
    sqlite_conn *conn = conn_of(base);
    *out = NULL;
    mdm_text text, plan;
    sqlite3_stmt *stmt = NULL;
    mdm_text_init(&text);
    mdm_text_init(&plan);
    mdm_text_puts(&text, "EXPLAIN QUERY PLAN ");
    mdm_text_add(&text, sql);
    mdm_status status = mdm_text_status(&text, err);
    if (status == MDM_OK)
        status = mdm_sqlite_compile(conn, (mdm_str){text.data, text.len}, 0, &stmt, err);
    if (status == MDM_OK) status = add_plan(conn, stmt, &plan, err);
    sqlite3_finalize(stmt);
    mdm_text_clear(&text);
    if (status == MDM_OK) *out = mdm_text_take(&plan);
    if (status == MDM_OK && !*out) status = mdm_no_memory(err, "a plan");
    mdm_text_clear(&plan);
    return status;
}

mdm_status mdm_sqlite_library_version(char *text, mdm_error *err)
{
    (void)err; /* compiled in */
    snprintf(text, 64, "%s", sqlite3_libversion());
    return MDM_OK;
}

const mdm_backend mdm_backend_sqlite = {
    .name = "sqlite",
    .dialect = &mdm_dialect_sqlite,
    .open = sqlite_open,
    .close = sqlite_close,
    .ping = sqlite_ping,
    .reset = sqlite_reset,
    .is_broken = sqlite_is_broken,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .run = sqlite_run,
    .prepare = mdm_sqlite_stmt_prepare,
    .parameters = mdm_sqlite_stmt_parameters,
    .execute = mdm_sqlite_stmt_execute,
    .schema = mdm_sqlite_stmt_schema,
    .fetch = mdm_sqlite_stmt_fetch,
    .changed = mdm_sqlite_stmt_changed,
    .finish = mdm_sqlite_stmt_finish,
    .explain = sqlite_explain,
    .bulk = mdm_sqlite_bulk,
    .settle = mdm_sqlite_settle,
    .interrupt = sqlite_interrupt,
};
