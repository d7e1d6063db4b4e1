/* strptime() without the locale: English names, and nothing that is not in the text. */
#include "data/typing_format.h"

#include <string.h>

#include "base/text.h"
#include "data/days.h"

typedef struct parts {
    int64_t year, month, day, day_of_year;
    int64_t hour, minute, second, micros;
    bool twelve_hours, afternoon, morning;
    int64_t offset; /* minutes east */
} parts;

/* What stands for several others. */
static const char *expansion(char directive)
{
    switch (directive) {
    case 'F': return "%Y-%m-%d";
    case 'D': return "%m/%d/%y";
    case 'T': return "%H:%M:%S";
    case 'R': return "%H:%M";
    default: return NULL;
    }
}

/* --- checking ---------------------------------------------------------------- */

typedef struct found {
    bool year, month, day, day_of_year, time, zone;
} found;

static mdm_status look_at(const char *format, found *f, mdm_error *err)
{
    for (; *format; format++) {
        if (*format != '%') continue;
        format++;
        switch (*format) {
        case 'Y':
        case 'y': f->year = true; break;
        case 'm':
        case 'b':
        case 'B': f->month = true; break;
        case 'd':
        case 'e': f->day = true; break;
        case 'j': f->day_of_year = true; break;
        case 'H':
        case 'I':
        case 'M':
        case 'S':
        case 'f':
        case 'p': f->time = true; break;
        case 'z': f->zone = true; break;
        case 'F':
        case 'D':
        case 'T':
        case 'R': MDM_TRY(look_at(expansion(*format), f, err)); break;
        case '%': break;
        case '\0': return mdm_error_set(err, MDM_INVALID, "a date format that ends in %%");
        default:
            return mdm_error_set(
                err, MDM_INVALID,
                "%%%c in a date format; there are %%Y %%y %%m %%b %%B %%d %%e %%j %%H "
                "%%I %%p %%M %%S %%f %%z %%F %%D %%T %%R %%%%",
                *format);
        }
    }
    return MDM_OK;
}

mdm_status mdm_date_format_check(const char *format, mdm_type_id *type, mdm_error *err)
{
    found f = {0};
    MDM_TRY(look_at(format, &f, err));
    if (!f.year || !((f.month && f.day) || f.day_of_year))
        return mdm_error_set(err, MDM_INVALID,
                             "the date format '%s' names no day: it needs %%Y, %%m and %%d",
                             format);
    *type = f.zone ? MDM_TYPE_TIMESTAMPTZ : f.time ? MDM_TYPE_TIMESTAMP : MDM_TYPE_DATE;
    return MDM_OK;
}

/* --- reading ------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') <= 9;
}

/* From least to most digits, as many as there are. */
static bool read_number(mdm_str *text, size_t least, size_t most, int64_t *out)
{
    int64_t value = 0;
    size_t count = 0;
    for (; count < most && count < text->len && is_digit(text->data[count]); count++)
        value = value * 10 + (text->data[count] - '0');
    if (count < least) return false;
    text->data += count;
    text->len -= count;
    *out = value;
    return true;
}

static bool read_word(mdm_str *text, mdm_str word)
{
    if (text->len < word.len || !mdm_str_equal_nocase((mdm_str){text->data, word.len}, word))
        return false;
    text->data += word.len;
    text->len -= word.len;
    return true;
}

static bool read_month_name(mdm_str *text, int64_t *month)
{
    static const char *const names[] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};
    for (int i = 0; i < 12; i++) {
        mdm_str whole = mdm_str_from(names[i]);
        if (read_word(text, whole) || read_word(text, (mdm_str){whole.data, 3}))
            return *month = i + 1, true;
    }
    return false;
}

static bool read_fraction(mdm_str *text, int64_t *micros)
{
    size_t before = text->len;
    if (!read_number(text, 1, 6, micros)) return false;
    for (size_t digits = before - text->len; digits < 6; digits++)
        *micros *= 10;
    return true;
}

