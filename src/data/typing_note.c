/* Why a column that looks like numbers or dates is text, in a sentence. */
#include <stdio.h>

#include "base/alloc.h"
#include "base/text.h"
#include "data/typing_state.h"

static const struct {
    unsigned reason;
    const char *words;
} reasons[] = {
    {MDM_REASON_LETTERS, "letters"},
    {MDM_REASON_LEADING_ZEROS, "leading zeros"},
    {MDM_REASON_SIGN, "plus signs"},
    {MDM_REASON_BLANKS, "blanks around values"},
    {MDM_REASON_TOO_LONG, "more digits than a number holds"},
    {MDM_REASON_EXPONENT, "exponents without a sign"},
    {MDM_REASON_SEPARATORS, "separators within numbers"},
    {MDM_REASON_NO_DAY, "dates of no single format"},
    {MDM_REASON_STYLES, "values written in more than one way"},
    {MDM_REASON_OTHER, "signs that no number has"},
};

static void add_reasons(mdm_text *text, unsigned found)
{
    const char *before = " (";
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        if (!(found & reasons[i].reason)) continue;
        mdm_text_printf(text, "%s%s", before, reasons[i].words);
        before = ", ";
    }
    if (before[0] == ',') mdm_text_putc(text, ')');
}

/* "--type Ticket=int would reject 230 rows, ..." */
static void add_remedy(mdm_text *text, const mdm_typed_column *c)
{
    int64_t counted = atomic_load(&c->counted), not_whole = atomic_load(&c->not_whole);
    if (counted == 0 || not_whole == counted) return;
    if (not_whole == 0) {
        mdm_text_printf(text, "; --type %s=int reads them as numbers", c->name);
        return;
    }
    mdm_text_printf(text, "; --type %s=int would reject %lld row%s", c->name, (long long)not_whole,
                    not_whole == 1 ? "" : "s");
}

static void add_example(mdm_text *text, const mdm_typed_column *c)
{
    if (c->example_row == INT64_MAX) return;
    mdm_text_puts(text, "; first '");
    mdm_text_escaped(text, mdm_str_from(c->example));
    mdm_text_putc(text, '\'');
    if (c->example_row >= 0) mdm_text_printf(text, " in row %lld", (long long)c->example_row);
}

static void add_day_or_month(mdm_text *text, const mdm_typed_column *c)
{
    uint64_t class = atomic_load(&c->class);
    char mark = class & CLASS_ORDER(MDM_DMY_DASH) ? '-' : '/';
    mdm_text_printf(text,
                    "%s kept as text (day and month cannot be told apart); --datetime-columns "
                    "%s=%%d%c%%m%c%%Y or %s=%%m%c%%d%c%%Y decides",
                    c->name, c->name, mark, mark, c->name, mark, mark);
}

static void add_groups(mdm_text *text, const mdm_typed_column *c)
{
    mdm_text_printf(text,
                    "%s kept as text (commas that could separate decimals or thousands); --type "
                    "%s=double reads them as decimals",
                    c->name, c->name);
}

mdm_status mdm_typing_note(const mdm_typed_column *c, char **note, mdm_error *err)
{
    *note = NULL;
    if (c->choice.type.id != MDM_TYPE_TEXT || c->wish != MDM_WISH_NONE) return MDM_OK;
    mdm_text text;
    mdm_text_init(&text);
    if (c->choice.day_or_month) {
        add_day_or_month(&text, c);
    } else if (c->choice.groups) {
        add_groups(&text, c);
    } else {
        unsigned found = atomic_load(&c->reasons);
        if (!found || !mdm_typing_is_noteworthy(c)) return MDM_OK;
        mdm_text_printf(&text, "%s kept as text", c->name);
        add_reasons(&text, found);
        add_remedy(&text, c);
        add_example(&text, c);
    }
    *note = mdm_text_take(&text);
    return *note ? MDM_OK : mdm_no_memory(err, "a note");
}
