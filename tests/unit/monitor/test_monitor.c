/* src/monitor/monitor.c: opening, closing, names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "mdm/monitor.h"

static int open_monitor(void **state)
{
    return mdm_monitor_open(NULL, (mdm_monitor **)state, NULL) == MDM_OK ? 0 : -1;
}

static int close_monitor(void **state)
{
    mdm_monitor_close(*state);
    return 0;
}

static void the_same_name_is_the_same_metric(void **state)
{
    const mdm_metric first = mdm_metric_named(*state, "query.count", MDM_METRIC_COUNTER, "");
    assert_int_not_equal(first, 0);
    assert_int_equal(mdm_metric_named(*state, "query.count", MDM_METRIC_COUNTER, "rows"), first);
    assert_int_not_equal(mdm_metric_named(*state, "query.counts", MDM_METRIC_COUNTER, ""), first);
}

static void kinds_do_not_share_numbers(void **state)
{
    const mdm_metric counter = mdm_metric_named(*state, "a", MDM_METRIC_COUNTER, "");
    const mdm_metric gauge = mdm_metric_named(*state, "b", MDM_METRIC_GAUGE, "");
    const mdm_metric histogram = mdm_metric_named(*state, "c", MDM_METRIC_HISTOGRAM, NULL);
    assert_true(counter && gauge && histogram);
    assert_true(counter != gauge && gauge != histogram && histogram != counter);
}

static void a_refused_name_gets_no_metric_and_is_counted(void **state)
{
    char name[202];
    memset(name, 'x', 201);
    name[201] = '\0';
    assert_int_equal(mdm_metric_named(*state, name, MDM_METRIC_COUNTER, ""), 0);
    assert_int_equal(mdm_metric_named(*state, "", MDM_METRIC_COUNTER, ""), 0);
    assert_int_equal(mdm_metric_named(*state, NULL, MDM_METRIC_COUNTER, ""), 0);
    assert_int_not_equal(mdm_metric_named(*state, "taken", MDM_METRIC_COUNTER, ""), 0);
    assert_int_equal(mdm_metric_named(*state, "taken", MDM_METRIC_GAUGE, ""), 0);
    assert_int_equal(mdm_metric_named(*state, "odd", (mdm_metric_kind)77, ""), 0);
    assert_int_equal(mdm_counter_read(*state, "monitor.refused"), 5);
    name[200] = '\0';
    assert_int_not_equal(mdm_metric_named(*state, name, MDM_METRIC_COUNTER, ""), 0);
}

static void a_monitor_holds_4096_metrics_of_all_kinds_together(void **state)
{
    char name[32];
    for (int i = 0; i < 4096; i++) {
        snprintf(name, sizeof name, "metric.%d", i);
        assert_int_not_equal(mdm_metric_named(*state, name, (mdm_metric_kind)(i % 3), ""), 0);
    }
    for (int kind = 0; kind < 3; kind++)
        assert_int_equal(mdm_metric_named(*state, "one more", (mdm_metric_kind)kind, ""), 0);
    assert_int_equal(mdm_operation_begin(*state, "one more").kind, 0);
    assert_int_equal(mdm_counter_read(*state, "monitor.refused"), 4);

    mdm_metric last = mdm_metric_named(*state, "metric.4095", MDM_METRIC_COUNTER, "");
    mdm_count(*state, last, 3);
    assert_int_equal(mdm_counter_read(*state, "metric.4095"), 3);
}

static void a_disabled_monitor_accepts_everything_and_records_nothing(void **state)
{
    (void)state;
    mdm_monitor_options options = MDM_MONITOR_OPTIONS_INIT;
    options.disabled = true;
    mdm_monitor *monitor = NULL;
    assert_int_equal(mdm_monitor_open(&options, &monitor, NULL), MDM_OK);
    mdm_monitor *const both[] = {monitor, NULL};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(mdm_metric_named(both[i], "a", MDM_METRIC_COUNTER, ""), 0);
        mdm_alloc_fail_after(-1);
        mdm_count(both[i], 0x10000, 1);
        mdm_gauge_set(both[i], 0x20000, 1);
        mdm_observe(both[i], 0x30000, 1);
        mdm_timer timer = mdm_timer_start(both[i]);
        assert_int_equal(timer.start_ns, 0);
        assert_int_equal(mdm_timer_stop(&timer, both[i], 0x30000), 0);
        mdm_operation operation = mdm_operation_begin(both[i], "a");
        mdm_operation_end(&operation, MDM_OK);
        assert_int_equal(mdm_alloc_count(), 0);
        assert_int_equal(mdm_counter_read(both[i], "a"), 0);
        assert_true(isnan(mdm_gauge_read(both[i], "a")));
        char *report = NULL;
        assert_int_equal(mdm_monitor_report(both[i], &report, NULL), MDM_OK);
        assert_string_equal(report, "{\"counters\":{},\"gauges\":{},\"histograms\":{}}");
        mdm_free_text(report);
    }
    mdm_monitor_close(monitor);
    mdm_monitor_close(NULL);
}

typedef struct figures {
    uint64_t refused, lost, recorded;
} figures;

static figures look(mdm_monitor *monitor)
{
    mdm_histogram_summary h;
    mdm_histogram_read(monitor, "h", &h);
    return (figures){mdm_counter_read(monitor, "monitor.refused"),
                     mdm_counter_read(monitor, "monitor.lost"),
                     mdm_counter_read(monitor, "c") + h.count};
}

/* Everything once: what has no metric is counted as refused, what is not recorded as lost.
 * Returns how many of the three things that can fail did. */
