/* digits.h - runs of decimal digits read eight at a time, and never a byte beyond their end.
 *
 * A run is brought into a word right-aligned, with '0' in front, so that its length needs no
 * branch. The arithmetic on all eight bytes at once is the well-known one ("SWAR") of Lemire and
 * Mula. */
#ifndef MDM_DATA_DIGITS_H
#define MDM_DATA_DIGITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MDM_ZEROS UINT64_C(0x3030303030303030)

static inline uint64_t mdm_load8(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* Eight bytes, all of them '0' to '9'? */
static inline bool mdm_are_digits(uint64_t word)
{
    return ((word & UINT64_C(0xf0f0f0f0f0f0f0f0)) |
            ((word + UINT64_C(0x0606060606060606)) & UINT64_C(0xf0f0f0f0f0f0f0f0)) >> 4) ==
           UINT64_C(0x3333333333333333);
}

/* Their value; the first byte is the highest digit. */
static inline uint64_t mdm_digits_value(uint64_t word)
{
    word -= MDM_ZEROS;
    word = word * 10 + (word >> 8);
    return ((word & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x000f424000000064) +
            (word >> 16 & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x0000271000000001)) >>
           32;
}

/* The last eight of '0', '0', ... and len bytes: 1 <= len <= 8. */
static inline uint64_t mdm_align_digits(const char *at, size_t len)
{
    if (len >= 4) {
        uint32_t head, tail;
        memcpy(&head, at, sizeof head);
        memcpy(&tail, at + len - 4, sizeof tail);
        uint64_t front = ((uint64_t)head << 8 * (8 - len)) & UINT32_MAX;
        uint64_t padding = MDM_ZEROS & ((UINT64_C(1) << 8 * (8 - len)) - 1); /* at most 32 bits */
        return front | padding | (uint64_t)tail << 32;
    }
    /* Up to three bytes: some of these are the same one. */
    uint64_t first = (unsigned char)at[0], middle = (unsigned char)at[len / 2];
    uint64_t last = (unsigned char)at[len - 1];
    uint64_t word = MDM_ZEROS & UINT64_C(0x000000ffffffffff);
    first = len == 3 ? first : '0';
    middle = len == 1 ? '0' : len == 2 ? (unsigned char)at[0] : middle;
    return word | first << 40 | middle << 48 | last << 56;
}

/* The last sixteen of '0', '0', ... and len bytes: 1 <= len <= 16. */
static inline void mdm_align_digits16(const char *at, size_t len, uint64_t *high, uint64_t *low)
{
    if (len <= 8) {
        *high = MDM_ZEROS;
        *low = mdm_align_digits(at, len);
        return;
    }
    *low = mdm_load8(at + len - 8);
    size_t bits = 8 * (16 - len); /* 0 to 56 */
    *high = mdm_load8(at) << bits | (MDM_ZEROS & ((UINT64_C(1) << bits) - 1));
}

#endif
