/* A list under a key stands at the key's own column and a list or map inside a list begins behind
 * the dash, as PyYAML writes them. An empty level is written when it ends, as [] or {}, so
 * nothing is put out for a level before its first entry. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "config/yaml.h"

#define INDENT 2
#define KEY_MAX 120u /* YAML allows a key of 1,024 characters in front of ':' */

/* --- scalars ---------------------------------------------------------------- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Words that YAML 1.1 takes for null or a boolean. */
static bool is_reserved(mdm_str text)
{
    static const char *const words[] = {"null", "true", "false", "yes", "no",
                                        "on",   "off",  "y",     "n"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (mdm_str_equal_nocase(text, mdm_str_from(words[i]))) return true;
    return false;
}

/* Line breaks, control characters and others that must be escaped, so in double quotes. */
static bool needs_escape(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x2028 || code == 0x2029 ||
           code == 0xFEFF || code == 0xFFFE || code == 0xFFFF;
}

static bool any_escape(mdm_str text)
{
    uint32_t code;
    while (text.len > 0) {
        const size_t len = mdm_utf8_decode(text, &code);
        if (len == 0 || needs_escape(code)) return true;
        text.data += len;
        text.len -= len;
    }
    return false;
}

/* Cautious: what begins with anything but a letter, '_' or '/' could be a number, a date or an
 * indicator, and gets quotes. */
static bool may_be_plain(mdm_str text)
{
    static const char inside[] = "_/.-+=@%~(),;$&*!?|<>\\^ ";
    if (text.len == 0 || is_reserved(text)) return false;
    const char first = text.data[0], last = text.data[text.len - 1];
    if (!is_letter(first) && first != '_' && first != '/' && !((unsigned char)first & 0x80))
        return false;
    if (last == ' ') return false;
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.data[i];
        const bool digit = c >= '0' && c <= '9';
        /* ':' is one when no blank follows; '#' is left to quotes altogether. */
        const bool colon = c == ':' && i + 1 < text.len && text.data[i + 1] != ' ';
        if (!is_letter(c) && !digit && !colon && !((unsigned char)c & 0x80) &&
            !(c && strchr(inside, c)))
            return false;
    }
    return true;
}

static void add_escaped(mdm_text *out, uint32_t code)
{
    switch (code) {
    case '\n': mdm_text_puts(out, "\\n"); break;
    case '\r': mdm_text_puts(out, "\\r"); break;
    case '\t': mdm_text_puts(out, "\\t"); break;
    default: mdm_text_printf(out, code < 0x100 ? "\\x%02X" : "\\u%04X", (unsigned)code);
    }
}

static void add_double_quoted(mdm_text *out, mdm_str text)
{
    mdm_text_putc(out, '"');
    while (text.len > 0) {
        uint32_t code;
        const size_t len = mdm_utf8_decode(text, &code);
        if (len == 0) mdm_text_puts(out, "\xEF\xBF\xBD");
        else if (needs_escape(code)) add_escaped(out, code);
        else {
            if (code == '"' || code == '\\') mdm_text_putc(out, '\\');
            mdm_text_add(out, (mdm_str){text.data, len});
        }
        text.data += len ? len : 1;
        text.len -= len ? len : 1;
    }
    mdm_text_putc(out, '"');
}

void mdm_yaml_scalar(mdm_text *out, mdm_str text)
{
    if (any_escape(text)) add_double_quoted(out, text);
    else if (may_be_plain(text)) mdm_text_add(out, text);
    else mdm_text_quoted(out, text, '\'');
}

/* --- levels ----------------------------------------------------------------- */

void mdm_yaml_writer_init(mdm_yaml_writer *writer, mdm_text *out)
{
    *writer = (mdm_yaml_writer){.out = out};
}

static void indent(mdm_yaml_writer *w, int columns)
{
    mdm_text_printf(w->out, "%*s", columns, "");
}

/* Go where the next entry of the innermost level begins. */
static void begin_entry(mdm_yaml_writer *w)
{
    const size_t level = w->depth - 1;
    if (w->levels[level].is_empty && !w->levels[level].in_line) mdm_text_putc(w->out, '\n');
    if (!w->levels[level].is_empty || !w->levels[level].in_line) indent(w, w->levels[level].indent);
    w->levels[level].is_empty = false;
}

/* Go where a value is written. True: on the line of a key, so a blank is due before a scalar. */
static bool begin_value(mdm_yaml_writer *w)
{
    if (w->depth == 0) return false;
    const size_t level = w->depth - 1;
    if (w->levels[level].is_map) {
        if (!w->levels[level].has_key) abort(); /* a value without a key */
        w->levels[level].has_key = false;
        return true;
    }
    begin_entry(w);
    mdm_text_puts(w->out, "- ");
    return false;
}

static void begin_level(mdm_yaml_writer *w, bool is_map)
{
    const bool after_key = begin_value(w);
    if (w->depth == MDM_YAML_DEPTH) abort(); /* deeper than a reader would take */
    int column = 0;
    if (w->depth > 0) {
        column = w->levels[w->depth - 1].indent;
        if (!after_key || is_map) column += INDENT;
    }
    w->levels[w->depth].is_map = is_map;
    w->levels[w->depth].is_empty = true;
    w->levels[w->depth].has_key = false;
    w->levels[w->depth].in_line = !after_key;
    w->levels[w->depth].indent = column;
    w->depth++;
}

static void end_level(mdm_yaml_writer *w, const char *when_empty)
{
    if (w->depth == 0 || w->levels[w->depth - 1].has_key) abort(); /* a key without a value */
    w->depth--;
    if (!w->levels[w->depth].is_empty) return;
    if (!w->levels[w->depth].in_line) mdm_text_putc(w->out, ' ');
    mdm_text_puts(w->out, when_empty);
    mdm_text_putc(w->out, '\n');
}

