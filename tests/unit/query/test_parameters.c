#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mdm/query.h"

static const mdm_parameter given[] = {
    {"since", {MDM_TYPE_INT64, {.integer = 2020}}},
    {"name", {MDM_TYPE_TEXT, {.bytes = {"x", 1}}}},
    {"low", {MDM_TYPE_DOUBLE, {.real = 0.5}}},
};

typedef struct bound {
    char text[512];
    mdm_value values[8];
    size_t count;
    mdm_error err;
    mdm_status status;
} bound;

static bound bind(const char *sql, mdm_sql_dialect dialect, size_t count)
{
    bound b = {.count = 99};
    b.status = mdm_parameters_bind(mdm_str_from(sql), dialect, given, count, b.text, sizeof b.text,
                                   b.values, 8, &b.count, &b.err);
    return b;
}

static void names_become_numbers_in_order_of_appearance(void **state)
{
    (void)state;
    bound b = bind("select :name, $since::int, :name", MDM_SQL_POSTGRESQL, 2);
    assert_int_equal(b.status, MDM_OK);
    assert_string_equal(b.text, "select $1, $2::int, $1");
    assert_int_equal(b.count, 2);
    assert_int_equal(b.values[0].type, MDM_TYPE_TEXT);
    assert_int_equal(b.values[1].as.integer, 2020);

    b = bind("select $since where x=:name and y=@low", MDM_SQL_SQLITE, 3);
    assert_string_equal(b.text, "select ?1 where x=?2 and y=?3");
    b = bind("select :since, $name", MDM_SQL_DUCKDB, 2);
    assert_string_equal(b.text, "select $1, $2");
    b = bind("select 1 limit:since", MDM_SQL_DUCKDB, 1);
    assert_string_equal(b.text, "select 1 limit $1");
}

