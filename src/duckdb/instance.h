/* instance.h - DuckDB databases that this process has open, and connections to them.
 *
 * One file is one instance, however often and by whatever path it is opened: two instances of one
 * file in a process lose data. Whoever opens it later joins, and the configuration of the first one
 * holds. A file is opened read-only (shared with readers in other processes) until somebody asks to
 * write; then the idle connections let go and the same instance is opened anew for writing.
 *
 * A file held by another process is MDM_BUSY with its pid; it is tried again until the deadline
 * of stop. Extensions are never installed or loaded by themselves.
 *
 * DuckDB's locks belong to the process: who opens and closes such a file by itself while it is
 * open here (to copy, hash or sync it) takes them away. Do that after the last close.
 *
 * Threads: instances may be used from any; a link by one at a time, mdm_duckdb_interrupt()
 * from any. */
#ifndef MDM_DUCKDB_INSTANCE_H
#define MDM_DUCKDB_INSTANCE_H

#include "mdm/backend.h"

typedef struct mdm_duckdb_instance mdm_duckdb_instance;
typedef struct mdm_duckdb_link mdm_duckdb_link; /* one connection */

typedef struct mdm_duckdb_options {
    bool read_only;
    bool create; /* make the file when it is not there (mode 0600) */
    const mdm_setting
        *settings; /* by DuckDB's names: memory_limit "200MB", threads, temp_directory */
    size_t setting_count;
} mdm_duckdb_options;

/* path NULL: a private database in memory (which spills nothing to disk unless temp_directory is
 * given). options and stop may be NULL. MDM_NOT_FOUND (no such file, no library), MDM_PERMISSION,
 * MDM_FORMAT (not a DuckDB database, or of a newer version), MDM_BUSY, MDM_INVALID (a setting that
 * DuckDB does not take), MDM_CANCELLED. The caller owns *out. */
MDM_MUST_CHECK mdm_status mdm_duckdb_open(const char *path, const mdm_duckdb_options *options,
                                          const mdm_stop *stop, mdm_duckdb_instance **out,
                                          mdm_error *err);
/* NULL allowed. The file is whole, without a .wal beside it, once the last one who opened it has
 * closed it. Links must be gone before. */
void mdm_duckdb_close(mdm_duckdb_instance *instance);

/* Was it opened for reading only (by now)? */
bool mdm_duckdb_is_read_only(mdm_duckdb_instance *instance);

/* Can it still be used? MDM_IO: the file was moved or deleted; MDM_BACKEND: DuckDB gave up on it,
 * see below. Asks no database. */
MDM_MUST_CHECK mdm_status mdm_duckdb_check(mdm_duckdb_instance *instance, mdm_error *err);
/* A fatal error was met: DuckDB answers nothing more until all who use the instance have closed
 * it. Nobody joins it any more; who opens the file meanwhile waits or is told MDM_BUSY. */
void mdm_duckdb_condemn(mdm_duckdb_instance *instance);

/* The caller owns *out: mdm_duckdb_disconnect(). */
MDM_MUST_CHECK mdm_status mdm_duckdb_connect(mdm_duckdb_instance *instance, mdm_duckdb_link **out,
                                             mdm_error *err);
void mdm_duckdb_disconnect(mdm_duckdb_link *link); /* NULL allowed */

/* From any thread: what runs on the link returns MDM_CANCELLED soon. */
void mdm_duckdb_interrupt(mdm_duckdb_link *link);

#endif
