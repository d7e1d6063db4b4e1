#include "unit/data/rows.h"

#include <math.h>

#include "data/real.h"
#include "data/typing_class.h"

static uint64_t class_of(const char *text)
{
    double value;
    return mdm_class_number(mdm_str_from(text), false, CLASS_ANY, &value);
}

static double value_of(const char *text)
{
    double value = 0.123;
    assert_true(mdm_class_number(mdm_str_from(text), false, CLASS_ANY, &value) != 0);
    return value;
}

static void integers_are_read_over_their_whole_range_and_only_as_they_are_printed(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {{"0", 0},
                {"7", 7},
                {"-1", -1},
                {"1234567890123456789", INT64_C(1234567890123456789)},
                {"9223372036854775807", INT64_MAX},
                {"-9223372036854775808", INT64_MIN}};
    static const char *const bad[] = {"",
                                      "-",
                                      "-0",
                                      "00",
                                      "007",
                                      "+7",
                                      " 7",
                                      "7 ",
                                      "1_000",
                                      "0x10",
                                      "1e5",
                                      "1.0",
                                      "--1",
                                      "1-",
                                      "9223372036854775808",
                                      "-9223372036854775809",
                                      "10000000000000000000",
                                      "12345678901234567890",
                                      "99999999999999999999"};
    for (size_t i = 0; i < COUNT(good); i++) {
        int64_t value;
        assert_true(mdm_scan_int(good[i].text, strlen(good[i].text), &value));
        assert_true(value == good[i].value);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        int64_t value;
        if (mdm_scan_int(bad[i], strlen(bad[i]), &value)) fail_msg("'%s' is an integer", bad[i]);
    }
}

static void a_million_random_integers_come_back(void **state)
{
    (void)state;
    uint64_t seed = 9;
    for (int i = 0; i < 1000000; i++) {
        int64_t value = (int64_t)next_random(&seed) >> next_random(&seed) % 64, back;
        char text[24];
        int len = snprintf(text, sizeof text, "%lld", (long long)value);
        if (!mdm_scan_int(text, (size_t)len, &back) || back != value) fail_msg("%s", text);
    }
}

static void what_no_printer_writes_is_no_number(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "-",
        ".",
        "-.",
        "1.",
        "+1.5",
        " 1.5",
        "1.5 ",
        "01.5",
        "1e5",
        "1E5",
        "1e+",
        "1e+0",
        "1e-0",
        "1e+005",
        "0x1p3",
        "1_000",
        "1,5",
        "1.5.5",
        "1.5e",
        "10e+05",
        "1.50e+10",
        "0e+05",
        "nan",
        "NaN",
        "-nan",
        "Inf",
        "infinity",
        "+inf",
        "1e+9999",
        "20000000000000000000",
        "1.2.3",
        "--1.5",
        "1.5-",
        "1 5",
        "1e1.5",
    };
    for (size_t i = 0; i < COUNT(texts); i++)
        if (class_of(texts[i]))
            fail_msg("'%s' has class %llx", texts[i], (unsigned long long)class_of(texts[i]));
}

