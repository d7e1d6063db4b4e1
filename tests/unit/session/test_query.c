#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "session/internal.h"
#include "support/faulty.h"
#include "support/folder.h"
#include "support/walk.h"

static int shop(void **state)
{
    if (fixture_setup(state) != 0) return -1;
    run(*state, "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT, price REAL)");
    run(*state, "INSERT INTO item VALUES (1, 'apple', 0.5), (2, 'bread', 2.25), (3, NULL, 9)");
    return 0;
}

static mdm_query query_of(const char *sql)
{
    mdm_query query = MDM_QUERY_INIT;
    query.sql = mdm_str_from(sql);
    return query;
}

static mdm_rows *start(fixture *f, mdm_query query)
{
    mdm_error err = {0};
    mdm_rows *rows;
    if (mdm_session_query(f->session, f->database, &query, &rows, &err) != MDM_OK)
        fail_msg("%s", err.message);
    return rows;
}

/* --- rows -------------------------------------------------------------------------- */

static void rows_come_with_their_schema_and_end(void **state)
{
    fixture *f = *state;
    mdm_rows *rows = ask(f, "SELECT id, name FROM item ORDER BY id");
    const mdm_schema *schema = mdm_rows_schema(rows);
    assert_int_equal(schema->count, 2);
    assert_string_equal(schema->fields[1].name, "name");
    mdm_chunk *chunk;
    assert_int_equal(mdm_rows_next(rows, &chunk, NULL), MDM_OK);
    assert_int_equal(chunk->rows, 3);
    mdm_chunk_unref(chunk);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(mdm_rows_next(rows, &chunk, NULL), MDM_OK);
        assert_null(chunk);
    }
    mdm_rows_info info = mdm_rows_info_read(rows);
    assert_int_equal(info.rows, 3);
    assert_int_equal(info.class_, MDM_QUERY_SELECT);
    assert_false(info.truncated);
    assert_false(info.statement_kept);
    assert_true(info.elapsed_ns > 0);
    assert_int_equal(schema->count, 2); /* valid until close */
    mdm_rows_close(rows);
    mdm_rows_close(NULL);
}

static void the_connection_goes_back_with_the_last_row(void **state)
{
    fixture *f = *state;
    mdm_rows *rows = ask(f, "SELECT id FROM item");
    mdm_pool_stats stats;
    mdm_session_pools(f->session, &stats, 1);
    assert_int_equal(stats.active, 1);
    mdm_chunk *chunk;
    assert_int_equal(mdm_rows_next(rows, &chunk, NULL), MDM_OK);
    mdm_chunk_unref(chunk);
    assert_int_equal(mdm_rows_next(rows, &chunk, NULL), MDM_OK);
    mdm_session_pools(f->session, &stats, 1);
    assert_int_equal(stats.active, 0);
    mdm_rows_close(rows);
}

static void the_limit_cuts_and_says_whether_there_was_more(void **state)
{
    static const struct {
        int64_t limit, rows;
        bool truncated;
    } cases[] = {{0, 3, false}, {1, 1, true}, {2, 2, true}, {3, 3, false}, {4, 3, false}};
    fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mdm_query query = query_of("SELECT id FROM item");
        query.limit = cases[i].limit;
        mdm_rows *rows = start(f, query);
        mdm_chunk *chunk;
        int64_t count = 0;
        do {
            assert_int_equal(mdm_rows_next(rows, &chunk, NULL), MDM_OK);
            if (chunk) count += chunk->rows;
            mdm_chunk_unref(chunk);
        } while (chunk);
        mdm_rows_info info = mdm_rows_info_read(rows);
        assert_int_equal(count, cases[i].rows);
        assert_int_equal(info.rows, cases[i].rows);
        assert_int_equal(info.truncated, cases[i].truncated);
        mdm_rows_close(rows);
    }
}

static void the_limit_holds_over_several_chunks(void **state)
{
    fixture *f = *state;
    mdm_query query = query_of("WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n "
                               "WHERE i < 30000) SELECT i FROM n");
    query.limit = 20001;
    mdm_rows *rows = start(f, query);
    mdm_chunk *chunk;
    int64_t count = 0;
    do {
        assert_int_equal(mdm_rows_next(rows, &chunk, NULL), MDM_OK);
        if (chunk) count += chunk->rows;
        mdm_chunk_unref(chunk);
    } while (chunk);
    assert_int_equal(count, 20001);
    assert_true(mdm_rows_info_read(rows).truncated);
    mdm_rows_close(rows);
}

