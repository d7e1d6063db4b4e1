/* A stream of DuckDB ends in the same way whether it is complete or has failed: with no chunk. So
 * the result's error is asked for after the last one.
 *
 * duckdb_pending_prepared_streaming() is the only way not to have all rows in memory; it is marked
 * deprecated and has no successor. It is called in one place, and the tests look at the memory. */
#include "duckdb/statement.h"

#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "duckdb/error.h"

/* --- reading ahead ---------------------------------------------------------------- */

static mdm_status keep_chunk(mdm_duckdb_result *result, mdm_chunk *chunk, mdm_error *err)
{
    if (result->ahead_count == result->ahead_size) {
        const size_t size = result->ahead_size ? result->ahead_size * 2 : 16;
        mdm_chunk **ahead = mdm_realloc(result->ahead, size * sizeof(mdm_chunk *));
        if (!ahead) {
            mdm_chunk_unref(chunk);
            return mdm_no_memory(err, "rows read ahead");
        }
        result->ahead = ahead;
        result->ahead_size = size;
    }
    result->ahead[result->ahead_count++] = chunk;
    return MDM_OK;
}

static void close_raw(mdm_duckdb_result *result)
{
    if (!result->is_open) return;
    mdm_duck.destroy_result(&result->raw);
    result->is_open = false;
    if (result->link->reading == result) result->link->reading = NULL;
}

static mdm_status convert_next(mdm_duckdb_result *result, const mdm_stop *stop, mdm_chunk **out,
                               mdm_error *err)
{
    duckdb_data_chunk raw;
    *out = NULL;
    MDM_TRY(mdm_duckdb_fetch(result, stop, &raw, err));
    if (!raw) return MDM_OK;
    const mdm_status status = mdm_duckdb_reader_chunk(result->reader, raw, out, err);
    mdm_duck.destroy_data_chunk(&raw);
    return status;
}

static mdm_status read_rest(mdm_duckdb_result *result, const mdm_stop *stop, mdm_error *err)
{
    for (;;) {
        mdm_chunk *chunk;
        MDM_TRY(convert_next(result, stop, &chunk, err));
        if (!chunk) return MDM_OK;
        MDM_TRY(keep_chunk(result, chunk, err));
    }
}

mdm_status mdm_duckdb_free_link(mdm_duckdb_link *link, const mdm_stop *stop, mdm_error *err)
{
    mdm_duckdb_result *result = link->reading;
    if (!result) return MDM_OK;
    if (!result->reader)
        return mdm_error_set(err, MDM_BUSY, "the connection is being read by a scan");
    result->ahead_status = read_rest(result, stop, &result->ahead_error);
    close_raw(result);
    return MDM_OK;
}

/* --- preparing ----------------------------------------------------------------------- */

mdm_status mdm_duckdb_prepare(mdm_duckdb_link *link, mdm_str sql, const mdm_stop *stop,
                              duckdb_prepared_statement *out, mdm_error *err)
{
    *out = NULL;
    if (sql.len > 0 && memchr(sql.data, '\0', sql.len))
        return mdm_error_set(err, MDM_INVALID, "a NUL byte in the statement");
    MDM_TRY(mdm_stop_check(stop, err));
    MDM_TRY(mdm_duckdb_free_link(link, stop, err));
    char *text = mdm_str_dup(sql);
    if (!text) return mdm_no_memory(err, "a statement");

    mdm_duckdb_watch(link, stop);
    const duckdb_state state = mdm_duck.prepare(link->conn, text, out);
    const mdm_status reason = mdm_duckdb_unwatch(link);
    mdm_free(text);
    if (state == DuckDBSuccess) return MDM_OK;

    const mdm_status status = mdm_duckdb_failure(err, reason, mdm_duck.prepare_error(*out));
    mdm_duck.destroy_prepare(out);
    *out = NULL;
    return status;
}

/* --- executing --------------------------------------------------------------------- */

/* "CREATE TABLE AS" tells its rows in a result set that is none. */
static int64_t told_count(duckdb_result *raw)
{
    const char *name = mdm_duck.column_count(raw) == 1 ? mdm_duck.column_name(raw, 0) : NULL;
    if (!name || strcmp(name, "Count") != 0) return 0;
    duckdb_data_chunk chunk = mdm_duck.fetch_chunk(*raw);
    if (!chunk) return 0;
    int64_t count = 0;
    if (mdm_duck.data_chunk_get_size(chunk) == 1)
        count =
            *(const int64_t *)mdm_duck.vector_get_data(mdm_duck.data_chunk_get_vector(chunk, 0));
    mdm_duck.destroy_data_chunk(&chunk);
    return count;
}

