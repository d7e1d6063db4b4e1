/* mdm dataset stats NAME */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/escape.h"
#include "cli/format.h"
#include "cli/grid.h"
#include "cli/json_text.h"
#include "cli/report.h"

typedef struct args {
    const char *name, *table, *export;
    cli_list columns;
    bool full, extended;
} args;

#define AT(member) .field = offsetof(args, member)
static const cli_arg table[] = {
    {.name = "NAME", AT(name), .required = true, .help = "a dataset, or NAME:TABLE"},
    {.name = "full",
     .kind = CLI_FLAG,
     AT(full),
     .help = "percentiles, frequent values, correlations, duplicates too"},
    {.name = "extended", .kind = CLI_FLAG, AT(extended), .help = "the same, as a table per column"},
    {.name = "table", AT(table), .value = "T", .help = "only this table"},
    {.name = "columns",
     .kind = CLI_LIST,
     AT(columns),
     .value = "A,B",
     .help = "only these columns"},
    {.name = "export",
     AT(export),
     .value = "FILE",
     .help = "write them to a .json or .yaml file too"},
};

/* --- reading the figures ------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *key, const char *otherwise)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : otherwise;
}

/* A figure as people read it; "-" when it is not told. */
static const char *figure(const json_t *value, char *room, size_t size)
{
    if (json_is_integer(value)) return cli_thousands(json_integer_value(value), room);
    if (json_is_real(value)) snprintf(room, size, "%.6g", json_real_value(value));
    else if (json_is_string(value)) snprintf(room, size, "%s", json_string_value(value));
    else if (json_is_boolean(value)) snprintf(room, size, "%s", json_is_true(value) ? "yes" : "no");
    else snprintf(room, size, "-");
    return room;
}

static void put_figure(FILE *out, const char *label, const json_t *object, const char *key,
                       const char *unit)
{
    char room[128];
    fprintf(out, "%s %s%s\n", label, figure(json_object_get(object, key), room, sizeof room), unit);
}

/* --- for people -------------------------------------------------------------------- */

static void put_summary(FILE *out, const json_t *stats)
{
    const json_t *summary = json_object_get(stats, "summary");
    fprintf(out, "Statistics for dataset: %s\n", text_of(stats, "dataset_name", ""));
    fprintf(out, "Computed at: %s\n", text_of(stats, "computed_at", "-"));
    fprintf(out, "Mode: %s\n\nSummary:\n", text_of(stats, "mode", "-"));
    put_figure(out, "  Total tables:", summary, "total_tables", "");
    put_figure(out, "  Total rows:", summary, "total_rows", "");
    put_figure(out, "  Total columns:", summary, "total_columns", "");
    const json_t *share = json_object_get(summary, "overall_completeness");
    if (json_is_number(share))
        fprintf(out, "  Overall completeness: %.1f%%\n", 100 * json_number_value(share));
    fputs("\nTable Statistics:\n", out);
}

static mdm_status put_columns(cli_context *context, const json_t *columns, mdm_error *err)
{
    static const char *const names[] = {"Column", "Type", ">Null", ">Unique",
                                        "Min",    "Max",  ">Mean", ">Std"};
    static const char *const keys[] = {"dtype", "null_count", "unique_count", "min",
                                       "max",   "mean",       "std"};
    const char *name;
    json_t *column;
    cli_grid grid;
    cli_grid_init(&grid, names, sizeof names / sizeof *names);
    json_object_foreach((json_t *)(uintptr_t)columns, name, column)
    {
        cli_grid_text(&grid, name);
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
            char room[128];
            cli_grid_text(&grid, figure(json_object_get(column, keys[k]), room, sizeof room));
        }
    }
    return cli_grid_print(context, &cli_format_table, &grid, "mdm.dataset.stats/1", err);
}

/* Everything about each column, a line a figure. */
static void put_details(FILE *out, const json_t *columns, const char *prefix)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)columns, key, value)
    {
        char path[256], room[128];
        snprintf(path, sizeof path, "%s%s%s", prefix, *prefix ? "." : "", key);
        if (json_is_object(value)) {
            if (!*prefix) putc('\n', out);
            put_details(out, value, path);
        } else if (!json_is_array(value)) {
            fputs("  ", out);
            cli_put_escaped(out, mdm_str_from(path));
            fputs(": ", out);
            cli_put_escaped(out, mdm_str_from(figure(value, room, sizeof room)));
            putc('\n', out);
        }
    }
}

