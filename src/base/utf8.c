#include <string.h>

#include "base/text.h"

static bool is_tail(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

size_t mdm_utf8_decode(mdm_str text, uint32_t *code)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800,
                                        0x10000}; /* by length: no overlong form */
    if (text.len == 0) return 0;
    const unsigned char first = (unsigned char)text.data[0];
    if (first < 0x80) {
        *code = first;
        return 1;
    }
    const size_t len = first >= 0xF8   ? 0
                       : first >= 0xF0 ? 4
                       : first >= 0xE0 ? 3
                       : first >= 0xC0 ? 2
                                       : 0;
    if (len == 0 || len > text.len) return 0;
    uint32_t value = first & (0x7Fu >> len);
    for (size_t i = 1; i < len; i++) {
        if (!is_tail(text.data[i])) return 0;
        value = value << 6 | ((unsigned char)text.data[i] & 0x3Fu);
    }
    if (value < smallest[len] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return 0;
    *code = value;
    return len;
}

size_t mdm_utf8_check(mdm_str text)
{
    const uint64_t high_bits = 0x8080808080808080u;
    size_t at = 0;
    while (at < text.len) {
        uint64_t eight;
        if (text.len - at >= sizeof eight) { /* most text is ASCII: eight bytes at a time */
            memcpy(&eight, text.data + at, sizeof eight);
            if (!(eight & high_bits)) {
                at += sizeof eight;
                continue;
            }
        }
        uint32_t code;
        const size_t len = mdm_utf8_decode((mdm_str){text.data + at, text.len - at}, &code);
        if (len == 0) return at;
        at += len;
    }
    return SIZE_MAX;
}
