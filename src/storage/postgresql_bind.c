/* Values as parameters. The server has said which type each placeholder has: where it is the
 * value's own, the value goes in binary; else as text, for the type's own input function. */
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "data/days.h"
#include "storage/postgresql_driver.h"

enum { FORMAT_TEXT = 0, FORMAT_BINARY = 1 };

mdm_status mdm_pg_binding_open(pg_binding *b, size_t count, mdm_error *err)
{
    mdm_text_init(&b->bytes);
    b->values = mdm_alloc_zero(count, sizeof *b->values);
    b->lengths = mdm_alloc_zero(count, sizeof *b->lengths);
    b->formats = mdm_alloc_zero(count, sizeof *b->formats);
    b->offsets = mdm_alloc_zero(count, sizeof *b->offsets);
    if (b->values && b->lengths && b->formats && b->offsets) return MDM_OK;
    mdm_pg_binding_clear(b);
    return mdm_no_memory(err, "the parameters of a statement");
}

void mdm_pg_binding_clear(pg_binding *b)
{
    mdm_free(b->values);
    mdm_free(b->lengths);
    mdm_free(b->formats);
    mdm_free(b->offsets);
    if (b->bytes.data) mdm_text_clear(&b->bytes);
    memset(b, 0, sizeof *b);
}

/* --- the two forms -------------------------------------------------------- */

/* The lowest `bytes` bytes of bits, the highest one first. */
static void put_binary(pg_binding *b, size_t i, uint64_t bits, int bytes)
{
    char network[8];
    for (int k = bytes - 1; k >= 0; k--, bits >>= 8)
        network[k] = (char)(bits & 0xff);
    b->offsets[i] = b->bytes.len;
    b->lengths[i] = bytes;
    b->formats[i] = FORMAT_BINARY;
    mdm_text_add(&b->bytes, (mdm_str){network, (size_t)bytes});
}

static void begin_text(pg_binding *b, size_t i)
{
    b->offsets[i] = b->bytes.len;
    b->lengths[i] = 0; /* text ends at its NUL */
    b->formats[i] = FORMAT_TEXT;
}

static void put_text(pg_binding *b, size_t i, mdm_str text)
{
    begin_text(b, i);
    mdm_text_add(&b->bytes, text);
    mdm_text_putc(&b->bytes, '\0');
}

static void put_words(pg_binding *b, size_t i, const char *words)
{
    put_text(b, i, mdm_str_from(words));
}

static void put_borrowed(pg_binding *b, size_t i, mdm_str bytes)
{
    b->offsets[i] = SIZE_MAX;
    b->values[i] = bytes.len ? bytes.data : "";
    b->lengths[i] = (int)bytes.len;
    b->formats[i] = FORMAT_BINARY;
}

/* --- by the kind of value ------------------------------------------------- */

static bool is_number(Oid type)
{
    return type == PG_INT2 || type == PG_INT4 || type == PG_INT8 || type == PG_FLOAT4 ||
           type == PG_FLOAT8 || type == PG_NUMERIC || type == PG_OID;
}

static bool is_text(Oid type)
{
    return type == PG_TEXT || type == PG_VARCHAR || type == PG_BPCHAR || type == PG_NAME ||
           type == PG_JSON || type == PG_UNKNOWN;
}

static void put_int(pg_binding *b, size_t i, Oid type, int64_t value)
{
    /* What does not fit goes as text: the server words its refusal better than we could. */
    if (type == PG_INT8) put_binary(b, i, (uint64_t)value, 8);
    else if (type == PG_INT4 && value >= INT32_MIN && value <= INT32_MAX)
        put_binary(b, i, (uint64_t)value, 4);
    else if (type == PG_INT2 && value >= INT16_MIN && value <= INT16_MAX)
        put_binary(b, i, (uint64_t)value, 2);
    else {
        char digits[24];
        snprintf(digits, sizeof digits, "%" PRId64, value);
        put_words(b, i, digits);
    }
}

static void put_real(pg_binding *b, size_t i, Oid type, double value)
{
    uint64_t bits;
    char text[40];
    bool whole = value >= -9e15 && value <= 9e15 && value == nearbyint(value);
    memcpy(&bits, &value, sizeof bits);
    if (type == PG_FLOAT8) put_binary(b, i, bits, 8);
    else if (whole && (type == PG_INT2 || type == PG_INT4 || type == PG_INT8))
        put_int(b, i, type, (int64_t)value);
    else put_text(b, i, (mdm_str){text, mdm_real_text(value, text)});
}

/* Dates and times as text, by the one function that writes them for people. */
static void put_time_text(pg_binding *b, size_t i, mdm_type_id type, int64_t value)
{
    char room[MDM_CELL_TEXT];
    int32_t days = (int32_t)value;
    mdm_column column = {.type = {type, 0, 0}, .values = &value};
    if (type == MDM_TYPE_DATE) column.values = &days;
    put_text(b, i, mdm_cell_text(&column, 0, room, sizeof room));
}

static int64_t infinite_or(int64_t value, int64_t plus, int64_t otherwise)
{
    return value == plus ? INT64_MAX : value == -plus ? INT64_MIN : otherwise;
}

/* Saturating: what is beyond all timestamps stays so, and the server says so. */
static int64_t minus(int64_t value, int64_t epoch)
{
    return value < INT64_MIN + 2 + epoch ? INT64_MIN + 1 : value - epoch;
}

