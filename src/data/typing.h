/* typing.h - what type the cells of a text file have, decided from every one of them.
 *
 * The rule: a column has a type only if each of its cells can be converted and written back as the
 * very same text, or fits ONE stated date format; else it is TEXT, verbatim. Nothing is rounded,
 * nothing loses its leading zeros, sign, decimals or exponent in silence.
 *
 *     open -> force... -> observe a sample -> choose -> begin, convert every cell -> settled?
 *                                               ^------------------------------------ no
 *
 * Each cell rules out the candidates it does not fit (a set of bits per column, ANDed), so after
 * one pass over all cells the second choice is exactly right: two passes at most.
 *
 * What cells mean:
 *  - no cell (validity bit off): NULL. Empty text (a quoted empty field): NULL, but "" in TEXT
 *    columns.
 *  - BOOLEAN: true/false, True/False or TRUE/FALSE, one of the three.
 *  - BIGINT: -?(0|[1-9][0-9]*) in range, not -0.
 *  - DOUBLE: every cell is what one printing style prints for the double: "5" or "5.0" for whole
 *    numbers, exponents with sign (1e-05, 1.5e+300), or the same number of decimals everywhere
 *    (1.10); inf and -inf.
 *  - DATE, TIMESTAMP, TIMESTAMPTZ: Y-m-d Y/m/d d-m-Y d/m/Y m-d-Y m/d/Y, padded with zeros or
 *    nowhere, with ' ' or 'T' before HH:MM[:SS[.f]], with Z or +hh[:mm] or nowhere. Day and month
 *    that cannot be told apart make the column TEXT with a note. TIME: HH:MM[:SS[.f]].
 *  - Words for "no value" (NA, NaN, None, null, #N/A, ... and those given) are NULL in columns of
 *    any type but TEXT, where they stay as they are.
 *
 * JSON cells are tokens as they stand in the file: numbers are BIGINT when written whole and in
 * range, else DOUBLE when that keeps their value; true and false; "strings" are dates or text,
 * never numbers; null is NULL, words are text; objects and arrays are text; a column of several
 * kinds is TEXT (strings unescaped, all else as written).
 *
 * Threads: observe, convert and chunk may run on several threads at once; the others by one while
 * none of them runs. */
#ifndef MDM_DATA_TYPING_H
#define MDM_DATA_TYPING_H

#include "base/text.h"
#include "mdm/chunk.h"

typedef struct mdm_typing mdm_typing;

typedef struct mdm_typing_options {
    const char *const *null_words; /* besides the usual ones */
    size_t null_word_count;
    bool json;          /* cells are JSON tokens */
    bool decimal_comma; /* 1,5 may be a number (for files not separated by commas) */
} mdm_typing_options;

/* options may be NULL. Names are copied. MDM_NO_MEMORY. The caller owns *out. */
MDM_MUST_CHECK mdm_status mdm_typing_open(const char *const *names, size_t count,
                                          const mdm_typing_options *options, mdm_typing **out,
                                          mdm_error *err);
void mdm_typing_close(mdm_typing *typing); /* NULL allowed */

/* --- what the user wishes; before the first cell ------------------------------ */

/* The column is of this type. A cell that is no value of it fails (see below). Values are
 * preserved, texts need not be: "00501" and " 501" are the BIGINT 501, "1e3" is 1000, "1.5" fails;
 * "2024-01-31 00:00" is a DATE, "2024-01-31" a TIMESTAMP; yes/no, y/n, t/f, 1/0 are BOOLEAN.
 * MDM_UNSUPPORTED: BLOB, NULL. */
MDM_MUST_CHECK mdm_status mdm_typing_force(mdm_typing *typing, size_t column, mdm_type type,
                                           mdm_error *err);
/* The column is a number: BIGINT if all values are whole, else DOUBLE. */
void mdm_typing_force_number(mdm_typing *typing, size_t column);
/* The column is a date. format: %Y %y %m %d %b %B %H %I %M %S %f %p %z %j %e %T %F %D %R %% and
 * other characters for themselves; NULL or "": the format above that most cells fit (choose()
 * says MDM_FORMAT when after a whole pass day and month cannot be told apart). DATE without hours,
 * TIMESTAMP with them, TIMESTAMPTZ with %z. MDM_INVALID: an unknown directive, no day. */
