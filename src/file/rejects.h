/* rejects.h - records that were refused one by one, kept to be shown. */
#ifndef MDM_FILE_REJECTS_H
#define MDM_FILE_REJECTS_H

#include "file/window.h"

/* How much is kept: a wrong setting must not fill the memory. All are counted. */
#define MDM_REJECTS_KEPT 100000u
#define MDM_REJECT_TEXT 1000u /* bytes */

typedef struct mdm_reject {
    int64_t line, byte;
    char *column; /* NULL: the record as a whole */
    char *reason;
    char *text; /* at most MDM_REJECT_TEXT bytes */
} mdm_reject;

typedef struct mdm_rejects {
    mdm_reject *items;
    size_t count, size;
    int64_t total; /* records, kept or not */
} mdm_rejects;

void mdm_rejects_clear(mdm_rejects *rejects); /* a zeroed one is allowed */

/* One record more. All texts are copied; text is cut at a character and made UTF-8. MDM_NO_MEMORY.
 */
MDM_MUST_CHECK mdm_status mdm_rejects_add(mdm_rejects *rejects, const mdm_reject *reject,
                                          mdm_str text, mdm_error *err);

/* In a file of another encoding the bytes count its UTF-8: make them those of the file. */
MDM_MUST_CHECK mdm_status mdm_rejects_trace(mdm_rejects *rejects, const char *path,
                                            mdm_file_packing packing, const mdm_encoding *encoding,
                                            mdm_error *err);
/* The byte (from 1) of the file that a byte (from 1) of its UTF-8 came from; 0: cannot be told. */
int64_t mdm_trace_byte(const char *path, mdm_file_packing packing, const mdm_encoding *encoding,
                       int64_t byte);

/* As a stream of file, line, byte, column, reason, text. rejects must outlive it. */
MDM_MUST_CHECK mdm_status mdm_rejects_stream(const mdm_rejects *rejects, const char *file,
                                             mdm_stream *out, mdm_error *err);

#endif
