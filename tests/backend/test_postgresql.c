/* The driver suite on PostgreSQL: tests/support/with-postgresql sets the variable. */
#include "suite.h"

int main(void)
{
    static const suite_driver driver = {
        .name = "postgresql",
        .url_variable = "MDM_TEST_POSTGRESQL",
        .slow = "SELECT sum(a * b % 7) FROM generate_series(1, 10000000) AS a, "
                "generate_series(1, 10000000) AS b",
        .rows = "SELECT i, 'row ' || i AS t FROM generate_series(0::bigint, %ld - 1) AS i",
        .reads_as = {[MDM_TYPE_INT8] = MDM_TYPE_INT16},
        .keeps_nan = true,
    };
    return suite_run(&driver);
}
