#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/hash.h"

/* Figures of XXH3_64bits, so that what is written to disk stays readable. */
static void the_hash_is_xxh3(void **state)
{
    (void)state;
    assert_true(mdm_hash(MDM_STR("")) == 0x2D06800538D394C2u);
    assert_true(mdm_hash((mdm_str){NULL, 0}) == mdm_hash(MDM_STR("")));
    assert_true(mdm_hash(MDM_STR("a")) != mdm_hash(MDM_STR("b")));
    assert_true(mdm_hash_seeded(MDM_STR("a"), 0) == mdm_hash(MDM_STR("a")));
    assert_true(mdm_hash_seeded(MDM_STR("a"), 1) != mdm_hash(MDM_STR("a")));
}

static void pieces_hash_like_the_whole(void **state)
{
    (void)state;
    char bytes[5000];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 7 + i / 256);
    for (size_t piece = 1; piece < sizeof bytes; piece = piece * 3 + 1) {
        mdm_hasher *hasher = mdm_hasher_open();
        for (size_t at = 0; at < sizeof bytes; at += piece) {
            const size_t len = sizeof bytes - at < piece ? sizeof bytes - at : piece;
            mdm_hasher_add(hasher, (mdm_str){bytes + at, len});
        }
        mdm_hasher_add(hasher, (mdm_str){NULL, 0});
        assert_true(mdm_hasher_value(hasher) == mdm_hash((mdm_str){bytes, sizeof bytes}));
        mdm_hasher_close(hasher);
    }
    mdm_hasher_close(NULL);
}

static void no_memory_gives_no_hasher(void **state)
{
    (void)state;
    mdm_alloc_fail_after(0);
    assert_null(mdm_hasher_open());
    mdm_alloc_fail_after(-1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hash_is_xxh3),
        cmocka_unit_test(pieces_hash_like_the_whole),
        cmocka_unit_test(no_memory_gives_no_hasher),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
