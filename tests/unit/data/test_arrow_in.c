#include "unit/data/rows.h"

#include <errno.h>

/* --- Arrow arrays by hand: one column, its buffers static ----------------------- */

static int released; /* how many arrays and schemas were given back */

static void release_schema(struct ArrowSchema *arrow)
{
    released++;
    arrow->release = NULL;
}

static void release_array(struct ArrowArray *arrow)
{
    released++;
    arrow->release = NULL;
}

/* A table of one column; everything in one struct that the test keeps. */
typedef struct table {
    struct ArrowSchema schema, column, values; /* values: of a dictionary */
    struct ArrowSchema *columns[1];
    struct ArrowArray array, child, dictionary;
    struct ArrowArray *children[1];
    const void *no_buffer[1], *buffers[5], *dictionary_buffers[3];
} table;

static void table_init(table *t, const char *format, int64_t rows, int64_t buffers)
{
    *t = (table){0};
    t->columns[0] = &t->column;
    t->column = (struct ArrowSchema){.format = format, .name = "c", .flags = ARROW_FLAG_NULLABLE};
    t->schema = (struct ArrowSchema){.format = "+s",
                                     .name = "",
                                     .n_children = 1,
                                     .children = t->columns,
                                     .release = release_schema};
    t->children[0] = &t->child;
    t->child = (struct ArrowArray){
        .length = rows, .null_count = -1, .n_buffers = buffers, .buffers = t->buffers};
    t->array = (struct ArrowArray){.length = rows,
                                   .n_buffers = 1,
                                   .n_children = 1,
                                   .buffers = t->no_buffer,
                                   .children = t->children,
                                   .release = release_array};
}

static void set_dictionary(table *t, const char *format, int64_t count, int64_t buffers)
{
    t->values = (struct ArrowSchema){.format = format, .name = ""};
    t->column.dictionary = &t->values;
    t->dictionary = (struct ArrowArray){
        .length = count, .null_count = -1, .n_buffers = buffers, .buffers = t->dictionary_buffers};
    t->child.dictionary = &t->dictionary;
}

static mdm_status import_table(table *t, mdm_chunk **out, mdm_error *err)
{
    mdm_importer *importer = NULL;
    *out = NULL;
    mdm_status status = mdm_importer_open(&t->schema, &importer, err);
    if (status == MDM_OK) status = mdm_importer_chunk(importer, &t->array, out, err);
    mdm_importer_close(importer);
    return status;
}

static mdm_chunk *imported(table *t)
{
    mdm_error err = {0};
    mdm_chunk *chunk;
    must(import_table(t, &chunk, &err), &err);
    return chunk;
}

/* The cells as one text: "1 NULL 3". */
static const char *cells(const mdm_chunk *chunk)
{
    static char text[2000];
    size_t len = 0;
    text[0] = '\0';
    for (int64_t r = 0; r < chunk->rows; r++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", r ? " " : "",
                                cell(chunk, 0, r));
    return text;
}

static void check(table *t, const char *type, const char *expected)
{
    char word[32];
    mdm_chunk *chunk = imported(t);
    assert_string_equal(mdm_type_text(chunk->columns[0].type, word), type);
    assert_string_equal(cells(chunk), expected);
    mdm_chunk_unref(chunk);
}

/* --- tests ---------------------------------------------------------------------- */

static void buffers_of_our_layout_are_shared_from_any_offset(void **state)
{
    (void)state;
    static const int64_t values[] = {10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21};
    static const uint8_t validity[] = {0xfb, 0x0f}; /* row 2 is NULL */
    for (int64_t offset = 0; offset <= 9; offset++) {
        table t;
        table_init(&t, "l", 3, 2);
        t.child.offset = offset;
        t.buffers[0] = validity;
        t.buffers[1] = values;
        released = 0;
        mdm_chunk *chunk = imported(&t);
        assert_ptr_equal(chunk->columns[0].values, values + offset);
        for (int64_t r = 0; r < 3; r++) {
            char text[8];
            snprintf(text, sizeof text, "%d", (int)(10 + offset + r));
            assert_string_equal(cell(chunk, 0, r), offset + r == 2 ? "NULL" : text);
        }
        assert_int_equal(chunk->columns[0].null_count, offset <= 2);
        assert_int_equal(released, 1); /* the schema; the array is held */
        mdm_chunk_unref(chunk);
        assert_int_equal(released, 2);
    }
}

