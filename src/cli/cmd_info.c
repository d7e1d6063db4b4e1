/* mdm info [NAME] */
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "cli/commands.h"
#include "cli/describe.h"
#include "cli/escape.h"
#include "cli/format.h"
#include "cli/grid.h"
#include "cli/json_text.h"
#include "cli/report.h"

typedef struct args {
    const char *name;
    bool details, columns;
} args;

#define AT(member) .field = offsetof(args, member)
static const cli_arg table[] = {
    {.name = "NAME", AT(name), .help = "a dataset; without it: the system"},
    {.name = "details",
     .letter = 'd',
     .kind = CLI_FLAG,
     AT(details),
     .help = "files, sizes and columns too"},
    {.name = "show-columns", .kind = CLI_FLAG, AT(columns), .help = "the columns too"},
};

/* --- the system ------------------------------------------------------------------ */

static mdm_status print_home_json(cli_context *context, const mdm_home_info *h, mdm_error *err)
{
    return cli_json_print(context->out,
                          json_pack("{s:s, s:s, s:s, s:s, s:s, s:{s:s, s:s, s:s}, s:o, s:o, s:o}",
                                    "schema", "mdm.info/1", "version", mdm_version(), "home",
                                    h->home, "config_file", h->config_file, "default_backend",
                                    h->default_backend, "paths", "datasets", h->datasets_path,
                                    "configs", h->configs_path, "logs", h->logs_path, "datasets",
                                    cli_number_or_null(h->datasets), "storage_bytes",
                                    cli_number_or_null(h->storage_bytes), "free_bytes",
                                    cli_number_or_null(h->free_bytes)),
                          err);
}

static mdm_status system_info(cli_context *context, mdm_error *err)
{
    mdm_home_info h = {0};
    cli_doing(context, "info");
    MDM_TRY(mdm_home_look(context->session, &h, err));
    mdm_status status = MDM_OK;
    if (cli_wants_json(context, NULL)) {
        status = print_home_json(context, &h, err);
    } else {
        const mdm_config *config = mdm_session_config(context->session);
        char used[32], left[32];
        FILE *out = context->out;
        fprintf(out, "ML Data Manager %s\n\nConfiguration:\n", mdm_version());
        fprintf(out, "  Config file: %s\n  Default backend: %s\n", h.config_file,
                h.default_backend);
        fprintf(out, "\nStorage paths:\n  Datasets: %s\n  Configs: %s\n  Logs: %s\n",
                h.datasets_path, h.configs_path, h.logs_path);
        fprintf(out, "\nDatabase settings:\n  Chunk size: %lld\n  Max workers: %lld\n",
                (long long)mdm_config_int(config, "performance.batch.size"),
                (long long)mdm_config_int(config, "performance.batch.max_workers"));
        fprintf(out, "\nSystem status:\n  Registered datasets: %lld\n", (long long)h.datasets);
        if (h.storage_bytes >= 0)
            fprintf(out, "  Storage used: %s\n", cli_bytes(h.storage_bytes, used));
        if (h.free_bytes >= 0) fprintf(out, "  Free: %s\n", cli_bytes(h.free_bytes, left));
        fprintf(out, "\nEnvironment:\n  MDM home: %s\n", h.home);
    }
    mdm_home_info_clear(&h);
    return status;
}

/* --- a dataset -------------------------------------------------------------------- */

static void put(FILE *out, const char *label, const char *text)
{
    fprintf(out, "%s ", label);
    cli_put_escaped(out, mdm_str_from(text));
    putc('\n', out);
}

static void print_database(FILE *out, const mdm_dataset_info *info)
{
    char size[32];
    if (info->path)
        fprintf(out, "Database: %s (%s)\n", info->path,
                info->size_bytes < 0 ? "size unknown" : cli_bytes(info->size_bytes, size));
    else
        fprintf(out, "Database: %s:%s/%s, schema %s\n", info->host ? info->host : "localhost",
                info->port ? info->port : "5432", info->database ? info->database : "",
                info->schema ? info->schema : "public");
}

static void print_files(FILE *out, const mdm_dataset_info *info)
{
    char rows[32], size[32];
    fputs("Files:\n", out);
    for (size_t i = 0; i < info->table_count; i++) {
        const mdm_table_info *t = &info->tables[i];
        if (!t->path) continue;
        fprintf(out, "  - %s: %s", t->key, t->path);
        if (t->bytes >= 0) fprintf(out, "  %s", cli_bytes(t->bytes, size));
        if (t->rows >= 0) fprintf(out, "  %s rows", cli_thousands(t->rows, rows));
        if (t->rejected > 0) fprintf(out, "  %lld rejected", (long long)t->rejected);
        putc('\n', out);
    }
}

