/* One pass over the words. Until the command is known a bare word names it (its group first);
 * afterwards bare words are its operands, in order. An option is looked up in the command's own
 * table and then among the global ones, so that a command may give a letter a meaning of its own.
 */
#include "cli/parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef struct parser {
    cli_parsed *out;
    size_t operand;    /* position among the operands of the next bare word */
    bool options_done; /* "--" was seen */
    mdm_error *err;
} parser;

/* --- words ------------------------------------------------------------- */

static size_t distance(const char *a, const char *b)
{
    size_t row[64];
    const size_t wide = strlen(b);
    if (wide >= sizeof row / sizeof *row) return SIZE_MAX;
    for (size_t j = 0; j <= wide; j++)
        row[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < wide; j++) {
            const size_t change = diagonal + (a[i] != b[j]);
            const size_t above = row[j + 1];
            diagonal = above;
            row[j + 1] = change < above + 1 ? change : above + 1;
            if (row[j] + 1 < row[j + 1]) row[j + 1] = row[j] + 1;
        }
    }
    return row[wide];
}

const char *cli_nearest(const char *word, const char *const *words, size_t count)
{
    const char *best = NULL;
    size_t least = strlen(word) / 3 + 1; /* one more than what is near enough */
    if (least < 2) least = 2;
    for (size_t i = 0; i < count; i++) {
        const size_t d = distance(word, words[i]);
        if (d < least) {
            least = d;
            best = words[i];
        }
    }
    return best;
}

static bool is_operand(const cli_arg *arg)
{
    return arg->name[0] >= 'A' && arg->name[0] <= 'Z';
}

/* --- finding the command ------------------------------------------------ */

static bool begins_group(const char *path, const char *word)
{
    const size_t len = strlen(word);
    return strncmp(path, word, len) == 0 && path[len] == ' ';
}

static bool in_group(const cli_command *command, const char *group, const char *word)
{
    const size_t len = strlen(group);
    return strncmp(command->path, group, len) == 0 && command->path[len] == ' ' &&
           strcmp(command->path + len + 1, word) == 0;
}

/* The names that could stand where word stands: verbs of the group, or commands and groups. */
static size_t candidates(const char *group, const char **names, size_t size)
{
    size_t count = 0;
    const cli_command *command;
    for (size_t i = 0; (command = cli_command_at(i)) && count + 2 < size; i++) {
        const char *space = strchr(command->path, ' ');
        if (group) {
            if (begins_group(command->path, group)) names[count++] = space + 1;
        } else {
            if (command->alias) names[count++] = command->alias;
            if (!space) names[count++] = command->path;
        }
    }
    if (!group) {
        names[count++] = "dataset";
        names[count++] = "config";
    }
    return count;
}

/* "dataset stats" for "stats", which is no command of its own. */
static const char *verb_of_group(const char *word)
{
    const cli_command *command;
    for (size_t i = 0; (command = cli_command_at(i)); i++) {
        const char *space = strchr(command->path, ' ');
        if (space && strcmp(space + 1, word) == 0) return command->path;
    }
    return NULL;
}

static mdm_status unknown_word(parser *p, const char *word)
{
    const char *names[64];
    const size_t count = candidates(p->out->group, names, sizeof names / sizeof *names);
    const char *near = cli_nearest(word, names, count);
    mdm_error_set(p->err, MDM_INVALID, "unknown command '%s%s%s'",
                  p->out->group ? p->out->group : "", p->out->group ? " " : "", word);
    if (!p->out->group && !near) near = verb_of_group(word);
    if (near)
        return mdm_error_hint(p->err, MDM_INVALID, "did you mean %s%s%s?",
                              p->out->group ? p->out->group : "", p->out->group ? " " : "", near);
    return mdm_error_hint(p->err, MDM_INVALID, "'mdm help' lists the commands");
}

