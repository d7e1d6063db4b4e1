/* detect.h - ids, target, problem type and the types of all columns of what was loaded. */
#ifndef MDM_DATASET_DETECT_H
#define MDM_DATASET_DETECT_H

#include "dataset/load.h"
#include "dataset/roles.h"

typedef struct mdm_detected {
    const char *target;             /* NULL: none */
    const char *problem_type;       /* NULL: not told */
    const char *const *id_columns;
    size_t id_column_count;
    const char *const *datetime_columns;
    size_t datetime_column_count;
    mdm_role **roles;               /* roles[table][column] */
} mdm_detected;

/* The user's wishes are stronger than what is found. MDM_INVALID: a wish names a column that no table
 * has (hint: the nearest). Everything in *out lies in loading's arena. */
MDM_MUST_CHECK mdm_status mdm_detect(mdm_loading *loading, const mdm_loaded *tables, size_t count,
                                     bool kaggle, mdm_detected *out, mdm_error *err);

/* The table that decides: train, else data, else the only data table, else the first. */
size_t mdm_detect_main_table(const mdm_loaded *tables, size_t count);
/* sample_submission holds answers, not data. */
bool mdm_is_data_table(const char *key);

#endif
