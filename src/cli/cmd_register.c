/* mdm register NAME [PATH...] */
#include <stddef.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/describe.h"
#include "cli/escape.h"
#include "cli/format.h"
#include "cli/grid.h"
#include "cli/json_text.h"
#include "cli/progress.h"
#include "cli/report.h"

#define SHOWN_COLUMNS 12 /* of the summary for people */

typedef struct args {
    const char *name, *train, *test, *validation, *submission, *backend, *target, *problem_type;
    const char *description, *time_column, *group_column, *encoding, *delimiter, *on_error;
    cli_list paths, id_columns, tags, types, null_words;
    cli_list categorical, datetime, numeric, text;
    bool no_auto, force, dry_run;
} args;

#define AT(member) .field = offsetof(args, member)
static const cli_arg table[] = {
    {.name = "NAME", AT(name), .required = true, .help = "name of the new dataset"},
    {.name = "PATH",
     .kind = CLI_TEXTS,
     AT(paths),
     .help = "files or folders (CSV, TSV, Parquet, JSON, JSON lines, also .gz and .zst); default: "
             "this folder"},
    {.name = "target", .letter = 't', AT(target), .value = "C", .help = "column to be predicted"},
    {.name = "id-columns",
     .kind = CLI_LIST,
     AT(id_columns),
     .value = "A,B",
     .help = "columns that identify a row; default: detected"},
    {.name = "problem-type",
     AT(problem_type),
     .value = "T",
     .help =
         "binary_classification, multiclass_classification, regression, time_series or clustering"},
    {.name = "description",
     .letter = 'd',
     AT(description),
     .value = "D",
     .help = "a sentence about it"},
    {.name = "tags", .kind = CLI_LIST, AT(tags), .value = "A,B", .help = "words to find it by"},
    {.name = "time-column", AT(time_column), .value = "C", .help = "column that orders the rows"},
    {.name = "group-column", AT(group_column), .value = "C", .help = "column that groups the rows"},
    {.name = "backend",
     AT(backend),
     .value = "B",
     .choices = "sqlite|duckdb|postgresql",
     .help = "where the rows are kept; default: database.default_backend"},
    {.name = "type",
     .kind = CLI_TEXTS,
     AT(types),
     .value = "C=T",
     .help = "type of a column, as in zip=text; may be repeated"},
    {.name = "categorical-columns",
     .kind = CLI_LIST,
     AT(categorical),
     .value = "A,B",
     .help = "columns to be taken as categories"},
    {.name = "datetime-columns",
     .kind = CLI_LIST,
     AT(datetime),
     .value = "A,B",
     .help = "columns to be taken as dates; C=%d/%m/%Y gives the format"},
    {.name = "numeric-columns",
     .kind = CLI_LIST,
     AT(numeric),
     .value = "A,B",
     .help = "columns to be taken as numbers"},
    {.name = "text-columns",
     .kind = CLI_LIST,
     AT(text),
     .value = "A,B",
     .help = "columns to be taken as text"},
    {.name = "encoding",
     AT(encoding),
     .value = "E",
     .help = "of text files, as in latin1; default: detected"},
    {.name = "delimiter",
     AT(delimiter),
     .value = "D",
     .help = "one character, comma, tab, semicolon or pipe; default: detected"},
    {.name = "null",
     .kind = CLI_TEXTS,
     AT(null_words),
     .value = "WORD",
     .help = "a word that means no value, may be repeated"},
    {.name = "on-error",
     AT(on_error),
     .value = "WHAT",
     .choices = "stop|reject",
     .help = "what a record that does not fit does: end everything, or be refused and counted"},
    {.name = "no-auto",
     .kind = CLI_FLAG,
     AT(no_auto),
     .help = "take exactly --train, --test, ... and detect nothing but types"},
    {.name = "train", AT(train), .value = "F", .help = "file of table train"},
    {.name = "test", AT(test), .value = "F", .help = "file of table test"},
    {.name = "validation", AT(validation), .value = "F", .help = "file of table validation"},
    {.name = "submission", AT(submission), .value = "F", .help = "file of table sample_submission"},
    {.name = "force",
     .letter = 'f',
     .kind = CLI_FLAG,
     AT(force),
     .help = "replace a dataset of the same name, once the new one is complete"},
    {.name = "dry-run",
     .kind = CLI_FLAG,
     AT(dry_run),
     .help = "say what would be read and detected, write nothing"},
};

/* --- notes --------------------------------------------------------------------- */

