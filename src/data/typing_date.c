/* Dates and times in the formats that are recognised without being told. */
#include "data/typing_class.h"

#include "data/days.h"

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') <= 9;
}

/* One or two digits. */
typedef struct pair {
    unsigned value;
    int digits;
} pair;

static pair scan_pair(const char **at, const char *end)
{
    pair p = {0, 0};
    while (p.digits < 2 && *at < end && is_digit(**at)) {
        p.value = p.value * 10 + (unsigned)(**at - '0');
        p.digits++;
        ++*at;
    }
    return p;
}

static bool scan_two(const char **at, const char *end, unsigned limit, unsigned *value)
{
    pair p = scan_pair(at, end);
    *value = p.value;
    return p.digits == 2 && p.value < limit;
}

static bool scan_year(const char **at, const char *end, int *year)
{
    if (end - *at < 4) return false;
    int value = 0;
    for (int i = 0; i < 4; i++) {
        char c = (*at)[i];
        if (!is_digit(c)) return false;
        value = value * 10 + (c - '0');
    }
    *at += 4;
    *year = value;
    return value > 0;
}

static bool scan_char(const char **at, const char *end, char c)
{
    if (*at == end || **at != c) return false;
    ++*at;
    return true;
}

static uint64_t pads_of(pair a, pair b)
{
    uint64_t c = 0;
    if (a.digits == 2 && b.digits == 2) c |= CLASS_PADDED;
    if ((a.digits == 1) == (a.value < 10) && (b.digits == 1) == (b.value < 10)) c |= CLASS_UNPADDED;
    return c;
}

static bool is_day(int year, unsigned month, unsigned day)
{
    return month >= 1 && month <= 12 && day >= 1 && day <= mdm_days_of_month(year, month);
}

/* --- HH:MM[:SS[.f]] and zones ------------------------------------------------------ */

static bool scan_fraction(const char **at, const char *end, int64_t *micros)
{
    int64_t value = 0;
    int digits = 0;
    for (; *at < end && is_digit(**at); ++*at, digits++)
        value = value * 10 + (**at - '0');
    if (digits < 1 || digits > 6) return false;
    for (; digits < 6; digits++)
        value *= 10;
    *micros += value;
    return true;
}

/* HH:MM:SS, all eight bytes at once. False: look closer. */
static bool scan_padded_clock(const char *at, unsigned *hour, int64_t *micros)
{
    const uint64_t marks = UINT64_C(0x0000ff0000ff0000);
    uint64_t word = mdm_load8(at);
    uint64_t digits = (word & ~marks) | (MDM_ZEROS & marks);
    if ((word & marks) != (UINT64_C(0x3a3a3a3a3a3a3a3a) & marks) || !mdm_are_digits(digits))
        return false;
    unsigned value = (unsigned)mdm_digits_value(digits); /* HH 0 MM 0 SS */
    unsigned minute = value / 1000 % 100, second = value % 100;
    *hour = value / 1000000;
    if (*hour > 23 || minute > 59 || second > 59) return false;
    *micros = ((int64_t)*hour * 3600 + minute * 60 + second) * 1000000;
    return true;
}

/* The class of the hour; 0: no time. */
static uint64_t scan_clock(const char **at, const char *end, int64_t *micros)
{
    unsigned whole;
    if (end - *at >= 8 && scan_padded_clock(*at, &whole, micros)) {
        *at += 8;
        if (scan_char(at, end, '.') && !scan_fraction(at, end, micros)) return 0;
        return CLASS_HOUR_PADDED | (whole >= 10 ? CLASS_HOUR_BARE : 0);
    }
    pair hour = scan_pair(at, end);
    unsigned minute, second = 0;
    if (hour.digits == 0 || hour.value > 23 || !scan_char(at, end, ':') ||
        !scan_two(at, end, 60, &minute))
        return 0;
    if (scan_char(at, end, ':')) {
        if (!scan_two(at, end, 60, &second)) return 0;
        if (scan_char(at, end, '.') && !scan_fraction(at, end, micros)) return 0;
    }
    *micros += ((int64_t)hour.value * 3600 + minute * 60 + second) * 1000000;
    return (hour.digits == 2 ? CLASS_HOUR_PADDED : 0) |
           ((hour.digits == 1) == (hour.value < 10) ? CLASS_HOUR_BARE : 0);
}

/* Z, +hh, +hh:mm, +hhmm up to the end. */
static bool scan_zone(const char **at, const char *end, int *offset)
{
    if (scan_char(at, end, 'Z')) return *at == end;
    bool west = *at < end && **at == '-';
    if (!west && (*at == end || **at != '+')) return false;
    ++*at;
    unsigned hours, minutes = 0;
    if (!scan_two(at, end, 24, &hours)) return false;
    if (*at < end) {
        scan_char(at, end, ':');
        if (!scan_two(at, end, 60, &minutes)) return false;
    }
    *offset = (int)(hours * 60 + minutes);
    if (west) *offset = -*offset;
    return *at == end;
}

