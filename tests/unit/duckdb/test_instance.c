#include "duck.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "duckdb/error.h"
#include "duckdb/stream_table.h"
#include "support/folder.h"
#include "support/walk.h"

extern char **environ;

static char *folder;

static int make_folder(void **state)
{
    (void)state;
    folder = test_folder_make();
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    test_folder_remove(folder);
    return 0;
}

static const mdm_duckdb_options reading = {.read_only = true};
static const mdm_duckdb_options writing = {.create = true};

static mdm_duckdb_instance *open_at(const char *path, const mdm_duckdb_options *options)
{
    mdm_error err;
    mdm_duckdb_instance *instance;
    assert_ok(mdm_duckdb_open(path, options, NULL, &instance, &err));
    return instance;
}

static mdm_duckdb_link *connect_to(mdm_duckdb_instance *instance)
{
    mdm_error err;
    mdm_duckdb_link *link;
    assert_ok(mdm_duckdb_connect(instance, &link, &err));
    return link;
}

/* A database with table t of one row. */
static const char *database(const char *name)
{
    const char *path = test_path(folder, name);
    mdm_duckdb_instance *instance = open_at(path, &writing);
    mdm_duckdb_link *link = connect_to(instance);
    duck_run(link, "CREATE TABLE t AS SELECT 1 AS i");
    mdm_duckdb_disconnect(link);
    mdm_duckdb_close(instance);
    return path;
}

static void refused(const char *path, const mdm_duckdb_options *options, mdm_status status,
                    const char *message)
{
    mdm_error err = {0};
    mdm_duckdb_instance *instance;
    assert_int_equal(mdm_duckdb_open(path, options, NULL, &instance, &err), status);
    assert_null(instance);
    if (!strstr(err.message, message)) fail_msg("%s", err.message);
}

/* --- files ---------------------------------------------------------------------------- */

static void a_new_file_is_the_owners_alone_and_whole_after_close(void **state)
{
    (void)state;
    const char *path = database("new.duckdb");
    assert_int_equal(test_mode(path), 0600);
    assert_false(test_exists(test_path(folder, "new.duckdb.wal")));
    mdm_duckdb_instance *instance = open_at(path, &reading);
    mdm_duckdb_link *link = connect_to(instance);
    assert_int_equal(duck_number(link, "SELECT count(*) FROM t"), 1);
    mdm_duckdb_disconnect(link);
    mdm_duckdb_close(instance);
    mdm_duckdb_close(NULL);
    mdm_duckdb_disconnect(NULL);
}

static void what_cannot_be_opened_is_refused_by_name(void **state)
{
    const mdm_duckdb_options neither = {0};
    (void)state;
    refused(test_path(folder, "absent.duckdb"), &neither, MDM_NOT_FOUND, "absent.duckdb");
    refused(test_path(folder, "absent.duckdb"), &reading, MDM_NOT_FOUND, "absent.duckdb");
    refused(test_path(folder, "no/absent.duckdb"), &writing, MDM_NOT_FOUND, "absent.duckdb");
    refused(folder, &neither, MDM_FORMAT, "not a regular file");
    test_file_write(test_path(folder, "text"), "this is a file of words and no database");
    refused(test_path(folder, "text"), &neither, MDM_FORMAT, "text: not a DuckDB database");
    test_file_write(test_path(folder, "empty"), "");
    refused(test_path(folder, "empty"), &writing, MDM_FORMAT, "empty: not a DuckDB database");
    assert_string_equal(test_file_text(test_path(folder, "empty")), "");
}

static void a_cut_file_is_refused(void **state)
{
    (void)state;
    const char *path = database("cut.duckdb");
    assert_int_equal(truncate(path, 3000), 0);
    refused(path, &reading, MDM_FORMAT, "");
}

