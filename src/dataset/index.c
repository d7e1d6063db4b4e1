#include "dataset/index.h"

#include <jansson.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/map.h"
#include "dataset/json.h"
#include "sqlite/sqlite.h"

#define FILE_NAME "index.db"
#define VERSION 1 /* of the table; another one is thrown away */
#define RACY_NS 2000000000LL
#define BUSY_MS 50 /* nobody waits longer for an index */

/* The columns after name, file's stamp and time of noting, in this order everywhere. */
#define TEXTS(X)                                                                              \
    X(display_name) X(backend) X(path) X(host) X(port) X(database) X(schema) X(problem_type)  \
    X(target_column) X(time_column) X(group_column) X(source) X(description) X(registered_at) \
    X(last_updated_at)

#define CREATE_TABLE                                                                       \
    "CREATE TABLE datasets(file TEXT PRIMARY KEY, inode INTEGER, file_bytes INTEGER, "      \
    "file_changed INTEGER, noted INTEGER, name TEXT, display_name TEXT, backend TEXT, "     \
    "path TEXT, host TEXT, port TEXT, \"database\" TEXT, \"schema\" TEXT, "                 \
    "problem_type TEXT, target_column TEXT, time_column TEXT, group_column TEXT, "          \
    "source TEXT, description TEXT, created_at TEXT, updated_at TEXT, folder TEXT, "        \
    "rows INTEGER, size INTEGER, memory INTEGER, version INTEGER, tables TEXT, "            \
    "id_columns TEXT, tags TEXT) WITHOUT ROWID"
#define SELECT_ALL "SELECT * FROM datasets"
#define INSERT_ONE                                                                          \
    "INSERT OR REPLACE INTO datasets VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14," \
    "?15,?16,?17,?18,?19,?20,?21,?22,?23,?24,?25,?26,?27,?28,?29)"

enum {
    AT_FILE, AT_INODE, AT_BYTES, AT_CHANGED, AT_NOTED, AT_NAME, AT_TEXTS, /* TEXTS from here on */
    AT_FOLDER = AT_TEXTS + 15, AT_ROWS, AT_SIZE, AT_MEMORY, AT_VERSION, AT_TABLES, AT_IDS, AT_TAGS
};

typedef struct entry {
    mdm_dataset *dataset; /* NULL once it was handed out */
    uint64_t inode;
    int64_t bytes, changed_ns, noted_ns;
    bool wanted; /* somebody looked for it: its file exists */
} entry;

typedef struct note {
    char *file;
    mdm_path_stat stamp;
    const mdm_dataset *dataset; /* borrowed until close */
} note;

struct mdm_index {
    sqlite3 *db; /* NULL: it cannot be opened for writing */
    mdm_map entries;
    entry *all;
    size_t count, size;
    note *notes;
    size_t note_count, note_size;
};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* --- reading ------------------------------------------------------------------------------- */

static const char *column_text(mdm_arena *arena, sqlite3_stmt *row, int column)
{
    return mdm_arena_text(arena, (const char *)sqlite3_column_text(row, column));
}

static void read_list(mdm_arena *arena, sqlite3_stmt *row, int column, const char *const **items,
                      size_t *count)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    json_t *array = text ? json_loads(text, 0, NULL) : NULL;
    const size_t size = json_array_size(array);
    const char **list = mdm_arena_alloc(arena, size + 1, sizeof *list);
    *count = 0;
    for (size_t i = 0; list && i < size; i++)
        list[(*count)++] = mdm_arena_text(arena, json_string_value(json_array_get(array, i)));
    *items = list;
    json_decref(array);
}

/* [[key, table, rows, columns], ...] */
static void read_tables(mdm_arena *arena, sqlite3_stmt *row, mdm_dataset_info *info)
{
    const char *text = (const char *)sqlite3_column_text(row, AT_TABLES);
    json_t *array = text ? json_loads(text, 0, NULL) : NULL;
    const size_t size = json_array_size(array);
    mdm_table_info *tables = mdm_arena_alloc(arena, size + 1, sizeof *tables);
    for (size_t i = 0; tables && i < size; i++) {
        const json_t *one = json_array_get(array, i);
        tables[i] = (mdm_table_info){
            .key = mdm_arena_text(arena, json_string_value(json_array_get(one, 0))),
            .table = mdm_arena_text(arena, json_string_value(json_array_get(one, 1))),
            .rows = json_integer_value(json_array_get(one, 2)),
            .columns = json_integer_value(json_array_get(one, 3)),
            .bytes = -1,
            .elapsed_ms = -1};
    }
    info->tables = tables;
    info->table_count = tables ? size : 0;
    json_decref(array);
}

