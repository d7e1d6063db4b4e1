/* All file writes. The only code that opens for writing, renames, unlinks and syncs. New
 * files are 0600, new folders 0700; links are not followed at the last step. Each function
 * counts its system calls and can fail the n-th one, so that tests walk every failure;
 * interrupted calls are repeated. Messages name the path and errno's words.
 *
 * Statuses: MDM_NOT_FOUND, MDM_EXISTS, MDM_PERMISSION (a link at the last step, too), MDM_IO (all
 * others), MDM_NO_MEMORY; errno is in mdm_error.native. */
#ifndef MDM_BASE_IO_H
#define MDM_BASE_IO_H

#include <sys/types.h>

#include "base/text.h"

/* Absolute path without resolving links: no empty parts, no "."; ~ is the home of the user
 * (MDM_CONFIG: unknown). MDM_INVALID: empty. The caller frees it. */
MDM_MUST_CHECK mdm_status mdm_path_absolute(const char *path, char **out, mdm_error *err);
/* The same with all links followed; it must exist. The caller frees it. */
MDM_MUST_CHECK mdm_status mdm_path_resolve(const char *path, char **out, mdm_error *err);
/* NULL: no memory. */
MDM_MUST_CHECK char *mdm_path_join(const char *folder, const char *name);
const char *mdm_path_name(const char *path); /* behind the last '/' */

/* And its parents; an existing one is fine. */
MDM_MUST_CHECK mdm_status mdm_dir_make(const char *path, mdm_error *err);
MDM_MUST_CHECK mdm_status mdm_dir_create(const char *path, mdm_error *err); /* MDM_EXISTS */
MDM_MUST_CHECK mdm_status mdm_dir_sync(const char *path, mdm_error *err);
/* Delete it with all that is in it; links are deleted, not followed. Absent: MDM_OK. */
MDM_MUST_CHECK mdm_status mdm_dir_remove(const char *path, mdm_error *err);
/* Summed sizes of the regular files below; links are not followed. */
MDM_MUST_CHECK mdm_status mdm_dir_bytes(const char *path, int64_t *bytes, mdm_error *err);
/* Names in a folder (not . and ..), sorted; the caller frees them: mdm_names_free(). */
typedef struct mdm_names {
    char **items;
    size_t count;
} mdm_names;
MDM_MUST_CHECK mdm_status mdm_dir_list(const char *path, mdm_names *out, mdm_error *err);
void mdm_names_free(mdm_names *names);

/* Whole file; refuses anything but regular files and more than limit bytes (MDM_FORMAT). */
MDM_MUST_CHECK mdm_status mdm_file_read(const char *path, size_t limit, mdm_text *out,
                                        mdm_error *err);
/* Replace path by bytes: a temporary file .tmp-ID in the same folder, locked by its writer (one
 * that can be locked is a dead one's), fsync, rename, fsync of the folder. Of a failure of the last
 * nothing can be told but that it is in place and perhaps not on the disk. */
MDM_MUST_CHECK mdm_status mdm_file_replace(const char *path, mdm_str bytes, mdm_error *err);
/* The same, but MDM_EXISTS when path exists already: of several racers exactly one wins. */
MDM_MUST_CHECK mdm_status mdm_file_publish(const char *path, mdm_str bytes, mdm_error *err);
MDM_MUST_CHECK mdm_status mdm_file_sync(const char *path, mdm_error *err);
MDM_MUST_CHECK mdm_status mdm_file_unlink(const char *path, mdm_error *err); /* MDM_NOT_FOUND */
/* One write() of bytes to the end of path, created when absent. MDM_IO also when only a part
 * fitted. */
MDM_MUST_CHECK mdm_status mdm_file_append(const char *path, mdm_str bytes, mdm_error *err);
/* mdm_file_replace() for what is too large for the memory: any number of _add, then _finish, or
 * _publish in the place of mdm_file_publish(). _close without them leaves nothing. mode: permission
 * bits, of which the umask takes some. */
typedef struct mdm_writer mdm_writer;
MDM_MUST_CHECK mdm_status mdm_writer_open(const char *path, mode_t mode, mdm_writer **out,
                                          mdm_error *err);
MDM_MUST_CHECK mdm_status mdm_writer_add(mdm_writer *writer, mdm_str bytes, mdm_error *err);
MDM_MUST_CHECK mdm_status mdm_writer_finish(mdm_writer *writer, mdm_error *err);
MDM_MUST_CHECK mdm_status mdm_writer_publish(mdm_writer *writer, mdm_error *err);
void mdm_writer_close(mdm_writer *writer); /* NULL allowed */
/* The temporary file, for others who write into it (never replacing it); until _finish. */
const char *mdm_writer_path(const mdm_writer *writer);

/* Rename; MDM_EXISTS when `to` exists (RENAME_NOREPLACE, with the fallbacks for file systems
 * that lack it). Does not sync. */
MDM_MUST_CHECK mdm_status mdm_path_rename_new(const char *from, const char *to, mdm_error *err);
MDM_MUST_CHECK mdm_status mdm_path_rename(const char *from, const char *to, mdm_error *err);

typedef struct mdm_path_stat {
    int64_t bytes, mtime_ns;
    uint64_t device, inode;
    uint32_t mode, owner;
    bool is_dir, is_file, is_link;
} mdm_path_stat;
/* follow: what a link points to. MDM_NOT_FOUND, MDM_PERMISSION, MDM_IO. */
MDM_MUST_CHECK mdm_status mdm_path_look(const char *path, bool follow, mdm_path_stat *out,
                                        mdm_error *err);

/* The same where absence is no failure: *found false, *out untouched. */
MDM_MUST_CHECK mdm_status mdm_path_find(const char *path, bool follow, bool *found,
                                        mdm_path_stat *out, mdm_error *err);

/* A lock of the kernel on a file (flock): gone when its owner is. */
typedef struct mdm_lock {
    int fd; /* -1: not held; a zeroed struct must be initialised with MDM_LOCK_INIT */
} mdm_lock;
#define MDM_LOCK_INIT ((mdm_lock){-1})
typedef enum mdm_lock_mode { MDM_LOCK_SHARED, MDM_LOCK_EXCLUSIVE } mdm_lock_mode;
/* Open (creating) path and lock it. wait false: MDM_BUSY when somebody else holds it. Checks that
 * the path still leads to the locked file, opening again otherwise. */
MDM_MUST_CHECK mdm_status mdm_lock_take(const char *path, mdm_lock_mode mode, bool wait,
                                        bool create, mdm_lock *out, mdm_error *err);
void mdm_lock_drop(mdm_lock *lock); /* the file stays */

/* Fill bytes with random ones from the kernel. */
MDM_MUST_CHECK mdm_status mdm_random(void *bytes, size_t count, mdm_error *err);

/* A failed system call in the usual words: "PATH: No space left on device". */
mdm_status mdm_errno(mdm_error *err, int errno_value, const char *path);

/* For tests: let n of the counted system calls succeed, then fail one with errno_value (EINTR: as
 * if a signal came, MDM_IO_SHORT: a write of half the bytes, no failure of other calls). n -1:
 * never. */
#define MDM_IO_SHORT (-1)
void mdm_io_fail_after(long n, int errno_value);
long mdm_io_count(void); /* calls since then */

#endif
