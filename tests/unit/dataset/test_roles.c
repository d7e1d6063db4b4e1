/* What columns are for: decided from names and figures. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dataset/roles.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define BINARY "binary_classification"
#define MULTICLASS "multiclass_classification"
#define REGRESSION "regression"

/* --- ids ---------------------------------------------------------------------------- */

static void an_id_is_known_by_its_name_as_a_whole_word(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool is_id;
    } names[] = {
        {"id", true},          {"ID", true},          {"Id", true},        {"index", true},
        {"idx", true},         {"key", true},         {"pk", true},        {"customer_id", true},
        {"ROW_IDX", true},     {"sort_key", true},    {"t_pk", true},      {"id_customer", true},
        {"PassengerId", true}, {"userID", true},      {"user2ID", true},   {"userid", true},
        {"orderid", true},     {"itemid", true},      {"paid", false},     {"grid", false},
        {"valid", false},      {"Valid", false},      {"PAID", false},     {"idea", false},
        {"ident", false},      {"keyboard", false},   {"monkey", false},   {"indexes", false},
        {"", false},           {"d", false},          {"żid", false},
    };
    for (size_t i = 0; i < COUNT(names); i++)
        if (mdm_role_is_id_name(names[i].name) != names[i].is_id)
            fail_msg("'%s' is %s id", names[i].name, names[i].is_id ? "no" : "an");
}

static void another_name_ending_in_id_counts_only_with_distinct_values(void **state)
{
    (void)state;
    mdm_column_profile column = {.name = "grid", .rows = 3, .distinct = 3, .unique = MDM_YES};
    assert_true(mdm_role_is_id(&column));
    column.unique = MDM_NO;
    assert_false(mdm_role_is_id(&column));
    column.unique = MDM_UNKNOWN;
    assert_false(mdm_role_is_id(&column));
    column = (mdm_column_profile){.name = "grid", .unique = MDM_YES};
    assert_false(mdm_role_is_id(&column)); /* no rows: nothing is told */
    column = (mdm_column_profile){.name = "price", .rows = 3, .distinct = 3, .unique = MDM_YES};
    assert_false(mdm_role_is_id(&column));
    column = (mdm_column_profile){.name = "PassengerId", .rows = 3, .nulls = 1, .unique = MDM_NO};
    assert_true(mdm_role_is_id(&column));
}

/* --- column types --------------------------------------------------------------------- */

static void a_columns_role_follows_from_its_type_and_distinct_values(void **state)
{
    (void)state;
    static const mdm_role_options options = {.categorical_threshold = 20, .text_min_length = 50};
    static const struct {
        mdm_type_id type;
        int64_t nulls, distinct;
        double mean_length;
        mdm_role role;
    } columns[] = {
        {MDM_TYPE_INT64, 0, 2, NAN, MDM_ROLE_NUMERIC},
        {MDM_TYPE_DOUBLE, 0, 90, NAN, MDM_ROLE_NUMERIC},
        {MDM_TYPE_DECIMAL, 0, 90, NAN, MDM_ROLE_NUMERIC},
        {MDM_TYPE_INT64, 100, 0, NAN, MDM_ROLE_CATEGORICAL}, /* no value at all */
        {MDM_TYPE_BOOL, 0, 2, NAN, MDM_ROLE_CATEGORICAL},
        {MDM_TYPE_DATE, 0, 90, NAN, MDM_ROLE_DATETIME},
        {MDM_TYPE_TIMESTAMPTZ, 99, 1, NAN, MDM_ROLE_DATETIME},
        {MDM_TYPE_TEXT, 0, 20, 5, MDM_ROLE_CATEGORICAL},
        {MDM_TYPE_TEXT, 0, 21, 5, MDM_ROLE_TEXT},
        {MDM_TYPE_TEXT, 0, 20, 49.9, MDM_ROLE_CATEGORICAL},
        {MDM_TYPE_TEXT, 0, 20, 50, MDM_ROLE_TEXT},
        {MDM_TYPE_BLOB, 0, 2, 5, MDM_ROLE_TEXT},
    };
    for (size_t i = 0; i < COUNT(columns); i++) {
        const mdm_column_profile column = {.name = "c",
                                           .type = {columns[i].type, 0, 0},
                                           .rows = 100,
                                           .nulls = columns[i].nulls,
                                           .distinct = columns[i].distinct,
                                           .mean_length = columns[i].mean_length};
        const mdm_role role = mdm_role_of(&column, &options);
        if (role != columns[i].role) fail_msg("column %zu is %s", i, mdm_role_text(role));
    }
}

static void every_role_has_its_word(void **state)
{
    (void)state;
    assert_string_equal(mdm_role_text(MDM_ROLE_NUMERIC), "numeric");
    assert_string_equal(mdm_role_text(MDM_ROLE_CATEGORICAL), "categorical");
    assert_string_equal(mdm_role_text(MDM_ROLE_DATETIME), "datetime");
    assert_string_equal(mdm_role_text(MDM_ROLE_TEXT), "text");
    assert_string_equal(mdm_role_text(MDM_ROLE_ID), "id");
    assert_string_equal(mdm_role_text(MDM_ROLE_TARGET), "target");
}

/* --- problem types ---------------------------------------------------------------------- */

