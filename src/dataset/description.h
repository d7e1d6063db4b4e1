/* description.h - config/datasets/NAME.yaml: what says that a dataset exists.
 *
 * The keys and their order are those of the Python MDM 1.0, which can read what we write; what we add lies
 * below metadata.mdm. Keys that are not known stay as they are when a description is written
 * again. A password is never written; one found in an old file is used, and told. */
#ifndef MDM_DATASET_DESCRIPTION_H
#define MDM_DATASET_DESCRIPTION_H

#include "config/yaml.h"
#include "dataset/arena.h"
#include "mdm/dataset.h"

typedef struct mdm_description {
    mdm_arena arena;        /* of all texts below */
    mdm_dataset_info info;  /* fields that the file has; sizes, availability are the reader's to fill */
    const char *folder;     /* below datasets/: "NAME", "NAME.2"; NULL: not told */
    const char *id;         /* of the staging it came from: marks its schema in a server; NULL: not told */
    const char *computed_at; /* of the statistics; NULL: not told */
    const char *password;   /* of an old file; NULL: none */
    const mdm_setting *overrides; /* settings that an old file has in `database` */
    size_t override_count;
    const char *const *column_types; /* "COLUMN=TYPE" as the user forced them */
    size_t column_type_count;
    mdm_yaml *tree;         /* the file as it was read; NULL for a new one */
} mdm_description;

/* Read a description's text. file stands in messages. MDM_FORMAT with line. The caller clears
 * *out: mdm_description_clear(). */
MDM_MUST_CHECK mdm_status mdm_description_read(mdm_str text, const char *file, mdm_description *out,
                                               mdm_error *err);
/* The text of its file, appended to out. */
MDM_MUST_CHECK mdm_status mdm_description_write(const mdm_description *description, mdm_text *out,
                                                mdm_error *err);
void mdm_description_clear(mdm_description *description);

/* Now, as "2026-11-25T02:03:04.567890+00:00", into text of at least 40 bytes; returns text. */
char *mdm_description_now(char *text);

#endif
