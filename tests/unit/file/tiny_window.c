/* window.c with windows so small that every text crosses their borders. */
#define MDM_WINDOW_BYTES 128
#define MDM_FIELD_MAX ((size_t)4 << 10)
#define MDM_CSV_ENDS 130
#include "file/window.c"
