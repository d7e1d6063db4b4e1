/* src/monitor/shard.c: threads that come and go, monitors in turn, forks, full buckets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <malloc.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "mdm/monitor.h"
#include "monitor/monitor_internal.h"

/* All memory of the library is counted. */
static atomic_size_t live;

static void *counted_alloc(size_t bytes)
{
    void *memory = malloc(bytes);
    if (memory) live += malloc_usable_size(memory);
    return memory;
}

static void *counted_realloc(void *memory, size_t bytes)
{
    if (memory) live -= malloc_usable_size(memory);
    void *moved = realloc(memory, bytes);
    if (moved) live += malloc_usable_size(moved);
    else if (memory) live += malloc_usable_size(memory);
    return moved;
}

static void counted_free(void *memory)
{
    live -= malloc_usable_size(memory);
    free(memory);
}

typedef struct fixture {
    mdm_monitor *monitor;
    mdm_metric counter, histogram;
    sem_t recorded, go_on;
} fixture;

static int open_monitor(void **state)
{
    static fixture f;
    sem_init(&f.recorded, 0, 0);
    sem_init(&f.go_on, 0, 0);
    *state = &f;
    if (mdm_monitor_open(NULL, &f.monitor, NULL) != MDM_OK) return -1;
    f.counter = mdm_metric_named(f.monitor, "c", MDM_METRIC_COUNTER, "");
    f.histogram = mdm_metric_named(f.monitor, "h", MDM_METRIC_HISTOGRAM, "");
    return 0;
}

static int close_monitor(void **state)
{
    fixture *f = *state;
    mdm_monitor_close(f->monitor);
    return 0;
}

static mdm_histogram_summary summary(mdm_monitor *monitor)
{
    mdm_histogram_summary out;
    assert_true(mdm_histogram_read(monitor, "h", &out));
    return out;
}

static pthread_t start(void *(*run)(void *), void *argument)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, run, argument), 0);
    return thread;
}

