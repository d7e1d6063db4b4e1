/* timed.h - for rooms that read the clock anyway: the pool then records exact times without reading
 * it again. now_ns: mdm_clock_ns(); 0: not known, one checkout in 64 is timed. */
#ifndef MDM_POOL_TIMED_H
#define MDM_POOL_TIMED_H

#include "mdm/pool.h"

MDM_MUST_CHECK mdm_status mdm_pool_acquire_at(mdm_pool *pool, const char *tag, const mdm_stop *stop,
                                              int64_t now_ns, mdm_lease *lease, mdm_error *err);
void mdm_pool_release_at(mdm_lease *lease, int64_t now_ns);

#endif
