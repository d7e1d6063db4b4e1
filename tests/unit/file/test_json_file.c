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
#include "support/walk.h"

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

typedef struct json_case {
    const char *name, *text, *expected;
} json_case;

static void check_all(const char *folder, const json_case *cases, size_t count,
                      const mdm_read_options *options)
{
    for (size_t i = 0; i < count; i++) {
        const char *got = test_read(folder, cases[i].name, mdm_str_from(cases[i].text), options);
        if (strcmp(got, cases[i].expected) != 0)
            fail_msg("case %zu: %s\ngot: %s\nexpected: %s", i, cases[i].text, got,
                     cases[i].expected);
    }
}
#define CHECK_ALL(folder, cases, options) \
    check_all(folder, cases, sizeof(cases) / sizeof *(cases), options)

static void records_come_out_as_rows(void **state)
{
    static const json_case cases[] = {
        {"f.json", "[{\"a\":1,\"b\":\"x\"},{\"a\":2,\"b\":null}]",
         "a BIGINT, b VARCHAR\n1|x\n2|~\n"},
        {"f.json", " [ ] ", "8: f.json: no records with keys"},
        {"f.json", "{\"a\":1}\n{\"a\":2}\n", "a BIGINT\n1\n2\n"},
        {"f.json", "{\"a\":1}{\"a\":2} {\"a\":3}", "a BIGINT\n1\n2\n3\n"},
        {"f.jsonl", "{\"a\":1}\n", "a BIGINT\n1\n"},
        {"f.ndjson", "{\n \"a\":1\n}\n\n{\n \"a\":2\n}\n", "a BIGINT\n1\n2\n"},
        /* Keys of the whole file, in the order in which they come first. */
        {"f.json", "[{\"b\":1},{\"a\":2,\"b\":3},{\"c\":true}]",
         "b BIGINT, a BIGINT, c BOOLEAN\n1|~|~\n3|2|~\n~|~|true\n"},
        {"f.json", "[{},{\"a\":1},{}]", "a BIGINT\n~\n1\n~\n"},
        {"f.json", "[{\"\\u0061\":1},{\"a\":2}]", "a BIGINT\n1\n2\n"},
    };
    CHECK_ALL(*state, cases, NULL);
}

static void values_keep_what_they_are(void **state)
{
    static const json_case cases[] = {
        {"f.json", "[{\"a\":12345678901234567890},{\"a\":1}]",
         "a VARCHAR\n12345678901234567890\n1\n"},
        {"f.json", "[{\"a\":1.5},{\"a\":2}]", "a DOUBLE\n1.5\n2\n"},
        {"f.json", "[{\"a\":\"00501\"},{\"a\":\"12\"}]", "a VARCHAR\n00501\n12\n"},
        {"f.json", "[{\"a\":\"2024-01-31\"},{\"a\":null}]", "a DATE\n2024-01-31\n~\n"},
        {"f.json", "[{\"a\":1},{\"a\":\"x\"},{\"a\":true}]", "a VARCHAR\n1\nx\ntrue\n"},
        {"f.json", "[{\"a\":[1,{\"b\": 2}]},{\"a\":{}}]", "a VARCHAR\n[1,{\"b\": 2}]\n{}\n"},
        {"f.json", "[{\"a\":\"\"},{\"a\":\"None\"},{\"a\":\"q\\\"\\n\\u00e4\\ud83d\\ude00\"}]",
         "a VARCHAR\n\nNone\nq\"\nä\xf0\x9f\x98\x80\n"},
        {"f.json", "[{\"a\":true},{\"a\":false}]", "a BOOLEAN\ntrue\nfalse\n"},
    };
    CHECK_ALL(*state, cases, NULL);
}

static void nan_is_no_value_and_said(void **state)
{
    assert_string_equal(test_read(*state, "f.json", BYTES("[{\"a\":NaN},{\"a\":2.5}]"), NULL),
                        "a DOUBLE\n~\n2.5\n");
    assert_string_equal(test_notes(),
                        "f.json: NaN, which is no JSON, was taken for no value 1 time\n");
}

