/* mdm doctor */
#include <stddef.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/escape.h"
#include "cli/format.h"
#include "cli/json_text.h"
#include "cli/report.h"

typedef struct args {
    bool fix;
} args;

static const cli_arg table[] = {
    {.name = "fix",
     .kind = CLI_FLAG,
     .field = offsetof(args, fix),
     .help = "mend what can be mended safely"},
};

static const char *colour_of(const cli_context *context, const char *status)
{
    if (!context->colour) return "";
    return strcmp(status, "ok") == 0     ? "\033[32m"
           : strcmp(status, "warn") == 0 ? "\033[33m"
                                         : "\033[31m";
}

static void print_check(const cli_context *context, const mdm_check *check)
{
    fprintf(context->out, "%s%-4s%s  %s: ", colour_of(context, check->status), check->status,
            context->colour ? "\033[0m" : "", check->name);
    cli_put_escaped(context->out, mdm_str_from(check->detail));
    putc('\n', context->out);
    if (check->fix[0]) {
        fputs("      ", context->out);
        cli_put_escaped(context->out, mdm_str_from(check->fix));
        putc('\n', context->out);
    }
}

static mdm_status run(cli_context *context, const void *values, mdm_error *err)
{
    const args *a = values;
    mdm_check *checks = NULL;
    size_t count = 0, failed = 0;
    cli_doing(context, "doctor");
    MDM_TRY(mdm_doctor(context->session, a->fix, &checks, &count, err));

    const bool json = cli_wants_json(context, NULL);
    json_t *all = json_array();
    for (size_t i = 0; i < count; i++) {
        failed += strcmp(checks[i].status, "fail") == 0;
        if (json)
            json_array_append_new(all,
                                  json_pack("{s:s, s:s, s:s, s:s?}", "name", checks[i].name,
                                            "status", checks[i].status, "detail", checks[i].detail,
                                            "fix", checks[i].fix[0] ? checks[i].fix : NULL));
        else print_check(context, &checks[i]);
    }
    mdm_checks_free(checks, count);
    mdm_status status = MDM_OK;
    if (json)
        status = cli_json_print(
            context->out, json_pack("{s:s, s:o}", "schema", "mdm.doctor/1", "checks", all), err);
    else json_decref(all);
    if (status == MDM_OK && failed)
        status = mdm_error_set(err, MDM_DIFFERENT, "%zu of %zu checks failed", failed, count);
    return status;
}

const cli_command cli_command_doctor = {
    .path = "doctor",
    .flags = CLI_PAGES,
    .summary = "check engines, home, settings and datasets",
    .details = "Exit code 9 when a check fails.",
    .examples = "mdm doctor\n"
                "mdm doctor --fix",
    CLI_ARGS(table),
    .struct_size = sizeof(args),
    .run = run,
};
