#include "data/typing_words.h"

#include "base/alloc.h"
#include "base/text.h"
#include "data/typing_class.h"

/* The list of pandas. */
static const char *const usual[] = {
    "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
    "<NA>", "N/A",      "NA",  "NULL",    "NaN",      "None", "n/a",  "nan",    "null",
};
enum { USUAL_COUNT = sizeof usual / sizeof *usual };

static void add_length(mdm_words *words, const char *word)
{
    mdm_str text = mdm_str_from(word);
    if (text.len == 0) return; /* empty is "no value" anyway */
    words->lengths[(unsigned char)word[0]] |= UINT32_C(1) << (text.len < 31 ? text.len : 31);
}

static bool is_value(const char *word)
{
    mdm_str text = mdm_str_from(word);
    double real;
    mdm_moment moment;
    return mdm_class_bool(text) || mdm_class_number(text, true, CLASS_ANY, &real) ||
           mdm_class_date(text, &moment);
}

mdm_status mdm_words_open(const char *const *extra, size_t count, mdm_words *out, mdm_error *err)
{
    *out = (mdm_words){0};
    for (size_t i = 0; i < USUAL_COUNT; i++)
        add_length(out, usual[i]);
    if (count == 0) return MDM_OK;
    out->items = mdm_alloc_zero(count, sizeof *out->items);
    if (!out->items) return mdm_no_memory(err, "words for no value");
    for (; out->count < count; out->count++) {
        out->items[out->count] = mdm_strdup(extra[out->count]);
        if (!out->items[out->count]) {
            mdm_words_clear(out);
            return mdm_no_memory(err, "words for no value");
        }
        add_length(out, extra[out->count]);
        out->any_value |= is_value(extra[out->count]);
    }
    return MDM_OK;
}

void mdm_words_clear(mdm_words *words)
{
    for (size_t i = 0; i < words->count; i++)
        mdm_free(words->items[i]);
    mdm_free(words->items);
    *words = (mdm_words){0};
}

bool mdm_words_search(const mdm_words *words, mdm_str text)
{
    for (size_t i = 0; i < USUAL_COUNT; i++)
        if (mdm_str_equal(text, mdm_str_from(usual[i]))) return true;
    for (size_t i = 0; i < words->count; i++)
        if (mdm_str_equal(text, mdm_str_from(words->items[i]))) return true;
    return false;
}
