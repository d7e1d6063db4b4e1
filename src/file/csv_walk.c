/* The window holds text, the index says where fields end in it; a record is a run of the index. A
 * bad record is, whatever its quotes meant to hold, one line: behind it the walk begins anew. */
#include "file/csv_walk.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

#ifndef MDM_CSV_ENDS
#define MDM_CSV_ENDS 16384u /* fields indexed at a time; more than MDM_CSV_BLOCK */
#endif

typedef struct csv_record {
    size_t begin, end;    /* in the window, without the line's end */
    const uint32_t *ends; /* of its fields */
    size_t fields;
} csv_record;

typedef enum found {
    FOUND_RECORD,
    FOUND_MORE, /* the window has no further record in whole */
    FOUND_BAD,
    FOUND_END
} found;

static mdm_window *window_of(mdm_csv_walk *walk)
{
    return &walk->base.window;
}

static mdm_str text_of(const mdm_csv_walk *walk)
{
    return (mdm_str){walk->base.window.data, walk->base.window.len};
}

/* --- finding records ------------------------------------------------------------------ */

/* Drop what belongs to records that were taken. */
static void forget_passed(mdm_csv_walk *walk)
{
    mdm_csv_index *index = &walk->index;
    index->count -= walk->first;
    memmove(index->ends, index->ends + walk->first, index->count * sizeof *index->ends);
    index->record_count -= walk->next;
    for (size_t i = 0; i < index->record_count; i++)
        index->records[i] = index->records[walk->next + i] - (uint32_t)walk->first;
    walk->first = walk->next = 0;
}

static uint32_t *new_room(size_t size)
{
    return mdm_alloc(2 * size * sizeof(uint32_t));
}

static mdm_status make_room(mdm_csv_walk *walk, mdm_error *err)
{
    mdm_csv_index *index = &walk->index;
    if (index->size - index->count > MDM_CSV_BLOCK) return MDM_OK;
    if (walk->first > 0) forget_passed(walk);
    if (index->size - index->count > MDM_CSV_BLOCK) return MDM_OK;
    const size_t size = 2 * index->size;
    uint32_t *room = new_room(size);
    if (!room) return mdm_no_memory(err, "an index of fields");
    memcpy(room, index->ends, index->count * sizeof *room);
    memcpy(room + size, index->records, index->record_count * sizeof *room);
    mdm_free(index->ends);
    index->ends = room;
    index->records = room + size;
    index->size = size;
    return MDM_OK;
}

static bool is_too_wide(const mdm_csv_walk *walk)
{
    return walk->index.count - walk->first > MDM_COLUMNS_MAX + MDM_CSV_BLOCK;
}

static bool is_too_long(const mdm_csv_walk *walk)
{
    return mdm_window_is_full(&walk->base.window, walk->at);
}

static inline void take_record(mdm_csv_walk *walk, csv_record *out)
{
    const mdm_csv_index *index = &walk->index;
    const size_t behind = index->records[walk->next++];
    const size_t end = index->ends[behind - 1];
    *out = (csv_record){
        .begin = walk->at,
        .end = end,
        .ends = index->ends + walk->first,
        .fields = behind - walk->first,
    };
    const bool returned = index->returns && index->dialect.newline == '\n' && end > walk->at &&
                          walk->base.window.data[end - 1] == '\r';
    out->end -= returned;
    walk->returned += returned;
    walk->lines += end < walk->base.window.len;
    walk->first = behind;
    walk->at = end + 1;
}

/* A text without a newline at its end has its last record end there. */
static found end_of_text(mdm_csv_walk *walk)
{
    mdm_csv_index *index = &walk->index;
    const size_t len = walk->base.window.len;
    if (walk->at >= len) return FOUND_END;
    if (index->in_quotes) return FOUND_BAD;
    mdm_csv_index_end(index, len);
    return FOUND_RECORD;
}

