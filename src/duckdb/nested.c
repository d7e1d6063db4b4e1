/* A node is a type with the vector of the chunk at hand; it is walked once per cell. Values are
 * written in one of two ways: plain (the cell itself) or as JSON (inside something nested). */
#include "duckdb/nested.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "duckdb/text128.h"
#include "mdm/chunk.h"

/* --- types ------------------------------------------------------------------ */

static mdm_status add_child(mdm_node *node, duckdb_logical_type type, mdm_error *err)
{
    /* The slot was made by add_children(); what fails is cleared with its parent. */
    const mdm_status status = mdm_node_init(&node->children[node->count++], type, err);
    mdm_duck.destroy_logical_type(&type);
    return status;
}

static mdm_status add_children(mdm_node *node, size_t count, mdm_error *err)
{
    node->children = mdm_alloc_zero(count, sizeof *node->children);
    return node->children || count == 0 ? MDM_OK : mdm_no_memory(err, "a nested type");
}

static mdm_status add_names(mdm_node *node, duckdb_logical_type type, size_t count,
                            char *(*name_of)(duckdb_logical_type type, idx_t index), mdm_error *err)
{
    node->names = mdm_alloc_zero(count, sizeof *node->names);
    if (!node->names && count > 0) return mdm_no_memory(err, "names of a nested type");
    for (; node->name_count < count; node->name_count++) {
        node->names[node->name_count] = name_of(type, node->name_count);
        if (!node->names[node->name_count]) return mdm_no_memory(err, "names of a nested type");
    }
    return MDM_OK;
}

static mdm_status init_list(mdm_node *node, duckdb_logical_type child, mdm_error *err)
{
    const mdm_status status = add_children(node, 1, err);
    if (status == MDM_OK) return add_child(node, child, err);
    mdm_duck.destroy_logical_type(&child);
    return status;
}

static mdm_status init_map(mdm_node *node, duckdb_logical_type type, mdm_error *err)
{
    MDM_TRY(add_children(node, 2, err));
    MDM_TRY(add_child(node, mdm_duck.map_type_key_type(type), err));
    return add_child(node, mdm_duck.map_type_value_type(type), err);
}

static mdm_status init_struct(mdm_node *node, duckdb_logical_type type, mdm_error *err)
{
    const size_t count = mdm_duck.struct_type_child_count(type);
    MDM_TRY(add_names(node, type, count, mdm_duck.struct_type_child_name, err));
    MDM_TRY(add_children(node, count, err));
    for (size_t i = 0; i < count; i++)
        MDM_TRY(add_child(node, mdm_duck.struct_type_child_type(type, i), err));
    return MDM_OK;
}

static mdm_status init_union(mdm_node *node, duckdb_logical_type type, mdm_error *err)
{
    const size_t count = mdm_duck.union_type_member_count(type);
    MDM_TRY(add_names(node, type, count, mdm_duck.union_type_member_name, err));
    MDM_TRY(add_children(node, count, err));
    for (size_t i = 0; i < count; i++)
        MDM_TRY(add_child(node, mdm_duck.union_type_member_type(type, i), err));
    return MDM_OK;
}

static bool has_alias(duckdb_logical_type type, const char *word)
{
    char *alias = mdm_duck.logical_type_get_alias(type);
    const bool same = alias && strcmp(alias, word) == 0;
    mdm_duck.free(alias);
    return same;
}

mdm_status mdm_node_init(mdm_node *node, duckdb_logical_type type, mdm_error *err)
{
    *node = (mdm_node){.type = mdm_duck.get_type_id(type)};
    switch (node->type) {
    case DUCKDB_TYPE_VARCHAR: node->is_json = has_alias(type, "JSON"); return MDM_OK;
    case DUCKDB_TYPE_DECIMAL:
        node->storage = mdm_duck.decimal_internal_type(type);
        node->scale = mdm_duck.decimal_scale(type);
        return MDM_OK;
    case DUCKDB_TYPE_ENUM:
        node->storage = mdm_duck.enum_internal_type(type);
        return add_names(node, type, mdm_duck.enum_dictionary_size(type),
                         mdm_duck.enum_dictionary_value, err);
    case DUCKDB_TYPE_LIST: return init_list(node, mdm_duck.list_type_child_type(type), err);
    case DUCKDB_TYPE_ARRAY:
        node->array_size = mdm_duck.array_type_array_size(type);
        return init_list(node, mdm_duck.array_type_child_type(type), err);
    case DUCKDB_TYPE_MAP: return init_map(node, type, err);
    case DUCKDB_TYPE_STRUCT: return init_struct(node, type, err);
    case DUCKDB_TYPE_UNION: return init_union(node, type, err);
    case DUCKDB_TYPE_VARIANT:
    case DUCKDB_TYPE_INVALID:
    case DUCKDB_TYPE_ANY:
        return mdm_error_set(err, MDM_UNSUPPORTED, "values of DuckDB's type %s cannot be read",
                             node->type == DUCKDB_TYPE_VARIANT ? "VARIANT" : "ANY");
    default: return MDM_OK;
    }
}

