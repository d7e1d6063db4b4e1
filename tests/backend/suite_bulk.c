/* bulk(): a stream of chunks becomes a table, or nothing does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

#define MANY 100000

static mdm_schema *schema_of(const mdm_field *fields, size_t count)
{
    mdm_error err = {0};
    mdm_schema *schema = NULL;
    ok(mdm_schema_new(fields, count, &schema, &err));
    return schema;
}

/* A source that makes rows as it is asked: i BIGINT, t VARCHAR, d DOUBLE; t and d NULL now and
 * then. */
typedef struct source {
    mdm_schema *schema;
    mdm_builder *builder;
    int64_t next, end;
    int64_t fail_at;     /* fails when it comes there; -1: never */
    volatile int *raise; /* set when half is done; NULL: none */
} source;

static mdm_status source_next(mdm_stream *stream, mdm_chunk **out, mdm_error *err)
{
    source *s = stream->self;
    *out = NULL;
    if (s->next >= s->end) return MDM_OK;
    if (s->raise && s->next >= s->end / 2) __atomic_store_n(s->raise, 1, __ATOMIC_RELAXED);
    const int64_t size = s->next % 3 == 0 ? 1 : 2048; /* odd sizes, and empty chunks below */
    if (s->next % 5 == 1 && s->next > 0) {
        s->next++;
        return mdm_builder_finish(s->builder, out, err);
    }
    for (int64_t n = 0; n < size && s->next < s->end; n++, s->next++) {
        if (s->next == s->fail_at)
            return mdm_error_set(err, MDM_FORMAT, "row %lld is bad", (long long)s->next);
        char text[32];
        const int len = snprintf(text, sizeof text, "text %lld", (long long)s->next);
        mdm_status status = mdm_builder_int(s->builder, 0, s->next);
        if (status == MDM_OK && s->next % 7 == 0) status = mdm_builder_null(s->builder, 1);
        else if (status == MDM_OK)
            status = mdm_builder_bytes(s->builder, 1, (mdm_str){text, (size_t)len});
        if (status == MDM_OK && s->next % 11 == 0) status = mdm_builder_null(s->builder, 2);
        else if (status == MDM_OK) status = mdm_builder_real(s->builder, 2, (double)s->next / 4);
        assert_int_equal(status, MDM_OK);
    }
    return mdm_builder_finish(s->builder, out, err);
}

static void source_close(mdm_stream *stream)
{
    source *s = stream->self;
    mdm_builder_close(s->builder);
    mdm_schema_unref(s->schema);
    free(s);
}

static mdm_stream source_open(int64_t end)
{
    static const mdm_field fields[] = {{"i", {.id = MDM_TYPE_INT64}},
                                       {"t", {.id = MDM_TYPE_TEXT}},
                                       {"d", {.id = MDM_TYPE_DOUBLE}}};
    mdm_error err = {0};
    source *s = calloc(1, sizeof *s);
    s->schema = schema_of(fields, 3);
    ok(mdm_builder_open(s->schema, 2048, &s->builder, &err));
    s->end = end;
    s->fail_at = -1;
    return (mdm_stream){s->schema, source_next, source_close, s};
}

static source *source_of(const mdm_stream *stream)
{
    return stream->self;
}

static int64_t rows_of(const mdm_stream *stream)
{
    /* Each empty chunk skips a number. */
    int64_t rows = 0;
    for (int64_t next = 0; next < source_of(stream)->end;) {
        if (next % 5 == 1) {
            next++;
            continue;
        }
        const int64_t size = next % 3 == 0 ? 1 : 2048;
        for (int64_t n = 0; n < size && next < source_of(stream)->end; n++, next++)
            rows++;
    }
    return rows;
}

