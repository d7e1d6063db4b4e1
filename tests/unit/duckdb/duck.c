#include "duck.h"

#include <stdio.h>

duck duck_open(const char *threads)
{
    mdm_error err;
    duck d;
    const mdm_setting settings[] = {{"threads", threads}};
    const mdm_duckdb_options options = {.settings = settings, .setting_count = 1};
    assert_ok(mdm_duckdb_open(NULL, &options, NULL, &d.instance, &err));
    assert_ok(mdm_duckdb_connect(d.instance, &d.link, &err));
    return d;
}

void duck_close(duck *d)
{
    mdm_duckdb_disconnect(d->link);
    mdm_duckdb_close(d->instance);
}

void duck_run(mdm_duckdb_link *link, const char *sql)
{
    mdm_error err;
    assert_ok(mdm_duckdb_run(link, mdm_str_from(sql), NULL, NULL, &err));
}

int64_t duck_number(mdm_duckdb_link *link, const char *sql)
{
    mdm_error err;
    int64_t number;
    assert_ok(mdm_duckdb_number(link, mdm_str_from(sql), NULL, &number, &err));
    return number;
}

const char *duck_text(mdm_duckdb_link *link, const char *sql, mdm_type *type)
{
    static char text[4096];
    char room[MDM_CELL_TEXT * 2];
    mdm_error err;
    mdm_stream rows;
    mdm_chunk *chunk;
    assert_ok(mdm_duckdb_stream(link, mdm_str_from(sql), NULL, &rows, &err));
    if (type) *type = rows.schema->fields[0].type;
    assert_ok(mdm_stream_next(&rows, &chunk, &err));
    assert_non_null(chunk);
    mdm_str cell = mdm_cell_text(&chunk->columns[0], 0, room, sizeof room);
    if (!cell.data) cell = MDM_STR("NULL");
    snprintf(text, sizeof text, "%.*s", (int)cell.len, cell.data);
    mdm_chunk_unref(chunk);
    mdm_stream_close(&rows);
    return text;
}

static mdm_status source_next(mdm_stream *stream, mdm_chunk **out, mdm_error *err)
{
    duck_source *s = stream->self;
    *out = NULL;
    if (s->given == s->fail_after)
        return mdm_error_set(err, MDM_FORMAT, "iris.csv:7: 5 fields, expected 4");
    if (s->given == s->chunks) return MDM_OK;
    mdm_builder *builder;
    MDM_TRY(mdm_builder_open(stream->schema, s->rows, &builder, err));
    mdm_status status = MDM_OK;
    for (int64_t r = 0; r < s->rows && status == MDM_OK; r++) {
        const int64_t id = s->given * s->rows + r;
        char word[40];
        snprintf(word, sizeof word, "%s %lld", id % 2 ? "a word longer than twelve" : "w",
                 (long long)id);
        status = mdm_builder_int(builder, 0, id);
        if (status == MDM_OK)
            status = id % 7 == 0 ? mdm_builder_null(builder, 1)
                                 : mdm_builder_bytes(builder, 1, mdm_str_from(word));
    }
    if (status == MDM_OK) status = mdm_builder_finish(builder, out, err);
    mdm_builder_close(builder);
    s->given++;
    return status;
}

static void source_close(mdm_stream *stream)
{
    ((duck_source *)stream->self)->closed++;
    mdm_schema_unref(stream->schema);
}

void duck_source_open(duck_source *source, int64_t chunks, int64_t rows, int64_t fail_after)
{
    mdm_error err;
    const mdm_field fields[] = {{"id", {.id = MDM_TYPE_INT64}}, {"word", {.id = MDM_TYPE_TEXT}}};
    mdm_schema *schema;
    assert_ok(mdm_schema_new(fields, 2, &schema, &err));
    *source = (duck_source){
        .stream = {schema, source_next, source_close, source},
        .chunks = chunks,
        .rows = rows,
        .fail_after = fail_after,
    };
}
