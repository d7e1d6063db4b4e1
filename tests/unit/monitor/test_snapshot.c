/* src/monitor/snapshot.c: reading by name, and everything at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "mdm/monitor.h"
#include "monitor/snapshot.h"

static int open_monitor(void **state)
{
    return mdm_monitor_open(NULL, (mdm_monitor **)state, NULL) == MDM_OK ? 0 : -1;
}

static int close_monitor(void **state)
{
    mdm_monitor_close(*state);
    return 0;
}

static void names_unknown_or_of_another_kind_read_as_nothing(void **state)
{
    mdm_count(*state, mdm_metric_named(*state, "c", MDM_METRIC_COUNTER, ""), 1);
    mdm_gauge_set(*state, mdm_metric_named(*state, "g", MDM_METRIC_GAUGE, ""), 1);
    mdm_observe(*state, mdm_metric_named(*state, "h", MDM_METRIC_HISTOGRAM, ""), 1);
    const mdm_histogram_summary nothing = {0};
    static const char *const names[] = {"c", "g", "h", "absent", "", NULL};
    for (size_t i = 0; i < 6; i++) {
        mdm_histogram_summary summary;
        memset(&summary, 1, sizeof summary);
        assert_int_equal(mdm_counter_read(*state, names[i]), i == 0);
        assert_int_equal(isnan(mdm_gauge_read(*state, names[i])), i != 1);
        assert_int_equal(mdm_histogram_read(*state, names[i], &summary), i == 2);
        if (i != 2) assert_memory_equal(&summary, &nothing, sizeof summary);
    }
}

static void a_snapshot_has_everything_in_order_of_registration(void **state)
{
    static const char *const names[] = {"z", "a", "m"};
    static const mdm_metric_kind kinds[] = {MDM_METRIC_HISTOGRAM, MDM_METRIC_COUNTER,
                                            MDM_METRIC_GAUGE};
    mdm_metric ids[3];
    for (int i = 0; i < 3; i++)
        ids[i] = mdm_metric_named(*state, names[i], kinds[i], "rows");
    mdm_observe(*state, ids[0], 7);
    mdm_count(*state, ids[1], 8);
    mdm_gauge_set(*state, ids[2], 9.5);

    mdm_snapshot all;
    assert_int_equal(mdm_snapshot_take(*state, &all, NULL), MDM_OK);
    assert_int_equal(all.metric_count, 5); /* monitor.refused and monitor.lost come first */
    for (int i = 0; i < 3; i++) {
        const mdm_metric_value *metric = &all.metrics[2 + i];
        assert_true(mdm_str_equal(metric->name, mdm_str_from(names[i])));
        assert_int_equal(metric->kind, kinds[i]);
        assert_string_equal(metric->unit, "rows");
    }
    assert_int_equal(all.metrics[2].as.histogram.sum, 7);
    assert_int_equal(all.metrics[3].as.count, 8);
    assert_true(all.metrics[4].as.gauge == 9.5);
    mdm_snapshot_clear(&all);
    assert_null(all.metrics);
}

static void metrics_beyond_the_first_pages_are_read_too(void **state)
{
    char name[32];
    for (unsigned i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "counter.%u", i);
        mdm_count(*state, mdm_metric_named(*state, name, MDM_METRIC_COUNTER, ""), i);
        snprintf(name, sizeof name, "gauge.%u", i);
        mdm_gauge_set(*state, mdm_metric_named(*state, name, MDM_METRIC_GAUGE, ""), i);
        snprintf(name, sizeof name, "histogram.%u", i);
        mdm_observe(*state, mdm_metric_named(*state, name, MDM_METRIC_HISTOGRAM, ""), i);
    }
    for (unsigned i = 0; i < 300; i++) {
        mdm_histogram_summary summary;
        snprintf(name, sizeof name, "counter.%u", i);
        assert_int_equal(mdm_counter_read(*state, name), i);
        snprintf(name, sizeof name, "gauge.%u", i);
        assert_true(mdm_gauge_read(*state, name) == i);
        snprintf(name, sizeof name, "histogram.%u", i);
        assert_true(mdm_histogram_read(*state, name, &summary));
        assert_int_equal(summary.sum, i);
        assert_int_equal(summary.count, 1);
    }
}

int main(void)
{
#define MONITOR(test) cmocka_unit_test_setup_teardown(test, open_monitor, close_monitor)
    const struct CMUnitTest tests[] = {
        MONITOR(names_unknown_or_of_another_kind_read_as_nothing),
        MONITOR(a_snapshot_has_everything_in_order_of_registration),
        MONITOR(metrics_beyond_the_first_pages_are_read_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
