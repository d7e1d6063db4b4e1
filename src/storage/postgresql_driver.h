/* postgresql_driver.h - the PostgreSQL driver's own words.
 *
 *     postgresql.c          the table of functions, transactions, reset, EXPLAIN
 *     postgresql_lib.c      libpq, loaded when first needed
 *     postgresql_open.c     connecting, and the settings of a session
 *     postgresql_wire.c     sending a request and reading its results, with an eye on stop requests
 *     postgresql_cancel.c   asking the server to give up, without waiting for it
 *     postgresql_error.c    SQLSTATE -> mdm_status
 *     postgresql_words.c    what a statement's words tell about it
 *     postgresql_stmt.c     prepared statements: prepare, execute, fetch
 *     postgresql_bind.c     values -> parameters
 *     postgresql_types.c    which type a column of a result has
 *     postgresql_read.c     cells as the server sends them -> chunks
 *     postgresql_numeric.c  the binary form of numeric
 *     postgresql_bulk.c     COPY FROM STDIN
 *     postgresql_encode.c   rows of chunks -> COPY's binary form
 *
 * libpq is used without blocking throughout: whatever waits, waits in mdm_pg_wait(), a poll() of
 * ours that sees stop requests within PG_SLICE_MS. */
#ifndef MDM_STORAGE_POSTGRESQL_DRIVER_H
#define MDM_STORAGE_POSTGRESQL_DRIVER_H

#include <stdatomic.h>

#include "storage/postgresql_lib.h"
#include "storage/storage.h"

/* Object identifiers of the types that are treated by name; they never change. */
enum {
    PG_BOOL = 16,
    PG_BYTEA = 17,
    PG_NAME = 19,
    PG_INT8 = 20,
    PG_INT2 = 21,
    PG_INT4 = 23,
    PG_TEXT = 25,
    PG_OID = 26,
    PG_JSON = 114,
    PG_FLOAT4 = 700,
    PG_FLOAT8 = 701,
    PG_UNKNOWN = 705,
    PG_BPCHAR = 1042,
    PG_VARCHAR = 1043,
    PG_DATE = 1082,
    PG_TIME = 1083,
    PG_TIMESTAMP = 1114,
    PG_TIMESTAMPTZ = 1184,
    PG_NUMERIC = 1700,
    PG_VOID = 2278,
    PG_UUID = 2950,
    PG_JSONB = 3802
};

/* The server counts days and microseconds from 2000-01-01. */
#define PG_EPOCH_DAYS 10957
#define PG_EPOCH_US INT64_C(946684800000000)

#define PG_SLICE_MS 10         /* how late a stop request is seen */
#define PG_TIMEOUT_GRACE_MS 20 /* time to wind up a request after its deadline */
#define PG_CANCEL_GRACE_MS 250 /* the same where nobody counts milliseconds */
#define PG_WIND_UP_MS 5000     /* the same when the connection is wanted again */
#define PG_ASK_MS 50           /* between two requests to cancel */
#define PG_QUICK_MS 1000       /* for ROLLBACK and the like, where no deadline was given */

struct pg_stmt;
struct pg_canceller;

typedef struct pg_conn {
    mdm_conn base; /* first: an mdm_conn * is also a pg_conn * */
    PGconn *pq;
    struct pg_canceller *canceller;
    unsigned flags;          /* MDM_OPEN_* */
    char *setup;             /* SQL that gives the session our settings */
    atomic_bool active;      /* a request was sent, and not all of its results are read */
    atomic_bool interrupted; /* interrupt() was called meanwhile */
    bool broken;             /* a new connection would be better */
    bool winding_up;         /* the request was given up, but its end is not here yet */
    bool rollback_due;       /* once it is */
    int64_t asked_ns;        /* when the server was last asked to cancel */
    bool altered;            /* the session's settings or temporary objects were touched */
    bool prepares;           /* SQL has prepared statements under names of its own */
    bool demoted;            /* the server has become a standby */
    bool refused;            /* the server has said no in the middle of a COPY, or is gone */
    bool completed;          /* the request given up last had come to its good end anyway */
    char tag[64];            /* of the command that was completed last: "INSERT 0 3" */
    struct pg_stmt *reader;  /* the statement whose rows are under way */
    struct pg_stmt *dead;    /* destroyed here, still known to the server */
    size_t dead_count;
    uint64_t last_number; /* of a statement; numbers are not used twice */
    uint64_t generation;  /* rises when SQL drops the session's prepared statements */
    mdm_schema *no_columns;
    mdm_text scratch; /* for one call: NUL-terminated SQL, digits of a number */
    mdm_statements statements;
} pg_conn;

