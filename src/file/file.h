/* file.h - data files: found, checked to the last byte, read with exact types, written.
 *
 * DuckDB reads and writes Parquet. Text files (CSV, JSON) are walked here: whether a compressed
 * file is whole, its encoding, dialect, header, the shape of each record and which ones are
 * refused, with line and byte, must be known exactly, and who knows where each cell begins can hand
 * it to the typing kernel (data/typing.h) as well. So a text file has the same rows and types on
 * every database, and DuckDB is not even loaded for one that goes elsewhere.
 *
 *     open (checks the whole file, samples it) -> schema -> one pass (a stream, or a query that the
 *     target database runs) -> finish: settled, or types chosen anew and the pass is repeated
 *
 * Two passes at most: the first has seen every cell. Threads: a file belongs to one thread; a
 * stream opened from it may be read by another. */
#ifndef MDM_FILE_FILE_H
#define MDM_FILE_FILE_H

#include "mdm/backend.h"
#include "mdm/base.h"
#include "mdm/chunk.h"
#include "mdm/config.h"

/* --- finding -------------------------------------------------------------- */

typedef enum mdm_file_format { MDM_FILE_CSV, MDM_FILE_JSON, MDM_FILE_PARQUET } mdm_file_format;
typedef enum mdm_file_packing { MDM_PACKED_NOT, MDM_PACKED_GZIP, MDM_PACKED_ZSTD } mdm_file_packing;

typedef struct mdm_found_file {
    char *key;  /* "train", "data", a stem: the table it becomes */
    char *path; /* absolute, as given (links not resolved) */
    mdm_file_format format;
    mdm_file_packing packing;
} mdm_found_file;

typedef struct mdm_found {
    mdm_found_file *files;
    size_t count;
    bool kaggle;     /* recognised as a Kaggle competition folder */
    char *source;    /* the path (or the first of several), absolute */
    char **warnings; /* two files for one key, unreadable names, ... */
    size_t warning_count;
} mdm_found;

/* What paths (files or folders) hold. MDM_FORMAT: no such file, a folder without data files, a file
 * without a reader, not a regular file; MDM_PERMISSION. Free with mdm_found_clear(). */
MDM_MUST_CHECK mdm_status mdm_files_find(const char *const *paths, size_t count, mdm_found *out,
                                         mdm_error *err);
/* Add one file under a key that the user named (--train FILE). */
MDM_MUST_CHECK mdm_status mdm_files_add(mdm_found *found, const char *key, const char *path,
                                        mdm_error *err);
void mdm_found_clear(mdm_found *found);

/* --- reading --------------------------------------------------------------- */

/* BIGINT if all values are whole, else DOUBLE (--numeric-columns). */
#define MDM_WISH_NUMBER "number"

/* Wishes for one column; a wish for a column that the file lacks is ignored (the caller checks). */
typedef struct mdm_column_wish {
    const char *name;
    const char *type;   /* --type: a word of mdm_type_parse(), or MDM_WISH_NUMBER; NULL: decided by
                           the cells */
    const char *format; /* --datetime-columns COL=%d/%m/%Y; "" : any date format; NULL: none */
} mdm_column_wish;

typedef struct mdm_read_options {
    const mdm_config *config;      /* DuckDB's memory and threads, batch sizes */
    const char *encoding;          /* NULL or "auto": detected */
    const char *delimiter;         /* NULL: detected */
    const char *const *null_words; /* besides the usual ones */
    size_t null_word_count;
    const mdm_column_wish *wishes;
    size_t wish_count;
    bool reject; /* refuse records one by one instead of the whole file */
    size_t
        max_columns; /* what the database takes: more are refused at once, MDM_FORMAT; 0: 65,535 */
    const mdm_stop *stop;                                                         /* may be NULL */
    void (*progress)(void *self, const char *phase, int64_t done, int64_t total); /* bytes; NULL */
    void *progress_self;
} mdm_read_options;

typedef struct mdm_file mdm_file;

