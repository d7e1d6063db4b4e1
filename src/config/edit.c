/* One value changed in a YAML text, everything else as it was: the tree says where things stand,
 * the text is changed there, and the result is read again and compared. Whatever the first step got
 * wrong (YAML has many spellings) the second refuses. */
#include <string.h>

#include "config/settings.h"

#define INDENT 2

typedef struct editor {
    mdm_str text;
    const char *file;
    mdm_str newline; /* as the file has it */
    mdm_str value, flow_value;
    mdm_str written; /* the one of the two that was taken */
    mdm_text *out;
    mdm_error *err;
} editor;

static mdm_status refuse(const editor *e, int line, const char *what)
{
    mdm_error_set(e->err, MDM_CONFIG, "%s:%d: %s: cannot be edited safely", e->file, line, what);
    return mdm_error_hint(e->err, MDM_CONFIG, "change it with an editor");
}

/* --- places in the text ------------------------------------------------------ */

/* Bytes of the line break at `at`, 0 when there is none: those that YAML 1.1 knows. */
static size_t break_at(mdm_str text, size_t at)
{
    const mdm_str rest = {text.data + at, text.len - at};
    static const char *const breaks[] = {"\r\n",     "\n",           "\r",
                                         "\xC2\x85", "\xE2\x80\xA8", "\xE2\x80\xA9"};
    for (size_t i = 0; i < sizeof breaks / sizeof *breaks; i++)
        if (mdm_str_starts(rest, mdm_str_from(breaks[i]))) return strlen(breaks[i]);
    return 0;
}

/* Where a line begins; the end of the text when there are fewer. */
static size_t byte_of_line(mdm_str text, int line)
{
    size_t at = 0;
    for (int now = 1; now < line && at < text.len;) {
        const size_t len = break_at(text, at);
        if (len > 0) now++;
        at += len ? len : 1;
    }
    return at;
}

static size_t byte_of(mdm_str text, mdm_yaml_place place)
{
    size_t at = byte_of_line(text, place.line);
    for (int column = 1; column < place.column && at < text.len; column++) {
        uint32_t code;
        const size_t len = mdm_utf8_decode((mdm_str){text.data + at, text.len - at}, &code);
        at += len ? len : 1;
    }
    return at;
}

/* The last line on which something of a node stands. */
static int last_line(const mdm_yaml *node)
{
    if (node->kind == MDM_YAML_SCALAR || node->flow)
        /* A block scalar ends where the next line begins. */
        return node->end.column == 1 && node->end.line > node->start.line ? node->end.line - 1
                                                                          : node->end.line;
    const mdm_yaml *child = node->first;
    while (child->next)
        child = child->next;
    return last_line(child);
}

/* --- writing ---------------------------------------------------------------- */

static void add_range(const editor *e, size_t from, size_t to)
{
    mdm_text_add(e->out, (mdm_str){e->text.data + from, to - from});
}

/* "a:\n  b: value\n" for the parts of path. */
static void add_entries(const editor *e, mdm_str path, int indent)
{
    while (path.len > 0) {
        const mdm_str part = mdm_str_split(&path, '.');
        mdm_text_printf(e->out, "%*s", indent, "");
        mdm_text_add(e->out, part);
        mdm_text_putc(e->out, ':');
        if (path.len == 0) {
            mdm_text_putc(e->out, ' ');
            mdm_text_add(e->out, e->value);
        }
        mdm_text_add(e->out, e->newline);
        indent += INDENT;
    }
}

/* Everything, with new lines in front of byte `at`, which begins a line or ends the text. */
static void insert_lines(const editor *e, size_t at, mdm_str path, int indent)
{
    add_range(e, 0, at);
    /* A last line may lack its break. */
    const char *end = e->out->data + e->out->len;
    if (at == e->text.len && e->out->len > 0 && end[-1] != '\n' && end[-1] != '\r')
        mdm_text_add(e->out, e->newline);
    add_entries(e, path, indent);
    add_range(e, at, e->text.len);
}

