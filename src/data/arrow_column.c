/* Buffers that have our layout already are shared; the others are rewritten, cell by cell. */
#include "data/arrow_column.h"

#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "data/bits.h"
#include "data/type.h"

typedef mdm_arrow_column import;

/* --- buffers ---------------------------------------------------------------- */

void mdm_rewrites_clear(mdm_rewrites *rewrites)
{
    for (mdm_rewritten *buffer = rewrites->last, *next; buffer; buffer = next) {
        next = buffer->next;
        mdm_free(buffer);
    }
    *rewrites = (mdm_rewrites){0};
}

static void *new_buffer(const import *in, size_t bytes)
{
    if (bytes > SIZE_MAX / 2) return NULL;
    mdm_rewritten *buffer = mdm_alloc(sizeof *buffer + bytes);
    if (!buffer) return NULL;
    buffer->next = in->rewrites->last;
    in->rewrites->last = buffer;
    in->rewrites->bytes += bytes;
    return buffer->bytes;
}

static mdm_status no_memory(mdm_error *err)
{
    return mdm_no_memory(err, "Arrow rows");
}

static mdm_status misfit(const import *in, int64_t row, const char *words, mdm_error *err)
{
    return mdm_error_set(err, MDM_FORMAT, "column '%s', row %lld: %s", in->name,
                         (long long)(in->shown_row + row + 1), words);
}

static bool is_aligned(const void *address, size_t width)
{
    return (uintptr_t)address % (width < 8 ? width : 8) == 0;
}

static mdm_status import_bits(const import *in, const void *bits, const uint8_t **out,
                              mdm_error *err)
{
    if ((in->first & 7) == 0) {
        *out = (const uint8_t *)bits + (in->first >> 3);
        return MDM_OK;
    }
    uint8_t *copy = new_buffer(in, mdm_bits_bytes(in->rows));
    if (!copy) return no_memory(err);
    mdm_bits_copy(copy, bits, in->first, in->rows);
    *out = copy;
    return MDM_OK;
}

static mdm_status import_validity(const import *in, mdm_error *err)
{
    if (in->field->kind == MDM_ARROW_NULL) {
        uint8_t *none = new_buffer(in, mdm_bits_bytes(in->rows));
        if (!none) return no_memory(err);
        memset(none, 0, mdm_bits_bytes(in->rows));
        in->column->validity = none;
        in->column->null_count = in->rows;
        return MDM_OK;
    }
    const void *bits = in->array->buffers[0];
    if (!bits || in->array->null_count == 0) return MDM_OK;
    MDM_TRY(import_bits(in, bits, &in->column->validity, err));
    in->column->null_count = in->rows - mdm_bits_count(in->column->validity, in->rows);
    if (in->column->null_count == 0) in->column->validity = NULL;
    return MDM_OK;
}

static mdm_status import_fixed(const import *in, mdm_error *err)
{
    size_t width = in->field->width;
    const char *values = in->array->buffers[1];
    if (values) values += width * (size_t)in->first;
    if (is_aligned(values, width)) {
        in->column->values = values;
        return MDM_OK;
    }
    void *copy = new_buffer(in, width * (size_t)in->rows);
    if (!copy) return no_memory(err);
    memcpy(copy, values, width * (size_t)in->rows);
    in->column->values = copy;
    return MDM_OK;
}

/* --- integers, floats ------------------------------------------------------------- */

static uint64_t read_unsigned(const char *values, size_t width, int64_t at)
{
    uint64_t value = 0; /* little end first: ARM and x86 as we build for them */
    memcpy(&value, values + width * (size_t)at, width);
    return value;
}

static int64_t read_signed(const char *values, size_t width, int64_t at)
{
    int shift = (int)(64 - 8 * width);
    return (int64_t)(read_unsigned(values, width, at) << shift) >> shift;
}

static mdm_status import_unsigned(const import *in, mdm_error *err)
{
    const char *values = in->array->buffers[1];
    size_t width = in->field->width;
    char *to = new_buffer(in, 2 * width * (size_t)in->rows);
    if (!to) return no_memory(err);
    in->column->values = to;
    for (int64_t r = 0; r < in->rows; r++, to += 2 * width) {
        memcpy(to, values + width * (size_t)(in->first + r), width);
        memset(to + width, 0, width);
    }
    return MDM_OK;
}

