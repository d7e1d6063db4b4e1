/* The normal form of a text: its tokens in lower case with at most one blank between them, each
 * value and placeholder a ?, a list of values behind IN one ?, signs of values, comments and
 * semicolons at the end gone. Read again it gives itself, because
 *   - whether there is a blank depends on the kinds of the two tokens only, and where there is
 *     none the two cannot be read as one;
 *   - ? is read as a value again. */
#include "mdm/query.h"

#include <string.h>

#include "base/hash.h"
#include "query/lexer.h"
#include "query/statement.h"

#define BLOCK 4096u /* bytes hashed at once; part of what a fingerprint is */
#define SLACK 32u   /* room behind it, so that a short token is written without asking */

typedef enum list_state {
    LIST_NONE,
    LIST_IN,    /* after IN */
    LIST_OPEN,  /* and its parenthesis */
    LIST_ITEM,  /* after a value, which was written */
    LIST_COMMA  /* after a comma, which was not */
} list_state;

typedef struct writer {
    char *normalised;  /* the caller's, or NULL */
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
    char block[BLOCK + SLACK];
} writer;

/* --- bytes -------------------------------------------------------------------- */

static void copy_out(writer *w, size_t len)
{
    if (!w->normalised || w->size == 0) return;
    size_t room = w->size - 1 - w->copied;
    w->cut |= len > room;
    if (len > room) len = room;
    memcpy(w->normalised + w->copied, w->block, len);
    w->copied += len;
}

static void flush_block(writer *w)
{
    w->hash = mdm_hash_seeded((mdm_str){w->block, BLOCK}, w->hash);
    copy_out(w, BLOCK);
    w->used -= BLOCK;
    memcpy(w->block, w->block + BLOCK, w->used);
}

static void put_bytes(writer *w, const char *bytes, size_t len)
{
    while (len > 0) {
        size_t part = BLOCK + SLACK - w->used;
        if (part > len) part = len;
        memcpy(w->block + w->used, bytes, part);
        w->used += part;
        bytes += part;
        len -= part;
        if (w->used >= BLOCK) flush_block(w);
    }
}

