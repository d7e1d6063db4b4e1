/* A dataset from its registration to its removal, on each database. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io.h"
#include "data/chunk_internal.h"
#include "mdm/dataset.h"
#include "support/folder.h"

#define TRAIN "id,name,price\n1,a,1.5\n2,,2.5\n3,\"b, c\",3.5\n"
#define TEST "id,name\n4,d\n5,e\n"

typedef struct fixture {
    char *folder;
    char home[512], files[512], out[512];
    char prefix[64], url[512]; /* of the server */
    mdm_session *session;
} fixture;

static void open_session(fixture *f)
{
    const char *const environment[] = {f->url, f->prefix, NULL};
    const mdm_config_sources sources = {.home = f->home, .environment = environment};
    const mdm_session_options options = {.config = &sources};
    mdm_error err = {0};
    if (mdm_session_open(&options, &f->session, &err) != MDM_OK) fail_msg("session: %s", err.message);
}

/* What another process would see. */
static void open_again(fixture *f)
{
    mdm_session_close(f->session);
    f->session = NULL;
    open_session(f);
}

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    const char *server = getenv("MDM_TEST_POSTGRESQL");
    f->folder = test_folder_make();
    snprintf(f->home, sizeof f->home, "%s/home", f->folder);
    snprintf(f->files, sizeof f->files, "%s/files", f->folder);
    snprintf(f->out, sizeof f->out, "%s/out", f->folder);
    snprintf(f->url, sizeof f->url, "MDM_DATABASE_POSTGRESQL_URL=%s", server ? server : "");
    snprintf(f->prefix, sizeof f->prefix, "MDM_DATABASE_POSTGRESQL_DATABASE_PREFIX=u%ld_", (long)getpid());
    assert_int_equal(mdm_dir_make(f->files, NULL), MDM_OK);
    test_file_write(test_path(f->files, "train.csv"), TRAIN);
    test_file_write(test_path(f->files, "test.csv"), TEST);
    open_session(f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    mdm_session_close(f->session);
    test_folder_remove(f->folder);
    free(f);
    return 0;
}

/* --- small steps ---------------------------------------------------------------------- */

static mdm_status try_register(fixture *f, const char *name, const char *backend, bool replace,
                               mdm_error *err)
{
    const char *const paths[] = {f->files}, *const tags[] = {"small"};
    mdm_dataset *dataset = NULL;
    mdm_dataset_spec spec = MDM_DATASET_SPEC_INIT;
    spec.name = name;
    spec.paths = paths;
    spec.path_count = 1;
    spec.backend = backend;
    spec.target = "price";
    spec.tags = tags;
    spec.tag_count = 1;
    spec.replace = replace;
    const mdm_status status = mdm_dataset_register(f->session, &spec, &dataset, err);
    mdm_dataset_close(dataset);
    return status;
}

static void register_one(fixture *f, const char *name, const char *backend)
{
    mdm_error err = {0};
    if (try_register(f, name, backend, false, &err) != MDM_OK)
        fail_msg("register %s on %s: %s", name, backend, err.message);
}

static mdm_dataset *open_one(fixture *f, const char *name)
{
    mdm_error err = {0};
    mdm_dataset *dataset = NULL;
    if (mdm_dataset_open(f->session, name, &dataset, &err) != MDM_OK)
        fail_msg("open %s: %s", name, err.message);
    return dataset;
}

/* The first cell of the only row, as text that the next call reuses. */
static const char *ask(fixture *f, const char *name, const char *sql)
{
    static char text[256];
    mdm_dataset *dataset = open_one(f, name);
    mdm_query query = MDM_QUERY_INIT;
    mdm_rows *rows = NULL;
    mdm_chunk *chunk = NULL;
    mdm_error err = {0};
    query.sql = mdm_str_from(sql);
    if (mdm_dataset_query(f->session, dataset, &query, &rows, &err) != MDM_OK ||
        mdm_rows_next(rows, &chunk, &err) != MDM_OK)
        fail_msg("%s: %s", sql, err.message);
    assert_non_null(chunk);
    char room[MDM_CELL_TEXT];
    const mdm_str cell = mdm_cell_text(&chunk->columns[0], 0, room, sizeof room);
    snprintf(text, sizeof text, "%.*s", (int)cell.len, cell.data ? cell.data : "");
    mdm_chunk_unref(chunk);
    mdm_rows_close(rows);
    mdm_dataset_close(dataset);
    return text;
}

