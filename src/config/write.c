/* mdm config set: check the value, change the text, replace the file. The file itself is locked
 * meanwhile: two at once do not lose each other's change, and nothing is left beside it. */
#include <string.h>

#include "base/alloc.h"
#include "base/io.h"
#include "config/settings.h"

#define TRIES 10 /* to meet a file that others create or delete at the same time */

/* --- the value as it is written ---------------------------------------------- */

/* Inside [] and {} more characters have a meaning; be cautious. */
static void add_flow_scalar(mdm_text *out, mdm_str text)
{
    mdm_text plain;
    mdm_text_init(&plain);
    mdm_yaml_scalar(&plain, text);
    const bool is_bare = mdm_str_equal(text, (mdm_str){plain.data, plain.len});
    if (plain.failed) out->failed = true;
    if (is_bare && plain.data[strcspn(plain.data, ",[]{}:?")] != '\0')
        mdm_text_quoted(out, text, '\'');
    else mdm_text_add(out, (mdm_str){plain.data, plain.len});
    mdm_text_clear(&plain);
}

static void add_list(mdm_text *out, const mdm_setting *setting)
{
    mdm_text_putc(out, '[');
    for (size_t i = 0; i < setting->count; i++) {
        if (i > 0) mdm_text_puts(out, ", ");
        add_flow_scalar(out, mdm_str_from(setting->items[i]));
    }
    mdm_text_putc(out, ']');
}

/* Numbers, booleans and words of a list in their canonical spelling; the others as they were given,
 * with ${NAME} and units. */
static void render(const mdm_option_row *row, mdm_str given, const mdm_setting *setting,
                   bool in_flow, mdm_text *out)
{
    const bool is_number = (row->kind == MDM_OPTION_INT && row->form != MDM_FORM_BYTES) ||
                           row->kind == MDM_OPTION_REAL || row->kind == MDM_OPTION_BOOL;
    const mdm_str canonical = mdm_str_from(setting->text);
    if (given.len && memmem(given.data, given.len, "${", 2)) mdm_text_quoted(out, given, '\'');
    else if (row->kind == MDM_OPTION_LIST) add_list(out, setting);
    else if (is_number) mdm_text_add(out, canonical);
    else {
        const mdm_str text = row->kind == MDM_OPTION_CHOICE ? canonical : given;
        if (in_flow) add_flow_scalar(out, text);
        else mdm_yaml_scalar(out, text);
    }
}

/* --- checking --------------------------------------------------------------- */

static mdm_status refuse_secret(const mdm_option_row *row, mdm_error *err)
{
    mdm_error_set(err, MDM_CONFIG, "%s: a password is not written to a file of settings",
                  row->path);
    return mdm_error_hint(
        err, MDM_CONFIG,
        "name the place of it: password_file, password_env, PGPASSFILE or PGSERVICE");
}

static mdm_status check_secrets(const mdm_option_row *row, const char *value, mdm_error *err)
{
    if (row->kind == MDM_OPTION_SECRET) return refuse_secret(row, err);
    if (row->form != MDM_FORM_ADDRESS) return MDM_OK;
    mdm_text masked;
    mdm_text_init(&masked);
    const bool has_password = mdm_address_mask(mdm_str_from(value), &masked);
    mdm_text_clear(&masked);
    return has_password ? refuse_secret(row, err) : MDM_OK;
}

static mdm_status parse(const mdm_config *config, const mdm_option_row *row, const char *value,
                        mdm_setting *out, mdm_error *err)
{
    mdm_text expanded;
    mdm_text_init(&expanded);
    mdm_status status = mdm_config_expand(config, mdm_str_from(value), &expanded, err);
    if (status == MDM_OK)
        status = mdm_setting_parse(row, (mdm_str){expanded.data, expanded.len}, out, err);
    mdm_text_clear(&expanded);
    return status;
}

/* --- the file --------------------------------------------------------------- */

typedef struct change {
    const mdm_config *config;
    const mdm_option_row *row;
    mdm_text value, flow_value;
} change;

static mdm_status edited(const change *c, mdm_str text, mdm_text *out, mdm_error *err)
{
    return mdm_config_edit(text, c->config->file, c->row->path,
                           (mdm_str){c->value.data, c->value.len},
                           (mdm_str){c->flow_value.data, c->flow_value.len}, out, err);
}

/* MDM_NOT_FOUND, err untouched: there is no file. */
static mdm_status change_file(const change *c, mdm_error *err)
{
    mdm_lock lock;
    mdm_text before, after;
    const char *file = c->config->file;
    mdm_path_stat st;
    bool found;
    MDM_TRY(mdm_path_find(file, false, &found, &st, err));
    if (!found) return MDM_NOT_FOUND;
    mdm_status status = mdm_lock_take(file, MDM_LOCK_EXCLUSIVE, true, false, &lock, err);
    if (status != MDM_OK) return status;
    mdm_text_init(&after);
    status = mdm_config_load(c->config, &before, err);
    if (status == MDM_OK) {
        status = edited(c, (mdm_str){before.data, before.len}, &after, err);
        if (status == MDM_OK)
            status = mdm_file_replace(file, (mdm_str){after.data, after.len}, err);
        if (before.len) explicit_bzero(before.data, before.len);
        mdm_text_clear(&before);
    }
    if (after.len) explicit_bzero(after.data, after.len);
    mdm_text_clear(&after);
    mdm_lock_drop(&lock);
    return status;
}

/* MDM_EXISTS: somebody else was faster. */
static mdm_status create_file(const change *c, mdm_error *err)
{
    mdm_text text;
    MDM_TRY(mdm_dir_make(c->config->home, err));
    mdm_text_init(&text);
    mdm_status status = edited(c, MDM_STR(""), &text, err);
    if (status == MDM_OK)
        status = mdm_file_publish(c->config->file, (mdm_str){text.data, text.len}, err);
    mdm_text_clear(&text);
    return status;
}

/* In err is what the last try said, so that of a success nothing is said. */
static mdm_status apply(const change *c, mdm_error *err)
{
    mdm_error failure = {0};
    mdm_status status = MDM_BUSY;
    for (int i = 0; i < TRIES; i++) {
        status = change_file(c, &failure);
        if (status != MDM_NOT_FOUND || c->config->file_given) break;
        status = create_file(c, &failure);
        if (status != MDM_EXISTS) break;
    }
    if (status != MDM_OK && err) *err = failure;
    return status;
}

mdm_status mdm_config_write(const mdm_config *config, const char *path, const char *value,
                            mdm_error *err)
{
    size_t index;
    mdm_setting setting;
    MDM_TRY(mdm_option_demand(path, &index, err));
    change c = {.config = config, .row = &mdm_option_rows[index]};
    MDM_TRY(check_secrets(c.row, value, err));
    MDM_TRY(parse(config, c.row, value, &setting, err));
    mdm_text_init(&c.value);
    mdm_text_init(&c.flow_value);
    render(c.row, mdm_str_from(value), &setting, false, &c.value);
    render(c.row, mdm_str_from(value), &setting, true, &c.flow_value);
    mdm_status status = mdm_text_status(&c.value, err);
    if (status == MDM_OK) status = mdm_text_status(&c.flow_value, err);
    if (status == MDM_OK) status = apply(&c, err);
    mdm_text_clear(&c.value);
    mdm_text_clear(&c.flow_value);
    mdm_setting_clear(&setting);
    return status;
}
