/* A Parquet file: DuckDB reads it, with the file's own types. Looked at before: the magic words and
 * the place of the footer, which tell most damage without DuckDB. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/io.h"
#include "base/io_call.h"
#include "base/text.h"
#include "duckdb/file_query.h"
#include "duckdb/result.h"
#include "file/file_state.h"
#include "file/header.h"
#include "file/unpack.h"

typedef struct parquet_file {
    mdm_file base;
    int fd;           /* held open where DuckDB needs another name for the file; -1 */
    mdm_text literal; /* that name, quoted */
    mdm_duckdb_instance *instance;
    mdm_duckdb_link *link;
    mdm_text sql; /* one SELECT of all columns */
    mdm_schema *schema;
    mdm_file_query query;
} parquet_file;

const size_t mdm_parquet_file_size = sizeof(parquet_file);

/* --- the bytes ------------------------------------------------------------------------ */

#define MAGIC "PAR1"
#define SMALLEST 12 /* magic, length of the footer, magic */

static mdm_status refuse(const parquet_file *file, const char *why, mdm_error *err)
{
    return mdm_error_set(err, MDM_FORMAT, "%s: %s", file->base.name, why);
}

static uint32_t little_endian(const char *bytes)
{
    const unsigned char *b = (const unsigned char *)bytes;
    return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static mdm_status judge_ends(const parquet_file *file, const char first[4], const char last[8],
                             mdm_error *err)
{
    const int64_t bytes = file->base.info.bytes;
    if (memcmp(first, "PARE", 4) == 0) return refuse(file, "an encrypted Parquet file", err);
    if (memcmp(first, MAGIC, 4) != 0) return refuse(file, "not a Parquet file", err);
    if (bytes < SMALLEST || memcmp(last + 4, MAGIC, 4) != 0)
        return refuse(file, "cut: the Parquet data have no end", err);
    if (little_endian(last) > bytes - SMALLEST)
        return refuse(file, "damaged: the Parquet footer is longer than the file", err);
    return MDM_OK;
}

/* Read it all once, for its hash and its ends. */
static mdm_status look_through(parquet_file *file, mdm_unpacker *unpacker, char *block, size_t size,
                               mdm_error *err)
{
    char first[4] = {0}, last[8] = {0};
    const mdm_read_options *read = &file->base.read;
    MDM_TRY(mdm_unpacker_hash_all(unpacker, err));
    for (size_t len = size; len == size;) {
        MDM_TRY(mdm_stop_check(read->stop, err));
        const bool at_start = mdm_unpacker_done(unpacker) == 0;
        MDM_TRY(mdm_unpacker_read(unpacker, block, size, &len, err));
        if (at_start && len >= 4) memcpy(first, block, 4);
        const size_t tail = len < sizeof last ? len : sizeof last;
        memmove(last, last + tail, sizeof last - tail);
        memcpy(last + sizeof last - tail, block + len - tail, tail);
        if (read->progress)
            read->progress(read->progress_self, "checking", mdm_unpacker_done(unpacker),
                           mdm_unpacker_total(unpacker));
    }
    file->base.info.hash = mdm_unpacker_hash(unpacker);
    return judge_ends(file, first, last, err);
}

static mdm_status check_bytes(parquet_file *file, mdm_error *err)
{
    enum { BLOCK = 1 << 18 };
    mdm_unpacker *unpacker = NULL;
    char *block = mdm_alloc(BLOCK);
    mdm_status status = block ? MDM_OK : mdm_no_memory(err, "a block of a file");
    if (status == MDM_OK)
        status = mdm_unpacker_open(file->base.path, MDM_PACKED_NOT, &unpacker, err);
    if (status == MDM_OK) status = look_through(file, unpacker, block, BLOCK, err);
    mdm_unpacker_close(unpacker);
    mdm_free(block);
    return status;
}

/* --- its SQL ----------------------------------------------------------------------------- */

/* DuckDB takes a path as a pattern, and as UTF-8. What it would misread gets another name: that of
 * our own descriptor. */
static mdm_status name_for_duckdb(parquet_file *file, mdm_error *err)
{
    const mdm_str path = mdm_str_from(file->base.path);
    if (!strpbrk(path.data, "*?[]{}\\") && mdm_utf8_check(path) == SIZE_MAX) {
        mdm_text_quoted(&file->literal, path, '\'');
        return mdm_text_status(&file->literal, err);
    }
    file->fd = mdm_call_open(AT_FDCWD, path.data, O_RDONLY | O_NONBLOCK, 0);
    if (file->fd < 0) return mdm_errno(err, errno, path.data);
    mdm_text_printf(&file->literal, "'/proc/self/fd/%d'", file->fd);
    return mdm_text_status(&file->literal, err);
}

static mdm_status connect(parquet_file *file, mdm_error *err)
{
    const mdm_config *config = file->base.read.config;
    const char *limit = config ? mdm_config_text(config, "database.duckdb.memory_limit") : "auto";
    const mdm_setting settings[] = {{"threads", "1"}, {"memory_limit", limit}};
    const mdm_duckdb_options options = {
        .settings = settings,
        .setting_count = strcmp(limit, "auto") == 0 ? 1 : 2,
    };
    MDM_TRY(mdm_duckdb_open(NULL, &options, file->base.read.stop, &file->instance, err));
    return mdm_duckdb_connect(file->instance, &file->link, err);
}

/* What DuckDB says of a file that it cannot read is said of the file. */
static mdm_status said_of_file(const parquet_file *file, mdm_status status, mdm_error *err)
{
    return status == MDM_OK ? status : mdm_file_query_failed(&file->base, status, err);
}

static mdm_status count_rows(parquet_file *file, mdm_error *err)
{
    mdm_text sql;
    mdm_text_init(&sql);
    mdm_text_printf(&sql, "SELECT num_rows FROM parquet_file_metadata(%s)", file->literal.data);
    mdm_status status = mdm_text_status(&sql, err);
    if (status == MDM_OK)
        status = mdm_duckdb_number(file->link, (mdm_str){sql.data, sql.len}, file->base.read.stop,
                                   &file->base.info.records, err);
    mdm_text_clear(&sql);
    return said_of_file(file, status, err);
}

static mdm_status write_select(parquet_file *file, const char *columns, mdm_error *err)
{
    mdm_text_printf(&file->sql, "SELECT %s FROM read_parquet(%s, hive_partitioning = false)",
                    columns, file->literal.data);
    return mdm_text_status(&file->sql, err);
}

/* Leaves file->schema as the rows of file->sql have it. */
static mdm_status learn_schema(parquet_file *file, mdm_error *err)
{
    mdm_stream rows = {0};
    mdm_text sql;
    mdm_text_init(&sql);
    mdm_text_printf(&sql, "%s LIMIT 0", file->sql.data);
    mdm_status status = mdm_text_status(&sql, err);
    if (status == MDM_OK)
        status = mdm_duckdb_stream(file->link, (mdm_str){sql.data, sql.len}, file->base.read.stop,
                                   &rows, err);
    mdm_schema_unref(file->schema);
    file->schema = status == MDM_OK ? mdm_schema_ref(rows.schema) : NULL;
    mdm_stream_close(&rows);
    mdm_text_clear(&sql);
    return said_of_file(file, status, err);
}

/* --- columns as the user wishes them -------------------------------------------------------- */

static const mdm_column_wish *find_wish(const parquet_file *file, const char *name)
{
    const mdm_read_options *read = &file->base.read;
    for (size_t i = 0; i < read->wish_count; i++)
        if (strcmp(read->wishes[i].name, name) == 0) return &read->wishes[i];
    return NULL;
}

static bool is_number(mdm_type_id id)
{
    return id >= MDM_TYPE_INT8 && id <= MDM_TYPE_DECIMAL;
}

/* The same value in a wider type, to see whether a conversion lost any of it. */
static const char *witness(mdm_type_id from, mdm_type_id to)
{
    if (from != MDM_TYPE_TEXT) return NULL;
    return is_number(to) && to < MDM_TYPE_FLOAT ? "DOUBLE"
           : to == MDM_TYPE_DATE                ? "TIMESTAMP"
                                                : NULL;
}

/* column, converted without loss, or an error that shows the value. */
static void put_converted(mdm_text *sql, const char *column, mdm_type_id from, mdm_type to)
{
    char word[32];
    const char *wide = witness(from, to.id);
    mdm_type_text(to, word);
    if (to.id == MDM_TYPE_TEXT) {
        mdm_text_printf(sql, "CAST(%s AS VARCHAR)", column);
        return;
    }
    mdm_text_printf(sql, "CASE WHEN %s IS NULL OR TRY_CAST(%s AS %s) = ", column, column, word);
    if (wide) mdm_text_printf(sql, "TRY_CAST(%s AS %s)", column, wide);
    else if (from == MDM_TYPE_TEXT) mdm_text_printf(sql, "TRY_CAST(%s AS %s)", column, word);
    else mdm_text_puts(sql, column);
    mdm_text_printf(sql, " THEN TRY_CAST(%s AS %s) ELSE error(concat('column ', ", column, word);
    mdm_text_quoted(sql, mdm_str_from(column), '\'');
    mdm_text_printf(sql, ", ': ''', left(CAST(%s AS VARCHAR), 60), ''' is no %s')) END", column,
                    word);
}

static mdm_status put_wish(mdm_text *sql, const char *column, mdm_type_id from,
                           const mdm_column_wish *wish, mdm_error *err)
{
    const bool is_date =
        from == MDM_TYPE_DATE || from == MDM_TYPE_TIMESTAMP || from == MDM_TYPE_TIMESTAMPTZ;
    const bool any_number = wish->type && strcmp(wish->type, MDM_WISH_NUMBER) == 0;
    mdm_type to = {wish->format ? MDM_TYPE_TIMESTAMP : MDM_TYPE_DOUBLE, 0, 0};
    if (wish->type && !any_number) MDM_TRY(mdm_type_parse(mdm_str_from(wish->type), &to, err));
    if ((wish->format && is_date) || (any_number && is_number(from)) ||
        (!wish->type && !wish->format)) {
        mdm_text_puts(sql, column);
    } else if (wish->format && *wish->format) {
        mdm_text_printf(sql, "strptime(%s, ", column);
        mdm_text_quoted(sql, mdm_str_from(wish->format), '\'');
        mdm_text_putc(sql, ')');
    } else {
        put_converted(sql, column, from, to);
    }
    return MDM_OK;
}

static mdm_status put_columns(parquet_file *file, mdm_text *sql, mdm_error *err)
{
    mdm_text column;
    mdm_text_init(&column);
    mdm_status status = MDM_OK;
    for (size_t i = 0; i < file->schema->count && status == MDM_OK; i++) {
        const mdm_field *field = &file->schema->fields[i];
        const mdm_column_wish *wish = find_wish(file, field->name);
        mdm_text_reset(&column);
        mdm_text_quoted(&column, mdm_str_from(field->name), '"');
        status = mdm_text_status(&column, err);
        if (status != MDM_OK) break;
        if (i > 0) mdm_text_puts(sql, ", ");
        if (wish) status = put_wish(sql, column.data, field->type.id, wish, err);
        else mdm_text_puts(sql, column.data);
        if (wish) mdm_text_printf(sql, " AS %s", column.data);
    }
    mdm_text_clear(&column);
    return status == MDM_OK ? mdm_text_status(sql, err) : status;
}

static bool has_wishes(const parquet_file *file)
{
    for (size_t i = 0; i < file->schema->count; i++)
        if (find_wish(file, file->schema->fields[i].name)) return true;
    return false;
}

static mdm_status apply_wishes(parquet_file *file, mdm_error *err)
{
    mdm_text columns;
    if (!has_wishes(file)) return MDM_OK;
    mdm_text_init(&columns);
    mdm_status status = put_columns(file, &columns, err);
    mdm_text_reset(&file->sql);
    if (status == MDM_OK) status = write_select(file, columns.data, err);
    mdm_text_clear(&columns);
    return status == MDM_OK ? learn_schema(file, err) : status;
}

/* --- passes ---------------------------------------------------------------------------------- */

typedef struct pass {
    parquet_file *file;
    mdm_stream rows;
} pass;

static mdm_status next(mdm_stream *stream, mdm_chunk **out, mdm_error *err)
{
    pass *p = stream->self;
    return said_of_file(p->file, mdm_stream_next(&p->rows, out, err), err);
}

static void close_pass(mdm_stream *stream)
{
    pass *p = stream->self;
    mdm_schema_unref(stream->schema);
    mdm_stream_close(&p->rows);
    mdm_free(p);
}

static mdm_status stream(mdm_file *base, mdm_stream *out, mdm_error *err)
{
    parquet_file *file = (parquet_file *)base;
    pass *p = mdm_alloc_zero(1, sizeof *p);
    if (!p) return mdm_no_memory(err, "a pass over a file");
    p->file = file;
    const mdm_status status = mdm_duckdb_stream(
        file->link, (mdm_str){file->sql.data, file->sql.len}, base->read.stop, &p->rows, err);
    if (status != MDM_OK) {
        mdm_free(p);
        return said_of_file(file, status, err);
    }
    *out = (mdm_stream){
        .schema = mdm_schema_ref(p->rows.schema),
        .next = next,
        .close = close_pass,
        .self = p,
    };
    return MDM_OK;
}

static mdm_status as_query(mdm_file *base, mdm_file_query **out, mdm_error *err)
{
    parquet_file *file = (parquet_file *)base;
    (void)err;
    file->query.sql = (mdm_str){file->sql.data, file->sql.len};
    *out = &file->query;
    return MDM_OK;
}

static mdm_status finish(mdm_file *base, int64_t rows, bool *again, mdm_error *err)
{
    (void)again;
    if (rows == base->info.records) return MDM_OK;
    return mdm_error_set(err, MDM_FORMAT, "%s: damaged: %lld rows came of %lld that it tells of",
                         base->name, (long long)rows, (long long)base->info.records);
}

static const mdm_schema *schema(const mdm_file *base)
{
    return ((const parquet_file *)base)->schema;
}

static void close_file(mdm_file *base)
{
    parquet_file *file = (parquet_file *)base;
    mdm_duckdb_disconnect(file->link);
    mdm_duckdb_close(file->instance);
    if (file->fd >= 0) mdm_call_close(file->fd);
    mdm_schema_unref(file->schema);
    mdm_text_clear(&file->sql);
    mdm_text_clear(&file->literal);
}

mdm_status mdm_parquet_file_open(mdm_file *base, mdm_error *err)
{
    static const mdm_file_kind kind = {
        .schema = schema,
        .stream = stream,
        .as_query = as_query,
        .finish = finish,
        .close = close_file,
    };
    parquet_file *file = (parquet_file *)base;
    base->kind = &kind;
    file->fd = -1;
    mdm_text_init(&file->sql);
    mdm_text_init(&file->literal);
    MDM_TRY(check_bytes(file, err));
    MDM_TRY(name_for_duckdb(file, err));
    MDM_TRY(connect(file, err));
    MDM_TRY(count_rows(file, err));
    MDM_TRY(write_select(file, "*", err));
    MDM_TRY(learn_schema(file, err));
    MDM_TRY(mdm_width_judge(base->name, file->schema->count, base->read.max_columns, err));
    return apply_wishes(file, err);
}