static void a_wrong_setting_is_refused_also_by_who_joins(void **state)
{
    const mdm_setting unknown[] = {{"thread", "2"}}, wrong[] = {{"threads", "two"}};
    const mdm_duckdb_options first = {.settings = unknown, .setting_count = 1};
    const mdm_duckdb_options second = {.settings = wrong, .setting_count = 1};
    mdm_error err = {0};
    mdm_duckdb_instance *instance;
    (void)state;
    assert_int_equal(mdm_duckdb_open(NULL, &first, NULL, &instance, &err), MDM_INVALID);
    assert_string_equal(err.message, "DuckDB has no setting 'thread'");
    assert_string_equal(err.hint, "did you mean threads?");
    assert_int_equal(mdm_duckdb_open(NULL, &second, NULL, &instance, &err), MDM_INVALID);
    assert_non_null(strstr(err.message, "'threads'"));

    const char *path = database("settings.duckdb");
    mdm_duckdb_instance *held = open_at(path, &writing);
    refused(path, &first, MDM_INVALID, "DuckDB has no setting 'thread'");
    refused(path, &second, MDM_INVALID, "'threads'");
    mdm_duckdb_close(held);
}

static void settings_reach_duckdb(void **state)
{
    const mdm_setting settings[] = {{"threads", "3"}, {"memory_limit", "300MB"}};
    const mdm_duckdb_options options = {.settings = settings, .setting_count = 2};
    (void)state;
    mdm_duckdb_instance *instance = open_at(NULL, &options);
    mdm_duckdb_link *link = connect_to(instance);
    assert_int_equal(duck_number(link, "SELECT current_setting('threads')::BIGINT"), 3);
    assert_string_equal(duck_text(link, "SELECT current_setting('memory_limit')", NULL),
                        "286.1 MiB");
    assert_string_equal(duck_text(link, "SELECT current_setting('temp_directory')", NULL), "");
    assert_string_equal(duck_text(link, "SELECT current_setting('TimeZone')", NULL), "UTC");
    assert_string_equal(
        duck_text(link, "SELECT current_setting('autoinstall_known_extensions')::VARCHAR", NULL),
        "false");
    mdm_duckdb_disconnect(link);
    mdm_duckdb_close(instance);
}

/* --- one instance per file ------------------------------------------------------------------ */

static void two_names_of_a_file_are_one_instance(void **state)
{
    (void)state;
    const char *path = database("names.duckdb");
    assert_int_equal(symlink("names.duckdb", test_path(folder, "link.duckdb")), 0);
    assert_int_equal(link(path, test_path(folder, "hard.duckdb")), 0);
    mdm_duckdb_instance *one = open_at(path, &writing);
    mdm_duckdb_instance *two = open_at(test_path(folder, "link.duckdb"), &writing);
    mdm_duckdb_instance *three = open_at(test_path(folder, "hard.duckdb"), &reading);
    assert_ptr_equal(one, two);
    assert_ptr_equal(one, three);
    mdm_duckdb_link *writer = connect_to(one);
    mdm_duckdb_close(one); /* the others still hold it */
    duck_run(writer, "INSERT INTO t VALUES (2)");
    mdm_duckdb_link *reader = connect_to(three);
    assert_int_equal(duck_number(reader, "SELECT sum(i) FROM t"), 3);
    mdm_duckdb_disconnect(writer);
    mdm_duckdb_disconnect(reader);
    mdm_duckdb_close(two);
    mdm_duckdb_close(three);
    assert_false(test_exists(test_path(folder, "names.duckdb.wal")));
}

static void a_new_file_under_an_old_name_is_another_instance(void **state)
{
    mdm_error err;
    (void)state;
    const char *path = database("same.duckdb");
    mdm_duckdb_instance *old = open_at(path, &writing);
    assert_ok(mdm_duckdb_check(old, &err));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mdm_duckdb_check(old, &err), MDM_IO);
    assert_non_null(strstr(err.message, "was moved or deleted"));
    database("same.duckdb");
    mdm_duckdb_instance *new = open_at(path, &writing);
    assert_ptr_not_equal(old, new);
    assert_ok(mdm_duckdb_check(new, &err));
    mdm_duckdb_close(old);
    mdm_duckdb_close(new);
}

