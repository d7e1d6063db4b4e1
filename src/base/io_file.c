/* Whole files. A file comes about under the name .tmp-ID (ID: 128 random bits) in its own folder,
 * locked by whoever writes it, and gets its name when it is on the disk. So one that can be locked
 * was left behind by a dead writer. */
#include <errno.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/io.h"
#include "base/io_call.h"

/* --- reading ---------------------------------------------------------------- */

static mdm_status read_all(int fd, const char *path, size_t limit, mdm_text *out, mdm_error *err)
{
    char block[16384];
    for (;;) {
        const ssize_t got = mdm_call_read(fd, block, sizeof block);
        if (got < 0) return mdm_errno(err, errno, path);
        if (got == 0) return mdm_text_status(out, err);
        if ((size_t)got > limit - out->len)
            return mdm_error_set(err, MDM_FORMAT, "%s: larger than %zu bytes", path, limit);
        mdm_text_add(out, (mdm_str){block, (size_t)got});
        if (out->failed) return mdm_text_status(out, err);
    }
}

mdm_status mdm_file_read(const char *path, size_t limit, mdm_text *out, mdm_error *err)
{
    mdm_text_init(out);
    /* Without O_NONBLOCK a FIFO in this place would be waited for. */
    const int fd = mdm_call_open(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW, 0);
    if (fd < 0) return mdm_errno(err, errno, path);
    struct stat st;
    mdm_status status;
    if (mdm_call_fstat(fd, &st) != 0) status = mdm_errno(err, errno, path);
    else if (!S_ISREG(st.st_mode))
        status = mdm_error_set(err, MDM_FORMAT, "%s: not a regular file", path);
    else status = read_all(fd, path, limit, out, err);
    mdm_call_close(fd);
    if (status != MDM_OK) mdm_text_clear(out);
    return status;
}

/* --- writing ---------------------------------------------------------------- */

static mdm_status write_all(int fd, const char *path, mdm_str bytes, mdm_error *err)
{
    while (bytes.len > 0) {
        const ssize_t done = mdm_call_write(fd, bytes.data, bytes.len);
        if (done < 0) return mdm_errno(err, errno, path);
        bytes.data += done;
        bytes.len -= (size_t)done;
    }
    return MDM_OK;
}

/* "FOLDER/" of path, or "" when it has none. */
static mdm_str folder_of(const char *path)
{
    return (mdm_str){path, (size_t)(mdm_path_name(path) - path)};
}

static mdm_status sync_folder_of(const char *path, mdm_error *err)
{
    const mdm_str folder = folder_of(path);
    char *name = folder.len ? mdm_str_dup(folder) : mdm_strdup(".");
    if (!name) return mdm_no_memory(err, "a path");
    const mdm_status status = mdm_dir_sync(name, err);
    mdm_free(name);
    return status;
}

static mdm_status temporary_name(const char *path, char **out, mdm_error *err)
{
    uint64_t id[2];
    MDM_TRY(mdm_random(id, sizeof id, err));
    const mdm_str folder = folder_of(path);
    *out = mdm_asprintf("%.*s.tmp-%016llx%016llx", (int)folder.len, folder.data,
                        (unsigned long long)id[0], (unsigned long long)id[1]);
    return *out ? MDM_OK : mdm_no_memory(err, "a path");
}

/* One try to make a new locked file. *fd stays -1 when somebody who tidies up was faster than
 * the lock. */
