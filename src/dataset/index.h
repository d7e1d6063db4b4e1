/* index.h - index.db: the descriptions once more, so that listing many datasets need not parse many files.
 *
 * It is disposable: an entry counts only as long as the stamp (inode, size, time of change) of its
 * description file is the one noted, and was older than two seconds when it was noted (a
 * younger one may have been changed again within the clock's grain). A damaged, absent or
 * unwritable index is no failure: the descriptions are read instead. */
#ifndef MDM_DATASET_INDEX_H
#define MDM_DATASET_INDEX_H

#include "dataset/dataset_internal.h"

typedef struct mdm_index mdm_index;

/* All entries of the home's index. *out is NULL when there is none that can be used; then
 * every look-up finds nothing. Only MDM_NO_MEMORY is a failure. */
MDM_MUST_CHECK mdm_status mdm_index_open(const mdm_config *config, mdm_index **out, mdm_error *err);

/* The entry of a description file, if it still holds: *out is a dataset, owned by the caller; else
 * NULL. index may be NULL. */
MDM_MUST_CHECK mdm_status mdm_index_find(mdm_index *index, const char *name, const mdm_path_stat *stamp,
                                         mdm_dataset **out, mdm_error *err);
/* Note what was read from the file with that stamp; written when the index is closed. */
void mdm_index_note(mdm_index *index, const char *name, const mdm_path_stat *stamp,
                    const mdm_dataset *dataset);
/* Write what was noted, drop entries that were not looked for, close. NULL allowed. */
void mdm_index_close(mdm_index *index);

#endif
