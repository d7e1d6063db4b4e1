#include "sqlite/sqlite.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <string.h>

#include "base/alloc.h"
#include "base/io.h"

/* --- memory ----------------------------------------------------------------- */

/* SQLite asks how large a block is; the size stands in front of it. Eight bytes are the alignment
 * that SQLite wants. */
typedef struct block {
    uint64_t bytes;
    char memory[];
} block;

static block *block_of(void *memory)
{
    return (block *)(void *)((char *)memory - offsetof(block, memory));
}

static void *allocate(int bytes)
{
    block *made = mdm_alloc(sizeof *made + (size_t)bytes);
    if (!made) return NULL;
    made->bytes = (uint64_t)bytes;
    return made->memory;
}

static void release(void *memory)
{
    if (memory) mdm_free(block_of(memory));
}

static void *reallocate(void *memory, int bytes)
{
    block *made = mdm_realloc(block_of(memory), sizeof *made + (size_t)bytes);
    if (!made) return NULL;
    made->bytes = (uint64_t)bytes;
    return made->memory;
}

static int size_of(void *memory)
{
    return memory ? (int)block_of(memory)->bytes : 0;
}

static int round_up(int bytes)
{
    return bytes > INT_MAX - 7 ? bytes : (bytes + 7) & ~7;
}

static int start_memory(void *unused)
{
    (void)unused;
    return SQLITE_OK;
}

static void stop_memory(void *unused)
{
    (void)unused;
}

static const sqlite3_mem_methods memory_methods = {allocate, release,      reallocate,  size_of,
                                                   round_up, start_memory, stop_memory, NULL};

/* --- setting up ------------------------------------------------------------- */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int once_code;

/* A system library that the host program has started already refuses to be set up (MISUSE) and
 * stays as it is: that costs the counting of memory and nothing else. */
static void set_up(void)
{
    sqlite3_config(SQLITE_CONFIG_MALLOC, &memory_methods);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    sqlite3_config(SQLITE_CONFIG_URI, 0);
    once_code = sqlite3_initialize();
    /* The first random number notes the process id, which SQLite does without a lock and later only
     * compares: done here, no two threads meet there. */
    unsigned char seed;
    if (once_code == SQLITE_OK) sqlite3_randomness(sizeof seed, &seed);
}

/* --- errors ----------------------------------------------------------------- */

static mdm_status status_of_primary(int code)
{
    switch (code) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE: return MDM_OK;
    case SQLITE_NOMEM: return MDM_NO_MEMORY;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return MDM_BUSY;
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY: return MDM_PERMISSION;
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
    case SQLITE_FULL: return MDM_IO;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return MDM_FORMAT;
    case SQLITE_INTERRUPT: return MDM_CANCELLED;
    case SQLITE_MISUSE:
    case SQLITE_RANGE: return MDM_INVALID;
    default: return MDM_BACKEND;
    }
}

mdm_status mdm_sqlite_status(int code)
{
    return code == SQLITE_IOERR_NOMEM ? MDM_NO_MEMORY : status_of_primary(code & 0xFF);
}

/* The system's reason, 0 when there is none or it is an old one. */
static int system_errno(sqlite3 *db, int code)
{
    const int primary = code & 0xFF;
    if (!db || (primary != SQLITE_IOERR && primary != SQLITE_CANTOPEN)) return 0;
    return sqlite3_system_errno(db);
}

/* What the connection knows more precisely than a primary code says. */
static int extended_code(sqlite3 *db, int code)
{
    const int known = db ? sqlite3_extended_errcode(db) : code;
    return (known & 0xFF) == code ? known : code;
}

/* The connection's words are those of its last failure; another code than that gets the
 * general ones. */
static const char *words_of(sqlite3 *db, int code)
{
    const bool is_last = db && (sqlite3_extended_errcode(db) & 0xFF) == (code & 0xFF);
    return is_last ? sqlite3_errmsg(db) : sqlite3_errstr(code);
}

mdm_status mdm_sqlite_error(mdm_error *err, sqlite3 *db, int code)
{
    const int reason = system_errno(db, code);
    mdm_status status = mdm_sqlite_status(code);
    if (reason != 0) {
        char buffer[128];
        if ((code & 0xFF) == SQLITE_CANTOPEN) status = mdm_errno(NULL, reason, "");
        mdm_error_set(err, status, "%s: %s", words_of(db, code),
                      strerror_r(reason, buffer, sizeof buffer));
    } else {
        mdm_error_set(err, status, "%s", words_of(db, code));
    }
    if (err) err->native = extended_code(db, code);
    return status;
}

