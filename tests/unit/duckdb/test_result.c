#include "duck.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

/* --- types ------------------------------------------------------------------------ */

/* sql is one expression; its cell must read as text and have that type. */
typedef struct expectation {
    const char *sql, *type, *text;
} expectation;

static const expectation expectations[] = {
    {"true", "BOOLEAN", "true"},
    {"(-128)::TINYINT", "TINYINT", "-128"},
    {"(-32768)::SMALLINT", "SMALLINT", "-32768"},
    {"2147483647::INTEGER", "INTEGER", "2147483647"},
    {"(-9223372036854775808)::BIGINT", "BIGINT", "-9223372036854775808"},
    {"255::UTINYINT", "SMALLINT", "255"},
    {"65535::USMALLINT", "INTEGER", "65535"},
    {"4294967295::UINTEGER", "BIGINT", "4294967295"},
    {"18446744073709551615::UBIGINT", "DECIMAL(20,0)", "18446744073709551615"},
    {"sum(1::BIGINT)", "DECIMAL(38,0)", "1"},
    {"(-99999999999999999999999999999999999999)::HUGEINT", "DECIMAL(38,0)",
     "-99999999999999999999999999999999999999"},
    {"340282366920938463463374607431768211455::UHUGEINT", "VARCHAR",
     "340282366920938463463374607431768211455"},
    {"1.5::FLOAT", "FLOAT", "1.5"},
    {"0.1::DOUBLE", "DOUBLE", "0.1"},
    {"12.34::DECIMAL(4,2)", "DECIMAL(4,2)", "12.34"},
    {"(-1.5)::DECIMAL(9,3)", "DECIMAL(9,3)", "-1.500"},
    {"(-0.01)::DECIMAL(18,2)", "DECIMAL(18,2)", "-0.01"},
    {"12345678901234567890.5::DECIMAL(38,1)", "DECIMAL(38,1)", "12345678901234567890.5"},
    {"'twelve bytes'", "VARCHAR", "twelve bytes"},
    {"'thirteen byte'", "VARCHAR", "thirteen byte"},
    {"''", "VARCHAR", ""},
    {"'\\x01\\xFF'::BLOB", "BLOB", "\\x01ff"},
    {"DATE '1969-12-31'", "DATE", "1969-12-31"},
    {"'infinity'::DATE", "DATE", "infinity"},
    {"TIME '23:59:59.999999'", "TIME", "23:59:59.999999"},
    {"TIMESTAMP '1900-01-01 00:00:00.000001'", "TIMESTAMP", "1900-01-01 00:00:00.000001"},
    {"'-infinity'::TIMESTAMP", "TIMESTAMP", "-infinity"},
    {"'2024-02-29 01:02:03'::TIMESTAMP_S", "TIMESTAMP", "2024-02-29 01:02:03"},
    {"'2024-02-29 01:02:03.5'::TIMESTAMP_MS", "TIMESTAMP", "2024-02-29 01:02:03.5"},
    {"'2024-02-29 01:02:03.000001'::TIMESTAMP_NS", "TIMESTAMP", "2024-02-29 01:02:03.000001"},
    {"'infinity'::TIMESTAMP_S", "TIMESTAMP", "infinity"},
    {"'infinity'::TIMESTAMP_NS", "TIMESTAMP", "infinity"},
    {"TIMESTAMPTZ '2024-01-01 00:00:00+02'", "TIMESTAMP WITH TIME ZONE",
     "2023-12-31 22:00:00+00:00"},
    {"'b'::ENUM('a', 'b')", "VARCHAR", "b"},
    {"'ffffffff-0000-4000-8000-0123456789ab'::UUID", "VARCHAR",
     "ffffffff-0000-4000-8000-0123456789ab"},
    {"'00000000-0000-0000-0000-000000000001'::UUID", "VARCHAR",
     "00000000-0000-0000-0000-000000000001"},
    {"NULL", "INTEGER", "NULL"},
    {"NULL::HUGEINT", "DECIMAL(38,0)", "NULL"},
    {"NULL::INTEGER[]", "VARCHAR", "NULL"},
    {"[1, NULL, 3]", "VARCHAR", "[1,null,3]"},
    {"[]::INTEGER[]", "VARCHAR", "[]"},
    {"[[1], [], NULL]", "VARCHAR", "[[1],[],null]"},
    {"[1.5, 2]::DOUBLE[2]", "VARCHAR", "[1.5,2]"},
    {"{'a': 1, 'b': 'x\"y', 'c': NULL}", "VARCHAR", "{\"a\":1,\"b\":\"x\\\"y\",\"c\":null}"},
    {"row(1, 'a')", "VARCHAR", "[1,\"a\"]"},
    {"MAP {'k': [1, 2], 'l': []}", "VARCHAR", "{\"k\":[1,2],\"l\":[]}"},
    {"MAP {1: true}", "VARCHAR", "{\"1\":true}"},
    {"union_value(num := 2)", "VARCHAR", "{\"num\":2}"},
    {"[DATE '2024-01-01']", "VARCHAR", "[\"2024-01-01\"]"},
    {"['nan'::DOUBLE, 'inf', 1e300]", "VARCHAR", "[\"nan\",\"inf\",1e+300]"},
    {"[1::HUGEINT, 2]", "VARCHAR", "[1,2]"},
    {"['2024-01-01 00:00:00.123456789'::TIMESTAMP_NS]", "VARCHAR",
     "[\"2024-01-01 00:00:00.123456789\"]"},
    {"['1969-12-31 23:59:59.5'::TIMESTAMP_MS]", "VARCHAR", "[\"1969-12-31 23:59:59.5\"]"},
    {"{'j': '{\"x\": 1}'::JSON}", "VARCHAR", "{\"j\":{\"x\": 1}}"},
    {"['\\x00\\xFF'::BLOB]", "VARCHAR", "[\"\\\\x00ff\"]"},
    {"[1.50::DECIMAL(4,2), -2]", "VARCHAR", "[1.50,-2.00]"},
};

