/* sqlite_driver.h - the SQLite driver's own words: sqlite.c (connection),
 * sqlite_settings.c (pragmas), sqlite_stmt.c (statements, fetch), sqlite_look.c and sqlite_types.c
 * (which type a column has), sqlite_bulk.c (insert from a stream), sqlite_time.c (dates as text).
 *
 * SQLite keeps a type per cell, not per column. How ours are kept, so that what is written
 * comes back equal:
 *     BOOL                 integer 0 or 1
 *     INT8 to INT64        integer
 *     FLOAT, DOUBLE        real; NaN does not exist: NULL, counted in mdm_conn.nan_as_null
 *     DECIMAL              integer or real where that is exact, else text
 *     TEXT, BLOB           text, blob; NUL bytes are kept
 *     DATE, TIME           text, 2024-02-29 and 13:05:00.250000
 *     TIMESTAMP(TZ)        text, 2024-02-29 13:05:00.250000, zoned ones in UTC with +00:00
 * Fractions of a second have six digits or are left out; infinite dates are 'infinity' and
 * '-infinity'. Reading is described in sqlite_types.c. */
#ifndef MDM_STORAGE_SQLITE_DRIVER_H
#define MDM_STORAGE_SQLITE_DRIVER_H

#include "sqlite/sqlite.h"
#include "storage/storage.h"

struct sqlite_look;

typedef struct sqlite_conn {
    mdm_conn base; /* first: an mdm_conn * is also a sqlite_conn * */
    sqlite3 *db;
    unsigned flags;        /* MDM_OPEN_* */
    int busy_ms;           /* how long to wait for another process */
    bool broken;           /* a new connection would be better */
    bool altered;          /* settings were changed by SQL: reset() gives it up */
    bool utf8;             /* the file keeps text in UTF-8 */
    char journal_mode[16]; /* for settle(); "": as it is */
    char synchronous[16];  /* for settle(); "": SQLite's default */
    mdm_schema *no_columns;
    struct sqlite_look *look; /* room for first rows, shared by the statements */
    mdm_statements statements;
    sqlite3_stmt *begin_read, *begin_write, *commit, *rollback; /* compiled when first needed */
} sqlite_conn;

/* The one place where SQLite's codes become ours; what is the object or the deed, NULL: none.
 * A stop of the connection explains SQLITE_INTERRUPT and SQLITE_BUSY. */
mdm_status mdm_sqlite_fail(sqlite_conn *conn, int rc, const char *what, mdm_error *err);

/* sqlite_settings.c. MDM_INVALID: a setting that is none of ours, or that is no value for it. */
mdm_status mdm_sqlite_settings_check(const mdm_location *location, mdm_error *err);
/* Note what is needed after open(). */
void mdm_sqlite_settings_keep(sqlite_conn *conn, const mdm_location *location);
mdm_status mdm_sqlite_settings_apply(sqlite_conn *conn, const mdm_location *location,
                                     mdm_error *err);
mdm_status mdm_sqlite_settle(mdm_conn *conn, mdm_error *err);
/* The first cell of a statement's first row, into text; "" when there is none. */
void mdm_sqlite_ask(sqlite_conn *conn, const char *sql, char *text, size_t size);

/* sqlite_stmt.c */
mdm_status mdm_sqlite_stmt_prepare(mdm_conn *conn, mdm_str sql, mdm_stmt **out, mdm_error *err);
size_t mdm_sqlite_stmt_parameters(const mdm_stmt *stmt);
mdm_status mdm_sqlite_stmt_execute(mdm_stmt *stmt, const mdm_value *values, size_t count,
                                   mdm_error *err);
const mdm_schema *mdm_sqlite_stmt_schema(const mdm_stmt *stmt);
mdm_status mdm_sqlite_stmt_fetch(mdm_stmt *stmt, mdm_chunk **out, mdm_error *err);
int64_t mdm_sqlite_stmt_changed(const mdm_stmt *stmt);
void mdm_sqlite_stmt_finish(mdm_stmt *stmt);
void mdm_sqlite_stmt_destroy(mdm_kept *kept); /* for the cache */
/* Compile exactly one statement; the caller finalizes *out. MDM_INVALID: none, or more. */
mdm_status mdm_sqlite_compile(sqlite_conn *conn, mdm_str sql, unsigned flags, sqlite3_stmt **out,
                              mdm_error *err);

/* MDM_INVALID: what SQLite would silently cut or refuse. */
mdm_status mdm_sqlite_check_text(mdm_str sql, mdm_error *err);
/* Does sql change what a new user of the connection would have to know? PRAGMA, ATTACH and
 * DETACH: then reset() gives the connection up. */
void mdm_sqlite_note_altered(sqlite_conn *conn, mdm_str sql);

/* sqlite_bulk.c */
mdm_status mdm_sqlite_bulk(mdm_conn *conn, const mdm_target *target, mdm_stream *source,
                           int64_t *rows, mdm_error *err);

/* --- cells and types (sqlite_types.c) -------------------------------------- */