static void what_is_not_records_is_refused(void **state)
{
    static const json_case cases[] = {
        {"f.json", "42",
         "8: f.json:1: not records: an array of objects, or one object per line, is "
         "expected (byte 1)"},
        {"f.json", "\n \"x\"",
         "8: f.json:2: not records: an array of objects, or one object per line, is "
         "expected (byte 3)"},
        {"f.json", "[1,2]", "8: f.json:1: not a record (an object) (byte 2)"},
        {"f.json", "[[1],[2]]", "8: f.json:1: not a record (an object) (byte 2)"},
        {"f.json", "{\"a\":1}", "8: f.json: one object, not records"},
        {"f.json", "", "8: f.json: an empty file"},
        {"f.json", " \n ", "8: f.json: an empty file"},
        {"f.json", "[{}]", "8: f.json: no records with keys"},
        {"f.jsonl", "{\"a\":1}\n7\n", "8: f.jsonl:2: not a record (an object) (byte 9)"},
    };
    CHECK_ALL(*state, cases, NULL);
}

static void bad_json_is_refused_with_its_place(void **state)
{
    static const json_case cases[] = {
        {"f.json", "[{\"a\":1},\n{\"a\":2]", "8: f.json:2: no ',' or '}' behind a value (byte 17)"},
        {"f.json", "[{\"a\":1},\n{\"a\":2", "8: f.json:2: the JSON text ends early (byte 17)"},
        {"f.json", "[{\"a\":1}", "8: f.json:1: the JSON text ends early (byte 9)"},
        {"f.json", "[{\"a\":1}]x", "8: f.json:1: something else follows the array (byte 10)"},
        {"f.json", "[{\"a\":1} {\"a\":2}]", "8: f.json:1: no ',' or ']' behind a record (byte 10)"},
        {"f.json", "[{\"a\":1,\"a\":2}]",
         "8: f.json:1: a key that occurs twice in its record (byte 9)"},
        {"f.json", "[{\"a\":\"\\u0000\"}]", "8: f.json:1: a NUL character in a string (byte 8)"},
        {"f.json", "[{\"a\":Infinity}]", "8: f.json:1: no JSON value (byte 7)"},
        {"f.jsonl", "{\"a\":1}\n{\"a\":\n", "8: f.jsonl:3: the JSON text ends early (byte 15)"},
    };
    CHECK_ALL(*state, cases, NULL);
    assert_string_equal(
        test_read(*state, "f.json", BYTES("[{\"a\":\"\xff\"},{\"b\":\"äöü\"}]"), NULL),
        "8: f.json:1: not UTF-8 (byte 8)");
}

static void bad_records_are_left_out_when_asked(void **state)
{
    static const mdm_read_options reject = {.reject = true};
    static const json_case cases[] = {
        {"f.jsonl", "{\"a\":1}\n{\"a\":\n{\"a\":3}\n{\"a\":4} x\n{\"a\":5}\n",
         "a BIGINT\n1\n3\n4\n5\nreject 2:9 : no ',' or '}' behind a value: {\"a\":\n"
         "reject 4:31 : no JSON value: x\n"},
        {"f.json", "[{\"a\":1}, 5, {\"a\":2,\"a\":3}, {\"a\":4}]",
         "a BIGINT\n1\n4\nreject 1:11 : not a record (an object): 5\n"
         "reject 1:21 : a key that occurs twice in its record: {\"a\":2,\"a\":3}\n"},
        /* In an array nobody knows where the next record begins. */
        {"f.json", "[{\"a\":1}, {\"a\" 2}, {\"a\":3}]",
         "8: f.json:1: no ':' behind a key (byte 16)"},
    };
    CHECK_ALL(*state, cases, &reject);
}

