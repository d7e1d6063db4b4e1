#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <locale.h>

#include "base/text.h"
#include "mdm/base.h"

static void every_status_has_words_a_name_and_an_exit_code(void **state)
{
    (void)state;
    static const struct {
        mdm_status status;
        const char *name;
        int exit_code;
    } cases[] = {
        {MDM_OK, "ok", 0},
        {MDM_NO_MEMORY, "no_memory", 1},
        {MDM_INVALID, "invalid", 2},
        {MDM_NOT_FOUND, "not_found", 3},
        {MDM_EXISTS, "exists", 4},
        {MDM_PERMISSION, "permission", 5},
        {MDM_BACKEND, "backend", 6},
        {MDM_CONFIG, "config", 7},
        {MDM_FORMAT, "format", 8},
        {MDM_DIFFERENT, "different", 9},
        {MDM_BUSY, "busy", 6},
        {MDM_TIMEOUT, "timeout", 124},
        {MDM_IO, "io", 1},
        {MDM_UNSUPPORTED, "unsupported", 6},
        {MDM_CANCELLED, "cancelled", 130},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal((int)cases[i].status, (int)i);
        assert_string_equal(mdm_status_name(cases[i].status), cases[i].name);
        assert_int_equal(mdm_status_exit_code(cases[i].status), cases[i].exit_code);
        assert_true(strlen(mdm_status_text(cases[i].status)) > 3);
    }
    assert_string_equal(mdm_status_name((mdm_status)99), "io");
}

static void setting_an_error_clears_what_was_there(void **state)
{
    (void)state;
    mdm_error err = {.native = 7, .sqlstate = "42P01", .hint = "old"};
    assert_int_equal(mdm_error_set(&err, MDM_NOT_FOUND, "no dataset '%s'", "iris"), MDM_NOT_FOUND);
    assert_int_equal(err.status, MDM_NOT_FOUND);
    assert_int_equal(err.native, 0);
    assert_string_equal(err.sqlstate, "");
    assert_string_equal(err.hint, "");
    assert_string_equal(err.message, "no dataset 'iris'");
}

static void an_error_may_be_absent(void **state)
{
    (void)state;
    assert_int_equal(mdm_error_set(NULL, MDM_IO, "x"), MDM_IO);
    assert_int_equal(mdm_error_context(NULL, MDM_IO, "x"), MDM_IO);
    assert_int_equal(mdm_error_hint(NULL, MDM_IO, "x"), MDM_IO);
}

static void context_stands_in_front_and_keeps_the_rest(void **state)
{
    (void)state;
    mdm_error err;
    mdm_error_set(&err, MDM_FORMAT, "line 7: 5 fields, expected 4");
    mdm_error_hint(&err, MDM_FORMAT, "use --on-error %s", "reject");
    err.native = 5;
    assert_int_equal(mdm_error_context(&err, MDM_CONFIG, "%s", "iris.csv"), MDM_CONFIG);
    assert_string_equal(err.message, "iris.csv: line 7: 5 fields, expected 4");
    assert_string_equal(err.hint, "use --on-error reject");
    assert_int_equal(err.native, 5);
    assert_int_equal(err.status, MDM_CONFIG);
}

static void context_alone_is_a_message(void **state)
{
    (void)state;
    mdm_error err = {0};
    mdm_error_context(&err, MDM_IO, "iris.csv");
    assert_string_equal(err.message, "iris.csv");
}

static void a_message_may_be_made_of_the_one_it_replaces(void **state)
{
    (void)state;
    mdm_error err;
    mdm_error_set(&err, MDM_IO, "inner");
    mdm_error_set(&err, MDM_IO, "outer (%s)", err.message);
    assert_string_equal(err.message, "outer (inner)");
}

