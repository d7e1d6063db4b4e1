/* Named parameters become numbered ones in the order in which they are first met, so that one
 * that is used twice is bound once. Only the lexer's parameter tokens are touched: what looks
 * like one in a string, a comment or a cast is none. */
#include "mdm/query.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "query/lexer.h"

#define MAX_NAMES 256u /* of one statement */

typedef struct binding {
    mdm_sql_dialect dialect;
    const mdm_parameter *given;
    size_t count;
    char *text;
    size_t size, used;
    mdm_value *values;
    size_t value_size, value_count;
    const mdm_value *order[MAX_NAMES]; /* given values in the order of their numbers */
    mdm_error *err;
} binding;

static mdm_str name_of(const token *t)
{
    return (mdm_str){t->start + 1, t->len - 1};
}

static const mdm_parameter *find_given(const binding *b, mdm_str name)
{
    for (size_t i = 0; i < b->count; i++)
        if (mdm_str_equal(mdm_str_from(b->given[i].name), name)) return &b->given[i];
    return NULL;
}

/* --- refusals -------------------------------------------------------------- */

static mdm_status refuse_unknown(const binding *b, mdm_str name)
{
    const char *names[MAX_NAMES];
    size_t count = b->count < MAX_NAMES ? b->count : MAX_NAMES;
    for (size_t i = 0; i < count; i++)
        names[i] = b->given[i].name;
    const char *near = mdm_nearest(name, names, count);
    mdm_error_set(b->err, MDM_INVALID, "no value is given for the parameter '%.*s'", (int)name.len,
                  name.data);
    return near ? mdm_error_hint(b->err, MDM_INVALID, "did you mean '%s'?", near) : MDM_INVALID;
}

/* A value was given that the text has no use for: most often a spelling mistake in it. */
static mdm_status refuse_unused(const binding *b, mdm_str sql, const char *name)
{
    char words[MAX_NAMES][64];
    const char *names[MAX_NAMES];
    size_t count = 0;
    lexer lx;
    token t;
    lexer_init(&lx, sql, b->dialect);
    for (lexer_next(&lx, &t); t.kind != TOKEN_END && count < MAX_NAMES; lexer_next(&lx, &t)) {
        if (t.kind != TOKEN_NAMED || t.len > sizeof words[0]) continue;
        mdm_str word = name_of(&t);
        memcpy(words[count], word.data, word.len);
        words[count][word.len] = '\0';
        names[count] = words[count];
        count++;
    }
    const char *near = mdm_nearest(mdm_str_from(name), names, count);
    mdm_error_set(b->err, MDM_INVALID, "the statement has no parameter '%s'", name);
    return near ? mdm_error_hint(b->err, MDM_INVALID, "did you mean '%s'?", near) : MDM_INVALID;
}

static mdm_status refuse_room(const binding *b, const char *what)
{
    return mdm_error_set(b->err, MDM_INVALID, "%s do not fit", what);
}

/* --- binding ----------------------------------------------------------------- */

static mdm_status append(binding *b, const char *bytes, size_t len)
{
    if (len >= b->size - b->used) return refuse_room(b, "the statement and its parameters");
    memcpy(b->text + b->used, bytes, len);
    b->used += len;
    b->text[b->used] = '\0';
    return MDM_OK;
}

/* The number of a name, counted from 1; 0: it is met for the first time. */
static size_t number_of(const binding *b, const mdm_parameter *given)
{
    for (size_t i = 0; i < b->value_count; i++)
        if (b->order[i] == &given->value) return i + 1;
    return 0;
}

static mdm_status bind_name(binding *b, const token *t)
{
    const mdm_parameter *given = find_given(b, name_of(t));
    if (!given) return refuse_unknown(b, name_of(t));
    size_t number = number_of(b, given);
    if (number == 0) {
        if (b->value_count == b->value_size || b->value_count == MAX_NAMES)
            return refuse_room(b, "the values of the parameters");
        b->order[b->value_count] = &given->value;
        b->values[b->value_count] = given->value;
        number = ++b->value_count;
    }
    char placeholder[24];
    const bool sqlite = b->dialect == MDM_SQL_SQLITE;
    /* IN:a must not become the word IN$1 */
    const bool glued = !sqlite && b->used > 0 && lexer_continues_word(&b->text[b->used - 1]);
    int len = snprintf(placeholder, sizeof placeholder, "%s%c%zu", glued ? " " : "",
                       sqlite ? '?' : '$', number);
    return append(b, placeholder, (size_t)len);
}

static mdm_status bind_all(binding *b, mdm_str sql, bool *others)
{
    const char *copied = sql.data;
    lexer lx;
    token t;
    lexer_init(&lx, sql, b->dialect);
    for (lexer_next(&lx, &t); t.kind != TOKEN_END; lexer_next(&lx, &t)) {
        *others |=
            t.kind == TOKEN_NUMBERED || (t.kind == TOKEN_BARE && b->dialect != MDM_SQL_POSTGRESQL);
        if (t.kind != TOKEN_NAMED) continue;
        MDM_TRY(append(b, copied, (size_t)(t.start - copied)));
        MDM_TRY(bind_name(b, &t));
        copied = t.start + t.len;
    }
    return append(b, copied, (size_t)(sql.data + sql.len - copied));
}

static mdm_status check_all_used(const binding *b, mdm_str sql)
{
    for (size_t i = 0; i < b->count; i++) {
        const mdm_parameter *first = find_given(b, mdm_str_from(b->given[i].name));
        if (first != &b->given[i])
            return mdm_error_set(b->err, MDM_INVALID, "the parameter '%s' is given twice",
                                 first->name);
        if (number_of(b, first) == 0) return refuse_unused(b, sql, first->name);
    }
    return MDM_OK;
}

mdm_status mdm_parameters_bind(mdm_str sql, mdm_sql_dialect dialect, const mdm_parameter *given,
                               size_t count, char *text, size_t size, mdm_value *values,
                               size_t value_size, size_t *value_count, mdm_error *err)
{
    binding b = {.dialect = dialect,
                 .given = given,
                 .count = count,
                 .text = text,
                 .size = size,
                 .values = values,
                 .value_size = value_size,
                 .err = err};
    *value_count = 0;
    if (sql.len == 0) sql = MDM_STR("");
    if (size == 0) return refuse_room(&b, "the statement and its parameters");
    text[0] = '\0';
    bool others = false;
    MDM_TRY(bind_all(&b, sql, &others));
    MDM_TRY(check_all_used(&b, sql));
    if (others && b.value_count > 0)
        return mdm_error_set(err, MDM_INVALID,
                             "named parameters and numbered ones do not mix in one statement");
    *value_count = b.value_count;
    return MDM_OK;
}
