/* roles.h - what columns are for: ids, target, problem type, column types. Pure decisions over
 * names and figures from all rows; nothing is read here. */
#ifndef MDM_DATASET_ROLES_H
#define MDM_DATASET_ROLES_H

#include "data/profile.h"
#include "mdm/base.h"

typedef enum mdm_role {
    MDM_ROLE_NUMERIC,
    MDM_ROLE_CATEGORICAL,
    MDM_ROLE_DATETIME,
    MDM_ROLE_TEXT,
    MDM_ROLE_ID,
    MDM_ROLE_TARGET
} mdm_role;

const char *mdm_role_text(mdm_role role); /* "numeric", ... */

typedef struct mdm_role_options {
    int64_t categorical_threshold; /* distinct values up to which text is categorical */
    double text_min_length;        /* mean length from which it is text all the same */
} mdm_role_options;

/* Does a column hold ids? By its name as a whole word ("customer_id", "PassengerId"), or by a name that
 * merely ends in id ("paid" does not count) when its values are distinct and never NULL. */
bool mdm_role_is_id(const mdm_column_profile *column);
/* The name alone says so. */
bool mdm_role_is_id_name(const char *name);

/* What a column is, unless the user or its being id or target says otherwise. */
mdm_role mdm_role_of(const mdm_column_profile *column, const mdm_role_options *options);

/* The problem type that a target stands for, from all its rows: one of binary_classification,
 * multiclass_classification, regression, or NULL when it cannot be told. */
const char *mdm_problem_type_of(const mdm_column_profile *target);

/* The stored word for what a user wrote ("classification", "time-series", "binary", ...). MDM_INVALID lists
 * the five words. */
MDM_MUST_CHECK mdm_status mdm_problem_type_parse(const char *text, const char **out,
                                                 mdm_error *err);

/* The target of a Kaggle submission, by its header: the last name that is no id name; if all are and
 * there are two, the second. SIZE_MAX: none. */
size_t mdm_submission_target(const char *const *names, size_t count);

#endif