static mdm_status change(fixture *f, const char *name, const char *sql, mdm_error *err)
{
    mdm_dataset *dataset = open_one(f, name);
    mdm_query query = MDM_QUERY_INIT;
    mdm_rows *rows = NULL;
    query.sql = mdm_str_from(sql);
    query.write = true;
    const mdm_status status = mdm_dataset_query(f->session, dataset, &query, &rows, err);
    mdm_rows_close(rows);
    mdm_dataset_close(dataset);
    return status;
}

static void assert_list(fixture *f, const mdm_dataset_filter *filter, const char *names)
{
    char got[1024] = "";
    mdm_dataset_list *list = NULL;
    mdm_error err = {0};
    if (mdm_dataset_list_open(f->session, filter, &list, &err) != MDM_OK) fail_msg("list: %s", err.message);
    for (size_t i = 0; i < mdm_dataset_list_count(list); i++)
        snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s", i ? " " : "",
                 mdm_dataset_list_at(list, i)->name);
    mdm_dataset_list_close(list);
    assert_string_equal(got, names);
}

static const char *description_file(const fixture *f, const char *name)
{
    static char path[700];
    snprintf(path, sizeof path, "%s/config/datasets/%s.yaml", f->home, name);
    return path;
}

static void edit_description(const fixture *f, const char *name, const char *was, const char *is)
{
    static char text[16384];
    const char *path = description_file(f, name), *whole = test_file_text(path);
    const char *at = strstr(whole, was);
    if (!at) fail_msg("'%s' is not in %s:\n%s", was, path, whole);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - whole), whole, is, at + strlen(was));
    test_file_write(path, text);
}

/* --- the whole life ------------------------------------------------------------------------ */

static void check_info(fixture *f, const char *backend)
{
    mdm_dataset *dataset = open_one(f, "My-Data"); /* every command normalises */
    const mdm_dataset_info *info = mdm_dataset_info_get(dataset);
    assert_string_equal(info->name, "my_data");
    assert_string_equal(info->display_name, "My-Data");
    assert_string_equal(info->backend, backend);
    assert_string_equal(info->target_column, "price");
    assert_string_equal(info->problem_type, "regression");
    assert_int_equal(info->id_column_count, 1);
    assert_string_equal(info->id_columns[0], "id");
    assert_int_equal(info->table_count, 2);
    assert_int_equal(info->row_count, 5);
    assert_int_equal(info->data_version, 1);
    assert_true(info->available);
    assert_string_equal(info->source, f->files);
    if (strcmp(backend, "postgresql") != 0) assert_true(info->size_bytes > 0);
    const mdm_table_info *table;
    assert_int_equal(mdm_dataset_table(dataset, NULL, &table, NULL), MDM_OK);
    assert_string_equal(table->key, "train");
    assert_int_equal(table->rows, 3);
    mdm_error err = {0};
    assert_int_equal(mdm_dataset_table(dataset, "trian", &table, &err), MDM_NOT_FOUND);
    assert_non_null(strstr(err.hint, "train"));
    mdm_dataset_close(dataset);
}

static void check_columns(fixture *f)
{
    mdm_dataset *dataset = open_one(f, "my_data");
    const mdm_column_info *columns;
    size_t count;
    mdm_error err = {0};
    if (mdm_dataset_columns(f->session, dataset, &columns, &count, &err) != MDM_OK) fail_msg("%s", err.message);
    assert_int_equal(count, 5);
    for (size_t i = 0; i < count; i++) {
        assert_non_null(columns[i].role);
        if (strcmp(columns[i].name, "id") == 0) assert_string_equal(columns[i].role, "id");
        if (strcmp(columns[i].name, "price") == 0) {
            assert_string_equal(columns[i].role, "target");
            assert_string_equal(columns[i].max, "3.5");
            assert_true(columns[i].mean > 2.49 && columns[i].mean < 2.51);
        }
        if (strcmp(columns[i].name, "name") == 0 && strcmp(columns[i].table, "train") == 0)
            assert_int_equal(columns[i].missing_count, 1);
    }
    mdm_dataset_close(dataset);
}

