/* Dates and times as SQLite keeps them: ISO text, made and read by integer arithmetic. Years are
 * astronomical (year 0 is 1 BC); those outside 0000 to 9999 have a minus sign or more digits. */
#include <string.h>

#include "data/days.h"
#include "storage/sqlite_driver.h"

#define DAY_US MDM_SQLITE_DAY_US
#define PLAIN_DATE 10 /* bytes of 2024-02-29 */

/* --- writing ----------------------------------------------------------------- */

static char *put2(char *at, unsigned value)
{
    at[0] = (char)('0' + value / 10);
    at[1] = (char)('0' + value % 10);
    return at + 2;
}

static char *put_year(char *at, int64_t year)
{
    if (year < 0) {
        *at++ = '-';
        year = -year;
    }
    if (year > 9999) {
        char digits[20];
        int count = 0;
        for (; year > 0; year /= 10)
            digits[count++] = (char)('0' + year % 10);
        while (count > 0)
            *at++ = digits[--count];
        return at;
    }
    return put2(put2(at, (unsigned)(year / 100)), (unsigned)(year % 100));
}

static char *put_date(char *at, int64_t days)
{
    int64_t year;
    unsigned month, day;
    mdm_date_from_days(days, &year, &month, &day);
    at = put_year(at, year);
    *at++ = '-';
    at = put2(at, month);
    *at++ = '-';
    return put2(at, day);
}

static char *put_time(char *at, int64_t us)
{
    const unsigned seconds = (unsigned)(us / 1000000);
    const unsigned fraction = (unsigned)(us % 1000000);
    at = put2(at, seconds / 3600);
    *at++ = ':';
    at = put2(at, seconds / 60 % 60);
    *at++ = ':';
    at = put2(at, seconds % 60);
    if (fraction == 0) return at;
    *at++ = '.';
    at = put2(at, fraction / 10000);
    at = put2(at, fraction / 100 % 100);
    return put2(at, fraction % 100);
}

static size_t put_word(char *text, const char *word)
{
    const size_t len = strlen(word);
    memcpy(text, word, len);
    return len;
}

size_t mdm_sqlite_date_text(int32_t days, char *text)
{
    if (days == INT32_MAX) return put_word(text, "infinity");
    if (days == -INT32_MAX) return put_word(text, "-infinity");
    return (size_t)(put_date(text, days) - text);
}

size_t mdm_sqlite_time_text(int64_t microseconds, char *text)
{
    return (size_t)(put_time(text, microseconds) - text);
}

size_t mdm_sqlite_stamp_next(int64_t microseconds, bool zoned, char *text, int64_t *day)
{
    const int64_t before = *day;
    *day = MDM_SQLITE_NO_DAY;
    if (microseconds == INT64_MAX) return put_word(text, "infinity");
    if (microseconds == -INT64_MAX) return put_word(text, "-infinity");
    int64_t days = microseconds / DAY_US;
    int64_t us = microseconds % DAY_US;
    if (us < 0) {
        us += DAY_US;
        days--;
    }
    char *at = text + PLAIN_DATE;
    if (days != before) at = put_date(text, days);
    if (at == text + PLAIN_DATE) *day = days;
    *at++ = ' ';
    at = put_time(at, us);
    if (zoned) at += put_word(at, "+00:00");
    return (size_t)(at - text);
}

size_t mdm_sqlite_stamp_text(int64_t microseconds, bool zoned, char *text)
{
    int64_t day = MDM_SQLITE_NO_DAY;
    return mdm_sqlite_stamp_next(microseconds, zoned, text, &day);
}

/* --- reading: each takes its part off the front of the text ------------------------ */

static bool take(mdm_str *text, char c)
{
    if (text->len == 0 || text->data[0] != c) return false;
    text->data++;
    text->len--;
    return true;
}

/* Between least and most digits, as many as there are. */
static bool take_digits(mdm_str *text, size_t least, size_t most, int64_t *value)
{
    size_t count = 0;
    *value = 0;
    while (count < most && count < text->len && text->data[count] >= '0' &&
           text->data[count] <= '9')
        *value = *value * 10 + (text->data[count++] - '0');
    text->data += count;
    text->len -= count;
    return count >= least;
}

static bool take_two(mdm_str *text, int low, int high, int *value)
{
    if (text->len < 2) return false;
    const unsigned tens = (unsigned char)text->data[0] - (unsigned)'0';
    const unsigned ones = (unsigned char)text->data[1] - (unsigned)'0';
    if (tens > 9 || ones > 9) return false;
    *value = (int)(tens * 10 + ones);
    text->data += 2;
    text->len -= 2;
    return *value >= low && *value <= high;
}

static bool take_date(mdm_str *text, int64_t *days)
{
    int64_t year;
    int month, day;
    const bool negative = take(text, '-');
    if (!take_digits(text, 4, 7, &year) || !take(text, '-') || !take_two(text, 1, 12, &month) ||
        !take(text, '-') || !take_two(text, 1, 31, &day))
        return false;
    if (negative) year = -year;
    if ((unsigned)day > mdm_days_of_month(year, (unsigned)month)) return false;
    *days = mdm_days_from_date(year, (unsigned)month, (unsigned)day);
    return true;
}

