#include "base/text.h"

#include <stdarg.h>
#include <string.h>

#include "base/alloc.h"
#include "base/format.h"

#define FIRST_SIZE 64u

/* data of a text that holds nothing; never written to, since size is 0. */
static char nothing[1];

void mdm_text_init(mdm_text *text)
{
    *text = (mdm_text){.data = nothing};
}

void mdm_text_clear(mdm_text *text)
{
    if (text->size > 0) mdm_free(text->data);
    mdm_text_init(text);
}

void mdm_text_reset(mdm_text *text)
{
    text->len = 0;
    text->failed = false;
    if (text->size > 0) text->data[0] = '\0';
}

/* Room for `more` bytes and the NUL; false (and failed) when there is none. */
static bool make_room(mdm_text *text, size_t more)
{
    if (text->failed) return false;
    if (more < text->size - text->len) return true;
    size_t size = text->size ? text->size : FIRST_SIZE;
    while (size <= PTRDIFF_MAX / 2 && size - text->len <= more)
        size *= 2;
    char *data = NULL;
    if (size - text->len > more) data = mdm_realloc(text->size ? text->data : NULL, size);
    if (!data) {
        text->failed = true;
        return false;
    }
    text->data = data;
    text->size = size;
    return true;
}

void mdm_text_add(mdm_text *text, mdm_str bytes)
{
    if (bytes.len == 0 || !make_room(text, bytes.len)) return;
    memcpy(text->data + text->len, bytes.data, bytes.len);
    text->len += bytes.len;
    text->data[text->len] = '\0';
}

void mdm_text_puts(mdm_text *text, const char *words)
{
    mdm_text_add(text, mdm_str_from(words));
}

void mdm_text_putc(mdm_text *text, char c)
{
    mdm_text_add(text, (mdm_str){&c, 1});
}

void mdm_text_printf(mdm_text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int len = mdm_format(NULL, 0, format, args);
    va_end(args);
    if (len <= 0 || !make_room(text, (size_t)len)) return;
    va_start(args, format);
    mdm_format(text->data + text->len, (size_t)len + 1, format, args);
    va_end(args);
    text->len += (size_t)len;
}

char *mdm_text_take(mdm_text *text)
{
    char *taken = NULL;
    if (!text->failed && text->size > 0) {
        taken = text->data;
        mdm_text_init(text);
    } else {
        if (!text->failed) taken = mdm_strdup("");
        mdm_text_clear(text);
    }
    return taken;
}

mdm_status mdm_text_status(const mdm_text *text, mdm_error *err)
{
    return text->failed ? mdm_no_memory(err, "a text") : MDM_OK;
}

/* --- quoting ---------------------------------------------------------------- */

void mdm_text_quoted(mdm_text *text, mdm_str bytes, char quote)
{
    mdm_text_putc(text, quote);
    while (bytes.len > 0) {
        const char *next = memchr(bytes.data, quote, bytes.len);
        const size_t len = next ? (size_t)(next - bytes.data) + 1 : bytes.len;
        mdm_text_add(text, (mdm_str){bytes.data, len});
        if (next) mdm_text_putc(text, quote);
        bytes.data += len;
        bytes.len -= len;
    }
    mdm_text_putc(text, quote);
}

static void json_control(mdm_text *text, unsigned char c)
{
    switch (c) {
    case '\b': mdm_text_puts(text, "\\b"); break;
    case '\f': mdm_text_puts(text, "\\f"); break;
    case '\n': mdm_text_puts(text, "\\n"); break;
    case '\r': mdm_text_puts(text, "\\r"); break;
    case '\t': mdm_text_puts(text, "\\t"); break;
    default: mdm_text_printf(text, "\\u%04x", c);
    }
}

void mdm_text_json(mdm_text *text, mdm_str bytes)
{
    mdm_text_putc(text, '"');
    while (bytes.len > 0) {
        const unsigned char c = (unsigned char)bytes.data[0];
        uint32_t code;
        const size_t len = mdm_utf8_decode(bytes, &code);
        if (len == 0) {
            mdm_text_puts(text, "\xEF\xBF\xBD");
        } else if (c == '"' || c == '\\') {
            mdm_text_putc(text, '\\');
            mdm_text_putc(text, (char)c);
        } else if (c < 0x20) {
            json_control(text, c);
        } else {
            mdm_text_add(text, (mdm_str){bytes.data, len});
        }
        bytes.data += len ? len : 1;
        bytes.len -= len ? len : 1;
    }
    mdm_text_putc(text, '"');
}

void mdm_text_escaped(mdm_text *text, mdm_str bytes)
{
    char shown[MDM_SHOWN_MAX];
    while (bytes.len > 0) {
        const size_t taken = mdm_show_char(bytes, shown);
        mdm_text_puts(text, shown);
        bytes.data += taken;
        bytes.len -= taken;
    }
}