/* How cells of a column become ours. */
typedef enum pg_how {
    PG_HOW_BOOL,
    PG_HOW_INT, /* int2, int4, int8 */
    PG_HOW_OID,
    PG_HOW_REAL,    /* float4, float8 */
    PG_HOW_NUMERIC, /* as what pg_column.type says */
    PG_HOW_TEXT,
    PG_HOW_JSONB,
    PG_HOW_UUID,
    PG_HOW_BYTEA,
    PG_HOW_DATE,
    PG_HOW_TIME,
    PG_HOW_TIMESTAMP
} pg_how;

typedef struct pg_column {
    Oid oid;
    int modifier; /* length, precision: -1 where the type has none */
    pg_how how;
    mdm_type type;
    bool undecided; /* its rows must be looked at: see postgresql_types.c */
} pg_column;

/* Values on their way to the server. */
typedef struct pg_binding {
    const char **values;
    int *lengths, *formats;
    size_t *offsets; /* of the values that are in bytes; SIZE_MAX: it is the caller's memory */
    mdm_text bytes;
} pg_binding;

typedef struct pg_stmt {
    mdm_kept kept; /* first: a mdm_stmt * is also a pg_stmt * */
    char name[24];
    uint64_t generation; /* of the connection when it was compiled */
    bool stale;          /* the server does not take it any more */
    bool only_reads;     /* giving it up half way loses nothing */
    bool alters;         /* changes the session, as far as its words tell */
    bool text;           /* some column can be had as text only, so all come as text */
    bool undecided;      /* some column is */
    size_t parameter_count, column_count;
    Oid *parameters;
    pg_binding binding;
    pg_column *columns;
    mdm_schema *described; /* as far as it is known before there are rows */

    /* of the execution that is under way */
    bool running;  /* from execute() to finish() */
    bool in_block; /* inside a transaction that began before it */
    bool done;     /* all results are read */
    int64_t changed;
    int64_t row; /* rows given so far */
    mdm_schema *schema;
    PGresult **ahead; /* rows read and not yet given: one, or many to decide about types */
    size_t ahead_count, ahead_size, ahead_next;
    mdm_builder *builder;

    struct pg_stmt *next_dead;
} pg_stmt;

static inline pg_conn *mdm_pg_conn(mdm_conn *conn)
{
    return (pg_conn *)conn;
}

/* --- errors (postgresql_error.c) ------------------------------------------ */

/* What the server says in a result of status PGRES_FATAL_ERROR; sql (may be NULL) gives its
 * position lines and columns. The one place where SQLSTATEs become statuses. */
mdm_status mdm_pg_refused(pg_conn *conn, const PGresult *result, const char *sql, mdm_error *err);
/* libpq itself failed: usually the connection is gone. */
mdm_status mdm_pg_lost(pg_conn *conn, mdm_error *err);
/* Connecting failed, why is in the connection's message. */
mdm_status mdm_pg_unreachable(pg_conn *conn, mdm_error *err);
/* Is a result an error of this SQLSTATE? */
bool mdm_pg_is_state(const PGresult *result, const char *sqlstate);

/* --- requests (postgresql_wire.c) ----------------------------------------- */

/* Before sending: is the connection there and free, does nobody want to stop? The request is then
 * under way. */
