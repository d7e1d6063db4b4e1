#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <duckdb.h>

#include "duckdb/error.h"

typedef struct expectation {
    const char *words;
    mdm_status status;
    duckdb_error_type type;
    const char *message, *hint;
} expectation;

static const expectation expectations[] = {
    {"Catalog Error: Table with name nope does not exist!\nDid you mean \"note\"?\n\nLINE 1: "
     "SELECT",
     MDM_BACKEND, DUCKDB_ERROR_CATALOG, "Catalog Error: Table with name nope does not exist!",
     "Did you mean \"note\"?"},
    {"Binder Error: Referenced column \"a\" not found in FROM clause!\nCandidate bindings: \"b\"",
     MDM_BACKEND, DUCKDB_ERROR_BINDER,
     "Binder Error: Referenced column \"a\" not found in FROM clause!",
     "Candidate bindings: \"b\""},
    {"IO Error: Could not set lock on file \"/tmp/k.db\": Conflicting lock is held in /usr/bin/x "
     "(PID "
     "15209). See also https://duckdb.org",
     MDM_BUSY, DUCKDB_ERROR_IO, "/tmp/k.db is held by another process: /usr/bin/x, pid 15209",
     "wait until process 15209 has ended, or end it"},
    {"IO Error: Could not set lock on file \"/tmp/k.db\": Resource temporarily unavailable",
     MDM_BUSY, DUCKDB_ERROR_IO,
     "IO Error: Could not set lock on file \"/tmp/k.db\": Resource temporarily unavailable", ""},
    {"IO Error: Cannot open file \"x\": Permission denied", MDM_PERMISSION, DUCKDB_ERROR_IO,
     "IO Error: Cannot open file \"x\": Permission denied", ""},
    {"IO Error: Cannot open file \"x\": No such file or directory", MDM_NOT_FOUND, DUCKDB_ERROR_IO,
     "IO Error: Cannot open file \"x\": No such file or directory", ""},
    {"IO Error: No space left on device", MDM_IO, DUCKDB_ERROR_IO,
     "IO Error: No space left on device", ""},
    {"IO Error: Corrupt database file: computed checksum", MDM_FORMAT, DUCKDB_ERROR_IO,
     "IO Error: Corrupt database file: computed checksum", ""},
    {"TransactionContext Error: Conflict on update!", MDM_BUSY, DUCKDB_ERROR_TRANSACTION,
     "TransactionContext Error: Conflict on update!", ""},
    {"TransactionContext Error: Cannot write to database \"a\" - transaction is launched in "
     "read-only "
     "mode",
     MDM_PERMISSION, DUCKDB_ERROR_TRANSACTION,
     "TransactionContext Error: Cannot write to database \"a\" - transaction is launched in "
     "read-only "
     "mode",
     ""},
    {"Out of Memory Error: failed to allocate data", MDM_NO_MEMORY, DUCKDB_ERROR_OUT_OF_MEMORY,
     "Out of Memory Error: failed to allocate data", ""},
    {"INTERRUPT Error: Interrupted!", MDM_CANCELLED, DUCKDB_ERROR_INTERRUPT,
     "INTERRUPT Error: Interrupted!", ""},
    {"Not implemented Error: that", MDM_UNSUPPORTED, DUCKDB_ERROR_NOT_IMPLEMENTED,
     "Not implemented Error: that", ""},
    {"Missing Extension Error: spatial", MDM_UNSUPPORTED, DUCKDB_ERROR_MISSING_EXTENSION,
     "Missing Extension Error: spatial", "MDM never installs extensions of DuckDB by itself"},
    {"Invalid Input Error: No statement to prepare!", MDM_INVALID, DUCKDB_ERROR_INVALID_INPUT,
     "Invalid Input Error: No statement to prepare!", ""},
    {"something else", MDM_BACKEND, 0, "something else", ""},
    {"", MDM_BACKEND, 0, "DuckDB failed without a word", ""},
    {NULL, MDM_BACKEND, 0, "DuckDB failed without a word", ""},
};

static void words_of_duckdb_become_ours(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof expectations / sizeof *expectations; i++) {
        const expectation *e = &expectations[i];
        mdm_error err = {0};
        assert_int_equal(mdm_duckdb_error(&err, e->words), e->status);
        assert_int_equal(err.status, e->status);
        assert_int_equal(err.native, e->type);
        assert_string_equal(err.message, e->message);
        assert_string_equal(err.hint, e->hint);
        assert_int_equal(mdm_duckdb_error(NULL, e->words), e->status);
    }
}

static void fatal_errors_are_told_from_others(void **state)
{
    mdm_error err = {0};
    (void)state;
    mdm_duckdb_error(&err, "FATAL Error: Failed: database has been invalidated");
    assert_true(mdm_duckdb_error_is_fatal(&err));
    mdm_duckdb_error(&err, "INTERNAL Error: Attempted to dereference");
    assert_true(mdm_duckdb_error_is_fatal(&err));
    mdm_duckdb_error(&err, "IO Error: FATAL Error");
    assert_false(mdm_duckdb_error_is_fatal(&err));
}

static void the_reason_of_a_stop_goes_before_duckdbs_words(void **state)
{
    mdm_error err = {0};
    (void)state;
    assert_int_equal(mdm_duckdb_failure(&err, MDM_TIMEOUT, "INTERRUPT Error: x"), MDM_TIMEOUT);
    assert_string_equal(err.message, "timed out");
    assert_int_equal(mdm_duckdb_failure(&err, MDM_CANCELLED, NULL), MDM_CANCELLED);
    assert_string_equal(err.message, "cancelled");
    assert_int_equal(mdm_duckdb_failure(&err, MDM_OK, "IO Error: x"), MDM_IO);
    assert_string_equal(err.message, "IO Error: x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_of_duckdb_become_ours),
        cmocka_unit_test(fatal_errors_are_told_from_others),
        cmocka_unit_test(the_reason_of_a_stop_goes_before_duckdbs_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
