#include "file/json_scan.h"

#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

static bool fail(mdm_json_scan *s, const char *at, const char *reason)
{
    s->fault = at;
    s->reason = at == s->end ? "" : reason;
    return false;
}

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') <= 9;
}

char mdm_json_peek(mdm_json_scan *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\r' || *s->at == '\t'))
        s->at++;
    return *s->at;
}

bool mdm_json_take(mdm_json_scan *s, char byte, const char *reason)
{
    if (mdm_json_peek(s) != byte) return fail(s, s->at, reason);
    s->at++;
    return true;
}

/* --- strings ---------------------------------------------------------------------- */

/* The next byte that means something in a string. */
static const char *skip_plain(const char *at, const char *end)
{
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\');
    const __m128i blank = _mm_set1_epi8(0x1f);
    for (; end - at >= 16; at += 16) {
        const __m128i b = _mm_loadu_si128((const __m128i *)at);
        const __m128i control = _mm_cmpeq_epi8(_mm_max_epu8(b, blank), blank);
        const __m128i any =
            _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(b, quote), _mm_cmpeq_epi8(b, slash)), control);
        const unsigned bits = (unsigned)_mm_movemask_epi8(any);
        if (bits) return at + __builtin_ctz(bits);
    }
#endif
    while (at < end && *at != '"' && *at != '\\' && (unsigned char)*at >= 0x20)
        at++;
    return at;
}

/* Four digits behind \u. False: a fault. */
static bool read_code(mdm_json_scan *s, const char *at, unsigned *code)
{
    *code = 0;
    for (int i = 0; i < 4; i++) {
        const char c = at < s->end ? at[i] : '\0';
        const unsigned letter = ((unsigned char)c | 0x20u) - 'a';
        if (at + i >= s->end) return fail(s, s->end, "");
        if (!is_digit(c) && letter > 5)
            return fail(s, at + i, "\\u without four hexadecimal digits");
        *code = *code << 4 | (is_digit(c) ? (unsigned)(c - '0') : letter + 10);
    }
    return true;
}

/* \uXXXX at `at`: one that stands for a character, alone or with the next. */
static const char *skip_code(mdm_json_scan *s, const char *at)
{
    static const char half[] = "half a character (a lone surrogate) in a string";
    unsigned code, low;
    if (!read_code(s, at + 2, &code)) return NULL;
    if (code == 0) fail(s, at, "a NUL character in a string");
    else if (code >= 0xDC00 && code < 0xE000) fail(s, at, half);
    if (s->fault) return NULL;
    at += 6;
    if (code < 0xD800 || code >= 0xE000) return at;
    if (at >= s->end || at + 1 >= s->end) fail(s, s->end, "");
    else if (at[0] != '\\' || at[1] != 'u') fail(s, at - 6, half);
    else if (read_code(s, at + 2, &low) && (low < 0xDC00 || low >= 0xE000)) fail(s, at - 6, half);
    return s->fault ? NULL : at + 6;
}

static const char *skip_escape(mdm_json_scan *s, const char *at)
{
    if (at + 1 >= s->end) {
        fail(s, s->end, "");
        return NULL;
    }
    if (at[1] == 'u') return skip_code(s, at);
    if (at[1] && strchr("\"\\/bfnrt", at[1])) return at + 2;
    fail(s, at, "an unknown escape in a string");
    return NULL;
}

static bool skip_string(mdm_json_scan *s)
{
    const char *at = s->at + 1;
    for (;;) {
        at = skip_plain(at, s->end);
        if (at >= s->end) return fail(s, s->end, "");
        if (*at == '"') break;
        if (*at != '\\') return fail(s, at, "a control character in a string");
        at = skip_escape(s, at);
        if (!at) return false;
    }
    s->at = at + 1;
    return true;
}

/* --- numbers and words --------------------------------------------------------------- */

static const char *skip_digits(const char *at)
{
    while (is_digit(*at))
        at++;
    return at;
}

static bool skip_number(mdm_json_scan *s)
{
    const char *at = s->at + (*s->at == '-'), *digits = at;
    at = skip_digits(at);
    if (at == digits) return fail(s, at, "no JSON value");
    if (*digits == '0' && at > digits + 1) return fail(s, digits, "a number with leading zeros");
    if (*at == '.') {
        digits = at + 1;
        at = skip_digits(digits);
        if (at == digits) return fail(s, at, "a number without digits behind the point");
    }
    if (*at == 'e' || *at == 'E') {
        digits = at + 1 + (at[1] == '+' || at[1] == '-');
        at = skip_digits(digits);
        if (at == digits) return fail(s, at, "a number without digits in its exponent");
    }
    /* A number at the end of the text may go on in the next. */
    s->at = at;
    return true;
}

static bool skip_word(mdm_json_scan *s)
{
    static const char *const words[] = {"true", "false", "null", "NaN"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const size_t len = strlen(words[i]), left = (size_t)(s->end - s->at);
        if (memcmp(s->at, words[i], len < left ? len : left) != 0) continue;
        if (left < len) return fail(s, s->end, "");
        s->at += len;
        return true;
    }
    return fail(s, s->at, "no JSON value");
}

/* --- values ----------------------------------------------------------------------------- */

static bool skip_value(mdm_json_scan *s, unsigned depth);

static bool skip_members(mdm_json_scan *s, unsigned depth, bool object)
{
    const char close = object ? '}' : ']';
    if (depth == MDM_JSON_DEPTH) return fail(s, s->at, "nested more than 200 deep");
    s->at++;
    if (mdm_json_peek(s) == close) {
        s->at++;
        return true;
    }
    for (;;) {
        if (object &&
            (mdm_json_string(s).len == 0 || !mdm_json_take(s, ':', "no ':' behind a key")))
            return false;
        mdm_json_peek(s);
        if (!skip_value(s, depth + 1)) return false;
        const char next = mdm_json_peek(s);
        if (next != ',' && next != close)
            return fail(s, s->at,
                        object ? "no ',' or '}' behind a value" : "no ',' or ']' behind a value");
        s->at++;
        if (next == close) return true;
    }
}

static bool skip_value(mdm_json_scan *s, unsigned depth)
{
    if (s->at >= s->end) return fail(s, s->end, "");
    switch (*s->at) {
    case '"': return skip_string(s);
    case '{': return skip_members(s, depth, true);
    case '[': return skip_members(s, depth, false);
    case 't':
    case 'f':
    case 'n':
    case 'N': return skip_word(s);
    default: return skip_number(s);
    }
}

mdm_str mdm_json_value(mdm_json_scan *s)
{
    mdm_json_peek(s);
    const char *begin = s->at;
    if (!skip_value(s, 0)) return (mdm_str){NULL, 0};
    return (mdm_str){begin, (size_t)(s->at - begin)};
}

mdm_str mdm_json_string(mdm_json_scan *s)
{
    mdm_json_peek(s);
    const char *begin = s->at;
    if (*begin != '"') {
        fail(s, begin, "no key in quotes");
        return (mdm_str){NULL, 0};
    }
    if (!skip_string(s)) return (mdm_str){NULL, 0};
    return (mdm_str){begin, (size_t)(s->at - begin)};
}
