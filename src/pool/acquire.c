/* Borrowing. The usual way is one compare-and-swap on the slot this thread had last, or on the
 * first free one; it touches nothing that another thread writes. Low places are preferred, so that
 * the few connections that suffice stay busy and the others grow old. */
#include "pool/internal.h"

#define TIMED_ONE_IN 64u /* checkouts whose use is timed when the caller knows no time */
#define PING_LIMIT_MS 5000

/* The slot this thread had last. One hint: a list would go stale when another thread returns. */
static _Thread_local struct {
    uint64_t pool;
    uint32_t slot;
} hint;

static slot *claim_any(mdm_pool *pool)
{
    const uint64_t free_word =
        slot_word(SLOT_FREE, atomic_load_explicit(&pool->generation, memory_order_relaxed));
    if (hint.pool == pool->id && slot_claim(&pool->slots[hint.slot], free_word))
        return &pool->slots[hint.slot];
    for (uint32_t i = 0; i < pool->capacity; i++)
        if (slot_claim(&pool->slots[i], free_word)) return &pool->slots[i];
    return NULL;
}

/* --- is it still good? ---------------------------------------------------------- */

static void count_recycled(mdm_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->counts.recycled++;
    pthread_mutex_unlock(&pool->lock);
    mdm_count(pool->options.monitor, pool->metrics.recycled, 1);
}

static int ping_limit_ms(const mdm_pool *pool)
{
    const int64_t limit = pool->options.timeout_ms;
    return limit > 0 && limit < PING_LIMIT_MS ? (int)limit : PING_LIMIT_MS;
}

/* Cheapest first. */
bool pool_check(mdm_pool *pool, slot *s, int64_t now)
{
    const uint64_t mine = slot_generation(atomic_load(&s->word));
    const uint64_t current = atomic_load(&pool->generation);
    if (mine < atomic_load(&pool->oldest_good)) return false;
    if (s->check_at == SLOT_FRESH) return true;
    if (now >= s->expires_at) {
        count_recycled(pool);
        return false;
    }
    if (pool->backend->is_broken(s->conn)) {
        pool_count_failed(pool, false);
        return false;
    }
    const bool was_idle = pool->options.pre_ping && now >= s->check_at;
    if ((was_idle || mine != current) &&
        pool->backend->ping(s->conn, ping_limit_ms(pool), NULL) != MDM_OK) {
        pool_count_failed(pool, mine == current); /* it was thought good: are the others? */
        return false;
    }
    atomic_fetch_add(&s->word, (current - mine) << SLOT_GENERATION_SHIFT);
    return true;
}

/* --- lending ----------------------------------------------------------------------- */

static inline void lend(mdm_pool *pool, slot *s, const char *tag, int64_t coarse, int64_t now_ns,
                        mdm_lease *lease)
{
    const uint64_t count = atomic_load_explicit(&s->acquired, memory_order_relaxed);
    if (now_ns == 0 && count % TIMED_ONE_IN == 0 && pool->options.monitor) now_ns = mdm_clock_ns();
    atomic_store_explicit(&s->acquired, count + 1, memory_order_relaxed);
    atomic_store_explicit(&s->busy_since, coarse, memory_order_relaxed);
    atomic_store_explicit(&s->tag, tag, memory_order_relaxed);
    atomic_store_explicit(&s->thread, pool_thread(), memory_order_relaxed);
    hint.pool = pool->id;
    hint.slot = (uint32_t)(s - pool->slots);
    *lease = (mdm_lease){s->conn, pool, hint.slot, now_ns};
}

static mdm_status bypass(mdm_pool *pool, const mdm_stop *stop, mdm_lease *lease, mdm_error *err)
{
    mdm_conn *conn;
    MDM_TRY(pool_open_connection(pool, stop, &conn, err));
    *lease = (mdm_lease){conn, pool, POOL_BYPASS_SLOT, 0};
    return MDM_OK;
}

static int64_t deadline_after(int64_t start, int64_t wait_ms)
{
    return wait_ms < (INT64_MAX - start) / 1000000 ? start + wait_ms * 1000000 : INT64_MAX;
}

static void record_wait(mdm_pool *pool, int64_t waited_ns)
{
    pthread_mutex_lock(&pool->lock);
    pool->counts.waited++;
    pool->counts.wait_ns += waited_ns;
    pthread_mutex_unlock(&pool->lock);
}

static mdm_status acquire_slowly(mdm_pool *pool, const char *tag, const mdm_stop *stop,
                                 int64_t now_ns, slot *found, mdm_lease *lease, mdm_error *err)
{
    const int64_t start = mdm_clock_ns();
    const int64_t deadline = deadline_after(start, pool->options.timeout_ms);
    bool waited = false, first = false;
    for (slot *s = found;; s = NULL) {
        if (!s) MDM_TRY(pool_wait(pool, stop, deadline, first, &s, &waited, err));
        if (pool_check(pool, s, pool_coarse_ns())) {
            const int64_t end = mdm_clock_ns();
            if (waited) record_wait(pool, end - start);
            mdm_observe(pool->options.monitor, pool->metrics.wait, (uint64_t)(end - start));
            lend(pool, s, tag, end, now_ns > 0 ? end : 0, lease);
            return MDM_OK;
        }
        pool_vacate(pool, s);
        first = true; /* it was our turn */
    }
}

mdm_status mdm_pool_acquire_at(mdm_pool *pool, const char *tag, const mdm_stop *stop,
                               int64_t now_ns, mdm_lease *lease, mdm_error *err)
{
    *lease = (mdm_lease){0};
    if (pool->forks != pool_forks())
        return mdm_error_set(err, MDM_INVALID, "pool '%s' does not cross a fork", pool->name);
    if (pool->options.bypass) return bypass(pool, stop, lease, err);
    slot *s = claim_any(pool);
    if (s) {
        const int64_t coarse = now_ns > 0 ? now_ns : pool_coarse_ns();
        if (coarse < s->check_at && !(pool->asks_broken && pool->backend->is_broken(s->conn))) {
            mdm_observe(pool->options.monitor, pool->metrics.wait, 0);
            lend(pool, s, tag, coarse, now_ns, lease);
            return MDM_OK;
        }
    }
    return acquire_slowly(pool, tag, stop, now_ns, s, lease, err);
}

mdm_status mdm_pool_acquire(mdm_pool *pool, const char *tag, const mdm_stop *stop, mdm_lease *lease,
                            mdm_error *err)
{
    return mdm_pool_acquire_at(pool, tag, stop, 0, lease, err);
}
