/* mdm config show | get | set | paths */
#include <stddef.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/format.h"
#include "cli/json_text.h"
#include "cli/report.h"

/* --- show ---------------------------------------------------------------- */

typedef struct show_args {
    const char *prefix;
    bool origin;
} show_args;

static const cli_arg show_table[] = {
    {.name = "PREFIX",
     .field = offsetof(show_args, prefix),
     .help = "only settings whose path begins so"},
    {.name = "origin",
     .kind = CLI_FLAG,
     .field = offsetof(show_args, origin),
     .help = "say where each value comes from"},
};

static const char *origin_word(mdm_origin origin)
{
    static const char *const words[] = {"default", "file", "environment", "option"};
    return words[origin];
}

static json_t *as_json(const mdm_option *o)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "path", o->path, "value",
                     o->value, "default", o->preset, "origin", origin_word(o->origin),
                     "origin_text", o->origin_text, "environment", o->environment, "type", o->type,
                     "allowed", o->allowed, "doc", o->doc);
}

static bool is_below(const char *path, const char *prefix)
{
    return !prefix || strncmp(path, prefix, strlen(prefix)) == 0;
}

static mdm_status show(cli_context *context, const void *values, mdm_error *err)
{
    const show_args *a = values;
    const mdm_config *config = mdm_session_config(context->session);
    const bool json = cli_wants_json(context, NULL);
    json_t *options = json_array();
    bool any = false;
    mdm_option o;
    cli_doing(context, "config show");
    for (size_t i = 0; mdm_config_option(config, i, &o); i++) {
        if (!is_below(o.path, a->prefix)) continue;
        any = true;
        if (json) json_array_append_new(options, as_json(&o));
        else if (a->origin)
            fprintf(context->out, "%s = %s  # %s\n", o.path, o.value, o.origin_text);
        else fprintf(context->out, "%s = %s\n", o.path, o.value);
    }
    if (!any) {
        json_decref(options);
        return mdm_error_set(err, MDM_CONFIG, "no setting begins with '%s'", a->prefix);
    }
    if (!json) {
        json_decref(options);
        return MDM_OK;
    }
    return cli_json_print(
        context->out, json_pack("{s:s, s:o}", "schema", "mdm.config/1", "options", options), err);
}

const cli_command cli_command_config_show = {
    .path = "config show",
    .flags = CLI_PAGES,
    .summary = "show the settings in force",
    .examples = "mdm config show\n"
                "mdm config show --origin performance.pool",
    CLI_ARGS(show_table),
    .struct_size = sizeof(show_args),
    .run = show,
};

/* --- get ------------------------------------------------------------------ */

typedef struct path_args {
    const char *path, *value;
} path_args;

static const cli_arg get_table[] = {
    {.name = "PATH",
     .field = offsetof(path_args, path),
     .required = true,
     .help = "a setting, as in performance.pool.size"},
};

static mdm_status get(cli_context *context, const void *values, mdm_error *err)
{
    const path_args *a = values;
    mdm_option o;
    cli_doing(context, "config get");
    MDM_TRY(mdm_config_find(mdm_session_config(context->session), a->path, &o, err));
    if (cli_wants_json(context, NULL))
        return cli_json_print(
            context->out,
            json_pack("{s:s, s:[o]}", "schema", "mdm.config/1", "options", as_json(&o)), err);
    fprintf(context->out, "%s\n", o.value);
    return MDM_OK;
}

const cli_command cli_command_config_get = {
    .path = "config get",
    .summary = "print one setting",
    .examples = "mdm config get performance.pool.size",
    CLI_ARGS(get_table),
    .struct_size = sizeof(path_args),
    .run = get,
};

/* --- set ------------------------------------------------------------------ */

static const cli_arg set_table[] = {
    {.name = "PATH",
     .field = offsetof(path_args, path),
     .required = true,
     .help = "a setting, as in performance.pool.size"},
    {.name = "VALUE",
     .field = offsetof(path_args, value),
     .required = true,
     .help = "its new value"},
};

static mdm_status set(cli_context *context, const void *values, mdm_error *err)
{
    const path_args *a = values;
    const mdm_config *config = mdm_session_config(context->session);
    mdm_option o;
    cli_doing(context, "config set");
    MDM_TRY(mdm_config_write(config, a->path, a->value, err));
    MDM_TRY(mdm_config_find(config, a->path, &o, err));
    if (o.origin > MDM_FROM_FILE)
        cli_warning(context, "%s comes from %s, which is stronger than the file", o.path,
                    o.origin_text);
    if (cli_wants_json(context, NULL))
        return cli_json_print(context->out,
                              json_pack("{s:s, s:s, s:s, s:s}", "schema", "mdm.config.set/1",
                                        "path", o.path, "value",
                                        o.kind == MDM_OPTION_SECRET ? "***" : a->value, "file",
                                        mdm_config_file(config)),
                              err);
    fprintf(context->out, "%s = %s  # %s\n", o.path, o.kind == MDM_OPTION_SECRET ? "***" : a->value,
            mdm_config_file(config));
    return MDM_OK;
}

const cli_command cli_command_config_set = {
    .path = "config set",
    .summary = "write one setting into the settings file",
    .details = "Comments and everything else in the file stay as they are.",
    .examples = "mdm config set performance.pool.size 8\n"
                "mdm config set database.default_backend sqlite",
    CLI_ARGS(set_table),
    .struct_size = sizeof(path_args),
    .run = set,
};

/* --- paths ---------------------------------------------------------------- */

static mdm_status paths(cli_context *context, const void *values, mdm_error *err)
{
    (void)values;
    const mdm_config *config = mdm_session_config(context->session);
    const struct {
        const char *name, *path, *why;
    } rows[] = {
        {"home", mdm_config_home(config), mdm_config_home_origin(config)},
        {"config_file", mdm_config_file(config), mdm_config_file_origin(config)},
        {"datasets", mdm_config_text(config, "paths.datasets_path"), "paths.datasets_path"},
        {"descriptions", mdm_config_text(config, "paths.configs_path"), "paths.configs_path"},
        {"logs", mdm_config_text(config, "paths.logs_path"), "paths.logs_path"},
    };
    json_t *json = json_pack("{s:s}", "schema", "mdm.config.paths/1");
    const bool wants_json = cli_wants_json(context, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        json_object_set_new(json, rows[i].name,
                            json_pack("{s:s, s:s}", "path", rows[i].path, "why", rows[i].why));
        if (!wants_json)
            fprintf(context->out, "%-13s %s  # %s\n", rows[i].name, rows[i].path, rows[i].why);
    }
    if (wants_json) return cli_json_print(context->out, json, err);
    json_decref(json);
    return MDM_OK;
}

const cli_command cli_command_config_paths = {
    .path = "config paths",
    .summary = "show where everything is kept, and why there",
    .examples = "mdm config paths",
    .run = paths,
};
