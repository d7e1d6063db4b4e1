#include "storage/storage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/walk.h"

static mdm_location *parse(const char *url)
{
    mdm_error err = {0};
    mdm_location *location = NULL;
    if (mdm_location_parse(mdm_str_from(url), &location, &err) != MDM_OK)
        fail_msg("%s: %s", url, err.message);
    return location;
}

static void assert_setting(const mdm_location *location, const char *name, const char *expected)
{
    const char *value = mdm_location_setting(location, name);
    if (!expected) assert_null(value);
    else {
        assert_non_null(value);
        assert_string_equal(value, expected);
    }
}

static void a_path_is_relative_behind_three_slashes_and_absolute_behind_four(void **state)
{
    (void)state;
    static const struct {
        const char *url, *path;
    } cases[] = {
        {"sqlite:///rel.db", "rel.db"},
        {"sqlite:////abs/x.db", "/abs/x.db"},
        {"sqlite://", NULL},
        {"sqlite:///", NULL},
        {"sqlite:///:memory:", NULL},
        {"SQLite:///x", "x"},
        {"sqlite+pysqlite:///x.db", "x.db"},
        {"  sqlite:///x.db\n", "x.db"},
        {"sqlite:///a%20b%3Fc.db", "a b?c.db"},
        {"sqlite:///na\xc3\xafve.db", "na\xc3\xafve.db"},
        {"sqlite:///file:x", "file:x"},
        {"sqlite:///x#y", "x#y"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mdm_location *location = parse(cases[i].url);
        assert_string_equal(location->backend->name, "sqlite");
        if (cases[i].path) assert_string_equal(location->path, cases[i].path);
        else assert_null(location->path);
        assert_null(location->schema);
        mdm_location_free(location);
    }
}

static void what_stands_behind_the_question_mark_are_settings(void **state)
{
    (void)state;
    mdm_location *location =
        parse("sqlite:///x.db?journal_mode=WAL&cache_size=-2000&odd=a%26b%3Dc");
    assert_string_equal(location->path, "x.db");
    assert_int_equal(location->setting_count, 3);
    assert_setting(location, "journal_mode", "WAL");
    assert_setting(location, "cache_size", "-2000");
    assert_setting(location, "odd", "a&b=c");
    mdm_location_free(location);
    location = parse("sqlite:///x.db?a=1&a=2");
    assert_setting(location, "a", "2"); /* the last one counts */
    mdm_location_free(location);
}

static void what_is_no_url_is_refused_with_a_remedy(void **state)
{
    (void)state;
    static const struct {
        const char *url, *words, *hint;
    } cases[] = {
        {"", "not the URL of a database", "sqlite:///file.sqlite"},
        {"data.csv", "not the URL of a database", "postgresql://"},
        {"/home/me/x.db", "not the URL of a database", NULL},
        {"sqlite:x.db", "not the URL of a database", NULL},
        {"mysql://root@localhost/x", "no database of the kind 'mysql'", "sqlite, duckdb"},
        {"sqlite://rel.db", "is followed by a host", "sqlite:///name is relative"},
        {"sqlite:///x?y", "not name=value", NULL},
        {"sqlite:///x?=y", "not name=value", NULL},
        {"sqlite:///x%2", "percent sign", NULL},
        {"sqlite:///x%", "percent sign", NULL},
        {"sqlite:///x%zz", "percent sign", NULL},
        {"sqlite:///x%00y", "NUL", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mdm_error err = {0};
        mdm_location *location = NULL;
        assert_int_equal(mdm_location_parse(mdm_str_from(cases[i].url), &location, &err),
                         MDM_INVALID);
        assert_null(location);
        if (!strstr(err.message, cases[i].words)) fail_msg("%s: %s", cases[i].url, err.message);
        if (cases[i].hint) assert_non_null(strstr(err.hint, cases[i].hint));
    }
}

/* The server's URLs are read the same way whether or not its driver is there; this one has no
 * functions. */
static const mdm_backend server = {.name = "postgresql", .caps = MDM_CAP_SERVER};

static mdm_location *parse_server(const char *url)
{
    if (!mdm_backend_find(MDM_STR("postgresql"))) skip();
    return parse(url);
}

static void a_servers_url_becomes_the_words_of_libpq(void **state)
{
    (void)state;
    static const struct {
        const char *url, *user, *password, *host, *port, *dbname, *schema;
    } cases[] = {
        {"postgresql://", NULL, NULL, NULL, NULL, NULL, NULL},
        {"postgresql://localhost", NULL, NULL, "localhost", NULL, NULL, NULL},
        {"postgres://me@h/db", "me", NULL, "h", NULL, "db", NULL},
        {"postgresql+psycopg2://me:pw@h:5433/db", "me", "pw", "h", "5433", "db", NULL},
        {"postgresql://me:p%40%3A%2Fw@h/d%20b", "me", "p@:/w", "h", NULL, "d b", NULL},
        {"postgresql://me:p@w@h/db", "me", "p@w", "h", NULL, "db", NULL},
        {"postgresql://me:@h/db", "me", "", "h", NULL, "db", NULL},
        {"postgresql://h1:1,h2:2/db", NULL, NULL, "h1,h2", "1,2", "db", NULL},
        {"postgresql://h1,h2:2/db", NULL, NULL, "h1,h2", ",2", "db", NULL},
        {"postgresql://[::1]:5432/db", NULL, NULL, "::1", "5432", "db", NULL},
        {"postgresql://[::1],h/db", NULL, NULL, "::1,h", NULL, "db", NULL},
        {"postgresql://%2Frun%2Fpostgresql/db", NULL, NULL, "/run/postgresql", NULL, "db", NULL},
        {"postgresql:///db", NULL, NULL, NULL, NULL, "db", NULL},
        {"postgresql:///db?host=/tmp&port=1&schema=a%22b", NULL, NULL, "/tmp", "1", "db", "a\"b"},
        {"host=/tmp user = 'me and \\'you\\'' password=a\\ b dbname=''", "me and 'you'", "a b",
         "/tmp", NULL, "", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mdm_location *location = parse_server(cases[i].url);
        assert_null(location->path);
        assert_setting(location, "user", cases[i].user);
        assert_setting(location, "password", cases[i].password);
        assert_setting(location, "host", cases[i].host);
        assert_setting(location, "port", cases[i].port);
        assert_setting(location, "dbname", cases[i].dbname);
        if (cases[i].schema) assert_string_equal(location->schema, cases[i].schema);
        else assert_null(location->schema);
        mdm_location_free(location);
    }
}

static void a_refusal_never_repeats_the_password(void **state)
{
    (void)state;
    if (!mdm_backend_find(MDM_STR("postgresql"))) skip();
    static const char *const urls[] = {
        "postgresql://me:s3cret/x@h:5432/db",
        "postgresql://me:s3cret:x@h:1x/db",
        "postgresql://me:%s3cret@h/db",
        "postgresql://me:s3cret@h:70000/db",
        "postgresql://me:s3cret@[::1/db",
        "postgresql://me:s3cret@[::1]x/db",
        "postgresql://me@h/db?password=%s3cret",
        "postgresql://me@h/db?s3cret",
        "host=h password='s3cret",
        "host=h s3cret",
        "password = s3cret =",
    };
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        mdm_error err = {0};
        mdm_location *location = NULL;
        if (mdm_location_parse(mdm_str_from(urls[i]), &location, &err) == MDM_OK) {
            char text[200];
            mdm_location_text(location, text, sizeof text);
            assert_null(strstr(text, "s3cret"));
            mdm_location_free(location);
            continue;
        }
        assert_int_equal(err.status, MDM_INVALID);
        assert_null(strstr(err.message, "s3cret"));
        assert_null(strstr(err.hint, "s3cret"));
    }
}

static void the_text_of_a_location_has_no_secret(void **state)
{
    (void)state;
    const mdm_setting settings[] = {{"host", "h1,::1,/run/x"}, {"port", "1,,3"},
                                    {"user", "m@e"},           {"password", "s3cret"},
                                    {"dbname", "d b"},         {"sslpassword", "s3cret"}};
    const mdm_location location = {
        .backend = &server, .schema = "a/b", .settings = settings, .setting_count = 6};
    char text[200];
    assert_string_equal(mdm_location_text(&location, text, sizeof text),
                        "postgresql://m%40e@h1:1,[::1],%2Frun%2Fx:3/d%20b?schema=a/b");
}

static void one_port_stands_for_all_hosts(void **state)
{
    (void)state;
    const mdm_setting settings[] = {{"host", "a,b"}, {"port", "7"}, {"service", "s"}};
    mdm_location location = {.backend = &server, .settings = settings, .setting_count = 3};
    char text[200];
    assert_string_equal(mdm_location_text(&location, text, sizeof text),
                        "postgresql://a:7,b:7?service=s");
    location.setting_count = 0;
    assert_string_equal(mdm_location_text(&location, text, sizeof text), "postgresql://");
}

static void the_text_of_a_file_reads_back_equal(void **state)
{
    (void)state;
    static const char *const paths[] = {"rel.db",  "/abs/x",       "a b",
                                        "a?b#c%d", "na\xc3\xafve", "x\ny"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        char text[200];
        const mdm_location location = {.backend = mdm_backend_find(MDM_STR("sqlite")),
                                       .path = paths[i]};
        mdm_location *back = parse(mdm_location_text(&location, text, sizeof text));
        assert_string_equal(back->path, paths[i]);
        mdm_location_free(back);
    }
    char text[200];
    const mdm_location memory = {.backend = mdm_backend_find(MDM_STR("sqlite"))};
    assert_string_equal(mdm_location_text(&memory, text, sizeof text), "sqlite://");
}

static void a_text_is_cut_at_a_character(void **state)
{
    (void)state;
    char text[64];
    const mdm_location location = {.backend = mdm_backend_find(MDM_STR("sqlite")),
                                   .path = "a\xc3\xafz"};
    assert_string_equal(mdm_location_text(&location, text, 1), "");
    assert_string_equal(mdm_location_text(&location, text, 12), "sqlite:///a");
    assert_string_equal(mdm_location_text(&location, text, 13),
                        "sqlite:///a"); /* half does not fit */
    assert_string_equal(mdm_location_text(&location, text, 14), "sqlite:///a\xc3\xaf");
}

static void a_copy_stands_alone(void **state)
{
    (void)state;
    mdm_error err = {0};
    char name[] = "journal_mode", value[] = "WAL", path[] = "/x";
    const mdm_setting settings[] = {{name, value}};
    const mdm_location from = {.backend = mdm_backend_find(MDM_STR("sqlite")),
                               .path = path,
                               .settings = settings,
                               .setting_count = 1};
    mdm_location *copy = NULL;
    assert_int_equal(mdm_location_dup(&from, &copy, &err), MDM_OK);
    name[0] = value[0] = path[0] = '-';
    assert_string_equal(copy->path, "/x");
    assert_setting(copy, "journal_mode", "WAL");
    assert_setting(copy, "absent", NULL);
    mdm_location_free(copy);
    mdm_location_free(NULL);
}

static mdm_status parse_step(void *data, mdm_error *err)
{
    mdm_location *location = NULL;
    const mdm_status status = mdm_location_parse(mdm_str_from(data), &location, err);
    assert_int_equal(status == MDM_OK, location != NULL);
    mdm_location_free(location);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    char url[] = "sqlite:///x?a=1&b=2&c=3&d=4&e=5&f=6&g=7&h=8&i=9&j=10";
    test_walk_allocations(parse_step, url, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_is_relative_behind_three_slashes_and_absolute_behind_four),
        cmocka_unit_test(what_stands_behind_the_question_mark_are_settings),
        cmocka_unit_test(what_is_no_url_is_refused_with_a_remedy),
        cmocka_unit_test(a_servers_url_becomes_the_words_of_libpq),
        cmocka_unit_test(a_refusal_never_repeats_the_password),
        cmocka_unit_test(the_text_of_a_location_has_no_secret),
        cmocka_unit_test(one_port_stands_for_all_hosts),
        cmocka_unit_test(the_text_of_a_file_reads_back_equal),
        cmocka_unit_test(a_text_is_cut_at_a_character),
        cmocka_unit_test(a_copy_stands_alone),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
