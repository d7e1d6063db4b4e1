/* file_query.h - rows that DuckDB produces from files by itself: nothing passes through us. */
#ifndef MDM_DUCKDB_FILE_QUERY_H
#define MDM_DUCKDB_FILE_QUERY_H

#include "duckdb/instance.h"
#include "mdm/backend.h"

/* Made by src/file, run by a driver's load_query(). */
struct mdm_file_query {
    mdm_str sql; /* one SELECT; borrowed */
};

/* Run prefix + query->sql ("CREATE TABLE t AS ", "INSERT INTO t BY NAME ") on the link. rows:
 * how many were written. */
MDM_MUST_CHECK mdm_status mdm_file_query_run(const mdm_file_query *query, mdm_duckdb_link *link,
                                             mdm_str prefix, const mdm_stop *stop, int64_t *rows,
                                             mdm_error *err);

#endif
