/* "did you mean": edit distance in which two swapped neighbours count once. Letters of either case
 * are the same, so that a word in the wrong case is its own nearest one. */
#include <string.h>

#include "base/text.h"

#define WORD_MAX 96u /* longer words get no suggestion */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool same(char a, char b)
{
    return lower(a) == lower(b);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t distance(mdm_str a, mdm_str b)
{
    size_t rows[3][WORD_MAX + 1]; /* the row before last, the last, the one being made */
    size_t *older = rows[0], *old = rows[1], *row = rows[2];
    for (size_t k = 0; k <= b.len; k++)
        old[k] = k;
    for (size_t i = 1; i <= a.len; i++) {
        row[0] = i;
        for (size_t k = 1; k <= b.len; k++) {
            const bool equal = same(a.data[i - 1], b.data[k - 1]);
            row[k] = least(least(old[k], row[k - 1]) + 1, old[k - 1] + !equal);
            if (i > 1 && k > 1 && same(a.data[i - 1], b.data[k - 2]) &&
                same(a.data[i - 2], b.data[k - 1]))
                row[k] = least(row[k], older[k - 2] + 1);
        }
        size_t *const spare = older;
        older = old;
        old = row;
        row = spare;
    }
    return old[b.len];
}

const char *mdm_nearest(mdm_str word, const char *const *candidates, size_t count)
{
    if (word.len == 0 || word.len > WORD_MAX) return NULL;
    const char *nearest = NULL;
    size_t shortest = word.len / 3 + 1; /* to be gone below */
    for (size_t i = 0; i < count; i++) {
        const mdm_str candidate = mdm_str_from(candidates[i]);
        if (candidate.len > WORD_MAX) continue;
        const size_t edits = distance(word, candidate);
        if (edits < shortest) {
            shortest = edits;
            nearest = candidates[i];
        }
    }
    return nearest;
}
