/* Export. One counted block holds everything an exported tree needs; the parent and each child hold
 * one count of it, because the interface lets a receiver move a child out and release it later
 * than its parent. */
#include "mdm/chunk.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

enum { FORMAT_ROOM = 16 }; /* "d:38,38" */

static const char *const formats[MDM_TYPE_COUNT] = {
#define X(name, format, word, bytes) [MDM_TYPE_##name] = format,
    MDM_TYPE_LIST(X)
#undef X
};

/* --- schema --------------------------------------------------------------- */

typedef struct schema_export {
    atomic_size_t refs;
    mdm_schema *schema; /* lends the names */
    struct ArrowSchema **children;
    struct ArrowSchema *columns;
    char (*formats)[FORMAT_ROOM];
} schema_export;

static void schema_export_unref(schema_export *export)
{
    if (atomic_fetch_sub(&export->refs, 1) != 1) return;
    mdm_schema_unref(export->schema);
    mdm_free(export);
}

static void release_schema(struct ArrowSchema *arrow)
{
    for (int64_t i = 0; i < arrow->n_children; i++)
        if (arrow->children[i]->release) arrow->children[i]->release(arrow->children[i]);
    arrow->release = NULL;
    schema_export_unref(arrow->private_data);
}

static void write_format(mdm_type type, char *text)
{
    if (type.id == MDM_TYPE_DECIMAL)
        snprintf(text, FORMAT_ROOM, "d:%d,%d", type.precision, type.scale);
    else snprintf(text, FORMAT_ROOM, "%s", formats[type.id]);
}

mdm_status mdm_schema_export(const mdm_schema *schema, struct ArrowSchema *out, mdm_error *err)
{
    memset(out, 0, sizeof *out);
    size_t count = schema->count;
    schema_export *export =
        mdm_alloc(sizeof *export + count * (sizeof(struct ArrowSchema) +
                                            sizeof(struct ArrowSchema *) + FORMAT_ROOM));
    if (!export) return mdm_no_memory(err, "an Arrow schema");
    atomic_init(&export->refs, count + 1);
    export->schema = mdm_schema_ref(schema);
    export->columns = (struct ArrowSchema *)(export + 1);
    export->children = (struct ArrowSchema **)(export->columns + count);
    export->formats = (char(*)[FORMAT_ROOM])(export->children + count);
    for (size_t i = 0; i < count; i++) {
        write_format(schema->fields[i].type, export->formats[i]);
        export->columns[i] = (struct ArrowSchema){
            .format = export->formats[i],
            .name = schema->fields[i].name,
            .flags = ARROW_FLAG_NULLABLE,
            .release = release_schema,
            .private_data = export,
        };
        export->children[i] = &export->columns[i];
    }
    *out = (struct ArrowSchema){
        .format = "+s",
        .name = "",
        .n_children = (int64_t)count,
        .children = export->children,
        .release = release_schema,
        .private_data = export,
    };
    return MDM_OK;
}

/* --- chunk ---------------------------------------------------------------- */

typedef struct chunk_export {
    atomic_size_t refs;
    mdm_chunk *chunk;
    struct ArrowArray **children;
    struct ArrowArray *columns;
    const void *(*buffers)[3];
    const void *no_buffer[1]; /* the parent's validity */
} chunk_export;

/* Receivers want a pointer even where there is nothing to point to. */
static const int64_t nothing[2];

static void chunk_export_unref(chunk_export *export)
{
    if (atomic_fetch_sub(&export->refs, 1) != 1) return;
    mdm_chunk_unref(export->chunk);
    mdm_free(export);
}

static void release_array(struct ArrowArray *arrow)
{
    for (int64_t i = 0; i < arrow->n_children; i++)
        if (arrow->children[i]->release) arrow->children[i]->release(arrow->children[i]);
    arrow->release = NULL;
    chunk_export_unref(arrow->private_data);
}

static bool is_bytes(mdm_type_id id)
{
    return id == MDM_TYPE_TEXT || id == MDM_TYPE_BLOB;
}