static void what_only_looks_like_a_parameter_is_left_alone(void **state)
{
    (void)state;
    static const struct {
        mdm_sql_dialect dialect;
        const char *sql, *expected;
    } cases[] = {
        {MDM_SQL_POSTGRESQL, "select ':since', \":since\", a::since, -- :since\n $since",
         "select ':since', \":since\", a::since, -- :since\n $1"},
        {MDM_SQL_POSTGRESQL, "select /* /* :since */ $since */ :since",
         "select /* /* :since */ $since */ $1"},
        {MDM_SQL_POSTGRESQL, "select $since$ :since $since$, a[x:since], :since",
         "select $since$ :since $since$, a[x:since], $1"},
        {MDM_SQL_POSTGRESQL, "select e'\\':since', :since", "select e'\\':since', $1"},
        {MDM_SQL_DUCKDB, "select {'a':since}, x := 1, :since", "select {'a':since}, x := 1, $1"},
        {MDM_SQL_SQLITE, "select `:since`, [:since], ':since', :since",
         "select `:since`, [:since], ':since', ?1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bound b = bind(cases[i].sql, cases[i].dialect, 1);
        if (b.status != MDM_OK) fail_msg("%s: %s", cases[i].sql, b.err.message);
        assert_string_equal(b.text, cases[i].expected);
        assert_int_equal(b.count, 1);
    }
}

static void numbered_and_bare_placeholders_stay(void **state)
{
    (void)state;
    bound b = bind("select ?, ?2, a ? 'b'", MDM_SQL_SQLITE, 0);
    assert_int_equal(b.status, MDM_OK);
    assert_string_equal(b.text, "select ?, ?2, a ? 'b'");
    assert_int_equal(b.count, 0);
    b = bind("select $1, a ? :since", MDM_SQL_POSTGRESQL, 0);
    assert_int_equal(b.status, MDM_INVALID);
    b = bind("", MDM_SQL_DUCKDB, 0);
    assert_int_equal(b.status, MDM_OK);
    assert_string_equal(b.text, "");
}

static void refusals_name_the_parameter_and_the_nearest_one(void **state)
{
    (void)state;
    bound b = bind("select :sinse", MDM_SQL_SQLITE, 1);
    assert_int_equal(b.status, MDM_INVALID);
    assert_string_equal(b.err.message, "no value is given for the parameter 'sinse'");
    assert_string_equal(b.err.hint, "did you mean 'since'?");
    assert_int_equal(b.count, 0);

    b = bind("select :since, :nane, :name", MDM_SQL_SQLITE, 1);
    assert_string_equal(b.err.message, "no value is given for the parameter 'nane'");
    assert_string_equal(b.err.hint, "");

    b = bind("select :since", MDM_SQL_SQLITE, 2);
    assert_int_equal(b.status, MDM_INVALID);
    assert_string_equal(b.err.message, "the statement has no parameter 'name'");
    assert_string_equal(b.err.hint, "");

    mdm_parameter wrong = {"naem", {MDM_TYPE_NULL, {0}}};
    mdm_error err = {0};
    char text[64];
    mdm_value values[1];
    size_t count;
    assert_int_equal(mdm_parameters_bind(MDM_STR("select ':x'"), MDM_SQL_SQLITE, &wrong, 1, text,
                                         sizeof text, values, 1, &count, &err),
                     MDM_INVALID);
    assert_string_equal(err.message, "the statement has no parameter 'naem'");

    b = bind("select :since, ?", MDM_SQL_SQLITE, 1);
    assert_string_equal(b.err.message,
                        "named parameters and numbered ones do not mix in one statement");

    mdm_parameter twice[] = {given[0], given[0]};
    assert_int_equal(mdm_parameters_bind(MDM_STR("select :since"), MDM_SQL_SQLITE, twice, 2, text,
                                         sizeof text, values, 1, &count, &err),
                     MDM_INVALID);
    assert_string_equal(err.message, "the parameter 'since' is given twice");
}

static void a_spelling_mistake_in_the_text_is_found_from_the_other_side(void **state)
{
    (void)state;
    mdm_error err = {0};
    char text[64];
    mdm_value values[2];
    size_t count;
    mdm_parameter two[] = {given[0], {"sinces", given[0].value}};
    assert_int_equal(mdm_parameters_bind(MDM_STR("select :since"), MDM_SQL_SQLITE, two, 2, text,
                                         sizeof text, values, 2, &count, &err),
                     MDM_INVALID);
    assert_string_equal(err.message, "the statement has no parameter 'sinces'");
    assert_string_equal(err.hint, "did you mean 'since'?");
}

static void too_little_room_is_refused_at_the_boundary(void **state)
{
    (void)state;
    mdm_value values[2];
    size_t count;
    mdm_str sql = MDM_STR("select :since, :name");
    const size_t needed = sizeof "select $1, $2";
    for (size_t size = 0; size < 24; size++) {
        char text[32];
        mdm_error err = {0};
        mdm_status status =
            mdm_parameters_bind(sql, MDM_SQL_DUCKDB, given, 2, text, size, values, 2, &count, &err);
        assert_int_equal(status, size >= needed ? MDM_OK : MDM_INVALID);
        if (status != MDM_OK)
            assert_string_equal(err.message, "the statement and its parameters do not fit");
    }
    char text[32];
    mdm_error err = {0};
    assert_int_equal(mdm_parameters_bind(sql, MDM_SQL_DUCKDB, given, 2, text, sizeof text, values,
                                         1, &count, &err),
                     MDM_INVALID);
    assert_string_equal(err.message, "the values of the parameters do not fit");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_become_numbers_in_order_of_appearance),
        cmocka_unit_test(what_only_looks_like_a_parameter_is_left_alone),
        cmocka_unit_test(numbered_and_bare_placeholders_stay),
        cmocka_unit_test(refusals_name_the_parameter_and_the_nearest_one),
        cmocka_unit_test(a_spelling_mistake_in_the_text_is_found_from_the_other_side),
        cmocka_unit_test(too_little_room_is_refused_at_the_boundary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
