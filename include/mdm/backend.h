/* backend.h - what a database must be able to do for MDM.
 *
 * A backend is one constant table of functions. Code above this line never
 * asks which database it talks to; it asks what the table can do (caps), and finds
 * what differs as data (dialect). A stranger's table works wherever one of ours does.
 *
 * Threads: the functions of one connection are called by one thread at a time;
 * only interrupt() may be called from another. */
#ifndef MDM_BACKEND_H
#define MDM_BACKEND_H

#include "mdm/base.h"
#include "mdm/chunk.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mdm_backend mdm_backend;

/* --- where a database is ------------------------------------------------- */

/* A name and its value: a libpq keyword, a DuckDB configuration option, an
 * SQLite pragma. Values may be secrets: never print one. */
typedef struct mdm_setting {
    const char *name;
    const char *value;
} mdm_setting;

/* Everything is borrowed by the functions that take a location; who keeps one
 * copies it with mdm_location_dup(). */
typedef struct mdm_location {
    const mdm_backend *backend;
    const char *path;   /* file databases: a literal path; NULL: in memory, private */
    const char *schema; /* PostgreSQL: put first in the search path; NULL: its default */
    const mdm_setting *settings;
    size_t setting_count;
} mdm_location;

/* Read sqlite:///rel.db, sqlite:////abs.db, sqlite:// (memory), duckdb:///f.duckdb,
 * postgresql://user@h1,h2:5432/db?sslmode=..., postgres://, postgresql+driver://
 * (the driver part is ignored) and libpq "key=value" text. Percent-decoded. What stands behind
 * '?' are settings (pragmas, options, libpq keywords); on a server "schema" is the schema.
 * MDM_INVALID says what is wrong and never repeats a password. The caller owns
 * *out: mdm_location_free(). */
MDM_API MDM_MUST_CHECK mdm_status mdm_location_parse(mdm_str url, mdm_location **out,
                                                     mdm_error *err);
MDM_API MDM_MUST_CHECK mdm_status mdm_location_dup(const mdm_location *from, mdm_location **out,
                                                   mdm_error *err);
MDM_API void mdm_location_free(mdm_location *location); /* wipes secrets; NULL allowed */
/* The location for people, logs and pool names, as a URL without any secret, into
 * text (cut to size); returns text. */
MDM_API char *mdm_location_text(const mdm_location *location, char *text, size_t size);

/* --- connections ---------------------------------------------------------- */

enum {
    MDM_OPEN_READ_ONLY = 1u << 0, /* refuse every write */
    MDM_OPEN_CREATE = 1u << 1,    /* make the file when it is not there */
    MDM_OPEN_LOADING = 1u << 2,   /* a new, disposable database is about to be filled:
                                     durability and memory maps off until settle() */
    MDM_OPEN_NO_STATEMENTS = 1u << 3 /* keep no prepared statements (performance.off) */
};

/* Every backend's connection begins with this member. */
typedef struct mdm_conn {
    const mdm_backend *backend;
    const mdm_stop *stop; /* obeyed by whatever runs next; set and cleared by the user of the
                             connection; NULL: none */
    uint64_t prepared;    /* statements compiled so far */
    uint64_t reused;      /* statements found kept */
    uint64_t nan_as_null; /* NaN values stored as NULL so far, by execute() and bulk(), because
                             the database has no NaN: compare before and after, and say so */
    uint64_t abandoned;   /* transactions so far that reset() found open and rolled back */
} mdm_conn;

/* Every backend's prepared statement begins with this member. */
typedef struct mdm_stmt {
    mdm_conn *conn;
} mdm_stmt;

typedef enum mdm_txn_mode { MDM_TXN_READ, MDM_TXN_WRITE } mdm_txn_mode;

enum {
    MDM_CAP_CONCURRENT_WRITERS = 1u << 0, /* several connections may write at once */
    MDM_CAP_SERVER = 1u << 1,             /* reached over a network: can break, lives on */
    MDM_CAP_READS_FILES = 1u << 2,        /* load_query() is there */
    MDM_CAP_RENAMES_SCHEMA = 1u << 3      /* a dataset is a schema, not a file */
};

/* What differs between databases and is mere text. */
typedef struct mdm_dialect {
    char quote;           /* around identifiers; doubled inside */
    bool folds_case;      /* "A" and "a" are one column (ASCII letters) */
    size_t max_name;      /* bytes of an identifier; 0: no limit */
    size_t max_columns;   /* of one table */
    bool nan_is_null;     /* it has no NaN and stores NULL instead */
    const char *types[MDM_TYPE_COUNT]; /* column words of CREATE TABLE; "DECIMAL(%d,%d)" */
    const char *wide_decimal; /* the word for more than 15 digits where it is another (with two %d,
                                 too); NULL: the same */
    const char *list_tables;  /* SQL: name, in order of creation where known; user tables only */
    const char *list_columns; /* SQL: table, column, type word, in order */
    const char *analyze;      /* "ANALYZE %s" with the quoted table */
    const char *file_suffix;  /* ".sqlite"; NULL for a server */
} mdm_dialect;

/* Rows that DuckDB can produce by itself from files; made by src/file. */
typedef struct mdm_file_query mdm_file_query;

/* A table to be filled. */
typedef struct mdm_target {
    const char *schema; /* NULL: where the connection stands */
    const char *table;
    bool create;        /* CREATE TABLE first, columns from the rows' schema */
} mdm_target;

