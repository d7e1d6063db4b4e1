/* One table function, mdm_stream(id), serves all: it finds the table among those that are open.
 * What DuckDB holds of a table (the data of a bound statement) is counted, and outlives a table
 * that is closed too early; it then gives an error. */
#include "duckdb/stream_table.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/map.h"
#include "base/text.h"
#include "duckdb/link.h"
#include "duckdb/writer.h"

struct mdm_stream_table {
    mdm_stream_table *next; /* of the open ones; guarded by tables_lock */
    int64_t id;
    char sql[48];
    pthread_mutex_t lock; /* guards all below: the scan may move from thread to thread */
    unsigned holders;     /* who opened it, and DuckDB's statements */
    mdm_stream *source;   /* NULL: closed */
    bool started;         /* read by a statement: no second time */
    mdm_chunk *chunk;     /* being handed out, from row `at` on */
    int64_t at;
    int64_t rows;      /* handed out */
    mdm_status status; /* of the source, with its words */
    mdm_error error;
    size_t *columns; /* that the statement wants */
    size_t column_count;
};

static pthread_mutex_t tables_lock = PTHREAD_MUTEX_INITIALIZER;
static mdm_stream_table *tables;
static int64_t last_id;

static void let_go(void *self)
{
    mdm_duckdb_relay();
    mdm_stream_table *table = self;
    pthread_mutex_lock(&table->lock);
    const bool last = --table->holders == 0;
    pthread_mutex_unlock(&table->lock);
    if (!last) return;
    pthread_mutex_destroy(&table->lock);
    mdm_free(table->columns);
    mdm_free(table);
}

/* Held for the caller; NULL: there is none. */
static mdm_stream_table *find(int64_t id)
{
    pthread_mutex_lock(&tables_lock);
    mdm_stream_table *table = tables;
    while (table && table->id != id)
        table = table->next;
    if (table) {
        pthread_mutex_lock(&table->lock);
        table->holders++;
        pthread_mutex_unlock(&table->lock);
    }
    pthread_mutex_unlock(&tables_lock);
    return table;
}

/* --- called by DuckDB ------------------------------------------------------------------ */

/* Add name to those that are taken; false: it was, in whatever case, or there is no memory. */
static bool take_name(mdm_map *taken, const mdm_text *name)
{
    char *key = mdm_str_dup((mdm_str){name->data, name->len});
    for (size_t i = 0; key && i < name->len; i++)
        if (key[i] >= 'A' && key[i] <= 'Z') key[i] = (char)(key[i] - 'A' + 'a');
    const mdm_str lower = {key, name->len};
    const bool is_new = key && !mdm_map_get(taken, lower) && mdm_map_put(taken, lower, taken);
    mdm_free(key);
    return is_new;
}

/* The name of a column as DuckDB takes it: it refuses empty ones and twins, which results of
 * queries may have. They become column_3 and a.1, as in the headers of files. */
static bool column_name(mdm_map *taken, const char *name, size_t index, mdm_text *out)
{
    for (size_t twin = 0; twin <= taken->count + 1; twin++) {
        mdm_text_reset(out);
        if (*name) mdm_text_puts(out, name);
        else mdm_text_printf(out, "column_%zu", index + 1);
        if (twin > 0) mdm_text_printf(out, ".%zu", twin);
        if (out->failed) return false;
        if (take_name(taken, out)) return true;
    }
    return false; /* so many cannot be taken: there is no memory */
}

static bool add_columns(duckdb_bind_info info, const mdm_schema *schema)
{
    mdm_map taken;
    mdm_text name;
    bool done = true;
    mdm_map_init(&taken);
    mdm_text_init(&name);
    for (size_t i = 0; i < schema->count && done; i++) {
        duckdb_logical_type type = mdm_duckdb_type(schema->fields[i].type);
        done = column_name(&taken, schema->fields[i].name, i, &name);
        if (done) mdm_duck.bind_add_result_column(info, name.data, type);
        mdm_duck.destroy_logical_type(&type);
    }
    mdm_text_clear(&name);
    mdm_map_clear(&taken);
    return done;
}

static void on_bind(duckdb_bind_info info)
{
    mdm_duckdb_relay();
    duckdb_value id = mdm_duck.bind_get_parameter(info, 0);
    /* Asked for the number of a NULL, DuckDB throws, through our frames. */
    mdm_stream_table *table = mdm_duck.is_null_value(id) ? NULL : find(mdm_duck.get_int64(id));
    mdm_duck.destroy_value(&id);
    if (!table) {
        mdm_duck.bind_set_error(info, "there is no open stream of rows of that number");
        return;
    }
    mdm_duck.bind_set_bind_data(info, table, let_go);
    pthread_mutex_lock(&table->lock);
    if (!table->source) mdm_duck.bind_set_error(info, "this stream of rows has been closed");
    else if (!add_columns(info, table->source->schema))
        mdm_duck.bind_set_error(info, "no memory for the columns of a stream");
    pthread_mutex_unlock(&table->lock);
}

