#include <string.h>

#include "base/alloc.h"
#include "dataset/catalog.h"
#include "dataset/columns.h"
#include "dataset/dataset_internal.h"
#include "dataset/home.h"
#include "dataset/json.h"
#include "file/file.h"
#include "mdm/monitor.h"
#include "storage/storage.h"

typedef struct export {
    mdm_session *session;
    mdm_dataset *dataset;
    const mdm_export_spec *spec;
    mdm_database *database;
    const char *format, *compression;
    mdm_exported *out;
} export;

/* --- what to write -------------------------------------------------------------------- */

static bool knows(const char *const *compressions, const char *word)
{
    for (; *compressions; compressions++)
        if (strcmp(*compressions, word) == 0) return true;
    return false;
}

static mdm_status refuse_compression(const char *format, const char *word, mdm_error *err)
{
    mdm_text list;
    mdm_text_init(&list);
    for (const char *const *c = mdm_file_compressions(format); *c; c++)
        mdm_text_printf(&list, "%s%s", list.len ? ", " : "", *c);
    mdm_error_set(err, MDM_INVALID, "%s cannot be compressed with '%s'", format, word);
    mdm_error_hint(err, MDM_INVALID, "%s takes %s", format, list.len ? list.data : "none");
    mdm_text_clear(&list);
    return MDM_INVALID;
}

/* An option must fit the format; a setting that does not gives way to the format's own. */
static mdm_status choose_format(export *e, mdm_error *err)
{
    const mdm_config *config = mdm_session_config(e->session);
    e->format = e->spec->format ? e->spec->format : mdm_config_text(config, "export.default_format");
    const char *const *compressions = mdm_file_compressions(e->format);
    if (!compressions) {
        mdm_error_set(err, MDM_INVALID, "unknown format '%s'", e->format);
        return mdm_error_hint(err, MDM_INVALID, "csv, tsv, parquet, json or jsonl");
    }
    e->compression = e->spec->compression;
    if (e->compression)
        return knows(compressions, e->compression) ? MDM_OK
                                                   : refuse_compression(e->format, e->compression, err);
    if (e->spec->file) return MDM_OK; /* the user named the file: nothing is added to it */
    const char *configured = mdm_config_text(config, "export.compression");
    e->compression = knows(compressions, configured) ? configured : NULL;
    return MDM_OK;
}

/* --- a table ------------------------------------------------------------------------------ */

static mdm_status check_columns(const export *e, const mdm_table_info *table, mdm_error *err)
{
    const mdm_column_info *columns;
    size_t count = 0;
    if (!e->spec->column_count) return MDM_OK;
    MDM_TRY(mdm_dataset_columns(e->session, e->dataset, &columns, &count, err));
    for (size_t i = 0; i < e->spec->column_count; i++) {
        bool found = false;
        for (size_t c = 0; c < count && !found; c++)
            found = strcmp(columns[c].table, table->table) == 0 &&
                    strcmp(columns[c].name, e->spec->columns[i]) == 0;
        if (!found)
            return mdm_error_set(err, MDM_INVALID, "table '%s' has no column '%s'", table->key,
                                 e->spec->columns[i]);
    }
    return MDM_OK;
}

static mdm_status select_table(const export *e, const mdm_table_info *table, mdm_text *sql,
                               mdm_error *err)
{
    const mdm_backend *backend = mdm_database_backend(e->database);
    const mdm_target target = {.table = table->table};
    mdm_status status = MDM_OK;
    mdm_text_puts(sql, "SELECT ");
    for (size_t i = 0; status == MDM_OK && i < e->spec->column_count; i++) {
        if (i) mdm_text_puts(sql, ", ");
        status = mdm_sql_name(sql, backend, mdm_str_from(e->spec->columns[i]), err);
    }
    if (!e->spec->column_count) mdm_text_putc(sql, '*');
    mdm_text_puts(sql, " FROM ");
    if (status == MDM_OK) status = mdm_sql_target(sql, backend, &target, err);
    return status == MDM_OK ? mdm_text_status(sql, err) : status;
}

/* Rows with progress: a stream in front of the rows that counts. */
typedef struct counted {
    mdm_stream inner;
    const export *e;
    const mdm_table_info *table;
    int64_t rows, last_ns;
} counted;

static mdm_status counted_next(mdm_stream *stream, mdm_chunk **out, mdm_error *err)
{
    counted *c = stream->self;
    MDM_TRY(mdm_stream_next(&c->inner, out, err));
    if (*out) c->rows += (*out)->rows;
    const int64_t now = mdm_clock_ns();
    if (c->e->spec->progress && now - c->last_ns > 100000000) {
        const mdm_progress step = {"writing", c->table->key, c->rows,
                                   c->table->rows > 0 ? c->table->rows : 0, false};
        c->last_ns = now;
        c->e->spec->progress(c->e->spec->progress_self, &step);
    }
    return MDM_OK;
}

