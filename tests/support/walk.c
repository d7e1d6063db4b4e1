#include "support/walk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/io.h"

#define RUNS_MAX 100000L /* a step whose need grows with each run would never end */

static long walk_allocations(test_step step, void *data, void (*arrange)(long))
{
    for (long n = 0; n < RUNS_MAX; n++) {
        mdm_error err = {0};
        arrange(n);
        const mdm_status status = step(data, &err);
        const bool met = mdm_alloc_count() > n;
        mdm_alloc_fail_after(-1);
        if (!met) {
            if (status != MDM_OK) fail_msg("without a failure: %s", err.message);
            return n;
        }
        if (status == MDM_OK && err.message[0]) fail_msg("success with words: %s", err.message);
        if (status != MDM_OK && status != MDM_NO_MEMORY)
            fail_msg("allocation %ld failing gives status %d: %s", n, (int)status, err.message);
    }
    fail_msg("no end after %ld allocations", RUNS_MAX);
    return 0;
}

void test_walk_allocations(test_step step, void *data, long least)
{
    const long once = walk_allocations(step, data, mdm_alloc_fail_after);
    if (once < least) fail_msg("only %ld allocations were met", once);
    walk_allocations(step, data, mdm_alloc_fail_from);
}

void test_walk_calls(test_step step, void *data, int errno_value, long least)
{
    for (long n = 0; n < RUNS_MAX; n++) {
        mdm_error err = {0};
        mdm_io_fail_after(n, errno_value);
        const mdm_status status = step(data, &err);
        const bool met = mdm_io_count() > n;
        mdm_io_fail_after(-1, 0);
        if (!met) {
            if (status != MDM_OK) fail_msg("without a failure: %s", err.message);
            if (n < least) fail_msg("only %ld system calls were met", n);
            return;
        }
        if ((status == MDM_OK) != (err.message[0] == '\0'))
            fail_msg("call %ld failing gives status %d and '%s'", n, (int)status, err.message);
    }
    fail_msg("no end after %ld system calls", RUNS_MAX);
}