static void join(pthread_t thread)
{
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static void *record_once(void *argument)
{
    fixture *f = argument;
    mdm_count(f->monitor, f->counter, 1);
    mdm_observe(f->monitor, f->histogram, 50);
    return NULL;
}

static void *record_and_wait(void *argument)
{
    fixture *f = argument;
    record_once(f);
    sem_post(&f->recorded);
    sem_wait(&f->go_on);
    return NULL;
}

/* --- threads ------------------------------------------------------------------- */

static void what_a_thread_recorded_is_read_while_it_lives_and_after(void **state)
{
    fixture *f = *state;
    record_once(f);
    const pthread_t thread = start(record_and_wait, f);
    sem_wait(&f->recorded);
    assert_int_equal(mdm_counter_read(f->monitor, "c"), 2);
    assert_int_equal(summary(f->monitor).count, 2);
    sem_post(&f->go_on);
    join(thread);
    assert_int_equal(mdm_counter_read(f->monitor, "c"), 2);
    const mdm_histogram_summary h = summary(f->monitor);
    assert_int_equal(h.count, 2);
    assert_int_equal(h.sum, 100);
    assert_int_equal(h.min, 50);
    assert_int_equal(h.max, 50);
}

static void *record_its_number(void *argument)
{
    fixture *f = ((void **)argument)[0];
    mdm_observe(f->monitor, f->histogram, (uintptr_t)((void **)argument)[1]);
    return NULL;
}

static void extremes_of_ended_threads_stay(void **state)
{
    static const uintptr_t values[] = {500, 3, 70000, 600};
    for (size_t i = 0; i < 4; i++) {
        void *argument[] = {*state, (void *)values[i]};
        join(start(record_its_number, argument));
    }
    const mdm_histogram_summary h = summary(((fixture *)*state)->monitor);
    assert_int_equal(h.count, 4);
    assert_int_equal(h.sum, 71103);
    assert_int_equal(h.min, 3);
    assert_int_equal(h.max, 70000);
}

static void ten_thousand_short_threads_leave_no_memory_behind(void **state)
{
    fixture *f = *state;
    for (int i = 0; i < 10; i++)
        join(start(record_once, f));
    const size_t before = live;
    for (int i = 0; i < 10000; i++)
        join(start(record_once, f));
    assert_int_equal(live, before);
    assert_int_equal(mdm_counter_read(f->monitor, "c"), 10010);
    assert_int_equal(summary(f->monitor).count, 10010);
}

#define WRITERS 4
#define RECORDS 20000u

static void *record_much(void *argument)
{
    fixture *f = argument;
    char name[32];
    for (uint64_t i = 0; i < RECORDS; i++) {
        mdm_count(f->monitor, f->counter, 1);
        mdm_observe(f->monitor, f->histogram, i);
        if (i % 100 != 0) continue;
        snprintf(name, sizeof name, "new.%d", (int)(i / 100));
        mdm_count(f->monitor, mdm_metric_named(f->monitor, name, MDM_METRIC_COUNTER, ""), 1);
        mdm_operation operation = mdm_operation_begin(f->monitor, "load");
        mdm_operation_end(&operation, MDM_OK);
    }
    sem_post(&f->recorded);
    return NULL;
}

static void threads_record_and_register_while_others_read(void **state)
{
    fixture *f = *state;
    pthread_t threads[WRITERS];
    for (int i = 0; i < WRITERS; i++)
        threads[i] = start(record_much, f);
    uint64_t seen = 0;
    for (int ended = 0; ended < WRITERS;) {
        char *report = NULL;
        assert_int_equal(mdm_monitor_report(f->monitor, &report, NULL), MDM_OK);
        mdm_free_text(report);
        const uint64_t now = mdm_counter_read(f->monitor, "c");
        assert_true(now >= seen);
        seen = now;
        const mdm_histogram_summary h = summary(f->monitor);
        assert_true(h.count == 0 || (h.min <= h.p50 && h.p50 <= h.p999 && h.p999 <= h.max));
        while (sem_trywait(&f->recorded) == 0)
            ended++;
    }
    for (int i = 0; i < WRITERS; i++)
        join(threads[i]);
    assert_int_equal(mdm_counter_read(f->monitor, "c"), WRITERS * RECORDS);
    assert_int_equal(mdm_counter_read(f->monitor, "new.199"), WRITERS);
    const mdm_histogram_summary h = summary(f->monitor);
    assert_int_equal(h.count, WRITERS * RECORDS);
    assert_int_equal(h.sum, (uint64_t)WRITERS * RECORDS * (RECORDS - 1) / 2);
    assert_int_equal(h.max, RECORDS - 1);
}

static fixture *late_fixture;

static void record_late(void *unused)
{
    (void)unused;
    record_once(late_fixture);
}

static void *leave_a_destructor(void *argument)
{
    pthread_setspecific(*(pthread_key_t *)argument, argument);
    record_once(late_fixture);
    return NULL;
}

/* Keys are destroyed in the order in which they were made, and the monitor's is older. */
static void a_record_made_while_the_thread_ends_is_kept(void **state)
{
    pthread_key_t key;
    late_fixture = *state;
    assert_int_equal(pthread_key_create(&key, record_late), 0);
    join(start(leave_a_destructor, &key));
    pthread_key_delete(key);
    assert_int_equal(mdm_counter_read(late_fixture->monitor, "c"), 2);
}

/* --- memory --------------------------------------------------------------------- */

static void *use_64_histograms(void *argument)
{
    fixture *f = argument;
    char name[32];
    for (int i = 0; i < 64; i++) {
        snprintf(name, sizeof name, "wide.%d", i);
        mdm_observe(f->monitor, mdm_metric_named(f->monitor, name, MDM_METRIC_HISTOGRAM, ""), 1);
    }
    sem_post(&f->recorded);
    sem_wait(&f->go_on);
    return NULL;
}

static void a_histogram_takes_at_most_5_kilobytes_a_thread(void **state)
{
    fixture *f = *state;
    const size_t before = live;
    pthread_t threads[8];
    for (int i = 0; i < 8; i++)
        threads[i] = start(use_64_histograms, f);
    for (int i = 0; i < 8; i++)
        sem_wait(&f->recorded);
    const size_t taken = live - before;
    for (int i = 0; i < 8; i++)
        sem_post(&f->go_on);
    for (int i = 0; i < 8; i++)
        join(threads[i]);
    assert_in_range(taken, 1, 2600000);
}

/* --- monitors in turn ------------------------------------------------------------ */

static void a_thread_may_use_more_monitors_than_it_has_hints(void **state)
{
    (void)state;
    enum { COUNT = 5 };
    mdm_monitor *monitors[COUNT];
    mdm_metric counters[COUNT], histograms[COUNT];
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(mdm_monitor_open(NULL, &monitors[i], NULL), MDM_OK);
        counters[i] = mdm_metric_named(monitors[i], "c", MDM_METRIC_COUNTER, "");
        histograms[i] = mdm_metric_named(monitors[i], "h", MDM_METRIC_HISTOGRAM, "");
    }
    for (uint64_t round = 0; round < 100; round++)
        for (int i = 0; i < COUNT; i++) {
            mdm_count(monitors[i], counters[i], (uint64_t)i);
            mdm_observe(monitors[i], histograms[i], (uint64_t)i);
        }
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(mdm_counter_read(monitors[i], "c"), i * 100);
        assert_int_equal(summary(monitors[i]).sum, i * 100);
        assert_int_equal(summary(monitors[i]).count, 100);
    }
    for (int i = 0; i < COUNT; i++)
        mdm_monitor_close(monitors[i]);
}