/* A cell as SQLite has it. */
typedef struct sqlite_cell {
    int class_; /* SQLITE_INTEGER, _FLOAT, _TEXT, _BLOB, _NULL */
    union {
        int64_t integer;
        double real;
    } as;
    mdm_str bytes; /* _TEXT, _BLOB */
} sqlite_cell;

/* Read a cell of the row where stmt stands; bytes are valid until the next step. Only what
 * the class has is set. Inline: this is run for every cell of every result. */
static inline void mdm_sqlite_cell(const sqlite_conn *conn, sqlite3_stmt *stmt, int column,
                                   sqlite_cell *cell)
{
    sqlite3_value *value = sqlite3_column_value(stmt, column);
    cell->class_ = sqlite3_value_type(value);
    switch (cell->class_) {
    case SQLITE_INTEGER: cell->as.integer = sqlite3_value_int64(value); return;
    case SQLITE_FLOAT: cell->as.real = sqlite3_value_double(value); return;
    case SQLITE_NULL: return;
    default: break;
    }
    /* _text would add a NUL, and copy the cell to make room for it. */
    const bool as_it_is = cell->class_ == SQLITE_BLOB || conn->utf8;
    cell->bytes.data =
        as_it_is ? sqlite3_value_blob(value) : (const char *)sqlite3_value_text(value);
    cell->bytes.len = (size_t)sqlite3_value_bytes(value);
    if (!cell->bytes.data) cell->bytes = (mdm_str){"", 0};
}

static inline bool mdm_sqlite_has_bytes(const sqlite_cell *cell)
{
    return cell->class_ == SQLITE_TEXT || cell->class_ == SQLITE_BLOB;
}

/* What SQLite does to a cell as it is stored in a column declared so: the first three turn text
 * that looks like a number into one. */
typedef enum sqlite_affinity {
    NUMERIC_AFFINITY,
    INTEGER_AFFINITY,
    REAL_AFFINITY, /* integers become reals, too */
    TEXT_AFFINITY,
    BLOB_AFFINITY /* nothing */
} sqlite_affinity;
sqlite_affinity mdm_sqlite_affinity(mdm_str word);

/* The type that a column's declared word means; id MDM_TYPE_COUNT: it says nothing. NULL is an
 * expression. */
mdm_type mdm_sqlite_declared(const char *word);

/* Append a cell as a value of type. MDM_FORMAT: it does not fit (err untouched);
 * MDM_NO_MEMORY. builder NULL: only look whether it fits. */
mdm_status mdm_sqlite_append(mdm_builder *builder, size_t column, mdm_type type,
                             const sqlite_cell *cell);

/* --- the first rows of a result, kept until its types are decided (sqlite_look.c) --- */

typedef struct sqlite_look {
    size_t columns, rows;
    sqlite_cell *cells; /* row by row; their bytes are in text, as.integer says where */
    size_t cell_size;
    unsigned char *classes; /* per column: bit 1 << class for each one seen */
    size_t class_size;
    mdm_text text;
} sqlite_look;

void mdm_sqlite_look_start(sqlite_look *look, size_t columns);
/* Copy the row where stmt stands. MDM_NO_MEMORY. */
mdm_status mdm_sqlite_look_add(sqlite_look *look, sqlite_conn *conn, sqlite3_stmt *stmt,
                               mdm_error *err);
/* A cell of it; bytes are valid until the next _add. */
sqlite_cell mdm_sqlite_look_cell(const sqlite_look *look, size_t row, size_t column);
/* Type of a column: as declared where all the cells fit, else the narrowest that takes them. */
mdm_type mdm_sqlite_look_type(const sqlite_look *look, size_t column, mdm_type declared);
/* Give back much of the room, when a result needed much. */
void mdm_sqlite_look_trim(sqlite_look *look);
void mdm_sqlite_look_clear(sqlite_look *look);

/* --- dates as text (sqlite_time.c) ------------------------------------------- */

#define MDM_SQLITE_TIME_TEXT 40                /* bytes that any of these fits into */
#define MDM_SQLITE_DAY_US INT64_C(86400000000) /* the latest TIME: 24:00:00 */

/* Write without NUL; the length. */
size_t mdm_sqlite_date_text(int32_t days, char *text);
size_t mdm_sqlite_time_text(int64_t microseconds, char *text);
size_t mdm_sqlite_stamp_text(int64_t microseconds, bool zoned, char *text);
/* The same into a text that this function filled before: where the day is the same one, only the
 * time is written. *day is for this function; MDM_SQLITE_NO_DAY at first. */
#define MDM_SQLITE_NO_DAY INT64_MIN
size_t mdm_sqlite_stamp_next(int64_t microseconds, bool zoned, char *text, int64_t *day);
/* The whole text, exactly: false otherwise. A fraction has up to six digits; date and time are
 * parted by a blank or T; zoned ones end in Z or an offset. */
bool mdm_sqlite_date_read(mdm_str text, int32_t *days);
bool mdm_sqlite_time_read(mdm_str text, int64_t *microseconds);
bool mdm_sqlite_stamp_read(mdm_str text, bool zoned, int64_t *microseconds);

#endif
