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

/* A literal, quoted for any of the databases. */
static void put_literal(mdm_text *sql, const char *text)
{
    mdm_text_quoted(sql, mdm_str_from(text), '\'');
}

static mdm_status count_rows(mdm_session *session, mdm_database *database, const char *where,
                             int64_t *count, mdm_error *err)
{
    mdm_text sql;
    mdm_rows *rows = NULL;
    mdm_chunk *chunk = NULL;
    mdm_text_init(&sql);
    mdm_text_printf(&sql, "SELECT CAST(count(*) AS BIGINT) FROM _rejects%s", where);
    mdm_status status = mdm_text_status(&sql, err);
    if (status == MDM_OK)
        status = mdm_dataset_ask(session, database, (mdm_str){sql.data, sql.len}, &rows, err);
    if (status == MDM_OK) status = mdm_rows_next(rows, &chunk, err);
    if (status == MDM_OK && chunk && chunk->rows)
        *count = ((const int64_t *)chunk->columns[0].values)[0];
    mdm_chunk_unref(chunk);
    mdm_rows_close(rows);
    mdm_text_clear(&sql);
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
    mdm_text where, sql;
    const mdm_table_info *info = NULL;
    *out = NULL;
    *count = 0;
    if (table || dataset->table_key) MDM_TRY(mdm_dataset_table(dataset, table, &info, err));
    MDM_TRY(mdm_dataset_database(session, dataset, false, &database, err));
    MDM_TRY(has_rejects(session, database, &has, err));
    if (!has) return mdm_dataset_ask(session, database, MDM_STR(NO_REJECTS), out, err);

    mdm_text_init(&where);
    mdm_text_init(&sql);
    if (info && info->path) {
        mdm_text_puts(&where, " WHERE file = ");
        put_literal(&where, info->path);
    }
    mdm_text_printf(&sql, "SELECT file, line, byte, \"column\", reason, text FROM _rejects%s ORDER BY file, byte",
                    where.data);
    if (limit > 0) mdm_text_printf(&sql, " LIMIT %lld", (long long)limit);
    mdm_status status = mdm_text_status(&sql, err);
    if (status == MDM_OK) status = count_rows(session, database, where.data, count, err);
    if (status == MDM_OK)
        status = mdm_dataset_ask(session, database, (mdm_str){sql.data, sql.len}, out, err);
    mdm_text_clear(&where);
    mdm_text_clear(&sql);
    return status;
}
