/* What nodes mean, by YAML 1.1. */
#include <math.h>
#include <string.h>

#include "config/yaml.h"

const mdm_yaml *mdm_yaml_get(const mdm_yaml *map, const char *key)
{
    if (!map || map->kind != MDM_YAML_MAP) return NULL;
    const mdm_str wanted = mdm_str_from(key);
    for (const mdm_yaml *entry = map->first; entry; entry = entry->next)
        if (mdm_str_equal(entry->key, wanted)) return entry;
    return NULL;
}

static bool is_plain(const mdm_yaml *node)
{
    return node && node->kind == MDM_YAML_SCALAR && !node->quoted;
}

bool mdm_yaml_is_null(const mdm_yaml *node)
{
    if (!node) return true;
    return is_plain(node) &&
           (node->text.len == 0 || strcmp(node->text.data, "~") == 0 ||
            strcmp(node->text.data, "null") == 0 || strcmp(node->text.data, "Null") == 0 ||
            strcmp(node->text.data, "NULL") == 0);
}

const char *mdm_yaml_text(const mdm_yaml *node)
{
    return mdm_yaml_is_null(node) || node->kind != MDM_YAML_SCALAR ? NULL : node->text.data;
}

bool mdm_yaml_to_bool(const mdm_yaml *node, bool *out)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};
    if (!is_plain(node)) return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (mdm_str_equal_nocase(node->text, mdm_str_from(words[i]))) {
            *out = i % 2 == 1;
            return true;
        }
    return false;
}

/* A leading zero would make it octal to others. */
bool mdm_yaml_to_int(const mdm_yaml *node, int64_t *out)
{
    if (!is_plain(node)) return false;
    const char *digits = node->text.data + (node->text.data[0] == '-' || node->text.data[0] == '+');
    if (digits[0] == '0' && digits[1] != '\0') return false;
    return mdm_str_to_int(node->text, out);
}

bool mdm_yaml_to_real(const mdm_yaml *node, double *out)
{
    if (!is_plain(node)) return false;
    mdm_str text = node->text;
    const bool negative = mdm_str_starts(text, MDM_STR("-."));
    if (negative || mdm_str_starts(text, MDM_STR("+."))) {
        text.data++;
        text.len--;
    }
    if (mdm_str_equal_nocase(text, MDM_STR(".inf"))) {
        *out = negative ? -(double)INFINITY : (double)INFINITY;
        return true;
    }
    if (mdm_str_equal_nocase(text, MDM_STR(".nan"))) {
        *out = (double)NAN;
        return true;
    }
    /* Without a point in front these are words. */
    return mdm_str_to_real(node->text, out) && isfinite(*out);
}
