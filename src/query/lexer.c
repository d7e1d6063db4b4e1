/* One byte decides what a token is: a table gives its class, and a function for each class finds
 * the end. Rules that differ between the databases:
 *   comments nest, also end at \r       not on SQLite
 *   $tag$text$tag$, e'a\'b'             not on SQLite
 *   `name`, [name], @name               on SQLite only
 *   ? is a placeholder                  not on PostgreSQL
 *   a run of signs is one operator      not on SQLite, which has a list of them */
#include "query/lexer.h"

/* Short names, so that the table can be read. */
/* clang-format off */
enum {
    bl = BYTE_BLANK, le = BYTE_LETTER, di = BYTE_DIGIT, dl = BYTE_DOLLAR, co = BYTE_COMMA,
    op = BYTE_OPEN, cl = BYTE_CLOSE, se = BYTE_SEMICOLON, ub = BYTE_UNBRACKET, br = BYTE_BRACKET,
    qu = BYTE_QUOTE, dq = BYTE_DOUBLE_QUOTE, bt = BYTE_BACKTICK, cn = BYTE_COLON, am = BYTE_AT,
    qm = BYTE_QUESTION, dt = BYTE_DOT, mi = BYTE_MINUS, sl = BYTE_SLASH, si = BYTE_SIGN,
    ot = BYTE_OTHER
};

const uint8_t lexer_classes[256] = {
    ot, ot, ot, ot, ot, ot, ot, ot, ot, bl, bl, bl, bl, bl, ot, ot,
    ot, ot, ot, ot, ot, ot, ot, ot, ot, ot, ot, ot, ot, ot, ot, ot,
    /* blank ! " # $ % & ' ( ) * + , - . / */
    bl, si, dq, si, dl, si, si, qu, op, cl, si, si, co, mi, dt, sl,
    /* 0 to 9, : ; < = > ? */
    di, di, di, di, di, di, di, di, di, di, cn, se, si, si, si, qm,
    /* @ A to Z [ \ ] ^ _ */
    am, le, le, le, le, le, le, le, le, le, le, le, le, le, le, le,
    le, le, le, le, le, le, le, le, le, le, le, br, ot, ub, si, le,
    /* ` a to z { | } ~ */
    bt, le, le, le, le, le, le, le, le, le, le, le, le, le, le, le,
    le, le, le, le, le, le, le, le, le, le, le, ot, si, ot, si, ot,
    /* not ASCII */
    le, le, le, le, le, le, le, le, le, le, le, le, le, le, le, le,
    le, le, le, le, le, le, le, le, le, le, le, le, le, le, le, le,
    le, le, le, le, le, le, le, le, le, le, le, le, le, le, le, le,
    le, le, le, le, le, le, le, le, le, le, le, le, le, le, le, le,
    le, le, le, le, le, le, le, le, le, le, le, le, le, le, le, le,
    le, le, le, le, le, le, le, le, le, le, le, le, le, le, le, le,
    le, le, le, le, le, le, le, le, le, le, le, le, le, le, le, le,
    le, le, le, le, le, le, le, le, le, le, le, le, le, le, le, le,
};
/* clang-format on */

static bool continues_parameter(const char *at)
{
    return lexer_class(at) >= BYTE_DIGIT;
}

static bool is_at(const lexer *lx, const char *at, char c)
{
    return at < lx->end && *at == c;
}

/* --- between tokens -------------------------------------------------------- */

static const char *line_comment_end(lexer *lx, const char *at)
{
    for (; at < lx->end && *at != '\n'; at++) {
        if (*at == '\r' && lx->dialect != MDM_SQL_SQLITE) break;
        lx->nul |= *at == '\0';
    }
    return at;
}

static const char *block_comment_end(lexer *lx, const char *at)
{
    size_t depth = 1;
    for (at += 2; at < lx->end; at++) {
        lx->nul |= *at == '\0';
        if (*at == '*' && is_at(lx, at + 1, '/')) {
            at++;
            if (--depth == 0) return at + 1;
        } else if (*at == '/' && is_at(lx, at + 1, '*') && lx->dialect != MDM_SQL_SQLITE) {
            at++;
            depth++;
        }
    }
    return lx->end;
}