static void put_long_word(writer *w, const token *t)
{
    char lower[64];
    for (size_t done = 0; done < t->len;) {
        size_t part = t->len - done < sizeof lower ? t->len - done : sizeof lower;
        for (size_t i = 0; i < part; i++) {
            char c = t->start[done + i];
            lower[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
        }
        put_bytes(w, lower, part);
        done += part;
    }
}

/* --- tokens --------------------------------------------------------------------- */

#define ALL_KINDS UINT32_MAX
#define OPENERS /* TOKEN_END: the beginning */                                                 \
    (TOKEN_BIT(END) | TOKEN_BIT(OPEN) | TOKEN_BIT(DOT) | TOKEN_BIT(BRACKET))

/* Kinds after which the token follows without a blank. */
static const uint32_t glued_after[TOKEN_KIND_COUNT] = {
    [TOKEN_WORD] = OPENERS | TOKEN_BIT(CAST),
    [TOKEN_RESERVED] = OPENERS | TOKEN_BIT(CAST),
    [TOKEN_NAME] = OPENERS | TOKEN_BIT(CAST),
    [TOKEN_LITERAL] = OPENERS,
    [TOKEN_SIGN] = OPENERS,
    [TOKEN_OPERATOR] = OPENERS,
    [TOKEN_EQUAL] = OPENERS,
    [TOKEN_CAST] = OPENERS | TOKEN_VALUE_ENDS,
    [TOKEN_COMMA] = ALL_KINDS,
    [TOKEN_DOT] = ALL_KINDS,
    [TOKEN_OPEN] = OPENERS | TOKEN_BIT(WORD) | TOKEN_BIT(NAME),
    [TOKEN_CLOSE] = ALL_KINDS,
    [TOKEN_BRACKET] = OPENERS | TOKEN_VALUE_ENDS,
    [TOKEN_UNBRACKET] = ALL_KINDS,
};

/* There is room for a blank and a short token without asking: see SLACK. */
static inline void show(writer *w, token_kind kind, const token *t)
{
    char *to = w->block + w->used;
    *to = ' ';
    to += !(glued_after[kind] >> w->shown & 1);
    w->shown = kind;
    if (kind <= TOKEN_RESERVED && t->len <= KEYWORD_MAX) {
        memcpy(to, &t->text, KEYWORD_MAX);
        to += t->len;
    } else if (kind == TOKEN_LITERAL) {
        *to++ = '?';
    } else if (t->len == 1) {
        *to++ = t->start[0];
    } else {
        w->used = (size_t)(to - w->block);
        if (kind <= TOKEN_RESERVED) put_long_word(w, t);
        else put_bytes(w, t->start, t->len);
        return;
    }
    w->used = (size_t)(to - w->block);
    if (w->used >= BLOCK) flush_block(w);
}

/* --- what is held back until more is known ------------------------------------------ */

static void show_semicolon(writer *w)
{
    w->semicolon = false;
    w->block[w->used++] = ';';
    if (w->used >= BLOCK) flush_block(w);
    w->shown = TOKEN_SEMICOLON;
}

static void show_comma(writer *w)
{
    static const token comma = {.kind = TOKEN_COMMA, .start = ",", .len = 1};
    w->list = LIST_NONE;
    show(w, TOKEN_COMMA, &comma);
}

/* The signs belong to no value: read them again. */
static void show_signs(writer *w)
{
    lexer lx;
    token t;
    lexer_init(&lx, (mdm_str){w->signs, (size_t)(w->signs_end - w->signs)}, w->dialect);
    w->signs = NULL;
    for (lexer_next(&lx, &t); t.kind != TOKEN_END; lexer_next(&lx, &t)) show(w, TOKEN_SIGN, &t);
}

static void show_held(writer *w)
{
    if (w->semicolon) show_semicolon(w);
    if (w->list == LIST_COMMA) show_comma(w);
    if (w->signs) show_signs(w);
}

static void hold_sign(writer *w, const token *t)
{
    if (!w->signs) w->signs = t->start;
    w->signs_end = t->start + t->len;
    w->before = TOKEN_SIGN;
}

/* A semicolon waits for the next statement: at the end it means nothing. */
static void hold_semicolon(writer *w)
{
    if (w->signs || w->list == LIST_COMMA) show_held(w);
    w->semicolon = w->shown != TOKEN_END;
    w->list = LIST_NONE;
    w->before = TOKEN_SEMICOLON;
}

static list_state list_after(list_state list, token_kind kind, keyword word)
{
    if (word == KEYWORD_IN) return LIST_IN;
    if (list == LIST_IN && kind == TOKEN_OPEN) return LIST_OPEN;
    if (list == LIST_OPEN && kind == TOKEN_LITERAL) return LIST_ITEM;
    return LIST_NONE;
}

static void write_with_care(writer *w, token_kind kind, const token *t)
{
    if (kind == TOKEN_SEMICOLON) {
        hold_semicolon(w);
        return;
    }
    if (kind == TOKEN_SIGN && !token_ends_value(w->before)) {
        hold_sign(w, t);
        return;
    }
    w->before = kind;
    if (kind == TOKEN_LITERAL) w->signs = NULL;
    if (kind == TOKEN_LITERAL && w->list == LIST_COMMA) {
        w->list = LIST_ITEM;
    } else if (kind == TOKEN_COMMA && w->list == LIST_ITEM) {
        w->list = LIST_COMMA;
    } else {
        show_held(w);
        w->list = list_after(w->list, kind, t->word);
        show(w, kind, t);
    }
}

/* Values look alike; TRUE, FALSE and NULL are some, but IS NULL and NOT NULL are not about one. */
static inline token_kind shown_kind(const token *t, const token *before)
{
    if (token_is_value(t->kind)) return TOKEN_LITERAL;
    if (t->word == KEYWORD_TRUE || t->word == KEYWORD_FALSE) return TOKEN_LITERAL;
    if (t->word == KEYWORD_NULL && before->word != KEYWORD_IS && before->word != KEYWORD_NOT)
        return TOKEN_LITERAL;
    return t->kind;
}

static inline void write_token(writer *w, const token *t, const token *before)
{
    const token_kind kind = shown_kind(t, before);
    const uint32_t careful = TOKEN_BIT(SIGN) | TOKEN_BIT(SEMICOLON);
    if (w->list != LIST_NONE || w->signs || w->semicolon || t->word == KEYWORD_IN ||
        (1u << kind & careful) != 0) {
        write_with_care(w, kind, t);
    } else {
        w->before = kind;
        show(w, kind, t);
    }
}

/* Drop the beginning of a character whose rest did not fit. */
static size_t whole_characters(const char *text, size_t len)
{
    size_t lead = len;
    while (lead > 0 && ((unsigned char)text[lead - 1] & 0xc0) == 0x80) lead--;
    if (lead == 0) return len;
    unsigned char first = (unsigned char)text[lead - 1];
    size_t wanted = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
    return len - (lead - 1) < wanted ? lead - 1 : len;
}

static uint64_t finish(writer *w)
{
    if (w->signs || w->list == LIST_COMMA) show_held(w);
    copy_out(w, w->used);
    if (w->normalised && w->size > 0) {
        if (w->cut) w->copied = whole_characters(w->normalised, w->copied);
        w->normalised[w->copied] = '\0';
    }
    return mdm_hash_seeded((mdm_str){w->block, w->used}, w->hash);
}

/* --- public ----------------------------------------------------------------------- */

mdm_fingerprint mdm_fingerprint_make(mdm_str sql, mdm_sql_dialect dialect, char *normalised,
                                     size_t size)
{
    writer w;
    w.normalised = normalised;
    w.size = size;
    w.copied = w.used = 0;
    w.cut = false;
    w.hash = 0;
    w.shown = w.before = TOKEN_END;
    w.semicolon = false;
    w.list = LIST_NONE;
    w.signs = w.signs_end = NULL;
    w.dialect = dialect;

    lexer lx;
    statement s;
    statement_summary summary = {.first = MDM_QUERY_OTHER};
    token tokens[2] = {{.kind = TOKEN_END}, {.kind = TOKEN_END}};
    uint32_t parameters = 0;
    lexer_init(&lx, sql, dialect);
    statement_init(&s, dialect);
    for (unsigned turn = 0;; turn ^= 1) {
        token *t = &tokens[turn];
        const token *before = &tokens[turn ^ 1];
        lexer_next(&lx, t);
        if (statement_cares(&s, t)) statement_read(&s, t, before, &summary);
        if (t->kind == TOKEN_END) break;
        if (t->kind == TOKEN_NUMBERED || t->kind == TOKEN_NAMED ||
            (t->kind == TOKEN_BARE && dialect != MDM_SQL_POSTGRESQL))
            parameters++;
        write_token(&w, t, before);
    }
    return (mdm_fingerprint){.hash = finish(&w),
                             .class_ = summary.first,
                             .reads_only = !summary.writes && !lx.nul,
                             .statements = summary.count,
                             .parameters = parameters};
}

const char *mdm_query_class_text(mdm_query_class class_)
{
    static const char *const texts[] = {
#define X(name, word) word,
        MDM_QUERY_CLASS_LIST(X)
#undef X
    };
    return (unsigned)class_ < MDM_QUERY_CLASS_COUNT ? texts[class_] : "other";
}
