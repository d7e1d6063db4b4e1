/* From a text to a value, by the row of the option. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "config/settings.h"

#define SHOWN_MAX 100   /* bytes of a refused value that a message shows */
#define CHOICES_MAX 16u /* words of the longest list in the table */
#define CHOICES_BYTES 128u

/* --- choices ---------------------------------------------------------------- */

/* The words of "a|b|c", in room. */
static size_t split_choices(const char *choices, char room[CHOICES_BYTES],
                            const char *words[CHOICES_MAX])
{
    size_t count = 0;
    strncpy(room, choices, CHOICES_BYTES - 1);
    room[CHOICES_BYTES - 1] = '\0';
    char *rest = room, *word;
    while (count < CHOICES_MAX && (word = strsep(&rest, "|")))
        words[count++] = word;
    return count;
}

/* The word as the table spells it, any case being fine; len 0: none of them. */
static mdm_str find_choice(const char *choices, mdm_str text)
{
    mdm_str rest = mdm_str_from(choices);
    while (rest.len > 0) {
        const mdm_str word = mdm_str_split(&rest, '|');
        if (mdm_str_equal_nocase(word, text)) return word;
    }
    return MDM_STR("");
}

/* --- refusing --------------------------------------------------------------- */

static mdm_status refuse_choice(const mdm_option_row *row, const char *what, mdm_error *err)
{
    char room[CHOICES_BYTES], list[2 * CHOICES_BYTES] = "";
    const char *words[CHOICES_MAX];
    const size_t count = split_choices(row->choices, room, words);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) strcat(list, ", ");
        strcat(list, words[i]);
    }
    return mdm_error_set(err, MDM_CONFIG, "%s: %s is not one of %s", row->path, what, list);
}

mdm_status mdm_setting_refuse(const mdm_option_row *row, const char *what, mdm_error *err)
{
    const char *kind = "a text";
    switch (row->kind) {
    case MDM_OPTION_INT: kind = "a whole number"; break;
    case MDM_OPTION_REAL: kind = "a number"; break;
    case MDM_OPTION_PATH: kind = "a path"; break;
    case MDM_OPTION_BOOL:
        return mdm_error_set(err, MDM_CONFIG, "%s: %s is not true or false", row->path, what);
    case MDM_OPTION_CHOICE:
    case MDM_OPTION_LIST:
        if (row->choices) return refuse_choice(row, what, err);
        kind = "a list of texts";
        break;
    case MDM_OPTION_TEXT:
        if (row->allowed[0])
            return mdm_error_set(err, MDM_CONFIG, "%s: %s is not %s", row->path, what,
                                 row->allowed);
        break;
    case MDM_OPTION_SECRET: break;
    }
    if (row->kind != MDM_OPTION_INT && row->kind != MDM_OPTION_REAL)
        return mdm_error_set(err, MDM_CONFIG, "%s: %s is not %s", row->path, what, kind);
    return mdm_error_set(err, MDM_CONFIG, "%s: %s is not %s%s %s", row->path, what, kind,
                         strstr(row->allowed, " to ") ? " from" : ",", row->allowed);
}

static mdm_status refuse_text(const mdm_option_row *row, mdm_str text, mdm_error *err)
{
    char shown[SHOWN_MAX + 8];
    const int len = text.len < SHOWN_MAX ? (int)text.len : SHOWN_MAX;
    snprintf(shown, sizeof shown, "'%.*s%s'", len, text.data, text.len > SHOWN_MAX ? "..." : "");
    mdm_setting_refuse(row, shown, err);
    if (!row->choices) return MDM_CONFIG;
    char room[CHOICES_BYTES];
    const char *words[CHOICES_MAX];
    const char *nearest = mdm_nearest(text, words, split_choices(row->choices, room, words));
    return nearest ? mdm_error_hint(err, MDM_CONFIG, "did you mean '%s'?", nearest) : MDM_CONFIG;
}

/* What no value may hold, because it ends up in paths, statements and on terminals. */
static mdm_status refuse_controls(const mdm_option_row *row, mdm_str text, mdm_error *err)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.data[i] < 0x20 || text.data[i] == 0x7F)
            return mdm_error_set(err, MDM_CONFIG,
                                 "%s: the value holds a control character (\\x%02x)", row->path,
                                 (unsigned char)text.data[i]);
    if (mdm_utf8_check(text) != SIZE_MAX)
        return mdm_error_set(err, MDM_CONFIG, "%s: the value is not UTF-8", row->path);
    return MDM_OK;
}

