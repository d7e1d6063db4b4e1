#include "unit/data/rows.h"

#include <math.h>

#include "data/moments.h"

/* The same by the textbook, in long double. */
static void check(const double *values, size_t count, const mdm_moments *moments)
{
    long double n = count, sum = 0, m2 = 0, m3 = 0, m4 = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    long double mean = sum / n;
    for (size_t i = 0; i < count; i++) {
        long double d = values[i] - mean;
        m2 += d * d;
        m3 += d * d * d;
        m4 += d * d * d * d;
    }
    double spread = (double)sqrtl(m2 / n);
    assert_true(fabs(moments->mean - (double)mean) <= 1e-12 * (fabs((double)mean) + spread));
    long double variance = m2 / (n - 1);
    assert_true(fabs(mdm_moments_variance(moments) - (double)variance) <= 1e-9 * (double)variance);
    long double g1 = sqrtl(n) * m3 / powl(m2, 1.5L), g2 = n * m4 / (m2 * m2) - 3;
    long double skewness = g1 * sqrtl(n * (n - 1)) / (n - 2);
    long double kurtosis = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * g2 + 6);
    assert_true(fabs(mdm_moments_skewness(moments) - (double)skewness) <=
                1e-7 * (1 + fabs((double)skewness)));
    assert_true(fabs(mdm_moments_kurtosis(moments) - (double)kurtosis) <=
                1e-7 * (1 + fabs((double)kurtosis)));
}

/* Kinds of data: uniform, far from zero, heavy-tailed, in two clusters. */
static double draw(int kind, uint64_t *seed)
{
    double u = (double)(next_random(seed) >> 11) * 0x1p-53;
    switch (kind) {
    case 0: return u;
    case 1: return 1e9 + u;
    case 2: return 1 / (u + 1e-3);
    default: return u < 0.3 ? -1000 + u : 500 + u;
    }
}

static void moments_of_blocks_merge_into_those_of_all(void **state)
{
    (void)state;
    enum { COUNT_ALL = 100000 };
    uint64_t seed = 15;
    double *values = malloc(COUNT_ALL * sizeof *values);
    for (int kind = 0; kind < 4; kind++) {
        for (size_t i = 0; i < COUNT_ALL; i++)
            values[i] = draw(kind, &seed);
        mdm_moments all = {0};
        for (size_t at = 0; at < COUNT_ALL;) {
            size_t count = 1 + next_random(&seed) % 1500;
            if (count > COUNT_ALL - at) count = COUNT_ALL - at;
            mdm_moments block = mdm_moments_of(values + at, count);
            mdm_moments_merge(&all, &block);
            at += count;
        }
        assert_true(all.n == COUNT_ALL);
        check(values, COUNT_ALL, &all);
    }
    free(values);
}

static void known_data_have_known_moments(void **state)
{
    (void)state;
    static const double values[] = {2, 8, 0, 4, 1, 9, 9, 0};
    mdm_moments m = mdm_moments_of(values, COUNT(values));
    assert_true(m.mean == 4.125);
    assert_true(fabs(mdm_moments_variance(&m) - 15.839285714285714) < 1e-12);
    assert_true(fabs(mdm_moments_skewness(&m) - 0.3305821804079747) < 1e-12);
    assert_true(fabs(mdm_moments_kurtosis(&m) - -2.098602258096087) < 1e-12);
}

static void too_few_values_have_no_moments_and_equal_ones_no_spread(void **state)
{
    (void)state;
    static const double values[] = {7, 7, 7, 7};
    for (size_t n = 0; n <= 4; n++) {
        mdm_moments m = mdm_moments_of(values, n);
        assert_int_equal(isnan(mdm_moments_variance(&m)), n < 2);
        assert_int_equal(isnan(mdm_moments_skewness(&m)), n < 3);
        assert_int_equal(isnan(mdm_moments_kurtosis(&m)), n < 4);
        if (n == 4) {
            assert_true(mdm_moments_variance(&m) == 0);
            assert_true(mdm_moments_skewness(&m) == 0);
            assert_true(mdm_moments_kurtosis(&m) == 0);
        }
    }
}

static void merging_nothing_changes_nothing(void **state)
{
    (void)state;
    static const double values[] = {1, 2, 4};
    mdm_moments none = {0}, some = mdm_moments_of(values, 3), copy = some;
    mdm_moments_merge(&some, &none);
    assert_memory_equal(&some, &copy, sizeof some);
    mdm_moments_merge(&none, &some);
    assert_memory_equal(&none, &copy, sizeof none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_of_blocks_merge_into_those_of_all),
        cmocka_unit_test(known_data_have_known_moments),
        cmocka_unit_test(too_few_values_have_no_moments_and_equal_ones_no_spread),
        cmocka_unit_test(merging_nothing_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
