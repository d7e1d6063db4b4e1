/* The table of commands and of the options that all of them take. */
#include <stddef.h>

#include "cli/commands.h"

static const cli_command *const commands[] = {
    &cli_command_register,   &cli_command_list,       &cli_command_info,
    &cli_command_stats,      &cli_command_query,      &cli_command_export,
    &cli_command_rejects,    &cli_command_remove,     &cli_command_config_show,
    &cli_command_config_get, &cli_command_config_set, &cli_command_config_paths,
    &cli_command_doctor,     &cli_command_version,    &cli_command_help,
};

const cli_command *cli_command_at(size_t index)
{
    return index < sizeof commands / sizeof *commands ? commands[index] : NULL;
}

#define AT(member) .field = offsetof(cli_globals, member)
const cli_arg cli_global_args[] = {
    {.name = "config",
     AT(config),
     .value = "FILE",
     .help = "settings file instead of mdm.yaml in the home (also MDM_CONFIG_PATH)"},
    {.name = "home",
     AT(home),
     .value = "DIR",
     .help = "where everything is kept instead of ~/.mdm (also MDM_HOME_DIR)"},
    {.name = "set",
     .kind = CLI_TEXTS,
     AT(set),
     .value = "PATH=VALUE",
     .help = "one setting for this command, may be repeated"},
    {.name = "json", .kind = CLI_FLAG, AT(json), .help = "one JSON document instead of a table"},
    {.name = "format",
     AT(format),
     .value = "F",
     .choices = "table|rich|text|csv|tsv|json|jsonl|markdown|html",
     .help = "form of the output"},
    {.name = "quiet",
     .letter = 'q',
     .kind = CLI_FLAG,
     AT(quiet),
     .help = "no notes, no progress, only results and errors"},
    {.name = "verbose",
     .letter = 'v',
     .kind = CLI_INT,
     AT(verbose),
     .help = "say more; twice: everything"},
    {.name = "debug",
     .kind = CLI_FLAG,
     AT(debug),
     .help = "as -vv: log every statement too, print the monitor's report"},
    {.name = "color",
     AT(color),
     .value = "WHEN",
     .choices = "auto|always|never",
     .help = "colour the output"},
    {.name = "no-color", .kind = CLI_FLAG, AT(no_color), .help = "the same as --color never"},
    {.name = "no-progress", .kind = CLI_FLAG, AT(no_progress), .help = "no progress line"},
    {.name = "no-pager", .kind = CLI_FLAG, AT(no_pager), .help = "never start a pager"},
    {.name = "yes",
     .letter = 'y',
     .kind = CLI_FLAG,
     AT(yes),
     .help = "answer every question with yes"},
    {.name = "timeout",
     .kind = CLI_REAL,
     AT(timeout),
     .value = "SECONDS",
     .help = "give up after this time with exit code 124"},
    {.name = "version", .kind = CLI_FLAG, AT(version), .help = "print the version"},
    {.name = "help", .letter = 'h', .kind = CLI_FLAG, AT(help), .help = "print help"},
};
const size_t cli_global_arg_count = sizeof cli_global_args / sizeof *cli_global_args;
