/* Numbers as printers write them.
 *
 * All printers write as few digits as read back equal, and differ in when they write an exponent (e
 * being that of the first digit) and how:
 *  - Python, C++17, DuckDB, Arrow: e < -4 or e >= 16, at least two digits of exponent
 *  - JavaScript, JSON of Go: e < -6 or e >= 21, as many digits as it has
 *  - %g, C++ streams: e < -4 or e >= 6, two digits; the number has at most 6
 *  - %.15g, spreadsheets: e < -4 or e >= 15, two digits; the number has at most 15
 *  - R: when that is shorter, two digits; the number has at most 15
 *  - Rust and others: never
 *
 * One of them must have written all cells of a column, else "100000" and "1e+05" would be one
 * value and the difference be lost. */
#include "data/typing_class.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "data/real.h"

__extension__ typedef unsigned __int128 wide_word;

#define LAST_WHOLE ((int64_t)1 << 53) /* doubles hold every integer up to here */
/* Below, a decimal is nearer to its double than to its neighbour. */
#define SURE_FIXED ((uint64_t)1 << 52)

/* -?WHOLE[.FRACTION][e+-EXPONENT], by the digits. */
typedef struct number {
    uint64_t digits; /* of whole and fraction as one integer; undefined when too_long */
    bool negative, too_long;
    bool has_exponent, padded_exponent, bare_exponent; /* e+05, e+5; e+10 is both */
    char mark;                                         /* '.' or ','; 0: no fraction */
    int whole, fraction;                               /* how many digits */
    int exponent;                                      /* as written */
} number;

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') <= 9;
}

/* Digits from *at on; false when there is none. */
static int scan_digits(const char **at, const char *end, uint64_t *value)
{
    const char *from = *at, *to = from;
    uint64_t digits = *value;
    for (; to < end && is_digit(*to); to++)
        digits = digits * 10 + (uint64_t)(*to - '0');
    *value = digits;
    *at = to;
    return (int)(to - from);
}

/* "e-05", "e+16", "e-7" */
static bool scan_exponent(const char **at, const char *end, number *n)
{
    const char *sign = *at + 1;
    if (end - sign < 2 || (*sign != '+' && *sign != '-')) return false;
    *at = sign + 1;
    bool zero = **at == '0';
    uint64_t value = 0;
    int count = scan_digits(at, end, &value);
    if (count < 1 || count > 3 || value == 0 || (zero && count != 2)) return false;
    n->has_exponent = true;
    n->padded_exponent = count >= 2;
    n->bare_exponent = !zero;
    n->exponent = *sign == '-' ? -(int)value : (int)value;
    return true;
}

/* Digits behind leading zeros, the mark left out. */
static int count_significant(const char *from, const char *end)
{
    int count = 0;
    for (; from < end; from++)
        if (is_digit(*from) && (count || *from != '0')) count++;
    return count;
}

static bool scan_number(mdm_str text, bool decimal_comma, number *n)
{
    const char *at = text.data, *end = at + text.len;
    *n = (number){0};
    if (text.len > 400) return false; /* no printer's */
    if (at < end && *at == '-') {
        n->negative = true;
        at++;
    }
    const char *first = at;
    n->whole = scan_digits(&at, end, &n->digits);
    if (n->whole > 1 && *first == '0') return false;
    if (at < end && (*at == '.' || (*at == ',' && decimal_comma))) {
        n->mark = *at++;
        n->fraction = scan_digits(&at, end, &n->digits);
        if (n->fraction == 0) return false;
    }
    if (n->whole + n->fraction == 0) return false;
    n->too_long = n->whole + n->fraction > 19 && count_significant(first, at) > 19;
    if (at < end && *at == 'e' && !scan_exponent(&at, end, n)) return false;
    return at == end;
}

