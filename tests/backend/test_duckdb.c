/* The driver suite on DuckDB. */
#include "suite.h"

int main(void)
{
    static const suite_driver driver = {
        .name = "duckdb",
        .slow = "SELECT sum(a.range * b.range % 7) FROM range(100000000) AS a, range(10000) AS b",
        .rows = "SELECT range AS i, 'row ' || range AS t FROM range(%ld)",
        .keeps_nan = true,
        .keeps_nul = true,
    };
    return suite_run(&driver);
}
