/* file_state.h - what an open file of any format is. */
#ifndef MDM_FILE_FILE_STATE_H
#define MDM_FILE_FILE_STATE_H

#include "file/notes.h"
#include "file/rejects.h"

/* One per format; each function is what its namesake in file.h promises. */
typedef struct mdm_file_kind {
    const mdm_schema *(*schema)(const mdm_file *file);
    mdm_status (*stream)(mdm_file *file, mdm_stream *out, mdm_error *err);
    mdm_status (*as_query)(mdm_file *file, mdm_file_query **out,
                           mdm_error *err); /* NULL: never one */
    /* After the check that the file is still the same. */
    mdm_status (*finish)(mdm_file *file, int64_t rows, bool *again, mdm_error *err);
    /* Notes that depend on the latest choice of types; may be NULL. */
    void (*notes)(mdm_file *file, mdm_notes *notes);
    void (*close)(mdm_file *file); /* frees what the format holds, not the file */
} mdm_file_kind;

struct mdm_file {
    const mdm_file_kind *kind;
    char *path;
    const char *name; /* behind the last '/' of path */
    mdm_file_packing packing;
    mdm_read_options read;
    mdm_file_info info;
    mdm_notes notes, shown; /* shown: notes and those of now */
    mdm_rejects rejects;    /* of the last pass */
};

/* One per format, for a file whose members above are set, but kind, which they set first of all: on
 * failure kind->close() follows where it is set. */
MDM_MUST_CHECK mdm_status mdm_csv_file_open(mdm_file *file, mdm_error *err);
MDM_MUST_CHECK mdm_status mdm_json_file_open(mdm_file *file, mdm_error *err);
MDM_MUST_CHECK mdm_status mdm_parquet_file_open(mdm_file *file, mdm_error *err);
/* Bytes of memory each. */
extern const size_t mdm_csv_file_size, mdm_json_file_size, mdm_parquet_file_size;

#endif
