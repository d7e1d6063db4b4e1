/* INSERT INTO table SELECT * FROM stream: the stream of chunks is a virtual table, so that
 * SQLite fetches the cells itself; 0.6 of the time of a prepared INSERT per row.
 *
 * The table exists for one bulk() and for the connection only: a module without xCreate is a
 * table by its own name. That name has a control character, which no table of ours can have.
 * Cells are lent (SQLITE_STATIC): a chunk is dropped in xNext, when SQLite has stored the row. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "storage/sqlite_driver.h"

#define SOURCE_NAME "\1mdm rows"

/* Per column. */
typedef struct column_room {
    int64_t day;   /* whose date stands in text */
    char text[48]; /* a date, a time or a decimal as it is lent to SQLite */
    bool rounds;   /* the table keeps doubles there: what is none is refused */
} column_room;

#define EXACT_DOUBLE (INT64_C(1) << 53)

__extension__ typedef __int128 wide;
__extension__ typedef unsigned __int128 uwide;

/* What the virtual table reads from; one bulk() owns it. */
typedef struct bulk_source {
    sqlite_conn *conn;
    mdm_stream *stream;
    mdm_chunk *chunk; /* where SQLite reads; NULL: at the end */
    int64_t row;      /* in chunk */
    int64_t rows;     /* handed to SQLite */
    column_room *rooms;
    bool any_rounds;   /* in one of them */
    mdm_status status; /* why the stream ended early */
    mdm_error *err;
} bulk_source;

typedef struct source_table {
    sqlite3_vtab base;
    bulk_source *source;
} source_table;

typedef struct source_cursor {
    sqlite3_vtab_cursor base;
    bulk_source *source;
} source_cursor;

/* --- the table ----------------------------------------------------------------- */

static int table_connect(sqlite3 *db, void *self, int argc, const char *const *argv,
                         sqlite3_vtab **out, char **message)
{
    (void)argc;
    (void)argv;
    (void)message;
    bulk_source *source = self;
    mdm_text sql;
    mdm_text_init(&sql);
    for (size_t i = 0; i < source->stream->schema->count; i++)
        mdm_text_printf(&sql, "%sc%zu", i == 0 ? "CREATE TABLE x(" : ",", i);
    mdm_text_putc(&sql, ')');
    int rc = sql.failed ? SQLITE_NOMEM : sqlite3_declare_vtab(db, sql.data);
    mdm_text_clear(&sql);
    source_table *table = rc == SQLITE_OK ? mdm_alloc_zero(1, sizeof *table) : NULL;
    if (rc == SQLITE_OK && !table) rc = SQLITE_NOMEM;
    if (rc != SQLITE_OK) return rc;
    table->source = source;
    *out = &table->base;
    return SQLITE_OK;
}

static int table_disconnect(sqlite3_vtab *table)
{
    mdm_free(table);
    return SQLITE_OK;
}

static int table_plan(sqlite3_vtab *table, sqlite3_index_info *info)
{
    (void)table;
    info->estimatedCost = 1e6;
    info->estimatedRows = 1000000;
    return SQLITE_OK;
}

/* --- the cursor ------------------------------------------------------------------- */

static int cursor_open(sqlite3_vtab *table, sqlite3_vtab_cursor **out)
{
    source_cursor *cursor = mdm_alloc_zero(1, sizeof *cursor);
    if (!cursor) return SQLITE_NOMEM;
    cursor->source = ((source_table *)table)->source;
    *out = &cursor->base;
    return SQLITE_OK;
}

static int cursor_close(sqlite3_vtab_cursor *cursor)
{
    mdm_free(cursor);
    return SQLITE_OK;
}

/* To the first row of the next chunk that has one. */
static int take_chunk(bulk_source *source)
{
    do {
        mdm_chunk_unref(source->chunk);
        source->chunk = NULL;
        source->row = 0;
        source->status = mdm_stop_check(source->conn->base.stop, source->err);
        if (source->status == MDM_OK)
            source->status = mdm_stream_next(source->stream, &source->chunk, source->err);
        if (source->status != MDM_OK) return SQLITE_ABORT;
    } while (source->chunk && source->chunk->rows == 0);
    return SQLITE_OK;
}