static mdm_status name_command(parser *p, const char *word)
{
    const cli_command *command;
    bool is_group = false;
    for (size_t i = 0; (command = cli_command_at(i)); i++) {
        const bool found = p->out->group
                               ? in_group(command, p->out->group, word)
                               : strcmp(command->path, word) == 0 ||
                                     (command->alias && strcmp(command->alias, word) == 0);
        if (found) break;
        if (!p->out->group && begins_group(command->path, word)) is_group = true;
    }
    if (!command && is_group) {
        p->out->group = word;
        return MDM_OK;
    }
    if (!command) return unknown_word(p, word);

    p->out->args = calloc(1, command->struct_size ? command->struct_size : 1);
    if (!p->out->args) return mdm_error_set(p->err, MDM_NO_MEMORY, "out of memory");
    p->out->command = command;
    p->out->group = NULL;
    return MDM_OK;
}

/* --- values --------------------------------------------------------------- */

static mdm_status list_add(parser *p, cli_list *list, const char *item)
{
    const char **items = realloc(list->items, (list->count + 1) * sizeof *items);
    if (!items) return mdm_error_set(p->err, MDM_NO_MEMORY, "out of memory");
    list->items = items;
    items[list->count++] = item;
    return MDM_OK;
}

/* "A,B" becomes A and B; the text is cut in place (argv belongs to us). */
static mdm_status list_add_split(parser *p, cli_list *list, char *text)
{
    for (char *item = text; item;) {
        char *comma = strchr(item, ',');
        if (comma) *comma = '\0';
        if (*item) MDM_TRY(list_add(p, list, item));
        item = comma ? comma + 1 : NULL;
    }
    return MDM_OK;
}

/* The words of choices ("a|b"), cut apart in room; how many. */
static size_t split_choices(const char *choices, char *room, size_t size, const char **words,
                            size_t most)
{
    size_t count = 0;
    snprintf(room, size, "%s", choices);
    for (char *at = room; at && count < most;) {
        char *bar = strchr(at, '|');
        if (bar) *bar = '\0';
        words[count++] = at;
        at = bar ? bar + 1 : NULL;
    }
    return count;
}

static mdm_status check_choice(parser *p, const cli_arg *arg, const char *text)
{
    char room[256];
    const char *words[32];
    const size_t count = split_choices(arg->choices, room, sizeof room, words, 32);
    for (size_t i = 0; i < count; i++)
        if (strcmp(words[i], text) == 0) return MDM_OK;
    const char *near = cli_nearest(text, words, count);
    mdm_error_set(p->err, MDM_INVALID, "--%s: '%s' is none of %s", arg->name, text, arg->choices);
    return near ? mdm_error_hint(p->err, MDM_INVALID, "did you mean %s?", near) : MDM_INVALID;
}

static mdm_status refuse(parser *p, const cli_arg *arg, const char *text, const char *what)
{
    return mdm_error_set(p->err, MDM_INVALID, "%s%s: '%s' is not %s", is_operand(arg) ? "" : "--",
                         arg->name, text, what);
}

static mdm_status assign(parser *p, const cli_arg *arg, void *values, char *text)
{
    char *at = (char *)values + arg->field;
    char *end = text;
    errno = 0;
    if (text && arg->choices) MDM_TRY(check_choice(p, arg, text));
    switch (arg->kind) {
    case CLI_FLAG: *(bool *)at = true; return MDM_OK;
    case CLI_TEXT: *(const char **)at = text; return MDM_OK;
    case CLI_INT:
        *(int64_t *)at = strtoll(text, &end, 10);
        if (end == text || *end || errno || *(int64_t *)at < 0)
            return refuse(p, arg, text, "a whole number from 0");
        return MDM_OK;
    case CLI_REAL:
        *(double *)at = strtod(text, &end); /* the program never leaves the C number locale */
        if (end == text || *end || errno || !(*(double *)at >= 0) || *(double *)at > 1e9)
            return refuse(p, arg, text, "a number from 0");
        return MDM_OK;
    case CLI_LIST: return list_add_split(p, (cli_list *)at, text);
    case CLI_TEXTS: return list_add(p, (cli_list *)at, text);
    }
    return MDM_OK;
}

