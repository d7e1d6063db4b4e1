/* Prepared statements. Each has a name at the server for as long as the connection keeps it. Rows
 * come one by one ("single-row mode"), so that a result of any size passes through a chunk of
 * memory; while they come, the connection can do nothing else. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "storage/postgresql_driver.h"

#define CHUNK_ROWS 2048
#define CHUNK_BYTES ((size_t)4 << 20)
#define DEAD_LIMIT 32    /* statements to be forgotten before the server is told */
#define KEEP_BUILDER 256 /* rows: what a builder holds after more is not kept */
#define BINARY 1

static const char *sql_of(const pg_stmt *s)
{
    return s->kept.sql;
}

/* --- the end of statements ------------------------------------------------ */

static void free_description(pg_stmt *s)
{
    mdm_builder_close(s->builder);
    s->builder = NULL;
    mdm_pg_binding_clear(&s->binding);
    mdm_free(s->parameters);
    mdm_free(s->columns);
    mdm_schema_unref(s->described);
    s->parameters = NULL;
    s->columns = NULL;
    s->described = NULL;
    s->parameter_count = s->column_count = 0;
}

static void drop_ahead(pg_stmt *s)
{
    for (size_t i = s->ahead_next; i < s->ahead_count; i++)
        mdm_pq.clear(s->ahead[i]);
    s->ahead_count = s->ahead_next = 0;
}

void mdm_pg_destroy(mdm_kept *kept)
{
    pg_stmt *s = (pg_stmt *)kept;
    pg_conn *conn = mdm_pg_conn(s->kept.base.conn);
    drop_ahead(s);
    free_description(s);
    mdm_free(s->ahead);
    mdm_schema_unref(s->schema);
    if (conn->reader == s) conn->reader = NULL;
    /* The server is told later: it may be in the middle of something. */
    s->next_dead = conn->dead;
    conn->dead = s;
    conn->dead_count++;
}

void mdm_pg_forget_dead(pg_conn *conn)
{
    for (pg_stmt *s = conn->dead, *next; s; s = next) {
        next = s->next_dead;
        mdm_free(s);
    }
    conn->dead = NULL;
    conn->dead_count = 0;
}

static bool is_idle(const pg_conn *conn)
{
    return mdm_pq.transactionStatus(conn->pq) == PQTRANS_IDLE;
}

/* That the server forgets a statement matters to nobody but its memory, so failing is no failure;
 * but inside a transaction a failure would end that. */
static void deallocate(pg_conn *conn, const char *sql)
{
    bool altered = conn->altered;
    (void)mdm_pg_simple(conn, sql, NULL, NULL, NULL);
    conn->altered = altered;
}

static void bury_dead(pg_conn *conn)
{
    if (conn->dead_count < DEAD_LIMIT || conn->broken || atomic_load(&conn->active) ||
        !is_idle(conn))
        return;
    mdm_text sql;
    mdm_text_init(&sql);
    for (const pg_stmt *s = conn->dead; s; s = s->next_dead)
        if (s->name[0] && s->generation == conn->generation)
            mdm_text_printf(&sql, "DEALLOCATE %s;", s->name);
    if (!sql.failed && sql.len > 0) deallocate(conn, sql.data);
    mdm_text_clear(&sql);
    mdm_pg_forget_dead(conn);
}

/* --- compiling ------------------------------------------------------------ */

