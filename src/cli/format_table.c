/* Tables for people, by libsmartcols: on a terminal fitted to its width, in a pipe the same
 * columns, never cut. Rows are laid out some thousands at a time, so that any number can pass. */
#include <libsmartcols.h>
#include <stdlib.h>
#include <string.h>

#include "cli/escape.h"
#include "cli/format.h"

#define BATCH 5000 /* rows laid out together: their widths agree */

typedef struct table_state {
    struct libscols_table *table;
    size_t rows;  /* in table */
    bool printed; /* a batch went out: no more headings */
    cli_cell cell;
} table_state;

static mdm_status no_memory(mdm_error *err)
{
    return mdm_error_set(err, MDM_NO_MEMORY, "no memory for a table");
}

static const char *type_word(mdm_type_id type)
{
    static const char *const words[MDM_TYPE_COUNT] = {
        [MDM_TYPE_NULL] = "null",
        [MDM_TYPE_BOOL] = "bool",
        [MDM_TYPE_INT8] = "int",
        [MDM_TYPE_INT16] = "int",
        [MDM_TYPE_INT32] = "int",
        [MDM_TYPE_INT64] = "int",
        [MDM_TYPE_FLOAT] = "real",
        [MDM_TYPE_DOUBLE] = "real",
        [MDM_TYPE_DECIMAL] = "decimal",
        [MDM_TYPE_TEXT] = "text",
        [MDM_TYPE_BLOB] = "blob",
        [MDM_TYPE_DATE] = "date",
        [MDM_TYPE_TIME] = "time",
        [MDM_TYPE_TIMESTAMP] = "timestamp",
        [MDM_TYPE_TIMESTAMPTZ] = "timestamptz",
    };
    return words[type];
}

static char *escape(mdm_str text)
{
    char *escaped = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&escaped, &size);
    if (!memory) return NULL;
    cli_put_escaped(memory, text);
    if (fclose(memory) == 0) return escaped;
    free(escaped);
    return NULL;
}

static struct libscols_table *new_table(const cli_writer *writer)
{
    struct libscols_table *table = scols_new_table();
    if (!table) return NULL;
    scols_table_set_stream(table, writer->out);
    scols_table_set_column_separator(table, "  ");
    scols_table_enable_maxout(table, 0);
    if (writer->context->out_is_terminal) scols_table_set_termforce(table, SCOLS_TERMFORCE_ALWAYS);
    else scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
    for (size_t c = 0; c < writer->schema->count; c++) {
        const mdm_field *field = &writer->schema->fields[c];
        const int flags = (writer->context->out_is_terminal ? SCOLS_FL_TRUNC : 0) |
                          (cli_is_number(field->type.id) ? SCOLS_FL_RIGHT : 0);
        char *name = escape(mdm_str_from(field->name));
        struct libscols_column *column =
            name ? scols_table_new_column(table, name, 0.01, flags) : NULL;
        free(name);
        if (!column) {
            scols_unref_table(table);
            return NULL;
        }
    }
    return table;
}

static mdm_status add_types(cli_writer *writer, mdm_error *err)
{
    table_state *state = writer->state;
    struct libscols_line *line = scols_table_new_line(state->table, NULL);
    if (!line) return no_memory(err);
    for (size_t c = 0; c < writer->schema->count; c++)
        if (scols_line_set_data(line, c, type_word(writer->schema->fields[c].type.id)) != 0)
            return no_memory(err);
    return MDM_OK;
}

static mdm_status begin(cli_writer *writer, mdm_error *err)
{
    table_state *state = calloc(1, sizeof *state);
    writer->state = state;
    if (!state || !(state->table = new_table(writer))) return no_memory(err);
    return writer->types_line ? add_types(writer, err) : MDM_OK;
}

static mdm_status flush(cli_writer *writer, mdm_error *err)
{
    table_state *state = writer->state;
    if (!state->table || writer->schema->count == 0) return MDM_OK;
    scols_table_enable_noheadings(state->table, state->printed);
    if (!state->printed && state->rows == 0 && !writer->types_line) {
        /* A table without lines prints nothing: say at least the headings. */
        for (size_t c = 0; c < writer->schema->count; c++)
            fprintf(writer->out, c ? "  %s" : "%s", writer->schema->fields[c].name);
        putc('\n', writer->out);
    } else if (scols_print_table(state->table) < 0) {
        return no_memory(err);
    }
    state->printed = true;
    state->rows = 0;
    scols_table_remove_lines(state->table);
    return MDM_OK;
}

static mdm_status add_row(cli_writer *writer, const mdm_chunk *chunk, int64_t row, mdm_error *err)
{
    table_state *state = writer->state;
    struct libscols_line *line = scols_table_new_line(state->table, NULL);
    if (!line) return no_memory(err);
    for (size_t c = 0; c < chunk->schema->count; c++) {
        mdm_str text;
        MDM_TRY(cli_cell_text(&state->cell, &chunk->columns[c], row, &text, err));
        char *shown = escape(text);
        if (!shown || scols_line_refer_data(line, c, shown) != 0) { /* the line owns it now */
            free(shown);
            return no_memory(err);
        }
    }
    return MDM_OK;
}

static mdm_status put_chunk(cli_writer *writer, const mdm_chunk *chunk, mdm_error *err)
{
    table_state *state = writer->state;
    for (int64_t r = 0; r < chunk->rows; r++) {
        MDM_TRY(add_row(writer, chunk, r, err));
        if (++state->rows == BATCH) MDM_TRY(flush(writer, err));
    }
    return MDM_OK;
}

static mdm_status end(cli_writer *writer, mdm_error *err)
{
    table_state *state = writer->state;
    mdm_status status = MDM_OK;
    if (!state) return status;
    if (state->table && (state->rows || !state->printed)) status = flush(writer, err);
    scols_unref_table(state->table);
    free(state->cell.room);
    free(state);
    writer->state = NULL;
    return status;
}

const cli_format cli_format_table = {"table", begin, put_chunk, end};
