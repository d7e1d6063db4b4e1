/* Opening: what is there, what is not, for reading only, and for the first load. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "suite.h"

static bool is_server(const fixture *f)
{
    return f->backend->caps & MDM_CAP_SERVER;
}

static mdm_status open_path(fixture *f, const char *name, unsigned flags, mdm_error *err)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", f->folder, name);
    const mdm_location location = {.backend = f->backend, .path = path};
    mdm_conn *conn = NULL;
    const mdm_status status = f->backend->open(&location, flags, NULL, &conn, err);
    assert_int_equal(status == MDM_OK, conn != NULL);
    f->backend->close(conn);
    return status;
}

static void write_file(fixture *f, const char *name, const char *text, mode_t mode)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", f->folder, name);
    const int fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static void an_absent_file_is_not_made_unasked(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    if (is_server(f)) skip();
    assert_int_equal(open_path(f, "absent", 0, &err), MDM_NOT_FOUND);
    assert_non_null(strstr(err.message, "absent"));
    assert_int_equal(open_path(f, "absent", MDM_OPEN_READ_ONLY, &err), MDM_NOT_FOUND);
    assert_int_equal(open_path(f, "absent", 0, &err), MDM_NOT_FOUND); /* still */
    assert_int_equal(open_path(f, "no/such/folder", MDM_OPEN_CREATE, &err), MDM_NOT_FOUND);
    assert_int_equal(open_path(f, "absent", MDM_OPEN_CREATE, &err), MDM_OK);
}

static void what_is_no_database_is_refused_by_name(void **state)
{
    fixture *f = *state;
    if (is_server(f)) skip();
    char text[5000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    write_file(f, "text", text, 0600);
    write_file(f, "short", "not a database", 0600);
    static const char *const names[] = {"text", "short", "."};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        mdm_error err = {0};
        const mdm_status status = open_path(f, names[i], 0, &err);
        if (status != MDM_FORMAT) fail_msg("%s: %s", names[i], err.message);
        assert_non_null(strstr(err.message, f->folder));
    }
}

static void a_file_that_may_not_be_read_is_refused(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    if (is_server(f) || geteuid() == 0) skip(); /* root may read everything */
    write_file(f, "locked", "x", 0);
    assert_int_equal(open_path(f, "locked", 0, &err), MDM_PERMISSION);
}

static void paths_are_taken_literally(void **state)
{
    fixture *f = *state;
    if (is_server(f)) skip();
    static const char *const names[] = {"file:x",        "a b",      "100%.db",
                                        "x?mode=memory", "*.db",     "it's",
                                        "na\xc3\xafve",  ":memory:", "#x"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        mdm_error err = {0};
        char path[200];
        mdm_path_stat found;
        ok(open_path(f, names[i], MDM_OPEN_CREATE, &err));
        snprintf(path, sizeof path, "%s/%s", f->folder, names[i]);
        ok(mdm_path_look(path, false, &found, &err));
    }
}

static void no_path_is_a_private_database_in_memory(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    if (is_server(f)) skip();
    const mdm_location location = {.backend = f->backend};
    mdm_conn *one = NULL, *two = NULL;
    ok(f->backend->open(&location, MDM_OPEN_CREATE, NULL, &one, &err));
    ok(f->backend->open(&location, MDM_OPEN_CREATE, NULL, &two, &err));
    suite_sql(one, "CREATE TABLE t (a BIGINT)");
    assert_int_equal(suite_try(two, "INSERT INTO t VALUES (1)", &err), MDM_BACKEND);
    f->backend->close(one);
    f->backend->close(two);
}

static void a_read_only_connection_refuses_every_write(void **state)
{
    fixture *f = *state;
    suite_sql(f->conn, "CREATE TABLE t (a BIGINT); INSERT INTO t VALUES (1)");
    if (!is_server(f)) {
        f->backend->close(f->conn);
        f->conn = NULL;
    }
    mdm_conn *conn = suite_connect(f, MDM_OPEN_READ_ONLY);
    static const char *const writes[] = {"INSERT INTO t VALUES (2)", "DELETE FROM t",
                                         "CREATE TABLE u (a BIGINT)", "DROP TABLE t"};
    for (size_t i = 0; i < sizeof writes / sizeof *writes; i++) {
        mdm_error err = {0};
        const mdm_status status = suite_try(conn, writes[i], &err);
        if (status != MDM_PERMISSION) fail_msg("%s: %s", writes[i], err.message);
    }
    assert_string_equal(suite_ask(conn, "SELECT sum(a) FROM t"), "1");
    f->backend->close(conn);
    if (!f->conn) f->conn = suite_connect(f, 0);
}

static void a_read_only_connection_stays_so_after_reset(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    suite_sql(f->conn, "CREATE TABLE t (a BIGINT)");
    if (!is_server(f)) {
        f->backend->close(f->conn);
        f->conn = NULL;
    }
    mdm_conn *conn = suite_connect(f, MDM_OPEN_READ_ONLY);
    if (f->backend->reset(conn))
        assert_int_equal(suite_try(conn, "INSERT INTO t VALUES (1)", &err), MDM_PERMISSION);
    f->backend->close(conn);
    if (!f->conn) f->conn = suite_connect(f, 0);
}

