/* COPY's binary form, without a server: known bytes, texts of any length, refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "storage/postgresql_driver.h"

/* What was put, and when to fail. */
typedef struct sink {
    mdm_text bytes;
    size_t puts, largest;
    size_t fail_at; /* 0: never */
} sink;

static mdm_status take(void *self, const unsigned char *bytes, size_t len, mdm_error *err)
{
    sink *s = self;
    if (++s->puts == s->fail_at) return mdm_error_set(err, MDM_IO, "the sink is full");
    if (len > s->largest) s->largest = len;
    mdm_text_add(&s->bytes, (mdm_str){(const char *)bytes, len});
    return MDM_OK;
}

static mdm_schema *schema_of(const mdm_field *fields, size_t count)
{
    mdm_schema *schema = NULL;
    assert_int_equal(mdm_schema_new(fields, count, &schema, NULL), MDM_OK);
    return schema;
}

/* Everything that an encoder makes of a chunk; the chunk is dropped. */
static mdm_status encode(mdm_chunk *chunk, const pg_column *targets, sink *s, mdm_error *err)
{
    pg_encoder *encoder = NULL;
    mdm_text_init(&s->bytes);
    mdm_status status = mdm_pg_encoder_open(chunk->schema, targets, take, s, &encoder, err);
    if (status == MDM_OK) status = mdm_pg_encoder_add(encoder, chunk, err);
    if (status == MDM_OK) status = mdm_pg_encoder_end(encoder, err);
    mdm_pg_encoder_close(encoder);
    mdm_chunk_unref(chunk);
    return status;
}

#define HEAD 19 /* bytes before the first row */

static mdm_chunk *finish(mdm_builder *builder, mdm_schema *schema)
{
    mdm_chunk *chunk = NULL;
    assert_int_equal(mdm_builder_finish(builder, &chunk, NULL), MDM_OK);
    mdm_builder_close(builder);
    mdm_schema_unref(schema);
    return chunk;
}

static mdm_chunk *chunk_of_int(mdm_type type, int64_t value)
{
    mdm_schema *schema = schema_of(&(mdm_field){"a", type}, 1);
    mdm_builder *builder = NULL;
    assert_int_equal(mdm_builder_open(schema, 1, &builder, NULL), MDM_OK);
    assert_int_equal(mdm_builder_int(builder, 0, value), MDM_OK);
    return finish(builder, schema);
}

static void integers_dates_and_times_have_known_bytes(void **state)
{
    (void)state;
    static const struct {
        mdm_type_id type;
        int64_t value;
        const char *bytes;
        size_t len;
    } cases[] = {
        {MDM_TYPE_BOOL, 1, "\1", 1},
        {MDM_TYPE_INT8, -2, "\xff\xfe", 2},
        {MDM_TYPE_INT16, 258, "\1\2", 2},
        {MDM_TYPE_INT32, 16909060, "\1\2\3\4", 4},
        {MDM_TYPE_INT64, -1, "\xff\xff\xff\xff\xff\xff\xff\xff", 8},
        {MDM_TYPE_DATE, 10957, "\0\0\0\0", 4},
        {MDM_TYPE_DATE, 10956, "\xff\xff\xff\xff", 4},
        {MDM_TYPE_DATE, INT32_MAX, "\x7f\xff\xff\xff", 4},
        {MDM_TYPE_DATE, -INT32_MAX, "\x80\0\0\0", 4},
        {MDM_TYPE_DATE, INT32_MIN, "\x80\0\0\1", 4}, /* never taken for infinite */
        {MDM_TYPE_TIME, 1, "\0\0\0\0\0\0\0\1", 8},
        {MDM_TYPE_TIMESTAMP, 946684800000001, "\0\0\0\0\0\0\0\1", 8},
        {MDM_TYPE_TIMESTAMP, INT64_MAX, "\x7f\xff\xff\xff\xff\xff\xff\xff", 8},
        {MDM_TYPE_TIMESTAMPTZ, -INT64_MAX, "\x80\0\0\0\0\0\0\0", 8},
        {MDM_TYPE_TIMESTAMPTZ, INT64_MIN, "\x80\0\0\0\0\0\0\1", 8},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sink s = {.fail_at = 0};
        mdm_type type = {cases[i].type, 0, 0};
        assert_int_equal(encode(chunk_of_int(type, cases[i].value), NULL, &s, NULL), MDM_OK);
        const char *row = s.bytes.data + HEAD;
        assert_int_equal(s.bytes.len, HEAD + 2 + 4 + cases[i].len + 2);
        assert_memory_equal(row, "\0\1\0\0\0", 5);
        assert_int_equal(row[5], cases[i].len);
        if (memcmp(row + 6, cases[i].bytes, cases[i].len) != 0) fail_msg("case %zu", i);
        assert_memory_equal(row + 6 + cases[i].len, "\xff\xff", 2);
        mdm_text_clear(&s.bytes);
    }
}

