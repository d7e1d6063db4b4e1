/* profile.h - what is known of every column after one pass over the rows.
 *
 * A profile is fed chunk by chunk and may be read at any time. Two profiles of disjoint rows merge
 * into the profile of all of them (parallel readers: one each). Memory stays within a budget
 * however many rows pass. One thread at a time.
 *
 *     mdm_profile_open(schema, NULL, &profile, &err);
 *     while (next chunk) mdm_profile_add(profile, chunk, &err);
 *     const mdm_column_profile *age = mdm_profile_column(profile, 3);
 *
 * NaN is a value of its own: it is counted, and left out of range, moments and distinct values.
 * Infinities are in the range but make the moments NaN. */
#ifndef MDM_DATA_PROFILE_H
#define MDM_DATA_PROFILE_H

#include "mdm/chunk.h"

typedef struct mdm_profile mdm_profile;

enum {
    MDM_PROFILE_DISTINCT = 65536, /* up to here distinct values are counted exactly */
    MDM_PROFILE_TOP = 10,
    MDM_PROFILE_SAMPLE = 5
};

typedef struct mdm_profile_options {
    size_t memory_bytes; /* of all columns together; less means fewer exact counts. 0: 256 MB */
} mdm_profile_options;

/* A value of a column, by its type: integer (BOOL, INT*, DATE, TIME, TIMESTAMP*), real (FLOAT,
 * DOUBLE), decimal, bytes (TEXT, BLOB; cut to 256 bytes when longer). */
typedef union mdm_profile_value {
    int64_t integer;
    double real;
    mdm_int128 decimal;
    mdm_str bytes;
} mdm_profile_value;

typedef enum mdm_known { MDM_NO, MDM_YES, MDM_UNKNOWN } mdm_known;

typedef struct mdm_column_profile {
    const char *name;
    mdm_type type;
    int64_t rows, nulls;
    int64_t zeros, negatives;   /* numbers, decimals */
    int64_t nans, infinities;   /* FLOAT, DOUBLE; infinities also of dates and times */
    bool has_range;             /* min and max are there: some value that is neither NULL nor NaN */
    mdm_profile_value min, max; /* text by bytes, that is by code points */
    bool integral;              /* numbers: no value has a fraction (true without values) */

    /* Moments: BOOL (as 0 and 1), INT*, FLOAT, DOUBLE, DECIMAL, and lengths apart. NaN where not
     * defined. */
    double sum, mean;
    double variance; /* n - 1 */
    double std;
    double skewness, kurtosis; /* bias-corrected, kurtosis in excess of the normal (as pandas) */
    mdm_int128 whole_sum;      /* BOOL, INT*: the exact sum */

    int64_t min_length, max_length; /* TEXT in characters, BLOB in bytes; -1 without values */
    double mean_length;             /* NaN without values */
    int64_t bytes;                  /* of all values as they lie in memory */

    int64_t distinct;            /* NULL and NaN left out */
    bool distinct_exact;         /* else an estimate, standard error 0.8 % */
    mdm_known unique;            /* every row has a value and all differ */
    bool increasing, decreasing; /* strictly, in the order the rows came, and no NULL */

    size_t top_count; /* most frequent first, ties by value; 0 unless frequencies are exact */
    struct {
        mdm_profile_value value;
        int64_t count;
    } top[MDM_PROFILE_TOP];
    size_t sample_count; /* the first distinct values in the order they came */
    mdm_profile_value sample[MDM_PROFILE_SAMPLE];
} mdm_column_profile;

/* options may be NULL. MDM_NO_MEMORY. The caller owns *out. */
MDM_MUST_CHECK mdm_status mdm_profile_open(const mdm_schema *schema,
                                           const mdm_profile_options *options, mdm_profile **out,
                                           mdm_error *err);
void mdm_profile_close(mdm_profile *profile); /* NULL allowed */

/* Rows of a chunk of the same schema. MDM_NO_MEMORY: the profile may only be closed. */
MDM_MUST_CHECK mdm_status mdm_profile_add(mdm_profile *profile, const mdm_chunk *chunk,
                                          mdm_error *err);

/* Add what `later` knows of rows that come after ours; later stays as it is. MDM_INVALID: another
 * schema; MDM_NO_MEMORY: the profile may only be closed. */
MDM_MUST_CHECK mdm_status mdm_profile_merge(mdm_profile *profile, const mdm_profile *later,
                                            mdm_error *err);

/* Figures so far. Borrowed: valid until the next add, merge or close. MDM_NO_MEMORY. */
MDM_MUST_CHECK mdm_status mdm_profile_column(mdm_profile *profile, size_t column,
                                             const mdm_column_profile **out, mdm_error *err);
int64_t mdm_profile_rows(const mdm_profile *profile);

/* A value as mdm_cell_text() words it; room of MDM_CELL_TEXT bytes at least. */
mdm_str mdm_profile_text(mdm_type type, const mdm_profile_value *value, char *room, size_t size);

#endif
