/* frequency.h - how often each distinct value occurs, exactly, as long as there are not too many.
 *
 * Values are 64-bit words, or texts; texts of up to 7 bytes are words too, holding their length.
 * Open addressing; a value that was added stays. */
#ifndef MDM_DATA_FREQUENCY_H
#define MDM_DATA_FREQUENCY_H

#include <string.h>

#include "mdm/base.h"

typedef struct mdm_word_count {
    uint64_t word;
    uint64_t count; /* 0: free */
} mdm_word_count;

typedef struct mdm_text_count {
    uint64_t hash;
    uint64_t count;   /* 0: free */
    uint32_t at, len; /* in texts */
} mdm_text_count;

typedef struct mdm_frequency {
    mdm_word_count *words;
    mdm_text_count *longs;
    char *texts;
    size_t word_slots, word_count; /* slots: a power of two */
    size_t long_slots, long_count;
    size_t text_size, text_len;
    size_t limit;  /* distinct values */
    size_t budget; /* bytes of all of the above */
} mdm_frequency;

typedef enum mdm_added { MDM_ADDED, MDM_ADDED_NEW, MDM_ADD_FULL, MDM_ADD_NO_MEMORY } mdm_added;

void mdm_frequency_init(mdm_frequency *frequency, size_t limit, size_t budget);
void mdm_frequency_clear(mdm_frequency *frequency);

/* Slow halves of the functions below. */
mdm_added mdm_frequency_new_word(mdm_frequency *f, uint64_t word, uint64_t count);
mdm_added mdm_frequency_new_long(mdm_frequency *f, mdm_str text, uint64_t hash, uint64_t count);

static inline size_t mdm_frequency_distinct(const mdm_frequency *f)
{
    return f->word_count + f->long_count;
}

static inline size_t mdm_word_slot(uint64_t word, size_t slots)
{
    word ^= word >> 32;
    return (size_t)(word * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (slots - 1);
}

/* The word's entry, or a free one, or NULL while there is no table. */
static inline mdm_word_count *mdm_frequency_find_word(mdm_frequency *f, uint64_t word)
{
    if (!f->word_slots) return NULL;
    size_t at = mdm_word_slot(word, f->word_slots);
    while (f->words[at].word != word && f->words[at].count)
        at = (at + 1) & (f->word_slots - 1);
    return &f->words[at];
}

/* FULL: limit or budget is reached and the value is new: it is not counted. */
static inline mdm_added mdm_frequency_add_word(mdm_frequency *f, uint64_t word, uint64_t count)
{
    mdm_word_count *entry = mdm_frequency_find_word(f, word);
    if (!entry || !entry->count) return mdm_frequency_new_word(f, word, count);
    entry->count += count;
    return MDM_ADDED;
}

/* Texts of up to 7 bytes as words: bytes from the low end, length in the highest. */
enum { MDM_SHORT_TEXT = 7 };

static inline uint64_t mdm_short_text(const char *data, size_t len)
{
    uint64_t word = 0;
    if (len >= 4) {
        uint32_t head, tail;
        memcpy(&head, data, sizeof head);
        memcpy(&tail, data + len - 4, sizeof tail);
        word = head | (uint64_t)tail << 8 * (len - 4);
    } else if (len) {
        word = (unsigned char)data[0];
        word |= (uint64_t)(unsigned char)data[len / 2] << 8 * (len / 2);
        word |= (uint64_t)(unsigned char)data[len - 1] << 8 * (len - 1);
    }
    return word | (uint64_t)len << 56;
}

static inline size_t mdm_short_text_read(uint64_t word, char *data)
{
    size_t len = (size_t)(word >> 56);
    for (size_t i = 0; i < len; i++)
        data[i] = (char)(word >> 8 * i);
    return len;
}

static inline mdm_added mdm_frequency_add_long(mdm_frequency *f, mdm_str text, uint64_t hash,
                                               uint64_t count)
{
    if (f->long_slots) {
        size_t at = (size_t)hash & (f->long_slots - 1);
        for (; f->longs[at].count; at = (at + 1) & (f->long_slots - 1)) {
            mdm_text_count *entry = &f->longs[at];
            if (entry->hash != hash || entry->len != text.len ||
                memcmp(f->texts + entry->at, text.data, text.len) != 0)
                continue;
            entry->count += count;
            return MDM_ADDED;
        }
    }
    return mdm_frequency_new_long(f, text, hash, count);
}

#endif