/* The next record that lies in the window; nothing moves. */
static inline mdm_status find_record(mdm_csv_walk *walk, csv_record *out, found *what,
                                     mdm_error *err)
{
    mdm_csv_index *index = &walk->index;
    const mdm_window *w = &walk->base.window;
    for (*what = FOUND_RECORD; walk->next == index->record_count;) {
        const size_t scanned = index->scanned;
        *what = index->bad != SIZE_MAX || is_too_wide(walk) || is_too_long(walk) ? FOUND_BAD
                                                                                 : FOUND_RECORD;
        if (*what == FOUND_BAD) return MDM_OK;
        MDM_TRY(make_room(walk, err));
        /* What is not checked yet may be half a character. */
        mdm_csv_index_scan(index, text_of(walk), w->ended);
        if (index->scanned > scanned || index->bad != SIZE_MAX) continue;
        *what = w->ended ? end_of_text(walk) : FOUND_MORE;
        if (*what != FOUND_RECORD) return MDM_OK;
    }
    take_record(walk, out);
    return MDM_OK;
}

/* --- moving on --------------------------------------------------------------------------- */

static mdm_status more_text(mdm_csv_walk *walk, mdm_error *err)
{
    mdm_csv_index *index = &walk->index;
    const size_t keep = walk->at;
    forget_passed(walk);
    MDM_TRY(mdm_window_more(window_of(walk), keep, err));
    for (size_t i = 0; i < index->count; i++)
        index->ends[i] -= (uint32_t)keep;
    index->scanned -= keep;
    if (index->bad != SIZE_MAX) index->bad -= keep;
    walk->at = 0;
    return MDM_OK;
}

/* Where the line that begins at walk->at ends. */
static mdm_status find_line_end(mdm_csv_walk *walk, size_t *out, mdm_error *err)
{
    mdm_window *w = window_of(walk);
    for (size_t seen = 0;;) {
        const char *from = w->data + walk->at + seen;
        const char *end = memchr(from, w->newline, w->len - walk->at - seen);
        if (end || w->ended || is_too_long(walk)) {
            *out = end ? (size_t)(end - w->data) : w->len;
            return MDM_OK;
        }
        seen = w->len - walk->at;
        MDM_TRY(more_text(walk, err));
    }
}

/* Where the last field of the record that is not whole begins. */
static size_t open_field(const mdm_csv_walk *walk)
{
    const mdm_csv_index *index = &walk->index;
    return index->count > walk->first ? index->ends[index->count - 1] + 1 : walk->at;
}

static size_t describe_fault(const mdm_csv_walk *walk, const char **reason)
{
    static const char *const words[] = {
        [MDM_CSV_QUOTE_INSIDE] = "a quote inside a field that does not begin with one",
        [MDM_CSV_AFTER_QUOTE] = "text behind a closing quote",
        [MDM_CSV_STRAY_RETURN] = "a carriage return or line feed that ends no line",
    };
    const mdm_csv_index *index = &walk->index;
    if (index->bad != SIZE_MAX) {
        *reason = words[index->fault];
        return index->bad -
               (index->fault == MDM_CSV_STRAY_RETURN && index->dialect.newline == '\n');
    }
    *reason = index->in_quotes ? "a quote that is never closed" : "a record without an end";
    if (is_too_long(walk)) *reason = "a record of more than 256 MB";
    if (is_too_wide(walk)) *reason = "more than 65535 fields";
    return open_field(walk);
}

static mdm_status refuse_line(mdm_csv_walk *walk, mdm_error *err)
{
    mdm_window *w = window_of(walk);
    const char *reason;
    const size_t place = describe_fault(walk, &reason) - walk->at;
    size_t end;
    MDM_TRY(find_line_end(walk, &end, err));
    const mdm_str line = {w->data + walk->at, end - walk->at};
    walk->base.records++;
    MDM_TRY(mdm_walk_refuse(&walk->base, line.data + place, NULL, line, reason, err));
    if (end == w->len && !w->ended) {
        MDM_TRY(
            mdm_window_skip_line(w, err)); /* what is left of it must not be taken for a record */
        end = 0;
    }
    walk->at = end < w->len ? end + 1 : end;
    if (w->bad != SIZE_MAX && w->bad < walk->at) mdm_window_check_from(w, walk->at);
    mdm_csv_index_begin(&walk->index, walk->at);
    walk->first = walk->next = 0;
    return MDM_OK;
}

