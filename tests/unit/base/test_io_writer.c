#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

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

static mdm_writer *opened(const char *path)
{
    mdm_writer *writer = NULL;
    assert_int_equal(mdm_writer_open(path, 0644, &writer, NULL), MDM_OK);
    return writer;
}

static void a_file_grows_out_of_sight(void **state)
{
    const char *path = test_path(*state, "big.csv");
    const mode_t before = umask(022);
    test_file_write(path, "old");
    mdm_writer *writer = opened(path);
    assert_int_equal(mdm_writer_add(writer, MDM_STR("a\n"), NULL), MDM_OK);
    assert_int_equal(mdm_writer_add(writer, MDM_STR(""), NULL), MDM_OK);
    assert_int_equal(mdm_writer_add(writer, MDM_STR("b\n"), NULL), MDM_OK);
    assert_string_equal(test_file_text(path), "old");
    assert_string_equal(test_file_text(mdm_writer_path(writer)), "a\nb\n");
    assert_int_equal(mdm_writer_finish(writer, NULL), MDM_OK);
    mdm_writer_close(writer);
    umask(before);
    assert_string_equal(test_file_text(path), "a\nb\n");
    assert_int_equal(test_mode(path), 0644);
    assert_int_equal(entries_of(*state), 1);
}

static void closing_early_leaves_nothing(void **state)
{
    mdm_writer *writer = opened(test_path(*state, "file"));
    assert_int_equal(mdm_writer_add(writer, MDM_STR("x"), NULL), MDM_OK);
    mdm_writer_close(writer);
    mdm_writer_close(NULL);
    assert_int_equal(entries_of(*state), 0);
}

static void publishing_does_not_replace(void **state)
{
    const char *path = test_path(*state, "file");
    mdm_error err;
    mdm_writer *one = opened(path), *two = opened(path);
    assert_int_equal(mdm_writer_add(one, MDM_STR("one"), NULL), MDM_OK);
    assert_int_equal(mdm_writer_add(two, MDM_STR("two"), NULL), MDM_OK);
    assert_int_equal(mdm_writer_publish(two, NULL), MDM_OK);
    assert_int_equal(mdm_writer_publish(one, &err), MDM_EXISTS);
    mdm_writer_close(one);
    mdm_writer_close(two);
    assert_string_equal(test_file_text(path), "two");
    assert_int_equal(entries_of(*state), 1);
}

static void the_temporary_file_is_locked_as_long_as_it_is_written(void **state)
{
    mdm_writer *writer = opened(test_path(*state, "file"));
    mdm_lock lock;
    char temporary[4096];
    strcpy(temporary, mdm_writer_path(writer));
    assert_memory_equal(mdm_path_name(temporary), ".tmp-", 5);
    assert_int_equal(strlen(mdm_path_name(temporary)), 5 + 32);
    assert_int_equal(mdm_lock_take(temporary, MDM_LOCK_EXCLUSIVE, false, false, &lock, NULL),
                     MDM_BUSY);
    assert_int_equal(mdm_writer_finish(writer, NULL), MDM_OK);
    mdm_writer_close(writer);
    assert_int_equal(
        mdm_lock_take(test_path(*state, "file"), MDM_LOCK_EXCLUSIVE, false, false, &lock, NULL),
        MDM_OK);
    mdm_lock_drop(&lock);
}

static void a_folder_that_is_not_there_is_told(void **state)
{
    mdm_writer *writer = NULL;
    mdm_error err;
    assert_int_equal(mdm_writer_open(test_path(*state, "no/file"), 0600, &writer, &err),
                     MDM_NOT_FOUND);
    assert_null(writer);
    assert_non_null(strstr(err.message, "no/file: No such file or directory"));
}

static mdm_status write_twice(void *folder, mdm_error *err)
{
    const char *path = test_path(folder, "file");
    mdm_writer *writer = NULL;
    test_file_write(path, "old");
    mdm_status status = mdm_writer_open(path, 0600, &writer, err);
    if (status == MDM_OK) status = mdm_writer_add(writer, MDM_STR("new "), err);
    if (status == MDM_OK) status = mdm_writer_add(writer, MDM_STR("text"), err);
    if (status == MDM_OK) status = mdm_writer_finish(writer, err);
    mdm_writer_close(writer);
    const char *text = test_file_text(path);
    assert_true(strcmp(text, "new text") == 0 || (status != MDM_OK && strcmp(text, "old") == 0));
    return status;
}

static void every_failure_leaves_the_old_file_or_the_new_one(void **state)
{
    static const int codes[] = {ENOSPC, EIO, EMFILE, EINTR, MDM_IO_SHORT};
    test_walk_allocations(write_twice, *state, 4);
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        test_walk_calls(write_twice, *state, codes[i], 9);
    assert_int_equal(entries_of(*state), 1);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make, clean)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_file_grows_out_of_sight),
        IN_FOLDER(closing_early_leaves_nothing),
        IN_FOLDER(publishing_does_not_replace),
        IN_FOLDER(the_temporary_file_is_locked_as_long_as_it_is_written),
        IN_FOLDER(a_folder_that_is_not_there_is_told),
        IN_FOLDER(every_failure_leaves_the_old_file_or_the_new_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
