/* Which type a column of a result has, and whether a cell fits it.
 *
 * A column read straight from a table has a declared word, whose type is taken where the first
 * rows (up to a chunk of them) bear it out. Where they do not, and for expressions, which have no
 * word, the first rows decide: integers are BIGINT; integers and reals DOUBLE when no integer
 * is too long for one; with any text VARCHAR, in which numbers stand as their exact text; blobs
 * BLOB; nothing but NULLs VARCHAR. A later cell is taken when its value is the same in the
 * column's type, and is refused otherwise. */
#include <string.h>

#include "base/alloc.h"
#include "storage/sqlite_driver.h"

__extension__ typedef __int128 wide;

#define EXACT_DOUBLE (INT64_C(1) << 53)
#define EXACT_FLOAT (INT64_C(1) << 24)

/* --- declared words -------------------------------------------------------- */

static const struct {
    const char *word;
    mdm_type_id id;
} words[] = {
    {"BOOLEAN", MDM_TYPE_BOOL},
    {"BOOL", MDM_TYPE_BOOL},
    {"TINYINT", MDM_TYPE_INT8},
    {"SMALLINT", MDM_TYPE_INT16},
    {"INT2", MDM_TYPE_INT16},
    {"INT4", MDM_TYPE_INT32},
    {"MEDIUMINT", MDM_TYPE_INT32},
    {"FLOAT4", MDM_TYPE_FLOAT},
    {"DATE", MDM_TYPE_DATE},
    {"TIME", MDM_TYPE_TIME},
    {"DATETIME", MDM_TYPE_TIMESTAMP},
    {"TIMESTAMP", MDM_TYPE_TIMESTAMP},
    {"TIMESTAMP WITHOUT TIME ZONE", MDM_TYPE_TIMESTAMP},
    {"TIMESTAMP WITH TIME ZONE", MDM_TYPE_TIMESTAMPTZ},
    {"TIMESTAMPTZ", MDM_TYPE_TIMESTAMPTZ},
};

/* What SQLite itself reads in a word: the first of these parts that occurs in it. */
static const struct {
    const char *part;
    sqlite_affinity affinity;
} affinities[] = {
    {"INT", INTEGER_AFFINITY}, {"CHAR", TEXT_AFFINITY}, {"CLOB", TEXT_AFFINITY},
    {"TEXT", TEXT_AFFINITY},   {"BLOB", BLOB_AFFINITY}, {"REAL", REAL_AFFINITY},
    {"FLOA", REAL_AFFINITY},   {"DOUB", REAL_AFFINITY},
};

static bool contains(mdm_str text, mdm_str part)
{
    for (size_t i = 0; i + part.len <= text.len; i++)
        if (mdm_str_equal_nocase((mdm_str){text.data + i, part.len}, part)) return true;
    return false;
}

sqlite_affinity mdm_sqlite_affinity(mdm_str word)
{
    for (size_t i = 0; i < sizeof affinities / sizeof *affinities; i++)
        if (contains(word, mdm_str_from(affinities[i].part))) return affinities[i].affinity;
    return word.len == 0 ? BLOB_AFFINITY : NUMERIC_AFFINITY;
}

/* "(18,2)", "(18)": precision and scale, when a DECIMAL of ours can have them. */
static bool read_digits(mdm_str text, mdm_type *type)
{
    int64_t precision, scale = 0;
    if (text.len < 3 || text.data[0] != '(' || text.data[text.len - 1] != ')') return false;
    text = (mdm_str){text.data + 1, text.len - 2};
    const mdm_str first = mdm_str_split(&text, ',');
    if (!mdm_str_to_int(mdm_str_trim(first), &precision)) return false;
    if (text.len > 0 && !mdm_str_to_int(mdm_str_trim(text), &scale)) return false;
    if (precision < 1 || precision > 38 || scale < 0 || scale > precision) return false;
    *type = (mdm_type){MDM_TYPE_DECIMAL, (uint8_t)precision, (uint8_t)scale};
    return true;
}