/* Fill the column's buffers; returns how many it has. */
static int64_t export_buffers(const mdm_column *column, const void **buffers)
{
    const void *values = column->values ? column->values : nothing;
    if (column->type.id == MDM_TYPE_NULL) return 0;
    buffers[0] = column->null_count ? column->validity : NULL;
    if (!is_bytes(column->type.id)) {
        buffers[1] = values;
        return 2;
    }
    buffers[1] = column->offsets ? (const void *)column->offsets : nothing;
    buffers[2] = values;
    return 3;
}

mdm_status mdm_chunk_export(const mdm_chunk *chunk, struct ArrowArray *out, mdm_error *err)
{
    memset(out, 0, sizeof *out);
    size_t count = chunk->schema->count;
    chunk_export *export =
        mdm_alloc(sizeof *export + count * (sizeof(struct ArrowArray) +
                                            sizeof(struct ArrowArray *) + 3 * sizeof(void *)));
    if (!export) return mdm_no_memory(err, "an Arrow array");
    atomic_init(&export->refs, count + 1);
    export->chunk = mdm_chunk_ref(chunk);
    export->columns = (struct ArrowArray *)(export + 1);
    export->children = (struct ArrowArray **)(export->columns + count);
    export->buffers = (const void *(*)[3])(export->children + count);
    export->no_buffer[0] = NULL;
    for (size_t i = 0; i < count; i++) {
        const mdm_column *column = &chunk->columns[i];
        bool all_null = column->type.id == MDM_TYPE_NULL;
        export->columns[i] = (struct ArrowArray){
            .length = chunk->rows,
            .null_count = all_null ? chunk->rows : column->null_count,
            .n_buffers = export_buffers(column, export->buffers[i]),
            .buffers = export->buffers[i],
            .release = release_array,
            .private_data = export,
        };
        export->children[i] = &export->columns[i];
    }
    *out = (struct ArrowArray){
        .length = chunk->rows,
        .n_buffers = 1,
        .n_children = (int64_t)count,
        .buffers = export->no_buffer,
        .children = export->children,
        .release = release_array,
        .private_data = export,
    };
    return MDM_OK;
}

/* --- stream --------------------------------------------------------------- */

typedef struct stream_export {
    mdm_stream stream;
    mdm_error last;
    bool failed;
} stream_export;

static int errno_of(mdm_status status)
{
    switch (status) {
    case MDM_OK: return 0;
    case MDM_NO_MEMORY: return ENOMEM;
    case MDM_INVALID:
    case MDM_FORMAT: return EINVAL;
    case MDM_CANCELLED: return ECANCELED;
    case MDM_TIMEOUT: return ETIMEDOUT;
    case MDM_UNSUPPORTED: return ENOTSUP;
    default: return EIO;
    }
}

static int answer(stream_export *export, mdm_status status)
{
    export->failed = status != MDM_OK;
    return errno_of(status);
}

static int get_schema(struct ArrowArrayStream *arrow, struct ArrowSchema *out)
{
    stream_export *export = arrow->private_data;
    return answer(export, mdm_schema_export(export->stream.schema, out, &export->last));
}

static int get_next(struct ArrowArrayStream *arrow, struct ArrowArray *out)
{
    stream_export *export = arrow->private_data;
    mdm_chunk *chunk = NULL;
    memset(out, 0, sizeof *out); /* released: the end */
    mdm_status status = mdm_stream_next(&export->stream, &chunk, &export->last);
    if (status == MDM_OK && chunk) status = mdm_chunk_export(chunk, out, &export->last);
    mdm_chunk_unref(chunk);
    return answer(export, status);
}

static const char *get_last_error(struct ArrowArrayStream *arrow)
{
    stream_export *export = arrow->private_data;
    return export->failed ? export->last.message : NULL;
}

static void release_stream(struct ArrowArrayStream *arrow)
{
    stream_export *export = arrow->private_data;
    mdm_stream_close(&export->stream);
    mdm_free(export);
    arrow->release = NULL;
}

mdm_status mdm_stream_export(mdm_stream *stream, struct ArrowArrayStream *out, mdm_error *err)
{
    memset(out, 0, sizeof *out);
    stream_export *export = mdm_alloc_zero(1, sizeof *export);
    if (!export) return mdm_no_memory(err, "an Arrow stream");
    export->stream = *stream;
    memset(stream, 0, sizeof *stream);
    *out = (struct ArrowArrayStream){get_schema, get_next, get_last_error, release_stream, export};
    return MDM_OK;
}
