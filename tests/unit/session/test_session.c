#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "session/internal.h"
#include "support/folder.h"
#include "support/walk.h"

/* --- opening -------------------------------------------------------------------- */

static void opening_makes_no_file(void **state)
{
    fixture *f = *state;
    assert_false(test_exists(test_path(f->folder, "logs")));
    assert_false(test_exists(test_path(f->folder, "mdm.yaml")));
    assert_false(test_exists(f->path));
    assert_null(mdm_session_stop(f->session));
}

static void a_wrong_setting_is_told(void **state)
{
    (void)state;
    char *folder = test_folder_make();
    const char *set[] = {"performance.pool.size=many"};
    static const char *const environment[] = {NULL};
    mdm_config_sources sources = {
        .home = folder, .set = set, .set_count = 1, .environment = environment};
    mdm_session_options options = {.config = &sources};
    mdm_session *session = (mdm_session *)1;
    mdm_error err = {0};
    assert_int_equal(mdm_session_open(&options, &session, &err), MDM_CONFIG);
    assert_null(session);
    assert_non_null(strstr(err.message, "performance.pool.size"));
    test_folder_remove(folder);
}

static mdm_status open_and_close(void *folder, mdm_error *err)
{
    static const char *const environment[] = {NULL};
    mdm_config_sources sources = {.home = folder, .environment = environment};
    mdm_session_options options = {.config = &sources};
    mdm_session *session;
    mdm_status status = mdm_session_open(&options, &session, err);
    assert_true((session == NULL) == (status != MDM_OK));
    mdm_session_close(session);
    return status;
}

static void every_allocation_of_opening_may_fail(void **state)
{
    (void)state;
    char *folder = test_folder_make();
    test_walk_allocations(open_and_close, folder, 4);
    test_folder_remove(folder);
}

/* --- slots ----------------------------------------------------------------------- */

static int closed[2], closings;

static void note_closing(void *value)
{
    *(int *)value = ++closings;
}

static void slots_are_found_by_key_and_closed_last_first(void **state)
{
    (void)state;
    static const char first = 0, second = 0;
    fixture *f = fixture_open(NULL);
    closings = 0;
    assert_null(mdm_session_slot_get(f->session, &first));
    assert_int_equal(mdm_session_slot_set(f->session, &first, &closed[0], note_closing, NULL),
                     MDM_OK);
    assert_int_equal(mdm_session_slot_set(f->session, &second, &closed[1], note_closing, NULL),
                     MDM_OK);
    mdm_error err = {0};
    assert_int_equal(mdm_session_slot_set(f->session, &first, &closed[1], note_closing, &err),
                     MDM_EXISTS);
    assert_string_equal(err.message, "the slot of the session is taken");
    assert_ptr_equal(mdm_session_slot_get(f->session, &first), &closed[0]);
    assert_ptr_equal(mdm_session_slot_get(f->session, &second), &closed[1]);
    fixture_close(f);
    assert_int_equal(closings, 2);
    assert_int_equal(closed[1], 1);
    assert_int_equal(closed[0], 2);
}

/* --- databases ---------------------------------------------------------------------- */

static void a_location_is_one_database_for_each_set_of_flags(void **state)
{
    fixture *f = *state;
    mdm_database *again, *other;
    mdm_location copy = f->location;
    char path[600];
    snprintf(path, sizeof path, "%s", f->path);
    copy.path = path;
    assert_int_equal(mdm_session_database(f->session, &copy, MDM_OPEN_CREATE, &again, NULL),
                     MDM_OK);
    assert_ptr_equal(again, f->database);
    assert_int_equal(mdm_session_database(f->session, &copy, MDM_OPEN_READ_ONLY, &other, NULL),
                     MDM_OK);
    assert_ptr_not_equal(other, f->database);
    mdm_setting setting = {"cache_size", "100"};
    copy.settings = &setting;
    copy.setting_count = 1;
    assert_int_equal(mdm_session_database(f->session, &copy, MDM_OPEN_CREATE, &other, NULL),
                     MDM_OK);
    assert_ptr_not_equal(other, f->database);
    assert_string_equal(mdm_database_location(other)->path, f->path);
    assert_string_equal(mdm_database_backend(other)->name, "sqlite");
}

static void a_forgotten_database_can_be_renamed_and_opened_again(void **state)
{
    fixture *f = *state;
    run(f, "CREATE TABLE t (a)");
    assert_true(test_exists(f->path));
    mdm_session_forget(f->session, f->database);
    mdm_session_forget(f->session, NULL);
    assert_false(test_exists(test_path(f->folder, "shop.sqlite-wal")));
    assert_int_equal(rename(f->path, test_path(f->folder, "moved.sqlite")), 0);
    assert_int_equal(
        mdm_session_database(f->session, &f->location, MDM_OPEN_READ_ONLY, &f->database, NULL),
        MDM_OK);
    mdm_error err = {0};
    mdm_query query = MDM_QUERY_INIT;
    query.sql = MDM_STR("SELECT 1");
    assert_int_equal(fails(f, query, &err), MDM_NOT_FOUND);
}

static void pools_follow_the_settings(void **state)
{
    (void)state;
    const char *set[] = {"performance.pool.size=3",         "performance.pool.max_overflow=2",
                         "performance.pool.timeout=0.25",   "performance.pool.recycle=-1",
                         "performance.pool.pre_ping=false", NULL};
    fixture *f = fixture_open(set);
    run(f, "CREATE TABLE t (a)");
    assert_int_equal(number(f, "SELECT count(*) FROM t"), 0);
    mdm_pool_stats stats[4];
    assert_int_equal(mdm_session_pools(f->session, NULL, 0), 2);
    assert_int_equal(mdm_session_pools(f->session, stats, 4), 2);
    assert_int_equal(stats[0].size, 3);
    assert_int_equal(stats[1].size, 1); /* SQLite has one writer */
    assert_non_null(strstr(stats[1].name, "shop.sqlite#write"));
    assert_string_equal(stats[0].backend, "sqlite");
    fixture_close(f);
}

static void readers_and_the_writer_do_not_wait_for_each_other(void **state)
{
    fixture *f = *state;
    run(f, "CREATE TABLE t (a)");
    run(f, "INSERT INTO t VALUES (1), (2)");
    mdm_rows *rows = ask(f, "SELECT a FROM t");
    run(f, "INSERT INTO t VALUES (3)"); /* while rows are open */
    mdm_rows_close(rows);
    assert_int_equal(number(f, "SELECT count(*) FROM t"), 3);
}

static void a_database_in_memory_is_one_connection(void **state)
{
    fixture *f = *state;
    mdm_location memory = {.backend = f->location.backend};
    assert_int_equal(mdm_session_database(f->session, &memory, MDM_OPEN_CREATE, &f->database, NULL),
                     MDM_OK);
    run(f, "CREATE TABLE t (a)");
    run(f, "INSERT INTO t VALUES (42)");
    assert_int_equal(number(f, "SELECT a FROM t"), 42);
}

int main(void)
{
#define F(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        F(opening_makes_no_file),
        cmocka_unit_test(a_wrong_setting_is_told),
        cmocka_unit_test(every_allocation_of_opening_may_fail),
        cmocka_unit_test(slots_are_found_by_key_and_closed_last_first),
        F(a_location_is_one_database_for_each_set_of_flags),
        F(a_forgotten_database_can_be_renamed_and_opened_again),
        cmocka_unit_test(pools_follow_the_settings),
        F(readers_and_the_writer_do_not_wait_for_each_other),
        F(a_database_in_memory_is_one_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
