/* Cells as text, without printf and without the locale: export of millions of rows goes through
 * here. Each writer returns the end of what it wrote.
 *
 * Years are written as ISO 8601 has them: at least four digits, '-' before those before the year 0,
 * which is 1 BC. */
#include "mdm/chunk.h"

#include <string.h>

#include "data/bits.h"
#include "data/days.h"
#include "data/real.h"

__extension__ typedef unsigned __int128 wide;

static char *write_word(char *to, const char *word)
{
    size_t len = strlen(word);
    memcpy(to, word, len);
    return to + len;
}

/* With zeros in front up to width digits. */
static char *write_padded(char *to, uint64_t value, int width)
{
    char reversed[20];
    int count = 0;
    do {
        reversed[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    for (int i = count; i < width; i++)
        *to++ = '0';
    while (count > 0)
        *to++ = reversed[--count];
    return to;
}

static char *write_int(char *to, int64_t value)
{
    if (value < 0) *to++ = '-';
    return write_padded(to, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 1);
}

/* --- dates and times ------------------------------------------------------ */

static char *write_date(char *to, int64_t days)
{
    int64_t year;
    unsigned month, day;
    mdm_date_from_days(days, &year, &month, &day);
    if (year < 0) *to++ = '-';
    to = write_padded(to, (uint64_t)(year < 0 ? -year : year), 4);
    *to++ = '-';
    to = write_padded(to, month, 2);
    *to++ = '-';
    return write_padded(to, day, 2);
}

/* Microseconds of a day: "13:05:00", "13:05:00.25". */
static char *write_clock(char *to, uint64_t micros)
{
    uint64_t seconds = micros / 1000000, fraction = micros % 1000000;
    to = write_padded(to, seconds / 3600, 2);
    *to++ = ':';
    to = write_padded(to, seconds / 60 % 60, 2);
    *to++ = ':';
    to = write_padded(to, seconds % 60, 2);
    if (fraction == 0) return to;
    *to++ = '.';
    to = write_padded(to, fraction, 6);
    while (to[-1] == '0')
        to--;
    return to;
}

static char *write_time(char *to, int64_t micros)
{
    if (micros < 0) *to++ = '-';
    return write_clock(to, micros < 0 ? 0 - (uint64_t)micros : (uint64_t)micros);
}

static char *write_infinity(char *to, bool negative)
{
    return write_word(to, negative ? "-infinity" : "infinity");
}

static char *write_timestamp(char *to, int64_t micros, bool zoned)
{
    if (micros == INT64_MAX || micros == -INT64_MAX) return write_infinity(to, micros < 0);
    int64_t days = micros / MDM_MICROS_PER_DAY, rest = micros % MDM_MICROS_PER_DAY;
    if (rest < 0) {
        rest += MDM_MICROS_PER_DAY;
        days--;
    }
    to = write_date(to, days);
    *to++ = ' ';
    to = write_clock(to, (uint64_t)rest);
    return zoned ? write_word(to, "+00:00") : to;
}

/* --- decimals and blobs ----------------------------------------------------- */

static char *write_decimal(char *to, mdm_int128 value, unsigned scale)
{
    wide size = (wide)(uint64_t)value.high << 64 | value.low;
    if (value.high < 0) {
        *to++ = '-';
        size = 0 - size;
    }
    char reversed[40];
    unsigned count = 0;
    do {
        reversed[count++] = (char)('0' + (unsigned)(size % 10));
        size /= 10;
    } while (size);
    while (count <= scale)
        reversed[count++] = '0';
    while (count > 0) {
        if (count == scale) *to++ = '.';
        *to++ = reversed[--count];
    }
    return to;
}

static size_t write_blob(char *to, size_t size, mdm_str bytes)
{
    static const char hex[] = "0123456789abcdef";
    if (size < 2) return 0;
    char *at = write_word(to, "\\x");
    for (size_t i = 0; i < bytes.len && (size_t)(at - to) + 2 <= size; i++) {
        unsigned char byte = (unsigned char)bytes.data[i];
        *at++ = hex[byte >> 4];
        *at++ = hex[byte & 15];
    }
    return (size_t)(at - to);
}

/* --- cells ------------------------------------------------------------------ */

/* Types whose text has a bound: to has MDM_CELL_TEXT bytes. */
static size_t write_fixed(char *to, const mdm_column *column, int64_t row)
{
    const void *values = column->values;
    char *end = to;
    switch (column->type.id) {
    case MDM_TYPE_BOOL: end = write_word(to, mdm_bit_get(values, row) ? "true" : "false"); break;
    case MDM_TYPE_INT8: end = write_int(to, ((const int8_t *)values)[row]); break;
    case MDM_TYPE_INT16: end = write_int(to, ((const int16_t *)values)[row]); break;
    case MDM_TYPE_INT32: end = write_int(to, ((const int32_t *)values)[row]); break;
    case MDM_TYPE_INT64: end = write_int(to, ((const int64_t *)values)[row]); break;
    case MDM_TYPE_FLOAT: return mdm_float_text(((const float *)values)[row], to);
    case MDM_TYPE_DOUBLE: return mdm_double_text(((const double *)values)[row], to);
    case MDM_TYPE_DECIMAL:
        end = write_decimal(to, ((const mdm_int128 *)values)[row], column->type.scale);
        break;
    case MDM_TYPE_DATE: {
        int32_t days = ((const int32_t *)values)[row];
        if (days == INT32_MAX || days == -INT32_MAX) end = write_infinity(to, days < 0);
        else end = write_date(to, days);
        break;
    }
    case MDM_TYPE_TIME: end = write_time(to, ((const int64_t *)values)[row]); break;
    case MDM_TYPE_TIMESTAMP:
    case MDM_TYPE_TIMESTAMPTZ:
        end = write_timestamp(to, ((const int64_t *)values)[row],
                              column->type.id == MDM_TYPE_TIMESTAMPTZ);
        break;
    case MDM_TYPE_NULL:
    case MDM_TYPE_TEXT:
    case MDM_TYPE_BLOB:
    case MDM_TYPE_COUNT: break;
    }
    return (size_t)(end - to);
}

mdm_str mdm_cell_text(const mdm_column *column, int64_t row, char *room, size_t size)
{
    if (column->type.id == MDM_TYPE_NULL || !mdm_column_is_set(column, row)) return (mdm_str){0};
    if (column->type.id == MDM_TYPE_TEXT) return mdm_column_bytes(column, row);
    if (column->type.id == MDM_TYPE_BLOB)
        return (mdm_str){room, write_blob(room, size, mdm_column_bytes(column, row))};
    if (size >= MDM_CELL_TEXT) return (mdm_str){room, write_fixed(room, column, row)};

    char text[MDM_CELL_TEXT];
    size_t len = write_fixed(text, column, row);
    if (len > size) len = size;
    memcpy(room, text, len);
    return (mdm_str){room, len};
}
