/* src/monitor/histogram.c: buckets, sums, quantiles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "monitor/histogram.h"

/* --- buckets ------------------------------------------------------------------ */

static void every_value_below_64_has_a_bucket_of_its_own(void **state)
{
    (void)state;
    for (uint64_t value = 0; value < 64; value++) {
        assert_int_equal(mdm_bucket_of(value), value);
        assert_int_equal(mdm_bucket_middle((unsigned)value), value);
    }
}

static void buckets_follow_each_other_without_gap(void **state)
{
    (void)state;
    for (unsigned bucket = 0; bucket + 1 < MDM_BUCKETS; bucket++) {
        uint64_t low = mdm_bucket_middle(bucket), high = mdm_bucket_middle(bucket + 1);
        assert_int_equal(mdm_bucket_of(low), bucket);
        while (high - low > 1) { /* the first value of the next bucket by halving */
            const uint64_t middle = low + (high - low) / 2;
            if (mdm_bucket_of(middle) == bucket) low = middle;
            else high = middle;
        }
        assert_int_equal(mdm_bucket_of(high), bucket + 1);
    }
}

static void a_value_is_within_a_64th_of_the_middle_of_its_bucket(void **state)
{
    (void)state;
    for (unsigned exponent = 0; exponent < MDM_FINE_BITS; exponent++)
        for (unsigned step = 0; step < 1000; step++) {
            const uint64_t low = UINT64_C(1) << exponent;
            const uint64_t value = low + (uint64_t)((double)low * step / 1000);
            const uint64_t middle = mdm_bucket_middle(mdm_bucket_of(value));
            const uint64_t off = middle > value ? middle - value : value - middle;
            if (off * 64 > value) fail_msg("%llu", (unsigned long long)value);
        }
}

static void values_from_2_to_the_42_on_share_the_bucket_of_their_octave(void **state)
{
    (void)state;
    assert_int_equal(mdm_bucket_of((UINT64_C(1) << 42) - 1), MDM_FINE_BUCKETS - 1);
    assert_int_equal(mdm_bucket_of(UINT64_C(1) << 42), MDM_FINE_BUCKETS);
    assert_int_equal(mdm_bucket_of((UINT64_C(1) << 43) - 1), MDM_FINE_BUCKETS);
    assert_int_equal(mdm_bucket_of(UINT64_MAX), MDM_BUCKETS - 1);
    assert_int_equal(mdm_bucket_middle(MDM_BUCKETS - 1), UINT64_C(3) << 62);
}

static void a_histogram_stays_below_5_kilobytes(void **state)
{
    (void)state;
    assert_in_range(sizeof(mdm_histogram), 1, 5000);
}

/* --- summaries ---------------------------------------------------------------- */

static mdm_histogram histogram;

static mdm_histogram_summary summary_of(const uint64_t *values, size_t count)
{
    mdm_histogram_total total;
    mdm_histogram_init(&histogram);
    for (size_t i = 0; i < count; i++)
        assert_true(mdm_histogram_record(&histogram, values[i]));
    mdm_total_init(&total);
    mdm_total_add(&total, &histogram);
    return mdm_total_summary(&total);
}

static void a_histogram_of_nothing_is_all_zero(void **state)
{
    (void)state;
    const mdm_histogram_summary nothing = {0};
    const mdm_histogram_summary summary = summary_of(NULL, 0);
    assert_memory_equal(&summary, &nothing, sizeof summary);
}

static void one_value_is_every_figure_exactly(void **state)
{
    (void)state;
    static const uint64_t values[] = {0,         1, 63, 64, 65, 1000003, (UINT64_C(1) << 50) + 7,
                                      UINT64_MAX};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        const mdm_histogram_summary s = summary_of(&values[i], 1);
        assert_int_equal(s.count, 1);
        assert_int_equal(s.sum, values[i]);
        assert_int_equal(s.min, values[i]);
        assert_int_equal(s.max, values[i]);
        assert_int_equal(s.p50, values[i]);
        assert_int_equal(s.p999, values[i]);
    }
}

static void quantiles_are_of_the_nearest_rank(void **state)
{
    (void)state;
    uint64_t values[63];
    for (size_t i = 0; i < 63; i++)
        values[i] = i + 1; /* 1 to 63: each has its bucket */
    const struct {
        size_t count;
        uint64_t p50, p90, p95, p99, p999;
    } cases[] = {
        {1, 1, 1, 1, 1, 1},       {2, 1, 2, 2, 2, 2},       {10, 5, 9, 10, 10, 10},
        {20, 10, 18, 19, 20, 20}, {63, 32, 57, 60, 63, 63},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const mdm_histogram_summary s = summary_of(values, cases[i].count);
        assert_int_equal(s.p50, cases[i].p50);
        assert_int_equal(s.p90, cases[i].p90);
        assert_int_equal(s.p95, cases[i].p95);
        assert_int_equal(s.p99, cases[i].p99);
        assert_int_equal(s.p999, cases[i].p999);
    }
}

