/* One loop: ask the codec for output, and when it starves give it the next block of the file. The
 * codecs differ in three functions. Plain files are read straight into the caller's room. */
#include "file/unpack.h"

#include <errno.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/io_call.h"

#define BLOCK_BYTES ((size_t)256 << 10)

struct mdm_unpacker {
    int fd;
    mdm_file_packing packing;
    char *name; /* for messages */
    int64_t done, total, mtime_ns;
    mdm_hasher *hasher;
    char *block; /* packed bytes; NULL: not packed */
    size_t block_len, block_at;
    bool file_ended, in_member, ended;
    int64_t members;
    z_stream gzip;
    ZSTD_DStream *zstd;
};

/* --- the file --------------------------------------------------------------- */

static mdm_status look_at(mdm_unpacker *u, const char *path, mdm_error *err)
{
    struct stat st;
    if (mdm_call_fstat(u->fd, &st) != 0) return mdm_errno(err, errno, path);
    if (S_ISDIR(st.st_mode)) return mdm_error_set(err, MDM_FORMAT, "%s: is a folder", path);
    if (!S_ISREG(st.st_mode)) return mdm_error_set(err, MDM_FORMAT, "%s: not a regular file", path);
    u->total = st.st_size;
    u->mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    return MDM_OK;
}

static mdm_status open_file(mdm_unpacker *u, const char *path, mdm_error *err)
{
    /* Without O_NONBLOCK a FIFO in this place would be waited for. */
    u->fd = mdm_call_open(AT_FDCWD, path, O_RDONLY | O_NONBLOCK, 0);
    if (u->fd < 0) {
        const mdm_status status = mdm_errno(err, errno, path);
        /* A missing input is bad input; "not found" is said of datasets. */
        if (status != MDM_NOT_FOUND) return status;
        return mdm_error_set(err, MDM_FORMAT, "%s: no such file", path);
    }
    return look_at(u, path, err);
}

static mdm_status read_file(mdm_unpacker *u, char *room, size_t size, size_t *len, mdm_error *err)
{
    *len = 0;
    while (*len < size && !u->file_ended) {
        const ssize_t got = mdm_call_read(u->fd, room + *len, size - *len);
        if (got < 0) return mdm_errno(err, errno, u->name);
        if (got == 0) u->file_ended = true;
        *len += (size_t)got;
    }
    u->done += (int64_t)*len;
    if (u->hasher) mdm_hasher_add(u->hasher, (mdm_str){room, *len});
    return MDM_OK;
}

static mdm_file_packing packing_of(mdm_str first)
{
    if (mdm_str_starts(first, MDM_STR("\x1f\x8b"))) return MDM_PACKED_GZIP;
    if (mdm_str_starts(first, MDM_STR("\x28\xb5\x2f\xfd"))) return MDM_PACKED_ZSTD;
    return MDM_PACKED_NOT;
}

static const char *codec_name(const mdm_unpacker *u)
{
    return u->packing == MDM_PACKED_GZIP ? "gzip" : "zstd";
}

static mdm_status next_block(mdm_unpacker *u, mdm_error *err)
{
    const bool first = u->done == 0;
    u->block_at = 0;
    MDM_TRY(read_file(u, u->block, BLOCK_BYTES, &u->block_len, err));
    if (!first || packing_of((mdm_str){u->block, u->block_len}) == u->packing) return MDM_OK;
    return mdm_error_set(err, MDM_FORMAT, "%s: not a %s file", u->name, codec_name(u));
}

/* --- codecs ------------------------------------------------------------------- */

/* Our room and zlib's own window are all the memory there is: mdm_alloc() counts it. */
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

static mdm_status open_codec(mdm_unpacker *u, mdm_error *err)
{
    if (u->packing == MDM_PACKED_NOT) return MDM_OK;
    u->block = mdm_alloc(BLOCK_BYTES);
    if (!u->block) return mdm_no_memory(err, "a block of a packed file");
    if (u->packing == MDM_PACKED_GZIP) {
        u->gzip.zalloc = zlib_alloc;
        u->gzip.zfree = zlib_free;
        if (inflateInit2(&u->gzip, 15 + 16) != Z_OK) return mdm_no_memory(err, "a gzip reader");
        return MDM_OK;
    }
    u->zstd = ZSTD_createDStream();
    return u->zstd ? MDM_OK : mdm_no_memory(err, "a zstd reader");
}

static mdm_status damaged(const mdm_unpacker *u, const char *detail, mdm_error *err)
{
    if (!u->in_member && u->members > 0)
        return mdm_error_set(err, MDM_FORMAT, "%s: something else follows the %s data", u->name,
                             codec_name(u));
    return mdm_error_set(err, MDM_FORMAT, "%s: damaged %s data before byte %lld: %s", u->name,
                         codec_name(u),
                         (long long)(u->done - (int64_t)(u->block_len - u->block_at)), detail);
}