static void *open_and_count(void *path)
{
    mdm_duckdb_instance *instance;
    mdm_duckdb_link *link;
    intptr_t bad = 0;
    for (int i = 0; i < 8; i++) {
        int64_t rows = 0;
        if (mdm_duckdb_open(path, &writing, NULL, &instance, NULL) != MDM_OK) return (void *)1;
        if (mdm_duckdb_connect(instance, &link, NULL) != MDM_OK ||
            mdm_duckdb_run(link, MDM_STR("INSERT INTO t VALUES (1)"), NULL, NULL, NULL) != MDM_OK ||
            mdm_duckdb_number(link, MDM_STR("SELECT count(*) FROM t"), NULL, &rows, NULL) != MDM_OK)
            bad++;
        mdm_duckdb_disconnect(link);
        mdm_duckdb_close(instance);
    }
    return (void *)bad;
}

static void threads_that_open_and_close_one_file_lose_nothing(void **state)
{
    pthread_t threads[4];
    (void)state;
    const char *path = database("threads.duckdb");
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, open_and_count, (void *)(uintptr_t)path),
                         0);
    for (size_t i = 0; i < 4; i++) {
        void *bad;
        pthread_join(threads[i], &bad);
        assert_null(bad);
    }
    mdm_duckdb_instance *instance = open_at(path, &reading);
    mdm_duckdb_link *link = connect_to(instance);
    assert_int_equal(duck_number(link, "SELECT count(*) FROM t"), 33);
    mdm_duckdb_disconnect(link);
    mdm_duckdb_close(instance);
}

static void a_condemned_instance_is_joined_by_nobody(void **state)
{
    mdm_error err;
    (void)state;
    const char *path = database("fatal.duckdb");
    mdm_duckdb_instance *instance = open_at(path, &writing);
    mdm_duckdb_condemn(instance);
    assert_int_equal(mdm_duckdb_check(instance, &err), MDM_BACKEND);
    refused(path, &writing, MDM_BUSY, "is being closed after a fatal error");
    mdm_duckdb_close(instance);
    instance = open_at(path, &writing);
    assert_ok(mdm_duckdb_check(instance, &err));
    mdm_duckdb_close(instance);
}

/* --- reading, then writing ---------------------------------------------------------------------
 */

static void readers_give_way_to_a_writer_and_go_on(void **state)
{
    (void)state;
    const char *path = database("switch.duckdb");
    mdm_duckdb_instance *readers = open_at(path, &reading);
    mdm_duckdb_link *reader = connect_to(readers);
    assert_int_equal(duck_number(reader, "SELECT sum(i) FROM t"), 1);
    assert_true(mdm_duckdb_is_read_only(readers));

    mdm_duckdb_instance *writers = open_at(path, &writing);
    assert_ptr_equal(readers, writers);
    assert_false(mdm_duckdb_is_read_only(readers));
    mdm_duckdb_link *writer = connect_to(writers);
    duck_run(writer, "INSERT INTO t VALUES (10)");
    assert_int_equal(duck_number(reader, "SELECT sum(i) FROM t"), 11);
    mdm_duckdb_disconnect(reader);
    mdm_duckdb_disconnect(writer);
    mdm_duckdb_close(readers);
    mdm_duckdb_close(writers);
}

static void a_result_that_is_being_read_is_waited_for(void **state)
{
    mdm_error err;
    mdm_stream rows;
    mdm_duckdb_instance *writers;
    (void)state;
    const char *path = database("wait.duckdb");
    mdm_duckdb_instance *readers = open_at(path, &reading);
    mdm_duckdb_link *reader = connect_to(readers);
    assert_ok(mdm_duckdb_stream(reader, MDM_STR("FROM t"), NULL, &rows, &err));
    const mdm_stop stop = {.deadline_ns = mdm_clock_ns() + 50000000};
    assert_int_equal(mdm_duckdb_open(path, &writing, &stop, &writers, &err), MDM_BUSY);
    assert_non_null(strstr(err.message, "this process is reading it"));
    assert_true(mdm_duckdb_is_read_only(readers));
    mdm_stream_close(&rows);
    assert_ok(mdm_duckdb_open(path, &writing, NULL, &writers, &err));
    assert_int_equal(duck_number(reader, "SELECT sum(i) FROM t"), 1);
    mdm_duckdb_disconnect(reader);
    mdm_duckdb_close(writers);
    mdm_duckdb_close(readers);
}

