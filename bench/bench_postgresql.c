/* What the PostgreSQL driver costs, beside the bare library and the server's own program.
 *
 *     bulk / \copy       1M rows of 5 columns from memory, against psql reading the same rows as
 *                        CSV. A bad answer: above 0.8, the bar that a whole CSV load has to keep.
 *     encode             CPU of our side of it, ns a row, without a server.
 *     point query        kept statement: execute, fetch, finish, against PQexecPrepared (what we
 * add), and PQexecParams against it (what keeping statements gives: at least 1.7). reading 1M rows
 * as chunks, against libpq's own single-row loop that looks at every cell and keeps none. reuse
 * connect, query, close against the query alone (at least 100).
 *
 * Needs MDM_TEST_POSTGRESQL (tests/support/with-postgresql). Rounds are interleaved. */
#include <endian.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "storage/postgresql_driver.h"

#define ROWS 1000000
#define CHUNK 2048
#define ROUNDS 5
#define QUERIES 2000

static const char *url;

static void need(mdm_status status, const mdm_error *err)
{
    bench_need(status == MDM_OK, status == MDM_OK ? "" : err->message);
}

/* --- rows like those of the flights data set ------------------------------ */

typedef struct source {
    mdm_stream stream;
    mdm_chunk **chunks;
    size_t count, next;
} source;

static const char *const airports[] = {"ATL", "ORD", "DFW", "LAX", "PHX", "DEN", "IAH", "MSP"};

static int64_t stamp_of(int64_t row)
{
    return INT64_C(978307200000000) + row * 60000000;
}

static void fill_chunk(mdm_builder *builder, int64_t first, int64_t end)
{
    for (int64_t row = first; row < end; row++) {
        bool fine = mdm_builder_int(builder, 0, stamp_of(row)) == MDM_OK &&
                    mdm_builder_int(builder, 1, row % 120 - 20) == MDM_OK &&
                    mdm_builder_int(builder, 2, 100 + row % 2400) == MDM_OK &&
                    mdm_builder_bytes(builder, 3, mdm_str_from(airports[row % 8])) == MDM_OK &&
                    mdm_builder_bytes(builder, 4, mdm_str_from(airports[row / 8 % 8])) == MDM_OK;
        bench_need(fine, "making rows");
    }
}

static mdm_status next_chunk(mdm_stream *stream, mdm_chunk **out, mdm_error *err)
{
    (void)err;
    source *s = stream->self;
    *out = s->next < s->count ? mdm_chunk_ref(s->chunks[s->next++]) : NULL;
    return MDM_OK;
}

static void source_open(source *s)
{
    static const mdm_field fields[] = {{"date", {MDM_TYPE_TIMESTAMP, 0, 0}},
                                       {"delay", {MDM_TYPE_INT64, 0, 0}},
                                       {"distance", {MDM_TYPE_INT64, 0, 0}},
                                       {"origin", {MDM_TYPE_TEXT, 0, 0}},
                                       {"destination", {MDM_TYPE_TEXT, 0, 0}}};
    mdm_error err = {0};
    mdm_schema *schema = NULL;
    mdm_builder *builder = NULL;
    need(mdm_schema_new(fields, 5, &schema, &err), &err);
    need(mdm_builder_open(schema, CHUNK, &builder, &err), &err);
    s->count = (ROWS + CHUNK - 1) / CHUNK;
    s->chunks = calloc(s->count, sizeof *s->chunks);
    bench_need(s->chunks != NULL, "memory for rows");
    for (size_t i = 0; i < s->count; i++) {
        int64_t first = (int64_t)i * CHUNK;
        fill_chunk(builder, first, first + CHUNK < ROWS ? first + CHUNK : ROWS);
        need(mdm_builder_finish(builder, &s->chunks[i], &err), &err);
    }
    mdm_builder_close(builder);
    s->stream = (mdm_stream){schema, next_chunk, NULL, s};
}

static void source_close(source *s)
{
    for (size_t i = 0; i < s->count; i++)
        mdm_chunk_unref(s->chunks[i]);
    free(s->chunks);
    mdm_schema_unref(s->stream.schema);
}

/* --- the driver ----------------------------------------------------------- */

static mdm_conn *connect_driver(void)
{
    mdm_error err = {0};
    mdm_location *location = NULL;
    mdm_conn *conn = NULL;
    need(mdm_location_parse(mdm_str_from(url), &location, &err), &err);
    need(mdm_backend_postgresql.open(location, 0, NULL, &conn, &err), &err);
    mdm_location_free(location);
    return conn;
}

static void run(mdm_conn *conn, const char *sql)
{
    mdm_error err = {0};
    need(conn->backend->run(conn, mdm_str_from(sql), NULL, &err), &err);
}

static PGconn *connect_bare(void)
{
    PGconn *pq = PQconnectdb(url);
    bench_need(PQstatus(pq) == CONNECTION_OK, PQerrorMessage(pq));
    return pq;
}

/* --- bulk loading --------------------------------------------------------- */

