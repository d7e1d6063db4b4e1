#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "support/faulty.h"
#include "support/folder.h"

static int table(void **state)
{
    if (fixture_setup(state) != 0) return -1;
    run(*state, "CREATE TABLE t (a INTEGER, b TEXT)");
    run(*state, "INSERT INTO t VALUES (1, 'x')");
    return 0;
}

static mdm_query query_of(const char *sql)
{
    mdm_query query = MDM_QUERY_INIT;
    query.sql = mdm_str_from(sql);
    return query;
}

static mdm_txn *begin(fixture *f, mdm_txn_mode mode)
{
    mdm_error err = {0};
    mdm_txn *txn;
    if (mdm_txn_begin(f->session, f->database, mode, &txn, &err) != MDM_OK)
        fail_msg("%s", err.message);
    return txn;
}

static void insert(mdm_txn *txn)
{
    mdm_error err = {0};
    mdm_query query = query_of("INSERT INTO t VALUES (2, 'y')");
    int64_t changed = 0;
    if (mdm_txn_run(txn, &query, &changed, &err) != MDM_OK) fail_msg("%s", err.message);
    assert_int_equal(changed, 1);
}

static int64_t count_inside(mdm_txn *txn)
{
    mdm_error err = {0};
    mdm_query query = query_of("SELECT count(*) FROM t");
    mdm_rows *rows;
    if (mdm_txn_query(txn, &query, &rows, &err) != MDM_OK) fail_msg("%s", err.message);
    return strtoll(text_of(rows), NULL, 10);
}

static void what_is_committed_stays(void **state)
{
    fixture *f = *state;
    mdm_txn *txn = begin(f, MDM_TXN_WRITE);
    insert(txn);
    assert_int_equal(count_inside(txn), 2);
    assert_int_equal(number(f, "SELECT count(*) FROM t"), 1); /* others do not see it */
    assert_int_equal(mdm_txn_commit(txn, NULL), MDM_OK);
    assert_int_equal(number(f, "SELECT count(*) FROM t"), 2);
    assert_int_equal(counter(f, "transaction.committed"), 1);
}

static void what_is_rolled_back_is_gone(void **state)
{
    fixture *f = *state;
    mdm_txn *txn = begin(f, MDM_TXN_WRITE);
    insert(txn);
    mdm_txn_rollback(txn);
    mdm_txn_rollback(NULL);
    assert_int_equal(number(f, "SELECT count(*) FROM t"), 1);
    assert_int_equal(counter(f, "transaction.rolled_back"), 1);
    run(f, "INSERT INTO t VALUES (3, 'z')"); /* the writer is free again */
}

static void a_reading_transaction_sees_one_state_and_refuses_to_write(void **state)
{
    fixture *f = *state;
    mdm_txn *txn = begin(f, MDM_TXN_READ);
    assert_int_equal(count_inside(txn), 1);
    run(f, "INSERT INTO t VALUES (2, 'y')");
    assert_int_equal(count_inside(txn), 1);
    mdm_error err = {0};
    mdm_query query = query_of("DELETE FROM t");
    query.write = true;
    assert_int_equal(mdm_txn_run(txn, &query, NULL, &err), MDM_PERMISSION);
    assert_int_equal(mdm_txn_commit(txn, NULL), MDM_OK);
    assert_int_equal(number(f, "SELECT count(*) FROM t"), 2);
}

static void a_second_writer_waits_and_is_told_who_holds_it(void **state)
{
    (void)state;
    static const char *const set[] = {"performance.pool.timeout=0.02", NULL};
    fixture *f = fixture_open(set);
    run(f, "CREATE TABLE t (a, b)");
    mdm_txn *txn = begin(f, MDM_TXN_WRITE), *other = (mdm_txn *)1;
    mdm_error err = {0};
    assert_int_equal(mdm_txn_begin(f->session, f->database, MDM_TXN_WRITE, &other, &err),
                     MDM_TIMEOUT);
    assert_null(other);
    assert_non_null(strstr(err.message, "by 'transaction'"));
    mdm_txn_rollback(txn);
    fixture_close(f);
}

/* --- loading --------------------------------------------------------------------------- */

#define ROWS_OF_CHUNK 1000

typedef struct source {
    int chunks, fail_at;
    int *closed;
} source;