static void *read_all_the_time(void *self)
{
    mdm_duckdb_instance *instance = self;
    mdm_duckdb_link *link;
    intptr_t bad = 0;
    if (mdm_duckdb_connect(instance, &link, NULL) != MDM_OK) return (void *)1;
    for (int i = 0; i < 200; i++) {
        int64_t sum = 0;
        if (mdm_duckdb_number(link, MDM_STR("SELECT sum(i) FROM t"), NULL, &sum, NULL) != MDM_OK ||
            sum != 1)
            bad++;
    }
    mdm_duckdb_disconnect(link);
    return (void *)bad;
}

static void busy_readers_do_not_notice_the_switch(void **state)
{
    pthread_t threads[3];
    mdm_error err;
    mdm_duckdb_instance *writers;
    (void)state;
    const char *path = database("busy.duckdb");
    mdm_duckdb_instance *readers = open_at(path, &reading);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_all_the_time, readers), 0);
    assert_ok(mdm_duckdb_open(path, &writing, NULL, &writers, &err));
    for (size_t i = 0; i < 3; i++) {
        void *bad;
        pthread_join(threads[i], &bad);
        assert_null(bad);
    }
    mdm_duckdb_close(writers);
    mdm_duckdb_close(readers);
}

/* --- other processes
 * --------------------------------------------------------------------------------- */

/* This program with arguments: open argv[1], say so, wait until standard input ends. */
static int hold(const char *path, bool read_only)
{
    mdm_duckdb_instance *instance;
    mdm_error err;
    char c;
    if (mdm_duckdb_open(path, read_only ? &reading : &writing, NULL, &instance, &err) != MDM_OK)
        return 1;
    if (write(STDOUT_FILENO, "x", 1) != 1) return 1;
    while (read(STDIN_FILENO, &c, 1) == 1)
        continue;
    mdm_duckdb_close(instance);
    return 0;
}

typedef struct holder {
    pid_t pid;
    int to;
} holder;

