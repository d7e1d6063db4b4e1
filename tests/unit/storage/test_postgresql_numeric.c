/* The binary form of numeric: ours is what the server reads, and what it sends becomes ours again.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "storage/postgresql_numeric.h"

__extension__ typedef __int128 wide;

static mdm_int128 from_wide(wide value)
{
    return (mdm_int128){(uint64_t)value, (int64_t)(value >> 64)};
}

static wide to_wide(mdm_int128 value)
{
    return (wide)value.high * ((wide)1 << 64) + value.low;
}

static wide power_of_ten(int exponent)
{
    wide value = 1;
    while (exponent-- > 0)
        value *= 10;
    return value;
}

/* A value of up to 38 digits, small ones as often as large ones; always the same sequence. */
static wide random_wide(void)
{
    static uint64_t state = 0x9e3779b97f4a7c15u;
    wide value = 0;
    for (int i = 0; i < 3; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        value = value * 1000000007 + (wide)(state >> 22);
    }
    state = state * 6364136223846793005u + 1442695040888963407u;
    value %= power_of_ten((int)(state >> 33) % 39);
    return state >> 63 ? -value : value;
}

static mdm_str written(mdm_int128 value, int scale, unsigned char *room)
{
    return (mdm_str){(const char *)room, mdm_pg_numeric_write(value, scale, room)};
}

/* The digits of value with its point, as PostgreSQL prints numeric(38,scale). */
static const char *expected_text(wide value, int scale, char *text)
{
    char digits[48];
    int count = 0;
    bool negative = value < 0;
    if (negative) value = -value;
    while (value > 0 || count <= scale) {
        digits[count++] = (char)('0' + (int)(value % 10));
        value /= 10;
    }
    char *at = text;
    if (negative) *at++ = '-';
    while (count > 0) {
        *at++ = digits[--count];
        if (count == scale && scale > 0) *at++ = '.';
    }
    *at = '\0';
    return text;
}

static void random_decimals_come_back_equal_and_print_equal(void **state)
{
    (void)state;
    mdm_text text;
    mdm_text_init(&text);
    for (int round = 0; round < 200000; round++) {
        unsigned char room[MDM_PG_NUMERIC_BYTES];
        char expected[64];
        int scale = round % 39;
        wide value = random_wide();
        mdm_int128 back;
        pg_numeric numeric;
        assert_true(mdm_pg_numeric_read(written(from_wide(value), scale, room), &numeric));
        if (!mdm_pg_numeric_decimal(&numeric, scale, &back) || to_wide(back) != value)
            fail_msg("%s", expected_text(value, scale, expected));
        mdm_text_reset(&text);
        mdm_pg_numeric_print(&numeric, &text);
        assert_string_equal(text.data, expected_text(value, scale, expected));
        assert_true(mdm_pg_decimal_parse((mdm_str){text.data, text.len}, scale, &back));
        assert_true(to_wide(back) == value);
    }
    mdm_text_clear(&text);
}

static void doubles_are_the_nearest_ones(void **state)
{
    (void)state;
    mdm_text room;
    mdm_text_init(&room);
    for (int round = 0; round < 100000; round++) {
        unsigned char bytes[MDM_PG_NUMERIC_BYTES];
        char text[64];
        int scale = round % 39;
        wide value = random_wide();
        pg_numeric numeric;
        assert_true(mdm_pg_numeric_read(written(from_wide(value), scale, bytes), &numeric));
        double real = mdm_pg_numeric_real(&numeric, &room);
        if (real != strtod(expected_text(value, scale, text), NULL)) fail_msg("%s", text);
    }
    mdm_text_clear(&room);
}

static void the_bytes_are_those_of_the_server(void **state)
{
    (void)state;
    static const struct {
        int64_t value;
        int scale;
        const char *bytes;
        size_t len;
    } cases[] = {
        {0, 0, "\0\0\0\0\0\0\0\0", 8},
        {0, 2, "\0\0\0\0\0\0\0\2", 8},
        {1, 0, "\0\1\0\0\0\0\0\0\0\1", 10},
        {-1250, 2, "\0\2\0\0\x40\0\0\2\0\x0c\x13\x88", 12},  /* 12, 5000 */
        {1, 5, "\0\1\xff\xfe\0\0\0\5\3\xe8", 10},            /* 1000 * 10000^-2 */
        {100000000, 0, "\0\1\0\2\0\0\0\0\0\1", 10},          /* zeros at the end are left out */
        {12345678, 4, "\0\2\0\0\0\0\0\4\4\xd2\x16\x2e", 12}, /* 1234, 5678 */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned char room[MDM_PG_NUMERIC_BYTES];
        mdm_str bytes = written(from_wide(cases[i].value), cases[i].scale, room);
        if (bytes.len != cases[i].len || memcmp(bytes.data, cases[i].bytes, bytes.len) != 0)
            fail_msg("case %zu", i);
    }
}