static int cursor_filter(sqlite3_vtab_cursor *cursor, int index, const char *words, int argc,
                         sqlite3_value **argv)
{
    (void)index;
    (void)words;
    (void)argc;
    (void)argv;
    return take_chunk(((source_cursor *)cursor)->source);
}

static int cursor_next(sqlite3_vtab_cursor *cursor)
{
    bulk_source *source = ((source_cursor *)cursor)->source;
    source->rows++;
    return ++source->row < source->chunk->rows ? SQLITE_OK : take_chunk(source);
}

static int cursor_at_end(sqlite3_vtab_cursor *cursor)
{
    return !((source_cursor *)cursor)->source->chunk;
}

static int cursor_rowid(sqlite3_vtab_cursor *cursor, sqlite3_int64 *rowid)
{
    *rowid = ((source_cursor *)cursor)->source->rows;
    return SQLITE_OK;
}

/* --- cells ---------------------------------------------------------------------------- */

static size_t decimal_text(wide value, int scale, char *text)
{
    char digits[sizeof((column_room *)0)->text];
    size_t count = 0;
    const bool negative = value < 0;
    /* Unsigned, so that the lowest number of all can be turned round. */
    uwide rest = negative ? 0 - (uwide)value : (uwide)value;
    for (; rest > 0 || (int)count <= scale; rest /= 10) {
        if (scale > 0 && (int)count == scale) digits[count++] = '.';
        digits[count++] = (char)('0' + (int)(rest % 10));
    }
    size_t len = 0;
    if (negative) text[len++] = '-';
    while (count > 0)
        text[len++] = digits[--count];
    return len;
}

/* With the name of the column and the number of the row in front. */
static int refuse(bulk_source *source, int index, const char *words)
{
    source->status = mdm_error_set(source->err, MDM_FORMAT, "column '%s', row %lld: %s",
                                   source->stream->schema->fields[index].name,
                                   (long long)source->rows + 1, words);
    return SQLITE_ABORT;
}

/* An integer or a real where SQLite then has the same number, else text. */
static int result_decimal(sqlite3_context *context, bulk_source *source, const mdm_column *column,
                          int index)
{
    column_room *room = &source->rooms[index];
    const mdm_int128 number = ((const mdm_int128 *)column->values)[source->row];
    const wide value = (wide)((uwide)(uint64_t)number.high << 64 | number.low);
    wide unit = 1;
    for (int i = 0; i < column->type.scale; i++)
        unit *= 10;
    const wide whole = value / unit;
    if (whole * unit == value && whole >= INT64_MIN && whole <= INT64_MAX)
        sqlite3_result_int64(context, (int64_t)whole);
    else if (value < INT64_C(1000000000000000) && value > -INT64_C(1000000000000000) &&
             column->type.scale <= 22) /* up to there a power of ten is exact */
        sqlite3_result_double(context, (double)value / (double)unit);
    else if (room->rounds)
        return refuse(source, index, "the table would round a decimal of more than 15 digits");
    else
        sqlite3_result_text(context, room->text,
                            (int)decimal_text(value, column->type.scale, room->text),
                            SQLITE_STATIC);
    return SQLITE_OK;
}

static int result_integer(sqlite3_context *context, bulk_source *source, int64_t value, int index)
{
    if (source->any_rounds && source->rooms[index].rounds &&
        (value > EXACT_DOUBLE || value < -EXACT_DOUBLE))
        return refuse(source, index, "the table would round an integer of more than 53 bits");
    sqlite3_result_int64(context, value);
    return SQLITE_OK;
}

static void result_real(sqlite3_context *context, bulk_source *source, double value)
{
    if (isnan(value)) source->conn->base.nan_as_null++;
    sqlite3_result_double(context, value); /* of NaN: NULL */
}

