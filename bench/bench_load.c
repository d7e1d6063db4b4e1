/* Loading three million real rows (flights): MDM's way beside the bare way of the same engine, in turn, in
 * one run, on a memory file system, so that the engines and not the disk are compared.
 *
 *     parquet_duckdb   CREATE TABLE AS through file, session and driver / bare CREATE TABLE AS
 *     csv_duckdb       checked and typed from the whole file / bare CREATE TABLE AS of read_csv, which
 *                      guesses from a sample
 *     parquet_sqlite   read, converted, inserted / the driver's insert of the same rows from memory
 *     csv_sqlite       / the sqlite3 shell's .import (no types, journal off)
 *     csv_sqlite_200k  the same of 200,000 rows: fixed costs
 *     csv_postgresql   / psql \copy into a table that has its types already (needs MDM_TEST_POSTGRESQL)
 *
 * _stats: the same with the figures of every column gathered. Each load is checked to have stored
 * all rows. A partner that is not installed is a skip that says so. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/io.h"
#include "bench.h"
#include "data/chunk_internal.h"
#include "data/profile.h"
#include "duckdb/result.h"
#include "file/file.h"
#include "mdm/session.h"

#define ROUNDS 5
#define ROWS 3000000

static mdm_error err;
static char folder[] = "/dev/shm/mdm-bench-XXXXXX";
static char parquet[512], csv[128], csv_200k[128], target[128];
static mdm_session *session;

static void need(mdm_status status)
{
    bench_need(status == MDM_OK, err.message);
}

static void wipe_target(void)
{
    static const char *const endings[] = {"", "-wal", "-shm", ".wal"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        char path[160];
        snprintf(path, sizeof path, "%s%s", target, endings[i]);
        unlink(path);
    }
}

/* --- our way ---------------------------------------------------------------------------- */

static mdm_status add_to_profile(void *self, const mdm_chunk *chunk, mdm_error *e)
{
    return mdm_profile_add(self, chunk, e);
}

static mdm_database *open_target(const mdm_location *location)
{
    mdm_database *database = NULL;
    need(mdm_session_database(session, location, MDM_OPEN_CREATE | MDM_OPEN_LOADING, &database, &err));
    return database;
}

static void scan_for_profile(mdm_database *database)
{
    mdm_query query = MDM_QUERY_INIT;
    mdm_rows *rows = NULL;
    mdm_chunk *chunk = NULL;
    mdm_profile *profile = NULL;
    query.sql = MDM_STR("SELECT * FROM t");
    need(mdm_session_query(session, database, &query, &rows, &err));
    need(mdm_profile_open(mdm_rows_schema(rows), NULL, &profile, &err));
    for (;;) {
        need(mdm_rows_next(rows, &chunk, &err));
        if (!chunk) break;
        need(mdm_profile_add(profile, chunk, &err));
        mdm_chunk_unref(chunk);
    }
    bench_need(mdm_profile_rows(profile) > 0, "no rows were profiled");
    mdm_profile_close(profile);
    mdm_rows_close(rows);
}

/* One pass of a file into a table; true: types did not hold, once more. */
static bool pass(mdm_file *file, mdm_database *database, bool stats, int64_t *rows)
{
    mdm_file_query *query = NULL;
    mdm_stream stream = {0};
    mdm_profile *profile = NULL;
    mdm_txn *txn = NULL;
    bool again = false;
    const mdm_target table = {.table = "t", .create = true};
    if (mdm_database_backend(database)->caps & MDM_CAP_READS_FILES)
        need(mdm_file_as_query(file, &query, &err));
    if (!query) need(mdm_file_stream(file, &stream, &err));
    need(mdm_txn_begin(session, database, MDM_TXN_WRITE, &txn, &err));
    if (query) {
        need(mdm_txn_load_query(txn, &table, query, rows, &err));
    } else {
        if (stats) need(mdm_profile_open(stream.schema, NULL, &profile, &err));
        need(mdm_txn_load(txn, &table, &stream, stats ? add_to_profile : NULL, profile, rows, &err));
    }
    need(mdm_file_finish_pass(file, *rows, &again, &err));
    if (again) mdm_txn_rollback(txn);
    else need(mdm_txn_commit(txn, &err));
    mdm_profile_close(profile);
    if (!again && query && stats) scan_for_profile(database);
    return again;
}

static double load_ours(const mdm_location *location, const char *path, mdm_file_format format,
                        bool stats, int64_t expected)
{
    char literal[512];
    snprintf(literal, sizeof literal, "%s", path);
    const mdm_found_file which = {.key = "t", .path = literal, .format = format};
    const mdm_read_options options = {.config = mdm_session_config(session)};
    mdm_file *file = NULL;
    int64_t rows = 0;
    const double start = bench_now_ns();
    need(mdm_file_open(&which, &options, &file, &err));
    mdm_database *database = open_target(location);
    while (pass(file, database, stats, &rows)) continue;
    mdm_session_forget(session, database);
    mdm_file_close(file);
    const double spent = bench_now_ns() - start;
    bench_need(rows == expected, "not every row was stored");
    return spent;
}

