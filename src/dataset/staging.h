/* staging.h - a name is free or whole: how data come into the home and leave it.
 *
 *     begin    datasets/.staging-ID/ with a locked file `owner`: a lock of the kernel dies with us
 *     ...      load into it
 *     place    sync, rename to datasets/NAME (NAME.2, ... when taken); the lock travels with it
 *     publish  the description, by a rename that replaces nothing: this is the commit
 *
 * Until publish has succeeded mdm_staging_abandon() removes everything; when we are killed any later
 * writing command does: mdm_heal(). */
#ifndef MDM_DATASET_STAGING_H
#define MDM_DATASET_STAGING_H

#include "dataset/home.h"

#define MDM_STAGING_ID 32 /* characters: 128 random bits in hex */

typedef struct mdm_staging {
    const mdm_config *config;
    char id[MDM_STAGING_ID + 1];
    char *name;   /* of the dataset */
    char *file_name; /* the same, short enough for file names */
    char *folder; /* below datasets/: ".staging-ID", then "NAME" or "NAME.2" */
    char *path;   /* the same, absolute */
    mdm_lock owner;
} mdm_staging;

/* What a dead owner left in a server. Not MDM_OK: the folder stays, and the next healer tries again. */
typedef mdm_status mdm_drop_schema(void *self, const char *schema, const char *id, mdm_error *err);
/* Does a description point to this folder? */
typedef bool mdm_is_described(void *self, const char *folder);

/* name is normalised. MDM_IO, MDM_PERMISSION, MDM_NO_MEMORY. The caller ends *out with publish or abandon. */
MDM_MUST_CHECK mdm_status mdm_staging_begin(const mdm_config *config, const char *name,
                                            mdm_staging *out, mdm_error *err);
/* Note in the owner file which schemas of a server belong to it. */
MDM_MUST_CHECK mdm_status mdm_staging_note_schema(mdm_staging *staging, const char *schema,
                                                  mdm_error *err);
/* The data are complete and closed: sync all files, rename the folder. */
MDM_MUST_CHECK mdm_status mdm_staging_place(mdm_staging *staging, mdm_error *err);
/* Publish the description. replace: over an existing one, else MDM_EXISTS. Once it stands *staging is
 * cleared; that may be the case after a failure, too (its sync failed and it had replaced another): then
 * the old data must stay as well. */
MDM_MUST_CHECK mdm_status mdm_staging_publish(mdm_staging *staging, mdm_str description,
                                              bool replace, mdm_error *err);
/* Remove what is there; a cleared staging is allowed. Schemas are the caller's to drop. */
void mdm_staging_abandon(mdm_staging *staging);

/* --- an existing dataset ------------------------------------------------------- */

/* Become the one who changes the data folder: a locked owner file in it, which names its schema in a server
 * (id, schema: of its description, may be NULL), so that a healer can finish what we began. MDM_BUSY: another
 * one does. MDM_NOT_FOUND: there is no such folder. */
MDM_MUST_CHECK mdm_status mdm_folder_claim(const mdm_config *config, const char *folder,
                                           const char *id, const char *schema, mdm_lock *owner,
                                           mdm_error *err);
/* Done changing: the owner file goes, then the lock. */
void mdm_folder_release(const mdm_config *config, const char *folder, mdm_lock *owner);
/* No description points to it any more: rename it to .dead-ID and delete it. */
MDM_MUST_CHECK mdm_status mdm_folder_discard(const mdm_config *config, const char *folder,
                                             mdm_error *err);

/* --- healing --------------------------------------------------------------------- */

/* Remove what dead owners left. Called by every writing command before its own work; what cannot be
 * removed now is left for the next. removed (may be NULL): how many folders and files went. */
MDM_MUST_CHECK mdm_status mdm_heal(const mdm_config *config, mdm_is_described *is_described,
                                   mdm_drop_schema *drop, void *self, int *removed, mdm_error *err);

#endif
