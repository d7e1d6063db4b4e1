#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "opening.h"

static void values_come_from_the_file_with_their_lines(void **state)
{
    opening *o = *state;
    mdm_config *config = opened_with(o, "performance:\n"
                                        "  pool:\n"
                                        "    size: 7\n"
                                        "    timeout: 2.5\n"
                                        "  off: [cache, Pool]\n"
                                        "loading:\n"
                                        "  null_values:\n"
                                        "  - NA\n"
                                        "  - a,b\n"
                                        "logging: {level: debug, file: null}\n"
                                        "database:\n");
    assert_int_equal(mdm_config_int(config, "performance.pool.size"), 7);
    assert_true(mdm_config_real(config, "performance.pool.timeout") == 2.5);
    assert_string_equal(mdm_config_text(config, "logging.level"), "DEBUG");
    assert_string_equal(value_of(config, "performance.off"), "cache,pool");
    const char *const *items;
    assert_int_equal(mdm_config_list(config, "loading.null_values", &items), 2);
    assert_string_equal(items[1], "a,b");
    /* null: as if it were not there */
    assert_string_equal(mdm_config_text(config, "logging.file"),
                        test_path(o->folder, "logs/mdm.log"));
    assert_string_equal(origin_of(config, "performance.pool.timeout"),
                        test_path(o->folder, "mdm.yaml:4"));
    assert_string_equal(origin_of(config, "logging.file"), "default");
    assert_null(mdm_config_warning(config, 0));
    mdm_config_close(config);
}

