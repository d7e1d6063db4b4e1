/* What does the road cost? A point query by primary key through mdm_session_query() beside the bare
 * loop that one would write with SQLite alone (a statement kept by hand: bind, step, read, reset),
 * in turns. More than 1.5 us beside it would make somebody want to walk around.
 *
 * And what does a statement pay that is run only once? 1,000 different ones, with the performance
 * layer and with all of it off, in turns: at most 5 % slower. */
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "mdm/session.h"

#define KEYS 10000
#define POINTS 20000
#define DISTINCT 1000

static mdm_error err;
static char folder[] = "/dev/shm/mdm-bench-XXXXXX";
static char path[64];
static const mdm_setting wal = {"journal_mode", "WAL"};

static void need(mdm_status status)
{
    bench_need(status == MDM_OK, err.message);
}

typedef struct road {
    mdm_session *session;
    mdm_database *database;
} road;

static road open_road(const char *off)
{
    static const char *const environment[] = {NULL};
    mdm_config_sources sources = {
        .home = folder, .set = &off, .set_count = off ? 1 : 0, .environment = environment};
    mdm_session_options options = {.config = &sources};
    mdm_location location = {.backend = mdm_backend_find(MDM_STR("sqlite")),
                             .path = path,
                             .settings = &wal,
                             .setting_count = 1};
    road r;
    need(mdm_session_open(&options, &r.session, &err));
    need(mdm_session_database(r.session, &location, MDM_OPEN_CREATE, &r.database, &err));
    return r;
}

static void run(road *r, const char *sql)
{
    mdm_query query = MDM_QUERY_INIT;
    query.sql = mdm_str_from(sql);
    query.write = true;
    need(mdm_session_run(r->session, r->database, &query, NULL, &err));
}

static void fill(road *r)
{
    run(r, "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT NOT NULL, price REAL NOT NULL)");
    run(r, "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 10000) "
           "INSERT INTO item SELECT i, 'item number ' || i, i * 0.25 FROM n");
}

/* --- point queries --------------------------------------------------------------------- */

#define POINT_SQL "SELECT id, name, price FROM item WHERE id = ?"

static double road_ns(road *r)
{
    mdm_query query = MDM_QUERY_INIT;
    mdm_value key = {MDM_TYPE_INT64, {.integer = 0}};
    query.sql = MDM_STR(POINT_SQL);
    query.values = &key;
    query.value_count = 1;
    int64_t sum = 0;
    double start = bench_cpu_ns();
    for (int64_t i = 0; i < POINTS; i++) {
        key.as.integer = i * 7919 % KEYS + 1;
        mdm_rows *rows;
        mdm_chunk *chunk;
        need(mdm_session_query(r->session, r->database, &query, &rows, &err));
        need(mdm_rows_next(rows, &chunk, &err));
        sum += ((const int64_t *)chunk->columns[0].values)[0] - key.as.integer;
        mdm_chunk_unref(chunk);
        need(mdm_rows_next(rows, &chunk, &err));
        mdm_rows_close(rows);
    }
    double spent = (bench_cpu_ns() - start) / POINTS;
    bench_need(sum == 0, "wrong rows");
    return spent;
}

static double bare_ns(sqlite3_stmt *stmt)
{
    int64_t sum = 0;
    double start = bench_cpu_ns();
    for (int64_t i = 0; i < POINTS; i++) {
        int64_t key = i * 7919 % KEYS + 1;
        sqlite3_bind_int64(stmt, 1, key);
        bench_need(sqlite3_step(stmt) == SQLITE_ROW, "no row");
        sum += sqlite3_column_int64(stmt, 0) - key;
        sum += (int64_t)sqlite3_column_bytes(stmt, 1) * 0 + (sqlite3_column_text(stmt, 1) == NULL);
        sum += sqlite3_column_double(stmt, 2) < 0;
        sqlite3_reset(stmt);
    }
    double spent = (bench_cpu_ns() - start) / POINTS;
    bench_need(sum == 0, "wrong rows");
    return spent;
}

static void measure_points(road *r)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    bench_need(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) ==
                       SQLITE_OK &&
                   sqlite3_prepare_v3(db, POINT_SQL, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL) ==
                       SQLITE_OK,
               "SQLite does not open");
    double with[BENCH_ROUNDS], bare[BENCH_ROUNDS], more[BENCH_ROUNDS];
    (void)road_ns(r);
    (void)bare_ns(stmt);
    for (int i = 0; i < BENCH_ROUNDS; i++) {
        with[i] = road_ns(r);
        bare[i] = bare_ns(stmt);
        more[i] = with[i] - bare[i];
    }
    bench_figure("road/point/session", bench_median(with, BENCH_ROUNDS), "ns", 0);
    bench_figure("road/point/bare_sqlite", bench_median(bare, BENCH_ROUNDS), "ns", 0);
    bench_figure("road/point/over_bare", bench_median(more, BENCH_ROUNDS), "ns", 1500);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
}

/* --- statements run once ------------------------------------------------------------------ */

static double once_ns(road *r, int round)
{
    char sql[160];
    mdm_query query = MDM_QUERY_INIT;
    double start = bench_cpu_ns();
    for (int i = 0; i < DISTINCT; i++) {
        mdm_rows *rows;
        mdm_chunk *chunk;
        int len = snprintf(sql, sizeof sql,
                           "SELECT name AS n%d, price FROM item WHERE id = %d AND price < %d.5",
                           round * DISTINCT + i, i + 1, KEYS);
        query.sql = (mdm_str){sql, (size_t)len};
        need(mdm_session_query(r->session, r->database, &query, &rows, &err));
        need(mdm_rows_next(rows, &chunk, &err));
        bench_need(chunk && chunk->rows == 1, "wrong rows");
        mdm_chunk_unref(chunk);
        mdm_rows_close(rows);
    }
    return (bench_cpu_ns() - start) / DISTINCT;
}

/* Off: all but the pool, whose absence would cost a connection for each statement and flatter us.
 */
static void measure_once(road *on)
{
    road off = open_road("performance.off=query_optimizer,cache,batch,monitor");
    double with[BENCH_ROUNDS], without[BENCH_ROUNDS], ratio[BENCH_ROUNDS];
    (void)once_ns(on, 1000);
    (void)once_ns(&off, 1000);
    for (int i = 0; i < BENCH_ROUNDS; i++) {
        with[i] = once_ns(on, i);
        without[i] = once_ns(&off, i);
        ratio[i] = with[i] / without[i];
    }
    bench_figure("road/once/layer_on", bench_median(with, BENCH_ROUNDS), "ns", 0);
    bench_figure("road/once/layer_off", bench_median(without, BENCH_ROUNDS), "ns", 0);
    bench_figure("road/once/on_over_off", bench_median(ratio, BENCH_ROUNDS), "ratio", 1.05);
    mdm_session_close(off.session);
}

int main(void)
{
    bench_need(mkdtemp(folder) != NULL, "no folder");
    snprintf(path, sizeof path, "%s/road.sqlite", folder);
    road r = open_road(NULL);
    fill(&r);
    measure_points(&r);
    measure_once(&r);
    mdm_session_close(r.session);
    unlink(path);
    rmdir(folder);
    return 0;
}
