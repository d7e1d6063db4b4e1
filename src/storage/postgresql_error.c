/* What goes wrong, in our statuses. The server's own words are kept: they are good, and what people
 * search for. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "storage/postgresql_driver.h"

typedef struct state {
    const char *begin; /* of the SQLSTATE; its first match counts */
    mdm_status status;
    bool broken; /* a new connection would do better */
} state;

static const state states[] = {
    {"08", MDM_BACKEND, true}, /* connection exceptions */
    {"0A000", MDM_UNSUPPORTED, false},
    {"22021", MDM_FORMAT, false},     /* text that is not in its encoding */
    {"25006", MDM_PERMISSION, false}, /* a read-only transaction */
    {"25P03", MDM_BACKEND, true},     /* idle in a transaction for too long */
    {"28", MDM_PERMISSION, true},     /* login refused */
    {"3D000", MDM_NOT_FOUND, true},   /* no such database */
    {"40001", MDM_BUSY, false},       /* serialization failure */
    {"40P01", MDM_BUSY, false},       /* deadlock */
    {"42501", MDM_PERMISSION, false},
    {"42710", MDM_EXISTS, false},
    {"42P04", MDM_EXISTS, false}, /* database, ... */
    {"42P06", MDM_EXISTS, false}, /* schema, ... */
    {"42P07", MDM_EXISTS, false}, /* table */
    {"53300", MDM_BUSY, true},    /* too many connections */
    {"55006", MDM_BUSY, false},   /* object in use */
    {"55P03", MDM_BUSY, false},   /* lock not available */
    {"57P03", MDM_BUSY, true},    /* starting up, or shutting down */
    {"57P", MDM_BACKEND, true},   /* terminated */
};

static const state *find_state(const char *sqlstate)
{
    static const state other = {"", MDM_BACKEND, false};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        if (strncmp(sqlstate, states[i].begin, strlen(states[i].begin)) == 0) return &states[i];
    return &other;
}

static const char *field(const PGresult *result, int code)
{
    const char *text = mdm_pq.resultErrorField(result, code);
    return text ? text : "";
}

bool mdm_pg_is_state(const PGresult *result, const char *sqlstate)
{
    return mdm_pq.resultStatus(result) == PGRES_FATAL_ERROR &&
           strcmp(field(result, PG_DIAG_SQLSTATE), sqlstate) == 0;
}

/* --- the server's errors -------------------------------------------------- */

/* " at line 2, column 7"; the server counts characters. */
static void print_position(const PGresult *result, const char *sql, char *text, size_t size)
{
    int64_t position;
    text[0] = '\0';
    if (!sql || !mdm_str_to_int(mdm_str_from(field(result, PG_DIAG_STATEMENT_POSITION)), &position))
        return;
    int line = 1, column = 1;
    for (const char *c = sql; *c && position > 1; position--) {
        bool new_line = *c == '\n';
        do
            c++;
        while (((unsigned char)*c & 0xc0) == 0x80);
        column = new_line ? 1 : column + 1;
        line += new_line;
    }
    snprintf(text, size, " at line %d, column %d", line, column);
}

/* Told by the place where the server found it: words depend on its language. */
static bool is_many_statements(const PGresult *result)
{
    return mdm_pg_is_state(result, "42601") &&
           strcmp(field(result, PG_DIAG_SOURCE_FUNCTION), "exec_parse_message") == 0;
}

static mdm_status cancelled_status(const pg_conn *conn, const PGresult *result)
{
    mdm_status wanted = mdm_pg_stop_wanted(conn, NULL);
    if (wanted != MDM_OK) return wanted;
    return strstr(field(result, PG_DIAG_MESSAGE_PRIMARY), "timeout") ? MDM_TIMEOUT : MDM_CANCELLED;
}

static int without_stop(const char *text)
{
    size_t len = strlen(text);
    return (int)(len > 0 && text[len - 1] == '.' ? len - 1 : len);
}