static void note_files(const cli_context *context, const mdm_dataset_info *info)
{
    for (size_t i = 0; i < info->table_count; i++) {
        const mdm_table_info *t = &info->tables[i];
        char rows[32], kind[128] = "";
        const char *name = t->path ? strrchr(t->path, '/') : NULL;
        if (t->encoding)
            snprintf(kind, sizeof kind, "   %s%s%s", t->encoding, t->delimiter ? ", " : "",
                     t->delimiter ? t->delimiter : "");
        cli_note(context, "%s   %s row%s x %lld%s   %lld rejected   %lld ms",
                 name ? name + 1 : t->key, t->rows < 0 ? "?" : cli_thousands(t->rows, rows),
                 t->rows == 1 ? "" : "s", (long long)t->columns, kind, (long long)t->rejected,
                 (long long)(t->elapsed_ms < 0 ? 0 : t->elapsed_ms));
    }
    for (size_t i = 0; i < info->note_count; i++)
        cli_note(context, "%s", info->notes[i]);
}

/* --- what people see --------------------------------------------------------------- */

static const char *capital(const char *key, char *text, size_t size)
{
    snprintf(text, size, "%s", key);
    if (text[0] >= 'a' && text[0] <= 'z') text[0] = (char)(text[0] - 'a' + 'A');
    return text;
}

static mdm_status print_columns(cli_context *context, const mdm_table_info *t,
                                const mdm_column_info *columns, size_t count, mdm_error *err)
{
    static const char *const names[] = {"Column", "Type", ">% Null"};
    size_t shown = 0, all = 0;
    cli_grid grid;
    cli_grid_init(&grid, names, sizeof names / sizeof *names);
    for (size_t i = 0; i < count; i++) {
        char share[32] = "-";
        if (strcmp(columns[i].table, t->table) != 0) continue;
        if (++all > SHOWN_COLUMNS) continue;
        shown++;
        if (columns[i].missing_count >= 0 && t->rows > 0)
            snprintf(share, sizeof share, "%.1f%%",
                     100.0 * (double)columns[i].missing_count / (double)t->rows);
        cli_grid_text(&grid, columns[i].name);
        cli_grid_text(&grid, columns[i].type);
        cli_grid_text(&grid, share);
    }
    MDM_TRY(cli_grid_print(context, &cli_format_table, &grid, "mdm.dataset.register/1", err));
    if (all > shown) fprintf(context->out, "... (%zu more columns)\n", all - shown);
    return MDM_OK;
}

static void put(FILE *out, const char *label, const char *text)
{
    fprintf(out, "  %-13s ", label);
    cli_put_escaped(out, mdm_str_from(text));
    putc('\n', out);
}

static mdm_status print_people(cli_context *context, mdm_dataset *dataset, const args *a,
                               mdm_error *err)
{
    const mdm_dataset_info *info = mdm_dataset_info_get(dataset);
    const mdm_column_info *columns = NULL;
    const mdm_table_info *t = NULL;
    size_t count = 0;
    char text[1024], number[32];
    FILE *out = context->out;
    MDM_TRY(mdm_dataset_columns(context->session, dataset, &columns, &count, err));
    if (mdm_dataset_table(dataset, NULL, &t, NULL) != MDM_OK) t = &info->tables[0];

    if (a->dry_run) fprintf(out, "DRY RUN\nWould register dataset: %s\n", info->name);
    else fprintf(out, "✓ Dataset '%s' registered successfully!\n", info->name);
    fputs("Configuration\n", out);
    put(out, "Target", info->target_column ? info->target_column : "-");
    put(out, "Problem Type", info->problem_type ? info->problem_type : "-");
    put(out, "ID Columns", cli_joined(info->id_columns, info->id_column_count, text, sizeof text));
    put(out, "Tables", cli_table_names(info, 3, text, sizeof text));
    put(out, "Backend", info->backend);
    fprintf(out, "Dataset Summary - %s Table\n", capital(t->key, text, sizeof text));
    MDM_TRY(print_columns(context, t, columns, count, err));
    if (t->rows >= 0)
        fprintf(out, "Total rows in %s table: %s\n", t->key, cli_thousands(t->rows, number));
    return MDM_OK;
}

/* --- what scripts see ---------------------------------------------------------------- */

static json_t *tables_json(const mdm_dataset_info *info)
{
    json_t *tables = json_array();
    for (size_t i = 0; i < info->table_count; i++) {
        const mdm_table_info *t = &info->tables[i];
        json_array_append_new(
            tables,
            json_pack("{s:s, s:s, s:o, s:o, s:o, s:I, s:o, s:o}", "key", t->key, "table", t->table,
                      "file", cli_text_or_null(t->path), "rows", cli_number_or_null(t->rows),
                      "columns", cli_number_or_null(t->columns), "rejected",
                      (json_int_t)t->rejected, "encoding", cli_text_or_null(t->encoding),
                      "delimiter", cli_text_or_null(t->delimiter)));
    }
    return tables;
}

