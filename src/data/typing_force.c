#include "data/typing_force.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "data/real.h"
#include "data/typing_class.h"

__extension__ typedef unsigned __int128 wide;

enum {
    MAX_DIGITS = 38,   /* a wide integer holds so many */
    MAX_EXPONENT = 400 /* what is beyond is no value of any type */
};

/* digits * 10^exponent. */
typedef struct loose {
    wide digits;
    int count; /* of digits, without leading zeros */
    int exponent;
    bool negative;
    bool whole; /* written without fraction and exponent */
} loose;

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') <= 9;
}

static bool add_digit(loose *n, char c)
{
    if (n->count == 0 && c == '0') return true;
    if (n->count == MAX_DIGITS) return false;
    n->digits = n->digits * 10 + (unsigned)(c - '0');
    n->count++;
    return true;
}

static bool read_exponent(mdm_str text, int *exponent)
{
    int64_t value;
    if (!mdm_str_to_int(text, &value) || value > MAX_EXPONENT || value < -MAX_EXPONENT)
        return false;
    *exponent += (int)value;
    return true;
}

/* [+-] digits [. digits] [e [+-] digits], at least one digit; blanks around it. */
static bool read_loose(mdm_str text, bool decimal_comma, loose *n)
{
    *n = (loose){.whole = true};
    text = mdm_str_trim(text);
    const char *at = text.data, *end = at + text.len;
    if (at < end && (*at == '-' || *at == '+')) n->negative = *at++ == '-';
    bool any = false;
    for (; at < end && is_digit(*at); at++, any = true)
        if (!add_digit(n, *at)) return false;
    if (at < end && (*at == '.' || (decimal_comma && *at == ','))) {
        n->whole = false;
        for (at++; at < end && is_digit(*at); at++, any = true) {
            if (!add_digit(n, *at)) return false;
            n->exponent--;
        }
    }
    if (!any) return false;
    if (at < end && (*at == 'e' || *at == 'E')) {
        n->whole = false;
        return read_exponent((mdm_str){at + 1, (size_t)(end - at) - 1}, &n->exponent);
    }
    return at == end;
}

/* digits * 10^exponent as an integer. */
static bool whole_value(const loose *n, wide *out)
{
    wide value = n->digits;
    int exponent = value ? n->exponent : 0;
    for (; exponent < 0; exponent++) {
        if (value % 10) return false;
        value /= 10;
    }
    for (; exponent > 0; exponent--)
        if (__builtin_mul_overflow(value, (wide)10, &value)) return false;
    *out = value;
    return true;
}

bool mdm_force_bool(mdm_str text, bool *out)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {{"true", true},   {"t", true},  {"yes", true}, {"y", true},  {"1", true},
                 {"false", false}, {"f", false}, {"no", false}, {"n", false}, {"0", false}};
    text = mdm_str_trim(text);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (mdm_str_equal_nocase(text, mdm_str_from(words[i].word)))
            return *out = words[i].value, true;
    return false;
}

bool mdm_force_int(mdm_str text, bool decimal_comma, int64_t *out)
{
    if (mdm_scan_int(text.data, text.len, out)) return true;
    loose n;
    wide value;
    if (!read_loose(text, decimal_comma, &n) || !whole_value(&n, &value)) return false;
    if (value > (wide)INT64_MAX + n.negative) return false;
    *out = (int64_t)(n.negative ? 0 - (uint64_t)value : (uint64_t)value);
    return true;
}

/* More digits than we count, or a hard case: without the comma it is what the base room reads. */
static bool read_slowly(mdm_str text, double *out)
{
    char copy[512];
    text = mdm_str_trim(text);
    if (text.len > sizeof copy) return false;
    memcpy(copy, text.data, text.len);
    char *comma = memchr(copy, ',', text.len);
    if (comma) *comma = '.';
    return mdm_str_to_real((mdm_str){copy, text.len}, out) && !isnan(*out);
}

/* Digits, perhaps with a sign and blanks around. */
static bool is_whole_text(mdm_str text)
{
    text = mdm_str_trim(text);
    for (size_t i = 0; i < text.len; i++)
        if (!is_digit(text.data[i]) && !(i == 0 && (text.data[0] == '-' || text.data[0] == '+')))
            return false;
    return true;
}

bool mdm_force_real(mdm_str text, bool decimal_comma, double *out)
{
    loose n;
    if (memchr(text.data, ',', text.len) && !decimal_comma) return false;
    if (!read_loose(text, decimal_comma, &n)) {
        /* Long fractions and infinities are fine, long whole numbers are not held exactly. */
        return !is_whole_text(text) && read_slowly(text, out);
    }
    if (n.digits > UINT64_MAX ||
        !mdm_real_from_decimal((mdm_decimal){(uint64_t)n.digits, n.exponent}, out)) {
        if (!read_slowly(text, out)) return false;
        *out = fabs(*out);
    }
    if (n.whole && (*out >= 0x1p127 || (wide)*out != n.digits)) return false;
    if (n.negative) *out = -*out;
    return true;
}

static wide power_of_ten(int exponent)
{
    wide value = 1;
    while (exponent-- > 0)
        value *= 10;
    return value;
}

bool mdm_force_decimal(mdm_str text, bool decimal_comma, mdm_type type, mdm_int128 *out)
{
    loose n;
    wide value;
    if (!read_loose(text, decimal_comma, &n)) return false;
    n.exponent += type.scale;
    if (!whole_value(&n, &value) || value >= power_of_ten(type.precision)) return false;
    if (n.negative) value = 0 - value;
    *out = (mdm_int128){(uint64_t)value, (int64_t)(uint64_t)(value >> 64)};
    return true;
}

bool mdm_force_time(mdm_str text, int64_t *micros)
{
    mdm_moment moment;
    char padded[32] = "0";
    text = mdm_str_trim(text);
    if (text.len > 1 && text.data[1] == ':' && text.len < sizeof padded) { /* 9:30 */
        memcpy(padded + 1, text.data, text.len);
        text = (mdm_str){padded, text.len + 1};
    }
    if (mdm_class_date(text, &moment) != CLASS_CLOCK) return false;
    *micros = moment.micros;
    return true;
}
