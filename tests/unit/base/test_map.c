#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/alloc.h"
#include "base/map.h"
#include "support/walk.h"

static int values[3000];

static mdm_str key_of(size_t i, char room[32])
{
    return (mdm_str){room, (size_t)snprintf(room, 32, "key %zu", i)};
}

static void an_empty_map_holds_nothing(void **state)
{
    (void)state;
    mdm_map map;
    mdm_map_init(&map);
    assert_null(mdm_map_get(&map, MDM_STR("x")));
    assert_false(mdm_map_at(&map, 0, NULL, NULL));
    mdm_map_clear(&map);
}

static void what_was_put_is_found_in_order_of_insertion(void **state)
{
    (void)state;
    mdm_map map;
    char room[32];
    mdm_map_init(&map);
    for (size_t i = 0; i < 3000; i++)
        assert_true(mdm_map_put(&map, key_of(i, room), &values[i]));
    assert_int_equal(map.count, 3000);
    for (size_t i = 0; i < 3000; i++)
        assert_ptr_equal(mdm_map_get(&map, key_of(i, room)), &values[i]);
    assert_null(mdm_map_get(&map, MDM_STR("key 3000")));
    mdm_str key;
    void *value;
    for (size_t i = 0; i < 3000; i++) {
        assert_true(mdm_map_at(&map, i, &key, &value));
        assert_true(mdm_str_equal(key, key_of(i, room)));
        assert_ptr_equal(value, &values[i]);
    }
    assert_false(mdm_map_at(&map, 3000, &key, &value));
    mdm_map_clear(&map);
    assert_int_equal(map.count, 0);
}

static void putting_a_key_again_replaces_its_value(void **state)
{
    (void)state;
    mdm_map map;
    mdm_map_init(&map);
    assert_true(mdm_map_put(&map, MDM_STR("a"), &values[0]));
    assert_true(mdm_map_put(&map, MDM_STR("a"), &values[1]));
    assert_int_equal(map.count, 1);
    assert_ptr_equal(mdm_map_get(&map, MDM_STR("a")), &values[1]);
    mdm_map_clear(&map);
}

static void keys_are_bytes_and_copied(void **state)
{
    (void)state;
    mdm_map map;
    mdm_map_init(&map);
    char key[] = {'a', '\0', 'b'};
    assert_true(mdm_map_put(&map, (mdm_str){key, 3}, &values[0]));
    assert_true(mdm_map_put(&map, (mdm_str){key, 1}, &values[1]));
    assert_true(mdm_map_put(&map, (mdm_str){NULL, 0}, &values[2]));
    memset(key, 'x', sizeof key);
    assert_ptr_equal(mdm_map_get(&map, (mdm_str){"a\0b", 3}), &values[0]);
    assert_ptr_equal(mdm_map_get(&map, MDM_STR("a")), &values[1]);
    assert_ptr_equal(mdm_map_get(&map, MDM_STR("")), &values[2]);
    mdm_map_clear(&map);
}

static mdm_status fill(void *data, mdm_error *err)
{
    (void)data;
    mdm_map map;
    char room[32];
    size_t done = 0;
    mdm_map_init(&map);
    while (done < 40 && mdm_map_put(&map, key_of(done, room), &values[done]))
        done++;
    assert_int_equal(map.count, done);
    for (size_t i = 0; i < done; i++)
        assert_ptr_equal(mdm_map_get(&map, key_of(i, room)), &values[i]);
    mdm_map_clear(&map);
    return done == 40 ? MDM_OK : mdm_no_memory(err, "a map");
}

static void a_failed_put_leaves_the_map_as_it_was(void **state)
{
    (void)state;
    test_walk_allocations(fill, NULL, 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_map_holds_nothing),
        cmocka_unit_test(what_was_put_is_found_in_order_of_insertion),
        cmocka_unit_test(putting_a_key_again_replaces_its_value),
        cmocka_unit_test(keys_are_bytes_and_copied),
        cmocka_unit_test(a_failed_put_leaves_the_map_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