/* Parse and describe, in one round trip. *description is the caller's. */
static mdm_status parse(pg_conn *conn, const char *name, const char *sql, PGresult **description,
                        mdm_error *err)
{
    *description = NULL;
    MDM_TRY(mdm_pg_start(conn, err));
    int ok = mdm_pq.enterPipelineMode(conn->pq) &&
             mdm_pq.sendPrepare(conn->pq, name, sql, 0, NULL) &&
             mdm_pq.sendDescribePrepared(conn->pq, name) && mdm_pq.pipelineSync(conn->pq);
    MDM_TRY(mdm_pg_sent(conn, ok, err));

    mdm_status status = MDM_OK;
    while (atomic_load(&conn->active)) {
        PGresult *result;
        mdm_status step = mdm_pg_result(conn, &result, status == MDM_OK ? err : NULL);
        if (step != MDM_OK) {
            if (status == MDM_OK) status = step;
            break;
        }
        switch (result ? mdm_pq.resultStatus(result) : PGRES_PIPELINE_ABORTED) {
        case PGRES_COMMAND_OK: /* the first is that of parsing */
            mdm_pq.clear(*description);
            *description = result;
            result = NULL;
            break;
        case PGRES_PIPELINE_SYNC:
            if (!mdm_pq.exitPipelineMode(conn->pq)) mdm_pg_abandon(conn, MDM_TIMEOUT);
            break;
        case PGRES_PIPELINE_ABORTED: /* behind an error; NULL stands between two results */
            if (result || mdm_pq.status(conn->pq) != CONNECTION_BAD) break;
            if (status == MDM_OK) status = mdm_pg_lost(conn, err);
            mdm_pg_abandon(conn, MDM_TIMEOUT);
            break;
        default:
            if (status == MDM_OK) status = mdm_pg_refused(conn, result, sql, err);
            break;
        }
        mdm_pq.clear(result);
    }
    if (status != MDM_OK) {
        mdm_pq.clear(*description);
        *description = NULL;
    }
    return status;
}

mdm_status mdm_pg_describe(pg_conn *conn, const char *sql, PGresult **out, mdm_error *err)
{
    return parse(conn, "", sql, out, err); /* without a name: nobody has to clear it away */
}

static mdm_status describe_columns(pg_stmt *s, const PGresult *description, mdm_error *err)
{
    size_t count = s->column_count;
    mdm_field *fields = mdm_alloc_zero(count, sizeof *fields);
    s->columns = mdm_alloc_zero(count, sizeof *s->columns);
    mdm_status status = MDM_OK;
    if (!fields || !s->columns) status = mdm_no_memory(err, "a statement");
    for (size_t i = 0; i < count && status == MDM_OK; i++) {
        pg_column *column = &s->columns[i];
        if (!mdm_pg_column(description, (int)i, column)) s->text = true;
        if (column->undecided) s->undecided = true;
        fields[i] = (mdm_field){mdm_pq.fname(description, (int)i), column->type};
    }
    if (status == MDM_OK) status = mdm_schema_new(fields, count, &s->described, err);
    mdm_free(fields);
    return status;
}

static mdm_status describe(pg_stmt *s, const PGresult *description, mdm_error *err)
{
    free_description(s);
    s->text = s->undecided = false;
    s->parameter_count = (size_t)mdm_pq.nparams(description);
    s->column_count = (size_t)mdm_pq.nfields(description);
    s->parameters = mdm_alloc_zero(s->parameter_count, sizeof *s->parameters);
    if (!s->parameters) return mdm_no_memory(err, "a statement");
    for (size_t i = 0; i < s->parameter_count; i++)
        s->parameters[i] = mdm_pq.paramtype(description, (int)i);
    MDM_TRY(mdm_pg_binding_open(&s->binding, s->parameter_count, err));
    return s->column_count > 0 ? describe_columns(s, description, err) : MDM_OK;
}

static mdm_status compile(pg_conn *conn, pg_stmt *s, const char *sql, mdm_error *err)
{
    PGresult *description;
    snprintf(s->name, sizeof s->name, "mdm_%llu", (unsigned long long)++conn->last_number);
    s->generation = conn->generation;
    s->stale = false;
    mdm_status status = parse(conn, s->name, sql, &description, err);
    if (status != MDM_OK) s->name[0] = '\0';
    else status = describe(s, description, err);
    mdm_pq.clear(description);
    return status;
}

/* The server has lost the statement, or changed a table under it. */
static mdm_status recompile(pg_conn *conn, pg_stmt *s, mdm_error *err)
{
    char sql[64];
    if (s->name[0] && s->generation == conn->generation && is_idle(conn)) {
        snprintf(sql, sizeof sql, "DEALLOCATE %s", s->name);
        deallocate(conn, sql);
    }
    return compile(conn, s, sql_of(s), err);
}

