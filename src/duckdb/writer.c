#include "duckdb/writer.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"

#define INLINED 12 /* bytes of a string that stand in the vector itself */

duckdb_logical_type mdm_duckdb_type(mdm_type type)
{
    static const duckdb_type types[MDM_TYPE_COUNT] = {
        [MDM_TYPE_NULL] = DUCKDB_TYPE_VARCHAR,
        [MDM_TYPE_BOOL] = DUCKDB_TYPE_BOOLEAN,
        [MDM_TYPE_INT8] = DUCKDB_TYPE_TINYINT,
        [MDM_TYPE_INT16] = DUCKDB_TYPE_SMALLINT,
        [MDM_TYPE_INT32] = DUCKDB_TYPE_INTEGER,
        [MDM_TYPE_INT64] = DUCKDB_TYPE_BIGINT,
        [MDM_TYPE_FLOAT] = DUCKDB_TYPE_FLOAT,
        [MDM_TYPE_DOUBLE] = DUCKDB_TYPE_DOUBLE,
        [MDM_TYPE_TEXT] = DUCKDB_TYPE_VARCHAR,
        [MDM_TYPE_BLOB] = DUCKDB_TYPE_BLOB,
        [MDM_TYPE_DATE] = DUCKDB_TYPE_DATE,
        [MDM_TYPE_TIME] = DUCKDB_TYPE_TIME,
        [MDM_TYPE_TIMESTAMP] = DUCKDB_TYPE_TIMESTAMP,
        [MDM_TYPE_TIMESTAMPTZ] = DUCKDB_TYPE_TIMESTAMP_TZ,
    };
    if (type.id == MDM_TYPE_DECIMAL)
        return mdm_duck.create_decimal_type(type.precision, type.scale);
    return mdm_duck.create_logical_type(types[type.id]);
}

/* --- checks ------------------------------------------------------------------------ */

/* All text of a column at once: valid as a whole and cut nowhere inside a character. */
static bool is_utf8(const mdm_column *column, int64_t rows)
{
    const char *values = column->values;
    const int32_t first = column->offsets[0], last = column->offsets[rows];
    if (mdm_utf8_check((mdm_str){values + first, (size_t)(last - first)}) != SIZE_MAX) return false;
    for (int64_t r = 1; r < rows; r++)
        if (column->offsets[r] < last && ((unsigned char)values[column->offsets[r]] & 0xC0) == 0x80)
            return false;
    return true;
}

/* The first row whose text is none; rows: every one is fine by itself. */
static int64_t first_bad_text(const mdm_column *column, int64_t rows)
{
    if (is_utf8(column, rows)) return rows;
    int64_t row = 0;
    while (row < rows && (!mdm_column_is_set(column, row) ||
                          mdm_utf8_check(mdm_column_bytes(column, row)) == SIZE_MAX))
        row++;
    return row;
}

static bool fits_digits(mdm_int128 value, uint8_t precision)
{
    if (precision > 18) return true; /* 16 bytes on both sides */
    int64_t limit = 1;
    for (uint8_t i = 0; i < precision; i++)
        limit *= 10;
    const int64_t low = (int64_t)value.low;
    return value.high == (low < 0 ? -1 : 0) && low < limit && low > -limit;
}

static int64_t first_bad_decimal(const mdm_column *column, int64_t rows)
{
    const mdm_int128 *values = column->values;
    int64_t row = 0;
    while (row < rows &&
           (fits_digits(values[row], column->type.precision) || !mdm_column_is_set(column, row)))
        row++;
    return row;
}

mdm_status mdm_duckdb_check_chunk(const mdm_chunk *chunk, int64_t first_row, mdm_error *err)
{
    for (size_t i = 0; i < chunk->schema->count; i++) {
        const mdm_column *column = &chunk->columns[i];
        const char *name = chunk->schema->fields[i].name;
        char word[32];
        int64_t bad = chunk->rows;
        if (column->type.id == MDM_TYPE_TEXT) bad = first_bad_text(column, chunk->rows);
        else if (column->type.id == MDM_TYPE_DECIMAL) bad = first_bad_decimal(column, chunk->rows);
        if (bad == chunk->rows) continue;
        return mdm_error_set(err, MDM_FORMAT, "column '%s', row %" PRId64 ": %s %s", name,
                             first_row + bad + 1,
                             column->type.id == MDM_TYPE_TEXT ? "text that is not UTF-8, in"
                                                              : "a number too large for",
                             mdm_type_text(column->type, word));
    }
    return MDM_OK;
}

