#include <string.h>

#include "base/alloc.h"
#include "dataset/dataset_internal.h"
#include "dataset/place.h"
#include "dataset/staging.h"

/* --- schemas of a server ---------------------------------------------------------------- */

static mdm_status run_with_name(mdm_session *session, mdm_database *database, const char *before,
                                const char *name, const char *after, mdm_error *err)
{
    mdm_text sql;
    mdm_query query = MDM_QUERY_INIT;
    mdm_text_init(&sql);
    mdm_text_puts(&sql, before);
    mdm_status status =
        mdm_sql_name(&sql, mdm_database_backend(database), mdm_str_from(name), err);
    mdm_text_puts(&sql, after);
    if (status == MDM_OK) status = mdm_text_status(&sql, err);
    query.sql = (mdm_str){sql.data, sql.len};
    query.write = true;
    query.tag = "drop";
    if (status == MDM_OK) status = mdm_session_run(session, database, &query, NULL, err);
    mdm_text_clear(&sql);
    return status;
}

/* Does the schema carry the mark of the staging with this id, or is it a staging schema itself? */
static mdm_status is_marked(mdm_session *session, mdm_database *database, const char *schema,
                            const char *id, bool *marked, mdm_error *err)
{
    char *comment = mdm_asprintf("mdm:%s", id);
    mdm_query query = MDM_QUERY_INIT;
    const mdm_value values[] = {
        {MDM_TYPE_TEXT, {.bytes = mdm_str_from(schema)}},
        {MDM_TYPE_TEXT, {.bytes = mdm_str_from(comment)}},
    };
    mdm_rows *rows = NULL;
    mdm_chunk *chunk = NULL;
    *marked = strncmp(schema, "mdm_stage_", 10) == 0;
    if (*marked) {
        mdm_free(comment);
        return MDM_OK;
    }
    if (!comment) return mdm_no_memory(err, "a comment");
    query.sql = MDM_STR("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1 AND "
                        "pg_catalog.obj_description(oid, 'pg_namespace') = $2");
    query.values = values;
    query.value_count = 2;
    mdm_status status = mdm_session_query(session, database, &query, &rows, err);
    if (status == MDM_OK) status = mdm_rows_next(rows, &chunk, err);
    *marked = status == MDM_OK && chunk && chunk->rows > 0;
    mdm_chunk_unref(chunk);
    mdm_rows_close(rows);
    mdm_free(comment);
    return status;
}

mdm_status mdm_dataset_drop_schema(void *self, const char *schema, const char *id, mdm_error *err)
{
    mdm_session *session = self;
    mdm_place place;
    mdm_database *database;
    bool marked = true;
    const mdm_backend *backend = mdm_backend_find(MDM_STR("postgresql"));
    MDM_TRY(mdm_place_make(mdm_session_config(session), backend, NULL, NULL, &place, err));
    mdm_status status = mdm_session_database(session, &place.location, 0, &database, err);
    mdm_place_clear(&place);
    if (status == MDM_OK && id) status = is_marked(session, database, schema, id, &marked, err);
    if (status == MDM_OK && marked)
        status = run_with_name(session, database, "DROP SCHEMA IF EXISTS ", schema, " CASCADE", err);
    return status;
}

/* --- planning ------------------------------------------------------------------------------ */

static mdm_status plan_path(mdm_removal *out, char *path, mdm_error *err)
{
    char **paths = path ? mdm_realloc(out->paths, (out->path_count + 1) * sizeof *paths) : NULL;
    if (!paths) {
        mdm_free(path);
        return mdm_no_memory(err, "a path");
    }
    out->paths = paths;
    paths[out->path_count++] = path;
    return MDM_OK;
}

