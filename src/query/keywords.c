/* A word of up to 16 bytes is two machine words; folding its case, hashing and comparing it are
 * a handful of instructions without a loop. */
#include "query/keywords.h"

#include <pthread.h>
#include <string.h>

static const struct {
    const char *text;
    uint8_t word;
} words[] = {
#define X(name, text) {text, KEYWORD_##name},
    KEYWORD_LIST(X)
#undef X
    /* clang-format off */
    {"analyse", KEYWORD_ANALYZE},
    {"all", KEYWORD_RESERVED}, {"and", KEYWORD_RESERVED}, {"as", KEYWORD_RESERVED},
    {"between", KEYWORD_RESERVED}, {"by", KEYWORD_RESERVED}, {"case", KEYWORD_RESERVED},
    {"else", KEYWORD_RESERVED}, {"escape", KEYWORD_RESERVED}, {"exists", KEYWORD_RESERVED},
    {"glob", KEYWORD_RESERVED}, {"ilike", KEYWORD_RESERVED}, {"like", KEYWORD_RESERVED},
    {"on", KEYWORD_RESERVED}, {"or", KEYWORD_RESERVED}, {"qualify", KEYWORD_RESERVED},
    {"regexp", KEYWORD_RESERVED}, {"set", KEYWORD_RESERVED}, {"then", KEYWORD_RESERVED},
    {"using", KEYWORD_RESERVED}, {"when", KEYWORD_RESERVED},
    {"any_value", KEYWORD_AGGREGATE}, {"arg_max", KEYWORD_AGGREGATE},
    {"arg_min", KEYWORD_AGGREGATE}, {"array_agg", KEYWORD_AGGREGATE}, {"avg", KEYWORD_AGGREGATE},
    {"bit_and", KEYWORD_AGGREGATE}, {"bit_or", KEYWORD_AGGREGATE},
    {"bit_xor", KEYWORD_AGGREGATE}, {"bool_and", KEYWORD_AGGREGATE},
    {"bool_or", KEYWORD_AGGREGATE}, {"corr", KEYWORD_AGGREGATE}, {"count", KEYWORD_AGGREGATE},
    {"covar_pop", KEYWORD_AGGREGATE}, {"covar_samp", KEYWORD_AGGREGATE},
    {"every", KEYWORD_AGGREGATE}, {"first", KEYWORD_AGGREGATE},
    {"group_concat", KEYWORD_AGGREGATE}, {"histogram", KEYWORD_AGGREGATE},
    {"json_agg", KEYWORD_AGGREGATE}, {"json_group_array", KEYWORD_AGGREGATE},
    {"jsonb_agg", KEYWORD_AGGREGATE}, {"kurtosis", KEYWORD_AGGREGATE},
    {"last", KEYWORD_AGGREGATE}, {"list", KEYWORD_AGGREGATE}, {"mean", KEYWORD_AGGREGATE},
    {"median", KEYWORD_AGGREGATE}, {"mode", KEYWORD_AGGREGATE},
    {"percentile_cont", KEYWORD_AGGREGATE}, {"percentile_disc", KEYWORD_AGGREGATE},
    {"product", KEYWORD_AGGREGATE}, {"quantile", KEYWORD_AGGREGATE},
    {"quantile_cont", KEYWORD_AGGREGATE}, {"quantile_disc", KEYWORD_AGGREGATE},
    {"regr_slope", KEYWORD_AGGREGATE}, {"skewness", KEYWORD_AGGREGATE},
    {"stddev", KEYWORD_AGGREGATE}, {"stddev_pop", KEYWORD_AGGREGATE},
    {"stddev_samp", KEYWORD_AGGREGATE}, {"string_agg", KEYWORD_AGGREGATE},
    {"sum", KEYWORD_AGGREGATE}, {"total", KEYWORD_AGGREGATE}, {"var_pop", KEYWORD_AGGREGATE},
    {"var_samp", KEYWORD_AGGREGATE}, {"variance", KEYWORD_AGGREGATE},
    {"max", KEYWORD_EXTREME}, {"min", KEYWORD_EXTREME},
    /* clang-format on */
};

#define WORDS (sizeof words / sizeof *words)
_Static_assert(WORDS < 256, "a slot is one byte");

keyword_entry keyword_entries[WORDS + 1]; /* the first is for words that are none */
uint8_t keyword_slots[KEYWORD_SLOTS];
uint32_t keyword_lengths[32];
atomic_bool keyword_ready;

/* Words of the list that can be names too. */
static bool is_reserved(keyword word)
{
    switch (word) {
    case KEYWORD_NONE:
    case KEYWORD_AGGREGATE:
    case KEYWORD_EXTREME:
    case KEYWORD_ANALYZE:
    case KEYWORD_ATOMIC:
    case KEYWORD_BEGIN:
    case KEYWORD_COMMENT:
    case KEYWORD_DESC:
    case KEYWORD_DESCRIBE:
    case KEYWORD_END:
    case KEYWORD_FALSE:
    case KEYWORD_FUNCTION:
    case KEYWORD_KEY:
    case KEYWORD_NO:
    case KEYWORD_NULL:
    case KEYWORD_PIVOT:
    case KEYWORD_PRAGMA:
    case KEYWORD_PROCEDURE:
    case KEYWORD_REPLACE:
    case KEYWORD_SHARE:
    case KEYWORD_SHOW:
    case KEYWORD_SUMMARIZE:
    case KEYWORD_TRIGGER:
    case KEYWORD_TRUE:
    case KEYWORD_UNPIVOT: return false;
    default: return true;
    }
}

static void fill(void)
{
    for (size_t i = 0; i < WORDS; i++) {
        keyword_entry *entry = &keyword_entries[i + 1];
        memcpy(&entry->text, words[i].text, strlen(words[i].text));
        entry->word = (keyword)words[i].word;
        entry->reserved = is_reserved(entry->word);
        keyword_lengths[words[i].text[0] & 31] |= 1u << strlen(words[i].text);
        size_t slot = keyword_slot(entry->text);
        while (keyword_slots[slot] != 0)
            slot = (slot + 1) & (KEYWORD_SLOTS - 1);
        keyword_slots[slot] = (uint8_t)(i + 1);
    }
    atomic_store_explicit(&keyword_ready, true, memory_order_release);
}

void keyword_fill(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, fill);
}