static void wrong_values_are_refused_with_key_value_line_and_what_is_allowed(void **state)
{
    static const char *const cases[][2] = {
        {"performance:\n  pool:\n    size: 0\n",
         "/mdm.yaml:3: performance.pool.size: '0' is not a whole number from 1 to 1000"},
        {"performance: {pool: {size: [5]}}\n",
         "/mdm.yaml:1: performance.pool.size: a list is not a whole number from 1 to 1000"},
        {"performance: {pool: {size: {a: b}}}\n",
         "/mdm.yaml:1: performance.pool.size: a section is not a whole number from 1 to 1000"},
        {"cli:\n  color: red\n", "/mdm.yaml:2: cli.color: 'red' is not one of auto, always, never"},
        {"performance:\n  off: [cache, [pool]]\n",
         "/mdm.yaml:2: performance.off: a list of more than plain texts is not one of "
         "query_optimizer, "
         "cache, batch, pool, monitor"},
        {"loading: {null_values: {a: b}}\n",
         "/mdm.yaml:1: loading.null_values: a section is not a list of texts"},
        {"performance: 5\n", "/mdm.yaml:1: performance: '5' is not a section of keys"},
        {"database:\n- a\n", "/mdm.yaml:1: database: a list is not a section of keys"},
        {"just words\n", "/mdm.yaml:1: the configuration is not a map of keys"},
        {"- a\n", "/mdm.yaml:1: the configuration is not a map of keys"},
        {"performance:\n  batch_size: none\n",
         "/mdm.yaml:2: performance.batch.size: 'none' is not a whole number from 1 to 10000000"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(refused_with(*state, cases[i][0], MDM_CONFIG), cases[i][1]);
}

static void bad_yaml_is_refused_with_place_and_help(void **state)
{
    static const char *const cases[][2] = {
        {"a: [\n", "/mdm.yaml:2:1: invalid YAML: "},
        {"a: &x 1\nb: *x\n", "/mdm.yaml:1:4: anchors"},
        {"a: !!int 1\n", "/mdm.yaml:1:4: tags"},
        {"a: 1\na: 2\n", "/mdm.yaml:2:1: the key 'a' is there twice"},
        {"cli: {color: \"\xFF\"}\n", "/mdm.yaml:1:15: not UTF-8"},
        {"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n",
         "/mdm.yaml:1:33: nested deeper than 32 levels"},
    };
    opening *o = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *message = refused_with(o, cases[i][0], MDM_CONFIG);
        if (!strstr(message, cases[i][1])) fail_msg("case %zu: %s", i, message);
        assert_non_null(strstr(o->err.hint, "mdm config paths"));
    }
}

static void unknown_keys_warn_with_line_and_nearest_name(void **state)
{
    mdm_config *config = opened_with(*state, "performence: {pool: {size: 1}}\n"
                                             "performance:\n"
                                             "  pool:\n"
                                             "    sise: 4\n"
                                             "  zzz: 1\n"
                                             "performance.pool.size: 9\n"
                                             "\"a\\e[1m\": 1\n");
    static const char *const expected[] = {
        "/mdm.yaml:1: unknown key 'performence', did you mean 'performance'?",
        "/mdm.yaml:4: unknown key 'performance.pool.sise', did you mean 'performance.pool.size'?",
        "/mdm.yaml:5: unknown key 'performance.zzz'",
        "/mdm.yaml:6: unknown key 'performance.pool.size': sections are written as nested keys",
        "/mdm.yaml:7: unknown key 'a\\x1b[1m'",
    };
    const opening *o = *state;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        assert_string_equal(mdm_config_warning(config, i) + strlen(o->folder), expected[i]);
    assert_null(mdm_config_warning(config, sizeof expected / sizeof *expected));
    assert_int_equal(mdm_config_int(config, "performance.pool.size"), 5);
    mdm_config_close(config);
}

static void former_names_are_read_and_noted(void **state)
{
    const opening *o = *state;
    mdm_config *config = opened_with(*state, "performance:\n"
                                             "  batch_size: 77\n"
                                             "  max_workers: 2\n"
                                             "  batch: {max_workers: 3}\n"
                                             "monitoring: {sample_interval: 5}\n"
                                             "logging: {max_size: 1MB}\n");
    assert_int_equal(mdm_config_int(config, "performance.batch.size"), 77);
    assert_int_equal(mdm_config_int(config, "performance.batch.max_workers"),
                     3); /* wherever it stands */
    assert_true(mdm_config_real(config, "performance.monitor.sample_interval") == 5);
    assert_int_equal(mdm_config_int(config, "logging.max_bytes"), 1048576);
    assert_null(mdm_config_warning(config, 0));
    assert_string_equal(
        mdm_config_note(config, 0) + strlen(o->folder),
        "/mdm.yaml:2: 'performance.batch_size' is now called 'performance.batch.size'");
    assert_non_null(mdm_config_note(config, 3));
    assert_null(mdm_config_note(config, 4));
    assert_string_equal(origin_of(config, "performance.batch.size") + strlen(o->folder),
                        "/mdm.yaml:2");
    mdm_config_close(config);
}

static void keys_of_other_versions_are_noted_only(void **state)
{
    const opening *o = *state;
    mdm_config *config = opened_with(*state, "feature_engineering:\n"
                                             "  enabled: maybe\n"
                                             "monitoring: {alerts: [x]}\n"
                                             "validation: 5\n");
    assert_null(mdm_config_warning(config, 0));
    assert_string_equal(
        mdm_config_note(config, 0) + strlen(o->folder),
        "/mdm.yaml:1: 'feature_engineering' belongs to a part that this version does "
        "not have");
    assert_non_null(strstr(mdm_config_note(config, 1), "'monitoring.alerts'"));
    assert_non_null(strstr(mdm_config_note(config, 2), "'validation'"));
    assert_null(mdm_config_note(config, 3));
    mdm_config_close(config);
}

static void variables_in_values_are_replaced(void **state)
{
    opening *o = *state;
    o->environment[0] = "SIZE=8";
    o->environment[1] = "EMPTY=";
    mdm_config *config =
        opened_with(o, "performance:\n"
                       "  pool: {size: \"${SIZE}\", max_overflow: \"${NONE:3}\"}\n"
                       "  batch: {size: \"1${SIZE}0\", max_workers: \"${EMPTY:2}\"}\n"
                       "database: {postgresql: {user: \"a${NONE:}b$x{SIZE}\"}}\n"
                       "loading: {null_values: [\"${SIZE}\", x]}\n");
    assert_int_equal(mdm_config_int(config, "performance.pool.size"), 8);
    assert_int_equal(mdm_config_int(config, "performance.pool.max_overflow"), 3);
    assert_int_equal(mdm_config_int(config, "performance.batch.size"), 180);
    assert_int_equal(mdm_config_int(config, "performance.batch.max_workers"), 2);
    assert_string_equal(mdm_config_text(config, "database.postgresql.user"), "ab$x{SIZE}");
    assert_string_equal(value_of(config, "loading.null_values"), "8,x");
    mdm_config_close(config);
    assert_string_equal(refused_with(o, "cli: {color: \"${NONE}\"}\n", MDM_CONFIG),
                        "/mdm.yaml:1: cli.color: the environment variable 'NONE' is not set; "
                        "${NONE:default} would give it a default");
    assert_string_equal(refused_with(o, "loading: {null_values: [\"${NONE\"]}\n", MDM_CONFIG),
                        "/mdm.yaml:1: loading.null_values: '${' without '}'");
}

static void a_password_in_a_file_that_others_read_is_warned_about(void **state)
{
    opening *o = *state;
    static const char text[] = "database: {postgresql: {password: geheim}}\n";
    mdm_config *config = opened_with(o, text);
    assert_null(mdm_config_warning(config, 0));
    assert_string_equal(mdm_config_text(config, "database.postgresql.password"), "geheim");
    mdm_config_close(config);
    chmod(test_path(o->folder, "mdm.yaml"), 0644);
    config = opened(o);
    assert_non_null(strstr(mdm_config_warning(config, 0), "stands in a file that others may read"));
    assert_null(strstr(mdm_config_warning(config, 0), "geheim"));
    mdm_config_close(config);
}

static void the_file_must_be_a_regular_one_of_a_size(void **state)
{
    opening *o = *state;
    const char *path = test_path(o->folder, "mdm.yaml");
    FILE *file = fopen(path, "w");
    for (size_t i = 0; i < MDM_YAML_BYTES / 16 + 1; i++)
        fputs("# a comment...\n ", file);
    fclose(file);
    assert_string_equal(refused(o, MDM_CONFIG), "/mdm.yaml: larger than 1048576 bytes");
    unlink(path);
    mkdir(path, 0700);
    assert_string_equal(refused(o, MDM_CONFIG), "/mdm.yaml: not a regular file");
    rmdir(path);
    mkfifo(path, 0600);
    assert_string_equal(refused(o, MDM_CONFIG), "/mdm.yaml: not a regular file");
    unlink(path);
    test_file_write(test_path(o->folder, "elsewhere"), "");
    if (symlink(test_path(o->folder, "elsewhere"), path) != 0) fail();
    assert_string_equal(refused(o, MDM_PERMISSION),
                        "/mdm.yaml: is a symbolic link, which is not followed here");
    assert_non_null(strstr(o->err.hint, "--config"));
}

static mdm_status open_once(void *data, mdm_error *err)
{
    mdm_config *config = NULL;
    const mdm_status status = open_config(data, &config, err);
    assert_true((config != NULL) == (status == MDM_OK));
    mdm_config_close(config);
    return status;
}

static void every_allocation_and_system_call_may_fail(void **state)
{
    opening *o = *state;
    o->environment[0] = "MDM_POOL_SIZE=3";
    o->environment[1] = "MDM_POOL_SISE=3";
    o->environment[2] = "SECRET=x";
    o->set[0] = "cli.color=never";
    test_file_write(test_path(o->folder, "mdm.yaml"),
                    "performance: {batch_size: 5, off: [cache, \"${NONE:pool}\"]}\n"
                    "unknwon: 1\n"
                    "validation: 1\n"
                    "database: {postgresql: {password_env: SECRET, url: 'postgresql://u:p@h'}}\n");
    test_walk_allocations(open_once, o, 150);
    test_walk_calls(open_once, o, EIO, 5);
    test_walk_calls(open_once, o, EACCES, 5);
    test_walk_calls(open_once, o, EINTR, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_HOME(values_come_from_the_file_with_their_lines),
        IN_HOME(wrong_values_are_refused_with_key_value_line_and_what_is_allowed),
        IN_HOME(bad_yaml_is_refused_with_place_and_help),
        IN_HOME(unknown_keys_warn_with_line_and_nearest_name),
        IN_HOME(former_names_are_read_and_noted),
        IN_HOME(keys_of_other_versions_are_noted_only),
        IN_HOME(variables_in_values_are_replaced),
        IN_HOME(a_password_in_a_file_that_others_read_is_warned_about),
        IN_HOME(the_file_must_be_a_regular_one_of_a_size),
        IN_HOME(every_allocation_and_system_call_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
