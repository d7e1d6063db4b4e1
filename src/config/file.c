/* The configuration file: its tree is walked beside the table of options. Former names are looked
 * at in a second round, so that a present name goes before them wherever it stands. */
#include <string.h>

#include "base/alloc.h"
#include "base/io.h"
#include "config/settings.h"

#define KEYS_MAX 256u /* keys of one section that are compared for "did you mean" */

static mdm_status explain_load(const mdm_config *config, mdm_status status, mdm_error *err)
{
    if (status == MDM_PERMISSION && err && !config->file_given)
        return mdm_error_hint(err, status, "name another file with --config or MDM_CONFIG_PATH");
    if (status == MDM_FORMAT && err) err->status = MDM_CONFIG;
    return status == MDM_FORMAT ? MDM_CONFIG : status;
}

mdm_status mdm_config_load(const mdm_config *config, mdm_text *out, mdm_error *err)
{
    mdm_path_stat st;
    bool found;
    mdm_text_init(out);
    MDM_TRY(mdm_path_find(config->file, false, &found, &st, err));
    if (!found) return MDM_NOT_FOUND;
    mdm_status status = mdm_file_read(config->file, MDM_YAML_BYTES, out, err);
    if (status != MDM_OK) return explain_load(config, status, err);
    status = mdm_config_check_owner(config->file, true, err);
    if (status != MDM_OK) mdm_text_clear(out);
    return status;
}

/* --- values ----------------------------------------------------------------- */

static mdm_status parse_scalar(const mdm_config *config, const mdm_option_row *row,
                               const mdm_yaml *node, mdm_setting *out, mdm_error *err)
{
    mdm_text expanded;
    mdm_text_init(&expanded);
    mdm_status status = mdm_config_expand(config, node->text, &expanded, err);
    if (status == MDM_OK)
        status = mdm_setting_parse(row, (mdm_str){expanded.data, expanded.len}, out, err);
    else status = mdm_error_context(err, status, "%s", row->path);
    if (expanded.len) explicit_bzero(expanded.data, expanded.len);
    mdm_text_clear(&expanded);
    return status;
}

static mdm_status expand_items(const mdm_config *config, const mdm_option_row *row,
                               const mdm_yaml *list, mdm_text *texts, mdm_error *err)
{
    size_t at = 0;
    for (const mdm_yaml *item = list->first; item; item = item->next, at++) {
        if (item->kind != MDM_YAML_SCALAR)
            return mdm_setting_refuse(row, "a list of more than plain texts", err);
        if (mdm_yaml_is_null(item)) continue;
        const mdm_status status = mdm_config_expand(config, item->text, &texts[at], err);
        if (status != MDM_OK) return mdm_error_context(err, status, "%s", row->path);
    }
    return MDM_OK;
}

static mdm_status parse_items(const mdm_config *config, const mdm_option_row *row,
                              const mdm_yaml *list, mdm_setting *out, mdm_error *err)
{
    mdm_text *texts = mdm_alloc(list->count * sizeof *texts);
    mdm_str *items = mdm_alloc(list->count * sizeof *items);
    mdm_status status = texts && items ? MDM_OK : mdm_no_memory(err, "a setting");
    const size_t count = texts && items ? list->count : 0;
    for (size_t i = 0; i < count; i++)
        mdm_text_init(&texts[i]);
    if (status == MDM_OK) status = expand_items(config, row, list, texts, err);
    for (size_t i = 0; i < count; i++)
        items[i] = (mdm_str){texts[i].data, texts[i].len};
    if (status == MDM_OK) status = mdm_setting_parse_items(row, items, count, out, err);
    for (size_t i = 0; i < count; i++)
        mdm_text_clear(&texts[i]);
    mdm_free(texts);
    mdm_free(items);
    return status;
}

mdm_status mdm_config_parse_node(const mdm_config *config, const mdm_option_row *row,
                                 const mdm_yaml *node, mdm_setting *out, mdm_error *err)
{
    if (node->kind == MDM_YAML_SCALAR) return parse_scalar(config, row, node, out, err);
    if (node->kind == MDM_YAML_LIST && row->kind == MDM_OPTION_LIST)
        return parse_items(config, row, node, out, err);
    return mdm_setting_refuse(row, node->kind == MDM_YAML_LIST ? "a list" : "a section", err);
}

