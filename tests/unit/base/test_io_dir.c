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

/* top/{a: 5 bytes, b/{c: 3 bytes, link -> FOLDER/outside}} and FOLDER/outside/kept */
static const char *make_tree(const char *folder)
{
    const char *top = test_path(folder, "top");
    mkdir(test_path(folder, "outside"), 0700);
    test_file_write(test_path(folder, "outside/kept"), "1234567");
    mkdir(top, 0700);
    mkdir(test_path(folder, "top/b"), 0700);
    test_file_write(test_path(folder, "top/a"), "12345");
    test_file_write(test_path(folder, "top/b/c"), "123");
    if (symlink(test_path(folder, "outside"), test_path(folder, "top/b/link")) != 0 &&
        errno != EEXIST)
        fail();
    return top;
}

static void folders_are_the_users_own(void **state)
{
    const char *deep = test_path(*state, "a/b//c/");
    assert_int_equal(mdm_dir_make(deep, NULL), MDM_OK);
    assert_int_equal(test_mode(test_path(*state, "a")), 0700);
    assert_int_equal(test_mode(test_path(*state, "a/b/c")), 0700);
    assert_int_equal(mdm_dir_make(deep, NULL), MDM_OK);
    assert_int_equal(mdm_dir_create(test_path(*state, "d"), NULL), MDM_OK);
    mdm_error err;
    assert_int_equal(mdm_dir_create(test_path(*state, "d"), &err), MDM_EXISTS);
    assert_int_equal(mdm_dir_create(test_path(*state, "no/d"), &err), MDM_NOT_FOUND);
}

static void a_file_in_the_way_is_told(void **state)
{
    mdm_error err;
    test_file_write(test_path(*state, "file"), "");
    assert_int_equal(mdm_dir_make(test_path(*state, "file/x"), &err), MDM_NOT_FOUND);
    assert_non_null(strstr(err.message, "Not a directory"));
    assert_int_equal(mdm_dir_make(test_path(*state, "file"), &err), MDM_NOT_FOUND);
    assert_non_null(strstr(err.message, "file: Not a directory"));
}

static void a_link_to_a_folder_is_a_folder(void **state)
{
    mkdir(test_path(*state, "real"), 0700);
    assert_int_equal(symlink(test_path(*state, "real"), test_path(*state, "link")), 0);
    assert_int_equal(mdm_dir_make(test_path(*state, "link/x"), NULL), MDM_OK);
    assert_true(test_exists(test_path(*state, "real/x")));
    assert_int_equal(mdm_dir_sync(test_path(*state, "link"), NULL), MDM_OK);
}

static void removing_takes_all_below_and_follows_no_link(void **state)
{
    const char *top = make_tree(*state);
    assert_int_equal(mdm_dir_remove(top, NULL), MDM_OK);
    assert_false(test_exists(top));
    assert_true(test_exists(test_path(*state, "outside/kept")));
    assert_int_equal(mdm_dir_remove(top, NULL), MDM_OK); /* gone already */
    mdm_error err;
    assert_int_equal(symlink(test_path(*state, "outside"), test_path(*state, "link")), 0);
    assert_int_not_equal(mdm_dir_remove(test_path(*state, "link"), &err), MDM_OK);
    assert_true(test_exists(test_path(*state, "outside/kept")));
}

static void bytes_are_those_of_the_files_below(void **state)
{
    int64_t bytes = -1;
    assert_int_equal(mdm_dir_bytes(make_tree(*state), &bytes, NULL), MDM_OK);
    assert_int_equal(bytes, 8);
    assert_int_equal(mdm_dir_bytes(test_path(*state, "none"), &bytes, NULL), MDM_NOT_FOUND);
}

static void names_are_sorted(void **state)
{
    char name[32];
    for (int i = 39; i >= 0; i--) {
        snprintf(name, sizeof name, "n%02d", i);
        test_file_write(test_path(*state, name), "");
    }
    test_file_write(test_path(*state, ".hidden"), "");
    mdm_names names;
    assert_int_equal(mdm_dir_list(*state, &names, NULL), MDM_OK);
    assert_int_equal(names.count, 41);
    assert_string_equal(names.items[0], ".hidden");
    for (size_t i = 1; i < names.count; i++) {
        snprintf(name, sizeof name, "n%02zu", i - 1);
        assert_string_equal(names.items[i], name);
    }
    mdm_names_free(&names);
    assert_int_equal(names.count, 0);
    mdm_error err;
    assert_int_equal(mdm_dir_list(test_path(*state, "n00"), &names, &err), MDM_NOT_FOUND);
    mkdir(test_path(*state, "empty"), 0700);
    assert_int_equal(mdm_dir_list(test_path(*state, "empty"), &names, &err), MDM_OK);
    assert_int_equal(names.count, 0);
    mdm_names_free(&names);
}

