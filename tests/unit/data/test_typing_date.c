#include "unit/data/rows.h"

#include "data/days.h"
#include "data/typing_class.h"

static uint64_t class_of(const char *text)
{
    mdm_moment moment;
    return mdm_class_date(mdm_str_from(text), &moment);
}

/* In every order, with and without zeros: every day of two centuries and some around them. */
static void every_day_is_read_in_every_format(void **state)
{
    (void)state;
    static const struct {
        mdm_date_order order;
        const char *padded, *unpadded; /* printf: year, month, day by position */
    } formats[] = {
        {MDM_YMD_DASH, "%1$04d-%2$02u-%3$02u", "%1$04d-%2$u-%3$u"},
        {MDM_YMD_SLASH, "%1$04d/%2$02u/%3$02u", "%1$04d/%2$u/%3$u"},
        {MDM_DMY_DASH, "%3$02u-%2$02u-%1$04d", "%3$u-%2$u-%1$04d"},
        {MDM_DMY_SLASH, "%3$02u/%2$02u/%1$04d", "%3$u/%2$u/%1$04d"},
        {MDM_MDY_DASH, "%2$02u-%3$02u-%1$04d", "%2$u-%3$u-%1$04d"},
        {MDM_MDY_SLASH, "%2$02u/%3$02u/%1$04d", "%2$u/%3$u/%1$04d"},
    };
    for (int64_t days = mdm_days_from_date(1890, 1, 1); days < mdm_days_from_date(2110, 1, 1);
         days++) {
        int64_t year;
        unsigned month, day;
        mdm_date_from_days(days, &year, &month, &day);
        for (size_t i = 0; i < COUNT(formats); i++) {
            for (int padded = 0; padded < 2; padded++) {
                char text[24];
                mdm_moment moment;
                snprintf(text, sizeof text, padded ? formats[i].padded : formats[i].unpadded,
                         (int)year, month, day);
                uint64_t c = mdm_class_date(mdm_str_from(text), &moment);
                if (!(c & CLASS_ORDER(formats[i].order)) ||
                    !(c & (padded ? CLASS_PADDED : CLASS_UNPADDED)) || !(c & CLASS_TIME_NONE) ||
                    mdm_moment_days(&moment, formats[i].order) != days)
                    fail_msg("%s", text);
            }
        }
    }
}

static void days_that_no_calendar_has_are_no_dates(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "2023-02-29", "1900-02-29", "2024-02-30", "2024-04-31", "2024-00-10",
        "2024-13-01", "2024-01-00", "2024-01-32", "0000-01-01", "32/01/2024",
        "13/13/2024", "00/01/2024", "31-04-2024", "29/02/2023",
    };
    for (size_t i = 0; i < COUNT(texts); i++)
        if (class_of(texts[i])) fail_msg("%s is a date", texts[i]);
    assert_true(class_of("2000-02-29"));
    assert_true(class_of("9999-12-31"));
    assert_true(class_of("0001-01-01"));
}

static void other_shapes_are_no_dates(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "2024",
        "2024-01",
        "20240101",
        "24-01-01",
        "2024-1-05",
        "2024-01-05 ",
        " 2024-01-05",
        "2024-01/05",
        "2024.01.05",
        "01.02.2024",
        "1/2/24",
        "1/2/20245",
        "001/02/2024",
        "2024-001-01",
        "-2024-01-01",
        "2024-01-01T",
        "2024-01-01 ",
        "2024-01-01 10",
        "2024-01-01 10:5",
        "2024-01-01 24:00",
        "2024-01-01 10:60",
        "2024-01-01 10:05:60",
        "2024-01-01 10:05:00.",
        "2024-01-01 10:05:00.1234567",
        "2024-01-01  10:05",
        "2024-01-01t10:05",
        "2024-01-01 10:05:00 +01:00",
        "2024-01-01 10:05:00z",
        "2024-01-01 10:05:00+1",
        "2024-01-01 10:05:00+24:00",
        "2024-01-01 10:05:00+01:60",
        "2024-01-01 10:05Zx",
        "Jan 1 2024",
        "1-Jan-2024",
        "2024-01-01 010:05",
        "10:5",
        "1:05",
        "24:00",
        "10:60",
        "10:05:60",
        "10:05:00.",
        "10:05Z",
        "10.05",
        "99:99:99",
    };
    for (size_t i = 0; i < COUNT(texts); i++)
        if (class_of(texts[i]))
            fail_msg("'%s' has class %llx", texts[i], (unsigned long long)class_of(texts[i]));
}

