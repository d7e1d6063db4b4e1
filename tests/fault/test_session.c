/* Whatever fails on the way of a session's work - each call of the driver in turn, each allocation
 * - it says so, gives all connections back, leaves a transaction whole or undone, and works
 * afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mdm/session.h"
#include "support/faulty.h"
#include "support/folder.h"
#include "support/walk.h"

#define ROWS 300

typedef struct fixture {
    char *folder;
    const mdm_backend *backend;
    char path[600];
    unsigned serial; /* of the file: each run has its own */
} fixture;

static fixture fixture_open(const char *backend)
{
    return (fixture){.folder = test_folder_make(),
                     .backend = mdm_backend_find(mdm_str_from(backend))};
}

static mdm_status open_session(const fixture *f, mdm_session **out, mdm_error *err)
{
    static const char *const environment[] = {NULL};
    const mdm_config_sources sources = {.home = f->folder, .environment = environment};
    const mdm_session_options options = {.config = &sources};
    return mdm_session_open(&options, out, err);
}

/* --- the work -------------------------------------------------------------------- */

static mdm_query query_of(const char *sql, bool write)
{
    mdm_query query = MDM_QUERY_INIT;
    query.sql = mdm_str_from(sql);
    query.write = write;
    return query;
}

static mdm_status next_chunk(mdm_stream *stream, mdm_chunk **out, mdm_error *err)
{
    bool *given = stream->self;
    *out = NULL;
    if (*given) return MDM_OK;
    *given = true;
    mdm_builder *builder;
    MDM_TRY(mdm_builder_open(stream->schema, ROWS, &builder, err));
    mdm_status status = MDM_OK;
    for (int r = 0; r < ROWS && status == MDM_OK; r++)
        status = mdm_builder_int(builder, 0, r);
    if (status == MDM_OK) status = mdm_builder_finish(builder, out, err);
    else mdm_error_set(err, status, "no memory for a row");
    mdm_builder_close(builder);
    return status;
}

static void close_stream(mdm_stream *stream)
{
    mdm_schema_unref(stream->schema);
    free(stream->self);
}

static mdm_status open_stream(mdm_stream *out, mdm_error *err)
{
    static const mdm_field field = {"a", {MDM_TYPE_INT64, 0, 0}};
    mdm_schema *schema;
    MDM_TRY(mdm_schema_new(&field, 1, &schema, err));
    *out = (mdm_stream){schema, next_chunk, close_stream, calloc(1, sizeof(bool))};
    return MDM_OK;
}

static mdm_status load_inside(mdm_txn *txn, mdm_error *err)
{
    mdm_query insert = query_of("INSERT INTO t VALUES (-1)", true);
    const mdm_target target = {.table = "t"};
    mdm_stream stream;
    MDM_TRY(mdm_txn_run(txn, &insert, NULL, err));
    MDM_TRY(open_stream(&stream, err));
    return mdm_txn_load(txn, &target, &stream, NULL, NULL, NULL, err);
}

static mdm_status load(mdm_session *session, mdm_database *database, mdm_error *err)
{
    mdm_txn *txn;
    MDM_TRY(mdm_txn_begin(session, database, MDM_TXN_WRITE, &txn, err));
    const mdm_status status = load_inside(txn, err);
    if (status == MDM_OK) return mdm_txn_commit(txn, err);
    mdm_txn_rollback(txn);
    return status;
}

static mdm_status count(mdm_session *session, mdm_database *database, int64_t *rows, mdm_error *err)
{
    mdm_query query = query_of("SELECT a FROM t WHERE a < :most", false);
    mdm_parameter most = {"most", {MDM_TYPE_INT64, {.integer = ROWS}}};
    query.parameters = &most;
    query.parameter_count = 1;
    mdm_rows *result;
    *rows = 0;
    MDM_TRY(mdm_session_query(session, database, &query, &result, err));
    mdm_chunk *chunk;
    mdm_status status;
    do {
        status = mdm_rows_next(result, &chunk, err);
        if (chunk) *rows += chunk->rows;
        mdm_chunk_unref(chunk);
    } while (status == MDM_OK && chunk);
    mdm_rows_close(result);
    return status;
}