/* --- numbers ---------------------------------------------------------------- */

/* A whole number with or without K, M, G, T (and B or iB): all are powers of 1024. */
static bool to_bytes(mdm_str text, int64_t *out)
{
    static const char units[] = "KMGT";
    size_t digits = 0;
    while (digits < text.len && text.data[digits] >= '0' && text.data[digits] <= '9')
        digits++;
    const mdm_str unit = mdm_str_trim((mdm_str){text.data + digits, text.len - digits});
    if (!mdm_str_to_int((mdm_str){text.data, digits}, out)) return false;
    if (unit.len == 0 || mdm_str_equal_nocase(unit, MDM_STR("B"))) return true;
    for (int power = 1; units[power - 1]; power++) {
        const char letter = units[power - 1];
        const char forms[][4] = {{letter, 0}, {letter, 'B', 0}, {letter, 'i', 'B', 0}};
        for (size_t i = 0; i < 3; i++)
            if (mdm_str_equal_nocase(unit, mdm_str_from(forms[i])))
                return !__builtin_mul_overflow(*out, (int64_t)1 << (10 * power), out);
    }
    return false;
}

static bool to_bool(mdm_str text, bool *out)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on", "0", "1"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (mdm_str_equal_nocase(text, mdm_str_from(words[i]))) {
            *out = i % 2 == 1;
            return true;
        }
    return false;
}

static bool is_in_range(const mdm_option_row *row, double value)
{
    return value >= (double)row->min && value <= (double)row->max;
}

static bool to_whole(const mdm_option_row *row, mdm_str text, int64_t *out)
{
    const bool is_number =
        row->form == MDM_FORM_BYTES ? to_bytes(text, out) : mdm_str_to_int(text, out);
    return is_number && *out >= row->min && *out <= row->max;
}

static bool to_real(const mdm_option_row *row, mdm_str text, double *out)
{
    return mdm_str_to_real(text, out) && isfinite(*out) && is_in_range(row, *out);
}

/* --- kinds ------------------------------------------------------------------ */

static bool is_auto(const mdm_option_row *row, mdm_str text)
{
    return (row->form == MDM_FORM_SIZE_OR_AUTO || row->form == MDM_FORM_NUMBER_OR_AUTO) &&
           mdm_str_equal_nocase(text, MDM_STR("auto"));
}

static bool has_form(const mdm_option_row *row, mdm_str text)
{
    int64_t number;
    if (row->form != MDM_FORM_SIZE_OR_AUTO && row->form != MDM_FORM_NUMBER_OR_AUTO) return true;
    if (is_auto(row, text)) return true;
    if (row->form == MDM_FORM_SIZE_OR_AUTO) return to_bytes(text, &number) && number > 0;
    return mdm_str_to_int(text, &number) && number >= row->min && number <= row->max;
}

/* The canonical spelling of a value; also fills the number that it stands for. False: it is none.
 */
static bool spell(const mdm_option_row *row, mdm_str text, mdm_setting *out, mdm_text *spelling)
{
    char room[32];
    switch (row->kind) {
    case MDM_OPTION_INT:
        if (!to_whole(row, text, &out->whole)) return false;
        mdm_text_printf(spelling, "%lld", (long long)out->whole);
        return true;
    case MDM_OPTION_REAL:
        if (!to_real(row, text, &out->real)) return false;
        mdm_text_add(spelling, (mdm_str){room, mdm_real_text(out->real, room)});
        return true;
    case MDM_OPTION_BOOL:
        if (!to_bool(text, &out->yes)) return false;
        mdm_text_puts(spelling, out->yes ? "true" : "false");
        return true;
    case MDM_OPTION_CHOICE:
        mdm_text_add(spelling, find_choice(row->choices, text));
        return spelling->len > 0 || spelling->failed;
    case MDM_OPTION_TEXT:
    case MDM_OPTION_PATH:
    case MDM_OPTION_SECRET:
    case MDM_OPTION_LIST:
        if (!has_form(row, text)) return false;
        mdm_text_add(spelling, is_auto(row, text) ? MDM_STR("auto") : text);
        return true;
    }
    return false;
}

