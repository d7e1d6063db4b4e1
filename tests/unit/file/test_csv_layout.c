#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "file/csv_layout.h"
#include "reading.h"

/* "DELIMITER QUOTE header|data", with \r as R. */
static const char *layout_of(mdm_str sample, char known)
{
    static char text[64], room[MDM_DELIMITER_TEXT];
    mdm_csv_layout layout;
    char *copy = calloc(1, sample.len + MDM_CSV_BLOCK);
    memcpy(copy, sample.data, sample.len);
    assert_int_equal(mdm_csv_layout_find((mdm_str){copy, sample.len}, true, known, &layout, NULL),
                     MDM_OK);
    free(copy);
    snprintf(text, sizeof text, "%s %c %s%s",
             mdm_csv_delimiter_text(layout.dialect.delimiter, room),
             layout.dialect.quote ? layout.dialect.quote : '0',
             layout.has_header ? "header" : "data", layout.dialect.newline == '\r' ? " R" : "");
    return text;
}

static void dialects_are_recognised(void **state)
{
    static const struct {
        const char *sample, *expected;
    } cases[] = {
        {"a,b\n1,2\n", "comma \" header"},
        {"a\tb\n1\t2\n", "tab \" header"},
        {"a;b\n1,5;2,5\n", "semicolon \" header"},
        {"a|b\n1|2\n", "pipe \" header"},
        {"a\nx\n", "comma \" header"},
        {"", "comma \" header"},
        {"\n\na;b\n1;2\n", "semicolon \" header"},
        {"a,b\r1,2\r3,4\r", "comma \" header R"},
        {"a;b\n\"x,y,z\";1\n\"p,q,r\";2\n", "semicolon \" header"},
        {"a,b\n'x,y',1\n'z',2\n", "comma ' header"},
        {"a,b\nit's,1\n'tis,2\n", "comma \" header"},
        {"text,n\n\"one; two; three\",1\n\"a; b; c\",2\n", "comma \" header"},
        {"a,b,c\n1,2,3\n4,5\n6,7,8\n", "comma \" header"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (strcmp(layout_of(mdm_str_from(cases[i].sample), 0), cases[i].expected) != 0)
            fail_msg("%s: %s, expected %s", cases[i].sample,
                     layout_of(mdm_str_from(cases[i].sample), 0), cases[i].expected);
}

static void a_known_delimiter_is_taken(void **state)
{
    (void)state;
    assert_string_equal(layout_of(BYTES("a,b;c\n1,2;3\n"), ';'), "semicolon \" header");
    assert_string_equal(layout_of(BYTES("a:b\n1:2\n"), ':'), ": \" header");
}

static void a_first_record_of_numbers_over_numbers_is_data(void **state)
{
    static const struct {
        const char *sample, *expected;
    } cases[] = {
        {"1,2\n3,4\n", "comma \" data"},
        {"5.1,3.5,setosa\n4.9,3.0,setosa\n", "comma \" data"},
        {"-1;x\n2;y\n", "semicolon \" data"},
        {"x,y\nz,w\n", "comma \" header"},   /* all text: as it mostly is */
        {"id,2020\nA,5\n", "comma \" data"}, /* what else could it be? said in a note */
        {"country,1990,1991\nX,1,2\n", "comma \" header"}, /* names that count */
        {",0,1\na,5,6\n", "comma \" header"},
        {"0,1,2\n5,7,9\n", "comma \" header"},
        {"a,1\n2,3\n", "comma \" header"},
        {"1,2\n", "comma \" header"}, /* nothing to compare it with */
        {"n\n1\n2\n", "comma \" header"},
        {"7\n1\n2\n", "comma \" data"},
        {"1,\n2,3\n", "comma \" header"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (strcmp(layout_of(mdm_str_from(cases[i].sample), 0), cases[i].expected) != 0)
            fail_msg("%s: %s, expected %s", cases[i].sample,
                     layout_of(mdm_str_from(cases[i].sample), 0), cases[i].expected);
}

static void delimiters_have_words(void **state)
{
    static const struct {
        const char *word;
        char expected; /* 0: none */
    } cases[] = {
        {"comma", ','}, {"TAB", '\t'}, {"semicolon", ';'}, {"pipe", '|'}, {"space", ' '},
        {",", ','},     {"\\t", '\t'}, {"\t", '\t'},       {":", ':'},    {"~", '~'},
        {"", 0},        {",,", 0},     {"a", 0},           {"1", 0},      {"\"", 0},
        {"'", 0},       {"\n", 0},     {".", 0},           {"-", 0},      {"\xc3\xa4", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char delimiter;
        const bool known = mdm_csv_delimiter_parse(cases[i].word, &delimiter);
        if (known != (cases[i].expected != 0) || (known && delimiter != cases[i].expected))
            fail_msg("'%s'", cases[i].word);
    }
}

static void without_memory_it_says_so(void **state)
{
    mdm_csv_layout layout;
    char sample[64 + MDM_CSV_BLOCK] = "a,b\n";
    (void)state;
    mdm_alloc_fail_after(0);
    const mdm_status status = mdm_csv_layout_find((mdm_str){sample, 4}, true, 0, &layout, NULL);
    mdm_alloc_fail_after(-1);
    assert_int_equal(status, MDM_NO_MEMORY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dialects_are_recognised),
        cmocka_unit_test(a_known_delimiter_is_taken),
        cmocka_unit_test(a_first_record_of_numbers_over_numbers_is_data),
        cmocka_unit_test(delimiters_have_words),
        cmocka_unit_test(without_memory_it_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
