/* A record is read anew from its beginning when the window ends in it. Bad JSON in an array ends
 * the file, for nobody knows where the next record begins; among records that stand one per line it
 * costs its line. */
#include "file/json_walk.h"

#include <string.h>

#include "base/alloc.h"

typedef enum found { FOUND_RECORD, FOUND_MORE, FOUND_BAD, FOUND_OTHER, FOUND_END } found;

/* What reading one record came to. */
typedef struct reading {
    mdm_json_scan scan;
    const char *begin; /* of the record */
    const char *twice; /* a key that occurs twice in it; NULL: none */
    mdm_batch *batch;  /* where its cells go; NULL: nowhere */
    mdm_status status; /* of memory and limits; set with err */
    mdm_error *err;
} reading;

/* --- members ---------------------------------------------------------------------------- */

static mdm_json_key *add_key(mdm_json_walk *walk, reading *r, mdm_str token)
{
    const mdm_walk_place *place = walk->base.place;
    const mdm_str name = mdm_typing_json_text(token, &walk->room);
    mdm_json_key *key = NULL;
    if (!walk->learning) {
        r->status =
            mdm_error_set(r->err, MDM_FORMAT, "%s: it was changed while it was read", place->name);
        return NULL;
    }
    r->status =
        mdm_width_judge(place->name, walk->keys->count + 1, place->read->max_columns, r->err);
    if (r->status == MDM_OK && !walk->room.failed) key = mdm_json_keys_add(walk->keys, token, name);
    if (r->status == MDM_OK && !key) r->status = mdm_no_memory(r->err, "a key");
    return key;
}

/* A key and its value; false: the record is bad. */
static bool take_member(mdm_json_walk *walk, reading *r, mdm_str token, mdm_str value)
{
    mdm_json_key *key = mdm_json_keys_find(walk->keys, walk->expected, token, &walk->room);
    if (!key && !(key = add_key(walk, r, token))) return false;
    walk->expected = key->column + 1;
    if (key->record == walk->keys->record && !r->twice) r->twice = token.data;
    key->record = walk->keys->record;
    const bool nan = mdm_json_is_nan(value);
    walk->nans += nan;
    if (!r->batch) return true;
    if (nan) mdm_batch_set(r->batch, key->column, "null", 4);
    else mdm_batch_set(r->batch, key->column, value.data, value.len);
    return true;
}

static bool read_member(mdm_json_walk *walk, reading *r)
{
    const mdm_str key = mdm_json_string(&r->scan);
    if (!key.len || !mdm_json_take(&r->scan, ':', "no ':' behind a key")) return false;
    const mdm_str value = mdm_json_value(&r->scan);
    return value.len > 0 && take_member(walk, r, key, value);
}

/* An object at scan.at; false: see scan.fault and status. */
static bool read_object(mdm_json_walk *walk, reading *r)
{
    walk->expected = 0;
    walk->keys->record++;
    r->scan.at++;
    if (mdm_json_peek(&r->scan) == '}') {
        r->scan.at++;
        return true;
    }
    for (;;) {
        if (!read_member(walk, r)) return false;
        if (mdm_json_peek(&r->scan) == '}') {
            r->scan.at++;
            return true;
        }
        if (!mdm_json_take(&r->scan, ',', "no ',' or '}' behind a value")) return false;
    }
}

static void fill_missing(mdm_json_walk *walk, mdm_batch *batch)
{
    for (size_t c = 0; c < walk->keys->count; c++)
        if (walk->keys->items[c]->record != walk->keys->record) mdm_batch_set_null(batch, c);
}

/* --- between records ------------------------------------------------------------------------ */

/* Blanks, '[' and ',' before the next record. *what is FOUND_RECORD when something follows. */
static bool read_separator(mdm_json_walk *walk, reading *r, found *what)
{
    const char next = mdm_json_peek(&r->scan);
    if (walk->shape == MDM_JSON_LINES) {
        *what = r->scan.at == r->scan.end && walk->base.window.ended ? FOUND_END : FOUND_RECORD;
        return true;
    }
    if (!walk->begun) {
        r->scan.at++; /* '[' */
        if (mdm_json_peek(&r->scan) != ']') return true;
    } else if (next != ']') {
        return mdm_json_take(&r->scan, ',', "no ',' or ']' behind a record");
    }
    r->scan.at++;
    *what = FOUND_END;
    if (mdm_json_peek(&r->scan) == '\0' && r->scan.at == r->scan.end) return true;
    r->scan.fault = r->scan.at;
    r->scan.reason = "something else follows the array";
    return false;
}