static void check_stats(fixture *f)
{
    mdm_dataset *dataset = open_one(f, "my_data");
    char *text = NULL;
    mdm_error err = {0};
    const mdm_stats_options full = {.full = true};
    if (mdm_dataset_stats(f->session, dataset, &full, &text, &err) != MDM_OK) fail_msg("%s", err.message);
    assert_non_null(strstr(text, "\"total_rows\": 5"));
    assert_non_null(strstr(text, "\"total_missing_cells\": 1"));
    assert_non_null(strstr(text, "\"mode\": \"full\""));
    const char *saved = test_file_text(test_path(f->home, "datasets/my_data/metadata/statistics.json"));
    assert_non_null(saved);
    assert_string_equal(saved, text);
    mdm_free_text(text);
    mdm_dataset_close(dataset);
}

static void check_export(fixture *f)
{
    mdm_dataset *dataset = open_one(f, "my_data");
    mdm_exported exported = {0};
    mdm_error err = {0};
    mdm_export_spec spec = {.folder = f->out, .format = "csv", .compression = "none"};
    if (mdm_dataset_export(f->session, dataset, &spec, &exported, &err) != MDM_OK) fail_msg("%s", err.message);
    assert_int_equal(exported.count, 3);
    mdm_exported_clear(&exported);
    assert_string_equal(test_file_text(test_path(f->out, "my_data_train.csv")), TRAIN);
    assert_string_equal(test_file_text(test_path(f->out, "my_data_test.csv")), TEST);
    const char *metadata = test_file_text(test_path(f->out, "my_data_metadata.json"));
    assert_non_null(strstr(metadata, "\"dataset_name\": \"my_data\""));
    assert_null(strstr(metadata, "password"));

    spec.compression = "snappy"; /* of another format */
    assert_int_equal(mdm_dataset_export(f->session, dataset, &spec, &exported, &err), MDM_INVALID);
    assert_non_null(strstr(err.message, "snappy"));
    mdm_dataset_close(dataset);
}

static void live(fixture *f, const char *backend)
{
    mdm_error err = {0};
    register_one(f, "My-Data", backend);
    open_again(f);
    assert_list(f, NULL, "my_data");
    check_info(f, backend);
    check_columns(f);
    assert_string_equal(ask(f, "my_data", "SELECT name FROM train WHERE id = 3"), "b, c");
    check_stats(f);
    check_export(f);

    assert_int_equal(try_register(f, "my data", backend, false, &err), MDM_OK); /* "mydata" */
    assert_int_equal(try_register(f, "MY-DATA", backend, false, &err), MDM_EXISTS);
    assert_non_null(strstr(err.message, "already exists"));
    test_file_write(test_path(f->files, "test.csv"), TEST "6,f\n");
    if (try_register(f, "my_data", backend, true, &err) != MDM_OK) fail_msg("--force: %s", err.message);
    assert_string_equal(ask(f, "my_data", "SELECT count(*) FROM test"), "3");
    assert_string_equal(ask(f, "mydata", "SELECT count(*) FROM test"), "2");

    if (mdm_dataset_remove(f->session, "My-Data", &err) != MDM_OK) fail_msg("remove: %s", err.message);
    assert_list(f, NULL, "mydata");
    mdm_dataset *gone = NULL;
    assert_int_equal(mdm_dataset_open(f->session, "my_data", &gone, &err), MDM_NOT_FOUND);
    assert_non_null(strstr(err.hint, "mydata"));
    assert_int_equal(mdm_dataset_remove(f->session, "mydata", &err), MDM_OK);
    mdm_names left = {0};
    assert_int_equal(mdm_dir_list(test_path(f->home, "datasets"), &left, NULL), MDM_OK);
    assert_int_equal(left.count, 1); /* the lock */
    mdm_names_free(&left);
}

static void a_dataset_lives_on_sqlite(void **state)
{
    live(*state, "sqlite");
}

static void a_dataset_lives_on_duckdb(void **state)
{
    live(*state, "duckdb");
}

static void a_dataset_lives_on_postgresql(void **state)
{
    if (!getenv("MDM_TEST_POSTGRESQL")) skip();
    live(*state, "postgresql");
}

/* --- writing ------------------------------------------------------------------------------------ */

