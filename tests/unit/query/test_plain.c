/* The short way through plain tokens must give exactly what the long way gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "query/lexer.h"
#include "query/plain.h"
#include "query/statement.h"
#include "query/writer.h"

/* mdm_fingerprint_make() without plain_read(). */
static mdm_fingerprint the_long_way(mdm_str sql, mdm_sql_dialect dialect, char *normalised,
                                    size_t size)
{
    lexer lx;
    writer w;
    statement s;
    statement_summary summary = {.first = MDM_QUERY_OTHER};
    token tokens[2] = {{.kind = TOKEN_END}, {.kind = TOKEN_END}};
    uint32_t parameters = 0;
    lexer_init(&lx, sql, dialect);
    writer_init(&w, dialect, normalised, size);
    statement_init(&s, dialect);
    for (unsigned turn = 0;; turn ^= 1) {
        token *t = &tokens[turn], *before = &tokens[turn ^ 1];
        lexer_next(&lx, t);
        statement_read(&s, t, before, &summary);
        if (t->kind == TOKEN_END) break;
        parameters += t->kind == TOKEN_NUMBERED || t->kind == TOKEN_NAMED ||
                      (t->kind == TOKEN_BARE && dialect != MDM_SQL_POSTGRESQL);
        writer_write(&w, t, before);
    }
    return (mdm_fingerprint){writer_finish(&w), summary.first, !summary.writes && !lx.nul,
                             summary.count, parameters};
}

static void compare(mdm_str sql, mdm_sql_dialect dialect, const char *what)
{
    const size_t size = 2 * sql.len + 16;
    char *one = malloc(size), *two = malloc(size);
    mdm_fingerprint a = mdm_fingerprint_make(sql, dialect, one, size);
    mdm_fingerprint b = the_long_way(sql, dialect, two, size);
    if (strcmp(one, two) != 0 || a.hash != b.hash || a.class_ != b.class_ ||
        a.reads_only != b.reads_only || a.statements != b.statements ||
        a.parameters != b.parameters)
        fail_msg("%s, dialect %d: %.*s\n  short %s\n  long  %s", what, (int)dialect,
                 (int)(sql.len < 400 ? sql.len : 400), sql.data, one, two);
    free(one);
    free(two);
}

static uint64_t seed;

static uint32_t draw(uint32_t below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % below;
}

/* clang-format off */
static const char *const pieces[] = {
    "select", "insert", "update", "delete", "from", "with", "as", "x", "nextval", "count", "max",
    "values", "in", "IN", "in (1, 2", "in ('a','b')", "in (select", "not", "is", "null", "TRUE",
    "over", "filter", "join", "group", "by", "where", "for", "into", "explain", "pragma", "e",
    "u", "a_name_of_more_than_sixteen_bytes", "exactly_16_bytes", "\xc3\xa4\xc3\xb6", "a$b", "(",
    ")", "(", ")", ",", ",", ".", ";", "=", "<>", "*", "-", "+", "--x\n", "/*y*/", "/", "?", "?1",
    ":a", "$1", "$a", "$$ z $$", "1", "12.5", "1.5.", "1e3", ".5", "'it''s'", "'open", "\"n\"",
    "`b`", "[c]", "[", "]", "::", "@", "@a", "#", "\n", "\t", "  ", " ",
};
/* clang-format on */

static size_t cook(char *soup, size_t size, unsigned most)
{
    size_t used = 0;
    for (unsigned count = 1 + draw(most); count > 0; count--) {
        const char *piece = pieces[draw(sizeof pieces / sizeof *pieces)];
        const size_t len = strlen(piece);
        if (used + len + 2 > size) break;
        memcpy(soup + used, piece, len);
        used += len;
        if (draw(4) != 0) soup[used++] = ' ';
        if (draw(500) == 0) soup[used - 1] = '\0';
    }
    return used;
}

static void soups(unsigned rounds, unsigned most, size_t size)
{
    char *soup = malloc(size);
    const char *given = getenv("MDM_TEST_SEED");
    const uint64_t first = given ? strtoull(given, NULL, 10) : 19700101;
    for (uint64_t round = 0; round < rounds; round++) {
        seed = first + round;
        const size_t len = cook(soup, size, most);
        char what[64];
        snprintf(what, sizeof what, "MDM_TEST_SEED=%llu", (unsigned long long)seed);
        char *exact = malloc(len ? len : 1); /* so that the sanitizer sees a read behind it */
        memcpy(exact, soup, len);
        compare((mdm_str){exact, len}, (mdm_sql_dialect)draw(3), what);
        free(exact);
    }
    free(soup);
}

static void short_soups_are_read_alike_both_ways(void **state)
{
    (void)state;
    soups(100000, 20, 1000);
}

/* Longer than the window and than the writer's block, several times. */
static void long_soups_are_read_alike_both_ways(void **state)
{
    (void)state;
    soups(300, 6000, 20000);
}

static void every_token_may_lie_across_the_windows_end(void **state)
{
    (void)state;
    char text[PLAIN_WINDOW + 200];
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
        for (size_t before = PLAIN_WINDOW - 40; before <= PLAIN_WINDOW + 1; before++) {
            memcpy(text, "select ", 7);
            for (size_t at = 7; at < before; at++)
                text[at] = " a"[at % 7 != 0];
            const int len = snprintf(text + before, sizeof text - before, " %s (1, 2)%s", pieces[i],
                                     pieces[(i + before) % (sizeof pieces / sizeof *pieces)]);
            for (int d = 0; d < 3; d++)
                compare((mdm_str){text, before + (size_t)len}, (mdm_sql_dialect)d, pieces[i]);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_soups_are_read_alike_both_ways),
        cmocka_unit_test(long_soups_are_read_alike_both_ways),
        cmocka_unit_test(every_token_may_lie_across_the_windows_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
