/* load.h - one data file becomes one table, with the figures of its columns. */
#ifndef MDM_DATASET_LOAD_H
#define MDM_DATASET_LOAD_H

#include "data/profile.h"
#include "dataset/arena.h"
#include "file/file.h"
#include "mdm/dataset.h"

typedef struct mdm_loaded {
    const char *key;        /* in the arena of the loading */
    const char *table;      /* the key as the database can hold it */
    const char *path;       /* NULL: rows came from memory */
    mdm_file *file;         /* open until the loading ends: info, rejects; NULL likewise */
    mdm_profile *profile;   /* of all rows */
    mdm_schema *schema;     /* as it was stored */
    int64_t rows;
    int64_t elapsed_ms;
} mdm_loaded;

/* What all files of one registration share. Borrowed. */
typedef struct mdm_loading {
    mdm_session *session;
    mdm_database *database;
    const char *schema;            /* of a server; NULL: none */
    const mdm_dataset_spec *spec;
    mdm_arena *arena;              /* notes and texts that outlive the files */
    const char **notes;
    size_t note_count, note_size;
    int64_t last_progress_ns;
    const char *what;              /* key of the table being loaded, for progress */
} mdm_loading;

/* Check, read and store a file. reading: options of every file. On success *out is owned by the
 * caller: mdm_loaded_clear(), also after a failure. */
MDM_MUST_CHECK mdm_status mdm_load_file(mdm_loading *loading, const mdm_found_file *which,
                                        const mdm_read_options *reading, mdm_loaded *out,
                                        mdm_error *err);
/* Store rows from memory; stream moves in. */
MDM_MUST_CHECK mdm_status mdm_load_stream(mdm_loading *loading, const char *key, mdm_stream *stream,
                                          mdm_loaded *out, mdm_error *err);
void mdm_loaded_clear(mdm_loaded *loaded);

/* Tell the user something; a failed allocation shows in the arena. */
void mdm_loading_note(mdm_loading *loading, const char *format, ...) MDM_PRINTF(2, 3);
/* Report progress, at most ten times a second. */
void mdm_loading_progress(mdm_loading *loading, const char *phase, int64_t done, int64_t total,
                          bool bytes);

#endif
