#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "file/file.h"
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

static void touch(const char *folder, const char *name)
{
    test_file_write(test_path(folder, name), "a\n1\n");
}

/* "key=name key=name K" of what a path holds (K: Kaggle), or "STATUS message". */
static const char *found_at(const char *path)
{
    static char text[2048];
    mdm_found found;
    mdm_error err = {0};
    size_t len = 0;
    const mdm_status status = mdm_files_find(&path, 1, &found, &err);
    if (status != MDM_OK) {
        snprintf(text, sizeof text, "%d %s", status, err.message);
        return text;
    }
    text[0] = '\0';
    for (size_t i = 0; i < found.count; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%s=%s", i ? " " : "",
                                found.files[i].key, strrchr(found.files[i].path, '/') + 1);
    if (found.kaggle) len += (size_t)snprintf(text + len, sizeof text - len, " K");
    for (size_t i = 0; i < found.warning_count; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "\n%s", found.warnings[i]);
    mdm_found_clear(&found);
    return text;
}

static void a_single_file_is_the_table_data(void **state)
{
    touch(*state, "iris.csv");
    touch(*state, "train.parquet");
    assert_string_equal(found_at(test_path(*state, "iris.csv")), "data=iris.csv");
    assert_string_equal(found_at(test_path(*state, "train.parquet")), "data=train.parquet");
}