static void the_offset_of_the_whole_array_counts_too(void **state)
{
    (void)state;
    static const int32_t values[] = {0, 1, 2, 3, 4, 5};
    table t;
    table_init(&t, "i", 2, 2);
    t.child.length = 5;
    t.child.offset = 1;
    t.array.offset = 2;
    t.buffers[1] = values;
    check(&t, "INTEGER", "3 4");
}

static void integers_are_widened(void **state)
{
    (void)state;
    table t;
    table_init(&t, "C", 2, 2);
    t.buffers[1] = (uint8_t[]){0, 255};
    check(&t, "SMALLINT", "0 255");
    table_init(&t, "S", 2, 2);
    t.buffers[1] = (uint16_t[]){0, 65535};
    check(&t, "INTEGER", "0 65535");
    table_init(&t, "I", 2, 2);
    t.buffers[1] = (uint32_t[]){0, 4294967295};
    check(&t, "BIGINT", "0 4294967295");
    table_init(&t, "L", 2, 2);
    t.buffers[1] = (uint64_t[]){0, UINT64_MAX};
    check(&t, "DECIMAL(20,0)", "0 18446744073709551615");
    table_init(&t, "c", 2, 2);
    t.buffers[1] = (int8_t[]){-128, 127};
    check(&t, "TINYINT", "-128 127");
}

static void half_floats_become_floats(void **state)
{
    (void)state;
    table t;
    table_init(&t, "e", 8, 2);
    t.buffers[1] = (uint16_t[]){0x0000, 0x3c00, 0xc000, 0x7bff, 0x0001, 0x7c00, 0xfe00, 0x3555};
    check(&t, "FLOAT", "0 1 -2 65504 5.9604645e-08 inf nan 0.33325195");
}

static void times_of_any_unit_become_microseconds(void **state)
{
    (void)state;
    table t;
    table_init(&t, "tss:", 2, 2);
    t.buffers[1] = (int64_t[]){0, -1};
    check(&t, "TIMESTAMP", "1970-01-01 00:00:00 1969-12-31 23:59:59");
    table_init(&t, "tsm:Europe/Berlin", 1, 2);
    t.buffers[1] = (int64_t[]){1500};
    check(&t, "TIMESTAMP WITH TIME ZONE", "1970-01-01 00:00:01.5+00:00");
    table_init(&t, "tsn:", 1, 2);
    t.buffers[1] = (int64_t[]){1500000};
    check(&t, "TIMESTAMP", "1970-01-01 00:00:00.0015");
    table_init(&t, "tts", 1, 2);
    t.buffers[1] = (int32_t[]){61};
    check(&t, "TIME", "00:01:01");
    table_init(&t, "ttm", 1, 2);
    t.buffers[1] = (int32_t[]){1};
    check(&t, "TIME", "00:00:00.001");
    table_init(&t, "ttn", 1, 2);
    t.buffers[1] = (int64_t[]){1000};
    check(&t, "TIME", "00:00:00.000001");
    table_init(&t, "tdm", 2, 2);
    t.buffers[1] = (int64_t[]){86400000, -86400000};
    check(&t, "DATE", "1970-01-02 1969-12-31");
}

