/* output.h - standard output of a command.
 *
 * Commands print to a stream; what passes goes straight on, or, when a pager may be used, is held
 * until it is known to be more than a screen. The first failing write is remembered with its
 * reason: stdio keeps only that there was one. */
#ifndef MDM_CLI_OUTPUT_H
#define MDM_CLI_OUTPUT_H

#include <stdio.h>
#include <sys/types.h>

#include "mdm/base.h"

typedef struct cli_output {
    FILE *file;   /* what commands print to */
    int target;   /* where it goes: standard output, or the pager's pipe */
    int failure;  /* errno of the first write that failed, 0: none did */
    bool holding; /* bytes are held back: a pager may come */
    char *held;   /* while holding */
    size_t used, size;
    size_t lines;      /* in held */
    size_t screen;     /* lines of the terminal */
    const char *pager; /* a shell command */
    pid_t pager_id;    /* 0: none runs */
} cli_output;

/* MDM_NO_MEMORY. End with cli_output_close(). */
mdm_status cli_output_open(cli_output *output, mdm_error *err);
/* From now on show more than a screen with MDM_PAGER, PAGER or less, if there is one. */
void cli_output_page(cli_output *output);
/* All bytes are out, the pager has been left; further bytes go to standard output. MDM_IO with
 * native = errno when a write failed; EPIPE (nobody reads any more) is for the caller to judge. */
mdm_status cli_output_settle(cli_output *output, mdm_error *err);
/* Also after a failed open. */
void cli_output_close(cli_output *output);

#endif
