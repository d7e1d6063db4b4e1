/* config/datasets/NAME.yaml: what is written can be read, and what others wrote stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "dataset/description.h"

#define FILE_NAME "t.yaml"

/* As the Python MDM 1.0.6 writes one. */
static const char old_text[] =
    "name: houses\n"
    "display_name: Houses\n"
    "description: ''\n"
    "database:\n"
    "  backend: postgresql\n"
    "  host: db.example.org\n"
    "  port: 5432\n"
    "  database: mdm_houses\n"
    "  user: ann\n"
    "  password: geheim\n"
    "  database_prefix: mdm_\n"
    "  sslmode: prefer\n"
    "  pool_size: 10\n"
    "tables:\n"
    "  train: train\n"
    "  train_features: train_features\n"
    "feature_tables:\n"
    "  train_features: train_features\n"
    "problem_type: regression\n"
    "target_column: SalePrice\n"
    "id_columns:\n"
    "- Id\n"
    "time_column: null\n"
    "group_column: null\n"
    "registered_at: '2024-07-01T10:11:12.131415'\n"
    "last_updated_at: null\n"
    "tags: []\n"
    "source: houses\n"
    "version: 1.0.0\n"
    "metadata:\n"
    "  datetime_columns: []\n"
    "  statistics:\n"
    "    row_count: 1460\n"
    "    memory_size_bytes: 12345.0\n"
    "    computed_at: '2024-07-01T10:11:13'\n"
    "  remarks:\n"
    "    seen: [1, two, '3']\n"
    "owner: ann\n";

static void read_good(const char *text, mdm_description *out)
{
    mdm_error err = {0};
    if (mdm_description_read(mdm_str_from(text), FILE_NAME, out, &err) != MDM_OK)
        fail_msg("%s", err.message);
}

static void write_good(const mdm_description *d, mdm_text *out)
{
    mdm_error err = {0};
    mdm_text_init(out);
    if (mdm_description_write(d, out, &err) != MDM_OK) fail_msg("%s", err.message);
}

static void what_is_written_is_read_again_whole(void **state)
{
    (void)state;
    static const char *const ids[] = {"id", "a: b", "- x"}, *const tags[] = {"null", "12", "ż"};
    static const char *const types[] = {"zip=text"};
    static const mdm_table_info tables[] = {
        {.key = "train", .table = "train", .path = "/d/train.csv", .bytes = 10, .hash = 0xabcdef0123456789,
         .rows = 3, .columns = 2, .rejected = 1, .encoding = "utf-8", .delimiter = "comma"},
        {.key = "odd key", .table = "odd key", .bytes = -1, .rows = 0, .columns = 1},
    };
    mdm_description d = {
        .info = {.name = "t", .description = "two\nlines: \"quoted\"", .problem_type = "regression",
                 .target_column = "yes", .source = "/d", .registered_at = "2026-01-02T03:04:05.000006+00:00",
                 .backend = "sqlite", .path = "/h/t.sqlite", .id_columns = ids, .id_column_count = 3,
                 .tags = tags, .tag_count = 3, .tables = tables, .table_count = 2, .row_count = 3,
                 .memory_bytes = 99, .size_bytes = -1, .data_version = 7},
        .folder = "t.2", .id = "0123", .computed_at = "2026-01-02T03:04:06+00:00",
        .column_types = types, .column_type_count = 1};
    mdm_description again;
    mdm_text first, second;
    write_good(&d, &first);
    read_good(first.data, &again);

    const mdm_dataset_info *info = &again.info;
    assert_string_equal(info->name, "t");
    assert_null(info->display_name);
    assert_string_equal(info->description, d.info.description);
    assert_string_equal(info->target_column, "yes");
    assert_string_equal(info->backend, "sqlite");
    assert_string_equal(info->path, "/h/t.sqlite");
    assert_null(info->time_column);
    assert_null(info->last_updated_at);
    assert_int_equal(info->id_column_count, 3);
    assert_int_equal(info->tag_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(info->id_columns[i], ids[i]);
        assert_string_equal(info->tags[i], tags[i]);
    }
    assert_int_equal(info->table_count, 2);
    assert_string_equal(info->tables[0].path, "/d/train.csv");
    assert_true(info->tables[0].hash == tables[0].hash);
    assert_int_equal(info->tables[0].rejected, 1);
    assert_string_equal(info->tables[0].delimiter, "comma");
    assert_string_equal(info->tables[1].key, "odd key");
    assert_int_equal(info->tables[1].rows, 0);
    assert_int_equal(info->row_count, 3);
    assert_int_equal(info->memory_bytes, 99);
    assert_int_equal(info->data_version, 7);
    assert_string_equal(again.folder, "t.2");
    assert_string_equal(again.column_types[0], "zip=text");

    write_good(&again, &second);
    assert_string_equal(second.data, first.data);
    mdm_text_clear(&first);
    mdm_text_clear(&second);
    mdm_description_clear(&again);
}

static void a_description_of_the_python_mdm_is_understood(void **state)
{
    (void)state;
    mdm_description d;
    read_good(old_text, &d);
    assert_string_equal(d.info.backend, "postgresql");
    assert_string_equal(d.info.port, "5432");
    assert_string_equal(d.info.database, "mdm_houses");
    assert_null(d.info.schema);
    assert_string_equal(d.password, "geheim");
    assert_string_equal(d.info.registered_at, "2024-07-01T10:11:12.131415");
    assert_int_equal(d.info.row_count, 1460);
    assert_int_equal(d.info.memory_bytes, 12345);
    assert_int_equal(d.info.data_version, -1);
    assert_int_equal(d.info.table_count, 2);
    assert_int_equal(d.info.tables[0].rows, -1);
    bool user = false, mode = false;
    for (size_t i = 0; i < d.override_count; i++) {
        user = user || (!strcmp(d.overrides[i].name, "user") && !strcmp(d.overrides[i].value, "ann"));
        mode = mode || (!strcmp(d.overrides[i].name, "sslmode") && !strcmp(d.overrides[i].value, "prefer"));
        assert_string_not_equal(d.overrides[i].name, "password");
    }
    assert_true(user && mode);
    mdm_description_clear(&d);
}

