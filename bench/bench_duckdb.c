/* What the DuckDB room and driver cost over DuckDB itself: the same library, threads and memory
 * file system, in turn, in one run.
 *
 *     parquet_load      load_query() / bare CREATE TABLE AS
 *     stream            rows as chunks / fetching DuckDB's own chunks without looking at them
 *     bulk              a stream through bulk() / the same through CREATE TABLE AS of a stream
 * table export            COPY to Parquet from a stream table / from the table itself
 *     bulk_autocommit, bulk_transaction
 *                       a row by bulk() / a row by an INSERT of its own, each committed, or all in
 *                       one transaction (prepared)
 *     point_query       prepare (kept), bind, execute, fetch, finish / bare bind, execute, fetch */
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "data/chunk_internal.h"
#include "duckdb/file_query.h"
#include "duckdb/link.h"
#include "duckdb/result.h"
#include "duckdb/stream_table.h"
#include "mdm/backend.h"

#define ROUNDS 5
#define SINGLE_ROWS 300 /* inserted one by one */
#define QUERIES 2000

static mdm_error err;
static char folder[] = "/dev/shm/mdm-bench-XXXXXX";
static char parquet[512], target[128], copied[128];
static const mdm_backend *duck;
static mdm_conn *conn;            /* to a fresh target */
static mdm_duckdb_instance *bare; /* likewise, without the driver */
static mdm_duckdb_link *bare_link;
static mdm_chunk *chunks[4096]; /* flights in memory */
static size_t chunk_count;

static void need(mdm_status status)
{
    bench_need(status == MDM_OK, err.message);
}

static void open_conn(void)
{
    const mdm_location location = {.backend = duck, .path = target};
    unlink(target);
    need(duck->open(&location, MDM_OPEN_CREATE | MDM_OPEN_LOADING, NULL, &conn, &err));
}

static void close_conn(void)
{
    duck->close(conn);
}

static void open_bare(void)
{
    const mdm_duckdb_options options = {.create = true};
    unlink(target);
    need(mdm_duckdb_open(target, &options, NULL, &bare, &err));
    need(mdm_duckdb_connect(bare, &bare_link, &err));
}

static void close_bare(void)
{
    mdm_duckdb_disconnect(bare_link);
    mdm_duckdb_close(bare);
}

static void run_bare(const char *sql)
{
    duckdb_result result;
    const duckdb_state state = mdm_duck.query(bare_link->conn, sql, &result);
    bench_need(state == DuckDBSuccess, mdm_duck.result_error(&result));
    mdm_duck.destroy_result(&result);
}

/* ours and theirs in turn; the medians' ratio. */
static void compare(const char *name, double bar, double (*ours)(void), double (*theirs)(void))
{
    double a[ROUNDS], b[ROUNDS];
    char label[80];
    (void)ours(), (void)theirs(); /* warm */
    for (int i = 0; i < ROUNDS; i++) {
        a[i] = ours();
        b[i] = theirs();
    }
    const double our = bench_median(a, ROUNDS), their = bench_median(b, ROUNDS);
    snprintf(label, sizeof label, "duckdb_%s_ours", name);
    bench_figure(label, our / 1e9, "s", 0);
    snprintf(label, sizeof label, "duckdb_%s_partner", name);
    bench_figure(label, their / 1e9, "s", 0);
    snprintf(label, sizeof label, "duckdb_%s", name);
    bench_figure(label, our / their, "ratio", bar);
}

/* --- loading files ------------------------------------------------------------------ */

static double load(mdm_file_query *query)
{
    const mdm_target to = {.table = "t", .create = true};
    int64_t rows = 0;
    open_conn();
    const double start = bench_now_ns();
    need(duck->begin(conn, MDM_TXN_WRITE, &err));
    need(duck->load_query(conn, &to, query, &rows, &err));
    need(duck->commit(conn, &err));
    const double took = bench_now_ns() - start;
    bench_need(rows == 3000000, "rows are missing");
    close_conn();
    return took;
}

