/* A location that is owned is one block: the struct, its settings, then all texts. So it is
 * copied in one go, and wiped in one go, for a setting may be a password. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "storage/storage.h"

typedef struct owned_location {
    size_t bytes; /* of the whole block */
    mdm_location location;
    mdm_setting settings[];
} owned_location;

static size_t text_bytes(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

static size_t block_bytes(const mdm_location *from)
{
    size_t bytes = sizeof(owned_location) + from->setting_count * sizeof(mdm_setting) +
                   text_bytes(from->path) + text_bytes(from->schema);
    for (size_t i = 0; i < from->setting_count; i++)
        bytes += text_bytes(from->settings[i].name) + text_bytes(from->settings[i].value);
    return bytes;
}

static const char *put_text(char **at, const char *text)
{
    if (!text) return NULL;
    const size_t bytes = text_bytes(text);
    char *copy = memcpy(*at, text, bytes);
    *at += bytes;
    return copy;
}

mdm_status mdm_location_dup(const mdm_location *from, mdm_location **out, mdm_error *err)
{
    *out = NULL;
    const size_t bytes = block_bytes(from);
    owned_location *owned = mdm_alloc(bytes);
    if (!owned) return mdm_no_memory(err, "a location");
    char *at = (char *)(owned->settings + from->setting_count);
    owned->bytes = bytes;
    owned->location = *from;
    owned->location.path = put_text(&at, from->path);
    owned->location.schema = put_text(&at, from->schema);
    owned->location.settings = owned->settings;
    for (size_t i = 0; i < from->setting_count; i++) {
        owned->settings[i].name = put_text(&at, from->settings[i].name);
        owned->settings[i].value = put_text(&at, from->settings[i].value);
    }
    *out = &owned->location;
    return MDM_OK;
}

void mdm_location_free(mdm_location *location)
{
    if (!location) return;
    owned_location *owned =
        (owned_location *)(void *)((char *)location - offsetof(owned_location, location));
    explicit_bzero(owned, owned->bytes);
    mdm_free(owned);
}

const char *mdm_location_setting(const mdm_location *location, const char *name)
{
    for (size_t i = location->setting_count; i > 0; i--)
        if (strcmp(location->settings[i - 1].name, name) == 0)
            return location->settings[i - 1].value;
    return NULL;
}

/* --- for people: written into what room there is ------------------------------- */

typedef struct writer {
    char *text;
    size_t size, len;
    bool full; /* once something did not fit, nothing more is written */
} writer;

static void put(writer *w, const char *bytes, size_t count)
{
    w->full = w->full || count >= w->size - w->len;
    if (w->full) return;
    memcpy(w->text + w->len, bytes, count);
    w->len += count;
    w->text[w->len] = '\0';
}

/* Bytes of the UTF-8 character there; a stray byte is one. */
static size_t char_bytes(const char *at)
{
    size_t count = 1;
    if ((unsigned char)*at < 0xc0) return count;
    while (((unsigned char)at[count] & 0xc0) == 0x80)
        count++;
    return count;
}

/* With what would end this part of a URL, or spoil a line, as %XX. */
static void put_part(writer *w, const char *text, const char *special)
{
    for (size_t bytes; *text; text += bytes) {
        const unsigned char c = (unsigned char)*text;
        bytes = char_bytes(text);
        if (c <= ' ' || c == 0x7f || c == '%' || strchr(special, c)) {
            char code[4];
            snprintf(code, sizeof code, "%%%02X", c);
            put(w, code, 3);
        } else put(w, text, bytes);
    }
}

/* Hosts and ports are lists of one length, or there is one port for all. */
static void put_hosts(writer *w, const char *hosts, const char *ports)
{
    mdm_str host_rest = mdm_str_from(hosts), port_rest = mdm_str_from(ports);
    const bool one_port = !memchr(port_rest.data ? port_rest.data : "", ',', port_rest.len);
    mdm_str port = {"", 0};
    for (bool first = true; first || host_rest.len > 0; first = false) {
        char host_text[256];
        const mdm_str host = mdm_str_split(&host_rest, ',');
        if (first || !one_port) port = mdm_str_split(&port_rest, ',');
        snprintf(host_text, sizeof host_text, "%.*s", (int)host.len, host.data);
        const bool brackets = strchr(host_text, ':') != NULL;
        if (!first) put(w, ",", 1);
        if (brackets) put(w, "[", 1);
        put_part(w, host_text, "/?#@");
        if (brackets) put(w, "]", 1);
        if (port.len > 0) {
            put(w, ":", 1);
            put(w, port.data, port.len);
        }
    }
}

static const char *setting_or_empty(const mdm_location *location, const char *name)
{
    const char *value = mdm_location_setting(location, name);
    return value ? value : "";
}

/* Of the settings only those that are no secret in any case. */
static void put_server(writer *w, const mdm_location *location)
{
    const char *user = setting_or_empty(location, "user");
    const char *service = setting_or_empty(location, "service");
    const char *database = setting_or_empty(location, "dbname");
    if (*user) {
        put_part(w, user, ":/?#@");
        put(w, "@", 1);
    }
    put_hosts(w, setting_or_empty(location, "host"), setting_or_empty(location, "port"));
    if (*database) {
        put(w, "/", 1);
        put_part(w, database, "?#");
    }
    if (*service) {
        put(w, "?service=", 9);
        put_part(w, service, "&#");
    }
    if (location->schema) {
        put(w, *service ? "&schema=" : "?schema=", 8);
        put_part(w, location->schema, "&#");
    }
}

char *mdm_location_text(const mdm_location *location, char *text, size_t size)
{
    if (size == 0) return text;
    writer w = {text, size, 0, false};
    text[0] = '\0';
    put(&w, location->backend->name, strlen(location->backend->name));
    put(&w, "://", 3);
    if (location->backend->caps & MDM_CAP_SERVER) put_server(&w, location);
    else if (location->path) {
        put(&w, "/", 1);
        put_part(&w, location->path, "?#");
    }
    return text;
}
