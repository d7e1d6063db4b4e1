/* writer.h - chunks become DuckDB's vectors. */
#ifndef MDM_DUCKDB_WRITER_H
#define MDM_DUCKDB_WRITER_H

#include "duckdb/lib.h"
#include "mdm/chunk.h"

/* DuckDB's type for a column of ours (MDM_TYPE_NULL: VARCHAR); the caller destroys it. */
duckdb_logical_type mdm_duckdb_type(mdm_type type);

/* DuckDB trusts what stands in its vectors: text must be UTF-8, decimals must fit. Check a chunk
 * before it is filled in. MDM_FORMAT with column and row (first_row: number of the chunk's first).
 */
MDM_MUST_CHECK mdm_status mdm_duckdb_check_chunk(const mdm_chunk *chunk, int64_t first_row,
                                                 mdm_error *err);

/* Text of a filled vector. */
typedef enum mdm_duckdb_text {
    MDM_DUCKDB_TEXT_COPIED,  /* into memory of the vector */
    MDM_DUCKDB_TEXT_BORROWED /* longer ones stay in the chunk, which must outlive the vector's use
                              */
} mdm_duckdb_text;

/* Put count rows from first on into rows 0 to count - 1 of a fresh or reset vector of the
 * column's type. */
void mdm_duckdb_fill(const mdm_column *column, int64_t first, int64_t count, mdm_duckdb_text text,
                     duckdb_vector vector);

#endif
