#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>

#include "base/alloc.h"
#include "config/yaml.h"
#include "support/walk.h"

static mdm_text out;
static mdm_yaml_writer w;

static int begin(void **state)
{
    (void)state;
    mdm_text_init(&out);
    mdm_yaml_writer_init(&w, &out);
    return 0;
}

static int end(void **state)
{
    (void)state;
    mdm_text_clear(&out);
    return 0;
}

static void blocks_look_as_pyyaml_writes_them(void **state)
{
    (void)state;
    mdm_yaml_map_begin(&w);
    mdm_yaml_key(&w, "name");
    mdm_yaml_add_text(&w, MDM_STR("iris"));
    mdm_yaml_key(&w, "database");
    mdm_yaml_map_begin(&w);
    mdm_yaml_key(&w, "backend");
    mdm_yaml_add_text(&w, MDM_STR("sqlite"));
    mdm_yaml_map_end(&w);
    mdm_yaml_key(&w, "tags");
    mdm_yaml_list_begin(&w);
    mdm_yaml_add_text(&w, MDM_STR("a"));
    mdm_yaml_add_null(&w);
    mdm_yaml_list_end(&w);
    mdm_yaml_key(&w, "none");
    mdm_yaml_list_begin(&w);
    mdm_yaml_list_end(&w);
    mdm_yaml_key(&w, "empty");
    mdm_yaml_map_begin(&w);
    mdm_yaml_map_end(&w);
    mdm_yaml_key(&w, "files");
    mdm_yaml_list_begin(&w);
    mdm_yaml_map_begin(&w);
    mdm_yaml_key(&w, "bytes");
    mdm_yaml_add_int(&w, -5);
    mdm_yaml_key(&w, "ok");
    mdm_yaml_add_bool(&w, true);
    mdm_yaml_map_end(&w);
    mdm_yaml_list_begin(&w);
    mdm_yaml_list_begin(&w);
    mdm_yaml_add_int(&w, 1);
    mdm_yaml_add_int(&w, 2);
    mdm_yaml_list_end(&w);
    mdm_yaml_map_begin(&w);
    mdm_yaml_map_end(&w);
    mdm_yaml_list_end(&w);
    mdm_yaml_list_end(&w);
    mdm_yaml_map_end(&w);
    assert_string_equal(out.data, "name: iris\n"
                                  "database:\n"
                                  "  backend: sqlite\n"
                                  "tags:\n"
                                  "- a\n"
                                  "- null\n"
                                  "none: []\n"
                                  "empty: {}\n"
                                  "files:\n"
                                  "- bytes: -5\n"
                                  "  ok: true\n"
                                  "- - - 1\n"
                                  "    - 2\n"
                                  "  - {}\n");
}

static void a_document_may_be_one_value(void **state)
{
    (void)state;
    mdm_yaml_add_text(&w, MDM_STR("x"));
    assert_string_equal(out.data, "x\n");
    mdm_text_reset(&out);
    mdm_yaml_map_begin(&w);
    mdm_yaml_map_end(&w);
    assert_string_equal(out.data, "{}\n");
}

static void texts_get_quotes_where_they_would_be_something_else(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"plain words", "plain words"},
        {"", "''"},
        {"null", "'null'"},
        {"NO", "'NO'"},
        {"y", "'y'"},
        {"on", "'on'"},
        {"5", "'5'"},
        {"007", "'007'"},
        {"1.0.0", "'1.0.0'"},
        {"2024-01-01", "'2024-01-01'"},
        {"-x", "'-x'"},
        {".inf", "'.inf'"},
        {"~", "'~'"},
        {"/data/x y.csv", "/data/x y.csv"},
        {"a: b", "'a: b'"},
        {"a:b", "a:b"},
        {"a:", "'a:'"},
        {"a #b", "'a #b'"},
        {"it's", "'it''s'"},
        {"\"q\"", "'\"q\"'"},
        {" a", "' a'"},
        {"a ", "'a '"},
        {"*a", "'*a'"},
        {"&a", "'&a'"},
        {"!a", "'!a'"},
        {"%a", "'%a'"},
        {"@a", "'@a'"},
        {"[a", "'[a'"},
        {"a]", "'a]'"},
        {"k\xC3\xA4se", "k\xC3\xA4se"},
        {"\xC3\xA4", "\xC3\xA4"},
        {"a\nb", "\"a\\nb\""},
        {"tab\t", "\"tab\\t\""},
        {"\x1b", "\"\\x1B\""},
        {"\x7f", "\"\\x7F\""},
        {"\xC2\x85", "\"\\x85\""},
        {"\xE2\x80\xA8", "\"\\u2028\""},
        {"\xEF\xBB\xBF", "\"\\uFEFF\""},
        {"q\"\n", "\"q\\\"\\n\""},
        {"b\\\n", "\"b\\\\\\n\""},
        {"bad\xFF", "\"bad\xEF\xBF\xBD\""},
        {"\xF0\x9F\xA7\x80", "\xF0\x9F\xA7\x80"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mdm_text_reset(&out);
        mdm_yaml_scalar(&out, mdm_str_from(cases[i][0]));
        assert_string_equal(out.data, cases[i][1]);
    }
}

