/* A statement that is run again has been read before: its fingerprint is found by the hash of its
 * exact text. One place for each hash: who collides is read again, which is harmless. */
#include "base/hash.h"
#include "session/internal.h"

/* What is packed beside the fingerprint's own hash. */
#define CLASS_BITS 4u
#define STATEMENTS_BITS 16u
#define PARAMETERS_BITS 16u
_Static_assert(MDM_QUERY_CLASS_COUNT <= 1 << CLASS_BITS, "a class fits");

static bool fits(const mdm_fingerprint *print)
{
    return print->statements < 1u << STATEMENTS_BITS && print->parameters < 1u << PARAMETERS_BITS;
}

static uint64_t pack(const mdm_fingerprint *print)
{
    uint64_t rest = (uint64_t)print->parameters;
    rest = rest << STATEMENTS_BITS | print->statements;
    rest = rest << CLASS_BITS | (uint64_t)print->class_;
    return rest << 1 | print->reads_only;
}

static mdm_fingerprint unpack(uint64_t hash, uint64_t rest)
{
    mdm_fingerprint print = {.hash = hash};
    print.reads_only = rest & 1;
    rest >>= 1;
    print.class_ = (mdm_query_class)(rest & ((1u << CLASS_BITS) - 1));
    rest >>= CLASS_BITS;
    print.statements = (uint32_t)(rest & ((1u << STATEMENTS_BITS) - 1));
    print.parameters = (uint32_t)(rest >> STATEMENTS_BITS);
    return print;
}

mdm_fingerprint memo_fingerprint(memo *m, mdm_str sql, mdm_sql_dialect dialect, bool *known)
{
    const uint64_t text = mdm_hash_seeded(sql, m->seed + (uint64_t)dialect);
    memo_entry *entry = &m->entries[text & (MEMO_ENTRIES - 1)];
    const uint64_t hash = atomic_load_explicit(&entry->hash, memory_order_relaxed);
    const uint64_t rest = atomic_load_explicit(&entry->rest, memory_order_relaxed);
    const uint64_t key = atomic_load_explicit(&entry->key, memory_order_relaxed);
    *known = (key ^ hash ^ rest) == text;
    if (*known) return unpack(hash, rest);

    const mdm_fingerprint print = mdm_fingerprint_make(sql, dialect, NULL, 0);
    if (fits(&print)) {
        atomic_store_explicit(&entry->hash, print.hash, memory_order_relaxed);
        atomic_store_explicit(&entry->rest, pack(&print), memory_order_relaxed);
        atomic_store_explicit(&entry->key, text ^ print.hash ^ pack(&print), memory_order_relaxed);
    }
    return print;
}
