/* The first pass decides: it has converted every cell, so either all types held, or the second
 * choice is right. Once a cell contradicts the choice the pass only looks on, for its rows will be
 * thrown away. */
#include "file/text_file.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/io.h"
#include "base/text.h"

#define SAMPLE_ROWS 20000

/* --- encodings ------------------------------------------------------------------------ */

/* Walk through it all; when it is not the UTF-8 that was assumed, guess and do it again. */
static mdm_status check(mdm_text_file *file, mdm_error *err)
{
    for (;;) {
        mdm_walk *walk = NULL;
        const mdm_status status = file->format->check(file, &walk, err);
        const bool wrong = walk && walk->wrong_encoding;
        file->format->close(walk);
        if (status == MDM_OK || !wrong) return status;
        mdm_rejects_clear(&file->base.rejects);
        mdm_notes_clear(&file->base.notes);
        MDM_TRY(
            mdm_encoding_guess(file->place.path, file->place.packing, &file->place.encoding, err));
        if (file->place.encoding.name[0])
            mdm_notes_add(&file->base.notes, "%s is not UTF-8: it was read as %s, which is a guess",
                          file->place.name, file->place.encoding.name);
    }
}

/* --- types ------------------------------------------------------------------------------ */

static size_t find_column(const mdm_text_file *file, const char *name)
{
    size_t i = 0;
    while (i < file->count && strcmp(file->names[i], name) != 0)
        i++;
    return i;
}

static mdm_status force(mdm_text_file *file, size_t column, const mdm_column_wish *wish,
                        mdm_error *err)
{
    mdm_type type;
    if (wish->format) return mdm_typing_force_date(file->typing, column, wish->format, err);
    if (!wish->type) return MDM_OK;
    if (strcmp(wish->type, MDM_WISH_NUMBER) == 0) {
        mdm_typing_force_number(file->typing, column);
        return MDM_OK;
    }
    MDM_TRY(mdm_type_parse(mdm_str_from(wish->type), &type, err));
    return mdm_typing_force(file->typing, column, type, err);
}

static mdm_status open_typing(mdm_text_file *file, mdm_error *err)
{
    const mdm_read_options *read = &file->base.read;
    const mdm_typing_options options = {
        .null_words = read->null_words,
        .null_word_count = read->null_word_count,
        .json = file->format->json,
        .decimal_comma = file->decimal_comma,
    };
    MDM_TRY(mdm_typing_open(file->names, file->count, &options, &file->typing, err));
    for (size_t i = 0; i < read->wish_count; i++) {
        const size_t column = find_column(file, read->wishes[i].name);
        if (column == file->count) continue;
        const mdm_status status = force(file, column, &read->wishes[i], err);
        if (status != MDM_OK)
            return mdm_error_context(err, status, "column '%s'", read->wishes[i].name);
    }
    return MDM_OK;
}

static mdm_status observe_some(mdm_text_file *file, mdm_walk *walk, mdm_error *err)
{
    mdm_batch batch;
    MDM_TRY(mdm_batch_init(&batch, file->count, err));
    mdm_status status = MDM_OK;
    for (size_t rows = 0; rows < SAMPLE_ROWS; rows += batch.rows) {
        status = file->format->next(walk, &batch, err);
        if (status != MDM_OK || batch.rows == 0) break;
        for (size_t c = 0; c < file->count; c++)
            mdm_typing_observe(file->typing, c, &batch.cells[c]);
    }
    mdm_batch_clear(&batch);
    return status;
}

static mdm_status choose_from_sample(mdm_text_file *file, mdm_error *err)
{
    mdm_walk *walk = NULL;
    MDM_TRY(open_typing(file, err));
    MDM_TRY(file->format->open(file, "checking", NULL, &walk, err));
    mdm_status status = observe_some(file, walk, err);
    file->format->close(walk);
    if (status == MDM_OK) status = mdm_typing_choose(file->typing, err);
    return status;
}

/* --- a pass ------------------------------------------------------------------------------ */

typedef struct pass {
    mdm_text_file *file;
    mdm_walk *walk;
    mdm_batch batch;
    int64_t
        refused_record; /* the number of the one refused last, for one may fail in many columns */
} pass;

/* The words for a cell that is no value of its column's forced type. */
static void describe_cell(const mdm_text_file *file, size_t column, mdm_str text, char *reason,
                          size_t size)
{
    char word[32];
    const mdm_typing_column c = mdm_typing_column_get(file->typing, column);
    const char *type = mdm_type_text(c.type, word);
    const int shown = text.len < 60 ? (int)text.len : 60;
    const char *like = c.format[0] ? " like " : "";
    if (file->base.read.reject) snprintf(reason, size, "no %s%s%s", type, like, c.format);
    else
        snprintf(reason, size, "column '%s': '%.*s' is no %s%s%s", c.name, shown, text.data, type,
                 like, c.format);
}

static mdm_status refuse_cell(void *self, size_t row, size_t column, mdm_str text, mdm_error *err)
{
    pass *p = self;
    char reason[256];
    const int64_t record = p->batch.cells[column].first_row + (int64_t)row;
    if (record == p->refused_record) return MDM_OK;
    p->refused_record = record;
    describe_cell(p->file, column, text, reason, sizeof reason);
    return mdm_walk_refuse(p->walk, p->batch.cells[column].texts[row].data, p->file->names[column],
                           text, reason, err);
}

