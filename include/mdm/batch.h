/* batch.h - moving chunks between threads with a bounded amount of memory.
 *
 * A prefetched stream runs its source in a thread of its own and keeps what was read in a
 * bounded ring: reading and writing overlap, and neither runs away from the other.
 *
 *     mdm_prefetch_options options = MDM_PREFETCH_OPTIONS_INIT;
 *     mdm_stream ahead;
 *     if (mdm_prefetch_open(&source, &options, &ahead, &err) == MDM_OK) {
 *         ... mdm_stream_next(&ahead, &chunk, &err) ...
 *         mdm_stream_close(&ahead);
 *     }
 *
 * Threads: the two ends of a queue belong to different threads; a stream to one. */
#ifndef MDM_BATCH_H
#define MDM_BATCH_H

#include "mdm/base.h"
#include "mdm/chunk.h"

#ifdef __cplusplus
extern "C" {
#endif

struct mdm_monitor;

/* --- a bounded queue ------------------------------------------------------ */

/* Pointers in order of arrival; whoever finds it full or empty waits. */
typedef struct mdm_queue mdm_queue;

/* max_bytes bounds the summed weights of what is inside (one item may always enter an empty
 * queue). MDM_INVALID: max_items is 0. MDM_NO_MEMORY. The caller owns *out. */
MDM_API MDM_MUST_CHECK mdm_status mdm_queue_open(size_t max_items, size_t max_bytes,
                                                 mdm_queue **out, mdm_error *err);
MDM_API void mdm_queue_close(mdm_queue *queue); /* empty by now; NULL allowed */
/* False: the queue was shut, the item stays the caller's. Waits while full. */
MDM_API MDM_MUST_CHECK bool mdm_queue_put(mdm_queue *queue, void *item, size_t bytes);
/* False: shut and empty. Waits while empty. */
MDM_API MDM_MUST_CHECK bool mdm_queue_get(mdm_queue *queue, void **item);
/* No more puts; both ends wake. Items inside can still be taken. */
MDM_API void mdm_queue_shut(mdm_queue *queue);

/* --- a stream read ahead -------------------------------------------------- */

typedef struct mdm_prefetch_options {
    size_t max_chunks; /* held in the ring */
    size_t max_bytes;  /* likewise, all together */
    bool inline_only;  /* performance.off or batch.enable_parallel false: no thread */
    /* Called on the reading thread for each chunk before it is handed on; a failure
     * ends the stream with its status. NULL: none. */
    mdm_status (*tap)(void *self, const mdm_chunk *chunk, mdm_error *err);
    void *tap_self;
    /* Counters batch.load.rows and .bytes of what was read; histograms (ns) batch.load.source_wait,
     * the reader's wait for room, and .sink_wait, the consumer's for a chunk. NULL: none. */
    struct mdm_monitor *monitor;
} mdm_prefetch_options;

#define MDM_PREFETCH_OPTIONS_INIT \
    ((mdm_prefetch_options){.max_chunks = 16, .max_bytes = (size_t)64 << 20})

/* source moves into *out and is zeroed, also on failure (it is closed then). The first error of
 * source or tap reaches the consumer, after the rows before it. Closing *out early waits for the
 * call of source that is under way, joins the reader and closes source: a source that may take
 * long looks at its mdm_stop. Where no thread is to be had the stream is read inline.
 * MDM_INVALID: max_chunks is 0. MDM_NO_MEMORY. The caller owns *out: mdm_stream_close(). */
MDM_API MDM_MUST_CHECK mdm_status mdm_prefetch_open(mdm_stream *source,
                                                    const mdm_prefetch_options *options,
                                                    mdm_stream *out, mdm_error *err);

/* Rows of a chunk such that in_flight of them stay below limit_bytes: at least 1,
 * at most max_rows. row_bytes: measured or estimated bytes of a row. */
MDM_API int64_t mdm_batch_rows(int64_t max_rows, size_t row_bytes, size_t in_flight,
                               size_t limit_bytes);

#ifdef __cplusplus
}
#endif
#endif
