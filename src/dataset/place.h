/* place.h - where a dataset's rows are, as the location of a database. */
#ifndef MDM_DATASET_PLACE_H
#define MDM_DATASET_PLACE_H

#include "dataset/description.h"
#include "storage/storage.h"

/* A location with the settings of the configuration, in an arena of its own. */
typedef struct mdm_place {
    mdm_arena arena;
    mdm_location location;
} mdm_place;

/* The file, or the schema of a server, where a backend keeps its rows; path and schema may be NULL. MDM_CONFIG
 * (a password file that cannot be read), MDM_NO_MEMORY. The caller clears *out. */
MDM_MUST_CHECK mdm_status mdm_place_make(const mdm_config *config, const mdm_backend *backend,
                                         const char *path, const char *schema, mdm_place *out,
                                         mdm_error *err);
/* The same for a dataset's description, whose own settings are stronger. MDM_UNSUPPORTED: its backend is
 * not built in. */
MDM_MUST_CHECK mdm_status mdm_place_of(const mdm_config *config, const mdm_description *description,
                                       mdm_place *out, mdm_error *err);
void mdm_place_clear(mdm_place *place);

/* Where the data file is now: as described, or, when that is gone, in its folder below datasets/. NULL: no
 * memory, or a server. In the description's arena. */
const char *mdm_place_file(const mdm_config *config, mdm_description *description);

#endif