static void put_date(pg_binding *b, size_t i, Oid type, int64_t days)
{
    bool finite = days != INT32_MAX && days != -INT32_MAX;
    if (type == PG_DATE) {
        int64_t wire = finite ? days - PG_EPOCH_DAYS : days > 0 ? INT32_MAX : INT32_MIN;
        put_binary(b, i, (uint64_t)wire, 4);
    } else if (type == PG_TIMESTAMP || type == PG_TIMESTAMPTZ) {
        int64_t us = finite ? (days - PG_EPOCH_DAYS) * MDM_MICROS_PER_DAY : 0;
        put_binary(b, i, (uint64_t)infinite_or(days, INT32_MAX, us), 8);
    } else {
        put_time_text(b, i, MDM_TYPE_DATE, days);
    }
}

static void put_timestamp(pg_binding *b, size_t i, Oid type, mdm_type_id id, int64_t us)
{
    if (type == PG_TIMESTAMP || type == PG_TIMESTAMPTZ)
        put_binary(b, i, (uint64_t)infinite_or(us, INT64_MAX, minus(us, PG_EPOCH_US)), 8);
    else put_time_text(b, i, id, us);
}

static void put_blob(pg_binding *b, size_t i, Oid type, mdm_str bytes)
{
    static const char hex[] = "0123456789abcdef";
    if (type == PG_BYTEA) {
        put_borrowed(b, i, bytes);
        return;
    }
    begin_text(b, i);
    mdm_text_puts(&b->bytes, "\\x");
    for (size_t k = 0; k < bytes.len; k++) {
        mdm_text_putc(&b->bytes, hex[(unsigned char)bytes.data[k] >> 4]);
        mdm_text_putc(&b->bytes, hex[(unsigned char)bytes.data[k] & 15]);
    }
    mdm_text_putc(&b->bytes, '\0');
}

/* Text goes to the server whole, or not at all. */
static mdm_status put_string(pg_binding *b, size_t i, Oid type, mdm_str text, mdm_error *err)
{
    if (text.len && memchr(text.data, 0, text.len))
        return mdm_error_set(err, MDM_INVALID,
                             "parameter %zu: PostgreSQL keeps no text with a NUL byte", i + 1);
    if (is_text(type)) put_borrowed(b, i, text);
    else put_text(b, i, text);
    return MDM_OK;
}

static mdm_status check_size(size_t i, const mdm_value *value, mdm_error *err)
{
    bool has_bytes = value->type == MDM_TYPE_TEXT || value->type == MDM_TYPE_BLOB;
    if (!has_bytes || value->as.bytes.len <= INT_MAX / 4) return MDM_OK;
    return mdm_error_set(err, MDM_INVALID, "parameter %zu: %zu bytes are too many", i + 1,
                         value->as.bytes.len);
}

static mdm_status put_value(pg_binding *b, size_t i, Oid type, const mdm_value *value,
                            mdm_error *err)
{
    b->offsets[i] = SIZE_MAX;
    b->values[i] = NULL;
    switch (value->type) {
    case MDM_TYPE_NULL: return MDM_OK;
    case MDM_TYPE_BOOL:
        if (type == PG_BOOL) put_binary(b, i, value->as.integer != 0, 1);
        else if (is_number(type)) put_words(b, i, value->as.integer ? "1" : "0");
        else put_words(b, i, value->as.integer ? "true" : "false");
        return MDM_OK;
    case MDM_TYPE_INT64: put_int(b, i, type, value->as.integer); return MDM_OK;
    case MDM_TYPE_DOUBLE: put_real(b, i, type, value->as.real); return MDM_OK;
    case MDM_TYPE_TEXT: return put_string(b, i, type, value->as.bytes, err);
    case MDM_TYPE_BLOB: put_blob(b, i, type, value->as.bytes); return MDM_OK;
    case MDM_TYPE_DATE: put_date(b, i, type, value->as.integer); return MDM_OK;
    case MDM_TYPE_TIME:
        if (type == PG_TIME) put_binary(b, i, (uint64_t)value->as.integer, 8);
        else put_time_text(b, i, MDM_TYPE_TIME, value->as.integer);
        return MDM_OK;
    case MDM_TYPE_TIMESTAMP:
    case MDM_TYPE_TIMESTAMPTZ:
        put_timestamp(b, i, type, value->type, value->as.integer);
        return MDM_OK;
    default:
        return mdm_error_set(err, MDM_INVALID, "parameter %zu: no value of a parameter's type",
                             i + 1);
    }
}

mdm_status mdm_pg_bind(pg_binding *b, const Oid *types, const mdm_value *values, size_t count,
                       mdm_error *err)
{
    mdm_text_reset(&b->bytes);
    for (size_t i = 0; i < count; i++) {
        MDM_TRY(check_size(i, &values[i], err));
        MDM_TRY(put_value(b, i, types[i], &values[i], err));
    }
    MDM_TRY(mdm_text_status(&b->bytes, err));
    /* Only now do the bytes stay where they are. */
    for (size_t i = 0; i < count; i++)
        if (b->offsets[i] != SIZE_MAX) b->values[i] = b->bytes.data + b->offsets[i];
    return MDM_OK;
}
