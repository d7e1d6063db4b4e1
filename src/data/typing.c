/* The life of a typing: wishes, looking at cells, choosing. */
#include "data/typing.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "data/typing_force.h"
#include "data/typing_format.h"
#include "data/typing_state.h"

static uint64_t class_now(const mdm_typed_column *column)
{
    return atomic_load_explicit(&column->class, memory_order_relaxed);
}

/* --- open and close ----------------------------------------------------------------- */

static void column_init(mdm_typed_column *column)
{
    atomic_init(&column->class, CLASS_ANY);
    column->example_row = INT64_MAX;
    column->choice.type.id = MDM_TYPE_TEXT;
}

mdm_status mdm_typing_open(const char *const *names, size_t count,
                           const mdm_typing_options *options, mdm_typing **out, mdm_error *err)
{
    static const mdm_typing_options none;
    if (!options) options = &none;
    *out = NULL;
    mdm_typing *t = mdm_alloc_zero(1, sizeof *t + count * sizeof *t->columns);
    if (!t) return mdm_no_memory(err, "typing columns");
    pthread_mutex_init(&t->lock, NULL); /* cannot fail without attributes */
    t->json = options->json;
    t->decimal_comma = options->decimal_comma;
    mdm_status status =
        mdm_words_open(options->null_words, options->null_word_count, &t->words, err);
    for (; status == MDM_OK && t->count < count; t->count++) {
        column_init(&t->columns[t->count]);
        t->columns[t->count].name = mdm_strdup(names[t->count]);
        if (!t->columns[t->count].name) status = mdm_no_memory(err, "typing columns");
    }
    if (status == MDM_OK) *out = t;
    else mdm_typing_close(t);
    return status;
}

void mdm_typing_close(mdm_typing *t)
{
    if (!t) return;
    for (size_t i = 0; i < t->count; i++) {
        mdm_free(t->columns[i].name);
        mdm_free(t->columns[i].format);
        mdm_free(t->columns[i].note);
    }
    mdm_words_clear(&t->words);
    mdm_schema_unref(t->schema);
    pthread_mutex_destroy(&t->lock);
    mdm_free(t);
}

/* --- wishes ---------------------------------------------------------------------------- */

mdm_status mdm_typing_force(mdm_typing *t, size_t column, mdm_type type, mdm_error *err)
{
    mdm_typed_column *c = &t->columns[column];
    if (type.id == MDM_TYPE_BLOB || type.id == MDM_TYPE_NULL)
        return mdm_error_set(err, MDM_UNSUPPORTED, "column '%s': text cannot be read as %s",
                             c->name, type.id == MDM_TYPE_BLOB ? "BLOB" : "NULL");
    bool date = type.id == MDM_TYPE_DATE || type.id == MDM_TYPE_TIMESTAMP ||
                type.id == MDM_TYPE_TIMESTAMPTZ;
    c->wish = date ? MDM_WISH_DATE : MDM_WISH_TYPE;
    c->wished = type;
    return MDM_OK;
}

void mdm_typing_force_number(mdm_typing *t, size_t column)
{
    t->columns[column].wish = MDM_WISH_NUMBER;
}

mdm_status mdm_typing_force_date(mdm_typing *t, size_t column, const char *format, mdm_error *err)
{
    mdm_typed_column *c = &t->columns[column];
    if (!format || !format[0]) {
        c->wish = MDM_WISH_DATE;
        c->wished = (mdm_type){.id = MDM_TYPE_NULL};
        return MDM_OK;
    }
    mdm_type_id id;
    const mdm_status status = mdm_date_format_check(format, &id, err);
    if (status != MDM_OK) return mdm_error_context(err, status, "column '%s'", c->name);
    char *copy = mdm_strdup(format);
    if (!copy) return mdm_no_memory(err, "a date format");
    mdm_free(c->format);
    c->format = copy;
    c->wish = MDM_WISH_FORMAT;
    c->wished = (mdm_type){.id = id};
    return MDM_OK;
}

