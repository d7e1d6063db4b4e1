/* What error.c, text.c and log.c share: printf that no locale changes, and characters made
 * harmless for a terminal or a log. */
#ifndef MDM_BASE_FORMAT_H
#define MDM_BASE_FORMAT_H

#include <locale.h>
#include <stdarg.h>

#include "mdm/base.h"

/* vsnprintf() with the decimal point of the C locale. */
int mdm_format(char *room, size_t size, const char *format, va_list args) MDM_PRINTF(3, 0);

/* The C locale; never freed. */
locale_t mdm_c_locale(void);

#define MDM_SHOWN_MAX 16u /* bytes of the longest escape and its NUL */

/* The first character of text (not empty) as it may be shown: itself or its escape, NUL-terminated.
 * Returns how many bytes of text it stands for. */
size_t mdm_show_char(mdm_str text, char room[MDM_SHOWN_MAX]);

#endif
