/* URLs and libpq's "key=value" text become locations. Messages speak of the part that is
 * wrong and never repeat what stands there: it may be a password in the wrong place.
 *
 * Decoded texts lie in one scratch buffer while the settings are gathered; it is large enough
 * from the start, so that pointers into it stay good, and it is wiped at the end. */
#include <string.h>

#include "base/alloc.h"
#include "storage/storage.h"

typedef struct parse {
    mdm_location location;
    mdm_setting *settings; /* location.settings, growing */
    size_t setting_size;
    char *scratch;
    size_t scratch_size, used;
    mdm_error *err;
} parse;

/* Room for len bytes and NUL. What is decoded is never longer than what was written, and each
 * text costs a separator that is not copied; a list of ports has at most as many commas as the
 * hosts: twice the URL and a little is enough for all. */
static char *take_room(parse *p, size_t len)
{
    char *text = p->scratch + p->used;
    p->used += len + 1;
    text[len] = '\0';
    return text;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* Percent-decode; what names the part in messages. */
static mdm_status decode(parse *p, mdm_str part, const char *what, const char **out)
{
    char *text = take_room(p, part.len);
    size_t len = 0;
    for (size_t i = 0; i < part.len; i++) {
        char c = part.data[i];
        if (c == '%') {
            const int high = i + 2 < part.len ? hex_digit(part.data[i + 1]) : -1;
            const int low = i + 2 < part.len + 1 && high >= 0 ? hex_digit(part.data[i + 2]) : -1;
            if (low < 0)
                return mdm_error_set(p->err, MDM_INVALID,
                                     "%s: a percent sign without two hexadecimal digits", what);
            c = (char)(high * 16 + low);
            i += 2;
        }
        if (c == '\0') return mdm_error_set(p->err, MDM_INVALID, "%s: a NUL byte", what);
        text[len++] = c;
    }
    text[len] = '\0';
    *out = text;
    return MDM_OK;
}

static mdm_status add_setting(parse *p, const char *name, const char *value)
{
    if (p->location.setting_count == p->setting_size) {
        const size_t size = p->setting_size ? 2 * p->setting_size : 8;
        mdm_setting *settings = mdm_realloc(p->settings, size * sizeof *settings);
        if (!settings) return mdm_no_memory(p->err, "a location");
        p->settings = settings;
        p->setting_size = size;
    }
    p->settings[p->location.setting_count++] = (mdm_setting){name, value};
    p->location.settings = p->settings;
    return MDM_OK;
}

static mdm_status add_decoded(parse *p, const char *name, mdm_str part)
{
    const char *value;
    MDM_TRY(decode(p, part, name, &value));
    return add_setting(p, name, value);
}

/* "a=b&c=d": settings; schema is the location's own. */
static mdm_status parse_settings(parse *p, mdm_str rest)
{
    while (rest.len > 0) {
        mdm_str value = mdm_str_split(&rest, '&');
        const bool has_value = value.len > 0 && memchr(value.data, '=', value.len);
        const mdm_str key = mdm_str_split(&value, '=');
        const char *name, *text;
        if (key.len == 0 || !has_value)
            return mdm_error_set(p->err, MDM_INVALID, "a setting behind '?' is not name=value");
        MDM_TRY(decode(p, key, "the name of a setting", &name));
        MDM_TRY(decode(p, value, "the value of a setting", &text));
        if (strcmp(name, "schema") == 0 && p->location.backend->caps & MDM_CAP_SERVER)
            p->location.schema = text;
        else MDM_TRY(add_setting(p, name, text));
    }
    return MDM_OK;
}

/* --- files: //, then /path, an empty host ---------------------------------------- */

static mdm_status parse_file(parse *p, mdm_str rest)
{
    const char *name = p->location.backend->name;
    mdm_str path = mdm_str_split(&rest, '?');
    MDM_TRY(parse_settings(p, rest));
    if (path.len == 0) return MDM_OK; /* in memory */
    if (path.data[0] != '/') {
        mdm_error_set(p->err, MDM_INVALID, "%s:// is followed by a host, which a file has not",
                      name);
        return mdm_error_hint(p->err, MDM_INVALID, "%s:///name is relative, %s:////name absolute",
                              name, name);
    }
    path = (mdm_str){path.data + 1, path.len - 1};
    if (path.len == 0 || mdm_str_equal(path, MDM_STR(":memory:"))) return MDM_OK;
    return decode(p, path, "the path", &p->location.path);
}

/* --- servers: user:password@host:port,host:port/database?settings -------------------- */

static mdm_status parse_user(parse *p, mdm_str part)
{
    const bool has_password = part.len > 0 && memchr(part.data, ':', part.len);
    const mdm_str user = mdm_str_split(&part, ':');
    if (user.len > 0) MDM_TRY(add_decoded(p, "user", user));
    return has_password ? add_decoded(p, "password", part) : MDM_OK;
}

/* One host off the front of a list: [v6]:port, name:port, %2Frun%2Fdir. */
static mdm_status split_host(parse *p, mdm_str part, mdm_str *host, mdm_str *port)
{
    *port = (mdm_str){"", 0};
    if (part.len > 0 && part.data[0] == '[') {
        const char *end = memchr(part.data, ']', part.len);
        if (!end) return mdm_error_set(p->err, MDM_INVALID, "the host: '[' without ']'");
        *host = (mdm_str){part.data + 1, (size_t)(end - part.data) - 1};
        part = (mdm_str){end + 1, part.len - host->len - 2};
        if (part.len > 0 && part.data[0] != ':')
            return mdm_error_set(p->err, MDM_INVALID, "the host: ']' is not followed by a port");
        if (part.len > 0) *port = (mdm_str){part.data + 1, part.len - 1};
    } else {
        *host = mdm_str_split(&part, ':');
        *port = part;
    }
    int64_t number;
    if (port->len > 0 && (!mdm_str_to_int(*port, &number) || number < 1 || number > 65535)) {
        mdm_error_set(p->err, MDM_INVALID, "the port is not a number from 1 to 65535");
        return mdm_error_hint(p->err, MDM_INVALID,
                              "in a user or password, write : / ? @ as %%3A %%2F %%3F %%40");
    }
    return MDM_OK;
}

/* libpq takes hosts and ports as two lists, an empty port being the usual one. */
static mdm_status parse_hosts(parse *p, mdm_str part)
{
    if (part.len == 0) return MDM_OK;
    size_t host_len = 0, port_len = 0;
    bool any_port = false;
    char *hosts = take_room(p, part.len), *ports = take_room(p, part.len);
    for (bool first = true; first || part.len > 0; first = false) {
        mdm_str host, port;
        const char *text;
        MDM_TRY(split_host(p, mdm_str_split(&part, ','), &host, &port));
        MDM_TRY(decode(p, host, "the host", &text));
        if (!first) hosts[host_len++] = ports[port_len++] = ',';
        for (; *text; text++)
            hosts[host_len++] = *text;
        if (port.len > 0) memcpy(ports + port_len, port.data, port.len);
        port_len += port.len;
        any_port = any_port || port.len > 0;
    }
    hosts[host_len] = ports[port_len] = '\0';
    if (host_len > 0) MDM_TRY(add_setting(p, "host", hosts));
    return any_port ? add_setting(p, "port", ports) : MDM_OK;
}

/* An '@' in a password should be %40; so the last one before the path is meant. */
static const char *last_at(mdm_str part)
{
    for (size_t i = part.len; i > 0; i--)
        if (part.data[i - 1] == '@') return part.data + i - 1;
    return NULL;
}

static mdm_status parse_server(parse *p, mdm_str rest)
{
    mdm_str before = mdm_str_split(&rest, '?');
    MDM_TRY(parse_settings(p, rest));
    mdm_str hosts = mdm_str_split(&before, '/');
    const char *at = last_at(hosts);
    if (at) {
        const mdm_str user = {hosts.data, (size_t)(at - hosts.data)};
        MDM_TRY(parse_user(p, user));
        hosts = (mdm_str){at + 1, hosts.len - user.len - 1};
    }
    MDM_TRY(parse_hosts(p, hosts));
    return before.len > 0 ? add_decoded(p, "dbname", before) : MDM_OK;
}

/* --- libpq's own: host=/run user='me and you' ------------------------------------------- */

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip_space(mdm_str *rest)
{
    while (rest->len > 0 && is_space(rest->data[0]))
        *rest = (mdm_str){rest->data + 1, rest->len - 1};
}

/* A value, with \ before any character, in quotes or up to a blank. */
static mdm_status take_value(parse *p, mdm_str *rest, const char **out)
{
    char *text = take_room(p, rest->len);
    size_t at = 0, len = 0;
    const bool quoted = rest->len > 0 && rest->data[0] == '\'';
    if (quoted) at++;
    for (; at < rest->len; at++) {
        const char c = rest->data[at];
        if (quoted ? c == '\'' : is_space(c)) break;
        if (c == '\\' && at + 1 < rest->len) at++;
        text[len++] = rest->data[at];
    }
    if (quoted && at == rest->len)
        return mdm_error_set(p->err, MDM_INVALID, "a quoted value does not end");
    at += quoted;
    text[len] = '\0';
    p->used -= rest->len - len; /* the rest of it is needed for what follows */
    *rest = (mdm_str){rest->data + at, rest->len - at};
    *out = text;
    return MDM_OK;
}

static mdm_status parse_pairs(parse *p, mdm_str rest)
{
    for (skip_space(&rest); rest.len > 0; skip_space(&rest)) {
        size_t len = 0;
        while (len < rest.len && rest.data[len] != '=' && !is_space(rest.data[len]))
            len++;
        char *name = take_room(p, len);
        memcpy(name, rest.data, len);
        rest = (mdm_str){rest.data + len, rest.len - len};
        skip_space(&rest);
        if (len == 0 || rest.len == 0 || rest.data[0] != '=')
            return mdm_error_set(p->err, MDM_INVALID, "connection text is not name=value");
        rest = (mdm_str){rest.data + 1, rest.len - 1};
        skip_space(&rest);
        const char *value = NULL;
        MDM_TRY(take_value(p, &rest, &value));
        MDM_TRY(add_setting(p, name, value));
    }
    return MDM_OK;
}

/* --- the whole ------------------------------------------------------------------------------ */

static mdm_status not_a_url(mdm_error *err)
{
    mdm_error_set(err, MDM_INVALID, "not the URL of a database");
    return mdm_error_hint(err, MDM_INVALID,
                          "sqlite:///file.sqlite, duckdb:///file.duckdb or "
                          "postgresql://user@host:5432/database");
}

/* Where "://" begins; SIZE_MAX: nowhere. Before it stand letters, digits, '+', '-' and '.'. */
static size_t scheme_len(mdm_str url)
{
    for (size_t i = 0; i + 3 <= url.len; i++) {
        const char c = url.data[i];
        if (c == ':') return i > 0 && memcmp(url.data + i, "://", 3) == 0 ? i : SIZE_MAX;
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '+' && c != '-' && c != '.') return SIZE_MAX;
    }
    return SIZE_MAX;
}

