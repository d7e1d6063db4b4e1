#include "mdm/batch.h"

int64_t mdm_batch_rows(int64_t max_rows, size_t row_bytes, size_t in_flight, size_t limit_bytes)
{
    if (max_rows < 1) return 1;
    if (row_bytes == 0) return max_rows;
    /* Dividing twice is dividing by the product, without overflow. */
    const size_t rows = limit_bytes / (in_flight ? in_flight : 1) / row_bytes;
    if (rows < 1) return 1;
    return rows < (size_t)max_rows ? (int64_t)rows : max_rows;
}
