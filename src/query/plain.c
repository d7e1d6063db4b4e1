/* Nothing of a plain token has to be held back or looked at twice, so a run of them is read with all
 * that matters in registers. It is no second set of rules: what needs one - comments, doubled
 * quotes, operators of several bytes, signs, IN lists - ends the run. */
#include "query/plain.h"

#include <string.h>

typedef struct run {
    const char *at, *end;
    char *to;         /* where the normal form goes on */
    token_kind shown; /* the last token written, which is the last one read */
    keyword word;
    const char *start; /* of it */
    uint32_t parameters;
} run;

static inline bool is_operator_byte(const lexer *lx, const char *at)
{
    const byte_class c = lexer_class(at);
    return c >= BYTE_BACKTICK || (c == BYTE_QUESTION && lx->dialect == MDM_SQL_POSTGRESQL);
}

static inline void put_blank(run *r, token_kind kind)
{
    *r->to = ' ';
    r->to += writer_needs_blank(kind, r->shown);
}

static inline bool took(run *r, token_kind kind, keyword word, const char *start, const char *stop)
{
    r->shown = kind;
    r->word = word;
    r->start = start;
    r->at = stop;
    return true;
}

static inline bool take_byte(run *r, token_kind kind, const char *at)
{
    put_blank(r, kind);
    *r->to++ = *at;
    return took(r, kind, KEYWORD_NONE, at, at + 1);
}

static inline bool take_value(run *r, const char *at, const char *stop)
{
    put_blank(r, TOKEN_LITERAL);
    *r->to++ = '?';
    return took(r, TOKEN_LITERAL, KEYWORD_NONE, at, stop);
}

static inline bool take_word(run *r, const lexer *lx, statement *s, const char *at)
{
    const char *stop = at + 1;
    while (stop < r->end && lexer_continues_word(stop)) stop++;
    const size_t len = (size_t)(stop - at);
    if (len > KEYWORD_MAX) return false;
    if (len == 1 && stop < r->end && (*stop == '\'' || *stop == '&')) return false; /* e'text' */

    const uint64_t first = lexer_load(lx, at);
    const uint64_t second = len > 8 ? lexer_keep(lexer_load(lx, at + 8), len - 8) : 0;
    keyword_text text = {{lexer_store(keyword_fold(len < 8 ? lexer_keep(first, len) : first)),
                          lexer_store(keyword_fold(second))}};
    token_kind kind = TOKEN_WORD;
    keyword word = KEYWORD_NONE;
    if (r->shown != TOKEN_DOT) { /* t.select is a name */
        const keyword_entry *entry = keyword_find(text);
        word = entry->word;
        if (word != KEYWORD_NONE) {
            if (word <= KEYWORD_LAST_SPECIAL) return false;
            if (entry->reserved) kind = TOKEN_RESERVED;
            if (word < KEYWORD_AGGREGATE) statement_word(s, word, r->shown, r->word);
        }
    }
    put_blank(r, kind);
    r->to = writer_put_word(r->to, &text, len);
    return took(r, kind, word, at, stop);
}

static inline bool take_number(run *r, const char *at)
{
    const char *stop = at + 1;
    while (stop < r->end && lexer_class(stop) == BYTE_DIGIT) stop++;
    if (stop < r->end && (lexer_continues_word(stop) || *stop == '.')) return false;
    return take_value(r, at, stop);
}

static inline bool take_string(run *r, const char *at)
{
    const char *stop = at + 1;
    while (stop < r->end && *stop != '\'') stop++;
    if (stop == r->end || (stop + 1 < r->end && stop[1] == '\'')) return false;
    return take_value(r, at, stop + 1);
}

/* One byte that no other operator byte follows. */
static inline bool take_operator(run *r, const lexer *lx, byte_class first, const char *at)
{
    if (at + 1 < r->end && is_operator_byte(lx, at + 1)) return false;
    if (first == BYTE_MINUS || *at == '+')
        return token_ends_value(r->shown) && take_byte(r, TOKEN_SIGN, at);
    return take_byte(r, *at == '=' ? TOKEN_EQUAL : TOKEN_OPERATOR, at);
}

static inline bool take_question(run *r, const lexer *lx, const char *at)
{
    const bool numbered = at + 1 < r->end && lexer_class(at + 1) == BYTE_DIGIT;
    if (numbered || lx->dialect == MDM_SQL_POSTGRESQL) return false;
    r->parameters++;
    return take_value(r, at, at + 1);
}

static inline bool take_dot(run *r, const char *at)
{
    const bool digit = at + 1 < r->end && lexer_class(at + 1) == BYTE_DIGIT;
    return !digit && take_byte(r, TOKEN_DOT, at);
}

static inline bool take(run *r, const lexer *lx, statement *s)
{
    const char *at = r->at;
    while (at < r->end && lexer_class(at) == BYTE_BLANK && *at != '\0') at++;
    if (at == r->end) return false;
    const byte_class first = lexer_class(at);
    if (first == BYTE_LETTER) return take_word(r, lx, s, at);
    switch (first) {
    case BYTE_COMMA:
        if ((s->in_from | s->extremes) & statement_level(s)) statement_comma(s);
        return take_byte(r, TOKEN_COMMA, at);
    case BYTE_OPEN:
        statement_open(s, r->shown, r->word, (mdm_str){r->start, (size_t)(r->at - r->start)});
        return take_byte(r, TOKEN_OPEN, at);
    case BYTE_CLOSE:
        statement_close(s);
        return take_byte(r, TOKEN_CLOSE, at);
    case BYTE_DOT: return take_dot(r, at);
    case BYTE_DIGIT: return take_number(r, at);
    case BYTE_QUOTE: return take_string(r, at);
    case BYTE_QUESTION: return take_question(r, lx, at);
    case BYTE_SIGN: case BYTE_MINUS: return take_operator(r, lx, first, at);
    default: return false;
    }
}

void plain_read(lexer *lx, writer *w, statement *s, token *last, uint32_t *parameters)
{
    run r = {.at = lx->at,
             .end = lx->end,
             .to = w->block + w->used,
             .shown = w->shown,
             .word = last->word,
             .start = last->start};
    if (lx->before != w->before || w->before != w->shown) return;
    const char *const begin = r.at;
    while (r.to < w->block + WRITER_BLOCK && take(&r, lx, s)) continue;
    if (r.at == begin) return;
    lx->at = r.at;
    lx->before = w->before = w->shown = r.shown;
    w->used = (size_t)(r.to - w->block);
    last->kind = r.shown;
    last->word = r.word;
    last->start = r.start;
    last->len = (size_t)(r.at - r.start);
    *parameters += r.parameters;
    if (w->used >= WRITER_BLOCK) writer_flush(w);
}
