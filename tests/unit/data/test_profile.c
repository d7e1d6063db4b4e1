#include "unit/data/rows.h"

#include <math.h>

#include "data/profile.h"

/* --- feeding a profile ---------------------------------------------------------------- */

/* A column as a list of doubles with holes; texts and integers are made from them. */
typedef struct data {
    mdm_type type;
    size_t count;
    double *values;
    bool *null;
} data;

static mdm_status append(mdm_builder *b, const data *d, size_t i)
{
    char text[64];
    if (d->null[i]) return mdm_builder_null(b, 0);
    double v = d->values[i];
    switch (d->type.id) {
    case MDM_TYPE_DOUBLE:
    case MDM_TYPE_FLOAT: return mdm_builder_real(b, 0, v);
    case MDM_TYPE_TEXT: {
        int len = snprintf(text, sizeof text, v < 0 ? "a longer text %.0f" : "t%.0f", fabs(v));
        return mdm_builder_bytes(b, 0, (mdm_str){text, (size_t)len});
    }
    case MDM_TYPE_DECIMAL: {
        int64_t whole = (int64_t)v;
        return mdm_builder_decimal(b, 0, (mdm_int128){(uint64_t)whole, whole < 0 ? -1 : 0});
    }
    default: return mdm_builder_int(b, 0, (int64_t)v);
    }
}

/* Rows [first, first + rows) in chunks of some size. */
static void feed(mdm_profile *profile, const mdm_schema *schema, const data *d, size_t first,
                 size_t rows, size_t chunk_rows)
{
    mdm_error err = {0};
    mdm_builder *b = NULL;
    must(mdm_builder_open(schema, (int64_t)chunk_rows, &b, &err), &err);
    for (size_t i = first; i < first + rows;) {
        size_t n = 0;
        for (; n < chunk_rows && i < first + rows; n++, i++)
            assert_int_equal(append(b, d, i), MDM_OK);
        mdm_chunk *chunk = NULL, *part = NULL;
        must(mdm_builder_finish(b, &chunk, &err), &err);
        if (chunk->rows > 20) { /* slices too: offsets that do not begin at 0, shifted bits */
            must(mdm_chunk_slice(chunk, 0, 13, &part, &err), &err);
            must(mdm_profile_add(profile, part, &err), &err);
            mdm_chunk_unref(part);
            must(mdm_chunk_slice(chunk, 13, chunk->rows - 13, &part, &err), &err);
            mdm_chunk_unref(chunk);
            chunk = part;
        }
        must(mdm_profile_add(profile, chunk, &err), &err);
        mdm_chunk_unref(chunk);
    }
    mdm_builder_close(b);
}

static mdm_schema *schema_for(mdm_type type)
{
    mdm_field fields[] = {{"c", type}};
    return schema_of(fields, 1);
}

static mdm_profile *open_profile(const mdm_schema *schema, size_t memory)
{
    mdm_error err = {0};
    mdm_profile *profile = NULL;
    mdm_profile_options options = {.memory_bytes = memory};
    must(mdm_profile_open(schema, &options, &profile, &err), &err);
    return profile;
}

static const mdm_column_profile *figures(mdm_profile *profile)
{
    mdm_error err = {0};
    const mdm_column_profile *out = NULL;
    must(mdm_profile_column(profile, 0, &out, &err), &err);
    return out;
}

static data data_new(mdm_type_id id, size_t count)
{
    mdm_type type = {id, id == MDM_TYPE_DECIMAL ? 18 : 0, id == MDM_TYPE_DECIMAL ? 2 : 0};
    return (data){type, count, calloc(count, sizeof(double)), calloc(count, sizeof(bool))};
}

static void data_free(data *d)
{
    free(d->values);
    free(d->null);
}

/* --- the same, exactly and slowly --------------------------------------------------------- */

static int order_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

typedef struct exact {
    size_t n, distinct, top_count;
    long double sum, mean, variance, skewness, kurtosis;
    double min, max;
} exact;

