/* Converting runs of cells. One loop, inlined once for each type with its own way to read a cell:
 * the reader gives value and class in one look, so that converting and checking cost little more
 * than parsing. */
#include <string.h>

#include "data/bits.h"
#include "data/days.h"
#include "data/type.h"
#include "data/typing_force.h"
#include "data/typing_format.h"
#include "data/typing_state.h"

#define INLINE static inline __attribute__((always_inline))

/* --- where values go ------------------------------------------------------------------ */

INLINE void put(void *values, size_t width, size_t row, const void *value)
{
    if (values) memcpy((char *)values + width * row, value, width);
}

static void put_null(mdm_typed *out, size_t width, size_t row)
{
    static const mdm_int128 zero;
    put(out->values, width, row, &zero);
    if (out->validity) mdm_bit_clear(out->validity, (int64_t)row);
    out->null_count++;
}

static void put_failed(mdm_typed *out, size_t width, size_t row, size_t count)
{
    if (out->failed) {
        if (out->failed_count == 0) memset(out->failed, 0, mdm_bits_bytes((int64_t)count));
        mdm_bit_set(out->failed, (int64_t)row);
    }
    out->failed_count++;
    put_null(out, width, row);
}

static void begin(mdm_typed *out, size_t count)
{
    out->null_count = out->failed_count = 0;
    if (out->validity) mdm_bits_fill(out->validity, (int64_t)count);
}

/* --- types that the cells decide --------------------------------------------------------- */

/* What a reader needs to know besides the text. */
typedef struct reading {
    const mdm_typing *typing;
    mdm_date_order order;
} reading;

/* Whole text a value of the type: value, and class; else false. */
typedef bool reader(const reading *how, mdm_str text, uint64_t alive, void *value, uint64_t *class);

INLINE bool read_bool(const reading *how, mdm_str text, uint64_t alive, void *value,
                      uint64_t *class)
{
    (void)how, (void)alive;
    *class = mdm_class_bool(text);
    *(uint8_t *)value = text.len == 4;
    return *class != 0;
}

INLINE bool read_int(const reading *how, mdm_str text, uint64_t alive, void *value, uint64_t *class)
{
    (void)how, (void)alive;
    int64_t whole;
    if (!mdm_scan_int(text.data, text.len, &whole)) return false;
    *class = mdm_class_int(whole);
    memcpy(value, &whole, sizeof whole);
    return true;
}

INLINE bool read_real(const reading *how, mdm_str text, uint64_t alive, void *value,
                      uint64_t *class)
{
    double real;
    *class = mdm_class_number(text, how->typing->decimal_comma, alive, &real);
    memcpy(value, &real, sizeof real);
    return *class != 0;
}

INLINE bool read_date(const reading *how, mdm_str text, uint64_t alive, void *value,
                      uint64_t *class)
{
    (void)alive;
    mdm_moment moment;
    *class = mdm_class_date(text, &moment);
    if (!(*class & CLASS_ORDER(how->order))) return false;
    int32_t days = (int32_t)mdm_moment_days(&moment, how->order);
    memcpy(value, &days, sizeof days);
    return true;
}

INLINE bool read_timestamp(const reading *how, mdm_str text, uint64_t alive, void *value,
                           uint64_t *class)
{
    (void)alive;
    mdm_moment moment;
    *class = mdm_class_date(text, &moment);
    if (!(*class & CLASS_ORDER(how->order))) return false;
    int64_t micros = mdm_moment_micros(&moment, how->order);
    memcpy(value, &micros, sizeof micros);
    return true;
}

INLINE bool read_clock(const reading *how, mdm_str text, uint64_t alive, void *value,
                       uint64_t *class)
{
    (void)how, (void)alive;
    mdm_moment moment;
    *class = mdm_class_date(text, &moment);
    memcpy(value, &moment.micros, sizeof moment.micros);
    return *class == CLASS_CLOCK;
}

/* JSON numbers; its other tokens go through see_and_read(). */
INLINE bool read_json_real(const reading *how, mdm_str text, uint64_t alive, void *value,
                           uint64_t *class)
{
    (void)how, (void)alive;
    double real;
    char first = text.len ? text.data[0] : '\0';
    if (first != '-' && (first < '0' || first > '9')) return false;
    *class = mdm_json_see(text).class;
    if (!(*class & CLASS_JSON_REAL) || !mdm_json_real(text, &real)) return false;
    memcpy(value, &real, sizeof real);
    return true;
}

