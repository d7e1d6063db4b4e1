/* Statements on a real server: types, plans that age, results left half way, explaining. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "postgresql_fixture.h"

#define MS INT64_C(1000000)

/* --- which type an expression has ----------------------------------------- */

/* "TYPE text" of the only cell of a query. */
static const char *typed(mdm_conn *conn, const char *sql)
{
    static char text[400];
    char type[32], room[MDM_CELL_TEXT];
    mdm_error err = {0};
    mdm_stmt *stmt = NULL;
    mdm_chunk *chunk = NULL;
    pg_expect(MDM_OK, pg_start(conn, sql, &stmt, &err), &err, sql, __FILE__, __LINE__);
    mdm_type_text(conn->backend->schema(stmt)->fields[0].type, type);
    pg_expect(MDM_OK, conn->backend->fetch(stmt, &chunk, &err), &err, sql, __FILE__, __LINE__);
    snprintf(text, sizeof text, "%s (none)", type);
    if (chunk) {
        mdm_str cell = mdm_cell_text(&chunk->columns[0], 0, room, sizeof room);
        snprintf(text, sizeof text, "%s %.*s", type, cell.data ? (int)cell.len : 4,
                 cell.data ? cell.data : "NULL");
    }
    mdm_chunk_unref(chunk);
    conn->backend->finish(stmt);
    return text;
}

