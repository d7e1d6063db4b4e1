/* src/batch/queue.c: order, bounds, waiting and shutting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "base/alloc.h"
#include "mdm/batch.h"

static int items[8];

static mdm_queue *open_queue(size_t max_items, size_t max_bytes)
{
    mdm_queue *queue = NULL;
    assert_int_equal(mdm_queue_open(max_items, max_bytes, &queue, NULL), MDM_OK);
    return queue;
}

static void put(mdm_queue *queue, int item, size_t bytes)
{
    assert_true(mdm_queue_put(queue, &items[item], bytes));
}

static int get(mdm_queue *queue)
{
    void *item = NULL;
    assert_true(mdm_queue_get(queue, &item));
    return (int)((int *)item - items);
}

static pthread_t start(void *(*run)(void *), void *argument)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, run, argument), 0);
    return thread;
}

/* --- one thread ------------------------------------------------------------------ */

static void items_leave_in_the_order_in_which_they_came(void **state)
{
    (void)state;
    mdm_queue *queue = open_queue(3, 1000);
    put(queue, 0, 1);
    put(queue, 1, 1);
    for (int i = 0; i < 100; i++) { /* round the end many times */
        put(queue, (i + 2) % 8, 1);
        assert_int_equal(get(queue), i % 8);
    }
    assert_int_equal(get(queue), 100 % 8);
    assert_int_equal(get(queue), 101 % 8);
    mdm_queue_close(queue);
}

static void a_shut_queue_takes_nothing_but_gives_what_it_has(void **state)
{
    (void)state;
    mdm_queue *queue = open_queue(4, 1000);
    put(queue, 5, 1);
    mdm_queue_shut(queue);
    assert_false(mdm_queue_put(queue, &items[6], 1));
    assert_int_equal(get(queue), 5);
    void *item = &items[0];
    assert_false(mdm_queue_get(queue, &item));
    assert_null(item);
    mdm_queue_close(queue);
}

static void a_queue_without_room_is_refused(void **state)
{
    (void)state;
    mdm_queue *queue = (mdm_queue *)items;
    mdm_error err = {0};
    assert_int_equal(mdm_queue_open(0, 1, &queue, &err), MDM_INVALID);
    assert_null(queue);
    assert_string_equal(err.message, "a queue needs room for at least one item");
}

static void a_queue_of_more_items_than_there_is_memory_is_refused(void **state)
{
    (void)state;
    mdm_queue *queue = (mdm_queue *)items;
    mdm_error err = {0};
    assert_int_equal(mdm_queue_open(SIZE_MAX, 1, &queue, &err), MDM_NO_MEMORY);
    assert_int_equal(mdm_queue_open(SIZE_MAX / 16, 1, &queue, &err), MDM_NO_MEMORY);
    mdm_alloc_fail_after(0);
    assert_int_equal(mdm_queue_open(4, 1, &queue, &err), MDM_NO_MEMORY);
    mdm_alloc_fail_after(-1);
    assert_null(queue);
    assert_string_equal(err.message, "out of memory for a queue");
    mdm_queue_close(NULL);
}

/* --- two threads ------------------------------------------------------------------ */

typedef struct putter {
    mdm_queue *queue;
    size_t bytes;
    atomic_int done; /* items that went in */
    bool refused;
} putter;

static void *put_until_refused(void *argument)
{
    putter *p = argument;
    while (mdm_queue_put(p->queue, &items[p->done % 8], p->bytes))
        p->done++;
    p->refused = true;
    return NULL;
}

static void *put_once(void *argument)
{
    putter *p = argument;
    if (mdm_queue_put(p->queue, &items[0], p->bytes)) p->done++;
    return NULL;
}

/* Wait until `inside` items are in, then let them out one by one: never more may be in. */
static void run_full(size_t max_items, size_t max_bytes, size_t bytes, int inside)
{
    putter p = {.queue = open_queue(max_items, max_bytes), .bytes = bytes};
    const pthread_t thread = start(put_until_refused, &p);
    for (int taken = 0; taken < 200; taken++) {
        while (p.done < taken + inside)
            sched_yield();
        assert_int_equal(p.done, taken + inside);
        assert_int_equal(get(p.queue), taken % 8);
    }
    mdm_queue_shut(p.queue);
    pthread_join(thread, NULL);
    assert_true(p.refused);
    for (void *item; mdm_queue_get(p.queue, &item);)
        p.done--;
    assert_int_equal(p.done, 200);
    mdm_queue_close(p.queue);
}

