#include "unit/data/column.h"

#include <math.h>
#include <pthread.h>

#include "data/typing_state.h"

/* --- which type a list of cells gives ------------------------------------------------- */

/* The type and all cells: "BIGINT: 1 2 NULL". */
static const char *typed_with(const char *const *texts, const mdm_typing_options *options)
{
    static char shown[2000];
    char word[32];
    size_t count = 0;
    while (count < 64 && texts[count] != (const char *)-1)
        count++;
    mdm_error err = {0};
    column c;
    column_open(&c, texts, count, options);
    must(column_pass(&c, 1, &err), &err);
    size_t len =
        (size_t)snprintf(shown, sizeof shown, "%s:", mdm_type_text(c.chunk->columns[0].type, word));
    for (size_t i = 0; i < count; i++)
        len +=
            (size_t)snprintf(shown + len, sizeof shown - len, " %s", cell(c.chunk, 0, (int64_t)i));
    column_close(&c);
    return shown;
}

#define END ((const char *)-1)
#define TYPED(...) typed_with((const char *const[]){__VA_ARGS__, END}, NULL)
#define SAME(expected, ...) assert_string_equal(TYPED(__VA_ARGS__), expected)

static void whole_numbers_are_bigint(void **state)
{
    (void)state;
    SAME("BIGINT: 1 -2 0", "1", "-2", "0");
    SAME("BIGINT: 9223372036854775807 -9223372036854775808", "9223372036854775807",
         "-9223372036854775808");
    SAME("BIGINT: 1 NULL 3", "1", NULL, "3");
    SAME("BIGINT: 1 NULL 3", "1", "", "3"); /* quoted empty */
}

static void one_printing_style_makes_a_double(void **state)
{
    (void)state;
    SAME("DOUBLE: 5 5.5", "5", "5.5");
    SAME("DOUBLE: 5 5.5", "5.0", "5.5");
    SAME("DOUBLE: 1.1 12.5", "1.10", "12.50");
    SAME("DOUBLE: 0.5 0.25", ".5", ".25");
    SAME("DOUBLE: 1e-05 0.1", "1e-05", "0.1");
    SAME("DOUBLE: 1e-07 0.1", "1e-7", "0.1");
    SAME("DOUBLE: 1.5 inf -inf", "1.5", "inf", "-inf");
    SAME("DOUBLE: 1 inf", "1", "inf");
    SAME("DOUBLE: -0 1.5", "-0.0", "1.5");
    SAME("DOUBLE: 100000 1500000", "1e+05", "1500000"); /* R */
}

static void two_printing_styles_make_text(void **state)
{
    (void)state;
    SAME("VARCHAR: 5 5.0", "5", "5.0");
    SAME("VARCHAR: 1.10 12.5", "1.10", "12.5");
    SAME("VARCHAR: 5 1.10", "5", "1.10");
    SAME("VARCHAR: 0.5 .5", "0.5", ".5");
    SAME("VARCHAR: 100000 1e+05", "100000", "1e+05");
    SAME("VARCHAR: 1e-05 1e-5", "1e-05", "1e-5");
    SAME("VARCHAR: 0.00001 1e-05", "0.00001", "1e-05");
    SAME("VARCHAR: 9007199254740993 0.5", "9007199254740993", "0.5");
}

static void one_spelling_makes_a_boolean(void **state)
{
    (void)state;
    SAME("BOOLEAN: true false NULL", "true", "false", "NA");
    SAME("BOOLEAN: true false", "True", "False");
    SAME("BOOLEAN: true false", "TRUE", "FALSE");
    SAME("VARCHAR: true False", "true", "False");
    SAME("VARCHAR: true 1", "true", "1");
    SAME("VARCHAR: yes no", "yes", "no");
    SAME("VARCHAR: tRue", "tRue");
    SAME("BIGINT: 0 1", "0", "1");
}

