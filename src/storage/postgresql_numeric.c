#include "storage/postgresql_numeric.h"

#include <math.h>
#include <string.h>

#define BASE 10000u
#define BASE_DIGITS 4 /* decimal digits in one of ours */
#define HEADER_BYTES 8

enum {
    SIGN_PLUS = 0x0000,
    SIGN_MINUS = 0x4000,
    SIGN_NAN = 0xc000,
    SIGN_PLUS_INFINITY = 0xd000,
    SIGN_MINUS_INFINITY = 0xf000
};

__extension__ typedef unsigned __int128 wide;

static const uint64_t powers[] = {1, 10, 100, 1000, 10000};

static unsigned get16(const unsigned char *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

static void put16(unsigned char *at, unsigned value)
{
    at[0] = (unsigned char)(value >> 8);
    at[1] = (unsigned char)value;
}

static unsigned digit(const pg_numeric *value, int index)
{
    return get16(value->digits + 2 * index);
}

/* --- reading -------------------------------------------------------------- */

bool mdm_pg_numeric_read(mdm_str bytes, pg_numeric *out)
{
    if (bytes.len < HEADER_BYTES) return false;
    const unsigned char *at = (const unsigned char *)bytes.data;
    unsigned sign = get16(at + 4);
    *out = (pg_numeric){
        .negative = sign == SIGN_MINUS || sign == SIGN_MINUS_INFINITY,
        .count = (int)get16(at),
        .weight = (int16_t)get16(at + 2),
        .scale = (int)get16(at + 6),
        .digits = at + HEADER_BYTES,
    };
    if (bytes.len != HEADER_BYTES + 2 * (size_t)out->count) return false;
    for (int i = 0; i < out->count; i++)
        if (digit(out, i) >= BASE) return false;
    switch (sign) {
    case SIGN_PLUS:
    case SIGN_MINUS: out->kind = PG_NUMERIC_FINITE; return true;
    case SIGN_NAN: out->kind = PG_NUMERIC_NAN; return true;
    case SIGN_PLUS_INFINITY:
    case SIGN_MINUS_INFINITY: out->kind = PG_NUMERIC_INFINITE; return true;
    default: return false;
    }
}

/* The largest DECIMAL, 10^38 - 1. */
static wide largest_decimal(void)
{
    wide value = 1;
    for (int i = 0; i < 38; i++)
        value *= 10;
    return value - 1;
}

/* *value = *value * by + add; false: that is no DECIMAL any more. */
static bool push(wide *value, uint64_t by, uint64_t add)
{
    const wide limit = largest_decimal();
    if (*value > limit / by) return false;
    wide product = *value * by;
    if (product > limit - add) return false;
    *value = product + add;
    return true;
}

static mdm_int128 signed_value(wide value, bool negative)
{
    if (negative) value = (wide)0 - value;
    return (mdm_int128){(uint64_t)value, (int64_t)(uint64_t)(value >> 64)};
}

bool mdm_pg_numeric_decimal(const pg_numeric *value, int scale, mdm_int128 *out)
{
    if (value->kind != PG_NUMERIC_FINITE) return false;
    wide sum = 0;
    int last = value->count - 1 > value->weight ? value->count - 1 : value->weight;
    for (int i = 0; i <= last && value->count > 0; i++) {
        unsigned d = i < value->count ? digit(value, i) : 0;
        int behind = i - value->weight; /* 1: the first one behind the point */
        int places = BASE_DIGITS;
        if (behind > 0) {
            int left = scale - BASE_DIGITS * (behind - 1);
            if (left < places) places = left > 0 ? left : 0;
            unsigned cut = (unsigned)powers[BASE_DIGITS - places];
            if (d % cut != 0) return false;
            d /= cut;
        }
        if (!push(&sum, powers[places], d)) return false;
    }
    /* Zeros that were left out at the end. */
    int behind = last > value->weight ? last - value->weight : 0;
    for (int left = scale - BASE_DIGITS * behind; left > 0 && sum > 0; left--)
        if (!push(&sum, 10, 0)) return false;

    *out = signed_value(sum, value->negative);
    return true;
}

bool mdm_pg_decimal_parse(mdm_str text, int scale, mdm_int128 *out)
{
    bool negative = text.len > 0 && text.data[0] == '-';
    size_t i = negative ? 1 : 0;
    if (i == text.len) return false;
    wide sum = 0;
    bool behind = false;
    int left = scale;
    for (; i < text.len; i++) {
        if (text.data[i] == '.' && !behind) {
            behind = true;
            continue;
        }
        if (text.data[i] < '0' || text.data[i] > '9') return false;
        unsigned d = (unsigned)(text.data[i] - '0');
        if (behind && left == 0) {
            if (d != 0) return false;
            continue;
        }
        if (behind) left--;
        if (!push(&sum, 10, d)) return false;
    }
    for (; left > 0; left--)
        if (!push(&sum, 10, 0)) return false;
    *out = signed_value(sum, negative);
    return true;
}

bool mdm_pg_numeric_int(const pg_numeric *value, int64_t *out)
{
    mdm_int128 whole;
    if (!mdm_pg_numeric_decimal(value, 0, &whole)) return false;
    if (whole.high != ((int64_t)whole.low < 0 ? -1 : 0)) return false;
    *out = (int64_t)whole.low;
    return true;
}

int mdm_pg_numeric_digits(const pg_numeric *value)
{
    if (value->count == 0) return 0;
    int digits = value->count * BASE_DIGITS;
    unsigned first = digit(value, 0), last = digit(value, value->count - 1);
    for (unsigned limit = BASE / 10; limit > 1 && first < limit; limit /= 10)
        digits--;
    for (; last > 0 && last % 10 == 0; last /= 10)
        digits--;
    return digits;
}

/* Up to 15 digits over a power of ten that is a double itself: one division, rounded once. */
static bool short_real(const pg_numeric *value, double *out)
{
    static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    int decimals = BASE_DIGITS * (value->count - 1 - value->weight);
    if (value->count > 3 || decimals > 22 || decimals < -22) return false;
    uint64_t digits = 0;
    for (int i = 0; i < value->count; i++)
        digits = digits * BASE + digit(value, i);
    double real = (double)digits;
    real = decimals >= 0 ? real / tens[decimals] : real * tens[-decimals];
    *out = value->negative ? -real : real;
    return true;
}

double mdm_pg_numeric_real(const pg_numeric *value, mdm_text *room)
{
    double real;
    if (value->kind == PG_NUMERIC_NAN) return (double)NAN;
    if (value->kind == PG_NUMERIC_INFINITE)
        return value->negative ? -(double)INFINITY : (double)INFINITY;
    if (short_real(value, &real)) return real;
    mdm_text_reset(room);
    mdm_pg_numeric_print(value, room);
    if (!mdm_str_to_real((mdm_str){room->data, room->len}, &real))
        real = value->weight < 0 ? 0 : value->negative ? -(double)INFINITY : (double)INFINITY;
    return real;
}

void mdm_pg_numeric_print(const pg_numeric *value, mdm_text *out)
{
    if (value->kind == PG_NUMERIC_NAN) {
        mdm_text_puts(out, "NaN");
        return;
    }
    if (value->negative) mdm_text_putc(out, '-');
    if (value->kind == PG_NUMERIC_INFINITE) {
        mdm_text_puts(out, "Infinity");
        return;
    }
    if (value->weight < 0) mdm_text_putc(out, '0');
    for (int i = 0; i <= value->weight; i++) {
        unsigned d = i < value->count ? digit(value, i) : 0;
        mdm_text_printf(out, i == 0 ? "%u" : "%04u", d);
    }
    if (value->scale == 0) return;
    mdm_text_putc(out, '.');
    int left = value->scale;
    for (int i = value->weight + 1; left > 0; i++, left -= BASE_DIGITS) {
        char four[8];
        unsigned d = i >= 0 && i < value->count ? digit(value, i) : 0;
        for (int k = BASE_DIGITS - 1; k >= 0; k--, d /= 10)
            four[k] = (char)('0' + d % 10);
        mdm_text_add(out, (mdm_str){four, (size_t)(left < BASE_DIGITS ? left : BASE_DIGITS)});
    }
}

/* --- writing -------------------------------------------------------------- */

/* Cut off and return the last digits of a number, by a divisor. Most numbers have 64 bits, where
 * a division costs a tenth. */
static unsigned cut_off(wide *value, uint64_t divisor)
{
    if (*value >> 64 == 0) {
        uint64_t low = (uint64_t)*value;
        *value = low / divisor;
        return (unsigned)(low % divisor);
    }
    unsigned rest = (unsigned)(*value % divisor);
    *value /= divisor;
    return rest;
}

size_t mdm_pg_numeric_write(mdm_int128 value, int scale, unsigned char *out)
{
    wide left = (wide)(uint64_t)value.high << 64 | value.low;
    bool negative = value.high < 0;
    if (negative) left = (wide)0 - left;

    unsigned digits[12]; /* the last one first */
    int count = 0;
    int weight = -((scale + BASE_DIGITS - 1) / BASE_DIGITS); /* of digits[0] */
    int odd = scale % BASE_DIGITS;
    if (odd > 0)
        digits[count++] = cut_off(&left, powers[odd]) * (unsigned)powers[BASE_DIGITS - odd];
    while (left > 0)
        digits[count++] = cut_off(&left, BASE);

    while (count > 0 && digits[count - 1] == 0)
        count--;
    int first = 0;
    while (first < count && digits[first] == 0)
        first++;

    put16(out, (unsigned)(count - first));
    put16(out + 2, count > first ? (unsigned)(weight + count - 1) & 0xffffu : 0);
    put16(out + 4, negative ? SIGN_MINUS : SIGN_PLUS);
    put16(out + 6, (unsigned)scale);
    unsigned char *at = out + HEADER_BYTES;
    for (int i = count - 1; i >= first; i--, at += 2)
        put16(at, digits[i]);
    return (size_t)(at - out);
}
