/* typing_class.h - what a cell may be, as bits. Internal to typing.
 *
 * A cell's class has a bit for each way of reading it that loses nothing. Most bits are not types
 * but choices within a type (the printing style of a number, the order of a date): a type is
 * possible for a column while in each of its groups some bit is left of the AND of all classes.
 * That AND is exact because within a cell the groups are independent of each other. */
#ifndef MDM_DATA_TYPING_CLASS_H
#define MDM_DATA_TYPING_CLASS_H

#include <string.h>

#include "data/digits.h"
#include "mdm/chunk.h"

#define MDM_CLASS(bit) (UINT64_C(1) << (bit))

enum {
    MDM_MAX_SCALE = 20, /* decimals of a fixed style */
    MDM_MAX_EXACT = 15  /* so many digits always come back from a double */
};

#define CLASS_BOOL_LOWER MDM_CLASS(0) /* true */
#define CLASS_BOOL_TITLE MDM_CLASS(1) /* True */
#define CLASS_BOOL_UPPER MDM_CLASS(2) /* TRUE */
#define CLASS_BOOLS (CLASS_BOOL_LOWER | CLASS_BOOL_TITLE | CLASS_BOOL_UPPER)
#define CLASS_INT MDM_CLASS(3)

/* A double in the shortest text that reads back equal: one of WHOLE and one of PRINTER; or with a
 * fixed number of decimals: one of FIXED. Both: one of LEAD and one of MARK. */
#define CLASS_WHOLE_BARE MDM_CLASS(4)  /* 5 */
#define CLASS_WHOLE_POINT MDM_CLASS(5) /* 5.0 */
#define CLASS_LEAD_ZERO MDM_CLASS(6)   /* 0.5 */
#define CLASS_LEAD_POINT MDM_CLASS(7)  /* .5 */
/* Printers differ in when they write an exponent: see typing_number.c. */
#define CLASS_PRINTER_PYTHON MDM_CLASS(8)
#define CLASS_PRINTER_SCRIPT MDM_CLASS(9)
#define CLASS_PRINTER_G6 MDM_CLASS(10)
#define CLASS_PRINTER_G15 MDM_CLASS(11)
#define CLASS_PRINTER_R MDM_CLASS(12)
#define CLASS_PRINTER_PLAIN MDM_CLASS(13)
#define CLASS_FIXED(scale) MDM_CLASS(13 + (scale)) /* 1 to MDM_MAX_SCALE: bits 14 to 33 */
#define CLASS_MARK_POINT MDM_CLASS(34)
#define CLASS_MARK_COMMA MDM_CLASS(35)
#define CLASS_GROUPS MDM_CLASS(36) /* a comma in it could also separate thousands */

/* A date: one of ORDER and one of PAD; and TIME_NONE, or TIME_SOME with one of SEP, HOUR, ZONE. */
#define CLASS_ORDER(order) MDM_CLASS(37 + (order))
#define CLASS_PADDED MDM_CLASS(43)   /* 01/02/2024 */
#define CLASS_UNPADDED MDM_CLASS(44) /* 1/2/2024 */
#define CLASS_TIME_NONE MDM_CLASS(45)
#define CLASS_TIME_SOME MDM_CLASS(46)
#define CLASS_SEP_BLANK MDM_CLASS(47)
#define CLASS_SEP_T MDM_CLASS(48)
#define CLASS_HOUR_PADDED MDM_CLASS(49)
#define CLASS_HOUR_BARE MDM_CLASS(50)
#define CLASS_ZONE_NONE MDM_CLASS(51)
#define CLASS_ZONE_SOME MDM_CLASS(52)
#define CLASS_CLOCK MDM_CLASS(53) /* 13:05:00 */

#define CLASS_JSON_REAL MDM_CLASS(54) /* a number token that a double keeps */

#define CLASS_ANY UINT64_MAX

