/* The keys of a JSON file's records. */
#include <string.h>

#include "base/alloc.h"
#include "file/json_walk.h"

void mdm_json_keys_init(mdm_json_keys *keys)
{
    *keys = (mdm_json_keys){0};
    mdm_map_init(&keys->by_name);
}

static void free_key(mdm_json_key *key)
{
    if (!key) return;
    mdm_free(key->name);
    mdm_free(key->token);
    mdm_free(key);
}

void mdm_json_keys_clear(mdm_json_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++)
        free_key(keys->items[i]);
    mdm_free(keys->items);
    mdm_map_clear(&keys->by_name);
    mdm_json_keys_init(keys);
}

static bool make_room(mdm_json_keys *keys)
{
    if (keys->count < keys->size) return true;
    const size_t size = keys->size ? 2 * keys->size : 16;
    mdm_json_key **grown = mdm_realloc(keys->items, size * sizeof *grown);
    if (!grown) return false;
    keys->items = grown;
    keys->size = size;
    return true;
}

mdm_json_key *mdm_json_keys_add(mdm_json_keys *keys, mdm_str token, mdm_str name)
{
    mdm_json_key *key = make_room(keys) ? mdm_alloc_zero(1, sizeof *key) : NULL;
    if (!key) return NULL;
    key->name = mdm_str_dup(name);
    key->token = mdm_str_dup(token);
    key->token_len = token.len;
    key->column = keys->count;
    key->record = -1;
    if (!key->name || !key->token || !mdm_map_put(&keys->by_name, name, key)) {
        free_key(key);
        return NULL;
    }
    keys->items[keys->count++] = key;
    return key;
}

mdm_json_key *mdm_json_keys_find(const mdm_json_keys *keys, size_t expected, mdm_str token,
                                 mdm_text *room)
{
    if (expected < keys->count) {
        mdm_json_key *key = keys->items[expected];
        if (key->token_len == token.len && memcmp(key->token, token.data, token.len) == 0)
            return key;
    }
    return mdm_map_get(&keys->by_name, mdm_typing_json_text(token, room));
}
