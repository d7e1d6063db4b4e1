/* A source whose whole behaviour is written down beforehand: how many chunks, what ends it. */
#ifndef MDM_TEST_BATCH_SCRIPTED_H
#define MDM_TEST_BATCH_SCRIPTED_H

#include <stdatomic.h>
#include <string.h>

#include "data/chunk_internal.h"
#include "mdm/batch.h"

#define ROWS_PER_CHUNK 100

typedef struct script {
    int chunks;           /* so many, numbered from 0 */
    mdm_status ending;    /* then this: MDM_OK is the end */
    const mdm_stop *stop; /* looked at before each chunk; may be NULL */
    atomic_int reads;     /* chunks handed out */
    int closed;           /* how often it was */
} script;

/* One column: every row holds the chunk's number. */
static mdm_status make_chunk(const mdm_schema *schema, int number, mdm_chunk **out, mdm_error *err)
{
    mdm_column *columns;
    void *memory;
    MDM_TRY(mdm_chunk_block(schema, ROWS_PER_CHUNK, ROWS_PER_CHUNK * sizeof(int64_t), out, &columns,
                            &memory, err));
    for (int r = 0; r < ROWS_PER_CHUNK; r++)
        ((int64_t *)memory)[r] = number;
    columns[0].values = memory;
    return MDM_OK;
}

static mdm_status next_scripted(mdm_stream *stream, mdm_chunk **out, mdm_error *err)
{
    script *s = stream->self;
    *out = NULL;
    MDM_TRY(mdm_stop_check(s->stop, err));
    if (s->reads < s->chunks) {
        MDM_TRY(make_chunk(stream->schema, s->reads, out, err));
        s->reads++;
        return MDM_OK;
    }
    if (s->ending == MDM_OK) return MDM_OK;
    return mdm_error_set(err, s->ending, "the source broke after %d chunks", s->chunks);
}

static void close_scripted(mdm_stream *stream)
{
    script *s = stream->self;
    s->closed++;
    mdm_schema_unref(stream->schema);
}

static inline mdm_stream open_script(script *s)
{
    mdm_schema *schema = NULL;
    const mdm_field field = {"number", {MDM_TYPE_INT64, 0, 0}};
    assert_int_equal(mdm_schema_new(&field, 1, &schema, NULL), MDM_OK);
    return (mdm_stream){schema, next_scripted, close_scripted, s};
}

static inline int number_of(const mdm_chunk *chunk)
{
    return (int)((const int64_t *)chunk->columns[0].values)[0];
}

/* Read until the end or a failure; chunks must come complete and in order. */
static inline mdm_status drain(mdm_stream *stream, int *chunks, mdm_error *err)
{
    *chunks = 0;
    for (;;) {
        mdm_chunk *chunk = NULL;
        MDM_TRY(mdm_stream_next(stream, &chunk, err));
        if (!chunk) return MDM_OK;
        assert_int_equal(number_of(chunk), *chunks);
        assert_int_equal(chunk->rows, ROWS_PER_CHUNK);
        mdm_chunk_unref(chunk);
        ++*chunks;
    }
}

#endif
