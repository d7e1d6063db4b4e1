/* What it costs to hand a chunk to another thread, and whether reading ahead pays.
 *
 * An item through the queue must cost far less than the chunk of 2,048 rows that it carries
 * (some 100 us to read and write): a bad answer is above 10 us. A source and a sink that are busy
 * for equal times must take little more than half as long with a reader as one after the other,
 * where two processors are free to run on, and no more of their time (CPU) in any case; with a
 * source that does nothing, reading ahead may add no more than a few microseconds a chunk. The
 * control spins on two atomics: what a queue without any sleeping would cost. Wall time unless
 * said, median of rounds that take turns. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "bench.h"
#include "data/chunk_internal.h"
#include "mdm/batch.h"

/* --- the queue -------------------------------------------------------------------- */

#define ITEMS 100000

static mdm_queue *queue;

static void *put_items(void *item)
{
    for (int i = 0; i < ITEMS; i++)
        bench_need(mdm_queue_put(queue, item, 1), "queue shut");
    mdm_queue_shut(queue);
    return NULL;
}

static double through_queue(void)
{
    static int item;
    pthread_t putter;
    int count = 0;
    bench_need(mdm_queue_open(16, SIZE_MAX, &queue, NULL) == MDM_OK, "no queue");
    const double start = bench_now_ns();
    bench_need(pthread_create(&putter, NULL, put_items, &item) == 0, "no thread");
    for (void *got; mdm_queue_get(queue, &got);)
        count++;
    pthread_join(putter, NULL);
    const double spent = bench_now_ns() - start;
    bench_need(count == ITEMS, "items were lost");
    mdm_queue_close(queue);
    return spent / ITEMS;
}

static double alone_through_queue(void)
{
    static int item;
    void *got;
    bench_need(mdm_queue_open(16, SIZE_MAX, &queue, NULL) == MDM_OK, "no queue");
    const double start = bench_now_ns();
    for (int i = 0; i < ITEMS; i++)
        bench_need(mdm_queue_put(queue, &item, 1) && mdm_queue_get(queue, &got), "queue shut");
    const double spent = bench_now_ns() - start;
    mdm_queue_close(queue);
    return spent / ITEMS;
}

static atomic_size_t spin_put, spin_got;

static void *put_spinning(void *unused)
{
    for (size_t i = 0; i < ITEMS; i++) {
        while (i - atomic_load(&spin_got) >= 16)
            sched_yield();
        atomic_store(&spin_put, i + 1);
    }
    return unused;
}

static double through_spinning(void)
{
    pthread_t putter;
    spin_put = spin_got = 0;
    const double start = bench_now_ns();
    bench_need(pthread_create(&putter, NULL, put_spinning, NULL) == 0, "no thread");
    for (size_t i = 0; i < ITEMS; i++) {
        while (atomic_load(&spin_put) <= i)
            sched_yield();
        atomic_store(&spin_got, i + 1);
    }
    pthread_join(putter, NULL);
    return (bench_now_ns() - start) / ITEMS;
}

/* --- a stream read ahead ------------------------------------------------------------ */

#define CHUNKS 2000

typedef struct source {
    int left;
    long work;
} source;

/* CPU time of all threads. */
static double process_cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void be_busy(long work)
{
    volatile uint64_t x = 1;
    while (work-- > 0)
        x = x * UINT64_C(6364136223846793005) + 1;
}

static mdm_status next_chunk(mdm_stream *stream, mdm_chunk **out, mdm_error *err)
{
    source *s = stream->self;
    mdm_column *columns;
    void *memory;
    *out = NULL;
    if (s->left-- == 0) return MDM_OK;
    be_busy(s->work);
    return mdm_chunk_block(stream->schema, 0, 0, out, &columns, &memory, err);
}

static void close_source(mdm_stream *stream)
{
    mdm_schema_unref(stream->schema);
}

static double through_stream(bool inline_only, long work)
{
    source s = {CHUNKS, work};
    mdm_schema *schema = NULL;
    bench_need(mdm_schema_new(NULL, 0, &schema, NULL) == MDM_OK, "no schema");
    mdm_stream stream = {schema, next_chunk, close_source, &s}, ahead;
    mdm_prefetch_options options = MDM_PREFETCH_OPTIONS_INIT;
    options.inline_only = inline_only;
    int count = 0;
    const double start = bench_now_ns();
    bench_need(mdm_prefetch_open(&stream, &options, &ahead, NULL) == MDM_OK, "no stream");
    for (mdm_chunk *chunk; mdm_stream_next(&ahead, &chunk, NULL) == MDM_OK && chunk; count++) {
        be_busy(work);
        mdm_chunk_unref(chunk);
    }
    mdm_stream_close(&ahead);
    bench_need(count == CHUNKS, "chunks were lost");
    return (bench_now_ns() - start) / CHUNKS;
}

int main(void)
{
    enum { QUEUE, ALONE, SPIN, EMPTY_INLINE, EMPTY_AHEAD, BUSY_INLINE, BUSY_AHEAD, WORKS };
    static const char *const names[] = {"batch/queue/two_threads",  "batch/queue/one_thread",
                                        "batch/control/spinning",   "batch/stream/empty/inline",
                                        "batch/stream/empty/ahead", "batch/stream/busy/inline",
                                        "batch/stream/busy/ahead"};
    static const double bars[WORKS] = {[QUEUE] = 10000, [EMPTY_AHEAD] = 20000};
    const long busy = 20000; /* some 50 us on either side */
    double ns[WORKS][BENCH_ROUNDS], overlap[BENCH_ROUNDS], cpu[BENCH_ROUNDS];
    for (int r = 0; r < BENCH_ROUNDS; r++) {
        ns[QUEUE][r] = through_queue();
        ns[ALONE][r] = alone_through_queue();
        ns[SPIN][r] = through_spinning();
        ns[EMPTY_INLINE][r] = through_stream(true, 0);
        ns[EMPTY_AHEAD][r] = through_stream(false, 0);
        const double before = process_cpu_ns();
        ns[BUSY_INLINE][r] = through_stream(true, busy);
        const double between = process_cpu_ns();
        ns[BUSY_AHEAD][r] = through_stream(false, busy);
        cpu[r] = (process_cpu_ns() - between) / (between - before);
        overlap[r] = ns[BUSY_AHEAD][r] / ns[BUSY_INLINE][r];
    }
    for (int i = 0; i < WORKS; i++)
        bench_figure(names[i], bench_median(ns[i], BENCH_ROUNDS), "ns", bars[i]);
    bench_figure("batch/stream/busy/ahead/inline", bench_median(overlap, BENCH_ROUNDS), "ratio",
                 0.65);
    bench_figure("batch/stream/busy/cpu/ahead/inline", bench_median(cpu, BENCH_ROUNDS), "ratio",
                 1.15);
    return 0;
}
