/* Walking every failure: the same step again and again, each time with the next allocation or
 * system call failing, until one run needs none of them. */
#ifndef MDM_TEST_WALK_H
#define MDM_TEST_WALK_H

#include "mdm/base.h"

/* Does its work, checks whatever must hold whether it failed or not, leaves nothing behind. */
typedef mdm_status (*test_step)(void *data, mdm_error *err);

/* Each allocation fails once, then all from each on. A run ends with MDM_NO_MEMORY, or with MDM_OK
 * where the failure is harmless; the last one with MDM_OK. At least `least` allocations must be
 * met. */
void test_walk_allocations(test_step step, void *data, long least);

/* Each system call of base/io fails with errno_value. Any status may come back. */
void test_walk_calls(test_step step, void *data, int errno_value, long least);

#endif
