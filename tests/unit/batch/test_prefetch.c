/* src/batch/prefetch.c: a stream read ahead, and the same stream read inline. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "mdm/monitor.h"
#include "scripted.h"

static mdm_stream open_ahead(script *s, const mdm_prefetch_options *options)
{
    mdm_stream source = open_script(s), ahead;
    const mdm_schema *schema = source.schema;
    assert_int_equal(mdm_prefetch_open(&source, options, &ahead, NULL), MDM_OK);
    assert_null(source.next);
    assert_ptr_equal(ahead.schema, schema);
    return ahead;
}

/* Both ways of reading must say the same. */
static mdm_prefetch_options way(int inline_only)
{
    mdm_prefetch_options options = MDM_PREFETCH_OPTIONS_INIT;
    options.inline_only = inline_only;
    return options;
}

#define BOTH_WAYS(options)               \
    for (int way_ = 0; way_ < 2; way_++) \
        for (mdm_prefetch_options options = way(way_), *once_ = &options; once_; once_ = NULL)

/* --- what comes out ---------------------------------------------------------------- */

static void every_chunk_comes_once_and_in_order(void **state)
{
    (void)state;
    static const int counts[] = {0, 1, 2, 16, 17, 500};
    BOTH_WAYS(options)
    {
        for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
            script s = {.chunks = counts[i]};
            mdm_stream ahead = open_ahead(&s, &options);
            int chunks;
            assert_int_equal(drain(&ahead, &chunks, NULL), MDM_OK);
            assert_int_equal(chunks, counts[i]);
            mdm_stream_close(&ahead);
            assert_int_equal(s.closed, 1);
        }
    }
}

static void an_error_of_the_source_comes_after_the_rows_before_it(void **state)
{
    (void)state;
    static const int counts[] = {0, 1, 40};
    BOTH_WAYS(options)
    {
        for (size_t i = 0; i < 3; i++) {
            script s = {.chunks = counts[i], .ending = MDM_FORMAT};
            mdm_stream ahead = open_ahead(&s, &options);
            mdm_error err = {0};
            int chunks;
            assert_int_equal(drain(&ahead, &chunks, &err), MDM_FORMAT);
            assert_int_equal(chunks, counts[i]);
            assert_int_equal(err.status, MDM_FORMAT);
            assert_non_null(strstr(err.message, "the source broke after"));
            mdm_stream_close(&ahead);
            assert_int_equal(s.closed, 1);
        }
    }
}

static void a_caller_without_an_error_gets_the_status(void **state)
{
    (void)state;
    BOTH_WAYS(options)
    {
        script s = {.chunks = 1, .ending = MDM_IO};
        mdm_stream ahead = open_ahead(&s, &options);
        int chunks;
        assert_int_equal(drain(&ahead, &chunks, NULL), MDM_IO);
        mdm_stream_close(&ahead);
    }
}

static void a_request_to_stop_reaches_the_consumer_through_the_source(void **state)
{
    (void)state;
    BOTH_WAYS(options)
    {
        volatile int flag = 0;
        const mdm_stop stop = {.flag = &flag};
        script s = {.chunks = 1000000, .stop = &stop};
        mdm_stream ahead = open_ahead(&s, &options);
        mdm_chunk *chunk = NULL;
        assert_int_equal(mdm_stream_next(&ahead, &chunk, NULL), MDM_OK);
        mdm_chunk_unref(chunk);
        __atomic_store_n(&flag, 1, __ATOMIC_RELAXED);
        mdm_error err = {0};
        mdm_status status;
        int more = 0;
        while ((status = mdm_stream_next(&ahead, &chunk, &err)) == MDM_OK) {
            assert_non_null(chunk);
            mdm_chunk_unref(chunk);
            more++;
        }
        assert_int_equal(status, MDM_CANCELLED);
        assert_string_equal(err.message, "cancelled");
        assert_in_range(more, 0, 17); /* the ring, and one in the reader's hand */
        mdm_stream_close(&ahead);
    }
}

/* --- how far ahead ------------------------------------------------------------------ */

/* So many chunks are read before anybody wants them, one of them waiting for room; never more. */
static void run_bounded(const mdm_prefetch_options *options, int ahead_of)
{
    script s = {.chunks = 100};
    mdm_stream ahead = open_ahead(&s, options);
    for (int taken = 0; taken + ahead_of <= 100; taken++) {
        while (s.reads < taken + ahead_of)
            sched_yield();
        assert_int_equal(s.reads, taken + ahead_of);
        mdm_chunk *chunk = NULL;
        assert_int_equal(mdm_stream_next(&ahead, &chunk, NULL), MDM_OK);
        assert_int_equal(number_of(chunk), taken);
        mdm_chunk_unref(chunk);
    }
    mdm_stream_close(&ahead);
}

static void the_reader_runs_ahead_by_the_ring_and_no_further(void **state)
{
    (void)state;
    mdm_prefetch_options options = MDM_PREFETCH_OPTIONS_INIT;
    run_bounded(&options, 17);
    options.max_chunks = 1;
    run_bounded(&options, 2);
}

