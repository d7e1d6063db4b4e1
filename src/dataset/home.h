/* home.h - the folders of the home, and the locks that order who changes them. */
#ifndef MDM_DATASET_HOME_H
#define MDM_DATASET_HOME_H

#include "base/io.h"
#include "mdm/config.h"

/* Make the home and its folders (0700) where they are absent: before anything is written. MDM_PERMISSION,
 * MDM_IO. */
MDM_MUST_CHECK mdm_status mdm_home_prepare(const mdm_config *config, mdm_error *err);

/* A dataset's name as part of file names: names of many wide characters are cut, with a hash (a file
 * name holds 255 bytes), into text of MDM_HOME_NAME bytes; returns text. */
#define MDM_HOME_NAME 224
char *mdm_home_name(const char *name, char text[MDM_HOME_NAME]);

/* Absolute paths; the caller frees them: mdm_free(). NULL: no memory. */
MDM_MUST_CHECK char *mdm_home_data_folder(const mdm_config *config, const char *folder);
MDM_MUST_CHECK char *mdm_home_description(const mdm_config *config, const char *name);

/* The lock of datasets/. Shared: a staging folder is being made, or a description published. Exclusive
 * (never waited for): nobody is between two steps of these, so what has no owner now is dead. */
MDM_MUST_CHECK mdm_status mdm_home_lock(const mdm_config *config, mdm_lock_mode mode, mdm_lock *out,
                                        mdm_error *err);

#endif
