/* Listing: descriptions looked up in the index or read, filtered, sorted. No dataset's database is
 * opened. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "dataset/dataset_internal.h"
#include "dataset/home.h"
#include "dataset/index.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct mdm_dataset_list {
    mdm_dataset **items;
    size_t count;
    mdm_arena arena; /* of the warnings */
    const char **warnings;
    size_t warning_count;
};

/* --- filtering ---------------------------------------------------------------------- */

static const struct {
    const char *key;
    size_t field;
} filter_fields[] = {
    {"name", offsetof(mdm_dataset_info, name)},
    {"display_name", offsetof(mdm_dataset_info, display_name)},
    {"problem_type", offsetof(mdm_dataset_info, problem_type)},
    {"target_column", offsetof(mdm_dataset_info, target_column)},
    {"target", offsetof(mdm_dataset_info, target_column)},
    {"time_column", offsetof(mdm_dataset_info, time_column)},
    {"group_column", offsetof(mdm_dataset_info, group_column)},
    {"backend", offsetof(mdm_dataset_info, backend)},
    {"source", offsetof(mdm_dataset_info, source)},
    {"description", offsetof(mdm_dataset_info, description)},
};

static bool value_matches(mdm_str key, mdm_str wanted, const char *value)
{
    if (!value) return wanted.len == 0;
    if (mdm_str_equal_nocase(wanted, mdm_str_from(value))) return true;
    return mdm_str_equal(key, MDM_STR("problem_type")) &&
           mdm_str_equal_nocase(wanted, MDM_STR("classification")) &&
           mdm_str_ends(mdm_str_from(value), MDM_STR("_classification"));
}

static bool has_tag(const mdm_dataset_info *info, mdm_str tag)
{
    for (size_t i = 0; i < info->tag_count; i++)
        if (mdm_str_equal(mdm_str_from(info->tags[i]), tag)) return true;
    return false;
}

static bool matches(const mdm_dataset_info *info, const mdm_dataset_filter *filter)
{
    if (filter->tag && !has_tag(info, mdm_str_from(filter->tag))) return false;
    if (filter->backend && strcmp(filter->backend, info->backend) != 0) return false;
    for (size_t i = 0; i < filter->equal_count; i++) {
        mdm_str rest = mdm_str_from(filter->equal[i]);
        if (!strchr(filter->equal[i], '=')) continue; /* as the Python MDM does */
        const mdm_str key = mdm_str_split(&rest, '=');
        if (mdm_str_equal(key, MDM_STR("tag")) || mdm_str_equal(key, MDM_STR("tags"))) {
            if (!has_tag(info, rest)) return false;
            continue;
        }
        bool known = false;
        for (size_t f = 0; f < COUNT(filter_fields); f++) {
            if (!mdm_str_equal(key, mdm_str_from(filter_fields[f].key))) continue;
            const char *const *field =
                (const char *const *)(const void *)((const char *)info + filter_fields[f].field);
            known = true;
            if (!value_matches(key, rest, *field)) return false;
        }
        if (!known) return false; /* no dataset has such a field */
    }
    return true;
}

static mdm_status check_filter(const mdm_dataset_filter *filter, mdm_error *err)
{
    const char *names[COUNT(filter_fields) + 1];
    for (size_t f = 0; f < COUNT(filter_fields); f++) names[f] = filter_fields[f].key;
    names[COUNT(filter_fields)] = "tags";
    for (size_t i = 0; i < filter->equal_count; i++) {
        mdm_str rest = mdm_str_from(filter->equal[i]);
        if (!strchr(filter->equal[i], '=')) continue;
        const mdm_str key = mdm_str_split(&rest, '=');
        bool known = mdm_str_equal(key, MDM_STR("tag"));
        for (size_t f = 0; f < COUNT(names) && !known; f++)
            known = mdm_str_equal(key, mdm_str_from(names[f]));
        if (known) continue;
        const char *near = mdm_nearest(key, names, COUNT(names));
        mdm_error_set(err, MDM_INVALID, "a dataset has no field '%.*s'", (int)key.len, key.data);
        return near ? mdm_error_hint(err, MDM_INVALID, "did you mean %s?", near) : MDM_INVALID;
    }
    return MDM_OK;
}

/* --- sorting -------------------------------------------------------------------------- */

static const mdm_dataset_info *info_of(const void *item)
{
    return &(*(mdm_dataset *const *)item)->description.info;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(info_of(a)->name, info_of(b)->name);
}

static int by_date(const void *a, const void *b) /* newest first */
{
    const char *left = info_of(a)->registered_at, *right = info_of(b)->registered_at;
    const int order = strcmp(right ? right : "", left ? left : "");
    return order ? order : by_name(a, b);
}

static int by_number(int64_t left, int64_t right, const void *a, const void *b)
{
    return left < right ? -1 : left > right ? 1 : by_name(a, b);
}

static int by_size(const void *a, const void *b)
{
    return by_number(info_of(a)->size_bytes, info_of(b)->size_bytes, a, b);
}

static int by_rows(const void *a, const void *b)
{
    return by_number(info_of(a)->row_count, info_of(b)->row_count, a, b);
}

static const struct {
    const char *key;
    int (*compare)(const void *, const void *);
} orders[] = {
    {"name", by_name}, {"registration_date", by_date}, {"size", by_size}, {"rows", by_rows},
};

