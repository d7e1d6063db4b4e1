/* What the words of a statement tell, and on which side it errs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "storage/postgresql_driver.h"

static void words_tell_what_a_statement_does(void **state)
{
    (void)state;
    enum { READS = PG_WORD_SOME | PG_WORD_READS };
    static const struct {
        const char *sql;
        unsigned expected;
    } cases[] = {
        {"", 0},
        {" \n\t;; ", 0},
        {"-- only a comment", 0},
        {"/* one /* in */ another */ ;", 0},
        {"/* not closed", 0},
        {"SELECT 1", READS},
        {"-- why\nselect 1", READS},
        {"((SELECT 1) UNION (VALUES (2)))", READS},
        {"TABLE t", READS},
        {"WITH a AS (SELECT 1) SELECT * FROM a", READS},
        {"WITH a AS (DELETE FROM t RETURNING *) SELECT * FROM a", READS | PG_WORD_WRITES},
        {"SELECT a INTO b FROM t", READS | PG_WORD_WRITES},
        {"SELECT updated FROM t", READS},
        {"SELECT 'delete'", READS | PG_WORD_WRITES}, /* errs to the safe side */
        {"INSERT INTO t VALUES (1)", PG_WORD_SOME | PG_WORD_WRITES},
        {"SELECT temp FROM weather", READS},
        {"CREATE TABLE weather (t int)", PG_WORD_SOME},
        {"CREATE TEMP TABLE t (a int)", PG_WORD_SOME | PG_WORD_ALTERS},
        {"create temporary view v as select 1", PG_WORD_SOME | PG_WORD_ALTERS},
        {"CREATE TABLE pg_temp.t (a int)", PG_WORD_SOME | PG_WORD_ALTERS},
        {"SELECT set_config('work_mem', '1MB', false)", READS | PG_WORD_ALTERS},
        {"SELECT pg_advisory_lock(1)", READS | PG_WORD_ALTERS},
        {"SELECT pg_try_advisory_lock_shared(1)", READS | PG_WORD_ALTERS},
        {"SELECT \"\xc3\xa4\" FROM t", READS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (mdm_pg_words(mdm_str_from(cases[i].sql)) != cases[i].expected)
            fail_msg("%s: %u", cases[i].sql, mdm_pg_words(mdm_str_from(cases[i].sql)));
}

static void text_need_not_end_in_nul(void **state)
{
    (void)state;
    static const char sql[] = {'S', 'E', 'L', 'E', 'C', 'T'};
    assert_int_equal(mdm_pg_words((mdm_str){sql, sizeof sql}), PG_WORD_SOME | PG_WORD_READS);
    assert_int_equal(mdm_pg_words((mdm_str){sql, 3}), PG_WORD_SOME);
    assert_int_equal(mdm_pg_words((mdm_str){NULL, 0}), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_tell_what_a_statement_does),
        cmocka_unit_test(text_need_not_end_in_nul),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
