#include "file/window.h"

#include <string.h>

#include "base/alloc.h"
#include "base/io.h"
#include "base/text.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* Small enough for the second-level cache, large enough that a system call does not count. (The
 * fuzzer takes a tiny one, to have its borders everywhere.) */
#ifndef MDM_WINDOW_BYTES
#define MDM_WINDOW_BYTES ((size_t)256 << 10)
#endif

/* --- looking at bytes ------------------------------------------------------------- */

/* The first place from at on that is no plain ASCII, or len. */
static size_t skip_ascii(const char *data, size_t at, size_t len)
{
#if defined(__SSE2__)
    const __m128i zero = _mm_setzero_si128();
    for (; len - at >= 32; at += 32) {
        const __m128i a = _mm_loadu_si128((const __m128i *)(data + at));
        const __m128i b = _mm_loadu_si128((const __m128i *)(data + at + 16));
        /* min(a, b) is 0 where one of them is; high bits come from either. */
        const __m128i nul = _mm_cmpeq_epi8(_mm_min_epu8(a, b), zero);
        if (_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(a, b), nul))) break;
    }
#endif
    while (at < len && (signed char)data[at] > 0)
        at++;
    return at;
}

/* Is text, which is no character, the beginning of one? */
static bool may_go_on(mdm_str text)
{
    const unsigned char first = (unsigned char)text.data[0];
    const size_t needed = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 0;
    if (text.len >= needed) return false;
    for (size_t i = 1; i < text.len; i++)
        if (((unsigned char)text.data[i] & 0xC0) != 0x80) return false;
    return true;
}

/* The first NUL or byte that is no UTF-8, from at on. SIZE_MAX: none up to *checked, which stops
 * before a last character that may be incomplete. */
static size_t find_bad(const char *data, size_t at, size_t len, bool ended, size_t *checked)
{
    while ((at = skip_ascii(data, at, len)) < len) {
        uint32_t code;
        const size_t bytes = mdm_utf8_decode((mdm_str){data + at, len - at}, &code);
        if (bytes == 0 || code == 0) {
            *checked = at;
            const bool wait = !ended && bytes == 0 && may_go_on((mdm_str){data + at, len - at});
            return wait ? SIZE_MAX : at;
        }
        at += bytes;
    }
    *checked = len;
    return SIZE_MAX;
}

size_t mdm_count_byte(mdm_str text, char byte)
{
    size_t count = 0, at = 0;
#if defined(__SSE2__)
    const __m128i wanted = _mm_set1_epi8(byte), zero = _mm_setzero_si128();
    while (text.len - at >= 16) {
        /* Each lane counts to at most 255 before it is added up. */
        __m128i lanes = zero;
        for (int i = 0; i < 255 && text.len - at >= 16; i++, at += 16) {
            const __m128i block = _mm_loadu_si128((const __m128i *)(text.data + at));
            lanes = _mm_sub_epi8(lanes, _mm_cmpeq_epi8(block, wanted));
        }
        const __m128i sums = _mm_sad_epu8(lanes, zero);
        count +=
            (size_t)_mm_cvtsi128_si64(sums) + (size_t)_mm_cvtsi128_si64(_mm_srli_si128(sums, 8));
    }
#endif
    for (; at < text.len; at++)
        count += text.data[at] == byte;
    return count;
}

/* --- filling ------------------------------------------------------------------------ */

static mdm_status read_text(mdm_window *w, char *room, size_t size, size_t *len, mdm_error *err)
{
    return w->decoder ? mdm_decoder_read(w->decoder, room, size, len, err)
                      : mdm_unpacker_read(w->unpacker, room, size, len, err);
}

static mdm_status fill(mdm_window *w, mdm_error *err)
{
    MDM_TRY(mdm_stop_check(w->stop, err));
    while (w->len < w->size && !w->ended) {
        size_t got = 0;
        if (w->decoder && w->size - w->len < 16) break;
        MDM_TRY(read_text(w, w->data + w->len, w->size - w->len, &got, err));
        w->ended = got == 0;
        w->len += got;
    }
    memset(w->data + w->len, 0, MDM_WINDOW_PADDING);
    if (w->bad == SIZE_MAX) w->bad = find_bad(w->data, w->checked, w->len, w->ended, &w->checked);
    if (w->progress)
        w->progress(w->progress_self, w->phase, mdm_unpacker_done(w->unpacker),
                    mdm_unpacker_total(w->unpacker));
    return MDM_OK;
}