/* A cell that is no value of the type: NULL by a word, or a surprise. */
static void take_other(const mdm_typing *t, mdm_str text, uint64_t alive, mdm_tally *tally)
{
    mdm_seen seen = mdm_typing_see(t, text, alive);
    tally->class &= seen.class;
    tally->null_words += seen.null_word;
}

INLINE mdm_tally convert_cells(const mdm_typing *t, const mdm_typed_column *column,
                               const mdm_cells *cells, size_t width, reader *read, mdm_typed *out)
{
    const reading how = {t, column->choice.order};
    const bool words_first = t->words.any_value;
    const uint64_t alive = atomic_load_explicit(&column->class, memory_order_relaxed);
    mdm_tally tally = {CLASS_ANY, 0};
    for (size_t r = 0; r < cells->count; r++) {
        if (!mdm_cells_have(cells, r)) {
            put_null(out, width, r);
            continue;
        }
        mdm_str text = mdm_cells_at(cells, r);
        uint64_t class;
        int64_t value;
        if ((words_first && mdm_words_have(&t->words, text)) ||
            !read(&how, text, alive & tally.class, &value, &class)) {
            take_other(t, text, alive & tally.class, &tally);
            put_null(out, width, r);
            continue;
        }
        tally.class &= class;
        put(out->values, width, r, &value);
    }
    return tally;
}

/* Quoted dates of JSON: without the quotes, and mostly without escapes. */
static bool read_json_string(const reading *how, mdm_str token, void *value, uint64_t *class,
                             reader *read)
{
    char room[48];
    if (token.len < 3 || token.data[0] != '"' || token.len > sizeof room) return false;
    mdm_str text = {token.data + 1, token.len - 2};
    if (memchr(token.data, '\\', token.len)) text = mdm_json_unescape(token, room);
    return read(how, text, CLASS_ANY, value, class);
}

INLINE bool read_json_date(const reading *how, mdm_str text, uint64_t alive, void *value,
                           uint64_t *class)
{
    (void)alive;
    return read_json_string(how, text, value, class, read_date);
}

INLINE bool read_json_timestamp(const reading *how, mdm_str text, uint64_t alive, void *value,
                                uint64_t *class)
{
    (void)alive;
    return read_json_string(how, text, value, class, read_timestamp);
}

INLINE bool read_json_clock(const reading *how, mdm_str text, uint64_t alive, void *value,
                            uint64_t *class)
{
    (void)alive;
    return read_json_string(how, text, value, class, read_clock);
}

INLINE bool read_json_int(const reading *how, mdm_str text, uint64_t alive, void *value,
                          uint64_t *class)
{
    if (!read_int(how, text, alive, value, class)) return false;
    *class = mdm_json_see(text).class;
    return true;
}

static mdm_tally convert_csv(const mdm_typing *t, const mdm_typed_column *c, const mdm_cells *cells,
                             mdm_typed *out)
{
    switch (c->choice.type.id) {
    case MDM_TYPE_BOOL: return convert_cells(t, c, cells, 1, read_bool, out);
    case MDM_TYPE_INT64: return convert_cells(t, c, cells, 8, read_int, out);
    case MDM_TYPE_DOUBLE: return convert_cells(t, c, cells, 8, read_real, out);
    case MDM_TYPE_DATE: return convert_cells(t, c, cells, 4, read_date, out);
    case MDM_TYPE_TIME: return convert_cells(t, c, cells, 8, read_clock, out);
    default: return convert_cells(t, c, cells, 8, read_timestamp, out);
    }
}

static mdm_tally convert_json(const mdm_typing *t, const mdm_typed_column *c,
                              const mdm_cells *cells, mdm_typed *out)
{
    switch (c->choice.type.id) {
    case MDM_TYPE_BOOL: return convert_cells(t, c, cells, 1, read_bool, out);
    case MDM_TYPE_INT64: return convert_cells(t, c, cells, 8, read_json_int, out);
    case MDM_TYPE_DOUBLE: return convert_cells(t, c, cells, 8, read_json_real, out);
    case MDM_TYPE_DATE: return convert_cells(t, c, cells, 4, read_json_date, out);
    case MDM_TYPE_TIME: return convert_cells(t, c, cells, 8, read_json_clock, out);
    default: return convert_cells(t, c, cells, 8, read_json_timestamp, out);
    }
}

/* --- text --------------------------------------------------------------------------------- */

static bool is_json_null(mdm_str token)
{
    return token.len == 4 && memcmp(token.data, "null", 4) == 0;
}

