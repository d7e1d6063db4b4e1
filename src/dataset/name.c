/* Names of datasets: lower case, '-' becomes '_', letters of any script, digits and '_' are kept,
 * all else is dropped. Every command normalises alike, so "My-Data" is found as my_data. */
#include <string.h>
#include <utf8proc.h>

#include "base/text.h"
#include "mdm/dataset.h"

#define MAX_CHARACTERS 100

static bool is_kept(utf8proc_int32_t c)
{
    switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_ND: return true;
    default: return c == '_';
    }
}

mdm_status mdm_dataset_name(const char *name, char *text, size_t size, mdm_error *err)
{
    const size_t len = strlen(name);
    size_t at = 0, used = 0, characters = 0;
    if (size) text[0] = '\0';
    if (len == 0) return mdm_error_set(err, MDM_INVALID, "a dataset needs a name");

    while (at < len) {
        utf8proc_int32_t c;
        const utf8proc_ssize_t width =
            utf8proc_iterate((const utf8proc_uint8_t *)name + at, (utf8proc_ssize_t)(len - at), &c);
        if (width <= 0)
            return mdm_error_set(err, MDM_INVALID, "the name '%s' is not UTF-8", name);
        if (c < 0x20 || c == 0x7f || c == '/')
            return mdm_error_set(err, MDM_INVALID, "the name '%s' holds %s", name,
                                 c == '/' ? "a '/'" : "a control character");
        at += (size_t)width;
        c = c == '-' ? '_' : utf8proc_tolower(c);
        if (!is_kept(c)) continue;

        utf8proc_uint8_t bytes[4];
        const size_t count = (size_t)utf8proc_encode_char(c, bytes);
        if (++characters > MAX_CHARACTERS || used + count >= size)
            return mdm_error_set(err, MDM_INVALID, "the name is longer than %d characters",
                                 MAX_CHARACTERS);
        memcpy(text + used, bytes, count);
        used += count;
        text[used] = '\0';
    }
    if (used == 0)
        return mdm_error_set(err, MDM_INVALID, "the name '%s' has no letter, digit or '_'", name);
    return MDM_OK;
}