static holder start_holder(const char *path, const char *mode)
{
    int to[2], from[2];
    char c;
    holder h;
    posix_spawn_file_actions_t actions;
    char *arguments[] = {(char *)(uintptr_t) "hold", (char *)(uintptr_t)path,
                         (char *)(uintptr_t)mode, NULL};
    assert_int_equal(pipe2(to, O_CLOEXEC), 0);
    assert_int_equal(pipe2(from, O_CLOEXEC), 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
    assert_int_equal(posix_spawn(&h.pid, "/proc/self/exe", &actions, NULL, arguments, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(to[0]);
    close(from[1]);
    assert_int_equal(read(from[0], &c, 1), 1);
    close(from[0]);
    h.to = to[1];
    return h;
}

static void end_holder(const holder *h)
{
    int status;
    close(h->to);
    assert_int_equal(waitpid(h->pid, &status, 0), h->pid);
    assert_int_equal(status, 0);
}

static void a_file_held_by_another_process_is_busy_with_its_pid(void **state)
{
    mdm_error err = {0};
    mdm_duckdb_instance *instance;
    char pid[40];
    (void)state;
    const char *path = database("held.duckdb");
    const holder h = start_holder(path, "write");
    snprintf(pid, sizeof pid, "pid %d", (int)h.pid);
    refused(path, &writing, MDM_BUSY, pid);
    const mdm_stop stop = {.deadline_ns = mdm_clock_ns() + 100000000};
    assert_int_equal(mdm_duckdb_open(path, &reading, &stop, &instance, &err), MDM_BUSY);
    assert_true(mdm_clock_ns() > stop.deadline_ns - 60000000); /* it was tried to the end */
    assert_non_null(strstr(err.message, pid));
    volatile int flag = 1;
    const mdm_stop stopped = {.flag = &flag, .deadline_ns = mdm_clock_ns() + INT64_C(60000000000)};
    assert_int_equal(mdm_duckdb_open(path, &reading, &stopped, &instance, &err), MDM_CANCELLED);
    end_holder(&h);
    mdm_duckdb_close(open_at(path, &writing));
}

static void *end_soon(void *h)
{
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    close(((const holder *)h)->to);
    return NULL;
}

static void a_file_is_opened_as_soon_as_the_other_process_lets_go(void **state)
{
    mdm_error err;
    mdm_duckdb_instance *instance;
    pthread_t thread;
    int status;
    (void)state;
    const char *path = database("soon.duckdb");
    holder h = start_holder(path, "write");
    assert_int_equal(pthread_create(&thread, NULL, end_soon, &h), 0);
    const mdm_stop stop = {.deadline_ns = mdm_clock_ns() + INT64_C(20000000000)};
    assert_ok(mdm_duckdb_open(path, &writing, &stop, &instance, &err));
    pthread_join(thread, NULL);
    waitpid(h.pid, &status, 0);
    mdm_duckdb_close(instance);
}

static void processes_read_side_by_side_and_keep_writers_out(void **state)
{
    mdm_error err;
    mdm_duckdb_instance *writers;
    (void)state;
    const char *path = database("shared.duckdb");
    const holder h = start_holder(path, "read");
    mdm_duckdb_instance *readers = open_at(path, &reading);
    mdm_duckdb_link *reader = connect_to(readers);
    assert_int_equal(duck_number(reader, "SELECT sum(i) FROM t"), 1);
    /* Switching fails, and the reader goes on. */
    assert_int_equal(mdm_duckdb_open(path, &writing, NULL, &writers, &err), MDM_BUSY);
    assert_int_equal(duck_number(reader, "SELECT sum(i) FROM t"), 1);
    assert_true(mdm_duckdb_is_read_only(readers));
    const mdm_stop stop = {.deadline_ns = mdm_clock_ns() + 250000000};
    assert_int_equal(mdm_duckdb_open(path, &writing, &stop, &writers, &err), MDM_BUSY);
    assert_int_equal(duck_number(reader, "SELECT sum(i) FROM t"), 1);
    end_holder(&h);
    assert_ok(mdm_duckdb_open(path, &writing, NULL, &writers, &err));
    assert_int_equal(duck_number(reader, "SELECT sum(i) FROM t"), 1);
    mdm_duckdb_close(writers);
    mdm_duckdb_disconnect(reader);
    mdm_duckdb_close(readers);
}

/* --- memory
 * --------------------------------------------------------------------------------------------- */

static int64_t peak_kb(void)
{
    char line[200];
    int64_t kb = 0;
    FILE *status = fopen("/proc/self/status", "r");
    assert_non_null(status);
    while (fgets(line, sizeof line, status))
        if (strncmp(line, "VmHWM:", 6) == 0) kb = strtoll(line + 6, NULL, 10);
    fclose(status);
    return kb;
}

/* How a silent change of DuckDB's streaming calls would show. */
static void a_stream_larger_than_memory_passes_through(void **state)
{
    const mdm_setting settings[] = {{"threads", "1"}, {"memory_limit", "64MB"}};
    const mdm_duckdb_options options = {.settings = settings, .setting_count = 2};
    mdm_error err;
    mdm_stream rows;
    mdm_chunk *chunk;
    int64_t bytes = 0;
    (void)state;
    mdm_duckdb_instance *instance = open_at(NULL, &options);
    mdm_duckdb_link *link = connect_to(instance);
    const int64_t before = peak_kb();
    assert_ok(mdm_duckdb_stream(
        link, MDM_STR("SELECT i, repeat('x', 1000) || i AS t FROM range(400000) t(i)"), NULL, &rows,
        &err));
    for (;;) {
        assert_ok(mdm_stream_next(&rows, &chunk, &err));
        if (!chunk) break;
        bytes += (int64_t)mdm_chunk_bytes(chunk);
        mdm_chunk_unref(chunk);
    }
    mdm_stream_close(&rows);
    mdm_duckdb_disconnect(link);
    mdm_duckdb_close(instance);
    assert_true(bytes > 400000000);
    const char *sanitizer = getenv("MDM_TEST_SANITIZER"); /* which keeps what is freed */
    if (!sanitizer || strcmp(sanitizer, "none") == 0) assert_true(peak_kb() - before < 100000);
}

/* --- failing allocations
 * ----------------------------------------------------------------------------------- */

static mdm_status whole_life(void *data, mdm_error *err)
{
    mdm_duckdb_instance *instance = NULL;
    mdm_duckdb_link *link = NULL;
    mdm_stream rows = {0};
    mdm_stream_table *table = NULL;
    mdm_chunk *chunk = NULL;
    const mdm_setting settings[] = {{"threads", "1"}};
    const mdm_duckdb_options options = {.create = true, .settings = settings, .setting_count = 1};
    mdm_status status = mdm_duckdb_open(data, &options, NULL, &instance, err);
    if (status == MDM_OK) status = mdm_duckdb_connect(instance, &link, err);
    if (status == MDM_OK)
        status = mdm_duckdb_run(link, MDM_STR("CREATE OR REPLACE TABLE u AS SELECT 1 AS i"), NULL,
                                NULL, err);
    if (status == MDM_OK)
        status = mdm_duckdb_stream(
            link, MDM_STR("SELECT i, [i, 2] AS l, 'x'::ENUM('x') AS e FROM u"), NULL, &rows, err);
    if (status == MDM_OK) status = mdm_stream_next(&rows, &chunk, err);
    mdm_chunk_unref(chunk);
    mdm_stream_close(&rows);
    if (status == MDM_OK) status = mdm_duckdb_stream(link, MDM_STR("FROM u"), NULL, &rows, err);
    if (status == MDM_OK) status = mdm_stream_table_open(&rows, &table, err);
    if (status == MDM_OK) {
        mdm_duckdb_link *other = NULL;
        char sql[100];
        snprintf(sql, sizeof sql, "SELECT * FROM %s", mdm_stream_table_sql(table));
        status = mdm_duckdb_connect(instance, &other, err);
        if (status == MDM_OK)
            status = mdm_stream_table_status(
                table, mdm_duckdb_run(other, mdm_str_from(sql), NULL, NULL, err), err);
        if (status == MDM_BACKEND && strstr(err->message, "no memory")) status = MDM_NO_MEMORY;
        mdm_duckdb_disconnect(other);
    }
    mdm_stream_table_close(table);
    mdm_stream_close(&rows);
    mdm_duckdb_disconnect(link);
    mdm_duckdb_close(instance);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    test_walk_allocations(whole_life, (void *)(uintptr_t)database("memory.duckdb"), 20);
}

int main(int argc, char **argv)
{
    if (argc == 3) return hold(argv[1], strcmp(argv[2], "read") == 0);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_file_is_the_owners_alone_and_whole_after_close),
        cmocka_unit_test(what_cannot_be_opened_is_refused_by_name),
        cmocka_unit_test(a_cut_file_is_refused),
        cmocka_unit_test(a_wrong_setting_is_refused_also_by_who_joins),
        cmocka_unit_test(settings_reach_duckdb),
        cmocka_unit_test(two_names_of_a_file_are_one_instance),
        cmocka_unit_test(a_new_file_under_an_old_name_is_another_instance),
        cmocka_unit_test(threads_that_open_and_close_one_file_lose_nothing),
        cmocka_unit_test(a_condemned_instance_is_joined_by_nobody),
        cmocka_unit_test(readers_give_way_to_a_writer_and_go_on),
        cmocka_unit_test(a_result_that_is_being_read_is_waited_for),
        cmocka_unit_test(busy_readers_do_not_notice_the_switch),
        cmocka_unit_test(a_file_held_by_another_process_is_busy_with_its_pid),
        cmocka_unit_test(a_file_is_opened_as_soon_as_the_other_process_lets_go),
        cmocka_unit_test(processes_read_side_by_side_and_keep_writers_out),
        cmocka_unit_test(a_stream_larger_than_memory_passes_through),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
