/* The fault-injecting backend of tests/support, before a real one. */
#include "support/faulty.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static mdm_error err;

/* What a caller would do: two rows in one transaction, read back. */
static mdm_status store_two_rows(const mdm_location *location)
{
    mdm_conn *conn = NULL;
    mdm_stmt *stmt = NULL;
    mdm_chunk *chunk = NULL;
    const mdm_backend *b = location->backend;
    mdm_status status = b->open(location, MDM_OPEN_CREATE, NULL, &conn, &err);
    if (status != MDM_OK) return status;
    status = b->begin(conn, MDM_TXN_WRITE, &err);
    if (status == MDM_OK)
        status = b->run(conn, MDM_STR("CREATE TABLE t (a BIGINT); INSERT INTO t VALUES (1), (2)"),
                        NULL, &err);
    if (status == MDM_OK) status = b->commit(conn, &err);
    if (status != MDM_OK) b->rollback(conn);
    if (status == MDM_OK) status = b->prepare(conn, MDM_STR("SELECT a FROM t"), &stmt, &err);
    if (status == MDM_OK) status = b->execute(stmt, NULL, 0, &err);
    if (status == MDM_OK) status = b->fetch(stmt, &chunk, &err);
    if (status == MDM_OK) assert_int_equal(chunk->rows, 2);
    mdm_chunk_unref(chunk);
    b->finish(stmt);
    b->close(conn);
    return status;
}

static void each_call_can_be_made_to_fail_and_is_written_down(void **state)
{
    (void)state;
    static const char *const traces[] = {
        "open ",
        "open begin rollback close ",
        "open begin run rollback close ",
        "open begin run commit rollback close ",
        "open begin run commit prepare close ",
        "open begin run commit prepare execute finish close ",
        "open begin run commit prepare execute fetch finish close ",
        "open begin run commit prepare execute fetch finish close ",
    };
    faulty *f = faulty_open(mdm_backend_find(MDM_STR("sqlite")));
    const mdm_location location = {.backend = faulty_backend(f)};
    for (long n = 0; n < 8; n++) {
        faulty_fail_at(f, n, MDM_IO);
        assert_int_equal(store_two_rows(&location), n < 7 ? MDM_IO : MDM_OK);
        assert_string_equal(faulty_trace(f), traces[n]);
        assert_int_equal(faulty_calls(f), n < 7 ? n + 1 : 7);
        assert_int_equal(faulty_connections(f), 0);
        if (n < 7) assert_non_null(strstr(err.message, "injected failure at '"));
    }
    faulty_close(f);
}

static void every_call_of_a_name_can_be_made_to_fail(void **state)
{
    (void)state;
    faulty *f = faulty_open(mdm_backend_find(MDM_STR("sqlite")));
    const mdm_location location = {.backend = faulty_backend(f)};
    faulty_fail_on(f, "commit", MDM_TIMEOUT);
    for (int i = 0; i < 3; i++)
        assert_int_equal(store_two_rows(&location), MDM_TIMEOUT);
    assert_int_equal(faulty_count(f, "commit"), 3);
    assert_int_equal(faulty_count(f, "open"), 3);
    assert_int_equal(faulty_count(f, "fetch"), 0);
    faulty_fail_on(f, NULL, MDM_OK);
    assert_int_equal(store_two_rows(&location), MDM_OK);
    faulty_close(f);
}

static void it_is_the_real_backend_in_all_else(void **state)
{
    (void)state;
    const mdm_backend *real = mdm_backend_find(MDM_STR("sqlite"));
    faulty *f = faulty_open(real);
    const mdm_location location = {.backend = faulty_backend(f)};
    const mdm_backend *b = location.backend;
    mdm_conn *conn = NULL;
    assert_string_equal(b->name, "sqlite");
    assert_ptr_equal(b->dialect, real->dialect);
    assert_null(b->load_query);
    assert_int_equal(b->open(&location, MDM_OPEN_CREATE, NULL, &conn, &err), MDM_OK);
    assert_ptr_equal(conn->backend, b);
    const mdm_stop stop = {.deadline_ns = 1};
    conn->stop = &stop;
    assert_int_equal(b->run(conn, MDM_STR("SELECT 1"), NULL, &err), MDM_TIMEOUT);
    assert_true(b->reset(conn));
    assert_null(conn->stop);
    faulty_break(f, true);
    assert_true(b->is_broken(conn));
    faulty_break(f, false);
    assert_false(b->is_broken(conn));
    b->close(conn);
    faulty_close(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_call_can_be_made_to_fail_and_is_written_down),
        cmocka_unit_test(every_call_of_a_name_can_be_made_to_fail),
        cmocka_unit_test(it_is_the_real_backend_in_all_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
