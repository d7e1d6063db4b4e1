#include "duck.h"

#include <stdio.h>
#include <unistd.h>

#include "duckdb/stream_table.h"
#include "support/folder.h"

static mdm_status run_over(mdm_duckdb_link *link, const char *format, mdm_stream_table *table,
                           mdm_error *err)
{
    char sql[300];
    snprintf(sql, sizeof sql, format, mdm_stream_table_sql(table));
    return mdm_stream_table_status(table, mdm_duckdb_run(link, mdm_str_from(sql), NULL, NULL, err),
                                   err);
}

static void a_stream_is_a_table(void **state)
{
    duck d = duck_open("2");
    mdm_error err;
    duck_source source;
    mdm_stream_table *table;
    (void)state;
    duck_source_open(&source, 7, 5000, -1);
    assert_ok(mdm_stream_table_open(&source.stream, &table, &err));
    assert_ok(run_over(d.link, "CREATE TABLE t AS SELECT * FROM %s", table, &err));
    assert_int_equal(mdm_stream_table_rows(table), 35000);
    mdm_stream_table_close(table);
    assert_int_equal(source.closed, 0); /* the stream stays the caller's */
    mdm_stream_close(&source.stream);
    assert_int_equal(duck_number(d.link, "SELECT count(*) FROM t WHERE id = rowid AND word IS NOT "
                                         "DISTINCT FROM CASE WHEN id % 7 = 0 THEN NULL WHEN id % 2 "
                                         "= 0 THEN 'w ' || id ELSE 'a word longer than twelve ' || "
                                         "id END"),
                     35000);
    duck_close(&d);
}

static void only_columns_that_are_asked_for_are_read(void **state)
{
    duck d = duck_open("2");
    mdm_error err;
    duck_source source;
    mdm_stream_table *table;
    static const char *const queries[] = {
        "CREATE OR REPLACE TABLE n AS SELECT count(*) AS n FROM %s",
        "CREATE OR REPLACE TABLE n AS SELECT count(word) + 5000 AS n FROM %s",
        "CREATE OR REPLACE TABLE n AS SELECT max(id) + 1 AS n FROM %s",
    };
    static const int64_t answers[] = {35000, 35000, 35000};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        duck_source_open(&source, 7, 5000, -1);
        assert_ok(mdm_stream_table_open(&source.stream, &table, &err));
        assert_ok(run_over(d.link, queries[i], table, &err));
        assert_int_equal(duck_number(d.link, "SELECT n FROM n"), answers[i]);
        mdm_stream_table_close(table);
        mdm_stream_close(&source.stream);
    }
    duck_close(&d);
}

static void rows_go_to_files_in_order_and_come_back(void **state)
{
    static const char *const formats[] = {"PARQUET", "CSV", "JSON"};
    static const char *const readers[] = {"read_parquet", "read_csv", "read_json"};
    duck d = duck_open("2");
    char *folder = test_folder_make();
    mdm_error err;
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        duck_source source;
        mdm_stream_table *table;
        char sql[400];
        duck_source_open(&source, 20, 3000, -1);
        assert_ok(mdm_stream_table_open(&source.stream, &table, &err));
        snprintf(sql, sizeof sql, "COPY (SELECT * FROM %%s) TO '%s/out' (FORMAT %s)", folder,
                 formats[i]);
        assert_ok(run_over(d.link, sql, table, &err));
        mdm_stream_table_close(table);
        mdm_stream_close(&source.stream);
        snprintf(sql, sizeof sql,
                 "SELECT count(*) FROM (SELECT id, row_number() OVER () - 1 AS r FROM "
                 "%s('%s/out')) WHERE id = r",
                 readers[i], folder);
        assert_int_equal(duck_number(d.link, sql), 60000);
    }
    test_folder_remove(folder);
    duck_close(&d);
}

static void the_error_of_the_stream_is_the_error_of_the_query(void **state)
{
    duck d = duck_open("2");
    mdm_error err;
    duck_source source;
    mdm_stream_table *table;
    (void)state;
    duck_source_open(&source, 7, 5000, 3);
    assert_ok(mdm_stream_table_open(&source.stream, &table, &err));
    assert_int_equal(run_over(d.link, "CREATE TABLE t AS SELECT * FROM %s", table, &err),
                     MDM_FORMAT);
    assert_string_equal(err.message, "iris.csv:7: 5 fields, expected 4");
    assert_int_equal(mdm_stream_table_rows(table), 15000);
    mdm_stream_table_close(table);
    mdm_stream_close(&source.stream);
    assert_int_equal(duck_number(d.link, "SELECT count(*) FROM duckdb_tables()"), 0);
    duck_close(&d);
}

