#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "data/chunk_internal.h"

const suite_driver *suite;

void suite_expect_ok(mdm_status status, const mdm_error *err, const char *step, const char *file,
                     int line)
{
    if (status == MDM_OK) return;
    print_error("%s: %s: %s%s%s\n", step, mdm_status_name(status), err->message,
                err->hint[0] ? " | " : "", err->hint);
    _fail(file, line);
}

/* --- databases -------------------------------------------------------------------- */

/* A server's database is emptied by giving the test a schema of its own. */
static void fresh_schema(fixture *f)
{
    mdm_error err = {0};
    static int serial;
    char sql[200], name[40];
    mdm_location bare = *f->location;
    mdm_conn *conn = NULL;
    ok(f->backend->open(&bare, 0, NULL, &conn, &err));
    snprintf(name, sizeof name, "suite_%d_%d", (int)getpid(), serial++);
    snprintf(sql, sizeof sql, "CREATE SCHEMA %s", name);
    suite_sql(conn, sql);
    f->backend->close(conn);
    bare.schema = name;
    mdm_location *owned = NULL;
    ok(mdm_location_dup(&bare, &owned, &err));
    mdm_location_free(f->location);
    f->location = owned;
}

static void drop_schema(fixture *f)
{
    char sql[200];
    if (!f->location->schema) return;
    snprintf(sql, sizeof sql, "DROP SCHEMA %s CASCADE", f->location->schema);
    suite_sql(f->conn, sql);
}

int suite_setup(void **state)
{
    mdm_error err = {0};
    fixture *f = calloc(1, sizeof *f);
    *state = f;
    f->backend = mdm_backend_find(mdm_str_from(suite->name));
    snprintf(f->folder, sizeof f->folder, "/tmp/mdm-backend-XXXXXX");
    if (!mkdtemp(f->folder)) return -1;
    if (suite->url_variable) {
        ok(mdm_location_parse(mdm_str_from(getenv(suite->url_variable)), &f->location, &err));
        fresh_schema(f);
    } else {
        char path[100];
        snprintf(path, sizeof path, "%s/db%s", f->folder, f->backend->dialect->file_suffix);
        const mdm_location location = {.backend = f->backend, .path = path};
        ok(mdm_location_dup(&location, &f->location, &err));
    }
    f->conn = suite_connect(f, MDM_OPEN_CREATE);
    return 0;
}

int suite_teardown(void **state)
{
    mdm_error err = {0};
    fixture *f = *state;
    if (f->conn) {
        f->conn->stop = NULL;
        f->backend->rollback(f->conn);
        drop_schema(f);
    }
    f->backend->close(f->conn);
    mdm_location_free(f->location);
    ok(mdm_dir_remove(f->folder, &err));
    free(f);
    return 0;
}

mdm_conn *suite_connect(fixture *f, unsigned flags)
{
    mdm_error err = {0};
    mdm_conn *conn = NULL;
    ok(f->backend->open(f->location, flags, NULL, &conn, &err));
    return conn;
}

/* --- statements --------------------------------------------------------------------- */

mdm_status suite_try(mdm_conn *conn, const char *sql, mdm_error *err)
{
    return conn->backend->run(conn, mdm_str_from(sql), NULL, err);
}

void suite_sql(mdm_conn *conn, const char *sql)
{
    mdm_error err = {0};
    ok(suite_try(conn, sql, &err));
}

