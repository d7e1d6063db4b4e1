#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "base/io.h"
#include "opening.h"

static const char *file_text(const opening *o)
{
    return test_file_text(test_path(o->folder, "mdm.yaml"));
}

static void write_value(opening *o, const char *path, const char *value)
{
    mdm_config *config = opened(o);
    if (mdm_config_write(config, path, value, &o->err) != MDM_OK) fail_msg("%s", o->err.message);
    assert_string_equal(o->err.message, "");
    mdm_config_close(config);
}

static const char *write_refused(opening *o, const char *path, const char *value)
{
    mdm_config *config = opened(o);
    assert_int_equal(mdm_config_write(config, path, value, &o->err), MDM_CONFIG);
    mdm_config_close(config);
    const size_t len = strlen(o->folder);
    return strncmp(o->err.message, o->folder, len) == 0 ? o->err.message + len : o->err.message;
}

static void the_first_value_makes_home_and_file(void **state)
{
    opening *o = *state;
    char home[4096];
    mdm_config *config = NULL;
    snprintf(home, sizeof home, "%s/deep/home", o->folder);
    const char *const none[] = {NULL};
    const mdm_config_sources sources = {.home = home, .environment = none};
    assert_int_equal(mdm_config_open(&sources, &config, NULL), MDM_OK);
    assert_int_equal(mdm_config_write(config, "performance.pool.size", "7", NULL), MDM_OK);
    assert_int_equal(mdm_config_int(config, "performance.pool.size"), 5); /* it was read before */
    mdm_config_close(config);
    assert_string_equal(test_file_text(test_path(home, "mdm.yaml")),
                        "performance:\n  pool:\n    size: 7\n");
    assert_int_equal(test_mode(home), 0700);
    assert_int_equal(test_mode(test_path(home, "mdm.yaml")), 0600);
}

static void comments_and_everything_else_stay(void **state)
{
    opening *o = *state;
    test_file_write(test_path(o->folder, "mdm.yaml"), "# mine\n"
                                                      "performance:\n"
                                                      "  pool:  # connections\n"
                                                      "    size: 3   # few\n"
                                                      "\n"
                                                      "unknown: kept\n");
    write_value(o, "performance.pool.size", "008");
    write_value(o, "performance.pool.timeout", "1.50");
    write_value(o, "database.sqlalchemy.max_overflow", "2"); /* goes to the present name */
    assert_string_equal(file_text(o), "# mine\n"
                                      "performance:\n"
                                      "  pool:  # connections\n"
                                      "    size: 8   # few\n"
                                      "    timeout: 1.5\n"
                                      "    max_overflow: 2\n"
                                      "\n"
                                      "unknown: kept\n");
}