void mdm_node_clear(mdm_node *node)
{
    for (size_t i = 0; i < node->count; i++)
        mdm_node_clear(&node->children[i]);
    for (size_t i = 0; i < node->name_count; i++)
        mdm_duck.free(node->names[i]);
    mdm_free(node->children);
    mdm_free(node->names);
    *node = (mdm_node){0};
}

void mdm_node_bind(mdm_node *node, duckdb_vector vector)
{
    node->data = mdm_duck.vector_get_data(vector);
    node->validity = mdm_duck.vector_get_validity(vector);
    switch (node->type) {
    case DUCKDB_TYPE_LIST:
        mdm_node_bind(&node->children[0], mdm_duck.list_vector_get_child(vector));
        break;
    case DUCKDB_TYPE_ARRAY:
        mdm_node_bind(&node->children[0], mdm_duck.array_vector_get_child(vector));
        break;
    case DUCKDB_TYPE_MAP: { /* a list of structs */
        duckdb_vector entries = mdm_duck.list_vector_get_child(vector);
        for (size_t i = 0; i < 2; i++)
            mdm_node_bind(&node->children[i], mdm_duck.struct_vector_get_child(entries, i));
        break;
    }
    case DUCKDB_TYPE_UNION: /* a struct whose first member says which of the others counts */
        node->data = mdm_duck.vector_get_data(mdm_duck.struct_vector_get_child(vector, 0));
        for (size_t i = 0; i < node->count; i++)
            mdm_node_bind(&node->children[i], mdm_duck.struct_vector_get_child(vector, i + 1));
        break;
    case DUCKDB_TYPE_STRUCT:
        for (size_t i = 0; i < node->count; i++)
            mdm_node_bind(&node->children[i], mdm_duck.struct_vector_get_child(vector, i));
        break;
    default: break;
    }
}

/* --- plain values -------------------------------------------------------------- */

#define AT(c_type) (((const c_type *)node->data)[row])

static mdm_str bytes_at(const mdm_node *node, uint64_t row)
{
    const duckdb_string_t *string = &AT(duckdb_string_t);
    const uint32_t len = string->value.inlined.length;
    return (mdm_str){len <= 12 ? string->value.inlined.inlined : string->value.pointer.ptr, len};
}

/* The words that the data room has for a value of one of our types. */
static void put_cell(mdm_text *text, mdm_type type, const void *value)
{
    char room[MDM_CELL_TEXT];
    const mdm_column column = {.type = type, .values = value};
    mdm_text_add(text, mdm_cell_text(&column, 0, room, sizeof room));
}

static void put_decimal(const mdm_node *node, uint64_t row, mdm_text *text)
{
    int64_t small = 0;
    switch (node->storage) {
    case DUCKDB_TYPE_SMALLINT: small = AT(int16_t); break;
    case DUCKDB_TYPE_INTEGER: small = AT(int32_t); break;
    case DUCKDB_TYPE_BIGINT: small = AT(int64_t); break;
    default:
        put_cell(text, (mdm_type){MDM_TYPE_DECIMAL, 38, node->scale}, &AT(duckdb_hugeint));
        return;
    }
    const mdm_int128 wide = {(uint64_t)small, small < 0 ? -1 : 0};
    put_cell(text, (mdm_type){MDM_TYPE_DECIMAL, 18, node->scale}, &wide);
}

static void put_enum(const mdm_node *node, uint64_t row, mdm_text *text)
{
    const size_t word = node->storage == DUCKDB_TYPE_UTINYINT    ? AT(uint8_t)
                        : node->storage == DUCKDB_TYPE_USMALLINT ? AT(uint16_t)
                                                                 : AT(uint32_t);
    mdm_text_puts(text, node->names[word]);
}

/* units of a second, per_second of them, as a timestamp; what is finer than microseconds too. */
static void put_timestamp(mdm_text *text, int64_t value, int64_t per_second, mdm_type_id type)
{
    if (value == INT64_MAX || value == -INT64_MAX) {
        put_cell(text, (mdm_type){.id = MDM_TYPE_TIMESTAMP}, &value);
        return;
    }
    int64_t seconds = value / per_second, rest = value % per_second;
    if (rest < 0) {
        seconds--;
        rest += per_second;
    }
    int64_t micros;
    if (__builtin_mul_overflow(seconds, INT64_C(1000000), &micros)) {
        mdm_text_printf(text, "%" PRId64 " s", seconds);
        return;
    }
    put_cell(text, (mdm_type){.id = type}, &micros);
    if (rest == 0) return;
    int digits = per_second == 1000 ? 3 : 9;
    for (; rest % 10 == 0; digits--)
        rest /= 10;
    mdm_text_printf(text, ".%0*" PRId64, digits, rest);
}

