/* libFuzzer target: any bytes as YAML. What is read must come back the same after it was written,
 * and setting one key in it must either be refused or change that key only.
 *
 *     clang -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -Iinclude -Isrc '-DMDM_VERSION="0"' \
 *         fuzz/fuzz_yaml.c src/config/[a-z]*.c src/base/[a-z]*.c -lyaml -lm -lpthread */
#include <stdlib.h>
#include <string.h>

#include "config/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void demand(bool truth)
{
    if (!truth) abort();
}

static void compare(const mdm_yaml *a, const mdm_yaml *b)
{
    demand(a->kind == b->kind && a->count == b->count);
    demand(mdm_str_equal(a->key, b->key));
    demand(mdm_yaml_is_null(a) == mdm_yaml_is_null(b));
    if (!mdm_yaml_is_null(a)) demand(mdm_str_equal(a->text, b->text));
    const mdm_yaml *x = a->first, *y = b->first;
    for (; x && y; x = x->next, y = y->next)
        compare(x, y);
}

static void check_writing(const mdm_yaml *root)
{
    mdm_text text;
    mdm_yaml_writer writer;
    mdm_yaml *again = NULL;
    mdm_text_init(&text);
    mdm_yaml_writer_init(&writer, &text);
    mdm_yaml_add_node(&writer, root);
    /* Quotes and indents may make it longer than what is read. */
    if (text.len <= MDM_YAML_BYTES) {
        demand(mdm_yaml_read((mdm_str){text.data, text.len}, "again", MDM_FORMAT, &again, NULL) ==
               MDM_OK);
        compare(root, again);
    }
    mdm_yaml_close(again);
    mdm_text_clear(&text);
}

static void check_editing(mdm_str source)
{
    static const char *const paths[] = {"a", "a.b", "b.c.d"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        mdm_text text;
        mdm_yaml *root = NULL;
        mdm_text_init(&text);
        if (mdm_config_edit(source, "f", paths[i], MDM_STR("[x, 'y']"), MDM_STR("[x, 'y']"), &text,
                            NULL) == MDM_OK) {
            demand(mdm_yaml_read((mdm_str){text.data, text.len}, "f", MDM_FORMAT, &root, NULL) ==
                   MDM_OK);
            const mdm_yaml *node = root;
            mdm_str path = mdm_str_from(paths[i]);
            while (path.len > 0) {
                char key[2] = {mdm_str_split(&path, '.').data[0], '\0'};
                node = mdm_yaml_get(node, key);
            }
            demand(node && node->count == 2 && strcmp(node->first->text.data, "x") == 0);
        }
        mdm_yaml_close(root);
        mdm_text_clear(&text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    /* a block of its own: reading behind it is seen */
    char *copy = malloc(size ? size : 1);
    if (!copy) return 0;
    memcpy(copy, bytes, size);
    const mdm_str text = {copy, size};
    mdm_yaml *root = NULL;
    mdm_error err;
    if (mdm_yaml_read(text, "f", MDM_FORMAT, &root, &err) == MDM_OK) {
        check_writing(root);
        check_editing(text);
    }
    mdm_yaml_close(root);
    free(copy);
    return 0;
}
