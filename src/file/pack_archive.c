/* bzip2 and xz by libarchive, which is loaded when one of them is first asked for. */
#include <archive.h>
#include <archive_entry.h>
#include <dlfcn.h>
#include <string.h>

#include "base/alloc.h"
#include "file/sink.h"

#define LIBRARY "libarchive.so.13"

/* The functions that are used. */
#define FUNCTIONS(X)                 \
    X(write_new)                     \
    X(write_free)                    \
    X(write_set_format_raw)          \
    X(write_add_filter_bzip2)        \
    X(write_add_filter_xz)           \
    X(write_set_bytes_in_last_block) \
    X(write_open)                    \
    X(write_header)                  \
    X(write_data)                    \
    X(write_close)                   \
    X(entry_new)                     \
    X(entry_free)                    \
    X(entry_set_filetype)            \
    X(error_string)

typedef struct archive_packer {
    mdm_packer packer;
    mdm_sink *sink;
    void *library;
#define X(name) __typeof__(&archive_##name) name;
    FUNCTIONS(X)
#undef X
    struct archive *archive;
    bool dropping;
    mdm_status status; /* of writing, with its words in error */
    mdm_error error;
} archive_packer;

/* ISO C has no way from an object's address to a function's but through memory. */
static bool find(void *library, const char *name, void *function)
{
    void *address = dlsym(library, name);
    memcpy(function, &address, sizeof address);
    return address != NULL;
}

static mdm_status load(archive_packer *a, mdm_error *err)
{
    a->library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    bool all = a->library != NULL;
#define X(name) all = all && find(a->library, "archive_" #name, &a->name);
    FUNCTIONS(X)
#undef X
    if (all) return MDM_OK;
    const mdm_status status =
        mdm_error_set(err, MDM_UNSUPPORTED, "bz2 and xz need " LIBRARY ", which cannot be loaded");
    return mdm_error_hint(err, status, "install the package libarchive13, or take gzip or zstd");
}

static la_ssize_t write_packed(struct archive *archive, void *self, const void *bytes, size_t len)
{
    archive_packer *a = self;
    (void)archive;
    if (a->dropping) return (la_ssize_t)len;
    if (a->status == MDM_OK) a->status = mdm_sink_write(a->sink, (mdm_str){bytes, len}, &a->error);
    return a->status == MDM_OK ? (la_ssize_t)len : -1;
}

/* What libarchive's code stands for; the sink's own failure comes first. */
static mdm_status judge(archive_packer *a, bool done, mdm_error *err)
{
    if (a->status != MDM_OK) {
        if (err) *err = a->error;
        return a->status;
    }
    if (done) return MDM_OK;
    const char *words = a->error_string(a->archive);
    return mdm_error_set(err, MDM_IO, "libarchive: %s", words ? words : "it does not work");
}

static mdm_status begin(archive_packer *a, mdm_pack pack, mdm_error *err)
{
    a->archive = a->write_new();
    struct archive_entry *entry = a->entry_new();
    if (!a->archive || !entry) {
        if (entry) a->entry_free(entry);
        return mdm_no_memory(err, "a packer");
    }
    a->entry_set_filetype(entry, AE_IFREG);
    bool done = a->write_set_format_raw(a->archive) == ARCHIVE_OK &&
                (pack == MDM_PACK_BZ2 ? a->write_add_filter_bzip2(a->archive)
                                      : a->write_add_filter_xz(a->archive)) == ARCHIVE_OK &&
                /* No zeros behind the end, as tapes want them. */
                a->write_set_bytes_in_last_block(a->archive, 1) == ARCHIVE_OK &&
                a->write_open(a->archive, a, NULL, write_packed, NULL) == ARCHIVE_OK;
    done = done && a->write_header(a->archive, entry) == ARCHIVE_OK;
    a->entry_free(entry);
    return judge(a, done, err);
}

static mdm_status pack_text(mdm_packer *packer, mdm_str text, mdm_error *err)
{
    archive_packer *a = (archive_packer *)packer;
    return judge(a, a->write_data(a->archive, text.data, text.len) == (la_ssize_t)text.len, err);
}

static mdm_status finish(mdm_packer *packer, mdm_error *err)
{
    archive_packer *a = (archive_packer *)packer;
    return judge(a, a->write_close(a->archive) == ARCHIVE_OK, err);
}

static void close_packer(mdm_packer *packer)
{
    archive_packer *a = (archive_packer *)packer;
    /* It closes what is open, for only so the codec's memory is freed; what it still says is lost.
     */
    a->dropping = true;
    if (a->archive) a->write_free(a->archive);
    if (a->library) dlclose(a->library);
    mdm_free(a);
}

mdm_status mdm_archive_packer_open(mdm_sink *sink, mdm_pack pack, mdm_packer **out, mdm_error *err)
{
    archive_packer *a = mdm_alloc_zero(1, sizeof *a);
    if (!a) return mdm_no_memory(err, "a packer");
    a->packer = (mdm_packer){pack_text, finish, close_packer};
    a->sink = sink;
    mdm_status status = load(a, err);
    if (status == MDM_OK) status = begin(a, pack, err);
    if (status == MDM_OK) *out = &a->packer;
    else close_packer(&a->packer);
    return status;
}
