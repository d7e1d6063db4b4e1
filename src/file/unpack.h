/* unpack.h - the bytes of a file, unpacked, checked to the last one.
 *
 * gzip: every member with its checksum and length; zstd: every frame, with its checksum if it has
 * one. Cut, damaged or followed by something else: MDM_FORMAT. Memory is bounded whatever the file.
 */
#ifndef MDM_FILE_UNPACK_H
#define MDM_FILE_UNPACK_H

#include "file/file.h"

typedef struct mdm_unpacker mdm_unpacker;

/* path may be a link to a regular file; anything else is MDM_FORMAT, also when nothing is there.
 * MDM_PERMISSION, MDM_IO. The caller owns *out. */
MDM_MUST_CHECK mdm_status mdm_unpacker_open(const char *path, mdm_file_packing packing,
                                            mdm_unpacker **out, mdm_error *err);
void mdm_unpacker_close(mdm_unpacker *unpacker); /* NULL allowed */

/* Gather the XXH3 of the file's bytes from here on; before the first read. MDM_NO_MEMORY. */
MDM_MUST_CHECK mdm_status mdm_unpacker_hash_all(mdm_unpacker *unpacker, mdm_error *err);
/* Of the bytes read so far, which after the end are all of the file. */
uint64_t mdm_unpacker_hash(const mdm_unpacker *unpacker);

/* Fill room; *len below size only at the end. */
MDM_MUST_CHECK mdm_status mdm_unpacker_read(mdm_unpacker *unpacker, char *room, size_t size,
                                            size_t *len, mdm_error *err);

int64_t mdm_unpacker_done(const mdm_unpacker *unpacker);  /* bytes of the file read so far */
int64_t mdm_unpacker_total(const mdm_unpacker *unpacker); /* of all, when it was opened */
int64_t mdm_unpacker_mtime_ns(const mdm_unpacker *unpacker);

/* The packing that the first bytes of a file tell; MDM_PACKED_NOT also when it cannot be read. */
mdm_file_packing mdm_packing_of(const char *path);

#endif
