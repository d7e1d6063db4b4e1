/* profile_state.h - what a profile gathers of one column. Internal to profile. */
#ifndef MDM_DATA_PROFILE_STATE_H
#define MDM_DATA_PROFILE_STATE_H

#include "data/frequency.h"
#include "data/moments.h"
#include "data/profile.h"
#include "data/sketch.h"

__extension__ typedef __int128 mdm_wide;
__extension__ typedef unsigned __int128 mdm_wide_bits;

enum { MDM_PROFILE_TEXT = 256 }; /* bytes kept of a text */

/* How a column's values are handled. */
typedef enum mdm_profile_kind {
    MDM_PROFILE_NOTHING, /* NULL */
    MDM_PROFILE_WHOLE,   /* numbers and BOOL: 64-bit integers with moments */
    MDM_PROFILE_POINT,   /* DATE, TIME, TIMESTAMP: without */
    MDM_PROFILE_REAL,
    MDM_PROFILE_WIDE, /* DECIMAL */
    MDM_PROFILE_BYTES
} mdm_profile_kind;

/* A value that stays: texts are copied and cut. */
typedef struct mdm_kept {
    mdm_profile_value value;
    char *text; /* MDM_PROFILE_TEXT bytes; NULL but for MDM_PROFILE_BYTES */
} mdm_kept;

enum { MDM_KEPT_MIN, MDM_KEPT_MAX, MDM_KEPT_FIRST, MDM_KEPT_LAST, MDM_KEPT_SAMPLE };
enum { MDM_KEPT_COUNT = MDM_KEPT_SAMPLE + MDM_PROFILE_SAMPLE };

typedef struct mdm_profiled {
    mdm_type type;
    mdm_profile_kind kind;
    int64_t rows, nulls, zeros, negatives, nans, infinities;
    bool has_range, integral;
    mdm_kept kept[MDM_KEPT_COUNT];
    size_t sample_count;

    mdm_moments moments;
    mdm_wide whole_sum;
    double sum, sum_error; /* REAL, WIDE: by Neumaier */

    int64_t min_length, max_length, total_length, bytes;

    /* Distinct values: counted until there are too many, then estimated. */
    mdm_frequency frequency;
    mdm_sketch *sketch; /* NULL: counted */
    bool repeated;      /* some value came twice; while counted, found out at the end */
    /* Each value so far above (below) the one before it. */
    bool increasing, decreasing;

    mdm_column_profile shown;
    char *shown_text; /* of the top values */
} mdm_profiled;

/* --- profile_number.c, profile_text.c: rows of a chunk ----------------------------------- */

/* Block by block; false: no memory. */
bool mdm_profile_add_whole(mdm_profiled *p, const mdm_column *column, int64_t rows);
bool mdm_profile_add_real(mdm_profiled *p, const mdm_column *column, int64_t rows);
bool mdm_profile_add_wide(mdm_profiled *p, const mdm_column *column, int64_t rows);
bool mdm_profile_add_bytes(mdm_profiled *p, const mdm_column *column, int64_t rows);

void mdm_profile_sum(mdm_profiled *p, double value);

/* --- profile_distinct.c -------------------------------------------------------------------- */

/* Count words; from the first that does not fit on they are estimated. False: no memory. */
bool mdm_profile_words(mdm_profiled *p, const uint64_t *words, size_t count);
/* Count one text of more than MDM_SHORT_TEXT bytes (shorter ones are words), or the 16 bytes of a
 * decimal. */
bool mdm_profile_long(mdm_profiled *p, mdm_str bytes);
/* Add what another has counted or estimated. */
bool mdm_profile_distinct_merge(mdm_profiled *p, const mdm_profiled *other);

/* --- values -------------------------------------------------------------------------------- */

/* < 0, 0, > 0 */
int mdm_profile_compare(mdm_profile_kind kind, const mdm_profile_value *a,
                        const mdm_profile_value *b);
/* Bytes of a text that are kept: at most MDM_PROFILE_TEXT, up to the end of a character. */
size_t mdm_profile_cut(const mdm_profiled *p, mdm_str bytes);
void mdm_profile_keep(mdm_profiled *p, int which, const mdm_profile_value *value);
/* value was perhaps never seen before. */
void mdm_profile_fresh(mdm_profiled *p, const mdm_profile_value *value);
mdm_profile_value mdm_profile_word_value(const mdm_profiled *p, uint64_t word, char *room);

static inline mdm_wide mdm_wide_of(mdm_int128 value)
{
    return (mdm_wide)((mdm_wide_bits)(uint64_t)value.high << 64 | value.low);
}

#endif
