/* columns.h - what is known of the columns, from a profile or from the bookkeeping tables. */
#ifndef MDM_DATASET_COLUMNS_H
#define MDM_DATASET_COLUMNS_H

#include <jansson.h>

#include "data/profile.h"
#include "dataset/dataset_internal.h"

/* All but table, type and role; texts in arena. */
mdm_column_info mdm_columns_of_profile(mdm_arena *arena, const mdm_dialect *dialect,
                                       const mdm_column_profile *profile);
/* Rows that have no value once stored: a database without NaN holds NULL there. */
int64_t mdm_columns_missing(const mdm_dialect *dialect, const mdm_column_profile *profile);
/* Bytes of all values as they lie in memory, also of those of one width. */
int64_t mdm_columns_bytes(const mdm_column_profile *profile);

/* The description as a JSON object, owned by the caller. */
MDM_MUST_CHECK mdm_status mdm_description_json(const mdm_description *description, json_t **out,
                                               mdm_error *err);
/* The description as datasets/NAME/dataset_info.json in folder; what the YAML says, as JSON. */
MDM_MUST_CHECK mdm_status mdm_description_json_write(const mdm_description *description,
                                                     const char *folder, mdm_error *err);

#endif