static mdm_dataset *read_row(sqlite3_stmt *row)
{
    mdm_dataset *dataset = mdm_alloc_zero(1, sizeof *dataset);
    if (!dataset) return NULL;
    mdm_description *d = &dataset->description;
    mdm_dataset_info *info = &d->info;
    int column = AT_TEXTS;
    info->name = column_text(&d->arena, row, AT_NAME);
#define X(field) info->field = column_text(&d->arena, row, column++);
    TEXTS(X)
#undef X
    d->folder = column_text(&d->arena, row, AT_FOLDER);
    info->row_count = sqlite3_column_int64(row, AT_ROWS);
    info->size_bytes = sqlite3_column_int64(row, AT_SIZE);
    info->memory_bytes = sqlite3_column_int64(row, AT_MEMORY);
    info->data_version = sqlite3_column_int64(row, AT_VERSION);
    read_tables(&d->arena, row, info);
    read_list(&d->arena, row, AT_IDS, &info->id_columns, &info->id_column_count);
    read_list(&d->arena, row, AT_TAGS, &info->tags, &info->tag_count);
    if (info->name && info->backend && info->description && info->source && !d->arena.failed)
        return dataset;
    mdm_dataset_close(dataset);
    return NULL;
}

static bool add_entry(mdm_index *index, sqlite3_stmt *row)
{
    if (index->count == index->size) {
        const size_t size = index->size ? index->size * 2 : 64;
        entry *wider = mdm_realloc(index->all, size * sizeof *wider);
        if (!wider) return false;
        index->all = wider;
        index->size = size;
    }
    index->all[index->count] =
        (entry){.dataset = read_row(row),
                .inode = (uint64_t)sqlite3_column_int64(row, AT_INODE),
                .bytes = sqlite3_column_int64(row, AT_BYTES),
                .changed_ns = sqlite3_column_int64(row, AT_CHANGED),
                .noted_ns = sqlite3_column_int64(row, AT_NOTED)};
    index->count++;
    return true;
}

static bool read_entries(mdm_index *index, mdm_error *err)
{
    sqlite3_stmt *rows = NULL;
    if (mdm_sqlite_prepare(index->db, MDM_STR(SELECT_ALL), &rows, NULL, err) != MDM_OK) return false;
    bool good = sqlite3_column_count(rows) == AT_TAGS + 1;
    int code = SQLITE_DONE;
    while (good && (code = sqlite3_step(rows)) == SQLITE_ROW) good = add_entry(index, rows);
    sqlite3_finalize(rows);
    return good && code == SQLITE_DONE;
}

/* Keys to entries, once these do not move any more. */
static bool map_entries(mdm_index *index)
{
    sqlite3_stmt *rows = NULL;
    size_t i = 0;
    bool good = mdm_sqlite_prepare(index->db, MDM_STR("SELECT file FROM datasets"), &rows, NULL, NULL) == MDM_OK;
    while (good && i < index->count && sqlite3_step(rows) == SQLITE_ROW)
        good = mdm_map_put(&index->entries,
                           mdm_str_from((const char *)sqlite3_column_text(rows, 0)),
                           &index->all[i++]);
    sqlite3_finalize(rows);
    return good;
}

/* --- opening ---------------------------------------------------------------------------------- */

static bool has_version(sqlite3 *db)
{
    sqlite3_stmt *row = NULL;
    bool good = mdm_sqlite_prepare(db, MDM_STR("PRAGMA user_version"), &row, NULL, NULL) == MDM_OK &&
                sqlite3_step(row) == SQLITE_ROW && sqlite3_column_int(row, 0) == VERSION;
    sqlite3_finalize(row);
    return good;
}

