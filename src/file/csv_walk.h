/* csv_walk.h - through the records of a CSV file. */
#ifndef MDM_FILE_CSV_WALK_H
#define MDM_FILE_CSV_WALK_H

#include "file/csv_layout.h"
#include "file/walk.h"

typedef struct mdm_csv_walk {
    mdm_walk base;
    mdm_csv_layout layout;
    size_t columns; /* fields a record must have; 0: not known yet */
    mdm_csv_index index;
    size_t next;             /* of index.records: those before it have been taken */
    size_t first;            /* of index.ends: the first of the next record */
    size_t at;               /* in the window: where the next record begins */
    int64_t lines, returned; /* records, and those of them that ended with '\r' */
} mdm_csv_walk;

/* columns 0: the first record decides, see mdm_csv_walk_header(). Otherwise the header is skipped.
 */
MDM_MUST_CHECK mdm_status mdm_csv_walk_init(mdm_csv_walk *walk, const mdm_walk_place *place,
                                            const mdm_csv_layout *layout, size_t columns,
                                            const char *phase, bool hash, mdm_rejects *rejects,
                                            mdm_error *err);
void mdm_csv_walk_clear(mdm_csv_walk *walk); /* a zeroed one is allowed */

/* The first record's fields, valid until the next step of the walk. Told: it will be met as data
 * unless the layout has a header. fields is the caller's: mdm_free(). MDM_FORMAT: there is none. */
MDM_MUST_CHECK mdm_status mdm_csv_walk_header(mdm_csv_walk *walk, mdm_str **fields, size_t *count,
                                              mdm_error *err);
/* Check the shape and text of all records that are left. */
MDM_MUST_CHECK mdm_status mdm_csv_walk_check(mdm_csv_walk *walk, mdm_error *err);
/* The next rows; batch->rows 0 only at the end. */
MDM_MUST_CHECK mdm_status mdm_csv_walk_next(mdm_csv_walk *walk, mdm_batch *batch, mdm_error *err);

#endif
