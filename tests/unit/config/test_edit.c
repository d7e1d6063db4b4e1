#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/settings.h"
#include "support/walk.h"

/* The text after path was set to value (in a flow: 'value'), or the message. */
static const char *edited(const char *text, const char *path, const char *value)
{
    static char said[4096];
    char quoted[64];
    mdm_error err;
    mdm_text out;
    mdm_text_init(&out);
    strcat(strcat(strcpy(quoted, "'"), value), "'");
    const mdm_status status = mdm_config_edit(
        mdm_str_from(text), "f.yaml", path, mdm_str_from(value), mdm_str_from(quoted), &out, &err);
    if (status != MDM_OK) assert_int_equal(status, MDM_CONFIG);
    strcpy(said, status == MDM_OK ? out.data : err.message);
    mdm_text_clear(&out);
    return said;
}

static void everything_but_the_value_stays_as_it_was(void **state)
{
    (void)state;
    static const char *const cases[][4] = {
        /* before, path, value, after */
        {"", "a.b.c", "1", "a:\n  b:\n    c: 1\n"},
        {"# only words\n", "a", "1", "# only words\na: 1\n"},
        {"# only words", "a", "1", "# only words\na: 1\n"},
        {"a: 1\n", "a", "2", "a: 2\n"},
        {"a: 1 # why\nb: 2\n", "a", "5", "a: 5 # why\nb: 2\n"},
        {"a:   1   # why\n", "a", "22", "a:   22   # why\n"},
        {"a: 'x y'   # why\n", "a", "z", "a: z   # why\n"},
        {"a: \"x\\\"y\" # why\n", "a", "z", "a: z # why\n"},
        {"a:\nb: 2\n", "a", "1", "a: 1\nb: 2\n"},
        {"a:   # why\nb: 2\n", "a", "1", "a: 1   # why\nb: 2\n"},
        {"a:", "a", "1", "a: 1"},
        {"a: ~\n", "a", "1", "a: 1\n"},
        {"a: 1", "b", "2", "a: 1\nb: 2\n"},
        {"p:\n  q:\n    x: 1\n\n# tail\nr: 3\n", "p.q.y", "2",
         "p:\n  q:\n    x: 1\n    y: 2\n\n# tail\nr: 3\n"},
        {"p:\n  q:\n    x: 1\nr: 3\n", "p.z.y", "2", "p:\n  q:\n    x: 1\n  z:\n    y: 2\nr: 3\n"},
        {"p:\n      x: 1\n", "p.y", "2", "p:\n      x: 1\n      y: 2\n"},
        {"p: # section\nr: 3\n", "p.x.y", "2", "p: # section\n  x:\n    y: 2\nr: 3\n"},
        {"p: {x: 1, y: 2}\n", "p.x", "5", "p: {x: '5', y: 2}\n"},
        {"l: [a, b] # why\n", "l", "[c]", "l: [c] # why\n"},
        {"l:\n- a\n- b\nm: 1\n", "l", "[c]", "l: [c]\nm: 1\n"},
        {"l:\n  - a\n  - b # last\nm: 1\n", "l", "[c]", "l: [c] # last\nm: 1\n"},
        {"t: |\n  block\n  text\n", "u", "1", "t: |\n  block\n  text\nu: 1\n"},
        {"t: |\n  block\n\n\nx: 1\n", "u", "1", "t: |\n  block\n\n\nx: 1\nu: 1\n"},
        {"a: 1\r\nb: 2\r\n", "a", "5", "a: 5\r\nb: 2\r\n"},
        {"a: 1\r\nb: 2\r\n", "c", "5", "a: 1\r\nb: 2\r\nc: 5\r\n"},
        {"\xEF\xBB\xBF"
         "a: 1\n",
         "a", "2",
         "\xEF\xBB\xBF"
         "a: 2\n"},
        {"k\xC3\xA4: \xC3\xA4\xC3\xA4\nz: {\xC3\xA4: \xC3\xB6, a: 1}\n", "z.a", "2",
         "k\xC3\xA4: \xC3\xA4\xC3\xA4\nz: {\xC3\xA4: \xC3\xB6, a: '2'}\n"},
        {"---\na: 1\n...\n", "a", "2", "---\na: 2\n...\n"},
        {"---\na: 1\n...\n", "b", "2", "---\na: 1\nb: 2\n...\n"},
        {"\"a\": 1\n", "a", "2", "\"a\": 2\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *after = edited(cases[i][0], cases[i][1], cases[i][2]);
        if (strcmp(after, cases[i][3]) != 0) fail_msg("case %zu:\n%s", i, after);
    }
}

static void what_cannot_be_edited_safely_is_refused_with_its_line(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"x: 1\np: {}\n", "p.x", "f.yaml:2: a new key in a map in braces: cannot be edited safely"},
        {"{a: 1}\n", "b", "f.yaml:1: a new key in a map in braces: cannot be edited safely"},
        {"p: null\n", "p.x",
         "f.yaml:1: a section that is written as null: cannot be edited safely"},
        {"null\n", "p", "f.yaml:1: a document that is null: cannot be edited safely"},
        {"t: |\n  a\n  b\n", "t", "f.yaml:1: a text over several lines: cannot be edited safely"},
        {"t: a\n  b\n", "t", "f.yaml:1: a text over several lines: cannot be edited safely"},
        {"l:\n- a # why\n- b\n", "l",
         "f.yaml:2: a list with comments in it: cannot be edited safely"},
        {"l: # why\n- a\n", "l", "f.yaml:2: a list with comments in it: cannot be edited safely"},
        {"l: [a, # why\n  b]\n", "l",
         "f.yaml:1: a list with comments in it: cannot be edited safely"},
        {"p:\n  x: 1\n", "p", "f.yaml:2: a section of keys: cannot be edited safely"},
        {"p: 5\n", "p.x", "f.yaml:1: something else than a section: cannot be edited safely"},
        {"- a\n", "p", "f.yaml:1: something else than a section: cannot be edited safely"},
        {"? a\n: 1\n? b\n", "b.c", "f.yaml:1: the way it is written: cannot be edited safely"},
        {"a: [\n", "a",
         "f.yaml:2:1: invalid YAML: did not find expected node content while parsing a "
         "flow node"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(edited(cases[i][0], cases[i][1], "1"), cases[i][2]);
}

/* The text is read again: a value that means something else than was meant does not pass. */
static void a_value_that_breaks_out_is_refused(void **state)
{
    (void)state;
    assert_non_null(strstr(edited("a: 1\nb: 2\n", "a", "1\nb: 3"), "the way it is written"));
    assert_non_null(strstr(edited("a: 1\n", "a", "1 # x"), "a: 1 # x"));
    assert_non_null(strstr(edited("a: 1\n", "a", "[1"), "the way it is written"));
    assert_non_null(strstr(edited("a: 1\n", "a", "*x"), "the way it is written"));
}

static mdm_status edit_once(void *data, mdm_error *err)
{
    mdm_text out;
    mdm_text_init(&out);
    const mdm_status status =
        mdm_config_edit(mdm_str_from(data), "f.yaml", "p.x", MDM_STR("1"), MDM_STR("1"), &out, err);
    mdm_text_clear(&out);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    char text[] = "p:\n  y: 2\nq: [1, 2]\n";
    test_walk_allocations(edit_once, text, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_but_the_value_stays_as_it_was),
        cmocka_unit_test(what_cannot_be_edited_safely_is_refused_with_its_line),
        cmocka_unit_test(a_value_that_breaks_out_is_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