/* Everything, with value in the place of bytes from..to. */
static void replace_range(const editor *e, size_t from, size_t to, mdm_str value)
{
    add_range(e, 0, from);
    if (from > 0 && e->text.data[from - 1] == ':') mdm_text_putc(e->out, ' ');
    mdm_text_add(e->out, value);
    add_range(e, to, e->text.len);
}

/* --- the three edits -------------------------------------------------------- */

/* The map lacks the key: lines behind its last one. */
static mdm_status insert_into(const editor *e, const mdm_yaml *map, mdm_str path)
{
    if (map->flow) return refuse(e, map->start.line, "a new key in a map in braces");
    const size_t at = byte_of_line(e->text, last_line(map) + 1);
    insert_lines(e, at, path, map->first->key_place.column - 1);
    return MDM_OK;
}

/* The key has no value yet: lines below it. */
static mdm_status insert_below(const editor *e, const mdm_yaml *entry, mdm_str path)
{
    if (entry->text.len > 0)
        return refuse(e, entry->start.line, "a section that is written as null");
    const size_t at = byte_of_line(e->text, entry->start.line + 1);
    insert_lines(e, at, path, entry->key_place.column - 1 + INDENT);
    return MDM_OK;
}

/* Behind the ':' in front of a list whose items have lines of their own; 0: something else stands
 * between. */
static size_t behind_colon(const editor *e, size_t at)
{
    while (at > 0 && (e->text.data[at - 1] == ' ' || e->text.data[at - 1] == '\n' ||
                      e->text.data[at - 1] == '\r'))
        at--;
    return at > 0 && e->text.data[at - 1] == ':' ? at : 0;
}

static mdm_status replace_value(editor *e, const mdm_yaml *map, const mdm_yaml *entry)
{
    size_t from = byte_of(e->text, entry->start), to = byte_of(e->text, entry->end);
    if (entry->kind == MDM_YAML_MAP) return refuse(e, entry->start.line, "a section of keys");
    if (entry->kind == MDM_YAML_SCALAR && entry->start.line != entry->end.line)
        return refuse(e, entry->start.line, "a text over several lines");
    if (entry->kind == MDM_YAML_LIST && !entry->flow) {
        const mdm_yaml *item = entry->first;
        while (item->next)
            item = item->next;
        from = behind_colon(e, from);
        to = byte_of(e->text, item->end);
    }
    const bool many_lines = entry->kind == MDM_YAML_LIST && entry->start.line != last_line(entry);
    if (from == 0 || to < from || (many_lines && memchr(e->text.data + from, '#', to - from)))
        return refuse(e, entry->start.line, "a list with comments in it");
    e->written = map->flow ? e->flow_value : e->value;
    replace_range(e, from, to, e->written);
    return MDM_OK;
}

static mdm_status edit(editor *e, const mdm_yaml *root, mdm_str path)
{
    if (mdm_yaml_is_null(root)) {
        if (root->text.len > 0) return refuse(e, root->start.line, "a document that is null");
        insert_lines(e, e->text.len, path, 0);
        return MDM_OK;
    }
    const mdm_yaml *map = root;
    for (;;) {
        if (map->kind != MDM_YAML_MAP)
            return refuse(e, map->start.line, "something else than a section");
        const mdm_str whole = path;
        const mdm_str part = mdm_str_split(&path, '.');
        const mdm_yaml *entry = map->first;
        while (entry && !mdm_str_equal(entry->key, part))
            entry = entry->next;
        if (!entry) return insert_into(e, map, whole);
        if (path.len == 0) return replace_value(e, map, entry);
        if (mdm_yaml_is_null(entry)) return insert_below(e, entry, path);
        map = entry;
    }
}

/* --- checking --------------------------------------------------------------- */

