/* Cuts SQL text into tokens by the rules of one database. Damaged text has tokens too: what is
 * not closed reaches to the end. Blanks and comments lie between tokens. */
#ifndef MDM_QUERY_LEXER_H
#define MDM_QUERY_LEXER_H

#include <string.h>

#include "mdm/query.h"
#include "query/keywords.h"

typedef enum token_kind {
    TOKEN_END,
    TOKEN_WORD,     /* a name or a word that may be one */
    TOKEN_RESERVED, /* a word that is none: a value follows it */
    TOKEN_NAME,     /* "quoted", `quoted`, [quoted] */
    TOKEN_LITERAL,  /* number or string */
    TOKEN_BARE,     /* ?; on PostgreSQL an operator, which stands for a literal here */
    TOKEN_NUMBERED, /* ?1 $1 */
    TOKEN_NAMED,    /* :name $name, on SQLite @name too */
    TOKEN_SIGN,     /* + or - alone */
    TOKEN_OPERATOR, /* and any other byte */
    TOKEN_EQUAL,    /* = alone */
    TOKEN_CAST,     /* :: */
    TOKEN_COMMA,
    TOKEN_DOT,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_BRACKET, /* [ of a list or a subscript */
    TOKEN_UNBRACKET,
    TOKEN_SEMICOLON,
    TOKEN_KIND_COUNT
} token_kind;

typedef struct token {
    token_kind kind;
    keyword word; /* of WORD and RESERVED */
    const char *start;
    size_t len;
    keyword_text text; /* of WORD and RESERVED of at most KEYWORD_MAX bytes */
} token;

typedef struct lexer {
    const char *at, *end;
    mdm_sql_dialect dialect;
    token_kind before; /* kind of the token before */
    bool nul;          /* one was met outside a token */
} lexer;

/* What a byte is where a token begins, and whether it continues a word. */
typedef enum byte_class {
    BYTE_OTHER, /* NUL too */
    BYTE_BLANK,
    BYTE_COMMA,
    BYTE_OPEN,
    BYTE_CLOSE,
    BYTE_SEMICOLON,
    BYTE_UNBRACKET,
    BYTE_BRACKET,
    BYTE_QUOTE,
    BYTE_DOUBLE_QUOTE,
    BYTE_COLON,
    BYTE_QUESTION,
    BYTE_DOT,
    BYTE_BACKTICK, /* BACKTICK to SIGN are signs of operators, for some database */
    BYTE_AT,
    BYTE_MINUS,
    BYTE_SLASH,
    BYTE_SIGN,   /* any other one */
    BYTE_DOLLAR, /* DOLLAR to LETTER continue a word */
    BYTE_DIGIT,
    BYTE_LETTER
} byte_class;

extern const uint8_t lexer_classes[256];

void lexer_init(lexer *lx, mdm_str sql, mdm_sql_dialect dialect);
void lexer_next(lexer *lx, token *out);

static inline byte_class lexer_class(const char *at)
{
    return (byte_class)lexer_classes[(unsigned char)*at];
}

static inline bool lexer_continues_word(const char *at)
{
    return lexer_class(at) >= BYTE_DOLLAR;
}

static inline bool lexer_is_operator(mdm_sql_dialect dialect, const char *at)
{
    const byte_class c = lexer_class(at);
    return (c >= BYTE_BACKTICK && c <= BYTE_SIGN) ||
           (c == BYTE_QUESTION && dialect == MDM_SQL_POSTGRESQL);
}

/* --- kinds ----------------------------------------------------------------------- */

#define TOKEN_BIT(name) (1u << TOKEN_##name)
#define TOKEN_VALUES (TOKEN_BIT(LITERAL) | TOKEN_BIT(BARE) | TOKEN_BIT(NUMBERED) | TOKEN_BIT(NAMED))
#define TOKEN_VALUE_ENDS \
    (TOKEN_VALUES | TOKEN_BIT(WORD) | TOKEN_BIT(NAME) | TOKEN_BIT(CLOSE) | TOKEN_BIT(UNBRACKET))

/* After such a token + and - have two sides. */
static inline bool token_ends_value(token_kind kind)
{
    return (1u << kind & TOKEN_VALUE_ENDS) != 0;
}

static inline bool token_is_value(token_kind kind)
{
    return (1u << kind & TOKEN_VALUES) != 0;
}

#endif
