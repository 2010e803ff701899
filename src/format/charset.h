/*
 * Text in any charset (RFC 2046 section 4.1.2) to UTF-8, through ICU's converters. Tolerant: labels mean what
 * mail programs mean by them, what can't be read becomes U+FFFD.
 */
#ifndef FORMAT_CHARSET_H
#define FORMAT_CHARSET_H

#include "base/buf.h"

/*
 * Appends bytes in `charset` (a MIME label; empty: not said) as UTF-8, without a byte order mark. NULs are
 * kept.
 *
 * A label is read as charset_labels.h has it. Without one, for us-ascii, and for a label that nobody knows,
 * UTF-8 is read where it is valid, from there on windows-1252; text with the escapes of ISO-2022-JP as such.
 * A byte order mark counts for more than the label, and so does text that is UTF-8 throughout, with two
 * characters of it at least, and is called by the name of an 8-bit charset. Where the label cannot be true
 * (octets above 7F in ISO-2022-JP), text that is valid in UTF-8, or else in a charset of the same language,
 * is read as that; what is called UTF-8 and has no character of it, as windows-1252. Sets *defective when the
 * label is unknown or untrue, or something could not be read, which becomes U+FFFD. The result of buf_append.
 */
int charset_to_utf8(struct view charset, struct view bytes, struct buf *out, bool *defective);

/* Whether text without a label is in ISO-2022-JP, which its escapes tell. */
bool charset_is_iso_2022_jp(struct view bytes);

/*
 * Whether pieces of text in this charset begin anew each, so that two must not be joined before they are
 * read: a base64 run of UTF-7 may be open at a piece's end, UTF-16 may begin each with a mark.
 */
bool charset_keeps_no_state(struct view charset);

/*
 * The same for a stream in pieces of any size; a character may be split between two. A stream is read by its
 * label and its beginning: it cannot be read once more when the label turns out to be untrue.
 */
struct charset_decoder;

/* Never NULL; an unknown label is read as above. Freed with charset_decoder_free, which accepts NULL. */
struct charset_decoder *charset_decoder_new(struct view charset);
void charset_decoder_free(struct charset_decoder *d);

/* `end` flushes what is pending. The result of buf_append. */
int charset_decode(struct charset_decoder *d, struct view bytes, bool end, struct buf *out);
bool charset_decoder_defective(const struct charset_decoder *d);

/* Loads ICU's tables for the common charsets, which a sandboxed process does before it closes the file
 * system. */
void charset_prepare(void);

#endif