static bool same_value(const mdm_yaml *a, const mdm_yaml *b)
{
    if (a->kind != b->kind || a->count != b->count || a->quoted != b->quoted ||
        !mdm_str_equal(a->text, b->text))
        return false;
    const mdm_yaml *x = a->first, *y = b->first;
    for (; x && y; x = x->next, y = y->next)
        if (!mdm_str_equal(x->key, y->key) || !same_value(x, y)) return false;
    return true;
}

/* Is all of after that is not at path as it was before? Keys only come behind the others. */
static bool same_but(const mdm_yaml *before, const mdm_yaml *after, mdm_str path)
{
    const mdm_str part = mdm_str_split(&path, '.');
    if (after->kind != MDM_YAML_MAP) return false;
    if (before->kind != MDM_YAML_MAP && !mdm_yaml_is_null(before)) return false;
    const mdm_yaml *x = before->first, *y = after->first;
    for (; x && y; x = x->next, y = y->next) {
        if (!mdm_str_equal(x->key, y->key)) return false;
        if (!mdm_str_equal(x->key, part)) {
            if (!same_value(x, y)) return false;
        } else if (path.len > 0 && !same_but(x, y, path)) {
            return false;
        }
    }
    return !x && (!y || (!y->next && mdm_str_equal(y->key, part)));
}

static const mdm_yaml *node_at(const mdm_yaml *node, mdm_str path)
{
    while (node && path.len > 0) {
        const mdm_str part = mdm_str_split(&path, '.');
        const mdm_yaml *entry = node->first;
        while (entry && !mdm_str_equal(entry->key, part))
            entry = entry->next;
        node = entry;
    }
    return node;
}

/* Does the node say what was written? The value alone, read by itself, must be the same. */
static mdm_status compare_value(const editor *e, const mdm_yaml *node, bool *same)
{
    mdm_text alone;
    mdm_yaml *document = NULL;
    mdm_text_init(&alone);
    mdm_text_puts(&alone, "alone: ");
    mdm_text_add(&alone, e->written);
    mdm_status status = mdm_text_status(&alone, e->err);
    if (status == MDM_OK)
        status =
            mdm_yaml_read((mdm_str){alone.data, alone.len}, e->file, MDM_CONFIG, &document, e->err);
    const mdm_yaml *wanted = mdm_yaml_get(document, "alone");
    *same = wanted && node && same_value(wanted, node);
    mdm_yaml_close(document);
    mdm_text_clear(&alone);
    return status;
}

static mdm_status check(const editor *e, const mdm_yaml *before, mdm_str path)
{
    mdm_yaml *after = NULL;
    bool same = false;
    mdm_status status = mdm_text_status(e->out, e->err);
    if (status == MDM_OK)
        status = mdm_yaml_read((mdm_str){e->out->data, e->out->len}, e->file, MDM_CONFIG, &after,
                               e->err);
    if (status == MDM_OK) status = compare_value(e, node_at(after, path), &same);
    if (status == MDM_OK) same = same && same_but(before, after, path);
    mdm_yaml_close(after);
    if (status == MDM_NO_MEMORY) return status;
    return same ? MDM_OK : refuse(e, before->start.line, "the way it is written");
}

mdm_status mdm_config_edit(mdm_str text, const char *file, const char *path, mdm_str value,
                           mdm_str flow_value, mdm_text *out, mdm_error *err)
{
    const char *first_break = text.len ? memchr(text.data, '\n', text.len) : NULL;
    const bool is_dos = first_break && first_break > text.data && first_break[-1] == '\r';
    editor e = {.text = text,
                .file = file,
                .newline = is_dos ? MDM_STR("\r\n") : MDM_STR("\n"),
                .value = value,
                .flow_value = flow_value,
                .written = value,
                .out = out,
                .err = err};
    mdm_yaml *root = NULL;
    MDM_TRY(mdm_yaml_read(text, file, MDM_CONFIG, &root, err));
    mdm_status status = edit(&e, root, mdm_str_from(path));
    if (status == MDM_OK) status = check(&e, root, mdm_str_from(path));
    mdm_yaml_close(root);
    return status;
}