static void every_type_of_duckdb_arrives_with_its_value(void **state)
{
    duck d = duck_open("1");
    (void)state;
    for (size_t i = 0; i < sizeof expectations / sizeof *expectations; i++) {
        const expectation *e = &expectations[i];
        char sql[300], word[32];
        mdm_type type;
        snprintf(sql, sizeof sql, "SELECT %s", e->sql);
        const char *text = duck_text(d.link, sql, &type);
        if (strcmp(text, e->text) != 0) fail_msg("%s gave %s", e->sql, text);
        if (strcmp(mdm_type_text(type, word), e->type) != 0) fail_msg("%s is %s", e->sql, word);
    }
    duck_close(&d);
}

/* Values whose words DuckDB itself makes by a CAST. */
static const char *const same_words[] = {
    "INTERVAL '1 year 2 months 3 days 04:05:06.789'",
    "INTERVAL '-1 month'",
    "INTERVAL '0 days'",
    "INTERVAL '-25:00:00.000001'",
    "INTERVAL '-13 months'",
    "INTERVAL '1000 hours'",
    "INTERVAL '1 day'",
    "'10110011101'::BIT",
    "'1'::BIT",
    "'00000000'::BIT",
    "'12:34:56.5+02'::TIMETZ",
    "'00:00:00-15:59:59'::TIMETZ",
    "'23:59:59.999999+05:30'::TIMETZ",
    "0::BIGNUM",
    "(-1)::BIGNUM",
    "123456789012345678901234567890123456789012345678901234567890::BIGNUM",
    "'-1000000000000000000000000000000000000000000000000000000000'::BIGNUM",
    "1000000000::BIGNUM",
    "340282366920938463463374607431768211455::UHUGEINT",
    "0::UHUGEINT",
    "1000000000::UHUGEINT",
    "uuid()",
};

static void words_are_those_of_duckdb(void **state)
{
    duck d = duck_open("1");
    (void)state;
    for (size_t i = 0; i < sizeof same_words / sizeof *same_words; i++) {
        char sql[300], theirs[300];
        snprintf(sql, sizeof sql, "CREATE OR REPLACE TABLE t AS SELECT %s AS v", same_words[i]);
        duck_run(d.link, sql);
        snprintf(theirs, sizeof theirs, "%s", duck_text(d.link, "SELECT v::VARCHAR FROM t", NULL));
        assert_string_equal(duck_text(d.link, "SELECT v FROM t", NULL), theirs);
    }
    duck_close(&d);
}

