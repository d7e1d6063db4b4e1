/* A chunk is made in two steps: measure (text that must be written is written then, into a buffer
 * of the column), then one block of memory is filled. */
#include "duckdb/reader.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "data/chunk_internal.h"
#include "duckdb/nested.h"

typedef struct column_reader column_reader;

/* Copy count values to `to`; a value without a place in our type: false, with its row in *bad. */
typedef bool fill_function(const column_reader *column, int64_t count, void *to, int64_t *bad);

struct column_reader {
    mdm_type type;
    fill_function *fill; /* values of a fixed size; NULL: bytes */
    bool written;        /* bytes that are words of ours for the value */
    mdm_node node;       /* DuckDB's side */
    mdm_text words;      /* of this chunk, when written */
    size_t *word_ends;   /* in words, one per row */
    size_t word_size;
};

struct mdm_duckdb_reader {
    mdm_schema *schema;
    column_reader *columns;
    int64_t rows; /* read before this chunk */
};

/* --- values of a fixed size ------------------------------------------------------ */

#define SOURCE(c_type) const c_type *from = column->node.data
#define IS_SET(r) mdm_valid(column->node.validity, (uint64_t)(r))

static bool fill_bool(const column_reader *column, int64_t count, void *to, int64_t *bad)
{
    (void)bad;
    SOURCE(uint8_t);
    uint8_t *bits = to;
    memset(bits, 0, (size_t)(count + 7) / 8);
    for (int64_t r = 0; r < count; r++)
        bits[r >> 3] = (uint8_t)(bits[r >> 3] | (from[r] & 1) << (r & 7));
    return true;
}

#define FILL_SAME(name, c_type)                                                          \
    static bool name(const column_reader *column, int64_t count, void *to, int64_t *bad) \
    {                                                                                    \
        (void)bad;                                                                       \
        memcpy(to, column->node.data, (size_t)count * sizeof(c_type));                   \
        return true;                                                                     \
    }
FILL_SAME(fill_1, int8_t)
FILL_SAME(fill_2, int16_t)
FILL_SAME(fill_4, int32_t)
FILL_SAME(fill_8, int64_t)
FILL_SAME(fill_16, mdm_int128)

#define FILL_WIDER(name, c_from, c_to)                                                   \
    static bool name(const column_reader *column, int64_t count, void *to, int64_t *bad) \
    {                                                                                    \
        (void)bad;                                                                       \
        SOURCE(c_from);                                                                  \
        c_to *values = to;                                                               \
        for (int64_t r = 0; r < count; r++)                                              \
            values[r] = (c_to)from[r];                                                   \
        return true;                                                                     \
    }
FILL_WIDER(fill_u1, uint8_t, int16_t)
FILL_WIDER(fill_u2, uint16_t, int32_t)
FILL_WIDER(fill_u4, uint32_t, int64_t)

/* DECIMAL as DuckDB stores the narrower ones. */
#define FILL_DECIMAL(name, c_from)                                                       \
    static bool name(const column_reader *column, int64_t count, void *to, int64_t *bad) \
    {                                                                                    \
        (void)bad;                                                                       \
        SOURCE(c_from);                                                                  \
        mdm_int128 *values = to;                                                         \
        for (int64_t r = 0; r < count; r++)                                              \
            values[r] = (mdm_int128){(uint64_t)(int64_t)from[r], from[r] < 0 ? -1 : 0};  \
        return true;                                                                     \
    }
FILL_DECIMAL(fill_decimal_2, int16_t)
FILL_DECIMAL(fill_decimal_4, int32_t)
FILL_DECIMAL(fill_decimal_8, int64_t)

static bool fill_u8(const column_reader *column, int64_t count, void *to, int64_t *bad)
{
    (void)bad;
    SOURCE(uint64_t);
    mdm_int128 *values = to;
    for (int64_t r = 0; r < count; r++)
        values[r] = (mdm_int128){from[r], 0};
    return true;
}

