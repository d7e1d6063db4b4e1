/* text128.h - numbers of 128 bits and more, and DuckDB's odd types, as text. */
#ifndef MDM_DUCKDB_TEXT128_H
#define MDM_DUCKDB_TEXT128_H

#include "base/text.h"
#include "duckdb/lib.h"

void mdm_put_uhugeint(mdm_text *text, duckdb_uhugeint value);
void mdm_put_hugeint(mdm_text *text, duckdb_hugeint value);
void mdm_put_uuid(mdm_text *text, duckdb_hugeint value);
void mdm_put_interval(mdm_text *text, duckdb_interval value);
void mdm_put_time_tz(mdm_text *text, duckdb_time_tz value);
void mdm_put_bit(mdm_text *text, mdm_str bytes);    /* as stored: padding bits, then bits */
void mdm_put_bignum(mdm_text *text, mdm_str bytes); /* as stored: header, then magnitude */

#endif
