/* Statements of SQLite: compile or find, bind, run, fetch.
 *
 * execute() steps up to a chunk of rows at once, because the types of the columns are only
 * known from cells (sqlite_types.c); they wait in `first`. A small result has then been read
 * to its end and holds no lock. What a kept statement needs for its next run - the declared types,
 * the schema, the builder - stays with it, until SQLite says that it compiled the statement anew.
 */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "storage/sqlite_driver.h"

#define CHUNK_ROWS 8192    /* of up to 32 columns */
#define CHUNK_CELLS 262144 /* of more columns */
#define CHUNK_ROWS_LEAST 64
#define CHUNK_BYTES (16u << 20) /* of text and blobs */
#define KEEP_ROWS 1000 /* after more of them a kept statement gives its builder's memory back */

typedef enum run_state {
    IDLE,    /* not executed, failed, or read to the end */
    RUNNING, /* SQLite has more rows */
} run_state;

typedef struct sqlite_statement {
    mdm_kept kept; /* first: an mdm_stmt * is also a sqlite_statement * */
    sqlite3_stmt *stmt;
    size_t columns; /* of the result, as described by declared */
    mdm_type *declared;
    int compilations;     /* of SQLite's own, when declared was read; -1: never read */
    mdm_schema *schema;   /* of this or an earlier run; held */
    mdm_builder *builder; /* for schema */
    mdm_chunk *first;     /* rows that execute() has read; owned until fetched */
    run_state state;
    int64_t rows; /* put into chunks so far */
    int64_t changed;
} sqlite_statement;

static sqlite_conn *conn_of(const sqlite_statement *s)
{
    return (sqlite_conn *)s->kept.base.conn;
}

/* --- compile --------------------------------------------------------------------- */

/* Is there nothing but blanks, comments and semicolons left? SQLite itself knows. */
static bool is_blank(sqlite_conn *conn, const char *rest, const char *end)
{
    while (rest < end) {
        sqlite3_stmt *stmt = NULL;
        const char *next = NULL;
        const int rc = sqlite3_prepare_v3(conn->db, rest, (int)(end - rest), 0, &stmt, &next);
        const bool empty = rc == SQLITE_OK && !stmt;
        sqlite3_finalize(stmt);
        if (!empty) return false;
        if (next <= rest) break;
        rest = next;
    }
    return true;
}

void mdm_sqlite_note_altered(sqlite_conn *conn, mdm_str sql)
{
    static const char *const verbs[] = {"pragma", "attach", "detach"};
    sql = mdm_str_trim(sql);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        const mdm_str verb = mdm_str_from(verbs[i]);
        if (sql.len > verb.len && mdm_str_equal_nocase((mdm_str){sql.data, verb.len}, verb)) {
            conn->altered = true;
            conn->utf8 = false; /* that may be what was changed; it is only for speed */
        }
    }
}

mdm_status mdm_sqlite_check_text(mdm_str sql, mdm_error *err)
{
    if (sql.len > INT32_MAX / 2)
        return mdm_error_set(err, MDM_INVALID, "a statement of %zu bytes is too long", sql.len);
    if (sql.len > 0 && memchr(sql.data, '\0', sql.len))
        return mdm_error_set(err, MDM_INVALID, "a NUL byte in the statement");
    return MDM_OK;
}

mdm_status mdm_sqlite_compile(sqlite_conn *conn, mdm_str sql, unsigned flags, sqlite3_stmt **out,
                              mdm_error *err)
{
    *out = NULL;
    MDM_TRY(mdm_sqlite_check_text(sql, err));
    const char *rest = sql.data;
    const int rc = sql.len == 0
                       ? SQLITE_OK
                       : sqlite3_prepare_v3(conn->db, sql.data, (int)sql.len, flags, out, &rest);
    if (rc != SQLITE_OK) return mdm_sqlite_fail(conn, rc, NULL, err);
    if (!*out) return mdm_error_set(err, MDM_INVALID, "no statement");
    if (rest == sql.data + sql.len || is_blank(conn, rest, sql.data + sql.len)) return MDM_OK;
    sqlite3_finalize(*out);
    *out = NULL;
    return mdm_error_set(err, MDM_INVALID, "more than one statement");
}

