/* options.h - the table of settings: everything that reads, checks, shows or documents one comes
 * from it. */
#ifndef MDM_CONFIG_OPTIONS_H
#define MDM_CONFIG_OPTIONS_H

#include "mdm/config.h"

/* What a value of the kinds TEXT and INT must be besides. */
typedef enum mdm_option_form {
    MDM_FORM_ANY,
    MDM_FORM_BYTES,          /* INT that may be written with a unit: 10MB */
    MDM_FORM_SIZE_OR_AUTO,   /* TEXT: auto, or a size with a unit */
    MDM_FORM_NUMBER_OR_AUTO, /* TEXT: auto, or a whole number within min and max */
    MDM_FORM_ADDRESS /* TEXT, LIST: a database URL or connection words; a password in it is not
                        shown */
} mdm_option_form;

typedef struct mdm_option_row {
    const char *path;
    const char *variable; /* the short name in the environment; NULL: only the long one */
    const char *preset;   /* as it would be written in the environment */
    const char *choices;  /* CHOICE, LIST: "lru|ttl|fifo"; NULL: any */
    const char *allowed;  /* in words, "" for any text */
    const char *below;    /* PATH: the option that relative ones lie below; NULL: the home */
    const char *doc;      /* one line, lower case, no full stop */
    int64_t min, max;     /* INT, REAL */
    mdm_option_kind kind;
    mdm_option_form form;
} mdm_option_row;

/* A former name that is still read. A name that ends in '.' stands for all below it. */
typedef struct mdm_option_alias {
    const char *old_path, *path;
} mdm_option_alias;

/* Keys (with all below them) that another version has and this one takes note of. */
typedef struct mdm_option_other {
    const char *path;
    const char *note; /* behind "'PATH' ..." */
} mdm_option_other;

extern const mdm_option_row mdm_option_rows[];
extern const size_t mdm_option_count;
extern const mdm_option_alias mdm_option_aliases[];
extern const size_t mdm_option_alias_count;
extern const mdm_option_other mdm_option_others[];
extern const size_t mdm_option_other_count;

/* The long variable of a path: MDM_ and the path in capitals with '_' for '.'; into room. */
#define MDM_VARIABLE_SIZE 96u
void mdm_option_variable(const char *path, char room[MDM_VARIABLE_SIZE]);

/* The same of the option at a position of the table; constant. */
const char *mdm_option_long_variable(size_t row);

/* The position of an option by its path or a former one; false: none. */
bool mdm_option_find(const char *path, size_t *row);
/* The present path of a former one, into room; false: it is none. */
#define MDM_OPTION_PATH_SIZE 80u
bool mdm_option_alias_find(const char *old_path, char room[MDM_OPTION_PATH_SIZE]);
/* The entry that covers path, or NULL. */
const mdm_option_other *mdm_option_other_find(const char *path);
/* Is there an option, a former name or another version's key below path? */
bool mdm_option_is_section(const char *path);

#endif
