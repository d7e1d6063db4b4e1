#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>

#include "base/text.h"

static void equality_is_of_bytes(void **state)
{
    (void)state;
    assert_true(mdm_str_equal(MDM_STR(""), (mdm_str){NULL, 0}));
    assert_true(mdm_str_equal(mdm_str_from(NULL), MDM_STR("")));
    assert_true(mdm_str_equal((mdm_str){"a\0b", 3}, (mdm_str){"a\0b", 3}));
    assert_false(mdm_str_equal((mdm_str){"a\0b", 3}, (mdm_str){"a\0c", 3}));
    assert_false(mdm_str_equal(MDM_STR("a"), MDM_STR("ab")));
    assert_true(mdm_str_equal_nocase(MDM_STR("Wal"), MDM_STR("wAL")));
    assert_false(mdm_str_equal_nocase(MDM_STR("@"), MDM_STR("`"))); /* a bit apart, no letters */
    assert_false(mdm_str_equal_nocase(MDM_STR("a"), MDM_STR("")));
}

static void ends_are_found(void **state)
{
    (void)state;
    assert_true(mdm_str_starts(MDM_STR("abc"), MDM_STR("")));
    assert_true(mdm_str_starts(MDM_STR("abc"), MDM_STR("abc")));
    assert_false(mdm_str_starts(MDM_STR("ab"), MDM_STR("abc")));
    assert_true(mdm_str_ends(MDM_STR("a.csv"), MDM_STR(".csv")));
    assert_false(mdm_str_ends(MDM_STR("csv"), MDM_STR(".csv")));
}

static void trimming_takes_ascii_blanks_only(void **state)
{
    (void)state;
    assert_true(mdm_str_equal(mdm_str_trim(MDM_STR(" \t\r\n\v\f a b \n")), MDM_STR("a b")));
    assert_int_equal(mdm_str_trim(MDM_STR("  ")).len, 0);
    assert_int_equal(mdm_str_trim((mdm_str){NULL, 0}).len, 0);
    assert_int_equal(mdm_str_trim(MDM_STR("\xC2\xA0")).len, 2);
}

static void splitting_gives_every_part_once(void **state)
{
    (void)state;
    mdm_str rest = MDM_STR("a,,b");
    assert_true(mdm_str_equal(mdm_str_split(&rest, ','), MDM_STR("a")));
    assert_true(mdm_str_equal(mdm_str_split(&rest, ','), MDM_STR("")));
    assert_true(mdm_str_equal(mdm_str_split(&rest, ','), MDM_STR("b")));
    assert_int_equal(rest.len, 0);
    assert_int_equal(mdm_str_split(&rest, ',').len, 0);
    rest = (mdm_str){NULL, 0};
    assert_int_equal(mdm_str_split(&rest, ',').len, 0);
}

static void whole_numbers_are_whole_texts_in_range(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {
        {"0", 0},
        {"-0", 0},
        {"+7", 7},
        {"007", 7},
        {"-12", -12},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
    };
    static const char *const bad[] = {"",
                                      "-",
                                      "+",
                                      " 1",
                                      "1 ",
                                      "1.0",
                                      "0x10",
                                      "1e3",
                                      "1_000",
                                      "--1",
                                      "9223372036854775808",
                                      "-9223372036854775809",
                                      "99999999999999999999999",
                                      "\xD9\xA1"};
    int64_t value = 0;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        if (!mdm_str_to_int(mdm_str_from(good[i].text), &value))
            fail_msg("%s refused", good[i].text);
        assert_true(value == good[i].value);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (mdm_str_to_int(mdm_str_from(bad[i]), &value)) fail_msg("'%s' taken", bad[i]);
    assert_false(mdm_str_to_int((mdm_str){"1\0", 2}, &value));
    assert_true(mdm_str_to_int((mdm_str){"123", 2}, &value));
    assert_int_equal(value, 12);
}

