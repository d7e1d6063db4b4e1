/* describe.h - what the commands about datasets say in the same words. */
#ifndef MDM_CLI_DESCRIBE_H
#define MDM_CLI_DESCRIBE_H

#include <jansson.h>

#include "cli/command.h"

/* The fields of mdm.dataset.list/1's entries. NULL: no memory. */
json_t *cli_dataset_json(const mdm_dataset_info *info);
/* The fields of the Python MDM's bare array (dataset list --format json). */
json_t *cli_dataset_old_json(const mdm_dataset_info *info, const char *default_backend);

json_t *cli_strings_json(const char *const *items, size_t count);
json_t *cli_text_or_null(const char *text);
json_t *cli_number_or_null(int64_t number); /* negative: null */
json_t *cli_real_or_null(double number);    /* NaN, infinities: null */

/* "train, test, ...(5 total)" into text of size bytes, at most `most` of them; returns text. */
char *cli_table_names(const mdm_dataset_info *info, size_t most, char *text, size_t size);
/* "a, b" into text; "-" when there is none. */
char *cli_joined(const char *const *items, size_t count, char *text, size_t size);

#endif
