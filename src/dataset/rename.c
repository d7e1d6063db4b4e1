#include "dataset/rename.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "data/chunk_internal.h"

#define HASH_DIGITS 8
#define MAX_NAME 256 /* more than any database's limit that is one */

void mdm_rename_cut(mdm_str name, size_t max, char *text)
{
    size_t len = name.len;
    if (len > max) {
        len = max - HASH_DIGITS - 1;
        while (len && ((unsigned char)name.data[len] & 0xc0) == 0x80) len--; /* whole characters */
    }
    memcpy(text, name.data, len);
    text[len] = '\0';
    if (len != name.len)
        snprintf(text + len, HASH_DIGITS + 2, "_%08x", (unsigned)(mdm_hash(name) & 0xffffffffu));
}

/* --- the stream with other names --------------------------------------------------- */

static void release_chunk(void *owner)
{
    mdm_chunk_unref(owner);
}

static mdm_status next(mdm_stream *stream, mdm_chunk **out, mdm_error *err)
{
    mdm_stream *inner = stream->self;
    mdm_chunk *chunk = NULL;
    *out = NULL;
    MDM_TRY(mdm_stream_next(inner, &chunk, err));
    if (!chunk) return MDM_OK;
    const mdm_status status =
        mdm_chunk_wrap(stream->schema, chunk->rows, chunk->columns, mdm_chunk_bytes(chunk),
                       release_chunk, chunk, out, err);
    if (status != MDM_OK) mdm_chunk_unref(chunk);
    return status;
}

static void close(mdm_stream *stream)
{
    mdm_stream_close(stream->self);
    mdm_free(stream->self);
    mdm_schema_unref(stream->schema);
}

static mdm_status wrap(mdm_stream *stream, mdm_schema *schema, mdm_error *err)
{
    mdm_stream *inner = mdm_alloc(sizeof *inner);
    if (!inner) return mdm_no_memory(err, "a stream");
    *inner = *stream;
    *stream = (mdm_stream){.schema = schema, .next = next, .close = close, .self = inner};
    return MDM_OK;
}

mdm_status mdm_rename_columns(const mdm_backend *backend, mdm_loading *loading, mdm_stream *stream,
                              mdm_error *err)
{
    const size_t max = backend->dialect->max_name;
    const mdm_schema *schema = stream->schema;
    size_t too_long = 0;
    for (size_t c = 0; max && max < MAX_NAME && c < schema->count; c++)
        too_long += strlen(schema->fields[c].name) > max;
    if (!too_long) return MDM_OK;

    mdm_field *fields = mdm_arena_alloc(loading->arena, schema->count, sizeof *fields);
    if (!fields) return mdm_no_memory(err, "column names");
    for (size_t c = 0; c < schema->count; c++) {
        char cut[MAX_NAME + 1];
        mdm_rename_cut(mdm_str_from(schema->fields[c].name), max, cut);
        fields[c] = (mdm_field){mdm_arena_text(loading->arena, cut), schema->fields[c].type};
        if (strcmp(cut, schema->fields[c].name) != 0)
            mdm_loading_note(loading, "%s: column name of %zu bytes cut to '%s' (%s holds %zu)",
                             loading->what, strlen(schema->fields[c].name), cut, backend->name, max);
    }
    MDM_TRY(mdm_arena_status(loading->arena, err));
    mdm_schema *renamed = NULL;
    MDM_TRY(mdm_schema_new(fields, schema->count, &renamed, err));
    const mdm_status status = wrap(stream, renamed, err);
    if (status != MDM_OK) mdm_schema_unref(renamed);
    return status;
}
