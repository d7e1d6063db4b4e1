#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "mdm/pool.h"
#include "pool/internal.h"
#include "toy.h"

static mdm_pool *open_pool(int size, int overflow, int64_t timeout_ms)
{
    mdm_location location = toy_location();
    mdm_pool_options options = MDM_POOL_OPTIONS_INIT;
    options.name = "toys";
    options.size = size;
    options.max_overflow = overflow;
    options.timeout_ms = timeout_ms;
    mdm_error err = {0};
    mdm_pool *pool = NULL;
    if (mdm_pool_open(&location, &options, &pool, &err) != MDM_OK) fail_msg("%s", err.message);
    return pool;
}

static int fresh(void **state)
{
    (void)state;
    toy_reset();
    return 0;
}

static uint32_t waiting(mdm_pool *pool)
{
    return mdm_pool_stats_read(pool).waiting;
}

static void until_waiting(mdm_pool *pool, uint32_t count)
{
    while (waiting(pool) != count)
        nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
}

/* --- crowds ------------------------------------------------------------------- */

#define CROWD 64
#define ROUNDS 200

typedef struct crowd {
    mdm_pool *pool;
    atomic_int served, shared, refused;
    bool mischief; /* breaks, discards, leaves transactions */
} crowd;

static void use(crowd *c, mdm_lease *lease, unsigned draw)
{
    toy_conn *conn = toy_of(lease->conn);
    if (atomic_fetch_add(&conn->users, 1) != 0) c->shared++;
    if (draw % 16 == 0) nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
    if (c->mischief && draw % 97 == 1) conn->broken = true;
    if (c->mischief && draw % 31 == 1) conn->in_transaction = true;
    if (atomic_fetch_sub(&conn->users, 1) != 1) c->shared++;
    if (c->mischief && draw % 53 == 1) mdm_pool_discard(lease);
    else mdm_pool_release(lease);
}

static void *be_one_of_many(void *argument)
{
    crowd *c = argument;
    uint64_t random = (uint64_t)(uintptr_t)&random | 1;
    for (int i = 0; i < ROUNDS; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        const unsigned draw = (unsigned)(random >> 33);
        mdm_lease lease;
        if (mdm_pool_acquire(c->pool, "crowd", NULL, &lease, NULL) != MDM_OK) {
            c->refused++;
            continue;
        }
        c->served++;
        use(c, &lease, draw);
    }
    return NULL;
}

static void run_crowd(crowd *c)
{
    pthread_t threads[CROWD];
    for (int i = 0; i < CROWD; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, be_one_of_many, c), 0);
    for (int i = 0; i < CROWD; i++)
        pthread_join(threads[i], NULL);
}

static void sixty_four_threads_on_five_connections_never_share_one(void **state)
{
    (void)state;
    crowd c = {.pool = open_pool(5, 0, 60000)};
    run_crowd(&c);
    assert_int_equal(c.shared, 0);
    assert_int_equal(c.refused, 0);
    assert_int_equal(c.served, CROWD * ROUNDS);
    mdm_pool_stats stats = mdm_pool_stats_read(c.pool);
    assert_int_equal(stats.acquired, CROWD * ROUNDS);
    assert_in_range(stats.created, 1, 5); /* no more than were needed */
    assert_int_equal(stats.waiting, 0);
    assert_int_equal(stats.idle, stats.created);
    mdm_pool_close(c.pool);
    assert_int_equal(toy.closed, stats.created);
    assert_int_equal(toy.most_opening, 1);
}

static void overflow_comes_and_goes_under_a_crowd(void **state)
{
    (void)state;
    crowd c = {.pool = open_pool(2, 6, 60000)};
    run_crowd(&c);
    assert_int_equal(c.shared, 0);
    assert_int_equal(c.served, CROWD * ROUNDS);
    mdm_pool_stats stats = mdm_pool_stats_read(c.pool);
    assert_int_equal(stats.active, 0);
    assert_in_range(stats.idle, 1, 2);
    mdm_pool_close(c.pool);
    assert_int_equal(toy.closed, toy.opened);
}

static void mischief_costs_connections_but_no_order(void **state)
{
    (void)state;
    crowd c = {.pool = open_pool(4, 2, 60000), .mischief = true};
    run_crowd(&c);
    assert_int_equal(c.shared, 0);
    assert_int_equal(c.served + c.refused, CROWD * ROUNDS);
    assert_int_equal(c.refused, 0);
    mdm_pool_stats stats = mdm_pool_stats_read(c.pool);
    assert_int_equal(stats.active, 0);
    assert_true(stats.dirty > 0);
    assert_true(stats.failed > 0);
    mdm_pool_close(c.pool);
    assert_int_equal(toy.closed, toy.opened);
}