void mdm_sqlite_stmt_destroy(mdm_kept *kept)
{
    sqlite_statement *s = (sqlite_statement *)kept;
    sqlite3_finalize(s->stmt);
    mdm_chunk_unref(s->first);
    mdm_builder_close(s->builder);
    mdm_schema_unref(s->schema);
    mdm_free(s->declared);
    mdm_free(s);
}

mdm_status mdm_sqlite_stmt_prepare(mdm_conn *conn, mdm_str sql, mdm_stmt **out, mdm_error *err)
{
    sqlite_conn *c = (sqlite_conn *)conn;
    mdm_kept *kept = mdm_statements_take(&c->statements, sql);
    *out = kept ? &kept->base : NULL;
    if (kept) return MDM_OK;

    sqlite_statement *s = mdm_alloc_zero(1, sizeof *s);
    if (!s) return mdm_no_memory(err, "a statement");
    s->compilations = -1;
    s->kept.base.conn = conn;
    /* PERSISTENT keeps a statement out of the connection's own small blocks (lookaside), which
     * compiling lives on: kept statements would use them up. */
    const unsigned flags =
        mdm_statements_wants(&c->statements, sql) ? SQLITE_PREPARE_PERSISTENT : 0;
    mdm_status status = mdm_sqlite_compile(c, sql, flags, &s->stmt, err);
    if (status == MDM_OK) status = mdm_statements_add(&c->statements, &s->kept, sql, err);
    if (status != MDM_OK) {
        mdm_sqlite_stmt_destroy(&s->kept);
        return status;
    }
    mdm_sqlite_note_altered(c, sql);
    *out = &s->kept.base;
    return MDM_OK;
}

size_t mdm_sqlite_stmt_parameters(const mdm_stmt *stmt)
{
    return (size_t)sqlite3_bind_parameter_count(((const sqlite_statement *)stmt)->stmt);
}

/* --- values ------------------------------------------------------------------------ */