/* Each also beside an array, which makes the whole result come as text: nothing may change. */
static void expressions_have_the_stated_type_and_text(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *expression, *expected;
    } cases[] = {
        {"true", "BOOLEAN true"},
        {"(-7)::int2", "SMALLINT -7"},
        {"(-7)::int4", "INTEGER -7"},
        {"(-9223372036854775808)::int8", "BIGINT -9223372036854775808"},
        {"4294967295::oid", "BIGINT 4294967295"},
        {"0.1::float4", "FLOAT 0.1"},
        {"'NaN'::float8", "DOUBLE nan"},
        {"'-Infinity'::float8", "DOUBLE -inf"},
        {"1e300::float8", "DOUBLE 1e+300"},
        {"12.50::numeric(18,2)", "DECIMAL(18,2) 12.50"},
        {"(-0.00000000000000000000000000000000000001)::numeric(38,38)",
         "DECIMAL(38,38) -0.00000000000000000000000000000000000001"},
        {"99999999999999999999999999999999999999::numeric(38,0)",
         "DECIMAL(38,0) 99999999999999999999999999999999999999"},
        {"1.5::numeric(39,1)", "VARCHAR 1.5"},
        {"sum(i) FROM (VALUES (9007199254740993::bigint), (1::bigint)) AS t (i)",
         "BIGINT 9007199254740994"},
        {"sum(i) FROM (VALUES (9223372036854775807::bigint), (1::bigint)) AS t (i)",
         "DECIMAL(38,0) 9223372036854775808"},
        {"avg(i) FROM (VALUES (1::bigint), (2::bigint)) AS t (i)", "DOUBLE 1.5"},
        {"avg(i) FROM (VALUES (1::bigint), (3::bigint)) AS t (i)", "DOUBLE 2"},
        {"avg(i) FROM (VALUES (1), (1), (0)) AS t (i)", "DOUBLE 0.6666666666666666"},
        {"sum(i) FROM (VALUES (1.25::numeric(10,2)), (2.5)) AS t (i)", "DOUBLE 3.75"},
        {"sum(i) FROM (SELECT 1::bigint WHERE false) AS t (i)", "DOUBLE NULL"},
        {"'NaN'::numeric", "DOUBLE nan"},
        {"123456789012345678901234567890123456789::numeric",
         "VARCHAR 123456789012345678901234567890123456789"},
        {"'a'::text", "VARCHAR a"},
        {"'a'::char(3)", "VARCHAR a  "},
        {"'a'::name", "VARCHAR a"},
        {"''::varchar(10)", "VARCHAR "},
        {"'\\x00ff10'::bytea", "BLOB \\x00ff10"},
        {"'{\"a\": 1}'::jsonb", "VARCHAR {\"a\": 1}"},
        {"'{\"a\":1}'::json", "VARCHAR {\"a\":1}"},
        {"'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'::uuid",
         "VARCHAR a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
        {"'2024-02-29'::date", "DATE 2024-02-29"},
        {"'infinity'::date", "DATE infinity"},
        {"'-infinity'::date", "DATE -infinity"},
        {"'1 day'::interval", "VARCHAR 1 day"},
        {"'24:00'::time", "TIME 24:00:00"},
        {"'13:05:00.25'::time", "TIME 13:05:00.25"},
        {"'2024-02-29 13:05:00.25'::timestamp", "TIMESTAMP 2024-02-29 13:05:00.25"},
        {"'infinity'::timestamp", "TIMESTAMP infinity"},
        {"'1969-12-31 23:59:59.999999'::timestamp", "TIMESTAMP 1969-12-31 23:59:59.999999"},
        {"'2024-02-29 13:05+05:30'::timestamptz",
         "TIMESTAMP WITH TIME ZONE 2024-02-29 07:35:00+00:00"},
        {"'-infinity'::timestamptz", "TIMESTAMP WITH TIME ZONE -infinity"},
        {"'{1,2}'::int[]", "VARCHAR {1,2}"},
        {"'127.0.0.1'::inet", "VARCHAR 127.0.0.1"},
        {"'(1,2)'::point", "VARCHAR (1,2)"},
        {"NULL::int4", "INTEGER NULL"},
        {"NULL", "VARCHAR NULL"},
        {"pg_sleep(0)", "VARCHAR "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char sql[400];
        const char *from = strstr(cases[i].expression, " FROM ");
        int len = from ? (int)(from - cases[i].expression) : (int)strlen(cases[i].expression);
        snprintf(sql, sizeof sql, "SELECT %s", cases[i].expression);
        if (strcmp(typed(f->conn, sql), cases[i].expected) != 0)
            fail_msg("%s: %s", sql, typed(f->conn, sql));
        snprintf(sql, sizeof sql, "SELECT %.*s, '{7}'::int[]%s", len, cases[i].expression,
                 from ? from : "");
        if (strcmp(typed(f->conn, sql), cases[i].expected) != 0)
            fail_msg("%s: %s", sql, typed(f->conn, sql));
    }
}

/* Dates before our era have no ISO text of four digits; they must only be the same in both forms.
 */
static void early_and_late_dates_are_the_same_in_both_formats(void **state)
{
    fixture *f = *state;
    static const char *const expressions[] = {
        "'4713-01-01 BC'::date",
        "'0001-12-31 BC'::date",
        "'0001-01-01'::date",
        "'5874897-12-31'::date",
        "'4713-01-01 00:00:00.000001 BC'::timestamp",
        "'294246-12-31 23:59:59.999999'::timestamp",
        "'0044-03-15 12:00 BC'::timestamptz",
    };
    for (size_t i = 0; i < sizeof expressions / sizeof *expressions; i++) {
        char sql[200], binary[200];
        snprintf(sql, sizeof sql, "SELECT %s", expressions[i]);
        snprintf(binary, sizeof binary, "%s", typed(f->conn, sql));
        snprintf(sql, sizeof sql, "SELECT %s, '{7}'::int[]", expressions[i]);
        assert_string_equal(typed(f->conn, sql), binary);
    }
}

static void assert_misfit(mdm_conn *conn, const char *sql, const char *words)
{
    mdm_error err = {0};
    mdm_stmt *stmt = NULL;
    pg_expect(MDM_OK, pg_start(conn, sql, &stmt, &err), &err, sql, __FILE__, __LINE__);
    pg_expect(MDM_FORMAT, pg_read(stmt, NULL, &err), &err, sql, __FILE__, __LINE__);
    if (!strstr(err.message, words)) fail_msg("%s: %s", sql, err.message);
    assert_non_null(strstr(err.hint, "CAST"));
    conn->backend->finish(stmt);
    assert_string_equal(pg_ask(conn, "SELECT 1"), "1"); /* and the connection is as good as new */
}

static void a_cell_that_does_not_fit_is_refused_with_its_place(void **state)
{
    fixture *f = *state;
    assert_misfit(f->conn, "SELECT 1 AS a, 'NaN'::numeric(10,2) AS b", "column 'b', row 1:");
    assert_misfit(f->conn, "SELECT '294276-12-31'::timestamp AS t", "column 't', row 1:");
    assert_misfit(f->conn, "SELECT '294276-12-31'::timestamp AS t, '{}'::int[]",
                  "column 't', row 1:");
    /* Whole numbers as far as was looked, then one that is none. */
    assert_misfit(f->conn,
                  "SELECT CASE WHEN i < 3000 THEN i::numeric ELSE 0.5 END AS n "
                  "FROM generate_series(1, 5000) AS i",
                  "column 'n', row 3000: the value does not fit BIGINT");
    pg_sql(f->conn, "CREATE TABLE t (n numeric); INSERT INTO t VALUES (0.5), (9007199254740993)");
    assert_misfit(f->conn, "SELECT n FROM t", "column 'n', row 2: the value does not fit DOUBLE");
    assert_misfit(f->conn, "SELECT n, '{}'::int[] FROM t", "column 'n', row 2:");
}

static void numerics_of_a_table_without_precision_are_doubles(void **state)
{
    fixture *f = *state;
    pg_sql(f->conn, "CREATE TABLE t (n numeric); INSERT INTO t VALUES (42)");
    assert_string_equal(typed(f->conn, "SELECT n FROM t"), "DOUBLE 42");
    assert_string_equal(typed(f->conn, "SELECT n::numeric(38,10) FROM t"),
                        "DECIMAL(38,10) 42.0000000000");
    assert_string_equal(typed(f->conn, "SELECT n::text FROM t"), "VARCHAR 42");
    pg_sql(f->conn, "UPDATE t SET n = 1e30"); /* no integer that needs more than its one digit */
    assert_string_equal(typed(f->conn, "SELECT n FROM t"), "DOUBLE 1e+30");
}

static void text_of_an_unencoded_database_must_be_utf_8(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    mdm_stmt *stmt = NULL;
    mdm_setting settings[20];
    mdm_location location = *f->location;
    char sql[200], name[60];
    snprintf(name, sizeof name, "ascii_%s", pg_ask(f->conn, "SELECT pg_backend_pid()"));
    snprintf(sql, sizeof sql,
             "CREATE DATABASE %s ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE "
             "template0",
             name);
    pg_sql(f->conn, sql);
    memcpy(settings, location.settings, location.setting_count * sizeof *settings);
    settings[location.setting_count++] = (mdm_setting){"dbname", name};
    location.settings = settings;
    location.schema = NULL;
    mdm_conn *conn = pg_connect(&location, 0);
    assert_string_equal(pg_ask(conn, "SELECT 'gr\xc3\xbc\xc3\x9f'::text"), "gr\xc3\xbc\xc3\x9f");
    expect(MDM_OK, pg_start(conn,
                            "SELECT 'a'::text UNION ALL SELECT "
                            "convert_from('\\xff'::bytea, 'SQL_ASCII')",
                            &stmt, &err));
    expect(MDM_FORMAT, pg_read(stmt, NULL, &err));
    mdm_backend_postgresql.finish(stmt);
    mdm_backend_postgresql.close(conn);
    snprintf(sql, sizeof sql, "DROP DATABASE %s WITH (FORCE)", name);
    pg_sql(f->conn, sql);
}

/* --- parameters ----------------------------------------------------------- */

static void values_go_into_placeholders_of_other_types(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *sql, *expected;
        mdm_value value;
    } cases[] = {
        {"SELECT $1::int2", "SMALLINT 7", {MDM_TYPE_INT64, {.integer = 7}}},
        {"SELECT $1::int4", "INTEGER -7", {MDM_TYPE_INT64, {.integer = -7}}},
        {"SELECT $1::numeric(20,0)",
         "DECIMAL(20,0) 9223372036854775807",
         {MDM_TYPE_INT64, {.integer = INT64_MAX}}},
        {"SELECT $1::float8", "DOUBLE 7", {MDM_TYPE_INT64, {.integer = 7}}},
        {"SELECT $1::text", "VARCHAR 7", {MDM_TYPE_INT64, {.integer = 7}}},
        {"SELECT $1::bool", "BOOLEAN true", {MDM_TYPE_INT64, {.integer = 1}}},
        {"SELECT $1::bool", "BOOLEAN false", {MDM_TYPE_BOOL, {.integer = 0}}},
        {"SELECT $1::int4", "INTEGER 1", {MDM_TYPE_BOOL, {.integer = 1}}},
        {"SELECT $1::text", "VARCHAR true", {MDM_TYPE_BOOL, {.integer = 1}}},
        {"SELECT $1::int8", "BIGINT 3", {MDM_TYPE_DOUBLE, {.real = 3.0}}},
        {"SELECT $1::float4", "FLOAT 0.5", {MDM_TYPE_DOUBLE, {.real = 0.5}}},
        {"SELECT $1::numeric(10,2)", "DECIMAL(10,2) 0.50", {MDM_TYPE_DOUBLE, {.real = 0.5}}},
        {"SELECT $1::date", "DATE 2024-02-29", {MDM_TYPE_DATE, {.integer = 19782}}},
        {"SELECT $1::date", "DATE -infinity", {MDM_TYPE_DATE, {.integer = -INT32_MAX}}},
        {"SELECT $1::timestamp",
         "TIMESTAMP 2024-02-29 00:00:00",
         {MDM_TYPE_DATE, {.integer = 19782}}},
        {"SELECT $1::timestamp", "TIMESTAMP infinity", {MDM_TYPE_DATE, {.integer = INT32_MAX}}},
        {"SELECT $1::text", "VARCHAR 2024-02-29", {MDM_TYPE_DATE, {.integer = 19782}}},
        {"SELECT $1::date",
         "DATE 1970-01-02",
         {MDM_TYPE_TIMESTAMP, {.integer = INT64_C(86400000000)}}},
        {"SELECT $1::timestamptz",
         "TIMESTAMP WITH TIME ZONE 1970-01-01 00:00:00.000001+00:00",
         {MDM_TYPE_TIMESTAMPTZ, {.integer = 1}}},
        {"SELECT $1::text", "VARCHAR infinity", {MDM_TYPE_TIMESTAMP, {.integer = INT64_MAX}}},
        {"SELECT $1::time", "TIME 00:00:00.000001", {MDM_TYPE_TIME, {.integer = 1}}},
        {"SELECT $1::text", "VARCHAR 00:00:01", {MDM_TYPE_TIME, {.integer = 1000000}}},
        {"SELECT $1::date", "DATE 2024-02-29", {MDM_TYPE_TEXT, {.bytes = {"2024-02-29", 10}}}},
        {"SELECT $1::int[]", "VARCHAR {1,2}", {MDM_TYPE_TEXT, {.bytes = {"{1,2}", 5}}}},
        {"SELECT $1::text", "VARCHAR ", {MDM_TYPE_TEXT, {.bytes = {NULL, 0}}}},
        {"SELECT $1::bytea", "BLOB \\x0041", {MDM_TYPE_BLOB, {.bytes = {"\0A", 2}}}},
        {"SELECT $1::text", "VARCHAR \\x0041", {MDM_TYPE_BLOB, {.bytes = {"\0A", 2}}}},
        {"SELECT $1::int4", "INTEGER NULL", {MDM_TYPE_NULL, {.integer = 0}}},
    };
    const mdm_backend *b = f->conn->backend;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mdm_error err = {0};
        mdm_stmt *stmt = NULL;
        mdm_chunk *chunk = NULL;
        char text[200], type[32], room[MDM_CELL_TEXT];
        expect(MDM_OK, b->prepare(f->conn, mdm_str_from(cases[i].sql), &stmt, &err));
        assert_int_equal(b->parameters(stmt), 1);
        expect(MDM_OK, b->execute(stmt, &cases[i].value, 1, &err));
        expect(MDM_OK, b->fetch(stmt, &chunk, &err));
        mdm_str cell = mdm_cell_text(&chunk->columns[0], 0, room, sizeof room);
        snprintf(text, sizeof text, "%s %.*s", mdm_type_text(chunk->columns[0].type, type),
                 cell.data ? (int)cell.len : 4, cell.data ? cell.data : "NULL");
        if (strcmp(text, cases[i].expected) != 0) fail_msg("case %zu: %s", i, text);
        mdm_chunk_unref(chunk);
        b->finish(stmt);
    }
}

