#include "dataset/load.h"

#include <stdarg.h>
#include <string.h>

#include "base/alloc.h"
#include "base/format.h"
#include "dataset/dataset_internal.h"
#include "dataset/rename.h"
#include "storage/storage.h"

#define MILLISECOND 1000000LL

/* --- telling -------------------------------------------------------------------------- */

void mdm_loading_note(mdm_loading *loading, const char *format, ...)
{
    char line[1024];
    va_list args;
    va_start(args, format);
    mdm_format(line, sizeof line, format, args);
    va_end(args);
    if (loading->note_count == loading->note_size) {
        const size_t size = loading->note_size ? loading->note_size * 2 : 16;
        const char **notes = mdm_arena_alloc(loading->arena, size, sizeof *notes);
        if (!notes) return;
        if (loading->note_count)
            memcpy(notes, loading->notes, loading->note_count * sizeof *notes);
        loading->notes = notes;
        loading->note_size = size;
    }
    loading->notes[loading->note_count++] = mdm_arena_text(loading->arena, line);
}

void mdm_loading_progress(mdm_loading *loading, const char *phase, int64_t done, int64_t total,
                          bool bytes)
{
    const mdm_dataset_spec *spec = loading->spec;
    if (!spec->progress) return;
    const int64_t now = mdm_clock_ns();
    if (now - loading->last_progress_ns < 100 * MILLISECOND) return;
    loading->last_progress_ns = now;
    const mdm_progress step = {phase, loading->what, done, total, bytes};
    spec->progress(spec->progress_self, &step);
}

static void file_progress(void *self, const char *phase, int64_t done, int64_t total)
{
    mdm_loading_progress(self, phase, done, total, true);
}

/* --- one pass -------------------------------------------------------------------------- */

typedef struct pass {
    mdm_loading *loading;
    mdm_loaded *out;
    mdm_target target;
    int64_t rows; /* stored by this pass */
} pass;

/* Rides along on the reading thread. */
static mdm_status add_to_profile(void *self, const mdm_chunk *chunk, mdm_error *err)
{
    return mdm_profile_add(((pass *)self)->out->profile, chunk, err);
}

static mdm_status new_profile(mdm_loaded *out, const mdm_schema *schema, mdm_error *err)
{
    mdm_profile_close(out->profile);
    out->profile = NULL;
    return mdm_profile_open(schema, NULL, &out->profile, err);
}

static mdm_status store_stream(pass *p, mdm_txn *txn, mdm_stream *stream, mdm_error *err)
{
    mdm_status status = mdm_rename_columns(mdm_database_backend(p->loading->database), p->loading,
                                           stream, err);
    if (status == MDM_OK) status = new_profile(p->out, stream->schema, err);
    if (status != MDM_OK) {
        mdm_stream_close(stream);
        return status;
    }
    mdm_schema_unref(p->out->schema);
    p->out->schema = mdm_schema_ref(stream->schema);
    return mdm_txn_load(txn, &p->target, stream, add_to_profile, p, &p->rows, err);
}

/* The rows are in the database already: read them once for their figures. */
static mdm_status profile_table(pass *p, mdm_error *err)
{
    mdm_rows *rows = NULL;
    mdm_chunk *chunk = NULL;
    mdm_text sql;
    mdm_text_init(&sql);
    mdm_text_puts(&sql, "SELECT * FROM ");
    mdm_status status = mdm_sql_target(&sql, mdm_database_backend(p->loading->database), &p->target, err);
    if (status == MDM_OK) status = mdm_text_status(&sql, err);
    if (status == MDM_OK)
        status = mdm_dataset_ask(p->loading->session, p->loading->database,
                                 (mdm_str){sql.data, sql.len}, &rows, err);
    if (status == MDM_OK) status = new_profile(p->out, mdm_rows_schema(rows), err);
    if (status == MDM_OK) {
        mdm_schema_unref(p->out->schema);
        p->out->schema = mdm_schema_ref(mdm_rows_schema(rows));
    }
    while (status == MDM_OK && (status = mdm_rows_next(rows, &chunk, err)) == MDM_OK && chunk) {
        status = mdm_profile_add(p->out->profile, chunk, err);
        mdm_chunk_unref(chunk);
        mdm_loading_progress(p->loading, "statistics", mdm_profile_rows(p->out->profile), p->rows,
                             false);
    }
    mdm_rows_close(rows);
    mdm_text_clear(&sql);
    return status;
}

