/* A builder fills a store: for each column, buffers that grow as needed. A finished chunk of
 * little data is copied out of the store in one allocation and the store used again; one with
 * much data takes the store with it and gives it back when the chunk goes, so that a steady
 * stream of chunks allocates nothing.
 *
 * A store has room for a few rows within its own block: a result of one row needs no other. */
#include "mdm/chunk.h"

#include <float.h>
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base/alloc.h"
#include "data/bits.h"
#include "data/chunk_internal.h"

enum {
    INLINE_BYTES = 32,  /* per buffer, within the store */
    SMALL_CHUNK = 8192, /* bytes up to which copying is cheaper than another store */
    FIRST_GROWTH = 256  /* bytes */
};

typedef struct buffer {
    uint8_t *data;
    size_t size;
    bool owned; /* from mdm_alloc; else within the store */
} buffer;

typedef enum kind { NOTHING, BITS, INT8, INT16, INT32, INT64, FLOAT, DOUBLE, DECIMAL, BYTES } kind;

typedef struct cells {
    kind kind;
    int64_t rows, nulls;
    int64_t room;                     /* rows for which every buffer with one item a row has room */
    size_t len;                       /* BYTES: of the values */
    buffer values, offsets, validity; /* validity: in use once nulls > 0 */
} cells;

typedef struct store {
    mdm_builder *builder;
    size_t count;
    cells columns[];
} store;

/* Counted: chunks that hold a store give it back here, perhaps after mdm_builder_close(). */
struct mdm_builder {
    atomic_size_t refs;
    _Atomic(store *) spare;
    atomic_bool closed;
    mdm_schema *schema;
    int64_t capacity;
    store *store;
};

static kind kind_of(mdm_type_id id)
{
    switch (id) {
    case MDM_TYPE_BOOL: return BITS;
    case MDM_TYPE_INT8: return INT8;
    case MDM_TYPE_INT16: return INT16;
    case MDM_TYPE_INT32:
    case MDM_TYPE_DATE: return INT32;
    case MDM_TYPE_INT64:
    case MDM_TYPE_TIME:
    case MDM_TYPE_TIMESTAMP:
    case MDM_TYPE_TIMESTAMPTZ: return INT64;
    case MDM_TYPE_FLOAT: return FLOAT;
    case MDM_TYPE_DOUBLE: return DOUBLE;
    case MDM_TYPE_DECIMAL: return DECIMAL;
    case MDM_TYPE_TEXT:
    case MDM_TYPE_BLOB: return BYTES;
    case MDM_TYPE_NULL:
    case MDM_TYPE_COUNT: break;
    }
    return NOTHING;
}

/* Bytes of the values of so many rows, without BYTES. */
static size_t values_bytes(kind of, int64_t rows)
{
    static const uint8_t widths[] = {[INT8] = 1,  [INT16] = 2,  [INT32] = 4,    [INT64] = 8,
                                     [FLOAT] = 4, [DOUBLE] = 8, [DECIMAL] = 16, [BYTES] = 0};
    return of == BITS ? mdm_bits_bytes(rows) : widths[of] * (size_t)rows;
}

/* --- stores --------------------------------------------------------------- */

static void store_free(store *s)
{
    if (!s) return;
    for (size_t i = 0; i < s->count; i++) {
        cells *c = &s->columns[i];
        if (c->values.owned) mdm_free(c->values.data);
        if (c->offsets.owned) mdm_free(c->offsets.data);
        if (c->validity.owned) mdm_free(c->validity.data);
    }
    mdm_free(s);
}

static int64_t rows_that_fit(const cells *c)
{
    int64_t rows = INT64_MAX;
    if (c->kind == BITS) rows = (int64_t)c->values.size * 8;
    else if (c->kind == BYTES) rows = (int64_t)(c->offsets.size / sizeof(int32_t)) - 1;
    else if (c->kind != NOTHING) rows = (int64_t)(c->values.size / values_bytes(c->kind, 1));
    int64_t bits = (int64_t)c->validity.size * 8;
    return c->nulls > 0 && bits < rows ? bits : rows;
}

static void cells_restart(cells *c, int64_t capacity)
{
    c->rows = c->nulls = 0;
    c->len = 0;
    c->room = rows_that_fit(c);
    if (c->room > capacity) c->room = capacity;
}

