/* command.h - commands declared as data.
 *
 * A command is one constant table entry: its words, its arguments, its help, its function.
 * Parsing, help, suggestions and checks walk the entries; there is no second list. The program
 * uses the public headers only: what it needs and cannot get there is missing for C users too. */
#ifndef MDM_CLI_COMMAND_H
#define MDM_CLI_COMMAND_H

#include <stdio.h>

#include "cli/output.h"
#include "mdm/mdm.h"

typedef enum cli_kind {
    CLI_TEXT, /* const char * */
    CLI_FLAG, /* bool */
    CLI_INT,  /* int64_t */
    CLI_REAL, /* double */
    CLI_LIST, /* cli_list; values split at commas, the option may be repeated */
    CLI_TEXTS /* cli_list; taken whole, may be repeated; an operand takes all that follow */
} cli_kind;

typedef struct cli_list {
    const char **items; /* freed with the arguments: cli_args_clear() */
    size_t count;
} cli_list;

/* One option or one operand. */
typedef struct cli_arg {
    const char *name; /* "force" is --force; "NAME" in capitals is an operand */
    char letter;      /* 'f' is -f; 0: none */
    cli_kind kind;
    const char *value; /* word for the value in help; NULL for a flag */
    size_t field;      /* offset in the struct that receives the values */
    bool required;
    const char *choices; /* "csv|parquet|json"; NULL: any value */
    const char *help;    /* one line, lower case, no full stop */
} cli_arg;

/* Options that every command takes. */
typedef struct cli_globals {
    const char *config, *home, *format, *color;
    cli_list set;
    bool json, quiet, debug, no_color, no_progress, no_pager, yes, version, help;
    int64_t verbose; /* how often -v was given */
    double timeout;  /* seconds; 0: none */
} cli_globals;

/* What a running command may use. */
typedef struct cli_context {
    mdm_session *session; /* NULL for a command with CLI_NO_SESSION */
    const cli_globals *globals;
    cli_output *output;
    FILE *out; /* results: output->file */
    bool out_is_terminal, err_is_terminal;
    bool colour;
    int verbosity; /* 0; 1 details; 2 everything */
    const mdm_stop *stop;
    const char *doing;    /* "register 'iris'": what an error line begins with */
    char doing_text[256]; /* room for doing */
} cli_context;

enum {
    CLI_NO_SESSION = 1u << 0, /* needs neither configuration nor home */
    CLI_PAGES = 1u << 1       /* prints what may be more than a screen */
};

typedef struct cli_command {
    const char *path;     /* "dataset register" */
    const char *alias;    /* "register", or NULL */
    unsigned flags;       /* CLI_* */
    const char *summary;  /* one line for the index */
    const char *details;  /* paragraphs for help; NULL: none */
    const char *examples; /* one per line; the tests run them */
    const cli_arg *args;
    size_t arg_count;
    size_t struct_size; /* of the arguments; zeroed before parsing */
    mdm_status (*run)(cli_context *context, const void *args, mdm_error *err);
} cli_command;

#define CLI_ARGS(table) .args = (table), .arg_count = sizeof(table) / sizeof *(table)

/* All commands, in the order of help; NULL after the last. */
const cli_command *cli_command_at(size_t index);

extern const cli_arg cli_global_args[];
extern const size_t cli_global_arg_count;

#endif