static void written_data_are_a_new_version_whose_rows_nobody_has_counted(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    register_one(f, "t", "sqlite");
    assert_int_equal(change(f, "t", "DELETE FROM train WHERE id = 1", &err), MDM_OK);
    mdm_dataset *dataset = open_one(f, "t");
    const mdm_dataset_info *info = mdm_dataset_info_get(dataset);
    assert_int_equal(info->data_version, 2);
    assert_int_equal(info->row_count, -1);
    assert_non_null(info->last_updated_at);
    mdm_dataset_close(dataset);
    assert_string_equal(ask(f, "t", "SELECT count(*) FROM train"), "2");

    assert_int_equal(change(f, "t", "DELETE FROM train WHERE id = 99", &err), MDM_OK);
    dataset = open_one(f, "t");
    assert_int_equal(mdm_dataset_info_get(dataset)->data_version, 2); /* nothing was written */
    mdm_dataset_close(dataset);
}

static void a_query_that_does_not_say_so_writes_nothing(void **state)
{
    fixture *f = *state;
    mdm_query query = MDM_QUERY_INIT;
    mdm_rows *rows = NULL;
    mdm_error err = {0};
    register_one(f, "t", "sqlite");
    mdm_dataset *dataset = open_one(f, "t");
    query.sql = MDM_STR("DELETE FROM train");
    assert_int_equal(mdm_dataset_query(f->session, dataset, &query, &rows, &err), MDM_PERMISSION);
    assert_null(rows);
    assert_true(err.message[0]);
    mdm_dataset_close(dataset);
    assert_string_equal(ask(f, "t", "SELECT count(*) FROM train"), "3");
}

static void a_wrong_table_or_column_is_met_with_the_nearest(void **state)
{
    static const struct {
        const char *sql, *near;
    } queries[] = {{"SELECT * FROM trian", "train"}, {"SELECT pirce FROM train", "price"}};
    static const char *const backends[] = {"sqlite", "duckdb"};
    fixture *f = *state;
    for (size_t b = 0; b < 2; b++) {
        register_one(f, backends[b], backends[b]);
        mdm_dataset *dataset = open_one(f, backends[b]);
        for (size_t i = 0; i < 2; i++) {
            mdm_query query = MDM_QUERY_INIT;
            mdm_rows *rows = NULL;
            mdm_error err = {0};
            query.sql = mdm_str_from(queries[i].sql);
            assert_int_equal(mdm_dataset_query(f->session, dataset, &query, &rows, &err), MDM_BACKEND);
            if (!strstr(err.hint, queries[i].near))
                fail_msg("%s on %s: '%s', hint '%s'", queries[i].sql, backends[b], err.message, err.hint);
        }
        mdm_dataset_close(dataset);
    }
}

/* --- listing -------------------------------------------------------------------------------------- */

static void a_list_is_filtered_sorted_and_cut(void **state)
{
    fixture *f = *state;
    static const char *const of_duckdb[] = {"backend=DuckDB"}, *const regression[] = {"problem_type=regression"};
    static const char *const unknown[] = {"bakend=sqlite"}, *const no_filter[] = {"sqlite"};
    mdm_error err = {0};
    register_one(f, "b", "sqlite");
    register_one(f, "a", "duckdb");
    register_one(f, "c", "sqlite");
    assert_list(f, NULL, "a b c");
    assert_list(f, &(mdm_dataset_filter){.sort_by = "registration_date"}, "c a b");
    assert_list(f, &(mdm_dataset_filter){.reverse = true, .limit = 2}, "c b");
    assert_list(f, &(mdm_dataset_filter){.equal = of_duckdb, .equal_count = 1}, "a");
    assert_list(f, &(mdm_dataset_filter){.equal = regression, .equal_count = 1}, "a b c");
    assert_list(f, &(mdm_dataset_filter){.equal = no_filter, .equal_count = 1}, "a b c");
    assert_list(f, &(mdm_dataset_filter){.backend = "sqlite"}, "b c");
    assert_list(f, &(mdm_dataset_filter){.tag = "small"}, "a b c");
    assert_list(f, &(mdm_dataset_filter){.tag = "smal"}, "");
    mdm_dataset_list *list = NULL;
    const mdm_dataset_filter wrong = {.equal = unknown, .equal_count = 1};
    assert_int_equal(mdm_dataset_list_open(f->session, &wrong, &list, &err), MDM_INVALID);
    assert_non_null(strstr(err.hint, "backend"));
    const mdm_dataset_filter odd = {.sort_by = "colour"};
    assert_int_equal(mdm_dataset_list_open(f->session, &odd, &list, &err), MDM_INVALID);
    assert_null(list);
}

