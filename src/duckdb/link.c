/* Links count themselves in and out of the instance. Switching to writing: nobody new may begin,
 * those who began end, then the idle connections and the database are closed, and opened again. */
#include "duckdb/link.h"

#include <time.h>

#include "base/alloc.h"
#include "duckdb/instance_state.h"

#define MS 1000000
/* How long a switch waits for the others when nobody said. */
#define SWITCH_PATIENCE_NS ((int64_t)1000 * MS)
/* Between two tries while another process has the file. */
#define RETRY_NS (100 * MS)

void mdm_duckdb_wait(pthread_cond_t *cond, pthread_mutex_t *lock)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 20 * MS;
    if (until.tv_nsec >= 1000 * MS) {
        until.tv_nsec -= 1000 * MS;
        until.tv_sec++;
    }
    pthread_cond_timedwait(cond, lock, &until);
}

/* --- switching to writing ------------------------------------------------------------ */

/* Under the lock: until nobody uses the instance. */
static mdm_status wait_for_quiet(mdm_duckdb_instance *instance, const mdm_stop *stop,
                                 mdm_error *err)
{
    const int64_t deadline =
        stop && stop->deadline_ns ? stop->deadline_ns : mdm_clock_ns() + SWITCH_PATIENCE_NS;
    while (instance->active > 0) {
        if (mdm_stop_check(stop, NULL) == MDM_CANCELLED) return mdm_stop_check(stop, err);
        if (mdm_clock_ns() >= deadline) {
            mdm_error_set(err, MDM_BUSY,
                          "%s cannot be opened for writing: this process is reading it",
                          instance->path);
            return mdm_error_hint(err, MDM_BUSY, "finish the open results and transactions first");
        }
        mdm_duckdb_wait(&instance->changed, &instance->lock);
    }
    return MDM_OK;
}

/* Under the lock, nobody active. */
static void drop_connections(mdm_duckdb_instance *instance)
{
    for (mdm_duckdb_link *link = instance->links; link; link = link->next) {
        if (!link->conn) continue;
        if (link->release) link->release(link->release_self);
        mdm_duck.disconnect(&link->conn);
        link->conn = NULL;
    }
}

/* Tried once: while another process has the file, the readers here shall not wait. */
static mdm_status reopen_for_writing(mdm_duckdb_instance *instance, mdm_error *err)
{
    if (instance->database) mdm_duck.close(&instance->database);
    const mdm_status status = mdm_duckdb_open_database(instance, false, NULL, err);
    /* Else the readers go on; if not even that works, they are told: ensure_connection(). */
    if (status != MDM_OK) (void)mdm_duckdb_open_database(instance, true, NULL, NULL);
    return status;
}

static mdm_status switch_once(mdm_duckdb_instance *instance, const mdm_stop *stop, mdm_error *err)
{
    mdm_status status = MDM_OK;
    pthread_mutex_lock(&instance->lock);
    while (instance->switching)
        mdm_duckdb_wait(&instance->changed, &instance->lock);
    if (instance->read_only) {
        instance->switching = true;
        status = wait_for_quiet(instance, stop, err);
        if (status == MDM_OK) {
            drop_connections(instance);
            pthread_mutex_unlock(&instance->lock);
            status = reopen_for_writing(instance, err);
            pthread_mutex_lock(&instance->lock);
            if (status == MDM_OK) instance->read_only = false;
        }
        instance->switching = false;
        pthread_cond_broadcast(&instance->changed);
    }
    pthread_mutex_unlock(&instance->lock);
    return status;
}

mdm_status mdm_duckdb_switch_to_writing(mdm_duckdb_instance *instance, const mdm_stop *stop,
                                        mdm_error *err)
{
    for (;;) {
        const mdm_status status = switch_once(instance, stop, err);
        if (status != MDM_BUSY || !stop || stop->deadline_ns == 0) return status;
        if (mdm_stop_check(stop, NULL) == MDM_CANCELLED) return mdm_stop_check(stop, err);
        if (mdm_clock_ns() + RETRY_NS >= stop->deadline_ns) return status;
        nanosleep(&(struct timespec){.tv_nsec = RETRY_NS}, NULL);
    }
}

/* --- links ------------------------------------------------------------------------------- */

/* Under the lock. */
static mdm_status ensure_connection(mdm_duckdb_link *link, mdm_error *err)
{
    if (link->conn) return MDM_OK;
    if (!link->instance->database)
        return mdm_error_set(err, MDM_BACKEND, "%s could not be opened again",
                             link->instance->path);
    if (mdm_duck.connect(link->instance->database, &link->conn) == DuckDBSuccess) return MDM_OK;
    link->conn = NULL;
    return mdm_error_set(err, MDM_BACKEND, "cannot connect to DuckDB");
}

