/* Registering: everything that can be refused without reading data is refused first; then the data come
 * into a staging folder; the description is the commit (staging.h). */
#include <string.h>

#include "base/alloc.h"
#include "dataset/catalog.h"
#include "dataset/columns.h"
#include "dataset/dataset_internal.h"
#include "dataset/place.h"
#include "dataset/rename.h"
#include "dataset/staging.h"
#include "mdm/monitor.h"

#define STAGE_PREFIX "mdm_stage_"

typedef struct registration {
    mdm_session *session;
    const mdm_config *config;
    const mdm_dataset_spec *spec;
    const mdm_backend *backend;
    char name[MDM_NAME_BYTES];
    mdm_dataset *dataset;         /* in the making */
    mdm_description *description; /* its own; the arena holds everything that outlives us */
    mdm_column_wish *wishes;
    size_t wish_count;
    bool reject;
    mdm_found found;
    mdm_staging staging;
    mdm_loading loading;
    mdm_loaded *tables;
    size_t table_count;
    mdm_detected detected;
    const char *schema;           /* of a server: the staging one, then the final one */
    mdm_dataset *old;             /* with replace: what is being replaced; NULL: nothing */
    mdm_lock old_owner;
} registration;

/* --- what needs no data ------------------------------------------------------------------- */

static mdm_status check_backend(registration *r, mdm_error *err)
{
    const char *name = r->spec->backend;
    if (!name) name = mdm_config_text(r->config, "database.default_backend");
    r->backend = mdm_backend_find(mdm_str_from(name));
    if (r->backend) return MDM_OK;
    return mdm_error_set(err, MDM_INVALID, "backend '%s' is none of sqlite, duckdb, postgresql", name);
}

static mdm_status check_on_error(registration *r, mdm_error *err)
{
    const char *word = r->spec->on_error;
    if (!word) word = mdm_config_text(r->config, "loading.on_error");
    r->reject = strcmp(word, "reject") == 0;
    if (r->reject || strcmp(word, "stop") == 0) return MDM_OK;
    return mdm_error_set(err, MDM_INVALID, "on_error '%s' is neither stop nor reject", word);
}

static mdm_column_wish *new_wish(registration *r, mdm_str name)
{
    mdm_column_wish *wish = &r->wishes[r->wish_count++];
    *wish = (mdm_column_wish){.name = mdm_arena_str(&r->description->arena, name)};
    return wish;
}

static void wish_all(registration *r, const char *const *names, size_t count, const char *type)
{
    for (size_t i = 0; i < count; i++) new_wish(r, mdm_str_from(names[i]))->type = type;
}

static mdm_status wish_types(registration *r, mdm_error *err)
{
    for (size_t i = 0; i < r->spec->type_count; i++) {
        const char *text = r->spec->types[i], *equals = strrchr(text, '=');
        mdm_type type;
        if (!equals || equals == text)
            return mdm_error_set(err, MDM_INVALID, "type '%s' is not of the form COLUMN=TYPE", text);
        MDM_TRY(mdm_type_parse(mdm_str_from(equals + 1), &type, err));
        new_wish(r, (mdm_str){text, (size_t)(equals - text)})->type =
            mdm_arena_text(&r->description->arena, equals + 1);
    }
    return MDM_OK;
}

static void wish_dates(registration *r)
{
    for (size_t i = 0; i < r->spec->datetime_count; i++) {
        mdm_str rest = mdm_str_from(r->spec->datetime_columns[i]);
        const mdm_str name = mdm_str_split(&rest, '=');
        new_wish(r, name)->format = mdm_arena_str(&r->description->arena, rest);
    }
}

static mdm_status gather_wishes(registration *r, mdm_error *err)
{
    const mdm_dataset_spec *s = r->spec;
    const size_t most = s->type_count + s->datetime_count + s->numeric_count + s->text_count;
    r->wishes = mdm_arena_alloc(&r->description->arena, most + 1, sizeof *r->wishes);
    if (!r->wishes) return mdm_no_memory(err, "column wishes");
    wish_dates(r);
    wish_all(r, s->numeric_columns, s->numeric_count, "number");
    wish_all(r, s->text_columns, s->text_count, "text");
    return wish_types(r, err);
}

