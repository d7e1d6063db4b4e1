/* Streams as such, and the one over chunks that are there already. */
#include "data/chunk_internal.h"

#include <string.h>

#include "base/alloc.h"

void mdm_stream_close(mdm_stream *stream)
{
    if (stream->close) stream->close(stream);
    memset(stream, 0, sizeof *stream);
}

typedef struct list {
    size_t count, next;
    mdm_chunk *chunks[];
} list;

static mdm_status next_of_list(mdm_stream *stream, mdm_chunk **out, mdm_error *err)
{
    (void)err;
    list *all = stream->self;
    *out = NULL;
    if (all->next < all->count) {
        *out = all->chunks[all->next];
        all->chunks[all->next++] = NULL; /* the caller's from here on */
    }
    return MDM_OK;
}

static void close_list(mdm_stream *stream)
{
    list *all = stream->self;
    for (size_t i = all->next; i < all->count; i++)
        mdm_chunk_unref(all->chunks[i]);
    mdm_schema_unref(stream->schema);
    mdm_free(all);
}

mdm_status mdm_stream_of_chunks(const mdm_schema *schema, mdm_chunk *const *chunks, size_t count,
                                mdm_stream *out, mdm_error *err)
{
    memset(out, 0, sizeof *out);
    list *all = mdm_alloc(sizeof *all + count * sizeof *all->chunks);
    if (!all) return mdm_no_memory(err, "a stream of rows");
    all->count = count;
    all->next = 0;
    for (size_t i = 0; i < count; i++)
        all->chunks[i] = mdm_chunk_ref(chunks[i]);
    *out = (mdm_stream){mdm_schema_ref(schema), next_of_list, close_list, all};
    return MDM_OK;
}
