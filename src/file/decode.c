/* Conversion by iconv. Its place in the input is kept exactly, so that a byte of the UTF-8 can be
 * traced to the byte of the file it came from. */
#include "file/decode.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>

#include "base/alloc.h"

#define RAW_BYTES ((size_t)64 << 10)

struct mdm_decoder {
    mdm_unpacker *unpacker;
    iconv_t conversion;
    bool opened, ended;
    int64_t taken;
    size_t at, len; /* of raw not yet taken */
    char raw[RAW_BYTES];
};

mdm_status mdm_decoder_open(mdm_unpacker *unpacker, const mdm_encoding *encoding, mdm_decoder **out,
                            mdm_error *err)
{
    mdm_decoder *d = mdm_alloc(sizeof *d);
    *out = NULL;
    if (!d) return mdm_no_memory(err, "a decoder");
    d->unpacker = unpacker;
    d->ended = false;
    d->at = d->len = 0;
    d->taken = 0;
    d->conversion = iconv_open("UTF-8", encoding->name);
    d->opened = d->conversion != (iconv_t)-1; // NOLINT: iconv's way of saying no
    if (d->opened) {
        *out = d;
        return MDM_OK;
    }
    mdm_free(d);
    return mdm_error_set(err, MDM_INVALID, "unknown encoding '%s'", encoding->name);
}

void mdm_decoder_close(mdm_decoder *d)
{
    if (!d) return;
    if (d->opened) iconv_close(d->conversion);
    mdm_free(d);
}

int64_t mdm_decoder_taken(const mdm_decoder *d)
{
    return d->taken;
}

static mdm_status more_raw(mdm_decoder *d, mdm_error *err)
{
    memmove(d->raw, d->raw + d->at, d->len - d->at);
    d->len -= d->at;
    d->at = 0;
    size_t got = 0;
    MDM_TRY(mdm_unpacker_read(d->unpacker, d->raw + d->len, RAW_BYTES - d->len, &got, err));
    d->ended = got == 0;
    d->len += got;
    return MDM_OK;
}

/* Step over one byte that means nothing. */
static void mark_bad(mdm_decoder *d, char *room, size_t *len)
{
    room[(*len)++] = (char)0xFF;
    d->at++;
    d->taken++;
}

/* Convert what is there. False: more raw bytes are needed. */
static bool convert(mdm_decoder *d, char *room, size_t size, size_t *len)
{
    char *in = d->raw + d->at, *out = room + *len;
    size_t in_left = d->len - d->at, out_left = size - *len;
    const size_t code = iconv(d->conversion, &in, &in_left, &out, &out_left);
    const int reason = code == (size_t)-1 ? errno : 0;
    d->taken += (in - d->raw) - (int64_t)d->at;
    d->at = (size_t)(in - d->raw);
    *len = (size_t)(out - room);
    if (reason == E2BIG) return true;
    const bool incomplete = reason == EINVAL && d->ended;
    if ((reason == EILSEQ || incomplete) && *len < size) mark_bad(d, room, len);
    return reason == EILSEQ || incomplete;
}

mdm_status mdm_decoder_read(mdm_decoder *d, char *room, size_t size, size_t *len, mdm_error *err)
{
    *len = 0;
    for (;;) {
        const bool has_raw = d->at < d->len;
        if (has_raw && convert(d, room, size, len)) {
            if (*len + 16 > size) return MDM_OK;
            continue;
        }
        if (d->ended || *len > 0) return MDM_OK;
        MDM_TRY(more_raw(d, err));
    }
}
