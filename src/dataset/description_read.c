#include <math.h>
#include <string.h>

#include "dataset/description.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define MAX_WHOLE 9007199254740992.0 /* 2^53: every whole number below is a real */

typedef struct reader {
    mdm_description *d;
    const char *file;
    mdm_error *err;
} reader;

static mdm_status refuse(const reader *r, const mdm_yaml *node, const char *key, const char *what)
{
    return mdm_error_set(r->err, MDM_FORMAT, "%s:%d: %s is not %s", r->file, node->start.line, key,
                         what);
}

static mdm_status read_text(const reader *r, const mdm_yaml *map, const char *key, const char **out)
{
    const mdm_yaml *node = mdm_yaml_get(map, key);
    if (mdm_yaml_is_null(node)) return MDM_OK;
    const char *text = mdm_yaml_text(node);
    if (!text) return refuse(r, node, key, "a text");
    *out = mdm_arena_text(&r->d->arena, text);
    return MDM_OK;
}

static mdm_status read_int(const reader *r, const mdm_yaml *map, const char *key, int64_t *out)
{
    const mdm_yaml *node = mdm_yaml_get(map, key);
    double real;
    if (mdm_yaml_is_null(node) || mdm_yaml_to_int(node, out)) return MDM_OK;
    if (!mdm_yaml_to_real(node, &real) || !(fabs(real) < MAX_WHOLE) || real != floor(real))
        return refuse(r, node, key, "a whole number");
    *out = (int64_t)real; /* pandas counts in reals where a count was missing */
    return MDM_OK;
}

static mdm_status read_list(const reader *r, const mdm_yaml *map, const char *key,
                            const char *const **items, size_t *count)
{
    const mdm_yaml *node = mdm_yaml_get(map, key);
    if (mdm_yaml_is_null(node)) return MDM_OK;
    if (node->kind != MDM_YAML_LIST) return refuse(r, node, key, "a list");
    const char **list = mdm_arena_alloc(&r->d->arena, node->count + 1, sizeof *list);
    size_t used = 0;
    for (const mdm_yaml *item = node->first; list && item; item = item->next) {
        if (!mdm_yaml_text(item)) return refuse(r, item, key, "a list of texts");
        list[used++] = mdm_arena_text(&r->d->arena, mdm_yaml_text(item));
    }
    *items = list;
    *count = used;
    return MDM_OK;
}

/* --- database ------------------------------------------------------------------- */

/* Keys of `database` that say where the data are; the others of an old file are settings. */
static bool is_place(mdm_str key)
{
    static const char *const places[] = {"backend", "path", "host", "port", "database", "schema",
                                         "password", "database_prefix", "pool_size"};
    for (size_t i = 0; i < COUNT(places); i++)
        if (mdm_str_equal(key, mdm_str_from(places[i]))) return true;
    return false;
}

static mdm_status read_overrides(const reader *r, const mdm_yaml *database)
{
    mdm_setting *settings = mdm_arena_alloc(&r->d->arena, database->count + 1, sizeof *settings);
    size_t used = 0;
    for (const mdm_yaml *node = database->first; settings && node; node = node->next) {
        if (is_place(node->key) || mdm_yaml_is_null(node) || !mdm_yaml_text(node)) continue;
        settings[used++] = (mdm_setting){mdm_arena_str(&r->d->arena, node->key),
                                         mdm_arena_text(&r->d->arena, mdm_yaml_text(node))};
    }
    r->d->overrides = settings;
    r->d->override_count = used;
    return MDM_OK;
}

static mdm_status read_database(const reader *r, const mdm_yaml *root)
{
    mdm_dataset_info *info = &r->d->info;
    const mdm_yaml *database = mdm_yaml_get(root, "database");
    if (!database || database->kind != MDM_YAML_MAP)
        return mdm_error_set(r->err, MDM_FORMAT, "%s: no map 'database'", r->file);
    MDM_TRY(read_text(r, database, "backend", &info->backend));
    MDM_TRY(read_text(r, database, "path", &info->path));
    MDM_TRY(read_text(r, database, "host", &info->host));
    MDM_TRY(read_text(r, database, "port", &info->port));
    MDM_TRY(read_text(r, database, "database", &info->database));
    MDM_TRY(read_text(r, database, "schema", &info->schema));
    MDM_TRY(read_text(r, database, "password", &r->d->password));
    MDM_TRY(mdm_arena_status(&r->d->arena, r->err)); /* absent is not the same as not copied */
    if (!info->backend)
        return mdm_error_set(r->err, MDM_FORMAT, "%s:%d: database has no backend", r->file,
                             database->start.line);
    return read_overrides(r, database);
}

/* --- tables and metadata ------------------------------------------------------------- */

static mdm_status read_tables(const reader *r, const mdm_yaml *root)
{
    mdm_dataset_info *info = &r->d->info;
    const mdm_yaml *tables = mdm_yaml_get(root, "tables");
    if (mdm_yaml_is_null(tables)) return MDM_OK;
    if (tables->kind != MDM_YAML_MAP) return refuse(r, tables, "tables", "a map");
    mdm_table_info *list = mdm_arena_alloc(&r->d->arena, tables->count + 1, sizeof *list);
    size_t used = 0;
    for (const mdm_yaml *node = tables->first; list && node; node = node->next) {
        if (!mdm_yaml_text(node)) return refuse(r, node, "tables", "a map of texts");
        list[used++] = (mdm_table_info){.key = mdm_arena_str(&r->d->arena, node->key),
                                        .table = mdm_arena_text(&r->d->arena, mdm_yaml_text(node)),
                                        .bytes = -1, .rows = -1, .columns = -1, .elapsed_ms = -1};
    }
    info->tables = list;
    info->table_count = used;
    return MDM_OK;
}

