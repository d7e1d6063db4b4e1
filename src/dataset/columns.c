#include "dataset/columns.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "data/type.h"
#include "dataset/catalog.h"

int64_t mdm_columns_missing(const mdm_dialect *dialect, const mdm_column_profile *p)
{
    return p->nulls + (dialect->nan_is_null ? p->nans : 0);
}

int64_t mdm_columns_bytes(const mdm_column_profile *p)
{
    if (p->type.id == MDM_TYPE_TEXT || p->type.id == MDM_TYPE_BLOB) return p->bytes;
    if (p->type.id == MDM_TYPE_BOOL) return (p->rows + 7) / 8;
    return p->rows * (int64_t)mdm_type_bytes(p->type.id);
}

mdm_column_info mdm_columns_of_profile(mdm_arena *arena, const mdm_dialect *dialect,
                                       const mdm_column_profile *p)
{
    const int64_t missing = mdm_columns_missing(dialect, p);
    char room[600];
    mdm_column_info c = {.name = mdm_arena_text(arena, p->name),
                         .nullable = missing > 0,
                         .missing_count = missing,
                         .distinct = p->distinct,
                         .distinct_exact = p->distinct_exact,
                         .mean = p->mean,
                         .std = p->std};
    if (p->has_range) {
        c.min = mdm_arena_str(arena, mdm_profile_text(p->type, &p->min, room, sizeof room));
        c.max = mdm_arena_str(arena, mdm_profile_text(p->type, &p->max, room, sizeof room));
    }
    return c;
}

/* --- from the database ------------------------------------------------------------------ */

typedef struct gathering {
    mdm_session *session;
    mdm_dataset *dataset;
    mdm_database *database;
    mdm_error *err;
} gathering;

/* A cell as text in the dataset's arena; NULL: no value. */
static const char *cell(const gathering *g, const mdm_chunk *chunk, size_t column, int64_t row)
{
    char room[MDM_CELL_TEXT];
    const mdm_str text = mdm_cell_text(&chunk->columns[column], row, room, sizeof room);
    return text.data ? mdm_arena_str(&g->dataset->description.arena, text) : NULL;
}

static int64_t number(const char *text)
{
    int64_t whole;
    double real;
    if (text && mdm_str_to_int(mdm_str_from(text), &whole)) return whole;
    if (text && mdm_str_to_real(mdm_str_from(text), &real) && real == floor(real) &&
        fabs(real) < 9e15)
        return (int64_t)real; /* pandas stores counts as reals when one is missing */
    return -1;
}

static double real(const char *text)
{
    double value;
    return text && mdm_str_to_real(mdm_str_from(text), &value) ? value : NAN;
}

static mdm_column_info *grow(const gathering *g)
{
    mdm_dataset *d = g->dataset;
    if ((d->column_count & (d->column_count - 1)) == 0) { /* full: its size is a power of two */
        const size_t size = d->column_count ? d->column_count * 2 : 1;
        mdm_column_info *wider = mdm_arena_alloc(&d->description.arena, size, sizeof *wider);
        if (!wider) return NULL;
        if (d->column_count) memcpy(wider, d->columns, d->column_count * sizeof *wider);
        d->columns = wider;
    }
    return &d->columns[d->column_count++];
}

/* Tables, columns and types as the database lists them: the truth about what is there. */
static mdm_status list_columns(const gathering *g)
{
    mdm_rows *rows = NULL;
    mdm_chunk *chunk = NULL;
    const mdm_dialect *dialect = mdm_database_backend(g->database)->dialect;
    MDM_TRY(mdm_dataset_ask(g->session, g->database, mdm_str_from(dialect->list_columns), &rows,
                            g->err));
    mdm_status status;
    while ((status = mdm_rows_next(rows, &chunk, g->err)) == MDM_OK && chunk) {
        for (int64_t r = 0; r < chunk->rows; r++) {
            const char *table = cell(g, chunk, 0, r);
            if (!table || mdm_catalog_is_table(table)) continue;
            mdm_column_info *c = grow(g);
            if (!c) break;
            *c = (mdm_column_info){.table = table, .name = cell(g, chunk, 1, r),
                                   .type = cell(g, chunk, 2, r), .nullable = true,
                                   .missing_count = -1, .distinct = -1, .mean = NAN, .std = NAN};
        }
        mdm_chunk_unref(chunk);
    }
    mdm_rows_close(rows);
    return status == MDM_OK ? mdm_arena_status(&g->dataset->description.arena, g->err) : status;
}