static int result_time(sqlite3_context *context, bulk_source *source, const mdm_column *column,
                       int index)
{
    column_room *room = &source->rooms[index];
    size_t len;
    if (column->type.id == MDM_TYPE_DATE) {
        len = mdm_sqlite_date_text(((const int32_t *)column->values)[source->row], room->text);
    } else {
        const int64_t us = ((const int64_t *)column->values)[source->row];
        const bool is_time = column->type.id == MDM_TYPE_TIME;
        if (is_time && (us < 0 || us > MDM_SQLITE_DAY_US))
            return refuse(source, index, "a time outside the day");
        len = is_time ? mdm_sqlite_time_text(us, room->text)
                      : mdm_sqlite_stamp_next(us, column->type.id == MDM_TYPE_TIMESTAMPTZ,
                                              room->text, &room->day);
    }
    sqlite3_result_text(context, room->text, (int)len, SQLITE_STATIC);
    return SQLITE_OK;
}

static int cursor_column(sqlite3_vtab_cursor *cursor, sqlite3_context *context, int index)
{
    bulk_source *source = ((source_cursor *)cursor)->source;
    const mdm_column *column = &source->chunk->columns[index];
    const int64_t row = source->row;
    if (!mdm_column_is_set(column, row)) return SQLITE_OK; /* NULL */
    switch (column->type.id) {
    case MDM_TYPE_INT64:
        return result_integer(context, source, ((const int64_t *)column->values)[row], index);
    case MDM_TYPE_DOUBLE:
        result_real(context, source, ((const double *)column->values)[row]);
        break;
    case MDM_TYPE_TEXT: {
        const mdm_str text = mdm_column_bytes(column, row);
        sqlite3_result_text(context, text.data, (int)text.len, SQLITE_STATIC);
        break;
    }
    case MDM_TYPE_BLOB: {
        const mdm_str blob = mdm_column_bytes(column, row);
        sqlite3_result_blob(context, blob.data, (int)blob.len, SQLITE_STATIC);
        break;
    }
    case MDM_TYPE_BOOL: {
        const uint8_t *bits = column->values;
        sqlite3_result_int(context, bits[row >> 3] >> (row & 7) & 1);
        break;
    }
    case MDM_TYPE_INT8: sqlite3_result_int(context, ((const int8_t *)column->values)[row]); break;
    case MDM_TYPE_INT16: sqlite3_result_int(context, ((const int16_t *)column->values)[row]); break;
    case MDM_TYPE_INT32: sqlite3_result_int(context, ((const int32_t *)column->values)[row]); break;
    case MDM_TYPE_FLOAT: result_real(context, source, ((const float *)column->values)[row]); break;
    case MDM_TYPE_DECIMAL: return result_decimal(context, source, column, index);
    case MDM_TYPE_DATE:
    case MDM_TYPE_TIME:
    case MDM_TYPE_TIMESTAMP:
    case MDM_TYPE_TIMESTAMPTZ: return result_time(context, source, column, index);
    case MDM_TYPE_NULL:
    case MDM_TYPE_COUNT: break;
    }
    return SQLITE_OK;
}

static const sqlite3_module source_module = {
    .iVersion = 1,
    .xConnect = table_connect,
    .xBestIndex = table_plan,
    .xDisconnect = table_disconnect,
    .xOpen = cursor_open,
    .xClose = cursor_close,
    .xFilter = cursor_filter,
    .xNext = cursor_next,
    .xEof = cursor_at_end,
    .xColumn = cursor_column,
    .xRowid = cursor_rowid,
};

/* --- bulk ------------------------------------------------------------------------------- */

static mdm_status create_table(sqlite_conn *conn, const mdm_target *target,
                               const mdm_schema *schema, mdm_error *err)
{
    if (sqlite3_table_column_metadata(conn->db, target->schema, target->table, NULL, NULL, NULL,
                                      NULL, NULL, NULL) == SQLITE_OK)
        return mdm_error_set(err, MDM_EXISTS, "table '%s' is there already", target->table);
    mdm_text sql;
    mdm_text_init(&sql);
    mdm_status status = mdm_sql_create_table(&sql, &mdm_backend_sqlite, target, schema, err);
    if (status == MDM_OK) {
        const int rc = sqlite3_exec(conn->db, sql.data, NULL, NULL, NULL);
        if (rc != SQLITE_OK) status = mdm_sqlite_fail(conn, rc, target->table, err);
    }
    mdm_text_clear(&sql);
    return status;
}

static bool is_number(mdm_type_id id)
{
    return id >= MDM_TYPE_BOOL && id <= MDM_TYPE_DECIMAL;
}

