/* Every type comes back as it went in: by bulk(), and as the value of a placeholder. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

#define ROWS_MAX 24

/* A value as the builder takes it. */
typedef struct value {
    bool null;
    int64_t integer;
    double real;
    mdm_int128 decimal;
    mdm_str bytes;
} value;

#define NOTHING      \
    {                \
        .null = true \
    }
#define INTEGER(i)     \
    {                  \
        .integer = (i) \
    }
#define REAL(r)     \
    {               \
        .real = (r) \
    }
#define BYTES(literal)                             \
    {                                              \
        .bytes = {(literal), sizeof(literal) - 1 } \
    }
#define DIGITS(h, l)           \
    {                          \
        .decimal = {(l), (h) } \
    }

typedef struct type_case {
    mdm_type type;
    value values[ROWS_MAX];
    size_t count;
} type_case;

#define DAY INT64_C(86400000000)

/* clang-format off */
static const type_case cases[] = {
    {{.id = MDM_TYPE_BOOL}, {INTEGER(1), NOTHING, INTEGER(0), INTEGER(1)}, 4},
    {{.id = MDM_TYPE_INT8}, {INTEGER(INT8_MIN), INTEGER(INT8_MAX), NOTHING, INTEGER(0), INTEGER(-1)}, 5},
    {{.id = MDM_TYPE_INT16}, {INTEGER(INT16_MIN), INTEGER(INT16_MAX), NOTHING, INTEGER(0)}, 4},
    {{.id = MDM_TYPE_INT32}, {INTEGER(INT32_MIN), INTEGER(INT32_MAX), NOTHING, INTEGER(0)}, 4},
    {{.id = MDM_TYPE_INT64}, {INTEGER(INT64_MIN), INTEGER(INT64_MAX), NOTHING, INTEGER(0),
                              INTEGER((INT64_C(1) << 53) + 1), INTEGER(-1)}, 6},
    {{.id = MDM_TYPE_FLOAT}, {REAL(0), REAL(0.1f), REAL(FLT_MAX), REAL(-FLT_MAX), REAL(FLT_MIN),
                              REAL(FLT_TRUE_MIN), REAL(INFINITY), REAL(-INFINITY), NOTHING, REAL(16777216)}, 10},
    {{.id = MDM_TYPE_DOUBLE}, {REAL(0), REAL(0.1), REAL(1.0 / 3), REAL(DBL_MAX), REAL(-DBL_MAX),
                               REAL(DBL_MIN), REAL(DBL_TRUE_MIN), REAL(INFINITY), REAL(-INFINITY),
                               REAL(9007199254740993.0), REAL(1e23), REAL(5), NOTHING, REAL(-2.5)}, 14},
    {{MDM_TYPE_DECIMAL, 4, 2}, {DIGITS(0, 9999), DIGITS(-1, (uint64_t)-9999), DIGITS(0, 1), DIGITS(0, 100),
                                DIGITS(0, 0), NOTHING, DIGITS(0, 30)}, 7},
    {{MDM_TYPE_DECIMAL, 15, 4}, {DIGITS(0, 999999999999999), DIGITS(-1, (uint64_t)-999999999999999),
                                 DIGITS(0, 1), DIGITS(0, 10000), NOTHING, DIGITS(0, 123456789012345)}, 6},
    {{MDM_TYPE_DECIMAL, 18, 2}, {DIGITS(0, 999999999999999999), DIGITS(-1, (uint64_t)-999999999999999999),
                                 DIGITS(0, 1), DIGITS(0, 12345), DIGITS(0, 999999999999999901), NOTHING}, 6},
    {{MDM_TYPE_DECIMAL, 20, 0}, {DIGITS(0, UINT64_MAX), DIGITS(0, 0), DIGITS(0, INT64_MAX),
                                 DIGITS(0, UINT64_C(1) << 63), NOTHING}, 5},
    /* the ends are 10^38 - 1 */
    {{MDM_TYPE_DECIMAL, 38, 10}, {DIGITS(0x4b3b4ca85a86c47a, 0x098a223fffffffff),
                                  DIGITS(-0x4b3b4ca85a86c47b, 0xf675ddc000000001),
                                  DIGITS(0, 1), DIGITS(-1, (uint64_t)-1), DIGITS(0, 10000000000), NOTHING,
                                  DIGITS(0, 123456789012345678)}, 7},
    {{MDM_TYPE_DECIMAL, 38, 38}, {DIGITS(0x4b3b4ca85a86c47a, 0x098a223fffffffff), DIGITS(0, 1), NOTHING,
                                  DIGITS(-1, (uint64_t)-1), DIGITS(0, 0)}, 5},
    {{MDM_TYPE_DECIMAL, 38, 0}, {DIGITS(0x4b3b4ca85a86c47a, 0x098a223fffffffff), DIGITS(0, 7), NOTHING}, 3},
    {{.id = MDM_TYPE_TEXT}, {BYTES("plain"), BYTES(""), NOTHING, BYTES("it's \"quoted\""), BYTES("12"),
                             BYTES("00501"), BYTES("1e5"), BYTES("NULL"), BYTES("\\N"), BYTES("tab\tline\nend"),
                             BYTES("na\xc3\xafve \xf0\x9f\xa6\x86 \xe6\x97\xa5\xe6\x9c\xac"),
                             BYTES("exactly 12 b"), BYTES("exactly 13 by"), BYTES(" ends in blank ")}, 14},
    {{.id = MDM_TYPE_BLOB}, {BYTES("\0\1\xff"), BYTES(""), NOTHING, BYTES("text"), BYTES("\\x00"),
                             BYTES("'; DROP TABLE x; --")}, 6},
    /* 1970, 2024-02-29, 9999-12-31, 0001-01-01, 4714-11-24 BC (PostgreSQL's first), infinity */
    {{.id = MDM_TYPE_DATE}, {INTEGER(0), INTEGER(19782), INTEGER(2932896), INTEGER(-719162), INTEGER(-2440588),
                             INTEGER(-1), NOTHING, INTEGER(INT32_MAX), INTEGER(-INT32_MAX), INTEGER(2932897)}, 10},
    {{.id = MDM_TYPE_TIME}, {INTEGER(0), INTEGER(DAY - 1), NOTHING, INTEGER(47100250000), INTEGER(1),
                             INTEGER(3600000000)}, 6},
    {{.id = MDM_TYPE_TIMESTAMP}, {INTEGER(0), INTEGER(-1), INTEGER(19782 * DAY + 47100250000), NOTHING,
                                  INTEGER(2932897 * DAY - 1), INTEGER(-719162 * DAY),
                                  INTEGER(-210866803200000000), INTEGER(INT64_MAX), INTEGER(-INT64_MAX),
                                  INTEGER(1)}, 10},
    {{.id = MDM_TYPE_TIMESTAMPTZ}, {INTEGER(0), INTEGER(-1), INTEGER(19782 * DAY + 47100250000), NOTHING,
                                    INTEGER(2932897 * DAY - 1), INTEGER(-719162 * DAY),
                                    INTEGER(INT64_MAX), INTEGER(-INT64_MAX)}, 8},
    {{.id = MDM_TYPE_NULL}, {NOTHING, NOTHING}, 2},
};
/* clang-format on */

