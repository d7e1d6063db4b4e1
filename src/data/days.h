/* days.h - the proleptic Gregorian calendar: days since 1970-01-01 <-> year, month, day.
 *
 * Years are astronomical: 1 BC is 0. By Hinnant's "chrono-compatible low-level date algorithms":
 * years begin in March, so that the leap day is the last one. */
#ifndef MDM_DATA_DAYS_H
#define MDM_DATA_DAYS_H

#include <stdbool.h>
#include <stdint.h>

enum { MDM_DAYS_PER_ERA = 146097 /* 400 years */, MDM_DAYS_TO_1970 = 719468 /* from 0000-03-01 */ };

#define MDM_MICROS_PER_DAY INT64_C(86400000000)

static inline int64_t mdm_days_from_date(int64_t year, unsigned month, unsigned day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    unsigned year_of_era = (unsigned)(year - era * 400);
    unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * MDM_DAYS_PER_ERA + day_of_era - MDM_DAYS_TO_1970;
}

static inline void mdm_date_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    days += MDM_DAYS_TO_1970;
    int64_t era = (days >= 0 ? days : days - (MDM_DAYS_PER_ERA - 1)) / MDM_DAYS_PER_ERA;
    unsigned day_of_era = (unsigned)(days - era * MDM_DAYS_PER_ERA);
    unsigned year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned march_month = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * march_month + 2) / 5 + 1;
    *month = march_month < 10 ? march_month + 3 : march_month - 9;
    *year = era * 400 + year_of_era + (*month <= 2);
}

static inline bool mdm_is_leap_year(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* month: 1 to 12 */
static inline unsigned mdm_days_of_month(int64_t year, unsigned month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (unsigned)(month == 2 && mdm_is_leap_year(year));
}

#endif