static void the_problem_type_follows_from_all_values_of_the_target(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        mdm_type_id type;
        int64_t rows, nulls, distinct;
        bool integral;
        const char *problem; /* NULL: cannot be told */
    } targets[] = {
        {"y", MDM_TYPE_INT64, 1000, 0, 2, true, BINARY},
        {"y", MDM_TYPE_TEXT, 1000, 0, 2, false, BINARY},
        {"y", MDM_TYPE_BOOL, 1000, 10, 2, false, BINARY},
        {"price", MDM_TYPE_DOUBLE, 1000, 0, 2, false, BINARY}, /* two values come first */
        {"price", MDM_TYPE_INT64, 1000, 0, 5, true, REGRESSION},
        {"sale_price", MDM_TYPE_INT64, 1000, 0, 5, true, REGRESSION},
        {"salePrice", MDM_TYPE_INT64, 1000, 0, 5, true, REGRESSION},
        {"SalePrice", MDM_TYPE_INT64, 1000, 0, 5, true, REGRESSION},
        {"Age", MDM_TYPE_INT64, 1000, 0, 5, true, REGRESSION},
        {"age_at_death", MDM_TYPE_INT64, 1000, 0, 5, true, REGRESSION},
        {"Damaged", MDM_TYPE_INT64, 1000, 0, 5, true, MULTICLASS}, /* holds no word "age" */
        {"page", MDM_TYPE_INT64, 1000, 0, 5, true, MULTICLASS},
        {"price", MDM_TYPE_TEXT, 1000, 0, 5, false, MULTICLASS}, /* no number */
        {"y", MDM_TYPE_DOUBLE, 1000, 0, 19, false, MULTICLASS},
        {"y", MDM_TYPE_DOUBLE, 1000, 0, 20, false, REGRESSION},
        {"y", MDM_TYPE_INT64, 150, 0, 15, true, MULTICLASS}, /* integral, up to 20 */
        {"y", MDM_TYPE_INT64, 150, 0, 20, true, MULTICLASS},
        {"y", MDM_TYPE_INT64, 150, 0, 21, true, REGRESSION},
        {"y", MDM_TYPE_DOUBLE, 150, 0, 15, false, REGRESSION}, /* exactly 10 % is not under it */
        {"y", MDM_TYPE_TEXT, 30, 0, 20, false, MULTICLASS},
        {"y", MDM_TYPE_TEXT, 30, 0, 21, false, NULL},
        {"y", MDM_TYPE_DATE, 30, 0, 25, false, NULL},
        {"y", MDM_TYPE_DOUBLE, 10, 10, 0, true, NULL}, /* no value: the name must tell */
        {"is_spam", MDM_TYPE_DOUBLE, 10, 10, 0, true, MULTICLASS},
        {"target", MDM_TYPE_DOUBLE, 0, 0, 0, true, MULTICLASS},
        {"iris", MDM_TYPE_DOUBLE, 0, 0, 0, true, NULL}, /* holds no word "is" */
    };
    for (size_t i = 0; i < COUNT(targets); i++) {
        const mdm_column_profile target = {.name = targets[i].name,
                                           .type = {targets[i].type, 0, 0},
                                           .rows = targets[i].rows,
                                           .nulls = targets[i].nulls,
                                           .distinct = targets[i].distinct,
                                           .integral = targets[i].integral};
        const char *problem = mdm_problem_type_of(&target), *wanted = targets[i].problem;
        if (strcmp(problem ? problem : "none", wanted ? wanted : "none") != 0)
            fail_msg("target %zu, '%s': %s", i, targets[i].name, problem ? problem : "none");
    }
}

static void five_problem_types_are_stored_however_they_are_written(void **state)
{
    (void)state;
    static const struct {
        const char *written, *stored;
    } words[] = {
        {"binary", BINARY},           {"binary_classification", BINARY},
        {"multiclass", MULTICLASS},   {"multiclass_classification", MULTICLASS},
        {"classification", MULTICLASS}, {"Regression", REGRESSION},
        {"time-series", "time_series"}, {"time_series", "time_series"},
        {"clustering", "clustering"},
    };
    const char *stored;
    mdm_error err = {0};
    for (size_t i = 0; i < COUNT(words); i++) {
        assert_int_equal(mdm_problem_type_parse(words[i].written, &stored, &err), MDM_OK);
        assert_string_equal(stored, words[i].stored);
    }
    assert_int_equal(mdm_problem_type_parse("ranking", &stored, &err), MDM_INVALID);
    assert_non_null(strstr(err.message, "'ranking'"));
    assert_non_null(strstr(err.message, "clustering"));
}

/* --- submissions -------------------------------------------------------------------------- */

static void a_submissions_target_is_its_last_column_that_is_no_id(void **state)
{
    (void)state;
    static const char *const titanic[] = {"PassengerId", "Survived"};
    static const char *const two_ids[] = {"id", "session_id"};
    static const char *const three_ids[] = {"id", "session_id", "user_id"};
    static const char *const id_last[] = {"Score", "row_id"};
    static const char *const classes[] = {"id", "Class_1", "Class_2"};
    static const char *const alone[] = {"id"};
    assert_int_equal(mdm_submission_target(titanic, 2), 1);
    assert_int_equal(mdm_submission_target(two_ids, 2), 1);
    assert_int_equal(mdm_submission_target(three_ids, 3), SIZE_MAX);
    assert_int_equal(mdm_submission_target(id_last, 2), 0);
    assert_int_equal(mdm_submission_target(classes, 3), 2);
    assert_int_equal(mdm_submission_target(alone, 1), SIZE_MAX);
    assert_int_equal(mdm_submission_target(NULL, 0), SIZE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_is_known_by_its_name_as_a_whole_word),
        cmocka_unit_test(another_name_ending_in_id_counts_only_with_distinct_values),
        cmocka_unit_test(a_columns_role_follows_from_its_type_and_distinct_values),
        cmocka_unit_test(every_role_has_its_word),
        cmocka_unit_test(the_problem_type_follows_from_all_values_of_the_target),
        cmocka_unit_test(five_problem_types_are_stored_however_they_are_written),
        cmocka_unit_test(a_submissions_target_is_its_last_column_that_is_no_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
