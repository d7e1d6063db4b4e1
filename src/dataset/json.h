/* json.h - jansson documents into our own memory. */
#ifndef MDM_DATASET_JSON_H
#define MDM_DATASET_JSON_H

#include <jansson.h>

#include "base/text.h"

/* Append document to text, with jansson's flags (JSON_COMPACT, JSON_INDENT(2)), and drop it. NULL for
 * document (it could not be built) or no memory: text->failed. */
void mdm_json_put(mdm_text *text, json_t *document, size_t flags);

#endif
