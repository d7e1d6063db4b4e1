#include "unit/data/rows.h"

#include <locale.h>
#include <math.h>

/* The text of one value of a type. */
static const char *shown(mdm_type type, const void *value)
{
    static char text[100];
    mdm_column column = {.type = type, .values = value};
    mdm_str cell_text = mdm_cell_text(&column, 0, text, MDM_CELL_TEXT);
    assert_ptr_equal(cell_text.data, text);
    assert_true(cell_text.len <= MDM_CELL_TEXT);
    text[cell_text.len] = '\0';
    return text;
}

#define SHOWN(id, ctype, value) shown((mdm_type){MDM_TYPE_##id, 0, 0}, &(ctype){value})

static void numbers_are_shown_shortest(void **state)
{
    (void)state;
    assert_string_equal(SHOWN(BOOL, uint8_t, 1), "true");
    assert_string_equal(SHOWN(BOOL, uint8_t, 2), "false");
    assert_string_equal(SHOWN(INT8, int8_t, -128), "-128");
    assert_string_equal(SHOWN(INT16, int16_t, -32768), "-32768");
    assert_string_equal(SHOWN(INT32, int32_t, INT32_MIN), "-2147483648");
    assert_string_equal(SHOWN(INT64, int64_t, INT64_MIN), "-9223372036854775808");
    assert_string_equal(SHOWN(INT64, int64_t, INT64_MAX), "9223372036854775807");
    assert_string_equal(SHOWN(INT64, int64_t, 0), "0");
    assert_string_equal(SHOWN(FLOAT, float, 0.1f), "0.1");
    assert_string_equal(SHOWN(FLOAT, float, 16777216.0f), "16777216");
    assert_string_equal(SHOWN(DOUBLE, double, 0.1 + 0.2), "0.30000000000000004");
    assert_string_equal(SHOWN(DOUBLE, double, -1e300), "-1e+300");
    assert_string_equal(SHOWN(DOUBLE, double, (double)NAN), "nan");
    assert_string_equal(SHOWN(DOUBLE, double, -(double)INFINITY), "-inf");
}

