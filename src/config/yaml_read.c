/* A tree from libyaml's events. The bounds hold while the events come, so nothing is ever built
 * that exceeds them; without aliases a text cannot expand. */
#include <string.h>
#include <yaml.h>

#include "base/alloc.h"
#include "base/map.h"
#include "config/yaml.h"

#define NODES_MAX 10000u

typedef struct reader {
    yaml_parser_t parser;
    mdm_str text;
    const char *name;
    mdm_status refusal;
    mdm_error *err;
    size_t nodes;
} reader;

static mdm_yaml_place place_of(yaml_mark_t mark)
{
    return (mdm_yaml_place){(int)mark.line + 1, (int)mark.column + 1};
}

static mdm_status refuse(const reader *r, mdm_yaml_place at, const char *words)
{
    return mdm_error_set(r->err, r->refusal, "%s:%d:%d: %s", r->name, at.line, at.column, words);
}

/* --- events ----------------------------------------------------------------- */

/* Where a byte stands; bytes that are no UTF-8 count as one column each. */
static mdm_yaml_place place_of_byte(mdm_str text, size_t offset)
{
    mdm_yaml_place at = {1, 1};
    for (size_t i = 0; i < offset && i < text.len; i++) {
        if (text.data[i] == '\n') at = (mdm_yaml_place){at.line + 1, 1};
        else if (((unsigned char)text.data[i] & 0xC0) != 0x80) at.column++;
    }
    return at;
}

static mdm_status refuse_parser(const reader *r)
{
    const yaml_parser_t *p = &r->parser;
    if (p->error == YAML_MEMORY_ERROR) return mdm_no_memory(r->err, "a YAML document");
    const mdm_yaml_place at = p->error == YAML_READER_ERROR
                                  ? place_of_byte(r->text, p->problem_offset)
                                  : place_of(p->problem_mark);
    return mdm_error_set(r->err, r->refusal, "%s:%d:%d: invalid YAML: %s%s%s", r->name, at.line,
                         at.column, p->problem ? p->problem : "unreadable", p->context ? " " : "",
                         p->context ? p->context : "");
}

/* What is refused whatever surrounds it. */
static mdm_status check_event(reader *r, const yaml_event_t *event)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
        break;
    case YAML_SEQUENCE_START_EVENT:
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
        break;
    case YAML_MAPPING_START_EVENT:
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
        break;
    case YAML_ALIAS_EVENT:
        return refuse(r, place_of(event->start_mark), "aliases (*name) are not allowed here");
    default: return MDM_OK;
    }
    const mdm_yaml_place at = place_of(event->start_mark);
    if (anchor) return refuse(r, at, "anchors (&name) are not allowed here");
    if (tag) return refuse(r, at, "tags (!name) are not allowed here");
    if (++r->nodes > NODES_MAX) return refuse(r, at, "more than 10,000 keys and values");
    return MDM_OK;
}

/* On success the caller deletes the event. */
static mdm_status next_event(reader *r, yaml_event_t *event)
{
    if (!yaml_parser_parse(&r->parser, event)) return refuse_parser(r);
    const mdm_status status = check_event(r, event);
    if (status != MDM_OK) yaml_event_delete(event);
    return status;
}

/* --- nodes ------------------------------------------------------------------ */

static mdm_str scalar_of(const yaml_event_t *event)
{
    return (mdm_str){(const char *)event->data.scalar.value, event->data.scalar.length};
}

static bool is_quoted(const yaml_event_t *event)
{
    return event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
}

/* The node with the text behind it in one block. */
static mdm_yaml *node_new(mdm_yaml_kind kind, mdm_str text, const yaml_event_t *event)
{
    mdm_yaml *node = mdm_alloc(sizeof *node + text.len + 1);
    if (!node) return NULL;
    char *copy = (char *)(node + 1);
    if (text.len) memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    *node = (mdm_yaml){
        .kind = kind,
        .text = {copy, text.len},
        .key = MDM_STR(""),
        .start = place_of(event->start_mark),
        .end = place_of(event->end_mark),
    };
    return node;
}

static void wipe(mdm_str text)
{
    if (text.len) explicit_bzero((char *)(uintptr_t)text.data, text.len);
}

void mdm_yaml_close(mdm_yaml *root)
{
    while (root) {
        mdm_yaml *next = root->next;
        mdm_yaml_close(root->first); /* at most as deep as what was read */
        wipe(root->text);
        if (root->key.len) {
            wipe(root->key);
            mdm_free((char *)(uintptr_t)root->key.data);
        }
        mdm_free(root);
        root = next;
    }
}

static mdm_status read_node(reader *r, yaml_event_t *event, int depth, mdm_yaml **out);

/* The items of a list, up to its end. */
static mdm_status read_items(reader *r, int depth, mdm_yaml *list)
{
    for (mdm_yaml **at = &list->first;; at = &(*at)->next, list->count++) {
        yaml_event_t event;
        MDM_TRY(next_event(r, &event));
        if (event.type == YAML_SEQUENCE_END_EVENT) {
            list->end = place_of(event.end_mark);
            yaml_event_delete(&event);
            return MDM_OK;
        }
        MDM_TRY(read_node(r, &event, depth, at));
    }
}

