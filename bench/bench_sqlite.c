/* What the SQLite driver costs beside SQLite itself.
 *
 * Bulk: a stream of chunks in memory, of the shape of the flights data (a timestamp, two integers,
 * two short texts), into a new table: by the driver's virtual table, and by the loop that one would
 * write (a prepared INSERT, bind, step, reset) over the same chunks with the same text for
 * timestamps. The loop is the partner; a ratio near 1 says that the virtual table is not worth its
 * code.
 *
 * Scan: those rows read back, all five cells of each, as chunks. Partner: step and read the cells.
 *
 * Point: SELECT of three cells by primary key. Partner: a statement kept by hand, bind, step, read,
 * reset. What the driver adds is what finding the statement, the types and a chunk cost. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"
#include "data/chunk_internal.h"
#include "storage/sqlite_driver.h"

#define ROWS 1000000
#define CHUNK 2048
#define CHUNKS ((ROWS + CHUNK - 1) / CHUNK)
#define BULK_ROUNDS 7
#define KEYS 100000
#define POINTS 200000

static mdm_error err;
static char folder[] = "/dev/shm/mdm-bench-XXXXXX";
static char path[64];

static void need(mdm_status status)
{
    bench_need(status == MDM_OK, err.message);
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* --- the rows -------------------------------------------------------------- */

static mdm_schema *schema;
static mdm_chunk *chunks[CHUNKS];

static void append_row(mdm_builder *builder, uint64_t *seed)
{
    char text[2][3];
    const uint64_t dice = next_random(seed);
    for (int i = 0; i < 6; i++)
        text[i / 3][i % 3] = (char)('A' + (dice >> (8 * i)) % 26);
    /* In the order of time, a new minute for every eighth flight. */
    static int64_t minutes;
    minutes += dice >> 48 & 7 ? 0 : 1;
    need(mdm_builder_int(builder, 0, INT64_C(978307200000000) + minutes * 60000000));
    need(mdm_builder_int(builder, 1, (int64_t)(dice % 300) - 60));
    need(mdm_builder_int(builder, 2, (int64_t)(dice % 3000)));
    need(mdm_builder_bytes(builder, 3, (mdm_str){text[0], 3}));
    need(mdm_builder_bytes(builder, 4, (mdm_str){text[1], 3}));
}

static void make_rows(void)
{
    static const mdm_field fields[] = {{"date", {.id = MDM_TYPE_TIMESTAMP}},
                                       {"delay", {.id = MDM_TYPE_INT64}},
                                       {"distance", {.id = MDM_TYPE_INT64}},
                                       {"origin", {.id = MDM_TYPE_TEXT}},
                                       {"destination", {.id = MDM_TYPE_TEXT}}};
    mdm_builder *builder = NULL;
    uint64_t seed = 88172645463325252u;
    need(mdm_schema_new(fields, 5, &schema, &err));
    need(mdm_builder_open(schema, CHUNK, &builder, &err));
    for (int c = 0, left = ROWS; c < CHUNKS; c++, left -= CHUNK) {
        for (int r = 0; r < CHUNK && r < left; r++)
            append_row(builder, &seed);
        need(mdm_builder_finish(builder, &chunks[c], &err));
    }
    mdm_builder_close(builder);
}

/* --- bulk --------------------------------------------------------------------- */

static double load_by_driver(void)
{
    const mdm_backend *b = mdm_backend_find(MDM_STR("sqlite"));
    const mdm_location location = {.backend = b, .path = path};
    const mdm_target target = {.table = "t", .create = true};
    mdm_conn *conn = NULL;
    mdm_stream stream;
    int64_t rows = 0;
    unlink(path);
    need(b->open(&location, MDM_OPEN_CREATE | MDM_OPEN_LOADING, NULL, &conn, &err));
    need(mdm_stream_of_chunks(schema, chunks, CHUNKS, &stream, &err));
    const double start = bench_cpu_ns();
    need(b->begin(conn, MDM_TXN_WRITE, &err));
    need(b->bulk(conn, &target, &stream, &rows, &err));
    need(b->commit(conn, &err));
    const double spent = bench_cpu_ns() - start;
    bench_need(rows == ROWS, "rows are missing");
    mdm_stream_close(&stream);
    b->close(conn);
    return spent;
}

