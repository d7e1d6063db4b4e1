#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/alloc.h"
#include "config/yaml.h"
#include "support/walk.h"

static mdm_yaml *read_text(const char *text)
{
    mdm_yaml *root = NULL;
    mdm_error err;
    if (mdm_yaml_read(mdm_str_from(text), "t.yaml", MDM_FORMAT, &root, &err) != MDM_OK)
        fail_msg("%s", err.message);
    return root;
}

static const char *refusal_of(mdm_str text)
{
    static mdm_error err;
    mdm_yaml *root = NULL;
    err = (mdm_error){0};
    const mdm_status status = mdm_yaml_read(text, "t.yaml", MDM_CONFIG, &root, &err);
    if (status == MDM_OK) {
        mdm_yaml_close(root);
        return "(read)";
    }
    assert_int_equal(status, MDM_CONFIG);
    assert_null(root);
    return err.message;
}

static void a_document_is_a_tree_with_places(void **state)
{
    (void)state;
    mdm_yaml *root = read_text("name: iris   # a comment\n"
                               "tables:\n"
                               "  train: 'a b'\n"
                               "  \"k\xC3\xA4se\": {x: 1}\n"
                               "tags:\n"
                               "- one\n"
                               "- [two, three]\n");
    assert_int_equal(root->kind, MDM_YAML_MAP);
    assert_int_equal(root->count, 3);
    assert_false(root->flow);
    const mdm_yaml *name = mdm_yaml_get(root, "name");
    assert_string_equal(name->text.data, "iris");
    assert_false(name->quoted);
    assert_int_equal(name->start.line, 1);
    assert_int_equal(name->start.column, 7);
    assert_int_equal(name->end.column, 11);
    const mdm_yaml *train = mdm_yaml_get(mdm_yaml_get(root, "tables"), "train");
    assert_true(train->quoted);
    assert_string_equal(train->text.data, "a b");
    assert_int_equal(train->key_place.line, 3);
    assert_int_equal(train->key_place.column, 3);
    const mdm_yaml *cheese = train->next;
    assert_true(cheese->key_quoted && cheese->flow);
    assert_int_equal(cheese->start.column, 11); /* characters, not bytes */
    const mdm_yaml *tags = mdm_yaml_get(root, "tags");
    assert_int_equal(tags->count, 2);
    assert_string_equal(tags->first->text.data, "one");
    assert_int_equal(tags->first->next->count, 2);
    assert_null(mdm_yaml_get(tags, "one"));
    assert_null(mdm_yaml_get(NULL, "one"));
    assert_null(mdm_yaml_get(root, "none"));
    mdm_yaml_close(root);
}

static void an_empty_document_is_null(void **state)
{
    (void)state;
    static const char *const cases[] = {"", "# only a comment\n", "---\n", "\xEF\xBB\xBF", "~"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mdm_yaml *root = read_text(cases[i]);
        assert_true(mdm_yaml_is_null(root));
        mdm_yaml_close(root);
    }
    mdm_yaml_close(NULL);
}

static void a_byte_order_mark_is_no_part_of_the_first_key(void **state)
{
    (void)state;
    mdm_yaml *root = read_text("\xEF\xBB\xBF"
                               "a: 1\n");
    assert_non_null(mdm_yaml_get(root, "a"));
    mdm_yaml_close(root);
}

static void block_texts_keep_their_lines(void **state)
{
    (void)state;
    mdm_yaml *root = read_text("a: |\n  one\n  two\nb: >-\n  folded\n  line\n");
    assert_string_equal(mdm_yaml_get(root, "a")->text.data, "one\ntwo\n");
    assert_true(mdm_yaml_get(root, "a")->quoted);
    assert_string_equal(mdm_yaml_get(root, "b")->text.data, "folded line");
    mdm_yaml_close(root);
}