/* One record, or why there is none. */
static found read_record(mdm_json_walk *walk, reading *r)
{
    const mdm_window *w = &walk->base.window;
    found what = FOUND_RECORD;
    r->scan = mdm_json_scan_of(w->data + walk->at, w->data + w->len);
    r->begin = r->scan.at;
    if (read_separator(walk, r, &what) && what == FOUND_RECORD) {
        const char first = mdm_json_peek(&r->scan);
        r->begin = r->scan.at;
        if (first != '{' && r->scan.at < r->scan.end) what = FOUND_OTHER;
        if (what == FOUND_RECORD && r->scan.at == r->scan.end) {
            r->scan.fault = r->scan.end;
            r->scan.reason = "";
        } else if (what == FOUND_RECORD ? !read_object(walk, r) : !mdm_json_value(&r->scan).len) {
            what = FOUND_BAD;
        }
    }
    /* The array's end is the file's end, which is known only when there is no more text. */
    if (what == FOUND_END && !r->scan.fault && !w->ended) return FOUND_MORE;
    if (r->scan.fault != r->scan.end) return r->scan.fault ? FOUND_BAD : what;
    if (!mdm_window_is_full(w, walk->at)) return w->ended ? FOUND_BAD : FOUND_MORE;
    r->scan.fault = r->begin;
    r->scan.reason = "a record of more than 256 MB";
    return FOUND_BAD;
}

/* --- moving on ------------------------------------------------------------------------------- */

static mdm_status more_text(mdm_json_walk *walk, mdm_error *err)
{
    const size_t keep = walk->at;
    walk->at = 0;
    return mdm_window_more(&walk->base.window, keep, err);
}

static mdm_status find_line_end(mdm_json_walk *walk, size_t from, size_t *out, mdm_error *err)
{
    mdm_window *w = &walk->base.window;
    for (;;) {
        const char *end = memchr(w->data + from, '\n', w->len - from);
        *out = end ? (size_t)(end - w->data) : w->len;
        if (end || w->ended || mdm_window_is_full(w, walk->at)) return MDM_OK;
        from = w->len - walk->at;
        MDM_TRY(more_text(walk, err));
    }
}

static mdm_status refuse_bad(mdm_json_walk *walk, const reading *r, mdm_error *err)
{
    mdm_window *w = &walk->base.window;
    const char *reason = r->scan.reason[0] ? r->scan.reason : "the JSON text ends early";
    if (walk->shape != MDM_JSON_LINES)
        return mdm_walk_fail(&walk->base, r->scan.fault, reason, err);
    const size_t begin = (size_t)(r->begin - w->data) - walk->at;
    const size_t fault = (size_t)(r->scan.fault - w->data) - walk->at;
    size_t end;
    walk->base.records++;
    MDM_TRY(find_line_end(walk, walk->at + begin, &end, err));
    const char *record = w->data + walk->at + begin;
    const mdm_str line = {record, (size_t)(w->data + end - record)};
    /* The fault may lie behind the line, in the next record. */
    const char *place = walk->base.place->read->reject && fault > begin + line.len
                            ? record
                            : w->data + walk->at + fault;
    MDM_TRY(mdm_walk_refuse(&walk->base, place, NULL, line, reason, err));
    if (end == w->len && !w->ended) {
        MDM_TRY(
            mdm_window_skip_line(w, err)); /* what is left of it must not be taken for a record */
        end = 0;
    }
    walk->at = end;
    if (w->bad != SIZE_MAX && w->bad < end) mdm_window_check_from(w, end);
    return MDM_OK;
}

static mdm_str text_of(const reading *r)
{
    return (mdm_str){r->begin, (size_t)(r->scan.at - r->begin)};
}

/* A record was read to its end: is it a row? */
static mdm_status judge(mdm_json_walk *walk, const reading *r, found what, bool *is_row,
                        mdm_error *err)
{
    mdm_window *w = &walk->base.window;
    const mdm_str text = text_of(r);
    walk->at = (size_t)(r->scan.at - w->data);
    walk->begun = true;
    walk->base.records++;
    *is_row = false;
    if (w->bad < walk->at) return mdm_walk_refuse_bytes(&walk->base, text, err);
    if (r->twice)
        return mdm_walk_refuse(&walk->base, r->twice, NULL, text,
                               "a key that occurs twice in its record", err);
    if (what == FOUND_OTHER)
        return mdm_walk_refuse(&walk->base, r->begin, NULL, text, "not a record (an object)", err);
    *is_row = true;
    return MDM_OK;
}