/* --- options --------------------------------------------------------------- */

typedef struct found {
    const cli_arg *arg;
    void *values; /* the struct it belongs to */
} found;

static found find_in(const cli_arg *args, size_t count, void *values, const char *name, size_t len,
                     char letter)
{
    for (size_t i = 0; i < count; i++) {
        if (is_operand(&args[i])) continue;
        const bool hit = name ? strlen(args[i].name) == len && memcmp(args[i].name, name, len) == 0
                              : args[i].letter == letter;
        if (hit) return (found){&args[i], values};
    }
    return (found){0};
}

static found find_option(parser *p, const char *name, size_t len, char letter)
{
    const cli_command *c = p->out->command;
    found hit = {0};
    if (c) hit = find_in(c->args, c->arg_count, p->out->args, name, len, letter);
    if (!hit.arg)
        hit = find_in(cli_global_args, cli_global_arg_count, &p->out->globals, name, len, letter);
    return hit;
}

static mdm_status unknown_option(parser *p, const char *word)
{
    const cli_command *c = p->out->command;
    const char *names[128];
    size_t count = 0;
    for (size_t i = 0; c && i < c->arg_count; i++)
        if (!is_operand(&c->args[i])) names[count++] = c->args[i].name;
    for (size_t i = 0; i < cli_global_arg_count; i++)
        names[count++] = cli_global_args[i].name;

    char name[64];
    const char *dashless = word + strspn(word, "-");
    snprintf(name, sizeof name, "%.*s", (int)strcspn(dashless, "="), dashless);
    const char *near = cli_nearest(name, names, count);
    mdm_error_set(p->err, MDM_INVALID, "%s%sunknown option '%s'", c ? c->path : "", c ? ": " : "",
                  word);
    if (near) return mdm_error_hint(p->err, MDM_INVALID, "did you mean --%s?", near);
    if (c) return mdm_error_hint(p->err, MDM_INVALID, "'mdm help %s' lists the options", c->path);
    return mdm_error_hint(p->err, MDM_INVALID, "options of a command stand behind its name");
}

/* Verbose counts; every other flag is set. */
static mdm_status take_flag(parser *p, found hit)
{
    if (hit.arg->kind == CLI_INT) {
        ++*(int64_t *)((char *)hit.values + hit.arg->field);
        return MDM_OK;
    }
    return assign(p, hit.arg, hit.values, NULL);
}

static mdm_status long_option(parser *p, char *word, char **next, bool *used_next)
{
    char *name = word + 2;
    char *equals = strchr(name, '=');
    const size_t len = equals ? (size_t)(equals - name) : strlen(name);
    const found hit = find_option(p, name, len, 0);
    if (!hit.arg) return unknown_option(p, word);
    if (!hit.arg->value) {
        if (equals) return mdm_error_set(p->err, MDM_INVALID, "--%s takes no value", hit.arg->name);
        return take_flag(p, hit);
    }
    if (equals) return assign(p, hit.arg, hit.values, equals + 1);
    if (!*next) return mdm_error_set(p->err, MDM_INVALID, "--%s needs a value", hit.arg->name);
    *used_next = true;
    return assign(p, hit.arg, hit.values, *next);
}

static mdm_status short_options(parser *p, char *word, char **next, bool *used_next)
{
    for (char *at = word + 1; *at; at++) {
        const found hit = find_option(p, NULL, 0, *at);
        if (!hit.arg) {
            char letter[3] = {'-', *at, '\0'};
            return unknown_option(p, letter);
        }
        if (!hit.arg->value) {
            MDM_TRY(take_flag(p, hit));
            continue;
        }
        if (at[1]) return assign(p, hit.arg, hit.values, at[1] == '=' ? at + 2 : at + 1);
        if (!*next) return mdm_error_set(p->err, MDM_INVALID, "-%c needs a value", *at);
        *used_next = true;
        return assign(p, hit.arg, hit.values, *next);
    }
    return MDM_OK;
}

