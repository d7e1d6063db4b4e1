#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "file/csv_index.h"
#include "portable_index.h"

/* What a reader byte by byte makes of text: the grammar once more, in the plainest words. */
typedef struct plain {
    uint32_t ends[4096], records[4096];
    size_t count, record_count, bad;
    mdm_csv_fault fault;
    bool in_quotes;
} plain;

static void read_plainly(const mdm_csv_dialect *d, mdm_str text, plain *out)
{
    enum { BEGIN, BARE, QUOTED, CLOSED } state = BEGIN;
    memset(out, 0, sizeof *out);
    out->bad = SIZE_MAX;
    bool returned = false;
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.data[i];
        const bool ends = state != QUOTED && (c == d->delimiter || c == d->newline);
        const bool other = state != QUOTED && c == (d->newline == '\n' ? '\r' : '\n');
        mdm_csv_fault fault = MDM_CSV_SOUND;
        if (d->quote && c == d->quote) {
            if (state == BARE) fault = MDM_CSV_QUOTE_INSIDE;
            else if (returned) fault = MDM_CSV_STRAY_RETURN;
            state = state == QUOTED ? CLOSED : QUOTED;
        } else if (state == CLOSED && !ends && !other) {
            fault = MDM_CSV_AFTER_QUOTE;
        } else if (returned && c != '\n') {
            fault = MDM_CSV_STRAY_RETURN;
        } else if (other && d->newline == '\r') {
            fault = MDM_CSV_STRAY_RETURN;
        } else if (ends) {
            out->ends[out->count++] = (uint32_t)i;
            if (c == d->newline) out->records[out->record_count++] = (uint32_t)out->count;
            state = BEGIN;
        } else if (state == BEGIN || (state == CLOSED && other)) {
            state = BARE;
        }
        if (fault) {
            out->bad = i;
            out->fault = fault;
            return;
        }
        returned = other;
    }
    out->in_quotes = state == QUOTED;
}

typedef void scan_function(mdm_csv_index *, mdm_str, bool);

/* Scan in pieces of a random size, as a window shows them. */
static void check_one(scan_function *scan, const mdm_csv_dialect *dialect, const char *bytes,
                      size_t len)
{
    static char text[4096 + MDM_CSV_BLOCK];
    static uint32_t room[2 * 8192];
    static plain expected;
    mdm_csv_index index;
    memset(text, 0, sizeof text);
    memcpy(text, bytes, len);
    read_plainly(dialect, (mdm_str){text, len}, &expected);
    mdm_csv_index_init(&index, dialect, room, 8192);
    for (size_t shown = 0; shown < len;) {
        shown += 1 + (size_t)rand() % 300;
        if (shown > len) shown = len;
        scan(&index, (mdm_str){text, shown}, shown == len);
    }
    if (index.bad != expected.bad || index.fault != expected.fault ||
        index.count != expected.count || index.record_count != expected.record_count ||
        memcmp(index.ends, expected.ends, index.count * sizeof *room) != 0 ||
        memcmp(index.records, expected.records, index.record_count * sizeof *room) != 0 ||
        (index.bad == SIZE_MAX && index.in_quotes != expected.in_quotes))
        fail_msg("text of %zu bytes: bad %zu (%zu expected), %zu ends (%zu): %.*s", len, index.bad,
                 expected.bad, index.count, expected.count, (int)len, text);
}

static void check_both(const mdm_csv_dialect *dialect, const char *bytes, size_t len)
{
    check_one(mdm_csv_index_scan, dialect, bytes, len);
    check_one(portable_index_scan, dialect, bytes, len);
}

static const mdm_csv_dialect comma = {',', '"', '\n'};

static void it_agrees_with_a_reader_byte_by_byte(void **state)
{
    static const mdm_csv_dialect dialects[] = {
        {',', '"', '\n'}, {'\t', '"', '\n'}, {';', '\'', '\n'}, {'|', 0, '\n'}, {',', '"', '\r'},
    };
    static const char letters[] = ",\";\t|'\n\rabc,\n\"\"x1234567890\xc3\xa4";
    (void)state;
    char text[700];
    srand(7);
    for (int round = 0; round < 20000; round++) {
        const mdm_csv_dialect *d = &dialects[round % 5];
        const size_t len = (size_t)rand() % sizeof text;
        const size_t odd = 1 + (size_t)rand() % 40; /* most texts have few special characters */
        for (size_t i = 0; i < len; i++) {
            text[i] = letters[(size_t)rand() % (sizeof letters - 1)];
            if ((size_t)rand() % odd && text[i] != d->delimiter && text[i] != d->newline)
                text[i] = 'a';
        }
        check_both(d, text, len);
    }
}

/* Well-formed text goes far, so that states are carried over block after block. */
static void it_agrees_on_well_formed_text(void **state)
{
    (void)state;
    char text[4000];
    srand(8);
    for (int round = 0; round < 3000; round++) {
        size_t len = 0;
        while (len < sizeof text - 300) {
            const int kind = rand() % 4;
            const size_t size = (size_t)rand() % 90;
            if (kind == 0) {
                text[len++] = '"';
                for (size_t i = 0; i < size; i++) {
                    text[len++] = ",\n\"ab\r"[rand() % 6];
                    if (text[len - 1] == '"') text[len++] = '"';
                }
                text[len++] = '"';
            } else {
                for (size_t i = 0; i < size / 8; i++)
                    text[len++] = 'x';
            }
            if (rand() % 9 == 0) text[len++] = '\r', text[len++] = '\n';
            else text[len++] = rand() % 5 ? ',' : '\n';
        }
        check_both(&comma, text, len);
    }
}

static void states_hold_across_every_border_of_blocks(void **state)
{
    static const char *const pieces[] = {"\"\"", "\"a\"\"b\"", "\"a\",",   "a\"b",     "\"a\"b",
                                         "\r\n", "\rx",        "\"\r\n\"", "\"\"\"\"", "\"a\"\r\n"};
    (void)state;
    for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++)
        for (size_t before = 0; before < 140; before++) {
            char text[256];
            memset(text, 'x', sizeof text);
            if (before > 0) text[before - 1] = ',';
            const size_t len = strlen(pieces[p]);
            memcpy(text + before, pieces[p], len);
            text[before + len] = '\n';
            check_both(&comma, text, before + len + 1);
            check_both(&comma, text, before + len);
        }
}

static void it_stops_when_ends_are_full_and_goes_on_when_they_are_not(void **state)
{
    (void)state;
    char text[1000 + MDM_CSV_BLOCK] = {0};
    uint32_t room[400];
    mdm_csv_index index;
    size_t found = 0;
    memset(text, ',', 1000);
    mdm_csv_index_init(&index, &comma, room, 200);
    while (index.scanned < 1000) {
        const size_t before = index.scanned;
        mdm_csv_index_scan(&index, (mdm_str){text, 1000}, true);
        assert_true(index.scanned > before && index.count <= 200);
        for (size_t i = 0; i < index.count; i++)
            assert_int_equal(room[i], found++);
        index.count = 0;
    }
    assert_int_equal(found, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_agrees_with_a_reader_byte_by_byte),
        cmocka_unit_test(it_agrees_on_well_formed_text),
        cmocka_unit_test(states_hold_across_every_border_of_blocks),
        cmocka_unit_test(it_stops_when_ends_are_full_and_goes_on_when_they_are_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
