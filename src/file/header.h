/* header.h - names of columns as a database can have them. */
#ifndef MDM_FILE_HEADER_H
#define MDM_FILE_HEADER_H

#include "file/notes.h"

typedef struct mdm_header {
    char **names;
    size_t count;
} mdm_header;

/* Names from a file's header: an empty one becomes column_N, one that is there already (upper and
 * lower case are one, as in databases) gets .1, .2, ...; control characters become '_'. Notes say
 * it. headerless: all are called column_N. MDM_NO_MEMORY. */
MDM_MUST_CHECK mdm_status mdm_header_init(mdm_header *header, const mdm_str *fields, size_t count,
                                          bool headerless, mdm_notes *notes, mdm_error *err);
void mdm_header_clear(mdm_header *header); /* a zeroed one is allowed */

/* Are so many columns too many? max as in mdm_read_options. MDM_FORMAT. */
#define MDM_COLUMNS_MAX 65535u
MDM_MUST_CHECK mdm_status mdm_width_judge(const char *name, size_t count, size_t max,
                                          mdm_error *err);

#endif
