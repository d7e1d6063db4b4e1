/* Variables are compared whole: each option has its long name (MDM_ and the path), perhaps a short
 * one, and the long names of its former paths. When several are set, the long name goes before the
 * short one and that before former ones. */
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "config/settings.h"

/* What is read elsewhere, or by the program. */
static const char *const reserved[] = {"MDM_HOME_DIR", "MDM_CONFIG_PATH", "MDM_PAGER",
                                       "MDM_DUCKDB_LIBRARY"};

static const char *const *entries_of(const mdm_config *config)
{
    return config->environment ? config->environment : (const char *const *)environ;
}

/* Also "" is found here. */
static const char *find_variable(const mdm_config *config, const char *name)
{
    const size_t len = strlen(name);
    for (const char *const *entry = entries_of(config); entry && *entry; entry++)
        if (strncmp(*entry, name, len) == 0 && (*entry)[len] == '=') return *entry + len + 1;
    return NULL;
}

const char *mdm_environment_get(const mdm_config *config, const char *name)
{
    const char *value = find_variable(config, name);
    return value && *value ? value : NULL;
}

/* --- options ---------------------------------------------------------------- */

/* The variable of a former path of an option, into room; false: this one is none of its. */
static bool alias_variable(const mdm_option_alias *alias, const char *path,
                           char room[MDM_VARIABLE_SIZE])
{
    const size_t len = strlen(alias->path);
    const bool is_prefix = alias->path[len - 1] == '.';
    if (is_prefix ? strncmp(path, alias->path, len) != 0 : strcmp(path, alias->path) != 0)
        return false;
    char old_path[MDM_VARIABLE_SIZE];
    if (strlen(alias->old_path) + strlen(path + len) >= sizeof old_path) return false;
    strcpy(old_path, alias->old_path);
    strcat(old_path, path + len);
    mdm_option_variable(old_path, room);
    return true;
}

/* Empty means unset where no empty value is possible. */
static bool counts(const mdm_option_row *row, const char *value)
{
    if (!value) return false;
    return *value || (row->kind != MDM_OPTION_INT && row->kind != MDM_OPTION_REAL &&
                      row->kind != MDM_OPTION_BOOL && row->kind != MDM_OPTION_CHOICE &&
                      row->form != MDM_FORM_SIZE_OR_AUTO && row->form != MDM_FORM_NUMBER_OR_AUTO);
}

/* The strongest variable that is set for an option: its name into room, and its value; NULL: none.
 */
static const char *variable_for(const mdm_config *config, size_t index,
                                char room[MDM_VARIABLE_SIZE])
{
    const mdm_option_row *row = &mdm_option_rows[index];
    strcpy(room, mdm_option_long_variable(index));
    const char *value = find_variable(config, room);
    if (counts(row, value)) return value;
    if (row->variable) {
        strcpy(room, row->variable);
        value = find_variable(config, room);
        if (counts(row, value)) return value;
    }
    for (size_t i = 0; i < mdm_option_alias_count; i++)
        if (alias_variable(&mdm_option_aliases[i], row->path, room)) {
            value = find_variable(config, room);
            if (counts(row, value)) return value;
        }
    return NULL;
}

static mdm_status read_option(mdm_config *config, size_t index, mdm_error *err)
{
    const mdm_option_row *row = &mdm_option_rows[index];
    char name[MDM_VARIABLE_SIZE];
    const char *text = variable_for(config, index, name);
    if (!text) return MDM_OK;
    mdm_setting value;
    const mdm_status status = mdm_setting_parse(row, mdm_str_from(text), &value, err);
    if (status != MDM_OK) return mdm_error_context(err, status, "%s", name);
    char *origin = mdm_asprintf("environment %s", name);
    if (!origin) {
        mdm_setting_clear(&value);
        return mdm_no_memory(err, "a setting");
    }
    mdm_config_give(config, index, &value, MDM_FROM_ENVIRONMENT, origin);
    return MDM_OK;
}

/* --- unknown variables ------------------------------------------------------- */

static bool is_variable_of(size_t index, const char *name)
{
    const mdm_option_row *row = &mdm_option_rows[index];
    char room[MDM_VARIABLE_SIZE];
    if (strcmp(mdm_option_long_variable(index), name) == 0) return true;
    if (row->variable && strcmp(row->variable, name) == 0) return true;
    for (size_t i = 0; i < mdm_option_alias_count; i++)
        if (alias_variable(&mdm_option_aliases[i], row->path, room) && strcmp(room, name) == 0)
            return true;
    return false;
}

