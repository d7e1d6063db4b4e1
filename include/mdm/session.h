/* session.h - the owner of everything, and the one road of a statement.
 *
 * A session holds the configuration, the monitor and the connection pools. Every
 * statement to a database goes through it: fingerprint, pool, kept statement, rows, monitor.
 *
 *     mdm_session *session = NULL;
 *     if (mdm_session_open(NULL, &session, &err) != MDM_OK) ...
 *     mdm_location *location = NULL;
 *     mdm_location_parse(MDM_STR("sqlite:///shop.db"), &location, &err);
 *     mdm_database *shop = NULL;
 *     mdm_session_database(session, location, MDM_OPEN_READ_ONLY, &shop, &err);
 *
 *     mdm_query query = MDM_QUERY_INIT;
 *     query.sql = MDM_STR("SELECT name, price FROM item WHERE price > ?");
 *     query.values = &(mdm_value){MDM_TYPE_DOUBLE, {.real = 9.5}};
 *     query.value_count = 1;
 *     mdm_rows *rows = NULL;
 *     if (mdm_session_query(session, shop, &query, &rows, &err) == MDM_OK) {
 *         mdm_chunk *chunk;
 *         while (mdm_rows_next(rows, &chunk, &err) == MDM_OK && chunk) {
 *             ...
 *             mdm_chunk_unref(chunk);
 *         }
 *         mdm_rows_close(rows);
 *     }
 *     mdm_session_close(session);
 *
 * Threads: a session and its databases may be shared; rows and a transaction belong to one thread
 * at a time. */
#ifndef MDM_SESSION_H
#define MDM_SESSION_H

#include "mdm/backend.h"
#include "mdm/base.h"
#include "mdm/chunk.h"
#include "mdm/config.h"
#include "mdm/monitor.h"
#include "mdm/pool.h"
#include "mdm/query.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mdm_session mdm_session;
typedef struct mdm_database mdm_database;
typedef struct mdm_rows mdm_rows;
typedef struct mdm_txn mdm_txn;

typedef struct mdm_session_options {
    const mdm_config_sources *config; /* NULL: the default places */
    const mdm_stop *stop;             /* obeyed by every call of the session; NULL: none */
} mdm_session_options;

/* Reads the configuration and starts the monitor; everything else comes when first needed.
 * options may be NULL. What mdm_config_open() says; MDM_NO_MEMORY. The caller owns *out. */
MDM_API MDM_MUST_CHECK mdm_status mdm_session_open(const mdm_session_options *options,
                                                   mdm_session **out, mdm_error *err);
/* Rows and transactions are closed by now. NULL allowed. */
MDM_API void mdm_session_close(mdm_session *session);

MDM_API const mdm_config *mdm_session_config(const mdm_session *session);
MDM_API mdm_monitor *mdm_session_monitor(const mdm_session *session);
MDM_API const mdm_stop *mdm_session_stop(const mdm_session *session); /* may be NULL */

/* --- databases ------------------------------------------------------------ */

/* The database at a location, opened on first use: one per location and set of flags, owned by
 * the session, valid until it closes or mdm_session_forget(). location is copied. On a
 * backend without concurrent writers, writes take turns on one connection and reads run
 * beside it on others. */
MDM_API MDM_MUST_CHECK mdm_status mdm_session_database(mdm_session *session,
                                                       const mdm_location *location,
                                                       unsigned open_flags, mdm_database **out,
                                                       mdm_error *err);
/* Close its connections and drop it, so that its file may be renamed or deleted. */
MDM_API void mdm_session_forget(mdm_session *session, mdm_database *database);
MDM_API const mdm_location *mdm_database_location(const mdm_database *database);
MDM_API const mdm_backend *mdm_database_backend(const mdm_database *database);

/* Statistics of the pools of all databases into stats (room for size); how many there are. */
MDM_API size_t mdm_session_pools(mdm_session *session, mdm_pool_stats *stats, size_t size);

/* --- the road --------------------------------------------------------------- */

typedef struct mdm_query {
    mdm_str sql;
    const mdm_value *values; /* for the database's own placeholders, in order */
    size_t value_count;
    const mdm_parameter *parameters; /* or by name (query.h); not both */
    size_t parameter_count;
    bool write;              /* may change data; else it runs where that is refused. In a
                                transaction the mode of that counts instead */
    int64_t limit;           /* rows to hand out at most; 0: all */
    int64_t timeout_ms;      /* from this call to the last row; 0: none */
    const char *tag;         /* who asks, in leaks and logs: a literal; NULL: "query" */
} mdm_query;

#define MDM_QUERY_INIT ((mdm_query){.sql = {0}})

