/* One scalar function per typed column. DuckDB keeps a function for as long as its instance lives,
 * or until the transaction that made it is rolled back; so what the functions point to is counted,
 * and is cut off from the typing when the query is over. */
#include "duckdb/file_query.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "duckdb/link.h"
#include "duckdb/result.h"
#include "duckdb/writer.h"

#define BLOCK \
    1024 /* cells converted at a time; a multiple of 64, so that blocks begin with a word */

/* What the functions of one query share. */
typedef struct cell_functions {
    pthread_rwlock_t lock; /* of typing: taken for reading by each call */
    mdm_typing *typing;    /* NULL: the query is over */
    bool json, keep_failed;
    unsigned holders; /* atomic: the query, and each function */
    pthread_mutex_t failure_lock;
    mdm_status status; /* of the first cell refused, with its words */
    mdm_error error;
} cell_functions;

/* What one function has for itself. */
typedef struct cell_function {
    cell_functions *all;
    size_t column;
    mdm_type type;
} cell_function;

uint64_t mdm_file_query_next_id(void)
{
    static uint64_t last; /* atomic */
    return __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
}

const char *mdm_file_query_cell(const mdm_file_query *query, size_t column,
                                char name[MDM_CELL_NAME])
{
    snprintf(name, MDM_CELL_NAME, "mdm_cell_%" PRIu64 "_%zu", query->id, column);
    return name;
}

/* --- life -------------------------------------------------------------------------- */

static void let_go(cell_functions *all)
{
    if (__atomic_sub_fetch(&all->holders, 1, __ATOMIC_ACQ_REL) > 0) return;
    pthread_rwlock_destroy(&all->lock);
    pthread_mutex_destroy(&all->failure_lock);
    mdm_free(all);
}

static void destroy_function(void *self)
{
    mdm_duckdb_relay();
    cell_function *function = self;
    let_go(function->all);
    mdm_free(function);
}

static cell_functions *functions_new(const mdm_file_query *query)
{
    cell_functions *all = mdm_alloc_zero(1, sizeof *all);
    if (!all) return NULL;
    pthread_rwlock_init(&all->lock, NULL);
    pthread_mutex_init(&all->failure_lock, NULL);
    all->typing = query->typing;
    all->json = query->json;
    all->keep_failed = query->keep_failed;
    all->holders = 1;
    return all;
}

/* The query is over: the typing is its caller's alone again. */
static void functions_end(cell_functions *all)
{
    if (!all) return;
    pthread_rwlock_wrlock(&all->lock);
    all->typing = NULL;
    pthread_rwlock_unlock(&all->lock);
    let_go(all);
}

/* --- a call ------------------------------------------------------------------------- */

static mdm_str text_of(const duckdb_string_t *view)
{
    const uint32_t len = view->value.inlined.length;
    return (mdm_str){len <= 12 ? view->value.inlined.inlined : view->value.pointer.ptr, len};
}

static void refuse(cell_function *f, mdm_status status, const duckdb_string_t *view)
{
    char word[32];
    const mdm_str text = text_of(view);
    pthread_mutex_lock(&f->all->failure_lock);
    if (f->all->status == MDM_OK) {
        f->all->status = status;
        mdm_error_set(&f->all->error, status, "column '%s': '%.*s' is no %s",
                      mdm_typing_column_get(f->all->typing, f->column).name,
                      (int)(text.len < 100 ? text.len : 100), text.data,
                      mdm_type_text(f->type, word));
    }
    pthread_mutex_unlock(&f->all->failure_lock);
}

/* DuckDB stores decimals of up to 18 digits in fewer bytes than we do. */
static void narrow(const mdm_int128 *from, size_t count, uint8_t precision, void *to, size_t first)
{
    if (precision <= 4)
        for (size_t i = 0; i < count; i++)
            ((int16_t *)to)[first + i] = (int16_t)from[i].low;
    else if (precision <= 9)
        for (size_t i = 0; i < count; i++)
            ((int32_t *)to)[first + i] = (int32_t)from[i].low;
    else
        for (size_t i = 0; i < count; i++)
            ((int64_t *)to)[first + i] = (int64_t)from[i].low;
}

static size_t value_bytes(mdm_type type)
{
    static const uint8_t sizes[] = {
#define X(name, format, word, bytes) bytes,
        MDM_TYPE_LIST(X)
#undef X
    };
    return type.id == MDM_TYPE_BOOL ? 1 : sizes[type.id];
}

