/* window.h - a text file seen through a window of bounded size: unpacked, as UTF-8, checked.
 *
 * data[0, len) is text; MDM_WINDOW_PADDING zero bytes follow it. Walkers look at it, and may change
 * what they are done with, but newlines must stay as many. */
#ifndef MDM_FILE_WINDOW_H
#define MDM_FILE_WINDOW_H

#include "file/decode.h"

#define MDM_WINDOW_PADDING 64u
/* Bytes of a field, and so of a record. (Tests take less.) */
#ifndef MDM_FIELD_MAX
#define MDM_FIELD_MAX ((size_t)256 << 20)
#endif

typedef struct mdm_window {
    char *data;
    size_t len;
    bool ended; /* no text follows data[len - 1] */
    size_t bad; /* the first place that holds NUL or no UTF-8; SIZE_MAX: none before checked */
    size_t checked;
    int64_t start; /* where data[0] is in the whole text, counting bytes from 0, BOM included */
    int64_t line;  /* the line it is in, counting from 1 */
    char newline;  /* '\n', or '\r' where that alone ends lines */
    bool decoded;  /* converted from another encoding: start counts bytes of the UTF-8 */

    const char *name; /* of the file, for messages */
    mdm_unpacker *unpacker;
    mdm_decoder *decoder; /* NULL: the file is UTF-8 */
    size_t size;
    const mdm_stop *stop;
    void (*progress)(void *self, const char *phase, int64_t done, int64_t total);
    void *progress_self;
    const char *phase;
} mdm_window;

typedef struct mdm_window_options {
    const char *path;
    mdm_file_packing packing;
    const mdm_encoding *encoding;
    const mdm_read_options *read; /* stop, progress */
    const char *phase;            /* for progress */
    bool hash;                    /* gather the hash of the file */
} mdm_window_options;

/* The first text is there after open (BOM taken off). Statuses of mdm_unpacker_open(). On failure
 * nothing is held; else mdm_window_clear(). Borrows all texts of options. */
MDM_MUST_CHECK mdm_status mdm_window_open(mdm_window *window, const mdm_window_options *options,
                                          mdm_error *err);
void mdm_window_clear(mdm_window *window); /* a zeroed one is allowed */

/* Drop data[0, keep) and read more text; what is kept moves to the front. Grows when all is kept.
 */
MDM_MUST_CHECK mdm_status mdm_window_more(mdm_window *window, size_t keep, mdm_error *err);
/* May no more than what follows data[keep] be kept? Then who walks must let go of it. */
static inline bool mdm_window_is_full(const mdm_window *window, size_t keep)
{
    return !window->ended && window->len - keep + 32 > MDM_FIELD_MAX;
}
/* Drop all text in the window and what follows up to the next newline, which is data[0] then, or to
 * the end. */
MDM_MUST_CHECK mdm_status mdm_window_skip_line(mdm_window *window, mdm_error *err);

/* Go on checking behind a bad place. */
void mdm_window_check_from(mdm_window *window, size_t from);

/* Line and byte of a place in data, both counting from 1. */
void mdm_window_place(const mdm_window *window, const char *at, int64_t *line, int64_t *byte);

/* How often a byte occurs. */
size_t mdm_count_byte(mdm_str text, char byte);

#endif
