#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/io.h"
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

static void paths_are_made_absolute_without_following_links(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"/a//b/./c/", "/a/b/c"}, {"/", "/"},       {"//", "/"},
        {"/a/../b", "/a/../b"},   {"~", "/home/u"}, {"~/x", "/home/u/x"},
        {"~/", "/home/u"},        {"/.", "/"},      {"/~", "/~"},
    };
    char *before = getenv("HOME") ? strdup(getenv("HOME")) : NULL;
    setenv("HOME", "/home/u", 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *out = NULL;
        assert_int_equal(mdm_path_absolute(cases[i][0], &out, NULL), MDM_OK);
        assert_string_equal(out, cases[i][1]);
        mdm_free(out);
    }
    if (before) setenv("HOME", before, 1);
    free(before);
}

static void relative_paths_begin_where_the_process_stands(void **state)
{
    char *out = NULL, *resolved = NULL, here[4096];
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir(*state), 0);
    assert_int_equal(mdm_path_absolute("./a/b", &out, NULL), MDM_OK);
    assert_string_equal(out, test_path(*state, "a/b"));
    mdm_free(out);
    assert_int_equal(mdm_path_absolute("~x", &out, NULL), MDM_OK); /* no home of anybody */
    assert_string_equal(mdm_path_name(out), "~x");
    mdm_free(out);
    test_file_write("file", "");
    assert_int_equal(symlink("file", "link"), 0);
    assert_int_equal(mdm_path_resolve("link", &resolved, NULL), MDM_OK);
    assert_string_equal(mdm_path_name(resolved), "file");
    mdm_free(resolved);
    assert_int_equal(chdir(here), 0);
}

static void an_empty_or_homeless_path_is_refused(void **state)
{
    (void)state;
    mdm_error err;
    char *out = NULL;
    assert_int_equal(mdm_path_absolute("", &out, &err), MDM_INVALID);
    assert_string_equal(err.message, "a path is empty");
    char *before = getenv("HOME") ? strdup(getenv("HOME")) : NULL;
    setenv("HOME", "relative", 1);
    assert_int_equal(mdm_path_absolute("~/x", &out, &err), MDM_CONFIG);
    assert_non_null(strstr(err.message, "HOME"));
    unsetenv("HOME"); /* then the user's entry in the list of users tells */
    const mdm_status status = mdm_path_absolute("~", &out, &err);
    assert_true(status == MDM_CONFIG || (status == MDM_OK && out[0] == '/'));
    mdm_free(out);
    if (before) setenv("HOME", before, 1);
    free(before);
    assert_int_equal(mdm_path_resolve("/does/not/exist", &out, &err), MDM_NOT_FOUND);
}

static void joining_puts_one_slash(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"/a", "b", "/a/b"},
        {"/a/", "b", "/a/b"},
        {"", "b", "b"},
        {"/", "b", "/b"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *joined = mdm_path_join(cases[i][0], cases[i][1]);
        assert_string_equal(joined, cases[i][2]);
        mdm_free(joined);
    }
    assert_string_equal(mdm_path_name("/a/b.csv"), "b.csv");
    assert_string_equal(mdm_path_name("b"), "b");
    assert_string_equal(mdm_path_name("a/"), "");
}

static void looking_tells_links_from_what_they_point_to(void **state)
{
    const char *file = test_path(*state, "file"), *link = test_path(*state, "link");
    test_file_write(file, "12345");
    assert_int_equal(symlink(file, link), 0);
    mdm_path_stat st;
    mdm_error err;
    assert_int_equal(mdm_path_look(link, false, &st, NULL), MDM_OK);
    assert_true(st.is_link && !st.is_file);
    assert_int_equal(mdm_path_look(link, true, &st, NULL), MDM_OK);
    assert_true(st.is_file && !st.is_link && !st.is_dir);
    assert_int_equal(st.bytes, 5);
    assert_int_equal(st.owner, geteuid());
    assert_true(st.mtime_ns > INT64_C(1500000000000000000));
    assert_int_equal(mdm_path_look(*state, true, &st, NULL), MDM_OK);
    assert_true(st.is_dir);
    assert_int_equal(mdm_path_look(test_path(*state, "none"), true, &st, &err), MDM_NOT_FOUND);
    assert_non_null(strstr(err.message, "none: No such file or directory"));
    assert_int_equal(err.native, ENOENT);
}