/* Cells [first, first + cells->count) of a vector, a whole block of them but for the last. */
static bool convert_block(cell_function *f, const mdm_cells *cells, size_t first, void *data,
                          uint64_t *validity, bool *any_null)
{
    mdm_int128 wide[BLOCK];
    uint8_t failed[BLOCK / 8];
    const bool narrows = f->type.id == MDM_TYPE_DECIMAL && f->type.precision <= 18;
    mdm_typed typed = {
        .values = narrows ? (void *)wide : (char *)data + first * value_bytes(f->type),
        .validity = (uint8_t *)&validity[first / 64],
        .failed = failed,
    };
    mdm_typing_convert(f->all->typing, f->column, cells, &typed);
    if (narrows) narrow(wide, cells->count, f->type.precision, data, first);
    if (typed.null_count > 0) *any_null = true;
    if (typed.failed_count == 0 || f->all->keep_failed) return true;
    size_t bad = 0;
    while (!(failed[bad >> 3] >> (bad & 7) & 1))
        bad++;
    refuse(f, MDM_FORMAT, (const duckdb_string_t *)cells->views + bad);
    return false;
}

static bool convert(cell_function *f, const duckdb_string_t *views, const uint64_t *set,
                    size_t count, duckdb_vector output)
{
    uint64_t validity[BLOCK / 64 * 4]; /* of a vector: 2,048 cells; longer ones go straight */
    void *data = mdm_duck.vector_get_data(output);
    const bool fits = count <= sizeof validity * 8;
    uint64_t *bits = validity;
    bool any_null = false;
    if (!fits) {
        mdm_duck.vector_ensure_validity_writable(output);
        bits = mdm_duck.vector_get_validity(output);
    }
    for (size_t first = 0; first < count; first += BLOCK) {
        const mdm_cells cells = {
            .count = count - first < BLOCK ? count - first : BLOCK,
            .validity = set ? (const uint8_t *)&set[first / 64] : NULL,
            .views = views + first,
            .first_row = -1,
        };
        if (!convert_block(f, &cells, first, data, bits, &any_null)) return false;
    }
    if (fits && any_null) {
        mdm_duck.vector_ensure_validity_writable(output);
        memcpy(mdm_duck.vector_get_validity(output), validity, (count + 63) / 64 * 8);
    }
    return true;
}

/* JSON cells of a TEXT column. */
static bool unescape(cell_function *f, const duckdb_string_t *views, const uint64_t *set,
                     size_t count, duckdb_vector output)
{
    mdm_text room;
    mdm_text_init(&room);
    mdm_duck.vector_ensure_validity_writable(output);
    uint64_t *validity = mdm_duck.vector_get_validity(output);
    for (size_t r = 0; r < count; r++) {
        mdm_str text = {NULL, 0};
        if (!set || (set[r >> 6] >> (r & 63) & 1))
            text =
                f->all->json ? mdm_typing_json_text(text_of(&views[r]), &room) : text_of(&views[r]);
        if (text.data)
            mdm_duck.unsafe_vector_assign_string_element_len(output, r, text.data, text.len);
        else validity[r >> 6] &= ~(UINT64_C(1) << (r & 63));
    }
    const bool done = !room.failed;
    mdm_text_clear(&room);
    return done;
}

static void on_call(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output)
{
    mdm_duckdb_relay();
    cell_function *f = mdm_duck.scalar_function_get_extra_info(info);
    duckdb_vector cells = mdm_duck.data_chunk_get_vector(input, 0);
    const size_t count = mdm_duck.data_chunk_get_size(input);
    const duckdb_string_t *views = mdm_duck.vector_get_data(cells);
    const uint64_t *set = mdm_duck.vector_get_validity(cells);

    pthread_rwlock_rdlock(&f->all->lock);
    if (!f->all->typing) mdm_duck.scalar_function_set_error(info, "a file is no longer being read");
    else if (!(f->type.id == MDM_TYPE_TEXT ? unescape : convert)(f, views, set, count, output))
        mdm_duck.scalar_function_set_error(info, "a cell was refused");
    pthread_rwlock_unlock(&f->all->lock);
    mdm_duckdb_relay();
}

/* --- making the functions ------------------------------------------------------------- */