static mdm_status check_name(registration *r, mdm_error *err)
{
    mdm_path_stat look;
    MDM_TRY(mdm_dataset_name(r->spec->name ? r->spec->name : "", r->name, sizeof r->name, err));
    char *path = mdm_home_description(r->config, r->name);
    if (!path) return mdm_no_memory(err, "a path");
    const bool exists = mdm_path_look(path, false, &look, NULL) == MDM_OK;
    mdm_free(path);
    if (!exists || r->spec->replace) return MDM_OK;
    mdm_error_set(err, MDM_EXISTS, "dataset '%s' already exists", r->name);
    return mdm_error_hint(err, MDM_EXISTS, "--force replaces it, 'mdm remove %s' removes it", r->name);
}

static mdm_status check_problem_type(const registration *r, mdm_error *err)
{
    const char *word;
    return r->spec->problem_type ? mdm_problem_type_parse(r->spec->problem_type, &word, err) : MDM_OK;
}

static mdm_status check_no_auto(const registration *r, mdm_error *err)
{
    const mdm_dataset_spec *s = r->spec;
    if (s->no_auto && (!s->train || !s->target))
        return mdm_error_set(err, MDM_INVALID, "--no-auto needs --train and --target");
    if (s->no_auto && s->path_count)
        return mdm_error_set(err, MDM_INVALID, "--no-auto takes no PATH");
    if (!s->stream && !s->path_count && !s->train && !s->test && !s->validation && !s->submission)
        return mdm_error_set(err, MDM_INVALID, "no file was given");
    return MDM_OK;
}

static mdm_status check_spec(registration *r, mdm_error *err)
{
    MDM_TRY(check_name(r, err));
    MDM_TRY(check_backend(r, err));
    MDM_TRY(check_on_error(r, err));
    MDM_TRY(check_problem_type(r, err));
    MDM_TRY(check_no_auto(r, err));
    return gather_wishes(r, err);
}

/* --- files ---------------------------------------------------------------------------------- */

static mdm_status find_files(registration *r, mdm_error *err)
{
    const mdm_dataset_spec *s = r->spec;
    const struct {
        const char *key, *path;
    } named[] = {
        {"train", s->train},
        {"test", s->test},
        {"validation", s->validation},
        {"sample_submission", s->submission},
    };
    if (s->path_count) MDM_TRY(mdm_files_find(s->paths, s->path_count, &r->found, err));
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (named[i].path) MDM_TRY(mdm_files_add(&r->found, named[i].key, named[i].path, err));
    for (size_t i = 0; i < r->found.warning_count; i++)
        mdm_loading_note(&r->loading, "%s", r->found.warnings[i]);
    return MDM_OK;
}

/* --- the database ------------------------------------------------------------------------------ */

static mdm_status make_schema(registration *r, mdm_error *err)
{
    mdm_text sql;
    mdm_query query = MDM_QUERY_INIT;
    mdm_text_init(&sql);
    mdm_text_puts(&sql, "CREATE SCHEMA ");
    mdm_status status = mdm_sql_name(&sql, r->backend, mdm_str_from(r->schema), err);
    if (status == MDM_OK) status = mdm_text_status(&sql, err);
    query.sql = (mdm_str){sql.data, sql.len};
    query.write = true;
    query.tag = "register";
    if (status == MDM_OK)
        status = mdm_session_run(r->session, r->loading.database, &query, NULL, err);
    mdm_text_clear(&sql);
    return status;
}

static mdm_status open_database(registration *r, mdm_error *err)
{
    mdm_place place;
    const char *path = NULL;
    mdm_arena *arena = &r->description->arena;
    if (r->backend->dialect->file_suffix)
        path = mdm_arena_printf(arena, "%s/%s%s", r->staging.path, r->staging.file_name,
                                r->backend->dialect->file_suffix);
    else
        r->schema = mdm_arena_printf(arena, STAGE_PREFIX "%s", r->staging.id);
    MDM_TRY(mdm_arena_status(arena, err));
    MDM_TRY(mdm_place_make(r->config, r->backend, path, NULL, &place, err));
    mdm_status status = mdm_session_database(r->session, &place.location,
                                             MDM_OPEN_CREATE | MDM_OPEN_LOADING,
                                             &r->loading.database, err);
    mdm_place_clear(&place);
    r->loading.schema = r->schema;
    if (status != MDM_OK || !r->schema) return status;
    MDM_TRY(mdm_staging_note_schema(&r->staging, r->schema, err));
    return make_schema(r, err);
}

