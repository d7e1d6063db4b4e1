/* help.h - help, printed from the table of commands. */
#ifndef MDM_CLI_HELP_H
#define MDM_CLI_HELP_H

#include "cli/command.h"

void cli_help_all(FILE *out);
void cli_help_group(FILE *out, const char *group);
void cli_help_command(FILE *out, const cli_command *command);

#endif
