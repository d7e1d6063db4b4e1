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
    signal(SIGPIPE, SIG_IGN); /* writes fail with EPIPE: seen in finish() */
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

/* What --debug means in settings. */
static const char *const debug_settings[] = {"logging.level=DEBUG",
                                             "database.sqlalchemy.echo=true"};
#define DEBUG_SETTINGS (sizeof debug_settings / sizeof *debug_settings)

static mdm_status open_with(const cli_globals *globals, bool debug, cli_context *context,
                            mdm_error *err)
{
    const size_t more = debug ? DEBUG_SETTINGS : 0;
    const char **set = calloc(globals->set.count + DEBUG_SETTINGS, sizeof *set);
    if (!set) return mdm_error_set(err, MDM_NO_MEMORY, "no memory for settings");
    for (size_t i = 0; i < more; i++)
        set[i] = debug_settings[i];
    for (size_t i = 0; i < globals->set.count; i++)
        set[more + i] = globals->set.items[i]; /* later ones win: the user's own */

    const mdm_config_sources sources = {.home = globals->home,
                                        .file = globals->config,
                                        .set = set,
                                        .set_count = more + globals->set.count};
    const mdm_session_options options = {.config = &sources, .stop = context->stop};
    const mdm_status status = mdm_session_open(&options, &context->session, err);
    free(set);
    return status;
}

/* --debug, twice -v, or development.debug_mode, which is known only when the session is there. */
static mdm_status open_session(const cli_globals *globals, cli_context *context, mdm_error *err)
{
    bool debug = globals->debug || globals->verbose > 1;
    MDM_TRY(open_with(globals, debug, context, err));
    if (!debug && mdm_config_bool(mdm_session_config(context->session), "development.debug_mode")) {
        mdm_session_close(context->session);
        context->session = NULL;
        debug = true;
        MDM_TRY(open_with(globals, debug, context, err));
    }
    context->verbosity = debug ? 2 : globals->verbose > 0;
    return MDM_OK;
}

static void say_sources(const cli_context *context)
{
    const mdm_config *config = mdm_session_config(context->session);
    if (context->verbosity < 1) return;
    const char *file = mdm_config_file(config);
    cli_note(context, "home %s (%s)", mdm_config_home(config), mdm_config_home_origin(config));
    cli_note(context, "settings %s (%s%s)", file, mdm_config_file_origin(config),
             access(file, F_OK) == 0 ? "" : ", absent: defaults in use");
    if (context->verbosity > 1)
        cli_note(context, "log %s at level %s", mdm_config_text(config, "logging.file"),
                 mdm_config_text(config, "logging.level"));
}

/* What the command cost; for -vv all that the monitor counted. */
static void say_costs(const cli_context *context, int64_t start_ns)
{
    char *report = NULL;
    if (context->verbosity < 1) return;
    cli_note(context, "%.1f ms in all", (double)(mdm_clock_ns() - start_ns) / 1e6);
    if (context->verbosity < 2 || context->globals->quiet) return;
    if (mdm_monitor_report(mdm_session_monitor(context->session), &report, NULL) == MDM_OK)
        fprintf(stderr, "%s\n", report);
    mdm_free_text(report);
}

static mdm_status run_command(const cli_parsed *parsed, cli_context *context, mdm_error *err)
{
    const cli_globals *globals = &parsed->globals;
    const int64_t start_ns = mdm_clock_ns();
    const bool pages = parsed->command->flags & CLI_PAGES;
    if (!(parsed->command->flags & CLI_NO_SESSION)) {
        MDM_TRY(open_session(globals, context, err));
        print_warnings(context);
        say_sources(context);
        context->colour = wants_colour(
            globals, mdm_config_text(mdm_session_config(context->session), "cli.color"));
    }
    if (pages && context->out_is_terminal && !globals->no_pager) cli_output_page(context->output);
    const mdm_status status = parsed->command->run(context, parsed->args, err);
    if (context->session) say_costs(context, start_ns);
    mdm_session_close(context->session);
    context->session = NULL;
    return status;
}

static mdm_status print_help(const cli_parsed *parsed, cli_context *context)
{
    if (context->out_is_terminal && !parsed->globals.no_pager) cli_output_page(context->output);
    if (parsed->command) cli_help_command(context->out, parsed->command);
    else if (parsed->group) cli_help_group(context->out, parsed->group);
    else cli_help_all(context->out);
    return MDM_OK;
}

static mdm_status run(int argc, char **argv, cli_parsed *parsed, cli_context *context,
                      mdm_stop *stop, mdm_error *err)
{
    MDM_TRY(cli_parse(argc, argv, parsed, err));
    if (parsed->globals.timeout > 0)
        stop->deadline_ns = mdm_clock_ns() + (int64_t)(parsed->globals.timeout * 1e9);
    if (parsed->globals.version) return cli_command_version.run(context, NULL, err);
    if (parsed->globals.help || !parsed->command) return print_help(parsed, context);
    return run_command(parsed, context, err);
}

/* Output that could not be written is a failure, unless nobody reads any more: that ends quietly.
 */
static mdm_status finish(cli_output *output, mdm_status status, mdm_error *err)
{
    mdm_error lost = {0};
    const mdm_status settled = cli_output_settle(output, &lost);
    if (status == MDM_IO && err->native == EPIPE) status = MDM_OK;
    if (settled == MDM_OK || status != MDM_OK) return status;
    if (lost.native == EPIPE) return MDM_OK;
    *err = lost;
    return settled;
}

int main(int argc, char **argv)
{
    mdm_stop stop = {.flag = &stop_flag};
    cli_parsed parsed = {0};
    cli_output output = {0};
    mdm_error err = {0};
    catch_signals();

    cli_context context = {.globals = &parsed.globals,
                           .output = &output,
                           .out_is_terminal = isatty(STDOUT_FILENO),
                           .err_is_terminal = isatty(STDERR_FILENO),
                           .stop = &stop};
    mdm_status status = cli_output_open(&output, &err);
    context.out = output.file;
    if (status == MDM_OK) status = run(argc, argv, &parsed, &context, &stop, &err);
    status = finish(&output, status, &err);
    cli_output_close(&output);
    if (status != MDM_OK) cli_report_error(&parsed.globals, context.doing, &err);
    cli_parsed_clear(&parsed);
    return mdm_status_exit_code(status);
}
