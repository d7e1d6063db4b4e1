/* src/batch/prefetch.c where no thread is to be had. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>

#include "mdm/monitor.h"
#include "scripted.h"

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *argument);

static int tried;

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *argument)
{
    (void)thread, (void)attributes, (void)run, (void)argument;
    tried++;
    return EAGAIN;
}

static void without_a_thread_the_stream_is_read_inline(void **state)
{
    (void)state;
    mdm_prefetch_options options = MDM_PREFETCH_OPTIONS_INIT;
    script s = {.chunks = 40, .ending = MDM_FORMAT};
    mdm_stream source = open_script(&s), ahead;
    assert_int_equal(mdm_prefetch_open(&source, &options, &ahead, NULL), MDM_OK);
    assert_int_equal(tried, 1);
    assert_int_equal(s.reads, 0);
    int chunks;
    assert_int_equal(drain(&ahead, &chunks, NULL), MDM_FORMAT);
    assert_int_equal(chunks, 40);
    mdm_stream_close(&ahead);
    assert_int_equal(s.closed, 1);
}

static void inline_reading_asks_for_no_thread(void **state)
{
    (void)state;
    mdm_prefetch_options options = MDM_PREFETCH_OPTIONS_INIT;
    options.inline_only = true;
    options.max_chunks = 0; /* no ring, so none is refused */
    script s = {.chunks = 2};
    mdm_stream source = open_script(&s), ahead;
    tried = 0;
    assert_int_equal(mdm_prefetch_open(&source, &options, &ahead, NULL), MDM_OK);
    int chunks;
    assert_int_equal(drain(&ahead, &chunks, NULL), MDM_OK);
    assert_int_equal(chunks, 2);
    mdm_stream_close(&ahead);
    assert_int_equal(tried, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_thread_the_stream_is_read_inline),
        cmocka_unit_test(inline_reading_asks_for_no_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
