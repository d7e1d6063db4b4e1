#include <stdio.h>
#include <string.h>
#include <time.h>

#include "dataset/description.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

typedef mdm_yaml_writer writer;

static void put_text(writer *w, const char *key, const char *text)
{
    mdm_yaml_key(w, key);
    if (text) mdm_yaml_add_text(w, mdm_str_from(text));
    else mdm_yaml_add_null(w);
}

static void put_known_int(writer *w, const char *key, int64_t number)
{
    if (number < 0) return;
    mdm_yaml_key(w, key);
    mdm_yaml_add_int(w, number);
}

static void put_known_text(writer *w, const char *key, const char *text)
{
    if (text) put_text(w, key, text);
}

static void put_list(writer *w, const char *key, const char *const *items, size_t count)
{
    mdm_yaml_key(w, key);
    mdm_yaml_list_begin(w);
    for (size_t i = 0; i < count; i++) mdm_yaml_add_text(w, mdm_str_from(items[i]));
    mdm_yaml_list_end(w);
}

/* Entries of a map as it was read whose keys we do not write ourselves. */
static void put_unknown(writer *w, const mdm_yaml *map, const char *const *known, size_t count)
{
    for (const mdm_yaml *node = map ? map->first : NULL; node; node = node->next) {
        bool ours = false;
        for (size_t i = 0; i < count && !ours; i++)
            ours = mdm_str_equal(node->key, mdm_str_from(known[i]));
        if (ours) continue;
        mdm_yaml_key(w, node->key.data);
        mdm_yaml_add_node(w, node);
    }
}

static void put_database(writer *w, const mdm_description *d)
{
    static const char *const known[] = {"backend", "path",   "host",     "port",
                                        "database", "schema", "password"}; /* the last: never again */
    const mdm_dataset_info *info = &d->info;
    mdm_yaml_key(w, "database");
    mdm_yaml_map_begin(w);
    put_text(w, "backend", info->backend);
    put_known_text(w, "path", info->path);
    put_known_text(w, "host", info->host);
    int64_t port;
    if (info->port && mdm_str_to_int(mdm_str_from(info->port), &port)) put_known_int(w, "port", port);
    else put_known_text(w, "port", info->port);
    put_known_text(w, "database", info->database);
    put_known_text(w, "schema", info->schema);
    put_unknown(w, mdm_yaml_get(d->tree, "database"), known, COUNT(known));
    mdm_yaml_map_end(w);
}

static void put_tables(writer *w, const mdm_description *d)
{
    mdm_yaml_key(w, "tables");
    mdm_yaml_map_begin(w);
    for (size_t i = 0; i < d->info.table_count; i++)
        put_text(w, d->info.tables[i].key, d->info.tables[i].table);
    mdm_yaml_map_end(w);
    mdm_yaml_key(w, "feature_tables");
    const mdm_yaml *features = mdm_yaml_get(d->tree, "feature_tables");
    if (features) {
        mdm_yaml_add_node(w, features);
    } else {
        mdm_yaml_map_begin(w);
        mdm_yaml_map_end(w);
    }
}

static void put_files(writer *w, const mdm_description *d)
{
    mdm_yaml_key(w, "files");
    mdm_yaml_list_begin(w);
    for (size_t i = 0; i < d->info.table_count; i++) {
        const mdm_table_info *t = &d->info.tables[i];
        char hash[20];
        if (!t->path && t->rows < 0) continue;
        snprintf(hash, sizeof hash, "%016llx", (unsigned long long)t->hash);
        mdm_yaml_map_begin(w);
        put_text(w, "key", t->key);
        put_known_text(w, "path", t->path);
        put_known_int(w, "bytes", t->bytes);
        if (t->hash) put_text(w, "hash", hash);
        put_known_text(w, "encoding", t->encoding);
        put_known_text(w, "delimiter", t->delimiter);
        put_known_int(w, "rows", t->rows);
        put_known_int(w, "columns", t->columns);
        put_known_int(w, "rejected", t->rejected);
        mdm_yaml_map_end(w);
    }
    mdm_yaml_list_end(w);
}

static void put_ours(writer *w, const mdm_description *d)
{
    static const char *const known[] = {"data_version", "folder", "id", "files", "type_overrides"};
    mdm_yaml_key(w, "mdm");
    mdm_yaml_map_begin(w);
    put_known_int(w, "data_version", d->info.data_version);
    put_known_text(w, "folder", d->folder);
    put_known_text(w, "id", d->id);
    put_files(w, d);
    put_list(w, "type_overrides", d->column_types, d->column_type_count);
    put_unknown(w, mdm_yaml_get(mdm_yaml_get(d->tree, "metadata"), "mdm"), known, COUNT(known));
    mdm_yaml_map_end(w);
}

static void put_metadata(writer *w, const mdm_description *d)
{
    static const char *const known[] = {"datetime_columns", "statistics", "mdm"};
    const mdm_dataset_info *info = &d->info;
    mdm_yaml_key(w, "metadata");
    mdm_yaml_map_begin(w);
    put_list(w, "datetime_columns", info->datetime_columns, info->datetime_column_count);
    mdm_yaml_key(w, "statistics");
    mdm_yaml_map_begin(w);
    put_known_int(w, "row_count", info->row_count);
    put_known_int(w, "memory_size_bytes", info->memory_bytes);
    put_known_text(w, "computed_at", d->computed_at);
    mdm_yaml_map_end(w);
    put_ours(w, d);
    put_unknown(w, mdm_yaml_get(d->tree, "metadata"), known, COUNT(known));
    mdm_yaml_map_end(w);
}

mdm_status mdm_description_write(const mdm_description *d, mdm_text *out, mdm_error *err)
{
    static const char *const known[] = {
        "name",        "display_name", "description",  "database",      "tables",
        "feature_tables", "problem_type", "target_column", "time_column", "group_column",
        "id_columns",  "registered_at", "last_updated_at", "tags",      "source",
        "version",     "metadata",
    };
    const mdm_dataset_info *info = &d->info;
    writer w;
    mdm_yaml_writer_init(&w, out);
    mdm_yaml_map_begin(&w);
    put_text(&w, "name", info->name);
    put_text(&w, "display_name", info->display_name);
    put_text(&w, "description", info->description);
    put_database(&w, d);
    put_tables(&w, d);
    put_text(&w, "problem_type", info->problem_type);
    put_text(&w, "target_column", info->target_column);
    put_text(&w, "time_column", info->time_column);
    put_text(&w, "group_column", info->group_column);
    put_list(&w, "id_columns", info->id_columns, info->id_column_count);
    put_text(&w, "registered_at", info->registered_at);
    put_text(&w, "last_updated_at", info->last_updated_at);
    put_list(&w, "tags", info->tags, info->tag_count);
    put_text(&w, "source", info->source);
    put_text(&w, "version", "1.0.0");
    put_metadata(&w, d);
    put_unknown(&w, d->tree, known, COUNT(known));
    mdm_yaml_map_end(&w);
    return mdm_text_status(out, err);
}

char *mdm_description_now(char *text)
{
    struct timespec now;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    const size_t len = strftime(text, 24, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text + len, 40 - len, ".%06d+00:00", (int)(now.tv_nsec / 1000) % 1000000);
    return text;
}
