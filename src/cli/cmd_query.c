/* mdm query NAME SQL */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/format.h"
#include "cli/json_text.h"
#include "cli/report.h"

#define MAX_SQL ((size_t)16 << 20)

typedef struct args {
    const char *name, *sql, *file, *format, *output;
    cli_list parameters;
    bool write;
    int64_t limit;
} args;

#define AT(member) .field = offsetof(args, member)
static const cli_arg table[] = {
    {.name = "NAME", AT(name), .required = true, .help = "a dataset"},
    {.name = "SQL", AT(sql), .help = "one statement; - reads it from standard input"},
    {.name = "file", AT(file), .value = "F", .help = "read the statement from a file"},
    {.name = "param",
     .kind = CLI_TEXTS,
     AT(parameters),
     .value = "K=V",
     .help = "value for :K or $K in the statement, may be repeated: whole numbers, numbers, true, "
             "false and null are taken as such, 'V' in quotes and all else as text"},
    {.name = "write",
     .kind = CLI_FLAG,
     AT(write),
     .help = "allow the statement to change data; else it runs read-only"},
    {.name = "limit",
     .kind = CLI_INT,
     AT(limit),
     .value = "N",
     .help = "rows to hand out at most; 0: all"},
    {.name = "format",
     .letter = 'f',
     AT(format),
     .value = "F",
     .choices = "table|rich|text|csv|tsv|json|jsonl|markdown|html|parquet|arrow",
     .help = "form of the output; parquet and arrow need -o"},
    {.name = "output",
     .letter = 'o',
     AT(output),
     .value = "FILE",
     .help = "write the rows to a file instead"},
};

/* --- the statement ------------------------------------------------------------ */

static mdm_status read_all(FILE *in, const char *name, char **out, mdm_error *err)
{
    char *text = NULL;
    size_t size = 0, used = 0;
    for (;;) {
        if (size - used < 4096) {
            char *wider = realloc(text, size = size ? size * 2 : 8192);
            if (!wider || size > MAX_SQL) {
                free(wider ? wider : text);
                return mdm_error_set(err, wider ? MDM_INVALID : MDM_NO_MEMORY,
                                     "%s: a statement of more than %zu bytes", name, MAX_SQL);
            }
            text = wider;
        }
        const size_t got = fread(text + used, 1, size - used - 1, in);
        used += got;
        if (got == 0) break;
    }
    if (ferror(in)) {
        free(text);
        return mdm_error_set(err, MDM_IO, "%s: %s", name, strerror(errno));
    }
    text[used] = '\0';
    *out = text;
    return MDM_OK;
}

static mdm_status read_file(const char *path, char **out, mdm_error *err)
{
    if (strcmp(path, "-") == 0) return read_all(stdin, "standard input", out, err);
    FILE *in = fopen(path, "re");
    if (!in)
        return mdm_error_set(err, errno == EACCES ? MDM_PERMISSION : MDM_FORMAT, "%s: %s", path,
                             strerror(errno));
    const mdm_status status = read_all(in, path, out, err);
    fclose(in);
    return status;
}

/* *owned is freed by the caller. */
static mdm_status statement(const args *a, const char **sql, char **owned, mdm_error *err)
{
    *owned = NULL;
    if (a->sql && a->file)
        return mdm_error_set(err, MDM_INVALID, "a statement and --file were given, one is enough");
    const char *path = a->file ? a->file : a->sql && strcmp(a->sql, "-") == 0 ? "-" : NULL;
    if (path) {
        MDM_TRY(read_file(path, owned, err));
        *sql = *owned;
        return MDM_OK;
    }
    if (!a->sql) {
        mdm_error_set(err, MDM_INVALID, "SQL is missing");
        return mdm_error_hint(err, MDM_INVALID, "give a statement, - or --file F");
    }
    *sql = a->sql;
    return MDM_OK;
}

/* --- parameters ------------------------------------------------------------------ */

static mdm_value value_of(const char *text)
{
    char *end = NULL;
    const size_t len = strlen(text);
    errno = 0;
    const int64_t whole = strtoll(text, &end, 10);
    if (len && !*end && !errno) return (mdm_value){MDM_TYPE_INT64, {.integer = whole}};
    errno = 0;
    const double real = strtod(text, &end);
    if (len && !*end && !errno && strspn(text, "+-.0123456789eE") == len)
        return (mdm_value){MDM_TYPE_DOUBLE, {.real = real}};
    if (strcmp(text, "true") == 0) return (mdm_value){MDM_TYPE_BOOL, {.integer = 1}};
    if (strcmp(text, "false") == 0) return (mdm_value){MDM_TYPE_BOOL, {.integer = 0}};
    if (strcmp(text, "null") == 0) return (mdm_value){MDM_TYPE_NULL, {0}};
    if (len >= 2 && text[0] == '\'' && text[len - 1] == '\'')
        return (mdm_value){MDM_TYPE_TEXT, {.bytes = {text + 1, len - 2}}};
    return (mdm_value){MDM_TYPE_TEXT, {.bytes = {text, len}}};
}

/* "K=V" is cut in place. The caller frees *out. */
static mdm_status parameters(const args *a, mdm_parameter **out, mdm_error *err)
{
    *out = calloc(a->parameters.count + 1, sizeof **out);
    if (!*out) return mdm_error_set(err, MDM_NO_MEMORY, "no memory for parameters");
    for (size_t i = 0; i < a->parameters.count; i++) {
        char *text = (char *)(uintptr_t)a->parameters.items[i]; /* argv's own, writable */
        char *equals = strchr(text, '=');
        if (!equals || equals == text)
            return mdm_error_set(err, MDM_INVALID, "--param: '%s' is not of the form K=V", text);
        *equals = '\0';
        (*out)[i] = (mdm_parameter){text + (*text == ':' || *text == '$'), value_of(equals + 1)};
    }
    return MDM_OK;
}

