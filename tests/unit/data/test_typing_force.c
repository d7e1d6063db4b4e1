#include "unit/data/column.h"

#include "data/typing_force.h"

/* --- readers ----------------------------------------------------------------------------- */

static void integers_keep_their_value_not_their_text(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {{"5", 5},
                {"00501", 501},
                {" 12 ", 12},
                {"+7", 7},
                {"-0", 0},
                {"5.0", 5},
                {"5.", 5},
                {"1e3", 1000},
                {"1.5E+1", 15},
                {"1200e-2", 12},
                {"0e400", 0},
                {"-9223372036854775808", INT64_MIN},
                {"9223372036854775807.000", INT64_MAX}};
    static const char *const bad[] = {"",
                                      " ",
                                      "-",
                                      "1.5",
                                      "0x10",
                                      "1_000",
                                      "1,000",
                                      "1e-1",
                                      "1e19",
                                      "9223372036854775808",
                                      "x",
                                      "1 2",
                                      "1e",
                                      "e5",
                                      ".",
                                      "1e999999999999",
                                      "100000000000000000000000000000000000000000",
                                      "٣"};
    int64_t value;
    for (size_t i = 0; i < COUNT(good); i++) {
        if (!mdm_force_int(mdm_str_from(good[i].text), false, &value) || value != good[i].value)
            fail_msg("'%s'", good[i].text);
    }
    for (size_t i = 0; i < COUNT(bad); i++)
        if (mdm_force_int(mdm_str_from(bad[i]), false, &value))
            fail_msg("'%s' is %lld", bad[i], (long long)value);
    assert_true(mdm_force_int(MDM_STR("5,0"), true, &value));
}

static void reals_are_the_nearest_double_but_whole_numbers_exact(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double value;
    } good[] = {{"5", 5},
                {" -5.50 ", -5.5},
                {"+.5", 0.5},
                {"1e5", 1e5},
                {"3.14159265358979323846264338327950288419716939937510", 3.14159265358979323846},
                {"0.000000000000000000000000000000000000000000001", 1e-45},
                {"9007199254740992", 9007199254740992.0},
                {"1152921504606846976", 1152921504606846976.0},
                {"inf", (double)(1.0f / 0.0f)},
                {"-Infinity", -(double)(1.0f / 0.0f)}};
    static const char *const bad[] = {"",      "x",
                                      "1,5",   "0x10",
                                      "1_0",   "9007199254740993",
                                      "nan",   "12345678901234567890",
                                      "1e999", "1e-400",
                                      "--1",   "1234567890123456789012345678901234567890"};
    double value;
    for (size_t i = 0; i < COUNT(good); i++) {
        if (!mdm_force_real(mdm_str_from(good[i].text), false, &value) || value != good[i].value)
            fail_msg("'%s' is %.17g", good[i].text, value);
    }
    for (size_t i = 0; i < COUNT(bad); i++)
        if (mdm_force_real(mdm_str_from(bad[i]), false, &value))
            fail_msg("'%s' is %.17g", bad[i], value);
    assert_true(mdm_force_real(MDM_STR("-1,25"), true, &value));
    assert_true(value == -1.25);
}

static void decimals_are_exact(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t low;
        int64_t high;
    } good[] = {{"1", 100, 0},     {"1.5", 150, 0},        {"-0.05", (uint64_t)-5, -1},
                {"1.500", 150, 0}, {"12345e-2", 12345, 0}, {"999.99", 99999, 0}};
    static const char *const bad[] = {"1.555", "1000", "-1000", "x", ""};
    mdm_type type = {MDM_TYPE_DECIMAL, 5, 2};
    mdm_int128 value;
    for (size_t i = 0; i < COUNT(good); i++) {
        if (!mdm_force_decimal(mdm_str_from(good[i].text), false, type, &value) ||
            value.low != good[i].low || value.high != good[i].high)
            fail_msg("'%s'", good[i].text);
    }
    for (size_t i = 0; i < COUNT(bad); i++)
        if (mdm_force_decimal(mdm_str_from(bad[i]), false, type, &value)) fail_msg("'%s'", bad[i]);
    type = (mdm_type){MDM_TYPE_DECIMAL, 38, 0};
    assert_true(
        mdm_force_decimal(MDM_STR("99999999999999999999999999999999999999"), false, type, &value));
    assert_false(
        mdm_force_decimal(MDM_STR("100000000000000000000000000000000000000"), false, type, &value));
}

