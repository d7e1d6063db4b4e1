#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "opening.h"

/* With HOME=folder and further variables, but without --home. */
static mdm_status open_without_home(opening *o, mdm_config **out)
{
    char home[4096];
    snprintf(home, sizeof home, "HOME=%s", o->folder);
    const char *environment[] = {home, o->environment[0],
                                 o->environment[0] ? o->environment[1] : NULL, NULL};
    const mdm_config_sources sources = {.file = o->file, .environment = environment};
    return mdm_config_open(&sources, out, &o->err);
}

static void the_home_is_in_the_users_home_unless_told(void **state)
{
    opening *o = *state;
    mdm_config *config = NULL;
    assert_int_equal(open_without_home(o, &config), MDM_OK);
    assert_string_equal(mdm_config_home(config), test_path(o->folder, ".mdm"));
    assert_string_equal(mdm_config_home_origin(config), "default");
    assert_string_equal(mdm_config_file(config), test_path(o->folder, ".mdm/mdm.yaml"));
    assert_string_equal(mdm_config_file_origin(config), "default");
    assert_false(test_exists(test_path(o->folder, ".mdm"))); /* reading makes nothing */
    mdm_config_close(config);

    o->environment[0] = "MDM_HOME_DIR=~/other//x/";
    assert_int_equal(open_without_home(o, &config), MDM_OK);
    assert_string_equal(mdm_config_home(config), test_path(o->folder, "other/x"));
    assert_string_equal(mdm_config_home_origin(config), "MDM_HOME_DIR");
    mdm_config_close(config);

    o->environment[0] = NULL;
    config = opened(o);
    assert_string_equal(mdm_config_home(config), o->folder);
    assert_string_equal(mdm_config_home_origin(config), "--home");
    mdm_config_close(config);
}

static void relative_paths_lie_below_the_home(void **state)
{
    opening *o = *state;
    mdm_config *config = opened_with(o, "paths: {logs_path: my/logs}\n"
                                        "logging: {file: x.log}\n"
                                        "performance:\n"
                                        "  cache: {cache_dir: ~/c}\n"
                                        "  monitor: {metrics_file: /var/m.json}\n");
    assert_string_equal(mdm_config_text(config, "paths.datasets_path"),
                        test_path(o->folder, "datasets"));
    assert_string_equal(mdm_config_text(config, "logging.file"),
                        test_path(o->folder, "my/logs/x.log"));
    assert_string_equal(mdm_config_text(config, "performance.cache.cache_dir"),
                        test_path(o->folder, "c"));
    assert_string_equal(mdm_config_text(config, "performance.monitor.metrics_file"), "/var/m.json");
    assert_string_equal(mdm_config_text(config, "database.duckdb.temp_directory"), "");
    mdm_config_close(config);
}

static void a_file_that_was_named_must_be_there_and_may_be_a_link(void **state)
{
    opening *o = *state;
    char real[4096], link[4096];
    snprintf(real, sizeof real, "%s/real.yaml", o->folder);
    snprintf(link, sizeof link, "%s/link.yaml", o->folder);
    o->file = link;
    const char *message = refused(o, MDM_CONFIG);
    assert_memory_equal(message, "--config: ", 10);
    assert_non_null(strstr(message, "link.yaml: No such file or directory"));
    test_file_write(real, "cli: {page_size: 3}\n");
    if (symlink(real, link) != 0) fail();
    mdm_config *config = opened(o);
    assert_int_equal(mdm_config_int(config, "cli.page_size"), 3);
    assert_string_equal(mdm_config_file_origin(config), "--config");
    assert_string_equal(mdm_path_name(mdm_config_file(config)), "real.yaml");
    mdm_config_close(config);
    o->file = NULL;
    char variable[4200];
    snprintf(variable, sizeof variable, "MDM_CONFIG_PATH=%s", real);
    o->environment[0] = variable;
    config = opened(o);
    assert_int_equal(mdm_config_int(config, "cli.page_size"), 3);
    assert_string_equal(mdm_config_file_origin(config), "MDM_CONFIG_PATH");
    mdm_config_close(config);
}

static void what_others_may_write_to_is_not_trusted(void **state)
{
    opening *o = *state;
    chmod(o->folder, 0770);
    assert_string_equal(refused(o, MDM_PERMISSION), ": others may write to it (mode 0770)");
    assert_non_null(strstr(o->err.hint, "chmod go-w /"));
    chmod(o->folder, 0755);
    mdm_config_close(opened_with(o, ""));
    chmod(test_path(o->folder, "mdm.yaml"), 0602);
    assert_string_equal(refused(o, MDM_PERMISSION),
                        "/mdm.yaml: others may write to it (mode 0602)");
    chmod(o->folder, 0700);
}

static void what_belongs_to_somebody_else_is_not_trusted(void **state)
{
    opening *o = *state;
    if (geteuid() != 0) skip(); /* only root can give things away */
    mdm_config_close(opened_with(o, ""));
    if (chown(test_path(o->folder, "mdm.yaml"), 12345, 12345) != 0) fail();
    assert_string_equal(refused(o, MDM_PERMISSION),
                        "/mdm.yaml: belongs to another user (uid 12345)");
    if (chown(o->folder, 12345, 12345) != 0) fail();
    assert_string_equal(refused(o, MDM_PERMISSION), ": belongs to another user (uid 12345)");
    if (chown(o->folder, 0, 0) != 0) fail();
}

static void a_home_that_is_none_is_refused(void **state)
{
    opening *o = *state;
    mdm_config *config = NULL;
    test_file_write(test_path(o->folder, ".mdm"), "");
    assert_int_equal(open_without_home(o, &config), MDM_CONFIG);
    assert_non_null(strstr(o->err.message, ".mdm: the home is not a folder"));
    o->environment[0] = "MDM_HOME_DIR=/tmp/a\nb";
    assert_int_equal(open_without_home(o, &config), MDM_CONFIG);
    assert_string_equal(o->err.message,
                        "MDM_HOME_DIR: the path '/tmp/a\\x0ab' holds a control character");
    o->environment[0] = NULL;
    const mdm_config_sources empty = {.home = "", .environment = o->environment};
    assert_int_equal(mdm_config_open(&empty, &config, &o->err), MDM_CONFIG);
    assert_string_equal(o->err.message, "--home: the path is empty");
    const mdm_config_sources no_file = {
        .home = o->folder, .file = "", .environment = o->environment};
    assert_int_equal(mdm_config_open(&no_file, &config, &o->err), MDM_CONFIG);
    assert_string_equal(o->err.message, "--config: the path is empty");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_HOME(the_home_is_in_the_users_home_unless_told),
        IN_HOME(relative_paths_lie_below_the_home),
        IN_HOME(a_file_that_was_named_must_be_there_and_may_be_a_link),
        IN_HOME(what_others_may_write_to_is_not_trusted),
        IN_HOME(what_belongs_to_somebody_else_is_not_trusted),
        IN_HOME(a_home_that_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