static mdm_status make_function(cell_functions *all, const char *name, size_t column, mdm_type type,
                                mdm_duckdb_link *link, mdm_error *err)
{
    cell_function *own = mdm_alloc(sizeof *own);
    if (!own) return mdm_no_memory(err, "a cell function");
    *own = (cell_function){all, column, type};
    __atomic_add_fetch(&all->holders, 1, __ATOMIC_RELAXED);

    duckdb_logical_type from = mdm_duck.create_logical_type(DUCKDB_TYPE_VARCHAR);
    duckdb_logical_type to = mdm_duckdb_type(type);
    duckdb_scalar_function function = mdm_duck.create_scalar_function();
    mdm_duck.scalar_function_set_name(function, name);
    mdm_duck.scalar_function_add_parameter(function, from);
    mdm_duck.scalar_function_set_return_type(function, to);
    mdm_duck.scalar_function_set_special_handling(function); /* NULLs are ours */
    mdm_duck.scalar_function_set_volatile(function);         /* every cell is looked at */
    mdm_duck.scalar_function_set_extra_info(function, own, destroy_function);
    mdm_duck.scalar_function_set_function(function, on_call);
    const duckdb_state state = mdm_duck.register_scalar_function(link->conn, function);
    mdm_duck.destroy_scalar_function(&function);
    mdm_duck.destroy_logical_type(&from);
    mdm_duck.destroy_logical_type(&to);
    if (state == DuckDBSuccess) return MDM_OK;
    return mdm_error_set(err, MDM_BACKEND, "DuckDB does not take the function %s", name);
}

/* Those that the SQL needs. The link has begun. */
static mdm_status make_functions(const mdm_file_query *query, mdm_duckdb_link *link,
                                 cell_functions **out, mdm_error *err)
{
    *out = NULL;
    if (!query->typing) return MDM_OK;
    cell_functions *all = functions_new(query);
    if (!all) return mdm_no_memory(err, "cell functions");

    const mdm_schema *schema = mdm_typing_schema(query->typing);
    mdm_status status = MDM_OK;
    for (size_t i = 0; i < schema->count && status == MDM_OK; i++) {
        char name[MDM_CELL_NAME];
        const mdm_type type = schema->fields[i].type;
        if (type.id == MDM_TYPE_TEXT && !query->json) continue;
        status = make_function(all, mdm_file_query_cell(query, i, name), i, type, link, err);
    }
    if (status != MDM_OK) functions_end(all);
    else *out = all;
    return status;
}

/* A refused cell is the reason, and not what DuckDB says of the function. */
static mdm_status reason(const cell_functions *all, mdm_status status, mdm_error *err)
{
    if (status == MDM_OK || !all || all->status == MDM_OK) return status;
    if (err) *err = all->error;
    return all->status;
}

/* --- running -------------------------------------------------------------------------- */

typedef struct file_stream {
    mdm_stream rows;
    cell_functions *functions;
    mdm_duckdb_link *link;
} file_stream;

static mdm_status stream_next(mdm_stream *stream, mdm_chunk **out, mdm_error *err)
{
    file_stream *self = stream->self;
    return reason(self->functions, mdm_stream_next(&self->rows, out, err), err);
}

static void stream_close(mdm_stream *stream)
{
    file_stream *self = stream->self;
    mdm_stream_close(&self->rows);
    functions_end(self->functions);
    mdm_duckdb_end(self->link);
    mdm_free(self);
    mdm_schema_unref(stream->schema);
}

mdm_status mdm_file_query_stream(const mdm_file_query *query, mdm_duckdb_link *link,
                                 const mdm_stop *stop, mdm_stream *out, mdm_error *err)
{
    *out = (mdm_stream){0};
    file_stream *self = mdm_alloc_zero(1, sizeof *self);
    if (!self) return mdm_no_memory(err, "a stream");
    self->link = link;
    mdm_status status = mdm_duckdb_begin(link, stop, err);
    if (status != MDM_OK) {
        mdm_free(self);
        return status;
    }
    status = make_functions(query, link, &self->functions, err);
    if (status == MDM_OK) status = mdm_duckdb_stream(link, query->sql, stop, &self->rows, err);
    status = reason(self->functions, status, err);
    if (status == MDM_OK) {
        *out = (mdm_stream){mdm_schema_ref(self->rows.schema), stream_next, stream_close, self};
        return MDM_OK;
    }
    functions_end(self->functions);
    mdm_duckdb_end(link);
    mdm_free(self);
    return status;
}

mdm_status mdm_file_query_run(const mdm_file_query *query, mdm_duckdb_link *link, mdm_str prefix,
                              const mdm_stop *stop, int64_t *rows, mdm_error *err)
{
    mdm_text sql;
    cell_functions *functions = NULL;
    mdm_text_init(&sql);
    mdm_text_add(&sql, prefix);
    mdm_text_add(&sql, query->sql);
    mdm_status status = mdm_text_status(&sql, err);
    if (status == MDM_OK) status = mdm_duckdb_begin(link, stop, err);
    if (status == MDM_OK) {
        status = make_functions(query, link, &functions, err);
        if (status == MDM_OK)
            status = mdm_duckdb_run(link, (mdm_str){sql.data, sql.len}, stop, rows, err);
        status = reason(functions, status, err);
        functions_end(functions);
        mdm_duckdb_end(link);
    }
    mdm_text_clear(&sql);
    return status;
}