static void truth_has_common_words(void **state)
{
    (void)state;
    static const char *const yes[] = {"true", "T", "Yes", "y", "1", " TRUE "};
    static const char *const no[] = {"false", "f", "NO", "n", "0"};
    static const char *const neither[] = {"", "2", "on", "truee", "01"};
    bool value;
    for (size_t i = 0; i < COUNT(yes); i++)
        assert_true(mdm_force_bool(mdm_str_from(yes[i]), &value) && value);
    for (size_t i = 0; i < COUNT(no); i++)
        assert_true(mdm_force_bool(mdm_str_from(no[i]), &value) && !value);
    for (size_t i = 0; i < COUNT(neither); i++)
        assert_false(mdm_force_bool(mdm_str_from(neither[i]), &value));
}

static void times_may_lack_a_zero(void **state)
{
    (void)state;
    int64_t micros;
    assert_true(mdm_force_time(MDM_STR("9:30"), &micros));
    assert_int_equal(micros, INT64_C(34200000000));
    assert_true(mdm_force_time(MDM_STR(" 23:59:59.5 "), &micros));
    assert_false(mdm_force_time(MDM_STR("24:00"), &micros));
    assert_false(mdm_force_time(MDM_STR(":30"), &micros));
    assert_false(mdm_force_time(MDM_STR("2024-01-01"), &micros));
}

/* --- columns -------------------------------------------------------------------------------- */

/* What was refused: "2:x 4:y". */
typedef struct refused {
    char text[400];
    size_t len;
    mdm_status answer;
} refused;

static mdm_status refuse(void *self, size_t row, size_t column_at, mdm_str text, mdm_error *err)
{
    refused *r = self;
    r->len += (size_t)snprintf(r->text + r->len, sizeof r->text - r->len, "%s%zu:%.*s",
                               r->len ? " " : "", row, (int)text.len, text.data);
    assert_int_equal(column_at, 0);
    return r->answer == MDM_OK ? MDM_OK : mdm_error_set(err, r->answer, "enough");
}

static const char *forced(column *c, refused *r)
{
    static char shown[600];
    char word[32];
    mdm_error err = {0};
    *r = (refused){.answer = MDM_OK};
    mdm_typing_observe(c->typing, 0, &c->cells);
    for (int pass = 0; pass < 2; pass++) {
        must(mdm_typing_choose(c->typing, &err), &err);
        mdm_typing_begin(c->typing);
        *r = (refused){.answer = MDM_OK};
        mdm_chunk_unref(c->chunk);
        must(mdm_typing_chunk(c->typing, &c->cells, refuse, r, &c->chunk, &err), &err);
        if (mdm_typing_settled(c->typing)) break;
    }
    assert_true(mdm_typing_settled(c->typing));
    size_t len = (size_t)snprintf(shown, sizeof shown,
                                  "%s:", mdm_type_text(c->chunk->columns[0].type, word));
    for (int64_t i = 0; i < c->chunk->rows; i++)
        len += (size_t)snprintf(shown + len, sizeof shown - len, " %s", cell(c->chunk, 0, i));
    assert_true(mdm_typing_column_get(c->typing, 0).forced);
    return shown;
}

/* Force a type by its word ("number" and "date:FORMAT" too), compare cells and refusals. */
static void check(const char *wish, const char *const *texts, size_t count, const char *expected,
                  const char *refusals)
{
    mdm_error err = {0};
    mdm_type type;
    column c;
    refused r;
    column_open(&c, texts, count, NULL);
    if (strcmp(wish, "number") == 0) mdm_typing_force_number(c.typing, 0);
    else if (strncmp(wish, "date:", 5) == 0)
        must(mdm_typing_force_date(c.typing, 0, wish + 5, &err), &err);
    else {
        must(mdm_type_parse(mdm_str_from(wish), &type, &err), &err);
        must(mdm_typing_force(c.typing, 0, type, &err), &err);
    }
    assert_string_equal(forced(&c, &r), expected);
    assert_string_equal(r.text, refusals);
    column_close(&c);
}

#define CELLS(...) (const char *const[]){__VA_ARGS__}, COUNT(((const char *const[]){__VA_ARGS__}))

