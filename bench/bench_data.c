/* What a cell costs on its way through the data room: typed from text, appended to a chunk,
 * profiled; and what a chunk of one row costs. Bad answers: a chunk of one row above 150 ns (a
 * point query through all layers may cost 1,500 more than the bare one), text that is decided at
 * all. */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "bench.h"
#include "data/chunk_internal.h"
#include "data/profile.h"
#include "data/real.h"
#include "data/typing.h"

enum { CELLS = 2048, RUNS = 100 };

static uint64_t seed = 88172645463325252u;

static uint64_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

/* Cells as DuckDB has them in its vectors. */
typedef struct cells {
    char views[CELLS][16];
    char bytes[CELLS][40];
} cells;

static void put(cells *c, size_t row, const char *text)
{
    uint32_t len = (uint32_t)strlen(text);
    memcpy(c->bytes[row], text, len);
    memcpy(c->views[row], &len, sizeof len);
    const char *data = c->bytes[row];
    memset(c->views[row] + 4, 0, 12);
    if (len <= 12) memcpy(c->views[row] + 4, text, len);
    else memcpy(c->views[row] + 8, &data, sizeof data);
}

/* --- text cells ------------------------------------------------------------------ */

typedef void writer(size_t row, char *text, size_t size);

static void write_small(size_t row, char *text, size_t size)
{
    (void)row;
    snprintf(text, size, "%d", (int)(next_random() % 2000) - 200);
}

static void write_large(size_t row, char *text, size_t size)
{
    (void)row;
    snprintf(text, size, "%lld", (long long)(next_random() >> 16));
}

static void write_price(size_t row, char *text, size_t size)
{
    (void)row;
    snprintf(text, size, "%d.%02d", (int)(next_random() % 1000), (int)(next_random() % 100));
}

static void write_place(size_t row, char *text, size_t size)
{
    (void)row;
    snprintf(text, size, "-%d.%d1", (int)(next_random() % 180), (int)(next_random() % 10000000));
}

static void write_repr(size_t row, char *text, size_t size)
{
    (void)row, (void)size;
    mdm_double_text((double)(next_random() >> 11) * 0x1p-53, text);
}

static void write_date(size_t row, char *text, size_t size)
{
    (void)row;
    snprintf(text, size, "2024-%02d-%02d", (int)(next_random() % 12) + 1,
             (int)(next_random() % 28) + 1);
}

static void write_timestamp(size_t row, char *text, size_t size)
{
    (void)row;
    snprintf(text, size, "2024-01-%02d %02d:%02d:00", (int)(next_random() % 28) + 1,
             (int)(next_random() % 24), (int)(next_random() % 60));
}

static void write_bool(size_t row, char *text, size_t size)
{
    (void)row;
    snprintf(text, size, "%s", next_random() & 1 ? "true" : "false");
}

static void write_word(size_t row, char *text, size_t size)
{
    snprintf(text, size, "word %d", (int)row % 100);
}

static const struct kind {
    const char *name;
    writer *write;
    mdm_type_id type;
} kinds[] = {
    {"int/4_digits", write_small, MDM_TYPE_INT64},
    {"int/15_digits", write_large, MDM_TYPE_INT64},
    {"double/2_decimals", write_price, MDM_TYPE_DOUBLE},
    {"double/8_decimals", write_place, MDM_TYPE_DOUBLE},
    {"double/shortest", write_repr, MDM_TYPE_DOUBLE},
    {"date", write_date, MDM_TYPE_DATE},
    {"timestamp", write_timestamp, MDM_TYPE_TIMESTAMP},
    {"boolean", write_bool, MDM_TYPE_BOOL},
    {"text", write_word, MDM_TYPE_TEXT},
};

