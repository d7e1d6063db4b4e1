/* DuckDB gives types for some failures and only words for others (prepare, pending results), but
 * the words always begin with the type. So the words decide, in one way everywhere. */
#include "duckdb/error.h"

#include <duckdb.h>
#include <string.h>

#include "base/text.h"

typedef struct error_kind {
    const char *word; /* stands before " Error: " */
    duckdb_error_type type;
    mdm_status status;
} error_kind;

static const error_kind kinds[] = {
    {"Out of Range", DUCKDB_ERROR_OUT_OF_RANGE, MDM_BACKEND},
    {"Conversion", DUCKDB_ERROR_CONVERSION, MDM_BACKEND},
    {"Unknown Type", DUCKDB_ERROR_UNKNOWN_TYPE, MDM_BACKEND},
    {"Decimal", DUCKDB_ERROR_DECIMAL, MDM_BACKEND},
    {"Mismatch Type", DUCKDB_ERROR_MISMATCH_TYPE, MDM_BACKEND},
    {"Divide by Zero", DUCKDB_ERROR_DIVIDE_BY_ZERO, MDM_BACKEND},
    {"Object Size", DUCKDB_ERROR_OBJECT_SIZE, MDM_BACKEND},
    {"Invalid type", DUCKDB_ERROR_INVALID_TYPE, MDM_BACKEND},
    {"Serialization", DUCKDB_ERROR_SERIALIZATION, MDM_FORMAT},
    {"TransactionContext", DUCKDB_ERROR_TRANSACTION, MDM_BACKEND},
    {"Not implemented", DUCKDB_ERROR_NOT_IMPLEMENTED, MDM_UNSUPPORTED},
    {"Expression", DUCKDB_ERROR_EXPRESSION, MDM_BACKEND},
    {"Catalog", DUCKDB_ERROR_CATALOG, MDM_BACKEND},
    {"Parser", DUCKDB_ERROR_PARSER, MDM_BACKEND},
    {"Planner", DUCKDB_ERROR_PLANNER, MDM_BACKEND},
    {"Scheduler", DUCKDB_ERROR_SCHEDULER, MDM_BACKEND},
    {"Executor", DUCKDB_ERROR_EXECUTOR, MDM_BACKEND},
    {"Constraint", DUCKDB_ERROR_CONSTRAINT, MDM_BACKEND},
    {"Index", DUCKDB_ERROR_INDEX, MDM_BACKEND},
    {"Stat", DUCKDB_ERROR_STAT, MDM_BACKEND},
    {"Connection", DUCKDB_ERROR_CONNECTION, MDM_BACKEND},
    {"Syntax", DUCKDB_ERROR_SYNTAX, MDM_BACKEND},
    {"Settings", DUCKDB_ERROR_SETTINGS, MDM_INVALID},
    {"Binder", DUCKDB_ERROR_BINDER, MDM_BACKEND},
    {"Network", DUCKDB_ERROR_NETWORK, MDM_IO},
    {"Optimizer", DUCKDB_ERROR_OPTIMIZER, MDM_BACKEND},
    {"NullPointer", DUCKDB_ERROR_NULL_POINTER, MDM_BACKEND},
    {"IO", DUCKDB_ERROR_IO, MDM_IO},
    {"INTERRUPT", DUCKDB_ERROR_INTERRUPT, MDM_CANCELLED},
    {"FATAL", DUCKDB_ERROR_FATAL, MDM_BACKEND},
    {"INTERNAL", DUCKDB_ERROR_INTERNAL, MDM_BACKEND},
    {"Invalid Input", DUCKDB_ERROR_INVALID_INPUT, MDM_BACKEND},
    {"Out of Memory", DUCKDB_ERROR_OUT_OF_MEMORY, MDM_NO_MEMORY},
    {"Permission", DUCKDB_ERROR_PERMISSION, MDM_PERMISSION},
    {"Parameter Not Resolved", DUCKDB_ERROR_PARAMETER_NOT_RESOLVED, MDM_BACKEND},
    {"Parameter Not Allowed", DUCKDB_ERROR_PARAMETER_NOT_ALLOWED, MDM_BACKEND},
    {"Dependency", DUCKDB_ERROR_DEPENDENCY, MDM_BACKEND},
    {"HTTP", DUCKDB_ERROR_HTTP, MDM_IO},
    {"Missing Extension", DUCKDB_ERROR_MISSING_EXTENSION, MDM_UNSUPPORTED},
    {"Extension Autoloading", DUCKDB_ERROR_AUTOLOAD, MDM_UNSUPPORTED},
    {"Sequence", DUCKDB_ERROR_SEQUENCE, MDM_BACKEND},
    {"Invalid Configuration", DUCKDB_INVALID_CONFIGURATION, MDM_INVALID},
};

/* Where the words say more than the type. */
typedef struct error_words {
    duckdb_error_type type;
    const char *words;
    mdm_status status;
} error_words;