static void one_format_makes_a_date(void **state)
{
    (void)state;
    SAME("DATE: 2024-02-29 2024-03-01", "2024-02-29", "2024-03-01");
    SAME("DATE: 2024-02-01", "2024/02/01");
    SAME("DATE: 2024-12-31 2024-02-01", "31/12/2024", "01/02/2024");
    SAME("DATE: 2024-12-31 2024-01-02", "12/31/2024", "01/02/2024");
    SAME("DATE: 2024-12-31 2024-02-01", "31-12-2024", "01-02-2024");
    SAME("DATE: 2024-12-31 2024-01-02", "12/31/2024", "1/2/2024");
    SAME("TIME: 13:05:00 00:00:59.5", "13:05", "00:00:59.5");
    SAME("TIMESTAMP: 2024-01-01 10:00:00 2024-01-01 10:00:01.25", "2024-01-01 10:00",
         "2024-01-01 10:00:01.25");
    SAME("TIMESTAMP: 2024-01-01 10:00:00", "2024-01-01T10:00:00");
    SAME("TIMESTAMP: 2008-01-13 09:05:00", "1/13/2008 9:05");
    SAME("TIMESTAMP WITH TIME ZONE: 2024-01-01 10:00:00+00:00 2024-01-01 08:00:00+00:00",
         "2024-01-01T10:00:00Z", "2024-01-01T10:00:00+02:00");
}

static void two_formats_make_text(void **state)
{
    (void)state;
    SAME("VARCHAR: 2024-02-29 2024/02/29", "2024-02-29", "2024/02/29");
    SAME("VARCHAR: 2024-02-29 2024-02-29 10:00", "2024-02-29", "2024-02-29 10:00");
    SAME("VARCHAR: 2024-01-01 10:00 2024-01-01T10:00", "2024-01-01 10:00", "2024-01-01T10:00");
    SAME("VARCHAR: 2024-01-01 10:00 2024-01-01 10:00Z", "2024-01-01 10:00", "2024-01-01 10:00Z");
    SAME("VARCHAR: 31/12/2024 12/31/2024", "31/12/2024", "12/31/2024");
    SAME("VARCHAR: 01/13/2024 1/13/2024", "01/13/2024", "1/13/2024");
    SAME("VARCHAR: 2024-02-29 2023-02-29", "2024-02-29", "2023-02-29");
    SAME("VARCHAR: 2024-02-29 10:00:00", "2024-02-29", "10:00:00");
    SAME("VARCHAR: 10:00 1000", "10:00", "1000");
    SAME("VARCHAR: 2024-01-01 00:00:00.1234567", "2024-01-01 00:00:00.1234567");
}

static void day_and_month_that_cannot_be_told_apart_stay_text_with_a_note(void **state)
{
    (void)state;
    SAME("VARCHAR: 01/02/2024 03/04/2024", "01/02/2024", "03/04/2024");
    const char *const texts[] = {"01-02-2024", "03-04-2024"};
    mdm_error err = {0};
    column c;
    column_open(&c, texts, 2, NULL);
    must(column_pass(&c, 10, &err), &err);
    assert_string_equal(mdm_typing_column_get(c.typing, 0).note,
                        "c kept as text (day and month cannot be told apart); --datetime-columns "
                        "c=%d-%m-%Y or c=%m-%d-%Y decides");
    column_close(&c);
}

static void words_for_no_value_are_null_but_in_text(void **state)
{
    (void)state;
    static const char *const words[] = {
        "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
        "<NA>", "N/A",      "NA",  "NULL",    "NaN",      "None", "n/a",  "nan",    "null"};
    for (size_t i = 0; i < COUNT(words); i++) {
        char expected[64];
        SAME("BIGINT: 1 NULL", "1", words[i]);
        SAME("DOUBLE: NULL 1.5", words[i], "1.5");
        SAME("DATE: 2024-01-01 NULL", "2024-01-01", words[i]);
        SAME("BOOLEAN: true NULL", "true", words[i]);
        snprintf(expected, sizeof expected, "VARCHAR: a %s", words[i]);
        SAME(expected, "a", words[i]);
        snprintf(expected, sizeof expected, "VARCHAR: %s", words[i]);
        SAME(expected, words[i]); /* alone it is a text like any other */
    }
    SAME("VARCHAR: 1 NONE", "1", "NONE");
    SAME("VARCHAR: 1 na", "1", "na");
}