static void rows_are_a_stream_too(void **state)
{
    fixture *f = *state;
    mdm_stream stream;
    mdm_rows_stream(ask(f, "SELECT id FROM item"), &stream);
    assert_string_equal(stream.schema->fields[0].name, "id");
    mdm_chunk *chunk;
    assert_int_equal(mdm_stream_next(&stream, &chunk, NULL), MDM_OK);
    assert_int_equal(chunk->rows, 3);
    mdm_chunk_unref(chunk);
    mdm_stream_close(&stream);
    mdm_pool_stats stats;
    mdm_session_pools(f->session, &stats, 1);
    assert_int_equal(stats.active, 0);
}

/* --- parameters -------------------------------------------------------------------------- */

static void values_are_bound_by_position_and_by_name(void **state)
{
    fixture *f = *state;
    mdm_query query = query_of("SELECT name FROM item WHERE price > ? AND id < ?");
    mdm_value values[] = {{MDM_TYPE_DOUBLE, {.real = 1}}, {MDM_TYPE_INT64, {.integer = 3}}};
    query.values = values;
    query.value_count = 2;
    assert_string_equal(text_of(start(f, query)), "bread\n");

    query = query_of("SELECT name, :low FROM item WHERE price > :low AND id < $high");
    mdm_parameter named[] = {{"high", values[1]}, {"low", values[0]}};
    query.parameters = named;
    query.parameter_count = 2;
    assert_string_equal(text_of(start(f, query)), "bread|1\n");
}

static void a_long_statement_with_names_is_bound_too(void **state)
{
    fixture *f = *state;
    char *sql = calloc(1, 40000);
    strcpy(sql, "SELECT :a FROM item WHERE id = 1 AND name <> '");
    memset(sql + strlen(sql), 'x', 20000);
    strcat(sql, "' AND :a IS NOT NULL");
    mdm_query query = query_of(sql);
    mdm_parameter named = {"a", {MDM_TYPE_INT64, {.integer = 5}}};
    query.parameters = &named;
    query.parameter_count = 1;
    assert_string_equal(text_of(start(f, query)), "5\n");
    free(sql);
}

/* --- refusals ------------------------------------------------------------------------------ */

static void what_is_not_one_statement_is_refused(void **state)
{
    fixture *f = *state;
    mdm_error err;
    assert_int_equal(fails(f, query_of(""), &err), MDM_INVALID);
    assert_string_equal(err.message, "no statement");
    assert_int_equal(fails(f, query_of(" ; -- nothing"), &err), MDM_INVALID);
    assert_int_equal(fails(f, query_of("SELECT 1; SELECT 2"), &err), MDM_INVALID);
    assert_string_equal(err.message, "2 statements, one is expected");
    mdm_query query = query_of("SELECT ?");
    assert_int_equal(fails(f, query, &err), MDM_INVALID);
    mdm_value value = {MDM_TYPE_NULL, {0}};
    mdm_parameter parameter = {"a", value};
    query.values = &value;
    query.value_count = 1;
    query.parameters = &parameter;
    query.parameter_count = 1;
    assert_int_equal(fails(f, query, &err), MDM_INVALID);
    assert_string_equal(err.message, "parameters are given by position or by name, not both");
    assert_int_equal(counter(f, "query.failed"), 5);
}

static void writing_needs_to_be_said(void **state)
{
    fixture *f = *state;
    static const char *const writes[] = {
        "DELETE FROM item",          "WITH x AS (SELECT 1) DELETE FROM item",
        "DROP TABLE item",           "PRAGMA user_version = 7",
        "VACUUM INTO 'copy.sqlite'", "ATTACH 'x.sqlite' AS x",
    };
    for (size_t i = 0; i < sizeof writes / sizeof *writes; i++) {
        mdm_error err;
        assert_int_equal(fails(f, query_of(writes[i]), &err), MDM_PERMISSION);
        assert_non_null(strstr(err.message, "this statement may change data (class "));
        assert_string_equal(err.hint, "if it is meant to write, say so: --write");
    }
    assert_int_equal(number(f, "SELECT count(*) FROM item"), 3);
    run(f, "DELETE FROM item WHERE id = 3");
    assert_int_equal(number(f, "SELECT count(*) FROM item"), 2);
}

