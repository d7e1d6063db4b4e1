#include "cli/grid.h"

#include <stdlib.h>

#define GRID_ROWS 256 /* room to begin with; a builder grows */

void cli_grid_init(cli_grid *grid, const char *const *columns, size_t count)
{
    *grid = (cli_grid){.status = MDM_NO_MEMORY};
    mdm_field *fields = calloc(count, sizeof *fields);
    if (!fields) return;
    for (size_t c = 0; c < count; c++) {
        const bool number = columns[c][0] == '#', right = columns[c][0] == '>';
        fields[c].name = columns[c] + (number || right);
        fields[c].type.id = number ? MDM_TYPE_INT64 : MDM_TYPE_TEXT;
        if (right) grid->right |= (uint64_t)1 << c;
    }
    grid->status = mdm_schema_new(fields, count, &grid->schema, NULL);
    if (grid->status == MDM_OK)
        grid->status = mdm_builder_open(grid->schema, GRID_ROWS, &grid->builder, NULL);
    free(fields);
}

static bool next_cell(cli_grid *grid, size_t *column)
{
    if (grid->status != MDM_OK) return false;
    *column = grid->column;
    grid->column = (grid->column + 1) % grid->schema->count;
    return true;
}

void cli_grid_text(cli_grid *grid, const char *text)
{
    size_t c;
    if (!next_cell(grid, &c)) return;
    grid->status = text ? mdm_builder_bytes(grid->builder, c, mdm_str_from(text))
                        : mdm_builder_null(grid->builder, c);
}

void cli_grid_int(cli_grid *grid, int64_t number)
{
    size_t c;
    if (next_cell(grid, &c)) grid->status = mdm_builder_int(grid->builder, c, number);
}

mdm_status cli_grid_print(cli_context *context, const cli_format *format, cli_grid *grid,
                          const char *schema_name, mdm_error *err)
{
    const cli_footer footer = {.schema = schema_name, .right = grid->right};
    mdm_chunk *chunk = NULL;
    mdm_status status = grid->status;
    if (status == MDM_OK) status = mdm_builder_finish(grid->builder, &chunk, err);
    else mdm_error_set(err, status, "a table could not be made");
    if (status == MDM_OK) status = cli_print_chunk(context, format, chunk, &footer, err);
    mdm_chunk_unref(chunk);
    mdm_builder_close(grid->builder);
    mdm_schema_unref(grid->schema);
    *grid = (cli_grid){0};
    return status;
}
