/* storage.h - what the drivers share: the list of backends, statements kept per
 * connection, SQL text made from names and types, settings of a location.
 *
 * A driver is sqlite*.c, duckdb*.c or postgresql*.c; each defines one constant mdm_backend and
 * one function that tells its library's version. */
#ifndef MDM_STORAGE_STORAGE_H
#define MDM_STORAGE_STORAGE_H

#include "base/text.h"
#include "mdm/backend.h"

/* --- the list --------------------------------------------------------------- */

/* A line of the table in backends.c. */
typedef struct mdm_backend_entry {
    const mdm_backend *backend;
    /* Into text of at least 64 bytes, loading the library when needed. */
    mdm_status (*version)(char *text, mdm_error *err);
} mdm_backend_entry;

extern const mdm_backend mdm_backend_sqlite;
extern const mdm_backend mdm_backend_duckdb;
extern const mdm_backend mdm_backend_postgresql;

mdm_status mdm_sqlite_library_version(char *text, mdm_error *err);
mdm_status mdm_duckdb_library_version(char *text, mdm_error *err);
mdm_status mdm_postgresql_library_version(char *text, mdm_error *err);

extern const mdm_dialect mdm_dialect_sqlite;
extern const mdm_dialect mdm_dialect_duckdb;
extern const mdm_dialect mdm_dialect_postgresql;

/* --- statements kept by a connection ----------------------------------------- */

/* Every driver's statement begins with this instead of a bare mdm_stmt, so that a
 * mdm_stmt *, a mdm_kept * and the driver's own type are one address. */
typedef struct mdm_kept {
    mdm_stmt base;
    char *sql; /* the exact text, NUL-terminated; owned by the cache */
    size_t sql_len;
    uint64_t hash;
    struct mdm_kept *chain;           /* next in the same bucket */
    struct mdm_kept *older, *younger; /* in the order of their last use */
    bool linked;                      /* a later prepare() may find it */
    bool in_use;                      /* handed out and not yet given back */
} mdm_kept;

#define MDM_KEPT_LIMIT 256u
#define MDM_KEPT_BUCKETS 512u /* a power of two */
#define MDM_KEPT_SEEN 512u    /* a power of two */

/* The least recently used of MDM_KEPT_LIMIT statements goes first; one in use never goes, and
 * is never handed out twice: the second caller compiles its own, which is freed
 * when it comes back. */
typedef struct mdm_statements {
    mdm_conn *conn;                  /* whose prepared and reused are counted */
    void (*destroy)(mdm_kept *kept); /* frees the driver's part and the struct, not sql */
    size_t limit;                    /* 0: nothing is kept */
    bool on_second_use; /* keep a statement only when its text comes again (among some thousand
                           others): for databases where compiling is cheaper than having kept too
                           much. Set after init; false: keep at once */
    size_t count;       /* linked ones */
    size_t used;        /* handed out */
    mdm_kept *oldest, *youngest; /* all that exist, linked or not */
    mdm_kept *buckets[MDM_KEPT_BUCKETS];
    uint64_t seen[MDM_KEPT_SEEN][2]; /* hashes of texts that came once: the last two of a place, so
                                        that two that go together do not drive each other out */
} mdm_statements;

/* flags are those of open(): MDM_OPEN_NO_STATEMENTS keeps nothing. */
void mdm_statements_init(mdm_statements *statements, mdm_conn *conn, unsigned flags,
                         void (*destroy)(mdm_kept *kept));
/* One with exactly this text that nobody uses, now in use and counted as reused; NULL: none. */
mdm_kept *mdm_statements_take(mdm_statements *statements, mdm_str sql);
/* Would a statement of this text, which was not found, be kept when it comes back? */
bool mdm_statements_wants(const mdm_statements *statements, mdm_str sql);
/* Register what the driver has just compiled: in use, counted as prepared, base.conn set. sql
 * is copied. On failure (MDM_NO_MEMORY) the driver still owns kept. */
mdm_status mdm_statements_add(mdm_statements *statements, mdm_kept *kept, mdm_str sql,
                              mdm_error *err);
/* Back from the caller, already reset by the driver: kept, or destroyed. */
void mdm_statements_give(mdm_statements *statements, mdm_kept *kept);
/* It is no longer good (its plan is stale, the server lost it): nobody finds it again, and it is
 * destroyed at once or, when in use, as it is given back. */
void mdm_statements_drop(mdm_statements *statements, mdm_kept *kept);
/* Destroy all, in use or not: for close(). */
void mdm_statements_clear(mdm_statements *statements);

/* --- SQL text ----------------------------------------------------------------- */

/* Append name, quoted by mdm_quote_name(). */
mdm_status mdm_sql_name(mdm_text *sql, const mdm_backend *backend, mdm_str name, mdm_error *err);
/* Append "schema"."table" or "table". */
mdm_status mdm_sql_target(mdm_text *sql, const mdm_backend *backend, const mdm_target *target,
                          mdm_error *err);
/* Append ("a", "b", ...): the columns of an INSERT or COPY. */
mdm_status mdm_sql_columns(mdm_text *sql, const mdm_backend *backend, const mdm_schema *schema,
                           mdm_error *err);
/* The dialect's column word for a type, with precision and scale, into room of at least 64
 * bytes; returns room. */
char *mdm_sql_type(const mdm_dialect *dialect, mdm_type type, char *room);
/* Append CREATE TABLE for the columns of schema. MDM_FORMAT: more columns than the dialect
 * takes, none at all, or two whose names the database takes for one; MDM_INVALID: what
 * mdm_quote_name() says, with the column's position. */
mdm_status mdm_sql_create_table(mdm_text *sql, const mdm_backend *backend, const mdm_target *target,
                                const mdm_schema *schema, mdm_error *err);

/* --- locations and errors ------------------------------------------------------ */

/* The last setting of that name, or NULL. */
const char *mdm_location_setting(const mdm_location *location, const char *name);

/* Put the database's own code (and state, NULL: none) into an error that is already set;
 * hands status back. */
mdm_status mdm_error_native(mdm_error *err, mdm_status status, int native, const char *sqlstate);

#endif
