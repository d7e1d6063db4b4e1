/* sketch.h - how many distinct values there are, estimated in 16 KB (HyperLogLog, p = 14). */
#ifndef MDM_DATA_SKETCH_H
#define MDM_DATA_SKETCH_H

#include <stddef.h>
#include <stdint.h>

enum { MDM_SKETCH_BITS = 14, MDM_SKETCH_SIZE = 1 << MDM_SKETCH_BITS };

typedef struct mdm_sketch {
    uint8_t ranks[MDM_SKETCH_SIZE]; /* all 0: empty */
} mdm_sketch;

/* hash: all 64 bits well mixed. */
static inline void mdm_sketch_add(mdm_sketch *sketch, uint64_t hash)
{
    uint8_t *rank = &sketch->ranks[hash >> (64 - MDM_SKETCH_BITS)];
    uint64_t rest = hash << MDM_SKETCH_BITS | UINT64_C(1) << (MDM_SKETCH_BITS - 1);
    uint8_t seen = (uint8_t)(__builtin_clzll(rest) + 1);
    if (seen > *rank) *rank = seen;
}

void mdm_sketch_merge(mdm_sketch *into, const mdm_sketch *other);
/* Standard error 0.81 %. */
double mdm_sketch_count(const mdm_sketch *sketch);

/* The finaliser of MurmurHash3: a bijection that mixes every bit into every other. */
static inline uint64_t mdm_mix(uint64_t x)
{
    x ^= x >> 33;
    x *= UINT64_C(0xff51afd7ed558ccd);
    x ^= x >> 33;
    x *= UINT64_C(0xc4ceb9fe1a85ec53);
    return x ^ x >> 33;
}

#endif