static void nulls_stand_where_they_were(void **state)
{
    mdm_error err;
    mdm_stream rows;
    mdm_chunk *chunk;
    duck d = duck_open("1");
    int64_t row = 0, nulls = 0;
    (void)state;
    assert_ok(mdm_duckdb_stream(
        d.link,
        MDM_STR(
            "SELECT CASE WHEN i % 3 > 0 THEN i END AS a, CASE WHEN i % 5 > 0 THEN 'number ' || i "
            "END AS b, i % 7 = 0 AS c, CASE WHEN i % 2 > 0 THEN [i] END AS d FROM range(5000) "
            "t(i)"),
        NULL, &rows, &err));
    for (;;) {
        assert_ok(mdm_stream_next(&rows, &chunk, &err));
        if (!chunk) break;
        for (int64_t r = 0; r < chunk->rows; r++, row++) {
            char word[32];
            const mdm_column *columns = chunk->columns;
            assert_int_equal(mdm_column_is_set(&columns[0], r), row % 3 > 0);
            if (row % 3 > 0) assert_int_equal(((const int64_t *)columns[0].values)[r], row);
            assert_int_equal(mdm_column_is_set(&columns[1], r), row % 5 > 0);
            snprintf(word, sizeof word, row % 5 > 0 ? "number %d" : "%.0d",
                     row % 5 > 0 ? (int)row : 0);
            assert_true(mdm_str_equal(mdm_column_bytes(&columns[1], r), mdm_str_from(word)));
            assert_int_equal(((const uint8_t *)columns[2].values)[r >> 3] >> (r & 7) & 1,
                             row % 7 == 0);
            snprintf(word, sizeof word, row % 2 > 0 ? "[%d]" : "%.0d", row % 2 > 0 ? (int)row : 0);
            assert_true(mdm_str_equal(mdm_column_bytes(&columns[3], r), mdm_str_from(word)));
        }
        nulls += chunk->columns[0].null_count;
        assert_null(chunk->columns[2].validity); /* no nulls: no bits */
        mdm_chunk_unref(chunk);
    }
    assert_int_equal(row, 5000);
    assert_int_equal(nulls, 1667);
    mdm_stream_close(&rows);
    duck_close(&d);
}

/* --- refusals -------------------------------------------------------------------------- */

static void refused(mdm_duckdb_link *link, const char *sql, mdm_status status, const char *message)
{
    mdm_error err = {0};
    mdm_stream rows;
    mdm_chunk *chunk;
    mdm_status got = mdm_duckdb_stream(link, mdm_str_from(sql), NULL, &rows, &err);
    while (got == MDM_OK) {
        got = mdm_stream_next(&rows, &chunk, &err);
        if (got == MDM_OK && !chunk) fail_msg("%s: not refused", sql);
        if (got == MDM_OK) mdm_chunk_unref(chunk);
        else mdm_stream_close(&rows);
    }
    if (!strstr(err.message, message)) fail_msg("%s: %s", sql, err.message);
    assert_int_equal(got, status);
    assert_int_equal(err.status, status);
}

static void a_value_without_a_place_is_refused_with_column_and_row(void **state)
{
    duck d = duck_open("1");
    (void)state;
    refused(d.link,
            "SELECT i AS a, CASE WHEN i = 3000 THEN '170141183460469231731687303715884105727' ELSE "
            "'1' END::HUGEINT AS big FROM range(4000) t(i)",
            MDM_FORMAT,
            "column 'big', row 3001: 170141183460469231731687303715884105727 has no exact place in "
            "DECIMAL(38,0)");
    refused(d.link, "SELECT '2024-01-01 00:00:00.000000001'::TIMESTAMP_NS AS t", MDM_FORMAT,
            "column 't', row 1: 2024-01-01 00:00:00.000000001 has no exact place in TIMESTAMP");
    refused(d.link, "SELECT 1::VARIANT AS v", MDM_UNSUPPORTED, "column 'v': ");
    duck_close(&d);
}

static void an_error_in_a_late_row_is_no_end_of_the_stream(void **state)
{
    duck d = duck_open("1");
    (void)state;
    refused(d.link,
            "SELECT CASE WHEN i = 50000 THEN 'x' ELSE '1' END::INTEGER FROM range(60000) t(i)",
            MDM_BACKEND, "Conversion Error: Could not convert string 'x'");
    duck_close(&d);
}

