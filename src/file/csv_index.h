/* csv_index.h - where fields and records of CSV text end: 64 bytes at a time, quotes included.
 *
 * The grammar (RFC 4180, strictly): a field is text without quotes, or stands between quotes, in
 * which quotes are doubled. Anything else is bad, and the index stops there. */
#ifndef MDM_FILE_CSV_INDEX_H
#define MDM_FILE_CSV_INDEX_H

#include "mdm/base.h"

typedef struct mdm_csv_dialect {
    char delimiter;
    char quote;   /* '"', '\'', or 0: none */
    char newline; /* '\n' (with or without '\r' before it), or '\r' alone */
} mdm_csv_dialect;

typedef enum mdm_csv_fault {
    MDM_CSV_SOUND,
    MDM_CSV_QUOTE_INSIDE, /* a quote in a field that does not begin with one */
    MDM_CSV_AFTER_QUOTE,  /* text behind a closing quote */
    MDM_CSV_STRAY_RETURN  /* '\r' that ends no line (or '\n', where '\r' alone does) */
} mdm_csv_fault;

typedef struct mdm_csv_index {
    mdm_csv_dialect dialect;
    uint32_t *ends;    /* positions of delimiters and newlines, in order */
    uint32_t *records; /* of each record in whole: how many ends there are up to its own */
    size_t count, record_count, size;
    size_t scanned; /* the text before it has been looked at */
    mdm_csv_fault fault;
    size_t bad;                          /* where; SIZE_MAX: nowhere */
    bool in_quotes;                      /* the text scanned so far ends inside of quotes */
    uint64_t may_open, closed, returned; /* 1: so does its last byte ask of the next one */
    uint64_t returns;                    /* not 0: lines may end with '\r' before their newline */
} mdm_csv_index;

#define MDM_CSV_BLOCK 64u

/* room holds 2 * size numbers and stays the caller's. */
void mdm_csv_index_init(mdm_csv_index *index, const mdm_csv_dialect *dialect, uint32_t *room,
                        size_t size);
/* The text has no newline at its end: its last record ends there all the same. */
void mdm_csv_index_end(mdm_csv_index *index, size_t len);
/* A record begins at this place. */
void mdm_csv_index_begin(mdm_csv_index *index, size_t at);
/* Look at whole blocks of text from scanned on, with last at all of it, until fewer than a block of
 * ends is free or something is bad. Positions must fit 32 bits; MDM_CSV_BLOCK zero bytes follow
 * text. */
void mdm_csv_index_scan(mdm_csv_index *index, mdm_str text, bool last);

#endif