static void absence_may_be_no_failure(void **state)
{
    mdm_path_stat st = {.bytes = 77};
    mdm_error err = {0};
    bool found = true;
    test_file_write(test_path(*state, "file"), "123");
    assert_int_equal(mdm_path_find(test_path(*state, "none"), true, &found, &st, &err), MDM_OK);
    assert_false(found);
    assert_int_equal(mdm_path_find(test_path(*state, "file/x"), true, &found, &st, &err), MDM_OK);
    assert_false(found);
    assert_int_equal(st.bytes, 77);
    assert_string_equal(err.message, "");
    assert_int_equal(mdm_path_find(test_path(*state, "file"), true, &found, &st, &err), MDM_OK);
    assert_true(found);
    assert_int_equal(st.bytes, 3);
    mdm_io_fail_after(0, EACCES);
    assert_int_equal(mdm_path_find(test_path(*state, "file"), true, &found, &st, &err),
                     MDM_PERMISSION);
    mdm_io_fail_after(-1, 0);
    assert_false(found);
}

static void a_new_name_is_never_taken_from_another(void **state)
{
    mdm_error err;
    const char *a = test_path(*state, "a"), *b = test_path(*state, "b");
    test_file_write(a, "A");
    test_file_write(b, "B");
    assert_int_equal(mdm_path_rename_new(a, b, &err), MDM_EXISTS);
    assert_non_null(strstr(err.message, "/b: "));
    assert_string_equal(test_file_text(b), "B");
    assert_int_equal(mdm_path_rename(a, b, NULL), MDM_OK);
    assert_string_equal(test_file_text(b), "A");
    assert_int_equal(mdm_path_rename_new(b, a, NULL), MDM_OK);
    assert_string_equal(test_file_text(a), "A");
    assert_int_equal(mdm_path_rename_new(b, a, &err), MDM_NOT_FOUND);
}

static void an_empty_folder_is_not_replaced_either(void **state)
{
    const char *from = test_path(*state, "from"), *to = test_path(*state, "to");
    assert_int_equal(mkdir(from, 0700), 0);
    assert_int_equal(mkdir(to, 0700), 0);
    assert_int_equal(mdm_path_rename_new(from, to, NULL), MDM_EXISTS);
    assert_true(test_exists(from));
}

/* The first call is renameat2(): it fails as on a file system that has no such flag. */
static void without_the_kernels_flag_the_promise_still_holds(void **state)
{
    static const int codes[] = {EINVAL, ENOSYS};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        const char *a = test_path(*state, "a"), *b = test_path(*state, "b");
        const char *from = test_path(*state, "from"), *to = test_path(*state, "to");
        test_file_write(a, "A");
        test_file_write(b, "B");
        mdm_io_fail_after(0, codes[i]);
        assert_int_equal(mdm_path_rename_new(a, b, NULL), MDM_EXISTS);
        assert_string_equal(test_file_text(a), "A");
        assert_int_equal(unlink(b), 0);
        mdm_io_fail_after(0, codes[i]);
        assert_int_equal(mdm_path_rename_new(a, b, NULL), MDM_OK);
        assert_string_equal(test_file_text(b), "A");
        assert_false(test_exists(a));

        assert_int_equal(mkdir(from, 0700), 0);
        mdm_io_fail_after(0, codes[i]);
        assert_int_equal(mdm_path_rename_new(from, b, NULL), MDM_EXISTS);
        mdm_io_fail_after(0, codes[i]);
        assert_int_equal(mdm_path_rename_new(from, to, NULL), MDM_OK);
        mdm_io_fail_after(-1, 0);
        assert_int_equal(rmdir(to), 0);
        assert_int_equal(unlink(b), 0);
    }
}

