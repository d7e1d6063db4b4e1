/* reader.h - DuckDB's vectors become chunks. */
#ifndef MDM_DUCKDB_READER_H
#define MDM_DUCKDB_READER_H

#include "duckdb/lib.h"
#include "mdm/chunk.h"

typedef struct mdm_duckdb_reader mdm_duckdb_reader;

/* For the columns of a result. MDM_UNSUPPORTED names a column whose type cannot be read. The caller
 * owns *out. */
MDM_MUST_CHECK mdm_status mdm_duckdb_reader_open(duckdb_result *result, mdm_duckdb_reader **out,
                                                 mdm_error *err);
void mdm_duckdb_reader_close(mdm_duckdb_reader *reader);                     /* NULL allowed */
const mdm_schema *mdm_duckdb_reader_schema(const mdm_duckdb_reader *reader); /* borrowed */

/* Copy a DuckDB chunk of that result. MDM_FORMAT: a cell that does not fit, with column and
 * row, counted over all chunks. The caller owns *out. */
MDM_MUST_CHECK mdm_status mdm_duckdb_reader_chunk(mdm_duckdb_reader *reader,
                                                  duckdb_data_chunk chunk, mdm_chunk **out,
                                                  mdm_error *err);

#endif