static void sql_that_is_not_one_statement_is_refused(void **state)
{
    duck d = duck_open("1");
    mdm_error err;
    mdm_stream rows;
    (void)state;
    refused(d.link, "", MDM_INVALID, "No statement");
    refused(d.link, "-- nothing", MDM_INVALID, "No statement");
    refused(d.link, "SELECT 1; SELECT 2", MDM_INVALID, "multiple statements");
    refused(d.link, "CREATE TABLE t(i INTEGER)", MDM_INVALID, "gives no rows");
    assert_int_equal(mdm_duckdb_stream(d.link, (mdm_str){"SELECT\0 1", 9}, NULL, &rows, &err),
                     MDM_INVALID);
    assert_int_equal(mdm_duckdb_run(d.link, (mdm_str){"SELECT\0 1", 9}, NULL, NULL, &err),
                     MDM_INVALID);
    refused(d.link, "SELECT nothing FROM nowhere", MDM_BACKEND,
            "Catalog Error: Table with name nowhere does not exist!");
    refused(d.link, "SELCT 1", MDM_BACKEND, "Parser Error: syntax error at or near \"SELCT\"");
    duck_close(&d);
}

/* --- running ------------------------------------------------------------------------------ */

static void run_counts_the_rows_of_all_statements(void **state)
{
    duck d = duck_open("1");
    mdm_error err;
    int64_t changed = -1;
    (void)state;
    assert_ok(
        mdm_duckdb_run(d.link,
                       MDM_STR("CREATE TABLE t AS SELECT * FROM range(10) r(i); INSERT INTO t "
                               "VALUES (1), (2); UPDATE t SET i = 0 WHERE i = 1; SELECT 1; ;"),
                       NULL, &changed, &err));
    assert_int_equal(changed, 10 + 2 + 2);
    assert_ok(mdm_duckdb_run(d.link, MDM_STR("  "), NULL, &changed, &err));
    assert_int_equal(changed, 0);
    assert_int_equal(mdm_duckdb_run(d.link,
                                    MDM_STR("INSERT INTO t VALUES (7); INSERT INTO t VALUES ('x')"),
                                    NULL, &changed, &err),
                     MDM_BACKEND);
    assert_int_equal(duck_number(d.link, "SELECT count(*) FROM t WHERE i = 7"), 2);
    duck_close(&d);
}

static void a_select_in_run_is_run_to_its_end(void **state)
{
    duck d = duck_open("1");
    mdm_error err;
    (void)state;
    assert_int_equal(mdm_duckdb_run(d.link,
                                    MDM_STR("SELECT CASE WHEN i = 50000 THEN 'x' ELSE '1' "
                                            "END::INTEGER FROM range(60000) t(i)"),
                                    NULL, NULL, &err),
                     MDM_BACKEND);
    duck_close(&d);
}

static void a_stream_survives_other_statements_on_its_link(void **state)
{
    duck d = duck_open("1");
    mdm_error err;
    mdm_stream rows;
    mdm_chunk *chunk;
    int64_t count = 0;
    (void)state;
    assert_ok(
        mdm_duckdb_stream(d.link, MDM_STR("SELECT i FROM range(100000) t(i)"), NULL, &rows, &err));
    for (int n = 0;; n++) {
        assert_ok(mdm_stream_next(&rows, &chunk, &err));
        if (!chunk) break;
        assert_int_equal(((const int64_t *)chunk->columns[0].values)[0], count);
        count += chunk->rows;
        mdm_chunk_unref(chunk);
        if (n == 3) assert_int_equal(duck_number(d.link, "SELECT 42"), 42);
    }
    assert_int_equal(count, 100000);
    mdm_stream_close(&rows);
    duck_close(&d);
}

static void a_number_is_asked_for_in_one_line(void **state)
{
    duck d = duck_open("1");
    mdm_error err;
    int64_t number;
    (void)state;
    assert_int_equal(duck_number(d.link, "SELECT sum(i) FROM range(5) t(i)"), 10);
    assert_int_equal(duck_number(d.link, "SELECT -3"), -3);
    assert_int_equal(
        mdm_duckdb_number(d.link, MDM_STR("SELECT NULL::INTEGER"), NULL, &number, &err),
        MDM_NOT_FOUND);
    assert_int_equal(
        mdm_duckdb_number(d.link, MDM_STR("SELECT 1 WHERE false"), NULL, &number, &err),
        MDM_NOT_FOUND);
    assert_int_equal(mdm_duckdb_number(d.link, MDM_STR("SELECT 'x'"), NULL, &number, &err),
                     MDM_INVALID);
    duck_close(&d);
}

/* --- stopping ----------------------------------------------------------------------------------
 */

/* Never gives a row, works inside one call. */
#define FOREVER "SELECT a.i FROM range(1000000) a(i), range(1000000) b(i) WHERE a.i + b.i = -1"