static void the_users_words_count_too_even_if_they_look_like_values(void **state)
{
    (void)state;
    static const char *const words[] = {"?", "-999", "2000-01-01", ""};
    const mdm_typing_options options = {.null_words = words, .null_word_count = COUNT(words)};
    assert_string_equal(typed_with((const char *const[]){"1", "?", "-999", "5", END}, &options),
                        "BIGINT: 1 NULL NULL 5");
    assert_string_equal(typed_with((const char *const[]){"1.5", "-999", END}, &options),
                        "DOUBLE: 1.5 NULL");
    assert_string_equal(
        typed_with((const char *const[]){"2000-01-01", "2001-01-01", END}, &options),
        "DATE: NULL 2001-01-01");
    assert_string_equal(typed_with((const char *const[]){"x", "-999", "?", END}, &options),
                        "VARCHAR: x -999 ?");
}

static void a_column_without_values_is_text(void **state)
{
    (void)state;
    SAME("VARCHAR: NULL NULL", NULL, NULL);
    SAME("VARCHAR: NULL  NA", NULL, "", "NA");
}

static void empty_text_stays_in_text_columns(void **state)
{
    (void)state;
    SAME("VARCHAR: a  NULL", "a", "", NULL);
}

static void a_comma_is_a_decimal_point_only_where_asked_and_clear(void **state)
{
    (void)state;
    const mdm_typing_options comma = {.decimal_comma = true};
    assert_string_equal(typed_with((const char *const[]){"1,5", "2", "-0,25", END}, &comma),
                        "DOUBLE: 1.5 2 -0.25");
    assert_string_equal(typed_with((const char *const[]){"1,50", "2,25", END}, &comma),
                        "DOUBLE: 1.5 2.25");
    assert_string_equal(typed_with((const char *const[]){"1,5", "1.5", END}, &comma),
                        "VARCHAR: 1,5 1.5");
    assert_string_equal(typed_with((const char *const[]){"1,500", "2,250", END}, &comma),
                        "VARCHAR: 1,500 2,250");
    assert_string_equal(typed_with((const char *const[]){"1,500", "0,250", END}, &comma),
                        "DOUBLE: 1.5 0.25");
    SAME("VARCHAR: 1,5", "1,5");
}

/* --- late surprises --------------------------------------------------------------------- */

/* What DuckDB's CSV reader changes without a word when it comes after its sample. */
static const struct trap {
    const char *usual, *odd;
} traps[] = {
    {"501", "00501"},
    {"1", "1.5"},
    {"1", "1e5"},
    {"1", "0x10"},
    {"1", "1_000"},
    {"1", " 12"},
    {"1", "12 "},
    {"1", "+7"},
    {"1", "-0"},
    {"12", "12345678901234567890"},
    {"12", "99999999999999999999"},
    {"1", "x"},
    {"1", "2024-01-01"},
    {"1.5", "1e5"},
    {"1.5", "00.5"},
    {"1.5", "12345678901234567890"},
    {"1.5", "1.50"},
    {"1.5", "+1.5"},
    {"1.50", "1.5"},
    {"1.0", "1"},
    {"1.5", "3.14159265358979323846"},
    {"2024-01-01", "2024-02-30"},
    {"2024-01-01", "01.02.2024"},
    {"2024-01-01", "2024-01-01 10:00"},
    {"2024-01-01", "20240101"},
    {"13/01/2024", "01/13/2024"},
    {"true", "True"},
    {"true", "1"},
    {"true", "yes"},
    {"2024-01-01 10:00", "2024-01-01"},
    {"1", "1,000"},
    {"10:00", "24:00"},
    {"1", "--"},
    {"1", "NONE"},
    {"1", "١"},
    {"1", "1\xc2\xa0"},
};

/* 100,001 cells, the odd one first or last: every cell must come back as the text it was, or be a
 * value whose style the whole column shares. */
