/* Cuts SQL text into tokens by the rules of one database. Damaged text has tokens too: what is
 * not closed reaches to the end. Blanks and comments lie between tokens.
 *
 * The two most frequent tokens, a word and a lone comma or parenthesis, are read here, so that they
 * cost no call; all others by lexer_read(). */
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
    TOKEN_BRACKET,  /* [ of a list or a subscript */
    TOKEN_UNBRACKET,
    TOKEN_SEMICOLON,
    TOKEN_KIND_COUNT
} token_kind;

typedef struct token {
    token_kind kind;
    keyword word;       /* of WORD and RESERVED */
    const char *start;
    size_t len;
    keyword_text text;  /* of WORD and RESERVED of at most KEYWORD_MAX bytes */
} token;

typedef struct lexer {
    const char *at, *end, *begin;
    mdm_sql_dialect dialect;
    token_kind before; /* kind of the token before */
    bool nul;          /* one was met outside a token */
} lexer;

/* What a byte is where a token begins, and whether it continues a word. */
typedef enum byte_class {
    BYTE_OTHER,
    BYTE_BLANK,
    BYTE_LETTER, /* LETTER to DOLLAR continue a word */
    BYTE_DIGIT,
    BYTE_DOLLAR,
    BYTE_COMMA, /* COMMA to CLOSE are always tokens of their own */
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
    BYTE_BACKTICK, /* from here on signs of operators, for some database */
    BYTE_AT,
    BYTE_MINUS,
    BYTE_SLASH,
    BYTE_SIGN /* any other one */
} byte_class;

extern const uint8_t lexer_classes[256];

void lexer_init(lexer *lx, mdm_str sql, mdm_sql_dialect dialect);
void lexer_read(lexer *lx, const char *at, token *out); /* the token at or behind `at` */
const char *lexer_prefixed(const lexer *lx, const char *at, token *out);

static inline byte_class lexer_class(const char *at)
{
    return (byte_class)lexer_classes[(unsigned char)*at];
}

static inline bool lexer_continues_word(const char *at)
{
    return (unsigned)(lexer_class(at) - BYTE_LETTER) <= BYTE_DOLLAR - BYTE_LETTER;
}

/* --- words --------------------------------------------------------------------- */

/* Eight bytes, in memory order from the lowest up; zeros behind the end of the text. */
static inline uint64_t lexer_load(const lexer *lx, const char *at)
{
    uint64_t bytes = 0;
    size_t left = at < lx->end ? (size_t)(lx->end - at) : 0;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (left >= 8) {
        memcpy(&bytes, at, 8);
        return bytes;
    }
    if (left > 0 && lx->end - lx->begin >= 8) {
        memcpy(&bytes, lx->end - 8, 8);
        return bytes >> (64 - 8 * left);
    }
#endif
    for (size_t i = 0; i < left && i < 8; i++) bytes |= (uint64_t)(unsigned char)at[i] << 8 * i;
    return bytes;
}

/* How many of the eight bytes, from the lowest, continue a word: letters, digits, _, $ and
 * what is not ASCII. */
static inline size_t lexer_word_bytes(uint64_t bytes)
{
    const uint64_t ones = KEYWORD_ONES, tops = KEYWORD_TOPS;
    uint64_t low = bytes & ~tops, lower = low | ones * 0x20;
    uint64_t letter = (lower + ones * (0x80 - 'a')) & ~(lower + ones * (0x7f - 'z'));
    uint64_t digit = (low + ones * (0x80 - '0')) & ~(low + ones * (0x7f - '9'));
    uint64_t underscore = ~((low ^ ones * '_') + ones * 0x7f);
    uint64_t dollar = ~((low ^ ones * '$') + ones * 0x7f);
    uint64_t others = ~(bytes | letter | digit | underscore | dollar) & tops;
    return others ? (size_t)__builtin_ctzll(others) / 8 : 8;
}

/* The first len (1 to 8) of them; the rest zero. */
static inline uint64_t lexer_keep(uint64_t bytes, size_t len)
{
    return bytes & UINT64_MAX >> (64 - 8 * len);
}

/* In memory order again, as it is compared and written. */
static inline uint64_t lexer_store(uint64_t bytes)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return bytes;
#else
    return __builtin_bswap64(bytes);
#endif
}

static inline const char *lexer_word(const lexer *lx, const char *at, token *out)
{
    uint64_t first = lexer_load(lx, at), second = 0;
    size_t len = lexer_word_bytes(first);
    if (len == 1) {
        const char *end = lexer_prefixed(lx, at, out);
        if (end) return end;
    }
    if (len == 8) {
        second = lexer_load(lx, at + 8);
        size_t more = lexer_word_bytes(second);
        len += more;
        second = more > 0 ? lexer_keep(second, more) : 0;
    } else {
        first = lexer_keep(first, len);
    }
    out->kind = TOKEN_WORD;
    if (len == KEYWORD_MAX) {
        const char *end = at + len;
        while (end < lx->end && lexer_continues_word(end)) end++;
        len = (size_t)(end - at);
        if (len > KEYWORD_MAX) return end;
    }
    out->text.half[0] = lexer_store(keyword_fold(first));
    out->text.half[1] = lexer_store(keyword_fold(second));
    if (lx->before != TOKEN_DOT) { /* t.select is a name */
        const keyword_entry *entry = keyword_find(out->text);
        out->word = entry->word;
        if (entry->reserved) out->kind = TOKEN_RESERVED;
    }
    return at + len;
}

/* --- the next token -------------------------------------------------------------- */

static inline void lexer_next(lexer *lx, token *out)
{
    const char *at = lx->at;
    if (at < lx->end && *at == ' ') at++;
    byte_class first = at < lx->end ? lexer_class(at) : BYTE_OTHER;
    out->word = KEYWORD_NONE;
    if (first == BYTE_LETTER) {
        out->start = at;
        lx->at = lexer_word(lx, at, out);
        out->len = (size_t)(lx->at - at);
    } else if (first >= BYTE_COMMA && first <= BYTE_CLOSE) {
        static const uint8_t kinds[] = {TOKEN_COMMA, TOKEN_OPEN, TOKEN_CLOSE};
        out->kind = (token_kind)kinds[first - BYTE_COMMA];
        out->start = at;
        out->len = 1;
        lx->at = at + 1;
    } else {
        lexer_read(lx, at, out);
    }
    lx->before = out->kind;
}

/* --- kinds ----------------------------------------------------------------------- */

#define TOKEN_BIT(name) (1u << TOKEN_##name)
#define TOKEN_VALUES                                                                           \
    (TOKEN_BIT(LITERAL) | TOKEN_BIT(BARE) | TOKEN_BIT(NUMBERED) | TOKEN_BIT(NAMED))
#define TOKEN_VALUE_ENDS                                                                       \
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
