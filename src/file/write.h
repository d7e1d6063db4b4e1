/* write.h - writers of the formats, behind mdm_file_write(). */
#ifndef MDM_FILE_WRITE_H
#define MDM_FILE_WRITE_H

#include "file/file.h"
#include "file/sink.h"

/* Each writes all rows of source into text that sink takes; rows: how many. */
MDM_MUST_CHECK mdm_status mdm_write_delimited(mdm_stream *source, mdm_sink *sink, char delimiter,
                                              const mdm_write_options *options, int64_t *rows,
                                              mdm_error *err);
MDM_MUST_CHECK mdm_status mdm_write_json(mdm_stream *source, mdm_sink *sink, bool lines,
                                         const mdm_write_options *options, int64_t *rows,
                                         mdm_error *err);
/* By DuckDB. compression: its word for it. */
MDM_MUST_CHECK mdm_status mdm_write_parquet(mdm_stream *source, const char *path,
                                            const char *compression,
                                            const mdm_write_options *options, int64_t *rows,
                                            int64_t *bytes, mdm_error *err);

#endif
