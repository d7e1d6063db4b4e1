/* query.h - reading SQL text: its fingerprint, its class, its parameters.
 *
 * One pass over the text, for the lexical rules of all three databases ('text',
 * E'text', $tag$text$tag$, "name", `name`, [name], -- and nested comments, numbers,
 * parameters). Two statements that differ only in literals, white space, comments, keyword case
 * or the length of an IN list have one fingerprint. A fingerprint says that statements are alike,
 * never that their rows are: use exact text and parameters for that.
 *
 * Threads: pure functions. */
#ifndef MDM_QUERY_H
#define MDM_QUERY_H

#include "mdm/base.h"
#include "mdm/chunk.h"

#ifdef __cplusplus
extern "C" {
#endif

#define MDM_QUERY_CLASS_LIST(X)    \
    X(SELECT, "select")            \
    X(AGGREGATE, "aggregate")      \
    X(JOIN, "join")                \
    X(INSERT, "insert")            \
    X(UPDATE, "update")            \
    X(DELETE, "delete")            \
    X(DDL, "ddl")                  \
    X(OTHER, "other")

typedef enum mdm_query_class {
#define X(name, word) MDM_QUERY_##name,
    MDM_QUERY_CLASS_LIST(X)
#undef X
    MDM_QUERY_CLASS_COUNT
} mdm_query_class;

MDM_API const char *mdm_query_class_text(mdm_query_class class_);

/* Which lexical rules hold where they differ. */
typedef enum mdm_sql_dialect { MDM_SQL_SQLITE, MDM_SQL_POSTGRESQL, MDM_SQL_DUCKDB } mdm_sql_dialect;

typedef struct mdm_fingerprint {
    uint64_t hash;            /* of the normalised text */
    mdm_query_class class_;   /* of the statement as a whole: WITH ... DELETE is a delete */
    bool reads_only;          /* writes nothing; false also when that is unknown. A function of the
                                 user's own counts as reading: what it does only a read-only
                                 connection can stop */
    uint32_t statements;      /* separated by ';', empty ones not counted */
    uint32_t parameters;      /* placeholders met */
} mdm_fingerprint;

/* Read sql. normalised (may be NULL) receives the normalised text, NUL-terminated, cut to
 * size bytes. Cannot fail: damaged text is lexed as far as it goes. */
MDM_API mdm_fingerprint mdm_fingerprint_make(mdm_str sql, mdm_sql_dialect dialect,
                                             char *normalised, size_t size);

/* A named parameter as the user wrote it: --param since=2020. */
typedef struct mdm_parameter {
    const char *name; /* without its : or $ */
    mdm_value value;
} mdm_parameter;

/* Rewrite :name and $name (on SQLite @name too) to the database's numbered placeholders ($1 on
 * PostgreSQL and DuckDB, ?1 on SQLite) and put the values in that order. Numbered and bare
 * placeholders are left alone, but do not mix with named ones. text (of size bytes) receives the
 * SQL; values room for value_size of them.
 * MDM_INVALID: a name in the text that was not given (hint: the nearest), or given and not in the
 * text, or no room. */
MDM_API MDM_MUST_CHECK mdm_status mdm_parameters_bind(mdm_str sql, mdm_sql_dialect dialect,
                                                      const mdm_parameter *given, size_t count,
                                                      char *text, size_t size, mdm_value *values,
                                                      size_t value_size, size_t *value_count,
                                                      mdm_error *err);

#ifdef __cplusplus
}
#endif
#endif
