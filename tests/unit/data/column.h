/* Columns of text for the tests of typing: a list of cells, typed as a reader of files would. */
#ifndef MDM_TEST_DATA_COLUMN_H
#define MDM_TEST_DATA_COLUMN_H

#include "data/typing.h"
#include "unit/data/rows.h"

/* One column under test. */
typedef struct column {
    mdm_typing *typing;
    mdm_cells cells;
    mdm_str *texts;
    uint8_t *validity;
    mdm_chunk *chunk; /* after column_pass() */
    int passes;
} column;

/* count cells; NULL: no cell. Cells are borrowed. */
static inline void column_open(column *c, const char *const *texts, size_t count,
                               const mdm_typing_options *options)
{
    static const char *const names[] = {"c"};
    mdm_error err = {0};
    *c = (column){0};
    must(mdm_typing_open(names, 1, options, &c->typing, &err), &err);
    c->texts = calloc(count + 1, sizeof *c->texts);
    c->validity = calloc(count / 8 + 1, 1);
    for (size_t i = 0; i < count; i++) {
        c->texts[i] = mdm_str_from(texts[i]);
        if (texts[i]) c->validity[i >> 3] = (uint8_t)(c->validity[i >> 3] | 1u << (i & 7));
    }
    c->cells =
        (mdm_cells){.count = count, .validity = c->validity, .texts = c->texts, .first_row = 1};
}

static inline void column_close(column *c)
{
    mdm_chunk_unref(c->chunk);
    mdm_typing_close(c->typing);
    free(c->texts);
    free(c->validity);
}

/* A sample of the first cells, a choice, then passes until it is settled, in runs of 2,048. */
static inline mdm_status column_pass(column *c, size_t sample, mdm_error *err)
{
    mdm_cells run = c->cells;
    if (run.count > sample) run.count = sample;
    mdm_typing_observe(c->typing, 0, &run);
    for (;;) {
        MDM_TRY(mdm_typing_choose(c->typing, err));
        mdm_typing_begin(c->typing);
        c->passes++;
        mdm_chunk_unref(c->chunk);
        c->chunk = NULL;
        MDM_TRY(mdm_typing_chunk(c->typing, &c->cells, NULL, NULL, &c->chunk, err));
        if (mdm_typing_settled(c->typing)) return MDM_OK;
        if (c->passes == 2) fail_msg("%s", "not settled after two passes");
    }
}

static inline mdm_type_id column_type(const column *c)
{
    return c->chunk->columns[0].type.id;
}

#endif
