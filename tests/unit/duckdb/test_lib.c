#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "duckdb/lib.h"

/* These come before the library is loaded, which is for good. */

static void nothing_is_loaded_unasked(void **state)
{
    (void)state;
    assert_null(mdm_duckdb_library_path());
    assert_null((void *)(uintptr_t)mdm_duck.connect);
}

static void a_library_that_is_not_there_is_named_with_what_to_do(void **state)
{
    mdm_error err = {0};
    (void)state;
    setenv("MDM_DUCKDB_LIBRARY", "/nowhere/libduckdb.so", 1);
    assert_int_equal(mdm_duckdb_load(&err), MDM_NOT_FOUND);
    assert_non_null(strstr(err.message, "MDM_DUCKDB_LIBRARY"));
    assert_non_null(strstr(err.message, "/nowhere/libduckdb.so"));
    assert_non_null(strstr(err.hint, "full path"));
    assert_null(mdm_duckdb_library_path());
}

static void another_library_is_refused(void **state)
{
    mdm_error err = {0};
    (void)state;
    setenv("MDM_DUCKDB_LIBRARY", "libm.so.6", 1);
    assert_int_equal(mdm_duckdb_load(&err), MDM_UNSUPPORTED);
    assert_string_equal(err.message, "libm.so.6 is no DuckDB library");
    assert_null((void *)(uintptr_t)mdm_duck.connect);
}

static void the_library_beside_the_program_is_found(void **state)
{
    mdm_error err = {0};
    (void)state;
    unsetenv("MDM_DUCKDB_LIBRARY");
    assert_int_equal(mdm_duckdb_load(&err), MDM_OK);
    assert_int_equal(mdm_duckdb_load(&err), MDM_OK);
    assert_non_null(mdm_duckdb_library_path());
    assert_int_equal(mdm_duckdb_library_path()[0], '/');
    assert_int_equal(mdm_duck.library_version()[0], 'v');
    assert_int_equal(mdm_duck.vector_size(), 2048);
}

static void once_loaded_the_environment_matters_no_more(void **state)
{
    mdm_error err = {0};
    (void)state;
    setenv("MDM_DUCKDB_LIBRARY", "/nowhere/libduckdb.so", 1);
    assert_int_equal(mdm_duckdb_load(&err), MDM_OK);
    unsetenv("MDM_DUCKDB_LIBRARY");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_loaded_unasked),
        cmocka_unit_test(a_library_that_is_not_there_is_named_with_what_to_do),
        cmocka_unit_test(another_library_is_refused),
        cmocka_unit_test(the_library_beside_the_program_is_found),
        cmocka_unit_test(once_loaded_the_environment_matters_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
