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

static size_t entries_of(const char *folder)
{
    mdm_names names;
    assert_int_equal(mdm_dir_list(folder, &names, NULL), MDM_OK);
    const size_t count = names.count;
    mdm_names_free(&names);
    return count;
}

static void a_file_is_read_whole_up_to_the_limit(void **state)
{
    const char *path = test_path(*state, "file");
    mdm_text text;
    mdm_error err;
    char big[40000];
    memset(big, 'b', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    test_file_write(path, big);
    assert_int_equal(mdm_file_read(path, sizeof big - 1, &text, NULL), MDM_OK);
    assert_string_equal(text.data, big);
    mdm_text_clear(&text);
    assert_int_equal(mdm_file_read(path, sizeof big - 2, &text, &err), MDM_FORMAT);
    assert_non_null(strstr(err.message, "file: larger than 39998 bytes"));
    assert_int_equal(text.len, 0);
    test_file_write(path, "");
    assert_int_equal(mdm_file_read(path, 0, &text, NULL), MDM_OK);
    assert_string_equal(text.data, "");
    mdm_text_clear(&text);
}

static void only_regular_files_are_read(void **state)
{
    const char *fifo = test_path(*state, "fifo"), *link = test_path(*state, "link");
    mdm_text text;
    mdm_error err;
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(symlink("/etc/passwd", link), 0);
    assert_int_equal(mdm_file_read(fifo, 100, &text, &err), MDM_FORMAT); /* and does not wait */
    assert_non_null(strstr(err.message, "not a regular file"));
    assert_int_equal(mdm_file_read(*state, 100, &text, &err), MDM_FORMAT);
    assert_int_equal(mdm_file_read(link, 100000, &text, &err), MDM_PERMISSION);
    assert_non_null(strstr(err.message, "symbolic link"));
    assert_int_equal(mdm_file_read(test_path(*state, "none"), 100, &text, &err), MDM_NOT_FOUND);
}

static void replacing_leaves_one_private_file(void **state)
{
    const char *path = test_path(*state, "file");
    assert_int_equal(mdm_file_replace(path, MDM_STR("one"), NULL), MDM_OK);
    assert_string_equal(test_file_text(path), "one");
    assert_int_equal(test_mode(path), 0600);
    chmod(path, 0644);
    assert_int_equal(mdm_file_replace(path, MDM_STR("two"), NULL), MDM_OK);
    assert_string_equal(test_file_text(path), "two");
    assert_int_equal(test_mode(path), 0600);
    assert_int_equal(entries_of(*state), 1);
    mdm_error err;
    assert_int_equal(mdm_file_replace(test_path(*state, "no/file"), MDM_STR("x"), &err),
                     MDM_NOT_FOUND);
    assert_non_null(strstr(err.message, "no/file: No such"));
}

static void replacing_a_link_leaves_alone_what_it_points_to(void **state)
{
    const char *target = test_path(*state, "target"), *link = test_path(*state, "link");
    test_file_write(target, "kept");
    assert_int_equal(symlink(target, link), 0);
    assert_int_equal(mdm_file_replace(link, MDM_STR("new"), NULL), MDM_OK);
    assert_string_equal(test_file_text(target), "kept");
    assert_string_equal(test_file_text(link), "new");
}

static void a_name_without_a_folder_is_in_this_one(void **state)
{
    char here[4096];
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir(*state), 0);
    assert_int_equal(mdm_file_replace("bare", MDM_STR("x"), NULL), MDM_OK);
    assert_string_equal(test_file_text("bare"), "x");
    assert_int_equal(chdir(here), 0);
}

static void publishing_never_replaces(void **state)
{
    const char *path = test_path(*state, "file");
    mdm_error err;
    assert_int_equal(mdm_file_publish(path, MDM_STR("first"), NULL), MDM_OK);
    assert_int_equal(mdm_file_publish(path, MDM_STR("second"), &err), MDM_EXISTS);
    assert_non_null(strstr(err.message, "file: File exists"));
    assert_string_equal(test_file_text(path), "first");
    assert_int_equal(entries_of(*state), 1);
    mdm_io_fail_after(-1, 0);
    const char *other = test_path(*state, "other");
    assert_int_equal(mdm_file_publish(other, MDM_STR("x"), NULL), MDM_OK);
    const long calls = mdm_io_count();
    /* Also where the kernel's flag is missing: one of the calls is renameat2(). */
    for (long n = 0; n < calls; n++) {
        mdm_io_fail_after(n, ENOSYS);
        assert_int_not_equal(mdm_file_publish(path, MDM_STR("third"), NULL), MDM_OK);
        assert_string_equal(test_file_text(path), "first");
    }
    mdm_io_fail_after(-1, 0);
}

