#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

#define THREADS 8
#define ROUNDS 60

typedef struct member {
    fixture *f;
    int number;
    atomic_int *wrong;
} member;

static mdm_status run_one(const member *m, const char *sql, bool write, int64_t value)
{
    mdm_query query = MDM_QUERY_INIT;
    mdm_parameter parameter = {"v", {MDM_TYPE_INT64, {.integer = value}}};
    query.sql = mdm_str_from(sql);
    query.write = write;
    query.parameters = &parameter;
    query.parameter_count = 1;
    return mdm_session_run(m->f->session, m->f->database, &query, NULL, NULL);
}

static mdm_status read_back(const member *m, int64_t value)
{
    mdm_query query = MDM_QUERY_INIT;
    mdm_value key = {MDM_TYPE_INT64, {.integer = value}};
    query.sql = MDM_STR("SELECT a FROM t WHERE a = ?");
    query.values = &key;
    query.value_count = 1;
    mdm_rows *rows;
    mdm_chunk *chunk;
    MDM_TRY(mdm_session_query(m->f->session, m->f->database, &query, &rows, NULL));
    mdm_status status = mdm_rows_next(rows, &chunk, NULL);
    if (status == MDM_OK && (!chunk || chunk->rows != 1)) status = MDM_DIFFERENT;
    mdm_chunk_unref(chunk);
    mdm_rows_close(rows);
    return status;
}

static mdm_status take_back(const member *m)
{
    mdm_txn *txn;
    mdm_query query = MDM_QUERY_INIT;
    query.sql = MDM_STR("INSERT INTO t VALUES (-1)");
    MDM_TRY(mdm_txn_begin(m->f->session, m->f->database, MDM_TXN_WRITE, &txn, NULL));
    const mdm_status status = mdm_txn_run(txn, &query, NULL, NULL);
    mdm_txn_rollback(txn);
    return status;
}

/* Each thread sees what it wrote, whoever else writes. */
static void *work(void *argument)
{
    const member *m = argument;
    for (int i = 0; i < ROUNDS; i++) {
        const int64_t value = (int64_t)m->number * ROUNDS + i;
        mdm_status status = run_one(m, "INSERT INTO t VALUES (:v)", true, value);
        if (status == MDM_OK) status = read_back(m, value);
        if (status == MDM_OK && i % 8 == 0) status = take_back(m);
        if (status != MDM_OK) ++*m->wrong;
    }
    return NULL;
}

static void one_session_serves_many_threads(void **state)
{
    fixture *f = *state;
    run(f, "CREATE TABLE t (a INTEGER PRIMARY KEY)");
    atomic_int wrong = 0;
    member members[THREADS];
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        members[i] = (member){f, i, &wrong};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &members[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(wrong, 0);
    assert_int_equal(number(f, "SELECT count(*) FROM t"), THREADS * ROUNDS);
    assert_int_equal(counter(f, "query.failed"), 0);
    assert_int_equal(counter(f, "transaction.rolled_back"), THREADS * ((ROUNDS + 7) / 8));
}

static void *open_the_same(void *argument)
{
    const member *m = argument;
    mdm_database *database;
    if (mdm_session_database(m->f->session, &m->f->location, MDM_OPEN_CREATE, &database, NULL) !=
            MDM_OK ||
        database != m->f->database || mdm_session_pools(m->f->session, NULL, 0) > 2)
        ++*m->wrong;
    if (run_one(m, "SELECT :v", false, 1) != MDM_OK) ++*m->wrong;
    return NULL;
}

static void a_database_that_many_open_at_once_is_one(void **state)
{
    fixture *f = *state;
    atomic_int wrong = 0;
    member m = {f, 0, &wrong};
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, open_the_same, &m), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(wrong, 0);
}

int main(void)
{
#define F(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        F(one_session_serves_many_threads),
        F(a_database_that_many_open_at_once_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
