/* Loading into a real server: what arrives, what is refused, and that nothing stays of a failure.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "postgresql_fixture.h"

#define MS INT64_C(1000000)

/* A stream of as many chunks of 1,000 rows as wished: i BIGINT counting from 0, t VARCHAR. */
typedef struct source {
    mdm_stream stream;
    mdm_builder *builder;
    int64_t chunks, given;
    void (*before)(struct source *source); /* each chunk; NULL: nothing happens */
    mdm_conn *other;
    const char *deed; /* SQL for the other connection */
    int64_t act_at;   /* the chunk before which something happens */
    volatile int flag;
} source;

static mdm_status next_chunk(mdm_stream *stream, mdm_chunk **out, mdm_error *err)
{
    source *s = stream->self;
    *out = NULL;
    if (s->before) s->before(s);
    if (s->given == s->chunks) return MDM_OK;
    for (int64_t row = 0; row < 1000; row++) {
        mdm_status status = mdm_builder_int(s->builder, 0, s->given * 1000 + row);
        if (status == MDM_OK)
            status = row % 10 ? mdm_builder_bytes(s->builder, 1, MDM_STR("some text for each row"))
                              : mdm_builder_null(s->builder, 1);
        if (status != MDM_OK) return mdm_error_set(err, status, "the source failed");
    }
    s->given++;
    return mdm_builder_finish(s->builder, out, err);
}

static void close_source(mdm_stream *stream)
{
    source *s = stream->self;
    mdm_builder_close(s->builder);
    mdm_schema_unref(stream->schema);
    stream->schema = NULL;
}

static void open_source(source *s, int64_t chunks)
{
    static const mdm_field fields[] = {{"i", {MDM_TYPE_INT64, 0, 0}}, {"t", {MDM_TYPE_TEXT, 0, 0}}};
    mdm_error err = {0};
    mdm_schema *schema = NULL;
    *s = (source){.chunks = chunks, .act_at = -1};
    expect(MDM_OK, mdm_schema_new(fields, 2, &schema, &err));
    expect(MDM_OK, mdm_builder_open(schema, 1000, &s->builder, &err));
    s->stream = (mdm_stream){schema, next_chunk, close_source, s};
}

static const mdm_target new_table = {.table = "t", .create = true};
static const mdm_target old_table = {.table = "t", .create = false};

/* Begin, load, commit; on failure roll back. */
static mdm_status load(mdm_conn *conn, const mdm_target *target, mdm_stream *stream, int64_t *rows,
                       mdm_error *err)
{
    const mdm_backend *b = conn->backend;
    mdm_status status = b->begin(conn, MDM_TXN_WRITE, err);
    if (status == MDM_OK) status = b->bulk(conn, target, stream, rows, err);
    if (status == MDM_OK) status = b->commit(conn, err);
    if (status != MDM_OK) b->rollback(conn);
    return status;
}

/* A stream of one chunk with one cell. */
static void open_cell(source *s, mdm_type type)
{
    mdm_error err = {0};
    mdm_schema *schema = NULL;
    *s = (source){.chunks = 0};
    expect(MDM_OK, mdm_schema_new(&(mdm_field){"a", type}, 1, &schema, &err));
    expect(MDM_OK, mdm_builder_open(schema, 100000, &s->builder, &err));
    s->stream = (mdm_stream){schema, NULL, close_source, s};
}

static mdm_status give_cells(mdm_stream *stream, mdm_chunk **out, mdm_error *err)
{
    source *s = stream->self;
    *out = NULL;
    return s->given++ == 0 ? mdm_builder_finish(s->builder, out, err) : MDM_OK;
}

/* --- what arrives --------------------------------------------------------- */

static void all_rows_arrive_and_their_pages_are_frozen(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    int64_t rows = -1;
    source s;
    open_source(&s, 300);
    expect(MDM_OK, load(f->conn, &new_table, &s.stream, &rows, &err));
    mdm_stream_close(&s.stream);
    assert_int_equal(rows, 300000);
    assert_string_equal(pg_ask(f->conn, "SELECT count(DISTINCT i) FROM t"), "300000");
    assert_string_equal(pg_ask(f->conn, "SELECT count(t) FROM t"), "270000");
    assert_string_equal(pg_ask(f->conn, "SELECT max(i) FROM t"), "299999");
    /* Seen by every transaction, so no later pass has to mark them. */
    assert_string_equal(pg_ask(f->conn, "SELECT relallvisible > 0 FROM pg_class WHERE oid = "
                                        "'t'::regclass"),
                        "false");
    pg_sql(f->conn, "ANALYZE t");
    assert_string_equal(pg_ask(f->conn, "SELECT relallvisible = relpages FROM pg_class WHERE oid = "
                                        "'t'::regclass"),
                        "true");
}

