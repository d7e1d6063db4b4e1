/* src/monitor/operation.c: from begin to end, and the names of flat keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "mdm/monitor.h"
#include "monitor/snapshot.h"

typedef struct fixture {
    mdm_monitor *monitor;
    mdm_snapshot seen;
} fixture;

static int open_monitor(void **state)
{
    static fixture f;
    f = (fixture){0};
    *state = &f;
    return mdm_monitor_open(NULL, &f.monitor, NULL) == MDM_OK ? 0 : -1;
}

static int close_monitor(void **state)
{
    fixture *f = *state;
    mdm_snapshot_clear(&f->seen);
    mdm_monitor_close(f->monitor);
    return 0;
}

static const mdm_operation_value *look(fixture *f, size_t index)
{
    mdm_snapshot_clear(&f->seen);
    assert_int_equal(mdm_snapshot_take(f->monitor, &f->seen, NULL), MDM_OK);
    assert_true(index < f->seen.operation_count);
    return &f->seen.operations[index];
}

static void run(fixture *f, const char *name, mdm_status status)
{
    mdm_operation operation = mdm_operation_begin(f->monitor, name);
    mdm_operation_end(&operation, status);
}

static void ends_are_counted_by_how_they_went_and_all_are_timed(void **state)
{
    run(*state, "load", MDM_OK);
    run(*state, "load", MDM_OK);
    run(*state, "load", MDM_CANCELLED);
    const mdm_operation_value *load = look(*state, 0);
    assert_string_equal(load->key, "load");
    assert_int_equal(load->completed, 2);
    assert_int_equal(load->failed, 1);
    assert_int_equal(load->duration_ns.count, 3);
}

static void what_still_runs_counts_nowhere(void **state)
{
    fixture *f = *state;
    mdm_operation running = mdm_operation_begin(f->monitor, "load");
    run(f, "load", MDM_OK);
    assert_int_equal(look(f, 0)->completed, 1);
    assert_int_equal(look(f, 0)->failed, 0);
    mdm_operation_end(&running, MDM_IO);
    assert_int_equal(look(f, 0)->failed, 1);
}

static void operations_of_one_name_may_nest_and_overlap(void **state)
{
    fixture *f = *state;
    mdm_operation outer = mdm_operation_begin(f->monitor, "load");
    mdm_operation inner = mdm_operation_begin(f->monitor, "load");
    mdm_operation_end(&outer, MDM_OK);
    mdm_operation_end(&inner, MDM_OK);
    const mdm_operation_value *load = look(f, 0);
    assert_int_equal(load->completed, 2);
    assert_int_equal(load->duration_ns.count, 2);
}

static void a_second_end_does_nothing(void **state)
{
    fixture *f = *state;
    mdm_operation operation = mdm_operation_begin(f->monitor, "load");
    mdm_operation_end(&operation, MDM_OK);
    mdm_operation_end(&operation, MDM_IO);
    assert_int_equal(look(f, 0)->completed, 1);
    assert_int_equal(look(f, 0)->failed, 0);
}

static void keys_hold_word_characters_only_and_no_two_are_equal(void **state)
{
    static const struct {
        const char *name, *key;
    } cases[] = {
        {"db.load", "db_load"},
        {"db_load", "db_load_2"},
        {"db load", "db_load_3"},
        {"db_load_2", "db_load_2_2"},
        {"Z\xC3\xA4hlen", "Z__hlen"},
        {"\"\n\\", "___"},
        {".", "_"},
    };
    const size_t count = sizeof cases / sizeof *cases;
    for (size_t i = 0; i < count; i++)
        run(*state, cases[i].name, MDM_OK);
    for (size_t i = 0; i < count; i++) {
        const mdm_operation_value *operation = look(*state, i);
        assert_string_equal(operation->key, cases[i].key);
        assert_int_equal(operation->completed, 1);
    }
}

static void an_operation_is_no_metric_of_its_name(void **state)
{
    fixture *f = *state;
    run(f, "load", MDM_OK);
    assert_int_equal(mdm_counter_read(f->monitor, "load"), 0);
    assert_int_not_equal(mdm_metric_named(f->monitor, "load", MDM_METRIC_GAUGE, ""), 0);
    assert_int_equal(mdm_counter_read(f->monitor, "monitor.refused"), 0);
}

static void a_name_that_does_not_fit_is_refused_and_its_end_does_nothing(void **state)
{
    fixture *f = *state;
    char name[202];
    memset(name, 'x', 201);
    name[201] = '\0';
    run(f, name, MDM_OK);
    run(f, "", MDM_OK);
    run(f, NULL, MDM_OK);
    assert_int_equal(mdm_counter_read(f->monitor, "monitor.refused"), 3);
    assert_int_equal(mdm_snapshot_take(f->monitor, &f->seen, NULL), MDM_OK);
    assert_int_equal(f->seen.operation_count, 0);
}

int main(void)
{
#define MONITOR(test) cmocka_unit_test_setup_teardown(test, open_monitor, close_monitor)
    const struct CMUnitTest tests[] = {
        MONITOR(ends_are_counted_by_how_they_went_and_all_are_timed),
        MONITOR(what_still_runs_counts_nowhere),
        MONITOR(operations_of_one_name_may_nest_and_overlap),
        MONITOR(a_second_end_does_nothing),
        MONITOR(keys_hold_word_characters_only_and_no_two_are_equal),
        MONITOR(an_operation_is_no_metric_of_its_name),
        MONITOR(a_name_that_does_not_fit_is_refused_and_its_end_does_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
