/* Connections are made and closed outside the lock, made by one thread at a time: N who wait must
 * not start N connects. After a failure the next attempt waits, twice as long each time and at
 * random, so that a server which comes back is not run over; one that was never there is reported
 * at once. */
#include "base/alloc.h"
#include "pool/internal.h"

#define BACK_OFF_FIRST_NS 5000000
#define BACK_OFF_DOUBLINGS 5u /* up to 160 ms */
#define FAILURES_TRIED 3u /* after so many in a row callers fail without an attempt of their own \
                           */

static uint64_t draw(mdm_pool *pool) /* xorshift64 */
{
    uint64_t x = pool->random;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return pool->random = x;
}

bool pool_may_grow(const mdm_pool *pool, int64_t now, int64_t *when)
{
    const unsigned open_count = atomic_load(&pool->open_count);
    *when = INT64_MAX;
    if (pool->growing || pool->closing || open_count >= pool->capacity) return false;
    if (now >= pool->next_connect_at) return true;
    if (open_count == 0 && pool->failures < FAILURES_TRIED) return true;
    *when = pool->next_connect_at;
    return false;
}

mdm_status pool_open_connection(mdm_pool *pool, const mdm_stop *stop, mdm_conn **out,
                                mdm_error *err)
{
    *out = NULL;
    mdm_status status =
        pool->backend->open(pool->location, pool->options.open_flags, stop, out, err);
    if (status == MDM_OK) (*out)->stop = NULL;
    return status;
}

static slot *reserve(mdm_pool *pool)
{
    slot *s = pool->slots;
    while (slot_state(atomic_load(&s->word)) != SLOT_EMPTY)
        s++;
    atomic_store(&s->word, slot_word(SLOT_CONNECTING, 0));
    atomic_fetch_add(&pool->open_count, 1);
    return s;
}

static void count_failure(mdm_pool *pool, const mdm_error *error)
{
    unsigned doublings = pool->failures < BACK_OFF_DOUBLINGS ? pool->failures : BACK_OFF_DOUBLINGS;
    uint64_t longest = (uint64_t)BACK_OFF_FIRST_NS << doublings;
    pool->failures++;
    pool->next_connect_at = mdm_clock_ns() + (int64_t)(draw(pool) % longest);
    pool->last_error = *error;
    pool->counts.failed++;
    mdm_count(pool->options.monitor, pool->metrics.failed, 1);
}

/* Age at which it goes: less up to a tenth, so that they do not all go at once. */
static int64_t lifetime_ns(mdm_pool *pool)
{
    const int64_t whole = pool->options.recycle_ms * 1000000;
    return whole - (int64_t)(draw(pool) % ((uint64_t)whole / 10 + 1));
}

static void furnish(mdm_pool *pool, slot *s, mdm_conn *conn)
{
    s->conn = conn;
    s->expires_at = pool->options.recycle_ms > 0 ? pool_coarse_ns() + lifetime_ns(pool) : INT64_MAX;
    s->check_at = SLOT_FRESH;
    pool->failures = 0;
    pool->next_connect_at = 0;
    pool->counts.created++;
    mdm_count(pool->options.monitor, pool->metrics.created, 1);
    uint64_t word = slot_word(SLOT_BUSY, atomic_load(&pool->generation));
    if (pool->waiting > 0 || pool->closing) word |= SLOT_WANTED;
    atomic_store(&s->word, word);
}

mdm_status pool_grow(mdm_pool *pool, const mdm_stop *stop, slot **out, mdm_error *err)
{
    slot *s = reserve(pool);
    pool->growing = true;
    pthread_mutex_unlock(&pool->lock);
    mdm_conn *conn;
    mdm_error error = {0};
    mdm_status status = pool_open_connection(pool, stop, &conn, &error);
    pthread_mutex_lock(&pool->lock);
    pool->growing = false;
    if (status == MDM_OK) {
        furnish(pool, s, conn);
        *out = s;
        return MDM_OK;
    }
    atomic_store(&s->word, slot_word(SLOT_EMPTY, 0));
    const bool none_left = atomic_fetch_sub(&pool->open_count, 1) == 1;
    if (err) *err = error;
    if (status != MDM_CANCELLED) {
        count_failure(pool, &error);
        if (none_left) pool_fail_waiters(pool, &error);
    }
    pthread_cond_broadcast(&pool->drained);
    return status;
}

mdm_conn *pool_take_out(mdm_pool *pool, slot *s)
{
    mdm_conn *conn = s->conn;
    s->conn = NULL; /* pool_close() interrupts what it finds in a slot */
    pool->leaving++;
    return conn;
}

void pool_close_out(mdm_pool *pool, slot *s, mdm_conn *conn)
{
    pool->backend->close(conn);
    pthread_mutex_lock(&pool->lock);
    pool->leaving--;
    atomic_store(&s->word, slot_word(SLOT_EMPTY, 0));
    atomic_fetch_sub(&pool->open_count, 1);
    pool_nudge(pool);
    pthread_cond_broadcast(&pool->drained);
    pthread_mutex_unlock(&pool->lock);
}

void pool_vacate(mdm_pool *pool, slot *s)
{
    pthread_mutex_lock(&pool->lock);
    mdm_conn *conn = pool_take_out(pool, s);
    pthread_mutex_unlock(&pool->lock);
    pool_close_out(pool, s, conn);
}

void pool_count_failed(mdm_pool *pool, bool doubt_others)
{
    pthread_mutex_lock(&pool->lock);
    pool->counts.failed++;
    if (doubt_others) atomic_fetch_add(&pool->generation, 1);
    pthread_mutex_unlock(&pool->lock);
    mdm_count(pool->options.monitor, pool->metrics.failed, 1);
}