/* The next row, into batch unless NULL. *what is FOUND_RECORD or FOUND_END; may_move false: also
 * FOUND_MORE. */
static mdm_status next_row(mdm_json_walk *walk, mdm_batch *batch, bool may_move, found *what,
                           mdm_error *err)
{
    for (bool is_row = false; !walk->done;) {
        reading r = {.batch = batch, .err = err};
        const int64_t nans = walk->nans;
        *what = read_record(walk, &r);
        if (r.status != MDM_OK) return r.status;
        if (*what == FOUND_RECORD || *what == FOUND_OTHER) {
            MDM_TRY(judge(walk, &r, *what, &is_row, err));
            *what = FOUND_RECORD;
            if (is_row) return MDM_OK;
            continue;
        }
        walk->nans = nans; /* it will be read again, or refused */
        if (*what == FOUND_END) break;
        if (!may_move) {
            *what = FOUND_MORE;
            return MDM_OK;
        }
        MDM_TRY(*what == FOUND_BAD ? refuse_bad(walk, &r, err) : more_text(walk, err));
    }
    walk->done = true;
    *what = FOUND_END;
    return MDM_OK;
}

/* --- walks
 * ------------------------------------------------------------------------------------------ */

static mdm_status not_records(const mdm_json_walk *walk, const char *at, mdm_error *err)
{
    return mdm_walk_fail(&walk->base, at,
                         "not records: an array of objects, or one object per line, is expected",
                         err);
}

static mdm_status find_shape(mdm_json_walk *walk, mdm_error *err)
{
    mdm_window *w = &walk->base.window;
    mdm_json_scan scan;
    for (;;) {
        scan = mdm_json_scan_of(w->data, w->data + w->len);
        mdm_json_peek(&scan);
        if (scan.at < scan.end || w->ended) break;
        MDM_TRY(mdm_window_more(w, w->len, err));
    }
    if (w->bad < (size_t)(scan.at - w->data) + 1)
        return mdm_walk_refuse_bytes(&walk->base, (mdm_str){w->data, w->bad + 1}, err);
    if (scan.at == scan.end)
        return mdm_error_set(err, MDM_FORMAT, "%s: an empty file", walk->base.place->name);
    walk->at = (size_t)(scan.at - w->data);
    walk->shape = *scan.at == '[' ? MDM_JSON_ARRAY : MDM_JSON_LINES;
    return *scan.at == '[' || *scan.at == '{' ? MDM_OK : not_records(walk, scan.at, err);
}

mdm_status mdm_json_walk_check(mdm_json_walk *walk, mdm_error *err)
{
    found what;
    do
        MDM_TRY(next_row(walk, NULL, true, &what, err));
    while (what != FOUND_END);
    return MDM_OK;
}

mdm_status mdm_json_walk_next(mdm_json_walk *walk, mdm_batch *batch, mdm_error *err)
{
    const int64_t first_row = walk->base.records + 1;
    mdm_batch_begin(batch);
    while (batch->rows < batch->size) {
        found what;
        MDM_TRY(next_row(walk, batch, batch->rows == 0, &what, err));
        if (what != FOUND_RECORD) break;
        fill_missing(walk, batch);
        batch->rows++;
    }
    mdm_batch_end(batch, first_row);
    return MDM_OK;
}

mdm_status mdm_json_walk_init(mdm_json_walk *walk, const mdm_walk_place *place, mdm_json_keys *keys,
                              bool learning, const char *phase, mdm_rejects *rejects,
                              mdm_error *err)
{
    *walk = (mdm_json_walk){.keys = keys, .learning = learning};
    mdm_text_init(&walk->room);
    MDM_TRY(mdm_walk_init(&walk->base, place, phase, learning, rejects, err));
    walk->base.strict = true;
    const mdm_status status = find_shape(walk, err);
    walk->base.strict = false;
    return status; /* what is held is freed by clear(), which also tells of a wrong encoding */
}

void mdm_json_walk_clear(mdm_json_walk *walk)
{
    mdm_text_clear(&walk->room);
    mdm_walk_clear(&walk->base);
}
