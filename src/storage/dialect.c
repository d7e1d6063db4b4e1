/* What is mere text about the three databases, and the one function that quotes a name.
 *
 * SQLite has five storage classes and lets a column declare any word; the word's letters decide
 * what happens to a cell ("affinity"). The words below are read back by sqlite_types.c, and each
 * was chosen so that a cell written comes back equal:
 *   - BIGINT, FLOAT, TEXT, BOOLEAN, DATETIME are the words of the Python MDM. FLOAT holds doubles,
 *     so a four-byte float is FLOAT4, and INTEGER holds 64 bits, so a four-byte integer is INT4;
 *   - a DECIMAL of up to 15 digits is an SQLite number. A wider one would be rounded to a double
 *     by the same word: BLOB in its word makes SQLite keep each cell as it is given;
 *   - a column of NULLs only is TEXT, here as on PostgreSQL, which has no type for it. */
#include "storage/storage.h"

const mdm_dialect mdm_dialect_sqlite = {
    .quote = '"',
    .folds_case = true,
    .max_name = 0,
    .max_columns = 2000,
    .nan_is_null = true,
    .types =
        {
            [MDM_TYPE_NULL] = "TEXT",
            [MDM_TYPE_BOOL] = "BOOLEAN",
            [MDM_TYPE_INT8] = "TINYINT",
            [MDM_TYPE_INT16] = "SMALLINT",
            [MDM_TYPE_INT32] = "INT4",
            [MDM_TYPE_INT64] = "BIGINT",
            [MDM_TYPE_FLOAT] = "FLOAT4",
            [MDM_TYPE_DOUBLE] = "FLOAT",
            [MDM_TYPE_DECIMAL] = "DECIMAL(%d,%d)",
            [MDM_TYPE_TEXT] = "TEXT",
            [MDM_TYPE_BLOB] = "BLOB",
            [MDM_TYPE_DATE] = "DATE",
            [MDM_TYPE_TIME] = "TIME",
            [MDM_TYPE_TIMESTAMP] = "DATETIME",
            [MDM_TYPE_TIMESTAMPTZ] = "TIMESTAMP WITH TIME ZONE",
        },
    .wide_decimal = "BLOB DECIMAL(%d,%d)",
    .list_tables = "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') "
                   "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid",
    .list_columns = "SELECT t.name, c.name, c.type FROM sqlite_schema AS t, "
                    "pragma_table_info(t.name) AS c WHERE t.type IN ('table', 'view') "
                    "AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY t.rowid, c.cid",
    .analyze = "ANALYZE %s",
    .file_suffix = ".sqlite",
};

const mdm_dialect mdm_dialect_duckdb = {
    .quote = '"',
    .folds_case = true,
    .max_name = 0,
    .max_columns = 65535,
    .types =
        {
            [MDM_TYPE_NULL] = "VARCHAR",
            [MDM_TYPE_BOOL] = "BOOLEAN",
            [MDM_TYPE_INT8] = "TINYINT",
            [MDM_TYPE_INT16] = "SMALLINT",
            [MDM_TYPE_INT32] = "INTEGER",
            [MDM_TYPE_INT64] = "BIGINT",
            [MDM_TYPE_FLOAT] = "FLOAT",
            [MDM_TYPE_DOUBLE] = "DOUBLE",
            [MDM_TYPE_DECIMAL] = "DECIMAL(%d,%d)",
            [MDM_TYPE_TEXT] = "VARCHAR",
            [MDM_TYPE_BLOB] = "BLOB",
            [MDM_TYPE_DATE] = "DATE",
            [MDM_TYPE_TIME] = "TIME",
            [MDM_TYPE_TIMESTAMP] = "TIMESTAMP",
            [MDM_TYPE_TIMESTAMPTZ] = "TIMESTAMP WITH TIME ZONE",
        },
    .list_tables = "SELECT table_name FROM (SELECT table_name, table_oid AS oid FROM "
                   "duckdb_tables() WHERE NOT internal AND database_name = current_database() "
                   "AND schema_name = current_schema() UNION ALL SELECT view_name, view_oid FROM "
                   "duckdb_views() WHERE NOT internal AND database_name = current_database() "
                   "AND schema_name = current_schema()) ORDER BY oid",
    .list_columns = "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE NOT "
                    "internal AND database_name = current_database() AND schema_name = "
                    "current_schema() ORDER BY table_oid, column_index",
    .analyze = "ANALYZE %s",
    .file_suffix = ".duckdb",
};

