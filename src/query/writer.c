/* The normal form of a text: its tokens in lower case with at most one blank between them, each
 * value and placeholder a ?, a list of values behind IN one ?, signs of values, comments and
 * semicolons at the end gone. Read again it gives itself, because
 *   - whether there is a blank depends on the kinds of the two tokens only, and where there is
 *     none the two cannot be read as one;
 *   - ? is read as a value again. */
#include "query/writer.h"

#include <string.h>

#include "base/hash.h"

void writer_init(writer *w, mdm_sql_dialect dialect, char *normalised, size_t size)
{
    w->normalised = normalised;
    w->size = size;
    w->copied = w->used = 0;
    w->cut = w->semicolon = false;
    w->hash = 0;
    w->shown = w->before = TOKEN_END;
    w->list = LIST_NONE;
    w->signs = w->signs_end = NULL;
    w->dialect = dialect;
}

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

void writer_flush(writer *w)
{
    w->hash = mdm_hash_seeded((mdm_str){w->block, WRITER_BLOCK}, w->hash);
    copy_out(w, WRITER_BLOCK);
    w->used -= WRITER_BLOCK;
    memcpy(w->block, w->block + WRITER_BLOCK, w->used);
}

/* A NUL within a quoted name would end the normal form: it is written as a blank. */
static void put_bytes(writer *w, const char *bytes, size_t len)
{
    while (len > 0) {
        size_t part = WRITER_BLOCK + WRITER_SLACK - w->used;
        if (part > len) part = len;
        char *const to = w->block + w->used;
        memcpy(to, bytes, part);
        for (char *nul = memchr(to, '\0', part); nul;
             nul = memchr(nul, '\0', part - (size_t)(nul - to)))
            *nul = ' ';
        w->used += part;
        bytes += part;
        len -= part;
        if (w->used >= WRITER_BLOCK) writer_flush(w);
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
#define OPENERS /* TOKEN_END: the beginning */ \
    (TOKEN_BIT(END) | TOKEN_BIT(OPEN) | TOKEN_BIT(DOT) | TOKEN_BIT(BRACKET))

const uint32_t writer_glued_after[TOKEN_KIND_COUNT] = {
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

/* There is room for a blank and a short token without asking: see WRITER_SLACK. */
static inline void show(writer *w, token_kind kind, const token *t)
{
    char *to = w->block + w->used;
    *to = ' ';
    to += writer_needs_blank(kind, w->shown);
    w->shown = kind;
    if (kind <= TOKEN_RESERVED && t->len <= KEYWORD_MAX) {
        to = writer_put_word(to, &t->text, t->len);
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
    if (w->used >= WRITER_BLOCK) writer_flush(w);
}

/* --- what is held back until more is known ------------------------------------------ */

static void show_semicolon(writer *w)
{
    w->semicolon = false;
    w->block[w->used++] = ';';
    if (w->used >= WRITER_BLOCK) writer_flush(w);
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
    for (lexer_next(&lx, &t); t.kind != TOKEN_END; lexer_next(&lx, &t))
        show(w, TOKEN_SIGN, &t);
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

void writer_write(writer *w, const token *t, const token *before)
{
    const token_kind kind = shown_kind(t, before);
    const uint32_t careful = TOKEN_BIT(SIGN) | TOKEN_BIT(SEMICOLON);
    if (writer_holds(w) || t->word == KEYWORD_IN || (1u << kind & careful) != 0) {
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
    while (lead > 0 && ((unsigned char)text[lead - 1] & 0xc0) == 0x80)
        lead--;
    if (lead == 0) return len;
    unsigned char first = (unsigned char)text[lead - 1];
    size_t wanted = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
    return len - (lead - 1) < wanted ? lead - 1 : len;
}

uint64_t writer_finish(writer *w)
{
    if (w->signs || w->list == LIST_COMMA) show_held(w);
    copy_out(w, w->used);
    if (w->normalised && w->size > 0) {
        if (w->cut) w->copied = whole_characters(w->normalised, w->copied);
        w->normalised[w->copied] = '\0';
    }
    return mdm_hash_seeded((mdm_str){w->block, w->used}, w->hash);
}