void mdm_yaml_map_begin(mdm_yaml_writer *writer)
{
    begin_level(writer, true);
}

void mdm_yaml_map_end(mdm_yaml_writer *writer)
{
    end_level(writer, "{}");
}

void mdm_yaml_list_begin(mdm_yaml_writer *writer)
{
    begin_level(writer, false);
}

void mdm_yaml_list_end(mdm_yaml_writer *writer)
{
    end_level(writer, "[]");
}

/* key_text is the key as it stands in the document. A long one gets the form with '?'. */
static void add_key(mdm_yaml_writer *w, mdm_str key_text)
{
    const size_t level = w->depth - 1;
    if (w->depth == 0 || !w->levels[level].is_map || w->levels[level].has_key) abort();
    begin_entry(w);
    const bool is_long = key_text.len > KEY_MAX;
    if (is_long) mdm_text_puts(w->out, "? ");
    mdm_text_add(w->out, key_text);
    if (is_long) {
        mdm_text_putc(w->out, '\n');
        indent(w, w->levels[level].indent);
    }
    mdm_text_putc(w->out, ':');
    w->levels[level].has_key = true;
}

void mdm_yaml_key(mdm_yaml_writer *writer, const char *key)
{
    mdm_text text;
    mdm_text_init(&text);
    mdm_yaml_scalar(&text, mdm_str_from(key));
    if (text.failed) writer->out->failed = true;
    add_key(writer, (mdm_str){text.data, text.len});
    mdm_text_clear(&text);
}

/* --- values ----------------------------------------------------------------- */

static void add_plain(mdm_yaml_writer *w, mdm_str text)
{
    if (begin_value(w)) mdm_text_putc(w->out, ' ');
    mdm_text_add(w->out, text);
    mdm_text_putc(w->out, '\n');
}

void mdm_yaml_add_text(mdm_yaml_writer *writer, mdm_str text)
{
    if (begin_value(writer)) mdm_text_putc(writer->out, ' ');
    mdm_yaml_scalar(writer->out, text);
    mdm_text_putc(writer->out, '\n');
}

void mdm_yaml_add_int(mdm_yaml_writer *writer, int64_t value)
{
    if (begin_value(writer)) mdm_text_putc(writer->out, ' ');
    mdm_text_printf(writer->out, "%lld\n", (long long)value);
}

void mdm_yaml_add_bool(mdm_yaml_writer *writer, bool value)
{
    add_plain(writer, value ? MDM_STR("true") : MDM_STR("false"));
}

void mdm_yaml_add_null(mdm_yaml_writer *writer)
{
    add_plain(writer, MDM_STR("null"));
}

/* YAML 1.1 takes a number for a float only when it has a point: 1e+300 would be a text. */
void mdm_yaml_add_real(mdm_yaml_writer *writer, double value)
{
    char room[32];
    if (isnan(value)) {
        add_plain(writer, MDM_STR(".nan"));
        return;
    }
    if (isinf(value)) {
        add_plain(writer, value < 0 ? MDM_STR("-.inf") : MDM_STR(".inf"));
        return;
    }
    const mdm_str text = {room, mdm_real_text(value, room)};
    const size_t digits = strcspn(room, "e");
    if (begin_value(writer)) mdm_text_putc(writer->out, ' ');
    mdm_text_add(writer->out, (mdm_str){room, digits});
    if (!memchr(room, '.', digits)) mdm_text_puts(writer->out, ".0");
    mdm_text_add(writer->out, (mdm_str){room + digits, text.len - digits});
    mdm_text_putc(writer->out, '\n');
}

/* May a scalar that was plain where it was read, perhaps inside braces, be plain in a block, too?
 * Where that matters it is a number, a date or a word like "no", which would become a text in
 * quotes. */
static bool stays_plain(mdm_str text)
{
    static const char inside[] = "+-._:~ ";
    if (any_escape(text)) return false;
    if (may_be_plain(text)) return true;
    if (text.len == 0 || text.data[text.len - 1] == ':') return false;
    const bool is_dash =
        text.data[0] == '-' && (text.len == 1 || !strchr("0123456789.", text.data[1]));
    if (is_dash || strchr(":~ ", text.data[0]) || mdm_str_starts(text, MDM_STR("...")))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.data[i];
        const bool is_word = is_letter(c) || (c >= '0' && c <= '9');
        if (!is_word && !(c && strchr(inside, c))) return false;
        if (c == ':' && text.data[i + 1] == ' ') return false;
    }
    return true;
}

static void add_scalar_node(mdm_yaml_writer *w, const mdm_yaml *node)
{
    if (!node->quoted && mdm_yaml_is_null(node)) mdm_yaml_add_null(w);
    else if (!node->quoted && stays_plain(node->text)) add_plain(w, node->text);
    else mdm_yaml_add_text(w, node->text);
}

static void add_key_of(mdm_yaml_writer *w, const mdm_yaml *entry)
{
    const bool as_it_was =
        !entry->key_quoted && entry->key.len <= KEY_MAX && stays_plain(entry->key);
    if (as_it_was) add_key(w, entry->key);
    else mdm_yaml_key(w, entry->key.data);
}

void mdm_yaml_add_node(mdm_yaml_writer *writer, const mdm_yaml *node)
{
    if (node->kind == MDM_YAML_SCALAR) {
        add_scalar_node(writer, node);
        return;
    }
    const bool is_map = node->kind == MDM_YAML_MAP;
    begin_level(writer, is_map);
    for (const mdm_yaml *child = node->first; child; child = child->next) {
        if (is_map) add_key_of(writer, child);
        mdm_yaml_add_node(writer, child);
    }
    end_level(writer, is_map ? "{}" : "[]");
}
