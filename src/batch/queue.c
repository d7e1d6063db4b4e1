/* A ring of slots under one mutex. A put and a get that do not wait take 40 ns together, where a
 * chunk of thousands of rows takes some 100 us to read and write: nothing cleverer could be felt.
 * What costs is waking a thread that sleeps, some microseconds, so an end is woken only when it
 * waits (bench/bench_batch.c shows both). */
#include "mdm/batch.h"

#include <pthread.h>

#include "base/alloc.h"

typedef struct slot {
    void *item;
    size_t bytes;
} slot;

struct mdm_queue {
    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t room;  /* an item left, or shut */
    pthread_cond_t item;  /* an item came, or shut */
    bool shut;
    size_t max_items, max_bytes;
    size_t first, count; /* the slots in use, from the oldest on, round the end */
    size_t bytes;        /* their weights */
    slot slots[];        /* max_items of them */
};

static bool has_room(const mdm_queue *queue, size_t bytes)
{
    if (queue->count == 0) return true;
    return queue->count < queue->max_items && queue->bytes <= queue->max_bytes &&
           bytes <= queue->max_bytes - queue->bytes;
}

mdm_status mdm_queue_open(size_t max_items, size_t max_bytes, mdm_queue **out, mdm_error *err)
{
    *out = NULL;
    if (max_items == 0)
        return mdm_error_set(err, MDM_INVALID, "a queue needs room for at least one item");
    mdm_queue *queue = NULL;
    size_t size;
    if (!__builtin_mul_overflow(max_items, sizeof(slot), &size) &&
        !__builtin_add_overflow(size, sizeof *queue, &size))
        queue = mdm_alloc(size);
    if (!queue) return mdm_no_memory(err, "a queue");

    /* With default attributes none of the three can fail on Linux: they only fill their memory. */
    *queue = (mdm_queue){.max_items = max_items, .max_bytes = max_bytes};
    pthread_mutex_init(&queue->lock, NULL);
    pthread_cond_init(&queue->room, NULL);
    pthread_cond_init(&queue->item, NULL);
    *out = queue;
    return MDM_OK;
}

void mdm_queue_close(mdm_queue *queue)
{
    if (!queue) return;
    pthread_cond_destroy(&queue->item);
    pthread_cond_destroy(&queue->room);
    pthread_mutex_destroy(&queue->lock);
    mdm_free(queue);
}

bool mdm_queue_put(mdm_queue *queue, void *item, size_t bytes)
{
    pthread_mutex_lock(&queue->lock);
    while (!queue->shut && !has_room(queue, bytes))
        pthread_cond_wait(&queue->room, &queue->lock);
    const bool taken = !queue->shut;
    if (taken) {
        const size_t ahead = queue->max_items - queue->first; /* slots before the end */
        const size_t last =
            queue->count < ahead ? queue->first + queue->count : queue->count - ahead;
        queue->slots[last] = (slot){item, bytes};
        queue->count++;
        queue->bytes += bytes;
        pthread_cond_signal(&queue->item);
    }
    pthread_mutex_unlock(&queue->lock);
    return taken;
}

bool mdm_queue_get(mdm_queue *queue, void **item)
{
    *item = NULL;
    pthread_mutex_lock(&queue->lock);
    while (!queue->shut && queue->count == 0)
        pthread_cond_wait(&queue->item, &queue->lock);
    const bool found = queue->count > 0;
    if (found) {
        const slot oldest = queue->slots[queue->first];
        queue->first = queue->first + 1 == queue->max_items ? 0 : queue->first + 1;
        queue->count--;
        queue->bytes -= oldest.bytes;
        *item = oldest.item;
        /* One large item leaving may make room for several small ones that wait. */
        pthread_cond_broadcast(&queue->room);
    }
    pthread_mutex_unlock(&queue->lock);
    return found;
}

void mdm_queue_shut(mdm_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->shut = true;
    pthread_cond_broadcast(&queue->room);
    pthread_cond_broadcast(&queue->item);
    pthread_mutex_unlock(&queue->lock);
}