static void measure_typing(const struct kind *kind, bool observe_only)
{
    static cells c;
    static int64_t values[CELLS];
    static uint8_t validity[CELLS / 8];
    static const char *const names[] = {"c"};
    for (size_t r = 0; r < CELLS; r++) {
        char text[40];
        kind->write(r, text, sizeof text);
        put(&c, r, text);
    }
    mdm_typing *typing;
    mdm_cells run = {.count = CELLS, .views = c.views, .first_row = 1};
    bench_need(mdm_typing_open(names, 1, NULL, &typing, NULL) == MDM_OK, "typing");
    mdm_typing_observe(typing, 0, &run);
    bench_need(mdm_typing_choose(typing, NULL) == MDM_OK, "choice");
    bench_need(mdm_typing_schema(typing)->fields[0].type.id == kind->type, kind->name);
    mdm_typing_begin(typing);
    double ns[BENCH_ROUNDS];
    for (int round = 0; round < BENCH_ROUNDS; round++) {
        double start = bench_cpu_ns();
        for (int i = 0; i < RUNS; i++) {
            mdm_typed typed = {.values = values, .validity = validity};
            if (observe_only) mdm_typing_observe(typing, 0, &run);
            else mdm_typing_convert(typing, 0, &run, &typed);
        }
        ns[round] = (bench_cpu_ns() - start) / RUNS / CELLS;
    }
    bench_need(mdm_typing_settled(typing), "still the same type");
    char name[80];
    snprintf(name, sizeof name, "data/typing/%s/%s", observe_only ? "observe" : "convert",
             kind->name);
    bench_figure(name, bench_median(ns, BENCH_ROUNDS), "ns/cell", 0);
    mdm_typing_close(typing);
}

/* --- building ----------------------------------------------------------------------- */

static mdm_schema *three_columns(void)
{
    static const mdm_field fields[] = {{"id", {MDM_TYPE_INT64, 0, 0}},
                                       {"name", {MDM_TYPE_TEXT, 0, 0}},
                                       {"price", {MDM_TYPE_DOUBLE, 0, 0}}};
    mdm_schema *schema;
    bench_need(mdm_schema_new(fields, 3, &schema, NULL) == MDM_OK, "schema");
    return schema;
}

static void append(mdm_builder *b, int64_t r)
{
    mdm_status status = mdm_builder_int(b, 0, r) | mdm_builder_bytes(b, 1, MDM_STR("a name")) |
                        mdm_builder_real(b, 2, (double)r);
    bench_need(status == MDM_OK, "append");
}

static void measure_builder(int64_t rows, const char *name, const char *unit, double share,
                            double bar)
{
    mdm_schema *schema = three_columns();
    mdm_builder *b;
    bench_need(mdm_builder_open(schema, rows, &b, NULL) == MDM_OK, "builder");
    long chunks = 2000000 / rows;
    double ns[BENCH_ROUNDS];
    for (int round = 0; round < BENCH_ROUNDS; round++) {
        double start = bench_cpu_ns();
        for (long i = 0; i < chunks; i++) {
            mdm_chunk *chunk;
            for (int64_t r = 0; r < rows; r++)
                append(b, r);
            bench_need(mdm_builder_finish(b, &chunk, NULL) == MDM_OK, "finish");
            mdm_chunk_unref(chunk);
        }
        ns[round] = (bench_cpu_ns() - start) / (double)chunks / share;
    }
    bench_figure(name, bench_median(ns, BENCH_ROUNDS), unit, bar);
    mdm_builder_close(b);
    mdm_schema_unref(schema);
}

/* --- profiling ------------------------------------------------------------------------ */

enum { ROWS = 2048, CHUNKS = 64 };

typedef mdm_status filler(mdm_builder *b, int64_t row);

static mdm_status fill_few(mdm_builder *b, int64_t row)
{
    (void)row;
    return mdm_builder_int(b, 0, (int64_t)(next_random() % 1500));
}

static mdm_status fill_many(mdm_builder *b, int64_t row)
{
    (void)row;
    return mdm_builder_int(b, 0, (int64_t)(next_random() >> 20));
}

static mdm_status fill_real(mdm_builder *b, int64_t row)
{
    (void)row;
    return mdm_builder_real(b, 0, (double)(next_random() % 10000) / 100);
}

static mdm_status fill_code(mdm_builder *b, int64_t row)
{
    char text[4] = {0};
    (void)row;
    uint64_t code = next_random() % 300;
    text[0] = (char)('A' + code / 26);
    text[1] = (char)('A' + code % 26);
    text[2] = 'X';
    return mdm_builder_bytes(b, 0, (mdm_str){text, 3});
}

