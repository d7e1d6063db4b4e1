#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mdm/query.h"

#define SQLITE 1u
#define POSTGRESQL 2u
#define DUCKDB 4u
#define ALL 7u

static mdm_fingerprint make(const char *sql, unsigned dialect)
{
    return mdm_fingerprint_make(mdm_str_from(sql), (mdm_sql_dialect)dialect, NULL, 0);
}

static void the_class_is_that_of_the_whole_statement(void **state)
{
    (void)state;
    static const struct {
        mdm_query_class class_;
        unsigned dialects;
        const char *sql;
    } cases[] = {
        {MDM_QUERY_SELECT, ALL, "SELECT a FROM t"},
        {MDM_QUERY_SELECT, ALL, "-- select\n /* delete */ select 'count(', \"sum(\" from t"},
        {MDM_QUERY_SELECT, ALL, "(select 1) union (select 2)"},
        {MDM_QUERY_SELECT, ALL, "with x as (select 1) select * from x"},
        {MDM_QUERY_SELECT, ALL, "values (1, 2), (3, 4)"},
        {MDM_QUERY_SELECT, POSTGRESQL | DUCKDB, "table t"},
        {MDM_QUERY_SELECT, DUCKDB, "from t"},
        {MDM_QUERY_SELECT, ALL, "select sum(a) over (partition by b) from t"},
        {MDM_QUERY_SELECT, ALL, "select sum(a) filter (where b > 0) over w from t window w as ()"},
        {MDM_QUERY_SELECT, ALL, "select row_number() over (order by a) from t"},
        {MDM_QUERY_SELECT, SQLITE, "select max(a, b) from t"},
        {MDM_QUERY_SELECT, ALL, "select a from t where a is distinct from b order by a, b"},
        {MDM_QUERY_SELECT, ALL, "select f(a, b), c from t where d in (1, 2) group_by"},
        {MDM_QUERY_SELECT, POSTGRESQL | DUCKDB, "select extract(year from a), b from t"},
        {MDM_QUERY_SELECT, ALL, "select \"count\", t.sum, avg from t"},
        {MDM_QUERY_AGGREGATE, ALL, "select count(*) from t"},
        {MDM_QUERY_AGGREGATE, ALL, "select COUNT /* all */ ( * ) from t"},
        {MDM_QUERY_AGGREGATE, ALL, "select a from t group by a"},
        {MDM_QUERY_AGGREGATE, ALL, "select max(a), min(b) from t"},
        {MDM_QUERY_AGGREGATE, ALL, "select sum(a) filter (where b > 0) from t"},
        {MDM_QUERY_AGGREGATE, ALL, "select sum(a), sum(b) over () from t"},
        {MDM_QUERY_AGGREGATE, ALL, "select * from (select avg(x) from t) s"},
        {MDM_QUERY_JOIN, ALL, "select * from a join b on a.x = b.x"},
        {MDM_QUERY_JOIN, ALL, "select count(*) from a left join b using (x)"},
        {MDM_QUERY_JOIN, ALL, "select * from a, b where a.x = b.x"},
        {MDM_QUERY_JOIN, ALL, "select * from (select 1) x, (select 2) y"},
        {MDM_QUERY_JOIN, ALL, "select (select 1 from a, b)"},
        {MDM_QUERY_INSERT, ALL, "insert into t select count(*) from a join b"},
        {MDM_QUERY_INSERT, SQLITE, "replace into t values (1)"},
        {MDM_QUERY_INSERT, ALL, "with x as (select 1) insert into t select * from x"},
        {MDM_QUERY_UPDATE, ALL, "update t set a = (select count(*) from u)"},
        {MDM_QUERY_UPDATE, POSTGRESQL,
         "merge into t using u on t.a = u.a when matched then delete"},
        {MDM_QUERY_DELETE, ALL, "delete from t"},
        {MDM_QUERY_DELETE, ALL, "WITH x AS (SELECT 1) DELETE FROM t WHERE a IN (SELECT * FROM x)"},
        {MDM_QUERY_DELETE, ALL,
         "with recursive x(n) as (values (1)), y as (select 2) delete from t"},
        {MDM_QUERY_DDL, ALL, "create table t as select 1"},
        {MDM_QUERY_DDL, ALL, "alter table t add column a int"},
        {MDM_QUERY_DDL, ALL, "drop table t"},
        {MDM_QUERY_DDL, ALL, "create trigger a after insert on t begin delete from u; end"},
        {MDM_QUERY_OTHER, ALL, ""},
        {MDM_QUERY_OTHER, ALL, "explain select count(*) from t"},
        {MDM_QUERY_OTHER, ALL, "pragma table_info(t)"},
        {MDM_QUERY_OTHER, ALL, "vacuum"},
        {MDM_QUERY_OTHER, ALL, "set x = 1"},
        {MDM_QUERY_OTHER, ALL, "copy t to 'file'"},
        {MDM_QUERY_OTHER, ALL, "42"},
        {MDM_QUERY_DELETE, ALL, "delete from t; select 1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (unsigned d = 0; d < 3; d++) {
            if (!(cases[i].dialects >> d & 1)) continue;
            mdm_query_class seen = make(cases[i].sql, d).class_;
            if (seen != cases[i].class_)
                fail_msg("%s: %s", cases[i].sql, mdm_query_class_text(seen));
        }
}

static void what_surely_writes_nothing_is_told_from_the_rest(void **state)
{
    (void)state;
    static const struct {
        bool reads_only;
        unsigned dialects;
        const char *sql;
    } cases[] = {
        {true, ALL, "select 1"},
        {true, ALL, "select 'delete', \"update\", t.insert from t -- into"},
        {true, ALL, "select replace(a, 'x', 'y') from t"},
        {true, ALL, "with x as (select 1) select * from x"},
        {true, ALL, "values (1)"},
        {true, ALL, "select 1; select 2"},
        {true, ALL, "explain select 1"},
        {true, ALL, "explain query plan select 1"},
        {true, ALL, "explain delete from t"},
        {true, ALL, "explain (costs off) update t set a = 1"},
        {true, POSTGRESQL, "explain analyze select 1"},
        {true, POSTGRESQL | DUCKDB, "show tables"},
        {true, DUCKDB, "describe t"},
        {true, DUCKDB, "summarize t"},
        {true, DUCKDB, "from t"},
        {true, SQLITE, "pragma user_version"},
        {true, SQLITE, "pragma main.page_count"},
        {true, SQLITE, "PRAGMA Table_Info('t')"},
        {true, POSTGRESQL, "select substring(a from 2 for 3) from t"},
        {true, POSTGRESQL, "select currval('s'), pg_size_pretty(1)"},
        {false, ALL, "insert into t values (1)"},
        {false, ALL, "delete from t"},
        {false, ALL, "with x as (select 1) delete from t"},
        {false, POSTGRESQL, "with x as (delete from t returning *) select * from x"},
        {false, POSTGRESQL, "select nextval('s')"},
        {false, POSTGRESQL, "select pg_catalog . nextval ('s')"},
        {false, POSTGRESQL, "select \"nextval\"('s')"},
        {false, POSTGRESQL, "select SetVal('s', 1)"},
        {false, POSTGRESQL, "select pg_advisory_lock(1)"},
        {false, POSTGRESQL, "select lo_unlink(1)"},
        {false, POSTGRESQL, "select * into u from t"},
        {false, POSTGRESQL, "select * from t for update"},
        {false, POSTGRESQL, "select * from t for share"},
        {false, POSTGRESQL, "select * from t for no key update"},
        {false, POSTGRESQL, "select * from t for key share"},
        {false, POSTGRESQL, "explain analyze delete from t"},
        {false, POSTGRESQL, "explain (verbose, analyze) insert into t values (1)"},
        {false, POSTGRESQL, "copy t to stdout"},
        {false, POSTGRESQL, "begin"},
        {false, POSTGRESQL, "set role x"},
        {false, POSTGRESQL, "call p()"},
        {false, POSTGRESQL, "do $$ begin end $$"},
        {false, SQLITE, "pragma user_version = 3"},
        {false, SQLITE, "pragma journal_mode(wal)"},
        {false, SQLITE, "pragma wal_checkpoint"},
        {false, SQLITE, "pragma optimize"},
        {false, SQLITE, "pragma something_new"},
        {false, SQLITE, "vacuum into 'copy.db'"},
        {false, SQLITE, "attach 'x' as y"},
        {false, SQLITE, "select load_extension('x')"},
        {false, DUCKDB, "copy t to 'x.csv'"},
        {false, DUCKDB, "install spatial"},
        {false, DUCKDB, "export database 'x'"},
        {false, ALL, "select 1; delete from t"},
        {false, ALL, "create temp table t (a)"},
        {false, ALL, "explain select 1; drop table t"},
        {false, ALL, "analyze"},
        {false, ALL, "with x as (select 1)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (unsigned d = 0; d < 3; d++) {
            if (!(cases[i].dialects >> d & 1)) continue;
            if (make(cases[i].sql, d).reads_only != cases[i].reads_only)
                fail_msg("%s (dialect %u)", cases[i].sql, d);
        }
}

static void a_text_with_nul_in_it_is_not_trusted(void **state)
{
    (void)state;
    assert_false(mdm_fingerprint_make(MDM_STR("select 1\0; delete from t"), MDM_SQL_SQLITE, NULL, 0)
                     .reads_only);
}

static void parentheses_deeper_than_the_bits_do_no_harm(void **state)
{
    (void)state;
    char sql[2000] = "select ";
    for (int i = 0; i < 300; i++)
        strcat(sql, "(");
    strcat(sql, "count(*)");
    for (int i = 0; i < 300; i++)
        strcat(sql, ")");
    strcat(sql, " from a, b");
    for (unsigned d = 0; d < 3; d++) {
        assert_int_equal(make(sql, d).class_, MDM_QUERY_JOIN);
        assert_true(make(sql, d).reads_only);
        assert_int_equal(make(")))) select count(*) from t", d).statements, 1);
    }
}

static void each_class_has_its_word(void **state)
{
    (void)state;
    assert_string_equal(mdm_query_class_text(MDM_QUERY_SELECT), "select");
    assert_string_equal(mdm_query_class_text(MDM_QUERY_DDL), "ddl");
    assert_string_equal(mdm_query_class_text(MDM_QUERY_OTHER), "other");
    assert_string_equal(mdm_query_class_text(MDM_QUERY_CLASS_COUNT), "other");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_class_is_that_of_the_whole_statement),
        cmocka_unit_test(what_surely_writes_nothing_is_told_from_the_rest),
        cmocka_unit_test(a_text_with_nul_in_it_is_not_trusted),
        cmocka_unit_test(parentheses_deeper_than_the_bits_do_no_harm),
        cmocka_unit_test(each_class_has_its_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