static mdm_status load(fixture *f, bool create, mdm_stream *stream, int64_t *rows, mdm_error *err)
{
    const mdm_target target = {.table = "t", .create = create};
    mdm_status status = f->backend->begin(f->conn, MDM_TXN_WRITE, err);
    if (status == MDM_OK) status = f->backend->bulk(f->conn, &target, stream, rows, err);
    if (status == MDM_OK) status = f->backend->commit(f->conn, err);
    if (status != MDM_OK) f->backend->rollback(f->conn);
    return status;
}

static void assert_no_table(fixture *f)
{
    mdm_chunk *tables = suite_select(f->conn, f->backend->dialect->list_tables);
    assert_int_equal(tables->rows, 0);
    mdm_chunk_unref(tables);
}

static void many_rows_of_uneven_chunks_all_arrive(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    int64_t rows = 0;
    mdm_stream stream = source_open(MANY);
    const int64_t expected = rows_of(&stream);
    ok(load(f, true, &stream, &rows, &err));
    assert_int_equal(rows, expected);
    mdm_stream_close(&stream);

    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)expected);
    assert_string_equal(suite_ask(f->conn, "SELECT count(i) FROM t"), text);
    assert_string_equal(
        suite_ask(f->conn, "SELECT count(*) FROM t WHERE (t IS NULL) <> (i % 7 = 0)"), "0");
    assert_string_equal(
        suite_ask(f->conn, "SELECT count(*) FROM t WHERE (d IS NULL) <> (i % 11 = 0)"), "0");
    assert_string_equal(suite_ask(f->conn, "SELECT count(*) FROM t WHERE d <> i / 4.0"), "0");
    assert_string_equal(suite_ask(f->conn, "SELECT max(t) FROM t WHERE i = 99999"), "text 99999");
}

static void no_rows_make_an_empty_table(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    int64_t rows = -1;
    mdm_stream stream = source_open(0);
    ok(load(f, true, &stream, &rows, &err));
    mdm_stream_close(&stream);
    assert_int_equal(rows, 0);
    assert_string_equal(suite_ask(f->conn, "SELECT count(*) FROM t"), "0");
}

static void rows_are_appended_by_the_names_of_columns(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    int64_t rows = 0;
    suite_sql(f->conn, "CREATE TABLE t (d DOUBLE PRECISION, extra BIGINT DEFAULT 7, i BIGINT, "
                       "t VARCHAR(40));"
                       "INSERT INTO t VALUES (0, 0, -1, 'was here')");
    mdm_stream stream = source_open(4);
    ok(load(f, false, &stream, &rows, &err));
    mdm_stream_close(&stream);
    assert_string_equal(suite_ask(f->conn, "SELECT sum(extra) FROM t WHERE i >= 0"),
                        rows == 3 ? "21" : "28");
    assert_string_equal(suite_ask(f->conn, "SELECT t FROM t WHERE i = 2"), "text 2");
    assert_string_equal(suite_ask(f->conn, "SELECT t FROM t WHERE i = -1"), "was here");
}

static void the_sources_failure_is_the_loads_and_leaves_nothing(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    int64_t rows;
    mdm_stream stream = source_open(MANY);
    source_of(&stream)->fail_at = 50002;
    assert_int_equal(load(f, true, &stream, &rows, &err), MDM_FORMAT);
    assert_non_null(strstr(err.message, "row 50002 is bad"));
    mdm_stream_close(&stream);
    assert_no_table(f);
    assert_false(f->backend->is_broken(f->conn));
}

static void a_flag_raised_in_mid_load_stops_it(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    int64_t rows;
    volatile int flag = 0;
    const mdm_stop stop = {.flag = &flag};
    mdm_stream stream = source_open(MANY);
    source_of(&stream)->raise = &flag;
    f->conn->stop = &stop;
    assert_int_equal(load(f, true, &stream, &rows, &err), MDM_CANCELLED);
    assert_true(source_of(&stream)->next < MANY);
    f->conn->stop = NULL;
    mdm_stream_close(&stream);
    assert_no_table(f);
}

