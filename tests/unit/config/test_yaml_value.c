#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "config/yaml.h"

/* The value of "x: WORD". */
static mdm_yaml *value_of(const char *word)
{
    mdm_text text;
    mdm_yaml *root = NULL;
    mdm_text_init(&text);
    mdm_text_printf(&text, "x: %s\n", word);
    assert_int_equal(mdm_yaml_read((mdm_str){text.data, text.len}, "t", MDM_FORMAT, &root, NULL),
                     MDM_OK);
    mdm_text_clear(&text);
    return root;
}

static void words_for_nothing_are_null(void **state)
{
    (void)state;
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    static const char *const texts[] = {"''", "'null'", "\"~\"", "none", "nUll", "0"};
    for (size_t i = 0; i < sizeof nulls / sizeof *nulls; i++) {
        mdm_yaml *root = value_of(nulls[i]);
        assert_true(mdm_yaml_is_null(root->first));
        assert_null(mdm_yaml_text(root->first));
        mdm_yaml_close(root);
    }
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        mdm_yaml *root = value_of(texts[i]);
        assert_false(mdm_yaml_is_null(root->first));
        assert_non_null(mdm_yaml_text(root->first));
        mdm_yaml_close(root);
    }
    assert_true(mdm_yaml_is_null(NULL));
    mdm_yaml *root = value_of("[]");
    assert_false(mdm_yaml_is_null(root->first));
    assert_null(mdm_yaml_text(root->first));
    mdm_yaml_close(root);
}

static void plain_words_are_booleans(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        int expected; /* -1: none */
    } cases[] = {
        {"true", 1}, {"True", 1},    {"YES", 1}, {"on", 1}, {"false", 0}, {"No", 0},
        {"off", 0},  {"'true'", -1}, {"1", -1},  {"y", -1}, {"", -1},     {"[true]", -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mdm_yaml *root = value_of(cases[i].word);
        bool value = false;
        const bool is_one = mdm_yaml_to_bool(root->first, &value);
        assert_int_equal(is_one ? value : -1, cases[i].expected);
        mdm_yaml_close(root);
    }
    bool value;
    assert_false(mdm_yaml_to_bool(NULL, &value));
}

static void plain_digits_are_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        bool is_int, is_real;
        double value;
    } cases[] = {
        {"0", true, true, 0},
        {"-12", true, true, -12},
        {"+3", true, true, 3},
        {"010", false, true, 10}, /* octal to PyYAML: no whole number to us */
        {"1.5", false, true, 1.5},
        {"1e3", false, true, 1000},
        {".inf", false, true, INFINITY},
        {"-.Inf", false, true, -INFINITY},
        {"nan", false, false, 0},
        {"inf", false, false, 0},
        {"'5'", false, false, 0},
        {"", false, false, 0},
        {"1_000", false, false, 0},
        {"2024-01-01", false, false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mdm_yaml *root = value_of(cases[i].word);
        int64_t whole = 0;
        double real = 0;
        if (mdm_yaml_to_int(root->first, &whole) != cases[i].is_int) fail_msg("%s", cases[i].word);
        if (mdm_yaml_to_real(root->first, &real) != cases[i].is_real) fail_msg("%s", cases[i].word);
        if (cases[i].is_int) assert_true((double)whole == cases[i].value);
        if (cases[i].is_real) assert_true(real == cases[i].value);
        mdm_yaml_close(root);
    }
    mdm_yaml *root = value_of(".NaN");
    double real = 0;
    assert_true(mdm_yaml_to_real(root->first, &real) && isnan(real));
    mdm_yaml_close(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_for_nothing_are_null),
        cmocka_unit_test(plain_words_are_booleans),
        cmocka_unit_test(plain_digits_are_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