static void values_that_cannot_be_sent_are_refused_before(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    mdm_stmt *stmt = NULL;
    const mdm_backend *b = f->conn->backend;
    const mdm_value nul = {MDM_TYPE_TEXT, {.bytes = {"a\0b", 3}}};
    const mdm_value wide = {MDM_TYPE_INT64, {.integer = 70000}};
    expect(MDM_OK, b->prepare(f->conn, MDM_STR("SELECT $1::int2, $2::text"), &stmt, &err));
    expect(MDM_INVALID, b->execute(stmt, &wide, 1, &err));
    assert_string_equal(err.message, "1 values for 2 placeholders");
    const mdm_value both[] = {{MDM_TYPE_NULL, {.integer = 0}}, nul};
    expect(MDM_INVALID, b->execute(stmt, both, 2, &err));
    assert_string_equal(err.message, "parameter 2: PostgreSQL keeps no text with a NUL byte");
    const mdm_value large[] = {wide, {MDM_TYPE_NULL, {.integer = 0}}};
    expect(MDM_BACKEND, b->execute(stmt, large, 2, &err));
    assert_string_equal(err.sqlstate, "22003");
    b->finish(stmt);
    assert_string_equal(pg_ask(f->conn, "SELECT 1"), "1");
}

/* --- plans that age ------------------------------------------------------- */

