#include "cli/progress.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/format.h"

#define SECOND 1000000000LL

void cli_progress_init(cli_progress *progress, const cli_context *context)
{
    const cli_globals *globals = context->globals;
    *progress = (cli_progress){0};
    progress->enabled = context->err_is_terminal && !globals->quiet && !globals->no_progress &&
                        mdm_config_bool(mdm_session_config(context->session), "cli.show_progress");
    progress->told = !globals->quiet && (context->verbosity > 0 ||
                                         mdm_config_bool(mdm_session_config(context->session),
                                                         "development.profile_operations"));
}

static void wipe(cli_progress *progress)
{
    if (progress->shown) fputs("\r\033[K", stderr);
    progress->shown = false;
}

static void end_phase(cli_progress *p)
{
    if (!p->told || !p->phase[0]) return;
    wipe(p);
    fprintf(stderr, "note: %s %s took %.1f s\n", p->phase, p->what,
            (double)(mdm_clock_ns() - p->start_ns) / (double)SECOND);
}

void cli_progress_clear(cli_progress *progress)
{
    wipe(progress);
    end_phase(progress);
    progress->phase[0] = '\0';
}

static void begin_phase(cli_progress *p, const mdm_progress *step, int64_t now)
{
    end_phase(p);
    snprintf(p->phase, sizeof p->phase, "%s", step->phase ? step->phase : "");
    snprintf(p->what, sizeof p->what, "%s", step->what ? step->what : "");
    p->start_ns = p->last_ns = now;
    p->last_done = 0;
    p->rate = 0;
}

/* Mean over about the last three seconds. */
static void measure(cli_progress *p, const mdm_progress *step, int64_t now)
{
    const double seconds = (double)(now - p->last_ns) / (double)SECOND;
    if (seconds < 0.05) return;
    const double rate = (double)(step->done - p->last_done) / seconds;
    const double weight = p->rate > 0 && seconds < 3 ? seconds / 3 : 1;
    p->rate += weight * (rate - p->rate);
    p->last_ns = now;
    p->last_done = step->done;
}

static int terminal_width(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

static char *amount(int64_t number, bool bytes, char *text)
{
    return bytes ? cli_bytes(number, text) : cli_thousands(number, text);
}

void cli_progress_show(void *self, const mdm_progress *step)
{
    cli_progress *p = self;
    if (!p->enabled && !p->told) return;
    const int64_t now = mdm_clock_ns();
    if (strncmp(p->phase, step->phase ? step->phase : "", sizeof p->phase - 1) != 0 ||
        strncmp(p->what, step->what ? step->what : "", sizeof p->what - 1) != 0)
        begin_phase(p, step, now);
    if (!p->enabled) return;
    measure(p, step, now);

    char line[512], done[32], rate[32];
    size_t used = (size_t)snprintf(line, sizeof line, "%s %s  %s", p->phase, p->what,
                                   amount(step->done, step->bytes, done));
    if (step->total > 0 && used < sizeof line)
        used += (size_t)snprintf(line + used, sizeof line - used, "  %d%%",
                                 (int)(100.0 * (double)step->done / (double)step->total));
    if (p->rate > 0 && used < sizeof line)
        used += (size_t)snprintf(line + used, sizeof line - used, "  %s%s/s",
                                 amount((int64_t)p->rate, step->bytes, rate),
                                 step->bytes ? "" : " rows");
    if (p->rate > 0 && step->total > step->done && used < sizeof line) {
        const int64_t left = (int64_t)((double)(step->total - step->done) / p->rate);
        snprintf(line + used, sizeof line - used, "  %lld:%02lld left", (long long)left / 60,
                 (long long)left % 60);
    }
    fprintf(stderr, "\r%.*s\033[K", terminal_width() - 1, line);
    fflush(stderr);
    p->shown = true;
}