static bool take_fraction(mdm_str *text, int64_t *us)
{
    *us = 0;
    if (!take(text, '.')) return true;
    const size_t before = text->len;
    if (!take_digits(text, 1, 6, us)) return false;
    for (size_t digits = before - text->len; digits < 6; digits++)
        *us *= 10;
    return true;
}

/* To 24:00:00 included, which PostgreSQL knows. */
static bool take_time(mdm_str *text, int64_t *us)
{
    int hour, minute, second = 0;
    int64_t fraction = 0;
    if (!take_two(text, 0, 24, &hour) || !take(text, ':') || !take_two(text, 0, 59, &minute))
        return false;
    if (take(text, ':') && (!take_two(text, 0, 59, &second) || !take_fraction(text, &fraction)))
        return false;
    *us = ((int64_t)hour * 3600 + minute * 60 + second) * 1000000 + fraction;
    return *us <= DAY_US;
}

/* Z or +HH[[:]MM]; what it says is east of UTC. */
static bool take_zone(mdm_str *text, int64_t *us)
{
    int hours, minutes = 0;
    *us = 0;
    if (take(text, 'Z')) return true;
    const bool west = take(text, '-');
    if (!west && !take(text, '+')) return false;
    if (!take_two(text, 0, 15, &hours)) return false;
    const bool colon = take(text, ':');
    if ((colon || text->len > 0) && !take_two(text, 0, 59, &minutes)) return false;
    *us = ((int64_t)hours * 60 + minutes) * 60000000;
    if (west) *us = -*us;
    return true;
}

static bool is_infinite(mdm_str text, bool *negative)
{
    *negative = text.len > 0 && text.data[0] == '-';
    const mdm_str word = {text.data + *negative, text.len - *negative};
    return mdm_str_equal(word, MDM_STR("infinity"));
}

bool mdm_sqlite_date_read(mdm_str text, int32_t *days)
{
    bool negative;
    if (is_infinite(text, &negative)) {
        *days = negative ? -INT32_MAX : INT32_MAX;
        return true;
    }
    int64_t number;
    if (!take_date(&text, &number) || text.len > 0) return false;
    if (number < INT32_MIN || number >= INT32_MAX || number == -INT32_MAX) return false;
    *days = (int32_t)number;
    return true;
}

bool mdm_sqlite_time_read(mdm_str text, int64_t *microseconds)
{
    return take_time(&text, microseconds) && text.len == 0;
}

/* days * DAY_US + us, which may fit though the product alone does not. */
static bool stamp_of(int64_t days, int64_t us, int64_t *microseconds)
{
    if (days < 0) {
        days++;
        us -= DAY_US;
    }
    int64_t product;
    return !__builtin_mul_overflow(days, DAY_US, &product) &&
           !__builtin_add_overflow(product, us, microseconds) && *microseconds != INT64_MAX &&
           *microseconds != -INT64_MAX;
}

/* Two digits; *bad grows when they are none. */
static unsigned pair(const char *at, unsigned *bad)
{
    const unsigned tens = (unsigned char)at[0] - (unsigned)'0';
    const unsigned ones = (unsigned char)at[1] - (unsigned)'0';
    *bad |= (tens > 9) | (ones > 9);
    return tens * 10 + ones;
}

/* "2024-02-29 13:05:00", with or without six digits behind it: what we write, in a third of the
 * time. False: look at it properly. */
static bool read_usual(mdm_str text, int64_t *microseconds)
{
    const char *t = text.data;
    if (text.len != 19 && text.len != 26) return false;
    if (t[4] != '-' || t[7] != '-' || t[10] != ' ' || t[13] != ':' || t[16] != ':') return false;
    unsigned bad = 0, fraction = 0;
    const unsigned year = pair(t, &bad) * 100 + pair(t + 2, &bad);
    const unsigned month = pair(t + 5, &bad), day = pair(t + 8, &bad);
    const unsigned hour = pair(t + 11, &bad), minute = pair(t + 14, &bad);
    const unsigned second = pair(t + 17, &bad);
    if (text.len == 26) {
        bad |= t[19] != '.';
        fraction = (pair(t + 20, &bad) * 100 + pair(t + 22, &bad)) * 100 + pair(t + 24, &bad);
    }
    if (bad || month - 1 > 11 || hour > 23 || minute > 59 || second > 59) return false;
    if (day - 1 >= mdm_days_of_month(year, month)) return false;
    *microseconds = mdm_days_from_date(year, month, day) * DAY_US +
                    (int64_t)((hour * 60 + minute) * 60 + second) * 1000000 + fraction;
    return true;
}

bool mdm_sqlite_stamp_read(mdm_str text, bool zoned, int64_t *microseconds)
{
    if (!zoned && read_usual(text, microseconds)) return true;
    bool negative;
    if (is_infinite(text, &negative)) {
        *microseconds = negative ? -INT64_MAX : INT64_MAX;
        return true;
    }
    int64_t days, us = 0, zone = 0;
    if (!take_date(&text, &days)) return false;
    if (text.len > 0 && ((!take(&text, ' ') && !take(&text, 'T')) || !take_time(&text, &us)))
        return false;
    if (zoned && !take_zone(&text, &zone)) return false;
    return text.len == 0 && stamp_of(days, us - zone, microseconds);
}