static void what_microseconds_cannot_hold_is_refused_with_its_row(void **state)
{
    (void)state;
    static const struct {
        const char *format;
        int64_t values[2];
        const char *words;
    } cases[] = {
        {"tsn:", {1000, 1001}, "column 'c', row 2: nanoseconds, microseconds are kept"},
        {"tss:", {0, INT64_MAX}, "column 'c', row 2: a time out of range"},
        {"tdm", {0, 1}, "column 'c', row 2: a date with hours"},
        {"tdm", {0, INT64_C(86400000) * 3000000000}, "column 'c', row 2: a time out of range"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        table t;
        mdm_error err = {0};
        mdm_chunk *chunk;
        table_init(&t, cases[i].format, 2, 2);
        t.buffers[1] = cases[i].values;
        released = 0;
        assert_int_equal(import_table(&t, &chunk, &err), MDM_FORMAT);
        assert_string_equal(err.message, cases[i].words);
        assert_int_equal(released, 2);
        /* Behind a NULL anything may stand. */
        static const uint8_t first_only = 1;
        table_init(&t, cases[i].format, 2, 2);
        t.buffers[0] = &first_only;
        t.buffers[1] = cases[i].values;
        mdm_chunk_unref(imported(&t));
    }
}

static void decimals_of_any_width_are_read(void **state)
{
    (void)state;
    table t;
    table_init(&t, "d:9,2,32", 2, 2);
    t.buffers[1] = (int32_t[]){-1, 12345};
    check(&t, "DECIMAL(9,2)", "-0.01 123.45");
    table_init(&t, "d:18,3,64", 2, 2);
    t.buffers[1] = (int64_t[]){-1500, INT64_C(999999999999999999)};
    check(&t, "DECIMAL(18,3)", "-1.500 999999999999999.999");
    table_init(&t, "d:38,0", 1, 2);
    t.buffers[1] = (uint64_t[]){0, 1};
    check(&t, "DECIMAL(38,0)", "18446744073709551616");
}

static void text_of_any_layout_is_read(void **state)
{
    (void)state;
    static const uint8_t validity = 0x0b; /* row 2 is NULL */
    static const char bytes[] = "abcde\xc3\xa9"
                                "a longer text";
    table t;
    table_init(&t, "u", 4, 3);
    t.buffers[0] = &validity;
    t.buffers[1] = (int32_t[]){0, 3, 3, 5, 7};
    t.buffers[2] = bytes;
    check(&t, "VARCHAR", "abc  NULL \xc3\xa9");

    table_init(&t, "U", 3, 3);
    t.child.offset = 1;
    t.buffers[0] = &validity;
    t.buffers[1] = (int64_t[]){0, 3, 3, 5, 7};
    t.buffers[2] = bytes;
    check(&t, "VARCHAR", " NULL \xc3\xa9");

    struct view {
        int32_t len;
        char prefix[4];
        int32_t buffer, offset;
    } views[] = {{3, "abc", 0, 0}, {13, "a lo", 0, 7}, {99, "????", 7, 7}, {0, "", 0, 0}};
    table_init(&t, "vu", 4, 4);
    t.buffers[0] = &validity;
    t.buffers[1] = views;
    t.buffers[2] = bytes;
    check(&t, "VARCHAR", "abc a longer text NULL ");

    table_init(&t, "w:2", 2, 2);
    t.buffers[1] = "ab\xff\x01";
    check(&t, "BLOB", "\\x6162 \\xff01");

    table_init(&t, "z", 1, 3);
    t.buffers[1] = (int32_t[]){0, 2};
    t.buffers[2] = "\xff\xfe";
    check(&t, "BLOB", "\\xfffe");
}

static void text_that_is_not_utf8_is_refused_with_its_row_even_if_it_is_as_a_whole(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        int32_t offsets[4];
    } cases[] = {
        {"ab\xff", {0, 1, 2, 3}},    /* row 3 */
        {"a\xc3\xa9", {0, 1, 1, 2}}, /* the character is cut at the end of row 3 */
        {"a\xc3\xa9", {0, 1, 2, 3}}, /* valid together, not each: row 2 is the first */
    };
    static const char *const words[] = {"column 'c', row 3: text that is not UTF-8",
                                        "column 'c', row 3: text that is not UTF-8",
                                        "column 'c', row 2: text that is not UTF-8"};
    for (size_t i = 0; i < COUNT(cases); i++) {
        table t;
        mdm_error err = {0};
        mdm_chunk *chunk;
        table_init(&t, "u", 3, 3);
        t.buffers[1] = cases[i].offsets;
        t.buffers[2] = cases[i].bytes;
        assert_int_equal(import_table(&t, &chunk, &err), MDM_FORMAT);
        assert_string_equal(err.message, words[i]);
    }
}