static const error_words special[] = {
    {DUCKDB_ERROR_IO, "Could not set lock on file", MDM_BUSY},
    {DUCKDB_ERROR_IO, "Permission denied", MDM_PERMISSION},
    {DUCKDB_ERROR_IO, "Read-only file system", MDM_PERMISSION},
    {DUCKDB_ERROR_IO, "No such file or directory", MDM_NOT_FOUND},
    {DUCKDB_ERROR_IO, "database does not exist", MDM_NOT_FOUND},
    {DUCKDB_ERROR_IO, "not a valid DuckDB database file", MDM_FORMAT},
    {DUCKDB_ERROR_IO, "database file with version number", MDM_FORMAT},
    {DUCKDB_ERROR_IO, "Corrupt database file", MDM_FORMAT},
    {DUCKDB_ERROR_IO, "Could not read enough bytes", MDM_FORMAT},
    {DUCKDB_ERROR_TRANSACTION, "onflict", MDM_BUSY}, /* Conflict on update, write-write conflict */
    {DUCKDB_ERROR_TRANSACTION, "read-only mode", MDM_PERMISSION},
    {DUCKDB_ERROR_INVALID_INPUT, "read-only mode", MDM_PERMISSION},
    {DUCKDB_ERROR_INVALID_INPUT, "options were not recognized", MDM_INVALID},
    {DUCKDB_ERROR_INVALID_INPUT, "No statement to prepare", MDM_INVALID},
    {DUCKDB_ERROR_INVALID_INPUT, "Cannot prepare multiple statements", MDM_INVALID},
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const error_kind *kind_of(mdm_str message)
{
    for (size_t i = 0; i < COUNT(kinds); i++) {
        const mdm_str word = mdm_str_from(kinds[i].word);
        if (!mdm_str_starts(message, word)) continue;
        const mdm_str rest = {message.data + word.len, message.len - word.len};
        if (mdm_str_starts(rest, MDM_STR(" Error: "))) return &kinds[i];
    }
    return NULL;
}

static mdm_status status_of(const error_kind *kind, const char *message)
{
    for (size_t i = 0; i < COUNT(special); i++)
        if (special[i].type == kind->type && strstr(message, special[i].words))
            return special[i].status;
    return kind->status;
}

static bool is_advice(mdm_str line)
{
    return mdm_str_starts(line, MDM_STR("Did you mean")) ||
           mdm_str_starts(line, MDM_STR("Candidate ")) ||
           mdm_str_starts(line, MDM_STR("Possible "));
}

/* "... Conflicting lock is held in /usr/bin/python3 (PID 123) by user x. See also ...": who holds
 * the file is what the user needs. */
static mdm_status held_by(mdm_error *err, mdm_str message)
{
    const char *file = strchr(message.data, '"');
    const char *file_end = file ? strchr(file + 1, '"') : NULL;
    const char *holder = strstr(message.data, "held in ");
    const char *pid = holder ? strstr(holder, "(PID ") : NULL;
    const char *pid_end = pid ? strchr(pid, ')') : NULL;
    if (!file_end || !pid_end)
        return mdm_error_set(err, MDM_BUSY, "%.*s", (int)message.len, message.data);
    holder += strlen("held in ");
    pid += strlen("(PID ");
    mdm_error_set(err, MDM_BUSY, "%.*s is held by another process: %.*s, pid %.*s",
                  (int)(file_end - file - 1), file + 1, (int)(pid - holder - 6), holder,
                  (int)(pid_end - pid), pid);
    return mdm_error_hint(err, MDM_BUSY, "wait until process %.*s has ended, or end it",
                          (int)(pid_end - pid), pid);
}

mdm_status mdm_duckdb_error(mdm_error *err, const char *message)
{
    mdm_str rest = mdm_str_from(message);
    if (rest.len == 0) return mdm_error_set(err, MDM_BACKEND, "DuckDB failed without a word");

    const error_kind *kind = kind_of(rest);
    mdm_status status = kind ? status_of(kind, message) : MDM_BACKEND;
    const mdm_str first = mdm_str_split(&rest, '\n');
    if (status == MDM_BUSY && kind->type == DUCKDB_ERROR_IO) held_by(err, first);
    else mdm_error_set(err, status, "%.*s", (int)first.len, first.data);
    while (rest.len > 0) {
        const mdm_str line = mdm_str_split(&rest, '\n');
        if (!is_advice(line)) continue;
        mdm_error_hint(err, status, "%.*s", (int)line.len, line.data);
        break;
    }
    if (status == MDM_UNSUPPORTED && kind->type != DUCKDB_ERROR_NOT_IMPLEMENTED)
        mdm_error_hint(err, status, "MDM never installs extensions of DuckDB by itself");
    if (err) err->native = kind ? (int)kind->type : 0;
    return status;
}

mdm_status mdm_duckdb_failure(mdm_error *err, mdm_status reason, const char *message)
{
    if (reason == MDM_OK) return mdm_duckdb_error(err, message);
    return mdm_error_set(err, reason, reason == MDM_TIMEOUT ? "timed out" : "cancelled");
}

bool mdm_duckdb_error_is_fatal(const mdm_error *err)
{
    return err->native == DUCKDB_ERROR_FATAL || err->native == DUCKDB_ERROR_INTERNAL;
}
