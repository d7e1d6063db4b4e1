/* Distinct values: counted in a table until it is full, from then on estimated by a sketch. */
#include "base/alloc.h"
#include "base/hash.h"
#include "data/profile_state.h"

/* Everything counted so far goes into a sketch. */
static bool begin_estimate(mdm_profiled *p)
{
    mdm_frequency *f = &p->frequency;
    p->sketch = mdm_alloc_zero(1, sizeof *p->sketch);
    if (!p->sketch) return false;
    for (size_t i = 0; i < f->word_slots; i++) {
        if (!f->words[i].count) continue;
        p->repeated |= f->words[i].count > 1;
        mdm_sketch_add(p->sketch, mdm_mix(f->words[i].word));
    }
    for (size_t i = 0; i < f->long_slots; i++) {
        if (!f->longs[i].count) continue;
        p->repeated |= f->longs[i].count > 1;
        mdm_sketch_add(p->sketch, f->longs[i].hash);
    }
    mdm_frequency_clear(f);
    return true;
}

static bool is_text_word(const mdm_profiled *p)
{
    return p->kind == MDM_PROFILE_BYTES;
}

mdm_profile_value mdm_profile_word_value(const mdm_profiled *p, uint64_t word, char *room)
{
    mdm_profile_value value = {.integer = (int64_t)word};
    if (p->kind == MDM_PROFILE_REAL) memcpy(&value.real, &word, sizeof word);
    if (is_text_word(p)) {
        size_t len = mdm_short_text_read(word, room);
        value.bytes = (mdm_str){room, len};
    }
    return value;
}

/* What is new among the words: the table may grow, and the sample. */
static mdm_added count_new_word(mdm_profiled *p, uint64_t word)
{
    mdm_added added = mdm_frequency_new_word(&p->frequency, word, 1);
    if (added != MDM_ADDED_NEW) return added;
    if (p->sample_count == MDM_PROFILE_SAMPLE && !is_text_word(p)) return added;
    char room[8];
    mdm_profile_value value = mdm_profile_word_value(p, word, room);
    mdm_profile_fresh(p, &value);
    return added;
}

/* How many of the words were counted before the table was full. */
static size_t count_words(mdm_profiled *p, const uint64_t *words, size_t count, mdm_added *last)
{
    mdm_frequency *f = &p->frequency;
    *last = MDM_ADDED;
    for (size_t i = 0; i < count; i++) {
        mdm_word_count *entry = mdm_frequency_find_word(f, words[i]);
        if (entry && entry->count) {
            entry->count++;
            continue;
        }
        mdm_added added = count_new_word(p, words[i]);
        if (added != MDM_ADDED_NEW) return *last = added, i;
    }
    return count;
}

/* From here on texts are not looked up: each may be the smallest or largest. */
static void fresh_words(mdm_profiled *p, const uint64_t *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char room[8];
        mdm_profile_value value = mdm_profile_word_value(p, words[i], room);
        mdm_profile_fresh(p, &value);
    }
}

bool mdm_profile_words(mdm_profiled *p, const uint64_t *words, size_t count)
{
    size_t at = 0;
    if (!p->sketch) {
        mdm_added last;
        at = count_words(p, words, count, &last);
        if (at == count) return true;
        if (last == MDM_ADD_NO_MEMORY || !begin_estimate(p)) return false;
        if (is_text_word(p)) fresh_words(p, words + at, count - at);
    }
    for (; at < count; at++)
        mdm_sketch_add(p->sketch, mdm_mix(words[at]));
    return true;
}

/* The value as min, max and sample have it. */
static mdm_profile_value value_of(const mdm_profiled *p, mdm_str bytes)
{
    mdm_profile_value value = {.bytes = bytes};
    if (p->kind == MDM_PROFILE_WIDE) memcpy(&value.decimal, bytes.data, sizeof value.decimal);
    return value;
}

bool mdm_profile_long(mdm_profiled *p, mdm_str bytes)
{
    uint64_t hash = mdm_hash(bytes);
    if (!p->sketch) {
        mdm_added added = mdm_frequency_add_long(&p->frequency, bytes, hash, 1);
        if (added == MDM_ADDED) return true;
        mdm_profile_value value = value_of(p, bytes);
        mdm_profile_fresh(p, &value);
        if (added == MDM_ADDED_NEW) return true;
        if (added == MDM_ADD_NO_MEMORY || !begin_estimate(p)) return false;
    }
    mdm_sketch_add(p->sketch, hash);
    return true;
}

/* --- merging -------------------------------------------------------------------------- */

/* Words and texts of other, as long as there is room. */
static mdm_added count_others(mdm_profiled *p, const mdm_frequency *other)
{
    mdm_added added = MDM_ADDED;
    for (size_t i = 0; i < other->word_slots && added <= MDM_ADDED_NEW; i++)
        if (other->words[i].count)
            added =
                mdm_frequency_add_word(&p->frequency, other->words[i].word, other->words[i].count);
    for (size_t i = 0; i < other->long_slots && added <= MDM_ADDED_NEW; i++) {
        const mdm_text_count *entry = &other->longs[i];
        mdm_str text = {other->texts + entry->at, entry->len};
        if (entry->count)
            added = mdm_frequency_add_long(&p->frequency, text, entry->hash, entry->count);
    }
    return added;
}

static void estimate_others(mdm_profiled *p, const mdm_frequency *other)
{
    for (size_t i = 0; i < other->word_slots; i++)
        if (other->words[i].count) mdm_sketch_add(p->sketch, mdm_mix(other->words[i].word));
    for (size_t i = 0; i < other->long_slots; i++)
        if (other->longs[i].count) mdm_sketch_add(p->sketch, other->longs[i].hash);
}

static bool has_repeated(const mdm_frequency *f)
{
    for (size_t i = 0; i < f->word_slots; i++)
        if (f->words[i].count > 1) return true;
    for (size_t i = 0; i < f->long_slots; i++)
        if (f->longs[i].count > 1) return true;
    return false;
}

bool mdm_profile_distinct_merge(mdm_profiled *p, const mdm_profiled *other)
{
    p->repeated |= other->repeated || has_repeated(&other->frequency);
    if (!p->sketch && !other->sketch) {
        mdm_added added = count_others(p, &other->frequency);
        if (added <= MDM_ADDED_NEW) return true;
        if (added == MDM_ADD_NO_MEMORY) return false;
    }
    if (!p->sketch && !begin_estimate(p)) return false;
    if (other->sketch) mdm_sketch_merge(p->sketch, other->sketch);
    else estimate_others(p, &other->frequency);
    return true;
}
