#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

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

typedef struct shape_case {
    const char *text, *expected;
} shape_case;

static void check_all(const char *folder, const shape_case *cases, size_t count,
                      const mdm_read_options *options)
{
    for (size_t i = 0; i < count; i++) {
        const char *got = test_read(folder, "f.csv", mdm_str_from(cases[i].text), options);
        if (strcmp(got, cases[i].expected) != 0)
            fail_msg("case %zu: %s\ngot: %s\nexpected: %s", i, cases[i].text, got,
                     cases[i].expected);
    }
}
#define CHECK_ALL(folder, cases, options) \
    check_all(folder, cases, sizeof(cases) / sizeof *(cases), options)

static void records_come_out_as_rows(void **state)
{
    static const shape_case cases[] = {
        {"a,b\n1,x\n2,y\n", "a BIGINT, b VARCHAR\n1|x\n2|y\n"},
        {"a,b\n1,x\n2,y", "a BIGINT, b VARCHAR\n1|x\n2|y\n"},
        {"a,b\r\n1,x\r\n2,y\r\n", "a BIGINT, b VARCHAR\n1|x\n2|y\n"},
        {"a,b\r1,x\r2,y\r", "a BIGINT, b VARCHAR\n1|x\n2|y\n"},
        {"a,b\r\n1,x\n2,y\r\n", "a BIGINT, b VARCHAR\n1|x\n2|y\n"},
        {"a,b\n1,x\r", "a BIGINT, b VARCHAR\n1|x\n"},
        {"a,b\n1,\n,y\n,\n", "a BIGINT, b VARCHAR\n1|~\n~|y\n~|~\n"},
        {"a,b\n\n1,x\n\n\n2,y\n\n", "a BIGINT, b VARCHAR\n1|x\n2|y\n"},
        {"\n\na,b\n1,x\n", "a BIGINT, b VARCHAR\n1|x\n"},
        {"a\n1\n\n3\n", "a BIGINT\n1\n~\n3\n"}, /* in one column an empty line is a row */
        {"a\n1\n\n", "a BIGINT\n1\n~\n"},
        {"a,b\n", "a VARCHAR, b VARCHAR\n"},
        {"a,b", "a VARCHAR, b VARCHAR\n"},
        {"a,b\n 1 ,x \n", "a VARCHAR, b VARCHAR\n 1 |x \n"}, /* blanks belong to the text */
        {"a;b\n1;x,y\n", "a BIGINT, b VARCHAR\n1|x,y\n"},
        {"1,x\n2,y\n", "column_1 BIGINT, column_2 VARCHAR\n1|x\n2|y\n"},
    };
    CHECK_ALL(*state, cases, NULL);
}

static void quotes_hold_anything(void **state)
{
    static const shape_case cases[] = {
        {"a,b\n\"x,y\",\"p\nq\"\n", "a VARCHAR, b VARCHAR\nx,y|p\nq\n"},
        {"a,b\n\"say \"\"hi\"\"\",\"\"\"\"\n", "a VARCHAR, b VARCHAR\nsay \"hi\"|\"\n"},
        {"a,b\n\"x\r\ny\",1\r\n", "a VARCHAR, b BIGINT\nx\r\ny|1\n"},
        {"\"a\",\"b\"\n\"1\",\"2\"\n", "a BIGINT, b BIGINT\n1|2\n"},
        {"a,b\n\"\",x\n,y\n", "a VARCHAR, b VARCHAR\n|x\n~|y\n"},
        {"a,b\n\"\",x\nz,y\n,\"\"\n",
         "a VARCHAR, b VARCHAR\n|x\nz|y\n~|\n"}, /* "" is text, nothing is NULL */
        {"a,b\n'x,y',1\n'z',2\n", "a VARCHAR, b BIGINT\nx,y|1\nz|2\n"},
    };
    CHECK_ALL(*state, cases, NULL);
}

