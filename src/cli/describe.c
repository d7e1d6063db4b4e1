#include "cli/describe.h"

#include <math.h>
#include <string.h>

json_t *cli_text_or_null(const char *text)
{
    return text ? json_string(text) : json_null();
}

json_t *cli_number_or_null(int64_t number)
{
    return number < 0 ? json_null() : json_integer(number);
}

json_t *cli_real_or_null(double number)
{
    return isfinite(number) ? json_real(number) : json_null();
}

json_t *cli_strings_json(const char *const *items, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, json_string(items[i]));
    return array;
}

static json_t *tables_json(const mdm_dataset_info *info)
{
    json_t *tables = json_object();
    for (size_t i = 0; i < info->table_count; i++)
        json_object_set_new(tables, info->tables[i].key, json_string(info->tables[i].table));
    return tables;
}

json_t *cli_dataset_json(const mdm_dataset_info *info)
{
    const double megabyte = 1024.0 * 1024.0;
    json_t *o = json_object();
    json_object_set_new(o, "name", json_string(info->name));
    json_object_set_new(o, "display_name", cli_text_or_null(info->display_name));
    json_object_set_new(o, "backend", cli_text_or_null(info->backend));
    json_object_set_new(o, "problem_type", cli_text_or_null(info->problem_type));
    json_object_set_new(o, "target_column", cli_text_or_null(info->target_column));
    json_object_set_new(o, "id_columns", cli_strings_json(info->id_columns, info->id_column_count));
    json_object_set_new(o, "tables", tables_json(info));
    json_object_set_new(o, "description", cli_text_or_null(info->description));
    json_object_set_new(o, "tags", cli_strings_json(info->tags, info->tag_count));
    json_object_set_new(o, "source", cli_text_or_null(info->source));
    json_object_set_new(o, "row_count", cli_number_or_null(info->row_count));
    json_object_set_new(o, "size_bytes", cli_number_or_null(info->size_bytes));
    json_object_set_new(o, "size_mb",
                        info->size_bytes < 0 ? json_null()
                                             : json_real((double)info->size_bytes / megabyte));
    json_object_set_new(o, "memory_bytes", cli_number_or_null(info->memory_bytes));
    json_object_set_new(o, "registered_at", cli_text_or_null(info->registered_at));
    json_object_set_new(o, "last_updated_at", cli_text_or_null(info->last_updated_at));
    json_object_set_new(o, "available", json_boolean(info->available));
    return o;
}

json_t *cli_dataset_old_json(const mdm_dataset_info *info, const char *default_backend)
{
    json_t *o = json_object();
    json_object_set_new(o, "name", json_string(info->name));
    json_object_set_new(o, "display_name", cli_text_or_null(info->display_name));
    json_object_set_new(o, "problem_type", cli_text_or_null(info->problem_type));
    json_object_set_new(o, "target_column", cli_text_or_null(info->target_column));
    json_object_set_new(o, "tables", tables_json(info));
    json_object_set_new(o, "description", cli_text_or_null(info->description));
    json_object_set_new(o, "tags", cli_strings_json(info->tags, info->tag_count));
    json_object_set_new(o, "created_at", cli_text_or_null(info->registered_at));
    json_object_set_new(o, "registration_date", cli_text_or_null(info->registered_at));
    json_object_set_new(o, "database",
                        json_pack("{s:s*, s:s*}", "backend", info->backend, "path", info->path));
    json_object_set_new(o, "source", cli_text_or_null(info->source));
    json_object_set_new(o, "row_count", cli_number_or_null(info->row_count));
    json_object_set_new(o, "size", cli_number_or_null(info->size_bytes));
    json_object_set_new(o, "backend", cli_text_or_null(info->backend));
    json_object_set_new(o, "backend_compatible", json_boolean(info->available));
    json_object_set_new(o, "current_backend", json_string(default_backend));
    return o;
}

static void append(char *text, size_t size, const char *words)
{
    const size_t used = strlen(text);
    snprintf(text + used, size - used, "%s%s", used ? ", " : "", words);
}

char *cli_joined(const char *const *items, size_t count, char *text, size_t size)
{
    text[0] = '\0';
    for (size_t i = 0; i < count; i++)
        append(text, size, items[i]);
    if (count == 0) snprintf(text, size, "-");
    return text;
}

char *cli_table_names(const mdm_dataset_info *info, size_t most, char *text, size_t size)
{
    char total[48];
    text[0] = '\0';
    for (size_t i = 0; i < info->table_count && i < most; i++)
        append(text, size, info->tables[i].key);
    if (info->table_count > most) {
        snprintf(total, sizeof total, "...(%zu total)", info->table_count);
        append(text, size, total);
    }
    return text;
}