static void the_style_of_a_number_is_recognised(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t has, lacks;
    } cases[] = {
        {"5", CLASS_INT | CLASS_WHOLE_BARE, CLASS_WHOLE_POINT | CLASS_FIXEDS},
        {"5.0", CLASS_WHOLE_POINT | CLASS_FIXED(1), CLASS_WHOLE_BARE | CLASS_INT},
        {"5.5", CLASS_WHOLES | CLASS_FIXED(1) | CLASS_LEADS, CLASS_INT | CLASS_FIXED(2)},
        {"1.10", CLASS_FIXED(2), CLASS_WHOLES},
        {"0.5", CLASS_LEAD_ZERO, CLASS_LEAD_POINT},
        {".5", CLASS_LEAD_POINT | CLASS_WHOLES, CLASS_LEAD_ZERO},
        {"-.50", CLASS_LEAD_POINT | CLASS_FIXED(2), CLASS_WHOLES},
        {"-0", CLASS_WHOLE_BARE, CLASS_INT},
        {"-0.00", CLASS_FIXED(2), CLASS_WHOLES},
        {"0.000001", CLASS_PRINTER_SCRIPT | CLASS_PRINTER_PLAIN,
         CLASS_PRINTER_PYTHON | CLASS_PRINTER_R},
        {"0.0001", CLASS_PRINTER_PYTHON, CLASS_PRINTER_R},
        {"0.00012", CLASS_PRINTER_PYTHON | CLASS_PRINTER_R, 0},
        {"100000", CLASS_PRINTER_PYTHON | CLASS_PRINTER_G6, CLASS_PRINTER_R},
        {"123456", CLASS_PRINTER_R | CLASS_PRINTER_G6, 0},
        {"1234567", CLASS_PRINTER_R | CLASS_PRINTER_G15, CLASS_PRINTER_G6},
        {"1e+05", CLASS_PRINTER_R, CLASS_PRINTER_PYTHON | CLASS_PRINTER_G6 | CLASS_PRINTER_PLAIN},
        {"1e+06", CLASS_PRINTER_R | CLASS_PRINTER_G6, CLASS_PRINTER_PYTHON},
        {"1e-05", CLASS_PRINTER_PYTHON | CLASS_PRINTER_G6 | CLASS_PRINTER_R, CLASS_PRINTER_SCRIPT},
        {"1e-7", CLASS_PRINTER_SCRIPT, CLASS_PRINTER_PYTHON | CLASS_PRINTER_R},
        {"1e-10", CLASS_PRINTER_SCRIPT | CLASS_PRINTER_PYTHON, CLASS_PRINTER_PLAIN},
        {"1e+16", CLASS_PRINTER_PYTHON | CLASS_PRINTER_R, CLASS_PRINTER_SCRIPT},
        {"1.5e+300", CLASS_PRINTER_SCRIPT | CLASS_PRINTER_PYTHON | CLASS_WHOLES, CLASS_FIXEDS},
        {"1e+15", CLASS_PRINTER_G15, CLASS_PRINTER_PYTHON},
        {"9007199254740992", CLASS_INT | CLASS_WHOLE_BARE, 0},
        {"9007199254740993", CLASS_INT, CLASS_WHOLES | CLASS_FIXEDS},
        {"-9223372036854775808", CLASS_INT, CLASS_WHOLES},
        {"0.1000000000000000055511151231257827", 0, CLASS_WHOLES},
        {"0.30000000000000004", CLASS_WHOLES, CLASS_PRINTER_G15 | CLASS_PRINTER_R},
        {"5e-324", CLASS_WHOLES | CLASS_PRINTER_PYTHON, CLASS_FIXEDS},
        {"inf", CLASS_ANY_REAL, CLASS_INT},
        {"-inf", CLASS_ANY_REAL, CLASS_INT},
        {"1469.250000", CLASS_FIXED(6) | CLASS_MARK_POINT, CLASS_MARK_COMMA | CLASS_WHOLES},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t c = class_of(cases[i].text);
        if ((c & cases[i].has) != cases[i].has || (c & cases[i].lacks))
            fail_msg("'%s' has class %llx", cases[i].text, (unsigned long long)c);
    }
}

/* More digits than a double keeps: in no style does the text come back. */
static void digits_that_a_double_loses_are_no_number(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "0.12345678901234567890",
        "3.14159265358979323846",
        "0.30000000000000001",
        "1234567890.12345678",
        "9007199254740993.0",
        "4.9e-324",
        "0.1000000000000000055511151231257827",
        "123456789012345678.5",
    };
    for (size_t i = 0; i < COUNT(texts); i++)
        if (mdm_class_has_real(class_of(texts[i]))) fail_msg("'%s' is a double", texts[i]);
    /* But exactly printed with %.20f it is. */
    assert_true(class_of("0.10000000000000000555") & CLASS_FIXED(20));
}

static void python_reprs_of_random_doubles_are_numbers_and_come_back(void **state)
{
    (void)state;
    uint64_t seed = 10;
    for (int i = 0; i < 1000000; i++) {
        uint64_t bits = next_random(&seed);
        double value, read;
        memcpy(&value, &bits, sizeof value);
        if (i % 2) value = (double)(int64_t)bits / 1e13; /* of everyday size, too */
        if (!isfinite(value)) continue;
        char text[40];
        mdm_double_text(value, text);
        if (!strpbrk(text, ".e")) strcat(text, ".0");
        uint64_t c = mdm_class_number(mdm_str_from(text), false, CLASS_ANY, &read);
        if (!mdm_class_has_real(c) || read != value)
            fail_msg("%s: class %llx, value %.17g", text, (unsigned long long)c, read);
    }
}

