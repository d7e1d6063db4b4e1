/* Which encoding a text is in: what the user says, else what a byte-order mark says, else UTF-8,
 * and when that proves wrong a guess (uchardet, loaded only then: with its C++ runtime it would
 * cost every command 2 ms). */
#include <ctype.h>
#include <dlfcn.h>
#include <iconv.h>
#include <stdio.h>
#include <string.h>
#include <uchardet.h>

#include "base/alloc.h"
#include "base/io.h"
#include "base/text.h"
#include "file/decode.h"

static void set(mdm_encoding *out, const char *name, const char *why, bool certain)
{
    char lower[sizeof out->name];
    size_t len = 0;
    for (; name[len] && len + 1 < sizeof lower; len++)
        lower[len] = (char)tolower((unsigned char)name[len]);
    lower[len] = '\0';
    const bool utf8 = strcmp(lower, "utf-8") == 0 || strcmp(lower, "utf8") == 0;
    snprintf(out->name, sizeof out->name, "%s", utf8 ? "" : name);
    snprintf(out->shown, sizeof out->shown, "%s%s", utf8 ? "utf-8" : lower, why);
    out->certain = certain;
}

static bool is_known(const char *name)
{
    const iconv_t conversion = iconv_open("UTF-8", name);
    if (conversion == (iconv_t)-1) return false; // NOLINT: iconv's way of saying no
    iconv_close(conversion);
    return true;
}

/* --- byte-order marks --------------------------------------------------------------- */

static const struct {
    const char *bytes;
    size_t len;
    const char *name;
} marks[] = {
    /* The longer first: UTF-32LE begins like UTF-16LE. */
    {"\xff\xfe\0\0", 4, "UTF-32LE"}, {"\0\0\xfe\xff", 4, "UTF-32BE"}, {"\xff\xfe", 2, "UTF-16LE"},
    {"\xfe\xff", 2, "UTF-16BE"},     {"\xef\xbb\xbf", 3, "UTF-8"},
};

static mdm_status by_mark(const char *path, mdm_file_packing packing, mdm_encoding *out,
                          mdm_error *err)
{
    char first[4];
    size_t len = 0;
    mdm_unpacker *unpacker = NULL;
    MDM_TRY(mdm_unpacker_open(path, packing, &unpacker, err));
    const mdm_status status = mdm_unpacker_read(unpacker, first, sizeof first, &len, err);
    mdm_unpacker_close(unpacker);
    if (status != MDM_OK) return status;
    set(out, "UTF-8", "", false);
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        if (len < marks[i].len || memcmp(first, marks[i].bytes, marks[i].len) != 0) continue;
        set(out, marks[i].name, marks[i].name[4] == '8' ? "" : " (byte-order mark)", true);
        break;
    }
    return MDM_OK;
}

mdm_status mdm_encoding_choose(const char *wanted, const char *path, mdm_file_packing packing,
                               mdm_encoding *out, mdm_error *err)
{
    if (!wanted || !*wanted || strcasecmp(wanted, "auto") == 0)
        return by_mark(path, packing, out, err);
    if (strlen(wanted) < sizeof out->name && !strchr(wanted, '/') && is_known(wanted)) {
        set(out, wanted, "", true);
        return MDM_OK;
    }
    const mdm_status status = mdm_error_set(err, MDM_INVALID, "unknown encoding '%s'", wanted);
    return mdm_error_hint(err, status,
                          "utf-8, latin1, windows-1252, utf-16, shift_jis, ... "
                          "(`iconv -l` lists all), or auto");
}

/* --- guessing -------------------------------------------------------------------------- */

typedef struct detector {
    void *library;
    uchardet_t handle;
    __typeof__(&uchardet_new) open;
    __typeof__(&uchardet_delete) close;
    __typeof__(&uchardet_handle_data) feed;
    __typeof__(&uchardet_data_end) end;
    __typeof__(&uchardet_get_charset) result;
} detector;

