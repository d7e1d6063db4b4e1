/* json_walk.h - through the records of a JSON file: an array of objects, or objects one after the
 * other (one per line). */
#ifndef MDM_FILE_JSON_WALK_H
#define MDM_FILE_JSON_WALK_H

#include "base/map.h"
#include "file/json_scan.h"
#include "file/walk.h"

/* A key is a column. */
typedef struct mdm_json_key {
    char *name;  /* unescaped */
    char *token; /* as it stood where it was met first, with its quotes */
    size_t token_len;
    size_t column;
    int64_t record; /* the one that had it last: a key must not occur twice in one */
} mdm_json_key;

typedef struct mdm_json_keys {
    mdm_map by_name;
    mdm_json_key **items; /* by column */
    size_t count, size;
    int64_t record; /* serial number of the record at hand, over all walks */
} mdm_json_keys;

void mdm_json_keys_init(mdm_json_keys *keys);
void mdm_json_keys_clear(mdm_json_keys *keys);
/* Find a key by its token, which is likely that of a certain column; NULL: a new one. */
mdm_json_key *mdm_json_keys_find(const mdm_json_keys *keys, size_t expected, mdm_str token,
                                 mdm_text *room);
/* Append one that is not there. NULL: no memory. */
mdm_json_key *mdm_json_keys_add(mdm_json_keys *keys, mdm_str token, mdm_str name);

typedef enum mdm_json_shape { MDM_JSON_UNKNOWN, MDM_JSON_ARRAY, MDM_JSON_LINES } mdm_json_shape;

typedef struct mdm_json_walk {
    mdm_walk base;
    mdm_json_keys *keys;
    bool learning; /* new keys become columns; otherwise the file has changed */
    mdm_json_shape shape;
    bool begun, done;
    size_t at;       /* in the window: behind the last record */
    size_t expected; /* column of the key that is likely next */
    int64_t nans;    /* NaN values met */
    mdm_text room;
} mdm_json_walk;

/* keys outlive the walk. learning: for mdm_json_walk_check(). */
MDM_MUST_CHECK mdm_status mdm_json_walk_init(mdm_json_walk *walk, const mdm_walk_place *place,
                                             mdm_json_keys *keys, bool learning, const char *phase,
                                             mdm_rejects *rejects, mdm_error *err);
void mdm_json_walk_clear(mdm_json_walk *walk); /* a zeroed one is allowed */
/* Check all records and gather their keys. */
MDM_MUST_CHECK mdm_status mdm_json_walk_check(mdm_json_walk *walk, mdm_error *err);
/* The next rows, cells being tokens; batch->rows 0 only at the end. */
MDM_MUST_CHECK mdm_status mdm_json_walk_next(mdm_json_walk *walk, mdm_batch *batch, mdm_error *err);

#endif