static sqlite3 *open_file(const char *path)
{
    sqlite3 *db = NULL;
    if (mdm_sqlite_open(path, MDM_SQLITE_CREATE, &db, NULL) != MDM_OK) return NULL;
    sqlite3_busy_timeout(db, BUSY_MS);
    /* Disposable: a power cut may cost the index, never a dataset. */
    const mdm_status status = mdm_sqlite_run(db, "PRAGMA synchronous=OFF", NULL);
    if (status == MDM_OK && has_version(db)) return db;
    mdm_sqlite_close(db);
    return NULL;
}

/* An index that cannot be read, or of another version, gives way to an empty one. */
static sqlite3 *make_file(const char *path)
{
    sqlite3 *db = NULL;
    mdm_status status = mdm_file_unlink(path, NULL);
    if (status != MDM_OK && status != MDM_NOT_FOUND) return NULL;
    if (mdm_sqlite_open(path, MDM_SQLITE_CREATE, &db, NULL) != MDM_OK) return NULL;
    sqlite3_busy_timeout(db, BUSY_MS);
    status = mdm_sqlite_run(db, "PRAGMA synchronous=OFF; BEGIN IMMEDIATE; " CREATE_TABLE
                                "; PRAGMA user_version=1; COMMIT", NULL);
    if (status == MDM_OK) return db;
    mdm_sqlite_close(db);
    return NULL;
}

mdm_status mdm_index_open(const mdm_config *config, mdm_index **out, mdm_error *err)
{
    mdm_path_stat look;
    *out = NULL;
    /* No home yet: nothing to list, and listing makes no folder. */
    if (mdm_path_look(mdm_config_text(config, "paths.configs_path"), true, &look, NULL) != MDM_OK)
        return MDM_OK;
    char *path = mdm_path_join(mdm_config_home(config), FILE_NAME);
    mdm_index *index = mdm_alloc_zero(1, sizeof *index);
    if (!path || !index) {
        mdm_free(path);
        mdm_free(index);
        return mdm_no_memory(err, "the index");
    }
    mdm_map_init(&index->entries);
    index->db = open_file(path);
    if (index->db && !(read_entries(index, NULL) && map_entries(index))) {
        mdm_sqlite_close(index->db);
        index->db = NULL;
        mdm_map_clear(&index->entries);
    }
    if (!index->db) index->db = make_file(path);
    mdm_free(path);
    *out = index;
    return MDM_OK;
}

/* --- looking up ------------------------------------------------------------------------------------ */

mdm_status mdm_index_find(mdm_index *index, const char *name, const mdm_path_stat *stamp,
                          mdm_dataset **out, mdm_error *err)
{
    (void)err;
    *out = NULL;
    entry *e = index ? mdm_map_get(&index->entries, mdm_str_from(name)) : NULL;
    if (!e) return MDM_OK;
    e->wanted = true;
    if (e->inode != stamp->inode || e->bytes != stamp->bytes || e->changed_ns != stamp->mtime_ns ||
        e->noted_ns - e->changed_ns < RACY_NS)
        return MDM_OK;
    *out = e->dataset;
    e->dataset = NULL;
    return MDM_OK;
}

void mdm_index_note(mdm_index *index, const char *name, const mdm_path_stat *stamp,
                    const mdm_dataset *dataset)
{
    if (!index || !index->db) return;
    if (index->note_count == index->note_size) {
        const size_t size = index->note_size ? index->note_size * 2 : 64;
        note *wider = mdm_realloc(index->notes, size * sizeof *wider);
        if (!wider) return;
        index->notes = wider;
        index->note_size = size;
    }
    char *file = mdm_strdup(name);
    if (file) index->notes[index->note_count++] = (note){file, *stamp, dataset};
}

/* --- writing ------------------------------------------------------------------------------------------ */

static void bind_text(sqlite3_stmt *row, int column, const char *text)
{
    if (text) sqlite3_bind_text(row, column + 1, text, -1, SQLITE_TRANSIENT);
    else sqlite3_bind_null(row, column + 1);
}

static void bind_json(sqlite3_stmt *row, int column, json_t *document)
{
    mdm_text text;
    mdm_text_init(&text);
    mdm_json_put(&text, document, JSON_COMPACT);
    bind_text(row, column, text.failed ? NULL : text.data);
    mdm_text_clear(&text);
}

static json_t *list_json(const char *const *items, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) json_array_append_new(array, json_string(items[i]));
    return array;
}

