/* slot.h - a place for one connection, and the one word that says who may touch it.
 *
 * The word holds a state, a flag and the generation of the pool in which the connection
 * was last found good:
 *
 *     EMPTY -> CONNECTING -> BUSY <-> FREE        all fields but the word, `busy_since` and
 *       ^          |          |                   `tag` belong to whoever made the slot
 *       +----------+----------+                   CONNECTING or BUSY
 *
 * FREE <-> BUSY is one compare-and-swap and is done by anybody; all other changes happen under the
 * pool's lock. While somebody waits every BUSY slot carries WANTED: the swap of whoever returns it
 * then fails, and it is handed over under the lock. So neither side needs to look at anything
 * shared, and nobody who comes later is served earlier. */
#ifndef MDM_POOL_SLOT_H
#define MDM_POOL_SLOT_H

#include <stdatomic.h>

#include "mdm/pool.h"

#define SLOT_LINE 64u /* bytes of a cache line: two borrowers never share one */

enum {
    SLOT_EMPTY,
    SLOT_FREE,
    SLOT_BUSY,
    SLOT_CONNECTING,
    SLOT_STATE_MASK = 3,
    SLOT_WANTED = 4 /* somebody waits: do not free it, hand it over */
};
#define SLOT_GENERATION_SHIFT 8
#define SLOT_NOT_BUSY INT64_MAX
#define SLOT_FRESH INT64_MIN

typedef struct slot {
    _Alignas(SLOT_LINE) _Atomic uint64_t word;
    mdm_conn *conn;
    int64_t check_at;           /* coarse clock: from then on look before lending; SLOT_FRESH:
                                   just opened, there is nothing to look at */
    int64_t expires_at;         /* coarse clock: too old; INT64_MAX: never */
    _Atomic uint64_t acquired;  /* written by the borrower only */
    _Atomic int64_t busy_since; /* coarse clock; SLOT_NOT_BUSY between return and checkout */
    _Atomic(const char *) tag;
    _Atomic int32_t thread;    /* the borrower's, of the kernel */
    _Atomic uint32_t reported; /* `acquired` of the checkout that was reported as leaked */
} slot;

_Static_assert(sizeof(slot) == SLOT_LINE, "one cache line for each slot");

static inline uint64_t slot_word(unsigned state, uint64_t generation)
{
    return state | generation << SLOT_GENERATION_SHIFT;
}

static inline unsigned slot_state(uint64_t word)
{
    return (unsigned)word & SLOT_STATE_MASK;
}

static inline uint64_t slot_generation(uint64_t word)
{
    return word >> SLOT_GENERATION_SHIFT;
}

/* Make it ours if its word is still exactly that of a free one. */
static inline bool slot_claim(slot *s, uint64_t free_word)
{
    return atomic_load_explicit(&s->word, memory_order_relaxed) == free_word &&
           atomic_compare_exchange_strong_explicit(&s->word, &free_word,
                                                   free_word - SLOT_FREE + SLOT_BUSY,
                                                   memory_order_acquire, memory_order_relaxed);
}

#endif
