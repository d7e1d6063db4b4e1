#include "unit/data/rows.h"

static mdm_type parse(const char *word)
{
    mdm_error err = {0};
    mdm_type type;
    must(mdm_type_parse(mdm_str_from(word), &type, &err), &err);
    return type;
}

static void every_type_is_read_from_the_word_it_shows(void **state)
{
    (void)state;
    for (mdm_type_id id = MDM_TYPE_BOOL; id < MDM_TYPE_COUNT; id++) {
        char word[32], lower[32];
        mdm_type type = {id, id == MDM_TYPE_DECIMAL ? 38 : 0, id == MDM_TYPE_DECIMAL ? 7 : 0};
        mdm_type_text(type, word);
        for (size_t i = 0; i <= strlen(word); i++)
            lower[i] = (char)(word[i] >= 'A' && word[i] <= 'Z' ? word[i] + 32 : word[i]);
        const char *words[] = {word, lower};
        for (size_t i = 0; i < 2; i++) {
            mdm_type read = parse(words[i]);
            assert_int_equal(read.id, id);
            assert_int_equal(read.precision, type.precision);
            assert_int_equal(read.scale, type.scale);
        }
    }
}

static void common_words_are_understood(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        mdm_type_id id;
    } cases[] = {
        {"int", MDM_TYPE_INT64},           {"Integer", MDM_TYPE_INT32},
        {"bigint", MDM_TYPE_INT64},        {"text", MDM_TYPE_TEXT},
        {"varchar", MDM_TYPE_TEXT},        {"string", MDM_TYPE_TEXT},
        {"float", MDM_TYPE_FLOAT},         {"double", MDM_TYPE_DOUBLE},
        {"real", MDM_TYPE_DOUBLE},         {"bool", MDM_TYPE_BOOL},
        {"date", MDM_TYPE_DATE},           {"datetime", MDM_TYPE_TIMESTAMP},
        {"timestamp", MDM_TYPE_TIMESTAMP}, {"timestamptz", MDM_TYPE_TIMESTAMPTZ},
        {"time", MDM_TYPE_TIME},           {" blob ", MDM_TYPE_BLOB},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(parse(cases[i].word).id, cases[i].id);
}

static void decimals_have_digits(void **state)
{
    (void)state;
    mdm_type type = parse("Decimal( 18 , 2 )");
    assert_int_equal(type.precision, 18);
    assert_int_equal(type.scale, 2);
    type = parse("numeric(5)");
    assert_int_equal(type.precision, 5);
    assert_int_equal(type.scale, 0);
    type = parse("decimal");
    assert_int_equal(type.precision, 18);
    assert_int_equal(type.scale, 3);
}

static void words_that_are_no_type_are_refused_with_those_that_are(void **state)
{
    (void)state;
    static const char *const cases[] = {"", "integr", "null", "int(4)", "varchar(10)", "decimal("};
    for (size_t i = 0; i < COUNT(cases); i++) {
        mdm_error err = {0};
        mdm_type type;
        assert_int_equal(mdm_type_parse(mdm_str_from(cases[i]), &type, &err), MDM_INVALID);
    }
    mdm_error err = {0};
    mdm_type type;
    assert_int_equal(mdm_type_parse(MDM_STR("integr"), &type, &err), MDM_INVALID);
    assert_non_null(strstr(err.message, "unknown type 'integr'"));
    assert_non_null(strstr(err.message, "bigint (int)"));
}

static void decimals_out_of_range_are_refused_with_the_range(void **state)
{
    (void)state;
    static const char *const cases[] = {"decimal(0,0)",  "decimal(39,2)", "decimal(5,6)",
                                        "decimal(5,-1)", "decimal(a,b)",  "decimal(5,)"};
    for (size_t i = 0; i < COUNT(cases); i++) {
        mdm_error err = {0};
        mdm_type type;
        assert_int_equal(mdm_type_parse(mdm_str_from(cases[i]), &type, &err), MDM_INVALID);
        assert_non_null(strstr(err.message, "1 to 38 digits"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_read_from_the_word_it_shows),
        cmocka_unit_test(common_words_are_understood),
        cmocka_unit_test(decimals_have_digits),
        cmocka_unit_test(words_that_are_no_type_are_refused_with_those_that_are),
        cmocka_unit_test(decimals_out_of_range_are_refused_with_the_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
