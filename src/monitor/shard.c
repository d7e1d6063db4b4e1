/* Shards, and the registry that knows which thread and which monitor they belong to.
 *
 * When a thread ends, its shards are added to what their monitors keep of dead threads and freed.
 * The first block of a histogram to retire simply becomes the monitor's, later ones are added to
 * it: so the end of a thread needs no memory, and any number of threads leave the memory of one.
 *
 * A child made by fork starts from nothing: what its parent recorded is its parent's. */
#include "monitor/monitor_internal.h"

#include <string.h>

#include "base/alloc.h"

/* Words at both ends of a shard's counters that nobody uses: they keep what other threads write
 * off these cache lines. A histogram needs none, the buckets at its end are next to never used. */
#define APART 8u

__thread mdm_hint mdm_hints[MDM_HINTS];

/* What else a thread has. */
typedef struct thread {
    mdm_shard *shards; /* the registry's lock guards it */
    bool known;        /* its end will be noticed */
} thread;

static __thread thread this_thread __attribute__((tls_model("initial-exec")));

/* Processes have one such table because threads, forks and thread keys are the process's. Nothing
 * is recorded in it. */
static struct {
    pthread_mutex_t lock; /* guards the rest */
    bool works;           /* the key and the fork handlers are there */
    pthread_key_t key;
    uint64_t last_generation;
    mdm_monitor *monitors;
} registry = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* --- folding ---------------------------------------------------------------- */

/* Add count to a bucket of what the monitor keeps, which may fill up. */
static bool keep_count(mdm_retired_histogram *kept, unsigned bucket, uint32_t count)
{
    uint32_t *to = &kept->block->buckets[bucket];
    if (count <= UINT32_MAX - *to) {
        *to += count;
        return true;
    }
    if (!kept->spilled) kept->spilled = mdm_alloc_zero(MDM_BUCKETS, sizeof *kept->spilled);
    if (!kept->spilled) return false;
    kept->spilled[bucket] += (uint64_t)*to + count;
    *to = 0;
    return true;
}

/* The block goes over to the monitor, or into the block it has: nobody writes to it any more, and
 * readers wait for the lock. */
static void retire_histogram(mdm_monitor *monitor, uint32_t index, mdm_histogram *block)
{
    mdm_retired_histogram *kept = &monitor->retired_histograms[index];
    if (!kept->block) {
        kept->block = block;
        return;
    }
    kept->block->sum += block->sum;
    if (block->min < kept->block->min) kept->block->min = block->min;
    if (block->max > kept->block->max) kept->block->max = block->max;
    for (unsigned i = 0; i < MDM_BUCKETS; i++)
        if (block->buckets[i] > 0 && !keep_count(kept, i, block->buckets[i]))
            monitor->retired_counters[MDM_OWN_LOST] += block->buckets[i];
    mdm_free(block);
}

static void unlink_shard(mdm_shard *shard)
{
    *shard->link = shard->next;
    if (shard->next) shard->next->link = shard->link;
    if (!shard->thread_link) return;
    *shard->thread_link = shard->thread_next;
    if (shard->thread_next) shard->thread_next->thread_link = shard->thread_link;
}

/* What is left of its histograms is freed with it. */
static void free_shard(mdm_shard *shard)
{
    for (uint32_t i = 0; i < shard->histogram_size; i++)
        mdm_free(shard->histograms[i]);
    mdm_free(shard->histograms);
    mdm_free(shard->counter_block);
    mdm_free(shard);
}

/* Both locks are held. */
static void retire_shard(mdm_shard *shard)
{
    mdm_monitor *monitor = shard->monitor;
    for (uint32_t i = 0; i < shard->counter_size && i < monitor->counter_count; i++)
        monitor->retired_counters[i] += mdm_value_load(&shard->counters[i]);
    for (uint32_t i = 0; i < shard->histogram_size; i++) {
        if (!shard->histograms[i]) continue;
        retire_histogram(monitor, i, shard->histograms[i]);
        shard->histograms[i] = NULL;
    }
    unlink_shard(shard);
    free_shard(shard);
}

/* --- threads and forks ------------------------------------------------------ */

/* Runs on the ending thread. Destructors of other keys may still record after it: then the thread
 * gets a new shard and this runs again. */
static void end_thread(void *self)
{
    thread *ending = self;
    pthread_mutex_lock(&registry.lock);
    while (ending->shards) {
        mdm_monitor *monitor = ending->shards->monitor;
        pthread_mutex_lock(&monitor->lock);
        retire_shard(ending->shards);
        pthread_mutex_unlock(&monitor->lock);
    }
    pthread_mutex_unlock(&registry.lock);
    *ending = (thread){0};
    memset(mdm_hints, 0, sizeof mdm_hints);
}

