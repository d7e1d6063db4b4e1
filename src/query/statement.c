/* A statement is told by its verb, the first word, or behind WITH and EXPLAIN the first verb on
 * the same level of parentheses. Whether it reads only is decided against it when in doubt: any
 * INSERT, UPDATE or DELETE inside, INTO, a locking clause, or a function known to
 * write makes it a writer. */
#include "query/statement.h"

#include <string.h>
#include <strings.h>

void statement_init(statement *s, mdm_sql_dialect dialect)
{
    *s = (statement){.dialect = dialect, .watch = true};
}

/* --- functions that write ---------------------------------------------------- */

/* Beginnings of the names of functions that change something outside the statement, by their
 * first letter. */
static const char *const *const writers[26] = {
    ['c' - 'a'] = (const char *const[]){"checkpoint", NULL},
    ['d' - 'a'] = (const char *const[]){"dblink", NULL},
    ['e' - 'a'] = (const char *const[]){"enable_logging", NULL},
    ['f' - 'a'] = (const char *const[]){"force_checkpoint", "fts3_tokenizer", NULL},
    ['l' - 'a'] = (const char *const[]){"lo_", "load_extension", NULL},
    ['n' - 'a'] = (const char *const[]){"nextval", NULL},
    /* clang-format off */
    ['p' - 'a'] =
        (const char *const[]){
            "pg_advisory", "pg_backup", "pg_cancel", "pg_copy", "pg_create", "pg_current_xact_id",
            "pg_drop", "pg_export", "pg_file", "pg_import", "pg_log", "pg_notify", "pg_promote",
            "pg_reload", "pg_replication", "pg_rotate", "pg_start", "pg_stat_reset", "pg_stop",
            "pg_switch", "pg_terminate", "pg_try_advisory", "pg_wal_replay", "postgres_execute",
            NULL},
    /* clang-format on */
    ['s' - 'a'] = (const char *const[]){"set_config", "setseed", "setval", NULL},
    ['t' - 'a'] = (const char *const[]){"truncate_duckdb_logs", "txid_current", NULL},
    ['w' - 'a'] = (const char *const[]){"write", NULL},
};

static bool is_writer(token_kind kind, mdm_str text)
{
    if (kind == TOKEN_NAME && text.len > 2) text = (mdm_str){text.data + 1, text.len - 2};
    unsigned letter = (unsigned)(text.data[0] | 0x20) - 'a';
    if (letter >= 26 || !writers[letter]) return false;
    for (const char *const *writer = writers[letter]; *writer; writer++) {
        size_t len = strlen(*writer);
        if (text.len >= len && strncasecmp(text.data, *writer, len) == 0) return true;
    }
    return false;
}

/* --- pragmas ------------------------------------------------------------------ */

static bool is_one_of(mdm_str word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(list[i]) == word.len && strncasecmp(list[i], word.data, word.len) == 0)
            return true;
    return false;
}

/* Only what is known to read passes: some pragmas act although they are given no value. */
static bool pragma_reads(const statement *s)
{
    static const char *const with_argument[] = {
        "database_size", "foreign_key_check", "foreign_key_list", "index_info", "index_list",
        "index_xinfo",   "integrity_check",   "quick_check",      "show",       "storage_info",
        "table_info",    "table_list",        "table_xinfo",
    };
    static const char *const alone[] = {
        "application_id",     "auto_vacuum",     "busy_timeout",
        "cache_size",         "collation_list",  "collations",
        "compile_options",    "data_version",    "database_list",
        "database_size",      "encoding",        "foreign_key_check",
        "foreign_keys",       "freelist_count",  "function_list",
        "functions",          "integrity_check", "journal_mode",
        "journal_size_limit", "locking_mode",    "max_page_count",
        "mmap_size",          "module_list",     "page_count",
        "page_size",          "platform",        "pragma_list",
        "query_only",         "quick_check",     "schema_version",
        "show_databases",     "show_tables",     "show_tables_expanded",
        "synchronous",        "table_list",      "temp_store",
        "user_agent",         "user_version",    "version",
        "wal_autocheckpoint",
    };
    if (s->pragma_sets) return false;
    if (s->pragma_argument)
        return is_one_of(s->pragma, with_argument, sizeof with_argument / sizeof *with_argument);
    return is_one_of(s->pragma, alone, sizeof alone / sizeof *alone);
}