static void counted_close(mdm_stream *stream)
{
    mdm_stream_close(&((counted *)stream->self)->inner);
}

static mdm_status write_rows(const export *e, const mdm_table_info *table, mdm_rows *rows,
                             const char *path, int64_t *count, int64_t *bytes, mdm_error *err)
{
    const mdm_write_options options = {.config = mdm_session_config(e->session),
                                       .format = e->format,
                                       .compression = e->compression,
                                       .no_header = e->spec->no_header,
                                       .safe_cells = e->spec->safe_cells,
                                       .stop = mdm_session_stop(e->session)};
    counted c = {.e = e, .table = table};
    mdm_rows_stream(rows, &c.inner);
    mdm_stream stream = {
        .schema = c.inner.schema, .next = counted_next, .close = counted_close, .self = &c};
    const mdm_status status = mdm_file_write(&stream, path, NULL, &options, count, bytes, err);
    mdm_stream_close(&stream);
    return status;
}

static mdm_status add_file(const export *e, char *path, const char *table, int64_t rows,
                           int64_t bytes, mdm_error *err)
{
    mdm_exported_file *files =
        mdm_realloc(e->out->files, (e->out->count + 1) * sizeof *files);
    char *name = table ? mdm_strdup(table) : NULL;
    if (files) e->out->files = files;
    if (!files || (table && !name)) {
        mdm_free(path);
        mdm_free(name);
        return mdm_no_memory(err, "the list of files");
    }
    files[e->out->count++] = (mdm_exported_file){path, name, rows, bytes};
    return MDM_OK;
}

static char *path_of(const export *e, const mdm_table_info *table, mdm_error *err)
{
    char suffix[32];
    if (e->spec->file) return mdm_strdup(e->spec->file);
    if (mdm_file_suffix(e->format, e->compression, suffix, sizeof suffix, err) != MDM_OK) return NULL;
    char short_name[MDM_HOME_NAME], short_stem[MDM_HOME_NAME];
    mdm_home_name(e->dataset->description.info.name, short_name);
    char *stem = mdm_asprintf("%s_%s", short_name, table->key);
    char *name = stem ? mdm_asprintf("%s%s", mdm_home_name(stem, short_stem), suffix) : NULL;
    mdm_free(stem);
    for (char *c = name; c && *c; c++)
        if (*c == '/') *c = '_'; /* a table's key may be any text */
    char *path = name ? mdm_path_join(e->spec->folder ? e->spec->folder : ".", name) : NULL;
    mdm_free(name);
    return path;
}

static mdm_status export_table(const export *e, const mdm_table_info *table, mdm_error *err)
{
    mdm_text sql;
    mdm_rows *rows = NULL;
    int64_t count = 0, bytes = 0;
    MDM_TRY(check_columns(e, table, err));
    mdm_text_init(&sql);
    char *path = path_of(e, table, err);
    mdm_status status = path ? select_table(e, table, &sql, err) : mdm_no_memory(err, "a path");
    if (status == MDM_OK)
        status = mdm_dataset_ask(e->session, e->database, (mdm_str){sql.data, sql.len}, &rows, err);
    if (status == MDM_OK) status = write_rows(e, table, rows, path, &count, &bytes, err);
    mdm_text_clear(&sql);
    if (status == MDM_OK) return add_file(e, path, table->key, count, bytes, err);
    mdm_free(path);
    return status;
}

/* --- metadata --------------------------------------------------------------------------------- */

static json_t *columns_json(const mdm_column_info *columns, size_t count)
{
    json_t *all = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(
            all, json_pack("{s:s, s:s, s:s*, s:s*, s:I, s:I, s:s*, s:s*}", "table",
                           columns[i].table, "name", columns[i].name, "type", columns[i].type,
                           "role", columns[i].role, "missing_count",
                           (json_int_t)columns[i].missing_count, "distinct",
                           (json_int_t)columns[i].distinct, "min", columns[i].min, "max",
                           columns[i].max));
    return all;
}

