/* Rows in COPY's binary form: a header, then for each row the number of fields and for each field
 * its length (-1: NULL) and its bytes, the highest first; at the end -1 for a number of fields.
 *
 * This loop is what a load costs on our side, so what can be known per column or chunk is settled
 * there: which operation a column needs, and that no text of a chunk holds a NUL byte. */
#include <endian.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "storage/postgresql_driver.h"
#include "storage/postgresql_numeric.h"

#define PUT_BYTES ((size_t)64 << 10) /* handed on at once */

typedef enum op {
    OP_NULL, /* no value at all */
    OP_BOOL,
    OP_2, /* as many bytes, as they are */
    OP_4,
    OP_8,
    OP_DATE,
    OP_TIMESTAMP,
    OP_BYTES,
    OP_JSONB,
    OP_DECIMAL,
    OP_FLOAT_DOUBLE,
    OP_INT, /* an integer of any width into a number of another type */
    OP_NONE /* there is no way */
} op;

typedef struct column {
    op op;
    mdm_type type;
    Oid target;
    /* of the chunk at hand */
    const uint8_t *validity;
    const unsigned char *values;
    const int32_t *offsets;
} column;

struct pg_encoder {
    const mdm_schema *schema; /* held */
    pg_put *put;
    void *self;
    int64_t row;      /* rows of earlier chunks */
    size_t row_bytes; /* the most that a row takes, without text */
    size_t used;
    unsigned char *buffer; /* PUT_BYTES and row_bytes twice */
    size_t count;
    column columns[];
};

/* --- which operation ------------------------------------------------------ */

/* The types of the dialect's words. */
static Oid natural_target(mdm_type_id id)
{
    static const Oid targets[MDM_TYPE_COUNT] = {
        [MDM_TYPE_NULL] = PG_TEXT,
        [MDM_TYPE_BOOL] = PG_BOOL,
        [MDM_TYPE_INT8] = PG_INT2,
        [MDM_TYPE_INT16] = PG_INT2,
        [MDM_TYPE_INT32] = PG_INT4,
        [MDM_TYPE_INT64] = PG_INT8,
        [MDM_TYPE_FLOAT] = PG_FLOAT4,
        [MDM_TYPE_DOUBLE] = PG_FLOAT8,
        [MDM_TYPE_DECIMAL] = PG_NUMERIC,
        [MDM_TYPE_TEXT] = PG_TEXT,
        [MDM_TYPE_BLOB] = PG_BYTEA,
        [MDM_TYPE_DATE] = PG_DATE,
        [MDM_TYPE_TIME] = PG_TIME,
        [MDM_TYPE_TIMESTAMP] = PG_TIMESTAMP,
        [MDM_TYPE_TIMESTAMPTZ] = PG_TIMESTAMPTZ,
    };
    return targets[id];
}

static bool is_int_target(Oid target)
{
    return target == PG_INT2 || target == PG_INT4 || target == PG_INT8 || target == PG_FLOAT8 ||
           target == PG_NUMERIC;
}

static op int_op(mdm_type_id id, Oid target)
{
    if (id == MDM_TYPE_INT64 && target == PG_INT8) return OP_8;
    if (id == MDM_TYPE_INT32 && target == PG_INT4) return OP_4;
    if (id == MDM_TYPE_INT16 && target == PG_INT2) return OP_2;
    return is_int_target(target) ? OP_INT : OP_NONE;
}

static op text_op(Oid target)
{
    switch (target) {
    case PG_TEXT:
    case PG_VARCHAR:
    case PG_BPCHAR:
    case PG_NAME:
    case PG_JSON: return OP_BYTES;
    case PG_JSONB: return OP_JSONB;
    default: return OP_NONE;
    }
}

