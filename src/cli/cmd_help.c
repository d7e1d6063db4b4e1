/* mdm help [COMMAND] */
#include <stddef.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/help.h"
#include "cli/parse.h"

typedef struct args {
    cli_list words;
} args;

static const cli_arg table[] = {
    {.name = "COMMAND",
     .kind = CLI_TEXTS,
     .field = offsetof(args, words),
     .help = "one or two words, as in 'config set'"},
};

static bool is_called(const cli_command *c, const char *name)
{
    return strcmp(c->path, name) == 0 || (c->alias && strcmp(c->alias, name) == 0);
}

static mdm_status unknown(const char *name, mdm_error *err)
{
    const char *names[64];
    size_t count = 0;
    const cli_command *c;
    for (size_t i = 0; (c = cli_command_at(i)) && count < sizeof names / sizeof *names; i++)
        names[count++] = c->alias ? c->alias : c->path;
    const char *near = cli_nearest(name, names, count);
    mdm_error_set(err, MDM_INVALID, "unknown command '%s'", name);
    if (near) return mdm_error_hint(err, MDM_INVALID, "did you mean %s?", near);
    return mdm_error_hint(err, MDM_INVALID, "'mdm help' lists the commands");
}

static mdm_status run(cli_context *context, const void *values, mdm_error *err)
{
    const args *a = values;
    char name[128] = "";
    if (a->words.count == 0) {
        cli_help_all(context->out);
        return MDM_OK;
    }
    snprintf(name, sizeof name, "%s%s%s", a->words.items[0], a->words.count > 1 ? " " : "",
             a->words.count > 1 ? a->words.items[1] : "");

    const cli_command *c;
    bool is_group = false;
    for (size_t i = 0; (c = cli_command_at(i)); i++) {
        if (is_called(c, name)) {
            cli_help_command(context->out, c);
            return MDM_OK;
        }
        const size_t len = strlen(name);
        is_group = is_group || (strncmp(c->path, name, len) == 0 && c->path[len] == ' ');
    }
    if (!is_group) return unknown(name, err);
    cli_help_group(context->out, name);
    return MDM_OK;
}

const cli_command cli_command_help = {
    .path = "help",
    .flags = CLI_NO_SESSION | CLI_PAGES,
    .summary = "explain a command",
    .examples = "mdm help\n"
                "mdm help register\n"
                "mdm help config set",
    CLI_ARGS(table),
    .struct_size = sizeof(args),
    .run = run,
};
