/* dataset.h - register a tabular dataset once; find, query, profile and export it by name.
 *
 *     mdm_dataset_spec spec = MDM_DATASET_SPEC_INIT;
 *     spec.name = "iris";
 *     spec.paths = (const char *const[]){"iris.csv"};
 *     spec.path_count = 1;
 *     mdm_dataset *iris = NULL;
 *     if (mdm_dataset_register(session, &spec, &iris, &err) == MDM_OK) {
 *         printf("%lld rows\n", (long long)mdm_dataset_info_get(iris)->row_count);
 *         mdm_dataset_close(iris);
 *     }
 *
 * A dataset exists exactly when its description, config/datasets/NAME.yaml in the home, does. Every
 * name is normalised: lower case, '-' becomes '_', letters of any script, digits and '_' are kept.
 *
 * Threads: a dataset is an immutable snapshot; any thread may read it. */
#ifndef MDM_DATASET_H
#define MDM_DATASET_H

#include "mdm/base.h"
#include "mdm/chunk.h"
#include "mdm/session.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mdm_dataset mdm_dataset;

/* Normalise a name into text of size bytes (MDM_NAME_BYTES is enough). MDM_INVALID: empty,
 * over 100 characters, nothing left of it, not UTF-8. */
#define MDM_NAME_BYTES 512
MDM_API MDM_MUST_CHECK mdm_status mdm_dataset_name(const char *name, char *text, size_t size,
                                                   mdm_error *err);

/* --- what is known of a dataset -------------------------------------------- */

typedef struct mdm_table_info {
    const char *key;   /* "train"; also its table's name in the database */
    const char *table;
    const char *path;  /* the file it came from, absolute; NULL: not told */
    int64_t bytes;     /* of that file, -1: not told */
    uint64_t hash;     /* XXH3 of its bytes, 0: not told */
    int64_t rows;      /* -1: not told */
    int64_t columns;   /* -1: not told */
    int64_t rejected;
    const char *encoding;  /* "utf-8", NULL: not a text file */
    const char *delimiter; /* "comma", "tab", ...; NULL likewise */
    int64_t elapsed_ms;    /* of loading, after mdm_dataset_register() only, else -1 */
} mdm_table_info;

/* One column of a table. Texts NULL, numbers NaN or -1 where not told. */
typedef struct mdm_column_info {
    const char *table, *name;
    const char *type; /* the database's word */
    const char *role; /* numeric, categorical, datetime, text, id, target */
    bool nullable;
    int64_t missing_count, distinct;
    bool distinct_exact;
    const char *min, *max;
    double mean, std;
    const char *description;
} mdm_column_info;

typedef struct mdm_dataset_info {
    const char *name, *display_name; /* display_name may be NULL */
    const char *description;         /* "" when none */
    const char *problem_type, *target_column, *time_column, *group_column; /* may be NULL */
    const char *source;              /* absolute path or "" */
    const char *registered_at, *last_updated_at; /* ISO 8601 UTC; the latter may be NULL */
    const char *backend;             /* sqlite, duckdb, postgresql, or what the file says */
    const char *path;                /* of the data file, absolute; NULL on a server */
    const char *host, *port, *database, *schema; /* of a server, else NULL */
    const char *const *id_columns;
    size_t id_column_count;
    const char *const *datetime_columns;
    size_t datetime_column_count;
    const char *const *tags;
    size_t tag_count;
    const mdm_table_info *tables;
    size_t table_count;
    int64_t row_count;    /* all data tables; -1: not told */
    int64_t memory_bytes; /* -1: not told */
    int64_t size_bytes;   /* on disk or in the server; -1: not told */
    int64_t data_version; /* rises with each change of the data; -1: not told */
    bool available;       /* the data are there and their backend is built in */
    const char *description_file; /* absolute */
    const char *const *notes;     /* after mdm_dataset_register(): what the user should know */
    size_t note_count;
} mdm_dataset_info;

/* MDM_NOT_FOUND (with the nearest name as hint), MDM_FORMAT: its description is damaged. name may be
 * NAME or NAME:TABLE (the table is then mdm_dataset_table()'s answer). The caller owns *out. */
MDM_API MDM_MUST_CHECK mdm_status mdm_dataset_open(mdm_session *session, const char *name,
                                                   mdm_dataset **out, mdm_error *err);
MDM_API void mdm_dataset_close(mdm_dataset *dataset); /* NULL allowed */
MDM_API const mdm_dataset_info *mdm_dataset_info_get(const mdm_dataset *dataset);

/* The table a key, a table name or NULL (the one of NAME:TABLE, else train, else data, else the only
 * one) means. MDM_NOT_FOUND lists the tables. */
MDM_API MDM_MUST_CHECK mdm_status mdm_dataset_table(const mdm_dataset *dataset, const char *key,
                                                    const mdm_table_info **out, mdm_error *err);

