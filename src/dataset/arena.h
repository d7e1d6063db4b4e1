/* arena.h - memory that is freed all at once: the texts and lists of one dataset. One thread at a time. */
#ifndef MDM_DATASET_ARENA_H
#define MDM_DATASET_ARENA_H

#include "mdm/base.h"

typedef struct mdm_arena {
    struct mdm_arena_block *blocks; /* the newest first */
    bool failed;                    /* an allocation failed: ask once, at the end */
} mdm_arena;

void mdm_arena_clear(mdm_arena *arena);
/* Zeroed and aligned for any type; NULL: no memory (and failed is set). */
void *mdm_arena_alloc(mdm_arena *arena, size_t count, size_t bytes);
/* Copies, NUL-terminated; NULL for a NULL text, or no memory. */
const char *mdm_arena_text(mdm_arena *arena, const char *text);
const char *mdm_arena_str(mdm_arena *arena, mdm_str text);
const char *mdm_arena_printf(mdm_arena *arena, const char *format, ...) MDM_PRINTF(2, 3);
/* A copy of a list of texts. */
const char *const *mdm_arena_list(mdm_arena *arena, const char *const *items, size_t count);
mdm_status mdm_arena_status(const mdm_arena *arena, mdm_error *err);

#endif
