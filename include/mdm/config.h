/* config.h - settings: one table, four origins.
 *
 * Each option is declared once (path, kind, default, range, meaning). A value comes from, in rising
 * strength: the default, the YAML file, the environment, the command line. A wrong value is
 * MDM_CONFIG with key, value, file:line or variable, and what is allowed.
 *
 * Threads: a configuration does not change once it is open; any thread may read it. */
#ifndef MDM_CONFIG_H
#define MDM_CONFIG_H

#include "mdm/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mdm_config mdm_config;

typedef enum mdm_origin {
    MDM_FROM_DEFAULT,
    MDM_FROM_FILE,
    MDM_FROM_ENVIRONMENT,
    MDM_FROM_OPTION
} mdm_origin;

typedef enum mdm_option_kind {
    MDM_OPTION_INT,
    MDM_OPTION_REAL,
    MDM_OPTION_BOOL,
    MDM_OPTION_CHOICE, /* one of a few words */
    MDM_OPTION_TEXT,
    MDM_OPTION_PATH,   /* ~ is the user's home; relative ones lie below the MDM home */
    MDM_OPTION_LIST,   /* texts */
    MDM_OPTION_SECRET  /* TEXT, shown as *** */
} mdm_option_kind;

typedef struct mdm_config_sources {
    const char *home;        /* --home; NULL: MDM_HOME_DIR, else ~/.mdm */
    const char *file;        /* --config; NULL: MDM_CONFIG_PATH, else mdm.yaml in the home */
    const char *const *set;  /* --set: "path=value" */
    size_t set_count;
    const char *const *environment; /* "NAME=value", ending in NULL; NULL: the process's own */
} mdm_config_sources;

/* sources may be NULL: the defaults of each. A given file that is not there is MDM_CONFIG, the
 * default one may be absent. Unknown keys are warnings (mdm_config_warning()). The
 * home is not created here. MDM_CONFIG, MDM_PERMISSION (file or home of another user, or
 * writable by others), MDM_IO, MDM_NO_MEMORY. The caller owns *out. */
MDM_API MDM_MUST_CHECK mdm_status mdm_config_open(const mdm_config_sources *sources,
                                                  mdm_config **out, mdm_error *err);
MDM_API void mdm_config_close(mdm_config *config); /* wipes secrets; NULL allowed */

/* Values by path ("performance.pool.size"). Asking for a path or a kind that does not
 * exist is a mistake in the program: it aborts. Texts are valid as long as the configuration;
 * an empty TEXT means unset. PATH gives the absolute path. */
MDM_API int64_t mdm_config_int(const mdm_config *config, const char *path);
MDM_API double mdm_config_real(const mdm_config *config, const char *path);
MDM_API bool mdm_config_bool(const mdm_config *config, const char *path);
MDM_API const char *mdm_config_text(const mdm_config *config, const char *path); /* also CHOICE */
MDM_API size_t mdm_config_list(const mdm_config *config, const char *path,
                               const char *const **items);
/* Is a component named in performance.off? "cache", "pool", ... */
MDM_API bool mdm_config_off(const mdm_config *config, const char *component);

MDM_API const char *mdm_config_home(const mdm_config *config); /* absolute */
MDM_API const char *mdm_config_file(const mdm_config *config); /* absolute, may not exist */
/* Why home and file are where they are: "default", "MDM_HOME_DIR", "--home", ... */
MDM_API const char *mdm_config_home_origin(const mdm_config *config);
MDM_API const char *mdm_config_file_origin(const mdm_config *config);

/* Warnings met while reading: "mdm.yaml:7: unknown key 'performence', did you mean
 * 'performance'?". NULL after the last. */
MDM_API const char *mdm_config_warning(const mdm_config *config, size_t index);
/* What is worth telling only when asked (mdm doctor): keys under a former name, keys of other
 * versions, which have no effect here. NULL after the last. */
MDM_API const char *mdm_config_note(const mdm_config *config, size_t index);
/* Variables that begin with MDM_ and are none of ours: "MDM_POOL_SISE: no such setting, did you mean
 * MDM_POOL_SIZE?". NULL after the last. */
MDM_API const char *mdm_config_unknown_environment(const mdm_config *config, size_t index);

/* One option as `mdm config show` prints it; texts valid as long as the configuration. */
typedef struct mdm_option {
    const char *path, *environment; /* environment: the variable's name */
    const char *value, *preset;     /* as text; a secret's value is "***" or "" */
    const char *type;               /* "int", "real", "bool", "choice", "text", "path", "list", "secret" */
    const char *allowed;            /* "1 to 1000", "lru|ttl|fifo", "" */
    const char *doc;
    mdm_option_kind kind;
    mdm_origin origin;
    const char *origin_text;        /* "default", "/home/u/.mdm/mdm.yaml:12", "environment MDM_POOL_SIZE",
                                       "option" */
} mdm_option;

/* The options in the order of the table; false after the last. */
MDM_API bool mdm_config_option(const mdm_config *config, size_t index, mdm_option *out);
/* One by path. MDM_CONFIG: unknown, with the nearest path as hint. */
MDM_API MDM_MUST_CHECK mdm_status mdm_config_find(const mdm_config *config, const char *path,
                                                  mdm_option *out, mdm_error *err);

/* Write path: value into the configuration file, creating it (0600) and the home (0700) when absent;
 * comments, order and everything else stay as they are; replaced atomically. config itself does not
 * change. MDM_CONFIG: unknown path, wrong value or a file that cannot be edited safely. */
MDM_API MDM_MUST_CHECK mdm_status mdm_config_write(const mdm_config *config, const char *path,
                                                   const char *value, mdm_error *err);

#ifdef __cplusplus
}
#endif
#endif
