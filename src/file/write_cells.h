/* write_cells.h - single values as text formats have them. */
#ifndef MDM_FILE_WRITE_CELLS_H
#define MDM_FILE_WRITE_CELLS_H

#include "base/text.h"
#include "mdm/chunk.h"

/* A number, date, time, truth value as text, into room (MDM_CELL_TEXT bytes): FLOAT and DOUBLE
 * always with a point or an exponent, so that the column is read back as such; "NaN", "inf",
 * "-inf". The cell has a value and is neither TEXT nor BLOB. */
mdm_str mdm_write_fixed(const mdm_column *column, int64_t row, char room[MDM_CELL_TEXT]);

static inline bool mdm_is_real(mdm_type_id id)
{
    return id == MDM_TYPE_FLOAT || id == MDM_TYPE_DOUBLE;
}

/* Neither NaN nor infinite. */
static inline bool mdm_is_finite_text(mdm_str text)
{
    const char last = text.len ? text.data[text.len - 1] : '\0';
    return last >= '0' && last <= '9';
}

void mdm_write_hex(mdm_text *text, mdm_str bytes); /* \x00ff */
void mdm_write_base64(mdm_text *text, mdm_str bytes);

#endif