static void times_and_zones_are_counted_in(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t micros;
        uint64_t has, lacks;
    } cases[] = {
        {"1970-01-01 00:00", 0,
         CLASS_TIME_SOME | CLASS_SEP_BLANK | CLASS_ZONE_NONE | CLASS_HOUR_PADDED,
         CLASS_SEP_T | CLASS_TIME_NONE | CLASS_HOUR_BARE},
        {"1970-01-02T00:00:01", 86401000000, CLASS_SEP_T, CLASS_SEP_BLANK},
        {"1970-01-01 0:00", 0, CLASS_HOUR_BARE, CLASS_HOUR_PADDED},
        {"1970-01-01 12:34:56.5", 45296500000, CLASS_HOURS, 0},
        {"1970-01-01 00:00:00.000001", 1, 0, 0},
        {"1969-12-31 23:59:59.999999", -1, 0, 0},
        {"1970-01-01T02:00Z", 7200000000, CLASS_ZONE_SOME, CLASS_ZONE_NONE},
        {"1970-01-01T02:00:00+02:00", 0, CLASS_ZONE_SOME, 0},
        {"1970-01-01T02:00:00+02", 0, CLASS_ZONE_SOME, 0},
        {"1970-01-01T02:00:00+0200", 0, CLASS_ZONE_SOME, 0},
        {"1969-12-31 18:29:00.25-05:31", 250000, CLASS_ZONE_SOME, 0},
        {"1/2/1970 9:05", 0, CLASS_UNPADDED | CLASS_HOUR_BARE, CLASS_PADDED},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        mdm_moment moment;
        uint64_t c = mdm_class_date(mdm_str_from(cases[i].text), &moment);
        if (!mdm_class_has_timestamp(c) || (c & cases[i].has) != cases[i].has ||
            (c & cases[i].lacks))
            fail_msg("'%s' has class %llx", cases[i].text, (unsigned long long)c);
        if (c & CLASS_ORDER(MDM_YMD_DASH))
            assert_int_equal(mdm_moment_micros(&moment, MDM_YMD_DASH), cases[i].micros);
    }
}

static void the_time_of_a_day_stands_alone_too(void **state)
{
    (void)state;
    mdm_moment moment;
    assert_true(mdm_class_date(MDM_STR("13:05"), &moment) == CLASS_CLOCK);
    assert_int_equal(moment.micros, INT64_C(47100000000));
    assert_true(mdm_class_date(MDM_STR("23:59:59.999999"), &moment) == CLASS_CLOCK);
    assert_int_equal(moment.micros, INT64_C(86399999999));
}

static void only_the_orders_that_give_a_day_are_possible(void **state)
{
    (void)state;
    assert_true((class_of("13/12/2024") & CLASS_ORDERS) == CLASS_ORDER(MDM_DMY_SLASH));
    assert_true((class_of("12/13/2024") & CLASS_ORDERS) == CLASS_ORDER(MDM_MDY_SLASH));
    assert_true((class_of("12-11-2024") & CLASS_ORDERS) ==
                (CLASS_ORDER(MDM_DMY_DASH) | CLASS_ORDER(MDM_MDY_DASH)));
    assert_true((class_of("29/02/2024") & CLASS_ORDERS) == CLASS_ORDER(MDM_DMY_SLASH));
    assert_true((class_of("12/11/2024") & CLASS_PADS) == CLASS_PADS);
    assert_true((class_of("12/01/2024") & CLASS_PADS) == CLASS_PADDED);
    assert_true((class_of("12/1/2024") & CLASS_PADS) == CLASS_UNPADDED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_is_read_in_every_format),
        cmocka_unit_test(days_that_no_calendar_has_are_no_dates),
        cmocka_unit_test(other_shapes_are_no_dates),
        cmocka_unit_test(times_and_zones_are_counted_in),
        cmocka_unit_test(the_time_of_a_day_stands_alone_too),
        cmocka_unit_test(only_the_orders_that_give_a_day_are_possible),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
