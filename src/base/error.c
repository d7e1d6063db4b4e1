/* Messages are formatted aside, because their arguments may be the message that they replace,
 * and then shown character by character: what data brings along must not steer a terminal. */
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/format.h"

#define FORMATTED 1024u /* more than any of the fields holds */
#define NAME_SIZE 16u

typedef struct status_row {
    const char *name, *text;
    int exit_code;
} status_row;

static const status_row statuses[] = {
#define X(name, value, exit_code, text) [value] = {#name, text, exit_code},
    MDM_STATUS_LIST(X)
#undef X
};

#define STATUS_COUNT (sizeof statuses / sizeof *statuses)

static char lower_names[STATUS_COUNT][NAME_SIZE];
static pthread_once_t lower_names_once = PTHREAD_ONCE_INIT;

static void lower_all_names(void)
{
    for (size_t i = 0; i < STATUS_COUNT; i++) {
        const char *name = statuses[i].name;
        for (size_t k = 0; name[k] && k < NAME_SIZE - 1; k++)
            lower_names[i][k] = name[k] == '_' ? '_' : (char)(name[k] - 'A' + 'a');
    }
}

/* The row of a status; a number that is none is the program's mistake and reads as I/O. */
static size_t row_of(mdm_status status)
{
    const size_t row = (size_t)status;
    return row < STATUS_COUNT ? row : (size_t)MDM_IO;
}

const char *mdm_status_text(mdm_status status)
{
    return statuses[row_of(status)].text;
}

const char *mdm_status_name(mdm_status status)
{
    pthread_once(&lower_names_once, lower_all_names);
    return lower_names[row_of(status)];
}

int mdm_status_exit_code(mdm_status status)
{
    return statuses[row_of(status)].exit_code;
}

/* --- messages --------------------------------------------------------------- */

/* Fill room with text as it may be shown. What does not fit is cut at a character and ends
 * in "...". */
static void show(char *room, size_t size, const char *text)
{
    char shown[MDM_SHOWN_MAX];
    size_t used = 0;
    size_t fits = 0; /* the last end of a character that leaves place for the dots */
    mdm_str rest = mdm_str_from(text);
    room[0] = '\0';
    while (rest.len > 0) {
        const size_t taken = mdm_show_char(rest, shown);
        const size_t len = strlen(shown);
        if (used + len >= size) {
            memcpy(room + fits, "...", 4);
            return;
        }
        memcpy(room + used, shown, len + 1);
        used += len;
        if (used + 4 <= size) fits = used;
        rest.data += taken;
        rest.len -= taken;
    }
}

mdm_status mdm_error_set(mdm_error *err, mdm_status status, const char *format, ...)
{
    if (!err) return status;
    char formatted[FORMATTED];
    va_list args;
    va_start(args, format);
    if (mdm_format(formatted, sizeof formatted, format, args) < 0) formatted[0] = '\0';
    va_end(args);
    *err = (mdm_error){.status = status};
    show(err->message, sizeof err->message, formatted);
    return status;
}

/* A long context (a path has up to 4,096 bytes) is cut so that at least half of the room is left
 * for what happened. */
static void put_in_front(mdm_error *err, const char *context)
{
    char front[sizeof err->message], joined[2 * sizeof err->message + 2];
    const size_t used = strlen(err->message) + 2;
    const size_t half = sizeof front / 2;
    show(front, used < half ? sizeof front - used : half, context);
    snprintf(joined, sizeof joined, "%s%s%s", front, err->message[0] ? ": " : "", err->message);
    show(err->message, sizeof err->message, joined);
}

mdm_status mdm_error_context(mdm_error *err, mdm_status status, const char *format, ...)
{
    if (!err) return status;
    char formatted[FORMATTED];
    va_list args;
    va_start(args, format);
    if (mdm_format(formatted, sizeof formatted, format, args) < 0) formatted[0] = '\0';
    va_end(args);
    err->status = status;
    put_in_front(err, formatted);
    return status;
}

mdm_status mdm_error_hint(mdm_error *err, mdm_status status, const char *format, ...)
{
    if (!err) return status;
    char formatted[FORMATTED];
    va_list args;
    va_start(args, format);
    if (mdm_format(formatted, sizeof formatted, format, args) < 0) formatted[0] = '\0';
    va_end(args);
    show(err->hint, sizeof err->hint, formatted);
    return status;
}
