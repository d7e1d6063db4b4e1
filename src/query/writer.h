/* writer.h - the normal form of a text, written token by token. */
#ifndef MDM_QUERY_WRITER_H
#define MDM_QUERY_WRITER_H

#include "query/lexer.h"

#define WRITER_BLOCK 4096u /* bytes hashed at once; part of what a fingerprint is */
#define WRITER_SLACK 32u   /* room behind it, so that a short token is written without asking */

typedef enum list_state {
    LIST_NONE,
    LIST_IN,   /* after IN */
    LIST_OPEN, /* and its parenthesis */
    LIST_ITEM, /* after a value, which was written */
    LIST_COMMA /* after a comma, which was not */
} list_state;

typedef struct writer {
    char *normalised; /* the caller's, or NULL */
    size_t size, copied;
    bool cut;          /* it did not hold all */
    uint64_t hash;     /* of the full blocks */
    size_t used;       /* of block */
    token_kind shown;  /* the last token written */
    token_kind before; /* the last token met, written or not */
    bool semicolon;    /* one waits for a statement to follow */
    list_state list;
    const char *signs, *signs_end; /* signs waiting for a value to vanish with; NULL: none */
    mdm_sql_dialect dialect;
    char block[WRITER_BLOCK + WRITER_SLACK];
} writer;

void writer_init(writer *w, mdm_sql_dialect dialect, char *normalised, size_t size);
/* The token that follows `before`. */
void writer_write(writer *w, const token *t, const token *before);
void writer_flush(writer *w); /* the block is full */
/* The end: the hash of all; normalised is closed with NUL. */
uint64_t writer_finish(writer *w);

/* Is anything held back until more is known? */
static inline bool writer_holds(const writer *w)
{
    return w->list != LIST_NONE || w->signs || w->semicolon;
}

/* Kinds after which a token of a kind follows without a blank. */
extern const uint32_t writer_glued_after[TOKEN_KIND_COUNT];

static inline bool writer_needs_blank(token_kind kind, token_kind shown)
{
    return !(writer_glued_after[kind] >> shown & 1);
}

/* A word of at most KEYWORD_MAX bytes; there is room for KEYWORD_MAX. The halves are copied one by
 * one: they were stored so, and a wider load would wait for both. */
static inline char *writer_put_word(char *to, const keyword_text *text, size_t len)
{
    memcpy(to, &text->half[0], 8);
    if (len > 8) memcpy(to + 8, &text->half[1], 8);
    return to + len;
}

#endif
