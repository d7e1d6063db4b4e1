/* Returning. Usually one compare-and-swap, after which nothing of the pool is touched: it may be
 * closed by then. */
#include "pool/internal.h"

static void count_dirty(mdm_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->counts.dirty++;
    pthread_mutex_unlock(&pool->lock);
    mdm_count(pool->options.monitor, pool->metrics.dirty, 1);
}

/* Under the lock: does the pool want to keep it? More than size are kept only for those who wait.
 */
static bool is_wanted(const mdm_pool *pool, uint64_t generation)
{
    return !pool->closing && generation >= atomic_load(&pool->oldest_good);
}

/* Give it to who waits, or make it free, or close it. */
static void hand_over(mdm_pool *pool, slot *s)
{
    mdm_conn *out = NULL;
    pthread_mutex_lock(&pool->lock);
    const uint64_t generation = slot_generation(atomic_load(&s->word));
    const bool wanted = is_wanted(pool, generation);
    atomic_uint *const sleeper = wanted ? pool_grant(pool, s) : NULL;
    if (!sleeper) {
        const unsigned staying = atomic_load(&pool->open_count) - pool->leaving;
        if (wanted && staying <= (unsigned)pool->options.size)
            atomic_store(&s->word, slot_word(SLOT_FREE, generation));
        else out = pool_take_out(pool, s);
    }
    pthread_mutex_unlock(&pool->lock);
    pool_wake(sleeper); /* without the lock, which it may want at once */
    if (out) pool_close_out(pool, s, out);
}

static bool free_at_once(mdm_pool *pool, slot *s)
{
    uint64_t word = atomic_load_explicit(&s->word, memory_order_relaxed);
    if (word & SLOT_WANTED ||
        slot_generation(word) < atomic_load_explicit(&pool->oldest_good, memory_order_relaxed) ||
        atomic_load_explicit(&pool->open_count, memory_order_relaxed) >
            (unsigned)pool->options.size)
        return false;
    return atomic_compare_exchange_strong_explicit(&s->word, &word, word - SLOT_BUSY + SLOT_FREE,
                                                   memory_order_acq_rel, memory_order_relaxed);
}

static void release_slot(mdm_pool *pool, slot *s)
{
    const uint64_t abandoned = s->conn->abandoned;
    const bool good = pool->backend->reset(s->conn);
    if (s->conn->abandoned != abandoned) count_dirty(pool);
    if (!good) {
        pool_count_failed(pool, false);
        pool_vacate(pool, s);
        return;
    }
    int64_t check_at = s->expires_at;
    if (pool->options.pre_ping) {
        const int64_t idle_until = pool_coarse_ns() + POOL_PING_IDLE_NS;
        if (idle_until < check_at) check_at = idle_until;
    }
    s->check_at = check_at;
    atomic_store_explicit(&s->busy_since, SLOT_NOT_BUSY, memory_order_relaxed);
    if (!free_at_once(pool, s)) hand_over(pool, s);
}

static void record_use(const mdm_lease *lease, int64_t now_ns)
{
    mdm_pool *pool = lease->pool;
    if (lease->since_ns == 0 || !pool->options.monitor) return;
    if (now_ns == 0) now_ns = mdm_clock_ns();
    const int64_t used = now_ns - lease->since_ns;
    mdm_observe(pool->options.monitor, pool->metrics.use, used > 0 ? (uint64_t)used : 0);
}

void mdm_pool_release_at(mdm_lease *lease, int64_t now_ns)
{
    const mdm_lease given = *lease;
    mdm_pool *pool = given.pool;
    *lease = (mdm_lease){0};
    if (!pool || pool->forks != pool_forks()) return;
    given.conn->stop = NULL;
    if (given.slot == POOL_BYPASS_SLOT) {
        pool->backend->close(given.conn);
        return;
    }
    record_use(&given, now_ns);
    release_slot(pool, &pool->slots[given.slot]);
}

void mdm_pool_release(mdm_lease *lease)
{
    mdm_pool_release_at(lease, 0);
}

void mdm_pool_discard(mdm_lease *lease)
{
    const mdm_lease given = *lease;
    mdm_pool *pool = given.pool;
    *lease = (mdm_lease){0};
    if (!pool || pool->forks != pool_forks()) return;
    if (given.slot == POOL_BYPASS_SLOT) {
        pool->backend->close(given.conn);
        return;
    }
    record_use(&given, 0);
    pool_count_failed(pool, true);
    pool_vacate(pool, &pool->slots[given.slot]);
}