mdm_status mdm_pg_start(pg_conn *conn, mdm_error *err);
/* After PQsend...: ok is what it returned. Pushes everything to the server. */
mdm_status mdm_pg_sent(pg_conn *conn, int ok, mdm_error *err);
/* Take in what the server has said, without waiting, and see about conn->refused; false: the
 * connection is gone. */
bool mdm_pg_listen(pg_conn *conn);
/* The next result, owned by the caller (mdm_pq.clear()); NULL: the request is done. */
mdm_status mdm_pg_result(pg_conn *conn, PGresult **out, mdm_error *err);
/* Until the socket is ready for events, or somebody wants to stop.
 *
 * When mdm_pg_sent(), mdm_pg_result() or this one fails, the request is over: given up
 * on the server's side, or else the connection is broken. */
mdm_status mdm_pg_wait(pg_conn *conn, short events, mdm_error *err);
/* MDM_OK, or why to stop. Gives nothing up. */
mdm_status mdm_pg_stop_wanted(const pg_conn *conn, mdm_error *err);
/* Read and forget what is left of the request. */
mdm_status mdm_pg_skip(pg_conn *conn, mdm_error *err);
/* Make the server give the request up. For the caller it is over with this, whatever the server
 * does: its end is waited for no longer than the grace that belongs to status why, and then again
 * when the connection is next used. */
void mdm_pg_abandon(pg_conn *conn, mdm_status why);
/* Is what was given up at its end? Waits for nothing. */
bool mdm_pg_wound_up(pg_conn *conn);
/* Read what is left for at most that long; true: the request is done. */
bool mdm_pg_drain(pg_conn *conn, int64_t until_ns);
/* Note what a finished command did to the session. */
void mdm_pg_note(pg_conn *conn, const PGresult *result);

/* Run SQL text (NUL-terminated, any number of statements) to its end. changed, cell (the first cell
 * of the last row) may be NULL. */
mdm_status mdm_pg_simple(pg_conn *conn, const char *sql, int64_t *changed, mdm_text *cell,
                         mdm_error *err);
/* The same, ignoring the connection's stop request, within so many milliseconds. */
mdm_status mdm_pg_within(pg_conn *conn, int64_t ms, const char *sql, mdm_error *err);
/* Rows that a command tag counts as written ("UPDATE 7"); -1: it tells none. */
int64_t mdm_pg_written(const PGresult *result);
/* NUL-terminated in conn->scratch; MDM_INVALID: it holds a NUL byte. */
mdm_status mdm_pg_sql(pg_conn *conn, mdm_str sql, mdm_error *err);

/* --- looking at SQL (postgresql_words.c) ---------------------------------- */

enum {
    PG_WORD_SOME = 1u << 0,   /* there is more than blanks and comments */
    PG_WORD_READS = 1u << 1,  /* its first word is one of SELECT, WITH, VALUES, TABLE, ... */
    PG_WORD_WRITES = 1u << 2, /* a word like INSERT stands somewhere */
    PG_WORD_ALTERS = 1u << 3  /* so does one that makes temporary objects, locks or settings */
};

/* What the words of a text tell, taken in a careful way: comments and strings count as well. */
unsigned mdm_pg_words(mdm_str sql);

/* --- cancelling (postgresql_cancel.c) ------------------------------------- */

/* NULL: no memory. Takes cancel over. */
struct pg_canceller *mdm_pg_canceller_new(PGcancel *cancel);
void mdm_pg_canceller_drop(struct pg_canceller *canceller); /* NULL allowed */
/* Ask the server, in the background: PQcancel() waits for it, and it may have stopped. NULL
 * allowed. */
void mdm_pg_canceller_start(struct pg_canceller *canceller);
/* Wait until no request to cancel is on its way, for it could hit what runs next; false: time is
 * up. */
bool mdm_pg_canceller_idle(struct pg_canceller *canceller, int64_t until_ns);

/* --- connections (postgresql_open.c, postgresql.c) ------------------------ */

