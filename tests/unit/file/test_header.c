#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "file/header.h"
#include "reading.h"
#include "support/walk.h"

/* Names made of count fields, joined by '|', then the notes. */
static const char *named(const char *const *fields, size_t count, bool headerless)
{
    static char text[4096];
    mdm_str strs[64] = {{0}};
    mdm_header header;
    mdm_notes notes = {0};
    size_t len = 0;
    for (size_t i = 0; i < count; i++)
        strs[i] = mdm_str_from(fields[i]);
    assert_int_equal(mdm_header_init(&header, strs, count, headerless, &notes, NULL), MDM_OK);
    for (size_t i = 0; i < count; i++)
        len +=
            (size_t)snprintf(text + len, sizeof text - len, "%s%s", i ? "|" : "", header.names[i]);
    for (size_t i = 0; i < notes.count; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "\n%s", notes.items[i]);
    mdm_header_clear(&header);
    mdm_notes_clear(&notes);
    return text;
}
#define NAMED(...)                            \
    named((const char *const[]){__VA_ARGS__}, \
          sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *), false)

static void good_names_stay_as_they_are(void **state)
{
    (void)state;
    assert_string_equal(NAMED("id", "Größe (m)", "a\"; DROP TABLE x; --", " x ", "rowid", "select"),
                        "id|Größe (m)|a\"; DROP TABLE x; --| x |rowid|select");
}

static void a_name_that_is_taken_gets_a_number(void **state)
{
    (void)state;
    assert_string_equal(NAMED("a", "a", "a"), "a|a.1|a.2\n"
                                              "column 2 is called 'a' as well: it became 'a.1'\n"
                                              "column 3 is called 'a' as well: it became 'a.2'");
    /* Databases take these two for one. */
    assert_string_equal(NAMED("Name", "NAME"),
                        "Name|NAME.1\ncolumn 2 is called 'NAME' as well: it became 'NAME.1'");
    /* A name that stands in the file is not taken from its column. */
    assert_string_equal(NAMED("a", "a", "a.1"),
                        "a|a.2|a.1\ncolumn 2 is called 'a' as well: it became 'a.2'");
}

static void a_column_without_a_name_is_called_by_its_number(void **state)
{
    (void)state;
    assert_string_equal(NAMED("", "b", ""), "column_1|b|column_3\n"
                                            "column 1 has no name: it is called 'column_1'\n"
                                            "column 3 has no name: it is called 'column_3'");
    assert_string_equal(NAMED("", "column_1"),
                        "column_2|column_1\ncolumn 1 has no name: it is called 'column_2'");
    assert_string_equal(named((const char *const[]){"1", "2"}, 2, true), "column_1|column_2");
}

static void control_characters_are_taken_out(void **state)
{
    (void)state;
    assert_string_equal(NAMED("a\nb", "\x1b[31m", "x\xc2\x85y"),
                        "a_b|_[31m|x_y\n"
                        "the name of column 1 held control characters: it is called 'a_b'\n"
                        "the name of column 2 held control characters: it is called '_[31m'\n"
                        "the name of column 3 held control characters: it is called 'x_y'");
    assert_string_equal(NAMED("a_b", "a\tb"),
                        "a_b|a_b.1\ncolumn 2 is called 'a_b' as well: it became 'a_b.1'");
}

static void many_notes_become_one(void **state)
{
    const char *fields[40];
    (void)state;
    for (size_t i = 0; i < 40; i++)
        fields[i] = "";
    const char *text = named(fields, 40, false);
    assert_non_null(strstr(text, "column 10 has no name"));
    assert_null(strstr(text, "column 11 has no name"));
    assert_non_null(strstr(text, "\n30 more columns got another name"));
}

static void a_name_of_1000_characters_is_kept(void **state)
{
    char name[1001];
    (void)state;
    memset(name, 'n', 1000);
    name[1000] = '\0';
    assert_string_equal(NAMED(name), name);
}

static void too_many_columns_are_refused(void **state)
{
    mdm_error err;
    (void)state;
    assert_int_equal(mdm_width_judge("f.csv", 2000, 2000, &err), MDM_OK);
    assert_int_equal(mdm_width_judge("f.csv", 2001, 2000, &err), MDM_FORMAT);
    assert_string_equal(err.message, "f.csv: 2001 columns, at most 2000 can be stored");
    assert_int_equal(mdm_width_judge("f.csv", 65535, 0, &err), MDM_OK);
    assert_int_equal(mdm_width_judge("f.csv", 65536, 0, &err), MDM_FORMAT);
    assert_int_equal(mdm_width_judge("f.csv", 65536, 100000, &err), MDM_FORMAT);
}

static mdm_status make_names(void *data, mdm_error *err)
{
    static const mdm_str fields[] = {{"a", 1}, {"A", 1}, {"", 0}, {"b\n", 2}};
    mdm_header header;
    mdm_notes notes = {0};
    (void)data;
    const mdm_status status = mdm_header_init(&header, fields, 4, false, &notes, err);
    mdm_header_clear(&header);
    mdm_notes_clear(&notes);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    test_walk_allocations(make_names, NULL, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_names_stay_as_they_are),
        cmocka_unit_test(a_name_that_is_taken_gets_a_number),
        cmocka_unit_test(a_column_without_a_name_is_called_by_its_number),
        cmocka_unit_test(control_characters_are_taken_out),
        cmocka_unit_test(many_notes_become_one),
        cmocka_unit_test(a_name_of_1000_characters_is_kept),
        cmocka_unit_test(too_many_columns_are_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