static void a_statement_survives_a_change_of_its_table(void **state)
{
    fixture *f = *state;
    pg_sql(f->conn, "CREATE TABLE t (a int); INSERT INTO t VALUES (1)");
    assert_string_equal(typed(f->conn, "SELECT * FROM t"), "INTEGER 1");
    pg_sql(f->conn, "ALTER TABLE t ALTER a TYPE text");
    assert_string_equal(typed(f->conn, "SELECT * FROM t"), "VARCHAR 1");
    mdm_error err = {0};
    mdm_stmt *stmt = NULL;
    pg_sql(f->conn, "ALTER TABLE t RENAME TO u");
    expect(MDM_BACKEND, pg_start(f->conn, "SELECT * FROM t", &stmt, &err));
    expect(MDM_BACKEND, pg_start(f->conn, "SELECT * FROM t", &stmt, &err));
    assert_string_equal(err.sqlstate, "42P01");
    pg_sql(f->conn, "ALTER TABLE u RENAME TO t");
    pg_sql(f->conn, "ALTER TABLE t ADD b int");
    assert_string_equal(typed(f->conn, "SELECT * FROM t"), "VARCHAR 1");
    assert_string_equal(pg_ask(f->conn, "SELECT count(*) FROM pg_prepared_statements WHERE "
                                        "statement = 'SELECT * FROM t'"),
                        "1");
}

static void in_a_transaction_a_changed_table_is_an_error_once(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    mdm_stmt *stmt = NULL;
    pg_sql(f->conn, "CREATE TABLE t (a int); INSERT INTO t VALUES (1)");
    assert_string_equal(typed(f->conn, "SELECT * FROM t"), "INTEGER 1");
    pg_sql(f->conn, "ALTER TABLE t ALTER a TYPE text");
    expect(MDM_OK, mdm_backend_postgresql.begin(f->conn, MDM_TXN_READ, &err));
    expect(MDM_UNSUPPORTED, pg_start(f->conn, "SELECT * FROM t", &stmt, &err));
    mdm_backend_postgresql.rollback(f->conn);
    expect(MDM_OK, mdm_backend_postgresql.begin(f->conn, MDM_TXN_READ, &err));
    assert_string_equal(typed(f->conn, "SELECT * FROM t"), "VARCHAR 1");
    mdm_backend_postgresql.rollback(f->conn);
}

static void a_kept_statement_whose_table_went_is_an_error_and_kept_no_more(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    mdm_stmt *stmt = NULL;
    pg_sql(f->conn, "CREATE TABLE t (a int)");
    assert_string_equal(pg_ask(f->conn, "SELECT a FROM t"), "(none)");
    pg_sql(f->conn, "DROP TABLE t");
    pg_sql(f->conn, "DISCARD ALL");
    assert_true(mdm_backend_postgresql.reset(f->conn)); /* our settings again */
    for (int i = 0; i < 3; i++) {
        expect(MDM_BACKEND,
               mdm_backend_postgresql.prepare(f->conn, MDM_STR("SELECT a FROM t"), &stmt, &err));
        assert_string_equal(err.sqlstate, "42P01");
    }
    assert_int_equal(mdm_pg_conn(f->conn)->statements.used, 0);
}