static mdm_column_info *find(const mdm_dataset *d, const char *table, const char *name)
{
    for (size_t i = 0; table && name && i < d->column_count; i++)
        if (strcmp(d->columns[i].name, name) == 0 && strcmp(d->columns[i].table, table) == 0)
            return &d->columns[i];
    return NULL;
}

static bool distinct_is_exact(const char *metadata)
{
    json_t *object = metadata ? json_loads(metadata, 0, NULL) : NULL;
    const json_t *exact = json_object_get(object, "distinct_exact");
    const bool is_exact = !json_is_false(exact);
    json_decref(object);
    return is_exact;
}

static bool has_catalog(const gathering *g)
{
    mdm_rows *rows = NULL;
    mdm_chunk *chunk = NULL;
    bool found = false;
    const mdm_dialect *dialect = mdm_database_backend(g->database)->dialect;
    if (mdm_dataset_ask(g->session, g->database, mdm_str_from(dialect->list_tables), &rows, NULL) != MDM_OK)
        return false;
    while (mdm_rows_next(rows, &chunk, NULL) == MDM_OK && chunk) {
        for (int64_t r = 0; r < chunk->rows; r++) {
            char room[MDM_CELL_TEXT];
            const mdm_str name = mdm_cell_text(&chunk->columns[0], r, room, sizeof room);
            found = found || (name.data && mdm_str_equal(name, MDM_STR("_columns")));
        }
        mdm_chunk_unref(chunk);
    }
    mdm_rows_close(rows);
    return found;
}

/* The figures that were gathered while loading. */
static mdm_status add_figures(const gathering *g)
{
    mdm_rows *rows = NULL;
    mdm_chunk *chunk = NULL;
    if (!has_catalog(g)) return MDM_OK;
    MDM_TRY(mdm_dataset_ask(
        g->session, g->database,
        MDM_STR("SELECT table_name, column_name, column_type, missing_count, cardinality, min_value, "
                "max_value, mean_value, std_value, description, metadata FROM _columns"),
        &rows, g->err));
    mdm_status status;
    while ((status = mdm_rows_next(rows, &chunk, g->err)) == MDM_OK && chunk) {
        for (int64_t r = 0; r < chunk->rows; r++) {
            mdm_column_info *c = find(g->dataset, cell(g, chunk, 0, r), cell(g, chunk, 1, r));
            if (!c) continue;
            c->role = cell(g, chunk, 2, r);
            c->missing_count = number(cell(g, chunk, 3, r));
            c->nullable = c->missing_count != 0;
            c->distinct = number(cell(g, chunk, 4, r));
            c->min = cell(g, chunk, 5, r);
            c->max = cell(g, chunk, 6, r);
            c->mean = real(cell(g, chunk, 7, r));
            c->std = real(cell(g, chunk, 8, r));
            c->description = cell(g, chunk, 9, r);
            c->distinct_exact = distinct_is_exact(cell(g, chunk, 10, r));
        }
        mdm_chunk_unref(chunk);
    }
    mdm_rows_close(rows);
    return status;
}

mdm_status mdm_dataset_columns(mdm_session *session, mdm_dataset *dataset,
                               const mdm_column_info **columns, size_t *count, mdm_error *err)
{
    gathering g = {.session = session, .dataset = dataset, .err = err};
    mdm_status status = MDM_OK;
    if (!dataset->columns) {
        status = mdm_dataset_database(session, dataset, false, &g.database, err);
        if (status == MDM_OK) status = list_columns(&g);
        if (status == MDM_OK) status = add_figures(&g);
        if (status == MDM_OK) status = mdm_arena_status(&dataset->description.arena, err);
    }
    if (status != MDM_OK) {
        dataset->columns = NULL;
        dataset->column_count = 0;
    }
    *columns = dataset->columns;
    *count = dataset->column_count;
    return status;
}
