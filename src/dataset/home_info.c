#include <string.h>
#include <sys/statvfs.h>

#include "base/alloc.h"
#include "dataset/dataset_internal.h"

static int64_t free_bytes(const char *path)
{
    struct statvfs system;
    if (statvfs(path, &system) != 0) return -1;
    return (int64_t)(system.f_bavail * system.f_frsize);
}

mdm_status mdm_home_look(mdm_session *session, mdm_home_info *out, mdm_error *err)
{
    const mdm_config *config = mdm_session_config(session);
    const char *home = mdm_config_home(config);
    mdm_names names = {0};
    *out = (mdm_home_info){
        .home = mdm_strdup(home),
        .config_file = mdm_strdup(mdm_config_file(config)),
        .datasets_path = mdm_strdup(mdm_config_text(config, "paths.datasets_path")),
        .configs_path = mdm_strdup(mdm_config_text(config, "paths.configs_path")),
        .logs_path = mdm_strdup(mdm_config_text(config, "paths.logs_path")),
        .default_backend = mdm_config_text(config, "database.default_backend"),
        .storage_bytes = -1,
        .free_bytes = free_bytes(home),
    };
    mdm_status status = mdm_dataset_names(session, &names, err);
    out->datasets = (int64_t)names.count;
    mdm_names_free(&names);
    if (status == MDM_OK && mdm_dir_bytes(home, &out->storage_bytes, NULL) != MDM_OK)
        out->storage_bytes = -1; /* no home yet, or parts of it may not be read */
    if (!out->home || !out->config_file || !out->datasets_path || !out->configs_path || !out->logs_path)
        status = mdm_no_memory(err, "the home");
    if (status != MDM_OK) mdm_home_info_clear(out);
    return status;
}

void mdm_home_info_clear(mdm_home_info *info)
{
    mdm_free(info->home);
    mdm_free(info->config_file);
    mdm_free(info->datasets_path);
    mdm_free(info->configs_path);
    mdm_free(info->logs_path);
    *info = (mdm_home_info){0};
}
