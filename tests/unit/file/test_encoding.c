#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <iconv.h>

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

/* UTF-8 in another encoding, behind a mark. */
static mdm_str in(const char *encoding, const char *mark, size_t mark_len, const char *text)
{
    static char room[1 << 16];
    iconv_t conversion = iconv_open(encoding, "UTF-8");
    assert_true(conversion != (iconv_t)-1);
    memcpy(room, mark, mark_len);
    char *from = (char *)(uintptr_t)text, *to = room + mark_len;
    size_t left = strlen(text), space = sizeof room - mark_len;
    assert_int_equal(iconv(conversion, &from, &left, &to, &space), 0);
    iconv_close(conversion);
    return (mdm_str){room, (size_t)(to - room)};
}

#define TEXT "name,n\nJosé,1\nGrüße,2\n"
#define ROWS "name VARCHAR, n BIGINT\nJosé|1\nGrüße|2\n"

static void a_byte_order_mark_tells(void **state)
{
    static const struct {
        const char *encoding, *mark;
        size_t len;
        const char *shown;
    } cases[] = {
        {"UTF-8", "\xef\xbb\xbf", 3, "utf-8"},
        {"UTF-16LE", "\xff\xfe", 2, "utf-16le (byte-order mark)"},
        {"UTF-16BE", "\xfe\xff", 2, "utf-16be (byte-order mark)"},
        {"UTF-32LE", "\xff\xfe\0\0", 4, "utf-32le (byte-order mark)"},
        {"UTF-32BE", "\0\0\xfe\xff", 4, "utf-32be (byte-order mark)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_string_equal(test_read(*state, "f.csv",
                                      in(cases[i].encoding, cases[i].mark, cases[i].len, TEXT),
                                      NULL),
                            ROWS);
        assert_string_equal(test_info()->encoding, cases[i].shown);
    }
}

static void the_user_may_say_the_encoding(void **state)
{
    static const char *const names[] = {"latin1", "windows-1252", "UTF-16LE", "utf-16",
                                        "iso-8859-15"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const mdm_read_options options = {.encoding = names[i]};
        assert_string_equal(test_read(*state, "f.csv", in(names[i], "", 0, TEXT), &options), ROWS);
    }
    const mdm_read_options japanese = {.encoding = "shift_jis"}, utf8 = {.encoding = "utf-8"};
    assert_string_equal(
        test_read(*state, "f.csv", in("shift_jis", "", 0, "a,b\n東京,1\n"), &japanese),
        "a VARCHAR, b BIGINT\n東京|1\n");
    assert_string_equal(test_read(*state, "f.csv", mdm_str_from(TEXT), &utf8), ROWS);
}

static void an_unknown_encoding_is_refused_with_a_hint(void **state)
{
    const mdm_read_options options = {.encoding = "klingon"};
    assert_string_equal(test_read(*state, "f.csv", BYTES("a\n"), &options),
                        "2: unknown encoding 'klingon'");
    assert_non_null(strstr(test_hint(), "utf-8, latin1"));
}

static void what_is_not_utf_8_is_guessed_and_said(void **state)
{
    assert_string_equal(
        test_read(*state, "f.csv",
                  in("latin1", "", 0, "name,city\nJosé,Málaga\nFrançois,Besançon\n"), NULL),
        "name VARCHAR, city VARCHAR\nJosé|Málaga\nFrançois|Besançon\n");
    assert_string_equal(test_info()->encoding, "iso-8859-1 (guessed)");
    assert_string_equal(test_notes(),
                        "f.csv is not UTF-8: it was read as ISO-8859-1, which is a guess\n");
}