/* Within 38 digits? 10^38 is 0x4B3B4CA85A86C47A_098A224000000000. */
static bool fits_38_digits(duckdb_hugeint value)
{
    const uint64_t high = UINT64_C(0x4B3B4CA85A86C47A), low = UINT64_C(0x098A224000000000);
    uint64_t upper = (uint64_t)value.upper, lower = value.lower;
    if (value.upper < 0) {
        lower = ~lower + 1;
        upper = ~upper + (lower == 0);
    }
    return upper < high || (upper == high && lower < low);
}

static bool fill_hugeint(const column_reader *column, int64_t count, void *to, int64_t *bad)
{
    SOURCE(duckdb_hugeint);
    mdm_int128 *values = to;
    for (int64_t r = 0; r < count; r++) {
        values[r] = (mdm_int128){from[r].lower, from[r].upper};
        if (IS_SET(r) && !fits_38_digits(from[r])) {
            *bad = r;
            return false;
        }
    }
    return true;
}

/* Seconds and milliseconds in microseconds; the infinities are the same numbers everywhere. */
static bool scale_up(const column_reader *column, int64_t count, int64_t factor, int64_t *values,
                     int64_t *bad)
{
    SOURCE(int64_t);
    for (int64_t r = 0; r < count; r++) {
        values[r] = from[r];
        if (!IS_SET(r) || from[r] == INT64_MAX || from[r] == -INT64_MAX) continue;
        if (__builtin_mul_overflow(from[r], factor, &values[r])) {
            *bad = r;
            return false;
        }
    }
    return true;
}

static bool fill_seconds(const column_reader *column, int64_t count, void *to, int64_t *bad)
{
    return scale_up(column, count, 1000000, to, bad);
}

static bool fill_millis(const column_reader *column, int64_t count, void *to, int64_t *bad)
{
    return scale_up(column, count, 1000, to, bad);
}

static bool fill_nanos(const column_reader *column, int64_t count, void *to, int64_t *bad)
{
    SOURCE(int64_t);
    int64_t *values = to;
    for (int64_t r = 0; r < count; r++) {
        const bool infinite = from[r] == INT64_MAX || from[r] == -INT64_MAX;
        values[r] = infinite ? from[r] : from[r] / 1000;
        if (!infinite && from[r] % 1000 != 0 && IS_SET(r)) {
            *bad = r;
            return false;
        }
    }
    return true;
}

static bool fill_nothing(const column_reader *column, int64_t count, void *to, int64_t *bad)
{
    (void)column, (void)count, (void)to, (void)bad;
    return true;
}

/* --- types ----------------------------------------------------------------------- */

typedef struct type_rule {
    duckdb_type from;
    mdm_type to;
    fill_function *fill;
} type_rule;

static const type_rule rules[] = {
    {DUCKDB_TYPE_BOOLEAN, {.id = MDM_TYPE_BOOL}, fill_bool},
    {DUCKDB_TYPE_TINYINT, {.id = MDM_TYPE_INT8}, fill_1},
    {DUCKDB_TYPE_SMALLINT, {.id = MDM_TYPE_INT16}, fill_2},
    {DUCKDB_TYPE_INTEGER, {.id = MDM_TYPE_INT32}, fill_4},
    {DUCKDB_TYPE_BIGINT, {.id = MDM_TYPE_INT64}, fill_8},
    {DUCKDB_TYPE_UTINYINT, {.id = MDM_TYPE_INT16}, fill_u1},
    {DUCKDB_TYPE_USMALLINT, {.id = MDM_TYPE_INT32}, fill_u2},
    {DUCKDB_TYPE_UINTEGER, {.id = MDM_TYPE_INT64}, fill_u4},
    {DUCKDB_TYPE_UBIGINT, {MDM_TYPE_DECIMAL, 20, 0}, fill_u8},
    {DUCKDB_TYPE_HUGEINT, {MDM_TYPE_DECIMAL, 38, 0}, fill_hugeint},
    {DUCKDB_TYPE_FLOAT, {.id = MDM_TYPE_FLOAT}, fill_4},
    {DUCKDB_TYPE_DOUBLE, {.id = MDM_TYPE_DOUBLE}, fill_8},
    {DUCKDB_TYPE_VARCHAR, {.id = MDM_TYPE_TEXT}, NULL},
    {DUCKDB_TYPE_BLOB, {.id = MDM_TYPE_BLOB}, NULL},
    {DUCKDB_TYPE_GEOMETRY, {.id = MDM_TYPE_BLOB}, NULL},
    {DUCKDB_TYPE_DATE, {.id = MDM_TYPE_DATE}, fill_4},
    {DUCKDB_TYPE_TIME, {.id = MDM_TYPE_TIME}, fill_8},
    {DUCKDB_TYPE_TIME_NS, {.id = MDM_TYPE_TIME}, fill_nanos},
    {DUCKDB_TYPE_TIMESTAMP, {.id = MDM_TYPE_TIMESTAMP}, fill_8},
    {DUCKDB_TYPE_TIMESTAMP_S, {.id = MDM_TYPE_TIMESTAMP}, fill_seconds},
    {DUCKDB_TYPE_TIMESTAMP_MS, {.id = MDM_TYPE_TIMESTAMP}, fill_millis},
    {DUCKDB_TYPE_TIMESTAMP_NS, {.id = MDM_TYPE_TIMESTAMP}, fill_nanos},
    {DUCKDB_TYPE_TIMESTAMP_TZ, {.id = MDM_TYPE_TIMESTAMPTZ}, fill_8},
    {DUCKDB_TYPE_SQLNULL, {.id = MDM_TYPE_NULL}, fill_nothing},
};