static mdm_status plan_folder(const mdm_config *config, const char *folder, mdm_removal *out,
                              mdm_error *err)
{
    mdm_path_stat look;
    int64_t bytes = 0;
    char *path = mdm_home_data_folder(config, folder);
    if (!path) return mdm_no_memory(err, "a path");
    if (mdm_path_look(path, false, &look, NULL) != MDM_OK) {
        mdm_free(path);
        return MDM_OK;
    }
    mdm_status status = plan_path(out, path, err);
    if (status == MDM_OK) status = mdm_dir_bytes(path, &bytes, err);
    out->size_bytes += bytes;
    return status;
}

mdm_status mdm_dataset_remove_plan(mdm_session *session, const char *name, mdm_removal *out,
                                   mdm_error *err)
{
    char normal[MDM_NAME_BYTES];
    mdm_dataset *dataset = NULL;
    const mdm_config *config = mdm_session_config(session);
    *out = (mdm_removal){0};
    MDM_TRY(mdm_dataset_name(name, normal, sizeof normal, err));
    mdm_status status = mdm_dataset_read(session, normal, &dataset, err);
    if (status == MDM_NOT_FOUND) return mdm_dataset_open(session, normal, &dataset, err);
    if (status != MDM_OK && status != MDM_FORMAT) return status;

    status = plan_path(out, mdm_home_description(config, normal), err);
    if (status == MDM_OK)
        status = plan_folder(config, dataset ? mdm_dataset_folder(&dataset->description) : normal, out, err);
    if (status == MDM_OK && dataset && dataset->description.info.schema)
        status = plan_path(out, mdm_asprintf("schema %s", dataset->description.info.schema), err);
    mdm_dataset_close(dataset);
    if (status != MDM_OK) mdm_removal_clear(out);
    return status;
}

void mdm_removal_clear(mdm_removal *removal)
{
    for (size_t i = 0; i < removal->path_count; i++) mdm_free(removal->paths[i]);
    mdm_free(removal->paths);
    *removal = (mdm_removal){0};
}

/* --- removing -------------------------------------------------------------------------------- */

/* The description goes first: that is the commit. What cannot be deleted afterwards is a folder
 * with a dead owner, which the next writing command deletes. */
static mdm_status remove_claimed(mdm_session *session, const char *name, const char *folder,
                                 const char *schema, mdm_error *err)
{
    const mdm_config *config = mdm_session_config(session);
    char *path = mdm_home_description(config, name);
    mdm_status status = path ? mdm_file_unlink(path, err) : mdm_no_memory(err, "a path");
    mdm_free(path);
    if (status == MDM_OK && schema) status = mdm_dataset_drop_schema(session, schema, NULL, err);
    if (status == MDM_OK) status = mdm_folder_discard(config, folder, err);
    return status;
}

mdm_status mdm_dataset_remove(mdm_session *session, const char *name, mdm_error *err)
{
    char normal[MDM_NAME_BYTES];
    mdm_dataset *dataset = NULL;
    mdm_lock owner = MDM_LOCK_INIT;
    const mdm_config *config = mdm_session_config(session);
    MDM_TRY(mdm_dataset_name(name, normal, sizeof normal, err));
    MDM_TRY(mdm_heal(config, mdm_dataset_folder_is_described, mdm_dataset_drop_schema, session, NULL,
                     err));
    mdm_status status = mdm_dataset_read(session, normal, &dataset, err);
    if (status == MDM_NOT_FOUND) return mdm_dataset_open(session, normal, &dataset, err);
    if (status != MDM_OK && status != MDM_FORMAT) return status;

    const char *folder = dataset ? mdm_dataset_folder(&dataset->description) : normal;
    const char *schema = dataset ? dataset->description.info.schema : NULL;
    status = mdm_folder_claim(config, folder, dataset ? dataset->description.id : NULL, schema, &owner,
                              err);
    if (status == MDM_OK || status == MDM_NOT_FOUND)
        status = remove_claimed(session, normal, folder, schema, err);
    mdm_lock_drop(&owner);
    mdm_dataset_close(dataset);
    return status;
}