static void a_table_that_is_there_is_not_created(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    int64_t rows;
    suite_sql(f->conn, "CREATE TABLE t (i BIGINT)");
    mdm_stream stream = source_open(10);
    assert_int_equal(load(f, true, &stream, &rows, &err), MDM_EXISTS);
    assert_non_null(strstr(err.message, "t"));
    mdm_stream_close(&stream);
}

static void a_table_or_column_that_is_not_there_is_named(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    int64_t rows;
    mdm_stream stream = source_open(10);
    assert_int_equal(load(f, false, &stream, &rows, &err), MDM_BACKEND);
    assert_non_null(strstr(err.message, "t"));
    mdm_stream_close(&stream);
    suite_sql(f->conn, "CREATE TABLE t (i BIGINT, t VARCHAR(40))");
    stream = source_open(10);
    assert_int_equal(load(f, false, &stream, &rows, &err), MDM_BACKEND);
    assert_non_null(strstr(err.message, "d"));
    mdm_stream_close(&stream);
    assert_string_equal(suite_ask(f->conn, "SELECT count(*) FROM t"), "0");
}

static void a_load_and_a_statement_commit_together(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    int64_t rows;
    const mdm_target target = {.table = "t", .create = true};
    for (int round = 0; round < 2; round++) {
        mdm_stream stream = source_open(10);
        ok(f->backend->begin(f->conn, MDM_TXN_WRITE, &err));
        suite_sql(f->conn, "CREATE TABLE catalogue (name VARCHAR(9))");
        ok(f->backend->bulk(f->conn, &target, &stream, &rows, &err));
        suite_sql(f->conn, "INSERT INTO catalogue VALUES ('t')");
        assert_string_equal(suite_ask(f->conn, "SELECT max(i) FROM t"), "9");
        mdm_stream_close(&stream);
        if (round == 0) {
            f->backend->rollback(f->conn);
            assert_no_table(f);
        } else ok(f->backend->commit(f->conn, &err));
    }
    assert_string_equal(suite_ask(f->conn, "SELECT name FROM catalogue"), "t");
}

static void the_same_connection_loads_tables_of_other_shapes(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    int64_t rows;
    static const mdm_field fields[] = {{"x", {.id = MDM_TYPE_DATE}}};
    mdm_schema *schema = schema_of(fields, 1);
    mdm_builder *builder = NULL;
    mdm_chunk *chunk = NULL;
    ok(mdm_builder_open(schema, 1, &builder, &err));
    assert_int_equal(mdm_builder_int(builder, 0, 19782), MDM_OK);
    ok(mdm_builder_finish(builder, &chunk, &err));
    mdm_stream stream = source_open(10);
    ok(load(f, true, &stream, &rows, &err));
    mdm_stream_close(&stream);
    suite_store(f->conn, "u", chunk);
    assert_string_equal(suite_ask(f->conn, "SELECT x FROM u"), "2024-02-29");
    mdm_builder_close(builder);
    mdm_chunk_unref(chunk);
    mdm_schema_unref(schema);
}

int suite_bulk(void)
{
    const struct CMUnitTest tests[] = {
        SUITE_TEST(many_rows_of_uneven_chunks_all_arrive),
        SUITE_TEST(no_rows_make_an_empty_table),
        SUITE_TEST(rows_are_appended_by_the_names_of_columns),
        SUITE_TEST(the_sources_failure_is_the_loads_and_leaves_nothing),
        SUITE_TEST(a_flag_raised_in_mid_load_stops_it),
        SUITE_TEST(a_table_that_is_there_is_not_created),
        SUITE_TEST(a_table_or_column_that_is_not_there_is_named),
        SUITE_TEST(a_load_and_a_statement_commit_together),
        SUITE_TEST(the_same_connection_loads_tables_of_other_shapes),
    };
    return cmocka_run_group_tests_name("bulk", tests, NULL, NULL);
}
