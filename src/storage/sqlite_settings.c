/* Settings of a location are pragmas from the list below, and their values words or numbers:
 * nothing else of it is put into SQL. */
#include <stdio.h>
#include <string.h>

#include "storage/sqlite_driver.h"

#define BUSY_MS 30000
#define BUSY_MS_MAX (24 * 60 * 60 * 1000)

enum {
    OF_FILE = 1u << 0,   /* kept in the file: not on a read-only connection */
    AT_SETTLE = 1u << 1, /* not while loading */
};

static const struct {
    const char *name;
    const char *words; /* what it can be, in any case; NULL: a number */
    unsigned when;
} pragmas[] = {
    {"busy_timeout", NULL, 0},
    {"cache_size", NULL, 0},
    {"temp_store", "DEFAULT|FILE|MEMORY|0|1|2", 0},
    {"mmap_size", NULL, AT_SETTLE},
    {"foreign_keys", "ON|OFF|TRUE|FALSE|YES|NO|1|0", 0},
    {"synchronous", "OFF|NORMAL|FULL|EXTRA|0|1|2|3", AT_SETTLE},
    {"journal_mode", "DELETE|TRUNCATE|PERSIST|MEMORY|WAL|OFF", OF_FILE | AT_SETTLE},
};

#define PRAGMA_COUNT (sizeof pragmas / sizeof *pragmas)

static bool accepts(size_t pragma, const char *value)
{
    int64_t number;
    const mdm_str text = mdm_str_from(value);
    if (!pragmas[pragma].words) return mdm_str_to_int(text, &number);
    for (mdm_str rest = mdm_str_from(pragmas[pragma].words); rest.len > 0;)
        if (mdm_str_equal_nocase(mdm_str_split(&rest, '|'), text)) return true;
    return false;
}

static mdm_status unknown_setting(const char *name, mdm_error *err)
{
    const char *names[PRAGMA_COUNT];
    for (size_t i = 0; i < PRAGMA_COUNT; i++)
        names[i] = pragmas[i].name;
    const char *near = mdm_nearest(mdm_str_from(name), names, PRAGMA_COUNT);
    mdm_error_set(err, MDM_INVALID, "SQLite has no setting '%s'", name);
    return near ? mdm_error_hint(err, MDM_INVALID, "did you mean %s?", near) : MDM_INVALID;
}

mdm_status mdm_sqlite_settings_check(const mdm_location *location, mdm_error *err)
{
    for (size_t i = 0; i < location->setting_count; i++) {
        const mdm_setting *setting = &location->settings[i];
        size_t p = 0;
        while (p < PRAGMA_COUNT && strcmp(setting->name, pragmas[p].name) != 0)
            p++;
        if (p == PRAGMA_COUNT) return unknown_setting(setting->name, err);
        if (!accepts(p, setting->value))
            return mdm_error_set(err, MDM_INVALID, "setting %s cannot be '%s', but %s",
                                 setting->name, setting->value,
                                 pragmas[p].words ? pragmas[p].words : "a number");
    }
    return MDM_OK;
}

/* Run text made of our own words and checked values. */
static mdm_status run_words(sqlite_conn *conn, const char *sql, mdm_error *err)
{
    const int rc = sqlite3_exec(conn->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? MDM_OK : mdm_sqlite_fail(conn, rc, NULL, err);
}

static mdm_status set_pragma(sqlite_conn *conn, const char *name, const char *value, mdm_error *err)
{
    char sql[100];
    snprintf(sql, sizeof sql, "PRAGMA %s=%s", name, value);
    return run_words(conn, sql, err);
}

void mdm_sqlite_ask(sqlite_conn *conn, const char *sql, char *text, size_t size)
{
    sqlite3_stmt *stmt = NULL;
    text[0] = '\0';
    if (sqlite3_prepare_v2(conn->db, sql, -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_text(stmt, 0))
        snprintf(text, size, "%s", (const char *)sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
}

/* Changing the journal needs the file for oneself. Where others use it, it stays as it is, without
 * waiting for them: that is slower or faster, and never wrong. Without any journal (OFF) ROLLBACK
 * is undefined, so that what has failed would be half there; one in memory costs next to nothing.
 */
static mdm_status set_journal(sqlite_conn *conn, const char *mode, mdm_error *err)
{
    if (sqlite3_stricmp(mode, "off") == 0) mode = "memory";
    char now[16];
    mdm_sqlite_ask(conn, "PRAGMA journal_mode", now, sizeof now);
    if (sqlite3_stricmp(now, mode) == 0 || sqlite3_stricmp(now, "memory") == 0) return MDM_OK;
    const int busy_ms = conn->busy_ms;
    conn->busy_ms = 0;
    const mdm_status status = set_pragma(conn, "journal_mode", mode, err);
    conn->busy_ms = busy_ms;
    return status == MDM_BUSY ? MDM_OK : status;
}

mdm_status mdm_sqlite_settings_apply(sqlite_conn *conn, const mdm_location *location,
                                     mdm_error *err)
{
    const bool loading = conn->flags & MDM_OPEN_LOADING;
    for (size_t p = 0; p < PRAGMA_COUNT; p++) {
        const char *name = pragmas[p].name;
        const char *value = mdm_location_setting(location, name);
        if (!value || (loading && pragmas[p].when & AT_SETTLE)) continue;
        if (conn->flags & MDM_OPEN_READ_ONLY && pragmas[p].when & OF_FILE) continue;
        if (strcmp(name, "busy_timeout") == 0) continue; /* ours: on_busy() */
        MDM_TRY(strcmp(name, "journal_mode") == 0 ? set_journal(conn, value, err)
                                                  : set_pragma(conn, name, value, err));
    }
    if (loading)
        MDM_TRY(run_words(conn, "PRAGMA journal_mode=DELETE; PRAGMA synchronous=OFF", err));
    if (conn->flags & MDM_OPEN_READ_ONLY && !location->path)
        MDM_TRY(run_words(conn, "PRAGMA query_only=ON", err));
    return MDM_OK;
}

void mdm_sqlite_settings_keep(sqlite_conn *conn, const mdm_location *location)
{
    const char *journal = mdm_location_setting(location, "journal_mode");
    const char *synchronous = mdm_location_setting(location, "synchronous");
    const char *busy = mdm_location_setting(location, "busy_timeout");
    int64_t busy_ms;
    snprintf(conn->journal_mode, sizeof conn->journal_mode, "%s", journal ? journal : "");
    snprintf(conn->synchronous, sizeof conn->synchronous, "%s", synchronous ? synchronous : "");
    if (!busy || !mdm_str_to_int(mdm_str_from(busy), &busy_ms)) busy_ms = BUSY_MS;
    if (busy_ms < 0) busy_ms = 0;
    conn->busy_ms = busy_ms > BUSY_MS_MAX ? BUSY_MS_MAX : (int)busy_ms;
}

mdm_status mdm_sqlite_settle(mdm_conn *base, mdm_error *err)
{
    sqlite_conn *conn = (sqlite_conn *)base;
    const char *synchronous = conn->synchronous[0] ? conn->synchronous : "FULL";
    MDM_TRY(set_pragma(conn, "synchronous", synchronous, err));
    if (conn->journal_mode[0]) MDM_TRY(set_journal(conn, conn->journal_mode, err));
    return run_words(conn, "PRAGMA wal_checkpoint(TRUNCATE)", err);
}