static void store_restart(store *s)
{
    for (size_t i = 0; i < s->count; i++)
        cells_restart(&s->columns[i], s->builder->capacity);
}

static store *store_new(mdm_builder *b)
{
    size_t count = b->schema->count;
    size_t head = sizeof(store) + count * sizeof(cells);
    head = (head + 15) & ~(size_t)15;
    store *s = mdm_alloc(head + count * 3 * INLINE_BYTES);
    if (!s) return NULL;
    s->builder = b;
    s->count = count;
    uint8_t *memory = (uint8_t *)s + head;
    for (size_t i = 0; i < count; i++) {
        cells *c = &s->columns[i];
        c->kind = kind_of(b->schema->fields[i].type.id);
        buffer *buffers[] = {&c->values, &c->offsets, &c->validity};
        for (size_t k = 0; k < 3; k++, memory += INLINE_BYTES)
            *buffers[k] = (buffer){memory, INLINE_BYTES, false};
        memset(c->offsets.data, 0, sizeof(int32_t)); /* the first row begins at 0 */
    }
    store_restart(s);
    return s;
}

static size_t store_bytes(const store *s)
{
    size_t bytes = sizeof *s;
    for (size_t i = 0; i < s->count; i++) {
        const cells *c = &s->columns[i];
        bytes += sizeof *c + c->values.size + c->offsets.size + c->validity.size;
    }
    return bytes;
}

/* --- the builder's life ----------------------------------------------------- */

static void builder_unref(mdm_builder *b)
{
    if (atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) != 1) return;
    store_free(atomic_load(&b->spare));
    mdm_schema_unref(b->schema);
    mdm_free(b);
}

/* The chunk that took this store with it is gone. */
static void give_back(void *owner)
{
    store *s = owner;
    mdm_builder *b = s->builder;
    if (atomic_load(&b->closed)) store_free(s);
    else store_free(atomic_exchange(&b->spare, s));
    builder_unref(b);
}

mdm_status mdm_builder_open(const mdm_schema *schema, int64_t capacity, mdm_builder **out,
                            mdm_error *err)
{
    *out = NULL;
    if (capacity < 1) return mdm_error_set(err, MDM_INVALID, "a builder for no rows");
    mdm_builder *b = mdm_alloc_zero(1, sizeof *b);
    if (!b) return mdm_no_memory(err, "a builder of rows");
    b->schema = mdm_schema_ref(schema);
    b->capacity = capacity;
    atomic_init(&b->refs, 1);
    atomic_init(&b->spare, NULL);
    atomic_init(&b->closed, false);
    b->store = store_new(b);
    if (!b->store) {
        builder_unref(b);
        return mdm_no_memory(err, "a builder of rows");
    }
    *out = b;
    return MDM_OK;
}

void mdm_builder_close(mdm_builder *b)
{
    if (!b) return;
    atomic_store(&b->closed, true);
    store_free(b->store);
    builder_unref(b);
}

int64_t mdm_builder_rows(const mdm_builder *b, size_t column)
{
    return b->store->columns[column].rows;
}

/* --- growing ------------------------------------------------------------------ */

static mdm_status grow(buffer *buf, size_t used, size_t needed)
{
    if (needed <= buf->size) return MDM_OK;
    size_t size = buf->size * 2;
    if (size < FIRST_GROWTH) size = FIRST_GROWTH;
    if (size < needed) size = needed;
    uint8_t *data = buf->owned ? mdm_realloc(buf->data, size) : mdm_alloc(size);
    if (!data) return MDM_NO_MEMORY;
    if (!buf->owned) memcpy(data, buf->data, used);
    *buf = (buffer){data, size, true};
    return MDM_OK;
}

/* Make room for one more row. */
static mdm_status grow_rows(const mdm_builder *b, cells *c)
{
    if (c->rows >= b->capacity) return MDM_INVALID;
    int64_t rows = c->rows;
    if (c->kind == BYTES) {
        size_t used = (size_t)(rows + 1) * sizeof(int32_t);
        MDM_TRY(grow(&c->offsets, used, used + sizeof(int32_t)));
    } else {
        MDM_TRY(grow(&c->values, values_bytes(c->kind, rows), values_bytes(c->kind, rows + 1)));
    }
    if (c->nulls > 0) MDM_TRY(grow(&c->validity, mdm_bits_bytes(rows), mdm_bits_bytes(rows + 1)));
    c->room = rows_that_fit(c);
    if (c->room > b->capacity) c->room = b->capacity;
    return MDM_OK;
}

