#include "duck.h"

#include <pthread.h>

#include "base/text.h"
#include "duckdb/file_query.h"

/* A typing that has seen the text cells of sql, chosen and begun. */
static mdm_typing *typing_of(mdm_duckdb_link *link, const char *sql,
                             const mdm_typing_options *options, const mdm_type *forced)
{
    mdm_error err;
    mdm_typing *typing;
    mdm_text_scan *scan;
    const mdm_cells *cells;
    const char *names[8];
    assert_ok(mdm_text_scan_open(link, mdm_str_from(sql), NULL, &scan, &err));
    const size_t count = mdm_text_scan_columns(scan);
    for (size_t i = 0; i < count; i++)
        names[i] = mdm_text_scan_name(scan, i);
    assert_ok(mdm_typing_open(names, count, options, &typing, &err));
    if (forced) assert_ok(mdm_typing_force(typing, 0, *forced, &err));
    for (;;) {
        assert_ok(mdm_text_scan_next(scan, &cells, &err));
        if (!cells) break;
        for (size_t i = 0; i < count; i++)
            mdm_typing_observe(typing, i, &cells[i]);
    }
    mdm_text_scan_close(scan);
    assert_ok(mdm_typing_choose(typing, &err));
    mdm_typing_begin(typing);
    return typing;
}

/* "SELECT cell(a) AS a, ... FROM (from)" for all columns of the typing. */
static void query_over(mdm_file_query *query, mdm_text *sql, const char *from)
{
    const mdm_schema *schema = mdm_typing_schema(query->typing);
    mdm_text_init(sql);
    for (size_t i = 0; i < schema->count; i++) {
        char name[MDM_CELL_NAME];
        const char *column = schema->fields[i].name;
        mdm_text_puts(sql, i == 0 ? "SELECT " : ", ");
        if (schema->fields[i].type.id == MDM_TYPE_TEXT && !query->json)
            mdm_text_printf(sql, "%s", column);
        else
            mdm_text_printf(sql, "%s(%s) AS %s", mdm_file_query_cell(query, i, name), column,
                            column);
    }
    mdm_text_printf(sql, " FROM (%s)", from);
    query->sql = (mdm_str){sql->data, sql->len};
}

#define ROWS "5000"
static const char *const cells_sql =
    "SELECT i::VARCHAR AS whole, CASE WHEN i % 3 > 0 THEN (i / 4)::VARCHAR END AS real, "
    "CASE WHEN i % 2 = 0 THEN 'true' ELSE 'false' END AS flag, (DATE '2020-01-01' + i::INTEGER)"
    "::VARCHAR AS day, 'word number ' || i AS word FROM range(" ROWS ") t(i)";

static void cells_are_typed_inside_duckdb(void **state)
{
    duck d = duck_open("2");
    mdm_error err;
    mdm_text sql;
    int64_t rows = 0;
    (void)state;
    mdm_file_query query = MDM_FILE_QUERY_INIT;
    query.typing = typing_of(d.link, cells_sql, NULL, NULL);
    query_over(&query, &sql, cells_sql);
    assert_ok(mdm_file_query_run(&query, d.link, MDM_STR("CREATE TABLE t AS "), NULL, &rows, &err));
    assert_int_equal(rows, 5000);
    assert_true(mdm_typing_settled(query.typing));
    assert_string_equal(duck_text(d.link,
                                  "SELECT string_agg(data_type, ' ' ORDER BY column_index) FROM "
                                  "duckdb_columns() WHERE table_name = 't'",
                                  NULL),
                        "BIGINT DOUBLE BOOLEAN DATE VARCHAR");
    assert_int_equal(
        duck_number(d.link,
                    "SELECT count(*) FROM t JOIN range(" ROWS
                    ") r(i) ON whole = i WHERE real IS NOT "
                    "DISTINCT FROM (CASE WHEN i % 3 > 0 THEN i / 4 END) AND flag = (i % 2 = 0) AND "
                    "day = DATE '2020-01-01' + i::INTEGER AND word = 'word number ' || i"),
        5000);
    mdm_text_clear(&sql);
    mdm_typing_close(query.typing);
    duck_close(&d);
}

