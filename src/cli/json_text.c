#include "cli/json_text.h"

#include <string.h>

#include "cli/escape.h"

static void put_bytes(FILE *out, mdm_str text)
{
    while (text.len) {
        const unsigned char c = (unsigned char)*text.data;
        size_t used = 1;
        if (c == '"' || c == '\\') fprintf(out, "\\%c", c);
        else if (c == '\n') fputs("\\n", out);
        else if (c == '\t') fputs("\\t", out);
        else if (c == '\r') fputs("\\r", out);
        else if (c < 0x20 || c == 0x7f) fprintf(out, "\\u%04x", c);
        else if (c < 0x80) putc(c, out);
        else {
            used = cli_character(text);
            if (used) fwrite(text.data, 1, used, out);
            else fputs("\\ufffd", out);
            if (!used) used = 1;
        }
        text.data += used;
        text.len -= used;
    }
}

void cli_json_string(FILE *out, mdm_str text, const char *suffix)
{
    putc('"', out);
    put_bytes(out, text);
    put_bytes(out, mdm_str_from(suffix));
    putc('"', out);
}

void cli_json_base64(FILE *out, mdm_str bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *b = (const unsigned char *)bytes.data;
    putc('"', out);
    for (size_t i = 0; i < bytes.len; i += 3) {
        const size_t left = bytes.len - i;
        const unsigned bits = (unsigned)b[i] << 16 | (left > 1 ? (unsigned)b[i + 1] << 8 : 0) |
                              (left > 2 ? b[i + 2] : 0u);
        putc(digits[bits >> 18], out);
        putc(digits[bits >> 12 & 63], out);
        putc(left > 1 ? digits[bits >> 6 & 63] : '=', out);
        putc(left > 2 ? digits[bits & 63] : '=', out);
    }
    putc('"', out);
}

mdm_status cli_json_print(FILE *out, json_t *document, mdm_error *err)
{
    if (!document) return mdm_error_set(err, MDM_NO_MEMORY, "no memory for JSON");
    json_dumpf(document, out, JSON_INDENT(2)); /* failures of out are seen when it is flushed */
    putc('\n', out);
    json_decref(document);
    return MDM_OK;
}
