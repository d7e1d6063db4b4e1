/* The list of backends. */
#include "storage/storage.h"

static const mdm_backend_entry entries[] = {
    {&mdm_backend_sqlite, mdm_sqlite_library_version},
    {&mdm_backend_duckdb, mdm_duckdb_library_version},
    {&mdm_backend_postgresql, mdm_postgresql_library_version},
};

#define ENTRY_COUNT (sizeof entries / sizeof *entries)

const mdm_backend *mdm_backend_at(size_t index)
{
    return index < ENTRY_COUNT ? entries[index].backend : NULL;
}

const mdm_backend *mdm_backend_find(mdm_str name)
{
    for (size_t i = 0; i < ENTRY_COUNT; i++)
        if (mdm_str_equal_nocase(name, mdm_str_from(entries[i].backend->name)))
            return entries[i].backend;
    return NULL;
}

mdm_status mdm_backend_version(const mdm_backend *backend, char *text, mdm_error *err)
{
    text[0] = '\0';
    for (size_t i = 0; i < ENTRY_COUNT; i++)
        if (entries[i].backend == backend) return entries[i].version(text, err);
    return mdm_error_set(err, MDM_UNSUPPORTED, "the version of '%s' is not known", backend->name);
}

mdm_status mdm_error_native(mdm_error *err, mdm_status status, int native, const char *sqlstate)
{
    if (!err) return status;
    err->native = native;
    size_t i = 0;
    for (; sqlstate && sqlstate[i] && i < sizeof err->sqlstate - 1; i++)
        err->sqlstate[i] = sqlstate[i];
    err->sqlstate[i] = '\0';
    return status;
}
