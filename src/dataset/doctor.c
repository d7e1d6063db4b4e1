/* What could be wrong, looked at one thing after the other; a check is a row of a table. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/format.h"
#include "dataset/dataset_internal.h"
#include "dataset/home.h"
#include "dataset/staging.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

typedef struct examination {
    mdm_session *session;
    const mdm_config *config;
    bool fix;
    mdm_check *checks;
    size_t count;
    mdm_status status; /* MDM_NO_MEMORY once an allocation failed */
} examination;

static void tell(examination *e, const char *name, const char *status, const char *fix,
                 const char *format, ...) MDM_PRINTF(5, 6);

static void tell(examination *e, const char *name, const char *status, const char *fix,
                 const char *format, ...)
{
    char detail[1024];
    va_list args;
    mdm_check *wider = mdm_realloc(e->checks, (e->count + 1) * sizeof *wider);
    if (!wider) {
        e->status = MDM_NO_MEMORY;
        return;
    }
    va_start(args, format);
    mdm_format(detail, sizeof detail, format, args);
    va_end(args);
    e->checks = wider;
    mdm_check *check = &wider[e->count++];
    *check = (mdm_check){mdm_strdup(name), status, mdm_strdup(detail), mdm_strdup(fix)};
    if (!check->name || !check->detail || !check->fix) e->status = MDM_NO_MEMORY;
}

/* --- engines ------------------------------------------------------------------------------ */

static void check_engines(examination *e)
{
    const mdm_backend *backend;
    for (size_t i = 0; (backend = mdm_backend_at(i)); i++) {
        char version[64];
        mdm_error err = {0};
        if (mdm_backend_version(backend, version, &err) == MDM_OK)
            tell(e, backend->name, "ok", "", "%s", version);
        else
            tell(e, backend->name, "warn", err.hint, "%s", err.message);
    }
}

/* --- home and settings ------------------------------------------------------------------------ */

static void check_folder(examination *e, const char *name, const char *path)
{
    mdm_path_stat look;
    const mdm_status status = mdm_path_look(path, true, &look, NULL);
    if (status == MDM_NOT_FOUND) {
        tell(e, name, "ok", "", "%s (made when first needed)", path);
    } else if (status != MDM_OK || !look.is_dir) {
        tell(e, name, "fail", "move it away, or choose another with --home or paths.*",
             "%s is not a folder that can be read", path);
    } else if (access(path, W_OK | X_OK) != 0) {
        tell(e, name, "fail", "give yourself the right to write there", "%s cannot be written", path);
    } else if (look.mode & 077) {
        tell(e, name, "warn", "chmod 700 it", "%s can be read by others (mode %03o)", path,
             look.mode & 0777);
    } else {
        tell(e, name, "ok", "", "%s", path);
    }
}

static void check_home(examination *e)
{
    mdm_path_stat look;
    check_folder(e, "home", mdm_config_home(e->config));
    check_folder(e, "datasets", mdm_config_text(e->config, "paths.datasets_path"));
    check_folder(e, "descriptions", mdm_config_text(e->config, "paths.configs_path"));
    if (mdm_path_look(mdm_config_file(e->config), true, &look, NULL) == MDM_OK)
        tell(e, "settings", "ok", "", "%s", mdm_config_file(e->config));
    else
        tell(e, "settings", "ok", "", "no settings file: defaults in use");
}

static void check_settings(examination *e)
{
    const char *line;
    for (size_t i = 0; (line = mdm_config_warning(e->config, i)); i++)
        tell(e, "settings", "warn", "mend or remove the key", "%s", line);
    for (size_t i = 0; (line = mdm_config_note(e->config, i)); i++)
        tell(e, "settings", "ok", "", "%s", line);
    for (size_t i = 0; (line = mdm_config_unknown_environment(e->config, i)); i++)
        tell(e, "environment", "warn", "unset it, or mend its name", "%s", line);
}

/* --- datasets ----------------------------------------------------------------------------------- */

/* A description without the password is what its next writer would leave; readers then find it where the
 * fix says. */
static mdm_status remove_password(examination *e, const char *name, mdm_error *err)
{
    mdm_dataset *fresh = NULL;
    mdm_lock owner = MDM_LOCK_INIT;
    MDM_TRY(mdm_dataset_read(e->session, name, &fresh, err));
    const char *folder = mdm_dataset_folder(&fresh->description);
    mdm_status status = mdm_folder_claim(e->config, folder, NULL, NULL, &owner, err);
    if (status == MDM_OK || status == MDM_NOT_FOUND) /* the data of a server have no folder here */
        status = mdm_dataset_rewrite(e->session, &fresh->description, err);
    mdm_folder_release(e->config, folder, &owner);
    mdm_dataset_close(fresh);
    return status;
}