static void integers_widen_to_the_type_of_the_table_or_are_refused(void **state)
{
    (void)state;
    static const struct {
        mdm_type_id type;
        int64_t value;
        Oid target;
        mdm_status status;
    } cases[] = {
        {MDM_TYPE_INT8, -128, PG_INT8, MDM_OK},
        {MDM_TYPE_INT64, 32767, PG_INT2, MDM_OK},
        {MDM_TYPE_INT64, 32768, PG_INT2, MDM_FORMAT},
        {MDM_TYPE_INT64, -INT64_C(2147483648), PG_INT4, MDM_OK},
        {MDM_TYPE_INT64, INT64_C(2147483648), PG_INT4, MDM_FORMAT},
        {MDM_TYPE_INT64, INT64_C(1) << 53, PG_FLOAT8, MDM_OK},
        {MDM_TYPE_INT64, (INT64_C(1) << 53) + 1, PG_FLOAT8, MDM_FORMAT},
        {MDM_TYPE_INT64, INT64_MIN, PG_NUMERIC, MDM_OK},
        {MDM_TYPE_INT64, 1, PG_TEXT, MDM_FORMAT},
        {MDM_TYPE_BOOL, 1, PG_INT4, MDM_FORMAT},
        {MDM_TYPE_DATE, 1, PG_TIMESTAMP, MDM_FORMAT},
        {MDM_TYPE_TIMESTAMP, 1, PG_TIMESTAMPTZ, MDM_FORMAT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sink s = {.fail_at = 0};
        mdm_error err = {0};
        const pg_column target = {.oid = cases[i].target, .modifier = -1};
        mdm_type type = {cases[i].type, 0, 0};
        mdm_status status = encode(chunk_of_int(type, cases[i].value), &target, &s, &err);
        if (status != cases[i].status) fail_msg("case %zu: %s", i, err.message);
        if (status != MDM_OK) assert_non_null(strstr(err.message, "column 'a'"));
        mdm_text_clear(&s.bytes);
    }
}

static void what_the_server_would_round_is_refused(void **state)
{
    (void)state;
    mdm_error err = {0};
    sink s = {.fail_at = 0};
    const pg_column seconds = {
        .oid = PG_TIMESTAMP, .modifier = 0, .type = {MDM_TYPE_TIMESTAMP, 0, 0}};
    const mdm_type timestamp = {MDM_TYPE_TIMESTAMP, 0, 0};
    assert_int_equal(encode(chunk_of_int(timestamp, 1), &seconds, &s, &err), MDM_FORMAT);
    assert_string_equal(err.message,
                        "column 'a': the table's column does not take TIMESTAMP as it is");
    mdm_text_clear(&s.bytes);
}

static mdm_chunk *chunk_of_texts(const mdm_str *texts, size_t count)
{
    mdm_schema *schema = schema_of(&(mdm_field){"t", {MDM_TYPE_TEXT, 0, 0}}, 1);
    mdm_builder *builder = NULL;
    assert_int_equal(mdm_builder_open(schema, (int64_t)count, &builder, NULL), MDM_OK);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(texts[i].data ? mdm_builder_bytes(builder, 0, texts[i])
                                       : mdm_builder_null(builder, 0),
                         MDM_OK);
    return finish(builder, schema);
}

static void texts_of_any_length_arrive_whole_in_pieces_of_bounded_size(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 65535, 65536, 65537, 131072, 400000, 3};
    enum { COUNT = sizeof lengths / sizeof *lengths };
    char *big = malloc(400000);
    for (size_t i = 0; i < 400000; i++)
        big[i] = (char)('a' + i % 26);
    mdm_str texts[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        texts[i] = (mdm_str){big, lengths[i]};

    sink s = {.fail_at = 0};
    assert_int_equal(encode(chunk_of_texts(texts, COUNT), NULL, &s, NULL), MDM_OK);
    const unsigned char *at = (const unsigned char *)s.bytes.data + HEAD;
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(at[1], 1);
        assert_int_equal((size_t)at[3] << 16 | (size_t)at[4] << 8 | at[5], lengths[i]);
        assert_memory_equal(at + 6, big, lengths[i]);
        at += 6 + lengths[i];
    }
    assert_memory_equal(at, "\xff\xff", 2);
    assert_true(s.largest <= 66000);
    mdm_text_clear(&s.bytes);
    free(big);
}

