/* Statistics of a dataset, computed from the rows as they are now. */
#include "dataset/stats.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "dataset/catalog.h"
#include "dataset/columns.h"
#include "dataset/detect.h"
#include "dataset/home.h"
#include "dataset/json.h"
#include "dataset/roles.h"
#include "mdm/monitor.h"
#include "storage/storage.h"

typedef struct computation {
    mdm_session *session;
    mdm_dataset *dataset;
    const mdm_stats_options *options;
    mdm_database *database;
    json_t *tables;
    int64_t rows, columns, missing, cells; /* of all data tables */
    size_t count;
    mdm_error *err;
} computation;

/* --- one table ---------------------------------------------------------------------------- */

static mdm_status select_columns(const computation *c, const mdm_table_info *table, mdm_text *sql)
{
    const mdm_backend *backend = mdm_database_backend(c->database);
    const mdm_target target = {.table = table->table};
    mdm_status status = MDM_OK;
    mdm_text_puts(sql, "SELECT ");
    for (size_t i = 0; status == MDM_OK && i < c->options->column_count; i++) {
        if (i) mdm_text_puts(sql, ", ");
        status = mdm_sql_name(sql, backend, mdm_str_from(c->options->columns[i]), c->err);
    }
    if (!c->options->column_count) mdm_text_putc(sql, '*');
    mdm_text_puts(sql, " FROM ");
    if (status == MDM_OK) status = mdm_sql_target(sql, backend, &target, c->err);
    return status == MDM_OK ? mdm_text_status(sql, c->err) : status;
}

/* Rows of a chunk in which no column is NULL. */
static int64_t count_complete(const mdm_chunk *chunk)
{
    int64_t complete = 0;
    for (int64_t r = 0; r < chunk->rows; r++) {
        bool whole = true;
        for (size_t i = 0; i < chunk->schema->count && whole; i++)
            whole = mdm_column_is_set(&chunk->columns[i], r);
        complete += whole;
    }
    return complete;
}

static bool has_nulls(const mdm_chunk *chunk)
{
    for (size_t i = 0; i < chunk->schema->count; i++)
        if (chunk->columns[i].null_count) return true;
    return false;
}

static mdm_status profile_rows(const computation *c, mdm_stats_table *t)
{
    mdm_rows *rows = NULL;
    mdm_chunk *chunk = NULL;
    MDM_TRY(mdm_dataset_ask(c->session, c->database, t->sql, &rows, c->err));
    mdm_status status = mdm_profile_open(mdm_rows_schema(rows), NULL, &t->profile, c->err);
    t->column_count = mdm_rows_schema(rows)->count;
    while (status == MDM_OK && (status = mdm_rows_next(rows, &chunk, c->err)) == MDM_OK && chunk) {
        status = mdm_profile_add(t->profile, chunk, c->err);
        t->complete_rows += has_nulls(chunk) ? count_complete(chunk) : chunk->rows;
        mdm_chunk_unref(chunk);
    }
    mdm_rows_close(rows);
    return status;
}

/* --- issues that a reader should look at ------------------------------------------------------ */

static void find_issues(const mdm_column_profile *p, json_t *issues)
{
    const int64_t values = p->rows - p->nulls;
    const char *what = NULL;
    if (p->rows && values == 0) what = "has no value";
    else if (p->rows > 1 && p->distinct == 1 && p->nulls == 0) what = "is constant";
    else if (p->rows && p->nulls * 2 > p->rows) what = "is more than half empty";
    else if (p->type.id == MDM_TYPE_TEXT && values > 20 && p->distinct * 10 > values * 9 &&
             !mdm_role_is_id_name(p->name))
        what = "is text with nearly as many values as rows";
    if (!what) return;
    char line[1200];
    snprintf(line, sizeof line, "column '%s' %s", p->name, what);
    json_array_append_new(issues, json_string(line));
}

/* --- putting together ---------------------------------------------------------------------------- */

static void add_missing(json_t *o, const mdm_stats_table *t, int64_t missing, int64_t cells,
                        json_t *with_missing)
{
    const int64_t rows = mdm_profile_rows(t->profile);
    json_object_set_new(o, "missing_values",
                        json_pack("{s:I, s:f, s:o, s:I, s:I}", "total_missing_cells",
                                  (json_int_t)missing, "total_missing_percentage",
                                  cells ? 100.0 * (double)missing / (double)cells : 0.0,
                                  "columns_with_missing", with_missing, "rows_with_missing",
                                  (json_int_t)(rows - t->complete_rows), "complete_rows",
                                  (json_int_t)t->complete_rows));
}

