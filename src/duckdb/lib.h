/* lib.h - libduckdb, loaded when somebody first needs it.
 *
 * Its 70 MB and 58,000 symbols stay out of every command that needs no data, and out of the way of
 * another DuckDB in the same process (RTLD_LOCAL). All calls go through one table:
 *
 *     MDM_TRY(mdm_duckdb_load(err));
 *     mdm_duck.connect(database, &conn);
 *
 * Threads: any. */
#ifndef MDM_DUCKDB_LIB_H
#define MDM_DUCKDB_LIB_H

#include <duckdb.h>

#include "mdm/base.h"

/* Each name is a function of duckdb.h without "duckdb_". */
#define MDM_DUCKDB_FUNCTIONS(X)                    \
    X(append_data_chunk)                           \
    X(appender_add_column)                         \
    X(appender_close)                              \
    X(appender_create)                             \
    X(appender_destroy)                            \
    X(appender_error_data)                         \
    X(array_type_array_size)                       \
    X(array_type_child_type)                       \
    X(array_vector_get_child)                      \
    X(bind_add_result_column)                      \
    X(bind_blob)                                   \
    X(bind_boolean)                                \
    X(bind_date)                                   \
    X(bind_double)                                 \
    X(bind_get_parameter)                          \
    X(bind_int64)                                  \
    X(bind_null)                                   \
    X(bind_set_bind_data)                          \
    X(bind_set_error)                              \
    X(bind_time)                                   \
    X(bind_timestamp)                              \
    X(bind_timestamp_tz)                           \
    X(bind_varchar_length)                         \
    X(clear_bindings)                              \
    X(close)                                       \
    X(column_count)                                \
    X(column_logical_type)                         \
    X(column_name)                                 \
    X(config_count)                                \
    X(connect)                                     \
    X(create_config)                               \
    X(create_data_chunk)                           \
    X(create_decimal_type)                         \
    X(create_logical_type)                         \
    X(create_table_function)                       \
    X(data_chunk_get_size)                         \
    X(data_chunk_get_vector)                       \
    X(data_chunk_reset)                            \
    X(data_chunk_set_size)                         \
    X(decimal_internal_type)                       \
    X(decimal_scale)                               \
    X(decimal_width)                               \
    X(destroy_config)                              \
    X(destroy_data_chunk)                          \
    X(destroy_error_data)                          \
    X(destroy_extracted)                           \
    X(destroy_logical_type)                        \
    X(destroy_pending)                             \
    X(destroy_prepare)                             \
    X(destroy_result)                              \
    X(destroy_table_function)                      \
    X(destroy_value)                               \
    X(disconnect)                                  \
    X(enum_dictionary_size)                        \
    X(enum_dictionary_value)                       \
    X(enum_internal_type)                          \
    X(error_data_message)                          \
    X(execute_pending)                             \
    X(extract_statements)                          \
    X(extract_statements_error)                    \
    X(fetch_chunk)                                 \
    X(free)                                        \
    X(function_get_bind_data)                      \
    X(function_set_error)                          \
    X(get_config_flag)                             \
    X(get_int64)                                   \
    X(get_type_id)                                 \
    X(init_get_column_count)                       \
    X(init_get_column_index)                       \
    X(init_get_bind_data)                          \
    X(init_set_error)                              \
    X(init_set_max_threads)                        \
    X(interrupt)                                   \
    X(is_null_value)                               \
    X(library_version)                             \
    X(list_type_child_type)                        \
    X(list_vector_get_child)                       \
    X(logical_type_get_alias)                      \
    X(map_type_key_type)                           \
    X(map_type_value_type)                         \
    X(nparams)                                     \
    X(open_ext)                                    \
    X(param_type)                                  \
    X(pending_error)                               \
    X(pending_prepared_streaming)                  \
    X(prepare)                                     \
    X(prepare_error)                               \
    X(prepare_extracted_statement)                 \
    X(prepared_statement_type)                     \
    X(query)                                       \
    X(register_table_function)                     \
    X(result_error)                                \
    X(result_return_type)                          \
    X(rows_changed)                                \
    X(set_config)                                  \
    X(struct_type_child_count)                     \
    X(struct_type_child_name)                      \
    X(struct_type_child_type)                      \
    X(struct_vector_get_child)                     \
    X(table_function_add_parameter)                \
    X(table_function_set_bind)                     \
    X(table_function_set_function)                 \
    X(table_function_set_init)                     \
    X(table_function_set_name)                     \
    X(table_function_supports_projection_pushdown) \
    X(union_type_member_count)                     \
    X(union_type_member_name)                      \
    X(union_type_member_type)                      \
    X(unsafe_vector_assign_string_element_len)     \
    X(vector_ensure_validity_writable)             \
    X(vector_get_data)                             \
    X(vector_get_validity)                         \
    X(vector_size)

typedef struct mdm_duckdb_functions {
#define X(name) __typeof__(&duckdb_##name) name;
    MDM_DUCKDB_FUNCTIONS(X)
#undef X
} mdm_duckdb_functions;

/* Filled by the first mdm_duckdb_load() that succeeds, constant from then on. */
extern mdm_duckdb_functions mdm_duck;

/* Load the library unless it is there. Looked for where MDM_DUCKDB_LIBRARY says and nowhere else;
 * else beside the file that holds this code (libmdm.so, or a program linked statically):
 * mdm/libduckdb.so, libduckdb.so; else where the system's loader finds it. MDM_NOT_FOUND,
 * MDM_UNSUPPORTED (another version than the header we were built with), each with what to do. A
 * failure is tried anew by the next call. */
MDM_MUST_CHECK mdm_status mdm_duckdb_load(mdm_error *err);
/* The file that was loaded, NULL: none yet. For doctor. */
const char *mdm_duckdb_library_path(void);

#endif