/* --- the bare ways -------------------------------------------------------------------------- */

static double bare_duckdb(const char *sql)
{
    mdm_duckdb_instance *instance = NULL;
    mdm_duckdb_link *link = NULL;
    const mdm_duckdb_options options = {.create = true};
    int64_t rows = 0;
    const double start = bench_now_ns();
    need(mdm_duckdb_open(target, &options, NULL, &instance, &err));
    need(mdm_duckdb_connect(instance, &link, &err));
    need(mdm_duckdb_run(link, mdm_str_from(sql), NULL, NULL, &err));
    need(mdm_duckdb_number(link, MDM_STR("SELECT count(*) FROM t"), NULL, &rows, &err));
    mdm_duckdb_disconnect(link);
    mdm_duckdb_close(instance);
    bench_need(rows == ROWS, "the bare load did not store every row");
    return bench_now_ns() - start;
}

static double run_shell(const char *command)
{
    const double start = bench_now_ns();
    bench_need(system(command) == 0, command);
    return bench_now_ns() - start;
}

static bool installed(const char *program)
{
    char command[128];
    snprintf(command, sizeof command, "command -v %s >/dev/null 2>&1", program);
    if (system(command) == 0) return true;
    printf("{\"skipped\":\"%s is not installed\"}\n", program);
    return false;
}

/* Rows of the Parquet file in memory, inserted by the driver: the floor of what reading adds to. */
typedef struct memory {
    mdm_schema *schema;
    mdm_chunk **chunks;
    size_t count;
} memory;

static memory read_into_memory(void)
{
    const mdm_found_file which = {.key = "t", .path = parquet, .format = MDM_FILE_PARQUET};
    const mdm_read_options options = {.config = mdm_session_config(session)};
    mdm_file *file = NULL;
    mdm_stream stream;
    mdm_chunk *chunk;
    memory m = {0};
    need(mdm_file_open(&which, &options, &file, &err));
    need(mdm_file_stream(file, &stream, &err));
    m.schema = mdm_schema_ref(stream.schema);
    for (;;) {
        need(mdm_stream_next(&stream, &chunk, &err));
        if (!chunk) break;
        m.chunks = realloc(m.chunks, (m.count + 1) * sizeof *m.chunks);
        bench_need(m.chunks != NULL, "no memory");
        m.chunks[m.count++] = chunk;
    }
    mdm_stream_close(&stream);
    mdm_file_close(file);
    return m;
}

static double insert_from_memory(const memory *m, const mdm_location *location)
{
    mdm_stream stream;
    mdm_txn *txn = NULL;
    int64_t rows = 0;
    const mdm_target table = {.table = "t", .create = true};
    const double start = bench_now_ns();
    mdm_database *database = open_target(location);
    need(mdm_stream_of_chunks(m->schema, m->chunks, m->count, &stream, &err));
    need(mdm_txn_begin(session, database, MDM_TXN_WRITE, &txn, &err));
    need(mdm_txn_load(txn, &table, &stream, NULL, NULL, &rows, &err));
    need(mdm_txn_commit(txn, &err));
    mdm_session_forget(session, database);
    bench_need(rows == ROWS, "not every row was stored");
    return bench_now_ns() - start;
}

/* --- pairs ------------------------------------------------------------------------------------- */

static void report(const char *name, double *ours, double *partner, double bar)
{
    double ratio[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) ratio[i] = ours[i] / partner[i];
    const double a = bench_median(ours, ROUNDS) / 1e9, b = bench_median(partner, ROUNDS) / 1e9;
    printf("{\"name\":\"load/%s\",\"ours_s\":%.3f,\"partner_s\":%.3f}\n", name, a, b);
    char full[96];
    snprintf(full, sizeof full, "load/%s/ratio", name);
    bench_figure(full, bench_median(ratio, ROUNDS), "x", bar);
}

static mdm_location at_target(const char *backend)
{
    return (mdm_location){.backend = mdm_backend_find(mdm_str_from(backend)), .path = target};
}

static void against_duckdb(const char *name, const char *path, mdm_file_format format, const char *sql,
                           double bar, double stats_bar)
{
    double ours[ROUNDS], with_stats[ROUNDS], bare[ROUNDS], same[ROUNDS];
    const mdm_location location = at_target("duckdb");
    for (int i = 0; i < ROUNDS; i++) {
        wipe_target();
        ours[i] = load_ours(&location, path, format, false, ROWS);
        wipe_target();
        same[i] = bare[i] = bare_duckdb(sql);
        wipe_target();
        with_stats[i] = load_ours(&location, path, format, true, ROWS);
    }
    char label[64];
    report(name, ours, bare, bar);
    snprintf(label, sizeof label, "%s_stats", name);
    report(label, with_stats, same, stats_bar);
    wipe_target();
}

static void duckdb_loads(void)
{
    char sql[1024];
    snprintf(sql, sizeof sql, "CREATE TABLE t AS SELECT * FROM read_parquet('%s')", parquet);
    against_duckdb("parquet_duckdb", parquet, MDM_FILE_PARQUET, sql, 1.10, 1.4);
    snprintf(sql, sizeof sql, "CREATE TABLE t AS SELECT * FROM read_csv('%s')", csv);
    against_duckdb("csv_duckdb", csv, MDM_FILE_CSV, sql, 1.3, 1.5);
}