static void statements_that_the_server_has_lost_are_prepared_again(void **state)
{
    fixture *f = *state;
    static const char *const losses[] = {"DEALLOCATE ALL", "DISCARD ALL"};
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(pg_ask(f->conn, "SELECT 41 + 1"), "42");
        pg_sql(f->conn, losses[i]);
        assert_string_equal(pg_ask(f->conn, "SELECT 41 + 1"), "42");
    }
    /* Somebody else's hand, as a pooler's is: nothing has told us. */
    pg_sql(f->conn, "DO $$ DECLARE n text; BEGIN FOR n IN SELECT name FROM pg_prepared_statements "
                    "LOOP EXECUTE 'DEALLOCATE ' || n; END LOOP; END $$");
    assert_string_equal(pg_ask(f->conn, "SELECT 41 + 1"), "42");
}

static void the_server_forgets_what_the_connection_forgets(void **state)
{
    fixture *f = *state;
    for (int i = 0; i < 700; i++) {
        char sql[60], expected[20];
        snprintf(sql, sizeof sql, "SELECT %d", i);
        snprintf(expected, sizeof expected, "%d", i);
        assert_string_equal(pg_ask(f->conn, sql), expected);
    }
    int left = atoi(pg_ask(f->conn, "SELECT count(*) FROM pg_prepared_statements"));
    assert_true(left <= (int)MDM_KEPT_LIMIT + 40);
}

static void without_kept_statements_nothing_stays_at_the_server(void **state)
{
    fixture *f = *state;
    mdm_conn *conn = pg_connect(f->location, MDM_OPEN_NO_STATEMENTS);
    for (int i = 0; i < 100; i++)
        assert_string_equal(pg_ask(conn, "SELECT 1"), "1");
    assert_int_equal(conn->reused, 0);
    assert_true(atoi(pg_ask(conn, "SELECT count(*) FROM pg_prepared_statements")) <= 40);
    mdm_backend_postgresql.close(conn);
}

static void text_that_is_not_one_statement_is_invalid(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    mdm_stmt *stmt = NULL;
    static const char *const texts[] = {"", " ; ", "-- nothing", "SELECT 1; SELECT 2"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        expect(MDM_INVALID,
               f->conn->backend->prepare(f->conn, mdm_str_from(texts[i]), &stmt, &err));
    expect(MDM_INVALID,
           f->conn->backend->prepare(f->conn, (mdm_str){"SELECT 1\0;", 10}, &stmt, &err));
    expect(MDM_OK, f->conn->backend->prepare(f->conn, MDM_STR("SELECT ';' ; "), &stmt, &err));
    f->conn->backend->finish(stmt);
}

/* --- errors --------------------------------------------------------------- */

static void errors_keep_the_server_s_words_and_tell_the_place(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *sql;
        mdm_status status;
        const char *sqlstate, *words;
    } cases[] = {
        {"SELECT 1,\n  'gr\xc3\xbc\xc3\x9f' FORM t", MDM_BACKEND, "42601",
         "syntax error at or near \"t\" at line 2, column 15"},
        {"SELECT * FROM nowhere", MDM_BACKEND, "42P01",
         "relation \"nowhere\" does not exist at line 1, column 15"},
        {"SELECT 1/0", MDM_BACKEND, "22012", "division by zero"},
        {"CREATE SCHEMA public", MDM_EXISTS, "42P06", "already exists"},
        {"INSERT INTO u VALUES (1)", MDM_BACKEND, "23505",
         "unique constraint \"u_pkey\": Key (a)=(1) already exists"},
        {"SELECT lower(1)", MDM_BACKEND, "42883", "function lower(integer) does not exist"},
        {"COPY (SELECT 1) TO STDOUT", MDM_UNSUPPORTED, "", "COPY"},
        {"COPY (SELECT generate_series(1, 1000000)) TO STDOUT", MDM_UNSUPPORTED, "", "COPY"},
        {"COPY u FROM STDIN", MDM_UNSUPPORTED, "", "COPY"},
    };
    pg_sql(f->conn, "CREATE TABLE u (a int PRIMARY KEY); INSERT INTO u VALUES (1)");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mdm_error err = {0};
        mdm_stmt *stmt = NULL;
        expect(cases[i].status, pg_try(f->conn, cases[i].sql, &err));
        assert_string_equal(err.sqlstate, cases[i].sqlstate);
        if (!strstr(err.message, cases[i].words)) fail_msg("%s: %s", cases[i].sql, err.message);
        mdm_status status = pg_start(f->conn, cases[i].sql, &stmt, &err);
        expect(cases[i].status, status);
        if (!strstr(err.message, cases[i].words)) fail_msg("%s: %s", cases[i].sql, err.message);
        assert_false(mdm_backend_postgresql.is_broken(f->conn));
    }
    mdm_error err = {0};
    expect(MDM_BACKEND, pg_try(f->conn, "SELECT lower(1)", &err));
    assert_non_null(strstr(err.hint, "explicit type casts"));
}

