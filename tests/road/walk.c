/* A loads, queries, fails and ends transactions on one database, then reads the monitor's report:
 * every component's figures have moved by exactly what was done. With a component switched off its
 * own have not moved, and those of the others as before. */
#include "walk.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "mdm/session.h"
#include "support/folder.h"

#define CHUNKS 4
#define ROWS_OF_CHUNK 500
#define LOADED (CHUNKS * ROWS_OF_CHUNK)
#define POINTS 5

static const char *the_url, *the_file_backend;

typedef struct walker {
    char *folder;
    mdm_session *session;
    mdm_location *location;
    mdm_database *database;
    char table[64];
    char path[600];
} walker;

/* --- one session ---------------------------------------------------------------- */

static void need(mdm_status status, const mdm_error *err)
{
    if (status != MDM_OK) fail_msg("%s (%s)", err->message, mdm_status_name(status));
}

static void open_location(walker *w)
{
    mdm_error err = {0};
    char url[700];
    if (the_file_backend) {
        snprintf(w->path, sizeof w->path, "%s/road.%s", w->folder, the_file_backend);
        snprintf(url, sizeof url, "%s:///%s", the_file_backend, w->path);
    } else {
        snprintf(url, sizeof url, "%s", the_url);
    }
    need(mdm_location_parse(mdm_str_from(url), &w->location, &err), &err);
}

static walker walk_open(const char *off)
{
    walker w = {.folder = test_folder_make()};
    char setting[64];
    snprintf(setting, sizeof setting, "performance.off=%s", off ? off : "");
    const char *set[] = {setting};
    static const char *const environment[] = {NULL};
    mdm_config_sources sources = {
        .home = w.folder, .set = set, .set_count = off ? 1 : 0, .environment = environment};
    mdm_session_options options = {.config = &sources};
    mdm_error err = {0};
    need(mdm_session_open(&options, &w.session, &err), &err);
    open_location(&w);
    need(mdm_session_database(w.session, w.location, the_file_backend ? MDM_OPEN_CREATE : 0,
                              &w.database, &err),
         &err);
    snprintf(w.table, sizeof w.table, "road_%ld", (long)getpid());
    return w;
}

static void walk_close(walker *w)
{
    mdm_session_close(w->session);
    mdm_location_free(w->location);
    test_folder_remove(w->folder);
}

/* --- steps ---------------------------------------------------------------------------- */

static mdm_status try_run(walker *w, const char *format, bool write, mdm_error *err)
{
    char sql[400];
    snprintf(sql, sizeof sql, format, w->table);
    mdm_query query = MDM_QUERY_INIT;
    query.sql = mdm_str_from(sql);
    query.write = write;
    return mdm_session_run(w->session, w->database, &query, NULL, err);
}

static void run(walker *w, const char *format)
{
    mdm_error err = {0};
    need(try_run(w, format, true, &err), &err);
}

static mdm_status next_chunk(mdm_stream *stream, mdm_chunk **out, mdm_error *err)
{
    int *left = stream->self;
    *out = NULL;
    if (*left == 0) return MDM_OK;
    const int64_t first = (int64_t)(CHUNKS - (*left)--) * ROWS_OF_CHUNK;
    mdm_builder *builder;
    MDM_TRY(mdm_builder_open(stream->schema, ROWS_OF_CHUNK, &builder, err));
    mdm_status status = MDM_OK;
    for (int64_t r = 0; r < ROWS_OF_CHUNK && status == MDM_OK; r++) {
        status = mdm_builder_int(builder, 0, first + r);
        if (status == MDM_OK) status = mdm_builder_bytes(builder, 1, MDM_STR("text"));
    }
    if (status == MDM_OK) status = mdm_builder_finish(builder, out, err);
    mdm_builder_close(builder);
    return status;
}

static void close_stream(mdm_stream *stream)
{
    mdm_schema_unref(stream->schema);
    free(stream->self);
}

