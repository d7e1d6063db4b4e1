#include "dataset/staging.h"

#include <string.h>

#include "base/alloc.h"

#define OWNER "owner"
#define MAX_GENERATIONS 10000

static mdm_status random_id(char id[MDM_STAGING_ID + 1], mdm_error *err)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[MDM_STAGING_ID / 2];
    MDM_TRY(mdm_random(bytes, sizeof bytes, err));
    for (size_t i = 0; i < sizeof bytes; i++) {
        id[2 * i] = digits[bytes[i] >> 4];
        id[2 * i + 1] = digits[bytes[i] & 15];
    }
    id[MDM_STAGING_ID] = '\0';
    return MDM_OK;
}

static void clear(mdm_staging *s)
{
    mdm_lock_drop(&s->owner);
    mdm_free(s->name);
    mdm_free(s->file_name);
    mdm_free(s->folder);
    mdm_free(s->path);
    *s = (mdm_staging){.owner = MDM_LOCK_INIT};
}

/* --- beginning -------------------------------------------------------------------- */

/* The folder, then its locked owner file. Under the shared lock of datasets/, so that a healer never
 * sees the one without the other. */
static mdm_status make_owned(mdm_staging *s, mdm_error *err)
{
    MDM_TRY(mdm_dir_create(s->path, err));
    char *owner = mdm_path_join(s->path, OWNER);
    if (!owner) return mdm_no_memory(err, "a path");
    const mdm_status status = mdm_lock_take(owner, MDM_LOCK_EXCLUSIVE, false, true, &s->owner, err);
    mdm_free(owner);
    return status;
}

mdm_status mdm_staging_begin(const mdm_config *config, const char *name, mdm_staging *out,
                             mdm_error *err)
{
    mdm_lock home = MDM_LOCK_INIT;
    *out = (mdm_staging){.config = config, .owner = MDM_LOCK_INIT};
    MDM_TRY(random_id(out->id, err));
    char short_name[MDM_HOME_NAME];
    out->name = mdm_strdup(name);
    out->file_name = mdm_strdup(mdm_home_name(name, short_name));
    out->folder = mdm_asprintf(".staging-%s", out->id);
    if (out->folder) out->path = mdm_home_data_folder(config, out->folder);

    mdm_status status = MDM_OK;
    if (!out->name || !out->file_name || !out->path) status = mdm_no_memory(err, "a staging folder");
    if (status == MDM_OK) status = mdm_home_lock(config, MDM_LOCK_SHARED, &home, err);
    if (status == MDM_OK) status = make_owned(out, err);
    mdm_lock_drop(&home);
    if (status == MDM_OK) {
        mdm_text line;
        mdm_text_init(&line);
        mdm_text_printf(&line, "name: %s\nid: %s\n", name, out->id);
        status = mdm_text_status(&line, err);
        char *owner = status == MDM_OK ? mdm_path_join(out->path, OWNER) : NULL;
        if (status == MDM_OK)
            status = owner ? mdm_file_append(owner, (mdm_str){line.data, line.len}, err)
                           : mdm_no_memory(err, "a path");
        mdm_free(owner);
        mdm_text_clear(&line);
    }
    if (status != MDM_OK) mdm_staging_abandon(out);
    return status;
}

mdm_status mdm_staging_note_schema(mdm_staging *s, const char *schema, mdm_error *err)
{
    char *owner = mdm_path_join(s->path, OWNER);
    char *line = mdm_asprintf("schema: %s\n", schema);
    mdm_status status = owner && line ? mdm_file_append(owner, mdm_str_from(line), err)
                                      : mdm_no_memory(err, "a path");
    if (status == MDM_OK) status = mdm_file_sync(owner, err);
    mdm_free(owner);
    mdm_free(line);
    return status;
}

/* --- placing ------------------------------------------------------------------------ */

static mdm_status sync_all(const char *path, mdm_error *err)
{
    mdm_names names = {0};
    MDM_TRY(mdm_dir_list(path, &names, err));
    mdm_status status = MDM_OK;
    for (size_t i = 0; i < names.count && status == MDM_OK; i++) {
        char *file = mdm_path_join(path, names.items[i]);
        mdm_path_stat look;
        status = file ? mdm_path_look(file, false, &look, err) : mdm_no_memory(err, "a path");
        if (status == MDM_OK && look.is_file) status = mdm_file_sync(file, err);
        else if (status == MDM_OK && look.is_dir) status = sync_all(file, err);
        mdm_free(file);
    }
    mdm_names_free(&names);
    return status == MDM_OK ? mdm_dir_sync(path, err) : status;
}

/* Rename to NAME, or NAME.2, NAME.3, ... where that is taken: a dataset being replaced, or one whose
 * owner has not published yet. Publishing decides who wins. */
static mdm_status rename_free(mdm_staging *s, mdm_error *err)
{
    for (int generation = 1; generation <= MAX_GENERATIONS; generation++) {
        char *folder = generation == 1 ? mdm_strdup(s->file_name)
                                       : mdm_asprintf("%s.%d", s->file_name, generation);
        char *path = folder ? mdm_home_data_folder(s->config, folder) : NULL;
        const mdm_status status =
            path ? mdm_path_rename_new(s->path, path, err) : mdm_no_memory(err, "a path");
        if (status == MDM_OK) {
            mdm_free(s->folder);
            mdm_free(s->path);
            s->folder = folder;
            s->path = path;
            return MDM_OK;
        }
        mdm_free(folder);
        mdm_free(path);
        if (status != MDM_EXISTS) return status;
    }
    return mdm_error_set(err, MDM_EXISTS, "no free folder for '%s' below %s", s->name,
                         mdm_config_text(s->config, "paths.datasets_path"));
}