static void *record_in_two_monitors(void *argument)
{
    fixture *f = argument;
    for (int i = 0; i < 2; i++) {
        record_once(f);
        sem_post(&f->recorded);
        sem_wait(&f->go_on);
    }
    return NULL;
}

/* The second one may well get the address of the first. */
static void a_thread_outlives_a_monitor_and_meets_the_next(void **state)
{
    fixture *f = *state;
    const pthread_t thread = start(record_in_two_monitors, f);
    sem_wait(&f->recorded);
    assert_int_equal(close_monitor(state), 0);
    assert_int_equal(mdm_monitor_open(NULL, &f->monitor, NULL), MDM_OK);
    f->counter = mdm_metric_named(f->monitor, "c", MDM_METRIC_COUNTER, "");
    f->histogram = mdm_metric_named(f->monitor, "h", MDM_METRIC_HISTOGRAM, "");
    sem_post(&f->go_on);
    sem_wait(&f->recorded);
    assert_int_equal(mdm_counter_read(f->monitor, "c"), 1);
    sem_post(&f->go_on);
    join(thread);
    assert_int_equal(mdm_counter_read(f->monitor, "c"), 1);
    assert_int_equal(summary(f->monitor).count, 1);
}

static void a_closed_monitor_leaves_no_memory_behind(void **state)
{
    (void)state;
    const size_t before = live;
    for (int i = 0; i < 3; i++) {
        fixture f = {0};
        assert_int_equal(mdm_monitor_open(NULL, &f.monitor, NULL), MDM_OK);
        f.counter = mdm_metric_named(f.monitor, "c", MDM_METRIC_COUNTER, "");
        f.histogram = mdm_metric_named(f.monitor, "h", MDM_METRIC_HISTOGRAM, "");
        record_once(&f);
        join(start(record_once, &f));
        mdm_monitor_close(f.monitor);
    }
    assert_int_equal(live, before);
}

/* --- forks ------------------------------------------------------------------------ */

/* Shards that belong to no thread: its memory is used for other threads by now. */
static int ownerless_shards(const mdm_monitor *monitor)
{
    int count = 0;
    for (const mdm_shard *s = monitor->shards; s; s = s->next)
        count += s->thread_link == NULL;
    return count;
}

/* In the child: nothing of the parent's is there, what it records itself is. */
static bool child_counts_alone(fixture *f)
{
    mdm_histogram_summary h;
    if (ownerless_shards(f->monitor) != 1) return false;
    if (mdm_counter_read(f->monitor, "c") != 0) return false;
    if (!mdm_histogram_read(f->monitor, "h", &h) || h.count != 0 || h.sum != 0) return false;
    record_once(f);
    record_once(f);
    if (mdm_counter_read(f->monitor, "c") != 2) return false;
    if (!mdm_histogram_read(f->monitor, "h", &h) || h.count != 2 || h.sum != 100) return false;
    mdm_monitor_close(f->monitor);
    return true;
}

static void a_forked_child_does_not_count_the_work_of_its_parent_again(void **state)
{
    fixture *f = *state;
    record_once(f);
    join(start(record_once, f)); /* an ended thread */
    const pthread_t living = start(record_and_wait, f);
    sem_wait(&f->recorded);

    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) _exit(child_counts_alone(f) ? 0 : 1);
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);

    sem_post(&f->go_on);
    join(living);
    assert_int_equal(mdm_counter_read(f->monitor, "c"), 3);
    assert_int_equal(summary(f->monitor).count, 3);
}

/* --- full buckets ------------------------------------------------------------------- */