static void a_list_shows_what_the_files_say_whatever_the_index_says(void **state)
{
    fixture *f = *state;
    static const char *const shop[] = {"source=shop"};
    register_one(f, "a", "sqlite");
    register_one(f, "b", "sqlite");
    assert_list(f, NULL, "a b"); /* the index is written */
    assert_true(test_exists(test_path(f->home, "index.db")));
    char line[600];
    snprintf(line, sizeof line, "source: %s", f->files);
    edit_description(f, "a", line, "source: shop");
    assert_list(f, &(mdm_dataset_filter){.equal = shop, .equal_count = 1}, "a");
    assert_int_equal(unlink(description_file(f, "b")), 0);
    assert_list(f, NULL, "a");

    test_file_write(test_path(f->home, "index.db"), "this is no database at all, but long enough to be read");
    assert_list(f, NULL, "a");
    assert_list(f, &(mdm_dataset_filter){.equal = shop, .equal_count = 1}, "a");
    assert_int_equal(unlink(test_path(f->home, "index.db")), 0);
    assert_list(f, NULL, "a");
}

static void a_damaged_description_is_told_and_hides_no_other(void **state)
{
    fixture *f = *state;
    mdm_dataset_list *list = NULL;
    mdm_dataset *dataset = NULL;
    mdm_error err = {0};
    register_one(f, "good", "sqlite");
    register_one(f, "bad", "sqlite");
    test_file_write(description_file(f, "bad"), "name: bad\ndatabase: [\n");
    assert_int_equal(mdm_dataset_list_open(f->session, NULL, &list, &err), MDM_OK);
    assert_int_equal(mdm_dataset_list_count(list), 1);
    assert_non_null(strstr(mdm_dataset_list_warning(list, 0), "bad.yaml:"));
    assert_null(mdm_dataset_list_warning(list, 1));
    mdm_dataset_list_close(list);
    assert_int_equal(mdm_dataset_open(f->session, "bad", &dataset, &err), MDM_FORMAT);
    if (mdm_dataset_remove(f->session, "bad", &err) != MDM_OK) fail_msg("%s", err.message);
    assert_false(test_exists(description_file(f, "bad")));
    assert_false(test_exists(test_path(f->home, "datasets/bad")));
    assert_list(f, NULL, "good");
}

/* --- values that a database has not ---------------------------------------------------------------- */

/* Two columns of three rows; x holds two NaN and one number. */
static void nan_stream(struct ArrowArrayStream *out)
{
    static const double numbers[] = {NAN, 2.5, NAN};
    static const mdm_field fields[] = {{"x", {MDM_TYPE_DOUBLE, 0, 0}}, {"n", {MDM_TYPE_INT64, 0, 0}}};
    mdm_schema *schema;
    mdm_builder *builder;
    mdm_chunk *chunk;
    mdm_stream stream;
    assert_int_equal(mdm_schema_new(fields, 2, &schema, NULL), MDM_OK);
    assert_int_equal(mdm_builder_open(schema, 3, &builder, NULL), MDM_OK);
    for (int64_t r = 0; r < 3; r++) {
        assert_int_equal(mdm_builder_real(builder, 0, numbers[r]), MDM_OK);
        assert_int_equal(mdm_builder_int(builder, 1, r), MDM_OK);
    }
    assert_int_equal(mdm_builder_finish(builder, &chunk, NULL), MDM_OK);
    assert_int_equal(mdm_stream_of_chunks(schema, &chunk, 1, &stream, NULL), MDM_OK);
    assert_int_equal(mdm_stream_export(&stream, out, NULL), MDM_OK);
    mdm_chunk_unref(chunk);
    mdm_builder_close(builder);
    mdm_schema_unref(schema);
}

static mdm_dataset *register_nans(fixture *f, const char *backend)
{
    struct ArrowArrayStream stream;
    mdm_dataset *dataset = NULL;
    mdm_error err = {0};
    mdm_dataset_spec spec = MDM_DATASET_SPEC_INIT;
    nan_stream(&stream);
    spec.name = backend;
    spec.stream = &stream;
    spec.backend = backend;
    if (mdm_dataset_register(f->session, &spec, &dataset, &err) != MDM_OK) fail_msg("%s", err.message);
    return dataset;
}