static void read_pragma(statement *s, const token *t)
{
    if (t->kind == TOKEN_EQUAL) s->pragma_sets = true;
    else if (t->kind == TOKEN_OPEN) s->pragma_argument = true;
    else if (!s->pragma_argument && t->kind != TOKEN_DOT && t->kind != TOKEN_CLOSE)
        s->pragma = (mdm_str){t->start, t->len};
}

/* --- the verb ------------------------------------------------------------------ */

static bool begins_rows(keyword word)
{
    switch (word) {
    case KEYWORD_SELECT:
    case KEYWORD_VALUES:
    case KEYWORD_FROM:
    case KEYWORD_TABLE:
    case KEYWORD_PIVOT:
    case KEYWORD_UNPIVOT: return true;
    default: return false;
    }
}

static bool changes_rows(keyword word)
{
    switch (word) {
    case KEYWORD_INSERT:
    case KEYWORD_REPLACE:
    case KEYWORD_UPDATE:
    case KEYWORD_DELETE:
    case KEYWORD_MERGE: return true;
    default: return false;
    }
}

static bool defines(keyword word)
{
    switch (word) {
    case KEYWORD_CREATE:
    case KEYWORD_ALTER:
    case KEYWORD_DROP:
    case KEYWORD_TRUNCATE:
    case KEYWORD_COMMENT:
    case KEYWORD_GRANT:
    case KEYWORD_REVOKE: return true;
    default: return false;
    }
}

static bool describes(keyword word)
{
    switch (word) {
    case KEYWORD_SHOW:
    case KEYWORD_DESCRIBE:
    case KEYWORD_DESC:
    case KEYWORD_SUMMARIZE: return true;
    default: return false;
    }
}

static void know(statement *s, keyword verb)
{
    s->begun = s->known = true;
    s->watch = verb == KEYWORD_PRAGMA;
    s->verb = verb;
}

static void find_verb(statement *s, const token *t)
{
    const keyword word = t->word;
    if (t->kind == TOKEN_OPEN && !s->with) return; /* (SELECT ...) UNION ... */
    if (s->with) {
        if (s->depth != s->verb_depth || !(begins_rows(word) || changes_rows(word))) return;
    } else if (word == KEYWORD_WITH) {
        s->with = true;
        s->verb_depth = s->depth;
        return;
    } else if (word == KEYWORD_EXPLAIN) {
        s->explain = true;
        return;
    } else if (s->explain) { /* its options come first */
        if (word == KEYWORD_ANALYZE) s->analyze = true;
        if (!begins_rows(word) && !changes_rows(word) && !defines(word)) return;
    }
    know(s, word);
}

bool statement_verb(statement *s, keyword word)
{
    if (s->with) {
        if (s->depth == s->verb_depth && (begins_rows(word) || changes_rows(word))) know(s, word);
        return true;
    }
    if (word != KEYWORD_SELECT && word != KEYWORD_INSERT && word != KEYWORD_UPDATE &&
        word != KEYWORD_DELETE)
        return false;
    know(s, word);
    return true;
}

/* --- words and parentheses ------------------------------------------------------ */

void statement_word(statement *s, keyword word, token_kind before, keyword before_word)
{
    const uint64_t here = statement_level(s);
    switch (word) {
    case KEYWORD_SELECT:
        s->selects |= here;
        s->in_from &= ~here;
        break;
    case KEYWORD_FROM: /* DuckDB may begin with it; IS DISTINCT FROM is no clause */
        if (before == TOKEN_OPEN || s->verb == KEYWORD_FROM) s->selects |= here;
        if (before_word != KEYWORD_DISTINCT) s->in_from |= s->selects & here;
        break;
    case KEYWORD_UNION:
    case KEYWORD_EXCEPT:
    case KEYWORD_INTERSECT:
        s->selects &= ~here;
        s->in_from &= ~here;
        break;
    case KEYWORD_GROUP:
        s->groups = true;
        s->in_from &= ~here;
        break;
    case KEYWORD_WHERE:
    case KEYWORD_ORDER:
    case KEYWORD_LIMIT:
    case KEYWORD_HAVING:
    case KEYWORD_WINDOW:
    case KEYWORD_OFFSET:
    case KEYWORD_FETCH:
    case KEYWORD_RETURNING: s->in_from &= ~here; break;
    case KEYWORD_JOIN: s->joins = true; break;
    case KEYWORD_OVER:
        if (before == TOKEN_CLOSE && s->closed_call) s->aggregates--;
        break;
    case KEYWORD_INSERT:
    case KEYWORD_UPDATE:
    case KEYWORD_DELETE:
    case KEYWORD_MERGE:
    case KEYWORD_INTO: s->writes = true; break;
    case KEYWORD_SHARE:
    case KEYWORD_KEY:
    case KEYWORD_NO:
        if (before_word == KEYWORD_FOR) s->writes = true; /* locks rows */
        break;
    case KEYWORD_TRIGGER:
    case KEYWORD_FUNCTION:
    case KEYWORD_PROCEDURE: s->routine = s->verb == KEYWORD_CREATE; break;
    case KEYWORD_BEGIN: s->body = s->routine; break;
    case KEYWORD_END:
        if (before == TOKEN_SEMICOLON) s->body = false;
        break;
    default: break;
    }
}

