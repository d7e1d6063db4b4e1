/* mdm remove NAME... */
#include <stddef.h>

#include "cli/commands.h"
#include "cli/describe.h"
#include "cli/format.h"
#include "cli/json_text.h"
#include "cli/report.h"

typedef struct args {
    cli_list names;
    bool force, dry_run;
} args;

#define AT(member) .field = offsetof(args, member)
static const cli_arg table[] = {
    {.name = "NAME", .kind = CLI_TEXTS, AT(names), .required = true, .help = "datasets to remove"},
    {.name = "force", .letter = 'f', .kind = CLI_FLAG, AT(force), .help = "do not ask"},
    {.name = "dry-run", .kind = CLI_FLAG, AT(dry_run), .help = "only say what would be removed"},
};

static mdm_status print_json(cli_context *context, const char *name, const args *a,
                             const mdm_removal *plan, mdm_error *err)
{
    return cli_json_print(
        context->out,
        json_pack("{s:s, s:s, s:b, s:o, s:o}", "schema", "mdm.dataset.remove/1", "name", name,
                  "dry_run", a->dry_run, "paths",
                  cli_strings_json((const char *const *)plan->paths, plan->path_count),
                  "size_bytes", cli_number_or_null(plan->size_bytes)),
        err);
}

static void print_plan(cli_context *context, const char *name, const mdm_removal *plan)
{
    char size[32];
    fprintf(context->out, "DRY RUN\nWould remove dataset: %s\n", name);
    for (size_t i = 0; i < plan->path_count; i++)
        fprintf(context->out, "  %s\n", plan->paths[i]);
    if (plan->size_bytes >= 0)
        fprintf(context->out, "Total size: %s\n", cli_bytes(plan->size_bytes, size));
}

static mdm_status confirm(cli_context *context, const char *name, const mdm_removal *plan,
                          mdm_error *err)
{
    char question[MDM_NAME_BYTES + 128], size[32];
    snprintf(question, sizeof question,
             "Remove dataset '%s' (%s)? This cannot be undone. Are you sure?", name,
             plan->size_bytes < 0 ? "size unknown" : cli_bytes(plan->size_bytes, size));
    return cli_confirm(context, question, err);
}

static mdm_status remove_one(cli_context *context, const char *given, const args *a, mdm_error *err)
{
    char name[MDM_NAME_BYTES];
    mdm_removal plan = {0};
    const bool json = cli_wants_json(context, NULL);
    cli_doing(context, "remove '%s'", given);
    MDM_TRY(mdm_dataset_name(given, name, sizeof name, err));
    MDM_TRY(mdm_dataset_remove_plan(context->session, name, &plan, err));

    mdm_status status = MDM_OK;
    if (a->dry_run && !json) print_plan(context, name, &plan);
    if (!a->dry_run) {
        if (!a->force) status = confirm(context, name, &plan, err);
        if (status == MDM_CANCELLED && !(context->stop && *context->stop->flag)) {
            fputs("Cancelled.\n", context->out);
            mdm_removal_clear(&plan);
            return MDM_OK;
        }
        if (status == MDM_OK) status = mdm_dataset_remove(context->session, name, err);
        if (status == MDM_OK && !json)
            fprintf(context->out, "✓ Dataset '%s' removed successfully\n", name);
    }
    if (status == MDM_OK && json) status = print_json(context, name, a, &plan, err);
    mdm_removal_clear(&plan);
    return status;
}

/* All are tried; the first failure is the command's. */
static mdm_status run(cli_context *context, const void *values, mdm_error *err)
{
    const args *a = values;
    mdm_status first = MDM_OK;
    size_t failed = 0;
    for (size_t i = 0; i < a->names.count; i++) {
        mdm_error mine = {0};
        const mdm_status status = remove_one(context, a->names.items[i], a, &mine);
        if (status == MDM_OK) continue;
        if (a->names.count == 1 || status == MDM_CANCELLED) {
            *err = mine;
            return status;
        }
        fflush(context->out);
        cli_report_error(context->globals, context->doing, &mine);
        if (failed++ == 0) first = status;
    }
    if (failed == 0) return MDM_OK;
    cli_doing(context, "remove");
    return mdm_error_set(err, first, "%zu of %zu names failed", failed, a->names.count);
}

const cli_command cli_command_remove = {
    .path = "dataset remove",
    .alias = "remove",
    .summary = "remove datasets and their rows",
    .details = "Asks first. The source files are never touched.",
    .examples = "mdm remove iris\n"
                "mdm remove old_one old_two --force\n"
                "mdm remove iris --dry-run",
    CLI_ARGS(table),
    .struct_size = sizeof(args),
    .run = run,
};
