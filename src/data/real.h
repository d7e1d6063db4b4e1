/* real.h - decimal digits to binary floating point and back, exactly, in some 10 to 30 ns.
 *
 * Independent of the locale. Any thread. */
#ifndef MDM_DATA_REAL_H
#define MDM_DATA_REAL_H

#include "mdm/base.h"

/* digits * 10^exponent */
typedef struct mdm_decimal {
    uint64_t digits;
    int exponent;
} mdm_decimal;

/* The double nearest to value (ties to even). False: a hard case (near the ends of the range, or
 * too close to call); ask mdm_str_to_real(). */
MDM_MUST_CHECK bool mdm_real_from_decimal(mdm_decimal value, double *out);

/* The shortest decimal that reads back as value, of those the nearest to it. Without trailing
 * zeros; the sign is left out; value must be finite. */
mdm_decimal mdm_real_shortest(double value);
mdm_decimal mdm_float_shortest(float value);

/* The shortest decimal as text, as %g would print it with enough digits ("0.1", "1e+15", "-0",
 * "nan", "inf"), into room of at least 32 bytes; returns its length. The one for double is what
 * mdm_real_text() gives, only faster. */
size_t mdm_double_text(double value, char *room);
size_t mdm_float_text(float value, char *room);

#endif
