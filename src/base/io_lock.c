#include <errno.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/io.h"
#include "base/io_call.h"

/* Does the path still lead to the file that is open? */
static bool leads_to(const char *path, int fd)
{
    struct stat by_path, by_fd;
    return mdm_call_stat(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, &by_path) == 0 &&
           mdm_call_fstat(fd, &by_fd) == 0 && by_path.st_ino == by_fd.st_ino &&
           by_path.st_dev == by_fd.st_dev;
}

/* Open and lock once. *out stays -1 when the file was replaced before the lock was had. */
static mdm_status try_lock(const char *path, int flags, int operation, int *out, mdm_error *err)
{
    const int fd = mdm_call_open(AT_FDCWD, path, flags, 0600);
    if (fd < 0) return mdm_errno(err, errno, path);
    struct stat st;
    mdm_status status = MDM_OK;
    if (mdm_call_fstat(fd, &st) != 0) status = mdm_errno(err, errno, path);
    else if (!S_ISREG(st.st_mode))
        status = mdm_error_set(err, MDM_IO, "%s: not a regular file", path);
    else if (mdm_call_flock(fd, operation) != 0)
        status = errno == EWOULDBLOCK
                     ? mdm_error_set(err, MDM_BUSY, "%s: locked by another process", path)
                     : mdm_errno(err, errno, path);
    if (status == MDM_OK && leads_to(path, fd)) *out = fd;
    else mdm_call_close(fd);
    return status;
}

mdm_status mdm_lock_take(const char *path, mdm_lock_mode mode, bool wait, bool create,
                         mdm_lock *out, mdm_error *err)
{
    *out = MDM_LOCK_INIT;
    /* Without O_NONBLOCK a FIFO in this place would be waited for. NFS wants a file that is
     * locked exclusively to be open for writing. */
    const int flags = O_NOFOLLOW | O_NONBLOCK | (create ? O_CREAT : 0) |
                      (mode == MDM_LOCK_EXCLUSIVE || create ? O_RDWR : O_RDONLY);
    const int operation = (mode == MDM_LOCK_EXCLUSIVE ? LOCK_EX : LOCK_SH) | (wait ? 0 : LOCK_NB);
    while (out->fd < 0)
        MDM_TRY(try_lock(path, flags, operation, &out->fd, err));
    return MDM_OK;
}

void mdm_lock_drop(mdm_lock *lock)
{
    if (lock->fd >= 0) mdm_call_close(lock->fd);
    *lock = MDM_LOCK_INIT;
}
