/* A line is one write() to a file opened for appending, so that lines of several processes do not
 * mix. Before each line the file is looked at by its name: another process may have rotated it.
 * Whoever rotates holds the kernel's lock on the file and looks again once it has it. */
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/format.h"
#include "base/io.h"

static const char *const level_names[] = {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"};

struct mdm_log {
    pthread_mutex_t lock; /* one line at a time, so that they stand in the order of their times */
    char *folder;         /* NULL: path has none */
    bool folder_made;
    mdm_log_options options;
    char path[]; /* what options.path points to */
};

mdm_status mdm_log_open(const mdm_log_options *options, mdm_log **out, mdm_error *err)
{
    *out = NULL;
    const size_t len = strlen(options->path);
    mdm_log *log = mdm_alloc_zero(1, sizeof *log + len + 1);
    if (!log) return mdm_no_memory(err, "the log");
    memcpy(log->path, options->path, len + 1);
    log->options = *options;
    log->options.path = log->path;
    const size_t folder_len = (size_t)(mdm_path_name(log->path) - log->path);
    if (folder_len > 0) {
        log->folder = mdm_str_dup((mdm_str){log->path, folder_len});
        if (!log->folder) {
            mdm_free(log);
            return mdm_no_memory(err, "the log");
        }
    }
    pthread_mutex_init(&log->lock, NULL);
    *out = log;
    return MDM_OK;
}

void mdm_log_close(mdm_log *log)
{
    if (!log) return;
    pthread_mutex_destroy(&log->lock);
    mdm_free(log->folder);
    mdm_free(log);
}

/* What goes wrong with the log is not worth stopping for, and there is no log to tell it to. */
static void ignore(mdm_status status)
{
    (void)status;
}

/* --- rotating --------------------------------------------------------------- */

static bool is_full(const mdm_log *log, size_t more)
{
    mdm_path_stat st;
    return log->options.max_bytes > 0 && mdm_path_look(log->path, false, &st, NULL) == MDM_OK &&
           st.bytes > 0 && st.bytes + (int64_t)more > log->options.max_bytes;
}

/* PATH.1 becomes PATH.2 and so on; the last one falls off. */
static void shift(const mdm_log *log)
{
    for (int i = log->options.backup_count; i > 0; i--) {
        char *from = i > 1 ? mdm_asprintf("%s.%d", log->path, i - 1) : mdm_strdup(log->path);
        char *to = mdm_asprintf("%s.%d", log->path, i);
        if (from && to) ignore(mdm_path_rename(from, to, NULL));
        mdm_free(from);
        mdm_free(to);
    }
}

static void rotate(const mdm_log *log, size_t more)
{
    mdm_lock lock;
    if (mdm_lock_take(log->path, MDM_LOCK_EXCLUSIVE, false, false, &lock, NULL) != MDM_OK) return;
    if (is_full(log, more)) {
        if (log->options.backup_count > 0) shift(log);
        else ignore(mdm_file_unlink(log->path, NULL));
    }
    mdm_lock_drop(&lock);
}

/* --- writing ---------------------------------------------------------------- */

static void append(mdm_log *log, mdm_str line)
{
    if (log->folder && !log->folder_made)
        log->folder_made = mdm_dir_make(log->folder, NULL) == MDM_OK;
    if (is_full(log, line.len)) rotate(log, line.len);
    if (mdm_file_append(log->path, line, NULL) == MDM_NOT_FOUND) log->folder_made = false;
}

/* Local time as the Python MDM wrote it; UTC where a program reads. */
static void add_time(const mdm_log *log, mdm_text *line)
{
    struct timespec now;
    struct tm parts;
    char stamp[32];
    clock_gettime(CLOCK_REALTIME, &now);
    const int ms = (int)(now.tv_nsec / 1000000);
    if (log->options.json) gmtime_r(&now.tv_sec, &parts);
    else localtime_r(&now.tv_sec, &parts);
    strftime(stamp, sizeof stamp, log->options.json ? "%Y-%m-%dT%H:%M:%S" : "%Y-%m-%d %H:%M:%S",
             &parts);
    mdm_text_printf(line, log->options.json ? "%s.%03dZ" : "%s,%03d", stamp, ms);
}

static void add_json(const mdm_log *log, mdm_text *line, const char *level, const char *part,
                     mdm_str message)
{
    mdm_text_puts(line, "{\"time\": \"");
    add_time(log, line);
    mdm_text_puts(line, "\", \"part\": ");
    mdm_text_json(line, mdm_str_from(part));
    mdm_text_printf(line, ", \"level\": \"%s\", \"message\": ", level);
    mdm_text_json(line, message);
    mdm_text_puts(line, "}\n");
}

static void add_words(const mdm_log *log, mdm_text *line, const char *level, const char *part,
                      mdm_str message)
{
    add_time(log, line);
    mdm_text_puts(line, " - ");
    mdm_text_escaped(line, mdm_str_from(part));
    mdm_text_printf(line, " - %s - ", level);
    mdm_text_escaped(line, message);
    mdm_text_putc(line, '\n');
}

static void write_line(mdm_log *log, mdm_log_level level, const char *part, mdm_str message)
{
    mdm_text line;
    mdm_text_init(&line);
    pthread_mutex_lock(&log->lock);
    (log->options.json ? add_json : add_words)(log, &line, level_names[level], part, message);
    if (!line.failed) append(log, (mdm_str){line.data, line.len});
    pthread_mutex_unlock(&log->lock);
    mdm_text_clear(&line);
}

void mdm_log_write(mdm_log *log, mdm_log_level level, const char *part, const char *format, ...)
{
    if (!log || level < log->options.level) return;
    const int errno_before = errno; /* a line in between must not change what the caller reports */
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    const int len = mdm_format(NULL, 0, format, again);
    va_end(again);
    char *message = len >= 0 ? mdm_alloc((size_t)len + 1) : NULL;
    if (message) {
        mdm_format(message, (size_t)len + 1, format, args);
        write_line(log, level, part, (mdm_str){message, (size_t)len});
    }
    va_end(args);
    mdm_free(message);
    errno = errno_before;
}
