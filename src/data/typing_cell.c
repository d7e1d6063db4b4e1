/* What one cell is, and why it is not what one might think. */
#include <string.h>

#include "base/text.h"
#include "data/typing_state.h"

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') <= 9;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool starts_like_number(char c)
{
    return is_digit(c) || c == '-' || c == '.' || c == ',' || c == 'i'; /* inf */
}

/* One, two or four digits and a mark of dates or times: no number begins so. */
static bool starts_like_date(mdm_str text)
{
    if (text.len < 5 || !is_digit(text.data[0])) return false;
    size_t at = 1;
    while (at < 4 && is_digit(text.data[at]))
        at++;
    char mark = text.data[at];
    return mark == '-' || mark == '/' || mark == ':';
}

static const mdm_seen no_value = {CLASS_ANY, true, false};
static const mdm_seen no_value_word = {CLASS_ANY, true, true};

mdm_seen mdm_typing_see(const mdm_typing *typing, mdm_str text, uint64_t alive)
{
    if (typing->json) return mdm_json_see(text);
    if (text.len == 0) return no_value;
    if (typing->words.any_value && mdm_words_have(&typing->words, text)) return no_value_word;
    uint64_t c = 0;
    double value;
    mdm_moment moment;
    if (starts_like_date(text)) c = mdm_class_date(text, &moment);
    else if (starts_like_number(text.data[0]))
        c = mdm_class_number(text, typing->decimal_comma, alive, &value);
    else c = mdm_class_bool(text);
    if (!c && mdm_words_have(&typing->words, text)) return no_value_word;
    return (mdm_seen){c, false, false};
}

/* --- reasons ------------------------------------------------------------------------ */

/* Letters that stand in numbers are told apart from words by the digit in front of them. */
static unsigned reasons_of_letters(mdm_str text, size_t first)
{
    bool exponent = first > 0 && (text.data[first] == 'e' || text.data[first] == 'E') &&
                    is_digit(text.data[first - 1]);
    for (size_t i = first + 1; exponent && i < text.len; i++)
        exponent = is_digit(text.data[i]) || text.data[i] == '-' || text.data[i] == '+';
    return exponent ? MDM_REASON_EXPONENT : MDM_REASON_LETTERS;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

/* Digits with '-' or '/' between them, as dates are. */
static bool is_dated(mdm_str text)
{
    int marks = 0;
    for (size_t i = 1; i < text.len; i++)
        marks += text.data[i] == '/' || text.data[i] == '-';
    return marks >= 2;
}

unsigned mdm_typing_reasons(mdm_str text)
{
    unsigned reasons = 0;
    mdm_str inner = mdm_str_trim(text);
    if (inner.len != text.len) reasons |= MDM_REASON_BLANKS;
    if (inner.len == 0) return MDM_REASON_BLANKS;
    for (size_t i = 0; i < inner.len; i++)
        if (is_letter(inner.data[i])) return reasons | reasons_of_letters(inner, i);
    if (inner.data[0] == '+') reasons |= MDM_REASON_SIGN;
    size_t sign = inner.data[0] == '+' || inner.data[0] == '-';
    size_t digits = 0, others = 0, separators = 0;
    for (size_t i = sign; i < inner.len; i++) {
        char c = inner.data[i];
        if (is_digit(c)) digits++;
        else if (c == ',' || c == '_' || c == '\'' || is_blank(c)) separators++;
        else if (c != '.') others++;
    }
    if (digits == 0) return reasons | MDM_REASON_OTHER;
    if (others) return reasons | (is_dated(inner) ? MDM_REASON_NO_DAY : MDM_REASON_OTHER);
    if (separators) return reasons | MDM_REASON_SEPARATORS;
    if (inner.data[sign] == '0' && inner.len > sign + 1 && is_digit(inner.data[sign + 1]))
        return reasons | MDM_REASON_LEADING_ZEROS;
    if (digits > MDM_MAX_EXACT) return reasons | MDM_REASON_TOO_LONG;
    return reasons ? reasons : MDM_REASON_OTHER;
}

/* 1: a digit, 2: what stands between digits, 0: all else. */
static const uint8_t looks[256] = {
    ['0'] = 1, ['1'] = 1, ['2'] = 1, ['3'] = 1, ['4'] = 1, ['5'] = 1, ['6'] = 1,
    ['7'] = 1, ['8'] = 1, ['9'] = 1, [' '] = 2, ['+'] = 2, ['-'] = 2, ['.'] = 2,
    [','] = 2, [':'] = 2, ['/'] = 2, ['_'] = 2, ['e'] = 2, ['T'] = 2, ['Z'] = 2,
};

bool mdm_typing_looks_typed(mdm_str text)
{
    unsigned seen = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned look = looks[(unsigned char)text.data[i]];
        if (!look) return false;
        seen |= look;
    }
    return seen & 1;
}

/* --- examples ------------------------------------------------------------------------- */

/* Cut at a character. */
static size_t cut(mdm_str text)
{
    if (text.len <= MDM_EXAMPLE) return text.len;
    size_t len = MDM_EXAMPLE;
    while (len > 0 && ((unsigned char)text.data[len] & 0xc0) == 0x80)
        len--;
    return len;
}

void mdm_typing_remember(mdm_typing *typing, mdm_typed_column *column, mdm_str text, int64_t row)
{
    pthread_mutex_lock(&typing->lock);
    bool first = column->example_row == INT64_MAX ||
                 (row >= 0 && row < column->example_row && column->example_row >= 0);
    if (first) {
        size_t len = cut(text);
        if (len) memcpy(column->example, text.data, len);
        strcpy(column->example + len, len < text.len ? "..." : "");
        column->example_row = row;
    }
    pthread_mutex_unlock(&typing->lock);
}
