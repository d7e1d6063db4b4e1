#include "unit/data/rows.h"

#include <float.h>
#include <math.h>

#include "base/text.h"
#include "data/real.h"

static double random_double(uint64_t *seed)
{
    double value;
    do {
        uint64_t bits = next_random(seed);
        memcpy(&value, &bits, sizeof value);
    } while (!isfinite(value));
    return value;
}

static void a_million_random_doubles_come_back_from_their_text(void **state)
{
    (void)state;
    uint64_t seed = 4;
    for (int i = 0; i < 1000000; i++) {
        double value = random_double(&seed);
        char text[32];
        mdm_double_text(value, text);
        if (strtod(text, NULL) != value) fail_msg("%.17g is shown as %s", value, text);
    }
}

static void a_million_random_floats_come_back_from_their_text(void **state)
{
    (void)state;
    uint64_t seed = 5;
    for (int i = 0; i < 1000000; i++) {
        uint32_t bits = (uint32_t)next_random(&seed);
        float value;
        memcpy(&value, &bits, sizeof value);
        char text[32];
        mdm_float_text(value, text);
        if (isfinite(value) && strtof(text, NULL) != value)
            fail_msg("%.9g is shown as %s", (double)value, text);
    }
}

/* The base room tries 15, 16 and 17 digits with printf: slow, but independent of this code. */
static void the_text_is_the_one_of_the_base_room(void **state)
{
    (void)state;
    static const double cases[] = {0,       -0.0,
                                   0.1,     100,
                                   1e15,    1e16,
                                   1e17,    123456789012345680.0,
                                   1e22,    1e23,
                                   5e-324,  1e-323,
                                   DBL_MIN, DBL_MAX,
                                   0.0001,  0.00001,
                                   1e-5,    9007199254740993.0,
                                   0.3,     2.0 / 3,
                                   1e100,   1.5e300,
                                   -2.5,    1234.5678};
    uint64_t seed = 6;
    for (size_t i = 0; i < 50000; i++) {
        double value = i < COUNT(cases) ? cases[i] : random_double(&seed);
        char ours[32], theirs[32];
        size_t len = mdm_double_text(value, ours);
        assert_int_equal(len, strlen(ours));
        mdm_real_text(value, theirs);
        assert_string_equal(ours, theirs);
    }
}

static void no_shorter_decimal_comes_back(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (int i = 0; i < 100000; i++) {
        double value = fabs(random_double(&seed));
        mdm_decimal shortest = mdm_real_shortest(value);
        char text[40];
        int digits = snprintf(text, sizeof text, "%llu", (unsigned long long)shortest.digits);
        if (digits < 2) continue;
        snprintf(text, sizeof text, "%.*e", digits - 2, value);
        if (strtod(text, NULL) == value) fail_msg("%s is shorter than %d digits", text, digits);
    }
}

static void decimals_are_read_as_strtod_reads_them(void **state)
{
    (void)state;
    uint64_t seed = 8;
    int hard = 0;
    for (int i = 0; i < 1000000; i++) {
        mdm_decimal decimal = {next_random(&seed) >> next_random(&seed) % 64,
                               (int)(next_random(&seed) % 600) - 320};
        char text[40];
        double value;
        snprintf(text, sizeof text, "%llue%d", (unsigned long long)decimal.digits,
                 decimal.exponent);
        if (!mdm_real_from_decimal(decimal, &value)) hard++;
        else if (strtod(text, NULL) != value) fail_msg("%s is read as %.17g", text, value);
    }
    assert_in_range(hard, 1, 250000); /* out of range, or subnormal */
}

/* Decimals exactly between two doubles: to even, and to the right side when just beside. */
static void ties_go_to_the_even_neighbour(void **state)
{
    (void)state;
    static const struct {
        mdm_decimal decimal;
        double value;
    } cases[] = {
        {{UINT64_C(9007199254740993), 0}, 9007199254740992.0},
        {{UINT64_C(9007199254740995), 0}, 9007199254740996.0},
        {{UINT64_C(90071992547409930), -1}, 9007199254740992.0},
        {{UINT64_C(90071992547409931), -1}, 9007199254740994.0},
        {{UINT64_C(9223372036854775808), 0}, 0x1p63},
        {{UINT64_C(9223372036854776832), 0}, 0x1p63}, /* half way to the next */
        {{UINT64_C(18446744073709551615), 0}, 0x1p64},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        double value;
        assert_true(mdm_real_from_decimal(cases[i].decimal, &value));
        if (value != cases[i].value) fail_msg("case %zu gives %.17g", i, value);
    }
}

static void what_is_out_of_range_is_left_to_others(void **state)
{
    (void)state;
    static const mdm_decimal cases[] = {{1, 400}, {1, -400}, {1, -320}, {UINT64_MAX, 300}};
    double value;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_false(mdm_real_from_decimal(cases[i], &value));
    assert_true(mdm_real_from_decimal((mdm_decimal){0, 1000}, &value));
    assert_true(value == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_million_random_doubles_come_back_from_their_text),
        cmocka_unit_test(a_million_random_floats_come_back_from_their_text),
        cmocka_unit_test(the_text_is_the_one_of_the_base_room),
        cmocka_unit_test(no_shorter_decimal_comes_back),
        cmocka_unit_test(decimals_are_read_as_strtod_reads_them),
        cmocka_unit_test(ties_go_to_the_even_neighbour),
        cmocka_unit_test(what_is_out_of_range_is_left_to_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
