#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "mdm/monitor.h"
#include "mdm/pool.h"
#include "pool/internal.h"
#include "toy.h"

static mdm_pool *open_pool(mdm_pool_options options)
{
    mdm_location location = toy_location();
    mdm_error err = {0};
    mdm_pool *pool = NULL;
    if (mdm_pool_open(&location, &options, &pool, &err) != MDM_OK) fail_msg("%s", err.message);
    return pool;
}

static mdm_pool_options options_of(int size, int overflow)
{
    mdm_pool_options options = MDM_POOL_OPTIONS_INIT;
    options.name = "toys";
    options.size = size;
    options.max_overflow = overflow;
    options.timeout_ms = 0;
    return options;
}

static mdm_lease take(mdm_pool *pool, const char *tag)
{
    mdm_lease lease;
    mdm_error err = {0};
    if (mdm_pool_acquire(pool, tag, NULL, &lease, &err) != MDM_OK) fail_msg("%s", err.message);
    return lease;
}

static int fresh(void **state)
{
    (void)state;
    toy_reset();
    return 0;
}

/* As if the connection had been idle, or open, for that long. */
static void age(mdm_pool *pool, uint32_t slot_index, int64_t ms)
{
    pool->slots[slot_index].check_at -= ms * 1000000;
    pool->slots[slot_index].expires_at -= ms * 1000000;
}

/* --- the usual way ------------------------------------------------------------- */

static void a_returned_connection_is_lent_again(void **state)
{
    (void)state;
    mdm_pool *pool = open_pool(options_of(3, 0));
    assert_int_equal(toy.opened, 0);
    for (int i = 0; i < 100; i++) {
        mdm_lease lease = take(pool, "test");
        assert_int_equal(toy_of(lease.conn)->number, 1);
        mdm_pool_release(&lease);
        assert_null(lease.conn);
        mdm_pool_release(&lease); /* zeroed: allowed */
    }
    mdm_pool_stats stats = mdm_pool_stats_read(pool);
    assert_string_equal(stats.name, "toys");
    assert_string_equal(stats.backend, "toy");
    assert_int_equal(stats.acquired, 100);
    assert_int_equal(stats.created, 1);
    assert_int_equal(stats.idle, 1);
    assert_int_equal(stats.active, 0);
    assert_int_equal(stats.waited, 0);
    mdm_pool_close(pool);
    assert_int_equal(toy.closed, 1);
}

static void two_at_once_are_two(void **state)
{
    (void)state;
    mdm_pool *pool = open_pool(options_of(2, 0));
    mdm_lease a = take(pool, "a"), b = take(pool, "b");
    assert_true(a.conn != b.conn);
    assert_int_equal(mdm_pool_stats_read(pool).active, 2);
    mdm_pool_release(&a);
    mdm_pool_release(&b);
    assert_int_equal(mdm_pool_stats_read(pool).idle, 2);
    mdm_pool_close(pool);
}

static void overflow_is_closed_when_it_comes_back(void **state)
{
    (void)state;
    mdm_pool *pool = open_pool(options_of(2, 2));
    mdm_lease leases[4];
    for (int i = 0; i < 4; i++)
        leases[i] = take(pool, "test");
    assert_int_equal(toy.opened, 4);
    for (int i = 0; i < 4; i++)
        mdm_pool_release(&leases[i]);
    assert_int_equal(toy.closed, 2);
    assert_int_equal(mdm_pool_stats_read(pool).idle, 2);
    mdm_pool_close(pool);
    assert_int_equal(toy.closed, 4);
}

static void warm_connections_are_there_at_once(void **state)
{
    (void)state;
    mdm_pool_options options = options_of(4, 0);
    options.warm = 3;
    mdm_pool *pool = open_pool(options);
    assert_int_equal(toy.opened, 3);
    assert_int_equal(mdm_pool_stats_read(pool).idle, 3);
    mdm_pool_close(pool);

    toy_reset();
    toy.fail_opens = 1;
    mdm_location location = toy_location();
    mdm_error err = {0};
    assert_int_equal(mdm_pool_open(&location, &options, &pool, &err), MDM_BACKEND);
    assert_null(pool);
    assert_string_equal(err.message, "the toy refuses");
}

