#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "config/settings.h"
#include "support/walk.h"

static const mdm_option_row *row_of(const char *path)
{
    size_t row;
    assert_true(mdm_option_find(path, &row));
    return &mdm_option_rows[row];
}

/* The canonical text, or the message. */
static const char *parse(const char *path, const char *text)
{
    static char said[600];
    mdm_setting setting;
    mdm_error err;
    if (mdm_setting_parse(row_of(path), mdm_str_from(text), &setting, &err) == MDM_OK) {
        strcpy(said, setting.shown ? setting.shown : setting.text);
        mdm_setting_clear(&setting);
    } else {
        assert_int_equal(err.status, MDM_CONFIG);
        strcpy(said, err.message);
        if (err.hint[0]) strcat(strcat(said, " | "), err.hint);
    }
    return said;
}

static void values_get_one_spelling_and_wrong_ones_are_refused_in_full(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"performance.pool.size", "007", "7"},
        {"performance.pool.size", "1000", "1000"},
        {"performance.pool.size", "0",
         "performance.pool.size: '0' is not a whole number from 1 to 1000"},
        {"performance.pool.size", "1001",
         "performance.pool.size: '1001' is not a whole number from 1 to 1000"},
        {"performance.pool.size", "",
         "performance.pool.size: '' is not a whole number from 1 to 1000"},
        {"performance.pool.size", "5.0",
         "performance.pool.size: '5.0' is not a whole number from 1 to 1000"},
        {"performance.pool.size", "99999999999999999999",
         "performance.pool.size: '99999999999999999999' is not a whole number from 1 to 1000"},
        {"performance.cache.default_ttl", "-1",
         "performance.cache.default_ttl: '-1' is not a whole number, 0 or more"},
        {"performance.pool.recycle", "-1", "-1"},
        {"performance.pool.timeout", "2.50", "2.5"},
        {"performance.pool.timeout", "nan",
         "performance.pool.timeout: 'nan' is not a number from 0 to 86400"},
        {"performance.pool.timeout", "-1",
         "performance.pool.timeout: '-1' is not a number from 0 to 86400"},
        {"performance.pool.pre_ping", "Yes", "true"},
        {"performance.pool.pre_ping", "0", "false"},
        {"performance.pool.pre_ping", "maybe",
         "performance.pool.pre_ping: 'maybe' is not true or false"},
        {"performance.cache.policy", "LRU", "lru"},
        {"performance.cache.policy", "lur",
         "performance.cache.policy: 'lur' is not one of lru, ttl, fifo, s3fifo | did you mean "
         "'lru'?"},
        {"performance.cache.policy", "",
         "performance.cache.policy: '' is not one of lru, ttl, fifo, s3fifo"},
        {"logging.level", "debug", "DEBUG"},
        {"database.sqlite.journal_mode", "off", "OFF"},
        {"logging.max_bytes", "10MB", "10485760"},
        {"logging.max_bytes", "3 kib", "3072"},
        {"logging.max_bytes", "0", "0"},
        {"logging.max_bytes", "10 miles",
         "logging.max_bytes: '10 miles' is not a whole number, 0 or more, also as 10MB"},
        {"logging.max_bytes", "99999999999TB",
         "logging.max_bytes: '99999999999TB' is not a whole number, 0 or more, also as 10MB"},
        {"database.duckdb.memory_limit", "4GB", "4GB"},
        {"database.duckdb.memory_limit", "AUTO", "auto"},
        {"database.duckdb.memory_limit", "much",
         "database.duckdb.memory_limit: 'much' is not auto, or a size such as 4GB"},
        {"database.duckdb.threads", "0", "database.duckdb.threads: '0' is not auto, or 1 to 1024"},
        {"performance.off", " Cache, pool ,", "cache,pool"},
        {"performance.off", "", ""},
        {"performance.off", "cache,pol",
         "performance.off: 'pol' is not one of query_optimizer, cache, batch, pool, monitor | "
         "did you mean 'pool'?"},
        {"loading.null_values", "NA, n/a", "NA,n/a"},
        {"database.postgresql.password", "secret", "***"},
        {"database.postgresql.password", "", ""},
        {"database.postgresql.url", "postgresql://u:p@h/d", "postgresql://u:***@h/d"},
        {"database.postgresql.replicas", "postgresql://u:p@h,postgresql://v:q@i",
         "postgresql://u:***@h,postgresql://v:***@i"},
        {"database.postgresql.host", "a\x1b[1m",
         "database.postgresql.host: the value holds a control character (\\x1b)"},
        {"database.postgresql.host", "a\nb",
         "database.postgresql.host: the value holds a control character (\\x0a)"},
        {"database.postgresql.host", "\xE4", "database.postgresql.host: the value is not UTF-8"},
        {"performance.off", "a\tb", "performance.off: the value holds a control character (\\x09)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(parse(cases[i][0], cases[i][1]), cases[i][2]);
}

static void a_refused_secret_is_not_told(void **state)
{
    (void)state;
    assert_null(strstr(parse("database.postgresql.password", "gehe\x01im"), "gehe"));
}

static void a_long_wrong_value_is_cut_in_the_message(void **state)
{
    (void)state;
    char text[5000];
    memset(text, '7', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    const char *said = parse("performance.pool.size", text);
    assert_non_null(strstr(said, "777...' is not a whole number from 1 to 1000"));
}

static void numbers_and_items_can_be_read(void **state)
{
    (void)state;
    mdm_setting setting;
    assert_int_equal(mdm_setting_parse(row_of("logging.max_bytes"), MDM_STR("2K"), &setting, NULL),
                     MDM_OK);
    assert_int_equal(setting.whole, 2048);
    mdm_setting_clear(&setting);
    const mdm_str items[] = {MDM_STR("a,b"), MDM_STR(""), MDM_STR("c d")};
    assert_int_equal(
        mdm_setting_parse_items(row_of("loading.null_values"), items, 3, &setting, NULL), MDM_OK);
    assert_int_equal(setting.count, 2);
    assert_string_equal(setting.items[0], "a,b"); /* only a text from outside is split */
    assert_string_equal(setting.items[1], "c d");
    mdm_setting_clear(&setting);
}

static mdm_status parse_some(void *data, mdm_error *err)
{
    (void)data;
    static const char *const cases[][2] = {
        {"performance.pool.size", "5"},
        {"performance.off", "cache,pool"},
        {"database.postgresql.replicas", "postgresql://u:p@h,x"},
        {"database.postgresql.password", "secret"},
    };
    mdm_status status = MDM_OK;
    for (size_t i = 0; i < sizeof cases / sizeof *cases && status == MDM_OK; i++) {
        mdm_setting setting;
        status = mdm_setting_parse(row_of(cases[i][0]), mdm_str_from(cases[i][1]), &setting, err);
        if (status == MDM_OK) mdm_setting_clear(&setting);
    }
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    test_walk_allocations(parse_some, NULL, 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_get_one_spelling_and_wrong_ones_are_refused_in_full),
        cmocka_unit_test(a_refused_secret_is_not_told),
        cmocka_unit_test(a_long_wrong_value_is_cut_in_the_message),
        cmocka_unit_test(numbers_and_items_can_be_read),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
