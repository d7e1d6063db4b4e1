/* nested.h - cells of DuckDB types that we have no column type for, as text: enumerations,
 * intervals and the like in DuckDB's own words, nested ones as JSON. */
#ifndef MDM_DUCKDB_NESTED_H
#define MDM_DUCKDB_NESTED_H

#include "base/text.h"
#include "duckdb/lib.h"

/* A type, and the vector at hand. */
typedef struct mdm_node {
    duckdb_type type;
    duckdb_type storage; /* DECIMAL, ENUM: what the vector holds */
    uint8_t scale;       /* DECIMAL */
    bool is_json;        /* VARCHAR that DuckDB knows to hold JSON */
    uint64_t array_size; /* ARRAY */
    size_t count;        /* children: members of STRUCT, UNION; 1: LIST, ARRAY; 2: MAP */
    struct mdm_node *children;
    char **names; /* of members, or the words of ENUM: DuckDB's memory */
    size_t name_count;
    const void *data; /* valid between bind and the chunk's end */
    const uint64_t *validity;
} mdm_node;

/* Fill *out for a type; true: it can be written as text. MDM_UNSUPPORTED: VARIANT and what DuckDB
 * may yet invent. mdm_node_clear() in any case. */
MDM_MUST_CHECK mdm_status mdm_node_init(mdm_node *node, duckdb_logical_type type, mdm_error *err);
void mdm_node_clear(mdm_node *node);
/* Look at the vector of the next chunk. */
void mdm_node_bind(mdm_node *node, duckdb_vector vector);
/* Append the value of a row that is not NULL. */
void mdm_node_put(const mdm_node *node, uint64_t row, mdm_text *text);

static inline bool mdm_valid(const uint64_t *validity, uint64_t row)
{
    return !validity || (validity[row >> 6] >> (row & 63) & 1);
}

#endif
