/* Which data files there are, and which tables they become. A name is taken apart into stem, format
 * and packing by one table; standard stems (train, val, ...) become standard keys. */
#include <string.h>

#include "base/alloc.h"
#include "base/io.h"
#include "base/text.h"
#include "file/file.h"

/* In the order in which of two files for one key the later wins. */
static const struct {
    const char *suffix;
    mdm_file_format format;
    mdm_file_packing packing;
} suffixes[] = {
    {".csv", MDM_FILE_CSV, MDM_PACKED_NOT},         {".tsv", MDM_FILE_CSV, MDM_PACKED_NOT},
    {".csv.gz", MDM_FILE_CSV, MDM_PACKED_GZIP},     {".tsv.gz", MDM_FILE_CSV, MDM_PACKED_GZIP},
    {".csv.zst", MDM_FILE_CSV, MDM_PACKED_ZSTD},    {".tsv.zst", MDM_FILE_CSV, MDM_PACKED_ZSTD},
    {".parquet", MDM_FILE_PARQUET, MDM_PACKED_NOT}, {".json", MDM_FILE_JSON, MDM_PACKED_NOT},
    {".json.gz", MDM_FILE_JSON, MDM_PACKED_GZIP},   {".json.zst", MDM_FILE_JSON, MDM_PACKED_ZSTD},
    {".jsonl", MDM_FILE_JSON, MDM_PACKED_NOT},      {".ndjson", MDM_FILE_JSON, MDM_PACKED_NOT},
    {".jsonl.gz", MDM_FILE_JSON, MDM_PACKED_GZIP},  {".ndjson.gz", MDM_FILE_JSON, MDM_PACKED_GZIP},
    {".jsonl.zst", MDM_FILE_JSON, MDM_PACKED_ZSTD}, {".ndjson.zst", MDM_FILE_JSON, MDM_PACKED_ZSTD},
};