/* --- opening ---------------------------------------------------------------- */

/* Before SQLite sees the path: it would wait for a FIFO, make files that others may read, and call
 * every failure "unable to open database file". */
static mdm_status check_file(const char *path, unsigned flags, mdm_error *err)
{
    mdm_path_stat st;
    bool found = true;
    if (flags & MDM_SQLITE_CREATE) MDM_TRY(mdm_path_find(path, false, &found, &st, err));
    /* An empty file is an empty database. */
    if (!found) MDM_TRY(mdm_file_append(path, MDM_STR(""), err));
    MDM_TRY(mdm_path_look(path, true, &st, err));
    return st.is_file ? MDM_OK : mdm_error_set(err, MDM_FORMAT, "%s: not a regular file", path);
}

static int configure(sqlite3 *db)
{
    int code = sqlite3_extended_result_codes(db, 1);
    if (code == SQLITE_OK) code = sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    if (code == SQLITE_OK) code = sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    if (code == SQLITE_OK) mdm_sqlite_scan_status(db, false);
    return code;
}

static mdm_status open_at(const char *path, unsigned flags, sqlite3 **out, mdm_error *err)
{
    const int mode = flags & MDM_SQLITE_READ_ONLY ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    int code = sqlite3_open_v2(path, out, mode | SQLITE_OPEN_NOMUTEX, NULL);
    if (code == SQLITE_OK) code = configure(*out);
    if (code == SQLITE_OK) return MDM_OK;
    const mdm_status status = mdm_sqlite_error(err, *out, code);
    mdm_sqlite_close(*out);
    *out = NULL;
    return mdm_error_context(err, status, "%s", path);
}

mdm_status mdm_sqlite_open(const char *path, unsigned flags, sqlite3 **out, mdm_error *err)
{
    *out = NULL;
    pthread_once(&once, set_up);
    if (once_code != SQLITE_OK) return mdm_sqlite_error(err, NULL, once_code);
    if (!path) return open_at(":memory:", 0, out, err);
    MDM_TRY(check_file(path, flags, err));
    /* Made absolute or "./...", no name is special any more. */
    char *literal = path[0] == '/' ? mdm_strdup(path) : mdm_asprintf("./%s", path);
    if (!literal) return mdm_no_memory(err, "a path");
    const mdm_status status = open_at(literal, flags, out, err);
    mdm_free(literal);
    return status;
}

void mdm_sqlite_close(sqlite3 *db)
{
    sqlite3_close_v2(db);
}

bool mdm_sqlite_scan_status(sqlite3 *db, bool on)
{
#ifdef SQLITE_DBCONFIG_STMT_SCANSTATUS
    return sqlite3_db_config(db, SQLITE_DBCONFIG_STMT_SCANSTATUS, on ? 1 : 0, NULL) == SQLITE_OK;
#else
    (void)db;
    (void)on;
    return false;
#endif
}

/* --- statements ------------------------------------------------------------- */

mdm_status mdm_sqlite_run(sqlite3 *db, const char *sql, mdm_error *err)
{
    const int code = sqlite3_exec(db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? MDM_OK : mdm_sqlite_error(err, db, code);
}

mdm_status mdm_sqlite_prepare(sqlite3 *db, mdm_str sql, sqlite3_stmt **out, mdm_str *tail,
                              mdm_error *err)
{
    *out = NULL;
    if (sql.len > INT_MAX)
        return mdm_error_set(err, MDM_INVALID, "a statement of %zu bytes is too long", sql.len);
    if (sql.len == 0) sql = MDM_STR("");
    const char *behind = sql.data;
    const int code =
        sqlite3_prepare_v3(db, sql.data, (int)sql.len, SQLITE_PREPARE_PERSISTENT, out, &behind);
    if (code != SQLITE_OK) return mdm_sqlite_error(err, db, code);
    if (tail) *tail = (mdm_str){behind, sql.len - (size_t)(behind - sql.data)};
    return MDM_OK;
}