static void dictionaries_are_looked_up(void **state)
{
    (void)state;
    static const uint8_t rows_valid = 0x0d, values_valid = 0x03;
    table t;
    table_init(&t, "c", 4, 2);
    t.buffers[0] = &rows_valid; /* row 1 is NULL */
    t.buffers[1] = (int8_t[]){1, 99, 0, 2};
    set_dictionary(&t, "u", 3, 3);
    t.dictionary_buffers[0] = &values_valid; /* value 2 is NULL */
    t.dictionary_buffers[1] = (int32_t[]){0, 3, 7, 7};
    t.dictionary_buffers[2] = "onetwo!";
    check(&t, "VARCHAR", "two! NULL one NULL");

    table_init(&t, "I", 3, 2);
    t.buffers[1] = (uint32_t[]){1, 0, 1};
    set_dictionary(&t, "g", 2, 2);
    t.dictionary_buffers[1] = (double[]){0.5, 1.5};
    check(&t, "DOUBLE", "1.5 0.5 1.5");

    table_init(&t, "l", 3, 2);
    t.buffers[1] = (int64_t[]){1, 0, 1};
    set_dictionary(&t, "b", 2, 2);
    t.dictionary_buffers[1] = (uint8_t[]){2};
    check(&t, "BOOLEAN", "true false true");
}

static void booleans_and_nulls_are_read(void **state)
{
    (void)state;
    static const uint8_t bits[] = {0xa5, 0x01};
    table t;
    table_init(&t, "b", 5, 2);
    t.child.offset = 4;
    t.buffers[1] = bits;
    check(&t, "BOOLEAN", "false true false true true");
    table_init(&t, "n", 3, 0);
    check(&t, "NULL", "NULL NULL NULL");
}

static void misaligned_buffers_are_copied(void **state)
{
    (void)state;
    static _Alignas(8) char bytes[1 + 2 * 8] = {0};
    int64_t values[] = {5, -6};
    memcpy(bytes + 1, values, sizeof values);
    table t;
    table_init(&t, "l", 2, 2);
    t.buffers[1] = bytes + 1;
    check(&t, "BIGINT", "5 -6");
    int32_t offsets[] = {0, 1, 3};
    memcpy(bytes + 1, offsets, sizeof offsets);
    table_init(&t, "u", 2, 3);
    t.buffers[1] = bytes + 1;
    t.buffers[2] = "abc";
    check(&t, "VARCHAR", "a bc");
}

static void what_has_no_place_in_a_table_is_refused_with_the_column(void **state)
{
    (void)state;
    static const char *const formats[] = {"+l",         "+s",     "+r",   "tiM", "tDs", "d:50,2",
                                          "d:40,2,256", "d:5,-2", "tsx:", "w:x", "??"};
    for (size_t i = 0; i < COUNT(formats); i++) {
        table t;
        mdm_error err = {0};
        mdm_schema *schema;
        char words[100];
        table_init(&t, formats[i], 0, 2);
        released = 0;
        assert_int_equal(mdm_schema_import(&t.schema, &schema, &err), MDM_UNSUPPORTED);
        snprintf(words, sizeof words, "column 'c': values of Arrow format '%s'", formats[i]);
        assert_string_equal(err.message, words);
        assert_null(schema);
        assert_int_equal(released, 1);
        assert_null(t.schema.release);
    }
    table t;
    mdm_error err = {0};
    mdm_schema *schema;
    table_init(&t, "i", 0, 2);
    set_dictionary(&t, "+l", 0, 2);
    assert_int_equal(mdm_schema_import(&t.schema, &schema, &err), MDM_UNSUPPORTED);
    assert_string_equal(err.message, "column 'c': a dictionary of values of Arrow format '+l'");
    table_init(&t, "i", 0, 2);
    t.schema.format = "i";
    assert_int_equal(mdm_schema_import(&t.schema, &schema, &err), MDM_UNSUPPORTED);
    assert_string_equal(err.message, "an Arrow schema of format 'i', tables are '+s'");
}