/* null: not given, so what was there before stays. */
static mdm_status take_value(mdm_config *config, size_t index, const mdm_yaml *node, mdm_error *err)
{
    if (mdm_yaml_is_null(node)) return MDM_OK;
    const mdm_option_row *row = &mdm_option_rows[index];
    mdm_setting value;
    const mdm_status status = mdm_config_parse_node(config, row, node, &value, err);
    if (status != MDM_OK)
        return mdm_error_context(err, status, "%s:%d", config->file, node->key_place.line);
    char *origin = mdm_asprintf("%s:%d", config->file, node->key_place.line);
    if (!origin) {
        mdm_setting_clear(&value);
        return mdm_no_memory(err, "a setting");
    }
    mdm_config_give(config, index, &value, MDM_FROM_FILE, origin);
    if (row->kind == MDM_OPTION_SECRET && config->file_is_open_to_view)
        return mdm_messages_add(
            &config->warnings, err,
            "%s:%d: %s stands in a file that others may read; chmod 600, or use "
            "password_file or password_env",
            config->file, node->key_place.line, row->path);
    return MDM_OK;
}

/* --- unknown keys ----------------------------------------------------------- */

/* The part of an option's path that stands at the place of the last part of path; len 0: the option
 * lies elsewhere. */
static mdm_str key_beside(const char *option, mdm_str section)
{
    if (strncmp(option, section.data, section.len) != 0) return MDM_STR("");
    const char *key = option + section.len;
    const char *dot = strchr(key, '.');
    return (mdm_str){key, dot ? (size_t)(dot - key) : strlen(key)};
}

/* The nearest key of the same section, else the whole path of the nearest option. */
static char *suggest(const char *path)
{
    const char *dot = strrchr(path, '.');
    const mdm_str section = {path, dot ? (size_t)(dot + 1 - path) : 0};
    char names[KEYS_MAX][MDM_OPTION_PATH_SIZE];
    const char *candidates[KEYS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < mdm_option_count && count < KEYS_MAX; i++) {
        const mdm_str key = key_beside(mdm_option_rows[i].path, section);
        if (key.len == 0) continue;
        memcpy(names[count], key.data, key.len);
        names[count][key.len] = '\0';
        candidates[count] = names[count];
        count++;
    }
    const char *nearest = mdm_nearest(mdm_str_from(path + section.len), candidates, count);
    if (nearest) return mdm_asprintf("%.*s%s", (int)section.len, section.data, nearest);
    nearest = mdm_option_nearest(path);
    return nearest ? mdm_strdup(nearest) : NULL;
}