static void decimals_have_their_point_in_place(void **state)
{
    (void)state;
    static const struct {
        mdm_int128 value;
        uint8_t scale;
        const char *text;
    } cases[] = {
        {{0, 0}, 0, "0"},
        {{0, 0}, 2, "0.00"},
        {{5, 0}, 2, "0.05"},
        {{123, 0}, 2, "1.23"},
        {{123, 0}, 0, "123"},
        {{(uint64_t)-5, -1}, 2, "-0.05"},
        {{(uint64_t)-12345, -1}, 3, "-12.345"},
        {{UINT64_C(0x098a223fffffffff), 0x4b3b4ca85a86c47a},
         0,
         "99999999999999999999999999999999999999"},
        {{UINT64_C(0x098a223fffffffff), 0x4b3b4ca85a86c47a},
         38,
         "0.99999999999999999999999999999999999999"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        mdm_type type = {MDM_TYPE_DECIMAL, 38, cases[i].scale};
        assert_string_equal(shown(type, &cases[i].value), cases[i].text);
    }
}

static void dates_are_iso(void **state)
{
    (void)state;
    assert_string_equal(SHOWN(DATE, int32_t, 0), "1970-01-01");
    assert_string_equal(SHOWN(DATE, int32_t, 19782), "2024-02-29");
    assert_string_equal(SHOWN(DATE, int32_t, 2932897), "10000-01-01");
    assert_string_equal(SHOWN(DATE, int32_t, -719162), "0001-01-01");
    assert_string_equal(SHOWN(DATE, int32_t, -719163), "0000-12-31");  /* 1 BC */
    assert_string_equal(SHOWN(DATE, int32_t, -719529), "-0001-12-31"); /* 2 BC */
    assert_string_equal(SHOWN(DATE, int32_t, INT32_MAX), "infinity");
    assert_string_equal(SHOWN(DATE, int32_t, -INT32_MAX), "-infinity");
    assert_string_equal(SHOWN(DATE, int32_t, INT32_MAX - 1), "5881580-07-10");
}

static void times_have_as_many_decimals_as_they_need(void **state)
{
    (void)state;
    static const int64_t hour = INT64_C(3600000000);
    assert_string_equal(SHOWN(TIME, int64_t, 0), "00:00:00");
    assert_string_equal(SHOWN(TIME, int64_t, 13 * hour + 5 * 60000000), "13:05:00");
    assert_string_equal(SHOWN(TIME, int64_t, 13 * hour + 250000), "13:00:00.25");
    assert_string_equal(SHOWN(TIME, int64_t, 24 * hour - 1), "23:59:59.999999");
    assert_string_equal(SHOWN(TIME, int64_t, 24 * hour), "24:00:00");
    assert_string_equal(SHOWN(TIMESTAMP, int64_t, 0), "1970-01-01 00:00:00");
    assert_string_equal(SHOWN(TIMESTAMP, int64_t, -1), "1969-12-31 23:59:59.999999");
    assert_string_equal(SHOWN(TIMESTAMP, int64_t, INT64_C(1709211900250000)),
                        "2024-02-29 13:05:00.25");
    assert_string_equal(SHOWN(TIMESTAMPTZ, int64_t, INT64_C(1709211900000000)),
                        "2024-02-29 13:05:00+00:00");
    assert_string_equal(SHOWN(TIMESTAMP, int64_t, INT64_MAX), "infinity");
    assert_string_equal(SHOWN(TIMESTAMPTZ, int64_t, -INT64_MAX), "-infinity");
    assert_string_equal(SHOWN(TIMESTAMPTZ, int64_t, INT64_MIN),
                        "-290308-12-21 19:59:05.224192+00:00");
    assert_string_equal(SHOWN(TIMESTAMPTZ, int64_t, INT64_MAX - 1),
                        "294247-01-10 04:00:54.775806+00:00");
}

static void text_is_returned_in_place_and_blobs_as_hex(void **state)
{
    (void)state;
    static const char bytes[] = {'a', '\0', (char)0xff};
    static const int32_t offsets[] = {0, 3};
    char room[MDM_CELL_TEXT];
    mdm_column column = {.type = {MDM_TYPE_TEXT, 0, 0}, .values = bytes, .offsets = offsets};
    mdm_str text = mdm_cell_text(&column, 0, room, sizeof room);
    assert_ptr_equal(text.data, bytes);
    assert_int_equal(text.len, 3);
    column.type.id = MDM_TYPE_BLOB;
    text = mdm_cell_text(&column, 0, room, sizeof room);
    assert_int_equal(text.len, 8);
    assert_memory_equal(text.data, "\\x6100ff", 8);
    text = mdm_cell_text(&column, 0, room, 5); /* cut to whole bytes */
    assert_memory_equal(text.data, "\\x61", 4);
    assert_int_equal(text.len, 4);
    assert_int_equal(mdm_cell_text(&column, 0, room, 1).len, 0);
}

static void null_has_no_text(void **state)
{
    (void)state;
    static const uint8_t validity = 0;
    static const int64_t value = 5;
    char room[MDM_CELL_TEXT];
    mdm_column column = {.type = {MDM_TYPE_INT64, 0, 0}, .values = &value, .validity = &validity};
    assert_null(mdm_cell_text(&column, 0, room, sizeof room).data);
    column = (mdm_column){.type = {MDM_TYPE_NULL, 0, 0}};
    assert_null(mdm_cell_text(&column, 0, room, sizeof room).data);
}

static void a_small_room_gets_the_beginning(void **state)
{
    (void)state;
    static const int64_t value = 1234567890;
    char room[4];
    mdm_column column = {.type = {MDM_TYPE_INT64, 0, 0}, .values = &value};
    mdm_str text = mdm_cell_text(&column, 0, room, sizeof room);
    assert_int_equal(text.len, 4);
    assert_memory_equal(text.data, "1234", 4);
}

static void the_locale_changes_nothing(void **state)
{
    (void)state;
    if (!setlocale(LC_ALL, "de_DE.UTF-8")) setlocale(LC_ALL, "C.UTF-8");
    assert_string_equal(SHOWN(DOUBLE, double, 1.5), "1.5");
    setlocale(LC_ALL, "C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_shown_shortest),
        cmocka_unit_test(decimals_have_their_point_in_place),
        cmocka_unit_test(dates_are_iso),
        cmocka_unit_test(times_have_as_many_decimals_as_they_need),
        cmocka_unit_test(text_is_returned_in_place_and_blobs_as_hex),
        cmocka_unit_test(null_has_no_text),
        cmocka_unit_test(a_small_room_gets_the_beginning),
        cmocka_unit_test(the_locale_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
