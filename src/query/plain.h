/* plain.h - the tokens of which most statements consist, read without ceremony. */
#ifndef MDM_QUERY_PLAIN_H
#define MDM_QUERY_PLAIN_H

#include "query/statement.h"
#include "query/writer.h"

/* Read and write as many tokens as are plain; stops in front of the first that is not. The verb is
 * known and the writer holds nothing. last: the token before, then the last one read. Gives the
 * same result as lexer_next(), statement_read() and writer_write() for each. */
void plain_read(lexer *lx, writer *w, statement *s, token *last, uint32_t *parameters);

#endif