#define CASE_COUNT (sizeof cases / sizeof *cases)

static void append(mdm_builder *builder, size_t column, mdm_type type, const value *v)
{
    mdm_status status;
    if (v->null) status = mdm_builder_null(builder, column);
    else if (type.id == MDM_TYPE_FLOAT || type.id == MDM_TYPE_DOUBLE)
        status = mdm_builder_real(builder, column, v->real);
    else if (type.id == MDM_TYPE_DECIMAL) status = mdm_builder_decimal(builder, column, v->decimal);
    else if (type.id == MDM_TYPE_TEXT || type.id == MDM_TYPE_BLOB)
        status = mdm_builder_bytes(builder, column, v->bytes);
    else status = mdm_builder_int(builder, column, v->integer);
    assert_int_equal(status, MDM_OK);
}

/* Columns id BIGINT and v, one row per value. */
static mdm_chunk *chunk_of(mdm_type type, const value *values, size_t count)
{
    mdm_error err = {0};
    const mdm_field fields[] = {{"id", {.id = MDM_TYPE_INT64}}, {"v", type}};
    mdm_schema *schema = NULL;
    mdm_builder *builder = NULL;
    mdm_chunk *chunk = NULL;
    ok(mdm_schema_new(fields, 2, &schema, &err));
    ok(mdm_builder_open(schema, ROWS_MAX, &builder, &err));
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(mdm_builder_int(builder, 0, (int64_t)i), MDM_OK);
        append(builder, 1, type, &values[i]);
    }
    ok(mdm_builder_finish(builder, &chunk, &err));
    mdm_builder_close(builder);
    mdm_schema_unref(schema);
    return chunk;
}