static mdm_status warn_unknown(mdm_config *config, const char *path, const mdm_yaml *node,
                               mdm_error *err)
{
    if (memchr(node->key.data, '.', node->key.len))
        return mdm_messages_add(&config->warnings, err,
                                "%s:%d: unknown key '%s': sections are written as nested keys",
                                config->file, node->key_place.line, node->key.data);
    char *nearest = suggest(path);
    const mdm_status status = mdm_messages_add(
        &config->warnings, err, "%s:%d: unknown key '%s'%s%s%s", config->file, node->key_place.line,
        path, nearest ? ", did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
    mdm_free(nearest);
    return status;
}

/* --- walking ---------------------------------------------------------------- */

typedef enum round { PRESENT_NAMES, FORMER_NAMES } round;

static mdm_status walk_section(mdm_config *config, const mdm_yaml *map, const char *section,
                               round which, mdm_error *err);

static mdm_status take_former(mdm_config *config, const char *path, const char *present,
                              size_t index, const mdm_yaml *node, mdm_error *err)
{
    MDM_TRY(mdm_messages_add(&config->notes, err, "%s:%d: '%s' is now called '%s'", config->file,
                             node->key_place.line, path, present));
    if (config->settings[index].origin == MDM_FROM_FILE) return MDM_OK;
    return take_value(config, index, node, err);
}

static mdm_status walk_entry(mdm_config *config, const mdm_yaml *node, const char *path,
                             round which, mdm_error *err)
{
    char present[MDM_OPTION_PATH_SIZE];
    size_t index = 0;
    const bool is_former = mdm_option_alias_find(path, present);
    const bool is_option = mdm_option_find(path, &index);
    if (is_option && is_former)
        return which == FORMER_NAMES ? take_former(config, path, present, index, node, err)
                                     : MDM_OK;
    if (is_option) return which == PRESENT_NAMES ? take_value(config, index, node, err) : MDM_OK;

    const mdm_option_other *other = mdm_option_other_find(is_former ? present : path);
    if (other)
        return which == FORMER_NAMES
                   ? MDM_OK
                   : mdm_messages_add(&config->notes, err, "%s:%d: '%s' %s", config->file,
                                      node->key_place.line, path, other->note);
    if (!mdm_option_is_section(path))
        return which == FORMER_NAMES ? MDM_OK : warn_unknown(config, path, node, err);
    if (node->kind == MDM_YAML_MAP) return walk_section(config, node, path, which, err);
    if (mdm_yaml_is_null(node)) return MDM_OK;
    return mdm_error_set(err, MDM_CONFIG, "%s:%d: %s: %s%s%s is not a section of keys",
                         config->file, node->key_place.line, path,
                         node->kind == MDM_YAML_LIST ? "a list" : "'", node->text.data,
                         node->kind == MDM_YAML_LIST ? "" : "'");
}

static mdm_status walk_section(mdm_config *config, const mdm_yaml *map, const char *section,
                               round which, mdm_error *err)
{
    for (const mdm_yaml *node = map->first; node; node = node->next) {
        char *path =
            *section ? mdm_asprintf("%s.%s", section, node->key.data) : mdm_str_dup(node->key);
        if (!path) return mdm_no_memory(err, "a setting");
        /* A key with a dot would look like a path, and is none. */
        const bool dotted = memchr(node->key.data, '.', node->key.len) != NULL;
        mdm_status status = MDM_OK;
        if (!dotted) status = walk_entry(config, node, path, which, err);
        else if (which == PRESENT_NAMES) status = warn_unknown(config, path, node, err);
        mdm_free(path);
        MDM_TRY(status);
    }
    return MDM_OK;
}

static mdm_status walk(mdm_config *config, const mdm_yaml *root, mdm_error *err)
{
    if (mdm_yaml_is_null(root)) return MDM_OK;
    if (root->kind != MDM_YAML_MAP)
        return mdm_error_set(err, MDM_CONFIG, "%s:%d: the configuration is not a map of keys",
                             config->file, root->start.line);
    MDM_TRY(walk_section(config, root, "", PRESENT_NAMES, err));
    return walk_section(config, root, "", FORMER_NAMES, err);
}

mdm_status mdm_config_read_file(mdm_config *config, mdm_error *err)
{
    mdm_text text;
    mdm_path_stat st;
    mdm_yaml *root = NULL;
    mdm_status status = mdm_config_load(config, &text, err);
    if (status == MDM_NOT_FOUND && !config->file_given) return MDM_OK;
    if (status == MDM_NOT_FOUND)
        return mdm_error_set(err, MDM_CONFIG, "%s: no such file", config->file);
    if (status != MDM_OK) return status;
    config->file_is_open_to_view =
        mdm_path_look(config->file, true, &st, NULL) == MDM_OK && (st.mode & 044) != 0;
    status = mdm_yaml_read((mdm_str){text.data, text.len}, config->file, MDM_CONFIG, &root, err);
    if (status == MDM_CONFIG)
        mdm_error_hint(err, status,
                       "correct the configuration; 'mdm config paths' says which file is read");
    if (status == MDM_OK) status = walk(config, root, err);
    mdm_yaml_close(root);
    if (text.len) explicit_bzero(text.data, text.len);
    mdm_text_clear(&text);
    return status;
}