static json_t *tables_json(const mdm_dataset_info *info)
{
    json_t *array = json_array();
    for (size_t i = 0; i < info->table_count; i++)
        json_array_append_new(array, json_pack("[s, s, I, I]", info->tables[i].key,
                                               info->tables[i].table,
                                               (json_int_t)info->tables[i].rows,
                                               (json_int_t)info->tables[i].columns));
    return array;
}

static bool write_note(sqlite3_stmt *row, const note *n, int64_t noted_ns)
{
    const mdm_description *d = &n->dataset->description;
    const mdm_dataset_info *info = &d->info;
    int column = AT_TEXTS;
    bind_text(row, AT_FILE, n->file);
    sqlite3_bind_int64(row, AT_INODE + 1, (int64_t)n->stamp.inode);
    sqlite3_bind_int64(row, AT_BYTES + 1, n->stamp.bytes);
    sqlite3_bind_int64(row, AT_CHANGED + 1, n->stamp.mtime_ns);
    sqlite3_bind_int64(row, AT_NOTED + 1, noted_ns);
    bind_text(row, AT_NAME, info->name);
#define X(field) bind_text(row, column++, info->field);
    TEXTS(X)
#undef X
    bind_text(row, AT_FOLDER, d->folder);
    sqlite3_bind_int64(row, AT_ROWS + 1, info->row_count);
    sqlite3_bind_int64(row, AT_SIZE + 1, info->size_bytes);
    sqlite3_bind_int64(row, AT_MEMORY + 1, info->memory_bytes);
    sqlite3_bind_int64(row, AT_VERSION + 1, info->data_version);
    bind_json(row, AT_TABLES, tables_json(info));
    bind_json(row, AT_IDS, list_json(info->id_columns, info->id_column_count));
    bind_json(row, AT_TAGS, list_json(info->tags, info->tag_count));
    const bool good = sqlite3_step(row) == SQLITE_DONE;
    sqlite3_reset(row);
    return good;
}

static bool write_notes(mdm_index *index)
{
    sqlite3_stmt *row = NULL;
    const int64_t noted_ns = now_ns();
    bool good = mdm_sqlite_prepare(index->db, MDM_STR(INSERT_ONE), &row, NULL, NULL) == MDM_OK;
    for (size_t i = 0; good && i < index->note_count; i++)
        good = write_note(row, &index->notes[i], noted_ns);
    sqlite3_finalize(row);
    return good;
}

/* Entries whose files are gone. */
static bool delete_unwanted(mdm_index *index)
{
    sqlite3_stmt *row = NULL;
    mdm_str file;
    void *value;
    bool good = mdm_sqlite_prepare(index->db, MDM_STR("DELETE FROM datasets WHERE file = ?1"), &row,
                                   NULL, NULL) == MDM_OK;
    for (size_t i = 0; good && mdm_map_at(&index->entries, i, &file, &value); i++) {
        if (((const entry *)value)->wanted) continue;
        sqlite3_bind_text(row, 1, file.data, (int)file.len, SQLITE_TRANSIENT);
        good = sqlite3_step(row) == SQLITE_DONE;
        sqlite3_reset(row);
    }
    sqlite3_finalize(row);
    return good;
}

static bool has_unwanted(const mdm_index *index)
{
    for (size_t i = 0; i < index->count; i++)
        if (!index->all[i].wanted) return true;
    return false;
}

void mdm_index_close(mdm_index *index)
{
    if (!index) return;
    if (index->db && (index->note_count || has_unwanted(index)) &&
        mdm_sqlite_run(index->db, "BEGIN IMMEDIATE", NULL) == MDM_OK) {
        const bool good = write_notes(index) && delete_unwanted(index);
        const mdm_status ignored = mdm_sqlite_run(index->db, good ? "COMMIT" : "ROLLBACK", NULL);
        (void)ignored; /* the next one writes it */
    }
    mdm_sqlite_close(index->db);
    for (size_t i = 0; i < index->count; i++) mdm_dataset_close(index->all[i].dataset);
    for (size_t i = 0; i < index->note_count; i++) mdm_free(index->notes[i].file);
    mdm_map_clear(&index->entries);
    mdm_free(index->all);
    mdm_free(index->notes);
    mdm_free(index);
}