static void choose_decimal(column_reader *column, duckdb_logical_type type)
{
    column->type =
        (mdm_type){MDM_TYPE_DECIMAL, mdm_duck.decimal_width(type), mdm_duck.decimal_scale(type)};
    switch (column->node.storage) {
    case DUCKDB_TYPE_SMALLINT: column->fill = fill_decimal_2; break;
    case DUCKDB_TYPE_INTEGER: column->fill = fill_decimal_4; break;
    case DUCKDB_TYPE_BIGINT: column->fill = fill_decimal_8; break;
    default: column->fill = fill_16;
    }
}

static void choose(column_reader *column, duckdb_logical_type type)
{
    if (column->node.type == DUCKDB_TYPE_DECIMAL) {
        choose_decimal(column, type);
        return;
    }
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (rules[i].from != column->node.type) continue;
        column->type = rules[i].to;
        column->fill = rules[i].fill;
        return;
    }
    column->type = (mdm_type){.id = MDM_TYPE_TEXT};
    column->written = true;
}

static mdm_status column_open(column_reader *column, duckdb_result *result, size_t index,
                              mdm_field *field, mdm_error *err)
{
    field->name = mdm_duck.column_name(result, index);
    if (!field->name) return mdm_no_memory(err, "a column name");
    duckdb_logical_type type = mdm_duck.column_logical_type(result, index);
    const mdm_status status = mdm_node_init(&column->node, type, err);
    if (status == MDM_OK) choose(column, type);
    mdm_duck.destroy_logical_type(&type);
    mdm_text_init(&column->words);
    field->type = column->type;
    if (status == MDM_OK) return MDM_OK;
    mdm_error_context(err, status, "column '%s'", field->name);
    return mdm_error_hint(err, status, "select CAST(\"%s\" AS VARCHAR) instead", field->name);
}

mdm_status mdm_duckdb_reader_open(duckdb_result *result, mdm_duckdb_reader **out, mdm_error *err)
{
    const size_t count = mdm_duck.column_count(result);
    mdm_field *fields = mdm_alloc_zero(count, sizeof *fields);
    mdm_duckdb_reader *reader = mdm_alloc_zero(1, sizeof *reader);
    column_reader *columns = mdm_alloc_zero(count, sizeof *columns);
    size_t opened = 0;
    mdm_status status = MDM_OK;

    *out = NULL;
    if (!fields || !reader || !columns) {
        status = mdm_no_memory(err, "a result");
        goto done;
    }
    for (; opened < count && status == MDM_OK; opened++)
        status = column_open(&columns[opened], result, opened, &fields[opened], err);
    if (status == MDM_OK) status = mdm_schema_new(fields, count, &reader->schema, err);
    if (status != MDM_OK) goto done;

    reader->columns = columns;
    *out = reader;
    columns = NULL;
    reader = NULL;
done:
    for (size_t i = 0; columns && i < opened; i++)
        mdm_node_clear(&columns[i].node);
    mdm_free(columns);
    mdm_free(reader);
    mdm_free(fields);
    return status;
}