static mdm_type type_when_read(mdm_type written)
{
    if (written.id == MDM_TYPE_NULL) return (mdm_type){.id = MDM_TYPE_TEXT};
    if (suite->reads_as[written.id]) written.id = suite->reads_as[written.id];
    return written;
}

/* Rows that a table of the case must have, as it is read. */
static mdm_chunk *expected_of(const type_case *c)
{
    return chunk_of(type_when_read(c->type), c->values, c->count);
}

static void assert_cell_equal(const mdm_column *expected, const mdm_column *found, int64_t row,
                              const char *what)
{
    char a[MDM_CELL_TEXT], b[MDM_CELL_TEXT];
    const mdm_str x = mdm_cell_text(expected, row, a, sizeof a);
    const mdm_str y = mdm_cell_text(found, row, b, sizeof b);
    const bool both_null = !x.data && !y.data;
    if (both_null || (x.data && y.data && mdm_str_equal(x, y))) return;
    fail_msg("%s, row %lld: '%.*s' became '%.*s'", what, (long long)row, (int)x.len,
             x.data ? x.data : "", (int)y.len, y.data ? y.data : "");
}

static void assert_chunks_equal(const mdm_chunk *expected, const mdm_chunk *found, const char *what)
{
    assert_int_equal(found->rows, expected->rows);
    assert_int_equal(found->schema->count, expected->schema->count);
    for (size_t c = 0; c < expected->schema->count; c++) {
        char a[32], b[32];
        assert_string_equal(found->schema->fields[c].name, expected->schema->fields[c].name);
        mdm_type_text(expected->schema->fields[c].type, a);
        mdm_type_text(found->schema->fields[c].type, b);
        if (strcmp(a, b) != 0) fail_msg("%s: column %zu has type %s, not %s", what, c, b, a);
        for (int64_t row = 0; row < expected->rows; row++)
            assert_cell_equal(&expected->columns[c], &found->columns[c], row, what);
    }
}

static void every_type_comes_back_equal_through_bulk(void **state)
{
    fixture *f = *state;
    for (size_t i = 0; i < CASE_COUNT; i++) {
        char table[32], sql[100], word[32];
        snprintf(table, sizeof table, "t%zu", i);
        mdm_chunk *written = chunk_of(cases[i].type, cases[i].values, cases[i].count);
        mdm_chunk *expected = expected_of(&cases[i]);
        suite_store(f->conn, table, written);
        snprintf(sql, sizeof sql, "SELECT * FROM %s ORDER BY id", table);
        mdm_chunk *found = suite_select(f->conn, sql);
        assert_chunks_equal(expected, found, mdm_type_text(cases[i].type, word));
        mdm_chunk_unref(written);
        mdm_chunk_unref(expected);
        mdm_chunk_unref(found);
    }
}

