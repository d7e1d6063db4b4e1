#include "cli/help.h"

#include <string.h>

#define WIDTH 96  /* columns of a help line */
#define INDENT 30 /* where the explanation of an option begins */

static bool is_operand(const cli_arg *arg)
{
    return arg->name[0] >= 'A' && arg->name[0] <= 'Z';
}

/* Words from text, broken at blanks, continued at the indent. */
static void wrapped(FILE *out, const char *text, int column)
{
    while (*text) {
        const int width = (int)strcspn(text, " ");
        if (column + 1 + width > WIDTH && column > INDENT) {
            fprintf(out, "\n%*s", INDENT, "");
            column = INDENT;
        } else if (column > INDENT) {
            fputc(' ', out);
            column++;
        }
        fprintf(out, "%.*s", width, text);
        column += width;
        text += width + (text[width] == ' ');
    }
    fputc('\n', out);
}

static void print_arg(FILE *out, const cli_arg *arg)
{
    char left[96];
    if (is_operand(arg)) snprintf(left, sizeof left, "  %s", arg->name);
    else if (arg->letter)
        snprintf(left, sizeof left, "  -%c --%s%s%s", arg->letter, arg->name, arg->value ? " " : "",
                 arg->value ? arg->value : "");
    else
        snprintf(left, sizeof left, "     --%s%s%s", arg->name, arg->value ? " " : "",
                 arg->value ? arg->value : "");

    char right[512];
    if (arg->choices) snprintf(right, sizeof right, "%s (%s)", arg->help, arg->choices);
    else snprintf(right, sizeof right, "%s", arg->help);

    if (strlen(left) < INDENT) fprintf(out, "%-*s", INDENT, left);
    else fprintf(out, "%s\n%*s", left, INDENT, "");
    wrapped(out, right, INDENT);
}

static void print_examples(FILE *out, const char *examples)
{
    fprintf(out, "\nExamples:\n");
    while (*examples) {
        const int len = (int)strcspn(examples, "\n");
        fprintf(out, "  %.*s\n", len, examples);
        examples += len + (examples[len] == '\n');
    }
}

static void print_usage(FILE *out, const cli_command *c)
{
    fprintf(out, "Usage: mdm %s", c->alias ? c->alias : c->path);
    for (size_t i = 0; i < c->arg_count; i++) {
        const cli_arg *arg = &c->args[i];
        if (!is_operand(arg)) continue;
        const bool rest = arg->kind == CLI_LIST || arg->kind == CLI_TEXTS;
        fprintf(out, arg->required ? " %s%s" : " [%s%s]", arg->name, rest ? "..." : "");
    }
    fprintf(out, " [options]\n");
    if (c->alias) fprintf(out, "       mdm %s ... is the same\n", c->path);
}

void cli_help_command(FILE *out, const cli_command *c)
{
    fprintf(out, "mdm %s - %s\n\n", c->alias ? c->alias : c->path, c->summary);
    print_usage(out, c);
    if (c->details) fprintf(out, "\n%s\n", c->details);
    if (c->arg_count) fputc('\n', out);
    for (size_t i = 0; i < c->arg_count; i++)
        if (is_operand(&c->args[i])) print_arg(out, &c->args[i]);
    for (size_t i = 0; i < c->arg_count; i++)
        if (!is_operand(&c->args[i])) print_arg(out, &c->args[i]);
    fprintf(out, "\nOptions of every command: mdm help\n");
    print_examples(out, c->examples);
}

static void print_summary(FILE *out, const cli_command *c, const char *name)
{
    fprintf(out, "  %-18s %s\n", name, c->summary);
}

void cli_help_group(FILE *out, const char *group)
{
    const size_t len = strlen(group);
    const cli_command *c;
    const char *examples = NULL;
    fprintf(out, "Usage: mdm %s COMMAND [options]\n\n", group);
    for (size_t i = 0; (c = cli_command_at(i)); i++) {
        if (strncmp(c->path, group, len) != 0 || c->path[len] != ' ') continue;
        print_summary(out, c, c->path + len + 1);
        if (!examples) examples = c->examples;
    }
    fprintf(out, "\nmdm help %s COMMAND explains one of them.\n", group);
    print_examples(out, examples);
}

void cli_help_all(FILE *out)
{
    const cli_command *c;
    fprintf(out,
            "ML Data Manager: register a tabular dataset once; find, query, profile and export\n"
            "it by name. The rows live in DuckDB, SQLite or PostgreSQL.\n\n"
            "Usage: mdm COMMAND [options]\n\n");
    for (size_t i = 0; (c = cli_command_at(i)); i++)
        print_summary(out, c, c->alias ? c->alias : c->path);
    fprintf(out, "\nmdm help COMMAND explains one of them. Options of every command:\n\n");
    for (size_t i = 0; i < cli_global_arg_count; i++)
        print_arg(out, &cli_global_args[i]);
    print_examples(out, "mdm register iris iris.csv --target species\n"
                        "mdm list\n"
                        "mdm query iris \"SELECT species, count(*) FROM data GROUP BY 1\"\n"
                        "mdm export iris -f parquet -o exports");
}