static exact exact_of(const data *d)
{
    exact e = {0};
    double scale = d->type.id == MDM_TYPE_DECIMAL ? 100 : 1;
    double *v = malloc((d->count + 1) * sizeof *v);
    for (size_t i = 0; i < d->count; i++)
        if (!d->null[i] && !isnan(d->values[i])) v[e.n++] = d->values[i];
    qsort(v, e.n, sizeof *v, order_doubles);
    long double n = e.n, m2 = 0, m3 = 0, m4 = 0;
    size_t run = 0;
    for (size_t i = 0; i < e.n; i++) {
        run = i && v[i] == v[i - 1] ? run + 1 : 1;
        e.distinct += run == 1;
        if (run > e.top_count) e.top_count = run;
        e.sum += v[i] / (long double)scale;
    }
    e.mean = e.sum / n;
    for (size_t i = 0; i < e.n; i++) {
        long double x = v[i] / (long double)scale - e.mean;
        m2 += x * x;
        m3 += x * x * x;
        m4 += x * x * x * x;
    }
    if (e.n && v[0] == v[e.n - 1]) m2 = 0; /* what is left is rounding */
    e.variance = m2 / (n - 1);
    if (m2 > 0) {
        e.skewness = sqrtl(n) * m3 / powl(m2, 1.5L) * sqrtl(n * (n - 1)) / (n - 2);
        e.kurtosis = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * (n * m4 / (m2 * m2) - 3) + 6);
    }
    if (e.n) e.min = v[0], e.max = v[e.n - 1];
    free(v);
    return e;
}

static void close_to(const char *what, double ours, long double theirs, double tolerance)
{
    if (!(fabsl(ours - theirs) <= tolerance * (1 + fabsl(theirs))))
        fail_msg("%s: %.17g, exactly %.17Lg", what, ours, theirs);
}

static double value_of(const mdm_column_profile *f, const mdm_profile_value *value)
{
    if (f->type.id == MDM_TYPE_DOUBLE) return value->real;
    if (f->type.id == MDM_TYPE_DECIMAL) return (double)(int64_t)value->decimal.low;
    return (double)value->integer;
}

static void check_numbers(const data *d, const mdm_column_profile *f)
{
    exact e = exact_of(d);
    assert_int_equal(f->rows, d->count);
    assert_int_equal(f->rows - f->nulls - f->nans, e.n);
    assert_int_equal(f->has_range, e.n > 0);
    if (e.n < 4) return;
    assert_true(value_of(f, &f->min) == e.min && value_of(f, &f->max) == e.max);
    close_to("sum", f->sum, e.sum, 1e-13);
    close_to("mean", f->mean, e.mean, 1e-13);
    close_to("variance", f->variance, e.variance, 1e-9);
    close_to("skewness", f->skewness, e.skewness, 1e-7);
    close_to("kurtosis", f->kurtosis, e.kurtosis, 1e-7);
    if (f->distinct_exact) assert_int_equal(f->distinct, e.distinct);
    else close_to("distinct", (double)f->distinct, e.distinct, 0.04);
    if (f->top_count) assert_int_equal(f->top[0].count, e.top_count);
}

/* --- tests ----------------------------------------------------------------------------------- */

enum { UNIFORM, FAR, HEAVY, FEW, CONSTANT, EMPTY, KINDS };

static double draw(int kind, uint64_t *seed)
{
    double u = (double)(next_random(seed) >> 11) * 0x1p-53;
    switch (kind) {
    case UNIFORM: return floor(u * 1e6) - 5e5;
    case FAR: return 1e12 + floor(u * 1e5);
    case HEAVY: return floor(1 / (u + 1e-7));
    case FEW: return floor(u * u * 300) - 20;
    default: return 42;
    }
}