static void memory_bounds_the_ring_too(void **state)
{
    (void)state;
    mdm_chunk *chunk = NULL;
    mdm_stream source = open_script(&(script){.chunks = 1});
    assert_int_equal(mdm_stream_next(&source, &chunk, NULL), MDM_OK);
    const size_t bytes = mdm_chunk_bytes(chunk);
    mdm_chunk_unref(chunk);
    mdm_stream_close(&source);

    mdm_prefetch_options options = MDM_PREFETCH_OPTIONS_INIT;
    options.max_bytes = 3 * bytes;
    run_bounded(&options, 4);
    options.max_bytes = 3 * bytes - 1;
    run_bounded(&options, 3);
    options.max_bytes = 0; /* less than any chunk: one at a time */
    run_bounded(&options, 2);
}

/* --- closing early -------------------------------------------------------------------- */

static void closing_early_stops_the_reader_and_closes_the_source(void **state)
{
    (void)state;
    BOTH_WAYS(options)
    {
        for (int taken = 0; taken < 3; taken++) {
            script s = {.chunks = 1000000};
            mdm_stream ahead = open_ahead(&s, &options);
            for (int i = 0; i < taken; i++) {
                mdm_chunk *chunk = NULL;
                assert_int_equal(mdm_stream_next(&ahead, &chunk, NULL), MDM_OK);
                mdm_chunk_unref(chunk);
            }
            mdm_stream_close(&ahead);
            assert_int_equal(s.closed, 1);
            assert_true(s.reads <= taken + 17);
        }
    }
}

static void closing_early_while_the_reader_waits_for_room_wakes_it(void **state)
{
    (void)state;
    mdm_prefetch_options options = MDM_PREFETCH_OPTIONS_INIT;
    options.max_chunks = 1;
    script s = {.chunks = 1000};
    mdm_stream ahead = open_ahead(&s, &options);
    while (s.reads < 2)
        sched_yield();
    mdm_stream_close(&ahead);
    assert_int_equal(s.reads, 2);
    assert_int_equal(s.closed, 1);
}

static void a_chunk_outlives_its_stream(void **state)
{
    (void)state;
    mdm_prefetch_options options = MDM_PREFETCH_OPTIONS_INIT;
    script s = {.chunks = 3};
    mdm_stream ahead = open_ahead(&s, &options);
    mdm_chunk *chunk = NULL;
    assert_int_equal(mdm_stream_next(&ahead, &chunk, NULL), MDM_OK);
    mdm_stream_close(&ahead);
    assert_int_equal(number_of(chunk), 0);
    mdm_chunk_unref(chunk);
}

/* --- the tap -------------------------------------------------------------------------- */

typedef struct taster {
    int seen, fails_at; /* -1: never */
    pthread_t thread;
    bool signals_blocked;
} taster;

static mdm_status taste(void *self, const mdm_chunk *chunk, mdm_error *err)
{
    taster *t = self;
    sigset_t blocked;
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    t->signals_blocked = sigismember(&blocked, SIGINT) == 1;
    t->thread = pthread_self();
    assert_int_equal(number_of(chunk), t->seen);
    if (t->seen++ == t->fails_at)
        return mdm_error_set(err, MDM_NO_MEMORY, "no memory for the profile");
    return MDM_OK;
}

static void the_tap_sees_every_chunk_on_the_thread_that_reads(void **state)
{
    (void)state;
    BOTH_WAYS(options)
    {
        taster t = {.fails_at = -1};
        options.tap = taste;
        options.tap_self = &t;
        script s = {.chunks = 50};
        mdm_stream ahead = open_ahead(&s, &options);
        int chunks;
        assert_int_equal(drain(&ahead, &chunks, NULL), MDM_OK);
        mdm_stream_close(&ahead);
        assert_int_equal(t.seen, 50);
        assert_int_equal(pthread_equal(t.thread, pthread_self()) != 0, options.inline_only);
    }
}

static void a_failing_tap_ends_the_stream_before_its_chunk(void **state)
{
    (void)state;
    BOTH_WAYS(options)
    {
        taster t = {.fails_at = 7};
        options.tap = taste;
        options.tap_self = &t;
        script s = {.chunks = 50};
        mdm_stream ahead = open_ahead(&s, &options);
        mdm_error err = {0};
        int chunks;
        assert_int_equal(drain(&ahead, &chunks, &err), MDM_NO_MEMORY);
        assert_int_equal(chunks, 7);
        assert_int_equal(t.seen, 8);
        assert_string_equal(err.message, "no memory for the profile");
        mdm_stream_close(&ahead);
        assert_int_equal(s.closed, 1);
    }
}

static void signals_are_for_the_threads_of_the_program(void **state)
{
    (void)state;
    mdm_prefetch_options options = MDM_PREFETCH_OPTIONS_INIT;
    taster t = {.fails_at = -1};
    options.tap = taste;
    options.tap_self = &t;
    script s = {.chunks = 1};
    mdm_stream ahead = open_ahead(&s, &options);
    int chunks;
    assert_int_equal(drain(&ahead, &chunks, NULL), MDM_OK);
    mdm_stream_close(&ahead);
    assert_true(t.signals_blocked);
    sigset_t blocked;
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    assert_int_equal(sigismember(&blocked, SIGINT), 0);
}

