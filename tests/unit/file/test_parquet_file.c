#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/stat.h>

#include "base/io.h"
#include "base/text.h"
#include "duckdb/file_query.h"
#include "duckdb/result.h"
#include "reading.h"
#include "support/folder.h"

static int make(void **state)
{
    *state = test_folder_make();
    return 0;
}

static int clean(void **state)
{
    test_folder_remove(*state);
    return 0;
}

/* Make FOLDER/NAME from a SELECT. */
static const char *parquet(const char *folder, const char *name, const char *select)
{
    mdm_duckdb_instance *instance = NULL;
    mdm_duckdb_link *link = NULL;
    mdm_error err = {0};
    const char *path = test_path(folder, name);
    mdm_text sql;
    mdm_text_init(&sql);
    mdm_text_printf(&sql, "COPY (%s) TO ", select);
    mdm_text_quoted(&sql, mdm_str_from(path), '\'');
    mdm_text_puts(&sql, " (FORMAT parquet)");
    if (mdm_duckdb_open(NULL, NULL, NULL, &instance, &err) != MDM_OK ||
        mdm_duckdb_connect(instance, &link, &err) != MDM_OK ||
        mdm_duckdb_run(link, (mdm_str){sql.data, sql.len}, NULL, NULL, &err) != MDM_OK)
        fail_msg("%s", err.message);
    mdm_duckdb_disconnect(link);
    mdm_duckdb_close(instance);
    mdm_text_clear(&sql);
    return path;
}

static mdm_str bytes_of(const char *path)
{
    static char bytes[1 << 20];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    const size_t len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return (mdm_str){bytes, len};
}

static void types_are_those_of_the_file(void **state)
{
    const char *path =
        parquet(*state, "f.parquet",
                "SELECT 1::TINYINT AS a, '007' AS b, DATE '2024-02-29' AS c, 1.50::DECIMAL(5,2) AS "
                "d, 18446744073709551615::UBIGINT AS e, NULL::DOUBLE AS f");
    assert_string_equal(test_read_path(path, NULL),
                        "a TINYINT, b VARCHAR, c DATE, d DECIMAL(5,2), e DECIMAL(20,0), f DOUBLE\n"
                        "1|007|2024-02-29|1.50|18446744073709551615|~\n");
    assert_int_equal(test_info()->records, 1);
    assert_true(test_info()->hash != 0);
    assert_int_equal(test_passes(), 1);
}

static void nested_values_travel_as_json(void **state)
{
    const char *path =
        parquet(*state, "f.parquet", "SELECT [1,2] AS l, {'x': 1, 'y': 'a\"b'} AS s");
    assert_string_equal(test_read_path(path, NULL),
                        "l VARCHAR, s VARCHAR\n[1,2]|{\"x\":1,\"y\":\"a\\\"b\"}\n");
}

static void a_file_without_rows_has_its_columns(void **state)
{
    assert_string_equal(
        test_read_path(parquet(*state, "f.parquet", "SELECT 1 AS a WHERE false"), NULL),
        "a INTEGER\n");
}

static void paths_are_no_patterns(void **state)
{
    static const char *const names[] = {"a'b.parquet",   "*.parquet",    "[x]?.parquet",
                                        "{a,b}.parquet", "a\\b.parquet", "x=1.parquet"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s", parquet(*state, names[i], "SELECT 7 AS a"));
        assert_string_equal(test_read_path(path, NULL), "a INTEGER\n7\n");
        assert_int_equal(remove(path), 0);
    }
    /* A folder of hive partitions adds no column. */
    assert_int_equal(mkdir(test_path(*state, "y=5"), 0700), 0);
    assert_string_equal(test_read_path(parquet(*state, "y=5/f.parquet", "SELECT 7 AS a"), NULL),
                        "a INTEGER\n7\n");
}

static void what_is_cut_or_damaged_is_refused_with_its_name(void **state)
{
    const mdm_str whole = bytes_of(
        parquet(*state, "w.parquet", "SELECT range AS a, range || 'x' AS b FROM range(1000)"));
    assert_string_equal(test_read(*state, "f.parquet", BYTES("a,b\n1,2\n3,4\n"), NULL),
                        "8: f.parquet: not a Parquet file");
    assert_string_equal(test_read(*state, "f.parquet", BYTES("PAR1"), NULL),
                        "8: f.parquet: cut: the Parquet data have no end");
    assert_string_equal(test_read(*state, "f.parquet", BYTES("PAREPAREPAREPARE"), NULL),
                        "8: f.parquet: an encrypted Parquet file");
    assert_string_equal(test_read(*state, "f.parquet", BYTES("PAR1xxxx\xff\xff\xff\x7fPAR1"), NULL),
                        "8: f.parquet: damaged: the Parquet footer is longer than the file");
    assert_string_equal(test_read(*state, "f.parquet", BYTES(""), NULL),
                        "8: f.parquet: an empty file");
    for (size_t i = 1; i < 40; i++) {
        const char *got =
            test_read(*state, "f.parquet", (mdm_str){whole.data, whole.len * i / 40}, NULL);
        assert_string_equal(got, "8: f.parquet: cut: the Parquet data have no end");
    }
    /* A footer of rubbish. */
    static char broken[1 << 20];
    memcpy(broken, whole.data, whole.len);
    memset(broken + whole.len - 60, 'x', 50);
    const char *got = test_read(*state, "f.parquet", (mdm_str){broken, whole.len}, NULL);
    if (strncmp(got, "8: f.parquet: ", 14) != 0) fail_msg("%s", got);
}

