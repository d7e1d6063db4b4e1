/* libFuzzer target: any bytes as the cells of one column, a line each. Whatever type is chosen, the
 * second pass at the latest must settle it, text must come back as it was, and numbers that are
 * equal must have been written equally. The first byte chooses JSON, the decimal comma, a forced
 * type.
 *
 *     clang -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -Iinclude -Isrc '-DMDM_VERSION="0"' \
 *         fuzz/fuzz_cells.c src/data/[a-z]*.c src/base/[a-z]*.c -lxxhash -lm -lpthread */
#include <stdlib.h>
#include <string.h>

#include "data/typing.h"

enum { CELLS = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void demand(bool truth)
{
    if (!truth) abort();
}

static size_t split(mdm_str rest, mdm_str *cells)
{
    size_t count = 0;
    while (count < CELLS && rest.len)
        cells[count++] = mdm_str_split(&rest, '\n');
    return count;
}

static mdm_status accept(void *self, size_t row, size_t column, mdm_str text, mdm_error *err)
{
    (void)self, (void)row, (void)column, (void)text, (void)err;
    return MDM_OK;
}

/* Ends with a chunk, or NULL where an ambiguous date is refused. */
static mdm_chunk *run(mdm_typing *typing, const mdm_cells *cells)
{
    mdm_cells sample = *cells;
    sample.count = cells->count ? 1 : 0;
    mdm_typing_observe(typing, 0, &sample);
    for (int pass = 0; pass < 2; pass++) {
        mdm_chunk *chunk = NULL;
        if (mdm_typing_choose(typing, NULL) != MDM_OK) return NULL;
        mdm_typing_begin(typing);
        demand(mdm_typing_chunk(typing, cells, accept, NULL, &chunk, NULL) == MDM_OK);
        (void)mdm_typing_column_get(typing, 0);
        if (mdm_typing_settled(typing)) return chunk;
        mdm_chunk_unref(chunk);
    }
    demand(mdm_typing_choose(typing, NULL) != MDM_OK);
    return NULL;
}

/* Cells of a column that nobody forced, and that is no JSON. */
static void compare(const mdm_chunk *chunk, const mdm_str *cells)
{
    const mdm_column *column = &chunk->columns[0];
    for (int64_t r = 0; r < chunk->rows; r++) {
        if (!mdm_column_is_set(column, r)) continue;
        if (column->type.id == MDM_TYPE_TEXT)
            demand(mdm_str_equal(mdm_column_bytes(column, r), cells[r]));
        if (column->type.id != MDM_TYPE_INT64 && column->type.id != MDM_TYPE_DOUBLE) continue;
        const int64_t *values = column->values; /* bits of doubles, too */
        for (int64_t k = 0; k < r; k++)
            if (mdm_column_is_set(column, k) && values[k] == values[r])
                demand(mdm_str_equal(cells[k], cells[r]));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const names[] = {"c"};
    mdm_str cells[CELLS];
    if (size == 0) return 0;
    const unsigned wish = bytes[0] >> 2 & 15;
    const mdm_typing_options options = {.json = bytes[0] & 1, .decimal_comma = bytes[0] & 2};
    size_t count = split((mdm_str){(const char *)bytes + 1, size - 1}, cells);
    mdm_cells column = {.count = count, .texts = cells, .first_row = 1};
    mdm_typing *typing = NULL;
    demand(mdm_typing_open(names, 1, &options, &typing, NULL) == MDM_OK);
    mdm_type type = {(mdm_type_id)wish, 18, 4};
    if (wish == MDM_TYPE_COUNT) mdm_typing_force_number(typing, 0);
    else if (wish > 0) (void)!mdm_typing_force(typing, 0, type, NULL);
    mdm_chunk *chunk = run(typing, &column);
    if (chunk && wish == 0 && !options.json) compare(chunk, cells);
    mdm_chunk_unref(chunk);
    mdm_typing_close(typing);
    return 0;
}
