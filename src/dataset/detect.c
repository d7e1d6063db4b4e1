#include "dataset/detect.h"

#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

#define SUBMISSION "sample_submission"

bool mdm_is_data_table(const char *key)
{
    return strcmp(key, SUBMISSION) != 0;
}

static size_t find_table(const mdm_loaded *tables, size_t count, const char *key)
{
    for (size_t t = 0; t < count; t++)
        if (strcmp(tables[t].key, key) == 0) return t;
    return SIZE_MAX;
}

size_t mdm_detect_main_table(const mdm_loaded *tables, size_t count)
{
    size_t main_table = find_table(tables, count, "train");
    if (main_table == SIZE_MAX) main_table = find_table(tables, count, "data");
    for (size_t t = 0; t < count && main_table == SIZE_MAX; t++)
        if (mdm_is_data_table(tables[t].key)) main_table = t;
    return main_table == SIZE_MAX ? 0 : main_table;
}

static bool has_column(const mdm_loaded *table, const char *name)
{
    return mdm_schema_find(table->schema, mdm_str_from(name)) != SIZE_MAX;
}

static bool is_listed(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0) return true;
    return false;
}

/* --- wishes ---------------------------------------------------------------------------- */

typedef struct detection {
    mdm_loading *loading;
    const mdm_loaded *tables;
    size_t count, main_table;
    bool kaggle;
    mdm_detected *out;
    mdm_error *err;
} detection;

static mdm_status check_column(const detection *d, const char *option, const char *name)
{
    const mdm_schema *schema = d->tables[d->main_table].schema;
    for (size_t t = 0; t < d->count; t++)
        if (has_column(&d->tables[t], name)) return MDM_OK;
    const char **names = mdm_arena_alloc(d->loading->arena, schema->count + 1, sizeof *names);
    for (size_t c = 0; names && c < schema->count; c++) names[c] = schema->fields[c].name;
    const char *near = names ? mdm_nearest(mdm_str_from(name), names, schema->count) : NULL;
    mdm_error_set(d->err, MDM_INVALID, "%s: no table has a column '%s'", option, name);
    return near ? mdm_error_hint(d->err, MDM_INVALID, "did you mean %s?", near) : MDM_INVALID;
}

static mdm_status check_columns(const detection *d, const char *option, const char *const *names,
                                size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char name[1100];
        const size_t len = strcspn(names[i], "=");
        if (len >= sizeof name)
            return mdm_error_set(d->err, MDM_INVALID, "%s: a column name of %zu bytes", option, len);
        memcpy(name, names[i], len);
        name[len] = '\0';
        MDM_TRY(check_column(d, option, name));
    }
    return MDM_OK;
}

static mdm_status check_wishes(const detection *d)
{
    const mdm_dataset_spec *s = d->loading->spec;
    if (s->target) MDM_TRY(check_column(d, "target", s->target));
    if (s->time_column) MDM_TRY(check_column(d, "time column", s->time_column));
    if (s->group_column) MDM_TRY(check_column(d, "group column", s->group_column));
    MDM_TRY(check_columns(d, "id columns", s->id_columns, s->id_column_count));
    MDM_TRY(check_columns(d, "type", s->types, s->type_count));
    MDM_TRY(check_columns(d, "categorical columns", s->categorical_columns, s->categorical_count));
    MDM_TRY(check_columns(d, "datetime columns", s->datetime_columns, s->datetime_count));
    MDM_TRY(check_columns(d, "numeric columns", s->numeric_columns, s->numeric_count));
    return check_columns(d, "text columns", s->text_columns, s->text_count);
}

/* --- target ------------------------------------------------------------------------------ */

/* The only column of train that test lacks. */
static const char *missing_in_test(const detection *d)
{
    const size_t train = find_table(d->tables, d->count, "train");
    const size_t test = find_table(d->tables, d->count, "test");
    const char *found = NULL;
    if (train == SIZE_MAX || test == SIZE_MAX) return NULL;
    const mdm_schema *schema = d->tables[train].schema;
    for (size_t c = 0; c < schema->count; c++) {
        if (has_column(&d->tables[test], schema->fields[c].name)) continue;
        if (found) return NULL;
        found = schema->fields[c].name;
    }
    return found;
}

static const char *kaggle_target(const detection *d)
{
    const size_t submission = find_table(d->tables, d->count, SUBMISSION);
    if (submission != SIZE_MAX) {
        const mdm_schema *schema = d->tables[submission].schema;
        const char **names = mdm_arena_alloc(d->loading->arena, schema->count + 1, sizeof *names);
        for (size_t c = 0; names && c < schema->count; c++) names[c] = schema->fields[c].name;
        const size_t at = names ? mdm_submission_target(names, schema->count) : SIZE_MAX;
        if (at != SIZE_MAX && has_column(&d->tables[d->main_table], names[at])) return names[at];
        const size_t test = find_table(d->tables, d->count, "test");
        if (test != SIZE_MAX && schema->count && !has_column(&d->tables[test], names[0]))
            mdm_loading_note(d->loading, "the first column of %s, '%s', is not in test", SUBMISSION,
                             names[0]);
    }
    return missing_in_test(d);
}

