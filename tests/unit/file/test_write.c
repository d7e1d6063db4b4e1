#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/io.h"
#include "reading.h"
#include "support/folder.h"
#include "support/walk.h"

static int make(void **state)
{
    *state = test_folder_make();
    return 0;
}

static int clean(void **state)
{
    test_folder_remove(*state);
    return 0;
}

/* --- rows from memory ------------------------------------------------------------------- */

typedef struct memory {
    mdm_chunk *chunk;
    bool done, fails;
} memory;

static mdm_status next(mdm_stream *stream, mdm_chunk **out, mdm_error *err)
{
    memory *m = stream->self;
    if (m->done && m->fails) return mdm_error_set(err, MDM_BUSY, "the source broke");
    *out = m->done ? NULL : mdm_chunk_ref(m->chunk);
    m->done = true;
    return MDM_OK;
}

static void close_memory(mdm_stream *stream)
{
    memory *m = stream->self;
    mdm_chunk_unref(m->chunk);
    mdm_schema_unref(stream->schema);
    free(m);
}

/* One row of each type, one of values at the edge, one without any. */
static mdm_stream all_types(void)
{
    static const mdm_field fields[] = {
        {"flag", {MDM_TYPE_BOOL, 0, 0}},        {"small", {MDM_TYPE_INT8, 0, 0}},
        {"big", {MDM_TYPE_INT64, 0, 0}},        {"real", {MDM_TYPE_DOUBLE, 0, 0}},
        {"text", {MDM_TYPE_TEXT, 0, 0}},        {"bytes", {MDM_TYPE_BLOB, 0, 0}},
        {"day", {MDM_TYPE_DATE, 0, 0}},         {"clock", {MDM_TYPE_TIME, 0, 0}},
        {"moment", {MDM_TYPE_TIMESTAMP, 0, 0}}, {"instant", {MDM_TYPE_TIMESTAMPTZ, 0, 0}},
        {"money", {MDM_TYPE_DECIMAL, 10, 2}},
    };
    mdm_schema *schema = NULL;
    mdm_builder *b = NULL;
    memory *m = calloc(1, sizeof *m);
    assert_int_equal(mdm_schema_new(fields, 11, &schema, NULL), MDM_OK);
    assert_int_equal(mdm_builder_open(schema, 3, &b, NULL), MDM_OK);
    const int64_t day_us = INT64_C(86400000000);
    unsigned failures =
        mdm_builder_int(b, 0, 1) + mdm_builder_int(b, 1, -7) + mdm_builder_int(b, 2, INT64_MAX) +
        mdm_builder_real(b, 3, 2.0) + mdm_builder_bytes(b, 4, BYTES("a \"b\", c\n")) +
        mdm_builder_bytes(b, 5, BYTES("\x00\xff\x10")) + mdm_builder_int(b, 6, 19782) +
        mdm_builder_int(b, 7, 47100250000) + mdm_builder_int(b, 8, 19782 * day_us) +
        mdm_builder_int(b, 9, 19782 * day_us + 1) +
        mdm_builder_decimal(b, 10, (mdm_int128){12345, 0});
    failures += mdm_builder_int(b, 0, 0) + mdm_builder_int(b, 1, 127) +
                mdm_builder_int(b, 2, INT64_MIN) + mdm_builder_real(b, 3, 1e-300) +
                mdm_builder_bytes(b, 4, BYTES("")) + mdm_builder_bytes(b, 5, BYTES("")) +
                mdm_builder_int(b, 6, -1) + mdm_builder_int(b, 7, 0) + mdm_builder_int(b, 8, -1) +
                mdm_builder_int(b, 9, 0) +
                mdm_builder_decimal(b, 10, (mdm_int128){(uint64_t)-5, -1});
    for (size_t c = 0; c < 11; c++)
        failures += mdm_builder_null(b, c);
    assert_int_equal(failures, 0);
    assert_int_equal(mdm_builder_finish(b, &m->chunk, NULL), MDM_OK);
    mdm_builder_close(b);
    return (mdm_stream){.schema = schema, .next = next, .close = close_memory, .self = m};
}

