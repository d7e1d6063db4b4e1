/* A growing buffer of bytes that is always NUL-terminated. Failing to grow is remembered:
 * append freely and look once, at the end, at failed. */
#ifndef MDM_BASE_TEXT_H
#define MDM_BASE_TEXT_H

#include "mdm/base.h"

typedef struct mdm_text {
    char *data; /* "" when nothing was appended */
    size_t len, size;
    bool failed; /* an allocation failed: contents are incomplete */
} mdm_text;

void mdm_text_init(mdm_text *text);
void mdm_text_clear(mdm_text *text); /* frees; usable again */
void mdm_text_reset(mdm_text *text); /* empty, memory kept */
void mdm_text_add(mdm_text *text, mdm_str bytes);
void mdm_text_puts(mdm_text *text, const char *words);
void mdm_text_putc(mdm_text *text, char c);
void mdm_text_printf(mdm_text *text, const char *format, ...) MDM_PRINTF(2, 3);
/* 'it''s': the bytes between two quote characters, the quote doubled inside. */
void mdm_text_quoted(mdm_text *text, mdm_str bytes, char quote);
/* A JSON string with its quotes; invalid UTF-8 becomes U+FFFD. */
void mdm_text_json(mdm_text *text, mdm_str bytes);
/* For terminals and logs: C0, C1, ESC, DEL and bidi controls as \xNN or \u{NNNN}. */
void mdm_text_escaped(mdm_text *text, mdm_str bytes);
/* Hand the bytes over; NULL when failed. The caller owns them: mdm_free(). */
MDM_MUST_CHECK char *mdm_text_take(mdm_text *text);
MDM_MUST_CHECK mdm_status mdm_text_status(const mdm_text *text, mdm_error *err);

/* --- looking at text ---------------------------------------------------- */

mdm_str mdm_str_trim(mdm_str text);              /* ASCII blanks off both ends */
bool mdm_str_equal_nocase(mdm_str a, mdm_str b); /* ASCII */
bool mdm_str_starts(mdm_str text, mdm_str prefix);
bool mdm_str_ends(mdm_str text, mdm_str suffix);
/* Cut off and return what stands before the next separator; *rest moves behind it. */
mdm_str mdm_str_split(mdm_str *rest, char separator);
/* Whole text a number; false: no number, or out of range. Independent of the locale. */
MDM_MUST_CHECK bool mdm_str_to_int(mdm_str text, int64_t *out);
MDM_MUST_CHECK bool mdm_str_to_real(mdm_str text, double *out);
/* Shortest text that reads back as the same double ("1.5", "1e+300", "nan", "inf"), into room of
 * at least 32 bytes; returns its length. */
size_t mdm_real_text(double value, char *room);

/* SIZE_MAX: valid; else the position of the first byte that is not UTF-8. */
size_t mdm_utf8_check(mdm_str text);
/* Bytes of the first character and its code point; 0: none, or not UTF-8 (overlong forms,
 * surrogates and what lies above U+10FFFF are not). */
size_t mdm_utf8_decode(mdm_str text, uint32_t *code);
/* The candidate nearest to word (edit distance, at most a third of it), or NULL. */
const char *mdm_nearest(mdm_str word, const char *const *candidates, size_t count);

#endif
