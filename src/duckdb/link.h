/* link.h - a connection as this room and the DuckDB driver see it.
 *
 * Whatever uses a link stands between begin and end (nested pairs are one): only then has it a
 * connection, and the instance stays as it is. A stream, a statement handed out, an open
 * transaction hold a pair. Between pairs the instance may be switched to writing; then the
 * connection is a new one. */
#ifndef MDM_DUCKDB_LINK_H
#define MDM_DUCKDB_LINK_H

#include "duckdb/instance.h"
#include "duckdb/lib.h"
#include "duckdb/watch.h"

struct mdm_duckdb_link {
    mdm_duckdb_instance *instance;
    mdm_duckdb_link *next, **link; /* among the links of the instance; guarded by it */
    duckdb_connection conn;        /* NULL while the instance is being switched; guarded by it */
    unsigned depth;                /* of begin and end */
    mdm_watch watch;
    /* Called before the connection goes while nobody uses the link, on whatever thread: what was
     * prepared over it must be destroyed. NULL: nothing ever is. */
    void (*release)(void *self);
    void *release_self;
    struct mdm_duckdb_result *reading; /* the result that streams over it, NULL: none */
};

/* Have a connection. MDM_BUSY, MDM_CANCELLED, MDM_TIMEOUT: while the instance is being
 * switched. On failure no end() must follow. */
MDM_MUST_CHECK mdm_status mdm_duckdb_begin(mdm_duckdb_link *link, const mdm_stop *stop,
                                           mdm_error *err);
void mdm_duckdb_end(mdm_duckdb_link *link);

/* Around each call that may take long. unwatch gives the status for a call that failed with
 * err already set: the reason of the stop if that is why, else err's own. */
void mdm_duckdb_watch(mdm_duckdb_link *link, const mdm_stop *stop);
mdm_status mdm_duckdb_unwatch(mdm_duckdb_link *link); /* MDM_OK: it was not stopped */

/* Drop the connection and take a new one: temporary tables, settings, an open transaction are gone.
 */
MDM_MUST_CHECK mdm_status mdm_duckdb_reconnect(mdm_duckdb_link *link, mdm_error *err);

/* How often something was written over any link of the instance. DuckDB (1.5.6) keeps what
 * statistics said when a statement was prepared: "no such row", a count. A statement without
 * parameters that was prepared before a write must be prepared anew; those with parameters DuckDB
 * plans for each run. */
uint64_t mdm_duckdb_changes(const mdm_duckdb_link *link);
void mdm_duckdb_note_change(mdm_duckdb_link *link);

/* DuckDB calls us on its own threads, and hands over what we gave it by locks that the thread
 * sanitizer cannot see. Here it sees one: stood at where control passes to DuckDB and back. */
#if defined(__SANITIZE_THREAD__)
#define MDM_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define MDM_THREAD_SANITIZER 1
#endif
#endif
#ifdef MDM_THREAD_SANITIZER
void mdm_duckdb_relay(void);
#else
static inline void mdm_duckdb_relay(void)
{
}
#endif

/* Make the table function behind stream tables; called for each database that is opened. */
MDM_MUST_CHECK mdm_status mdm_stream_table_set_up(duckdb_connection conn, mdm_error *err);

#endif
