#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"

static void a_block_of_nothing_is_a_block(void **state)
{
    (void)state;
    void *memory = mdm_alloc(0);
    assert_non_null(memory);
    memory = mdm_realloc(memory, 0);
    assert_non_null(memory);
    mdm_free(memory);
    mdm_free(NULL);
    mdm_free_text(NULL);
}

static void a_product_that_overflows_is_no_memory(void **state)
{
    (void)state;
    assert_null(mdm_alloc_zero(SIZE_MAX / 2, 3));
    assert_null(mdm_alloc_zero(SIZE_MAX, 1));
    assert_null(mdm_alloc(SIZE_MAX));
    void *memory = mdm_alloc(1);
    assert_null(mdm_realloc(memory, SIZE_MAX));
    mdm_free(memory);
}

static void zeroed_memory_is_zero(void **state)
{
    (void)state;
    static const char zeros[300];
    char *memory = mdm_alloc_zero(100, 3);
    assert_memory_equal(memory, zeros, sizeof zeros);
    mdm_free(memory);
}

static void copies_end_in_nul(void **state)
{
    (void)state;
    char *copy = mdm_str_dup((mdm_str){"abcdef", 3});
    assert_string_equal(copy, "abc");
    mdm_free(copy);
    copy = mdm_strdup("x");
    assert_string_equal(copy, "x");
    mdm_free(copy);
    copy = mdm_str_dup((mdm_str){NULL, 0});
    assert_string_equal(copy, "");
    mdm_free(copy);
    copy = mdm_asprintf("%s-%d", "a", 7);
    assert_string_equal(copy, "a-7");
    mdm_free_text(copy);
}

static void one_call_fails_when_asked_for(void **state)
{
    (void)state;
    mdm_alloc_fail_after(1);
    void *first = mdm_alloc(1);
    void *second = mdm_alloc(1);
    void *third = mdm_alloc(1);
    assert_int_equal(mdm_alloc_count(), 3);
    mdm_alloc_fail_after(-1);
    assert_non_null(first);
    assert_null(second);
    assert_non_null(third);
    mdm_free(first);
    mdm_free(third);
}

static void all_calls_fail_from_one_on_when_asked_for(void **state)
{
    (void)state;
    mdm_alloc_fail_from(1);
    char *first = mdm_strdup("kept");
    assert_null(mdm_alloc(1));
    assert_null(mdm_realloc(first, 100));
    assert_null(mdm_asprintf("%d", 1));
    mdm_alloc_fail_after(-1);
    assert_string_equal(first, "kept");
    mdm_free(first);
}

static long foreign_calls;

static void *foreign_allocate(size_t bytes)
{
    foreign_calls++;
    return malloc(bytes);
}

static void *foreign_reallocate(void *memory, size_t bytes)
{
    foreign_calls++;
    return realloc(memory, bytes);
}

static void foreign_release(void *memory)
{
    foreign_calls++;
    free(memory);
}

static void the_allocator_of_the_host_is_used(void **state)
{
    (void)state;
    const mdm_allocator foreign = {foreign_allocate, foreign_reallocate, foreign_release};
    mdm_allocator_set(&foreign);
    void *memory = mdm_alloc(1);
    memory = mdm_realloc(memory, 2);
    mdm_free(memory);
    mdm_allocator_set(NULL);
    assert_int_equal(foreign_calls, 3);
    mdm_free(mdm_alloc(1));
    assert_int_equal(foreign_calls, 3);
}

static void no_memory_is_said_in_the_usual_words(void **state)
{
    (void)state;
    mdm_error err;
    assert_int_equal(mdm_no_memory(&err, "a cache entry"), MDM_NO_MEMORY);
    assert_string_equal(err.message, "out of memory for a cache entry");
    assert_int_equal(mdm_no_memory(NULL, "x"), MDM_NO_MEMORY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_of_nothing_is_a_block),
        cmocka_unit_test(a_product_that_overflows_is_no_memory),
        cmocka_unit_test(zeroed_memory_is_zero),
        cmocka_unit_test(copies_end_in_nul),
        cmocka_unit_test(one_call_fails_when_asked_for),
        cmocka_unit_test(all_calls_fail_from_one_on_when_asked_for),
        cmocka_unit_test(the_allocator_of_the_host_is_used),
        cmocka_unit_test(no_memory_is_said_in_the_usual_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