static void figures_of_numbers_are_those_of_an_exact_computation(void **state)
{
    (void)state;
    static const mdm_type_id types[] = {MDM_TYPE_INT64, MDM_TYPE_DOUBLE, MDM_TYPE_DECIMAL};
    uint64_t seed = 16;
    for (size_t t = 0; t < COUNT(types); t++) {
        for (int kind = 0; kind < KINDS; kind++) {
            data d = data_new(types[t], 60000);
            mdm_schema *schema = schema_for(d.type);
            for (size_t i = 0; i < d.count; i++) {
                d.values[i] = draw(kind, &seed);
                d.null[i] = kind == EMPTY || next_random(&seed) % 9 == 0;
                if (types[t] == MDM_TYPE_DOUBLE && kind != EMPTY && i % 100 == 7)
                    d.values[i] = (double)NAN;
            }
            mdm_profile *profile = open_profile(schema, 0);
            feed(profile, schema, &d, 0, d.count, 2048);
            const mdm_column_profile *f = figures(profile);
            check_numbers(&d, f);
            if (kind == CONSTANT) {
                assert_true(f->variance == 0 && f->skewness == 0 && f->kurtosis == 0);
                assert_int_equal(f->distinct, 1);
            }
            assert_int_equal(f->unique, MDM_NO); /* NULLs, at least */
            if (types[t] == MDM_TYPE_INT64) assert_true(f->integral);
            mdm_profile_close(profile);
            mdm_schema_unref(schema);
            data_free(&d);
        }
    }
}

static void merged_profiles_are_the_profile_of_all_rows(void **state)
{
    (void)state;
    static const mdm_type_id types[] = {MDM_TYPE_INT64, MDM_TYPE_DOUBLE, MDM_TYPE_DECIMAL,
                                        MDM_TYPE_TEXT};
    uint64_t seed = 17;
    mdm_error err = {0};
    for (size_t t = 0; t < COUNT(types); t++) {
        for (int kind = 0; kind < KINDS; kind++) {
            data d = data_new(types[t], 50000);
            mdm_schema *schema = schema_for(d.type);
            for (size_t i = 0; i < d.count; i++) {
                d.values[i] = draw(kind, &seed);
                d.null[i] = kind == EMPTY || next_random(&seed) % 50 == 0;
            }
            mdm_profile *all = open_profile(schema, 0), *parts = open_profile(schema, 0);
            feed(all, schema, &d, 0, d.count, 2048);
            for (size_t at = 0; at < d.count; at += 10000) {
                mdm_profile *part = open_profile(schema, 0);
                feed(part, schema, &d, at, 10000, 777);
                must(mdm_profile_merge(parts, part, &err), &err);
                mdm_profile_close(part);
            }
            const mdm_column_profile *a = figures(all), *b = figures(parts);
            assert_int_equal(mdm_profile_rows(parts), 50000);
            assert_int_equal(a->nulls, b->nulls);
            assert_int_equal(a->zeros, b->zeros);
            assert_int_equal(a->negatives, b->negatives);
            assert_int_equal(a->distinct_exact, b->distinct_exact);
            assert_int_equal(a->distinct, b->distinct);
            assert_int_equal(a->min_length, b->min_length);
            assert_int_equal(a->max_length, b->max_length);
            assert_int_equal(a->bytes, b->bytes);
            assert_int_equal(a->sample_count, b->sample_count);
            assert_int_equal(a->top_count, b->top_count);
            for (size_t i = 0; i < a->top_count; i++)
                assert_int_equal(a->top[i].count, b->top[i].count);
            char one[300], two[300];
            for (size_t i = 0; i < a->sample_count; i++) {
                mdm_str x = mdm_profile_text(a->type, &a->sample[i], one, sizeof one);
                mdm_str y = mdm_profile_text(a->type, &b->sample[i], two, sizeof two);
                assert_true(mdm_str_equal(x, y));
            }
            if (types[t] == MDM_TYPE_TEXT) {
                assert_true(mdm_str_equal(a->min.bytes, b->min.bytes));
                assert_true(mdm_str_equal(a->max.bytes, b->max.bytes));
                assert_true(isnan(a->mean) && isnan(b->mean));
            } else {
                check_numbers(&d, b);
            }
            mdm_profile_close(all);
            mdm_profile_close(parts);
            mdm_schema_unref(schema);
            data_free(&d);
        }
    }
}

