/* rename.h - column names that a database cannot hold are cut to its length, with a hash that keeps them
 * apart. */
#ifndef MDM_DATASET_RENAME_H
#define MDM_DATASET_RENAME_H

#include "dataset/load.h"
#include "mdm/chunk.h"

/* Where names of the stream's columns are too long for backend, wrap the stream so that it has the cut
 * ones, and note each. On failure the stream is as it was. */
MDM_MUST_CHECK mdm_status mdm_rename_columns(const mdm_backend *backend, mdm_loading *loading,
                                             mdm_stream *stream, mdm_error *err);

/* name cut to at most max bytes (at a character), the last nine being _ and a hash of the whole, into
 * text of max + 1 bytes; names that fit stay as they are. */
void mdm_rename_cut(mdm_str name, size_t max, char *text);

#endif