/* --- metrics ---------------------------------------------------------------------------- */

static void rows_bytes_and_the_waits_of_both_sides_are_recorded(void **state)
{
    (void)state;
    BOTH_WAYS(options)
    {
        mdm_monitor *monitor = NULL;
        assert_int_equal(mdm_monitor_open(NULL, &monitor, NULL), MDM_OK);
        options.monitor = monitor;
        for (int load = 0; load < 2; load++) {
            script s = {.chunks = 25};
            mdm_stream ahead = open_ahead(&s, &options);
            int chunks;
            assert_int_equal(drain(&ahead, &chunks, NULL), MDM_OK);
            mdm_stream_close(&ahead);
        }
        mdm_histogram_summary source, sink;
        assert_int_equal(mdm_counter_read(monitor, "batch.load.rows"), 2 * 25 * ROWS_PER_CHUNK);
        assert_in_range(mdm_counter_read(monitor, "batch.load.bytes"), 2 * 25 * ROWS_PER_CHUNK * 8,
                        2 * 25 * ROWS_PER_CHUNK * 16);
        const bool waits = !options.inline_only;
        assert_int_equal(mdm_histogram_read(monitor, "batch.load.source_wait", &source), waits);
        assert_int_equal(mdm_histogram_read(monitor, "batch.load.sink_wait", &sink), waits);
        assert_int_equal(source.count, waits ? 2 * 25 : 0);
        assert_int_equal(sink.count, waits ? 2 * 26 : 0); /* the end is waited for too */
        mdm_monitor_close(monitor);
    }
}

/* --- refusals ----------------------------------------------------------------------------- */

static void a_ring_of_no_chunks_is_refused_and_the_source_closed(void **state)
{
    (void)state;
    mdm_prefetch_options options = MDM_PREFETCH_OPTIONS_INIT;
    options.max_chunks = 0;
    script s = {.chunks = 1};
    mdm_stream source = open_script(&s), ahead;
    mdm_error err = {0};
    assert_int_equal(mdm_prefetch_open(&source, &options, &ahead, &err), MDM_INVALID);
    assert_non_null(strstr(err.message, "at least one"));
    assert_int_equal(s.closed, 1);
    assert_null(source.next);
    assert_null(ahead.next);
    mdm_stream_close(&source);
    mdm_stream_close(&ahead);
    assert_int_equal(s.closed, 1);
}

/* The source's own allocations fail as well, on the reading thread. */
static void walk_failures(int inline_only, void (*fail_at)(long n))
{
    bool failed = true;
    for (long n = 0; failed; n++) {
        mdm_prefetch_options options = way(inline_only);
        script s = {.chunks = 3};
        mdm_stream source = open_script(&s), ahead;
        mdm_error err = {0};
        int chunks = 0;
        fail_at(n);
        mdm_status status = mdm_prefetch_open(&source, &options, &ahead, &err);
        if (status == MDM_OK) status = drain(&ahead, &chunks, &err);
        mdm_stream_close(&ahead);
        failed = mdm_alloc_count() > n;
        mdm_alloc_fail_after(-1);
        assert_int_equal(status, failed ? MDM_NO_MEMORY : MDM_OK);
        assert_int_equal(chunks == 3, !failed);
        if (failed) assert_non_null(strstr(err.message, "out of memory"));
        assert_int_equal(s.closed, 1);
    }
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    for (int inline_only = 0; inline_only < 2; inline_only++) {
        walk_failures(inline_only, mdm_alloc_fail_after);
        walk_failures(inline_only, mdm_alloc_fail_from);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_chunk_comes_once_and_in_order),
        cmocka_unit_test(an_error_of_the_source_comes_after_the_rows_before_it),
        cmocka_unit_test(a_caller_without_an_error_gets_the_status),
        cmocka_unit_test(a_request_to_stop_reaches_the_consumer_through_the_source),
        cmocka_unit_test(the_reader_runs_ahead_by_the_ring_and_no_further),
        cmocka_unit_test(memory_bounds_the_ring_too),
        cmocka_unit_test(closing_early_stops_the_reader_and_closes_the_source),
        cmocka_unit_test(closing_early_while_the_reader_waits_for_room_wakes_it),
        cmocka_unit_test(a_chunk_outlives_its_stream),
        cmocka_unit_test(the_tap_sees_every_chunk_on_the_thread_that_reads),
        cmocka_unit_test(a_failing_tap_ends_the_stream_before_its_chunk),
        cmocka_unit_test(signals_are_for_the_threads_of_the_program),
        cmocka_unit_test(rows_bytes_and_the_waits_of_both_sides_are_recorded),
        cmocka_unit_test(a_ring_of_no_chunks_is_refused_and_the_source_closed),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