/* Likewise in order. */
static const struct {
    const char *stem, *key;
} standard[] = {
    {"train", "train"},           {"test", "test"},
    {"validation", "validation"}, {"val", "validation"},
    {"dev", "validation"},        {"training", "train"},
    {"testing", "test"},          {"sample_submission", "sample_submission"},
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* A file's name taken apart. */
typedef struct name_parts {
    mdm_str stem;
    size_t suffix;   /* index into suffixes */
    size_t standard; /* index into standard, or its count */
} name_parts;

static bool take_apart(const char *name, name_parts *out)
{
    const mdm_str text = mdm_str_from(name);
    for (size_t i = 0; i < COUNT(suffixes); i++) {
        const mdm_str suffix = mdm_str_from(suffixes[i].suffix);
        if (text.len <= suffix.len) continue;
        const mdm_str end = {text.data + text.len - suffix.len, suffix.len};
        if (!mdm_str_equal_nocase(end, suffix)) continue;
        *out = (name_parts){{text.data, text.len - suffix.len}, i, 0};
        while (out->standard < COUNT(standard) &&
               !mdm_str_equal_nocase(out->stem, mdm_str_from(standard[out->standard].stem)))
            out->standard++;
        return true;
    }
    return false;
}

static bool is_standard(const name_parts *parts)
{
    return parts->standard < COUNT(standard);
}

static bool is_submission(const char *name)
{
    name_parts parts;
    return take_apart(name, &parts) && suffixes[parts.suffix].format == MDM_FILE_CSV &&
           strcasestr(name, "submission") != NULL;
}

/* --- the list ------------------------------------------------------------------- */

static mdm_status warn(mdm_found *found, char *sentence, mdm_error *err)
{
    char **grown =
        sentence ? mdm_realloc(found->warnings, (found->warning_count + 1) * sizeof *grown) : NULL;
    if (!grown) {
        mdm_free(sentence);
        return mdm_no_memory(err, "a warning");
    }
    found->warnings = grown;
    grown[found->warning_count++] = sentence;
    return MDM_OK;
}

static mdm_found_file *find_key(mdm_found *found, mdm_str key)
{
    for (size_t i = 0; i < found->count; i++)
        if (mdm_str_equal_nocase(mdm_str_from(found->files[i].key), key)) return &found->files[i];
    return NULL;
}

/* path moves in, also on failure. */
static mdm_status append(mdm_found *found, mdm_str key, char *path, size_t suffix, mdm_error *err)
{
    mdm_found_file *grown = mdm_realloc(found->files, (found->count + 1) * sizeof *grown);
    if (grown) found->files = grown;
    char *copy = grown ? mdm_str_dup(key) : NULL;
    if (!copy) {
        mdm_free(path);
        return mdm_no_memory(err, "a file's name");
    }
    found->files[found->count++] =
        (mdm_found_file){copy, path, suffixes[suffix].format, suffixes[suffix].packing};
    return MDM_OK;
}

/* --- what a path is ---------------------------------------------------------------- */

/* A path is literal: not even ~ at its beginning means something. */
static mdm_status absolute(const char *path, char **out, mdm_error *err)
{
    *out = NULL;
    if (!*path) return mdm_error_set(err, MDM_FORMAT, "an empty path is no file");
    if (*path == '/') return mdm_path_absolute(path, out, err);
    char *local = mdm_asprintf("./%s", path);
    if (!local) return mdm_no_memory(err, "a path");
    const mdm_status status = mdm_path_absolute(local, out, err);
    mdm_free(local);
    return status;
}

static mdm_status look(const char *path, mdm_path_stat *out, mdm_error *err)
{
    const mdm_status status = mdm_path_look(path, true, out, err);
    if (status != MDM_NOT_FOUND) return status;
    return mdm_error_set(err, MDM_FORMAT, "%s: no such file or folder", path);
}

static mdm_status need_regular(const char *path, mdm_error *err)
{
    mdm_path_stat st;
    MDM_TRY(look(path, &st, err));
    if (st.is_file) return MDM_OK;
    return mdm_error_set(err, MDM_FORMAT, "%s: %s", path,
                         st.is_dir ? "is a folder" : "not a regular file");
}

static mdm_status no_reader(const char *path, mdm_error *err)
{
    const mdm_status status = mdm_error_set(err, MDM_FORMAT, "%s: no reader for such a name", path);
    return mdm_error_hint(err, status,
                          "names end in .csv .tsv .json .jsonl .ndjson (also with .gz or .zst) "
                          "or .parquet");
}

/* --- one file ------------------------------------------------------------------------ */

/* Explicitly named: key NULL means the standard name, else the stem. path moves in. */
static mdm_status add_named(mdm_found *found, const char *key, char *path, mdm_error *err)
{
    name_parts parts;
    mdm_status status = need_regular(path, err);
    if (status == MDM_OK && !take_apart(mdm_path_name(path), &parts)) status = no_reader(path, err);
    if (status != MDM_OK) {
        mdm_free(path);
        return status;
    }
    const mdm_str name = key                   ? mdm_str_from(key)
                         : is_standard(&parts) ? mdm_str_from(standard[parts.standard].key)
                                               : parts.stem;
    const mdm_found_file *other = find_key(found, name);
    if (other) {
        status = mdm_error_set(err, MDM_INVALID, "%s and %s would both be table '%.*s'",
                               other->path, path, (int)name.len, name.data);
        mdm_free(path);
        return status;
    }
    return append(found, name, path, parts.suffix, err);
}

/* --- a folder -------------------------------------------------------------------------- */

/* One pass over a folder's names. */
typedef struct folder_walk {
    mdm_found *found;
    const char *path;
    mdm_names names;
    bool *usable;           /* by name: a data file that can be taken */
    const char *submission; /* the name that stands for sample_submission, or NULL */
} folder_walk;

/* Leave out what is no data file; warn of what looks like one and is not. */
static mdm_status is_usable(folder_walk *walk, const char *name, bool *usable, mdm_error *err)
{
    name_parts parts;
    *usable = false;
    if (*name == '.' || !take_apart(name, &parts)) return MDM_OK;
    if (mdm_utf8_check(mdm_str_from(name)) != SIZE_MAX)
        return warn(walk->found,
                    mdm_asprintf("a file in %s was left out: its name is not UTF-8", walk->path),
                    err);
    char *path = mdm_path_join(walk->path, name);
    if (!path) return mdm_no_memory(err, "a path");
    mdm_path_stat st;
    mdm_status status = look(path, &st, err);
    if (status == MDM_OK && st.is_dir)
        status =
            warn(walk->found, mdm_asprintf("%s is a folder, which is not looked into", path), err);
    else if (status == MDM_OK && !st.is_file)
        status = mdm_error_set(err, MDM_FORMAT, "%s: not a regular file", path);
    else *usable = status == MDM_OK;
    mdm_free(path);
    return status;
}

static bool has(const folder_walk *walk, const char *name)
{
    for (size_t i = 0; i < walk->names.count; i++)
        if (strcmp(walk->names.items[i], name) == 0) return true;
    return false;
}

static bool has_stem(const folder_walk *walk, const char *stem)
{
    name_parts parts;
    for (size_t i = 0; i < walk->names.count; i++)
        if (walk->usable[i] && take_apart(walk->names.items[i], &parts) &&
            mdm_str_equal_nocase(parts.stem, mdm_str_from(stem)))
            return true;
    return false;
}

/* A submission file, and one more of what a competition has. */
static void recognise_kaggle(folder_walk *walk)
{
    for (size_t i = 0; i < walk->names.count; i++)
        if (walk->usable[i] && is_submission(walk->names.items[i]) &&
            (!walk->submission || strncasecmp(walk->names.items[i], "sample_", 7) == 0))
            walk->submission = walk->names.items[i];
    walk->found->kaggle = walk->submission && (has_stem(walk, "train") || has_stem(walk, "test") ||
                                               has(walk, "data_description.txt"));
}

static mdm_status take(folder_walk *walk, mdm_str key, const char *name, size_t suffix,
                       mdm_error *err)
{
    char *path = mdm_path_join(walk->path, name);
    if (!path) return mdm_no_memory(err, "a path");
    mdm_found_file *other = find_key(walk->found, key);
    if (!other) return append(walk->found, key, path, suffix, err);
    name_parts had = {.suffix = 0};
    const bool replace =
        take_apart(mdm_path_name(other->path), &had) && (is_standard(&had) || had.suffix < suffix);
    const mdm_status status =
        warn(walk->found,
             mdm_asprintf("%s and %s are both table '%s'; %s is taken", mdm_path_name(other->path),
                          name, other->key, replace ? name : mdm_path_name(other->path)),
             err);
    if (status == MDM_OK && replace) {
        char *old = other->path;
        *other =
            (mdm_found_file){other->key, path, suffixes[suffix].format, suffixes[suffix].packing};
        path = old;
    }
    mdm_free(path);
    return status;
}

static mdm_status take_all_with(folder_walk *walk, size_t stem, size_t suffix, mdm_error *err)
{
    for (size_t i = 0; i < walk->names.count; i++) {
        name_parts parts;
        const char *name = walk->names.items[i];
        if (!walk->usable[i] || !take_apart(name, &parts)) continue;
        if (parts.suffix == suffix && parts.standard == stem)
            MDM_TRY(take(walk, mdm_str_from(standard[stem].key), name, suffix, err));
    }
    return MDM_OK;
}

static mdm_status take_stems(folder_walk *walk, mdm_error *err)
{
    for (size_t i = 0; i < walk->names.count; i++) {
        name_parts parts;
        if (walk->usable[i] && take_apart(walk->names.items[i], &parts))
            MDM_TRY(take(walk, parts.stem, walk->names.items[i], parts.suffix, err));
    }
    return MDM_OK;
}

static mdm_status take_standard(folder_walk *walk, mdm_error *err)
{
    for (size_t stem = 0; stem < COUNT(standard); stem++)
        for (size_t suffix = 0; suffix < COUNT(suffixes); suffix++)
            MDM_TRY(take_all_with(walk, stem, suffix, err));
    name_parts parts;
    if (walk->found->kaggle && !find_key(walk->found, MDM_STR("sample_submission")) &&
        take_apart(walk->submission, &parts))
        MDM_TRY(take(walk, MDM_STR("sample_submission"), walk->submission, parts.suffix, err));
    return MDM_OK;
}

static mdm_status warn_of_the_rest(folder_walk *walk, mdm_error *err)
{
    for (size_t i = 0; i < walk->names.count; i++) {
        name_parts parts;
        const char *name = walk->names.items[i];
        if (!walk->usable[i] || !take_apart(name, &parts) || is_standard(&parts)) continue;
        if (walk->found->kaggle && walk->submission == name) continue;
        MDM_TRY(warn(walk->found,
                     mdm_asprintf("%s was left out: beside train, test and the like only these "
                                  "are read; name it to take it",
                                  name),
                     err));
    }
    return MDM_OK;
}

static mdm_status choose_files(folder_walk *walk, mdm_error *err)
{
    const size_t before = walk->found->count;
    recognise_kaggle(walk);
    MDM_TRY(take_standard(walk, err));
    if (walk->found->count > before) return warn_of_the_rest(walk, err);
    MDM_TRY(take_stems(walk, err));
    if (walk->found->count > before) return MDM_OK;
    return mdm_error_set(err, MDM_FORMAT, "%s: a folder without data files", walk->path);
}

static mdm_status look_at_all(folder_walk *walk, mdm_error *err)
{
    walk->usable = mdm_alloc_zero(walk->names.count + 1, sizeof *walk->usable);
    if (!walk->usable) return mdm_no_memory(err, "a folder's files");
    for (size_t i = 0; i < walk->names.count; i++)
        MDM_TRY(is_usable(walk, walk->names.items[i], &walk->usable[i], err));
    return MDM_OK;
}

/* Files found here must not meet those of another path under one key. */
static mdm_status add_folder(mdm_found *found, const char *path, mdm_error *err)
{
    mdm_found own = {0};
    folder_walk walk = {.found = &own, .path = path};
    mdm_status status = mdm_dir_list(path, &walk.names, err);
    if (status == MDM_OK) status = look_at_all(&walk, err);
    if (status == MDM_OK) status = choose_files(&walk, err);
    for (size_t i = 0; i < own.warning_count && status == MDM_OK; i++) {
        status = warn(found, own.warnings[i], err);
        own.warnings[i] = NULL;
    }
    for (size_t i = 0; i < own.count && status == MDM_OK; i++) {
        status = add_named(found, own.files[i].key, own.files[i].path, err);
        own.files[i].path = NULL;
    }
    found->kaggle = found->kaggle || own.kaggle;
    mdm_found_clear(&own);
    mdm_names_free(&walk.names);
    mdm_free(walk.usable);
    return status;
}

/* --- all together -------------------------------------------------------------------------- */

static mdm_status add_path(mdm_found *found, const char *given, bool alone, mdm_error *err)
{
    char *path = NULL;
    mdm_path_stat st;
    MDM_TRY(absolute(given, &path, err));
    mdm_status status = MDM_OK;
    if (!found->source && !(found->source = mdm_strdup(path)))
        status = mdm_no_memory(err, "a path");
    if (status == MDM_OK) status = look(path, &st, err);
    if (status == MDM_OK && !st.is_dir) return add_named(found, alone ? "data" : NULL, path, err);
    if (status == MDM_OK) status = add_folder(found, path, err);
    mdm_free(path);
    return status;
}

mdm_status mdm_files_find(const char *const *paths, size_t count, mdm_found *out, mdm_error *err)
{
    *out = (mdm_found){0};
    mdm_status status = count > 0 ? MDM_OK : mdm_error_set(err, MDM_INVALID, "no file or folder");
    for (size_t i = 0; i < count && status == MDM_OK; i++)
        status = add_path(out, paths[i], count == 1, err);
    if (status != MDM_OK) mdm_found_clear(out);
    return status;
}

mdm_status mdm_files_add(mdm_found *found, const char *key, const char *path, mdm_error *err)
{
    char *whole = NULL;
    MDM_TRY(absolute(path, &whole, err));
    if (!found->source && !(found->source = mdm_strdup(whole))) {
        mdm_free(whole);
        return mdm_no_memory(err, "a path");
    }
    return add_named(found, key, whole, err);
}

void mdm_found_clear(mdm_found *found)
{
    for (size_t i = 0; i < found->count; i++) {
        mdm_free(found->files[i].key);
        mdm_free(found->files[i].path);
    }
    for (size_t i = 0; i < found->warning_count; i++)
        mdm_free(found->warnings[i]);
    mdm_free(found->files);
    mdm_free(found->warnings);
    mdm_free(found->source);
    *found = (mdm_found){0};
}
