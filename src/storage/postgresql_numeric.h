/* postgresql_numeric.h - the binary form of PostgreSQL's numeric.
 *
 * Big-endian 16-bit words: how many digits, the weight of the first digit, sign, number of decimals
 * to show; then the digits, to base 10,000, the first with the value digit * 10000^weight. Zeros at
 * both ends are left out, so 0 has no digits at all. */
#ifndef MDM_STORAGE_POSTGRESQL_NUMERIC_H
#define MDM_STORAGE_POSTGRESQL_NUMERIC_H

#include "base/text.h"
#include "mdm/chunk.h"

typedef enum pg_numeric_kind {
    PG_NUMERIC_FINITE,
    PG_NUMERIC_NAN,
    PG_NUMERIC_INFINITE
} pg_numeric_kind;

/* A value as it came; digits are borrowed from the bytes. */
typedef struct pg_numeric {
    pg_numeric_kind kind;
    bool negative;
    int count;  /* digits to base 10,000 */
    int weight; /* of the first digit */
    int scale;  /* decimals to show */
    const unsigned char *digits;
} pg_numeric;

/* False: these bytes are no numeric. */
bool mdm_pg_numeric_read(mdm_str bytes, pg_numeric *out);

/* The value times 10^scale, exactly; false: not a whole number, or more than 38 digits. */
bool mdm_pg_numeric_decimal(const pg_numeric *value, int scale, mdm_int128 *out);
/* False: not whole or beyond 64 bits. */
bool mdm_pg_numeric_int(const pg_numeric *value, int64_t *out);
/* The same from text, "-12.50". */
bool mdm_pg_decimal_parse(mdm_str text, int scale, mdm_int128 *out);
/* How many decimal digits there are from the first to the last that is not 0. */
int mdm_pg_numeric_digits(const pg_numeric *value);
/* The nearest double; room is scratch memory. Infinite where the value is beyond all doubles. */
double mdm_pg_numeric_real(const pg_numeric *value, mdm_text *room);
/* Append it as PostgreSQL prints it. */
void mdm_pg_numeric_print(const pg_numeric *value, mdm_text *out);

#define MDM_PG_NUMERIC_BYTES 32 /* of the longest one that mdm_pg_numeric_write() makes */

/* The binary form of value / 10^scale with scale decimals, scale from 0 to 38; its length. */
size_t mdm_pg_numeric_write(mdm_int128 value, int scale, unsigned char *out);

#endif
