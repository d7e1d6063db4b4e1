/* Whatever fails while a dataset is registered, listed, queried, exported or removed: the call says so,
 * nothing leaks (the sanitizer watches), nothing half is left, and afterwards everything works. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/io.h"
#include "mdm/dataset.h"
#include "support/folder.h"

typedef struct fixture {
    char *folder;
    char home[512], csv[512], out[512];
    const char *backend;
} fixture;

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    f->folder = test_folder_make();
    snprintf(f->home, sizeof f->home, "%s/home", f->folder);
    snprintf(f->csv, sizeof f->csv, "%s/t.csv", f->folder);
    snprintf(f->out, sizeof f->out, "%s/out", f->folder);
    test_file_write(f->csv, "id,name,when\n1,a,2024-01-31\n2,,2024-02-01\n3,\"b, c\",2024-02-02\n");
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    test_folder_remove(f->folder);
    free(f);
    return 0;
}

static mdm_status open_session(const fixture *f, mdm_session **out, mdm_error *err)
{
    static const char *const environment[] = {NULL};
    const mdm_config_sources sources = {.home = f->home, .environment = environment};
    const mdm_session_options options = {.config = &sources};
    return mdm_session_open(&options, out, err);
}

static mdm_status register_it(const fixture *f, mdm_session *session, mdm_error *err)
{
    const char *const paths[] = {f->csv};
    mdm_dataset *dataset = NULL;
    mdm_dataset_spec spec = MDM_DATASET_SPEC_INIT;
    spec.name = "t";
    spec.paths = paths;
    spec.path_count = 1;
    spec.backend = f->backend;
    const mdm_status status = mdm_dataset_register(session, &spec, &dataset, err);
    mdm_dataset_close(dataset);
    return status;
}

static int64_t count_rows(mdm_session *session, mdm_error *err)
{
    mdm_dataset *dataset = NULL;
    mdm_query query = MDM_QUERY_INIT;
    mdm_rows *rows = NULL;
    mdm_chunk *chunk = NULL;
    int64_t count = -1;
    query.sql = MDM_STR("SELECT * FROM data");
    if (mdm_dataset_open(session, "t", &dataset, err) == MDM_OK &&
        mdm_dataset_query(session, dataset, &query, &rows, err) == MDM_OK)
        for (count = 0; mdm_rows_next(rows, &chunk, err) == MDM_OK && chunk;) {
            count += chunk->rows;
            mdm_chunk_unref(chunk);
        }
    mdm_rows_close(rows);
    mdm_dataset_close(dataset);
    return count;
}

static size_t count_datasets(mdm_session *session)
{
    mdm_dataset_list *list = NULL;
    if (mdm_dataset_list_open(session, NULL, &list, NULL) != MDM_OK) return SIZE_MAX;
    const size_t count = mdm_dataset_list_count(list);
    mdm_dataset_list_close(list);
    return count;
}

/* With nothing failing: what is there is whole, can be removed, and leaves nothing. */
static void everything_works(const fixture *f, bool registered)
{
    mdm_session *session = NULL;
    mdm_error err = {0};
    mdm_names names = {0};
    if (open_session(f, &session, &err) != MDM_OK) fail_msg("session: %s", err.message);
    assert_int_equal(count_datasets(session), registered ? 1 : 0);
    if (!registered && register_it(f, session, &err) != MDM_OK)
        fail_msg("registering again: %s", err.message);
    const int64_t rows = count_rows(session, &err);
    if (rows != 3) fail_msg("%s: %lld rows: %s", registered ? "registered" : "again", (long long)rows, err.message);
    if (mdm_dataset_remove(session, "t", &err) != MDM_OK) fail_msg("remove: %s", err.message);
    const char *datasets = mdm_config_text(mdm_session_config(session), "paths.datasets_path");
    assert_int_equal(mdm_dir_list(datasets, &names, NULL), MDM_OK);
    assert_int_equal(names.count, 1); /* the lock */
    mdm_names_free(&names);
    mdm_session_close(session);
}

/* --- registering ------------------------------------------------------------------ */

static bool is_registered(const fixture *f)
{
    char path[600];
    snprintf(path, sizeof path, "%s/config/datasets/t.yaml", f->home);
    return test_exists(path);
}