static mdm_status import_small_decimal(const import *in, mdm_error *err)
{
    const char *values = in->array->buffers[1];
    mdm_int128 *to = new_buffer(in, (size_t)in->rows * sizeof *to);
    if (!to) return no_memory(err);
    in->column->values = to;
    for (int64_t r = 0; r < in->rows; r++) {
        int64_t value = read_signed(values, in->field->width, in->first + r);
        to[r] = (mdm_int128){(uint64_t)value, value < 0 ? -1 : 0};
    }
    return MDM_OK;
}

/* IEEE 754 binary16 is a float with 5 bits of exponent and 10 of fraction. */
static float half_to_float(uint16_t half)
{
    uint32_t sign = (uint32_t)(half >> 15) << 31;
    uint32_t exponent = half >> 10 & 31, fraction = half & 1023u;
    uint32_t bits;
    if (exponent == 31) {
        bits = 0xffu << 23 | fraction << 13;
    } else if (exponent) {
        bits = (exponent + 112) << 23 | fraction << 13;
    } else {
        float tiny = (float)fraction / 16777216.0f; /* 2^-24 */
        memcpy(&bits, &tiny, sizeof bits);
    }
    bits |= sign;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static mdm_status import_half(const import *in, mdm_error *err)
{
    const char *values = in->array->buffers[1];
    float *to = new_buffer(in, (size_t)in->rows * sizeof *to);
    if (!to) return no_memory(err);
    in->column->values = to;
    for (int64_t r = 0; r < in->rows; r++)
        to[r] = half_to_float((uint16_t)read_unsigned(values, 2, in->first + r));
    return MDM_OK;
}

/* Other units of time into ours. What ours cannot hold is refused, never rounded. */
static mdm_status import_scaled(const import *in, mdm_error *err)
{
    const mdm_arrow_field *f = in->field;
    const char *values = in->array->buffers[1];
    bool days = f->type.id == MDM_TYPE_DATE;
    void *to = new_buffer(in, (size_t)in->rows * (days ? sizeof(int32_t) : sizeof(int64_t)));
    if (!to) return no_memory(err);
    in->column->values = to;
    for (int64_t r = 0; r < in->rows; r++) {
        int64_t value = read_signed(values, f->width, in->first + r);
        if (!mdm_column_is_set(in->column, r)) value = 0;
        if (value % f->divider != 0)
            return misfit(in, r, days ? "a date with hours" : "nanoseconds, microseconds are kept",
                          err);
        value /= f->divider;
        if (__builtin_mul_overflow(value, f->multiplier, &value) ||
            (days && value != (int32_t)value))
            return misfit(in, r, "a time out of range", err);
        if (days) ((int32_t *)to)[r] = (int32_t)value;
        else ((int64_t *)to)[r] = value;
    }
    return MDM_OK;
}

/* --- bytes -------------------------------------------------------------------------- */

/* All at once, then each cell where that says nothing: a byte behind a NULL may be anything. */
static mdm_status check_text(const import *in, mdm_error *err)
{
    const mdm_column *column = in->column;
    if (column->type.id != MDM_TYPE_TEXT) return MDM_OK;
    const char *text = column->values;
    int32_t begin = column->offsets[0], end = column->offsets[in->rows];
    bool fine =
        begin == end || mdm_utf8_check((mdm_str){text + begin, (size_t)(end - begin)}) == SIZE_MAX;
    /* In valid text a cell is whole when it begins with no continuation byte. */
    for (int64_t r = 0; fine && r < in->rows; r++)
        fine =
            column->offsets[r] == end || ((unsigned char)text[column->offsets[r]] & 0xc0) != 0x80;
    for (int64_t r = 0; !fine && r < in->rows; r++)
        if (mdm_column_is_set(column, r) && mdm_utf8_check(mdm_column_bytes(column, r)) != SIZE_MAX)
            return misfit(in, r, "text that is not UTF-8", err);
    return MDM_OK;
}

static mdm_status too_long(const import *in, mdm_error *err)
{
    return mdm_error_set(err, MDM_UNSUPPORTED, "column '%s': more than 2 GB of text in one array",
                         in->name);
}

static mdm_status import_bytes(const import *in, mdm_error *err)
{
    static const int32_t no_offsets[1];
    const int32_t *offsets = in->array->buffers[1];
    if (!offsets) offsets = no_offsets; /* allowed for empty arrays */
    else offsets += in->first;
    in->column->values = in->array->buffers[2];
    if (!is_aligned(offsets, sizeof *offsets)) {
        int32_t *copy = new_buffer(in, (size_t)(in->rows + 1) * sizeof *copy);
        if (!copy) return no_memory(err);
        memcpy(copy, offsets, (size_t)(in->rows + 1) * sizeof *copy);
        offsets = copy;
    }
    in->column->offsets = offsets;
    return check_text(in, err);
}

static mdm_status import_large(const import *in, mdm_error *err)
{
    int32_t *to = new_buffer(in, (size_t)(in->rows + 1) * sizeof *to);
    if (!to) return no_memory(err);
    in->column->offsets = to;
    to[0] = 0;
    if (in->rows == 0) return MDM_OK;
    const char *offsets = in->array->buffers[1];
    int64_t begin = read_signed(offsets, 8, in->first);
    for (int64_t r = 1; r <= in->rows; r++) {
        int64_t offset = read_signed(offsets, 8, in->first + r) - begin;
        if (offset > INT32_MAX) return too_long(in, err);
        to[r] = (int32_t)offset;
    }
    if (in->array->buffers[2]) in->column->values = (const char *)in->array->buffers[2] + begin;
    return check_text(in, err);
}

/* A view: length; then up to 12 bytes, or 4 of them, number of a buffer, offset in it. */
static mdm_str read_view(const struct ArrowArray *array, int64_t at)
{
    const char *view = (const char *)array->buffers[1] + 16 * (size_t)at;
    int32_t len, buffer, offset;
    memcpy(&len, view, sizeof len);
    if (len <= 12) return (mdm_str){view + 4, (size_t)len};
    memcpy(&buffer, view + 8, sizeof buffer);
    memcpy(&offset, view + 12, sizeof offset);
    return (mdm_str){(const char *)array->buffers[2 + buffer] + offset, (size_t)len};
}

static mdm_str read_block(const import *in, int64_t row)
{
    size_t width = in->field->width;
    return (mdm_str){(const char *)in->array->buffers[1] + width * (size_t)(in->first + row),
                     width};
}

static mdm_str read_bytes(const import *in, int64_t row)
{
    if (!mdm_column_is_set(in->column, row)) return (mdm_str){"", 0};
    if (in->field->kind == MDM_ARROW_BLOCKS) return read_block(in, row);
    return read_view(in->array, in->first + row);
}

/* Views and blocks of a fixed size: copied one behind the other. */
static mdm_status import_scattered(const import *in, mdm_error *err)
{
    int32_t *offsets = new_buffer(in, (size_t)(in->rows + 1) * sizeof *offsets);
    if (!offsets) return no_memory(err);
    size_t len = 0;
    for (int64_t r = 0; r < in->rows; r++) {
        offsets[r] = (int32_t)len;
        len += read_bytes(in, r).len;
        if (len > INT32_MAX) return too_long(in, err);
    }
    offsets[in->rows] = (int32_t)len;
    char *bytes = new_buffer(in, len);
    if (!bytes) return no_memory(err);
    for (int64_t r = 0; r < in->rows; r++) {
        mdm_str cell = read_bytes(in, r);
        if (cell.len) memcpy(bytes + offsets[r], cell.data, cell.len);
    }
    in->column->offsets = offsets;
    in->column->values = bytes;
    return check_text(in, err);
}

/* --- dictionaries ----------------------------------------------------------------------- */

/* The place of row's value in the dictionary, or -1. */
static int64_t dictionary_index(const import *in, const mdm_column *values, int64_t row)
{
    if (!mdm_column_is_set(in->column, row)) return -1;
    const char *indexes = in->array->buffers[1];
    int64_t at = in->field->signed_index
                     ? read_signed(indexes, in->field->width, in->first + row)
                     : (int64_t)read_unsigned(indexes, in->field->width, in->first + row);
    return mdm_column_is_set(values, at) ? at : -1;
}

static mdm_status gather_bytes(const import *in, const mdm_column *values, mdm_error *err)
{
    int32_t *offsets = new_buffer(in, (size_t)(in->rows + 1) * sizeof *offsets);
    if (!offsets) return no_memory(err);
    size_t len = 0;
    for (int64_t r = 0; r < in->rows; r++) {
        offsets[r] = (int32_t)len;
        int64_t at = dictionary_index(in, values, r);
        if (at >= 0) len += mdm_column_bytes(values, at).len;
        if (len > INT32_MAX) return too_long(in, err);
    }
    offsets[in->rows] = (int32_t)len;
    char *bytes = new_buffer(in, len);
    if (!bytes) return no_memory(err);
    for (int64_t r = 0; r < in->rows; r++) {
        int64_t at = dictionary_index(in, values, r);
        if (at < 0) continue;
        mdm_str cell = mdm_column_bytes(values, at);
        if (cell.len) memcpy(bytes + offsets[r], cell.data, cell.len);
    }
    in->column->offsets = offsets;
    in->column->values = bytes;
    return MDM_OK;
}

static mdm_status gather_fixed(const import *in, const mdm_column *values, mdm_error *err)
{
    bool bits = values->type.id == MDM_TYPE_BOOL;
    size_t width = mdm_type_bytes(values->type.id);
    size_t bytes = bits ? mdm_bits_bytes(in->rows) : width * (size_t)in->rows;
    char *to = new_buffer(in, bytes);
    if (!to) return no_memory(err);
    memset(to, 0, bytes);
    for (int64_t r = 0; r < in->rows; r++) {
        int64_t at = dictionary_index(in, values, r);
        if (at < 0) continue;
        if (!bits)
            memcpy(to + width * (size_t)r, (const char *)values->values + width * (size_t)at,
                   width);
        else if (mdm_bit_get(values->values, at)) mdm_bit_set((uint8_t *)to, r);
    }
    in->column->values = to;
    return MDM_OK;
}

/* A NULL among the dictionary's values makes the rows that point there NULL. */
static mdm_status gather_validity(const import *in, const mdm_column *values, mdm_error *err)
{
    if (values->null_count == 0) return MDM_OK;
    uint8_t *bits = new_buffer(in, mdm_bits_bytes(in->rows));
    if (!bits) return no_memory(err);
    for (int64_t r = 0; r < in->rows; r++)
        mdm_bit_append(bits, r, dictionary_index(in, values, r) >= 0);
    in->column->validity = bits;
    in->column->null_count = in->rows - mdm_bits_count(bits, in->rows);
    return MDM_OK;
}

static mdm_status import_dictionary(const import *in, mdm_error *err)
{
    const struct ArrowArray *dictionary = in->array->dictionary;
    mdm_column values = {.type = in->field->type};
import inner = * in;
    inner.array = dictionary;
    inner.field = in->field->values;
    inner.first = dictionary->offset;
    inner.rows = dictionary->length;
    inner.column = &values;
    MDM_TRY(mdm_arrow_column_import(&inner, err));
    if (values.offsets) MDM_TRY(gather_bytes(in, &values, err));
    else if (values.type.id != MDM_TYPE_NULL) MDM_TRY(gather_fixed(in, &values, err));
    return gather_validity(in, &values, err);
}

mdm_status mdm_arrow_column_import(const import *in, mdm_error *err)
{
    MDM_TRY(import_validity(in, err));
    switch (in->field->kind) {
    case MDM_ARROW_NULL: return MDM_OK;
    case MDM_ARROW_BITS:
        return import_bits(in, in->array->buffers[1], (const uint8_t **)&in->column->values, err);
    case MDM_ARROW_FIXED: return import_fixed(in, err);
    case MDM_ARROW_BYTES: return import_bytes(in, err);
    case MDM_ARROW_LARGE: return import_large(in, err);
    case MDM_ARROW_VIEW:
    case MDM_ARROW_BLOCKS: return import_scattered(in, err);
    case MDM_ARROW_UNSIGNED: return import_unsigned(in, err);
    case MDM_ARROW_HALF: return import_half(in, err);
    case MDM_ARROW_SCALED: return import_scaled(in, err);
    case MDM_ARROW_DECIMAL: return import_small_decimal(in, err);
    case MDM_ARROW_DICTIONARY: return import_dictionary(in, err);
    }
    return MDM_OK;
}
