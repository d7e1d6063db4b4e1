/* dataset_internal.h - what the files of this room share. */
#ifndef MDM_DATASET_INTERNAL_H
#define MDM_DATASET_INTERNAL_H

#include "base/io.h"
#include "dataset/description.h"
#include "mdm/dataset.h"
#include "mdm/session.h"

struct mdm_dataset {
    mdm_description description; /* info is its info */
    const char *table_key;       /* of NAME:TABLE; NULL: none was named */
    mdm_column_info *columns;    /* read when first asked, in the description's arena; NULL: not yet */
    size_t column_count;
};

/* Read the description of a normalised name. MDM_NOT_FOUND without hint, MDM_FORMAT. */
MDM_MUST_CHECK mdm_status mdm_dataset_read(mdm_session *session, const char *name, mdm_dataset **out,
                                           mdm_error *err);
/* Fill in what the description does not say: absolute path, size, whether the data are there. */
void mdm_dataset_complete(mdm_session *session, mdm_description *description);

/* The folder below datasets/ that its data have. */
const char *mdm_dataset_folder(const mdm_description *description);
/* Write a description again, with the time of now as its last change; whoever asks has claimed its
 * folder. */
MDM_MUST_CHECK mdm_status mdm_dataset_rewrite(mdm_session *session, mdm_description *description,
                                              mdm_error *err);

/* Names of all descriptions, sorted; mdm_names_free(). An absent folder has none. */
MDM_MUST_CHECK mdm_status mdm_dataset_names(mdm_session *session, mdm_names *out, mdm_error *err);

/* Run sql (one statement, of our own) and hand out its rows, or none. */
MDM_MUST_CHECK mdm_status mdm_dataset_ask(mdm_session *session, mdm_database *database, mdm_str sql,
                                          mdm_rows **out, mdm_error *err);

/* The mdm_is_described of staging.h; self is the session. */
bool mdm_dataset_folder_is_described(void *self, const char *folder);
/* The mdm_drop_schema of staging.h; self is the session. */
mdm_status mdm_dataset_drop_schema(void *self, const char *schema, const char *id, mdm_error *err);

#endif