static void a_deadline_stops_work_inside_one_call(void **state)
{
    duck d = duck_open("2");
    mdm_error err;
    const mdm_stop stop = {.deadline_ns = mdm_clock_ns() + 50000000};
    (void)state;
    assert_int_equal(mdm_duckdb_run(d.link, MDM_STR(FOREVER), &stop, NULL, &err), MDM_TIMEOUT);
    assert_string_equal(err.message, "timed out");
    assert_int_equal(duck_number(d.link, "SELECT 1"), 1); /* the link is as good as before */
    duck_close(&d);
}

static void *raise_flag(void *flag)
{
    nanosleep(&(struct timespec){.tv_nsec = 30000000}, NULL);
    __atomic_store_n((volatile int *)flag, 1, __ATOMIC_RELAXED);
    return NULL;
}

static void a_flag_stops_a_stream_inside_one_call(void **state)
{
    duck d = duck_open("1");
    mdm_error err;
    mdm_stream rows;
    mdm_chunk *chunk = NULL;
    volatile int flag = 0;
    pthread_t thread;
    const mdm_stop stop = {.flag = &flag};
    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, raise_flag, (void *)(uintptr_t)&flag), 0);
    mdm_status status = mdm_duckdb_stream(d.link, MDM_STR(FOREVER), &stop, &rows, &err);
    if (status == MDM_OK) {
        status = mdm_stream_next(&rows, &chunk, &err);
        mdm_stream_close(&rows);
    }
    assert_int_equal(status, MDM_CANCELLED);
    assert_string_equal(err.message, "cancelled");
    pthread_join(thread, NULL);
    duck_close(&d);
}

typedef struct interrupter {
    mdm_duckdb_link *link;
    int done; /* atomic */
} interrupter;

/* Again and again: one that comes before the statement has begun is lost, as it should be. */
static void *interrupt_until_done(void *self)
{
    interrupter *i = self;
    while (!__atomic_load_n(&i->done, __ATOMIC_RELAXED)) {
        mdm_duckdb_interrupt(i->link);
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    return NULL;
}

static void an_interrupt_from_another_thread_cancels(void **state)
{
    duck d = duck_open("1");
    mdm_error err;
    pthread_t thread;
    interrupter i = {.link = d.link};
    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, interrupt_until_done, &i), 0);
    assert_int_equal(mdm_duckdb_run(d.link, MDM_STR(FOREVER), NULL, NULL, &err), MDM_CANCELLED);
    __atomic_store_n(&i.done, 1, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
    mdm_duckdb_interrupt(d.link); /* while nothing runs: the next statement does not care */
    assert_int_equal(duck_number(d.link, "SELECT 1"), 1);
    duck_close(&d);
}

static void a_stop_raised_before_starts_nothing(void **state)
{
    duck d = duck_open("1");
    mdm_error err;
    mdm_stream rows;
    volatile int flag = 1;
    const mdm_stop stop = {.flag = &flag};
    (void)state;
    assert_int_equal(
        mdm_duckdb_run(d.link, MDM_STR("CREATE TABLE t(i INTEGER)"), &stop, NULL, &err),
        MDM_CANCELLED);
    assert_int_equal(mdm_duckdb_stream(d.link, MDM_STR("SELECT 1"), &stop, &rows, &err),
                     MDM_CANCELLED);
    assert_int_equal(duck_number(d.link, "SELECT count(*) FROM duckdb_tables()"), 0);
    duck_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_of_duckdb_arrives_with_its_value),
        cmocka_unit_test(words_are_those_of_duckdb),
        cmocka_unit_test(nulls_stand_where_they_were),
        cmocka_unit_test(a_value_without_a_place_is_refused_with_column_and_row),
        cmocka_unit_test(an_error_in_a_late_row_is_no_end_of_the_stream),
        cmocka_unit_test(sql_that_is_not_one_statement_is_refused),
        cmocka_unit_test(run_counts_the_rows_of_all_statements),
        cmocka_unit_test(a_select_in_run_is_run_to_its_end),
        cmocka_unit_test(a_stream_survives_other_statements_on_its_link),
        cmocka_unit_test(a_number_is_asked_for_in_one_line),
        cmocka_unit_test(a_deadline_stops_work_inside_one_call),
        cmocka_unit_test(a_flag_stops_a_stream_inside_one_call),
        cmocka_unit_test(an_interrupt_from_another_thread_cancels),
        cmocka_unit_test(a_stop_raised_before_starts_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
