#include "storage/postgresql_lib.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "storage/storage.h"

#define LIBRARY_NAME "libpq.so.5"

mdm_pq_functions mdm_pq;

static pthread_mutex_t load_lock = PTHREAD_MUTEX_INITIALIZER;
static bool loaded; /* guarded by load_lock */

/* POSIX gives functions as object pointers; copying the bytes is the way that ISO C allows. */
static bool find_function(void *library, const char *name, void *slot, size_t bytes)
{
    void *address = dlsym(library, name);
    memcpy(slot, &address, bytes);
    return address != NULL;
}

static const char *first_missing(void *library, mdm_pq_functions *table)
{
#define X(name) \
    if (!find_function(library, "PQ" #name, &table->name, sizeof table->name)) return "PQ" #name;
    MDM_PQ_FUNCTIONS(X)
#undef X
    return NULL;
}

static mdm_status load(mdm_error *err)
{
    void *library = dlopen(LIBRARY_NAME, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        mdm_error_set(err, MDM_UNSUPPORTED, "cannot load the client library of PostgreSQL: %s",
                      dlerror());
        return mdm_error_hint(err, MDM_UNSUPPORTED, "install the package libpq5");
    }
    mdm_pq_functions table;
    const char *missing = first_missing(library, &table);
    if (missing) {
        mdm_error_set(err, MDM_UNSUPPORTED, LIBRARY_NAME " lacks the function %s", missing);
        mdm_error_hint(err, MDM_UNSUPPORTED, "install libpq of PostgreSQL 14 or newer");
        dlclose(library);
        return MDM_UNSUPPORTED;
    }
    mdm_pq = table;
    loaded = true;
    return MDM_OK;
}

mdm_status mdm_pq_load(mdm_error *err)
{
    pthread_mutex_lock(&load_lock);
    mdm_status status = loaded ? MDM_OK : load(err);
    pthread_mutex_unlock(&load_lock);
    return status;
}

mdm_status mdm_postgresql_library_version(char *text, mdm_error *err)
{
    MDM_TRY(mdm_pq_load(err));
    int version = mdm_pq.libVersion();
    snprintf(text, 64, "%d.%d", version / 10000, version % 10000);
    return MDM_OK;
}
