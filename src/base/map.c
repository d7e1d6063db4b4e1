/* Entries stand in a plain array in order of insertion; slots holds their positions plus one, 0 for
 * an empty slot. At most half of the slots are taken, so a probe is short and always ends. */
#include "base/map.h"

#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"

#define FIRST_ENTRIES 8u

struct mdm_map_entry {
    char *key; /* NUL-terminated copy */
    size_t len;
    uint64_t hash;
    void *value;
};

void mdm_map_init(mdm_map *map)
{
    *map = (mdm_map){0};
}

void mdm_map_clear(mdm_map *map)
{
    for (size_t i = 0; i < map->count; i++)
        mdm_free(map->entries[i].key);
    mdm_free(map->entries);
    mdm_free(map->slots);
    mdm_map_init(map);
}

static mdm_str key_of(const struct mdm_map_entry *entry)
{
    return (mdm_str){entry->key, entry->len};
}

/* The slot that holds key, or the empty one where it belongs. */
static uint32_t *slot_of(const mdm_map *map, uint64_t hash, mdm_str key)
{
    for (size_t at = (size_t)hash;; at++) {
        uint32_t *slot = &map->slots[at & (map->slot_count - 1)];
        if (*slot == 0) return slot;
        const struct mdm_map_entry *entry = &map->entries[*slot - 1];
        if (entry->hash == hash && mdm_str_equal(key_of(entry), key)) return slot;
    }
}

static struct mdm_map_entry *find(const mdm_map *map, uint64_t hash, mdm_str key)
{
    if (map->count == 0) return NULL;
    const uint32_t position = *slot_of(map, hash, key);
    return position ? &map->entries[position - 1] : NULL;
}

void *mdm_map_get(const mdm_map *map, mdm_str key)
{
    const struct mdm_map_entry *entry = find(map, mdm_hash(key), key);
    return entry ? entry->value : NULL;
}

/* Place for one more entry. On failure the map is as it was, or only roomier. */
static bool make_room(mdm_map *map)
{
    if (map->count < map->size) return true;
    const size_t size = map->size ? map->size * 2 : FIRST_ENTRIES;
    if (size > UINT32_MAX / 2) return false;
    uint32_t *slots = mdm_alloc_zero(size * 2, sizeof *slots);
    if (!slots) return false;
    struct mdm_map_entry *entries = mdm_realloc(map->entries, size * sizeof *entries);
    if (!entries) {
        mdm_free(slots);
        return false;
    }
    mdm_free(map->slots);
    map->entries = entries;
    map->slots = slots;
    map->size = size;
    map->slot_count = size * 2;
    for (size_t i = 0; i < map->count; i++)
        *slot_of(map, entries[i].hash, key_of(&entries[i])) = (uint32_t)(i + 1);
    return true;
}

bool mdm_map_put(mdm_map *map, mdm_str key, void *value)
{
    const uint64_t hash = mdm_hash(key);
    struct mdm_map_entry *entry = find(map, hash, key);
    if (entry) {
        entry->value = value;
        return true;
    }
    if (!make_room(map)) return false;
    char *copy = mdm_str_dup(key);
    if (!copy) return false;
    *slot_of(map, hash, key) = (uint32_t)(map->count + 1);
    map->entries[map->count++] =
        (struct mdm_map_entry){.key = copy, .len = key.len, .hash = hash, .value = value};
    return true;
}

bool mdm_map_at(const mdm_map *map, size_t index, mdm_str *key, void **value)
{
    if (index >= map->count) return false;
    const struct mdm_map_entry *entry = &map->entries[index];
    if (key) *key = key_of(entry);
    if (value) *value = entry->value;
    return true;
}
