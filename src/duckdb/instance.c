/* All files that this process has open stand in one list, found by device and inode, so that two names
 * of one file are one instance, and a new file under an old name is not. Opening and closing take long;
 * meanwhile the entry says so and others wait, without the list's lock.
 *
 * Switching to writing: nobody new may begin, those who began end, then the idle connections and
 * the database are closed and opened again. */
#include "duckdb/instance.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/io.h"
#include "base/text.h"
#include "duckdb/error.h"
#include "duckdb/link.h"

#define MS 1000000
#define FIRST_RETRY_NS (5 * MS)
#define LAST_RETRY_NS (100 * MS)
/* How long a switch waits for the others when nobody said. */
#define SWITCH_PATIENCE_NS ((int64_t)1000 * MS)

typedef enum instance_state { OPENING, OPEN, CONDEMNED, CLOSING } instance_state;

struct mdm_duckdb_instance {
    /* guarded by files_lock */
    mdm_duckdb_instance *next;
    instance_state state;
    unsigned users; /* opens without their close */
    dev_t device;   /* 0 with inode 0: the file is being made */
    ino_t inode;

    char *path; /* canonical; NULL: in memory. Constant, like the settings */
    mdm_setting *settings;
    size_t setting_count;
    mdm_watcher watcher;
    uint64_t changes; /* atomic */

    pthread_mutex_t lock; /* guards all below, and the links */
    pthread_cond_t changed;
    duckdb_database database; /* NULL: switching failed and left nothing */
    bool read_only;
    bool switching;
    unsigned active; /* links that have begun */
    mdm_duckdb_link *links;
};

static pthread_mutex_t files_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t files_changed = PTHREAD_COND_INITIALIZER;
static mdm_duckdb_instance *files;

/* --- waiting ---------------------------------------------------------------- */

/* Wait on a condition for a moment, so that stop is looked at. */
static void wait_a_moment(pthread_cond_t *cond, pthread_mutex_t *lock)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 20 * MS;
    if (until.tv_nsec >= 1000 * MS) {
        until.tv_nsec -= 1000 * MS;
        until.tv_sec++;
    }
    pthread_cond_timedwait(cond, lock, &until);
}

static void sleep_ns(int64_t ns)
{
    const struct timespec t = {0, (long)ns};
    nanosleep(&t, NULL);
}

/* --- opening a database --------------------------------------------------------- */

/* DuckDB takes any name here and complains of unknown ones later, if at all. */
static mdm_status check_name(const char *name, mdm_error *err)
{
    const char *known[512];
    size_t count = 0;
    for (size_t i = 0; i < mdm_duck.config_count() && count < sizeof known / sizeof *known; i++) {
        const char *words;
        if (mdm_duck.get_config_flag(i, &known[count], &words) != DuckDBSuccess) continue;
        if (strcmp(known[count], name) == 0) return MDM_OK;
        count++;
    }
    const char *near = mdm_nearest(mdm_str_from(name), known, count);
    mdm_error_set(err, MDM_INVALID, "DuckDB has no setting '%s'", name);
    return near ? mdm_error_hint(err, MDM_INVALID, "did you mean %s?", near) : MDM_INVALID;
}

static mdm_status set_config(duckdb_config config, const char *name, const char *value,
                             mdm_error *err)
{
    if (mdm_duck.set_config(config, name, value) == DuckDBSuccess) return MDM_OK;
    return mdm_error_set(err, MDM_INVALID, "DuckDB does not take the value given for '%s'", name);
}

static mdm_status set_all(duckdb_config config, const mdm_setting *settings, size_t count,
                          mdm_error *err)
{
    for (size_t i = 0; i < count; i++) {
        MDM_TRY(check_name(settings[i].name, err));
        MDM_TRY(set_config(config, settings[i].name, settings[i].value, err));
    }
    return MDM_OK;
}

