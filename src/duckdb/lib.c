/* Candidates are tried in order; the first file that can be opened decides: a library of the wrong
 * version there is reported and not silently passed over for the next one. */
#include "duckdb/lib.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

#define LIBRARY_NAME "libduckdb.so"
#define STRINGIFY(x) #x
#define TEXT_OF(x) STRINGIFY(x)
#define HEADER_VERSION TEXT_OF(DUCKDB_API_VERSION_MAJOR) "." TEXT_OF(DUCKDB_API_VERSION_MINOR)

mdm_duckdb_functions mdm_duck;

static pthread_mutex_t load_lock = PTHREAD_MUTEX_INITIALIZER;
static char loaded_path[PATH_MAX]; /* "" until the table is filled; guarded by load_lock */

/* The folder of the file this code was loaded from; false: it has no path. */
static bool own_folder(char folder[PATH_MAX])
{
    Dl_info info;
    const void *here = (const void *)&mdm_duck;
    if (!dladdr(here, &info) || !info.dli_fname) return false;
    /* Of a program the loader knows only the name it was called by. */
    if (!strchr(info.dli_fname, '/') || !realpath(info.dli_fname, folder))
        if (!realpath("/proc/self/exe", folder)) return false;
    char *slash = strrchr(folder, '/');
    if (!slash) return false;
    *slash = '\0';
    return true;
}

/* Path of a library in a folder, when there is such a file. */
static bool path_in(const char *folder, const char *name, char path[PATH_MAX])
{
    char *joined = mdm_asprintf("%s/%s", folder, name);
    bool found = joined && realpath(joined, path) != NULL;
    mdm_free(joined);
    return found;
}

static void *open_library(char path[PATH_MAX], mdm_error *err)
{
    const char *wish = getenv("MDM_DUCKDB_LIBRARY");
    char folder[PATH_MAX];
    void *library = NULL;

    if (wish && *wish) {
        library = dlopen(wish, RTLD_LAZY | RTLD_LOCAL);
        if (!library) {
            mdm_error_set(err, MDM_NOT_FOUND, "cannot load DuckDB from MDM_DUCKDB_LIBRARY: %s",
                          dlerror());
            mdm_error_hint(err, MDM_NOT_FOUND,
                           "set MDM_DUCKDB_LIBRARY to the full path of a %s %s, or unset it",
                           LIBRARY_NAME, HEADER_VERSION);
        }
        mdm_str name = mdm_str_from(wish);
        if (name.len >= PATH_MAX) name.len = PATH_MAX - 1;
        memcpy(path, name.data, name.len);
        path[name.len] = '\0';
        return library;
    }

    if (!own_folder(folder) ||
        (!path_in(folder, "mdm/" LIBRARY_NAME, path) && !path_in(folder, LIBRARY_NAME, path)))
        strcpy(path, LIBRARY_NAME);
    library = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
    if (!library) {
        mdm_error_set(err, MDM_NOT_FOUND, "cannot load DuckDB: %s", dlerror());
        mdm_error_hint(err, MDM_NOT_FOUND,
                       "install %s %s beside libmdm.so (in mdm/), or set MDM_DUCKDB_LIBRARY to "
                       "its full path",
                       LIBRARY_NAME, HEADER_VERSION);
    }
    return library;
}

/* POSIX gives functions as object pointers; copying the bytes is the way that ISO C allows. */
static bool find_function(void *library, const char *name, void *slot, size_t bytes)
{
    void *address = dlsym(library, name);
    memcpy(slot, &address, bytes);
    return address != NULL;
}

static const char *first_missing(void *library, mdm_duckdb_functions *table)
{
#define X(name)                                                                     \
    if (!find_function(library, "duckdb_" #name, &table->name, sizeof table->name)) \
        return "duckdb_" #name;
    MDM_DUCKDB_FUNCTIONS(X)
#undef X
    return NULL;
}

/* The C interface is stable within major.minor only: vectors are read directly. */
static mdm_status check_version(const mdm_duckdb_functions *table, const char *path, mdm_error *err)
{
    const char *version = table->library_version();
    mdm_str has = mdm_str_from(version[0] == 'v' ? version + 1 : version);
    if (mdm_str_starts(has, MDM_STR(HEADER_VERSION "."))) return MDM_OK;
    mdm_error_set(err, MDM_UNSUPPORTED, "%s is DuckDB %s, but this MDM was built for %s", path,
                  version, HEADER_VERSION);
    return mdm_error_hint(err, MDM_UNSUPPORTED, "set MDM_DUCKDB_LIBRARY to a %s of version %s",
                          LIBRARY_NAME, HEADER_VERSION);
}

static mdm_status load(mdm_error *err)
{
    char path[PATH_MAX];
    mdm_duckdb_functions table;
    void *library = open_library(path, err);
    if (!library) return MDM_NOT_FOUND;

    mdm_status status = MDM_OK;
    if (!find_function(library, "duckdb_library_version", &table.library_version,
                       sizeof table.library_version)) {
        status = mdm_error_set(err, MDM_UNSUPPORTED, "%s is no DuckDB library", path);
    } else {
        status = check_version(&table, path, err);
        const char *missing = status == MDM_OK ? first_missing(library, &table) : NULL;
        if (missing)
            status = mdm_error_set(err, MDM_UNSUPPORTED, "%s lacks the function %s", path, missing);
    }
    if (status != MDM_OK) {
        dlclose(library);
        return status;
    }
    mdm_duck = table;
    strcpy(loaded_path, path);
    return MDM_OK;
}

mdm_status mdm_duckdb_load(mdm_error *err)
{
    pthread_mutex_lock(&load_lock);
    mdm_status status = loaded_path[0] ? MDM_OK : load(err);
    pthread_mutex_unlock(&load_lock);
    return status;
}

const char *mdm_duckdb_library_path(void)
{
    pthread_mutex_lock(&load_lock);
    const char *path = loaded_path[0] ? loaded_path : NULL;
    pthread_mutex_unlock(&load_lock);
    return path;
}
