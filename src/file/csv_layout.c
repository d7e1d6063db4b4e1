/* The delimiter is the one that makes the most of the sample records as wide as the first one. */
#include "file/csv_layout.h"

#include <ctype.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

#define SAMPLE_BYTES ((size_t)64 << 10)
#define HEADER_ROWS 100u /* records looked at for it */

static const struct {
    char delimiter;
    const char *word;
} delimiters[] = {{',', "comma"}, {'\t', "tab"}, {';', "semicolon"}, {'|', "pipe"}};
#define DELIMITERS (sizeof delimiters / sizeof *delimiters)

bool mdm_csv_delimiter_parse(const char *word, char *out)
{
    for (size_t i = 0; i < DELIMITERS; i++)
        if (strcasecmp(word, delimiters[i].word) == 0) {
            *out = delimiters[i].delimiter;
            return true;
        }
    if (strcasecmp(word, "space") == 0) word = " ";
    if (strcmp(word, "\\t") == 0) word = "\t";
    *out = word[0];
    return word[0] && !word[1] && !isalnum((unsigned char)word[0]) && isascii(word[0]) &&
           !strchr("\"'\r\n.-+_", word[0]);
}

char *mdm_csv_delimiter_text(char delimiter, char text[MDM_DELIMITER_TEXT])
{
    text[0] = delimiter;
    text[1] = '\0';
    for (size_t i = 0; i < DELIMITERS; i++)
        if (delimiters[i].delimiter == delimiter)
            memcpy(text, delimiters[i].word, strlen(delimiters[i].word) + 1);
    return text;
}

/* --- one dialect tried on the sample --------------------------------------------------- */

typedef struct trial {
    mdm_str text;
    bool whole;
    uint32_t *room; /* for the index of text */
    mdm_csv_index index;
} trial;

static size_t index_size(const trial *t)
{
    return t->text.len + 2 * MDM_CSV_BLOCK;
}

static void scan(trial *t, const mdm_csv_dialect *dialect)
{
    mdm_csv_index *index = &t->index;
    mdm_csv_index_init(index, dialect, t->room, index_size(t));
    mdm_csv_index_scan(index, t->text, t->whole);
    const bool sound = index->bad == SIZE_MAX && !index->in_quotes;
    if (t->whole && sound && t->text.len > 0 && t->text.data[t->text.len - 1] != dialect->newline)
        mdm_csv_index_end(index, t->text.len);
}

typedef struct record {
    size_t begin, end, first, fields; /* first: which of the ends is that of its first field */
} record;

/* The next record with anything in it; *at: 0 at first. */
static bool next_record(const trial *t, size_t *at, record *out)
{
    const mdm_csv_index *index = &t->index;
    while (*at < index->record_count) {
        out->first = *at ? index->records[*at - 1] : 0;
        out->begin = out->first ? index->ends[out->first - 1] + 1 : 0;
        out->end = index->ends[index->records[*at] - 1];
        out->fields = index->records[*at] - out->first;
        ++*at;
        const size_t len = out->end - out->begin;
        if (out->fields > 1 || len > (len > 0 && t->text.data[out->begin] == '\r')) return true;
    }
    return false;
}

static mdm_str field(const trial *t, const record *r, size_t number, char quote)
{
    const uint32_t *ends = t->index.ends + r->first;
    const size_t begin = number ? ends[number - 1] + 1 : r->begin;
    mdm_str text = {t->text.data + begin, ends[number] - begin};
    if (text.len > 0 && text.data[text.len - 1] == '\r') text.len--;
    if (text.len >= 2 && quote && text.data[0] == quote)
        text = (mdm_str){text.data + 1, text.len - 2};
    return text;
}

typedef struct score {
    size_t agreeing; /* bytes in records as wide as the first one */
    size_t fields;
} score;

static score rate(trial *t, const mdm_csv_dialect *dialect)
{
    score s = {0, 0};
    record r;
    size_t at = 0;
    scan(t, dialect);
    while (next_record(t, &at, &r)) {
        if (s.fields == 0) s.fields = r.fields;
        if (r.fields == s.fields) s.agreeing += r.end + 1 - r.begin;
    }
    if (s.fields < 2) s.agreeing = 0;
    return s;
}

static bool is_better(score a, score b)
{
    return a.agreeing != b.agreeing ? a.agreeing > b.agreeing : a.fields > b.fields;
}