static mdm_status make_config(const mdm_duckdb_instance *instance, bool read_only,
                              duckdb_config *out, mdm_error *err)
{
    if (mdm_duck.create_config(out) != DuckDBSuccess)
        return mdm_no_memory(err, "a DuckDB configuration");
    MDM_TRY(set_config(*out, "autoinstall_known_extensions", "false", err));
    MDM_TRY(set_config(*out, "autoload_known_extensions", "false", err));
    if (instance->path)
        MDM_TRY(set_config(*out, "access_mode", read_only ? "READ_ONLY" : "READ_WRITE", err));
    else
        MDM_TRY(set_config(*out, "temp_directory", "", err)); /* else: .tmp where we stand */
    return set_all(*out, instance->settings, instance->setting_count, err);
}

/* Settings of one who joins an instance have no effect, but must be right all the same. */
static mdm_status check_settings(const mdm_duckdb_options *options, mdm_error *err)
{
    duckdb_config config = NULL;
    if (options->setting_count == 0) return MDM_OK;
    if (mdm_duck.create_config(&config) != DuckDBSuccess)
        return mdm_no_memory(err, "a DuckDB configuration");
    const mdm_status status = set_all(config, options->settings, options->setting_count, err);
    mdm_duck.destroy_config(&config);
    return status;
}

/* What SQL may use besides DuckDB's own: now, because no transaction sees what came later. */
static mdm_status set_up(duckdb_database database, mdm_error *err)
{
    duckdb_connection conn;
    if (mdm_duck.connect(database, &conn) != DuckDBSuccess)
        return mdm_error_set(err, MDM_BACKEND, "cannot connect to DuckDB");
    mdm_status status = mdm_stream_table_set_up(conn, err);
    duckdb_result result = {0};
    /* Else the words for a moment would depend on where the machine stands. */
    if (status == MDM_OK &&
        mdm_duck.query(conn, "SET GLOBAL TimeZone = 'UTC'", &result) != DuckDBSuccess)
        status = mdm_duckdb_error(err, mdm_duck.result_error(&result));
    mdm_duck.destroy_result(&result);
    mdm_duck.disconnect(&conn);
    return status;
}

static mdm_status open_once(mdm_duckdb_instance *instance, bool read_only, mdm_error *err)
{
    duckdb_config config = NULL;
    char *words = NULL;
    mdm_status status = make_config(instance, read_only, &config, err);
    if (status == MDM_OK && mdm_duck.open_ext(instance->path, &instance->database, config,
                                              &words) != DuckDBSuccess) {
        instance->database = NULL;
        status = mdm_duckdb_error(err, words);
    } else if (status == MDM_OK) {
        status = set_up(instance->database, err);
        if (status != MDM_OK) mdm_duck.close(&instance->database);
    }
    mdm_duck.free(words);
    mdm_duck.destroy_config(&config);
    return status;
}

/* Try until the other process lets go, or the deadline. */
static mdm_status open_database(mdm_duckdb_instance *instance, bool read_only,
                                const mdm_stop *stop, mdm_error *err)
{
    int64_t pause = FIRST_RETRY_NS;
    for (;;) {
        const mdm_status status = open_once(instance, read_only, err);
        if (status != MDM_BUSY || !stop || stop->deadline_ns == 0) return status;
        if (mdm_stop_check(stop, NULL) == MDM_CANCELLED) return mdm_stop_check(stop, err);
        if (mdm_clock_ns() + pause >= stop->deadline_ns) return status;
        sleep_ns(pause);
        pause = pause * 2 < LAST_RETRY_NS ? pause * 2 : LAST_RETRY_NS;
    }
}

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
    while (*at != instance) at = &(*at)->next;
    *at = instance->next;
}

/* --- switching to writing ------------------------------------------------------------ */

/* Under the lock: until nobody uses the instance. */
static mdm_status wait_for_quiet(mdm_duckdb_instance *instance, const mdm_stop *stop,
                                 mdm_error *err)
{
    const int64_t deadline = stop && stop->deadline_ns ? stop->deadline_ns
                                                       : mdm_clock_ns() + SWITCH_PATIENCE_NS;
    while (instance->active > 0) {
        if (mdm_stop_check(stop, NULL) == MDM_CANCELLED) return mdm_stop_check(stop, err);
        if (mdm_clock_ns() >= deadline) {
            mdm_error_set(err, MDM_BUSY, "%s cannot be opened for writing: this process is reading it",
                          instance->path);
            return mdm_error_hint(err, MDM_BUSY, "finish the open results and transactions first");
        }
        wait_a_moment(&instance->changed, &instance->lock);
    }
    return MDM_OK;
}

