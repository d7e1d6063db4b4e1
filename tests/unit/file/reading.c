#include "reading.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "support/folder.h"

static char dump[1 << 20], notes[1 << 16], hint[256], encoding[64], delimiter[16];
static mdm_file_info info;
static size_t used; /* of dump */
static int passes;

const char *test_notes(void)
{
    return notes;
}
int test_passes(void)
{
    return passes;
}
const mdm_file_info *test_info(void)
{
    return &info;
}
const char *test_hint(void)
{
    return hint;
}

void test_write_bytes(const char *path, mdm_str bytes)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.data, 1, bytes.len, file), bytes.len);
    assert_int_equal(fclose(file), 0);
}

static void put(const char *data, size_t len)
{
    if (used + len + 1 > sizeof dump) return; /* of large files the beginning is enough */
    memcpy(dump + used, data, len);
    used += len;
    dump[used] = '\0';
}

static void put_text(const char *text)
{
    put(text, strlen(text));
}

static void put_schema(const mdm_schema *schema)
{
    char word[32];
    for (size_t c = 0; c < schema->count; c++) {
        if (c > 0) put_text(", ");
        put_text(schema->fields[c].name);
        put_text(" ");
        put_text(mdm_type_text(schema->fields[c].type, word));
    }
    put_text("\n");
}

static void put_row(const mdm_chunk *chunk, int64_t row)
{
    char room[MDM_CELL_TEXT];
    for (size_t c = 0; c < chunk->schema->count; c++) {
        const mdm_str cell = mdm_cell_text(&chunk->columns[c], row, room, sizeof room);
        if (c > 0) put_text("|");
        if (cell.data) put(cell.data, cell.len);
        else put_text("~");
    }
    put_text("\n");
}

static mdm_status read_rows(mdm_stream *stream, int64_t *rows, mdm_error *err)
{
    *rows = 0;
    for (mdm_chunk *chunk = NULL;;) {
        const mdm_status status = mdm_stream_next(stream, &chunk, err);
        if (status != MDM_OK || !chunk) return status;
        for (int64_t row = 0; row < chunk->rows; row++)
            put_row(chunk, row);
        *rows += chunk->rows;
        mdm_chunk_unref(chunk);
    }
}

static mdm_status run_pass(mdm_file *file, bool *again, mdm_error *err)
{
    mdm_stream stream;
    int64_t rows = 0;
    dump[0] = '\0';
    used = 0;
    passes++;
    mdm_status status = mdm_file_stream(file, &stream, err);
    if (status != MDM_OK) return status;
    put_schema(stream.schema);
    status = read_rows(&stream, &rows, err);
    mdm_stream_close(&stream);
    return status == MDM_OK ? mdm_file_finish_pass(file, rows, again, err) : status;
}

static mdm_status put_rejects(mdm_file *file, mdm_error *err)
{
    mdm_stream stream;
    mdm_status status = mdm_file_rejects(file, &stream, err);
    for (mdm_chunk *chunk = NULL; status == MDM_OK;) {
        status = mdm_stream_next(&stream, &chunk, err);
        if (status != MDM_OK || !chunk) break;
        for (int64_t row = 0; row < chunk->rows; row++) {
            char line[400];
            const mdm_column *c = chunk->columns;
            const mdm_str column = mdm_column_bytes(&c[3], row),
                          reason = mdm_column_bytes(&c[4], row),
                          text = mdm_column_bytes(&c[5], row);
            snprintf(line, sizeof line, "reject %lld:%lld %.*s: %.*s: %.*s\n",
                     (long long)((const int64_t *)c[1].values)[row],
                     (long long)((const int64_t *)c[2].values)[row], (int)column.len, column.data,
                     (int)reason.len, reason.data, (int)text.len, text.data);
            put_text(line);
        }
        mdm_chunk_unref(chunk);
    }
    mdm_stream_close(&stream);
    return status;
}

static void keep_info(mdm_file *file)
{
    info = *mdm_file_info_get(file);
    notes[0] = '\0';
    for (size_t i = 0; i < info.note_count; i++) {
        const size_t len = strlen(notes);
        snprintf(notes + len, sizeof notes - len, "%s\n", info.notes[i]);
    }
    snprintf(encoding, sizeof encoding, "%s", info.encoding ? info.encoding : "");
    snprintf(delimiter, sizeof delimiter, "%s", info.delimiter ? info.delimiter : "");
    info.encoding = encoding;
    info.delimiter = delimiter;
    info.notes = NULL;
}

static mdm_status read_all(const char *path, const mdm_read_options *options, mdm_error *err)
{
    const mdm_read_options none = {0};
    mdm_found found;
    mdm_file *file = NULL;
    mdm_status status = mdm_files_find(&path, 1, &found, err);
    if (status != MDM_OK) return status;
    status = mdm_file_open(&found.files[0], options ? options : &none, &file, err);
    for (bool again = status == MDM_OK; again && status == MDM_OK;)
        status = run_pass(file, &again, err);
    if (status == MDM_OK) status = put_rejects(file, err);
    if (file) keep_info(file);
    mdm_file_close(file);
    mdm_found_clear(&found);
    return status;
}

const char *test_read_path(const char *path, const mdm_read_options *options)
{
    mdm_error err = {0};
    passes = 0;
    dump[0] = notes[0] = hint[0] = '\0';
    info = (mdm_file_info){0};
    const mdm_status status = read_all(path, options, &err);
    if (status == MDM_OK) return dump;
    snprintf(dump, sizeof dump, "%d: %s", status, err.message);
    snprintf(hint, sizeof hint, "%s", err.hint);
    return dump;
}

const char *test_read(const char *folder, const char *name, mdm_str bytes,
                      const mdm_read_options *options)
{
    const char *path = test_path(folder, name);
    test_write_bytes(path, bytes);
    return test_read_path(path, options);
}

void test_open_stream(const char *path, mdm_file **file, mdm_stream *stream)
{
    const mdm_read_options none = {0};
    mdm_error err = {0};
    mdm_found found;
    if (mdm_files_find(&path, 1, &found, &err) != MDM_OK ||
        mdm_file_open(&found.files[0], &none, file, &err) != MDM_OK ||
        mdm_file_stream(*file, stream, &err) != MDM_OK)
        fail_msg("%s: %s", path, err.message);
    mdm_found_clear(&found);
}