static void many_distinct_values_are_estimated_and_a_sequence_is_still_exact(void **state)
{
    (void)state;
    static const mdm_type_id types[] = {MDM_TYPE_INT64, MDM_TYPE_DOUBLE, MDM_TYPE_TEXT,
                                        MDM_TYPE_TIMESTAMP};
    for (size_t t = 0; t < COUNT(types); t++) {
        for (int order = 0; order < 3; order++) { /* rising, falling, mixed */
            data d = data_new(types[t], 100000);
            mdm_schema *schema = schema_for(d.type);
            for (size_t i = 0; i < d.count; i++) {
                size_t at = order == 2 ? i * 7919 % d.count : order ? d.count - i : i;
                d.values[i] = (double)at + 1000000; /* of equal length: as text in order, too */
            }
            mdm_profile *profile = open_profile(schema, 0);
            feed(profile, schema, &d, 0, d.count, 5000);
            const mdm_column_profile *f = figures(profile);
            assert_int_equal(f->increasing, order == 0);
            assert_int_equal(f->decreasing, order == 1);
            assert_int_equal(f->distinct_exact, order != 2);
            assert_int_equal(f->unique, order == 2 ? MDM_UNKNOWN : MDM_YES);
            if (order != 2) assert_int_equal(f->distinct, 100000);
            else close_to("distinct", (double)f->distinct, 100000, 0.04);
            assert_int_equal(f->top_count, 0);
            assert_int_equal(f->sample_count, 5);
            mdm_profile_close(profile);
            mdm_schema_unref(schema);
            data_free(&d);
        }
    }
}

static void up_to_the_limit_distinct_values_are_exact(void **state)
{
    (void)state;
    for (int extra = 0; extra < 2; extra++) {
        data d = data_new(MDM_TYPE_INT64, 2 * MDM_PROFILE_DISTINCT + 2);
        mdm_schema *schema = schema_for(d.type);
        size_t distinct = (size_t)MDM_PROFILE_DISTINCT + (size_t)extra;
        for (size_t i = 0; i < d.count; i++)
            d.values[i] = (double)(i % distinct);
        mdm_profile *profile = open_profile(schema, 0);
        feed(profile, schema, &d, 0, d.count, 2048);
        const mdm_column_profile *f = figures(profile);
        assert_int_equal(f->distinct_exact, !extra);
        if (!extra) assert_int_equal(f->distinct, MDM_PROFILE_DISTINCT);
        assert_int_equal(f->unique, MDM_NO);
        mdm_profile_close(profile);
        mdm_schema_unref(schema);
        data_free(&d);
    }
}

static void a_value_that_came_twice_is_remembered_when_counting_ends(void **state)
{
    (void)state;
    data d = data_new(MDM_TYPE_INT64, 100000);
    mdm_schema *schema = schema_for(d.type);
    for (size_t i = 0; i < d.count; i++)
        d.values[i] = (double)((i * 7919) % d.count);
    d.values[10] = d.values[3];
    mdm_profile *profile = open_profile(schema, 0);
    feed(profile, schema, &d, 0, d.count, 2048);
    assert_false(figures(profile)->distinct_exact);
    assert_int_equal(figures(profile)->unique, MDM_NO);
    mdm_profile_close(profile);
    mdm_schema_unref(schema);
    data_free(&d);
}

static void a_small_budget_means_fewer_exact_counts_not_more_memory(void **state)
{
    (void)state;
    data d = data_new(MDM_TYPE_TEXT, 20000);
    mdm_schema *schema = schema_for(d.type);
    for (size_t i = 0; i < d.count; i++)
        d.values[i] = -(double)(i * 7919 % d.count) - 1;
    mdm_profile *profile = open_profile(schema, 50000);
    feed(profile, schema, &d, 0, d.count, 2048);
    const mdm_column_profile *f = figures(profile);
    assert_false(f->distinct_exact);
    close_to("distinct", (double)f->distinct, 20000, 0.04);
    assert_memory_equal(f->min.bytes.data, "a longer text 1", f->min.bytes.len);
    assert_memory_equal(f->max.bytes.data, "a longer text 9999", f->max.bytes.len);
    assert_int_equal(f->max.bytes.len, 18);
    mdm_profile_close(profile);
    mdm_schema_unref(schema);
    data_free(&d);
}

