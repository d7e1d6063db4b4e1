/* The driver suite on SQLite. */
#include "suite.h"

int main(void)
{
    static const suite_driver driver = {
        .name = "sqlite",
        .slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < "
                "100000000000) SELECT count(*) FROM n",
        .rows = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %ld - 1) "
                "SELECT i, 'row ' || i AS t FROM n",
        .keeps_nul = true,
    };
    return suite_run(&driver);
}