/* One column of doubles or texts. */
static mdm_stream one_column(const char *name, const double *reals, const char *const *texts,
                             size_t count)
{
    const mdm_field field = {name, {reals ? MDM_TYPE_DOUBLE : MDM_TYPE_TEXT, 0, 0}};
    mdm_schema *schema = NULL;
    mdm_builder *b = NULL;
    memory *m = calloc(1, sizeof *m);
    assert_int_equal(mdm_schema_new(&field, 1, &schema, NULL), MDM_OK);
    assert_int_equal(mdm_builder_open(schema, (int64_t)count + 1, &b, NULL), MDM_OK);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(reals      ? mdm_builder_real(b, 0, reals[i])
                         : texts[i] ? mdm_builder_bytes(b, 0, mdm_str_from(texts[i]))
                                    : mdm_builder_null(b, 0),
                         MDM_OK);
    assert_int_equal(mdm_builder_finish(b, &m->chunk, NULL), MDM_OK);
    mdm_builder_close(b);
    return (mdm_stream){.schema = schema, .next = next, .close = close_memory, .self = m};
}

/* --- writing ----------------------------------------------------------------------------- */

/* Written to FOLDER/NAME and closed: the text, or "STATUS: message". */
static const char *written(const char *folder, const char *name, mdm_stream stream,
                           const mdm_write_options *options)
{
    static char text[1000];
    mdm_error err = {0};
    int64_t rows = -1, bytes = -1;
    const char *path = test_path(folder, name);
    const mdm_status status = mdm_file_write(&stream, path, NULL, options, &rows, &bytes, &err);
    mdm_stream_close(&stream);
    if (status != MDM_OK) {
        snprintf(text, sizeof text, "%d: %s", status, err.message);
        return text;
    }
    mdm_path_stat st;
    assert_int_equal(mdm_path_look(path, true, &st, NULL), MDM_OK);
    assert_int_equal(st.bytes, bytes);
    return test_file_text(path);
}

static void csv_says_every_type(void **state)
{
    const mdm_write_options options = {.format = "csv"};
    assert_string_equal(
        written(*state, "f.csv", all_types(), &options),
        "flag,small,big,real,text,bytes,day,clock,moment,instant,money\n"
        "true,-7,9223372036854775807,2.0,\"a \"\"b\"\", c\n\",\\x00ff10,2024-02-29,13:05:00.25,"
        "2024-02-29 00:00:00,2024-02-29 00:00:00.000001+00:00,123.45\n"
        "false,127,-9223372036854775808,1e-300,\"\",\\x,1969-12-31,00:00:00,"
        "1969-12-31 23:59:59.999999,1970-01-01 00:00:00+00:00,-0.05\n"
        ",,,,,,,,,,\n");
}

static void json_says_every_type(void **state)
{
    const mdm_write_options options = {.format = "json"}, lines = {.format = "jsonl"};
    assert_string_equal(
        written(*state, "f.json", all_types(), &options),
        "[\n{\"flag\":true,\"small\":-7,\"big\":9223372036854775807,\"real\":2.0,\"text\":\"a "
        "\\\"b\\\", c\\n\","
        "\"bytes\":\"AP8Q\",\"day\":\"2024-02-29\",\"clock\":\"13:05:00.25\",\"moment\":\"2024-02-"
        "29T00:00:00\","
        "\"instant\":\"2024-02-29T00:00:00.000001+00:00\",\"money\":123.45},\n"
        "{\"flag\":false,\"small\":127,\"big\":-9223372036854775808,\"real\":1e-300,\"text\":\"\","
        "\"bytes\":\"\","
        "\"day\":\"1969-12-31\",\"clock\":\"00:00:00\",\"moment\":\"1969-12-31T23:59:59.999999\","
        "\"instant\":\"1970-01-01T00:00:00+00:00\",\"money\":-0.05},\n"
        "{\"flag\":null,\"small\":null,\"big\":null,\"real\":null,\"text\":null,\"bytes\":null,"
        "\"day\":null,"
        "\"clock\":null,\"moment\":null,\"instant\":null,\"money\":null}\n]\n");
    static const char *const texts[] = {"x", NULL};
    assert_string_equal(written(*state, "f.jsonl", one_column("k\"", NULL, texts, 2), &lines),
                        "{\"k\\\"\":\"x\"}\n{\"k\\\"\":null}\n");
}

static void numbers_that_json_has_not_are_null_and_csv_has_words(void **state)
{
    const mdm_write_options csv = {.format = "csv"}, json = {.format = "jsonl"};
    const double reals[] = {0.1, 5, -0.0, 1e22, (double)NAN, (double)INFINITY, -(double)INFINITY};
    assert_string_equal(written(*state, "f.csv", one_column("a", reals, NULL, 7), &csv),
                        "a\n0.1\n5.0\n-0.0\n1e+22\nNaN\ninf\n-inf\n");
    assert_string_equal(
        written(*state, "f.jsonl", one_column("a", reals, NULL, 7), &json),
        "{\"a\":0.1}\n{\"a\":5.0}\n{\"a\":-0.0}\n{\"a\":1e+22}\n{\"a\":null}\n{\"a\":null}\n"
        "{\"a\":null}\n");
}