/* --- loading --------------------------------------------------------------------------------- */

static mdm_status load_stream(registration *r, mdm_error *err)
{
    mdm_stream stream;
    MDM_TRY(mdm_stream_import(r->spec->stream, &stream, err));
    r->table_count = 1;
    return mdm_load_stream(&r->loading, "data", &stream, &r->tables[0], err);
}

static mdm_status load_files(registration *r, mdm_error *err)
{
    const mdm_read_options reading = {
        .config = r->config,
        .encoding = r->spec->encoding,
        .delimiter = r->spec->delimiter,
        .null_words = r->spec->null_words,
        .null_word_count = r->spec->null_word_count,
        .wishes = r->wishes,
        .wish_count = r->wish_count,
        .reject = r->reject,
    };
    for (size_t i = 0; i < r->found.count; i++) {
        r->table_count = i + 1;
        MDM_TRY(mdm_load_file(&r->loading, &r->found.files[i], &reading, &r->tables[i], err));
    }
    return MDM_OK;
}

static mdm_status load(registration *r, mdm_error *err)
{
    const size_t count = r->spec->stream ? 1 : r->found.count;
    r->tables = mdm_alloc_zero(count + 1, sizeof *r->tables);
    if (!r->tables) return mdm_no_memory(err, "tables");
    MDM_TRY(r->spec->stream ? load_stream(r, err) : load_files(r, err));
    MDM_TRY(mdm_detect(&r->loading, r->tables, r->table_count, r->found.kaggle, &r->detected, err));
    return mdm_catalog_write(&r->loading, r->tables, r->table_count, &r->detected, err);
}

static mdm_status analyze(registration *r, mdm_error *err)
{
    if (!mdm_config_bool(r->config, "performance.query_optimizer.analyze_tables") ||
        mdm_config_off(r->config, "query_optimizer") || !r->backend->dialect->analyze)
        return MDM_OK;
    mdm_status status = MDM_OK;
    for (size_t t = 0; t < r->table_count && status == MDM_OK; t++) {
        const mdm_target target = {.schema = r->schema, .table = r->tables[t].table};
        mdm_text name, sql;
        mdm_query query = MDM_QUERY_INIT;
        mdm_text_init(&name);
        mdm_text_init(&sql);
        status = mdm_sql_target(&name, r->backend, &target, err);
        mdm_text_printf(&sql, r->backend->dialect->analyze, name.data); /* "ANALYZE %s" */
        if (status == MDM_OK) status = mdm_text_status(&sql, err);
        query.sql = (mdm_str){sql.data, sql.len};
        query.write = true;
        query.tag = "analyze";
        if (status == MDM_OK)
            status = mdm_session_run(r->session, r->loading.database, &query, NULL, err);
        mdm_text_clear(&name);
        mdm_text_clear(&sql);
    }
    return status;
}

/* --- the lasting form -------------------------------------------------------------------------- */

static mdm_status run_named(registration *r, mdm_txn *txn, const char *before, const char *schema,
                            const char *between, const char *second, mdm_error *err)
{
    mdm_text sql;
    mdm_query query = MDM_QUERY_INIT;
    mdm_text_init(&sql);
    mdm_text_puts(&sql, before);
    mdm_status status = mdm_sql_name(&sql, r->backend, mdm_str_from(schema), err);
    mdm_text_puts(&sql, between);
    if (status == MDM_OK && second)
        status = mdm_sql_name(&sql, r->backend, mdm_str_from(second), err);
    if (status == MDM_OK) status = mdm_text_status(&sql, err);
    query.sql = (mdm_str){sql.data, sql.len};
    query.write = true;
    query.tag = "register";
    if (status == MDM_OK) status = mdm_txn_run(txn, &query, NULL, err);
    mdm_text_clear(&sql);
    return status;
}

/* The comment marks the schema as ours until the description is published: a healer drops a schema only
 * if it still carries the dead owner's id. */