static void the_largest_decimals_fit_and_larger_ones_do_not(void **state)
{
    (void)state;
    unsigned char room[MDM_PG_NUMERIC_BYTES];
    const wide largest = power_of_ten(38) - 1;
    mdm_int128 back;
    pg_numeric numeric;
    for (int scale = 0; scale <= 38; scale++) {
        assert_true(mdm_pg_numeric_read(written(from_wide(-largest), scale, room), &numeric));
        assert_true(mdm_pg_numeric_decimal(&numeric, scale, &back));
        assert_true(to_wide(back) == -largest);
        if (scale < 38) assert_false(mdm_pg_numeric_decimal(&numeric, scale + 1, &back));
        if (scale > 0) assert_false(mdm_pg_numeric_decimal(&numeric, scale - 1, &back));
    }
    assert_false(
        mdm_pg_decimal_parse(MDM_STR("100000000000000000000000000000000000000"), 0, &back));
    assert_false(mdm_pg_decimal_parse(MDM_STR("1"), 38, &back));
}

static void integers_are_told_from_the_rest(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int scale;
        bool is_int;
    } cases[] = {
        {"9223372036854775807", 0, true},
        {"-9223372036854775808", 0, true},
        {"9223372036854775808", 0, false},
        {"-9223372036854775809", 0, false},
        {"0", 0, true},
        {"70000.00", 2, true},
        {"0.01", 2, false},
        {"-0.00000001", 8, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned char room[MDM_PG_NUMERIC_BYTES];
        mdm_int128 value;
        int64_t whole;
        pg_numeric numeric;
        assert_true(mdm_pg_decimal_parse(mdm_str_from(cases[i].text), cases[i].scale, &value));
        assert_true(mdm_pg_numeric_read(written(value, cases[i].scale, room), &numeric));
        if (mdm_pg_numeric_int(&numeric, &whole) != cases[i].is_int) fail_msg("%s", cases[i].text);
    }
}

static void digits_are_counted_between_the_zeros(void **state)
{
    (void)state;
    static const struct {
        int64_t value;
        int scale, digits;
    } cases[] = {{0, 0, 0},     {1, 0, 1},      {1000, 0, 1},     {10203, 0, 5},
                 {10203, 7, 5}, {120000, 2, 2}, {99999999, 0, 8}, {1, 38, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned char room[MDM_PG_NUMERIC_BYTES];
        pg_numeric numeric;
        assert_true(mdm_pg_numeric_read(written(from_wide(cases[i].value), cases[i].scale, room),
                                        &numeric));
        if (mdm_pg_numeric_digits(&numeric) != cases[i].digits) fail_msg("case %zu", i);
    }
}

static void bytes_that_are_no_numeric_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
    } cases[] = {
        {"", 0},
        {"\0\0\0\0\0\0\0", 7},
        {"\0\1\0\0\0\0\0\0", 8},          /* its digit is missing */
        {"\0\0\0\0\0\0\0\0\0\1", 10},     /* one too many */
        {"\0\1\0\0\0\0\0\0\x27\x10", 10}, /* 10000 is no digit */
        {"\0\0\0\0\x12\x34\0\0", 8},      /* no sign */
    };
    pg_numeric numeric;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (mdm_pg_numeric_read((mdm_str){cases[i].bytes, cases[i].len}, &numeric))
            fail_msg("case %zu", i);
}

static void what_is_no_number_is_no_decimal(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "-", "NaN", "Infinity", "1.5", "1e5", "1 ", "1.2.3"};
    mdm_int128 value;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (mdm_pg_decimal_parse(mdm_str_from(texts[i]), 0, &value)) fail_msg("'%s'", texts[i]);

    pg_numeric numeric;
    mdm_text room;
    mdm_text_init(&room);
    assert_true(mdm_pg_numeric_read((mdm_str){"\0\0\0\0\xc0\0\0\0", 8}, &numeric));
    assert_false(mdm_pg_numeric_decimal(&numeric, 0, &value));
    double nan = mdm_pg_numeric_real(&numeric, &room);
    assert_true(nan != nan);
    assert_true(mdm_pg_numeric_read((mdm_str){"\0\0\0\0\xf0\0\0\0", 8}, &numeric));
    mdm_pg_numeric_print(&numeric, &room);
    assert_string_equal(room.data, "-Infinity");
    assert_true(mdm_pg_numeric_real(&numeric, &room) < -1e308);
    mdm_text_clear(&room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_decimals_come_back_equal_and_print_equal),
        cmocka_unit_test(doubles_are_the_nearest_ones),
        cmocka_unit_test(the_bytes_are_those_of_the_server),
        cmocka_unit_test(the_largest_decimals_fit_and_larger_ones_do_not),
        cmocka_unit_test(integers_are_told_from_the_rest),
        cmocka_unit_test(digits_are_counted_between_the_zeros),
        cmocka_unit_test(bytes_that_are_no_numeric_are_refused),
        cmocka_unit_test(what_is_no_number_is_no_decimal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
