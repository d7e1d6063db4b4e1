/* The queue of those who found no free connection. Each has a node on its own stack and sleeps on
 * a word of its own, so that a returned connection wakes exactly the one who gets it. One of them
 * at a time makes new connections; who does so is passed over meanwhile, and what it
 * made goes to the first in line like any other. */
#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "pool/internal.h"

#define LOOK_AT_STOP_NS 20000000 /* a raised flag wakes nobody: look for it this often */
#define LOOK_AT_LEAKS_NS 500000000

/* --- sleeping --------------------------------------------------------------- */

static void sleep_until(atomic_uint *word, int64_t until)
{
    struct timespec t = {.tv_sec = until / 1000000000, .tv_nsec = until % 1000000000};
    syscall(SYS_futex, word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, WAITER_WAITS, &t, NULL,
            FUTEX_BITSET_MATCH_ANY);
}

/* The waiter may be gone as soon as its word is set: to wake, the kernel only looks at the address.
 */
void pool_wake(atomic_uint *word)
{
    if (word) syscall(SYS_futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0);
}

static void wake(waiter *w, unsigned signal)
{
    atomic_uint *word = &w->signal;
    atomic_store_explicit(word, signal, memory_order_release);
    pool_wake(word);
}

/* --- the queue ------------------------------------------------------------------ */

static void join(mdm_pool *pool, waiter *w, bool first)
{
    w->next = first ? pool->first : NULL;
    w->previous = first ? NULL : pool->last;
    if (w->next) w->next->previous = w;
    else pool->last = w;
    if (w->previous) w->previous->next = w;
    else pool->first = w;
    pool->waiting++;
}

static void leave(mdm_pool *pool, waiter *w)
{
    if (w->next) w->next->previous = w->previous;
    else pool->last = w->previous;
    if (w->previous) w->previous->next = w->next;
    else pool->first = w->next;
    pool->waiting--;
}

static waiter *first_ready(const mdm_pool *pool)
{
    waiter *w = pool->first;
    while (w && w->connecting)
        w = w->next;
    return w;
}

atomic_uint *pool_grant(mdm_pool *pool, slot *s)
{
    waiter *w = first_ready(pool);
    if (!w) return NULL;
    leave(pool, w);
    if (pool->waiting > 0) atomic_fetch_or(&s->word, SLOT_WANTED);
    else atomic_fetch_and(&s->word, ~(uint64_t)SLOT_WANTED);
    w->granted = s;
    atomic_uint *word = &w->signal;
    atomic_store_explicit(word, WAITER_GRANTED, memory_order_release);
    return word;
}

void pool_nudge(mdm_pool *pool)
{
    waiter *w = first_ready(pool);
    if (w) wake(w, WAITER_LOOK);
}

void pool_fail_waiters(mdm_pool *pool, const mdm_error *error)
{
    for (waiter *w = first_ready(pool); w; w = first_ready(pool)) {
        leave(pool, w);
        w->error = *error;
        wake(w, WAITER_FAILED);
    }
}

void pool_want_all(mdm_pool *pool)
{
    for (uint32_t i = 0; i < pool->capacity; i++) {
        uint64_t word = atomic_load(&pool->slots[i].word);
        while (slot_state(word) == SLOT_BUSY && !(word & SLOT_WANTED) &&
               !atomic_compare_exchange_weak(&pool->slots[i].word, &word, word | SLOT_WANTED))
            continue;
    }
}

/* Take a free slot, or make sure that each returned one comes to the queue. */
static slot *claim_or_want(mdm_pool *pool)
{
    for (uint32_t i = 0; i < pool->capacity; i++) {
        slot *s = &pool->slots[i];
        uint64_t word = atomic_load(&s->word);
        for (;;) {
            const unsigned state = slot_state(word);
            uint64_t wished = word | SLOT_WANTED;
            if (state == SLOT_FREE) wished = word - SLOT_FREE + SLOT_BUSY;
            else if (state != SLOT_BUSY || word & SLOT_WANTED) break;
            if (!atomic_compare_exchange_weak(&s->word, &word, wished)) continue;
            if (state == SLOT_FREE) return s;
            break;
        }
    }
    return NULL;
}

