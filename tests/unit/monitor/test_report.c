/* src/monitor/report.c: the JSON, as a parser that is not ours reads it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include <jansson.h>

#include "mdm/monitor.h"

typedef struct fixture {
    mdm_monitor *monitor;
    json_t *report;
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
    json_decref(f->report);
    mdm_monitor_close(f->monitor);
    return 0;
}

static json_t *report(fixture *f)
{
    char *text = NULL;
    json_error_t error;
    assert_int_equal(mdm_monitor_report(f->monitor, &text, NULL), MDM_OK);
    json_decref(f->report);
    f->report = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (!f->report) fail_msg("%s: %s", error.text, text);
    mdm_free_text(text);
    return f->report;
}

static void a_new_monitor_reports_only_on_itself(void **state)
{
    json_t *all = report(*state);
    assert_int_equal(json_object_size(all), 3);
    assert_int_equal(json_object_size(json_object_get(all, "counters")), 2);
    assert_int_equal(json_object_size(json_object_get(all, "gauges")), 0);
    assert_int_equal(json_object_size(json_object_get(all, "histograms")), 0);
}

static void each_kind_has_an_object_by_name(void **state)
{
    fixture *f = *state;
    mdm_count(f->monitor, mdm_metric_named(f->monitor, "q.n", MDM_METRIC_COUNTER, ""), 9007199254);
    mdm_gauge_set(f->monitor, mdm_metric_named(f->monitor, "g", MDM_METRIC_GAUGE, ""), 0.1);
    const mdm_metric h = mdm_metric_named(f->monitor, "t", MDM_METRIC_HISTOGRAM, "ns");
    for (uint64_t i = 1; i <= 10; i++)
        mdm_observe(f->monitor, h, i);

    json_t *all = report(f);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(all, "counters"), "q.n")),
                     9007199254);
    assert_true(json_real_value(json_object_get(json_object_get(all, "gauges"), "g")) == 0.1);
    json_t *t = json_object_get(json_object_get(all, "histograms"), "t");
    assert_string_equal(json_string_value(json_object_get(t, "unit")), "ns");
    static const struct {
        const char *name;
        double value;
    } figures[] = {{"count", 10}, {"sum", 55}, {"min", 1},  {"max", 10}, {"avg", 5.5},
                   {"p50", 5},    {"p90", 9},  {"p95", 10}, {"p99", 10}, {"p99.9", 10}};
    assert_int_equal(json_object_size(t), 11);
    for (size_t i = 0; i < 10; i++)
        assert_true(json_number_value(json_object_get(t, figures[i].name)) == figures[i].value);
}

static void what_is_not_known_is_null(void **state)
{
    fixture *f = *state;
    mdm_metric_named(f->monitor, "unset", MDM_METRIC_GAUGE, "");
    const double odd[] = {NAN, INFINITY, -INFINITY};
    const char *const names[] = {"nan", "inf", "-inf"};
    for (int i = 0; i < 3; i++)
        mdm_gauge_set(f->monitor, mdm_metric_named(f->monitor, names[i], MDM_METRIC_GAUGE, ""),
                      odd[i]);
    mdm_metric_named(f->monitor, "empty", MDM_METRIC_HISTOGRAM, "");
    const mdm_operation running = mdm_operation_begin(f->monitor, "run");
    assert_int_not_equal(running.kind, 0);

    json_t *all = report(f);
    json_t *gauges = json_object_get(all, "gauges");
    assert_true(json_is_null(json_object_get(gauges, "unset")));
    for (int i = 0; i < 3; i++)
        assert_true(json_is_null(json_object_get(gauges, names[i])));
    json_t *empty = json_object_get(json_object_get(all, "histograms"), "empty");
    assert_int_equal(json_integer_value(json_object_get(empty, "count")), 0);
    static const char *const figures[] = {"min", "max", "avg", "p50", "p90", "p95", "p99", "p99.9"};
    for (int i = 0; i < 8; i++)
        assert_true(json_is_null(json_object_get(empty, figures[i])));
    assert_int_equal(json_integer_value(json_object_get(all, "operation_run_count")), 0);
    assert_true(json_is_null(json_object_get(all, "operation_run_success_rate")));
    assert_true(json_is_null(json_object_get(all, "operation_run_p95_ms")));
}

static void any_name_makes_valid_json(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *name, *read;
    } cases[] = {
        {"\"quoted\"", "\"quoted\""},
        {"back\\slash", "back\\slash"},
        {"line\n", "line\n"},
        {"\x01\x1F\x7F", "\x01\x1F\x7F"},
        {"\xC3\xA9t\xC3\xA9", "\xC3\xA9t\xC3\xA9"},
        {"\xFF\xFE", "\xEF\xBF\xBD\xEF\xBF\xBD"},
    };
    const size_t count = sizeof cases / sizeof *cases;
    for (size_t i = 0; i < count; i++)
        mdm_count(f->monitor, mdm_metric_named(f->monitor, cases[i].name, MDM_METRIC_COUNTER, ""),
                  1);
    mdm_metric_named(f->monitor, "h", MDM_METRIC_HISTOGRAM, "\"unit\"");
    json_t *all = report(f);
    json_t *counters = json_object_get(all, "counters");
    for (size_t i = 0; i < count; i++)
        assert_int_equal(json_integer_value(json_object_get(counters, cases[i].read)), 1);
    json_t *h = json_object_get(json_object_get(all, "histograms"), "h");
    assert_string_equal(json_string_value(json_object_get(h, "unit")), "\"unit\"");
}

static void operations_have_flat_keys(void **state)
{
    fixture *f = *state;
    for (int i = 0; i < 4; i++) {
        mdm_operation operation = mdm_operation_begin(f->monitor, "dataset.registration");
        mdm_operation_end(&operation, i == 0 ? MDM_FORMAT : MDM_OK);
    }
    json_t *all = report(f);
    assert_int_equal(json_object_size(all), 3 + 6);
#define FLAT(figure) json_object_get(all, "operation_dataset_registration_" figure)
    assert_true(json_real_value(FLAT("success_rate")) == 0.75);
    assert_int_equal(json_integer_value(FLAT("count")), 4);
    assert_int_equal(json_integer_value(FLAT("failed")), 1);
    const double p50 = json_number_value(FLAT("p50_ms")), p95 = json_number_value(FLAT("p95_ms")),
                 p99 = json_number_value(FLAT("p99_ms"));
    assert_true(p50 > 0 && p50 <= p95 && p95 <= p99 && p99 < 10000);
}

static void counts_are_written_in_full(void **state)
{
    fixture *f = *state;
    mdm_count(f->monitor, mdm_metric_named(f->monitor, "big", MDM_METRIC_COUNTER, ""), UINT64_MAX);
    char *text = NULL;
    assert_int_equal(mdm_monitor_report(f->monitor, &text, NULL), MDM_OK);
    assert_non_null(strstr(text, "\"big\":18446744073709551615"));
    mdm_free_text(text);
}

int main(void)
{
#define MONITOR(test) cmocka_unit_test_setup_teardown(test, open_monitor, close_monitor)
    const struct CMUnitTest tests[] = {
        MONITOR(a_new_monitor_reports_only_on_itself),
        MONITOR(each_kind_has_an_object_by_name),
        MONITOR(what_is_not_known_is_null),
        MONITOR(any_name_makes_valid_json),
        MONITOR(operations_have_flat_keys),
        MONITOR(counts_are_written_in_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
