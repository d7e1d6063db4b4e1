/* Reading: Clinger's exact case (a product or quotient of two exact doubles), else Lemire's
 * "Number Parsing at a Gigabyte per Second" (2021). Writing: Giulietti's "The Schubfach way to
 * render doubles" (2020), in the arrangement of Bolz. Both multiply by the same 128-bit powers of
 * ten, which are computed when first needed: 667 of them, some 100 us. */
#include "data/real.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

__extension__ typedef unsigned __int128 wide;

#define WIDE_TOP ((wide)1 << 127)

/* --- powers of ten -------------------------------------------------------- */

enum {
    FIRST_POWER = -342,
    LAST_POWER = 324,
    LAST_EXACT_POWER = 55, /* 5^55 < 2^128 */
    LIMBS = 32             /* of 32 bits: 5^324 has 753 */
};

/* powers[q - FIRST_POWER]: 10^q, scaled by a power of two to have bit 127 set, rounded up. */
static wide powers[LAST_POWER - FIRST_POWER + 1];
static pthread_once_t powers_once = PTHREAD_ONCE_INIT;

/* A natural number, low limb first. */
typedef struct natural {
    uint32_t limbs[LIMBS];
} natural;

static void multiply(natural *n, uint32_t factor)
{
    uint64_t carry = 0;
    for (int i = 0; i < LIMBS; i++) {
        carry += (uint64_t)n->limbs[i] * factor;
        n->limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

static void divide(natural *n, uint32_t divisor)
{
    uint64_t rest = 0;
    for (int i = LIMBS; i-- > 0;) {
        rest = rest << 32 | n->limbs[i];
        n->limbs[i] = (uint32_t)(rest / divisor);
        rest %= divisor;
    }
}

/* The highest 128 bits, the first of them 1. */
static wide leading_bits(const natural *n)
{
    int top = LIMBS - 1;
    while (n->limbs[top] == 0)
        top--;
    wide bits = 0;
    for (int i = 0; i < 5; i++) {
        uint32_t limb = top - i >= 0 ? n->limbs[top - i] : 0;
        int lead = __builtin_clz(n->limbs[top]);
        if (i < 4) bits = bits << 32 | limb;
        else if (lead) bits = bits << lead | limb >> (32 - lead);
    }
    return bits;
}

/* 5^q grows in one number. For q < 0 floor(2^1023 / 5^-q) shrinks in another: dividing by 5
 * again and again gives the same as dividing at once. At 5^-342 it still has 229 bits. */
static void compute_powers(void)
{
    natural rising = {{1}}, falling = {{0}};
    falling.limbs[LIMBS - 1] = 1u << 31;
    for (int q = 0; q <= LAST_POWER; q++) {
        powers[q - FIRST_POWER] = leading_bits(&rising) + (q > LAST_EXACT_POWER);
        multiply(&rising, 5);
    }
    for (int q = -1; q >= FIRST_POWER; q--) {
        divide(&falling, 5);
        powers[q - FIRST_POWER] = leading_bits(&falling) + 1;
    }
}

static wide power_of_ten(int q)
{
    pthread_once(&powers_once, compute_powers);
    return powers[q - FIRST_POWER];
}

/* floor(log2(10^q)) */
static int log2_of_ten(int q)
{
    return (q * 1741647) >> 19;
}

/* --- reading -------------------------------------------------------------- */

enum { MANTISSA_BITS = 52, BIAS = 1023 };

static double from_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Lemire's algorithm without its seldom-needed parts: subnormals, infinity, and products whose
 * low half is all ones, are left to others. */
static bool multiply_and_round(mdm_decimal value, double *out)
{
    int q = value.exponent;
    if (q < FIRST_POWER || q > 308) return false;
    int lead = __builtin_clzll(value.digits);
    uint64_t w = value.digits << lead;
    wide power = power_of_ten(q) - (q > LAST_EXACT_POWER); /* here rounded down */

    wide product = (wide)w * (uint64_t)(power >> 64);
    if (((uint64_t)(product >> 64) & 0x1ff) == 0x1ff) {
        product += (wide)w * (uint64_t)power >> 64;
        if ((uint64_t)product == UINT64_MAX) return false;
    }
    uint64_t high = (uint64_t)(product >> 64), low = (uint64_t)product;
    int upper = (int)(high >> 63);
    int shift = upper + 64 - MANTISSA_BITS - 3;
    uint64_t mantissa = high >> shift;
    int exponent = log2_of_ten(q) + 63 + upper - lead + BIAS;
    if (exponent <= 0 || exponent >= 2 * BIAS) return false;

    /* Exactly halfway (possible for few q only): to even. */
    if (low <= 1 && q >= -4 && q <= 23 && (mantissa & 3) == 1 && mantissa << shift == high)
        mantissa &= ~(uint64_t)1;
    mantissa += mantissa & 1;
    mantissa >>= 1;
    if (mantissa >> (MANTISSA_BITS + 1)) {
        mantissa >>= 1;
        exponent++;
    }
    mantissa &= ((uint64_t)1 << MANTISSA_BITS) - 1;
    *out = from_bits((uint64_t)exponent << MANTISSA_BITS | mantissa);
    return true;
}

bool mdm_real_from_decimal(mdm_decimal value, double *out)
{
    static const double exact[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (value.digits <= (uint64_t)1 << 53 && value.exponent >= -22 && value.exponent <= 22) {
        double digits = (double)value.digits;
        *out =
            value.exponent < 0 ? digits / exact[-value.exponent] : digits * exact[value.exponent];
        return true;
    }
    if (value.digits == 0) return *out = 0, true;
    return multiply_and_round(value, out);
}

/* --- writing -------------------------------------------------------------- */

/* The high 64 bits of power * factor, of 192; the last bit also says whether anything was cut. */
static uint64_t multiply_to_odd(wide power, uint64_t factor)
{
    wide low = (wide)(uint64_t)power * factor;
    wide high = (wide)(uint64_t)(power >> 64) * factor + (uint64_t)(low >> 64);
    return (uint64_t)(high >> 64) | ((uint64_t)high > 1);
}

static mdm_decimal without_zeros(mdm_decimal value)
{
    if (value.digits == 0) return (mdm_decimal){0, 0};
    while (value.digits % 10 == 0) {
        value.digits /= 10;
        value.exponent++;
    }
    return value;
}

/* The value is c * 2^q; lower_closer: the next one below is only half as far as the one above. */
static mdm_decimal shortest(uint64_t c, int q, bool lower_closer)
{
    int k = (q * 1262611 - (lower_closer ? 524031 : 0)) >> 22;
    int h = q + log2_of_ten(-k) + 1;
    wide power = power_of_ten(-k);
    uint64_t middle = multiply_to_odd(power, (4 * c) << h);
    uint64_t lower = multiply_to_odd(power, (4 * c - 2 + lower_closer) << h);
    uint64_t upper = multiply_to_odd(power, (4 * c + 2) << h);
    /* The ends of the interval themselves round to an even c only. */
    lower += c & 1;
    upper -= c & 1;

    uint64_t s = middle / 4;
    if (s >= 10) {
        uint64_t tens = s / 10;
        bool down_inside = lower <= 40 * tens;
        bool up_inside = 40 * tens + 40 <= upper;
        if (down_inside != up_inside) return (mdm_decimal){tens + up_inside, k + 1};
    }
    bool down_inside = lower <= 4 * s;
    bool up_inside = 4 * s + 4 <= upper;
    if (down_inside != up_inside) return (mdm_decimal){s + up_inside, k};
    uint64_t half = 4 * s + 2;
    bool up = middle > half || (middle == half && (s & 1));
    return (mdm_decimal){s + up, k};
}

/* exponent, fraction: as stored; bits: of the fraction. */
static mdm_decimal shortest_of(int exponent, uint64_t fraction, int bits, int bias)
{
    uint64_t c = fraction;
    int q = 1 - bias - bits;
    if (exponent != 0) {
        c |= (uint64_t)1 << bits;
        q = exponent - bias - bits;
        if (q <= 0 && q >= -bits && (c & (((uint64_t)1 << -q) - 1)) == 0)
            return (mdm_decimal){c >> -q, 0}; /* a whole number of at most 2^53 */
    }
    if (c == 0) return (mdm_decimal){0, 0};
    return shortest(c, q, fraction == 0 && exponent > 1);
}

mdm_decimal mdm_real_shortest(double value)
{
    uint64_t raw;
    memcpy(&raw, &value, sizeof raw);
    uint64_t fraction = raw & (((uint64_t)1 << MANTISSA_BITS) - 1);
    return without_zeros(
        shortest_of((int)(raw >> MANTISSA_BITS & 0x7ff), fraction, MANTISSA_BITS, BIAS));
}

mdm_decimal mdm_float_shortest(float value)
{
    uint32_t raw;
    memcpy(&raw, &value, sizeof raw);
    return without_zeros(shortest_of((int)(raw >> 23 & 0xff), raw & 0x7fffff, 23, 127));
}

/* --- text ----------------------------------------------------------------- */

static int write_digits(uint64_t digits, char *to)
{
    char reversed[20];
    int count = 0;
    do {
        reversed[count++] = (char)('0' + digits % 10);
        digits /= 10;
    } while (digits);
    for (int i = 0; i < count; i++)
        to[i] = reversed[count - 1 - i];
    return count;
}

static char *write_exponent(int exponent, char *to)
{
    *to++ = 'e';
    *to++ = exponent < 0 ? '-' : '+';
    unsigned size = (unsigned)(exponent < 0 ? -exponent : exponent);
    if (size >= 100) *to++ = (char)('0' + size / 100);
    *to++ = (char)('0' + size / 10 % 10);
    *to++ = (char)('0' + size % 10);
    return to;
}

/* As %.*g does with so many significant digits. */
static char *write_decimal(mdm_decimal value, int precision, char *to)
{
    char digits[20];
    int count = write_digits(value.digits, digits);
    int exponent = value.exponent + count - 1; /* of the first digit */
    if (precision < count) precision = count;
    if (exponent < -4 || exponent >= precision) {
        *to++ = digits[0];
        if (count > 1) {
            *to++ = '.';
            memcpy(to, digits + 1, (size_t)count - 1);
            to += count - 1;
        }
        return write_exponent(exponent, to);
    }
    if (exponent < 0) {
        memcpy(to, "0.000", 5);
        to += 1 - exponent;
        memcpy(to, digits, (size_t)count);
        return to + count;
    }
    for (int i = 0; i < count || i <= exponent; i++) {
        if (i == exponent + 1) *to++ = '.';
        *to++ = i < count ? digits[i] : '0';
    }
    return to;
}

static size_t write_real(double value, mdm_decimal (*decimal)(double), int precision, char *room)
{
    if (!isfinite(value)) {
        const char *word = isnan(value) ? "nan" : value < 0 ? "-inf" : "inf";
        size_t len = strlen(word);
        memcpy(room, word, len + 1);
        return len;
    }
    char *to = room;
    if (signbit(value)) *to++ = '-';
    to = write_decimal(decimal(value), precision, to);
    *to = '\0';
    return (size_t)(to - room);
}

static mdm_decimal shortest_as_float(double value)
{
    return mdm_float_shortest((float)value);
}

size_t mdm_double_text(double value, char *room)
{
    return write_real(value, mdm_real_shortest, 15, room);
}

size_t mdm_float_text(float value, char *room)
{
    return write_real((double)value, shortest_as_float, 9, room);
}