static void totals_add_several_histograms_and_what_was_spilled(void **state)
{
    (void)state;
    static mdm_histogram other;
    static uint64_t spilled[MDM_BUCKETS];
    mdm_histogram_init(&histogram);
    mdm_histogram_init(&other);
    assert_true(mdm_histogram_record(&histogram, 10));
    assert_true(mdm_histogram_record(&other, 50));
    spilled[mdm_bucket_of(50)] = UINT64_C(1) << 40;
    mdm_histogram_total total;
    mdm_total_init(&total);
    mdm_total_add(&total, &histogram);
    mdm_total_add(&total, &other);
    mdm_total_add_spilled(&total, spilled);
    const mdm_histogram_summary s = mdm_total_summary(&total);
    assert_int_equal(s.count, (UINT64_C(1) << 40) + 2);
    assert_int_equal(s.sum, 60);
    assert_int_equal(s.min, 10);
    assert_int_equal(s.max, 50);
    assert_int_equal(s.p50, 50);
}

static void a_full_bucket_records_nothing(void **state)
{
    (void)state;
    mdm_histogram_init(&histogram);
    histogram.buckets[mdm_bucket_of(7)] = UINT32_MAX - 1;
    assert_true(mdm_histogram_record(&histogram, 7));
    assert_false(mdm_histogram_record(&histogram, 7));
    assert_int_equal(histogram.sum, 7);
    assert_int_equal(histogram.buckets[mdm_bucket_of(7)], UINT32_MAX);
}

/* --- against sorted values ------------------------------------------------------ */

#define VALUES 200000u

static uint64_t random_state;

static double uniform(void) /* in (0, 1): splitmix64 */
{
    uint64_t z = (random_state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return ((double)((z ^ (z >> 31)) >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(void) /* Box and Muller */
{
    const double u = uniform(), v = uniform();
    return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

static double even(void)
{
    return 1e6 * uniform();
}

static double lognormal(void)
{
    return exp(11 + 2 * normal());
}

static double bimodal(void)
{
    return uniform() < 0.9 ? 1e4 + 500 * normal() : 5e7 + 1e6 * normal();
}

static double pareto(void)
{
    return 1000 * pow(uniform(), -1 / 1.2);
}

static int order(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void quantiles_of_four_distributions_are_within_a_64th(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double (*draw)(void);
    } distributions[] = {
        {"uniform", even}, {"lognormal", lognormal}, {"bimodal", bimodal}, {"Pareto", pareto}};
    uint64_t *values = malloc(VALUES * sizeof *values);
    assert_non_null(values);
    for (size_t d = 0; d < sizeof distributions / sizeof *distributions; d++) {
        random_state = 42;
        uint64_t sum = 0;
        for (size_t i = 0; i < VALUES; i++) {
            values[i] = (uint64_t)distributions[d].draw();
            sum += values[i];
        }
        const mdm_histogram_summary s = summary_of(values, VALUES);
        qsort(values, VALUES, sizeof *values, order);
        assert_int_equal(s.count, VALUES);
        assert_int_equal(s.sum, sum);
        assert_int_equal(s.min, values[0]);
        assert_int_equal(s.max, values[VALUES - 1]);
        const uint64_t found[] = {s.p50, s.p90, s.p95, s.p99, s.p999};
        static const double quantiles[] = {0.5, 0.9, 0.95, 0.99, 0.999};
        for (size_t q = 0; q < 5; q++) {
            const double exact = (double)values[(size_t)lround(VALUES * quantiles[q]) - 1];
            if (fabs((double)found[q] - exact) > exact / 64)
                fail_msg("%s p%g: %llu, exactly %.0f", distributions[d].name, quantiles[q] * 100,
                         (unsigned long long)found[q], exact);
        }
    }
    free(values);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_below_64_has_a_bucket_of_its_own),
        cmocka_unit_test(buckets_follow_each_other_without_gap),
        cmocka_unit_test(a_value_is_within_a_64th_of_the_middle_of_its_bucket),
        cmocka_unit_test(values_from_2_to_the_42_on_share_the_bucket_of_their_octave),
        cmocka_unit_test(a_histogram_stays_below_5_kilobytes),
        cmocka_unit_test(a_histogram_of_nothing_is_all_zero),
        cmocka_unit_test(one_value_is_every_figure_exactly),
        cmocka_unit_test(quantiles_are_of_the_nearest_rank),
        cmocka_unit_test(totals_add_several_histograms_and_what_was_spilled),
        cmocka_unit_test(a_full_bucket_records_nothing),
        cmocka_unit_test(quantiles_of_four_distributions_are_within_a_64th),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
