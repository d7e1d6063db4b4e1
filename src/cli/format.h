/* format.h - rows on standard output in the form the user asked for.
 *
 * A form is a table of three functions. Everything that prints rows (query results, lists,
 * settings) goes through cli_print_rows() or cli_print_chunk(). */
#ifndef MDM_CLI_FORMAT_H
#define MDM_CLI_FORMAT_H

#include "cli/command.h"

typedef struct cli_writer cli_writer;

/* What is known once the rows are through; part of the JSON document. */
typedef struct cli_footer {
    const char *schema;   /* "mdm.query/1" */
    const char *dataset;  /* NULL: none */
    const mdm_rows *rows; /* NULL: a list made by the program */
    uint64_t right;       /* bit C: column C is text that stands right, as numbers do */
} cli_footer;

typedef struct cli_format {
    const char *name;
    mdm_status (*begin)(cli_writer *writer, mdm_error *err);
    mdm_status (*chunk)(cli_writer *writer, const mdm_chunk *chunk, mdm_error *err);
    mdm_status (*end)(cli_writer *writer, mdm_error *err);
} cli_format;

struct cli_writer {
    cli_context *context;
    FILE *out;
    const mdm_schema *schema;
    const cli_footer *footer;
    bool types_line;   /* table: a line of types under the headings */
    int64_t row_count; /* so far */
    void *state;       /* the form's own, freed by end() */
};

/* The form of that name ("table", "rich", "text", "csv", "tsv", "json", "jsonl", "markdown",
 * "html"), or NULL. */
const cli_format *cli_format_find(const char *name);
/* The form a command shall use: its own option, --json, --format, cli.default_output_format. */
const cli_format *cli_format_chosen(const cli_context *context, const char *own);
bool cli_wants_json(const cli_context *context, const char *own);

/* Print all remaining rows. *count (may be NULL): how many. */
mdm_status cli_print_rows(cli_context *context, const cli_format *format, mdm_rows *rows,
                          const cli_footer *footer, bool types_line, int64_t *count,
                          mdm_error *err);
/* Print one chunk made by the program. */
mdm_status cli_print_chunk(cli_context *context, const cli_format *format, const mdm_chunk *chunk,
                           const cli_footer *footer, mdm_error *err);

extern const cli_format cli_format_table, cli_format_json, cli_format_jsonl, cli_format_csv,
    cli_format_tsv, cli_format_markdown, cli_format_html;

/* A cell as text: mdm_cell_text(), with blobs whole. room is grown as needed; free it at the end.
 */
typedef struct cli_cell {
    char *room;
    size_t size;
} cli_cell;
mdm_status cli_cell_text(cli_cell *cell, const mdm_column *column, int64_t row, mdm_str *out,
                         mdm_error *err);

/* 1234567 as "1,234,567" into text (at least 32 bytes); returns text. */
char *cli_thousands(int64_t number, char *text);
/* 1536 as "1.5 KB" into text (at least 32 bytes); returns text. */
char *cli_bytes(int64_t bytes, char *text);
bool cli_is_number(mdm_type_id type);

#endif
