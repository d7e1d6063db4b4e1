/* The calls that record, as far as they are not inlined: the thread meets the monitor or the metric
 * for the first time, its hint was another monitor's, or a bucket is full. */
#include "mdm/monitor.h"

#include <string.h>

#include "monitor/monitor_internal.h"

/* The functions behind the inlined ones. Only they call the rest, with a monitor that is on. */
extern inline void mdm_count(mdm_monitor *monitor, mdm_metric counter, uint64_t by);
extern inline void mdm_observe(mdm_monitor *monitor, mdm_metric histogram, uint64_t value);
extern inline mdm_timer mdm_timer_start(mdm_monitor *monitor);
extern inline int64_t mdm_timer_stop(mdm_timer *timer, mdm_monitor *monitor, mdm_metric histogram);

void mdm_count_call(mdm_monitor *monitor, mdm_metric counter, uint64_t by)
{
    uint64_t *place = mdm_shard_counter(monitor, counter - MDM_FIRST_COUNTER);
    if (place) mdm_value_store(place, mdm_value_load(place) + by);
}

void mdm_observe_call(mdm_monitor *monitor, mdm_metric histogram, uint64_t value)
{
    const uint32_t index = histogram - MDM_FIRST_HISTOGRAM;
    mdm_histogram *place = mdm_shard_histogram(monitor, index);
    if (!place || mdm_histogram_record(place, value)) return;
    if (mdm_shard_spill(monitor, index, place, value))
        (void)mdm_histogram_record(place, value); /* its bucket is empty now */
}

int64_t mdm_timer_stop_call(mdm_timer *timer, mdm_monitor *monitor, mdm_metric histogram)
{
    const int64_t elapsed_ns = mdm_clock_ns() - timer->start_ns;
    timer->start_ns = 0;
    mdm_observe(monitor, histogram, (uint64_t)elapsed_ns);
    return elapsed_ns;
}

/* Any thread may set a gauge: there is one value for all, and the last one counts. */
void mdm_gauge_set(mdm_monitor *monitor, mdm_metric gauge, double value)
{
    const uint32_t index = gauge - MDM_FIRST_GAUGE;
    if (!mdm_monitor_is_on(monitor) || index >= MDM_METRICS_MAX) return;
    uint64_t *page =
        atomic_load_explicit(&monitor->gauges[index / MDM_GAUGES_PER_PAGE], memory_order_acquire);
    if (!page) return;
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    mdm_value_store(&page[index % MDM_GAUGES_PER_PAGE], bits);
}