static mdm_status next(mdm_stream *stream, mdm_chunk **out, mdm_error *err)
{
    source *s = stream->self;
    *out = NULL;
    if (s->fail_at == s->chunks) return mdm_error_set(err, MDM_FORMAT, "line 7: no number");
    if (s->chunks-- == 0) return MDM_OK;
    mdm_builder *builder;
    MDM_TRY(mdm_builder_open(stream->schema, ROWS_OF_CHUNK, &builder, err));
    mdm_status status = MDM_OK;
    for (int r = 0; r < ROWS_OF_CHUNK && status == MDM_OK; r++) {
        status = mdm_builder_int(builder, 0, r);
        if (status == MDM_OK) status = mdm_builder_bytes(builder, 1, MDM_STR("text"));
    }
    if (status == MDM_OK) status = mdm_builder_finish(builder, out, err);
    mdm_builder_close(builder);
    return status;
}

static void close_source(mdm_stream *stream)
{
    source *s = stream->self;
    ++*s->closed;
    mdm_schema_unref(stream->schema);
    free(s);
}

static mdm_stream open_source(int chunks, int fail_at, int *closed)
{
    static const mdm_field fields[] = {{"a", {MDM_TYPE_INT64, 0, 0}}, {"b", {MDM_TYPE_TEXT, 0, 0}}};
    source *s = malloc(sizeof *s);
    *s = (source){chunks, fail_at, closed};
    mdm_schema *schema;
    assert_int_equal(mdm_schema_new(fields, 2, &schema, NULL), MDM_OK);
    return (mdm_stream){schema, next, close_source, s};
}

static mdm_status count_rows(void *self, const mdm_chunk *chunk, mdm_error *err)
{
    (void)err;
    *(int64_t *)self += chunk->rows;
    return MDM_OK;
}

static void a_stream_becomes_rows_of_a_table(void **state)
{
    fixture *f = *state;
    int closed = 0;
    int64_t seen = 0, rows = 0;
    mdm_stream stream = open_source(5, -1, &closed);
    mdm_target target = {.table = "made", .create = true};
    mdm_txn *txn = begin(f, MDM_TXN_WRITE);
    mdm_error err = {0};
    if (mdm_txn_load(txn, &target, &stream, count_rows, &seen, &rows, &err) != MDM_OK)
        fail_msg("%s", err.message);
    assert_int_equal(mdm_txn_commit(txn, NULL), MDM_OK);
    assert_int_equal(rows, 5 * ROWS_OF_CHUNK);
    assert_int_equal(seen, rows);
    assert_int_equal(closed, 1);
    assert_null(stream.close);
    assert_int_equal(number(f, "SELECT count(*) FROM made"), rows);
    assert_int_equal(counter(f, "batch.load.rows"), rows);
    mdm_histogram_summary rate;
    assert_true(
        mdm_histogram_read(mdm_session_monitor(f->session), "batch.load.rows_per_second", &rate));
    assert_int_equal(rate.count, 1);
    assert_true(rate.min > 0);
}

static void a_stream_that_fails_loads_nothing(void **state)
{
    fixture *f = *state;
    int closed = 0;
    mdm_stream stream = open_source(5, 2, &closed);
    mdm_target target = {.table = "made", .create = true};
    mdm_txn *txn = begin(f, MDM_TXN_WRITE);
    mdm_error err = {0};
    assert_int_equal(mdm_txn_load(txn, &target, &stream, NULL, NULL, NULL, &err), MDM_FORMAT);
    assert_string_equal(err.message, "line 7: no number");
    mdm_txn_rollback(txn);
    assert_int_equal(closed, 1);
    assert_int_equal(number(f, "SELECT count(*) FROM sqlite_schema WHERE name = 'made'"), 0);
    char *report = NULL;
    assert_int_equal(mdm_monitor_report(mdm_session_monitor(f->session), &report, NULL), MDM_OK);
    assert_non_null(strstr(report, "operation_batch_load_failed\":1"));
    mdm_free_text(report);
}

static void without_batch_it_is_loaded_on_this_thread_and_not_counted(void **state)
{
    (void)state;
    static const char *const set[] = {"performance.off=batch", NULL};
    fixture *f = fixture_open(set);
    int closed = 0;
    int64_t rows = 0;
    mdm_stream stream = open_source(2, -1, &closed);
    mdm_target target = {.table = "made", .create = true};
    mdm_txn *txn = begin(f, MDM_TXN_WRITE);
    assert_int_equal(mdm_txn_load(txn, &target, &stream, NULL, NULL, &rows, NULL), MDM_OK);
    assert_int_equal(mdm_txn_commit(txn, NULL), MDM_OK);
    assert_int_equal(rows, 2 * ROWS_OF_CHUNK);
    assert_int_equal(counter(f, "batch.load.rows"), 0);
    fixture_close(f);
}