mdm_status mdm_staging_place(mdm_staging *s, mdm_error *err)
{
    MDM_TRY(sync_all(s->path, err));
    MDM_TRY(rename_free(s, err));
    return mdm_dir_sync(mdm_config_text(s->config, "paths.datasets_path"), err);
}

/* --- publishing ----------------------------------------------------------------------- */

/* Is what stands at path what we wanted to write there? */
static bool stands(const char *path, mdm_str description)
{
    mdm_text text;
    mdm_text_init(&text);
    const bool same = mdm_file_read(path, description.len, &text, NULL) == MDM_OK &&
                      mdm_str_equal((mdm_str){text.data, text.len}, description);
    mdm_text_clear(&text);
    return same;
}

/* Writing the description failed: did the rename take place all the same (only its sync failed)? A new
 * one is taken back. One that has replaced another cannot be: then both data folders must stay, for
 * nobody knows which description a power cut would leave. */
static bool is_committed(const char *path, mdm_str description, bool replace)
{
    if (!stands(path, description)) return false;
    return replace || mdm_file_unlink(path, NULL) != MDM_OK;
}

static mdm_status write_description(const char *path, mdm_str description, bool replace,
                                    bool *committed, mdm_error *err)
{
    const mdm_status status = replace ? mdm_file_replace(path, description, err)
                                      : mdm_file_publish(path, description, err);
    *committed = status == MDM_OK ||
                 (status != MDM_EXISTS && is_committed(path, description, replace));
    return status;
}

mdm_status mdm_staging_publish(mdm_staging *s, mdm_str description, bool replace, mdm_error *err)
{
    mdm_lock home = MDM_LOCK_INIT;
    bool committed = false;
    char *path = mdm_home_description(s->config, s->name);
    mdm_status status = path ? mdm_home_lock(s->config, MDM_LOCK_SHARED, &home, err)
                             : mdm_no_memory(err, "a path");
    if (status == MDM_OK)
        status = write_description(path, description, replace, &committed, err);
    mdm_lock_drop(&home);
    mdm_free(path);
    if (status == MDM_EXISTS)
        mdm_error_set(err, status, "dataset '%s' already exists", s->name);
    if (!committed) return status;
    mdm_folder_release(s->config, s->folder, &s->owner);
    clear(s);
    return status;
}

void mdm_staging_abandon(mdm_staging *s)
{
    /* What cannot be removed now is dead once the lock is dropped: the next healer's. */
    mdm_status ignored = MDM_OK;
    if (s->path) ignored = mdm_folder_discard(s->config, s->folder, NULL);
    (void)ignored;
    clear(s);
}

/* --- an existing dataset ------------------------------------------------------------------ */

static char *owner_of(const mdm_config *config, const char *folder)
{
    char *path = mdm_home_data_folder(config, folder);
    char *owner = path ? mdm_path_join(path, OWNER) : NULL;
    mdm_free(path);
    return owner;
}

static mdm_status note_schema(const char *owner, const char *id, const char *schema, mdm_error *err)
{
    mdm_text lines;
    mdm_text_init(&lines);
    mdm_text_printf(&lines, "id: %s\nschema: %s\n", id, schema);
    mdm_status status = mdm_text_status(&lines, err);
    if (status == MDM_OK) status = mdm_file_append(owner, (mdm_str){lines.data, lines.len}, err);
    if (status == MDM_OK) status = mdm_file_sync(owner, err);
    mdm_text_clear(&lines);
    return status;
}

mdm_status mdm_folder_claim(const mdm_config *config, const char *folder, const char *id,
                            const char *schema, mdm_lock *owner, mdm_error *err)
{
    mdm_lock home = MDM_LOCK_INIT;
    *owner = MDM_LOCK_INIT;
    char *path = owner_of(config, folder);
    if (!path) return mdm_no_memory(err, "a path");
    mdm_status status = mdm_home_lock(config, MDM_LOCK_SHARED, &home, err);
    if (status == MDM_OK)
        status = mdm_lock_take(path, MDM_LOCK_EXCLUSIVE, false, true, owner, err);
    if (status == MDM_BUSY)
        mdm_error_set(err, status, "%s is being changed by another process", folder);
    if (status == MDM_OK && id && schema) status = note_schema(path, id, schema, err);
    if (status != MDM_OK) mdm_lock_drop(owner);
    mdm_lock_drop(&home);
    mdm_free(path);
    return status;
}

void mdm_folder_release(const mdm_config *config, const char *folder, mdm_lock *owner)
{
    char *path = owner_of(config, folder);
    /* An owner file that stays, because it could not be unlinked, is a described folder's: the next
     * healer removes it. */
    mdm_status ignored = MDM_OK;
    if (path && owner->fd >= 0) ignored = mdm_file_unlink(path, NULL);
    (void)ignored;
    mdm_free(path);
    mdm_lock_drop(owner);
}

mdm_status mdm_folder_discard(const mdm_config *config, const char *folder, mdm_error *err)
{
    char id[MDM_STAGING_ID + 1];
    MDM_TRY(random_id(id, err));
    char *from = mdm_home_data_folder(config, folder);
    char *name = mdm_asprintf(".dead-%s", id);
    char *dead = name ? mdm_home_data_folder(config, name) : NULL;
    mdm_status status = from && dead ? mdm_path_rename_new(from, dead, err)
                                     : mdm_no_memory(err, "a path");
    if (status == MDM_OK) status = mdm_dir_remove(dead, err);
    if (status == MDM_NOT_FOUND) status = MDM_OK; /* somebody else removed it */
    mdm_free(from);
    mdm_free(name);
    mdm_free(dead);
    return status;
}