static mdm_status find_backend(mdm_str scheme, const mdm_backend **out, mdm_error *err)
{
    mdm_str name = mdm_str_split(&scheme, '+'); /* +psycopg2 */
    if (mdm_str_equal_nocase(name, MDM_STR("postgres"))) name = MDM_STR("postgresql");
    *out = mdm_backend_find(name);
    if (*out) return MDM_OK;
    mdm_error_set(err, MDM_INVALID, "no database of the kind '%.*s'",
                  (int)(name.len < 40 ? name.len : 40), name.data);
    return mdm_error_hint(err, MDM_INVALID, "there are sqlite, duckdb and postgresql");
}

static mdm_status parse_any(parse *p, mdm_str url)
{
    const size_t scheme = scheme_len(url);
    if (scheme == SIZE_MAX) {
        if (url.len == 0 || !memchr(url.data, '=', url.len)) return not_a_url(p->err);
        MDM_TRY(find_backend(MDM_STR("postgresql"), &p->location.backend, p->err));
        return parse_pairs(p, url);
    }
    MDM_TRY(find_backend((mdm_str){url.data, scheme}, &p->location.backend, p->err));
    const mdm_str rest = {url.data + scheme + 3, url.len - scheme - 3};
    return p->location.backend->caps & MDM_CAP_SERVER ? parse_server(p, rest) : parse_file(p, rest);
}

mdm_status mdm_location_parse(mdm_str url, mdm_location **out, mdm_error *err)
{
    *out = NULL;
    url = mdm_str_trim(url);
    if (url.len > 0 && memchr(url.data, '\0', url.len))
        return mdm_error_set(err, MDM_INVALID, "a NUL byte in the URL of a database");
    parse p = {.scratch_size = 4 * url.len + 16, .err = err};
    p.scratch = mdm_alloc(p.scratch_size);
    if (!p.scratch) return mdm_no_memory(err, "a location");

    mdm_status status = parse_any(&p, url);
    if (status == MDM_OK) status = mdm_location_dup(&p.location, out, err);
    explicit_bzero(p.scratch, p.scratch_size);
    mdm_free(p.scratch);
    mdm_free(p.settings);
    return status;
}