static void the_commit_of_a_failed_transaction_is_no_success(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    expect(MDM_OK, mdm_backend_postgresql.begin(f->conn, MDM_TXN_WRITE, &err));
    expect(MDM_BACKEND, pg_try(f->conn, "SELECT 1/0", &err));
    expect(MDM_BACKEND, mdm_backend_postgresql.commit(f->conn, &err));
    assert_non_null(strstr(err.message, "rolled back"));
    assert_string_equal(pg_ask(f->conn, "SELECT 1"), "1");
}

static void a_read_transaction_sees_one_state_and_cannot_write(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    pg_sql(f->conn, "CREATE TABLE t (a int)");
    mdm_conn *reader = pg_connect(f->location, 0);
    expect(MDM_OK, mdm_backend_postgresql.begin(reader, MDM_TXN_READ, &err));
    assert_string_equal(pg_ask(reader, "SELECT count(*) FROM t"), "0");
    pg_sql(f->conn, "INSERT INTO t VALUES (1)");
    assert_string_equal(pg_ask(reader, "SELECT count(*) FROM t"), "0");
    expect(MDM_PERMISSION, pg_try(reader, "DELETE FROM t", &err));
    mdm_backend_postgresql.rollback(reader);
    assert_string_equal(pg_ask(reader, "SELECT count(*) FROM t"), "1");
    mdm_backend_postgresql.close(reader);
}

/* --- results left half way ------------------------------------------------ */

static void a_large_result_left_half_way_is_not_read_to_its_end(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    mdm_stmt *stmt = NULL;
    mdm_chunk *chunk = NULL;
    expect(MDM_OK, pg_start(f->conn, "SELECT generate_series(1, 1000000000)", &stmt, &err));
    expect(MDM_OK, mdm_backend_postgresql.fetch(stmt, &chunk, &err));
    assert_int_equal(chunk->rows, 2048);
    mdm_chunk_unref(chunk);
    int64_t began = mdm_clock_ns();
    mdm_backend_postgresql.finish(stmt);
    assert_true(mdm_clock_ns() - began < 5000 * MS); /* reading would take minutes */
    assert_string_equal(pg_ask(f->conn, "SELECT 1"), "1");
}

static void in_a_transaction_a_result_left_half_way_does_not_end_it(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    mdm_stmt *stmt = NULL;
    mdm_chunk *chunk = NULL;
    expect(MDM_OK, mdm_backend_postgresql.begin(f->conn, MDM_TXN_WRITE, &err));
    pg_sql(f->conn, "CREATE TABLE t AS SELECT 1 AS a");
    expect(MDM_OK, pg_start(f->conn, "SELECT i FROM generate_series(1, 100000) AS i", &stmt, &err));
    expect(MDM_OK, mdm_backend_postgresql.fetch(stmt, &chunk, &err));
    mdm_chunk_unref(chunk);
    mdm_backend_postgresql.finish(stmt);
    expect(MDM_OK, mdm_backend_postgresql.commit(f->conn, &err));
    assert_string_equal(pg_ask(f->conn, "SELECT a FROM t"), "1");
}

static void a_write_whose_rows_nobody_reads_is_still_done(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    mdm_stmt *stmt = NULL;
    pg_sql(f->conn, "CREATE TABLE t (a int)");
    expect(MDM_OK, pg_start(f->conn, "INSERT INTO t SELECT generate_series(1, 100000) RETURNING a",
                            &stmt, &err));
    mdm_backend_postgresql.finish(stmt);
    assert_string_equal(pg_ask(f->conn, "SELECT count(*) FROM t"), "100000");
}

static void while_rows_are_read_nothing_else_is_begun(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    mdm_stmt *stmt = NULL, *other = NULL;
    int64_t rows;
    expect(MDM_OK, pg_start(f->conn, "SELECT i FROM generate_series(1, 100000) AS i", &stmt, &err));
    expect(MDM_INVALID, pg_try(f->conn, "SELECT 1", &err));
    expect(MDM_INVALID, pg_start(f->conn, "SELECT 2", &other, &err));
    expect(MDM_OK, pg_read(stmt, &rows, &err));
    assert_int_equal(rows, 100000);
    mdm_backend_postgresql.finish(stmt);
    assert_string_equal(pg_ask(f->conn, "SELECT 1"), "1");
}

static void rows_end_with_their_transaction(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    mdm_stmt *stmt = NULL;
    expect(MDM_OK, mdm_backend_postgresql.begin(f->conn, MDM_TXN_READ, &err));
    expect(MDM_OK,
           pg_start(f->conn, "SELECT i FROM generate_series(1, 10000000) AS i", &stmt, &err));
    mdm_backend_postgresql.rollback(f->conn);
    expect(MDM_INVALID, pg_read(stmt, NULL, &err));
    mdm_backend_postgresql.finish(stmt);
    assert_string_equal(pg_ask(f->conn, "SELECT 1"), "1");
}

static void large_cells_make_small_chunks(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    mdm_stmt *stmt = NULL;
    mdm_chunk *chunk = NULL;
    expect(MDM_OK, pg_start(f->conn, "SELECT repeat('x', 1000000) FROM generate_series(1, 20)",
                            &stmt, &err));
    int64_t rows = 0;
    for (;;) {
        expect(MDM_OK, mdm_backend_postgresql.fetch(stmt, &chunk, &err));
        if (!chunk) break;
        assert_true(mdm_chunk_bytes(chunk) < (size_t)12 << 20);
        rows += chunk->rows;
        mdm_chunk_unref(chunk);
    }
    assert_int_equal(rows, 20);
    mdm_backend_postgresql.finish(stmt);
}

