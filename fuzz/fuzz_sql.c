/* libFuzzer target: any bytes as SQL. The normal form must give itself again and the
 * binding of parameters must keep to its room. The first byte chooses the dialect.
 *
 *     clang -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -Iinclude -Isrc \
 *         fuzz/fuzz_sql.c src/query/[a-z]*.c src/base/[a-z]*.c -lxxhash -lpthread */
#include <stdlib.h>
#include <string.h>

#include "mdm/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check_normal_form(mdm_str sql, mdm_sql_dialect dialect)
{
    size_t room = 2 * sql.len + 16; /* a blank for each byte at most */
    char *once = malloc(room), *twice = malloc(room);
    if (once && twice) {
        mdm_fingerprint a = mdm_fingerprint_make(sql, dialect, once, room);
        mdm_fingerprint b = mdm_fingerprint_make(mdm_str_from(once), dialect, twice, room);
        if (a.hash != b.hash || strcmp(once, twice) != 0) abort();
        if (a.statements != b.statements || a.class_ != b.class_) abort();
    }
    free(once);
    free(twice);
}

static void check_binding(mdm_str sql, mdm_sql_dialect dialect)
{
    static const mdm_parameter given[] = {{"a", {MDM_TYPE_NULL, {0}}}};
    mdm_value values[4];
    size_t count = 0;
    char *text = malloc(2 * sql.len + 8);
    if (text && mdm_parameters_bind(sql, dialect, given, 1, text, 2 * sql.len + 8, values, 4,
                                    &count, NULL) == MDM_OK) {
        mdm_fingerprint before = mdm_fingerprint_make(sql, dialect, NULL, 0);
        mdm_fingerprint after = mdm_fingerprint_make(mdm_str_from(text), dialect, NULL, 0);
        if (memchr(sql.data, '\0', sql.len) == NULL && before.hash != after.hash) abort();
        if (count != 1) abort();
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size == 0) return 0;
    mdm_sql_dialect dialect = (mdm_sql_dialect)(bytes[0] % 3);
    /* a block of its own: reading behind it is seen */
    char *copy = malloc(size);
    if (!copy) return 0;
    memcpy(copy, bytes + 1, size - 1);
    mdm_str sql = {copy, size - 1};
    check_normal_form(sql, dialect);
    check_binding(sql, dialect);
    free(copy);
    return 0;
}