static void put_hex(mdm_text *text, mdm_str bytes)
{
    mdm_text_puts(text, "\\x");
    for (size_t i = 0; i < bytes.len; i++)
        mdm_text_printf(text, "%02x", (unsigned)(uint8_t)bytes.data[i]);
}

static void put_plain(const mdm_node *node, uint64_t row, mdm_text *text)
{
    switch (node->type) {
    case DUCKDB_TYPE_BOOLEAN: mdm_text_puts(text, AT(uint8_t) ? "true" : "false"); break;
    case DUCKDB_TYPE_TINYINT: mdm_text_printf(text, "%d", AT(int8_t)); break;
    case DUCKDB_TYPE_SMALLINT: mdm_text_printf(text, "%d", AT(int16_t)); break;
    case DUCKDB_TYPE_INTEGER: mdm_text_printf(text, "%" PRId32, AT(int32_t)); break;
    case DUCKDB_TYPE_BIGINT: mdm_text_printf(text, "%" PRId64, AT(int64_t)); break;
    case DUCKDB_TYPE_UTINYINT: mdm_text_printf(text, "%u", AT(uint8_t)); break;
    case DUCKDB_TYPE_USMALLINT: mdm_text_printf(text, "%u", AT(uint16_t)); break;
    case DUCKDB_TYPE_UINTEGER: mdm_text_printf(text, "%" PRIu32, AT(uint32_t)); break;
    case DUCKDB_TYPE_UBIGINT: mdm_text_printf(text, "%" PRIu64, AT(uint64_t)); break;
    case DUCKDB_TYPE_HUGEINT: mdm_put_hugeint(text, AT(duckdb_hugeint)); break;
    case DUCKDB_TYPE_UHUGEINT: mdm_put_uhugeint(text, AT(duckdb_uhugeint)); break;
    case DUCKDB_TYPE_BIGNUM: mdm_put_bignum(text, bytes_at(node, row)); break;
    case DUCKDB_TYPE_FLOAT: put_cell(text, (mdm_type){.id = MDM_TYPE_FLOAT}, &AT(float)); break;
    case DUCKDB_TYPE_DOUBLE: put_cell(text, (mdm_type){.id = MDM_TYPE_DOUBLE}, &AT(double)); break;
    case DUCKDB_TYPE_DECIMAL: put_decimal(node, row, text); break;
    case DUCKDB_TYPE_DATE: put_cell(text, (mdm_type){.id = MDM_TYPE_DATE}, &AT(int32_t)); break;
    case DUCKDB_TYPE_TIME: put_cell(text, (mdm_type){.id = MDM_TYPE_TIME}, &AT(int64_t)); break;
    case DUCKDB_TYPE_TIMESTAMP:
        put_cell(text, (mdm_type){.id = MDM_TYPE_TIMESTAMP}, &AT(int64_t));
        break;
    case DUCKDB_TYPE_TIMESTAMP_TZ:
        put_cell(text, (mdm_type){.id = MDM_TYPE_TIMESTAMPTZ}, &AT(int64_t));
        break;
    case DUCKDB_TYPE_TIMESTAMP_S: put_timestamp(text, AT(int64_t), 1, MDM_TYPE_TIMESTAMP); break;
    case DUCKDB_TYPE_TIMESTAMP_MS:
        put_timestamp(text, AT(int64_t), 1000, MDM_TYPE_TIMESTAMP);
        break;
    case DUCKDB_TYPE_TIMESTAMP_NS:
        put_timestamp(text, AT(int64_t), 1000000000, MDM_TYPE_TIMESTAMP);
        break;
    case DUCKDB_TYPE_TIME_NS: put_timestamp(text, AT(int64_t), 1000000000, MDM_TYPE_TIME); break;
    case DUCKDB_TYPE_TIME_TZ: mdm_put_time_tz(text, AT(duckdb_time_tz)); break;
    case DUCKDB_TYPE_INTERVAL: mdm_put_interval(text, AT(duckdb_interval)); break;
    case DUCKDB_TYPE_UUID: mdm_put_uuid(text, AT(duckdb_hugeint)); break;
    case DUCKDB_TYPE_BIT: mdm_put_bit(text, bytes_at(node, row)); break;
    case DUCKDB_TYPE_ENUM: put_enum(node, row, text); break;
    case DUCKDB_TYPE_BLOB:
    case DUCKDB_TYPE_GEOMETRY: put_hex(text, bytes_at(node, row)); break;
    default: mdm_text_add(text, bytes_at(node, row)); break; /* VARCHAR */
    }
}

