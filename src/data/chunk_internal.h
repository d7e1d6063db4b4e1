/* chunk_internal.h - making chunks without a copy: for drivers, readers and the importer.
 *
 * Three ways, cheapest first: mdm_chunk_block() for who knows the sizes beforehand (one
 * allocation for everything), mdm_chunk_wrap() for who has the buffers already, and the importer
 * for Arrow arrays. mdm_builder of mdm/chunk.h is for who appends cell by cell. */
#ifndef MDM_DATA_CHUNK_INTERNAL_H
#define MDM_DATA_CHUNK_INTERNAL_H

#include "mdm/chunk.h"

/* A chunk in one block with `bytes` of memory for its buffers behind it (aligned to 16, contents
 * undefined). Fill columns (schema->count of them, types set, all else zero: no nulls, no values)
 * and memory before anybody else sees the chunk. The caller owns *out: mdm_chunk_unref(). */
MDM_MUST_CHECK mdm_status mdm_chunk_block(const mdm_schema *schema, int64_t rows, size_t bytes,
                                          mdm_chunk **out, mdm_column **columns, void **memory,
                                          mdm_error *err);

/* A chunk over buffers that somebody else made. columns are copied (the buffers are not); bytes is
 * what mdm_chunk_bytes() shall say of them. The last unref calls release(owner) once, on whatever
 * thread it happens; release may be mdm_free, or NULL for buffers that live forever. On failure
 * release is not called: the buffers stay the caller's. */
MDM_MUST_CHECK mdm_status mdm_chunk_wrap(const mdm_schema *schema, int64_t rows,
                                         const mdm_column *columns, size_t bytes,
                                         void (*release)(void *owner), void *owner, mdm_chunk **out,
                                         mdm_error *err);

/* Rows of chunk whose keep[r] is not 0, copied. The caller owns *out. */
MDM_MUST_CHECK mdm_status mdm_chunk_pick(const mdm_chunk *chunk, const uint8_t *keep,
                                         mdm_chunk **out, mdm_error *err);

/* A stream over count chunks of one schema, each referenced. The caller owns *out:
 * mdm_stream_close(). */
MDM_MUST_CHECK mdm_status mdm_stream_of_chunks(const mdm_schema *schema, mdm_chunk *const *chunks,
                                               size_t count, mdm_stream *out, mdm_error *err);

/* --- Arrow arrays of one schema become chunks ------------------------------ */

typedef struct mdm_importer mdm_importer;

/* arrow is moved in (its release becomes NULL), also on failure. MDM_UNSUPPORTED names the
 * column and its format. The caller owns *out. Any thread may use it after that. */
MDM_MUST_CHECK mdm_status mdm_importer_open(struct ArrowSchema *arrow, mdm_importer **out,
                                            mdm_error *err);
void mdm_importer_close(mdm_importer *importer);                     /* NULL allowed */
const mdm_schema *mdm_importer_schema(const mdm_importer *importer); /* borrowed */
/* array (a struct array of that schema) is moved in, also on failure. Buffers that have our
 * layout are shared; others are rewritten. MDM_FORMAT: text that is not UTF-8, a value that has
 * no place in our type (date64 beyond DATE, ...), with column and row. */
MDM_MUST_CHECK mdm_status mdm_importer_chunk(const mdm_importer *importer, struct ArrowArray *array,
                                             mdm_chunk **out, mdm_error *err);

#endif
