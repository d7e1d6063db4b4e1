#include "duckdb/text128.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"

#define BILLION 1000000000u

/* A number of big-endian bytes (they are used up) in decimal digits. Each round divides it by a
 * billion: the remainders are the groups of nine digits, last one first. */
static void put_magnitude(mdm_text *text, uint8_t *bytes, size_t count)
{
    /* 2.41 digits a byte; nine digits a group. */
    const size_t group_size = count * 5 / 18 + 2;
    uint32_t *groups = mdm_alloc_zero(group_size, sizeof *groups);
    if (!groups) {
        text->failed = true;
        return;
    }
    size_t group_count = 0, first = 0;
    while (first < count && bytes[first] == 0)
        first++;
    do {
        uint64_t rest = 0;
        for (size_t i = first; i < count; i++) {
            rest = rest << 8 | bytes[i];
            bytes[i] = (uint8_t)(rest / BILLION);
            rest %= BILLION;
        }
        groups[group_count++] = (uint32_t)rest;
        while (first < count && bytes[first] == 0)
            first++;
    } while (first < count);

    mdm_text_printf(text, "%" PRIu32, groups[--group_count]);
    while (group_count > 0)
        mdm_text_printf(text, "%09" PRIu32, groups[--group_count]);
    mdm_free(groups);
}

void mdm_put_uhugeint(mdm_text *text, duckdb_uhugeint value)
{
    uint8_t bytes[16];
    for (size_t i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)(value.upper >> (56 - 8 * i));
        bytes[8 + i] = (uint8_t)(value.lower >> (56 - 8 * i));
    }
    put_magnitude(text, bytes, sizeof bytes);
}

void mdm_put_hugeint(mdm_text *text, duckdb_hugeint value)
{
    duckdb_uhugeint size = {value.lower, (uint64_t)value.upper};
    if (value.upper < 0) { /* two's complement */
        mdm_text_putc(text, '-');
        size.lower = ~size.lower + 1;
        size.upper = ~size.upper + (size.lower == 0);
    }
    mdm_put_uhugeint(text, size);
}

void mdm_put_uuid(mdm_text *text, duckdb_hugeint value)
{
    const uint64_t upper = (uint64_t)value.upper ^ UINT64_C(1) << 63; /* stored so that it sorts */
    const uint64_t lower = value.lower;
    mdm_text_printf(text, "%08" PRIx64 "-%04" PRIx64 "-%04" PRIx64 "-%04" PRIx64 "-%012" PRIx64,
                    upper >> 32, upper >> 16 & 0xFFFF, upper & 0xFFFF, lower >> 48,
                    lower & UINT64_C(0xFFFFFFFFFFFF));
}

static void put_part(mdm_text *text, size_t start, int64_t value, const char *unit)
{
    if (value == 0) return;
    if (text->len > start) mdm_text_putc(text, ' ');
    mdm_text_printf(text, "%" PRId64 " %s%s", value, unit, value == 1 || value == -1 ? "" : "s");
}

/* ".25" of 250000 of a million; nothing when there is none. */
static void put_fraction(mdm_text *text, uint64_t value, int digits)
{
    if (value == 0) return;
    while (value % 10 == 0) {
        value /= 10;
        digits--;
    }
    mdm_text_printf(text, ".%0*" PRIu64, digits, value);
}

static void put_clock(mdm_text *text, uint64_t micros)
{
    const uint64_t seconds = micros / 1000000;
    mdm_text_printf(text, "%02" PRIu64 ":%02" PRIu64 ":%02" PRIu64, seconds / 3600,
                    seconds / 60 % 60, seconds % 60);
    put_fraction(text, micros % 1000000, 6);
}

void mdm_put_interval(mdm_text *text, duckdb_interval value)
{
    const size_t start = text->len;
    put_part(text, start, value.months / 12, "year");
    put_part(text, start, value.months % 12, "month");
    put_part(text, start, value.days, "day");
    if (value.micros == 0 && text->len > start) return;
    if (text->len > start) mdm_text_putc(text, ' ');
    if (value.micros < 0) mdm_text_putc(text, '-');
    put_clock(text,
              value.micros < 0 ? UINT64_C(0) - (uint64_t)value.micros : (uint64_t)value.micros);
}

void mdm_put_time_tz(mdm_text *text, duckdb_time_tz value)
{
    /* 40 bits of microseconds, 24 bits of offset, stored as distance from the greatest one. */
    int32_t offset = 16 * 60 * 60 - 1 - (int32_t)(value.bits & 0xFFFFFF);
    put_clock(text, value.bits >> 24);
    mdm_text_putc(text, offset < 0 ? '-' : '+');
    if (offset < 0) offset = -offset;
    mdm_text_printf(text, "%02d", offset / 3600);
    if (offset % 3600) mdm_text_printf(text, ":%02d", offset / 60 % 60);
    if (offset % 60) mdm_text_printf(text, ":%02d", offset % 60);
}

void mdm_put_bit(mdm_text *text, mdm_str bytes)
{
    if (bytes.len == 0) return;
    const size_t padding = (uint8_t)bytes.data[0];
    for (size_t bit = padding; bit < (bytes.len - 1) * 8; bit++)
        mdm_text_putc(text, (uint8_t)bytes.data[1 + bit / 8] >> (7 - bit % 8) & 1 ? '1' : '0');
}

void mdm_put_bignum(mdm_text *text, mdm_str bytes)
{
    const size_t header = 3; /* its first bit: not negative. Negative numbers are stored inverted */
    if (bytes.len <= header) return;
    const bool negative = !((uint8_t)bytes.data[0] & 0x80);
    const size_t count = bytes.len - header;
    uint8_t *magnitude = mdm_alloc(count);
    if (!magnitude) {
        text->failed = true;
        return;
    }
    memcpy(magnitude, bytes.data + header, count);
    for (size_t i = 0; negative && i < count; i++)
        magnitude[i] = (uint8_t)~magnitude[i];
    if (negative) mdm_text_putc(text, '-');
    put_magnitude(text, magnitude, count);
    mdm_free(magnitude);
}