static void options_out_of_range_are_refused(void **state)
{
    (void)state;
    static const struct {
        int size, overflow, warm;
        int64_t timeout_ms;
        const char *message;
    } cases[] = {
        {0, 0, 0, 0, "a pool's size must be from 1 to 10000"},
        {10001, 0, 0, 0, "a pool's size must be from 1 to 10000"},
        {1, -1, 0, 0, "a pool's max_overflow must be from 0 to 10000"},
        {1, 0, 2, 0, "a pool's warm must be from 0 to size"},
        {1, 0, 0, -1, "a pool's times must not be negative"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mdm_pool_options options = options_of(cases[i].size, cases[i].overflow);
        options.warm = cases[i].warm;
        options.timeout_ms = cases[i].timeout_ms;
        mdm_location location = toy_location();
        mdm_error err = {0};
        mdm_pool *pool;
        assert_int_equal(mdm_pool_open(&location, &options, &pool, &err), MDM_INVALID);
        assert_null(pool);
        assert_string_equal(err.message, cases[i].message);
    }
}

/* --- good and bad connections ---------------------------------------------------- */

static void an_idle_connection_is_tested_before_it_is_lent(void **state)
{
    (void)state;
    mdm_pool *pool = open_pool(options_of(1, 0));
    mdm_lease lease = take(pool, "test");
    mdm_pool_release(&lease);
    lease = take(pool, "test"); /* at once: no test */
    assert_int_equal(toy.pings, 0);
    mdm_pool_release(&lease);
    age(pool, 0, 600);
    lease = take(pool, "test");
    assert_int_equal(toy.pings, 1);
    assert_int_equal(toy_of(lease.conn)->number, 1);
    mdm_pool_release(&lease);
    age(pool, 0, 600);
    toy.fail_pings = 1;
    lease = take(pool, "test");
    assert_int_equal(toy_of(lease.conn)->number, 2);
    mdm_pool_release(&lease);
    mdm_pool_stats stats = mdm_pool_stats_read(pool);
    assert_int_equal(stats.failed, 1);
    assert_int_equal(stats.created, 2);
    mdm_pool_close(pool);
}

static void without_pre_ping_nothing_is_tested(void **state)
{
    (void)state;
    mdm_pool_options options = options_of(1, 0);
    options.pre_ping = false;
    mdm_pool *pool = open_pool(options);
    mdm_lease lease = take(pool, "test");
    mdm_pool_release(&lease);
    age(pool, 0, 600);
    lease = take(pool, "test");
    assert_int_equal(toy.pings, 0);
    mdm_pool_release(&lease);
    mdm_pool_close(pool);
}

static void an_old_connection_is_replaced(void **state)
{
    (void)state;
    mdm_pool *pool = open_pool(options_of(1, 0));
    mdm_lease lease = take(pool, "test");
    mdm_pool_release(&lease);
    /* no sooner than a tenth before its time */
    age(pool, 0, 3600000 * 9 / 10 - 1000);
    lease = take(pool, "test");
    assert_int_equal(toy_of(lease.conn)->number, 1);
    mdm_pool_release(&lease);
    age(pool, 0, 3600000 / 10 + 2000);
    lease = take(pool, "test");
    assert_int_equal(toy_of(lease.conn)->number, 2);
    mdm_pool_release(&lease);
    assert_int_equal(mdm_pool_stats_read(pool).recycled, 1);
    assert_int_equal(mdm_pool_stats_read(pool).failed, 0);
    mdm_pool_close(pool);
}

static void a_connection_that_broke_is_not_lent(void **state)
{
    (void)state;
    mdm_pool *pool = open_pool(options_of(1, 0));
    mdm_lease lease = take(pool, "test");
    toy_conn *conn = toy_of(lease.conn);
    mdm_pool_release(&lease);
    conn->broken = true;
    lease = take(pool, "test");
    assert_int_equal(toy_of(lease.conn)->number, 2);
    toy_of(lease.conn)->broken = true; /* while it is lent */
    mdm_pool_release(&lease);
    assert_int_equal(toy.closed, 2);
    assert_int_equal(mdm_pool_stats_read(pool).failed, 2);
    mdm_pool_close(pool);
}

static void a_fresh_connection_is_lent_as_it_is(void **state)
{
    (void)state;
    mdm_pool *pool = open_pool(options_of(1, 0));
    toy.born_broken = true; /* or each would be replaced by the next, for ever */
    mdm_lease lease = take(pool, "test");
    assert_int_equal(toy.opened, 1);
    mdm_pool_release(&lease);
    mdm_pool_close(pool);
}

static void after_a_discard_the_idle_ones_are_tested_once(void **state)
{
    (void)state;
    mdm_pool *pool = open_pool(options_of(3, 0));
    mdm_lease leases[3];
    for (int i = 0; i < 3; i++)
        leases[i] = take(pool, "test");
    mdm_pool_release(&leases[0]);
    mdm_pool_release(&leases[1]);
    mdm_pool_discard(&leases[2]);
    assert_null(leases[2].conn);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 2; i++)
            leases[i] = take(pool, "test");
        for (int i = 0; i < 2; i++)
            mdm_pool_release(&leases[i]);
        assert_int_equal(toy.pings, 2);
    }
    assert_int_equal(toy.opened, 3);
    mdm_pool_close(pool);
}

