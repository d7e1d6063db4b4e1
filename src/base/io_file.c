/* Whole files. */
#include <errno.h>

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

static mdm_status write_whole(const char *path, mdm_str bytes,
                              mdm_status (*finish)(mdm_writer *, mdm_error *), mdm_error *err)
{
    mdm_writer *writer = NULL;
    MDM_TRY(mdm_writer_open(path, 0600, &writer, err));
    mdm_status status = mdm_writer_add(writer, bytes, err);
    if (status == MDM_OK) status = finish(writer, err);
    mdm_writer_close(writer);
    return status;
}

mdm_status mdm_file_replace(const char *path, mdm_str bytes, mdm_error *err)
{
    return write_whole(path, bytes, mdm_writer_finish, err);
}

mdm_status mdm_file_publish(const char *path, mdm_str bytes, mdm_error *err)
{
    return write_whole(path, bytes, mdm_writer_publish, err);
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
