/* notes.h - sentences for the user. */
#ifndef MDM_FILE_NOTES_H
#define MDM_FILE_NOTES_H

#include "mdm/base.h"

typedef struct mdm_notes {
    char **items;
    size_t count, size;
    bool failed; /* one is missing for want of memory */
} mdm_notes;

void mdm_notes_clear(mdm_notes *notes); /* a zeroed one is allowed */
/* Add freely and look at failed at the end. */
void mdm_notes_add(mdm_notes *notes, const char *format, ...) MDM_PRINTF(2, 3);

#endif