#define PASSWORD_PLACES "PGPASSFILE or database.postgresql.password_env"

static void check_password(examination *e, const char *name, const char *label, const char *file)
{
    mdm_error err = {0};
    if (!e->fix)
        tell(e, label, "warn",
             "put it into " PASSWORD_PLACES "; then mdm doctor --fix takes it out of the file",
             "%s holds a password", file);
    else if (remove_password(e, name, &err) == MDM_OK)
        tell(e, label, "ok", "put it into " PASSWORD_PLACES, "the password is gone from %s", file);
    else
        tell(e, label, "warn", "remove it from the file", "%s holds a password: %s", file, err.message);
}

static void check_dataset(examination *e, const char *name)
{
    mdm_error err = {0};
    mdm_dataset *dataset = NULL;
    char label[MDM_NAME_BYTES + 16], *fix = NULL;
    snprintf(label, sizeof label, "dataset %s", name);
    if (mdm_dataset_read(e->session, name, &dataset, &err) != MDM_OK) {
        fix = mdm_asprintf("mend the file, or mdm remove %s", name);
        tell(e, label, "fail", fix ? fix : "", "%s", err.message);
    } else if (!dataset->description.info.available) {
        fix = mdm_asprintf("put the data back, or mdm remove %s", name);
        tell(e, label, "fail", fix ? fix : "", "its data are not at %s",
             dataset->description.info.path ? dataset->description.info.path : "their place");
    } else if (dataset->description.password) {
        check_password(e, name, label, dataset->description.info.description_file);
    }
    mdm_free(fix);
    mdm_dataset_close(dataset);
}

static void check_datasets(examination *e)
{
    mdm_names names = {0};
    mdm_error err = {0};
    if (mdm_dataset_names(e->session, &names, &err) != MDM_OK) {
        tell(e, "datasets", "fail", "", "%s", err.message);
        return;
    }
    const size_t before = e->count;
    for (size_t i = 0; i < names.count; i++) check_dataset(e, names.items[i]);
    if (e->count == before) tell(e, "datasets", "ok", "", "%zu, all complete", names.count);
    mdm_names_free(&names);
}

/* --- leftovers ------------------------------------------------------------------------------------ */

static bool is_hidden(const char *name)
{
    return name[0] == '.';
}

/* A folder of no description and without an owner is not ours to delete: a user may have moved the
 * description aside. */
static void check_leftovers(examination *e)
{
    mdm_names names = {0};
    mdm_error err = {0};
    const char *datasets = mdm_config_text(e->config, "paths.datasets_path");
    int removed = 0;
    if (e->fix && mdm_heal(e->config, mdm_dataset_folder_is_described, mdm_dataset_drop_schema,
                           e->session, &removed, &err) != MDM_OK)
        tell(e, "leftovers", "warn", "", "%s", err.message);
    if (removed) tell(e, "leftovers", "ok", "", "%d removed", removed);
    if (mdm_dir_list(datasets, &names, NULL) != MDM_OK) return;
    for (size_t i = 0; i < names.count; i++) {
        const char *name = names.items[i];
        if (strncmp(name, ".staging-", 9) == 0 || strncmp(name, ".dead-", 6) == 0)
            tell(e, "leftovers", "warn", "mdm doctor --fix (one that is being filled stays)",
                 "%s/%s", datasets, name);
        else if (!is_hidden(name) && !mdm_dataset_folder_is_described(e->session, name))
            tell(e, "leftovers", "warn", "put its description back, or delete the folder",
                 "no description points to %s/%s", datasets, name);
    }
    mdm_names_free(&names);
}

/* --- the whole -------------------------------------------------------------------------------------- */

static void (*const examinations[])(examination *) = {
    check_engines, check_home, check_settings, check_leftovers, check_datasets,
};

mdm_status mdm_doctor(mdm_session *session, bool fix, mdm_check **out, size_t *count, mdm_error *err)
{
    examination e = {.session = session, .config = mdm_session_config(session), .fix = fix};
    for (size_t i = 0; i < COUNT(examinations); i++) examinations[i](&e);
    *out = e.checks;
    *count = e.count;
    if (e.status == MDM_OK) return MDM_OK;
    mdm_checks_free(e.checks, e.count);
    *out = NULL;
    *count = 0;
    return mdm_no_memory(err, "the examination");
}

void mdm_checks_free(mdm_check *checks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        mdm_free(checks[i].name);
        mdm_free(checks[i].detail);
        mdm_free(checks[i].fix);
    }
    mdm_free(checks);
}
