/* JSON: an array with a record per line, or just the lines. Numbers that JSON has not are null. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "file/write.h"
#include "file/write_cells.h"

/* The keys of a record, each as `"name":`, one that came before as `"name_2":`. */
typedef struct json_keys {
    char **items;
    size_t count;
} json_keys;

static void clear_keys(json_keys *keys)
{
    for (size_t i = 0; keys->items && i < keys->count; i++)
        mdm_free(keys->items[i]);
    mdm_free(keys->items);
}

static char *make_key(const mdm_schema *schema, size_t column)
{
    const char *name = schema->fields[column].name;
    unsigned number = 1;
    mdm_text key, spelled;
    for (size_t c = 0; c < column; c++)
        number += strcmp(schema->fields[c].name, name) == 0;
    mdm_text_init(&key);
    mdm_text_init(&spelled);
    mdm_text_puts(&spelled, name);
    if (number > 1) mdm_text_printf(&spelled, "_%u", number);
    mdm_text_json(&key, (mdm_str){spelled.data, spelled.len});
    mdm_text_putc(&key, ':');
    key.failed = key.failed || spelled.failed;
    mdm_text_clear(&spelled);
    return mdm_text_take(&key);
}

static mdm_status make_keys(json_keys *keys, const mdm_schema *schema, mdm_error *err)
{
    *keys = (json_keys){mdm_alloc_zero(schema->count + 1, sizeof *keys->items), schema->count};
    bool done = keys->items != NULL;
    for (size_t c = 0; c < schema->count && done; c++)
        done = (keys->items[c] = make_key(schema, c)) != NULL;
    return done ? MDM_OK : mdm_no_memory(err, "keys of records");
}

static bool is_bare(mdm_type_id id)
{
    return id >= MDM_TYPE_BOOL && id <= MDM_TYPE_DECIMAL;
}

/* "2024-02-29 13:05:00" in ISO 8601. */
static void put_date(mdm_text *text, char *room, mdm_str cell)
{
    char *blank = memchr(room, ' ', cell.len);
    if (blank) *blank = 'T';
    mdm_text_json(text, cell);
}

static void put_cell(mdm_text *text, const mdm_column *column, int64_t row)
{
    char room[MDM_CELL_TEXT];
    const mdm_type_id id = column->type.id;
    if (!mdm_column_is_set(column, row)) {
        mdm_text_add(text, MDM_STR("null"));
    } else if (id == MDM_TYPE_TEXT) {
        mdm_text_json(text, mdm_column_bytes(column, row));
    } else if (id == MDM_TYPE_BLOB) {
        mdm_text_putc(text, '"');
        mdm_write_base64(text, mdm_column_bytes(column, row));
        mdm_text_putc(text, '"');
    } else {
        const mdm_str cell = mdm_write_fixed(column, row, room);
        if (mdm_is_real(id) && !mdm_is_finite_text(cell)) mdm_text_add(text, MDM_STR("null"));
        else if (is_bare(id)) mdm_text_add(text, cell);
        else put_date(text, room, cell);
    }
}

static void put_row(mdm_text *text, const json_keys *keys, const mdm_chunk *chunk, int64_t row)
{
    mdm_text_putc(text, '{');
    for (size_t c = 0; c < keys->count; c++) {
        if (c > 0) mdm_text_putc(text, ',');
        mdm_text_puts(text, keys->items[c]);
        put_cell(text, &chunk->columns[c], row);
    }
    mdm_text_putc(text, '}');
}

static mdm_status put_rows(mdm_stream *source, mdm_sink *sink, const json_keys *keys, bool lines,
                           const mdm_stop *stop, int64_t *rows, mdm_error *err)
{
    mdm_text *text = mdm_sink_text(sink);
    for (mdm_chunk *chunk = NULL;;) {
        MDM_TRY(mdm_stop_check(stop, err));
        MDM_TRY(mdm_stream_next(source, &chunk, err));
        if (!chunk) return MDM_OK;
        mdm_status status = MDM_OK;
        for (int64_t row = 0; row < chunk->rows && status == MDM_OK; row++, ++*rows) {
            if (!lines) mdm_text_puts(text, *rows > 0 ? ",\n" : "\n");
            put_row(text, keys, chunk, row);
            if (lines) mdm_text_putc(text, '\n');
            status = mdm_sink_flush(sink, err);
        }
        mdm_chunk_unref(chunk);
        if (status != MDM_OK) return status;
    }
}

mdm_status mdm_write_json(mdm_stream *source, mdm_sink *sink, bool lines,
                          const mdm_write_options *options, int64_t *rows, mdm_error *err)
{
    json_keys keys;
    mdm_text *text = mdm_sink_text(sink);
    mdm_status status = make_keys(&keys, source->schema, err);
    if (status == MDM_OK && !lines) mdm_text_putc(text, '[');
    if (status == MDM_OK) status = put_rows(source, sink, &keys, lines, options->stop, rows, err);
    if (status == MDM_OK && !lines) mdm_text_puts(text, *rows > 0 ? "\n]\n" : "]\n");
    clear_keys(&keys);
    return status;
}
