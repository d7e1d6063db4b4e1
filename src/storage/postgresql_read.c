/* Cells as the server sends them, binary or text, into the columns of a chunk. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "data/days.h"
#include "storage/postgresql_driver.h"
#include "storage/postgresql_numeric.h"

/* Where a cell goes. */
typedef struct place {
    pg_conn *conn;
    mdm_builder *builder;
    size_t column;
    const pg_column *is;
} place;

/* A number of len bytes, the highest one first, with its sign. */
static bool read_int(mdm_str cell, int64_t *out)
{
    if (cell.len != 2 && cell.len != 4 && cell.len != 8) return false;
    uint64_t bits = 0;
    for (size_t i = 0; i < cell.len; i++)
        bits = bits << 8 | (unsigned char)cell.data[i];
    unsigned unused = 64 - 8 * (unsigned)cell.len;
    *out = (int64_t)(bits << unused) >> unused;
    return true;
}

/* The server has checked that it is UTF-8, whatever it keeps. */
static mdm_status put_text(const place *at, mdm_str text)
{
    return mdm_builder_bytes(at->builder, at->column, text);
}

/* --- numeric -------------------------------------------------------------- */

/* Not one that had to be rounded to a double, unless it has decimals anyway. */
static bool keeps_integer(const pg_numeric *value)
{
    int64_t whole;
    if (value->kind != PG_NUMERIC_FINITE || value->scale > 0) return true;
    if (mdm_pg_numeric_digits(value) <= 15) return true;
    if (!mdm_pg_numeric_int(value, &whole)) return false;
    double real = (double)whole;
    return real < 9.2e18 && real > -9.2e18 && (int64_t)real == whole;
}

static mdm_status put_numeric(const place *at, mdm_str cell)
{
    pg_numeric value;
    mdm_int128 decimal;
    int64_t whole;
    if (!mdm_pg_numeric_read(cell, &value)) return MDM_FORMAT;
    switch (at->is->type.id) {
    case MDM_TYPE_DECIMAL:
        if (!mdm_pg_numeric_decimal(&value, at->is->type.scale, &decimal)) return MDM_FORMAT;
        return mdm_builder_decimal(at->builder, at->column, decimal);
    case MDM_TYPE_INT64:
        if (!mdm_pg_numeric_int(&value, &whole)) return MDM_FORMAT;
        return mdm_builder_int(at->builder, at->column, whole);
    case MDM_TYPE_DOUBLE:
        if (!keeps_integer(&value)) return MDM_FORMAT;
        return mdm_builder_real(at->builder, at->column,
                                mdm_pg_numeric_real(&value, &at->conn->scratch));
    default:
        mdm_text_reset(&at->conn->scratch);
        mdm_pg_numeric_print(&value, &at->conn->scratch);
        if (at->conn->scratch.failed) return MDM_NO_MEMORY;
        return put_text(at, (mdm_str){at->conn->scratch.data, at->conn->scratch.len});
    }
}

static mdm_status put_numeric_text(const place *at, mdm_str cell)
{
    mdm_int128 decimal;
    int64_t whole;
    double real;
    switch (at->is->type.id) {
    case MDM_TYPE_DECIMAL:
        if (!mdm_pg_decimal_parse(cell, at->is->type.scale, &decimal)) return MDM_FORMAT;
        return mdm_builder_decimal(at->builder, at->column, decimal);
    case MDM_TYPE_INT64:
        if (!mdm_str_to_int(cell, &whole)) return MDM_FORMAT;
        return mdm_builder_int(at->builder, at->column, whole);
    case MDM_TYPE_DOUBLE:
        if (!mdm_str_to_real(cell, &real)) return MDM_FORMAT;
        if (!memchr(cell.data, '.', cell.len) && mdm_str_to_int(cell, &whole) &&
            (real >= 9.2e18 || real <= -9.2e18 || (int64_t)real != whole))
            return MDM_FORMAT;
        return mdm_builder_real(at->builder, at->column, real);
    default: return put_text(at, cell);
    }
}

/* --- dates and times ------------------------------------------------------ */

static mdm_status put_date(const place *at, int64_t days)
{
    if (days == INT32_MAX || days == INT32_MIN) days = days > 0 ? INT32_MAX : -INT32_MAX;
    else days += PG_EPOCH_DAYS;
    return mdm_builder_int(at->builder, at->column, days);
}

static mdm_status put_timestamp(const place *at, int64_t us)
{
    if (us == INT64_MAX || us == INT64_MIN) us = us > 0 ? INT64_MAX : -INT64_MAX;
    else if (us >= INT64_MAX - PG_EPOCH_US) return MDM_FORMAT; /* after the year 294247 */
    else us += PG_EPOCH_US;
    return mdm_builder_int(at->builder, at->column, us);
}