static void texts_have_lengths_in_characters_and_a_range_by_bytes(void **state)
{
    (void)state;
    static const char *const texts[] = {"b", "", "\xc3\xa9t\xc3\xa9", "a", "b", "zebra crossing",
                                        "b"};
    mdm_error err = {0};
    mdm_schema *schema = schema_for((mdm_type){MDM_TYPE_TEXT, 0, 0});
    mdm_builder *b = NULL;
    mdm_chunk *chunk = NULL;
    must(mdm_builder_open(schema, 10, &b, &err), &err);
    for (size_t i = 0; i < COUNT(texts); i++)
        assert_int_equal(mdm_builder_bytes(b, 0, mdm_str_from(texts[i])), MDM_OK);
    assert_int_equal(mdm_builder_null(b, 0), MDM_OK);
    must(mdm_builder_finish(b, &chunk, &err), &err);
    mdm_profile *profile = open_profile(schema, 0);
    must(mdm_profile_add(profile, chunk, &err), &err);
    const mdm_column_profile *f = figures(profile);
    assert_int_equal(f->min_length, 0);
    assert_int_equal(f->max_length, 14);
    assert_true(f->mean_length == 21.0 / 7);
    assert_int_equal(f->bytes, 23);
    assert_int_equal(f->distinct, 5);
    assert_int_equal(f->min.bytes.len, 0);
    assert_memory_equal(f->max.bytes.data, "\xc3\xa9t\xc3\xa9", 5);
    assert_int_equal(f->top_count, 5);
    assert_memory_equal(f->top[0].value.bytes.data, "b", 1);
    assert_int_equal(f->top[0].count, 3);
    assert_int_equal(f->top[1].value.bytes.len, 0); /* ties by value */
    assert_memory_equal(f->top[3].value.bytes.data, "zebra crossing", 14);
    assert_int_equal(f->sample_count, 5);
    assert_memory_equal(f->sample[2].bytes.data, "\xc3\xa9t\xc3\xa9", 5);
    assert_false(f->increasing || f->decreasing);
    mdm_profile_close(profile);
    mdm_chunk_unref(chunk);
    mdm_builder_close(b);
    mdm_schema_unref(schema);
}

static void long_texts_are_kept_up_to_the_end_of_a_character(void **state)
{
    (void)state;
    char text[600];
    memset(text, 'x', sizeof text);
    memcpy(text + 255, "\xc3\xa9", 2);
    mdm_error err = {0};
    mdm_schema *schema = schema_for((mdm_type){MDM_TYPE_TEXT, 0, 0});
    mdm_builder *b = NULL;
    mdm_chunk *chunk = NULL;
    must(mdm_builder_open(schema, 10, &b, &err), &err);
    assert_int_equal(mdm_builder_bytes(b, 0, (mdm_str){text, sizeof text}), MDM_OK);
    must(mdm_builder_finish(b, &chunk, &err), &err);
    mdm_profile *profile = open_profile(schema, 0);
    must(mdm_profile_add(profile, chunk, &err), &err);
    const mdm_column_profile *f = figures(profile);
    assert_int_equal(f->max.bytes.len, 255);
    assert_int_equal(f->top[0].value.bytes.len, 255);
    assert_int_equal(f->max_length, 599);
    mdm_profile_close(profile);
    mdm_chunk_unref(chunk);
    mdm_builder_close(b);
    mdm_schema_unref(schema);
}

static void large_integers_are_exact(void **state)
{
    (void)state;
    static const int64_t values[] = {INT64_MAX, INT64_MAX, INT64_MAX - 1, INT64_MIN, 0};
    mdm_error err = {0};
    mdm_schema *schema = schema_for((mdm_type){MDM_TYPE_INT64, 0, 0});
    mdm_column column = {.type = {MDM_TYPE_INT64, 0, 0}, .values = values};
    mdm_chunk *chunk = NULL;
    must(mdm_chunk_wrap(schema, 3, &column, 0, NULL, NULL, &chunk, &err), &err);
    mdm_profile *profile = open_profile(schema, 0);
    must(mdm_profile_add(profile, chunk, &err), &err);
    const mdm_column_profile *f = figures(profile);
    assert_true(f->max.integer == INT64_MAX && f->min.integer == INT64_MAX - 1);
    assert_int_equal(f->distinct, 2);
    assert_true(f->whole_sum.high == 1 && f->whole_sum.low == UINT64_C(0x7ffffffffffffffc));
    mdm_profile_close(profile);
    mdm_chunk_unref(chunk);
    mdm_schema_unref(schema);
}

