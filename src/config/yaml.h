/* yaml.h - the part of YAML that settings and dataset descriptions use: maps, lists and scalars,
 * read with their places in the text, and written in PyYAML's block style.
 *
 * Reading is bounded: 1 MB, 32 levels, 10,000 nodes, one document. Anchors, aliases, tags,
 * keys that are not scalars, keys that occur twice in a map, and what is not UTF-8 are refused with
 * "NAME:LINE:COLUMN: ...". Plain scalars mean what YAML 1.1 (and so PyYAML) takes them for. */
#ifndef MDM_CONFIG_YAML_H
#define MDM_CONFIG_YAML_H

#include "base/text.h"

#define MDM_YAML_BYTES ((size_t)1 << 20)

typedef enum mdm_yaml_kind { MDM_YAML_SCALAR, MDM_YAML_LIST, MDM_YAML_MAP } mdm_yaml_kind;

/* From 1; columns count characters. */
typedef struct mdm_yaml_place {
    int line, column;
} mdm_yaml_place;

/* A node; the fields are there to be read. Children are walked by first and next. */
typedef struct mdm_yaml {
    mdm_yaml_kind kind;
    bool quoted;  /* SCALAR: in quotes or a block scalar, so a text whatever it says */
    bool flow;    /* LIST, MAP: written as [...] or {...} */
    mdm_str text; /* SCALAR: what it says, NUL-terminated */
    mdm_str key;  /* of an entry of a MAP: its key, NUL-terminated; else empty */
    bool key_quoted;
    mdm_yaml_place key_place;  /* where the key begins */
    mdm_yaml_place start, end; /* of the node; end is behind its last character */
    size_t count;              /* LIST, MAP: children */
    struct mdm_yaml *first, *next;
} mdm_yaml;

/* Read a document. name stands in messages. An empty document is a null scalar. The caller
 * owns *out: mdm_yaml_close(). Refusals have the status `refusal` (MDM_CONFIG, MDM_FORMAT);
 * MDM_NO_MEMORY. */
MDM_MUST_CHECK mdm_status mdm_yaml_read(mdm_str text, const char *name, mdm_status refusal,
                                        mdm_yaml **out, mdm_error *err);
void mdm_yaml_close(mdm_yaml *root); /* wipes the texts; NULL allowed */

/* The value of a key; NULL: absent, or map is no MAP (or NULL). */
const mdm_yaml *mdm_yaml_get(const mdm_yaml *map, const char *key);

/* What a node is. NULL for node gives false, and true from mdm_yaml_is_null(). */
bool mdm_yaml_is_null(const mdm_yaml *node); /* ~, null, nothing */
/* The text of a scalar that is not null, NUL-terminated: also of numbers and booleans. NULL: none.
 */
const char *mdm_yaml_text(const mdm_yaml *node);
bool mdm_yaml_to_bool(const mdm_yaml *node, bool *out);   /* plain true false yes no on off */
bool mdm_yaml_to_int(const mdm_yaml *node, int64_t *out); /* plain, decimal */
bool mdm_yaml_to_real(const mdm_yaml *node, double *out); /* plain; also .inf, .nan */

/* --- writing ---------------------------------------------------------------- */

#define MDM_YAML_DEPTH 32u

/* Values in the order of the document:
 *
 *     mdm_yaml_writer w;
 *     mdm_yaml_writer_init(&w, &text);
 *     mdm_yaml_map_begin(&w);
 *     mdm_yaml_key(&w, "tags");
 *     mdm_yaml_list_begin(&w);
 *     mdm_yaml_add_text(&w, MDM_STR("a"));
 *     mdm_yaml_list_end(&w);
 *     mdm_yaml_map_end(&w);
 *
 * gives "tags:\n- a\n". Misuse (a value without a key, more than MDM_YAML_DEPTH levels) aborts;
 * what fails for want of memory shows in mdm_text_status() of the text. */
typedef struct mdm_yaml_writer {
    mdm_text *out; /* not owned */
    size_t depth;
    struct {
        bool is_map, is_empty, has_key, in_line;
        int indent;
    } levels[MDM_YAML_DEPTH];
} mdm_yaml_writer;

void mdm_yaml_writer_init(mdm_yaml_writer *writer, mdm_text *out);
void mdm_yaml_map_begin(mdm_yaml_writer *writer);
void mdm_yaml_map_end(mdm_yaml_writer *writer);
void mdm_yaml_list_begin(mdm_yaml_writer *writer);
void mdm_yaml_list_end(mdm_yaml_writer *writer);
void mdm_yaml_key(mdm_yaml_writer *writer, const char *key);
/* A text, in quotes where it would be read as something else; invalid UTF-8 becomes U+FFFD. */
void mdm_yaml_add_text(mdm_yaml_writer *writer, mdm_str text);
void mdm_yaml_add_int(mdm_yaml_writer *writer, int64_t value);
void mdm_yaml_add_real(mdm_yaml_writer *writer, double value);
void mdm_yaml_add_bool(mdm_yaml_writer *writer, bool value);
void mdm_yaml_add_null(mdm_yaml_writer *writer);
/* A whole node as it was read, with all below it: what a reader does not know stays as it was. */
void mdm_yaml_add_node(mdm_yaml_writer *writer, const mdm_yaml *node);

/* One scalar as mdm_yaml_add_text() writes it. */
void mdm_yaml_scalar(mdm_text *out, mdm_str text);

#endif
