/* JSON tokens as cells. The reader of the file has checked that they are JSON. */
#include <math.h>
#include <string.h>

#include "data/real.h"
#include "data/typing_state.h"

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') <= 9;
}

/* --- strings ------------------------------------------------------------------------- */

static unsigned read_hex(const char *four)
{
    unsigned value = 0;
    for (int i = 0; i < 4; i++) {
        char c = four[i];
        unsigned digit = is_digit(c) ? (unsigned)(c - '0') : ((unsigned)c | 32) - 'a' + 10;
        value = value << 4 | (digit & 15);
    }
    return value;
}

static char *write_utf8(char *to, unsigned code)
{
    if (code < 0x80) {
        *to++ = (char)code;
    } else if (code < 0x800) {
        *to++ = (char)(0xc0 | code >> 6);
        *to++ = (char)(0x80 | (code & 63));
    } else if (code < 0x10000) {
        *to++ = (char)(0xe0 | code >> 12);
        *to++ = (char)(0x80 | (code >> 6 & 63));
        *to++ = (char)(0x80 | (code & 63));
    } else {
        *to++ = (char)(0xf0 | code >> 18);
        *to++ = (char)(0x80 | (code >> 12 & 63));
        *to++ = (char)(0x80 | (code >> 6 & 63));
        *to++ = (char)(0x80 | (code & 63));
    }
    return to;
}

/* \uXXXX, and two of them where they are halves of one character. A lone half becomes U+FFFD. */
static char *unescape_code(const char **at, const char *end, char *to)
{
    unsigned code = end - *at >= 4 ? read_hex(*at) : 0xfffd;
    *at += end - *at >= 4 ? 4 : end - *at;
    if (code >= 0xd800 && code < 0xdc00 && end - *at >= 6 && (*at)[0] == '\\' && (*at)[1] == 'u') {
        unsigned low = read_hex(*at + 2);
        if (low >= 0xdc00 && low < 0xe000) {
            *at += 6;
            return write_utf8(to, 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00));
        }
    }
    return write_utf8(to, code >= 0xd800 && code < 0xe000 ? 0xfffd : code);
}

mdm_str mdm_json_unescape(mdm_str token, char *room)
{
    static const char escapes[] = "bfnrt", meanings[] = "\b\f\n\r\t";
    const char *at = token.data + 1, *end = token.data + token.len - 1;
    char *to = room;
    while (at < end) {
        if (*at != '\\' || at + 1 == end) {
            *to++ = *at++;
            continue;
        }
        char c = at[1];
        at += 2;
        const char *found = strchr(escapes, c);
        if (c == 'u') to = unescape_code(&at, end, to);
        else *to++ = found && c ? meanings[found - escapes] : c; /* \" \\ \/ stand for themselves */
    }
    return (mdm_str){room, (size_t)(to - room)};
}

static bool is_string(mdm_str token)
{
    return token.len >= 2 && token.data[0] == '"';
}

static bool is_null(mdm_str token)
{
    return token.len == 4 && memcmp(token.data, "null", 4) == 0;
}

mdm_str mdm_typing_json_text(mdm_str token, mdm_text *room)
{
    if (is_null(token)) return (mdm_str){0};
    if (!is_string(token)) return token;
    if (!memchr(token.data, '\\', token.len)) return (mdm_str){token.data + 1, token.len - 2};
    mdm_text_reset(room);
    mdm_text_add(room, token); /* what is unescaped is never longer */
    if (room->failed) return (mdm_str){0};
    return mdm_json_unescape(token, room->data);
}

/* --- numbers --------------------------------------------------------------------------- */

/* The token's digits without zeros at either end; false: more than 19 of them. */
static bool read_decimal(mdm_str token, mdm_decimal *out)
{
    const char *at = token.data, *end = at + token.len;
    *out = (mdm_decimal){0, 0};
    int count = 0, zeros = 0;
    bool fraction = false;
    at += at < end && *at == '-';
    for (; at < end && (is_digit(*at) || *at == '.'); at++) {
        if (*at == '.') {
            fraction = true;
            continue;
        }
        out->exponent -= fraction;
        if (*at == '0') {
            zeros++; /* counts only if a digit follows */
            continue;
        }
        if (out->digits == 0) zeros = 0;
        count += zeros + 1;
        if (count > 19) return false;
        for (; zeros > 0; zeros--)
            out->digits *= 10;
        out->digits = out->digits * 10 + (uint64_t)(*at - '0');
    }
    out->exponent += zeros;
    if (at == end) return true;
    int64_t exponent;
    if (!mdm_str_to_int((mdm_str){at + 1, (size_t)(end - at) - 1}, &exponent)) return false;
    if (exponent < -2000 || exponent > 2000) return false;
    out->exponent += (int)exponent;
    return true;
}

bool mdm_json_real(mdm_str token, double *out)
{
    mdm_decimal decimal;
    if (!read_decimal(token, &decimal)) return false;
    if (!mdm_real_from_decimal(decimal, out) && !mdm_str_to_real(token, out)) return false;
    *out = fabs(*out);
    mdm_decimal shortest = mdm_real_shortest(*out);
    bool kept = decimal.digits == 0 ||
                (shortest.digits == decimal.digits && shortest.exponent == decimal.exponent);
    if (token.data[0] == '-') *out = -*out;
    return kept;
}

static uint64_t class_of_number(mdm_str token)
{
    int64_t whole;
    double real;
    if (mdm_scan_int(token.data, token.len, &whole)) {
        bool small = whole > -((int64_t)1 << 53) && whole < (int64_t)1 << 53;
        return CLASS_INT | (small || mdm_json_real(token, &real) ? CLASS_JSON_REAL : 0);
    }
    return mdm_json_real(token, &real) ? CLASS_JSON_REAL : 0;
}

/* --- any token --------------------------------------------------------------------------- */

static mdm_seen see_string(mdm_str token)
{
    char room[48];
    mdm_str text = {token.data + 1, token.len - 2};
    if (text.len == 0) return (mdm_seen){CLASS_ANY, true, false};
    if (token.len > sizeof room) return (mdm_seen){0, false, false};
    if (memchr(token.data, '\\', token.len)) text = mdm_json_unescape(token, room);
    mdm_moment moment;
    return (mdm_seen){mdm_class_date(text, &moment), false, false};
}

mdm_seen mdm_json_see(mdm_str token)
{
    if (token.len == 0 || is_null(token)) return (mdm_seen){CLASS_ANY, true, false};
    if (is_string(token)) return see_string(token);
    if (token.data[0] == 't' || token.data[0] == 'f')
        return (mdm_seen){mdm_class_bool(token), false, false};
    if (token.data[0] == '-' || is_digit(token.data[0]))
        return (mdm_seen){class_of_number(token), false, false};
    return (mdm_seen){0, false, false}; /* objects and arrays */
}