static void the_guess_comes_however_late_the_first_odd_byte(void **state)
{
    static char text[1 << 20];
    size_t len = (size_t)snprintf(text, sizeof text, "a,b\n");
    for (int i = 0; i < 60000; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%d,xyz\n", i);
    len += (size_t)snprintf(text + len, sizeof text - len, "1,Jos\xe9\n2,Fran\xe7ois\n");
    const char *got = test_read(*state, "f.csv", (mdm_str){text, len}, NULL);
    assert_non_null(strstr(got, "\n1|José\n2|François\n"));
    assert_non_null(strstr(test_info()->encoding, "(guessed)"));
}

static void damaged_utf_8_is_no_other_encoding(void **state)
{
    static const mdm_read_options reject = {.reject = true};
    const mdm_str text = BYTES("naïve,é\nñandú,ö\na\xff,b\nß,ü\n");
    assert_string_equal(test_read(*state, "f.csv", text, NULL), "8: f.csv:3: not UTF-8 (byte 23)");
    assert_string_equal(test_read(*state, "f.csv", text, &reject),
                        "naïve VARCHAR, é VARCHAR\nñandú|ö\nß|ü\n"
                        "reject 3:23 : not UTF-8: a\xef\xbf\xbd,b\n");
}

static void bytes_an_encoding_has_not_are_refused_with_their_place(void **state)
{
    static const mdm_read_options ascii = {.encoding = "ascii"},
                                  ascii_reject = {.encoding = "ascii", .reject = true},
                                  utf8 = {.encoding = "utf-8"};
    assert_string_equal(test_read(*state, "f.csv", BYTES("a,b\n1,2\n\xe9,3\n"), &ascii),
                        "8: f.csv:3: not ascii (byte 9)");
    assert_string_equal(test_read(*state, "f.csv", BYTES("a,b\n1,2\n\xe9,3\n"), &ascii_reject),
                        "a BIGINT, b BIGINT\n1|2\nreject 3:9 : not ascii: \xef\xbf\xbd,3\n");
    assert_string_equal(test_read(*state, "f.csv", BYTES("a,b\n1,2\n\xe9,3\n"), &utf8),
                        "8: f.csv:3: not UTF-8 (byte 9)");
}

static void bytes_are_counted_in_the_file_as_it_is(void **state)
{
    static const mdm_read_options reject = {.reject = true};
    const mdm_str text = in("UTF-16LE", "\xff\xfe", 2, "a,b\nß,1\nx\n€,2,3\ny,4\n");
    assert_string_equal(test_read(*state, "f.csv", text, NULL),
                        "8: f.csv:3: 1 field, expected 2 (byte 19)");
    assert_string_equal(test_read(*state, "f.csv", text, &reject),
                        "a VARCHAR, b BIGINT\nß|1\ny|4\n"
                        "reject 3:19 : 1 field, expected 2: x\n"
                        "reject 4:23 : 3 fields, expected 2: €,2,3\n");
}

static void a_cut_utf_16_is_refused(void **state)
{
    const mdm_str text = in("UTF-16LE", "\xff\xfe", 2, "a,b\n1,2\n");
    assert_non_null(strstr(test_read(*state, "f.csv", (mdm_str){text.data, text.len - 1}, NULL),
                           "8: f.csv:2: not UTF-16LE"));
}

static void utf_16_without_a_mark_gets_a_hint(void **state)
{
    assert_string_equal(test_read(*state, "f.csv", in("UTF-16LE", "", 0, "a,b\n1,2\n"), NULL),
                        "8: f.csv:1: a NUL byte (byte 2)");
    assert_non_null(strstr(test_hint(), "--encoding utf-16le"));
}

static void characters_across_the_borders_of_windows_are_whole(void **state)
{
    /* Windows are a power of two bytes, lines are 11. */
    static char text[1 << 20];
    size_t len = (size_t)snprintf(text, sizeof text, "a,b\n");
    for (int i = 0; i < 80000; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "1,€ß\xf0\x9f\x98\x80\n");
    test_read(*state, "f.csv", (mdm_str){text, len}, NULL);
    assert_int_equal(test_info()->records, 80000);
    memcpy(text + len - 12, "1,\xe2\x82\n", 5); /* an unfinished character at the end of a line */
    assert_non_null(
        strstr(test_read(*state, "f.csv", (mdm_str){text, len}, NULL), ": not UTF-8 (byte"));
}

static void json_may_be_in_any_encoding(void **state)
{
    assert_string_equal(
        test_read(*state, "f.json", in("UTF-16BE", "\xfe\xff", 2, "[{\"ä\":\"ß\"}]"), NULL),
        "ä VARCHAR\nß\n");
    assert_string_equal(
        test_read(*state, "f.json", in("latin1", "", 0, "[{\"a\":\"Málaga é à ß ü\"}]"), NULL),
        "a VARCHAR\nMálaga é à ß ü\n");
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make, clean)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_byte_order_mark_tells),
        IN_FOLDER(the_user_may_say_the_encoding),
        IN_FOLDER(an_unknown_encoding_is_refused_with_a_hint),
        IN_FOLDER(what_is_not_utf_8_is_guessed_and_said),
        IN_FOLDER(the_guess_comes_however_late_the_first_odd_byte),
        IN_FOLDER(damaged_utf_8_is_no_other_encoding),
        IN_FOLDER(bytes_an_encoding_has_not_are_refused_with_their_place),
        IN_FOLDER(bytes_are_counted_in_the_file_as_it_is),
        IN_FOLDER(a_cut_utf_16_is_refused),
        IN_FOLDER(utf_16_without_a_mark_gets_a_hint),
        IN_FOLDER(characters_across_the_borders_of_windows_are_whole),
        IN_FOLDER(json_may_be_in_any_encoding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
