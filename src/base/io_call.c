#include "base/io_call.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/io.h"

static atomic_bool counting;
static atomic_long calls;
static atomic_long failing = -1; /* -1: none */
static atomic_int failing_errno;

void mdm_io_fail_after(long n, int errno_value)
{
    atomic_store(&failing_errno, errno_value);
    atomic_store(&failing, n);
    atomic_store(&calls, 0);
    atomic_store(&counting, true);
}

long mdm_io_count(void)
{
    return atomic_load(&calls);
}

/* Count a call. True: it must do as if it failed with *code. */
static bool chosen(int *code)
{
    if (!atomic_load_explicit(&counting, memory_order_relaxed)) return false;
    if (atomic_fetch_add(&calls, 1) != atomic_load(&failing)) return false;
    *code = atomic_load(&failing_errno);
    return true;
}

static bool must_fail(void)
{
    int code;
    if (!chosen(&code) || code == MDM_IO_SHORT) return false;
    errno = code;
    return true;
}

/* An injected EINTR is met by the loop just as a real one. */
#define REPEAT(result, call)                  \
    do {                                      \
        (result) = must_fail() ? -1 : (call); \
    } while ((result) < 0 && errno == EINTR)

int mdm_call_open(int folder, const char *path, int flags, mode_t mode)
{
    int fd;
    REPEAT(fd, openat(folder, path, flags | O_CLOEXEC, mode));
    return fd;
}

/* Linux frees the descriptor even when it reports EINTR: repeating could close somebody else's. */
int mdm_call_close(int fd)
{
    const bool fails = must_fail();
    const int code = errno;
    const int result = close(fd);
    if (fails && code != EINTR) {
        errno = code;
        return -1;
    }
    return result < 0 && errno == EINTR ? 0 : result;
}

ssize_t mdm_call_read(int fd, void *bytes, size_t count)
{
    ssize_t result;
    REPEAT(result, read(fd, bytes, count));
    return result;
}

ssize_t mdm_call_write(int fd, const void *bytes, size_t count)
{
    ssize_t result;
    do {
        int code = 0;
        if (!chosen(&code)) {
            result = write(fd, bytes, count);
        } else if (code == MDM_IO_SHORT) {
            result = write(fd, bytes, count > 1 ? count / 2 : count);
        } else {
            errno = code;
            result = -1;
        }
    } while (result < 0 && errno == EINTR);
    return result;
}

int mdm_call_fsync(int fd)
{
    int result;
    REPEAT(result, fsync(fd));
    return result;
}

int mdm_call_stat(int folder, const char *path, int flags, struct stat *out)
{
    int result;
    REPEAT(result, fstatat(folder, path, out, flags));
    return result;
}

int mdm_call_fstat(int fd, struct stat *out)
{
    int result;
    REPEAT(result, fstat(fd, out));
    return result;
}

int mdm_call_mkdir(const char *path, mode_t mode)
{
    int result;
    REPEAT(result, mkdir(path, mode));
    return result;
}

int mdm_call_rename(const char *from, const char *to)
{
    int result;
    REPEAT(result, rename(from, to));
    return result;
}

int mdm_call_rename_new(const char *from, const char *to)
{
    int result;
    REPEAT(result, renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE));
    return result;
}

int mdm_call_link(const char *from, const char *to)
{
    int result;
    REPEAT(result, link(from, to));
    return result;
}

int mdm_call_unlink(int folder, const char *path, int flags)
{
    int result;
    REPEAT(result, unlinkat(folder, path, flags));
    return result;
}

int mdm_call_flock(int fd, int operation)
{
    int result;
    REPEAT(result, flock(fd, operation));
    return result;
}

ssize_t mdm_call_random(void *bytes, size_t count)
{
    ssize_t result;
    REPEAT(result, getrandom(bytes, count, 0));
    return result;
}

DIR *mdm_call_opendir(int fd)
{
    DIR *folder = must_fail() ? NULL : fdopendir(fd);
    if (!folder) {
        const int code = errno;
        close(fd);
        errno = code;
    }
    return folder;
}

struct dirent *mdm_call_readdir(DIR *folder)
{
    if (must_fail() && errno != EINTR) return NULL;
    errno = 0;
    return readdir(folder);
}