/* Under the lock, nobody active. */
static void drop_connections(mdm_duckdb_instance *instance)
{
    for (mdm_duckdb_link *link = instance->links; link; link = link->next) {
        if (!link->conn) continue;
        if (link->release) link->release(link->release_self);
        mdm_duck.disconnect(&link->conn);
        link->conn = NULL;
    }
}

static mdm_status reopen_for_writing(mdm_duckdb_instance *instance, const mdm_stop *stop,
                                     mdm_error *err)
{
    if (instance->database) mdm_duck.close(&instance->database);
    const mdm_status status = open_database(instance, false, stop, err);
    if (status == MDM_OK) instance->read_only = false;
    else (void)open_once(instance, true, NULL); /* readers go on; else they are told */
    return status;
}

static mdm_status switch_to_writing(mdm_duckdb_instance *instance, const mdm_stop *stop,
                                    mdm_error *err)
{
    mdm_status status = MDM_OK;
    pthread_mutex_lock(&instance->lock);
    while (instance->switching) wait_a_moment(&instance->changed, &instance->lock);
    if (instance->read_only) {
        instance->switching = true;
        status = wait_for_quiet(instance, stop, err);
        if (status == MDM_OK) {
            drop_connections(instance);
            pthread_mutex_unlock(&instance->lock);
            status = reopen_for_writing(instance, stop, err);
            pthread_mutex_lock(&instance->lock);
        }
        instance->switching = false;
        pthread_cond_broadcast(&instance->changed);
    }
    pthread_mutex_unlock(&instance->lock);
    return status;
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
    char *folder = name == path ? mdm_strdup(".") : mdm_str_dup((mdm_str){path, (size_t)(name - path)});
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
    MDM_TRY(open_database(instance, instance->read_only, stop, err));
    /* DuckDB makes its files for everybody. */
    if (is_new && (chmod(instance->path, S_IRUSR | S_IWUSR) != 0 ||
                   stat(instance->path, file) != 0)) {
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
        wait_a_moment(&files_changed, &files_lock);
    }
    if (status == MDM_OK && !instance) {
        status = open_new(canonical, &file, options, stop, out, err);
        instance = NULL;
    } else if (status == MDM_OK) {
        status = check_settings(options, err);
        if (status == MDM_OK) instance->users++;
    }
    pthread_mutex_unlock(&files_lock);

    if (status != MDM_OK || !instance) return status;
    if (!options->read_only) status = switch_to_writing(instance, stop, err);
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
    const mdm_status status = open_once(instance, false, err);
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
    if (condemned)
        return mdm_error_set(err, MDM_BACKEND, "DuckDB has given up on this database");
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

/* --- links ------------------------------------------------------------------------------- */

/* Under the lock. */
static mdm_status ensure_connection(mdm_duckdb_link *link, mdm_error *err)
{
    if (link->conn) return MDM_OK;
    if (!link->instance->database)
        return mdm_error_set(err, MDM_BACKEND, "%s could not be opened again",
                             link->instance->path);
    if (mdm_duck.connect(link->instance->database, &link->conn) == DuckDBSuccess) return MDM_OK;
    link->conn = NULL;
    return mdm_error_set(err, MDM_BACKEND, "cannot connect to DuckDB");
}

mdm_status mdm_duckdb_connect(mdm_duckdb_instance *instance, mdm_duckdb_link **out, mdm_error *err)
{
    *out = NULL;
    mdm_duckdb_link *link = mdm_alloc_zero(1, sizeof *link);
    if (!link) return mdm_no_memory(err, "a connection");
    link->instance = instance;
    pthread_mutex_lock(&instance->lock);
    link->next = instance->links;
    link->link = &instance->links;
    if (link->next) link->next->link = &link->next;
    instance->links = link;
    pthread_mutex_unlock(&instance->lock);

    const mdm_status status = mdm_duckdb_begin(link, NULL, err);
    if (status != MDM_OK) {
        mdm_duckdb_disconnect(link);
        return status;
    }
    mdm_duckdb_end(link);
    *out = link;
    return MDM_OK;
}

void mdm_duckdb_disconnect(mdm_duckdb_link *link)
{
    if (!link) return;
    mdm_duckdb_instance *instance = link->instance;
    pthread_mutex_lock(&instance->lock);
    while (instance->switching) wait_a_moment(&instance->changed, &instance->lock);
    *link->link = link->next;
    if (link->next) link->next->link = link->link;
    duckdb_connection conn = link->conn;
    pthread_mutex_unlock(&instance->lock);
    if (conn) mdm_duck.disconnect(&conn);
    mdm_free(link);
}

mdm_status mdm_duckdb_begin(mdm_duckdb_link *link, const mdm_stop *stop, mdm_error *err)
{
    if (link->depth > 0) {
        link->depth++;
        return MDM_OK;
    }
    mdm_duckdb_instance *instance = link->instance;
    mdm_status status = MDM_OK;
    pthread_mutex_lock(&instance->lock);
    while (instance->switching && status == MDM_OK) {
        status = mdm_stop_check(stop, err);
        if (status == MDM_OK) wait_a_moment(&instance->changed, &instance->lock);
    }
    if (status == MDM_OK) status = ensure_connection(link, err);
    if (status == MDM_OK) {
        instance->active++;
        link->depth = 1;
    }
    pthread_mutex_unlock(&instance->lock);
    return status;
}

void mdm_duckdb_end(mdm_duckdb_link *link)
{
    if (--link->depth > 0) return;
    mdm_duckdb_instance *instance = link->instance;
    pthread_mutex_lock(&instance->lock);
    instance->active--;
    if (instance->switching) pthread_cond_broadcast(&instance->changed);
    pthread_mutex_unlock(&instance->lock);
}

mdm_status mdm_duckdb_reconnect(mdm_duckdb_link *link, mdm_error *err)
{
    MDM_TRY(mdm_duckdb_begin(link, NULL, err));
    mdm_duckdb_instance *instance = link->instance;
    pthread_mutex_lock(&instance->lock);
    duckdb_connection old = link->conn;
    link->conn = NULL;
    const mdm_status status = ensure_connection(link, err);
    pthread_mutex_unlock(&instance->lock);
    mdm_duck.disconnect(&old);
    mdm_duckdb_end(link);
    return status;
}

uint64_t mdm_duckdb_changes(const mdm_duckdb_link *link)
{
    return __atomic_load_n(&link->instance->changes, __ATOMIC_ACQUIRE);
}

void mdm_duckdb_note_change(mdm_duckdb_link *link)
{
    __atomic_add_fetch(&link->instance->changes, 1, __ATOMIC_ACQ_REL);
}

#ifdef MDM_THREAD_SANITIZER
void mdm_duckdb_relay(void)
{
    static int relay;
    __atomic_add_fetch(&relay, 1, __ATOMIC_ACQ_REL);
}
#endif

void mdm_duckdb_interrupt(mdm_duckdb_link *link)
{
    pthread_mutex_lock(&link->instance->lock);
    if (link->conn) mdm_duck.interrupt(link->conn);
    pthread_mutex_unlock(&link->instance->lock);
}

static void interrupt_link(void *self)
{
    mdm_duckdb_interrupt(self);
}

void mdm_duckdb_watch(mdm_duckdb_link *link, const mdm_stop *stop)
{
    link->watch.stop = stop;
    link->watch.interrupt = interrupt_link;
    link->watch.self = link;
    mdm_watch_begin(&link->instance->watcher, &link->watch);
}

mdm_status mdm_duckdb_unwatch(mdm_duckdb_link *link)
{
    return mdm_watch_end(&link->instance->watcher, &link->watch);
}