static mdm_status take_kept(pg_conn *conn, pg_stmt *s, mdm_stmt **out, mdm_error *err)
{
    if (s->stale || s->generation != conn->generation) {
        mdm_status status = recompile(conn, s, err);
        if (status != MDM_OK) {
            mdm_statements_drop(&conn->statements, &s->kept);
            mdm_statements_give(&conn->statements, &s->kept);
            return status;
        }
    }
    *out = &s->kept.base;
    return MDM_OK;
}

mdm_status mdm_pg_prepare(mdm_conn *base, mdm_str sql, mdm_stmt **out, mdm_error *err)
{
    *out = NULL;
    pg_conn *conn = mdm_pg_conn(base);
    mdm_kept *kept = mdm_statements_take(&conn->statements, sql);
    if (kept) return take_kept(conn, (pg_stmt *)kept, out, err);

    unsigned words = mdm_pg_words(sql);
    if (!(words & PG_WORD_SOME))
        return mdm_error_set(err, MDM_INVALID, "there is no statement in the SQL text");
    bury_dead(conn);
    MDM_TRY(mdm_pg_sql(conn, sql, err));
    pg_stmt *s = mdm_alloc_zero(1, sizeof *s);
    if (!s) return mdm_no_memory(err, "a statement");
    s->kept.base.conn = base;
    s->only_reads = (words & PG_WORD_READS) && !(words & PG_WORD_WRITES);
    s->alters = words & PG_WORD_ALTERS;
    mdm_status status = compile(conn, s, conn->scratch.data, err);
    if (status == MDM_OK) status = mdm_statements_add(&conn->statements, &s->kept, sql, err);
    if (status != MDM_OK) {
        mdm_pg_destroy(&s->kept);
        return status;
    }
    *out = &s->kept.base;
    return MDM_OK;
}

size_t mdm_pg_parameters(const mdm_stmt *stmt)
{
    return ((const pg_stmt *)stmt)->parameter_count;
}

/* --- the rows of an execution --------------------------------------------- */

/* 26000: no such statement, 0A000 from there: "cached plan must not change result type". */
static bool makes_stale(const PGresult *result)
{
    if (mdm_pg_is_state(result, "26000")) return true;
    const char *function = mdm_pq.resultErrorField(result, PG_DIAG_SOURCE_FUNCTION);
    return mdm_pg_is_state(result, "0A000") && function &&
           strcmp(function, "RevalidateCachedQuery") == 0;
}

/* What is no row. */
static mdm_status take_other(pg_conn *conn, pg_stmt *s, const PGresult *result, mdm_error *err)
{
    mdm_status status;
    switch (mdm_pq.resultStatus(result)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
        s->changed = mdm_pg_written(result);
        mdm_pg_note(conn, result);
        if (s->alters) conn->altered = true;
        return MDM_OK;
    case PGRES_COPY_IN:
    case PGRES_COPY_OUT:
    case PGRES_COPY_BOTH:
        mdm_pg_abandon(conn, MDM_CANCELLED);
        return mdm_error_set(err, MDM_UNSUPPORTED,
                             "COPY from or to the client is no statement with rows");
    default:
        status = mdm_pg_refused(conn, result, sql_of(s), err);
        if (makes_stale(result)) s->stale = true;
        (void)mdm_pg_skip(conn, NULL);
        return status;
    }
}

/* The next row, the caller's; NULL: there is none any more. */
static mdm_status next_row(pg_conn *conn, pg_stmt *s, PGresult **row, mdm_error *err)
{
    *row = NULL;
    mdm_status status = MDM_OK;
    while (!s->done && status == MDM_OK) {
        if (conn->reader != s) {
            status = mdm_error_set(err, MDM_INVALID, "the transaction of these rows has ended");
            break;
        }
        PGresult *result;
        status = mdm_pg_result(conn, &result, err);
        if (status != MDM_OK) break;
        if (!result) {
            s->done = true;
        } else if (mdm_pq.resultStatus(result) == PGRES_SINGLE_TUPLE) {
            *row = result;
            return MDM_OK;
        } else {
            status = take_other(conn, s, result, err);
            mdm_pq.clear(result);
        }
    }
    if (status != MDM_OK) s->done = true;
    return status;
}