/* What may be shown of a value that may hold a password; nothing for any other option. */
static mdm_status set_shown(const mdm_option_row *row, mdm_setting *out, mdm_error *err)
{
    if (row->kind != MDM_OPTION_SECRET && row->form != MDM_FORM_ADDRESS) return MDM_OK;
    mdm_text shown;
    mdm_text_init(&shown);
    if (row->kind == MDM_OPTION_SECRET) mdm_text_puts(&shown, *out->text ? "***" : "");
    if (row->kind == MDM_OPTION_TEXT) mdm_address_mask(mdm_str_from(out->text), &shown);
    for (size_t i = 0; i < out->count; i++) {
        if (i > 0) mdm_text_putc(&shown, ',');
        mdm_address_mask(mdm_str_from(out->items[i]), &shown);
    }
    out->shown = mdm_text_take(&shown);
    return out->shown ? MDM_OK : mdm_no_memory(err, "a setting");
}

/* --- lists ------------------------------------------------------------------ */

static mdm_status add_item(const mdm_option_row *row, mdm_str item, mdm_setting *out,
                           mdm_error *err)
{
    MDM_TRY(refuse_controls(row, item, err));
    if (row->choices) {
        const mdm_str word = find_choice(row->choices, item);
        if (word.len == 0) return refuse_text(row, item, err);
        item = word;
    }
    out->items[out->count] = mdm_str_dup(item);
    if (!out->items[out->count]) return mdm_no_memory(err, "a setting");
    out->count++;
    return MDM_OK;
}

static mdm_status fill_list(const mdm_option_row *row, const mdm_str *items, size_t count,
                            mdm_setting *out, mdm_error *err)
{
    mdm_text joined;
    mdm_text_init(&joined);
    out->items = mdm_alloc_zero(count, sizeof *out->items);
    if (!out->items) return mdm_no_memory(err, "a setting");
    for (size_t i = 0; i < count; i++) {
        if (items[i].len == 0) continue;
        MDM_TRY(add_item(row, items[i], out, err));
    }
    for (size_t i = 0; i < out->count; i++) {
        if (i > 0) mdm_text_putc(&joined, ',');
        mdm_text_puts(&joined, out->items[i]);
    }
    out->text = mdm_text_take(&joined);
    return out->text ? set_shown(row, out, err) : mdm_no_memory(err, "a setting");
}

mdm_status mdm_setting_parse_items(const mdm_option_row *row, const mdm_str *items, size_t count,
                                   mdm_setting *out, mdm_error *err)
{
    *out = (mdm_setting){0};
    const mdm_status status = fill_list(row, items, count, out, err);
    if (status != MDM_OK) mdm_setting_clear(out);
    return status;
}

static mdm_status parse_list(const mdm_option_row *row, mdm_str text, mdm_setting *out,
                             mdm_error *err)
{
    size_t count = 1;
    for (size_t i = 0; i < text.len; i++)
        count += text.data[i] == ',';
    mdm_str *items = mdm_alloc(count * sizeof *items);
    if (!items) return mdm_no_memory(err, "a setting");
    for (size_t i = 0; i < count; i++)
        items[i] = mdm_str_trim(mdm_str_split(&text, ','));
    const mdm_status status = mdm_setting_parse_items(row, items, count, out, err);
    mdm_free(items);
    return status;
}

/* --- whole values ----------------------------------------------------------- */

static mdm_status fill(const mdm_option_row *row, mdm_str text, mdm_setting *out, mdm_error *err)
{
    mdm_text spelling;
    mdm_text_init(&spelling);
    const bool good = spell(row, text, out, &spelling);
    if (good) out->text = mdm_text_take(&spelling);
    mdm_text_clear(&spelling);
    if (!good) return refuse_text(row, text, err);
    return out->text ? set_shown(row, out, err) : mdm_no_memory(err, "a setting");
}

mdm_status mdm_setting_parse(const mdm_option_row *row, mdm_str text, mdm_setting *out,
                             mdm_error *err)
{
    *out = (mdm_setting){0};
    if (row->kind == MDM_OPTION_LIST) return parse_list(row, text, out, err);
    MDM_TRY(refuse_controls(row, text, err));
    const mdm_status status = fill(row, text, out, err);
    if (status != MDM_OK) mdm_setting_clear(out);
    return status;
}

static void wipe(char *text)
{
    if (text) explicit_bzero(text, strlen(text));
    mdm_free(text);
}

void mdm_setting_clear(mdm_setting *setting)
{
    wipe(setting->text);
    mdm_free(setting->shown);
    for (size_t i = 0; i < setting->count; i++)
        wipe(setting->items[i]);
    mdm_free(setting->items);
    mdm_free(setting->origin_text);
    *setting = (mdm_setting){0};
}
