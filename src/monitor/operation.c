/* An operation is three metrics without a name; its handle carries their places, so that its end
 * looks nothing up. */
#include "mdm/monitor.h"

#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "monitor/monitor_internal.h"

/* mdm_operation.kind: the counter of successes below, the histogram plus one above; 0: none. */
#define HISTOGRAM_SHIFT 16u

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool is_taken(const mdm_monitor *monitor, const char *key)
{
    mdm_str name;
    void *entry;
    for (size_t i = 0; mdm_map_at(&monitor->operations, i, &name, &entry); i++)
        if (strcmp(((mdm_operation_entry *)entry)->key, key) == 0) return true;
    return false;
}

/* name as it appears in flat keys: other characters are _, and what another name became already
 * gets _2, _3, ... */
static void make_key(const mdm_monitor *monitor, const char *name, mdm_text *key)
{
    unsigned serial = 1;
    do {
        mdm_text_reset(key);
        for (const char *c = name; *c; c++)
            mdm_text_putc(key, is_word(*c) ? *c : '_');
        if (serial > 1) mdm_text_printf(key, "_%u", serial);
        serial++;
    } while (!key->failed && is_taken(monitor, key->data));
}

static mdm_operation_entry *entry_new(const mdm_monitor *monitor, const char *name)
{
    mdm_operation_entry *entry = NULL;
    mdm_text key;
    mdm_text_init(&key);
    make_key(monitor, name, &key);
    if (!key.failed) entry = mdm_alloc(sizeof *entry + key.len + 1);
    if (entry) memcpy(entry->key, key.data, key.len + 1);
    mdm_text_clear(&key);
    return entry;
}

/* NULL: no memory, or the monitor is full. */
static mdm_operation_entry *operation_new(mdm_monitor *monitor, const char *name)
{
    if (!mdm_monitor_reserve(monitor, 2, 1)) return NULL;
    mdm_operation_entry *entry = entry_new(monitor, name);
    if (!entry) return NULL;
    entry->completed = monitor->counter_count;
    entry->duration = monitor->histogram_count;
    if (!mdm_map_put(&monitor->operations, mdm_str_from(name), entry)) {
        mdm_free(entry);
        return NULL;
    }
    mdm_monitor_add(monitor, 2, 1);
    return entry;
}

mdm_operation mdm_operation_begin(mdm_monitor *monitor, const char *name)
{
    if (!mdm_monitor_is_on(monitor)) return (mdm_operation){0};
    const mdm_operation_entry *entry = NULL;
    pthread_mutex_lock(&monitor->lock);
    if (mdm_metric_name_fits(name)) {
        entry = mdm_map_get(&monitor->operations, mdm_str_from(name));
        if (!entry) entry = operation_new(monitor, name);
    }
    if (!entry) monitor->retired_counters[MDM_OWN_REFUSED]++;
    pthread_mutex_unlock(&monitor->lock);
    if (!entry) return (mdm_operation){0};
    return (mdm_operation){monitor, (entry->duration + 1) << HISTOGRAM_SHIFT | entry->completed,
                           mdm_clock_ns()};
}

void mdm_operation_end(mdm_operation *operation, mdm_status status)
{
    if (operation->kind == 0) return;
    const int64_t elapsed_ns = mdm_clock_ns() - operation->start_ns;
    const uint32_t completed = operation->kind & ((1u << HISTOGRAM_SHIFT) - 1);
    const uint32_t duration = (operation->kind >> HISTOGRAM_SHIFT) - 1;
    mdm_observe(operation->monitor, MDM_FIRST_HISTOGRAM + duration, (uint64_t)elapsed_ns);
    mdm_count(operation->monitor, MDM_FIRST_COUNTER + completed + (status != MDM_OK), 1);
    *operation = (mdm_operation){0};
}
