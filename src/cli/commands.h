/* commands.h - the entries; each is defined in a file of its own. */
#ifndef MDM_CLI_COMMANDS_H
#define MDM_CLI_COMMANDS_H

#include "cli/command.h"

extern const cli_command cli_command_register, cli_command_list, cli_command_info,
    cli_command_stats, cli_command_query, cli_command_export, cli_command_rejects,
    cli_command_remove, cli_command_config_show, cli_command_config_get, cli_command_config_set,
    cli_command_config_paths, cli_command_doctor, cli_command_version, cli_command_help;

#endif
