/* What is called millions of times: find the thread's place in its hint, and write. Everything
 * rare is behind one comparison, in functions that are not inlined. */
#include "mdm/monitor.h"

#include <string.h>

#include "monitor/monitor_internal.h"

#define RARE __attribute__((noinline, cold))

/* --- counters --------------------------------------------------------------- */

static inline void add(_Atomic uint64_t *place, uint64_t by)
{
    const uint64_t now = atomic_load_explicit(place, memory_order_relaxed);
    atomic_store_explicit(place, now + by, memory_order_relaxed);
}

static RARE void count_first(mdm_monitor *monitor, uint32_t index, uint64_t by)
{
    if (!monitor || monitor->disabled) return;
    _Atomic uint64_t *place = mdm_shard_counter(monitor, index);
    if (place) add(place, by);
}

void mdm_count(mdm_monitor *monitor, mdm_metric counter, uint64_t by)
{
    const uint32_t index = counter - MDM_FIRST_COUNTER;
    if (monitor) {
        const mdm_hint *hint = mdm_hint_of(monitor->generation);
        if (hint->generation == monitor->generation && index < hint->counter_count) {
            add(&hint->counters[index], by);
            return;
        }
    }
    count_first(monitor, index, by);
}

/* --- gauges ----------------------------------------------------------------- */

void mdm_gauge_set(mdm_monitor *monitor, mdm_metric gauge, double value)
{
    const uint32_t index = gauge - MDM_FIRST_GAUGE;
    if (!monitor || index >= MDM_METRICS_MAX) return;
    _Atomic uint64_t *page =
        atomic_load_explicit(&monitor->gauges[index / MDM_GAUGES_PER_PAGE], memory_order_acquire);
    if (!page) return;
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    atomic_store_explicit(&page[index % MDM_GAUGES_PER_PAGE], bits, memory_order_relaxed);
}

/* --- histograms ------------------------------------------------------------- */

static RARE void observe_first(mdm_monitor *monitor, uint32_t index, uint64_t value)
{
    if (!monitor || monitor->disabled) return;
    mdm_histogram *histogram = mdm_shard_histogram(monitor, index);
    if (!histogram || mdm_histogram_record(histogram, value)) return;
    if (mdm_shard_spill(monitor, index, histogram, value))
        (void)mdm_histogram_record(histogram, value); /* its bucket is empty now */
}

void mdm_observe(mdm_monitor *monitor, mdm_metric histogram, uint64_t value)
{
    const uint32_t index = histogram - MDM_FIRST_HISTOGRAM;
    if (monitor) {
        const mdm_hint *hint = mdm_hint_of(monitor->generation);
        if (hint->generation == monitor->generation && index < hint->histogram_count) {
            mdm_histogram *place = hint->histograms[index];
            if (place && mdm_histogram_record(place, value)) return;
        }
    }
    observe_first(monitor, index, value);
}

/* --- timers ----------------------------------------------------------------- */

mdm_timer mdm_timer_start(mdm_monitor *monitor)
{
    if (!monitor || monitor->disabled) return (mdm_timer){0};
    return (mdm_timer){mdm_clock_ns()};
}

int64_t mdm_timer_stop(mdm_timer *timer, mdm_monitor *monitor, mdm_metric histogram)
{
    if (timer->start_ns == 0) return 0;
    const int64_t elapsed_ns = mdm_clock_ns() - timer->start_ns;
    timer->start_ns = 0;
    mdm_observe(monitor, histogram, (uint64_t)elapsed_ns);
    return elapsed_ns;
}