static void no_rows_make_a_file_all_the_same(void **state)
{
    const mdm_write_options csv = {.format = "csv"}, json = {.format = "json"},
                            jsonl = {.format = "jsonl"},
                            bare = {.format = "csv", .no_header = true};
    assert_string_equal(written(*state, "f", one_column("a", NULL, NULL, 0), &csv), "a\n");
    assert_string_equal(written(*state, "f", one_column("a", NULL, NULL, 0), &bare), "");
    assert_string_equal(written(*state, "f", one_column("a", NULL, NULL, 0), &json), "[]\n");
    assert_string_equal(written(*state, "f", one_column("a", NULL, NULL, 0), &jsonl), "");
}

static void cells_are_made_safe_for_spreadsheets_when_asked(void **state)
{
    static const char *const texts[] = {"=1+1", "+1", "-1", "@x", "\tx", "\rx", "a=b", ""};
    const mdm_write_options safe = {.format = "csv", .safe_cells = true}, plain = {.format = "tsv"};
    assert_string_equal(written(*state, "f.csv", one_column("a", NULL, texts, 8), &safe),
                        "a\n\"'=1+1\"\n\"'+1\"\n\"'-1\"\n\"'@x\"\n\"'\tx\"\n\"'\rx\"\na=b\n\"\"\n");
    assert_string_equal(written(*state, "f.tsv", one_column("a", NULL, texts, 4), &plain),
                        "a\n=1+1\n+1\n-1\n@x\n");
    const double numbers[] = {-1};
    assert_string_equal(written(*state, "f.csv", one_column("a", numbers, NULL, 1), &safe),
                        "a\n-1.0\n");
}

static void csv_comes_back_cell_by_cell(void **state)
{
    static const char *const texts[] = {"x",          "",     NULL,      "a,b",  "\"",
                                        "two\nlines", "cr\r", " blank ", "'tis", "NA",
                                        "00501",      "ß",    "last",    NULL};
    const mdm_write_options options = {.format = "csv"};
    written(*state, "f.csv", one_column("t", NULL, texts, 14), &options);
    assert_string_equal(
        test_read_path(test_path(*state, "f.csv"), NULL),
        "t VARCHAR\nx\n\n~\na,b\n\"\ntwo\nlines\ncr\r\n blank \n'tis\nNA\n00501\nß\nlast\n~\n");
}

static void a_file_written_again_from_itself_is_the_same(void **state)
{
    static const char *const names[] = {"birdstrikes.csv", "zipcodes.csv", "movies.json",
                                        "seattle-weather.csv"};
    static const char *const formats[] = {"csv", "tsv", "json", "jsonl", "parquet"};
    for (size_t n = 0; n < sizeof names / sizeof *names; n++)
        for (size_t f = 0; f < sizeof formats / sizeof *formats; f++) {
            static char before[1 << 20];
            char first[16], second[16];
            mdm_file *file = NULL;
            mdm_stream stream;
            const mdm_write_options options = {.format = formats[f]};
            snprintf(first, sizeof first, "1.%s", formats[f]);
            snprintf(second, sizeof second, "2.%s", formats[f]);
            test_open_stream(test_path(getenv("MDM_TEST_DATA"), names[n]), &file, &stream);
            written(*state, first, stream, &options);
            mdm_file_close(file);
            snprintf(before, sizeof before, "%s", test_read_path(test_path(*state, first), NULL));
            test_open_stream(test_path(*state, first), &file, &stream);
            written(*state, second, stream, &options);
            mdm_file_close(file);
            if (strcmp(before, test_read_path(test_path(*state, second), NULL)) != 0)
                fail_msg("%s as %s differs", names[n], formats[f]);
        }
}

