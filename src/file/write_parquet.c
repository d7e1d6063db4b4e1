/* Parquet: DuckDB writes it, from our stream as a table. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/io.h"
#include "duckdb/result.h"
#include "duckdb/stream_table.h"
#include "file/unpack.h"
#include "file/write.h"

static mdm_status copy_to(mdm_duckdb_link *link, mdm_stream *source, const char *path,
                          const char *compression, const mdm_write_options *options, int64_t *rows,
                          mdm_error *err)
{
    mdm_stream_table *table = NULL;
    mdm_text sql;
    MDM_TRY(mdm_stream_table_open(source, &table, err));
    mdm_text_init(&sql);
    mdm_text_printf(&sql, "COPY (SELECT * FROM %s) TO ", mdm_stream_table_sql(table));
    mdm_text_quoted(&sql, mdm_str_from(path), '\'');
    /* The name is not the file's last one: we rename it ourselves. */
    mdm_text_printf(&sql, " (FORMAT parquet, COMPRESSION %s, USE_TMP_FILE false)",
                    strcmp(compression, "none") == 0 ? "uncompressed" : compression);
    mdm_status status = mdm_text_status(&sql, err);
    if (status == MDM_OK) {
        status = mdm_duckdb_run(link, (mdm_str){sql.data, sql.len}, options->stop, NULL, err);
        status = mdm_stream_table_status(table, status, err);
    }
    *rows = mdm_stream_table_rows(table);
    mdm_text_clear(&sql);
    mdm_stream_table_close(table);
    return status;
}

static mdm_status write_by_duckdb(mdm_stream *source, const char *path, const char *compression,
                                  const mdm_write_options *options, int64_t *rows, mdm_error *err)
{
    const char *limit =
        options->config ? mdm_config_text(options->config, "database.duckdb.memory_limit") : "auto";
    /* The rows come one after the other and must stay so: a second thread would only wait. */
    const mdm_setting settings[] = {{"threads", "1"}, {"memory_limit", limit}};
    const mdm_duckdb_options opening = {
        .settings = settings,
        .setting_count = strcmp(limit, "auto") == 0 ? 1 : 2,
    };
    mdm_duckdb_instance *instance = NULL;
    mdm_duckdb_link *link = NULL;
    mdm_status status = mdm_duckdb_open(NULL, &opening, options->stop, &instance, err);
    if (status == MDM_OK) status = mdm_duckdb_connect(instance, &link, err);
    if (status == MDM_OK) status = copy_to(link, source, path, compression, options, rows, err);
    mdm_duckdb_disconnect(link);
    mdm_duckdb_close(instance);
    return status;
}

static mdm_status write_file(mdm_stream *source, const char *path, const char *compression,
                             const mdm_write_options *options, int64_t *rows, int64_t *bytes,
                             mdm_error *err)
{
    mdm_path_stat st;
    mdm_writer *writer = NULL;
    MDM_TRY(mdm_output_open(path, 0666, &writer, err));
    const char *temporary = mdm_writer_path(writer);
    mdm_status status = write_by_duckdb(source, temporary, compression, options, rows, err);
    if (status == MDM_OK) status = mdm_path_look(temporary, false, &st, err);
    if (status == MDM_OK) *bytes = st.bytes;
    if (status == MDM_OK) status = mdm_writer_finish(writer, err);
    mdm_writer_close(writer);
    return status;
}

/* --- standard output ------------------------------------------------------------------- */

static mdm_status pass_on(const char *path, mdm_sink *sink, mdm_error *err)
{
    char block[4096];
    mdm_unpacker *unpacker = NULL;
    MDM_TRY(mdm_unpacker_open(path, MDM_PACKED_NOT, &unpacker, err));
    mdm_status status = MDM_OK;
    for (size_t len = sizeof block; len == sizeof block && status == MDM_OK;) {
        status = mdm_unpacker_read(unpacker, block, sizeof block, &len, err);
        mdm_text_add(mdm_sink_text(sink), (mdm_str){block, len});
        if (status == MDM_OK) status = mdm_sink_flush(sink, err);
    }
    mdm_unpacker_close(unpacker);
    return status;
}

/* DuckDB opens what it writes by name, so it goes through a file that never gets its own. */
static mdm_status write_out(mdm_stream *source, const char *compression,
                            const mdm_write_options *options, int64_t *rows, int64_t *bytes,
                            mdm_error *err)
{
    const char *folder = getenv("TMPDIR");
    mdm_writer *writer = NULL;
    mdm_sink *sink = NULL;
    char *path = mdm_path_join(folder && *folder ? folder : "/tmp", "mdm.parquet");
    mdm_status status =
        path ? mdm_output_open(path, 0600, &writer, err) : mdm_no_memory(err, "a path");
    if (status == MDM_OK)
        status = write_by_duckdb(source, mdm_writer_path(writer), compression, options, rows, err);
    if (status == MDM_OK) status = mdm_sink_open("-", MDM_PACK_NONE, NULL, &sink, err);
    if (status == MDM_OK) status = pass_on(mdm_writer_path(writer), sink, err);
    if (status == MDM_OK) status = mdm_sink_finish(sink, bytes, err);
    mdm_sink_close(sink);
    mdm_writer_close(writer);
    mdm_free(path);
    return status;
}

mdm_status mdm_write_parquet(mdm_stream *source, const char *path, const char *compression,
                             const mdm_write_options *options, int64_t *rows, int64_t *bytes,
                             mdm_error *err)
{
    return strcmp(path, "-") == 0
               ? write_out(source, compression, options, rows, bytes, err)
               : write_file(source, path, compression, options, rows, bytes, err);
}
