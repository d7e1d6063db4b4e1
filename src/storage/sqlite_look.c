/* The first rows of a result, kept until the types of its columns are decided. One of these
 * serves all statements of a connection: it is filled and emptied within one execute(). */
#include <string.h>

#include "base/alloc.h"
#include "storage/sqlite_driver.h"

#define KEEP_BYTES (256u << 10) /* of room, from one result to the next */

void mdm_sqlite_look_start(sqlite_look *look, size_t columns)
{
    look->columns = columns;
    look->rows = 0;
    mdm_text_reset(&look->text);
    if (look->classes) memset(look->classes, 0, look->class_size);
}

void mdm_sqlite_look_trim(sqlite_look *look)
{
    if (look->cell_size * sizeof *look->cells + look->text.size > KEEP_BYTES)
        mdm_sqlite_look_clear(look);
}

void mdm_sqlite_look_clear(sqlite_look *look)
{
    mdm_free(look->cells);
    mdm_free(look->classes);
    mdm_text_clear(&look->text);
    *look = (sqlite_look){.text = look->text};
}

static bool make_room(sqlite_look *look)
{
    if (look->columns > look->class_size) {
        unsigned char *classes = mdm_alloc_zero(look->columns, 1);
        if (!classes) return false;
        mdm_free(look->classes);
        look->classes = classes;
        look->class_size = look->columns;
    }
    const size_t needed = (look->rows + 1) * look->columns;
    if (needed <= look->cell_size) return true;
    const size_t size = needed > 2 * look->cell_size ? needed : 2 * look->cell_size;
    sqlite_cell *cells = mdm_realloc(look->cells, size * sizeof *cells);
    if (!cells) return false;
    look->cells = cells;
    look->cell_size = size;
    return true;
}

mdm_status mdm_sqlite_look_add(sqlite_look *look, sqlite_conn *conn, sqlite3_stmt *stmt,
                               mdm_error *err)
{
    if (!make_room(look)) return mdm_no_memory(err, "the first rows of a result");
    sqlite_cell *row = look->cells + look->rows * look->columns;
    for (size_t c = 0; c < look->columns; c++) {
        mdm_sqlite_cell(conn, stmt, (int)c, &row[c]);
        look->classes[c] |= (unsigned char)(1u << row[c].class_);
        if (!mdm_sqlite_has_bytes(&row[c])) continue;
        row[c].as.integer = (int64_t)look->text.len;
        mdm_text_add(&look->text, row[c].bytes);
    }
    look->rows++;
    return mdm_text_status(&look->text, err);
}

sqlite_cell mdm_sqlite_look_cell(const sqlite_look *look, size_t row, size_t column)
{
    sqlite_cell cell = look->cells[row * look->columns + column];
    if (mdm_sqlite_has_bytes(&cell)) cell.bytes.data = look->text.data + cell.as.integer;
    return cell;
}

static bool all_fit(const sqlite_look *look, size_t column, mdm_type_id id, mdm_type type)
{
    const unsigned seen = look->classes[column] & ~(1u << SQLITE_NULL);
    type.id = id;
    /* The usual cases need no look at the cells. */
    if (seen == 0) return true;
    if (id == MDM_TYPE_INT64 && seen == 1u << SQLITE_INTEGER) return true;
    if (id == MDM_TYPE_DOUBLE && seen == 1u << SQLITE_FLOAT) return true;
    if (id == MDM_TYPE_TEXT) return !(seen & 1u << SQLITE_BLOB);
    if (id == MDM_TYPE_BLOB) return seen == 1u << SQLITE_BLOB;
    for (size_t row = 0; row < look->rows; row++) {
        const sqlite_cell cell = mdm_sqlite_look_cell(look, row, column);
        if (mdm_sqlite_append(NULL, column, type, &cell) != MDM_OK) return false;
    }
    return true;
}

mdm_type mdm_sqlite_look_type(const sqlite_look *look, size_t column, mdm_type declared)
{
    const mdm_type text = {.id = MDM_TYPE_TEXT};
    if (look->rows == 0) return declared.id == MDM_TYPE_COUNT ? text : declared;
    const unsigned seen = look->classes[column] & ~(1u << SQLITE_NULL);
    if (declared.id != MDM_TYPE_COUNT && all_fit(look, column, declared.id, declared))
        return declared;
    if (seen == 0) return text;

    static const mdm_type_id narrow_first[] = {MDM_TYPE_INT64, MDM_TYPE_DOUBLE, MDM_TYPE_BLOB};
    if (declared.id == MDM_TYPE_DATE && all_fit(look, column, MDM_TYPE_TIMESTAMP, text))
        return (mdm_type){.id = MDM_TYPE_TIMESTAMP};
    /* 1.0 says that a column has reals, though it would fit an integer. */
    const size_t first = seen & 1u << SQLITE_FLOAT ? 1 : 0;
    for (size_t i = first; i < sizeof narrow_first / sizeof *narrow_first; i++)
        if (all_fit(look, column, narrow_first[i], text)) return (mdm_type){.id = narrow_first[i]};
    return text;
}