static int64_t missing_of_x(fixture *f, mdm_dataset *dataset)
{
    const mdm_column_info *columns;
    size_t count;
    assert_int_equal(mdm_dataset_columns(f->session, dataset, &columns, &count, NULL), MDM_OK);
    assert_string_equal(columns[0].name, "x");
    return columns[0].missing_count;
}

static void nan_stored_as_null_is_told_and_counted_as_missing(void **state)
{
    fixture *f = *state;
    mdm_dataset *dataset = register_nans(f, "sqlite"), *again;
    const mdm_dataset_info *info = mdm_dataset_info_get(dataset);
    assert_int_equal(info->note_count, 1);
    assert_string_equal(info->notes[0], "data.x: 2 NaN stored as NULL (sqlite has no NaN)");
    assert_int_equal(info->memory_bytes, 3 * 8 + 3 * 8);
    assert_int_equal(missing_of_x(f, dataset), 2);
    mdm_dataset_close(dataset);
    again = open_one(f, "sqlite");
    assert_int_equal(missing_of_x(f, again), 2); /* the bookkeeping says the same */
    mdm_dataset_close(again);
    assert_string_equal(ask(f, "sqlite", "SELECT count(x) FROM data"), "1");
}

static void nan_stays_nan_where_the_database_has_it(void **state)
{
    fixture *f = *state;
    mdm_dataset *dataset = register_nans(f, "duckdb");
    assert_int_equal(mdm_dataset_info_get(dataset)->note_count, 0);
    assert_int_equal(missing_of_x(f, dataset), 0);
    mdm_dataset_close(dataset);
    assert_string_equal(ask(f, "duckdb", "SELECT count(x) FROM data WHERE isnan(x)"), "2");
}

static void a_word_that_became_null_is_told(void **state)
{
    fixture *f = *state;
    const char *const paths[] = {f->files};
    mdm_dataset *dataset = NULL;
    mdm_error err = {0};
    mdm_dataset_spec spec = MDM_DATASET_SPEC_INIT;
    test_file_write(test_path(f->files, "train.csv"), "id,age,name\n1,NA,NA\n2,7,x\n3,null,y\n4,,z\n");
    spec.name = "t";
    spec.paths = paths;
    spec.path_count = 1;
    spec.backend = "sqlite";
    if (mdm_dataset_register(f->session, &spec, &dataset, &err) != MDM_OK) fail_msg("%s", err.message);
    const mdm_dataset_info *info = mdm_dataset_info_get(dataset);
    assert_int_equal(info->note_count, 1); /* in a column of text the word stays */
    assert_non_null(strstr(info->notes[0], "train.csv: column 'age': 2 cells"));
    mdm_dataset_close(dataset);
    assert_string_equal(ask(f, "t", "SELECT name FROM train WHERE id = 1"), "NA");
}

/* --- rejects, long keys ----------------------------------------------------------------------------- */

static int64_t count_rejects(fixture *f, const char *table)
{
    mdm_dataset *dataset = open_one(f, "t");
    mdm_rows *rows = NULL;
    mdm_chunk *chunk = NULL;
    int64_t count = -1, seen = 0;
    mdm_error err = {0};
    if (mdm_dataset_rejects(f->session, dataset, table, 0, &rows, &count, &err) != MDM_OK)
        fail_msg("%s", err.message);
    while (mdm_rows_next(rows, &chunk, &err) == MDM_OK && chunk) {
        seen += chunk->rows;
        mdm_chunk_unref(chunk);
    }
    mdm_rows_close(rows);
    mdm_dataset_close(dataset);
    assert_int_equal(seen, count);
    return count;
}

