#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/format.h"
#include "base/io.h"
#include "config/settings.h"

#define PASSWORD_FILE_MAX 65536u

/* --- messages --------------------------------------------------------------- */

mdm_status mdm_messages_add(mdm_messages *messages, mdm_error *err, const char *format, ...)
{
    if (messages->count == messages->size) {
        const size_t size = messages->size ? messages->size * 2 : 4;
        char **items = mdm_realloc(messages->items, size * sizeof *items);
        if (!items) return mdm_no_memory(err, "a message");
        messages->items = items;
        messages->size = size;
    }
    mdm_error words; /* escapes and cuts what a file brings along */
    char text[2 * sizeof words.message];
    va_list args;
    va_start(args, format);
    if (mdm_format(text, sizeof text, format, args) < 0) text[0] = '\0';
    va_end(args);
    mdm_error_set(&words, MDM_OK, "%s", text);
    messages->items[messages->count] = mdm_strdup(words.message);
    if (!messages->items[messages->count]) return mdm_no_memory(err, "a message");
    messages->count++;
    return MDM_OK;
}

static void messages_clear(mdm_messages *messages)
{
    for (size_t i = 0; i < messages->count; i++)
        mdm_free(messages->items[i]);
    mdm_free(messages->items);
    *messages = (mdm_messages){0};
}

static const char *message_at(const mdm_messages *messages, size_t index)
{
    return index < messages->count ? messages->items[index] : NULL;
}

/* --- reading ---------------------------------------------------------------- */

void mdm_config_give(mdm_config *config, size_t row, mdm_setting *value, mdm_origin origin,
                     char *origin_text)
{
    mdm_setting_clear(&config->settings[row]);
    value->origin = origin;
    value->origin_text = origin_text;
    config->settings[row] = *value;
}

static mdm_status set_presets(mdm_config *config, mdm_error *err)
{
    for (size_t i = 0; i < mdm_option_count; i++) {
        mdm_setting value;
        MDM_TRY(mdm_setting_parse(&mdm_option_rows[i], mdm_str_from(mdm_option_rows[i].preset),
                                  &value, err));
        mdm_config_give(config, i, &value, MDM_FROM_DEFAULT, NULL);
    }
    return MDM_OK;
}

static const char *last_part(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot ? dot + 1 : path;
}

/* Near each other, or one the beginning of the other: max_size, max_size_mb. */
static bool are_alike(const char *word, const char *other)
{
    const mdm_str a = mdm_str_from(word), b = mdm_str_from(other);
    return mdm_nearest(a, &other, 1) ||
           (a.len >= 3 && b.len >= 3 && (mdm_str_starts(a, b) || mdm_str_starts(b, a)));
}

/* The last parts must be alike, too: a long section in common makes nothing near. */
const char *mdm_option_nearest(const char *path)
{
    const char *candidates[256];
    size_t count = 0;
    for (size_t i = 0; i < mdm_option_count && count < sizeof candidates / sizeof *candidates;
         i++) {
        if (are_alike(last_part(path), last_part(mdm_option_rows[i].path)))
            candidates[count++] = mdm_option_rows[i].path;
    }
    return mdm_nearest(mdm_str_from(path), candidates, count);
}

static mdm_status refuse_path(const char *path, mdm_error *err)
{
    const mdm_option_other *other = mdm_option_other_find(path);
    if (other) return mdm_error_set(err, MDM_CONFIG, "'%s' %s", path, other->note);
    mdm_error_set(err, MDM_CONFIG, "no setting '%s'", path);
    const char *nearest = mdm_option_nearest(path);
    if (nearest) return mdm_error_hint(err, MDM_CONFIG, "did you mean '%s'?", nearest);
    if (mdm_option_is_section(path))
        return mdm_error_hint(err, MDM_CONFIG,
                              "it is a section: 'mdm config show %s' lists what is in it", path);
    return MDM_CONFIG;
}

mdm_status mdm_option_demand(const char *path, size_t *row, mdm_error *err)
{
    return mdm_option_find(path, row) ? MDM_OK : refuse_path(path, err);
}