static void a_database_opened_for_reading_takes_no_write(void **state)
{
    fixture *f = *state;
    assert_int_equal(
        mdm_session_database(f->session, &f->location, MDM_OPEN_READ_ONLY, &f->database, NULL),
        MDM_OK);
    mdm_query query = query_of("DELETE FROM item");
    query.write = true;
    mdm_error err;
    assert_int_equal(fails(f, query, &err), MDM_PERMISSION);
    assert_string_equal(err.message, "the database is opened for reading only");
    assert_int_equal(number(f, "SELECT count(*) FROM item"), 3);
}

static void a_mistake_in_sql_is_the_databases_to_tell(void **state)
{
    fixture *f = *state;
    mdm_error err;
    assert_int_equal(fails(f, query_of("SELECT nothing FROM item"), &err), MDM_BACKEND);
    assert_non_null(strstr(err.message, "nothing"));
    mdm_pool_stats stats;
    mdm_session_pools(f->session, &stats, 1);
    assert_int_equal(stats.active, 0);
}

static void the_time_limit_ends_the_statement(void **state)
{
    fixture *f = *state;
    mdm_query query = query_of("WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) "
                               "SELECT count(*) FROM n");
    query.timeout_ms = 30;
    mdm_error err;
    int64_t begun = mdm_clock_ns();
    assert_int_equal(fails(f, query, &err), MDM_TIMEOUT);
    assert_true(mdm_clock_ns() - begun < INT64_C(5000000000));
    assert_int_equal(number(f, "SELECT count(*) FROM item"), 3); /* the connection is good */
}

/* --- run ----------------------------------------------------------------------------------------
 */

static void run_tells_how_many_rows_changed(void **state)
{
    fixture *f = *state;
    mdm_query query = query_of("UPDATE item SET price = price + 1 WHERE id < 3");
    query.write = true;
    int64_t changed = -1;
    assert_int_equal(mdm_session_run(f->session, f->database, &query, &changed, NULL), MDM_OK);
    assert_int_equal(changed, 2);
    mdm_rows *rows = start(f, query);
    mdm_chunk *chunk;
    assert_int_equal(mdm_rows_schema(rows)->count, 0);
    assert_int_equal(mdm_rows_next(rows, &chunk, NULL), MDM_OK);
    assert_null(chunk);
    assert_int_equal(mdm_rows_info_read(rows).changed, 2);
    mdm_rows_close(rows);
    query = query_of("DELETE FROM item WHERE id = 1 RETURNING name");
    query.write = true;
    assert_string_equal(text_of(start(f, query)), "apple\n");
    assert_int_equal(number(f, "SELECT count(*) FROM item"), 2);
}

static void explain_gives_the_databases_words(void **state)
{
    fixture *f = *state;
    char *plan = NULL;
    assert_int_equal(mdm_session_explain(f->session, f->database,
                                         MDM_STR("SELECT * FROM item WHERE id = 1"), &plan, NULL),
                     MDM_OK);
    assert_non_null(strstr(plan, "SEARCH item"));
    mdm_free_text(plan);
    mdm_error err = {0};
    assert_int_equal(
        mdm_session_explain(f->session, f->database, MDM_STR("SELECT FROM"), &plan, &err),
        MDM_BACKEND);
    assert_null(plan);
}

/* --- what is kept, what is recorded ------------------------------------------------------------
 */