static void settings_in_an_old_file_are_overrides_of_its_database(void **state)
{
    (void)state;
    mdm_description d;
    read_good("name: t\ndatabase:\n  backend: sqlite\n  path: /x/t.sqlite\n  journal_mode: WAL\n"
              "  cache_size: -64000\n  mmap_size: null\n", &d);
    assert_int_equal(d.override_count, 2);
    assert_string_equal(d.overrides[0].name, "journal_mode");
    assert_string_equal(d.overrides[0].value, "WAL");
    assert_string_equal(d.overrides[1].name, "cache_size");
    assert_string_equal(d.overrides[1].value, "-64000");
    assert_string_equal(d.info.description, "");
    assert_string_equal(d.info.source, "");
    mdm_description_clear(&d);
}

static void what_is_not_known_stays_and_a_password_goes(void **state)
{
    (void)state;
    static const char *const kept[] = {
        "\nowner: ann\n", "remarks:", "two", "'3'", "sslmode: prefer", "user: ann", "port: 5432\n",
        "database_prefix: mdm_", "train_features: train_features",
    };
    mdm_description d, again;
    mdm_text text;
    read_good(old_text, &d);
    write_good(&d, &text);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (!strstr(text.data, kept[i])) fail_msg("'%s' is lost:\n%s", kept[i], text.data);
    assert_null(strstr(text.data, "password"));
    assert_null(strstr(text.data, "geheim"));
    read_good(text.data, &again);
    assert_null(again.password);
    assert_string_equal(again.info.registered_at, d.info.registered_at);
    mdm_description_clear(&again);
    mdm_description_clear(&d);
    mdm_text_clear(&text);
}

static void a_damaged_description_is_refused_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } files[] = {
        {"", FILE_NAME},
        {"- a\n- b\n", FILE_NAME},
        {"name: t\n", FILE_NAME ": no map 'database'"},
        {"name: t\ndatabase: x\n", FILE_NAME ": no map 'database'"},
        {"name: t\ndatabase:\n  path: /x\n", FILE_NAME ":3"},
        {"database:\n  backend: sqlite\n", "no 'name'"},
        {"name: [t]\ndatabase:\n  backend: sqlite\n", FILE_NAME ":1"},
        {"name: t\ndatabase:\n  backend: sqlite\ntags: x\n", FILE_NAME ":4"},
        {"name: t\ndatabase:\n  backend: sqlite\ntags:\n- a\n- [b]\n", FILE_NAME ":6"},
        {"name: t\ndatabase:\n  backend: sqlite\ntables:\n- a\n", FILE_NAME ":5"},
        {"name: t\ndatabase:\n  backend: sqlite\nmetadata:\n  statistics:\n    row_count: many\n", FILE_NAME ":6"},
        {"name: t\ndatabase:\n  backend: sqlite\ntables:\n  a: a\nmetadata:\n  mdm:\n    files:\n"
         "    - key: a\n      hash: xyz\n", FILE_NAME ":9"},
        {"name: t\nname: u\n", FILE_NAME ":2"},
        {"name: 't\n", FILE_NAME ":"},
        {"name: !!python/object:os.system t\n", FILE_NAME ":1"},
        {"a: &x 1\nb: *x\n", FILE_NAME ":1"},
        {"name: \xff\n", FILE_NAME},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        mdm_description d;
        mdm_error err = {0};
        assert_int_equal(mdm_description_read(mdm_str_from(files[i].text), FILE_NAME, &d, &err), MDM_FORMAT);
        if (!strstr(err.message, files[i].message))
            fail_msg("file %zu was refused with '%s'", i, err.message);
    }
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    for (long n = 0;; n++) {
        mdm_description d;
        mdm_error err = {0};
        mdm_text text;
        mdm_text_init(&text);
        mdm_alloc_fail_after(n);
        mdm_status status = mdm_description_read(mdm_str_from(old_text), FILE_NAME, &d, &err);
        if (status == MDM_OK) {
            status = mdm_description_write(&d, &text, &err);
            mdm_description_clear(&d);
        }
        const bool met = mdm_alloc_count() > n;
        mdm_alloc_fail_after(-1);
        mdm_text_clear(&text);
        assert_int_equal(status, met ? MDM_NO_MEMORY : MDM_OK);
        if (!met) {
            assert_true(n > 3);
            return;
        }
    }
}

static void now_is_utc_with_its_offset(void **state)
{
    (void)state;
    char text[40];
    assert_ptr_equal(mdm_description_now(text), text);
    assert_int_equal(strlen(text), strlen("2026-11-25T02:03:04.567890+00:00"));
    assert_int_equal(text[10], 'T');
    assert_int_equal(text[19], '.');
    assert_string_equal(text + 26, "+00:00");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_again_whole),
        cmocka_unit_test(a_description_of_the_python_mdm_is_understood),
        cmocka_unit_test(settings_in_an_old_file_are_overrides_of_its_database),
        cmocka_unit_test(what_is_not_known_stays_and_a_password_goes),
        cmocka_unit_test(a_damaged_description_is_refused_with_its_place),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(now_is_utc_with_its_offset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