static void a_bad_record_refuses_the_file_with_its_place(void **state)
{
    static const shape_case cases[] = {
        {"a,b,c,d\n1,2,3,4\n1,2,3,4,5\n5,6,7,8\n", "8: f.csv:3: 5 fields, expected 4 (byte 17)"},
        {"a,b\n1,2\n3\n", "8: f.csv:3: 1 field, expected 2 (byte 9)"},
        {"a,b\n\"x\ny\",1\n2\n", "8: f.csv:4: 1 field, expected 2 (byte 13)"},
        {"a,b\n1,\"x\n2,y\n", "8: f.csv:2: a quote that is never closed (byte 7)"},
        {"a,b\n1,x\"y\n",
         "8: f.csv:2: a quote inside a field that does not begin with one (byte 8)"},
        {"a,b\n1,\"x\"y\n", "8: f.csv:2: text behind a closing quote (byte 10)"},
        {"a,b\n1,x\ry\n", "8: f.csv:2: a carriage return or line feed that ends no line (byte 8)"},
        {"", "8: f.csv: an empty file"},
        {"\n\n", "8: f.csv: an empty file"},
        {"\"a,b\n1,2\n", "8: f.csv:1: a quote that is never closed (byte 1)"},
    };
    CHECK_ALL(*state, cases, NULL);
    test_read(*state, "f.csv", BYTES("a,b\n1\n"), NULL);
    assert_string_equal(test_hint(), "--on-error reject leaves such records out");
    assert_string_equal(test_read(*state, "f.csv", BYTES("a,b\n1,2\n3,\0004\n"), NULL),
                        "8: f.csv:3: a NUL byte (byte 11)");
}

static void bad_records_are_left_out_one_by_one_when_asked(void **state)
{
    static const mdm_read_options options = {.reject = true};
    static const shape_case cases[] = {
        {"a,b\n1,2\n1,2,3\n4,5\n6\n", "a BIGINT, b BIGINT\n1|2\n4|5\n"
                                      "reject 3:9 : 3 fields, expected 2: 1,2,3\n"
                                      "reject 5:19 : 1 field, expected 2: 6\n"},
        /* A quote that is never closed costs its line, not the rest of the file. */
        {"a,b\n1,\"x\n2,y\n3,z\n", "a BIGINT, b VARCHAR\n2|y\n3|z\n"
                                   "reject 2:7 : a quote that is never closed: 1,\"x\n"},
        {"a,b\n1,x\"y\n2,y\n",
         "a BIGINT, b VARCHAR\n2|y\n"
         "reject 2:8 : a quote inside a field that does not begin with one: 1,x\"y\n"},
        {"a,b\n\"1\n2\"x,3\n4,5\n",
         "a BIGINT, b BIGINT\n4|5\n"
         "reject 3:10 : text behind a closing quote: \"1\n"
         "reject 3:9 : a quote inside a field that does not begin with one: 2\"x,3\n"},
    };
    CHECK_ALL(*state, cases, &options);
    assert_string_equal(test_read(*state, "f.csv", BYTES("a,b\n1,2\n3,\0004\n5,6\n"), &options),
                        "a BIGINT, b BIGINT\n1|2\n5|6\nreject 3:11 : a NUL byte: 3,\xef\xbf\xbd"
                        "4\n");
    assert_int_equal(test_info()->records, 3);
    assert_int_equal(test_info()->rejected, 1);
    /* The header is not one of the records. */
    assert_string_equal(test_read(*state, "f.csv", BYTES("a\"b\n1\n"), &options),
                        "8: f.csv:1: a quote inside a field that does not begin with one (byte 2)");
}

static void oddities_are_said(void **state)
{
    test_read(*state, "f.csv", BYTES("a,b\r\n1,2\n\n3,4\r\n"), NULL);
    assert_string_equal(test_notes(), "f.csv: 1 empty line skipped\n"
                                      "f.csv has mixed line ends: 2 of 4 lines end with CR LF\n");
    test_read(*state, "f.csv", BYTES("1,2\n4,5\n"), NULL);
    assert_non_null(strstr(test_notes(), "f.csv has no header: its columns are called column_1"));
}

static void what_is_known_of_the_file_is_told(void **state)
{
    test_read(*state, "f.tsv", BYTES("a\tb\n1\t2,3\n"), NULL);
    assert_string_equal(test_info()->delimiter, "tab");
    assert_string_equal(test_info()->encoding, "utf-8");
    assert_int_equal(test_info()->bytes, 10);
    assert_int_equal(test_info()->records, 1);
    assert_true(test_info()->hash != 0);
}

