/* Names of datasets, as every command normalises them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mdm/dataset.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void a_name_becomes_what_its_files_are_called(void **state)
{
    (void)state;
    static const struct {
        const char *typed, *stored;
    } names[] = {
        {"iris", "iris"},
        {"My-Data", "my_data"},
        {"My Data (2024)", "mydata2024"},
        {"___", "___"},
        {"--", "__"},
        {"1st", "1st"},
        {"select", "select"},
        {"a.b.c", "abc"},
        {"a'b\"c;--", "abc__"},
        {"ŻÓŁĆ", "żółć"},
        {"数据-集", "数据_集"},
        {"a🎉b", "ab"},
    };
    for (size_t i = 0; i < COUNT(names); i++) {
        char text[MDM_NAME_BYTES];
        mdm_error err = {0};
        if (mdm_dataset_name(names[i].typed, text, sizeof text, &err) != MDM_OK)
            fail_msg("%s: %s", names[i].typed, err.message);
        assert_string_equal(text, names[i].stored);
    }
}

static void a_normalised_name_stays_as_it_is(void **state)
{
    (void)state;
    char once[MDM_NAME_BYTES], twice[MDM_NAME_BYTES];
    assert_int_equal(mdm_dataset_name("Größe-Ǆ 1", once, sizeof once, NULL), MDM_OK);
    assert_int_equal(mdm_dataset_name(once, twice, sizeof twice, NULL), MDM_OK);
    assert_string_equal(once, twice);
}

static void what_is_no_name_is_refused_with_the_reason(void **state)
{
    (void)state;
    static const struct {
        const char *typed, *reason;
    } names[] = {
        {"", "needs a name"},       {"...", "no letter"},        {"   ", "no letter"},
        {"../x", "a '/'"},          {"/", "a '/'"},              {"a\nb", "control character"},
        {"a\x7f", "control character"}, {"\xff\xfe", "not UTF-8"}, {"a\xc3", "not UTF-8"},
    };
    for (size_t i = 0; i < COUNT(names); i++) {
        char text[MDM_NAME_BYTES];
        mdm_error err = {0};
        assert_int_equal(mdm_dataset_name(names[i].typed, text, sizeof text, &err), MDM_INVALID);
        if (!strstr(err.message, names[i].reason))
            fail_msg("'%s' was refused with '%s'", names[i].typed, err.message);
    }
}

static void a_hundred_characters_fit_and_one_more_does_not(void **state)
{
    (void)state;
    static const char *const letters[] = {"a", "ż", "数", "𝔞"}; /* of one to four bytes */
    for (size_t l = 0; l < COUNT(letters); l++) {
        char typed[101 * 4 + 1] = "", text[MDM_NAME_BYTES];
        mdm_error err = {0};
        for (int i = 0; i < 100; i++) strcat(typed, letters[l]);
        assert_int_equal(mdm_dataset_name(typed, text, sizeof text, &err), MDM_OK);
        assert_string_equal(text, typed);
        strcat(typed, letters[l]);
        assert_int_equal(mdm_dataset_name(typed, text, sizeof text, &err), MDM_INVALID);
        assert_non_null(strstr(err.message, "100 characters"));
    }
}

static void a_name_is_never_written_beyond_its_room(void **state)
{
    (void)state;
    char text[4];
    assert_int_equal(mdm_dataset_name("abc", text, sizeof text, NULL), MDM_OK);
    assert_string_equal(text, "abc");
    assert_int_equal(mdm_dataset_name("abcd", text, sizeof text, NULL), MDM_INVALID);
    assert_int_equal(mdm_dataset_name("aż", text, 3, NULL), MDM_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_becomes_what_its_files_are_called),
        cmocka_unit_test(a_normalised_name_stays_as_it_is),
        cmocka_unit_test(what_is_no_name_is_refused_with_the_reason),
        cmocka_unit_test(a_hundred_characters_fit_and_one_more_does_not),
        cmocka_unit_test(a_name_is_never_written_beyond_its_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