/* --- waiting ----------------------------------------------------------------------- */

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Sleep, without the lock, until woken or until it is time to look at something. */
static void doze(mdm_pool *pool, waiter *w, const mdm_stop *stop, int64_t now, int64_t until)
{
    if (stop && stop->flag) until = earlier(until, now + LOOK_AT_STOP_NS);
    if (pool->options.leak_after_ms > 0) until = earlier(until, now + LOOK_AT_LEAKS_NS);
    pthread_mutex_unlock(&pool->lock);
    sleep_until(&w->signal, until);
    pthread_mutex_lock(&pool->lock);
    unsigned looked = WAITER_LOOK;
    atomic_compare_exchange_strong(&w->signal, &looked, WAITER_WAITS);
}

/* Leave without a connection; who was waiting for us to act is told to look itself. */
static mdm_status give_up(mdm_pool *pool, waiter *w, mdm_status status)
{
    leave(pool, w);
    if (!pool->growing) pool_nudge(pool);
    return status;
}

static mdm_status hand_error(const mdm_error *from, mdm_error *err)
{
    if (err) *err = *from;
    return from->status;
}

/* The connection that was made goes to the first in line: perhaps not to its maker. */
static mdm_status connect_and_share(mdm_pool *pool, waiter *w, const mdm_stop *stop,
                                    int64_t deadline, mdm_error *err)
{
    mdm_stop limited = {stop ? stop->flag : NULL, pool->options.timeout_ms > 0 ? deadline : 0};
    if (stop && stop->deadline_ns > 0) limited.deadline_ns = earlier(deadline, stop->deadline_ns);
    slot *made = NULL;
    w->connecting = true;
    mdm_status status = pool_grow(pool, &limited, &made, err);
    w->connecting = false;
    if (status != MDM_OK) return status;
    pool_wake(pool_grant(pool, made));
    pool_nudge(pool);
    return MDM_OK;
}

typedef enum verdict {
    AGAIN, /* something was done: look again */
    SLEEP,
    DONE /* out of the queue: the wait has ended */
} verdict;

/* No connection is there and none can be made just now: is there anything to wait for? */
static bool is_hopeless(const mdm_pool *pool, int64_t until)
{
    return atomic_load(&pool->open_count) == 0 && !pool->growing && until < INT64_MAX;
}

static verdict try_to_connect(mdm_pool *pool, waiter *w, const mdm_stop *stop, int64_t deadline,
                              mdm_status *status, mdm_error *err)
{
    mdm_error error = {0};
    *status = connect_and_share(pool, w, stop, deadline, &error);
    if (*status == MDM_OK) return AGAIN;
    /* the others may come back: a failure to have more of them is not ours */
    if (*status != MDM_CANCELLED && atomic_load(&pool->open_count) > 0) return AGAIN;
    hand_error(&error, err);
    give_up(pool, w, *status);
    return DONE;
}

static verdict look(mdm_pool *pool, waiter *w, const mdm_stop *stop, int64_t deadline,
                    mdm_status *status, int64_t *until, mdm_error *err)
{
    const unsigned signal = atomic_load_explicit(&w->signal, memory_order_acquire);
    if (signal == WAITER_GRANTED || signal == WAITER_FAILED) {
        *status = signal == WAITER_GRANTED ? MDM_OK : hand_error(&w->error, err);
        return DONE;
    }
    const int64_t now = mdm_clock_ns();
    pool_count_leaks(pool, now);
    *status = mdm_stop_check(stop, err);
    if (*status == MDM_OK && pool_may_grow(pool, now, until))
        return try_to_connect(pool, w, stop, deadline, status, err);
    if (*status == MDM_OK && is_hopeless(pool, *until))
        *status = hand_error(&pool->last_error, err);
    if (*status == MDM_OK && now >= deadline) *status = pool_timeout_error(pool, err);
    if (*status == MDM_OK) return SLEEP;
    give_up(pool, w, *status);
    return DONE;
}

mdm_status pool_wait(mdm_pool *pool, const mdm_stop *stop, int64_t deadline, bool first, slot **out,
                     bool *waited, mdm_error *err)
{
    waiter w = {.granted = NULL};
    mdm_status status = MDM_OK;
    pthread_mutex_lock(&pool->lock);
    slot *found = pool->first ? NULL : claim_or_want(pool);
    if (found) {
        pthread_mutex_unlock(&pool->lock);
        *out = found;
        return MDM_OK;
    }
    join(pool, &w, first);
    for (verdict v = AGAIN; v != DONE;) {
        int64_t until = INT64_MAX;
        v = look(pool, &w, stop, deadline, &status, &until, err);
        if (v != SLEEP) continue;
        *waited = true;
        doze(pool, &w, stop, mdm_clock_ns(), earlier(until, deadline));
    }
    pthread_mutex_unlock(&pool->lock);
    *out = w.granted;
    return status;
}
