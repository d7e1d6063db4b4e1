#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reading.h"
#include "support/folder.h"

static int make(void **state)
{
    *state = test_folder_make();
    return 0;
}

static int clean(void **state)
{
    test_folder_remove(*state);
    return 0;
}

/* count lines "NUMBER,LINE" behind a header, then tail. */
static mdm_str long_file(const char *cells, size_t count, const char *tail)
{
    static char text[8 << 20];
    size_t len = (size_t)snprintf(text, sizeof text, "a,b\n");
    for (size_t i = 0; i < count; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%zu,%s\n", i, cells);
    len += (size_t)snprintf(text + len, sizeof text - len, "%s", tail);
    return (mdm_str){text, len};
}

/* The type and the last value of column b when an odd cell comes after 120,000 others. */
static void a_late_cell_changes_the_type_and_no_value(void **state)
{
    static const struct {
        const char *usual, *late, *type;
    } cases[] = {
        {"501", "00501", "VARCHAR"},
        {"1", "1.5", "DOUBLE"},
        {"1", "1e5", "VARCHAR"},
        {"1", "0x10", "VARCHAR"},
        {"1", "1_000", "VARCHAR"},
        {"1", " 12", "VARCHAR"},
        {"1", "+7", "VARCHAR"},
        {"1", "12345678901234567890", "VARCHAR"},
        {"1", "word", "VARCHAR"},
        {"1", "-0", "DOUBLE"},
        {"1.5", "1.50", "VARCHAR"},
        {"2024-01-31", "31.01.2024", "VARCHAR"},
        {"2024-01-31", "2024-02-30", "VARCHAR"},
        {"true", "yes", "VARCHAR"},
        {"1", "9223372036854775808", "VARCHAR"},
        {"x", "1", "VARCHAR"},
        {"1", "9223372036854775807", "BIGINT"},
        {"1", "-9223372036854775808", "BIGINT"},
        {"2024-01-31", "1969-07-20", "DATE"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char tail[64], ending[64], head[64];
        snprintf(tail, sizeof tail, "7,%s\n", cases[i].late);
        snprintf(ending, sizeof ending, "\n7|%s\n", cases[i].late);
        snprintf(head, sizeof head, "a BIGINT, b %s\n", cases[i].type);
        /* Fewer rows than 120,000 would fit into the dump; the last ones are read alone. */
        const char *got = test_read(*state, "f.csv", long_file(cases[i].usual, 120000, tail), NULL);
        if (strncmp(got, head, strlen(head)) != 0)
            fail_msg("%s, then %s: %.40s, expected %s", cases[i].usual, cases[i].late, got, head);
        assert_true(test_passes() <= 2);
        got = test_read(*state, "f.csv", long_file(cases[i].usual, 30000, tail), NULL);
        if (!strstr(got, ending)) fail_msg("%s is not at the end", cases[i].late);
    }
}

static void one_pass_is_enough_when_the_sample_was_right(void **state)
{
    test_read(*state, "f.csv", long_file("1.5", 50000, ""), NULL);
    assert_int_equal(test_passes(), 1);
    test_read(*state, "f.csv", long_file("1.5", 50000, "1,x\n"), NULL);
    assert_int_equal(test_passes(), 2);
    assert_non_null(strstr(test_notes(), "f.csv: b kept as text"));
}

static void words_for_no_value_count_where_the_rest_is_no_text(void **state)
{
    static const char *const more[] = {"missing"};
    static const mdm_read_options options = {.null_words = more, .null_word_count = 1};
    assert_string_equal(test_read(*state, "f.csv", BYTES("a,b\n1,x\nNA,NA\n,\nNone,None\n"), NULL),
                        "a BIGINT, b VARCHAR\n1|x\n~|NA\n~|~\n~|None\n");
    assert_string_equal(test_read(*state, "f.csv", BYTES("a,b\n1,x\nmissing,missing\n"), &options),
                        "a BIGINT, b VARCHAR\n1|x\n~|missing\n");
}

static void a_wished_type_is_taken(void **state)
{
    static const mdm_column_wish wishes[] = {{.name = "a", .type = "varchar"},
                                             {.name = "b", .type = MDM_WISH_NUMBER},
                                             {.name = "c", .format = "%d/%m/%Y"},
                                             {.name = "none", .type = "int"}};
    const mdm_read_options options = {.wishes = wishes, .wish_count = 4};
    assert_string_equal(
        test_read(*state, "f.csv", BYTES("a,b,c\n1,007,03/04/2024\n2,1.5,05/04/2024\n"), &options),
        "a VARCHAR, b DOUBLE, c DATE\n1|7|2024-04-03\n2|1.5|2024-04-05\n");
}

static void a_wish_that_is_none_is_refused(void **state)
{
    static const mdm_column_wish unknown[] = {{.name = "a", .type = "colour"}};
    static const mdm_column_wish format[] = {{.name = "a", .format = "%Q"}};
    const mdm_read_options one = {.wishes = unknown, .wish_count = 1},
                           two = {.wishes = format, .wish_count = 1};
    assert_int_equal(
        strncmp(test_read(*state, "f.csv", BYTES("a\n1\n"), &one), "2: column 'a': ", 15), 0);
    assert_int_equal(
        strncmp(test_read(*state, "f.csv", BYTES("a\n1\n"), &two), "2: column 'a': ", 15), 0);
}

static void a_cell_that_does_not_fit_the_wish_is_refused_with_its_place(void **state)
{
    static const mdm_column_wish wishes[] = {{.name = "b", .type = "int"},
                                             {.name = "c", .format = "%Y-%m-%d"}};
    const mdm_read_options stop = {.wishes = wishes, .wish_count = 2},
                           reject = {.wishes = wishes, .wish_count = 2, .reject = true};
    const mdm_str text =
        BYTES("a,b,c\n\"x\ny\",1,2024-01-31\nz,abc,tomorrow\nw,3,soon\nv,4,2024-02-01\n");
    assert_string_equal(test_read(*state, "f.csv", text, &stop),
                        "8: f.csv:4: column 'b': 'abc' is no BIGINT (byte 28)");
    assert_string_equal(test_read(*state, "f.csv", text, &reject),
                        "a VARCHAR, b BIGINT, c DATE\nx\ny|1|2024-01-31\nv|4|2024-02-01\n"
                        "reject 4:28 b: no BIGINT: abc\n"
                        "reject 5:45 c: no DATE like %Y-%m-%d: soon\n");
    assert_int_equal(test_info()->records, 4);
    assert_int_equal(test_info()->rejected, 2);
}

static void rejects_beyond_a_hundred_thousand_are_only_counted(void **state)
{
    static const mdm_column_wish wishes[] = {{.name = "b", .type = "int"}};
    const mdm_read_options options = {.wishes = wishes, .wish_count = 1, .reject = true};
    test_read(*state, "f.csv", long_file("x", 130000, "1,1\n"), &options);
    assert_int_equal(test_info()->rejected, 130000);
}

static void a_text_that_is_rejected_is_cut_at_a_character(void **state)
{
    static char text[4000] = "a,b\n1,2\n";
    static const mdm_read_options options = {.reject = true};
    size_t len = strlen(text);
    for (int i = 0; i < 700; i++)
        memcpy(text + len, "ß", 2), len += 2;
    memcpy(text + len, "\n", 1);
    const char *got = test_read(*state, "f.csv", (mdm_str){text, len + 1}, &options);
    assert_int_equal(
        strncmp(got, "a BIGINT, b BIGINT\n1|2\nreject 3:9 : 1 field, expected 2: ßß", 58), 0);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make, clean)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_late_cell_changes_the_type_and_no_value),
        IN_FOLDER(one_pass_is_enough_when_the_sample_was_right),
        IN_FOLDER(words_for_no_value_count_where_the_rest_is_no_text),
        IN_FOLDER(a_wished_type_is_taken),
        IN_FOLDER(a_wish_that_is_none_is_refused),
        IN_FOLDER(a_cell_that_does_not_fit_the_wish_is_refused_with_its_place),
        IN_FOLDER(rejects_beyond_a_hundred_thousand_are_only_counted),
        IN_FOLDER(a_text_that_is_rejected_is_cut_at_a_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
