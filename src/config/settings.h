/* settings.h - what the files of this room share: the values and where they came from. */
#ifndef MDM_CONFIG_SETTINGS_H
#define MDM_CONFIG_SETTINGS_H

#include "base/text.h"
#include "config/options.h"
#include "config/yaml.h"

/* The value of one option. */
typedef struct mdm_setting {
    char *text;   /* in its canonical spelling; a PATH as it was given until it is made absolute */
    char *shown;  /* without passwords; NULL: as text */
    char **items; /* LIST */
    size_t count;
    int64_t whole; /* INT */
    double real;   /* REAL */
    bool yes;      /* BOOL */
    mdm_origin origin;
    char *origin_text; /* NULL: the word for origin */
} mdm_setting;

typedef struct mdm_messages {
    char **items;
    size_t count, size;
} mdm_messages;

struct mdm_config {
    mdm_setting *settings; /* one for each row of the table */
    char *home, *file;     /* absolute */
    const char *home_origin, *file_origin;
    bool file_given;           /* by option or environment: it must be there, and may be a link */
    bool file_is_open_to_view; /* others may read it */
    mdm_messages warnings, notes, unknown_variables;
    const char *const *environment; /* "NAME=value", during mdm_config_open() only */
};

/* --- value.c ---------------------------------------------------------------- */

/* Check a text against an option and fill *out (its value, not its origin). MDM_CONFIG: "PATH: 'x'
 * is not ALLOWED". On success the caller owns what *out holds: mdm_setting_clear(). */
MDM_MUST_CHECK mdm_status mdm_setting_parse(const mdm_option_row *row, mdm_str text,
                                            mdm_setting *out, mdm_error *err);
/* The same for the items of a LIST. */
MDM_MUST_CHECK mdm_status mdm_setting_parse_items(const mdm_option_row *row, const mdm_str *items,
                                                  size_t count, mdm_setting *out, mdm_error *err);
void mdm_setting_clear(mdm_setting *setting); /* wipes */
/* What is wrong with a value, in the words of the option. what: "'x'", "a list". */
mdm_status mdm_setting_refuse(const mdm_option_row *row, const char *what, mdm_error *err);

/* --- address.c -------------------------------------------------------------- */

/* Append address with "***" for each password in it; true when there was one. */
bool mdm_address_mask(mdm_str address, mdm_text *out);

/* --- environment.c ---------------------------------------------------------- */

const char *mdm_environment_get(const mdm_config *config,
                                const char *name); /* NULL: unset or empty */
MDM_MUST_CHECK mdm_status mdm_config_read_environment(mdm_config *config, mdm_error *err);
/* Append text with ${NAME} and ${NAME:default} replaced. MDM_CONFIG: a variable that is not set, or
 * no closing brace. */
MDM_MUST_CHECK mdm_status mdm_config_expand(const mdm_config *config, mdm_str text, mdm_text *out,
                                            mdm_error *err);

/* --- file.c ----------------------------------------------------------------- */

/* Read the configuration file; absent: MDM_NOT_FOUND, err untouched. *out: the whole text. */
MDM_MUST_CHECK mdm_status mdm_config_load(const mdm_config *config, mdm_text *out, mdm_error *err);
MDM_MUST_CHECK mdm_status mdm_config_read_file(mdm_config *config, mdm_error *err);
/* The value that a node of the file gives an option, ${NAME} replaced. */
MDM_MUST_CHECK mdm_status mdm_config_parse_node(const mdm_config *config, const mdm_option_row *row,
                                                const mdm_yaml *node, mdm_setting *out,
                                                mdm_error *err);

/* --- edit.c ----------------------------------------------------------------- */

/* The text of a configuration file with path set to value, into *out (initialised). value is as it
 * is to be written; flow_value the same for a place inside [] or {}. Comments, order and all else
 * stay. MDM_CONFIG: what stands there cannot be edited safely. */
MDM_MUST_CHECK mdm_status mdm_config_edit(mdm_str text, const char *file, const char *path,
                                          mdm_str value, mdm_str flow_value, mdm_text *out,
                                          mdm_error *err);

/* --- places.c --------------------------------------------------------------- */

MDM_MUST_CHECK mdm_status mdm_config_find_places(mdm_config *config,
                                                 const mdm_config_sources *sources, mdm_error *err);
/* Make the PATH settings absolute. */
MDM_MUST_CHECK mdm_status mdm_config_resolve_paths(mdm_config *config, mdm_error *err);
/* Owner and mode of something that must be the user's own. what: "the home". */
MDM_MUST_CHECK mdm_status mdm_config_check_owner(const char *path, bool root_may_own,
                                                 mdm_error *err);

/* --- config.c --------------------------------------------------------------- */

/* Replace the value of a row, taking over what *value holds; origin_text may be NULL and is taken
 * over, too. */
void mdm_config_give(mdm_config *config, size_t row, mdm_setting *value, mdm_origin origin,
                     char *origin_text);
/* MDM_NO_MEMORY. */
MDM_MUST_CHECK mdm_status mdm_messages_add(mdm_messages *messages, mdm_error *err,
                                           const char *format, ...) MDM_PRINTF(3, 4);
/* The row of a path, present or former. MDM_CONFIG: unknown, with the nearest as hint. */
MDM_MUST_CHECK mdm_status mdm_option_demand(const char *path, size_t *row, mdm_error *err);
/* "did you mean" for a path: the nearest option, or NULL. */
const char *mdm_option_nearest(const char *path);

#endif