/* The driver keeps what it is asked for a second time. */
static void a_statement_run_again_is_known_and_then_kept(void **state)
{
    fixture *f = *state;
    const uint64_t compiled = counter(f, "statement.compiled");
    const uint64_t made = counter(f, "fingerprint.made");
    for (int i = 0; i < 4; i++) {
        mdm_rows *rows = ask(f, "SELECT name FROM item WHERE id = 1");
        const bool kept = mdm_rows_info_read(rows).statement_kept;
        assert_string_equal(text_of(rows), "apple\n");
        assert_int_equal(kept, i > 1);
    }
    assert_int_equal(counter(f, "statement.compiled"), compiled + 2);
    assert_int_equal(counter(f, "statement.kept"), 2);
    assert_int_equal(counter(f, "fingerprint.made"), made + 1);
    assert_int_equal(counter(f, "fingerprint.known"), 3);
}

static void a_known_fingerprint_is_the_one_that_was_read(void **state)
{
    (void)state;
    static memo m;
    static const char *const texts[] = {
        "select 1",
        "delete from t",
        "with x as (select 1) select count(*) from x, y",
        "select ?, ?, ?; drop table t; select 4",
        "pragma user_version",
        "",
    };
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
            for (int d = 0; d < 3; d++) {
                bool known;
                mdm_fingerprint a =
                    memo_fingerprint(&m, mdm_str_from(texts[i]), (mdm_sql_dialect)d, &known);
                mdm_fingerprint b =
                    mdm_fingerprint_make(mdm_str_from(texts[i]), (mdm_sql_dialect)d, NULL, 0);
                assert_int_equal(known, round);
                assert_true(a.hash == b.hash);
                assert_int_equal(a.class_, b.class_);
                assert_int_equal(a.reads_only, b.reads_only);
                assert_int_equal(a.statements, b.statements);
                assert_int_equal(a.parameters, b.parameters);
            }
}

static void the_monitor_has_duration_and_rows_by_class(void **state)
{
    fixture *f = *state;
    text_of(ask(f, "SELECT count(*) FROM item"));
    text_of(ask(f, "SELECT * FROM item"));
    mdm_histogram_summary h;
    mdm_monitor *monitor = mdm_session_monitor(f->session);
    assert_true(mdm_histogram_read(monitor, "query.aggregate.duration", &h));
    assert_int_equal(h.count, 1);
    assert_true(mdm_histogram_read(monitor, "query.select.rows", &h));
    assert_int_equal(h.count, 1);
    assert_int_equal(h.sum, 3);
    assert_true(mdm_histogram_read(monitor, "query.insert.duration", &h));
    assert_int_equal(h.count, 1);
    assert_int_equal(counter(f, "query.count"), 4);
    assert_int_equal(counter(f, "query.failed"), 0);
}

static void a_slow_statement_is_logged_without_its_values(void **state)
{
    (void)state;
    static const char *const set[] = {"performance.monitor.slow_query_ms=1", NULL};
    fixture *f = fixture_open(set);
    text_of(ask(f, "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < "
                   "300000) SELECT count(*) FROM n WHERE 'secret' <> 'word'"));
    assert_int_equal(counter(f, "query.slow"), 1);
    const char *log = test_file_text(test_path(f->folder, "logs/mdm.log"));
    assert_non_null(log);
    assert_non_null(strstr(log, "query"));
    assert_non_null(strstr(log, "slow: "));
    assert_non_null(strstr(log, "select count(*) from n where ? <> ?"));
    assert_null(strstr(log, "secret"));
    assert_null(strstr(log, "300000"));
    fixture_close(f);
}

static void each_statement_is_logged_when_asked_for(void **state)
{
    (void)state;
    static const char *const set[] = {"database.sqlalchemy.echo=true", NULL};
    fixture *f = fixture_open(set);
    text_of(ask(f, "SELECT 42"));
    const char *log = test_file_text(test_path(f->folder, "logs/mdm.log"));
    assert_non_null(log);
    assert_non_null(strstr(log, "done: "));
    assert_non_null(strstr(log, "select ?"));
    fixture_close(f);
}

/* --- performance.off -----------------------------------------------------------------------------
 */

