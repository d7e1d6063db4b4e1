#include "base/format.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;

/* glibc keeps the C locale in a constant, so this cannot fail there. Elsewhere, (locale_t)0 makes
 * uselocale() change nothing. */
static void open_c_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

locale_t mdm_c_locale(void)
{
    pthread_once(&c_locale_once, open_c_locale);
    return c_locale;
}

int mdm_format(char *room, size_t size, const char *format, va_list args)
{
    const locale_t before = uselocale(mdm_c_locale());
    const int len = vsnprintf(room, size, format, args);
    uselocale(before);
    return len;
}

/* Characters that turn the direction of text or end a line without being control characters:
 * they make a name look like another one. */
static bool is_deceiving(uint32_t code)
{
    return code == 0x061C || code == 0x200E || code == 0x200F ||
           (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

size_t mdm_show_char(mdm_str text, char room[MDM_SHOWN_MAX])
{
    uint32_t code;
    const size_t len = mdm_utf8_decode(text, &code);
    if (len == 0 || code < 0x20 || (code >= 0x7F && code <= 0x9F)) {
        snprintf(room, MDM_SHOWN_MAX, "\\x%02x",
                 len == 0 ? (unsigned char)text.data[0] : (unsigned)code);
        return len ? len : 1;
    }
    if (is_deceiving(code)) {
        snprintf(room, MDM_SHOWN_MAX, "\\u{%04X}", (unsigned)code);
    } else {
        memcpy(room, text.data, len);
        room[len] = '\0';
    }
    return len;
}
