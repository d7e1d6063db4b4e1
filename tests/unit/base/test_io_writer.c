#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/stat.h>

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

static void what_was_added_has_the_name_once_it_is_finished(void **state)
{
    mdm_writer *writer = NULL;
    const char *path = test_path(*state, "file");
    test_file_write(path, "old");
    const mode_t mask = umask(022);
    assert_int_equal(mdm_writer_open(path, 0666, &writer, NULL), MDM_OK);
    umask(mask);
    assert_int_equal(mdm_writer_add(writer, MDM_STR("one "), NULL), MDM_OK);
    assert_int_equal(mdm_writer_add(writer, MDM_STR("two"), NULL), MDM_OK);
    assert_string_equal(test_file_text(path), "old");
    assert_string_equal(test_file_text(mdm_writer_path(writer)), "one two");
    assert_int_equal(mdm_writer_finish(writer, NULL), MDM_OK);
    mdm_writer_close(writer);
    assert_string_equal(test_file_text(path), "one two");
    assert_int_equal(test_mode(path), 0644);
    assert_int_equal(entries_of(*state), 1);
}

static void what_is_not_finished_leaves_nothing(void **state)
{
    mdm_writer *writer = NULL;
    assert_int_equal(mdm_writer_open(test_path(*state, "file"), 0600, &writer, NULL), MDM_OK);
    assert_int_equal(mdm_writer_add(writer, MDM_STR("half"), NULL), MDM_OK);
    mdm_writer_close(writer);
    mdm_writer_close(NULL);
    assert_int_equal(entries_of(*state), 0);
}

static mdm_status write_it(void *folder, mdm_error *err)
{
    mdm_writer *writer = NULL;
    const char *path = test_path(folder, "file");
    test_file_write(path, "old");
    mdm_status status = mdm_writer_open(path, 0600, &writer, err);
    if (status == MDM_OK) status = mdm_writer_add(writer, MDM_STR("new contents"), err);
    if (status == MDM_OK) status = mdm_writer_finish(writer, err);
    mdm_writer_close(writer);
    const char *now = test_file_text(path);
    assert_true(strcmp(now, "new contents") == 0 || (status != MDM_OK && strcmp(now, "old") == 0));
    assert_int_equal(entries_of(folder), 1);
    return status;
}

static void every_allocation_and_system_call_may_fail(void **state)
{
    static const int codes[] = {ENOSPC, EIO, EINTR, MDM_IO_SHORT};
    test_walk_allocations(write_it, *state, 3);
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        test_walk_calls(write_it, *state, codes[i], 8);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make, clean)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(what_was_added_has_the_name_once_it_is_finished),
        IN_FOLDER(what_is_not_finished_leaves_nothing),
        IN_FOLDER(every_allocation_and_system_call_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
