/* What dead owners left. All of it is done under the exclusive lock of datasets/, so nobody is between
 * making a folder, or an owner file, and locking it; whoever cannot have that lock at once leaves the
 * healing to the next. The order of questions matters: first the owner's lock (mdm_lock_take() makes
 * sure that the path still leads to the locked file), then whether a description points to the folder:
 * asked the other way round, its owner might commit in between. */
#include <string.h>

#include "base/alloc.h"
#include "dataset/staging.h"

#define OWNER "owner"
#define OWNER_BYTES 65536

typedef struct healer {
    const mdm_config *config;
    mdm_is_described *is_described;
    mdm_drop_schema *drop;
    void *self;
    int removed;
} healer;

/* Schemas that the owner file names. */
static mdm_status drop_schemas(healer *h, const char *owner, mdm_error *err)
{
    mdm_text text;
    mdm_text_init(&text);
    mdm_status status = mdm_file_read(owner, OWNER_BYTES, &text, err);
    mdm_str rest = {text.data, text.len}, id = {0};
    while (status == MDM_OK && rest.len) {
        mdm_str line = mdm_str_split(&rest, '\n');
        mdm_str key = mdm_str_split(&line, ':');
        const mdm_str value = mdm_str_trim(line);
        if (mdm_str_equal(key, MDM_STR("id"))) id = value;
        if (!mdm_str_equal(key, MDM_STR("schema")) || !h->drop) continue;
        char *schema = mdm_str_dup(value), *id_text = mdm_str_dup(id);
        status = schema && id_text ? h->drop(h->self, schema, id_text, err)
                                   : mdm_no_memory(err, "a name");
        mdm_free(schema);
        mdm_free(id_text);
    }
    mdm_text_clear(&text);
    return status;
}

/* A folder with an owner file. */
static mdm_status heal_owned(healer *h, const char *folder, const char *owner, mdm_error *err)
{
    mdm_lock lock = MDM_LOCK_INIT;
    mdm_status status = mdm_lock_take(owner, MDM_LOCK_EXCLUSIVE, false, false, &lock, err);
    if (status == MDM_BUSY || status == MDM_NOT_FOUND) return MDM_OK; /* alive, or just done */
    if (status != MDM_OK) return status;
    if (h->is_described(h->self, folder)) {
        status = mdm_file_unlink(owner, err);
    } else {
        /* A server that cannot be reached now is no reason to refuse other work: the folder stays, and
         * with it the note of what is to be dropped. */
        if (drop_schemas(h, owner, NULL) == MDM_OK) {
            status = mdm_folder_discard(h->config, folder, err);
            if (status == MDM_OK) h->removed++;
        }
    }
    mdm_lock_drop(&lock);
    return status == MDM_NOT_FOUND ? MDM_OK : status;
}

static bool is_ours(const char *name)
{
    return strncmp(name, ".staging-", 9) == 0 || strncmp(name, ".dead-", 6) == 0;
}

static mdm_status heal_folder(healer *h, const char *folder, mdm_error *err)
{
    char *path = mdm_home_data_folder(h->config, folder);
    char *owner = path ? mdm_path_join(path, OWNER) : NULL;
    mdm_path_stat look;
    mdm_status status = MDM_OK;
    if (!owner) {
        status = mdm_no_memory(err, "a path");
    } else if (mdm_path_look(owner, false, &look, NULL) == MDM_OK) {
        status = heal_owned(h, folder, owner, err);
    } else if (is_ours(folder)) {
        status = mdm_dir_remove(path, err);
        if (status == MDM_OK) h->removed++;
    }
    mdm_free(owner);
    mdm_free(path);
    return status;
}

/* Descriptions that were being written. Who publishes holds the lock of datasets/ shared. */
static mdm_status heal_descriptions(healer *h, mdm_error *err)
{
    const char *configs = mdm_config_text(h->config, "paths.configs_path");
    mdm_names names = {0};
    mdm_status status = mdm_dir_list(configs, &names, err);
    for (size_t i = 0; status == MDM_OK && i < names.count; i++) {
        if (strncmp(names.items[i], ".tmp-", 5) != 0) continue;
        char *path = mdm_path_join(configs, names.items[i]);
        status = path ? mdm_file_unlink(path, err) : mdm_no_memory(err, "a path");
        if (status == MDM_OK) h->removed++;
        mdm_free(path);
    }
    mdm_names_free(&names);
    return status;
}

mdm_status mdm_heal(const mdm_config *config, mdm_is_described *is_described, mdm_drop_schema *drop,
                    void *self, int *removed, mdm_error *err)
{
    healer h = {.config = config, .is_described = is_described, .drop = drop, .self = self};
    mdm_lock home = MDM_LOCK_INIT;
    mdm_names names = {0};
    if (removed) *removed = 0;
    mdm_status status = mdm_home_lock(config, MDM_LOCK_EXCLUSIVE, &home, err);
    if (status == MDM_BUSY) return MDM_OK;
    if (status == MDM_OK)
        status = mdm_dir_list(mdm_config_text(config, "paths.datasets_path"), &names, err);
    for (size_t i = 0; status == MDM_OK && i < names.count; i++)
        status = heal_folder(&h, names.items[i], err);
    if (status == MDM_OK) status = heal_descriptions(&h, err);
    mdm_names_free(&names);
    mdm_lock_drop(&home);
    if (removed) *removed = h.removed;
    return status;
}
