/* stats.h - the parts of dataset statistics. */
#ifndef MDM_DATASET_STATS_H
#define MDM_DATASET_STATS_H

#include <jansson.h>

#include "data/profile.h"
#include "dataset/dataset_internal.h"

/* One table of one computation. */
typedef struct mdm_stats_table {
    mdm_session *session;
    mdm_database *database;
    const mdm_table_info *info;
    mdm_str sql;             /* SELECT of the wanted columns */
    mdm_profile *profile;    /* of all rows */
    size_t column_count;
    int64_t complete_rows;   /* without any missing value */
} mdm_stats_table;

/* What a profile says of a column, in the words of the Python MDM. NULL: no memory. */
json_t *mdm_stats_column(const mdm_column_profile *profile);

/* Add percentiles, correlations and duplicates to the table's object, from all rows, by DuckDB over a
 * stream of the rows. columns: the objects made by mdm_stats_column(), by name. */
MDM_MUST_CHECK mdm_status mdm_stats_full(const mdm_stats_table *table, json_t *object,
                                         json_t *columns, mdm_error *err);

#endif