mdm_status mdm_pg_refused(pg_conn *conn, const PGresult *result, const char *sql, mdm_error *err)
{
    const char *sqlstate = field(result, PG_DIAG_SQLSTATE);
    if (!sqlstate[0]) return mdm_pg_lost(conn, err); /* libpq's own error */

    const state *known = find_state(sqlstate);
    mdm_status status = known->status;
    if (known->broken) conn->broken = true;
    if (strcmp(sqlstate, "57014") == 0) status = cancelled_status(conn, result);
    if (is_many_statements(result)) status = MDM_INVALID;
    if (strcmp(sqlstate, "25006") == 0 && !(conn->flags & MDM_OPEN_READ_ONLY)) {
        const char *standby = mdm_pq.parameterStatus(conn->pq, "in_hot_standby");
        if (standby && strcmp(standby, "on") == 0) conn->demoted = true;
    }

    char position[64];
    const char *words = field(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *detail = field(result, PG_DIAG_MESSAGE_DETAIL);
    print_position(result, sql, position, sizeof position);
    if (detail[0])
        mdm_error_set(err, status, "%s%s: %.*s", words, position, without_stop(detail), detail);
    else mdm_error_set(err, status, "%s%s", words, position);
    mdm_error_native(err, status, 0, sqlstate);
    const char *hint = field(result, PG_DIAG_MESSAGE_HINT);
    if (hint[0]) mdm_error_hint(err, status, "%.*s", without_stop(hint), hint);
    return status;
}

/* --- libpq's errors ------------------------------------------------------- */

/* Its messages have several lines: further ones that begin with a tab are advice, and those that
 * end in a place of the source ("LOCATION:  auth_failed, auth.c:329") are no use to anybody. */
static bool is_for_people(const char *line, size_t len)
{
    if (len == 0 || line[0] == '\t') return false;
    while (len > 0 && isdigit((unsigned char)line[len - 1]))
        len--;
    return len < 3 || memcmp(line + len - 3, ".c:", 3) != 0;
}

static void one_line(const char *text, char *line, size_t size)
{
    size_t used = 0;
    line[0] = '\0';
    while (*text && used < size) {
        size_t len = strcspn(text, "\n");
        if (is_for_people(text, len)) {
            int added =
                snprintf(line + used, size - used, "%s%.*s", used ? "; " : "", (int)len, text);
            used += added > 0 ? (size_t)added : 0;
        }
        text += len + (text[len] == '\n');
    }
}

mdm_status mdm_pg_lost(pg_conn *conn, mdm_error *err)
{
    char words[400];
    one_line(mdm_pq.errorMessage(conn->pq), words, sizeof words);
    if (mdm_pq.status(conn->pq) == CONNECTION_BAD) conn->broken = true;
    return mdm_error_set(err, MDM_BACKEND, "%s", words[0] ? words : "the connection is lost");
}

/* Find and cut out the SQLSTATE of "FATAL:  28P01: password authentication failed": it stands in no
 * other place while connecting. */
static void take_state(char *words, char sqlstate[6])
{
    sqlstate[0] = '\0';
    for (char *at = words; (at = strstr(at, ":  ")) != NULL; at += 3) {
        size_t len = strspn(at + 3, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ");
        if (len != 5 || at[8] != ':' || at[9] != ' ') continue;
        memcpy(sqlstate, at + 3, 5);
        sqlstate[5] = '\0';
        memmove(at + 2, at + 10, strlen(at + 10) + 1);
    }
}

static const char *password_hint =
    "check the user and the password: PGPASSWORD, ~/.pgpass or the settings of this database";

mdm_status mdm_pg_unreachable(pg_conn *conn, mdm_error *err)
{
    char words[400], sqlstate[6];
    one_line(mdm_pq.errorMessage(conn->pq), words, sizeof words);
    take_state(words, sqlstate);
    mdm_status status = sqlstate[0] ? find_state(sqlstate)->status : MDM_BACKEND;
    bool no_password = mdm_pq.connectionNeedsPassword(conn->pq);
    if (no_password) status = MDM_PERMISSION;

    const char *host = mdm_pq.host(conn->pq), *port = mdm_pq.port(conn->pq);
    mdm_error_set(err, status, "%s", words[0] ? words : "the connection failed");
    mdm_error_native(err, status, 0, sqlstate);
    if (status == MDM_PERMISSION) return mdm_error_hint(err, status, "%s", password_hint);
    if (sqlstate[0]) return status; /* it is there, and has said what is the matter */
    return mdm_error_hint(err, status,
                          "is a server running on %s, port %s, and may it be reached from here?",
                          host && *host ? host : "this machine", port && *port ? port : "5432");
}
