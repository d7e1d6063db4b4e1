/* What a statement does, as far as its words tell. No parser: a word in a string or comment
 * counts too, because each answer errs to the safe side: a read taken for a write is read to its
 * end instead of cancelled, a session taken for altered is cleaned once more. */
#include <string.h>

#include "storage/postgresql_driver.h"

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= '0' && c <= '9') ||
           (unsigned char)c >= 0x80;
}

/* Behind blanks, semicolons, opening brackets and comments. Comments nest. */
static mdm_str skip_blanks(mdm_str sql)
{
    size_t i = 0;
    while (i < sql.len) {
        char next = i + 1 < sql.len ? sql.data[i + 1] : '\0';
        if (is_blank(sql.data[i]) || sql.data[i] == ';' || sql.data[i] == '(') {
            i++;
        } else if (sql.data[i] == '-' && next == '-') {
            while (i < sql.len && sql.data[i] != '\n')
                i++;
        } else if (sql.data[i] == '/' && next == '*') {
            int depth = 0;
            do {
                bool opens = i + 1 < sql.len && memcmp(sql.data + i, "/*", 2) == 0;
                bool closes = i + 1 < sql.len && memcmp(sql.data + i, "*/", 2) == 0;
                depth += opens - closes;
                i += opens || closes ? 2 : 1;
            } while (depth > 0 && i < sql.len);
        } else {
            break;
        }
    }
    return (mdm_str){sql.data + i, sql.len - i};
}

static mdm_str next_word(mdm_str *rest)
{
    size_t begin = 0;
    while (begin < rest->len && !is_letter(rest->data[begin]))
        begin++;
    size_t end = begin;
    while (end < rest->len && is_letter(rest->data[end]))
        end++;
    mdm_str word = {rest->data + begin, end - begin};
    *rest = (mdm_str){rest->data + end, rest->len - end};
    return word;
}

static bool is_among(mdm_str word, const char *const *words)
{
    for (; *words; words++)
        if (mdm_str_equal_nocase(word, mdm_str_from(*words))) return true;
    return false;
}

static bool takes_lock(mdm_str word)
{
    static const mdm_str begins[] = {{"pg_advisory", 11}, {"pg_try_advisory", 15}};
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
        if (word.len >= begins[i].len &&
            mdm_str_equal_nocase((mdm_str){word.data, begins[i].len}, begins[i]))
            return true;
    return false;
}

unsigned mdm_pg_words(mdm_str sql)
{
    static const char *const readers[] = {"select", "with", "values", "table", "show", NULL};
    static const char *const writers[] = {"insert", "update", "delete", "merge", "into", NULL};
    static const char *const making[] = {"create", "into", NULL};
    static const char *const temporary[] = {"temp", "temporary", "pg_temp", NULL};
    static const char *const settings[] = {"set_config", NULL};

    mdm_str rest = skip_blanks(sql);
    if (rest.len == 0) return 0;
    unsigned found = PG_WORD_SOME;
    bool makes = false, is_temporary = false;
    mdm_str look = rest;
    if (is_letter(rest.data[0]) && is_among(next_word(&look), readers)) found |= PG_WORD_READS;
    while (rest.len > 0) {
        mdm_str word = next_word(&rest);
        if (word.len < 4) continue;
        if (is_among(word, writers)) found |= PG_WORD_WRITES;
        if (is_among(word, settings) || takes_lock(word)) found |= PG_WORD_ALTERS;
        if (is_among(word, making)) makes = true;
        if (is_among(word, temporary)) is_temporary = true;
    }
    if (makes && is_temporary) found |= PG_WORD_ALTERS;
    return found;
}