static mdm_status find_target(detection *d)
{
    const mdm_dataset_spec *s = d->loading->spec;
    const char *target = s->target;
    if (!target && d->kaggle && !s->no_auto) target = kaggle_target(d);
    d->out->target = mdm_arena_text(d->loading->arena, target);
    if (s->problem_type) return mdm_problem_type_parse(s->problem_type, &d->out->problem_type, d->err);
    if (!target || s->no_auto) return MDM_OK;

    const mdm_loaded *table = &d->tables[d->main_table];
    const size_t c = mdm_schema_find(table->schema, mdm_str_from(target));
    const mdm_column_profile *profile;
    if (c == SIZE_MAX) return MDM_OK;
    MDM_TRY(mdm_profile_column(table->profile, c, &profile, d->err));
    d->out->problem_type = mdm_problem_type_of(profile);
    return MDM_OK;
}

/* --- ids ------------------------------------------------------------------------------------ */

static mdm_status find_ids(detection *d)
{
    const mdm_dataset_spec *s = d->loading->spec;
    mdm_arena *arena = d->loading->arena;
    if (s->id_column_count || s->no_auto) {
        d->out->id_columns = mdm_arena_list(arena, s->id_columns, s->id_column_count);
        d->out->id_column_count = s->id_column_count;
        return MDM_OK;
    }
    const mdm_loaded *table = &d->tables[d->main_table];
    const char **names = mdm_arena_alloc(arena, table->schema->count + 1, sizeof *names);
    size_t count = 0;
    for (size_t c = 0; names && c < table->schema->count; c++) {
        const mdm_column_profile *profile;
        MDM_TRY(mdm_profile_column(table->profile, c, &profile, d->err));
        const bool is_target = d->out->target && strcmp(profile->name, d->out->target) == 0;
        if (is_target || !mdm_role_is_id(profile)) continue;
        size_t at = count++;
        for (; at > 0 && strcmp(names[at - 1], profile->name) > 0; at--) names[at] = names[at - 1];
        names[at] = mdm_arena_text(arena, profile->name);
    }
    d->out->id_columns = names;
    d->out->id_column_count = count;
    return MDM_OK;
}

/* --- roles ------------------------------------------------------------------------------------ */

/* "COL" and "COL=%d" both name COL. */
static bool is_wished(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        const size_t len = strcspn(names[i], "=");
        if (strlen(name) == len && memcmp(names[i], name, len) == 0) return true;
    }
    return false;
}

static mdm_role role_of(const detection *d, const mdm_column_profile *p,
                        const mdm_role_options *options)
{
    const mdm_dataset_spec *s = d->loading->spec;
    if (d->out->target && strcmp(p->name, d->out->target) == 0) return MDM_ROLE_TARGET;
    if (is_listed(d->out->id_columns, d->out->id_column_count, p->name)) return MDM_ROLE_ID;
    if (is_wished(s->categorical_columns, s->categorical_count, p->name)) return MDM_ROLE_CATEGORICAL;
    if (is_wished(s->datetime_columns, s->datetime_count, p->name)) return MDM_ROLE_DATETIME;
    if (is_wished(s->numeric_columns, s->numeric_count, p->name)) return MDM_ROLE_NUMERIC;
    if (is_wished(s->text_columns, s->text_count, p->name)) return MDM_ROLE_TEXT;
    return mdm_role_of(p, options);
}

/* One decision for all tables, from the main one; else from the table itself. */
static mdm_status find_roles(detection *d)
{
    static const mdm_role_options options = {.categorical_threshold = 20, .text_min_length = 50};
    const mdm_loaded *main_table = &d->tables[d->main_table];
    d->out->roles = mdm_arena_alloc(d->loading->arena, d->count, sizeof *d->out->roles);
    for (size_t t = 0; d->out->roles && t < d->count; t++) {
        const mdm_schema *schema = d->tables[t].schema;
        mdm_role *roles = mdm_arena_alloc(d->loading->arena, schema->count + 1, sizeof *roles);
        for (size_t c = 0; roles && c < schema->count; c++) {
            const size_t same = mdm_schema_find(main_table->schema, mdm_str_from(schema->fields[c].name));
            const mdm_column_profile *profile;
            MDM_TRY(same == SIZE_MAX
                        ? mdm_profile_column(d->tables[t].profile, c, &profile, d->err)
                        : mdm_profile_column(main_table->profile, same, &profile, d->err));
            roles[c] = role_of(d, profile, &options);
        }
        d->out->roles[t] = roles;
    }
    return MDM_OK;
}

static mdm_status find_dates(detection *d)
{
    const mdm_loaded *table = &d->tables[d->main_table];
    const char **names = mdm_arena_alloc(d->loading->arena, table->schema->count + 1, sizeof *names);
    size_t count = 0;
    for (size_t c = 0; names && d->out->roles && c < table->schema->count; c++)
        if (d->out->roles[d->main_table] && d->out->roles[d->main_table][c] == MDM_ROLE_DATETIME)
            names[count++] = mdm_arena_text(d->loading->arena, table->schema->fields[c].name);
    d->out->datetime_columns = names;
    d->out->datetime_column_count = count;
    return mdm_arena_status(d->loading->arena, d->err);
}

mdm_status mdm_detect(mdm_loading *loading, const mdm_loaded *tables, size_t count, bool kaggle,
                      mdm_detected *out, mdm_error *err)
{
    detection d = {.loading = loading,
                   .tables = tables,
                   .count = count,
                   .main_table = mdm_detect_main_table(tables, count),
                   .kaggle = kaggle,
                   .out = out,
                   .err = err};
    *out = (mdm_detected){0};
    MDM_TRY(check_wishes(&d));
    MDM_TRY(find_target(&d));
    MDM_TRY(find_ids(&d));
    MDM_TRY(find_roles(&d));
    return find_dates(&d);
}