static void zeros_negatives_infinities_and_fractions_are_counted(void **state)
{
    (void)state;
    const double infinity = (double)(1.0f / 0.0f);
    data d = data_new(MDM_TYPE_DOUBLE, 7);
    static const double values[] = {0, -0.0, -1, 2.5, 3};
    memcpy(d.values, values, sizeof values);
    d.values[5] = (double)NAN;
    d.null[6] = true;
    mdm_schema *schema = schema_for(d.type);
    mdm_profile *profile = open_profile(schema, 0);
    feed(profile, schema, &d, 0, 5, 10);
    const mdm_column_profile *f = figures(profile);
    assert_int_equal(f->zeros, 2);
    assert_int_equal(f->negatives, 1);
    assert_int_equal(f->distinct, 4); /* 0 and -0 are one */
    assert_false(f->integral);
    feed(profile, schema, &d, 5, 2, 10);
    f = figures(profile);
    assert_int_equal(f->nans, 1);
    assert_int_equal(f->nulls, 1);
    assert_int_equal(f->distinct, 4);
    assert_true(f->mean == 0.9);
    d.values[0] = infinity;
    d.values[1] = -infinity;
    feed(profile, schema, &d, 0, 2, 10);
    f = figures(profile);
    assert_int_equal(f->infinities, 2);
    assert_true(f->max.real == infinity && f->min.real == -infinity);
    assert_true(isnan(f->mean) && isnan(f->sum) && isnan(f->std) && isnan(f->skewness));
    mdm_profile_close(profile);
    mdm_schema_unref(schema);
    data_free(&d);
}

static void whole_doubles_are_integral(void **state)
{
    (void)state;
    data d = data_new(MDM_TYPE_DOUBLE, 2);
    d.values[1] = 1e300;
    mdm_schema *schema = schema_for(d.type);
    mdm_profile *profile = open_profile(schema, 0);
    assert_true(figures(profile)->integral);
    feed(profile, schema, &d, 0, 2, 10);
    assert_true(figures(profile)->integral);
    mdm_profile_close(profile);
    mdm_schema_unref(schema);
    data_free(&d);
}

static void every_type_has_a_profile(void **state)
{
    (void)state;
    char room[MDM_CELL_TEXT];
    for (mdm_type_id id = MDM_TYPE_BOOL; id < MDM_TYPE_COUNT; id++) {
        data d = data_new(id == MDM_TYPE_BLOB ? MDM_TYPE_TEXT : id, 100);
        mdm_schema *schema = schema_for(d.type);
        for (size_t i = 0; i < 100; i++)
            d.values[i] = id == MDM_TYPE_BOOL ? (double)(i % 2) : (double)(i % 10);
        mdm_profile *profile = open_profile(schema, 0);
        feed(profile, schema, &d, 0, 100, 64);
        const mdm_column_profile *f = figures(profile);
        assert_int_equal(f->distinct, id == MDM_TYPE_BOOL ? 2 : 10);
        assert_int_equal(f->top[0].count, id == MDM_TYPE_BOOL ? 50 : 10);
        mdm_str text = mdm_profile_text(f->type, &f->min, room, sizeof room);
        assert_true(text.len > 0);
        if (id == MDM_TYPE_DATE) assert_memory_equal(text.data, "1970-01-01", 10);
        if (id == MDM_TYPE_BOOL) assert_memory_equal(text.data, "false", 5);
        if (id == MDM_TYPE_DECIMAL) assert_memory_equal(text.data, "0.00", 4);
        bool number = id <= MDM_TYPE_DECIMAL;
        assert_int_equal(isnan(f->mean), !number);
        mdm_profile_close(profile);
        mdm_schema_unref(schema);
        data_free(&d);
    }
}

static void no_rows_give_no_figures(void **state)
{
    (void)state;
    mdm_schema *schema = schema_for((mdm_type){MDM_TYPE_INT64, 0, 0});
    mdm_profile *profile = open_profile(schema, 0);
    const mdm_column_profile *f = figures(profile);
    assert_int_equal(f->rows, 0);
    assert_false(f->has_range);
    assert_true(isnan(f->mean) && isnan(f->std));
    assert_true(f->sum == 0);
    assert_int_equal(f->distinct, 0);
    assert_false(f->increasing || f->decreasing);
    assert_int_equal(f->top_count, 0);
    mdm_profile_close(profile);
    mdm_profile_close(NULL);
    mdm_schema_unref(schema);
}