/* A fork happens while nothing is half done. */
static void lock_all(void)
{
    pthread_mutex_lock(&registry.lock);
    for (mdm_monitor *m = registry.monitors; m; m = m->next)
        pthread_mutex_lock(&m->lock);
}

static void unlock_all(void)
{
    for (mdm_monitor *m = registry.monitors; m; m = m->next)
        pthread_mutex_unlock(&m->lock);
    pthread_mutex_unlock(&registry.lock);
}

static void empty_shard(mdm_shard *shard)
{
    for (uint32_t i = 0; i < shard->counter_size; i++)
        mdm_value_store(&shard->counters[i], 0);
    for (uint32_t i = 0; i < shard->histogram_size; i++)
        if (shard->histograms[i]) mdm_histogram_init(shard->histograms[i]);
}

static void empty_monitor(mdm_monitor *monitor)
{
    for (uint32_t i = 0; i < monitor->counter_count; i++)
        monitor->retired_counters[i] = 0;
    for (uint32_t i = 0; i < monitor->histogram_count; i++) {
        mdm_retired_histogram *kept = &monitor->retired_histograms[i];
        if (kept->block) mdm_histogram_init(kept->block);
        if (kept->spilled) memset(kept->spilled, 0, MDM_BUCKETS * sizeof *kept->spilled);
    }
    for (mdm_shard *s = monitor->shards; s; s = s->next)
        empty_shard(s);
}

/* Only the thread that forked lives on in the child. The memory of the others, where their lists
 * begin, will be used for new threads: their shards must not point there any more. They stay,
 * empty, until their monitor closes; freeing memory is not safe here with every allocator. */
static void begin_child(void)
{
    for (mdm_monitor *m = registry.monitors; m; m = m->next) {
        empty_monitor(m);
        for (mdm_shard *s = m->shards; s; s = s->next)
            s->thread_link = NULL;
    }
    mdm_shard **link = &this_thread.shards;
    for (mdm_shard *s = this_thread.shards; s; s = s->thread_next) {
        s->thread_link = link;
        link = &s->thread_next;
    }
    unlock_all();
}

static bool prepare_registry(void)
{
    if (registry.works) return true;
    if (pthread_key_create(&registry.key, end_thread) != 0) return false;
    registry.works = pthread_atfork(lock_all, unlock_all, begin_child) == 0;
    if (!registry.works) pthread_key_delete(registry.key);
    return registry.works;
}

/* Threads that outlive an unloaded library must not call into it. */
__attribute__((destructor)) static void leave_process(void)
{
    if (registry.works) pthread_key_delete(registry.key);
}

bool mdm_registry_add(mdm_monitor *monitor)
{
    pthread_mutex_lock(&registry.lock);
    const bool works = prepare_registry();
    if (works) {
        monitor->head.generation = ++registry.last_generation;
        monitor->next = registry.monitors;
        monitor->link = &registry.monitors;
        if (monitor->next) monitor->next->link = &monitor->next;
        registry.monitors = monitor;
    }
    pthread_mutex_unlock(&registry.lock);
    return works;
}

void mdm_registry_remove(mdm_monitor *monitor)
{
    pthread_mutex_lock(&registry.lock);
    *monitor->link = monitor->next;
    if (monitor->next) monitor->next->link = monitor->link;
    while (monitor->shards) {
        mdm_shard *shard = monitor->shards;
        unlink_shard(shard);
        free_shard(shard);
    }
    pthread_mutex_unlock(&registry.lock);
}

/* --- a thread's first use ---------------------------------------------------- */

/* Its values move to a wider block. The owner is the caller, readers wait for the lock. */
static void grow_counters(mdm_shard *shard, uint32_t count)
{
    if (count <= shard->counter_size) return;
    const uint32_t size = mdm_places_for(count);
    uint64_t *block = mdm_alloc_zero(size + 2 * APART, sizeof *block);
    if (!block) return;
    for (uint32_t i = 0; i < shard->counter_size; i++)
        block[APART + i] = shard->counters[i];
    mdm_free(shard->counter_block);
    shard->counter_block = block;
    shard->counters = block + APART;
    shard->counter_size = size;
}

static void grow_histograms(mdm_shard *shard, uint32_t count)
{
    if (count <= shard->histogram_size) return;
    const uint32_t size = mdm_places_for(count);
    mdm_histogram **histograms = mdm_realloc(shard->histograms, size * sizeof *histograms);
    if (!histograms) return;
    for (uint32_t i = shard->histogram_size; i < size; i++)
        histograms[i] = NULL;
    shard->histograms = histograms;
    shard->histogram_size = size;
}