static void a_database_that_reads_no_files_says_so(void **state)
{
    fixture *f = *state;
    mdm_target target = {.table = "made", .create = true};
    mdm_txn *txn = begin(f, MDM_TXN_WRITE);
    mdm_error err = {0};
    assert_int_equal(mdm_txn_load_query(txn, &target, NULL, NULL, &err), MDM_UNSUPPORTED);
    assert_string_equal(err.message, "sqlite does not read files itself");
    mdm_txn_rollback(txn);
}

static void a_disposable_database_is_settled_and_whole(void **state)
{
    fixture *f = *state;
    char path[600];
    snprintf(path, sizeof path, "%s/new.sqlite", f->folder);
    mdm_location location = f->location;
    location.path = path;
    mdm_setting wal = {"journal_mode", "WAL"};
    location.settings = &wal;
    location.setting_count = 1;
    assert_int_equal(mdm_session_database(f->session, &location, MDM_OPEN_CREATE | MDM_OPEN_LOADING,
                                          &f->database, NULL),
                     MDM_OK);
    run(f, "CREATE TABLE t (a)");
    run(f, "INSERT INTO t VALUES (1)");
    assert_int_equal(number(f, "SELECT a FROM t"), 1);
    mdm_error err = {0};
    if (mdm_session_settle(f->session, f->database, &err) != MDM_OK) fail_msg("%s", err.message);
    mdm_session_forget(f->session, f->database);
    assert_false(test_exists(test_path(f->folder, "new.sqlite-wal")));
    assert_false(test_exists(test_path(f->folder, "new.sqlite-journal")));
    assert_int_equal(
        mdm_session_database(f->session, &location, MDM_OPEN_READ_ONLY, &f->database, NULL),
        MDM_OK);
    assert_int_equal(number(f, "SELECT a FROM t"), 1);
}

/* --- failures ------------------------------------------------------------------------------ */

static mdm_status store(fixture *f, mdm_database *database, mdm_error *err)
{
    mdm_txn *txn;
    MDM_TRY(mdm_txn_begin(f->session, database, MDM_TXN_WRITE, &txn, err));
    mdm_query query = query_of("INSERT INTO t VALUES (2, 'y')");
    mdm_status status = mdm_txn_run(txn, &query, NULL, err);
    int closed = 0;
    if (status == MDM_OK) {
        mdm_stream stream = open_source(2, -1, &closed);
        mdm_target target = {.table = "t"};
        status = mdm_txn_load(txn, &target, &stream, NULL, NULL, NULL, err);
        assert_int_equal(closed, 1);
    }
    if (status == MDM_OK) return mdm_txn_commit(txn, err);
    mdm_txn_rollback(txn);
    return status;
}

static void whatever_call_fails_the_transaction_is_all_or_nothing(void **state)
{
    fixture *f = *state;
    faulty *faults = faulty_open(f->location.backend);
    mdm_location location = f->location;
    location.backend = faulty_backend(faults);
    mdm_database *database;
    assert_int_equal(mdm_session_database(f->session, &location, 0, &database, NULL), MDM_OK);
    int64_t rows = 1;
    for (long n = 0;; n++) {
        mdm_error err = {0};
        faulty_fail_at(faults, n, MDM_IO);
        mdm_status status = store(f, database, &err);
        const long calls = faulty_calls(faults);
        faulty_fail_at(faults, -1, MDM_IO);
        if (status == MDM_OK) rows += 1 + 2 * ROWS_OF_CHUNK;
        else assert_non_null(strstr(err.message, "injected"));
        assert_int_equal(number(f, "SELECT count(*) FROM t"), rows);
        if (calls <= n) break;
        assert_true(n < 100);
    }
    assert_true(rows > 1);
    mdm_session_forget(f->session, database);
    assert_int_equal(faulty_connections(faults), 0);
    faulty_close(faults);
}

int main(void)
{
#define F(test) cmocka_unit_test_setup_teardown(test, table, fixture_teardown)
    const struct CMUnitTest tests[] = {
        F(what_is_committed_stays),
        F(what_is_rolled_back_is_gone),
        F(a_reading_transaction_sees_one_state_and_refuses_to_write),
        cmocka_unit_test(a_second_writer_waits_and_is_told_who_holds_it),
        F(a_stream_becomes_rows_of_a_table),
        F(a_stream_that_fails_loads_nothing),
        cmocka_unit_test(without_batch_it_is_loaded_on_this_thread_and_not_counted),
        F(a_database_that_reads_no_files_says_so),
        F(a_disposable_database_is_settled_and_whole),
        F(whatever_call_fails_the_transaction_is_all_or_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
