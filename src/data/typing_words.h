/* typing_words.h - words that stand for "no value". Internal to typing. */
#ifndef MDM_DATA_TYPING_WORDS_H
#define MDM_DATA_TYPING_WORDS_H

#include "mdm/base.h"

typedef struct mdm_words {
    char **items; /* those of the user, copied */
    size_t count;
    uint32_t lengths[256]; /* by first byte: bit n set: some word of n bytes begins so */
    bool any_value;        /* one of the user's is a number, date or truth value otherwise */
} mdm_words;

MDM_MUST_CHECK mdm_status mdm_words_open(const char *const *extra, size_t count, mdm_words *out,
                                         mdm_error *err);
void mdm_words_clear(mdm_words *words);

bool mdm_words_search(const mdm_words *words, mdm_str text);

/* Most cells are sorted out by their length and first byte. */
static inline bool mdm_words_have(const mdm_words *words, mdm_str text)
{
    if (text.len == 0) return false;
    unsigned bit = text.len < 31 ? (unsigned)text.len : 31;
    return (words->lengths[(unsigned char)text.data[0]] >> bit & 1) &&
           mdm_words_search(words, text);
}

#endif
