#include "dataset/place.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/io.h"
#include "dataset/home.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define MAX_SETTINGS 24

/* A setting of the configuration and what the database calls it. */
typedef struct translation {
    const char *path, *name;
    const char *skip; /* a value that means "the database's own default" */
} translation;

static const translation sqlite_settings[] = {
    {"database.sqlite.journal_mode", "journal_mode", ""},
    {"database.sqlite.synchronous", "synchronous", ""},
    {"database.sqlite.cache_size", "cache_size", ""},
    {"database.sqlite.temp_store", "temp_store", ""},
    {"database.sqlite.mmap_size", "mmap_size", ""},
};

static const translation duckdb_settings[] = {
    {"database.duckdb.memory_limit", "memory_limit", "auto"},
    {"database.duckdb.threads", "threads", "auto"},
    {"database.duckdb.temp_directory", "temp_directory", ""},
};

static const translation postgresql_settings[] = {
    {"database.postgresql.host", "host", ""},
    {"database.postgresql.port", "port", ""},
    {"database.postgresql.user", "user", ""},
    {"database.postgresql.database", "dbname", ""},
    {"database.postgresql.sslmode", "sslmode", ""},
    {"database.postgresql.sslcert", "sslcert", ""},
    {"database.postgresql.sslkey", "sslkey", ""},
    {"database.postgresql.sslrootcert", "sslrootcert", ""},
};

static const struct {
    const char *backend;
    const translation *settings;
    size_t count;
} translations[] = {
    {"sqlite", sqlite_settings, COUNT(sqlite_settings)},
    {"duckdb", duckdb_settings, COUNT(duckdb_settings)},
    {"postgresql", postgresql_settings, COUNT(postgresql_settings)},
};

/* --- gathering -------------------------------------------------------------------- */

typedef struct gathering {
    mdm_arena *arena;
    mdm_setting *settings;
    size_t count;
} gathering;

static void put(gathering *g, const char *name, const char *value)
{
    if (!g->settings || !value || g->count == MAX_SETTINGS) return;
    for (size_t i = 0; i < g->count; i++)
        if (strcmp(g->settings[i].name, name) == 0) {
            g->settings[i].value = mdm_arena_text(g->arena, value);
            return;
        }
    g->settings[g->count++] = (mdm_setting){name, mdm_arena_text(g->arena, value)};
}

static const char *value_of(const mdm_config *config, const char *path)
{
    mdm_option option;
    if (mdm_config_find(config, path, &option, NULL) != MDM_OK) return NULL;
    return option.value;
}

static void gather(gathering *g, const mdm_config *config, const char *backend)
{
    for (size_t b = 0; b < COUNT(translations); b++) {
        if (strcmp(translations[b].backend, backend) != 0) continue;
        for (size_t i = 0; i < translations[b].count; i++) {
            const translation *t = &translations[b].settings[i];
            const char *value = value_of(config, t->path);
            if (value && *value && strcmp(value, t->skip) != 0) put(g, t->name, value);
        }
    }
}

/* --- what the settings do not say as the database wants it --------------------------------- */

/* "auto": 8 GB, but at most half of the memory. */
static void put_memory_limit(gathering *g, const mdm_config *config)
{
    const int64_t most = 8 * INT64_C(1024);
    char text[32];
    if (strcmp(mdm_config_text(config, "database.duckdb.memory_limit"), "auto") != 0) return;
    const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    const int64_t half = pages > 0 && page > 0 ? (int64_t)pages * page / 2 / (1024 * 1024) : most;
    snprintf(text, sizeof text, "%lldMiB", (long long)(half < most ? half : most));
    put(g, "memory_limit", text);
}

/* "auto": 4, but at most the cores that we may use. */
static void put_threads(gathering *g, const mdm_config *config)
{
    char text[32];
    if (strcmp(mdm_config_text(config, "database.duckdb.threads"), "auto") != 0) return;
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    snprintf(text, sizeof text, "%ld", cores < 1 ? 1 : cores < 4 ? cores : 4);
    put(g, "threads", text);
}

/* A URL is stronger than the single keys. */
static mdm_status put_url(gathering *g, const mdm_config *config, mdm_error *err)
{
    const char *url = mdm_config_text(config, "database.postgresql.url");
    mdm_location *location = NULL;
    if (!*url) return MDM_OK;
    mdm_status status = mdm_location_parse(mdm_str_from(url), &location, err);
    if (status != MDM_OK) return mdm_error_context(err, MDM_CONFIG, "database.postgresql.url");
    for (size_t i = 0; i < location->setting_count; i++) {
        const char *name = mdm_arena_text(g->arena, location->settings[i].name);
        if (name) put(g, name, location->settings[i].value);
    }
    mdm_location_free(location);
    return MDM_OK;
}

/* --- places ----------------------------------------------------------------------------- */

