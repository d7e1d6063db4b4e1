#include "cli/report.h"

#include <jansson.h>
#include <stdarg.h>
#include <string.h>

#include "cli/escape.h"

static void json_error(const mdm_error *error, const char *message)
{
    json_t *line =
        json_pack("{s:s, s:s, s:i, s:s%, s:s?, s:s?}", "schema", "mdm.error/1", "status",
                  mdm_status_name(error->status), "exit_code", mdm_status_exit_code(error->status),
                  "message", message, strlen(message), "hint", error->hint[0] ? error->hint : NULL,
                  "sqlstate", error->sqlstate[0] ? error->sqlstate : NULL);
    if (line) json_dumpf(line, stderr, JSON_COMPACT);
    fputc('\n', stderr);
    json_decref(line);
}

void cli_report_error(const cli_globals *globals, const char *doing, const mdm_error *error)
{
    char message[sizeof error->message + 264];
    snprintf(message, sizeof message, "%s%s%s", doing ? doing : "", doing ? ": " : "",
             error->message);
    if (globals->json) {
        json_error(error, message);
        return;
    }
    fputs("mdm: ", stderr);
    cli_put_escaped(stderr, mdm_str_from(message));
    fputc('\n', stderr);
    if (error->hint[0]) {
        fputs("hint: ", stderr);
        cli_put_escaped(stderr, mdm_str_from(error->hint));
        fputc('\n', stderr);
    }
}

static void say(const cli_context *context, const char *prefix, const char *format, va_list args)
{
    char line[2048];
    if (context->globals->quiet) return;
    vsnprintf(line, sizeof line, format, args);
    fputs(prefix, stderr);
    cli_put_escaped(stderr, mdm_str_from(line));
    fputc('\n', stderr);
}

void cli_note(const cli_context *context, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(context, "note: ", format, args);
    va_end(args);
}

void cli_warning(const cli_context *context, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(context, "warning: ", format, args);
    va_end(args);
}

void cli_doing(cli_context *context, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(context->doing_text, sizeof context->doing_text, format, args);
    va_end(args);
    context->doing = context->doing_text;
}

mdm_status cli_confirm(cli_context *context, const char *question, mdm_error *err)
{
    char answer[64];
    if (context->globals->yes ||
        !mdm_config_bool(mdm_session_config(context->session), "cli.confirm_destructive"))
        return MDM_OK;
    fputs(question, stderr);
    fputs(" [y/N] ", stderr);
    fflush(stderr);
    if (!fgets(answer, sizeof answer, stdin)) {
        if (mdm_stop_check(context->stop, err) != MDM_OK) return err ? err->status : MDM_CANCELLED;
        fputc('\n', stderr);
        mdm_error_set(err, MDM_IO, "no answer on standard input, nothing was done");
        return mdm_error_hint(err, MDM_IO, "--yes answers every question");
    }
    answer[strcspn(answer, "\r\n")] = '\0';
    if (strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0) return MDM_OK;
    return MDM_CANCELLED;
}