/* Run one statement. The caller owns *out: mdm_rows_close(). sql and values are not needed after
 * the call. MDM_INVALID: not one statement, wrong number of values. MDM_PERMISSION: it
 * would write and query->write is false. Otherwise what the backend says. */
MDM_API MDM_MUST_CHECK mdm_status mdm_session_query(mdm_session *session, mdm_database *database,
                                                    const mdm_query *query, mdm_rows **out,
                                                    mdm_error *err);

/* Run a statement whose rows nobody wants. changed may be NULL. */
MDM_API MDM_MUST_CHECK mdm_status mdm_session_run(mdm_session *session, mdm_database *database,
                                                  const mdm_query *query, int64_t *changed,
                                                  mdm_error *err);

/* --- rows: they hold their connection until closed ------------------------- */

MDM_API const mdm_schema *mdm_rows_schema(const mdm_rows *rows);
/* The next chunk, owned by the caller; NULL at the end. */
MDM_API MDM_MUST_CHECK mdm_status mdm_rows_next(mdm_rows *rows, mdm_chunk **out, mdm_error *err);
MDM_API void mdm_rows_close(mdm_rows *rows); /* NULL allowed */

typedef struct mdm_rows_info {
    int64_t rows;       /* handed out so far */
    int64_t changed;    /* rows the statement wrote, -1: not told */
    int64_t elapsed_ns; /* from the call to now, or to the last row */
    bool truncated;     /* limit was reached and there was more */
    bool statement_kept; /* it had been compiled before */
    mdm_query_class class_;
    uint64_t fingerprint;
} mdm_rows_info;

MDM_API mdm_rows_info mdm_rows_info_read(const mdm_rows *rows);
/* The rows as a stream; they move into *out, closing it closes them. */
MDM_API void mdm_rows_stream(mdm_rows *rows, mdm_stream *out);

/* --- transactions ----------------------------------------------------------- */

/* The caller owns *out and ends it with commit or rollback, both of which free it. Statements see
 * each other's changes; rows of the transaction are closed before it ends. */
MDM_API MDM_MUST_CHECK mdm_status mdm_txn_begin(mdm_session *session, mdm_database *database,
                                                mdm_txn_mode mode, mdm_txn **out, mdm_error *err);
MDM_API MDM_MUST_CHECK mdm_status mdm_txn_query(mdm_txn *txn, const mdm_query *query,
                                                mdm_rows **out, mdm_error *err);
MDM_API MDM_MUST_CHECK mdm_status mdm_txn_run(mdm_txn *txn, const mdm_query *query,
                                              int64_t *changed, mdm_error *err);
/* Append a stream to a table by the database's fastest way, read ahead on a thread of its own
 * (batch.h) unless the settings say otherwise. source moves in, also on failure. tap: see
 * mdm_prefetch_options; may be NULL. */
MDM_API MDM_MUST_CHECK mdm_status mdm_txn_load(mdm_txn *txn, const mdm_target *target,
                                               mdm_stream *source,
                                               mdm_status (*tap)(void *self, const mdm_chunk *chunk,
                                                                 mdm_error *err),
                                               void *tap_self, int64_t *rows, mdm_error *err);
/* Fill a table from files inside the database (MDM_CAP_READS_FILES); query stays the caller's. */
MDM_API MDM_MUST_CHECK mdm_status mdm_txn_load_query(mdm_txn *txn, const mdm_target *target,
                                                     mdm_file_query *query, int64_t *rows,
                                                     mdm_error *err);
/* A failed commit is a rollback, unless the message says "in doubt". */
MDM_API MDM_MUST_CHECK mdm_status mdm_txn_commit(mdm_txn *txn, mdm_error *err);
MDM_API void mdm_txn_rollback(mdm_txn *txn); /* NULL allowed */

/* After loading into a database opened with MDM_OPEN_LOADING: its lasting form. */
MDM_API MDM_MUST_CHECK mdm_status mdm_session_settle(mdm_session *session, mdm_database *database,
                                                     mdm_error *err);
/* EXPLAIN as the database words it; the caller owns *out: mdm_free_text(). */
MDM_API MDM_MUST_CHECK mdm_status mdm_session_explain(mdm_session *session, mdm_database *database,
                                                      mdm_str sql, char **out, mdm_error *err);

/* --- slots: what upper rooms attach to a session ---------------------------- */

/* The value under key (the address of a static object), or NULL. */
MDM_API void *mdm_session_slot_get(mdm_session *session, const void *key);
/* Attach; close(value) runs when the session closes. MDM_EXISTS, MDM_NO_MEMORY. */
MDM_API MDM_MUST_CHECK mdm_status mdm_session_slot_set(mdm_session *session, const void *key,
                                                       void *value, void (*close)(void *value),
                                                       mdm_error *err);

#ifdef __cplusplus
}
#endif
#endif