/* The next record; *what is FOUND_RECORD or FOUND_END. may_move false: also FOUND_MORE. */
static inline mdm_status next_record(mdm_csv_walk *walk, bool may_move, csv_record *out,
                                     found *what, mdm_error *err)
{
    for (;;) {
        MDM_TRY(find_record(walk, out, what, err));
        if (*what == FOUND_RECORD || *what == FOUND_END) return MDM_OK;
        if (!may_move) {
            *what = FOUND_MORE;
            return MDM_OK;
        }
        MDM_TRY(*what == FOUND_BAD ? refuse_line(walk, err) : more_text(walk, err));
    }
}

/* --- judging records ------------------------------------------------------------------------ */

static mdm_str record_text(const mdm_csv_walk *walk, const csv_record *r)
{
    return (mdm_str){walk->base.window.data + r->begin, r->end - r->begin};
}

static mdm_status refuse_width(mdm_csv_walk *walk, const csv_record *r, mdm_error *err)
{
    char reason[64];
    snprintf(reason, sizeof reason, "%zu field%s, expected %zu", r->fields,
             r->fields == 1 ? "" : "s", walk->columns);
    const mdm_str text = record_text(walk, r);
    return mdm_walk_refuse(&walk->base, text.data, NULL, text, reason, err);
}

/* Is it a row? Otherwise it has been dealt with. */
static inline mdm_status judge(mdm_csv_walk *walk, const csv_record *r, bool *is_row,
                               mdm_error *err)
{
    *is_row = true;
    if (__builtin_expect(r->fields == walk->columns && walk->base.window.bad >= r->end, 1)) {
        /* With one column an empty line is a row, as one without a value is written. */
        walk->base.records++;
        return MDM_OK;
    }
    *is_row = false;
    if (r->begin == r->end) {
        walk->base.empty_lines++;
        return MDM_OK;
    }
    walk->base.records++;
    if (walk->base.window.bad < r->end)
        return mdm_walk_refuse_bytes(&walk->base, record_text(walk, r), err);
    return refuse_width(walk, r, err);
}

/* Step over records of the index as long as nothing is to be said of them. */
static void skip_sound(mdm_csv_walk *walk)
{
    const mdm_csv_index *index = &walk->index;
    if (walk->base.window.bad != SIZE_MAX || index->returns) return;
    const size_t from = walk->next;
    size_t next = from, first = walk->first;
    while (next < index->record_count && index->records[next] - first == walk->columns)
        first = index->records[next++];
    if (next == from) return;
    walk->base.records += (int64_t)(next - from);
    walk->lines += (int64_t)(next - from);
    walk->next = next;
    walk->first = first;
    walk->at = index->ends[first - 1] + 1;
}

mdm_status mdm_csv_walk_check(mdm_csv_walk *walk, mdm_error *err)
{
    for (;;) {
        csv_record r;
        found what;
        bool is_row;
        skip_sound(walk);
        MDM_TRY(next_record(walk, true, &r, &what, err));
        if (what == FOUND_END) return MDM_OK;
        MDM_TRY(judge(walk, &r, &is_row, err));
    }
}

/* --- cells ----------------------------------------------------------------------------------- */

/* Turn doubled quotes into one each, in place; the room that is won is filled with quotes. */
static size_t undouble(char *text, size_t len, char quote)
{
    size_t out = 0;
    for (size_t in = 0; in < len; in++) {
        text[out++] = text[in];
        in += text[in] == quote;
    }
    memset(text + out, quote, len - out);
    return out;
}

static inline void set_cell(mdm_batch *batch, size_t column, char *text, size_t len, char quote)
{
    if (len == 0) {
        mdm_batch_set_null(batch, column);
    } else if (quote && *text == quote) {
        text++;
        len -= 2;
        if (memchr(text, quote, len)) len = undouble(text, len, quote);
        mdm_batch_set(batch, column, text, len);
    } else {
        mdm_batch_set(batch, column, text, len);
    }
}

