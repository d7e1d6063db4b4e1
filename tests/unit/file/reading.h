/* reading.h - a file's bytes in, all that became of them out, as text to compare. */
#ifndef MDM_TEST_READING_H
#define MDM_TEST_READING_H

#include "file/file.h"

/* Write bytes to FOLDER/NAME and read it: test_read_path(). */
const char *test_read(const char *folder, const char *name, mdm_str bytes,
                      const mdm_read_options *options);

/* Read a file, pass after pass: "a BIGINT, b VARCHAR\n1|x\n~|\n" (~ is NULL), then lines "reject
 * LINE:BYTE COLUMN: REASON: TEXT". Or "STATUS: message" when it is refused. options may be NULL.
 * Valid until the next call. */
const char *test_read_path(const char *path, const mdm_read_options *options);

/* Of the last file read: its notes, one per line; how many passes it took; its facts. */
const char *test_notes(void);
int test_passes(void);
const mdm_file_info *test_info(void);
const char *test_hint(void); /* of the last refusal */

/* A string literal that may hold NUL bytes. */
#define BYTES(literal) ((mdm_str){(literal), sizeof(literal) - 1})

/* The stream of a file, as a source to write: the caller closes both. */
void test_open_stream(const char *path, mdm_file **file, mdm_stream *stream);
/* Write bytes without base/io. */
void test_write_bytes(const char *path, mdm_str bytes);

#endif
