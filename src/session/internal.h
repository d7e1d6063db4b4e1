/* internal.h - what the files of the session share: session.c (owner), database.c (pools), memo.c
 * (fingerprints by text), query.c (the road), rows.c, transaction.c, record.c (monitor and log). */
#ifndef MDM_SESSION_INTERNAL_H
#define MDM_SESSION_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/log.h"
#include "mdm/session.h"

#define SESSION_SPARE_ROWS 8u    /* rows structs kept for the next queries */
#define SESSION_TEXT_BYTES 1000u /* of a statement, kept for the log */

/* --- fingerprints by exact text ------------------------------------------------ */

/* Two words and their key xor-ed with both: a reader that meets half of a write sees a key that is
 * none, and reads the text itself. */
typedef struct memo_entry {
    _Atomic uint64_t key, hash, rest;
} memo_entry;

#define MEMO_ENTRIES 1024u /* a power of two */

typedef struct memo {
    uint64_t seed; /* so that nobody can make two texts meet */
    memo_entry entries[MEMO_ENTRIES];
} memo;

mdm_fingerprint memo_fingerprint(memo *m, mdm_str sql, mdm_sql_dialect dialect, bool *known);

/* --- the owner ------------------------------------------------------------------- */

typedef struct session_metrics {
    mdm_metric queries, failed, slow, retries;
    mdm_metric kept, compiled;      /* statements */
    mdm_metric known, fingerprints; /* texts met before, and read */
    mdm_metric committed, rolled_back;
    mdm_metric duration[MDM_QUERY_CLASS_COUNT], rows[MDM_QUERY_CLASS_COUNT];
    mdm_metric load_rate;
} session_metrics;

typedef struct session_off {
    bool optimizer, batch, pool, monitor;
} session_off;

typedef struct slot_entry {
    struct slot_entry *next;
    const void *key;
    void *value;
    void (*close)(void *value);
} slot_entry;

struct mdm_session {
    /* constant while it is open */
    mdm_config *config;
    mdm_monitor *monitor;
    mdm_log *log;
    mdm_stop stop;
    bool has_stop, echo;
    session_off off;
    session_metrics metrics;
    int64_t slow_ns; /* INT64_MAX: none is slow */
    memo *memo;      /* NULL: without the optimizer */

    _Atomic(mdm_rows *) spare[SESSION_SPARE_ROWS];

    pthread_mutex_t lock; /* both lists */
    mdm_database *databases;
    slot_entry *slots;
};

/* --- databases --------------------------------------------------------------------- */

struct mdm_database {
    mdm_database *next;
    mdm_session *session;
    mdm_location *location;
    const mdm_backend *backend;
    mdm_sql_dialect dialect;
    unsigned open_flags;
    bool single;          /* one connection does everything: in memory, or being loaded */
    atomic_bool exists;   /* a writer has been there */
    pthread_mutex_t lock; /* opening of the pools */
    _Atomic(mdm_pool *) reader, writer;
};

/* A connection for reading or for writing. MDM_PERMISSION: writing, opened read-only. */
mdm_status database_acquire(mdm_database *database, bool write, const char *tag,
                            const mdm_stop *stop, int64_t now_ns, mdm_lease *lease, mdm_error *err);
/* Give it back; a broken one is dropped. */
void database_release(mdm_lease *lease, int64_t now_ns);
void database_close(mdm_database *database);

/* --- rows ----------------------------------------------------------------------------- */

struct mdm_rows {
    mdm_session *session;
    mdm_lease lease; /* of its own, or zeroed inside a transaction */
    mdm_txn *txn;    /* NULL: none */
    mdm_conn *conn;
    mdm_stmt *stmt;           /* NULL: ended */
    const mdm_schema *schema; /* held */
    mdm_stop stop;            /* of the session and of the query together */
    const mdm_stop *obeyed;   /* &stop, or NULL: nothing to obey */
    int64_t start_ns, end_ns; /* end_ns 0: not ended */
    int64_t limit, count, changed;
    mdm_status status; /* of the end */
    mdm_fingerprint print;
    mdm_sql_dialect dialect;
    bool kept, truncated;
    uint32_t text_len;
    char text[SESSION_TEXT_BYTES]; /* the statement's beginning */
};

mdm_rows *rows_take(mdm_session *session); /* zeroed but for text; NULL: no memory */
void rows_give(mdm_rows *rows);
/* It is over: the statement and the connection go back, the monitor is told. */
void rows_end(mdm_rows *rows, mdm_status status);

/* --- transactions ------------------------------------------------------------------------ */

struct mdm_txn {
    mdm_session *session;
    mdm_database *database;
    mdm_lease lease;
    mdm_txn_mode mode;
    const mdm_stop *stop; /* the session's, or NULL */
};

/* txn NULL: a connection of its own. */
mdm_status session_query(mdm_session *session, mdm_database *database, mdm_txn *txn,
                         const mdm_query *query, mdm_rows **out, mdm_error *err);
mdm_status session_run(mdm_session *session, mdm_database *database, mdm_txn *txn,
                       const mdm_query *query, int64_t *changed, mdm_error *err);

/* --- what is recorded -------------------------------------------------------------------- */

void record_metrics_open(mdm_session *session);
mdm_status record_log_open(mdm_session *session, mdm_error *err);
void record_query(const mdm_rows *rows);
/* A statement that did not come as far as rows. */
void record_failure(mdm_session *session);

static inline const mdm_stop *session_stop(const mdm_session *session)
{
    return session->has_stop ? &session->stop : NULL;
}

#endif