static void a_surprise_at_either_end_changes_the_type_and_no_cell(void **state)
{
    (void)state;
    enum { CELLS = 100001 };
    const char **texts = calloc(CELLS, sizeof *texts);
    for (size_t i = 0; i < COUNT(traps); i++) {
        for (int late = 0; late < 2; late++) {
            size_t odd = late ? CELLS - 1 : 0;
            for (size_t k = 0; k < CELLS; k++)
                texts[k] = k == odd ? traps[i].odd : traps[i].usual;
            mdm_error err = {0};
            column c;
            column_open(&c, texts, CELLS, NULL);
            must(column_pass(&c, 20000, &err), &err);
            assert_int_equal(c.passes, late ? 2 : 1);
            bool widened = column_type(&c) == MDM_TYPE_DOUBLE; /* 1 and 1.5, 1 and -0 */
            if (!widened && column_type(&c) != MDM_TYPE_TEXT)
                fail_msg("%s and %s", traps[i].usual, traps[i].odd);
            assert_string_equal(cell(c.chunk, 0, (int64_t)odd), traps[i].odd);
            assert_string_equal(cell(c.chunk, 0, 5), traps[i].usual);
            assert_int_equal(c.chunk->columns[0].null_count, 0);
            column_close(&c);
        }
    }
    free(texts);
}

static void the_choice_breaks_at_the_run_with_the_surprise(void **state)
{
    (void)state;
    static const char *const texts[] = {"1", "2", "3", "4", "x", "5"};
    mdm_error err = {0};
    column c;
    column_open(&c, texts, 6, NULL);
    mdm_cells run = {.count = 2, .texts = c.texts, .first_row = 1};
    mdm_typing_observe(c.typing, 0, &run);
    must(mdm_typing_choose(c.typing, &err), &err);
    assert_int_equal(mdm_typing_schema(c.typing)->fields[0].type.id, MDM_TYPE_INT64);
    mdm_typing_begin(c.typing);
    int64_t values[2];
    uint8_t validity;
    mdm_typed typed = {.values = values, .validity = &validity};
    for (int64_t first = 0; first < 6; first += 2) {
        run.texts = c.texts + first;
        run.first_row = first + 1;
        mdm_typing_convert(c.typing, 0, &run, &typed);
        assert_int_equal(mdm_typing_holds(c.typing), first < 4);
        assert_int_equal(mdm_typing_is_final(c.typing, 0), first == 4);
    }
    assert_false(mdm_typing_settled(c.typing));
    must(mdm_typing_choose(c.typing, &err), &err);
    assert_true(mdm_typing_holds(c.typing));
    assert_true(mdm_typing_settled(c.typing));
    column_close(&c);
}

/* Nothing in the sample: text is not wrong, but a second pass finds the right type. */
static void values_that_begin_after_the_sample_get_their_type(void **state)
{
    (void)state;
    const char *texts[1000] = {NULL};
    for (size_t i = 500; i < 1000; i++)
        texts[i] = "7";
    mdm_error err = {0};
    column c;
    column_open(&c, texts, 1000, NULL);
    must(column_pass(&c, 100, &err), &err);
    assert_int_equal(c.passes, 2);
    assert_int_equal(column_type(&c), MDM_TYPE_INT64);
    assert_int_equal(c.chunk->columns[0].null_count, 500);
    column_close(&c);
}

/* --- nothing is lost ---------------------------------------------------------------------- */

/* One value the way printers, spreadsheets and people write it. */
static void write_number(double value, uint64_t how, char *text, size_t size)
{
    static const char *const formats[] = {"%.0f",  "%.1f",  "%.2f",  "%.6f", "%g",
                                          "%.15g", "%.16g", "%.17g", "%e",   "%.3e",
                                          "%.20f", "%.12f", "%+g",   "%G"};
    snprintf(text, size, formats[how % COUNT(formats)], value);
    how /= COUNT(formats);
    char *point = strchr(text, '.'), *e = strchr(text, 'e');
    if (how % 5 == 1 && !point && !e) strcat(text, ".0");
    if (how % 5 == 2 && strncmp(text, "0.", 2) == 0) memmove(text, text + 1, strlen(text));
    if (how % 5 == 3 && e && e[2] == '0') memmove(e + 2, e + 3, strlen(e + 3) + 1); /* 1e-5 */
    if (how % 5 == 4 && point && !e) strcat(text, "0");
}

