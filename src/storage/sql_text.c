/* SQL made from names and types. A name enters SQL through mdm_quote_name() only. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/map.h"
#include "storage/storage.h"

mdm_status mdm_sql_name(mdm_text *sql, const mdm_backend *backend, mdm_str name, mdm_error *err)
{
    char room[300];
    size_t size = 2 * name.len + 3; /* every byte a quote, two around them, NUL */
    char *text = size <= sizeof room ? room : mdm_alloc(size);
    if (!text) return mdm_no_memory(err, "a quoted name");

    size_t used = 0;
    mdm_status status = mdm_quote_name(backend, name, text, size, &used, err);
    if (status == MDM_OK) mdm_text_add(sql, (mdm_str){text, used});
    if (text != room) mdm_free(text);
    return status != MDM_OK ? status : mdm_text_status(sql, err);
}

mdm_status mdm_sql_target(mdm_text *sql, const mdm_backend *backend, const mdm_target *target,
                          mdm_error *err)
{
    if (target->schema) {
        mdm_status status = mdm_sql_name(sql, backend, mdm_str_from(target->schema), err);
        if (status != MDM_OK) return mdm_error_context(err, status, "schema");
        mdm_text_putc(sql, '.');
    }
    mdm_status status = mdm_sql_name(sql, backend, mdm_str_from(target->table), err);
    if (status != MDM_OK) return mdm_error_context(err, status, "table");
    return MDM_OK;
}

static mdm_status column_name(mdm_text *sql, const mdm_backend *backend, const mdm_schema *schema,
                              size_t column, mdm_error *err)
{
    mdm_status status = mdm_sql_name(sql, backend, mdm_str_from(schema->fields[column].name), err);
    if (status != MDM_OK) return mdm_error_context(err, status, "column %zu", column + 1);
    return MDM_OK;
}

mdm_status mdm_sql_columns(mdm_text *sql, const mdm_backend *backend, const mdm_schema *schema,
                           mdm_error *err)
{
    mdm_text_putc(sql, '(');
    for (size_t i = 0; i < schema->count; i++) {
        if (i > 0) mdm_text_puts(sql, ", ");
        MDM_TRY(column_name(sql, backend, schema, i, err));
    }
    mdm_text_putc(sql, ')');
    return mdm_text_status(sql, err);
}

#define MDM_NARROW_DIGITS 15 /* what a double holds of any decimal number */

char *mdm_sql_type(const mdm_dialect *dialect, mdm_type type, char *room)
{
    const char *word = dialect->types[type.id];
    if (type.id != MDM_TYPE_DECIMAL) {
        snprintf(room, 64, "%s", word);
        return room;
    }
    if (dialect->wide_decimal && type.precision > MDM_NARROW_DIGITS) word = dialect->wide_decimal;
    const char *place = strstr(word, "%d,%d");
    if (!place) snprintf(room, 64, "%s", word);
    else
        snprintf(room, 64, "%.*s%d,%d%s", (int)(place - word), word, type.precision, type.scale,
                 place + strlen("%d,%d"));
    return room;
}

/* The name as the database compares it. */
static void add_folded(mdm_text *text, const char *name, bool folds_case)
{
    for (const char *c = name; *c; c++)
        mdm_text_putc(text, folds_case && *c >= 'A' && *c <= 'Z' ? (char)(*c + ('a' - 'A')) : *c);
}

static mdm_status refuse_twins(const mdm_backend *backend, const mdm_schema *schema, mdm_error *err)
{
    mdm_map names;
    mdm_text folded;
    mdm_map_init(&names);
    mdm_text_init(&folded);
    mdm_status status = MDM_OK;
    for (size_t i = 0; i < schema->count && status == MDM_OK; i++) {
        const char *name = schema->fields[i].name;
        mdm_text_reset(&folded);
        add_folded(&folded, name, backend->dialect->folds_case);
        status = mdm_text_status(&folded, err);
        if (status != MDM_OK) break;
        mdm_str key = {folded.data, folded.len};
        const char *twin = mdm_map_get(&names, key);
        if (twin)
            status = mdm_error_set(err, MDM_FORMAT, "columns '%s' and '%s' have one name in %s",
                                   twin, name, backend->name);
        else if (!mdm_map_put(&names, key, (void *)(uintptr_t)name))
            status = mdm_no_memory(err, "the names of columns");
    }
    mdm_text_clear(&folded);
    mdm_map_clear(&names);
    return status;
}

mdm_status mdm_sql_create_table(mdm_text *sql, const mdm_backend *backend, const mdm_target *target,
                                const mdm_schema *schema, mdm_error *err)
{
    const mdm_dialect *dialect = backend->dialect;
    if (schema->count == 0)
        return mdm_error_set(err, MDM_FORMAT, "a table needs at least one column");
    if (schema->count > dialect->max_columns)
        return mdm_error_set(err, MDM_FORMAT, "%zu columns: %s takes at most %zu in a table",
                             schema->count, backend->name, dialect->max_columns);
    MDM_TRY(refuse_twins(backend, schema, err));

    mdm_text_puts(sql, "CREATE TABLE ");
    MDM_TRY(mdm_sql_target(sql, backend, target, err));
    for (size_t i = 0; i < schema->count; i++) {
        char type[64];
        mdm_text_puts(sql, i == 0 ? " (" : ", ");
        MDM_TRY(column_name(sql, backend, schema, i, err));
        mdm_text_putc(sql, ' ');
        mdm_text_puts(sql, mdm_sql_type(dialect, schema->fields[i].type, type));
    }
    mdm_text_putc(sql, ')');
    return mdm_text_status(sql, err);
}