const mdm_dialect mdm_dialect_postgresql = {
    .quote = '"',
    .folds_case = false,
    .max_name = 63,
    .max_columns = 1600,
    .types =
        {
            [MDM_TYPE_NULL] = "text",
            [MDM_TYPE_BOOL] = "boolean",
            [MDM_TYPE_INT8] = "smallint",
            [MDM_TYPE_INT16] = "smallint",
            [MDM_TYPE_INT32] = "integer",
            [MDM_TYPE_INT64] = "bigint",
            [MDM_TYPE_FLOAT] = "real",
            [MDM_TYPE_DOUBLE] = "double precision",
            [MDM_TYPE_DECIMAL] = "numeric(%d,%d)",
            [MDM_TYPE_TEXT] = "text",
            [MDM_TYPE_BLOB] = "bytea",
            [MDM_TYPE_DATE] = "date",
            [MDM_TYPE_TIME] = "time without time zone",
            [MDM_TYPE_TIMESTAMP] = "timestamp without time zone",
            [MDM_TYPE_TIMESTAMPTZ] = "timestamp with time zone",
        },
    /* regnamespace reads an identifier, so that a name has to be quoted for it. */
    .list_tables = "SELECT c.relname FROM pg_catalog.pg_class AS c WHERE c.relnamespace = "
                   "quote_ident(current_schema())::regnamespace AND c.relkind IN ('r', 'p', 'v', "
                   "'m', 'f') AND NOT c.relispartition ORDER BY c.oid",
    .list_columns = "SELECT c.relname, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod) "
                    "FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_attribute AS a ON "
                    "a.attrelid = c.oid WHERE c.relnamespace = "
                    "quote_ident(current_schema())::regnamespace AND c.relkind IN ('r', 'p', 'v', "
                    "'m', 'f') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped "
                    "ORDER BY c.oid, a.attnum",
    .analyze = "ANALYZE %s",
    .file_suffix = NULL,
};

static bool is_control(unsigned char c)
{
    return c < 0x20 || c == 0x7f;
}

static mdm_status check_name(const mdm_dialect *dialect, mdm_str name, mdm_error *err)
{
    if (name.len == 0) return mdm_error_set(err, MDM_INVALID, "a name is empty");
    for (size_t i = 0; i < name.len; i++)
        if (is_control((unsigned char)name.data[i]))
            return mdm_error_set(err, MDM_INVALID, "control character %d in the name '%.*s'",
                                 (unsigned char)name.data[i],
                                 (int)(name.len < 100 ? name.len : 100), name.data);
    size_t bad = mdm_utf8_check(name);
    if (bad != SIZE_MAX)
        return mdm_error_set(err, MDM_INVALID, "a name is not UTF-8 at byte %zu", bad + 1);
    if (dialect->max_name > 0 && name.len > dialect->max_name)
        return mdm_error_set(err, MDM_INVALID, "the name '%.*s' has %zu bytes, at most %zu fit",
                             (int)(name.len < 100 ? name.len : 100), name.data, name.len,
                             dialect->max_name);
    return MDM_OK;
}

mdm_status mdm_quote_name(const mdm_backend *backend, mdm_str name, char *text, size_t size,
                          size_t *used, mdm_error *err)
{
    const mdm_dialect *dialect = backend->dialect;
    MDM_TRY(check_name(dialect, name, err));
    size_t needed = name.len + 3; /* the quotes and NUL */
    for (size_t i = 0; i < name.len; i++)
        needed += name.data[i] == dialect->quote;
    if (*used > size || needed > size - *used)
        return mdm_error_set(err, MDM_INVALID, "no room for a quoted name of %zu bytes",
                             needed - 1);
    char *at = text + *used;
    *at++ = dialect->quote;
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] == dialect->quote) *at++ = dialect->quote;
        *at++ = name.data[i];
    }
    *at++ = dialect->quote;
    *at = '\0';
    *used = (size_t)(at - text);
    return MDM_OK;
}