static mdm_status put_table(cli_context *context, const char *name, const json_t *t, bool details,
                            mdm_error *err)
{
    FILE *out = context->out;
    const json_t *missing = json_object_get(t, "missing_values");
    const json_t *quality = json_object_get(t, "data_quality");
    fprintf(out, "Table: %s\n", name);
    put_figure(out, "  Rows:", t, "row_count", "");
    put_figure(out, "  Columns:", t, "column_count", "");
    put_figure(out, "  Missing cells:", missing, "total_missing_cells", "");
    const json_t *share = json_object_get(quality, "completeness");
    if (json_is_number(share))
        fprintf(out, "  Completeness: %.1f%%\n", 100 * json_number_value(share));
    MDM_TRY(put_columns(context, json_object_get(t, "columns"), err));
    if (details) {
        fputs("Detailed Statistics:", out);
        put_details(out, json_object_get(t, "columns"), "");
    }
    putc('\n', out);
    return MDM_OK;
}

static mdm_status print_people(cli_context *context, const json_t *stats, const args *a,
                               mdm_error *err)
{
    const char *name;
    json_t *t;
    put_summary(context->out, stats);
    json_object_foreach(json_object_get(stats, "tables"), name, t)
        MDM_TRY(put_table(context, name, t, a->full || a->extended, err));
    return MDM_OK;
}

/* --- to a file ------------------------------------------------------------------------ */

/* JSON is YAML too, with one exception that we avoid: no key is longer than 1,024 characters. */
static mdm_status write_file(const char *path, const json_t *stats, mdm_error *err)
{
    if (json_dump_file(stats, path, JSON_INDENT(2)) == 0) return MDM_OK;
    return mdm_error_set(err, errno == EACCES ? MDM_PERMISSION : MDM_IO, "%s: %s", path,
                         strerror(errno));
}

static mdm_status check_file_name(const char *path, mdm_error *err)
{
    const char *dot = strrchr(path, '.');
    if (dot && (strcmp(dot, ".json") == 0 || strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0))
        return MDM_OK;
    return mdm_error_set(err, MDM_INVALID, "--export: '%s' ends neither in .json nor in .yaml",
                         path);
}

static mdm_status run(cli_context *context, const void *values, mdm_error *err)
{
    const args *a = values;
    mdm_dataset *dataset = NULL;
    char *text = NULL;
    json_t *stats = NULL;
    const mdm_stats_options options = {.full = a->full || a->extended,
                                       .table = a->table,
                                       .columns = a->columns.items,
                                       .column_count = a->columns.count};
    cli_doing(context, "stats of '%s'", a->name);
    if (a->export) MDM_TRY(check_file_name(a->export, err));
    MDM_TRY(mdm_dataset_open(context->session, a->name, &dataset, err));

    mdm_status status = mdm_dataset_stats(context->session, dataset, &options, &text, err);
    if (status != MDM_OK) goto done;
    stats = json_loads(text, 0, NULL);
    if (!stats) {
        status = mdm_error_set(err, MDM_NO_MEMORY, "no memory for the statistics");
        goto done;
    }
    if (cli_wants_json(context, NULL)) {
        json_t *document = json_pack("{s:s}", "schema", "mdm.dataset.stats/1");
        json_object_update(document, stats);
        status = cli_json_print(context->out, document, err);
    } else {
        status = print_people(context, stats, a, err);
    }
    if (status == MDM_OK && a->export) status = write_file(a->export, stats, err);
    if (status == MDM_OK && a->export && !context->globals->json)
        fprintf(context->out, "Statistics exported to %s\n", a->export);
done:
    json_decref(stats);
    mdm_free_text(text);
    mdm_dataset_close(dataset);
    return status;
}

const cli_command cli_command_stats = {
    .path = "dataset stats",
    .flags = CLI_PAGES,
    .summary = "statistics of a dataset's columns, from all rows",
    .examples = "mdm dataset stats iris\n"
                "mdm dataset stats iris --full --table data --columns sepal_length --json\n"
                "mdm dataset stats iris --export stats.json",
    CLI_ARGS(table),
    .struct_size = sizeof(args),
    .run = run,
};
