/* typing_state.h - what typing knows of its columns. Internal to typing. */
#ifndef MDM_DATA_TYPING_STATE_H
#define MDM_DATA_TYPING_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "data/typing.h"
#include "data/typing_class.h"
#include "data/typing_words.h"

enum { MDM_EXAMPLE = 60 }; /* bytes kept of an offending cell */

typedef enum mdm_wish {
    MDM_WISH_NONE,
    MDM_WISH_TYPE,
    MDM_WISH_NUMBER,
    MDM_WISH_DATE, /* any format; type says more unless NULL */
    MDM_WISH_FORMAT
} mdm_wish;

/* Why a column is text, or cannot be what it looked like. */
enum {
    MDM_REASON_LETTERS = 1u << 0,
    MDM_REASON_LEADING_ZEROS = 1u << 1,
    MDM_REASON_SIGN = 1u << 2,
    MDM_REASON_BLANKS = 1u << 3,
    MDM_REASON_TOO_LONG = 1u << 4,
    MDM_REASON_EXPONENT = 1u << 5,
    MDM_REASON_SEPARATORS = 1u << 6,
    MDM_REASON_NO_DAY = 1u << 7,
    MDM_REASON_STYLES = 1u << 8,
    MDM_REASON_OTHER = 1u << 9
};

typedef struct mdm_choice {
    mdm_type type;
    mdm_date_order order; /* dates */
    bool day_or_month;    /* TEXT only because they cannot be told apart */
    bool groups;          /* TEXT only because the comma may separate thousands */
} mdm_choice;

typedef struct mdm_typed_column {
    char *name;
    mdm_wish wish;
    mdm_type wished; /* WISH_TYPE; WISH_DATE: or NULL */
    char *format;    /* WISH_FORMAT */

    /* Everything atomic is shared by the threads that look at cells. */
    _Atomic uint64_t class; /* AND of all cells ever seen */
    /* Of the pass: */
    atomic_int_fast64_t null_words, failed;
    atomic_int_fast64_t counted, not_whole; /* text that looks like numbers: cells, and those that
                                               are no integer even by the looser rules */
    atomic_uint reasons;                    /* and why, ever */
    /* Of all cells observed: */
    atomic_int_fast64_t observed, looks_typed;
    /* WISH_DATE: cells that fit, by order; and of all that fit any: */
    atomic_int_fast64_t votes[MDM_ORDER_COUNT];
    atomic_int_fast64_t with_time, with_zone, fitting;

    char example[MDM_EXAMPLE + 4]; /* first cell that speaks against the type, under the lock */
    int64_t example_row;           /* -1: row not known; INT64_MAX: no example */

    mdm_choice choice;
    char stated[64]; /* format of the choice */
    char *note;
} mdm_typed_column;

struct mdm_typing {
    size_t count;
    bool json, decimal_comma;
    mdm_words words;
    mdm_schema *schema; /* of the last choice */
    atomic_bool broken; /* the choice no longer holds */
    bool passed;        /* a pass over all cells has begun */
    pthread_mutex_t lock;
    mdm_typed_column columns[];
};

/* --- typing_cell.c: one cell -------------------------------------------------------- */

/* A cell that is no value of any type ("", null words, JSON null) has class ANY and null set. */
typedef struct mdm_seen {
    uint64_t class;
    bool null;
    bool null_word; /* it is null by a word, hence text in a TEXT column */
} mdm_seen;

mdm_seen mdm_typing_see(const mdm_typing *typing, mdm_str text, uint64_t alive);
/* MDM_REASON_* why text, which is no value of any type, is none. */
unsigned mdm_typing_reasons(mdm_str text);
/* Made of digits and what stands between digits in numbers and dates. */
bool mdm_typing_looks_typed(mdm_str text);
/* Keep text as the example if it comes before the one that is there. */
void mdm_typing_remember(mdm_typing *typing, mdm_typed_column *column, mdm_str text, int64_t row);

/* --- typing.c: cells of a column without a wish ------------------------------------------ */

/* What a run of cells has shown. */
typedef struct mdm_tally {
    uint64_t class;
    int64_t null_words;
} mdm_tally;

/* Add it to what the column knows; cells are looked at again when they ended its last candidate. */
void mdm_typing_merge(mdm_typing *typing, mdm_typed_column *column, const mdm_cells *cells,
                      const mdm_tally *tally);
/* Rule out what they are not. */
mdm_tally mdm_typing_look(const mdm_typing *typing, const mdm_typed_column *column,
                          const mdm_cells *cells);

/* --- typing_json.c -------------------------------------------------------------------- */

mdm_seen mdm_json_see(mdm_str token);
/* A string token's text; room of at least token.len bytes. */
mdm_str mdm_json_unescape(mdm_str token, char *room);
bool mdm_json_real(mdm_str token, double *out);

/* --- typing_choice.c ------------------------------------------------------------------- */

/* What the column would be, judged from all cells seen so far. */
mdm_choice mdm_choice_of(const mdm_typed_column *column);
bool mdm_choice_equal(const mdm_choice *a, const mdm_choice *b);
/* "%d/%m/%Y %H:%M:%S", "" for other types. */
void mdm_choice_state(const mdm_typed_column *column, char *text, size_t size);
/* Numbers or dates were seen in a column that became text: worth a note, and worth counting. */
bool mdm_typing_is_noteworthy(const mdm_typed_column *column);

/* --- typing_note.c --------------------------------------------------------------------- */

/* The sentence about a column that is text; *note NULL: nothing to say. The caller owns it. */
MDM_MUST_CHECK mdm_status mdm_typing_note(const mdm_typed_column *column, char **note,
                                          mdm_error *err);

/* --- the cells of the caller -------------------------------------------------------------- */

static inline bool mdm_cells_have(const mdm_cells *cells, size_t row)
{
    return !cells->validity || (cells->validity[row >> 3] >> (row & 7) & 1);
}

static inline mdm_str mdm_cells_at(const mdm_cells *cells, size_t row)
{
    if (cells->texts) return cells->texts[row];
    const char *view = (const char *)cells->views + 16 * row;
    uint32_t len;
    memcpy(&len, view, sizeof len);
    const char *data = view + 4;
    if (len > 12) memcpy(&data, view + 8, sizeof data);
    return (mdm_str){data, len};
}

static inline int64_t mdm_cells_row(const mdm_cells *cells, size_t row)
{
    return cells->first_row < 0 ? -1 : cells->first_row + (int64_t)row;
}

#endif
