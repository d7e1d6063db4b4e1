/* grid.h - a small table made by the program, printed like any rows. */
#ifndef MDM_CLI_GRID_H
#define MDM_CLI_GRID_H

#include "cli/format.h"

typedef struct cli_grid {
    mdm_schema *schema;
    mdm_builder *builder;
    uint64_t right;    /* cli_footer */
    size_t column;     /* where the next cell goes */
    mdm_status status; /* the first failure: add cells freely, look once in cli_grid_print() */
} cli_grid;

/* Columns by name: '#' in front means whole numbers, '>' text that stands right as numbers do
 * (figures with a unit or thousands commas). */
void cli_grid_init(cli_grid *grid, const char *const *columns, size_t count);
void cli_grid_text(cli_grid *grid, const char *text); /* NULL: no value */
void cli_grid_int(cli_grid *grid, int64_t number);
/* Print and clear. */
mdm_status cli_grid_print(cli_context *context, const cli_format *format, cli_grid *grid,
                          const char *schema_name, mdm_error *err);

#endif