static void cells_that_do_not_convert_are_told_and_left_out(void **state)
{
    (void)state;
    check("bigint", CELLS("00501", "x", "1.5", " 7", NULL, "NA", ""),
          "BIGINT: 501 7 NULL NULL NULL", "1:x 2:1.5");
    check("tinyint", CELLS("127", "128", "-129"), "TINYINT: 127", "1:128 2:-129");
    check("smallint", CELLS("32767", "32768"), "SMALLINT: 32767", "1:32768");
    check("integer", CELLS("2147483647", "2147483648"), "INTEGER: 2147483647", "1:2147483648");
    check("double", CELLS("1e5", "1.50", "x"), "DOUBLE: 100000 1.5", "2:x");
    check("float", CELLS("0.1", "1,5"), "FLOAT: 0.1", "1:1,5");
    check("decimal(5,2)", CELLS("1.5", "1.555"), "DECIMAL(5,2): 1.50", "1:1.555");
    check("boolean", CELLS("yes", "0", "maybe", "NULL"), "BOOLEAN: true false NULL", "2:maybe");
    check("time", CELLS("9:30", "25:00"), "TIME: 09:30:00", "1:25:00");
    check("text", CELLS("00501", "NA", "", NULL), "VARCHAR: 00501 NA  NULL", "");
}

static void forced_numbers_are_whole_as_long_as_all_are(void **state)
{
    (void)state;
    check("number", CELLS("1", "007", "x", "NA"), "BIGINT: 1 7 NULL", "2:x");
    check("number", CELLS("1", "2.50", "x"), "DOUBLE: 1 2.5", "2:x");
}

static void forced_dates_take_the_format_that_most_cells_fit(void **state)
{
    (void)state;
    check("date:", CELLS("31/12/2024", "1/2/2024", "01/13/2024", "x", "15/06/2024"),
          "DATE: 2024-12-31 2024-02-01 2024-06-15", "2:01/13/2024 3:x");
    check("date:", CELLS("2024-01-01", "2024-1-05 10:00", "2024/01/01"),
          "TIMESTAMP: 2024-01-01 00:00:00 2024-01-05 10:00:00", "2:2024/01/01");
    check("date:", CELLS("2024-01-01T10:00Z", "2024-01-01T10:00"),
          "TIMESTAMP WITH TIME ZONE: 2024-01-01 10:00:00+00:00", "1:2024-01-01T10:00");
    check("date", CELLS("2024-01-01 00:00", "2024-01-02 10:00"), "DATE: 2024-01-01",
          "1:2024-01-02 10:00");
    check("timestamp", CELLS("2024-01-01", "12/31/2024"), "TIMESTAMP: 2024-01-01 00:00:00",
          "1:12/31/2024");
    check("date:", CELLS(NULL, ""), "DATE: NULL NULL", "");
}

static void forced_formats_are_obeyed(void **state)
{
    (void)state;
    check("date:%d/%m/%Y", CELLS("01/02/2024", "1/2/2024", "13/13/2024", "2024-01-01"),
          "DATE: 2024-02-01 2024-02-01", "2:13/13/2024 3:2024-01-01");
    check("date:%b %d %Y", CELLS("Jan 1 2000", "February 29 2000", "Feb 30 2000"),
          "DATE: 2000-01-01 2000-02-29", "2:Feb 30 2000");
    check("date:%Y%m%d %I:%M %p",
          CELLS("20240131 12:05 am", "20240131 12:05 PM", "20240131 13:05 PM"),
          "TIMESTAMP: 2024-01-31 00:05:00 2024-01-31 12:05:00", "2:20240131 13:05 PM");
    check("date:%FT%T.%f%z", CELLS("2024-01-31T10:00:00.5+02:00"),
          "TIMESTAMP WITH TIME ZONE: 2024-01-31 08:00:00.5+00:00", "");
    check("date:%j/%y", CELLS("366/24", "366/23", "1/68", "1/69"),
          "DATE: 2024-12-31 2068-01-01 1969-01-01", "1:366/23");
    check("date:%D", CELLS("12/31/99"), "DATE: 1999-12-31", "");
}

static void a_forced_date_that_stays_ambiguous_is_refused_with_both_ways_out(void **state)
{
    (void)state;
    mdm_error err = {0};
    column c;
    column_open(&c, CELLS("01/02/2024", "03/04/2024"), NULL);
    must(mdm_typing_force_date(c.typing, 0, NULL, &err), &err);
    mdm_typing_observe(c.typing, 0, &c.cells);
    must(mdm_typing_choose(c.typing, &err), &err); /* later cells may tell */
    mdm_typing_begin(c.typing);
    must(mdm_typing_chunk(c.typing, &c.cells, NULL, NULL, &c.chunk, &err), &err);
    assert_false(mdm_typing_settled(c.typing));
    assert_int_equal(mdm_typing_choose(c.typing, &err), MDM_FORMAT);
    assert_string_equal(err.message, "column 'c': day and month cannot be told apart");
    assert_string_equal(err.hint, "--datetime-columns 'c=%d/%m/%Y' or 'c=%m/%d/%Y'");
    column_close(&c);
}