static void reals_are_floats_to_yaml(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {1, "1.0\n"},     {0.5, "0.5\n"},  {1e300, "1.0e+300\n"}, {1.5e-7, "1.5e-07\n"},
        {-0.0, "-0.0\n"}, {NAN, ".nan\n"}, {INFINITY, ".inf\n"},  {-INFINITY, "-.inf\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mdm_text_reset(&out);
        mdm_yaml_add_real(&w, cases[i].value);
        assert_string_equal(out.data, cases[i].text);
        mdm_yaml *root = NULL;
        double back = 0;
        assert_int_equal(mdm_yaml_read((mdm_str){out.data, out.len}, "t", MDM_FORMAT, &root, NULL),
                         MDM_OK);
        assert_true(mdm_yaml_to_real(root, &back));
        assert_true(back == cases[i].value || (isnan(back) && isnan(cases[i].value)));
        mdm_yaml_close(root);
    }
}

/* One map of every text to itself, read back. */
static void any_text_reads_back_the_same_as_key_and_value(void **state)
{
    (void)state;
    uint64_t seed = 0x1234567u;
    static const char *const bits[] = {"a",        "B", "1",  " ",  ":",        "#",
                                       "-",        "'", "\"", "\n", "\t",       "\\",
                                       "{",        "]", ",",  "?",  "\xC3\xA4", "\xE2\x80\xAE",
                                       "\xC2\x85", "~", "|",  "no", "\r",       "\xF0\x9F\xA7\x80",
                                       "%",        "&", "*",  "!",  "=",        "<<",
                                       "."};
    for (int i = 0; i < 3000; i++) {
        char text[400] = "";
        const int pieces = i % 300 == 0 ? 180 : i % 9;
        for (int k = 0; k < pieces; k++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            strncat(text, bits[(seed >> 33) % (sizeof bits / sizeof *bits)],
                    sizeof text - strlen(text) - 8);
        }
        mdm_text_reset(&out);
        mdm_yaml_writer_init(&w, &out);
        mdm_yaml_map_begin(&w);
        mdm_yaml_key(&w, text);
        mdm_yaml_list_begin(&w);
        mdm_yaml_map_begin(&w);
        mdm_yaml_key(&w, text);
        mdm_yaml_add_text(&w, mdm_str_from(text));
        mdm_yaml_map_end(&w);
        mdm_yaml_list_end(&w);
        mdm_yaml_key(&w, "last");
        mdm_yaml_add_int(&w, i);
        mdm_yaml_map_end(&w);
        mdm_yaml *root = NULL;
        mdm_error err;
        if (strcmp(text, "last") == 0) continue;
        if (mdm_yaml_read((mdm_str){out.data, out.len}, "t", MDM_FORMAT, &root, &err) != MDM_OK)
            fail_msg("%s\n%s", err.message, out.data);
        assert_string_equal(root->first->key.data, text);
        const mdm_yaml *inner = root->first->first->first;
        assert_string_equal(inner->key.data, text);
        const char *value = mdm_yaml_text(inner);
        if (!value || strcmp(value, text) != 0)
            fail_msg("read back '%s' from\n%s", value, out.data);
        mdm_yaml_close(root);
    }
}

static void a_long_key_is_written_in_the_form_for_long_keys(void **state)
{
    (void)state;
    char key[3001];
    memset(key, 'k', sizeof key - 1);
    key[sizeof key - 1] = '\0';
    mdm_yaml_map_begin(&w);
    mdm_yaml_key(&w, key);
    mdm_yaml_list_begin(&w);
    mdm_yaml_add_text(&w, MDM_STR("x"));
    mdm_yaml_list_end(&w);
    mdm_yaml_map_end(&w);
    assert_memory_equal(out.data, "? kkk", 5);
    mdm_yaml *root = NULL;
    assert_int_equal(mdm_yaml_read((mdm_str){out.data, out.len}, "t", MDM_FORMAT, &root, NULL),
                     MDM_OK);
    assert_string_equal(root->first->key.data, key);
    assert_string_equal(root->first->first->text.data, "x");
    mdm_yaml_close(root);
}