static double create_as(const char *from)
{
    char sql[700];
    snprintf(sql, sizeof sql, "CREATE TABLE t AS SELECT * FROM %s", from);
    open_bare();
    const double start = bench_now_ns();
    run_bare(sql);
    const double took = bench_now_ns() - start;
    close_bare();
    return took;
}

static double parquet_ours(void)
{
    char sql[600];
    mdm_file_query query = {0};
    snprintf(sql, sizeof sql, "SELECT * FROM read_parquet('%s')", parquet);
    query.sql = mdm_str_from(sql);
    return load(&query);
}

static double parquet_theirs(void)
{
    char from[600];
    snprintf(from, sizeof from, "read_parquet('%s')", parquet);
    return create_as(from);
}

/* --- streams --------------------------------------------------------------------------- */

static const char *flights_sql(void)
{
    static char sql[600];
    snprintf(sql, sizeof sql, "SELECT * FROM read_parquet('%s')", parquet);
    return sql;
}

static double stream_ours(void)
{
    mdm_stream rows;
    mdm_chunk *chunk;
    const mdm_duckdb_options one_thread = {.settings = &(mdm_setting){"threads", "1"},
                                           .setting_count = 1};
    need(mdm_duckdb_open(NULL, &one_thread, NULL, &bare, &err));
    need(mdm_duckdb_connect(bare, &bare_link, &err));
    const double start = bench_now_ns();
    need(mdm_duckdb_stream(bare_link, mdm_str_from(flights_sql()), NULL, &rows, &err));
    for (;;) {
        need(mdm_stream_next(&rows, &chunk, &err));
        if (!chunk) break;
        mdm_chunk_unref(chunk);
    }
    mdm_stream_close(&rows);
    const double took = bench_now_ns() - start;
    close_bare();
    return took;
}

static double stream_theirs(void)
{
    const mdm_duckdb_options one_thread = {.settings = &(mdm_setting){"threads", "1"},
                                           .setting_count = 1};
    duckdb_prepared_statement prepared;
    duckdb_pending_result pending;
    duckdb_result result;
    duckdb_data_chunk chunk;
    need(mdm_duckdb_open(NULL, &one_thread, NULL, &bare, &err));
    need(mdm_duckdb_connect(bare, &bare_link, &err));
    const double start = bench_now_ns();
    mdm_duck.prepare(bare_link->conn, flights_sql(), &prepared);
    mdm_duck.pending_prepared_streaming(prepared, &pending);
    mdm_duck.execute_pending(pending, &result);
    mdm_duck.destroy_pending(&pending);
    while ((chunk = mdm_duck.fetch_chunk(result)))
        mdm_duck.destroy_data_chunk(&chunk);
    mdm_duck.destroy_result(&result);
    mdm_duck.destroy_prepare(&prepared);
    const double took = bench_now_ns() - start;
    close_bare();
    return took;
}

/* Flights in memory, for what follows. */
static void read_chunks(void)
{
    mdm_stream rows;
    need(mdm_duckdb_open(NULL, NULL, NULL, &bare, &err));
    need(mdm_duckdb_connect(bare, &bare_link, &err));
    need(mdm_duckdb_stream(bare_link, mdm_str_from(flights_sql()), NULL, &rows, &err));
    for (;;) {
        bench_need(chunk_count < sizeof chunks / sizeof *chunks, "too many chunks");
        need(mdm_stream_next(&rows, &chunks[chunk_count], &err));
        if (!chunks[chunk_count]) break;
        chunk_count++;
    }
    mdm_stream_close(&rows);
    close_bare();
}