/* The columns of all tables, with the statistics gathered while loading, read from the database
 * (for a dataset of the Python MDM: what its catalogue says). Borrowed from dataset. */
MDM_API MDM_MUST_CHECK mdm_status mdm_dataset_columns(mdm_session *session, mdm_dataset *dataset,
                                                      const mdm_column_info **columns,
                                                      size_t *count, mdm_error *err);

/* The database of the rows, for mdm_session_query(); opened read-only unless write. */
MDM_API MDM_MUST_CHECK mdm_status mdm_dataset_database(mdm_session *session,
                                                       const mdm_dataset *dataset, bool write,
                                                       mdm_database **out, mdm_error *err);

/* mdm_session_query() on the dataset's database. A failure that names an unknown table or column
 * hints at the nearest ones. Written data: the description's data version rises. */
MDM_API MDM_MUST_CHECK mdm_status mdm_dataset_query(mdm_session *session, const mdm_dataset *dataset,
                                                    const mdm_query *query, mdm_rows **out,
                                                    mdm_error *err);

/* --- registering -------------------------------------------------------------- */

typedef struct mdm_progress {
    const char *phase; /* "checking", "loading", "statistics", ... */
    const char *what;  /* file or table */
    int64_t done, total; /* bytes or rows, total 0: not known */
    bool bytes;          /* else rows */
} mdm_progress;

/* Called from the thread that works, at most ten times a second; may be NULL. */
typedef void mdm_progress_function(void *self, const mdm_progress *progress);

typedef struct mdm_dataset_spec {
    const char *name;
    const char *const *paths; /* files and folders; a literal path, never a pattern */
    size_t path_count;
    bool no_auto;             /* take exactly the files below, detect nothing but types */
    const char *train, *test, *validation, *submission; /* files; NULL: none */
    struct ArrowArrayStream *stream; /* rows from memory instead of paths; moved in */
    const char *backend;      /* NULL: database.default_backend */
    const char *target, *problem_type, *time_column, *group_column, *description;
    const char *const *id_columns;
    size_t id_column_count;
    const char *const *tags;
    size_t tag_count;
    const char *const *types; /* "COLUMN=TYPE" */
    size_t type_count;
    const char *const *categorical_columns, *const *datetime_columns; /* datetime: "COL" or "COL=%d/%m/%Y" */
    size_t categorical_count, datetime_count;
    const char *const *numeric_columns, *const *text_columns;
    size_t numeric_count, text_count;
    const char *encoding;  /* NULL: loading.encoding */
    const char *delimiter; /* one character, or "tab", "comma", "semicolon", "pipe"; NULL: detected */
    const char *const *null_words; /* besides loading.null_values */
    size_t null_word_count;
    const char *on_error;  /* "stop" or "reject"; NULL: loading.on_error */
    bool replace;          /* --force */
    bool dry_run;          /* say what would be read and detected; write nothing */
    mdm_progress_function *progress;
    void *progress_self;
} mdm_dataset_spec;

#define MDM_DATASET_SPEC_INIT ((mdm_dataset_spec){.name = NULL})

/* All or nothing: *out is the finished dataset, owned by the caller, or nothing is left and the name
 * is free. MDM_INVALID (name, problem type, column that does not exist), MDM_EXISTS, MDM_FORMAT
 * (file:line:byte), MDM_NOT_FOUND never: a missing file is MDM_FORMAT; MDM_CANCELLED, MDM_IO,
 * MDM_PERMISSION, MDM_BACKEND. */
MDM_API MDM_MUST_CHECK mdm_status mdm_dataset_register(mdm_session *session,
                                                       const mdm_dataset_spec *spec,
                                                       mdm_dataset **out, mdm_error *err);

/* --- listing, statistics, rejects, removing ----------------------------------- */

typedef struct mdm_dataset_filter {
    const char *const *equal; /* "field=value", all must hold; case does not matter */
    size_t equal_count;
    const char *tag;          /* exact */
    const char *backend;
    const char *sort_by;      /* name, registration_date, size, rows; NULL: name */
    bool reverse;
    int64_t limit;            /* 0: all */
} mdm_dataset_filter;

typedef struct mdm_dataset_list mdm_dataset_list;

/* Descriptions that match; a damaged one is left out and told by mdm_dataset_list_warning(). Opens no
 * dataset's database. filter may be NULL. The caller owns *out. */
MDM_API MDM_MUST_CHECK mdm_status mdm_dataset_list_open(mdm_session *session,
                                                        const mdm_dataset_filter *filter,
                                                        mdm_dataset_list **out, mdm_error *err);
MDM_API void mdm_dataset_list_close(mdm_dataset_list *list);
MDM_API size_t mdm_dataset_list_count(const mdm_dataset_list *list);
/* Borrowed from list. */
MDM_API const mdm_dataset_info *mdm_dataset_list_at(const mdm_dataset_list *list, size_t index);
MDM_API const char *mdm_dataset_list_warning(const mdm_dataset_list *list, size_t index);