/* A pass inside a transaction of its own: thrown away when types did not hold. */
static mdm_status run_pass(pass *p, mdm_file *file, bool *again, mdm_error *err)
{
    const mdm_backend *backend = mdm_database_backend(p->loading->database);
    mdm_file_query *query = NULL;
    mdm_stream stream = {0};
    mdm_txn *txn = NULL;
    p->rows = 0;
    if (backend->caps & MDM_CAP_READS_FILES) MDM_TRY(mdm_file_as_query(file, &query, err));
    if (!query) MDM_TRY(mdm_file_stream(file, &stream, err));

    mdm_status status =
        mdm_txn_begin(p->loading->session, p->loading->database, MDM_TXN_WRITE, &txn, err);
    if (status != MDM_OK) {
        mdm_stream_close(&stream);
        return status;
    }
    if (query) {
        status = mdm_txn_load_query(txn, &p->target, query, &p->rows, err);
        if (status != MDM_OK) status = mdm_file_query_failed(file, status, err);
    } else {
        status = store_stream(p, txn, &stream, err);
    }
    if (status == MDM_OK) status = mdm_file_finish_pass(file, p->rows, again, err);
    if (status != MDM_OK || *again) {
        mdm_txn_rollback(txn);
        return status;
    }
    MDM_TRY(mdm_txn_commit(txn, err));
    return query ? profile_table(p, err) : MDM_OK;
}

/* A database without NaN stores NULL there: nothing changes unsaid. */
static mdm_status note_nans(mdm_loading *loading, const mdm_loaded *loaded, mdm_error *err)
{
    const mdm_backend *backend = mdm_database_backend(loading->database);
    for (size_t c = 0; backend->dialect->nan_is_null && c < loaded->schema->count; c++) {
        const mdm_column_profile *column;
        MDM_TRY(mdm_profile_column(loaded->profile, c, &column, err));
        if (column->nans)
            mdm_loading_note(loading, "%s.%s: %lld NaN stored as NULL (%s has no NaN)", loaded->key,
                             column->name, (long long)column->nans, backend->name);
    }
    return MDM_OK;
}

/* --- files --------------------------------------------------------------------------------- */

static void note_file(mdm_loading *loading, mdm_file *file)
{
    const mdm_file_info *info = mdm_file_info_get(file);
    for (size_t i = 0; i < info->note_count; i++) mdm_loading_note(loading, "%s", info->notes[i]);
}

static void name_table(mdm_loading *loading, const char *key, mdm_loaded *out)
{
    char cut[MDM_NAME_BYTES];
    const size_t max = mdm_database_backend(loading->database)->dialect->max_name;
    out->key = loading->what = mdm_arena_text(loading->arena, key);
    out->table = out->key;
    if (!max || max >= sizeof cut || strlen(key) <= max) return;
    mdm_rename_cut(mdm_str_from(key), max, cut);
    out->table = mdm_arena_text(loading->arena, cut);
    mdm_loading_note(loading, "%s: table name cut to '%s'", key, cut);
}

mdm_status mdm_load_file(mdm_loading *loading, const mdm_found_file *which,
                         const mdm_read_options *reading, mdm_loaded *out, mdm_error *err)
{
    const int64_t start_ns = mdm_clock_ns();
    mdm_read_options options = *reading;
    options.max_columns = mdm_database_backend(loading->database)->dialect->max_columns;
    options.stop = mdm_session_stop(loading->session);
    options.progress = file_progress;
    options.progress_self = loading;
    *out = (mdm_loaded){.path = mdm_arena_text(loading->arena, which->path)};
    name_table(loading, which->key, out);
    MDM_TRY(mdm_arena_status(loading->arena, err));
    MDM_TRY(mdm_file_open(which, &options, &out->file, err));

    pass p = {.loading = loading,
              .out = out,
              .target = {.schema = loading->schema, .table = out->table, .create = true}};
    bool again = true;
    while (again) {
        again = false;
        MDM_TRY(run_pass(&p, out->file, &again, err));
    }
    out->rows = p.rows;
    note_file(loading, out->file);
    MDM_TRY(note_nans(loading, out, err));
    out->elapsed_ms = (mdm_clock_ns() - start_ns) / MILLISECOND;
    return MDM_OK;
}

mdm_status mdm_load_stream(mdm_loading *loading, const char *key, mdm_stream *stream,
                           mdm_loaded *out, mdm_error *err)
{
    const int64_t start_ns = mdm_clock_ns();
    mdm_txn *txn = NULL;
    *out = (mdm_loaded){0};
    name_table(loading, key, out);
    pass p = {.loading = loading,
              .out = out,
              .target = {.schema = loading->schema, .table = out->table, .create = true}};
    mdm_status status = mdm_txn_begin(loading->session, loading->database, MDM_TXN_WRITE, &txn, err);
    if (status != MDM_OK) {
        mdm_stream_close(stream);
        return status;
    }
    status = store_stream(&p, txn, stream, err);
    if (status != MDM_OK) mdm_txn_rollback(txn);
    else status = mdm_txn_commit(txn, err);
    if (status == MDM_OK) status = note_nans(loading, out, err);
    out->rows = p.rows;
    out->elapsed_ms = (mdm_clock_ns() - start_ns) / MILLISECOND;
    return status;
}

void mdm_loaded_clear(mdm_loaded *loaded)
{
    mdm_file_close(loaded->file);
    mdm_profile_close(loaded->profile);
    mdm_schema_unref(loaded->schema);
    *loaded = (mdm_loaded){0};
}