static void the_type_of_an_empty_table_is_known(void **state)
{
    fixture *f = *state;
    for (size_t i = 0; i < CASE_COUNT; i++) {
        char table[32], sql[100], word[32];
        snprintf(table, sizeof table, "t%zu", i);
        mdm_chunk *written = chunk_of(cases[i].type, NULL, 0);
        mdm_chunk *expected = chunk_of(type_when_read(cases[i].type), NULL, 0);
        suite_store(f->conn, table, written);
        snprintf(sql, sizeof sql, "SELECT * FROM %s", table);
        mdm_chunk *found = suite_select(f->conn, sql);
        assert_chunks_equal(expected, found, mdm_type_text(cases[i].type, word));
        mdm_chunk_unref(written);
        mdm_chunk_unref(expected);
        mdm_chunk_unref(found);
    }
}

/* How the value of a case is bound; false: there is no such value. */
static bool bound_of(mdm_type type, const value *v, mdm_value *out)
{
    *out = (mdm_value){.type = type.id};
    switch (type.id) {
    case MDM_TYPE_INT8:
    case MDM_TYPE_INT16:
    case MDM_TYPE_INT32: out->type = MDM_TYPE_INT64; break;
    case MDM_TYPE_FLOAT: out->type = MDM_TYPE_DOUBLE; break;
    case MDM_TYPE_DECIMAL: return false;
    default: break;
    }
    if (v->null) out->type = MDM_TYPE_NULL;
    else if (out->type == MDM_TYPE_DOUBLE) out->as.real = v->real;
    else if (out->type == MDM_TYPE_TEXT || out->type == MDM_TYPE_BLOB) out->as.bytes = v->bytes;
    else out->as.integer = v->integer;
    return true;
}

static void every_type_comes_back_equal_through_a_placeholder(void **state)
{
    mdm_error err = {0};
    fixture *f = *state;
    const mdm_backend *b = f->backend;
    for (size_t i = 0; i < CASE_COUNT; i++) {
        char table[32], sql[100], word[32];
        mdm_value values[2];
        if (!bound_of(cases[i].type, &cases[i].values[0], &values[1])) continue;
        mdm_chunk *empty = chunk_of(cases[i].type, NULL, 0);
        snprintf(table, sizeof table, "t%zu", i);
        suite_store(f->conn, table, empty);
        snprintf(sql, sizeof sql, "INSERT INTO %s VALUES ($1, $2)", table);
        for (size_t row = 0; row < cases[i].count; row++) {
            mdm_stmt *stmt = NULL;
            values[0] = (mdm_value){.type = MDM_TYPE_INT64, .as.integer = (int64_t)row};
            bound_of(cases[i].type, &cases[i].values[row], &values[1]);
            ok(b->prepare(f->conn, mdm_str_from(sql), &stmt, &err));
            assert_int_equal(b->parameters(stmt), 2);
            ok(b->execute(stmt, values, 2, &err));
            assert_int_equal(b->changed(stmt), 1);
            b->finish(stmt);
        }
        mdm_chunk *expected = expected_of(&cases[i]);
        snprintf(sql, sizeof sql, "SELECT * FROM %s ORDER BY id", table);
        mdm_chunk *found = suite_select(f->conn, sql);
        assert_chunks_equal(expected, found, mdm_type_text(cases[i].type, word));
        mdm_chunk_unref(empty);
        mdm_chunk_unref(expected);
        mdm_chunk_unref(found);
    }
}