/* --- looking ---------------------------------------------------------------------------- */

mdm_tally mdm_typing_look(const mdm_typing *t, const mdm_typed_column *column,
                          const mdm_cells *cells)
{
    uint64_t alive = class_now(column);
    mdm_tally tally = {CLASS_ANY, 0};
    for (size_t r = 0; r < cells->count && mdm_class_is_open(alive & tally.class); r++) {
        if (!mdm_cells_have(cells, r)) continue;
        mdm_seen seen = mdm_typing_see(t, mdm_cells_at(cells, r), alive & tally.class);
        tally.class &= seen.class;
        tally.null_words += seen.null_word;
    }
    return tally;
}

/* Which cell ended the last candidate, and why. */
static void explain(mdm_typing *t, mdm_typed_column *column, const mdm_cells *cells, uint64_t alive)
{
    for (size_t r = 0; r < cells->count; r++) {
        if (!mdm_cells_have(cells, r)) continue;
        mdm_str text = mdm_cells_at(cells, r);
        alive &= mdm_typing_see(t, text, alive).class;
        if (mdm_class_is_open(alive)) continue;
        /* A value by itself, but not one like those before it? */
        bool fits = t->json || mdm_typing_see(t, text, CLASS_ANY).class;
        unsigned reasons = fits ? MDM_REASON_STYLES : mdm_typing_reasons(text);
        atomic_fetch_or(&column->reasons, reasons);
        mdm_typing_remember(t, column, text, mdm_cells_row(cells, r));
        return;
    }
}

void mdm_typing_merge(mdm_typing *t, mdm_typed_column *column, const mdm_cells *cells,
                      const mdm_tally *tally)
{
    if (tally->null_words) atomic_fetch_add(&column->null_words, tally->null_words);
    uint64_t before = class_now(column);
    if ((before & tally->class) == before) return;
    before = atomic_fetch_and(&column->class, tally->class);
    bool closed = mdm_class_is_open(before) && !mdm_class_is_open(before & tally->class);
    if (closed && column->wish == MDM_WISH_NONE) explain(t, column, cells, before);
    if (column->choice.type.id == MDM_TYPE_TEXT) return; /* never wrong, at most too wide */
    mdm_choice choice = mdm_choice_of(column);
    if (!mdm_choice_equal(&choice, &column->choice)) atomic_store(&t->broken, true);
}

static void count_looks(mdm_typed_column *column, const mdm_cells *cells)
{
    int64_t observed = 0, typed = 0;
    for (size_t r = 0; r < cells->count; r++) {
        if (!mdm_cells_have(cells, r)) continue;
        observed++;
        typed += mdm_typing_looks_typed(mdm_cells_at(cells, r));
    }
    atomic_fetch_add(&column->observed, observed);
    atomic_fetch_add(&column->looks_typed, typed);
}

/* Dates vote for their format, numbers show whether they are whole. */
static void observe_wish(mdm_typing *t, size_t column, const mdm_cells *cells)
{
    mdm_typed nowhere = {0};
    mdm_wish wish = t->columns[column].wish;
    if (wish == MDM_WISH_DATE || wish == MDM_WISH_NUMBER)
        mdm_typing_convert(t, column, cells, &nowhere);
}

void mdm_typing_observe(mdm_typing *t, size_t column, const mdm_cells *cells)
{
    mdm_typed_column *c = &t->columns[column];
    if (c->wish != MDM_WISH_NONE) {
        observe_wish(t, column, cells);
        return;
    }
    mdm_tally tally = mdm_typing_look(t, c, cells);
    mdm_typing_merge(t, c, cells, &tally);
    count_looks(c, cells);
}

/* --- choosing ---------------------------------------------------------------------------- */

