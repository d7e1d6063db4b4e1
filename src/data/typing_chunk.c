/* Cells of all columns become one chunk, in one block. */
#include <string.h>

#include "base/alloc.h"
#include "data/bits.h"
#include "data/chunk_internal.h"
#include "data/type.h"
#include "data/typing_state.h"

static size_t align(size_t bytes)
{
    return (bytes + 15) & ~(size_t)15;
}

/* BOOL is a byte each before it is packed. */
static size_t width_of(mdm_type_id id)
{
    return id == MDM_TYPE_BOOL ? 1 : mdm_type_bytes(id);
}

/* An unescaped JSON string is never longer than its token. */
static mdm_status text_bytes(const mdm_typing *t, size_t column, const mdm_cells *cells,
                             size_t *bytes, mdm_error *err)
{
    *bytes = 0;
    for (size_t r = 0; r < cells->count; r++)
        if (mdm_cells_have(cells, r)) *bytes += mdm_cells_at(cells, r).len;
    if (*bytes <= INT32_MAX) return MDM_OK;
    return mdm_error_set(err, MDM_UNSUPPORTED, "column '%s': more than 2 GB of text in %zu rows",
                         t->columns[column].name, cells->count);
}

static mdm_str text_at(const mdm_typing *t, const mdm_cells *cells, size_t row, char *room)
{
    mdm_str text = mdm_cells_at(cells, row);
    if (!t->json || text.len < 2 || text.data[0] != '"') return text;
    return mdm_json_unescape(text, room);
}

static void copy_text(const mdm_typing *t, const mdm_cells *cells, mdm_column *column,
                      int32_t *offsets, char *bytes)
{
    int32_t len = 0;
    for (size_t r = 0; r < cells->count; r++) {
        offsets[r] = len;
        if (!mdm_column_is_set(column, (int64_t)r)) continue;
        mdm_str text = text_at(t, cells, r, bytes + len);
        if (text.len && text.data != bytes + len) memcpy(bytes + len, text.data, text.len);
        len += (int32_t)text.len;
    }
    offsets[cells->count] = len;
    column->offsets = offsets;
    column->values = bytes;
}

/* In place: byte r is read before bit r of an earlier byte is written, or of itself. */
static void pack_bits(uint8_t *values, size_t count)
{
    for (size_t r = 0; r < count; r++) {
        bool set = values[r];
        if ((r & 7) == 0) values[r >> 3] = 0;
        values[r >> 3] = (uint8_t)(values[r >> 3] | (unsigned)set << (r & 7));
    }
}

/* Room in the block: validity, then values, or offsets and bytes. */
static size_t column_bytes(mdm_type_id id, size_t rows, size_t text)
{
    size_t bytes = align(mdm_bits_bytes((int64_t)rows));
    if (id == MDM_TYPE_TEXT) return bytes + align((rows + 1) * sizeof(int32_t)) + align(text);
    return bytes + align(rows * width_of(id));
}

static void fill_column(mdm_typing *t, size_t i, const mdm_cells *cells, mdm_column *column,
                        uint8_t *memory, mdm_typed *typed)
{
    uint8_t *values = memory + align(mdm_bits_bytes((int64_t)cells->count));
    typed->validity = memory;
    typed->values = values;
    mdm_typing_convert(t, i, cells, typed);
    column->null_count = typed->null_count;
    column->validity = typed->null_count ? typed->validity : NULL;
    if (column->type.id == MDM_TYPE_TEXT) {
        size_t offsets = align((cells->count + 1) * sizeof(int32_t));
        copy_text(t, cells, column, (int32_t *)(void *)values, (char *)values + offsets);
        return;
    }
    if (column->type.id == MDM_TYPE_BOOL) pack_bits(values, cells->count);
    column->values = values;
}

/* --- rows that failed ---------------------------------------------------------------- */

