/* Statements kept per connection. Each one is in the age list from the day it is compiled
 * until it is destroyed; those that may be found again are also in a hash chain. Eviction
 * takes the oldest linked one that nobody uses: when all of them are in use, the newcomer
 * stays outside the hash and is destroyed as it comes back. */
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "storage/storage.h"

void mdm_statements_init(mdm_statements *statements, mdm_conn *conn, unsigned flags,
                         void (*destroy)(mdm_kept *kept))
{
    memset(statements, 0, sizeof *statements);
    statements->conn = conn;
    statements->destroy = destroy;
    statements->limit = flags & MDM_OPEN_NO_STATEMENTS ? 0 : MDM_KEPT_LIMIT;
}

/* --- the age list ------------------------------------------------------------ */

static void age_remove(mdm_statements *s, mdm_kept *kept)
{
    if (kept->older) kept->older->younger = kept->younger;
    else s->oldest = kept->younger;
    if (kept->younger) kept->younger->older = kept->older;
    else s->youngest = kept->older;
    kept->older = kept->younger = NULL;
}

static void age_append(mdm_statements *s, mdm_kept *kept)
{
    kept->older = s->youngest;
    kept->younger = NULL;
    if (s->youngest) s->youngest->younger = kept;
    else s->oldest = kept;
    s->youngest = kept;
}

/* --- the hash ------------------------------------------------------------------ */

static mdm_kept **bucket_of(mdm_statements *s, uint64_t hash)
{
    return &s->buckets[hash & (MDM_KEPT_BUCKETS - 1)];
}

static mdm_kept *find(mdm_statements *s, uint64_t hash, mdm_str sql)
{
    mdm_kept *kept = *bucket_of(s, hash);
    while (kept && !(kept->hash == hash && kept->sql_len == sql.len &&
                     memcmp(kept->sql, sql.data, sql.len) == 0))
        kept = kept->chain;
    return kept;
}

static void unlink_kept(mdm_statements *s, mdm_kept *kept)
{
    if (!kept->linked) return;
    mdm_kept **slot = bucket_of(s, kept->hash);
    while (*slot != kept)
        slot = &(*slot)->chain;
    *slot = kept->chain;
    kept->chain = NULL;
    kept->linked = false;
    s->count--;
}

static void link_kept(mdm_statements *s, mdm_kept *kept)
{
    mdm_kept **slot = bucket_of(s, kept->hash);
    kept->chain = *slot;
    *slot = kept;
    kept->linked = true;
    s->count++;
}

static void destroy(mdm_statements *s, mdm_kept *kept)
{
    unlink_kept(s, kept);
    age_remove(s, kept);
    mdm_free(kept->sql);
    s->destroy(kept);
}

/* Is there room for one more? Makes it when it can. */
static bool make_room(mdm_statements *s)
{
    if (s->count < s->limit) return true;
    if (s->limit == 0) return false;
    mdm_kept *kept = s->oldest;
    while (kept && (kept->in_use || !kept->linked))
        kept = kept->younger;
    if (!kept) return false;
    destroy(s, kept);
    return true;
}

static bool is_wanted(const mdm_statements *s, uint64_t hash)
{
    const uint64_t *seen = s->seen[hash & (MDM_KEPT_SEEN - 1)];
    return s->limit > 0 && (!s->on_second_use || seen[0] == hash || seen[1] == hash);
}

static void remember_seen(mdm_statements *s, uint64_t hash)
{
    uint64_t *seen = s->seen[hash & (MDM_KEPT_SEEN - 1)];
    seen[1] = seen[0];
    seen[0] = hash;
}

/* --- what drivers call ----------------------------------------------------------- */

mdm_kept *mdm_statements_take(mdm_statements *statements, mdm_str sql)
{
    if (statements->count == 0) return NULL;
    mdm_kept *kept = find(statements, mdm_hash(sql), sql);
    if (!kept || kept->in_use) return NULL;
    if (kept->younger) {
        age_remove(statements, kept);
        age_append(statements, kept);
    }
    kept->in_use = true;
    statements->used++;
    statements->conn->reused++;
    return kept;
}

bool mdm_statements_wants(const mdm_statements *statements, mdm_str sql)
{
    return is_wanted(statements, mdm_hash(sql));
}

mdm_status mdm_statements_add(mdm_statements *statements, mdm_kept *kept, mdm_str sql,
                              mdm_error *err)
{
    kept->sql = mdm_str_dup(sql);
    if (!kept->sql) return mdm_no_memory(err, "the text of a statement");
    kept->base.conn = statements->conn;
    kept->sql_len = sql.len;
    kept->hash = mdm_hash(sql);
    kept->linked = false;
    kept->in_use = true;
    age_append(statements, kept);
    if (!is_wanted(statements, kept->hash)) remember_seen(statements, kept->hash);
    else if (!find(statements, kept->hash, sql) && make_room(statements))
        link_kept(statements, kept);
    statements->used++;
    statements->conn->prepared++;
    return MDM_OK;
}

void mdm_statements_give(mdm_statements *statements, mdm_kept *kept)
{
    kept->in_use = false;
    statements->used--;
    if (!kept->linked) destroy(statements, kept);
}

void mdm_statements_drop(mdm_statements *statements, mdm_kept *kept)
{
    unlink_kept(statements, kept);
    if (!kept->in_use) destroy(statements, kept);
}

void mdm_statements_clear(mdm_statements *statements)
{
    while (statements->oldest)
        destroy(statements, statements->oldest);
    statements->used = 0;
}
