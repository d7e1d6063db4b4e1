/* src/monitor/shard.c in a process that has run out of thread keys, or of memory for them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>

#include "mdm/monitor.h"

int __wrap_pthread_setspecific(pthread_key_t key, const void *value);
int __real_pthread_setspecific(pthread_key_t key, const void *value);
int __wrap_pthread_key_create(pthread_key_t *key, void (*destroy)(void *value));
int __real_pthread_key_create(pthread_key_t *key, void (*destroy)(void *value));

static bool refuse_key, refuse_value;

int __wrap_pthread_key_create(pthread_key_t *key, void (*destroy)(void *value))
{
    return refuse_key ? EAGAIN : __real_pthread_key_create(key, destroy);
}

int __wrap_pthread_setspecific(pthread_key_t key, const void *value)
{
    return refuse_value ? ENOMEM : __real_pthread_setspecific(key, value);
}

static void without_a_thread_key_a_monitor_does_not_open_until_there_is_one(void **state)
{
    (void)state;
    mdm_monitor *monitor = NULL;
    mdm_error err = {0};
    refuse_key = true;
    assert_int_equal(mdm_monitor_open(NULL, &monitor, &err), MDM_NO_MEMORY);
    assert_null(monitor);
    assert_string_equal(err.message, "no thread key is left for a monitor");
    refuse_key = false;
    assert_int_equal(mdm_monitor_open(NULL, &monitor, NULL), MDM_OK);
    mdm_monitor_close(monitor);
}

/* Its shard would outlive it. */
static void a_thread_whose_end_would_go_unnoticed_records_nothing(void **state)
{
    (void)state;
    mdm_monitor *monitor = NULL;
    assert_int_equal(mdm_monitor_open(NULL, &monitor, NULL), MDM_OK);
    const mdm_metric counter = mdm_metric_named(monitor, "c", MDM_METRIC_COUNTER, "");
    const mdm_metric histogram = mdm_metric_named(monitor, "h", MDM_METRIC_HISTOGRAM, "");
    refuse_value = true;
    mdm_count(monitor, counter, 1);
    mdm_observe(monitor, histogram, 1);
    refuse_value = false;
    assert_int_equal(mdm_counter_read(monitor, "c"), 0);
    assert_int_equal(mdm_counter_read(monitor, "monitor.lost"), 2);
    mdm_count(monitor, counter, 1);
    assert_int_equal(mdm_counter_read(monitor, "c"), 1);
    mdm_monitor_close(monitor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_thread_key_a_monitor_does_not_open_until_there_is_one),
        cmocka_unit_test(a_thread_whose_end_would_go_unnoticed_records_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