static void rejects_are_shown_of_all_tables_or_of_one(void **state)
{
    fixture *f = *state;
    const char *const paths[] = {f->files};
    mdm_dataset *dataset = NULL;
    mdm_error err = {0};
    mdm_dataset_spec spec = MDM_DATASET_SPEC_INIT;
    test_file_write(test_path(f->files, "train.csv"), "id,name\n1,a\n2\n3,c\n4\n");
    test_file_write(test_path(f->files, "test.csv"), "id,name\n1,a\n2\n");
    spec.name = "t";
    spec.paths = paths;
    spec.path_count = 1;
    spec.backend = "sqlite";
    spec.on_error = "reject";
    if (mdm_dataset_register(f->session, &spec, &dataset, &err) != MDM_OK) fail_msg("%s", err.message);
    mdm_dataset_close(dataset);
    assert_int_equal(count_rejects(f, NULL), 3);
    assert_int_equal(count_rejects(f, "train"), 2);
    assert_int_equal(count_rejects(f, "test"), 1);
}

static void a_key_longer_than_a_file_name_is_exported_under_a_shorter_one(void **state)
{
    fixture *f = *state;
    char long_name[300], path[1024];
    memset(long_name, 'k', 240);
    snprintf(long_name + 240, sizeof long_name - 240, ".csv");
    snprintf(path, sizeof path, "%s/%s", f->folder, long_name);
    test_file_write(path, "a\n1\n");
    const char *const paths[] = {path, test_path(f->files, "train.csv")};
    mdm_dataset *dataset = NULL;
    mdm_exported exported = {0};
    mdm_error err = {0};
    mdm_dataset_spec spec = MDM_DATASET_SPEC_INIT;
    const mdm_export_spec wanted = {.folder = f->out, .format = "csv", .compression = "none"};
    spec.name = "t";
    spec.paths = paths;
    spec.path_count = 2;
    spec.backend = "sqlite";
    if (mdm_dataset_register(f->session, &spec, &dataset, &err) != MDM_OK) fail_msg("%s", err.message);
    if (mdm_dataset_export(f->session, dataset, &wanted, &exported, &err) != MDM_OK) fail_msg("%s", err.message);
    for (size_t i = 0; i < exported.count; i++) assert_true(test_exists(exported.files[i].path));
    assert_int_equal(exported.count, 3);
    mdm_exported_clear(&exported);
    mdm_dataset_close(dataset);
}

/* --- moved and lost ---------------------------------------------------------------------------------- */

static void a_home_may_be_moved(void **state)
{
    fixture *f = *state;
    register_one(f, "s", "sqlite");
    register_one(f, "d", "duckdb");
    mdm_session_close(f->session);
    char moved[600];
    snprintf(moved, sizeof moved, "%s/moved", f->folder);
    assert_int_equal(rename(f->home, moved), 0);
    snprintf(f->home, sizeof f->home, "%.500s", moved);
    open_session(f);
    assert_list(f, NULL, "d s");
    assert_string_equal(ask(f, "s", "SELECT count(*) FROM train"), "3");
    assert_string_equal(ask(f, "d", "SELECT count(*) FROM train"), "3");
    assert_int_equal(mdm_dataset_remove(f->session, "s", NULL), MDM_OK);
    assert_false(test_exists(test_path(f->home, "datasets/s")));
}

static void data_that_are_gone_are_told_and_can_be_forgotten(void **state)
{
    fixture *f = *state;
    mdm_query query = MDM_QUERY_INIT;
    mdm_rows *rows = NULL;
    mdm_error err = {0};
    register_one(f, "t", "sqlite");
    assert_int_equal(unlink(test_path(f->home, "datasets/t/t.sqlite")), 0);
    open_again(f);
    mdm_dataset *dataset = open_one(f, "t");
    assert_false(mdm_dataset_info_get(dataset)->available);
    query.sql = MDM_STR("SELECT 1");
    assert_int_equal(mdm_dataset_query(f->session, dataset, &query, &rows, &err), MDM_BACKEND);
    assert_non_null(strstr(err.message, "t.sqlite"));
    assert_non_null(strstr(err.hint, "mdm remove t"));
    mdm_dataset_close(dataset);
    assert_list(f, NULL, "t");
    assert_int_equal(mdm_dataset_remove(f->session, "t", &err), MDM_OK);
    assert_list(f, NULL, "");
}

/* --- refusals -------------------------------------------------------------------------------------------- */

