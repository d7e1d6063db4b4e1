/* The reader runs the source until its end, its first failure or a shut queue. What ended it is
 * kept in `ended` and `failure`, written before the queue is shut and read after it was found shut:
 * so the consumer sees it behind the last chunk, and the queue's lock is all the order needed. */
#include "mdm/batch.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "base/alloc.h"
#include "mdm/monitor.h"

typedef struct prefetch {
    mdm_stream source; /* the reader's until it is joined */
    mdm_prefetch_options options;
    mdm_metric rows, bytes, source_wait, sink_wait;
    mdm_queue *queue; /* NULL: read inline */
    pthread_t reader;
    mdm_status ended;
    mdm_error failure; /* when ended is not MDM_OK */
} prefetch;

/* One chunk of the source, seen by the tap and counted; NULL at the end. */
static mdm_status read_chunk(prefetch *p, mdm_chunk **out, mdm_error *err)
{
    *out = NULL;
    mdm_chunk *chunk = NULL;
    MDM_TRY(mdm_stream_next(&p->source, &chunk, err));
    if (!chunk) return MDM_OK;
    if (p->options.tap) {
        const mdm_status status = p->options.tap(p->options.tap_self, chunk, err);
        if (status != MDM_OK) {
            mdm_chunk_unref(chunk);
            return status;
        }
    }
    mdm_count(p->options.monitor, p->rows, (uint64_t)chunk->rows);
    mdm_count(p->options.monitor, p->bytes, mdm_chunk_bytes(chunk));
    *out = chunk;
    return MDM_OK;
}

/* --- with a reader ---------------------------------------------------------- */

/* Hand a chunk on; false: nobody wants it any more. */
static bool hand_on(prefetch *p, mdm_chunk *chunk)
{
    mdm_timer wait = mdm_timer_start(p->options.monitor);
    const bool taken = mdm_queue_put(p->queue, chunk, mdm_chunk_bytes(chunk));
    mdm_timer_stop(&wait, p->options.monitor, p->source_wait);
    if (!taken) mdm_chunk_unref(chunk);
    return taken;
}

static void *run_reader(void *self)
{
    prefetch *p = self;
    mdm_chunk *chunk;
    do {
        p->ended = read_chunk(p, &chunk, &p->failure);
    } while (p->ended == MDM_OK && chunk && hand_on(p, chunk));
    mdm_queue_shut(p->queue);
    return NULL;
}

/* Signals are for the threads of the program: the reader takes none. */
static bool start_reader(prefetch *p)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const bool started = pthread_create(&p->reader, NULL, run_reader, p) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (started) pthread_setname_np(p->reader, "mdm-read-ahead");
    return started;
}

static mdm_status next_ahead(mdm_stream *stream, mdm_chunk **out, mdm_error *err)
{
    prefetch *p = stream->self;
    void *chunk;
    mdm_timer wait = mdm_timer_start(p->options.monitor);
    const bool found = mdm_queue_get(p->queue, &chunk);
    mdm_timer_stop(&wait, p->options.monitor, p->sink_wait);
    *out = chunk;
    if (found || p->ended == MDM_OK) return MDM_OK;
    if (err) *err = p->failure;
    return p->ended;
}

static void stop_reader(prefetch *p)
{
    mdm_queue_shut(p->queue);
    pthread_join(p->reader, NULL);
    for (void *chunk; mdm_queue_get(p->queue, &chunk);)
        mdm_chunk_unref(chunk);
    mdm_queue_close(p->queue);
}

/* --- both ------------------------------------------------------------------- */

static mdm_status next_inline(mdm_stream *stream, mdm_chunk **out, mdm_error *err)
{
    return read_chunk(stream->self, out, err);
}

static void close_prefetch(mdm_stream *stream)
{
    prefetch *p = stream->self;
    if (p->queue) stop_reader(p);
    mdm_stream_close(&p->source);
    mdm_free(p);
}

static void name_metrics(prefetch *p)
{
    mdm_monitor *monitor = p->options.monitor;
    p->rows = mdm_metric_named(monitor, "batch.load.rows", MDM_METRIC_COUNTER, "rows");
    p->bytes = mdm_metric_named(monitor, "batch.load.bytes", MDM_METRIC_COUNTER, "bytes");
    if (!p->queue) return;
    p->source_wait =
        mdm_metric_named(monitor, "batch.load.source_wait", MDM_METRIC_HISTOGRAM, "ns");
    p->sink_wait = mdm_metric_named(monitor, "batch.load.sink_wait", MDM_METRIC_HISTOGRAM, "ns");
}

mdm_status mdm_prefetch_open(mdm_stream *source, const mdm_prefetch_options *options,
                             mdm_stream *out, mdm_error *err)
{
    memset(out, 0, sizeof *out);
    mdm_status status = MDM_OK;
    prefetch *p = mdm_alloc_zero(1, sizeof *p);
    if (!p) {
        status = mdm_no_memory(err, "reading ahead");
        goto done;
    }
    p->options = *options;
    if (!p->options.inline_only) {
        status = mdm_queue_open(options->max_chunks, options->max_bytes, &p->queue, err);
        if (status != MDM_OK) goto done;
    }
    name_metrics(p);

    p->source = *source;
    memset(source, 0, sizeof *source);
    if (p->queue && !start_reader(p)) {
        mdm_queue_close(p->queue);
        p->queue = NULL;
    }
    *out = (mdm_stream){p->source.schema, p->queue ? next_ahead : next_inline, close_prefetch, p};
    p = NULL;
done:
    if (p) mdm_queue_close(p->queue);
    mdm_free(p);
    mdm_stream_close(source);
    return status;
}