/* Digits at the front of *rest. */
static bool take_digits(mdm_str *rest, int64_t *out)
{
    size_t len = 0;
    while (len < rest->len && rest->data[len] >= '0' && rest->data[len] <= '9')
        len++;
    if (!mdm_str_to_int((mdm_str){rest->data, len}, out)) return false;
    *rest = (mdm_str){rest->data + len, rest->len - len};
    return true;
}

static bool take_char(mdm_str *rest, char c)
{
    if (rest->len == 0 || rest->data[0] != c) return false;
    *rest = (mdm_str){rest->data + 1, rest->len - 1};
    return true;
}

/* "2024-02-29", the year with any number of digits. */
static bool take_date(mdm_str *rest, bool before_christ, int64_t *days)
{
    int64_t year, month, day;
    if (!take_digits(rest, &year) || !take_char(rest, '-') || !take_digits(rest, &month) ||
        !take_char(rest, '-') || !take_digits(rest, &day) || month < 1 || month > 12)
        return false;
    *days = mdm_days_from_date(before_christ ? 1 - year : year, (unsigned)month, (unsigned)day);
    return true;
}

/* "13:05:00.25" */
static bool take_time(mdm_str *rest, int64_t *us)
{
    int64_t hour, minute, second;
    if (!take_digits(rest, &hour) || !take_char(rest, ':') || !take_digits(rest, &minute) ||
        !take_char(rest, ':') || !take_digits(rest, &second))
        return false;
    *us = (hour * 3600 + minute * 60 + second) * 1000000;
    if (!take_char(rest, '.')) return true;
    int64_t unit = 100000;
    for (; rest->len > 0 && rest->data[0] >= '0' && rest->data[0] <= '9'; unit /= 10) {
        *us += (rest->data[0] - '0') * unit;
        *rest = (mdm_str){rest->data + 1, rest->len - 1};
    }
    return true;
}

static mdm_status put_date_text(const place *at, mdm_str text)
{
    bool is_date = at->is->how == PG_HOW_DATE;
    if (mdm_str_equal(text, MDM_STR("infinity")) || mdm_str_equal(text, MDM_STR("-infinity"))) {
        int64_t most = is_date ? INT32_MAX : INT64_MAX;
        return mdm_builder_int(at->builder, at->column, text.data[0] == '-' ? -most : most);
    }
    bool before_christ = mdm_str_ends(text, MDM_STR(" BC"));
    if (before_christ) text.len -= 3;
    int64_t days, us;
    if (!take_date(&text, before_christ, &days)) return MDM_FORMAT;
    if (is_date) return text.len ? MDM_FORMAT : mdm_builder_int(at->builder, at->column, days);
    if (!take_char(&text, ' ') || !take_time(&text, &us)) return MDM_FORMAT;
    /* The session's zone is UTC. */
    if (text.len > 0 && !mdm_str_equal(text, MDM_STR("+00"))) return MDM_FORMAT;
    if (days >= INT64_MAX / MDM_MICROS_PER_DAY) return MDM_FORMAT;
    return mdm_builder_int(at->builder, at->column, days * MDM_MICROS_PER_DAY + us);
}

/* --- other types ---------------------------------------------------------- */

static mdm_status put_real(const place *at, mdm_str cell)
{
    int64_t bits;
    double real;
    if (!read_int(cell, &bits)) return MDM_FORMAT;
    if (cell.len == 4) {
        float narrow;
        uint32_t low = (uint32_t)bits;
        memcpy(&narrow, &low, sizeof narrow);
        real = (double)narrow;
    } else {
        memcpy(&real, &bits, sizeof real);
    }
    return mdm_builder_real(at->builder, at->column, real);
}