/* --- filling ------------------------------------------------------------------------- */

static void fill_validity(const mdm_column *column, int64_t first, int64_t count,
                          duckdb_vector vector)
{
    if (!column->validity && column->type.id != MDM_TYPE_NULL) return;
    mdm_duck.vector_ensure_validity_writable(vector);
    uint64_t *words = mdm_duck.vector_get_validity(vector);
    memset(words, 0, (size_t)(count + 63) / 64 * sizeof *words);
    if (column->type.id == MDM_TYPE_NULL) return;
    for (int64_t r = 0; r < count; r++)
        words[r >> 6] |= (uint64_t)mdm_column_is_set(column, first + r) << (r & 63);
}

static void fill_bool(const mdm_column *column, int64_t first, int64_t count, uint8_t *to)
{
    const uint8_t *bits = column->values;
    for (int64_t r = 0; r < count; r++)
        to[r] = bits[(first + r) >> 3] >> ((first + r) & 7) & 1;
}

/* As narrow as DuckDB stores it. */
static void fill_decimal(const mdm_column *column, int64_t first, int64_t count, void *data)
{
    const mdm_int128 *from = (const mdm_int128 *)column->values + first;
    if (column->type.precision <= 4) {
        int16_t *to = data;
        for (int64_t r = 0; r < count; r++)
            to[r] = (int16_t)from[r].low;
    } else if (column->type.precision <= 9) {
        int32_t *to = data;
        for (int64_t r = 0; r < count; r++)
            to[r] = (int32_t)from[r].low;
    } else if (column->type.precision <= 18) {
        int64_t *to = data;
        for (int64_t r = 0; r < count; r++)
            to[r] = (int64_t)from[r].low;
    } else {
        memcpy(data, from, (size_t)count * sizeof *from);
    }
}

static void fill_strings(const mdm_column *column, int64_t first, int64_t count,
                         mdm_duckdb_text text, duckdb_vector vector, duckdb_string_t *to)
{
    for (int64_t r = 0; r < count; r++) {
        to[r] = (duckdb_string_t){0};
        if (!mdm_column_is_set(column, first + r)) continue;
        const mdm_str bytes = mdm_column_bytes(column, first + r);
        if (bytes.len <= INLINED) {
            to[r].value.inlined.length = (uint32_t)bytes.len;
            memcpy(to[r].value.inlined.inlined, bytes.data, bytes.len);
        } else if (text == MDM_DUCKDB_TEXT_COPIED) {
            mdm_duck.unsafe_vector_assign_string_element_len(vector, (idx_t)r, bytes.data,
                                                             bytes.len);
        } else {
            to[r].value.pointer.length = (uint32_t)bytes.len;
            memcpy(to[r].value.pointer.prefix, bytes.data, sizeof to[r].value.pointer.prefix);
            to[r].value.pointer.ptr = (char *)(uintptr_t)bytes.data;
        }
    }
}

void mdm_duckdb_fill(const mdm_column *column, int64_t first, int64_t count, mdm_duckdb_text text,
                     duckdb_vector vector)
{
    static const uint8_t sizes[] = {
#define X(name, format, word, bytes) bytes,
        MDM_TYPE_LIST(X)
#undef X
    };
    void *data = mdm_duck.vector_get_data(vector);
    fill_validity(column, first, count, vector);
    switch (column->type.id) {
    case MDM_TYPE_NULL: memset(data, 0, (size_t)count * sizeof(duckdb_string_t)); break;
    case MDM_TYPE_BOOL: fill_bool(column, first, count, data); break;
    case MDM_TYPE_DECIMAL: fill_decimal(column, first, count, data); break;
    case MDM_TYPE_TEXT:
    case MDM_TYPE_BLOB: fill_strings(column, first, count, text, vector, data); break;
    default: {
        const size_t size = sizes[column->type.id];
        memcpy(data, (const char *)column->values + (size_t)first * size, (size_t)count * size);
    }
    }
}