static mdm_status ambiguous(const mdm_typed_column *c, mdm_error *err)
{
    mdm_error_set(err, MDM_FORMAT, "column '%s': day and month cannot be told apart", c->name);
    const char *dash = c->choice.order == MDM_DMY_DASH ? "-" : "/";
    return mdm_error_hint(err, MDM_FORMAT,
                          "--datetime-columns '%s=%%d%s%%m%s%%Y' or '%s=%%m%s%%d%s%%Y'", c->name,
                          dash, dash, c->name, dash, dash);
}

static mdm_status choose_column(const mdm_typing *t, mdm_typed_column *c, mdm_error *err)
{
    c->choice = mdm_choice_of(c);
    mdm_choice_state(c, c->stated, sizeof c->stated);
    if (c->wish == MDM_WISH_DATE && c->choice.day_or_month && t->passed) return ambiguous(c, err);
    return MDM_OK;
}

mdm_status mdm_typing_choose(mdm_typing *t, mdm_error *err)
{
    mdm_status status = MDM_OK;
    mdm_schema *schema = NULL;
    mdm_field *fields = mdm_alloc(t->count * sizeof *fields);
    if (!fields) return mdm_no_memory(err, "typing columns");
    for (size_t i = 0; i < t->count; i++) {
        status = choose_column(t, &t->columns[i], err);
        if (status != MDM_OK) goto done;
        fields[i] = (mdm_field){t->columns[i].name, t->columns[i].choice.type};
    }
    status = mdm_schema_new(fields, t->count, &schema, err);
    if (status != MDM_OK) goto done;
    mdm_schema_unref(t->schema);
    t->schema = schema;
    atomic_store(&t->broken, false);
done:
    mdm_free(fields);
    return status;
}

const mdm_schema *mdm_typing_schema(const mdm_typing *t)
{
    return t->schema;
}

void mdm_typing_begin(mdm_typing *t)
{
    t->passed = true;
    for (size_t i = 0; i < t->count; i++) {
        mdm_typed_column *c = &t->columns[i];
        atomic_store(&c->null_words, 0);
        atomic_store(&c->failed, 0);
        atomic_store(&c->counted, 0);
        atomic_store(&c->not_whole, 0);
        for (int k = 0; k < MDM_ORDER_COUNT; k++)
            atomic_store(&c->votes[k], 0);
        atomic_store(&c->with_time, 0);
        atomic_store(&c->with_zone, 0);
    }
}

bool mdm_typing_holds(const mdm_typing *t)
{
    return !atomic_load_explicit(&t->broken, memory_order_relaxed);
}

bool mdm_typing_is_final(const mdm_typing *t, size_t column)
{
    const mdm_typed_column *c = &t->columns[column];
    switch (c->wish) {
    case MDM_WISH_TYPE:
    case MDM_WISH_FORMAT: return true;
    case MDM_WISH_NUMBER:
    case MDM_WISH_DATE: return false;
    case MDM_WISH_NONE: break;
    }
    return !mdm_class_is_open(class_now(c));
}

bool mdm_typing_settled(const mdm_typing *t)
{
    for (size_t i = 0; i < t->count; i++) {
        const mdm_typed_column *c = &t->columns[i];
        mdm_choice now = mdm_choice_of(c);
        if (!mdm_choice_equal(&now, &c->choice)) return false;
        if (c->wish == MDM_WISH_DATE && now.day_or_month) return false; /* choose() says why */
    }
    return true;
}

/* --- what was found ------------------------------------------------------------------------ */

mdm_typing_column mdm_typing_column_get(mdm_typing *t, size_t column)
{
    mdm_typed_column *c = &t->columns[column];
    mdm_free(c->note);
    /* Without memory there is no note; the data are the same. */
    if (mdm_typing_note(c, &c->note, NULL) != MDM_OK) c->note = NULL;
    return (mdm_typing_column){
        .name = c->name,
        .type = c->choice.type,
        .format = c->stated,
        .forced = c->wish != MDM_WISH_NONE,
        .null_words = c->choice.type.id == MDM_TYPE_TEXT ? 0 : atomic_load(&c->null_words),
        .failed = atomic_load(&c->failed),
        .note = c->note,
    };
}