static void clear_closes_all_of_its_time(void **state)
{
    (void)state;
    mdm_pool *pool = open_pool(options_of(3, 0));
    mdm_lease a = take(pool, "a"), b = take(pool, "b");
    mdm_pool_release(&a);
    mdm_pool_clear(pool);
    assert_int_equal(toy.closed, 1);
    mdm_pool_release(&b);
    assert_int_equal(toy.closed, 2);
    a = take(pool, "a");
    assert_int_equal(toy_of(a.conn)->number, 3);
    mdm_pool_release(&a);
    a = take(pool, "a");
    assert_int_equal(toy_of(a.conn)->number, 3);
    mdm_pool_release(&a);
    assert_int_equal(mdm_pool_stats_read(pool).failed, 0);
    mdm_pool_close(pool);
}

static void a_transaction_left_open_is_counted(void **state)
{
    (void)state;
    mdm_pool *pool = open_pool(options_of(1, 0));
    mdm_lease lease = take(pool, "test");
    toy_of(lease.conn)->in_transaction = true;
    mdm_pool_release(&lease);
    assert_int_equal(mdm_pool_stats_read(pool).dirty, 1);
    lease = take(pool, "test");
    assert_false(toy_of(lease.conn)->in_transaction);
    mdm_pool_release(&lease);
    assert_int_equal(mdm_pool_stats_read(pool).dirty, 1);
    mdm_pool_close(pool);
}

/* --- nothing free ----------------------------------------------------------------- */

static void the_timeout_says_who_holds_what(void **state)
{
    (void)state;
    mdm_pool_options options = options_of(1, 1);
    options.timeout_ms = 30;
    mdm_pool *pool = open_pool(options);
    mdm_lease held = take(pool, "nightly report");
    toy.fail_opens = -1;
    mdm_lease lease = {.slot = 7};
    mdm_error err = {0};
    int64_t start = mdm_clock_ns();
    assert_int_equal(mdm_pool_acquire(pool, "test", NULL, &lease, &err), MDM_TIMEOUT);
    int64_t took = (mdm_clock_ns() - start) / 1000000;
    assert_true(took >= 30 && took < 2000);
    assert_null(lease.conn);
    assert_int_equal(lease.slot, 0);
    assert_non_null(strstr(err.message,
                           "no connection of pool 'toys' came free within 30 ms: "
                           "size 1 and 1 more, 1 in use, 1 waiting; oldest checkout "));
    char thread[64];
    snprintf(thread, sizeof thread, " ms ago by 'nightly report' in thread %d", (int)gettid());
    assert_non_null(strstr(err.message, thread));
    assert_non_null(strstr(err.message, "; last connect error: the toy refuses"));
    mdm_pool_release(&held);
    mdm_pool_stats stats = mdm_pool_stats_read(pool);
    assert_int_equal(stats.timeouts, 1);
    assert_int_equal(stats.waiting, 0);
    mdm_pool_close(pool);
}

static void a_timeout_of_zero_does_not_wait(void **state)
{
    (void)state;
    mdm_pool *pool = open_pool(options_of(1, 0));
    mdm_lease held = take(pool, "test"), lease;
    assert_int_equal(mdm_pool_acquire(pool, "test", NULL, &lease, NULL), MDM_TIMEOUT);
    mdm_pool_release(&held);
    mdm_pool_close(pool);
}

static void a_wish_to_stop_ends_the_wait(void **state)
{
    (void)state;
    mdm_pool_options options = options_of(1, 0);
    options.timeout_ms = 60000;
    mdm_pool *pool = open_pool(options);
    mdm_lease held = take(pool, "test"), lease;
    volatile int flag = 1;
    mdm_stop stop = {&flag, 0};
    mdm_error err = {0};
    assert_int_equal(mdm_pool_acquire(pool, "test", &stop, &lease, &err), MDM_CANCELLED);
    stop = (mdm_stop){NULL, mdm_clock_ns() + 20000000};
    assert_int_equal(mdm_pool_acquire(pool, "test", &stop, &lease, &err), MDM_TIMEOUT);
    mdm_pool_release(&held);
    mdm_pool_close(pool);
}