static void the_error_of_the_query_is_kept_when_the_stream_is_well(void **state)
{
    duck d = duck_open("1");
    mdm_error err;
    duck_source source;
    mdm_stream_table *table;
    (void)state;
    duck_source_open(&source, 1, 10, -1);
    assert_ok(mdm_stream_table_open(&source.stream, &table, &err));
    assert_int_equal(run_over(d.link, "SELECT nothing FROM %s", table, &err), MDM_BACKEND);
    assert_non_null(strstr(err.message, "nothing"));
    mdm_stream_table_close(table);
    mdm_stream_close(&source.stream);
    duck_close(&d);
}

static void a_stream_is_read_once(void **state)
{
    duck d = duck_open("1");
    mdm_error err;
    duck_source source;
    mdm_stream_table *table;
    (void)state;
    duck_source_open(&source, 1, 10, -1);
    assert_ok(mdm_stream_table_open(&source.stream, &table, &err));
    assert_ok(run_over(d.link, "SELECT * FROM %s", table, &err));
    assert_int_equal(run_over(d.link, "SELECT * FROM %s", table, &err), MDM_BACKEND);
    assert_non_null(strstr(err.message, "a stream of rows can be read only once"));
    mdm_stream_table_close(table);
    mdm_stream_close(&source.stream);
    duck_close(&d);
}

static void a_closed_table_is_refused(void **state)
{
    duck d = duck_open("1");
    mdm_error err;
    duck_source source;
    mdm_stream_table *table;
    char sql[100];
    (void)state;
    duck_source_open(&source, 1, 10, -1);
    assert_ok(mdm_stream_table_open(&source.stream, &table, &err));
    snprintf(sql, sizeof sql, "SELECT * FROM %s", mdm_stream_table_sql(table));
    mdm_stream_table_close(table);
    mdm_stream_table_close(NULL);
    mdm_stream_close(&source.stream);
    assert_int_equal(mdm_duckdb_run(d.link, mdm_str_from(sql), NULL, NULL, &err), MDM_BACKEND);
    assert_non_null(strstr(err.message, "there is no open stream of rows of that number"));
    assert_int_equal(
        mdm_duckdb_run(d.link, MDM_STR("SELECT * FROM mdm_stream(NULL)"), NULL, NULL, &err),
        MDM_BACKEND);
    assert_non_null(strstr(err.message, "there is no open stream of rows of that number"));
    duck_close(&d);
}

/* --- values that DuckDB would take without looking ------------------------------------- */

static mdm_status one_chunk_next(mdm_stream *stream, mdm_chunk **out, mdm_error *err)
{
    (void)err;
    *out = stream->self;
    stream->self = NULL;
    return MDM_OK;
}

static void chunk_close(mdm_stream *stream)
{
    mdm_chunk_unref(stream->self);
    mdm_schema_unref(stream->schema);
}

static mdm_status load_one(duck *d, mdm_type type, const char *text, int64_t number, mdm_error *err)
{
    const mdm_field field = {"c", type};
    mdm_schema *schema;
    mdm_builder *builder;
    mdm_chunk *chunk;
    mdm_stream_table *table;
    mdm_status status = mdm_schema_new(&field, 1, &schema, err);
    assert_int_equal(status, MDM_OK);
    assert_int_equal(mdm_builder_open(schema, 2, &builder, err), MDM_OK);
    assert_int_equal(mdm_builder_null(builder, 0), MDM_OK);
    if (text) assert_int_equal(mdm_builder_bytes(builder, 0, mdm_str_from(text)), MDM_OK);
    else
        assert_int_equal(
            mdm_builder_decimal(builder, 0, (mdm_int128){(uint64_t)number, number < 0 ? -1 : 0}),
            MDM_OK);
    assert_int_equal(mdm_builder_finish(builder, &chunk, err), MDM_OK);
    mdm_builder_close(builder);
    mdm_stream stream = {schema, one_chunk_next, chunk_close, chunk};
    assert_int_equal(mdm_stream_table_open(&stream, &table, err), MDM_OK);
    status = run_over(d->link, "CREATE OR REPLACE TABLE t AS SELECT * FROM %s", table, err);
    mdm_stream_table_close(table);
    mdm_stream_close(&stream);
    return status;
}

static void text_that_is_not_utf8_is_refused_with_its_row(void **state)
{
    duck d = duck_open("1");
    mdm_error err;
    const mdm_type text = {.id = MDM_TYPE_TEXT};
    (void)state;
    assert_ok(load_one(&d, text,
                       "gr\xc3\xbc\xc3\x9f"
                       "e",
                       0, &err));
    assert_int_equal(load_one(&d, text,
                              "gr\xfc\xdf"
                              "e",
                              0, &err),
                     MDM_FORMAT);
    assert_string_equal(err.message, "column 'c', row 2: text that is not UTF-8, in VARCHAR");
    duck_close(&d);
}