static void timeouts_that_race_with_returns_lose_nothing(void **state)
{
    (void)state;
    crowd c = {.pool = open_pool(3, 0, 1)};
    run_crowd(&c);
    assert_int_equal(c.shared, 0);
    assert_int_equal(c.served + c.refused, CROWD * ROUNDS);
    mdm_pool_stats stats = mdm_pool_stats_read(c.pool);
    assert_int_equal(stats.timeouts, c.refused);
    assert_int_equal(stats.acquired, c.served);
    assert_int_equal(stats.active, 0);
    assert_int_equal(stats.waiting, 0);
    assert_int_equal(stats.idle, stats.created);
    mdm_pool_close(c.pool);
    assert_int_equal(toy.closed, toy.opened);
}

static void *clear_again_and_again(void *argument)
{
    crowd *c = argument;
    while (c->served < CROWD * ROUNDS) {
        mdm_pool_clear(c->pool);
        (void)mdm_pool_leaks(c->pool, NULL, 0);
        nanosleep(&(struct timespec){.tv_nsec = 300000}, NULL);
    }
    return NULL;
}

static void clearing_under_a_crowd_disturbs_nobody(void **state)
{
    (void)state;
    crowd c = {.pool = open_pool(4, 1, 60000)};
    pthread_t cleaner;
    assert_int_equal(pthread_create(&cleaner, NULL, clear_again_and_again, &c), 0);
    run_crowd(&c);
    pthread_join(cleaner, NULL);
    assert_int_equal(c.shared, 0);
    assert_int_equal(c.refused, 0);
    assert_int_equal(mdm_pool_stats_read(c.pool).failed, 0);
    mdm_pool_close(c.pool);
    assert_int_equal(toy.closed, toy.opened);
}

/* --- order -------------------------------------------------------------------------- */

typedef struct queued {
    mdm_pool *pool;
    atomic_int *turn;
    int served_as;
    mdm_status status;
    const mdm_stop *stop;
} queued;

static void *stand_in_line(void *argument)
{
    queued *q = argument;
    mdm_lease lease;
    q->status = mdm_pool_acquire(q->pool, "line", q->stop, &lease, NULL);
    if (q->status != MDM_OK) return NULL;
    q->served_as = atomic_fetch_add(q->turn, 1);
    mdm_pool_release(&lease);
    return NULL;
}

static void who_waits_is_served_in_order_of_arrival(void **state)
{
    (void)state;
    mdm_pool *pool = open_pool(1, 0, 60000);
    mdm_lease held;
    assert_int_equal(mdm_pool_acquire(pool, "holder", NULL, &held, NULL), MDM_OK);
    enum { LINE = 10 };
    queued line[LINE];
    pthread_t threads[LINE];
    atomic_int turn = 0;
    for (int i = 0; i < LINE; i++) {
        line[i] = (queued){.pool = pool, .turn = &turn};
        pthread_create(&threads[i], NULL, stand_in_line, &line[i]);
        until_waiting(pool, (uint32_t)i + 1);
    }
    mdm_pool_release(&held);
    /* nobody who comes now is served before them */
    assert_int_equal(mdm_pool_acquire(pool, "late", NULL, &held, NULL), MDM_OK);
    int turn_when_served = turn;
    mdm_pool_release(&held);
    for (int i = 0; i < LINE; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(turn_when_served, LINE);
    for (int i = 0; i < LINE; i++)
        assert_int_equal(line[i].served_as, i);
    mdm_pool_stats stats = mdm_pool_stats_read(pool);
    assert_int_equal(stats.waited, LINE + 1);
    assert_true(stats.wait_ns > 0);
    mdm_pool_close(pool);
}

static void a_raised_flag_ends_one_wait_and_no_other(void **state)
{
    (void)state;
    mdm_pool *pool = open_pool(1, 0, 60000);
    mdm_lease held;
    assert_int_equal(mdm_pool_acquire(pool, "holder", NULL, &held, NULL), MDM_OK);
    volatile int flag = 0;
    mdm_stop stop = {&flag, 0};
    atomic_int turn = 0;
    queued line[2] = {{.pool = pool, .turn = &turn, .stop = &stop}, {.pool = pool, .turn = &turn}};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        pthread_create(&threads[i], NULL, stand_in_line, &line[i]);
        until_waiting(pool, (uint32_t)i + 1);
    }
    flag = 1;
    until_waiting(pool, 1);
    pthread_join(threads[0], NULL);
    assert_int_equal(line[0].status, MDM_CANCELLED);
    mdm_pool_release(&held);
    pthread_join(threads[1], NULL);
    assert_int_equal(line[1].status, MDM_OK);
    mdm_pool_close(pool);
}

/* --- connecting ----------------------------------------------------------------------- */