/* What follows the day. */
static uint64_t scan_time(const char *at, const char *end, mdm_moment *out)
{
    if (at == end) return CLASS_NO_TIME;
    uint64_t c = *at == ' ' ? CLASS_SEP_BLANK : *at == 'T' ? CLASS_SEP_T : 0;
    if (!c) return 0;
    at++;
    uint64_t hour = scan_clock(&at, end, &out->micros);
    if (!hour) return 0;
    c |= hour | CLASS_TIME_SOME;
    if (at == end) return c | CLASS_ZONE_NONE;
    return scan_zone(&at, end, &out->offset) ? c | CLASS_ZONE_SOME : 0;
}

/* --- dates ------------------------------------------------------------------------- */

static uint64_t year_first(const char *at, const char *end, mdm_moment *out)
{
    char mark = *at++;
    pair month = scan_pair(&at, end);
    if (!scan_char(&at, end, mark)) return 0;
    pair day = scan_pair(&at, end);
    if (!is_day(out->year, month.value, day.value)) return 0;
    uint64_t time = scan_time(at, end, out);
    if (!time) return 0;
    out->second = month.value;
    out->third = day.value;
    out->year_first = true;
    mdm_date_order order = mark == '-' ? MDM_YMD_DASH : MDM_YMD_SLASH;
    return time | CLASS_ORDER(order) | pads_of(month, day);
}

static uint64_t year_last(const char *at, const char *end, mdm_moment *out)
{
    pair first = scan_pair(&at, end);
    if (first.digits == 0 || at == end || (*at != '-' && *at != '/')) return 0;
    char mark = *at++;
    pair second = scan_pair(&at, end);
    if (!scan_char(&at, end, mark) || !scan_year(&at, end, &out->year)) return 0;
    uint64_t time = scan_time(at, end, out);
    if (!time) return 0;
    bool dash = mark == '-';
    uint64_t orders = 0;
    if (is_day(out->year, second.value, first.value))
        orders |= CLASS_ORDER(dash ? MDM_DMY_DASH : MDM_DMY_SLASH);
    if (is_day(out->year, first.value, second.value))
        orders |= CLASS_ORDER(dash ? MDM_MDY_DASH : MDM_MDY_SLASH);
    if (!orders) return 0;
    out->second = first.value;
    out->third = second.value;
    return time | orders | pads_of(first, second);
}

/* YYYY-MM-DD and YYYY/MM/DD, all ten bytes at once. False: look closer. */
static bool scan_iso_day(const char *at, mdm_moment *out)
{
    uint64_t word = mdm_load8(at),
             tail = (unsigned char)at[8] | (unsigned)(unsigned char)at[9] << 8;
    const uint64_t marks = UINT64_C(0xff0000ff00000000);
    uint64_t digits = (word & ~marks) | (MDM_ZEROS & marks);
    if (at[4] != at[7] || (at[4] != '-' && at[4] != '/')) return false;
    if (!mdm_are_digits(digits) || !mdm_are_digits(tail << 48 | MDM_ZEROS >> 16)) return false;
    /* YYYY 0 MM 0 DD: the value of the first eight has the year in front. */
    uint64_t value = mdm_digits_value(digits);
    out->year = (int)(value / 10000);
    out->second = (unsigned)(value % 10000) / 10;
    out->third = (unsigned)(at[8] - '0') * 10 + (unsigned)(at[9] - '0');
    out->year_first = true;
    return out->year > 0 && is_day(out->year, out->second, out->third);
}

static uint64_t iso_day_class(const mdm_moment *out, char mark)
{
    uint64_t unpadded = out->second >= 10 && out->third >= 10 ? CLASS_UNPADDED : 0;
    return CLASS_ORDER(mark == '-' ? MDM_YMD_DASH : MDM_YMD_SLASH) | CLASS_PADDED | unpadded;
}

uint64_t mdm_scan_moment(mdm_str text, mdm_moment *out)
{
    *out = (mdm_moment){0};
    if (text.len < 5 || text.len > 40 || !is_digit(text.data[0])) return 0;
    const char *at = text.data, *end = at + text.len;
    if (text.len >= 10 && scan_iso_day(at, out)) {
        uint64_t time = scan_time(at + 10, end, out);
        return time ? time | iso_day_class(out, at[4]) : 0;
    }
    if (at[1] == ':' || at[2] == ':') {
        uint64_t hour = scan_clock(&at, end, &out->micros);
        return at == end && (hour & CLASS_HOUR_PADDED) ? CLASS_CLOCK : 0;
    }
    if (scan_year(&at, end, &out->year) && (*at == '-' || *at == '/'))
        return year_first(at, end, out);
    at = text.data;
    return year_last(at, end, out);
}

int64_t mdm_moment_days(const mdm_moment *m, mdm_date_order order)
{
    bool day_first = order == MDM_DMY_DASH || order == MDM_DMY_SLASH;
    unsigned month = day_first ? m->third : m->second;
    unsigned day = day_first ? m->second : m->third;
    return mdm_days_from_date(m->year, month, day);
}

int64_t mdm_moment_micros(const mdm_moment *m, mdm_date_order order)
{
    return mdm_moment_days(m, order) * MDM_MICROS_PER_DAY + m->micros -
           (int64_t)m->offset * 60000000;
}