static void appending_makes_the_file_and_adds_to_it(void **state)
{
    const char *path = test_path(*state, "log"), *link = test_path(*state, "link");
    mdm_error err;
    assert_int_equal(mdm_file_append(path, MDM_STR("a\n"), NULL), MDM_OK);
    assert_int_equal(mdm_file_append(path, MDM_STR("b\n"), NULL), MDM_OK);
    assert_string_equal(test_file_text(path), "a\nb\n");
    assert_int_equal(test_mode(path), 0600);
    assert_int_equal(symlink(path, link), 0);
    assert_int_equal(mdm_file_append(link, MDM_STR("c\n"), &err), MDM_PERMISSION);
    mdm_io_fail_after(1, MDM_IO_SHORT); /* as on a full disk */
    assert_int_equal(mdm_file_append(path, MDM_STR("cccc"), &err), MDM_IO);
    mdm_io_fail_after(-1, 0);
    assert_non_null(strstr(err.message, "No space left"));
}

static void unlinking_and_syncing_tell_what_is_not_there(void **state)
{
    const char *path = test_path(*state, "file");
    assert_int_equal(mdm_file_unlink(path, NULL), MDM_NOT_FOUND);
    assert_int_equal(mdm_file_sync(path, NULL), MDM_NOT_FOUND);
    test_file_write(path, "x");
    assert_int_equal(mdm_file_sync(path, NULL), MDM_OK);
    assert_int_equal(mdm_file_unlink(path, NULL), MDM_OK);
    assert_false(test_exists(path));
}

static void a_failed_sync_is_never_a_success(void **state)
{
    const char *path = test_path(*state, "file");
    test_file_write(path, "old");
    mdm_io_fail_after(-1, 0);
    assert_int_equal(mdm_file_sync(path, NULL), MDM_OK);
    mdm_io_fail_after(1, EIO);
    assert_int_equal(mdm_file_sync(path, NULL), MDM_IO);
    mdm_io_fail_after(-1, 0);
}

/* A short write is gone on with. */
static void bytes_that_did_not_fit_in_one_write_follow(void **state)
{
    const char *path = test_path(*state, "file");
    mdm_io_fail_after(-1, 0);
    assert_int_equal(mdm_file_replace(path, MDM_STR("0123456789"), NULL), MDM_OK);
    const long calls = mdm_io_count();
    for (long n = 0; n < calls; n++) {
        mdm_io_fail_after(n, MDM_IO_SHORT);
        assert_int_equal(mdm_file_replace(path, MDM_STR("0123456789"), NULL), MDM_OK);
        assert_string_equal(test_file_text(path), "0123456789");
    }
    mdm_io_fail_after(-1, 0);
}

/* Whatever fails: the old contents or the new ones, and no other file. */
static mdm_status replace(void *folder, mdm_error *err)
{
    const char *path = test_path(folder, "file");
    const char *text;
    test_file_write(path, "old");
    const mdm_status status = mdm_file_replace(path, MDM_STR("new text"), err);
    text = test_file_text(path);
    assert_true(strcmp(text, "new text") == 0 || (status != MDM_OK && strcmp(text, "old") == 0));
    return status;
}

static mdm_status publish(void *folder, mdm_error *err)
{
    const char *path = test_path(folder, "published");
    const mdm_status status = mdm_file_publish(path, MDM_STR("new text"), err);
    const char *text = test_file_text(path);
    assert_true(text ? strcmp(text, "new text") == 0 : status != MDM_OK);
    unlink(path);
    return status;
}

static mdm_status read_back(void *folder, mdm_error *err)
{
    mdm_text text;
    const mdm_status status = mdm_file_read(test_path(folder, "file"), 100, &text, err);
    assert_string_equal(text.data, status == MDM_OK ? "old" : "");
    mdm_text_clear(&text);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    test_walk_allocations(replace, *state, 2);
    test_walk_allocations(publish, *state, 2);
    test_file_write(test_path(*state, "file"), "old");
    test_walk_allocations(read_back, *state, 1);
    assert_int_equal(entries_of(*state), 1);
}

static void every_system_call_may_fail(void **state)
{
    static const int codes[] = {ENOSPC, EIO, EMFILE, EACCES, EINTR};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        test_walk_calls(replace, *state, codes[i], 8);
        test_walk_calls(publish, *state, codes[i], 8);
        test_file_write(test_path(*state, "file"), "old");
        test_walk_calls(read_back, *state, codes[i], 3);
        assert_int_equal(entries_of(*state), 1);
    }
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make, clean)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_file_is_read_whole_up_to_the_limit),
        IN_FOLDER(only_regular_files_are_read),
        IN_FOLDER(replacing_leaves_one_private_file),
        IN_FOLDER(replacing_a_link_leaves_alone_what_it_points_to),
        IN_FOLDER(a_name_without_a_folder_is_in_this_one),
        IN_FOLDER(publishing_never_replaces),
        IN_FOLDER(appending_makes_the_file_and_adds_to_it),
        IN_FOLDER(unlinking_and_syncing_tell_what_is_not_there),
        IN_FOLDER(a_failed_sync_is_never_a_success),
        IN_FOLDER(bytes_that_did_not_fit_in_one_write_follow),
        IN_FOLDER(every_allocation_may_fail),
        IN_FOLDER(every_system_call_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
