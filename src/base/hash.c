#include "base/hash.h"

/* Inlined: a key of a few bytes is hashed faster than a call into the shared library takes, and
 * nothing is left to load at start. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/alloc.h"

struct mdm_hasher {
    XXH3_state_t *state; /* inside memory, where its alignment is right */
    char memory[];
};

#define STATE_ALIGNMENT 64u

uint64_t mdm_hash(mdm_str bytes)
{
    return XXH3_64bits(bytes.data, bytes.len);
}

uint64_t mdm_hash_seeded(mdm_str bytes, uint64_t seed)
{
    return XXH3_64bits_withSeed(bytes.data, bytes.len, seed);
}

mdm_hasher *mdm_hasher_open(void)
{
    mdm_hasher *hasher = mdm_alloc(sizeof *hasher + sizeof(XXH3_state_t) + STATE_ALIGNMENT);
    if (!hasher) return NULL;
    const uintptr_t start = (uintptr_t)hasher->memory;
    const size_t skip = (STATE_ALIGNMENT - start % STATE_ALIGNMENT) % STATE_ALIGNMENT;
    hasher->state = (XXH3_state_t *)(void *)(hasher->memory + skip);
    XXH3_64bits_reset(hasher->state);
    return hasher;
}

void mdm_hasher_add(mdm_hasher *hasher, mdm_str bytes)
{
    if (bytes.len > 0) XXH3_64bits_update(hasher->state, bytes.data, bytes.len);
}

uint64_t mdm_hasher_value(const mdm_hasher *hasher)
{
    return XXH3_64bits_digest(hasher->state);
}

void mdm_hasher_close(mdm_hasher *hasher)
{
    mdm_free(hasher);
}
