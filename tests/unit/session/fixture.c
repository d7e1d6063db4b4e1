#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/folder.h"

#define SETTINGS 16

static void open_session(fixture *f, const char *const *set)
{
    const char *settings[SETTINGS];
    size_t count = 0;
    while (set && set[count] && count < SETTINGS) {
        settings[count] = set[count];
        count++;
    }
    static const char *const environment[] = {NULL};
    mdm_config_sources sources = {
        .home = f->folder, .set = settings, .set_count = count, .environment = environment};
    mdm_session_options options = {.config = &sources};
    mdm_error err = {0};
    if (mdm_session_open(&options, &f->session, &err) != MDM_OK) fail_msg("%s", err.message);
}

fixture *fixture_open(const char *const *set)
{
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->folder = test_folder_make();
    open_session(f, set);
    snprintf(f->path, sizeof f->path, "%s/shop.sqlite", f->folder);
    static const mdm_setting wal = {"journal_mode", "WAL"};
    f->location = (mdm_location){.backend = mdm_backend_find(MDM_STR("sqlite")),
                                 .path = f->path,
                                 .settings = &wal,
                                 .setting_count = 1};
    mdm_error err = {0};
    if (mdm_session_database(f->session, &f->location, MDM_OPEN_CREATE, &f->database, &err))
        fail_msg("%s", err.message);
    return f;
}

void fixture_close(fixture *f)
{
    mdm_session_close(f->session);
    test_folder_remove(f->folder);
    free(f);
}

int fixture_setup(void **state)
{
    *state = fixture_open(NULL);
    return 0;
}

int fixture_teardown(void **state)
{
    fixture_close(*state);
    return 0;
}

void run(fixture *f, const char *sql)
{
    mdm_error err = {0};
    mdm_query query = MDM_QUERY_INIT;
    query.sql = mdm_str_from(sql);
    query.write = true;
    if (mdm_session_run(f->session, f->database, &query, NULL, &err) != MDM_OK)
        fail_msg("%s: %s", sql, err.message);
}

mdm_rows *ask(fixture *f, const char *sql)
{
    mdm_error err = {0};
    mdm_query query = MDM_QUERY_INIT;
    query.sql = mdm_str_from(sql);
    mdm_rows *rows;
    if (mdm_session_query(f->session, f->database, &query, &rows, &err) != MDM_OK)
        fail_msg("%s: %s", sql, err.message);
    return rows;
}

const char *text_of(mdm_rows *rows)
{
    static char text[65536];
    size_t used = 0;
    text[0] = '\0';
    mdm_chunk *chunk;
    mdm_error err = {0};
    for (;;) {
        if (mdm_rows_next(rows, &chunk, &err) != MDM_OK) fail_msg("%s", err.message);
        if (!chunk) break;
        for (int64_t r = 0; r < chunk->rows; r++)
            for (size_t c = 0; c < chunk->schema->count; c++) {
                char room[MDM_CELL_TEXT];
                mdm_str cell = mdm_cell_text(&chunk->columns[c], r, room, sizeof room);
                used += (size_t)snprintf(
                    text + used, sizeof text - used, "%.*s%c", cell.data ? (int)cell.len : 4,
                    cell.data ? cell.data : "NULL", c + 1 < chunk->schema->count ? '|' : '\n');
            }
        mdm_chunk_unref(chunk);
    }
    mdm_rows_close(rows);
    return text;
}

int64_t number(fixture *f, const char *sql)
{
    const char *text = text_of(ask(f, sql));
    return text[0] ? strtoll(text, NULL, 10) : -1;
}

mdm_status fails(fixture *f, mdm_query query, mdm_error *err)
{
    mdm_rows *rows = (mdm_rows *)1;
    *err = (mdm_error){0};
    mdm_status status = mdm_session_query(f->session, f->database, &query, &rows, err);
    if (status == MDM_OK) fail_msg("%.*s was run", (int)query.sql.len, query.sql.data);
    assert_null(rows);
    assert_int_equal(err->status, status);
    return status;
}

uint64_t counter(fixture *f, const char *name)
{
    return mdm_counter_read(mdm_session_monitor(f->session), name);
}
