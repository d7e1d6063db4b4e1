/* sqlite.h - the embedded SQLite: how it is set up, opened, and how it fails.
 *
 * The library is set up once per process, at the first open: its memory comes from base/alloc,
 * file names are never URIs. All connections are made by mdm_sqlite_open(), so that they have the
 * same settings. Beyond that sqlite3.h is used as it is.
 *
 * Threads: a connection and its statements are one thread's at a time (SQLite is built without
 * locks of its own for them); sqlite3_interrupt() may be called from any. */
#ifndef MDM_SQLITE_SQLITE_H
#define MDM_SQLITE_SQLITE_H

#include <sqlite3.h>

#include "mdm/base.h"

enum {
    MDM_SQLITE_READ_ONLY = 1u << 0, /* the file is not written to; -shm and -wal may be */
    MDM_SQLITE_CREATE = 1u << 1     /* make the file (0600) when it is absent */
};

/* Open the database at path, which is taken literally: "file:x", ":memory:" and "" are names of
 * files. path NULL: a database in memory. Extended result codes are on, statement scan status
 * (which would cost 1.5x and more) and strings in double quotes are off; no busy timeout is set.
 * The file is first read by the first statement: that it is no database is found then.
 *
 * MDM_NOT_FOUND; MDM_EXISTS: never; MDM_PERMISSION; MDM_FORMAT: not a regular file; MDM_IO;
 * MDM_NO_MEMORY. On success the caller owns *out: mdm_sqlite_close(). On failure it is NULL. */
MDM_MUST_CHECK mdm_status mdm_sqlite_open(const char *path, unsigned flags, sqlite3 **out,
                                          mdm_error *err);
/* Statements should be finalised before; what is not is freed with its last one. NULL allowed. */
void mdm_sqlite_close(sqlite3 *db);

/* The status that a result code (primary or extended) stands for; OK, ROW and DONE are MDM_OK. */
mdm_status mdm_sqlite_status(int code);
/* Fill err from a result code that a call with db has just returned: SQLite's words, the reason of
 * the system where there is one, the extended code in native. db may be NULL. Hands the status
 * back. */
mdm_status mdm_sqlite_error(mdm_error *err, sqlite3 *db, int code);

/* Run statements separated by ';' whose rows nobody wants. */
MDM_MUST_CHECK mdm_status mdm_sqlite_run(sqlite3 *db, const char *sql, mdm_error *err);
/* Compile the first statement of sql; *tail (may be NULL): what stands behind it. *out is NULL when
 * there is none (blanks, comments). The caller owns *out: sqlite3_finalize(). */
MDM_MUST_CHECK mdm_status mdm_sqlite_prepare(sqlite3 *db, mdm_str sql, sqlite3_stmt **out,
                                             mdm_str *tail, mdm_error *err);

/* Count what each loop of a statement does (sqlite3_stmt_scanstatus_v2()), for statements prepared
 * from now on. False: this SQLite cannot. */
bool mdm_sqlite_scan_status(sqlite3 *db, bool on);

#endif