typedef struct mdm_stats_options {
    bool full;         /* percentiles, correlations, duplicates, ... from all rows */
    const char *table; /* NULL: all data tables */
    const char *const *columns;
    size_t column_count;
} mdm_stats_options;

/* Statistics as one JSON object (dataset_name, computed_at, mode, tables, summary), saved as
 * datasets/NAME/metadata/statistics.json when nothing was selected. The caller owns *out:
 * mdm_free_text(). */
MDM_API MDM_MUST_CHECK mdm_status mdm_dataset_stats(mdm_session *session, mdm_dataset *dataset,
                                                    const mdm_stats_options *options, char **out,
                                                    mdm_error *err);

/* Rows that were refused while loading: columns file, line, byte, column, reason, text. count: how
 * many in all. */
MDM_API MDM_MUST_CHECK mdm_status mdm_dataset_rejects(mdm_session *session, const mdm_dataset *dataset,
                                                      const char *table, int64_t limit,
                                                      mdm_rows **out, int64_t *count,
                                                      mdm_error *err);

typedef struct mdm_removal {
    char **paths; /* files and folders, or the schema's URL */
    size_t path_count;
    int64_t size_bytes;
} mdm_removal;

/* What removing NAME would delete. The caller frees it: mdm_removal_clear(). */
MDM_API MDM_MUST_CHECK mdm_status mdm_dataset_remove_plan(mdm_session *session, const char *name,
                                                          mdm_removal *out, mdm_error *err);
MDM_API void mdm_removal_clear(mdm_removal *removal);
/* Remove it, also when its data are gone or its description is damaged. The description goes first. */
MDM_API MDM_MUST_CHECK mdm_status mdm_dataset_remove(mdm_session *session, const char *name,
                                                     mdm_error *err);

/* --- export --------------------------------------------------------------------- */

typedef struct mdm_export_spec {
    const char *folder;      /* NULL: "." */
    const char *file;        /* one table into this file instead; "-": standard output */
    const char *table;       /* NULL: all */
    const char *format;      /* csv, tsv, parquet, json, jsonl; NULL: export.default_format */
    const char *compression; /* NULL: export.compression, or the format's own */
    const char *const *columns;
    size_t column_count;
    bool no_header, metadata_only, no_metadata;
    bool safe_cells;         /* csv: ' before = + - @ TAB CR in text */
    mdm_progress_function *progress;
    void *progress_self;
} mdm_export_spec;

typedef struct mdm_exported_file {
    char *path, *table; /* table NULL: the metadata file */
    int64_t rows, bytes;
} mdm_exported_file;

typedef struct mdm_exported {
    mdm_exported_file *files;
    size_t count;
} mdm_exported;

/* Files are complete or absent; an existing one is replaced. The caller frees *out: mdm_exported_clear(). */
MDM_API MDM_MUST_CHECK mdm_status mdm_dataset_export(mdm_session *session, mdm_dataset *dataset,
                                                     const mdm_export_spec *spec,
                                                     mdm_exported *out, mdm_error *err);
MDM_API void mdm_exported_clear(mdm_exported *exported);

/* Write the rows of any query to a file (csv, tsv, parquet, json, jsonl, arrow), complete or absent. The
 * rows stay open and are at their end. count may be NULL. */
MDM_API MDM_MUST_CHECK mdm_status mdm_rows_write(mdm_session *session, mdm_rows *rows,
                                                 const char *path, const char *format,
                                                 const char *compression, int64_t *count,
                                                 mdm_error *err);

/* --- the home ------------------------------------------------------------------- */

/* One line of `mdm doctor`. */
typedef struct mdm_check {
    char *name;
    const char *status; /* "ok", "warn", "fail" */
    char *detail, *fix; /* fix "" when there is nothing to do */
} mdm_check;

/* Engines and versions, home, permissions, settings, unknown MDM_ variables, leftovers, stale
 * descriptions, passwords in old files. fix: mend what can be mended safely. The caller frees
 * *out: mdm_checks_free(). */
MDM_API MDM_MUST_CHECK mdm_status mdm_doctor(mdm_session *session, bool fix, mdm_check **out,
                                             size_t *count, mdm_error *err);
MDM_API void mdm_checks_free(mdm_check *checks, size_t count);

typedef struct mdm_home_info {
    char *home, *config_file, *datasets_path, *configs_path, *logs_path;
    const char *default_backend;
    int64_t datasets;      /* how many */
    int64_t storage_bytes; /* below the home */
    int64_t free_bytes;    /* of its file system */
} mdm_home_info;

MDM_API MDM_MUST_CHECK mdm_status mdm_home_look(mdm_session *session, mdm_home_info *out,
                                                mdm_error *err);
MDM_API void mdm_home_info_clear(mdm_home_info *info);

#ifdef __cplusplus
}
#endif
#endif