static void random_decimals_arrive_as_they_are(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    static const int scales[] = {0, 1, 4, 7, 18, 37, 38};
    uint64_t random = 1;
    for (size_t k = 0; k < sizeof scales / sizeof *scales; k++) {
        source s;
        int64_t rows;
        char texts[200][64];
        const mdm_type type = {MDM_TYPE_DECIMAL, 38, (uint8_t)scales[k]};
        open_cell(&s, type);
        s.stream.next = give_cells;
        for (int i = 0; i < 200; i++) {
            mdm_int128 value;
            random = random * 6364136223846793005u + 1442695040888963407u;
            value.low = random;
            value.high = (int64_t)(random >> 8) % (INT64_C(1) << (i % 62)) * (i % 2 ? -1 : 1);
            expect(MDM_OK, mdm_builder_decimal(s.builder, 0, value));
            const mdm_column column = {.type = type, .values = &value};
            char room[MDM_CELL_TEXT];
            mdm_str text = mdm_cell_text(&column, 0, room, sizeof room);
            snprintf(texts[i], sizeof texts[i], "%.*s", (int)text.len, text.data);
        }
        expect(MDM_OK, load(f->conn, &new_table, &s.stream, &rows, &err));
        mdm_stream_close(&s.stream);

        mdm_stmt *stmt = NULL;
        mdm_chunk *chunk = NULL;
        expect(MDM_OK, pg_start(f->conn, "SELECT a, a::text FROM t", &stmt, &err));
        expect(MDM_OK, mdm_backend_postgresql.fetch(stmt, &chunk, &err));
        assert_int_equal(chunk->rows, 200);
        for (int i = 0; i < 200; i++) {
            char room[MDM_CELL_TEXT];
            mdm_str server = mdm_column_bytes(&chunk->columns[1], i);
            mdm_str ours = mdm_cell_text(&chunk->columns[0], i, room, sizeof room);
            if (!mdm_str_equal(server, mdm_str_from(texts[i])) ||
                !mdm_str_equal(ours, mdm_str_from(texts[i])))
                fail_msg("%s: %.*s, %.*s", texts[i], (int)server.len, server.data, (int)ours.len,
                         ours.data);
        }
        mdm_chunk_unref(chunk);
        mdm_backend_postgresql.finish(stmt);
        pg_sql(f->conn, "DROP TABLE t");
    }
}

