/* Paths: spelling them, looking at them, moving what they name. */
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/io.h"
#include "base/io_call.h"

/* Of a longer path a message shows the ends, so that it keeps place for the reason. */
#define SHOWN_HEAD 120
#define SHOWN_TAIL 200

static mdm_status status_of_errno(int code)
{
    switch (code) {
    case ENOENT:
    case ENOTDIR: return MDM_NOT_FOUND;
    case EEXIST:
    case ENOTEMPTY: return MDM_EXISTS;
    case EACCES:
    case EPERM:
    case EROFS:
    case ELOOP: return MDM_PERMISSION;
    case ENOMEM: return MDM_NO_MEMORY;
    default: return MDM_IO;
    }
}

mdm_status mdm_errno(mdm_error *err, int errno_value, const char *path)
{
    char buffer[128];
    /* What O_NOFOLLOW reports reads in the C library as if there were a loop. */
    const char *words = errno_value == ELOOP ? "is a symbolic link, which is not followed here"
                                             : strerror_r(errno_value, buffer, sizeof buffer);
    const mdm_status status = status_of_errno(errno_value);
    const size_t len = strlen(path);
    if (len > SHOWN_HEAD + SHOWN_TAIL)
        mdm_error_set(err, status, "%.*s...%s: %s", SHOWN_HEAD, path, path + (len - SHOWN_TAIL),
                      words);
    else mdm_error_set(err, status, "%s: %s", path, words);
    if (err) err->native = errno_value;
    return status;
}

mdm_status mdm_random(void *bytes, size_t count, mdm_error *err)
{
    char *at = bytes;
    while (count > 0) {
        const ssize_t got = mdm_call_random(at, count);
        if (got < 0) return mdm_errno(err, errno, "random bytes");
        at += got;
        count -= (size_t)got;
    }
    return MDM_OK;
}

/* --- spelling --------------------------------------------------------------- */

char *mdm_path_join(const char *folder, const char *name)
{
    const size_t len = strlen(folder);
    const bool ends = len > 0 && folder[len - 1] == '/';
    return mdm_asprintf("%s%s%s", folder, ends || len == 0 ? "" : "/", name);
}

const char *mdm_path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static mdm_status add_user_home(mdm_text *text, mdm_error *err)
{
    const char *home = getenv("HOME");
    struct passwd entry, *found = NULL;
    char buffer[4096];
    if (!home || !*home) {
        getpwuid_r(getuid(), &entry, buffer, sizeof buffer, &found);
        home = found ? found->pw_dir : NULL;
    }
    if (!home || home[0] != '/')
        return mdm_error_set(err, MDM_CONFIG,
                             "HOME is not set to an absolute path, so '~' is unknown");
    mdm_text_puts(text, home);
    return MDM_OK;
}

static mdm_status add_current_folder(mdm_text *text, mdm_error *err)
{
    char *current = getcwd(NULL, 0);
    if (!current) return mdm_errno(err, errno, "current folder");
    mdm_text_puts(text, current);
    free(current); /* not ours: getcwd() allocates with malloc() */
    return MDM_OK;
}

/* Append the parts of path, without empty ones and ".". ".." stays: taking it out would be
 * wrong behind a link. */
static void add_parts(mdm_text *text, const char *path)
{
    mdm_str rest = mdm_str_from(path);
    while (rest.len > 0) {
        const mdm_str part = mdm_str_split(&rest, '/');
        if (part.len == 0 || mdm_str_equal(part, MDM_STR("."))) continue;
        if (text->len == 0 || text->data[text->len - 1] != '/') mdm_text_putc(text, '/');
        mdm_text_add(text, part);
    }
    if (text->len == 0) mdm_text_putc(text, '/');
}

mdm_status mdm_path_absolute(const char *path, char **out, mdm_error *err)
{
    *out = NULL;
    if (!*path) return mdm_error_set(err, MDM_INVALID, "a path is empty");
    mdm_text text;
    mdm_text_init(&text);
    mdm_status status = MDM_OK;
    if (path[0] == '~' && (path[1] == '/' || path[1] == '\0')) {
        status = add_user_home(&text, err);
        path++;
    } else if (path[0] != '/') {
        status = add_current_folder(&text, err);
    }
    if (status == MDM_OK) {
        add_parts(&text, path);
        status = mdm_text_status(&text, err);
    }
    if (status == MDM_OK) *out = mdm_text_take(&text);
    mdm_text_clear(&text);
    return status;
}

