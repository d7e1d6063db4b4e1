/* Writing: one table says what there is. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/io.h"
#include "file/write.h"

typedef enum written { DELIMITED, JSON, PARQUET } written;

static const char *const text_packs[] = {"none", "gzip", "zip", "zstd", "bz2", "xz", NULL};
static const char *const parquet_packs[] = {"snappy", "gzip", "lz4", "zstd", "none", NULL};

static const struct {
    const char *name;
    written how;
    char detail;                     /* DELIMITED: the delimiter; JSON: 'l' for lines */
    const char *const *compressions; /* the first is the default */
} formats[] = {
    {"csv", DELIMITED, ',', text_packs},    {"tsv", DELIMITED, '\t', text_packs},
    {"parquet", PARQUET, 0, parquet_packs}, {"json", JSON, 0, text_packs},
    {"jsonl", JSON, 'l', text_packs},
};

static const struct {
    const char *word, *suffix;
    mdm_pack pack;
} packs[] = {
    {"none", "", MDM_PACK_NONE},     {"gzip", ".gz", MDM_PACK_GZIP}, {"zip", ".zip", MDM_PACK_ZIP},
    {"zstd", ".zst", MDM_PACK_ZSTD}, {"bz2", ".bz2", MDM_PACK_BZ2},  {"xz", ".xz", MDM_PACK_XZ},
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* --- what there is -------------------------------------------------------------------- */

/* A format and one of its compressions, found. */
typedef struct choice {
    size_t format;
    const char *compression;
    size_t pack; /* of text formats */
} choice;

static size_t find_format(const char *name)
{
    size_t i = 0;
    while (i < COUNT(formats) && strcasecmp(formats[i].name, name) != 0)
        i++;
    return i;
}

const char *const *mdm_file_compressions(const char *format)
{
    const size_t i = find_format(format);
    return i < COUNT(formats) ? formats[i].compressions : NULL;
}

static mdm_status unknown_compression(size_t format, const char *word, mdm_error *err)
{
    char list[96] = "";
    size_t len = 0;
    for (const char *const *c = formats[format].compressions; *c; c++)
        len += (size_t)snprintf(list + len, sizeof list - len, "%s%s", len ? ", " : "", *c);
    const mdm_status status =
        mdm_error_set(err, MDM_INVALID, "%s has no compression '%s'", formats[format].name, word);
    return mdm_error_hint(err, status, "one of %s", list);
}

static mdm_status choose(const char *format, const char *compression, choice *out, mdm_error *err)
{
    out->format = find_format(format);
    if (out->format == COUNT(formats)) {
        const mdm_status status = mdm_error_set(err, MDM_INVALID, "unknown format '%s'", format);
        return mdm_error_hint(err, status, "one of csv, tsv, parquet, json, jsonl");
    }
    const char *const *c = formats[out->format].compressions;
    if (compression)
        while (*c && strcasecmp(*c, compression) != 0)
            c++;
    if (!*c) return unknown_compression(out->format, compression, err);
    out->compression = *c;
    out->pack = 0;
    while (out->pack + 1 < COUNT(packs) && strcmp(packs[out->pack].word, *c) != 0)
        out->pack++;
    return MDM_OK;
}

mdm_status mdm_file_suffix(const char *format, const char *compression, char *text, size_t size,
                           mdm_error *err)
{
    choice chosen;
    MDM_TRY(choose(format, compression, &chosen, err));
    const bool packed = formats[chosen.format].how != PARQUET;
    const int len = snprintf(text, size, ".%s%s", formats[chosen.format].name,
                             packed ? packs[chosen.pack].suffix : "");
    return (size_t)len < size ? MDM_OK : mdm_error_set(err, MDM_INVALID, "no room for a suffix");
}

/* --- writing ------------------------------------------------------------------------------ */

/* "a/b.csv.zip" holds "b.csv". */
static char *member_of(const char *path, const char *format)
{
    const char *name = mdm_path_name(path);
    const size_t len = strlen(name);
    if (strcmp(path, "-") == 0) return mdm_asprintf("data.%s", format);
    if (len > 4 && strcasecmp(name + len - 4, ".zip") == 0)
        return mdm_str_dup((mdm_str){name, len - 4});
    return mdm_strdup(name);
}

static mdm_status write_text(mdm_stream *source, const choice *chosen, mdm_sink *sink,
                             const mdm_write_options *options, int64_t *rows, mdm_error *err)
{
    const char detail = formats[chosen->format].detail;
    return formats[chosen->format].how == JSON
               ? mdm_write_json(source, sink, detail == 'l', options, rows, err)
               : mdm_write_delimited(source, sink, detail, options, rows, err);
}

static mdm_status write_packed(mdm_stream *source, const char *path, const char *member,
                               const choice *chosen, const mdm_write_options *options,
                               int64_t *rows, int64_t *bytes, mdm_error *err)
{
    mdm_sink *sink = NULL;
    char *own = member ? NULL : member_of(path, formats[chosen->format].name);
    mdm_status status = member || own ? MDM_OK : mdm_no_memory(err, "a name");
    if (status == MDM_OK)
        status = mdm_sink_open(path, packs[chosen->pack].pack, member ? member : own, &sink, err);
    if (status == MDM_OK) status = write_text(source, chosen, sink, options, rows, err);
    if (status == MDM_OK) status = mdm_sink_finish(sink, bytes, err);
    mdm_sink_close(sink);
    mdm_free(own);
    return status;
}

mdm_status mdm_file_write(mdm_stream *source, const char *path, const char *member,
                          const mdm_write_options *options, int64_t *rows, int64_t *bytes,
                          mdm_error *err)
{
    choice chosen;
    *rows = *bytes = 0;
    MDM_TRY(choose(options->format, options->compression, &chosen, err));
    if (formats[chosen.format].how == PARQUET)
        return mdm_write_parquet(source, path, chosen.compression, options, rows, bytes, err);
    return write_packed(source, path, member, &chosen, options, rows, bytes, err);
}