static void a_refused_connect_is_told_at_once(void **state)
{
    (void)state;
    mdm_pool_options options = options_of(2, 0);
    options.timeout_ms = 60000;
    mdm_pool *pool = open_pool(options);
    toy.fail_opens = -1;
    int64_t start = mdm_clock_ns();
    for (int i = 0; i < 10; i++) {
        mdm_lease lease;
        mdm_error err = {0};
        assert_int_equal(mdm_pool_acquire(pool, "test", NULL, &lease, &err), MDM_BACKEND);
        assert_string_equal(err.message, "the toy refuses");
    }
    assert_true(mdm_clock_ns() - start < 2000000000);
    toy.fail_opens = 0;
    nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL); /* the longest back-off */
    mdm_lease lease = take(pool, "test");
    mdm_pool_release(&lease);
    mdm_pool_close(pool);
}

static void after_some_failures_callers_do_not_try_themselves(void **state)
{
    (void)state;
    mdm_pool *pool = open_pool(options_of(2, 0));
    toy.fail_opens = 1000;
    mdm_lease lease;
    for (int i = 0; i < 3; i++)
        assert_int_equal(mdm_pool_acquire(pool, "test", NULL, &lease, NULL), MDM_BACKEND);
    assert_int_equal(toy.fail_opens, 997);
    pool->next_connect_at = INT64_MAX / 2;
    mdm_error err = {0};
    assert_int_equal(mdm_pool_acquire(pool, "test", NULL, &lease, &err), MDM_BACKEND);
    assert_string_equal(err.message, "the toy refuses");
    assert_int_equal(toy.fail_opens, 997);
    pool->next_connect_at = 0; /* the probe */
    toy.fail_opens = 0;
    lease = take(pool, "test");
    mdm_pool_release(&lease);
    mdm_pool_close(pool);
}

static void a_slow_connect_ends_at_the_deadline(void **state)
{
    (void)state;
    mdm_pool_options options = options_of(1, 0);
    options.timeout_ms = 40;
    mdm_pool *pool = open_pool(options);
    toy.open_ms = 60000;
    mdm_lease lease;
    int64_t start = mdm_clock_ns();
    assert_int_equal(mdm_pool_acquire(pool, "test", NULL, &lease, NULL), MDM_TIMEOUT);
    assert_true(mdm_clock_ns() - start < 2000000000);
    toy.open_ms = 0;
    mdm_pool_close(pool);
}

/* --- leaks, bypass, fork, memory ------------------------------------------------------ */

static void a_leak_is_reported_once_with_thread_and_tag(void **state)
{
    (void)state;
    mdm_pool_options options = options_of(2, 0);
    options.leak_after_ms = 1000;
    mdm_pool *pool = open_pool(options);
    mdm_lease lost = take(pool, "forgotten"), young = take(pool, "young");
    mdm_pool_leak leaks[2];
    assert_int_equal(mdm_pool_leaks(pool, leaks, 2), 0);
    atomic_fetch_sub(&pool->slots[lost.slot].busy_since, 1500 * INT64_C(1000000));
    assert_int_equal(mdm_pool_leaks(pool, NULL, 0), 1);
    assert_int_equal(mdm_pool_leaks(pool, leaks, 2), 1);
    assert_true(leaks[0].age_ms >= 1500 && leaks[0].age_ms < 60000);
    assert_int_equal(leaks[0].thread, gettid());
    assert_string_equal(leaks[0].tag, "forgotten");
    assert_int_equal(mdm_pool_stats_read(pool).leaked, 1);
    mdm_pool_release(&lost);
    assert_int_equal(mdm_pool_leaks(pool, leaks, 2), 0);
    mdm_pool_release(&young);
    mdm_pool_close(pool);
}

static void bypassed_each_checkout_opens_and_closes(void **state)
{
    (void)state;
    mdm_pool_options options = options_of(1, 0);
    options.bypass = true;
    options.warm = 1;
    mdm_pool *pool = open_pool(options);
    mdm_lease a = take(pool, "a"), b = take(pool, "b"); /* no limit either */
    mdm_pool_release(&a);
    mdm_pool_discard(&b);
    assert_int_equal(toy.opened, 2);
    assert_int_equal(toy.closed, 2);
    mdm_pool_stats stats = mdm_pool_stats_read(pool);
    assert_int_equal(stats.acquired, 0);
    assert_int_equal(stats.created, 0);
    toy.fail_opens = 1;
    mdm_error err = {0};
    assert_int_equal(mdm_pool_acquire(pool, "a", NULL, &a, &err), MDM_BACKEND);
    mdm_pool_close(pool);
}