static mdm_status fill_sentence(mdm_builder *b, int64_t row)
{
    char text[40];
    (void)row;
    int len =
        snprintf(text, sizeof text, "sentence number %d of many", (int)(next_random() % 1000000));
    return mdm_builder_bytes(b, 0, (mdm_str){text, (size_t)len});
}

static const struct column {
    const char *name;
    mdm_type_id type;
    filler *fill;
} columns[] = {
    {"int/1500_distinct", MDM_TYPE_INT64, fill_few},
    {"int/all_distinct", MDM_TYPE_INT64, fill_many},
    {"timestamp/all_distinct", MDM_TYPE_TIMESTAMP, fill_many},
    {"double/10000_distinct", MDM_TYPE_DOUBLE, fill_real},
    {"text/300_codes", MDM_TYPE_TEXT, fill_code},
    {"text/26_characters_distinct", MDM_TYPE_TEXT, fill_sentence},
};

static void measure_profile(const struct column *column)
{
    mdm_field fields[] = {{"c", {column->type, 0, 0}}};
    mdm_schema *schema;
    mdm_builder *b;
    static mdm_chunk *chunks[CHUNKS];
    bench_need(mdm_schema_new(fields, 1, &schema, NULL) == MDM_OK, "schema");
    bench_need(mdm_builder_open(schema, ROWS, &b, NULL) == MDM_OK, "builder");
    for (size_t i = 0; i < CHUNKS; i++) {
        for (int64_t r = 0; r < ROWS; r++)
            bench_need(column->fill(b, r) == MDM_OK, "append");
        bench_need(mdm_builder_finish(b, &chunks[i], NULL) == MDM_OK, "finish");
    }
    double ns[BENCH_ROUNDS];
    for (int round = 0; round < BENCH_ROUNDS; round++) {
        mdm_profile *profile;
        bench_need(mdm_profile_open(schema, NULL, &profile, NULL) == MDM_OK, "profile");
        double start = bench_cpu_ns();
        for (size_t i = 0; i < CHUNKS; i++)
            bench_need(mdm_profile_add(profile, chunks[i], NULL) == MDM_OK, "add");
        ns[round] = (bench_cpu_ns() - start) / CHUNKS / ROWS;
        mdm_profile_close(profile);
    }
    char name[80];
    snprintf(name, sizeof name, "data/profile/%s", column->name);
    bench_figure(name, bench_median(ns, BENCH_ROUNDS), "ns/row", 0);
    for (size_t i = 0; i < CHUNKS; i++)
        mdm_chunk_unref(chunks[i]);
    mdm_builder_close(b);
    mdm_schema_unref(schema);
}

/* --- text of doubles -------------------------------------------------------------------- */

static void measure_real_text(size_t (*text_of)(double, char *), const char *name)
{
    static double values[CELLS];
    for (size_t i = 0; i < CELLS; i++)
        values[i] = (double)(next_random() >> 11) * 0x1p-53;
    double ns[BENCH_ROUNDS];
    size_t len = 0;
    for (int round = 0; round < BENCH_ROUNDS; round++) {
        double start = bench_cpu_ns();
        for (size_t i = 0; i < CELLS; i++) {
            char text[32];
            len += text_of(values[i], text);
        }
        ns[round] = (bench_cpu_ns() - start) / CELLS;
    }
    bench_need(len > (size_t)CELLS * BENCH_ROUNDS * 15, "texts of full length");
    bench_figure(name, bench_median(ns, BENCH_ROUNDS), "ns/value", 0);
}

int main(void)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        measure_typing(&kinds[i], false);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        measure_typing(&kinds[i], true);
    measure_builder(1, "data/builder/chunk_of_one_row", "ns/chunk", 1, 150);
    measure_builder(10000, "data/builder/append", "ns/cell", 30000, 0);
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        measure_profile(&columns[i]);
    measure_real_text(mdm_double_text, "data/real/text");
    measure_real_text(mdm_real_text, "data/real/text_by_printf");
    return 0;
}
