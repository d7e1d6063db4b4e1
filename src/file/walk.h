/* walk.h - what walks over the records of a text file have in common.
 *
 * A walk goes once through a file, record by record, and either stops at the first bad one or notes
 * it as refused and goes on. Each pass is a new walk. */
#ifndef MDM_FILE_WALK_H
#define MDM_FILE_WALK_H

#include "data/typing.h"
#include "file/header.h"
#include "file/rejects.h"
#include "file/window.h"

/* What all walks over one file know; it outlives them. */
typedef struct mdm_walk_place {
    const char *path, *name; /* name: behind the last '/', for messages */
    mdm_file_packing packing;
    mdm_encoding encoding;
    const mdm_read_options *read;
} mdm_walk_place;

typedef struct mdm_walk {
    const mdm_walk_place *place;
    mdm_window window;
    mdm_rejects *rejects; /* where refused records go; NULL: nowhere */
    int64_t records;      /* met so far, refused ones included */
    int64_t empty_lines;  /* skipped */
    bool strict;          /* refuse the file for a bad record in any case: the header */
    bool wrong_encoding;  /* it failed for text that is no UTF-8, which was only assumed */
} mdm_walk;

/* Rows of a walk: cells of each column, borrowed until its next step. */
typedef struct mdm_batch {
    size_t rows;
    mdm_cells *cells;

    size_t columns, size; /* size: rows at most */
    mdm_str *texts;       /* column by column */
    uint8_t *validity;
} mdm_batch;

MDM_MUST_CHECK mdm_status mdm_batch_init(mdm_batch *batch, size_t columns, mdm_error *err);
void mdm_batch_clear(mdm_batch *batch); /* a zeroed one is allowed */
void mdm_batch_begin(mdm_batch *batch);
static inline void mdm_batch_set(mdm_batch *batch, size_t column, const char *data, size_t len)
{
    batch->texts[column * batch->size + batch->rows] = (mdm_str){data, len};
}
/* No value in this cell. */
void mdm_batch_set_null(mdm_batch *batch, size_t column);
/* All rows are set: make cells ready; first_row numbers them, from 1. */
void mdm_batch_end(mdm_batch *batch, int64_t first_row);

/* Begin a walk; phase and hash as in mdm_window_options. On failure nothing is held. */
MDM_MUST_CHECK mdm_status mdm_walk_init(mdm_walk *walk, const mdm_walk_place *place,
                                        const char *phase, bool hash, mdm_rejects *rejects,
                                        mdm_error *err);
void mdm_walk_clear(mdm_walk *walk); /* a zeroed one is allowed */

/* A record is bad: at a place in the window, for a reason ("5 fields, expected 4"). MDM_OK: it was
 * noted, go on behind it. column may be NULL. */
MDM_MUST_CHECK mdm_status mdm_walk_refuse(mdm_walk *walk, const char *at, const char *column,
                                          mdm_str text, const char *reason, mdm_error *err);
/* The same as an error in any case: the file as a whole is refused. */
mdm_status mdm_walk_fail(const mdm_walk *walk, const char *at, const char *reason, mdm_error *err);
/* The record up to end holds a byte that is no text: refuse it. */
MDM_MUST_CHECK mdm_status mdm_walk_refuse_bytes(mdm_walk *walk, mdm_str record, mdm_error *err);

#endif