static double bulk_ours(void)
{
    const mdm_target to = {.table = "t", .create = true};
    mdm_stream rows;
    int64_t count;
    open_conn();
    need(mdm_stream_of_chunks(chunks[0]->schema, chunks, chunk_count, &rows, &err));
    const double start = bench_now_ns();
    need(duck->begin(conn, MDM_TXN_WRITE, &err));
    need(duck->bulk(conn, &to, &rows, &count, &err));
    need(duck->commit(conn, &err));
    const double took = bench_now_ns() - start;
    bench_need(count == 3000000, "rows are missing");
    mdm_stream_close(&rows);
    close_conn();
    return took;
}

/* Run a statement that reads the flights in memory as a table. */
static void run_over_stream(mdm_duckdb_link *link, const char *format)
{
    char sql[300];
    mdm_stream rows;
    mdm_stream_table *table;
    need(mdm_stream_of_chunks(chunks[0]->schema, chunks, chunk_count, &rows, &err));
    need(mdm_stream_table_open(&rows, &table, &err));
    snprintf(sql, sizeof sql, format, mdm_stream_table_sql(table));
    need(mdm_stream_table_status(table, mdm_duckdb_run(link, mdm_str_from(sql), NULL, NULL, &err),
                                 &err));
    mdm_stream_table_close(table);
    mdm_stream_close(&rows);
}

static double bulk_by_table(void)
{
    open_bare();
    const double start = bench_now_ns();
    run_over_stream(bare_link, "CREATE TABLE t AS SELECT * FROM %s");
    const double took = bench_now_ns() - start;
    close_bare();
    return took;
}

static double export_ours(void)
{
    char sql[300];
    need(mdm_duckdb_open(NULL, NULL, NULL, &bare, &err));
    need(mdm_duckdb_connect(bare, &bare_link, &err));
    snprintf(sql, sizeof sql, "COPY (SELECT * FROM %%s) TO '%s' (FORMAT PARQUET)", copied);
    const double start = bench_now_ns();
    run_over_stream(bare_link, sql);
    const double took = bench_now_ns() - start;
    close_bare();
    return took;
}

static double export_theirs(void)
{
    char sql[900];
    need(mdm_duckdb_open(NULL, NULL, NULL, &bare, &err));
    need(mdm_duckdb_connect(bare, &bare_link, &err));
    snprintf(sql, sizeof sql, "CREATE TABLE t AS %s", flights_sql());
    run_bare(sql);
    snprintf(sql, sizeof sql, "COPY t TO '%s' (FORMAT PARQUET)", copied);
    const double start = bench_now_ns();
    run_bare(sql);
    const double took = bench_now_ns() - start;
    close_bare();
    return took;
}

/* --- row by row ---------------------------------------------------------------------------- */

static double bulk_row(void)
{
    return bulk_ours() / 3000000;
}

static double single_rows(bool in_one_transaction)
{
    open_bare();
    run_bare("CREATE TABLE t (a TIMESTAMP, b BIGINT, c BIGINT, d VARCHAR, e VARCHAR)");
    const double start = bench_now_ns();
    if (in_one_transaction) {
        duckdb_prepared_statement prepared;
        duckdb_pending_result pending;
        duckdb_result result;
        run_bare("BEGIN");
        mdm_duck.prepare(bare_link->conn,
                         "INSERT INTO t VALUES (TIMESTAMP '2001-01-01 00:00:00', ?, 100, 'ABC', "
                         "'DEF')",
                         &prepared);
        for (int i = 0; i < SINGLE_ROWS; i++) {
            mdm_duck.bind_int64(prepared, 1, i);
            mdm_duck.pending_prepared_streaming(prepared, &pending);
            bench_need(mdm_duck.execute_pending(pending, &result) == DuckDBSuccess, "an insert");
            mdm_duck.destroy_pending(&pending);
            mdm_duck.destroy_result(&result);
        }
        mdm_duck.destroy_prepare(&prepared);
        run_bare("COMMIT");
    } else {
        for (int i = 0; i < SINGLE_ROWS; i++) {
            char sql[200];
            snprintf(
                sql, sizeof sql,
                "INSERT INTO t VALUES (TIMESTAMP '2001-01-01 00:00:00', %d, 100, 'ABC', 'DEF')", i);
            run_bare(sql);
        }
    }
    const double took = bench_now_ns() - start;
    close_bare();
    return took / SINGLE_ROWS;
}