static void load(walker *w)
{
    static const mdm_field fields[] = {{"id", {MDM_TYPE_INT64, 0, 0}},
                                       {"name", {MDM_TYPE_TEXT, 0, 0}}};
    mdm_error err = {0};
    mdm_schema *schema;
    need(mdm_schema_new(fields, 2, &schema, &err), &err);
    int *left = malloc(sizeof *left);
    *left = CHUNKS;
    mdm_stream stream = {schema, next_chunk, close_stream, left};
    mdm_target target = {.table = w->table, .create = true};
    mdm_txn *txn;
    int64_t rows = 0;
    need(mdm_txn_begin(w->session, w->database, MDM_TXN_WRITE, &txn, &err), &err);
    need(mdm_txn_load(txn, &target, &stream, NULL, NULL, &rows, &err), &err);
    need(mdm_txn_commit(txn, &err), &err);
    assert_int_equal(rows, LOADED);
}

static void insert_and_take_back(walker *w)
{
    char sql[200];
    snprintf(sql, sizeof sql, "INSERT INTO %s VALUES (-1, 'never')", w->table);
    mdm_query query = MDM_QUERY_INIT;
    query.sql = mdm_str_from(sql);
    mdm_error err = {0};
    mdm_txn *txn;
    int64_t changed = 0;
    need(mdm_txn_begin(w->session, w->database, MDM_TXN_WRITE, &txn, &err), &err);
    for (int i = 0; i < 2; i++) {
        need(mdm_txn_run(txn, &query, &changed, &err), &err);
        assert_int_equal(changed, 1);
    }
    mdm_txn_rollback(txn);
}

/* The first cell of the only row, which must be a number. */
static int64_t ask(walker *w, const char *format, int64_t id)
{
    char sql[300], room[MDM_CELL_TEXT];
    snprintf(sql, sizeof sql, format, w->table, w->table);
    mdm_query query = MDM_QUERY_INIT;
    mdm_parameter parameter = {"id", {MDM_TYPE_INT64, {.integer = id}}};
    query.sql = mdm_str_from(sql);
    query.parameters = &parameter;
    query.parameter_count = 1;
    mdm_error err = {0};
    mdm_rows *rows;
    mdm_chunk *chunk, *more;
    need(mdm_session_query(w->session, w->database, &query, &rows, &err), &err);
    need(mdm_rows_next(rows, &chunk, &err), &err);
    assert_non_null(chunk);
    assert_int_equal(chunk->rows, 1);
    mdm_str cell = mdm_cell_text(&chunk->columns[0], 0, room, sizeof room);
    char digits[32];
    snprintf(digits, sizeof digits, "%.*s", (int)cell.len, cell.data);
    mdm_chunk_unref(chunk);
    need(mdm_rows_next(rows, &more, &err), &err);
    assert_null(more);
    mdm_rows_close(rows);
    return strtoll(digits, NULL, 10);
}

/* What the report must say is counted beside each step. */
typedef struct done {
    json_int_t queries, failed, selects, prepared, texts, known, leases;
} done;

static done walk(walker *w)
{
    done d = {0};
    mdm_error err = {0};
    load(w);
    d.leases += 1;
    insert_and_take_back(w);
    d.queries += 2, d.prepared += 2, d.texts += 1, d.known += 1, d.leases += 1;
    run(w, "UPDATE %s SET name = 'other' WHERE id = 7");
    d.queries += 1, d.prepared += 1, d.texts += 1, d.leases += 1;
    for (int64_t id = 0; id < POINTS; id++)
        assert_int_equal(ask(w, "SELECT id FROM %s WHERE id = :id", id), id);
    d.queries += POINTS, d.selects += POINTS, d.prepared += POINTS, d.leases += POINTS;
    d.texts += 1, d.known += POINTS - 1;
    assert_int_equal(ask(w, "SELECT count(*) FROM %s WHERE id >= :id", 0), LOADED);
    d.queries += 1, d.prepared += 1, d.texts += 1, d.leases += 1;
    assert_int_equal(
        ask(w, "SELECT max(a.id) FROM %s a JOIN %s b ON a.id = b.id AND b.id < :id", 9), 8);
    d.queries += 1, d.prepared += 1, d.texts += 1, d.leases += 1;
    /* refused before the database sees it */
    assert_int_equal(try_run(w, "DELETE FROM %s", false, &err), MDM_PERMISSION);
    d.queries += 1, d.failed += 1, d.texts += 1;
    /* refused by the database */
    assert_int_equal(try_run(w, "SELECT nothing FROM %s", false, &err), MDM_BACKEND);
    d.queries += 1, d.failed += 1, d.texts += 1, d.leases += 1;
    run(w, "DROP TABLE %s");
    d.queries += 1, d.prepared += 1, d.texts += 1, d.leases += 1;
    return d;
}

