/* Opening and closing of a pool; what it must forget in a child process. */
#include <pthread.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "pool/internal.h"

#define MOST_CONNECTIONS 10000
#define NAME_BYTES 200

/* --- this process ---------------------------------------------------------- */

/* Rises in each child: its copies of pools are not its own. */
static atomic_uint forks;
static _Thread_local int32_t thread_id;

static void after_fork_in_child(void)
{
    atomic_fetch_add(&forks, 1);
    thread_id = 0;
}

static void watch_forks(void)
{
    (void)pthread_atfork(NULL, NULL, after_fork_in_child);
}

uint32_t pool_forks(void)
{
    return atomic_load_explicit(&forks, memory_order_relaxed);
}

int32_t pool_thread(void)
{
    if (thread_id == 0) thread_id = (int32_t)syscall(SYS_gettid);
    return thread_id;
}

int64_t pool_coarse_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* --- open -------------------------------------------------------------------- */

static mdm_status check_options(const mdm_pool_options *o, mdm_error *err)
{
    const char *wrong = NULL;
    if (o->size < 1 || o->size > MOST_CONNECTIONS) wrong = "size must be from 1 to 10000";
    else if (o->max_overflow < 0 || o->max_overflow > MOST_CONNECTIONS)
        wrong = "max_overflow must be from 0 to 10000";
    else if (o->warm < 0 || o->warm > o->size) wrong = "warm must be from 0 to size";
    else if (o->timeout_ms < 0 || o->recycle_ms < 0 || o->leak_after_ms < 0)
        wrong = "times must not be negative";
    return wrong ? mdm_error_set(err, MDM_INVALID, "a pool's %s", wrong) : MDM_OK;
}

static void name_metrics(mdm_pool *pool)
{
    static const struct {
        size_t field;
        mdm_metric_kind kind;
        const char *word, *unit;
    } rows[] = {
        {offsetof(pool_metrics, wait), MDM_METRIC_HISTOGRAM, "wait", "ns"},
        {offsetof(pool_metrics, use), MDM_METRIC_HISTOGRAM, "use", "ns"},
        {offsetof(pool_metrics, created), MDM_METRIC_COUNTER, "created", ""},
        {offsetof(pool_metrics, recycled), MDM_METRIC_COUNTER, "recycled", ""},
        {offsetof(pool_metrics, failed), MDM_METRIC_COUNTER, "failed", ""},
        {offsetof(pool_metrics, timeouts), MDM_METRIC_COUNTER, "timeouts", ""},
        {offsetof(pool_metrics, dirty), MDM_METRIC_COUNTER, "dirty", ""},
        {offsetof(pool_metrics, leaked), MDM_METRIC_COUNTER, "leaked", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char name[NAME_BYTES];
        snprintf(name, sizeof name, "pool.%.*s.%s", NAME_BYTES - 16, pool->name, rows[i].word);
        mdm_metric *metric = (mdm_metric *)((char *)&pool->metrics + rows[i].field);
        *metric = mdm_metric_named(pool->options.monitor, name, rows[i].kind, rows[i].unit);
    }
}

/* On lines of their own, which the allocator does not promise. */
static bool make_slots(mdm_pool *pool)
{
    pool->slot_memory = mdm_alloc_zero(pool->capacity + 1u, sizeof(slot));
    if (!pool->slot_memory) return false;
    const uintptr_t start = (uintptr_t)pool->slot_memory;
    pool->slots = (slot *)((start + SLOT_LINE - 1) & ~(uintptr_t)(SLOT_LINE - 1));
    for (uint32_t i = 0; i < pool->capacity; i++)
        atomic_store(&pool->slots[i].busy_since, SLOT_NOT_BUSY);
    return true;
}

static bool make_locks(mdm_pool *pool)
{
    pthread_condattr_t clock;
    if (pthread_mutex_init(&pool->lock, NULL) != 0) return false;
    bool made = pthread_condattr_init(&clock) == 0;
    if (made) {
        (void)pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
        made = pthread_cond_init(&pool->drained, &clock) == 0;
        pthread_condattr_destroy(&clock);
    }
    if (!made) pthread_mutex_destroy(&pool->lock);
    return made;
}

static void free_memory(mdm_pool *pool)
{
    mdm_location_free(pool->location);
    mdm_free(pool->name);
    mdm_free(pool->slot_memory);
    mdm_free(pool->memory);
}

static mdm_status warm_up(mdm_pool *pool, mdm_error *err)
{
    for (int i = 0; i < pool->options.warm && !pool->options.bypass; i++) {
        slot *s;
        pthread_mutex_lock(&pool->lock);
        const mdm_status status = pool_grow(pool, NULL, &s, err);
        if (status == MDM_OK) {
            s->check_at =
                pool->options.pre_ping ? pool_coarse_ns() + POOL_PING_IDLE_NS : s->expires_at;
            atomic_store(&s->word, slot_word(SLOT_FREE, atomic_load(&pool->generation)));
        }
        pthread_mutex_unlock(&pool->lock);
        if (status != MDM_OK) return status;
    }
    return MDM_OK;
}

static mdm_pool *pool_new(const mdm_pool_options *options)
{
    static atomic_uint_fast64_t ids;
    char *memory = mdm_alloc_zero(1, sizeof(mdm_pool) + SLOT_LINE);
    if (!memory) return NULL;
    const uintptr_t aligned = ((uintptr_t)memory + SLOT_LINE - 1) & ~(uintptr_t)(SLOT_LINE - 1);
    mdm_pool *pool = (mdm_pool *)aligned;
    pool->memory = memory;
    pool->options = *options;
    pool->capacity = (uint32_t)(options->size + options->max_overflow);
    pool->id = atomic_fetch_add(&ids, 1) + 1;
    pool->forks = pool_forks();
    pool->random = pool->id * 0x9e3779b97f4a7c15u ^ (uint64_t)mdm_clock_ns();
    return pool;
}

static mdm_status copy_texts(mdm_pool *pool, const mdm_location *location, mdm_error *err)
{
    char text[NAME_BYTES];
    const char *name = pool->options.name;
    pool->name = mdm_strdup(name ? name : mdm_location_text(location, text, sizeof text));
    if (!pool->name) return mdm_no_memory(err, "a pool");
    return mdm_location_dup(location, &pool->location, err);
}

mdm_status mdm_pool_open(const mdm_location *location, const mdm_pool_options *options,
                         mdm_pool **out, mdm_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    *out = NULL;
    MDM_TRY(check_options(options, err));
    pthread_once(&once, watch_forks);
    mdm_pool *pool = pool_new(options);
    if (!pool) return mdm_no_memory(err, "a pool");
    pool->backend = location->backend;
    pool->asks_broken = (location->backend->caps & MDM_CAP_SERVER) != 0;

    mdm_status status = copy_texts(pool, location, err);
    if (status == MDM_OK && (!make_slots(pool) || !make_locks(pool)))
        status = mdm_no_memory(err, "a pool");
    if (status != MDM_OK) {
        free_memory(pool);
        return status;
    }
    if (!pool->options.bypass) name_metrics(pool);
    status = warm_up(pool, err);
    if (status != MDM_OK) mdm_pool_close(pool);
    else *out = pool;
    return status;
}

/* --- close ------------------------------------------------------------------- */

/* Under the lock: a free slot, now ours and its connection taken out; NULL: none. */
static slot *take_free(mdm_pool *pool, mdm_conn **conn)
{
    for (uint32_t i = 0; i < pool->capacity; i++) {
        slot *s = &pool->slots[i];
        uint64_t word = atomic_load(&s->word);
        while (slot_state(word) == SLOT_FREE) {
            if (!atomic_compare_exchange_weak(&s->word, &word, word - SLOT_FREE + SLOT_BUSY))
                continue;
            *conn = pool_take_out(pool, s);
            return s;
        }
    }
    return NULL;
}

static void close_idle(mdm_pool *pool)
{
    for (;;) {
        mdm_conn *conn = NULL;
        pthread_mutex_lock(&pool->lock);
        slot *s = take_free(pool, &conn);
        pthread_mutex_unlock(&pool->lock);
        if (!s) return;
        pool_close_out(pool, s, conn);
    }
}

void mdm_pool_clear(mdm_pool *pool)
{
    if (pool->forks != pool_forks()) return;
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->oldest_good, atomic_fetch_add(&pool->generation, 1) + 1);
    pthread_mutex_unlock(&pool->lock);
    close_idle(pool);
}

