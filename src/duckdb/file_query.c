#include "duckdb/file_query.h"

#include "base/text.h"
#include "duckdb/result.h"

mdm_status mdm_file_query_run(const mdm_file_query *query, mdm_duckdb_link *link, mdm_str prefix,
                              const mdm_stop *stop, int64_t *rows, mdm_error *err)
{
    mdm_text sql;
    mdm_text_init(&sql);
    mdm_text_add(&sql, prefix);
    mdm_text_add(&sql, query->sql);
    mdm_status status = mdm_text_status(&sql, err);
    if (status == MDM_OK)
        status = mdm_duckdb_run(link, (mdm_str){sql.data, sql.len}, stop, rows, err);
    mdm_text_clear(&sql);
    return status;
}
