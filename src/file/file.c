/* An open file: what all formats share. */
#include "file/file.h"

#include <string.h>

#include "base/alloc.h"
#include "base/io.h"
#include "base/text.h"
#include "file/file_state.h"

/* --- open and close --------------------------------------------------------------------- */

static size_t size_of(mdm_file_format format)
{
    return format == MDM_FILE_CSV    ? mdm_csv_file_size
           : format == MDM_FILE_JSON ? mdm_json_file_size
                                     : mdm_parquet_file_size;
}

static mdm_status open_format(mdm_file *file, mdm_file_format format, mdm_error *err)
{
    return format == MDM_FILE_CSV    ? mdm_csv_file_open(file, err)
           : format == MDM_FILE_JSON ? mdm_json_file_open(file, err)
                                     : mdm_parquet_file_open(file, err);
}

static mdm_status look(const mdm_file *file, mdm_path_stat *st, mdm_error *err)
{
    const mdm_status status = mdm_path_look(file->path, true, st, err);
    if (status == MDM_NOT_FOUND)
        return mdm_error_set(err, MDM_FORMAT, "%s: no such file", file->path);
    if (status == MDM_OK && !st->is_file)
        return mdm_error_set(err, MDM_FORMAT, "%s: %s", file->path,
                             st->is_dir ? "is a folder" : "not a regular file");
    return status;
}

/* A text file may be packed without saying so in its name. */
static void settle_packing(mdm_file *file, const mdm_found_file *which)
{
    file->packing = which->packing;
    if (which->packing != MDM_PACKED_NOT || which->format == MDM_FILE_PARQUET) return;
    file->packing = mdm_packing_of(file->path);
    if (file->packing != MDM_PACKED_NOT)
        mdm_notes_add(&file->notes, "%s is packed with %s, which its name does not say", file->name,
                      file->packing == MDM_PACKED_GZIP ? "gzip" : "zstd");
}

static mdm_status open_all(mdm_file *file, const mdm_found_file *which, mdm_error *err)
{
    mdm_path_stat st;
    file->path = mdm_strdup(which->path);
    if (!file->path) return mdm_no_memory(err, "a path");
    file->name = mdm_path_name(file->path);
    MDM_TRY(look(file, &st, err));
    if (st.bytes == 0) return mdm_error_set(err, MDM_FORMAT, "%s: an empty file", file->name);
    file->info = (mdm_file_info){.bytes = st.bytes, .mtime_ns = st.mtime_ns, .records = -1};
    settle_packing(file, which);
    return open_format(file, which->format, err);
}

mdm_status mdm_file_open(const mdm_found_file *which, const mdm_read_options *options,
                         mdm_file **out, mdm_error *err)
{
    *out = NULL;
    mdm_file *file = mdm_alloc_zero(1, size_of(which->format));
    if (!file) return mdm_no_memory(err, "a file");
    file->read = *options;
    const mdm_status status = open_all(file, which, err);
    if (status == MDM_OK) *out = file;
    else mdm_file_close(file);
    return status;
}

void mdm_file_close(mdm_file *file)
{
    if (!file) return;
    if (file->kind) file->kind->close(file);
    mdm_rejects_clear(&file->rejects);
    mdm_notes_clear(&file->notes);
    mdm_notes_clear(&file->shown);
    mdm_free(file->path);
    mdm_free(file);
}

/* --- what is known ------------------------------------------------------------------------- */

const mdm_file_info *mdm_file_info_get(mdm_file *file)
{
    mdm_notes_clear(&file->shown);
    for (size_t i = 0; i < file->notes.count; i++)
        mdm_notes_add(&file->shown, "%s", file->notes.items[i]);
    if (file->kind->notes) file->kind->notes(file, &file->shown);
    file->info.notes = (const char *const *)file->shown.items;
    file->info.note_count = file->shown.count;
    return &file->info;
}

const mdm_schema *mdm_file_schema(const mdm_file *file)
{
    return file->kind->schema(file);
}

mdm_status mdm_file_rejects(mdm_file *file, mdm_stream *out, mdm_error *err)
{
    return mdm_rejects_stream(&file->rejects, file->name, out, err);
}

/* --- passes ---------------------------------------------------------------------------------- */

mdm_status mdm_file_stream(mdm_file *file, mdm_stream *out, mdm_error *err)
{
    *out = (mdm_stream){0};
    return file->kind->stream(file, out, err);
}

mdm_status mdm_file_as_query(mdm_file *file, mdm_file_query **out, mdm_error *err)
{
    *out = NULL;
    return file->kind->as_query ? file->kind->as_query(file, out, err) : MDM_OK;
}

mdm_status mdm_file_query_failed(const mdm_file *file, mdm_status status, mdm_error *err)
{
    /* The table is ours and the disk is another status: what DuckDB could not do is read. */
    if (status == MDM_BACKEND || status == MDM_INVALID) {
        status = MDM_FORMAT;
        if (err) err->status = status;
    }
    if (status == MDM_FORMAT) return mdm_error_context(err, status, "%s", file->name);
    return status;
}

mdm_status mdm_file_finish_pass(mdm_file *file, int64_t rows, bool *again, mdm_error *err)
{
    mdm_path_stat st;
    *again = false;
    MDM_TRY(look(file, &st, err));
    if (st.bytes != file->info.bytes || st.mtime_ns != file->info.mtime_ns)
        return mdm_error_set(err, MDM_FORMAT, "%s: it was changed while it was read", file->name);
    return file->kind->finish(file, rows, again, err);
}