static void a_row_that_is_null_as_a_whole_is_refused(void **state)
{
    (void)state;
    static const uint8_t validity = 0x05;
    table t;
    mdm_error err = {0};
    mdm_chunk *chunk;
    table_init(&t, "n", 3, 0);
    t.no_buffer[0] = &validity;
    t.array.null_count = -1;
    assert_int_equal(import_table(&t, &chunk, &err), MDM_UNSUPPORTED);
    assert_string_equal(err.message, "row 2 of an Arrow array is NULL as a whole");
}

static void an_array_of_another_schema_is_refused(void **state)
{
    (void)state;
    table t;
    mdm_error err = {0};
    mdm_chunk *chunk;
    table_init(&t, "n", 3, 0);
    t.array.n_children = 0;
    assert_int_equal(import_table(&t, &chunk, &err), MDM_FORMAT);
    assert_string_equal(err.message, "an Arrow array of 0 columns, its schema has 1");
}

/* --- streams ---------------------------------------------------------------------- */

/* Rows of a BIGINT, a BOOLEAN and a VARCHAR that say their number. */
static mdm_chunk *numbered(const mdm_schema *schema, int64_t first, int64_t rows)
{
    mdm_error err = {0};
    mdm_builder *b = NULL;
    mdm_chunk *chunk = NULL;
    must(mdm_builder_open(schema, rows, &b, &err), &err);
    for (int64_t r = first; r < first + rows; r++) {
        char text[24];
        mdm_str bytes = {text, (size_t)snprintf(text, sizeof text, "%lld", (long long)r)};
        mdm_status status = mdm_builder_int(b, 0, r) | mdm_builder_int(b, 1, r & 1) |
                            (r % 10 == 9 ? mdm_builder_null(b, 2) : mdm_builder_bytes(b, 2, bytes));
        assert_int_equal(status, MDM_OK);
    }
    must(mdm_builder_finish(b, &chunk, &err), &err);
    mdm_builder_close(b);
    return chunk;
}

static mdm_schema *numbered_schema(void)
{
    mdm_field fields[] = {field("n", MDM_TYPE_INT64), field("odd", MDM_TYPE_BOOL),
                          field("text", MDM_TYPE_TEXT)};
    return schema_of(fields, 3);
}

static void a_stream_goes_out_and_comes_in_unchanged_in_pieces(void **state)
{
    (void)state;
    mdm_error err = {0};
    mdm_schema *schema = numbered_schema();
    mdm_chunk *chunks[] = {numbered(schema, 0, 200001), numbered(schema, 200001, 5)}, *chunk;
    mdm_stream stream;
    struct ArrowArrayStream arrow;
    must(mdm_stream_of_chunks(schema, chunks, 2, &stream, &err), &err);
    for (size_t i = 0; i < 2; i++)
        mdm_chunk_unref(chunks[i]);
    mdm_schema_unref(schema);
    must(mdm_stream_export(&stream, &arrow, &err), &err);
    must(mdm_stream_import(&arrow, &stream, &err), &err);
    assert_null(arrow.release);
    assert_string_equal(stream.schema->fields[2].name, "text");

    int64_t next = 0;
    for (;;) {
        must(mdm_stream_next(&stream, &chunk, &err), &err);
        if (!chunk) break;
        assert_true(chunk->rows <= 65536);
        for (int64_t r = 0; r < chunk->rows; r++, next++) {
            char text[24];
            snprintf(text, sizeof text, "%lld", (long long)next);
            assert_string_equal(cell(chunk, 0, r), text);
            assert_string_equal(cell(chunk, 1, r), next & 1 ? "true" : "false");
            assert_string_equal(cell(chunk, 2, r), next % 10 == 9 ? "NULL" : text);
        }
        mdm_chunk_unref(chunk);
    }
    assert_int_equal(next, 200006);
    mdm_stream_close(&stream);
}

static mdm_status fail_next(mdm_stream *stream, mdm_chunk **out, mdm_error *err)
{
    (void)stream;
    *out = NULL;
    return mdm_error_set(err, MDM_IO, "the source broke");
}

static void close_failing(mdm_stream *stream)
{
    mdm_schema_unref(stream->schema);
}

