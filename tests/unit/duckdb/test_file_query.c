#include "duck.h"

#include "duckdb/file_query.h"

static void a_query_fills_a_table_and_counts_its_rows(void **state)
{
    duck d = duck_open("1");
    mdm_error err;
    int64_t rows = 0;
    const mdm_file_query query = {.sql = MDM_STR("SELECT i FROM range(7) t(i)")};
    (void)state;
    assert_ok(mdm_file_query_run(&query, d.link, MDM_STR("CREATE TABLE t AS "), NULL, &rows, &err));
    assert_int_equal(rows, 7);
    assert_ok(
        mdm_file_query_run(&query, d.link, MDM_STR("INSERT INTO t BY NAME "), NULL, &rows, &err));
    assert_int_equal(rows, 7);
    assert_int_equal(duck_number(d.link, "SELECT count(*) FROM t"), 14);
    duck_close(&d);
}

static void a_query_that_fails_leaves_no_table(void **state)
{
    duck d = duck_open("1");
    mdm_error err;
    int64_t rows = 0;
    const mdm_file_query query = {.sql = MDM_STR("SELECT nothing")};
    (void)state;
    assert_int_equal(
        mdm_file_query_run(&query, d.link, MDM_STR("CREATE TABLE t AS "), NULL, &rows, &err),
        MDM_BACKEND);
    assert_non_null(strstr(err.message, "nothing"));
    assert_int_equal(duck_number(d.link, "SELECT count(*) FROM duckdb_tables()"), 0);
    duck_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_query_fills_a_table_and_counts_its_rows),
        cmocka_unit_test(a_query_that_fails_leaves_no_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
