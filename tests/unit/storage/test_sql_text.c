#include "storage/storage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/walk.h"

/* Backends by their dialect only. */
static const mdm_backend sqlite = {.name = "sqlite", .dialect = &mdm_dialect_sqlite};
static const mdm_backend duckdb = {.name = "duckdb", .dialect = &mdm_dialect_duckdb};
static const mdm_backend postgresql = {.name = "postgresql", .dialect = &mdm_dialect_postgresql};

static void a_name_is_quoted_and_its_quotes_doubled(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"a", "\"a\""},       {"a b", "\"a b\""},
        {"\"", "\"\"\"\""},   {"a\"; DROP TABLE x; --", "\"a\"\"; DROP TABLE x; --\""},
        {"it's", "\"it's\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mdm_error err = {0};
        char text[64] = ">";
        size_t used = 1;
        assert_int_equal(
            mdm_quote_name(&sqlite, mdm_str_from(cases[i][0]), text, sizeof text, &used, &err),
            MDM_OK);
        assert_string_equal(text + 1, cases[i][1]);
        assert_int_equal(used, strlen(text));
    }
}

static void a_name_without_room_leaves_the_text_as_it_was(void **state)
{
    (void)state;
    for (size_t size = 0; size < 7; size++) {
        mdm_error err = {0};
        char text[8] = "X......";
        size_t used = 1;
        const mdm_status status =
            mdm_quote_name(&sqlite, MDM_STR("a\""), text, size, &used, &err); /* "a""" and NUL */
        assert_int_equal(status, MDM_INVALID);
        assert_int_equal(used, 1);
        assert_string_equal(text, "X......");
        assert_non_null(strstr(err.message, "no room"));
    }
    size_t used = 1;
    char text[8] = "X";
    assert_int_equal(mdm_quote_name(&sqlite, MDM_STR("a\""), text, 7, &used, NULL), MDM_OK);
    assert_string_equal(text, "X\"a\"\"\"");
}

static void a_name_is_measured_in_bytes(void **state)
{
    (void)state;
    mdm_error err = {0};
    char text[200];
    char name[65];
    size_t used = 0;
    memset(name, 'x', sizeof name);
    assert_int_equal(
        mdm_quote_name(&postgresql, (mdm_str){name, 63}, text, sizeof text, &used, &err), MDM_OK);
    assert_int_equal(
        mdm_quote_name(&postgresql, (mdm_str){name, 64}, text, sizeof text, &used, &err),
        MDM_INVALID);
    assert_non_null(strstr(err.message, "64 bytes, at most 63"));
}

static mdm_schema *schema_of(const mdm_field *fields, size_t count)
{
    mdm_schema *schema = NULL;
    assert_int_equal(mdm_schema_new(fields, count, &schema, NULL), MDM_OK);
    return schema;
}

static void a_table_is_created_in_the_words_of_each_database(void **state)
{
    (void)state;
    static const mdm_field fields[] = {
        {"id", {.id = MDM_TYPE_INT64}},    {"a\"b", {.id = MDM_TYPE_TEXT}},
        {"n", {MDM_TYPE_DECIMAL, 15, 2}},  {"w", {MDM_TYPE_DECIMAL, 16, 2}},
        {"t", {.id = MDM_TYPE_TIMESTAMP}}, {"f", {.id = MDM_TYPE_FLOAT}},
    };
    static const struct {
        const mdm_backend *backend;
        const char *sql;
    } cases[] = {
        {&sqlite, "CREATE TABLE \"s\".\"t\" (\"id\" BIGINT, \"a\"\"b\" TEXT, \"n\" DECIMAL(15,2), "
                  "\"w\" BLOB DECIMAL(16,2), \"t\" DATETIME, \"f\" FLOAT4)"},
        {&duckdb,
         "CREATE TABLE \"s\".\"t\" (\"id\" BIGINT, \"a\"\"b\" VARCHAR, \"n\" DECIMAL(15,2), "
         "\"w\" DECIMAL(16,2), \"t\" TIMESTAMP, \"f\" FLOAT)"},
        {&postgresql,
         "CREATE TABLE \"s\".\"t\" (\"id\" bigint, \"a\"\"b\" text, \"n\" numeric(15,2), "
         "\"w\" numeric(16,2), \"t\" timestamp without time zone, \"f\" real)"},
    };
    mdm_schema *schema = schema_of(fields, 6);
    const mdm_target target = {.schema = "s", .table = "t"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mdm_error err = {0};
        mdm_text sql;
        mdm_text_init(&sql);
        assert_int_equal(mdm_sql_create_table(&sql, cases[i].backend, &target, schema, &err),
                         MDM_OK);
        assert_string_equal(sql.data, cases[i].sql);
        mdm_text_clear(&sql);
    }
    mdm_schema_unref(schema);
}