static void the_user_may_say_the_delimiter(void **state)
{
    static const mdm_read_options colon = {.delimiter = ":"}, wrong = {.delimiter = "ab"};
    assert_string_equal(test_read(*state, "f.csv", BYTES("a:b\n1:x,y\n"), &colon),
                        "a BIGINT, b VARCHAR\n1|x,y\n");
    assert_string_equal(test_read(*state, "f.csv", BYTES("a:b\n"), &wrong),
                        "2: 'ab' is no delimiter");
}

static void a_tsv_has_tabs_whatever_it_looks_like(void **state)
{
    assert_string_equal(test_read(*state, "f.tsv", BYTES("a,b\n1,2\n"), NULL), "a,b DOUBLE\n1.2\n");
    assert_string_equal(test_read(*state, "x.tsv.csv", BYTES("a,b\n1,2\n"), NULL),
                        "a,b DOUBLE\n1.2\n");
}

static mdm_str repeated(const char *head, const char *line, size_t count, const char *tail)
{
    static char text[4 << 20];
    size_t len = (size_t)snprintf(text, sizeof text, "%s", head);
    for (size_t i = 0; i < count; i++) {
        const size_t size = strlen(line);
        assert_true(len + size < sizeof text - 1000);
        memcpy(text + len, line, size);
        len += size;
    }
    len += (size_t)snprintf(text + len, sizeof text - len, "%s", tail);
    return (mdm_str){text, len};
}

static void places_are_right_far_into_a_file(void **state)
{
    static const mdm_read_options reject = {.reject = true};
    assert_string_equal(
        test_read(*state, "f.csv", repeated("a,b\n", "1,\"x\ny\"\n", 200000, "9\n"), NULL),
        "8: f.csv:400002: 1 field, expected 2 (byte 1600005)");
    const char *got =
        test_read(*state, "f.csv", repeated("a,b\n", "1\n", 150000, "2,3\n"), &reject);
    assert_non_null(strstr(got, "a BIGINT, b BIGINT\n2|3\nreject 2:5 : 1 field, expected 2: 1\n"));
    assert_int_equal(test_info()->rejected, 150000);
}

static void a_record_may_be_longer_than_the_window(void **state)
{
    static char line[1 << 20];
    memset(line, 'x', sizeof line - 1);
    line[0] = line[sizeof line - 3] = '"';
    line[777777] = '\n';
    line[500000] = line[500001] = '"';
    line[sizeof line - 2] = '\n';
    char tail[] = "y\n";
    assert_non_null(test_read(*state, "f.csv", repeated("a\n", line, 3, tail), NULL));
    assert_int_equal(test_info()->records, 4);
    assert_string_equal(test_read(*state, "f.csv", repeated("a,b\n", line, 2, tail), NULL),
                        "8: f.csv:2: 1 field, expected 2 (byte 5)");
    line[sizeof line - 3] = 'x';
    assert_string_equal(test_read(*state, "f.csv", repeated("a,b\n1,2\n", line, 1, tail), NULL),
                        "8: f.csv:3: a quote that is never closed (byte 9)");
}