/* --- the report ----------------------------------------------------------------------------- */

static json_t *report_of(walker *w)
{
    char *text = NULL;
    mdm_error err = {0};
    need(mdm_monitor_report(mdm_session_monitor(w->session), &text, &err), &err);
    json_error_t wrong;
    json_t *report = json_loads(text, 0, &wrong);
    if (!report) fail_msg("the report is no JSON: %s", wrong.text);
    mdm_free_text(text);
    return report;
}

static json_int_t counter(const json_t *report, const char *name)
{
    return json_integer_value(json_object_get(json_object_get(report, "counters"), name));
}

static json_int_t figure(const json_t *report, const char *histogram, const char *name)
{
    const json_t *h = json_object_get(json_object_get(report, "histograms"), histogram);
    return json_integer_value(json_object_get(h, name));
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* Waits of all pools together. */
static json_int_t pool_waits(const json_t *report)
{
    json_int_t sum = 0;
    const char *name;
    json_t *h;
    json_object_foreach(json_object_get(report, "histograms"), name,
                        h) if (strncmp(name, "pool.", 5) == 0 && ends_with(name, ".wait")) sum +=
        json_integer_value(json_object_get(h, "count"));
    return sum;
}

static uint64_t pool_checkouts(walker *w)
{
    mdm_pool_stats stats[4];
    size_t count = mdm_session_pools(w->session, stats, 4);
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += stats[i].acquired;
    return sum;
}

static void check_queries(const json_t *report, const done *d)
{
    assert_int_equal(counter(report, "query.count"), d->queries);
    assert_int_equal(counter(report, "query.failed"), d->failed);
    assert_int_equal(counter(report, "query.retries"), 0);
    assert_int_equal(counter(report, "transaction.committed"), 1);
    assert_int_equal(counter(report, "transaction.rolled_back"), 1);
}

static void check_classes(const json_t *report, const done *d)
{
    assert_int_equal(figure(report, "query.select.duration", "count"), d->selects);
    assert_true(figure(report, "query.select.duration", "min") > 0);
    assert_int_equal(figure(report, "query.select.rows", "sum"), d->selects);
    assert_int_equal(figure(report, "query.aggregate.duration", "count"), 1);
    assert_int_equal(figure(report, "query.join.duration", "count"), 1);
    assert_int_equal(figure(report, "query.insert.duration", "count"), 2);
    assert_int_equal(figure(report, "query.update.duration", "count"), 1);
    assert_int_equal(figure(report, "query.ddl.duration", "count"), 1);
}

static void check_optimizer(const json_t *report, const done *d)
{
    assert_int_equal(counter(report, "fingerprint.made"), d->texts);
    assert_int_equal(counter(report, "fingerprint.known"), d->known);
    const json_int_t kept = counter(report, "statement.kept");
    assert_int_equal(kept + counter(report, "statement.compiled"), d->prepared);
    assert_true(kept >= POINTS - 2); /* a driver may wait for the second use */
}

static void check_pool(walker *w, const json_t *report, const done *d)
{
    /* one more where a file is made before it is read: none here, for a writer came first */
    assert_int_equal(pool_checkouts(w), d->leases);
    assert_int_equal(pool_waits(report), d->leases);
}

static void check_batch(const json_t *report)
{
    assert_int_equal(counter(report, "batch.load.rows"), LOADED);
    assert_true(counter(report, "batch.load.bytes") > LOADED * 8);
    assert_int_equal(figure(report, "batch.load.rows_per_second", "count"), 1);
    assert_int_equal(json_integer_value(json_object_get(report, "operation_batch_load_count")), 1);
    assert_int_equal(json_integer_value(json_object_get(report, "operation_batch_load_failed")), 0);
}

/* --- tests -------------------------------------------------------------------------------------
 */

static void every_component_says_what_was_done(void **state)
{
    (void)state;
    walker w = walk_open(NULL);
    const done d = walk(&w);
    json_t *report = report_of(&w);
    check_queries(report, &d);
    check_classes(report, &d);
    check_optimizer(report, &d);
    check_pool(&w, report, &d);
    check_batch(report);
    json_decref(report);
    walk_close(&w);
}

static void without_the_optimizer_its_figures_stand_still(void **state)
{
    (void)state;
    walker w = walk_open("query_optimizer");
    const done d = walk(&w);
    json_t *report = report_of(&w);
    const char *const still[] = {"fingerprint.made", "fingerprint.known", "statement.kept",
                                 "statement.compiled"};
    for (size_t i = 0; i < sizeof still / sizeof *still; i++)
        assert_int_equal(counter(report, still[i]), 0);
    check_queries(report, &d);
    check_pool(&w, report, &d);
    check_batch(report);
    json_decref(report);
    walk_close(&w);
}

static void without_the_pool_its_figures_stand_still(void **state)
{
    (void)state;
    walker w = walk_open("pool");
    const done d = walk(&w);
    json_t *report = report_of(&w);
    assert_int_equal(pool_checkouts(&w), 0);
    assert_int_equal(pool_waits(report), 0);
    check_queries(report, &d);
    check_classes(report, &d);
    check_batch(report);
    json_decref(report);
    walk_close(&w);
}

static void without_batch_its_figures_stand_still(void **state)
{
    (void)state;
    walker w = walk_open("batch");
    const done d = walk(&w);
    json_t *report = report_of(&w);
    assert_int_equal(counter(report, "batch.load.rows"), 0);
    assert_int_equal(figure(report, "batch.load.rows_per_second", "count"), 0);
    assert_null(json_object_get(report, "operation_batch_load_count"));
    check_queries(report, &d);
    check_optimizer(report, &d);
    check_pool(&w, report, &d);
    json_decref(report);
    walk_close(&w);
}

static void without_the_monitor_nothing_moves_but_all_works(void **state)
{
    (void)state;
    walker w = walk_open("monitor");
    const done d = walk(&w);
    json_t *report = report_of(&w);
    const char *name;
    json_t *value;
    json_object_foreach(json_object_get(report, "counters"), name,
                        value) if (json_integer_value(value) != 0) fail_msg("%s has moved", name);
    json_object_foreach(json_object_get(report, "histograms"), name,
                        value) if (figure(report, name, "count") != 0)
        fail_msg("%s has moved", name);
    assert_int_equal(pool_checkouts(&w), d.leases); /* the pool's own statistics */
    json_decref(report);
    walk_close(&w);
}

static void without_anything_it_works_too(void **state)
{
    (void)state;
    walker w = walk_open("query_optimizer,cache,batch,pool,monitor");
    (void)walk(&w);
    walk_close(&w);
}

int walk_main(const char *url, const char *file_backend)
{
    the_url = url;
    the_file_backend = file_backend;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_component_says_what_was_done),
        cmocka_unit_test(without_the_optimizer_its_figures_stand_still),
        cmocka_unit_test(without_the_pool_its_figures_stand_still),
        cmocka_unit_test(without_batch_its_figures_stand_still),
        cmocka_unit_test(without_the_monitor_nothing_moves_but_all_works),
        cmocka_unit_test(without_anything_it_works_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
