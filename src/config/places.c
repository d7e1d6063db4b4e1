/* Where the home and the configuration file are, whose they are, and what relative paths mean. */
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/io.h"
#include "config/settings.h"

/* ~ is HOME of the environment that was given, which may not be the process's own. */
static mdm_status absolute(const mdm_config *config, const char *path, char **out, mdm_error *err)
{
    const char *home = mdm_environment_get(config, "HOME");
    if (path[0] != '~' || (path[1] && path[1] != '/') || !home)
        return mdm_path_absolute(path, out, err);
    char *joined = mdm_path_join(home, path[1] ? path + 2 : "");
    if (!joined) return mdm_no_memory(err, "a path");
    const mdm_status status = mdm_path_absolute(joined, out, err);
    mdm_free(joined);
    return status;
}

static mdm_status refuse_controls(const char *path, const char *origin, mdm_error *err)
{
    for (const char *c = path; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7F)
            return mdm_error_set(err, MDM_CONFIG, "%s: the path '%s' holds a control character",
                                 origin, path);
    return MDM_OK;
}

mdm_status mdm_config_check_owner(const char *path, bool root_may_own, mdm_error *err)
{
    mdm_path_stat st;
    MDM_TRY(mdm_path_look(path, true, &st, err));
    if (st.owner != geteuid() && !(root_may_own && st.owner == 0)) {
        mdm_error_set(err, MDM_PERMISSION, "%s: belongs to another user (uid %u)", path,
                      (unsigned)st.owner);
        return mdm_error_hint(err, MDM_PERMISSION,
                              "use --home or MDM_HOME_DIR to name a folder of your own");
    }
    if (st.mode & 022) {
        mdm_error_set(err, MDM_PERMISSION, "%s: others may write to it (mode %04o)", path,
                      (unsigned)st.mode & 07777);
        return mdm_error_hint(err, MDM_PERMISSION, "chmod go-w %s", path);
    }
    return MDM_OK;
}

/* --- the home --------------------------------------------------------------- */

static mdm_status check_home(const mdm_config *config, mdm_error *err)
{
    mdm_path_stat st;
    bool found;
    MDM_TRY(mdm_path_find(config->home, true, &found, &st, err));
    if (!found) return MDM_OK; /* made when first written to */
    if (!st.is_dir)
        return mdm_error_set(err, MDM_CONFIG, "%s: the home is not a folder", config->home);
    return mdm_config_check_owner(config->home, false, err);
}

static mdm_status find_home(mdm_config *config, const char *option, mdm_error *err)
{
    const char *variable = mdm_environment_get(config, "MDM_HOME_DIR");
    const char *path = option ? option : variable ? variable : "~/.mdm";
    config->home_origin = option ? "--home" : variable ? "MDM_HOME_DIR" : "default";
    if (!*path) return mdm_error_set(err, MDM_CONFIG, "%s: the path is empty", config->home_origin);
    MDM_TRY(refuse_controls(path, config->home_origin, err));
    MDM_TRY(absolute(config, path, &config->home, err));
    return check_home(config, err);
}

/* --- the configuration file ------------------------------------------------- */

/* A file that was named may be a link, which is followed once and for all. */
static mdm_status find_given_file(mdm_config *config, const char *path, mdm_error *err)
{
    if (!*path) return mdm_error_set(err, MDM_CONFIG, "%s: the path is empty", config->file_origin);
    MDM_TRY(refuse_controls(path, config->file_origin, err));
    char *spelled = NULL;
    MDM_TRY(absolute(config, path, &spelled, err));
    const mdm_status status = mdm_path_resolve(spelled, &config->file, err);
    mdm_free(spelled);
    if (status == MDM_NOT_FOUND)
        return mdm_error_context(err, MDM_CONFIG, "%s", config->file_origin);
    return status;
}

mdm_status mdm_config_find_places(mdm_config *config, const mdm_config_sources *sources,
                                  mdm_error *err)
{
    MDM_TRY(find_home(config, sources->home, err));
    const char *variable = mdm_environment_get(config, "MDM_CONFIG_PATH");
    const char *path = sources->file ? sources->file : variable;
    config->file_origin = sources->file ? "--config" : variable ? "MDM_CONFIG_PATH" : "default";
    config->file_given = path != NULL;
    if (path) return find_given_file(config, path, err);
    config->file = mdm_path_join(config->home, "mdm.yaml");
    return config->file ? MDM_OK : mdm_no_memory(err, "a path");
}

/* --- paths in settings ------------------------------------------------------ */

static const char *base_of(const mdm_config *config, const mdm_option_row *row)
{
    return row->below ? mdm_config_text(config, row->below) : config->home;
}

static mdm_status resolve(mdm_config *config, size_t index, mdm_error *err)
{
    mdm_setting *setting = &config->settings[index];
    if (!*setting->text) return MDM_OK;
    char *spelled = NULL, *resolved = NULL;
    if (setting->text[0] == '/' || setting->text[0] == '~') spelled = mdm_strdup(setting->text);
    else spelled = mdm_path_join(base_of(config, &mdm_option_rows[index]), setting->text);
    if (!spelled) return mdm_no_memory(err, "a path");
    const mdm_status status = absolute(config, spelled, &resolved, err);
    mdm_free(spelled);
    if (status != MDM_OK) return mdm_error_context(err, status, "%s", mdm_option_rows[index].path);
    mdm_free(setting->text);
    setting->text = resolved;
    return MDM_OK;
}

/* What others lie below comes first, so in two rounds. */
mdm_status mdm_config_resolve_paths(mdm_config *config, mdm_error *err)
{
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < mdm_option_count; i++)
            if (mdm_option_rows[i].kind == MDM_OPTION_PATH &&
                (mdm_option_rows[i].below != NULL) == (round == 1))
                MDM_TRY(resolve(config, i, err));
    return MDM_OK;
}