static void pass_text(const mdm_typing *t, const mdm_cells *cells, mdm_typed *out)
{
    if (!cells->validity && !t->json) return;
    for (size_t r = 0; r < cells->count; r++)
        if (!mdm_cells_have(cells, r) || (t->json && is_json_null(mdm_cells_at(cells, r))))
            put_null(out, 0, r);
}

/* How many of the cells of a column that looks like numbers are none, and why. Those that are a
 * value by themselves are not to blame. */
static void count_defects(mdm_typing *t, mdm_typed_column *c, const mdm_cells *cells)
{
    int64_t counted = 0, not_whole = 0, whole;
    unsigned reasons = 0;
    for (size_t r = 0; r < cells->count; r++) {
        if (!mdm_cells_have(cells, r)) continue;
        mdm_str text = mdm_cells_at(cells, r);
        if (text.len == 0 || mdm_words_have(&t->words, text)) continue;
        counted++;
        if (mdm_scan_int(text.data, text.len, &whole)) continue;
        not_whole += !mdm_force_int(text, t->decimal_comma, &whole);
        unsigned why = mdm_typing_see(t, text, CLASS_ANY).class ? 0 : mdm_typing_reasons(text);
        if (why) mdm_typing_remember(t, c, text, mdm_cells_row(cells, r));
        reasons |= why;
    }
    atomic_fetch_add(&c->counted, counted);
    atomic_fetch_add(&c->not_whole, not_whole);
    atomic_fetch_or(&c->reasons, reasons);
}

static mdm_tally convert_text(mdm_typing *t, mdm_typed_column *c, const mdm_cells *cells,
                              mdm_typed *out)
{
    mdm_tally tally = {CLASS_ANY, 0};
    pass_text(t, cells, out);
    if (c->wish != MDM_WISH_NONE) return tally;
    if (!t->json && mdm_typing_is_noteworthy(c)) count_defects(t, c, cells);
    if (mdm_class_is_open(atomic_load_explicit(&c->class, memory_order_relaxed)))
        tally = mdm_typing_look(t, c, cells);
    return tally;
}

/* --- forced types ---------------------------------------------------------------------------- */

/* A value of any fixed-size type. */
typedef union value {
    uint8_t truth;
    int8_t int8;
    int16_t int16;
    int32_t int32;
    int64_t int64;
    float real32;
    double real64;
    mdm_int128 decimal;
} value;

/* BOOL is a byte each. */
static size_t width_of(mdm_type_id id)
{
    return id == MDM_TYPE_BOOL ? 1 : mdm_type_bytes(id);
}

static bool narrow(mdm_type_id id, int64_t whole, value *out)
{
    switch (id) {
    case MDM_TYPE_INT8: return out->int8 = (int8_t)whole, whole == (int8_t)whole;
    case MDM_TYPE_INT16: return out->int16 = (int16_t)whole, whole == (int16_t)whole;
    case MDM_TYPE_INT32: return out->int32 = (int32_t)whole, whole == (int32_t)whole;
    default: return out->int64 = whole, true;
    }
}

/* Microseconds as the type has them; a DATE has no hours. */
static bool store_moment(mdm_type_id id, int64_t micros, value *out)
{
    if (id != MDM_TYPE_DATE) return out->int64 = micros, true;
    int64_t days = micros / MDM_MICROS_PER_DAY;
    out->int32 = (int32_t)days;
    return micros == days * MDM_MICROS_PER_DAY;
}

static void vote(mdm_typed_column *c, uint64_t class)
{
    for (int i = 0; i < MDM_ORDER_COUNT; i++)
        if (class & CLASS_ORDER(i))
            atomic_fetch_add_explicit(&c->votes[i], 1, memory_order_relaxed);
    if (class & CLASS_TIME_SOME) atomic_fetch_add_explicit(&c->with_time, 1, memory_order_relaxed);
    if ((class & CLASS_TIME_SOME) && (class & CLASS_ZONE_SOME))
        atomic_fetch_add_explicit(&c->with_zone, 1, memory_order_relaxed);
}

/* In the order that was chosen. A time without zone is none in a column of times with zone, and
 * the other way round. */
static bool read_any_date(mdm_typed_column *c, mdm_str text, value *out)
{
    mdm_moment moment;
    mdm_type_id id = c->choice.type.id;
    uint64_t class = mdm_scan_moment(mdm_str_trim(text), &moment);
    if (!(class & CLASS_ORDERS)) return false;
    vote(c, class);
    if (!(class & CLASS_ORDER(c->choice.order))) return false;
    if (class & CLASS_TIME_SOME) {
        bool zoned = class & CLASS_ZONE_SOME;
        if (id != MDM_TYPE_DATE && zoned != (id == MDM_TYPE_TIMESTAMPTZ)) return false;
    }
    return store_moment(id, mdm_moment_micros(&moment, c->choice.order), out);
}

