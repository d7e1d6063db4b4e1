/* Opening a configuration in a folder of its own, with an environment of its own. */
#ifndef MDM_TEST_CONFIG_OPENING_H
#define MDM_TEST_CONFIG_OPENING_H

#include <stdio.h>

#include "base/alloc.h"
#include "config/settings.h"
#include "support/folder.h"
#include "support/walk.h"

#define ENVIRONMENT_MAX 8

/* The folder is HOME and the MDM home; environment: further variables, NULL ends them. */
typedef struct opening {
    char *folder;
    const char *environment[ENVIRONMENT_MAX];
    const char *file;
    const char *set[4];
    mdm_error err;
} opening;

static inline int opening_begin(void **state)
{
    opening *o = calloc(1, sizeof *o);
    o->folder = test_folder_make();
    *state = o;
    return 0;
}

static inline int opening_end(void **state)
{
    opening *o = *state;
    test_folder_remove(o->folder);
    free(o);
    return 0;
}

static inline mdm_status open_config(opening *o, mdm_config **out, mdm_error *err)
{
    char home[4096];
    const char *environment[ENVIRONMENT_MAX + 2] = {home};
    snprintf(home, sizeof home, "HOME=%s", o->folder);
    for (size_t i = 0; i < ENVIRONMENT_MAX; i++)
        environment[i + 1] = o->environment[i];
    mdm_config_sources sources = {
        .home = o->folder, .file = o->file, .set = o->set, .environment = environment};
    while (sources.set_count < 4 && o->set[sources.set_count])
        sources.set_count++;
    return mdm_config_open(&sources, out, err);
}

static inline mdm_config *opened(opening *o)
{
    mdm_config *config = NULL;
    o->err = (mdm_error){0};
    if (open_config(o, &config, &o->err) != MDM_OK) fail_msg("%s", o->err.message);
    assert_string_equal(o->err.message, ""); /* nothing is said of a success */
    return config;
}

/* With text as mdm.yaml. */
static inline mdm_config *opened_with(opening *o, const char *text)
{
    test_file_write(test_path(o->folder, "mdm.yaml"), text);
    return opened(o);
}

/* The message behind the folder's own path. */
static inline const char *refused(opening *o, mdm_status expected)
{
    mdm_config *config = NULL;
    o->err = (mdm_error){0};
    const mdm_status status = open_config(o, &config, &o->err);
    if (status == MDM_OK) fail_msg("opened");
    if (status != expected) fail_msg("status %d: %s", (int)status, o->err.message);
    assert_null(config);
    assert_int_equal(o->err.status, expected);
    const char *message = o->err.message;
    const size_t len = strlen(o->folder);
    return strncmp(message, o->folder, len) == 0 ? message + len : message;
}

static inline const char *refused_with(opening *o, const char *text, mdm_status expected)
{
    test_file_write(test_path(o->folder, "mdm.yaml"), text);
    return refused(o, expected);
}

static inline const char *value_of(const mdm_config *config, const char *path)
{
    mdm_option option;
    assert_int_equal(mdm_config_find(config, path, &option, NULL), MDM_OK);
    return option.value;
}

static inline const char *origin_of(const mdm_config *config, const char *path)
{
    mdm_option option;
    assert_int_equal(mdm_config_find(config, path, &option, NULL), MDM_OK);
    return option.origin_text;
}

#define IN_HOME(test) cmocka_unit_test_setup_teardown(test, opening_begin, opening_end)

#endif