static mdm_status export_metadata(const export *e, mdm_error *err)
{
    const mdm_dataset_info *info = &e->dataset->description.info;
    const mdm_column_info *columns;
    size_t count = 0;
    char now[40];
    mdm_text text;
    json_t *description = NULL;
    MDM_TRY(mdm_dataset_columns(e->session, e->dataset, &columns, &count, err));
    MDM_TRY(mdm_description_json(&e->dataset->description, &description, err));
    mdm_text_init(&text);
    mdm_json_put(&text,
                 json_pack("{s:s, s:s, s:o, s:{s:o}}", "dataset_name", info->name,
                           "export_timestamp", mdm_description_now(now), "dataset_info", description,
                           "statistics", "columns", columns_json(columns, count)),
                 JSON_INDENT(2));
    char short_name[MDM_HOME_NAME];
    char *name = mdm_asprintf("%s_metadata.json", mdm_home_name(info->name, short_name));
    char *path = name ? mdm_path_join(e->spec->folder ? e->spec->folder : ".", name) : NULL;
    mdm_status status = path ? mdm_text_status(&text, err) : mdm_no_memory(err, "a path");
    const int64_t bytes = (int64_t)text.len;
    if (status == MDM_OK) status = mdm_file_replace(path, (mdm_str){text.data, text.len}, err);
    mdm_free(name);
    mdm_text_clear(&text);
    if (status == MDM_OK) return add_file(e, path, NULL, -1, bytes, err);
    mdm_free(path);
    return status;
}

/* --- the whole ---------------------------------------------------------------------------------- */

static mdm_status export_tables(const export *e, mdm_error *err)
{
    const mdm_dataset_info *info = &e->dataset->description.info;
    const mdm_table_info *one = NULL;
    if (e->spec->metadata_only) return MDM_OK;
    if (e->spec->table || e->dataset->table_key || e->spec->file || e->spec->column_count)
        MDM_TRY(mdm_dataset_table(e->dataset, e->spec->table, &one, err));
    if (one) return export_table(e, one, err);
    for (size_t i = 0; i < info->table_count; i++)
        MDM_TRY(export_table(e, &info->tables[i], err));
    return MDM_OK;
}

static mdm_status work(export *e, mdm_error *err)
{
    const mdm_config *config = mdm_session_config(e->session);
    MDM_TRY(choose_format(e, err));
    if (e->spec->folder) MDM_TRY(mdm_dir_make(e->spec->folder, err));
    MDM_TRY(mdm_dataset_database(e->session, e->dataset, false, &e->database, err));
    MDM_TRY(export_tables(e, err));
    if (e->spec->file || e->spec->no_metadata ||
        !(e->spec->metadata_only || mdm_config_bool(config, "export.include_metadata")))
        return MDM_OK;
    return export_metadata(e, err);
}

mdm_status mdm_dataset_export(mdm_session *session, mdm_dataset *dataset,
                              const mdm_export_spec *spec, mdm_exported *out, mdm_error *err)
{
    export e = {.session = session, .dataset = dataset, .spec = spec, .out = out};
    *out = (mdm_exported){0};
    mdm_operation operation = mdm_operation_begin(mdm_session_monitor(session), "dataset_export");
    const mdm_status status = work(&e, err);
    mdm_operation_end(&operation, status);
    if (status != MDM_OK) mdm_exported_clear(out);
    return status;
}

void mdm_exported_clear(mdm_exported *exported)
{
    for (size_t i = 0; i < exported->count; i++) {
        mdm_free(exported->files[i].path);
        mdm_free(exported->files[i].table);
    }
    mdm_free(exported->files);
    *exported = (mdm_exported){0};
}

/* Rows that stay the caller's: a stream that does not close them. */
static mdm_status rows_next(mdm_stream *stream, mdm_chunk **out, mdm_error *err)
{
    return mdm_rows_next(stream->self, out, err);
}

static void rows_stay(mdm_stream *stream)
{
    (void)stream;
}

mdm_status mdm_rows_write(mdm_session *session, mdm_rows *rows, const char *path, const char *format,
                          const char *compression, int64_t *count, mdm_error *err)
{
    const mdm_write_options options = {.config = mdm_session_config(session),
                                       .format = format,
                                       .compression = compression,
                                       .stop = mdm_session_stop(session)};
    mdm_stream stream = {
        .schema = mdm_rows_schema(rows), .next = rows_next, .close = rows_stay, .self = rows};
    int64_t written = 0, bytes = 0;
    const char *const *compressions = mdm_file_compressions(format);
    if (!compressions) return mdm_error_set(err, MDM_INVALID, "unknown format '%s'", format);
    if (compression && !knows(compressions, compression))
        return refuse_compression(format, compression, err);
    MDM_TRY(mdm_file_write(&stream, path, NULL, &options, &written, &bytes, err));
    if (count) *count = written;
    return MDM_OK;
}
