#include "unit/data/column.h"

#include "data/typing_state.h"

/* Type and cells of JSON tokens. */
static const char *typed(const char *const *tokens, size_t count)
{
    static char shown[2000];
    char word[32];
    mdm_error err = {0};
    column c;
    const mdm_typing_options options = {.json = true};
    column_open(&c, tokens, count, &options);
    must(column_pass(&c, 1, &err), &err);
    size_t len =
        (size_t)snprintf(shown, sizeof shown, "%s:", mdm_type_text(c.chunk->columns[0].type, word));
    for (size_t i = 0; i < count; i++)
        len +=
            (size_t)snprintf(shown + len, sizeof shown - len, " %s", cell(c.chunk, 0, (int64_t)i));
    column_close(&c);
    return shown;
}

#define SAME(expected, ...)                                                                     \
    assert_string_equal(                                                                        \
        typed((const char *const[]){__VA_ARGS__}, COUNT(((const char *const[]){__VA_ARGS__}))), \
        expected)

static void numbers_are_whole_as_long_as_all_are_written_so(void **state)
{
    (void)state;
    SAME("BIGINT: 1 -2 NULL NULL", "1", "-2", "null", NULL);
    SAME("BIGINT: 9223372036854775807", "9223372036854775807");
    SAME("DOUBLE: 1 1.5", "1", "1.5");
    SAME("DOUBLE: 1 2", "1", "2.0");
    SAME("DOUBLE: 1000 1.1 -0", "1e3", "1.10", "-0.0");
    SAME("DOUBLE: 1 1e-07", "1", "1E-7");
}

static void a_number_that_a_double_would_change_makes_text(void **state)
{
    (void)state;
    SAME("VARCHAR: 1.5 9007199254740993", "1.5", "9007199254740993");
    SAME("VARCHAR: 12345678901234567890", "12345678901234567890");
    SAME("VARCHAR: 0.1234567890123456789", "0.1234567890123456789");
    SAME("VARCHAR: 1 1e999", "1", "1e999");
    SAME("DOUBLE: 1.5 9007199254740992", "1.5", "9007199254740992");
    SAME("DOUBLE: 1e+19", "10000000000000000000");
}

static void strings_are_dates_or_text_but_never_numbers(void **state)
{
    (void)state;
    SAME("VARCHAR: 00501 12", "\"00501\"", "\"12\"");
    SAME("VARCHAR: 1 2", "1", "\"2\"");
    SAME("VARCHAR: true", "\"true\"");
    SAME("DATE: 2024-01-31 NULL NULL", "\"2024-01-31\"", "null", "\"\"");
    SAME("DATE: 2024-12-31", "\"2024\\/12\\/31\"");
    SAME("TIMESTAMP: 2024-01-31 10:00:00", "\"2024-01-31T10:00:00\"");
    SAME("TIME: 10:00:00", "\"10:00\"");
    SAME("VARCHAR: 2024-01-31 NA", "\"2024-01-31\"", "\"NA\"");
    SAME("VARCHAR: 2024-01-31 5", "\"2024-01-31\"", "5");
}

static void truth_has_two_tokens(void **state)
{
    (void)state;
    SAME("BOOLEAN: true false NULL", "true", "false", "null");
    SAME("VARCHAR: true 1", "true", "1");
}

static void objects_arrays_and_mixtures_are_text(void **state)
{
    (void)state;
    SAME("VARCHAR: {\"a\":1} [1,\"x\"] NULL", "{\"a\":1}", "[1,\"x\"]", "null");
    SAME("VARCHAR: 1 x true {\"a\":\"\\n\"} ", "1", "\"x\"", "true", "{\"a\":\"\\n\"}", "\"\"");
}