static void the_same_rows_come_as_a_stream(void **state)
{
    duck d = duck_open("1");
    mdm_error err;
    mdm_text sql;
    mdm_stream rows;
    mdm_chunk *chunk;
    int64_t count = 0;
    (void)state;
    mdm_file_query query = MDM_FILE_QUERY_INIT;
    query.typing = typing_of(d.link, cells_sql, NULL, NULL);
    query_over(&query, &sql, cells_sql);
    assert_ok(mdm_file_query_stream(&query, d.link, NULL, &rows, &err));
    assert_int_equal(rows.schema->fields[0].type.id, MDM_TYPE_INT64);
    assert_int_equal(rows.schema->fields[2].type.id, MDM_TYPE_BOOL);
    for (;;) {
        assert_ok(mdm_stream_next(&rows, &chunk, &err));
        if (!chunk) break;
        assert_int_equal(((const int64_t *)chunk->columns[0].values)[0], count);
        count += chunk->rows;
        mdm_chunk_unref(chunk);
    }
    assert_int_equal(count, 5000);
    mdm_stream_close(&rows);
    mdm_text_clear(&sql);
    mdm_typing_close(query.typing);
    duck_close(&d);
}

static void a_late_surprise_is_noticed_and_ends_nothing(void **state)
{
    duck d = duck_open("2");
    mdm_error err;
    mdm_text sql;
    int64_t rows;
    (void)state;
    mdm_file_query query = MDM_FILE_QUERY_INIT;
    query.typing = typing_of(d.link, "SELECT '1' AS a", NULL, NULL);
    query_over(&query, &sql,
               "SELECT CASE WHEN i = 150000 THEN '007' ELSE i::VARCHAR END AS a FROM range(200000) "
               "t(i)");
    assert_ok(mdm_file_query_run(&query, d.link, MDM_STR("CREATE TABLE t AS "), NULL, &rows, &err));
    assert_int_equal(rows, 200000);
    assert_false(mdm_typing_settled(query.typing));
    assert_ok(mdm_typing_choose(query.typing, &err));
    assert_int_equal(mdm_typing_schema(query.typing)->fields[0].type.id, MDM_TYPE_TEXT);
    mdm_text_clear(&sql);
    mdm_typing_close(query.typing);
    duck_close(&d);
}

static void a_cell_that_is_no_value_of_a_forced_type_is_refused_with_its_column(void **state)
{
    duck d = duck_open("1");
    mdm_error err;
    mdm_text sql;
    int64_t rows = 0;
    const mdm_type whole = {.id = MDM_TYPE_INT64};
    const char *from = "SELECT CASE WHEN i = 3000 THEN 'x3000' ELSE i::VARCHAR END AS a FROM "
                       "range(5000) t(i)";
    (void)state;
    mdm_file_query query = MDM_FILE_QUERY_INIT;
    query.typing = typing_of(d.link, from, NULL, &whole);
    query_over(&query, &sql, from);
    assert_int_equal(
        mdm_file_query_run(&query, d.link, MDM_STR("CREATE TABLE t AS "), NULL, &rows, &err),
        MDM_FORMAT);
    assert_string_equal(err.message, "column 'a': 'x3000' is no BIGINT");
    mdm_text_clear(&sql);

    query.id = mdm_file_query_next_id();
    query.keep_failed = true;
    mdm_typing_begin(query.typing);
    query_over(&query, &sql, from);
    assert_ok(mdm_file_query_run(&query, d.link, MDM_STR("CREATE TABLE t AS "), NULL, &rows, &err));
    assert_int_equal(duck_number(d.link, "SELECT count(*) FROM t WHERE a IS NULL"), 1);
    assert_int_equal(mdm_typing_column_get(query.typing, 0).failed, 1);
    mdm_text_clear(&sql);
    mdm_typing_close(query.typing);
    duck_close(&d);
}

