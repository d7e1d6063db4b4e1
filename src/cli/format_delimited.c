/* CSV (RFC 4180) and TSV. NULL is an empty field, an empty text is "". */
#include <stdlib.h>
#include <string.h>

#include "cli/format.h"

static void put_field(FILE *out, mdm_str text, char delimiter)
{
    bool quote = text.data && text.len == 0;
    for (size_t i = 0; i < text.len && !quote; i++)
        quote = text.data[i] == '"' || text.data[i] == delimiter || text.data[i] == '\n' ||
                text.data[i] == '\r';
    if (!quote) {
        fwrite(text.data ? text.data : "", 1, text.len, out);
        return;
    }
    putc('"', out);
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '"') putc('"', out);
        putc(text.data[i], out);
    }
    putc('"', out);
}

static mdm_status begin(cli_writer *writer, char delimiter)
{
    for (size_t c = 0; c < writer->schema->count; c++) {
        if (c) putc(delimiter, writer->out);
        put_field(writer->out, mdm_str_from(writer->schema->fields[c].name), delimiter);
    }
    putc('\n', writer->out);
    return MDM_OK;
}

static mdm_status put_chunk(cli_writer *writer, const mdm_chunk *chunk, char delimiter,
                            mdm_error *err)
{
    cli_cell cell = {0};
    mdm_status status = MDM_OK;
    for (int64_t r = 0; r < chunk->rows && status == MDM_OK; r++) {
        for (size_t c = 0; c < chunk->schema->count && status == MDM_OK; c++) {
            mdm_str text;
            if (c) putc(delimiter, writer->out);
            status = cli_cell_text(&cell, &chunk->columns[c], r, &text, err);
            if (status == MDM_OK) put_field(writer->out, text, delimiter);
        }
        putc('\n', writer->out);
    }
    free(cell.room);
    return status;
}

static mdm_status csv_begin(cli_writer *writer, mdm_error *err)
{
    (void)err;
    return begin(writer, ',');
}

static mdm_status csv_chunk(cli_writer *writer, const mdm_chunk *chunk, mdm_error *err)
{
    return put_chunk(writer, chunk, ',', err);
}

static mdm_status tsv_begin(cli_writer *writer, mdm_error *err)
{
    (void)err;
    return begin(writer, '\t');
}

static mdm_status tsv_chunk(cli_writer *writer, const mdm_chunk *chunk, mdm_error *err)
{
    return put_chunk(writer, chunk, '\t', err);
}

static mdm_status end(cli_writer *writer, mdm_error *err)
{
    (void)writer;
    (void)err;
    return MDM_OK;
}

const cli_format cli_format_csv = {"csv", csv_begin, csv_chunk, end};
const cli_format cli_format_tsv = {"tsv", tsv_begin, tsv_chunk, end};
