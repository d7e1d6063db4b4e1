#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <zlib.h>
#include <zstd.h>

#include "base/hash.h"
#include "file/unpack.h"
#include "reading.h"
#include "support/folder.h"
#include "support/walk.h"

static int make(void **state)
{
    *state = test_folder_make();
    return 0;
}

static int clean(void **state)
{
    test_folder_remove(*state);
    return 0;
}

/* Rows of numbers, as CSV. */
static mdm_str rows(size_t count)
{
    static char text[1 << 21];
    size_t len = (size_t)snprintf(text, sizeof text, "a,b\n");
    for (size_t i = 0; i < count; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%zu,%zu\n", i, i * i);
    return (mdm_str){text, len};
}

static mdm_str gzipped(mdm_str text, char *room, size_t size)
{
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *)(uintptr_t)text.data;
    z.avail_in = (uInt)text.len;
    z.next_out = (Bytef *)room;
    z.avail_out = (uInt)size;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    const size_t len = size - z.avail_out;
    deflateEnd(&z);
    return (mdm_str){room, len};
}

static mdm_str zstd(mdm_str text, char *room, size_t size)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    const size_t len = ZSTD_compress2(context, room, size, text.data, text.len);
    assert_false(ZSTD_isError(len));
    ZSTD_freeCCtx(context);
    return (mdm_str){room, len};
}

/* Unpacked size, or "STATUS message". */
static const char *unpacked(const char *folder, mdm_file_packing packing, mdm_str bytes)
{
    static char text[600];
    char block[1000];
    mdm_error err = {0};
    mdm_unpacker *u = NULL;
    const char *path = test_path(folder, "file");
    test_write_bytes(path, bytes);
    size_t total = 0, len = sizeof block;
    mdm_status status = mdm_unpacker_open(path, packing, &u, &err);
    while (status == MDM_OK && len == sizeof block) {
        status = mdm_unpacker_read(u, block, sizeof block, &len, &err);
        if (status == MDM_OK) total += len;
    }
    mdm_unpacker_close(u);
    if (status == MDM_OK) snprintf(text, sizeof text, "%zu", total);
    else snprintf(text, sizeof text, "%d %s", status, err.message);
    return text;
}

static char packed[1 << 20], joined[1 << 20];

static void whole_files_come_out_whole(void **state)
{
    const mdm_str text = rows(30000);
    char expected[32];
    snprintf(expected, sizeof expected, "%zu", text.len);
    assert_string_equal(unpacked(*state, MDM_PACKED_NOT, text), expected);
    assert_string_equal(unpacked(*state, MDM_PACKED_GZIP, gzipped(text, packed, sizeof packed)),
                        expected);
    assert_string_equal(unpacked(*state, MDM_PACKED_ZSTD, zstd(text, packed, sizeof packed)),
                        expected);
    assert_string_equal(
        unpacked(*state, MDM_PACKED_GZIP, gzipped(BYTES(""), packed, sizeof packed)), "0");
}

static void members_one_after_the_other_are_one_file(void **state)
{
    for (int kind = 0; kind < 2; kind++) {
        mdm_str (*pack)(mdm_str, char *, size_t) = kind ? zstd : gzipped;
        mdm_str a = pack(BYTES("a,b\n1,2\n"), packed, sizeof packed);
        memcpy(joined, a.data, a.len);
        size_t len = a.len;
        a = pack(rows(20000), packed, sizeof packed);
        memcpy(joined + len, a.data, a.len);
        len += a.len;
        a = pack(BYTES("3,4\n"), packed, sizeof packed);
        memcpy(joined + len, a.data, a.len);
        len += a.len;
        char expected[32];
        snprintf(expected, sizeof expected, "%zu", rows(20000).len + 12);
        assert_string_equal(
            unpacked(*state, kind ? MDM_PACKED_ZSTD : MDM_PACKED_GZIP, (mdm_str){joined, len}),
            expected);
    }
}

static void a_file_cut_anywhere_is_refused(void **state)
{
    for (int kind = 0; kind < 2; kind++) {
        const mdm_str whole = kind ? zstd(rows(3000), packed, sizeof packed)
                                   : gzipped(rows(3000), packed, sizeof packed);
        for (size_t i = 0; i < 40; i++) {
            const size_t len = i < 20   ? i
                               : i < 30 ? whole.len - (i - 19)
                                        : whole.len * (i - 29) / 11;
            const char *answer = unpacked(*state, kind ? MDM_PACKED_ZSTD : MDM_PACKED_GZIP,
                                          (mdm_str){whole.data, len});
            if (strncmp(answer, "8 file: ", 8) != 0) fail_msg("cut at %zu: %s", len, answer);
        }
    }
}

static void what_was_changed_is_refused(void **state)
{
    for (int kind = 0; kind < 2; kind++) {
        const mdm_str whole = kind ? zstd(rows(3000), packed, sizeof packed)
                                   : gzipped(rows(3000), packed, sizeof packed);
        /* The last bytes are checksum and length. */
        for (size_t back = 1; back <= (kind ? 4u : 8u); back++) {
            memcpy(joined, whole.data, whole.len);
            joined[whole.len - back] ^= 1;
            const char *answer = unpacked(*state, kind ? MDM_PACKED_ZSTD : MDM_PACKED_GZIP,
                                          (mdm_str){joined, whole.len});
            assert_non_null(strstr(answer, "8 file: damaged"));
        }
    }
}