static op op_for(mdm_type_id id, Oid target)
{
    switch (id) {
    case MDM_TYPE_NULL: return OP_NULL;
    case MDM_TYPE_BOOL: return target == PG_BOOL ? OP_BOOL : OP_NONE;
    case MDM_TYPE_INT8:
    case MDM_TYPE_INT16:
    case MDM_TYPE_INT32:
    case MDM_TYPE_INT64: return int_op(id, target);
    case MDM_TYPE_FLOAT:
        return target == PG_FLOAT4 ? OP_4 : target == PG_FLOAT8 ? OP_FLOAT_DOUBLE : OP_NONE;
    case MDM_TYPE_DOUBLE: return target == PG_FLOAT8 ? OP_8 : OP_NONE;
    case MDM_TYPE_DECIMAL: return target == PG_NUMERIC ? OP_DECIMAL : OP_NONE;
    case MDM_TYPE_TEXT: return text_op(target);
    case MDM_TYPE_BLOB: return target == PG_BYTEA ? OP_BYTES : OP_NONE;
    case MDM_TYPE_DATE: return target == PG_DATE ? OP_DATE : OP_NONE;
    case MDM_TYPE_TIME: return target == PG_TIME ? OP_8 : OP_NONE;
    case MDM_TYPE_TIMESTAMP: return target == PG_TIMESTAMP ? OP_TIMESTAMP : OP_NONE;
    case MDM_TYPE_TIMESTAMPTZ: return target == PG_TIMESTAMPTZ ? OP_TIMESTAMP : OP_NONE;
    case MDM_TYPE_COUNT: break;
    }
    return OP_NONE;
}

/* Would the server round on the way in, without a word? */
static bool would_round(mdm_type type, const pg_column *target)
{
    if (target->modifier < 0) return false;
    switch (type.id) {
    case MDM_TYPE_DECIMAL:
        return target->type.id == MDM_TYPE_DECIMAL && type.scale > target->type.scale;
    case MDM_TYPE_TIME:
    case MDM_TYPE_TIMESTAMP:
    case MDM_TYPE_TIMESTAMPTZ: return target->modifier < 6;
    default: return false;
    }
}

static mdm_status choose_op(const mdm_field *field, const pg_column *target, column *out,
                            mdm_error *err)
{
    out->type = field->type;
    out->target = target ? target->oid : natural_target(field->type.id);
    out->op = op_for(field->type.id, out->target);
    if (out->op != OP_NONE && !(target && would_round(field->type, target))) return MDM_OK;
    char type[32];
    mdm_error_set(err, MDM_FORMAT, "column '%s': the table's column does not take %s as it is",
                  field->name, mdm_type_text(field->type, type));
    return mdm_error_hint(err, MDM_FORMAT, "load it as the type that the table has");
}

/* --- opening and closing -------------------------------------------------- */

static const unsigned char header[19] = {'P', 'G', 'C', 'O', 'P', 'Y', '\n', 0xff, '\r', '\n'};

mdm_status mdm_pg_encoder_open(const mdm_schema *schema, const pg_column *targets, pg_put *put,
                               void *self, pg_encoder **out, mdm_error *err)
{
    *out = NULL;
    pg_encoder *e = mdm_alloc_zero(1, sizeof *e + schema->count * sizeof *e->columns);
    if (!e) return mdm_no_memory(err, "loading rows");
    e->schema = mdm_schema_ref(schema);
    e->put = put;
    e->self = self;
    e->count = schema->count;
    e->row_bytes = 2 + schema->count * (4 + MDM_PG_NUMERIC_BYTES);
    e->buffer = mdm_alloc(PUT_BYTES + 2 * e->row_bytes);
    mdm_status status = e->buffer ? MDM_OK : mdm_no_memory(err, "loading rows");
    for (size_t i = 0; i < e->count && status == MDM_OK; i++)
        status = choose_op(&schema->fields[i], targets ? &targets[i] : NULL, &e->columns[i], err);
    if (status != MDM_OK) {
        mdm_pg_encoder_close(e);
        return status;
    }
    memcpy(e->buffer, header, sizeof header);
    e->used = sizeof header;
    *out = e;
    return MDM_OK;
}

void mdm_pg_encoder_close(pg_encoder *e)
{
    if (!e) return;
    mdm_schema_unref(e->schema);
    mdm_free(e->buffer);
    mdm_free(e);
}

/* --- single fields -------------------------------------------------------- */

static inline unsigned char *put16(unsigned char *at, uint16_t value)
{
    value = htobe16(value);
    memcpy(at, &value, sizeof value);
    return at + sizeof value;
}

static inline unsigned char *put32(unsigned char *at, uint32_t value)
{
    value = htobe32(value);
    memcpy(at, &value, sizeof value);
    return at + sizeof value;
}

