/* gzip, and zip with one member: both are deflate with different words around it. */
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "base/alloc.h"
#include "file/sink.h"

#define BLOCK_BYTES ((size_t)64 << 10)
#define ZIP_MAX UINT32_MAX

typedef struct deflater {
    mdm_packer packer;
    mdm_sink *sink;
    z_stream stream;
    char *member; /* of a zip; NULL: gzip */
    uint32_t crc, date;
    uint64_t plain, packed;
    unsigned char block[BLOCK_BYTES];
} deflater;

static voidpf zlib_alloc(voidpf opaque, uInt items, uInt size)
{
    (void)opaque;
    return mdm_alloc((size_t)items * size);
}

static void zlib_free(voidpf opaque, voidpf memory)
{
    (void)opaque;
    mdm_free(memory);
}

static mdm_status run(deflater *d, int flush, mdm_error *err)
{
    do {
        d->stream.next_out = d->block;
        d->stream.avail_out = BLOCK_BYTES;
        if (deflate(&d->stream, flush) == Z_STREAM_ERROR)
            return mdm_error_set(err, MDM_IO, "deflate does not work");
        const size_t len = BLOCK_BYTES - d->stream.avail_out;
        d->packed += len;
        if (len) MDM_TRY(mdm_sink_write(d->sink, (mdm_str){(char *)d->block, len}, err));
    } while (d->stream.avail_out == 0);
    return MDM_OK;
}

static mdm_status pack(mdm_packer *packer, mdm_str text, mdm_error *err)
{
    deflater *d = (deflater *)packer;
    while (text.len > 0) {
        const size_t len = text.len < UINT32_MAX / 2 ? text.len : UINT32_MAX / 2;
        d->stream.next_in = (Bytef *)(uintptr_t)text.data;
        d->stream.avail_in = (uInt)len;
        d->plain += len;
        if (d->member) d->crc = (uint32_t)crc32(d->crc, d->stream.next_in, (uInt)len);
        MDM_TRY(run(d, Z_NO_FLUSH, err));
        text = (mdm_str){text.data + len, text.len - len};
    }
    return MDM_OK;
}

static void close_deflater(mdm_packer *packer)
{
    deflater *d = (deflater *)packer;
    deflateEnd(&d->stream);
    mdm_free(d->member);
    mdm_free(d);
}

static mdm_status open_deflater(mdm_sink *sink, int window,
                                mdm_status (*finish)(mdm_packer *, mdm_error *), deflater **out,
                                mdm_error *err)
{
    deflater *d = mdm_alloc_zero(1, sizeof *d);
    if (!d) return mdm_no_memory(err, "a packer");
    d->packer = (mdm_packer){pack, finish, close_deflater};
    d->sink = sink;
    d->stream.zalloc = zlib_alloc;
    d->stream.zfree = zlib_free;
    if (deflateInit2(&d->stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window, 8,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        mdm_free(d);
        return mdm_no_memory(err, "a packer");
    }
    *out = d;
    return MDM_OK;
}

/* --- gzip --------------------------------------------------------------------------- */

static mdm_status finish_gzip(mdm_packer *packer, mdm_error *err)
{
    return run((deflater *)packer, Z_FINISH, err);
}

mdm_status mdm_gzip_packer_open(mdm_sink *sink, mdm_packer **out, mdm_error *err)
{
    deflater *d = NULL;
    MDM_TRY(open_deflater(sink, 15 + 16, finish_gzip, &d, err));
    *out = &d->packer;
    return MDM_OK;
}

/* --- zip ----------------------------------------------------------------------------- */

static void put(mdm_text *text, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        mdm_text_putc(text, (char)(value >> 8 * i & 0xFF));
}

/* What the member's own header and the directory at the end have in common, from "version needed"
 * on. Flags: the sizes follow the data; the name is UTF-8. */
static void put_member(mdm_text *text, const deflater *d, bool known)
{
    put(text, 20, 2);
    put(text, 1u << 3 | 1u << 11, 2);
    put(text, Z_DEFLATED, 2);
    put(text, d->date, 4);
    put(text, known ? d->crc : 0, 4);
    put(text, known ? d->packed : 0, 4);
    put(text, known ? d->plain : 0, 4);
    put(text, strlen(d->member), 2);
    put(text, 0, 2);
}

static mdm_status write_text(deflater *d, mdm_text *text, mdm_error *err)
{
    mdm_status status = mdm_text_status(text, err);
    if (status == MDM_OK) status = mdm_sink_write(d->sink, (mdm_str){text->data, text->len}, err);
    mdm_text_clear(text);
    return status;
}

static mdm_status begin_zip(deflater *d, mdm_error *err)
{
    mdm_text text;
    mdm_text_init(&text);
    put(&text, 0x04034b50, 4);
    put_member(&text, d, false);
    mdm_text_puts(&text, d->member);
    return write_text(d, &text, err);
}

static mdm_status finish_zip(mdm_packer *packer, mdm_error *err)
{
    deflater *d = (deflater *)packer;
    const size_t header = 30 + strlen(d->member), descriptor = 16;
    mdm_text text;
    MDM_TRY(run(d, Z_FINISH, err));
    if (d->plain > ZIP_MAX || d->packed > ZIP_MAX - 1024) {
        const mdm_status status = mdm_error_set(err, MDM_FORMAT, "zip cannot hold more than 4 GB");
        return mdm_error_hint(err, status, "gzip and zstd can");
    }
    mdm_text_init(&text);
    put(&text, 0x08074b50, 4);
    put(&text, d->crc, 4);
    put(&text, d->packed, 4);
    put(&text, d->plain, 4);
    const size_t directory = text.len;
    put(&text, 0x02014b50, 4);
    put(&text, 3u << 8 | 20, 2); /* made on Unix: what follows as attributes is a mode */
    put_member(&text, d, true);
    put(&text, 0, 6); /* comment, disk, internal attributes */
    put(&text, (uint64_t)0100644 << 16, 4);
    put(&text, 0, 4); /* where the member begins */
    mdm_text_puts(&text, d->member);
    const size_t directory_bytes = text.len - directory;
    put(&text, 0x06054b50, 4);
    put(&text, 0, 4);
    put(&text, 1, 2);
    put(&text, 1, 2);
    put(&text, directory_bytes, 4);
    put(&text, header + d->packed + descriptor, 4);
    put(&text, 0, 2);
    return write_text(d, &text, err);
}

static uint32_t dos_date(void)
{
    const time_t now = time(NULL);
    struct tm t;
    if (!gmtime_r(&now, &t) || t.tm_year < 80) return 1u << 21 | 1u << 16; /* 1980-01-01 */
    return (uint32_t)(t.tm_year - 80) << 25 | (uint32_t)(t.tm_mon + 1) << 21 |
           (uint32_t)t.tm_mday << 16 | (uint32_t)t.tm_hour << 11 | (uint32_t)t.tm_min << 5 |
           (uint32_t)t.tm_sec / 2;
}

mdm_status mdm_zip_packer_open(mdm_sink *sink, const char *member, mdm_packer **out, mdm_error *err)
{
    deflater *d = NULL;
    if (strlen(member) > 1000) return mdm_error_set(err, MDM_INVALID, "a name too long for a zip");
    MDM_TRY(open_deflater(sink, -15, finish_zip, &d, err));
    d->member = mdm_strdup(member);
    d->date = dos_date();
    const mdm_status status = d->member ? begin_zip(d, err) : mdm_no_memory(err, "a name");
    if (status == MDM_OK) *out = &d->packer;
    else close_deflater(&d->packer);
    return status;
}
