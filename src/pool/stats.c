/* What is going on in a pool, for reports and for messages. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "pool/internal.h"

#define LEAK_LOOK_NS 250000000 /* who waits looks for leaks this often */

typedef struct census {
    uint32_t busy, idle;
    uint64_t acquired;
    const slot *oldest; /* of the busy ones; NULL: none */
} census;

static int64_t busy_since(const slot *s)
{
    return atomic_load_explicit(&s->busy_since, memory_order_relaxed);
}

static census take_census(const mdm_pool *pool)
{
    census c = {0};
    for (uint32_t i = 0; i < pool->capacity; i++) {
        const slot *s = &pool->slots[i];
        const unsigned state = slot_state(atomic_load(&s->word));
        c.acquired += atomic_load_explicit(&s->acquired, memory_order_relaxed);
        c.busy += state == SLOT_BUSY || state == SLOT_CONNECTING;
        c.idle += state == SLOT_FREE;
        if (state != SLOT_BUSY || busy_since(s) == SLOT_NOT_BUSY) continue;
        if (!c.oldest || busy_since(s) < busy_since(c.oldest)) c.oldest = s;
    }
    return c;
}

/* --- leaks -------------------------------------------------------------------- */

static bool is_leaked(const mdm_pool *pool, const slot *s, int64_t now)
{
    const int64_t allowed = pool->options.leak_after_ms;
    if (allowed <= 0 || slot_state(atomic_load(&s->word)) != SLOT_BUSY) return false;
    const int64_t since = busy_since(s);
    return since != SLOT_NOT_BUSY && (now - since) / 1000000 >= allowed;
}

/* Each checkout once. */
static void report_leak(mdm_pool *pool, slot *s)
{
    const uint32_t which = (uint32_t)atomic_load_explicit(&s->acquired, memory_order_relaxed);
    if (atomic_exchange_explicit(&s->reported, which, memory_order_relaxed) == which) return;
    pool->counts.leaked++;
    mdm_count(pool->options.monitor, pool->metrics.leaked, 1);
}

static size_t find_leaks(mdm_pool *pool, int64_t now, mdm_pool_leak *leaks, size_t size)
{
    size_t count = 0;
    for (uint32_t i = 0; i < pool->capacity; i++) {
        slot *s = &pool->slots[i];
        if (!is_leaked(pool, s, now)) continue;
        report_leak(pool, s);
        if (count < size)
            leaks[count] = (mdm_pool_leak){(now - busy_since(s)) / 1000000,
                                           atomic_load_explicit(&s->thread, memory_order_relaxed),
                                           atomic_load_explicit(&s->tag, memory_order_relaxed)};
        count++;
    }
    return count;
}

void pool_count_leaks(mdm_pool *pool, int64_t now)
{
    if (now < pool->next_leak_look) return;
    pool->next_leak_look = now + LEAK_LOOK_NS;
    (void)find_leaks(pool, now, NULL, 0);
}

size_t mdm_pool_leaks(mdm_pool *pool, mdm_pool_leak *leaks, size_t size)
{
    if (pool->forks != pool_forks()) return 0;
    pthread_mutex_lock(&pool->lock);
    const size_t count = find_leaks(pool, mdm_clock_ns(), leaks, size);
    pthread_mutex_unlock(&pool->lock);
    return count;
}

/* --- the message of a wait given up ---------------------------------------------- */

static size_t append(char *text, size_t size, size_t used, const char *format, ...)
    MDM_PRINTF(4, 5);

static size_t append(char *text, size_t size, size_t used, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int len = vsnprintf(text + used, size - used, format, arguments);
    va_end(arguments);
    return len < 0 || (size_t)len >= size - used ? size - 1 : used + (size_t)len;
}

mdm_status pool_timeout_error(mdm_pool *pool, mdm_error *err)
{
    pool->counts.timeouts++;
    mdm_count(pool->options.monitor, pool->metrics.timeouts, 1);
    const census c = take_census(pool);
    char text[480];
    size_t used = append(text, sizeof text, 0, "size %d", pool->options.size);
    if (pool->options.max_overflow > 0)
        used = append(text, sizeof text, used, " and %d more", pool->options.max_overflow);
    used = append(text, sizeof text, used, ", %" PRIu32 " in use, %" PRIu32 " waiting", c.busy,
                  pool->waiting);
    if (c.oldest) {
        const int64_t age_ms = (mdm_clock_ns() - busy_since(c.oldest)) / 1000000;
        const char *tag = atomic_load_explicit(&c.oldest->tag, memory_order_relaxed);
        used = append(text, sizeof text, used, "; oldest checkout %" PRId64 " ms ago by '%s'",
                      age_ms, tag ? tag : "?");
        used = append(text, sizeof text, used, " in thread %" PRId32,
                      atomic_load_explicit(&c.oldest->thread, memory_order_relaxed));
    }
    if (pool->last_error.status != MDM_OK)
        append(text, sizeof text, used, "; last connect error: %s", pool->last_error.message);
    return mdm_error_set(err, MDM_TIMEOUT,
                         "no connection of pool '%s' came free within %" PRId64 " ms: %s",
                         pool->name, pool->options.timeout_ms, text);
}

/* --- statistics ---------------------------------------------------------------------- */

mdm_pool_stats mdm_pool_stats_read(mdm_pool *pool)
{
    mdm_pool_stats stats = {
        .name = pool->name, .backend = pool->backend->name, .size = (uint32_t)pool->options.size};
    if (pool->forks != pool_forks()) return stats;
    pthread_mutex_lock(&pool->lock);
    (void)find_leaks(pool, mdm_clock_ns(), NULL, 0);
    const census c = take_census(pool);
    const pool_counts counts = pool->counts;
    stats.waiting = pool->waiting;
    pthread_mutex_unlock(&pool->lock);
    stats.active = c.busy;
    stats.idle = c.idle;
    stats.acquired = c.acquired;
    stats.created = counts.created;
    stats.recycled = counts.recycled;
    stats.failed = counts.failed;
    stats.timeouts = counts.timeouts;
    stats.waited = counts.waited;
    stats.wait_ns = counts.wait_ns;
    stats.dirty = counts.dirty;
    stats.leaked = counts.leaked;
    return stats;
}
