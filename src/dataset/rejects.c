#include "dataset/dataset_internal.h"
#include "storage/storage.h"

/* Is there a table _rejects at all? It is made when the first record is refused. */
static mdm_status has_rejects(mdm_session *session, mdm_database *database, bool *has,
                              mdm_error *err)
{
    mdm_rows *rows = NULL;
    mdm_chunk *chunk = NULL;
    const char *list = mdm_database_backend(database)->dialect->list_tables;
    *has = false;
    MDM_TRY(mdm_dataset_ask(session, database, mdm_str_from(list), &rows, err));
    mdm_status status;
    while ((status = mdm_rows_next(rows, &chunk, err)) == MDM_OK && chunk) {
        for (int64_t r = 0; r < chunk->rows; r++) {
            char room[MDM_CELL_TEXT];
            const mdm_str name = mdm_cell_text(&chunk->columns[0], r, room, sizeof room);
            *has = *has || (name.data && mdm_str_equal(name, MDM_STR("_rejects")));
        }
        mdm_chunk_unref(chunk);
    }
    mdm_rows_close(rows);
    return status;
}

/* Ask for the rejects of one file, or of all (NULL). */
static mdm_status ask_of_file(mdm_session *session, mdm_database *database, mdm_str sql,
                              const char *file, mdm_rows **out, mdm_error *err)
{
    mdm_query query = MDM_QUERY_INIT;
    const mdm_parameter of_file = {"file", {MDM_TYPE_TEXT, {.bytes = mdm_str_from(file)}}};
    query.sql = sql;
    query.parameters = &of_file;
    query.parameter_count = file ? 1 : 0;
    query.tag = "rejects";
    return mdm_session_query(session, database, &query, out, err);
}

static mdm_status count_rows(mdm_session *session, mdm_database *database, const char *file,
                             int64_t *count, mdm_error *err)
{
    mdm_rows *rows = NULL;
    mdm_chunk *chunk = NULL;
    const mdm_str sql =
        file ? MDM_STR("SELECT CAST(count(*) AS BIGINT) FROM _rejects WHERE file = :file")
             : MDM_STR("SELECT CAST(count(*) AS BIGINT) FROM _rejects");
    mdm_status status = ask_of_file(session, database, sql, file, &rows, err);
    if (status == MDM_OK) status = mdm_rows_next(rows, &chunk, err);
    if (status == MDM_OK && chunk && chunk->rows)
        *count = ((const int64_t *)chunk->columns[0].values)[0];
    mdm_chunk_unref(chunk);
    mdm_rows_close(rows);
    return status;
}

/* Rows of the right columns, none of them. */
#define NO_REJECTS                                                                             \
    "SELECT CAST(NULL AS VARCHAR(1)) AS file, CAST(0 AS BIGINT) AS line, CAST(0 AS BIGINT) AS byte, " \
    "CAST(NULL AS VARCHAR(1)) AS \"column\", CAST(NULL AS VARCHAR(1)) AS reason, "            \
    "CAST(NULL AS VARCHAR(1)) AS text WHERE 1 = 0"

mdm_status mdm_dataset_rejects(mdm_session *session, const mdm_dataset *dataset, const char *table,
                               int64_t limit, mdm_rows **out, int64_t *count, mdm_error *err)
{
    mdm_database *database;
    bool has;
    mdm_text sql;
    const mdm_table_info *info = NULL;
    *out = NULL;
    *count = 0;
    if (table || dataset->table_key) MDM_TRY(mdm_dataset_table(dataset, table, &info, err));
    MDM_TRY(mdm_dataset_database(session, dataset, false, &database, err));
    MDM_TRY(has_rejects(session, database, &has, err));
    if (!has) return mdm_dataset_ask(session, database, MDM_STR(NO_REJECTS), out, err);

    const char *file = info && info->path ? mdm_path_name(info->path) : NULL;
    mdm_text_init(&sql);
    mdm_text_printf(&sql, "SELECT file, line, byte, \"column\", reason, text FROM _rejects%s ORDER BY file, byte",
                    file ? " WHERE file = :file" : "");
    if (limit > 0) mdm_text_printf(&sql, " LIMIT %lld", (long long)limit);
    mdm_status status = mdm_text_status(&sql, err);
    if (status == MDM_OK) status = count_rows(session, database, file, count, err);
    if (status == MDM_OK)
        status = ask_of_file(session, database, (mdm_str){sql.data, sql.len}, file, out, err);
    mdm_text_clear(&sql);
    return status;
}