/* U+FEFF: many a file of SQL begins with one. */
static bool is_byte_order_mark(const lexer *lx, const char *at)
{
    return lx->end - at >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0;
}

static const char *skip_blanks(lexer *lx, const char *at)
{
    while (at < lx->end) {
        switch (lexer_class(at)) {
        case BYTE_BLANK: at++; break;
        case BYTE_LETTER:
            if (!is_byte_order_mark(lx, at)) return at;
            at += 3;
            break;
        case BYTE_OTHER: /* the databases end at NUL or refuse it */
            if (*at != '\0') return at;
            lx->nul = true;
            at++;
            break;
        case BYTE_MINUS:
            if (!is_at(lx, at + 1, '-')) return at;
            at = line_comment_end(lx, at);
            break;
        case BYTE_SLASH:
            if (!is_at(lx, at + 1, '*')) return at;
            at = block_comment_end(lx, at);
            break;
        default: return at;
        }
    }
    return at;
}

/* --- tokens: each gives the end of the one that begins at `at` -------------- */

/* Behind the closing quote; a doubled one is inside. */
static const char *quoted_end(const lexer *lx, const char *at, char close)
{
    for (at++; at < lx->end; at++) {
        if (*at != close) continue;
        if (!is_at(lx, at + 1, close) || close == ']') return at + 1;
        at++;
    }
    return lx->end;
}

static const char *escaped_end(const lexer *lx, const char *at)
{
    for (at++; at < lx->end; at++) {
        bool doubled = *at == '\'' && is_at(lx, at + 1, '\'');
        if (*at == '\'' && !doubled) return at + 1;
        if (doubled || (*at == '\\' && at + 1 < lx->end)) at++;
    }
    return lx->end;
}

static const char *number_end(const lexer *lx, const char *at)
{
    bool hex = *at == '0' && at + 1 < lx->end && (at[1] | 0x20) == 'x';
    for (at++; at < lx->end; at++) {
        if (continues_parameter(at) || *at == '.') continue;
        bool exponent = (*at == '+' || *at == '-') && (at[-1] | 0x20) == 'e' && !hex;
        if (!exponent || at + 1 >= lx->end || lexer_class(at + 1) != BYTE_DIGIT) break;
    }
    return at;
}

/* The end of $tag$...$tag$, or NULL when this is something else. */
static const char *dollar_quoted_end(const lexer *lx, const char *at)
{
    const char *tag = at + 1;
    if (tag < lx->end && lexer_class(tag) == BYTE_DIGIT) return NULL;
    while (tag < lx->end && continues_parameter(tag))
        tag++;
    if (!is_at(lx, tag, '$')) return NULL;
    size_t len = (size_t)(++tag - at);
    const char *close = memmem(tag, (size_t)(lx->end - tag), at, len);
    return close ? close + len : lx->end;
}

static const char *parameter_end(const lexer *lx, const char *at)
{
    do
        at++;
    while (at < lx->end && continues_parameter(at));
    return at;
}

/* A comment ends the run of signs before it. */
static bool continues_operator(const lexer *lx, const char *at)
{
    if (*at == '-' && is_at(lx, at + 1, '-')) return false;
    if (*at == '/' && is_at(lx, at + 1, '*')) return false;
    return lexer_is_operator(lx->dialect, at);
}

/* PostgreSQL's rule: a run of signs, which ends in + or - only when it holds
 * one of those that no operator of standard SQL has. */
static const char *operator_run_end(const lexer *lx, const char *at)
{
    const char *start = at;
    bool special = false;
    for (; at < lx->end && continues_operator(lx, at); at++)
        special |= strchr("~!@#%^&|`?", *at) != NULL;
    if (at == start) return start + 1; /* the first byte of a comment sign that is none */
    while (!special && at - start > 1 && (at[-1] == '+' || at[-1] == '-'))
        at--;
    return at;
}

