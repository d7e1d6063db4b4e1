/* JSON: one document with the rows inside, streamed; and JSON lines. Rows are objects, a repeated
 * column name gets _2. NaN and infinities are null, blobs base64, times ISO 8601 (zoned ones with
 * Z). */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/format.h"
#include "cli/json_text.h"

typedef struct json_state {
    char **keys; /* one per column, quoted and unique */
    cli_cell cell;
    bool first; /* no row was written yet */
} json_state;

static void free_state(cli_writer *writer)
{
    json_state *state = writer->state;
    if (!state) return;
    for (size_t c = 0; state->keys && c < writer->schema->count; c++)
        free(state->keys[c]);
    free(state->keys);
    free(state->cell.room);
    free(state);
    writer->state = NULL;
}

/* How many columns before this one have its name. */
static unsigned repeats(const mdm_schema *schema, size_t column)
{
    unsigned count = 0;
    for (size_t c = 0; c < column; c++)
        count += strcmp(schema->fields[c].name, schema->fields[column].name) == 0;
    return count;
}

static char *key_of(const mdm_schema *schema, size_t column)
{
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    if (!memory) return NULL;
    const unsigned before = repeats(schema, column);
    char suffix[16] = "";
    if (before) snprintf(suffix, sizeof suffix, "_%u", before + 1);
    cli_json_string(memory, mdm_str_from(schema->fields[column].name), suffix);
    if (fclose(memory) == 0) return text;
    free(text);
    return NULL;
}

static mdm_status new_state(cli_writer *writer, mdm_error *err)
{
    const size_t count = writer->schema->count;
    json_state *state = calloc(1, sizeof *state);
    writer->state = state;
    if (state) state->keys = calloc(count ? count : 1, sizeof *state->keys);
    if (!state || !state->keys) return mdm_error_set(err, MDM_NO_MEMORY, "no memory for JSON");
    state->first = true;
    for (size_t c = 0; c < count; c++) {
        state->keys[c] = key_of(writer->schema, c);
        if (!state->keys[c]) return mdm_error_set(err, MDM_NO_MEMORY, "no memory for JSON");
    }
    return MDM_OK;
}

/* --- cells --------------------------------------------------------------- */

static void put_real(FILE *out, double value, mdm_str text)
{
    if (isfinite(value)) fwrite(text.data, 1, text.len, out);
    else fputs("null", out);
}

/* "2024-02-29 13:05:00+00:00" becomes "2024-02-29T13:05:00Z". */
static void put_time(FILE *out, mdm_str text, bool zoned)
{
    if (zoned && text.len > 6 && memcmp(text.data + text.len - 6, "+00:00", 6) == 0) text.len -= 6;
    putc('"', out);
    for (size_t i = 0; i < text.len; i++)
        putc(text.data[i] == ' ' ? 'T' : text.data[i], out);
    fputs(zoned ? "Z\"" : "\"", out);
}

static mdm_status put_cell(FILE *out, cli_cell *cell, const mdm_column *column, int64_t row,
                           mdm_error *err)
{
    if (!mdm_column_is_set(column, row)) {
        fputs("null", out);
        return MDM_OK;
    }
    if (column->type.id == MDM_TYPE_BLOB) {
        cli_json_base64(out, mdm_column_bytes(column, row));
        return MDM_OK;
    }
    mdm_str text;
    MDM_TRY(cli_cell_text(cell, column, row, &text, err));
    switch (column->type.id) {
    case MDM_TYPE_FLOAT: put_real(out, ((const float *)column->values)[row], text); break;
    case MDM_TYPE_DOUBLE: put_real(out, ((const double *)column->values)[row], text); break;
    case MDM_TYPE_TIMESTAMP: put_time(out, text, false); break;
    case MDM_TYPE_TIMESTAMPTZ: put_time(out, text, true); break;
    case MDM_TYPE_TEXT:
    case MDM_TYPE_DATE:
    case MDM_TYPE_TIME: cli_json_string(out, text, ""); break;
    default: fwrite(text.data, 1, text.len, out); /* numbers, true and false */
    }
    return MDM_OK;
}

static mdm_status put_row(cli_writer *writer, const mdm_chunk *chunk, int64_t row, mdm_error *err)
{
    json_state *state = writer->state;
    putc('{', writer->out);
    for (size_t c = 0; c < chunk->schema->count; c++) {
        fprintf(writer->out, c ? ", %s: " : "%s: ", state->keys[c]);
        MDM_TRY(put_cell(writer->out, &state->cell, &chunk->columns[c], row, err));
    }
    putc('}', writer->out);
    return MDM_OK;
}

/* --- one document ----------------------------------------------------------- */

static mdm_status json_begin(cli_writer *writer, mdm_error *err)
{
    MDM_TRY(new_state(writer, err));
    const json_state *state = writer->state;
    FILE *out = writer->out;
    fprintf(out, "{\"schema\": \"%s\",\n", writer->footer->schema);
    if (writer->footer->dataset) {
        fputs(" \"dataset\": ", out);
        cli_json_string(out, mdm_str_from(writer->footer->dataset), "");
        fputs(",\n", out);
    }
    fputs(" \"columns\": [", out);
    for (size_t c = 0; c < writer->schema->count; c++) {
        char type[32];
        fprintf(out, "%s{\"name\": %s, \"type\": \"%s\"}", c ? ", " : "", state->keys[c],
                mdm_type_text(writer->schema->fields[c].type, type));
    }
    fputs("],\n \"rows\": [", out);
    return MDM_OK;
}

static mdm_status json_chunk(cli_writer *writer, const mdm_chunk *chunk, mdm_error *err)
{
    json_state *state = writer->state;
    for (int64_t r = 0; r < chunk->rows; r++) {
        fputs(state->first ? "\n  " : ",\n  ", writer->out);
        state->first = false;
        MDM_TRY(put_row(writer, chunk, r, err));
    }
    return MDM_OK;
}

static mdm_status json_end(cli_writer *writer, mdm_error *err)
{
    (void)err;
    const mdm_rows *rows = writer->footer->rows;
    fprintf(writer->out, "],\n \"row_count\": %" PRId64, writer->row_count);
    if (rows) {
        const mdm_rows_info info = mdm_rows_info_read(rows);
        fprintf(writer->out, ",\n \"truncated\": %s,\n \"elapsed_ms\": %.3f,\n \"cache\": \"off\"",
                info.truncated ? "true" : "false", (double)info.elapsed_ns / 1e6);
        fprintf(writer->out, ",\n \"plan\": {\"cached\": %s}",
                info.statement_kept ? "true" : "false");
    }
    fputs("}\n", writer->out);
    free_state(writer);
    return MDM_OK;
}

/* --- JSON lines --------------------------------------------------------------- */

static mdm_status lines_chunk(cli_writer *writer, const mdm_chunk *chunk, mdm_error *err)
{
    for (int64_t r = 0; r < chunk->rows; r++) {
        MDM_TRY(put_row(writer, chunk, r, err));
        putc('\n', writer->out);
    }
    return MDM_OK;
}

static mdm_status lines_end(cli_writer *writer, mdm_error *err)
{
    (void)err;
    free_state(writer);
    return MDM_OK;
}

const cli_format cli_format_json = {"json", json_begin, json_chunk, json_end};
const cli_format cli_format_jsonl = {"jsonl", new_state, lines_chunk, lines_end};
