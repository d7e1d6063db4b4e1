/* duckdb_driver.h - what the files of the DuckDB driver share: duckdb.c (connections,
 * transactions), duckdb_stmt.c (statements), duckdb_bulk.c (loading).
 *
 * The connection holds its link (duckdb/link.h) from prepare to finish of each statement
 * and as long as a transaction may be open; between, its instance may be switched to writing. */
#ifndef MDM_STORAGE_DUCKDB_DRIVER_H
#define MDM_STORAGE_DUCKDB_DRIVER_H

#include "duckdb/statement.h"
#include "storage/storage.h"

typedef struct duckdb_conn {
    mdm_conn base; /* first: an mdm_conn * is also a duckdb_conn * */
    mdm_duckdb_instance *instance;
    mdm_duckdb_link *link;
    mdm_statements statements;
    mdm_schema *no_columns;
    bool read_only;
    bool broken;
    bool altered; /* SQL has changed what the next user would find: settings, temporary tables */
    bool in_transaction; /* one was begun, and may still be open; the link is held for it */
    bool failed;         /* a statement failed since then */
    unsigned guards;     /* statements inside the read-only transaction of mdm_duckdb_enter() */
} duckdb_conn;

static inline duckdb_conn *mdm_duckdb_conn_of(const mdm_conn *conn)
{
    return (duckdb_conn *)(uintptr_t)conn;
}

/* After each failure: what it means for the connection. Hands status back; err is not NULL. */
mdm_status mdm_duckdb_note_failure(duckdb_conn *conn, mdm_status status, const mdm_error *err);

/* Around each statement of the user. */
typedef struct duckdb_passage {
    duckdb_statement_type type;
    mdm_str sql;  /* its text; empty: one of several in a text */
    bool guarded; /* counted in conn->guards */
} duckdb_passage;

/* Before it runs; on failure it may not, and there is nothing to leave. */
mdm_status mdm_duckdb_enter(duckdb_conn *conn, duckdb_passage *passage, mdm_error *err);
/* When it is over, its rows read or not. */
void mdm_duckdb_leave(duckdb_conn *conn, duckdb_passage *passage);

/* --- duckdb_stmt.c --- */
void mdm_duckdb_stmt_destroy(mdm_kept *kept);
mdm_status mdm_duckdb_stmt_prepare(mdm_conn *conn, mdm_str sql, mdm_stmt **out, mdm_error *err);
size_t mdm_duckdb_stmt_parameters(const mdm_stmt *stmt);
mdm_status mdm_duckdb_stmt_execute(mdm_stmt *stmt, const mdm_value *values, size_t count,
                                   mdm_error *err);
const mdm_schema *mdm_duckdb_stmt_schema(const mdm_stmt *stmt);
mdm_status mdm_duckdb_stmt_fetch(mdm_stmt *stmt, mdm_chunk **out, mdm_error *err);
int64_t mdm_duckdb_stmt_changed(const mdm_stmt *stmt);
void mdm_duckdb_stmt_finish(mdm_stmt *stmt);
mdm_status mdm_duckdb_explain(mdm_conn *conn, mdm_str sql, char **out, mdm_error *err);

/* --- duckdb_bulk.c --- */
mdm_status mdm_duckdb_bulk(mdm_conn *conn, const mdm_target *target, mdm_stream *source,
                           int64_t *rows, mdm_error *err);
mdm_status mdm_duckdb_load_query(mdm_conn *conn, const mdm_target *target, mdm_file_query *query,
                                 int64_t *rows, mdm_error *err);

#endif
