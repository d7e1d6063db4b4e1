/* statement.h - prepared statements and their results, for this room and the DuckDB driver. The
 * caller stands between mdm_duckdb_begin() and mdm_duckdb_end() of the link, from prepare until
 * both statement and result are gone. */
#ifndef MDM_DUCKDB_STATEMENT_H
#define MDM_DUCKDB_STATEMENT_H

#include "duckdb/link.h"
#include "duckdb/reader.h"

/* A result that still streams over the link is read to its end into memory: whatever else DuckDB
 * does with the connection, be it preparing, ends the stream. The functions below do this. How that
 * ends is told by the result, not here. MDM_BUSY: it is read raw. */
MDM_MUST_CHECK mdm_status mdm_duckdb_free_link(mdm_duckdb_link *link, const mdm_stop *stop,
                                               mdm_error *err);

/* Compile one statement; the caller destroys *out. MDM_INVALID: none, several, or a NUL byte. */
MDM_MUST_CHECK mdm_status mdm_duckdb_prepare(mdm_duckdb_link *link, mdm_str sql,
                                             const mdm_stop *stop, duckdb_prepared_statement *out,
                                             mdm_error *err);

/* A running statement; zeroed: none. */
typedef struct mdm_duckdb_result {
    mdm_duckdb_link *link;
    duckdb_result raw;
    bool is_open;              /* raw is */
    bool ended;                /* all its rows were read */
    bool has_rows;             /* a result set, perhaps empty */
    int64_t changed;           /* rows written, -1: not told */
    mdm_duckdb_reader *reader; /* when it has rows and was asked for them as chunks */
    mdm_chunk **ahead;         /* read ahead because another statement needed the link */
    size_t ahead_count, ahead_next, ahead_size;
    mdm_status ahead_status; /* what reading ahead ended with, for who reads this result */
    mdm_error ahead_error;
} mdm_duckdb_result;

/* How a result will be read. */
typedef enum mdm_duckdb_reading {
    MDM_DUCKDB_CHUNKS, /* mdm_duckdb_next() */
    MDM_DUCKDB_RAW     /* mdm_duckdb_fetch() */
} mdm_duckdb_reading;

/* Run it, with its parameters bound; rows are produced while they are read. On failure there is
 * nothing to clear. */
MDM_MUST_CHECK mdm_status mdm_duckdb_execute(mdm_duckdb_link *link,
                                             duckdb_prepared_statement prepared,
                                             mdm_duckdb_reading reading, const mdm_stop *stop,
                                             mdm_duckdb_result *out, mdm_error *err);
/* Next rows, owned by the caller; NULL at the end. */
MDM_MUST_CHECK mdm_status mdm_duckdb_next(mdm_duckdb_result *result, const mdm_stop *stop,
                                          mdm_chunk **out, mdm_error *err);
/* The same as DuckDB has them: the caller destroys *out. */
MDM_MUST_CHECK mdm_status mdm_duckdb_fetch(mdm_duckdb_result *result, const mdm_stop *stop,
                                           duckdb_data_chunk *out, mdm_error *err);
void mdm_duckdb_result_clear(mdm_duckdb_result *result); /* zeroed afterwards; zeroed is allowed */

/* Who wants to know what mdm_duckdb_run_with() runs. */
typedef struct mdm_duckdb_visitor {
    /* Before a statement of that type runs; only: the text has no other one. Not MDM_OK: do not. */
    mdm_status (*before)(void *self, duckdb_statement_type type, bool only, mdm_error *err);
    /* After one that before() let pass. */
    void (*after)(void *self, duckdb_statement_type type, bool only);
    void *self;
} mdm_duckdb_visitor;

/* mdm_duckdb_run() with a visitor, which may be NULL. */
MDM_MUST_CHECK mdm_status mdm_duckdb_run_with(mdm_duckdb_link *link, mdm_str sql,
                                              const mdm_duckdb_visitor *visitor,
                                              const mdm_stop *stop, int64_t *changed,
                                              mdm_error *err);

#endif