static inline mdm_status ensure_row(const mdm_builder *b, cells *c)
{
    return c->rows < c->room ? MDM_OK : grow_rows(b, c);
}

/* The value of the row is written: count it. */
static inline mdm_status row_is_set(cells *c)
{
    if (c->nulls > 0) mdm_bit_append(c->validity.data, c->rows, true);
    c->rows++;
    return MDM_OK;
}

static cells *column_at(const mdm_builder *b, size_t column)
{
    return column < b->store->count ? &b->store->columns[column] : NULL;
}

/* --- appending ------------------------------------------------------------------ */

static void write_zero(cells *c)
{
    if (c->kind == BITS) {
        mdm_bit_append(c->values.data, c->rows, false);
    } else if (c->kind == BYTES) {
        ((int32_t *)(void *)c->offsets.data)[c->rows + 1] = (int32_t)c->len;
    } else {
        size_t width = values_bytes(c->kind, 1);
        memset(c->values.data + width * (size_t)c->rows, 0, width);
    }
}

mdm_status mdm_builder_null(mdm_builder *b, size_t column)
{
    cells *c = column_at(b, column);
    if (!c) return MDM_INVALID;
    MDM_TRY(ensure_row(b, c));
    if (c->nulls == 0) {
        MDM_TRY(grow(&c->validity, 0, mdm_bits_bytes(c->rows + 1)));
        mdm_bits_fill(c->validity.data, c->rows);
    }
    write_zero(c);
    mdm_bit_append(c->validity.data, c->rows, false);
    c->nulls++;
    c->rows++;
    if (c->nulls == 1) { /* from here on the bits bound the room too */
        c->room = rows_that_fit(c);
        if (c->room > b->capacity) c->room = b->capacity;
    }
    return MDM_OK;
}

mdm_status mdm_builder_int(mdm_builder *b, size_t column, int64_t value)
{
    cells *c = column_at(b, column);
    if (!c) return MDM_INVALID;
    MDM_TRY(ensure_row(b, c));
    switch (c->kind) {
    case INT64: ((int64_t *)(void *)c->values.data)[c->rows] = value; return row_is_set(c);
    case INT32:
        if (value != (int32_t)value) return MDM_INVALID;
        ((int32_t *)(void *)c->values.data)[c->rows] = (int32_t)value;
        return row_is_set(c);
    case INT16:
        if (value != (int16_t)value) return MDM_INVALID;
        ((int16_t *)(void *)c->values.data)[c->rows] = (int16_t)value;
        return row_is_set(c);
    case INT8:
        if (value != (int8_t)value) return MDM_INVALID;
        ((int8_t *)c->values.data)[c->rows] = (int8_t)value;
        return row_is_set(c);
    case BITS:
        if (value != 0 && value != 1) return MDM_INVALID;
        mdm_bit_append(c->values.data, c->rows, value == 1);
        return row_is_set(c);
    default: return MDM_INVALID;
    }
}

mdm_status mdm_builder_real(mdm_builder *b, size_t column, double value)
{
    cells *c = column_at(b, column);
    if (!c) return MDM_INVALID;
    MDM_TRY(ensure_row(b, c));
    if (c->kind == DOUBLE) {
        ((double *)(void *)c->values.data)[c->rows] = value;
        return row_is_set(c);
    }
    if (c->kind != FLOAT || (isfinite(value) && fabs(value) > FLT_MAX)) return MDM_INVALID;
    ((float *)(void *)c->values.data)[c->rows] = (float)value;
    return row_is_set(c);
}

mdm_status mdm_builder_decimal(mdm_builder *b, size_t column, mdm_int128 value)
{
    cells *c = column_at(b, column);
    if (!c || c->kind != DECIMAL) return MDM_INVALID;
    MDM_TRY(ensure_row(b, c));
    ((mdm_int128 *)(void *)c->values.data)[c->rows] = value;
    return row_is_set(c);
}

