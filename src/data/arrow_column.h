/* arrow_column.h - one column of an Arrow array becomes one of ours. Internal to the importer. */
#ifndef MDM_DATA_ARROW_COLUMN_H
#define MDM_DATA_ARROW_COLUMN_H

#include "data/arrow_format.h"

/* What was rewritten for a chunk, chained; freed by mdm_rewrites_clear(). */
typedef struct mdm_rewritten {
    struct mdm_rewritten *next;
    _Alignas(16) unsigned char bytes[];
} mdm_rewritten;

typedef struct mdm_rewrites {
    mdm_rewritten *last;
    size_t bytes;
} mdm_rewrites;

void mdm_rewrites_clear(mdm_rewrites *rewrites);

/* Rows [first, first + rows) of an array, into column. */
typedef struct mdm_arrow_column {
    const struct ArrowArray *array;
    const mdm_arrow_field *field;
    int64_t first, rows; /* first: with the array's offset */
    int64_t shown_row;   /* of first, for messages */
    const char *name;
    mdm_rewrites *rewrites; /* where buffers go that cannot be shared */
    mdm_column *column;     /* out; its type is set */
} mdm_arrow_column;

/* MDM_FORMAT: a value that ours cannot hold; MDM_UNSUPPORTED: more than 2 GB of text, and nothing
 * else; MDM_NO_MEMORY. */
MDM_MUST_CHECK mdm_status mdm_arrow_column_import(const mdm_arrow_column *in, mdm_error *err);

#endif
