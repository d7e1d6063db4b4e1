#include "unit/data/rows.h"

#include "data/days.h"

static void every_day_of_ten_thousand_years_comes_back(void **state)
{
    (void)state;
    int64_t days = mdm_days_from_date(-1000, 1, 1);
    for (int64_t year = -1000; year <= 10000; year++) {
        int in_year = 0;
        for (unsigned month = 1; month <= 12; month++) {
            for (unsigned day = 1; day <= mdm_days_of_month(year, month);
                 day++, days++, in_year++) {
                int64_t y;
                unsigned m, d;
                mdm_date_from_days(days, &y, &m, &d);
                if (mdm_days_from_date(year, month, day) != days || y != year || m != month ||
                    d != day)
                    fail_msg("%d-%u-%u", (int)year, month, day);
            }
        }
        assert_int_equal(in_year, mdm_is_leap_year(year) ? 366 : 365);
    }
}

static void known_days_have_known_numbers(void **state)
{
    (void)state;
    static const struct {
        int64_t year;
        unsigned month, day;
        int64_t days;
    } cases[] = {
        {1970, 1, 1, 0},           {1969, 12, 31, -1},
        {2000, 2, 29, 11016},      {2000, 3, 1, 11017},
        {1900, 3, 1, -25508},      {1, 1, 1, -719162},
        {0, 1, 1, -719528},        {9999, 12, 31, 2932896},
        {-4713, 11, 24, -2440588}, /* Julian day 0 */ {2038, 1, 19, 24855},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(mdm_days_from_date(cases[i].year, cases[i].month, cases[i].day),
                         cases[i].days);
}

static void the_ends_of_a_date_come_back(void **state)
{
    (void)state;
    static const int64_t cases[] = {INT32_MIN, INT32_MIN + 1, INT32_MAX - 1,
                                    INT32_MAX, -146097,       146097};
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t year;
        unsigned month, day;
        mdm_date_from_days(cases[i], &year, &month, &day);
        assert_int_equal(mdm_days_from_date(year, month, day), cases[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_of_ten_thousand_years_comes_back),
        cmocka_unit_test(known_days_have_known_numbers),
        cmocka_unit_test(the_ends_of_a_date_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
