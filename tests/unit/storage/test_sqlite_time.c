#include "storage/sqlite_driver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define DAY MDM_SQLITE_DAY_US

static const char *date_text(int32_t days)
{
    static char text[MDM_SQLITE_TIME_TEXT + 1];
    text[mdm_sqlite_date_text(days, text)] = '\0';
    return text;
}

static const char *time_text(int64_t us)
{
    static char text[MDM_SQLITE_TIME_TEXT + 1];
    text[mdm_sqlite_time_text(us, text)] = '\0';
    return text;
}

static const char *stamp_text(int64_t us, bool zoned)
{
    static char text[MDM_SQLITE_TIME_TEXT + 1];
    text[mdm_sqlite_stamp_text(us, zoned, text)] = '\0';
    return text;
}

static void dates_are_written_and_read(void **state)
{
    (void)state;
    static const struct {
        int32_t days;
        const char *text;
    } cases[] = {
        {0, "1970-01-01"},
        {-1, "1969-12-31"},
        {19782, "2024-02-29"},
        {2932896, "9999-12-31"},
        {2932897, "10000-01-01"},
        {-719162, "0001-01-01"},
        {-719163, "0000-12-31"},
        {-719528, "0000-01-01"},
        {-719529, "-0001-12-31"},
        {-2440588, "-4713-11-24"},
        {INT32_MAX, "infinity"},
        {-INT32_MAX, "-infinity"},
        {INT32_MAX - 1, "5881580-07-10"},
        {INT32_MIN, "-5877641-06-23"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int32_t days;
        assert_string_equal(date_text(cases[i].days), cases[i].text);
        assert_true(mdm_sqlite_date_read(mdm_str_from(cases[i].text), &days));
        assert_int_equal(days, cases[i].days);
    }
}

static void every_day_of_four_centuries_comes_back(void **state)
{
    (void)state;
    for (int32_t day = -719162; day < -719162 + 146097 + 366; day++) {
        int32_t back;
        assert_true(mdm_sqlite_date_read(mdm_str_from(date_text(day)), &back));
        assert_int_equal(back, day);
    }
}

static void times_are_written_and_read(void **state)
{
    (void)state;
    static const struct {
        int64_t us;
        const char *text;
    } cases[] = {
        {0, "00:00:00"},        {DAY - 1, "23:59:59.999999"},     {DAY, "24:00:00"},
        {1, "00:00:00.000001"}, {47100250000, "13:05:00.250000"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t us;
        assert_string_equal(time_text(cases[i].us), cases[i].text);
        assert_true(mdm_sqlite_time_read(mdm_str_from(cases[i].text), &us));
        assert_int_equal(us, cases[i].us);
    }
}

static void stamps_are_written_and_read(void **state)
{
    (void)state;
    static const struct {
        int64_t us;
        bool zoned;
        const char *text;
    } cases[] = {
        {0, false, "1970-01-01 00:00:00"},
        {0, true, "1970-01-01 00:00:00+00:00"},
        {-1, false, "1969-12-31 23:59:59.999999"},
        {-DAY, false, "1969-12-31 00:00:00"},
        {19782 * DAY + 47100250000, true, "2024-02-29 13:05:00.250000+00:00"},
        {INT64_MAX, false, "infinity"},
        {-INT64_MAX, true, "-infinity"},
        {INT64_MAX - 1, false, "294247-01-10 04:00:54.775806"},
        {INT64_MIN, false, "-290308-12-21 19:59:05.224192"},
        {-INT64_MAX + 1, true, "-290308-12-21 19:59:05.224194+00:00"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t us;
        assert_string_equal(stamp_text(cases[i].us, cases[i].zoned), cases[i].text);
        assert_true(mdm_sqlite_stamp_read(mdm_str_from(cases[i].text), cases[i].zoned, &us));
        assert_int_equal(us, cases[i].us);
    }
}

static void stamps_of_one_day_share_its_date(void **state)
{
    (void)state;
    static const int64_t stamps[] = {0,
                                     1,
                                     DAY - 1,
                                     DAY,
                                     DAY,
                                     -1,
                                     INT64_MAX,
                                     -1,
                                     INT64_MIN,
                                     -1,
                                     0,
                                     2932897 * DAY,
                                     2932897 * DAY + 1,
                                     0};
    char text[MDM_SQLITE_TIME_TEXT + 1];
    int64_t day = MDM_SQLITE_NO_DAY;
    for (size_t i = 0; i < sizeof stamps / sizeof *stamps; i++) {
        text[mdm_sqlite_stamp_next(stamps[i], false, text, &day)] = '\0';
        assert_string_equal(text, stamp_text(stamps[i], false));
    }
}

static void the_texts_of_others_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool zoned;
        int64_t us;
    } cases[] = {
        {"1970-01-02", false, DAY},
        {"1970-01-01T00:00:01", false, 1000000},
        {"1970-01-01 00:01", false, 60000000},
        {"1970-01-01 00:00:00.5", false, 500000},
        {"1970-01-01 00:00:00.000000", false, 0},
        {"1970-01-01 00:00:00Z", true, 0},
        {"1970-01-01 01:00:00+01:00", true, 0},
        {"1970-01-01 01:00:00+01", true, 0},
        {"1970-01-01 00:00:00-0130", true, INT64_C(5400000000)},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t us;
        if (!mdm_sqlite_stamp_read(mdm_str_from(cases[i].text), cases[i].zoned, &us))
            fail_msg("'%s' is not read", cases[i].text);
        assert_int_equal(us, cases[i].us);
    }
}

static void what_is_no_time_is_not_read(void **state)
{
    (void)state;
    static const char *const stamps[] = {
        "",
        " ",
        "1970",
        "1970-1-1",
        "1970-00-01",
        "1970-13-01",
        "1970-01-00",
        "1970-01-32",
        "1970-02-29",
        "1900-02-29",
        "1970-01-01 ",
        "1970-01-01 24:00:01",
        "1970-01-01 00:60:00",
        "1970-01-01 00:00:60",
        "1970-01-01 00:00:00.",
        "1970-01-01 00:00:00.1234567",
        "1970-01-01 00:00:00 ",
        " 1970-01-01",
        "1970-01-01x00:00:00",
        "1970-01-01 00",
        "1970-01-01 00:00:00+00:00",
        "12345678-01-01",
        "294247-01-10 04:00:54.775807",
        "294247-01-10 04:00:54.775808",
        "-290309-01-01",
        "Infinity",
        "inf",
        "--infinity",
        "-290308-12-21 19:59:05.224193", /* that is minus infinity */
    };
    for (size_t i = 0; i < sizeof stamps / sizeof *stamps; i++) {
        int64_t us;
        if (mdm_sqlite_stamp_read(mdm_str_from(stamps[i]), false, &us))
            fail_msg("'%s' is read", stamps[i]);
    }
    static const char *const zoned[] = {"1970-01-01 00:00:00",       "1970-01-01",
                                        "1970-01-01 00:00:00+",      "1970-01-01 00:00:00+1",
                                        "1970-01-01 00:00:00+16:00", "1970-01-01 00:00:00+00:60",
                                        "1970-01-01 00:00:00+00:",   "1970-01-01 00:00:00Zx"};
    for (size_t i = 0; i < sizeof zoned / sizeof *zoned; i++) {
        int64_t us;
        if (mdm_sqlite_stamp_read(mdm_str_from(zoned[i]), true, &us))
            fail_msg("'%s' is read", zoned[i]);
    }
    int32_t days;
    int64_t us;
    assert_false(mdm_sqlite_date_read(MDM_STR("1970-01-01 00:00:00"), &days));
    assert_false(mdm_sqlite_date_read(MDM_STR("5881580-07-11"), &days)); /* infinity's own number */
    assert_false(mdm_sqlite_date_read(MDM_STR("9999999-01-01"), &days));
    assert_false(mdm_sqlite_time_read(MDM_STR("24:00:00.000001"), &us));
    assert_false(mdm_sqlite_time_read(MDM_STR("00:00:00+00:00"), &us));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_are_written_and_read),
        cmocka_unit_test(every_day_of_four_centuries_comes_back),
        cmocka_unit_test(times_are_written_and_read),
        cmocka_unit_test(stamps_are_written_and_read),
        cmocka_unit_test(stamps_of_one_day_share_its_date),
        cmocka_unit_test(the_texts_of_others_are_read),
        cmocka_unit_test(what_is_no_time_is_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
