#include "data/frequency.h"

#include "base/alloc.h"

enum { FIRST_SLOTS = 64, FIRST_TEXT = 1024 };

void mdm_frequency_init(mdm_frequency *f, size_t limit, size_t budget)
{
    *f = (mdm_frequency){.limit = limit, .budget = budget};
}

void mdm_frequency_clear(mdm_frequency *f)
{
    mdm_free(f->words);
    mdm_free(f->longs);
    mdm_free(f->texts);
    mdm_frequency_init(f, f->limit, f->budget);
}

static size_t bytes_of(size_t word_slots, size_t long_slots, size_t text_size)
{
    return word_slots * sizeof(mdm_word_count) + long_slots * sizeof(mdm_text_count) + text_size;
}

/* Tables are at most five eighths full: in the first cache level as long as may be. */
static size_t slots_for(size_t slots, size_t count)
{
    if (slots == 0) return FIRST_SLOTS;
    return 8 * (count + 1) > 5 * slots ? slots * 2 : slots;
}

static void place_word(mdm_word_count *words, size_t slots, uint64_t word, uint64_t count)
{
    size_t at = mdm_word_slot(word, slots);
    while (words[at].count)
        at = (at + 1) & (slots - 1);
    words[at] = (mdm_word_count){word, count};
}

static mdm_added grow_words(mdm_frequency *f)
{
    size_t slots = slots_for(f->word_slots, f->word_count);
    if (slots == f->word_slots) return MDM_ADDED;
    if (bytes_of(slots, f->long_slots, f->text_size) > f->budget) return MDM_ADD_FULL;
    mdm_word_count *words = mdm_alloc_zero(slots, sizeof *words);
    if (!words) return MDM_ADD_NO_MEMORY;
    for (size_t i = 0; i < f->word_slots; i++)
        if (f->words[i].count) place_word(words, slots, f->words[i].word, f->words[i].count);
    mdm_free(f->words);
    f->words = words;
    f->word_slots = slots;
    return MDM_ADDED;
}

mdm_added mdm_frequency_new_word(mdm_frequency *f, uint64_t word, uint64_t count)
{
    if (mdm_frequency_distinct(f) >= f->limit) return MDM_ADD_FULL;
    mdm_added grown = grow_words(f);
    if (grown != MDM_ADDED) return grown;
    place_word(f->words, f->word_slots, word, count);
    f->word_count++;
    return MDM_ADDED_NEW;
}

static void place_long(mdm_text_count *longs, size_t slots, mdm_text_count entry)
{
    size_t at = (size_t)entry.hash & (slots - 1);
    while (longs[at].count)
        at = (at + 1) & (slots - 1);
    longs[at] = entry;
}

static mdm_added grow_longs(mdm_frequency *f)
{
    size_t slots = slots_for(f->long_slots, f->long_count);
    if (slots == f->long_slots) return MDM_ADDED;
    if (bytes_of(f->word_slots, slots, f->text_size) > f->budget) return MDM_ADD_FULL;
    mdm_text_count *longs = mdm_alloc_zero(slots, sizeof *longs);
    if (!longs) return MDM_ADD_NO_MEMORY;
    for (size_t i = 0; i < f->long_slots; i++)
        if (f->longs[i].count) place_long(longs, slots, f->longs[i]);
    mdm_free(f->longs);
    f->longs = longs;
    f->long_slots = slots;
    return MDM_ADDED;
}

static mdm_added grow_texts(mdm_frequency *f, size_t len)
{
    size_t size = f->text_size ? f->text_size : FIRST_TEXT;
    while (size - f->text_len < len)
        size *= 2;
    if (size == f->text_size) return MDM_ADDED;
    if (size > UINT32_MAX || bytes_of(f->word_slots, f->long_slots, size) > f->budget)
        return MDM_ADD_FULL;
    char *texts = mdm_realloc(f->texts, size);
    if (!texts) return MDM_ADD_NO_MEMORY;
    f->texts = texts;
    f->text_size = size;
    return MDM_ADDED;
}

mdm_added mdm_frequency_new_long(mdm_frequency *f, mdm_str text, uint64_t hash, uint64_t count)
{
    if (mdm_frequency_distinct(f) >= f->limit || text.len > f->budget) return MDM_ADD_FULL;
    mdm_added grown = grow_longs(f);
    if (grown == MDM_ADDED) grown = grow_texts(f, text.len);
    if (grown != MDM_ADDED) return grown;
    memcpy(f->texts + f->text_len, text.data, text.len);
    mdm_text_count entry = {hash, count, (uint32_t)f->text_len, (uint32_t)text.len};
    place_long(f->longs, f->long_slots, entry);
    f->text_len += text.len;
    f->long_count++;
    return MDM_ADDED_NEW;
}
