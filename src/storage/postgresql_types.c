/* Which type a column of a result has.
 *
 * libpq asks for all columns of a result in one format, text or binary. Binary is taken when every
 * column is of a type that is known here; one that is not (interval, inet, arrays, enumerations,
 * ...) makes the whole result come as text, and is TEXT itself, as PostgreSQL prints it.
 *
 * numeric(p,s) is DECIMAL(p,s) up to 38 digits, and exact text above. A numeric without precision
 * has no scale of its own, so:
 *   - straight from a table (or view) it is DOUBLE: the nearest one, but an integer that no
 *     double holds is refused (MDM_FORMAT), not changed;
 *   - computed, its rows decide, up to the first 2,048: all of them whole numbers without
 *     decimals, as sum(bigint) gives, make it BIGINT, or DECIMAL(38,0) or TEXT where they are too
 * large. Else it is DOUBLE, which avg() is in other databases too. A later row that does not fit is
 *     refused, never changed.
 * Who wants every digit says so in SQL: CAST(x AS numeric(38,10)), or AS text. */
#include <string.h>

#include "storage/postgresql_driver.h"
#include "storage/postgresql_numeric.h"

typedef struct known_type {
    Oid oid;
    pg_how how;
    mdm_type_id id;
} known_type;

static const known_type known_types[] = {
    {PG_BOOL, PG_HOW_BOOL, MDM_TYPE_BOOL},
    {PG_INT2, PG_HOW_INT, MDM_TYPE_INT16},
    {PG_INT4, PG_HOW_INT, MDM_TYPE_INT32},
    {PG_INT8, PG_HOW_INT, MDM_TYPE_INT64},
    {PG_OID, PG_HOW_OID, MDM_TYPE_INT64},
    {PG_FLOAT4, PG_HOW_REAL, MDM_TYPE_FLOAT},
    {PG_FLOAT8, PG_HOW_REAL, MDM_TYPE_DOUBLE},
    {PG_NUMERIC, PG_HOW_NUMERIC, MDM_TYPE_DOUBLE},
    {PG_TEXT, PG_HOW_TEXT, MDM_TYPE_TEXT},
    {PG_VARCHAR, PG_HOW_TEXT, MDM_TYPE_TEXT},
    {PG_BPCHAR, PG_HOW_TEXT, MDM_TYPE_TEXT},
    {PG_NAME, PG_HOW_TEXT, MDM_TYPE_TEXT},
    {PG_UNKNOWN, PG_HOW_TEXT, MDM_TYPE_TEXT},
    {PG_VOID, PG_HOW_TEXT, MDM_TYPE_TEXT},
    {PG_JSON, PG_HOW_TEXT, MDM_TYPE_TEXT},
    {PG_JSONB, PG_HOW_JSONB, MDM_TYPE_TEXT},
    {PG_UUID, PG_HOW_UUID, MDM_TYPE_TEXT},
    {PG_BYTEA, PG_HOW_BYTEA, MDM_TYPE_BLOB},
    {PG_DATE, PG_HOW_DATE, MDM_TYPE_DATE},
    {PG_TIME, PG_HOW_TIME, MDM_TYPE_TIME},
    {PG_TIMESTAMP, PG_HOW_TIMESTAMP, MDM_TYPE_TIMESTAMP},
    {PG_TIMESTAMPTZ, PG_HOW_TIMESTAMP, MDM_TYPE_TIMESTAMPTZ},
};

static mdm_type numeric_type(int modifier)
{
    int precision = (modifier - 4) >> 16;
    /* Eleven bits with a sign: since PostgreSQL 15 a scale may be negative. */
    int scale = (((modifier - 4) & 0x7ff) ^ 1024) - 1024;
    if (precision > 38 || scale < 0 || scale > precision) return (mdm_type){MDM_TYPE_TEXT, 0, 0};
    return (mdm_type){MDM_TYPE_DECIMAL, (uint8_t)precision, (uint8_t)scale};
}

bool mdm_pg_column(const PGresult *description, int column, pg_column *out)
{
    *out = (pg_column){
        .oid = mdm_pq.ftype(description, column),
        .modifier = mdm_pq.fmod(description, column),
        .how = PG_HOW_TEXT,
        .type = {MDM_TYPE_TEXT, 0, 0},
    };
    const known_type *known = known_types;
    const known_type *end = known_types + sizeof known_types / sizeof *known_types;
    while (known < end && known->oid != out->oid)
        known++;
    if (known == end) return false;

    out->how = known->how;
    out->type.id = known->id;
    if (out->oid == PG_NUMERIC && out->modifier >= 4) out->type = numeric_type(out->modifier);
    else if (out->oid == PG_NUMERIC)
        out->undecided = mdm_pq.ftable(description, column) == InvalidOid;
    return true;
}

/* --- deciding from rows --------------------------------------------------- */

enum { SEEN_INT64 = 1, SEEN_INT38 = 2, SEEN_LARGER = 4, SEEN_REAL = 8 };

static unsigned look_at_text(mdm_str text)
{
    int64_t whole;
    mdm_int128 wide;
    if (mdm_str_to_int(text, &whole)) return SEEN_INT64;
    if (memchr(text.data, '.', text.len)) return SEEN_REAL;
    if (mdm_pg_decimal_parse(text, 0, &wide)) return SEEN_INT38;
    char last = text.data[text.len - 1];
    return last >= '0' && last <= '9' ? SEEN_LARGER : SEEN_REAL; /* else NaN, Infinity */
}

static unsigned look_at_binary(mdm_str bytes)
{
    pg_numeric value;
    int64_t whole;
    mdm_int128 wide;
    if (!mdm_pg_numeric_read(bytes, &value) || value.kind != PG_NUMERIC_FINITE || value.scale > 0)
        return SEEN_REAL;
    if (mdm_pg_numeric_int(&value, &whole)) return SEEN_INT64;
    return mdm_pg_numeric_decimal(&value, 0, &wide) ? SEEN_INT38 : SEEN_LARGER;
}

mdm_type mdm_pg_decide(const pg_stmt *stmt, size_t column)
{
    unsigned seen = 0;
    for (size_t i = 0; i < stmt->ahead_count; i++) {
        const PGresult *row = stmt->ahead[i];
        if (mdm_pq.getisnull(row, 0, (int)column)) continue;
        mdm_str cell = {mdm_pq.getvalue(row, 0, (int)column),
                        (size_t)mdm_pq.getlength(row, 0, (int)column)};
        if (cell.len > 0) seen |= stmt->text ? look_at_text(cell) : look_at_binary(cell);
    }
    if (seen == 0 || seen & SEEN_REAL) return (mdm_type){MDM_TYPE_DOUBLE, 0, 0};
    if (seen & SEEN_LARGER) return (mdm_type){MDM_TYPE_TEXT, 0, 0};
    if (seen & SEEN_INT38) return (mdm_type){MDM_TYPE_DECIMAL, 38, 0};
    return (mdm_type){MDM_TYPE_INT64, 0, 0};
}
