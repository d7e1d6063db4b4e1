/* typing_format.h - dates by a format that the user states. Internal to typing. */
#ifndef MDM_DATA_TYPING_FORMAT_H
#define MDM_DATA_TYPING_FORMAT_H

#include "mdm/chunk.h"

/* MDM_INVALID: a directive that we do not have, or no day in it. *type: DATE, TIMESTAMP or
 * TIMESTAMPTZ. */
MDM_MUST_CHECK mdm_status mdm_date_format_check(const char *format, mdm_type_id *type,
                                                mdm_error *err);
/* Whole text in a format that was checked; microseconds since 1970 (with %z: in UTC). */
bool mdm_date_format_read(const char *format, mdm_str text, int64_t *micros);

#endif