/* An integer as long as all are; the class says so. */
static bool read_any_number(const mdm_typing *t, const mdm_typed_column *c, mdm_str text,
                            mdm_tally *tally, value *out)
{
    int64_t whole;
    bool is_whole = mdm_force_int(text, t->decimal_comma, &whole);
    if (is_whole && c->choice.type.id == MDM_TYPE_INT64) return out->int64 = whole, true;
    if (!mdm_force_real(text, t->decimal_comma, &out->real64)) return false;
    if (!is_whole) tally->class &= ~CLASS_INT;
    return true;
}

static bool read_type(const mdm_typing *t, mdm_type type, mdm_str text, value *out)
{
    int64_t whole;
    bool truth;
    switch (type.id) {
    case MDM_TYPE_BOOL:
        if (!mdm_force_bool(text, &truth)) return false;
        out->truth = truth;
        return true;
    case MDM_TYPE_FLOAT:
        if (!mdm_force_real(text, t->decimal_comma, &out->real64)) return false;
        out->real32 = (float)out->real64;
        return true;
    case MDM_TYPE_DOUBLE: return mdm_force_real(text, t->decimal_comma, &out->real64);
    case MDM_TYPE_DECIMAL: return mdm_force_decimal(text, t->decimal_comma, type, &out->decimal);
    case MDM_TYPE_TIME: return mdm_force_time(text, &out->int64);
    default: return mdm_force_int(text, t->decimal_comma, &whole) && narrow(type.id, whole, out);
    }
}

static bool read_forced(const mdm_typing *t, mdm_typed_column *c, mdm_str text, mdm_tally *tally,
                        value *out)
{
    int64_t micros;
    switch (c->wish) {
    case MDM_WISH_NUMBER: return read_any_number(t, c, text, tally, out);
    case MDM_WISH_DATE: return read_any_date(c, text, out);
    case MDM_WISH_FORMAT:
        return mdm_date_format_read(c->format, mdm_str_trim(text), &micros) &&
               store_moment(c->choice.type.id, micros, out);
    case MDM_WISH_TYPE:
    case MDM_WISH_NONE: break;
    }
    return read_type(t, c->wished, text, out);
}

/* The text of a token that could be a number or date: a long one cannot. */
static mdm_str text_of_token(mdm_str token, char *room, size_t size)
{
    if (is_json_null(token)) return (mdm_str){"", 0};
    if (token.len < 2 || token.data[0] != '"') return token;
    if (!memchr(token.data, '\\', token.len)) return (mdm_str){token.data + 1, token.len - 2};
    return token.len <= size ? mdm_json_unescape(token, room) : token;
}

static mdm_tally convert_forced(mdm_typing *t, mdm_typed_column *c, const mdm_cells *cells,
                                mdm_typed *out)
{
    size_t width = width_of(c->choice.type.id);
    mdm_tally tally = {CLASS_ANY, 0};
    for (size_t r = 0; r < cells->count; r++) {
        char room[256];
        mdm_str text = {"", 0};
        if (mdm_cells_have(cells, r)) text = mdm_cells_at(cells, r);
        if (t->json) text = text_of_token(text, room, sizeof room);
        bool word = !t->json && mdm_words_have(&t->words, text);
        tally.null_words += word;
        value v;
        if (word || text.len == 0) put_null(out, width, r);
        else if (!read_forced(t, c, text, &tally, &v)) put_failed(out, width, r, cells->count);
        else put(out->values, width, r, &v);
    }
    return tally;
}

/* --- all -------------------------------------------------------------------------------- */

void mdm_typing_convert(mdm_typing *t, size_t column, const mdm_cells *cells, mdm_typed *out)
{
    mdm_typed_column *c = &t->columns[column];
    mdm_tally tally;
    begin(out, cells->count);
    /* Before the first choice every column is TEXT, but wishes for dates and numbers want a look.
     */
    bool forced = c->wish != MDM_WISH_NONE && c->wished.id != MDM_TYPE_TEXT;
    if (forced) tally = convert_forced(t, c, cells, out);
    else if (c->choice.type.id == MDM_TYPE_TEXT) tally = convert_text(t, c, cells, out);
    else if (t->json) tally = convert_json(t, c, cells, out);
    else tally = convert_csv(t, c, cells, out);
    if (out->failed_count) atomic_fetch_add(&c->failed, out->failed_count);
    mdm_typing_merge(t, c, cells, &tally);
}
