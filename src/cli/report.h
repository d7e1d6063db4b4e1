/* report.h - everything said to the person, on standard error. */
#ifndef MDM_CLI_REPORT_H
#define MDM_CLI_REPORT_H

#include "cli/command.h"

/* One line "mdm: DOING: WHAT", then "hint: ..."; with --json one JSON object (mdm.error/1). */
void cli_report_error(const cli_globals *globals, const char *doing, const mdm_error *error);

/* "note: ..." and "warning: ..." unless --quiet; "note:" also is kept from JSON readers' standard
 * output because it goes to standard error. Control characters are shown escaped. */
void cli_note(const cli_context *context, const char *format, ...) MDM_PRINTF(2, 3);
void cli_warning(const cli_context *context, const char *format, ...) MDM_PRINTF(2, 3);

/* What the command is about to do, for error lines: cli_doing(c, "register '%s'", name). */
void cli_doing(cli_context *context, const char *format, ...) MDM_PRINTF(2, 3);

/* Ask a question on standard error, read the answer from standard input, terminal or not.
 * MDM_OK: yes (also --yes and cli.confirm_destructive false). MDM_CANCELLED: "no"; the caller
 * prints Cancelled. and succeeds. MDM_IO: end of file, a refusal. */
mdm_status cli_confirm(cli_context *context, const char *question, mdm_error *err);

#endif
