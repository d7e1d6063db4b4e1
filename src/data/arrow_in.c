/* Import. Each column goes through a plan made of its format (arrow_format.c, arrow_column.c).
 * Chunks share the array they came from, and hold what had to be rewritten.
 *
 * A stream may deliver millions of rows as one array: it is cut into pieces, so that what is
 * rewritten stays small, and 64-bit offsets fit into 32 bits. */
#include "data/chunk_internal.h"

#include <stdatomic.h>
#include <string.h>

#include "base/alloc.h"
#include "data/arrow_column.h"
#include "data/bits.h"

enum { PIECE_ROWS = 65536 };

struct mdm_importer {
    mdm_schema *schema;
    size_t count;
    mdm_arrow_field fields[];
};

/* --- ownership ---------------------------------------------------------------- */

/* An array that several chunks share. */
typedef struct shared_array {
    atomic_size_t refs;
    struct ArrowArray array;
} shared_array;

static shared_array *array_share(struct ArrowArray *array)
{
    shared_array *shared = mdm_alloc(sizeof *shared);
    if (!shared) return NULL;
    atomic_init(&shared->refs, 1);
    shared->array = *array;
    array->release = NULL;
    return shared;
}

static void array_unref(shared_array *shared)
{
    if (!shared || atomic_fetch_sub_explicit(&shared->refs, 1, memory_order_acq_rel) != 1) return;
    if (shared->array.release) shared->array.release(&shared->array);
    mdm_free(shared);
}

/* What a chunk holds: the array, and what was rewritten. */
typedef struct holder {
    shared_array *array;
    mdm_rewrites rewrites;
} holder;

static void holder_free(void *owner)
{
    holder *h = owner;
    mdm_rewrites_clear(&h->rewrites);
    array_unref(h->array);
    mdm_free(h);
}

static mdm_status no_memory(mdm_error *err)
{
    return mdm_no_memory(err, "Arrow rows");
}

/* --- whole rows ------------------------------------------------------------------------- */

/* Rows [first, first + rows) of the array, not counting its own offset. */
static mdm_status import_rows(const mdm_importer *importer, shared_array *shared, int64_t first,
                              int64_t rows, int64_t shown_row, mdm_chunk **out, mdm_error *err)
{
    mdm_status status = MDM_NO_MEMORY;
    const struct ArrowArray *array = &shared->array;
    mdm_column *columns = mdm_alloc_zero(importer->count, sizeof *columns);
    holder *h = mdm_alloc_zero(1, sizeof *h);
    *out = NULL;
    if (!columns || !h) {
        status = no_memory(err);
        goto done;
    }
    atomic_fetch_add_explicit(&shared->refs, 1, memory_order_relaxed);
    h->array = shared;
    for (size_t i = 0; i < importer->count; i++) {
        columns[i].type = importer->schema->fields[i].type;
        mdm_arrow_column in = {
            .array = array->children[i],
            .field = &importer->fields[i],
            .first = array->offset + array->children[i]->offset + first,
            .rows = rows,
            .shown_row = shown_row,
            .name = importer->schema->fields[i].name,
            .rewrites = &h->rewrites,
            .column = &columns[i],
        };
        status = mdm_arrow_column_import(&in, err);
        if (status != MDM_OK) goto done;
    }
    status = mdm_chunk_wrap(importer->schema, rows, columns, h->rewrites.bytes, holder_free, h, out,
                            err);
    if (status == MDM_OK) h = NULL;
done:
    if (h) holder_free(h);
    mdm_free(columns);
    return status;
}

/* NULL rows have no place in a table. */
static mdm_status check_array(const mdm_importer *importer, const struct ArrowArray *array,
                              mdm_error *err)
{
    if (array->n_children != (int64_t)importer->count)
        return mdm_error_set(err, MDM_FORMAT, "an Arrow array of %lld columns, its schema has %zu",
                             (long long)array->n_children, importer->count);
    const uint8_t *validity = array->n_buffers > 0 ? array->buffers[0] : NULL;
    if (!validity || array->null_count == 0) return MDM_OK;
    for (int64_t r = 0; r < array->length; r++)
        if (!mdm_bit_get(validity, array->offset + r))
            return mdm_error_set(err, MDM_UNSUPPORTED,
                                 "row %lld of an Arrow array is NULL as a whole", (long long)r + 1);
    return MDM_OK;
}

mdm_status mdm_importer_chunk(const mdm_importer *importer, struct ArrowArray *array,
                              mdm_chunk **out, mdm_error *err)
{
    *out = NULL;
    mdm_status status = check_array(importer, array, err);
    shared_array *shared = status == MDM_OK ? array_share(array) : NULL;
    if (shared) {
        status = import_rows(importer, shared, 0, shared->array.length, 0, out, err);
        array_unref(shared);
        return status;
    }
    array->release(array);
    array->release = NULL;
    return status == MDM_OK ? no_memory(err) : status;
}

/* --- importers ---------------------------------------------------------------------------- */

void mdm_importer_close(mdm_importer *importer)
{
    if (!importer) return;
    for (size_t i = 0; i < importer->count; i++)
        mdm_arrow_field_clear(&importer->fields[i]);
    mdm_schema_unref(importer->schema);
    mdm_free(importer);
}

const mdm_schema *mdm_importer_schema(const mdm_importer *importer)
{
    return importer->schema;
}

