/* A folder of its own for a test, below TMPDIR, and what tests do with files there. */
#ifndef MDM_TEST_FOLDER_H
#define MDM_TEST_FOLDER_H

#include <stdbool.h>

/* Make one; the caller gives it to test_folder_remove(), which deletes it with all that is in it.
 * Fails the test when it cannot be made. */
char *test_folder_make(void);
void test_folder_remove(char *folder);

/* FOLDER/NAME in one of a few buffers that are used again and again. */
const char *test_path(const char *folder, const char *name);
/* Write and read without base/io, which is what is tested. */
void test_file_write(const char *path, const char *text);
/* The contents, in one buffer that the next call reuses; NULL: no such file. */
const char *test_file_text(const char *path);
bool test_exists(const char *path);
int test_mode(const char *path); /* permission bits; -1: absent */

#endif