/* Cells of all columns of a row, from one chunk into a builder. */
static void copy_cell(mdm_builder *builder, size_t index, const mdm_column *column, int64_t row)
{
    mdm_status status;
    if (!mdm_column_is_set(column, row)) status = mdm_builder_null(builder, index);
    else switch (column->type.id) {
        case MDM_TYPE_BOOL:
            status = mdm_builder_int(builder, index,
                                     ((const uint8_t *)column->values)[row >> 3] >> (row & 7) & 1);
            break;
        case MDM_TYPE_INT8:
            status = mdm_builder_int(builder, index, ((const int8_t *)column->values)[row]);
            break;
        case MDM_TYPE_INT16:
            status = mdm_builder_int(builder, index, ((const int16_t *)column->values)[row]);
            break;
        case MDM_TYPE_INT32:
        case MDM_TYPE_DATE:
            status = mdm_builder_int(builder, index, ((const int32_t *)column->values)[row]);
            break;
        case MDM_TYPE_INT64:
        case MDM_TYPE_TIME:
        case MDM_TYPE_TIMESTAMP:
        case MDM_TYPE_TIMESTAMPTZ:
            status = mdm_builder_int(builder, index, ((const int64_t *)column->values)[row]);
            break;
        case MDM_TYPE_FLOAT:
            status = mdm_builder_real(builder, index, ((const float *)column->values)[row]);
            break;
        case MDM_TYPE_DOUBLE:
            status = mdm_builder_real(builder, index, ((const double *)column->values)[row]);
            break;
        case MDM_TYPE_DECIMAL:
            status = mdm_builder_decimal(builder, index, ((const mdm_int128 *)column->values)[row]);
            break;
        case MDM_TYPE_TEXT:
        case MDM_TYPE_BLOB:
            status = mdm_builder_bytes(builder, index, mdm_column_bytes(column, row));
            break;
        default: status = MDM_INVALID; break;
        }
    assert_int_equal(status, MDM_OK);
}

mdm_chunk *suite_select(mdm_conn *conn, const char *sql)
{
    mdm_error err = {0};
    const mdm_backend *b = conn->backend;
    mdm_stmt *stmt = NULL;
    mdm_builder *builder = NULL;
    mdm_chunk *chunk = NULL, *all = NULL;
    ok(b->prepare(conn, mdm_str_from(sql), &stmt, &err));
    ok(b->execute(stmt, NULL, 0, &err));
    ok(mdm_builder_open(b->schema(stmt), INT32_MAX, &builder, &err));
    for (;;) {
        ok(b->fetch(stmt, &chunk, &err));
        if (!chunk) break;
        for (int64_t row = 0; row < chunk->rows; row++)
            for (size_t c = 0; c < chunk->schema->count; c++)
                copy_cell(builder, c, &chunk->columns[c], row);
        mdm_chunk_unref(chunk);
    }
    ok(mdm_builder_finish(builder, &all, &err));
    mdm_builder_close(builder);
    b->finish(stmt);
    return all;
}

const char *suite_ask(mdm_conn *conn, const char *sql)
{
    static char text[200];
    char room[MDM_CELL_TEXT];
    mdm_chunk *chunk = suite_select(conn, sql);
    assert_int_equal(chunk->rows, 1);
    const mdm_str cell = mdm_cell_text(&chunk->columns[0], 0, room, sizeof room);
    snprintf(text, sizeof text, "%.*s", cell.data ? (int)cell.len : 4,
             cell.data ? cell.data : "NULL");
    mdm_chunk_unref(chunk);
    return text;
}

void suite_stream(const mdm_schema *schema, mdm_chunk *const *chunks, size_t count, mdm_stream *out)
{
    mdm_error err = {0};
    ok(mdm_stream_of_chunks(schema, chunks, count, out, &err));
}

void suite_store(mdm_conn *conn, const char *table, mdm_chunk *chunk)
{
    mdm_error err = {0};
    const mdm_target target = {.table = table, .create = true};
    mdm_stream stream;
    int64_t rows = -1;
    suite_stream(chunk->schema, &chunk, 1, &stream);
    ok(conn->backend->begin(conn, MDM_TXN_WRITE, &err));
    ok(conn->backend->bulk(conn, &target, &stream, &rows, &err));
    ok(conn->backend->commit(conn, &err));
    mdm_stream_close(&stream);
    assert_int_equal(rows, chunk->rows);
}

const char *suite_quoted(const fixture *f, const char *name)
{
    mdm_error err = {0};
    static char rooms[4][600];
    static unsigned turn;
    char *room = rooms[turn++ % 4];
    size_t used = 0;
    ok(mdm_quote_name(f->backend, mdm_str_from(name), room, sizeof rooms[0], &used, &err));
    return room;
}

int suite_run(const suite_driver *driver)
{
    suite = driver;
    if (driver->url_variable && !getenv(driver->url_variable)) {
        printf("%s is not set\n", driver->url_variable);
        return 77;
    }
    return suite_types() + suite_names() + suite_statements() + suite_transactions() +
           suite_rows() + suite_bulk() + suite_stop() + suite_errors() + suite_open();
}