mdm_status mdm_path_resolve(const char *path, char **out, mdm_error *err)
{
    *out = NULL;
    char *resolved = realpath(path, NULL);
    if (!resolved) return mdm_errno(err, errno, path);
    *out = mdm_strdup(resolved);
    free(resolved); /* not ours: realpath() allocates with malloc() */
    return *out ? MDM_OK : mdm_no_memory(err, "a path");
}

/* --- looking ---------------------------------------------------------------- */

static int look(const char *path, bool follow, mdm_path_stat *out)
{
    struct stat st;
    if (mdm_call_stat(AT_FDCWD, path, follow ? 0 : AT_SYMLINK_NOFOLLOW, &st) != 0) return -1;
    *out = (mdm_path_stat){
        .bytes = st.st_size,
        .mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec,
        .device = (uint64_t)st.st_dev,
        .inode = (uint64_t)st.st_ino,
        .mode = st.st_mode,
        .owner = st.st_uid,
        .is_dir = S_ISDIR(st.st_mode),
        .is_file = S_ISREG(st.st_mode),
        .is_link = S_ISLNK(st.st_mode),
    };
    return 0;
}

mdm_status mdm_path_look(const char *path, bool follow, mdm_path_stat *out, mdm_error *err)
{
    return look(path, follow, out) == 0 ? MDM_OK : mdm_errno(err, errno, path);
}

mdm_status mdm_path_find(const char *path, bool follow, bool *found, mdm_path_stat *out,
                         mdm_error *err)
{
    *found = look(path, follow, out) == 0;
    return *found || errno == ENOENT || errno == ENOTDIR ? MDM_OK : mdm_errno(err, errno, path);
}

/* --- moving ----------------------------------------------------------------- */

mdm_status mdm_path_rename(const char *from, const char *to, mdm_error *err)
{
    return mdm_call_rename(from, to) == 0 ? MDM_OK : mdm_errno(err, errno, from);
}

/* For file systems without RENAME_NOREPLACE (NFS, 9p, FUSE, ZFS). A hard link is refused when
 * the name is taken, so files still have exactly one winner. From the link on it has won: an old
 * name that cannot be taken away changes nothing. */
static int rename_new_by_link(const char *from, const char *to)
{
    if (mdm_call_link(from, to) != 0) return -1;
    mdm_call_unlink(AT_FDCWD, from, 0);
    return 0;
}

/* The last resort, with a gap between the look and the rename: for folders, of which rename()
 * refuses to replace a filled one, and for file systems that have no hard links either. */
static int rename_new_by_look(const char *from, const char *to)
{
    struct stat st;
    if (mdm_call_stat(AT_FDCWD, to, AT_SYMLINK_NOFOLLOW, &st) == 0) errno = EEXIST;
    else if (errno == ENOENT) return mdm_call_rename(from, to);
    return -1;
}

static bool lacks(int code)
{
    return code == EINVAL || code == ENOSYS || code == EOPNOTSUPP || code == EPERM;
}

static int rename_new(const char *from, const char *to)
{
    if (mdm_call_rename_new(from, to) == 0) return 0;
    if (errno != EINVAL && errno != ENOSYS) return -1;
    struct stat st;
    if (mdm_call_stat(AT_FDCWD, from, AT_SYMLINK_NOFOLLOW, &st) != 0) return -1;
    if (!S_ISDIR(st.st_mode)) {
        if (rename_new_by_link(from, to) == 0) return 0;
        if (!lacks(errno)) return -1;
    }
    return rename_new_by_look(from, to);
}

mdm_status mdm_path_rename_new(const char *from, const char *to, mdm_error *err)
{
    if (rename_new(from, to) == 0) return MDM_OK;
    const int code = errno;
    return mdm_errno(err, code, code == EEXIST || code == ENOTEMPTY ? to : from);
}