static int bind_text(sqlite3_stmt *stmt, int at, const char *text, size_t len)
{
    return sqlite3_bind_text64(stmt, at, text ? text : "", len, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static int bind_time(sqlite3_stmt *stmt, int at, const mdm_value *value)
{
    char text[MDM_SQLITE_TIME_TEXT];
    size_t len;
    if (value->type == MDM_TYPE_DATE) len = mdm_sqlite_date_text((int32_t)value->as.integer, text);
    else if (value->type == MDM_TYPE_TIME) len = mdm_sqlite_time_text(value->as.integer, text);
    else len = mdm_sqlite_stamp_text(value->as.integer, value->type == MDM_TYPE_TIMESTAMPTZ, text);
    return bind_text(stmt, at, text, len);
}

static int bind(sqlite_statement *s, int at, const mdm_value *value)
{
    const mdm_str bytes = value->as.bytes;
    switch (value->type) {
    case MDM_TYPE_NULL: return sqlite3_bind_null(s->stmt, at);
    case MDM_TYPE_BOOL: return sqlite3_bind_int(s->stmt, at, value->as.integer != 0);
    case MDM_TYPE_INT8:
    case MDM_TYPE_INT16:
    case MDM_TYPE_INT32:
    case MDM_TYPE_INT64: return sqlite3_bind_int64(s->stmt, at, value->as.integer);
    case MDM_TYPE_FLOAT:
    case MDM_TYPE_DOUBLE:
        conn_of(s)->base.nan_as_null += isnan(value->as.real) != 0;
        return sqlite3_bind_double(s->stmt, at, value->as.real);
    case MDM_TYPE_TEXT: return bind_text(s->stmt, at, bytes.data, bytes.len);
    case MDM_TYPE_BLOB:
        return sqlite3_bind_blob64(s->stmt, at, bytes.data ? bytes.data : "", bytes.len,
                                   SQLITE_TRANSIENT);
    case MDM_TYPE_DATE:
        if (value->as.integer < INT32_MIN || value->as.integer > INT32_MAX) return SQLITE_RANGE;
        return bind_time(s->stmt, at, value);
    case MDM_TYPE_TIME:
        if (value->as.integer < 0 || value->as.integer > MDM_SQLITE_DAY_US) return SQLITE_RANGE;
        return bind_time(s->stmt, at, value);
    case MDM_TYPE_TIMESTAMP:
    case MDM_TYPE_TIMESTAMPTZ: return bind_time(s->stmt, at, value);
    case MDM_TYPE_DECIMAL:
    case MDM_TYPE_COUNT: break;
    }
    return SQLITE_RANGE;
}

static mdm_status bind_all(sqlite_statement *s, const mdm_value *values, size_t count,
                           mdm_error *err)
{
    const size_t wanted = mdm_sqlite_stmt_parameters(&s->kept.base);
    if (count != wanted)
        return mdm_error_set(err, MDM_INVALID, "%zu values for %zu placeholders", count, wanted);
    for (size_t i = 0; i < count; i++) {
        const int rc = bind(s, (int)i + 1, &values[i]);
        if (rc == SQLITE_RANGE)
            return mdm_error_set(err, MDM_INVALID, "value %zu is out of range", i + 1);
        if (rc != SQLITE_OK) return mdm_sqlite_fail(conn_of(s), rc, NULL, err);
    }
    return MDM_OK;
}

/* --- the columns of the result ------------------------------------------------------- */

static void drop_builder(sqlite_statement *s)
{
    mdm_builder_close(s->builder);
    s->builder = NULL;
}

static void forget_columns(sqlite_statement *s)
{
    drop_builder(s);
    mdm_schema_unref(s->schema);
    mdm_free(s->declared);
    s->schema = NULL;
    s->declared = NULL;
    s->compilations = -1;
}

/* Valid after the first step, which is where SQLite compiles anew if the tables changed. */
static mdm_status read_declared(sqlite_statement *s, mdm_error *err)
{
    const int compilations = sqlite3_stmt_status(s->stmt, SQLITE_STMTSTATUS_REPREPARE, 0);
    if (compilations == s->compilations) return MDM_OK;
    forget_columns(s);
    s->columns = (size_t)sqlite3_column_count(s->stmt);
    s->declared = mdm_alloc_zero(s->columns + 1, sizeof *s->declared);
    if (!s->declared) return mdm_no_memory(err, "the columns of a result");
    for (size_t c = 0; c < s->columns; c++)
        s->declared[c] = mdm_sqlite_declared(sqlite3_column_decltype(s->stmt, (int)c));
    s->compilations = compilations;
    return MDM_OK;
}

static bool same_type(mdm_type a, mdm_type b)
{
    return a.id == b.id && a.precision == b.precision && a.scale == b.scale;
}

static bool schema_holds(const sqlite_statement *s, const sqlite_look *look)
{
    if (!s->schema) return false;
    for (size_t c = 0; c < s->columns; c++)
        if (!same_type(s->schema->fields[c].type, mdm_sqlite_look_type(look, c, s->declared[c])))
            return false;
    return true;
}

static int64_t chunk_rows(size_t columns)
{
    const size_t rows = columns <= CHUNK_CELLS / CHUNK_ROWS ? CHUNK_ROWS : CHUNK_CELLS / columns;
    return (int64_t)(rows < CHUNK_ROWS_LEAST ? CHUNK_ROWS_LEAST : rows);
}

static mdm_status make_schema(sqlite_statement *s, const sqlite_look *look, mdm_error *err)
{
    mdm_schema_unref(s->schema);
    s->schema = NULL;
    mdm_field *fields = mdm_alloc_zero(s->columns, sizeof *fields);
    if (!fields) return mdm_no_memory(err, "the columns of a result");
    mdm_status status = MDM_OK;
    for (size_t c = 0; c < s->columns && status == MDM_OK; c++) {
        fields[c].name = sqlite3_column_name(s->stmt, (int)c);
        fields[c].type = mdm_sqlite_look_type(look, c, s->declared[c]);
        if (!fields[c].name) status = mdm_no_memory(err, "the name of a column");
    }
    if (status == MDM_OK) status = mdm_schema_new(fields, s->columns, &s->schema, err);
    mdm_free(fields);
    return status;
}

/* Types that the first rows ask for: schema and builder of the last run as long as they hold. */
static mdm_status decide_schema(sqlite_statement *s, const sqlite_look *look, mdm_error *err)
{
    if (!schema_holds(s, look)) {
        drop_builder(s);
        MDM_TRY(make_schema(s, look, err));
    }
    if (s->builder) return MDM_OK;
    return mdm_builder_open(s->schema, chunk_rows(s->columns), &s->builder, err);
}

/* --- rows ------------------------------------------------------------------------------ */

static const char *class_word(int class_)
{
    static const char *const words[] = {
        [SQLITE_INTEGER] = "an integer", [SQLITE_FLOAT] = "a real", [SQLITE_TEXT] = "text",
        [SQLITE_BLOB] = "a blob",        [SQLITE_NULL] = "NULL",
    };
    return words[class_];
}

static mdm_status refuse_cell(sqlite_statement *s, size_t column, const sqlite_cell *cell,
                              mdm_status status, mdm_error *err)
{
    if (status == MDM_NO_MEMORY) return mdm_no_memory(err, "a chunk of rows");
    const mdm_field *field = &s->schema->fields[column];
    char type[32];
    const bool garbled = cell->class_ == SQLITE_TEXT && field->type.id == MDM_TYPE_TEXT;
    mdm_error_set(err, MDM_FORMAT, "column '%s', row %lld: %s does not fit %s", field->name,
                  (long long)s->rows + 1,
                  garbled ? "text that is not UTF-8" : class_word(cell->class_),
                  mdm_type_text(field->type, type));
    return mdm_error_hint(err, MDM_FORMAT, "say which type is meant: CAST(\"%s\" AS %s)",
                          field->name, garbled || cell->class_ == SQLITE_BLOB ? "BLOB" : "TEXT");
}

static mdm_status append(sqlite_statement *s, size_t column, const sqlite_cell *cell,
                         mdm_error *err)
{
    const mdm_status status =
        mdm_sqlite_append(s->builder, column, s->schema->fields[column].type, cell);
    return status == MDM_OK ? MDM_OK : refuse_cell(s, column, cell, status, err);
}

static mdm_status append_look(sqlite_statement *s, const sqlite_look *look, mdm_error *err)
{
    for (size_t row = 0; row < look->rows; row++, s->rows++)
        for (size_t c = 0; c < s->columns; c++) {
            const sqlite_cell cell = mdm_sqlite_look_cell(look, row, c);
            MDM_TRY(append(s, c, &cell, err));
        }
    return MDM_OK;
}

/* The row where SQLite stands; *bytes grows by what its text and blobs take. */
static mdm_status append_row(sqlite_statement *s, size_t *bytes, mdm_error *err)
{
    const sqlite_conn *conn = conn_of(s);
    for (size_t c = 0; c < s->columns; c++) {
        sqlite_cell cell;
        mdm_sqlite_cell(conn, s->stmt, (int)c, &cell);
        if (mdm_sqlite_has_bytes(&cell)) *bytes += cell.bytes.len;
        MDM_TRY(append(s, c, &cell, err));
    }
    s->rows++;
    return MDM_OK;
}

/* End of a run, good or bad: locks are given back. */
static void stop_running(sqlite_statement *s)
{
    sqlite3_reset(s->stmt);
    s->state = IDLE;
}

static mdm_status step_failed(sqlite_statement *s, int rc, mdm_error *err)
{
    const mdm_status status = mdm_sqlite_fail(conn_of(s), rc, NULL, err);
    stop_running(s);
    return status;
}

static mdm_status finish_first(sqlite_statement *s, sqlite_look *look, mdm_error *err)
{
    MDM_TRY(decide_schema(s, look, err));
    if (look->rows == 0) return MDM_OK;
    MDM_TRY(append_look(s, look, err));
    return mdm_builder_finish(s->builder, &s->first, err);
}

/* Step to the end or through the first chunk of rows. */
static mdm_status run(sqlite_statement *s, mdm_error *err)
{
    sqlite_conn *conn = conn_of(s);
    const int64_t before = sqlite3_total_changes64(conn->db);
    s->state = RUNNING;
    int rc = sqlite3_step(s->stmt);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) return step_failed(s, rc, err);
    MDM_TRY(read_declared(s, err));

    mdm_sqlite_look_start(conn->look, s->columns);
    const size_t limit = (size_t)chunk_rows(s->columns);
    while (rc == SQLITE_ROW) {
        MDM_TRY(mdm_sqlite_look_add(conn->look, conn, s->stmt, err));
        if (conn->look->rows >= limit || conn->look->text.len >= CHUNK_BYTES) break;
        rc = sqlite3_step(s->stmt);
    }
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) return step_failed(s, rc, err);
    if (rc == SQLITE_DONE) stop_running(s);
    if (!sqlite3_stmt_readonly(s->stmt)) s->changed = sqlite3_total_changes64(conn->db) - before;
    const mdm_status status = s->columns > 0 ? finish_first(s, conn->look, err) : MDM_OK;
    mdm_sqlite_look_trim(conn->look);
    return status;
}