static mdm_status print_json(cli_context *context, const mdm_dataset_info *info, int64_t elapsed_ms,
                             mdm_error *err)
{
    json_t *o = json_pack("{s:s, s:s, s:s}", "schema", "mdm.dataset.register/1", "name", info->name,
                          "backend", info->backend);
    json_object_set_new(o, "path", cli_text_or_null(info->path));
    json_object_set_new(o, "target_column", cli_text_or_null(info->target_column));
    json_object_set_new(o, "problem_type", cli_text_or_null(info->problem_type));
    json_object_set_new(o, "id_columns", cli_strings_json(info->id_columns, info->id_column_count));
    json_object_set_new(o, "datetime_columns",
                        cli_strings_json(info->datetime_columns, info->datetime_column_count));
    json_object_set_new(o, "tables", tables_json(info));
    json_object_set_new(o, "feature_tables", json_array());
    json_object_set_new(o, "rows", cli_number_or_null(info->row_count));
    json_object_set_new(o, "size_bytes", cli_number_or_null(info->size_bytes));
    json_object_set_new(o, "elapsed_ms", json_integer(elapsed_ms));
    json_object_set_new(o, "notes", cli_strings_json(info->notes, info->note_count));
    return cli_json_print(context->out, o, err);
}

/* --- the work --------------------------------------------------------------------------- */

static mdm_dataset_spec spec_of(const args *a, cli_progress *progress)
{
    static const char *const here[] = {"."};
    const bool default_path = a->paths.count == 0 && !a->no_auto && !a->train;
    return (mdm_dataset_spec){
        .name = a->name,
        .paths = default_path ? here : a->paths.items,
        .path_count = default_path ? 1 : a->paths.count,
        .no_auto = a->no_auto,
        .train = a->train,
        .test = a->test,
        .validation = a->validation,
        .submission = a->submission,
        .backend = a->backend,
        .target = a->target,
        .problem_type = a->problem_type,
        .time_column = a->time_column,
        .group_column = a->group_column,
        .description = a->description,
        .id_columns = a->id_columns.items,
        .id_column_count = a->id_columns.count,
        .tags = a->tags.items,
        .tag_count = a->tags.count,
        .types = a->types.items,
        .type_count = a->types.count,
        .categorical_columns = a->categorical.items,
        .categorical_count = a->categorical.count,
        .datetime_columns = a->datetime.items,
        .datetime_count = a->datetime.count,
        .numeric_columns = a->numeric.items,
        .numeric_count = a->numeric.count,
        .text_columns = a->text.items,
        .text_count = a->text.count,
        .encoding = a->encoding,
        .delimiter = a->delimiter,
        .null_words = a->null_words.items,
        .null_word_count = a->null_words.count,
        .on_error = a->on_error,
        .replace = a->force,
        .dry_run = a->dry_run,
        .progress = cli_progress_show,
        .progress_self = progress,
    };
}

static mdm_status run(cli_context *context, const void *values, mdm_error *err)
{
    const args *a = values;
    cli_progress progress;
    mdm_dataset *dataset = NULL;
    const int64_t start_ns = mdm_clock_ns();
    cli_doing(context, "register '%s'", a->name);
    cli_progress_init(&progress, context);
    const mdm_dataset_spec spec = spec_of(a, &progress);

    mdm_status status = mdm_dataset_register(context->session, &spec, &dataset, err);
    cli_progress_clear(&progress);
    if (status != MDM_OK) return status;
    const mdm_dataset_info *info = mdm_dataset_info_get(dataset);
    note_files(context, info);
    status = cli_wants_json(context, NULL)
                 ? print_json(context, info, (mdm_clock_ns() - start_ns) / 1000000, err)
                 : print_people(context, dataset, a, err);
    mdm_dataset_close(dataset);
    return status;
}

const cli_command cli_command_register = {
    .path = "dataset register",
    .alias = "register",
    .summary = "load files and register them as a dataset",
    .details = "Reads every cell once: types are decided by the whole file, and each cell is "
               "stored as it is or\n"
               "its record is refused. Nothing is kept when anything fails, and the name stays "
               "free. A folder with\n"
               "train, test and sample_submission is taken as a Kaggle competition.",
    .examples = "mdm register iris iris.csv --target species\n"
                "mdm register titanic ./titanic --backend sqlite\n"
                "mdm register sales 2023.parquet 2024.parquet --tags retail,daily\n"
                "mdm register zips zipcodes.csv --type zip_code=text --json",
    CLI_ARGS(table),
    .struct_size = sizeof(args),
    .run = run,
};