static double draw_number(uint64_t *seed)
{
    uint64_t r = next_random(seed);
    double u = (double)(next_random(seed) >> 11) * 0x1p-53;
    switch (r % 6) {
    case 0: return (double)((int)(r >> 8) % 20 - 5);
    case 1: return (double)((int)(r >> 8) % 2000) / 100;
    case 2: return u;
    case 3: return u * pow(10, (double)((int)(r >> 8) % 40 - 20));
    case 4: return pow(10, (double)((int)(r >> 8) % 40 - 20));
    default: return (double)(int64_t)(next_random(seed) >> (r >> 8) % 60);
    }
}

/* In a column of numbers, cells of one value are cells of one text: so writing the values in the
 * style of the column gives every text back. */
static void equal_numbers_of_a_column_are_equal_texts(void **state)
{
    (void)state;
    uint64_t seed = 20;
    int doubles = 0;
    for (int round = 0; round < 100000; round++) {
        char one[400], two[400];
        const char *const texts[] = {one, two};
        double value = draw_number(&seed);
        write_number(value, next_random(&seed), one, sizeof one);
        if (next_random(&seed) % 4 == 0) value = draw_number(&seed);
        write_number(value, next_random(&seed), two, sizeof two);
        mdm_error err = {0};
        column c;
        column_open(&c, texts, 2, NULL);
        must(column_pass(&c, 1, &err), &err);
        if (column_type(&c) == MDM_TYPE_DOUBLE) {
            const double *values = c.chunk->columns[0].values;
            if (values[0] != strtod(one, NULL) || values[1] != strtod(two, NULL))
                fail_msg("%s and %s are read as %.17g and %.17g", one, two, values[0], values[1]);
            if (memcmp(&values[0], &values[1], sizeof *values) == 0 && strcmp(one, two) != 0)
                fail_msg("%s and %s are one value", one, two);
            doubles++;
        } else if (column_type(&c) == MDM_TYPE_TEXT) {
            assert_string_equal(cell(c.chunk, 0, 0), one);
            assert_string_equal(cell(c.chunk, 0, 1), two);
        } else {
            assert_int_equal(column_type(&c), MDM_TYPE_INT64);
            assert_string_equal(cell(c.chunk, 0, 0), one);
        }
        column_close(&c);
    }
    assert_in_range(doubles, 10000, 60000);
}

/* --- notes -------------------------------------------------------------------------------- */

static const char *note_of(const char *const *texts, size_t count)
{
    static char note[600];
    mdm_error err = {0};
    column c;
    column_open(&c, texts, count, NULL);
    must(column_pass(&c, 20000, &err), &err);
    const char *found = mdm_typing_column_get(c.typing, 0).note;
    snprintf(note, sizeof note, "%s", found ? found : "(none)");
    column_close(&c);
    return note;
}

#define NOTE(...) \
    note_of((const char *const[]){__VA_ARGS__}, COUNT(((const char *const[]){__VA_ARGS__})))

static void a_note_says_why_what_looks_like_numbers_is_text(void **state)
{
    (void)state;
    assert_string_equal(NOTE("A/5 21171", "113803", "00501", "373450", "NA"),
                        "c kept as text (letters, leading zeros); --type c=int would reject 1 row; "
                        "first 'A/5 21171' in row 1");
    assert_string_equal(NOTE("00501", "10001"),
                        "c kept as text (leading zeros); --type c=int reads them as numbers; first "
                        "'00501' in row 1");
    assert_string_equal(
        NOTE("1", "12345678901234567890"),
        "c kept as text (more digits than a number holds); --type c=int would reject 1 "
        "row; first '12345678901234567890' in row 2");
    assert_string_equal(
        NOTE("1.5", "1.50"),
        "c kept as text (values written in more than one way); first '1.50' in row 2");
    assert_string_equal(
        NOTE("1", "2", "1e5"),
        "c kept as text (exponents without a sign); --type c=int reads them as numbers; "
        "first '1e5' in row 3");
    assert_string_equal(
        NOTE("1", " 2", "+3"),
        "c kept as text (plus signs, blanks around values); --type c=int reads them as "
        "numbers; first ' 2' in row 2");
    assert_string_equal(
        NOTE("1", "1_000"),
        "c kept as text (separators within numbers); --type c=int would reject 1 row; "
        "first '1_000' in row 2");
    assert_string_equal(NOTE("2024-01-01", "2024-02-30"),
                        "c kept as text (dates of no single format); first '2024-02-30' in row 2");
    assert_string_equal(NOTE("1", "\x1b[31m"),
                        "c kept as text (letters); --type c=int would reject 1 "
                        "row; first '\\x1b[31m' in row 2");
}