/* ISO C has no way from an object's address to a function's but through memory. */
static void find(const detector *d, const char *name, void *function)
{
    void *address = dlsym(d->library, name);
    memcpy(function, &address, sizeof address);
}

static bool detector_open(detector *d)
{
    d->library = dlopen("libuchardet.so.0", RTLD_NOW | RTLD_LOCAL);
    if (!d->library) return false;
    find(d, "uchardet_new", &d->open);
    find(d, "uchardet_delete", &d->close);
    find(d, "uchardet_handle_data", &d->feed);
    find(d, "uchardet_data_end", &d->end);
    find(d, "uchardet_get_charset", &d->result);
    if (d->open && d->close && d->feed && d->end && d->result) d->handle = d->open();
    return d->handle != NULL;
}

static void detector_close(detector *d)
{
    if (d->handle) d->close(d->handle);
    if (d->library) dlclose(d->library);
}

/* What all bytes of a file say. */
typedef struct evidence {
    int64_t good, bad;   /* characters of several bytes that are UTF-8; bytes that are not */
    bool undefined_1252; /* holds a byte that windows-1252 has not */
} evidence;

static void weigh(evidence *found, mdm_str text, bool last, size_t *taken)
{
    size_t at = 0;
    while (at < text.len && (last || text.len - at >= 4)) {
        uint32_t code;
        const size_t bytes = mdm_utf8_decode((mdm_str){text.data + at, text.len - at}, &code);
        found->good += bytes > 1;
        found->bad += bytes == 0;
        found->undefined_1252 |= memchr("\x81\x8d\x8f\x90\x9d", text.data[at], 5) != NULL;
        at += bytes ? bytes : 1;
    }
    *taken = at;
}

static mdm_status read_all(mdm_unpacker *unpacker, detector *d, char *block, size_t size,
                           evidence *found, mdm_error *err)
{
    size_t kept = 0, got = 0;
    do {
        MDM_TRY(mdm_unpacker_read(unpacker, block + kept, size - kept, &got, err));
        if (d->handle) d->feed(d->handle, block + kept, got);
        size_t taken = 0;
        weigh(found, (mdm_str){block, kept + got}, got == 0, &taken);
        kept = kept + got - taken;
        memmove(block, block + taken, kept);
    } while (got > 0);
    return MDM_OK;
}

/* A charset that is wider than those of one byte is believed; UTF-8 and ASCII have been ruled out.
 */
static void choose_guess(detector *d, const evidence *found, mdm_encoding *out)
{
    const char *name = "";
    if (d->handle) {
        d->end(d->handle);
        name = d->result(d->handle);
    }
    if (!*name || strcasecmp(name, "ASCII") == 0 || strcasecmp(name, "UTF-8") == 0 ||
        !is_known(name))
        name = found->undefined_1252 ? "ISO-8859-1" : "WINDOWS-1252";
    set(out, name, " (guessed)", true);
}

mdm_status mdm_encoding_guess(const char *path, mdm_file_packing packing, mdm_encoding *out,
                              mdm_error *err)
{
    enum { BLOCK = 1 << 16 };
    evidence found = {0};
    detector d = {0};
    mdm_unpacker *unpacker = NULL;
    char *block = mdm_alloc(BLOCK);
    mdm_status status = block ? MDM_OK : mdm_no_memory(err, "a block of a file");
    if (status == MDM_OK) status = mdm_unpacker_open(path, packing, &unpacker, err);
    if (status == MDM_OK) {
        (void)detector_open(&d); /* without it the guess is simpler */
        status = read_all(unpacker, &d, block, BLOCK, &found, err);
    }
    if (status == MDM_OK && found.bad > found.good) choose_guess(&d, &found, out);
    if (status == MDM_OK) out->certain = true;
    detector_close(&d);
    mdm_unpacker_close(unpacker);
    mdm_free(block);
    return status;
}
