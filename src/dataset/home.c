#include "dataset/home.h"

#include "base/alloc.h"
#include "dataset/rename.h"

#define LOCK_FILE ".lock"

mdm_status mdm_home_prepare(const mdm_config *config, mdm_error *err)
{
    MDM_TRY(mdm_dir_make(mdm_config_home(config), err));
    MDM_TRY(mdm_dir_make(mdm_config_text(config, "paths.datasets_path"), err));
    return mdm_dir_make(mdm_config_text(config, "paths.configs_path"), err);
}

char *mdm_home_data_folder(const mdm_config *config, const char *folder)
{
    return mdm_path_join(mdm_config_text(config, "paths.datasets_path"), folder);
}

char *mdm_home_name(const char *name, char text[MDM_HOME_NAME])
{
    mdm_rename_cut(mdm_str_from(name), MDM_HOME_NAME - 1, text);
    return text;
}

char *mdm_home_description(const mdm_config *config, const char *name)
{
    char short_name[MDM_HOME_NAME];
    char *file = mdm_asprintf("%s.yaml", mdm_home_name(name, short_name));
    char *path = file ? mdm_path_join(mdm_config_text(config, "paths.configs_path"), file) : NULL;
    mdm_free(file);
    return path;
}

mdm_status mdm_home_lock(const mdm_config *config, mdm_lock_mode mode, mdm_lock *out, mdm_error *err)
{
    *out = MDM_LOCK_INIT;
    char *path = mdm_home_data_folder(config, LOCK_FILE);
    if (!path) return mdm_no_memory(err, "a path");
    const mdm_status status = mdm_lock_take(path, mode, mode == MDM_LOCK_SHARED, true, out, err);
    mdm_free(path);
    return status;
}