static void fixed_decimals_of_random_doubles_come_back_or_are_refused(void **state)
{
    (void)state;
    uint64_t seed = 11;
    int fits = 0;
    for (int i = 0; i < 300000; i++) {
        int scale = 1 + (int)(next_random(&seed) % 20);
        double value =
            (double)(int64_t)next_random(&seed) / pow(10, (double)(next_random(&seed) % 25));
        char text[80], again[80];
        snprintf(text, sizeof text, "%.*f", scale, value);
        double read;
        uint64_t c = mdm_class_number(mdm_str_from(text), false, CLASS_ANY, &read);
        if (!(c & CLASS_FIXED(scale))) continue;
        fits++;
        snprintf(again, sizeof again, "%.*f", scale, read);
        if (strcmp(text, again) != 0) fail_msg("%s comes back as %s", text, again);
    }
    assert_true(fits > 200000); /* what printf wrote from a double it writes again */
}

static void random_decimals_fit_a_fixed_style_only_if_they_come_back(void **state)
{
    (void)state;
    uint64_t seed = 12;
    for (int i = 0; i < 300000; i++) {
        char text[64], again[64];
        int scale = 1 + (int)(next_random(&seed) % 12);
        snprintf(text, sizeof text, "%llu.%0*llu",
                 (unsigned long long)(next_random(&seed) >> next_random(&seed) % 64), scale,
                 (unsigned long long)(next_random(&seed) % (uint64_t)pow(10, scale)));
        double read = strtod(text, NULL), value = 0;
        snprintf(again, sizeof again, "%.*f", scale, read);
        uint64_t c = mdm_class_number(mdm_str_from(text), false, CLASS_ANY, &value);
        bool fits = c & CLASS_FIXED(scale);
        if (fits != (strcmp(text, again) == 0))
            fail_msg("%s comes back as %s: %d", text, again, fits);
        if (fits && value != read) fail_msg("%s is %.17g", text, value);
    }
}

static void a_decimal_comma_is_one_only_where_it_was_asked_for(void **state)
{
    (void)state;
    double value;
    uint64_t c = mdm_class_number(MDM_STR("1,25"), true, CLASS_ANY, &value);
    assert_true(value == 1.25);
    assert_true((c & CLASS_MARKS) == CLASS_MARK_COMMA);
    assert_false(c & CLASS_GROUPS);
    assert_true(mdm_class_number(MDM_STR("1,250"), true, CLASS_ANY, &value) & CLASS_GROUPS);
    assert_false(mdm_class_number(MDM_STR("0,250"), true, CLASS_ANY, &value) & CLASS_GROUPS);
    assert_false(mdm_class_number(MDM_STR("1234,250"), true, CLASS_ANY, &value) & CLASS_GROUPS);
    assert_true(mdm_class_number(MDM_STR("0,1234567890123456"), true, CLASS_ANY, &value) != 0);
    assert_true(value == 0.1234567890123456);
    assert_int_equal(class_of("1,25"), 0);
}

static void the_class_of_an_integer_is_the_one_of_its_text(void **state)
{
    (void)state;
    uint64_t seed = 13;
    for (int i = 0; i < 200000; i++) {
        int64_t value = (int64_t)next_random(&seed) >> next_random(&seed) % 64;
        if (i % 4 == 0) value = value / 1000000 * 1000000;
        char text[24];
        snprintf(text, sizeof text, "%lld", (long long)value);
        assert_true(class_of(text) == mdm_class_int(value));
        assert_true(value_of(text) == (double)value);
    }
    assert_true(mdm_class_int(MDM_SMALL_INT - 1) == CLASS_SMALL_INT);
    assert_true(mdm_class_int(MDM_SMALL_INT) != CLASS_SMALL_INT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_read_over_their_whole_range_and_only_as_they_are_printed),
        cmocka_unit_test(a_million_random_integers_come_back),
        cmocka_unit_test(what_no_printer_writes_is_no_number),
        cmocka_unit_test(the_style_of_a_number_is_recognised),
        cmocka_unit_test(digits_that_a_double_loses_are_no_number),
        cmocka_unit_test(python_reprs_of_random_doubles_are_numbers_and_come_back),
        cmocka_unit_test(fixed_decimals_of_random_doubles_come_back_or_are_refused),
        cmocka_unit_test(random_decimals_fit_a_fixed_style_only_if_they_come_back),
        cmocka_unit_test(a_decimal_comma_is_one_only_where_it_was_asked_for),
        cmocka_unit_test(the_class_of_an_integer_is_the_one_of_its_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
