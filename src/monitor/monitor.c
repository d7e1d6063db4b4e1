/* Opening, closing, and names becoming numbers. */
#include "mdm/monitor.h"

#include <string.h>

#include "base/alloc.h"
#include "monitor/monitor_internal.h"

/* --- open and close --------------------------------------------------------- */

static const char *const own_names[MDM_OWN_COUNT] = {
    [MDM_OWN_REFUSED] = "monitor.refused",
    [MDM_OWN_LOST] = "monitor.lost",
};

static mdm_metric_entry *entry_new(mdm_metric id, mdm_metric_kind kind, const char *unit)
{
    const size_t size = strlen(unit) + 1;
    mdm_metric_entry *entry = mdm_alloc(sizeof *entry + size);
    if (!entry) return NULL;
    entry->id = id;
    entry->kind = kind;
    memcpy(entry->unit, unit, size);
    return entry;
}

static bool enter(mdm_monitor *monitor, mdm_str name, mdm_metric id, mdm_metric_kind kind,
                  const char *unit)
{
    mdm_metric_entry *entry = entry_new(id, kind, unit);
    if (entry && mdm_map_put(&monitor->names, name, entry)) return true;
    mdm_free(entry);
    return false;
}

static bool enter_own(mdm_monitor *monitor)
{
    if (!mdm_monitor_reserve(monitor, MDM_OWN_COUNT, 0)) return false;
    for (uint32_t i = 0; i < MDM_OWN_COUNT; i++)
        if (!enter(monitor, mdm_str_from(own_names[i]), MDM_FIRST_COUNTER + i, MDM_METRIC_COUNTER,
                   ""))
            return false;
    monitor->counter_count = MDM_OWN_COUNT; /* metric_count stays: they are not the user's */
    return true;
}

mdm_status mdm_monitor_open(const mdm_monitor_options *options, mdm_monitor **out, mdm_error *err)
{
    *out = NULL;
    mdm_monitor *monitor = mdm_alloc_zero(1, sizeof *monitor);
    if (!monitor) return mdm_no_memory(err, "a monitor");
    mdm_map_init(&monitor->names);
    mdm_map_init(&monitor->operations);
    pthread_mutex_init(&monitor->lock, NULL); /* with default attributes it cannot fail */
    mdm_status status = MDM_OK;
    if (!options || !options->disabled) {
        if (!enter_own(monitor)) status = mdm_no_memory(err, "a monitor");
        else if (!mdm_registry_add(monitor))
            status = mdm_error_set(err, MDM_NO_MEMORY, "no thread key is left for a monitor");
    }
    if (status == MDM_OK) *out = monitor;
    else mdm_monitor_close(monitor);
    return status;
}

static void free_values(const mdm_map *map)
{
    mdm_str key;
    void *value;
    for (size_t i = 0; mdm_map_at(map, i, &key, &value); i++)
        mdm_free(value);
}

void mdm_monitor_close(mdm_monitor *monitor)
{
    if (!monitor) return;
    if (monitor->link) mdm_registry_remove(monitor);
    for (uint32_t i = 0; i < monitor->histogram_count; i++) {
        mdm_free(monitor->retired_histograms[i].block);
        mdm_free(monitor->retired_histograms[i].spilled);
    }
    mdm_free(monitor->retired_histograms);
    mdm_free(monitor->retired_counters);
    for (uint32_t i = 0; i < MDM_GAUGE_PAGES; i++)
        mdm_free(atomic_load_explicit(&monitor->gauges[i], memory_order_relaxed));
    free_values(&monitor->names);
    free_values(&monitor->operations);
    mdm_map_clear(&monitor->names);
    mdm_map_clear(&monitor->operations);
    pthread_mutex_destroy(&monitor->lock);
    mdm_free(monitor);
}

/* --- places ----------------------------------------------------------------- */

static bool grow(void **array, size_t item_bytes, uint32_t *size, uint32_t count)
{
    if (count <= *size) return true;
    const uint32_t wider = mdm_places_for(count);
    void *grown = mdm_realloc(*array, wider * item_bytes);
    if (!grown) return false;
    memset((char *)grown + *size * item_bytes, 0, (wider - *size) * item_bytes);
    *array = grown;
    *size = wider;
    return true;
}