static void decimals_of_every_width_arrive(void **state)
{
    static const mdm_type types[] = {{MDM_TYPE_DECIMAL, 4, 2},
                                     {MDM_TYPE_DECIMAL, 9, 2},
                                     {MDM_TYPE_DECIMAL, 18, 2},
                                     {MDM_TYPE_DECIMAL, 38, 2}};
    const char *from = "SELECT ((i % 199 - 99)::VARCHAR || '.25') AS a FROM range(3000) t(i)";
    (void)state;
    for (size_t t = 0; t < 4; t++) {
        duck d = duck_open("1");
        mdm_error err;
        mdm_text sql;
        int64_t rows;
        mdm_file_query query = MDM_FILE_QUERY_INIT;
        query.typing = typing_of(d.link, from, NULL, &types[t]);
        query_over(&query, &sql, from);
        assert_ok(
            mdm_file_query_run(&query, d.link, MDM_STR("CREATE TABLE t AS "), NULL, &rows, &err));
        assert_int_equal(duck_number(d.link,
                                     "SELECT count(*) FROM (SELECT a, row_number() OVER () - 1 "
                                     "AS i FROM t) WHERE a::VARCHAR = (i % 199 - "
                                     "99)::VARCHAR || '.25'"),
                         3000);
        mdm_text_clear(&sql);
        mdm_typing_close(query.typing);
        duck_close(&d);
    }
}

static void json_tokens_become_text_without_quotes(void **state)
{
    duck d = duck_open("1");
    mdm_error err;
    mdm_text sql;
    int64_t rows;
    const mdm_typing_options options = {.json = true};
    const char *from = "SELECT unnest(['\"a\\n\\u00e9\"', 'null', '[1, 2]', NULL]) AS a, "
                       "unnest(['1', '2', 'null', NULL]) AS b";
    (void)state;
    mdm_file_query query = MDM_FILE_QUERY_INIT;
    query.json = true;
    query.typing = typing_of(d.link, from, &options, NULL);
    query_over(&query, &sql, from);
    assert_ok(mdm_file_query_run(&query, d.link, MDM_STR("CREATE TABLE t AS "), NULL, &rows, &err));
    assert_string_equal(
        duck_text(d.link,
                  "SELECT string_agg(coalesce(a, '-') || '/' || coalesce(b::VARCHAR, '-'), "
                  "'|') FROM t",
                  NULL),
        "a\n\xc3\xa9/1|-/2|[1, 2]/-|-/-");
    mdm_text_clear(&sql);
    mdm_typing_close(query.typing);
    duck_close(&d);
}

static void the_functions_end_with_the_query(void **state)
{
    duck d = duck_open("1");
    mdm_error err;
    mdm_text sql;
    int64_t rows;
    (void)state;
    mdm_file_query query = MDM_FILE_QUERY_INIT;
    query.typing = typing_of(d.link, "SELECT '1' AS a", NULL, NULL);
    query_over(&query, &sql, "SELECT '1' AS a");
    assert_ok(mdm_file_query_run(&query, d.link, MDM_STR("CREATE TABLE t AS "), NULL, &rows, &err));
    mdm_typing_close(query.typing);
    assert_int_equal(mdm_duckdb_run(d.link, query.sql, NULL, NULL, &err), MDM_BACKEND);
    assert_non_null(strstr(err.message, "a file is no longer being read"));
    mdm_text_clear(&sql);
    duck_close(&d);
}

static void a_query_without_typing_runs_as_it_is(void **state)
{
    duck d = duck_open("1");
    mdm_error err;
    int64_t rows;
    mdm_stream stream;
    (void)state;
    mdm_file_query query = MDM_FILE_QUERY_INIT;
    query.sql = MDM_STR("SELECT * FROM range(7) t(i)");
    assert_ok(mdm_file_query_run(&query, d.link, MDM_STR("CREATE TABLE t AS "), NULL, &rows, &err));
    assert_int_equal(rows, 7);
    query.sql = MDM_STR("SELECT nothing");
    assert_int_equal(mdm_file_query_stream(&query, d.link, NULL, &stream, &err), MDM_BACKEND);
    assert_null(stream.next);
    duck_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_are_typed_inside_duckdb),
        cmocka_unit_test(the_same_rows_come_as_a_stream),
        cmocka_unit_test(a_late_surprise_is_noticed_and_ends_nothing),
        cmocka_unit_test(a_cell_that_is_no_value_of_a_forced_type_is_refused_with_its_column),
        cmocka_unit_test(decimals_of_every_width_arrive),
        cmocka_unit_test(json_tokens_become_text_without_quotes),
        cmocka_unit_test(the_functions_end_with_the_query),
        cmocka_unit_test(a_query_without_typing_runs_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
