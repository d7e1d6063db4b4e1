/* src/monitor/record.c: counters, gauges, histograms, timers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

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

static mdm_histogram_summary summary(mdm_monitor *monitor, const char *name)
{
    mdm_histogram_summary out;
    assert_true(mdm_histogram_read(monitor, name, &out));
    return out;
}

static void a_counter_adds(void **state)
{
    const mdm_metric rows = mdm_metric_named(*state, "rows", MDM_METRIC_COUNTER, "rows");
    assert_int_equal(mdm_counter_read(*state, "rows"), 0);
    mdm_count(*state, rows, 5);
    mdm_count(*state, rows, 0);
    mdm_count(*state, rows, UINT64_C(1) << 40);
    assert_int_equal(mdm_counter_read(*state, "rows"), (UINT64_C(1) << 40) + 5);
}

static void a_gauge_is_what_was_set_last(void **state)
{
    const mdm_metric size = mdm_metric_named(*state, "size", MDM_METRIC_GAUGE, "bytes");
    assert_true(isnan(mdm_gauge_read(*state, "size")));
    mdm_gauge_set(*state, size, 3);
    mdm_gauge_set(*state, size, -0.5);
    assert_true(mdm_gauge_read(*state, "size") == -0.5);
}

static void a_histogram_keeps_count_sum_and_extremes(void **state)
{
    const mdm_metric time = mdm_metric_named(*state, "time", MDM_METRIC_HISTOGRAM, "ns");
    for (uint64_t value = 1; value <= 100; value++)
        mdm_observe(*state, time, value * 1000);
    const mdm_histogram_summary s = summary(*state, "time");
    assert_int_equal(s.count, 100);
    assert_int_equal(s.sum, 5050000);
    assert_int_equal(s.min, 1000);
    assert_int_equal(s.max, 100000);
    assert_true(s.mean == 50500);
    assert_in_range(s.p50, 50000 - 50000 / 64, 50000 + 50000 / 64);
    assert_in_range(s.p99, 99000 - 99000 / 64, 99000 + 99000 / 64);
}

static void numbers_of_another_kind_do_nothing(void **state)
{
    const mdm_metric counter = mdm_metric_named(*state, "c", MDM_METRIC_COUNTER, "");
    const mdm_metric gauge = mdm_metric_named(*state, "g", MDM_METRIC_GAUGE, "");
    const mdm_metric histogram = mdm_metric_named(*state, "h", MDM_METRIC_HISTOGRAM, "");
    mdm_count(*state, counter, 1); /* from here on the thread has places for all it knows */
    mdm_observe(*state, histogram, 1);
    const mdm_metric odd[] = {0, 1, counter + 1, gauge + 1, histogram + 1, gauge + 64, UINT32_MAX};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        mdm_count(*state, odd[i], 1);
        mdm_gauge_set(*state, odd[i], 1);
        mdm_observe(*state, odd[i], 1);
    }
    mdm_count(*state, gauge, 1);
    mdm_count(*state, histogram, 1);
    mdm_gauge_set(*state, counter, 1);
    mdm_gauge_set(*state, histogram, 1);
    mdm_observe(*state, counter, 1);
    mdm_observe(*state, gauge, 1);
    assert_int_equal(mdm_counter_read(*state, "c"), 1);
    assert_true(isnan(mdm_gauge_read(*state, "g")));
    assert_int_equal(summary(*state, "h").count, 1);
    assert_int_equal(mdm_counter_read(*state, "monitor.lost"), 0);

    /* The next metric gets a number that was used above: it starts from nothing all the same. */
    assert_int_equal(mdm_metric_named(*state, "d", MDM_METRIC_COUNTER, ""), counter + 1);
    assert_int_equal(mdm_counter_read(*state, "d"), 0);
}

static void a_timer_observes_the_time_since_its_start_once(void **state)
{
    const mdm_metric time = mdm_metric_named(*state, "time", MDM_METRIC_HISTOGRAM, "ns");
    const int64_t before = mdm_clock_ns();
    mdm_timer timer = mdm_timer_start(*state);
    const int64_t elapsed = mdm_timer_stop(&timer, *state, time);
    const int64_t after = mdm_clock_ns();
    assert_in_range(elapsed, 0, after - before);
    assert_int_equal(timer.start_ns, 0);
    assert_int_equal(mdm_timer_stop(&timer, *state, time), 0);
    assert_int_equal(summary(*state, "time").count, 1);
    assert_int_equal(summary(*state, "time").sum, elapsed);
}

static void after_its_first_use_a_metric_takes_no_memory(void **state)
{
    const mdm_metric counter = mdm_metric_named(*state, "c", MDM_METRIC_COUNTER, "");
    const mdm_metric gauge = mdm_metric_named(*state, "g", MDM_METRIC_GAUGE, "");
    const mdm_metric histogram = mdm_metric_named(*state, "h", MDM_METRIC_HISTOGRAM, "");
    mdm_count(*state, counter, 1);
    mdm_observe(*state, histogram, 1);
    mdm_alloc_fail_from(0);
    for (uint64_t i = 0; i < 1000; i++) {
        mdm_count(*state, counter, 1);
        mdm_gauge_set(*state, gauge, 1);
        mdm_observe(*state, histogram, i << (i % 60));
    }
    assert_int_equal(mdm_alloc_count(), 0);
    mdm_alloc_fail_after(-1);
    assert_int_equal(mdm_counter_read(*state, "c"), 1001);
    assert_int_equal(summary(*state, "h").count, 1001);
}

int main(void)
{
#define MONITOR(test) cmocka_unit_test_setup_teardown(test, open_monitor, close_monitor)
    const struct CMUnitTest tests[] = {
        MONITOR(a_counter_adds),
        MONITOR(a_gauge_is_what_was_set_last),
        MONITOR(a_histogram_keeps_count_sum_and_extremes),
        MONITOR(numbers_of_another_kind_do_nothing),
        MONITOR(a_timer_observes_the_time_since_its_start_once),
        MONITOR(after_its_first_use_a_metric_takes_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