static void run(sqlite3 *db, const char *sql)
{
    need(mdm_sqlite_run(db, sql, &err));
}

static void insert_row(sqlite3_stmt *stmt, const mdm_chunk *chunk, int64_t row)
{
    char stamp[MDM_SQLITE_TIME_TEXT];
    const mdm_column *c = chunk->columns;
    const size_t len = mdm_sqlite_stamp_text(((const int64_t *)c[0].values)[row], false, stamp);
    const mdm_str origin = mdm_column_bytes(&c[3], row), destination = mdm_column_bytes(&c[4], row);
    sqlite3_bind_text(stmt, 1, stamp, (int)len, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 2, ((const int64_t *)c[1].values)[row]);
    sqlite3_bind_int64(stmt, 3, ((const int64_t *)c[2].values)[row]);
    sqlite3_bind_text(stmt, 4, origin.data, (int)origin.len, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 5, destination.data, (int)destination.len, SQLITE_STATIC);
    bench_need(sqlite3_step(stmt) == SQLITE_DONE, "INSERT failed");
    sqlite3_reset(stmt);
}

static double load_by_loop(void)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    unlink(path);
    need(mdm_sqlite_open(path, MDM_SQLITE_CREATE, &db, &err));
    run(db, "PRAGMA journal_mode=DELETE; PRAGMA synchronous=OFF");
    const double start = bench_cpu_ns();
    run(db, "BEGIN IMMEDIATE; CREATE TABLE t (date DATETIME, delay BIGINT, distance BIGINT, "
            "origin TEXT, destination TEXT)");
    need(
        mdm_sqlite_prepare(db, MDM_STR("INSERT INTO t VALUES (?, ?, ?, ?, ?)"), &stmt, NULL, &err));
    for (int c = 0; c < CHUNKS; c++)
        for (int64_t row = 0; row < chunks[c]->rows; row++)
            insert_row(stmt, chunks[c], row);
    sqlite3_finalize(stmt);
    run(db, "COMMIT");
    const double spent = bench_cpu_ns() - start;
    mdm_sqlite_close(db);
    return spent;
}

static void bench_bulk(void)
{
    double driver[BULK_ROUNDS], loop[BULK_ROUNDS], ratio[BULK_ROUNDS];
    for (int i = 0; i < BULK_ROUNDS; i++) {
        loop[i] = load_by_loop();
        driver[i] = load_by_driver();
        ratio[i] = driver[i] / loop[i];
    }
    bench_figure("sqlite/bulk/driver", bench_median(driver, BULK_ROUNDS) / ROWS, "ns/row", 0);
    bench_figure("sqlite/bulk/prepared_loop", bench_median(loop, BULK_ROUNDS) / ROWS, "ns/row", 0);
    bench_figure("sqlite/bulk/driver_over_loop", bench_median(ratio, BULK_ROUNDS), "ratio", 0.65);
}

/* --- scan, of what the last load has left ----------------------------------------- */

static double scan_by_driver(mdm_conn *conn)
{
    const mdm_backend *b = conn->backend;
    mdm_stmt *stmt = NULL;
    mdm_chunk *chunk = NULL;
    int64_t rows = 0;
    const double start = bench_cpu_ns();
    need(b->prepare(conn, MDM_STR("SELECT * FROM t"), &stmt, &err));
    need(b->execute(stmt, NULL, 0, &err));
    for (;;) {
        need(b->fetch(stmt, &chunk, &err));
        if (!chunk) break;
        rows += chunk->rows;
        mdm_chunk_unref(chunk);
    }
    b->finish(stmt);
    const double spent = bench_cpu_ns() - start;
    bench_need(rows == ROWS, "rows are missing");
    return spent;
}