static bool read_zone(mdm_str *text, int64_t *offset)
{
    if (read_word(text, MDM_STR("Z"))) return *offset = 0, true;
    int64_t hours, minutes = 0, sign = 1;
    if (read_word(text, MDM_STR("-"))) sign = -1;
    else if (!read_word(text, MDM_STR("+"))) return false;
    if (!read_number(text, 2, 2, &hours)) return false;
    if (read_word(text, MDM_STR(":")) && (text->len == 0 || !is_digit(text->data[0]))) return false;
    if (text->len && is_digit(text->data[0]) && !read_number(text, 2, 2, &minutes)) return false;
    *offset = sign * (hours * 60 + minutes);
    return hours < 24 && minutes < 60;
}

static bool read_half_of_day(mdm_str *text, parts *p)
{
    p->morning = read_word(text, MDM_STR("AM"));
    p->afternoon = !p->morning && read_word(text, MDM_STR("PM"));
    return p->morning || p->afternoon;
}

static bool read_blanks(mdm_str *text)
{
    if (text->len == 0 || text->data[0] != ' ') return false;
    while (text->len && text->data[0] == ' ') {
        text->data++;
        text->len--;
    }
    return true;
}

static bool read_parts(const char *format, mdm_str *text, parts *p);

static bool read_directive(char directive, mdm_str *text, parts *p)
{
    switch (directive) {
    case 'Y': return read_number(text, 4, 4, &p->year);
    case 'y':
        if (!read_number(text, 2, 2, &p->year)) return false;
        p->year += p->year < 69 ? 2000 : 1900; /* as POSIX says */
        return true;
    case 'm': return read_number(text, 1, 2, &p->month);
    case 'b':
    case 'B': return read_month_name(text, &p->month);
    case 'e': read_blanks(text); return read_number(text, 1, 2, &p->day);
    case 'd': return read_number(text, 1, 2, &p->day);
    case 'j': return read_number(text, 1, 3, &p->day_of_year) && p->day_of_year > 0;
    case 'I': p->twelve_hours = true; return read_number(text, 1, 2, &p->hour);
    case 'H': return read_number(text, 1, 2, &p->hour);
    case 'M': return read_number(text, 1, 2, &p->minute);
    case 'S': return read_number(text, 1, 2, &p->second);
    case 'f': return read_fraction(text, &p->micros);
    case 'p': return read_half_of_day(text, p);
    case 'z': return read_zone(text, &p->offset);
    case '%': return read_word(text, MDM_STR("%"));
    default: return read_parts(expansion(directive), text, p);
    }
}

static bool read_parts(const char *format, mdm_str *text, parts *p)
{
    for (; *format; format++) {
        bool fits;
        if (*format == '%') fits = read_directive(*++format, text, p);
        else if (*format == ' ') fits = read_blanks(text);
        else fits = text->len && text->data[0] == *format && read_word(text, (mdm_str){format, 1});
        if (!fits) return false;
    }
    return true;
}

static bool day_of(const parts *p, int64_t *days)
{
    if (p->year < 1) return false;
    if (p->day_of_year) {
        if (p->day_of_year > 365 + mdm_is_leap_year(p->year)) return false;
        *days = mdm_days_from_date(p->year, 1, 1) + p->day_of_year - 1;
        return true;
    }
    if (p->month < 1 || p->month > 12 || p->day < 1) return false;
    if (p->day > mdm_days_of_month(p->year, (unsigned)p->month)) return false;
    *days = mdm_days_from_date(p->year, (unsigned)p->month, (unsigned)p->day);
    return true;
}

static bool hour_of(const parts *p, int64_t *hour)
{
    *hour = p->hour;
    if (!p->twelve_hours) return p->hour < 24;
    if (p->hour < 1 || p->hour > 12) return false;
    *hour = p->hour % 12 + (p->afternoon ? 12 : 0);
    return true;
}

bool mdm_date_format_read(const char *format, mdm_str text, int64_t *micros)
{
    parts p = {0};
    int64_t days, hour;
    if (!read_parts(format, &text, &p) || text.len) return false;
    if (!day_of(&p, &days) || !hour_of(&p, &hour) || p.minute > 59 || p.second > 59) return false;
    *micros = days * MDM_MICROS_PER_DAY + p.micros +
              (hour * 3600 + (p.minute - p.offset) * 60 + p.second) * 1000000;
    return true;
}
