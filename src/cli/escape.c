#include "cli/escape.h"

typedef struct character {
    uint32_t code;
    size_t len; /* 0: not UTF-8 */
} character;

static character decode(mdm_str text)
{
    const unsigned char *b = (const unsigned char *)text.data;
    if (b[0] < 0x80) return (character){b[0], 1};
    const size_t len = b[0] >= 0xf0 ? 4 : b[0] >= 0xe0 ? 3 : 2;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (b[0] < 0xc2 || b[0] > 0xf4 || len > text.len) return (character){0};
    uint32_t code = b[0] & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((b[i] & 0xc0) != 0x80) return (character){0};
        code = code << 6 | (b[i] & 0x3fu);
    }
    if (code < least[len] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        return (character){0};
    return (character){code, len};
}

static bool is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) ||
           (code >= 0x200e && code <= 0x200f) || /* left-to-right and right-to-left marks */
           (code >= 0x2028 && code <= 0x202e) || /* separators, embeddings, overrides */
           (code >= 0x2066 && code <= 0x2069) || /* isolates */
           code == 0x061c || code == 0xfeff;
}

size_t cli_character(mdm_str text)
{
    return decode(text).len;
}

size_t cli_plain_character(mdm_str text)
{
    const character c = decode(text);
    return c.len && !is_control(c.code) ? c.len : 0;
}

void cli_put_escaped(FILE *out, mdm_str text)
{
    while (text.len) {
        const size_t plain = cli_plain_character(text);
        size_t used = plain;
        if (plain) {
            fwrite(text.data, 1, plain, out);
        } else {
            const character c = decode(text);
            if (c.len > 1 && c.code > 0xff) fprintf(out, "\\u{%x}", (unsigned)c.code);
            else fprintf(out, "\\x%02x", c.len ? (unsigned)c.code : (unsigned char)text.data[0]);
            used = c.len ? c.len : 1;
        }
        text.data += used;
        text.len -= used;
    }
}