static double scan_bare(sqlite3 *db)
{
    sqlite3_stmt *stmt = NULL;
    int64_t rows = 0, sum = 0;
    const double start = bench_cpu_ns();
    need(mdm_sqlite_prepare(db, MDM_STR("SELECT * FROM t"), &stmt, NULL, &err));
    for (; sqlite3_step(stmt) == SQLITE_ROW; rows++)
        for (int c = 0; c < 5; c++) {
            if (sqlite3_column_type(stmt, c) == SQLITE_INTEGER)
                sum += sqlite3_column_int64(stmt, c);
            else sum += sqlite3_column_text(stmt, c)[0] + sqlite3_column_bytes(stmt, c);
        }
    sqlite3_finalize(stmt);
    const double spent = bench_cpu_ns() - start;
    bench_need(rows == ROWS && sum != 0, "rows are missing");
    return spent;
}

static void bench_scan(void)
{
    const mdm_backend *b = mdm_backend_find(MDM_STR("sqlite"));
    const mdm_location location = {.backend = b, .path = path};
    mdm_conn *conn = NULL;
    double driver[BULK_ROUNDS], bare[BULK_ROUNDS], ratio[BULK_ROUNDS];
    need(b->open(&location, MDM_OPEN_READ_ONLY, NULL, &conn, &err));
    for (int i = 0; i < BULK_ROUNDS; i++) {
        bare[i] = scan_bare(((sqlite_conn *)conn)->db);
        driver[i] = scan_by_driver(conn);
        ratio[i] = driver[i] / bare[i];
    }
    bench_figure("sqlite/scan/driver", bench_median(driver, BULK_ROUNDS) / ROWS, "ns/row", 0);
    bench_figure("sqlite/scan/bare", bench_median(bare, BULK_ROUNDS) / ROWS, "ns/row", 0);
    bench_figure("sqlite/scan/driver_over_bare", bench_median(ratio, BULK_ROUNDS), "ratio", 1.45);
    b->close(conn);
}

/* --- point ------------------------------------------------------------------------ */

#define POINT "SELECT a, b, c FROM point WHERE id = ?"

static void make_table(mdm_conn *conn)
{
    need(conn->backend->run(
        conn,
        MDM_STR("CREATE TABLE point (id INTEGER PRIMARY KEY, a BIGINT, b TEXT, c FLOAT);"
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) "
                "INSERT INTO point SELECT i, i * 7, 'name ' || i, i / 4.0 FROM n"),
        NULL, &err));
}

/* The key of the n-th question; the answer's first cell is seven times that. */
static int64_t key_of(int64_t n)
{
    return n * 7919 % KEYS + 1;
}

static double ask_bare(sqlite3_stmt *stmt)
{
    int64_t sum = 0;
    const double start = bench_cpu_ns();
    for (int64_t n = 0; n < POINTS; n++) {
        sqlite3_bind_int64(stmt, 1, key_of(n));
        bench_need(sqlite3_step(stmt) == SQLITE_ROW, "no row");
        sum += sqlite3_column_int64(stmt, 0);
        sum += sqlite3_column_bytes(stmt, 1) + (sqlite3_column_text(stmt, 1) ? 0 : 1);
        sum += sqlite3_column_double(stmt, 2) > 1e9;
        sqlite3_reset(stmt);
    }
    const double spent = bench_cpu_ns() - start;
    bench_need(sum > 0, "nothing was read");
    return spent / POINTS;
}

static double ask_driver(mdm_conn *conn)
{
    const mdm_backend *b = conn->backend;
    int64_t sum = 0;
    const double start = bench_cpu_ns();
    for (int64_t n = 0; n < POINTS; n++) {
        const mdm_value key = {.type = MDM_TYPE_INT64, .as.integer = key_of(n)};
        mdm_stmt *stmt = NULL;
        mdm_chunk *chunk = NULL;
        need(b->prepare(conn, MDM_STR(POINT), &stmt, &err));
        need(b->execute(stmt, &key, 1, &err));
        need(b->fetch(stmt, &chunk, &err));
        sum += ((const int64_t *)chunk->columns[0].values)[0];
        mdm_chunk_unref(chunk);
        b->finish(stmt);
    }
    const double spent = bench_cpu_ns() - start;
    bench_need(sum > 0, "nothing was read");
    return spent / POINTS;
}

