#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "opening.h"

static void each_option_has_a_long_and_perhaps_a_short_variable(void **state)
{
    opening *o = *state;
    o->environment[0] = "MDM_POOL_SIZE=7";
    o->environment[1] = "MDM_DATABASE_DEFAULT_BACKEND=SQLite";
    o->environment[2] = "MDM_PERFORMANCE_OFF=cache,pool";
    o->environment[3] = "MDM_SLOW_QUERY_MS=5";
    o->environment[4] = "MDM_LOGGING_FILE=";
    mdm_config *config = opened(o);
    assert_int_equal(mdm_config_int(config, "performance.pool.size"), 7);
    assert_string_equal(origin_of(config, "performance.pool.size"), "environment MDM_POOL_SIZE");
    assert_string_equal(mdm_config_text(config, "database.default_backend"), "sqlite");
    assert_true(mdm_config_off(config, "cache") && mdm_config_off(config, "pool"));
    assert_false(mdm_config_off(config, "batch"));
    assert_int_equal(mdm_config_int(config, "performance.monitor.slow_query_ms"), 5);
    assert_string_equal(mdm_config_text(config, "logging.file"),
                        ""); /* empty is a value of a path */
    assert_null(mdm_config_unknown_environment(config, 0));
    mdm_config_close(config);
}

static void the_long_name_goes_before_the_short_and_that_before_former_ones(void **state)
{
    opening *o = *state;
    o->environment[0] = "MDM_DATABASE_SQLALCHEMY_POOL_SIZE=3";
    mdm_config *config = opened(o);
    assert_int_equal(mdm_config_int(config, "performance.pool.size"), 3);
    mdm_config_close(config);
    o->environment[1] = "MDM_POOL_SIZE=4";
    config = opened(o);
    assert_int_equal(mdm_config_int(config, "performance.pool.size"), 4);
    mdm_config_close(config);
    o->environment[2] = "MDM_PERFORMANCE_POOL_SIZE=5";
    config = opened(o);
    assert_int_equal(mdm_config_int(config, "performance.pool.size"), 5);
    assert_null(mdm_config_unknown_environment(config, 0));
    mdm_config_close(config);
}

/* performance.batch_size and performance.batch.size share a variable, monitoring.* is a whole
 * section. */
static void former_sections_have_variables_too(void **state)
{
    opening *o = *state;
    o->environment[0] = "MDM_PERFORMANCE_BATCH_SIZE=9";
    o->environment[1] = "MDM_MONITORING_SAMPLE_INTERVAL=7";
    mdm_config *config = opened(o);
    assert_int_equal(mdm_config_int(config, "performance.batch.size"), 9);
    assert_true(mdm_config_real(config, "performance.monitor.sample_interval") == 7);
    mdm_config_close(config);
}

static void an_empty_variable_is_unset_where_nothing_is_no_value(void **state)
{
    opening *o = *state;
    o->environment[0] = "MDM_POOL_SIZE=";
    o->environment[1] = "MDM_CACHE_POLICY=";
    o->environment[2] = "MDM_DATABASE_DUCKDB_THREADS=";
    mdm_config *config = opened(o);
    assert_string_equal(origin_of(config, "performance.pool.size"), "default");
    assert_string_equal(origin_of(config, "performance.cache.policy"), "default");
    assert_string_equal(mdm_config_text(config, "database.duckdb.threads"), "auto");
    mdm_config_close(config);
}

static void a_wrong_value_names_its_variable(void **state)
{
    opening *o = *state;
    o->environment[0] = "MDM_POOL_SIZE=0";
    assert_string_equal(refused(o, MDM_CONFIG),
                        "MDM_POOL_SIZE: performance.pool.size: '0' is not a "
                        "whole number from 1 to 1000");
    o->environment[0] = "MDM_CACHE_POLICY=lur";
    assert_string_equal(
        refused(o, MDM_CONFIG),
        "MDM_CACHE_POLICY: performance.cache.policy: 'lur' is not one of lru, ttl, fifo, "
        "s3fifo");
    assert_string_equal(o->err.hint, "did you mean 'lru'?");
    o->environment[0] = "MDM_DATABASE_POSTGRESQL_HOST=a\x1b[2J";
    assert_string_equal(refused(o, MDM_CONFIG),
                        "MDM_DATABASE_POSTGRESQL_HOST: database.postgresql.host: the value holds a "
                        "control character (\\x1b)");
}

static void unknown_variables_are_found(void **state)
{
    opening *o = *state;
    o->environment[0] = "MDM_POOL_SISE=1";
    o->environment[1] = "MDM_XYZZY=1";
    o->environment[2] = "MDM_HOME_DIR=/x";
    o->environment[3] = "MDM_PAGER=less";
    o->environment[4] = "MDM_FEATURE_ENGINEERING_ENABLED=1";
    o->environment[5] = "OTHER_POOL_SISE=1";
    mdm_config *config = opened(o);
    assert_string_equal(mdm_config_unknown_environment(config, 0),
                        "MDM_POOL_SISE: no such setting, did you mean MDM_POOL_SIZE?");
    assert_string_equal(mdm_config_unknown_environment(config, 1), "MDM_XYZZY: no such setting");
    assert_null(mdm_config_unknown_environment(config, 2));
    mdm_config_close(config);
}

static void the_processs_own_environment_is_the_default(void **state)
{
    opening *o = *state;
    mdm_config *config = NULL;
    const mdm_config_sources sources = {.home = o->folder};
    setenv("MDM_POOL_SIZE", "11", 1);
    assert_int_equal(mdm_config_open(&sources, &config, NULL), MDM_OK);
    unsetenv("MDM_POOL_SIZE");
    assert_int_equal(mdm_config_int(config, "performance.pool.size"), 11);
    mdm_config_close(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_HOME(each_option_has_a_long_and_perhaps_a_short_variable),
        IN_HOME(the_long_name_goes_before_the_short_and_that_before_former_ones),
        IN_HOME(former_sections_have_variables_too),
        IN_HOME(an_empty_variable_is_unset_where_nothing_is_no_value),
        IN_HOME(a_wrong_value_names_its_variable),
        IN_HOME(unknown_variables_are_found),
        IN_HOME(the_processs_own_environment_is_the_default),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
