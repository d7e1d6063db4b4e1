#include "portable_index.h"

#undef __SSE2__
#define mdm_csv_index_init portable_index_init
#define mdm_csv_index_end portable_index_end
#define mdm_csv_index_begin portable_index_begin
#define mdm_csv_index_scan portable_index_scan
#include "file/csv_index.c"
