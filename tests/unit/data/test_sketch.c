#include "unit/data/rows.h"

#include <math.h>

#include "data/sketch.h"

static void the_estimate_is_within_five_standard_errors(void **state)
{
    (void)state;
    static const uint64_t counts[] = {0, 1, 10, 1000, 16384, 50000, 100000, 1000000, 5000000};
    static mdm_sketch sketch;
    for (size_t i = 0; i < COUNT(counts); i++) {
        memset(&sketch, 0, sizeof sketch);
        for (uint64_t value = 0; value < counts[i]; value++)
            mdm_sketch_add(&sketch, mdm_mix(value));
        double estimate = mdm_sketch_count(&sketch), exact = (double)counts[i];
        if (fabs(estimate - exact) > 0.041 * exact + 0.5)
            fail_msg("%.0f values are estimated as %.1f", exact, estimate);
    }
}

/* Over many sets the errors must average out: an estimator with a bias would not do that. */
static void the_estimate_has_no_bias_and_the_error_it_says(void **state)
{
    (void)state;
    static const size_t counts[] = {20000, 60000, 200000};
    static mdm_sketch sketch;
    enum { SETS = 60 };
    for (size_t i = 0; i < COUNT(counts); i++) {
        double sum = 0, squares = 0;
        for (uint64_t set = 1; set <= SETS; set++) {
            memset(&sketch, 0, sizeof sketch);
            for (size_t k = 0; k < counts[i]; k++)
                mdm_sketch_add(&sketch, mdm_mix(set << 40 | k));
            double error = mdm_sketch_count(&sketch) / (double)counts[i] - 1;
            sum += error;
            squares += error * error;
        }
        if (fabs(sum / SETS) > 0.004 || sqrt(squares / SETS) > 0.012)
            fail_msg("at %zu: bias %.4f, error %.4f", counts[i], sum / SETS, sqrt(squares / SETS));
    }
}

static void merging_is_the_union(void **state)
{
    (void)state;
    static mdm_sketch a, b, both;
    for (uint64_t value = 0; value < 300000; value++) {
        uint64_t hash = mdm_mix(value);
        if (value < 200000) mdm_sketch_add(&a, hash);
        if (value >= 100000) mdm_sketch_add(&b, hash);
        mdm_sketch_add(&both, hash);
    }
    mdm_sketch_merge(&a, &b);
    assert_memory_equal(&a, &both, sizeof a);
}

static void seeing_a_value_again_changes_nothing(void **state)
{
    (void)state;
    static mdm_sketch a;
    for (int round = 0; round < 3; round++)
        for (uint64_t value = 0; value < 100; value++)
            mdm_sketch_add(&a, mdm_mix(value));
    assert_true(fabs(mdm_sketch_count(&a) - 100) < 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_estimate_is_within_five_standard_errors),
        cmocka_unit_test(the_estimate_has_no_bias_and_the_error_it_says),
        cmocka_unit_test(merging_is_the_union),
        cmocka_unit_test(seeing_a_value_again_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