static uint32_t *own_bucket(fixture *f, uint64_t value)
{
    mdm_histogram *own = mdm_shard_histogram(f->monitor, f->histogram - MDM_FIRST_HISTOGRAM);
    assert_non_null(own);
    return &own->buckets[mdm_bucket_of(value)];
}

static void a_bucket_counts_beyond_32_bits(void **state)
{
    fixture *f = *state;
    uint64_t expected = 1;
    mdm_observe(f->monitor, f->histogram, 50);
    for (int turn = 0; turn < 2; turn++) {
        expected += UINT32_MAX - 1 - *own_bucket(f, 50);
        *own_bucket(f, 50) = UINT32_MAX - 1;
        for (int i = 0; i < 3; i++)
            mdm_observe(f->monitor, f->histogram, 50);
        expected += 3;
        assert_int_equal(*own_bucket(f, 50), 2);
        assert_int_equal(summary(f->monitor).count, expected);
    }
    assert_int_equal(summary(f->monitor).p50, 50);
    assert_int_equal(mdm_counter_read(f->monitor, "monitor.lost"), 0);
}

static void a_record_that_finds_its_bucket_full_and_no_memory_is_lost_and_counted(void **state)
{
    fixture *f = *state;
    mdm_observe(f->monitor, f->histogram, 50);
    *own_bucket(f, 50) = UINT32_MAX;
    mdm_alloc_fail_from(0);
    mdm_observe(f->monitor, f->histogram, 50);
    mdm_alloc_fail_after(-1);
    assert_int_equal(summary(f->monitor).count, UINT32_MAX);
    assert_int_equal(mdm_counter_read(f->monitor, "monitor.lost"), 1);
    mdm_observe(f->monitor, f->histogram, 50);
    assert_int_equal(summary(f->monitor).count, (uint64_t)UINT32_MAX + 1);
}

static void *record_three_billion(void *argument)
{
    fixture *f = argument;
    mdm_observe(f->monitor, f->histogram, 50);
    *own_bucket(f, 50) = 3000000000u;
    return NULL;
}

static void ended_threads_add_up_beyond_32_bits(void **state)
{
    fixture *f = *state;
    for (int i = 0; i < 4; i++)
        join(start(record_three_billion, f));
    assert_int_equal(summary(f->monitor).count, 12000000000);
    assert_int_equal(summary(f->monitor).p50, 50);
}

/* The count of the second thread has no place; the first one's stays. */
static void what_an_ending_thread_cannot_leave_is_counted(void **state)
{
    fixture *f = *state;
    join(start(record_three_billion, f));
    const pthread_t second = start(record_and_wait, f);
    sem_wait(&f->recorded);
    mdm_retired_histogram *kept =
        &f->monitor->retired_histograms[f->histogram - MDM_FIRST_HISTOGRAM];
    kept->block->buckets[mdm_bucket_of(50)] = UINT32_MAX;
    mdm_alloc_fail_from(0);
    sem_post(&f->go_on);
    join(second);
    mdm_alloc_fail_after(-1);
    assert_int_equal(mdm_counter_read(f->monitor, "monitor.lost"), 1);
    assert_int_equal(kept->block->buckets[mdm_bucket_of(50)], UINT32_MAX);
}

int main(void)
{
    mdm_allocator_set(&(mdm_allocator){counted_alloc, counted_realloc, counted_free});
#define MONITOR(test) cmocka_unit_test_setup_teardown(test, open_monitor, close_monitor)
    const struct CMUnitTest tests[] = {
        MONITOR(what_a_thread_recorded_is_read_while_it_lives_and_after),
        MONITOR(extremes_of_ended_threads_stay),
        MONITOR(ten_thousand_short_threads_leave_no_memory_behind),
        MONITOR(threads_record_and_register_while_others_read),
        MONITOR(a_record_made_while_the_thread_ends_is_kept),
        MONITOR(a_histogram_takes_at_most_5_kilobytes_a_thread),
        MONITOR(a_thread_may_use_more_monitors_than_it_has_hints),
        MONITOR(a_thread_outlives_a_monitor_and_meets_the_next),
        cmocka_unit_test(a_closed_monitor_leaves_no_memory_behind),
        MONITOR(a_forked_child_does_not_count_the_work_of_its_parent_again),
        MONITOR(a_bucket_counts_beyond_32_bits),
        MONITOR(a_record_that_finds_its_bucket_full_and_no_memory_is_lost_and_counted),
        MONITOR(ended_threads_add_up_beyond_32_bits),
        MONITOR(what_an_ending_thread_cannot_leave_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