static inline unsigned char *put64(unsigned char *at, uint64_t value)
{
    value = htobe64(value);
    memcpy(at, &value, sizeof value);
    return at + sizeof value;
}

static inline unsigned char *put_double(unsigned char *at, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return put64(put32(at, 8), bits);
}

/* The n-th value of these bytes. */
#define VALUE(column, type, row) (((const type *)(const void *)(column)->values)[row])

static int32_t wire_days(int32_t days)
{
    if (days == INT32_MAX) return INT32_MAX;
    if (days == -INT32_MAX) return INT32_MIN;
    /* Before all dates of PostgreSQL: it shall say so. */
    return days < INT32_MIN + 2 + PG_EPOCH_DAYS ? INT32_MIN + 1 : days - PG_EPOCH_DAYS;
}

static int64_t wire_microseconds(int64_t us)
{
    if (us == INT64_MAX) return INT64_MAX;
    if (us == -INT64_MAX) return INT64_MIN;
    return us < INT64_MIN + 2 + PG_EPOCH_US ? INT64_MIN + 1 : us - PG_EPOCH_US;
}

static unsigned char *put_decimal(unsigned char *at, mdm_int128 value, int scale)
{
    size_t len = mdm_pg_numeric_write(value, scale, at + 4);
    put32(at, (uint32_t)len);
    return at + 4 + len;
}

static int64_t int_value(const column *c, int64_t row)
{
    switch (c->type.id) {
    case MDM_TYPE_INT8: return VALUE(c, int8_t, row);
    case MDM_TYPE_INT16: return VALUE(c, int16_t, row);
    case MDM_TYPE_INT32: return VALUE(c, int32_t, row);
    default: return VALUE(c, int64_t, row);
    }
}

/* NULL: the value does not fit. */
static unsigned char *put_int(unsigned char *at, const column *c, int64_t row)
{
    const int64_t value = int_value(c, row), largest_real = INT64_C(1) << 53;
    switch (c->target) {
    case PG_INT2: return value == (int16_t)value ? put16(put32(at, 2), (uint16_t)value) : NULL;
    case PG_INT4: return value == (int32_t)value ? put32(put32(at, 4), (uint32_t)value) : NULL;
    case PG_INT8: return put64(put32(at, 8), (uint64_t)value);
    case PG_FLOAT8:
        if (value > largest_real || value < -largest_real) return NULL;
        return put_double(at, (double)value);
    default: return put_decimal(at, (mdm_int128){(uint64_t)value, value < 0 ? -1 : 0}, 0);
    }
}

/* --- rows ----------------------------------------------------------------- */

static mdm_status hand_on(pg_encoder *e, unsigned char **at, mdm_error *err)
{
    size_t len = (size_t)(*at - e->buffer);
    *at = e->buffer;
    return e->put(e->self, e->buffer, len, err);
}

/* Bytes of any length behind their length; prefix: of jsonb. */
static mdm_status put_bytes(pg_encoder *e, unsigned char **at, mdm_str bytes, bool prefix,
                            mdm_error *err)
{
    *at = put32(*at, (uint32_t)(bytes.len + prefix));
    if (prefix) *(*at)++ = 1; /* its version */
    const unsigned char *end = e->buffer + PUT_BYTES + e->row_bytes;
    if (bytes.len <= (size_t)(end - *at)) {
        if (bytes.len > 0) memcpy(*at, bytes.data, bytes.len);
        *at += bytes.len;
        return MDM_OK;
    }
    MDM_TRY(hand_on(e, at, err));
    while (bytes.len > PUT_BYTES) {
        MDM_TRY(e->put(e->self, (const unsigned char *)bytes.data, PUT_BYTES, err));
        bytes = (mdm_str){bytes.data + PUT_BYTES, bytes.len - PUT_BYTES};
    }
    if (bytes.len > 0) memcpy(*at, bytes.data, bytes.len);
    *at += bytes.len;
    return MDM_OK;
}

static mdm_status misfit(const pg_encoder *e, size_t i, int64_t row, const char *why,
                         mdm_error *err)
{
    return mdm_error_set(err, MDM_FORMAT, "column '%s', row %lld: %s", e->schema->fields[i].name,
                         (long long)(e->row + row + 1), why);
}