static mdm_status refuse_first(const mdm_typing *t, size_t row, size_t column,
                               const mdm_cells *cells, mdm_error *err)
{
    char word[32];
    const mdm_typed_column *c = &t->columns[column];
    mdm_str text = mdm_cells_at(&cells[column], row);
    int len = text.len < 100 ? (int)text.len : 100;
    int64_t at = mdm_cells_row(&cells[column], row);
    if (at < 0)
        return mdm_error_set(err, MDM_FORMAT, "column '%s': '%.*s' is no %s", c->name, len,
                             text.data, mdm_type_text(c->choice.type, word));
    return mdm_error_set(err, MDM_FORMAT, "row %lld, column '%s': '%.*s' is no %s", (long long)at,
                         c->name, len, text.data, mdm_type_text(c->choice.type, word));
}

/* Tell of every failed cell, row by row; keep: which rows have none. */
static mdm_status refuse_rows(mdm_typing *t, const mdm_cells *cells, const mdm_typed *typed,
                              mdm_typing_refuse *refuse, void *self, uint8_t *keep, mdm_error *err)
{
    size_t rows = cells[0].count;
    memset(keep, 1, rows);
    for (size_t r = 0; r < rows; r++) {
        for (size_t i = 0; i < t->count; i++) {
            if (!typed[i].failed_count || !mdm_bit_get(typed[i].failed, (int64_t)r)) continue;
            keep[r] = 0;
            if (!refuse) return refuse_first(t, r, i, cells, err);
            MDM_TRY(refuse(self, r, i, mdm_cells_at(&cells[i], r), err));
        }
    }
    return MDM_OK;
}

/* --- public ----------------------------------------------------------------------------- */

/* What is needed while a chunk is made: results, text sizes, and failures. */
typedef struct work {
    mdm_typed *typed;
    size_t *text;
    uint8_t *failed, *keep;
} work;

static bool work_open(const mdm_typing *t, size_t rows, work *out)
{
    size_t bits = mdm_bits_bytes((int64_t)rows);
    out->typed = mdm_alloc_zero(t->count, sizeof *out->typed + sizeof *out->text);
    out->text = out->typed ? (size_t *)(void *)(out->typed + t->count) : NULL;
    out->failed = mdm_alloc(t->count * bits + rows);
    if (!out->typed || !out->failed) return false;
    for (size_t i = 0; i < t->count; i++)
        out->typed[i].failed = out->failed + i * bits;
    out->keep = out->failed + t->count * bits;
    return true;
}

mdm_status mdm_typing_chunk(mdm_typing *t, const mdm_cells *columns, mdm_typing_refuse *refuse,
                            void *self, mdm_chunk **out, mdm_error *err)
{
    mdm_status status = MDM_OK;
    mdm_chunk *chunk = NULL;
    size_t rows = t->count ? columns[0].count : 0, bytes = 0;
    work w = {0};
    *out = NULL;
    if (!work_open(t, rows, &w)) {
        status = mdm_no_memory(err, "a chunk of rows");
        goto done;
    }
    for (size_t i = 0; i < t->count; i++) {
        mdm_type_id id = t->columns[i].choice.type.id;
        if (id == MDM_TYPE_TEXT) status = text_bytes(t, i, &columns[i], &w.text[i], err);
        if (status != MDM_OK) goto done;
        bytes += column_bytes(id, rows, w.text[i]);
    }
    mdm_column *made;
    void *memory;
    status = mdm_chunk_block(t->schema, (int64_t)rows, bytes, &chunk, &made, &memory, err);
    if (status != MDM_OK) goto done;
    uint8_t *at = memory;
    int64_t failed = 0;
    for (size_t i = 0; i < t->count; i++) {
        fill_column(t, i, &columns[i], &made[i], at, &w.typed[i]);
        at += column_bytes(made[i].type.id, rows, w.text[i]);
        failed += w.typed[i].failed_count;
    }
    if (failed == 0) {
        *out = chunk;
        chunk = NULL;
        goto done;
    }
    status = refuse_rows(t, columns, w.typed, refuse, self, w.keep, err);
    if (status == MDM_OK) status = mdm_chunk_pick(chunk, w.keep, out, err);
done:
    mdm_chunk_unref(chunk);
    mdm_free(w.failed);
    mdm_free(w.typed);
    return status;
}