static mdm_status sort(mdm_dataset_list *list, const mdm_dataset_filter *filter, mdm_error *err)
{
    const char *key = filter->sort_by ? filter->sort_by : "name";
    size_t o = 0;
    while (o < COUNT(orders) && strcmp(orders[o].key, key) != 0) o++;
    if (o == COUNT(orders))
        return mdm_error_set(err, MDM_INVALID,
                             "'%s' is none of name, registration_date, size, rows", key);
    if (list->count) qsort(list->items, list->count, sizeof(mdm_dataset *), orders[o].compare);
    for (size_t i = 0; filter->reverse && i < list->count / 2; i++) {
        mdm_dataset *swap = list->items[i];
        list->items[i] = list->items[list->count - 1 - i];
        list->items[list->count - 1 - i] = swap;
    }
    return MDM_OK;
}

static void cut(mdm_dataset_list *list, int64_t limit)
{
    while (limit > 0 && list->count > (size_t)limit) mdm_dataset_close(list->items[--list->count]);
}

/* --- the list --------------------------------------------------------------------------- */

/* From the index if its entry still holds, else from the file. NULL: removed meanwhile. */
static mdm_status read_one(mdm_session *session, mdm_index *index, const char *name,
                           mdm_dataset **out, mdm_error *err)
{
    mdm_path_stat stamp;
    *out = NULL;
    char *path = mdm_home_description(mdm_session_config(session), name);
    if (!path) return mdm_no_memory(err, "a path");
    mdm_status status = mdm_path_look(path, false, &stamp, err);
    if (status == MDM_OK) status = mdm_index_find(index, name, &stamp, out, err);
    if (status == MDM_OK && *out) {
        (*out)->description.info.description_file = mdm_arena_text(&(*out)->description.arena, path);
        mdm_dataset_complete(session, &(*out)->description);
    } else if (status == MDM_OK) {
        status = mdm_dataset_read(session, name, out, err);
        if (status == MDM_OK) mdm_index_note(index, name, &stamp, *out);
    }
    mdm_free(path);
    return status == MDM_NOT_FOUND ? MDM_OK : status;
}

static mdm_status add(mdm_session *session, mdm_index *index, mdm_dataset_list *list,
                      const char *name, mdm_error *err)
{
    mdm_error mine = {0};
    mdm_dataset *dataset = NULL;
    const mdm_status status = read_one(session, index, name, &dataset, &mine);
    if (status == MDM_NO_MEMORY) {
        if (err) *err = mine;
        return status;
    }
    if (status != MDM_OK)
        list->warnings[list->warning_count++] = mdm_arena_text(&list->arena, mine.message);
    else if (dataset)
        list->items[list->count++] = dataset;
    return MDM_OK;
}

static void keep_matches(mdm_dataset_list *list, const mdm_dataset_filter *filter)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (matches(&list->items[i]->description.info, filter)) list->items[kept++] = list->items[i];
        else mdm_dataset_close(list->items[i]);
    }
    list->count = kept;
}

static mdm_status fill(mdm_session *session, mdm_dataset_list *list,
                       const mdm_dataset_filter *filter, mdm_error *err)
{
    mdm_names names = {0};
    mdm_index *index = NULL;
    MDM_TRY(mdm_dataset_names(session, &names, err));
    mdm_status status = mdm_index_open(mdm_session_config(session), &index, err);
    list->items = mdm_alloc_zero(names.count + 1, sizeof *list->items);
    list->warnings = mdm_alloc_zero(names.count + 1, sizeof *list->warnings);
    if (status == MDM_OK && (!list->items || !list->warnings)) status = mdm_no_memory(err, "a list");
    for (size_t i = 0; status == MDM_OK && i < names.count; i++)
        status = add(session, index, list, names.items[i], err);
    mdm_index_close(index); /* writes what was noted: before any of it is freed */
    if (status == MDM_OK) keep_matches(list, filter);
    mdm_names_free(&names);
    return status;
}

mdm_status mdm_dataset_list_open(mdm_session *session, const mdm_dataset_filter *filter,
                                 mdm_dataset_list **out, mdm_error *err)
{
    static const mdm_dataset_filter everything = {0};
    if (!filter) filter = &everything;
    *out = NULL;
    MDM_TRY(check_filter(filter, err));
    mdm_dataset_list *list = mdm_alloc_zero(1, sizeof *list);
    if (!list) return mdm_no_memory(err, "a list");
    mdm_status status = fill(session, list, filter, err);
    if (status == MDM_OK) status = sort(list, filter, err);
    if (status == MDM_OK) status = mdm_arena_status(&list->arena, err);
    if (status != MDM_OK) {
        mdm_dataset_list_close(list);
        return status;
    }
    cut(list, filter->limit);
    *out = list;
    return MDM_OK;
}

void mdm_dataset_list_close(mdm_dataset_list *list)
{
    if (!list) return;
    for (size_t i = 0; i < list->count; i++) mdm_dataset_close(list->items[i]);
    mdm_free(list->items);
    mdm_free(list->warnings);
    mdm_arena_clear(&list->arena);
    mdm_free(list);
}

size_t mdm_dataset_list_count(const mdm_dataset_list *list)
{
    return list->count;
}

const mdm_dataset_info *mdm_dataset_list_at(const mdm_dataset_list *list, size_t index)
{
    return &list->items[index]->description.info;
}

const char *mdm_dataset_list_warning(const mdm_dataset_list *list, size_t index)
{
    return index < list->warning_count ? list->warnings[index] : NULL;
}
