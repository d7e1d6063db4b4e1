/* A description that changes while its data stay: the YAML first, which is the commit, then the JSON beside
 * the data, which only repeats it. */
#include "base/alloc.h"
#include "dataset/columns.h"
#include "dataset/dataset_internal.h"
#include "dataset/home.h"

const char *mdm_dataset_folder(const mdm_description *d)
{
    return d->folder ? d->folder : d->info.name;
}

static void write_json(const mdm_config *config, const mdm_description *d)
{
    mdm_path_stat look;
    char *folder = mdm_home_data_folder(config, mdm_dataset_folder(d));
    if (folder && mdm_path_look(folder, true, &look, NULL) == MDM_OK) {
        const mdm_status ignored = mdm_description_json_write(d, folder, NULL);
        (void)ignored; /* the YAML says what is true */
    }
    mdm_free(folder);
}

mdm_status mdm_dataset_rewrite(mdm_session *session, mdm_description *d, mdm_error *err)
{
    char now[40];
    mdm_text text;
    const mdm_config *config = mdm_session_config(session);
    mdm_text_init(&text);
    d->info.last_updated_at = mdm_arena_text(&d->arena, mdm_description_now(now));
    MDM_TRY(mdm_arena_status(&d->arena, err));
    char *path = mdm_home_description(config, d->info.name);
    mdm_status status = path ? mdm_description_write(d, &text, err) : mdm_no_memory(err, "a path");
    if (status == MDM_OK) status = mdm_file_replace(path, (mdm_str){text.data, text.len}, err);
    if (status == MDM_OK) write_json(config, d);
    mdm_free(path);
    mdm_text_clear(&text);
    return status;
}
