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
#include <unistd.h>

#include "base/alloc.h"
#include "base/io.h"
#include "base/log.h"
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

static mdm_log *open_log(const char *path, int64_t max_bytes, int backup_count, bool json)
{
    const mdm_log_options options = {.path = path,
                                     .level = MDM_LOG_INFO,
                                     .max_bytes = max_bytes,
                                     .backup_count = backup_count,
                                     .json = json};
    mdm_log *log = NULL;
    assert_int_equal(mdm_log_open(&options, &log, NULL), MDM_OK);
    return log;
}

static size_t count_lines(const char *text)
{
    size_t lines = 0;
    for (; text && *text; text++)
        lines += *text == '\n';
    return lines;
}

static void a_line_says_when_where_how_grave_and_what(void **state)
{
    const char *path = test_path(*state, "logs/deep/mdm.log");
    mdm_log *log = open_log(path, 0, 0, false);
    assert_false(test_exists(path)); /* nothing said, nothing made */
    mdm_log_write(log, MDM_LOG_WARNING, "pool", "%d waiting", 3);
    mdm_log_write(log, MDM_LOG_DEBUG, "pool", "not written");
    mdm_log_close(log);
    const char *text = test_file_text(path);
    assert_int_equal(count_lines(text), 1);
    int parts[7];
    assert_int_equal(sscanf(text, "%4d-%2d-%2d %2d:%2d:%2d,%3d", &parts[0], &parts[1], &parts[2],
                            &parts[3], &parts[4], &parts[5], &parts[6]),
                     7);
    assert_string_equal(text + 23, " - pool - WARNING - 3 waiting\n");
    assert_int_equal(test_mode(path), 0600);
    assert_int_equal(test_mode(test_path(*state, "logs")), 0700);
}

static void data_in_a_message_makes_no_second_line(void **state)
{
    const char *path = test_path(*state, "mdm.log");
    mdm_log *log = open_log(path, 0, 0, false);
    mdm_log_write(log, MDM_LOG_INFO, "p\n", "%s", "x\n2020-01-01 - forged\x1b[2J");
    mdm_log_close(log);
    const char *text = test_file_text(path);
    assert_int_equal(count_lines(text), 1);
    assert_non_null(strstr(text, "p\\x0a - INFO - x\\x0a2020-01-01 - forged\\x1b[2J"));
}

static void json_lines_are_objects(void **state)
{
    const char *path = test_path(*state, "mdm.log");
    mdm_log *log = open_log(path, 0, 0, true);
    mdm_log_write(log, MDM_LOG_CRITICAL, "query", "say \"hi\"\n");
    mdm_log_close(log);
    const char *text = test_file_text(path);
    assert_memory_equal(text, "{\"time\": \"20", 12);
    assert_non_null(strstr(text, "Z\", \"part\": \"query\", \"level\": \"CRITICAL\", "
                                 "\"message\": \"say \\\"hi\\\"\\n\"}\n"));
}

static void a_full_log_is_rotated_and_the_oldest_falls_off(void **state)
{
    const char *path = test_path(*state, "mdm.log");
    mdm_log *log = open_log(path, 200, 2, false);
    for (int i = 0; i < 40; i++)
        mdm_log_write(log, MDM_LOG_INFO, "p", "line %02d", i);
    mdm_log_close(log);
    assert_true(strlen(test_file_text(path)) <= 200);
    assert_non_null(strstr(test_file_text(path), "line 39"));
    assert_true(strlen(test_file_text(test_path(*state, "mdm.log.1"))) <= 200);
    assert_non_null(test_file_text(test_path(*state, "mdm.log.2")));
    assert_null(test_file_text(test_path(*state, "mdm.log.3")));
    assert_null(strstr(test_file_text(test_path(*state, "mdm.log.2")), "line 00"));
}

static void without_backups_a_full_log_begins_anew(void **state)
{
    const char *path = test_path(*state, "mdm.log");
    mdm_log *log = open_log(path, 100, 0, false);
    for (int i = 0; i < 10; i++)
        mdm_log_write(log, MDM_LOG_INFO, "p", "line %02d", i);
    mdm_log_close(log);
    assert_true(strlen(test_file_text(path)) <= 100);
    mdm_names names;
    assert_int_equal(mdm_dir_list(*state, &names, NULL), MDM_OK);
    assert_int_equal(names.count, 1);
    mdm_names_free(&names);
}

static void a_line_longer_than_the_log_is_still_written(void **state)
{
    const char *path = test_path(*state, "mdm.log");
    mdm_log *log = open_log(path, 10, 1, false);
    mdm_log_write(log, MDM_LOG_INFO, "p", "first");
    mdm_log_write(log, MDM_LOG_INFO, "p", "second");
    mdm_log_close(log);
    assert_non_null(strstr(test_file_text(path), "second"));
    assert_non_null(strstr(test_file_text(test_path(*state, "mdm.log.1")), "first"));
}

