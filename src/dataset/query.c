/* Queries on a dataset: the session's road, with words about its tables where something is not found. */
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "dataset/dataset_internal.h"
#include "dataset/staging.h"
#include "mdm/monitor.h"

/* Is word one of the names? */
static bool is_known(mdm_str word, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (mdm_str_equal_nocase(word, mdm_str_from(names[i]))) return true;
    return false;
}

static bool is_word_byte(unsigned char c)
{
    return c == '_' || c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9');
}

/* The words of a message, one after the other: letters of any script, digits, '_'. */
static bool next_word(mdm_str *rest, mdm_str *word)
{
    size_t begin = 0;
    while (begin < rest->len && !is_word_byte((unsigned char)rest->data[begin])) begin++;
    size_t end = begin;
    while (end < rest->len && is_word_byte((unsigned char)rest->data[end])) end++;
    *word = (mdm_str){rest->data + begin, end - begin};
    rest->data += end;
    rest->len -= end;
    return word->len > 0;
}

static bool speaks_of(const char *message, const char *const *words)
{
    for (; *words; words++)
        if (strcasestr(message, *words)) return true;
    return false;
}

/* "no such table: trian", "relation "trian" does not exist", ...: the databases word it differently, but
 * all name the thing, and what they name is near one of the real names. */
static void hint_near(mdm_error *err, const char *const *names, size_t count, const char *list)
{
    mdm_str rest = mdm_str_from(err->message), word;
    while (next_word(&rest, &word)) {
        if (is_known(word, names, count)) continue;
        const char *near = mdm_nearest(word, names, count);
        if (!near) continue;
        mdm_error_hint(err, err->status, *list ? "did you mean %s? %s" : "did you mean %s?", near, list);
        return;
    }
    if (*list) mdm_error_hint(err, err->status, "%s", list);
}

static void hint_table(const mdm_dataset_info *info, mdm_error *err)
{
    mdm_text list;
    const char **names = mdm_alloc(sizeof *names * (info->table_count + 1));
    mdm_text_init(&list);
    for (size_t i = 0; names && i < info->table_count; i++) {
        names[i] = info->tables[i].table;
        mdm_text_printf(&list, "%s%s", i ? ", " : "tables: ", names[i]);
    }
    if (names && !list.failed) hint_near(err, names, info->table_count, list.data);
    mdm_text_clear(&list);
    mdm_free(names);
}

static void hint_column(mdm_session *session, const mdm_dataset *dataset, mdm_error *err)
{
    mdm_dataset *again = NULL; /* columns are kept in a dataset of our own: the caller's is constant */
    const mdm_column_info *columns;
    size_t count = 0;
    if (mdm_dataset_read(session, dataset->description.info.name, &again, NULL) != MDM_OK) return;
    if (mdm_dataset_columns(session, again, &columns, &count, NULL) == MDM_OK) {
        const char **names = mdm_alloc(sizeof *names * (count + 1));
        for (size_t i = 0; names && i < count; i++) names[i] = columns[i].name;
        if (names) hint_near(err, names, count, "");
        mdm_free(names);
    }
    mdm_dataset_close(again);
}

static void add_hint(mdm_session *session, const mdm_dataset *dataset, mdm_error *err)
{
    static const char *const about_tables[] = {"no such table", "relation", "Table with name", NULL};
    static const char *const about_columns[] = {"column", NULL};
    if (!err || err->status != MDM_BACKEND) return;
    if (speaks_of(err->message, about_tables)) hint_table(&dataset->description.info, err);
    else if (speaks_of(err->message, about_columns)) hint_column(session, dataset, err);
}

/* --- written data ------------------------------------------------------------------- */

/* The description's data version rises, so that what was computed from the old data is not taken for
 * true any more. */
static mdm_status data_changed(mdm_session *session, const mdm_dataset *dataset, mdm_error *err)
{
    mdm_dataset *fresh = NULL;
    MDM_TRY(mdm_dataset_read(session, dataset->description.info.name, &fresh, err));
    mdm_description *d = &fresh->description;
    d->info.data_version = d->info.data_version < 0 ? 1 : d->info.data_version + 1;
    d->info.row_count = -1; /* not known any more without counting */
    const mdm_status status = mdm_dataset_rewrite(session, d, err);
    mdm_dataset_close(fresh);
    return status;
}

/* Be the only one who changes the dataset while it is written to, so that nobody removes or replaces it
 * meanwhile: writers take turns, and wait as long as for a connection. */
static mdm_status claim(mdm_session *session, const mdm_dataset *dataset, mdm_lock *owner,
                        mdm_error *err)
{
    const mdm_config *config = mdm_session_config(session);
    const char *folder = mdm_dataset_folder(&dataset->description);
    const struct timespec pause = {.tv_nsec = 5000000};
    const int64_t end = mdm_clock_ns() + mdm_config_int(config, "database.connection_timeout") * 1000000000;
    mdm_status status;
    while ((status = mdm_folder_claim(config, folder, NULL, NULL, owner, err)) == MDM_BUSY &&
           mdm_clock_ns() < end) {
        MDM_TRY(mdm_stop_check(mdm_session_stop(session), err));
        nanosleep(&pause, NULL);
    }
    return status == MDM_NOT_FOUND ? MDM_OK : status; /* data elsewhere: an old home that was moved */
}

static void release(mdm_session *session, const mdm_dataset *dataset, mdm_lock *owner)
{
    mdm_folder_release(mdm_session_config(session), mdm_dataset_folder(&dataset->description), owner);
}

mdm_status mdm_dataset_query(mdm_session *session, const mdm_dataset *dataset,
                             const mdm_query *query, mdm_rows **out, mdm_error *err)
{
    mdm_database *database;
    mdm_lock owner = MDM_LOCK_INIT;
    mdm_error mine = {0};
    *out = NULL;
    MDM_TRY(mdm_dataset_database(session, dataset, query->write, &database, err));
    if (query->write) MDM_TRY(claim(session, dataset, &owner, err));
    mdm_status status = mdm_session_query(session, database, query, out, &mine);
    if (status != MDM_OK) add_hint(session, dataset, &mine);
    if (status == MDM_OK && query->write && mdm_rows_info_read(*out).changed != 0)
        status = data_changed(session, dataset, &mine);
    release(session, dataset, &owner);
    if (status == MDM_OK) return MDM_OK;
    mdm_rows_close(*out);
    *out = NULL;
    if (err) *err = mine;
    return status;
}
