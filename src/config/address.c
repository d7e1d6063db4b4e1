/* Passwords in database addresses: postgresql://user:PASSWORD@host/, ...?password=PASSWORD and the
 * words "host=... password=PASSWORD". Where it is unclear what belongs to a password, more is
 * hidden rather than less: an unescaped '/', '?' or '@' in it is common. */
#include <string.h>

#include "config/settings.h"

/* Where the user's part behind "://" has its colon and ends at the last '@'; false: no password. */
static bool find_in_authority(mdm_str address, size_t *start, size_t *end)
{
    const char *scheme = memmem(address.data, address.len, "://", 3);
    const char *at = address.len ? memrchr(address.data, '@', address.len) : NULL;
    if (!scheme || !at || at < scheme + 3) return false;
    const char *colon = memchr(scheme + 3, ':', (size_t)(at - (scheme + 3)));
    if (!colon) return false;
    *start = (size_t)(colon + 1 - address.data);
    *end = (size_t)(at - address.data);
    return *start < *end;
}

/* The end of a value that begins at `at`: a quoted one, else up to the next blank or '&'. */
static size_t value_end(mdm_str address, size_t at)
{
    if (at < address.len && address.data[at] == '\'') {
        for (at++; at < address.len && address.data[at] != '\''; at++)
            if (address.data[at] == '\\') at++;
        return at < address.len ? at + 1 : address.len;
    }
    while (at < address.len && address.data[at] != '&' && address.data[at] != ' ')
        at++;
    return at;
}

/* The value of the next "password =" from `from` on (sslpassword too); false: none. */
static bool find_word(mdm_str address, size_t from, size_t *start, size_t *end)
{
    static const mdm_str word = {"password", 8};
    for (size_t i = from; i + word.len <= address.len; i++) {
        if (!mdm_str_equal_nocase((mdm_str){address.data + i, word.len}, word)) continue;
        size_t at = i + word.len;
        while (at < address.len && address.data[at] == ' ')
            at++;
        if (at >= address.len || address.data[at] != '=') continue;
        for (at++; at < address.len && address.data[at] == ' ';)
            at++;
        *start = at;
        *end = value_end(address, at);
        if (*start < *end) return true;
    }
    return false;
}

bool mdm_address_mask(mdm_str address, mdm_text *out)
{
    size_t done = 0, start, end;
    bool found = find_in_authority(address, &start, &end);
    if (found) {
        mdm_text_add(out, (mdm_str){address.data, start});
        mdm_text_puts(out, "***");
        done = end;
    }
    while (find_word(address, done, &start, &end)) {
        mdm_text_add(out, (mdm_str){address.data + done, start - done});
        mdm_text_puts(out, "***");
        done = end;
        found = true;
    }
    mdm_text_add(out, (mdm_str){address.data + done, address.len - done});
    return found;
}