/* --- stopping ------------------------------------------------------------- */

static void a_commit_that_was_done_before_it_could_be_stopped_is_a_success(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    pg_sql(f->conn, "CREATE TABLE t (a int)");
    for (int i = 0; i < 200; i++) {
        char sql[60];
        volatile int flag = 0;
        const mdm_stop stop = {.flag = &flag, .deadline_ns = mdm_clock_ns() + i * 5000};
        snprintf(sql, sizeof sql, "INSERT INTO t VALUES (%d)", i);
        f->conn->stop = &stop;
        mdm_status status = pg_try(f->conn, sql, &err);
        f->conn->stop = NULL;
        assert_true(status == MDM_OK || status == MDM_TIMEOUT);
        snprintf(sql, sizeof sql, "SELECT count(*) FROM t WHERE a = %d", i);
        assert_string_equal(pg_ask(f->conn, sql), status == MDM_OK ? "1" : "0");
    }
}

static void a_late_request_to_cancel_hits_nobody(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    for (int i = 0; i < 30; i++) {
        const mdm_stop stop = {.deadline_ns = mdm_clock_ns() + (1 + i % 5) * MS};
        f->conn->stop = &stop;
        expect(MDM_TIMEOUT, pg_try(f->conn, "SELECT pg_sleep(60)", &err));
        f->conn->stop = NULL;
        assert_string_equal(pg_ask(f->conn, "SELECT 1 FROM pg_sleep(0.002)"), "1");
    }
}

static void locks_of_others_are_waited_for_until_the_deadline(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    pg_sql(f->conn, "CREATE TABLE t (a int)");
    pg_sql(f->conn, "BEGIN; LOCK TABLE t");
    mdm_conn *other = pg_connect(f->location, 0);
    const mdm_stop stop = {.deadline_ns = mdm_clock_ns() + 50 * MS};
    other->stop = &stop;
    expect(MDM_TIMEOUT, pg_try(other, "SELECT * FROM t", &err));
    const mdm_stop again = {.deadline_ns = mdm_clock_ns() + 300 * MS};
    other->stop = &again;
    mdm_stmt *stmt = NULL;
    expect(MDM_TIMEOUT, pg_start(other, "SELECT a FROM t", &stmt, &err)); /* while preparing */
    other->stop = NULL;
    expect(MDM_BUSY, pg_try(other, "BEGIN; LOCK TABLE t NOWAIT", &err));
    mdm_backend_postgresql.rollback(other);
    pg_sql(f->conn, "ROLLBACK");
    assert_string_equal(pg_ask(other, "SELECT count(*) FROM t"), "0");
    mdm_backend_postgresql.close(other);
}

static void between_two_chunks_the_deadline_counts_too(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    mdm_stmt *stmt = NULL;
    mdm_chunk *chunk = NULL;
    const mdm_stop over = {.deadline_ns = 1};
    expect(MDM_OK, pg_start(f->conn, "SELECT generate_series(1, 1000000)", &stmt, &err));
    expect(MDM_OK, mdm_backend_postgresql.fetch(stmt, &chunk, &err));
    mdm_chunk_unref(chunk);
    f->conn->stop = &over;
    expect(MDM_TIMEOUT, mdm_backend_postgresql.fetch(stmt, &chunk, &err));
    f->conn->stop = NULL;
    assert_null(chunk);
    mdm_backend_postgresql.finish(stmt);
    assert_string_equal(pg_ask(f->conn, "SELECT 1"), "1");
}

static void a_timeout_of_the_server_s_own_is_a_timeout(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    pg_sql(f->conn, "SET statement_timeout = '20ms'");
    expect(MDM_TIMEOUT, pg_try(f->conn, "SELECT pg_sleep(60)", &err));
    assert_string_equal(err.sqlstate, "57014");
}

/* --- explaining ----------------------------------------------------------- */

static void explaining_leaves_no_trace(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    char *plan = NULL;
    pg_sql(f->conn, "CREATE TABLE t (a int)");
    expect(MDM_OK, mdm_backend_postgresql.explain(f->conn, MDM_STR("SELECT * FROM t WHERE a = $1"),
                                                  &plan, &err));
    assert_non_null(strstr(plan, "\"Plan\""));
    assert_non_null(strstr(plan, "(t.a = $1)")); /* for any value, not for NULL */
    mdm_free_text(plan);
    expect(MDM_OK, mdm_backend_postgresql.explain(f->conn, MDM_STR("INSERT INTO t VALUES (1);"),
                                                  &plan, &err));
    mdm_free_text(plan);
    assert_string_equal(pg_ask(f->conn, "SELECT count(*) FROM t"), "0");
    assert_string_equal(pg_ask(f->conn, "SHOW plan_cache_mode"), "auto");

    expect(MDM_OK, mdm_backend_postgresql.begin(f->conn, MDM_TXN_WRITE, &err));
    pg_sql(f->conn, "INSERT INTO t VALUES (1)");
    expect(MDM_OK,
           mdm_backend_postgresql.explain(f->conn, MDM_STR("SELECT * FROM t"), &plan, &err));
    mdm_free_text(plan);
    expect(MDM_BACKEND,
           mdm_backend_postgresql.explain(f->conn, MDM_STR("SELECT * FROM nowhere"), &plan, &err));
    assert_null(plan);
    assert_string_equal(pg_ask(f->conn, "SHOW plan_cache_mode"), "auto");
    expect(MDM_OK, mdm_backend_postgresql.commit(f->conn, &err));
    assert_string_equal(pg_ask(f->conn, "SELECT count(*) FROM t"), "1");
}

