#include "file/write_cells.h"

#include <string.h>

static bool is_whole(mdm_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] != '-' && (unsigned char)(text.data[i] - '0') > 9) return false;
    return true;
}

mdm_str mdm_write_fixed(const mdm_column *column, int64_t row, char room[MDM_CELL_TEXT])
{
    mdm_str text = mdm_cell_text(column, row, room, MDM_CELL_TEXT);
    if (!mdm_is_real(column->type.id)) return text;
    if (text.len == 3 && memcmp(text.data, "nan", 3) == 0) return MDM_STR("NaN");
    if (!is_whole(text) || text.len + 2 > MDM_CELL_TEXT) return text;
    memcpy(room + text.len, ".0", 2);
    return (mdm_str){room, text.len + 2};
}

void mdm_write_hex(mdm_text *text, mdm_str bytes)
{
    static const char hex[] = "0123456789abcdef";
    mdm_text_puts(text, "\\x");
    for (size_t i = 0; i < bytes.len; i++) {
        mdm_text_putc(text, hex[(unsigned char)bytes.data[i] >> 4]);
        mdm_text_putc(text, hex[bytes.data[i] & 15]);
    }
}

void mdm_write_base64(mdm_text *text, mdm_str bytes)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < bytes.len; i += 3) {
        const size_t left = bytes.len - i;
        uint32_t three = (uint32_t)(unsigned char)bytes.data[i] << 16;
        if (left > 1) three |= (uint32_t)(unsigned char)bytes.data[i + 1] << 8;
        if (left > 2) three |= (unsigned char)bytes.data[i + 2];
        mdm_text_putc(text, letters[three >> 18]);
        mdm_text_putc(text, letters[three >> 12 & 63]);
        mdm_text_putc(text, left > 1 ? letters[three >> 6 & 63] : '=');
        mdm_text_putc(text, left > 2 ? letters[three & 63] : '=');
    }
}