static void a_log_that_cannot_be_written_disturbs_nobody(void **state)
{
    test_file_write(test_path(*state, "file"), "");
    mdm_log *log = open_log(test_path(*state, "file/mdm.log"), 0, 0, false);
    errno = 77;
    mdm_log_write(log, MDM_LOG_ERROR, "p", "lost");
    assert_int_equal(errno, 77);
    mdm_log_close(log);
    mdm_log_write(NULL, MDM_LOG_ERROR, "p", "lost");
    mdm_log_close(NULL);
}

static void a_folder_that_went_away_is_made_again(void **state)
{
    const char *path = test_path(*state, "logs/mdm.log");
    mdm_log *log = open_log(path, 0, 0, false);
    mdm_log_write(log, MDM_LOG_INFO, "p", "one");
    assert_int_equal(mdm_dir_remove(test_path(*state, "logs"), NULL), MDM_OK);
    mdm_log_write(log, MDM_LOG_INFO, "p", "lost");
    mdm_log_write(log, MDM_LOG_INFO, "p", "two");
    mdm_log_close(log);
    assert_non_null(strstr(test_file_text(path), "two"));
}

#define THREADS 4
#define LINES 50

static void *write_lines(void *log)
{
    for (int i = 0; i < LINES; i++)
        mdm_log_write(log, MDM_LOG_INFO, "thread", "%s", "0123456789");
    return NULL;
}

static void lines_of_threads_do_not_mix(void **state)
{
    const char *path = test_path(*state, "mdm.log");
    mdm_log *log = open_log(path, 0, 0, false);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_lines, log), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    mdm_log_close(log);
    const char *text = test_file_text(path);
    const size_t len = strlen("2020-01-01 00:00:00,000 - thread - INFO - 0123456789\n");
    assert_int_equal(strlen(text), THREADS * LINES * len);
    for (size_t i = 0; i < (size_t)THREADS * LINES; i++)
        assert_int_equal(text[(i + 1) * len - 1], '\n');
}

/* Two logs on one path are as good as two processes: both see that the other one rotated. */
static void whoever_did_not_rotate_follows(void **state)
{
    const char *path = test_path(*state, "mdm.log");
    mdm_log *one = open_log(path, 150, 20, false), *two = open_log(path, 150, 20, false);
    for (int i = 0; i < 10; i++) {
        mdm_log_write(one, MDM_LOG_INFO, "p", "one %d", i);
        mdm_log_write(two, MDM_LOG_INFO, "p", "two %d", i);
    }
    mdm_log_close(one);
    mdm_log_close(two);
    size_t lines = count_lines(test_file_text(path));
    for (int i = 1; i <= 20; i++) {
        char name[32];
        snprintf(name, sizeof name, "mdm.log.%d", i);
        const char *text = test_file_text(test_path(*state, name));
        if (text) assert_true(strlen(text) <= 150);
        lines += count_lines(text);
    }
    assert_int_equal(lines, 20);
}

static mdm_status use_log(void *folder, mdm_error *err)
{
    const mdm_log_options options = {.path = test_path(folder, "logs/mdm.log"),
                                     .max_bytes = 60,
                                     .backup_count = 1,
                                     .json = true};
    mdm_log *log = NULL;
    const mdm_status status = mdm_log_open(&options, &log, err);
    assert_true((log != NULL) == (status == MDM_OK));
    for (int i = 0; i < 3; i++)
        mdm_log_write(log, MDM_LOG_ERROR, "p", "line %d", i);
    mdm_log_close(log);
    return status;
}

static void every_failure_costs_lines_at_most(void **state)
{
    test_walk_allocations(use_log, *state, 8);
    test_walk_calls(use_log, *state, EIO, 8);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make, clean)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_line_says_when_where_how_grave_and_what),
        IN_FOLDER(data_in_a_message_makes_no_second_line),
        IN_FOLDER(json_lines_are_objects),
        IN_FOLDER(a_full_log_is_rotated_and_the_oldest_falls_off),
        IN_FOLDER(without_backups_a_full_log_begins_anew),
        IN_FOLDER(a_line_longer_than_the_log_is_still_written),
        IN_FOLDER(a_log_that_cannot_be_written_disturbs_nobody),
        IN_FOLDER(a_folder_that_went_away_is_made_again),
        IN_FOLDER(lines_of_threads_do_not_mix),
        IN_FOLDER(whoever_did_not_rotate_follows),
        IN_FOLDER(every_failure_costs_lines_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
