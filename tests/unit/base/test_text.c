#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/text.h"
#include "support/walk.h"

static void an_empty_text_is_a_text(void **state)
{
    (void)state;
    mdm_text text;
    mdm_text_init(&text);
    assert_string_equal(text.data, "");
    mdm_text_add(&text, (mdm_str){NULL, 0});
    mdm_text_puts(&text, NULL);
    mdm_text_puts(&text, "");
    mdm_text_printf(&text, "%s", "");
    assert_int_equal(text.len, 0);
    mdm_text_reset(&text);
    mdm_text_clear(&text);
    char *taken = mdm_text_take(&text);
    assert_string_equal(taken, "");
    mdm_free(taken);
}

static void it_grows_and_always_ends_in_nul(void **state)
{
    (void)state;
    mdm_text text;
    mdm_text_init(&text);
    for (int i = 0; i < 1000; i++) {
        mdm_text_putc(&text, (char)('a' + i % 26));
        assert_int_equal(text.len, (size_t)i + 1);
        assert_int_equal(text.data[text.len], '\0');
    }
    mdm_text_reset(&text);
    assert_string_equal(text.data, "");
    mdm_text_printf(&text, "%*s|%d", 2000, "", 5);
    assert_int_equal(text.len, 2002);
    assert_string_equal(text.data + 2000, "|5");
    mdm_text_clear(&text);
    assert_string_equal(text.data, "");
}

static void taken_bytes_are_the_callers(void **state)
{
    (void)state;
    mdm_text text;
    mdm_text_init(&text);
    mdm_text_puts(&text, "mine");
    char *taken = mdm_text_take(&text);
    mdm_text_puts(&text, "other");
    assert_string_equal(taken, "mine");
    assert_string_equal(text.data, "other");
    mdm_free(taken);
    mdm_text_clear(&text);
}

static void a_failure_is_remembered_and_nothing_more_is_appended(void **state)
{
    (void)state;
    mdm_error err;
    mdm_text text;
    mdm_text_init(&text);
    mdm_text_puts(&text, "before");
    mdm_alloc_fail_after(0);
    mdm_text_printf(&text, "%200s", "");
    mdm_alloc_fail_after(-1);
    mdm_text_puts(&text, "after");
    assert_true(text.failed);
    assert_string_equal(text.data, "before");
    assert_int_equal(mdm_text_status(&text, &err), MDM_NO_MEMORY);
    assert_null(mdm_text_take(&text));
    mdm_text_puts(&text, "again");
    assert_int_equal(mdm_text_status(&text, NULL), MDM_OK);
    assert_string_equal(text.data, "again");
    mdm_text_clear(&text);
}

static void quotes_inside_are_doubled(void **state)
{
    (void)state;
    static const struct {
        mdm_str bytes;
        char quote;
        const char *quoted;
        size_t len;
    } cases[] = {
        {{"it's", 4}, '\'', "'it''s'", 7},
        {{"", 0}, '"', "\"\"", 2},
        {{"\"", 1}, '"', "\"\"\"\"", 4},
        {{"a\"; DROP TABLE x; --", 20}, '"', "\"a\"\"; DROP TABLE x; --\"", 23},
        {{"a\0b", 3}, '"', "\"a\0b\"", 5},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mdm_text text;
        mdm_text_init(&text);
        mdm_text_quoted(&text, cases[i].bytes, cases[i].quote);
        assert_int_equal(text.len, cases[i].len);
        assert_memory_equal(text.data, cases[i].quoted, cases[i].len);
        mdm_text_clear(&text);
    }
}

static void json_strings_are_valid_json(void **state)
{
    (void)state;
    static const struct {
        mdm_str bytes;
        const char *json;
    } cases[] = {
        {{"", 0}, "\"\""},
        {{"a\"b\\c/", 6}, "\"a\\\"b\\\\c/\""},
        {{"\b\f\n\r\t\x01\x1f", 7}, "\"\\b\\f\\n\\r\\t\\u0001\\u001f\""},
        {{"a\0b", 3}, "\"a\\u0000b\""},
        {{"k\xC3\xA4se", 5}, "\"k\xC3\xA4se\""},
        {{"x\xFFy\xE2\x82", 5}, "\"x\xEF\xBF\xBDy\xEF\xBF\xBD\xEF\xBF\xBD\""},
        {{"\xED\xA0\x80", 3}, "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""}, /* a surrogate */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mdm_text text;
        mdm_text_init(&text);
        mdm_text_json(&text, cases[i].bytes);
        assert_string_equal(text.data, cases[i].json);
        mdm_text_clear(&text);
    }
}

static void what_is_shown_steers_no_terminal(void **state)
{
    (void)state;
    mdm_text text;
    mdm_text_init(&text);
    mdm_text_escaped(&text, (mdm_str){"a\x1b\0\xE2\x80\xAF\xE2\x80\xAE", 9});
    assert_string_equal(text.data, "a\\x1b\\x00\xE2\x80\xAF\\u{202E}");
    mdm_text_clear(&text);
}

static mdm_status build(void *data, mdm_error *err)
{
    (void)data;
    mdm_text text;
    mdm_text_init(&text);
    for (int i = 0; i < 40; i++) {
        mdm_text_json(&text, MDM_STR("some \n words"));
        mdm_text_printf(&text, "%d", i);
        mdm_text_quoted(&text, MDM_STR("a'b"), '\'');
    }
    const mdm_status status = mdm_text_status(&text, err);
    char *taken = mdm_text_take(&text);
    assert_true((taken != NULL) == (status == MDM_OK));
    if (taken) assert_non_null(strstr(taken, "39'a''b'"));
    mdm_free(taken);
    mdm_text_clear(&text);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    test_walk_allocations(build, NULL, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_text_is_a_text),
        cmocka_unit_test(it_grows_and_always_ends_in_nul),
        cmocka_unit_test(taken_bytes_are_the_callers),
        cmocka_unit_test(a_failure_is_remembered_and_nothing_more_is_appended),
        cmocka_unit_test(quotes_inside_are_doubled),
        cmocka_unit_test(json_strings_are_valid_json),
        cmocka_unit_test(what_is_shown_steers_no_terminal),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
