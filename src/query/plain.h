/* plain.h - the tokens of which most statements consist, read without ceremony. */
#ifndef MDM_QUERY_PLAIN_H
#define MDM_QUERY_PLAIN_H

#include "query/statement.h"
#include "query/writer.h"

#define PLAIN_WINDOW 2048u

/* A copy of a part of the text with zeros behind it: so no byte needs to be asked whether it is the
 * last one. */
typedef struct plain {
    const char *from, *to; /* the part; NULL: none yet */
    char bytes[PLAIN_WINDOW + 2 * KEYWORD_MAX];
} plain;

static inline void plain_init(plain *p)
{
    p->from = p->to = NULL;
}

/* Read and write as many tokens as are plain; stops in front of the first that is not. The writer
 * holds nothing. last: the token before, then the last one read. Gives the same result as
 * lexer_next(), statement_read() and writer_write() for each. */
void plain_read(plain *p, lexer *lx, writer *w, statement *s, token *last, uint32_t *parameters);

#endif
