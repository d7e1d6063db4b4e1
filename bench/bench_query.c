/* What does it cost to read a statement: tokens, class, normal form and hash? More than 1.5 ns for
 * a byte would show in a point query. */
#include <string.h>

#include "bench.h"
#include "mdm/query.h"

static const struct {
    const char *name, *sql;
} texts[] = {
    {"point", "SELECT name, price FROM item WHERE id = ?"},
    {"report", "SELECT o.customer_id, c.name, count(*) AS orders, sum(l.price * (1 - l.discount)) "
               "AS revenue\n"
               "  FROM orders AS o\n"
               "  JOIN customer AS c ON c.id = o.customer_id\n"
               "  LEFT JOIN lineitem AS l ON l.order_id = o.id\n"
               " WHERE o.placed BETWEEN '2023-01-01' AND '2023-12-31' -- one year\n"
               "   AND c.segment IN ('AUTOMOBILE', 'BUILDING', 'FURNITURE', 'MACHINERY')\n"
               "   AND l.returned IS NOT TRUE\n"
               " GROUP BY o.customer_id, c.name\n"
               "HAVING sum(l.price * (1 - l.discount)) > 100000.0\n"
               " ORDER BY revenue DESC, c.name\n"
               " LIMIT 20"},
    {"insert", "INSERT INTO measurement (sensor, taken_at, celsius, humidity, note) VALUES (17, "
               "'2024-02-29 13:05:00', 21.375, 0.43, 'window open; it''s cold')"},
};

static double ns_per_byte(const char *sql, long n)
{
    mdm_str text = mdm_str_from(sql);
    char normalised[1024];
    uint64_t sum = 0;
    double start = bench_cpu_ns();
    for (long i = 0; i < n; i++)
        sum += mdm_fingerprint_make(text, MDM_SQL_SQLITE, normalised, sizeof normalised).hash >> 1;
    double spent = bench_cpu_ns() - start;
    bench_need(sum != 0, "no fingerprint was made");
    return spent / (double)n / (double)text.len;
}

int main(void)
{
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        double rounds[BENCH_ROUNDS];
        (void)ns_per_byte(texts[i].sql, 20000);
        for (size_t r = 0; r < BENCH_ROUNDS; r++)
            rounds[r] = ns_per_byte(texts[i].sql, 20000);
        char name[64];
        snprintf(name, sizeof name, "query/fingerprint/%s", texts[i].name);
        bench_figure(name, bench_median(rounds, BENCH_ROUNDS), "ns/byte", 1.5);
    }
    return 0;
}