static void on_init(duckdb_init_info info)
{
    mdm_duckdb_relay();
    mdm_stream_table *table = mdm_duck.init_get_bind_data(info);
    const size_t count = mdm_duck.init_get_column_count(info);
    size_t *columns = mdm_alloc(count * sizeof *columns);
    for (size_t i = 0; columns && i < count; i++)
        columns[i] = mdm_duck.init_get_column_index(info, i);
    mdm_duck.init_set_max_threads(info, 1);

    pthread_mutex_lock(&table->lock);
    if (!columns) mdm_duck.init_set_error(info, "no memory for a scan");
    else if (!table->source || table->started)
        mdm_duck.init_set_error(info, "a stream of rows can be read only once");
    else {
        table->started = true;
        table->columns = columns;
        table->column_count = count;
        columns = NULL;
    }
    pthread_mutex_unlock(&table->lock);
    mdm_free(columns);
    mdm_duckdb_relay();
}

/* Have a chunk with rows left, or none at the end. */
static mdm_status ensure_rows(mdm_stream_table *table)
{
    if (!table->source) return mdm_error_set(&table->error, MDM_INVALID, "the stream was closed");
    while (!table->chunk || table->at == table->chunk->rows) {
        mdm_chunk_unref(table->chunk);
        table->chunk = NULL;
        table->at = 0;
        MDM_TRY(mdm_stream_next(table->source, &table->chunk, &table->error));
        if (!table->chunk) return MDM_OK;
        MDM_TRY(mdm_duckdb_check_chunk(table->chunk, table->rows, &table->error));
    }
    return MDM_OK;
}

static void hand_out(mdm_stream_table *table, duckdb_data_chunk output)
{
    const int64_t most = (int64_t)mdm_duck.vector_size();
    int64_t count = table->chunk->rows - table->at;
    if (count > most) count = most;
    for (size_t i = 0; i < table->column_count; i++) {
        /* A count(*) wants no column; DuckDB then asks for one that is not ours. */
        if (table->columns[i] >= table->chunk->schema->count) continue;
        mdm_duckdb_fill(&table->chunk->columns[table->columns[i]], table->at, count,
                        MDM_DUCKDB_TEXT_COPIED, mdm_duck.data_chunk_get_vector(output, i));
    }
    mdm_duck.data_chunk_set_size(output, (idx_t)count);
    table->at += count;
    table->rows += count;
}

static void on_scan(duckdb_function_info info, duckdb_data_chunk output)
{
    mdm_duckdb_relay();
    mdm_stream_table *table = mdm_duck.function_get_bind_data(info);
    pthread_mutex_lock(&table->lock);
    if (table->status == MDM_OK) table->status = ensure_rows(table);
    if (table->status != MDM_OK) mdm_duck.function_set_error(info, "the source of rows failed");
    else if (table->chunk) hand_out(table, output);
    else mdm_duck.data_chunk_set_size(output, 0);
    pthread_mutex_unlock(&table->lock);
    mdm_duckdb_relay();
}

mdm_status mdm_stream_table_set_up(duckdb_connection conn, mdm_error *err)
{
    duckdb_table_function function = mdm_duck.create_table_function();
    duckdb_logical_type id = mdm_duck.create_logical_type(DUCKDB_TYPE_BIGINT);
    mdm_duck.table_function_set_name(function, "mdm_stream");
    mdm_duck.table_function_add_parameter(function, id);
    mdm_duck.table_function_set_bind(function, on_bind);
    mdm_duck.table_function_set_init(function, on_init);
    mdm_duck.table_function_set_function(function, on_scan);
    mdm_duck.table_function_supports_projection_pushdown(function, true);
    const duckdb_state state = mdm_duck.register_table_function(conn, function);
    mdm_duck.destroy_logical_type(&id);
    mdm_duck.destroy_table_function(&function);
    if (state == DuckDBSuccess) return MDM_OK;
    return mdm_error_set(err, MDM_BACKEND, "DuckDB does not take a table function");
}

/* --- open and close --------------------------------------------------------------------- */

mdm_status mdm_stream_table_open(mdm_stream *source, mdm_stream_table **out, mdm_error *err)
{
    *out = NULL;
    if (source->schema->count == 0)
        return mdm_error_set(err, MDM_UNSUPPORTED, "rows without columns");
    mdm_stream_table *table = mdm_alloc_zero(1, sizeof *table);
    if (!table) return mdm_no_memory(err, "a table over a stream");
    pthread_mutex_init(&table->lock, NULL);
    table->holders = 1;
    table->source = source;

    pthread_mutex_lock(&tables_lock);
    table->id = ++last_id;
    table->next = tables;
    tables = table;
    pthread_mutex_unlock(&tables_lock);
    snprintf(table->sql, sizeof table->sql, "mdm_stream(%" PRId64 ")", table->id);
    *out = table;
    return MDM_OK;
}

void mdm_stream_table_close(mdm_stream_table *table)
{
    if (!table) return;
    pthread_mutex_lock(&tables_lock);
    mdm_stream_table **at = &tables;
    while (*at != table)
        at = &(*at)->next;
    *at = table->next;
    pthread_mutex_unlock(&tables_lock);

    pthread_mutex_lock(&table->lock);
    table->source = NULL;
    mdm_chunk_unref(table->chunk);
    table->chunk = NULL;
    pthread_mutex_unlock(&table->lock);
    let_go(table);
}

const char *mdm_stream_table_sql(const mdm_stream_table *table)
{
    return table->sql;
}

int64_t mdm_stream_table_rows(const mdm_stream_table *table)
{
    return table->rows;
}

mdm_status mdm_stream_table_status(mdm_stream_table *table, mdm_status status, mdm_error *err)
{
    if (status == MDM_OK || table->status == MDM_OK) return status;
    if (err) *err = table->error;
    return table->status;
}
