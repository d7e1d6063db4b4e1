/* parse.h - the words of a command line become a command and its arguments. */
#ifndef MDM_CLI_PARSE_H
#define MDM_CLI_PARSE_H

#include "cli/command.h"

typedef struct cli_parsed {
    const cli_command *command; /* NULL: none was named */
    const char *group;          /* "dataset" when only a group was named, else NULL */
    void *args;                 /* command->struct_size bytes */
    cli_globals globals;
} cli_parsed;

/* GNU style: --opt=V, --opt V, joined letters, options after operands, -- ends options. MDM_INVALID
 * with a hint (the nearest word, or which help to ask). The globals met before a mistake are kept,
 * so that it can be reported as the user wished (--json). Free with cli_parsed_clear(), also after
 * a failure. */
mdm_status cli_parse(int argc, char **argv, cli_parsed *out, mdm_error *err);
void cli_parsed_clear(cli_parsed *parsed);

/* Nearest of the words to word (edit distance, at most a third of it), or NULL. */
const char *cli_nearest(const char *word, const char *const *words, size_t count);

#endif
