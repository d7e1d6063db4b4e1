/* All or nothing, and seen by others only then. */
#include <string.h>

#include "suite.h"

static void begin(fixture *f, mdm_txn_mode mode)
{
    mdm_error err = {0};
    ok(f->backend->begin(f->conn, mode, &err));
}

static void commit(fixture *f)
{
    mdm_error err = {0};
    ok(f->backend->commit(f->conn, &err));
}

static void a_commit_is_seen_by_others_and_not_before(void **state)
{
    fixture *f = *state;
    suite_sql(f->conn, "CREATE TABLE t (a BIGINT)");
    mdm_conn *other = suite_connect(f, 0);
    begin(f, MDM_TXN_WRITE);
    suite_sql(f->conn, "INSERT INTO t VALUES (1)");
    assert_string_equal(suite_ask(f->conn, "SELECT count(*) FROM t"), "1");
    assert_string_equal(suite_ask(other, "SELECT count(*) FROM t"), "0");
    commit(f);
    assert_string_equal(suite_ask(other, "SELECT count(*) FROM t"), "1");
    f->backend->close(other);
}

static void a_rollback_leaves_nothing(void **state)
{
    fixture *f = *state;
    suite_sql(f->conn, "CREATE TABLE t (a BIGINT)");
    begin(f, MDM_TXN_WRITE);
    suite_sql(f->conn, "INSERT INTO t VALUES (1); CREATE TABLE u (b BIGINT)");
    f->backend->rollback(f->conn);
    assert_string_equal(suite_ask(f->conn, "SELECT count(*) FROM t"), "0");
    suite_sql(f->conn, "CREATE TABLE u (b BIGINT)"); /* it is not there */
}

static void a_failure_inside_can_be_rolled_back(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    suite_sql(f->conn, "CREATE TABLE t (a BIGINT)");
    begin(f, MDM_TXN_WRITE);
    suite_sql(f->conn, "INSERT INTO t VALUES (1)");
    assert_int_equal(suite_try(f->conn, "INSERT INTO nowhere VALUES (1)", &err), MDM_BACKEND);
    f->backend->rollback(f->conn);
    assert_string_equal(suite_ask(f->conn, "SELECT count(*) FROM t"), "0");
    begin(f, MDM_TXN_WRITE);
    suite_sql(f->conn, "INSERT INTO t VALUES (2)");
    commit(f);
    assert_string_equal(suite_ask(f->conn, "SELECT sum(a) FROM t"), "2");
}

static void a_rollback_without_a_transaction_does_nothing(void **state)
{
    fixture *f = *state;
    f->backend->rollback(f->conn);
    f->backend->rollback(f->conn);
    assert_false(f->backend->is_broken(f->conn));
    assert_string_equal(suite_ask(f->conn, "SELECT 1"), "1");
}

static void a_read_transaction_sees_one_state(void **state)
{
    fixture *f = *state;
    suite_sql(f->conn, "CREATE TABLE t (a BIGINT)");
    mdm_conn *other = suite_connect(f, 0);
    begin(f, MDM_TXN_READ);
    assert_string_equal(suite_ask(f->conn, "SELECT count(*) FROM t"), "0");
    mdm_error err = {0};
    /* Where the journal lets nobody write beside a reader, the writer waits: that is one state,
     * too. */
    const mdm_stop stop = {.deadline_ns = mdm_clock_ns() + 100000000};
    other->stop = &stop;
    const mdm_status status = suite_try(other, "INSERT INTO t VALUES (1)", &err);
    assert_true(status == MDM_OK || status == MDM_TIMEOUT);
    other->stop = NULL;
    assert_string_equal(suite_ask(f->conn, "SELECT count(*) FROM t"), "0");
    commit(f);
    assert_string_equal(suite_ask(f->conn, "SELECT count(*) FROM t"), status == MDM_OK ? "1" : "0");
    f->backend->close(other);
}

static void reset_makes_a_connection_as_good_as_new(void **state)
{
    fixture *f = *state;
    suite_sql(f->conn, "CREATE TABLE t (a BIGINT)");
    begin(f, MDM_TXN_WRITE);
    suite_sql(f->conn, "INSERT INTO t VALUES (1)");
    assert_true(f->backend->reset(f->conn));
    assert_null(f->conn->stop);
    assert_string_equal(suite_ask(f->conn, "SELECT count(*) FROM t"), "0");
    begin(f, MDM_TXN_WRITE); /* none is open */
    commit(f);
    assert_true(f->backend->reset(f->conn));
}

static void a_fresh_connection_is_sound(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    ok(f->backend->ping(f->conn, 1000, &err));
    assert_false(f->backend->is_broken(f->conn));
}

static void an_error_of_the_statement_does_not_break_the_connection(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    assert_int_equal(suite_try(f->conn, "SELECT * FORM t", &err), MDM_BACKEND);
    assert_false(f->backend->is_broken(f->conn));
    ok(f->backend->ping(f->conn, 1000, &err));
}

int suite_transactions(void)
{
    const struct CMUnitTest tests[] = {
        SUITE_TEST(a_commit_is_seen_by_others_and_not_before),
        SUITE_TEST(a_rollback_leaves_nothing),
        SUITE_TEST(a_failure_inside_can_be_rolled_back),
        SUITE_TEST(a_rollback_without_a_transaction_does_nothing),
        SUITE_TEST(a_read_transaction_sees_one_state),
        SUITE_TEST(reset_makes_a_connection_as_good_as_new),
        SUITE_TEST(a_fresh_connection_is_sound),
        SUITE_TEST(an_error_of_the_statement_does_not_break_the_connection),
    };
    return cmocka_run_group_tests_name("transactions", tests, NULL, NULL);
}
