/* chunk.h - rows in memory, column by column, in the Arrow C data layout.
 *
 * A chunk is immutable once it has been built, so it may be read by several
 * threads; it is counted, and the last mdm_chunk_unref() frees it. A stream is
 * used by one thread at a time.
 *
 *     mdm_chunk *chunk;
 *     while ((status = mdm_stream_next(&stream, &chunk, &err)) == MDM_OK && chunk) {
 *         const mdm_column *price = &chunk->columns[2];
 *         for (int64_t r = 0; r < chunk->rows; r++)
 *             if (mdm_column_is_set(price, r)) sum += ((const double *)price->values)[r];
 *         mdm_chunk_unref(chunk);
 *     }
 *     mdm_stream_close(&stream);
 *
 * Layout: https://arrow.apache.org/docs/format/CDataInterface.html */
#ifndef MDM_CHUNK_H
#define MDM_CHUNK_H

#include "mdm/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- the Arrow C data interface, as its specification prints it --------- */

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};
#endif

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};
#endif

/* --- types -------------------------------------------------------------- */

/* One row per type: suffix, Arrow format, the word shown to people and accepted
 * by --type, bytes of one value (0: bits or variable). A decimal's format is
 * "d:PRECISION,SCALE". Nested values of files and databases travel as TEXT
 * holding JSON; unsigned 64-bit values as DECIMAL(20,0). */
#define MDM_TYPE_LIST(X)                       \
    X(NULL, "n", "NULL", 0)                    \
    X(BOOL, "b", "BOOLEAN", 0)                 \
    X(INT8, "c", "TINYINT", 1)                 \
    X(INT16, "s", "SMALLINT", 2)               \
    X(INT32, "i", "INTEGER", 4)                \
    X(INT64, "l", "BIGINT", 8)                 \
    X(FLOAT, "f", "FLOAT", 4)                  \
    X(DOUBLE, "g", "DOUBLE", 8)                \
    X(DECIMAL, "d", "DECIMAL", 16)             \
    X(TEXT, "u", "VARCHAR", 0)                 \
    X(BLOB, "z", "BLOB", 0)                    \
    X(DATE, "tdD", "DATE", 4)                  \
    X(TIME, "ttu", "TIME", 8)                  \
    X(TIMESTAMP, "tsu:", "TIMESTAMP", 8)       \
    X(TIMESTAMPTZ, "tsu:UTC", "TIMESTAMP WITH TIME ZONE", 8)

typedef enum mdm_type_id {
#define X(name, format, word, bytes) MDM_TYPE_##name,
    MDM_TYPE_LIST(X)
#undef X
    MDM_TYPE_COUNT
} mdm_type_id;

typedef struct mdm_type {
    mdm_type_id id;
    uint8_t precision; /* DECIMAL: 1 to 38; others 0 */
    uint8_t scale;     /* DECIMAL: 0 to precision */
} mdm_type;

/* "BIGINT", "DECIMAL(18,2)" into text (at least 32 bytes); returns text. */
MDM_API char *mdm_type_text(mdm_type type, char *text);

/* Read such a word (any case; also int, integer, bigint, text, varchar, string,
 * float, double, real, bool, date, datetime, timestamp, timestamptz, time, blob,
 * decimal(p,s)). MDM_INVALID: unknown; the message lists what is allowed. */
MDM_API MDM_MUST_CHECK mdm_status mdm_type_parse(mdm_str word, mdm_type *out, mdm_error *err);

/* --- schema ------------------------------------------------------------- */

typedef struct mdm_field {
    const char *name; /* UTF-8, NUL-terminated, owned by the schema */
    mdm_type type;
} mdm_field;

/* Names and types of columns. Immutable and counted. */
typedef struct mdm_schema {
    size_t count;
    const mdm_field *fields;
} mdm_schema;

/* Copy count fields. MDM_NO_MEMORY. The caller owns *out: mdm_schema_unref(). */
MDM_API MDM_MUST_CHECK mdm_status mdm_schema_new(const mdm_field *fields, size_t count,
                                                 mdm_schema **out, mdm_error *err);
