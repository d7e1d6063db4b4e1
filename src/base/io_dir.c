/* Folders. What goes through a tree holds a descriptor for each level and never follows a link, so
 * that somebody who moves things about meanwhile cannot lead it elsewhere. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/io.h"
#include "base/io_call.h"

#define DEPTH_MAX 64 /* levels; ours have three */

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static DIR *open_below(int folder, const char *name)
{
    const int fd = mdm_call_open(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    return fd < 0 ? NULL : mdm_call_opendir(fd);
}

/* --- making ----------------------------------------------------------------- */

mdm_status mdm_dir_create(const char *path, mdm_error *err)
{
    return mdm_call_mkdir(path, 0700) == 0 ? MDM_OK : mdm_errno(err, errno, path);
}

/* An existing folder is fine, also as what a link points to. */
static mdm_status make_one(const char *path, mdm_error *err)
{
    if (mdm_call_mkdir(path, 0700) == 0) return MDM_OK;
    const int code = errno;
    struct stat st;
    if (mdm_call_stat(AT_FDCWD, path, 0, &st) == 0 && S_ISDIR(st.st_mode)) return MDM_OK;
    return mdm_errno(err, code == EEXIST ? ENOTDIR : code, path);
}

/* From the left, so that what fails is the first part that cannot be made. */
mdm_status mdm_dir_make(const char *path, mdm_error *err)
{
    struct stat st;
    if (mdm_call_stat(AT_FDCWD, path, 0, &st) == 0 && S_ISDIR(st.st_mode)) return MDM_OK;
    char *parent = mdm_strdup(path);
    if (!parent) return mdm_no_memory(err, "a path");
    mdm_status status = MDM_OK;
    for (char *at = parent + 1; status == MDM_OK && *parent && *at; at++) {
        if (*at != '/' || at[-1] == '/') continue;
        *at = '\0';
        status = make_one(parent, err);
        *at = '/';
    }
    if (status == MDM_OK) status = make_one(path, err);
    mdm_free(parent);
    return status;
}

mdm_status mdm_dir_sync(const char *path, mdm_error *err)
{
    const int fd = mdm_call_open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0) return mdm_errno(err, errno, path);
    /* Some file systems cannot sync a folder and need not: they say EINVAL. */
    const int code = mdm_call_fsync(fd) == 0 || errno == EINVAL ? 0 : errno;
    mdm_call_close(fd);
    return code ? mdm_errno(err, code, path) : MDM_OK;
}

/* --- removing --------------------------------------------------------------- */

static int remove_below(int folder, const char *name, int depth);

/* Delete what is in it. Somebody else may be deleting there too. */
static int empty(DIR *folder, int depth)
{
    for (;;) {
        const struct dirent *entry = mdm_call_readdir(folder);
        if (!entry) return errno == 0 ? 0 : -1;
        if (is_dots(entry->d_name)) continue;
        if (mdm_call_unlink(dirfd(folder), entry->d_name, 0) == 0 || errno == ENOENT) continue;
        /* Linux says EISDIR for a folder, POSIX EPERM. */
        if (errno != EISDIR && errno != EPERM) return -1;
        if (remove_below(dirfd(folder), entry->d_name, depth + 1) != 0) return -1;
    }
}

static int remove_below(int folder, const char *name, int depth)
{
    if (depth > DEPTH_MAX) {
        errno = EMFILE;
        return -1;
    }
    DIR *opened = open_below(folder, name);
    if (!opened) return errno == ENOENT ? 0 : -1;
    const int code = empty(opened, depth) == 0 ? 0 : errno;
    closedir(opened);
    if (code) {
        errno = code;
        return -1;
    }
    return mdm_call_unlink(folder, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : -1;
}

mdm_status mdm_dir_remove(const char *path, mdm_error *err)
{
    return remove_below(AT_FDCWD, path, 0) == 0 ? MDM_OK : mdm_errno(err, errno, path);
}

/* --- looking ---------------------------------------------------------------- */

static int sum_below(int folder, const char *name, int depth, int64_t *bytes);

static int sum_entry(int folder, const char *name, int depth, int64_t *bytes)
{
    struct stat st;
    if (mdm_call_stat(folder, name, AT_SYMLINK_NOFOLLOW, &st) != 0) return errno == ENOENT ? 0 : -1;
    if (S_ISREG(st.st_mode)) *bytes += st.st_size;
    return S_ISDIR(st.st_mode) ? sum_below(folder, name, depth + 1, bytes) : 0;
}

static int sum_below(int folder, const char *name, int depth, int64_t *bytes)
{
    if (depth > DEPTH_MAX) {
        errno = EMFILE;
        return -1;
    }
    DIR *opened = open_below(folder, name);
    if (!opened) return -1;
    int result = 0;
    const struct dirent *entry;
    while (result == 0 && (entry = mdm_call_readdir(opened)))
        if (!is_dots(entry->d_name)) result = sum_entry(dirfd(opened), entry->d_name, depth, bytes);
    const int code = errno; /* 0: the end was reached */
    closedir(opened);
    errno = code;
    return result == 0 && code == 0 ? 0 : -1;
}

mdm_status mdm_dir_bytes(const char *path, int64_t *bytes, mdm_error *err)
{
    *bytes = 0;
    return sum_below(AT_FDCWD, path, 0, bytes) == 0 ? MDM_OK : mdm_errno(err, errno, path);
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* False: no memory. */
static bool add_name(mdm_names *names, size_t *size, const char *name)
{
    if (names->count == *size) {
        const size_t wider = *size ? *size * 2 : 16;
        char **items = mdm_realloc(names->items, wider * sizeof *items);
        if (!items) return false;
        names->items = items;
        *size = wider;
    }
    names->items[names->count] = mdm_strdup(name);
    if (!names->items[names->count]) return false;
    names->count++;
    return true;
}

mdm_status mdm_dir_list(const char *path, mdm_names *out, mdm_error *err)
{
    *out = (mdm_names){0};
    const int fd = mdm_call_open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
    DIR *folder = fd < 0 ? NULL : mdm_call_opendir(fd);
    if (!folder) return mdm_errno(err, errno, path);
    mdm_status status = MDM_OK;
    size_t size = 0;
    const struct dirent *entry;
    while (status == MDM_OK && (entry = mdm_call_readdir(folder)))
        if (!is_dots(entry->d_name) && !add_name(out, &size, entry->d_name))
            status = mdm_no_memory(err, "the names in a folder");
    if (status == MDM_OK && errno != 0) status = mdm_errno(err, errno, path);
    closedir(folder);
    if (status != MDM_OK) mdm_names_free(out);
    else if (out->count > 1) qsort(out->items, out->count, sizeof *out->items, by_bytes);
    return status;
}

void mdm_names_free(mdm_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        mdm_free(names->items[i]);
    mdm_free(names->items);
    *names = (mdm_names){0};
}