static mdm_status look_at_result(mdm_duckdb_result *result, mdm_duckdb_reading reading,
                                 mdm_error *err)
{
    switch (mdm_duck.result_return_type(result->raw)) {
    case DUCKDB_RESULT_TYPE_QUERY_RESULT:
        result->has_rows = true;
        result->changed = -1;
        result->link->reading = result;
        return reading == MDM_DUCKDB_CHUNKS
                   ? mdm_duckdb_reader_open(&result->raw, &result->reader, err)
                   : MDM_OK;
    case DUCKDB_RESULT_TYPE_CHANGED_ROWS:
        result->changed = (int64_t)mdm_duck.rows_changed(&result->raw);
        break;
    default: result->changed = told_count(&result->raw);
    }
    close_raw(result);
    return MDM_OK;
}

static bool may_write(duckdb_statement_type type)
{
    return type != DUCKDB_STATEMENT_TYPE_SELECT && type != DUCKDB_STATEMENT_TYPE_EXPLAIN;
}

mdm_status mdm_duckdb_execute(mdm_duckdb_link *link, duckdb_prepared_statement prepared,
                              mdm_duckdb_reading reading, const mdm_stop *stop,
                              mdm_duckdb_result *out, mdm_error *err)
{
    *out = (mdm_duckdb_result){.link = link};
    MDM_TRY(mdm_stop_check(stop, err));
    MDM_TRY(mdm_duckdb_free_link(link, stop, err));

    duckdb_pending_result pending = NULL;
    mdm_duckdb_relay(); /* other threads may begin at once */
    duckdb_state state = mdm_duck.pending_prepared_streaming(prepared, &pending);
    if (state != DuckDBSuccess) {
        const mdm_status status = mdm_duckdb_error(err, mdm_duck.pending_error(pending));
        mdm_duck.destroy_pending(&pending);
        return status;
    }
    mdm_duckdb_watch(link, stop);
    state = mdm_duck.execute_pending(pending, &out->raw);
    mdm_duckdb_relay();
    const mdm_status reason = mdm_duckdb_unwatch(link);
    if (may_write(mdm_duck.prepared_statement_type(prepared))) mdm_duckdb_note_change(link);
    mdm_duck.destroy_pending(&pending);
    out->is_open = true;

    mdm_status status = MDM_OK;
    if (state != DuckDBSuccess)
        status = mdm_duckdb_failure(err, reason, mdm_duck.result_error(&out->raw));
    else status = look_at_result(out, reading, err);
    if (status != MDM_OK) mdm_duckdb_result_clear(out);
    return status;
}

mdm_status mdm_duckdb_fetch(mdm_duckdb_result *result, const mdm_stop *stop, duckdb_data_chunk *out,
                            mdm_error *err)
{
    *out = NULL;
    if (!result->is_open || result->ended) return MDM_OK;
    MDM_TRY(mdm_stop_check(stop, err));
    for (;;) {
        mdm_duckdb_watch(result->link, stop);
        mdm_duckdb_relay();
        *out = mdm_duck.fetch_chunk(result->raw);
        mdm_duckdb_relay();
        const mdm_status reason = mdm_duckdb_unwatch(result->link);
        if (*out && mdm_duck.data_chunk_get_size(*out) > 0) return MDM_OK;
        if (*out) {
            mdm_duck.destroy_data_chunk(out);
            continue;
        }
        const char *words = mdm_duck.result_error(&result->raw);
        if (words) return mdm_duckdb_failure(err, reason, words);
        result->ended = true;
        return MDM_OK;
    }
}

mdm_status mdm_duckdb_next(mdm_duckdb_result *result, const mdm_stop *stop, mdm_chunk **out,
                           mdm_error *err)
{
    *out = NULL;
    if (result->ahead_next < result->ahead_count) {
        *out = result->ahead[result->ahead_next++];
        return MDM_OK;
    }
    if (result->ahead_status != MDM_OK) {
        if (err) *err = result->ahead_error;
        return result->ahead_status;
    }
    return convert_next(result, stop, out, err);
}

void mdm_duckdb_result_clear(mdm_duckdb_result *result)
{
    close_raw(result);
    while (result->ahead_next < result->ahead_count)
        mdm_chunk_unref(result->ahead[result->ahead_next++]);
    mdm_free(result->ahead);
    mdm_duckdb_reader_close(result->reader);
    *result = (mdm_duckdb_result){0};
}
