/* All files that this process has open stand in one list, found by device and inode, so that two
 * names of one file are one instance, and a new file under an old name is not. Opening and closing
 * take long; meanwhile the entry says so and others wait, without the list's lock. */
#include "duckdb/instance.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/io.h"
#include "duckdb/instance_state.h"

static pthread_mutex_t files_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t files_changed = PTHREAD_COND_INITIALIZER;
static mdm_duckdb_instance *files;

/* --- entries of the list ---------------------------------------------------------- */

static bool copy_settings(mdm_duckdb_instance *instance, const mdm_duckdb_options *options)
{
    if (options->setting_count == 0) return true;
    instance->settings = mdm_alloc_zero(options->setting_count, sizeof *instance->settings);
    if (!instance->settings) return false;
    for (size_t i = 0; i < options->setting_count; i++) {
        mdm_setting *setting = &instance->settings[instance->setting_count++];
        setting->name = mdm_strdup(options->settings[i].name);
        setting->value = mdm_strdup(options->settings[i].value);
        if (!setting->name || !setting->value) return false;
    }
    return true;
}

static void instance_free(mdm_duckdb_instance *instance)
{
    mdm_watcher_end(&instance->watcher);
    pthread_mutex_destroy(&instance->lock);
    pthread_cond_destroy(&instance->changed);
    for (size_t i = 0; i < instance->setting_count; i++) {
        mdm_free((char *)(uintptr_t)instance->settings[i].name);
        mdm_free((char *)(uintptr_t)instance->settings[i].value);
    }
    mdm_free(instance->settings);
    mdm_free(instance->path);
    mdm_free(instance);
}

/* Copies path (may be NULL) and the settings. */
static mdm_status instance_new(const char *path, const mdm_duckdb_options *options,
                               mdm_duckdb_instance **out, mdm_error *err)
{
    mdm_duckdb_instance *instance = mdm_alloc_zero(1, sizeof *instance);
    if (!instance) return mdm_no_memory(err, "a database");
    const mdm_status status = mdm_watcher_init(&instance->watcher, err);
    if (status != MDM_OK) {
        mdm_free(instance);
        return status;
    }
    pthread_mutex_init(&instance->lock, NULL);
    pthread_cond_init(&instance->changed, NULL);
    instance->users = 1;
    instance->read_only = options->read_only;
    if (path) instance->path = mdm_strdup(path);
    if ((path && !instance->path) || !copy_settings(instance, options)) {
        instance_free(instance);
        return mdm_no_memory(err, "a database");
    }
    *out = instance;
    return MDM_OK;
}

/* Under files_lock. file NULL: it does not exist yet. */
static mdm_duckdb_instance *find_file(const char *path, const struct stat *file)
{
    for (mdm_duckdb_instance *i = files; i; i = i->next) {
        if (file ? i->device == file->st_dev && i->inode == file->st_ino
                 : i->inode == 0 && strcmp(i->path, path) == 0)
            return i;
        /* It has just been made by somebody else who does not know its inode yet. */
        if (file && i->inode == 0 && i->state == OPENING && strcmp(i->path, path) == 0) return i;
    }
    return NULL;
}

/* Under files_lock. */
static void unlink_file(mdm_duckdb_instance *instance)
{
    mdm_duckdb_instance **at = &files;
    while (*at != instance)
        at = &(*at)->next;
    *at = instance->next;
}

/* --- open and close ------------------------------------------------------------------- */

/* What stands at path: its canonical name, and file (inode 0: nothing does). */
static mdm_status look_at(const char *path, bool create, char canonical[PATH_MAX],
                          struct stat *file, mdm_error *err)
{
    memset(file, 0, sizeof *file);
    if (realpath(path, canonical)) {
        if (stat(canonical, file) != 0) return mdm_errno(err, errno, path);
        if (!S_ISREG(file->st_mode))
            return mdm_error_set(err, MDM_FORMAT, "%s: not a regular file", path);
        return MDM_OK;
    }
    if (errno != ENOENT || !create) return mdm_errno(err, errno, path);

    const char *name = mdm_path_name(path);
    char *folder =
        name == path ? mdm_strdup(".") : mdm_str_dup((mdm_str){path, (size_t)(name - path)});
    if (!folder) return mdm_no_memory(err, "a path");
    const bool found = realpath(folder, canonical) != NULL;
    mdm_free(folder);
    if (!found) return mdm_errno(err, errno, path);
    const size_t len = strlen(canonical);
    if (len + 1 + strlen(name) >= PATH_MAX) return mdm_errno(err, ENAMETOOLONG, path);
    canonical[len] = '/';
    strcpy(canonical + len + 1, name);
    return MDM_OK;
}

/* A DuckDB file has this word behind its first checksum. DuckDB itself would ask for an extension
 * that reads the file, or fail later. */
static mdm_status check_magic(const char *path, mdm_error *err)
{
    char head[12] = {0};
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return mdm_errno(err, errno, path);
    const ssize_t got = pread(fd, head, sizeof head, 0);
    const int failure = errno;
    close(fd);
    if (got < 0) return mdm_errno(err, failure, path);
    if (memcmp(head + 8, "DUCK", 4) == 0) return MDM_OK;
    return mdm_error_set(err, MDM_FORMAT, "%s: not a DuckDB database", path);
}