static mdm_status rename_schema(registration *r, const char *final, mdm_error *err)
{
    mdm_txn *txn = NULL;
    char *comment = mdm_asprintf(" IS 'mdm:%s'", r->staging.id);
    if (!comment) return mdm_no_memory(err, "a comment");
    mdm_status status = mdm_staging_note_schema(&r->staging, final, err);
    if (status == MDM_OK)
        status = mdm_txn_begin(r->session, r->loading.database, MDM_TXN_WRITE, &txn, err);
    if (status == MDM_OK)
        status = run_named(r, txn, "COMMENT ON SCHEMA ", r->schema, comment, NULL, err);
    if (status == MDM_OK)
        status = run_named(r, txn, "ALTER SCHEMA ", r->schema, " RENAME TO ", final, err);
    mdm_free(comment);
    if (txn && status != MDM_OK) mdm_txn_rollback(txn);
    return status == MDM_OK ? mdm_txn_commit(txn, err) : status;
}

#define DUPLICATE_SCHEMA "42P06"
#define MAX_GENERATIONS 10000

static mdm_status place_schema(registration *r, mdm_error *err)
{
    const char *prefix = mdm_config_text(r->config, "database.postgresql.database_prefix");
    for (int generation = 1; generation <= MAX_GENERATIONS; generation++) {
        char cut[128];
        mdm_error mine = {0};
        char *whole = generation == 1 ? mdm_asprintf("%s%s", prefix, r->name)
                                      : mdm_asprintf("%s%s_%d", prefix, r->name, generation);
        if (!whole) return mdm_no_memory(err, "a schema's name");
        mdm_rename_cut(mdm_str_from(whole), r->backend->dialect->max_name, cut);
        mdm_free(whole);
        const mdm_status status = rename_schema(r, cut, &mine);
        if (status == MDM_OK) {
            r->schema = mdm_arena_text(&r->description->arena, cut);
            return mdm_arena_status(&r->description->arena, err);
        }
        if (strcmp(mine.sqlstate, DUPLICATE_SCHEMA) != 0) {
            if (err) *err = mine;
            return status;
        }
    }
    return mdm_error_set(err, MDM_EXISTS, "no free schema for '%s'", r->name);
}

/* Checkpointed, closed, and where it will stay. */
static mdm_status settle(registration *r, mdm_error *err)
{
    MDM_TRY(mdm_session_settle(r->session, r->loading.database, err));
    if (r->schema) MDM_TRY(place_schema(r, err));
    mdm_session_forget(r->session, r->loading.database);
    r->loading.database = NULL;
    return mdm_staging_place(&r->staging, err);
}

/* --- the description ------------------------------------------------------------------------------ */

static void describe_tables(registration *r)
{
    mdm_dataset_info *info = &r->description->info;
    mdm_table_info *tables =
        mdm_arena_alloc(&r->description->arena, r->table_count + 1, sizeof *tables);
    info->row_count = 0;
    info->memory_bytes = 0;
    for (size_t t = 0; tables && t < r->table_count; t++) {
        const mdm_loaded *l = &r->tables[t];
        tables[t] = (mdm_table_info){.key = l->key, .table = l->table, .path = l->path,
                                     .bytes = -1, .rows = l->rows,
                                     .columns = (int64_t)l->schema->count,
                                     .elapsed_ms = l->elapsed_ms};
        if (mdm_is_data_table(l->key)) info->row_count += l->rows;
        for (size_t c = 0; c < l->schema->count; c++) {
            const mdm_column_profile *p;
            if (mdm_profile_column(l->profile, c, &p, NULL) == MDM_OK)
                info->memory_bytes += mdm_columns_bytes(p);
        }
        if (!l->file) continue;
        const mdm_file_info *file = mdm_file_info_get(l->file);
        tables[t].bytes = file->bytes;
        tables[t].hash = file->hash;
        tables[t].rejected = file->rejected;
        tables[t].encoding = mdm_arena_text(&r->description->arena, file->encoding);
        tables[t].delimiter = mdm_arena_text(&r->description->arena, file->delimiter);
    }
    info->tables = tables;
    info->table_count = r->table_count;
}

static const char *setting_of(const mdm_location *location, const char *name)
{
    return mdm_location_setting(location, name);
}