static score best_delimiter(trial *t, char known, mdm_csv_dialect *dialect)
{
    score best = {0, 0};
    char chosen = known ? known : ',';
    for (size_t i = 0; i < DELIMITERS; i++) {
        if (known && known != delimiters[i].delimiter) continue;
        dialect->delimiter = delimiters[i].delimiter;
        const score s = rate(t, dialect);
        if (!is_better(s, best)) continue;
        best = s;
        chosen = dialect->delimiter;
    }
    dialect->delimiter = chosen;
    return best;
}

/* --- has it a header? --------------------------------------------------------------------- */

/* The first records of a sample. */
typedef struct beginning {
    const trial *t;
    char quote;
    size_t count;
    record records[HEADER_ROWS];
} beginning;

static bool is_number(mdm_str text)
{
    double value;
    const mdm_str digits =
        text.len > 1 && text.data[0] == '-' ? (mdm_str){text.data + 1, text.len - 1} : text;
    return digits.len > 0 && isdigit((unsigned char)digits.data[0]) &&
           mdm_str_to_real(text, &value);
}

static mdm_str cell(const beginning *b, size_t row, size_t column)
{
    return field(b->t, &b->records[row], column, b->quote);
}

/* Do the cells below the first record hold numbers in this column, and nothing else? */
static bool is_number_column(const beginning *b, size_t column)
{
    size_t numbers = 0;
    for (size_t row = 1; row < b->count; row++) {
        if (b->records[row].fields != b->records[0].fields) continue;
        const mdm_str text = cell(b, row, column);
        if (text.len == 0) continue;
        if (!is_number(text)) return false;
        numbers++;
    }
    return numbers > 0;
}

/* 1990,1991 are names, and so are 0,1,2. Two small numbers may be anything. */
static bool is_sequence(const beginning *b)
{
    int64_t before = 0, value;
    size_t count = 0;
    for (size_t c = 0; c < b->records[0].fields; c++) {
        const mdm_str text = cell(b, 0, c);
        if (!is_number(text)) continue;
        if (!mdm_str_to_int(text, &value) || (count > 0 && value != before + 1)) return false;
        before = value;
        count++;
    }
    return count > 2 || (count == 2 && before > 1000 && before < 3000);
}

/* The first record is data if it has numbers in each column that has them below. */
static bool has_header(const trial *t, char quote)
{
    beginning b = {.t = t, .quote = quote};
    size_t at = 0, numbers = 0;
    while (b.count < HEADER_ROWS && next_record(t, &at, &b.records[b.count]))
        b.count++;
    if (b.count == 0) return true;
    for (size_t c = 0; c < b.records[0].fields; c++) {
        const bool below = is_number_column(&b, c);
        const mdm_str text = cell(&b, 0, c);
        if (below && !is_number(text)) return true;
        if (!below && text.len == 0) return true; /* a name left out, as before an index */
        numbers += below;
    }
    return numbers == 0 || is_sequence(&b);
}

/* --- all together -------------------------------------------------------------------------- */

static char newline_of(mdm_str text)
{
    return memchr(text.data, '\n', text.len) || !memchr(text.data, '\r', text.len) ? '\n' : '\r';
}

mdm_status mdm_csv_layout_find(mdm_str sample, bool whole, char delimiter, mdm_csv_layout *out,
                               mdm_error *err)
{
    trial t = {.text = sample, .whole = whole};
    out->dialect = (mdm_csv_dialect){delimiter, '"', newline_of(sample)};
    const char *cut =
        sample.len > SAMPLE_BYTES ? memrchr(sample.data, out->dialect.newline, SAMPLE_BYTES) : NULL;
    if (cut) {
        t.text.len = (size_t)(cut - sample.data) + 1;
        t.whole = true; /* up to a line's end, of which a quoted field may have some more */
    }
    t.room = mdm_alloc(2 * index_size(&t) * sizeof *t.room);
    if (!t.room) return mdm_no_memory(err, "a sample of a file");
    const score doubled = best_delimiter(&t, delimiter, &out->dialect);
    if (doubled.agreeing < t.text.len && !memchr(t.text.data, '"', t.text.len)) {
        mdm_csv_dialect single = {delimiter, '\'', out->dialect.newline};
        if (best_delimiter(&t, delimiter, &single).agreeing == t.text.len) out->dialect = single;
    }
    scan(&t, &out->dialect);
    out->has_header = has_header(&t, out->dialect.quote);
    mdm_free(t.room);
    return MDM_OK;
}
