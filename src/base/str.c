/* Looking at text: comparing, cutting, numbers. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/format.h"
#include "base/text.h"

#define NUMBER_MAX 1024u /* a longer text is no number to us */
#define REAL_ROOM 32u

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

mdm_str mdm_str_from(const char *text)
{
    return text ? (mdm_str){text, strlen(text)} : (mdm_str){"", 0};
}

bool mdm_str_equal(mdm_str a, mdm_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool mdm_str_equal_nocase(mdm_str a, mdm_str b)
{
    if (a.len != b.len) return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.data[i]) != lower(b.data[i])) return false;
    return true;
}

mdm_str mdm_str_trim(mdm_str text)
{
    while (text.len > 0 && is_blank(text.data[0])) {
        text.data++;
        text.len--;
    }
    while (text.len > 0 && is_blank(text.data[text.len - 1]))
        text.len--;
    return text;
}

bool mdm_str_starts(mdm_str text, mdm_str prefix)
{
    return text.len >= prefix.len && mdm_str_equal((mdm_str){text.data, prefix.len}, prefix);
}

bool mdm_str_ends(mdm_str text, mdm_str suffix)
{
    return text.len >= suffix.len &&
           mdm_str_equal((mdm_str){text.data + (text.len - suffix.len), suffix.len}, suffix);
}

mdm_str mdm_str_split(mdm_str *rest, char separator)
{
    mdm_str part = *rest;
    const char *found = part.len ? memchr(part.data, separator, part.len) : NULL;
    if (found) {
        part.len = (size_t)(found - part.data);
        rest->data = found + 1;
        rest->len -= part.len + 1;
    } else {
        *rest = (mdm_str){part.len ? part.data + part.len : part.data, 0};
    }
    return part;
}

/* --- numbers ---------------------------------------------------------------- */

bool mdm_str_to_int(mdm_str text, int64_t *out)
{
    size_t i = 0;
    const bool negative = text.len > 0 && text.data[0] == '-';
    if (text.len > 0 && (text.data[0] == '-' || text.data[0] == '+')) i++;
    if (i == text.len) return false;
    int64_t value = 0; /* kept negative: INT64_MIN has no positive twin */
    for (; i < text.len; i++) {
        if (!is_digit(text.data[i])) return false;
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, text.data[i] - '0', &value))
            return false;
    }
    if (!negative && value == INT64_MIN) return false;
    *out = negative ? value : -value;
    return true;
}

static size_t count_digits(const char *at)
{
    size_t count = 0;
    while (is_digit(at[count]))
        count++;
    return count;
}

/* [+-] digits [. digits] [e [+-] digits], with a digit on one side of the point: strtod() takes
 * more (blanks, hexadecimal, "nan(...)"). */
static bool looks_like_real(const char *at)
{
    at += *at == '+' || *at == '-';
    const size_t before = count_digits(at);
    at += before;
    size_t after = 0;
    if (*at == '.') {
        after = count_digits(at + 1);
        at += 1 + after;
    }
    if (before + after == 0) return false;
    if (*at == 'e' || *at == 'E') {
        at++;
        at += *at == '+' || *at == '-';
        const size_t digits = count_digits(at);
        if (digits == 0) return false;
        at += digits;
    }
    return *at == '\0';
}

/* nan, inf and infinity in any case, signed or not. */
static bool special_real(mdm_str text, double *out)
{
    const bool negative = text.len > 0 && text.data[0] == '-';
    if (text.len > 0 && (text.data[0] == '-' || text.data[0] == '+')) {
        text.data++;
        text.len--;
    }
    if (mdm_str_equal_nocase(text, MDM_STR("nan"))) *out = (double)NAN;
    else if (mdm_str_equal_nocase(text, MDM_STR("inf")) ||
             mdm_str_equal_nocase(text, MDM_STR("infinity")))
        *out = (double)INFINITY;
    else return false;
    if (negative) *out = -*out;
    return true;
}

bool mdm_str_to_real(mdm_str text, double *out)
{
    if (special_real(text, out)) return true;
    char copy[NUMBER_MAX];
    if (text.len == 0 || text.len >= sizeof copy || memchr(text.data, '\0', text.len)) return false;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    if (!looks_like_real(copy)) return false;
    errno = 0;
    const double value = strtod_l(copy, NULL, mdm_c_locale());
    /* ERANGE also marks numbers that are merely denormal. */
    if (errno == ERANGE && (value == 0 || isinf(value))) return false;
    *out = value;
    return true;
}

/* Up to 15 digits come back unchanged from every normal double, so fewer need not be tried. */
size_t mdm_real_text(double value, char *room)
{
    if (isnan(value) || isinf(value)) {
        strcpy(room, isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
        return strlen(room);
    }
    const locale_t before = uselocale(mdm_c_locale());
    int len = 0;
    for (int digits = isnormal(value) || value == 0 ? 15 : 1; digits <= 17; digits++) {
        len = snprintf(room, REAL_ROOM, "%.*g", digits, value);
        if (strtod(room, NULL) == value) break;
    }
    uselocale(before);
    return (size_t)len;
}
