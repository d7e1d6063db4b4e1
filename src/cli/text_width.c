#include "cli/text_width.h"

#include <utf8proc.h>

size_t cli_text_fit(mdm_str text, size_t width, size_t *taken)
{
    const utf8proc_uint8_t *bytes = (const utf8proc_uint8_t *)text.data;
    size_t used = 0;
    *taken = 0;
    while (used < text.len) {
        utf8proc_int32_t code = 0;
        const utf8proc_ssize_t len =
            utf8proc_iterate(bytes + used, (utf8proc_ssize_t)(text.len - used), &code);
        const int columns = len > 0 ? utf8proc_charwidth(code) : 1;
        if (*taken + (size_t)columns > width) break;
        *taken += (size_t)columns;
        used += len > 0 ? (size_t)len : 1;
    }
    return used;
}

size_t cli_text_width(mdm_str text)
{
    size_t width = 0;
    cli_text_fit(text, SIZE_MAX, &width);
    return width;
}
