/* text_width.h - how many columns of a terminal a text takes, whatever the locale. */
#ifndef MDM_CLI_TEXT_WIDTH_H
#define MDM_CLI_TEXT_WIDTH_H

#include "mdm/base.h"

/* text is UTF-8 that may be shown (cli_put_escaped()). */
size_t cli_text_width(mdm_str text);
/* How many bytes of text take at most width columns; *taken: how many columns these take. */
size_t cli_text_fit(mdm_str text, size_t width, size_t *taken);

#endif
