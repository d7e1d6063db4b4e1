/* Tables for people: on a terminal fitted to its width, in a pipe the same columns, never cut. Rows
 * are laid out some thousands at a time, so that any number can pass. Widths are counted by
 * Unicode, not by the locale: a file made by cron looks as on the desk. */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/escape.h"
#include "cli/format.h"
#include "cli/text_width.h"

#define BATCH 5000 /* rows laid out together: their widths agree */
#define GAP 2      /* blanks between columns */
#define LEAST 8    /* a column of text is not made narrower */

typedef struct table_cell {
    size_t at, len, width; /* in text; columns of the terminal */
} table_cell;

typedef struct table_column {
    size_t width;
    size_t widest; /* cell without the heading */
    bool right;
    bool whole; /* numbers, times: never cut, half of one misleads */
} table_column;

typedef struct table_state {
    table_column *columns;
    table_cell *cells; /* row by row, the heading first */
    size_t count, size;
    FILE *memory; /* fills text */
    char *text;
    size_t text_size;
    size_t shown; /* columns that have room */
    bool printed; /* a batch went out */
    bool fitted;  /* to the terminal: widths stay */
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

/* --- cells ------------------------------------------------------------------ */

static mdm_status add_cell(table_state *state, size_t column, bool heading, mdm_str text,
                           mdm_error *err)
{
    if (state->count == state->size) {
        const size_t size = state->size ? 2 * state->size : 1024;
        table_cell *wider = realloc(state->cells, size * sizeof *wider);
        if (!wider) return no_memory(err);
        state->cells = wider;
        state->size = size;
    }
    const long at = ftell(state->memory);
    cli_put_escaped(state->memory, text);
    if (at < 0 || fflush(state->memory) != 0) return no_memory(err);

    const size_t len = (size_t)(ftell(state->memory) - at);
    const mdm_str shown = {state->text + at, len};
    const table_cell cell = {(size_t)at, len, cli_text_width(shown)};
    table_column *c = &state->columns[column];
    state->cells[state->count++] = cell;
    if (cell.width > c->width && !state->fitted) c->width = cell.width;
    if (!heading && cell.width > c->widest) c->widest = cell.width;
    return MDM_OK;
}

static mdm_status add_heading(cli_writer *writer, mdm_error *err)
{
    table_state *state = writer->state;
    const mdm_schema *schema = writer->schema;
    for (size_t c = 0; c < schema->count; c++)
        MDM_TRY(add_cell(state, c, true, mdm_str_from(schema->fields[c].name), err));
    if (!writer->types_line) return MDM_OK;
    for (size_t c = 0; c < schema->count; c++)
        MDM_TRY(add_cell(state, c, true, mdm_str_from(type_word(schema->fields[c].type.id)), err));
    return MDM_OK;
}

static mdm_status begin(cli_writer *writer, mdm_error *err)
{
    const mdm_schema *schema = writer->schema;
    table_state *state = calloc(1, sizeof *state);
    writer->state = state;
    if (!state) return no_memory(err);
    state->columns = calloc(schema->count + 1, sizeof *state->columns);
    state->memory = open_memstream(&state->text, &state->text_size);
    if (!state->columns || !state->memory) return no_memory(err);
    for (size_t c = 0; c < schema->count; c++) {
        const mdm_type_id type = schema->fields[c].type.id;
        table_column *column = &state->columns[c];
        column->right = cli_is_number(type) || (c < 64 && writer->footer->right >> c & 1);
        column->whole = column->right || (type >= MDM_TYPE_DATE && type <= MDM_TYPE_TIMESTAMPTZ);
    }
    return add_heading(writer, err);
}

/* --- fitting ------------------------------------------------------------------- */

static size_t terminal_width(void)
{
    struct winsize size;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
}

static size_t capped(const table_column *column, size_t cap)
{
    const size_t least = column->whole && column->widest > cap ? column->widest : cap;
    return column->width < least ? column->width : least;
}

/* Width of the first count columns when none is wider than cap. */
static size_t total_width(const table_state *state, size_t count, size_t cap)
{
    size_t total = count ? GAP * (count - 1) : 0;
    for (size_t c = 0; c < count; c++)
        total += capped(&state->columns[c], cap);
    return total;
}

/* The widest columns give way first; when all are narrow, the last ones are left out. */
static void fit(table_state *state, size_t count, size_t screen)
{
    size_t cap = screen;
    while (cap > LEAST && total_width(state, count, cap) > screen)
        cap--;
    while (count > 1 && total_width(state, count, cap) > screen)
        count--;
    while (cap < screen && total_width(state, count, cap + 1) <= screen)
        cap++; /* what the columns left out have freed */
    for (size_t c = 0; c < count; c++)
        state->columns[c].width = capped(&state->columns[c], cap);
    state->shown = count;
    state->fitted = true;
}

/* --- printing -------------------------------------------------------------------- */

static void put_cell(FILE *out, const table_state *state, const table_cell *cell,
                     const table_column *column, bool last)
{
    size_t bytes = cell->len, width = cell->width;
    const bool cut = width > column->width;
    if (cut) {
        const mdm_str text = {state->text + cell->at, cell->len};
        bytes = cli_text_fit(text, column->width - 1, &width);
        width++;
    }
    const int blanks = (int)(column->width > width ? column->width - width : 0);
    if (column->right) fprintf(out, "%*s", blanks, "");
    fwrite(state->text + cell->at, 1, bytes, out);
    if (cut) fputs("…", out);
    if (!column->right && !last) fprintf(out, "%*s", blanks, "");
    if (!last) fprintf(out, "%*s", GAP, "");
}

static void flush(cli_writer *writer)
{
    table_state *state = writer->state;
    const size_t all = writer->schema->count;
    if (all == 0) return;
    if (!writer->context->out_is_terminal) state->shown = all;
    else if (!state->printed) fit(state, all, terminal_width());

    const size_t rows = state->count / all;
    for (size_t r = 0; r < rows && !ferror(writer->out); r++) {
        const bool bold = writer->context->colour && !state->printed && r == 0;
        if (bold) fputs("\033[1m", writer->out);
        for (size_t c = 0; c < state->shown; c++)
            put_cell(writer->out, state, &state->cells[r * all + c], &state->columns[c],
                     c + 1 == state->shown);
        fputs(bold ? "\033[0m\n" : "\n", writer->out);
    }
    state->printed = true;
    state->count = 0;
    rewind(state->memory);
}

static mdm_status put_chunk(cli_writer *writer, const mdm_chunk *chunk, mdm_error *err)
{
    table_state *state = writer->state;
    for (int64_t r = 0; r < chunk->rows; r++) {
        for (size_t c = 0; c < chunk->schema->count; c++) {
            mdm_str text;
            MDM_TRY(cli_cell_text(&state->cell, &chunk->columns[c], r, &text, err));
            MDM_TRY(add_cell(state, c, false, text, err));
        }
        if (state->count >= BATCH * chunk->schema->count) flush(writer);
    }
    return MDM_OK;
}

static mdm_status end(cli_writer *writer, mdm_error *err)
{
    table_state *state = writer->state;
    const size_t all = writer->schema->count;
    (void)err;
    if (!state) return MDM_OK;
    if (state->count) flush(writer);
    if (state->printed && state->shown < all)
        fprintf(writer->out, "... (%zu more columns, for which the terminal is too narrow)\n",
                all - state->shown);
    if (state->memory) fclose(state->memory);
    free(state->text);
    free(state->cells);
    free(state->columns);
    free(state->cell.room);
    free(state);
    writer->state = NULL;
    return MDM_OK;
}

const cli_format cli_format_table = {"table", begin, put_chunk, end};
