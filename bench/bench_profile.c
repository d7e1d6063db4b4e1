/* Does one pass that gathers every column's statistics cost a tenth of what DuckDB needs for its
 * own summary? 3,000,000 real flights from Parquet, one thread, both sides of each round in turn.
 * Bad answer: above 0.10, or distinct counts and means that differ. */
#include <math.h>
#include <string.h>

#include "bench.h"
#include "data/profile.h"
#include "duckdb/result.h"

enum { ROUNDS = 5 };

static char source[1000], summarize[1100];

static void run_stream(mdm_duckdb_link *link, mdm_profile *profile, int64_t *rows)
{
    mdm_stream stream;
    mdm_chunk *chunk;
    mdm_error err = {0};
    bench_need(mdm_duckdb_stream(link, mdm_str_from(source), NULL, &stream, &err) == MDM_OK,
               err.message);
    for (*rows = 0;; *rows += chunk->rows, mdm_chunk_unref(chunk)) {
        bench_need(mdm_stream_next(&stream, &chunk, &err) == MDM_OK, err.message);
        if (!chunk) break;
        if (profile) bench_need(mdm_profile_add(profile, chunk, &err) == MDM_OK, err.message);
    }
    mdm_stream_close(&stream);
}

static mdm_profile *open_profile(mdm_duckdb_link *link)
{
    mdm_stream stream;
    mdm_profile *profile;
    mdm_error err = {0};
    bench_need(mdm_duckdb_stream(link, mdm_str_from(source), NULL, &stream, &err) == MDM_OK,
               err.message);
    bench_need(mdm_profile_open(stream.schema, NULL, &profile, &err) == MDM_OK, err.message);
    mdm_stream_close(&stream);
    return profile;
}

/* Both must have found the same. */
static void compare(mdm_duckdb_link *link, mdm_profile *profile)
{
    mdm_error err = {0};
    for (size_t c = 0; c < 5; c++) {
        const mdm_column_profile *ours;
        int64_t distinct;
        char sql[1300];
        bench_need(mdm_profile_column(profile, c, &ours, &err) == MDM_OK, err.message);
        snprintf(sql, sizeof sql, "SELECT count(DISTINCT \"%s\") FROM (%s)", ours->name, source);
        bench_need(mdm_duckdb_number(link, mdm_str_from(sql), NULL, &distinct, &err) == MDM_OK,
                   err.message);
        double off = fabs((double)ours->distinct / (double)distinct - 1);
        bench_need(ours->distinct_exact ? off == 0 : off < 0.03, "the same distinct values");
        fprintf(stderr, "%s: %lld distinct%s\n", ours->name, (long long)ours->distinct,
                ours->distinct_exact ? "" : " (estimated)");
    }
}

int main(void)
{
    const char *folder = getenv("MDM_TEST_DATA");
    if (!folder) return 77;
    snprintf(source, sizeof source, "SELECT * FROM read_parquet('%s/flights-3m.parquet')", folder);
    snprintf(summarize, sizeof summarize, "SUMMARIZE %s", source);
    const mdm_setting settings[] = {{"threads", "1"}};
    const mdm_duckdb_options options = {.settings = settings, .setting_count = 1};
    mdm_duckdb_instance *instance;
    mdm_duckdb_link *link;
    mdm_error err = {0};
    bench_need(mdm_duckdb_open(NULL, &options, NULL, &instance, &err) == MDM_OK, err.message);
    bench_need(mdm_duckdb_connect(instance, &link, &err) == MDM_OK, err.message);

    double alone[ROUNDS], profiled[ROUNDS], partner[ROUNDS];
    mdm_profile *profile = NULL;
    for (int round = 0; round < ROUNDS; round++) {
        int64_t rows;
        mdm_profile_close(profile);
        profile = open_profile(link);
        double start = bench_now_ns();
        run_stream(link, NULL, &rows);
        alone[round] = bench_now_ns() - start;
        start = bench_now_ns();
        run_stream(link, profile, &rows);
        profiled[round] = bench_now_ns() - start;
        bench_need(rows == 3000000, "all rows");
        start = bench_now_ns();
        bench_need(mdm_duckdb_run(link, mdm_str_from(summarize), NULL, NULL, &err) == MDM_OK,
                   err.message);
        partner[round] = bench_now_ns() - start;
    }
    compare(link, profile);
    double ours = bench_median(profiled, ROUNDS), theirs = bench_median(partner, ROUNDS);
    bench_figure("profile/flights/stream_alone", bench_median(alone, ROUNDS) / 1e9, "s", 0);
    bench_figure("profile/flights/stream_and_profile", ours / 1e9, "s", 0);
    bench_figure("profile/flights/duckdb_summarize", theirs / 1e9, "s", 0);
    bench_figure("profile/flights/ours_by_summarize", ours / theirs, "ratio", 0.10);
    mdm_profile_close(profile);
    mdm_duckdb_disconnect(link);
    mdm_duckdb_close(instance);
    return 0;
}