static void rows_of_another_schema_are_refused(void **state)
{
    (void)state;
    mdm_error err = {0};
    mdm_schema *a = schema_for((mdm_type){MDM_TYPE_INT64, 0, 0});
    mdm_schema *b = schema_for((mdm_type){MDM_TYPE_INT32, 0, 0});
    mdm_profile *p = open_profile(a, 0), *q = open_profile(b, 0);
    assert_int_equal(mdm_profile_merge(p, q, &err), MDM_INVALID);
    assert_string_equal(err.message, "profiles of different schemas");
    mdm_chunk *chunk = NULL;
    must(mdm_chunk_wrap(b, 0, &(mdm_column){.type = {MDM_TYPE_INT32, 0, 0}}, 0, NULL, NULL, &chunk,
                        &err),
         &err);
    assert_int_equal(mdm_profile_add(p, chunk, &err), MDM_INVALID);
    mdm_chunk_unref(chunk);
    mdm_profile_close(p);
    mdm_profile_close(q);
    mdm_schema_unref(a);
    mdm_schema_unref(b);
}

static mdm_status profile_all(void *argument, mdm_error *err)
{
    mdm_chunk *chunk = argument;
    mdm_profile *p = NULL, *q = NULL;
    const mdm_column_profile *f;
    mdm_profile_options options = {.memory_bytes = 20000};
    mdm_status status = mdm_profile_open(chunk->schema, &options, &p, err);
    if (status == MDM_OK) status = mdm_profile_open(chunk->schema, NULL, &q, err);
    if (status == MDM_OK) status = mdm_profile_add(p, chunk, err);
    if (status == MDM_OK) status = mdm_profile_add(q, chunk, err);
    if (status == MDM_OK) status = mdm_profile_merge(q, p, err);
    for (size_t i = 0; status == MDM_OK && i < 2; i++)
        status = mdm_profile_column(q, i, &f, err);
    mdm_profile_close(p);
    mdm_profile_close(q);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    mdm_error err = {0};
    mdm_field fields[] = {field("n", MDM_TYPE_INT64), field("t", MDM_TYPE_TEXT)};
    mdm_schema *schema = schema_of(fields, 2);
    mdm_builder *b = NULL;
    mdm_chunk *chunk = NULL;
    must(mdm_builder_open(schema, 2000, &b, &err), &err);
    for (int64_t i = 0; i < 2000; i++) {
        char text[32];
        mdm_str bytes = {text, (size_t)snprintf(text, sizeof text, "a long text %d", (int)i)};
        assert_int_equal(mdm_builder_int(b, 0, i * 7919 % 2000) | mdm_builder_bytes(b, 1, bytes),
                         MDM_OK);
    }
    must(mdm_builder_finish(b, &chunk, &err), &err);
    test_walk_allocations(profile_all, chunk, 20);
    mdm_chunk_unref(chunk);
    mdm_builder_close(b);
    mdm_schema_unref(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_of_numbers_are_those_of_an_exact_computation),
        cmocka_unit_test(merged_profiles_are_the_profile_of_all_rows),
        cmocka_unit_test(many_distinct_values_are_estimated_and_a_sequence_is_still_exact),
        cmocka_unit_test(up_to_the_limit_distinct_values_are_exact),
        cmocka_unit_test(a_value_that_came_twice_is_remembered_when_counting_ends),
        cmocka_unit_test(a_small_budget_means_fewer_exact_counts_not_more_memory),
        cmocka_unit_test(texts_have_lengths_in_characters_and_a_range_by_bytes),
        cmocka_unit_test(long_texts_are_kept_up_to_the_end_of_a_character),
        cmocka_unit_test(large_integers_are_exact),
        cmocka_unit_test(zeros_negatives_infinities_and_fractions_are_counted),
        cmocka_unit_test(whole_doubles_are_integral),
        cmocka_unit_test(every_type_has_a_profile),
        cmocka_unit_test(no_rows_give_no_figures),
        cmocka_unit_test(rows_of_another_schema_are_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