static void a_nul_byte_in_text_is_refused_with_its_place(void **state)
{
    (void)state;
    mdm_error err = {0};
    sink s = {.fail_at = 0};
    const mdm_str texts[] = {MDM_STR("fine"), {NULL, 0}, {"a\0b", 3}};
    assert_int_equal(encode(chunk_of_texts(texts, 3), NULL, &s, &err), MDM_FORMAT);
    assert_string_equal(err.message, "column 't', row 3: PostgreSQL keeps no text with a NUL byte");
    mdm_text_clear(&s.bytes);
}

static void nulls_and_columns_of_nulls_are_lengths_of_minus_one(void **state)
{
    (void)state;
    sink s = {.fail_at = 0};
    mdm_schema *schema =
        schema_of((mdm_field[]){{"n", {MDM_TYPE_NULL, 0, 0}}, {"b", {MDM_TYPE_BLOB, 0, 0}}}, 2);
    mdm_builder *builder = NULL;
    assert_int_equal(mdm_builder_open(schema, 2, &builder, NULL), MDM_OK);
    assert_int_equal(mdm_builder_null(builder, 0), MDM_OK);
    assert_int_equal(mdm_builder_null(builder, 1), MDM_OK);
    assert_int_equal(mdm_builder_null(builder, 0), MDM_OK);
    assert_int_equal(mdm_builder_bytes(builder, 1, (mdm_str){"\0", 1}), MDM_OK);
    assert_int_equal(encode(finish(builder, schema), NULL, &s, NULL), MDM_OK);
    assert_int_equal(s.bytes.len, HEAD + 10 + 11 + 2);
    assert_memory_equal(s.bytes.data + HEAD,
                        "\0\2\xff\xff\xff\xff\xff\xff\xff\xff"
                        "\0\2\xff\xff\xff\xff\0\0\0\1\0",
                        21);
    mdm_text_clear(&s.bytes);
}

static void a_failing_sink_ends_the_encoding_with_its_words(void **state)
{
    (void)state;
    char *big = calloc(1, 300000);
    memset(big, 'x', 300000);
    const mdm_str text = {big, 300000};
    for (size_t n = 1;; n++) {
        mdm_error err = {0};
        sink s = {.fail_at = n};
        mdm_status status = encode(chunk_of_texts(&text, 1), NULL, &s, &err);
        mdm_text_clear(&s.bytes);
        if (status == MDM_OK) {
            assert_true(n > 5); /* pieces of 64 KiB */
            break;
        }
        assert_int_equal(status, MDM_IO);
        assert_string_equal(err.message, "the sink is full");
    }
    free(big);
}

static void every_allocation_may_fail_without_a_leak(void **state)
{
    (void)state;
    mdm_schema *schema = schema_of(&(mdm_field){"a", {MDM_TYPE_INT64, 0, 0}}, 1);
    mdm_status status = MDM_NO_MEMORY;
    for (long n = 0; status != MDM_OK; n++) {
        pg_encoder *encoder = NULL;
        mdm_alloc_fail_from(n);
        status = mdm_pg_encoder_open(schema, NULL, take, NULL, &encoder, NULL);
        mdm_alloc_fail_after(-1);
        assert_true(status == MDM_OK || status == MDM_NO_MEMORY);
        assert_true((encoder != NULL) == (status == MDM_OK));
        mdm_pg_encoder_close(encoder);
    }
    mdm_schema_unref(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_dates_and_times_have_known_bytes),
        cmocka_unit_test(integers_widen_to_the_type_of_the_table_or_are_refused),
        cmocka_unit_test(what_the_server_would_round_is_refused),
        cmocka_unit_test(texts_of_any_length_arrive_whole_in_pieces_of_bounded_size),
        cmocka_unit_test(a_nul_byte_in_text_is_refused_with_its_place),
        cmocka_unit_test(nulls_and_columns_of_nulls_are_lengths_of_minus_one),
        cmocka_unit_test(a_failing_sink_ends_the_encoding_with_its_words),
        cmocka_unit_test(every_allocation_may_fail_without_a_leak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