mdm_status mdm_builder_bytes(mdm_builder *b, size_t column, mdm_str bytes)
{
    cells *c = column_at(b, column);
    if (!c || c->kind != BYTES || bytes.len > (size_t)INT32_MAX - c->len) return MDM_INVALID;
    MDM_TRY(ensure_row(b, c));
    if (bytes.len > c->values.size - c->len) MDM_TRY(grow(&c->values, c->len, c->len + bytes.len));
    if (bytes.len) memcpy(c->values.data + c->len, bytes.data, bytes.len);
    c->len += bytes.len;
    ((int32_t *)(void *)c->offsets.data)[c->rows + 1] = (int32_t)c->len;
    return row_is_set(c);
}

/* --- finishing -------------------------------------------------------------------- */

static size_t align(size_t bytes)
{
    return (bytes + 15) & ~(size_t)15;
}

static size_t values_used(const cells *c)
{
    return c->kind == BYTES ? c->len : values_bytes(c->kind, c->rows);
}

static size_t offsets_used(const cells *c)
{
    return c->kind == BYTES ? (size_t)(c->rows + 1) * sizeof(int32_t) : 0;
}

static size_t validity_used(const cells *c)
{
    return c->nulls > 0 ? mdm_bits_bytes(c->rows) : 0;
}

static size_t cells_used(const cells *c)
{
    return align(values_used(c)) + align(offsets_used(c)) + align(validity_used(c));
}

static const void *copy_out(uint8_t **memory, const uint8_t *from, size_t bytes)
{
    uint8_t *to = *memory;
    memcpy(to, from, bytes);
    *memory += align(bytes);
    return to;
}

static mdm_status finish_small(mdm_builder *b, int64_t rows, size_t bytes, mdm_chunk **out,
                               mdm_error *err)
{
    mdm_column *columns;
    void *block;
    MDM_TRY(mdm_chunk_block(b->schema, rows, bytes, out, &columns, &block, err));
    uint8_t *memory = block;
    for (size_t i = 0; i < b->store->count; i++) {
        cells *c = &b->store->columns[i];
        columns[i].values = copy_out(&memory, c->values.data, values_used(c));
        if (c->kind == BYTES)
            columns[i].offsets = copy_out(&memory, c->offsets.data, offsets_used(c));
        if (c->nulls > 0)
            columns[i].validity = copy_out(&memory, c->validity.data, validity_used(c));
        columns[i].null_count = c->nulls;
    }
    store_restart(b->store);
    return MDM_OK;
}

static mdm_column column_of(const cells *c, mdm_type type)
{
    return (mdm_column){
        .type = type,
        .validity = c->nulls > 0 ? c->validity.data : NULL,
        .values = c->values.data,
        .offsets = c->kind == BYTES ? (const int32_t *)(const void *)c->offsets.data : NULL,
        .null_count = c->nulls,
    };
}

static mdm_status finish_large(mdm_builder *b, int64_t rows, mdm_chunk **out, mdm_error *err)
{
    mdm_status status = MDM_OK;
    size_t count = b->store->count;
    store *next = atomic_exchange(&b->spare, NULL);
    if (next) store_restart(next);
    else next = store_new(b);
    mdm_column *columns = mdm_alloc(count * sizeof *columns);
    if (!next || !columns) {
        status = mdm_no_memory(err, "a chunk of rows");
        goto done;
    }
    for (size_t i = 0; i < count; i++)
        columns[i] = column_of(&b->store->columns[i], b->schema->fields[i].type);
    status = mdm_chunk_wrap(b->schema, rows, columns, store_bytes(b->store), give_back, b->store,
                            out, err);
    if (status != MDM_OK) goto done;
    atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);
    b->store = next;
    next = NULL;
done:
    mdm_free(columns);
    store_free(next);
    return status;
}

mdm_status mdm_builder_finish(mdm_builder *b, mdm_chunk **out, mdm_error *err)
{
    *out = NULL;
    const store *s = b->store;
    int64_t rows = s->count ? s->columns[0].rows : 0;
    size_t bytes = 0;
    for (size_t i = 0; i < s->count; i++) {
        const cells *c = &s->columns[i];
        if (c->rows != rows)
            return mdm_error_set(err, MDM_INVALID,
                                 "uneven columns: %lld rows in '%s', %lld in '%s'", (long long)rows,
                                 b->schema->fields[0].name, (long long)c->rows,
                                 b->schema->fields[i].name);
        bytes += cells_used(c);
    }
    if (bytes <= SMALL_CHUNK) return finish_small(b, rows, bytes, out, err);
    return finish_large(b, rows, out, err);
}
