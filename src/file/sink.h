/* sink.h - where written text goes: packed or not, into a file that is complete or absent, or to
 * standard output. */
#ifndef MDM_FILE_SINK_H
#define MDM_FILE_SINK_H

#include "base/io.h"
#include "base/text.h"

typedef enum mdm_pack {
    MDM_PACK_NONE,
    MDM_PACK_GZIP,
    MDM_PACK_ZSTD,
    MDM_PACK_ZIP, /* one member, deflated */
    MDM_PACK_BZ2, /* these two by libarchive, loaded when first needed */
    MDM_PACK_XZ
} mdm_pack;

typedef struct mdm_sink mdm_sink;

/* path "-": standard output. member: the name inside of a zip. The caller owns *out.
 * MDM_UNSUPPORTED: libarchive is not there. */
MDM_MUST_CHECK mdm_status mdm_sink_open(const char *path, mdm_pack pack, const char *member,
                                        mdm_sink **out, mdm_error *err);
/* Without finish nothing is left of a file. NULL allowed. */
void mdm_sink_close(mdm_sink *sink);

/* mdm_writer_open(), but a folder that is not there is MDM_IO: "not found" is said of datasets. */
MDM_MUST_CHECK mdm_status mdm_output_open(const char *path, mode_t mode, mdm_writer **out,
                                          mdm_error *err);

/* Append to this text and call flush now and then: it sends the text on when it is large. */
mdm_text *mdm_sink_text(mdm_sink *sink);
MDM_MUST_CHECK mdm_status mdm_sink_flush(mdm_sink *sink, mdm_error *err);
/* All is written: the file gets its name. bytes: its size. */
MDM_MUST_CHECK mdm_status mdm_sink_finish(mdm_sink *sink, int64_t *bytes, mdm_error *err);

/* --- for packers ----------------------------------------------------------------- */

/* One that packs; made by open, in memory of its own. */
typedef struct mdm_packer {
    mdm_status (*pack)(struct mdm_packer *packer, mdm_str text, mdm_error *err);
    mdm_status (*finish)(struct mdm_packer *packer, mdm_error *err);
    void (*close)(struct mdm_packer *packer); /* frees it */
} mdm_packer;

/* Packed bytes go here. */
MDM_MUST_CHECK mdm_status mdm_sink_write(mdm_sink *sink, mdm_str bytes, mdm_error *err);

MDM_MUST_CHECK mdm_status mdm_gzip_packer_open(mdm_sink *sink, mdm_packer **out, mdm_error *err);
MDM_MUST_CHECK mdm_status mdm_zstd_packer_open(mdm_sink *sink, mdm_packer **out, mdm_error *err);
MDM_MUST_CHECK mdm_status mdm_zip_packer_open(mdm_sink *sink, const char *member, mdm_packer **out,
                                              mdm_error *err);
MDM_MUST_CHECK mdm_status mdm_archive_packer_open(mdm_sink *sink, mdm_pack pack, mdm_packer **out,
                                                  mdm_error *err);

#endif
