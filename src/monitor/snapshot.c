/* Reading: what threads write now, added to what dead ones left. Recording goes on meanwhile. */
#include "monitor/snapshot.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "monitor/monitor_internal.h"

/* --- one metric: the lock is held -------------------------------------------- */

static uint64_t read_counter(const mdm_monitor *monitor, uint32_t index)
{
    uint64_t total = monitor->retired_counters[index];
    for (const mdm_shard *s = monitor->shards; s; s = s->next)
        if (index < s->counter_size) total += mdm_value_load(&s->counters[index]);
    return total;
}

static double read_gauge(const mdm_monitor *monitor, uint32_t index)
{
    const uint64_t *page =
        atomic_load_explicit(&monitor->gauges[index / MDM_GAUGES_PER_PAGE], memory_order_relaxed);
    const uint64_t bits = mdm_value_load(&page[index % MDM_GAUGES_PER_PAGE]);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static mdm_histogram_summary read_histogram(const mdm_monitor *monitor, uint32_t index)
{
    mdm_histogram_total total;
    mdm_total_init(&total);
    const mdm_retired_histogram *kept = &monitor->retired_histograms[index];
    if (kept->spilled) mdm_total_add_spilled(&total, kept->spilled);
    if (kept->block) mdm_total_add(&total, kept->block);
    for (const mdm_shard *s = monitor->shards; s; s = s->next)
        if (index < s->histogram_size && s->histograms[index])
            mdm_total_add(&total, s->histograms[index]);
    return mdm_total_summary(&total);
}

static void read_metric(const mdm_monitor *monitor, const mdm_metric_entry *entry,
                        mdm_metric_value *out)
{
    out->kind = entry->kind;
    out->unit = entry->unit;
    switch (entry->kind) {
    case MDM_METRIC_COUNTER:
        out->as.count = read_counter(monitor, entry->id - MDM_FIRST_COUNTER);
        break;
    case MDM_METRIC_GAUGE: out->as.gauge = read_gauge(monitor, entry->id - MDM_FIRST_GAUGE); break;
    case MDM_METRIC_HISTOGRAM:
        out->as.histogram = read_histogram(monitor, entry->id - MDM_FIRST_HISTOGRAM);
        break;
    }
}

/* --- by name ----------------------------------------------------------------- */

/* False: there is no metric of that name and kind. */
static bool find_and_read(mdm_monitor *monitor, const char *name, mdm_metric_kind kind,
                          mdm_metric_value *out)
{
    if (!mdm_monitor_is_on(monitor) || !name) return false;
    pthread_mutex_lock(&monitor->lock);
    const mdm_metric_entry *entry = mdm_map_get(&monitor->names, mdm_str_from(name));
    const bool found = entry && entry->kind == kind;
    if (found) read_metric(monitor, entry, out);
    pthread_mutex_unlock(&monitor->lock);
    return found;
}

uint64_t mdm_counter_read(mdm_monitor *monitor, const char *name)
{
    mdm_metric_value value;
    return find_and_read(monitor, name, MDM_METRIC_COUNTER, &value) ? value.as.count : 0;
}

double mdm_gauge_read(mdm_monitor *monitor, const char *name)
{
    mdm_metric_value value;
    return find_and_read(monitor, name, MDM_METRIC_GAUGE, &value) ? value.as.gauge : (double)NAN;
}

bool mdm_histogram_read(mdm_monitor *monitor, const char *name, mdm_histogram_summary *out)
{
    mdm_metric_value value;
    const bool found = find_and_read(monitor, name, MDM_METRIC_HISTOGRAM, &value);
    *out = found ? value.as.histogram : (mdm_histogram_summary){0};
    return found;
}

/* --- everything ---------------------------------------------------------------- */

static void read_operation(const mdm_monitor *monitor, const mdm_operation_entry *entry,
                           mdm_operation_value *out)
{
    out->key = entry->key;
    out->completed = read_counter(monitor, entry->completed);
    out->failed = read_counter(monitor, entry->completed + 1);
    out->duration_ns = read_histogram(monitor, entry->duration);
}

static bool read_all(const mdm_monitor *monitor, mdm_snapshot *out)
{
    out->metrics = mdm_alloc(monitor->names.count * sizeof *out->metrics);
    out->operations = mdm_alloc(monitor->operations.count * sizeof *out->operations);
    if (!out->metrics || !out->operations) return false;

    void *entry;
    for (size_t i = 0; mdm_map_at(&monitor->names, i, &out->metrics[i].name, &entry); i++) {
        read_metric(monitor, entry, &out->metrics[i]);
        out->metric_count++;
    }
    mdm_str name;
    for (size_t i = 0; mdm_map_at(&monitor->operations, i, &name, &entry); i++) {
        read_operation(monitor, entry, &out->operations[i]);
        out->operation_count++;
    }
    return true;
}

mdm_status mdm_snapshot_take(mdm_monitor *monitor, mdm_snapshot *out, mdm_error *err)
{
    *out = (mdm_snapshot){0};
    if (!mdm_monitor_is_on(monitor)) return MDM_OK;
    pthread_mutex_lock(&monitor->lock);
    const bool complete = read_all(monitor, out);
    pthread_mutex_unlock(&monitor->lock);
    if (complete) return MDM_OK;
    mdm_snapshot_clear(out);
    return mdm_no_memory(err, "a report");
}

void mdm_snapshot_clear(mdm_snapshot *snapshot)
{
    mdm_free(snapshot->metrics);
    mdm_free(snapshot->operations);
    *snapshot = (mdm_snapshot){0};
}