static mdm_status set_one(mdm_config *config, const char *assignment, mdm_error *err)
{
    const char *equals = strchr(assignment, '=');
    if (!equals) return mdm_error_set(err, MDM_CONFIG, "--set %s: expected PATH=VALUE", assignment);
    char *path = mdm_str_dup((mdm_str){assignment, (size_t)(equals - assignment)});
    if (!path) return mdm_no_memory(err, "a setting");
    size_t row;
    mdm_setting value;
    mdm_status status = mdm_option_demand(path, &row, err);
    if (status == MDM_OK)
        status = mdm_setting_parse(&mdm_option_rows[row], mdm_str_from(equals + 1), &value, err);
    mdm_free(path);
    if (status == MDM_OK) mdm_config_give(config, row, &value, MDM_FROM_OPTION, NULL);
    return status == MDM_OK ? MDM_OK : mdm_error_context(err, status, "--set");
}

/* --- the password ----------------------------------------------------------- */

#define PASSWORD "database.postgresql.password"

static size_t row_of(const char *path)
{
    size_t row;
    if (!mdm_option_find(path, &row)) abort();
    return row;
}

static mdm_status give_password(mdm_config *config, mdm_str text, size_t source, mdm_error *err)
{
    mdm_setting value;
    const size_t row = row_of(PASSWORD);
    const char *origin = config->settings[source].origin_text;
    const mdm_origin from = config->settings[source].origin;
    MDM_TRY(mdm_setting_parse(&mdm_option_rows[row], text, &value, err));
    char *copy = origin ? mdm_strdup(origin) : NULL;
    if (origin && !copy) {
        mdm_setting_clear(&value);
        return mdm_no_memory(err, "a setting");
    }
    mdm_config_give(config, row, &value, from, copy);
    return MDM_OK;
}

static mdm_status read_password_file(mdm_config *config, size_t source, mdm_error *err)
{
    mdm_text text;
    const char *path = config->settings[source].text;
    mdm_status status = mdm_file_read(path, PASSWORD_FILE_MAX, &text, err);
    if (status == MDM_OK) {
        mdm_str rest = {text.data, text.len};
        mdm_str line = mdm_str_split(&rest, '\n');
        if (mdm_str_ends(line, MDM_STR("\r"))) line.len--;
        status = give_password(config, line, source, err);
        explicit_bzero(text.data, text.len);
        mdm_text_clear(&text);
    }
    if (status == MDM_OK || status == MDM_NO_MEMORY) return status;
    return mdm_error_context(err, MDM_CONFIG, "database.postgresql.password_file");
}

/* The password itself goes before the variable that holds it, and that before the file. */
static mdm_status find_password(mdm_config *config, mdm_error *err)
{
    const size_t variable = row_of("database.postgresql.password_env");
    const size_t file = row_of("database.postgresql.password_file");
    if (*config->settings[row_of(PASSWORD)].text) return MDM_OK;
    const char *name = config->settings[variable].text;
    const char *value = *name ? mdm_environment_get(config, name) : NULL;
    if (value) return give_password(config, mdm_str_from(value), variable, err);
    if (*name)
        MDM_TRY(mdm_messages_add(&config->warnings, err,
                                 "%s: the environment variable '%s' is not set",
                                 mdm_option_rows[variable].path, name));
    return *config->settings[file].text ? read_password_file(config, file, err) : MDM_OK;
}

/* --- opening ---------------------------------------------------------------- */

static mdm_status read_all(mdm_config *config, const mdm_config_sources *sources, mdm_error *err)
{
    config->settings = mdm_alloc_zero(mdm_option_count, sizeof *config->settings);
    if (!config->settings) return mdm_no_memory(err, "the configuration");
    config->environment = sources->environment;
    MDM_TRY(mdm_config_find_places(config, sources, err));
    MDM_TRY(set_presets(config, err));
    MDM_TRY(mdm_config_read_file(config, err));
    MDM_TRY(mdm_config_read_environment(config, err));
    for (size_t i = 0; i < sources->set_count; i++)
        MDM_TRY(set_one(config, sources->set[i], err));
    MDM_TRY(mdm_config_resolve_paths(config, err));
    return find_password(config, err);
}

mdm_status mdm_config_open(const mdm_config_sources *sources, mdm_config **out, mdm_error *err)
{
    const mdm_config_sources none = {0};
    *out = NULL;
    mdm_config *config = mdm_alloc_zero(1, sizeof *config);
    if (!config) return mdm_no_memory(err, "the configuration");
    const mdm_status status = read_all(config, sources ? sources : &none, err);
    if (status != MDM_OK) {
        mdm_config_close(config);
        return status;
    }
    config->environment = NULL; /* the caller's, and only for now */
    *out = config;
    return MDM_OK;
}