static void values_are_written_so_that_they_read_back(void **state)
{
    opening *o = *state;
    static const char *const cases[][3] = {
        {"database.sqlite.journal_mode", "off", "OFF"},
        {"cli.confirm_destructive", "no", "false"},
        {"logging.max_bytes", "10MB", "10485760"},
        {"database.postgresql.user", "yes", "yes"},
        {"database.postgresql.user", "it's: a \"user\" # no", "it's: a \"user\" # no"},
        {"database.postgresql.user", "", ""},
        {"loading.null_values", "NA,a: b,x]y,'q'", "NA,a: b,x]y,'q'"},
        {"performance.off", "", ""},
        {"performance.off", "pool,cache", "pool,cache"},
        {"database.postgresql.url", "host=h dbname=d", "host=h dbname=d"},
        {"paths.logs_path", "/l o g", "/l o g"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_value(o, cases[i][0], cases[i][1]);
        mdm_config *config = opened(o);
        assert_string_equal(value_of(config, cases[i][0]), cases[i][2]);
        mdm_config_close(config);
    }
    assert_non_null(strstr(file_text(o), "  logs_path: /l o g\n"));
}

static void a_variable_stays_one_and_must_have_a_right_value_now(void **state)
{
    opening *o = *state;
    setenv("MDMTEST_SIZE", "5", 1);
    write_value(o, "performance.pool.size", "${MDMTEST_SIZE}");
    assert_non_null(strstr(file_text(o), "size: '${MDMTEST_SIZE}'\n"));
    setenv("MDMTEST_SIZE", "0", 1);
    o->environment[0] = "MDMTEST_SIZE=6";
    assert_non_null(
        strstr(write_refused(o, "performance.pool.size", "${MDMTEST_SIZE}"), "'0' is not a whole"));
    unsetenv("MDMTEST_SIZE");
}

static void wrong_values_and_paths_change_nothing(void **state)
{
    opening *o = *state;
    write_value(o, "cli.page_size", "3");
    assert_string_equal(write_refused(o, "cli.page_size", "0"),
                        "cli.page_size: '0' is not a whole number from 1 to 1000000");
    assert_string_equal(write_refused(o, "cli.pagesize", "3"), "no setting 'cli.pagesize'");
    assert_string_equal(o->err.hint, "did you mean 'cli.page_size'?");
    assert_string_equal(file_text(o), "cli:\n  page_size: 3\n");
}

static void passwords_are_never_written(void **state)
{
    opening *o = *state;
    static const char *const cases[][2] = {
        {"database.postgresql.password", "geheim"},
        {"database.postgresql.url", "postgresql://u:geheim@h/d"},
        {"database.postgresql.replicas", "postgresql://h/d?password=geheim"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *message = write_refused(o, cases[i][0], cases[i][1]);
        assert_non_null(strstr(message, "a password is not written"));
        assert_null(strstr(message, "geheim"));
        assert_non_null(strstr(o->err.hint, "password_file"));
    }
    assert_null(file_text(o));
}

static void what_cannot_be_edited_safely_is_left_alone(void **state)
{
    opening *o = *state;
    static const char text[] = "performance: {pool: {}}\n";
    test_file_write(test_path(o->folder, "mdm.yaml"), text);
    assert_string_equal(write_refused(o, "performance.pool.size", "3"),
                        "/mdm.yaml:1: a new key in a map in braces: cannot be edited safely");
    assert_string_equal(o->err.hint, "change it with an editor");
    assert_string_equal(file_text(o), text);
}

#define WRITERS 8

static void *write_one(void *data)
{
    static const char *const paths[WRITERS] = {"cli.page_size",
                                               "performance.pool.size",
                                               "performance.batch.size",
                                               "logging.backup_count",
                                               "performance.pool.max_overflow",
                                               "performance.max_concurrent_operations",
                                               "performance.batch.max_workers",
                                               "database.connection_timeout"};
    opening *o = ((void **)data)[0];
    const size_t i = (size_t)(uintptr_t)((void **)data)[1];
    const char *const none[] = {NULL};
    const mdm_config_sources sources = {.home = o->folder, .environment = none};
    mdm_config *config = NULL;
    mdm_status status = mdm_config_open(&sources, &config, NULL);
    if (status == MDM_OK) status = mdm_config_write(config, paths[i], "17", NULL);
    mdm_config_close(config);
    return (void *)(uintptr_t)status;
}

static void writers_at_the_same_time_lose_nothing(void **state)
{
    pthread_t threads[WRITERS];
    void *data[WRITERS][2];
    for (size_t i = 0; i < WRITERS; i++) {
        data[i][0] = *state;
        data[i][1] = (void *)(uintptr_t)i;
        assert_int_equal(pthread_create(&threads[i], NULL, write_one, data[i]), 0);
    }
    for (size_t i = 0; i < WRITERS; i++) {
        void *status;
        pthread_join(threads[i], &status);
        assert_null(status);
    }
    size_t found = 0;
    for (const char *at = file_text(*state); (at = strstr(at, ": 17\n")); at++)
        found++;
    assert_int_equal(found, WRITERS);
}

/* The old file or the new one, nothing beside it, and a right one at the end. */
static mdm_status write_once(void *data, mdm_error *err)
{
    opening *o = data;
    static const char before[] = "cli: {color: auto}\n", after[] = "cli: {color: never}\n";
    mdm_config *config = NULL;
    const char *const none[] = {NULL};
    const mdm_config_sources sources = {.home = o->folder, .environment = none};
    test_file_write(test_path(o->folder, "mdm.yaml"), before);
    mdm_status status = mdm_config_open(&sources, &config, err);
    if (status == MDM_OK) status = mdm_config_write(config, "cli.color", "never", err);
    mdm_config_close(config);
    const char *text = file_text(o);
    assert_true(strcmp(text, after) == 0 || (status != MDM_OK && strcmp(text, before) == 0));
    return status;
}

static mdm_status write_first(void *data, mdm_error *err)
{
    opening *o = data;
    mdm_config *config = NULL;
    const char *const none[] = {NULL};
    const mdm_config_sources sources = {.home = o->folder, .environment = none};
    unlink(test_path(o->folder, "mdm.yaml"));
    mdm_status status = mdm_config_open(&sources, &config, err);
    if (status == MDM_OK) status = mdm_config_write(config, "cli.color", "never", err);
    mdm_config_close(config);
    const char *text = file_text(o);
    assert_true(text ? strcmp(text, "cli:\n  color: never\n") == 0 : status != MDM_OK);
    return status;
}

static void every_allocation_and_system_call_may_fail(void **state)
{
    opening *o = *state;
    static const int codes[] = {EIO, ENOSPC, EACCES, EINTR};
    test_walk_allocations(write_once, o, 100);
    test_walk_allocations(write_first, o, 100);
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        test_walk_calls(write_once, o, codes[i], 15);
        test_walk_calls(write_first, o, codes[i], 15);
    }
    mdm_names names;
    assert_int_equal(mdm_dir_list(o->folder, &names, NULL), MDM_OK);
    assert_int_equal(names.count, 1);
    mdm_names_free(&names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_HOME(the_first_value_makes_home_and_file),
        IN_HOME(comments_and_everything_else_stay),
        IN_HOME(values_are_written_so_that_they_read_back),
        IN_HOME(a_variable_stays_one_and_must_have_a_right_value_now),
        IN_HOME(wrong_values_and_paths_change_nothing),
        IN_HOME(passwords_are_never_written),
        IN_HOME(what_cannot_be_edited_safely_is_left_alone),
        IN_HOME(writers_at_the_same_time_lose_nothing),
        IN_HOME(every_allocation_and_system_call_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
