/* All values of a monitor at one moment, for whoever prints or stores them. */
#ifndef MDM_MONITOR_SNAPSHOT_H
#define MDM_MONITOR_SNAPSHOT_H

#include "mdm/monitor.h"

typedef struct mdm_metric_value {
    mdm_str name; /* name and unit are the monitor's: valid until it closes */
    const char *unit;
    mdm_metric_kind kind;
    union {
        uint64_t count;
        double gauge; /* NaN: never set */
        mdm_histogram_summary histogram;
    } as;
} mdm_metric_value;

typedef struct mdm_operation_value {
    const char *key; /* the monitor's */
    uint64_t completed, failed;
    mdm_histogram_summary duration_ns;
} mdm_operation_value;

/* In order of registration. */
typedef struct mdm_snapshot {
    mdm_metric_value *metrics;
    size_t metric_count;
    mdm_operation_value *operations;
    size_t operation_count;
} mdm_snapshot;

/* monitor NULL or disabled: nothing is in it. MDM_NO_MEMORY: *out is empty. The caller owns what
 * is in *out: mdm_snapshot_clear(). */
MDM_MUST_CHECK mdm_status mdm_snapshot_take(mdm_monitor *monitor, mdm_snapshot *out,
                                            mdm_error *err);
void mdm_snapshot_clear(mdm_snapshot *snapshot);

#endif
