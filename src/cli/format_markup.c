/* Markdown and HTML tables; data never becomes markup. */
#include <stdlib.h>
#include <string.h>

#include "cli/escape.h"
#include "cli/format.h"

typedef void put_text(FILE *out, mdm_str text);

static void put_markdown(FILE *out, mdm_str text)
{
    while (text.len) {
        const size_t plain = cli_plain_character(text);
        if (*text.data == '|' || *text.data == '\\' || *text.data == '`' || *text.data == '<')
            putc('\\', out);
        if (plain) {
            fwrite(text.data, 1, plain, out);
        } else {
            cli_put_escaped(out, (mdm_str){text.data, 1});
        }
        text.data += plain ? plain : 1;
        text.len -= plain ? plain : 1;
    }
}

static void put_html(FILE *out, mdm_str text)
{
    while (text.len) {
        const size_t plain = cli_plain_character(text);
        switch (*text.data) {
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        case '&': fputs("&amp;", out); break;
        case '"': fputs("&quot;", out); break;
        default:
            if (plain) fwrite(text.data, 1, plain, out);
            else cli_put_escaped(out, (mdm_str){text.data, 1});
        }
        text.data += plain ? plain : 1;
        text.len -= plain ? plain : 1;
    }
}

typedef struct markup {
    const char *row_begin, *row_end, *cell_begin, *cell_end;
    put_text *put;
} markup;

static const markup markdown = {"|", "\n", " ", " |", put_markdown};
static const markup html = {"<tr>", "</tr>\n", "<td>", "</td>", put_html};

static mdm_status put_rows(cli_writer *writer, const mdm_chunk *chunk, const markup *m,
                           mdm_error *err)
{
    cli_cell cell = {0};
    mdm_status status = MDM_OK;
    for (int64_t r = 0; r < chunk->rows && status == MDM_OK; r++) {
        fputs(m->row_begin, writer->out);
        for (size_t c = 0; c < chunk->schema->count && status == MDM_OK; c++) {
            mdm_str text;
            fputs(m->cell_begin, writer->out);
            status = cli_cell_text(&cell, &chunk->columns[c], r, &text, err);
            if (status == MDM_OK) m->put(writer->out, text);
            fputs(m->cell_end, writer->out);
        }
        fputs(m->row_end, writer->out);
    }
    free(cell.room);
    return status;
}

static mdm_status markdown_begin(cli_writer *writer, mdm_error *err)
{
    (void)err;
    putc('|', writer->out);
    for (size_t c = 0; c < writer->schema->count; c++) {
        putc(' ', writer->out);
        put_markdown(writer->out, mdm_str_from(writer->schema->fields[c].name));
        fputs(" |", writer->out);
    }
    fputs("\n|", writer->out);
    for (size_t c = 0; c < writer->schema->count; c++)
        fputs(cli_is_number(writer->schema->fields[c].type.id) ? " ---: |" : " --- |", writer->out);
    putc('\n', writer->out);
    return MDM_OK;
}

static mdm_status markdown_chunk(cli_writer *writer, const mdm_chunk *chunk, mdm_error *err)
{
    return put_rows(writer, chunk, &markdown, err);
}

static mdm_status markdown_end(cli_writer *writer, mdm_error *err)
{
    (void)writer;
    (void)err;
    return MDM_OK;
}

static mdm_status html_begin(cli_writer *writer, mdm_error *err)
{
    (void)err;
    fputs("<table>\n<thead><tr>", writer->out);
    for (size_t c = 0; c < writer->schema->count; c++) {
        fputs("<th>", writer->out);
        put_html(writer->out, mdm_str_from(writer->schema->fields[c].name));
        fputs("</th>", writer->out);
    }
    fputs("</tr></thead>\n<tbody>\n", writer->out);
    return MDM_OK;
}

static mdm_status html_chunk(cli_writer *writer, const mdm_chunk *chunk, mdm_error *err)
{
    return put_rows(writer, chunk, &html, err);
}

static mdm_status html_end(cli_writer *writer, mdm_error *err)
{
    (void)err;
    fputs("</tbody>\n</table>\n", writer->out);
    return MDM_OK;
}

const cli_format cli_format_markdown = {"markdown", markdown_begin, markdown_chunk, markdown_end};
const cli_format cli_format_html = {"html", html_begin, html_chunk, html_end};