static void without_the_optimizer_nothing_is_kept_or_counted(void **state)
{
    (void)state;
    static const char *const set[] = {"performance.off=query_optimizer", NULL};
    fixture *f = fixture_open(set);
    run(f, "CREATE TABLE t (a)");
    for (int i = 0; i < 3; i++) {
        mdm_rows *rows = ask(f, "SELECT count(*) FROM t");
        assert_false(mdm_rows_info_read(rows).statement_kept);
        text_of(rows);
    }
    mdm_error err;
    assert_int_equal(fails(f, query_of("DELETE FROM t"), &err), MDM_PERMISSION);
    assert_int_equal(counter(f, "statement.kept"), 0);
    assert_int_equal(counter(f, "statement.compiled"), 0);
    assert_int_equal(counter(f, "fingerprint.known"), 0);
    assert_int_equal(counter(f, "fingerprint.made"), 0);
    assert_int_equal(counter(f, "query.count"), 5);
    fixture_close(f);
}

static void without_the_pool_each_statement_connects(void **state)
{
    (void)state;
    static const char *const set[] = {"performance.off=pool", NULL};
    fixture *f = fixture_open(set);
    run(f, "CREATE TABLE t (a)");
    assert_int_equal(number(f, "SELECT count(*) FROM t"), 0);
    mdm_pool_stats stats[2];
    size_t count = mdm_session_pools(f->session, stats, 2);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(stats[i].acquired, 0);
        assert_int_equal(stats[i].created, 0);
    }
    mdm_histogram_summary h;
    assert_false(mdm_histogram_read(mdm_session_monitor(f->session), "pool.wait", &h));
    fixture_close(f);
}

static void without_the_monitor_nothing_is_counted(void **state)
{
    (void)state;
    static const char *const set[] = {"performance.off=monitor", NULL};
    fixture *f = fixture_open(set);
    assert_int_equal(number(f, "SELECT 7"), 7);
    assert_int_equal(counter(f, "query.count"), 0);
    fixture_close(f);
}

/* --- failures
 * --------------------------------------------------------------------------------------- */

typedef struct behind_faults {
    fixture *f;
    faulty *faults;
    mdm_database *database;
} behind_faults;

static behind_faults stand_behind(fixture *f)
{
    behind_faults b = {.f = f, .faults = faulty_open(f->location.backend)};
    mdm_location location = f->location;
    location.backend = faulty_backend(b.faults);
    assert_int_equal(mdm_session_database(f->session, &location, 0, &b.database, NULL), MDM_OK);
    return b;
}

static void leave(behind_faults *b)
{
    mdm_session_forget(b->f->session, b->database);
    assert_int_equal(faulty_connections(b->faults), 0);
    faulty_close(b->faults);
}

static mdm_status read_all(behind_faults *b, mdm_error *err)
{
    mdm_query query = query_of("SELECT id FROM item");
    mdm_rows *rows;
    MDM_TRY(mdm_session_query(b->f->session, b->database, &query, &rows, err));
    mdm_chunk *chunk;
    mdm_status status;
    do {
        status = mdm_rows_next(rows, &chunk, err);
        mdm_chunk_unref(chunk);
    } while (status == MDM_OK && chunk);
    mdm_rows_close(rows);
    return status;
}

static void every_call_of_the_driver_may_fail(void **state)
{
    behind_faults b = stand_behind(*state);
    for (long n = 0;; n++) {
        mdm_error err = {0};
        faulty_fail_at(b.faults, n, MDM_IO);
        mdm_status status = read_all(&b, &err);
        const long calls = faulty_calls(b.faults);
        faulty_fail_at(b.faults, -1, MDM_IO);
        if (status != MDM_OK) assert_non_null(strstr(err.message, "injected"));
        assert_int_equal(read_all(&b, &err), MDM_OK); /* the next one works */
        if (calls <= n) break;
        assert_true(n < 100);
    }
    leave(&b);
}

static void a_read_on_a_connection_that_died_is_repeated_once(void **state)
{
    fixture *f = *state;
    behind_faults b = stand_behind(f);
    mdm_error err = {0};
    assert_int_equal(read_all(&b, &err), MDM_OK);
    faulty_fail_at(b.faults, -1, MDM_IO);
    faulty_break(b.faults, true);
    faulty_fail_on(b.faults, "execute", MDM_BACKEND);
    assert_int_equal(read_all(&b, &err), MDM_BACKEND);
    assert_int_equal(faulty_count(b.faults, "execute"), 2);
    assert_int_equal(faulty_count(b.faults, "open"), 1);
    assert_int_equal(counter(f, "query.retries"), 1);
    faulty_break(b.faults, false);
    faulty_fail_on(b.faults, NULL, MDM_OK);
    assert_int_equal(read_all(&b, &err), MDM_OK);
    leave(&b);
}

