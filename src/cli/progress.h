/* progress.h - one line on standard error that says how far long work has come, with rate and time
 * left; only on a terminal, and never with --quiet, --no-progress or cli.show_progress false. With
 * -v or development.profile_operations the phases' times too, as fine as steps are reported. */
#ifndef MDM_CLI_PROGRESS_H
#define MDM_CLI_PROGRESS_H

#include "cli/command.h"

typedef struct cli_progress {
    bool shown; /* something stands on the line */
    bool enabled;
    bool told;        /* say on lines of their own how long each phase took */
    int64_t start_ns; /* of the phase */
    char phase[64], what[128];
    double rate; /* smoothed, per second */
    int64_t last_ns, last_done;
} cli_progress;

void cli_progress_init(cli_progress *progress, const cli_context *context);
/* For mdm_dataset_spec.progress and the like; self is the cli_progress. */
void cli_progress_show(void *self, const mdm_progress *step);
void cli_progress_clear(cli_progress *progress); /* wipes the line; the last phase is over */

#endif