static void a_child_process_has_no_pool(void **state)
{
    (void)state;
    mdm_pool *pool = open_pool(options_of(2, 0));
    mdm_lease held = take(pool, "test"), idle = take(pool, "test");
    mdm_pool_release(&idle);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        mdm_lease lease;
        mdm_error err = {0};
        int closed = toy.closed;
        bool refused = mdm_pool_acquire(pool, "child", NULL, &lease, &err) == MDM_INVALID &&
                       strcmp(err.message, "pool 'toys' does not cross a fork") == 0;
        mdm_pool_release(&held);
        mdm_pool_clear(pool);
        bool empty = mdm_pool_stats_read(pool).acquired == 0;
        mdm_pool_close(pool);
        _exit(refused && empty && toy.closed == closed ? 0 : 1);
    }
    int result = 1;
    waitpid(child, &result, 0);
    assert_int_equal(result, 0);
    mdm_pool_release(&held);
    mdm_pool_close(pool);
    assert_int_equal(toy.closed, 2);
}

static void what_happens_shows_in_the_monitor(void **state)
{
    (void)state;
    mdm_monitor *monitor = NULL;
    assert_int_equal(mdm_monitor_open(NULL, &monitor, NULL), MDM_OK);
    mdm_pool_options options = options_of(1, 0);
    options.monitor = monitor;
    mdm_pool *pool = open_pool(options);
    for (int i = 0; i < 129; i++) {
        mdm_lease lease = take(pool, "test");
        mdm_pool_release(&lease);
    }
    mdm_lease held = take(pool, "test"), lease;
    assert_int_equal(mdm_pool_acquire(pool, "test", NULL, &lease, NULL), MDM_TIMEOUT);
    mdm_pool_discard(&held);
    mdm_histogram_summary waits, uses;
    assert_true(mdm_histogram_read(monitor, "pool.toys.wait", &waits));
    assert_true(mdm_histogram_read(monitor, "pool.toys.use", &uses));
    assert_int_equal(waits.count, 130);
    assert_int_equal(uses.count, 3); /* one in 64 */
    assert_int_equal(mdm_counter_read(monitor, "pool.toys.created"), 1);
    assert_int_equal(mdm_counter_read(monitor, "pool.toys.timeouts"), 1);
    assert_int_equal(mdm_counter_read(monitor, "pool.toys.failed"), 1);
    mdm_pool_close(pool);
    mdm_monitor_close(monitor);
}

static void every_allocation_may_fail_without_leak(void **state)
{
    (void)state;
    mdm_location location = toy_location();
    mdm_pool_options options = options_of(2, 2);
    for (int from = 0; from < 2; from++)
        for (long n = 0;; n++) {
            mdm_pool *pool = NULL;
            mdm_error err = {0};
            if (from) mdm_alloc_fail_from(n);
            else mdm_alloc_fail_after(n);
            mdm_status status = mdm_pool_open(&location, &options, &pool, &err);
            mdm_alloc_fail_after(-1);
            mdm_pool_close(pool);
            if (status == MDM_OK) break;
            assert_int_equal(status, MDM_NO_MEMORY);
            assert_null(pool);
            assert_true(n < 50);
        }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, fresh)
    const struct CMUnitTest tests[] = {
        TEST(a_returned_connection_is_lent_again),
        TEST(two_at_once_are_two),
        TEST(overflow_is_closed_when_it_comes_back),
        TEST(warm_connections_are_there_at_once),
        TEST(options_out_of_range_are_refused),
        TEST(an_idle_connection_is_tested_before_it_is_lent),
        TEST(without_pre_ping_nothing_is_tested),
        TEST(an_old_connection_is_replaced),
        TEST(a_connection_that_broke_is_not_lent),
        TEST(a_fresh_connection_is_lent_as_it_is),
        TEST(after_a_discard_the_idle_ones_are_tested_once),
        TEST(clear_closes_all_of_its_time),
        TEST(a_transaction_left_open_is_counted),
        TEST(the_timeout_says_who_holds_what),
        TEST(a_timeout_of_zero_does_not_wait),
        TEST(a_wish_to_stop_ends_the_wait),
        TEST(a_refused_connect_is_told_at_once),
        TEST(after_some_failures_callers_do_not_try_themselves),
        TEST(a_slow_connect_ends_at_the_deadline),
        TEST(a_leak_is_reported_once_with_thread_and_tag),
        TEST(bypassed_each_checkout_opens_and_closes),
        TEST(a_child_process_has_no_pool),
        TEST(what_happens_shows_in_the_monitor),
        TEST(every_allocation_may_fail_without_leak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