static void what_is_not_taken_is_refused_with_its_place(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"a: &x [1]\n", "t.yaml:1:4: anchors"},
        {"a: 1\nb: *x\n", "t.yaml:2:4: aliases"},
        {"a: &x 1\nb: *x\n", "t.yaml:1:4: anchors"},
        {"a: !!str 1\n", "t.yaml:1:4: tags"},
        {"a: !!python/object/apply:os.system [x]\n", "t.yaml:1:4: tags"},
        {"!map {a: 1}\n", "t.yaml:1:1: tags"},
        {"a: 1\nb:\n  c: 1\n  c: 2\n", "t.yaml:4:3: the key 'c' is there twice"},
        {"a: 1\n\"a\": 2\n", "t.yaml:2:1: the key 'a' is there twice"},
        {"? [a]\n: 1\n", "t.yaml:1:3: a key must be a plain text"},
        {"? {a: b}\n: 1\n", "t.yaml:1:3: a key must be a plain text"},
        {"a: 1\n---\nb: 2\n", "t.yaml:2:1: a second document"},
        {"a: 1\n b: 2\n", "t.yaml:2:3: invalid YAML: "},
        {"a: [1, 2\n", "t.yaml:2:1: invalid YAML: "},
        {"a: 'open\n", "invalid YAML: "},
        {"a:\n\t- b\n", "t.yaml:2:1: invalid YAML: "},
        {"a: \"x\x01y\"\n", "t.yaml:1:6: invalid YAML: control characters are not allowed"},
        {"a: 1\nb: \xFF\n", "t.yaml:2:4: not UTF-8"},
        {"a: k\xE4se\n", "t.yaml:1:5: not UTF-8"},
        {"a: \"x\\0y\"\n", "t.yaml:1:4: a text holds a NUL character"},
        {"\"x\\0y\": 1\n", "t.yaml:1:1: a key holds a NUL character"},
        {"%YAML 3.0\n---\na: 1\n", "t.yaml:1:1: invalid YAML: "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *message = refusal_of(mdm_str_from(cases[i][0]));
        if (!strstr(message, cases[i][1])) fail_msg("case %zu: %s", i, message);
    }
    assert_non_null(strstr(refusal_of((mdm_str){"\xFF\xFE"
                                                "a\0:\0",
                                                6}),
                           "t.yaml:1:1: not UTF-8"));
}

/* Each level costs four bytes, so a bomb is small. */
static void depth_is_bounded(void **state)
{
    (void)state;
    mdm_text text;
    mdm_text_init(&text);
    for (int i = 0; i < 32; i++)
        mdm_text_putc(&text, '[');
    for (int i = 0; i < 32; i++)
        mdm_text_putc(&text, ']');
    assert_string_equal(refusal_of((mdm_str){text.data, text.len}), "(read)");
    mdm_text_reset(&text);
    for (int i = 0; i < 33; i++)
        mdm_text_putc(&text, '[');
    for (int i = 0; i < 33; i++)
        mdm_text_putc(&text, ']');
    assert_string_equal(refusal_of((mdm_str){text.data, text.len}),
                        "t.yaml:1:33: nested deeper than 32 levels");
    mdm_text_reset(&text);
    for (int i = 0; i < 200000; i++)
        mdm_text_puts(&text, i % 2 ? "{a: " : "[");
    assert_non_null(strstr(refusal_of((mdm_str){text.data, text.len}), "nested deeper"));
    mdm_text_clear(&text);
}

static void nodes_and_bytes_are_bounded(void **state)
{
    (void)state;
    mdm_text text;
    mdm_text_init(&text);
    for (int i = 0; i < 4999; i++)
        mdm_text_printf(&text, "key%d: 1\n", i);
    assert_string_equal(refusal_of((mdm_str){text.data, text.len}), "(read)"); /* 9,999 */
    mdm_text_puts(&text, "x: 1\n");
    assert_string_equal(refusal_of((mdm_str){text.data, text.len}),
                        "t.yaml:5000:4: more than 10,000 keys and values");
    mdm_text_reset(&text);
    for (size_t i = 0; i < MDM_YAML_BYTES / 16; i++)
        mdm_text_puts(&text, "# a comment...\n ");
    assert_int_equal(text.len, MDM_YAML_BYTES);
    assert_string_equal(refusal_of((mdm_str){text.data, text.len}), "(read)");
    mdm_text_putc(&text, '\n');
    assert_string_equal(refusal_of((mdm_str){text.data, text.len}), "t.yaml: larger than 1 MB");
    mdm_text_clear(&text);
}

static void the_words_of_a_refusal_steer_no_terminal(void **state)
{
    (void)state;
    assert_non_null(strstr(refusal_of(MDM_STR("\"a\\e[1m\": 1\n\"a\\e[1m\": 2\n")), "'a\\x1b[1m'"));
}

static mdm_status read_once(void *data, mdm_error *err)
{
    mdm_yaml *root = NULL;
    const mdm_status status = mdm_yaml_read(mdm_str_from(data), "t.yaml", MDM_FORMAT, &root, err);
    assert_true((root != NULL) == (status == MDM_OK));
    mdm_yaml_close(root);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    char text[] = "a: 1\nb: {c: [d, e], '': x}\nf:\n- g\n- h: i\n";
    test_walk_allocations(read_once, text, 15);
    char empty[] = "";
    test_walk_allocations(read_once, empty, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_is_a_tree_with_places),
        cmocka_unit_test(an_empty_document_is_null),
        cmocka_unit_test(a_byte_order_mark_is_no_part_of_the_first_key),
        cmocka_unit_test(block_texts_keep_their_lines),
        cmocka_unit_test(what_is_not_taken_is_refused_with_its_place),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(nodes_and_bytes_are_bounded),
        cmocka_unit_test(the_words_of_a_refusal_steer_no_terminal),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