static mdm_status describe_place(registration *r, mdm_error *err)
{
    mdm_dataset_info *info = &r->description->info;
    mdm_arena *arena = &r->description->arena;
    mdm_place place;
    info->backend = r->backend->name;
    r->description->folder = mdm_arena_text(arena, r->staging.folder);
    r->description->id = mdm_arena_text(arena, r->staging.id);
    if (!r->schema) {
        info->path = mdm_arena_printf(arena, "%s/%s%s", r->staging.path,
                                      r->staging.file_name, r->backend->dialect->file_suffix);
        return MDM_OK;
    }
    MDM_TRY(mdm_place_make(r->config, r->backend, NULL, r->schema, &place, err));
    info->host = mdm_arena_text(arena, setting_of(&place.location, "host"));
    info->port = mdm_arena_text(arena, setting_of(&place.location, "port"));
    info->database = mdm_arena_text(arena, setting_of(&place.location, "dbname"));
    info->schema = r->schema;
    mdm_place_clear(&place);
    return MDM_OK;
}

static mdm_status describe(registration *r, mdm_error *err)
{
    const mdm_dataset_spec *s = r->spec;
    mdm_description *d = r->description;
    mdm_dataset_info *info = &d->info;
    mdm_arena *arena = &d->arena;
    char now[40];
    mdm_description_now(now);
    describe_tables(r);
    MDM_TRY(describe_place(r, err));
    info->name = mdm_arena_text(arena, r->name);
    info->display_name = mdm_arena_text(arena, s->name);
    info->description = mdm_arena_text(arena, s->description ? s->description : "");
    info->problem_type = r->detected.problem_type;
    info->target_column = r->detected.target;
    info->time_column = mdm_arena_text(arena, s->time_column);
    info->group_column = mdm_arena_text(arena, s->group_column);
    info->id_columns = r->detected.id_columns;
    info->id_column_count = r->detected.id_column_count;
    info->datetime_columns = r->detected.datetime_columns;
    info->datetime_column_count = r->detected.datetime_column_count;
    info->tags = mdm_arena_list(arena, s->tags, s->tag_count);
    info->tag_count = s->tag_count;
    info->source = mdm_arena_text(arena, r->found.source ? r->found.source
                                         : r->found.count ? r->found.files[0].path : "");
    info->registered_at = mdm_arena_text(arena, now);
    d->computed_at = info->registered_at;
    info->data_version = 1;
    d->column_types = mdm_arena_list(arena, s->types, s->type_count);
    d->column_type_count = s->type_count;
    info->notes = r->loading.notes;
    info->note_count = r->loading.note_count;
    info->size_bytes = -1;
    return mdm_arena_status(arena, err);
}

/* --- replacing ------------------------------------------------------------------------------------- */

/* Become the only one who changes the dataset that will be replaced. A damaged description is replaced
 * too: its data folder, if any, is not ours to guess. */
static mdm_status claim_old(registration *r, mdm_error *err)
{
    if (!r->spec->replace || r->spec->dry_run) return MDM_OK;
    const mdm_status status = mdm_dataset_read(r->session, r->name, &r->old, err);
    if (status == MDM_NOT_FOUND || status == MDM_FORMAT) return MDM_OK;
    if (status != MDM_OK) return status;
    if (!r->old->description.folder) r->old->description.folder = r->old->description.info.name;
    const mdm_status claimed =
        mdm_folder_claim(r->config, r->old->description.folder, r->old->description.id,
                         r->old->description.info.schema, &r->old_owner, err);
    return claimed == MDM_NOT_FOUND ? MDM_OK : claimed; /* its data are gone: nothing to guard */
}

static void discard_old(registration *r)
{
    mdm_error mine = {0};
    if (!r->old) return;
    if (r->old->description.info.schema &&
        mdm_dataset_drop_schema(r->session, r->old->description.info.schema, NULL, &mine) != MDM_OK)
        mdm_loading_note(&r->loading, "the replaced schema '%s' could not be dropped: %s",
                         r->old->description.info.schema, mine.message);
    if (mdm_folder_discard(r->config, r->old->description.folder, &mine) != MDM_OK)
        mdm_loading_note(&r->loading, "the replaced data could not be removed: %s", mine.message);
    mdm_lock_drop(&r->old_owner);
}

/* --- the whole --------------------------------------------------------------------------------------- */

static mdm_status publish(registration *r, mdm_error *err)
{
    mdm_text text;
    mdm_text_init(&text);
    mdm_status status = mdm_description_write(r->description, &text, err);
    if (status == MDM_OK) status = mdm_description_json_write(r->description, r->staging.path, err);
    if (status == MDM_OK)
        status = mdm_staging_publish(&r->staging, (mdm_str){text.data, text.len}, r->spec->replace, err);
    mdm_text_clear(&text);
    return status;
}