static mdm_status next_chunk(mdm_stream *stream, mdm_chunk **out, mdm_error *err)
{
    pass *p = stream->self;
    mdm_text_file *file = p->file;
    *out = NULL;
    for (;;) {
        MDM_TRY(file->format->next(p->walk, &p->batch, err));
        if (p->batch.rows == 0) return MDM_OK;
        if (!mdm_typing_holds(file->typing)) {
            for (size_t c = 0; c < file->count; c++)
                mdm_typing_observe(file->typing, c, &p->batch.cells[c]);
            continue;
        }
        MDM_TRY(mdm_typing_chunk(file->typing, p->batch.cells, refuse_cell, p, out, err));
        if ((*out)->rows > 0) return MDM_OK;
        mdm_chunk_unref(*out);
        *out = NULL;
    }
}

static void close_pass(mdm_stream *stream)
{
    pass *p = stream->self;
    p->file->format->close(p->walk);
    mdm_batch_clear(&p->batch);
    mdm_schema_unref(stream->schema);
    mdm_free(p);
}

static mdm_status stream(mdm_file *base, mdm_stream *out, mdm_error *err)
{
    mdm_text_file *file = (mdm_text_file *)base;
    pass *p = mdm_alloc_zero(1, sizeof *p);
    if (!p) return mdm_no_memory(err, "a pass over a file");
    p->file = file;
    p->refused_record = -1;
    mdm_rejects_clear(&file->refused);
    mdm_typing_begin(file->typing);
    mdm_status status = mdm_batch_init(&p->batch, file->count, err);
    if (status == MDM_OK)
        status = file->format->open(file, "loading", &file->refused, &p->walk, err);
    if (status != MDM_OK) {
        mdm_batch_clear(&p->batch);
        mdm_free(p);
        return status;
    }
    *out = (mdm_stream){
        .schema = mdm_schema_ref(mdm_typing_schema(file->typing)),
        .next = next_chunk,
        .close = close_pass,
        .self = p,
    };
    return MDM_OK;
}

static mdm_status finish(mdm_file *base, int64_t rows, bool *again, mdm_error *err)
{
    mdm_text_file *file = (mdm_text_file *)base;
    const int64_t refused = file->refused.total;
    if (!mdm_typing_settled(file->typing)) {
        *again = true;
        return mdm_typing_choose(file->typing, err);
    }
    mdm_rejects_clear(&base->rejects);
    base->rejects = file->refused;
    file->refused = (mdm_rejects){0};
    base->info.rejected = refused;
    MDM_TRY(
        mdm_rejects_trace(&base->rejects, base->path, base->packing, &file->place.encoding, err));
    if (rows + refused == base->info.records) return MDM_OK;
    return mdm_error_set(
        err, MDM_FORMAT,
        "%s: %lld rows and %lld rejects came of %lld records: it changed meanwhile", base->name,
        (long long)rows, (long long)refused, (long long)base->info.records);
}

/* --- the rest of a file -------------------------------------------------------------------- */

static const mdm_schema *schema(const mdm_file *base)
{
    return mdm_typing_schema(((const mdm_text_file *)base)->typing);
}

static void notes(mdm_file *base, mdm_notes *notes)
{
    mdm_text_file *file = (mdm_text_file *)base;
    for (size_t i = 0; i < file->count; i++) {
        const mdm_typing_column column = mdm_typing_column_get(file->typing, i);
        if (column.note) mdm_notes_add(notes, "%s: %s", base->name, column.note);
        if (column.null_words)
            mdm_notes_add(notes,
                          "%s: column '%s': %lld cell%s with a word for no value (NA, null, ...) "
                          "became NULL",
                          base->name, column.name, (long long)column.null_words,
                          column.null_words == 1 ? "" : "s");
    }
}

static void close_file(mdm_file *base)
{
    mdm_text_file *file = (mdm_text_file *)base;
    mdm_typing_close(file->typing);
    mdm_rejects_clear(&file->refused);
    file->format->clear(file);
}

void mdm_text_file_measured(mdm_text_file *file, const mdm_walk *walk)
{
    file->base.info.records = walk->records;
    file->base.info.hash = mdm_unpacker_hash(walk->window.unpacker);
}

mdm_status mdm_text_file_open(mdm_text_file *file, mdm_error *err)
{
    static const mdm_file_kind kind = {
        .schema = schema,
        .stream = stream,
        .finish = finish,
        .notes = notes,
        .close = close_file,
    };
    mdm_file *base = &file->base;
    base->kind = &kind;
    file->place = (mdm_walk_place){
        .path = base->path,
        .name = base->name,
        .packing = base->packing,
        .read = &base->read,
    };
    MDM_TRY(mdm_encoding_choose(base->read.encoding, base->path, base->packing,
                                &file->place.encoding, err));
    MDM_TRY(check(file, err));
    base->info.encoding = file->place.encoding.shown;
    base->info.rejected = base->rejects.total;
    return choose_from_sample(file, err);
}