static void errno_is_told_in_words_and_as_a_status(void **state)
{
    (void)state;
    static const struct {
        int code;
        mdm_status status;
        const char *words;
    } cases[] = {
        {ENOENT, MDM_NOT_FOUND, "p: No such file or directory"},
        {EEXIST, MDM_EXISTS, "p: File exists"},
        {ENOTEMPTY, MDM_EXISTS, "p: Directory not empty"},
        {EACCES, MDM_PERMISSION, "p: Permission denied"},
        {EROFS, MDM_PERMISSION, "p: Read-only file system"},
        {ELOOP, MDM_PERMISSION, "p: is a symbolic link, which is not followed here"},
        {ENOMEM, MDM_NO_MEMORY, "p: Cannot allocate memory"},
        {ENOSPC, MDM_IO, "p: No space left on device"},
        {EMFILE, MDM_IO, "p: Too many open files"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mdm_error err;
        assert_int_equal(mdm_errno(&err, cases[i].code, "p"), cases[i].status);
        assert_string_equal(err.message, cases[i].words);
        assert_int_equal(err.native, cases[i].code);
    }
}

static void of_a_very_long_path_both_ends_and_the_reason_are_shown(void **state)
{
    (void)state;
    char path[4096];
    memset(path, 'x', sizeof path - 1);
    memcpy(path, "/start", 6);
    memcpy(path + sizeof path - 5, "/end", 5);
    mdm_error err;
    mdm_errno(&err, ENOSPC, path);
    assert_memory_equal(err.message, "/startxxx", 9);
    assert_non_null(strstr(err.message, "x...x"));
    assert_non_null(strstr(err.message, "/end: No space left on device"));
}

static void random_bytes_differ(void **state)
{
    (void)state;
    unsigned char a[64] = {0}, b[64] = {0};
    assert_int_equal(mdm_random(a, sizeof a, NULL), MDM_OK);
    assert_int_equal(mdm_random(b, sizeof b, NULL), MDM_OK);
    assert_memory_not_equal(a, b, sizeof a);
    mdm_io_fail_after(0, EIO);
    assert_int_equal(mdm_random(a, sizeof a, NULL), MDM_IO);
    mdm_io_fail_after(0, EINTR);
    assert_int_equal(mdm_random(a, sizeof a, NULL), MDM_OK);
    mdm_io_fail_after(-1, 0);
}

static mdm_status spell(void *data, mdm_error *err)
{
    char *absolute = NULL, *resolved = NULL;
    mdm_status status = mdm_path_absolute("relative/../path", &absolute, err);
    if (status == MDM_OK) status = mdm_path_resolve(data, &resolved, err);
    assert_true(status == MDM_OK || !resolved);
    char *joined = mdm_path_join("a", "b");
    if (!joined) status = mdm_no_memory(err, "a path");
    mdm_free(absolute);
    mdm_free(resolved);
    mdm_free(joined);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    test_walk_allocations(spell, *state, 3);
}

/* After a failure either both names are as before or the move is done. */
static mdm_status move(void *folder, mdm_error *err)
{
    const char *from = test_path(folder, "from"), *to = test_path(folder, "to");
    test_file_write(from, "x");
    const mdm_status status = mdm_path_rename_new(from, to, err);
    assert_true(test_exists(from) != test_exists(to));
    if (status == MDM_OK) assert_true(test_exists(to));
    unlink(from);
    unlink(to);
    return status;
}

static void every_system_call_may_fail(void **state)
{
    test_walk_calls(move, *state, EIO, 1);
    test_walk_calls(move, *state, EINTR, 1);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make, clean)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_made_absolute_without_following_links),
        IN_FOLDER(relative_paths_begin_where_the_process_stands),
        cmocka_unit_test(an_empty_or_homeless_path_is_refused),
        cmocka_unit_test(joining_puts_one_slash),
        IN_FOLDER(looking_tells_links_from_what_they_point_to),
        IN_FOLDER(absence_may_be_no_failure),
        IN_FOLDER(a_new_name_is_never_taken_from_another),
        IN_FOLDER(an_empty_folder_is_not_replaced_either),
        IN_FOLDER(without_the_kernels_flag_the_promise_still_holds),
        cmocka_unit_test(errno_is_told_in_words_and_as_a_status),
        cmocka_unit_test(of_a_very_long_path_both_ends_and_the_reason_are_shown),
        cmocka_unit_test(random_bytes_differ),
        IN_FOLDER(every_allocation_may_fail),
        IN_FOLDER(every_system_call_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