static void nan_is_kept_or_counted(void **state)
{
    fixture *f = *state;
    const value values[] = {REAL(NAN), REAL(1), REAL(NAN)};
    for (size_t i = 0; i < 2; i++) {
        const mdm_type type = {.id = i == 0 ? MDM_TYPE_DOUBLE : MDM_TYPE_FLOAT};
        const uint64_t before = f->conn->nan_as_null;
        mdm_chunk *chunk = chunk_of(type, values, 3);
        suite_store(f->conn, i == 0 ? "d" : "f", chunk);
        mdm_chunk *found = suite_select(f->conn, i == 0 ? "SELECT v FROM d ORDER BY id"
                                                        : "SELECT v FROM f ORDER BY id");
        assert_int_equal(mdm_column_is_set(&found->columns[0], 0), suite->keeps_nan);
        assert_true(mdm_column_is_set(&found->columns[0], 1));
        assert_int_equal(f->conn->nan_as_null - before, suite->keeps_nan ? 0 : 2);
        if (suite->keeps_nan) assert_cell_equal(&chunk->columns[1], &found->columns[0], 2, "NaN");
        mdm_chunk_unref(chunk);
        mdm_chunk_unref(found);
    }
}

static void nul_bytes_within_text_are_kept_or_refused(void **state)
{
    mdm_error err = {0};
    fixture *f = *state;
    const value values[] = {BYTES("a"), BYTES("b\0c")};
    mdm_chunk *chunk = chunk_of((mdm_type){.id = MDM_TYPE_TEXT}, values, 2);
    const mdm_target target = {.table = "t", .create = true};
    mdm_stream stream;
    int64_t rows;
    suite_stream(chunk->schema, &chunk, 1, &stream);
    ok(f->backend->begin(f->conn, MDM_TXN_WRITE, &err));
    const mdm_status status = f->backend->bulk(f->conn, &target, &stream, &rows, &err);
    mdm_stream_close(&stream);
    if (suite->keeps_nul) {
        assert_int_equal(status, MDM_OK);
        ok(f->backend->commit(f->conn, &err));
        mdm_chunk *found = suite_select(f->conn, "SELECT * FROM t ORDER BY id");
        assert_chunks_equal(chunk, found, "NUL");
        mdm_chunk_unref(found);
    } else {
        assert_int_equal(status, MDM_FORMAT);
        assert_non_null(strstr(err.message, "'v'")); /* the column */
    }
    mdm_chunk_unref(chunk);
}

static void a_megabyte_of_text_comes_back_equal(void **state)
{
    fixture *f = *state;
    const size_t len = 1u << 20;
    char *text = malloc(len);
    for (size_t i = 0; i < len; i++)
        text[i] = (char)('a' + i % 26);
    const value values[] = {{.bytes = {text, len}}, {.bytes = {text, 1}}};
    mdm_chunk *chunk = chunk_of((mdm_type){.id = MDM_TYPE_TEXT}, values, 2);
    suite_store(f->conn, "t", chunk);
    mdm_chunk *found = suite_select(f->conn, "SELECT * FROM t ORDER BY id");
    assert_chunks_equal(chunk, found, "long text");
    mdm_chunk_unref(chunk);
    mdm_chunk_unref(found);
    free(text);
}

static void negative_zero_is_zero_at_least(void **state)
{
    fixture *f = *state;
    const value values[] = {REAL(-0.0)};
    mdm_chunk *chunk = chunk_of((mdm_type){.id = MDM_TYPE_DOUBLE}, values, 1);
    suite_store(f->conn, "t", chunk);
    mdm_chunk *found = suite_select(f->conn, "SELECT v FROM t");
    assert_true(((const double *)found->columns[0].values)[0] == 0.0);
    mdm_chunk_unref(chunk);
    mdm_chunk_unref(found);
}

int suite_types(void)
{
    const struct CMUnitTest tests[] = {
        SUITE_TEST(every_type_comes_back_equal_through_bulk),
        SUITE_TEST(the_type_of_an_empty_table_is_known),
        SUITE_TEST(every_type_comes_back_equal_through_a_placeholder),
        SUITE_TEST(nan_is_kept_or_counted),
        SUITE_TEST(nul_bytes_within_text_are_kept_or_refused),
        SUITE_TEST(a_megabyte_of_text_comes_back_equal),
        SUITE_TEST(negative_zero_is_zero_at_least),
    };
    return cmocka_run_group_tests_name("types", tests, NULL, NULL);
}
