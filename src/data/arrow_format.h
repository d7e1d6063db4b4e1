/* arrow_format.h - Arrow's format texts, and what becomes of each. Internal to the importer. */
#ifndef MDM_DATA_ARROW_FORMAT_H
#define MDM_DATA_ARROW_FORMAT_H

#include "mdm/chunk.h"

/* How the buffers of an Arrow array become ours. */
typedef enum mdm_arrow_kind {
    MDM_ARROW_NULL,      /* no buffers */
    MDM_ARROW_BITS,      /* shared from a byte boundary on */
    MDM_ARROW_FIXED,     /* shared: `width` bytes a value */
    MDM_ARROW_BYTES,     /* shared: 32-bit offsets */
    MDM_ARROW_LARGE,     /* 64-bit offsets */
    MDM_ARROW_VIEW,      /* 16-byte views into several buffers */
    MDM_ARROW_BLOCKS,    /* `width` bytes each, made a BLOB */
    MDM_ARROW_UNSIGNED,  /* `width` bytes, widened */
    MDM_ARROW_HALF,      /* 16-bit floats */
    MDM_ARROW_SCALED,    /* integers of `width` bytes, times multiplier, by divider, into `target`
                            bytes */
    MDM_ARROW_DECIMAL,   /* 32- or 64-bit decimals, widened */
    MDM_ARROW_DICTIONARY /* indexes of `width` bytes into values of another format */
} mdm_arrow_kind;

typedef struct mdm_arrow_field {
    mdm_type type; /* what it becomes */
    mdm_arrow_kind kind;
    size_t width;
    bool signed_index;              /* DICTIONARY */
    int64_t multiplier, divider;    /* SCALED: one of them is 1 */
    struct mdm_arrow_field *values; /* DICTIONARY: of the values, from mdm_alloc */
} mdm_arrow_field;

/* MDM_UNSUPPORTED names the format; MDM_NO_MEMORY. Undone by mdm_arrow_field_clear(). */
MDM_MUST_CHECK mdm_status mdm_arrow_field_read(const struct ArrowSchema *arrow,
                                               mdm_arrow_field *out, mdm_error *err);
void mdm_arrow_field_clear(mdm_arrow_field *field);

#endif