MDM_API mdm_schema *mdm_schema_ref(const mdm_schema *schema); /* the same one, counted */
MDM_API void mdm_schema_unref(const mdm_schema *schema);      /* NULL allowed */
/* Position of a column by exact name, or SIZE_MAX. */
MDM_API size_t mdm_schema_find(const mdm_schema *schema, mdm_str name);

/* --- chunk -------------------------------------------------------------- */

/* 128-bit two's complement number, low half first: a DECIMAL without its point. */
typedef struct mdm_int128 {
    uint64_t low;
    int64_t high;
} mdm_int128;

/* One column of a chunk; borrowed from it. values holds, by type: bits (BOOL,
 * bit r of byte r/8), int8_t, int16_t, int32_t (INT32; DATE: days since
 * 1970-01-01), int64_t (INT64; TIME: microseconds since midnight; TIMESTAMP and
 * TIMESTAMPTZ: microseconds since 1970-01-01T00:00 UTC), float, double,
 * mdm_int128 (DECIMAL), bytes (TEXT, BLOB). A DATE of INT32_MAX or -INT32_MAX
 * and a timestamp of INT64_MAX or -INT64_MAX are plus and minus infinity. */
typedef struct mdm_column {
    mdm_type type;
    const uint8_t *validity; /* bit r set: row r has a value; NULL: all have */
    const void *values;
    const int32_t *offsets;  /* TEXT, BLOB: rows + 1 of them, into values */
    int64_t null_count;
} mdm_column;

typedef struct mdm_chunk {
    const mdm_schema *schema; /* held by the chunk */
    int64_t rows;
    const mdm_column *columns; /* schema->count of them */
} mdm_chunk;

MDM_API mdm_chunk *mdm_chunk_ref(const mdm_chunk *chunk);
MDM_API void mdm_chunk_unref(const mdm_chunk *chunk); /* NULL allowed */
MDM_API size_t mdm_chunk_bytes(const mdm_chunk *chunk); /* memory it holds */

/* rows [first, first + rows) of chunk, sharing its memory. The caller owns *out. */
MDM_API MDM_MUST_CHECK mdm_status mdm_chunk_slice(const mdm_chunk *chunk, int64_t first,
                                                  int64_t rows, mdm_chunk **out, mdm_error *err);

static inline bool mdm_column_is_set(const mdm_column *column, int64_t row)
{
    return !column->validity || (column->validity[row >> 3] >> (row & 7) & 1);
}

static inline mdm_str mdm_column_bytes(const mdm_column *column, int64_t row)
{
    mdm_str bytes = {(const char *)column->values + column->offsets[row],
                     (size_t)(column->offsets[row + 1] - column->offsets[row])};
    return bytes;
}

/* A cell as people and CSV see it: shortest text that reads back equal, ISO dates
 * ("2024-02-29 13:05:00.25", zoned ones with "+00:00"), true/false, blobs as hex
 * with \x. Fixed-size types need at most MDM_CELL_TEXT bytes of room and are written
 * there; TEXT is returned in place; BLOB is cut to the room. NULL cells: data NULL. */
#define MDM_CELL_TEXT 64
MDM_API mdm_str mdm_cell_text(const mdm_column *column, int64_t row, char *room, size_t size);

/* --- building ----------------------------------------------------------- */

/* Fills one chunk after the other, cell by cell in any column order; a column
 * must have been given as many cells as the others when the chunk is finished.
 * One thread at a time. */
typedef struct mdm_builder mdm_builder;

/* A builder for up to capacity rows a chunk. The caller owns *out. */
MDM_API MDM_MUST_CHECK mdm_status mdm_builder_open(const mdm_schema *schema, int64_t capacity,
                                                   mdm_builder **out, mdm_error *err);
MDM_API void mdm_builder_close(mdm_builder *builder); /* NULL allowed */

/* Append one cell to a column. The value must be of the column's own type:
 * _int for BOOL (0 or 1), INT8 to INT64, DATE, TIME, TIMESTAMP, TIMESTAMPTZ, checked
 * against the width; _real for FLOAT and DOUBLE; _bytes for TEXT and BLOB (copied; TEXT
 * must be UTF-8: the caller checks foreign text). MDM_INVALID: a value out of
 * range or another type; MDM_NO_MEMORY: the chunk is unchanged. */
