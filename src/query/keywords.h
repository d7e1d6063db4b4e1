/* The words of SQL that the lexer must know: to tell a statement's class, and to tell a sign from
 * an operator. Found by one multiplication and one comparison. */
#ifndef MDM_QUERY_KEYWORDS_H
#define MDM_QUERY_KEYWORDS_H

#include <stdatomic.h>
#include <string.h>

#include "mdm/base.h"

/* Words that play a part in telling what a statement does. */
/* clang-format off */
#define KEYWORD_LIST(X)                                                                          \
    X(FALSE, "false") X(IN, "in") X(NULL, "null") X(TRUE, "true")                                \
    X(ALTER, "alter") X(ANALYZE, "analyze") X(ATOMIC, "atomic") X(BEGIN, "begin")                \
    X(COMMENT, "comment") X(CREATE, "create") X(DELETE, "delete") X(DESC, "desc")                \
    X(DESCRIBE, "describe") X(DISTINCT, "distinct") X(DROP, "drop") X(END, "end")                \
    X(EXCEPT, "except") X(EXPLAIN, "explain") X(FETCH, "fetch") X(FILTER, "filter")              \
    X(FOR, "for") X(FROM, "from") X(FUNCTION, "function") X(GRANT, "grant") X(GROUP, "group")    \
    X(HAVING, "having") X(INSERT, "insert") X(INTERSECT, "intersect") X(INTO, "into")            \
    X(IS, "is") X(JOIN, "join") X(KEY, "key") X(LIMIT, "limit") X(MERGE, "merge") X(NO, "no")    \
    X(NOT, "not") X(OFFSET, "offset") X(ORDER, "order") X(OVER, "over") X(PIVOT, "pivot")        \
    X(PRAGMA, "pragma") X(PROCEDURE, "procedure") X(REPLACE, "replace")                          \
    X(RETURNING, "returning") X(REVOKE, "revoke") X(SELECT, "select") X(SHARE, "share")          \
    X(SHOW, "show") X(SUMMARIZE, "summarize") X(TABLE, "table") X(TRIGGER, "trigger")            \
    X(TRUNCATE, "truncate") X(UNION, "union") X(UNPIVOT, "unpivot") X(UPDATE, "update")          \
    X(VALUES, "values") X(WHERE, "where") X(WINDOW, "window") X(WITH, "with")
/* clang-format on */

typedef enum keyword {
    KEYWORD_NONE,
#define X(name, word) KEYWORD_##name,
    KEYWORD_LIST(X)
#undef X
        KEYWORD_AGGREGATE, /* a function that turns many rows into one */
    KEYWORD_EXTREME,       /* likewise; with two arguments an ordinary function on SQLite */
    KEYWORD_RESERVED       /* any other word that is no name */
} keyword;

/* The first words of the list are values or begin a list of values. */
#define KEYWORD_LAST_SPECIAL KEYWORD_TRUE

/* A word of at most KEYWORD_MAX bytes, in lower case, zero-padded. */
#define KEYWORD_MAX 16u
typedef struct keyword_text {
    uint64_t half[2];
} keyword_text;

#define KEYWORD_ONES 0x0101010101010101u
#define KEYWORD_TOPS 0x8080808080808080u

/* Bytes 'A' to 'Z' to lower case, all eight at once. */
static inline uint64_t keyword_lower(uint64_t bytes)
{
    uint64_t low = bytes & ~KEYWORD_TOPS;
    uint64_t from_a = low + KEYWORD_ONES * (0x80 - 'A');
    uint64_t above_z = low + KEYWORD_ONES * (0x7f - 'Z');
    return bytes | ((from_a ^ above_z) & ~bytes & KEYWORD_TOPS) >> 2;
}

/* The lowest 0 to 8 bytes. */
static const uint64_t keyword_masks[] = {
    0,
    UINT64_MAX >> 56,
    UINT64_MAX >> 48,
    UINT64_MAX >> 40,
    UINT64_MAX >> 32,
    UINT64_MAX >> 24,
    UINT64_MAX >> 16,
    UINT64_MAX >> 8,
    UINT64_MAX,
};

/* The first len (0 to 8) of eight bytes in memory order; the rest zero. */
static inline uint64_t keyword_keep(uint64_t bytes, size_t len)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return bytes & keyword_masks[len];
#else
    return bytes & ~keyword_masks[8 - len];
#endif
}

/* A word of at most KEYWORD_MAX bytes. */
static inline keyword_text keyword_fold(const char *word, size_t len)
{
    keyword_text text = {{0, 0}};
    memcpy(&text, word, len);
    text.half[0] = keyword_lower(text.half[0]);
    text.half[1] = keyword_lower(text.half[1]);
    return text;
}

/* The same where KEYWORD_MAX bytes can be read, whatever they are behind the word. */
static inline keyword_text keyword_fold_padded(const char *word, size_t len)
{
    keyword_text text = {{0, 0}};
    memcpy(&text.half[0], word, 8);
    if (len > 8) {
        memcpy(&text.half[1], word + 8, 8);
        text.half[1] = keyword_lower(keyword_keep(text.half[1], len - 8));
    } else {
        text.half[0] = keyword_keep(text.half[0], len);
    }
    text.half[0] = keyword_lower(text.half[0]);
    return text;
}

/* --- the table --------------------------------------------------------------- */

typedef struct keyword_entry {
    keyword_text text;
    keyword word;
    bool reserved; /* a value can follow it, but no operator with two sides: after SELECT, - is
                      a sign */
} keyword_entry;

#define KEYWORD_SLOTS 512u /* a power of two, several times the number of words */

extern keyword_entry keyword_entries[];
extern uint8_t keyword_slots[KEYWORD_SLOTS]; /* places in keyword_entries; 0 is no word */
extern uint32_t keyword_lengths[32]; /* by the low bits of the first byte: a bit for each length */
extern atomic_bool keyword_ready;

void keyword_fill(void); /* from any thread; once is enough */

static inline void keyword_prepare(void)
{
    if (!atomic_load_explicit(&keyword_ready, memory_order_acquire)) keyword_fill();
}

static inline size_t keyword_slot(keyword_text text)
{
    uint64_t mixed = text.half[0] * 0x9e3779b97f4a7c15u ^ text.half[1] * 0xc2b2ae3d27d4eb4fu;
    return (size_t)(mixed >> 55);
}

/* Can a word that begins so and is so long be one? Most names cannot. */
static inline bool keyword_may_be(char first, size_t len)
{
    return (keyword_lengths[(unsigned char)first & 31] >> len & 1) != 0;
}

/* Never NULL: an entry of KEYWORD_NONE for any other word. */
static inline const keyword_entry *keyword_find(keyword_text text)
{
    for (size_t slot = keyword_slot(text);; slot = (slot + 1) & (KEYWORD_SLOTS - 1)) {
        const keyword_entry *entry = &keyword_entries[keyword_slots[slot]];
        if (entry->word == KEYWORD_NONE ||
            (entry->text.half[0] == text.half[0] && entry->text.half[1] == text.half[1]))
            return entry;
    }
}

#endif