static mdm_status grow(mdm_window *w, mdm_error *err)
{
    char *grown = mdm_realloc(w->data, 2 * w->size + MDM_WINDOW_PADDING);
    if (!grown) return mdm_no_memory(err, "a window on a file");
    w->data = grown;
    w->size *= 2;
    return MDM_OK;
}

static void drop(mdm_window *w, size_t count)
{
    w->line += (int64_t)mdm_count_byte((mdm_str){w->data, count}, w->newline);
    w->start += (int64_t)count;
    w->len -= count;
    memmove(w->data, w->data + count, w->len);
    w->checked = w->checked > count ? w->checked - count : 0;
    if (w->bad != SIZE_MAX && w->bad < count) w->bad = SIZE_MAX;
    if (w->bad != SIZE_MAX) w->bad -= count;
}

mdm_status mdm_window_more(mdm_window *w, size_t keep, mdm_error *err)
{
    drop(w, keep);
    if (w->len + 16 > w->size) MDM_TRY(grow(w, err));
    return fill(w, err);
}

mdm_status mdm_window_skip_line(mdm_window *w, mdm_error *err)
{
    const char *end = NULL;
    while (!end && !w->ended) {
        drop(w, w->len);
        MDM_TRY(fill(w, err));
        end = memchr(w->data, w->newline, w->len);
    }
    drop(w, end ? (size_t)(end - w->data) : w->len);
    memset(w->data + w->len, 0, MDM_WINDOW_PADDING);
    mdm_window_check_from(w, 0);
    return MDM_OK;
}

void mdm_window_check_from(mdm_window *w, size_t from)
{
    if (from > w->checked) w->checked = from;
    w->bad = find_bad(w->data, w->checked, w->len, w->ended, &w->checked);
}

void mdm_window_place(const mdm_window *w, const char *at, int64_t *line, int64_t *byte)
{
    const mdm_str before = {w->data, (size_t)(at - w->data)};
    *line = w->line + (int64_t)mdm_count_byte(before, w->newline);
    *byte = w->start + (int64_t)before.len + 1;
}

/* --- open and close -------------------------------------------------------------------- */

static void take_mark_off(mdm_window *w)
{
    if (!mdm_str_starts((mdm_str){w->data, w->len}, MDM_STR("\xef\xbb\xbf"))) return;
    drop(w, 3);
    memset(w->data + w->len, 0, MDM_WINDOW_PADDING);
}

static mdm_status open_all(mdm_window *w, const mdm_window_options *options, mdm_error *err)
{
    MDM_TRY(mdm_unpacker_open(options->path, options->packing, &w->unpacker, err));
    if (options->hash) MDM_TRY(mdm_unpacker_hash_all(w->unpacker, err));
    if (options->encoding->name[0])
        MDM_TRY(mdm_decoder_open(w->unpacker, options->encoding, &w->decoder, err));
    w->decoded = w->decoder != NULL;
    w->size = MDM_WINDOW_BYTES;
    w->data = mdm_alloc(w->size + MDM_WINDOW_PADDING);
    if (!w->data) return mdm_no_memory(err, "a window on a file");
    MDM_TRY(fill(w, err));
    take_mark_off(w);
    return MDM_OK;
}

mdm_status mdm_window_open(mdm_window *window, const mdm_window_options *options, mdm_error *err)
{
    *window = (mdm_window){
        .bad = SIZE_MAX,
        .line = 1,
        .newline = '\n',
        .name = mdm_path_name(options->path),
        .stop = options->read->stop,
        .progress = options->read->progress,
        .progress_self = options->read->progress_self,
        .phase = options->phase,
    };
    const mdm_status status = open_all(window, options, err);
    if (status != MDM_OK) mdm_window_clear(window);
    return status;
}

void mdm_window_clear(mdm_window *window)
{
    mdm_decoder_close(window->decoder);
    mdm_unpacker_close(window->unpacker);
    mdm_free(window->data);
    *window = (mdm_window){.bad = SIZE_MAX};
}
