/* What the tests of this room share: cmocka with what it needs, schemas, random numbers. */
#ifndef MDM_TEST_DATA_ROWS_H
#define MDM_TEST_DATA_ROWS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "data/chunk_internal.h"
#include "support/walk.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Give up the test with the words of the failure. */
static inline void must(mdm_status status, const mdm_error *err)
{
    if (status != MDM_OK) fail_msg("%s: %s", mdm_status_name(status), err->message);
}

static inline mdm_schema *schema_of(const mdm_field *fields, size_t count)
{
    mdm_error err = {0};
    mdm_schema *schema = NULL;
    must(mdm_schema_new(fields, count, &schema, &err), &err);
    return schema;
}

static inline mdm_field field(const char *name, mdm_type_id id)
{
    return (mdm_field){name, {.id = id}};
}

/* xorshift64*: the same numbers in every run. */
static inline uint64_t next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(0x2545f4914f6cdd1d);
}

/* The cell as text, "NULL" for NULL; good until the third call from now. */
static inline const char *cell(const mdm_chunk *chunk, size_t column, int64_t row)
{
    static char texts[4][600];
    static int next;
    char *text = texts[next++ & 3];
    mdm_str shown = mdm_cell_text(&chunk->columns[column], row, text, 600);
    if (!shown.data) return "NULL";
    if (shown.data != text) memcpy(text, shown.data, shown.len);
    text[shown.len] = '\0';
    return text;
}

#endif
