#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Files read through tiny windows: see tiny_*.c. */
#include "base/text.h"
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

static char text[1 << 20], expected[1 << 20];

static void put(char *to, const char *words, size_t times)
{
    const size_t len = strlen(words);
    for (to += strlen(to); times > 0; times--, to += len)
        memcpy(to, words, len + 1);
}

static void begin(const char *head, const char *schema)
{
    strcpy(text, head);
    strcpy(expected, schema);
}

static void records_are_whole_wherever_windows_end(void **state)
{
    for (size_t shift = 0; shift < 130; shift++) {
        begin("a,b\n", "a VARCHAR, b VARCHAR\n");
        put(text, "x", shift + 1);
        put(expected, "x", shift + 1);
        put(text, ",y\n", 1);
        put(expected, "|y\n", 1);
        for (int i = 0; i < 20; i++) {
            put(text, "\"two\r\nlines, \"\"q\"\" €\",ß\r\n", 1);
            put(expected, "two\r\nlines, \"q\" €|ß\n", 1);
        }
        assert_string_equal(test_read(*state, "f.csv", mdm_str_from(text), NULL), expected);
    }
}

static void json_records_too(void **state)
{
    for (size_t shift = 0; shift < 130; shift++) {
        begin("[{\"a\":\"", "a VARCHAR, b BIGINT\n");
        put(text, "x", shift + 1);
        put(expected, "x", shift + 1);
        put(text, "\",\"b\":1}", 1);
        put(expected, "|1\n", 1);
        for (int i = 0; i < 20; i++) {
            put(text, ",\n {\"b\" : 12345, \"a\": \"q\\\"\\u00e4\\ud83d\\ude00\"}", 1);
            put(expected, "q\"ä\xf0\x9f\x98\x80|12345\n", 1);
        }
        put(text, "]", 1);
        assert_string_equal(test_read(*state, "f.json", mdm_str_from(text), NULL), expected);
    }
}

static void a_bad_line_is_skipped_wherever_windows_end(void **state)
{
    static const mdm_read_options reject = {.reject = true};
    for (size_t shift = 0; shift < 130; shift++) {
        char line[64];
        begin("a,b\n", "a VARCHAR, b BIGINT\n");
        put(text, "x", shift + 1);
        put(expected, "x", shift + 1);
        put(text, ",1\ny,\"never closed, ", 1);
        put(text, "z", 90);
        put(text, "\nw,2\n", 1);
        put(expected, "|1\nw|2\n", 1);
        snprintf(line, sizeof line,
                 "reject 3:%zu : a quote that is never closed: y,\"never closed, ",
                 4 + shift + 1 + 3 + 3);
        put(expected, line, 1);
        put(expected, "z", 90);
        put(expected, "\n", 1);
        assert_string_equal(test_read(*state, "f.csv", mdm_str_from(text), &reject), expected);
    }
}

static void a_record_that_is_too_long_is_refused_as_one_line(void **state)
{
    static const mdm_read_options reject = {.reject = true};
    begin("a,b\n1,2\n3,", "");
    put(text, "x", 4500);
    /* What follows the limit looks like a record of its own. */
    put(text, ",5\n6,7\n", 1);
    assert_string_equal(test_read(*state, "f.csv", mdm_str_from(text), NULL),
                        "8: f.csv:3: a record of more than 256 MB (byte 11)");
    const char *got = test_read(*state, "f.csv", mdm_str_from(text), &reject);
    assert_int_equal(
        strncmp(got,
                "a BIGINT, b BIGINT\n1|2\n6|7\nreject 3:11 : a record of more than 256 MB: 3,x",
                74),
        0);
    assert_int_equal(test_info()->rejected, 1);

    begin("{\"a\":1}\n{\"a\":\"", "");
    put(text, "x", 4500);
    put(text, "\"}\n{\"a\":3}\n", 1);
    assert_string_equal(test_read(*state, "f.jsonl", mdm_str_from(text), NULL),
                        "8: f.jsonl:2: a record of more than 256 MB (byte 9)");
    got = test_read(*state, "f.jsonl", mdm_str_from(text), &reject);
    assert_int_equal(
        strncmp(got, "a BIGINT\n1\n3\nreject 2:9 : a record of more than 256 MB: {\"a\":\"x", 63),
        0);
    assert_int_equal(test_info()->rejected, 1);
}

static void a_record_of_many_fields_outgrows_the_index(void **state)
{
    begin("", "");
    for (int row = 0; row < 3; row++) {
        for (int i = 0; i < 700; i++)
            put(text, i ? (row ? ",7" : ",c") : (row ? "7" : "c"), 1);
        put(text, "\n", 1);
    }
    const char *got = test_read(*state, "f.csv", mdm_str_from(text), NULL);
    assert_non_null(strstr(got, "c BIGINT, c.1 BIGINT"));
    assert_int_equal(test_info()->records, 2);
}

static void other_encodings_cross_windows(void **state)
{
    static char wide[1 << 16];
    size_t len = 0;
    begin("a,b\n", "a VARCHAR, b BIGINT\n");
    for (int i = 0; i < 100; i++) {
        put(text, "\xe9xyz,1\n", 1);
        put(expected, "éxyz|1\n", 1);
    }
    const mdm_read_options latin = {.encoding = "latin1"};
    assert_string_equal(test_read(*state, "f.csv", mdm_str_from(text), &latin), expected);
    for (const char *c = text; *c; c++) {
        wide[len++] = *c;
        wide[len++] = '\0';
    }
    const mdm_read_options utf16 = {.encoding = "utf-16le"};
    assert_string_equal(test_read(*state, "f.csv", (mdm_str){wide, len}, &utf16), expected);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make, clean)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(records_are_whole_wherever_windows_end),
        IN_FOLDER(json_records_too),
        IN_FOLDER(a_bad_line_is_skipped_wherever_windows_end),
        IN_FOLDER(a_record_that_is_too_long_is_refused_as_one_line),
        IN_FOLDER(a_record_of_many_fields_outgrows_the_index),
        IN_FOLDER(other_encodings_cross_windows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
