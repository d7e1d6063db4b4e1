/* A CSV file: its layout, header and check. */
#include <string.h>

#include "base/alloc.h"
#include "file/csv_walk.h"
#include "file/header.h"
#include "file/text_file.h"

typedef struct csv_file {
    mdm_text_file text;
    mdm_csv_layout layout;
    mdm_header header;
    char delimiter[MDM_DELIMITER_TEXT];
} csv_file;

const size_t mdm_csv_file_size = sizeof(csv_file);

/* --- walks ------------------------------------------------------------------------- */

static mdm_status open_walk(mdm_text_file *text, const char *phase, bool hash, mdm_rejects *rejects,
                            mdm_walk **out, mdm_error *err)
{
    csv_file *file = (csv_file *)text;
    *out = NULL;
    mdm_csv_walk *walk = mdm_alloc(sizeof *walk);
    if (!walk) return mdm_no_memory(err, "a walk through a file");
    const mdm_status status = mdm_csv_walk_init(walk, &text->place, &file->layout,
                                                file->header.count, phase, hash, rejects, err);
    if (status == MDM_OK) *out = &walk->base;
    else mdm_free(walk);
    return status;
}

static mdm_status open_rows(mdm_text_file *text, const char *phase, mdm_rejects *rejects,
                            mdm_walk **out, mdm_error *err)
{
    return open_walk(text, phase, false, rejects, out, err);
}

static mdm_status next(mdm_walk *walk, mdm_batch *batch, mdm_error *err)
{
    return mdm_csv_walk_next((mdm_csv_walk *)walk, batch, err);
}

static void close_walk(mdm_walk *walk)
{
    if (!walk) return;
    mdm_csv_walk_clear((mdm_csv_walk *)walk);
    mdm_free(walk);
}

/* --- the check ----------------------------------------------------------------------- */

static char known_delimiter(const csv_file *file)
{
    char delimiter = 0;
    const char *wanted = file->text.base.read.delimiter;
    if (wanted) {
        (void)mdm_csv_delimiter_parse(wanted,
                                      &delimiter); /* was checked when the file was opened */
        return delimiter;
    }
    const char *name = file->text.base.name, *end = name + strlen(name);
    for (const char *dot = name; (dot = strcasestr(dot, ".tsv")) && dot < end; dot++)
        if (!dot[4] || dot[4] == '.') return '\t';
    return 0;
}

static mdm_status find_layout(csv_file *file, mdm_error *err)
{
    mdm_walk walk;
    MDM_TRY(mdm_walk_init(&walk, &file->text.place, "checking", false, NULL, err));
    const mdm_str sample = {walk.window.data, walk.window.len};
    const mdm_status status =
        mdm_csv_layout_find(sample, walk.window.ended, known_delimiter(file), &file->layout, err);
    mdm_walk_clear(&walk);
    return status;
}

static mdm_status read_header(csv_file *file, mdm_csv_walk *walk, mdm_error *err)
{
    mdm_str *fields = NULL;
    size_t count = 0;
    MDM_TRY(mdm_csv_walk_header(walk, &fields, &count, err));
    mdm_status status =
        mdm_width_judge(file->text.base.name, count, file->text.base.read.max_columns, err);
    mdm_notes *notes = &file->text.base.notes;
    mdm_header_clear(&file->header);
    if (status == MDM_OK)
        status =
            mdm_header_init(&file->header, fields, count, !file->layout.has_header, notes, err);
    if (!file->layout.has_header)
        mdm_notes_add(notes, "%s has no header: its columns are called column_1, column_2, ...",
                      file->text.base.name);
    mdm_free(fields);
    file->text.names = (const char *const *)file->header.names;
    file->text.count = file->header.count;
    return status;
}

/* On success *out is about to read the first row. */
static mdm_status learn_columns(csv_file *file, mdm_walk **out, mdm_error *err)
{
    mdm_rejects *rejects = &file->text.base.rejects;
    mdm_header_clear(&file->header);
    MDM_TRY(find_layout(file, err));
    MDM_TRY(open_walk(&file->text, "checking", true, rejects, out, err));
    mdm_csv_walk *walk = (mdm_csv_walk *)*out;
    MDM_TRY(read_header(file, walk, err));
    walk->columns = file->header.count;
    if (file->layout.has_header) return MDM_OK;
    close_walk(*out);
    return open_walk(&file->text, "checking", true, rejects, out, err);
}

static void note_oddities(csv_file *file, const mdm_csv_walk *walk)
{
    mdm_notes *notes = &file->text.base.notes;
    const char *name = file->text.base.name;
    if (walk->base.empty_lines > 0)
        mdm_notes_add(notes, "%s: %lld empty line%s skipped", name,
                      (long long)walk->base.empty_lines, walk->base.empty_lines == 1 ? "" : "s");
    if (walk->returned > 0 && walk->returned < walk->lines)
        mdm_notes_add(notes, "%s has mixed line ends: %lld of %lld lines end with CR LF", name,
                      (long long)walk->returned, (long long)walk->lines);
}

static mdm_status check(mdm_text_file *text, mdm_walk **out, mdm_error *err)
{
    csv_file *file = (csv_file *)text;
    MDM_TRY(learn_columns(file, out, err));
    MDM_TRY(mdm_csv_walk_check((mdm_csv_walk *)*out, err));
    note_oddities(file, (mdm_csv_walk *)*out);
    mdm_text_file_measured(text, *out);
    text->decimal_comma = file->layout.dialect.delimiter != ',';
    text->base.info.delimiter =
        mdm_csv_delimiter_text(file->layout.dialect.delimiter, file->delimiter);
    return MDM_OK;
}

/* --- the format ------------------------------------------------------------------------ */

static void clear(mdm_text_file *text)
{
    mdm_header_clear(&((csv_file *)text)->header);
}

mdm_status mdm_csv_file_open(mdm_file *base, mdm_error *err)
{
    static const mdm_text_format format = {
        .check = check,
        .open = open_rows,
        .next = next,
        .close = close_walk,
        .clear = clear,
    };
    csv_file *file = (csv_file *)base;
    char delimiter;
    file->text.format = &format;
    if (base->read.delimiter && !mdm_csv_delimiter_parse(base->read.delimiter, &delimiter)) {
        const mdm_status status =
            mdm_error_set(err, MDM_INVALID, "'%s' is no delimiter", base->read.delimiter);
        return mdm_error_hint(err, status, "one character, or comma, tab, semicolon, pipe, space");
    }
    return mdm_text_file_open(&file->text, err);
}