static mdm_status gzip_step(mdm_unpacker *u, char *room, size_t size, size_t *len, mdm_error *err)
{
    u->gzip.next_in = (Bytef *)u->block + u->block_at;
    u->gzip.avail_in = (uInt)(u->block_len - u->block_at);
    u->gzip.next_out = (Bytef *)room;
    u->gzip.avail_out = (uInt)size;
    /* At a member's end this has compared checksum and length. */
    const int code = inflate(&u->gzip, Z_NO_FLUSH);
    *len = size - u->gzip.avail_out;
    if (code == Z_MEM_ERROR) return mdm_no_memory(err, "a gzip reader");
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
        return damaged(u, u->gzip.msg ? u->gzip.msg : "it cannot be unpacked", err);
    u->block_at = u->block_len - u->gzip.avail_in;
    u->in_member = code != Z_STREAM_END;
    if (u->in_member) return MDM_OK;
    u->members++;
    return inflateReset(&u->gzip) == Z_OK ? MDM_OK : mdm_no_memory(err, "a gzip reader");
}

static mdm_status zstd_step(mdm_unpacker *u, char *room, size_t size, size_t *len, mdm_error *err)
{
    ZSTD_inBuffer in = {u->block, u->block_len, u->block_at};
    ZSTD_outBuffer out = {room, size, 0};
    const size_t code = ZSTD_decompressStream(u->zstd, &out, &in);
    if (ZSTD_isError(code)) return damaged(u, ZSTD_getErrorName(code), err);
    *len = out.pos;
    u->block_at = in.pos;
    u->in_member = code != 0;
    if (!u->in_member) u->members++;
    return MDM_OK;
}

/* The file has no more bytes: is that a good place to end? */
static mdm_status end_of_packed(mdm_unpacker *u, mdm_error *err)
{
    if (u->in_member || u->members == 0)
        return mdm_error_set(err, MDM_FORMAT, "%s: cut: the %s data end early, at byte %lld",
                             u->name, codec_name(u), (long long)u->done);
    u->ended = true;
    return MDM_OK;
}

static mdm_status read_packed(mdm_unpacker *u, char *room, size_t size, size_t *len, mdm_error *err)
{
    *len = 0;
    while (*len < size && !u->ended) {
        if (u->block_at == u->block_len && !u->file_ended) MDM_TRY(next_block(u, err));
        const bool starved = u->block_at == u->block_len && u->file_ended;
        /* In a member the codec may still hold output when its input is all taken. */
        if (starved && !u->in_member) return end_of_packed(u, err);
        size_t got = 0;
        MDM_TRY(u->packing == MDM_PACKED_GZIP ? gzip_step(u, room + *len, size - *len, &got, err)
                                              : zstd_step(u, room + *len, size - *len, &got, err));
        *len += got;
        if (starved && got == 0) return end_of_packed(u, err);
    }
    return MDM_OK;
}

/* --- all together -------------------------------------------------------------- */

mdm_status mdm_unpacker_open(const char *path, mdm_file_packing packing, mdm_unpacker **out,
                             mdm_error *err)
{
    *out = NULL;
    mdm_unpacker *u = mdm_alloc_zero(1, sizeof *u);
    if (!u) return mdm_no_memory(err, "a file reader");
    u->fd = -1;
    u->packing = packing;
    u->name = mdm_strdup(mdm_path_name(path));
    mdm_status status = u->name ? MDM_OK : mdm_no_memory(err, "a file name");
    if (status == MDM_OK) status = open_file(u, path, err);
    if (status == MDM_OK) status = open_codec(u, err);
    if (status == MDM_OK) *out = u;
    else mdm_unpacker_close(u);
    return status;
}

void mdm_unpacker_close(mdm_unpacker *u)
{
    if (!u) return;
    if (u->fd >= 0) mdm_call_close(u->fd);
    inflateEnd(&u->gzip); /* also right for one that was never opened */
    ZSTD_freeDStream(u->zstd);
    mdm_hasher_close(u->hasher);
    mdm_free(u->block);
    mdm_free(u->name);
    mdm_free(u);
}

mdm_status mdm_unpacker_hash_all(mdm_unpacker *u, mdm_error *err)
{
    u->hasher = mdm_hasher_open();
    return u->hasher ? MDM_OK : mdm_no_memory(err, "a hash");
}

uint64_t mdm_unpacker_hash(const mdm_unpacker *u)
{
    return u->hasher ? mdm_hasher_value(u->hasher) : 0;
}

mdm_status mdm_unpacker_read(mdm_unpacker *u, char *room, size_t size, size_t *len, mdm_error *err)
{
    return u->packing == MDM_PACKED_NOT ? read_file(u, room, size, len, err)
                                        : read_packed(u, room, size, len, err);
}

int64_t mdm_unpacker_done(const mdm_unpacker *u)
{
    return u->done;
}

int64_t mdm_unpacker_total(const mdm_unpacker *u)
{
    return u->total;
}

int64_t mdm_unpacker_mtime_ns(const mdm_unpacker *u)
{
    return u->mtime_ns;
}

mdm_file_packing mdm_packing_of(const char *path)
{
    mdm_unpacker *u = NULL;
    char first[4];
    size_t len = 0;
    if (mdm_unpacker_open(path, MDM_PACKED_NOT, &u, NULL) == MDM_OK &&
        mdm_unpacker_read(u, first, sizeof first, &len, NULL) != MDM_OK)
        len = 0;
    mdm_unpacker_close(u);
    return packing_of((mdm_str){first, len});
}