static double load_with_driver(mdm_conn *conn, source *s)
{
    static const mdm_target target = {.table = "bench_bulk", .create = true};
    mdm_error err = {0};
    int64_t rows = 0;
    run(conn, "DROP TABLE IF EXISTS bench_bulk");
    s->next = 0;
    double start = bench_now_ns();
    need(conn->backend->begin(conn, MDM_TXN_WRITE, &err), &err);
    need(conn->backend->bulk(conn, &target, &s->stream, &rows, &err), &err);
    need(conn->backend->commit(conn, &err), &err);
    double spent = bench_now_ns() - start;
    bench_need(rows == ROWS, "rows are missing");
    return spent;
}

/* The same rows, as the server writes them. */
static void write_csv(const char *path)
{
    char command[600];
    snprintf(command, sizeof command, "psql -Xq '%s' -c \"\\copy bench_bulk TO '%s' CSV\"", url,
             path);
    bench_need(system(command) == 0, "psql cannot write the rows as CSV");
}

static double load_with_psql(mdm_conn *conn, const char *path)
{
    char command[900];
    run(conn, "DROP TABLE IF EXISTS bench_copy");
    snprintf(
        command, sizeof command,
        "psql -Xq '%s' -c 'BEGIN' -c 'CREATE TABLE bench_copy (date timestamp, delay bigint, "
        "distance bigint, origin text, destination text)' -c \"\\copy bench_copy FROM '%s' CSV\" "
        "-c 'COMMIT'",
        url, path);
    double start = bench_now_ns();
    bench_need(system(command) == 0, "psql cannot load the rows");
    return bench_now_ns() - start;
}

static mdm_status count_bytes(void *self, const unsigned char *bytes, size_t len, mdm_error *err)
{
    (void)bytes;
    (void)err;
    *(size_t *)self += len;
    return MDM_OK;
}

static double encode_all(source *s)
{
    mdm_error err = {0};
    pg_encoder *encoder = NULL;
    size_t bytes = 0;
    need(mdm_pg_encoder_open(s->stream.schema, NULL, count_bytes, &bytes, &encoder, &err), &err);
    double start = bench_cpu_ns();
    for (size_t i = 0; i < s->count; i++)
        need(mdm_pg_encoder_add(encoder, s->chunks[i], &err), &err);
    double spent = bench_cpu_ns() - start;
    mdm_pg_encoder_close(encoder);
    bench_need(bytes > (size_t)ROWS * 50, "too few bytes");
    return spent / ROWS;
}

static void bulk(void)
{
    char path[] = "/tmp/mdm-bench-XXXXXX";
    double ours[ROUNDS], psql[ROUNDS], encode[ROUNDS];
    source s = {.count = 0};
    mdm_conn *conn = connect_driver();
    source_open(&s);
    int file = mkstemp(path);
    bench_need(file >= 0, "a temporary file");
    close(file);
    load_with_driver(conn, &s); /* warm up, and rows to write */
    write_csv(path);
    for (int i = 0; i < ROUNDS; i++) {
        ours[i] = load_with_driver(conn, &s);
        psql[i] = load_with_psql(conn, path);
        encode[i] = encode_all(&s);
    }
    unlink(path);
    run(conn, "DROP TABLE bench_copy");
    bench_figure("postgresql/bulk_s", bench_median(ours, ROUNDS) / 1e9, "s", 0);
    bench_figure("postgresql/psql_copy_s", bench_median(psql, ROUNDS) / 1e9, "s", 0);
    bench_figure("postgresql/bulk_over_psql_copy",
                 bench_median(ours, ROUNDS) / bench_median(psql, ROUNDS), "ratio", 0.8);
    bench_figure("postgresql/encode_ns_per_row", bench_median(encode, ROUNDS), "ns", 0);
    source_close(&s);
    conn->backend->close(conn);
}

/* --- reading: the table that bulk() has left ------------------------------ */

static const char all_rows[] = "SELECT date, delay, distance, origin, destination FROM bench_bulk";

static double read_with_driver(mdm_conn *conn)
{
    mdm_error err = {0};
    mdm_stmt *stmt = NULL;
    mdm_chunk *chunk = NULL;
    int64_t rows = 0;
    double start = bench_cpu_ns();
    need(conn->backend->prepare(conn, mdm_str_from(all_rows), &stmt, &err), &err);
    need(conn->backend->execute(stmt, NULL, 0, &err), &err);
    for (;;) {
        need(conn->backend->fetch(stmt, &chunk, &err), &err);
        if (!chunk) break;
        rows += chunk->rows;
        mdm_chunk_unref(chunk);
    }
    conn->backend->finish(stmt);
    double spent = bench_cpu_ns() - start;
    bench_need(rows == ROWS, "rows are missing");
    return spent / ROWS;
}

