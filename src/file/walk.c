#include "file/walk.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/io.h"
#include "base/text.h"

/* Rows of a batch: as many as DuckDB has in a vector, fewer when they are wide. */
#define BATCH_ROWS 2048u
#define BATCH_CELLS ((size_t)256 << 10)

/* --- batches ---------------------------------------------------------------------- */

mdm_status mdm_batch_init(mdm_batch *batch, size_t columns, mdm_error *err)
{
    const size_t fitting = columns ? BATCH_CELLS / columns : BATCH_ROWS;
    const size_t size = fitting > BATCH_ROWS ? BATCH_ROWS : fitting < 8 ? 8 : fitting / 8 * 8;
    *batch = (mdm_batch){.columns = columns, .size = size};
    batch->cells = mdm_alloc_zero(columns + 1, sizeof *batch->cells);
    batch->texts = mdm_alloc_zero(columns * size + 1, sizeof *batch->texts);
    batch->validity = mdm_alloc_zero(columns + 1, size / 8);
    if (batch->cells && batch->texts && batch->validity) return MDM_OK;
    mdm_batch_clear(batch);
    return mdm_no_memory(err, "a batch of records");
}

void mdm_batch_clear(mdm_batch *batch)
{
    mdm_free(batch->cells);
    mdm_free(batch->texts);
    mdm_free(batch->validity);
    *batch = (mdm_batch){0};
}

void mdm_batch_begin(mdm_batch *batch)
{
    batch->rows = 0;
    for (size_t c = 0; c < batch->columns; c++)
        batch->cells[c].validity = NULL;
}

void mdm_batch_set_null(mdm_batch *batch, size_t column)
{
    uint8_t *bits = batch->validity + column * (batch->size / 8);
    if (!batch->cells[column].validity) memset(bits, 0xFF, batch->size / 8);
    batch->cells[column].validity = bits;
    bits[batch->rows / 8] = (uint8_t)(bits[batch->rows / 8] & ~(1u << batch->rows % 8));
    mdm_batch_set(batch, column, "", 0);
}

void mdm_batch_end(mdm_batch *batch, int64_t first_row)
{
    for (size_t c = 0; c < batch->columns; c++) {
        batch->cells[c].count = batch->rows;
        batch->cells[c].texts = batch->texts + c * batch->size;
        batch->cells[c].first_row = first_row;
    }
}

/* --- walks -------------------------------------------------------------------------- */

mdm_status mdm_walk_init(mdm_walk *walk, const mdm_walk_place *place, const char *phase, bool hash,
                         mdm_rejects *rejects, mdm_error *err)
{
    *walk = (mdm_walk){.place = place, .rejects = rejects};
    const mdm_window_options options = {
        .path = place->path,
        .packing = place->packing,
        .encoding = &place->encoding,
        .read = place->read,
        .phase = phase,
        .hash = hash,
    };
    return mdm_window_open(&walk->window, &options, err);
}

void mdm_walk_clear(mdm_walk *walk)
{
    mdm_window_clear(&walk->window);
}

/* --- bad records ---------------------------------------------------------------------- */

mdm_status mdm_walk_fail(const mdm_walk *walk, const char *at, const char *reason, mdm_error *err)
{
    const mdm_walk_place *place = walk->place;
    int64_t line, byte;
    mdm_window_place(&walk->window, at, &line, &byte);
    byte = mdm_trace_byte(place->path, place->packing, &place->encoding, byte);
    return mdm_error_set(err, MDM_FORMAT, "%s:%lld: %s (byte %lld)", place->name, (long long)line,
                         reason, (long long)byte);
}

mdm_status mdm_walk_refuse(mdm_walk *walk, const char *at, const char *column, mdm_str text,
                           const char *reason, mdm_error *err)
{
    if (walk->strict) return mdm_walk_fail(walk, at, reason, err);
    if (!walk->place->read->reject) {
        const mdm_status status = mdm_walk_fail(walk, at, reason, err);
        return mdm_error_hint(err, status, "--on-error reject leaves such records out");
    }
    if (!walk->rejects) return MDM_OK;
    mdm_reject reject = {.column = (char *)column, .reason = (char *)reason}; /* copied, not kept */
    mdm_window_place(&walk->window, at, &reject.line, &reject.byte);
    return mdm_rejects_add(walk->rejects, &reject, text, err);
}

mdm_status mdm_walk_refuse_bytes(mdm_walk *walk, mdm_str record, mdm_error *err)
{
    mdm_window *w = &walk->window;
    const char *at = w->data + w->bad;
    const mdm_encoding *encoding = &walk->place->encoding;
    if (*at && !encoding->certain) {
        walk->wrong_encoding = true;
        return mdm_walk_fail(walk, at, "not UTF-8", err);
    }
    char reason[96];
    snprintf(reason, sizeof reason, *at ? "not %s" : "a NUL byte",
             encoding->name[0] ? encoding->name : "UTF-8");
    const bool hint = !*at && !encoding->name[0];
    const mdm_status status = mdm_walk_refuse(walk, at, NULL, record, reason, err);
    if (status != MDM_OK && hint)
        return mdm_error_hint(err, status,
                              "UTF-16 without a byte-order mark? --encoding utf-16le or "
                              "utf-16be; --on-error reject leaves such records out");
    if (status == MDM_OK) mdm_window_check_from(w, (size_t)(record.data - w->data) + record.len);
    return status;
}