static void columns_are_converted_as_wished_without_loss(void **state)
{
    static const mdm_column_wish wishes[] = {{.name = "a", .type = "varchar"},
                                             {.name = "b", .type = "int"},
                                             {.name = "c", .format = "%d/%m/%Y"},
                                             {.name = "d", .type = "bigint"},
                                             {.name = "e", .type = MDM_WISH_NUMBER}};
    const mdm_read_options options = {.wishes = wishes, .wish_count = 5};
    const char *good =
        "SELECT 5 AS a, '12' AS b, '03/04/2024' AS c, 3.0::DOUBLE AS d, '1.5' AS e, 'x' AS f "
        "UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, NULL";
    char path[512];
    snprintf(path, sizeof path, "%s", parquet(*state, "f.parquet", good));
    assert_string_equal(test_read_path(path, &options),
                        "a VARCHAR, b BIGINT, c TIMESTAMP, d BIGINT, e DOUBLE, f VARCHAR\n"
                        "5|12|2024-04-03 00:00:00|3|1.5|x\n~|~|~|~|~|~\n");
    static const char *const bad[][2] = {
        {"SELECT 5 AS a, '1.5' AS b, '03/04/2024' AS c, 3.0::DOUBLE AS d, '1' AS e",
         "column \"b\": '1.5' is no BIGINT"},
        {"SELECT 5 AS a, '1' AS b, '03/04/2024' AS c, 3.5::DOUBLE AS d, '1' AS e",
         "column \"d\": '3.5' is no BIGINT"},
        {"SELECT 5 AS a, 'x' AS b, '03/04/2024' AS c, 3::DOUBLE AS d, '1' AS e",
         "column \"b\": 'x' is no BIGINT"},
    };
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s", parquet(*state, "g.parquet", bad[i][0]));
        const char *got = test_read_path(path, &options);
        if (strncmp(got, "8: g.parquet: ", 14) != 0 || !strstr(got, bad[i][1])) fail_msg("%s", got);
    }
}

static void too_many_columns_are_refused(void **state)
{
    const mdm_read_options options = {.max_columns = 1};
    assert_string_equal(
        test_read_path(parquet(*state, "f.parquet", "SELECT 1 AS a, 2 AS b"), &options),
        "8: f.parquet: 2 columns, at most 1 can be stored");
}

static void duckdb_may_read_it_by_itself(void **state)
{
    const char *path = parquet(*state, "f.parquet", "SELECT range AS a FROM range(5000)");
    mdm_file *file = NULL;
    mdm_file_query *query = NULL;
    mdm_stream stream;
    mdm_duckdb_instance *instance = NULL;
    mdm_duckdb_link *link = NULL;
    mdm_error err = {0};
    int64_t rows = 0;
    bool again = true;
    test_open_stream(path, &file, &stream);
    mdm_stream_close(&stream);
    assert_int_equal(mdm_file_as_query(file, &query, &err), MDM_OK);
    assert_int_equal(mdm_duckdb_open(NULL, NULL, NULL, &instance, &err), MDM_OK);
    assert_int_equal(mdm_duckdb_connect(instance, &link, &err), MDM_OK);
    if (mdm_file_query_run(query, link, MDM_STR("CREATE TABLE t AS "), NULL, &rows, &err) != MDM_OK)
        fail_msg("%s", err.message);
    assert_int_equal(rows, 5000);
    assert_int_equal(mdm_file_finish_pass(file, rows, &again, &err), MDM_OK);
    assert_false(again);
    assert_int_equal(mdm_file_finish_pass(file, rows - 1, &again, &err), MDM_FORMAT);
    assert_string_equal(err.message, "f.parquet: damaged: 4999 rows came of 5000 that it tells of");
    mdm_duckdb_disconnect(link);
    mdm_duckdb_close(instance);
    mdm_file_close(file);
}

static void a_query_that_failed_is_the_files_failure(void **state)
{
    mdm_file *file = NULL;
    mdm_stream stream;
    mdm_error err;
    test_open_stream(parquet(*state, "f.parquet", "SELECT 1 AS a"), &file, &stream);
    mdm_stream_close(&stream);
    mdm_error_set(&err, MDM_BACKEND, "something broke");
    assert_int_equal(mdm_file_query_failed(file, MDM_BACKEND, &err), MDM_FORMAT);
    assert_string_equal(err.message, "f.parquet: something broke");
    mdm_error_set(&err, MDM_IO, "No space left on device");
    assert_int_equal(mdm_file_query_failed(file, MDM_IO, &err), MDM_IO);
    assert_string_equal(err.message, "No space left on device");
    mdm_file_close(file);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make, clean)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(types_are_those_of_the_file),
        IN_FOLDER(nested_values_travel_as_json),
        IN_FOLDER(a_file_without_rows_has_its_columns),
        IN_FOLDER(paths_are_no_patterns),
        IN_FOLDER(what_is_cut_or_damaged_is_refused_with_its_name),
        IN_FOLDER(columns_are_converted_as_wished_without_loss),
        IN_FOLDER(too_many_columns_are_refused),
        IN_FOLDER(duckdb_may_read_it_by_itself),
        IN_FOLDER(a_query_that_failed_is_the_files_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