static void a_return_serves_who_waits_while_another_connects(void **state)
{
    (void)state;
    mdm_pool *pool = open_pool(2, 0, 60000);
    mdm_lease held;
    assert_int_equal(mdm_pool_acquire(pool, "holder", NULL, &held, NULL), MDM_OK);
    toy.open_ms = 300;
    atomic_int turn = 0;
    queued line[2] = {{.pool = pool, .turn = &turn}, {.pool = pool, .turn = &turn}};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        pthread_create(&threads[i], NULL, stand_in_line, &line[i]);
        until_waiting(pool, (uint32_t)i + 1);
    }
    assert_int_equal(toy.most_opening, 1);
    mdm_pool_release(&held);
    pthread_join(threads[1], NULL); /* long before the connection is made */
    assert_int_equal(line[1].served_as, 0);
    pthread_join(threads[0], NULL);
    assert_int_equal(mdm_pool_stats_read(pool).idle, 2);
    mdm_pool_close(pool);
}

static void all_who_wait_for_a_refused_connect_are_told(void **state)
{
    (void)state;
    mdm_pool *pool = open_pool(4, 0, 60000);
    toy.fail_opens = -1;
    toy.open_ms = 100;
    atomic_int turn = 0;
    enum { LINE = 8 };
    queued line[LINE];
    pthread_t threads[LINE];
    for (int i = 0; i < LINE; i++) {
        line[i] = (queued){.pool = pool, .turn = &turn};
        pthread_create(&threads[i], NULL, stand_in_line, &line[i]);
    }
    for (int i = 0; i < LINE; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(line[i].status, MDM_BACKEND);
    }
    assert_int_equal(toy.most_opening, 1);
    assert_int_equal(waiting(pool), 0);
    mdm_pool_close(pool);
}

static void a_failed_connect_does_not_fail_who_can_wait_for_a_return(void **state)
{
    (void)state;
    mdm_pool *pool = open_pool(2, 0, 60000);
    mdm_lease held;
    assert_int_equal(mdm_pool_acquire(pool, "holder", NULL, &held, NULL), MDM_OK);
    toy.fail_opens = -1;
    atomic_int turn = 0;
    queued one = {.pool = pool, .turn = &turn};
    pthread_t thread;
    pthread_create(&thread, NULL, stand_in_line, &one);
    until_waiting(pool, 1);
    while (mdm_pool_stats_read(pool).failed < 3) /* it goes on trying, with pauses */
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    mdm_pool_release(&held);
    pthread_join(thread, NULL);
    assert_int_equal(one.status, MDM_OK);
    mdm_pool_close(pool);
}

/* --- closing ---------------------------------------------------------------------------- */

static void *hold_until_interrupted(void *argument)
{
    mdm_lease *lease = argument;
    while (!toy_of(lease->conn)->interrupted)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    mdm_pool_release(lease);
    return NULL;
}

static void closing_interrupts_who_does_not_come_back_in_time(void **state)
{
    (void)state;
    mdm_pool *pool = open_pool(2, 0, 30);
    mdm_lease busy, idle;
    assert_int_equal(mdm_pool_acquire(pool, "busy", NULL, &busy, NULL), MDM_OK);
    assert_int_equal(mdm_pool_acquire(pool, "idle", NULL, &idle, NULL), MDM_OK);
    mdm_pool_release(&idle);
    pthread_t thread;
    pthread_create(&thread, NULL, hold_until_interrupted, &busy);
    mdm_pool_close(pool);
    pthread_join(thread, NULL);
    assert_int_equal(toy.closed, 2);
    assert_true(toy.interrupts >= 1);
}

static void *release_soon(void *argument)
{
    mdm_lease *lease = argument;
    nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
    mdm_pool_release(lease);
    return NULL;
}

static void closing_waits_for_a_return_at_any_moment(void **state)
{
    (void)state;
    for (int i = 0; i < 200; i++) {
        mdm_pool *pool = open_pool(1, 0, 60000);
        mdm_lease busy;
        assert_int_equal(mdm_pool_acquire(pool, "busy", NULL, &busy, NULL), MDM_OK);
        pthread_t thread;
        pthread_create(&thread, NULL, release_soon, &busy);
        mdm_pool_close(pool);
        pthread_join(thread, NULL);
        assert_int_equal(toy.closed, i + 1);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, fresh)
    const struct CMUnitTest tests[] = {
        TEST(sixty_four_threads_on_five_connections_never_share_one),
        TEST(overflow_comes_and_goes_under_a_crowd),
        TEST(mischief_costs_connections_but_no_order),
        TEST(timeouts_that_race_with_returns_lose_nothing),
        TEST(clearing_under_a_crowd_disturbs_nobody),
        TEST(who_waits_is_served_in_order_of_arrival),
        TEST(a_raised_flag_ends_one_wait_and_no_other),
        TEST(a_return_serves_who_waits_while_another_connects),
        TEST(all_who_wait_for_a_refused_connect_are_told),
        TEST(a_failed_connect_does_not_fail_who_can_wait_for_a_return),
        TEST(closing_interrupts_who_does_not_come_back_in_time),
        TEST(closing_waits_for_a_return_at_any_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