static const uint64_t powers[] = {
    1u,
    10u,
    100u,
    1000u,
    10000u,
    100000u,
    1000000u,
    10000000u,
    100000000u,
    1000000000u,
    UINT64_C(10000000000),
    UINT64_C(100000000000),
    UINT64_C(1000000000000),
    UINT64_C(10000000000000),
    UINT64_C(100000000000000),
    UINT64_C(1000000000000000),
    UINT64_C(10000000000000000),
    UINT64_C(100000000000000000),
    UINT64_C(1000000000000000000),
    UINT64_C(10000000000000000000),
};

/* 1 for 0. 1233 / 4096 is log10(2), nearly enough for 64 bits. */
static int count_digits(uint64_t value)
{
    int bits = 64 - __builtin_clzll(value | 1);
    int digits = bits * 1233 >> 12;
    return digits + (digits < 20 && value >= powers[digits]) + (value == 0);
}

/* --- printers ------------------------------------------------------------------ */

/* What the digits are without zeros at either end. */
typedef struct shape {
    uint64_t digits;
    int count; /* of digits; 1 for zero */
    int first; /* decimal exponent of the first digit */
} shape;

static shape shape_of(uint64_t digits, int exponent)
{
    if (digits == 0) return (shape){0, 1, 0};
    while (digits % 10 == 0) {
        digits /= 10;
        exponent++;
    }
    int count = count_digits(digits);
    return (shape){digits, count, exponent + count - 1};
}

/* R: is the plain form no longer than the other? */
static bool r_writes_plain(const shape *s)
{
    int plain = s->first < 0 ? 1 - s->first + s->count
                             : (s->count > s->first + 1 ? s->count + 1 : s->first + 1);
    int other = (s->count > 1 ? s->count + 1 : 1) + (s->first <= -100 || s->first >= 100 ? 5 : 4);
    return plain <= other;
}

static uint64_t plain_printers(const shape *s)
{
    uint64_t c = CLASS_PRINTER_PLAIN;
    if (s->first >= -4 && s->first < 16) c |= CLASS_PRINTER_PYTHON;
    if (s->first >= -6 && s->first < 21) c |= CLASS_PRINTER_SCRIPT;
    if (s->first >= -4 && s->first < 6 && s->count <= 6) c |= CLASS_PRINTER_G6;
    if (s->first >= -4 && s->first < 15 && s->count <= 15) c |= CLASS_PRINTER_G15;
    if (s->count <= 15 && r_writes_plain(s)) c |= CLASS_PRINTER_R;
    return c;
}

static uint64_t exponent_printers(const number *n, const shape *s)
{
    uint64_t c = 0;
    if (n->bare_exponent && (s->first < -6 || s->first >= 21)) c |= CLASS_PRINTER_SCRIPT;
    if (!n->padded_exponent) return c;
    if (s->first < -4 || s->first >= 16) c |= CLASS_PRINTER_PYTHON;
    if ((s->first < -4 || s->first >= 6) && s->count <= 6) c |= CLASS_PRINTER_G6;
    if ((s->first < -4 || s->first >= 15) && s->count <= 15) c |= CLASS_PRINTER_G15;
    if (s->count <= 15 && !r_writes_plain(s)) c |= CLASS_PRINTER_R;
    return c;
}

uint64_t mdm_class_large_int(int64_t value)
{
    if (value < -LAST_WHOLE || value > LAST_WHOLE) return CLASS_INT;
    shape s = shape_of((uint64_t)(value < 0 ? -value : value), 0);
    return (CLASS_SMALL_INT & ~CLASS_PRINTERS) | plain_printers(&s);
}

/* --- does it come back? ---------------------------------------------------------- */

static double read_value(const number *n, mdm_str text)
{
    double value;
    if (!n->too_long &&
        mdm_real_from_decimal((mdm_decimal){n->digits, n->exponent - n->fraction}, &value))
        return n->negative ? -value : value;
    char copy[400];
    memcpy(copy, text.data, text.len);
    char *comma = memchr(copy, ',', text.len);
    if (comma) *comma = '.';
    return mdm_str_to_real((mdm_str){copy, text.len}, &value) ? value : (double)NAN;
}