static void print_info(FILE *out, const mdm_dataset_info *info, bool details)
{
    char text[1024], rows[32];
    put(out, "Dataset:", info->display_name ? info->display_name : info->name);
    fputs("\nConfiguration:\n", out);
    print_database(out, info);
    put(out, "Backend:", info->backend);
    put(out, "Description:", info->description[0] ? info->description : "-");
    put(out, "Problem Type:", info->problem_type ? info->problem_type : "-");
    put(out, "Target Column:", info->target_column ? info->target_column : "-");
    put(out, "ID Columns:", cli_joined(info->id_columns, info->id_column_count, text, sizeof text));
    if (info->time_column) put(out, "Time Column:", info->time_column);
    if (info->group_column) put(out, "Group Column:", info->group_column);
    put(out, "Tags:", cli_joined(info->tags, info->tag_count, text, sizeof text));
    put(out, "Source:", info->source);
    if (info->row_count >= 0)
        fprintf(out, "Total Rows: %s\n", cli_thousands(info->row_count, rows));
    fputs("Tables:\n", out);
    for (size_t i = 0; i < info->table_count; i++)
        fprintf(out, " - %s: %s\n", info->tables[i].key, info->tables[i].table);
    put(out, "Registered:", info->registered_at ? info->registered_at : "-");
    put(out, "Last Modified:", info->last_updated_at ? info->last_updated_at : "-");
    if (details) print_files(out, info);
    if (!info->available) fputs("The rows are not reachable now: see mdm doctor\n", out);
}

static mdm_status print_columns(cli_context *context, const mdm_column_info *columns, size_t count,
                                mdm_error *err)
{
    static const char *const names[] = {"Table",     "Column", "Type", "Role", ">Missing",
                                        ">Distinct", "Min",    "Max",  ">Mean"};
    cli_grid grid;
    cli_grid_init(&grid, names, sizeof names / sizeof *names);
    for (size_t i = 0; i < count; i++) {
        const mdm_column_info *c = &columns[i];
        char missing[32], distinct[34] = "-", mean[32] = "-";
        if (c->distinct >= 0) {
            char number[32];
            snprintf(distinct, sizeof distinct, "%s%s", c->distinct_exact ? "" : "~",
                     cli_thousands(c->distinct, number));
        }
        if (c->mean == c->mean) snprintf(mean, sizeof mean, "%.6g", c->mean);
        cli_grid_text(&grid, c->table);
        cli_grid_text(&grid, c->name);
        cli_grid_text(&grid, c->type);
        cli_grid_text(&grid, c->role ? c->role : "-");
        cli_grid_text(&grid, c->missing_count < 0 ? "-" : cli_thousands(c->missing_count, missing));
        cli_grid_text(&grid, distinct);
        cli_grid_text(&grid, c->min ? c->min : "-");
        cli_grid_text(&grid, c->max ? c->max : "-");
        cli_grid_text(&grid, mean);
    }
    putc('\n', context->out);
    return cli_grid_print(context, &cli_format_table, &grid, "mdm.dataset.info/1", err);
}

/* Is a source file another one than was read? Its hash would tell for sure; we look at what costs
 * nothing. Unknown: it is gone, or was written since and has its old size. */
typedef enum change { CHANGE_UNKNOWN, CHANGE_NONE, CHANGE_SEEN } change;

static change file_change(const mdm_dataset_info *info, const mdm_table_info *t)
{
    struct stat now;
    char written[32];
    struct tm when;
    if (t->bytes < 0 || stat(t->path, &now) != 0) return CHANGE_UNKNOWN;
    if (now.st_size != t->bytes) return CHANGE_SEEN;
    const char *read_at = info->registered_at;
    if (!read_at || !gmtime_r(&now.st_mtime, &when)) return CHANGE_UNKNOWN;
    strftime(written, sizeof written, "%Y-%m-%dT%H:%M:%S", &when);
    return strncmp(written, read_at, strlen(written)) < 0 ? CHANGE_NONE : CHANGE_UNKNOWN;
}

static json_t *change_json(change seen)
{
    return seen == CHANGE_UNKNOWN ? json_null() : json_boolean(seen == CHANGE_SEEN);
}