#define CLASS_WHOLES (CLASS_WHOLE_BARE | CLASS_WHOLE_POINT)
#define CLASS_LEADS (CLASS_LEAD_ZERO | CLASS_LEAD_POINT)
#define CLASS_PRINTERS                                                                    \
    (CLASS_PRINTER_PYTHON | CLASS_PRINTER_SCRIPT | CLASS_PRINTER_G6 | CLASS_PRINTER_G15 | \
     CLASS_PRINTER_R | CLASS_PRINTER_PLAIN)
#define CLASS_FIXEDS (MDM_CLASS(34) - MDM_CLASS(14))
#define CLASS_MARKS (CLASS_MARK_POINT | CLASS_MARK_COMMA)
#define CLASS_ORDERS (MDM_CLASS(43) - MDM_CLASS(37))
#define CLASS_PADS (CLASS_PADDED | CLASS_UNPADDED)
#define CLASS_TIMES (CLASS_TIME_NONE | CLASS_TIME_SOME)
#define CLASS_SEPS (CLASS_SEP_BLANK | CLASS_SEP_T)
#define CLASS_HOURS (CLASS_HOUR_PADDED | CLASS_HOUR_BARE)
#define CLASS_ZONES (CLASS_ZONE_NONE | CLASS_ZONE_SOME)
/* What a date without time says of times, and what infinity says of styles: nothing against any. */
#define CLASS_NO_TIME (CLASS_TIME_NONE | CLASS_SEPS | CLASS_HOURS | CLASS_ZONES)
#define CLASS_ANY_REAL \
    (CLASS_WHOLES | CLASS_LEADS | CLASS_PRINTERS | CLASS_FIXEDS | CLASS_MARKS | CLASS_GROUPS)

typedef enum mdm_date_order {
    MDM_YMD_DASH,
    MDM_YMD_SLASH,
    MDM_DMY_DASH,
    MDM_DMY_SLASH,
    MDM_MDY_DASH,
    MDM_MDY_SLASH,
    MDM_ORDER_COUNT
} mdm_date_order;

#define CLASS_DAY_FIRST (CLASS_ORDER(MDM_DMY_DASH) | CLASS_ORDER(MDM_DMY_SLASH))
#define CLASS_MONTH_FIRST (CLASS_ORDER(MDM_MDY_DASH) | CLASS_ORDER(MDM_MDY_SLASH))

/* --- what a set of bits still allows ------------------------------------------- */

static inline bool mdm_class_has_shortest(uint64_t c)
{
    return (c & CLASS_WHOLES) && (c & CLASS_PRINTERS);
}

static inline bool mdm_class_has_real(uint64_t c)
{
    return (c & CLASS_LEADS) && (c & CLASS_MARKS) &&
           ((c & CLASS_FIXEDS) || mdm_class_has_shortest(c));
}

static inline bool mdm_class_has_timestamp(uint64_t c)
{
    return (c & CLASS_ORDERS) && (c & CLASS_PADS) && (c & CLASS_TIME_SOME) && (c & CLASS_SEPS) &&
           (c & CLASS_HOURS) && (c & CLASS_ZONES);
}

static inline bool mdm_class_has_date(uint64_t c)
{
    return (c & CLASS_ORDERS) && (c & CLASS_PADS) && (c & CLASS_TIME_NONE);
}

/* False: text, whatever comes. */
static inline bool mdm_class_is_open(uint64_t c)
{
    return (c & (CLASS_BOOLS | CLASS_INT | CLASS_CLOCK | CLASS_JSON_REAL)) ||
           mdm_class_has_real(c) || mdm_class_has_date(c) || mdm_class_has_timestamp(c);
}

static inline uint64_t mdm_class_bool(mdm_str text)
{
    if (text.len == 4) {
        if (memcmp(text.data, "true", 4) == 0) return CLASS_BOOL_LOWER;
        if (memcmp(text.data, "True", 4) == 0) return CLASS_BOOL_TITLE;
        if (memcmp(text.data, "TRUE", 4) == 0) return CLASS_BOOL_UPPER;
    } else if (text.len == 5) {
        if (memcmp(text.data, "false", 5) == 0) return CLASS_BOOL_LOWER;
        if (memcmp(text.data, "False", 5) == 0) return CLASS_BOOL_TITLE;
        if (memcmp(text.data, "FALSE", 5) == 0) return CLASS_BOOL_UPPER;
    }
    return 0;
}

