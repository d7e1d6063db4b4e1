/* bits.h - bitmaps as Arrow has them: bit r of a map is bit r % 8 of byte r / 8. */
#ifndef MDM_DATA_BITS_H
#define MDM_DATA_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline size_t mdm_bits_bytes(int64_t count)
{
    return (size_t)(count + 7) >> 3;
}

static inline bool mdm_bit_get(const uint8_t *bits, int64_t at)
{
    return bits[at >> 3] >> (at & 7) & 1;
}

/* Set bit `at`; those before it are kept, those behind it in the same byte become 0. For filling a
 * map from its start, so that it needs no clearing beforehand. */
static inline void mdm_bit_append(uint8_t *bits, int64_t at, bool value)
{
    uint8_t *byte = bits + (at >> 3);
    unsigned kept = *byte & ((1u << (at & 7)) - 1);
    *byte = (uint8_t)(kept | (unsigned)value << (at & 7));
}

static inline void mdm_bit_clear(uint8_t *bits, int64_t at)
{
    bits[at >> 3] = (uint8_t)(bits[at >> 3] & ~(1u << (at & 7)));
}

static inline void mdm_bit_set(uint8_t *bits, int64_t at)
{
    bits[at >> 3] = (uint8_t)(bits[at >> 3] | 1u << (at & 7));
}

/* Bits [0, count) become 1, the rest of the last byte 0. */
static inline void mdm_bits_fill(uint8_t *bits, int64_t count)
{
    memset(bits, 0xff, (size_t)count >> 3);
    if (count & 7) bits[count >> 3] = (uint8_t)((1u << (count & 7)) - 1);
}

/* How many of bits [0, count) are 1. */
int64_t mdm_bits_count(const uint8_t *bits, int64_t count);
/* Bits [first, first + count) of from become bits [0, count) of to. */
void mdm_bits_copy(uint8_t *to, const uint8_t *from, int64_t first, int64_t count);

#endif
