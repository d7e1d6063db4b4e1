/* A file comes about under the name .tmp-ID (ID: 128 random bits) in its own folder, locked by
 * whoever writes it, and gets its name when it is on the disk. So one that can be locked was left
 * behind by a dead writer. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#include "base/alloc.h"
#include "base/io.h"
#include "base/io_call.h"

struct mdm_writer {
    char *path, *temporary; /* temporary NULL: it has its name, or was never made */
    int fd;
};

/* --- the temporary file ------------------------------------------------------ */

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

/* --- the name --------------------------------------------------------------- */

static mdm_status place_over(const char *from, const char *to, mdm_error *err)
{
    return mdm_call_rename(from, to) == 0 ? MDM_OK : mdm_errno(err, errno, to);
}

static mdm_status place_new(const char *from, const char *to, mdm_error *err)
{
    const mdm_status status = mdm_path_rename_new(from, to, NULL);
    return status == MDM_OK ? MDM_OK : mdm_errno(err, errno, to);
}

/* Sync, rename by `place`, sync the folder. Where it is not placed, the temporary file stays for
 * mdm_writer_close() to delete. */
static mdm_status finish(mdm_writer *writer,
                         mdm_status (*place)(const char *, const char *, mdm_error *),
                         mdm_error *err)
{
    /* A failed fsync is not tried again: the second one would say that all is well. */
    if (mdm_call_fsync(writer->fd) != 0) return mdm_errno(err, errno, writer->path);
    MDM_TRY(place(writer->temporary, writer->path, err));
    mdm_free(writer->temporary);
    writer->temporary = NULL;
    MDM_TRY(sync_folder_of(writer->path, err));
    const int fd = writer->fd;
    writer->fd = -1;
    return mdm_call_close(fd) == 0 ? MDM_OK : mdm_errno(err, errno, writer->path);
}

mdm_status mdm_writer_finish(mdm_writer *writer, mdm_error *err)
{
    return finish(writer, place_over, err);
}

mdm_status mdm_writer_publish(mdm_writer *writer, mdm_error *err)
{
    return finish(writer, place_new, err);
}

void mdm_writer_close(mdm_writer *writer)
{
    if (!writer) return;
    if (writer->fd >= 0 && writer->temporary) mdm_call_unlink(AT_FDCWD, writer->temporary, 0);
    if (writer->fd >= 0) mdm_call_close(writer->fd);
    mdm_free(writer->temporary);
    mdm_free(writer->path);
    mdm_free(writer);
}
