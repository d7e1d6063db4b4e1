/* typing_force.h - cells of a column whose type the user has stated. Internal to typing.
 *
 * Values are preserved, texts need not be. Each function: false, the text is no such value. */
#ifndef MDM_DATA_TYPING_FORCE_H
#define MDM_DATA_TYPING_FORCE_H

#include "mdm/chunk.h"

bool mdm_force_bool(mdm_str text, bool *out);
bool mdm_force_int(mdm_str text, bool decimal_comma, int64_t *out); /* 007, 1e3, 5.0 */
/* The nearest double; whole numbers must be held exactly. */
bool mdm_force_real(mdm_str text, bool decimal_comma, double *out);
bool mdm_force_decimal(mdm_str text, bool decimal_comma, mdm_type type, mdm_int128 *out);
bool mdm_force_time(mdm_str text, int64_t *micros);

#endif
