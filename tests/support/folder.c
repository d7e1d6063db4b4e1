#include "support/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/io.h"

char *test_folder_make(void)
{
    const char *place = getenv("TMPDIR");
    char *folder = NULL;
    if (asprintf(&folder, "%s/mdm-test-XXXXXX", place && *place ? place : "/tmp") < 0 ||
        !mkdtemp(folder))
        fail_msg("no temporary folder");
    return folder;
}

void test_folder_remove(char *folder)
{
    mdm_error err;
    if (mdm_dir_remove(folder, &err) != MDM_OK) fail_msg("%s", err.message);
    free(folder);
}

const char *test_path(const char *folder, const char *name)
{
    static char rooms[32][4096];
    static unsigned next;
    char *room = rooms[next++ % 32];
    snprintf(room, sizeof rooms[0], "%s/%s", folder, name);
    return room;
}

void test_file_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    if (!file || fputs(text, file) < 0 || fclose(file) != 0) fail_msg("cannot write %s", path);
    chmod(path, 0600);
}

const char *test_file_text(const char *path)
{
    static char text[1 << 16];
    FILE *file = fopen(path, "r");
    if (!file) return NULL;
    const size_t len = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[len] = '\0';
    return text;
}

bool test_exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

int test_mode(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 ? (int)(st.st_mode & 07777) : -1;
}