/* --- JSON ------------------------------------------------------------------------ */

static void put_json(const mdm_node *node, uint64_t row, mdm_text *text);

/* Written as it is; everything else between quotes. */
static bool is_json_already(const mdm_node *node, uint64_t row)
{
    switch (node->type) {
    case DUCKDB_TYPE_VARCHAR: return node->is_json;
    case DUCKDB_TYPE_BOOLEAN:
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_UTINYINT:
    case DUCKDB_TYPE_USMALLINT:
    case DUCKDB_TYPE_UINTEGER:
    case DUCKDB_TYPE_UBIGINT:
    case DUCKDB_TYPE_HUGEINT:
    case DUCKDB_TYPE_UHUGEINT:
    case DUCKDB_TYPE_BIGNUM:
    case DUCKDB_TYPE_DECIMAL: return true;
    case DUCKDB_TYPE_FLOAT: return isfinite(AT(float));
    case DUCKDB_TYPE_DOUBLE: return isfinite(AT(double));
    default: return false;
    }
}

static void put_quoted(const mdm_node *node, uint64_t row, mdm_text *text)
{
    mdm_text plain;
    mdm_text_init(&plain);
    put_plain(node, row, &plain);
    mdm_text_json(text, (mdm_str){plain.data, plain.len});
    if (plain.failed) text->failed = true;
    mdm_text_clear(&plain);
}

static void put_elements(const mdm_node *child, uint64_t first, uint64_t count, mdm_text *text)
{
    mdm_text_putc(text, '[');
    for (uint64_t i = 0; i < count; i++) {
        if (i > 0) mdm_text_putc(text, ',');
        put_json(child, first + i, text);
    }
    mdm_text_putc(text, ']');
}

static void put_map(const mdm_node *node, uint64_t row, mdm_text *text)
{
    const duckdb_list_entry entry = AT(duckdb_list_entry);
    mdm_text_putc(text, '{');
    for (uint64_t i = entry.offset; i < entry.offset + entry.length; i++) {
        if (i > entry.offset) mdm_text_putc(text, ',');
        put_quoted(&node->children[0], i, text);
        mdm_text_putc(text, ':');
        put_json(&node->children[1], i, text);
    }
    mdm_text_putc(text, '}');
}

static void put_member(const mdm_node *node, size_t member, uint64_t row, mdm_text *text)
{
    mdm_text_json(text, mdm_str_from(node->names[member]));
    mdm_text_putc(text, ':');
    put_json(&node->children[member], row, text);
}

/* Members without names, row(1, 'a'), are a JSON array. */
static void put_struct(const mdm_node *node, uint64_t row, mdm_text *text)
{
    const bool named = node->count == 0 || node->names[0][0] != '\0';
    mdm_text_putc(text, named ? '{' : '[');
    for (size_t i = 0; i < node->count; i++) {
        if (i > 0) mdm_text_putc(text, ',');
        if (named) put_member(node, i, row, text);
        else put_json(&node->children[i], row, text);
    }
    mdm_text_putc(text, named ? '}' : ']');
}

static void put_json(const mdm_node *node, uint64_t row, mdm_text *text)
{
    if (!mdm_valid(node->validity, row)) {
        mdm_text_puts(text, "null");
        return;
    }
    switch (node->type) {
    case DUCKDB_TYPE_SQLNULL: mdm_text_puts(text, "null"); break;
    case DUCKDB_TYPE_LIST: {
        const duckdb_list_entry entry = AT(duckdb_list_entry);
        put_elements(&node->children[0], entry.offset, entry.length, text);
        break;
    }
    case DUCKDB_TYPE_ARRAY:
        put_elements(&node->children[0], row * node->array_size, node->array_size, text);
        break;
    case DUCKDB_TYPE_MAP: put_map(node, row, text); break;
    case DUCKDB_TYPE_STRUCT: put_struct(node, row, text); break;
    case DUCKDB_TYPE_UNION:
        mdm_text_putc(text, '{');
        put_member(node, AT(uint8_t), row, text);
        mdm_text_putc(text, '}');
        break;
    default:
        if (is_json_already(node, row)) put_plain(node, row, text);
        else put_quoted(node, row, text);
    }
}

void mdm_node_put(const mdm_node *node, uint64_t row, mdm_text *text)
{
    switch (node->type) {
    case DUCKDB_TYPE_LIST:
    case DUCKDB_TYPE_ARRAY:
    case DUCKDB_TYPE_MAP:
    case DUCKDB_TYPE_STRUCT:
    case DUCKDB_TYPE_UNION: put_json(node, row, text); break;
    default: put_plain(node, row, text);
    }
}