static double read_bare(PGconn *pq)
{
    int64_t rows = 0;
    size_t bytes = 0;
    double start = bench_cpu_ns();
    bench_need(PQsendQueryParams(pq, all_rows, 0, NULL, NULL, NULL, NULL, 1), "a query");
    bench_need(PQsetSingleRowMode(pq), "single rows");
    for (PGresult *row; (row = PQgetResult(pq)) != NULL; PQclear(row)) {
        if (PQresultStatus(row) != PGRES_SINGLE_TUPLE) continue;
        rows++;
        for (int i = 0; i < 5; i++)
            bytes += PQgetisnull(row, 0, i) ? 0 : (size_t)PQgetlength(row, 0, i);
    }
    double spent = bench_cpu_ns() - start;
    bench_need(rows == ROWS && bytes > 0, "rows are missing");
    return spent / ROWS;
}

static void reading(void)
{
    double ours[ROUNDS], bare[ROUNDS];
    mdm_conn *conn = connect_driver();
    PGconn *pq = connect_bare();
    for (int i = 0; i < ROUNDS; i++) {
        ours[i] = read_with_driver(conn);
        bare[i] = read_bare(pq);
    }
    bench_figure("postgresql/read_ns_per_row", bench_median(ours, ROUNDS), "ns", 0);
    bench_figure("postgresql/read_over_libpq_cpu",
                 bench_median(ours, ROUNDS) / bench_median(bare, ROUNDS), "ratio", 0);
    run(conn, "DROP TABLE bench_bulk");
    conn->backend->close(conn);
    PQfinish(pq);
}

/* --- point queries -------------------------------------------------------- */

static const char point[] = "SELECT t FROM bench_point WHERE i = $1";

static double point_with_driver(mdm_conn *conn)
{
    mdm_error err = {0};
    double start = bench_now_ns();
    for (int64_t i = 0; i < QUERIES; i++) {
        mdm_stmt *stmt = NULL;
        mdm_chunk *chunk = NULL;
        const mdm_value value = {MDM_TYPE_INT64, {.integer = i * 37 % 100000}};
        need(conn->backend->prepare(conn, mdm_str_from(point), &stmt, &err), &err);
        need(conn->backend->execute(stmt, &value, 1, &err), &err);
        need(conn->backend->fetch(stmt, &chunk, &err), &err);
        bench_need(chunk && chunk->rows == 1, "a row is missing");
        mdm_chunk_unref(chunk);
        conn->backend->finish(stmt);
    }
    return (bench_now_ns() - start) / QUERIES;
}

typedef enum way { PREPARED, PARAMETERS } way;

static double point_bare(PGconn *pq, way how)
{
    double start = bench_now_ns();
    for (int64_t i = 0; i < QUERIES; i++) {
        uint64_t network = htobe64((uint64_t)(i * 37 % 100000));
        const char *values[] = {(const char *)&network};
        const int lengths[] = {8}, formats[] = {1};
        const Oid types[] = {PG_INT8};
        PGresult *result = how == PREPARED
                               ? PQexecPrepared(pq, "point", 1, values, lengths, formats, 1)
                               : PQexecParams(pq, point, 1, types, values, lengths, formats, 1);
        bench_need(PQntuples(result) == 1, "a row is missing");
        PQclear(result);
    }
    return (bench_now_ns() - start) / QUERIES;
}

static double reconnect(void)
{
    double start = bench_now_ns();
    for (int i = 0; i < 20; i++) {
        mdm_conn *conn = connect_driver();
        run(conn, "SELECT t FROM bench_point WHERE i = 7");
        conn->backend->close(conn);
    }
    return (bench_now_ns() - start) / 20;
}

static void points(void)
{
    double ours[ROUNDS], prepared[ROUNDS], params[ROUNDS], connecting[ROUNDS];
    mdm_conn *conn = connect_driver();
    PGconn *pq = connect_bare();
    run(conn,
        "DROP TABLE IF EXISTS bench_point; CREATE TABLE bench_point AS SELECT i, 'row ' || i AS t "
        "FROM generate_series(0::bigint, 99999) AS i; ALTER TABLE bench_point ADD PRIMARY KEY "
        "(i); ANALYZE bench_point");
    PQclear(PQprepare(pq, "point", point, 0, NULL));
    for (int i = 0; i < ROUNDS; i++) {
        ours[i] = point_with_driver(conn);
        prepared[i] = point_bare(pq, PREPARED);
        params[i] = point_bare(pq, PARAMETERS);
        connecting[i] = reconnect();
    }
    double driver = bench_median(ours, ROUNDS), bare = bench_median(prepared, ROUNDS);
    bench_figure("postgresql/point_us", driver / 1e3, "us", 0);
    bench_figure("postgresql/point_over_libpq", driver / bare, "ratio", 0);
    bench_figure("postgresql/point_over_exec_params", driver / bench_median(params, ROUNDS),
                 "ratio", 1 / 1.7);
    bench_figure("postgresql/point_over_reconnecting", driver / bench_median(connecting, ROUNDS),
                 "ratio", 0.01);
    run(conn, "DROP TABLE bench_point");
    conn->backend->close(conn);
    PQfinish(pq);
}

int main(void)
{
    url = getenv("MDM_TEST_POSTGRESQL");
    if (!url) {
        puts("{\"skipped\":\"postgresql: MDM_TEST_POSTGRESQL names no server\"}");
        return 77;
    }
    bulk();
    reading();
    points();
    return 0;
}