static void a_write_on_a_connection_that_died_is_not(void **state)
{
    fixture *f = *state;
    behind_faults b = stand_behind(f);
    mdm_query query = query_of("DELETE FROM item");
    query.write = true;
    faulty_break(b.faults, true);
    faulty_fail_on(b.faults, "execute", MDM_BACKEND);
    mdm_error err = {0};
    assert_int_equal(mdm_session_run(f->session, b.database, &query, NULL, &err), MDM_BACKEND);
    assert_int_equal(faulty_count(b.faults, "execute"), 1);
    assert_int_equal(counter(f, "query.retries"), 0);
    assert_int_equal(faulty_connections(b.faults), 0); /* dropped */
    faulty_fail_on(b.faults, NULL, MDM_OK);
    leave(&b);
}

static mdm_status whole_life(void *folder, mdm_error *err)
{
    static const char *const environment[] = {NULL};
    mdm_config_sources sources = {.home = folder, .environment = environment};
    mdm_session_options options = {.config = &sources};
    mdm_location location = {.backend = mdm_backend_find(MDM_STR("sqlite")),
                             .path = test_path(folder, "w.sqlite")};
    mdm_session *session = NULL;
    mdm_database *database = NULL;
    mdm_query write = query_of("CREATE TABLE IF NOT EXISTS t (a)"), read = query_of("SELECT :x");
    mdm_parameter x = {"x", {MDM_TYPE_INT64, {.integer = 1}}};
    write.write = true;
    read.parameters = &x;
    read.parameter_count = 1;
    mdm_status status = mdm_session_open(&options, &session, err);
    if (status == MDM_OK)
        status = mdm_session_database(session, &location, MDM_OPEN_CREATE, &database, err);
    if (status == MDM_OK) status = mdm_session_run(session, database, &write, NULL, err);
    if (status == MDM_OK) status = mdm_session_run(session, database, &read, NULL, err);
    mdm_session_close(session);
    return status;
}

static void every_allocation_may_fail_from_opening_to_closing(void **state)
{
    (void)state;
    char *folder = test_folder_make();
    test_walk_allocations(whole_life, folder, 20);
    test_folder_remove(folder);
}

int main(void)
{
#define F(test) cmocka_unit_test_setup_teardown(test, shop, fixture_teardown)
    const struct CMUnitTest tests[] = {
        F(rows_come_with_their_schema_and_end),
        F(the_connection_goes_back_with_the_last_row),
        F(the_limit_cuts_and_says_whether_there_was_more),
        F(the_limit_holds_over_several_chunks),
        F(rows_are_a_stream_too),
        F(values_are_bound_by_position_and_by_name),
        F(a_long_statement_with_names_is_bound_too),
        F(what_is_not_one_statement_is_refused),
        F(writing_needs_to_be_said),
        F(a_database_opened_for_reading_takes_no_write),
        F(a_mistake_in_sql_is_the_databases_to_tell),
        F(the_time_limit_ends_the_statement),
        F(run_tells_how_many_rows_changed),
        F(explain_gives_the_databases_words),
        F(a_statement_run_again_is_known_and_then_kept),
        cmocka_unit_test(a_known_fingerprint_is_the_one_that_was_read),
        F(the_monitor_has_duration_and_rows_by_class),
        cmocka_unit_test(a_slow_statement_is_logged_without_its_values),
        cmocka_unit_test(each_statement_is_logged_when_asked_for),
        cmocka_unit_test(without_the_optimizer_nothing_is_kept_or_counted),
        cmocka_unit_test(without_the_pool_each_statement_connects),
        cmocka_unit_test(without_the_monitor_nothing_is_counted),
        F(every_call_of_the_driver_may_fail),
        F(a_read_on_a_connection_that_died_is_repeated_once),
        F(a_write_on_a_connection_that_died_is_not),
        cmocka_unit_test(every_allocation_may_fail_from_opening_to_closing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
