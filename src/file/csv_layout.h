/* csv_layout.h - delimiter, quote, line ends, header of a CSV file, from its beginning. */
#ifndef MDM_FILE_CSV_LAYOUT_H
#define MDM_FILE_CSV_LAYOUT_H

#include "file/csv_index.h"
#include "file/file.h"

typedef struct mdm_csv_layout {
    mdm_csv_dialect dialect;
    bool has_header;
} mdm_csv_layout;

/* A delimiter as the user says it: one character, or comma, tab, semicolon, pipe, space. False: it
 * is none (a letter, a digit, a quote, a line end, '.', '-'). */
bool mdm_csv_delimiter_parse(const char *word, char *out);
/* Its word, or itself; into text; returns text. */
#define MDM_DELIMITER_TEXT 12
char *mdm_csv_delimiter_text(char delimiter, char text[MDM_DELIMITER_TEXT]);

/* Look at the beginning of a file (followed by MDM_CSV_BLOCK zero bytes). whole: it is all of it.
 * delimiter: what is known of it, or 0. */
MDM_MUST_CHECK mdm_status mdm_csv_layout_find(mdm_str sample, bool whole, char delimiter,
                                              mdm_csv_layout *out, mdm_error *err);

#endif