mdm_status mdm_pg_open(const mdm_location *location, unsigned flags, const mdm_stop *stop,
                       mdm_conn **out, mdm_error *err);
void mdm_pg_close(mdm_conn *conn);
bool mdm_pg_is_broken(const mdm_conn *conn);

/* --- statements (postgresql_stmt.c) --------------------------------------- */

mdm_status mdm_pg_prepare(mdm_conn *conn, mdm_str sql, mdm_stmt **out, mdm_error *err);
/* Columns that a SELECT would have, now, as a description for mdm_pg_column(); the caller's. */
mdm_status mdm_pg_describe(pg_conn *conn, const char *sql, PGresult **out, mdm_error *err);
size_t mdm_pg_parameters(const mdm_stmt *stmt);
mdm_status mdm_pg_execute(mdm_stmt *stmt, const mdm_value *values, size_t count, mdm_error *err);
const mdm_schema *mdm_pg_schema(const mdm_stmt *stmt);
mdm_status mdm_pg_fetch(mdm_stmt *stmt, mdm_chunk **out, mdm_error *err);
int64_t mdm_pg_changed(const mdm_stmt *stmt);
void mdm_pg_finish(mdm_stmt *stmt);
/* For the cache: the statement goes to conn->dead. */
void mdm_pg_destroy(mdm_kept *kept);
void mdm_pg_forget_dead(pg_conn *conn); /* free them without telling the server */

/* --- parameters (postgresql_bind.c) --------------------------------------- */

/* Room for count parameters. */
mdm_status mdm_pg_binding_open(pg_binding *binding, size_t count, mdm_error *err);
void mdm_pg_binding_clear(pg_binding *binding); /* a zeroed one is allowed */
/* Values in the form that parameters of these types take; borrowed bytes must outlive the sending.
 * MDM_INVALID: text with a NUL byte. */
mdm_status mdm_pg_bind(pg_binding *binding, const Oid *types, const mdm_value *values, size_t count,
                       mdm_error *err);

/* --- columns and cells (postgresql_types.c, postgresql_read.c) ------------ */

/* What is known of a column before its rows; false: it can be had as text only. */
bool mdm_pg_column(const PGresult *description, int column, pg_column *out);
/* The type of an undecided column, from the rows read ahead. */
mdm_type mdm_pg_decide(const pg_stmt *stmt, size_t column);
/* Append the only row of a result to the statement's builder; *bytes grows by its size. MDM_FORMAT
 * names column and row. */
mdm_status mdm_pg_append(pg_stmt *stmt, const PGresult *row, size_t *bytes, mdm_error *err);
size_t mdm_pg_row_bytes(const pg_stmt *stmt, const PGresult *row);

/* --- bulk loading (postgresql_bulk.c, postgresql_encode.c) ---------------- */

mdm_status mdm_pg_bulk(mdm_conn *conn, const mdm_target *target, mdm_stream *source, int64_t *rows,
                       mdm_error *err);

typedef struct pg_encoder pg_encoder;

/* Takes bytes of the encoded stream. */
typedef mdm_status pg_put(void *self, const unsigned char *bytes, size_t len, mdm_error *err);

/* Rows of schema for a table whose columns are of these types (oid, modifier); NULL: the types that
 * the dialect gives the schema's columns. MDM_FORMAT: a column whose values the other type
 * does not take as they are. The caller owns *out. */
mdm_status mdm_pg_encoder_open(const mdm_schema *schema, const pg_column *columns, pg_put *put,
                               void *self, pg_encoder **out, mdm_error *err);
void mdm_pg_encoder_close(pg_encoder *encoder); /* NULL allowed */
/* MDM_FORMAT names column and row of a cell that PostgreSQL cannot hold. */
mdm_status mdm_pg_encoder_add(pg_encoder *encoder, const mdm_chunk *chunk, mdm_error *err);
/* The trailer, and all that is still held back. */
mdm_status mdm_pg_encoder_end(pg_encoder *encoder, mdm_error *err);

#endif