static void something_behind_the_end_is_refused(void **state)
{
    for (int kind = 0; kind < 2; kind++) {
        const mdm_str whole =
            kind ? zstd(rows(9), packed, sizeof packed) : gzipped(rows(9), packed, sizeof packed);
        memcpy(joined, whole.data, whole.len);
        memcpy(joined + whole.len, "garbage", 7);
        for (size_t more = 1; more <= 7; more++)
            assert_int_equal(unpacked(*state, kind ? MDM_PACKED_ZSTD : MDM_PACKED_GZIP,
                                      (mdm_str){joined, whole.len + more})[0],
                             '8');
    }
}

static void what_is_not_packed_is_told(void **state)
{
    assert_string_equal(unpacked(*state, MDM_PACKED_GZIP, BYTES("a,b\n")),
                        "8 file: not a gzip file");
    assert_string_equal(unpacked(*state, MDM_PACKED_ZSTD, BYTES("a,b\n")),
                        "8 file: not a zstd file");
    assert_string_equal(unpacked(*state, MDM_PACKED_GZIP, BYTES("")), "8 file: not a gzip file");
}

static void the_packing_is_known_by_the_first_bytes(void **state)
{
    const char *path = test_path(*state, "file");
    test_write_bytes(path, gzipped(rows(1), packed, sizeof packed));
    assert_int_equal(mdm_packing_of(path), MDM_PACKED_GZIP);
    test_write_bytes(path, zstd(rows(1), packed, sizeof packed));
    assert_int_equal(mdm_packing_of(path), MDM_PACKED_ZSTD);
    test_write_bytes(path, BYTES("a"));
    assert_int_equal(mdm_packing_of(path), MDM_PACKED_NOT);
    assert_int_equal(mdm_packing_of(test_path(*state, "gone")), MDM_PACKED_NOT);
}

static void the_hash_is_of_the_bytes_of_the_file(void **state)
{
    char block[70];
    size_t len;
    mdm_unpacker *u = NULL;
    const mdm_str bytes = gzipped(rows(2000), packed, sizeof packed);
    const char *path = test_path(*state, "file");
    test_write_bytes(path, bytes);
    assert_int_equal(mdm_unpacker_open(path, MDM_PACKED_GZIP, &u, NULL), MDM_OK);
    assert_int_equal(mdm_unpacker_hash_all(u, NULL), MDM_OK);
    do
        assert_int_equal(mdm_unpacker_read(u, block, sizeof block, &len, NULL), MDM_OK);
    while (len == sizeof block);
    assert_true(mdm_unpacker_hash(u) == mdm_hash(bytes));
    assert_int_equal(mdm_unpacker_done(u), bytes.len);
    assert_int_equal(mdm_unpacker_total(u), bytes.len);
    mdm_unpacker_close(u);
}

static void a_csv_that_is_cut_is_refused_and_one_that_lies_is_read(void **state)
{
    const mdm_str whole = gzipped(rows(3), packed, sizeof packed);
    assert_string_equal(test_read(*state, "t.csv", whole, NULL),
                        "a BIGINT, b BIGINT\n0|0\n1|1\n2|4\n");
    assert_string_equal(test_notes(), "t.csv is packed with gzip, which its name does not say\n");
    assert_string_equal(test_read(*state, "t.csv.gz", (mdm_str){whole.data, whole.len - 1}, NULL),
                        "8: t.csv.gz: cut: the gzip data end early, at byte 35");
}

static mdm_status read_one(void *path, mdm_error *err)
{
    char block[3000];
    size_t len = 1;
    mdm_unpacker *u = NULL;
    mdm_status status = mdm_unpacker_open(path, MDM_PACKED_GZIP, &u, err);
    if (status == MDM_OK) status = mdm_unpacker_hash_all(u, err);
    while (status == MDM_OK && len > 0)
        status = mdm_unpacker_read(u, block, sizeof block, &len, err);
    mdm_unpacker_close(u);
    return status;
}

static void every_allocation_and_system_call_may_fail(void **state)
{
    char path[512];
    snprintf(path, sizeof path, "%s", test_path(*state, "f.gz"));
    test_write_bytes(path, gzipped(rows(100), packed, sizeof packed));
    test_walk_allocations(read_one, path, 5);
    test_walk_calls(read_one, path, 5 /* EIO */, 4);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make, clean)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(whole_files_come_out_whole),
        IN_FOLDER(members_one_after_the_other_are_one_file),
        IN_FOLDER(a_file_cut_anywhere_is_refused),
        IN_FOLDER(what_was_changed_is_refused),
        IN_FOLDER(something_behind_the_end_is_refused),
        IN_FOLDER(what_is_not_packed_is_told),
        IN_FOLDER(the_packing_is_known_by_the_first_bytes),
        IN_FOLDER(the_hash_is_of_the_bytes_of_the_file),
        IN_FOLDER(a_csv_that_is_cut_is_refused_and_one_that_lies_is_read),
        IN_FOLDER(every_allocation_and_system_call_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