static void too_deep_a_tree_is_an_error_and_no_crash(void **state)
{
    char path[4096];
    size_t len = (size_t)snprintf(path, sizeof path, "%s", (char *)*state);
    for (int i = 0; i < 70; i++)
        len += (size_t)snprintf(path + len, sizeof path - len, "/d");
    mdm_error err;
    int64_t bytes;
    assert_int_equal(mdm_dir_make(path, NULL), MDM_OK);
    assert_int_equal(mdm_dir_remove(test_path(*state, "d"), &err), MDM_IO);
    assert_int_equal(mdm_dir_bytes(test_path(*state, "d"), &bytes, &err), MDM_IO);
    for (; len > strlen(*state); path[len -= 2] = '\0')
        assert_int_equal(rmdir(path), 0);
}

static void a_file_system_that_cannot_sync_a_folder_need_not(void **state)
{
    mdm_io_fail_after(1, EINVAL);
    assert_int_equal(mdm_dir_sync(*state, NULL), MDM_OK);
    mdm_io_fail_after(1, EIO);
    assert_int_equal(mdm_dir_sync(*state, NULL), MDM_IO);
    mdm_io_fail_after(-1, 0);
}

static mdm_status list_names(void *folder, mdm_error *err)
{
    mdm_names names;
    const mdm_status status = mdm_dir_list(folder, &names, err);
    assert_int_equal(names.count, status == MDM_OK ? 20 : 0);
    mdm_names_free(&names);
    return status;
}

static mdm_status make_deep(void *folder, mdm_error *err)
{
    const char *deep = test_path(folder, "x/y/z");
    const mdm_status status = mdm_dir_make(deep, err);
    if (status == MDM_OK) assert_true(test_exists(deep));
    rmdir(deep);
    rmdir(test_path(folder, "x/y"));
    rmdir(test_path(folder, "x"));
    return status;
}

static void every_allocation_may_fail(void **state)
{
    char name[32];
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof name, "n%02d", i);
        test_file_write(test_path(*state, name), "");
    }
    test_walk_allocations(list_names, *state, 20);
    test_walk_allocations(make_deep, *state, 1);
}

static mdm_status use_tree(void *folder, mdm_error *err)
{
    const char *top = make_tree(folder);
    int64_t bytes;
    mdm_names names;
    mdm_status status = mdm_dir_bytes(top, &bytes, err);
    if (status == MDM_OK) assert_int_equal(bytes, 8);
    if (status == MDM_OK) status = mdm_dir_list(top, &names, err);
    if (status == MDM_OK) {
        assert_int_equal(names.count, 2);
        mdm_names_free(&names);
        status = mdm_dir_remove(top, err);
    }
    if (status == MDM_OK) assert_false(test_exists(top));
    assert_true(test_exists(test_path(folder, "outside/kept")));
    return status;
}

static void every_system_call_may_fail(void **state)
{
    static const int codes[] = {EIO, EACCES, EMFILE, EINTR};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        test_walk_calls(use_tree, *state, codes[i], 15);
        test_walk_calls(make_deep, *state, codes[i], 4);
    }
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make, clean)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(folders_are_the_users_own),
        IN_FOLDER(a_file_in_the_way_is_told),
        IN_FOLDER(a_link_to_a_folder_is_a_folder),
        IN_FOLDER(removing_takes_all_below_and_follows_no_link),
        IN_FOLDER(bytes_are_those_of_the_files_below),
        IN_FOLDER(names_are_sorted),
        IN_FOLDER(too_deep_a_tree_is_an_error_and_no_crash),
        IN_FOLDER(a_file_system_that_cannot_sync_a_folder_need_not),
        IN_FOLDER(every_allocation_may_fail),
        IN_FOLDER(every_system_call_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
