/* Nothing of a plain token has to be held back or looked at twice, so a run of them is read with
 * all that matters in registers. It is no second set of rules: what needs one - comments, operators
 * of several bytes, signs of values, odd numbers - ends the run. */
#include "query/plain.h"

#include <string.h>

#define REFILL 256u /* bytes left in the window before it moves on */

typedef struct run {
    const char *at;    /* in the window */
    const char *first; /* of the window */
    const char *limit; /* a token that reaches it may go on behind the window */
    char *to;          /* where the normal form goes on */
    token_kind shown;  /* the last token written, which is the last one read */
    keyword word;
    list_state list; /* LIST_ITEM: the run ended within a list of values */
    uint32_t parameters;
    bool watch; /* the verb is not known yet */
    mdm_sql_dialect dialect;
} run;

/* --- the window ------------------------------------------------------------------ */

static void move_window(plain *p, const lexer *lx)
{
    const size_t left = (size_t)(lx->end - lx->at);
    const size_t len = left < PLAIN_WINDOW ? left : PLAIN_WINDOW;
    memcpy(p->bytes, lx->at, len);
    memset(p->bytes + len, 0, 2 * KEYWORD_MAX);
    p->from = lx->at;
    p->to = lx->at + len;
}

static void look_at(plain *p, const lexer *lx)
{
    const bool inside = p->from && lx->at <= p->to;
    if (!inside || (p->to < lx->end && (size_t)(p->to - lx->at) < REFILL)) move_window(p, lx);
}

/* --- writing ----------------------------------------------------------------------- */

static inline void put_blank(run *r, token_kind kind)
{
    *r->to = ' ';
    r->to += writer_needs_blank(kind, r->shown);
}

static inline bool took(run *r, token_kind kind, keyword word, const char *stop)
{
    r->shown = kind;
    r->word = word;
    r->at = stop;
    return true;
}

static inline bool take_byte(run *r, token_kind kind, const char *at)
{
    put_blank(r, kind);
    *r->to++ = *at;
    return took(r, kind, KEYWORD_NONE, at + 1);
}

static inline bool take_value(run *r, const char *stop)
{
    put_blank(r, TOKEN_LITERAL);
    *r->to++ = '?';
    return took(r, TOKEN_LITERAL, KEYWORD_NONE, stop);
}

/* --- values -------------------------------------------------------------------------- */

static inline const char *skip_blanks(const char *at)
{
    while (lexer_class(at) == BYTE_BLANK)
        at++;
    return at;
}

/* Behind 12 or 12.5; NULL: another kind of number. */
static const char *number_end(const char *at, const char *limit)
{
    while (lexer_class(at) == BYTE_DIGIT)
        at++;
    if (*at == '.') do
            at++;
        while (lexer_class(at) == BYTE_DIGIT);
    return lexer_continues_word(at) || *at == '.' || at >= limit ? NULL : at;
}

/* Behind the closing quote; NULL: not found before the window's end or a NUL. */
static const char *string_end(const char *at, const char *limit)
{
    for (at++; *at != '\0'; at++) {
        if (*at != '\'') continue;
        if (at[1] != '\'') return at + 1 >= limit ? NULL : at + 1;
        at++;
    }
    return NULL;
}

static const char *value_end(const char *at, const char *limit)
{
    switch (lexer_class(at)) {
    case BYTE_DIGIT: return number_end(at, limit);
    case BYTE_QUOTE: return string_end(at, limit);
    default: return NULL;
    }
}

static inline bool take_literal(run *r, const char *at)
{
    const char *stop = value_end(at, r->limit);
    return stop && take_value(r, stop);
}

static inline bool take_question(run *r, const char *at)
{
    if (r->dialect == MDM_SQL_POSTGRESQL || lexer_class(at + 1) == BYTE_DIGIT || at + 1 >= r->limit)
        return false;
    r->parameters++;
    return take_value(r, at + 1);
}

/* --- words ------------------------------------------------------------------------------ */

/* IN and a list that begins with a value: the first one stands for all. */
static bool take_in(run *r, statement *s, const char *stop)
{
    const char *open = skip_blanks(stop);
    if (*open != '(') return false;
    const char *first = skip_blanks(open + 1);
    const char *end = value_end(first, r->limit);
    if (!end) return false;
    put_blank(r, TOKEN_RESERVED);
    memcpy(r->to, "in (?", 5);
    r->to += 5;
    statement_open(s, TOKEN_RESERVED, KEYWORD_IN, MDM_STR("in"));
    took(r, TOKEN_LITERAL, KEYWORD_NONE, end);
    for (;;) {
        const char *mark = skip_blanks(r->at);
        const char *value = *mark == ',' ? skip_blanks(mark + 1) : NULL;
        end = value ? value_end(value, r->limit) : NULL;
        if (end) {
            took(r, TOKEN_LITERAL, KEYWORD_NONE, end);
        } else if (*mark == ')') {
            statement_close(s);
            return take_byte(r, TOKEN_CLOSE, mark);
        } else {
            r->list = LIST_ITEM;
            return true;
        }
    }
}

/* Values, or words that begin a list of values. */
static inline bool take_special(run *r, statement *s, keyword word, const char *stop)
{
    if (word == KEYWORD_IN) { /* on a copy, so that no register has to be given up for it */
        run copy = *r;
        const bool taken = take_in(&copy, s, stop);
        *r = copy;
        return taken;
    }
    if (word == KEYWORD_NULL && (r->word == KEYWORD_IS || r->word == KEYWORD_NOT)) return false;
    return take_value(r, stop) && took(r, TOKEN_LITERAL, word, stop);
}

