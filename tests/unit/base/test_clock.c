#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mdm/base.h"

static void the_clock_does_not_go_back(void **state)
{
    (void)state;
    int64_t before = mdm_clock_ns();
    assert_true(before > 0);
    for (int i = 0; i < 1000; i++) {
        const int64_t now = mdm_clock_ns();
        assert_true(now >= before);
        before = now;
    }
}

static void work_goes_on_until_it_is_asked_to_stop(void **state)
{
    (void)state;
    volatile int flag = 0;
    mdm_error err = {0};
    const mdm_stop none = {0};
    const mdm_stop flagged = {.flag = &flag};
    assert_int_equal(mdm_stop_check(NULL, &err), MDM_OK);
    assert_int_equal(mdm_stop_check(&none, &err), MDM_OK);
    assert_int_equal(mdm_stop_check(&flagged, &err), MDM_OK);
    assert_string_equal(err.message, "");
    flag = 1;
    assert_int_equal(mdm_stop_check(&flagged, &err), MDM_CANCELLED);
    assert_string_equal(err.message, "cancelled");
    assert_int_equal(mdm_stop_check(&flagged, NULL), MDM_CANCELLED);
}

static void a_deadline_is_the_first_moment_too_late(void **state)
{
    (void)state;
    mdm_error err;
    const mdm_stop past = {.deadline_ns = mdm_clock_ns()};
    const mdm_stop future = {.deadline_ns = mdm_clock_ns() + INT64_C(3600000000000)};
    assert_int_equal(mdm_stop_check(&past, &err), MDM_TIMEOUT);
    assert_string_equal(err.message, "timed out");
    assert_int_equal(mdm_stop_check(&future, NULL), MDM_OK);
}

static void the_version_has_three_parts(void **state)
{
    (void)state;
    const char *version = mdm_version();
    assert_int_equal(strspn(version, "0123456789."), strlen(version));
    assert_non_null(strchr(strchr(version, '.') + 1, '.'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_clock_does_not_go_back),
        cmocka_unit_test(work_goes_on_until_it_is_asked_to_stop),
        cmocka_unit_test(a_deadline_is_the_first_moment_too_late),
        cmocka_unit_test(the_version_has_three_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