static void reals_are_whole_texts_in_range(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double value;
    } good[] = {
        {"0", 0},
        {"1.5", 1.5},
        {"-.5", -.5},
        {"5.", 5},
        {"+1e3", 1000},
        {"1E-2", .01},
        {"1.7976931348623157e308", DBL_MAX},
        {"5e-324", 5e-324},
        {"0e999", 0},
        {"000.100", .1},
    };
    static const char *const bad[] = {"",      ".",      "-",      "1e",   "1e+",    "1,5",
                                      " 1",    "1 ",     "0x1p3",  "1.5f", "nan(1)", "infi",
                                      "1e309", "-1e309", "1e-400", "1..2", "1.2.3",  "e5"};
    double value = 0;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        if (!mdm_str_to_real(mdm_str_from(good[i].text), &value))
            fail_msg("%s refused", good[i].text);
        assert_true(value == good[i].value);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (mdm_str_to_real(mdm_str_from(bad[i]), &value)) fail_msg("'%s' taken", bad[i]);
    assert_true(mdm_str_to_real(MDM_STR("NaN"), &value) && isnan(value));
    assert_true(mdm_str_to_real(MDM_STR("-Inf"), &value) && isinf(value) && value < 0);
    assert_true(mdm_str_to_real(MDM_STR("infinity"), &value) && isinf(value));
    assert_false(mdm_str_to_real((mdm_str){"1\0.5", 4}, &value));
}

static void a_number_of_too_many_characters_is_none(void **state)
{
    (void)state;
    char digits[2000];
    memset(digits, '1', sizeof digits);
    double value;
    assert_false(mdm_str_to_real((mdm_str){digits, sizeof digits}, &value));
    assert_true(mdm_str_to_real((mdm_str){digits, 300}, &value));
}

static void reals_are_written_as_short_as_they_read_back(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0, "0"},
        {-0.0, "-0"},
        {1.5, "1.5"},
        {0.1, "0.1"},
        {1e300, "1e+300"},
        {100, "100"},
        {5e-324, "5e-324"},
        {1.0 / 3, "0.3333333333333333"},
        {0.1 + 0.2, "0.30000000000000004"},
        {DBL_MAX, "1.7976931348623157e+308"},
        {-INFINITY, "-inf"},
        {INFINITY, "inf"},
        {NAN, "nan"},
        {123456789012345678.0, "1.2345678901234568e+17"},
    };
    char room[32];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(mdm_real_text(cases[i].value, room), strlen(cases[i].text));
        assert_string_equal(room, cases[i].text);
    }
}

static void any_real_reads_back_the_same(void **state)
{
    (void)state;
    uint64_t seed = 0x9E3779B97F4A7C15u;
    for (int i = 0; i < 20000; i++) {
        seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
        double value, back;
        char room[32];
        memcpy(&value, &seed, sizeof value);
        if (isnan(value)) continue;
        const size_t len = mdm_real_text(value, room);
        assert_true(len < sizeof room);
        if (!mdm_str_to_real((mdm_str){room, len}, &back) || back != value)
            fail_msg("%a gives %s", value, room);
    }
}

/* Only where such a locale is installed does this say more than the others. */
static void no_locale_changes_numbers(void **state)
{
    (void)state;
    char room[32];
    double value = 0;
    setlocale(LC_ALL, "de_DE.UTF-8");
    mdm_real_text(1.5, room);
    const bool is_read = mdm_str_to_real(MDM_STR("2.5"), &value);
    setlocale(LC_ALL, "C");
    assert_string_equal(room, "1.5");
    assert_true(is_read && value == 2.5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equality_is_of_bytes),
        cmocka_unit_test(ends_are_found),
        cmocka_unit_test(trimming_takes_ascii_blanks_only),
        cmocka_unit_test(splitting_gives_every_part_once),
        cmocka_unit_test(whole_numbers_are_whole_texts_in_range),
        cmocka_unit_test(reals_are_whole_texts_in_range),
        cmocka_unit_test(a_number_of_too_many_characters_is_none),
        cmocka_unit_test(reals_are_written_as_short_as_they_read_back),
        cmocka_unit_test(any_real_reads_back_the_same),
        cmocka_unit_test(no_locale_changes_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
