/* A database and its pools. Reads have connections of their own that refuse to write: so nothing
 * needs to be begun around a statement to be sure. Where only one connection may write at a time,
 * the writing pool has one, and its queue is the order of the writers. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "pool/timed.h"
#include "session/internal.h"

/* --- which one it is ------------------------------------------------------------- */

static mdm_sql_dialect dialect_of(const mdm_backend *backend)
{
    if (strcmp(backend->name, "postgresql") == 0) return MDM_SQL_POSTGRESQL;
    if (strcmp(backend->name, "duckdb") == 0) return MDM_SQL_DUCKDB;
    return MDM_SQL_SQLITE; /* a stranger's, too: the most lenient rules */
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_location(const mdm_location *a, const mdm_location *b)
{
    if (a->backend != b->backend || !same_text(a->path, b->path) ||
        !same_text(a->schema, b->schema) || a->setting_count != b->setting_count)
        return false;
    for (size_t i = 0; i < a->setting_count; i++)
        if (!same_text(a->settings[i].name, b->settings[i].name) ||
            !same_text(a->settings[i].value, b->settings[i].value))
            return false;
    return true;
}

/* --- pools -------------------------------------------------------------------------- */

static bool in_memory(const mdm_location *location)
{
    return !location->path && !(location->backend->caps & MDM_CAP_SERVER);
}

static mdm_pool_options configured(const mdm_database *database)
{
    const mdm_session *session = database->session;
    const mdm_config *config = session->config;
    mdm_pool_options options = MDM_POOL_OPTIONS_INIT;
    options.size = (int)mdm_config_int(config, "performance.pool.size");
    if (database->backend->caps & MDM_CAP_SERVER) {
        const int64_t own = mdm_config_int(config, "database.postgresql.pool_size");
        if (own > 0) options.size = (int)own;
    }
    const int64_t recycle_s = mdm_config_int(config, "performance.pool.recycle");
    options.max_overflow = (int)mdm_config_int(config, "performance.pool.max_overflow");
    options.timeout_ms = (int64_t)(mdm_config_real(config, "performance.pool.timeout") * 1000);
    options.recycle_ms = recycle_s > 0 ? recycle_s * 1000 : 0;
    options.pre_ping = mdm_config_bool(config, "performance.pool.pre_ping");
    options.leak_after_ms =
        (int64_t)(mdm_config_real(config, "performance.pool.leak_after") * 1000);
    options.bypass = session->off.pool;
    options.monitor = session->monitor;
    return options;
}

static unsigned flags_of(const mdm_database *database, bool write)
{
    const mdm_session *session = database->session;
    unsigned flags = database->open_flags;
    if (!write) flags = (flags & ~(unsigned)MDM_OPEN_CREATE) | MDM_OPEN_READ_ONLY;
    if (session->off.optimizer ||
        !mdm_config_bool(session->config, "performance.query_optimizer.cache_plans"))
        flags |= MDM_OPEN_NO_STATEMENTS;
    return flags;
}

static mdm_status open_pool(mdm_database *database, bool write, mdm_pool **out, mdm_error *err)
{
    mdm_pool_options options = configured(database);
    options.open_flags = flags_of(database, write);
    const bool alone =
        database->single || (write && !(database->backend->caps & MDM_CAP_CONCURRENT_WRITERS));
    if (alone) {
        options.size = 1;
        options.max_overflow = 0;
    }
    if (in_memory(database->location)) { /* the connection is the database */
        options.recycle_ms = 0;
        options.bypass = false;
    }
    char text[160], name[200];
    snprintf(name, sizeof name, "%s%s", mdm_location_text(database->location, text, sizeof text),
             write && !database->single ? "#write" : "");
    options.name = name;
    return mdm_pool_open(database->location, &options, out, err);
}

static mdm_status pool_of(mdm_database *database, bool write, mdm_pool **out, mdm_error *err)
{
    _Atomic(mdm_pool *) *place = write ? &database->writer : &database->reader;
    *out = atomic_load_explicit(place, memory_order_acquire);
    if (*out) return MDM_OK;
    pthread_mutex_lock(&database->lock);
    mdm_status status = MDM_OK;
    *out = atomic_load(place);
    if (!*out) status = open_pool(database, write, out, err);
    if (status == MDM_OK) atomic_store_explicit(place, *out, memory_order_release);
    pthread_mutex_unlock(&database->lock);
    return status;
}

/* A file that is made when it is not there is made by a writer: readers only find it. */
static mdm_status make_sure_it_exists(mdm_database *database, const mdm_stop *stop, mdm_error *err)
{
    if (!(database->open_flags & MDM_OPEN_CREATE) ||
        atomic_load_explicit(&database->exists, memory_order_relaxed))
        return MDM_OK;
    mdm_lease lease;
    MDM_TRY(database_acquire(database, true, "create", stop, 0, &lease, err));
    mdm_pool_release(&lease);
    return MDM_OK;
}

mdm_status database_acquire(mdm_database *database, bool write, const char *tag,
                            const mdm_stop *stop, int64_t now_ns, mdm_lease *lease, mdm_error *err)
{
    *lease = (mdm_lease){0};
    if (write && database->open_flags & MDM_OPEN_READ_ONLY)
        return mdm_error_set(err, MDM_PERMISSION, "the database is opened for reading only");
    const bool writer = write || (database->single && !(database->open_flags & MDM_OPEN_READ_ONLY));
    mdm_pool *pool;
    if (!writer) MDM_TRY(make_sure_it_exists(database, stop, err));
    MDM_TRY(pool_of(database, writer, &pool, err));
    MDM_TRY(mdm_pool_acquire_at(pool, tag, stop, now_ns, lease, err));
    if (write) atomic_store_explicit(&database->exists, true, memory_order_relaxed);
    return MDM_OK;
}

void database_release(mdm_lease *lease, int64_t now_ns)
{
    if (!lease->conn) return;
    if (lease->conn->backend->is_broken(lease->conn)) mdm_pool_discard(lease);
    else mdm_pool_release_at(lease, now_ns);
}

/* --- the list ------------------------------------------------------------------------- */

static mdm_status database_new(mdm_session *session, const mdm_location *location,
                               unsigned open_flags, mdm_database **out, mdm_error *err)
{
    *out = NULL;
    mdm_database *database = mdm_alloc_zero(1, sizeof *database);
    if (!database) return mdm_no_memory(err, "a database");
    mdm_status status = mdm_location_dup(location, &database->location, err);
    if (status == MDM_OK && pthread_mutex_init(&database->lock, NULL) != 0) {
        status = mdm_no_memory(err, "a database");
        mdm_location_free(database->location);
    }
    if (status != MDM_OK) {
        mdm_free(database);
        return status;
    }
    database->session = session;
    database->backend = location->backend;
    database->dialect = dialect_of(location->backend);
    database->open_flags = open_flags;
    database->single = in_memory(location) || (open_flags & MDM_OPEN_LOADING);
    *out = database;
    return MDM_OK;
}

static mdm_database *find(const mdm_session *session, const mdm_location *location,
                          unsigned open_flags)
{
    mdm_database *database = session->databases;
    while (database &&
           !(database->open_flags == open_flags && same_location(database->location, location)))
        database = database->next;
    return database;
}

mdm_status mdm_session_database(mdm_session *session, const mdm_location *location,
                                unsigned open_flags, mdm_database **out, mdm_error *err)
{
    mdm_status status = MDM_OK;
    pthread_mutex_lock(&session->lock);
    *out = find(session, location, open_flags);
    if (!*out) {
        status = database_new(session, location, open_flags, out, err);
        if (status == MDM_OK) {
            (*out)->next = session->databases;
            session->databases = *out;
        }
    }
    pthread_mutex_unlock(&session->lock);
    return status;
}

void database_close(mdm_database *database)
{
    mdm_pool_close(atomic_load(&database->reader));
    mdm_pool_close(atomic_load(&database->writer)); /* last: it leaves the file whole */
    pthread_mutex_destroy(&database->lock);
    mdm_location_free(database->location);
    mdm_free(database);
}

void mdm_session_forget(mdm_session *session, mdm_database *database)
{
    if (!database) return;
    pthread_mutex_lock(&session->lock);
    mdm_database **place = &session->databases;
    while (*place && *place != database)
        place = &(*place)->next;
    if (*place) *place = database->next;
    pthread_mutex_unlock(&session->lock);
    database_close(database);
}

const mdm_location *mdm_database_location(const mdm_database *database)
{
    return database->location;
}

const mdm_backend *mdm_database_backend(const mdm_database *database)
{
    return database->backend;
}

size_t mdm_session_pools(mdm_session *session, mdm_pool_stats *stats, size_t size)
{
    size_t count = 0;
    pthread_mutex_lock(&session->lock);
    for (mdm_database *d = session->databases; d; d = d->next) {
        mdm_pool *const pools[] = {atomic_load(&d->reader), atomic_load(&d->writer)};
        for (size_t i = 0; i < 2; i++) {
            if (!pools[i]) continue;
            if (count < size) stats[count] = mdm_pool_stats_read(pools[i]);
            count++;
        }
    }
    pthread_mutex_unlock(&session->lock);
    return count;
}