static void suffixes_tell_format_and_packing(void **state)
{
    static const struct {
        const char *name;
        mdm_file_format format;
        mdm_file_packing packing;
    } cases[] = {
        {"a.csv", MDM_FILE_CSV, MDM_PACKED_NOT},
        {"a.tsv", MDM_FILE_CSV, MDM_PACKED_NOT},
        {"A.CSV", MDM_FILE_CSV, MDM_PACKED_NOT},
        {"a.csv.gz", MDM_FILE_CSV, MDM_PACKED_GZIP},
        {"a.tsv.zst", MDM_FILE_CSV, MDM_PACKED_ZSTD},
        {"a.json", MDM_FILE_JSON, MDM_PACKED_NOT},
        {"a.jsonl.gz", MDM_FILE_JSON, MDM_PACKED_GZIP},
        {"a.ndjson.zst", MDM_FILE_JSON, MDM_PACKED_ZSTD},
        {"a.parquet", MDM_FILE_PARQUET, MDM_PACKED_NOT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mdm_found found;
        const char *path = test_path(*state, cases[i].name);
        touch(*state, cases[i].name);
        assert_int_equal(mdm_files_find(&path, 1, &found, NULL), MDM_OK);
        assert_int_equal(found.files[0].format, cases[i].format);
        assert_int_equal(found.files[0].packing, cases[i].packing);
        mdm_found_clear(&found);
    }
}

static void paths_are_literal(void **state)
{
    static const char *const names[] = {"*.csv",      "[a]?.csv",    "-x.csv",    "~.csv",
                                        "a'b.csv",    "a\"b.csv",    "{a,b}.csv", "a;b.csv",
                                        "file:x.csv", "\xc3\xa4.csv"};
    assert_int_equal(chdir(*state), 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char expected[64];
        touch(*state, names[i]);
        snprintf(expected, sizeof expected, "data=%s", names[i]);
        assert_string_equal(found_at(names[i]), expected);
    }
    assert_non_null(strstr(found_at("b*.csv"), "b*.csv: no such file or folder"));
}

static void what_cannot_be_read_is_refused_with_the_reason(void **state)
{
    char *folder = *state;
    touch(folder, "notes.txt");
    assert_int_equal(mkfifo(test_path(folder, "pipe.csv"), 0600), 0);
    assert_int_equal(mkdir(test_path(folder, "empty"), 0700), 0);
    assert_non_null(strstr(found_at(test_path(folder, "gone.csv")), "8 /"));
    assert_non_null(
        strstr(found_at(test_path(folder, "gone.csv")), "gone.csv: no such file or folder"));
    assert_non_null(
        strstr(found_at(test_path(folder, "notes.txt")), "notes.txt: no reader for such a name"));
    assert_non_null(
        strstr(found_at(test_path(folder, "pipe.csv")), "pipe.csv: not a regular file"));
    assert_non_null(strstr(found_at("/dev/null"), "/dev/null: not a regular file"));
    assert_non_null(
        strstr(found_at(test_path(folder, "empty")), "empty: a folder without data files"));
    assert_string_equal(found_at(""), "8 an empty path is no file");
}

static void a_link_to_a_file_is_that_file_under_its_own_name(void **state)
{
    touch(*state, "real.csv");
    assert_int_equal(symlink("real.csv", test_path(*state, "link.csv")), 0);
    assert_int_equal(symlink("nowhere.csv", test_path(*state, "broken.csv")), 0);
    assert_string_equal(found_at(test_path(*state, "link.csv")), "data=link.csv");
    assert_non_null(strstr(found_at(test_path(*state, "broken.csv")), "no such file"));
}

static void standard_names_become_standard_keys(void **state)
{
    static const char *const names[] = {"training.csv", "val.parquet", "testing.json"};
    for (size_t i = 0; i < 3; i++)
        touch(*state, names[i]);
    assert_string_equal(found_at(*state),
                        "validation=val.parquet train=training.csv test=testing.json");
}

static void of_two_files_for_one_key_the_later_is_taken_and_said(void **state)
{
    touch(*state, "train.csv");
    touch(*state, "train.parquet");
    touch(*state, "dev.csv");
    touch(*state, "validation.csv");
    assert_string_equal(
        found_at(*state),
        "train=train.parquet validation=dev.csv\n"
        "train.csv and train.parquet are both table 'train'; train.parquet is taken\n"
        "validation.csv and dev.csv are both table 'validation'; dev.csv is taken");
}

static void beside_standard_names_others_are_left_out_and_said(void **state)
{
    touch(*state, "train.csv");
    touch(*state, "stores.csv");
    assert_string_equal(
        found_at(*state),
        "train=train.csv\nstores.csv was left out: beside train, test and the like only "
        "these are read; name it to take it");
}

static void without_standard_names_each_file_is_a_table(void **state)
{
    touch(*state, "b c.csv");
    touch(*state, "a.json");
    touch(*state, "select.csv.gz");
    touch(*state, ".hidden.csv");
    touch(*state, "readme.md");
    assert_string_equal(found_at(*state), "a=a.json b c=b c.csv select=select.csv.gz");
}

static void stems_that_differ_in_case_only_are_one_table(void **state)
{
    touch(*state, "A.csv");
    touch(*state, "a.parquet");
    assert_string_equal(found_at(*state),
                        "A=a.parquet\nA.csv and a.parquet are both table 'A'; a.parquet is taken");
}

static void a_competition_is_recognised(void **state)
{
    static const struct {
        const char *files[4];
        const char *expected;
    } cases[] = {
        {{"sample_submission.csv", "train.csv", "test.csv"},
         "train=train.csv test=test.csv sample_submission=sample_submission.csv K"},
        {{"gender_submission.csv", "train.csv"},
         "train=train.csv sample_submission=gender_submission.csv K"},
        {{"sample_submission.csv", "submission.csv", "test.csv"},
         "test=test.csv sample_submission=sample_submission.csv K\nsubmission.csv was left out: "
         "beside "
         "train, test and the like only these are read; name it to take it"},
        {{"sample_submission.csv", "other.csv"},
         "sample_submission=sample_submission.csv\nother.csv was left out: beside train, test and "
         "the "
         "like only these are read; name it to take it"},
        {{"train.csv", "test.csv"}, "train=train.csv test=test.csv"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char name[16];
        snprintf(name, sizeof name, "case%zu", i);
        const char *folder = test_path(*state, name);
        char copy[512];
        snprintf(copy, sizeof copy, "%s", folder);
        assert_int_equal(mkdir(copy, 0700), 0);
        for (size_t f = 0; f < 4 && cases[i].files[f]; f++)
            touch(copy, cases[i].files[f]);
        assert_string_equal(found_at(copy), cases[i].expected);
    }
}

static void a_folder_among_the_files_is_said_a_fifo_is_refused(void **state)
{
    touch(*state, "train.csv");
    assert_int_equal(mkdir(test_path(*state, "test.csv"), 0700), 0);
    assert_non_null(strstr(found_at(*state), "test.csv is a folder, which is not looked into"));
    assert_int_equal(mkfifo(test_path(*state, "val.csv"), 0600), 0);
    assert_non_null(strstr(found_at(*state), "val.csv: not a regular file"));
}

static void several_paths_keep_their_own_names(void **state)
{
    mdm_found found;
    mdm_error err;
    char a[512], b[512];
    touch(*state, "x.csv");
    touch(*state, "test.csv");
    snprintf(a, sizeof a, "%s", test_path(*state, "x.csv"));
    snprintf(b, sizeof b, "%s", test_path(*state, "test.csv"));
    const char *const paths[] = {a, b}, *const twice[] = {a, a};
    assert_int_equal(mdm_files_find(paths, 2, &found, NULL), MDM_OK);
    assert_int_equal(found.count, 2);
    assert_string_equal(found.files[0].key, "x");
    assert_string_equal(found.files[1].key, "test");
    assert_string_equal(found.source, a);
    assert_int_equal(mdm_files_add(&found, "train", a, NULL), MDM_OK);
    assert_int_equal(mdm_files_add(&found, "train", b, &err), MDM_INVALID);
    assert_non_null(strstr(err.message, "would both be table 'train'"));
    mdm_found_clear(&found);
    assert_int_equal(mdm_files_find(twice, 2, &found, &err), MDM_INVALID);
    assert_int_equal(mdm_files_find(paths, 0, &found, &err), MDM_INVALID);
}

static mdm_status find_and_add(void *folder, mdm_error *err)
{
    mdm_found found;
    const char *path = folder;
    mdm_status status = mdm_files_find(&path, 1, &found, err);
    if (status == MDM_OK) status = mdm_files_add(&found, "more", test_path(folder, "odd.csv"), err);
    mdm_found_clear(&found);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    touch(*state, "train.csv");
    touch(*state, "train.parquet");
    touch(*state, "odd.csv");
    test_walk_allocations(find_and_add, *state, 15);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make, clean)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_single_file_is_the_table_data),
        IN_FOLDER(suffixes_tell_format_and_packing),
        IN_FOLDER(paths_are_literal),
        IN_FOLDER(what_cannot_be_read_is_refused_with_the_reason),
        IN_FOLDER(a_link_to_a_file_is_that_file_under_its_own_name),
        IN_FOLDER(standard_names_become_standard_keys),
        IN_FOLDER(of_two_files_for_one_key_the_later_is_taken_and_said),
        IN_FOLDER(beside_standard_names_others_are_left_out_and_said),
        IN_FOLDER(without_standard_names_each_file_is_a_table),
        IN_FOLDER(stems_that_differ_in_case_only_are_one_table),
        IN_FOLDER(a_competition_is_recognised),
        IN_FOLDER(a_folder_among_the_files_is_said_a_fifo_is_refused),
        IN_FOLDER(several_paths_keep_their_own_names),
        IN_FOLDER(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