static mdm_status work(registration *r, mdm_error *err)
{
    MDM_TRY(check_spec(r, err));
    if (!r->spec->stream) MDM_TRY(find_files(r, err));
    MDM_TRY(mdm_home_prepare(r->config, err));
    MDM_TRY(mdm_heal(r->config, mdm_dataset_folder_is_described, mdm_dataset_drop_schema, r->session,
                     NULL, err));
    MDM_TRY(claim_old(r, err));
    MDM_TRY(mdm_staging_begin(r->config, r->name, &r->staging, err));
    MDM_TRY(open_database(r, err));
    MDM_TRY(load(r, err));
    if (r->spec->dry_run) return describe(r, err);
    MDM_TRY(analyze(r, err));
    MDM_TRY(settle(r, err));
    MDM_TRY(describe(r, err));
    MDM_TRY(publish(r, err));
    discard_old(r);
    return MDM_OK;
}

/* Columns for mdm_dataset_columns(), while the figures are still here. */
static mdm_status keep_columns(registration *r, mdm_error *err)
{
    size_t count = 0;
    mdm_arena *arena = &r->description->arena;
    for (size_t t = 0; t < r->table_count; t++) count += r->tables[t].schema->count;
    mdm_column_info *columns = mdm_arena_alloc(arena, count + 1, sizeof *columns);
    size_t at = 0;
    for (size_t t = 0; columns && t < r->table_count; t++)
        for (size_t c = 0; c < r->tables[t].schema->count; c++) {
            char type[64];
            const mdm_column_profile *p;
            MDM_TRY(mdm_profile_column(r->tables[t].profile, c, &p, err));
            columns[at] = mdm_columns_of_profile(arena, r->backend->dialect, p);
            columns[at].table = r->tables[t].table;
            columns[at].type =
                mdm_arena_text(arena, mdm_sql_type(r->backend->dialect, p->type, type));
            columns[at++].role = mdm_role_text(r->detected.roles[t][c]);
        }
    r->dataset->columns = columns;
    r->dataset->column_count = at;
    return mdm_arena_status(arena, err);
}

/* Whatever has not been handed over or published goes; after success there is nothing. */
static void clean_up(registration *r)
{
    if (r->loading.database) mdm_session_forget(r->session, r->loading.database);
    if (r->schema && r->staging.path) {
        const mdm_status ignored =
            mdm_dataset_drop_schema(r->session, r->schema, r->staging.id, NULL);
        (void)ignored; /* the owner file names it: the next healer drops it */
    }
    mdm_staging_abandon(&r->staging);
    mdm_lock_drop(&r->old_owner);
    mdm_dataset_close(r->old);
    for (size_t t = 0; t < r->table_count; t++) mdm_loaded_clear(&r->tables[t]);
    mdm_free(r->tables);
    mdm_found_clear(&r->found);
}

mdm_status mdm_dataset_register(mdm_session *session, const mdm_dataset_spec *spec,
                                mdm_dataset **out, mdm_error *err)
{
    *out = NULL;
    mdm_dataset *dataset = mdm_alloc_zero(1, sizeof *dataset);
    if (!dataset) return mdm_no_memory(err, "a dataset");
    registration r = {.session = session,
                      .config = mdm_session_config(session),
                      .spec = spec,
                      .dataset = dataset,
                      .description = &dataset->description,
                      .staging.owner = MDM_LOCK_INIT,
                      .old_owner = MDM_LOCK_INIT};
    r.loading = (mdm_loading){.session = session, .spec = spec, .arena = &dataset->description.arena};

    mdm_operation operation =
        mdm_operation_begin(mdm_session_monitor(session), "dataset_registration");
    mdm_status status = work(&r, err);
    if (status == MDM_OK) status = keep_columns(&r, err);
    clean_up(&r);
    mdm_operation_end(&operation, status);
    if (status == MDM_OK && !spec->dry_run) mdm_dataset_complete(session, &dataset->description);
    if (status != MDM_OK) {
        mdm_dataset_close(dataset);
        return status;
    }
    *out = dataset;
    return MDM_OK;
}