static void many_columns_are_read_and_too_many_are_refused_at_once(void **state)
{
    static char text[1 << 20];
    size_t len = 0;
    for (int i = 0; i < 3000; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%sc%d", i ? "," : "", i);
    text[len++] = '\n';
    for (int i = 0; i < 3000; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%d", i ? "," : "", i);
    const mdm_str bytes = {text, len};
    const mdm_read_options sqlite = {.max_columns = 2000};
    assert_non_null(strstr(test_read(*state, "f.csv", bytes, NULL), "|2998|2999\n"));
    assert_string_equal(test_read(*state, "f.csv", bytes, &sqlite),
                        "8: f.csv: 3000 columns, at most 2000 can be stored");
    memset(text, ',', 70000);
    assert_string_equal(test_read(*state, "f.csv", (mdm_str){text, 70000}, NULL),
                        "8: f.csv:1: more than 65535 fields (byte 70001)");
}

static void a_file_that_changes_meanwhile_is_refused(void **state)
{
    mdm_file *file = NULL;
    mdm_stream stream;
    mdm_error err;
    bool again;
    char path[512];
    snprintf(path, sizeof path, "%s", test_path(*state, "f.csv"));
    test_file_write(path, "a\n1\n");
    test_open_stream(path, &file, &stream);
    mdm_stream_close(&stream);
    assert_int_equal(mdm_file_finish_pass(file, 2, &again, &err), MDM_FORMAT);
    assert_string_equal(err.message,
                        "f.csv: 2 rows and 0 rejects came of 1 records: it changed meanwhile");
    test_file_write(path, "a\n1\n2\n");
    assert_int_equal(mdm_file_finish_pass(file, 1, &again, &err), MDM_FORMAT);
    assert_string_equal(err.message, "f.csv: it was changed while it was read");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mdm_file_finish_pass(file, 1, &again, &err), MDM_FORMAT);
    mdm_file_close(file);
}

static void a_stop_is_obeyed(void **state)
{
    int flag = 1;
    const mdm_stop stop = {.flag = &flag};
    const mdm_read_options options = {.stop = &stop};
    assert_int_equal(strncmp(test_read(*state, "f.csv", BYTES("a\n1\n"), &options), "14: ", 4), 0);
}

static void count_calls(void *self, const char *phase, int64_t done, int64_t total)
{
    int *calls = self;
    assert_true(strcmp(phase, "checking") == 0 || strcmp(phase, "loading") == 0);
    assert_true(done <= total);
    ++*calls;
}

static void progress_is_told(void **state)
{
    int calls = 0;
    const mdm_read_options options = {.progress = count_calls, .progress_self = &calls};
    test_read(*state, "f.csv", repeated("a,b\n", "1,2\n", 300000, ""), &options);
    assert_true(calls > 8);
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
    int64_t rows = 0;
    if (status == MDM_OK) status = mdm_file_open(&found.files[0], &options, &file, err);
    if (status == MDM_OK) status = mdm_file_stream(file, &stream, err);
    while (status == MDM_OK && (status = mdm_stream_next(&stream, &chunk, err)) == MDM_OK &&
           chunk) {
        rows += chunk->rows;
        mdm_chunk_unref(chunk);
    }
    mdm_stream_close(&stream);
    bool again = false;
    if (status == MDM_OK) status = mdm_file_finish_pass(file, rows, &again, err);
    if (status == MDM_OK) status = mdm_file_rejects(file, &stream, err);
    if (status == MDM_OK) {
        status = mdm_stream_next(&stream, &chunk, err);
        if (status == MDM_OK) mdm_chunk_unref(chunk);
        mdm_stream_close(&stream);
    }
    if (file) (void)mdm_file_info_get(file);
    mdm_file_close(file);
    mdm_found_clear(&found);
    return status;
}

static void every_allocation_and_system_call_may_fail(void **state)
{
    char path[512];
    snprintf(path, sizeof path, "%s", test_path(*state, "f.csv"));
    test_write_bytes(path, BYTES("a,a,\n1,x,2\n3\n4,\"y\"\"z\",\n"));
    test_walk_allocations(read_one, path, 30);
    test_walk_calls(read_one, path, 5 /* EIO */, 10);
    test_write_bytes(path, BYTES("\xff\xfe"
                                 "a\0,\0b\0\n\0"
                                 "1\0,\0"
                                 "2\0\n\0"
                                 "3\0\n\0"));
    test_walk_allocations(read_one, path, 30);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make, clean)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(records_come_out_as_rows),
        IN_FOLDER(quotes_hold_anything),
        IN_FOLDER(a_bad_record_refuses_the_file_with_its_place),
        IN_FOLDER(bad_records_are_left_out_one_by_one_when_asked),
        IN_FOLDER(oddities_are_said),
        IN_FOLDER(what_is_known_of_the_file_is_told),
        IN_FOLDER(the_user_may_say_the_delimiter),
        IN_FOLDER(a_tsv_has_tabs_whatever_it_looks_like),
        IN_FOLDER(places_are_right_far_into_a_file),
        IN_FOLDER(a_record_may_be_longer_than_the_window),
        IN_FOLDER(many_columns_are_read_and_too_many_are_refused_at_once),
        IN_FOLDER(a_file_that_changes_meanwhile_is_refused),
        IN_FOLDER(a_stop_is_obeyed),
        IN_FOLDER(progress_is_told),
        IN_FOLDER(every_allocation_and_system_call_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