static const char *sqlite_operator_end(const lexer *lx, const char *at)
{
    static const char pairs[][3] = {"||", "->", "<<", ">>", "<=", ">=", "<>", "==", "!="};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (*at == pairs[i][0] && is_at(lx, at + 1, pairs[i][1]))
            return at + (*at == '-' && is_at(lx, at + 2, '>') ? 3 : 2);
    return at + 1;
}

static const char *operator_token(const lexer *lx, const char *at, token *out)
{
    const char *end =
        lx->dialect == MDM_SQL_SQLITE ? sqlite_operator_end(lx, at) : operator_run_end(lx, at);
    out->kind = TOKEN_OPERATOR;
    if (end == at + 1) {
        if (*at == '+' || *at == '-') out->kind = TOKEN_SIGN;
        if (*at == '=') out->kind = TOKEN_EQUAL;
        if (*at == '?') out->kind = TOKEN_BARE;
    }
    return end;
}

static const char *colon_token(const lexer *lx, const char *at, bool glued, token *out)
{
    out->kind = TOKEN_OPERATOR;
    if (is_at(lx, at + 1, ':')) {
        out->kind = TOKEN_CAST;
        return at + 2;
    }
    if (is_at(lx, at + 1, '=')) return at + 2;
    /* list[low:high] and {'key':value} are no parameters */
    if (at + 1 >= lx->end || (glued && token_ends_value(lx->before))) return at + 1;
    byte_class next = lexer_class(at + 1);
    if (next == BYTE_LETTER) out->kind = TOKEN_NAMED;
    else if (next == BYTE_DIGIT && lx->dialect == MDM_SQL_SQLITE) out->kind = TOKEN_NUMBERED;
    else return at + 1;
    return parameter_end(lx, at);
}

static const char *dollar_token(const lexer *lx, const char *at, token *out)
{
    if (lx->dialect != MDM_SQL_SQLITE) {
        const char *end = dollar_quoted_end(lx, at);
        out->kind = TOKEN_LITERAL;
        if (end) return end;
    }
    out->kind = TOKEN_OPERATOR;
    if (at + 1 >= lx->end || !continues_parameter(at + 1)) return at + 1;
    out->kind = lexer_class(at + 1) == BYTE_DIGIT ? TOKEN_NUMBERED : TOKEN_NAMED;
    return parameter_end(lx, at);
}

static const char *question_token(const lexer *lx, const char *at, token *out)
{
    if (lx->dialect == MDM_SQL_POSTGRESQL) return operator_token(lx, at, out);
    out->kind = TOKEN_BARE;
    at++;
    while (at < lx->end && lexer_class(at) == BYTE_DIGIT) {
        out->kind = TOKEN_NUMBERED;
        at++;
    }
    return at;
}

/* A string or name with a letter in front of its quote, e'text', u&"name"; NULL: a plain word. */
static const char *prefixed_token(const lexer *lx, const char *at, token *out)
{
    const char *quote = at + 1;
    char prefix = (char)(*at | 0x20);
    if (quote >= lx->end) return NULL;
    out->kind = TOKEN_LITERAL;
    if (*quote == '\'') {
        if (lx->dialect == MDM_SQL_SQLITE)
            return prefix == 'x' ? quoted_end(lx, quote, '\'') : NULL;
        if (prefix == 'e') return escaped_end(lx, quote);
        return strchr("xbn", prefix) ? quoted_end(lx, quote, '\'') : NULL;
    }
    if (prefix != 'u' || *quote != '&' || lx->dialect == MDM_SQL_SQLITE) return NULL;
    if (is_at(lx, quote + 1, '\'')) return quoted_end(lx, quote + 1, '\'');
    out->kind = TOKEN_NAME;
    return is_at(lx, quote + 1, '"') ? quoted_end(lx, quote + 1, '"') : NULL;
}

static const char *word_token(const lexer *lx, const char *at, token *out)
{
    const char *end = at + 1;
    while (end < lx->end && lexer_continues_word(end))
        end++;
    const size_t len = (size_t)(end - at);
    const char *prefixed = len == 1 ? prefixed_token(lx, at, out) : NULL;
    if (prefixed) return prefixed;
    out->kind = TOKEN_WORD;
    if (len > KEYWORD_MAX) return end;
    out->text = keyword_fold(at, len);
    if (lx->before == TOKEN_DOT) return end; /* t.select is a name */
    const keyword_entry *entry = keyword_find(out->text);
    out->word = entry->word;
    if (entry->reserved) out->kind = TOKEN_RESERVED;
    return end;
}