static mdm_status importer_new(const struct ArrowSchema *arrow, mdm_importer **out, mdm_error *err)
{
    if (strcmp(arrow->format, "+s") != 0)
        return mdm_error_set(err, MDM_UNSUPPORTED,
                             "an Arrow schema of format '%s', tables are '+s'", arrow->format);
    mdm_status status = MDM_OK;
    size_t count = (size_t)arrow->n_children;
    mdm_field *fields = mdm_alloc(count * sizeof *fields);
    mdm_importer *importer = mdm_alloc_zero(1, sizeof *importer + count * sizeof *importer->fields);
    if (!fields || !importer) {
        status = no_memory(err);
        goto done;
    }
    importer->count = count;
    for (size_t i = 0; i < count; i++) {
        const struct ArrowSchema *child = arrow->children[i];
        status = mdm_arrow_field_read(child, &importer->fields[i], err);
        if (status != MDM_OK) goto done;
        fields[i] = (mdm_field){child->name ? child->name : "", importer->fields[i].type};
    }
    status = mdm_schema_new(fields, count, &importer->schema, err);
    if (status != MDM_OK) goto done;
    *out = importer;
    importer = NULL;
done:
    mdm_importer_close(importer);
    mdm_free(fields);
    return status;
}

mdm_status mdm_importer_open(struct ArrowSchema *arrow, mdm_importer **out, mdm_error *err)
{
    *out = NULL;
    mdm_status status = importer_new(arrow, out, err);
    arrow->release(arrow);
    arrow->release = NULL;
    return status;
}

mdm_status mdm_schema_import(struct ArrowSchema *arrow, mdm_schema **out, mdm_error *err)
{
    *out = NULL;
    mdm_importer *importer;
    MDM_TRY(mdm_importer_open(arrow, &importer, err));
    *out = mdm_schema_ref(importer->schema);
    mdm_importer_close(importer);
    return MDM_OK;
}

/* --- streams -------------------------------------------------------------------------------- */

typedef struct import_stream {
    struct ArrowArrayStream arrow;
    mdm_importer *importer;
    shared_array *current; /* being cut into pieces */
    int64_t next_row;      /* of it */
    int64_t rows;          /* of all arrays before */
} import_stream;

static mdm_status arrow_failure(struct ArrowArrayStream *arrow, int code, mdm_error *err)
{
    const char *words = arrow->get_last_error(arrow);
    mdm_error_set(err, MDM_IO, "reading an Arrow stream: %s", words ? words : strerror(code));
    if (err) err->native = code;
    return MDM_IO;
}

/* The next array into current, which stays NULL at the end. */
static mdm_status next_array(import_stream *in, mdm_error *err)
{
    struct ArrowArray array = {0};
    int code = in->arrow.get_next(&in->arrow, &array);
    if (code) return arrow_failure(&in->arrow, code, err);
    if (!array.release) return MDM_OK;
    mdm_status status = check_array(in->importer, &array, err);
    if (status == MDM_OK) in->current = array_share(&array);
    if (in->current) return MDM_OK;
    array.release(&array);
    return status == MDM_OK ? no_memory(err) : status;
}

static mdm_status next_of_import(mdm_stream *stream, mdm_chunk **out, mdm_error *err)
{
    import_stream *in = stream->self;
    *out = NULL;
    if (in->current && in->next_row == in->current->array.length) {
        in->rows += in->next_row;
        array_unref(in->current);
        in->current = NULL;
    }
    if (!in->current) {
        in->next_row = 0;
        MDM_TRY(next_array(in, err));
        if (!in->current) return MDM_OK;
    }
    int64_t rows = in->current->array.length - in->next_row;
    if (rows > PIECE_ROWS) rows = PIECE_ROWS;
    mdm_status status;
    /* Too much text for one chunk: try half of the rows. */
    do {
        status = import_rows(in->importer, in->current, in->next_row, rows, in->rows + in->next_row,
                             out, err);
    } while (status == MDM_UNSUPPORTED && (rows /= 2) > 0);
    if (status == MDM_OK) in->next_row += rows;
    return status;
}

static void import_stream_free(import_stream *in)
{
    array_unref(in->current);
    mdm_importer_close(in->importer);
    if (in->arrow.release) in->arrow.release(&in->arrow);
    mdm_free(in);
}

static void close_import(mdm_stream *stream)
{
    mdm_schema_unref(stream->schema);
    import_stream_free(stream->self);
}

mdm_status mdm_stream_import(struct ArrowArrayStream *arrow, mdm_stream *out, mdm_error *err)
{
    memset(out, 0, sizeof *out);
    import_stream *in = mdm_alloc_zero(1, sizeof *in);
    if (!in) {
        arrow->release(arrow);
        arrow->release = NULL;
        return no_memory(err);
    }
    in->arrow = *arrow;
    arrow->release = NULL;

    struct ArrowSchema schema = {0};
    int code = in->arrow.get_schema(&in->arrow, &schema);
    mdm_status status = code ? arrow_failure(&in->arrow, code, err)
                             : mdm_importer_open(&schema, &in->importer, err);
    if (status != MDM_OK) {
        import_stream_free(in);
        return status;
    }
    *out = (mdm_stream){mdm_schema_ref(in->importer->schema), next_of_import, close_import, in};
    return MDM_OK;
}
