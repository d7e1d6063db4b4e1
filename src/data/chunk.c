/* A chunk is one block: the public part, its bookkeeping, the columns, and often the buffers
 * too. Buffers elsewhere belong to an owner who is told when the last reference goes. A slice is a
 * chunk whose owner is the chunk it was cut from. */
#include "data/chunk_internal.h"

#include <stdatomic.h>
#include <string.h>

#include "base/alloc.h"
#include "data/bits.h"
#include "data/type.h"

typedef struct chunk_block {
    mdm_chunk shown; /* first: the public pointer is the block's */
    atomic_size_t refs;
    size_t bytes; /* this block, and what its owner holds for it */
    void (*release)(void *owner);
    void *owner;
    mdm_column columns[];
} chunk_block;

enum { ALIGNMENT = 16 };

static chunk_block *block_of(const mdm_chunk *chunk)
{
    return (chunk_block *)(uintptr_t)chunk;
}

static size_t align(size_t bytes)
{
    return (bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
}

/* --- making ------------------------------------------------------------- */

static chunk_block *block_new(const mdm_schema *schema, int64_t rows, size_t bytes)
{
    size_t head = align(sizeof(chunk_block) + schema->count * sizeof(mdm_column));
    if (bytes > SIZE_MAX - head) return NULL;
    chunk_block *block = mdm_alloc(head + bytes);
    if (!block) return NULL;
    block->shown = (mdm_chunk){mdm_schema_ref(schema), rows, block->columns};
    atomic_init(&block->refs, 1);
    block->bytes = head + bytes;
    block->release = NULL;
    block->owner = NULL;
    return block;
}

mdm_status mdm_chunk_block(const mdm_schema *schema, int64_t rows, size_t bytes, mdm_chunk **out,
                           mdm_column **columns, void **memory, mdm_error *err)
{
    *out = NULL;
    chunk_block *block = block_new(schema, rows, bytes);
    if (!block) return mdm_no_memory(err, "a chunk of rows");
    for (size_t i = 0; i < schema->count; i++)
        block->columns[i] = (mdm_column){.type = schema->fields[i].type};
    *columns = block->columns;
    *memory = (char *)block + (block->bytes - bytes);
    *out = &block->shown;
    return MDM_OK;
}

mdm_status mdm_chunk_wrap(const mdm_schema *schema, int64_t rows, const mdm_column *columns,
                          size_t bytes, void (*release)(void *owner), void *owner, mdm_chunk **out,
                          mdm_error *err)
{
    *out = NULL;
    chunk_block *block = block_new(schema, rows, 0);
    if (!block) return mdm_no_memory(err, "a chunk of rows");
    if (schema->count) memcpy(block->columns, columns, schema->count * sizeof *columns);
    block->bytes += bytes;
    block->release = release;
    block->owner = owner;
    *out = &block->shown;
    return MDM_OK;
}

/* --- counting ----------------------------------------------------------- */

mdm_chunk *mdm_chunk_ref(const mdm_chunk *chunk)
{
    atomic_fetch_add_explicit(&block_of(chunk)->refs, 1, memory_order_relaxed);
    return &block_of(chunk)->shown;
}

void mdm_chunk_unref(const mdm_chunk *chunk)
{
    if (!chunk) return;
    chunk_block *block = block_of(chunk);
    if (atomic_fetch_sub_explicit(&block->refs, 1, memory_order_acq_rel) != 1) return;
    if (block->release) block->release(block->owner);
    mdm_schema_unref(block->shown.schema);
    mdm_free(block);
}

size_t mdm_chunk_bytes(const mdm_chunk *chunk)
{
    return block_of(chunk)->bytes;
}

/* --- slices ------------------------------------------------------------- */

static void unref_owner(void *owner)
{
    mdm_chunk_unref(owner);
}

/* Bitmaps can be shared only from a byte boundary on; others are copied into memory. */
static const void *slice_bits(const void *bits, int64_t first, int64_t rows, uint8_t **memory)
{
    if (!bits) return NULL;
    if ((first & 7) == 0) return (const uint8_t *)bits + (first >> 3);
    uint8_t *copy = *memory;
    mdm_bits_copy(copy, bits, first, rows);
    *memory += mdm_bits_bytes(rows);
    return copy;
}

static mdm_column slice_column(const mdm_column *from, int64_t first, int64_t rows,
                               uint8_t **memory)
{
    mdm_column to = *from;
    to.validity = slice_bits(from->validity, first, rows, memory);
    if (from->type.id == MDM_TYPE_BOOL) to.values = slice_bits(from->values, first, rows, memory);
    else if (from->offsets) to.offsets = from->offsets + first;
    else if (from->values)
        to.values = (const char *)from->values + mdm_type_bytes(from->type.id) * (size_t)first;
    if (to.validity) to.null_count = rows - mdm_bits_count(to.validity, rows);
    return to;
}

mdm_status mdm_chunk_slice(const mdm_chunk *chunk, int64_t first, int64_t rows, mdm_chunk **out,
                           mdm_error *err)
{
    *out = NULL;
    if (first < 0 || rows < 0 || first > chunk->rows || rows > chunk->rows - first)
        return mdm_error_set(err, MDM_INVALID, "%lld rows from row %lld on of a chunk of %lld rows",
                             (long long)rows, (long long)first, (long long)chunk->rows);
    size_t columns = chunk->schema->count;
    size_t copied = (first & 7) ? 2 * columns * mdm_bits_bytes(rows) : 0;
    chunk_block *block = block_new(chunk->schema, rows, copied);
    if (!block) return mdm_no_memory(err, "a slice of rows");
    uint8_t *memory = (uint8_t *)block + (block->bytes - copied);
    for (size_t i = 0; i < columns; i++)
        block->columns[i] = slice_column(&chunk->columns[i], first, rows, &memory);
    block->release = unref_owner;
    block->owner = mdm_chunk_ref(chunk);
    *out = &block->shown;
    return MDM_OK;
}

/* --- picking rows ------------------------------------------------------- */

/* Room for the picked rows of one column, in the order validity, offsets, values. */
static size_t picked_bytes(const mdm_column *column, const uint8_t *keep, int64_t rows,
                           int64_t picked)
{
    size_t bytes = column->validity ? align(mdm_bits_bytes(picked)) : 0;
    if (column->offsets) {
        bytes += align((size_t)(picked + 1) * sizeof(int32_t));
        for (int64_t r = 0; r < rows; r++)
            if (keep[r]) bytes += (size_t)(column->offsets[r + 1] - column->offsets[r]);
        return align(bytes);
    }
    if (column->type.id == MDM_TYPE_BOOL) return bytes + align(mdm_bits_bytes(picked));
    return bytes + align((size_t)picked * mdm_type_bytes(column->type.id));
}

static void pick_bits(uint8_t *to, const uint8_t *from, const uint8_t *keep, int64_t rows)
{
    int64_t at = 0;
    for (int64_t r = 0; r < rows; r++)
        if (keep[r]) mdm_bit_append(to, at++, mdm_bit_get(from, r));
}

static uint8_t *pick_bytes(mdm_column *to, const mdm_column *from, const uint8_t *keep,
                           int64_t rows, int64_t picked, uint8_t *memory)
{
    int32_t *offsets = (int32_t *)(void *)memory;
    memory += align((size_t)(picked + 1) * sizeof *offsets);
    int32_t len = 0;
    int64_t at = 0;
    for (int64_t r = 0; r < rows; r++) {
        if (!keep[r]) continue;
        mdm_str bytes = mdm_column_bytes(from, r);
        offsets[at++] = len;
        if (bytes.len) memcpy(memory + len, bytes.data, bytes.len);
        len += (int32_t)bytes.len;
    }
    offsets[at] = len;
    to->offsets = offsets;
    to->values = memory;
    return memory + align((size_t)len);
}

static uint8_t *pick_fixed(mdm_column *to, const mdm_column *from, const uint8_t *keep,
                           int64_t rows, uint8_t *memory)
{
    size_t width = mdm_type_bytes(from->type.id);
    to->values = memory;
    for (int64_t r = 0; r < rows; r++) {
        if (!keep[r]) continue;
        memcpy(memory, (const char *)from->values + width * (size_t)r, width);
        memory += width;
    }
    return (uint8_t *)to->values + align((size_t)(memory - (const uint8_t *)to->values));
}

static uint8_t *pick_column(mdm_column *to, const mdm_column *from, const uint8_t *keep,
                            int64_t rows, int64_t picked, uint8_t *memory)
{
    if (from->validity) {
        pick_bits(memory, from->validity, keep, rows);
        to->validity = memory;
        to->null_count = picked - mdm_bits_count(memory, picked);
        memory += align(mdm_bits_bytes(picked));
    }
    if (from->offsets) return pick_bytes(to, from, keep, rows, picked, memory);
    if (!from->values) return memory;
    if (from->type.id != MDM_TYPE_BOOL) return pick_fixed(to, from, keep, rows, memory);
    pick_bits(memory, from->values, keep, rows);
    to->values = memory;
    return memory + align(mdm_bits_bytes(picked));
}

mdm_status mdm_chunk_pick(const mdm_chunk *chunk, const uint8_t *keep, mdm_chunk **out,
                          mdm_error *err)
{
    int64_t picked = 0;
    for (int64_t r = 0; r < chunk->rows; r++)
        picked += keep[r] != 0;
    size_t bytes = 0;
    for (size_t i = 0; i < chunk->schema->count; i++)
        bytes += picked_bytes(&chunk->columns[i], keep, chunk->rows, picked);

    mdm_column *columns;
    void *memory;
    MDM_TRY(mdm_chunk_block(chunk->schema, picked, bytes, out, &columns, &memory, err));
    uint8_t *at = memory;
    for (size_t i = 0; i < chunk->schema->count; i++)
        at = pick_column(&columns[i], &chunk->columns[i], keep, chunk->rows, picked, at);
    return MDM_OK;
}
