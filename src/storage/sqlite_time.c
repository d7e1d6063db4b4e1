/* Dates and times as SQLite keeps them: ISO text, made and read by integer arithmetic. Years are
 * astronomical (year 0 is 1 BC); those outside 0000 to 9999 have a minus sign or more digits. */
#include <string.h>

#include "data/days.h"
#include "storage/sqlite_driver.h"

#define DAY_US MDM_SQLITE_DAY_US

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
        for (; year > 0; year /= 10) digits[count++] = (char)('0' + year % 10);
        while (count > 0) *at++ = digits[--count];
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

size_t mdm_sqlite_stamp_text(int64_t microseconds, bool zoned, char *text)
{
    if (microseconds == INT64_MAX) return put_word(text, "infinity");
    if (microseconds == -INT64_MAX) return put_word(text, "-infinity");
    int64_t days = microseconds / DAY_US;
    int64_t us = microseconds % DAY_US;
    if (us < 0) {
        us += DAY_US;
        days--;
    }
    char *at = put_date(text, days);
    *at++ = ' ';
    at = put_time(at, us);
    if (zoned) at += put_word(at, "+00:00");
    return (size_t)(at - text);
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
    int64_t number;
    if (!take_digits(text, 2, 2, &number) || number < low || number > high) return false;
    *value = (int)number;
    return true;
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
    for (size_t digits = before - text->len; digits < 6; digits++) *us *= 10;
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

bool mdm_sqlite_stamp_read(mdm_str text, bool zoned, int64_t *microseconds)
{
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