/* Open what the entry describes and note which file it is. */
static mdm_status fill_entry(mdm_duckdb_instance *instance, bool is_new, const mdm_stop *stop,
                             struct stat *file, mdm_error *err)
{
    if (!is_new) MDM_TRY(check_magic(instance->path, err));
    MDM_TRY(mdm_duckdb_open_database(instance, instance->read_only, stop, err));
    /* DuckDB makes its files for everybody. */
    if (is_new &&
        (chmod(instance->path, S_IRUSR | S_IWUSR) != 0 || stat(instance->path, file) != 0)) {
        const int failure = errno;
        mdm_duck.close(&instance->database);
        return mdm_errno(err, failure, instance->path);
    }
    return MDM_OK;
}

static mdm_status open_new(const char *path, struct stat *file, const mdm_duckdb_options *options,
                           const mdm_stop *stop, mdm_duckdb_instance **out, mdm_error *err)
{
    mdm_duckdb_instance *instance;
    MDM_TRY(instance_new(path, options, &instance, err));
    const bool is_new = file->st_ino == 0;
    if (is_new) instance->read_only = false;
    instance->device = file->st_dev;
    instance->inode = file->st_ino;
    instance->state = OPENING;
    instance->next = files;
    files = instance;
    pthread_mutex_unlock(&files_lock);
    const mdm_status status = fill_entry(instance, is_new, stop, file, err);
    pthread_mutex_lock(&files_lock);
    if (status == MDM_OK) {
        instance->state = OPEN;
        instance->device = file->st_dev;
        instance->inode = file->st_ino;
        *out = instance;
    } else {
        unlink_file(instance);
        instance_free(instance);
    }
    pthread_cond_broadcast(&files_changed);
    return status;
}

static mdm_status open_file(const char *path, const mdm_duckdb_options *options,
                            const mdm_stop *stop, mdm_duckdb_instance **out, mdm_error *err)
{
    char canonical[PATH_MAX];
    struct stat file;
    mdm_duckdb_instance *instance = NULL;
    mdm_status status;

    pthread_mutex_lock(&files_lock);
    for (;;) {
        status = look_at(path, options->create, canonical, &file, err);
        if (status != MDM_OK) break;
        instance = find_file(canonical, file.st_ino ? &file : NULL);
        if (!instance || instance->state == OPEN) break;
        status = mdm_stop_check(stop, err);
        if (instance->state == CONDEMNED && (!stop || stop->deadline_ns == 0))
            status = mdm_error_set(err, MDM_BUSY, "%s is being closed after a fatal error", path);
        if (status != MDM_OK) break;
        mdm_duckdb_wait(&files_changed, &files_lock);
    }
    if (status == MDM_OK && !instance) {
        status = open_new(canonical, &file, options, stop, out, err);
        instance = NULL;
    } else if (status == MDM_OK) {
        status = mdm_duckdb_check_settings(options, err);
        if (status == MDM_OK) instance->users++;
    }
    pthread_mutex_unlock(&files_lock);

    if (status != MDM_OK || !instance) return status;
    if (!options->read_only) status = mdm_duckdb_switch_to_writing(instance, stop, err);
    if (status != MDM_OK) mdm_duckdb_close(instance);
    else *out = instance;
    return status;
}

mdm_status mdm_duckdb_open(const char *path, const mdm_duckdb_options *options,
                           const mdm_stop *stop, mdm_duckdb_instance **out, mdm_error *err)
{
    static const mdm_duckdb_options none;
    *out = NULL;
    if (!options) options = &none;
    MDM_TRY(mdm_stop_check(stop, err));
    MDM_TRY(mdm_duckdb_load(err));
    if (path) return open_file(path, options, stop, out, err);

    mdm_duckdb_instance *instance;
    MDM_TRY(instance_new(NULL, options, &instance, err));
    instance->read_only = false;
    const mdm_status status = mdm_duckdb_open_database(instance, false, stop, err);
    if (status == MDM_OK) {
        instance->state = OPEN;
        *out = instance;
    } else {
        instance_free(instance);
    }
    return status;
}

void mdm_duckdb_close(mdm_duckdb_instance *instance)
{
    if (!instance) return;
    if (instance->path) {
        pthread_mutex_lock(&files_lock);
        const bool last = --instance->users == 0;
        if (last) instance->state = CLOSING;
        pthread_mutex_unlock(&files_lock);
        if (!last) return;
    }
    if (instance->database) mdm_duck.close(&instance->database);
    if (instance->path) {
        pthread_mutex_lock(&files_lock);
        unlink_file(instance);
        pthread_cond_broadcast(&files_changed);
        pthread_mutex_unlock(&files_lock);
    }
    instance_free(instance);
}

bool mdm_duckdb_is_read_only(mdm_duckdb_instance *instance)
{
    pthread_mutex_lock(&instance->lock);
    const bool read_only = instance->read_only;
    pthread_mutex_unlock(&instance->lock);
    return read_only;
}

mdm_status mdm_duckdb_check(mdm_duckdb_instance *instance, mdm_error *err)
{
    struct stat now;
    pthread_mutex_lock(&files_lock);
    const bool condemned = instance->state == CONDEMNED;
    const dev_t device = instance->device;
    const ino_t inode = instance->inode;
    pthread_mutex_unlock(&files_lock);
    if (condemned) return mdm_error_set(err, MDM_BACKEND, "DuckDB has given up on this database");
    if (!instance->path) return MDM_OK;
    if (stat(instance->path, &now) == 0 && now.st_dev == device && now.st_ino == inode)
        return MDM_OK;
    return mdm_error_set(err, MDM_IO, "%s was moved or deleted", instance->path);
}

void mdm_duckdb_condemn(mdm_duckdb_instance *instance)
{
    pthread_mutex_lock(&files_lock);
    if (instance->state == OPEN) instance->state = CONDEMNED;
    pthread_mutex_unlock(&files_lock);
}
