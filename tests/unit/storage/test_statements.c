#include "storage/storage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"

/* A driver whose statements are nothing but kept ones. */
static mdm_conn conn;
static mdm_statements statements;
static int destroyed;

static void destroy(mdm_kept *kept)
{
    destroyed++;
    mdm_free(kept);
}

static int start_keeping(void **state)
{
    (void)state;
    conn = (mdm_conn){0};
    destroyed = 0;
    mdm_statements_init(&statements, &conn, 0, destroy);
    return 0;
}

static int clear_all(void **state)
{
    (void)state;
    mdm_statements_clear(&statements);
    return 0;
}

static mdm_kept *compile(const char *sql)
{
    mdm_error err = {0};
    mdm_kept *kept = mdm_alloc_zero(1, sizeof *kept);
    assert_non_null(kept);
    assert_int_equal(mdm_statements_add(&statements, kept, mdm_str_from(sql), &err), MDM_OK);
    return kept;
}

static mdm_kept *find_or_compile(const char *sql)
{
    mdm_kept *kept = mdm_statements_take(&statements, mdm_str_from(sql));
    return kept ? kept : compile(sql);
}

static void use(const char *sql)
{
    mdm_statements_give(&statements, find_or_compile(sql));
}

static void what_was_given_back_is_found_by_its_exact_text(void **state)
{
    (void)state;
    mdm_kept *kept = compile("SELECT 1");
    assert_ptr_equal(kept->base.conn, &conn);
    assert_string_equal(kept->sql, "SELECT 1");
    mdm_statements_give(&statements, kept);
    assert_null(mdm_statements_take(&statements, MDM_STR("SELECT 2")));
    assert_null(mdm_statements_take(&statements, MDM_STR("SELECT 1 ")));
    assert_null(mdm_statements_take(&statements, MDM_STR("SELECT")));
    assert_ptr_equal(mdm_statements_take(&statements, MDM_STR("SELECT 1")), kept);
    assert_int_equal(conn.prepared, 1);
    assert_int_equal(conn.reused, 1);
}

static void a_text_with_nul_bytes_is_a_text_of_its_own(void **state)
{
    (void)state;
    mdm_error err = {0};
    mdm_kept *kept = mdm_alloc_zero(1, sizeof *kept);
    assert_int_equal(mdm_statements_add(&statements, kept, (mdm_str){"a\0b", 3}, &err), MDM_OK);
    mdm_statements_give(&statements, kept);
    assert_null(mdm_statements_take(&statements, (mdm_str){"a\0c", 3}));
    assert_ptr_equal(mdm_statements_take(&statements, (mdm_str){"a\0b", 3}), kept);
}

static void one_in_use_is_not_handed_out_twice(void **state)
{
    (void)state;
    mdm_kept *one = compile("x");
    assert_null(mdm_statements_take(&statements, MDM_STR("x")));
    mdm_kept *two = compile("x");
    mdm_statements_give(&statements, two);
    assert_int_equal(destroyed, 1); /* there is one already */
    mdm_statements_give(&statements, one);
    assert_ptr_equal(mdm_statements_take(&statements, MDM_STR("x")), one);
    assert_int_equal(statements.used, 1);
}

static void the_one_not_used_for_longest_goes_first(void **state)
{
    (void)state;
    char sql[32];
    for (unsigned i = 0; i < MDM_KEPT_LIMIT; i++) {
        snprintf(sql, sizeof sql, "SELECT %u", i);
        use(sql);
    }
    assert_int_equal(destroyed, 0);
    use("SELECT 0"); /* now 1 is the oldest */
    use("one more");
    assert_int_equal(destroyed, 1);
    assert_int_equal(statements.count, MDM_KEPT_LIMIT);
    assert_null(mdm_statements_take(&statements, MDM_STR("SELECT 1")));
    assert_non_null(mdm_statements_take(&statements, MDM_STR("SELECT 0")));
}

