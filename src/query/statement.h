/* Watches the tokens of a text go by and tells what each statement does. */
#ifndef MDM_QUERY_STATEMENT_H
#define MDM_QUERY_STATEMENT_H

#include "query/lexer.h"

/* What is known of the statement that is being read. The bit fields have one bit for each level
 * of parentheses; levels beyond 63 are not told apart. */
typedef struct statement {
    mdm_sql_dialect dialect;
    bool begun;   /* a token was met */
    bool known;   /* its verb is */
    bool watch;   /* every token matters: the verb or a pragma's parts are looked for */
    keyword verb; /* KEYWORD_NONE once known: none that matters */
    bool with, explain, analyze;
    bool writes; /* something in it does, whatever the verb */
    bool groups, joins;
    bool routine, body; /* CREATE TRIGGER ...; between its BEGIN and END */
    bool closed_call;   /* the last closed parenthesis was an aggregate's */
    int aggregates;     /* calls that are no window functions */
    unsigned depth, verb_depth;
    uint64_t selects;  /* the level holds a SELECT */
    uint64_t in_from;  /* and stands between FROM and WHERE: a comma joins */
    uint64_t calls;    /* the level is the arguments of an aggregate */
    uint64_t extremes; /* of min() or max() */
    mdm_str pragma;    /* its name */
    bool pragma_argument, pragma_sets;
} statement;

/* What was told by the statements that have ended. */
typedef struct statement_summary {
    uint32_t count;
    mdm_query_class first;
    bool writes;
} statement_summary;

void statement_init(statement *s, mdm_sql_dialect dialect);

/* The token that follows `before`. TOKEN_END ends the last statement. */
void statement_read(statement *s, const token *t, const token *before, statement_summary *summary);

/* While the verb is not known: a word that may be it. False: it takes more to tell. */
bool statement_verb(statement *s, keyword word);
/* What statement_read() does for single tokens, once the verb is known; before, before_word and
 * name are of the token in front. */
void statement_word(statement *s, keyword word, token_kind before, keyword before_word);
void statement_open(statement *s, token_kind before, keyword before_word, mdm_str name);
void statement_comma(statement *s);

static inline uint64_t statement_level(const statement *s)
{
    return s->depth < 64 ? (uint64_t)1 << s->depth : 0;
}

static inline void statement_close(statement *s)
{
    s->closed_call = (s->calls & statement_level(s)) != 0;
    s->depth -= s->depth > 0;
}

/* While the verb is not known: is a word, or another token, no special case? */
static inline bool statement_is_plain(const statement *s, bool word)
{
    return s->with || (word && !s->begun);
}

/* Can this token change anything? Saves a call for most of them. */
static inline bool statement_cares(const statement *s, const token *t)
{
    const uint32_t others =
        TOKEN_BIT(OPEN) | TOKEN_BIT(CLOSE) | TOKEN_BIT(SEMICOLON) | TOKEN_BIT(END);
    if (t->kind == TOKEN_COMMA)
        return ((s->in_from | s->extremes) & statement_level(s)) != 0 || s->watch;
    return s->watch || t->word != KEYWORD_NONE || (1u << t->kind & others) != 0;
}

#endif