/* Both locks are held. */
static mdm_shard *shard_new(mdm_monitor *monitor)
{
    thread *own = &this_thread;
    if (!own->known) own->known = pthread_setspecific(registry.key, own) == 0;
    if (!own->known) return NULL; /* its shard would outlive it */
    mdm_shard *shard = mdm_alloc_zero(1, sizeof *shard);
    if (!shard) return NULL;
    shard->monitor = monitor;
    shard->next = monitor->shards;
    shard->link = &monitor->shards;
    if (shard->next) shard->next->link = &shard->next;
    monitor->shards = shard;
    shard->thread_next = own->shards;
    shard->thread_link = &own->shards;
    if (shard->thread_next) shard->thread_next->thread_link = &shard->thread_next;
    own->shards = shard;
    return shard;
}

/* The calling thread's shard with places for all that is known, as far as memory goes; its hint
 * is filled. NULL: no memory. Both locks are held. */
static mdm_shard *own_shard(mdm_monitor *monitor)
{
    mdm_shard *shard = this_thread.shards;
    while (shard && shard->monitor != monitor)
        shard = shard->thread_next;
    if (!shard) shard = shard_new(monitor);
    if (!shard) return NULL;
    grow_counters(shard, monitor->counter_count);
    grow_histograms(shard, monitor->histogram_count);
    mdm_hints[monitor->head.generation % MDM_HINTS] = (mdm_hint){
        .generation = monitor->head.generation,
        .counters = shard->counters,
        .histograms = shard->histograms,
        .counter_count = shard->counter_size < monitor->counter_count ? shard->counter_size
                                                                      : monitor->counter_count,
        .histogram_count = shard->histogram_size < monitor->histogram_count
                               ? shard->histogram_size
                               : monitor->histogram_count,
    };
    return shard;
}

static void lock_both(mdm_monitor *monitor)
{
    pthread_mutex_lock(&registry.lock);
    pthread_mutex_lock(&monitor->lock);
}

static void unlock_both(mdm_monitor *monitor)
{
    pthread_mutex_unlock(&monitor->lock);
    pthread_mutex_unlock(&registry.lock);
}

uint64_t *mdm_shard_counter(mdm_monitor *monitor, uint32_t index)
{
    if (index >= MDM_METRICS_MAX + MDM_OWN_COUNT) return NULL;
    uint64_t *place = NULL;
    lock_both(monitor);
    if (index < monitor->counter_count) {
        const mdm_shard *shard = own_shard(monitor);
        if (shard && index < shard->counter_size) place = &shard->counters[index];
        else monitor->retired_counters[MDM_OWN_LOST]++;
    }
    unlock_both(monitor);
    return place;
}

static mdm_histogram *histogram_new(void)
{
    mdm_histogram *histogram = mdm_alloc(sizeof *histogram);
    if (histogram) mdm_histogram_init(histogram);
    return histogram;
}

mdm_histogram *mdm_shard_histogram(mdm_monitor *monitor, uint32_t index)
{
    if (index >= MDM_METRICS_MAX) return NULL;
    mdm_histogram *place = NULL;
    lock_both(monitor);
    if (index < monitor->histogram_count) {
        mdm_shard *shard = own_shard(monitor);
        if (shard && index < shard->histogram_size) {
            if (!shard->histograms[index]) shard->histograms[index] = histogram_new();
            place = shard->histograms[index];
        }
        if (!place) monitor->retired_counters[MDM_OWN_LOST]++;
    }
    unlock_both(monitor);
    return place;
}

bool mdm_shard_spill(mdm_monitor *monitor, uint32_t index, mdm_histogram *histogram, uint64_t value)
{
    const unsigned bucket = mdm_bucket_of(value);
    pthread_mutex_lock(&monitor->lock);
    mdm_retired_histogram *kept = &monitor->retired_histograms[index];
    if (!kept->spilled) kept->spilled = mdm_alloc_zero(MDM_BUCKETS, sizeof *kept->spilled);
    if (kept->spilled) {
        kept->spilled[bucket] += histogram->buckets[bucket];
        __atomic_store_n(&histogram->buckets[bucket], 0, __ATOMIC_RELAXED);
    } else {
        monitor->retired_counters[MDM_OWN_LOST]++;
    }
    const bool emptied = kept->spilled != NULL;
    pthread_mutex_unlock(&monitor->lock);
    return emptied;
}
