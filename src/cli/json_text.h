/* json_text.h - pieces of JSON written straight to a file. Whole small documents are jansson's. */
#ifndef MDM_CLI_JSON_TEXT_H
#define MDM_CLI_JSON_TEXT_H

#include <jansson.h>
#include <stdio.h>

#include "mdm/base.h"

/* A quoted string of text and suffix; bytes that are not UTF-8 become U+FFFD. */
void cli_json_string(FILE *out, mdm_str text, const char *suffix);
void cli_json_base64(FILE *out, mdm_str bytes);
/* A jansson document with the key order in which it was built, indented, and a line end. document
 * (NULL: it could not be built: MDM_NO_MEMORY) is taken over. */
mdm_status cli_json_print(FILE *out, json_t *document, mdm_error *err);

#endif
