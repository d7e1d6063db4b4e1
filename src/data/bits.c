/* Whole bytes where possible: a slice that begins on a byte boundary is a memcpy. */
#include "data/bits.h"

int64_t mdm_bits_count(const uint8_t *bits, int64_t count)
{
    int64_t ones = 0, at = 0;
    for (; at + 64 <= count; at += 64) {
        uint64_t word;
        memcpy(&word, bits + (at >> 3), sizeof word);
        ones += __builtin_popcountll(word);
    }
    for (; at < count; at++)
        ones += mdm_bit_get(bits, at);
    return ones;
}

void mdm_bits_copy(uint8_t *to, const uint8_t *from, int64_t first, int64_t count)
{
    if (count == 0) return;
    from += first >> 3;
    int shift = (int)(first & 7);
    size_t bytes = mdm_bits_bytes(count);
    if (shift == 0) {
        memcpy(to, from, bytes);
    } else {
        /* The byte behind the last one is read only when bits of it are wanted. */
        size_t whole = (size_t)(shift + count + 7) >> 3;
        for (size_t i = 0; i < bytes; i++) {
            unsigned low = (unsigned)from[i] >> shift;
            unsigned high = i + 1 < whole ? (unsigned)from[i + 1] << (8 - shift) : 0;
            to[i] = (uint8_t)(low | high);
        }
    }
    if (count & 7) to[bytes - 1] = (uint8_t)(to[bytes - 1] & ((1u << (count & 7)) - 1));
}