MDM_API MDM_MUST_CHECK mdm_status mdm_builder_null(mdm_builder *builder, size_t column);
MDM_API MDM_MUST_CHECK mdm_status mdm_builder_int(mdm_builder *builder, size_t column,
                                                  int64_t value);
MDM_API MDM_MUST_CHECK mdm_status mdm_builder_real(mdm_builder *builder, size_t column,
                                                   double value);
MDM_API MDM_MUST_CHECK mdm_status mdm_builder_decimal(mdm_builder *builder, size_t column,
                                                      mdm_int128 value);
MDM_API MDM_MUST_CHECK mdm_status mdm_builder_bytes(mdm_builder *builder, size_t column,
                                                    mdm_str bytes);
MDM_API int64_t mdm_builder_rows(const mdm_builder *builder, size_t column);

/* Hand the rows gathered so far to the caller as a chunk and begin the next one.
 * No rows: *out is a chunk of 0 rows. MDM_NO_MEMORY, MDM_INVALID (uneven columns). */
MDM_API MDM_MUST_CHECK mdm_status mdm_builder_finish(mdm_builder *builder, mdm_chunk **out,
                                                     mdm_error *err);

/* --- streams ------------------------------------------------------------ */

/* A source of chunks that all have one schema. */
typedef struct mdm_stream {
    const mdm_schema *schema; /* held by the stream until close */
    /* *out: the next chunk, owned by the caller; NULL at the end. After a failure
     * or the end the stream may only be closed. */
    mdm_status (*next)(struct mdm_stream *stream, mdm_chunk **out, mdm_error *err);
    void (*close)(struct mdm_stream *stream); /* frees self and schema */
    void *self;
} mdm_stream;

static inline mdm_status mdm_stream_next(mdm_stream *stream, mdm_chunk **out, mdm_error *err)
{
    return stream->next(stream, out, err);
}
/* A zeroed or closed stream is allowed. */
MDM_API void mdm_stream_close(mdm_stream *stream);

/* --- Arrow in and out --------------------------------------------------- */

/* Export; *out is released by its receiver. The chunk is referenced, not copied. */
MDM_API MDM_MUST_CHECK mdm_status mdm_schema_export(const mdm_schema *schema,
                                                    struct ArrowSchema *out, mdm_error *err);
MDM_API MDM_MUST_CHECK mdm_status mdm_chunk_export(const mdm_chunk *chunk, struct ArrowArray *out,
                                                   mdm_error *err);
/* The stream moves into *out (it is zeroed): releasing *out closes it. */
MDM_API MDM_MUST_CHECK mdm_status mdm_stream_export(mdm_stream *stream,
                                                    struct ArrowArrayStream *out, mdm_error *err);

/* Import; the Arrow struct is moved in (its release becomes NULL), also on
 * failure. Widened or rewritten: unsigned integers, large and view strings,
 * date64, other time units, dictionaries, half floats. MDM_UNSUPPORTED: nested
 * types and others, with the column's name. Buffers are trusted as Arrow
 * says; text is checked to be UTF-8 (MDM_FORMAT). */
MDM_API MDM_MUST_CHECK mdm_status mdm_schema_import(struct ArrowSchema *arrow, mdm_schema **out,
                                                    mdm_error *err);
MDM_API MDM_MUST_CHECK mdm_status mdm_stream_import(struct ArrowArrayStream *arrow,
                                                    mdm_stream *out, mdm_error *err);

/* --- single values ------------------------------------------------------ */

/* A parameter of a statement. Borrowed bytes must live until the call returns. */
typedef struct mdm_value {
    mdm_type_id type; /* NULL, BOOL, INT64, DOUBLE, TEXT, BLOB; DATE, TIME, TIMESTAMP,
                         TIMESTAMPTZ in the units of mdm_column (integer) */
    union {
        int64_t integer;
        double real;
        mdm_str bytes;
    } as;
} mdm_value;

#ifdef __cplusplus
}
#endif
#endif
