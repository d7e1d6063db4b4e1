#include "file/sink.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/io.h"
#include "base/io_call.h"

#define FLUSH_BYTES ((size_t)256 << 10)

struct mdm_sink {
    mdm_text text;
    mdm_packer *packer; /* NULL: as it is */
    mdm_writer *writer; /* NULL: standard output */
    int64_t bytes;
};

static mdm_status open_packer(mdm_sink *sink, mdm_pack pack, const char *member, mdm_error *err)
{
    switch (pack) {
    case MDM_PACK_NONE: return MDM_OK;
    case MDM_PACK_GZIP: return mdm_gzip_packer_open(sink, &sink->packer, err);
    case MDM_PACK_ZSTD: return mdm_zstd_packer_open(sink, &sink->packer, err);
    case MDM_PACK_ZIP: return mdm_zip_packer_open(sink, member, &sink->packer, err);
    case MDM_PACK_BZ2:
    case MDM_PACK_XZ: return mdm_archive_packer_open(sink, pack, &sink->packer, err);
    }
    return MDM_OK;
}

mdm_status mdm_output_open(const char *path, mode_t mode, mdm_writer **out, mdm_error *err)
{
    const mdm_status status = mdm_writer_open(path, mode, out, err);
    if (status != MDM_NOT_FOUND) return status;
    if (err) err->status = MDM_IO;
    return MDM_IO;
}

mdm_status mdm_sink_open(const char *path, mdm_pack pack, const char *member, mdm_sink **out,
                         mdm_error *err)
{
    *out = NULL;
    mdm_sink *sink = mdm_alloc_zero(1, sizeof *sink);
    if (!sink) return mdm_no_memory(err, "an export");
    mdm_text_init(&sink->text);
    mdm_status status = MDM_OK;
    if (strcmp(path, "-") != 0) status = mdm_output_open(path, 0666, &sink->writer, err);
    if (status == MDM_OK) status = open_packer(sink, pack, member, err);
    if (status == MDM_OK) *out = sink;
    else mdm_sink_close(sink);
    return status;
}

void mdm_sink_close(mdm_sink *sink)
{
    if (!sink) return;
    if (sink->packer) sink->packer->close(sink->packer);
    mdm_writer_close(sink->writer);
    mdm_text_clear(&sink->text);
    mdm_free(sink);
}

mdm_text *mdm_sink_text(mdm_sink *sink)
{
    return &sink->text;
}

static mdm_status write_out(mdm_str bytes, mdm_error *err)
{
    while (bytes.len > 0) {
        const ssize_t done = mdm_call_write(STDOUT_FILENO, bytes.data, bytes.len);
        if (done < 0) return mdm_errno(err, errno, "standard output");
        bytes.data += done;
        bytes.len -= (size_t)done;
    }
    return MDM_OK;
}

mdm_status mdm_sink_write(mdm_sink *sink, mdm_str bytes, mdm_error *err)
{
    sink->bytes += (int64_t)bytes.len;
    return sink->writer ? mdm_writer_add(sink->writer, bytes, err) : write_out(bytes, err);
}

static mdm_status send(mdm_sink *sink, mdm_error *err)
{
    MDM_TRY(mdm_text_status(&sink->text, err));
    const mdm_str text = {sink->text.data, sink->text.len};
    MDM_TRY(sink->packer ? sink->packer->pack(sink->packer, text, err)
                         : mdm_sink_write(sink, text, err));
    mdm_text_reset(&sink->text);
    return MDM_OK;
}

mdm_status mdm_sink_flush(mdm_sink *sink, mdm_error *err)
{
    return sink->text.failed || sink->text.len >= FLUSH_BYTES ? send(sink, err) : MDM_OK;
}

mdm_status mdm_sink_finish(mdm_sink *sink, int64_t *bytes, mdm_error *err)
{
    MDM_TRY(send(sink, err));
    if (sink->packer) MDM_TRY(sink->packer->finish(sink->packer, err));
    if (sink->writer) MDM_TRY(mdm_writer_finish(sink->writer, err));
    *bytes = sink->bytes;
    return MDM_OK;
}