static void what_steers_a_terminal_is_escaped(void **state)
{
    (void)state;
    static const struct {
        const char *data, *shown;
    } cases[] = {
        {"a\x1b[31mb", "a\\x1b[31mb"},
        {"a\nb\tc\r", "a\\x0ab\\x09c\\x0d"},
        {"\x7f", "\\x7f"},
        {"\xC2\x9B", "\\x9b"},             /* C1: CSI */
        {"x\xE2\x80\xAEy", "x\\u{202E}y"}, /* right-to-left override */
        {"\xE2\x81\xA6", "\\u{2066}"},
        {"\xD8\x9C", "\\u{061C}"},
        {"\xE2\x80\xA8", "\\u{2028}"}, /* ends a line for some readers */
        {"k\xC3\xA4se \xF0\x9F\xA7\x80", "k\xC3\xA4se \xF0\x9F\xA7\x80"},
        {"bad \xFF\xC3", "bad \\xff\\xc3"},
        {"back\\slash", "back\\slash"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mdm_error err;
        mdm_error_set(&err, MDM_IO, "%s", cases[i].data);
        assert_string_equal(err.message, cases[i].shown);
        mdm_error_context(&err, MDM_IO, "c");
        assert_string_equal(err.message + 3, cases[i].shown);
    }
}

static void a_long_message_is_cut_at_a_character(void **state)
{
    (void)state;
    char text[2000];
    for (size_t extra = 0; extra < 4; extra++) {
        mdm_error err;
        memset(text, 'a', extra);
        for (size_t at = extra; at + 3 < sizeof text; at += 2)
            memcpy(text + at, "\xC3\xA4", 3);
        mdm_error_set(&err, MDM_IO, "%s", text);
        const size_t len = strlen(err.message);
        assert_true(len < sizeof err.message && len >= sizeof err.message - 4);
        assert_string_equal(err.message + len - 3, "...");
        assert_int_equal(mdm_utf8_check(mdm_str_from(err.message)), SIZE_MAX);
        mdm_error_hint(&err, MDM_IO, "%s", text);
        assert_int_equal(mdm_utf8_check(mdm_str_from(err.hint)), SIZE_MAX);
        assert_string_equal(err.hint + strlen(err.hint) - 3, "...");
        mdm_error_context(&err, MDM_IO, "%s", text);
        assert_string_equal(err.message + strlen(err.message) - 3, "...");
    }
}

static void a_long_context_leaves_room_for_what_happened(void **state)
{
    (void)state;
    char path[1500];
    memset(path, 'p', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    mdm_error err;
    mdm_error_set(&err, MDM_IO, "No space left on device");
    mdm_error_context(&err, MDM_IO, "%s", path);
    assert_non_null(strstr(err.message, "ppp...: No space left on device"));
}

static void a_message_of_just_the_room_is_not_cut(void **state)
{
    (void)state;
    mdm_error err;
    char text[sizeof err.message];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    mdm_error_set(&err, MDM_IO, "%s", text);
    assert_string_equal(err.message, text);
    mdm_error_set(&err, MDM_IO, "%sy", text);
    assert_string_equal(err.message + sizeof err.message - 4, "...");
}

static void escapes_are_not_cut_in_the_middle(void **state)
{
    (void)state;
    mdm_error err;
    char text[400];
    memset(text, '\x1b', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    mdm_error_set(&err, MDM_IO, "%s", text);
    const size_t len = strlen(err.message) - 3;
    assert_int_equal(len % 4, 0);
    assert_string_equal(err.message + len, "...");
}

/* Only where such a locale is installed does this say more than the others. */
static void no_locale_changes_a_number(void **state)
{
    (void)state;
    mdm_error err;
    setlocale(LC_ALL, "de_DE.UTF-8");
    mdm_error_set(&err, MDM_IO, "%.1f", 1.5);
    setlocale(LC_ALL, "C");
    assert_string_equal(err.message, "1.5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_words_a_name_and_an_exit_code),
        cmocka_unit_test(setting_an_error_clears_what_was_there),
        cmocka_unit_test(an_error_may_be_absent),
        cmocka_unit_test(context_stands_in_front_and_keeps_the_rest),
        cmocka_unit_test(context_alone_is_a_message),
        cmocka_unit_test(a_message_may_be_made_of_the_one_it_replaces),
        cmocka_unit_test(what_steers_a_terminal_is_escaped),
        cmocka_unit_test(a_long_message_is_cut_at_a_character),
        cmocka_unit_test(a_long_context_leaves_room_for_what_happened),
        cmocka_unit_test(a_message_of_just_the_room_is_not_cut),
        cmocka_unit_test(escapes_are_not_cut_in_the_middle),
        cmocka_unit_test(no_locale_changes_a_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
