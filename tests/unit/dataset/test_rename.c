/* Names that a database cannot hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <utf8proc.h>

#include "dataset/rename.h"

#define POSTGRESQL 63

static const char *cut(const char *name, char text[POSTGRESQL + 1])
{
    mdm_rename_cut(mdm_str_from(name), POSTGRESQL, text);
    return text;
}

static void a_name_that_fits_stays_as_it_is(void **state)
{
    (void)state;
    char name[POSTGRESQL + 1], text[POSTGRESQL + 1];
    memset(name, 'a', POSTGRESQL);
    name[POSTGRESQL] = '\0';
    assert_string_equal(cut(name, text), name);
    assert_string_equal(cut("", text), "");
    assert_string_equal(cut("x", text), "x");
}

static void a_longer_name_is_cut_and_ends_in_a_hash(void **state)
{
    (void)state;
    char name[POSTGRESQL + 2], text[POSTGRESQL + 1];
    memset(name, 'a', POSTGRESQL + 1);
    name[POSTGRESQL + 1] = '\0';
    cut(name, text);
    assert_int_equal(strlen(text), POSTGRESQL);
    assert_memory_equal(text, name, POSTGRESQL - 9);
    assert_int_equal(text[POSTGRESQL - 9], '_');
    assert_int_equal(strspn(text + POSTGRESQL - 8, "0123456789abcdef"), 8);
}

static void names_that_begin_alike_stay_apart_and_each_always_gives_the_same(void **state)
{
    (void)state;
    char a[101], b[101], text_a[POSTGRESQL + 1], text_b[POSTGRESQL + 1], again[POSTGRESQL + 1];
    memset(a, 'n', 100);
    a[100] = '\0';
    memcpy(b, a, sizeof b);
    b[99] = 'm';
    assert_string_not_equal(cut(a, text_a), cut(b, text_b));
    assert_memory_equal(text_a, text_b, POSTGRESQL - 9);
    assert_string_equal(cut(a, again), text_a);
}

static void no_character_is_cut_in_two(void **state)
{
    (void)state;
    static const char *const letters[] = {"ż", "数", "𝔞"};
    for (size_t l = 0; l < sizeof letters / sizeof *letters; l++)
        for (size_t before = 0; before < 5; before++) { /* every place of the cut in a character */
            char name[200] = "", text[POSTGRESQL + 1];
            for (size_t i = 0; i < before; i++) strcat(name, "x");
            for (int i = 0; i < 40; i++) strcat(name, letters[l]);
            cut(name, text);
            assert_true(strlen(text) <= POSTGRESQL);
            assert_true(strlen(text) > POSTGRESQL - 4);
            for (size_t at = 0, len = strlen(text); at < len;) {
                utf8proc_int32_t c;
                const utf8proc_ssize_t width = utf8proc_iterate(
                    (const utf8proc_uint8_t *)text + at, (utf8proc_ssize_t)(len - at), &c);
                assert_true(width > 0);
                at += (size_t)width;
            }
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_that_fits_stays_as_it_is),
        cmocka_unit_test(a_longer_name_is_cut_and_ends_in_a_hash),
        cmocka_unit_test(names_that_begin_alike_stay_apart_and_each_always_gives_the_same),
        cmocka_unit_test(no_character_is_cut_in_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