static mdm_table_info *table_of(const mdm_description *d, const char *key)
{
    mdm_table_info *tables = (mdm_table_info *)(uintptr_t)d->info.tables; /* the arena's own */
    for (size_t i = 0; key && i < d->info.table_count; i++)
        if (strcmp(tables[i].key, key) == 0) return &tables[i];
    return NULL;
}

static mdm_status read_file_entry(const reader *r, const mdm_yaml *node)
{
    const char *key = NULL, *hash = NULL;
    MDM_TRY(read_text(r, node, "key", &key));
    mdm_table_info *t = table_of(r->d, key);
    if (!t) return MDM_OK; /* of a table that is gone */
    MDM_TRY(read_text(r, node, "path", &t->path));
    MDM_TRY(read_text(r, node, "encoding", &t->encoding));
    MDM_TRY(read_text(r, node, "delimiter", &t->delimiter));
    MDM_TRY(read_int(r, node, "bytes", &t->bytes));
    MDM_TRY(read_int(r, node, "rows", &t->rows));
    MDM_TRY(read_int(r, node, "columns", &t->columns));
    MDM_TRY(read_int(r, node, "rejected", &t->rejected));
    MDM_TRY(read_text(r, node, "hash", &hash));
    for (const char *c = hash; c && *c; c++) {
        const char *digits = "0123456789abcdef", *at = strchr(digits, *c);
        if (!at) return refuse(r, node, "hash", "hexadecimal");
        t->hash = t->hash << 4 | (uint64_t)(at - digits);
    }
    return MDM_OK;
}

static mdm_status read_metadata(const reader *r, const mdm_yaml *root)
{
    mdm_dataset_info *info = &r->d->info;
    const mdm_yaml *metadata = mdm_yaml_get(root, "metadata");
    const mdm_yaml *statistics = mdm_yaml_get(metadata, "statistics");
    const mdm_yaml *ours = mdm_yaml_get(metadata, "mdm");
    MDM_TRY(read_list(r, metadata, "datetime_columns", &info->datetime_columns,
                      &info->datetime_column_count));
    MDM_TRY(read_int(r, statistics, "row_count", &info->row_count));
    MDM_TRY(read_int(r, statistics, "memory_size_bytes", &info->memory_bytes));
    MDM_TRY(read_text(r, statistics, "computed_at", &r->d->computed_at));
    MDM_TRY(read_int(r, ours, "data_version", &info->data_version));
    MDM_TRY(read_text(r, ours, "folder", &r->d->folder));
    MDM_TRY(read_text(r, ours, "id", &r->d->id));
    MDM_TRY(read_list(r, ours, "type_overrides", &r->d->column_types, &r->d->column_type_count));
    const mdm_yaml *files = mdm_yaml_get(ours, "files");
    for (const mdm_yaml *node = files ? files->first : NULL; node; node = node->next)
        MDM_TRY(read_file_entry(r, node));
    return MDM_OK;
}

/* --- the whole ----------------------------------------------------------------------- */

static mdm_status read_root(const reader *r, const mdm_yaml *root)
{
    mdm_dataset_info *info = &r->d->info;
    const struct {
        const char *key;
        const char **field;
    } texts[] = {
        {"name", &info->name},
        {"display_name", &info->display_name},
        {"description", &info->description},
        {"problem_type", &info->problem_type},
        {"target_column", &info->target_column},
        {"time_column", &info->time_column},
        {"group_column", &info->group_column},
        {"registered_at", &info->registered_at},
        {"last_updated_at", &info->last_updated_at},
        {"source", &info->source},
    };
    for (size_t i = 0; i < COUNT(texts); i++)
        MDM_TRY(read_text(r, root, texts[i].key, texts[i].field));
    MDM_TRY(read_list(r, root, "id_columns", &info->id_columns, &info->id_column_count));
    MDM_TRY(read_list(r, root, "tags", &info->tags, &info->tag_count));
    MDM_TRY(read_database(r, root));
    MDM_TRY(read_tables(r, root));
    MDM_TRY(read_metadata(r, root));
    MDM_TRY(mdm_arena_status(&r->d->arena, r->err));
    if (!info->name) return mdm_error_set(r->err, MDM_FORMAT, "%s: no 'name'", r->file);
    if (!info->description) info->description = "";
    if (!info->source) info->source = "";
    return MDM_OK;
}

mdm_status mdm_description_read(mdm_str text, const char *file, mdm_description *out, mdm_error *err)
{
    *out = (mdm_description){0};
    out->info.row_count = out->info.memory_bytes = -1;
    out->info.size_bytes = out->info.data_version = -1;
    const reader r = {out, file, err};
    mdm_status status = mdm_yaml_read(text, file, MDM_FORMAT, &out->tree, err);
    if (status == MDM_OK && out->tree->kind != MDM_YAML_MAP)
        status = mdm_error_set(err, MDM_FORMAT, "%s: not a description of a dataset", file);
    if (status == MDM_OK) status = read_root(&r, out->tree);
    if (status != MDM_OK) mdm_description_clear(out);
    return status;
}

void mdm_description_clear(mdm_description *d)
{
    mdm_arena_clear(&d->arena);
    mdm_yaml_close(d->tree);
    *d = (mdm_description){0};
}
