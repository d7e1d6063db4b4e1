/* instance_state.h - what instance.c (which files are open), database.c (opening one) and link.c
 * (connections, switching to writing) share. */
#ifndef MDM_DUCKDB_INSTANCE_STATE_H
#define MDM_DUCKDB_INSTANCE_STATE_H

#include <pthread.h>
#include <sys/types.h>

#include "duckdb/link.h"

typedef enum instance_state { OPENING, OPEN, CONDEMNED, CLOSING } instance_state;

struct mdm_duckdb_instance {
    /* guarded by files_lock */
    mdm_duckdb_instance *next;
    instance_state state;
    unsigned users; /* opens without their close */
    dev_t device;   /* 0 with inode 0: the file is being made */
    ino_t inode;

    char *path; /* canonical; NULL: in memory. Constant, like the settings */
    mdm_setting *settings;
    size_t setting_count;
    mdm_watcher watcher;
    uint64_t changes; /* atomic */

    pthread_mutex_t lock; /* guards all below, and the links */
    pthread_cond_t changed;
    duckdb_database database; /* NULL: switching failed and left nothing */
    bool read_only;
    bool switching;
    unsigned active; /* links that have begun */
    mdm_duckdb_link *links;
};

/* --- database.c --- */

/* Settings of one who joins an instance have no effect, but must be right all the same. */
mdm_status mdm_duckdb_check_settings(const mdm_duckdb_options *options, mdm_error *err);
/* Set instance->database, NULL on failure; tried again until the deadline of stop while another
 * process has the file. The lock is not needed: nobody else looks at it meanwhile. */
mdm_status mdm_duckdb_open_database(mdm_duckdb_instance *instance, bool read_only,
                                    const mdm_stop *stop, mdm_error *err);

/* --- link.c --- */

/* Nothing to do when it can be written already. */
mdm_status mdm_duckdb_switch_to_writing(mdm_duckdb_instance *instance, const mdm_stop *stop,
                                        mdm_error *err);
/* Wait on a condition for a moment, so that a stop is looked at again. */
void mdm_duckdb_wait(pthread_cond_t *cond, pthread_mutex_t *lock);

#endif
