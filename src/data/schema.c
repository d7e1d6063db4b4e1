/* A schema is one block: the public part, the count, the fields, then their names. */
#include "mdm/chunk.h"

#include <stdatomic.h>
#include <string.h>

#include "base/alloc.h"

typedef struct schema_block {
    mdm_schema shown; /* first: the public pointer is the block's */
    atomic_size_t refs;
    mdm_field fields[];
} schema_block;

static schema_block *block_of(const mdm_schema *schema)
{
    return (schema_block *)(uintptr_t)schema;
}

mdm_status mdm_schema_new(const mdm_field *fields, size_t count, mdm_schema **out, mdm_error *err)
{
    *out = NULL;
    size_t bytes = sizeof(schema_block) + count * sizeof(mdm_field);
    for (size_t i = 0; i < count; i++)
        bytes += strlen(fields[i].name) + 1;
    schema_block *block = mdm_alloc(bytes);
    if (!block) return mdm_no_memory(err, "a schema");

    block->shown = (mdm_schema){.count = count, .fields = block->fields};
    atomic_init(&block->refs, 1);
    char *names = (char *)(block->fields + count);
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(fields[i].name) + 1;
        memcpy(names, fields[i].name, len);
        block->fields[i] = (mdm_field){.name = names, .type = fields[i].type};
        names += len;
    }
    *out = &block->shown;
    return MDM_OK;
}

mdm_schema *mdm_schema_ref(const mdm_schema *schema)
{
    atomic_fetch_add_explicit(&block_of(schema)->refs, 1, memory_order_relaxed);
    return &block_of(schema)->shown;
}

void mdm_schema_unref(const mdm_schema *schema)
{
    if (!schema) return;
    schema_block *block = block_of(schema);
    if (atomic_fetch_sub_explicit(&block->refs, 1, memory_order_acq_rel) == 1) mdm_free(block);
}

size_t mdm_schema_find(const mdm_schema *schema, mdm_str name)
{
    for (size_t i = 0; i < schema->count; i++)
        if (mdm_str_equal(mdm_str_from(schema->fields[i].name), name)) return i;
    return SIZE_MAX;
}
