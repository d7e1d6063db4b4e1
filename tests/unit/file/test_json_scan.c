#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "file/json_scan.h"

/* What one value comes to: "LEN" of its token, or "AT: reason". */
static const char *scan(const char *text)
{
    static char answer[128];
    char padded[400] = {0};
    const size_t len = strlen(text);
    assert_true(len + 64 < sizeof padded);
    memcpy(padded, text, len);
    mdm_json_scan s = mdm_json_scan_of(padded, padded + len);
    const mdm_str token = mdm_json_value(&s);
    if (token.len) snprintf(answer, sizeof answer, "%zu", token.len);
    else
        snprintf(answer, sizeof answer, "%d: %s", (int)(s.fault - padded),
                 s.reason[0] ? s.reason : "early");
    return answer;
}

static void values_are_stepped_over(void **state)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"0", "1"},
        {"-0", "2"},
        {"12.5e+10,", "8"},
        {"1E5]", "3"},
        {"true}", "4"},
        {"false", "5"},
        {"null", "4"},
        {"NaN", "3"},
        {"\"\"", "2"},
        {"\"a b\"", "5"},
        {"[]", "2"},
        {"{}", "2"},
        {"[1, 2 ,3]", "9"},
        {"[[],{}]", "7"},
        {"{\"a\":1}", "7"},
        {"{ \"a\" : [ ] , \"b\":{}}", "21"},
        {" \n\t\r7", "1"},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\ud83d\\ude00\"", "36"},
        {"\"\xc3\xa4 0123456789012345678901234567890\"", "36"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (strcmp(scan(cases[i].text), cases[i].expected) != 0)
            fail_msg("%s: %s, expected %s", cases[i].text, scan(cases[i].text), cases[i].expected);
}

static void what_is_no_json_is_told_with_its_place(void **state)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"", "0: early"},
        {"x", "0: no JSON value"},
        {"-x", "1: no JSON value"},
        {"tru!", "0: no JSON value"},
        {"Infinity", "0: no JSON value"},
        {"01", "0: a number with leading zeros"},
        {"1.x", "2: a number without digits behind the point"},
        {"1e+x", "3: a number without digits in its exponent"},
        {"\"a\nb\"", "2: a control character in a string"},
        {"\"\\x\"", "1: an unknown escape in a string"},
        {"\"\\u12g4\"", "5: \\u without four hexadecimal digits"},
        {"\"\\u0000\"", "1: a NUL character in a string"},
        {"\"\\ud800x\"", "1: half a character (a lone surrogate) in a string"},
        {"\"\\ud800\\u0041\"", "1: half a character (a lone surrogate) in a string"},
        {"\"\\udc00\"", "1: half a character (a lone surrogate) in a string"},
        {"[1 2]", "3: no ',' or ']' behind a value"},
        {"[1,]", "3: no JSON value"},
        {"{a:1}", "1: no key in quotes"},
        {"{\"a\" 1}", "5: no ':' behind a key"},
        {"{\"a\":1 \"b\"}", "7: no ',' or '}' behind a value"},
        {"{\"a\":1,}", "7: no key in quotes"},
        {"'a'", "0: no JSON value"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (strcmp(scan(cases[i].text), cases[i].expected) != 0)
            fail_msg("%s: %s, expected %s", cases[i].text, scan(cases[i].text), cases[i].expected);
}

static void every_beginning_of_a_value_ends_early(void **state)
{
    static const char whole[] =
        "{\"k\\u00e4\\ud83d\\ude00\": [true, null, -1.5e-3, \"a\\n\", {}], \"b\": false}";
    (void)state;
    for (size_t len = 0; len < sizeof whole - 1; len++) {
        char text[sizeof whole + 64] = {0};
        memcpy(text, whole, len);
        mdm_json_scan s = mdm_json_scan_of(text, text + len);
        assert_int_equal(mdm_json_value(&s).len, 0);
        if (s.fault != text + len || s.reason[0]) fail_msg("%zu: %s", len, s.reason);
    }
}

static void nesting_has_a_limit(void **state)
{
    char text[600] = {0};
    (void)state;
    memset(text, '[', 200);
    memset(text + 200, ']', 200);
    mdm_json_scan s = mdm_json_scan_of(text, text + 400);
    assert_int_equal(mdm_json_value(&s).len, 400);
    memset(text, '[', 201);
    memset(text + 201, ']', 201);
    s = mdm_json_scan_of(text, text + 402);
    assert_int_equal(mdm_json_value(&s).len, 0);
    assert_string_equal(s.reason, "nested more than 200 deep");
    assert_ptr_equal(s.fault, text + 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_stepped_over),
        cmocka_unit_test(what_is_no_json_is_told_with_its_place),
        cmocka_unit_test(every_beginning_of_a_value_ends_early),
        cmocka_unit_test(nesting_has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