static void what_is_refused_leaves_nothing(void **state)
{
    fixture *f = *state;
    const char *const files[] = {f->files}, *const missing[] = {"/nowhere/at/all.csv"};
    static const char *const no_type[] = {"price=colour"}, *const no_equals[] = {"price"};
    const struct {
        mdm_dataset_spec spec;
        mdm_status status;
        const char *message;
    } refused[] = {
        {{.name = "", .paths = files, .path_count = 1}, MDM_INVALID, "name"},
        {{.name = "t"}, MDM_INVALID, "no file"},
        {{.name = "t", .paths = files, .path_count = 1, .backend = "oracle"}, MDM_INVALID, "oracle"},
        {{.name = "t", .paths = files, .path_count = 1, .problem_type = "ranking"}, MDM_INVALID, "ranking"},
        {{.name = "t", .paths = files, .path_count = 1, .on_error = "ignore"}, MDM_INVALID, "ignore"},
        {{.name = "t", .paths = files, .path_count = 1, .target = "pirce"}, MDM_INVALID, "pirce"},
        {{.name = "t", .paths = files, .path_count = 1, .types = no_type, .type_count = 1}, MDM_INVALID, "colour"},
        {{.name = "t", .paths = files, .path_count = 1, .types = no_equals, .type_count = 1}, MDM_INVALID, "COLUMN=TYPE"},
        {{.name = "t", .paths = files, .path_count = 1, .no_auto = true}, MDM_INVALID, "--no-auto"},
        {{.name = "t", .paths = missing, .path_count = 1}, MDM_FORMAT, "/nowhere/at/all.csv"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        mdm_dataset *dataset = NULL;
        mdm_error err = {0};
        const mdm_status status = mdm_dataset_register(f->session, &refused[i].spec, &dataset, &err);
        if (status != refused[i].status || !strstr(err.message, refused[i].message))
            fail_msg("refusal %zu: %d '%s'", i, (int)status, err.message);
        assert_null(dataset);
    }
    test_file_write(test_path(f->files, "train.csv"), "a,b\n1,2\n3\n");
    mdm_error err = {0};
    assert_int_equal(try_register(f, "t", "sqlite", false, &err), MDM_FORMAT);
    assert_non_null(strstr(err.message, "train.csv:3"));
    assert_list(f, NULL, "");
    mdm_names left = {0};
    assert_int_equal(mdm_dir_list(test_path(f->home, "datasets"), &left, NULL), MDM_OK);
    assert_int_equal(left.count, 1); /* the lock */
    mdm_names_free(&left);
}

static void a_dry_run_writes_nothing(void **state)
{
    fixture *f = *state;
    const char *const paths[] = {f->files};
    mdm_dataset *dataset = NULL;
    mdm_error err = {0};
    mdm_dataset_spec spec = MDM_DATASET_SPEC_INIT;
    spec.name = "t";
    spec.paths = paths;
    spec.path_count = 1;
    spec.dry_run = true;
    if (mdm_dataset_register(f->session, &spec, &dataset, &err) != MDM_OK) fail_msg("%s", err.message);
    assert_int_equal(mdm_dataset_info_get(dataset)->table_count, 2);
    mdm_dataset_close(dataset);
    assert_list(f, NULL, "");
    assert_false(test_exists(test_path(f->home, "datasets/t")));
}

int main(void)
{
#define TEST_OF(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST_OF(a_dataset_lives_on_sqlite),
        TEST_OF(a_dataset_lives_on_duckdb),
        TEST_OF(a_dataset_lives_on_postgresql),
        TEST_OF(written_data_are_a_new_version_whose_rows_nobody_has_counted),
        TEST_OF(a_query_that_does_not_say_so_writes_nothing),
        TEST_OF(a_wrong_table_or_column_is_met_with_the_nearest),
        TEST_OF(a_list_is_filtered_sorted_and_cut),
        TEST_OF(a_list_shows_what_the_files_say_whatever_the_index_says),
        TEST_OF(a_damaged_description_is_told_and_hides_no_other),
        TEST_OF(nan_stored_as_null_is_told_and_counted_as_missing),
        TEST_OF(nan_stays_nan_where_the_database_has_it),
        TEST_OF(a_word_that_became_null_is_told),
        TEST_OF(rejects_are_shown_of_all_tables_or_of_one),
        TEST_OF(a_key_longer_than_a_file_name_is_exported_under_a_shorter_one),
        TEST_OF(a_home_may_be_moved),
        TEST_OF(data_that_are_gone_are_told_and_can_be_forgotten),
        TEST_OF(what_is_refused_leaves_nothing),
        TEST_OF(a_dry_run_writes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
