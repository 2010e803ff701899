/*
 * Text in any charset to UTF-8, through ICU's converters. Tolerant: labels mean what mail programs mean by
 * them, what can't be read becomes U+FFFD.
 */
#ifndef FORMAT_CHARSET_H
#define FORMAT_CHARSET_H

#include "base/buf.h"

/*
 * Appends bytes in `charset` (a MIME label; empty: not said) as UTF-8. Sets *defective when something could
 * not be read, or the label is unknown (then UTF-8 and ASCII are read, other bytes become U+FFFD). NULs are
 * kept. Without a label, and for us-ascii, UTF-8 is read where it is valid, else windows-1252, with the
 * defect. The result of buf_append.
 */
int charset_to_utf8(struct view charset, struct view bytes, struct buf *out, bool *defective);

/* The same for a stream in pieces of any size; a character may be split between two. */
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