static json_t *files_json(const mdm_dataset_info *info)
{
    json_t *files = json_array();
    for (size_t i = 0; i < info->table_count; i++) {
        const mdm_table_info *t = &info->tables[i];
        char hash[20];
        if (!t->path) continue;
        snprintf(hash, sizeof hash, "%016llx", (unsigned long long)t->hash);
        json_array_append_new(
            files,
            json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:I}", "key", t->key, "path", t->path,
                      "bytes", cli_number_or_null(t->bytes), "rows", cli_number_or_null(t->rows),
                      "hash", t->hash ? json_string(hash) : json_null(), "changed",
                      change_json(file_change(info, t)), "rejected", (json_int_t)t->rejected));
    }
    return files;
}

static json_t *columns_json(const mdm_column_info *columns, size_t count)
{
    json_t *all = json_array();
    for (size_t i = 0; i < count; i++) {
        const mdm_column_info *c = &columns[i];
        json_t *o = json_object();
        json_object_set_new(o, "table", json_string(c->table));
        json_object_set_new(o, "name", json_string(c->name));
        json_object_set_new(o, "type", cli_text_or_null(c->type));
        json_object_set_new(o, "role", cli_text_or_null(c->role));
        json_object_set_new(o, "nullable", json_boolean(c->nullable));
        json_object_set_new(o, "missing_count", cli_number_or_null(c->missing_count));
        json_object_set_new(o, "distinct", cli_number_or_null(c->distinct));
        json_object_set_new(o, "distinct_exact", json_boolean(c->distinct_exact));
        json_object_set_new(o, "min", cli_text_or_null(c->min));
        json_object_set_new(o, "max", cli_text_or_null(c->max));
        json_object_set_new(o, "mean", cli_real_or_null(c->mean));
        json_object_set_new(o, "std", cli_real_or_null(c->std));
        json_object_set_new(o, "description", cli_text_or_null(c->description));
        json_array_append_new(all, o);
    }
    return all;
}

static mdm_status print_json(cli_context *context, const mdm_dataset_info *info,
                             const mdm_column_info *columns, size_t count, mdm_error *err)
{
    json_t *document = json_pack("{s:s}", "schema", "mdm.dataset.info/1");
    json_t *fields = cli_dataset_json(info);
    json_object_update(document, fields);
    json_decref(fields);
    json_object_set_new(document, "time_column", cli_text_or_null(info->time_column));
    json_object_set_new(document, "group_column", cli_text_or_null(info->group_column));
    json_object_set_new(
        document, "database",
        json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "backend", cli_text_or_null(info->backend),
                  "path", cli_text_or_null(info->path), "host", cli_text_or_null(info->host),
                  "port", cli_text_or_null(info->port), "database",
                  cli_text_or_null(info->database), "schema", cli_text_or_null(info->schema)));
    json_object_set_new(document, "feature_tables", json_array());
    json_object_set_new(document, "data_version", cli_number_or_null(info->data_version));
    json_object_set_new(document, "datetime_columns",
                        cli_strings_json(info->datetime_columns, info->datetime_column_count));
    json_object_set_new(document, "files", files_json(info));
    json_object_set_new(document, "columns", columns ? columns_json(columns, count) : json_null());
    return cli_json_print(context->out, document, err);
}

static mdm_status run(cli_context *context, const void *values, mdm_error *err)
{
    const args *a = values;
    mdm_dataset *dataset = NULL;
    const mdm_column_info *columns = NULL;
    size_t count = 0;
    if (!a->name) return system_info(context, err);

    cli_doing(context, "info on '%s'", a->name);
    MDM_TRY(mdm_dataset_open(context->session, a->name, &dataset, err));
    const mdm_dataset_info *info = mdm_dataset_info_get(dataset);
    const bool json = cli_wants_json(context, NULL);
    const bool asked = a->details || a->columns;
    mdm_status status = MDM_OK;
    if (asked || json)
        status = mdm_dataset_columns(context->session, dataset, &columns, &count, err);
    if (status != MDM_OK && !asked && status != MDM_CANCELLED && status != MDM_TIMEOUT) {
        cli_warning(context, "the columns are not known: %s", err->message);
        status = MDM_OK; /* the rest is known without the database */
    }
    if (status != MDM_OK) goto done;
    if (json) {
        status = print_json(context, info, columns, count, err);
    } else {
        print_info(context->out, info, a->details);
        if (asked) status = print_columns(context, columns, count, err);
    }
done:
    mdm_dataset_close(dataset);
    return status;
}

const cli_command cli_command_info = {
    .path = "dataset info",
    .alias = "info",
    .flags = CLI_PAGES,
    .summary = "show what is known of a dataset, or of the system",
    .examples = "mdm info iris\n"
                "mdm info iris --details --json\n"
                "mdm info",
    CLI_ARGS(table),
    .struct_size = sizeof(args),
    .run = run,
};