/* Found by fuzzing: inside braces '-' is a text, in a block it begins an item. */
static void what_is_plain_in_braces_only_gets_quotes(void **state)
{
    (void)state;
    mdm_yaml *root = NULL;
    assert_int_equal(
        mdm_yaml_read(MDM_STR("{a: -, b: -1, c: -x, d: [1:2, x:y, -.5], no: no, e: ~}"), "t",
                      MDM_FORMAT, &root, NULL),
        MDM_OK);
    mdm_yaml_add_node(&w, root);
    assert_string_equal(out.data, "a: '-'\nb: -1\nc: '-x'\nd:\n- 1:2\n- x:y\n- -.5\nno: no\n"
                                  "e: null\n");
    mdm_yaml_close(root);
}

/* Found by fuzzing: in the form for long keys a plain "kkk:" would end in the ':' of a value. */
static void a_long_plain_key_that_ends_in_a_colon_stays_a_key(void **state)
{
    (void)state;
    char text[300];
    memset(text, 'k', sizeof text);
    memcpy(text + sizeof text - 6, ":::: 1", 6);
    mdm_yaml *root = NULL, *again = NULL;
    const mdm_str whole = {text, sizeof text};
    assert_int_equal(mdm_yaml_read(whole, "t", MDM_FORMAT, &root, NULL), MDM_OK);
    mdm_yaml_add_node(&w, root);
    assert_int_equal(mdm_yaml_read((mdm_str){out.data, out.len}, "t", MDM_FORMAT, &again, NULL),
                     MDM_OK);
    assert_true(mdm_str_equal(root->first->key, again->first->key));
    mdm_yaml_close(root);
    mdm_yaml_close(again);
}

static void a_node_is_written_as_it_was_read(void **state)
{
    (void)state;
    static const char text[] = "'1': a\n"
                               "2: 'yes'\n"
                               "real: 1.50\n"
                               "date: 2024-01-01 10:00:00\n"
                               "none: null\n"
                               "quoted: 'null'\n"
                               "list:\n"
                               "- - 0x10\n"
                               "- {}\n"
                               "- []\n"
                               "map:\n"
                               "  deep:\n"
                               "    '': ''\n"
                               "lines: \"a\\nb\"\n";
    mdm_yaml *root = NULL;
    assert_int_equal(mdm_yaml_read(MDM_STR(text), "t", MDM_FORMAT, &root, NULL), MDM_OK);
    mdm_yaml_add_node(&w, root);
    assert_string_equal(out.data, text);
    mdm_yaml_close(root);
}

static mdm_status write_once(void *data, mdm_error *err)
{
    (void)data;
    mdm_text text;
    mdm_yaml_writer writer;
    mdm_text_init(&text);
    mdm_yaml_writer_init(&writer, &text);
    mdm_yaml_map_begin(&writer);
    for (int i = 0; i < 20; i++) {
        char key[16];
        snprintf(key, sizeof key, "key%d", i);
        mdm_yaml_key(&writer, key);
        mdm_yaml_add_text(&writer, MDM_STR("x: y"));
    }
    mdm_yaml_map_end(&writer);
    const mdm_status status = mdm_text_status(&text, err);
    if (status == MDM_OK) assert_non_null(strstr(text.data, "key19: 'x: y'\n"));
    mdm_text_clear(&text);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    test_walk_allocations(write_once, NULL, 20);
}

int main(void)
{
#define WRITE(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        WRITE(blocks_look_as_pyyaml_writes_them),
        WRITE(a_document_may_be_one_value),
        WRITE(texts_get_quotes_where_they_would_be_something_else),
        WRITE(reals_are_floats_to_yaml),
        WRITE(any_text_reads_back_the_same_as_key_and_value),
        WRITE(a_long_key_is_written_in_the_form_for_long_keys),
        WRITE(a_long_plain_key_that_ends_in_a_colon_stays_a_key),
        WRITE(what_is_plain_in_braces_only_gets_quotes),
        WRITE(a_node_is_written_as_it_was_read),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
