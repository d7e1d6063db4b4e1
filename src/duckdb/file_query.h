/* file_query.h - rows that DuckDB produces from files by itself, with cells typed by our own kernel
 * inside DuckDB: nothing passes through us, and a file has the same types on every backend.
 *
 * The SQL reads text columns and wraps those with a type in a function of its own:
 *
 *     mdm_file_query query = MDM_FILE_QUERY_INIT;
 *     query.typing = typing;                  (chosen and begun)
 *     char name[MDM_CELL_NAME];
 *     mdm_text_printf(&sql, "SELECT %s(c0) AS \"id\", c1 AS \"name\" FROM read_csv(...)",
 *                     mdm_file_query_cell(&query, 0, name));
 *     query.sql = (mdm_str){sql.data, sql.len};
 *
 * The functions exist while the query runs; they run on several threads. After it the caller asks
 * mdm_typing_settled(): a cell that contradicts its column's choice does not stop the pass. NULL in
 * gives NULL out. */
#ifndef MDM_DUCKDB_FILE_QUERY_H
#define MDM_DUCKDB_FILE_QUERY_H

#include "data/typing.h"
#include "duckdb/instance.h"
#include "mdm/chunk.h"

/* Made by src/file, run by a driver's load_query() or mdm_file_query_stream(). One pass: make a
 * new one for the next. Everything is borrowed. */
struct mdm_file_query {
    mdm_str sql;        /* one SELECT */
    mdm_typing *typing; /* behind the functions; NULL: sql uses none */
    bool json;          /* cells are JSON tokens: TEXT columns need their function too. Other TEXT
                           columns go without: the cells are the values */
    bool keep_failed;   /* cells that are no value of a forced type are NULL, and counted by typing;
                           false: the first one ends the query with MDM_FORMAT */
    uint64_t id;        /* in the names of the functions; set by MDM_FILE_QUERY_INIT */
};

uint64_t mdm_file_query_next_id(void); /* unique in this process */
#define MDM_FILE_QUERY_INIT ((mdm_file_query){.id = mdm_file_query_next_id()})

/* Name of the function for a column of typing, into name of MDM_CELL_NAME bytes; returns name. */
#define MDM_CELL_NAME 64
const char *mdm_file_query_cell(const mdm_file_query *query, size_t column,
                                char name[MDM_CELL_NAME]);

/* The rows as a stream, for other databases. query must outlive it. */
MDM_MUST_CHECK mdm_status mdm_file_query_stream(const mdm_file_query *query, mdm_duckdb_link *link,
                                                const mdm_stop *stop, mdm_stream *out,
                                                mdm_error *err);

/* Run prefix + query->sql ("CREATE TABLE t AS ", "INSERT INTO t BY NAME ") on the link. rows:
 * how many were written. */
MDM_MUST_CHECK mdm_status mdm_file_query_run(const mdm_file_query *query, mdm_duckdb_link *link,
                                             mdm_str prefix, const mdm_stop *stop, int64_t *rows,
                                             mdm_error *err);

#endif