static inline bool take_word(run *r, statement *s, const char *at)
{
    const char *stop = at;
    do
        stop++;
    while (lexer_continues_word(stop));
    const size_t len = (size_t)(stop - at);
    if (len > KEYWORD_MAX || stop >= r->limit) return false;
    if (len == 1 && (*stop == '\'' || *stop == '&')) return false; /* e'text' */
    if ((unsigned char)*at == 0xef) return false;                  /* a byte order mark? */

    const keyword_text text = keyword_fold_padded(at, len);
    token_kind kind = TOKEN_WORD;
    keyword word = KEYWORD_NONE;
    if (r->shown != TOKEN_DOT && (r->watch || keyword_may_be(*at, len))) { /* t.select is a name */
        const keyword_entry *entry = keyword_find(text);
        word = entry->word;
        if (r->watch) {
            if (!statement_verb(s, word)) return false;
            r->watch = s->watch;
        }
        if (word != KEYWORD_NONE) {
            if (word <= KEYWORD_LAST_SPECIAL) return take_special(r, s, word, stop);
            if (entry->reserved) kind = TOKEN_RESERVED;
            if (word < KEYWORD_AGGREGATE) statement_word(s, word, r->shown, r->word);
        }
    }
    put_blank(r, kind);
    r->to = writer_put_word(r->to, &text, len);
    return took(r, kind, word, stop);
}

/* --- the rest -------------------------------------------------------------------------------- */

/* One byte that no other operator byte follows. */
static inline bool take_operator(run *r, byte_class first, const char *at)
{
    if (lexer_is_operator(r->dialect, at + 1) || at + 1 >= r->limit) return false;
    if (first == BYTE_MINUS || *at == '+')
        return token_ends_value(r->shown) && take_byte(r, TOKEN_SIGN, at);
    return take_byte(r, *at == '=' ? TOKEN_EQUAL : TOKEN_OPERATOR, at);
}

static inline bool take_dot(run *r, const char *at)
{
    if (lexer_class(at + 1) == BYTE_DIGIT || at + 1 >= r->limit) return false;
    return take_byte(r, TOKEN_DOT, at);
}

/* The word in front may be the name of a function that writes. */
static inline bool take_open(run *r, statement *s, const char *at)
{
    const char *name = r->at;
    if (r->shown == TOKEN_NAME) return false;
    if (r->shown == TOKEN_WORD && r->word == KEYWORD_NONE) {
        while (name > r->first && lexer_continues_word(name - 1))
            name--;
        if (name == r->first) return false; /* it may begin before the window */
    }
    statement_open(s, r->shown, r->word, (mdm_str){name, (size_t)(r->at - name)});
    return take_byte(r, TOKEN_OPEN, at);
}

static inline bool take(run *r, statement *s)
{
    const char *at = skip_blanks(r->at);
    const byte_class first = lexer_class(at);
    if (r->watch && !statement_is_plain(s, first == BYTE_LETTER)) return false;
    if (first == BYTE_LETTER) return take_word(r, s, at);
    switch (first) {
    case BYTE_COMMA:
        if ((s->in_from | s->extremes) & statement_level(s)) statement_comma(s);
        return take_byte(r, TOKEN_COMMA, at);
    case BYTE_OPEN: return take_open(r, s, at);
    case BYTE_CLOSE: statement_close(s); return take_byte(r, TOKEN_CLOSE, at);
    case BYTE_DOT: return take_dot(r, at);
    case BYTE_DIGIT:
    case BYTE_QUOTE: return take_literal(r, at);
    case BYTE_QUESTION: return take_question(r, at);
    case BYTE_SIGN:
    case BYTE_MINUS: return take_operator(r, first, at);
    default: return false;
    }
}

/* Where the last token begins, as far as anybody wants to know: the name in front of a (. */
static const char *token_start(const run *r, const plain *p)
{
    const char *start = r->at;
    if (r->shown == TOKEN_WORD)
        while (start > r->first && lexer_continues_word(start - 1))
            start--;
    return p->from + (start - p->bytes);
}

void plain_read(plain *p, lexer *lx, writer *w, statement *s, token *last, uint32_t *parameters)
{
    if (lx->before != w->before || w->before != w->shown) return;
    look_at(p, lx);
    /* where the window ends with the text, reaching its end is the end */
    const char *const end = p->bytes + (p->to - p->from);
    run r = {.at = p->bytes + (lx->at - p->from),
             .first = p->bytes,
             .limit = p->to == lx->end ? end + 1 : end,
             .to = w->block + w->used,
             .shown = w->shown,
             .word = last->word,
             .watch = s->watch,
             .dialect = lx->dialect};
    const char *const begin = r.at;
    char *const full = w->block + WRITER_BLOCK;
    while (r.to < full && r.list == LIST_NONE && take(&r, s))
        continue;
    if (r.at == begin) return;

    lx->at = p->from + (r.at - p->bytes);
    lx->before = w->before = w->shown = r.shown;
    w->list = r.list;
    w->used = (size_t)(r.to - w->block);
    last->kind = r.shown;
    last->word = r.word;
    last->start = token_start(&r, p);
    last->len = (size_t)(lx->at - last->start);
    *parameters += r.parameters;
    if (w->used >= WRITER_BLOCK) writer_flush(w);
}
