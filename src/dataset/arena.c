#include "dataset/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/format.h"

#define BLOCK_BYTES 4000u

typedef struct mdm_arena_block {
    struct mdm_arena_block *next;
    size_t used, size;
    alignas(max_align_t) char bytes[];
} mdm_arena_block;

void mdm_arena_clear(mdm_arena *arena)
{
    for (mdm_arena_block *b = arena->blocks, *next; b; b = next) {
        next = b->next;
        mdm_free(b);
    }
    *arena = (mdm_arena){0};
}

static mdm_arena_block *new_block(mdm_arena *arena, size_t bytes)
{
    const size_t size = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
    mdm_arena_block *block = mdm_alloc(sizeof *block + size);
    if (!block) return NULL;
    *block = (mdm_arena_block){.next = arena->blocks, .size = size};
    arena->blocks = block;
    return block;
}

static void *take(mdm_arena *arena, size_t bytes, size_t alignment)
{
    mdm_arena_block *block = arena->blocks;
    size_t at = block ? (block->used + alignment - 1) & ~(alignment - 1) : 0;
    if (!block || at > block->size || bytes > block->size - at) {
        block = new_block(arena, bytes);
        at = 0;
    }
    if (!block) {
        arena->failed = true;
        return NULL;
    }
    block->used = at + bytes;
    return block->bytes + at;
}

void *mdm_arena_alloc(mdm_arena *arena, size_t count, size_t bytes)
{
    if (bytes && count > (SIZE_MAX / 2) / bytes) {
        arena->failed = true;
        return NULL;
    }
    void *memory = take(arena, count * bytes, alignof(max_align_t));
    if (memory) memset(memory, 0, count * bytes);
    return memory;
}

const char *mdm_arena_str(mdm_arena *arena, mdm_str text)
{
    char *copy = take(arena, text.len + 1, 1);
    if (!copy) return NULL;
    if (text.len) memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    return copy;
}

const char *mdm_arena_text(mdm_arena *arena, const char *text)
{
    return text ? mdm_arena_str(arena, mdm_str_from(text)) : NULL;
}

const char *mdm_arena_printf(mdm_arena *arena, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    const int len = mdm_format(NULL, 0, format, args);
    char *text = len < 0 ? NULL : take(arena, (size_t)len + 1, 1);
    if (text) mdm_format(text, (size_t)len + 1, format, again);
    else arena->failed = true;
    va_end(again);
    va_end(args);
    return text;
}

const char *const *mdm_arena_list(mdm_arena *arena, const char *const *items, size_t count)
{
    const char **copy = mdm_arena_alloc(arena, count ? count : 1, sizeof *copy);
    for (size_t i = 0; copy && i < count; i++) copy[i] = mdm_arena_text(arena, items[i]);
    return copy;
}

mdm_status mdm_arena_status(const mdm_arena *arena, mdm_error *err)
{
    return arena->failed ? mdm_no_memory(err, "a dataset's description") : MDM_OK;
}
