/* stream_table.h - a stream of chunks as a table in SQL, so that rows of any backend can be
 * written to files or loaded by DuckDB.
 *
 *     mdm_stream_table *table;
 *     mdm_stream_table_open(&stream, &table, err);
 *     mdm_text_printf(&sql, "COPY (SELECT * FROM %s) TO ...", mdm_stream_table_sql(table));
 *     status = mdm_stream_table_status(table, mdm_duckdb_run(link, ...), err);
 *     mdm_stream_table_close(table);
 *
 * It can be read once, by one statement, in order; its rows are pulled from whatever thread of
 * DuckDB runs the scan, one at a time. Columns that the statement does not name are not copied.
 * Columns whose names DuckDB would refuse get others: column_3 for an empty one, a.1 for the second
 * a (in whatever case). A stream that itself reads from the same instance must do so over another
 * link. */
#ifndef MDM_DUCKDB_STREAM_TABLE_H
#define MDM_DUCKDB_STREAM_TABLE_H

#include "duckdb/instance.h"
#include "mdm/chunk.h"

typedef struct mdm_stream_table mdm_stream_table;

/* A table that any instance of this process can read. source stays the caller's and must outlive
 * it. The caller owns *out. MDM_UNSUPPORTED: a source without columns. */
MDM_MUST_CHECK mdm_status mdm_stream_table_open(mdm_stream *source, mdm_stream_table **out,
                                                mdm_error *err);
/* NULL allowed. No statement that reads the table may be running. */
void mdm_stream_table_close(mdm_stream_table *table);

/* What to write behind FROM; borrowed, valid until close. */
const char *mdm_stream_table_sql(const mdm_stream_table *table);
/* Rows handed to DuckDB so far. */
int64_t mdm_stream_table_rows(const mdm_stream_table *table);

/* What a statement that reads the table ended with: when the source failed, its own status and
 * words instead of DuckDB's, else status and err as they are. */
mdm_status mdm_stream_table_status(mdm_stream_table *table, mdm_status status, mdm_error *err);

#endif
