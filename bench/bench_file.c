/* Reading and writing text files beside DuckDB's reader and writer, in turn, one thread each, three
 * million flights (106 MB of CSV) in a memory file system.
 *
 *     csv_check     CPU ns per byte of the check of the whole file: text, shape of each record,
 * hash csv_typed     rows with the types of all cells / DuckDB's scan of the same file as mere text
 *     csv_write     rows of the Parquet file as CSV / DuckDB's COPY of it
 *     json_typed    flights-200k.json with types / DuckDB's read_json, which guesses from a sample
 */
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "duckdb/link.h"
#include "duckdb/result.h"
#include "file/file.h"

#define ROUNDS 5
#define ROWS 3000000

static mdm_error err;
static char folder[] = "/dev/shm/mdm-bench-XXXXXX", csv[64], out[64], parquet[512], json[512];
static mdm_duckdb_instance *instance;
static mdm_duckdb_link *link_;

static void need(mdm_status status)
{
    bench_need(status == MDM_OK, err.message);
}

static mdm_file *open_file(char *path, mdm_file_format format)
{
    const mdm_found_file which = {.key = "t", .path = path, .format = format};
    const mdm_read_options options = {0};
    mdm_file *file = NULL;
    need(mdm_file_open(&which, &options, &file, &err));
    return file;
}

static void read_rows(mdm_file *file, int64_t expected)
{
    for (bool again = true; again;) {
        mdm_stream stream;
        mdm_chunk *chunk;
        int64_t rows = 0;
        need(mdm_file_stream(file, &stream, &err));
        for (;;) {
            need(mdm_stream_next(&stream, &chunk, &err));
            if (!chunk) break;
            rows += chunk->rows;
            mdm_chunk_unref(chunk);
        }
        mdm_stream_close(&stream);
        need(mdm_file_finish_pass(file, rows, &again, &err));
        bench_need(again || rows == expected, "not every row was read");
    }
}

static double check_csv(void)
{
    const double start = bench_cpu_ns();
    mdm_file_close(open_file(csv, MDM_FILE_CSV));
    return bench_cpu_ns() - start;
}

static double read_ours(char *path, mdm_file_format format, int64_t expected)
{
    mdm_file *file = open_file(path, format);
    const double start = bench_now_ns();
    read_rows(file, expected);
    const double spent = bench_now_ns() - start;
    mdm_file_close(file);
    return spent;
}

/* --- DuckDB ------------------------------------------------------------------------------ */

/* Rows as DuckDB makes them, text cells in its own vectors, which nobody looks at. */
static int64_t fetch_all(const char *sql)
{
    duckdb_prepared_statement prepared;
    duckdb_pending_result pending;
    duckdb_result result;
    duckdb_data_chunk chunk;
    int64_t rows = 0;
    bench_need(mdm_duck.prepare(link_->conn, sql, &prepared) == DuckDBSuccess, "a statement");
    mdm_duck.pending_prepared_streaming(prepared, &pending);
    bench_need(mdm_duck.execute_pending(pending, &result) == DuckDBSuccess, "a scan");
    mdm_duck.destroy_pending(&pending);
    while ((chunk = mdm_duck.fetch_chunk(result))) {
        rows += (int64_t)mdm_duck.data_chunk_get_size(chunk);
        mdm_duck.destroy_data_chunk(&chunk);
    }
    mdm_duck.destroy_result(&result);
    mdm_duck.destroy_prepare(&prepared);
    return rows;
}

static double scan_text(void)
{
    char sql[400];
    snprintf(
        sql, sizeof sql,
        "SELECT * FROM read_csv('%s', auto_detect = false, header = true, delim = ',', quote = "
        "'\"', "
        "columns = {date: 'VARCHAR', delay: 'VARCHAR', distance: 'VARCHAR', origin: 'VARCHAR', "
        "destination: 'VARCHAR'})",
        csv);
    const double start = bench_now_ns();
    const int64_t rows = fetch_all(sql);
    const double took = bench_now_ns() - start;
    bench_need(rows == ROWS, "DuckDB did not read every row");
    return took;
}

