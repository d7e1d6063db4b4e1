/* mdm rejects NAME */
#include <stddef.h>

#include "cli/commands.h"
#include "cli/format.h"
#include "cli/json_text.h"
#include "cli/report.h"

typedef struct args {
    const char *name, *table;
    int64_t limit;
} args;

#define AT(member) .field = offsetof(args, member)
static const cli_arg table[] = {
    {.name = "NAME", AT(name), .required = true, .help = "a dataset, or NAME:TABLE"},
    {.name = "table", AT(table), .value = "T", .help = "only this table's"},
    {.name = "limit", .kind = CLI_INT, AT(limit), .value = "N", .help = "at most so many; 0: all"},
};

/* {"schema", "rejects": [...], "count": N}: the rows under another key than a query's. */
static mdm_status print_json(cli_context *context, mdm_rows *rows, int64_t count, mdm_error *err)
{
    static const char *const keys[] = {"file", "line", "byte", "column", "reason", "text"};
    json_t *all = json_array();
    mdm_status status = MDM_OK;
    mdm_chunk *chunk = NULL;
    while ((status = mdm_rows_next(rows, &chunk, err)) == MDM_OK && chunk) {
        for (int64_t r = 0; r < chunk->rows; r++) {
            json_t *one = json_object();
            for (size_t c = 0; c < sizeof keys / sizeof *keys && c < chunk->schema->count; c++) {
                const mdm_column *column = &chunk->columns[c];
                json_t *cell = json_null();
                if (mdm_column_is_set(column, r) && column->type.id == MDM_TYPE_INT64)
                    cell = json_integer(((const int64_t *)column->values)[r]);
                else if (mdm_column_is_set(column, r) && column->type.id == MDM_TYPE_TEXT) {
                    const mdm_str text = mdm_column_bytes(column, r);
                    cell = json_stringn(text.data, text.len);
                }
                json_object_set_new(one, keys[c], cell);
            }
            json_array_append_new(all, one);
        }
        mdm_chunk_unref(chunk);
    }
    if (status != MDM_OK) {
        json_decref(all);
        return status;
    }
    return cli_json_print(context->out,
                          json_pack("{s:s, s:o, s:I}", "schema", "mdm.rejects/1", "rejects", all,
                                    "count", (json_int_t)count),
                          err);
}

static mdm_status run(cli_context *context, const void *values, mdm_error *err)
{
    const args *a = values;
    mdm_dataset *dataset = NULL;
    mdm_rows *rows = NULL;
    int64_t count = 0;
    cli_doing(context, "rejects of '%s'", a->name);
    MDM_TRY(mdm_dataset_open(context->session, a->name, &dataset, err));

    mdm_status status =
        mdm_dataset_rejects(context->session, dataset, a->table, a->limit, &rows, &count, err);
    if (status != MDM_OK) goto done;
    const cli_format *format = cli_format_chosen(context, NULL);
    const cli_footer footer = {.schema = "mdm.rejects/1"};
    if (format == &cli_format_json) status = print_json(context, rows, count, err);
    else if (count > 0 || format != &cli_format_table)
        status = cli_print_rows(context, format, rows, &footer, false, NULL, err);
    if (status == MDM_OK) status = cli_output_settle(context->output, err);
    if (status == MDM_OK && format == &cli_format_table && !context->globals->quiet)
        fprintf(stderr, "%lld rejected\n", (long long)count);
done:
    mdm_rows_close(rows);
    mdm_dataset_close(dataset);
    return status;
}

const cli_command cli_command_rejects = {
    .path = "dataset rejects",
    .alias = "rejects",
    .flags = CLI_PAGES,
    .summary = "show the records that were refused while loading",
    .details =
        "With --on-error reject a record that does not fit is left out, and kept here with its\n"
        "file, line and byte.",
    .examples = "mdm rejects sales\n"
                "mdm rejects sales --limit 10 --json",
    CLI_ARGS(table),
    .struct_size = sizeof(args),
    .run = run,
};
