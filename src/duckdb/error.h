/* error.h - DuckDB's error types and words become ours: the one place that knows. */
#ifndef MDM_DUCKDB_ERROR_H
#define MDM_DUCKDB_ERROR_H

#include "mdm/base.h"

/* Set err from one of DuckDB's messages ("Catalog Error: Table with name x does not exist!\nDid you
 * mean ..."; NULL or "": an error without words): status by type and words, native is the
 * duckdb_error_type, the first line becomes the message, advice in it the hint. */
mdm_status mdm_duckdb_error(mdm_error *err, const char *message);

/* The same for a call that was watched: reason is why it was stopped, MDM_OK: it was not. */
mdm_status mdm_duckdb_failure(mdm_error *err, mdm_status reason, const char *message);

/* Did an error leave the whole instance unusable until it is opened anew? */
bool mdm_duckdb_error_is_fatal(const mdm_error *err);

#endif
