#include "postgresql_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int pg_run_tests(const struct CMUnitTest *tests, size_t count)
{
    if (!getenv("MDM_TEST_POSTGRESQL")) {
        printf("MDM_TEST_POSTGRESQL is not set\n");
        return 77;
    }
    return _cmocka_run_group_tests("postgresql", tests, count, NULL, NULL);
}

void pg_expect(mdm_status expected, mdm_status status, const mdm_error *err, const char *step,
               const char *file, int line)
{
    if (status == expected) return;
    print_error("%s: %s, not %s: %s\n", step, mdm_status_name(status), mdm_status_name(expected),
                status == MDM_OK ? "" : err->message);
    _fail(file, line);
}

/* --- databases ------------------------------------------------------------ */

mdm_location *pg_location(const char *url_variable)
{
    mdm_error err = {0};
    mdm_location *location = NULL;
    expect(MDM_OK, mdm_location_parse(mdm_str_from(getenv(url_variable)), &location, &err));
    return location;
}

mdm_conn *pg_connect(const mdm_location *location, unsigned flags)
{
    mdm_error err = {0};
    mdm_conn *conn = NULL;
    expect(MDM_OK, mdm_backend_postgresql.open(location, flags, NULL, &conn, &err));
    return conn;
}

int pg_setup(void **state)
{
    static int serial;
    char sql[200], name[60];
    mdm_error err = {0};
    fixture *f = calloc(1, sizeof *f);
    *state = f;
    mdm_location *bare = pg_location("MDM_TEST_POSTGRESQL");
    /* A name that only works quoted. */
    snprintf(name, sizeof name, "Unit \"%d\" %d", (int)getpid(), serial++);
    mdm_location mine = *bare;
    mine.schema = name;
    expect(MDM_OK, mdm_location_dup(&mine, &f->location, &err));
    mdm_location_free(bare);
    f->conn = pg_connect(f->location, 0);
    snprintf(sql, sizeof sql, "CREATE SCHEMA \"Unit \"\"%d\"\" %d\"", (int)getpid(), serial - 1);
    pg_sql(f->conn, sql);
    return 0;
}

int pg_teardown(void **state)
{
    fixture *f = *state;
    mdm_backend_postgresql.close(f->conn);
    /* The connection of the test may be broken, on purpose. */
    mdm_conn *conn = pg_connect(f->location, 0);
    pg_sql(conn, "DO $$ BEGIN EXECUTE format('DROP SCHEMA %I CASCADE', current_schema()); END $$");
    mdm_backend_postgresql.close(conn);
    mdm_location_free(f->location);
    free(f);
    return 0;
}

/* --- statements ----------------------------------------------------------- */

mdm_status pg_try(mdm_conn *conn, const char *sql, mdm_error *err)
{
    return conn->backend->run(conn, mdm_str_from(sql), NULL, err);
}

void pg_sql(mdm_conn *conn, const char *sql)
{
    mdm_error err = {0};
    expect(MDM_OK, pg_try(conn, sql, &err));
}

mdm_status pg_start(mdm_conn *conn, const char *sql, mdm_stmt **out, mdm_error *err)
{
    MDM_TRY(conn->backend->prepare(conn, mdm_str_from(sql), out, err));
    mdm_status status = conn->backend->execute(*out, NULL, 0, err);
    if (status == MDM_OK) return status;
    conn->backend->finish(*out);
    *out = NULL;
    return status;
}

mdm_status pg_read(mdm_stmt *stmt, int64_t *rows, mdm_error *err)
{
    mdm_chunk *chunk = NULL;
    if (rows) *rows = 0;
    for (;;) {
        MDM_TRY(stmt->conn->backend->fetch(stmt, &chunk, err));
        if (!chunk) return MDM_OK;
        if (rows) *rows += chunk->rows;
        mdm_chunk_unref(chunk);
    }
}

const char *pg_ask(mdm_conn *conn, const char *sql)
{
    static char texts[4][300];
    static unsigned turn;
    char *text = texts[turn++ % 4], room[MDM_CELL_TEXT];
    mdm_error err = {0};
    mdm_stmt *stmt = NULL;
    mdm_chunk *chunk = NULL;
    expect(MDM_OK, pg_start(conn, sql, &stmt, &err));
    expect(MDM_OK, conn->backend->fetch(stmt, &chunk, &err));
    snprintf(text, sizeof texts[0], "(none)");
    if (chunk) {
        mdm_str cell = mdm_cell_text(&chunk->columns[0], 0, room, sizeof room);
        snprintf(text, sizeof texts[0], "%.*s", cell.data ? (int)cell.len : 4,
                 cell.data ? cell.data : "NULL");
    }
    mdm_chunk_unref(chunk);
    conn->backend->finish(stmt);
    return text;
}

/* --- a server that stops -------------------------------------------------- */

struct pg_mute {
    int listener, client;
    pthread_t thread;
};

static void answer(int client, const char *bytes, size_t len)
{
    if (write(client, bytes, len) != (ssize_t)len) abort();
}

/* The answers of a server without passwords, byte for byte. */
static void greet(int client)
{
    static const char welcome[] = "R\0\0\0\x08\0\0\0\0"
                                  "S\0\0\0\x18server_version\0"
                                  "15.0\0"
                                  "K\0\0\0\x0c\0\0\0\1\0\0\0\2"
                                  "Z\0\0\0\5I";
    static const char done[] = "C\0\0\0\x08SET\0"
                               "Z\0\0\0\5I";
    char request[4096];
    if (read(client, request, sizeof request) <= 0) return;
    if (request[3] == 8) { /* no TLS here, and no Kerberos */
        answer(client, "N", 1);
        greet(client);
        return;
    }
    answer(client, welcome, sizeof welcome - 1);
    if (read(client, request, sizeof request) <= 0) return;
    answer(client, done, sizeof done - 1);
}

static void *serve(void *self)
{
    pg_mute *mute = self;
    mute->client = accept(mute->listener, NULL, NULL);
    if (mute->client >= 0) greet(mute->client);
    return NULL;
}

pg_mute *pg_mute_open(char *url, size_t size)
{
    pg_mute *mute = calloc(1, sizeof *mute);
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    mute->client = -1;
    mute->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(mute->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(mute->listener, 5), 0);
    assert_int_equal(getsockname(mute->listener, (struct sockaddr *)&address, &len), 0);
    assert_int_equal(pthread_create(&mute->thread, NULL, serve, mute), 0);
    snprintf(url, size, "postgresql://nobody@127.0.0.1:%d/none", (int)ntohs(address.sin_port));
    return mute;
}

void pg_mute_close(pg_mute *mute)
{
    shutdown(mute->listener, SHUT_RDWR);
    pthread_join(mute->thread, NULL);
    close(mute->listener);
    if (mute->client >= 0) close(mute->client);
    free(mute);
}