/* Found and given back, without being run. */
static double find_only(mdm_conn *conn)
{
    const double start = bench_cpu_ns();
    for (int64_t n = 0; n < POINTS; n++) {
        mdm_stmt *stmt = NULL;
        need(conn->backend->prepare(conn, MDM_STR(POINT), &stmt, &err));
        conn->backend->finish(stmt);
    }
    return (bench_cpu_ns() - start) / POINTS;
}

static void bench_point(void)
{
    const mdm_backend *b = mdm_backend_find(MDM_STR("sqlite"));
    const mdm_location location = {.backend = b};
    mdm_conn *conn = NULL;
    sqlite3_stmt *bare = NULL;
    need(b->open(&location, MDM_OPEN_CREATE, NULL, &conn, &err));
    make_table(conn);
    need(mdm_sqlite_prepare(((sqlite_conn *)conn)->db, MDM_STR(POINT), &bare, NULL, &err));
    double alone[BENCH_ROUNDS], driver[BENCH_ROUNDS], found[BENCH_ROUNDS], added[BENCH_ROUNDS];
    for (int i = 0; i < BENCH_ROUNDS; i++) {
        alone[i] = ask_bare(bare);
        driver[i] = ask_driver(conn);
        found[i] = find_only(conn);
        added[i] = driver[i] - alone[i];
    }
    bench_figure("sqlite/point/bare", bench_median(alone, BENCH_ROUNDS), "ns", 0);
    bench_figure("sqlite/point/driver", bench_median(driver, BENCH_ROUNDS), "ns", 0);
    bench_figure("sqlite/point/added", bench_median(added, BENCH_ROUNDS), "ns", 1000);
    bench_figure("sqlite/point/statement_found", bench_median(found, BENCH_ROUNDS), "ns", 500);
    sqlite3_finalize(bare);
    b->close(conn);
}

/* --- once each: keeping statements must not burden those that come only once -------- */

static double ask_once_each(unsigned flags)
{
    const mdm_backend *b = mdm_backend_find(MDM_STR("sqlite"));
    const mdm_location location = {.backend = b};
    mdm_conn *conn = NULL;
    need(b->open(&location, MDM_OPEN_CREATE | flags, NULL, &conn, &err));
    make_table(conn);
    const double start = bench_cpu_ns();
    for (int n = 0; n < 1000; n++) {
        char sql[100];
        mdm_stmt *stmt = NULL;
        mdm_chunk *chunk = NULL;
        const int len = snprintf(sql, sizeof sql, "SELECT a, b, c FROM point WHERE id = %d", n + 1);
        need(b->prepare(conn, (mdm_str){sql, (size_t)len}, &stmt, &err));
        need(b->execute(stmt, NULL, 0, &err));
        need(b->fetch(stmt, &chunk, &err));
        mdm_chunk_unref(chunk);
        b->finish(stmt);
    }
    const double spent = bench_cpu_ns() - start;
    b->close(conn);
    return spent / 1000;
}

static void bench_once(void)
{
    double kept[BENCH_ROUNDS], dropped[BENCH_ROUNDS], ratio[BENCH_ROUNDS];
    for (int i = 0; i < BENCH_ROUNDS; i++) {
        kept[i] = ask_once_each(0);
        dropped[i] = ask_once_each(MDM_OPEN_NO_STATEMENTS);
        ratio[i] = kept[i] / dropped[i];
    }
    bench_figure("sqlite/once/keeping", bench_median(kept, BENCH_ROUNDS), "ns", 0);
    bench_figure("sqlite/once/not_keeping", bench_median(dropped, BENCH_ROUNDS), "ns", 0);
    bench_figure("sqlite/once/keeping_over_not", bench_median(ratio, BENCH_ROUNDS), "ratio", 1.05);
}

int main(void)
{
    bench_need(mkdtemp(folder) != NULL, "no temporary folder");
    snprintf(path, sizeof path, "%s/bench.sqlite", folder);
    make_rows();
    bench_point();
    bench_once();
    bench_bulk();
    bench_scan();
    for (int c = 0; c < CHUNKS; c++)
        mdm_chunk_unref(chunks[c]);
    mdm_schema_unref(schema);
    unlink(path);
    rmdir(folder);
    return 0;
}
