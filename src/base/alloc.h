/* The only door to memory. It counts, and can fail the n-th call, so that tests
 * walk every failure. All blocks are aligned for any type. */
#ifndef MDM_BASE_ALLOC_H
#define MDM_BASE_ALLOC_H

#include <stddef.h>

#include "mdm/base.h"

/* NULL: no memory. 0 bytes are allowed. */
MDM_MUST_CHECK void *mdm_alloc(size_t bytes);
MDM_MUST_CHECK void *mdm_alloc_zero(size_t count, size_t bytes); /* checks the product */
/* On failure memory stays as it was. */
MDM_MUST_CHECK void *mdm_realloc(void *memory, size_t bytes);
void mdm_free(void *memory); /* NULL allowed */
/* NUL-terminated copies, or NULL. */
MDM_MUST_CHECK char *mdm_strdup(const char *text);
MDM_MUST_CHECK char *mdm_str_dup(mdm_str text);
MDM_MUST_CHECK char *mdm_asprintf(const char *format, ...) MDM_PRINTF(1, 2);

/* MDM_NO_MEMORY in the usual words: return mdm_no_memory(err, "a cache entry"); */
mdm_status mdm_no_memory(mdm_error *err, const char *what);

/* For tests. Let n calls succeed, then fail one (once) or all that follow; -1: never. */
void mdm_alloc_fail_after(long n);
void mdm_alloc_fail_from(long n);
long mdm_alloc_count(void); /* calls since the last of the two above */

#endif