static mdm_status try_temporary(const char *path, const char *name, mode_t mode, int *fd,
                                mdm_error *err)
{
    struct stat st;
    const int opened =
        mdm_call_open(AT_FDCWD, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
    if (opened < 0) return mdm_errno(err, errno, path);
    const bool locked = mdm_call_flock(opened, LOCK_EX | LOCK_NB) == 0;
    if (locked && mdm_call_fstat(opened, &st) == 0) {
        if (st.st_nlink > 0) *fd = opened;
        else mdm_call_close(opened);
        return MDM_OK;
    }
    const int code = errno;
    mdm_call_unlink(AT_FDCWD, name, 0);
    mdm_call_close(opened);
    return code == EWOULDBLOCK ? MDM_OK : mdm_errno(err, code, path);
}

static mdm_status open_temporary(const char *path, mode_t mode, char **name, int *fd,
                                 mdm_error *err)
{
    *fd = -1;
    while (*fd < 0) {
        mdm_free(*name);
        *name = NULL;
        MDM_TRY(temporary_name(path, name, err));
        MDM_TRY(try_temporary(path, *name, mode, fd, err));
    }
    return MDM_OK;
}

/* Write under another name, sync, rename by `place`, sync the folder. The lock is held until the
 * end. */
static mdm_status write_and_place(const char *path, mdm_str bytes,
                                  mdm_status (*place)(const char *, const char *, mdm_error *),
                                  mdm_error *err)
{
    char *name = NULL;
    int fd = -1;
    bool placed = false;
    mdm_status status = open_temporary(path, 0600, &name, &fd, err);
    if (status == MDM_OK) status = write_all(fd, path, bytes, err);
    /* A failed fsync is not tried again: the second one would say that all is well. */
    if (status == MDM_OK && mdm_call_fsync(fd) != 0) status = mdm_errno(err, errno, path);
    if (status == MDM_OK) {
        status = place(name, path, err);
        placed = status == MDM_OK;
    }
    if (placed) status = sync_folder_of(path, err);
    else if (fd >= 0) mdm_call_unlink(AT_FDCWD, name, 0);
    if (fd >= 0 && mdm_call_close(fd) != 0 && status == MDM_OK)
        status = mdm_errno(err, errno, path);
    mdm_free(name);
    return status;
}

static mdm_status place_over(const char *from, const char *to, mdm_error *err)
{
    return mdm_call_rename(from, to) == 0 ? MDM_OK : mdm_errno(err, errno, to);
}

static mdm_status place_new(const char *from, const char *to, mdm_error *err)
{
    const mdm_status status = mdm_path_rename_new(from, to, NULL);
    return status == MDM_OK ? MDM_OK : mdm_errno(err, errno, to);
}

mdm_status mdm_file_replace(const char *path, mdm_str bytes, mdm_error *err)
{
    return write_and_place(path, bytes, place_over, err);
}

mdm_status mdm_file_publish(const char *path, mdm_str bytes, mdm_error *err)
{
    return write_and_place(path, bytes, place_new, err);
}

mdm_status mdm_file_append(const char *path, mdm_str bytes, mdm_error *err)
{
    const int fd = mdm_call_open(AT_FDCWD, path,
                                 O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (fd < 0) return mdm_errno(err, errno, path);
    const ssize_t done = mdm_call_write(fd, bytes.data, bytes.len);
    int code = done < 0 ? errno : (size_t)done < bytes.len ? ENOSPC : 0;
    if (mdm_call_close(fd) != 0 && code == 0) code = errno;
    return code ? mdm_errno(err, code, path) : MDM_OK;
}

mdm_status mdm_file_sync(const char *path, mdm_error *err)
{
    const int fd = mdm_call_open(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW, 0);
    if (fd < 0) return mdm_errno(err, errno, path);
    int code = mdm_call_fsync(fd) == 0 ? 0 : errno;
    if (mdm_call_close(fd) != 0 && code == 0) code = errno;
    return code ? mdm_errno(err, code, path) : MDM_OK;
}

mdm_status mdm_file_unlink(const char *path, mdm_error *err)
{
    return mdm_call_unlink(AT_FDCWD, path, 0) == 0 ? MDM_OK : mdm_errno(err, errno, path);
}

/* --- bit by bit ---------------------------------------------------------------- */

struct mdm_writer {
    char *path, *temporary; /* temporary NULL: it has its name, or was never made */
    int fd;
};

mdm_status mdm_writer_open(const char *path, mode_t mode, mdm_writer **out, mdm_error *err)
{
    *out = NULL;
    mdm_writer *writer = mdm_alloc_zero(1, sizeof *writer);
    if (!writer) return mdm_no_memory(err, "a file being written");
    writer->fd = -1;
    writer->path = mdm_strdup(path);
    mdm_status status = writer->path ? MDM_OK : mdm_no_memory(err, "a path");
    if (status == MDM_OK) status = open_temporary(path, mode, &writer->temporary, &writer->fd, err);
    if (status == MDM_OK) *out = writer;
    else mdm_writer_close(writer);
    return status;
}

const char *mdm_writer_path(const mdm_writer *writer)
{
    return writer->temporary;
}

mdm_status mdm_writer_add(mdm_writer *writer, mdm_str bytes, mdm_error *err)
{
    return write_all(writer->fd, writer->path, bytes, err);
}

mdm_status mdm_writer_finish(mdm_writer *writer, mdm_error *err)
{
    /* As above: a failed fsync is not tried again. */
    if (mdm_call_fsync(writer->fd) != 0) return mdm_errno(err, errno, writer->path);
    MDM_TRY(place_over(writer->temporary, writer->path, err));
    mdm_free(writer->temporary);
    writer->temporary = NULL;
    const int fd = writer->fd;
    writer->fd = -1;
    if (mdm_call_close(fd) != 0) return mdm_errno(err, errno, writer->path);
    return sync_folder_of(writer->path, err);
}

void mdm_writer_close(mdm_writer *writer)
{
    if (!writer) return;
    if (writer->fd >= 0) {
        if (writer->temporary) mdm_call_unlink(AT_FDCWD, writer->temporary, 0);
        mdm_call_close(writer->fd);
    }
    mdm_free(writer->temporary);
    mdm_free(writer->path);
    mdm_free(writer);
}