void statement_open(statement *s, token_kind before, keyword before_word, mdm_str name)
{
    s->depth++;
    const uint64_t here = statement_level(s);
    s->selects &= ~here;
    s->in_from &= ~here;
    s->calls &= ~here;
    s->extremes &= ~here;
    if (before_word == KEYWORD_NONE) {
        if (before == TOKEN_WORD || before == TOKEN_NAME) s->writes |= is_writer(before, name);
        return;
    }
    const bool aggregate = before_word == KEYWORD_AGGREGATE || before_word == KEYWORD_EXTREME;
    if (aggregate) s->aggregates++;
    if (before_word == KEYWORD_EXTREME) s->extremes |= here;
    if (aggregate || (before_word == KEYWORD_FILTER && s->closed_call)) s->calls |= here;
}

void statement_comma(statement *s)
{
    const uint64_t here = statement_level(s);
    if (s->in_from & here) s->joins = true;
    if (s->extremes & here && s->dialect == MDM_SQL_SQLITE) { /* max(a, b) is no aggregate */
        s->aggregates--;
        s->extremes &= ~here;
        s->calls &= ~here;
    }
}

/* --- what it was ------------------------------------------------------------------ */

static mdm_query_class class_of(const statement *s)
{
    if (s->explain) return MDM_QUERY_OTHER;
    if (s->verb == KEYWORD_INSERT || s->verb == KEYWORD_REPLACE) return MDM_QUERY_INSERT;
    if (s->verb == KEYWORD_UPDATE || s->verb == KEYWORD_MERGE) return MDM_QUERY_UPDATE;
    if (s->verb == KEYWORD_DELETE) return MDM_QUERY_DELETE;
    if (defines(s->verb)) return MDM_QUERY_DDL;
    if (!begins_rows(s->verb)) return MDM_QUERY_OTHER;
    if (s->joins) return MDM_QUERY_JOIN;
    if (s->groups || s->aggregates > 0 || s->verb == KEYWORD_PIVOT) return MDM_QUERY_AGGREGATE;
    return MDM_QUERY_SELECT;
}

static bool writes(const statement *s)
{
    if (s->explain && !s->analyze) return false; /* looks, does not run */
    if (s->verb == KEYWORD_PRAGMA) return !pragma_reads(s);
    return s->writes || !(begins_rows(s->verb) || describes(s->verb));
}

static void finish(statement *s, statement_summary *summary)
{
    if (!s->begun) return;
    if (summary->count++ == 0) summary->first = class_of(s);
    summary->writes |= writes(s);
    statement_init(s, s->dialect);
}

void statement_read(statement *s, const token *t, const token *before, statement_summary *summary)
{
    if (t->kind == TOKEN_END || (t->kind == TOKEN_SEMICOLON && !s->body)) {
        finish(s, summary);
        return;
    }
    s->begun = true;
    if (!s->known) find_verb(s, t);
    else if (s->verb == KEYWORD_PRAGMA) read_pragma(s, t);

    if (t->word != KEYWORD_NONE) statement_word(s, t->word, before->kind, before->word);
    else if (t->kind == TOKEN_OPEN)
        statement_open(s, before->kind, before->word, (mdm_str){before->start, before->len});
    else if (t->kind == TOKEN_CLOSE) statement_close(s);
    else if (t->kind == TOKEN_COMMA) statement_comma(s);
}
