/* result.h - run SQL on a link: statements, rows as a stream of chunks.
 *
 * stop (NULL: none) is obeyed while DuckDB works, also inside one long call: the answer is then
 * MDM_CANCELLED or MDM_TIMEOUT. It must live until the stream is closed.
 *
 * How DuckDB's types travel: integers and BOOLEAN as they are, unsigned ones one size wider,
 * UBIGINT as DECIMAL(20,0), HUGEINT as DECIMAL(38,0); FLOAT, DOUBLE, DECIMAL, VARCHAR, BLOB, DATE,
 * TIME, TIMESTAMP and TIMESTAMP WITH TIME ZONE as they are; TIMESTAMP_S, _MS, _NS and TIME_NS in
 * microseconds; GEOMETRY as BLOB (WKB); ENUM, UUID, INTERVAL, BIT, TIME WITH TIME ZONE, UHUGEINT
 * and BIGNUM as TEXT in DuckDB's own words; LIST, ARRAY, STRUCT, MAP and UNION as TEXT holding
 * JSON. A value that its type cannot hold (a HUGEINT of 39 digits, nanoseconds that are no whole
 * microseconds) is MDM_FORMAT with column and row. VARIANT is MDM_UNSUPPORTED: CAST it. */
#ifndef MDM_DUCKDB_RESULT_H
#define MDM_DUCKDB_RESULT_H

#include "duckdb/instance.h"
#include "mdm/chunk.h"

/* Statements separated by ';'; rows are thrown away. changed (may be NULL): rows written by
 * them all. */
MDM_MUST_CHECK mdm_status mdm_duckdb_run(mdm_duckdb_link *link, mdm_str sql, const mdm_stop *stop,
                                         int64_t *changed, mdm_error *err);

/* The rows of one statement, produced while they are read, in DuckDB's order. Until the stream is
 * closed the link belongs to it. The caller owns *out: mdm_stream_close(). MDM_INVALID: not exactly
 * one statement, or one without rows. */
MDM_MUST_CHECK mdm_status mdm_duckdb_stream(mdm_duckdb_link *link, mdm_str sql,
                                            const mdm_stop *stop, mdm_stream *out, mdm_error *err);

/* One cell of one statement's first row as a whole number; for counts and the like. MDM_NOT_FOUND:
 * no row, or NULL. MDM_INVALID: no number. */
MDM_MUST_CHECK mdm_status mdm_duckdb_number(mdm_duckdb_link *link, mdm_str sql,
                                            const mdm_stop *stop, int64_t *out, mdm_error *err);

#endif