/* After a failure: no lock is held, and the cells of a row that was refused are gone. */
static mdm_status settle(sqlite_statement *s, mdm_status status)
{
    if (status == MDM_OK) return MDM_OK;
    if (s->state == RUNNING) stop_running(s);
    drop_builder(s);
    return status;
}

mdm_status mdm_sqlite_stmt_execute(mdm_stmt *stmt, const mdm_value *values, size_t count,
                                   mdm_error *err)
{
    sqlite_statement *s = (sqlite_statement *)stmt;
    if (s->state == RUNNING) stop_running(s);
    mdm_chunk_unref(s->first);
    s->first = NULL;
    s->rows = 0;
    s->changed = -1;
    if (stmt->conn->stop) MDM_TRY(mdm_stop_check(stmt->conn->stop, err));
    MDM_TRY(bind_all(s, values, count, err));
    return settle(s, run(s, err));
}

const mdm_schema *mdm_sqlite_stmt_schema(const mdm_stmt *stmt)
{
    const sqlite_statement *s = (const sqlite_statement *)stmt;
    return s->schema ? s->schema : conn_of(s)->no_columns;
}

static mdm_status fetch_more(sqlite_statement *s, mdm_chunk **out, mdm_error *err)
{
    const int64_t limit = chunk_rows(s->columns);
    size_t bytes = 0;
    int64_t rows = 0;
    while (rows < limit && bytes < CHUNK_BYTES) {
        const int rc = sqlite3_step(s->stmt);
        if (rc == SQLITE_DONE) {
            stop_running(s);
            break;
        }
        if (rc != SQLITE_ROW) return step_failed(s, rc, err);
        MDM_TRY(append_row(s, &bytes, err));
        rows++;
    }
    return rows > 0 ? mdm_builder_finish(s->builder, out, err) : MDM_OK;
}

mdm_status mdm_sqlite_stmt_fetch(mdm_stmt *stmt, mdm_chunk **out, mdm_error *err)
{
    sqlite_statement *s = (sqlite_statement *)stmt;
    *out = s->first;
    s->first = NULL;
    if (*out || s->state == IDLE) return MDM_OK;
    if (stmt->conn->stop) MDM_TRY(mdm_stop_check(stmt->conn->stop, err));
    return settle(s, fetch_more(s, out, err));
}

int64_t mdm_sqlite_stmt_changed(const mdm_stmt *stmt)
{
    return ((const sqlite_statement *)stmt)->changed;
}

void mdm_sqlite_stmt_finish(mdm_stmt *stmt)
{
    if (!stmt) return;
    sqlite_statement *s = (sqlite_statement *)stmt;
    if (s->state == RUNNING) stop_running(s);
    mdm_chunk_unref(s->first);
    s->first = NULL;
    if (s->rows > KEEP_ROWS) drop_builder(s);
    sqlite3_clear_bindings(s->stmt);
    mdm_statements_give(&((sqlite_conn *)stmt->conn)->statements, &s->kept);
}
