#include "unit/data/rows.h"

static void a_schema_copies_names_and_types(void **state)
{
    (void)state;
    char name[] = "price";
    mdm_field fields[] = {{name, {MDM_TYPE_DECIMAL, 18, 2}}, field("", MDM_TYPE_TEXT)};
    mdm_schema *schema = schema_of(fields, 2);
    memset(name, 'x', sizeof name - 1);
    assert_int_equal(schema->count, 2);
    assert_string_equal(schema->fields[0].name, "price");
    assert_int_equal(schema->fields[0].type.scale, 2);
    assert_string_equal(schema->fields[1].name, "");
    mdm_schema_unref(schema);
}

static void a_schema_lives_as_long_as_somebody_holds_it(void **state)
{
    (void)state;
    mdm_field fields[] = {field("a", MDM_TYPE_INT64)};
    mdm_schema *schema = schema_of(fields, 1);
    mdm_schema *again = mdm_schema_ref(schema);
    assert_ptr_equal(schema, again);
    mdm_schema_unref(schema);
    assert_string_equal(again->fields[0].name, "a");
    mdm_schema_unref(again);
    mdm_schema_unref(NULL);
}

static void columns_are_found_by_exact_name_the_first_of_equal_ones(void **state)
{
    (void)state;
    mdm_field fields[] = {field("a", MDM_TYPE_INT64), field("A", MDM_TYPE_INT64),
                          field("a", MDM_TYPE_TEXT)};
    mdm_schema *schema = schema_of(fields, 3);
    assert_int_equal(mdm_schema_find(schema, MDM_STR("a")), 0);
    assert_int_equal(mdm_schema_find(schema, MDM_STR("A")), 1);
    assert_int_equal(mdm_schema_find(schema, MDM_STR("b")), SIZE_MAX);
    mdm_schema_unref(schema);
}

static mdm_status make(void *data, mdm_error *err)
{
    (void)data;
    mdm_field fields[] = {field("a", MDM_TYPE_INT64)};
    mdm_schema *schema = NULL;
    mdm_status status = mdm_schema_new(fields, 1, &schema, err);
    assert_true((status == MDM_OK) == (schema != NULL));
    mdm_schema_unref(schema);
    return status;
}

static void without_memory_there_is_no_schema(void **state)
{
    (void)state;
    test_walk_allocations(make, NULL, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_schema_copies_names_and_types),
        cmocka_unit_test(a_schema_lives_as_long_as_somebody_holds_it),
        cmocka_unit_test(columns_are_found_by_exact_name_the_first_of_equal_ones),
        cmocka_unit_test(without_memory_there_is_no_schema),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
