#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define BUFFER ((size_t)64 << 10)
#define HELD_AT_MOST ((size_t)1 << 20) /* a screen of very long lines is held no longer */

extern char **environ;

/* --- writing --------------------------------------------------------------- */

static void write_through(cli_output *output, const char *bytes, size_t count)
{
    while (count > 0 && !output->failure) {
        const ssize_t done = write(output->target, bytes, count);
        if (done < 0 && errno == EINTR) continue; /* who stops the work says so elsewhere */
        if (done < 0) {
            output->failure = errno;
            return;
        }
        bytes += done;
        count -= (size_t)done;
    }
}

static void let_go(cli_output *output)
{
    output->holding = false;
    write_through(output, output->held, output->used);
    free(output->held);
    output->held = NULL;
    output->used = output->size = 0;
}

/* --- the pager --------------------------------------------------------------- */

/* Is the first word of a command a program? Asked before, because what has gone into the pipe of a
 * shell that finds nothing is lost. */
static bool exists(const char *command)
{
    char path[4096];
    const char *folders = getenv("PATH");
    command += strspn(command, " ");
    const int word = (int)strcspn(command, " ");
    if (word == 0) return false;
    if (memchr(command, '/', (size_t)word)) {
        snprintf(path, sizeof path, "%.*s", word, command);
        return access(path, X_OK) == 0;
    }
    while (folders && *folders) {
        const int len = (int)strcspn(folders, ":");
        snprintf(path, sizeof path, "%.*s/%.*s", len, folders, word, command);
        if (access(path, X_OK) == 0) return true;
        folders += len + (folders[len] == ':');
    }
    return false;
}

static const char *pager_command(void)
{
    static const char *const names[] = {"MDM_PAGER", "PAGER"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *command = getenv(names[i]);
        if (command) return exists(command) ? command : NULL; /* an empty one means none */
    }
    return exists("less") ? "less -FRX" : NULL;
}

static void start_pager(cli_output *output)
{
    int ends[2];
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t usual;
    char *const words[] = {"sh", "-c", (char *)(uintptr_t)output->pager, NULL};

    if (pipe2(ends, O_CLOEXEC) != 0) return;
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigdefault(&attributes, &usual);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
    const int failed =
        posix_spawn(&output->pager_id, "/bin/sh", &actions, &attributes, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    close(ends[0]);
    if (failed) {
        output->pager_id = 0;
        close(ends[1]);
        return;
    }
    output->target = ends[1];
}

/* The person looks at it as long as they like; Ctrl-C there is the pager's. */
static void leave_pager(cli_output *output)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction before;
    sigaction(SIGINT, &ignore, &before);
    close(output->target);
    while (waitpid(output->pager_id, NULL, 0) < 0 && errno == EINTR) {
    }
    sigaction(SIGINT, &before, NULL);
    output->target = STDOUT_FILENO;
    output->pager_id = 0;
    if (output->failure == EPIPE) output->failure = 0; /* left before the end */
}

void cli_output_page(cli_output *output)
{
    struct winsize size;
    output->pager = pager_command();
    output->screen = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row ? size.ws_row : 24;
    output->holding = output->pager != NULL;
}

/* --- the stream ----------------------------------------------------------------- */

static bool hold(cli_output *output, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        output->lines += bytes[i] == '\n';
    if (output->used + count > output->size) {
        const size_t size = 2 * (output->used + count);
        char *wider = realloc(output->held, size);
        if (!wider) return false;
        output->held = wider;
        output->size = size;
    }
    memcpy(output->held + output->used, bytes, count);
    output->used += count;
    return true;
}

static ssize_t put(void *self, const char *bytes, size_t count)
{
    cli_output *output = self;
    if (output->holding && hold(output, bytes, count)) {
        if (output->lines >= output->screen || output->used > HELD_AT_MOST) {
            start_pager(output);
            let_go(output);
        }
    } else {
        if (output->holding) let_go(output);
        write_through(output, bytes, count);
    }
    if (!output->failure) return (ssize_t)count;
    errno = output->failure;
    return 0; /* how a stream of one's own says failure */
}

mdm_status cli_output_open(cli_output *output, mdm_error *err)
{
    *output = (cli_output){.target = STDOUT_FILENO};
    output->file = fopencookie(output, "w", (cookie_io_functions_t){.write = put});
    if (!output->file) return mdm_error_set(err, MDM_NO_MEMORY, "no memory for standard output");
    setvbuf(output->file, NULL, isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF, BUFFER);
    return MDM_OK;
}

mdm_status cli_output_settle(cli_output *output, mdm_error *err)
{
    if (!output->file) return MDM_OK;
    fflush(output->file);
    if (output->holding) let_go(output);
    if (output->pager_id) leave_pager(output);
    if (!output->failure) return MDM_OK;
    mdm_error_set(err, MDM_IO, "standard output: %s", strerror(output->failure));
    if (err) err->native = output->failure;
    return MDM_IO;
}

void cli_output_close(cli_output *output)
{
    if (!output->file) return;
    cli_output_settle(output, NULL);
    fclose(output->file);
    output->file = NULL;
}