/* --- output ------------------------------------------------------------------------- */

static const char *format_of_file(const args *a)
{
    static const char *const endings[][2] = {
        {".csv", "csv"},      {".tsv", "tsv"},         {".json", "json"},  {".jsonl", "jsonl"},
        {".ndjson", "jsonl"}, {".parquet", "parquet"}, {".arrow", "arrow"}};
    if (a->format) return a->format;
    const char *dot = strrchr(a->output, '.');
    for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; i++)
        if (strcasecmp(dot, endings[i][0]) == 0) return endings[i][1];
    return "csv";
}

static void say_rows(const cli_context *context, const mdm_rows *rows, int64_t count)
{
    char number[32];
    const mdm_rows_info info = mdm_rows_info_read(rows);
    if (context->globals->quiet) return;
    if (context->verbosity > 0)
        cli_note(context, "statement class %s, fingerprint %016llx, %s",
                 mdm_query_class_text(info.class_), (unsigned long long)info.fingerprint,
                 info.statement_kept ? "compiled before" : "compiled now");
    if (info.changed > 0)
        fprintf(stderr, "%s row%s changed, %.1f ms\n", cli_thousands(info.changed, number),
                info.changed == 1 ? "" : "s", (double)info.elapsed_ns / 1e6);
    else
        fprintf(stderr, "%s row%s%s, %.1f ms\n", cli_thousands(count, number),
                count == 1 ? "" : "s", info.truncated ? " (there are more)" : "",
                (double)info.elapsed_ns / 1e6);
}

static mdm_status print(cli_context *context, const args *a, const char *name, mdm_rows *rows,
                        mdm_error *err)
{
    int64_t count = 0;
    if (a->output) {
        MDM_TRY(mdm_rows_write(context->session, rows, a->output, format_of_file(a), NULL, &count,
                               err));
        say_rows(context, rows, count);
        return MDM_OK;
    }
    const cli_format *format = cli_format_chosen(context, a->format);
    if (!format) return mdm_error_set(err, MDM_INVALID, "--format %s needs -o FILE", a->format);
    const cli_footer footer = {.schema = "mdm.query/1", .dataset = name, .rows = rows};
    if (mdm_rows_schema(rows)->count > 0 || format == &cli_format_json)
        MDM_TRY(cli_print_rows(context, format, rows, &footer, true, &count, err));
    if (cli_output_settle(context->output, err) != MDM_OK) return MDM_IO;
    if (format == &cli_format_table) say_rows(context, rows, count);
    return MDM_OK;
}

/* development.explain_queries: the plan as the database words it. A statement that cannot be
 * explained, say for its parameters, still runs. */
static void say_plan(const cli_context *context, const mdm_dataset *dataset, const char *sql)
{
    mdm_database *database = NULL;
    char *plan = NULL;
    if (!mdm_config_bool(mdm_session_config(context->session), "development.explain_queries"))
        return;
    if (mdm_dataset_database(context->session, dataset, false, &database, NULL) == MDM_OK &&
        mdm_session_explain(context->session, database, mdm_str_from(sql), &plan, NULL) == MDM_OK)
        fprintf(stderr, "%s\n", plan);
    mdm_free_text(plan);
}

static mdm_status run(cli_context *context, const void *values, mdm_error *err)
{
    const args *a = values;
    mdm_dataset *dataset = NULL;
    mdm_rows *rows = NULL;
    mdm_parameter *given = NULL;
    mdm_query query = MDM_QUERY_INIT;
    const char *sql = NULL;
    char *owned = NULL;
    cli_doing(context, "query on '%s'", a->name);

    mdm_status status = statement(a, &sql, &owned, err);
    if (status == MDM_OK) status = parameters(a, &given, err);
    if (status == MDM_OK) status = mdm_dataset_open(context->session, a->name, &dataset, err);
    if (status != MDM_OK) goto done;

    query.sql = mdm_str_from(sql);
    query.parameters = given;
    query.parameter_count = a->parameters.count;
    query.write = a->write;
    query.limit = a->limit;
    query.timeout_ms = (int64_t)(context->globals->timeout * 1000);
    say_plan(context, dataset, sql);
    status = mdm_dataset_query(context->session, dataset, &query, &rows, err);
    if (status == MDM_OK)
        status = print(context, a, mdm_dataset_info_get(dataset)->name, rows, err);
done:
    mdm_rows_close(rows);
    mdm_dataset_close(dataset);
    free(given);
    free(owned);
    return status;
}

const cli_command cli_command_query = {
    .path = "dataset query",
    .alias = "query",
    .flags = CLI_PAGES,
    .summary = "run one SQL statement on a dataset's own database",
    .details =
        "Tables are called as in 'mdm info NAME': data, train, test, ... The statement runs in a\n"
        "read-only transaction unless --write is given.",
    .examples = "mdm query flights \"SELECT origin, count(*) AS n FROM data GROUP BY 1 ORDER BY n "
                "DESC LIMIT 5\"\n"
                "mdm query iris \"SELECT * FROM data WHERE species = :s\" --param s=setosa --json\n"
                "mdm query iris --file report.sql -o report.parquet",
    CLI_ARGS(table),
    .struct_size = sizeof(args),
    .run = run,
};