static void a_table_without_columns_is_refused(void **state)
{
    (void)state;
    mdm_error err = {0};
    mdm_schema *schema = schema_of(NULL, 0);
    const mdm_target target = {.table = "t"};
    mdm_text sql;
    mdm_text_init(&sql);
    assert_int_equal(mdm_sql_create_table(&sql, &sqlite, &target, schema, &err), MDM_FORMAT);
    assert_non_null(strstr(err.message, "at least one column"));
    mdm_text_clear(&sql);
    mdm_schema_unref(schema);
}

static void twins_are_told_by_the_rule_of_the_database(void **state)
{
    (void)state;
    static const mdm_field fields[] = {{"Name", {.id = MDM_TYPE_TEXT}},
                                       {"name", {.id = MDM_TYPE_TEXT}}};
    mdm_schema *schema = schema_of(fields, 2);
    const mdm_target target = {.table = "t"};
    static const mdm_backend *const backends[] = {&sqlite, &duckdb, &postgresql};
    for (size_t i = 0; i < 3; i++) {
        mdm_text sql;
        mdm_text_init(&sql);
        assert_int_equal(mdm_sql_create_table(&sql, backends[i], &target, schema, NULL),
                         i < 2 ? MDM_FORMAT : MDM_OK);
        mdm_text_clear(&sql);
    }
    mdm_schema_unref(schema);
}

static void the_columns_of_an_insert_are_quoted(void **state)
{
    (void)state;
    static const mdm_field fields[] = {{"a", {.id = MDM_TYPE_TEXT}},
                                       {"b c", {.id = MDM_TYPE_TEXT}}};
    mdm_schema *schema = schema_of(fields, 2);
    mdm_text sql;
    mdm_text_init(&sql);
    assert_int_equal(mdm_sql_columns(&sql, &sqlite, schema, NULL), MDM_OK);
    assert_string_equal(sql.data, "(\"a\", \"b c\")");
    mdm_text_clear(&sql);
    mdm_schema_unref(schema);
}

static mdm_status create_step(void *data, mdm_error *err)
{
    char longer[400];
    memset(longer, 'n', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    const mdm_target target = {.table = longer};
    mdm_text sql;
    mdm_text_init(&sql);
    const mdm_status status = mdm_sql_create_table(&sql, &sqlite, &target, data, err);
    mdm_text_clear(&sql);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    static const mdm_field fields[] = {{"a", {.id = MDM_TYPE_TEXT}}, {"b", {.id = MDM_TYPE_TEXT}}};
    mdm_schema *schema = schema_of(fields, 2);
    test_walk_allocations(create_step, schema, 4);
    mdm_schema_unref(schema);
}

static void backends_are_found_by_name_in_any_case(void **state)
{
    (void)state;
    const mdm_backend *found = mdm_backend_find(MDM_STR("SQLite"));
    assert_non_null(found);
    assert_string_equal(found->name, "sqlite");
    assert_null(mdm_backend_find(MDM_STR("oracle")));
    assert_null(mdm_backend_find(MDM_STR("")));
    size_t count = 0;
    for (; mdm_backend_at(count); count++)
        assert_ptr_equal(mdm_backend_find(mdm_str_from(mdm_backend_at(count)->name)),
                         mdm_backend_at(count));
    assert_true(count > 0);
    assert_null(mdm_backend_at(count + 1));
}

static void the_version_of_a_strangers_backend_is_not_known(void **state)
{
    (void)state;
    mdm_error err = {0};
    char text[64] = "x";
    static const mdm_backend stranger = {.name = "stranger"};
    assert_int_equal(mdm_backend_version(&stranger, text, &err), MDM_UNSUPPORTED);
    assert_string_equal(text, "");
    assert_non_null(strstr(err.message, "stranger"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_quoted_and_its_quotes_doubled),
        cmocka_unit_test(a_name_without_room_leaves_the_text_as_it_was),
        cmocka_unit_test(a_name_is_measured_in_bytes),
        cmocka_unit_test(a_table_is_created_in_the_words_of_each_database),
        cmocka_unit_test(a_table_without_columns_is_refused),
        cmocka_unit_test(twins_are_told_by_the_rule_of_the_database),
        cmocka_unit_test(the_columns_of_an_insert_are_quoted),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(backends_are_found_by_name_in_any_case),
        cmocka_unit_test(the_version_of_a_strangers_backend_is_not_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
