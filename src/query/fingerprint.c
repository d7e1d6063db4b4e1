/* Reading a text once: its tokens go to the statement, which learns what it does, and to the writer
 * of the normal form. Runs of plain tokens take a shorter way (plain.c). */
#include "mdm/query.h"

#include "query/lexer.h"
#include "query/plain.h"
#include "query/statement.h"
#include "query/writer.h"

static bool is_placeholder(token_kind kind, mdm_sql_dialect dialect)
{
    return kind == TOKEN_NUMBERED || kind == TOKEN_NAMED ||
           (kind == TOKEN_BARE && dialect != MDM_SQL_POSTGRESQL);
}

mdm_fingerprint mdm_fingerprint_make(mdm_str sql, mdm_sql_dialect dialect, char *normalised,
                                     size_t size)
{
    lexer lx;
    plain p;
    writer w;
    statement s;
    statement_summary summary = {.first = MDM_QUERY_OTHER};
    token tokens[2] = {{.kind = TOKEN_END}, {.kind = TOKEN_END}};
    uint32_t parameters = 0;
    lexer_init(&lx, sql, dialect);
    plain_init(&p);
    writer_init(&w, dialect, normalised, size);
    statement_init(&s, dialect);
    for (unsigned turn = 0;; turn ^= 1) {
        token *t = &tokens[turn], *before = &tokens[turn ^ 1];
        if (!writer_holds(&w)) plain_read(&p, &lx, &w, &s, before, &parameters);
        lexer_next(&lx, t);
        if (statement_cares(&s, t)) statement_read(&s, t, before, &summary);
        if (t->kind == TOKEN_END) break;
        parameters += is_placeholder(t->kind, dialect);
        writer_write(&w, t, before);
    }
    return (mdm_fingerprint){.hash = writer_finish(&w),
                             .class_ = summary.first,
                             .reads_only = !summary.writes && !lx.nul,
                             .statements = summary.count,
                             .parameters = parameters};
}

const char *mdm_query_class_text(mdm_query_class class_)
{
    static const char *const texts[] = {
#define X(name, word) word,
        MDM_QUERY_CLASS_LIST(X)
#undef X
    };
    return (unsigned)class_ < MDM_QUERY_CLASS_COUNT ? texts[class_] : "other";
}
