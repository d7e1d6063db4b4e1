#include "unit/data/rows.h"

#include "data/bits.h"

static void bits_are_copied_from_any_place_and_padded_with_zeros(void **state)
{
    (void)state;
    uint64_t seed = 1;
    uint8_t from[40];
    for (size_t i = 0; i < sizeof from; i++)
        from[i] = (uint8_t)next_random(&seed);
    for (int64_t first = 0; first < 40; first++) {
        for (int64_t count = 0; count <= 200; count++) {
            uint8_t *to = malloc(mdm_bits_bytes(count) + 1); /* ASan sees a byte too many */
            mdm_bits_copy(to, from, first, count);
            for (int64_t i = 0; i < count; i++)
                if (mdm_bit_get(to, i) != mdm_bit_get(from, first + i))
                    fail_msg("bit %d of %d from %d", (int)i, (int)count, (int)first);
            for (int64_t i = count; i < (int64_t)mdm_bits_bytes(count) * 8; i++)
                assert_false(mdm_bit_get(to, i));
            free(to);
        }
    }
}

static void a_copy_reads_no_byte_behind_the_last_bit(void **state)
{
    (void)state;
    uint8_t *from = malloc(2), to[2];
    from[0] = 0xf0;
    from[1] = 0x0f;
    mdm_bits_copy(to, from, 4, 8);
    assert_int_equal(to[0], 0xff);
    mdm_bits_copy(to, from, 7, 9);
    assert_int_equal(to[0], 0x1f);
    assert_int_equal(to[1], 0x00);
    free(from);
}

static void ones_are_counted_up_to_the_bit(void **state)
{
    (void)state;
    uint64_t seed = 2;
    uint8_t bits[40];
    for (size_t i = 0; i < sizeof bits; i++)
        bits[i] = (uint8_t)next_random(&seed);
    int64_t ones = 0;
    for (int64_t count = 0; count <= 320; count++) {
        assert_int_equal(mdm_bits_count(bits, count), ones);
        if (count < 320) ones += mdm_bit_get(bits, count);
    }
}

static void a_map_is_filled_from_its_start(void **state)
{
    (void)state;
    uint8_t bits[3] = {0xaa, 0xaa, 0xaa};
    mdm_bits_fill(bits, 11);
    assert_int_equal(bits[0], 0xff);
    assert_int_equal(bits[1], 0x07);
    assert_int_equal(bits[2], 0xaa);
    mdm_bit_append(bits, 11, false);
    mdm_bit_append(bits, 12, true);
    assert_int_equal(bits[1], 0x17);
    mdm_bit_clear(bits, 12);
    mdm_bit_set(bits, 15);
    assert_int_equal(bits[1], 0x87);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bits_are_copied_from_any_place_and_padded_with_zeros),
        cmocka_unit_test(a_copy_reads_no_byte_behind_the_last_bit),
        cmocka_unit_test(ones_are_counted_up_to_the_bit),
        cmocka_unit_test(a_map_is_filled_from_its_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
