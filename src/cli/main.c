/* The program: words, session, command, exit code. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/parse.h"
#include "cli/report.h"

/* --- stopping ------------------------------------------------------------ */

static volatile int stop_flag; /* raised by the handler, looked at by all long work */

/* The second signal ends at once: somebody does not want to wait for the clean end. */
static void on_signal(int number)
{
    if (stop_flag) _exit(128 + number);
    stop_flag = 1;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal}; /* no SA_RESTART: reads return */
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN); /* writes fail with EPIPE: seen in finish_output() */
}

/* --- terminals -------------------------------------------------------------- */

static bool is_set(const char *name)
{
    const char *value = getenv(name);
    return value && *value && strcmp(value, "0") != 0;
}

static bool wants_colour(const cli_globals *globals, const char *setting)
{
    const char *when = globals->no_color ? "never" : globals->color ? globals->color : setting;
    if (strcmp(when, "always") == 0) return true;
    if (strcmp(when, "never") == 0) return false;
    if (is_set("CLICOLOR_FORCE")) return true;
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
    return isatty(STDOUT_FILENO) && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
}

/* --- running ----------------------------------------------------------------- */

static void print_warnings(const cli_context *context)
{
    const mdm_config *config = mdm_session_config(context->session);
    const char *warning;
    for (size_t i = 0; (warning = mdm_config_warning(config, i)); i++)
        cli_warning(context, "%s", warning);
}

/* Output that could not be written is a failure, unless nobody reads any more. */
static mdm_status finish_output(mdm_status status, mdm_error *err)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) return status;
    if (errno == EPIPE) return MDM_OK;
    if (status != MDM_OK) return status;
    return mdm_error_set(err, MDM_IO, "standard output: %s", strerror(errno));
}

static mdm_status run_command(const cli_parsed *parsed, cli_context *context, mdm_error *err)
{
    const cli_globals *globals = &parsed->globals;
    const bool needs_session = !(parsed->command->flags & CLI_NO_SESSION);
    const mdm_config_sources sources = {.home = globals->home,
                                        .file = globals->config,
                                        .set = globals->set.items,
                                        .set_count = globals->set.count};
    const mdm_session_options options = {.config = &sources, .stop = context->stop};

    if (needs_session) {
        MDM_TRY(mdm_session_open(&options, &context->session, err));
        print_warnings(context);
        context->colour = wants_colour(
            globals, mdm_config_text(mdm_session_config(context->session), "cli.color"));
    }
    const mdm_status status = parsed->command->run(context, parsed->args, err);
    mdm_session_close(context->session);
    context->session = NULL;
    return finish_output(status, err);
}

static mdm_status print_help(const cli_parsed *parsed)
{
    if (parsed->command) cli_help_command(stdout, parsed->command);
    else if (parsed->group) cli_help_group(stdout, parsed->group);
    else cli_help_all(stdout);
    return MDM_OK;
}

static mdm_status run(int argc, char **argv, cli_parsed *parsed, cli_context *context,
                      mdm_stop *stop, mdm_error *err)
{
    MDM_TRY(cli_parse(argc, argv, parsed, err));
    if (parsed->globals.timeout > 0)
        stop->deadline_ns = mdm_clock_ns() + (int64_t)(parsed->globals.timeout * 1e9);
    if (parsed->globals.version) return cli_command_version.run(context, NULL, err);
    if (parsed->globals.help || !parsed->command) return finish_output(print_help(parsed), err);
    return run_command(parsed, context, err);
}

int main(int argc, char **argv)
{
    mdm_stop stop = {.flag = &stop_flag};
    cli_parsed parsed = {0};
    mdm_error err = {0};
    catch_signals();

    cli_context context = {.globals = &parsed.globals,
                           .out = stdout,
                           .out_is_terminal = isatty(STDOUT_FILENO),
                           .err_is_terminal = isatty(STDERR_FILENO),
                           .stop = &stop};
    const mdm_status status = run(argc, argv, &parsed, &context, &stop, &err);
    if (status != MDM_OK) cli_report_error(&parsed.globals, context.doing, &err);
    cli_parsed_clear(&parsed);
    return mdm_status_exit_code(status);
}