static mdm_status keep_ahead(pg_stmt *s, PGresult *row, mdm_error *err)
{
    if (s->ahead_count == s->ahead_size) {
        size_t size = s->ahead_size ? 4 * s->ahead_size : 8;
        PGresult **wider = mdm_realloc(s->ahead, size * sizeof *wider);
        if (!wider) {
            mdm_pq.clear(row);
            return mdm_no_memory(err, "rows of a result");
        }
        s->ahead = wider;
        s->ahead_size = size;
    }
    s->ahead[s->ahead_count++] = row;
    return MDM_OK;
}

/* Read the first row, which shows whether the statement works at all, or as many as are needed to
 * know the types. */
static mdm_status read_ahead(pg_conn *conn, pg_stmt *s, mdm_error *err)
{
    size_t limit = s->undecided ? CHUNK_ROWS : 1, bytes = 0;
    while (s->ahead_count < limit && bytes < CHUNK_BYTES) {
        PGresult *row;
        MDM_TRY(next_row(conn, s, &row, err));
        if (!row) break;
        bytes += mdm_pg_row_bytes(s, row);
        MDM_TRY(keep_ahead(s, row, err));
    }
    return MDM_OK;
}

static mdm_status decide_schema(pg_stmt *s, mdm_error *err)
{
    if (!s->undecided) {
        s->schema = s->described ? mdm_schema_ref(s->described) : NULL;
        return MDM_OK;
    }
    mdm_field *fields = mdm_alloc_zero(s->column_count, sizeof *fields);
    if (!fields) return mdm_no_memory(err, "the columns of a result");
    for (size_t i = 0; i < s->column_count; i++) {
        if (s->columns[i].undecided) s->columns[i].type = mdm_pg_decide(s, i);
        fields[i] = (mdm_field){s->described->fields[i].name, s->columns[i].type};
    }
    mdm_status status = mdm_schema_new(fields, s->column_count, &s->schema, err);
    mdm_free(fields);
    return status;
}

/* --- executing ------------------------------------------------------------ */

/* Rows that nobody wants any more: a read outside a transaction is cancelled, what may write or
 * belongs to a transaction, which cancelling would end, is read to its end. */
static void leave_rows(pg_conn *conn, pg_stmt *s)
{
    if (conn->reader != s) return;
    if (!s->only_reads || s->in_block) (void)mdm_pg_skip(conn, NULL);
    else if (!mdm_pg_drain(conn, mdm_clock_ns() + 2000000)) mdm_pg_abandon(conn, MDM_CANCELLED);
}

static void end_run(pg_conn *conn, pg_stmt *s)
{
    if (!s->running) return;
    leave_rows(conn, s);
    drop_ahead(s);
    bool clean = s->builder && !s->undecided && s->row <= KEEP_BUILDER &&
                 mdm_builder_rows(s->builder, 0) == 0;
    if (!clean) {
        mdm_builder_close(s->builder);
        s->builder = NULL;
    }
    mdm_schema_unref(s->schema);
    s->schema = NULL;
    s->running = false;
}

static mdm_status send(pg_conn *conn, pg_stmt *s, const mdm_value *values, mdm_error *err)
{
    MDM_TRY(mdm_pg_bind(&s->binding, s->parameters, values, s->parameter_count, err));
    MDM_TRY(mdm_pg_start(conn, err));
    s->in_block = !is_idle(conn);
    s->done = false;
    s->changed = -1;
    s->row = 0;
    conn->reader = s;
    const pg_binding *b = &s->binding;
    int ok = mdm_pq.sendQueryPrepared(conn->pq, s->name, (int)s->parameter_count, b->values,
                                      b->lengths, b->formats, s->text ? 0 : BINARY);
    if (ok && s->column_count > 0) ok = mdm_pq.setSingleRowMode(conn->pq);
    return mdm_pg_sent(conn, ok, err);
}

