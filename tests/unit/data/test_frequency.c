#include "unit/data/rows.h"

#include "base/hash.h"
#include "data/frequency.h"

static void words_and_texts_are_counted(void **state)
{
    (void)state;
    mdm_frequency f;
    mdm_frequency_init(&f, 100000, (size_t)64 << 20);
    for (int round = 0; round < 3; round++) {
        for (uint64_t k = 0; k < 5000; k++) {
            char text[40];
            mdm_str bytes = {text, (size_t)snprintf(text, sizeof text, "a long text %llu",
                                                    (unsigned long long)k)};
            mdm_added expected = round == 0 ? MDM_ADDED_NEW : MDM_ADDED;
            assert_int_equal(mdm_frequency_add_word(&f, k << 40, 1), expected);
            assert_int_equal(mdm_frequency_add_long(&f, bytes, mdm_hash(bytes), 2), expected);
        }
    }
    assert_int_equal(mdm_frequency_distinct(&f), 10000);
    uint64_t words = 0, longs = 0;
    for (size_t i = 0; i < f.word_slots; i++)
        words += f.words[i].count;
    for (size_t i = 0; i < f.long_slots; i++)
        longs += f.longs[i].count;
    assert_int_equal(words, 15000);
    assert_int_equal(longs, 30000);
    mdm_frequency_clear(&f);
}

/* Equal hashes of different texts are told apart by their bytes. */
static void texts_are_compared_not_only_their_hashes(void **state)
{
    (void)state;
    mdm_frequency f;
    mdm_frequency_init(&f, 100, 1 << 20);
    assert_int_equal(mdm_frequency_add_long(&f, MDM_STR("one text"), 7, 1), MDM_ADDED_NEW);
    assert_int_equal(mdm_frequency_add_long(&f, MDM_STR("two text"), 7, 1), MDM_ADDED_NEW);
    assert_int_equal(mdm_frequency_add_long(&f, MDM_STR("one text"), 7, 1), MDM_ADDED);
    assert_int_equal(mdm_frequency_add_long(&f, MDM_STR("one texts"), 7, 1), MDM_ADDED_NEW);
    assert_int_equal(f.long_count, 3);
    mdm_frequency_clear(&f);
}

static void short_texts_are_words_and_come_back(void **state)
{
    (void)state;
    static const char *const texts[] = {"",        "a",      "ab",      "abc",     "abcd",
                                        "abcde",   "abcdef", "abcdefg", "gfedcba", "\xff\xfe\xfd",
                                        "aaaaaaa", "a\x01"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        char copy[8], room[8];
        size_t len = strlen(texts[i]);
        memcpy(copy, texts[i], len);
        uint64_t word = mdm_short_text(copy, len);
        assert_int_equal(mdm_short_text_read(word, room), len);
        assert_memory_equal(room, texts[i], len);
        for (size_t k = 0; k < i; k++)
            assert_true(word != mdm_short_text(texts[k], strlen(texts[k])));
    }
    assert_true(mdm_short_text("\0", 1) != mdm_short_text("", 0));
}

static void nothing_new_is_added_beyond_limit_and_budget(void **state)
{
    (void)state;
    mdm_frequency f;
    mdm_frequency_init(&f, 10, (size_t)1 << 20);
    for (uint64_t k = 0; k < 10; k++)
        assert_int_equal(mdm_frequency_add_word(&f, k, 1), MDM_ADDED_NEW);
    assert_int_equal(mdm_frequency_add_word(&f, 10, 1), MDM_ADD_FULL);
    assert_int_equal(mdm_frequency_add_long(&f, MDM_STR("long text"), 1, 1), MDM_ADD_FULL);
    assert_int_equal(mdm_frequency_add_word(&f, 9, 1), MDM_ADDED);
    mdm_frequency_clear(&f);

    mdm_frequency_init(&f, 100000, 20000);
    mdm_added added = MDM_ADDED_NEW;
    uint64_t k = 0;
    for (; added == MDM_ADDED_NEW; k++)
        added = mdm_frequency_add_word(&f, k, 1);
    assert_int_equal(added, MDM_ADD_FULL);
    assert_in_range(k, 200, 700); /* 16 bytes each in tables at most half full */
    mdm_frequency_clear(&f);

    mdm_frequency_init(&f, 100000, 20000);
    static char text[30000];
    assert_int_equal(mdm_frequency_add_long(&f, (mdm_str){text, 15000}, 1, 1), MDM_ADDED_NEW);
    assert_int_equal(mdm_frequency_add_long(&f, (mdm_str){text, 15001}, 2, 1), MDM_ADD_FULL);
    assert_int_equal(mdm_frequency_add_long(&f, (mdm_str){text, 30000}, 3, 1), MDM_ADD_FULL);
    mdm_frequency_clear(&f);
}

static mdm_status count_some(void *data, mdm_error *err)
{
    (void)data;
    mdm_frequency f;
    mdm_frequency_init(&f, 1000, (size_t)1 << 20);
    mdm_status status = MDM_OK;
    for (uint64_t k = 0; status == MDM_OK && k < 200; k++) {
        char text[40];
        mdm_str bytes = {
            text, (size_t)snprintf(text, sizeof text, "a long text %llu", (unsigned long long)k)};
        if (mdm_frequency_add_word(&f, k, 1) == MDM_ADD_NO_MEMORY ||
            mdm_frequency_add_long(&f, bytes, mdm_hash(bytes), 1) == MDM_ADD_NO_MEMORY)
            status = mdm_no_memory(err, "counting");
    }
    mdm_frequency_clear(&f);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    test_walk_allocations(count_some, NULL, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_and_texts_are_counted),
        cmocka_unit_test(texts_are_compared_not_only_their_hashes),
        cmocka_unit_test(short_texts_are_words_and_come_back),
        cmocka_unit_test(nothing_new_is_added_beyond_limit_and_budget),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
