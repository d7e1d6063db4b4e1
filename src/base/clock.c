#include <time.h>

#include "mdm/base.h"

int64_t mdm_clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

mdm_status mdm_stop_check(const mdm_stop *stop, mdm_error *err)
{
    if (!stop) return MDM_OK;
    /* Atomic, because another thread may raise it; volatile alone does not say that. */
    if (stop->flag && __atomic_load_n(stop->flag, __ATOMIC_RELAXED) != 0)
        return mdm_error_set(err, MDM_CANCELLED, "cancelled");
    if (stop->deadline_ns != 0 && mdm_clock_ns() >= stop->deadline_ns)
        return mdm_error_set(err, MDM_TIMEOUT, "timed out");
    return MDM_OK;
}

const char *mdm_version(void)
{
    return MDM_VERSION;
}
