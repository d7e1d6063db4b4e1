/* catalog.h - the bookkeeping tables beside a dataset's own: _columns, _statistics, _metadata, _rejects.
 * Names and columns are those of the Python MDM 1.0; what we know besides lies in their JSON columns. */
#ifndef MDM_DATASET_CATALOG_H
#define MDM_DATASET_CATALOG_H

#include <jansson.h>

#include "dataset/detect.h"
#include "dataset/load.h"

/* Write _columns, _statistics and _metadata for all tables, and _rejects where a record was refused. */
MDM_MUST_CHECK mdm_status mdm_catalog_write(mdm_loading *loading, const mdm_loaded *tables,
                                            size_t count, const mdm_detected *detected,
                                            mdm_error *err);

/* Everything the profile of a column knows, as JSON; NULL: no memory. */
json_t *mdm_catalog_profile_json(const mdm_column_profile *profile);

/* Is this one of the tables above (their names begin with '_')? */
bool mdm_catalog_is_table(const char *name);

#endif
