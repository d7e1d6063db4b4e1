/* From what the cells still allow to a type. */
#include <stdio.h>
#include <string.h>

#include "data/typing_state.h"

static int64_t read(const atomic_int_fast64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

/* Day first and month first are both possible. */
static bool is_ambiguous(uint64_t c)
{
    return (c & CLASS_DAY_FIRST) && (c & CLASS_MONTH_FIRST);
}

static mdm_choice plain(mdm_type_id id)
{
    return (mdm_choice){.type = {.id = id}};
}

static mdm_choice dated(mdm_type_id id, uint64_t c)
{
    if (is_ambiguous(c)) return (mdm_choice){.type = {.id = MDM_TYPE_TEXT}, .day_or_month = true};
    return (mdm_choice){.type = {.id = id}, .order = mdm_class_order(c)};
}

/* With a comma for the point, and nothing that tells it from one that separates thousands. */
static bool has_unclear_comma(uint64_t c)
{
    return !(c & CLASS_MARK_POINT) && (c & CLASS_GROUPS);
}

/* No cell seen: nothing is known, and text is never wrong. */
static mdm_choice choice_of_cells(uint64_t c)
{
    if (c == CLASS_ANY) return plain(MDM_TYPE_TEXT);
    if (c & CLASS_BOOLS) return plain(MDM_TYPE_BOOL);
    if (c & CLASS_INT) return plain(MDM_TYPE_INT64);
    if (c & CLASS_JSON_REAL) return plain(MDM_TYPE_DOUBLE);
    if (mdm_class_has_real(c)) {
        mdm_choice choice = plain(MDM_TYPE_DOUBLE);
        if (has_unclear_comma(c)) {
            choice.type.id = MDM_TYPE_TEXT;
            choice.groups = true;
        }
        return choice;
    }
    if (c & CLASS_CLOCK) return plain(MDM_TYPE_TIME);
    if (mdm_class_has_date(c)) return dated(MDM_TYPE_DATE, c);
    if (mdm_class_has_timestamp(c))
        return dated(c & CLASS_ZONE_NONE ? MDM_TYPE_TIMESTAMP : MDM_TYPE_TIMESTAMPTZ, c);
    return plain(MDM_TYPE_TEXT);
}

/* The order that most cells fit. */
static mdm_choice choice_of_votes(const mdm_typed_column *column)
{
    int best = 0;
    for (int i = 1; i < MDM_ORDER_COUNT; i++)
        if (read(&column->votes[i]) > read(&column->votes[best])) best = i;
    int twin = best == MDM_DMY_DASH ? MDM_MDY_DASH : best == MDM_DMY_SLASH ? MDM_MDY_SLASH : best;
    mdm_choice choice = {.type = column->wished, .order = (mdm_date_order)best};
    choice.day_or_month = twin != best && read(&column->votes[twin]) == read(&column->votes[best]);
    if (choice.type.id == MDM_TYPE_NULL)
        choice.type.id = read(&column->with_zone)   ? MDM_TYPE_TIMESTAMPTZ
                         : read(&column->with_time) ? MDM_TYPE_TIMESTAMP
                                                    : MDM_TYPE_DATE;
    return choice;
}

mdm_choice mdm_choice_of(const mdm_typed_column *column)
{
    uint64_t c = atomic_load_explicit(&column->class, memory_order_relaxed);
    switch (column->wish) {
    case MDM_WISH_TYPE:
    case MDM_WISH_FORMAT: return (mdm_choice){.type = column->wished};
    case MDM_WISH_NUMBER: return plain(c & CLASS_INT ? MDM_TYPE_INT64 : MDM_TYPE_DOUBLE);
    case MDM_WISH_DATE: return choice_of_votes(column);
    case MDM_WISH_NONE: break;
    }
    return choice_of_cells(c);
}

bool mdm_choice_equal(const mdm_choice *a, const mdm_choice *b)
{
    return a->type.id == b->type.id && a->order == b->order;
}

/* --- words ------------------------------------------------------------------------------- */

static bool is_date(mdm_type_id id)
{
    return id == MDM_TYPE_DATE || id == MDM_TYPE_TIMESTAMP || id == MDM_TYPE_TIMESTAMPTZ;
}

void mdm_choice_state(const mdm_typed_column *column, char *text, size_t size)
{
    static const char *const days[MDM_ORDER_COUNT] = {"%Y-%m-%d", "%Y/%m/%d", "%d-%m-%Y",
                                                      "%d/%m/%Y", "%m-%d-%Y", "%m/%d/%Y"};
    text[0] = '\0';
    if (column->wish == MDM_WISH_FORMAT) {
        snprintf(text, size, "%s", column->format);
    } else if (column->choice.type.id == MDM_TYPE_TIME) {
        snprintf(text, size, "%%H:%%M:%%S");
    } else if (is_date(column->choice.type.id)) {
        uint64_t c = atomic_load_explicit(&column->class, memory_order_relaxed);
        bool letter = column->wish == MDM_WISH_NONE && !(c & CLASS_SEP_BLANK);
        snprintf(text, size, "%s%s%s", days[column->choice.order],
                 column->choice.type.id == MDM_TYPE_DATE ? ""
                 : letter                                ? "T%H:%M:%S"
                                                         : " %H:%M:%S",
                 column->choice.type.id == MDM_TYPE_TIMESTAMPTZ ? "%z" : "");
    }
}

bool mdm_typing_is_noteworthy(const mdm_typed_column *column)
{
    int64_t observed = read(&column->observed);
    return column->wish == MDM_WISH_NONE && observed > 0 &&
           2 * read(&column->looks_typed) >= observed;
}