/* Up to 15 digits always come back; subnormals have fewer that do. */
static bool is_shortest(const number *n, const shape *s, double value)
{
    if (n->too_long || s->count > 17) return false;
    if (s->count <= MDM_MAX_EXACT && s->first > -290 && s->first < 290) return true;
    mdm_decimal shortest = mdm_real_shortest(value);
    return shortest.digits == s->digits && shortest.exponent == s->first - s->count + 1;
}

static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;

static void open_c_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

/* With so many decimals printf writes the same text. */
static bool comes_back_fixed(const number *n, mdm_str text, double value)
{
    if (!n->too_long && n->digits < SURE_FIXED) return true;
    char printed[448];
    pthread_once(&c_locale_once, open_c_locale);
    if (!c_locale) return false;
    locale_t before = uselocale(c_locale);
    int len = snprintf(printed, sizeof printed, "%.*f", n->fraction, value);
    uselocale(before);
    if (n->whole == 0) { /* ".5" */
        char *zero = printed + n->negative;
        memmove(zero, zero + 1, (size_t)(len - n->negative));
        len--;
    }
    char *point = memchr(printed, '.', (size_t)len);
    if (point) *point = n->mark;
    return (size_t)len == text.len && memcmp(printed, text.data, text.len) == 0;
}

/* --- the class --------------------------------------------------------------------- */

/* Styles of shortest text that would have written this; the caller knows that it comes back. */
static uint64_t shortest_styles(const number *n, const shape *s, mdm_str text)
{
    if (n->has_exponent) {
        /* d[.ddd] with no zero at the end */
        bool normal = n->whole == 1 && n->digits != 0 && s->count == 1 + n->fraction;
        return normal ? CLASS_WHOLES | exponent_printers(n, s) : 0;
    }
    if (n->fraction == 0) return CLASS_WHOLE_BARE | plain_printers(s);
    if (text.data[text.len - 1] != '0') return CLASS_WHOLES | plain_printers(s);
    return n->fraction == 1 ? CLASS_WHOLE_POINT | plain_printers(s) : 0;
}

static uint64_t mark_class(const number *n, mdm_str text)
{
    if (n->mark == '.') return CLASS_MARK_POINT;
    if (n->mark == 0) return CLASS_MARKS | CLASS_GROUPS;
    bool groups =
        n->fraction == 3 && n->whole >= 1 && n->whole <= 3 && text.data[n->negative] != '0';
    return CLASS_MARK_COMMA | (groups ? CLASS_GROUPS : 0);
}

static uint64_t lead_class(const number *n, mdm_str text)
{
    if (n->whole == 0) return CLASS_LEAD_POINT;
    bool zero = n->whole == 1 && text.data[n->negative] == '0' && n->fraction > 0;
    return zero && !n->has_exponent ? CLASS_LEAD_ZERO : CLASS_LEADS;
}

static uint64_t infinity_class(mdm_str text, double *value)
{
    bool negative = text.len == 4 && text.data[0] == '-';
    if (text.len != 3u + negative || memcmp(text.data + negative, "inf", 3) != 0) return 0;
    *value = negative ? -(double)INFINITY : (double)INFINITY;
    return CLASS_ANY_REAL;
}

/* --- everyday numbers ------------------------------------------------------------- */

/* In sixteen bytes, first byte lowest: the mark is taken out, what is before it moves up. */
static wide_word without_mark(wide_word word, int at)
{
    wide_word before = ((wide_word)1 << 8 * at) - 1;
    return (word & ~(before << 8 | 0xff)) | (word & before) << 8 | '0';
}

/* The place of the last mark among the eight bytes, or -1. */
static int find_mark(uint64_t word, char mark)
{
    uint64_t x = word ^ (MDM_ZEROS / '0' * (unsigned char)mark);
    uint64_t found = (x - UINT64_C(0x0101010101010101)) & ~x & UINT64_C(0x8080808080808080);
    return found ? (63 - __builtin_clzll(found)) >> 3 : -1;
}

