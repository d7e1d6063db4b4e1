#include "file/rejects.h"

#include <string.h>

#include "base/alloc.h"
#include "base/io.h"
#include "base/text.h"

#define CHUNK_ROWS 1024

/* --- the list --------------------------------------------------------------------- */

static void clear_one(mdm_reject *reject)
{
    mdm_free(reject->column);
    mdm_free(reject->reason);
    mdm_free(reject->text);
}

void mdm_rejects_clear(mdm_rejects *rejects)
{
    for (size_t i = 0; i < rejects->count; i++)
        clear_one(&rejects->items[i]);
    mdm_free(rejects->items);
    *rejects = (mdm_rejects){0};
}

/* Bytes that are no UTF-8, and NUL, become U+FFFD: the text is only to be shown. */
static char *shown(mdm_str text)
{
    mdm_text copy;
    mdm_text_init(&copy);
    for (size_t at = 0; at < text.len && copy.len < MDM_REJECT_TEXT;) {
        uint32_t code = 0;
        const size_t bytes = mdm_utf8_decode((mdm_str){text.data + at, text.len - at}, &code);
        if (bytes == 0 || code == 0) mdm_text_puts(&copy, "\xef\xbf\xbd");
        else mdm_text_add(&copy, (mdm_str){text.data + at, bytes});
        at += bytes ? bytes : 1;
    }
    return mdm_text_take(&copy);
}

static bool make_room(mdm_rejects *rejects)
{
    if (rejects->count < rejects->size) return true;
    const size_t size = rejects->size ? 2 * rejects->size : 16;
    mdm_reject *grown = mdm_realloc(rejects->items, size * sizeof *grown);
    if (!grown) return false;
    rejects->items = grown;
    rejects->size = size;
    return true;
}

mdm_status mdm_rejects_add(mdm_rejects *rejects, const mdm_reject *reject, mdm_str text,
                           mdm_error *err)
{
    rejects->total++;
    if (rejects->count >= MDM_REJECTS_KEPT) return MDM_OK;
    if (!make_room(rejects)) return mdm_no_memory(err, "a rejected record");
    mdm_reject copy = {
        .line = reject->line,
        .byte = reject->byte,
        .column = reject->column ? mdm_strdup(reject->column) : NULL,
        .reason = mdm_strdup(reject->reason),
        .text = shown(text),
    };
    if (!copy.reason || !copy.text || (reject->column && !copy.column)) {
        clear_one(&copy);
        return mdm_no_memory(err, "a rejected record");
    }
    rejects->items[rejects->count++] = copy;
    return MDM_OK;
}

/* --- bytes of other encodings -------------------------------------------------------- */

/* A walk through a file by positions in its UTF-8, forward only. */
typedef struct tracer {
    mdm_unpacker *unpacker;
    mdm_decoder *decoder;
    int64_t at; /* bytes of UTF-8 passed */
    bool ended;
} tracer;

static mdm_status tracer_open(tracer *t, const char *path, mdm_file_packing packing,
                              const mdm_encoding *encoding, mdm_error *err)
{
    *t = (tracer){0};
    MDM_TRY(mdm_unpacker_open(path, packing, &t->unpacker, err));
    return mdm_decoder_open(t->unpacker, encoding, &t->decoder, err);
}

static void tracer_close(tracer *t)
{
    mdm_decoder_close(t->decoder);
    mdm_unpacker_close(t->unpacker);
}

/* Go on to offset, which lies between two characters, and say where the file is then. */
static mdm_status tracer_go(tracer *t, int64_t offset, int64_t *taken, mdm_error *err)
{
    char room[4096];
    while (t->at < offset && !t->ended) {
        size_t len = 0;
        const int64_t left = offset - t->at;
        const size_t size = left < (int64_t)sizeof room ? (size_t)left : sizeof room;
        MDM_TRY(mdm_decoder_read(t->decoder, room, size, &len, err));
        t->ended = len == 0;
        t->at += (int64_t)len;
    }
    *taken = mdm_decoder_taken(t->decoder);
    return MDM_OK;
}