static void plain_text_and_good_columns_need_no_note(void **state)
{
    (void)state;
    assert_string_equal(NOTE("Braund, Mr. Owen", "Cumings", "1 Main Street"), "(none)");
    assert_string_equal(NOTE("1", "2"), "(none)");
    assert_string_equal(NOTE("", "NA"), "(none)");
}

static void a_long_example_is_cut_at_a_character(void **state)
{
    (void)state;
    const char *note = NOTE(
        "1", "2", "3", "x1234567890123456789012345678901234567890123456789012345678é234567890");
    assert_non_null(strstr(note, "12345678...' in row 4"));
}

/* --- many columns, many threads, no memory --------------------------------------------------- */

static void views_are_read_in_place(void **state)
{
    (void)state;
    static const char *const names[] = {"c"}, *const texts[] = {"-12", "123456789012",
                                                                "-1234567890123"};
    char views[3][16] = {{0}};
    for (size_t i = 0; i < 3; i++) {
        uint32_t len = (uint32_t)strlen(texts[i]);
        memcpy(views[i], &len, sizeof len);
        if (len <= 12) memcpy(views[i] + 4, texts[i], len);
        else memcpy(views[i] + 8, &texts[i], sizeof texts[i]);
    }
    mdm_error err = {0};
    mdm_typing *typing = NULL;
    mdm_cells cells = {.count = 3, .views = views, .first_row = -1};
    must(mdm_typing_open(names, 1, NULL, &typing, &err), &err);
    mdm_typing_observe(typing, 0, &cells);
    must(mdm_typing_choose(typing, &err), &err);
    int64_t values[3];
    mdm_typed typed = {.values = values};
    mdm_typing_convert(typing, 0, &cells, &typed);
    assert_int_equal(values[0], -12);
    assert_int_equal(values[1], INT64_C(123456789012));
    assert_int_equal(values[2], INT64_C(-1234567890123));
    assert_int_equal(typed.null_count, 0);
    mdm_typing_close(typing);
}

typedef struct worker {
    column *shared;
    size_t first, count;
} worker;

static void *convert_part(void *argument)
{
    worker *w = argument;
    int64_t values[100];
    for (size_t at = w->first; at < w->first + w->count; at += 100) {
        mdm_cells run = {
            .count = 100, .texts = w->shared->texts + at, .first_row = (int64_t)at + 1};
        mdm_typed typed = {.values = values};
        mdm_typing_convert(w->shared->typing, 0, &run, &typed);
    }
    return NULL;
}

/* Each thread sees one kind of odd cell only; together they leave nothing but text. */
static void threads_share_one_typing(void **state)
{
    (void)state;
    enum { THREADS = 4, EACH = 5000 };
    const char **texts = calloc(THREADS * EACH, sizeof *texts);
    for (size_t i = 0; i < (size_t)THREADS * EACH; i++)
        texts[i] = i % 3 ? "12" : "NA";
    texts[7777] = "1.5";
    texts[15000] = "1.0"; /* instead of an NA */
    mdm_error err = {0};
    column c;
    column_open(&c, texts, THREADS * EACH, NULL);
    mdm_cells sample = {.count = 100, .texts = c.texts, .first_row = 1};
    mdm_typing_observe(c.typing, 0, &sample);
    must(mdm_typing_choose(c.typing, &err), &err);
    mdm_typing_begin(c.typing);
    pthread_t threads[THREADS];
    worker workers[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        workers[i] = (worker){&c, i * EACH, EACH};
        pthread_create(&threads[i], NULL, convert_part, &workers[i]);
    }
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_false(mdm_typing_settled(c.typing));
    assert_int_equal(mdm_typing_column_get(c.typing, 0).null_words, (THREADS * EACH + 2) / 3 - 1);
    must(mdm_typing_choose(c.typing, &err), &err);
    assert_int_equal(mdm_typing_column_get(c.typing, 0).type.id, MDM_TYPE_TEXT);
    column_close(&c);
    free(texts);
}