static void interrupt_all(mdm_pool *pool)
{
    for (uint32_t i = 0; i < pool->capacity; i++) {
        slot *s = &pool->slots[i];
        if (slot_state(atomic_load(&s->word)) == SLOT_BUSY && s->conn)
            pool->backend->interrupt(s->conn);
    }
}

static struct timespec after_ms(int64_t ms)
{
    const int64_t ns = mdm_clock_ns() + ms * 1000000;
    return (struct timespec){.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
}

static void drain(mdm_pool *pool)
{
    struct timespec until = after_ms(pool->options.timeout_ms);
    pthread_mutex_lock(&pool->lock);
    bool in_time = true;
    while (atomic_load(&pool->open_count) > 0 && in_time)
        in_time = pthread_cond_timedwait(&pool->drained, &pool->lock, &until) == 0;
    if (!in_time) interrupt_all(pool);
    while (atomic_load(&pool->open_count) > 0)
        pthread_cond_wait(&pool->drained, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}

void mdm_pool_close(mdm_pool *pool)
{
    if (!pool) return;
    if (pool->forks == pool_forks()) {
        mdm_error closing = {.status = MDM_CANCELLED};
        snprintf(closing.message, sizeof closing.message, "pool '%s' is being closed", pool->name);
        pthread_mutex_lock(&pool->lock);
        pool->closing = true;
        pool_want_all(pool); /* they come to us when they are returned */
        pool_fail_waiters(pool, &closing);
        pthread_mutex_unlock(&pool->lock);
        close_idle(pool);
        drain(pool);
        pthread_cond_destroy(&pool->drained);
        pthread_mutex_destroy(&pool->lock);
    } /* else: a child has no right to the connections, and the lock may be held */
    free_memory(pool);
}