static void strings_are_unescaped(void **state)
{
    (void)state;
    static const struct {
        const char *token, *text;
    } cases[] = {
        {"\"a\\\"b\\\\c\\/d\"", "a\"b\\c/d"},
        {"\"\\b\\f\\n\\r\\t\"", "\b\f\n\r\t"},
        {"\"\\u0041\\u00e9\\u20ac\"", "A\xc3\xa9\xe2\x82\xac"},
        {"\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80"},
        {"\"\\uD83D\\uDE00!\"", "\xf0\x9f\x98\x80!"},
        {"\"\\ud83d\"", "\xef\xbf\xbd"}, /* half a character */
        {"\"\\ud83dx\"", "\xef\xbf\xbdx"},
        {"\"\\ude00\"", "\xef\xbf\xbd"},
        {"\"\\ud83d\\u0041\"", "\xef\xbf\xbd"
                               "A"},
        {"\"plain\"", "plain"},
        {"\"\"", ""},
        {"12", "12"},
        {"{\"a\":\"\\n\"}", "{\"a\":\"\\n\"}"},
    };
    mdm_text room;
    mdm_text_init(&room);
    for (size_t i = 0; i < COUNT(cases); i++) {
        mdm_str text = mdm_typing_json_text(mdm_str_from(cases[i].token), &room);
        if (!mdm_str_equal(text, mdm_str_from(cases[i].text)))
            fail_msg("%s is '%.*s'", cases[i].token, (int)text.len, text.data);
        if (cases[i].token[0] != '"') continue;
        const char *const tokens[] = {cases[i].token, "\"x\""};
        char expected[64];
        snprintf(expected, sizeof expected, "VARCHAR: %s x", cases[i].text);
        assert_string_equal(typed(tokens, 2), expected);
    }
    assert_null(mdm_typing_json_text(MDM_STR("null"), &room).data);
    assert_int_equal(mdm_typing_json_text(MDM_STR("\"\\u0000\""), &room).len, 1);
    mdm_text_clear(&room);
}

static void without_memory_a_string_is_not_unescaped(void **state)
{
    (void)state;
    mdm_text room;
    mdm_text_init(&room);
    mdm_alloc_fail_after(0);
    assert_null(mdm_typing_json_text(MDM_STR("\"\\n\""), &room).data);
    mdm_alloc_fail_after(-1);
    assert_true(room.failed);
    mdm_text_clear(&room);
}

static void forced_types_read_tokens_by_their_text(void **state)
{
    (void)state;
    static const char *const tokens[] = {"12", "\"00501\"", "null", "\"\"", "1.0", "\"\\u0037\""};
    mdm_error err = {0};
    column c;
    const mdm_typing_options options = {.json = true};
    column_open(&c, tokens, COUNT(tokens), &options);
    must(mdm_typing_force(c.typing, 0, (mdm_type){MDM_TYPE_INT64, 0, 0}, &err), &err);
    must(column_pass(&c, 10, &err), &err);
    static const char *const expected[] = {"12", "501", "NULL", "NULL", "1", "7"};
    for (size_t i = 0; i < COUNT(tokens); i++)
        assert_string_equal(cell(c.chunk, 0, (int64_t)i), expected[i]);
    column_close(&c);
}

/* A million random doubles, as JSON writers print them. */
static void random_numbers_keep_their_value(void **state)
{
    (void)state;
    uint64_t seed = 14;
    for (int i = 0; i < 200000; i++) {
        double value = (double)(int64_t)next_random(&seed) / (double)(next_random(&seed) | 1), read;
        char token[40];
        snprintf(token, sizeof token, "%.17g", value);
        if (strtod(token, NULL) != value) continue;
        double shortest;
        for (int digits = 1; digits <= 17; digits++) {
            snprintf(token, sizeof token, "%.*g", digits, value);
            shortest = strtod(token, NULL);
            if (shortest == value) break;
        }
        if (!mdm_json_real(mdm_str_from(token), &read) || read != value) fail_msg("%s", token);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_whole_as_long_as_all_are_written_so),
        cmocka_unit_test(a_number_that_a_double_would_change_makes_text),
        cmocka_unit_test(strings_are_dates_or_text_but_never_numbers),
        cmocka_unit_test(truth_has_two_tokens),
        cmocka_unit_test(objects_arrays_and_mixtures_are_text),
        cmocka_unit_test(strings_are_unescaped),
        cmocka_unit_test(without_memory_a_string_is_not_unescaped),
        cmocka_unit_test(forced_types_read_tokens_by_their_text),
        cmocka_unit_test(random_numbers_keep_their_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