static void every_compression_comes_back(void **state)
{
    static const struct {
        const char *format, *compression, *suffix;
    } cases[] = {
        {"csv", NULL, ".csv"},           {"csv", "none", ".csv"},
        {"csv", "gzip", ".csv.gz"},      {"csv", "zstd", ".csv.zst"},
        {"json", "gzip", ".json.gz"},    {"jsonl", "zstd", ".jsonl.zst"},
        {"parquet", NULL, ".parquet"},   {"parquet", "gzip", ".parquet"},
        {"parquet", "lz4", ".parquet"},  {"parquet", "zstd", ".parquet"},
        {"parquet", "none", ".parquet"}, {"tsv", "gzip", ".tsv.gz"},
    };
    static const char *const texts[] = {"x", "y", NULL};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char suffix[32], name[40];
        const mdm_write_options options = {.format = cases[i].format,
                                           .compression = cases[i].compression};
        assert_int_equal(
            mdm_file_suffix(cases[i].format, cases[i].compression, suffix, sizeof suffix, NULL),
            MDM_OK);
        assert_string_equal(suffix, cases[i].suffix);
        snprintf(name, sizeof name, "f%s", suffix);
        written(*state, name, one_column("a", NULL, texts, 3), &options);
        assert_string_equal(test_read_path(test_path(*state, name), NULL), "a VARCHAR\nx\ny\n~\n");
    }
}

/* Read with the tools that people have. */
static void others_unpack_zip_bz2_and_xz(void **state)
{
    static const char *const packs[][2] = {
        {"zip", "import zipfile,sys;z=zipfile.ZipFile(sys.argv[1]);"
                "print(z.testzip(),z.namelist(),z.read('f.csv'))"},
        {"bz2", "import bz2,sys;print(bz2.open(sys.argv[1]).read())"},
        {"xz", "import lzma,sys;print(lzma.open(sys.argv[1]).read())"}};
    static const char *const texts[] = {"x", "y"};
    for (size_t i = 0; i < 3; i++) {
        char name[16], command[700], line[100];
        const mdm_write_options options = {.format = "csv", .compression = packs[i][0]};
        snprintf(name, sizeof name, "f.csv.%s", packs[i][0]);
        written(*state, name, one_column("a", NULL, texts, 2), &options);
        snprintf(command, sizeof command, "python3 -c \"%s\" '%s'", packs[i][1],
                 test_path(*state, name));
        FILE *pipe = popen(command, "r");
        assert_non_null(fgets(line, sizeof line, pipe));
        assert_int_equal(pclose(pipe), 0);
        assert_string_equal(line,
                            i == 0 ? "None ['f.csv'] b'a\\nx\\ny\\n'\n" : "b'a\\nx\\ny\\n'\n");
    }
}

static void parquet_keeps_types(void **state)
{
    const mdm_write_options options = {.format = "parquet"};
    written(*state, "f.parquet", all_types(), &options);
    assert_string_equal(
        test_read_path(test_path(*state, "f.parquet"), NULL),
        "flag BOOLEAN, small TINYINT, big BIGINT, real DOUBLE, text VARCHAR, bytes BLOB, day DATE, "
        "clock TIME, moment TIMESTAMP, instant TIMESTAMP WITH TIME ZONE, money DECIMAL(10,2)\n"
        "true|-7|9223372036854775807|2|a \"b\", c\n|\\x00ff10|2024-02-29|13:05:00.25|2024-02-29 "
        "00:00:00|2024-02-29 00:00:00.000001+00:00|123.45\n"
        "false|127|-9223372036854775808|1e-300||\\x|1969-12-31|00:00:00|1969-12-31 "
        "23:59:59.999999|1970-01-01 00:00:00+00:00|-0.05\n"
        "~|~|~|~|~|~|~|~|~|~|~\n");
}

static void what_there_is_not_is_refused_with_what_there_is(void **state)
{
    const mdm_write_options format = {.format = "xls"},
                            pack = {.format = "csv", .compression = "snappy"},
                            zip = {.format = "parquet", .compression = "zip"};
    assert_string_equal(written(*state, "f", one_column("a", NULL, NULL, 0), &format),
                        "2: unknown format 'xls'");
    assert_string_equal(written(*state, "f", one_column("a", NULL, NULL, 0), &pack),
                        "2: csv has no compression 'snappy'");
    assert_string_equal(written(*state, "f", one_column("a", NULL, NULL, 0), &zip),
                        "2: parquet has no compression 'zip'");
    assert_false(test_exists(test_path(*state, "f")));
    assert_null(mdm_file_compressions("xls"));
    assert_string_equal(mdm_file_compressions("csv")[0], "none");
    assert_string_equal(mdm_file_compressions("PARQUET")[0], "snappy");
}

static mdm_stream broken(void)
{
    static const char *const texts[] = {"x"};
    mdm_stream stream = one_column("a", NULL, texts, 1);
    ((memory *)stream.self)->fails = true;
    return stream;
}

