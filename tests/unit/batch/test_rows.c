/* src/batch/rows.c: how many rows a chunk may have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mdm/batch.h"

static void rows_follow_from_the_memory_and_stay_between_1_and_the_maximum(void **state)
{
    (void)state;
    static const struct {
        int64_t max_rows;
        size_t row_bytes, in_flight, limit_bytes;
        int64_t rows;
    } cases[] = {
        {10000, 100, 8, (size_t)100 << 20, 10000},
        {1000000, 100, 8, (size_t)100 << 20, 131072},
        {1000000, 100, 1, 99, 1}, /* not even one row fits */
        {1000000, 100, 1, 100, 1},
        {1000000, 100, 1, 199, 1},
        {1000000, 100, 1, 200, 2},
        {1000000, 100, 2, 399, 1},
        {1000000, 100, 2, 400, 2},
        {1000000, 7, 3, 1000, 47}, /* 48 rows of 21 bytes would be 1,008 */
        {5, 1, 1, 0, 1},
        {5, 0, 1, 1000, 5}, /* rows of no bytes: memory sets no limit */
        {5, 1, 0, 1000, 5}, /* none in flight is one */
        {0, 1, 1, 1000, 1},
        {-3, 0, 1, 1000, 1},
        {INT64_MAX, 1, 1, SIZE_MAX, INT64_MAX},
        {INT64_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX, 1},
        {10, (size_t)1 << 40, (size_t)1 << 40, SIZE_MAX, 1}, /* the product does not fit */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const int64_t rows = mdm_batch_rows(cases[i].max_rows, cases[i].row_bytes,
                                            cases[i].in_flight, cases[i].limit_bytes);
        if (rows != cases[i].rows)
            fail_msg("case %zu: %lld, expected %lld", i, (long long)rows, (long long)cases[i].rows);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_follow_from_the_memory_and_stay_between_1_and_the_maximum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