static void parquet_to_sqlite(void)
{
    double ours[ROUNDS], floor_[ROUNDS];
    const mdm_location location = at_target("sqlite");
    const memory m = read_into_memory();
    for (int i = 0; i < ROUNDS; i++) {
        wipe_target();
        ours[i] = load_ours(&location, parquet, MDM_FILE_PARQUET, false, ROWS);
        wipe_target();
        floor_[i] = insert_from_memory(&m, &location);
    }
    report("parquet_sqlite", ours, floor_, 1.2);
    for (size_t i = 0; i < m.count; i++) mdm_chunk_unref(m.chunks[i]);
    free(m.chunks);
    mdm_schema_unref(m.schema);
    wipe_target();
}

static void csv_to_sqlite(const char *name, const char *path, int64_t rows, double bar)
{
    double ours[ROUNDS], shell[ROUNDS];
    char command[512];
    const mdm_location location = at_target("sqlite");
    snprintf(command, sizeof command,
             "sqlite3 %s 'PRAGMA journal_mode=OFF;' '.mode csv' '.import %s t' >/dev/null", target, path);
    if (!installed("sqlite3")) return;
    for (int i = 0; i < ROUNDS; i++) {
        wipe_target();
        ours[i] = load_ours(&location, path, MDM_FILE_CSV, false, rows);
        wipe_target();
        shell[i] = run_shell(command);
    }
    report(name, ours, shell, bar);
    wipe_target();
}

static void drop_table(const mdm_location *location)
{
    mdm_database *database = NULL;
    mdm_query query = MDM_QUERY_INIT;
    query.sql = MDM_STR("DROP TABLE IF EXISTS t");
    query.write = true;
    need(mdm_session_database(session, location, 0, &database, &err));
    need(mdm_session_run(session, database, &query, NULL, &err));
}

static void csv_to_postgresql(void)
{
    const char *url = getenv("MDM_TEST_POSTGRESQL");
    double ours[ROUNDS], psql[ROUNDS];
    char command[1024];
    mdm_location *location = NULL;
    if (!url) {
        puts("{\"skipped\":\"load/csv_postgresql: MDM_TEST_POSTGRESQL names no server\"}");
        return;
    }
    if (!installed("psql")) return;
    need(mdm_location_parse(mdm_str_from(url), &location, &err));
    snprintf(command, sizeof command,
             "psql -q '%s' -c 'BEGIN' -c 'CREATE TABLE t(date timestamp, delay bigint, distance bigint, "
             "origin text, destination text)' -c '\\copy t FROM %s CSV HEADER' -c 'COMMIT' >/dev/null",
             url, csv);
    for (int i = 0; i < ROUNDS; i++) {
        drop_table(location);
        ours[i] = load_ours(location, csv, MDM_FILE_CSV, false, ROWS);
        drop_table(location);
        psql[i] = run_shell(command);
    }
    drop_table(location);
    report("csv_postgresql", ours, psql, 0.8);
    mdm_location_free(location);
}

/* --- the whole ------------------------------------------------------------------------------------ */

static void write_csv(void)
{
    mdm_duckdb_instance *instance = NULL;
    mdm_duckdb_link *link = NULL;
    char sql[2048];
    need(mdm_duckdb_open(NULL, NULL, NULL, &instance, &err));
    need(mdm_duckdb_connect(instance, &link, &err));
    snprintf(sql, sizeof sql,
             "COPY (FROM read_parquet('%s')) TO '%s' (HEADER); COPY (FROM read_parquet('%s') LIMIT "
             "200000) TO '%s' (HEADER)",
             parquet, csv, parquet, csv_200k);
    need(mdm_duckdb_run(link, mdm_str_from(sql), NULL, NULL, &err));
    mdm_duckdb_disconnect(link);
    mdm_duckdb_close(instance);
}

int main(void)
{
    const char *data = getenv("MDM_TEST_DATA");
    bench_need(data != NULL, "MDM_TEST_DATA is not set");
    bench_need(mkdtemp(folder) != NULL, "no folder in /dev/shm");
    setenv("MDM_HOME_DIR", folder, 1);
    snprintf(parquet, sizeof parquet, "%s/flights-3m.parquet", data);
    snprintf(csv, sizeof csv, "%s/flights.csv", folder);
    snprintf(csv_200k, sizeof csv_200k, "%s/flights-200k.csv", folder);
    snprintf(target, sizeof target, "%s/target.db", folder);
    need(mdm_session_open(NULL, &session, &err));
    write_csv();

    duckdb_loads();
    parquet_to_sqlite();
    csv_to_sqlite("csv_sqlite", csv, ROWS, 0.4);
    csv_to_sqlite("csv_sqlite_200k", csv_200k, 200000, 1.0);
    csv_to_postgresql();

    mdm_session_close(session);
    return mdm_dir_remove(folder, &err) == MDM_OK ? 0 : 1;
}