static void rows_are_appended_to_a_table_of_other_types_where_nothing_is_lost(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    static const struct {
        const char *table;
        mdm_status status;
        const char *words;
    } cases[] = {
        {"CREATE TABLE t (t text, more int, i int8)", MDM_OK, ""},
        {"CREATE TABLE t (i int4, t varchar(100))", MDM_OK, ""},
        {"CREATE TABLE t (i numeric(20,2), t varchar(100))", MDM_OK, ""},
        {"CREATE TABLE t (i float8, t jsonb)", MDM_FORMAT, "invalid input syntax for type json"},
        {"CREATE TABLE t (i int2, t text)", MDM_FORMAT, "column 'i', row 32769: "},
        {"CREATE TABLE t (i text, t text)", MDM_FORMAT, "column 'i': "},
        {"CREATE TABLE t (i int8, t varchar(5))", MDM_FORMAT,
         "COPY t, line 2, column t: value too long"},
        {"CREATE TABLE t (i int8, t text NOT NULL)", MDM_BACKEND, "null value in column \"t\""},
        {"CREATE TABLE t (t text)", MDM_BACKEND, "column \"i\" does not exist"},
        {"SELECT", MDM_BACKEND, "relation \"t\" does not exist"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        source s;
        int64_t rows;
        pg_sql(f->conn, cases[i].table);
        open_source(&s, 40);
        mdm_status status = load(f->conn, &old_table, &s.stream, &rows, &err);
        pg_expect(cases[i].status, status, &err, cases[i].table, __FILE__, __LINE__);
        mdm_stream_close(&s.stream);
        if (status == MDM_OK) {
            assert_int_equal(rows, 40000);
            assert_string_equal(pg_ask(f->conn, "SELECT sum(i) = 799980000 FROM t"), "true");
        } else if (!strstr(err.message, cases[i].words)) {
            fail_msg("%s: %s", cases[i].table, err.message);
        }
        assert_false(mdm_backend_postgresql.is_broken(f->conn));
        pg_sql(f->conn, "DROP TABLE IF EXISTS t");
    }
}

static void a_decimal_is_not_rounded_to_the_scale_of_the_table(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    source s;
    int64_t rows;
    pg_sql(f->conn, "CREATE TABLE t (a numeric(10,1))");
    open_cell(&s, (mdm_type){MDM_TYPE_DECIMAL, 10, 2});
    s.stream.next = give_cells;
    expect(MDM_OK, mdm_builder_decimal(s.builder, 0, (mdm_int128){125, 0}));
    expect(MDM_FORMAT, load(f->conn, &old_table, &s.stream, &rows, &err));
    assert_non_null(strstr(err.message, "does not take DECIMAL(10,2) as it is"));
    mdm_stream_close(&s.stream);
}

static void narrow_numbers_are_appended_to_wider_columns(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    static const struct {
        mdm_type_id from;
        const char *to;
    } cases[] = {
        {MDM_TYPE_INT8, "int4"},  {MDM_TYPE_INT16, "int8"},   {MDM_TYPE_INT32, "int8"},
        {MDM_TYPE_INT32, "int2"}, {MDM_TYPE_INT16, "float8"}, {MDM_TYPE_INT8, "numeric"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        source s;
        int64_t rows;
        char sql[60];
        snprintf(sql, sizeof sql, "CREATE TABLE t (a %s)", cases[i].to);
        pg_sql(f->conn, sql);
        open_cell(&s, (mdm_type){cases[i].from, 0, 0});
        s.stream.next = give_cells;
        expect(MDM_OK, mdm_builder_int(s.builder, 0, -127));
        expect(MDM_OK, load(f->conn, &old_table, &s.stream, &rows, &err));
        mdm_stream_close(&s.stream);
        assert_string_equal(pg_ask(f->conn, "SELECT a = -127 FROM t"), "true");
        pg_sql(f->conn, "DROP TABLE t");
    }
    source s;
    int64_t rows;
    pg_sql(f->conn, "CREATE TABLE t (a float8)");
    open_cell(&s, (mdm_type){MDM_TYPE_FLOAT, 0, 0});
    s.stream.next = give_cells;
    expect(MDM_OK, mdm_builder_real(s.builder, 0, 0.1f));
    expect(MDM_OK, load(f->conn, &old_table, &s.stream, &rows, &err));
    mdm_stream_close(&s.stream);
    assert_string_equal(pg_ask(f->conn, "SELECT a FROM t"), "0.10000000149011612");
}

/* --- what is refused ------------------------------------------------------ */

static void a_nul_byte_is_refused_with_column_and_row(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    source s;
    int64_t rows;
    open_cell(&s, (mdm_type){MDM_TYPE_TEXT, 0, 0});
    s.stream.next = give_cells;
    for (int i = 0; i < 50000; i++)
        expect(MDM_OK, mdm_builder_bytes(s.builder, 0,
                                         i == 44444 ? (mdm_str){"a\0b", 3} : MDM_STR("fine")));
    expect(MDM_FORMAT, load(f->conn, &new_table, &s.stream, &rows, &err));
    assert_string_equal(err.message,
                        "column 'a', row 44445: PostgreSQL keeps no text with a NUL byte");
    mdm_stream_close(&s.stream);
    assert_string_equal(pg_ask(f->conn, "SELECT to_regclass('t')"), "NULL");
    assert_false(mdm_backend_postgresql.is_broken(f->conn));
}

static void a_table_that_is_there_already_is_not_made_again(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    source s;
    int64_t rows;
    pg_sql(f->conn, "CREATE TABLE t (i int8, t text)");
    open_source(&s, 1);
    expect(MDM_EXISTS, load(f->conn, &new_table, &s.stream, &rows, &err));
    mdm_stream_close(&s.stream);
    assert_string_equal(pg_ask(f->conn, "SELECT count(*) FROM t"), "0");
}

static void a_view_takes_no_rows(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    source s;
    int64_t rows;
    pg_sql(f->conn, "CREATE VIEW t AS SELECT 1::int8 AS i, 'a'::text AS t");
    open_source(&s, 1);
    expect(MDM_BACKEND, load(f->conn, &old_table, &s.stream, &rows, &err));
    assert_string_equal(err.sqlstate, "42809");
    mdm_stream_close(&s.stream);
    assert_string_equal(pg_ask(f->conn, "SELECT 1"), "1");
}

static void a_read_only_connection_takes_no_rows(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    source s;
    int64_t rows;
    pg_sql(f->conn, "CREATE TABLE t (i int8, t text)");
    mdm_conn *reader = pg_connect(f->location, MDM_OPEN_READ_ONLY);
    open_source(&s, 1);
    expect(MDM_PERMISSION, load(reader, &old_table, &s.stream, &rows, &err));
    assert_int_equal(s.given, 0); /* it was not even asked */
    mdm_stream_close(&s.stream);
    assert_string_equal(pg_ask(reader, "SELECT count(*) FROM t"), "0");
    mdm_backend_postgresql.close(reader);
}

/* libpq says nothing of it before the end of a COPY; sending for minutes what is refused is waste.
 */
static void a_load_ends_soon_after_the_server_has_refused_a_row(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    source s;
    int64_t rows;
    pg_sql(f->conn, "CREATE TABLE t (i int8 CHECK (i <> 5), t text)");
    open_source(&s, 20000);
    expect(MDM_BACKEND, load(f->conn, &old_table, &s.stream, &rows, &err));
    assert_string_equal(err.sqlstate, "23514");
    if (!mdm_pq.sslInUse(mdm_pg_conn(f->conn)->pq)) assert_true(s.given < 10000);
    mdm_stream_close(&s.stream);
    assert_string_equal(pg_ask(f->conn, "SELECT count(*) FROM t"), "0");
}

static void raise_flag(source *s)
{
    if (s->given == s->act_at) s->flag = 1;
}

static void a_raised_flag_ends_a_load_and_nothing_stays(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    source s;
    int64_t rows;
    open_source(&s, 100000);
    s.before = raise_flag;
    s.act_at = 100;
    const mdm_stop stop = {.flag = &s.flag};
    f->conn->stop = &stop;
    expect(MDM_CANCELLED, load(f->conn, &new_table, &s.stream, &rows, &err));
    f->conn->stop = NULL;
    assert_true(s.given < 1000);
    mdm_stream_close(&s.stream);
    assert_false(mdm_backend_postgresql.is_broken(f->conn));
    assert_string_equal(pg_ask(f->conn, "SELECT to_regclass('t')"), "NULL");
}

static mdm_status fail_next(mdm_stream *stream, mdm_chunk **out, mdm_error *err)
{
    source *s = stream->self;
    if (s->given < 50) return next_chunk(stream, out, err);
    *out = NULL;
    return mdm_error_set(err, MDM_IO, "the file is torn");
}

static void a_failing_source_ends_the_load_with_its_own_words(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    source s;
    int64_t rows;
    open_source(&s, 100);
    s.stream.next = fail_next;
    expect(MDM_IO, load(f->conn, &new_table, &s.stream, &rows, &err));
    assert_string_equal(err.message, "the file is torn");
    mdm_stream_close(&s.stream);
    assert_string_equal(pg_ask(f->conn, "SELECT to_regclass('t')"), "NULL");
    assert_false(mdm_backend_postgresql.is_broken(f->conn));
}

static void terminate_victim(source *s)
{
    if (s->given != s->act_at) return;
    s->act_at = -1;
    assert_string_equal(pg_ask(s->other, s->deed), "true");
}

static void a_server_process_that_dies_in_mid_load_leaves_nothing(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    source s;
    int64_t rows;
    char deed[100];
    mdm_conn *victim = pg_connect(f->location, 0);
    snprintf(deed, sizeof deed, "SELECT pg_terminate_backend(%s, 5000)",
             pg_ask(victim, "SELECT pg_backend_pid()"));
    open_source(&s, 20000);
    s.before = terminate_victim;
    s.act_at = 100;
    s.other = f->conn;
    s.deed = deed;
    expect(MDM_BACKEND, load(victim, &new_table, &s.stream, &rows, &err));
    /* Its last words are lost when it dies with rows unread: then TCP throws them away. */
    if (!strstr(err.message, "terminating connection") && !strstr(err.message, "closed"))
        fail_msg("%s", err.message);
    assert_true(mdm_backend_postgresql.is_broken(victim));
    assert_true(s.given < 10000);
    mdm_stream_close(&s.stream);
    mdm_backend_postgresql.close(victim);
    assert_string_equal(pg_ask(f->conn, "SELECT to_regclass('t')"), "NULL");
}

static void a_stopped_server_ends_a_load_at_the_deadline(void **state)
{
    (void)state;
    char url[100];
    mdm_error err = {0};
    mdm_location *location = NULL;
    source s;
    int64_t rows;
    pg_mute *mute = pg_mute_open(url, sizeof url);
    expect(MDM_OK, mdm_location_parse(mdm_str_from(url), &location, &err));
    mdm_conn *conn = pg_connect(location, 0);
    open_source(&s, 10);
    const mdm_stop stop = {.deadline_ns = mdm_clock_ns() + 100 * MS};
    conn->stop = &stop;
    expect(MDM_TIMEOUT, mdm_backend_postgresql.bulk(conn, &new_table, &s.stream, &rows, &err));
    assert_true(mdm_clock_ns() - stop.deadline_ns < 50 * MS);
    mdm_stream_close(&s.stream);
    mdm_backend_postgresql.close(conn);
    mdm_location_free(location);
    pg_mute_close(mute);
}

/* A lock that somebody holds stops the server's reading: what we have sent fills all buffers. */
static void backpressure_is_waited_for_until_the_deadline(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    source s;
    int64_t rows;
    pg_sql(f->conn, "CREATE TABLE t (i int8, t text); CREATE FUNCTION slow() RETURNS trigger "
                    "LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN NEW; END'; CREATE "
                    "TRIGGER slow BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION slow()");
    open_source(&s, 100000);
    const mdm_stop stop = {.deadline_ns = mdm_clock_ns() + 300 * MS};
    f->conn->stop = &stop;
    mdm_status status = load(f->conn, &old_table, &s.stream, &rows, &err);
    f->conn->stop = NULL;
    expect(MDM_TIMEOUT, status);
    assert_true(s.given < 90000);
    mdm_stream_close(&s.stream);
    mdm_conn *other = pg_connect(f->location, 0);
    pg_sql(other, "DROP TRIGGER slow ON t");
    assert_string_equal(pg_ask(other, "SELECT count(*) FROM t"), "0");
    mdm_backend_postgresql.close(other);
}

static void outside_a_transaction_rows_arrive_too(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    source s;
    int64_t rows;
    open_source(&s, 3);
    expect(MDM_OK, mdm_backend_postgresql.bulk(f->conn, &new_table, &s.stream, &rows, &err));
    mdm_stream_close(&s.stream);
    assert_string_equal(pg_ask(f->conn, "SELECT count(*) FROM t"), "3000");
}

static void every_allocation_of_a_load_may_fail(void **state)
{
    fixture *f = *state;
    for (int from = 0; from < 2; from++) {
        mdm_status status = MDM_NO_MEMORY;
        for (long n = 0; status != MDM_OK; n++) {
            mdm_error err = {0};
            int64_t rows = 0;
            source s;
            assert_true(n < 100);
            open_source(&s, 3);
            if (from) mdm_alloc_fail_from(n);
            else mdm_alloc_fail_after(n);
            status = load(f->conn, &new_table, &s.stream, &rows, &err);
            mdm_alloc_fail_after(-1);
            mdm_stream_close(&s.stream);
            if (status != MDM_OK) expect(MDM_NO_MEMORY, status);
            assert_false(mdm_backend_postgresql.is_broken(f->conn));
            assert_true(mdm_backend_postgresql.reset(f->conn));
            assert_string_equal(pg_ask(f->conn, "SELECT to_regclass('t') IS NOT NULL"),
                                status == MDM_OK ? "true" : "false");
        }
        pg_sql(f->conn, "DROP TABLE t");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PG_TEST(all_rows_arrive_and_their_pages_are_frozen),
        PG_TEST(random_decimals_arrive_as_they_are),
        PG_TEST(rows_are_appended_to_a_table_of_other_types_where_nothing_is_lost),
        PG_TEST(a_decimal_is_not_rounded_to_the_scale_of_the_table),
        PG_TEST(narrow_numbers_are_appended_to_wider_columns),
        PG_TEST(a_nul_byte_is_refused_with_column_and_row),
        PG_TEST(a_table_that_is_there_already_is_not_made_again),
        PG_TEST(a_view_takes_no_rows),
        PG_TEST(a_read_only_connection_takes_no_rows),
        PG_TEST(a_load_ends_soon_after_the_server_has_refused_a_row),
        PG_TEST(a_raised_flag_ends_a_load_and_nothing_stays),
        PG_TEST(a_failing_source_ends_the_load_with_its_own_words),
        PG_TEST(a_server_process_that_dies_in_mid_load_leaves_nothing),
        cmocka_unit_test(a_stopped_server_ends_a_load_at_the_deadline),
        PG_TEST(backpressure_is_waited_for_until_the_deadline),
        PG_TEST(outside_a_transaction_rows_arrive_too),
        PG_TEST(every_allocation_of_a_load_may_fail),
    };
    return pg_run_tests(tests, sizeof tests / sizeof *tests);
}
