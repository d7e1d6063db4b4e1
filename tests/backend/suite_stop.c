/* Work that takes too long ends when its owner says so, and the connection lives on. */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "suite.h"

#define SOON_NS INT64_C(5000000000) /* generous: sanitizers, a busy machine */

static mdm_status run_slow(fixture *f, mdm_error *err)
{
    mdm_stmt *stmt = NULL;
    mdm_chunk *chunk = NULL;
    mdm_status status = f->backend->prepare(f->conn, mdm_str_from(suite->slow), &stmt, err);
    if (status == MDM_OK) status = f->backend->execute(stmt, NULL, 0, err);
    if (status == MDM_OK) status = f->backend->fetch(stmt, &chunk, err);
    mdm_chunk_unref(chunk);
    f->backend->finish(stmt);
    return status;
}

static void assert_usable(fixture *f)
{
    f->conn->stop = NULL;
    f->backend->rollback(f->conn);
    assert_false(f->backend->is_broken(f->conn));
    assert_string_equal(suite_ask(f->conn, "SELECT 1"), "1");
}

static void a_deadline_ends_a_statement(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    const int64_t start = mdm_clock_ns();
    const mdm_stop stop = {.deadline_ns = start + 50000000};
    f->conn->stop = &stop;
    assert_int_equal(run_slow(f, &err), MDM_TIMEOUT);
    assert_true(mdm_clock_ns() - start < SOON_NS);
    assert_true(mdm_clock_ns() >= stop.deadline_ns);
    assert_usable(f);
}

static void a_deadline_ends_statements_that_give_no_rows(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    const mdm_stop stop = {.deadline_ns = mdm_clock_ns() + 50000000};
    f->conn->stop = &stop;
    assert_int_equal(suite_try(f->conn, suite->slow, &err), MDM_TIMEOUT);
    assert_usable(f);
}

static void a_deadline_that_has_passed_lets_nothing_begin(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    suite_sql(f->conn, "CREATE TABLE t (a BIGINT)");
    const mdm_stop stop = {.deadline_ns = 1};
    f->conn->stop = &stop;
    assert_int_equal(suite_try(f->conn, "INSERT INTO t VALUES (1)", &err), MDM_TIMEOUT);
    f->conn->stop = NULL;
    assert_string_equal(suite_ask(f->conn, "SELECT count(*) FROM t"), "0");
    assert_usable(f);
}

/* A thread that asks the connection to stop, again and again until it has. */
typedef struct stopper {
    fixture *f;
    volatile int *flag; /* raise it; NULL: interrupt() */
    atomic_bool done;
} stopper;

static void *stop_it(void *self)
{
    stopper *s = self;
    while (!atomic_load(&s->done)) {
        if (s->flag) __atomic_store_n(s->flag, 1, __ATOMIC_RELAXED);
        else s->f->backend->interrupt(s->f->conn);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    return NULL;
}

static mdm_status run_slow_and_stop(fixture *f, volatile int *flag, mdm_error *err)
{
    pthread_t thread;
    stopper s = {.f = f, .flag = flag};
    atomic_init(&s.done, false);
    assert_int_equal(pthread_create(&thread, NULL, stop_it, &s), 0);
    const mdm_status status = run_slow(f, err);
    atomic_store(&s.done, true);
    pthread_join(thread, NULL);
    return status;
}

static void a_flag_raised_by_another_thread_ends_a_statement(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    volatile int flag = 0;
    const mdm_stop stop = {.flag = &flag};
    f->conn->stop = &stop;
    assert_int_equal(run_slow_and_stop(f, &flag, &err), MDM_CANCELLED);
    assert_usable(f);
}

static void an_interrupt_from_another_thread_ends_a_statement(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    assert_int_equal(run_slow_and_stop(f, NULL, &err), MDM_CANCELLED);
    assert_usable(f);
}

static void an_interrupt_of_an_idle_connection_harms_nothing(void **state)
{
    fixture *f = *state;
    f->backend->interrupt(f->conn);
    assert_usable(f);
}

static void a_stop_inside_a_transaction_leaves_it_to_be_rolled_back(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    suite_sql(f->conn, "CREATE TABLE t (a BIGINT)");
    ok(f->backend->begin(f->conn, MDM_TXN_WRITE, &err));
    suite_sql(f->conn, "INSERT INTO t VALUES (1)");
    const mdm_stop stop = {.deadline_ns = mdm_clock_ns() + 50000000};
    f->conn->stop = &stop;
    assert_int_equal(run_slow(f, &err), MDM_TIMEOUT);
    assert_usable(f);
    assert_string_equal(suite_ask(f->conn, "SELECT count(*) FROM t"), "0");
}

int suite_stop(void)
{
    const struct CMUnitTest tests[] = {
        SUITE_TEST(a_deadline_ends_a_statement),
        SUITE_TEST(a_deadline_ends_statements_that_give_no_rows),
        SUITE_TEST(a_deadline_that_has_passed_lets_nothing_begin),
        SUITE_TEST(a_flag_raised_by_another_thread_ends_a_statement),
        SUITE_TEST(an_interrupt_from_another_thread_ends_a_statement),
        SUITE_TEST(an_interrupt_of_an_idle_connection_harms_nothing),
        SUITE_TEST(a_stop_inside_a_transaction_leaves_it_to_be_rolled_back),
    };
    return cmocka_run_group_tests_name("stop", tests, NULL, NULL);
}
