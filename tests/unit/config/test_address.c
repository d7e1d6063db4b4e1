#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/settings.h"

static void passwords_are_hidden_wherever_they_stand(void **state)
{
    (void)state;
    static const struct {
        const char *address, *shown;
        bool found;
    } cases[] = {
        {"postgresql://u:secret@h:5432/db", "postgresql://u:***@h:5432/db", true},
        {"postgres://u:s/e@c?r#et@h/db", "postgres://u:***@h/db", true},
        {"postgresql://u@h/db", "postgresql://u@h/db", false},
        {"postgresql://h:5432/db", "postgresql://h:5432/db", false},
        {"postgresql://u:@h/db", "postgresql://u:@h/db", false},
        {"postgresql://h/db?user=u&password=secret&x=1",
         "postgresql://h/db?user=u&password=***&x=1", true},
        {"postgresql://u:a@h/db?sslpassword=b", "postgresql://u:***@h/db?sslpassword=***", true},
        {"host=h password=secret user=u", "host=h password=*** user=u", true},
        {"host=h PASSWORD = 'se cr\\'et' user=u", "host=h PASSWORD = *** user=u", true},
        {"host=h password='open", "host=h password=***", true},
        {"password=", "password=", false},
        {"host=password", "host=password", false},
        {"", "", false},
        {"a@b", "a@b", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mdm_text out;
        mdm_text_init(&out);
        const bool found = mdm_address_mask(mdm_str_from(cases[i].address), &out);
        assert_string_equal(out.data, cases[i].shown);
        assert_int_equal(found, cases[i].found);
        mdm_text_clear(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(passwords_are_hidden_wherever_they_stand)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
