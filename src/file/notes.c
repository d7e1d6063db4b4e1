#include "file/notes.h"

#include <stdarg.h>

#include "base/alloc.h"
#include "base/format.h"

void mdm_notes_clear(mdm_notes *notes)
{
    for (size_t i = 0; i < notes->count; i++)
        mdm_free(notes->items[i]);
    mdm_free(notes->items);
    *notes = (mdm_notes){0};
}

static bool make_room(mdm_notes *notes)
{
    if (notes->count < notes->size) return true;
    const size_t size = notes->size ? 2 * notes->size : 8;
    char **grown = mdm_realloc(notes->items, size * sizeof *grown);
    if (!grown) return false;
    notes->items = grown;
    notes->size = size;
    return true;
}

void mdm_notes_add(mdm_notes *notes, const char *format, ...)
{
    char sentence[512];
    va_list args;
    va_start(args, format);
    mdm_format(sentence, sizeof sentence, format, args);
    va_end(args);
    char *copy = make_room(notes) ? mdm_strdup(sentence) : NULL;
    if (copy) notes->items[notes->count++] = copy;
    else notes->failed = true;
}