static mdm_status register_step(void *data, mdm_error *err)
{
    fixture *f = data;
    mdm_session *session = NULL;
    mdm_status status = open_session(f, &session, err);
    if (status == MDM_OK) status = register_it(f, session, err);
    mdm_session_close(session);
    return status;
}

static void walk_register(void **state, const char *backend)
{
    fixture *f = *state;
    f->backend = backend;
    for (long n = 0;; n++) {
        mdm_error err = {0};
        mdm_alloc_fail_after(n);
        const mdm_status status = register_step(f, &err);
        const bool met = mdm_alloc_count() > n;
        mdm_alloc_fail_after(-1);
        everything_works(f, is_registered(f));
        if (!met) {
            assert_int_equal(status, MDM_OK);
            assert_true(n > 100);
            return;
        }
        if (status == MDM_OK) continue; /* a harmless one: the index, a hint */
        if (!err.message[0]) fail_msg("allocation %ld: status %d without a word", n, (int)status);
    }
}

static void no_allocation_that_fails_leaves_half_a_dataset_on_sqlite(void **state)
{
    walk_register(state, "sqlite");
}

static void no_system_call_that_fails_leaves_half_a_dataset(void **state)
{
    static const int errors[] = {ENOSPC, EIO, EMFILE, EACCES};
    fixture *f = *state;
    f->backend = "sqlite";
    for (size_t e = 0; e < sizeof errors / sizeof *errors; e++)
        for (long n = 0;; n++) {
            mdm_error err = {0};
            mdm_io_fail_after(n, errors[e]);
            const mdm_status status = register_step(f, &err);
            const bool met = mdm_io_count() > n;
            mdm_io_fail_after(-1, 0);
            if (getenv("MDM_TEST_VERBOSE")) print_message("%d at call %ld: %d %s\n", errors[e], n, (int)status, err.message);
            everything_works(f, is_registered(f));
            if (!met) {
                assert_int_equal(status, MDM_OK);
                assert_true(n > 20);
                break;
            }
            if (status != MDM_OK) assert_true(err.message[0]);
        }
}

/* --- the other commands --------------------------------------------------------------- */

static mdm_status use_everything(const fixture *f, mdm_error *err)
{
    mdm_session *session = NULL;
    mdm_dataset *dataset = NULL;
    mdm_exported exported = {0};
    const mdm_column_info *columns;
    size_t count;
    char *stats = NULL;
    const mdm_export_spec spec = {.folder = f->out, .format = "csv", .compression = "none"};
    mdm_status status = open_session(f, &session, err);
    if (status == MDM_OK && count_datasets(session) == SIZE_MAX) status = MDM_NO_MEMORY;
    if (status == MDM_OK) status = mdm_dataset_open(session, "t", &dataset, err);
    if (status == MDM_OK) status = mdm_dataset_columns(session, dataset, &columns, &count, err);
    if (status == MDM_OK) status = mdm_dataset_stats(session, dataset, NULL, &stats, err);
    if (status == MDM_OK) status = mdm_dataset_export(session, dataset, &spec, &exported, err);
    mdm_exported_clear(&exported);
    mdm_free_text(stats);
    mdm_dataset_close(dataset);
    mdm_session_close(session);
    return status;
}

static void reading_commands_survive_every_allocation(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    f->backend = "sqlite";
    assert_int_equal(register_step(f, &err), MDM_OK);
    for (long n = 0;; n++) {
        mdm_alloc_fail_after(n);
        const mdm_status status = use_everything(f, &err);
        const bool met = mdm_alloc_count() > n;
        mdm_alloc_fail_after(-1);
        if (!met) {
            assert_int_equal(status, MDM_OK);
            assert_true(n > 100);
            break;
        }
    }
    everything_works(f, true);
}

int main(void)
{
    /* Thousands of registrations, each synced: in memory where there is a file system for it. */
    if (access("/dev/shm", W_OK) == 0) setenv("TMPDIR", "/dev/shm", 0);
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(no_allocation_that_fails_leaves_half_a_dataset_on_sqlite),
        TEST(no_system_call_that_fails_leaves_half_a_dataset),
        TEST(reading_commands_survive_every_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