struct mdm_backend {
    const char *name; /* the word in configuration, "sqlite" */
    uint32_t caps;    /* MDM_CAP_* */
    const mdm_dialect *dialect;

    /* Open one connection. On success *out is owned by the caller. MDM_NOT_FOUND
     * (no such file), MDM_PERMISSION (file mode, refused login), MDM_FORMAT (not
     * such a database), MDM_BUSY (held by another process), MDM_TIMEOUT, MDM_CANCELLED,
     * MDM_INVALID (an unknown setting, or a value it cannot have), MDM_BACKEND.
     * stop may be NULL. */
    mdm_status (*open)(const mdm_location *location, unsigned flags, const mdm_stop *stop,
                       mdm_conn **out, mdm_error *err);
    void (*close)(mdm_conn *conn); /* NULL allowed, never fails */

    /* Is the connection still usable? Cheapest sure test; waits at most timeout_ms. */
    mdm_status (*ping)(mdm_conn *conn, int timeout_ms, mdm_error *err);
    /* Make the connection as good as new before somebody else gets it: open
     * results dropped, transaction rolled back, settings restored. False: throw it away. */
    bool (*reset)(mdm_conn *conn);
    /* Is a failure with this connection one that a new connection would not have? */
    bool (*is_broken)(const mdm_conn *conn);

    mdm_status (*begin)(mdm_conn *conn, mdm_txn_mode mode, mdm_error *err);
    mdm_status (*commit)(mdm_conn *conn, mdm_error *err);
    void (*rollback)(mdm_conn *conn); /* also right when nothing was begun */

    /* Run statements, separated by ';', whose rows (if any) nobody wants. changed may be
     * NULL; unknown counts are 0. */
    mdm_status (*run)(mdm_conn *conn, mdm_str sql, int64_t *changed, mdm_error *err);

    /* Compile one statement, or find it among those the connection keeps. Borrowed until
     * finish(). MDM_INVALID: not exactly one statement. Placeholders are the
     * database's own ($1 on PostgreSQL; ?, ?1, :name, $name on SQLite; ?, $1, $name on
     * DuckDB). */
    mdm_status (*prepare)(mdm_conn *conn, mdm_str sql, mdm_stmt **out, mdm_error *err);
    size_t (*parameters)(const mdm_stmt *stmt);
    /* Start it with values for all its placeholders. */
    mdm_status (*execute)(mdm_stmt *stmt, const mdm_value *values, size_t count, mdm_error *err);
    /* Columns of the result, valid from execute() to finish(); count 0: no rows to read. */
    const mdm_schema *(*schema)(const mdm_stmt *stmt);
    /* Next rows, owned by the caller; NULL at the end. A cell that does not fit its
     * column's type is MDM_FORMAT with column and row, never a changed value. */
    mdm_status (*fetch)(mdm_stmt *stmt, mdm_chunk **out, mdm_error *err);
    int64_t (*changed)(const mdm_stmt *stmt); /* rows written by it, -1: not told */
    /* Give the statement back: it is kept for the next prepare() or freed. NULL allowed. */
    void (*finish)(mdm_stmt *stmt);

    /* EXPLAIN as the database words it, unparsed; the caller owns *out: mdm_free_text(). */
    mdm_status (*explain)(mdm_conn *conn, mdm_str sql, char **out, mdm_error *err);

    /* Append all rows of a stream by the database's fastest way, inside the transaction that
     * is open, to the columns of the same names; the stream stays the caller's. *rows: how many.
     * MDM_EXISTS: to be created, and there already; MDM_FORMAT: a value or a set of columns that
     * the database cannot hold; what the stream says. On failure roll back. */
    mdm_status (*bulk)(mdm_conn *conn, const mdm_target *target, mdm_stream *source,
                       int64_t *rows, mdm_error *err);
    /* Fill a table from files, rows never passing through us. NULL unless MDM_CAP_READS_FILES. */
    mdm_status (*load_query)(mdm_conn *conn, const mdm_target *target, mdm_file_query *query,
                             int64_t *rows, mdm_error *err);
    /* After MDM_OPEN_LOADING: bring the database into its lasting form (journal mode,
     * checkpoint). The file is whole once the connection is closed. */
    mdm_status (*settle)(mdm_conn *conn, mdm_error *err);

    /* From any thread: make what runs on the connection return MDM_CANCELLED soon. */
    void (*interrupt)(mdm_conn *conn);
};

/* The backend of that name (sqlite, duckdb, postgresql; any case), or NULL. The result is
 * constant and needs no freeing. mdm_backend_at() walks them: NULL after the last. */
MDM_API const mdm_backend *mdm_backend_find(mdm_str name);
MDM_API const mdm_backend *mdm_backend_at(size_t index);

/* Version of the database library behind a backend, loading it when needed; "" and a
 * failure when it cannot be loaded. text has at least 64 bytes. */
MDM_API MDM_MUST_CHECK mdm_status mdm_backend_version(const mdm_backend *backend, char *text,
                                                      mdm_error *err);

/* Append name, quoted for a database, to text of size bytes at *used: the only way a name
 * enters SQL. MDM_INVALID: a name that cannot be one: NUL or control characters, empty,
 * longer than the dialect's max_name; or no room. */
MDM_API MDM_MUST_CHECK mdm_status mdm_quote_name(const mdm_backend *backend, mdm_str name,
                                                 char *text, size_t size, size_t *used,
                                                 mdm_error *err);

#ifdef __cplusplus
}
#endif
#endif
