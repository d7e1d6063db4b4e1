/* Hashes (XXH3, 64 bits): for tables and content, not for security. */
#ifndef MDM_BASE_HASH_H
#define MDM_BASE_HASH_H
#include "mdm/base.h"

uint64_t mdm_hash(mdm_str bytes);
uint64_t mdm_hash_seeded(mdm_str bytes, uint64_t seed);

/* Streamed, for files: mdm_hasher_open, any number of _add, _value, _close. */
typedef struct mdm_hasher mdm_hasher;
MDM_MUST_CHECK mdm_hasher *mdm_hasher_open(void); /* NULL: no memory */
void mdm_hasher_add(mdm_hasher *hasher, mdm_str bytes);
uint64_t mdm_hasher_value(const mdm_hasher *hasher);
void mdm_hasher_close(mdm_hasher *hasher);

#endif