static double row_autocommit(void)
{
    return single_rows(false);
}

static double row_in_transaction(void)
{
    return single_rows(true);
}

/* --- point queries --------------------------------------------------------------------------- */

#define POINT "SELECT v FROM p WHERE k = ?"
#define POINT_TABLE "CREATE TABLE p AS SELECT i AS k, i * 2 AS v FROM range(1000) t(i)"

static double query_ours(void)
{
    open_conn();
    need(duck->run(conn, MDM_STR(POINT_TABLE), NULL, &err));
    const double start = bench_now_ns();
    for (int i = 0; i < QUERIES; i++) {
        const mdm_value value = {MDM_TYPE_INT64, {.integer = i % 1000}};
        mdm_stmt *stmt;
        mdm_chunk *chunk;
        need(duck->prepare(conn, MDM_STR(POINT), &stmt, &err));
        need(duck->execute(stmt, &value, 1, &err));
        need(duck->fetch(stmt, &chunk, &err));
        bench_need(chunk && chunk->rows == 1, "a row");
        mdm_chunk_unref(chunk);
        duck->finish(stmt);
    }
    const double took = bench_now_ns() - start;
    close_conn();
    return took / QUERIES;
}

static double query_theirs(void)
{
    duckdb_prepared_statement prepared;
    open_bare();
    run_bare(POINT_TABLE);
    const double start = bench_now_ns();
    mdm_duck.prepare(bare_link->conn, POINT, &prepared);
    for (int i = 0; i < QUERIES; i++) {
        duckdb_pending_result pending;
        duckdb_result result;
        mdm_duck.bind_int64(prepared, 1, i % 1000);
        mdm_duck.pending_prepared_streaming(prepared, &pending);
        mdm_duck.execute_pending(pending, &result);
        mdm_duck.destroy_pending(&pending);
        duckdb_data_chunk chunk = mdm_duck.fetch_chunk(result);
        bench_need(chunk != NULL, "a row");
        mdm_duck.destroy_data_chunk(&chunk);
        mdm_duck.destroy_result(&result);
    }
    const double took = bench_now_ns() - start;
    mdm_duck.destroy_prepare(&prepared);
    close_bare();
    return took / QUERIES;
}

/* --- all of it ----------------------------------------------------------------------------------
 */

static void make_files(void)
{
    const char *data = getenv("MDM_TEST_DATA");
    snprintf(parquet, sizeof parquet, "%s/flights-3m.parquet", data ? data : ".");
    bench_need(access(parquet, R_OK) == 0, "no flights-3m.parquet in MDM_TEST_DATA");
    bench_need(mkdtemp(folder) != NULL, "no folder in /dev/shm");
    snprintf(target, sizeof target, "%s/target.duckdb", folder);
    snprintf(copied, sizeof copied, "%s/copy.parquet", folder);
}

int main(void)
{
    duck = mdm_backend_find(MDM_STR("duckdb"));
    make_files();
    compare("parquet_load", 1.10, parquet_ours, parquet_theirs);
    compare("stream", 0, stream_ours, stream_theirs);
    read_chunks();
    compare("bulk", 0, bulk_ours, bulk_by_table);
    compare("export", 0, export_ours, export_theirs);
    compare("bulk_autocommit", 1.0 / 300, bulk_row, row_autocommit);
    compare("bulk_transaction", 1.0 / 50, bulk_row, row_in_transaction);
    compare("point_query", 0, query_ours, query_theirs);
    for (size_t i = 0; i < chunk_count; i++)
        mdm_chunk_unref(chunks[i]);
    unlink(copied);
    unlink(target);
    rmdir(folder);
    return 0;
}