static void only_one_statement_is_explained(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    char *plan = NULL;
    pg_sql(f->conn, "CREATE TABLE t (a int)");
    expect(MDM_INVALID,
           mdm_backend_postgresql.explain(f->conn, MDM_STR("SELECT 1; DROP TABLE t"), &plan, &err));
    assert_null(plan);
    assert_string_equal(pg_ask(f->conn, "SELECT count(*) FROM t"), "0");
}

/* --- memory --------------------------------------------------------------- */

static mdm_status read_some(mdm_conn *conn, int64_t *rows, mdm_error *err)
{
    mdm_stmt *stmt = NULL;
    const mdm_backend *b = conn->backend;
    const mdm_value value = {MDM_TYPE_TEXT, {.bytes = MDM_STR("3")}};
    MDM_TRY(b->prepare(conn,
                       MDM_STR("SELECT i, i * 1.5 AS n, 'text of row ' || i AS t FROM "
                               "generate_series(1, 3000) AS i WHERE i > $1::int"),
                       &stmt, err));
    mdm_status status = b->execute(stmt, &value, 1, err);
    if (status == MDM_OK) status = pg_read(stmt, rows, err);
    b->finish(stmt);
    return status;
}

static void every_allocation_of_a_query_may_fail(void **state)
{
    fixture *f = *state;
    /* Without kept statements each attempt allocates the same. */
    mdm_conn *conn = pg_connect(f->location, MDM_OPEN_NO_STATEMENTS);
    for (int from = 0; from < 2; from++) {
        mdm_status status = MDM_NO_MEMORY;
        for (long n = 0; status != MDM_OK; n++) {
            mdm_error err = {0};
            int64_t rows = 0;
            assert_true(n < 300);
            if (from) mdm_alloc_fail_from(n);
            else mdm_alloc_fail_after(n);
            status = read_some(conn, &rows, &err);
            mdm_alloc_fail_after(-1);
            if (status == MDM_OK) assert_int_equal(rows, 2997);
            else expect(MDM_NO_MEMORY, status);
            assert_false(mdm_backend_postgresql.is_broken(conn));
            assert_true(mdm_backend_postgresql.reset(conn));
        }
    }
    mdm_backend_postgresql.close(conn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PG_TEST(expressions_have_the_stated_type_and_text),
        PG_TEST(early_and_late_dates_are_the_same_in_both_formats),
        PG_TEST(a_cell_that_does_not_fit_is_refused_with_its_place),
        PG_TEST(numerics_of_a_table_without_precision_are_doubles),
        PG_TEST(text_of_an_unencoded_database_must_be_utf_8),
        PG_TEST(values_go_into_placeholders_of_other_types),
        PG_TEST(values_that_cannot_be_sent_are_refused_before),
        PG_TEST(a_statement_survives_a_change_of_its_table),
        PG_TEST(in_a_transaction_a_changed_table_is_an_error_once),
        PG_TEST(a_kept_statement_whose_table_went_is_an_error_and_kept_no_more),
        PG_TEST(statements_that_the_server_has_lost_are_prepared_again),
        PG_TEST(the_server_forgets_what_the_connection_forgets),
        PG_TEST(without_kept_statements_nothing_stays_at_the_server),
        PG_TEST(text_that_is_not_one_statement_is_invalid),
        PG_TEST(errors_keep_the_server_s_words_and_tell_the_place),
        PG_TEST(the_commit_of_a_failed_transaction_is_no_success),
        PG_TEST(a_read_transaction_sees_one_state_and_cannot_write),
        PG_TEST(a_large_result_left_half_way_is_not_read_to_its_end),
        PG_TEST(in_a_transaction_a_result_left_half_way_does_not_end_it),
        PG_TEST(a_write_whose_rows_nobody_reads_is_still_done),
        PG_TEST(while_rows_are_read_nothing_else_is_begun),
        PG_TEST(rows_end_with_their_transaction),
        PG_TEST(large_cells_make_small_chunks),
        PG_TEST(a_commit_that_was_done_before_it_could_be_stopped_is_a_success),
        PG_TEST(a_late_request_to_cancel_hits_nobody),
        PG_TEST(locks_of_others_are_waited_for_until_the_deadline),
        PG_TEST(between_two_chunks_the_deadline_counts_too),
        PG_TEST(a_timeout_of_the_server_s_own_is_a_timeout),
        PG_TEST(explaining_leaves_no_trace),
        PG_TEST(only_one_statement_is_explained),
        PG_TEST(every_allocation_of_a_query_may_fail),
    };
    return pg_run_tests(tests, sizeof tests / sizeof *tests);
}
