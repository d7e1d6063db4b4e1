/* escape.h - data on a terminal: nothing in it may move the cursor or turn the text round. */
#ifndef MDM_CLI_ESCAPE_H
#define MDM_CLI_ESCAPE_H

#include <stdio.h>

#include "mdm/base.h"

/* Write text with C0, C1, DEL and bidi controls as \xNN or \u{NNNN}; bytes that are not UTF-8 as
 * \xNN. */
void cli_put_escaped(FILE *out, mdm_str text);
/* Length of the next character, 0: not UTF-8. */
size_t cli_character(mdm_str text);
/* Length of the next character if it may be shown as it is, else 0. */
size_t cli_plain_character(mdm_str text);

#endif