static uint64_t use_all(mdm_monitor *monitor)
{
    const figures before = look(monitor);
    const mdm_metric counter = mdm_metric_named(monitor, "c", MDM_METRIC_COUNTER, "");
    const mdm_metric gauge = mdm_metric_named(monitor, "g", MDM_METRIC_GAUGE, "");
    const mdm_metric histogram = mdm_metric_named(monitor, "h", MDM_METRIC_HISTOGRAM, "ns");
    mdm_operation operation = mdm_operation_begin(monitor, "o");
    const bool operates = operation.kind != 0;
    mdm_count(monitor, counter, 1);
    mdm_gauge_set(monitor, gauge, 1.5);
    mdm_observe(monitor, histogram, 1);
    const figures after = look(monitor);
    mdm_operation_end(&operation, MDM_OK);

    const uint64_t refused = 4u - (counter != 0) - (gauge != 0) - (histogram != 0) - operates;
    const uint64_t lost = after.lost - before.lost;
    assert_int_equal(after.refused - before.refused, refused);
    assert_int_equal(after.recorded - before.recorded + lost, (counter != 0) + (histogram != 0));
    assert_true(mdm_gauge_read(monitor, "g") == 1.5 || gauge == 0);

    char *report = NULL;
    const mdm_status status = mdm_monitor_report(monitor, &report, NULL);
    assert_true(status == MDM_OK || status == MDM_NO_MEMORY);
    assert_int_equal(status == MDM_OK, report != NULL);
    mdm_free_text(report);
    return refused + lost + (status != MDM_OK);
}

static void walk_failures(void (*fail_at)(long n))
{
    bool failed = true;
    for (long n = 0; failed; n++) {
        mdm_monitor *monitor = NULL;
        mdm_error err = {0};
        fail_at(n);
        const mdm_status status = mdm_monitor_open(NULL, &monitor, &err);
        const uint64_t noticed = status == MDM_OK ? use_all(monitor) : 1;
        failed = mdm_alloc_count() > n;
        mdm_alloc_fail_after(-1);
        assert_true(failed || noticed == 0);
        if (status == MDM_OK) {
            assert_int_equal(use_all(monitor), 0); /* memory is back, and so is recording */
        } else {
            assert_int_equal(status, MDM_NO_MEMORY);
            assert_null(monitor);
            assert_string_equal(err.message, "out of memory for a monitor");
        }
        mdm_monitor_close(monitor);
    }
}

static void every_allocation_may_fail_once(void **state)
{
    (void)state;
    walk_failures(mdm_alloc_fail_after);
}

static void memory_may_run_out_at_any_point(void **state)
{
    (void)state;
    walk_failures(mdm_alloc_fail_from);
}

int main(void)
{
#define MONITOR(test) cmocka_unit_test_setup_teardown(test, open_monitor, close_monitor)
    const struct CMUnitTest tests[] = {
        MONITOR(the_same_name_is_the_same_metric),
        MONITOR(kinds_do_not_share_numbers),
        MONITOR(a_refused_name_gets_no_metric_and_is_counted),
        MONITOR(a_monitor_holds_4096_metrics_of_all_kinds_together),
        cmocka_unit_test(a_disabled_monitor_accepts_everything_and_records_nothing),
        cmocka_unit_test(every_allocation_may_fail_once),
        cmocka_unit_test(memory_may_run_out_at_any_point),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
