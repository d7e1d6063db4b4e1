#include "file/header.h"

#include <ctype.h>
#include <string.h>

#include "base/alloc.h"
#include "base/map.h"
#include "base/text.h"

/* Of so many columns a note each; then one for the rest. */
#define NOTES_MAX 10u

typedef struct naming {
    mdm_header *header;
    mdm_notes *notes;
    mdm_map taken; /* names in lower case that must not be used again */
    size_t changed;
} naming;

static char *lower(const char *name)
{
    char *copy = mdm_strdup(name);
    for (char *c = copy; c && *c; c++)
        if (isascii(*c)) *c = (char)tolower((unsigned char)*c);
    return copy;
}

/* False: no memory. */
static bool reserve(naming *n, const char *name)
{
    char *key = lower(name);
    const bool done = key && mdm_map_put(&n->taken, mdm_str_from(key), n);
    mdm_free(key);
    return done;
}

static bool is_taken(naming *n, const char *name, bool *out)
{
    char *key = lower(name);
    *out = key && mdm_map_get(&n->taken, mdm_str_from(key));
    mdm_free(key);
    return key != NULL;
}

static bool is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

static char *cleaned(mdm_str field)
{
    mdm_text name;
    mdm_text_init(&name);
    for (size_t at = 0; at < field.len;) {
        uint32_t code = 0;
        const size_t bytes = mdm_utf8_decode((mdm_str){field.data + at, field.len - at}, &code);
        if (bytes == 0 || is_control(code)) mdm_text_putc(&name, '_');
        else mdm_text_add(&name, (mdm_str){field.data + at, bytes});
        at += bytes ? bytes : 1;
    }
    return mdm_text_take(&name);
}

static void note(naming *n, const char *format, size_t column, const char *was, const char *name)
{
    if (n->changed++ >= NOTES_MAX) return;
    mdm_notes_add(n->notes, format, column + 1, was, name);
}

/* base, or base.1, base.2, ... (separator '.'), the first that is free. */
static char *free_name(naming *n, const char *base, size_t first, char separator)
{
    for (size_t number = first;; number++) {
        bool taken;
        char *name =
            separator ? mdm_asprintf("%s%c%zu", base, separator, number) : mdm_strdup(base);
        if (!name || !is_taken(n, name, &taken)) {
            mdm_free(name);
            return NULL;
        }
        if (!taken) return name;
        mdm_free(name);
    }
}

/* Names that stand in the file keep them; so they are taken before any is made up. */
static bool take_given(naming *n, const mdm_str *fields, size_t column)
{
    bool taken;
    char *name = cleaned(fields[column]);
    if (!name || !is_taken(n, name, &taken)) {
        mdm_free(name);
        return false;
    }
    if (taken || !*name) {
        mdm_free(name);
        return true;
    }
    n->header->names[column] = name;
    if (name[0] && (strlen(name) != fields[column].len ||
                    memcmp(name, fields[column].data, fields[column].len) != 0))
        note(n, "the name of column %zu held control characters%s: it is called '%s'", column, "",
             name);
    return reserve(n, name);
}

static bool make_up(naming *n, const mdm_str *fields, size_t column)
{
    if (n->header->names[column]) return true;
    char *base = cleaned(fields[column]);
    char *name = !base             ? NULL
                 : base[0] == '\0' ? free_name(n, "column", column + 1, '_')
                                   : free_name(n, base, 1, '.');
    if (name && base[0])
        note(n, "column %zu is called '%s' as well: it became '%s'", column, base, name);
    else if (name) note(n, "column %zu has no name%s: it is called '%s'", column, "", name);
    mdm_free(base);
    n->header->names[column] = name;
    return name && reserve(n, name);
}

static bool name_all(naming *n, const mdm_str *fields, bool headerless)
{
    const size_t count = n->header->count;
    for (size_t i = 0; i < count; i++) {
        if (!headerless) {
            if (!take_given(n, fields, i)) return false;
        } else if (!(n->header->names[i] = mdm_asprintf("column_%zu", i + 1))) {
            return false;
        }
    }
    for (size_t i = 0; i < count; i++)
        if (!make_up(n, fields, i)) return false;
    if (n->changed > NOTES_MAX)
        mdm_notes_add(n->notes, "%zu more columns got another name", n->changed - NOTES_MAX);
    return true;
}

mdm_status mdm_header_init(mdm_header *header, const mdm_str *fields, size_t count, bool headerless,
                           mdm_notes *notes, mdm_error *err)
{
    naming n = {.header = header, .notes = notes};
    *header =
        (mdm_header){.names = mdm_alloc_zero(count + 1, sizeof *header->names), .count = count};
    mdm_map_init(&n.taken);
    const bool done = header->names && name_all(&n, fields, headerless);
    mdm_map_clear(&n.taken);
    if (done) return MDM_OK;
    mdm_header_clear(header);
    return mdm_no_memory(err, "names of columns");
}

void mdm_header_clear(mdm_header *header)
{
    for (size_t i = 0; header->names && i < header->count; i++)
        mdm_free(header->names[i]);
    mdm_free(header->names);
    *header = (mdm_header){0};
}

mdm_status mdm_width_judge(const char *name, size_t count, size_t max, mdm_error *err)
{
    if (max == 0 || max > MDM_COLUMNS_MAX) max = MDM_COLUMNS_MAX;
    if (count <= max) return MDM_OK;
    const mdm_status status = mdm_error_set(err, MDM_FORMAT,
                                            "%s: %zu columns, at most %zu can be "
                                            "stored",
                                            name, count, max);
    return mdm_error_hint(err, status, "SQLite takes 2000 columns, PostgreSQL 1600, DuckDB 65535");
}
