/* The log file: "time - part - LEVEL - message" (or one JSON object a line), 0600, rotated.
 * One log per process, opened by the session; before that, and when it cannot be
 * written, lines are dropped: a log never disturbs the work. Messages are escaped. Any thread. */
#ifndef MDM_BASE_LOG_H
#define MDM_BASE_LOG_H
#include "mdm/base.h"

typedef enum mdm_log_level {
    MDM_LOG_DEBUG,
    MDM_LOG_INFO,
    MDM_LOG_WARNING,
    MDM_LOG_ERROR,
    MDM_LOG_CRITICAL
} mdm_log_level;

typedef struct mdm_log_options {
    const char *path;    /* copied; its folder is made when the first line is written */
    mdm_log_level level; /* lower ones are not written */
    int64_t max_bytes;   /* rotate at this size */
    int backup_count;    /* PATH.1 ... kept */
    bool json;
} mdm_log_options;

typedef struct mdm_log mdm_log;
MDM_MUST_CHECK mdm_status mdm_log_open(const mdm_log_options *options, mdm_log **out,
                                       mdm_error *err);
void mdm_log_close(mdm_log *log); /* NULL allowed */
/* log NULL: nothing happens. */
void mdm_log_write(mdm_log *log, mdm_log_level level, const char *part, const char *format, ...)
    MDM_PRINTF(4, 5);

#endif