/* Check a key against those before it and keep its text and place. */
static mdm_status take_key(reader *r, const yaml_event_t *event, mdm_map *seen, mdm_yaml *draft)
{
    const mdm_yaml_place at = place_of(event->start_mark);
    if (event->type != YAML_SCALAR_EVENT) return refuse(r, at, "a key must be a plain text");
    const mdm_str key = scalar_of(event);
    if (memchr(key.data, '\0', key.len)) return refuse(r, at, "a key holds a NUL character");
    if (mdm_map_get(seen, key))
        return mdm_error_set(r->err, r->refusal, "%s:%d:%d: the key '%s' is there twice", r->name,
                             at.line, at.column, key.data);
    char *copy = key.len ? mdm_str_dup(key) : NULL;
    if (key.len && !copy) return mdm_no_memory(r->err, "a YAML document");
    *draft = (mdm_yaml){.key = copy ? (mdm_str){copy, key.len} : MDM_STR(""),
                        .key_quoted = is_quoted(event),
                        .key_place = at};
    return mdm_map_put(seen, key, seen) ? MDM_OK : mdm_no_memory(r->err, "a YAML document");
}

/* One entry into *out, or *out NULL at the end of the map, whose place is then known. */
static mdm_status read_entry(reader *r, int depth, mdm_map *seen, mdm_yaml *map, mdm_yaml **out)
{
    yaml_event_t event;
    mdm_yaml draft = {.key = MDM_STR("")};
    MDM_TRY(next_event(r, &event));
    const bool ends = event.type == YAML_MAPPING_END_EVENT;
    if (ends) map->end = place_of(event.end_mark);
    mdm_status status = ends ? MDM_OK : take_key(r, &event, seen, &draft);
    yaml_event_delete(&event);
    if (ends) return MDM_OK;
    if (status == MDM_OK) status = next_event(r, &event);
    if (status == MDM_OK) status = read_node(r, &event, depth, out);
    if (*out) {
        (*out)->key = draft.key;
        (*out)->key_quoted = draft.key_quoted;
        (*out)->key_place = draft.key_place;
    } else if (draft.key.len) {
        mdm_free((char *)(uintptr_t)draft.key.data);
    }
    return status;
}

static mdm_status read_entries(reader *r, int depth, mdm_yaml *map)
{
    mdm_map seen;
    mdm_map_init(&seen);
    mdm_yaml **at = &map->first;
    mdm_status status;
    while ((status = read_entry(r, depth, &seen, map, at)) == MDM_OK && *at) {
        at = &(*at)->next;
        map->count++;
    }
    mdm_map_clear(&seen);
    return status;
}

static mdm_status read_children(reader *r, int depth, mdm_yaml *node)
{
    if (depth >= (int)MDM_YAML_DEPTH) return refuse(r, node->start, "nested deeper than 32 levels");
    return node->kind == MDM_YAML_LIST ? read_items(r, depth + 1, node)
                                       : read_entries(r, depth + 1, node);
}

/* The node that event begins; deletes the event. On failure *out may hold a part of it, which
 * belongs to the tree like any other. */
static mdm_status read_node(reader *r, yaml_event_t *event, int depth, mdm_yaml **out)
{
    mdm_yaml *node = NULL;
    if (event->type == YAML_SCALAR_EVENT) {
        const mdm_str text = scalar_of(event);
        node = node_new(MDM_YAML_SCALAR, text, event);
        if (node) node->quoted = is_quoted(event);
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        node = node_new(MDM_YAML_LIST, MDM_STR(""), event);
        if (node) node->flow = event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
    } else {
        node = node_new(MDM_YAML_MAP, MDM_STR(""), event);
        if (node) node->flow = event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
    }
    yaml_event_delete(event);
    if (!node) return mdm_no_memory(r->err, "a YAML document");
    *out = node;
    if (node->kind != MDM_YAML_SCALAR) return read_children(r, depth, node);
    if (memchr(node->text.data, '\0', node->text.len))
        return refuse(r, node->start, "a text holds a NUL character");
    return MDM_OK;
}

/* --- the document ----------------------------------------------------------- */

static mdm_status skip_event(reader *r, yaml_event_type_t *type)
{
    yaml_event_t event;
    MDM_TRY(next_event(r, &event));
    *type = event.type;
    yaml_event_delete(&event);
    return MDM_OK;
}

static mdm_status read_document(reader *r, mdm_yaml **out)
{
    yaml_event_type_t type;
    yaml_event_t event;
    MDM_TRY(skip_event(r, &type)); /* the stream's start */
    MDM_TRY(skip_event(r, &type));
    if (type == YAML_STREAM_END_EVENT) {
        const yaml_event_t nowhere = {0};
        *out = node_new(MDM_YAML_SCALAR, MDM_STR(""), &nowhere);
        return *out ? MDM_OK : mdm_no_memory(r->err, "a YAML document");
    }
    MDM_TRY(next_event(r, &event));
    MDM_TRY(read_node(r, &event, 0, out));
    MDM_TRY(skip_event(r, &type)); /* the document's end */
    MDM_TRY(next_event(r, &event));
    const mdm_yaml_place at = place_of(event.start_mark);
    type = event.type;
    yaml_event_delete(&event);
    return type == YAML_STREAM_END_EVENT ? MDM_OK : refuse(r, at, "a second document");
}

mdm_status mdm_yaml_read(mdm_str text, const char *name, mdm_status refusal, mdm_yaml **out,
                         mdm_error *err)
{
    *out = NULL;
    reader r = {.text = text, .name = name, .refusal = refusal, .err = err};
    if (text.len > MDM_YAML_BYTES) return mdm_error_set(err, refusal, "%s: larger than 1 MB", name);
    const size_t bad = mdm_utf8_check(text);
    if (bad != SIZE_MAX) return refuse(&r, place_of_byte(text, bad), "not UTF-8");
    if (!yaml_parser_initialize(&r.parser)) return mdm_no_memory(err, "a YAML document");
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)(text.len ? text.data : ""),
                                 text.len);
    const mdm_status status = read_document(&r, out);
    yaml_parser_delete(&r.parser);
    if (status != MDM_OK) {
        mdm_yaml_close(*out);
        *out = NULL;
    }
    return status;
}