void mdm_duckdb_reader_close(mdm_duckdb_reader *reader)
{
    if (!reader) return;
    for (size_t i = 0; i < reader->schema->count; i++) {
        mdm_node_clear(&reader->columns[i].node);
        mdm_text_clear(&reader->columns[i].words);
        mdm_free(reader->columns[i].word_ends);
    }
    mdm_free(reader->columns);
    mdm_schema_unref(reader->schema);
    mdm_free(reader);
}

const mdm_schema *mdm_duckdb_reader_schema(const mdm_duckdb_reader *reader)
{
    return reader->schema;
}

/* --- measuring -------------------------------------------------------------------------- */

static size_t aligned(size_t bytes)
{
    return (bytes + 15) & ~(size_t)15;
}

/* Write the words of all rows into the column's buffer. */
static mdm_status write_words(column_reader *column, int64_t rows, mdm_error *err)
{
    if (column->word_size < (size_t)rows) {
        size_t *ends = mdm_realloc(column->word_ends, (size_t)rows * sizeof *ends);
        if (!ends) return mdm_no_memory(err, "a column of text");
        column->word_ends = ends;
        column->word_size = (size_t)rows;
    }
    mdm_text_reset(&column->words);
    for (int64_t r = 0; r < rows; r++) {
        if (IS_SET(r)) mdm_node_put(&column->node, (uint64_t)r, &column->words);
        column->word_ends[r] = column->words.len;
    }
    return mdm_text_status(&column->words, err);
}

static size_t string_bytes(const column_reader *column, int64_t rows)
{
    SOURCE(duckdb_string_t);
    size_t bytes = 0;
    if (!column->node.validity) {
        for (int64_t r = 0; r < rows; r++)
            bytes += from[r].value.inlined.length;
        return bytes;
    }
    for (int64_t r = 0; r < rows; r++)
        if (IS_SET(r)) bytes += from[r].value.inlined.length;
    return bytes;
}

static size_t fixed_bytes(mdm_type_id type, int64_t rows)
{
    static const uint8_t sizes[] = {
#define X(name, format, word, bytes) bytes,
        MDM_TYPE_LIST(X)
#undef X
    };
    if (type == MDM_TYPE_BOOL) return (size_t)(rows + 7) / 8;
    return (size_t)rows * sizes[type];
}

/* Memory that the column needs in the block. */
static mdm_status measure(column_reader *column, const char *name, int64_t rows, size_t *bytes,
                          mdm_error *err)
{
    *bytes += aligned((size_t)(rows + 7) / 8);
    if (column->fill) {
        *bytes += aligned(fixed_bytes(column->type.id, rows));
        return MDM_OK;
    }
    if (column->written) MDM_TRY(write_words(column, rows, err));
    const size_t text = column->written ? column->words.len : string_bytes(column, rows);
    if (text > INT32_MAX)
        return mdm_error_set(err, MDM_UNSUPPORTED,
                             "column '%s': %" PRId64
                             " values next to each other have %zu bytes, more "
                             "than a chunk holds",
                             name, rows, text);
    *bytes += aligned((size_t)(rows + 1) * sizeof(int32_t)) + aligned(text);
    return MDM_OK;
}

/* --- filling ------------------------------------------------------------------------------- */

static void *carve(uint8_t **memory, size_t bytes)
{
    void *piece = *memory;
    *memory += aligned(bytes);
    return piece;
}

static void fill_validity(const column_reader *column, int64_t rows, mdm_column *to,
                          uint8_t **memory)
{
    if (column->type.id == MDM_TYPE_NULL) { /* DuckDB's vector need not say it */
        to->null_count = rows;
        to->validity = memset(carve(memory, (size_t)(rows + 7) / 8), 0, (size_t)(rows + 7) / 8);
        return;
    }
    if (!column->node.validity) return;
    int64_t nulls = 0;
    for (int64_t r = 0; r < rows; r += 64) {
        uint64_t word = ~column->node.validity[r >> 6];
        if (rows - r < 64) word &= (UINT64_C(1) << (rows - r)) - 1;
        nulls += __builtin_popcountll(word);
    }
    if (nulls == 0) return;
    to->null_count = nulls;
    to->validity = memcpy(carve(memory, (size_t)(rows + 7) / 8), column->node.validity,
                          (size_t)(rows + 7) / 8);
}

