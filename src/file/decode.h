/* decode.h - which encoding a text is in, and its bytes as UTF-8. */
#ifndef MDM_FILE_DECODE_H
#define MDM_FILE_DECODE_H

#include "file/unpack.h"

/* --- which ---------------------------------------------------------------------- */

typedef struct mdm_encoding {
    char name[48];  /* for iconv; "" : UTF-8 */
    char shown[64]; /* for people: "utf-16le (byte-order mark)" */
    bool certain;   /* given by the user or a mark: nothing else will be tried */
} mdm_encoding;

/* What the user asked for. NULL or "auto": by a byte-order mark at the beginning of the file, else
 * UTF-8, not certain. MDM_INVALID: an encoding that is not known here. */
MDM_MUST_CHECK mdm_status mdm_encoding_choose(const char *wanted, const char *path,
                                              mdm_file_packing packing, mdm_encoding *out,
                                              mdm_error *err);
/* The file is not all UTF-8: guess from all of its bytes what it is. *out stays what it was when
 * most of what is not ASCII is good UTF-8: then the file is damaged. */
MDM_MUST_CHECK mdm_status mdm_encoding_guess(const char *path, mdm_file_packing packing,
                                             mdm_encoding *out, mdm_error *err);

/* --- conversion ------------------------------------------------------------------ */

typedef struct mdm_decoder mdm_decoder;

/* The caller owns *out; unpacker must outlive it. */
MDM_MUST_CHECK mdm_status mdm_decoder_open(mdm_unpacker *unpacker, const mdm_encoding *encoding,
                                           mdm_decoder **out, mdm_error *err);
void mdm_decoder_close(mdm_decoder *decoder); /* NULL allowed */

/* Put UTF-8 into room (at least 16 bytes); *len 0 only at the end. What cannot be decoded becomes
 * bytes 0xFF, which no UTF-8 has: whoever checks the text finds them there. */
MDM_MUST_CHECK mdm_status mdm_decoder_read(mdm_decoder *decoder, char *room, size_t size,
                                           size_t *len, mdm_error *err);
/* How many bytes of the unpacked file what was read so far came from. */
int64_t mdm_decoder_taken(const mdm_decoder *decoder);

#endif