mdm_status mdm_rejects_trace(mdm_rejects *rejects, const char *path, mdm_file_packing packing,
                             const mdm_encoding *encoding, mdm_error *err)
{
    if (rejects->count == 0 || !encoding->name[0]) return MDM_OK;
    tracer t;
    mdm_status status = tracer_open(&t, path, packing, encoding, err);
    for (size_t i = 0; i < rejects->count && status == MDM_OK; i++) {
        int64_t taken = 0;
        status = tracer_go(&t, rejects->items[i].byte - 1, &taken, err);
        rejects->items[i].byte = taken + 1;
    }
    tracer_close(&t);
    return status;
}

int64_t mdm_trace_byte(const char *path, mdm_file_packing packing, const mdm_encoding *encoding,
                       int64_t byte)
{
    if (!encoding->name[0]) return byte;
    tracer t;
    int64_t taken = -1;
    if (tracer_open(&t, path, packing, encoding, NULL) != MDM_OK ||
        tracer_go(&t, byte - 1, &taken, NULL) != MDM_OK)
        taken = -1;
    tracer_close(&t);
    return taken + 1;
}

/* --- the stream -------------------------------------------------------------------------- */

typedef struct reject_stream {
    const mdm_rejects *rejects;
    const char *file;
    mdm_builder *builder;
    size_t at;
} reject_stream;

static mdm_status put_text(mdm_builder *builder, size_t column, const char *text)
{
    return mdm_builder_bytes(builder, column, mdm_str_from(text));
}

static mdm_status put_reject(reject_stream *s, const mdm_reject *reject)
{
    MDM_TRY(put_text(s->builder, 0, s->file));
    MDM_TRY(mdm_builder_int(s->builder, 1, reject->line));
    MDM_TRY(mdm_builder_int(s->builder, 2, reject->byte));
    MDM_TRY(put_text(s->builder, 3, reject->column ? reject->column : ""));
    MDM_TRY(put_text(s->builder, 4, reject->reason));
    return put_text(s->builder, 5, reject->text);
}

static mdm_status next(mdm_stream *stream, mdm_chunk **out, mdm_error *err)
{
    reject_stream *s = stream->self;
    *out = NULL;
    if (s->at == s->rejects->count) return MDM_OK;
    for (int rows = 0; rows < CHUNK_ROWS && s->at < s->rejects->count; rows++, s->at++)
        if (put_reject(s, &s->rejects->items[s->at]) != MDM_OK)
            return mdm_no_memory(err, "rejected records");
    return mdm_builder_finish(s->builder, out, err);
}

static void close_stream(mdm_stream *stream)
{
    reject_stream *s = stream->self;
    mdm_builder_close(s->builder);
    mdm_schema_unref(stream->schema);
    mdm_free(s);
}

mdm_status mdm_rejects_stream(const mdm_rejects *rejects, const char *file, mdm_stream *out,
                              mdm_error *err)
{
    static const mdm_field fields[] = {
        {"file", {MDM_TYPE_TEXT, 0, 0}},   {"line", {MDM_TYPE_INT64, 0, 0}},
        {"byte", {MDM_TYPE_INT64, 0, 0}},  {"column", {MDM_TYPE_TEXT, 0, 0}},
        {"reason", {MDM_TYPE_TEXT, 0, 0}}, {"text", {MDM_TYPE_TEXT, 0, 0}},
    };
    mdm_schema *schema = NULL;
    *out = (mdm_stream){0};
    reject_stream *s = mdm_alloc_zero(1, sizeof *s);
    if (!s) return mdm_no_memory(err, "rejected records");
    s->rejects = rejects;
    s->file = file;
    mdm_status status = mdm_schema_new(fields, sizeof fields / sizeof *fields, &schema, err);
    if (status == MDM_OK) status = mdm_builder_open(schema, CHUNK_ROWS, &s->builder, err);
    if (status == MDM_OK) {
        *out = (mdm_stream){.schema = schema, .next = next, .close = close_stream, .self = s};
        return MDM_OK;
    }
    mdm_schema_unref(schema);
    mdm_free(s);
    return status;
}