static void a_failure_leaves_what_was_there(void **state)
{
    static const char *const formats[] = {"csv", "json", "parquet"};
    for (size_t i = 0; i < 3; i++) {
        const mdm_write_options options = {.format = formats[i]};
        const char *path = test_path(*state, "f");
        test_file_write(path, "old");
        assert_string_equal(written(*state, "f", broken(), &options), "10: the source broke");
        assert_string_equal(test_file_text(path), "old");
        mdm_names names;
        assert_int_equal(mdm_dir_list(*state, &names, NULL), MDM_OK);
        assert_int_equal(names.count, 1);
        mdm_names_free(&names);
    }
    const mdm_write_options options = {.format = "csv"};
    assert_int_equal(strncmp(written(*state, "gone/f", broken(), &options), "12: ", 4), 0);
}

static void text_with_nul_is_not_written_to_csv(void **state)
{
    const mdm_field field = {"t", {MDM_TYPE_TEXT, 0, 0}};
    const mdm_write_options options = {.format = "csv"};
    mdm_schema *schema = NULL;
    mdm_builder *b = NULL;
    memory *m = calloc(1, sizeof *m);
    assert_int_equal(mdm_schema_new(&field, 1, &schema, NULL), MDM_OK);
    assert_int_equal(mdm_builder_open(schema, 1, &b, NULL), MDM_OK);
    assert_int_equal(mdm_builder_bytes(b, 0, BYTES("a\0b")), MDM_OK);
    assert_int_equal(mdm_builder_finish(b, &m->chunk, NULL), MDM_OK);
    mdm_builder_close(b);
    const mdm_stream stream = {.schema = schema, .next = next, .close = close_memory, .self = m};
    assert_string_equal(written(*state, "f", stream, &options),
                        "8: column 't': text with a NUL character cannot be written to CSV");
}

static void files_may_be_read_by_those_whom_the_umask_lets(void **state)
{
    const mdm_write_options options = {.format = "csv"};
    const mode_t mask = umask(027);
    written(*state, "f.csv", one_column("a", NULL, NULL, 0), &options);
    umask(mask);
    assert_int_equal(test_mode(test_path(*state, "f.csv")), 0640);
}

typedef struct job {
    mdm_stream stream;
    const char *path;
    mdm_write_options options;
} job;

static mdm_status write_it(void *data, mdm_error *err)
{
    job *j = data;
    int64_t rows, bytes;
    ((memory *)j->stream.self)->done = false;
    return mdm_file_write(&j->stream, j->path, NULL, &j->options, &rows, &bytes, err);
}

static void every_allocation_and_system_call_may_fail(void **state)
{
    static const char *const packs[][2] = {
        {"csv", NULL}, {"csv", "gzip"}, {"csv", "zip"}, {"json", "zstd"}, {"csv", "xz"}};
    char path[512];
    snprintf(path, sizeof path, "%s", test_path(*state, "f"));
    for (size_t i = 0; i < sizeof packs / sizeof *packs; i++) {
        static const char *const texts[] = {"x", "y"};
        job j = {one_column("a", NULL, texts, 2),
                 path,
                 {.format = packs[i][0], .compression = packs[i][1]}};
        test_walk_allocations(write_it, &j, 4);
        test_walk_calls(write_it, &j, 28 /* ENOSPC */, 6);
        test_walk_calls(write_it, &j, MDM_IO_SHORT, 6);
        mdm_stream_close(&j.stream);
        mdm_names names;
        assert_int_equal(mdm_dir_list(*state, &names, NULL), MDM_OK);
        assert_int_equal(names.count, 1);
        mdm_names_free(&names);
    }
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make, clean)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(csv_says_every_type),
        IN_FOLDER(json_says_every_type),
        IN_FOLDER(numbers_that_json_has_not_are_null_and_csv_has_words),
        IN_FOLDER(no_rows_make_a_file_all_the_same),
        IN_FOLDER(cells_are_made_safe_for_spreadsheets_when_asked),
        IN_FOLDER(csv_comes_back_cell_by_cell),
        IN_FOLDER(a_file_written_again_from_itself_is_the_same),
        IN_FOLDER(every_compression_comes_back),
        IN_FOLDER(others_unpack_zip_bz2_and_xz),
        IN_FOLDER(parquet_keeps_types),
        IN_FOLDER(what_there_is_not_is_refused_with_what_there_is),
        IN_FOLDER(a_failure_leaves_what_was_there),
        IN_FOLDER(text_with_nul_is_not_written_to_csv),
        IN_FOLDER(files_may_be_read_by_those_whom_the_umask_lets),
        IN_FOLDER(every_allocation_and_system_call_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
