/* Finding and reading one dataset. */
#include "mdm/dataset.h"

#include <string.h>

#include "base/alloc.h"
#include "base/io.h"
#include "dataset/dataset_internal.h"
#include "dataset/home.h"
#include "dataset/place.h"

#define DESCRIPTION_BYTES ((size_t)1 << 20)
#define SUFFIX ".yaml"

/* --- names ------------------------------------------------------------------------ */

mdm_status mdm_dataset_names(mdm_session *session, mdm_names *out, mdm_error *err)
{
    const char *folder = mdm_config_text(mdm_session_config(session), "paths.configs_path");
    const mdm_status status = mdm_dir_list(folder, out, NULL);
    if (status == MDM_NOT_FOUND) {
        *out = (mdm_names){0};
        return MDM_OK;
    }
    if (status != MDM_OK) return mdm_dir_list(folder, out, err);
    size_t kept = 0;
    for (size_t i = 0; i < out->count; i++) {
        char *name = out->items[i];
        const size_t len = strlen(name);
        const bool is_one = name[0] != '.' && len > strlen(SUFFIX) &&
                            strcmp(name + len - strlen(SUFFIX), SUFFIX) == 0;
        if (!is_one) {
            mdm_free(name);
            continue;
        }
        name[len - strlen(SUFFIX)] = '\0';
        out->items[kept++] = name;
    }
    out->count = kept;
    return MDM_OK;
}

static mdm_status not_found(mdm_session *session, const char *name, mdm_error *err)
{
    mdm_names names = {0};
    const char *near = NULL;
    mdm_error_set(err, MDM_NOT_FOUND, "dataset '%s' not found", name);
    if (mdm_dataset_names(session, &names, NULL) == MDM_OK)
        near = mdm_nearest(mdm_str_from(name), (const char *const *)names.items, names.count);
    if (near) mdm_error_hint(err, MDM_NOT_FOUND, "did you mean %s?", near);
    else mdm_error_hint(err, MDM_NOT_FOUND, "'mdm list' shows what there is");
    mdm_names_free(&names);
    return MDM_NOT_FOUND;
}

/* --- reading ------------------------------------------------------------------------ */

void mdm_dataset_complete(mdm_session *session, mdm_description *d)
{
    mdm_path_stat look;
    const mdm_backend *backend = mdm_backend_find(mdm_str_from(d->info.backend));
    const char *path = mdm_place_file(mdm_session_config(session), d);
    d->info.available = backend != NULL;
    if (!path) return; /* a server: only asking it would tell */
    d->info.path = path;
    d->info.available = mdm_path_look(path, true, &look, NULL) == MDM_OK && look.is_file;
    if (d->info.available) d->info.size_bytes = look.bytes;
}

mdm_status mdm_dataset_read(mdm_session *session, const char *name, mdm_dataset **out,
                            mdm_error *err)
{
    mdm_text text;
    mdm_text_init(&text);
    *out = NULL;
    char *path = mdm_home_description(mdm_session_config(session), name);
    mdm_dataset *dataset = mdm_alloc_zero(1, sizeof *dataset);
    mdm_status status = path && dataset ? mdm_file_read(path, DESCRIPTION_BYTES, &text, err)
                                        : mdm_no_memory(err, "a dataset");
    if (status == MDM_OK)
        status = mdm_description_read((mdm_str){text.data, text.len}, path, &dataset->description, err);
    if (status == MDM_OK) {
        dataset->description.info.description_file =
            mdm_arena_text(&dataset->description.arena, path);
        mdm_dataset_complete(session, &dataset->description);
        status = mdm_arena_status(&dataset->description.arena, err);
    }
    if (status == MDM_OK) {
        *out = dataset;
        dataset = NULL;
    }
    mdm_dataset_close(dataset);
    mdm_free(path);
    mdm_text_clear(&text);
    return status;
}

mdm_status mdm_dataset_open(mdm_session *session, const char *name, mdm_dataset **out,
                            mdm_error *err)
{
    char normal[MDM_NAME_BYTES];
    *out = NULL;
    const char *colon = strchr(name, ':');
    char *bare = mdm_str_dup((mdm_str){name, colon ? (size_t)(colon - name) : strlen(name)});
    if (!bare) return mdm_no_memory(err, "a name");
    mdm_status status = mdm_dataset_name(bare, normal, sizeof normal, err);
    mdm_free(bare);
    if (status != MDM_OK) return status;

    status = mdm_dataset_read(session, normal, out, err);
    if (status == MDM_NOT_FOUND) return not_found(session, normal, err);
    if (status != MDM_OK || !colon) return status;

    const mdm_table_info *table;
    (*out)->table_key = mdm_arena_text(&(*out)->description.arena, colon + 1);
    status = mdm_dataset_table(*out, colon + 1, &table, err);
    if (status == MDM_OK) return MDM_OK;
    mdm_dataset_close(*out);
    *out = NULL;
    return status;
}

