/* text_file.h - a text file as columns with types: what CSV and JSON have in common.
 *
 * A format brings walks; this brings the choice of types, the passes, and the refusal of cells. */
#ifndef MDM_FILE_TEXT_FILE_H
#define MDM_FILE_TEXT_FILE_H

#include "file/file_state.h"
#include "file/walk.h"

typedef struct mdm_text_file mdm_text_file;

typedef struct mdm_text_format {
    /* Walk through the whole file once: learn its columns, set names, count and records, refuse
     * what is bad into file->base.rejects. Called anew after another encoding was found. */
    mdm_status (*check)(mdm_text_file *file, mdm_walk **walk, mdm_error *err);
    /* Begin a walk over its rows. The caller owns *out: close(). */
    mdm_status (*open)(mdm_text_file *file, const char *phase, mdm_rejects *rejects, mdm_walk **out,
                       mdm_error *err);
    mdm_status (*next)(mdm_walk *walk, mdm_batch *batch, mdm_error *err);
    void (*close)(mdm_walk *walk);      /* NULL allowed */
    void (*clear)(mdm_text_file *file); /* free what the format holds */
    bool json;
} mdm_text_format;

struct mdm_text_file {
    mdm_file base;
    const mdm_text_format *format;
    mdm_walk_place place;
    const char *const *names; /* of columns; the format's */
    size_t count;
    bool decimal_comma; /* cells may be numbers with one */
    mdm_typing *typing;
    mdm_rejects refused; /* of the pass that runs */
};

/* base is set up by mdm_file_open(), format by the caller. */
MDM_MUST_CHECK mdm_status mdm_text_file_open(mdm_text_file *file, mdm_error *err);

/* For check(): the hash and size of the file that a walk has read to its end. */
void mdm_text_file_measured(mdm_text_file *file, const mdm_walk *walk);

#endif