MDM_MUST_CHECK mdm_status mdm_typing_force_date(mdm_typing *typing, size_t column,
                                                const char *format, mdm_error *err);

/* --- cells ------------------------------------------------------------------- */

/* Cells of one column, in one of two layouts. Views are 16 bytes each: uint32_t length, then the
 * bytes themselves if there are at most 12 of them, else their first 4 and a pointer to all
 * (what DuckDB has in its vectors). */
typedef struct mdm_cells {
    size_t count;
    const uint8_t *validity; /* bit r set: there is a cell; NULL: all are there */
    const mdm_str *texts;    /* the one layout, or NULL */
    const void *views;       /* the other */
    int64_t first_row;       /* number of the first cell's row, for notes; -1: not known */
} mdm_cells;

/* Look at cells, rule out what they are not. */
void mdm_typing_observe(mdm_typing *typing, size_t column, const mdm_cells *cells);

/* Choose types from all cells seen so far: the schema, and the columns below. A forced date that
 * is ambiguous after a whole pass is MDM_FORMAT with the options that would settle it.
 * MDM_NO_MEMORY. */
MDM_MUST_CHECK mdm_status mdm_typing_choose(mdm_typing *typing, mdm_error *err);
const mdm_schema *mdm_typing_schema(const mdm_typing *typing); /* borrowed until the next choose */

/* A pass over all cells begins: counts start at 0; what was ruled out stays so. */
void mdm_typing_begin(mdm_typing *typing);
/* No cell so far contradicts the choice (cheap; false: the rest of the pass is only to observe). */
bool mdm_typing_holds(const mdm_typing *typing);
/* No cell can change the type of this column any more. Text that is final needs no converting (but
 * its note counts only the cells that are converted). */
bool mdm_typing_is_final(const mdm_typing *typing, size_t column);
/* After a whole pass: a choice made now would be the same. False: choose and repeat the pass. */
bool mdm_typing_settled(const mdm_typing *typing);

/* Values of cells, into memory of the caller; a member that is NULL is not wanted. */
typedef struct mdm_typed {
    void *values;      /* count values of the chosen type as mdm_column has them, but BOOL as one
                          byte each; TEXT: not touched, the cells are the values (JSON:
                          mdm_typing_json_text()). NULL cells are 0 */
    uint8_t *validity; /* (count + 7) / 8 bytes, or whole 64-bit words of them */
    uint8_t *failed;   /* likewise, bit r set: the cell is no value of its forced type; written only
                          when failed_count is not 0 */
    int64_t null_count, failed_count; /* a failed cell is NULL too */
} mdm_typed;

/* Convert cells into the chosen type, and look at them like observe. */
void mdm_typing_convert(mdm_typing *typing, size_t column, const mdm_cells *cells, mdm_typed *out);

/* Told of each failed cell; row counts from 0 in the cells given. Not MDM_OK: stop with that. */
typedef mdm_status mdm_typing_refuse(void *self, size_t row, size_t column, mdm_str text,
                                     mdm_error *err);

/* Convert cells of all columns into a chunk of mdm_typing_schema(). Rows with a failed cell are
 * told to refuse and left out; without refuse the first one is MDM_FORMAT. The caller owns *out. */
MDM_MUST_CHECK mdm_status mdm_typing_chunk(mdm_typing *typing, const mdm_cells *columns,
                                           mdm_typing_refuse *refuse, void *self, mdm_chunk **out,
                                           mdm_error *err);

/* What a JSON token is in a TEXT column: the unescaped string (in place, or in room, which is
 * reset; look at room->failed), else the token; null: data NULL. */
mdm_str mdm_typing_json_text(mdm_str token, mdm_text *room);

/* --- what was found ------------------------------------------------------------ */

typedef struct mdm_typing_column {
    const char *name;
    mdm_type type;
    const char *format; /* dates: "%d/%m/%Y"; "" otherwise */
    bool forced;
    int64_t null_words; /* cells of this pass that a word made NULL */
    int64_t failed;     /* cells of this pass that are no value of the forced type */
    const char *note;   /* a sentence for the user about why this is text, or NULL */
} mdm_typing_column;

/* Borrowed until the next choose, counts as of this moment. */
mdm_typing_column mdm_typing_column_get(mdm_typing *typing, size_t column);

#endif
