/* A hash map from byte strings to pointers; keys are copied, values are not owned.
 * Open addressing; walking goes in order of insertion. One thread at a time. */
#ifndef MDM_BASE_MAP_H
#define MDM_BASE_MAP_H
#include "mdm/base.h"

typedef struct mdm_map {
    struct mdm_map_entry *entries;
    uint32_t *slots;
    size_t count, size, slot_count;
} mdm_map;

void mdm_map_init(mdm_map *map);
void mdm_map_clear(mdm_map *map);
void *mdm_map_get(const mdm_map *map, mdm_str key);                      /* NULL: absent */
MDM_MUST_CHECK bool mdm_map_put(mdm_map *map, mdm_str key, void *value); /* false: no memory */
/* Walk: index from 0; false after the last. */
bool mdm_map_at(const mdm_map *map, size_t index, mdm_str *key, void **value);

#endif
