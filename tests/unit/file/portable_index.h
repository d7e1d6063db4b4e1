/* The index as it is compiled where there is no SSE2. */
#ifndef MDM_TEST_PORTABLE_INDEX_H
#define MDM_TEST_PORTABLE_INDEX_H

#include "file/csv_index.h"

void portable_index_init(mdm_csv_index *index, const mdm_csv_dialect *dialect, uint32_t *room,
                         size_t size);
void portable_index_begin(mdm_csv_index *index, size_t at);
void portable_index_end(mdm_csv_index *index, size_t len);
void portable_index_scan(mdm_csv_index *index, mdm_str text, bool last);

#endif
