#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

static const char *const words[] = {"register", "remove", "list", "lru", "performance", "export"};

static const char *nearest(const char *word)
{
    const char *found = mdm_nearest(mdm_str_from(word), words, sizeof words / sizeof *words);
    return found ? found : "(none)";
}

static void a_slip_of_the_fingers_is_mended(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"regster", "register"},  {"registerr", "register"},
        {"rgeister", "register"}, {"performence", "performance"},
        {"lits", "list"},         {"lur", "lru"},
        {"LIST", "list"},         {"Exprot", "export"},
        {"remvoe", "remove"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(nearest(cases[i][0]), cases[i][1]);
}

static void a_word_that_is_another_gets_no_suggestion(void **state)
{
    (void)state;
    static const char *const cases[] = {"", "x", "ab", "query", "listening", "abcdefgh"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(nearest(cases[i]), "(none)");
}

static void very_long_words_are_left_alone(void **state)
{
    (void)state;
    char word[200];
    memset(word, 'a', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    const char *const candidates[] = {word, "b"};
    assert_null(mdm_nearest(mdm_str_from(word), candidates, 2));
    assert_null(mdm_nearest(MDM_STR("bcd"), candidates, 1));
    assert_null(mdm_nearest(MDM_STR("b"), candidates, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slip_of_the_fingers_is_mended),
        cmocka_unit_test(a_word_that_is_another_gets_no_suggestion),
        cmocka_unit_test(very_long_words_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