static void a_wished_type_refuses_what_does_not_fit(void **state)
{
    static const mdm_column_wish wishes[] = {{.name = "a", .type = "int"}};
    const mdm_read_options reject = {.wishes = wishes, .wish_count = 1, .reject = true};
    assert_string_equal(
        test_read(*state, "f.json", BYTES("[{\"a\":1},\n {\"a\":1.5},\n {\"a\":7}]"), &reject),
        "a BIGINT\n1\n7\nreject 2:17 a: no BIGINT: 1.5\n");
}

static void keys_that_databases_take_for_one_are_renamed(void **state)
{
    assert_string_equal(test_read(*state, "f.json", BYTES("[{\"a\":1,\"A\":2,\"\":3}]"), NULL),
                        "a BIGINT, A.1 BIGINT, column_3 BIGINT\n1|2|3\n");
}

static void too_many_keys_are_refused(void **state)
{
    static const mdm_read_options options = {.max_columns = 2};
    assert_string_equal(
        test_read(*state, "f.json", BYTES("[{\"a\":1,\"b\":2},{\"c\":3}]"), &options),
        "8: f.json: 3 columns, at most 2 can be stored");
}

static void records_may_be_longer_than_the_window(void **state)
{
    static char text[3 << 20];
    size_t len = (size_t)snprintf(text, sizeof text, "[{\"a\":1,\"t\":\"");
    memset(text + len, 'x', 1000000);
    len += 1000000;
    len += (size_t)snprintf(text + len, sizeof text - len, "\"}");
    for (int i = 0; i < 50000; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, ",\n{\"a\":%d,\"t\":\"y\"}", i);
    len += (size_t)snprintf(text + len, sizeof text - len, "]");
    test_read(*state, "f.json", (mdm_str){text, len}, NULL);
    assert_int_equal(test_info()->records, 50001);
    text[len - 1] = 'x';
    assert_non_null(strstr(test_read(*state, "f.json", (mdm_str){text, len}, NULL),
                           "8: f.json:50001: no ',' or ']' behind a record"));
}

static mdm_status read_one(void *data, mdm_error *err)
{
    static const mdm_read_options options = {.reject = true};
    const char *path = data;
    mdm_found found;
    mdm_file *file = NULL;
    mdm_stream stream = {0};
    mdm_chunk *chunk = NULL;
    mdm_status status = mdm_files_find(&path, 1, &found, err);
    if (status == MDM_OK) status = mdm_file_open(&found.files[0], &options, &file, err);
    if (status == MDM_OK) status = mdm_file_stream(file, &stream, err);
    while (status == MDM_OK && (status = mdm_stream_next(&stream, &chunk, err)) == MDM_OK && chunk)
        mdm_chunk_unref(chunk);
    mdm_stream_close(&stream);
    mdm_file_close(file);
    mdm_found_clear(&found);
    return status;
}

static void every_allocation_and_system_call_may_fail(void **state)
{
    char path[512];
    snprintf(path, sizeof path, "%s", test_path(*state, "f.jsonl"));
    test_write_bytes(path, BYTES("{\"a\":1,\"b\\u0020\":NaN}\n{\"a\":\"x\"}\n?\n"));
    test_walk_allocations(read_one, path, 30);
    test_walk_calls(read_one, path, 5 /* EIO */, 8);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make, clean)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(records_come_out_as_rows),
        IN_FOLDER(values_keep_what_they_are),
        IN_FOLDER(nan_is_no_value_and_said),
        IN_FOLDER(what_is_not_records_is_refused),
        IN_FOLDER(bad_json_is_refused_with_its_place),
        IN_FOLDER(bad_records_are_left_out_when_asked),
        IN_FOLDER(a_wished_type_refuses_what_does_not_fit),
        IN_FOLDER(keys_that_databases_take_for_one_are_renamed),
        IN_FOLDER(too_many_keys_are_refused),
        IN_FOLDER(records_may_be_longer_than_the_window),
        IN_FOLDER(every_allocation_and_system_call_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