/* --- numbers: typing_number.c ----------------------------------------------------- */

/* Whole text a canonical integer. */
static inline bool mdm_scan_int(const char *text, size_t len, int64_t *out)
{
    bool negative = len > 0 && *text == '-';
    text += negative;
    len -= negative;
    if (len - 1 >= 19) return false; /* none, or more than INT64_MAX has */
    if (*text == '0' && (len > 1 || negative)) return false;
    uint64_t value = 0;
    if (len > 16) { /* up to three digits in front of sixteen */
        uint64_t front = mdm_align_digits(text, len - 16);
        if (!mdm_are_digits(front)) return false;
        value = mdm_digits_value(front) * UINT64_C(10000000000000000);
        text += len - 16;
        len = 16;
    }
    if (len > 8) {
        uint64_t high, low;
        mdm_align_digits16(text, len, &high, &low);
        if (!mdm_are_digits(high) || !mdm_are_digits(low)) return false;
        value += mdm_digits_value(high) * 100000000 + mdm_digits_value(low);
    } else {
        uint64_t word = mdm_align_digits(text, len);
        if (!mdm_are_digits(word)) return false;
        value = mdm_digits_value(word);
    }
    if (value > (uint64_t)INT64_MAX + negative) return false;
    *out = (int64_t)(negative ? 0 - value : value);
    return true;
}

/* Integers of at most five digits have this class, all of them. */
#define MDM_SMALL_INT 100000
#define CLASS_SMALL_INT \
    (CLASS_INT | CLASS_WHOLE_BARE | CLASS_LEADS | CLASS_PRINTERS | CLASS_MARKS | CLASS_GROUPS)

/* The class of a canonical integer, when its size does not say it at once. */
uint64_t mdm_class_large_int(int64_t value);

static inline uint64_t mdm_class_int(int64_t value)
{
    uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    if (size < MDM_SMALL_INT) return CLASS_SMALL_INT;
    /* Only R writes an exponent here, and only for at least five zeros at the end. */
    if (size < UINT64_C(1000000000000000) && size % 100000 != 0)
        return size < 1000000 ? CLASS_SMALL_INT : CLASS_SMALL_INT & ~CLASS_PRINTER_G6;
    return mdm_class_large_int(value);
}

/* The class of a number as some printer writes it (0: it is none), and its value. Bits outside
 * alive may be missing: what is ruled out already is not worth a costly check. */
uint64_t mdm_class_number(mdm_str text, bool decimal_comma, uint64_t alive, double *value);

/* --- dates: typing_date.c ------------------------------------------------------------ */

/* A date, time or both as they stand in the text. */
typedef struct mdm_moment {
    int year;
    unsigned second, third; /* as they come: month and day, or day and month; the year apart */
    bool year_first;
    int64_t micros; /* of the day */
    int offset;     /* minutes east of UTC */
} mdm_moment;

/* Also where one part is padded and another not: then neither bit of PADS is set. */
uint64_t mdm_scan_moment(mdm_str text, mdm_moment *out);

static inline uint64_t mdm_class_date(mdm_str text, mdm_moment *out)
{
    uint64_t c = mdm_scan_moment(text, out);
    return c & (CLASS_PADS | CLASS_CLOCK) ? c : 0;
}

/* The order that bits of ORDER mean; of several the first. */
static inline mdm_date_order mdm_class_order(uint64_t c)
{
    return (mdm_date_order)__builtin_ctzll((c & CLASS_ORDERS) >> 37 | MDM_CLASS(MDM_ORDER_COUNT));
}
int64_t mdm_moment_days(const mdm_moment *moment, mdm_date_order order);
/* Microseconds since 1970 in UTC. */
int64_t mdm_moment_micros(const mdm_moment *moment, mdm_date_order order);

#endif