static void one_in_use_never_goes(void **state)
{
    (void)state;
    char sql[32];
    mdm_kept *first = compile("in use");
    for (unsigned i = 0; i < 2 * MDM_KEPT_LIMIT; i++) {
        snprintf(sql, sizeof sql, "SELECT %u", i);
        use(sql);
    }
    assert_string_equal(first->sql, "in use");
    mdm_statements_give(&statements, first);
    assert_ptr_equal(mdm_statements_take(&statements, MDM_STR("in use")), first);
}

static void when_all_are_in_use_the_newcomer_is_not_kept(void **state)
{
    (void)state;
    char sql[32];
    mdm_kept *last = NULL;
    for (unsigned i = 0; i <= MDM_KEPT_LIMIT; i++) {
        snprintf(sql, sizeof sql, "SELECT %u", i);
        last = compile(sql);
    }
    assert_int_equal(statements.count, MDM_KEPT_LIMIT);
    assert_int_equal(statements.used, MDM_KEPT_LIMIT + 1);
    mdm_statements_give(&statements, last);
    assert_int_equal(destroyed, 1);
}

static void nothing_is_kept_when_so_opened(void **state)
{
    (void)state;
    mdm_statements_init(&statements, &conn, MDM_OPEN_NO_STATEMENTS, destroy);
    use("x");
    use("x");
    assert_int_equal(destroyed, 2);
    assert_int_equal(conn.prepared, 2);
    assert_int_equal(conn.reused, 0);
    assert_false(mdm_statements_wants(&statements, MDM_STR("x")));
}

static void a_stale_one_is_found_no_more(void **state)
{
    (void)state;
    mdm_kept *idle = compile("idle"), *used = compile("used");
    mdm_statements_give(&statements, idle);
    mdm_statements_drop(&statements, idle);
    assert_int_equal(destroyed, 1);
    mdm_statements_drop(&statements, used);
    assert_int_equal(destroyed, 1);
    assert_null(mdm_statements_take(&statements, MDM_STR("idle")));
    mdm_statements_give(&statements, used);
    assert_int_equal(destroyed, 2);
}

static void clearing_destroys_those_in_use_too(void **state)
{
    (void)state;
    use("a");
    compile("b");
    mdm_statements_clear(&statements);
    assert_int_equal(destroyed, 2);
    assert_int_equal(statements.count, 0);
    assert_int_equal(statements.used, 0);
    use("a");
    assert_int_equal(conn.prepared, 3);
}

static void where_compiling_is_cheap_the_second_use_is_kept(void **state)
{
    (void)state;
    statements.on_second_use = true;
    assert_false(mdm_statements_wants(&statements, MDM_STR("x")));
    use("x");
    assert_int_equal(destroyed, 1);
    assert_true(mdm_statements_wants(&statements, MDM_STR("x")));
    use("x");
    assert_int_equal(destroyed, 1);
    use("x");
    assert_int_equal(conn.prepared, 2);
    assert_int_equal(conn.reused, 1);
}

static void no_memory_leaves_the_statement_to_the_driver(void **state)
{
    (void)state;
    mdm_error err = {0};
    mdm_kept *kept = mdm_alloc_zero(1, sizeof *kept);
    mdm_alloc_fail_after(0);
    assert_int_equal(mdm_statements_add(&statements, kept, MDM_STR("x"), &err), MDM_NO_MEMORY);
    mdm_alloc_fail_after(-1);
    assert_int_equal(statements.used, 0);
    assert_int_equal(conn.prepared, 0);
    assert_null(mdm_statements_take(&statements, MDM_STR("x")));
    mdm_free(kept);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, start_keeping, clear_all)
    const struct CMUnitTest tests[] = {
        TEST(what_was_given_back_is_found_by_its_exact_text),
        TEST(a_text_with_nul_bytes_is_a_text_of_its_own),
        TEST(one_in_use_is_not_handed_out_twice),
        TEST(the_one_not_used_for_longest_goes_first),
        TEST(one_in_use_never_goes),
        TEST(when_all_are_in_use_the_newcomer_is_not_kept),
        TEST(nothing_is_kept_when_so_opened),
        TEST(a_stale_one_is_found_no_more),
        TEST(clearing_destroys_those_in_use_too),
        TEST(where_compiling_is_cheap_the_second_use_is_kept),
        TEST(no_memory_leaves_the_statement_to_the_driver),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