static mdm_status run_once(pg_conn *conn, pg_stmt *s, const mdm_value *values, mdm_error *err)
{
    s->running = true;
    mdm_status status = send(conn, s, values, err);
    if (status == MDM_OK) status = read_ahead(conn, s, err);
    if (status == MDM_OK) status = decide_schema(s, err);
    if (status != MDM_OK) {
        s->done = true;
        end_run(conn, s);
    }
    return status;
}

mdm_status mdm_pg_execute(mdm_stmt *stmt, const mdm_value *values, size_t count, mdm_error *err)
{
    pg_stmt *s = (pg_stmt *)stmt;
    pg_conn *conn = mdm_pg_conn(stmt->conn);
    end_run(conn, s);
    if (count != s->parameter_count)
        return mdm_error_set(err, MDM_INVALID, "%zu values for %zu placeholders", count,
                             s->parameter_count);
    mdm_error first;
    mdm_status status = run_once(conn, s, values, &first);
    if (status != MDM_OK && s->stale && !conn->broken && is_idle(conn)) {
        MDM_TRY(recompile(conn, s, err));
        if (count == s->parameter_count) status = run_once(conn, s, values, &first);
    }
    if (status != MDM_OK && err) *err = first;
    return status;
}

const mdm_schema *mdm_pg_schema(const mdm_stmt *stmt)
{
    const pg_stmt *s = (const pg_stmt *)stmt;
    return s->schema ? s->schema : mdm_pg_conn(stmt->conn)->no_columns;
}

/* --- reading -------------------------------------------------------------- */

static mdm_status next_of_all(pg_conn *conn, pg_stmt *s, PGresult **row, mdm_error *err)
{
    if (s->ahead_next == s->ahead_count) return next_row(conn, s, row, err);
    *row = s->ahead[s->ahead_next++];
    return MDM_OK;
}

static mdm_status fill(pg_conn *conn, pg_stmt *s, mdm_error *err)
{
    size_t bytes = 0;
    for (int rows = 0; rows < CHUNK_ROWS && bytes < CHUNK_BYTES; rows++) {
        PGresult *row;
        MDM_TRY(next_of_all(conn, s, &row, err));
        if (!row) break;
        mdm_status status = mdm_pg_append(s, row, &bytes, err);
        mdm_pq.clear(row);
        if (status != MDM_OK) return status;
    }
    return MDM_OK;
}

mdm_status mdm_pg_fetch(mdm_stmt *stmt, mdm_chunk **out, mdm_error *err)
{
    *out = NULL;
    pg_stmt *s = (pg_stmt *)stmt;
    pg_conn *conn = mdm_pg_conn(stmt->conn);
    if (!s->running || s->column_count == 0) return MDM_OK;
    mdm_status status = mdm_pg_stop_wanted(conn, err);
    if (status != MDM_OK) {
        if (conn->reader == s) mdm_pg_abandon(conn, status);
        s->done = true;
        return status;
    }
    if (!s->builder) MDM_TRY(mdm_builder_open(s->schema, CHUNK_ROWS, &s->builder, err));
    MDM_TRY(fill(conn, s, err));
    return mdm_builder_rows(s->builder, 0) > 0 ? mdm_builder_finish(s->builder, out, err) : MDM_OK;
}

int64_t mdm_pg_changed(const mdm_stmt *stmt)
{
    return ((const pg_stmt *)stmt)->changed;
}

void mdm_pg_finish(mdm_stmt *stmt)
{
    if (!stmt) return;
    pg_stmt *s = (pg_stmt *)stmt;
    pg_conn *conn = mdm_pg_conn(stmt->conn);
    end_run(conn, s);
    mdm_statements_give(&conn->statements, &s->kept);
}