static mdm_status work(mdm_session *session, mdm_database *database, mdm_error *err)
{
    mdm_query create = query_of("CREATE TABLE IF NOT EXISTS t (a BIGINT)", true);
    char *plan = NULL;
    int64_t rows;
    MDM_TRY(mdm_session_run(session, database, &create, NULL, err));
    MDM_TRY(load(session, database, err));
    MDM_TRY(count(session, database, &rows, err));
    const mdm_status status =
        mdm_session_explain(session, database, MDM_STR("SELECT a FROM t"), &plan, err);
    mdm_free_text(plan);
    return status == MDM_OK ? mdm_session_settle(session, database, err) : status;
}

/* --- each call of the driver --------------------------------------------------------- */

/* All or nothing, and the database works: a whole load more on top. */
static void check_afterwards(mdm_session *session, mdm_database *database)
{
    mdm_error err = {0};
    int64_t rows = 0;
    if (work(session, database, &err) != MDM_OK) fail_msg("afterwards: %s", err.message);
    assert_int_equal(count(session, database, &rows, &err), MDM_OK);
    if (rows != ROWS + 1 && rows != 2 * (ROWS + 1)) fail_msg("%lld rows", (long long)rows);
}

static long fail_call(fixture *f, long n)
{
    faulty *faults = faulty_open(f->backend);
    mdm_error err = {0};
    mdm_session *session;
    mdm_database *database;
    snprintf(f->path, sizeof f->path, "%s/w%u.db", f->folder, f->serial++);
    const mdm_location location = {.backend = faulty_backend(faults), .path = f->path};
    assert_int_equal(open_session(f, &session, &err), MDM_OK);
    assert_int_equal(mdm_session_database(session, &location, MDM_OPEN_CREATE, &database, &err),
                     MDM_OK);
    faulty_fail_at(faults, n, MDM_IO);
    const mdm_status status = work(session, database, &err);
    const long calls = faulty_calls(faults);
    if (status != MDM_OK && !strstr(err.message, "injected failure"))
        fail_msg("call %ld: %s", n, err.message);
    faulty_fail_at(faults, -1, MDM_IO);
    check_afterwards(session, database);
    mdm_session_close(session);
    assert_int_equal(faulty_connections(faults), 0);
    faulty_close(faults);
    return calls;
}

static void walk_calls(const char *backend)
{
    fixture f = fixture_open(backend);
    for (long n = 0; fail_call(&f, n) > n; n++)
        assert_true(n < 200);
    test_folder_remove(f.folder);
}

static void every_call_may_fail_on_sqlite(void **state)
{
    (void)state;
    walk_calls("sqlite");
}

static void every_call_may_fail_on_duckdb(void **state)
{
    (void)state;
    walk_calls("duckdb");
}

/* --- each allocation --------------------------------------------------------------------- */

static mdm_status whole_life(void *data, mdm_error *err)
{
    fixture *f = data;
    mdm_session *session = NULL;
    mdm_database *database = NULL;
    static const mdm_setting hasty = {"synchronous", "OFF"}; /* hundreds of runs */
    const mdm_location location = {
        .backend = f->backend, .path = f->path, .settings = &hasty, .setting_count = 1};
    mdm_status status = open_session(f, &session, err);
    if (status == MDM_OK)
        status = mdm_session_database(session, &location, MDM_OPEN_CREATE, &database, err);
    if (status == MDM_OK) status = work(session, database, err);
    mdm_session_close(session);
    remove(f->path);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    fixture f = fixture_open("sqlite");
    snprintf(f.path, sizeof f.path, "%s/w.db", f.folder);
    test_walk_allocations(whole_life, &f, 100);
    test_folder_remove(f.folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_may_fail_on_sqlite),
        cmocka_unit_test(every_call_may_fail_on_duckdb),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
