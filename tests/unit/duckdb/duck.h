/* duck.h - what the tests of this room share. */
#ifndef MDM_TEST_DUCK_H
#define MDM_TEST_DUCK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "duckdb/instance.h"
#include "duckdb/result.h"
#include "mdm/chunk.h"

#define assert_ok(step)                                               \
    do {                                                              \
        err = (mdm_error){0};                                         \
        if ((step) != MDM_OK) fail_msg("%s: %s", #step, err.message); \
    } while (0)

/* A private database in memory with one link. */
typedef struct duck {
    mdm_duckdb_instance *instance;
    mdm_duckdb_link *link;
} duck;

duck duck_open(const char *threads);
void duck_close(duck *d);

void duck_run(mdm_duckdb_link *link, const char *sql);
int64_t duck_number(mdm_duckdb_link *link, const char *sql);
/* One cell as text, "NULL" for NULL; valid until the next call. Type of the column, if wanted. */
const char *duck_text(mdm_duckdb_link *link, const char *sql, mdm_type *type);

/* A stream of `chunks` chunks of `rows` rows: a BIGINT "id" counting from 0 and a VARCHAR "word"
 * (NULL in every seventh row). After fail_after chunks it fails with MDM_FORMAT; -1: never. Closing
 * it is counted. */
typedef struct duck_source {
    mdm_stream stream;
    int64_t chunks, rows, fail_after, given;
    int closed;
} duck_source;
void duck_source_open(duck_source *source, int64_t chunks, int64_t rows, int64_t fail_after);

#endif