static void wishes_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *format, *message;
    } cases[] = {
        {"%Q", "column 'c': %Q in a date format; there are %Y %y %m %b %B %d %e %j %H %I %p %M %S "
               "%f %z %F %D %T %R %%"},
        {"%d/%m", "column 'c': the date format '%d/%m' names no day: it needs %Y, %m and %d"},
        {"%Y%", "column 'c': a date format that ends in %"},
    };
    mdm_error err = {0};
    column c;
    column_open(&c, CELLS("1"), NULL);
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(mdm_typing_force_date(c.typing, 0, cases[i].format, &err), MDM_INVALID);
        assert_string_equal(err.message, cases[i].message);
    }
    assert_int_equal(mdm_typing_force(c.typing, 0, (mdm_type){MDM_TYPE_BLOB, 0, 0}, &err),
                     MDM_UNSUPPORTED);
    assert_string_equal(err.message, "column 'c': text cannot be read as BLOB");
    column_close(&c);
}

static void without_somebody_to_tell_the_first_failure_ends_the_chunk(void **state)
{
    (void)state;
    mdm_error err = {0};
    column c;
    refused r = {.answer = MDM_CANCELLED};
    column_open(&c, CELLS("1", "2", "three", "four"), NULL);
    must(mdm_typing_force(c.typing, 0, (mdm_type){MDM_TYPE_INT64, 0, 0}, &err), &err);
    must(mdm_typing_choose(c.typing, &err), &err);
    mdm_typing_begin(c.typing);
    assert_int_equal(mdm_typing_chunk(c.typing, &c.cells, NULL, NULL, &c.chunk, &err), MDM_FORMAT);
    assert_string_equal(err.message, "row 3, column 'c': 'three' is no BIGINT");
    c.cells.first_row = -1;
    assert_int_equal(mdm_typing_chunk(c.typing, &c.cells, NULL, NULL, &c.chunk, &err), MDM_FORMAT);
    assert_string_equal(err.message, "column 'c': 'three' is no BIGINT");
    assert_int_equal(mdm_typing_chunk(c.typing, &c.cells, refuse, &r, &c.chunk, &err),
                     MDM_CANCELLED);
    assert_string_equal(r.text, "2:three");
    assert_null(c.chunk);
    assert_int_equal(mdm_typing_column_get(c.typing, 0).failed, 6); /* three passes over it */
    column_close(&c);
}

static void failed_cells_are_marked_bit_by_bit(void **state)
{
    (void)state;
    mdm_error err = {0};
    column c;
    column_open(&c, CELLS("1", "x", "3", NULL, "5", "6", "7", "8", "y", "NA"), NULL);
    must(mdm_typing_force(c.typing, 0, (mdm_type){MDM_TYPE_INT32, 0, 0}, &err), &err);
    must(mdm_typing_choose(c.typing, &err), &err);
    int32_t values[10];
    uint8_t validity[2], failed[2] = {0xff, 0xff};
    mdm_typed typed = {values, validity, failed, 0, 0};
    mdm_typing_convert(c.typing, 0, &c.cells, &typed);
    assert_int_equal(typed.failed_count, 2);
    assert_int_equal(typed.null_count, 4);
    assert_int_equal(failed[0], 0x02);
    assert_int_equal(failed[1], 0x01);
    assert_int_equal(validity[0], 0xf5);
    assert_int_equal(validity[1], 0x00);
    assert_int_equal(values[1], 0);
    assert_int_equal(values[7], 8);
    column_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_keep_their_value_not_their_text),
        cmocka_unit_test(reals_are_the_nearest_double_but_whole_numbers_exact),
        cmocka_unit_test(decimals_are_exact),
        cmocka_unit_test(truth_has_common_words),
        cmocka_unit_test(times_may_lack_a_zero),
        cmocka_unit_test(cells_that_do_not_convert_are_told_and_left_out),
        cmocka_unit_test(forced_numbers_are_whole_as_long_as_all_are),
        cmocka_unit_test(forced_dates_take_the_format_that_most_cells_fit),
        cmocka_unit_test(forced_formats_are_obeyed),
        cmocka_unit_test(a_forced_date_that_stays_ambiguous_is_refused_with_both_ways_out),
        cmocka_unit_test(wishes_that_make_no_sense_are_refused),
        cmocka_unit_test(without_somebody_to_tell_the_first_failure_ends_the_chunk),
        cmocka_unit_test(failed_cells_are_marked_bit_by_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
