#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/settings.h"

static void every_default_is_a_value_that_is_allowed(void **state)
{
    (void)state;
    for (size_t i = 0; i < mdm_option_count; i++) {
        mdm_setting setting;
        mdm_error err;
        if (mdm_setting_parse(&mdm_option_rows[i], mdm_str_from(mdm_option_rows[i].preset),
                              &setting, &err) != MDM_OK)
            fail_msg("%s", err.message);
        assert_string_equal(setting.text, mdm_option_rows[i].preset);
        mdm_setting_clear(&setting);
    }
}

static void every_option_is_explained_in_one_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < mdm_option_count; i++) {
        const mdm_option_row *row = &mdm_option_rows[i];
        assert_non_null(row->allowed);
        if (strlen(row->doc) < 5 || strchr(row->doc, '\n') || row->doc[strlen(row->doc) - 1] == '.')
            fail_msg("%s: %s", row->path, row->doc);
        assert_true(strlen(row->path) < MDM_OPTION_PATH_SIZE);
    }
}

/* A variable that two options answer to would set both. */
static void no_path_and_no_variable_is_there_twice(void **state)
{
    (void)state;
    for (size_t i = 0; i < mdm_option_count; i++)
        for (size_t k = 0; k < mdm_option_count; k++) {
            if (i == k) continue;
            const mdm_option_row *a = &mdm_option_rows[i], *b = &mdm_option_rows[k];
            assert_string_not_equal(a->path, b->path);
            assert_string_not_equal(mdm_option_long_variable(i), mdm_option_long_variable(k));
            if (a->variable) assert_string_not_equal(a->variable, mdm_option_long_variable(k));
            if (a->variable && b->variable) assert_string_not_equal(a->variable, b->variable);
        }
}

static void variables_are_the_path_in_capitals(void **state)
{
    (void)state;
    char room[MDM_VARIABLE_SIZE];
    mdm_option_variable("performance.pool.max_overflow", room);
    assert_string_equal(room, "MDM_PERFORMANCE_POOL_MAX_OVERFLOW");
}

static void former_names_lead_to_options(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"performance.batch_size", "performance.batch.size"},
        {"performance.chunk_size", "performance.batch.size"},
        {"performance.max_workers", "performance.batch.max_workers"},
        {"performance.enable_progress", "cli.show_progress"},
        {"database.sqlalchemy.pool_size", "performance.pool.size"},
        {"database.sqlalchemy.max_overflow", "performance.pool.max_overflow"},
        {"database.sqlalchemy.pool_timeout", "performance.pool.timeout"},
        {"database.sqlalchemy.pool_recycle", "performance.pool.recycle"},
        {"cache.ttl", "performance.cache.default_ttl"},
        {"logging.max_size", "logging.max_bytes"},
        {"cli.default_limit", "cli.page_size"},
        {"monitoring.sample_interval", "performance.monitor.sample_interval"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t row;
        assert_true(mdm_option_find(cases[i][0], &row));
        assert_string_equal(mdm_option_rows[row].path, cases[i][1]);
    }
    size_t row;
    assert_false(mdm_option_find("monitoring.", &row));
    assert_false(mdm_option_find("monitoring.nothing", &row));
    assert_false(mdm_option_find("performance.batch_sizes", &row));
    assert_false(mdm_option_find("performance.pool", &row));
}

static void keys_of_other_versions_are_known_and_no_options(void **state)
{
    (void)state;
    static const char *const others[] = {"feature_engineering.enabled",
                                         "features.x",
                                         "api.host",
                                         "validation.before_features.min_rows",
                                         "performance.monitor.alerts",
                                         "performance.use_categorical"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        size_t row;
        assert_non_null(mdm_option_other_find(others[i]));
        assert_false(mdm_option_find(others[i], &row));
    }
    assert_null(mdm_option_other_find("feature_engineering_too"));
    assert_null(mdm_option_other_find("performance.pool.size"));
}

static void sections_are_what_has_something_below(void **state)
{
    (void)state;
    assert_true(mdm_option_is_section("performance"));
    assert_true(mdm_option_is_section("performance.pool"));
    assert_true(mdm_option_is_section("monitoring"));
    assert_true(mdm_option_is_section("cache"));
    assert_false(mdm_option_is_section("performance.pool.size"));
    assert_false(mdm_option_is_section("perform"));
    assert_false(mdm_option_is_section(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_default_is_a_value_that_is_allowed),
        cmocka_unit_test(every_option_is_explained_in_one_line),
        cmocka_unit_test(no_path_and_no_variable_is_there_twice),
        cmocka_unit_test(variables_are_the_path_in_capitals),
        cmocka_unit_test(former_names_lead_to_options),
        cmocka_unit_test(keys_of_other_versions_are_known_and_no_options),
        cmocka_unit_test(sections_are_what_has_something_below),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