/* --- operands ---------------------------------------------------------------- */

static mdm_status take_operand(parser *p, char *word)
{
    const cli_command *c = p->out->command;
    size_t position = 0;
    for (size_t i = 0; i < c->arg_count; i++) {
        const cli_arg *arg = &c->args[i];
        if (!is_operand(arg)) continue;
        const bool rest = arg->kind == CLI_LIST || arg->kind == CLI_TEXTS;
        if (position++ != p->operand) continue;
        if (!rest) p->operand++;
        return assign(p, arg, p->out->args, word);
    }
    mdm_error_set(p->err, MDM_INVALID, "%s: unexpected '%s'", c->path, word);
    return mdm_error_hint(p->err, MDM_INVALID, "'mdm help %s' shows what it takes", c->path);
}

static bool is_given(const cli_arg *arg, const void *values)
{
    const char *at = (const char *)values + arg->field;
    if (arg->kind == CLI_LIST || arg->kind == CLI_TEXTS)
        return ((const cli_list *)(const void *)at)->count > 0;
    if (arg->kind == CLI_TEXT) return *(const char *const *)(const void *)at != NULL;
    return true;
}

static mdm_status check_required(parser *p)
{
    const cli_command *c = p->out->command;
    if (!c || p->out->globals.help) return MDM_OK;
    for (size_t i = 0; i < c->arg_count; i++) {
        const cli_arg *arg = &c->args[i];
        if (!arg->required || is_given(arg, p->out->args)) continue;
        mdm_error_set(p->err, MDM_INVALID, "%s: %s%s is missing", c->path,
                      is_operand(arg) ? "" : "--", arg->name);
        return mdm_error_hint(p->err, MDM_INVALID, "'mdm help %s' shows how it is used", c->path);
    }
    return MDM_OK;
}

/* --- the pass ------------------------------------------------------------------ */

static mdm_status take_word(parser *p, char *word, char **next, bool *used_next)
{
    if (!p->options_done && word[0] == '-' && word[1]) {
        if (strcmp(word, "--") == 0) {
            p->options_done = true;
            return MDM_OK;
        }
        return word[1] == '-' ? long_option(p, word, next, used_next)
                              : short_options(p, word, next, used_next);
    }
    return p->out->command ? take_operand(p, word) : name_command(p, word);
}

/* How a mistake is reported must be known before the word that holds it is met. */
static bool wants_json(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--json") == 0) return true;
    return false;
}

mdm_status cli_parse(int argc, char **argv, cli_parsed *out, mdm_error *err)
{
    *out = (cli_parsed){.globals.json = wants_json(argc, argv)};
    parser p = {.out = out, .err = err};
    for (int i = 1; i < argc; i++) {
        bool used_next = false;
        MDM_TRY(take_word(&p, argv[i], &argv[i + 1], &used_next)); /* argv ends in NULL */
        i += used_next;
    }
    return check_required(&p);
}

static void clear_lists(const cli_arg *args, size_t count, void *values)
{
    for (size_t i = 0; i < count; i++)
        if (args[i].kind == CLI_LIST || args[i].kind == CLI_TEXTS)
            free(((cli_list *)(void *)((char *)values + args[i].field))->items);
}

void cli_parsed_clear(cli_parsed *parsed)
{
    if (parsed->command)
        clear_lists(parsed->command->args, parsed->command->arg_count, parsed->args);
    clear_lists(cli_global_args, cli_global_arg_count, &parsed->globals);
    free(parsed->args);
    *parsed = (cli_parsed){0};
}