static void whoever_finds_the_queue_full_waits(void **state)
{
    (void)state;
    run_full(1, SIZE_MAX, 1, 1);
    run_full(5, SIZE_MAX, 1, 5);
    run_full(5, SIZE_MAX, SIZE_MAX / 8, 5);
}

static void bytes_are_bounded_as_items_are(void **state)
{
    (void)state;
    run_full(100, 40, 10, 4);
    run_full(100, 49, 10, 4);
    run_full(100, 39, 10, 3);
}

static void one_item_may_always_enter_an_empty_queue(void **state)
{
    (void)state;
    run_full(100, 9, 10, 1);
    run_full(100, 0, 10, 1);
    run_full(100, 1, SIZE_MAX, 1);
}

typedef struct getter {
    mdm_queue *queue;
    int sum, count;
} getter;

static void *get_until_empty(void *argument)
{
    getter *g = argument;
    for (void *item; mdm_queue_get(g->queue, &item); g->count++)
        g->sum += *(int *)item;
    return NULL;
}

static void whoever_finds_the_queue_empty_waits(void **state)
{
    (void)state;
    int numbers[1000];
    getter g = {.queue = open_queue(2, 1000)};
    const pthread_t thread = start(get_until_empty, &g);
    for (int i = 0; i < 1000; i++) {
        numbers[i] = i;
        assert_true(mdm_queue_put(g.queue, &numbers[i], 1));
    }
    mdm_queue_shut(g.queue);
    pthread_join(thread, NULL);
    assert_int_equal(g.count, 1000);
    assert_int_equal(g.sum, 499500);
    mdm_queue_close(g.queue);
}

static void every_waiting_thread_wakes_when_the_queue_is_shut(void **state)
{
    (void)state;
    getter g[3];
    pthread_t threads[3];
    mdm_queue *queue = open_queue(1, 1);
    for (int i = 0; i < 3; i++) {
        g[i] = (getter){.queue = queue};
        threads[i] = start(get_until_empty, &g[i]);
    }
    mdm_queue_shut(queue);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    mdm_queue_close(queue);
}

/* Several small ones wait for a large one: all of them must come in when it leaves. Whether they
 * wait already cannot be seen from outside, so it is tried often. */
static void all_who_wait_for_room_get_it_when_there_is_enough(void **state)
{
    (void)state;
    for (int turn = 0; turn < 100; turn++) {
        putter p[3];
        pthread_t threads[3];
        mdm_queue *queue = open_queue(3, 30);
        put(queue, 0, 30);
        for (int i = 0; i < 3; i++) {
            p[i] = (putter){.queue = queue, .bytes = 10};
            threads[i] = start(put_once, &p[i]);
        }
        for (int i = 0; i < turn; i++)
            sched_yield();
        assert_int_equal(get(queue), 0);
        for (int i = 0; i < 3; i++) {
            pthread_join(threads[i], NULL);
            assert_int_equal(p[i].done, 1);
        }
        mdm_queue_shut(queue);
        for (void *item; mdm_queue_get(queue, &item);)
            continue;
        mdm_queue_close(queue);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_leave_in_the_order_in_which_they_came),
        cmocka_unit_test(a_shut_queue_takes_nothing_but_gives_what_it_has),
        cmocka_unit_test(a_queue_without_room_is_refused),
        cmocka_unit_test(a_queue_of_more_items_than_there_is_memory_is_refused),
        cmocka_unit_test(whoever_finds_the_queue_full_waits),
        cmocka_unit_test(bytes_are_bounded_as_items_are),
        cmocka_unit_test(one_item_may_always_enter_an_empty_queue),
        cmocka_unit_test(whoever_finds_the_queue_empty_waits),
        cmocka_unit_test(every_waiting_thread_wakes_when_the_queue_is_shut),
        cmocka_unit_test(all_who_wait_for_room_get_it_when_there_is_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