static void an_unknown_setting_is_refused_with_its_name(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    mdm_setting settings[32];
    size_t count = 0;
    for (; count < f->location->setting_count && count < 31; count++)
        settings[count] = f->location->settings[count];
    settings[count++] = (mdm_setting){"no_such_setting", "1"};
    mdm_location location = *f->location;
    location.settings = settings;
    location.setting_count = count;
    mdm_conn *conn = NULL;
    const mdm_status status = f->backend->open(&location, MDM_OPEN_CREATE, NULL, &conn, &err);
    assert_int_equal(status, MDM_INVALID);
    assert_null(conn);
    assert_non_null(strstr(err.message, "no_such_setting"));
}

static mdm_chunk *small_chunk(void)
{
    mdm_error err = {0};
    static const mdm_field fields[] = {{"a", {.id = MDM_TYPE_INT64}}};
    mdm_schema *schema = NULL;
    mdm_builder *builder = NULL;
    mdm_chunk *chunk = NULL;
    ok(mdm_schema_new(fields, 1, &schema, &err));
    ok(mdm_builder_open(schema, 1000, &builder, &err));
    for (int64_t i = 0; i < 1000; i++)
        assert_int_equal(mdm_builder_int(builder, 0, i), MDM_OK);
    ok(mdm_builder_finish(builder, &chunk, &err));
    mdm_builder_close(builder);
    mdm_schema_unref(schema);
    return chunk;
}

static void after_loading_and_settling_the_file_is_whole_and_alone(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    if (!is_server(f)) {
        f->backend->close(f->conn);
        f->conn = NULL;
        ok(mdm_file_unlink(f->location->path, &err));
    }
    mdm_chunk *chunk = small_chunk();
    mdm_conn *conn = suite_connect(f, MDM_OPEN_LOADING | MDM_OPEN_CREATE);
    suite_store(conn, "t", chunk);
    ok(f->backend->settle(conn, &err));
    f->backend->close(conn);
    mdm_chunk_unref(chunk);
    if (!is_server(f)) {
        mdm_names names;
        ok(mdm_dir_list(f->folder, &names, &err));
        assert_int_equal(names.count, 1);
        mdm_names_free(&names);
    }
    conn = suite_connect(f, MDM_OPEN_READ_ONLY);
    assert_string_equal(suite_ask(conn, "SELECT sum(a) FROM t"), "499500");
    f->backend->close(conn);
    if (!f->conn) f->conn = suite_connect(f, 0);
}

static void a_load_that_is_rolled_back_leaves_no_table(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    mdm_conn *conn = suite_connect(f, MDM_OPEN_LOADING);
    ok(f->backend->begin(conn, MDM_TXN_WRITE, &err));
    mdm_chunk *chunk = small_chunk();
    const mdm_target target = {.table = "t", .create = true};
    mdm_stream stream;
    int64_t rows;
    suite_stream(chunk->schema, &chunk, 1, &stream);
    ok(f->backend->bulk(conn, &target, &stream, &rows, &err));
    mdm_stream_close(&stream);
    f->backend->rollback(conn);
    mdm_chunk_unref(chunk);
    mdm_chunk *tables = suite_select(conn, f->backend->dialect->list_tables);
    assert_int_equal(tables->rows, 0);
    mdm_chunk_unref(tables);
    f->backend->close(conn);
}

static void a_raised_flag_stops_the_opening(void **state)
{
    fixture *f = *state;
    mdm_error err = {0};
    volatile int flag = 1;
    const mdm_stop stop = {.flag = &flag};
    mdm_conn *conn = NULL;
    assert_int_equal(f->backend->open(f->location, 0, &stop, &conn, &err), MDM_CANCELLED);
    assert_null(conn);
}

int suite_open(void)
{
    const struct CMUnitTest tests[] = {
        SUITE_TEST(an_absent_file_is_not_made_unasked),
        SUITE_TEST(what_is_no_database_is_refused_by_name),
        SUITE_TEST(a_file_that_may_not_be_read_is_refused),
        SUITE_TEST(paths_are_taken_literally),
        SUITE_TEST(no_path_is_a_private_database_in_memory),
        SUITE_TEST(a_read_only_connection_refuses_every_write),
        SUITE_TEST(a_read_only_connection_stays_so_after_reset),
        SUITE_TEST(an_unknown_setting_is_refused_with_its_name),
        SUITE_TEST(after_loading_and_settling_the_file_is_whole_and_alone),
        SUITE_TEST(a_load_that_is_rolled_back_leaves_no_table),
        SUITE_TEST(a_raised_flag_stops_the_opening),
    };
    return cmocka_run_group_tests_name("open", tests, NULL, NULL);
}
