/* What goes wrong has a status of ours, the database's words and its own code. */
#include <string.h>

#include "suite.h"

static mdm_status try_one(fixture *f, const char *sql, mdm_error *err)
{
    mdm_stmt *stmt = NULL;
    mdm_status status = f->backend->prepare(f->conn, mdm_str_from(sql), &stmt, err);
    if (status == MDM_OK) status = f->backend->execute(stmt, NULL, 0, err);
    f->backend->finish(stmt);
    return status;
}

static void failures_have_status_words_and_code(void **state)
{
    fixture *f = *state;
    suite_sql(f->conn, "CREATE TABLE t (a BIGINT PRIMARY KEY, b BIGINT NOT NULL);"
                       "INSERT INTO t VALUES (1, 1)");
    static const struct {
        const char *sql;
        mdm_status status;
        const char *words; /* what any of the databases must say */
    } cases[] = {
        {"SELECT * FORM t", MDM_BACKEND, "syntax error"},
        {"SELECT * FROM no_such_table", MDM_BACKEND, "no_such_table"},
        {"SELECT no_such_column FROM t", MDM_BACKEND, "no_such_column"},
        {"SELECT no_such_function(1)", MDM_BACKEND, "no_such_function"},
        {"INSERT INTO t VALUES (1, 2)", MDM_BACKEND, ""},
        {"INSERT INTO t (a) VALUES (2)", MDM_BACKEND, "b"},
        {"CREATE TABLE t (a BIGINT)", MDM_BACKEND, "t"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int by_run = 0; by_run < 2; by_run++) {
            mdm_error err = {0};
            const mdm_status status =
                by_run ? suite_try(f->conn, cases[i].sql, &err) : try_one(f, cases[i].sql, &err);
            /* PostgreSQL alone has a code for "it is there already". */
            const bool told_apart = status == MDM_EXISTS && strstr(err.message, "already exists");
            if ((status != cases[i].status && !told_apart) || err.status != status)
                fail_msg("%s: status %s: %s", cases[i].sql, mdm_status_name(status), err.message);
            if (!strstr(err.message, cases[i].words))
                fail_msg("%s: no '%s' in: %s", cases[i].sql, cases[i].words, err.message);
            if (err.native == 0 && err.sqlstate[0] == '\0')
                fail_msg("%s: no code of the database", cases[i].sql);
        }
        assert_false(f->backend->is_broken(f->conn));
        assert_string_equal(suite_ask(f->conn, "SELECT count(*) FROM t"), "1");
    }
}

static void an_error_may_be_of_no_interest(void **state)
{
    fixture *f = *state;
    assert_int_equal(try_one(f, "SELECT * FORM t", NULL), MDM_BACKEND);
    assert_int_equal(suite_try(f->conn, "SELECT * FORM t", NULL), MDM_BACKEND);
}

static void the_statements_before_a_failing_one_have_run(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    suite_sql(f->conn, "CREATE TABLE t (a BIGINT)");
    ok(f->backend->begin(f->conn, MDM_TXN_WRITE, &err));
    assert_int_equal(suite_try(f->conn, "INSERT INTO t VALUES (1); INSERT INTO u VALUES (2)", &err),
                     MDM_BACKEND);
    f->backend->rollback(f->conn);
    assert_string_equal(suite_ask(f->conn, "SELECT count(*) FROM t"), "0");
}

static void the_version_of_the_library_is_known(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    char text[64];
    ok(mdm_backend_version(f->backend, text, &err));
    assert_true(text[0] >= '0' && text[0] <= '9');
    assert_non_null(strchr(text, '.'));
}

int suite_errors(void)
{
    const struct CMUnitTest tests[] = {
        SUITE_TEST(failures_have_status_words_and_code),
        SUITE_TEST(an_error_may_be_of_no_interest),
        SUITE_TEST(the_statements_before_a_failing_one_have_run),
        SUITE_TEST(the_version_of_the_library_is_known),
    };
    return cmocka_run_group_tests_name("errors", tests, NULL, NULL);
}