/* A table that was there before may turn cells into others as it stores them. Text in a column of
 * numbers is refused at once (00501 would become 501); numbers that are no doubles when they
 * come. */
static mdm_status check_column(bulk_source *source, const mdm_target *target, size_t index)
{
    const mdm_field *field = &source->stream->schema->fields[index];
    const char *word = NULL;
    /* A column that is not there: INSERT says so. */
    if (sqlite3_table_column_metadata(source->conn->db, target->schema, target->table, field->name,
                                      &word, NULL, NULL, NULL, NULL) != SQLITE_OK)
        return MDM_OK;
    const sqlite_affinity affinity = mdm_sqlite_affinity(mdm_str_from(word));
    if (field->type.id == MDM_TYPE_TEXT && affinity <= REAL_AFFINITY &&
        is_number(mdm_sqlite_declared(word).id))
        return mdm_error_set(source->err, MDM_FORMAT, "column '%s' is text, and %s in table '%s'",
                             field->name, word, target->table);
    source->rooms[index].rounds =
        (field->type.id == MDM_TYPE_DECIMAL && affinity <= REAL_AFFINITY) ||
        (field->type.id == MDM_TYPE_INT64 && affinity == REAL_AFFINITY);
    source->any_rounds = source->any_rounds || source->rooms[index].rounds;
    return MDM_OK;
}

static mdm_status make_rooms(bulk_source *source, const mdm_target *target)
{
    const size_t count = source->stream->schema->count;
    source->rooms = mdm_alloc_zero(count, sizeof *source->rooms);
    if (!source->rooms) return mdm_no_memory(source->err, "a bulk insert");
    for (size_t i = 0; i < count; i++) {
        source->rooms[i].day = MDM_SQLITE_NO_DAY;
        if (!target->create) MDM_TRY(check_column(source, target, i));
    }
    return MDM_OK;
}

static mdm_status insert_words(const mdm_target *target, const mdm_schema *schema, mdm_text *sql,
                               mdm_error *err)
{
    mdm_text_puts(sql, "INSERT INTO ");
    MDM_TRY(mdm_sql_target(sql, &mdm_backend_sqlite, target, err));
    MDM_TRY(mdm_sql_columns(sql, &mdm_backend_sqlite, schema, err));
    mdm_text_puts(sql, " SELECT * FROM \"" SOURCE_NAME "\"");
    return mdm_text_status(sql, err);
}

static mdm_status insert(bulk_source *source, mdm_str sql, const mdm_target *target, mdm_error *err)
{
    sqlite_conn *conn = source->conn;
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(conn->db, sql.data, (int)sql.len, &stmt, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_step(stmt);
    mdm_status status = MDM_OK;
    if (source->status != MDM_OK) status = source->status; /* err says why */
    else if (rc != SQLITE_DONE) status = mdm_sqlite_fail(conn, rc, target->table, err);
    sqlite3_finalize(stmt);
    return status;
}

mdm_status mdm_sqlite_bulk(mdm_conn *base, const mdm_target *target, mdm_stream *stream,
                           int64_t *rows, mdm_error *err)
{
    sqlite_conn *conn = (sqlite_conn *)base;
    const mdm_schema *schema = stream->schema;
    bulk_source source = {.conn = conn, .stream = stream, .err = err};
    mdm_text sql;
    mdm_text_init(&sql);
    *rows = 0;
    mdm_status status = target->create ? create_table(conn, target, schema, err) : MDM_OK;
    if (status == MDM_OK) status = insert_words(target, schema, &sql, err);
    if (status == MDM_OK) status = make_rooms(&source, target);
    if (status != MDM_OK) goto done;
    if (sqlite3_create_module(conn->db, SOURCE_NAME, &source_module, &source) != SQLITE_OK) {
        status = mdm_no_memory(err, "a bulk insert");
        goto done;
    }
    status = insert(&source, (mdm_str){sql.data, sql.len}, target, err);
    sqlite3_create_module(conn->db, SOURCE_NAME, NULL, NULL);
    *rows = source.rows;
done:
    mdm_chunk_unref(source.chunk);
    mdm_free(source.rooms);
    mdm_text_clear(&sql);
    return status;
}