static void a_failure_of_the_source_is_reported_in_its_words(void **state)
{
    (void)state;
    mdm_error err = {0};
    mdm_stream stream = {numbered_schema(), fail_next, close_failing, NULL};
    struct ArrowArrayStream arrow;
    mdm_chunk *chunk;
    must(mdm_stream_export(&stream, &arrow, &err), &err);
    must(mdm_stream_import(&arrow, &stream, &err), &err);
    assert_int_equal(mdm_stream_next(&stream, &chunk, &err), MDM_IO);
    assert_string_equal(err.message, "reading an Arrow stream: the source broke");
    assert_int_equal(err.native, EIO);
    mdm_stream_close(&stream);
}

static mdm_status round_trip(void *data, mdm_error *err)
{
    const mdm_schema *schema = data;
    mdm_chunk *chunk = NULL, *back = NULL;
    mdm_stream stream = {0};
    struct ArrowArrayStream arrow = {0};
    mdm_builder *b = NULL;
    mdm_status status = mdm_builder_open(schema, 10, &b, err);
    for (int r = 0; status == MDM_OK && r < 9; r++)
        for (size_t c = 0; status == MDM_OK && c < 3; c++)
            status = mdm_builder_null(b, c);
    if (status == MDM_OK) status = mdm_builder_finish(b, &chunk, err);
    if (status == MDM_OK) status = mdm_stream_of_chunks(schema, &chunk, 1, &stream, err);
    if (status == MDM_OK) status = mdm_stream_export(&stream, &arrow, err);
    if (status == MDM_OK) status = mdm_stream_import(&arrow, &stream, err);
    if (status == MDM_OK) status = mdm_stream_next(&stream, &back, err);
    /* Without memory the source could not export: its words come through as MDM_IO. */
    if (status == MDM_IO) status = MDM_NO_MEMORY;
    if (back) assert_int_equal(back->rows, 9);
    mdm_chunk_unref(back);
    mdm_chunk_unref(chunk);
    mdm_stream_close(&stream);
    mdm_builder_close(b);
    return status;
}

static mdm_status import_wide(void *data, mdm_error *err)
{
    (void)data;
    table t;
    table_init(&t, "c", 3, 2);
    t.child.offset = 1;
    t.buffers[0] = (uint8_t[]){0x0d};
    t.buffers[1] = (int8_t[]){0, 1, 0, 1};
    set_dictionary(&t, "U", 2, 3);
    t.dictionary_buffers[1] = (int64_t[]){0, 3, 6};
    t.dictionary_buffers[2] = "onetwo";
    mdm_chunk *chunk;
    mdm_status status = import_table(&t, &chunk, err);
    if (t.schema.release) t.schema.release(&t.schema);
    if (t.array.release) t.array.release(&t.array); /* never reached when the schema failed */
    mdm_chunk_unref(chunk);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    mdm_schema *schema = numbered_schema();
    test_walk_allocations(round_trip, schema, 10);
    test_walk_allocations(import_wide, NULL, 8);
    mdm_schema_unref(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buffers_of_our_layout_are_shared_from_any_offset),
        cmocka_unit_test(the_offset_of_the_whole_array_counts_too),
        cmocka_unit_test(integers_are_widened),
        cmocka_unit_test(half_floats_become_floats),
        cmocka_unit_test(times_of_any_unit_become_microseconds),
        cmocka_unit_test(what_microseconds_cannot_hold_is_refused_with_its_row),
        cmocka_unit_test(decimals_of_any_width_are_read),
        cmocka_unit_test(text_of_any_layout_is_read),
        cmocka_unit_test(text_that_is_not_utf8_is_refused_with_its_row_even_if_it_is_as_a_whole),
        cmocka_unit_test(dictionaries_are_looked_up),
        cmocka_unit_test(booleans_and_nulls_are_read),
        cmocka_unit_test(misaligned_buffers_are_copied),
        cmocka_unit_test(what_has_no_place_in_a_table_is_refused_with_the_column),
        cmocka_unit_test(a_row_that_is_null_as_a_whole_is_refused),
        cmocka_unit_test(an_array_of_another_schema_is_refused),
        cmocka_unit_test(a_stream_goes_out_and_comes_in_unchanged_in_pieces),
        cmocka_unit_test(a_failure_of_the_source_is_reported_in_its_words),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
