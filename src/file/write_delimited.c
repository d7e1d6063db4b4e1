/* CSV and TSV as our reader takes them back cell by cell: no value is nothing, empty text is "". */
#include <string.h>

#include "file/write.h"
#include "file/write_cells.h"

typedef struct delimited {
    mdm_text *text;
    char delimiter;
    bool safe_cells;
} delimited;

static bool needs_quotes(const delimited *d, mdm_str cell)
{
    if (cell.len == 0) return true;
    for (size_t i = 0; i < cell.len; i++) {
        const char c = cell.data[i];
        if (c == d->delimiter || c == '"' || c == '\n' || c == '\r') return true;
    }
    return cell.data[0] == '\''; /* which a reader might take for a quote */
}

/* Begins with what a spreadsheet takes for a formula. */
static bool is_unsafe(mdm_str cell)
{
    return cell.len > 0 && cell.data[0] && strchr("=+-@\t\r", cell.data[0]) != NULL;
}

static void put_text(delimited *d, mdm_str cell)
{
    const bool guarded = d->safe_cells && is_unsafe(cell);
    if (!guarded && !needs_quotes(d, cell)) {
        mdm_text_add(d->text, cell);
        return;
    }
    mdm_text_putc(d->text, '"');
    if (guarded) mdm_text_putc(d->text, '\'');
    for (const char *quote; (quote = memchr(cell.data, '"', cell.len));) {
        const size_t len = (size_t)(quote - cell.data) + 1;
        mdm_text_add(d->text, (mdm_str){cell.data, len});
        mdm_text_putc(d->text, '"');
        cell = (mdm_str){cell.data + len, cell.len - len};
    }
    mdm_text_add(d->text, cell);
    mdm_text_putc(d->text, '"');
}

static mdm_status put_cell(delimited *d, const mdm_column *column, const char *name, int64_t row,
                           mdm_error *err)
{
    char room[MDM_CELL_TEXT];
    if (!mdm_column_is_set(column, row)) return MDM_OK;
    if (column->type.id == MDM_TYPE_BLOB) {
        mdm_write_hex(d->text, mdm_column_bytes(column, row));
        return MDM_OK;
    }
    if (column->type.id != MDM_TYPE_TEXT) {
        mdm_text_add(d->text, mdm_write_fixed(column, row, room));
        return MDM_OK;
    }
    const mdm_str cell = mdm_column_bytes(column, row);
    if (memchr(cell.data, '\0', cell.len))
        return mdm_error_set(err, MDM_FORMAT,
                             "column '%s': text with a NUL character cannot be "
                             "written to CSV",
                             name);
    put_text(d, cell);
    return MDM_OK;
}

static mdm_status put_row(delimited *d, const mdm_chunk *chunk, int64_t row, mdm_error *err)
{
    for (size_t c = 0; c < chunk->schema->count; c++) {
        if (c > 0) mdm_text_putc(d->text, d->delimiter);
        MDM_TRY(put_cell(d, &chunk->columns[c], chunk->schema->fields[c].name, row, err));
    }
    mdm_text_putc(d->text, '\n');
    return MDM_OK;
}

static void put_header(delimited *d, const mdm_schema *schema)
{
    for (size_t c = 0; c < schema->count; c++) {
        if (c > 0) mdm_text_putc(d->text, d->delimiter);
        put_text(d, mdm_str_from(schema->fields[c].name));
    }
    mdm_text_putc(d->text, '\n');
}

mdm_status mdm_write_delimited(mdm_stream *source, mdm_sink *sink, char delimiter,
                               const mdm_write_options *options, int64_t *rows, mdm_error *err)
{
    delimited d = {mdm_sink_text(sink), delimiter, options->safe_cells};
    if (!options->no_header) put_header(&d, source->schema);
    for (mdm_chunk *chunk = NULL;;) {
        MDM_TRY(mdm_stop_check(options->stop, err));
        MDM_TRY(mdm_stream_next(source, &chunk, err));
        if (!chunk) return MDM_OK;
        mdm_status status = MDM_OK;
        for (int64_t row = 0; row < chunk->rows && status == MDM_OK; row++) {
            status = put_row(&d, chunk, row, err);
            if (status == MDM_OK) status = mdm_sink_flush(sink, err);
        }
        *rows += chunk->rows;
        mdm_chunk_unref(chunk);
        if (status != MDM_OK) return status;
    }
}
