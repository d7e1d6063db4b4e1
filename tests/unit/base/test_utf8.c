#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

static void characters_of_every_length_are_decoded(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        uint32_t code;
    } cases[] = {
        {"a", 1, 'a'},
        {"\xC2\x80", 2, 0x80},
        {"\xDF\xBF", 2, 0x7FF},
        {"\xE0\xA0\x80", 3, 0x800},
        {"\xEF\xBF\xBF", 3, 0xFFFF},
        {"\xED\x9F\xBF", 3, 0xD7FF},
        {"\xF0\x90\x80\x80", 4, 0x10000},
        {"\xF4\x8F\xBF\xBF", 4, 0x10FFFF},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t code = 0;
        assert_int_equal(mdm_utf8_decode(mdm_str_from(cases[i].bytes), &code), cases[i].len);
        assert_int_equal(code, cases[i].code);
        assert_int_equal(mdm_utf8_check(mdm_str_from(cases[i].bytes)), SIZE_MAX);
        /* Cut short, it is none. */
        if (cases[i].len > 1)
            assert_int_equal(mdm_utf8_decode((mdm_str){cases[i].bytes, cases[i].len - 1}, &code),
                             0);
    }
}

static void what_is_no_utf8_is_found(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\x80",
        "\xBF",
        "\xC0\x80",
        "\xC1\xBF",
        "\xE0\x80\x80",
        "\xE0\x9F\xBF",
        "\xED\xA0\x80",
        "\xED\xBF\xBF",
        "\xF0\x80\x80\x80",
        "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80",
        "\xF8\x88\x80\x80\x80",
        "\xFE",
        "\xFF",
        "\xC3(",
        "\xE2\x82(",
        "\xF0\x9F\x98(",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint32_t code;
        if (mdm_utf8_decode(mdm_str_from(bad[i]), &code) != 0) fail_msg("case %zu decoded", i);
        assert_int_equal(mdm_utf8_check(mdm_str_from(bad[i])), 0);
    }
    uint32_t code;
    assert_int_equal(mdm_utf8_decode(MDM_STR(""), &code), 0);
}

static void the_position_of_the_first_bad_byte_is_told(void **state)
{
    (void)state;
    char text[64];
    for (size_t at = 0; at < sizeof text; at++) {
        memset(text, 'x', sizeof text);
        text[at] = (char)0xE9; /* Latin-1 */
        assert_int_equal(mdm_utf8_check((mdm_str){text, sizeof text}), at);
    }
    assert_int_equal(mdm_utf8_check((mdm_str){"a\0b", 3}), SIZE_MAX);
    assert_int_equal(mdm_utf8_check((mdm_str){NULL, 0}), SIZE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters_of_every_length_are_decoded),
        cmocka_unit_test(what_is_no_utf8_is_found),
        cmocka_unit_test(the_position_of_the_first_bad_byte_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