static mdm_status put_uuid(const place *at, mdm_str cell)
{
    static const char hex[] = "0123456789abcdef";
    char text[36];
    size_t used = 0;
    if (cell.len != 16) return MDM_FORMAT;
    for (size_t i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text[used++] = '-';
        text[used++] = hex[(unsigned char)cell.data[i] >> 4];
        text[used++] = hex[(unsigned char)cell.data[i] & 15];
    }
    return mdm_builder_bytes(at->builder, at->column, (mdm_str){text, used});
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static mdm_status put_bytea_text(const place *at, mdm_str cell)
{
    mdm_text *bytes = &at->conn->scratch;
    if (!mdm_str_starts(cell, MDM_STR("\\x")) || cell.len % 2) return MDM_FORMAT;
    mdm_text_reset(bytes);
    for (size_t i = 2; i < cell.len; i += 2) {
        int high = hex_value(cell.data[i]), low = hex_value(cell.data[i + 1]);
        if (high < 0 || low < 0) return MDM_FORMAT;
        mdm_text_putc(bytes, (char)(high << 4 | low));
    }
    if (bytes->failed) return MDM_NO_MEMORY;
    return mdm_builder_bytes(at->builder, at->column, (mdm_str){bytes->data, bytes->len});
}

static mdm_status put_binary(const place *at, mdm_str cell)
{
    int64_t whole;
    switch (at->is->how) {
    case PG_HOW_TEXT: return put_text(at, cell);
    case PG_HOW_INT:
        if (!read_int(cell, &whole)) return MDM_FORMAT;
        return mdm_builder_int(at->builder, at->column, whole);
    case PG_HOW_REAL: return put_real(at, cell);
    case PG_HOW_TIMESTAMP: return read_int(cell, &whole) ? put_timestamp(at, whole) : MDM_FORMAT;
    case PG_HOW_DATE: return read_int(cell, &whole) ? put_date(at, whole) : MDM_FORMAT;
    case PG_HOW_NUMERIC: return put_numeric(at, cell);
    case PG_HOW_BOOL:
        return cell.len == 1 ? mdm_builder_int(at->builder, at->column, cell.data[0] != 0)
                             : MDM_FORMAT;
    case PG_HOW_TIME:
        if (!read_int(cell, &whole)) return MDM_FORMAT;
        return mdm_builder_int(at->builder, at->column, whole);
    case PG_HOW_OID:
        if (!read_int(cell, &whole)) return MDM_FORMAT;
        return mdm_builder_int(at->builder, at->column, (uint32_t)whole);
    case PG_HOW_BYTEA: return mdm_builder_bytes(at->builder, at->column, cell);
    case PG_HOW_UUID: return put_uuid(at, cell);
    case PG_HOW_JSONB: /* behind the number of its version */
        if (cell.len < 1 || cell.data[0] != 1) return MDM_FORMAT;
        return put_text(at, (mdm_str){cell.data + 1, cell.len - 1});
    }
    return MDM_FORMAT;
}

static mdm_status put_as_text(const place *at, mdm_str cell)
{
    int64_t whole;
    double real;
    switch (at->is->how) {
    case PG_HOW_INT:
    case PG_HOW_OID:
        if (!mdm_str_to_int(cell, &whole)) return MDM_FORMAT;
        return mdm_builder_int(at->builder, at->column, whole);
    case PG_HOW_REAL:
        if (!mdm_str_to_real(cell, &real)) return MDM_FORMAT;
        return mdm_builder_real(at->builder, at->column, real);
    case PG_HOW_NUMERIC: return put_numeric_text(at, cell);
    case PG_HOW_BOOL:
        return mdm_builder_int(at->builder, at->column, mdm_str_equal(cell, MDM_STR("t")));
    case PG_HOW_TIMESTAMP:
    case PG_HOW_DATE: return put_date_text(at, cell);
    case PG_HOW_TIME:
        if (!take_time(&cell, &whole) || cell.len > 0) return MDM_FORMAT;
        return mdm_builder_int(at->builder, at->column, whole);
    case PG_HOW_BYTEA: return put_bytea_text(at, cell);
    case PG_HOW_TEXT:
    case PG_HOW_UUID:
    case PG_HOW_JSONB: return put_text(at, cell);
    }
    return MDM_FORMAT;
}

/* --- rows ----------------------------------------------------------------- */

size_t mdm_pg_row_bytes(const pg_stmt *stmt, const PGresult *row)
{
    size_t bytes = 0;
    for (size_t i = 0; i < stmt->column_count; i++)
        bytes += 16 + (size_t)mdm_pq.getlength(row, 0, (int)i);
    return bytes;
}

static mdm_status misfit(const pg_stmt *stmt, size_t column, mdm_status status, mdm_error *err)
{
    if (status == MDM_NO_MEMORY) return mdm_no_memory(err, "rows of a result");
    char type[32];
    mdm_error_set(err, MDM_FORMAT, "column '%s', row %lld: the value does not fit %s",
                  stmt->schema->fields[column].name, (long long)(stmt->row + 1),
                  mdm_type_text(stmt->schema->fields[column].type, type));
    return mdm_error_hint(err, MDM_FORMAT,
                          "give the column a type that takes all of its values, "
                          "as CAST(... AS numeric(38,10)) or CAST(... AS text)");
}

mdm_status mdm_pg_append(pg_stmt *stmt, const PGresult *row, size_t *bytes, mdm_error *err)
{
    pg_conn *conn = mdm_pg_conn(stmt->kept.base.conn);
    for (size_t i = 0; i < stmt->column_count; i++) {
        mdm_status status;
        const place at = {conn, stmt->builder, i, &stmt->columns[i]};
        if (mdm_pq.getisnull(row, 0, (int)i)) {
            status = mdm_builder_null(at.builder, i);
        } else {
            mdm_str cell = {mdm_pq.getvalue(row, 0, (int)i),
                            (size_t)mdm_pq.getlength(row, 0, (int)i)};
            status = stmt->text ? put_as_text(&at, cell) : put_binary(&at, cell);
            *bytes += cell.len;
        }
        *bytes += 16;
        if (status != MDM_OK) return misfit(stmt, i, status, err);
    }
    stmt->row++;
    return MDM_OK;
}