static mdm_status begin(const mdm_config *config, const mdm_backend *backend, gathering *g,
                        mdm_place *out, mdm_error *err)
{
    *out = (mdm_place){.location.backend = backend};
    *g = (gathering){.arena = &out->arena,
                     .settings = mdm_arena_alloc(&out->arena, MAX_SETTINGS, sizeof(mdm_setting))};
    gather(g, config, backend->name);
    if (strcmp(backend->name, "duckdb") == 0) {
        put_memory_limit(g, config);
        put_threads(g, config);
    }
    if (!(backend->caps & MDM_CAP_SERVER)) return MDM_OK;
    char seconds[32];
    snprintf(seconds, sizeof seconds, "%lld",
             (long long)mdm_config_int(config, "database.connection_timeout"));
    put(g, "connect_timeout", seconds);
    const char *password = mdm_config_text(config, "database.postgresql.password");
    if (*password) put(g, "password", password); /* else libpq looks where it always does */
    return put_url(g, config, err);
}

static mdm_status finish(gathering *g, const char *path, const char *schema, mdm_place *out,
                         mdm_error *err)
{
    out->location.path = mdm_arena_text(&out->arena, path);
    out->location.schema = mdm_arena_text(&out->arena, schema);
    out->location.settings = g->settings;
    out->location.setting_count = g->count;
    return mdm_arena_status(&out->arena, err);
}

mdm_status mdm_place_make(const mdm_config *config, const mdm_backend *backend, const char *path,
                          const char *schema, mdm_place *out, mdm_error *err)
{
    gathering g;
    mdm_status status = begin(config, backend, &g, out, err);
    if (status == MDM_OK) status = finish(&g, path, schema, out, err);
    if (status != MDM_OK) mdm_place_clear(out);
    return status;
}

/* Settings of an old description that we know by the same name. */
static void put_overrides(gathering *g, const mdm_description *d)
{
    for (size_t b = 0; b < COUNT(translations); b++) {
        if (strcmp(translations[b].backend, d->info.backend) != 0) continue;
        for (size_t i = 0; i < d->override_count; i++)
            for (size_t t = 0; t < translations[b].count; t++)
                if (strcmp(translations[b].settings[t].name, d->overrides[i].name) == 0)
                    put(g, translations[b].settings[t].name, d->overrides[i].value);
    }
}

static void put_server(gathering *g, const mdm_description *d)
{
    put(g, "host", d->info.host);
    put(g, "port", d->info.port);
    put(g, "dbname", d->info.database);
    for (size_t i = 0; i < d->override_count; i++)
        if (strcmp(d->overrides[i].name, "user") == 0) put(g, "user", d->overrides[i].value);
    bool known = false;
    for (size_t i = 0; i < g->count; i++) known = known || strcmp(g->settings[i].name, "password") == 0;
    if (!known) put(g, "password", d->password);
}

mdm_status mdm_place_of(const mdm_config *config, const mdm_description *d, mdm_place *out,
                        mdm_error *err)
{
    gathering g;
    *out = (mdm_place){0};
    const mdm_backend *backend = mdm_backend_find(mdm_str_from(d->info.backend));
    if (!backend)
        return mdm_error_set(err, MDM_UNSUPPORTED, "no driver for backend '%s'", d->info.backend);
    mdm_status status = begin(config, backend, &g, out, err);
    if (status == MDM_OK) {
        put_overrides(&g, d);
        if (backend->caps & MDM_CAP_SERVER) put_server(&g, d);
        status = finish(&g, d->info.path, d->info.schema, out, err);
    }
    if (status != MDM_OK) mdm_place_clear(out);
    return status;
}

void mdm_place_clear(mdm_place *place)
{
    for (size_t i = 0; i < place->location.setting_count; i++) {
        const mdm_setting *setting = &place->location.settings[i];
        if (strcmp(setting->name, "password") == 0 && setting->value)
            explicit_bzero((char *)(uintptr_t)setting->value, strlen(setting->value)); /* the arena's */
    }
    mdm_arena_clear(&place->arena);
    *place = (mdm_place){0};
}

const char *mdm_place_file(const mdm_config *config, mdm_description *d)
{
    mdm_path_stat look;
    const mdm_backend *backend = mdm_backend_find(mdm_str_from(d->info.backend));
    if (!backend || !backend->dialect->file_suffix) return NULL;
    if (d->info.path && mdm_path_look(d->info.path, true, &look, NULL) == MDM_OK)
        return d->info.path;
    char name[MDM_HOME_NAME];
    mdm_home_name(d->info.name, name);
    const char *moved = mdm_arena_printf(
        &d->arena, "%s/%s/%s%s", mdm_config_text(config, "paths.datasets_path"),
        d->folder ? d->folder : name, name, backend->dialect->file_suffix);
    if (moved && mdm_path_look(moved, true, &look, NULL) == MDM_OK) return moved;
    return d->info.path ? d->info.path : moved;
}