void mdm_dataset_close(mdm_dataset *dataset)
{
    if (!dataset) return;
    mdm_description_clear(&dataset->description);
    mdm_free(dataset);
}

const mdm_dataset_info *mdm_dataset_info_get(const mdm_dataset *dataset)
{
    return &dataset->description.info;
}

/* --- tables --------------------------------------------------------------------------- */

static const mdm_table_info *find_table(const mdm_dataset_info *info, const char *key)
{
    for (size_t i = 0; i < info->table_count; i++)
        if (strcmp(info->tables[i].key, key) == 0) return &info->tables[i];
    for (size_t i = 0; i < info->table_count; i++)
        if (strcmp(info->tables[i].table, key) == 0) return &info->tables[i];
    return NULL;
}

static mdm_status no_table(const mdm_dataset_info *info, const char *key, mdm_error *err)
{
    mdm_text names;
    mdm_text_init(&names);
    for (size_t i = 0; i < info->table_count; i++)
        mdm_text_printf(&names, "%s%s", i ? ", " : "", info->tables[i].key);
    if (key) mdm_error_set(err, MDM_NOT_FOUND, "no table '%s' in '%s'", key, info->name);
    else mdm_error_set(err, MDM_NOT_FOUND, "'%s' has several tables and none is called data or train", info->name);
    mdm_error_hint(err, MDM_NOT_FOUND, "tables: %s", names.len ? names.data : "none");
    mdm_text_clear(&names);
    return MDM_NOT_FOUND;
}

mdm_status mdm_dataset_table(const mdm_dataset *dataset, const char *key,
                             const mdm_table_info **out, mdm_error *err)
{
    const mdm_dataset_info *info = &dataset->description.info;
    if (!key) key = dataset->table_key;
    *out = key ? find_table(info, key) : NULL;
    if (!key) *out = find_table(info, "train");
    if (!key && !*out) *out = find_table(info, "data");
    if (!key && !*out && info->table_count == 1) *out = &info->tables[0];
    return *out ? MDM_OK : no_table(info, key, err);
}

/* --- its database ------------------------------------------------------------------------ */

static mdm_status data_are_gone(const mdm_dataset_info *info, mdm_error *err)
{
    mdm_error_set(err, MDM_BACKEND, "the data of '%s' are not at %s", info->name, info->path);
    return mdm_error_hint(err, MDM_BACKEND, "'mdm doctor' looks for them, 'mdm remove %s' forgets them",
                          info->name);
}

mdm_status mdm_dataset_database(mdm_session *session, const mdm_dataset *dataset, bool write,
                                mdm_database **out, mdm_error *err)
{
    mdm_place place;
    const mdm_dataset_info *info = &dataset->description.info;
    *out = NULL;
    MDM_TRY(mdm_place_of(mdm_session_config(session), &dataset->description, &place, err));
    mdm_status status = MDM_OK;
    if (place.location.path && !info->available) status = data_are_gone(info, err);
    if (status == MDM_OK)
        status = mdm_session_database(session, &place.location, write ? 0 : MDM_OPEN_READ_ONLY, out,
                                      err);
    mdm_place_clear(&place);
    return status;
}

mdm_status mdm_dataset_ask(mdm_session *session, mdm_database *database, mdm_str sql, mdm_rows **out,
                           mdm_error *err)
{
    mdm_query query = MDM_QUERY_INIT;
    query.sql = sql;
    query.tag = "dataset";
    return mdm_session_query(session, database, &query, out, err);
}

/* --- for the healer ------------------------------------------------------------------------- */

/* The folder below datasets/ that a description means. */
static bool points_to(const mdm_description *d, const char *datasets, const char *folder)
{
    if (d->folder) return strcmp(d->folder, folder) == 0;
    if (strcmp(d->info.name, folder) == 0) return true; /* where data are looked for when path is gone */
    if (!d->info.path) return false;
    const size_t len = strlen(datasets), width = strlen(folder);
    if (strncmp(d->info.path, datasets, len) != 0 || d->info.path[len] != '/') return false;
    const char *rest = d->info.path + len + 1;
    return strncmp(rest, folder, width) == 0 && rest[width] == '/';
}

bool mdm_dataset_folder_is_described(void *self, const char *folder)
{
    mdm_session *session = self;
    mdm_names names = {0};
    const char *datasets = mdm_config_text(mdm_session_config(session), "paths.datasets_path");
    if (mdm_dataset_names(session, &names, NULL) != MDM_OK) return true; /* when in doubt it stays */
    bool found = false;
    for (size_t i = 0; i < names.count && !found; i++) {
        mdm_dataset *dataset = NULL;
        const mdm_status status = mdm_dataset_read(session, names.items[i], &dataset, NULL);
        if (status == MDM_OK) found = points_to(&dataset->description, datasets, folder);
        else if (status != MDM_NOT_FOUND) /* damaged: it may mean its own name's folders */
            found = strncmp(names.items[i], folder, strlen(names.items[i])) == 0;
        mdm_dataset_close(dataset);
    }
    mdm_names_free(&names);
    return found;
}