/* Printers of DIGITS.DIGITS with the last digit not 0, at most 15 digits, and 0.001 at least: only
 * %g with six digits could have written it otherwise. */
static uint64_t everyday_printers(uint64_t digits)
{
    return digits < 1000000 ? CLASS_PRINTERS : CLASS_PRINTERS & ~CLASS_PRINTER_G6;
}

/* -?DIGITS.DIGITS of at most 15 digits, neither tiny nor without point. False: look closer. */
static bool everyday_number(mdm_str text, uint64_t *class, double *value)
{
    bool negative = text.len > 0 && text.data[0] == '-';
    const char *first = text.data + negative;
    size_t len = text.len - negative;
    if (len < 3 || len > 16 || (first[0] == '0' && first[1] != '.')) return false;
    uint64_t high, low;
    mdm_align_digits16(first, len, &high, &low);
    int mark = find_mark(low, '.') + 8;
    if (mark == 7) mark = find_mark(high, '.');
    int fraction = 15 - mark, whole = (int)len - 1 - fraction;
    if (mark < 0 || fraction == 0 || whole <= 0) return false;
    wide_word word = without_mark((wide_word)low << 64 | high, mark);
    if (!mdm_are_digits((uint64_t)word) || !mdm_are_digits((uint64_t)(word >> 64))) return false;
    uint64_t digits =
        mdm_digits_value((uint64_t)word) * 100000000 + mdm_digits_value((uint64_t)(word >> 64));
    if (first[0] == '0' && fraction > 3 && digits < powers[fraction - 3]) return false;

    uint64_t c = CLASS_FIXED(fraction) | CLASS_MARK_POINT |
                 (first[0] == '0' ? CLASS_LEAD_ZERO : CLASS_LEADS);
    if (text.data[text.len - 1] != '0') c |= CLASS_WHOLES | everyday_printers(digits);
    else if (fraction == 1)
        c |= CLASS_WHOLE_POINT | (mdm_class_int((int64_t)(digits / 10)) & CLASS_PRINTERS);
    *class = c;
    double real;
    if (!mdm_real_from_decimal((mdm_decimal){digits, -fraction}, &real)) return false;
    *value = negative ? -real : real;
    return true;
}

/* What is neither an everyday number nor an integer. */
static uint64_t class_closely(mdm_str text, bool decimal_comma, uint64_t alive, double *value)
{
    number n;
    if (!scan_number(text, decimal_comma, &n)) return infinity_class(text, value);
    bool whole = n.mark == 0 && !n.has_exponent;
    if (whole && (n.too_long || n.digits != 0)) return 0; /* beyond 64 bits: a name, not a number */
    *value = read_value(&n, text);
    if (!isfinite(*value)) return 0;
    shape s = n.too_long ? (shape){0} : shape_of(n.digits, n.exponent - n.fraction);
    uint64_t c = 0;
    if (mdm_class_has_shortest(alive) && (n.has_exponent || s.first <= 15) &&
        is_shortest(&n, &s, *value))
        c |= shortest_styles(&n, &s, text);
    if (!n.has_exponent && n.fraction >= 1 && n.fraction <= MDM_MAX_SCALE &&
        (alive & CLASS_FIXED(n.fraction)) && comes_back_fixed(&n, text, *value))
        c |= CLASS_FIXED(n.fraction);
    return c ? c | mark_class(&n, text) | lead_class(&n, text) : 0;
}

uint64_t mdm_class_number(mdm_str text, bool decimal_comma, uint64_t alive, double *value)
{
    uint64_t class;
    int64_t whole;
    if (everyday_number(text, &class, value)) return class;
    if (!mdm_scan_int(text.data, text.len, &whole))
        return class_closely(text, decimal_comma, alive, value);
    *value = (double)whole;
    return mdm_class_int(whole);
}