static void the_format_of_dates_is_stated(void **state)
{
    (void)state;
    static const struct {
        const char *cell, *format;
    } cases[] = {{"2024-01-31", "%Y-%m-%d"},
                 {"31/01/2024", "%d/%m/%Y"},
                 {"2024-01-31T10:00Z", "%Y-%m-%dT%H:%M:%S%z"},
                 {"01-31-2024 10:00", "%m-%d-%Y %H:%M:%S"},
                 {"10:00", "%H:%M:%S"},
                 {"5", ""},
                 {"x", ""}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        mdm_error err = {0};
        column c;
        column_open(&c, &cases[i].cell, 1, NULL);
        must(column_pass(&c, 1, &err), &err);
        assert_string_equal(mdm_typing_column_get(c.typing, 0).format, cases[i].format);
        assert_false(mdm_typing_column_get(c.typing, 0).forced);
        column_close(&c);
    }
}

static mdm_status type_columns(void *data, mdm_error *err)
{
    (void)data;
    static const char *const names[] = {"a", "b", "c"}, *const words[] = {"?", "--"};
    static const mdm_str texts[] = {{"1", 1}, {"x", 1}, {"", 0}, {"2024-01-01", 10}};
    const mdm_typing_options options = {.null_words = words, .null_word_count = 2};
    const mdm_cells cells[] = {
        {.count = 4, .texts = texts}, {.count = 4, .texts = texts}, {.count = 4, .texts = texts}};
    mdm_typing *typing = NULL;
    mdm_chunk *chunk = NULL;
    mdm_status status = mdm_typing_open(names, 3, &options, &typing, err);
    if (status == MDM_OK)
        status =
            mdm_typing_force_date(typing, 1, "%Y", err) == MDM_INVALID ? MDM_OK : MDM_NO_MEMORY;
    if (status == MDM_OK) status = mdm_typing_force_date(typing, 2, "%Y-%m-%d", err);
    if (status == MDM_OK) status = mdm_typing_choose(typing, err);
    if (status == MDM_OK) {
        mdm_typing_observe(typing, 0, &cells[0]);
        mdm_typing_begin(typing);
        status = mdm_typing_chunk(typing, cells, NULL, NULL, &chunk, err);
        /* Column c holds '1', which is no date. */
        if (status == MDM_FORMAT) status = MDM_OK;
        if (status == MDM_OK) *err = (mdm_error){0};
        (void)mdm_typing_column_get(typing, 0);
    }
    mdm_chunk_unref(chunk);
    mdm_typing_close(typing);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    test_walk_allocations(type_columns, NULL, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers_are_bigint),
        cmocka_unit_test(one_printing_style_makes_a_double),
        cmocka_unit_test(two_printing_styles_make_text),
        cmocka_unit_test(one_spelling_makes_a_boolean),
        cmocka_unit_test(one_format_makes_a_date),
        cmocka_unit_test(two_formats_make_text),
        cmocka_unit_test(day_and_month_that_cannot_be_told_apart_stay_text_with_a_note),
        cmocka_unit_test(words_for_no_value_are_null_but_in_text),
        cmocka_unit_test(the_users_words_count_too_even_if_they_look_like_values),
        cmocka_unit_test(a_column_without_values_is_text),
        cmocka_unit_test(empty_text_stays_in_text_columns),
        cmocka_unit_test(a_comma_is_a_decimal_point_only_where_asked_and_clear),
        cmocka_unit_test(a_surprise_at_either_end_changes_the_type_and_no_cell),
        cmocka_unit_test(the_choice_breaks_at_the_run_with_the_surprise),
        cmocka_unit_test(values_that_begin_after_the_sample_get_their_type),
        cmocka_unit_test(equal_numbers_of_a_column_are_equal_texts),
        cmocka_unit_test(a_note_says_why_what_looks_like_numbers_is_text),
        cmocka_unit_test(plain_text_and_good_columns_need_no_note),
        cmocka_unit_test(a_long_example_is_cut_at_a_character),
        cmocka_unit_test(views_are_read_in_place),
        cmocka_unit_test(threads_share_one_typing),
        cmocka_unit_test(the_format_of_dates_is_stated),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
