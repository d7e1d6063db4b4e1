/* A JSON file: its keys are columns. */
#include <string.h>

#include "base/alloc.h"
#include "file/header.h"
#include "file/json_walk.h"
#include "file/text_file.h"

typedef struct json_file {
    mdm_text_file text;
    mdm_json_keys keys;
    mdm_header header;
} json_file;

const size_t mdm_json_file_size = sizeof(json_file);

static void close_walk(mdm_walk *walk)
{
    if (!walk) return;
    mdm_json_walk_clear((mdm_json_walk *)walk);
    mdm_free(walk);
}

/* *out is also there when it fails, to tell of a wrong encoding. */
static mdm_status open_walk(json_file *file, bool learning, const char *phase, mdm_rejects *rejects,
                            mdm_walk **out, mdm_error *err)
{
    *out = NULL;
    mdm_json_walk *walk = mdm_alloc(sizeof *walk);
    if (!walk) return mdm_no_memory(err, "a walk through a file");
    *out = &walk->base;
    return mdm_json_walk_init(walk, &file->text.place, &file->keys, learning, phase, rejects, err);
}

static mdm_status open_rows(mdm_text_file *text, const char *phase, mdm_rejects *rejects,
                            mdm_walk **out, mdm_error *err)
{
    const mdm_status status = open_walk((json_file *)text, false, phase, rejects, out, err);
    if (status == MDM_OK) return MDM_OK;
    close_walk(*out);
    *out = NULL;
    return status;
}

static mdm_status next(mdm_walk *walk, mdm_batch *batch, mdm_error *err)
{
    return mdm_json_walk_next((mdm_json_walk *)walk, batch, err);
}

/* --- the check ----------------------------------------------------------------------------- */

static mdm_status name_columns(json_file *file, mdm_error *err)
{
    const size_t count = file->keys.count;
    mdm_str *names = mdm_alloc(count * sizeof *names);
    if (!names) return mdm_no_memory(err, "names of columns");
    for (size_t i = 0; i < count; i++)
        names[i] = mdm_str_from(file->keys.items[i]->name);
    mdm_header_clear(&file->header);
    const mdm_status status =
        mdm_header_init(&file->header, names, count, false, &file->text.base.notes, err);
    mdm_free(names);
    file->text.names = (const char *const *)file->header.names;
    file->text.count = file->header.count;
    return status;
}

static bool is_named_lines(const char *name)
{
    return strcasestr(name, ".jsonl") || strcasestr(name, ".ndjson");
}

/* One object that fills a .json file is a document. */
static mdm_status need_records(json_file *file, const mdm_json_walk *walk, mdm_error *err)
{
    const char *name = file->text.base.name;
    if (walk->shape == MDM_JSON_LINES && walk->base.records == 1 && !is_named_lines(name)) {
        const mdm_status status =
            mdm_error_set(err, MDM_FORMAT, "%s: one object, not records", name);
        return mdm_error_hint(err, status,
                              "an array of objects, or one object per line, is "
                              "expected; a single record may be named .jsonl");
    }
    if (file->keys.count > 0) return MDM_OK;
    return mdm_error_set(err, MDM_FORMAT, "%s: no records with keys", name);
}

static mdm_status check(mdm_text_file *text, mdm_walk **out, mdm_error *err)
{
    json_file *file = (json_file *)text;
    mdm_json_keys_clear(&file->keys);
    MDM_TRY(open_walk(file, true, "checking", &text->base.rejects, out, err));
    mdm_json_walk *walk = (mdm_json_walk *)*out;
    MDM_TRY(mdm_json_walk_check(walk, err));
    MDM_TRY(need_records(file, walk, err));
    mdm_text_file_measured(text, *out);
    if (walk->nans > 0)
        mdm_notes_add(&text->base.notes,
                      "%s: NaN, which is no JSON, was taken for no value %lld time%s",
                      text->base.name, (long long)walk->nans, walk->nans == 1 ? "" : "s");
    return name_columns(file, err);
}

/* --- the format ------------------------------------------------------------------------------ */

static void clear(mdm_text_file *text)
{
    json_file *file = (json_file *)text;
    mdm_json_keys_clear(&file->keys);
    mdm_header_clear(&file->header);
}

mdm_status mdm_json_file_open(mdm_file *base, mdm_error *err)
{
    static const mdm_text_format format = {
        .check = check,
        .open = open_rows,
        .next = next,
        .close = close_walk,
        .clear = clear,
        .json = true,
    };
    json_file *file = (json_file *)base;
    mdm_json_keys_init(&file->keys);
    file->text.format = &format;
    return mdm_text_file_open(&file->text, err);
}