static bool is_known(const char *name)
{
    char room[MDM_VARIABLE_SIZE];
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (strcmp(reserved[i], name) == 0) return true;
    for (size_t i = 0; i < mdm_option_count; i++)
        if (is_variable_of(i, name)) return true;
    for (size_t i = 0; i < mdm_option_other_count; i++) {
        mdm_option_variable(mdm_option_others[i].path, room);
        const size_t len = strlen(room);
        if (strncmp(name, room, len) == 0 && (name[len] == '\0' || name[len] == '_')) return true;
    }
    return false;
}

/* The nearest variable that exists, or NULL. */
static const char *nearest_variable(const char *name)
{
    const char *best = NULL;
    for (size_t i = 0; i < mdm_option_count; i++) {
        const char *long_one = mdm_option_long_variable(i),
                   *short_one = mdm_option_rows[i].variable;
        /* The best so far competes with those of this option. */
        const char *const candidates[] = {best ? best : long_one, long_one,
                                          short_one ? short_one : long_one};
        best = mdm_nearest(mdm_str_from(name), candidates, 3);
    }
    return best;
}

static mdm_status note_unknown(mdm_config *config, const char *entry, mdm_error *err)
{
    const char *equals = strchr(entry, '=');
    if (!equals || strncmp(entry, "MDM_", 4) != 0) return MDM_OK;
    char *name = mdm_str_dup((mdm_str){entry, (size_t)(equals - entry)});
    if (!name) return mdm_no_memory(err, "the environment");
    mdm_status status = MDM_OK;
    if (!is_known(name)) {
        const char *nearest = nearest_variable(name);
        status = mdm_messages_add(&config->unknown_variables, err, "%s: no such setting%s%s%s",
                                  name, nearest ? ", did you mean " : "", nearest ? nearest : "",
                                  nearest ? "?" : "");
    }
    mdm_free(name);
    return status;
}

mdm_status mdm_config_read_environment(mdm_config *config, mdm_error *err)
{
    for (size_t i = 0; i < mdm_option_count; i++)
        MDM_TRY(read_option(config, i, err));
    for (const char *const *entry = entries_of(config); entry && *entry; entry++)
        MDM_TRY(note_unknown(config, *entry, err));
    return MDM_OK;
}

/* --- ${NAME} ---------------------------------------------------------------- */

/* What stands between the braces. */
static mdm_status expand_one(const mdm_config *config, mdm_str inside, mdm_text *out,
                             mdm_error *err)
{
    const char *colon = inside.len ? memchr(inside.data, ':', inside.len) : NULL;
    const mdm_str name = {inside.data, colon ? (size_t)(colon - inside.data) : inside.len};
    char *copy = mdm_str_dup(name);
    if (!copy) return mdm_no_memory(err, "a setting");
    const char *value = mdm_environment_get(config, copy);
    mdm_status status = MDM_OK;
    if (value) mdm_text_puts(out, value);
    else if (colon) mdm_text_add(out, (mdm_str){colon + 1, inside.len - name.len - 1});
    else
        status = mdm_error_set(err, MDM_CONFIG,
                               "the environment variable '%s' is not set; "
                               "${%s:default} would give it a default",
                               copy, copy);
    mdm_free(copy);
    return status;
}

mdm_status mdm_config_expand(const mdm_config *config, mdm_str text, mdm_text *out, mdm_error *err)
{
    while (text.len > 0) {
        const char *start = memmem(text.data, text.len, "${", 2);
        const size_t before = start ? (size_t)(start - text.data) : text.len;
        mdm_text_add(out, (mdm_str){text.data, before});
        if (!start) break;
        const mdm_str inside = {start + 2, text.len - before - 2};
        const char *end = inside.len ? memchr(inside.data, '}', inside.len) : NULL;
        if (!end) return mdm_error_set(err, MDM_CONFIG, "'${' without '}'");
        const size_t len = (size_t)(end - inside.data);
        MDM_TRY(expand_one(config, (mdm_str){inside.data, len}, out, err));
        text = (mdm_str){end + 1, inside.len - len - 1};
    }
    return mdm_text_status(out, err);
}
