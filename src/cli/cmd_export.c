/* mdm export NAME */
#include <stddef.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/describe.h"
#include "cli/format.h"
#include "cli/json_text.h"
#include "cli/progress.h"
#include "cli/report.h"

typedef struct args {
    const char *name, *folder, *file, *table, *format, *compression;
    cli_list columns;
    bool metadata_only, no_header, safe_cells;
} args;

#define AT(member) .field = offsetof(args, member)
static const cli_arg table[] = {
    {.name = "NAME", AT(name), .required = true, .help = "a dataset, or NAME:TABLE"},
    {.name = "output-dir",
     .letter = 'o',
     AT(folder),
     .value = "DIR",
     .help = "folder for the files, made when absent; default: here"},
    {.name = "output",
     AT(file),
     .value = "FILE",
     .help = "one table into this file; - is standard output"},
    {.name = "table", AT(table), .value = "T", .help = "only this table"},
    {.name = "format",
     .letter = 'f',
     AT(format),
     .value = "F",
     .choices = "csv|tsv|parquet|json|jsonl",
     .help = "default: export.default_format"},
    {.name = "compression",
     AT(compression),
     .value = "C",
     .choices = "none|zip|gzip|bz2|xz|zstd|snappy|lz4",
     .help = "default: export.compression where the format knows it"},
    {.name = "columns",
     .kind = CLI_LIST,
     AT(columns),
     .value = "A,B",
     .help = "only these columns"},
    {.name = "metadata-only",
     .kind = CLI_FLAG,
     AT(metadata_only),
     .help = "only NAME_metadata.json"},
    {.name = "no-header",
     .kind = CLI_FLAG,
     AT(no_header),
     .help = "csv and tsv without a header line"},
    {.name = "safe-cells",
     .kind = CLI_FLAG,
     AT(safe_cells),
     .help = "csv for spreadsheets: text that begins like a formula gets a ' in front"},
};

static mdm_status print(cli_context *context, const char *name, const mdm_exported *exported,
                        mdm_error *err)
{
    if (cli_wants_json(context, NULL)) {
        json_t *files = json_array();
        for (size_t i = 0; i < exported->count; i++) {
            const mdm_exported_file *f = &exported->files[i];
            json_array_append_new(files, json_pack("{s:s, s:o, s:o, s:I}", "path", f->path, "table",
                                                   cli_text_or_null(f->table), "rows",
                                                   cli_number_or_null(f->table ? f->rows : -1),
                                                   "bytes", (json_int_t)f->bytes));
        }
        return cli_json_print(context->out,
                              json_pack("{s:s, s:s, s:o}", "schema", "mdm.dataset.export/1", "name",
                                        name, "files", files),
                              err);
    }
    fprintf(context->out, "✓ Dataset '%s' exported successfully\nExported files:\n", name);
    for (size_t i = 0; i < exported->count; i++) {
        const mdm_exported_file *f = &exported->files[i];
        char rows[32], size[32];
        if (f->table)
            fprintf(context->out, "  - %s  (%s rows, %s)\n", f->path, cli_thousands(f->rows, rows),
                    cli_bytes(f->bytes, size));
        else fprintf(context->out, "  - %s  (%s)\n", f->path, cli_bytes(f->bytes, size));
    }
    return MDM_OK;
}

static mdm_status run(cli_context *context, const void *values, mdm_error *err)
{
    const args *a = values;
    mdm_dataset *dataset = NULL;
    mdm_exported exported = {0};
    cli_progress progress;
    cli_doing(context, "export '%s'", a->name);
    if (a->file && a->folder)
        return mdm_error_set(err, MDM_INVALID, "--output and --output-dir exclude each other");
    MDM_TRY(mdm_dataset_open(context->session, a->name, &dataset, err));

    cli_progress_init(&progress, context);
    const mdm_export_spec spec = {
        .folder = a->folder,
        .file = a->file,
        .table = a->table,
        .format = a->format,
        .compression = a->compression,
        .columns = a->columns.items,
        .column_count = a->columns.count,
        .no_header = a->no_header,
        .metadata_only = a->metadata_only,
        .safe_cells = a->safe_cells,
        .progress = cli_progress_show,
        .progress_self = &progress,
    };
    mdm_status status = mdm_dataset_export(context->session, dataset, &spec, &exported, err);
    cli_progress_clear(&progress);
    const bool to_stdout = a->file && strcmp(a->file, "-") == 0;
    if (status == MDM_OK && !to_stdout)
        status = print(context, mdm_dataset_info_get(dataset)->name, &exported, err);
    mdm_exported_clear(&exported);
    mdm_dataset_close(dataset);
    return status;
}

const cli_command cli_command_export = {
    .path = "dataset export",
    .alias = "export",
    .summary = "write a dataset's tables to files",
    .details =
        "Files are called NAME_TABLE.FORMAT, plus NAME_metadata.json; each is complete or absent.",
    .examples =
        "mdm export iris\n"
        "mdm export iris -f parquet --compression zstd -o exports\n"
        "mdm export iris --table data --columns species --output - -f csv --compression none",
    CLI_ARGS(table),
    .struct_size = sizeof(args),
    .run = run,
};