static const char *dot_token(const lexer *lx, const char *at, token *out)
{
    out->kind = TOKEN_DOT;
    bool digit = at + 1 < lx->end && lexer_class(at + 1) == BYTE_DIGIT;
    if (!digit || token_ends_value(lx->before)) return at + 1;
    out->kind = TOKEN_LITERAL;
    return number_end(lx, at);
}

/* What only SQLite reads so; NULL: it is no such thing. */
static const char *sqlite_token(const lexer *lx, const char *at, token *out)
{
    out->kind = TOKEN_NAME;
    if (*at == '`') return quoted_end(lx, at, '`');
    if (*at == '[') return quoted_end(lx, at, ']');
    out->kind = TOKEN_NAMED;
    bool named = *at == '@' && at + 1 < lx->end && lexer_class(at + 1) == BYTE_LETTER;
    return named ? parameter_end(lx, at) : NULL;
}

static const char *kind_token(const char *at, token_kind kind, token *out)
{
    out->kind = kind;
    return at + 1;
}

static const char *quoted_token(const lexer *lx, const char *at, token_kind kind, token *out)
{
    out->kind = kind;
    return quoted_end(lx, at, *at);
}

static const char *read_token(const lexer *lx, const char *at, bool glued, token *out)
{
    const byte_class first = lexer_class(at);
    if (lx->dialect == MDM_SQL_SQLITE &&
        (first == BYTE_BACKTICK || first == BYTE_BRACKET || first == BYTE_AT)) {
        const char *end = sqlite_token(lx, at, out);
        if (end) return end;
    }
    switch (first) {
    case BYTE_LETTER: return word_token(lx, at, out);
    case BYTE_DIGIT: out->kind = TOKEN_LITERAL; return number_end(lx, at);
    case BYTE_DOLLAR: return dollar_token(lx, at, out);
    case BYTE_QUOTE: return quoted_token(lx, at, TOKEN_LITERAL, out);
    case BYTE_DOUBLE_QUOTE: return quoted_token(lx, at, TOKEN_NAME, out);
    case BYTE_COLON: return colon_token(lx, at, glued, out);
    case BYTE_QUESTION: return question_token(lx, at, out);
    case BYTE_DOT: return dot_token(lx, at, out);
    case BYTE_COMMA: return kind_token(at, TOKEN_COMMA, out);
    case BYTE_OPEN: return kind_token(at, TOKEN_OPEN, out);
    case BYTE_CLOSE: return kind_token(at, TOKEN_CLOSE, out);
    case BYTE_BRACKET: return kind_token(at, TOKEN_BRACKET, out);
    case BYTE_UNBRACKET: return kind_token(at, TOKEN_UNBRACKET, out);
    case BYTE_SEMICOLON: return kind_token(at, TOKEN_SEMICOLON, out);
    case BYTE_MINUS:
    case BYTE_SLASH:
    case BYTE_SIGN:
    case BYTE_AT:
    case BYTE_BACKTICK: return operator_token(lx, at, out);
    case BYTE_OTHER:
    case BYTE_BLANK: break;
    }
    return kind_token(at, TOKEN_OPERATOR, out);
}

void lexer_init(lexer *lx, mdm_str sql, mdm_sql_dialect dialect)
{
    keyword_prepare();
    if (sql.len == 0) sql.data = "";
    *lx = (lexer){sql.data, sql.data + sql.len, dialect, TOKEN_END, false};
}

void lexer_next(lexer *lx, token *out)
{
    const char *at = skip_blanks(lx, lx->at);
    const bool glued = at == lx->at;
    out->start = at;
    out->kind = TOKEN_END;
    out->word = KEYWORD_NONE;
    lx->at = at < lx->end ? read_token(lx, at, glued, out) : at;
    out->len = (size_t)(lx->at - at);
    lx->before = out->kind;
}