static inline mdm_str bytes_at(const column *c, int64_t row)
{
    return (mdm_str){(const char *)c->values + c->offsets[row],
                     (size_t)(c->offsets[row + 1] - c->offsets[row])};
}

static mdm_status add_row(pg_encoder *e, int64_t row, mdm_error *err)
{
    unsigned char *at = put16(e->buffer + e->used, (uint16_t)e->count);
    for (size_t i = 0; i < e->count; i++) {
        const column *c = &e->columns[i];
        if (c->validity && !(c->validity[row >> 3] >> (row & 7) & 1)) {
            at = put32(at, UINT32_MAX);
            continue;
        }
        switch (c->op) {
        case OP_8: at = put64(put32(at, 8), VALUE(c, uint64_t, row)); break;
        case OP_4: at = put32(put32(at, 4), VALUE(c, uint32_t, row)); break;
        case OP_2: at = put16(put32(at, 2), VALUE(c, uint16_t, row)); break;
        case OP_BYTES: MDM_TRY(put_bytes(e, &at, bytes_at(c, row), false, err)); break;
        case OP_TIMESTAMP:
            at = put64(put32(at, 8), (uint64_t)wire_microseconds(VALUE(c, int64_t, row)));
            break;
        case OP_DATE: at = put32(put32(at, 4), (uint32_t)wire_days(VALUE(c, int32_t, row))); break;
        case OP_DECIMAL: at = put_decimal(at, VALUE(c, mdm_int128, row), c->type.scale); break;
        case OP_BOOL:
            at = put32(at, 1);
            *at++ = c->values[row >> 3] >> (row & 7) & 1;
            break;
        case OP_FLOAT_DOUBLE: at = put_double(at, (double)VALUE(c, float, row)); break;
        case OP_JSONB: MDM_TRY(put_bytes(e, &at, bytes_at(c, row), true, err)); break;
        case OP_INT:
            at = put_int(at, c, row);
            if (!at)
                return misfit(e, i, row, "the table's column is too narrow for the value", err);
            break;
        case OP_NULL:
        case OP_NONE: at = put32(at, UINT32_MAX); break;
        }
    }
    e->used = (size_t)(at - e->buffer);
    return MDM_OK;
}

/* Text with a NUL byte somewhere in the chunk; cells that are NULL may hold anything. */
static mdm_status check_text(const pg_encoder *e, size_t i, int64_t rows, mdm_error *err)
{
    const column *c = &e->columns[i];
    const unsigned char *begin = c->values + c->offsets[0], *end = c->values + c->offsets[rows];
    if (begin == end || !memchr(begin, 0, (size_t)(end - begin))) return MDM_OK;
    for (int64_t row = 0; row < rows; row++) {
        mdm_str text = bytes_at(c, row);
        bool is_set = !c->validity || (c->validity[row >> 3] >> (row & 7) & 1);
        if (is_set && text.len && memchr(text.data, 0, text.len))
            return misfit(e, i, row, "PostgreSQL keeps no text with a NUL byte", err);
    }
    return MDM_OK;
}

mdm_status mdm_pg_encoder_add(pg_encoder *e, const mdm_chunk *chunk, mdm_error *err)
{
    for (size_t i = 0; i < e->count; i++) {
        column *c = &e->columns[i];
        c->validity = chunk->columns[i].validity;
        c->values = chunk->columns[i].values;
        c->offsets = chunk->columns[i].offsets;
        if (c->type.id == MDM_TYPE_TEXT && chunk->rows > 0)
            MDM_TRY(check_text(e, i, chunk->rows, err));
    }
    for (int64_t row = 0; row < chunk->rows; row++) {
        MDM_TRY(add_row(e, row, err));
        if (e->used < PUT_BYTES) continue;
        unsigned char *at = e->buffer + e->used;
        e->used = 0;
        MDM_TRY(hand_on(e, &at, err));
    }
    e->row += chunk->rows;
    return MDM_OK;
}

mdm_status mdm_pg_encoder_end(pg_encoder *e, mdm_error *err)
{
    unsigned char *at = put16(e->buffer + e->used, UINT16_MAX);
    e->used = 0;
    return hand_on(e, &at, err);
}