static void decimals_arrive_in_every_width_or_are_refused(void **state)
{
    static const uint8_t precisions[] = {4, 9, 18, 38};
    duck d = duck_open("1");
    mdm_error err;
    (void)state;
    for (size_t i = 0; i < sizeof precisions; i++) {
        const mdm_type type = {MDM_TYPE_DECIMAL, precisions[i], 2};
        assert_ok(load_one(&d, type, NULL, -9999, &err));
        assert_string_equal(duck_text(d.link, "SELECT c FROM t WHERE c IS NOT NULL", NULL),
                            "-99.99");
    }
    const mdm_type narrow = {MDM_TYPE_DECIMAL, 4, 2};
    const mdm_status status = load_one(&d, narrow, NULL, 10000, &err);
    assert_int_equal(status, MDM_FORMAT);
    assert_string_equal(err.message, "column 'c', row 2: a number too large for DECIMAL(4,2)");
    duck_close(&d);
}

/* What DuckDB makes of every type, through a stream into a table. */
static void every_type_arrives_in_duckdb(void **state)
{
    duck d = duck_open("1");
    mdm_error err;
    mdm_stream rows;
    mdm_stream_table *table;
    mdm_duckdb_link *other;
    (void)state;
    assert_ok(mdm_duckdb_connect(d.instance, &other, &err));
    duck_run(
        d.link,
        "CREATE TABLE a AS SELECT i, i % 2 = 0 AS b, i::TINYINT AS i8, (-i)::SMALLINT AS i16, "
        "i::INTEGER AS i32, i / 3 AS f64, (i / 3)::FLOAT AS f32, i::DECIMAL(30, 3) AS d, 'text ' "
        "|| i AS t, ('blob' || i)::BLOB AS z, DATE '2000-01-01' + i::INTEGER AS day, TIME "
        "'00:00:00' + to_seconds(i) AS clock, TIMESTAMP '1960-01-01' + to_seconds(i) AS stamp, "
        "TIMESTAMPTZ '2020-01-01 00:00:00+00' + to_seconds(i) AS zoned FROM range(100) t(i) "
        "UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, "
        "NULL, NULL");
    assert_ok(mdm_duckdb_stream(other, MDM_STR("FROM a"), NULL, &rows, &err));
    assert_ok(mdm_stream_table_open(&rows, &table, &err));
    assert_ok(run_over(d.link, "CREATE TABLE b AS SELECT * FROM %s", table, &err));
    mdm_stream_table_close(table);
    mdm_stream_close(&rows);
    assert_int_equal(duck_number(d.link, "SELECT count(*) FROM (FROM a INTERSECT ALL FROM b)"),
                     101);
    assert_int_equal(
        duck_number(d.link, "SELECT count(*) FROM duckdb_columns() x JOIN duckdb_columns() y USING "
                            "(column_name, data_type, column_index) WHERE x.table_name = 'a' AND "
                            "y.table_name = 'b'"),
        14);
    mdm_duckdb_disconnect(other);
    duck_close(&d);
}

static void names_that_duckdb_refuses_are_changed(void **state)
{
    duck d = duck_open("1");
    mdm_error err;
    mdm_stream_table *table;
    mdm_schema *schema;
    const mdm_field fields[] = {
        {"a", {.id = MDM_TYPE_INT64}},   {"A", {.id = MDM_TYPE_INT64}},
        {"a.1", {.id = MDM_TYPE_INT64}}, {"", {.id = MDM_TYPE_INT64}},
        {"a", {.id = MDM_TYPE_INT64}},   {"column_4", {.id = MDM_TYPE_INT64}},
        {"x\"y", {.id = MDM_TYPE_NULL}},
    };
    (void)state;
    assert_ok(mdm_schema_new(fields, 7, &schema, &err));
    mdm_stream stream = {schema, one_chunk_next, chunk_close, NULL};
    assert_ok(mdm_stream_table_open(&stream, &table, &err));
    assert_ok(run_over(d.link, "CREATE TABLE t AS SELECT * FROM %s", table, &err));
    mdm_stream_table_close(table);
    mdm_stream_close(&stream);
    assert_string_equal(
        duck_text(d.link,
                  "SELECT string_agg(column_name || ' ' || data_type, ', ' ORDER BY "
                  "column_index) FROM duckdb_columns() WHERE table_name = 't'",
                  NULL),
        "a BIGINT, A.1 BIGINT, a.1.1 BIGINT, column_4 BIGINT, a.2 BIGINT, column_4.1 BIGINT, x\"y "
        "VARCHAR");
    duck_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_is_a_table),
        cmocka_unit_test(only_columns_that_are_asked_for_are_read),
        cmocka_unit_test(rows_go_to_files_in_order_and_come_back),
        cmocka_unit_test(the_error_of_the_stream_is_the_error_of_the_query),
        cmocka_unit_test(the_error_of_the_query_is_kept_when_the_stream_is_well),
        cmocka_unit_test(a_stream_is_read_once),
        cmocka_unit_test(a_closed_table_is_refused),
        cmocka_unit_test(text_that_is_not_utf8_is_refused_with_its_row),
        cmocka_unit_test(decimals_arrive_in_every_width_or_are_refused),
        cmocka_unit_test(every_type_arrives_in_duckdb),
        cmocka_unit_test(names_that_duckdb_refuses_are_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