static double stream_sql(const char *sql, int64_t expected)
{
    mdm_stream stream;
    mdm_chunk *chunk;
    int64_t rows = 0;
    const double start = bench_now_ns();
    need(mdm_duckdb_stream(link_, mdm_str_from(sql), NULL, &stream, &err));
    for (;;) {
        need(mdm_stream_next(&stream, &chunk, &err));
        if (!chunk) break;
        rows += chunk->rows;
        mdm_chunk_unref(chunk);
    }
    mdm_stream_close(&stream);
    bench_need(rows == expected, "DuckDB did not read every row");
    return bench_now_ns() - start;
}

static double copy_csv(const char *to)
{
    char sql[700];
    const double start = bench_now_ns();
    snprintf(sql, sizeof sql, "COPY (SELECT * FROM read_parquet('%s')) TO '%s' (FORMAT csv)",
             parquet, to);
    need(mdm_duckdb_run(link_, mdm_str_from(sql), NULL, NULL, &err));
    return bench_now_ns() - start;
}

static double write_csv(void)
{
    const mdm_write_options options = {.format = "csv"};
    mdm_file *file = open_file(parquet, MDM_FILE_PARQUET);
    mdm_stream stream;
    int64_t rows, bytes;
    need(mdm_file_stream(file, &stream, &err));
    const double start = bench_now_ns();
    need(mdm_file_write(&stream, out, NULL, &options, &rows, &bytes, &err));
    const double spent = bench_now_ns() - start;
    bench_need(rows == ROWS, "not every row was written");
    mdm_stream_close(&stream);
    mdm_file_close(file);
    return spent;
}

/* --- measuring ------------------------------------------------------------------------------ */

static double ours[ROUNDS], theirs[ROUNDS], ratios[ROUNDS];

static void report(const char *name, double bar)
{
    char label[64];
    for (int i = 0; i < ROUNDS; i++)
        ratios[i] = ours[i] / theirs[i];
    const double a = bench_median(ours, ROUNDS) / 1e9, b = bench_median(theirs, ROUNDS) / 1e9;
    printf("{\"name\":\"file/%s\",\"ours_s\":%.3f,\"partner_s\":%.3f}\n", name, a, b);
    snprintf(label, sizeof label, "file/%s/ratio", name);
    bench_figure(label, bench_median(ratios, ROUNDS), "x", bar);
}

static void prepare(void)
{
    const mdm_setting threads = {"threads", "1"};
    const mdm_duckdb_options options = {.settings = &threads, .setting_count = 1};
    const char *data = getenv("MDM_TEST_DATA");
    bench_need(data != NULL && mkdtemp(folder) != NULL, "no data, or no place in /dev/shm");
    snprintf(parquet, sizeof parquet, "%s/flights-3m.parquet", data);
    snprintf(json, sizeof json, "%s/flights-200k.json", data);
    snprintf(csv, sizeof csv, "%s/flights.csv", folder);
    snprintf(out, sizeof out, "%s/out.csv", folder);
    need(mdm_duckdb_open(NULL, &options, NULL, &instance, &err));
    need(mdm_duckdb_connect(instance, &link_, &err));
    (void)copy_csv(csv);
}

int main(void)
{
    char sql[600];
    prepare();
    const double bytes = 105783734;
    for (int i = 0; i < ROUNDS; i++)
        ours[i] = check_csv() / bytes;
    bench_figure("file/csv_check", bench_median(ours, ROUNDS), "ns/byte", 1.0);
    for (int i = 0; i < ROUNDS; i++) {
        ours[i] = read_ours(csv, MDM_FILE_CSV, ROWS);
        theirs[i] = scan_text();
    }
    report("csv_typed", 1.0);
    for (int i = 0; i < ROUNDS; i++) {
        ours[i] = write_csv();
        theirs[i] = copy_csv(out);
    }
    report("csv_write", 1.0);
    snprintf(sql, sizeof sql, "SELECT * FROM read_json('%s')", json);
    for (int i = 0; i < ROUNDS; i++) {
        ours[i] = read_ours(json, MDM_FILE_JSON, 200000);
        theirs[i] = stream_sql(sql, 200000);
    }
    report("json_typed", 1.0);
    mdm_duckdb_disconnect(link_);
    mdm_duckdb_close(instance);
    unlink(csv);
    unlink(out);
    rmdir(folder);
    return 0;
}