static void fill_words(const column_reader *column, int64_t rows, mdm_column *to, uint8_t **memory)
{
    int32_t *offsets = carve(memory, (size_t)(rows + 1) * sizeof *offsets);
    offsets[0] = 0;
    for (int64_t r = 0; r < rows; r++)
        offsets[r + 1] = (int32_t)column->word_ends[r];
    to->offsets = offsets;
    to->values = memcpy(carve(memory, column->words.len), column->words.data, column->words.len);
}

static void fill_strings(const column_reader *column, int64_t rows, mdm_column *to,
                         uint8_t **memory)
{
    SOURCE(duckdb_string_t);
    int32_t *offsets = carve(memory, (size_t)(rows + 1) * sizeof *offsets);
    char *bytes = (char *)*memory, *end = bytes;
    for (int64_t r = 0; r < rows; r++) {
        offsets[r] = (int32_t)(end - bytes);
        if (!IS_SET(r)) continue;
        const uint32_t len = from[r].value.inlined.length;
        if (len <= sizeof from[r].value.inlined.inlined)
            memcpy(end, from[r].value.inlined.inlined, len);
        else memcpy(end, from[r].value.pointer.ptr, len);
        end += len;
    }
    offsets[rows] = (int32_t)(end - bytes);
    to->offsets = offsets;
    to->values = carve(memory, (size_t)(end - bytes));
}

static mdm_status fill_column(const mdm_duckdb_reader *reader, size_t index, int64_t rows,
                              mdm_column *to, uint8_t **memory, mdm_error *err)
{
    const column_reader *column = &reader->columns[index];
    const char *name = reader->schema->fields[index].name;
    fill_validity(column, rows, to, memory);
    if (!column->fill) {
        if (column->written) fill_words(column, rows, to, memory);
        else fill_strings(column, rows, to, memory);
        return MDM_OK;
    }
    void *values = carve(memory, fixed_bytes(column->type.id, rows));
    to->values = values;
    int64_t bad;
    if (column->fill(column, rows, values, &bad)) return MDM_OK;

    char word[32];
    mdm_text value;
    mdm_text_init(&value);
    mdm_node_put(&column->node, (uint64_t)bad, &value);
    mdm_error_set(err, MDM_FORMAT, "column '%s', row %" PRId64 ": %s has no exact place in %s",
                  name, reader->rows + bad + 1, value.data, mdm_type_text(column->type, word));
    mdm_text_clear(&value);
    return mdm_error_hint(err, MDM_FORMAT, "CAST the column to VARCHAR, or to a type that rounds");
}

mdm_status mdm_duckdb_reader_chunk(mdm_duckdb_reader *reader, duckdb_data_chunk chunk,
                                   mdm_chunk **out, mdm_error *err)
{
    const int64_t rows = (int64_t)mdm_duck.data_chunk_get_size(chunk);
    const size_t count = reader->schema->count;
    size_t bytes = 0;
    *out = NULL;
    for (size_t i = 0; i < count; i++) {
        mdm_node_bind(&reader->columns[i].node, mdm_duck.data_chunk_get_vector(chunk, i));
        MDM_TRY(measure(&reader->columns[i], reader->schema->fields[i].name, rows, &bytes, err));
    }

    mdm_chunk *made;
    mdm_column *columns;
    void *block;
    MDM_TRY(mdm_chunk_block(reader->schema, rows, bytes, &made, &columns, &block, err));
    uint8_t *memory = block;
    for (size_t i = 0; i < count; i++) {
        const mdm_status status = fill_column(reader, i, rows, &columns[i], &memory, err);
        if (status == MDM_OK) continue;
        mdm_chunk_unref(made);
        return status;
    }
    reader->rows += rows;
    *out = made;
    return MDM_OK;
}
