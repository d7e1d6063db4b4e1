/* json_scan.h - JSON text, value by value, by the letter of RFC 8259. */
#ifndef MDM_FILE_JSON_SCAN_H
#define MDM_FILE_JSON_SCAN_H

#include "mdm/base.h"

#define MDM_JSON_DEPTH 200u /* arrays and objects within each other */

/* The text behind `end` is a zero byte. */
typedef struct mdm_json_scan {
    const char *at, *end;
    const char *fault;  /* where it is no JSON; NULL: nowhere so far */
    const char *reason; /* why; "" and fault == end: the text ends early */
} mdm_json_scan;

static inline mdm_json_scan mdm_json_scan_of(const char *at, const char *end)
{
    return (mdm_json_scan){at, end, NULL, NULL};
}

/* What follows blanks: a byte, 0 at the end. */
char mdm_json_peek(mdm_json_scan *scan);
/* Step over this byte behind blanks; false: a fault with that reason. */
bool mdm_json_take(mdm_json_scan *scan, char byte, const char *reason);
/* Step over one value and return its token, which begins at scan->at; len 0: a fault. */
mdm_str mdm_json_value(mdm_json_scan *scan);
/* The same, and it must be a string; its token has the quotes. */
mdm_str mdm_json_string(mdm_json_scan *scan);

/* NaN, as Python writes it: no JSON, but known and taken for a value that is missing. */
static inline bool mdm_json_is_nan(mdm_str token)
{
    return token.len == 3 && token.data[0] == 'N';
}

#endif