mdm_type mdm_sqlite_declared(const char *word)
{
    const mdm_type unknown = {.id = MDM_TYPE_COUNT};
    if (!word) return unknown;
    const char *bracket = strchr(word, '(');
    const mdm_str all = mdm_str_from(word);
    const mdm_str digits = bracket ? mdm_str_trim(mdm_str_from(bracket)) : (mdm_str){"", 0};
    const mdm_str name = mdm_str_trim((mdm_str){word, all.len - digits.len});

    mdm_type type = unknown;
    if (mdm_str_equal_nocase(name, MDM_STR("DECIMAL")) ||
        mdm_str_equal_nocase(name, MDM_STR("NUMERIC")) ||
        mdm_str_equal_nocase(name, MDM_STR("BLOB DECIMAL")))
        return read_digits(digits, &type) ? type : unknown;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (mdm_str_equal_nocase(name, mdm_str_from(words[i].word)))
            return (mdm_type){.id = words[i].id};
    static const mdm_type_id by_affinity[] = {
        [NUMERIC_AFFINITY] = MDM_TYPE_COUNT, [INTEGER_AFFINITY] = MDM_TYPE_INT64,
        [REAL_AFFINITY] = MDM_TYPE_DOUBLE,   [TEXT_AFFINITY] = MDM_TYPE_TEXT,
        [BLOB_AFFINITY] = MDM_TYPE_BLOB,
    };
    if (name.len > 0) type.id = by_affinity[mdm_sqlite_affinity(name)];
    return type;
}

/* --- numbers that may not be changed ------------------------------------------- */

static bool integer_of(const sqlite_cell *cell, int64_t low, int64_t high, int64_t *value)
{
    if (cell->class_ == SQLITE_INTEGER) *value = cell->as.integer;
    else if (cell->class_ == SQLITE_FLOAT && cell->as.real >= -0x1p63 && cell->as.real < 0x1p63 &&
             (double)(int64_t)cell->as.real == cell->as.real)
        *value = (int64_t)cell->as.real;
    else return false;
    return *value >= low && *value <= high;
}

static bool real_of(const sqlite_cell *cell, int64_t exact, double *value)
{
    if (cell->class_ == SQLITE_FLOAT) *value = cell->as.real;
    else if (cell->class_ == SQLITE_INTEGER && cell->as.integer >= -exact &&
             cell->as.integer <= exact)
        *value = (double)cell->as.integer;
    else return false;
    return true;
}

static bool is_nan_or_float(double value)
{
    return value != value || (double)(float)value == value;
}

static wide power_of_ten(int exponent)
{
    wide power = 1;
    while (exponent-- > 0)
        power *= 10;
    return power;
}

/* "-12.50": at most scale digits behind the point, but for zeros. */
static bool decimal_of_text(mdm_str text, int scale, wide limit, wide *value)
{
    const bool negative = text.len > 0 && text.data[0] == '-';
    size_t at = negative ? 1 : 0;
    int behind = -1; /* digits behind the point; -1: none seen */
    bool any = false;
    *value = 0;
    for (; at < text.len; at++) {
        const char c = text.data[at];
        if (c == '.' && behind < 0) {
            behind = 0;
            continue;
        }
        if (c < '0' || c > '9') return false;
        any = true;
        if (behind >= scale) {
            if (c != '0') return false;
            continue;
        }
        *value = *value * 10 + (c - '0');
        if (*value >= limit) return false;
        if (behind >= 0) behind++;
    }
    for (behind = behind < 0 ? 0 : behind; behind < scale; behind++) {
        *value *= 10;
        if (*value >= limit) return false;
    }
    if (negative) *value = -*value;
    return any;
}

