/* The system calls of base/io, one function each: counted, failing on demand, repeated when a
 * signal interrupts them. They return what the call returns, with errno. */
#ifndef MDM_BASE_IO_CALL_H
#define MDM_BASE_IO_CALL_H

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

int mdm_call_open(int folder, const char *path, int flags, mode_t mode); /* O_CLOEXEC is added */
int mdm_call_close(int fd);                                              /* closed in any case */
ssize_t mdm_call_read(int fd, void *bytes, size_t count);
ssize_t mdm_call_write(int fd, const void *bytes, size_t count); /* may be short */
int mdm_call_fsync(int fd);
int mdm_call_stat(int folder, const char *path, int flags, struct stat *out);
int mdm_call_fstat(int fd, struct stat *out);
int mdm_call_mkdir(const char *path, mode_t mode);
int mdm_call_rename(const char *from, const char *to);
int mdm_call_rename_new(const char *from, const char *to);
int mdm_call_link(const char *from, const char *to);
int mdm_call_unlink(int folder, const char *path, int flags);
int mdm_call_flock(int fd, int operation);
ssize_t mdm_call_random(void *bytes, size_t count);
/* The stream owns the descriptor: closedir(). On failure the descriptor is closed. */
DIR *mdm_call_opendir(int fd);
/* NULL with errno 0: the end. */
struct dirent *mdm_call_readdir(DIR *folder);

#endif