bool mdm_monitor_reserve(mdm_monitor *monitor, uint32_t counters, uint32_t histograms)
{
    if (counters + histograms > MDM_METRICS_MAX - monitor->metric_count) return false;
    void *values = monitor->retired_counters;
    bool fits = grow(&values, sizeof *monitor->retired_counters, &monitor->counter_size,
                     monitor->counter_count + counters);
    monitor->retired_counters = values;
    values = monitor->retired_histograms;
    fits = grow(&values, sizeof *monitor->retired_histograms, &monitor->histogram_size,
                monitor->histogram_count + histograms) &&
           fits;
    monitor->retired_histograms = values;
    return fits;
}

void mdm_monitor_add(mdm_monitor *monitor, uint32_t counters, uint32_t histograms)
{
    monitor->counter_count += counters;
    monitor->histogram_count += histograms;
    monitor->metric_count += counters + histograms;
}

/* The page of the next gauge. It is published before any number of its gauges is. */
static bool reserve_gauge(mdm_monitor *monitor)
{
    if (monitor->metric_count == MDM_METRICS_MAX) return false;
    const uint32_t page = monitor->gauge_count / MDM_GAUGES_PER_PAGE;
    if (atomic_load_explicit(&monitor->gauges[page], memory_order_relaxed)) return true;
    uint64_t *values = mdm_alloc(MDM_GAUGES_PER_PAGE * sizeof *values);
    if (!values) return false;
    for (uint32_t i = 0; i < MDM_GAUGES_PER_PAGE; i++)
        values[i] = MDM_GAUGE_UNSET;
    atomic_store_explicit(&monitor->gauges[page], values, memory_order_release);
    return true;
}

/* --- names ------------------------------------------------------------------ */

bool mdm_metric_name_fits(const char *name)
{
    return name && name[0] != '\0' && strnlen(name, MDM_NAME_MAX + 1) <= MDM_NAME_MAX;
}

static mdm_metric counter_new(mdm_monitor *monitor, mdm_str name, const char *unit)
{
    const mdm_metric id = MDM_FIRST_COUNTER + monitor->counter_count;
    if (!mdm_monitor_reserve(monitor, 1, 0)) return 0;
    if (!enter(monitor, name, id, MDM_METRIC_COUNTER, unit)) return 0;
    mdm_monitor_add(monitor, 1, 0);
    return id;
}

static mdm_metric gauge_new(mdm_monitor *monitor, mdm_str name, const char *unit)
{
    const mdm_metric id = MDM_FIRST_GAUGE + monitor->gauge_count;
    if (!reserve_gauge(monitor)) return 0;
    if (!enter(monitor, name, id, MDM_METRIC_GAUGE, unit)) return 0;
    monitor->gauge_count++;
    monitor->metric_count++;
    return id;
}

static mdm_metric histogram_new(mdm_monitor *monitor, mdm_str name, const char *unit)
{
    const mdm_metric id = MDM_FIRST_HISTOGRAM + monitor->histogram_count;
    if (!mdm_monitor_reserve(monitor, 0, 1)) return 0;
    if (!enter(monitor, name, id, MDM_METRIC_HISTOGRAM, unit)) return 0;
    mdm_monitor_add(monitor, 0, 1);
    return id;
}

/* The lock is held. */
static mdm_metric find_or_make(mdm_monitor *monitor, const char *name, mdm_metric_kind kind,
                               const char *unit)
{
    if (!mdm_metric_name_fits(name)) return 0;
    const mdm_str key = mdm_str_from(name);
    const mdm_metric_entry *known = mdm_map_get(&monitor->names, key);
    if (known) return known->kind == kind ? known->id : 0;
    switch (kind) {
    case MDM_METRIC_COUNTER: return counter_new(monitor, key, unit);
    case MDM_METRIC_GAUGE: return gauge_new(monitor, key, unit);
    case MDM_METRIC_HISTOGRAM: return histogram_new(monitor, key, unit);
    }
    return 0;
}

mdm_metric mdm_metric_named(mdm_monitor *monitor, const char *name, mdm_metric_kind kind,
                            const char *unit)
{
    if (!mdm_monitor_is_on(monitor)) return 0;
    pthread_mutex_lock(&monitor->lock);
    const mdm_metric id = find_or_make(monitor, name, kind, unit ? unit : "");
    if (id == 0) monitor->retired_counters[MDM_OWN_REFUSED]++;
    pthread_mutex_unlock(&monitor->lock);
    return id;
}