/* Check the file whole (packing, encoding, record shapes), read its header and decide types
 * from a sample. MDM_FORMAT with "FILE:LINE:" and the byte where there is one; MDM_PERMISSION;
 * MDM_IO; MDM_CANCELLED. Texts in options are borrowed until close. The caller owns *out:
 * mdm_file_close(). */
MDM_MUST_CHECK mdm_status mdm_file_open(const mdm_found_file *which,
                                        const mdm_read_options *options, mdm_file **out,
                                        mdm_error *err);
void mdm_file_close(mdm_file *file); /* NULL allowed */

typedef struct mdm_file_info {
    int64_t bytes, mtime_ns;
    uint64_t hash;         /* XXH3 of the file's bytes */
    int64_t records;       /* data records met by the check; -1: the format does not say */
    int64_t rejected;      /* so far */
    const char *encoding;  /* "utf-8", "latin-1 (guessed)", ...; NULL: not a text file */
    const char *delimiter; /* "comma", ...; NULL likewise */
    const char *const
        *notes; /* sentences for the user: renamed headers, columns kept as text and why */
    size_t note_count;
} mdm_file_info;
/* Borrowed; valid until the next call on file. */
const mdm_file_info *mdm_file_info_get(mdm_file *file);

/* Columns as they will be loaded by the next pass; borrowed, valid until mdm_file_finish_pass(). */
const mdm_schema *mdm_file_schema(const mdm_file *file);

/* One pass as a stream; the work is done on whatever thread calls next. Close it before
 * mdm_file_finish_pass(). Failures name the file. */
MDM_MUST_CHECK mdm_status mdm_file_stream(mdm_file *file, mdm_stream *out, mdm_error *err);
/* One pass as a query that the target database runs itself; borrowed, valid until
 * mdm_file_finish_pass(). Needs a backend with MDM_CAP_READS_FILES. *out NULL: this file is only
 * read as a stream. */
MDM_MUST_CHECK mdm_status mdm_file_as_query(mdm_file *file, mdm_file_query **out, mdm_error *err);
/* What such a query failed with, as this file's failure: its name in front, and MDM_FORMAT where it
 * was the file's contents that the database could not read. Returns the status. */
mdm_status mdm_file_query_failed(const mdm_file *file, mdm_status status, mdm_error *err);

/* After a pass has been read to its end without error: did every type hold? *again true: no;
 * types were chosen anew, what was loaded must be thrown away and the pass repeated. rows: how many
 * arrived; together with the rejected ones they must be all records (MDM_FORMAT otherwise). */
MDM_MUST_CHECK mdm_status mdm_file_finish_pass(mdm_file *file, int64_t rows, bool *again,
                                               mdm_error *err);

/* Records refused: line and byte count from 1 in the file as it is (unpacked); column and text may
 * be empty. The stream has the columns file, line, byte, column, reason, text. */
MDM_MUST_CHECK mdm_status mdm_file_rejects(mdm_file *file, mdm_stream *out, mdm_error *err);

/* --- writing ---------------------------------------------------------------- */

typedef struct mdm_write_options {
    const mdm_config *config;
    const char *format;      /* csv, tsv, parquet, json, jsonl */
    const char *compression; /* a word the format knows, "none", or NULL: none (parquet: snappy) */
    bool no_header, safe_cells;
    const mdm_stop *stop;
} mdm_write_options;

/* The compressions of a format, ending in NULL; NULL: unknown format. */
const char *const *mdm_file_compressions(const char *format);
/* ".csv.gz" for a format and compression, into text of size bytes. */
MDM_MUST_CHECK mdm_status mdm_file_suffix(const char *format, const char *compression, char *text,
                                          size_t size, mdm_error *err);
/* Write all rows of a stream to path (temporary file, fsync, rename); "-" is standard output.
 * source stays the caller's. member: name of the file inside a zip; NULL: derived from path. */
MDM_MUST_CHECK mdm_status mdm_file_write(mdm_stream *source, const char *path, const char *member,
                                         const mdm_write_options *options, int64_t *rows,
                                         int64_t *bytes, mdm_error *err);

#endif
