#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "opening.h"

static void the_command_line_goes_before_the_environment_and_that_before_the_file(void **state)
{
    opening *o = *state;
    static const char path[] = "performance.pool.size";
    mdm_config *config = opened(o);
    assert_int_equal(mdm_config_int(config, path), 5);
    assert_string_equal(origin_of(config, path), "default");
    mdm_config_close(config);
    config = opened_with(o, "performance: {pool: {size: 6}}\n");
    assert_int_equal(mdm_config_int(config, path), 6);
    mdm_config_close(config);
    o->environment[0] = "MDM_POOL_SIZE=7";
    config = opened(o);
    assert_int_equal(mdm_config_int(config, path), 7);
    mdm_config_close(config);
    o->set[0] = "performance.pool.size=8";
    o->set[1] = "performance.pool.size=9"; /* the last one counts */
    o->set[2] = "database.sqlalchemy.pool_timeout=1";
    config = opened(o);
    assert_int_equal(mdm_config_int(config, path), 9);
    assert_true(mdm_config_real(config, "performance.pool.timeout") == 1);
    assert_string_equal(origin_of(config, path), "option");
    mdm_config_close(config);
}

static void a_wrong_option_is_refused(void **state)
{
    opening *o = *state;
    static const char *const cases[][3] = {
        {"cli.color", "--set cli.color: expected PATH=VALUE", ""},
        {"cli.colour=auto", "--set: no setting 'cli.colour'", "did you mean 'cli.color'?"},
        {"performance.pool=5", "--set: no setting 'performance.pool'",
         "it is a section: 'mdm config show performance.pool' lists what is in it"},
        {"=5", "--set: no setting ''", ""},
        {"cli.color=red", "--set: cli.color: 'red' is not one of auto, always, never", ""},
        {"api.host=x", "--set: 'api.host' had a meaning in the Python MDM only", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        o->set[0] = cases[i][0];
        assert_string_equal(refused(o, MDM_CONFIG), cases[i][1]);
        assert_string_equal(o->err.hint, cases[i][2]);
    }
}

static void every_option_can_be_shown(void **state)
{
    mdm_config *config = opened(*state);
    mdm_option option;
    size_t count = 0;
    while (mdm_config_option(config, count, &option)) {
        assert_non_null(option.value);
        assert_non_null(option.preset);
        assert_non_null(option.allowed);
        assert_memory_equal(option.environment, "MDM_", 4);
        assert_int_equal(option.origin, MDM_FROM_DEFAULT);
        assert_string_equal(option.origin_text, "default");
        count++;
    }
    assert_int_equal(count, mdm_option_count);
    assert_int_equal(mdm_config_find(config, "performance.cache.max_size_mb", &option, NULL),
                     MDM_OK);
    assert_string_equal(option.environment, "MDM_CACHE_MAX_SIZE_MB");
    assert_string_equal(option.type, "int");
    assert_string_equal(option.allowed, "0 to 1048576");
    assert_string_equal(option.preset, "200");
    mdm_error err;
    assert_int_equal(mdm_config_find(config, "performance.cache.max_size", &option, &err),
                     MDM_CONFIG);
    assert_string_equal(err.hint, "did you mean 'performance.cache.max_size_mb'?");
    mdm_config_close(config);
    mdm_config_close(NULL);
}

static void secrets_are_not_shown(void **state)
{
    opening *o = *state;
    o->environment[0] = "MDM_DATABASE_POSTGRESQL_PASSWORD=geheim";
    o->environment[1] = "MDM_DATABASE_POSTGRESQL_URL=postgresql://u:geheim@h/d";
    mdm_config *config = opened(o);
    assert_string_equal(value_of(config, "database.postgresql.password"), "***");
    assert_string_equal(value_of(config, "database.postgresql.url"), "postgresql://u:***@h/d");
    assert_string_equal(mdm_config_text(config, "database.postgresql.password"), "geheim");
    assert_string_equal(mdm_config_text(config, "database.postgresql.url"),
                        "postgresql://u:geheim@h/d");
    mdm_config_close(config);
}

static void a_password_may_come_from_a_variable_or_a_file(void **state)
{
    opening *o = *state;
    static const char path[] = "database.postgresql.password";
    o->environment[0] = "DB_PASS=from variable";
    o->set[0] = "database.postgresql.password_env=DB_PASS";
    mdm_config *config = opened(o);
    assert_string_equal(mdm_config_text(config, path), "from variable");
    assert_string_equal(origin_of(config, path), "option");
    mdm_config_close(config);

    o->set[0] = "database.postgresql.password_file=pass";
    test_file_write(test_path(o->folder, "pass"), "from file \r\nnot this\n");
    config = opened(o);
    assert_string_equal(mdm_config_text(config, path), "from file ");
    mdm_config_close(config);

    o->set[1] = "database.postgresql.password=direct";
    config = opened(o);
    assert_string_equal(mdm_config_text(config, path), "direct");
    mdm_config_close(config);

    o->set[0] = "database.postgresql.password_file=none";
    o->set[1] = NULL;
    assert_non_null(strstr(refused(o, MDM_CONFIG), "none: No such file or directory"));
    o->set[0] = "database.postgresql.password_env=NONE";
    config = opened(o);
    assert_string_equal(mdm_config_text(config, path), "");
    assert_string_equal(mdm_config_warning(config, 0),
                        "database.postgresql.password_env: the environment "
                        "variable 'NONE' is not set");
    mdm_config_close(config);
}

/* 0: it came back, else the signal. */
static int signal_of(void (*ask)(const mdm_config *), const mdm_config *config)
{
    const pid_t child = fork();
    if (child == 0) {
        fclose(stderr);
        signal(SIGABRT, SIG_DFL);
        ask(config);
        _exit(0);
    }
    int how = 0;
    assert_int_equal(waitpid(child, &how, 0), child);
    return WIFSIGNALED(how) ? WTERMSIG(how) : 0;
}

static void ask_right(const mdm_config *config)
{
    mdm_config_int(config, "performance.pool.size");
}

static void ask_wrong_path(const mdm_config *config)
{
    mdm_config_int(config, "performance.pool.sise");
}

static void ask_wrong_kind(const mdm_config *config)
{
    mdm_config_text(config, "performance.pool.size");
}

static void asking_for_what_is_not_there_is_a_mistake_of_the_program(void **state)
{
    mdm_config *config = opened(*state);
    assert_int_equal(signal_of(ask_right, config), 0);
    assert_int_equal(signal_of(ask_wrong_path, config), SIGABRT);
    assert_int_equal(signal_of(ask_wrong_kind, config), SIGABRT);
    mdm_config_close(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_HOME(the_command_line_goes_before_the_environment_and_that_before_the_file),
        IN_HOME(a_wrong_option_is_refused),
        IN_HOME(every_option_can_be_shown),
        IN_HOME(secrets_are_not_shown),
        IN_HOME(a_password_may_come_from_a_variable_or_a_file),
        IN_HOME(asking_for_what_is_not_there_is_a_mistake_of_the_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
