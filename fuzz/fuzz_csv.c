/* libFuzzer target: any bytes as a text file. Whatever is accepted has as many rows and rejects as
 * records, twice the same, after two passes at most. The first byte chooses: 1 reject bad records,
 * 2 JSON, 4 a semicolon between fields, 8 another encoding. Tiny windows have their borders
 * everywhere.
 *
 *     clang -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -Iinclude -Isrc -isystem
 * .deps/include \
 *         '-DMDM_VERSION="0"' -DMDM_WINDOW_BYTES=128 -DMDM_FIELD_MAX=512ul \
 *         -DMDM_CSV_ENDS=130 fuzz/fuzz_csv.c \
 *         src/file/[a-z]*.c src/duckdb/[a-z]*.c src/data/[a-z]*.c src/config/[a-z]*.c \
 *         src/base/[a-z]*.c -lyaml -lz -lzstd -lxxhash -lm -ldl -lpthread
 *
 * Guessing encodings loads libuchardet anew for each input: preload it. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void demand(bool truth)
{
    if (!truth) abort();
}

static const char *path_of(const char *kind)
{
    static char path[64];
    snprintf(path, sizeof path, "/dev/shm/mdm-fuzz-%d%s", (int)getpid(), kind);
    return path;
}

static void write_bytes(const char *path, const uint8_t *bytes, size_t size)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    demand(fd >= 0 && write(fd, bytes, size) == (ssize_t)size && close(fd) == 0);
}

/* Rows of one pass; -1: it was refused. */
static int64_t pass(mdm_file *file, bool *again)
{
    mdm_stream stream;
    mdm_chunk *chunk = NULL;
    mdm_error err;
    int64_t rows = 0;
    mdm_status status = mdm_file_stream(file, &stream, &err);
    while (status == MDM_OK) {
        status = mdm_stream_next(&stream, &chunk, &err);
        if (status != MDM_OK || !chunk) break;
        rows += chunk->rows;
        mdm_chunk_unref(chunk);
    }
    mdm_stream_close(&stream);
    if (status == MDM_OK) status = mdm_file_finish_pass(file, rows, again, &err);
    demand(status == MDM_OK || err.message[0]);
    return status == MDM_OK ? rows : -1;
}

/* Rows of a file that was accepted, settled within two passes; -1: refused. */
static int64_t read_file(const char *path, mdm_file_format format, const mdm_read_options *options)
{
    char copy[64];
    snprintf(copy, sizeof copy, "%s", path);
    const mdm_found_file which = {.key = "data", .path = copy, .format = format};
    mdm_error err = {0};
    mdm_file *file = NULL;
    if (mdm_file_open(&which, options, &file, &err) != MDM_OK) {
        demand(err.message[0]);
        return -1;
    }
    bool again = true;
    int64_t rows = 0;
    for (int passes = 0; again && rows >= 0; passes++) {
        demand(passes < 2);
        rows = pass(file, &again);
    }
    const mdm_file_info *info = mdm_file_info_get(file);
    demand(rows < 0 || rows + info->rejected == info->records);
    const int64_t once_more = rows < 0 ? rows : pass(file, &again);
    demand(once_more == rows && !again);
    mdm_file_close(file);
    return rows;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 1) return 0;
    const int choice = bytes[0];
    const char *path = path_of(choice & 2 ? ".json" : ".csv");
    const mdm_read_options options = {
        .reject = choice & 1,
        .delimiter = choice & 4 ? ";" : NULL,
        .encoding = choice & 8 ? "windows-1252" : NULL,
    };
    write_bytes(path, bytes + 1, size - 1);
    (void)read_file(path, choice & 2 ? MDM_FILE_JSON : MDM_FILE_CSV, &options);
    return 0;
}
