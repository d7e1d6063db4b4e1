/* The owner: opens what every command needs, and closes all in the reverse order. What costs more
 * than a few microseconds waits until it is asked for. */
#include "mdm/session.h"

#include "base/alloc.h"
#include "base/io.h"
#include "session/internal.h"

/* --- open ---------------------------------------------------------------------- */

static mdm_status open_monitor(mdm_session *session, mdm_error *err)
{
    mdm_monitor_options options = MDM_MONITOR_OPTIONS_INIT;
    options.disabled = session->off.monitor;
    MDM_TRY(mdm_monitor_open(&options, &session->monitor, err));
    record_metrics_open(session);
    return MDM_OK;
}

static mdm_status open_memo(mdm_session *session, mdm_error *err)
{
    if (session->off.optimizer) return MDM_OK;
    session->memo = mdm_alloc_zero(1, sizeof *session->memo);
    if (!session->memo) return mdm_no_memory(err, "a session");
    return mdm_random(&session->memo->seed, sizeof session->memo->seed, err);
}

static void read_settings(mdm_session *session)
{
    const mdm_config *config = session->config;
    session->off = (session_off){
        .optimizer = mdm_config_off(config, "query_optimizer"),
        .batch = mdm_config_off(config, "batch"),
        .pool = mdm_config_off(config, "pool"),
        .monitor = mdm_config_off(config, "monitor"),
    };
    session->echo = mdm_config_bool(config, "database.sqlalchemy.echo");
    const int64_t slow_ms = mdm_config_int(config, "performance.monitor.slow_query_ms");
    session->slow_ns = slow_ms > 0 ? slow_ms * 1000000 : INT64_MAX;
}

mdm_status mdm_session_open(const mdm_session_options *options, mdm_session **out, mdm_error *err)
{
    *out = NULL;
    mdm_session *session = mdm_alloc_zero(1, sizeof *session);
    if (!session) return mdm_no_memory(err, "a session");
    if (pthread_mutex_init(&session->lock, NULL) != 0) {
        mdm_free(session);
        return mdm_no_memory(err, "a session");
    }
    if (options && options->stop) {
        session->stop = *options->stop;
        session->has_stop = true;
    }
    mdm_status status = mdm_config_open(options ? options->config : NULL, &session->config, err);
    if (status == MDM_OK) {
        read_settings(session);
        status = record_log_open(session, err);
    }
    if (status == MDM_OK) status = open_monitor(session, err);
    if (status == MDM_OK) status = open_memo(session, err);
    if (status != MDM_OK) mdm_session_close(session);
    else *out = session;
    return status;
}

/* --- close ----------------------------------------------------------------------- */

/* Last attached, first closed: who came later may stand on who came before. */
static void close_slots(mdm_session *session)
{
    while (session->slots) {
        slot_entry *entry = session->slots;
        session->slots = entry->next;
        if (entry->close) entry->close(entry->value);
        mdm_free(entry);
    }
}

static void close_databases(mdm_session *session)
{
    while (session->databases) {
        mdm_database *database = session->databases;
        session->databases = database->next;
        database_close(database);
    }
}

void mdm_session_close(mdm_session *session)
{
    if (!session) return;
    close_slots(session);
    close_databases(session);
    for (size_t i = 0; i < SESSION_SPARE_ROWS; i++)
        mdm_free(atomic_load(&session->spare[i]));
    mdm_free(session->memo);
    mdm_monitor_close(session->monitor);
    mdm_log_close(session->log);
    mdm_config_close(session->config);
    pthread_mutex_destroy(&session->lock);
    mdm_free(session);
}

/* --- what it holds ----------------------------------------------------------------- */

const mdm_config *mdm_session_config(const mdm_session *session)
{
    return session->config;
}

mdm_monitor *mdm_session_monitor(const mdm_session *session)
{
    return session->monitor;
}

const mdm_stop *mdm_session_stop(const mdm_session *session)
{
    return session_stop(session);
}

/* --- slots --------------------------------------------------------------------------- */

static slot_entry *find_slot(const mdm_session *session, const void *key)
{
    slot_entry *entry = session->slots;
    while (entry && entry->key != key)
        entry = entry->next;
    return entry;
}

void *mdm_session_slot_get(mdm_session *session, const void *key)
{
    pthread_mutex_lock(&session->lock);
    const slot_entry *entry = find_slot(session, key);
    void *value = entry ? entry->value : NULL;
    pthread_mutex_unlock(&session->lock);
    return value;
}

mdm_status mdm_session_slot_set(mdm_session *session, const void *key, void *value,
                                void (*close)(void *value), mdm_error *err)
{
    slot_entry *entry = mdm_alloc(sizeof *entry);
    if (!entry) return mdm_no_memory(err, "a slot of the session");
    *entry = (slot_entry){.key = key, .value = value, .close = close};
    pthread_mutex_lock(&session->lock);
    const bool taken = find_slot(session, key) != NULL;
    if (!taken) {
        entry->next = session->slots;
        session->slots = entry;
    }
    pthread_mutex_unlock(&session->lock);
    if (!taken) return MDM_OK;
    mdm_free(entry);
    return mdm_error_set(err, MDM_EXISTS, "the slot of the session is taken");
}