static mdm_status describe_table(computation *c, mdm_stats_table *t)
{
    const size_t count = t->column_count;
    const int64_t rows = mdm_profile_rows(t->profile);
    int64_t missing = 0, bytes = 0;
    json_t *o = json_object(), *columns = json_object(), *issues = json_array();
    json_t *with_missing = json_array();
    for (size_t i = 0; i < count; i++) {
        const mdm_column_profile *p;
        const mdm_status status = mdm_profile_column(t->profile, i, &p, c->err);
        if (status != MDM_OK) {
            json_decref(o);
            json_decref(columns);
            json_decref(issues);
            json_decref(with_missing);
            return status;
        }
        missing += p->nulls;
        bytes += mdm_columns_bytes(p);
        if (p->nulls) json_array_append_new(with_missing, json_string(p->name));
        find_issues(p, issues);
        json_object_set_new(columns, p->name, mdm_stats_column(p));
    }
    const int64_t cells = rows * (int64_t)count;
    json_object_set_new(o, "row_count", json_integer(rows));
    json_object_set_new(o, "column_count", json_integer((json_int_t)count));
    json_object_set_new(o, "columns", columns);
    add_missing(o, t, missing, cells, with_missing);
    json_object_set_new(o, "data_quality",
                        json_pack("{s:f, s:o}", "completeness",
                                  cells ? 1.0 - (double)missing / (double)cells : 1.0,
                                  "potential_issues", issues));
    json_object_set_new(o, "estimated_memory_usage", json_integer(bytes));
    json_object_set_new(c->tables, t->info->key, o);
    if (mdm_is_data_table(t->info->key)) {
        c->rows += rows;
        c->columns += (int64_t)count;
        c->missing += missing;
        c->cells += cells;
        c->count++;
    }
    return c->options->full ? mdm_stats_full(t, o, columns, c->err) : MDM_OK;
}

static mdm_status compute_table(computation *c, const mdm_table_info *info)
{
    mdm_text sql;
    mdm_stats_table t = {.session = c->session, .database = c->database, .info = info};
    mdm_text_init(&sql);
    mdm_status status = select_columns(c, info, &sql);
    t.sql = (mdm_str){sql.data, sql.len};
    if (status == MDM_OK) status = profile_rows(c, &t);
    if (status == MDM_OK) status = describe_table(c, &t);
    mdm_profile_close(t.profile);
    mdm_text_clear(&sql);
    return status;
}

/* --- the whole ------------------------------------------------------------------------------------- */

/* Which tables: the one asked for, else all data tables. */
static mdm_status compute_tables(computation *c)
{
    const mdm_dataset_info *info = mdm_dataset_info_get(c->dataset);
    if (c->options->table || c->dataset->table_key) {
        const mdm_table_info *one;
        MDM_TRY(mdm_dataset_table(c->dataset, c->options->table, &one, c->err));
        return compute_table(c, one);
    }
    for (size_t i = 0; i < info->table_count; i++)
        if (mdm_is_data_table(info->tables[i].key)) MDM_TRY(compute_table(c, &info->tables[i]));
    return MDM_OK;
}

static json_t *document(const computation *c)
{
    char now[40];
    return json_pack("{s:s, s:s, s:s, s:O, s:{s:I, s:I, s:I, s:I, s:f}}", "dataset_name",
                     mdm_dataset_info_get(c->dataset)->name, "computed_at", mdm_description_now(now),
                     "mode", c->options->full ? "full" : "basic", "tables", c->tables, "summary",
                     "total_rows", (json_int_t)c->rows, "total_columns", (json_int_t)c->columns,
                     "total_tables", (json_int_t)c->count, "total_missing_cells",
                     (json_int_t)c->missing, "overall_completeness",
                     c->cells ? 1.0 - (double)c->missing / (double)c->cells : 1.0);
}

/* Beside the data, for programs that read it there. A home that cannot be written keeps none. */
static void save(const computation *c, mdm_str text)
{
    const mdm_description *d = &c->dataset->description;
    const mdm_config *config = mdm_session_config(c->session);
    char *folder = mdm_home_data_folder(config, mdm_dataset_folder(d));
    char *metadata = folder ? mdm_path_join(folder, "metadata") : NULL;
    char *path = metadata ? mdm_path_join(metadata, "statistics.json") : NULL;
    mdm_path_stat look;
    if (path && mdm_path_look(folder, true, &look, NULL) == MDM_OK &&
        mdm_dir_make(metadata, NULL) == MDM_OK) {
        const mdm_status ignored = mdm_file_replace(path, text, NULL);
        (void)ignored;
    }
    mdm_free(path);
    mdm_free(metadata);
    mdm_free(folder);
}

mdm_status mdm_dataset_stats(mdm_session *session, mdm_dataset *dataset,
                             const mdm_stats_options *options, char **out, mdm_error *err)
{
    static const mdm_stats_options defaults = {0};
    mdm_text text;
    computation c = {.session = session,
                     .dataset = dataset,
                     .options = options ? options : &defaults,
                     .tables = json_object(),
                     .err = err};
    *out = NULL;
    if (!c.tables) return mdm_no_memory(err, "statistics");
    mdm_text_init(&text);
    mdm_operation operation = mdm_operation_begin(mdm_session_monitor(session), "dataset_stats");
    mdm_status status = mdm_dataset_database(session, dataset, false, &c.database, err);
    if (status == MDM_OK) status = compute_tables(&c);
    if (status == MDM_OK) {
        mdm_json_put(&text, document(&c), JSON_INDENT(2));
        status = mdm_text_status(&text, err);
    }
    const bool everything = !c.options->table && !dataset->table_key && !c.options->column_count;
    if (status == MDM_OK && everything) save(&c, (mdm_str){text.data, text.len});
    if (status == MDM_OK && !(*out = mdm_text_take(&text))) status = mdm_no_memory(err, "statistics");
    mdm_operation_end(&operation, status);
    mdm_text_clear(&text);
    json_decref(c.tables);
    return status;
}
