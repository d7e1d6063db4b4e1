/* mdm list */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/describe.h"
#include "cli/grid.h"
#include "cli/json_text.h"
#include "cli/report.h"

typedef struct args {
    const char *format, *sort_by, *tag, *backend;
    cli_list filter;
    int64_t limit;
    bool reverse, all_backends;
} args;

#define AT(member) .field = offsetof(args, member)
static const cli_arg table[] = {
    {.name = "format",
     .letter = 'f',
     AT(format),
     .value = "F",
     .choices = "table|rich|text|csv|tsv|json|jsonl|markdown|html",
     .help = "form of the output"},
    {.name = "filter",
     .kind = CLI_LIST,
     AT(filter),
     .value = "K=V,...",
     .help =
         "only datasets whose fields have these values; problem_type=classification is both kinds"},
    {.name = "sort-by",
     AT(sort_by),
     .value = "KEY",
     .choices = "name|registration_date|size|rows",
     .help = "order; by date the newest come first"},
    {.name = "reverse", .kind = CLI_FLAG, AT(reverse), .help = "the other way round"},
    {.name = "limit", .kind = CLI_INT, AT(limit), .value = "N", .help = "at most so many; 0: all"},
    {.name = "tag", AT(tag), .value = "T", .help = "only datasets with this tag"},
    {.name = "filter-backend",
     AT(backend),
     .value = "B",
     .choices = "sqlite|duckdb|postgresql",
     .help = "only datasets on this database"},
    {.name = "all-backends",
     .kind = CLI_FLAG,
     AT(all_backends),
     .help = "accepted; it is always so"},
};

/* --json: an object. --format json: the bare array of the Python MDM. */
static mdm_status print_json(cli_context *context, const mdm_dataset_list *list, bool bare,
                             mdm_error *err)
{
    const char *backend =
        mdm_config_text(mdm_session_config(context->session), "database.default_backend");
    json_t *all = json_array();
    const size_t count = mdm_dataset_list_count(list);
    for (size_t i = 0; i < count; i++) {
        const mdm_dataset_info *info = mdm_dataset_list_at(list, i);
        json_array_append_new(all,
                              bare ? cli_dataset_old_json(info, backend) : cli_dataset_json(info));
    }
    if (bare) return cli_json_print(context->out, all, err);
    return cli_json_print(context->out,
                          json_pack("{s:s, s:I, s:o}", "schema", "mdm.dataset.list/1", "count",
                                    (json_int_t)count, "datasets", all),
                          err);
}

static void add_row(cli_grid *grid, const mdm_dataset_info *info, bool people)
{
    char text[512], number[32];
    cli_grid_text(grid, info->name);
    cli_grid_text(grid, info->problem_type ? info->problem_type : people ? "-" : NULL);
    cli_grid_text(grid, info->target_column ? info->target_column : people ? "-" : NULL);
    cli_grid_text(grid, cli_table_names(info, people ? 3 : SIZE_MAX, text, sizeof text));
    if (info->row_count < 0) cli_grid_text(grid, people ? "-" : NULL);
    else if (people) cli_grid_text(grid, cli_thousands(info->row_count, number));
    else cli_grid_int(grid, info->row_count);
    cli_grid_text(grid, info->memory_bytes < 0 ? people ? "-" : NULL
                                               : cli_bytes(info->memory_bytes, number));
    snprintf(text, sizeof text, info->available ? "%s" : "Not Supported/%s", info->backend);
    cli_grid_text(grid, text);
}

static mdm_status print_table(cli_context *context, const cli_format *format,
                              const mdm_dataset_list *list, bool filtered, mdm_error *err)
{
    const bool people = format == &cli_format_table;
    const char *const columns[] = {
        "Name",      "Problem Type", "Target", "Tables", people ? ">Total Rows" : "#Total Rows",
        ">MEM Size", "Backend"};
    const size_t count = mdm_dataset_list_count(list);
    if (people && count == 0) {
        fputs(filtered ? "No datasets found.\n" : "No datasets registered yet.\n", context->out);
        return MDM_OK;
    }
    if (people) fputs("Registered Datasets\n", context->out);
    cli_grid grid;
    cli_grid_init(&grid, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < count; i++)
        add_row(&grid, mdm_dataset_list_at(list, i), people);
    return cli_grid_print(context, format, &grid, "mdm.dataset.list/1", err);
}

static mdm_status run(cli_context *context, const void *values, mdm_error *err)
{
    const args *a = values;
    const mdm_dataset_filter filter = {
        .equal = a->filter.items,
        .equal_count = a->filter.count,
        .tag = a->tag,
        .backend = a->backend,
        .sort_by = a->sort_by,
        .reverse = a->reverse,
        .limit = a->limit,
    };
    mdm_dataset_list *list = NULL;
    const char *warning;
    cli_doing(context, "list");
    MDM_TRY(mdm_dataset_list_open(context->session, &filter, &list, err));
    for (size_t i = 0; (warning = mdm_dataset_list_warning(list, i)); i++)
        cli_warning(context, "%s", warning);

    const cli_format *format = cli_format_chosen(context, a->format);
    const bool bare = !context->globals->json || a->format;
    const bool filtered = a->filter.count > 0 || a->tag || a->backend;
    const mdm_status status = format == &cli_format_json
                                  ? print_json(context, list, bare, err)
                                  : print_table(context, format, list, filtered, err);
    mdm_dataset_list_close(list);
    return status;
}

const cli_command cli_command_list = {
    .path = "dataset list",
    .alias = "list",
    .flags = CLI_PAGES,
    .summary = "list the registered datasets",
    .examples = "mdm list\n"
                "mdm list --sort-by rows --limit 5\n"
                "mdm list --filter problem_type=regression --json",
    CLI_ARGS(table),
    .struct_size = sizeof(args),
    .run = run,
};
