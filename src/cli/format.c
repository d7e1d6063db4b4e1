#include "cli/format.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    const cli_format *format;
} formats[] = {
    {"table", &cli_format_table}, {"rich", &cli_format_table},        {"text", &cli_format_table},
    {"csv", &cli_format_csv},     {"tsv", &cli_format_tsv},           {"json", &cli_format_json},
    {"jsonl", &cli_format_jsonl}, {"markdown", &cli_format_markdown}, {"html", &cli_format_html},
};

const cli_format *cli_format_find(const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(formats[i].name, name) == 0) return formats[i].format;
    return NULL;
}

const cli_format *cli_format_chosen(const cli_context *context, const char *own)
{
    const char *name = own;
    if (!name && context->globals->json) name = "json";
    if (!name) name = context->globals->format;
    if (!name)
        name = mdm_config_text(mdm_session_config(context->session), "cli.default_output_format");
    return cli_format_find(name);
}

bool cli_wants_json(const cli_context *context, const char *own)
{
    return cli_format_chosen(context, own) == &cli_format_json;
}

static mdm_status print_all(cli_writer *writer, const cli_format *format, mdm_rows *rows,
                            mdm_error *err)
{
    mdm_chunk *chunk = NULL;
    for (;;) {
        MDM_TRY(mdm_rows_next(rows, &chunk, err));
        if (!chunk) return MDM_OK;
        const mdm_status status = format->chunk(writer, chunk, err);
        writer->row_count += chunk->rows;
        mdm_chunk_unref(chunk);
        if (status != MDM_OK) return status;
        if (ferror(writer->out))
            return MDM_OK; /* nobody reads any more, or the disk is full: main() says which */
    }
}

mdm_status cli_print_rows(cli_context *context, const cli_format *format, mdm_rows *rows,
                          const cli_footer *footer, bool types_line, int64_t *count, mdm_error *err)
{
    cli_writer writer = {.context = context,
                         .out = context->out,
                         .schema = mdm_rows_schema(rows),
                         .footer = footer,
                         .types_line = types_line};
    mdm_status status = format->begin(&writer, err);
    if (status == MDM_OK) status = print_all(&writer, format, rows, err);
    const mdm_status ended = format->end(&writer, status == MDM_OK ? err : NULL);
    if (count) *count = writer.row_count;
    return status != MDM_OK ? status : ended;
}

mdm_status cli_print_chunk(cli_context *context, const cli_format *format, const mdm_chunk *chunk,
                           const cli_footer *footer, mdm_error *err)
{
    cli_writer writer = {
        .context = context, .out = context->out, .schema = chunk->schema, .footer = footer};
    mdm_status status = format->begin(&writer, err);
    if (status == MDM_OK) status = format->chunk(&writer, chunk, err);
    writer.row_count = chunk->rows;
    const mdm_status ended = format->end(&writer, status == MDM_OK ? err : NULL);
    return status != MDM_OK ? status : ended;
}

/* --- cells ---------------------------------------------------------------------- */

mdm_status cli_cell_text(cli_cell *cell, const mdm_column *column, int64_t row, mdm_str *out,
                         mdm_error *err)
{
    size_t needed = MDM_CELL_TEXT;
    if (column->type.id == MDM_TYPE_BLOB && mdm_column_is_set(column, row))
        needed += 2 * mdm_column_bytes(column, row).len;
    if (cell->size < needed) {
        char *wider = realloc(cell->room, needed);
        if (!wider) return mdm_error_set(err, MDM_NO_MEMORY, "no memory for a cell");
        cell->room = wider;
        cell->size = needed;
    }
    *out = mdm_cell_text(column, row, cell->room, cell->size);
    return MDM_OK;
}

bool cli_is_number(mdm_type_id type)
{
    return type >= MDM_TYPE_INT8 && type <= MDM_TYPE_DECIMAL;
}

char *cli_thousands(int64_t number, char *text)
{
    char digits[32];
    const int len = snprintf(digits, sizeof digits, "%lld", (long long)number);
    char *at = text;
    for (int i = 0; i < len; i++) {
        *at++ = digits[i];
        const int left = len - i - 1;
        if (left > 0 && left % 3 == 0 && digits[i] != '-') *at++ = ',';
    }
    *at = '\0';
    return text;
}

char *cli_bytes(int64_t bytes, char *text)
{
    static const char *const units[] = {"B", "KB", "MB", "GB", "TB"};
    double size = (double)bytes;
    size_t unit = 0;
    while (size >= 1024 && unit + 1 < sizeof units / sizeof *units) {
        size /= 1024;
        unit++;
    }
    snprintf(text, 32, unit ? "%.1f %s" : "%.0f %s", size, units[unit]);
    return text;
}