void mdm_config_close(mdm_config *config)
{
    if (!config) return;
    for (size_t i = 0; config->settings && i < mdm_option_count; i++)
        mdm_setting_clear(&config->settings[i]);
    mdm_free(config->settings);
    messages_clear(&config->warnings);
    messages_clear(&config->notes);
    messages_clear(&config->unknown_variables);
    mdm_free(config->home);
    mdm_free(config->file);
    mdm_free(config);
}

/* --- asking ----------------------------------------------------------------- */

/* Paths and kinds are written into programs: a wrong one is a mistake there, not of the user. */
static const mdm_setting *demand(const mdm_config *config, const char *path, unsigned kinds)
{
    size_t row;
    if (!mdm_option_find(path, &row) || !(kinds & 1u << mdm_option_rows[row].kind)) {
        fprintf(stderr, "libmdm: no setting '%s' of that kind\n", path);
        abort();
    }
    return &config->settings[row];
}

int64_t mdm_config_int(const mdm_config *config, const char *path)
{
    return demand(config, path, 1u << MDM_OPTION_INT)->whole;
}

double mdm_config_real(const mdm_config *config, const char *path)
{
    return demand(config, path, 1u << MDM_OPTION_REAL)->real;
}

bool mdm_config_bool(const mdm_config *config, const char *path)
{
    return demand(config, path, 1u << MDM_OPTION_BOOL)->yes;
}

const char *mdm_config_text(const mdm_config *config, const char *path)
{
    return demand(config, path,
                  1u << MDM_OPTION_TEXT | 1u << MDM_OPTION_CHOICE | 1u << MDM_OPTION_PATH |
                      1u << MDM_OPTION_SECRET)
        ->text;
}

size_t mdm_config_list(const mdm_config *config, const char *path, const char *const **items)
{
    const mdm_setting *setting = demand(config, path, 1u << MDM_OPTION_LIST);
    *items = (const char *const *)setting->items;
    return setting->count;
}

bool mdm_config_off(const mdm_config *config, const char *component)
{
    const char *const *items;
    const size_t count = mdm_config_list(config, "performance.off", &items);
    for (size_t i = 0; i < count; i++)
        if (strcmp(items[i], component) == 0) return true;
    return false;
}

const char *mdm_config_home(const mdm_config *config)
{
    return config->home;
}

const char *mdm_config_file(const mdm_config *config)
{
    return config->file;
}

const char *mdm_config_home_origin(const mdm_config *config)
{
    return config->home_origin;
}

const char *mdm_config_file_origin(const mdm_config *config)
{
    return config->file_origin;
}

const char *mdm_config_warning(const mdm_config *config, size_t index)
{
    return message_at(&config->warnings, index);
}

const char *mdm_config_note(const mdm_config *config, size_t index)
{
    return message_at(&config->notes, index);
}

const char *mdm_config_unknown_environment(const mdm_config *config, size_t index)
{
    return message_at(&config->unknown_variables, index);
}

/* --- showing ---------------------------------------------------------------- */

static const char *type_name(mdm_option_kind kind)
{
    static const char *const names[] = {
        [MDM_OPTION_INT] = "int",       [MDM_OPTION_REAL] = "real",     [MDM_OPTION_BOOL] = "bool",
        [MDM_OPTION_CHOICE] = "choice", [MDM_OPTION_TEXT] = "text",     [MDM_OPTION_PATH] = "path",
        [MDM_OPTION_LIST] = "list",     [MDM_OPTION_SECRET] = "secret",
    };
    return names[kind];
}

bool mdm_config_option(const mdm_config *config, size_t index, mdm_option *out)
{
    if (index >= mdm_option_count) return false;
    const mdm_option_row *row = &mdm_option_rows[index];
    const mdm_setting *setting = &config->settings[index];
    *out = (mdm_option){
        .path = row->path,
        .environment = row->variable ? row->variable : mdm_option_long_variable(index),
        .value = setting->shown ? setting->shown : setting->text,
        .preset = row->preset,
        .type = type_name(row->kind),
        .allowed = row->allowed,
        .doc = row->doc,
        .kind = row->kind,
        .origin = setting->origin,
        .origin_text = setting->origin_text                 ? setting->origin_text
                       : setting->origin == MDM_FROM_OPTION ? "option"
                                                            : "default",
    };
    return true;
}

mdm_status mdm_config_find(const mdm_config *config, const char *path, mdm_option *out,
                           mdm_error *err)
{
    size_t row;
    MDM_TRY(mdm_option_demand(path, &row, err));
    mdm_config_option(config, row, out);
    return MDM_OK;
}
