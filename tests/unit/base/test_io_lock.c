#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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

static mdm_status take(const char *path, mdm_lock_mode mode, mdm_lock *lock)
{
    return mdm_lock_take(path, mode, false, true, lock, NULL);
}

static void an_exclusive_lock_keeps_all_others_out(void **state)
{
    const char *path = test_path(*state, "lock");
    mdm_lock held, other;
    mdm_error err;
    assert_int_equal(take(path, MDM_LOCK_EXCLUSIVE, &held), MDM_OK);
    assert_int_equal(test_mode(path), 0600);
    assert_int_equal(take(path, MDM_LOCK_SHARED, &other), MDM_BUSY);
    assert_int_equal(other.fd, -1);
    assert_int_equal(mdm_lock_take(path, MDM_LOCK_EXCLUSIVE, false, true, &other, &err), MDM_BUSY);
    assert_non_null(strstr(err.message, "locked by another process"));
    mdm_lock_drop(&held);
    mdm_lock_drop(&held); /* twice does no harm */
    assert_int_equal(take(path, MDM_LOCK_EXCLUSIVE, &other), MDM_OK);
    mdm_lock_drop(&other);
    assert_true(test_exists(path));
}

static void shared_locks_live_together(void **state)
{
    const char *path = test_path(*state, "lock");
    mdm_lock one, two, three;
    assert_int_equal(take(path, MDM_LOCK_SHARED, &one), MDM_OK);
    assert_int_equal(take(path, MDM_LOCK_SHARED, &two), MDM_OK);
    assert_int_equal(take(path, MDM_LOCK_EXCLUSIVE, &three), MDM_BUSY);
    mdm_lock_drop(&one);
    mdm_lock_drop(&two);
}

static void a_lock_dies_with_its_process(void **state)
{
    const char *path = test_path(*state, "lock");
    mdm_lock lock;
    const pid_t child = fork();
    if (child == 0) _exit(take(path, MDM_LOCK_EXCLUSIVE, &lock) == MDM_OK ? 0 : 1);
    int how = -1;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_int_equal(how, 0);
    assert_int_equal(take(path, MDM_LOCK_EXCLUSIVE, &lock), MDM_OK);
    mdm_lock_drop(&lock);
}

static void what_cannot_be_locked_is_told(void **state)
{
    mdm_lock lock;
    mdm_error err;
    const char *fifo = test_path(*state, "fifo"), *link = test_path(*state, "link");
    assert_int_equal(
        mdm_lock_take(test_path(*state, "none"), MDM_LOCK_SHARED, true, false, &lock, &err),
        MDM_NOT_FOUND);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(take(fifo, MDM_LOCK_SHARED, &lock), MDM_IO);
    assert_int_equal(symlink("/etc/passwd", link), 0);
    assert_int_equal(take(link, MDM_LOCK_SHARED, &lock), MDM_PERMISSION);
}

typedef struct waiter {
    const char *path;
    mdm_lock lock;
    mdm_status status;
} waiter;

static void *wait_for_lock(void *data)
{
    waiter *w = data;
    w->status = mdm_lock_take(w->path, MDM_LOCK_EXCLUSIVE, true, true, &w->lock, NULL);
    return NULL;
}

/* The holder replaces the file: the waiter must end with a lock on what the path leads to now. */
static void a_waiter_gets_the_lock_of_the_file_that_is_there(void **state)
{
    const char *path = test_path(*state, "lock");
    waiter w = {.path = path, .lock = MDM_LOCK_INIT};
    mdm_lock held, third;
    pthread_t thread;
    assert_int_equal(take(path, MDM_LOCK_EXCLUSIVE, &held), MDM_OK);
    assert_int_equal(pthread_create(&thread, NULL, wait_for_lock, &w), 0);
    assert_int_equal(unlink(path), 0);
    test_file_write(path, "another");
    mdm_lock_drop(&held);
    pthread_join(thread, NULL);
    assert_int_equal(w.status, MDM_OK);
    assert_int_equal(take(path, MDM_LOCK_EXCLUSIVE, &third), MDM_BUSY);
    mdm_lock_drop(&w.lock);
}

static mdm_status lock_once(void *folder, mdm_error *err)
{
    mdm_lock lock, again;
    const char *path = test_path(folder, "lock");
    const mdm_status status = mdm_lock_take(path, MDM_LOCK_EXCLUSIVE, false, true, &lock, err);
    assert_true((lock.fd >= 0) == (status == MDM_OK));
    mdm_lock_drop(&lock);
    mdm_io_fail_after(-1, 0); /* nothing holds it any more */
    assert_int_equal(mdm_lock_take(path, MDM_LOCK_EXCLUSIVE, false, true, &again, NULL), MDM_OK);
    mdm_lock_drop(&again);
    return status;
}

static void every_system_call_may_fail(void **state)
{
    static const int codes[] = {EIO, EMFILE, EACCES, ENOLCK};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        for (long n = 0; n < 5; n++) {
            mdm_error err = {0};
            mdm_io_fail_after(n, codes[i]);
            const mdm_status status = lock_once(*state, &err);
            if (n < 3) assert_int_not_equal(status, MDM_OK); /* open, fstat, flock */
        }
    mdm_io_fail_after(-1, 0);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make, clean)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(an_exclusive_lock_keeps_all_others_out),
        IN_FOLDER(shared_locks_live_together),
        IN_FOLDER(a_lock_dies_with_its_process),
        IN_FOLDER(what_cannot_be_locked_is_told),
        IN_FOLDER(a_waiter_gets_the_lock_of_the_file_that_is_there),
        IN_FOLDER(every_system_call_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