static bool decimal_of(const sqlite_cell *cell, mdm_type type, wide *value)
{
    const wide limit = power_of_ten(type.precision);
    const wide unit = power_of_ten(type.scale);
    if (cell->class_ == SQLITE_TEXT) return decimal_of_text(cell->bytes, type.scale, limit, value);
    if (cell->class_ == SQLITE_INTEGER) {
        if (cell->as.integer >= limit || cell->as.integer <= -limit) return false;
        const wide whole = cell->as.integer;
        if ((whole < 0 ? -whole : whole) > (limit - 1) / unit) return false;
        *value = whole * unit;
        return true;
    }
    /* A real stands for the decimal it was made from: the one that gives it back. */
    const double scaled = cell->as.real * (double)unit;
    if (cell->class_ != SQLITE_FLOAT || !(scaled > -1e15 && scaled < 1e15)) return false;
    *value = (wide)(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    return (double)*value / (double)unit == cell->as.real && *value<limit && * value> - limit;
}

/* --- one cell --------------------------------------------------------------------- */

static mdm_status put_integer(mdm_builder *builder, size_t column, int64_t value)
{
    return builder ? mdm_builder_int(builder, column, value) : MDM_OK;
}

static mdm_status put_real(mdm_builder *builder, size_t column, double value)
{
    return builder ? mdm_builder_real(builder, column, value) : MDM_OK;
}

static mdm_status put_decimal(mdm_builder *builder, size_t column, wide value)
{
    const mdm_int128 number = {(uint64_t)value, (int64_t)(value >> 64)};
    return builder ? mdm_builder_decimal(builder, column, number) : MDM_OK;
}

static mdm_status put_bytes(mdm_builder *builder, size_t column, mdm_str bytes)
{
    return builder ? mdm_builder_bytes(builder, column, bytes) : MDM_OK;
}

static mdm_status append_integer(mdm_builder *builder, size_t column, const sqlite_cell *cell,
                                 int64_t low, int64_t high)
{
    int64_t value;
    if (!integer_of(cell, low, high, &value)) return MDM_FORMAT;
    return put_integer(builder, column, value);
}

static mdm_status append_real(mdm_builder *builder, size_t column, mdm_type_id id,
                              const sqlite_cell *cell)
{
    double value;
    if (!real_of(cell, id == MDM_TYPE_FLOAT ? EXACT_FLOAT : EXACT_DOUBLE, &value))
        return MDM_FORMAT;
    if (id == MDM_TYPE_FLOAT && !is_nan_or_float(value)) return MDM_FORMAT;
    return put_real(builder, column, value);
}

/* Most text is short and plain: then a look at each byte is quicker than a call. */
static bool is_utf8(mdm_str text)
{
    if (text.len <= 16) {
        unsigned char any = 0;
        for (size_t i = 0; i < text.len; i++)
            any |= (unsigned char)text.data[i];
        if (any < 0x80) return true;
    }
    return mdm_utf8_check(text) == SIZE_MAX;
}

static mdm_status append_text(mdm_builder *builder, size_t column, const sqlite_cell *cell)
{
    char room[32];
    switch (cell->class_) {
    case SQLITE_TEXT:
        if (!is_utf8(cell->bytes)) return MDM_FORMAT;
        return put_bytes(builder, column, cell->bytes);
    case SQLITE_INTEGER:
        sqlite3_snprintf((int)sizeof room, room, "%lld", (sqlite3_int64)cell->as.integer);
        return put_bytes(builder, column, mdm_str_from(room));
    case SQLITE_FLOAT:
        return put_bytes(builder, column, (mdm_str){room, mdm_real_text(cell->as.real, room)});
    default: return MDM_FORMAT;
    }
}

static mdm_status append_time(mdm_builder *builder, size_t column, mdm_type_id id,
                              const sqlite_cell *cell)
{
    int32_t days = 0;
    int64_t value = 0;
    bool fits = cell->class_ == SQLITE_TEXT;
    if (!fits) return MDM_FORMAT;
    if (id == MDM_TYPE_DATE) {
        fits = mdm_sqlite_date_read(cell->bytes, &days);
        value = days;
    } else if (id == MDM_TYPE_TIME) {
        fits = mdm_sqlite_time_read(cell->bytes, &value);
    } else {
        fits = mdm_sqlite_stamp_read(cell->bytes, id == MDM_TYPE_TIMESTAMPTZ, &value);
    }
    return fits ? put_integer(builder, column, value) : MDM_FORMAT;
}

mdm_status mdm_sqlite_append(mdm_builder *builder, size_t column, mdm_type type,
                             const sqlite_cell *cell)
{
    if (cell->class_ == SQLITE_NULL) return builder ? mdm_builder_null(builder, column) : MDM_OK;
    wide decimal;
    switch (type.id) {
    case MDM_TYPE_INT64: return append_integer(builder, column, cell, INT64_MIN, INT64_MAX);
    case MDM_TYPE_DOUBLE:
    case MDM_TYPE_FLOAT: return append_real(builder, column, type.id, cell);
    case MDM_TYPE_TEXT: return append_text(builder, column, cell);
    case MDM_TYPE_BOOL: return append_integer(builder, column, cell, 0, 1);
    case MDM_TYPE_INT8: return append_integer(builder, column, cell, INT8_MIN, INT8_MAX);
    case MDM_TYPE_INT16: return append_integer(builder, column, cell, INT16_MIN, INT16_MAX);
    case MDM_TYPE_INT32: return append_integer(builder, column, cell, INT32_MIN, INT32_MAX);
    case MDM_TYPE_DECIMAL:
        if (!decimal_of(cell, type, &decimal)) return MDM_FORMAT;
        return put_decimal(builder, column, decimal);
    case MDM_TYPE_BLOB:
        return cell->class_ == SQLITE_BLOB ? put_bytes(builder, column, cell->bytes) : MDM_FORMAT;
    case MDM_TYPE_DATE:
    case MDM_TYPE_TIME:
    case MDM_TYPE_TIMESTAMP:
    case MDM_TYPE_TIMESTAMPTZ: return append_time(builder, column, type.id, cell);
    case MDM_TYPE_NULL:
    case MDM_TYPE_COUNT: break;
    }
    return MDM_FORMAT;
}