static void set_row(mdm_csv_walk *walk, const csv_record *r, mdm_batch *batch)
{
    char *data = walk->base.window.data;
    const char quote = walk->index.dialect.quote;
    size_t begin = r->begin;
    for (size_t c = 0; c + 1 < r->fields; c++) {
        const size_t end = r->ends[c];
        set_cell(batch, c, data + begin, end - begin, quote);
        begin = end + 1;
    }
    set_cell(batch, r->fields - 1, data + begin, r->end - begin, quote);
    batch->rows++;
}

mdm_status mdm_csv_walk_next(mdm_csv_walk *walk, mdm_batch *batch, mdm_error *err)
{
    const int64_t first_row = walk->base.records + 1;
    mdm_batch_begin(batch);
    while (batch->rows < batch->size) {
        csv_record r;
        found what;
        bool is_row;
        MDM_TRY(next_record(walk, batch->rows == 0, &r, &what, err));
        if (what != FOUND_RECORD) break;
        MDM_TRY(judge(walk, &r, &is_row, err));
        if (is_row) set_row(walk, &r, batch);
    }
    mdm_batch_end(batch, first_row);
    return MDM_OK;
}

/* --- the header ------------------------------------------------------------------------------ */

/* The first record that is not an empty line. */
static mdm_status first_record(mdm_csv_walk *walk, csv_record *r, mdm_error *err)
{
    found what;
    walk->base.strict = true;
    do {
        MDM_TRY(next_record(walk, true, r, &what, err));
        if (what == FOUND_END)
            return mdm_error_set(err, MDM_FORMAT, "%s: an empty file", walk->base.place->name);
    } while (r->begin == r->end && r->fields == 1);
    if (walk->base.window.bad < r->end)
        return mdm_walk_refuse_bytes(&walk->base, record_text(walk, r), err);
    walk->base.strict = false;
    return MDM_OK;
}

mdm_status mdm_csv_walk_header(mdm_csv_walk *walk, mdm_str **fields, size_t *count, mdm_error *err)
{
    csv_record r;
    MDM_TRY(first_record(walk, &r, err));
    mdm_batch row = {0};
    MDM_TRY(mdm_batch_init(&row, r.fields, err));
    *fields = mdm_alloc(r.fields * sizeof **fields);
    if (!*fields) {
        mdm_batch_clear(&row);
        return mdm_no_memory(err, "a header");
    }
    mdm_batch_begin(&row);
    set_row(walk, &r, &row);
    for (size_t c = 0; c < r.fields; c++)
        (*fields)[c] = row.texts[c * row.size];
    *count = r.fields;
    mdm_batch_clear(&row);
    return MDM_OK;
}

/* --- open and close
 * -------------------------------------------------------------------------------- */

mdm_status mdm_csv_walk_init(mdm_csv_walk *walk, const mdm_walk_place *place,
                             const mdm_csv_layout *layout, size_t columns, const char *phase,
                             bool hash, mdm_rejects *rejects, mdm_error *err)
{
    *walk = (mdm_csv_walk){.layout = *layout, .columns = columns};
    MDM_TRY(mdm_walk_init(&walk->base, place, phase, hash, rejects, err));
    walk->base.window.newline = layout->dialect.newline;
    uint32_t *room = new_room(MDM_CSV_ENDS);
    mdm_csv_index_init(&walk->index, &layout->dialect, room, MDM_CSV_ENDS);
    csv_record header;
    mdm_status status = room ? MDM_OK : mdm_no_memory(err, "an index of fields");
    if (status == MDM_OK && columns > 0 && layout->has_header)
        status = first_record(walk, &header, err);
    if (status != MDM_OK) mdm_csv_walk_clear(walk);
    return status;
}

void mdm_csv_walk_clear(mdm_csv_walk *walk)
{
    mdm_free(walk->index.ends);
    mdm_walk_clear(&walk->base);
    *walk = (mdm_csv_walk){0};
}