mdm_status mdm_duckdb_connect(mdm_duckdb_instance *instance, mdm_duckdb_link **out, mdm_error *err)
{
    *out = NULL;
    mdm_duckdb_link *link = mdm_alloc_zero(1, sizeof *link);
    if (!link) return mdm_no_memory(err, "a connection");
    link->instance = instance;
    pthread_mutex_lock(&instance->lock);
    link->next = instance->links;
    link->link = &instance->links;
    if (link->next) link->next->link = &link->next;
    instance->links = link;
    pthread_mutex_unlock(&instance->lock);

    const mdm_status status = mdm_duckdb_begin(link, NULL, err);
    if (status != MDM_OK) {
        mdm_duckdb_disconnect(link);
        return status;
    }
    mdm_duckdb_end(link);
    *out = link;
    return MDM_OK;
}

void mdm_duckdb_disconnect(mdm_duckdb_link *link)
{
    if (!link) return;
    mdm_duckdb_instance *instance = link->instance;
    pthread_mutex_lock(&instance->lock);
    while (instance->switching)
        mdm_duckdb_wait(&instance->changed, &instance->lock);
    *link->link = link->next;
    if (link->next) link->next->link = link->link;
    duckdb_connection conn = link->conn;
    pthread_mutex_unlock(&instance->lock);
    if (conn) mdm_duck.disconnect(&conn);
    mdm_free(link);
}

mdm_status mdm_duckdb_begin(mdm_duckdb_link *link, const mdm_stop *stop, mdm_error *err)
{
    if (link->depth > 0) {
        link->depth++;
        return MDM_OK;
    }
    mdm_duckdb_instance *instance = link->instance;
    mdm_status status = MDM_OK;
    pthread_mutex_lock(&instance->lock);
    while (instance->switching && status == MDM_OK) {
        status = mdm_stop_check(stop, err);
        if (status == MDM_OK) mdm_duckdb_wait(&instance->changed, &instance->lock);
    }
    if (status == MDM_OK) status = ensure_connection(link, err);
    if (status == MDM_OK) {
        instance->active++;
        link->depth = 1;
    }
    pthread_mutex_unlock(&instance->lock);
    return status;
}

void mdm_duckdb_end(mdm_duckdb_link *link)
{
    if (--link->depth > 0) return;
    mdm_duckdb_instance *instance = link->instance;
    pthread_mutex_lock(&instance->lock);
    instance->active--;
    if (instance->switching) pthread_cond_broadcast(&instance->changed);
    pthread_mutex_unlock(&instance->lock);
}

mdm_status mdm_duckdb_reconnect(mdm_duckdb_link *link, mdm_error *err)
{
    MDM_TRY(mdm_duckdb_begin(link, NULL, err));
    mdm_duckdb_instance *instance = link->instance;
    pthread_mutex_lock(&instance->lock);
    duckdb_connection old = link->conn;
    link->conn = NULL;
    const mdm_status status = ensure_connection(link, err);
    pthread_mutex_unlock(&instance->lock);
    mdm_duck.disconnect(&old);
    mdm_duckdb_end(link);
    return status;
}

uint64_t mdm_duckdb_changes(const mdm_duckdb_link *link)
{
    return __atomic_load_n(&link->instance->changes, __ATOMIC_ACQUIRE);
}

void mdm_duckdb_note_change(mdm_duckdb_link *link)
{
    __atomic_add_fetch(&link->instance->changes, 1, __ATOMIC_ACQ_REL);
}

#ifdef MDM_THREAD_SANITIZER
void mdm_duckdb_relay(void)
{
    static int relay;
    __atomic_add_fetch(&relay, 1, __ATOMIC_ACQ_REL);
}
#endif

void mdm_duckdb_interrupt(mdm_duckdb_link *link)
{
    pthread_mutex_lock(&link->instance->lock);
    if (link->conn) mdm_duck.interrupt(link->conn);
    pthread_mutex_unlock(&link->instance->lock);
}

static void interrupt_link(void *self)
{
    mdm_duckdb_interrupt(self);
}

void mdm_duckdb_watch(mdm_duckdb_link *link, const mdm_stop *stop)
{
    link->watch.stop = stop;
    link->watch.interrupt = interrupt_link;
    link->watch.self = link;
    mdm_watch_begin(&link->instance->watcher, &link->watch);
}

mdm_status mdm_duckdb_unwatch(mdm_duckdb_link *link)
{
    return mdm_watch_end(&link->instance->watcher, &link->watch);
}
